"""What a .dockerignore keeps out of a build, exactly as BuildKit decides it.

Reading and matching are those of moby/patternmatcher, the walk over the tree that of tonistiigi/fsutil, on a Linux
host:

- https://github.com/moby/patternmatcher/blob/5a6d8429a19bb6948a372ff19e86fe83599a04b7/ignorefile/ignorefile.go
- https://github.com/moby/patternmatcher/blob/5a6d8429a19bb6948a372ff19e86fe83599a04b7/patternmatcher.go
- https://github.com/tonistiigi/fsutil/blob/6d9dc2ebad626eb645fb587f14225b3aa96ec010/filter.go
- https://github.com/moby/buildkit/blob/73ed6825c4b7569379ef89df0aedcdbe64473d31/session/filesync/filesync.go

Paths are those of os.fsdecode. Where a path or a file holds bytes that are not UTF-8, a pattern sees U+FFFD for each.
"""

from __future__ import annotations

from pycache_hooks.ignorefiles.golang import SPACE, as_runes, clean, is_malformed, simple_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pycache_hooks.ignorefiles.automaton import State
    from pycache_hooks.ignorefiles.podman import PodmanIgnore

    Matches = Callable[[str, int], bool]

MAX_LINE = 64 * 1024
BAD_PATTERN = "syntax error in pattern"
BAD_EXCEPTION = 'illegal exclusion pattern: "!"'
LONG_LINE = "bufio.Scanner: token too long"
BAD_HEADER = 'header key "exclude-patterns" contains value with non-printable ASCII characters'

# patternmatcher means to escape | { } as well, but its bitmap of 64 bits does not reach their codes.
ESCAPED = ".+()$"


