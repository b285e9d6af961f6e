"""What was measured, as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measure import Measured, Ratio

MEBIBYTE = 1 << 20

NEAR = 0.9
"""A ratio of more than this share of its limit is called near it."""


@dataclass(frozen=True)
class Row:
    """One comparison: *ours* against *theirs*, and the *limit* of the *ratio* of their times, if there is one."""

    what: str
    ours: Measured
    against: str
    theirs_ms: float
    theirs_peak: int
    ratio: Ratio | None
    limit: float | None
    failure: str = ""

    @property
    def met(self) -> str:
        """Whether the limit is."""
        if self.ratio is None:
            return self.failure
        if self.limit is None:
            return ""
        if self.ratio.median > self.limit:
            return "**no**"
        return "yes" if self.ratio.median <= NEAR * self.limit else "yes, nearly"


@dataclass(frozen=True)
class Growth:
    """One command in repositories of several sizes, smallest first."""

    what: str
    measured: Sequence[Measured]


@dataclass(frozen=True)
class Growths:
    """The *commands* measured in repositories of the same *sizes*, which are numbers of *what*."""

    what: str
    sizes: Sequence[int]
    commands: Sequence[Growth]


@dataclass
class Results:
    """Everything that goes into the tables: one of *rows*, and one for each of *growths*."""

    rows: list[Row] = field(default_factory=list)
    growths: list[Growths] = field(default_factory=list)


def comparisons(rows: Sequence[Row]) -> str:
    """The table of the ratios."""
    lines = [
        "| what | ms | against | ms | ratio | quartiles | limit | met | peak, MiB | of the other |",
        "| --- | --: | --- | --: | --: | --- | --: | --- | --: | --: |",
    ]
    for row in rows:
        ratio = row.ratio
        ours, theirs = (_ms(row.ours.milliseconds), _ms(row.theirs_ms)) if ratio else ("", "")
        spread = (f"{ratio.median:.2f}", f"{ratio.low:.2f} to {ratio.high:.2f}") if ratio else ("", "")
        limit = "" if row.limit is None else f"{row.limit:.3g}"
        cells = (
            row.what,
            ours,
            row.against,
            theirs,
            *spread,
            limit,
            row.met,
            _mib(row.ours.peak),
            _mib(row.theirs_peak),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def growth(growths: Growths) -> str:
    """The table of time and memory by size of the repository."""
    sizes = [f"{size:,}" for size in growths.sizes]
    heads = [
        growths.what,
        *(f"{size}, ms" for size in sizes),
        "growth",
        *(f"{size}, MiB" for size in sizes),
        "growth",
    ]
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " --: |" * (len(heads) - 1)]
    for row in growths.commands:
        measured = row.measured
        failure = next((one.failure for one in measured if one.failure), "")
        cells = [row.what]
        if failure:
            cells += [failure, *([""] * (len(heads) - 2))]
        else:
            cells += [*(_ms(one.milliseconds) for one in measured)]
            cells += [f"{measured[-1].milliseconds / measured[0].milliseconds:.1f}"]
            cells += [*(_mib(one.peak) for one in measured), f"{measured[-1].peak / measured[0].peak:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.1f}" if milliseconds < 100 else f"{milliseconds:,.0f}"  # noqa: PLR2004 - enough digits


def _mib(size: int) -> str:
    return f"{size / MEBIBYTE:,.1f}" if size else ""
