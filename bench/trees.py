"""Repositories and trees to measure on, made once and kept.

All of them hold the same kind of project: `ROOT_FILES`, and in ``src`` areas of a hundred packages of ten modules,
as ``src/area_00/package_00/module_0.py``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MODULES = 10
"""Modules in a package."""

PACKAGES = 100
"""Packages in an area."""

CACHED = 5
"""Files in a ``__pycache__``."""

STAGED = "src/staged.py"
"""What a repository has staged and not committed."""

IGNORED = ("__pycache__/", "*.py[cod]", ".venv", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", "node_modules/")
NOT_SENT = (
    ".git",
    "**/__pycache__",
    *(f"**/*.py{letter}" for letter in "cod"),
    "**/.venv",
    "**/.pytest_cache",
    "**/.mypy_cache",
    "**/.ruff_cache",
    "**/node_modules",
)
ROOT_FILES = {
    "pyproject.toml": '[project]\nname = "synthetic"\nversion = "1"\nrequires-python = ">=3.11"\n',
    ".gitignore": "".join(f"{line}\n" for line in IGNORED),
    ".dockerignore": "".join(f"{line}\n" for line in NOT_SENT),
    "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install .\nCMD ["python", "-m", "synthetic"]\n',
    "README.md": "# A synthetic project\n",
}
SOURCE = "".join(
    f"def function_{number}(value: int) -> int:\n    return value + {number}\n\n\n" for number in range(15)
)
BYTECODE = bytes(1500)


def paths(number: int) -> Iterator[str]:
    """The *number* files that a repository tracks: those at the root, then modules."""
    yield from ROOT_FILES
    for index in range(number - len(ROOT_FILES)):
        package = index // MODULES
        yield f"{package_path(package)}/module_{index % MODULES}.py"


def package_path(number: int) -> str:
    """The directory of the package *number*, counted from 0."""
    return f"src/area_{number // PACKAGES:02}/package_{number % PACKAGES:02}"


def repository(path: Path, number: int, variables: Mapping[str, str]) -> Path:
    """Make at *path*, unless it is there, a repository that tracks *number* files, with one more staged."""
    if path.exists():
        return path
    part = _begin(path)
    subprocess.run(["git", "init", "-q", "-b", "main", part], check=True, env=variables)
    # fast-import leaves one pack, as a clone does, and the checkout an index that knows the files.
    subprocess.run(["git", "fast-import", "--quiet"], input=_history(number), check=True, cwd=part, env=variables)
    subprocess.run(["git", "reset", "-q", "--hard"], check=True, cwd=part, env=variables)
    (part / STAGED).write_text("print()\n", encoding="ascii")
    subprocess.run(["git", "add", STAGED], check=True, cwd=part, env=variables)
    part.rename(path)
    return path


def crowded(path: Path, number: int, environment: int, modules: int, variables: Mapping[str, str]) -> Path:
    """Make at *path*, unless it is there, a `repository` of *number* files that is in use.

    That adds a ``.venv`` of *environment* files, and a ``node_modules`` of *modules* files, neither with a cache in it.
    """
    if path.exists():
        return path
    part = path.with_name(f"{path.name}.tree")
    shutil.rmtree(part, ignore_errors=True)
    repository(part, number, variables)
    _fill(part / ".venv/lib/python3.13/site-packages/package", "module_{}.py", environment - 1)
    (part / ".venv/pyvenv.cfg").write_text("version = 3.13\n", encoding="ascii")
    _fill(part / "node_modules/package", "index_{}.js", modules)
    part.rename(path)
    return path


def plain(path: Path, number: int, variables: Mapping[str, str]) -> Path:
    """Make at *path*, unless it is there, a repository that tracks nothing, with *number* empty files in it."""
    if path.exists():
        return path
    part = _begin(path)
    subprocess.run(["git", "init", "-q", "-b", "main", part], check=True, env=variables)
    _fill(part / "data/folder", "file_{}.txt", number, b"")
    part.rename(path)
    return path


class Caches:
    """The ``__pycache__`` directories of a tree: *number* of them, evenly over its packages."""

    def __init__(self, root: Path, files: int, number: int) -> None:
        packages = max(1, (files - len(ROOT_FILES)) // MODULES)
        self._paths = [f"{root}/{package_path(index * packages // number)}/__pycache__" for index in range(number)]
        self.files = number * CACHED

    def restore(self) -> None:
        """Make all of them anew."""
        names = [f"module_{number}.{sys.implementation.cache_tag}.pyc" for number in range(CACHED)]
        for path in self._paths:
            os.mkdir(path)
            for name in names:
                _write(f"{path}/{name}", BYTECODE)

    def restore_to_disk(self) -> None:
        """Make all of them anew, and have the disk written."""
        self.restore()
        os.sync()

    def check_gone(self) -> None:
        """Raise ValueError if one of them is there; then none is, for the next to find."""
        left = [path for path in self._paths if os.path.lexists(path)]
        for path in left:
            shutil.rmtree(path)
        if left:
            raise ValueError(f"left {len(left)} of {len(self._paths)} caches")

    def clear(self) -> None:
        """Remove what an interrupted run has left."""
        for path in self._paths:
            shutil.rmtree(path, ignore_errors=True)


def _begin(path: Path) -> Path:
    """An empty directory beside *path*, to be renamed when all is in it."""
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def _history(number: int) -> bytes:
    """One commit of *number* files, as git-fast-import(1) reads it."""
    lines: list[str] = []
    marks: dict[str, int] = {}
    contents = [*ROOT_FILES.values(), SOURCE]
    for mark, content in enumerate(contents, 1):
        marks[content] = mark
        lines.append(f"blob\nmark :{mark}\ndata {len(content)}\n{content}")
    lines.append("commit refs/heads/main\ncommitter Nobody <nobody@example.org> 0 +0000\ndata 0\n")
    lines += [f"M 100644 :{marks[ROOT_FILES.get(path, SOURCE)]} {path}" for path in paths(number)]
    return "\n".join([*lines, ""]).encode()


def _fill(folder: Path, name: str, number: int, content: bytes = SOURCE.encode()) -> None:
    """Make *number* files called *name*, `MODULES` in each of as many directories as that takes, called *folder*_N."""
    for index in range(number):
        directory = f"{folder}_{index // MODULES}"
        if index % MODULES == 0:
            os.makedirs(directory)
        _write(f"{directory}/{name.format(index % MODULES)}", content)


def _write(path: str, content: bytes) -> None:
    """Make a file by the fewest calls: some hundred thousand are made."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(descriptor, content)
    os.close(descriptor)
