"""Variables, files of variables and command lines, as Docker Compose takes them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks.readers import interpolation

KNOWN = {"A": "a", "E": "", "N": "A"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        pytest.param("plain", "plain", id="nothing to do"),
        pytest.param("$A", "a", id="bare"),
        pytest.param("x$A.y", "xa.y", id="bare, up to what is no name"),
        pytest.param("${A}b", "ab", id="in braces"),
        pytest.param("$$A", "$A", id="a dollar"),
        pytest.param("$$$A", "$a", id="a dollar in front"),
        pytest.param("$U", "${U}", id="not known"),
        pytest.param("${U}", "${U}", id="not known, in braces"),
        pytest.param("${U:?say so}", "${U}", id="demanded"),
        pytest.param("${A?say so}", "a", id="demanded and known"),
        pytest.param("${E:?say so}", "", id="demanded and blank"),
        pytest.param("${U:-d}", "d", id="a default"),
        pytest.param("${A:-d}", "a", id="a default for what is known"),
        pytest.param("${E:-d}", "d", id="a default for what is blank"),
        pytest.param("${E-d}", "", id="a default unless it is set"),
        pytest.param("${U-d}", "d", id="a default if it is not set"),
        pytest.param("${U:-}", "", id="an empty default"),
        pytest.param("${A:+r}", "r", id="a replacement"),
        pytest.param("${E:+r}", "", id="a replacement for what is blank"),
        pytest.param("${E+r}", "r", id="a replacement for what is set"),
        pytest.param("${U+r}", "", id="a replacement for what is not set"),
        pytest.param("${U:-x$A}", "xa", id="a variable in a default"),
        pytest.param("${U:-${V:-${A}}}", "a", id="a default in a default"),
        pytest.param("${U:-${V}}", "${V}", id="a default that nobody knows"),
        pytest.param("${U:-$$}", "$", id="a dollar in a default"),
        pytest.param('${U:-{"a": {}}}', '{"a": {}}', id="braces in a default"),
        pytest.param("${U:-d} ${A} $A", "d a a", id="several"),
    ],
)
def test_variables_are_put_in(text: str, result: str) -> None:
    assert interpolation.expanded(text, KNOWN) == result


@pytest.mark.parametrize(
    "text", ["$", "a$", "$ ", "${", "${}", "${A", "${A:", "${A!}", "${1}", "$1", "${U:-", "${A b}", "${U:-$}"]
)
def test_what_compose_refuses_stays_as_it_is(text: str) -> None:
    assert interpolation.expanded(text, KNOWN) == text
    assert interpolation.names(text) == []


def test_deep_and_open_defaults_end_in_time() -> None:
    for text in ("${A:-" * 200_000, "${" * 500_000, "$A" * 300_000, "${A:-{" * 200_000, "$" + "A" * 1_000_000):
        assert interpolation.expanded(text, {})


def test_a_text_that_becomes_too_long_for_any_process_stays_as_it_is() -> None:
    assert interpolation.expanded("$L" * 100_000, {"L": "x" * 100_000}) == "$L" * 100_000


def test_values_that_double_from_line_to_line_end_in_time() -> None:
    found = interpolation.assignments("A=xx\n" + "A=$A$A\n" * 10_000 + "B=$A\n", {})
    assert found["B"] == "$A"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("${A}:$B", [("A", "", ""), ("B", "", "")], id="plain"),
        pytest.param("${A:-1}:${B-}", [("A", ":-", "1"), ("B", "-", "")], id="defaults"),
        pytest.param("${A:-${B}}", [("A", ":-", "${B}")], id="only the outer one"),
        pytest.param("$$A", [], id="a dollar"),
    ],
)
def test_the_variables_that_a_text_names(text: str, found: list[tuple[str, str, str]]) -> None:
    assert interpolation.names(text) == found


@pytest.mark.parametrize(("text", "known"), [("a", True), ("$a", True), ("${A}", False), ("x/${A}", False)])
def test_what_is_left_to_the_environment(text: str, known: bool) -> None:  # noqa: FBT001
    assert interpolation.is_known(text) is known


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("A=1", {"A": "1"}, id="plain"),
        pytest.param("  A = 1 ", {"A": "1"}, id="spaces"),
        pytest.param("export A=1", {"A": "1"}, id="export"),
        pytest.param("A: 1", {"A": "1"}, id="a colon"),
        pytest.param("A=b=c:d", {"A": "b=c:d"}, id="the first sign counts"),
        pytest.param("A=", {"A": ""}, id="empty"),
        pytest.param("A", {"A": None}, id="handed through"),
        pytest.param("", {}, id="nothing"),
        pytest.param("# A=1", {}, id="a comment"),
        pytest.param("=1", {}, id="no name"),
        pytest.param("A=1 # why", {"A": "1"}, id="a comment behind it"),
        pytest.param("A=1#2", {"A": "1#2"}, id="a hash"),
        pytest.param("A=#2", {"A": ""}, id="nothing but a comment"),
        pytest.param("A='1 # x'", {"A": "1 # x"}, id="single quotes"),
        pytest.param("A='$B'", {"A": "$B"}, id="nothing is put in between them"),
        pytest.param('A="1 # x" # why', {"A": "1 # x"}, id="double quotes"),
        pytest.param('A="a\\nb\\"c"', {"A": 'a\nb"c'}, id="escapes"),
        pytest.param('A="a\nb"\nC=1', {"A": "a\nb", "C": "1"}, id="over two lines"),
        pytest.param("A='a\n\nb'\nC=1", {"A": "a\n\nb", "C": "1"}, id="over three lines"),
        pytest.param('A="a\nb', {"A": "a\nb"}, id="never closed"),
        pytest.param("A=1\nA=2", {"A": "2"}, id="the last one wins"),
        pytest.param("A=1\nB=${A}$K", {"A": "1", "B": "1k"}, id="what is above and what is known"),
        pytest.param("A\nB=$A", {"A": None, "B": "${A}"}, id="what is handed through is not known"),
        pytest.param('B="${K}"', {"B": "k"}, id="in double quotes too"),
        pytest.param("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}, id="lines as on Windows"),
    ],
)
def test_files_of_variables(line: str, found: dict[str, str | None]) -> None:
    assert interpolation.assignments(line, {"K": "k"}) == found


@given(st.text(max_size=40))
def test_any_file_of_variables_is_read(text: str) -> None:
    assert all(interpolation.assignments(text, {}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(" a  b\tc\n", ["a", "b", "c"], id="blanks"),
        pytest.param("a && b | c", ["a", "&&", "b", "|", "c"], id="no shell reads it"),
        pytest.param("'a b' \"c d\"", ["a b", "c d"], id="quotes"),
        pytest.param("a'b'\"c\"d", ["abcd"], id="quotes in a word"),
        pytest.param("'' \"\"", ["", ""], id="empty words"),
        pytest.param("a\\ b \\'", ["a b", "'"], id="backslashes"),
        pytest.param('\'a\\b\' "a\\"b"', ["a\\b", 'a"b'], id="backslashes in quotes"),
        pytest.param("'a\nb'", ["a\nb"], id="lines in quotes"),
        pytest.param("'a", ["a"], id="an open quote"),
        pytest.param("a\\", ["a"], id="a backslash at the end"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert interpolation.words(text) == found


@given(st.lists(st.text(max_size=6), max_size=4))
def test_words_that_a_shell_would_quote_come_back(words: list[str]) -> None:
    assert interpolation.words(shlex.join(words)) == words
