r"""Docker patterns as regular expressions, matched in time linear in the path.

The builders turn a pattern with a wildcard into a regular expression for Go's regexp package, which is RE2, and what
they forget to escape is live: `\d`, `|` and `{2}` mean in a pattern what they mean there. So this is that language, as
far as a pattern can reach it: there is no `(?...)`, as each `?` becomes a class. Python's `re` reads some of it another
way, and goes back where it went wrong: `*a*a*a*b` costs it the fourth power of the path's length.

The grammar is https://github.com/google/re2/wiki/Syntax, and the limits are those of Go's parser:
https://github.com/golang/go/blob/go1.25.0/src/regexp/syntax/parse.go
"""

from __future__ import annotations

from pycache_hooks.ignorefiles.automaton import EDGE, WORD, Assertion, Fork, Operation, start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycache_hooks.ignorefiles.automaton import Condition, State, Test

MAX_RUNE = 0x10FFFF
MAX_REPEAT = 1000
MAX_DEPTH = 1000
MAX_OPERATIONS = (128 << 20) // 40  # the largest program of regexp/syntax


class ExpressionError(ValueError):
    """What regexp.Compile refuses."""


def from_pattern(pattern: str, escaped: str) -> str:
    """The expression, without its end, that the builders make of a pattern: `escaped` is what they escape."""
    parts = ["^"]
    position = 0
    pattern = pattern.removeprefix("\ufeff")  # Go's text/scanner drops it
    while position < len(pattern):
        char = pattern[position]
        width = 1
        if pattern.startswith("**", position):
            width = 3 if pattern.startswith("/", position + 2) else 2
            parts.append("(.*/)?" if position + width < len(pattern) else ".*")
        elif char == "*":
            parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char in escaped:
            parts.append("\\" + char)
        elif char == "\\":
            width = 2
            parts.append(pattern[position : position + 2])
        else:
            parts.append(char)
        position += width
    return "".join(parts)


def compile_expression(expression: str) -> State:
    """The state before the first character. Raises ExpressionError where Go does."""
    return start(_Parser(expression).program())


class _Piece:
    """The operations of what a repetition would repeat, and how often the repetitions in it multiply it."""

    __slots__ = ("factor", "operations")

    def __init__(self, operations: list[Operation], factor: int = 1) -> None:
        self.operations = operations
        self.factor = factor


