"""The instructions of a Dockerfile, read as BuildKit reads them.

That is parser.go, line_parsers.go, split_command.go, directives.go and lex.go of
https://github.com/moby/buildkit/tree/73ed6825c4b7569379ef89df0aedcdbe64473d31/frontend/dockerfile
What they refuse is unreadable here. Only the names of instructions are looked at, not whether an instruction makes sense.
"""

from __future__ import annotations

import posixpath

from pycache_hooks.findings import short
from pycache_hooks.readers.files import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pycache_hooks.readers.shell import Command

EVERYTHING = "."
"""The source of a COPY that takes the whole context."""

TAKING = ("copy", "add")

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go's unicode.IsSpace takes for a space. Python's str.isspace has four more."""

_WITH_HEREDOCS = (*TAKING, "run")
_NAMES = frozenset(
    "add arg cmd copy entrypoint env expose from healthcheck label maintainer onbuild run shell stopsignal user volume "
    "workdir".split()
)
_NO_TRIGGERS = ("ONBUILD", "FROM", "MAINTAINER")
_WITH_JSON = (*TAKING, "volume", "run", "cmd", "entrypoint", "shell", "healthcheck")
_DIRECTIVES = ("syntax", "check", "escape")
_FRONTENDS = ("docker/dockerfile", "docker/dockerfile-upstream")

_BLANK = "\t\v\f\r "
_BLANKS = str.maketrans(_BLANK, " " * len(_BLANK))
_PLAIN_BLANK = "\t\n\f\r "
_BYTE_SPACES = "\t\n\v\f\r \x85\xa0"
_NO_PLAIN_FLAG = frozenset(_BYTE_SPACES + "\"'")
_DIGITS = "0123456789"
_LONGEST_LINE = 1 << 16
_DEEPEST = 50


class Heredoc:
    """One heredoc of an instruction: the word that ends it, its *content*, and the *line* that this starts on.

    *expand*: its word is not quoted. *strip_tabs*: it was opened by ``<<-``; *content* still has its tabs.
    """

    __slots__ = ("content", "expand", "line", "name", "strip_tabs")

    def __init__(self, name: str, *, expand: bool, strip_tabs: bool) -> None:
        self.name = name
        self.expand = expand
        self.strip_tabs = strip_tabs
        self.content = ""
        self.line = 0


class Instruction:
    """One instruction, on the lines from *line* to *end*.

    *name* is in lower case. *text* is what follows the name and the *flags*, its lines joined. *operands* are what BuildKit
    takes that for: words, or one text, or names and values in turns. *words*: those of the JSON form, None in any other.
    *trigger*: what ONBUILD puts off. *escape*: the escape character of the file. *commands*: what `images` reads in it, by
    what SHELL says: once, however often the file is built.
    """

    __slots__ = (
        "_breaks",
        "commands",
        "end",
        "escape",
        "flags",
        "heredocs",
        "line",
        "name",
        "operands",
        "text",
        "trigger",
        "words",
    )

    def __init__(self, joined: str, escape: str, line: int, breaks: Sequence[int] = ()) -> None:
        """Read the instruction *joined*, of which a line starts at each of *breaks*. Raises Unreadable."""
        self.line = self.end = line
        self.escape = escape
        self.heredocs: tuple[Heredoc, ...] = ()
        self.commands: dict[tuple[str, ...], list[Command]] = {}
        self.trigger: Instruction | None = None
        self.words: tuple[str, ...] | None = None
        self.operands: tuple[str, ...]
        stripped = joined.strip(SPACES)
        name, blank = _first(stripped)
        self.name = name.lower()
        self.flags, rest = _flags(stripped[len(name + blank) :].lstrip(_BLANK), escape)
        self.text = rest.strip(SPACES)
        start = len(joined.rstrip(SPACES)) - len(self.text)
        self._breaks = [max(place - start, 0) for place in breaks]
        if self.name == "onbuild" and self.text:
            trigger = _first(self.text)[0].upper()
            if trigger in _NO_TRIGGERS:
                raise Unreadable(line, f"{trigger} is not allowed behind ONBUILD")
            self.trigger = Instruction(self.text, escape, line, self._breaks)
            self.operands = self.trigger.operands
        else:
            self.operands = self._json_or(_OPERANDS.get(self.name, _whole)(self))

    def __repr__(self) -> str:
        return f"<{self.name.upper()} {self.text!r} on line {self.line}>"

    @property
    def script(self) -> str:
        r"""The text for a reader of shell scripts: broken where its lines break, so that it counts lines right.

        A line breaks by backslash and newline, whatever the escape character; where a shell would not take these out again,
        as within single quotes, behind that place.
        """
        return _broken(self.text, self._breaks)

    def _json_or(self, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        """The words of the JSON form, which are kept, or what the operands are *otherwise*."""
        kind = ""
        text = self.text
        if self.name == "healthcheck" and otherwise:
            kind, text = otherwise[0], "".join(otherwise[1:])
        if self.name in _WITH_JSON and text.startswith("["):
            self.words = _json(text, self.line)
        if self.words is None:
            return otherwise
        return (kind, *self.words) if kind else self.words


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, in order. Raises Unreadable where BuildKit refuses it before it builds."""
    found, refused = parsed(text)
    if refused:
        raise refused
    return found


