"""File name patterns of CI systems: ``**`` is any number of directories, ``*`` and ``?`` stay within a name.

As in GitHub's ``hashFiles`` a pattern of a directory is one of all that lies in it. Paths are relative to the root.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pycache_hooks.readers.files import Files


def matching(files: Files, pattern: str, directory: str = "") -> list[str]:
    """The tracked files that *pattern*, seen from *directory*, matches."""
    return [path for path in _candidates(files, pattern, directory) if matches(pattern, _seen_from(directory, path))]


def matching_any(files: Files, patterns: Sequence[str], directory: str = "") -> list[str]:
    """The tracked files that the *patterns* match together: one that begins with ``!`` takes files away again."""
    found: dict[str, None] = {}
    for pattern in patterns:
        if pattern.startswith("!"):
            found = {path: None for path in found if not matches(pattern[1:], _seen_from(directory, path))}
        else:
            found.update(dict.fromkeys(matching(files, pattern, directory)))
    return list(found)


def matches(pattern: str, path: str) -> bool:
    """Whether *pattern* matches *path*, or a directory that it lies in."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    return bool(parts) and _reach(parts, path.split("/"), "**", _name_matches) is not None


def _name_matches(pattern: str, name: str) -> bool:
    """Whether *pattern* matches all of *name*; what stands in brackets counts as any one character."""
    if not any(special in pattern for special in "*?["):
        return pattern == name
    tokens, at = [], 0
    while at < len(pattern):
        end = pattern.find("]", at + 2) if pattern[at] == "[" else -1
        tokens.append("?" if end > 0 else pattern[at])
        at = max(at, end) + 1
    return _reach(tokens, name, "*", _char_matches) == len(name)


def _char_matches(token: str, char: str) -> bool:
    return token in ("?", char)


def _reach(tokens: Sequence[str], items: Sequence[str], star: str, fits: Callable[[str, str], bool]) -> int | None:
    """How many of *items* the *tokens* can match: all of them, or as few as possible; None if they match none.

    *star*: the token for any number of items. All ways are followed at once, so that time stays linear.
    """
    states, found = {0}, None
    for count in range(len(items) + 1):
        for state in sorted(states):  # a star may match nothing
            following = state
            while following < len(tokens) and tokens[following] == star:
                following += 1
                states.add(following)
        if len(tokens) in states and (found is None or count == len(items)):
            found = count
        if count < len(items):
            here = {state for state in states if state < len(tokens)}
            states = {state for state in here if tokens[state] == star}
            states |= {state + 1 for state in here if tokens[state] != star and fits(tokens[state], items[count])}
    return found


def _candidates(files: Files, pattern: str, directory: str) -> list[str]:
    """Tracked files among which are all that *pattern* can match."""
    pieces = [piece for part in pattern.split("/") if part not in (".", "..") for piece in _literals(part)]
    if not pattern.isprintable():
        return []
    literal = max(pieces, key=len, default="")
    found = files.named(literal) if literal else files.paths
    return [path for path in found if not directory or path.startswith(f"{directory}/")]


def _literals(part: str) -> list[str]:
    """Texts that every name has which *part* matches."""
    return part.partition("[")[0].replace("?", "*").split("*")


def _seen_from(directory: str, path: str) -> str:
    return path[len(directory) + 1 :] if directory else path
