"""The words of a shell script without their quotes, and what stands in them: expansions, arithmetic, substitutions."""

from __future__ import annotations

ENDS = " \t\n;&|<>()"
"""What a word ends at, unless it is quoted."""

_QUOTES = "'\"\\$`\0"
_SPECIAL = frozenset(ENDS + _QUOTES)

DEEPEST = 30
"""Levels of nesting that are read; a script with more of them is read up to there."""

_ESCAPES = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CODES = {"x": 2, "u": 4, "U": 8}
_OCTAL = "01234567"
_HEXADECIMAL = "0123456789abcdefABCDEF"
_HIGHEST = 0x10FFFF


class Words:
    """Reads words of *text*, whose first line has the number *line*. The commands in them are for its heirs to read.

    A NUL in *text* is a line break that a level above has dropped behind a backslash: it counts as a line and as
    nothing else. ``at``: how far it is read. ``depth``: how deep it lies in others, and may not go on for ever.
    """

    __slots__ = ("at", "counted", "depth", "end", "line", "text")

    def __init__(self, text: str, line: int, depth: int) -> None:
        self.text = text
        self.end = len(text)
        self.at = 0
        self.line = line
        self.counted = 0
        self.depth = depth

    def word(self) -> str:
        """The word that begins here, without its quotes. A dropped line break in it is a NUL."""
        text, end = self.text, self.end
        parts: list[str] = []
        while True:
            start = at = self.at
            while at < end and text[at] not in _SPECIAL:
                at += 1
            parts.append(text[start:at])
            self.at = at
            char = text[at : at + 1]
            if char and char in _QUOTES:
                self.quoted(parts)
            elif char in ("<", ">") and text.startswith("(", at + 1):
                self.substitution(parts)
            elif char == "(" and at > start and text[at - 1] in "=?*+@!":
                self.group(parts)
            else:
                return "".join(parts)

    def quoted(self, parts: list[str]) -> None:
        """A quote, a backslash or an expansion outside of double quotes."""
        char = self.text[self.at]
        if char == "'":
            start = self.at + 1
            stop = self.text.find("'", start)
            self.at = self.end if stop < 0 else stop + 1
            parts.append(self.text[start : stop if stop >= 0 else self.end])
        elif char == '"':
            self.at += 1
            self.double(parts, '"')
        elif char == "\\":
            escaped = self.text[self.at + 1 : self.at + 2]
            parts.append("\0" if escaped == "\n" else escaped or "\\")
            self.at += 2
        elif char == "\0":
            parts.append(char)
            self.at += 1
        else:
            self.expansion(parts, quote="")

    def double(self, parts: list[str], quote: str) -> None:
        """The rest of what stands in double quotes; of a heredoc's content if *quote* is empty."""
        text, end = self.text, self.end
        while self.at < end:
            start = at = self.at
            while at < end and text[at] not in '"\\$`':
                at += 1
            parts.append(text[start:at])
            self.at = at
            char = text[at : at + 1]
            if char and char in "$`":
                self.expansion(parts, quote='"')
                continue
            self.at += 1
            if char == "\\":
                escaped = text[self.at : self.at + 1]
                self.at += 1
                kept = escaped if escaped and escaped in f"$`\\{quote}" else char + escaped
                parts.append("\0" if escaped == "\n" else kept)
            elif char == quote:
                break
            else:
                parts.append(char)

    def expansion(self, parts: list[str], quote: str) -> None:
        """What a `$` or a backtick begins, taken over as it is written. *quote*: the quote around it."""
        text, start = self.text, self.at
        following = text[start + 1 : start + 2]
        if text[start] == "`":
            self.backticks(quote)
        elif following == "(":
            self.at += 1
            if text.startswith("((", self.at) and self.arithmetic():
                parts.append(text[start : self.at])
            else:
                self.at = start
                self.substitution(parts)
            return
        elif following == "{":
            self.braces(quote)
        elif following == "'" and not quote:
            self.at += 2
            self.ansi(parts)
            return
        elif following == '"' and not quote:
            self.at += 2
            self.double(parts, '"')
            return
        else:
            self.at += 2 if following == "$" else 1
        parts.append(text[start : self.at])

    def substitution(self, parts: list[str]) -> None:
        """Go past `$(commands)`, `<(commands)` or `>(commands)`."""

    def backticks(self, quote: str) -> None:
        """Go past the commands between backticks."""

    def braces(self, quote: str) -> None:
        """`${NAME}` with all that may stand in it, or a GitHub `${{ expression }}`."""
        text = self.text
        if text.startswith("${{", self.at):
            stop = text.find("}}", self.at)
            self.at = self.end if stop < 0 else stop + 2
            return
        if not self.deeper():
            return
        at = self.at + 2
        while text[at : at + 1].isalnum() or text.startswith("_", at):
            at += 1
        quoting = not quote or text[at : at + 1] in ("#", "%", "/", "^", ",")
        self.at += 2
        ignored: list[str] = []
        while self.at < self.end and text[self.at] != "}":
            char = text[self.at]
            if char in _QUOTES and (char != "'" or quoting):
                self.quoted(ignored)
            else:
                self.at += 1
        self.at += 1
        self.depth -= 1

    def ansi(self, parts: list[str]) -> None:
        """The rest of `$'text'`."""
        text = self.text
        while self.at < self.end and text[self.at] != "'":
            char = text[self.at]
            self.at += 1
            parts.append(self.escape() if char == "\\" else char)
        self.at += 1

    def escape(self) -> str:
        """What an escape sequence of `$'text'` stands for, from behind its backslash."""
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char == "c":
            self.at += 1
            return chr(ord(self.text[self.at - 1 : self.at] or "@") & 0x1F)
        if char in _CODES:
            return self.code(_HEXADECIMAL, _CODES[char], 16) or "\\" + char
        if char and char in _OCTAL:
            self.at -= 1
            return self.code(_OCTAL, 3, 8)
        return char if char and char in "\\'\"?" else "\\" + char

    def code(self, digits: str, longest: int, base: int) -> str:
        """The character with the number that is written here."""
        start = self.at
        while self.at < min(start + longest, self.end) and self.text[self.at] in digits:
            self.at += 1
        number = int(self.text[start : self.at] or "0", base)
        return chr(number) if 0 < number <= _HIGHEST else ""

    def group(self, parts: list[str]) -> None:
        """The elements of an array, or the alternatives of a pattern: taken over with their parentheses."""
        start = self.at
        self.at += 1
        self.balanced(1)
        parts.append(self.text[start : self.at])

    def balanced(self, depth: int) -> None:
        """Go past the closing parenthesis of the outermost of *depth* open ones."""
        ignored: list[str] = []
        text = self.text
        while self.at < self.end and depth:
            char = text[self.at]
            if char in _QUOTES:
                self.quoted(ignored)
            elif char == "#" and text[self.at - 1] in " \t\n":
                self.comment()
            else:
                depth += (char == "(") - (char == ")")
                self.at += 1

    def arithmetic(self) -> bool:
        """Go past `((expression))`; or stay, if these are parentheses of subshells."""
        text, at, depth = self.text, self.at + 2, 2
        while at < self.end and depth > 1:
            char = text[at]
            if char in "'\"":
                at = text.find(char, at + 1)
                if at < 0:
                    return False
            elif char == "\\":
                at += 1
            depth += (char == "(") - (char == ")")
            at += 1
        if depth > 1 or not text.startswith(")", at):
            return False
        self.at += 2
        ignored: list[str] = []
        while self.at < at:
            if text[self.at] in "$`":
                self.expansion(ignored, quote="")
            else:
                self.at += 1
        self.at = max(self.at, at + 1)
        return True

    def comment(self) -> None:
        """Go to the end of the line."""
        stop = self.text.find("\n", self.at)
        self.at = self.end if stop < 0 else stop

    def deeper(self) -> bool:
        """Go one level down, unless it is too deep: then the rest is left unread."""
        if self.depth >= DEEPEST:
            self.at = self.end
            return False
        self.depth += 1
        return True

    def line_at(self, position: int) -> int:
        """The number of the line of *position*, which never goes back."""
        counted = self.counted
        if position > counted:
            self.line += self.text.count("\n", counted, position) + self.text.count("\0", counted, position)
            self.counted = position
        return self.line
