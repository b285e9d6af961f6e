"""Removing what a walk has found, when the tree is not what it was any more."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import catalog, removal
from pycache_hooks.readers.tracked import Tracked
from pycache_hooks.readers.worktree import FILE, PYCACHE, TREE, Found, Mounts, walk
from support import SOURCES, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTHING = Tracked((), ())


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")


def files(root: Path) -> set[str]:
    found = {os.path.join(folder, name) for folder, folders, names in os.walk(root) for name in folders + names}
    return {os.path.relpath(path, root) for path in found}


def remove(root: Path, found: list[Found], orders: removal.Orders | None = None) -> list[removal.Result]:
    return removal.remove(str(root), found, NOTHING, Mounts(str(root)), orders or removal.Orders())


def look(root: Path) -> list[Found]:
    return walk(str(root), Mounts(str(root))).found


ALL = (
    "__pycache__/m.cpython-311.pyc",
    ".mypy_cache/3.11/a.json",
    ".mypy_cache/b.json",
    "m.py",
    "m.pyc",
    ".testmondata",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    made(path, *(f"{folder}{name}" for folder in ("", "pkg/", "pkg/deep/") for name in ALL))
    return path


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "outside"
    made(path, *(f"{folder}{name}" for folder in ("", "deep/", "3.11/") for name in ALL), "a.json", "m.cpython-311.pyc")
    before = files(path)
    yield path
    assert files(path) == before


SWAPPED = (
    "pkg",
    "pkg/deep",
    "pkg/__pycache__",
    "pkg/.mypy_cache",
    "pkg/.mypy_cache/3.11",
    "__pycache__",
    ".mypy_cache",
)


@pytest.mark.parametrize("swapped", SWAPPED)
@pytest.mark.parametrize("stale", [False, True])
def test_a_directory_swapped_for_a_link_between_look_and_deletion(
    root: Path, outside: Path, swapped: str, *, stale: bool
) -> None:
    found = look(root)
    (root / swapped).rename(root / "aside")
    (root / swapped).symlink_to(outside)
    aside = files(root / "aside")
    results = remove(root, found, removal.Orders(stale=stale, before=1e12))
    assert [refused for result in results for refused in result.refused] == []
    assert files(root / "aside") == aside
    assert (root / swapped).is_symlink() is (not swapped.startswith("pkg/.mypy_cache/"))


@pytest.mark.parametrize("swapped", SWAPPED)
def test_a_directory_swapped_for_a_file(root: Path, tmp_path: Path, swapped: str) -> None:
    found = look(root)
    (root / swapped).rename(tmp_path / "aside")
    (root / swapped).write_text("mine", encoding="utf-8")
    results = remove(root, found)
    assert [refused for result in results for refused in result.refused] == []


def test_files_swapped_for_directories_are_refused(root: Path) -> None:
    found = look(root)
    for name in ("m.pyc", ".testmondata"):
        (root / name).unlink()
        made(root, f"{name}/precious")
    results = remove(root, found)
    assert {refused.path: refused.number for result in results for refused in result.refused} == {
        "m.pyc": errno.EISDIR,
        ".testmondata": errno.EISDIR,
    }
    assert (root / "m.pyc/precious").exists()


def test_what_vanished_meanwhile_is_nobodys_concern(root: Path) -> None:
    found = look(root)
    subprocess.run(["rm", "-rf", root / "pkg", root / "__pycache__", root / ".mypy_cache", root / "m.pyc"], check=True)
    for orders in (removal.Orders(), removal.Orders(stale=True, before=1e12)):
        results = remove(root, found, orders)
        assert [result.refused + result.kept for result in results if result.refused or result.kept] == []
    assert files(root) == {"m.py"}


def test_a_directory_that_vanished_in_a_cache_does_not_save_the_rest(root: Path) -> None:
    made(root, ".mypy_cache/3.11/deep/x", ".mypy_cache/3.12/y")
    worker = removal._Worker(str(root), NOTHING, Mounts(str(root)), removal.Orders())
    cache = Found(".mypy_cache", catalog.DIRECTORIES[".mypy_cache"], TREE)
    result = removal.Result(cache.path, cache.row.tool)
    levels, _ = worker._levels(cache, result)
    subprocess.run(["rm", "-rf", root / ".mypy_cache/3.11"], check=True)
    made(root, ".mypy_cache/3.12/new")
    worker._take(cache, result, levels)
    worker.opener.close()
    assert files(root / ".mypy_cache") == {"3.12", "3.12/new"}
    assert result.kept == [(".mypy_cache/3.12", "something was written into it meanwhile")]
    assert (result.files, result.gone, result.refused) == (2, False, [])


def test_many_caches_are_removed_by_several_processes(tmp_path: Path) -> None:
    made(tmp_path, *(f"{number}/__pycache__/m.cpython-311.pyc" for number in range(200)))
    results = remove(tmp_path, look(tmp_path))
    assert [result.path for result in results] == sorted(f"{number}/__pycache__" for number in range(200))
    assert all(result.gone and result.files == 1 for result in results)
    assert files(tmp_path) == {str(number) for number in range(200)}


def test_a_failure_is_not_lost(tmp_path: Path) -> None:
    made(tmp_path, *(f"{number}/__pycache__/m.cpython-311.pyc" for number in range(200)))
    found = look(tmp_path)
    impossible = [Found("a\0b/__pycache__", catalog.DIRECTORIES["__pycache__"], PYCACHE)] * 100
    with pytest.raises(ValueError, match="null"):
        remove(tmp_path, found + impossible)


def test_what_this_program_runs_from_stays() -> None:
    for place in (sys.prefix, sys.base_prefix, str(SOURCES)):
        root, name = os.path.split(os.path.realpath(place))
        found = [Found(name, catalog.DIRECTORIES[".tox"], TREE)]
        result = removal.remove(root, found, NOTHING, Mounts(root), removal.Orders(act=False))[0]
        assert result.kept == [(name, "this program runs from it")]


def test_a_file_that_vanished_was_written_long_ago(tmp_path: Path) -> None:
    made(tmp_path, "file")
    with os.scandir(tmp_path) as entries:
        entry = next(entries)
    (tmp_path / "file").unlink()
    assert removal._written(entry) == 0.0


def test_a_root_that_is_gone_is_an_error(tmp_path: Path) -> None:
    mounts = Mounts(str(tmp_path))
    found = [Found("__pycache__", catalog.DIRECTORIES["__pycache__"], PYCACHE)] * 100
    with pytest.raises(FileNotFoundError):
        removal.remove(str(tmp_path / "gone"), found, NOTHING, mounts, removal.Orders())


def test_where_no_more_processes_are_allowed_one_does_it_all(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become a user without other processes")
    made(tmp_path, *(f"{number}/__pycache__/m.cpython-311.pyc" for number in range(200)))
    program = (
        "import os, resource, sys; sys.path.insert(0, sys.argv[1]);"
        "from pycache_hooks import processes, removal; from pycache_hooks.readers import tracked, worktree;"
        "root = os.getcwd(); mounts = worktree.Mounts(root); found = worktree.walk(root, mounts).found;"
        "resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)); os.setresuid(61235, 61235, 0);"
        "results = removal.remove('.', found, tracked.Tracked((), ()), mounts, removal.Orders());"
        "os.setresuid(0, 0, 0);"
        "print(sum(result.files for result in results))"
    )
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o777)
    done = run([sys.executable, "-c", program, SOURCES], tmp_path, environment())
    assert done.text == "200\n", done


def test_no_directory_that_the_catalogue_does_not_know_is_left_half_removed(tmp_path: Path) -> None:
    """A file cache whose parent is gone, a directory cache whose parent is a file."""
    made(tmp_path, "pkg")
    found = [
        Found("pkg/__pycache__", catalog.DIRECTORIES["__pycache__"], PYCACHE),
        Found("pkg/.mypy_cache", catalog.DIRECTORIES[".mypy_cache"], TREE),
        Found("gone/.testmondata", catalog.FILES[".testmondata"], FILE),
    ]
    results = remove(tmp_path, found)
    assert all(not (result.files or result.gone or result.refused or result.kept) for result in results)
    assert files(tmp_path) == {"pkg"}
