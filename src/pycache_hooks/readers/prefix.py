"""Bytecode in the directory that PYTHONPYCACHEPREFIX names, whose source is gone.

Python mirrors the absolute path of a source there: the bytecode of ``/srv/shop/m.py`` is
``<prefix>/srv/shop/m.cpython-312.pyc`` (PEP 3147;
https://github.com/python/cpython/blob/v3.13.0/Lib/importlib/_bootstrap_external.py#L517).
"""

from __future__ import annotations

import os
import stat

from pycache_hooks import catalog
from pycache_hooks.folders import Opener
from pycache_hooks.readers.worktree import REPOSITORY, Mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIXES = (*catalog.SOURCE_SUFFIXES, "")
"""What a source that Python compiles may end in: a script may have no suffix."""

FOREIGN = "Python writes nothing of that kind here"
"""Why something stays that is no bytecode of the mirror."""


class Leftover:
    """The *names* of dead bytecode in the directory *path*, relative to the prefix.

    *group*: the outermost directory that holds *path* and mirrors one that is gone; *path* itself if that is there.
    """

    __slots__ = ("group", "names", "path")

    def __init__(self, path: str, names: list[str], group: str) -> None:
        self.path = path
        self.names = names
        self.group = group


class Seen:
    """What was found: *leftovers*, what is *kept* with the reason, and directories that could not be read (*unread*)."""

    __slots__ = ("kept", "leftovers", "unread")

    def __init__(self) -> None:
        self.leftovers: list[Leftover] = []
        self.kept: list[tuple[str, str]] = []
        self.unread: list[str] = []


def read(root: str, mounts: Mounts, tick: Callable[[], object]) -> Seen:
    """Look through the prefix *root*, an absolute path without links; *tick* is called for each directory.

    No link is followed, and no repository, virtual environment, ``__pycache__`` or other mount is entered. Raises
    OSError if *root* itself cannot be opened.
    """
    seen = Seen()
    opener = Opener(root)
    pending = [("", "")]
    while pending:
        path, group = pending.pop()
        tick()
        try:
            entries = opener.open(path).entries()
        except (FileNotFoundError, NotADirectoryError):
            continue  # it was a directory when its parent was read
        except OSError:
            seen.unread.append(path or ".")
            continue
        names = {entry.name for entry in entries}
        if ".git" in names or names >= REPOSITORY or names & catalog.ENVIRONMENT_MARKERS:
            seen.kept.append((path or ".", "it is no mirror, but a repository or a virtual environment"))
            continue
        gone = bool(group) or _is_gone(path, stat.S_ISDIR)
        group = group or (path if gone else "")
        dead = []
        for entry in entries:
            below = f"{path}/{entry.name}" if path else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name == catalog.PYCACHE or mounts.begin_at(entry, below):
                    seen.kept.append((below, FOREIGN))
                else:
                    pending.append((below, group))
                continue
            module = module_of(entry.name) if entry.is_file(follow_symlinks=False) else ""
            if not module:
                seen.kept.append((below, FOREIGN))
            elif gone or not _has_source(path, module):
                dead.append(entry.name)
        if dead:
            seen.leftovers.append(Leftover(path, dead, group or path))
    opener.close()
    return seen


def module_of(name: str) -> str:
    """The module that the file *name* is bytecode of, if it is called as Python calls it in a prefix; else nothing.

    That is with the tag of an interpreter, ``m.cpython-312.pyc``, also where writing it was interrupted.
    """
    if catalog.file(name) is not catalog.PYC:
        return ""
    module, tag = catalog.module_and_tag(name.rstrip("0123456789").rstrip("."))
    return module if tag else ""


def _has_source(path: str, module: str) -> bool:
    return not all(_is_gone(os.path.join(path, module + suffix), stat.S_ISREG) for suffix in SUFFIXES)


def _is_gone(path: str, is_kind: Callable[[int], bool]) -> bool:
    """Whether what *path*, relative to a prefix, mirrors is certainly not there, or is of another kind."""
    for start in _starts():
        try:
            if is_kind(os.stat(start + path).st_mode):
                return False
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:  # who knows?
            return False
    return True


def _starts() -> list[str]:
    """Where a mirrored path may begin. On Windows the mirror does not say on which drive."""
    if os.name == "nt":  # pragma: no cover - Windows only
        return [f"{letter}:/" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if os.path.isdir(f"{letter}:/")]
    return ["/"]
