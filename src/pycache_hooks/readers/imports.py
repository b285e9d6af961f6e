"""Whether a command imports Python code of the repository, as far as its words tell, and a scan of the script's lines.

Python keeps no bytecode of the script that it is started with, only of what that imports: one that imports the standard
library and installed packages writes nothing into the work tree.
"""

from __future__ import annotations

import os
import posixpath
import sys

from pycache_hooks import programs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from pycache_hooks.programs import Interpreter
    from pycache_hooks.readers.files import Files
    from pycache_hooks.readers.project import Project
    from pycache_hooks.readers.shell import Command

_ASKING = frozenset(["--version", "-V", "--help", "-h"])
_PATH = "PYTHONPATH"
_SETTINGS = "DJANGO_SETTINGS_MODULE"
"""A script that sets it lets Django import the project."""

_SCRIPTS = ("[project.scripts]", "[project.gui-scripts]", "[tool.poetry.scripts]")


class Imports:
    """Answers for the repository of *files*; each file is read once."""

    __slots__ = ("_files", "_local", "_scripts")

    def __init__(self, files: Files) -> None:
        self._files = files
        self._scripts = _Scripts(files)
        self._local: dict[tuple[str, bool], bool] = {}

    @property
    def project(self) -> Project:
        """The repository's tracked paths."""
        return self._files.project

    def by(self, command: Command, environment: Container[str], place: Callable[[str], str | None]) -> bool:
        """Whether *command* imports from the repository, run in *environment*.

        *place*: where in the repository a path lies that the command names, ``.`` included; None for one elsewhere, or
        if nobody knows.
        """
        if not programs.imports_project(command, self._scripts):
            return False
        last = programs.unwrapped(command)
        python = programs.interpreter(last)
        if not _ASKING.isdisjoint(last.words[1:]):
            return False
        if python is None:
            return not last.words[0].endswith((".py", ".pyz")) or self._script(place(last.words[0]), environment)
        if python.module:
            name = python.module
            return programs.loads_project(name.partition(".")[0]) or self._lies(name, place("."), anywhere=True)
        if python.code:
            return bool(self.named(python, environment, place))
        return bool(python.rest) and self._script(place(python.rest[0]), environment)

    def named(self, python: Interpreter, environment: Container[str], place: Callable[[str], str | None]) -> list[str]:
        """The modules of the repository that the code of ``python -c`` imports."""
        names = dict.fromkeys(imported(python.code))
        return [name for name in names if self._lies(name, place("."), anywhere=_PATH in environment)]

    def script(self, command: Command, environment: Container[str]) -> bool:
        """Whether the script that *command* runs, wherever in an image it lies, is one that imports from the repository.

        It is taken for any tracked one of that name: all have to, as nobody knows which is meant.
        """
        last = programs.unwrapped(command)
        python = programs.interpreter(last)
        name = posixpath.basename((python.words if python else last.words)[0])
        paths = [
            path for path in self.project.containing(os.fsencode(name) + b"\0") if posixpath.basename(path) == name
        ]
        return bool(paths) and all(self._script(path, environment) for path in paths)

    def _script(self, path: str | None, environment: Container[str]) -> bool:
        """Whether the script at *path*, which is tracked, imports from the repository."""
        if path is None or not path.endswith(".py") or not self._files.project.tracks(path):
            return False
        key = path, _PATH in environment
        if key not in self._local:
            text = self._files.text(path) or ""
            anywhere, folder = key[1] or "sys.path" in text, path.rpartition("/")[0]
            self._local[key] = _SETTINGS in text or any(
                self._lies(name, folder, anywhere=anywhere) for name in dict.fromkeys(imported(text))
            )
        return self._local[key]

    def _lies(self, name: str, folder: str | None, *, anywhere: bool) -> bool:
        """Whether the module *name* lies in *folder*, or *anywhere* that may be on the path: at the top of a source tree."""
        first, second = [*name.split("."), ""][:2]
        if not first.isidentifier() or first in sys.stdlib_module_names:
            return False
        # The second in a namespace package: a directory alone is none of ours for sure, if an installed package is called so.
        places = [first, f"{first}/{second}"] if second.isidentifier() else [first]
        tails = [f"{place}{end}" for place in places for end in (".py", "/__init__.py", "/__main__.py")]
        project = self._files.project
        if folder is not None and any(project.tracks(posixpath.join(folder, tail)) for tail in tails):
            return True
        return anywhere and any(project.tracks(tail) or any(self._tops(tail)) for tail in tails)

    def _tops(self, tail: str) -> Iterator[bool]:
        """For each directory that has *tail* in it, whether it is no package itself."""
        project = self._files.project
        for path in project.containing(f"/{tail}\0".encode()):
            yield not project.tracks(f"{path.removesuffix(tail)}__init__.py")


class _Scripts:
    """The programs that the projects of the repository install: read when the first name is looked for."""

    __slots__ = ("_files", "_names")

    def __init__(self, files: Files) -> None:
        self._files = files
        self._names: set[str] | None = None

    def __contains__(self, name: object) -> bool:
        if self._names is None:
            paths = [path for path in self._files.configuring("pyproject.toml") if path.endswith("pyproject.toml")]
            self._names = {name for path in paths for name in _declared(self._files.text(path) or "")}
        return name in self._names


def _declared(text: str) -> Iterator[str]:
    """The keys of the tables of scripts in a pyproject.toml."""
    inside = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            inside = stripped.partition("#")[0].strip() in _SCRIPTS
        elif inside and "=" in stripped:
            yield stripped.partition("=")[0].strip().strip("\"'").lower()


def imported(code: str) -> Iterator[str]:
    """The modules that the lines of *code* import, with dots; a relative import without those in front of it."""
    for line in code.splitlines():
        if "import" in line:
            for statement in line.replace(":", ";").split(";"):
                yield from _imported(statement.split(None, 2))


def _imported(words: list[str]) -> Iterator[str]:
    """The same of one statement, split at its first two blanks."""
    if len(words) > 1 and words[0] == "import":
        for name in " ".join(words[1:]).split(","):
            yield name.split()[0] if name.strip() else ""
    elif len(words) > 2 and words[0] == "from":  # noqa: PLR2004 - from, where, and what
        module = words[1].lstrip(".")
        for name in words[2].removeprefix("import").strip(" \t()").split(","):
            yield ".".join([*([module] if module else []), *name.split()[:1]])
