"""Findings are plain data with one order."""

from __future__ import annotations

from pycache_hooks.findings import Finding, deletion, joined
from pycache_hooks.report import at_root


def test_findings_are_ordered_by_place_then_code_then_message() -> None:
    ordered = [
        Finding("a", None, "PYC201", "whole file"),
        Finding("a", 2, "PYC102", "x"),
        Finding("a", 2, "PYC201", "x"),
        Finding("a", 2, "PYC201", "y"),
        Finding("a", 10, "PYC101", "x"),
        Finding("b", 1, "PYC101", "x"),
    ]
    ordered.reverse()
    assert sorted(ordered) == ordered[::-1]


def test_a_finding_says_what_it_is() -> None:
    assert repr(Finding("a b", 3, "PYC101", "bytecode")) == "<Finding a b:3: PYC101 bytecode>"


def test_what_is_deleted_from_one_file_is_deleted_at_once() -> None:
    found = [
        Finding("a", 2, "PYC801", "x", deletion("a", [(2, 2)])),
        Finding("a", 9, "PYC803", "x", deletion("a", [(9, 10), (2, 2)], "# why\n")),
        Finding("b", 1, "PYC803", "x", deletion("b", [(1, 1)])),
        Finding("b", 1, "PYC803", "x", "git rm b"),
    ]
    together = "# why\n" + at_root("sed -i.bak '2d;9,10d' a", "rm a.bak")
    assert [finding.fix for finding in joined(found)] == [
        together,
        together,
        at_root("sed -i.bak '1d' b", "rm b.bak"),
        "git rm b",
    ]
