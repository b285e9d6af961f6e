"""Repairs mean what they say to a shell."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pycache_hooks.findings import Finding
from pycache_hooks.repairs import at_root, deletion, edited, joined, quoted


@example(
    names=[
        "",
        "-",
        "a b",
        "it's",
        "'",
        "$'\\",
        "!x",
        "~",
        "\n",
        "\x1b",
        "\udcff",
        "##[x",
        "##vso[x]",
        "\\101",
        "\u202e0",
        "é",
    ]
)
@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(
        st.binary().map(os.fsdecode).map(lambda name: name.replace("\0", ""))
        | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        min_size=1,
        max_size=30,
    )
)
@pytest.mark.parametrize("shell", ["bash"])
def test_a_quoted_name_means_itself_to_a_shell(shell: str, names: list[str]) -> None:
    words = " ".join(quoted(name) for name in names)
    assert words.isprintable()
    assert "##" not in words
    printed = subprocess.run([shell, "-c", f"printf '%s\\0' {words}"], capture_output=True, check=True).stdout
    assert printed == b"".join(os.fsencode(name) + b"\0" for name in names)


def test_the_words_of_everyday_need_no_quotes() -> None:
    assert quoted("a/b-c_d.pyc") == "a/b-c_d.pyc"
    assert quoted("a b") == "'a b'"
    assert quoted("a\n'\\") == "$'a\\012\\'\\\\'"


def test_a_path_that_begins_like_an_option_is_none() -> None:
    assert edited("-x/tox.ini", "2d") == at_root("sed -i.bak '2d' ./-x/tox.ini", "rm ./-x/tox.ini.bak")


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