def parsed(text: str) -> tuple[list[Instruction], Unreadable | None]:
    """The instructions of a Dockerfile up to where it is unreadable, and why it is, if it is."""
    found: list[Instruction] = []
    try:
        found.extend(_instructions(text))  # one by one: those before a mistake stay
    except Unreadable as reason:
        return found, reason
    if not found:
        return found, Unreadable(None, "no instructions")
    unknown = next((instruction for instruction in found if instruction.name not in _NAMES), None)
    if unknown and not _is_foreign(text):
        return found, Unreadable(unknown.line, f"unknown instruction: {short(unknown.name.upper()) or 'none'}")
    return found, None


def copied(found: Iterable[Instruction]) -> list[str]:
    """The sources of every COPY and ADD among the instructions *found*, as paths from the root of the build context.

    Left out is what comes from elsewhere: another stage or image (``--from``), an address, a heredoc; and ONBUILD, which
    copies from the context of the image that is built upon this one.
    """
    sources: list[str] = []
    for instruction in found:
        if instruction.name in TAKING and not any(flag.startswith("--from=") for flag in instruction.flags):
            unquoted = instruction.operands if instruction.words else [w.strip("\"'") for w in instruction.operands]
            sources += [inside(word) for word in unquoted[:-1] if not is_elsewhere(word)]
    return sources


def installs_directory(found: Iterable[Instruction]) -> bool:
    """Whether one of the instructions *found* has pip install what lies in the current directory, and that is always one."""
    texts = [instruction.text for instruction in found if instruction.name == "run"]
    places = [instruction for instruction in found if instruction.name == "workdir"]
    if len(places) > 1 or any("cd " in text for text in texts):
        return False
    calls = (call.partition("&&")[0].partition(";")[0] for text in texts for call in text.split("pip install ")[1:])
    return any(word.strip("\"'").partition("[")[0] in (".", "./") for call in calls for word in call.split())


def is_elsewhere(word: str) -> bool:
    """Whether *word*, a source of COPY or ADD, is no path: an address or a heredoc."""
    return "://" in word or word.startswith(("<<", "git@"))


def inside(word: str) -> str:
    """*word* as a path in the context, which no ``..`` leaves."""
    return posixpath.normpath("/" + word).lstrip("/") or EVERYTHING


def _instructions(text: str) -> Iterator[Instruction]:
    """Every instruction, known or not. Raises Unreadable."""
    lines = text.removeprefix("\ufeff").split("\n")
    if not lines[-1]:
        lines.pop()
    escape = _directives(lines).get("escape", "\\")
    number = 0
    while number < len(lines):
        line = number + 1
        joined, breaks, number = _joined(lines, number, escape)
        if joined is None:
            continue
        instruction = Instruction(joined, escape, line, breaks)
        within = instruction.trigger or instruction
        if "<<" in joined and within.name in _WITH_HEREDOCS and within.words is None:
            instruction.heredocs, number = _contents(_heredocs(joined), lines, number, line)
            within.heredocs = instruction.heredocs
        instruction.end = within.end = number
        yield instruction


