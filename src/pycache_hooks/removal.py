"""Removing caches, and only caches, from a work tree."""

from __future__ import annotations

import errno
import os
import sys

from pycache_hooks import catalog
from pycache_hooks.folders import Folder, Opener
from pycache_hooks.readers import worktree
from pycache_hooks.readers.tracked import TRACKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pycache_hooks.catalog import Cache
    from pycache_hooks.readers.tracked import Tracked
    from pycache_hooks.readers.worktree import Found, Mounts

    Plain = tuple[str, str, int, int, bool, bool, list[tuple[str, str]], list[tuple[str, int, int | None, bool]]]

MANY = 128
"""Caches that are worth more than one process."""


class Orders:
    """How to remove. *act*: do it, not only count.

    *stale*: remove only what nothing can use, and the packages that it leaves empty. Then *interpreters* are the cache
    tags of those that there are, and tool caches go that were last written *before* a time (seconds since the epoch).
    *spares*: whether the file at a path, relative to the root, is to stay.
    """

    __slots__ = ("act", "before", "interpreters", "spares", "stale")

    def __init__(
        self,
        *,
        act: bool = True,
        stale: bool = False,
        interpreters: frozenset[str] = frozenset(),
        before: float = 0.0,
        spares: Callable[[str], bool] | None = None,
    ) -> None:
        self.act = act
        self.spares = spares
        self.stale = stale
        self.interpreters = interpreters
        self.before = before


class Refused:
    """What could not be removed: its *path*, the system's error *number*, and the user id of its *owner*, if known.

    *closed*: a directory that could not be read, so that nobody knows whether only a cache is in it.
    """

    __slots__ = ("closed", "number", "owner", "path")

    def __init__(self, path: str, number: int, owner: int | None, *, closed: bool = False) -> None:
        self.path = path
        self.number = number
        self.owner = owner
        self.closed = closed


class Result:
    """What became of one cache: *files* and *bytes* that went (or would go), and whether the directory did (*gone*).

    *kept*: paths that stay although they are in it, with the reason. *refused*: what the system would not remove.
    *spared*: something stays on purpose, so that the cache must not be removed as a whole.
    """

    __slots__ = ("bytes", "files", "gone", "kept", "path", "refused", "spared", "tool")

    def __init__(self, path: str, tool: str) -> None:
        self.path = path
        self.tool = tool
        self.files = 0
        self.bytes = 0
        self.gone = False
        self.spared = False
        self.kept: list[tuple[str, str]] = []
        self.refused: list[Refused] = []

    def keep(self, path: str, reason: str) -> None:
        """Note that *path* stays, and why."""
        self.spared = True
        self.kept.append((path, reason))

    def plain(self) -> Plain:
        """All of it, for another process."""
        refused = [(refused.path, refused.number, refused.owner, refused.closed) for refused in self.refused]
        return self.path, self.tool, self.files, self.bytes, self.gone, self.spared, self.kept, refused

    @classmethod
    def of(cls, plain: Plain) -> Result:
        """What `plain` was made from."""
        result = cls(plain[0], plain[1])
        _, _, result.files, result.bytes, result.gone, result.spared, result.kept, refused = plain
        result.refused = [Refused(path, number, owner, closed=closed) for path, number, owner, closed in refused]
        return result


def remove(root: str, found: list[Found], tracked: Tracked, mounts: Mounts, orders: Orders) -> list[Result]:
    """Remove *found* below *root*, but for what is *tracked*; one result each, by path.

    Raises OSError only if the root itself cannot be opened.
    """

    def work(hands: Iterable[list[Found]]) -> list[Plain]:
        worker = _Worker(root, tracked, mounts, orders)
        try:
            return [worker.remove(cache).plain() for caches in hands for cache in caches]
        finally:
            worker.opener.close()

    if len(found) < MANY:
        made = [work([found])]
    else:
        from pycache_hooks import processes

        made = processes.deal(work, found)
    results = sorted((Result.of(plain) for each in made for plain in each), key=lambda result: result.path)
    if orders.stale and orders.act:
        _remove_empty_packages(root, results)
    return results


