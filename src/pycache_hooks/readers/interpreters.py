"""Which Python interpreters there are, as far as their bytecode's names tell them apart."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_PROGRAMS = {"python": "cpython", "pypy": "pypy"}


def tags(directories: Iterable[str] = ()) -> frozenset[str]:
    """The cache tags (``cpython-312``, ``pypy310``; PEP 3147) of the interpreters on PATH, of pyenv and uv.

    *directories*: more places to look in, such as the virtual environments of a project.
    """
    found = {sys.implementation.cache_tag or ""}
    for directory in (*os.environ.get("PATH", "").split(os.pathsep), *directories):
        for name in _names(directory):
            found.add(_tag(name.removesuffix(".exe")))
    for store in _stores():
        for name in _names(store):
            found.add(_tag_of_version(name))
    return frozenset(found - {""})


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory) if directory else []
    except OSError:
        return []


def _tag(program: str) -> str:
    """The tag of a *program* called ``python3.12``, ``python3.13t`` or ``pypy3.10``."""
    for name, implementation in _PROGRAMS.items():
        if program.startswith(f"{name}3."):
            return _joined(implementation, program.removeprefix(name))
    return ""


def _tag_of_version(directory: str) -> str:
    """The tag of an installation in a *directory* called ``3.12.1``, ``cpython-3.12.1-linux-...`` or ``pypy3.10-7.3``."""
    name = directory.removeprefix("cpython-")
    if name.startswith("pypy"):
        return _joined("pypy", name.removeprefix("pypy").removeprefix("-").partition("-")[0])
    return _joined("cpython", name.partition("-")[0].partition("+")[0])


def _joined(implementation: str, version: str) -> str:
    parts = version.rstrip("t").split(".")
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]):  # noqa: PLR2004 - major and minor
        return ""
    separator = "-" if implementation == "cpython" else ""
    return f"{implementation}{separator}{parts[0]}{parts[1]}"


def _stores() -> list[str]:
    home = os.path.expanduser("~")
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return [
        os.path.join(os.environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv"), "versions"),
        os.environ.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python"),
    ]
