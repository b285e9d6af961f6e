"""Lock files: what kind each is, and what it says about itself."""

from __future__ import annotations

import os

from pycache_hooks.console import Failure

PYLOCK, REQUIREMENTS, UV = "pylock.toml", "requirements.txt", "uv.lock"
"""Kinds."""

_MAKES = {
    PYLOCK: "uv export --format pylock.toml -o {}",
    REQUIREMENTS: "uv pip compile --generate-hashes requirements.in -o {}",
    UV: "uv lock",
}
"""The command that makes a lock file of each kind."""

_ELSEWHERE = ("-r", "-c", "--requirement", "--constraint")
"""How a line of a requirements file begins that names another file."""


class LockFile:
    """One lock file: its absolute *path*, its *kind*, its *content*, and the versions of *python* that it allows."""

    __slots__ = ("content", "kind", "path", "python")

    def __init__(self, path: str, kind: str, content: bytes, python: str = "") -> None:
        self.path = path
        self.kind = kind
        self.content = content
        self.python = python


def read(path: str) -> LockFile:
    """Read the lock file at *path*. Raises Failure if it is none, or cannot be used."""
    if not path:
        raise Failure("--pylock names no file")
    kind = kind_of(path)
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        from pycache_hooks.repairs import quoted

        raise Failure(f"there is no lock file {path}: make it with `{_MAKES[kind].format(quoted(path))}`") from None
    except OSError as error:
        raise Failure(f"the lock file {path} cannot be read: {error.strerror}") from None
    python = _check_requirements(path, content) if kind == REQUIREMENTS else _required_python(path, content)
    return LockFile(os.path.abspath(path), kind, content, python)


def kind_of(path: str) -> str:
    """The kind of the lock file called *path* (PEP 751 for ``pylock.NAME.toml``). Raises Failure for another TOML file."""
    name = os.path.basename(path)
    if name == UV:
        return UV
    if name.startswith("pylock.") and name.endswith(".toml") and name.count(".") <= 2:  # noqa: PLR2004 - one name between
        return PYLOCK
    if name.endswith((".toml", ".lock")):
        raise Failure(
            f"{path} is no lock file that uv can install: those are called pylock.toml, uv.lock or requirements.txt"
        )
    return REQUIREMENTS


def _required_python(path: str, content: bytes) -> str:
    import tomllib

    try:
        table = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        why = "it is no text in UTF-8" if isinstance(error, UnicodeError) else error
        raise Failure(f"the lock file {path} is broken: {why}: make it again") from None
    required = table.get("requires-python", "")
    return required if isinstance(required, str) else ""


def _check_requirements(path: str, content: bytes) -> str:
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    if not any("--hash=" in line for line in lines):
        raise Failure(f"{path} has no hashes: make it with `{_MAKES[REQUIREMENTS].format(REQUIREMENTS)}`")
    for number, line in enumerate(lines, 1):
        if line.startswith(_ELSEWHERE):
            raise Failure(f"{path}:{number} names another file: have all requirements, with their hashes, in one file")
    return ""