def _joined(lines: list[str], number: int, escape: str) -> tuple[str | None, list[int], int]:
    """The instruction that starts at index *number*, where its lines start, and the index of the line behind it.

    The instruction is None for a comment and an empty line. Raises Unreadable for a line that BuildKit's scanner refuses.
    """
    first = _checked(lines, number).lstrip(SPACES)
    body, goes_on = _continued("" if first.startswith("#") else first, escape)
    parts = [body]
    breaks: list[int] = []
    length = len(body)
    number += 1
    if not body and not goes_on:
        return None, breaks, number
    while goes_on and number < len(lines):
        line = _checked(lines, number)
        number += 1
        breaks.append(length)
        if line.lstrip(SPACES).startswith("#") or not line.strip(SPACES):
            continue
        body, goes_on = _continued(line, escape)
        parts.append(body)
        length += len(body)
    return "".join(parts), breaks, number


def _checked(lines: list[str], number: int) -> str:
    line = lines[number]
    if len(line) * 4 >= _LONGEST_LINE and len(line.encode("utf-8", "surrogatepass")) >= _LONGEST_LINE:
        raise Unreadable(number + 1, f"a line of more than {_LONGEST_LINE - 1} bytes")
    return line.rstrip("\r")


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """*line* without the escape character that ends it, and whether there was one."""
    body = line.rstrip(" \t")
    goes_on = body.endswith(escape) and not body.endswith(escape * 2)
    return (body[:-1] if goes_on else line), goes_on


def _directives(lines: Sequence[str]) -> dict[str, str]:
    """The parser directives, which only other directives may stand before. Raises Unreadable for a wrong one."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        comment = line.rstrip("\r").lstrip(SPACES)
        key, equals, value = comment.removeprefix("#").lstrip(SPACES).partition("=")
        name = key.rstrip(_PLAIN_BLANK).lower()
        if not comment.startswith("#") or not equals or not value or name not in _DIRECTIVES:
            break
        if name in found:
            raise Unreadable(number, f"a second {name} directive")
        found[name] = value.strip(_PLAIN_BLANK)
        if name == "escape" and found[name] not in ("\\", "`"):
            raise Unreadable(number, f"{short(found[name])} is no escape character: it is \\ or `")
    return found


def _is_foreign(text: str) -> bool:
    """Whether a ``syntax`` directive asks for a frontend that may know more instructions than Docker's own."""
    image = _directives(text.removeprefix("\ufeff").split("\n")).get("syntax", "").partition(" ")[0]
    directory, slash, name = image.partition("@")[0].rpartition("/")
    return bool(image) and not (directory + slash + name.partition(":")[0]).endswith(_FRONTENDS)


def _first(text: str) -> tuple[str, str]:
    """The first word of *text*, and the blank behind it, if there is one."""
    word, blank, _ = text.partition(" ")
    before, other, _ = word.translate(_BLANKS).partition(" ")
    return before, other or blank


def _flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The flags that *text* starts with, and the rest. BuildKit reads them byte by byte, whatever the encoding."""
    if not text.startswith("--"):
        return (), text
    flags: list[str] = []
    octets = _octets(text)
    place = 0
    while octets.startswith("--", place):
        flag, place = _flag(octets, place, escape)
        if flag == "--":
            break
        flags.append(flag)
        while place < len(octets) and octets[place] in _BYTE_SPACES:
            place += 1
    return tuple(flags), _text(octets[place:])


def _flag(octets: str, place: int, escape: str) -> tuple[str, int]:
    """The flag at *place*, without its quotes, and where it ends."""
    end = octets.find(" ", place)
    if end >= 0 and escape not in octets[place:end] and _NO_PLAIN_FLAG.isdisjoint(octets[place:end]):
        return octets[place:end], end
    flag = quote = ""
    while place < len(octets) and (quote or octets[place] not in _BYTE_SPACES):
        character = octets[place]
        if character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
        elif character == escape:
            place += 1
            flag += octets[place : place + 1]
        else:
            flag += character
        place += 1
    return flag, min(place, len(octets))


def _whole(instruction: Instruction) -> tuple[str, ...]:
    return (instruction.text,) if instruction.text else ()


def _listed(instruction: Instruction) -> tuple[str, ...]:
    return tuple(word for word in instruction.text.translate(_BLANKS).split(" ") if word)


def _quoted(instruction: Instruction) -> tuple[str, ...]:
    return tuple(_quoted_words(instruction.text, instruction.escape))


def _checked_command(instruction: Instruction) -> tuple[str, ...]:
    """``CMD`` or ``NONE`` of a HEALTHCHECK, and what follows; split byte by byte, as flags are."""
    octets = _octets(instruction.text)
    end = next((place for place, octet in enumerate(octets) if octet in _BYTE_SPACES), len(octets))
    return tuple(_text(part) for part in (octets[:end], octets[end:].lstrip(_BYTE_SPACES)) if part)


def _octets(text: str) -> str:
    """*text* as the bytes that it is in UTF-8, each as a character."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _text(octets: str) -> str:
    return octets.encode("latin-1").decode("utf-8", "replace")


