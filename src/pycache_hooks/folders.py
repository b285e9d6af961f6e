"""Directories held open, so that what is done in one happens there and nowhere else.

A path can be swapped for a symbolic link between a look and a deletion; an open directory cannot. So each directory
is opened from its parent, never through a link (``openat`` with ``O_NOFOLLOW``), and files are removed relative to it
(``unlinkat``), which also serves paths that are longer than ``PATH_MAX``.
"""

from __future__ import annotations

import errno
import os
import stat

HANDLES = os.scandir in os.supports_fd and os.unlink in os.supports_dir_fd
"""Whether the system has such calls. Windows has not: there a path is looked at once more before it is used."""

KEPT_OPEN = 64
"""Directories that `Opener` keeps open at most: the usual limit of descriptors may be 256."""

_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_CLOSED = 0x7FFFFFFF
"""No descriptor: a call with it fails, where None, or -1 or -100 on some systems, would mean the current directory."""

_REPARSE_POINT = 0x400
"""``FILE_ATTRIBUTE_REPARSE_POINT``: a junction, mount point or link of Windows."""


class Folder:
    """One open directory. Every method raises OSError as the system call does."""

    __slots__ = ("_descriptor", "_path")

    def __init__(self, path: str, parent: Folder | None = None) -> None:
        """Open *path*, a single name in *parent* or the path of a root. Raises NotADirectoryError for a link."""
        self._path: str = parent._at(path) if parent and not HANDLES else path  # noqa: SLF001 - the class is the same
        self._descriptor: int | None = None
        if HANDLES:
            above = parent._descriptor if parent else None  # noqa: SLF001
            self._descriptor = os.open(path, _FLAGS, dir_fd=above)
        else:  # pragma: no cover - Windows only
            status = os.lstat(self._path)
            if not stat.S_ISDIR(status.st_mode) or getattr(status, "st_file_attributes", 0) & _REPARSE_POINT:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), self._path)

    def scan(self) -> os._ScandirIterator[str]:
        """What lies in the directory; it may be closed meanwhile."""
        return os.scandir(self._path if self._descriptor is None else self._descriptor)

    def entries(self) -> list[os.DirEntry[str]]:
        """What lies in the directory, all of it read."""
        with self.scan() as entries:
            return list(entries)

    def unlink(self, name: str) -> None:
        """Remove the file or link called *name*."""
        os.unlink(self._at(name), dir_fd=self._descriptor)

    def rmdir(self, name: str) -> None:
        """Remove the empty directory called *name*."""
        os.rmdir(self._at(name), dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result:
        """The status of *name* itself, not of what it links to."""
        return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)

    def holds_file(self, name: str) -> bool:
        """Whether there is a file called *name*, or a link to one."""
        try:
            return stat.S_ISREG(os.stat(self._at(name), dir_fd=self._descriptor).st_mode)
        except OSError:
            return False

    def owner(self, name: str) -> int | None:
        """The user id that *name* belongs to, or None if that cannot be told."""
        try:
            return self.status(name).st_uid
        except OSError:
            return None

    def close(self) -> None:
        """Let go of the directory."""
        if self._descriptor is not None and self._descriptor != _CLOSED:
            os.close(self._descriptor)
            self._descriptor = _CLOSED

    def _at(self, name: str) -> str:
        return os.path.join(self._path, name) if self._descriptor is None else name


class Opener:
    """Opens directories below a root level by level, and keeps those on the way to the last one open.

    So neighbours cost few calls; a tree of any depth costs a bounded number of descriptors.
    """

    def __init__(self, root: str) -> None:
        """Open *root*. Raises OSError if it cannot be opened."""
        self._chain = [("", Folder(root))]

    def open(self, path: str) -> Folder:
        """Open the directory at *path* relative to the root (``""``: the root itself). It is for use until the next call.

        Raises OSError; NotADirectoryError or a ``ELOOP`` if a part of the path is a symbolic link.
        """
        chain = self._chain
        while chain[-1][0] and not f"{path}/".startswith(f"{chain[-1][0]}/"):
            chain.pop()[1].close()
        while (reached := chain[-1][0]) != path:
            start = len(reached) + 1 if reached else 0
            end = path.find("/", start)
            end = len(path) if end < 0 else end
            chain.append((path[:end], Folder(path[start:end], chain[-1][1])))
            if len(chain) > KEPT_OPEN:
                for _, folder in chain[1:-1:2]:
                    folder.close()
                del chain[1:-1:2]
        return chain[-1][1]

    def remove_empty(self, path: str) -> None:
        """Remove the directory at *path* and those above it, but the root, as long as they are empty."""
        while path:
            above, _, name = path.rpartition("/")
            try:
                self.open(above).rmdir(name)
            except OSError:
                return  # something else is in it
            path = above

    def close(self) -> None:
        """Let go of every directory."""
        for _, folder in self._chain:
            folder.close()
