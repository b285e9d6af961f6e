"""What Go's standard library does to the lines of an ignore file before any builder's own rule."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# unicode.IsSpace. str.strip() without an argument would also take U+001C to U+001F.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


LIVE = frozenset("/\\+*?()|[]{}^$")
"""What is no plain text in a name, for one builder or the other."""


def clean(path: str) -> str:
    """`filepath.Clean`: the shortest name of the same path.

    It is not posixpath.normpath, which keeps two leading slashes.
    """
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts and parts[-1] != "..":
                parts.pop()
            elif not rooted:
                parts.append(part)
        elif part not in ("", "."):
            parts.append(part)
    return "/" * rooted + "/".join(parts) or "."


def as_runes(text: str) -> str:
    """`range` over a string: a byte that is not UTF-8 (to us a lone surrogate) counts as U+FFFD."""
    if text.isascii():
        return text
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def simple_name(pattern: str) -> Callable[[str], bool] | None:
    """What tells whether a name matches *pattern*, if that is plain but for one star and a set of letters, as most are.

    None for any other, which takes an expression: to make one of each takes milliseconds.
    """
    head, _, rest = pattern.partition("[")
    letters, closed, tail = rest.partition("]")
    alternatives = [head + letter + tail for letter in letters] if closed and letters.isalnum() else [pattern]
    ends = [each.partition("*") for each in alternatives]
    plain = pattern.isascii() and pattern.isprintable()
    if not plain or not all(star and LIVE.isdisjoint(first + last) for first, star, last in ends):
        return None
    return lambda name: any(
        len(name) >= len(first + last) and name.startswith(first) and name.endswith(last) for first, _, last in ends
    )


def is_malformed(pattern: str) -> bool:
    """Whether `filepath.Match(pattern, ".")` fails, which is how the builders check the syntax of a line.

    Match takes a pattern apart into chunks, each with the stars before it, and stops at the first that does not match:
    a mistake after it goes unseen. A chunk matches one character or more, so the second one is looked at only where
    the first is a single item that matches the dot, and a third one never.
    """
    first, rest = _split_chunk(pattern)
    try:
        if _items(first) == [True]:
            _items(_split_chunk(rest)[0])
    except _BadPatternError:
        return True
    return False


class _BadPatternError(Exception):
    """Go's filepath.ErrBadPattern."""


def _split_chunk(pattern: str) -> tuple[str, str]:
    """The text between the leading stars and the next star outside of a class, and what follows it."""
    pattern = pattern.lstrip("*")
    in_class = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "*" and not in_class:
            break
        if char in "[]":
            in_class = char == "["
        position += 2 if char == "\\" else 1
    return pattern[:position], pattern[position:]


def _items(chunk: str) -> list[bool]:
    """For each item of a chunk, whether it matches a dot."""
    items = []
    position = 0
    while position < len(chunk):
        char = chunk[position]
        position += 1
        if char == "[":
            matches, position = _class(chunk, position)
        elif char == "\\":
            if position == len(chunk):
                raise _BadPatternError
            matches = chunk[position] == "."
            position += 1
        else:
            matches = char in ".?"
        items.append(matches)
    return items


def _class(chunk: str, position: int) -> tuple[bool, int]:
    """Whether the class whose bracket ends at `position` matches a dot, and the position after it."""
    negated = chunk.startswith("^", position)
    position += negated
    found = False
    empty = True
    while empty or chunk[position] != "]":
        empty = False
        low, position = _class_char(chunk, position)
        high = low
        if chunk[position] == "-":
            high, position = _class_char(chunk, position + 1)
        found = found or low <= "." <= high
    return found != negated, position + 1


def _class_char(chunk: str, position: int) -> tuple[str, int]:
    """One end of a range in a class, and the position after it, where there always is another character."""
    if chunk.startswith(("-", "]"), position):
        raise _BadPatternError
    position += chunk.startswith("\\", position)
    if position + 1 >= len(chunk) or as_runes(chunk[position]) != chunk[position]:
        raise _BadPatternError
    return chunk[position], position + 1
