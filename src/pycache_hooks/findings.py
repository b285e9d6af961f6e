"""Finding: one thing that a rule objects to."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = 3
_LONGEST = 60


def listed(names: Sequence[str]) -> str:
    """The first of *names*, and how many more there are."""
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def enumerated(names: Sequence[str]) -> str:
    """All of *names*, which are one or more: ``a, b and c``."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def short(text: str) -> str:
    """The beginning of *text*, for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


class Finding:
    """Where (*path*, and *line* if it has one), which rule (*code*), what is wrong, and what to type or write.

    Findings of one repair carry the same *fix*: it is printed once. *fixed*: it has been made, and says what was done.
    """

    __slots__ = ("code", "fix", "fixed", "line", "message", "path")

    def __init__(  # noqa: PLR0913 - one argument a part
        self, path: str, line: int | None, code: str, message: str, fix: str = "", *, fixed: bool = False
    ) -> None:
        self.path = path
        self.line = line
        self.code = code
        self.message = message
        self.fix = fix
        self.fixed = fixed

    def __lt__(self, other: Finding) -> bool:
        return self._key() < other._key()

    def __repr__(self) -> str:
        return f"<Finding {self.path}:{self.line}: {self.code} {self.message}>"

    def _key(self) -> tuple[str, int, str, str]:
        return self.path, self.line or 0, self.code, self.message