class _Parser:
    """One pass over an expression. The stack holds the open groups, each as alternatives, each as pieces."""

    __slots__ = ("_groups", "_position", "_size", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._size = 0
        self._groups: list[list[list[_Piece]]] = [[[]]]

    def program(self) -> list[Operation]:
        repeated = False
        while self._position < len(self._text):
            times = self._repetition()
            if times is None:
                self._item()
            else:
                pieces = self._groups[-1][-1]
                if repeated or not pieces:
                    raise ExpressionError("a repetition of nothing or of a repetition")
                pieces[-1] = self._repeat(pieces[-1], *times)
            repeated = times is not None
        if len(self._groups) > 1:
            raise ExpressionError("a group is not closed")
        return _join(self._groups[0]).operations

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > MAX_OPERATIONS:
            raise ExpressionError("the expression is too large")

    def _add(self, operation: Operation) -> None:
        self._grow(1)
        self._groups[-1][-1].append(_Piece([operation]))

    def _take(self, count: int = 1) -> str:
        start = self._position
        self._position += count
        return self._text[start : self._position]

    def _at(self, text: str) -> bool:
        return self._text.startswith(text, self._position)

    def _take_to(self, end: str) -> str:
        position = self._text.find(end, self._position)
        if position < 0:
            raise ExpressionError(f"there is no {end!r}")
        text = self._take(position - self._position)
        self._take(len(end))
        return text

    def _item(self) -> None:
        char = self._take()
        if char == "(":
            self._groups.append([[]])
            if len(self._groups) > MAX_DEPTH:
                raise ExpressionError("groups are nested too deeply")
        elif char == ")":
            group = _join(self._groups.pop())
            if not self._groups:
                raise ExpressionError("a group is not opened")
            self._groups[-1][-1].append(group)
        elif char == "|":
            self._grow(2)
            self._groups[-1].append([])
        elif char == "[":
            self._add(Operation(self._class()))
        elif char == ".":
            self._add(Operation("\n".__ne__))
        elif char in _EDGES:
            self._add(Assertion(_EDGES[char]))
        elif char == "\\":
            self._escape()
        else:
            self._add(Operation(char.__eq__))

    def _escape(self) -> None:
        char = self._text[self._position : self._position + 1]
        if char == "Q":
            self._take()
            end = self._text.find("\\E", self._position)
            for literal in self._take((end if end >= 0 else len(self._text)) - self._position):
                self._add(Operation(literal.__eq__))
            self._take(2)
        elif char in _ESCAPED_EDGES:
            self._take()
            self._add(Assertion(_ESCAPED_EDGES[char]))
        else:
            self._add(Operation(self._class_escape() or self._char_escape().__eq__))

    def _class_escape(self) -> Test | None:
        """The set that a backslash and the letter here stand for, if they stand for one."""
        letter = self._text[self._position : self._position + 1]
        if letter == "" or letter not in "dswDSWpP":
            return None
        self._take()
        if letter in "pP":
            return _unicode(self._unicode_name(), negated=letter == "P")
        return _ranges(_PERL[letter.lower()], negated=letter.isupper())

    def _unicode_name(self) -> str:
        name = self._take()
        if name == "{":
            name = self._take_to("}")
        return name

    def _char_escape(self) -> str:
        """The character that a backslash and the text here stand for."""
        char = self._take()
        if char == "x":
            if self._at("{"):
                self._take()
                digits = self._take_to("}")
            else:
                digits = self._take(2).ljust(2)  # one digit is none
            if digits and _HEXADECIMAL.issuperset(digits) and int(digits, 16) <= MAX_RUNE:
                return chr(int(digits, 16))
        elif char in _OCTAL:
            digits = char
            for _ in range(2):
                digits += self._take(self._text[self._position : self._position + 1] in _OCTAL)
            if digits == "0" or len(digits) > 1:
                return chr(int(digits, 8))
        elif char in _CONTROL:
            return _CONTROL[char]
        elif char.isascii() and char and not char.isalnum():
            return char
        raise ExpressionError("an escape of no meaning")

    def _class(self) -> Test:
        """The set between the bracket that was taken and its end."""
        negated = self._at("^")
        self._take(negated)
        members = [self._class_member()]
        while not self._at("]"):
            members.append(self._class_member())
        self._take()
        return lambda char: any(member(char) for member in members) != negated

    def _class_member(self) -> Test:
        if self._at("[:") and self._text.find(":]", self._position + 2) > 0:
            self._take(2)
            name = self._take_to(":]")
            if name.removeprefix("^") not in _POSIX:
                raise ExpressionError("a class of no meaning")
            return _ranges(_POSIX[name.removeprefix("^")], negated=name.startswith("^"))
        if self._at("\\"):
            start = self._position
            self._take()
            found = self._class_escape()
            if found is not None:
                return found
            self._position = start
        low = self._class_char()
        high = low
        if self._at("-") and not self._at("-]"):
            self._take()
            high = self._class_char()
        if low > high:
            raise ExpressionError("a range that runs backwards")
        return lambda char: low <= char <= high

    def _class_char(self) -> str:
        char = self._take()
        if char == "":
            raise ExpressionError("a class is not closed")
        return self._char_escape() if char == "\\" else char

    def _repetition(self) -> tuple[int, int | None] | None:
        """The bounds of the repetition here, if there is one. A brace that does not begin one is a character."""
        char = self._text[self._position]
        if char in _REPETITIONS:
            self._take()
            return _REPETITIONS[char]
        if char != "{":
            return None
        start = self._position
        self._take()
        low = self._number()
        high: int | None = low
        if self._at(","):
            self._take()
            high = None if self._at("}") else self._number()
        if _NO_NUMBER in (low, high) or not self._at("}"):
            self._position = start
            return None
        self._take()
        if low > MAX_REPEAT or (high is not None and not low <= high <= MAX_REPEAT):
            raise ExpressionError("bounds of a repetition that are too large or the wrong way round")
        return low, high

    def _number(self) -> int:
        end = self._position
        while self._text[end : end + 1] in _DIGITS:
            end += 1
        digits = self._take(end - self._position)
        if digits == "" or (digits[0] == "0" and digits != "0"):
            return _NO_NUMBER
        return int(digits[:5])  # enough to be too large, and int() refuses some thousand digits

    def _repeat(self, piece: _Piece, low: int, high: int | None) -> _Piece:
        body = piece.operations
        size = len(body)
        most = low if high is None else high
        factor = piece.factor * max(most, 1)
        if most > 1 and factor > MAX_REPEAT:
            raise ExpressionError("repetitions multiply to too large a number")
        self._grow(size * (most - 1) + (2 if high is None else high - low))
        if high is not None:
            return _Piece(body * low + [Fork(1, size + 1), *body] * (high - low), factor if high else 1)
        if low == 0:
            return _Piece([Fork(1, size + 2), *body, Fork(-size - 1)], factor)
        return _Piece(body * low + [Fork(-size, 1)], factor)


def _join(alternatives: list[list[_Piece]]) -> _Piece:
    """One piece that matches what any of the alternatives matches."""
    bodies = [[operation for piece in pieces for operation in piece.operations] for pieces in alternatives]
    factor = max((piece.factor for pieces in alternatives for piece in pieces), default=1)
    if len(bodies) == 1:
        return _Piece(bodies[0], factor)
    starts = [1]
    for body in bodies:
        starts.append(starts[-1] + len(body) + 1)
    end = starts.pop()
    operations: list[Operation] = [Fork(*starts)]
    for body in bodies:
        operations += body
        operations.append(Fork(end - len(operations)))
    return _Piece(operations, factor)


def _ranges(pairs: str, *, negated: bool) -> Test:
    """The set of the ranges whose ends are written one after the other."""
    return lambda char: any(pairs[i] <= char <= pairs[i + 1] for i in range(0, len(pairs), 2)) != negated


def _unicode(name: str, *, negated: bool) -> Test:
    r"""The set of a Unicode category, as in `\pL`, or of a script.

    Python has no table of scripts. The names of most begin the names of their letters, which is near enough here.
    """
    import unicodedata

    if name.startswith("^"):
        name = name[1:]
        negated = not negated
    if name == "Any":
        return lambda _: not negated
    if name in _CATEGORIES:
        return lambda char: unicodedata.category(char).startswith(name) != negated
    if name[1:] == "" or not name.replace("_", "").isalpha():
        raise ExpressionError("a category of no meaning")
    script = name.upper().replace("_", " ") + " "
    return lambda char: unicodedata.name(char, "").startswith(script) != negated


_EDGES: dict[str, Condition] = {
    "^": lambda before, _: before == EDGE,
    "$": lambda _, after: after == EDGE,
}
_ESCAPED_EDGES: dict[str, Condition] = {
    "A": _EDGES["^"],
    "z": _EDGES["$"],
    "b": lambda before, after: (before == WORD) != (after == WORD),
    "B": lambda before, after: (before == WORD) == (after == WORD),
}
_REPETITIONS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_NO_NUMBER = -1
_DIGITS = frozenset("0123456789")
_OCTAL = frozenset("01234567")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PERL = {"d": "09", "s": "\t\n\f\r  ", "w": "09AZ__az"}
_POSIX = {
    "alnum": "09AZaz",
    "alpha": "AZaz",
    "ascii": "\0\x7f",
    "blank": "\t\t  ",
    "cntrl": "\0\x1f\x7f\x7f",
    "digit": "09",
    "graph": "!~",
    "lower": "az",
    "print": " ~",
    "punct": "!/:@[`{~",
    "space": "\t\r  ",
    "upper": "AZ",
    "word": "09AZ__az",
    "xdigit": "09AFaf",
}
_CATEGORIES = frozenset(
    "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split()
)
