"""Repairs: commands that can be pasted into a shell, as text."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycache_hooks.findings import Finding

TOP = '"$(git rev-parse --show-toplevel)"'
"""The root of the work tree, for a shell."""


def quoted(word: str) -> str:
    """*word* as one word of a shell's command line: bash, zsh, and any shell where no byte of it needs an escape."""
    if word.isprintable() and "##" not in word:
        import shlex  # paid for by a run that has something to say

        return shlex.quote(word)
    return "$'" + "".join(_shell_escaped(character) for character in word).replace("##", "#\\043") + "'"


def operand(path: str) -> str:
    """*path* as one word of a command line whose program must not take it for an option."""
    return quoted(f"./{path}" if path.startswith("-") else path)


def at_root(*commands: str) -> str:
    """*commands*, whose paths are relative to the root, as one that does the same wherever in the work tree it is pasted.

    Hooks run at the root: nobody knows where the user's shell is.
    """
    return f"(cd {TOP} && {' && '.join(commands)})"


def edited(path: str, script: str) -> str:
    """The command that edits the file *path*, with GNU's sed and with BSD's."""
    return at_root(f"sed -i.bak '{script}' {operand(path)}", f"rm {operand(path + '.bak')}")


class Deletion(str):
    """The command that deletes *lines*, each a first and a last one, from the file *path*, behind a *remark*."""

    __slots__ = ("lines", "path", "remark")

    lines: list[tuple[int, int]]
    path: str
    remark: str


def deletion(path: str, lines: Iterable[tuple[int, int]], remark: str = "") -> Deletion:
    """The repair that deletes *lines* from the file *path*, to be `joined` with others of it."""
    wanted = sorted(set(lines))
    pieces = ";".join(f"{first}d" if first == last else f"{first},{last}d" for first, last in wanted)
    made = Deletion(f"{remark}{edited(path, pieces)}")
    made.lines, made.path, made.remark = wanted, path, remark
    return made


def joined(findings: Iterable[Finding]) -> list[Finding]:
    """The *findings*, all deletions from one file in one command: behind another the numbers of its lines were wrong."""
    found = list(findings)
    deletions: dict[str, list[Deletion]] = {}
    for finding in found:
        if isinstance(finding.fix, Deletion):
            deletions.setdefault(finding.fix.path, []).append(finding.fix)
    for finding in found if deletions else ():
        if isinstance(finding.fix, Deletion):
            path, every = finding.fix.path, deletions[finding.fix.path]
            remark = "".join(dict.fromkeys(each.remark for each in every))
            finding.fix = deletion(path, (piece for each in every for piece in each.lines), remark)
    return found


def _shell_escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))
