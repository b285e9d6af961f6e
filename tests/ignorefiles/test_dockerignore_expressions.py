"""The language of Go's regexp package, as far as a Docker pattern reaches it. Each verdict was asked of Go."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycache_hooks.ignorefiles import automaton
from pycache_hooks.ignorefiles.expressions import ExpressionError, compile_expression, from_pattern


def matches(expression: str, text: str) -> bool:
    state = compile_expression(expression)
    for char in text:
        state = state[char]
    return state.accepts


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [
        pytest.param("**/a", "^(.*/)?a", id="stars and slash"),
        pytest.param("a**b", "^a(.*/)?b", id="stars inside"),
        pytest.param("a/**", "^a/.*", id="stars at the end"),
        pytest.param("***", "^(.*/)?[^/]*", id="three stars"),
        pytest.param("a?*", "^a[^/][^/]*", id="question mark and star"),
        pytest.param("[*]", "^[[^/]*]", id="a star in a class"),
        pytest.param("a.$(+)|{}^", "^a\\.\\$\\(\\+\\)|{}^", id="what is escaped and what is not"),
        pytest.param("\\*\\\\*", "^\\*\\\\[^/]*", id="escapes"),
        pytest.param("\ufeff\ufeffa", "^\ufeffa", id="one BOM is dropped"),
        pytest.param("a\\", "^a\\", id="a backslash at the end"),
    ],
)
def test_patterns_become_expressions(pattern: str, expression: str) -> None:
    assert from_pattern(pattern, ".+()$") == expression


@pytest.mark.parametrize(
    ("expression", "yes", "no"),
    [
        pytest.param("^ab$", ["ab"], ["a", "abc", "xab"], id="characters"),
        pytest.param("b", ["b", "abc"], ["", "a"], id="no edge: anywhere"),
        pytest.param("^a|b$", ["ax", "xb"], ["xa", "bx"], id="alternatives tie their edges to themselves"),
        pytest.param("^(a|b|)c$", ["ac", "bc", "c"], ["abc"], id="alternatives in a group"),
        pytest.param("^(.*/)?a$", ["a", "b/a", "b/c/a"], ["ba", "b\n/a"], id="a dot is no newline"),
        pytest.param("^[^/]*$", ["", "a\n"], ["a/"], id="a negated class is one"),
        pytest.param("^a{2}$", ["aa"], ["a", "aaa", "a{2}"], id="a count"),
        pytest.param("^a{1,2}$", ["a", "aa"], ["", "aaa"], id="two bounds"),
        pytest.param("^a{2,}$", ["aa", "aaaa"], ["a"], id="no upper bound"),
        pytest.param("^a{0,}b{0}$", ["", "aa"], ["b"], id="nothing at least or at most"),
        pytest.param("^a+b?$", ["a", "aab"], ["b", "abb"], id="plus and question mark"),
        pytest.param("^(ab)*$", ["", "abab"], ["aba"], id="a group repeated"),
        pytest.param("^()*()+(|a)*$", ["", "aa"], ["b"], id="nothing repeated"),
        pytest.param("^a{,2}{x}{2$", ["a{,2}{x}{2"], ["aa"], id="braces that are no repetition"),
        pytest.param("^a{01}{1,02}{1x}$", ["a{01}{1,02}{1x}"], ["a"], id="nor are these"),
        pytest.param("^a{2}\\Q\\E{3}$", ["a" * 6], ["a" * 5], id="a repetition of a repetition, by way of a quotation"),
        pytest.param("^a{0}\\Q\\E{1000}b{1000}\\Q\\E{1}$", ["b" * 1000], ["b"], id="that is not too large"),
        pytest.param("^\\Qa*[^/]\\E$", ["a*[^/]"], ["a"], id="a quotation"),
        pytest.param("^\\Qa$", ["a$", "a$b"], ["a"], id="that does not end"),
        pytest.param("^a\\b", ["a", "a b"], ["ab", "a1", "a_"], id="the edge of a word"),
        pytest.param("^a\\B", ["ab"], ["a", "a-"], id="no edge of a word"),
        pytest.param("\\Aa\\z", ["a"], ["ab", "ba"], id="the edges by another name"),
        pytest.param("^é\\b", [], ["é"], id="a word is ASCII"),
        pytest.param("^[a-cx]$", ["a", "b", "x"], ["d", "-"], id="a range"),
        pytest.param("^[]a]$", ["]", "a"], ["b"], id="a bracket first"),
        pytest.param("^[a-]$", ["-", "a"], ["b"], id="a hyphen last"),
        pytest.param("^[\\d-z]$", ["1", "-", "z"], ["a"], id="a hyphen after a class"),
        pytest.param("^[\\.-a]$", [".", "A", "a"], ["b", "-"], id="an escape begins a range"),
        pytest.param("^[[:alpha:]_[:^print:]]$", ["a", "_", "\x7f", "é"], ["1", "["], id="named classes"),
        pytest.param("^[[:a]$", ["[", ":", "a"], ["b"], id="a name that does not end"),
        pytest.param("^[[:punct:]]{4}$", ["!:[~"], ["!a[~"], id="a named class of several ranges"),
        pytest.param("^\\d\\D\\s\\S\\w\\W$", ["1a\tb_-"], ["1a\vb_-"], id="classes by one letter"),
        pytest.param(
            "^\\x41\\x{1F40d}\\101\\0\\12\\a\\f\\n\\r\\t\\v$", ["A\U0001f40dA\0\n\a\f\n\r\t\v"], ["A"], id="codes"
        ),
        pytest.param("^\\0011$", ["\x011"], ["\t"], id="an octal code has three digits"),
        pytest.param("^\\-\\_\\/\\ $", ["-_/ "], ["\\-"], id="escaped punctuation"),
        pytest.param("^\\pL\\PL\\p{Lu}\\p{^Lu}[\\pN]$", ["a1Aa2"], ["aaAa2", "a1aa2"], id="categories"),
        pytest.param("^\\p{Any}\\P{Any}*$", ["a"], ["", "ab"], id="all categories"),
        pytest.param("^\\p{Greek}\\P{Greek}$", ["λl"], ["ll", "λλ", "\0\0"], id="scripts"),
    ],
)
def test_expressions(expression: str, yes: list[str], no: list[str]) -> None:
    assert [text for text in yes if not matches(expression, text)] == []
    assert [text for text in no if matches(expression, text)] == []


@pytest.mark.parametrize(
    "expression",
    [
        *("^a**$", "^a{2}{2}$", "^a?{2}$", "^a+?+$", "^|*$", "*", "{2}", "(+)", "^a|{2}$"),
        *("^(a$", "a)", "((a)", "(" * 1000 + ")" * 1000),
        *("^[$", "^[a$", "^[^$", "^[z-a]$", "^[[:nope:]]$", "^[a-\\d]$", "^[a\\b]$"),
        *("\\", "\\q", "\\1", "\\8", "\\19", "\\C", "\\é", "\\x", "\\x4", "\\xg1", "\\x{}", "\\x{41", "\\x{110000}"),
        *("\\p", "\\pX", "\\p{", "\\p{}", "\\p{1}", "[\\p{L]"),
        *("a{1001}", "a{1,1001}", "a{2,1}", "a{1001,}", "a{99999}", "a{" + "9" * 5000 + "}", "a{2,99999999999}"),
        *("(a{100}){11}", "a{1000}\\Q\\E{2}", "((a{10}){10}b){11}", "(a{2,}){501}"),
        "a{1000}" * 3356,
        "(" + "a" * 4000 + "){1000}",
    ],
    ids=lambda expression: expression[:20],
)
def test_what_go_refuses(expression: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(expression)


def test_the_largest_program_is_that_of_go() -> None:
    assert not compile_expression("^" + "a{1000}" * 3355 + "$").accepts


EXPRESSIONS = st.recursive(
    st.sampled_from(
        ["a", "b", "/", "[^/]", "[ab]", ".", "a*", "b?", "(?:ab)*", "^", "$", r"\b", r"\B", "a{2}", "[b/]{1,2}"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(?:" + "|".join(parts) + ")"),
    ),
    max_leaves=8,
)
TEXTS = ["".join(letters) for size in range(5) for letters in itertools.product("ab/", repeat=size)]


@settings(deadline=None, max_examples=100)
@given(expression=EXPRESSIONS)
def test_agrees_with_re_on_what_both_read_alike(expression: str) -> None:
    theirs = re.compile(expression.replace("$", r"\Z"), re.ASCII)
    ours = expression.replace("(?:", "(")
    # Before Python 3.14 re finds no \B in nothing.
    assert [text for text in TEXTS[1:] if matches(ours, text) != bool(theirs.search(text))] == []


@settings(deadline=None, max_examples=20)
@given(expression=EXPRESSIONS)
def test_without_memory_the_answers_are_the_same(expression: str) -> None:
    ours = expression.replace("(?:", "(")
    remembered = [matches(ours, text) for text in TEXTS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(automaton, "MAX_REMEMBERED", 5)
        assert [matches(ours, text) for text in TEXTS] == remembered


def test_memory_is_bounded_however_many_states_a_path_has() -> None:
    start = compile_expression("[ab]*a[ab]{12}c")
    pending = [start]
    seen = {id(start)}
    text = "".join(f"{number:012b}" for number in range(512)).replace("0", "a").replace("1", "b")
    state = start
    for char in text:
        state = state[char]
    while pending:
        for following in pending.pop().values():
            if id(following) not in seen:
                seen.add(id(following))
                pending.append(following)
    assert not state.accepts
    assert len(seen) <= automaton.MAX_REMEMBERED
