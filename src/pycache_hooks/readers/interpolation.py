"""Text as Docker Compose takes it: ``${NAME:-default}`` put in, files of variables, and a command line as words.

As compose-go does it, in its packages template and dotenv, and as go-shellwords splits:
https://github.com/compose-spec/compose-go, https://github.com/mattn/go-shellwords
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 50
"""Levels of ``${A:-${B:-...}}`` that are read."""

MAX_CHARACTERS = 1 << 17
"""Of a text with its variables put in: no process can be started with a longer one (Linux: MAX_ARG_STRLEN)."""

MAX_ASSIGNED = 1 << 20
"""Characters of the values of one file of variables, which may double from line to line."""

_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class _Malformed(Exception):
    """Docker Compose refuses such a text, or it is deeper than anybody writes."""


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """*text* with *variables* put in, ``$$`` as ``$``; any other variable stays, as ``${NAME}``, if it has no default.

    A text that Docker Compose refuses stays as it is, and one that becomes too long for any process.
    """
    if "$" not in text:
        return text
    try:
        return _Template(text, variables).read(0)
    except _Malformed:
        return text


def is_known(text: str) -> bool:
    """Whether nothing in what `expanded` returned is left to the environment."""
    return "${" not in text


def names(text: str) -> list[tuple[str, str, str]]:
    """The variables that *text* names outside of defaults: each with its operator and the text behind it, or two empty ones."""
    template = _Template(text, {})
    try:
        template.read(0)
    except _Malformed:
        return []
    return template.names


def assignments(text: str, variables: Mapping[str, str]) -> dict[str, str | None]:
    """What a file of variables says; None: the value of whoever starts it. *variables*: what it may refer to."""
    found: dict[str, str | None] = {}
    known = dict(variables)
    left = MAX_ASSIGNED
    for name, value, literal in _lines(text):
        given = value if literal or value is None or left < 0 else expanded(value, known)
        found[name] = given
        if given is not None:
            known[name] = given
            left -= len(given)
    return found


def words(text: str) -> list[str]:
    """The words of a command line that no shell reads: only quotes and backslashes mean something."""
    found: list[str] = []
    parts: list[str] | None = None  # of the word that has begun
    quote = ""
    characters = iter(text)
    for character in characters:
        if not quote and character.isspace():
            if parts is not None:
                found.append("".join(parts))
            parts = None
            continue
        parts = [] if parts is None else parts
        if character == "\\" and quote != "'":
            parts.append(next(characters, ""))
        elif character == quote:
            quote = ""
        elif character in "'\"" and not quote:
            quote = character
        else:
            parts.append(character)
    return found if parts is None else [*found, "".join(parts)]


def _lines(text: str) -> Iterator[tuple[str, str | None, bool]]:
    """Name and value of each line, and whether it stands in single quotes; a value in quotes may go on over lines."""
    lines = iter(text.splitlines())
    for line in lines:
        words = line.strip().removeprefix("export ").lstrip()
        end = next((at for at, character in enumerate(words) if character in "=:"), None)
        name = words[:end].strip()
        if not name or name.startswith("#"):
            continue
        value = None if end is None else words[end + 1 :].strip()
        quote = value[:1] if value else ""
        if value is None or quote not in ("'", '"'):
            yield name, value if value is None else _uncommented(value), False
            continue
        parts = [value[1:]]
        while _closing(parts[-1], quote) < 0 and (more := next(lines, None)) is not None:
            parts.append(more)
        yield name, _unquoted("\n".join(parts), quote), quote == "'"


def _uncommented(value: str) -> str:
    return "" if value.startswith("#") else value.partition(" #")[0].rstrip()


def _closing(text: str, quote: str) -> int:
    """Where *quote* closes in *text*, or -1."""
    at = text.find(quote)
    while at > 0 and text[at - 1] == "\\":
        at = text.find(quote, at + 1)
    return at


def _unquoted(text: str, quote: str) -> str:
    end = _closing(text, quote)
    inner = text if end < 0 else text[:end]
    if quote == "'":
        return inner
    characters = iter(inner)
    return "".join(
        _ESCAPES.get(following := next(characters, ""), following) if character == "\\" else character
        for character in characters
    )


class _Template:
    """Reads a text from left to right once."""

    __slots__ = ("_at", "_left", "_text", "_variables", "names")

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._text = text
        self._variables = variables
        self._at = 0
        self._left = MAX_CHARACTERS
        self.names: list[tuple[str, str, str]] = []

    def read(self, depth: int) -> str:
        """What comes before the brace that closes this level, or all that is left at the outermost."""
        if depth > MAX_DEPTH:
            raise _Malformed
        parts: list[str] = []
        braces = 0
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "$":
                parts.append(self._dollar(depth))
                self._left -= len(parts[-1])
                if self._left < 0:
                    raise _Malformed
                continue
            if depth and character in "{}":
                if character == "}" and not braces:
                    return "".join(parts)
                braces += 1 if character == "{" else -1
            self._at += 1
            parts.append(character)
        if depth:
            raise _Malformed
        return "".join(parts)

    def _dollar(self, depth: int) -> str:
        """What stands for the ``$`` here and all that belongs to it."""
        self._at += 1
        following = self._text[self._at : self._at + 1]
        if following == "$":
            self._at += 1
            return "$"
        if following != "{":
            name = self._name()
            if not name:
                raise _Malformed
            return self._value(name, "", "", depth)
        self._at += 1
        name = self._name()
        operator = next((sign for sign in _OPERATORS if self._text.startswith(sign, self._at)), "")
        self._at += len(operator)
        word = self.read(depth + 1) if operator else ""
        if not name or self._text[self._at : self._at + 1] != "}":
            raise _Malformed
        self._at += 1
        return self._value(name, operator, word, depth)

    def _value(self, name: str, operator: str, word: str, depth: int) -> str:
        if not depth:
            self.names.append((name, operator, word))
        value = self._variables.get(name)
        given = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("-"):
            return value or "" if given else word
        if operator.endswith("+"):
            return word if given else ""
        return f"${{{name}}}" if value is None else value

    def _name(self) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] in _NAME:
            self._at += 1
        name = self._text[start : self._at]
        return "" if name[:1].isdigit() else name
