"""Findings are plain data with one order."""

from __future__ import annotations

from pycache_hooks.findings import Finding


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
