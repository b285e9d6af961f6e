"""Removing trees of files that nobody wrote by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.environments import trees
from pycache_hooks.folders import Folder
from support import SOURCES, UNPRIVILEGED, environment

if TYPE_CHECKING:
    from pathlib import Path


def grow(root: Path) -> Path:
    for name in ("tree/a/b/file", "tree/a/größe", "tree/.hidden", "beside/file"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"12345")
    (root / "tree/a/outside").symlink_to(root / "beside")
    return root / "tree"


def test_a_tree_goes_whole_and_nothing_that_it_links_to(tmp_path: Path) -> None:
    tree = grow(tmp_path)

    trees.remove(str(tree))

    assert os.listdir(tmp_path) == ["beside"]
    assert os.listdir(tmp_path / "beside") == ["file"]


@pytest.mark.parametrize("name", ["missing", "missing/tree"])
def test_what_is_not_there_is_as_it_should_be(tmp_path: Path, name: str) -> None:
    trees.remove(str(tmp_path / name))


def test_a_link_in_place_of_the_tree_is_unlinked_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(grow(tmp_path))

    trees.remove(str(tmp_path / "link"))

    assert sorted(os.listdir(tmp_path)) == ["beside", "tree"]
    assert (tmp_path / "tree/a/b/file").exists()


def test_a_link_that_takes_the_place_of_a_directory_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = grow(tmp_path)
    entries = Folder.entries

    def swapped(folder: Folder) -> list[os.DirEntry[str]]:
        found = entries(folder)
        if "a" in {entry.name for entry in found}:
            (tree / "a").rename(tmp_path / "moved")
            (tree / "a").symlink_to(tmp_path / "beside")
        return found

    monkeypatch.setattr(Folder, "entries", swapped)

    with pytest.raises(NotADirectoryError) as raised:
        trees.remove(str(tree))
    assert raised.value.filename == str(tree / "a")
    assert os.listdir(tmp_path / "beside") == ["file"]


@pytest.mark.parametrize(
    ("gone", "beside"), [("tree/a", ".hidden"), ("tree/a", "größe"), ("tree/a/b", "file"), ("tree/a/b/file", "file")]
)
def test_what_vanishes_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str, beside: str
) -> None:
    tree, path = grow(tmp_path), tmp_path / gone
    entries = Folder.entries

    def vanishing(folder: Folder) -> list[os.DirEntry[str]]:
        found = entries(folder)
        if beside in {entry.name for entry in found}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return found

    monkeypatch.setattr(Folder, "entries", vanishing)

    trees.remove(str(tree))

    assert not tree.exists()


@pytest.mark.parametrize("closed", ["tree/a", "tree/a/b", "."])
def test_what_cannot_be_removed_is_named_with_its_whole_path(tmp_path: Path, closed: str) -> None:
    tree = grow(tmp_path)
    os.chmod(tmp_path / closed, 0o500)
    program = """
import sys
from pycache_hooks.environments import trees
try:
    trees.remove(sys.argv[1])
except OSError as error:
    print(error.filename)
"""
    done = subprocess.run(
        [*UNPRIVILEGED, sys.executable, "-c", program, str(tree)],
        env=environment(PYTHONPATH=str(SOURCES)),
        capture_output=True,
        text=True,
        check=True,
    )

    os.chmod(tmp_path / closed, 0o700)
    named = done.stdout.rstrip("\n")
    assert named == str(tree) if closed == "." else os.path.dirname(named) == str(tmp_path / closed)
    assert os.path.exists(tree)


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """A tree in which another file system is mounted."""
    tree = grow(tmp_path)
    (tree / "mount").mkdir()
    return tree / "mount"


def test_no_other_file_system_is_entered(mounted: Path, tmp_path: Path) -> None:
    if subprocess.run(["mount", "--bind", tmp_path / "beside", mounted], capture_output=True, check=False).returncode:
        pytest.skip("mounting takes rights")
    try:
        with pytest.raises(OSError, match="mounted there"):
            trees.remove(str(mounted.parent))
    finally:
        subprocess.run(["umount", mounted], check=True)
    assert os.listdir(tmp_path / "beside") == ["file"]


def test_the_size_of_a_tree_is_what_its_removal_frees(tmp_path: Path) -> None:
    tree = grow(tmp_path)
    link = (tree / "a/outside").lstat().st_size
    assert trees.size(str(tree)) == 15 + link
    os.link(tree / ".hidden", tmp_path / "also here")

    assert trees.size(str(tree)) == 10 + link
    assert trees.size(str(tree / "a/größe")) == 5
    assert trees.size(str(tree / "missing")) == 0
