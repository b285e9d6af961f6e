"""Where caches are looked for."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import catalog
from pycache_hooks.readers.worktree import FILE, MANY, PENDING, PYCACHE, TREE, Mounts, Walk, walk

if TYPE_CHECKING:
    from pathlib import Path


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(root: Path, *requested: catalog.Cache) -> dict[str, str]:
    return {cache.path: cache.how for cache in walk(str(root), Mounts(str(root)), requested).found}


def example(row: catalog.Cache) -> str:
    name = row.name.replace("*", "x")
    return f"{name}file" if name.endswith("/") else name


@pytest.mark.parametrize("row", [row for row in catalog.CACHES if row.name != ".venv/"], ids=lambda row: row.name)
@pytest.mark.parametrize("folder", ["", "a/b/"])
def test_each_row_is_found_as_the_catalogue_says(tmp_path: Path, row: catalog.Cache, folder: str) -> None:
    made(tmp_path, folder + example(row))
    path = folder + (example(row).rpartition("/")[0] if row.name.endswith("/") else example(row))
    how = PYCACHE if row.name.startswith("__pycache__") else TREE if row.name.endswith("/") else FILE
    path = path.rpartition("/")[0] if row.name.startswith("__pycache__/") and "*" in row.name else path
    taken = {path: how}
    by_default = row.prune in (catalog.ALWAYS, catalog.WHEN_EMPTY)
    assert found(tmp_path) == (taken if by_default else {})
    if row.prune == catalog.ON_REQUEST:
        assert found(tmp_path, row) == taken


def test_a_large_tree_is_found_whole_by_several_processes(tmp_path: Path) -> None:
    packages = [f"p{top}/s{number}" for top in range(40) for number in range(20)]
    made(tmp_path, *(f"{package}/__pycache__/m.cpython-312.pyc" for package in packages))
    made(tmp_path, *(f"p{top}/deep/.venv/pyvenv.cfg" for top in range(40)), "p3/all/pyvenv.cfg", "p3/all/m.py")
    started = []
    seen = walk(str(tmp_path), Mounts(str(tmp_path)), [catalog.VENV], at_first=lambda: started.append(1))
    assert len(packages) > MANY
    assert started
    assert sorted(cache.path for cache in seen.found if cache.how == PYCACHE) == sorted(
        f"{p}/__pycache__" for p in packages
    )
    assert sorted(cache.path for cache in seen.found if cache.row is catalog.VENV) == sorted(
        f"p{top}/deep/.venv" for top in range(40)
    )
    assert sorted(seen.environments) == sorted([*(f"p{top}/deep/.venv" for top in range(40)), "p3/all"])
    assert seen.kept == [("p3/all", "more than a virtual environment is in it: m.py")]
    assert seen.unread == []


@pytest.mark.parametrize("forks", [True, False])
def test_only_this_process_hears_of_a_cache_that_is_found_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, forks: bool
) -> None:
    """None is among the first directories, so that several processes look for the first one, or this one alone must."""
    deep = "/d" * MANY
    made(tmp_path, *(f"top{number}{deep}/__pycache__/m.pyc" for number in range(PENDING + 1)))
    if not forks:
        monkeypatch.setattr(os, "fork", lambda: (_ for _ in ()).throw(BlockingIOError))
    told, tell = os.pipe()
    seen = walk(str(tmp_path), Mounts(str(tmp_path)), at_first=lambda: os.write(tell, b"%d " % os.getpid()))
    os.close(tell)
    with open(told, "rb") as file:
        heard = file.read().split()
    assert len(seen.found) == PENDING + 1
    assert set(heard) <= {b"%d" % os.getpid()}
    assert heard or forks


@pytest.mark.parametrize("place", ["root", "root/a", "elsewhere", "gone"])
def test_the_same_is_found_wherever_the_program_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    root = tmp_path / "root"
    made(root, "__pycache__/m.pyc", "a/__pycache__/m.pyc", "a/any/pyvenv.cfg", "a/any/bin/python", "b/m.pyc")
    (tmp_path / place).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / place)
    if place == "gone":
        (tmp_path / place).rmdir()
    caches = {"__pycache__": PYCACHE, "a/__pycache__": PYCACHE, "b/m.pyc": FILE}
    assert found(root) == caches
    assert found(root, catalog.VENV) == {**caches, "a/any": TREE}


def test_a_virtual_environment_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    made(tmp_path, ".venv/pyvenv.cfg", "any/pyvenv.cfg", "c/conda-meta/history", ".env/__pycache__/x", "venv/m.py")
    assert found(tmp_path) == {".env/__pycache__": PYCACHE}
    assert found(tmp_path, catalog.VENV) == {".venv": TREE, "any": TREE, "c": TREE, ".env/__pycache__": PYCACHE}
    assert sorted(walk(str(tmp_path), Mounts(str(tmp_path))).environments) == [".venv", "any", "c"]


def test_a_found_cache_says_what_it_is(tmp_path: Path) -> None:
    made(tmp_path, "__pycache__/x")
    assert repr(walk(str(tmp_path), Mounts(str(tmp_path))).found) == "[<Found __pycache__: __pycache__/>]"


def test_what_vanishes_or_changes_while_it_is_walked_is_passed_over(tmp_path: Path) -> None:
    made(tmp_path, "gone/__pycache__/x", "file/__pycache__/x", "kept/__pycache__/x")
    seen = Walk(str(tmp_path), Mounts(str(tmp_path)), frozenset())
    assert sorted(seen.enter("")) == ["file", "gone", "kept"]
    subprocess.run(["rm", "-rf", tmp_path / "gone", tmp_path / "file"], check=True)
    made(tmp_path, "file")
    for name, error in (("gone", FileNotFoundError), ("file", NotADirectoryError)):
        with pytest.raises(error):
            seen.enter(name)
    made(tmp_path, "root")
    assert walk(str(tmp_path / "root"), Mounts(str(tmp_path))).unread == []


def test_a_root_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Mounts(str(tmp_path / "gone"))


def test_mount_points_are_relative_to_the_root() -> None:
    """Whatever is mounted on the machine that runs the test: /proc is."""
    if not os.path.ismount("/proc"):
        pytest.skip("nothing is mounted on /proc here")
    with os.scandir("/") as entries:
        proc = next(entry for entry in entries if entry.name == "proc")
    assert Mounts("/").begin_at(proc, "proc")
    assert not Mounts("/proc").begin_at(proc, "proc")
    assert not Mounts("/").begin_at(proc, "etc/proc")