def _json(text: str, line: int) -> tuple[str, ...] | None:
    """The words of a JSON array, or None if *text* is none: it means the same as without the brackets then."""
    plain = _plain_json(text)
    if plain:
        return plain
    import json

    try:
        words = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(word, str) for word in words):
        raise Unreadable(line, "a JSON array of something else than strings")
    return tuple(word.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for word in words)


def _plain_json(text: str) -> tuple[str, ...]:
    r"""The words of a JSON array of one string or more that has no backslash: most have none, and importing json takes long."""
    parts = text.split('"')
    outside = [part.strip(" ") for part in parts[::2]]
    is_plain = len(parts) % 2 and outside == ["[", *[","] * (len(outside) - 2), "]"]
    return tuple(parts[1::2]) if is_plain and text.isprintable() and "\\" not in text else ()


def _refused(constant: str) -> None:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(constant)


def _pairs(instruction: Instruction) -> tuple[str, ...]:
    """The names and values of ENV or LABEL, in turns, with their quotes. Raises Unreadable."""
    text = instruction.text
    words = _quoted(instruction)
    if words and "=" not in words[0]:
        name, blank = _first(text)
        if not blank:
            raise Unreadable(instruction.line, f"{short(name)} has no value")
        return name, text[len(name) :].lstrip(_BLANK)
    found: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Unreadable(instruction.line, f"no = in {short(word)}")
        found += (name, value)
    return tuple(found)


_OPERANDS = {
    **dict.fromkeys((*TAKING, "volume", "from", "expose"), _listed),
    **dict.fromkeys(("env", "label"), _pairs),
    "arg": _quoted,
    "healthcheck": _checked_command,
}
"""What the operands of an instruction are; of any other the whole text."""


def _quoted_words(text: str, escape: str) -> list[str]:
    """The words of *text*, with their quotes and escapes; quotes hold together what is between them."""
    if text.isprintable() and escape not in text and "'" not in text and '"' not in text:
        return [word for word in text.split(" ") if word]  # of all blanks that one alone is printable
    words: list[str] = []
    word: list[str] = []
    quote = ""
    characters = iter(text)
    for character in characters:
        if character in SPACES and not quote:
            words += ["".join(word)] if word else []
            word = []
            continue
        if character == escape and quote != "'":
            following = next(characters, "")
            word += (character, following) if following else ()
            continue
        if character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
        word.append(character)
    return [*words, "".join(word)] if word else words


def _heredocs(joined: str) -> list[Heredoc]:
    """The heredocs that an instruction opens, in order, still empty; none if a quote or a substitution is left open."""
    try:
        words = Lexer(joined, raw_quotes=True, raw_escapes=True).words()
        return [heredoc for word in words if (heredoc := opened(word)) is not None]
    except ValueError:
        return []


def opened(word: str) -> Heredoc | None:
    """The heredoc that *word* opens, still empty, or None if it does not. Raises ValueError where its name is no word."""
    mark = word.lstrip(_DIGITS)
    strip_tabs = mark.startswith("<<-")
    name = mark[3 if strip_tabs else 2 :].lstrip(_PLAIN_BLANK)
    if not mark.startswith("<<") or not name or "<" in name:
        return None
    words = Lexer(name).words()
    if len(words) != 1:
        return None
    raw = Lexer(name, raw_quotes=True).words()
    if len(raw) != 1:
        raise ValueError(short(name))
    return Heredoc(words[0], expand=_quotes(words[0]) == _quotes(raw[0]), strip_tabs=strip_tabs)


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


