"""Which directories hold modules: Python writes bytecode of what is imported, and none of the program that it starts."""

from __future__ import annotations

import os

from pycache_hooks import catalog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pycache_hooks.readers.project import Project

_PACKAGE = "__init__.py"
_ENOUGH = 1 << 20
"""Bytes that are read of a program."""


class Sources:
    """The Python sources of *project*, by directory."""

    __slots__ = ("_names", "_project")

    def __init__(self, project: Project) -> None:
        self._project = project
        self._names: dict[str, list[str]] | None = None

    def _in(self, directory: str) -> list[str]:
        if self._names is None:
            self._names = {}
            for path in self._project.paths:
                if path.endswith(catalog.SOURCE_SUFFIXES):
                    place, _, name = path.rpartition("/")
                    self._names.setdefault(place, []).append(name)
        return self._names.get(directory, [])

    def is_package(self, directory: str) -> bool:
        """Whether *directory* has an ``__init__.py``."""
        return _PACKAGE in self._in(directory)

    def holds_modules(self, directory: str, imports: Callable[[str], bool]) -> bool:
        """Whether something in *directory* is likely to be imported.

        Programs are not, nor is a file that is alone there, unless pytest collects it or *imports* says so of its name.
        """
        names = self._in(directory)
        if len(names) == 1 and names != [_PACKAGE]:
            stem = names[0].rpartition(".")[0]
            return stem == "conftest" or stem.startswith("test_") or stem.endswith("_test") or imports(stem)
        return _PACKAGE in names or self._holds_more_than_programs(directory, names)

    def _holds_more_than_programs(self, directory: str, names: Iterable[str]) -> bool:
        """Whether one of the files is no program that the system starts by itself, or another one imports it."""
        modules = {name: stem for name in names if (stem := name.rpartition(".")[0]).isidentifier()}
        imported: set[str] = set()
        for name in modules:
            try:
                with open(os.path.join(self._project.root, directory, name), "rb") as file:
                    is_executable = os.fstat(file.fileno()).st_mode & 0o111
                    text = file.read(_ENOUGH).decode("utf-8", "replace")
            except OSError:
                return True
            if not is_executable or not text.startswith("#!"):
                return True
            imported.update(_words_of_imports(text))
        return not imported.isdisjoint(modules.values())


def _words_of_imports(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = line.replace(",", " ").replace(".", " ").split()
        if words[:1] in (["import"], ["from"]):
            yield from words
