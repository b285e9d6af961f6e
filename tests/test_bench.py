"""bench/run.py: every row comes out. What the clock says is not looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import HOOKS, Repository

sys.path.append(str(Path(__file__).resolve().parent.parent / "bench"))

import measure
import table
import trees

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = Path(__file__).resolve().parent.parent / "bench/run.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the peers are programs of POSIX systems")


def cells(text: str) -> list[list[str]]:
    lines = (line for line in text.splitlines() if line.startswith("| ") and "---" not in line)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_row_comes_out(tmp_path: Path) -> None:
    output = tmp_path / "results.md"
    arguments = ["--quick", "--full", "--work", str(tmp_path / "work"), "--output", str(output)]
    done = subprocess.run([sys.executable, RUN, *arguments], capture_output=True, text=True, check=False)
    text = output.read_text(encoding="utf-8") if output.exists() else ""
    assert done.returncode == 0, done.stderr + text
    assert done.stdout == f"{text}\n"
    rows = [row for row in cells(text) if len(row) == 10][1:]
    compared = {(row[0].partition("`")[2].partition("`")[0], row[2]) for row in rows}
    assert compared >= {(hook, "an empty console script") for hook in HOOKS if hook.startswith("check")}
    assert compared >= {(hook, "`check-added-large-files`") for hook in HOOKS[:4]}
    assert compared >= {("prune-pycache", f"`{peer}`") for peer in ("find", "pyclean .", "cleanpy .")}
    assert compared >= {
        (f"run-without-pycache{mode} -- {alone}", f"`{alone}`")
        for mode in ("", " --mode prefix")
        for alone in ("python -c pass", "pre-commit --version")
    }
    assert ("check-pycache-gitignore", "`git ls-files -z` and `python -c pass`") in compared
    assert ("check-pycache", "single hooks through `pre-commit run --all-files`") in compared
    assert compared >= {("check-pycache-dockerfile", "`hadolint`, 4 Dockerfiles")}
    assert compared >= {("check-pycache-ci", "`check-jsonschema`, 4 workflows")}
    for row in rows:
        assert all(row[column] for column in (1, 3, 4, 5, 8, 9)), row
        assert row[7] in (("yes", "yes, nearly", "**no**") if row[6] else ("",)), row
    growth = {row[0].strip("`") for row in cells(text) if len(row) == 9 and all(row)}
    assert growth >= {*HOOKS[:4], "check-pycache", "git ls-files -z", "tracked files", "configuration files"}
    for name in (str(tmp_path), os.uname().nodename):
        assert name not in text


def commands(tmp_path: Path, *arguments: str) -> dict[str, measure.Measured]:
    variables = {"PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{os.defpath}"}
    return measure.side_by_side([measure.Command("it", list(arguments), tmp_path)], 3, variables)


def test_a_command_is_measured(tmp_path: Path) -> None:
    measured = commands(tmp_path, "python", "-c", "b'x' * (50 << 20)")["it"]
    assert len(measured.seconds) == 3
    assert measured.milliseconds > 0
    assert measured.peak > 50 << 20


@pytest.mark.parametrize(
    ("arguments", "failure"),
    [
        (["python", "-c", "raise SystemExit('no')"], "exit status 1: no"),
        (["python", "-c", "raise SystemExit(2)"], "exit status 2: nothing on stderr"),
        (["no-such-program"], "not installed"),
    ],
    ids=["with a reason", "silently", "not there"],
)
def test_a_command_that_fails_is_not_timed(tmp_path: Path, arguments: list[str], failure: str) -> None:
    measured = commands(tmp_path, *arguments)["it"]
    assert measured.failure == failure
    assert not measured.seconds


def test_a_ratio_is_the_median_of_its_rounds() -> None:
    ratio = measure.ratio([1, 1, 10, 1, 1], [2, 2, 2, 4, 1])
    assert (ratio.low, ratio.median, ratio.high) == (0.5, 0.5, 1)


@pytest.mark.parametrize(
    ("ratio", "limit", "met"),
    [(0.5, 0.6, "yes"), (0.59, 0.6, "yes, nearly"), (0.61, 0.6, "**no**"), (9, None, "")],
)
def test_a_limit_is_met_or_not(ratio: float, limit: float | None, met: str) -> None:
    both = measure.Measured([1.0], 1 << 20)
    row = table.Row("a", both, "b", 1000, 1 << 20, measure.Ratio(ratio, ratio, ratio), limit)
    assert cells(table.comparisons([row]))[1][7] == met


@pytest.mark.parametrize("make", [trees.repository, trees.plain], ids=["repository", "plain"])
def test_a_tree_is_made_once(tmp_path: Path, make: Callable[[Path, int, dict[str, str]], Path]) -> None:
    path = make(tmp_path / "tree", 25, dict(os.environ))
    before = path.stat()
    assert make(path, 25, dict(os.environ)).stat() == before
    assert os.listdir(tmp_path) == ["tree"]


def test_a_configured_tree_is_made_once_for_each_wording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = trees.configured(tmp_path, 40, 1, dict(os.environ))
    assert trees.configured(tmp_path, 40, 1, dict(os.environ)) == path
    monkeypatch.setitem(trees.PRODUCT_FILES, "deploy/PRODUCT/init.sql", "")
    other = trees.configured(tmp_path, 40, 1, dict(os.environ))
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, other.name])


@pytest.mark.parametrize(("with_yaml", "kinds"), [(True, [8, 2, 8, 2]), (False, [8, 0, 0, 2])])
def test_a_configured_tree_tracks_what_was_asked_for(
    tmp_path: Path, env: dict[str, str], *, with_yaml: bool, kinds: list[int]
) -> None:
    made = Repository(trees.configured(tmp_path, 60, 2, env, with_yaml=with_yaml), env)
    tracked = made.git("ls-files").lines
    assert len(tracked) == 61  # with the one that is staged
    marks = (".Dockerfile", "compose.yaml", "workflows/", ".sh")
    assert [sum(mark in path for path in tracked) for mark in marks] == kinds
    assert any(path.endswith((".yaml", ".yml")) for path in tracked) is with_yaml


def test_a_configured_tree_passes_for_what_it_does(tmp_path: Path, env: dict[str, str]) -> None:
    made = Repository(trees.configured(tmp_path, 40, 1, env), env)
    assert made.hook("check-pycache").status == 0
    for path in made.git("grep", "-l", "PYTHONDONTWRITEBYTECODE").lines:
        text = (made.path / path).read_text(encoding="utf-8")
        made.write(path, text.replace("PYTHONDONTWRITEBYTECODE", "PYTHONUTF8").replace("--user", "--label"))
    found = made.hook("check-pycache")
    assert {finding.split()[1] for finding in found.findings} >= {"PYC501", "PYC601", "PYC701", "PYC702"}, found


def test_caches_are_made_again_and_missed(tmp_path: Path) -> None:
    for package in range(4):
        (tmp_path / trees.package_path(package)).mkdir(parents=True)
    caches = trees.Caches(tmp_path, 45, 2)
    for _ in range(2):
        caches.restore()
        assert len(list(tmp_path.rglob("__pycache__/*.pyc"))) == caches.files
        with pytest.raises(ValueError, match="left 2 of 2 caches"):
            caches.check_gone()
    caches.check_gone()
