"""Fingerprints of what an environment is made from. They know nothing of times, nor of where it lies."""

from __future__ import annotations

import os

from pycache_hooks import catalog
from pycache_hooks.console import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SETUPTOOLS = ("lib", "bdist.", "temp.")
"""How the names begin of all that setuptools puts into ``build``."""


def fingerprint(parts: Iterable[bytes]) -> str:
    """The SHA-256 of *parts*, each with its length, in hexadecimal."""
    import hashlib

    made = hashlib.sha256()
    for part in parts:
        made.update(b"%d:" % len(part))
        made.update(part)
    return made.hexdigest()


def of_extra(path: str) -> str:
    """The fingerprint of a wheel or of a project directory. Raises Failure for anything else."""
    try:
        if os.path.isdir(path):
            return fingerprint(_tree(path))
        if os.path.isfile(path) and path.endswith(".whl"):
            return fingerprint([os.fsencode(os.path.basename(path)), _read(path)])
    except OSError as error:
        raise Failure(f"{error.filename} cannot be read: {error.strerror}") from None
    state = "is neither a wheel nor a directory" if os.path.exists(path) else "does not exist"
    raise Failure(f"{path}, which --with names, {state}")


def _tree(root: str) -> Iterator[bytes]:
    """Names and content of the files below *root* but for caches, and what a build leaves: the same in every clone."""
    pending = [""]
    while pending:
        above = pending.pop()
        with os.scandir(os.path.join(root, above)) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        names = {entry.name for entry in entries}
        if above and names & catalog.ENVIRONMENT_MARKERS:
            continue
        for entry in entries:
            path = f"{above}/{entry.name}" if above else entry.name
            if entry.is_dir(follow_symlinks=False):
                if not _is_left_behind(entry, above):
                    pending.append(path)
            elif entry.name not in catalog.NOT_ENTERED and not _is_cache_file(entry.name, above, names):
                yield os.fsencode(path)
                yield os.fsencode(os.readlink(entry.path)) if entry.is_symlink() else b""
                yield _read(entry.path) if entry.is_file() else b""


def _is_left_behind(entry: os.DirEntry[str], above: str) -> bool:
    """Whether a directory is a cache, or what building the project puts into it."""
    name = entry.name
    if name in catalog.NOT_ENTERED or name.endswith(".egg-info"):
        return True
    if name == "build" and not above:
        return all(each.startswith(SETUPTOOLS) for each in os.listdir(entry.path))
    row = catalog.directory(name, os.path.basename(above))
    return row is not None and row.prune != catalog.NEVER


def _is_cache_file(name: str, above: str, beside: set[str]) -> bool:
    row = catalog.file(name, os.path.basename(above))
    if row is None or row.prune == catalog.NEVER:
        return False
    return row.kind != catalog.BYTECODE or catalog.source_of(name) in beside


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