class _Worker:
    """Removes one cache after the other; each process has its own."""

    __slots__ = ("mounts", "opener", "orders", "root", "tracked")

    def __init__(self, root: str, tracked: Tracked, mounts: Mounts, orders: Orders) -> None:
        self.root = root
        self.opener = Opener(root)
        self.tracked = tracked
        self.mounts = mounts
        self.orders = orders

    def remove(self, cache: Found) -> Result:
        result = Result(cache.path, cache.row.tool)
        above, _, name = cache.path.rpartition("/")
        if self.tracked.in_submodule(cache.path):
            result.keep(cache.path, "it lies in a submodule")
            return result
        try:
            parent = self.opener.open(above)
        except OSError as error:
            self._closed(result, cache.path, error)
            return result
        try:
            if cache.how == worktree.PYCACHE:
                self._pycache(result, parent)
            elif cache.how == worktree.TREE:
                self._tree(cache, result)
            elif self._is_wanted_gone(cache, name, parent):
                self._file(result, cache.path, name, parent)
        except OSError as error:
            self._closed(result, cache.path, error)
        return result

    def _pycache(self, result: Result, parent: Folder) -> None:
        """Remove the known contents of a ``__pycache__``, and itself if nothing else is in it."""
        folder = Folder(catalog.PYCACHE, parent)
        try:
            entries = {entry.name: entry for entry in folder.entries()}
            if ".git" in entries:
                result.keep(result.path, "it is a repository of its own")
                return
            for name, entry in entries.items():
                path = f"{result.path}/{name}"
                row = _bytecode(name) if entry.is_file(follow_symlinks=False) else None
                if row is None:
                    result.keep(path, "it is not bytecode")
                elif self.orders.stale and _is_usable(name, row, parent, self.orders.interpreters):
                    result.spared = True
                else:
                    self._file(result, path, name, folder)
        finally:
            folder.close()
        if not result.spared:
            self._directory(result, result.path, catalog.PYCACHE, parent)

    def _tree(self, cache: Found, result: Result) -> None:
        """Remove a cache with all that is in it."""
        if self.orders.stale and not self.orders.before:
            return
        if _runs_from(os.path.join(self.root, cache.path)):
            result.keep(cache.path, "this program runs from it")
            return
        levels, newest = self._levels(cache, result)
        if (self.orders.stale and newest >= self.orders.before) or (
            cache.row.prune == catalog.WHEN_EMPTY and any(names for _, names in levels)
        ):
            result.refused.clear()  # nobody wants it gone
            return
        self._take(cache, result, levels)

    def _take(self, cache: Found, result: Result, levels: list[tuple[str, list[str]]]) -> None:
        """Remove what was seen in a cache, the files first."""
        for path, names in levels:
            try:
                folder = self.opener.open(path)
            except OSError as error:
                self._closed(result, path, error)
                continue
            for name in names:
                if name == cache.row.unless and path == cache.path:
                    result.keep(f"{path}/{name}", "it is configuration")
                else:
                    self._file(result, f"{path}/{name}", name, folder)
        for path, _ in [*reversed(levels[1:]), (cache.path, ())]:
            above, _, name = path.rpartition("/")
            try:
                folder = self.opener.open(above)
            except OSError as error:
                self._closed(result, above, error)
            else:
                self._directory(result, path, name, folder)

    def _levels(self, cache: Found, result: Result) -> tuple[list[tuple[str, list[str]]], float]:
        """The directories of a cache, each with the names of the files in it, parents first.

        And when the newest of these was written, in seconds since the epoch.
        """
        levels: list[tuple[str, list[str]]] = []
        newest = 0.0
        pending = [cache.path]
        while pending:
            path = pending.pop()
            try:
                folder = self.opener.open(path)
            except OSError as error:
                self._closed(result, path, error)
                newest = float("inf")  # for all that we can see
                continue
            entries = folder.entries()
            names = {entry.name for entry in entries}
            if ".git" in names or names >= worktree.REPOSITORY:
                result.keep(path, "it is a repository of its own")
                continue
            if cache.row.prune != catalog.ON_REQUEST and names & catalog.ENVIRONMENT_MARKERS:
                result.keep(path, "it is a virtual environment")
                continue
            files = []
            for entry in entries:
                below = f"{path}/{entry.name}"
                if not entry.is_dir(follow_symlinks=False):
                    files.append(entry.name)
                    newest = max(newest, _written(entry)) if self.orders.stale else newest
                elif self.mounts.begin_at(entry, below):
                    result.keep(below, "another file system is mounted there")
                else:
                    pending.append(below)
            levels.append((path, files))
        return levels, newest

    def _closed(self, result: Result, path: str, error: OSError) -> None:
        """Note that the directory at *path*, in the cache of *result* or above it, could not be opened."""
        above, _, name = path.rpartition("/")
        owner = None
        try:
            folder = self.opener.open(above)
        except OSError:
            pass
        else:
            owner = folder.owner(name)
        _refuse(result, path, error, owner, closed=True)

    def _is_wanted_gone(self, cache: Found, name: str, parent: Folder) -> bool:
        """Whether a file outside ``__pycache__`` may go: bytecode only beside its source, as without it it is code."""
        if cache.row.kind == catalog.BYTECODE:
            return not self.orders.stale and parent.holds_file(catalog.source_of(name))
        return not self.orders.stale or parent.status(name).st_mtime < self.orders.before

    def _file(self, result: Result, path: str, name: str, folder: Folder) -> None:
        if self.tracked.holds(path):
            result.keep(path, TRACKED)
            return
        if self.orders.spares and self.orders.spares(path):
            result.spared = True
            return
        try:
            status = folder.status(name)
            if self.orders.act:
                folder.unlink(name)
        except OSError as error:
            _refuse(result, path, error, folder.owner(name))
        else:
            result.files += 1
            result.bytes += status.st_size

    def _directory(self, result: Result, path: str, name: str, parent: Folder) -> None:
        whole = not (result.spared or result.refused)
        try:
            if self.orders.act:
                parent.rmdir(name)
            result.gone = whole and path == result.path
        except OSError as error:
            if not whole:
                return  # it was noted what stays in it
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                result.keep(path, "something was written into it meanwhile")
            else:
                _refuse(result, path, error, parent.owner(name))


