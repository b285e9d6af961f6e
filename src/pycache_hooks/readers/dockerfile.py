"""The files that a Dockerfile takes from its build context, read as BuildKit reads it.

That is parser.go, split_command.go and lex.go of
https://github.com/moby/buildkit/tree/73ed6825c4b7569379ef89df0aedcdbe64473d31/frontend/dockerfile
"""

from __future__ import annotations

import posixpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYTHING = "."
"""The source of a COPY that takes the whole context."""

_TAKING = ("copy", "add")
_WITH_HEREDOCS = (*_TAKING, "run")
_BLANKS = str.maketrans("\t\v\f\r", "    ")
_DIGITS = "0123456789"


def copied(text: str) -> list[str]:
    """The sources of every COPY and ADD of *text*, as paths from the root of the build context.

    Left out is what comes from elsewhere: another stage or image (``--from``), an address, a heredoc; and ONBUILD, which
    copies from the context of the image that is built upon this one.
    """
    sources: list[str] = []
    for instruction in _instructions(text):
        name, _, rest = instruction.partition(" ")
        if name.lower() in _TAKING:
            flags, operands = _operands(rest.strip())
            if not any(flag.startswith("--from=") for flag in flags):
                sources += [_inside(word) for word in operands[:-1] if not _is_elsewhere(word)]
    return sources


def _instructions(text: str) -> Iterator[str]:
    """The instructions, each as one line with spaces for blanks: without comments and the contents of heredocs."""
    escape = _escape(text)
    parts: list[str] = []
    heredocs: list[tuple[str, bool]] = []
    for raw in text.removeprefix("\ufeff").split("\n"):
        if heredocs:
            end, tabs = heredocs[0]
            line = raw.rstrip("\r")
            if (line.lstrip("\t") if tabs else line) == end:
                heredocs.pop(0)
            continue
        line = raw.translate(_BLANKS)
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            continue
        body = line.rstrip(" ")
        if body.endswith(escape) and not body.endswith(escape * 2):
            parts.append(body[:-1])
            continue
        instruction = "".join([*parts, line]).strip()
        parts = []
        if instruction:
            heredocs = _heredocs(instruction)
            yield instruction
    if parts:
        yield "".join(parts).strip()


def _escape(text: str) -> str:
    """The escape character: a directive at the very top, where no comment is before it, may make it a backtick."""
    for line in text.removeprefix("\ufeff").split("\n"):
        key, _, value = line.strip().removeprefix("#").partition("=")
        if not line.lstrip().startswith("#") or key.strip().lower() not in ("escape", "syntax", "check"):
            break
        if key.strip().lower() == "escape" and value.strip() == "`":
            return "`"
    return "\\"


def _heredocs(instruction: str) -> list[tuple[str, bool]]:
    """The heredocs that *instruction* opens, in order: the line that ends each, and whether tabs may stand before it."""
    if "<<" not in instruction:
        return []
    name, _, rest = instruction.partition(" ")
    if name.lower() == "onbuild":
        name, _, rest = rest.strip().partition(" ")
    if name.lower() not in _WITH_HEREDOCS or _json(_operands(rest.strip(), split=False)[1][0]) is not None:
        return []
    found = []
    tight = "<<".join(part.lstrip(" ") for part in rest.split("<<"))
    for word in _quoted_words(tight):
        mark = word.lstrip(_DIGITS)
        end = mark[2:].removeprefix("-").replace('"', "").replace("'", "")
        if mark.startswith("<<") and end and "<" not in end:
            found.append((end, mark.startswith("<<-")))
    return found


def _operands(rest: str, *, split: bool = True) -> tuple[list[str], list[str]]:
    """The flags of an instruction, and its words, of its JSON form too; as one word unless they are to be *split*."""
    flags: list[str] = []
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        flags.append(flag)
        rest = rest.lstrip()
    if not split:
        return flags, [rest]
    words = _json(rest)
    return flags, [word.strip("\"'") for word in rest.split(" ") if word] if words is None else words


def _json(text: str) -> list[str] | None:
    """The words of a JSON array, or None if *text* is none: it means the same as without the brackets then."""
    if not text.startswith("["):
        return None
    import json

    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _quoted_words(text: str) -> list[str]:
    """The words of *text*, quotes and what they hold together included; none at all if a quote is left open."""
    words: list[str] = []
    word = quote = ""
    characters = iter(text)
    for character in characters:
        if character == " " and not quote:
            words.append(word)
            word = ""
            continue
        word += character
        if character == "\\" and quote != "'":
            word += next(characters, "")
        elif character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
    return [] if quote else [*words, word]


def _is_elsewhere(word: str) -> bool:
    return "://" in word or word.startswith(("<<", "git@"))


def _inside(word: str) -> str:
    """*word* as a path in the context, which no ``..`` leaves."""
    return posixpath.normpath("/" + word).lstrip("/") or EVERYTHING
