"""What lies in the directory that PYTHONPYCACHEPREFIX names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycache_hooks.readers import prefix
from pycache_hooks.readers.worktree import Mounts
from support import UNPRIVILEGED, environment


def read(root: Path) -> prefix.Seen:
    return prefix.read(str(root), Mounts(str(root)), lambda: None)


def dead(root: Path) -> set[str]:
    """The paths of all dead bytecode in *root*."""
    return {os.path.join(leftover.path, name) for leftover in read(root).leftovers for name in leftover.names}


def mirrored(root: Path, source: Path, ending: str = ".cpython-312.pyc") -> Path:
    """Make what Python would write for *source*."""
    path = Path(f"{root}{source.with_suffix('')}{ending}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("bytecode")
    return path


def imported(root: Path, directory: Path, *modules: str) -> None:
    """Let Python itself import *modules* from *directory*, with *root* as its prefix."""
    variables = {name: value for name, value in environment().items() if name != "PYTHONDONTWRITEBYTECODE"}
    program = f"import sys; sys.path.insert(0, {str(directory)!r}); import {', '.join(modules)}"
    subprocess.run([sys.executable, "-c", program], env=variables | {"PYTHONPYCACHEPREFIX": str(root)}, check=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "prefix"
    path.mkdir()
    return path


@given(
    names=st.lists(st.from_regex(r"[a-z_][a-z_0-9ä]{0,8}", fullmatch=True), min_size=1, max_size=4, unique=True),
    removed=st.integers(0, 15),
)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_python_writes_is_dead_exactly_when_its_source_is_gone(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], removed: int
) -> None:
    root, project = tmp_path_factory.mktemp("prefix"), tmp_path_factory.mktemp("project")
    modules = [f"m{name}" for name in names]
    for module in modules:
        (project / f"{module}.py").write_text("")
    imported(root, project, *modules)
    assert dead(root) == set()
    gone = {module for number, module in enumerate(modules) if removed >> number & 1}
    for module in gone:
        (project / f"{module}.py").unlink()
    assert {Path(path).name.partition(".")[0] for path in dead(root)} == gone


def test_the_group_is_the_outermost_directory_that_is_gone(root: Path, tmp_path: Path) -> None:
    for name in ("old/m.py", "old/deep/er/m.py", "old/deep/n.py"):
        mirrored(root, tmp_path / name)
    mirrored(root, tmp_path / "single.py")
    above = str(tmp_path)[1:]
    assert {leftover.path: leftover.group for leftover in read(root).leftovers} == {
        above: above,
        f"{above}/old": f"{above}/old",
        f"{above}/old/deep": f"{above}/old",
        f"{above}/old/deep/er": f"{above}/old",
    }


@pytest.mark.parametrize(
    "ending",
    [
        ".cpython-312.pyc",
        ".cpython-312.opt-1.pyc",
        ".cpython-311-pytest-9.2.0.pyc",
        ".pypy310.pyc",
        ".cpython-312.pyc.14",
    ],
)
@pytest.mark.parametrize("source", ["m.py", "m.pyw", "m"])
def test_bytecode_is_dead_without_its_source_only(root: Path, tmp_path: Path, ending: str, source: str) -> None:
    made = mirrored(root, tmp_path / "m.py", ending)
    assert dead(root) == {str(made.relative_to(root))}
    (tmp_path / source).write_text("")
    assert dead(root) == set()


def test_a_directory_of_the_sources_name_is_no_source(root: Path, tmp_path: Path) -> None:
    made = mirrored(root, tmp_path / "m.py")
    (tmp_path / "m").mkdir()
    assert dead(root) == {str(made.relative_to(root))}


@pytest.mark.parametrize(
    "name",
    ["m.pyc", "m.pyo", "m.cpython-312.pyo", "notes.txt", "m.cpython-312.so", "m$py.class", "m.graalpy-38.pyc", ".pyc"],
)
def test_what_python_does_not_write_there_is_kept(root: Path, name: str) -> None:
    (root / "nowhere").mkdir()
    (root / "nowhere" / name).write_text("mine")
    seen = read(root)
    assert seen.leftovers == []
    assert seen.kept == [(f"nowhere/{name}", prefix.FOREIGN)]


def test_links_are_kept_and_not_followed(root: Path, tmp_path: Path) -> None:
    outside = mirrored(tmp_path / "outside", Path("/nowhere/m.py"))
    (root / "nowhere").symlink_to(outside.parent)
    (root / "m.cpython-312.pyc").symlink_to(outside)
    seen = read(root)
    assert seen.leftovers == []
    assert sorted(path for path, _ in seen.kept) == ["m.cpython-312.pyc", "nowhere"]


@pytest.mark.parametrize("marks", [[".git"], ["HEAD", "objects", "refs"], ["pyvenv.cfg"], ["conda-meta"]])
def test_repositories_and_environments_are_not_entered(root: Path, marks: list[str]) -> None:
    mirrored(root, Path("/nowhere/deep/m.py"))
    for mark in marks:
        (root / "nowhere" / mark).mkdir()
    seen = read(root)
    assert seen.leftovers == []
    assert [path for path, _ in seen.kept] == ["nowhere"]


def test_a_pycache_in_it_is_not_of_the_mirror(root: Path) -> None:
    (root / "nowhere/__pycache__").mkdir(parents=True)
    (root / "nowhere/__pycache__/m.cpython-312.pyc").write_text("")
    seen = read(root)
    assert seen.leftovers == []
    assert seen.kept == [("nowhere/__pycache__", prefix.FOREIGN)]


def _unprivileged(root: Path) -> list[str]:
    program = (
        "import sys; from pycache_hooks.readers import prefix, worktree; root = sys.argv[1];"
        "seen = prefix.read(root, worktree.Mounts(root), lambda: None);"
        "print(*[leftover.path for leftover in seen.leftovers], '|', *seen.unread)"
    )
    sources = str(Path(prefix.__file__).parents[2])
    done = subprocess.run(
        [*UNPRIVILEGED, sys.executable, "-c", program, str(root)],
        env=environment() | {"PYTHONPATH": sources},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_source_that_cannot_be_looked_for_may_be_there(root: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    mirrored(root, tmp_path / "closed/m.py")
    (tmp_path / "closed").chmod(0)
    assert _unprivileged(root) == ["|"]
    (tmp_path / "closed").chmod(0o700)
    assert _unprivileged(root) == [f"{tmp_path}/closed"[1:], "|"]


def test_a_directory_that_cannot_be_read_is_named(root: Path) -> None:
    mirrored(root, Path("/nowhere/m.py"))
    (root / "nowhere").chmod(0)
    assert _unprivileged(root) == ["|", "nowhere"]
    (root / "nowhere").chmod(0o700)
    assert _unprivileged(root) == ["nowhere", "|"]


def test_what_vanishes_meanwhile_is_nothing(root: Path) -> None:
    made = mirrored(root, Path("/nowhere/m.py"))

    def vanish() -> None:
        if made.exists() and not vanished:
            vanished.append(made)
        elif made.exists():
            made.unlink()
            made.parent.rmdir()

    vanished: list[Path] = []
    seen = prefix.read(str(root), Mounts(str(root)), vanish)
    assert (seen.leftovers, seen.kept, seen.unread) == ([], [], [])
