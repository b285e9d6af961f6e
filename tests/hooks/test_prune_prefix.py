"""prune-pycache --prefix: what goes from the directory that PYTHONPYCACHEPREFIX names."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pycache_hooks.hooks.prune_pycache import main
from support import Repository, Result, environment, run_hook


class Redirected:
    """A prefix, and a project whose bytecode Python writes there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = path / "prefix"
        self.project = path / "project"
        self.project.mkdir()
        (path / "home").mkdir()
        self.env = environment() | {"PYTHONPYCACHEPREFIX": str(self.root), "HOME": str(path / "home")}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)

    def write(self, *names: str) -> None:
        """Make modules in the project, and import them."""
        for name in names:
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x = 1\n")
            command = [sys.executable, "-S", "-c", f"import {path.stem}"]
            subprocess.run(command, env=self.env | {"PYTHONPATH": str(path.parent)}, check=True)

    def prune(self, *arguments: str, unprivileged: bool = False, **more: str) -> Result:
        variables = self.env | {"PYTHONDONTWRITEBYTECODE": "1"} | more
        return run_hook("prune-pycache", *arguments, cwd=self.project, env=variables, unprivileged=unprivileged)

    def mirrored(self, name: str) -> Path:
        return Path(f"{self.root}{self.project}") / name

    def files(self) -> set[str]:
        """The modules of the project that have bytecode."""
        place = self.mirrored("")
        return {str(path.relative_to(place)).partition(".cpython")[0] for path in place.rglob("*.pyc")}


@pytest.fixture
def redirected(tmp_path: Path) -> Redirected:
    return Redirected(tmp_path)


def test_bytecode_goes_whose_source_is_gone_and_directories_that_it_leaves_empty(redirected: Redirected) -> None:
    redirected.write("kept.py", "gone.py", "old/gone_too.py", "old/deep/er/m.py")
    (redirected.project / "gone.py").unlink()
    subprocess.run(["rm", "-r", redirected.project / "old"], check=True)
    done = redirected.prune("--prefix")
    assert done.status == 0, done
    assert done.text.startswith("removed 3 files, ")
    assert "(Python 3 files, " in done.text
    assert redirected.files() == {"kept"}
    assert os.listdir(redirected.mirrored("")) == [next(redirected.mirrored("").glob("*")).name]
    assert redirected.prune("--prefix").text == "nothing to remove\n"


def test_what_is_left_by_a_project_that_is_gone_leaves_nothing(redirected: Redirected) -> None:
    redirected.write("m.py", "pkg/n.py")
    subprocess.run(["rm", "-r", redirected.project], check=True)
    redirected.project.mkdir()
    done = redirected.prune("--prefix")
    assert "removed 2 files" in done.text
    assert not redirected.mirrored("").exists()
    assert redirected.root.exists()


@pytest.mark.parametrize("mode", ["--dry-run", "--check"])
def test_what_is_listed_is_what_goes(redirected: Redirected, mode: str) -> None:
    redirected.write("kept.py", "gone.py", "old/m.py", "old/deep/n.py")
    (redirected.project / "gone.py").unlink()
    subprocess.run(["rm", "-r", redirected.project / "old"], check=True)
    before = redirected.files()
    listed = redirected.prune("--prefix", mode)
    assert redirected.files() == before
    assert listed.status == (1 if mode == "--check" else 0)
    assert "would remove 3 files" in listed.text
    if mode == "--check":
        assert listed.findings == [f"{redirected.mirrored('')} PYC402", f"{redirected.mirrored('old')} PYC402"]
        assert f"{redirected.mirrored('old')}: PYC402 2 files, " in listed.text
        assert "    fix: prune-pycache --prefix" in listed.lines
    else:
        assert f"would remove {redirected.mirrored('old')} (2 files, " in listed.text
    assert redirected.prune("--prefix").text.startswith("removed 3 files")
    assert redirected.prune("--prefix", mode).status == 0


def test_what_is_no_bytecode_stays_and_is_named(redirected: Redirected) -> None:
    redirected.write("old/m.py")
    subprocess.run(["rm", "-r", redirected.project / "old"], check=True)
    for number in range(14):
        redirected.mirrored(f"old/{number:02}.txt").write_text("mine")
    redirected.mirrored("empty").mkdir()
    done = redirected.prune("--prefix")
    assert done.status == 0, done
    assert f"kept {redirected.mirrored('old/00.txt')}: Python writes nothing of that kind here" in done.lines
    assert "... and 2 more are kept" in done.lines
    assert len(os.listdir(redirected.mirrored("old"))) == 14
    assert redirected.mirrored("empty").is_dir()


def test_the_work_tree_is_left_alone(redirected: Redirected) -> None:
    cache = redirected.project / "__pycache__/m.cpython-311.pyc"
    cache.parent.mkdir()
    cache.write_text("x")
    assert redirected.prune("--prefix").status == 0
    assert cache.exists()


def test_a_prefix_that_was_never_written_to_is_nothing_to_remove(redirected: Redirected) -> None:
    assert redirected.prune("--prefix", "--check").text == "nothing to remove\n"
    assert not redirected.root.exists()


def test_a_prefix_that_is_a_link_is_followed_as_python_does(redirected: Redirected) -> None:
    redirected.write("m.py")
    (redirected.project / "m.py").unlink()
    (redirected.path / "link").symlink_to(redirected.root)
    assert "removed 1 file" in redirected.prune("--prefix", PYTHONPYCACHEPREFIX=str(redirected.path / "link")).text


