"""Directories of files that nobody wrote by hand: how large they are, and removing them whole."""

from __future__ import annotations

import errno
import os
import stat

from pycache_hooks.folders import Opener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycache_hooks.folders import Folder
    from pycache_hooks.readers.worktree import Mounts


def size(path: str) -> int:
    """How many bytes removing the file or directory at *path* frees.

    uv links the files of an environment to those in its cache: such a file takes no room of its own.
    """
    total, pending = 0, [path]
    while pending:
        try:
            status = os.lstat(here := pending.pop())
            if stat.S_ISDIR(status.st_mode):
                pending += [entry.path for entry in os.scandir(here)]
            elif status.st_nlink == 1:
                total += status.st_size
        except OSError:
            continue  # it vanished, or is closed to us
    return total


def remove(path: str) -> None:
    """Remove the directory at *path* with all that is in it, following no link and entering no mount.

    What is not there, or vanishes meanwhile, is as it should be. Raises OSError, with the path, for the first thing that
    cannot be removed.
    """
    from pycache_hooks.readers.worktree import Mounts

    root, name = os.path.split(path)
    try:
        opener, mounts = Opener(root), Mounts(root)
    except FileNotFoundError:
        return
    try:
        _remove(root, name, opener, mounts)
    finally:
        opener.close()


def _remove(root: str, name: str, opener: Opener, mounts: Mounts) -> None:
    emptied, pending = [], [""]
    while pending:
        here = pending.pop()
        try:
            folder = opener.open(here)
            entries = folder.entries()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _placed(error, root, here) from None
        for entry in entries:
            if here or entry.name == name:
                pending += _enter_or_unlink(root, f"{here}/{entry.name}".lstrip("/"), entry, folder, mounts)
        emptied.append(here)
    for here in reversed(emptied[1:]):
        above, _, leaf = here.rpartition("/")
        try:
            opener.open(above).rmdir(leaf)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _placed(error, root, here) from None


def _enter_or_unlink(root: str, path: str, entry: os.DirEntry[str], folder: Folder, mounts: Mounts) -> list[str]:
    """Remove what is no directory; return the *path* of what is one."""
    if entry.is_dir(follow_symlinks=False):
        if mounts.begin_at(entry, path):
            raise OSError(errno.EBUSY, "another file system is mounted there", os.path.join(root, path))
        return [path]
    try:
        folder.unlink(entry.name)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _placed(error, root, path) from None
    return []


def _placed(error: OSError, root: str, path: str) -> OSError:
    """*error* with the whole path: calls relative to a directory know the last name only."""
    return OSError(error.errno, error.strerror, os.path.join(root, path))
