"""The command that takes caches out of the index and leaves their files in the work tree."""

from __future__ import annotations

import os

from pycache_hooks import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pycache_hooks.catalog import Cache

    Group = tuple[str, Cache | None, list[str]]

MANY_PATHS = 12
"""A command that names more paths than this is written with patterns, if they are fewer."""


def command(caches: Sequence[Group], index: Iterable[str], *, sparse: bool = False) -> str:
    """The command that takes exactly the files of *caches* out of the *index*, wherever in the work tree it is pasted.

    A cache is its path (``"."`` for one that lies in the root itself), its row if its name proves it, and its files.
    *sparse*: some of them are outside of a sparse checkout.
    """
    from pycache_hooks import repairs  # a hook that finds nothing needs `folders` alone

    taken = {path for _, _, files in caches for path in files}
    shared = folders(path for path in index if path not in taken)
    paths = _paths(caches, taken, shared)
    if len(paths) > MANY_PATHS:
        paths = min(paths, _patterns(caches, taken, shared), key=len)
    start = f"git -C {repairs.TOP} rm -r -f -q --cached{' --sparse' if sparse else ''} -- "
    return start + " ".join(repairs.quoted(path) for path in paths)


def _paths(caches: Sequence[Group], taken: set[str], shared: set[str]) -> list[str]:
    """Pathspecs of the paths *taken*: a whole cache, or what of it lies outside the folders that it *shared*."""
    paths: dict[str, None] = {}
    for root, _, files in caches:
        for path in files:
            if path in taken:
                paths[_literal(_shallowest(path, root, shared))] = None
    return list(paths)


def _patterns(caches: Sequence[Group], taken: set[str], shared: set[str]) -> list[str]:
    """Pathspecs that take the caches by their names, add what these miss, and exclude what is not to be *taken*."""
    # For git a pattern that matches nothing is an error: that of a directory where there is but a link of its name.
    rows = [row for root, row, files in caches if row and (not row.name.endswith("/") or files != [root])]
    names = dict.fromkeys(row.name.removesuffix("/") + ("/**" if row.name.endswith("/") else "") for row in rows)
    if not names:
        return _paths(caches, taken, shared)
    listed = git.run("ls-files", "-z", "--full-name", "--", *(f":(top,glob)**/{name}" for name in names))
    matched = set(os.fsdecode(listed).split("\0")[:-1])
    wanted = folders(taken)
    spared = {_shallowest(path, ".", wanted) for path in matched - taken}
    return [
        *(f":(glob)**/{name}" for name in names),
        *_paths(caches, taken - matched, shared),
        *(_literal(path, "exclude,") for path in sorted(spared)),
    ]


def folders(paths: Iterable[str]) -> set[str]:
    """Every directory that one of *paths* lies in."""
    found: set[str] = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder)
    return found


def _shallowest(path: str, start: str, taboo: set[str]) -> str:
    """The first of *start* (a folder), the folders between, and *path* that is not *taboo*."""
    end = path.find("/") if start == "." else len(start)
    while 0 <= end < len(path) and path[:end] in taboo:
        end = path.find("/", end + 1)
    return path if end < 0 else path[:end]


def _literal(path: str, magic: str = "") -> str:
    """A pathspec that means *path* only."""
    special = magic or path.startswith(":") or not set("*?[\\").isdisjoint(path)
    return f":({magic}literal){path}" if special else path
