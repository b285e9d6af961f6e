"""YAML as compose and CI files use it, with the lines of everything."""

from __future__ import annotations

import math

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks.readers.files import Unreadable
from pycache_hooks.readers.yaml import MAX_CHARACTERS, List, Map, Text, Value, documents

PARSERS = pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure Python"])


def value(text: str) -> Value:
    """The only document of *text*."""
    (found,) = documents(text)
    return found


def mapping(text: str) -> Map:
    found = value(text)
    assert isinstance(found, Map)
    return found


def why_not(text: str, *, pure: bool = False) -> tuple[int | None, str]:
    """Line and reason of what is wrong with *text*."""
    with pytest.raises(Unreadable) as caught:
        documents(text, pure=pure)
    return caught.value.line, caught.value.reason


# Scalars


@pytest.mark.parametrize("word", "on off yes no true False 1 0x10 1.0 1e3 2020-01-01 08 12:30:45 = << .inf".split())
def test_a_scalar_is_the_text_as_written(word: str) -> None:
    assert value(f"[{word}]") == [word]


@pytest.mark.parametrize("word", ["", "~", "null", "Null", "NULL", "!!null x"])
def test_null_is_told_apart(word: str) -> None:
    assert value(f"a: {word}\n") == {"a": None}


@pytest.mark.parametrize("word", ["''", '""', "'null'", '"~"', "!!str null", "! null", "nULL", "none"])
def test_what_only_looks_like_null_is_text(word: str) -> None:
    assert isinstance(mapping(f"a: {word}\n")["a"], Text)


@pytest.mark.parametrize(
    ("written", "read", "style"),
    [
        pytest.param("a b", "a b", "", id="plain"),
        pytest.param("'it''s'", "it's", "'", id="single quotes"),
        pytest.param(r'"a\tb"', "a\tb", '"', id="double quotes"),
        pytest.param("|\n  a\n  b\n", "a\nb\n", "|", id="literal block"),
        pytest.param(">-\n  a\n  b\n", "a b", ">", id="folded block"),
    ],
)
def test_a_scalar_knows_its_style(written: str, read: str, style: str) -> None:
    found = mapping(f"k: {written}")["k"]
    assert isinstance(found, Text)
    assert (found, found.style, found.plain) == (read, style, not style)


# Lines


def test_everything_knows_its_line() -> None:
    found = mapping("# why\na:\n  b: 1\n  c:\n    - x\n    - |\n      y\n    - {d: z}\n")
    above = found["a"]
    assert isinstance(above, Map)
    listed = above["c"]
    assert isinstance(listed, List)
    first, second, third = listed
    assert isinstance(above["b"], Text)
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert isinstance(third, Map)
    assert (found.line, found.lines) == (2, {"a": 2})
    assert (above.line, above.lines, above["b"].line) == (3, {"b": 3, "c": 4}, 3)
    assert (listed.line, listed.lines, first.line, second.line, third.line) == (5, [5, 6, 8], 5, 6, 8)


def test_lines_are_counted_across_documents() -> None:
    first, second = documents("a: 1\n---\nb: 2\n")
    assert isinstance(first, Map)
    assert isinstance(second, Map)
    assert (first.lines, second.lines) == ({"a": 1}, {"b": 3})


# Documents


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", [], id="an empty file"),
        pytest.param("# nothing\n", [], id="a comment"),
        pytest.param("---\n", [None], id="an empty document"),
        pytest.param("--- a\n--- [b]\n...\n", ["a", ["b"]], id="several"),
        pytest.param("\ufeffa: b\n", [{"a": "b"}], id="a byte order mark"),
        pytest.param("a: b\r\nc: d\r\n", [{"a": "b", "c": "d"}], id="lines as on Windows"),
        pytest.param("text", ["text"], id="text alone"),
    ],
)
def test_documents(text: str, found: list[Value]) -> None:
    assert documents(text) == found


def test_an_anchor_belongs_to_its_document() -> None:
    assert why_not("a: &x 1\n---\nb: *x\n") == (3, "unknown anchor x")


# Anchors and merge keys


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("a: &x 1\nb: *x\n", {"a": "1", "b": "1"}, id="a scalar"),
        pytest.param("a: &x [1]\nb: *x\n", {"a": ["1"], "b": ["1"]}, id="a list"),
        pytest.param("a: &x\nb: *x\n", {"a": None, "b": None}, id="null"),
        pytest.param("a: &x 1\nb: &x 2\nc: *x\n", {"a": "1", "b": "2", "c": "2"}, id="an anchor given anew"),
        pytest.param("a: &x k\n*x : 1\n", {"a": "k", "k": "1"}, id="a key"),
        pytest.param("&x k: *x\n", {"k": "k"}, id="the anchor of a key"),
    ],
)
def test_an_alias_stands_for_what_the_anchor_is_on(text: str, found: Value) -> None:
    assert value(text) == found


