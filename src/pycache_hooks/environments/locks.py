"""Locks between processes, which the system frees when their holder dies.

They contend with ``filelock.FileLock`` and with ``fcntl.flock`` on the same file. A lock file may be removed by its
holder: whoever waited for it then sees that it holds a file that is not there any more, and starts again.
"""

from __future__ import annotations

import os

from pycache_hooks.console import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

POLL = 0.01
"""Seconds between two attempts."""

_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)


class Held:
    """A lock that this process holds, by an open *descriptor* of the file at *path*.

    A child that inherits the descriptor holds the lock too, until it is released or the last of them ends.
    """

    __slots__ = ("descriptor", "path")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor

    def release(self, *, remove: bool = False) -> None:
        """Give the lock back, and *remove* its file."""
        if remove and os.name == "posix":
            unlink(self.path)
        _filelock().unlock_descriptor(self.descriptor)
        os.close(self.descriptor)
        if remove and os.name != "posix":  # pragma: no cover - Windows removes no file that is open
            unlink(self.path)


def wait_for(path: str) -> Held:
    """Take the lock at *path* as soon as nobody else holds it. Raises OSError as opening and locking a file does."""
    while True:
        held = _attempt(path, create=True, blocking=True)
        if held:
            return held


def try_for(path: str) -> Held | None:
    """Take the lock at *path* unless somebody holds it. Raises OSError as `wait_for`."""
    return _attempt(path, create=True, blocking=False)


def is_held(path: str) -> bool:
    """Whether somebody holds the lock at *path*. Makes no file. Raises OSError as `wait_for`."""
    try:
        held = _attempt(path, create=False, blocking=False)
    except FileNotFoundError:
        return False
    if held:
        held.release()
    return not held


def unlink(path: str) -> None:
    """Remove the file of a lock, if it is there and can be removed."""
    try:  # noqa: SIM105 - importing contextlib takes longer
        os.unlink(path)
    except OSError:
        pass


def needed(module: str) -> Failure:
    """What to say where *module*, one of those that environments need, is missing or too old."""
    return Failure(
        f"{module} is missing, or too old: give this hook `additional_dependencies: [uv, filelock, platformdirs]`, "
        "or run `pip install --upgrade 'pycache-hooks[env]'`"
    )


def _attempt(path: str, *, create: bool, blocking: bool) -> Held | None:
    filelock = _filelock()
    descriptor = os.open(path, _FLAGS | (os.O_CREAT if create else 0), 0o600)
    try:
        if filelock.lock_descriptor(descriptor, blocking=blocking, poll_interval=POLL) and _is_at(path, descriptor):
            return Held(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _is_at(path: str, descriptor: int) -> bool:
    """Whether the file at *path* is still the one that was opened."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _filelock() -> ModuleType:
    try:
        import filelock
    except ImportError:
        raise needed("filelock") from None
    if not hasattr(filelock, "lock_descriptor"):
        raise needed("filelock")
    return filelock
