"""Lines of a .gitignore that look right and are not: which one was meant to cover a path, and what is wrong with it."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from pycache_hooks import catalog
from pycache_hooks.ignorefiles.gitignore import BOM, IgnoreFile, ask_apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycache_hooks.ignorefiles.gitignore import Files, Probe

ENOUGH = 1 << 20
"""Nobody wrote a file of more bytes than this by hand: it is not searched."""


class Flaw:
    """A line that would cover a probe if it were written as *meant*: *reason* says why it does not as it is.

    *anchored*: nothing is wrong with it but a slash that ties it to one directory.
    """

    __slots__ = ("anchored", "line", "meant", "reason", "source", "text")

    def __init__(self, source: str, line: int, text: str, meant: str, reason: str, *, anchored: bool) -> None:  # noqa: PLR0913
        self.source = source
        self.line = line
        self.text = text
        self.meant = meant
        self.reason = reason
        self.anchored = anchored


def find(root: str, files: Files, probes: list[Probe]) -> dict[str, Flaw]:
    """For those of *probes*, which no line of *files* covers, that a line was probably meant to: this line, by their paths.

    Each line that names a cache is written as it may have been meant, and git is asked about the result.
    """
    written: Files = {}
    origins: dict[tuple[str, int], Flaw] = {}
    names = {name for probe in probes for name in probe.tail.split("/")}
    for file in files.values() if probes else ():
        found = list(_suspected(file)) if len(file.data) <= ENOUGH else []
        lines = [(line, flaw) for flaw in found for line in flaw.meant.split("\n") if _is_meant_for(line, names)]
        origins.update({(file.path, number): flaw for number, (_, flaw) in enumerate(lines, start=1)})
        written[file.path] = IgnoreFile(file.path, b"".join(os.fsencode(line) + b"\n" for line, _ in lines))
    answers = ask_apart(root, written, [probe.path for probe in probes]) if origins else {}
    return {probe: origins[verdict.source, verdict.line] for probe, verdict in answers.items() if verdict}


def _is_meant_for(line: str, names: set[str]) -> bool:
    """Whether the pattern *line* has one of *names* in mind, and not just everything in some directory."""
    named = [component for component in line.split("/") if component.strip("*?")]
    return bool(named) and any(fnmatchcase(name, named[-1]) for name in names)


def _suspected(file: IgnoreFile) -> Iterator[Flaw]:
    lines = os.fsdecode(file.data.removeprefix(BOM)).split("\n")
    for number, raw in enumerate(lines, start=1):
        text = raw.removesuffix("\r").rstrip(" ")
        if text and not text.startswith(("#", "!")):
            flaw = _mended(file.path, number, text) or _released(file.path, number, text)
            if flaw:
                yield flaw


def _mended(source: str, line: int, text: str) -> Flaw | None:
    """*text* as it was probably meant, if it cannot mean anything as it is."""
    meant, reasons = text, []
    for mend, reason in _MENDS:
        better = mend(meant)
        if better != meant:
            reasons.append(reason)
            meant = better
    return Flaw(source, line, text, meant, "; ".join(reasons), anchored=False) if reasons and meant else None


def _released(source: str, line: int, text: str) -> Flaw | None:
    """*text* without what ties it to one directory, if a slash does."""
    components = text.removesuffix("/").split("/")
    named = [at for at, component in enumerate(components) if component.strip("*")]
    if len(components) == 1 or not named:
        return None
    first = named[-1]
    # What is said of a cache is not meant for other places.
    while first and components[first - 1] in catalog.DIRECTORIES:
        first -= 1
    tail = "/".join(components[first:])
    meant = (f"**/{tail}" if "/" in tail else tail) + ("/" if text.endswith("/") else "")
    return Flaw(source, line, text, meant, "a slash ties it to one directory", anchored=True)


def _without_comment(text: str) -> str:
    ends = [at for at in (text.find(" #"), text.find("\t#")) if at > 0]
    return text[: min(ends)].rstrip() if ends else text


def _without_quotes(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else text


def _cleaned(text: str) -> str:
    while "//" in text:
        text = text.replace("//", "/")
    return text.replace("/./", "/").removeprefix("./")


def _closed(text: str) -> str:
    return f"{text}]" if text.count("[") > text.count("]") else text


def _expanded(text: str) -> str:
    before, opened, rest = text.partition("{")
    choices, closed, after = rest.partition("}")
    if not (opened and closed):
        return text
    return "\n".join(f"{before}{choice}{after}" for choice in choices.split(","))


def _one_a_line(text: str) -> str:
    return "\n".join(text.replace(",", " ").replace(";", " ").split())


_MENDS = (
    (_without_comment, "git knows no comment behind a pattern"),
    (lambda text: text.lstrip("\ufeff"), "an invisible character (U+FEFF) stands in front"),
    (lambda text: text.rstrip(), "git strips no other white space at the end than spaces"),
    (lambda text: text.lstrip(), "git does not strip white space in front"),
    (_without_quotes, "git knows no quotes"),
    (lambda text: text.replace("\\", "/"), "a backslash separates no directories"),
    (_cleaned, "git does not tidy `./` and `//`"),
    (_expanded, "git expands no braces"),
    (_closed, "a bracket is not closed"),
    (_one_a_line, "git reads one pattern a line"),
    (lambda text: text.lower(), "upper and lower case differ"),
)
