"""The caches that lie in a work tree, found without entering what is not the project's own."""

from __future__ import annotations

import errno
import os
import sys

from pycache_hooks import catalog
from pycache_hooks.folders import Opener

REPOSITORY = frozenset({"HEAD", "objects", "refs"})
"""Together they make a directory a bare repository (gitrepository-layout(5))."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pycache_hooks.catalog import Cache

    Plain = tuple[list[tuple[str, str, str]], list[str], list[tuple[str, str]], list[str]]

PYCACHE, TREE, FILE = "pycache", "tree", "file"
"""How a cache is removed: by the known contents of a ``__pycache__``, with all that is in it, or as one file."""

_DIRECTORY_NAMES = frozenset(name.rpartition("/")[2] for name in catalog.DIRECTORIES)
_DIRECTORY_STARTS = tuple(prefix for prefix, _, row in catalog.DIRECTORY_PATTERNS if row.prune != catalog.NEVER)
_FILE_ENDINGS = tuple(
    suffix for prefix, suffix, row in catalog.FILE_PATTERNS if suffix and not prefix and row.prune != catalog.NEVER
)
_FILE_STARTS = tuple(
    prefix
    for prefix, suffix, row in catalog.FILE_PATTERNS
    if not suffix and "/" not in prefix and row.prune != catalog.NEVER
)
_TELLING_FILES = REPOSITORY | catalog.ENVIRONMENT_MARKERS | {".git"}
"""Files that say what the directory is that they are in."""


_ROWS = {row.name: row for row in catalog.CACHES}

MANY = 128
"""Directories after which a tree counts as a large one: as many as can be read while a process is started."""

PENDING = 16
"""Directories still to be entered then that are worth more than one process."""


class Found:
    """One cache: its path relative to the root, its row, and how it is removed."""

    __slots__ = ("how", "path", "row")

    def __init__(self, path: str, row: Cache, how: str) -> None:
        self.path = path
        self.row = row
        self.how = how

    def __repr__(self) -> str:
        return f"<Found {self.path}: {self.row.name}>"


class Mounts:
    """Where other file systems begin below a root."""

    __slots__ = ("_device", "_points")

    def __init__(self, root: str) -> None:
        """Look up what is mounted below *root*, an absolute path. Raises OSError if that does not exist."""
        self._points = _mount_points(root)
        self._device = os.stat(root).st_dev

    def begin_at(self, entry: os.DirEntry[str], path: str) -> bool:
        """Whether the directory *entry*, at *path* relative to the root, is a mount point."""
        if self._points is None:  # pragma: no cover - not on Linux, where there is a list
            return entry.stat(follow_symlinks=False).st_dev != self._device
        return path in self._points


def walk(
    root: str, mounts: Mounts, requested: Iterable[Cache] = (), *, at_first: Callable[[], object] | None = None
) -> Walk:
    """Look for caches below *root*, an absolute path. *requested*: rows that are only taken on request.

    *at_first* is called when the first is found: what is only needed for caches can be done beside the rest.
    """
    rows = frozenset(requested)
    here = os.getpid()

    def share(hands: Iterator[list[str]]) -> Plain:
        part = Walk(root, mounts, rows)
        begin = at_first if os.getpid() == here else None  # what a fork begins, nobody could make use of
        for directories in hands:
            part.run(directories, begin)
        return part.plain()

    result = Walk(root, mounts, rows)
    pending = [""]
    result.run(pending, at_first, MANY)
    if len(pending) < PENDING:
        result.run(pending, at_first)
    else:
        from pycache_hooks import processes

        for plain in processes.deal(share, pending):
            result.add(plain)
    return result


class Walk:
    """What a walk found: caches, virtual environments, and directories that could not be read.

    *kept*: environments that stay although they were asked for, with the reason. The path of the root is ``""``.
    """

    __slots__ = ("_here", "_mounts", "_opener", "_requested", "_root", "environments", "found", "kept", "unread")

    def __init__(self, root: str, mounts: Mounts, requested: frozenset[Cache]) -> None:
        self._root = root
        self._here = root == _current_directory()
        self._mounts = mounts
        self._requested = requested
        self._opener: Opener | None = None
        self.found: list[Found] = []
        self.environments: list[str] = []
        self.kept: list[tuple[str, str]] = []
        self.unread: list[str] = []

    def run(self, pending: list[str], at_first: Callable[[], object] | None = None, limit: int = sys.maxsize) -> None:
        """Enter the directories *pending*, and those in them, until none are left or *limit* of them were."""
        while pending and limit:
            if at_first and self.found:
                at_first()
                at_first = None
            path = pending.pop()
            limit -= 1
            try:
                pending += self.enter(path)
            except (FileNotFoundError, NotADirectoryError):
                continue  # it was a directory when its parent was read
            except OSError:
                self.unread.append(path)
        if self._opener:  # for a very long path
            self._opener.close()
            self._opener = None

    def plain(self) -> Plain:
        """What was found, for another process."""
        found = [(cache.path, cache.row.name, cache.how) for cache in self.found]
        return found, self.environments, self.kept, self.unread

    def add(self, plain: Plain) -> None:
        """Take over what another process found."""
        found, environments, kept, unread = plain
        self.found += [Found(path, _ROWS[name], how) for path, name, how in found]
        self.environments += environments
        self.kept += kept
        self.unread += unread

    def enter(self, path: str) -> list[str]:  # noqa: C901, PLR0912 - a call for each of a million entries would cost
        """Note the caches in the directory at *path*; return the directories in it that are to be entered."""
        prefix = f"{path}/" if path else ""
        found: list[Found] = []
        below: list[str] = []
        repository = 0
        environment = False
        with self._scan(path) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    if name in catalog.NOT_ENTERED:
                        if name == ".git" and path:
                            return []
                    elif self._mounts.begin_at(entry, prefix + name):
                        pass
                    elif name in _DIRECTORY_NAMES or name.startswith(_DIRECTORY_STARTS):
                        self._known_directory(prefix + name, name, _name(path), found, below)
                    else:
                        below.append(prefix + name)
                        repository += name in REPOSITORY
                        environment = environment or name in catalog.ENVIRONMENT_MARKERS
                elif name.endswith(".py"):
                    continue  # most files: a source is no cache, whatever it is called
                elif name in _TELLING_FILES:
                    if name == ".git" and path:
                        return []
                    repository += name in REPOSITORY
                    environment = environment or name in catalog.ENVIRONMENT_MARKERS
                elif (
                    name.endswith(_FILE_ENDINGS)
                    or ".pyc." in name
                    or name in catalog.FILES
                    or name.startswith(_FILE_STARTS)
                ):
                    row = catalog.file(name, _name(path))
                    if row and self._takes(row) and entry.is_file(follow_symlinks=False):
                        found.append(Found(prefix + name, row, FILE))
        if environment:
            self._environment(path)
            return []
        if repository == len(REPOSITORY):
            return []
        self.found += found
        return below

    def _known_directory(self, path: str, name: str, parent: str, found: list[Found], below: list[str]) -> None:
        row = catalog.directory(name, parent)
        if row is None or row.prune == catalog.NEVER or (row is catalog.VENV and row in self._requested):
            below.append(path)  # its name proves nothing: what is in it does
        elif row is catalog.VENV:
            self.environments.append(path)
        elif name == catalog.PYCACHE:
            found.append(Found(path, row, PYCACHE))
        elif self._takes(row) or row.prune == catalog.WHEN_EMPTY:
            found.append(Found(path, row, TREE))

    def _environment(self, path: str) -> None:
        self.environments.append(path)
        if not path:
            self.kept.append((".", "it is a virtual environment"))
        elif catalog.VENV in self._requested:
            with self._scan(path) as entries:
                names = {entry.name for entry in entries}
            others = names - catalog.ENVIRONMENT_LAYOUT
            if others and "conda-meta" not in names:
                self.kept.append((path, f"more than a virtual environment is in it: {min(others)}"))
            else:
                self.found.append(Found(path, catalog.VENV, TREE))

    def _takes(self, row: Cache) -> bool:
        return row.prune == catalog.ALWAYS or row in self._requested

    def _scan(self, path: str) -> os._ScandirIterator[str]:
        """The entries of a directory, to be read before the next one is asked for."""
        try:
            # The system looks up each part of a path, for every directory anew: so it gets the shorter one.
            return os.scandir(path or os.curdir) if self._here else os.scandir(f"{self._root}/{path}")
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
        self._opener = self._opener or Opener(self._root)
        return self._opener.open(path).scan()


def _current_directory() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # somebody removed it
        return None


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _mount_points(root: str) -> frozenset[str] | None:
    """The mount points below *root*, an absolute path, relative to it; None where the system has no list of them.

    Device numbers would miss bind mounts (proc_pid_mountinfo(5): the fifth field, with octal escapes).
    """
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            points = [line.split(b" ")[4] for line in file]
    except OSError:  # pragma: no cover - not on Linux
        return None
    below = root.rstrip("/") + "/"
    paths = [
        os.fsdecode(point.decode("unicode_escape").encode("latin-1") if b"\\" in point else point) for point in points
    ]
    return frozenset(path.removeprefix(below) for path in paths if path.startswith(below))
