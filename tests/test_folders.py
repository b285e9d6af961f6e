"""Directories held open."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.folders import KEPT_OPEN, Folder, Opener

if TYPE_CHECKING:
    from pathlib import Path


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def test_what_is_done_in_a_folder_is_done_there_wherever_it_moves(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "outside").mkdir()
    for name in ("here", "outside"):
        (tmp_path / name / "file").touch()
        (tmp_path / name / "directory").mkdir()
    folder = Folder(str(tmp_path / "here"))
    (tmp_path / "here").rename(tmp_path / "moved")
    (tmp_path / "here").symlink_to("outside")
    folder.unlink("file")
    folder.rmdir("directory")
    assert folder.entries() == []
    folder.close()
    assert sorted(os.listdir(tmp_path / "outside")) == ["directory", "file"]
    assert os.listdir(tmp_path / "moved") == []


def test_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "real/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(NotADirectoryError):
        Folder(str(tmp_path / "link"))
    root = Folder(str(tmp_path))
    with pytest.raises(NotADirectoryError):
        Folder("link", root)
    root.close()
    opener = Opener(str(tmp_path))
    for path in ("link", "link/deep"):
        with pytest.raises(NotADirectoryError):
            opener.open(path)
    opener.close()


def test_closing_twice_is_closing(tmp_path: Path) -> None:
    before = descriptors()
    folder = Folder(str(tmp_path))
    folder.close()
    folder.close()
    assert descriptors() == before
    for use in (folder.entries, lambda: folder.unlink("file"), lambda: Folder(".", folder)):
        with pytest.raises(OSError, match="Bad file descriptor"):  # and nothing in the current directory
            use()


def test_whether_a_folder_holds_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    folder = Folder(str(tmp_path))
    names = ("file", "directory", "link", "dangling", "missing")
    assert [name for name in names if folder.holds_file(name)] == ["file", "link"]
    assert folder.owner("dangling") == os.geteuid()
    assert folder.owner("missing") is None
    folder.close()


@pytest.mark.parametrize("name", ["missing", "file"])
def test_what_cannot_be_opened_costs_no_descriptor(tmp_path: Path, name: str) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").touch()
    before = descriptors()
    opener = Opener(str(tmp_path))
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        opener.open(f"a/b/{name}/c")
    opener.close()
    assert descriptors() == before


def test_a_deep_tree_costs_few_descriptors_and_each_folder_is_the_right_one(tmp_path: Path) -> None:
    depth = 5 * KEPT_OPEN + 1
    here = os.open(tmp_path, os.O_RDONLY)
    for level in range(depth):
        for name in ("deep", f"level {level}"):
            os.mkdir(name, dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    before = descriptors()
    opener = Opener(str(tmp_path))
    for level in (0, depth - 1, 3, KEPT_OPEN, 2 * KEPT_OPEN - 1, 2 * KEPT_OPEN, 0, depth - 1, depth - 2, depth - 40):
        folder = opener.open("/".join(["deep"] * level))
        assert {entry.name for entry in folder.entries()} == {"deep", f"level {level}"}
        assert descriptors() <= before + KEPT_OPEN
    assert opener.open("/".join(["deep"] * KEPT_OPEN + [f"level {KEPT_OPEN}"])).entries() == []
    opener.close()
    assert descriptors() == before


def test_no_descriptor_left_is_an_error_and_leaks_none(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    (tmp_path / "a/b/c").mkdir(parents=True)
    opener = Opener(str(tmp_path))
    before = descriptors()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(tmp_path, os.O_RDONLY) for _ in range(3)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 2, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(tmp_path, os.O_RDONLY))
        with pytest.raises(OSError, match="Too many open files"):
            opener.open("a/b/c")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)
    assert descriptors() == before
    opener.close()