def _contents(heredocs: list[Heredoc], lines: list[str], number: int, line: int) -> tuple[tuple[Heredoc, ...], int]:
    """The *heredocs* filled, and the index of the line behind them. Raises Unreadable if the end of one is missing."""
    for heredoc in heredocs:
        start = number
        while True:
            if number == len(lines):
                raise Unreadable(line, f"unterminated heredoc: no line is {short(heredoc.name)}")
            text = _checked(lines, number)
            number += 1
            if (text.lstrip("\t") if heredoc.strip_tabs else text) == heredoc.name:
                break
        heredoc.line = start + 1
        heredoc.content = "".join(f"{text}\n" for text in lines[start : number - 1])
    return tuple(heredocs), number


def literal(name: str, operator: str, *words: str) -> str:
    """A variable as it was written, as nobody knows its value: the substitution of a `Lexer` that is given none."""
    if not operator:
        return f"${name}"
    return f"${{{name}{operator.removesuffix('}')}{'/'.join(words)}}}"


class Lexer:
    """BuildKit's lexer of words with quotes, escapes and variables: shell/lex.go.

    *substitute* gets the name of a variable, the operator (``""`` for ``$x``, ``}`` for ``${x}``, or ``:-``, ``-``, ``:+``,
    ``+``, ``:?``, ``?``, ``#``, ``%``, ``/``, ``//``, or an unknown one) and the operator's words.
    """

    __slots__ = ("_buffer", "_depth", "_escape", "_place", "_raw_escapes", "_raw_quotes", "_substitute", "_text")

    def __init__(
        self,
        text: str,
        escape: str = "\\",
        substitute: Callable[..., str] = literal,
        *,
        raw_quotes: bool = False,
        raw_escapes: bool = False,
    ) -> None:
        self._text = text.removeprefix("\ufeff")
        self._escape = escape
        self._substitute = substitute
        self._raw_quotes = raw_quotes
        self._raw_escapes = raw_escapes
        self._place = self._depth = 0
        self._buffer: list[str] = []

    def word(self) -> str:
        """The text as one word, with its blanks. Raises ValueError for an open quote or a wrong substitution."""
        return self._until("", raw_escapes=self._raw_escapes)[0]

    def words(self) -> list[str]:
        """The words of the text, split at blanks. Raises ValueError as `word` does."""
        return self._until("", raw_escapes=self._raw_escapes)[1]

    def _next(self) -> str:
        character = self._text[self._place : self._place + 1]
        self._place += 1
        return character

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _until(self, stop: str, *, raw_escapes: bool) -> tuple[str, list[str]]:
        """The text up to *stop*, or to its end, in one piece and in words.

        What is in front of an inner substitution is lost to the words: BuildKit's lexer has but one buffer.
        """
        before, self._raw_escapes = self._raw_escapes, raw_escapes
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("substitutions nested too deeply")
        result: list[str] = []
        words: list[str] = []
        self._buffer.clear()
        while (character := self._next()) != stop:
            if not character:
                raise ValueError(f"no {stop}")
            piece, splits = self._piece(character)
            result.append(piece)
            self._add(piece, words, splits=splits)
        self._depth -= 1
        self._raw_escapes = before
        self._flush(words)
        return "".join(result), words

    def _piece(self, character: str) -> tuple[str, bool]:
        """What starts with *character*, and whether blanks in it split words."""
        if character == "$":
            return self._dollar(), True
        if character == "'":
            return self._single_quoted(), False
        if character == '"':
            return self._double_quoted(), False
        if character == "<":
            return self._less_than(), False
        if character == self._escape:
            return (character if self._raw_escapes else "") + self._next(), False
        return character, True

    def _add(self, piece: str, words: list[str], *, splits: bool) -> None:
        for part in piece if splits else (piece,):
            if splits and part in SPACES:
                self._flush(words)
            else:
                self._buffer.append(part)

    def _flush(self, words: list[str]) -> None:
        word = "".join(self._buffer)
        self._buffer.clear()
        if word:
            words.append(word)

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._place)
        if end < 0:
            raise ValueError("no closing single quote")
        start, self._place = self._place, end + 1
        return self._text[start - 1 : end + 1] if self._raw_quotes else self._text[start:end]

    def _double_quoted(self) -> str:
        result: list[str] = []
        while (character := self._next()) != '"':
            if not character:
                raise ValueError("no closing double quote")
            if character == "$":
                result.append(self._dollar())
                continue
            if character == self._escape:
                if self._raw_escapes:
                    result.append(character)
                if self._peek() in ('"', "$", self._escape):
                    character = self._next()
            result.append(character)
        return f'"{"".join(result)}"' if self._raw_quotes else "".join(result)

    def _less_than(self) -> str:
        """``<``, or ``<<`` with the blanks behind it, which a heredoc may have there."""
        if self._peek() != "<":
            return "<"
        start = self._place
        self._place += 1
        while self._peek() in ("\t", "\r", " "):
            self._place += 1
        return "<" + self._text[start : self._place]

    def _dollar(self) -> str:
        if self._peek() != "{":
            name = self._name()
            return self._substitute(name, "") if name else "$"
        self._place += 1
        if self._peek() in ("", "{", "}", ":"):
            raise ValueError("bad substitution")
        name = self._name()
        operator = self._next()
        if operator == "}":
            return self._substitute(name, operator)
        if operator == ":":
            operator += self._next()
            if operator in (":#", ":%"):
                raise ValueError(f"unsupported modifier {operator}")
        elif operator == "/":
            if self._peek() == "/":
                operator += self._next()
            pattern, _ = self._until("/", raw_escapes=True)
            return self._substitute(name, operator, pattern, self._until("}", raw_escapes=True)[0])
        elif operator not in ("+", "-", "?", "#", "%"):
            raise ValueError(f"unsupported modifier {operator}")
        return self._substitute(name, operator, self._until("}", raw_escapes=operator in ("#", "%"))[0])

    def _name(self) -> str:
        """The name of a variable: letters, digits and underscores, or digits only, or one of the shell's own."""
        start = self._place
        if self._peek().isdecimal():
            while self._peek().isdecimal():
                self._place += 1
        elif self._peek() and self._peek() in "@*#?-$!":
            self._place += 1
        else:
            while self._peek().isalpha() or self._peek().isdecimal() or self._peek() == "_":
                self._place += 1
        return self._text[start : self._place]


