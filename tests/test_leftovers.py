"""What a command left in a work tree, told from what was there before."""

from __future__ import annotations

import os
import py_compile
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import leftovers
from support import run_hook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PYC = "app/__pycache__/m.cpython-312.pyc"


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.fsencode(name))


def left(root: Path, work: Callable[[], object], spared: str = "") -> list[tuple[str, str, int, bool]]:
    """Path, tool, number of files, and whether it is new, of each cache that *work* leaves."""
    before = leftovers.snapshot(str(root), spared)
    work()
    found = leftovers.left(before, leftovers.snapshot(str(root), spared))
    return sorted((each.path, each.row.tool, each.files, each.new) for each in found)


def test_new_caches_are_told_with_their_tools(tmp_path: Path) -> None:
    names = (
        PYC,
        "a b/größe/.mypy_cache/3.12/m.json",
        ".coverage",
        ".coverage.host.1",
        ".hypothesis/examples/x/y",
        "m.pyc",
    )

    assert left(tmp_path, lambda: make(tmp_path, *names)) == [
        (".coverage", "coverage", 1, True),
        (".coverage.host.1", "coverage", 1, True),
        (".hypothesis", "hypothesis", 1, True),
        ("a b/größe/.mypy_cache", "mypy", 1, True),
        ("app/__pycache__", "Python", 1, True),
        ("m.pyc", "Python", 1, True),
    ]


def test_what_was_there_before_is_not_told(tmp_path: Path) -> None:
    make(tmp_path, PYC, ".mypy_cache/x/y", ".coverage")

    assert left(tmp_path, lambda: make(tmp_path, "new.py")) == []


@pytest.mark.parametrize("name", ["app/__pycache__/n.cpython-312.pyc", ".mypy_cache/deep/er/x"])
def test_a_new_file_in_a_cache_that_was_there_is_told(name: str, tmp_path: Path) -> None:
    make(tmp_path, PYC, ".mypy_cache/x/y")

    assert [found[2:] for found in left(tmp_path, lambda: make(tmp_path, name))] == [(1, False)]


def test_bytecode_that_is_written_again_is_told(tmp_path: Path) -> None:
    source, compiled = tmp_path / "m.py", tmp_path / "__pycache__" / "m.cpython-312.pyc"
    source.write_text("x = 1\n")
    py_compile.compile(str(source), str(compiled))

    assert left(tmp_path, lambda: py_compile.compile(str(source), str(compiled))) == [
        ("__pycache__", "Python", 1, False)
    ]


def test_a_cache_that_is_removed_in_part_or_as_a_whole_is_no_leftover(tmp_path: Path) -> None:
    make(tmp_path, PYC, PYC.replace("m.", "n."), ".coverage")

    def clean() -> None:
        (tmp_path / PYC).unlink()
        (tmp_path / ".coverage").unlink()

    assert left(tmp_path, clean) == []


@pytest.mark.parametrize(
    "name", [".venv/lib/m.pyc", "env/bin/m.pyc", "other/m.pyc", "node_modules/x/__pycache__/m.pyc"]
)
def test_what_is_not_the_projects_own_is_not_entered(name: str, tmp_path: Path) -> None:
    make(tmp_path, "env/pyvenv.cfg", ".venv/pyvenv.cfg", "other/.git")

    assert left(tmp_path, lambda: make(tmp_path, name)) == []


@pytest.mark.parametrize(
    "name", ["htmlcov/index.html", ".tox/x", ".benchmarks/saved/0001.json", "dist/x.whl", ".venv/x"]
)
def test_what_is_made_on_purpose_is_no_leftover(name: str, tmp_path: Path) -> None:
    assert left(tmp_path, lambda: make(tmp_path, name)) == []


def test_an_empty_directory_that_pytest_benchmark_makes_by_itself_is_told(tmp_path: Path) -> None:
    assert left(tmp_path, (tmp_path / ".benchmarks").mkdir) == [(".benchmarks", "pytest-benchmark", 0, True)]


def test_a_directory_that_was_chosen_for_caches_is_spared(tmp_path: Path) -> None:
    spared = str(tmp_path / "kept")

    assert left(tmp_path, lambda: make(tmp_path, "kept/python/m.pyc", "kept2/m.pyc"), spared) == [
        ("kept2/m.pyc", "Python", 1, True)
    ]


def test_names_of_any_bytes_are_told(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\n/__pycache__/m.pyc")

    assert left(tmp_path, lambda: make(tmp_path, name))[0][0] == os.fsdecode(b"\xff\n/__pycache__")


def test_a_cache_that_is_closed_to_us_is_told_all_the_same(tmp_path: Path) -> None:
    script = "umask 0; mkdir __pycache__; chmod 0 __pycache__"

    done = run_hook("run-without-pycache", "--", "sh", "-c", script, cwd=tmp_path, unprivileged=True)

    assert (done.status, done.findings) == (1, ["__pycache__ PYC901"])
