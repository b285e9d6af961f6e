"""The printer: what it prints is safe for terminals and CI logs."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks import repairs, report
from pycache_hooks.findings import Finding
from support import SOURCES, environment

if TYPE_CHECKING:
    from collections.abc import Iterable

HOSTILE = [
    "\x1b]0;title\x07.pyc",
    "a\nb",
    "a\rb",
    "\x00",
    "\x7f",
    "\x9b31m",
    "\u202ereversed",
    "\u2066isolated",
    "\u200bzero width",
    "\u2028",
    "\ufeff",
    "\udcff\udc80",
    "##[error]x",
    "###[error]x",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[buildStop]",
    "::error::x",
    " ::error::x",
    "\t::error::x",
    "\n::error::x",
]


def shown(findings: Iterable[Finding], **variables: str) -> bytes:
    """What `report.show` prints in a program of its own."""
    listed = [(each.path, each.line, each.code, each.message, each.fix) for each in findings]
    program = (
        "from pycache_hooks import report; from pycache_hooks.findings import Finding; "
        f"report.show(Finding(*each) for each in {listed!a})"
    )
    env = environment() | {"PYTHONPATH": str(SOURCES)} | variables
    return subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True).stdout


def on_a_terminal(**variables: str) -> bytes:
    """What a finding looks like where stdout is a terminal."""
    program = (
        "from pycache_hooks import report; from pycache_hooks.findings import Finding; "
        "report.show([Finding('a', 1, 'PYC101', 'bytecode')])"
    )
    ours, theirs = pty.openpty()
    env = {
        name: value for name, value in environment(PYTHONPATH=str(SOURCES)).items() if name not in ("NO_COLOR", "TERM")
    }
    try:
        subprocess.run([sys.executable, "-c", program], env=env | variables, stdout=theirs, check=True)
        return os.read(ours, 10_000)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_steers_nothing_wherever_it_stands(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    message, fix = report.printable(f"{name} is hidden"), f"rm -- {repairs.quoted(name)}"
    report.show([Finding(name, None, "PYC101", message, fix), Finding(name, 3, "PYC101", f"see {name}", fix)])

    printed = capsys.readouterr().out
    assert printed.count("\n") == 3
    assert printed.replace("\n", "").isprintable()
    assert "##[" not in printed
    assert "##vso[" not in printed
    assert "##teamcity[" not in printed
    assert not re.search(r"^\s*::", printed, re.MULTILINE)


@given(st.text(st.characters(codec=None, exclude_categories=[])))
def test_printable_text_is_printable_and_stays_so(text: str) -> None:
    once = report.printable(text)
    assert once.isprintable()
    assert "##" not in once
    assert report.printable(once) == once


def test_ordinary_names_are_printed_as_they_are() -> None:
    for name in ("größe/日本.pyc", "a b", "it's", 'say "hi"', "#1", "a::b", "🐍"):
        assert report.printable(name) == name


def test_bytes_that_are_not_text_are_shown_in_hexadecimal() -> None:
    assert report.printable(os.fsdecode(b"a\xffb")) == "a\\xffb"
    assert report.printable("\u202e\x1b\n") == "\\u202e\\x1b\\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_name_that_stdout_cannot_encode_is_escaped(encoding: str) -> None:
    printed = shown([Finding("日本/größe", 1, "PYC101", "x")], PYTHONIOENCODING=encoding)

    size = b"gr\\xf6\\xdfe" if encoding == "ascii" else "größe".encode(encoding)
    assert printed == b"\\u65e5\\u672c/" + size + b":1: PYC101 x\n"


def test_ascii_stays_ascii_in_the_c_locale() -> None:
    printed = shown([Finding("größe", None, "PYC101", "x")], LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")

    assert printed.isascii()
    assert printed.endswith(b": PYC101 x\n")


def test_the_place_is_bold_on_a_terminal() -> None:
    assert on_a_terminal(TERM="xterm") == b"\x1b[1ma:1\x1b[0m: PYC101 bytecode\r\n"


@pytest.mark.parametrize(
    "variables", [{"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb terminal"]
)
def test_colour_is_off_where_it_is_not_wanted(variables: dict[str, str]) -> None:
    assert on_a_terminal(**variables) == b"a:1: PYC101 bytecode\r\n"


def test_an_empty_no_color_does_not_count() -> None:
    assert on_a_terminal(TERM="xterm", NO_COLOR="").startswith(b"\x1b[1m")


def test_findings_are_sorted_and_a_shared_repair_stands_once(capsys: pytest.CaptureFixture[str]) -> None:
    report.show(
        [
            Finding("d", None, "PYC103", "no repair"),
            Finding("c", 2, "PYC102", "shared", "both"),
            Finding("b", None, "PYC101", "own", "line one\nline two"),
            Finding("a", 1, "PYC101", "shared", "both"),
        ]
    )

    assert capsys.readouterr().out.splitlines() == [
        "a:1: PYC101 shared",
        "c:2: PYC102 shared",
        "    fix: both",
        "b: PYC101 own",
        "    fix: line one",
        "         line two",
        "d: PYC103 no repair",
    ]


def test_what_was_repaired_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    report.show([Finding("a", 1, "PYC201", "missing", "added x\nadded y", fixed=True)])

    assert capsys.readouterr().out.splitlines()[1:] == ["    fixed: added x", "           added y"]


def test_many_findings_of_one_code_are_counted_whatever_mends_them(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Finding(f"{number:02}", None, "PYC304", "x", f"mend {number:02}") for number in range(15)]
    report.show(
        [*found, Finding("y", None, "PYC301", "x", "mend y"), Finding("14", None, "PYC305", "x", "mend 14")], "text"
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "mend" in line][-3:] == [
        "    fix: mend 11",
        "    fix: mend 14",
        "    fix: mend y",
    ]
    assert lines[-6:] == [
        "14: PYC304 x",
        "14: PYC305 x",
        "    fix: mend 14",
        "y: PYC301 x",
        "    fix: mend y",
        "... and 2 more places with PYC304",
    ]


def test_many_findings_of_one_code_are_counted_after_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    many = [Finding(f"{number:05}", None, "PYC101", "x", "all") for number in range(20_000)]
    report.show([*many, Finding("z", None, "PYC103", "y", "all")])

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "00000: PYC101 x"
    assert lines[report.ONE_SCREEN :] == ["z: PYC103 y", "... and 19,988 more places with PYC101", "    fix: all"]


def test_nothing_found_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    report.show([])

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1_204, "1,204 files"), (20_000, "20,000 files")],
)
def test_counted(number: int, text: str) -> None:
    assert report.counted(number, "file") == text


def test_counted_with_a_plural_of_its_own() -> None:
    assert [report.counted(number, "directory", "directories") for number in (1, 2)] == ["1 directory", "2 directories"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1434, "1.4 KiB"),
        ((1 << 20) - 1, "1.0 MiB"),
        (1 << 21, "2.0 MiB"),
        (1 << 30, "1.0 GiB"),
        (5 << 40, "5120.0 GiB"),
    ],
)
def test_sized(number: int, text: str) -> None:
    assert report.sized(number) == text
