"""What Podman and buildah ship by the same file: their own reader, and their own flat matching.

As in buildah 1.28.2 of 2022 and, unchanged, in its source of June 2026,
https://github.com/containers/buildah/tree/5b1b18eebdc249bf445fe58b6f3d82fa91f35cf7, there

- ParseIgnoreReader in vendor/github.com/openshift/imagebuilder/builder.go,
- NewPatternMatcher and Matches in vendor/go.podman.io/storage/pkg/fileutils/fileutils.go,
- copierHandlerGet in copier/copier.go.
"""

from __future__ import annotations

from pycache_hooks.ignorefiles.golang import LIVE, SPACE, as_runes, clean, is_malformed, simple_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycache_hooks.ignorefiles.automaton import State

ESCAPED = ".$"

_LIVE = LIVE - {"/"}


class _Refused(Exception):
    """A line that Podman fails on."""


class _Pattern:
    """One line: whether it is an exception, and its expression; in its place a *name*, or what *matches* one, if it is that.

    Such a name is one of the root, or *floats*: behind ``**/`` it is one of any directory.
    """

    __slots__ = ("exception", "floats", "matches", "name", "state")

    def __init__(self, text: str, *, exception: bool) -> None:
        """Raises _Refused."""
        self.exception = exception
        self.name = text.removeprefix("**/")
        self.floats = self.name != text
        self.matches = simple_name(self.name)
        self.state: State | None = None
        if not self.matches and not (self.name.isascii() and self.name.isprintable() and _LIVE.isdisjoint(self.name)):
            self.state = _compile(text)

    def names(self, path: str) -> bool:
        """Whether the name is that of *path*, or of a directory that it lies in. An expression's dot is no line break."""
        if self.matches:
            breaks, parts = path.count("\n"), path.split("/")
            names = parts if self.floats else parts[:1]
            return any(self.matches(name) and name.count("\n") == breaks for name in names)
        inside = f"/{path}/"
        found = f"/{self.name}/" in inside if self.floats else inside.startswith(f"/{self.name}/")
        return found and "\n" not in path


class PodmanIgnore:
    """The patterns of one file. A file that Podman refuses ships nothing: its builds fail."""

    __slots__ = ("_exceptions", "_patterns")

    def __init__(self, data: bytes) -> None:
        self._patterns: list[_Pattern] | None = []
        self._exceptions: list[str] = []
        try:
            for exception, text in _read(data):
                self._patterns.append(_Pattern(text, exception=exception))
                if exception:
                    self._exceptions.append(text.strip("/") + "/")
        except _Refused:
            self._patterns = None

    def ships(self, path: str) -> bool:
        """Whether a build would take in the file at this path, relative to the context root."""
        if self._patterns is None:
            return False
        runes = as_runes(path)
        states = [pattern.state for pattern in self._patterns]
        excluded = False
        for end, char in enumerate(runes + "/"):
            if char == "/":
                excluded = False
                for pattern, state in zip(self._patterns, states, strict=True):
                    if pattern.names(runes[:end]) if state is None else state.accepts:
                        excluded = not pattern.exception
                if excluded and end < len(path) and not self._reaches(path[:end]):
                    return False
            states = [None if state is None else state[char] for state in states]
        return not excluded

    def _reaches(self, directory: str) -> bool:
        """Whether an excluded directory is looked into: `!foobar` is reason enough to look into foo."""
        return any(text.startswith(directory.strip("/")) for text in self._exceptions)


def _read(data: bytes) -> Iterator[tuple[bool, str]]:
    """Each pattern and whether it is an exception. Raises _Refused where Podman fails."""
    for raw in data.split(b"\n"):
        line = raw.decode("utf-8", "surrogateescape")
        text = "" if line.startswith("#") else line.strip("/").strip(SPACE)
        if not text:
            continue
        text = clean(text)
        exception = text.startswith("!")
        if exception:
            if text == "!":
                raise _Refused
            text = clean(text[1:]).removeprefix("/")
        if is_malformed(text):
            raise _Refused
        yield exception, as_runes(text)


def _compile(text: str) -> State:
    from pycache_hooks.ignorefiles.expressions import ExpressionError, compile_expression, from_pattern

    backslashes = len(text) - len(text.rstrip("\\"))
    if backslashes % 2 == 1:  # with nothing to escape
        raise _Refused
    try:
        return compile_expression(from_pattern(text, ESCAPED) + "(/.*)?$")
    except ExpressionError:
        raise _Refused from None
