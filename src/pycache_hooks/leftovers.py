"""The caches of a work tree before and after a command, to tell which of them it left or wrote to."""

from __future__ import annotations

import os

from pycache_hooks import catalog, prevention
from pycache_hooks.readers.worktree import FILE, Mounts, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycache_hooks.catalog import Cache

    Stamp = tuple[int, int, int]
    """What changes when a file is written: its time in nanoseconds, its size in bytes, its inode."""

REPORTS = frozenset({"htmlcov/"})
"""What a tool of `prevention` writes only where somebody asks for it."""

COUNTED = tuple(
    row
    for row in catalog.CACHES
    if row.prune == catalog.ON_REQUEST and prevention.prevention(row.tool) and row.name not in REPORTS
)
"""Rows that count besides those that may always be deleted: there is a setting that keeps them out."""


class State:
    """One cache: its *row* of the catalogue, and the *files* in it with the stamp of each."""

    __slots__ = ("files", "row")

    def __init__(self, row: Cache, files: dict[str, Stamp]) -> None:
        self.row = row
        self.files = files


class Left:
    """A cache that a command left at *path*: it is *new* as a whole, or so many *files* in it are."""

    __slots__ = ("files", "new", "path", "row")

    def __init__(self, path: str, row: Cache, files: int, *, new: bool) -> None:
        self.path = path
        self.row = row
        self.files = files
        self.new = new


def snapshot(root: str, spared: str = "") -> dict[str, State]:
    """The caches below *root*, an absolute path, by their paths relative to it. No file is opened.

    *spared*: an absolute path; what lies there is left out. Raises OSError if there is no *root*.
    """
    below = spared.removeprefix(root.rstrip("/") + "/") + "/"
    found = walk(root, Mounts(root), COUNTED).found
    states = {
        cache.path: State(cache.row, _stamps(f"{root}/{cache.path}", cache.how))
        for cache in found
        if not cache.path.startswith(below)
    }
    return {
        path: state for path, state in states.items() if not (state.files and state.row.prune == catalog.WHEN_EMPTY)
    }


def left(before: dict[str, State], after: dict[str, State]) -> list[Left]:
    """What is in *after* that was not in *before*, or was written to since."""
    found = []
    for path, state in after.items():
        earlier = before.get(path)
        if earlier is None:
            found.append(Left(path, state.row, len(state.files), new=True))
        else:
            written = sum(stamp != earlier.files.get(name) for name, stamp in state.files.items())
            if written:
                found.append(Left(path, state.row, written, new=False))
    return found


def _stamps(root: str, how: str) -> dict[str, Stamp]:
    """The files at or below *root*, by their paths."""
    stamps: dict[str, Stamp] = {}
    pending = [root]
    while pending:
        path = pending.pop()
        try:
            if how == FILE:
                stamps[path] = _stamp(os.lstat(path))
            else:
                pending += _note_files(path, stamps)
        except OSError:
            continue  # it went meanwhile, or is closed to us
    return stamps


def _note_files(path: str, stamps: dict[str, Stamp]) -> list[str]:
    """Add the files in the directory at *path* to *stamps*; return the directories in it."""
    below = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.path)
            else:
                stamps[entry.path] = _stamp(entry.stat(follow_symlinks=False))
    return below


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino
