"""What git has recorded: the entries of the index, of a commit, or of a change, as plain data."""

from __future__ import annotations

import os

from pycache_hooks import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOBS_AT_ONCE = 4_000
"""How many blobs are asked for together, and their beginnings held in memory."""

LINK = "120000"
GITLINK = "160000"
"""Modes of a symbolic link and of another repository's commit (gitformat-index(5))."""


class Entry:
    """One recorded path, relative to the root: its mode and the name of its blob. *sparse*: not in the work tree."""

    __slots__ = ("mode", "oid", "path", "sparse")

    def __init__(self, mode: str, oid: str, path: str, *, sparse: bool = False) -> None:
        self.mode = mode
        self.oid = oid
        self.path = path
        self.sparse = sparse

    @property
    def link(self) -> bool:
        """Whether this is a symbolic link or a gitlink: it may stand for a directory."""
        return self.mode in (LINK, GITLINK)


def index() -> list[Entry]:
    """Every entry of the index, also where the work tree lacks the file. Raises Failure as git does.

    An unmerged path has up to three entries in git and one here, the first.
    """
    entries: dict[str, Entry] = {}
    for record in _records(git.run("ls-files", "-s", "-t", "-z", "--full-name", ":/")):
        about, _, path = record.partition("\t")
        tag, mode, oid, _ = about.split(" ")
        entries.setdefault(path, Entry(mode, oid, path, sparse=tag == "S"))
    return list(entries.values())


def tree(revision: str) -> list[Entry]:
    """Every entry of a commit. Raises Failure for a revision that git does not know."""
    entries = []
    for record in _records(git.run("ls-tree", "-r", "-z", "--full-tree", revision)):
        about, _, path = record.partition("\t")
        mode, _, oid = about.split(" ")
        entries.append(Entry(mode, oid, path))
    return entries


def changed(*comparison: str) -> list[Entry]:
    """What a ``git diff`` adds or changes, as it is afterwards. Raises Failure for a revision that git does not know."""
    options = "--raw -z --no-abbrev --no-renames --no-relative --ignore-submodules=none --diff-filter=d".split()
    try:
        about = iter(_records(git.run("diff", *options, *comparison, "--")))
    except git.GitError:
        git.top_level()  # outside a repository `git diff` compares two files, and complains about the options only
        raise
    fields = ((record.split(" "), path) for record, path in zip(about, about, strict=True))
    return [Entry(mode, oid, path) for (_, mode, _, oid, _), path in fields]


def beginnings(oids: Iterable[str], length: int) -> Iterator[tuple[str, bytes]]:
    """Name and first *length* bytes of each blob called one of *oids*; those that cannot be read are left out.

    A partial clone lacks some, and git would fetch them.
    """
    names = sorted(set(oids))
    for start in range(0, len(names), BLOBS_AT_ONCE):
        some = names[start : start + BLOBS_AT_ONCE]
        try:
            found = _beginnings(some, length)
        except git.GitError:
            here = set(git.run("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").decode().split())
            found = _beginnings([name for name in some if name in here], length)
        yield from found


def _beginnings(names: list[str], length: int) -> list[tuple[str, bytes]]:
    sieve = _Sieve(length)
    listed = "".join(f"{name}\n" for name in names).encode()
    git.Command("cat-file", "--batch", "--buffer", stdin=listed, consume=sieve.take).output()
    return sieve.found


class _Sieve:
    """Keeps the beginnings of the blobs that ``git cat-file --batch`` prints: one may be larger than memory."""

    __slots__ = ("_length", "_rest", "_skip", "found")

    def __init__(self, length: int) -> None:
        self.found: list[tuple[str, bytes]] = []
        self._length = length
        self._rest = b""
        self._skip = 0

    def take(self, piece: bytes) -> None:
        """Go through *piece*, which begins and ends anywhere."""
        data, position = self._rest + piece, self._skip
        while (end := data.find(b"\n", position)) >= 0:
            header, after = data[position:end].split(b" "), end + 1
            if len(header) == 3:  # noqa: PLR2004 - name, type and size; else the name and "missing"
                size = int(header[2])
                stop = after + min(size, self._length)
                if stop > len(data):
                    break
                self.found.append((header[0].decode(), data[after:stop]))
                after += size + 1
            position = after
        self._rest, self._skip = data[position:], max(0, position - len(data))


def _records(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]
