"""What the checks of configuration files have in common: which files they judge, and how their findings end."""

from __future__ import annotations

import os

from pycache_hooks import selection
from pycache_hooks.console import read_options
from pycache_hooks.findings import Finding
from pycache_hooks.readers import project
from pycache_hooks.readers.files import Files
from pycache_hooks.repairs import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from pycache_hooks.arguments import Option
    from pycache_hooks.selection import Selection

    SettingsT = TypeVar("SettingsT", bound=Selection)
    Judge = Callable[[Files, SettingsT, Sequence[str] | None], list[Finding]]


def run(  # noqa: PLR0913, PLR0917 - one argument a part of a hook
    name: str,
    description: str | None,
    options: Iterable[Option],
    settings: SettingsT,
    judge: Judge[SettingsT],
    argv: Sequence[str],
) -> int:
    """Judge the files that are named in *argv*, or all of the repository. Returns the exit status."""
    operand: Option = ("files", {"nargs": "*", "metavar": "FILE", "help": "judge these files instead of all"})
    read_options(name, description, [*options, operand], settings, argv)
    files = Files(project.started()())
    named: list[str] = getattr(settings, "files", None) or []
    counts = selection.filter_of(settings, files.root)
    names, problems = _named(files, named)
    findings = judge(files, settings, names if named else None) if names or not named else []
    return selection.conclude(joined(filter(counts, findings)), settings, problems)


def unreadable(files: Files, code: str, paths: Iterable[str]) -> list[Finding]:
    """A finding for each of *paths* that could not be read."""
    found = ((path, files.unreadable[path]) for path in paths if path in files.unreadable)
    return [Finding(path, why.line, code, f"cannot be read: {why.reason}") for path, why in found]


def _named(files: Files, given: Iterable[str]) -> tuple[list[str], list[str]]:
    """The paths *given*, relative to the root; and what is wrong with those that are no files of the repository.

    One that is tracked may be missing in the work tree, where it is deleted or sparse, and may be a link.
    """
    names, problems = [], []
    for path in given:
        name = _relative(os.path.abspath(path), files.root)
        if not files.project.tracks(name):
            directory, last = os.path.split(os.path.abspath(path))
            name = _relative(os.path.join(os.path.realpath(directory), last), files.root)
        if files.project.tracks(name):
            names.append(name)
        elif name.partition("/")[0] == os.pardir:
            problems.append(f"{path}: outside of the repository")
        elif os.path.isdir(path):
            problems.append(f"{path}: a directory: name the files in it")
        elif os.path.lexists(path):
            names.append(name)
        else:
            problems.append(f"{path}: no such file in the index or the work tree")
    return names, problems


def _relative(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