# What is refused


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "is not set"),
        ("cache", "it is relative"),
        (".", "it is relative"),
        ("~/cache", "nothing expands ~"),
        ("$HOME/cache", "nothing expands the variable"),
        ("../cache", "it is relative"),
        ("$(pwd)/cache", "it is not absolute"),
        ("/", "more than bytecode"),
        ("{path}", "more than bytecode"),
        ("{path}/home", "more than bytecode"),
        ("{path}/home/../home/", "more than bytecode"),
        ("{path}/file", "not a directory"),
        ("{path}/project/cache", "lies in the work tree {path}/project"),
        ("{path}/link/deep", "lies in the work tree {path}/project"),
    ],
)
def test_a_prefix_that_is_none_or_holds_more_is_refused(redirected: Redirected, value: str, reason: str) -> None:
    (redirected.path / "file").write_text("")
    (redirected.path / "link").symlink_to(redirected.project)
    Repository.create(redirected.project, redirected.env)
    value, reason = value.format(path=redirected.path), reason.format(path=redirected.path)
    done = redirected.prune("--prefix", "--downloads", PYTHONPYCACHEPREFIX=value, PATH="/nowhere")
    assert done.status == 2, done
    said = os.fsdecode(done.stderr)
    assert reason in said
    assert said.count("\n") == 1
    assert done.text == ""


def test_the_example_in_the_refusal_works_when_pasted(redirected: Redirected) -> None:
    said = os.fsdecode(redirected.prune("--prefix", PYTHONPYCACHEPREFIX="").stderr)
    example = said.strip().partition("export ")[2]
    asked = f"export {example}; exec {shlex.quote(sys.executable)} -c 'import sys; print(sys.pycache_prefix)'"
    done = subprocess.run(["sh", "-c", asked], env=redirected.env, stdout=subprocess.PIPE, check=True, text=True)
    assert done.stdout.strip() == f"{redirected.path}/home/.cache/pycache"


# What the system refuses


def test_what_cannot_be_removed_is_a_finding_that_names_exactly_that(redirected: Redirected) -> None:
    redirected.write("old/m.py", "old/n.py", "other.py")
    for name in ("old/m.py", "old/n.py", "other.py"):
        (redirected.project / name).unlink()
    redirected.mirrored("old").chmod(0o500)
    done = redirected.prune("--prefix", unprivileged=True)
    redirected.mirrored("old").chmod(0o700)
    assert done.status == 1, done
    assert "removed 1 file" in done.text
    assert f"{redirected.mirrored('old')}: PYC401 cannot be removed: Permission denied" in done.text
    first = done.fix.splitlines()[0]
    assert first.startswith("sudo rm -rf -- ")
    left = {str(path) for path in redirected.mirrored("old").iterdir()}
    assert set(shlex.split(first)[4:]) == left
    assert len(left) == 2


def test_what_cannot_be_read_is_named(redirected: Redirected) -> None:
    redirected.write("old/m.py")
    redirected.mirrored("old").chmod(0)
    done = redirected.prune("--prefix", unprivileged=True)
    redirected.mirrored("old").chmod(0o700)
    assert done.status == 0, done
    assert done.lines == [f"not read: {redirected.mirrored('old')}", "nothing to remove"]


def test_what_vanishes_or_is_swapped_for_a_link_meanwhile_is_left(tmp_path: Path) -> None:
    """Between the look and the deletion, which are two calls."""
    from pycache_hooks import elsewhere
    from pycache_hooks.folders import Opener
    from pycache_hooks.progress import Progress
    from pycache_hooks.readers.prefix import Leftover

    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "m.cpython-312.pyc").write_text("precious")
    root = tmp_path / "prefix"
    (root / "there").mkdir(parents=True)
    (root / "link").symlink_to(outside)
    names = ["m.cpython-312.pyc"]
    leftovers = [Leftover(path, names, path) for path in ("there", "link", "gone")]
    orders = elsewhere.Orders(act=True, check=False, repair="", before=0, progress=False, charts=False)
    opener = Opener(str(root))
    results = elsewhere._removed(opener, leftovers, Progress("", "", float("inf")), orders)
    opener.close()
    assert [(result.files, result.refused) for result in results] == [(0, []), (0, []), (0, [])]
    assert (outside / "m.cpython-312.pyc").exists()


def test_bytecode_at_the_top_of_a_prefix(redirected: Redirected) -> None:
    """That of a source in the root directory."""
    redirected.root.mkdir()
    (redirected.root / "there_is_no_such_module.cpython-312.pyc").write_text("x")
    listed = redirected.prune("--prefix", "--check")
    assert listed.findings == [f"{redirected.root} PYC402"], listed
    redirected.root.chmod(0o500)
    refused = redirected.prune("--prefix", unprivileged=True)
    redirected.root.chmod(0o700)
    assert f"sudo rm -rf -- {redirected.root}/there_is_no_such_module.cpython-312.pyc" in refused.text, refused
    assert redirected.prune("--prefix").status == 0
    assert os.listdir(redirected.root) == []


def test_in_this_process(
    redirected: Redirected, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    redirected.write("m.py")
    (redirected.project / "m.py").unlink()
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(redirected.root))
    monkeypatch.chdir(redirected.project)
    assert main(["--prefix", "--check"]) == 1
    assert main(["--prefix"]) == 0
    assert "removed 1 file" in capfd.readouterr().out
