"""Which caches of a work tree the index holds."""

from __future__ import annotations

import os
import sys

from pycache_hooks import git
from pycache_hooks.console import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Listing:
    """The index below a directory, read by git while the caller does something else.

    Inside a hook this commit's index may be a temporary one (``git commit -- path``): the repository's own is read
    too, so that what either of them holds counts as tracked.
    """

    def __init__(self, root: str = "") -> None:
        """Prepare to ask for what is tracked in *root*, or in the whole work tree that the current directory is in."""
        self._question = ("ls-files", "-s", "-z", *(() if root else ("--full-name", ":/")))
        self._place = root
        self._root = root or os.getcwd()
        self._commands: list[git.Command] | None = None
        self.in_repository = bool(git.repository_above(self._root)) or _is_told_where(self._root)

    def start(self) -> list[git.Command]:
        """Start git, once. Raises Failure if there is none, and a repository that it could have been asked about."""
        if self._commands is None:
            hidden: list[tuple[str, ...]] = [git.LOCATION]
            if "GIT_INDEX_FILE" in os.environ:
                hidden.append(tuple(name for name in git.LOCATION if name != "GIT_INDEX_FILE"))
            if _is_told_where(self._root):
                hidden.append(())
            try:
                self._commands = [git.Command(*self._question, root=self._place, without=names) for names in hidden]
            except Failure:
                if self.in_repository:
                    raise
                self._commands = []
        return self._commands

    def output(self) -> bytes | None:
        """What git lists, or None outside any repository. Raises Failure if git fails where there is one."""
        outputs, nowhere = [], None
        for command in self.start():
            try:
                outputs.append(command.output())
            except git.GitError as error:
                if git.NOT_A_REPOSITORY not in error.reason:
                    raise
                nowhere = error
        if nowhere and self.in_repository and not outputs:
            raise nowhere
        return b"".join(outputs) if outputs else None


class Tracked:
    """Those paths of a listing that matter for some caches.

    Paths are compared without regard to case and to Unicode's forms, as the file systems of macOS and Windows do:
    where that is wrong, a cache stays that could have gone.
    """

    __slots__ = ("_gitlinks", "_paths")

    def __init__(self, listing: bytes, names: Iterable[str]) -> None:
        """Look in *listing*, of ``git ls-files -s -z``, for paths that contain one of *names*."""
        text = listing.lower()
        paths: set[str] = set()
        for name in {name.lower() for name in names}:
            paths.update(_records_with(text, os.fsencode(name)))
        self._paths = {comparable(path) for path in paths}
        self._gitlinks = {comparable(path) for path in _records_with(text, b"\x00160000 ")}

    def holds(self, path: str) -> bool:
        """Whether the file *path* is tracked."""
        return bool(self._paths) and comparable(path) in self._paths

    def in_submodule(self, path: str) -> bool:
        """Whether *path* is, or lies in, what the index records as another repository."""
        return bool(self._gitlinks) and any(
            part in self._gitlinks for part in (comparable(path), *_ancestors(comparable(path)))
        )


def comparable(path: str) -> str:
    """*path* as file systems that ignore case and Unicode's forms compare it."""
    if sys.platform == "darwin":  # pragma: no cover - only there are names of files normalised
        import unicodedata

        path = unicodedata.normalize("NFC", path)
    return path.casefold()


def _records_with(text: bytes, part: bytes) -> Iterable[str]:
    """The paths of those records of *text* in which *part* occurs; a NUL at its start stands for the start of a record."""
    if part.startswith(b"\0") and text.startswith(part[1:]):
        yield _path_at(text, 0)
    position = text.find(part)
    while position >= 0:
        yield _path_at(text, text.rfind(b"\0", 0, position + 1) + 1)
        end = text.find(b"\0", position + 1)
        position = text.find(part, end) if end >= 0 else -1


def _path_at(text: bytes, start: int) -> str:
    end = text.find(b"\0", start)
    return os.fsdecode(text[start : end if end >= 0 else len(text)].partition(b"\t")[2])


def _ancestors(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _is_told_where(directory: str) -> bool:
    """Whether variables, and not a ``.git``, say which repository *directory* belongs to."""
    return "GIT_WORK_TREE" in os.environ or ("GIT_DIR" in os.environ and not git.repository_above(directory))