class DockerIgnoreError(ValueError):
    """A line that makes every build with the file fail, and the reason in Docker's words."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Pattern:
    """One line of the file: its cleaned text, without the "!" of an exception."""

    __slots__ = ("exception", "line", "matches", "start", "text")

    def __init__(self, line: int, text: str, *, exception: bool) -> None:
        self.line = line
        self.text = text
        self.exception = exception
        #: whether the first `end` characters of a path match; of use only where start is None
        self.matches: Matches = _never
        #: where the expression of a pattern with wildcards begins
        self.start: State | None = None

    def compile(self) -> None:
        """Find the kind of the pattern, which decides how it matches. Raises DockerIgnoreError."""
        text = self.text
        source = text.removeprefix("\ufeff")  # Go's text/scanner drops it, the comparisons with the text do not
        if source.startswith("**") and not _has_wildcard(source[2:]):
            self.matches = _suffix(text[2:]) if source == text else _never
        elif not _has_wildcard(source):
            self.matches = _exact(text)
        elif source.endswith("**") and not _has_wildcard(source[:-2]):
            self.matches = _prefix(text[:-2])
        elif source == text and (names := simple_name(text.removeprefix("**/"))):
            self.matches = _last(names, floats=text.startswith("**/"))
        else:
            from pycache_hooks.ignorefiles import expressions

            try:
                self.start = expressions.compile_expression(expressions.from_pattern(text, ESCAPED) + "$")
            except expressions.ExpressionError:
                raise DockerIgnoreError(self.line, BAD_PATTERN) from None


class DockerIgnore:
    """The patterns of one file, and what they decide about files of the build context."""

    __slots__ = ("_data", "_podman", "_reach", "_root", "patterns")

    def __init__(self, data: bytes, patterns: tuple[Pattern, ...]) -> None:
        self.patterns = patterns
        self._data = data
        self._reach = _buildkit_reach(patterns)
        self._root = _Directory([False] * len(patterns), [pattern.start for pattern in patterns])
        self._podman: PodmanIgnore | None = None

    @classmethod
    def parse(cls, data: bytes) -> DockerIgnore:
        """Read a file, or raise DockerIgnoreError for one with which a build fails.

        Docker finds some errors only when it first needs a pattern, and may never need it. They count here.
        """
        entries = list(_read(data))
        patterns = tuple(_patterns(entries))
        _check_header(entries)
        for pattern in patterns:
            pattern.compile()
        return cls(data, patterns)

    def excludes(self, path: str) -> bool:
        """Whether the file at this path, relative to the context root, stays out of the build."""
        return self._decide(path, self._reach)[0]

    def deciding_line(self, path: str) -> int | None:
        """The line that last changed whether the file is excluded, from which it then was or was not."""
        return self._decide(path, self._reach)[1]

    def shipped_elsewhere(self, path: str) -> tuple[str, ...]:
        """The other builders that ship a file which BuildKit excludes.

        The classic builder always ships the .dockerignore and the Dockerfile, which this leaves out: no cache is one.
        """
        if not self.excludes(path):
            return ()
        if self._podman is None:
            from pycache_hooks.ignorefiles.podman import PodmanIgnore

            self._podman = PodmanIgnore(self._data)
        builders = []
        if self._podman.ships(path):
            builders.append("Podman")
        if not self._decide(path, _classic_reach(self.patterns))[0]:
            builders.append("the classic builder")
        return tuple(builders)

    def _decide(self, path: str, reach: tuple[str, ...] | None) -> tuple[bool, int | None]:
        """Walk from the root to the file: whether it is excluded, and the line that decided."""
        directory = self._root
        start = 0
        while (end := path.find("/", start)) >= 0:
            directory = directory.entries.get(path[start:end]) or self._enter(directory, path, start, end)
            if directory.excluded and not _reaches(reach, path, end):
                return True, directory.line
            start = end + 1
        return self._judge(directory, path, start, len(path))[1:]

    def _judge(self, parent: _Directory, path: str, start: int, end: int) -> tuple[list[bool], bool, int | None]:
        """Judge `path[:end]`, an entry of `parent` named `path[start:end]`: what matches it, the verdict, the line.

        A pattern that would not change the verdict is not asked, and then its match is not there to be inherited.
        """
        name = as_runes(path[start:end])
        matched = []
        excluded = False
        line = None
        for pattern, inherited, state in zip(self.patterns, parent.matched, parent.states, strict=True):
            hit = inherited
            if not hit and pattern.exception is excluded:
                hit = pattern.matches(path, end) if state is None else _advance(state, name).accepts
            matched.append(hit)
            if hit and pattern.exception is excluded:
                excluded = not excluded
                line = pattern.line
        return matched, excluded, line

    def _enter(self, parent: _Directory, path: str, start: int, end: int) -> _Directory:
        matched, excluded, line = self._judge(parent, path, start, end)
        name = as_runes(path[start:end])
        states = [None if state is None else _advance(state, name + "/") for state in parent.states]
        directory = parent.entries[path[start:end]] = _Directory(matched, states, excluded=excluded, line=line)
        return directory


class _Directory:
    """What the walk remembers of a directory: so asking about many paths asks about each directory once.

    matched: for each pattern, whether it matched the directory or one above.
    states: for each pattern that is an expression, its state after the slash.
    """

    __slots__ = ("entries", "excluded", "line", "matched", "states")

    def __init__(
        self, matched: list[bool], states: list[State | None], *, excluded: bool = False, line: int | None = None
    ) -> None:
        self.matched = matched
        self.states = states
        self.excluded = excluded
        self.line = line
        self.entries: dict[str, _Directory] = {}


def _read(data: bytes) -> Iterator[tuple[int, str]]:
    """`ignorefile.ReadAll`: the number and the cleaned text of each line that is more than a comment."""
    lines = data.split(b"\n")
    for number, raw in enumerate(lines, start=1):
        if len(raw) >= MAX_LINE:
            raise DockerIgnoreError(number, LONG_LINE)
        line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        text = line.decode("utf-8", "surrogateescape")
        if text.startswith("#"):
            continue
        text = text.strip(SPACE)
        mark = "!" if text.startswith("!") else ""
        text = text.removeprefix("!").strip(SPACE)
        if text:
            text = clean(text)
            yield number, mark + (text[1:] if text.startswith("/") and text != "/" else text)
        elif mark:
            yield number, mark


def _patterns(entries: Iterable[tuple[int, str]]) -> Iterator[Pattern]:
    """`patternmatcher.New`, which cleans the texts of the reader again: so "/!x" is an exception."""
    for number, entry in entries:
        text = entry.strip(SPACE)
        if text:
            text = clean(text)
            if text == "!":
                raise DockerIgnoreError(number, BAD_EXCEPTION)
            exception = text.startswith("!")
            text = text.removeprefix("!")
            if is_malformed(text):
                raise DockerIgnoreError(number, BAD_PATTERN)
            yield Pattern(number, as_runes(text), exception=exception)


def _check_header(entries: list[tuple[int, str]]) -> None:
    """BuildKit sends the patterns in a header, where gRPC wants printable ASCII. If one is not ASCII, all are encoded."""
    if all(text.isascii() for _, text in entries):
        for number, text in entries:
            if not text.isprintable():
                raise DockerIgnoreError(number, BAD_HEADER)


def _has_wildcard(text: str) -> bool:
    return not _WILDCARDS.isdisjoint(text)


_WILDCARDS = frozenset("*?[]\\")


def _never(path: str, end: int) -> bool:  # noqa: ARG001
    return False


def _exact(text: str) -> Matches:
    return lambda path, end: end == len(text) and path.startswith(text, 0, end)


def _prefix(text: str) -> Matches:
    return lambda path, end: path.startswith(text, 0, end)


def _suffix(text: str) -> Matches:
    if not text.startswith("/"):
        return lambda path, end: path.endswith(text, 0, end)
    alone = _exact(text[1:])
    return lambda path, end: path.endswith(text, 0, end) or alone(path, end)


def _last(names: Callable[[str], bool], *, floats: bool) -> Matches:
    """What matches by its last name: one in the root, or one that *floats* behind ``**/``, which takes no line break."""

    def matches(path: str, end: int) -> bool:
        start = path.rfind("/", 0, end) + 1
        return (not start or (floats and "\n" not in path[:start])) and names(path[start:end])

    return matches


def _advance(state: State, text: str) -> State:
    for char in text:
        state = state[char]
    return state


def _buildkit_reach(patterns: Iterable[Pattern]) -> tuple[str, ...] | None:
    """The beginnings of the paths below an excluded directory that make BuildKit look into it; None: all make it.

    It looks everywhere if an exception has a wildcard, but the last "/*" and "/**" do not count as one: "*" and
    "!src/*/**" keep all of src out. It is a shortcut of fsutil's that was meant to change nothing.
    """
    texts = [pattern.text.removesuffix("/**").removesuffix("/*") for pattern in patterns if pattern.exception]
    if any(not _WILDCARDS_OF_FSUTIL.isdisjoint(text) for text in texts):
        return None
    return tuple(text + "/" for text in texts)


_WILDCARDS_OF_FSUTIL = frozenset("*[]?^\\")


def _classic_reach(patterns: Iterable[Pattern]) -> tuple[str, ...]:
    """The same for the classic builder, which goes by the text of the exceptions only.

    https://github.com/moby/go-archive/blob/07624f9dcf8dfb99eacc7cd4b678fc44fb0c3786/archive.go (Tarballer.Do)
    """
    return tuple(pattern.text + "/" for pattern in patterns if pattern.exception)


def _reaches(reach: tuple[str, ...] | None, path: str, end: int) -> bool:
    """Whether the excluded directory `path[:end]` is looked into."""
    return reach is None or any(len(text) > end and path.startswith(text[: end + 1]) for text in reach)