def _refuse(result: Result, path: str, error: OSError, owner: int | None, *, closed: bool = False) -> None:
    """Note that *path* was not removed; if it is not there any more, or a link is, there is nothing to note."""
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)) and error.errno != errno.ELOOP:
        result.spared = result.spared or closed
        result.refused.append(Refused(path, error.errno or 0, owner, closed=closed))


def _written(entry: os.DirEntry[str]) -> float:
    """When a file was last written, in seconds since the epoch; 0 if it has vanished."""
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return 0.0


def _bytecode(name: str) -> Cache | None:
    """The row of the file called *name* in a ``__pycache__``, if it is bytecode."""
    row = catalog.PYC if name.endswith(".pyc") else catalog.file(name, catalog.PYCACHE)
    return row if row and row.kind == catalog.BYTECODE else None


def _is_usable(name: str, row: Cache, parent: Folder, interpreters: frozenset[str]) -> bool:
    """Whether some interpreter can use the bytecode called *name* in a ``__pycache__`` in *parent*."""
    if row.tool == "cffi":
        return True  # its name does not say which source it was made from
    module, tag = catalog.module_and_tag(name)
    has_source = any(parent.holds_file(module + suffix) for suffix in catalog.SOURCE_SUFFIXES)
    return has_source and bool(module) and (not tag or tag in interpreters)


def _runs_from(directory: str) -> bool:
    """Whether this very program, or its interpreter, runs from what lies in *directory*, a path without links."""
    places = (__file__, sys.prefix, sys.base_prefix)
    return any(f"{os.path.realpath(place)}/".startswith(f"{directory}/") for place in places)


def _remove_empty_packages(root: str, results: list[Result]) -> None:
    """Remove the directories that held nothing but a ``__pycache__`` that is gone, and those above that held only them."""
    opener = Opener(root)
    emptied = {result.path.rpartition("/")[0] for result in results if result.gone and result.tool == "Python"}
    for path in sorted(emptied, key=len, reverse=True):
        opener.remove_empty(path)
    opener.close()
