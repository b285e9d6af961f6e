"""What Podman and buildah ship by the same file: their own reader, and their own flat matching.

As in buildah 1.28.2 of 2022 and, unchanged, in its source of June 2026,
https://github.com/containers/buildah/tree/5b1b18eebdc249bf445fe58b6f3d82fa91f35cf7, there

- ParseIgnoreReader in vendor/github.com/openshift/imagebuilder/builder.go,
- NewPatternMatcher and Matches in vendor/go.podman.io/storage/pkg/fileutils/fileutils.go,
- copierHandlerGet in copier/copier.go.
"""

from __future__ import annotations

from pycache_hooks.ignorefiles.expressions import ExpressionError, compile_expression, from_pattern
from pycache_hooks.ignorefiles.golang import SPACE, as_runes, clean, is_malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycache_hooks.ignorefiles.automaton import State

ESCAPED = ".$"


class PodmanIgnore:
    """The patterns of one file. A file that Podman refuses ships nothing: its builds fail."""

    __slots__ = ("_exceptions", "_patterns")

    def __init__(self, data: bytes) -> None:
        self._patterns: list[tuple[bool, State]] | None = []
        self._exceptions: list[str] = []
        try:
            for exception, text in _read(data):
                self._patterns.append((exception, _compile(text)))
                if exception:
                    self._exceptions.append(text.strip("/") + "/")
        except ExpressionError:
            self._patterns = None

    def ships(self, path: str) -> bool:
        """Whether a build would take in the file at this path, relative to the context root."""
        if self._patterns is None:
            return False
        verdicts = [exception for exception, _ in self._patterns]
        states = [state for _, state in self._patterns]
        excluded = False
        for end, char in enumerate(as_runes(path) + "/"):
            if char == "/":
                excluded = False
                for exception, state in zip(verdicts, states, strict=True):
                    if state.accepts:
                        excluded = not exception
                if excluded and end < len(path) and not self._reaches(path[:end]):
                    return False
            states = [state[char] for state in states]
        return not excluded

    def _reaches(self, directory: str) -> bool:
        """Whether an excluded directory is looked into: `!foobar` is reason enough to look into foo."""
        return any(text.startswith(directory.strip("/")) for text in self._exceptions)


def _read(data: bytes) -> Iterator[tuple[bool, str]]:
    """Each pattern and whether it is an exception. Raises ExpressionError where Podman fails."""
    for raw in data.split(b"\n"):
        line = raw.decode("utf-8", "surrogateescape")
        text = "" if line.startswith("#") else line.strip("/").strip(SPACE)
        if not text:
            continue
        text = clean(text)
        exception = text.startswith("!")
        if exception:
            if text == "!":
                raise ExpressionError(text)
            text = clean(text[1:]).removeprefix("/")
        if is_malformed(text):
            raise ExpressionError(text)
        yield exception, as_runes(text)


def _compile(text: str) -> State:
    backslashes = len(text) - len(text.rstrip("\\"))
    if backslashes % 2 == 1:
        raise ExpressionError("a backslash with nothing to escape")
    return compile_expression(from_pattern(text, ESCAPED) + "(/.*)?$")
