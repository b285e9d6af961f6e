"""The only printer: findings to stdout, in one form for every hook."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycache_hooks.findings import Finding

ONE_SCREEN = 12
"""Findings of one code that are shown before the rest is only counted."""


def show(findings: Iterable[Finding], form: str | None = None) -> None:
    """Print *findings* in the given *form*: ``text``, ``github``, ``json`` or ``sarif``.

    None stands for ``text``, and for annotations where GitHub Actions runs us.
    """
    if form is None:
        form = "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"
    if form == "text":
        _show_text(findings)
    else:
        from pycache_hooks import formats

        formats.FORMS[form](sorted(findings))


def _show_text(findings: Iterable[Finding]) -> None:
    """Print *findings* in order of repair, then path; a repair that several share stands once, after the last of them.

    Of one screen of repairs for the same code the rest is only counted: the next run shows them.
    """
    by_fix: dict[str, list[Finding]] = {}
    for finding in sorted(findings):
        by_fix.setdefault(finding.fix, []).append(finding)
    bold, plain = ("\x1b[1m", "\x1b[0m") if _colours() else ("", "")
    repairs: dict[str, int] = {}
    left: dict[str, int] = {}
    for fix, group in by_fix.items():
        counts: dict[str, int] = {}
        shown: list[Finding] = []
        for finding in group:
            counts[finding.code] = counts.get(finding.code, 0) + 1
            if counts[finding.code] <= ONE_SCREEN:
                shown.append(finding)
        for code in counts:
            repairs[code] = repairs.get(code, 0) + 1
        if all(repairs[code] > ONE_SCREEN for code in counts):
            left = {code: left.get(code, 0) + counts.get(code, 0) for code in {**left, **counts}}
            continue
        for finding in shown:
            say(f"{bold}{place(finding)}{plain}: {finding.code} {printable(finding.message)}")
        _say_how_many_more({code: count - ONE_SCREEN for code, count in counts.items()})
        if fix:
            label = "    fixed:" if group[0].fixed else "    fix:"
            say(f"{label} " + fix.replace("\n", "\n" + " " * (len(label) + 1)))
    _say_how_many_more(left)


def _say_how_many_more(counts: dict[str, int]) -> None:
    for code, count in counts.items():
        if count > 0:
            say(f"... and {counted(count, 'more place')} with {code}")


def say(line: str) -> None:
    """Print one line that is already safe to print, whatever the encoding of stdout."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def printable(text: str) -> str:
    """*text* with everything escaped that could steer a terminal or a CI log.

    That is control and format characters and bytes that are not text, and the ``##`` of the commands that Azure
    Pipelines, GitHub Actions and TeamCity read from anywhere in a line. Those that GitHub reads at its start, ``::``,
    can only come first where a path does: see `place`.
    """
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _escaped(character) for character in text)
    return text.replace("##", "#\\x23")


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 file``, ``1,204 files``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def sized(number: int) -> str:
    """*number* of bytes in binary units: ``0 B``, ``1.4 KiB``, ``2.0 MiB``."""
    if number < 1024:  # noqa: PLR2004
        return f"{number} B"
    size, units = number / 1024, ["GiB", "MiB", "KiB"]
    while round(size, 1) >= 1024 and len(units) > 1:  # noqa: PLR2004
        size /= 1024
        units.pop()
    return f"{size:.1f} {units[-1]}"


def place(finding: Finding) -> str:
    """``path:line`` of *finding*, which no CI system takes for a command."""
    path = printable(finding.path)
    if path.lstrip().startswith("::"):
        path = f"./{path}"
    return path if finding.line is None else f"{path}:{finding.line}"


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - a byte that os.fsdecode could not decode (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