def test_an_alias_is_no_copy() -> None:
    found = mapping("a: &x {b: 1}\nc: *x\n")
    assert found["c"] is found["a"]


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        pytest.param("<<: {a: 1}\nb: 2", {"a": "1", "b": "2"}, id="one mapping"),
        pytest.param("a: own\n<<: {a: 1}", {"a": "own"}, id="own keys win"),
        pytest.param("<<: {a: 1}\na: own", {"a": "own"}, id="own keys win, below it too"),
        pytest.param("<<: [{a: 1}, {a: 2, b: 2}]", {"a": "1", "b": "2"}, id="of a list the first wins"),
        pytest.param("<<: []\na: 1", {"a": "1"}, id="an empty list"),
        pytest.param("<<: {a: 1}\n<<: {a: 2, b: 2}", {"a": "1", "b": "2"}, id="twice"),
        pytest.param("<<: {a: {b: 1}}\na: {c: 2}", {"a": {"c": "2"}}, id="only one level"),
        pytest.param("<<: {<<: {a: 1}, b: 2}", {"a": "1", "b": "2"}, id="of what is itself merged"),
        pytest.param('"<<": {a: 1}', {"<<": {"a": "1"}}, id="in quotes it is a key like others"),
        pytest.param("[<<]", ["<<"], id="in a list it is text"),
    ],
)
def test_merge_keys(text: str, merged: Value) -> None:
    assert value(text) == merged


def test_a_merged_key_keeps_its_line() -> None:
    found = mapping("x: &x\n  a: 1\ny:\n  b: 2\n  <<: *x\n")["y"]
    assert isinstance(found, Map)
    assert found.lines == {"b": 4, "a": 2}


def test_an_alias_as_a_key_has_the_line_where_it_stands() -> None:
    assert mapping("a: &x b\n\n*x : c\n").lines == {"a": 1, "b": 3}


# Tags


@pytest.mark.parametrize(
    ("text", "found", "tag"),
    [
        pytest.param("!reset null", "null", "!reset", id="text"),
        pytest.param("!vault |\n  abc\n", "abc\n", "!vault", id="a block"),
        pytest.param("!override [a]", ["a"], "!override", id="a list"),
        pytest.param("!reference [.a, script]", [".a", "script"], "!reference", id="GitLab"),
        pytest.param("!Sub {a: b}", {"a": "b"}, "!Sub", id="a mapping"),
        pytest.param("!!python/object:os.system a", "a", "", id="one of another language"),
        pytest.param("!!int 1", "1", "", id="one of YAML's own"),
        pytest.param("! 1", "1", "", id="the one that means none"),
        pytest.param("!reset", "", "!reset", id="nothing behind it"),
    ],
)
def test_a_tag_is_kept_and_does_nothing(text: str, found: Value, tag: str) -> None:
    read = mapping(f"a: {text}")["a"]
    assert isinstance(read, Text | List | Map)
    assert (read, read.tag) == (found, tag)


# What is no YAML


@PARSERS
@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: [1\nb: 2\n", 2, id="an open bracket"),
        pytest.param("a: b\n\tc: d\n", 2, id="a tab"),
        pytest.param("a: 'b\nc: d\n", 3, id="an open quote"),
        pytest.param("a: b: c\n", 1, id="a mapping in a line"),
        pytest.param("- a\nb: c\n", 2, id="a list that goes on as a mapping"),
        pytest.param("%YAML 2.0\n---\n", 1, id="another version"),
        pytest.param("a:\n  !%FF b", 2, id="a tag that is no text"),
    ],
)
def test_what_is_no_yaml_names_the_line(text: str, line: int, *, pure: bool) -> None:
    assert why_not(text, pure=pure)[0] == line


@PARSERS
@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a: b\nc: \x01\n", 2, id="a control character"),
        pytest.param("a: \udcff\n", None, id="a byte that is no text"),
    ],
)
def test_characters_that_no_yaml_has(text: str, line: int | None, *, pure: bool) -> None:
    assert why_not(text, pure=pure) == (line, "it has characters that no YAML has")


