"""A bar for each of several sizes, for a terminal."""

from __future__ import annotations

import sys

from pycache_hooks.report import say, sized

LONGEST = 40
"""Columns of the longest bar: a wider one says no more."""

BLOCK, PLAIN = "█", "#"
"""What a bar is made of, and what it is where the encoding has no such character."""


def show(rows: list[tuple[str, int, str]]) -> None:
    """Print `lines` of *rows* to stdout, which is a terminal."""
    import shutil

    for line in lines(rows, shutil.get_terminal_size().columns, sys.stdout.encoding):
        say(line)


def lines(rows: list[tuple[str, int, str]], columns: int, encoding: str) -> list[str]:
    """One line for each of *rows*, largest first: its label, its size in bytes, a bar, and a remark.

    They fit into a terminal of so many *columns*, if that is possible at all.
    """
    rows = sorted(rows, key=lambda row: (-row[1], row[0]))
    sizes = [sized(size) for _, size, _ in rows]
    label_width = max(len(label) for label, _, _ in rows)
    size_width = max(map(len, sizes))
    longest = min(LONGEST, columns - label_width - size_width - max(len(remark) for *_, remark in rows) - 7)
    largest = rows[0][1]
    block = BLOCK if _has(encoding) else PLAIN
    made = []
    for (label, size, remark), text in zip(rows, sizes, strict=True):
        length = max(1, round(longest * size / largest)) if size else 0
        bar = block * length
        made.append(f"  {label:{label_width}} {text:>{size_width}} {bar:{max(longest, 1)}} {remark}".rstrip())
    return made


def _has(encoding: str) -> bool:
    try:
        BLOCK.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