def _broken(text: str, places: Sequence[int]) -> str:
    """*text* with a backslash and a newline at *places*, each put off to where a shell takes them out again."""
    parts: list[str] = []
    done = 0
    kept = _kept(text) if any(mark in text for mark in "'\\#") else iter(())
    start = end = 0
    for place in places:
        while end <= place and start < len(text):
            start, end = next(kept, (len(text), len(text)))
        put = min(end if start < place else place, len(text))
        parts += (text[done:put], "\\\n")
        done = put
    return "".join([*parts, text[done:]])


def _kept(text: str) -> Iterator[tuple[int, int]]:
    """Where a shell keeps a backslash and a newline: between quotes ``'``, behind a backslash, in a comment."""
    within = [""]
    place = 0
    while place < len(text):
        character = text[place]
        plain = within[-1] != '"'
        end = place + 1
        if character == "\\":
            end = place + 2
        elif character == "'" and plain:
            end = text.find("'", end) + 1 or end
        elif character == "#" and plain and (not place or text[place - 1] in " \t;&|()"):
            end = len(text)
        else:
            _nest(within, character, plain=plain, opens=text[max(place - 1, 0)] == "$")
        if end > place + 1:
            yield place, end
        place = end


def _nest(within: list[str], character: str, *, plain: bool, opens: bool) -> None:
    """Keep in *within* what is open around a *character*: double quotes and parentheses."""
    if character == within[-1]:
        within.pop()
    elif character == '"':
        within.append('"')
    elif character == "(" and (plain or opens):
        within.append(")")
