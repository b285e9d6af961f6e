"""Command-line options, read by argparse. Imported only when there are options to read."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pycache_hooks.console import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Option = tuple[str, dict[str, Any]]
"""The flag, or the name of the operands, and what ``ArgumentParser.add_argument`` is told about it."""

SettingsT = TypeVar("SettingsT")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise Failure, for one line on stderr instead of argparse's two."""
        msg = f"{message} (--help lists the options)"
        raise Failure(msg)


class _Explain(argparse.Action):
    """Print what a rule means, and end, as ``--help`` does."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: object, values: object, option_string: str | None = None
    ) -> NoReturn:
        del namespace, option_string
        from pycache_hooks.rules import explained

        sys.stdout.write(explained.text(str(values)))
        parser.exit()


ACTIONS = {"--explain": _Explain}
"""Of options whose table, which no run without options may pay argparse for, cannot name their action."""


def read(
    name: str, description: str | None, options: Iterable[Option], settings: SettingsT, argv: Sequence[str]
) -> SettingsT:
    """Fill *settings*, whose class holds the defaults, from *argv*. Raises Failure on a usage error."""
    parser = _Parser(
        prog=name,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for flag, details in options:
        parser.add_argument(flag, **{**details, "action": ACTIONS[flag]} if flag in ACTIONS else details)
    return parser.parse_args(argv, namespace=settings)
