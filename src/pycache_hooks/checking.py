"""What the checks of configuration files have in common: which files they judge, and how their findings end."""

from __future__ import annotations

import os

from pycache_hooks import selection
from pycache_hooks.console import read_options
from pycache_hooks.findings import Finding
from pycache_hooks.readers import project
from pycache_hooks.readers.files import Files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from pycache_hooks.arguments import Option
    from pycache_hooks.selection import Selection

    SettingsT = TypeVar("SettingsT", bound=Selection)
    Judge = Callable[[Files, SettingsT, Sequence[str] | None], list[Finding]]

_TEMPLATE = ("{{", "{%")
"""What is filled in where a program makes a file of another one, as cookiecutter does."""


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
    findings = judge(files, settings, [_relative(path, files.root) for path in named] or None)
    return selection.conclude([finding for finding in findings if counts(finding)], settings)


def unreadable(files: Files, code: str, paths: Iterable[str]) -> list[Finding]:
    """A finding for each of *paths* that could not be read."""
    found = ((path, files.unreadable[path]) for path in paths if path in files.unreadable)
    return [Finding(path, why.line, code, f"cannot be read: {why.reason}") for path, why in found]


def is_template(text: str) -> bool:
    """Whether *text*, of a file or its path, is what a program makes others of. Not to be asked of CI: ``${{ }}`` is its own."""
    return any(mark in text for mark in _TEMPLATE)


def _relative(path: str, root: str) -> str:
    return os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
