"""Which findings count: by code, by path, and by what comments in the files say. And in which form they are shown."""

from __future__ import annotations

import os

from pycache_hooks.console import CLEAN, FOUND, Failure, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pycache_hooks.arguments import Option
    from pycache_hooks.findings import Finding

FOR_PROGRAMS = ("json", "sarif")
"""Forms that say so when there is nothing to report."""

FORMATS = ("text", "github", *FOR_PROGRAMS)

MARK = "pycache-hooks: ignore["
"""In a comment on the line of a finding, or in the comment lines right above it; codes with commas, and ``]``.

A line that ends in a backslash goes on in the next: what is above its beginning is above all of it.
"""

_YAML = (".yml", ".yaml")

MAX_BYTES = 1 << 20
"""A file is searched for comments as far as that."""

OPTIONS: tuple[Option, ...] = (
    (
        "--select",
        {"action": "append", "metavar": "CODE", "help": "report these rules only: PYC201, or PYC2 for all of them"},
    ),
    ("--ignore", {"action": "append", "metavar": "CODE", "help": "do not report these rules (repeatable)"}),
    (
        "--exclude",
        {"action": "append", "metavar": "PATTERN", "help": "report nothing about paths named as in a .gitignore"},
    ),
    (
        "--format",
        {
            "choices": FORMATS,
            "help": "how findings are printed: text (default), or github (default in GitHub Actions), json, sarif",
        },
    ),
    ("--explain", {"metavar": "CODE", "help": "print what a rule means, with an example, and exit"}),
)


class Selection:
    """The settings of every hook that reports findings, for `OPTIONS`."""

    select: list[str] | None = None
    ignore: list[str] | None = None
    exclude: list[str] | None = None
    format: str | None = None


def filter_of(settings: Selection, root: str) -> Callable[[Finding], bool]:
    """Whether a finding about the repository at *root* counts. Raises Failure for a code that no rule has."""
    selected = _codes("--select", settings.select)
    ignored = _codes("--ignore", settings.ignore)
    excluded = spared(settings.exclude)
    lines: dict[str, list[str]] = {}

    def counts(finding: Finding) -> bool:
        if (selected and not finding.code.startswith(selected)) or (ignored and finding.code.startswith(ignored)):
            return False
        if excluded(finding.path):
            return False
        if finding.line is None:
            return True
        if finding.path not in lines:
            lines[finding.path] = _lines(os.path.join(root, finding.path))
        return finding.code not in _switched_off(
            lines[finding.path], finding.line, quoting=finding.path.endswith(_YAML)
        )

    return counts


def conclude(findings: list[Finding], settings: Selection, problems: Sequence[str] = ()) -> int:
    """Print *findings*. Returns the exit status. Raises Failure for the first of the *problems* that are not findings."""
    if findings or settings.format in FOR_PROGRAMS:
        from pycache_hooks import report

        report.show(findings, settings.format)
    if problems:
        more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
        raise Failure(problems[0] + more)
    return FOUND if findings else CLEAN


def spared(patterns: Iterable[str] | None) -> Callable[[str], bool]:
    """Whether a path is one of those that ``--exclude`` names. Raises Failure for a pattern that is none."""
    if not patterns:
        return lambda _: False
    from pathspec import GitIgnoreSpec  # 34 ms

    try:
        return GitIgnoreSpec.from_lines(patterns).match_file
    except ValueError as error:
        raise Failure(f"--exclude: {error}") from None


def _codes(option: str, given: list[str] | None) -> tuple[str, ...]:
    """The codes *given*, or their beginnings. Raises Failure for one that no rule has."""
    if not given:
        return ()
    from pycache_hooks import rules

    codes = tuple(code.strip().upper() for value in given for code in value.split(","))
    for code in codes:
        if not code or not any(rule.code.startswith(code) for rule in rules.RULES):
            raise Failure(f"{option} {code}: no rule has this code{nearest(code, [rule.code for rule in rules.RULES])}")
    return codes


def _lines(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace").split("\n")
    except OSError:
        return []


def _switched_off(lines: list[str], number: int, *, quoting: bool) -> list[str]:
    """The codes that comments switch off for the line *number*; *quoting*: what is between quotes is no comment."""
    line = lines[number - 1] if number <= len(lines) else ""
    codes = [] if quoting and _is_quoted(line) else _named_in(line)
    for line in reversed(lines[: number - 1]):
        if line.lstrip().startswith("#"):
            codes += _named_in(line)
        elif not line.rstrip().endswith("\\"):
            break
    return codes


def _is_quoted(line: str) -> bool:
    """Whether a quote that stands before the comment ends behind it."""
    before, _, behind = line.partition(MARK)
    return any(before.count(quote) % 2 and quote in behind for quote in "\"'")


def _named_in(line: str) -> list[str]:
    comment, found, rest = line.partition(MARK)
    return [code.strip().upper() for code in rest.partition("]")[0].split(",")] if found and "#" in comment else []
