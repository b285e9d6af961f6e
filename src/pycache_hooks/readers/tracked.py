"""Which caches of a work tree the index holds."""

from __future__ import annotations

import os
import sys

from pycache_hooks import git
from pycache_hooks.console import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TRACKED = "it is tracked"
"""Why a file stays that the index holds."""


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
        self._records: list[Records] = []
        self.in_repository = bool(git.repository_above(self._root)) or _is_told_where(self._root)

    def start(self) -> list[git.Command]:
        """Start git, once. Raises Failure if there is none, and a repository that it could have been asked about."""
        if self._commands is None:
            hidden: list[tuple[str, ...]] = [git.LOCATION]
            if "GIT_INDEX_FILE" in os.environ:
                hidden.append(tuple(name for name in git.LOCATION if name != "GIT_INDEX_FILE"))
            if _is_told_where(self._root):
                hidden.append(())
            self._records = [Records() for _ in hidden]
            try:
                self._commands = [
                    git.Command(*self._question, root=self._place, without=names, consume=records.add)
                    for names, records in zip(hidden, self._records, strict=True)
                ]
            except Failure:
                if self.in_repository:
                    raise
                self._commands = []
        return self._commands

    def records(self) -> list[Records] | None:
        """What git lists, or None outside any repository. Raises Failure if git fails where there is one."""
        listed, nowhere = [], None
        for command, records in zip(self.start(), self._records, strict=False):  # no command where there is no git
            try:
                command.output()
            except git.GitError as error:
                if git.NOT_A_REPOSITORY not in error.reason:
                    raise
                nowhere = error
            else:
                if records.rest:
                    raise Failure("git ls-files: its answer is not whole; run this again")
                listed.append(records)
        if nowhere and self.in_repository and not listed:
            raise nowhere
        return listed or None


class Records:
    """What ``git ls-files -s -z`` prints, looked through piece by piece while the rest is still to come.

    *gitlinks*: the paths, in lower case, of other repositories. *rest*: what was not looked through: nothing at the end.
    """

    __slots__ = ("_pieces", "gitlinks", "rest")

    def __init__(self, listing: bytes = b"") -> None:
        self._pieces: list[bytes] = []
        self.gitlinks: list[str] = []
        self.rest = b""
        self.add(listing)

    def add(self, piece: bytes) -> None:
        """Take the next *piece*, which may end anywhere."""
        self.rest += piece  # until all is done: this runs in a thread, which nobody hears when it fails
        end = self.rest.rfind(b"\0") + 1
        records = self.rest[:end].lower()
        if records:
            self.gitlinks += _records_with(records, b"\x00160000 ")
            self._pieces.append(records)
        self.rest = self.rest[end:]

    def with_name(self, name: str) -> Iterator[str]:
        """The paths, in lower case, that contain *name*."""
        part = os.fsencode(name.lower())
        for piece in self._pieces:
            yield from _records_with(piece, part)


class Tracked:
    """Those paths of a listing that matter for some caches.

    Paths are compared without regard to case and to Unicode's forms, as the file systems of macOS and Windows do:
    where that is wrong, a cache stays that could have gone.
    """

    __slots__ = ("_gitlinks", "_paths")

    def __init__(self, listed: Sequence[Records], names: Iterable[str]) -> None:
        """Look in what is *listed* for paths that contain one of *names*."""
        self._paths = {comparable(path) for name in names for records in listed for path in records.with_name(name)}
        self._gitlinks = {comparable(path) for records in listed for path in records.gitlinks}

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