@PARSERS
@pytest.mark.parametrize("escape", ["UFFFFFFFF", "U00110000", "xZZ", "q"])
def test_an_escape_that_stands_for_no_character(escape: str, *, pure: bool) -> None:
    assert why_not(f'"\\{escape}"', pure=pure)[0] in (1, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", (3, "the key a stands a second time: first on line 1"), id="a key twice"),
        pytest.param("a: 1\n'a': 3\n", (2, "the key a stands a second time: first on line 1"), id="in quotes too"),
        pytest.param("a: *b\n", (1, "unknown anchor b"), id="an unknown anchor"),
        pytest.param("a:\n  <<: 1\n", (2, "<< takes a mapping, or a list of mappings"), id="merged text"),
        pytest.param("<<: [[]]\n", (1, "<< takes a mapping, or a list of mappings"), id="merged lists"),
        pytest.param("? [a]\n: b\n", (1, "a key that is no text"), id="a list as a key"),
        pytest.param("x: &x {}\n*x : b\n", (2, "a key that is no text"), id="an alias of a mapping as a key"),
    ],
)
def test_what_the_programs_refuse_is_refused(text: str, reason: tuple[int, str]) -> None:
    assert why_not(text) == reason


# Bombs


@PARSERS
@pytest.mark.parametrize(
    "text",
    ["a: &x [*x]", "a: &x {b: *x}", "a: &x {<<: *x}", "a: &x [{b: [*x]}]", "&x [*x]"],
)
def test_an_alias_for_what_it_stands_in_is_refused(text: str, *, pure: bool) -> None:
    assert why_not(text, pure=pure) == (1, "x is an alias for what it stands in")


def test_the_billion_laughs_are_nine_lists() -> None:
    lines = ["a0: &a0 [ha, ha]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    found = mapping("\n".join(lines))
    last = found["a9"]
    assert isinstance(last, List)
    assert {id(item) for item in last} == {id(found["a8"])}


def test_merging_has_a_limit() -> None:
    many = "{" + ", ".join(f"k{number}: 1" for number in range(1000)) + "}"
    lines = [f"a: &a {many}"] + [f"b{number}: {{<<: *a}}" for number in range(101)]
    assert documents("\n".join(lines[:-1]))
    assert why_not("\n".join(lines)) == (102, "more than 100,000 keys come from <<")


@PARSERS
@pytest.mark.parametrize("start", ["[", "{a: ", "- ", "[{a: "])
def test_depth_has_a_limit(start: str, *, pure: bool) -> None:
    assert why_not(start * 20_000, pure=pure) == (1, "nested deeper than 100 levels")


def test_size_has_a_limit() -> None:
    assert documents(" " * MAX_CHARACTERS) == []
    assert why_not(" " * (MAX_CHARACTERS + 1)) == (None, "larger than 1 MiB")


# Any input

SCALARS = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(SCALARS.filter(lambda key: key is not None), below, max_size=4)
    ),
    max_leaves=12,
)
MARKS = "a b: - ? : [ ] { } , & * &a *a <<: ! !t !!null !!str ' \" | > |- # % @ ` --- ... ~ \\ \\U".split()
BLANKS = [" ", "  ", "\n", "\n ", "\n  ", "\t", "\r", "\u2028", "\ufeff", "\x85", "%YAML 1.1\n"]
YAMLISH = st.lists(st.sampled_from(MARKS + BLANKS), max_size=40).map("".join)


@PARSERS
@given(tree=TREES, flow=st.sampled_from([True, False, None]))
def test_what_pyyaml_writes_is_read_back(*, pure: bool, tree: object, flow: bool | None) -> None:
    text = pyyaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, width=math.inf)
    assert documents(text, pure=pure) == [tree]


@given(st.text(max_size=60) | YAMLISH)
def test_any_text_ends_in_documents_or_unreadable(text: str) -> None:
    for pure in (False, True):
        try:
            assert isinstance(documents(text, pure=pure), list)
        except Unreadable:
            continue


@given(YAMLISH.filter(lambda text: "\ufeff" not in text))  # libyaml takes it for a mark anywhere
def test_both_parsers_read_the_same(text: str) -> None:
    try:
        read = documents(text), documents(text, pure=True)
    except Unreadable:
        return  # about what is no YAML they disagree here and there
    assert read[0] == read[1]


def test_where_keys_may_be_repeated_the_last_one_counts() -> None:
    (found,) = documents("a: 1\nb: 2\na: {c: 3, c: 4}\n", repeated=True)

    assert found == {"a": {"c": "4"}, "b": "2"}
    assert isinstance(found, Map)
    assert found.lines == {"a": 3, "b": 2}
