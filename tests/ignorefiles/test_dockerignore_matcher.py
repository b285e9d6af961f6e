"""What a .dockerignore keeps out, held to what BuildKit, the classic builder and Podman were seen to do."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import posixpath
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import pycache_hooks
from pycache_hooks.ignorefiles.dockerignore import DockerIgnore, DockerIgnoreError
from pycache_hooks.ignorefiles.podman import PodmanIgnore

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"
SAMPLES: list[dict[str, Any]] = json.loads((VECTORS / "dockerignore.json").read_text("utf-8"))
ERRORS: list[dict[str, Any]] = json.loads((VECTORS / "dockerignore-errors.json").read_text("utf-8"))


def content(vector: dict[str, Any]) -> bytes:
    text: str = vector.get("content", "\n".join(vector["patterns"]))
    if text == "a*65536 + newline":
        text = "a" * 65536 + "\n"
    return text.encode()


@functools.cache
def buildkit(data: bytes) -> DockerIgnore:
    return DockerIgnore.parse(data)


@functools.cache
def podman(data: bytes) -> PodmanIgnore:
    return PodmanIgnore(data)


def excludes(lines: str, path: str) -> bool:
    return DockerIgnore.parse(lines.encode()).excludes(path)


def error(data: bytes) -> tuple[int, str] | None:
    try:
        DockerIgnore.parse(data)
    except DockerIgnoreError as found:
        return found.line, found.reason
    return None


UNPRINTABLE = 'header key "exclude-patterns" contains value with non-printable ASCII characters'


# --- the vectors


def test_agrees_with_buildkit_on_every_vector() -> None:
    loading = [vector for vector in SAMPLES if "buildkit_error" not in vector]
    assert len(loading) > 2500
    assert [v for v in loading if buildkit(content(v)).excludes(v["path"]) != v["excluded"]] == []


def test_agrees_with_the_other_builders_on_every_vector_that_buildkit_excludes() -> None:
    differing = []
    for vector in SAMPLES:
        if vector["excluded"]:
            expected = []
            if not vector.get("excluded_podman", True) and "podman_error" not in vector:
                expected.append("Podman")
            if not vector.get("excluded_classic_builder", True):
                expected.append("the classic builder")
            found = buildkit(content(vector)).shipped_elsewhere(vector["path"])
            if found != tuple(expected):
                differing.append((vector, found))
    assert differing == []


def test_agrees_with_podman_on_every_vector() -> None:
    differing = []
    for vector in SAMPLES:
        excluded = vector.get("excluded_podman", vector["excluded"]) or "podman_error" in vector
        if "buildkit_error" not in vector and podman(content(vector)).ships(vector["path"]) == excluded:
            differing.append(vector)
    assert differing == []


def test_fails_for_the_files_that_fail_a_build_and_says_why_in_dockers_words() -> None:
    assert [v for v in ERRORS if error(content(v)) != (None if v["error"] is None else (1, v["error"]))] == []
    for vector in SAMPLES:
        if "buildkit_error" in vector:
            found = error(content(vector))
            assert found is not None
            assert found[1] in vector["buildkit_error"]


def test_podman_refuses_what_the_vectors_say_it_refuses() -> None:
    known = [vector for vector in ERRORS if "podman_stage" in vector]
    assert [v for v in known if PodmanIgnore(content(v)).ships("any") != (v["podman_stage"] == "none")] == []


# --- reading


@pytest.mark.parametrize(
    ("data", "patterns"),
    [
        pytest.param(b"a\r\nb\r\n", ["a", "b"], id="CRLF"),
        pytest.param(b"a\r\r\n", ["a"], id="white space takes a second CR too"),
        pytest.param("a\u2028b\n".encode(), ["a\u2028b"], id="U+2028 ends no line"),
        pytest.param("a\x85".encode(), ["a"], id="U+0085 is white space"),
        pytest.param("\u00a0a\u3000".encode(), ["a"], id="so are U+00A0 and U+3000"),
        pytest.param("\u200ba".encode(), ["\u200ba"], id="but not U+200B"),
        pytest.param("\x1fé\x1f".encode(), ["\x1fé\x1f"], id="nor U+001F, which str.strip takes"),
        pytest.param(b"\xef\xbb\xbf#a\nb", ["b"], id="a BOM before a comment"),
        pytest.param(b"\xef\xbb\xbf!a", ["!a"], id="a BOM before an exception"),
        pytest.param(b"a\n\xef\xbb\xbfb", ["a", "\ufeffb"], id="a BOM in the second line is text"),
        pytest.param(b"#a\n #b\n\\#c", ["#b", "\\#c"], id="a comment begins in column 0"),
        pytest.param(b"a # b", ["a # b"], id="and not after a pattern"),
        pytest.param(b'"a"', ['"a"'], id="no quotes"),
        pytest.param(b"\n \t\n\na", ["a"], id="blank lines"),
        pytest.param(b"!  a", ["!a"], id="blanks after the exclamation mark"),
        pytest.param(b"!/a\n!./b", ["!a", "!b"], id="slash or dot after it"),
        pytest.param(b"/!a\n./!b", ["!a", "!b"], id="an exclamation mark that cleaning brings to the front"),
        pytest.param(b"!!a", ["!!a"], id="an exception for !a"),
        pytest.param(b"\\!a", ["\\!a"], id="an escaped exclamation mark"),
        pytest.param(b"/#a\n./#b", ["#a", "#b"], id="a number sign that cleaning brings to the front"),
        pytest.param(b"./a//b/./c/../d/", ["a/b/d"], id="a path is cleaned"),
        pytest.param(b"//a", ["a"], id="two leading slashes"),
        pytest.param(b"/../a\n../b\n../../c\nd/../..", ["a", "../b", "../../c", ".."], id="dots above the root"),
        pytest.param(b"/\n.\na/..", ["/", ".", "."], id="the root itself"),
        pytest.param(b"/ /a", ["/a"], id="the second trimming"),
        pytest.param(b"/ /", [], id="the second trimming leaves nothing"),
        pytest.param(b"a\xff", ["a\ufffd"], id="a byte that is not UTF-8"),
    ],
)
def test_reading(data: bytes, patterns: list[str]) -> None:
    assert ["!" * pattern.exception + pattern.text for pattern in DockerIgnore.parse(data).patterns] == patterns


def test_patterns_know_their_lines() -> None:
    patterns = DockerIgnore.parse(b"# caches\n\n**/*.pyc\r\n  !keep.pyc\n").patterns
    assert [(p.line, p.text, p.exception) for p in patterns] == [(3, "**/*.pyc", False), (4, "keep.pyc", True)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"a\n!\n", (2, 'illegal exclusion pattern: "!"'), id="an exclamation mark alone"),
        pytest.param(b"a\nb[\n", (2, "syntax error in pattern"), id="at load"),
        pytest.param(b"a\n[z-a]\n", (2, "syntax error in pattern"), id="at match"),
        pytest.param(b"[z-a]\nb[\n", (2, "syntax error in pattern"), id="at load comes before at match"),
        pytest.param(b"[z-a]\n!\n", (2, 'illegal exclusion pattern: "!"'), id="at load, another reason"),
        pytest.param(b"[\xff]", (1, "syntax error in pattern"), id="not UTF-8 in a class"),
        pytest.param(b"\xff", None, id="not UTF-8 elsewhere"),
        pytest.param(b"*[a-b]*[", (1, "syntax error in pattern"), id="an unclosed class that only the regexp sees"),
        pytest.param(b"[a\\.-z]x", None, id="an escape in a class"),
        pytest.param(b"[a\\", (1, "syntax error in pattern"), id="a class that ends in a backslash"),
        pytest.param(b".*[", (1, "syntax error in pattern"), id="a first chunk that matches a dot"),
        pytest.param(b"[!-~]*[^", (1, "syntax error in pattern"), id="a first chunk that is a class with the dot"),
        pytest.param(b"\\.*\\", (1, "syntax error in pattern"), id="a first chunk that is an escaped dot"),
        pytest.param(b"x*\\", None, id="a first chunk that does not match: the backslash escapes the dollar sign"),
        pytest.param(b"a" * 65535, None, id="a long line"),
        pytest.param(b"a\n" + b"a" * 65536, (2, "bufio.Scanner: token too long"), id="a line too long"),
        pytest.param(b"#" * 65536, (1, "bufio.Scanner: token too long"), id="a comment too long"),
        pytest.param(b"[\n" + b"a" * 65536, (2, "bufio.Scanner: token too long"), id="reading comes first"),
        pytest.param(b"# \0\na\x7f", (2, UNPRINTABLE), id="DEL"),
        pytest.param("a\x1fb\né".encode(), None, id="a control character beside one that is not ASCII"),
    ],
)
def test_errors(data: bytes, expected: tuple[int, str] | None) -> None:
    assert error(data) == expected


def test_an_error_reads_as_one_line() -> None:
    with pytest.raises(ValueError, match=r"^line 2: syntax error in pattern$"):
        DockerIgnore.parse(b"a\n[\n")


# --- one pattern


@pytest.mark.parametrize(
    ("pattern", "excluded", "shipped"),
    [
        pytest.param("__pycache__/", "__pycache__/x.pyc", "app/__pycache__/x.pyc", id="a slash at the end anchors"),
        pytest.param("*.pyc", "x.pyc", "app/x.pyc", id="a pattern is anchored"),
        pytest.param("*/*.pyc", "app/x.pyc", "app/b/x.pyc", id="a star stops at a slash"),
        pytest.param("**/*.pyc", "a/b/x.pyc", "a/b/x.py", id="any depth"),
        pytest.param("**/*.py[cod]", "x.pyd", "x.py", id="a class"),
        pytest.param("**.py[cod]", ".pyc", "a/x.pyc", id="two stars in a name, with a class"),
        pytest.param("**/**.pyc", "a/.pyc", "a/x.pyc", id="two stars in a name, twice"),
        pytest.param("**.pyc", "a/x.pyc", "a/x.pyc.bak", id="a suffix"),
        pytest.param("**/foo", "foo", "xfoo", id="a suffix of whole names"),
        pytest.param("**__pycache__", "my__pycache__/x", "__pycache__x", id="a suffix that is no whole name"),
        pytest.param("foo/**", "foo/x", "foo", id="a prefix leaves the directory"),
        pytest.param("foo**", "foobar", "xfoo", id="a prefix"),
        pytest.param("foo**bar", "foox/bar", "fooxbar", id="two stars inside"),
        pytest.param("a/**b", "a/x/b", "a/xb", id="two stars before a name"),
        pytest.param("*/**", "a/b", "a", id="everything but the root's files"),
        pytest.param("**/*.{pyc,pyo}", "x.{pyc,pyo}", "x.pyc", id="no braces"),
        pytest.param("**/*.py[!x]", "x.py!", "x.pyc", id="no negation by exclamation mark"),
        pytest.param("**/*.py[^x]", "x.pyc", "x.pyx", id="negation by caret"),
        pytest.param("a[^b]c", "a/c", "abc", id="a negated class matches a slash"),
        pytest.param("[*]", "/]", "*", id="a star in a class"),
        pytest.param("[?]", "[]", "?", id="a question mark in a class"),
        pytest.param("\\*", "*", "a", id="an escaped star"),
        pytest.param("**/*.pyc\\", "x.pyc$", "x.pyc", id="a backslash at the end"),
        pytest.param("**/*.PYC", "x.PYC", "x.pyc", id="case"),
        pytest.param("?.pyc", "é.pyc", "ab.pyc", id="a question mark is a character"),
        pytest.param("?.pyc", os.fsdecode(b"\xff.pyc"), "/.pyc", id="or a byte that is not UTF-8"),
        pytest.param("a\ufffd*", os.fsdecode(b"a\xff"), "a", id="which reads as U+FFFD"),
        pytest.param("a|b", "a|b", "a", id="a bar in plain text"),
        pytest.param("*.pyc|x", "zzx", "a.py", id="a bar in a pattern with a wildcard"),
        pytest.param("a{2}*", "aab", "a{2}", id="a repetition"),
        pytest.param("^a*", "ab", "^a", id="a caret"),
        pytest.param("(a)+*", "(a)+b", "aa", id="parentheses and plus are text"),
        pytest.param("./#*", "#a", "a", id="no comment"),
        pytest.param("\ufeff**/*.pyc", "x.pyc", "x.py", id="a second BOM is dropped from an expression"),
        pytest.param("\ufeffx", "\ufeffx", "x", id="but not from a name"),
        pytest.param("x*y", "x\ny", "x/y", id="a star matches a newline"),
        pytest.param("x**/y*", "xx/y", "x\n/y", id="two stars inside do not"),
    ],
)
def test_one_pattern(pattern: str, excluded: str, shipped: str) -> None:
    lines = f"# a BOM counts in the first line only\n{pattern}\n"
    assert excludes(lines, excluded)
    assert not excludes(lines, shipped)


def test_a_suffix_behind_a_bom_matches_nothing() -> None:
    ignore = DockerIgnore.parse("#\n\ufeff**/x\n".encode())
    assert not any(ignore.excludes(path) for path in ("x", "a/x", "\ufeff/x", "\ufeff**/x", "*/x"))


@pytest.mark.parametrize("pattern", ["/", ".", "./", "..", "../x", "!.", "!x", "!!x"])
def test_patterns_that_match_nothing(pattern: str) -> None:
    assert not any(excludes(pattern, path) for path in ("x", "a/x", "!x"))


@pytest.mark.parametrize("pattern", ["*", "**", "**/", "**/**", "**/*", "***", "./**", "/**"])
def test_patterns_that_match_everything(pattern: str) -> None:
    assert all(excludes(pattern, path) for path in ("x", "a/x", ".a/.x", "a/b/c/x"))


# --- the walk


@pytest.mark.parametrize(
    ("lines", "path", "excluded", "line"),
    [
        pytest.param("", "a", False, None, id="no pattern"),
        pytest.param("b", "a", False, None, id="no match"),
        pytest.param("a\n!b", "a", True, 1, id="one match"),
        pytest.param("#\n*\n!app", "app/__pycache__/x.pyc", False, 3, id="an allowed directory ships its caches"),
        pytest.param("*\n!app\n**/__pycache__", "app/__pycache__/x.pyc", True, 3, id="unless they are excluded after"),
        pytest.param("app/x\n!app\n*", "app/x", True, 1, id="a verdict that a later line only confirms"),
        pytest.param("docs\n!docs/README.md", "docs/README.md", False, 2, id="below an excluded directory"),
        pytest.param("docs\n!docs/README.md", "docs/x", True, 1, id="and beside it"),
        pytest.param("**/*.pyc\n!app", "app/x.pyc", True, 1, id="an exception that was not asked on the parent"),
        pytest.param("**/*.pyc\n!app/**", "app/a/x.pyc", False, 2, id="an exception for all below"),
        pytest.param("**/*.pyc\n!app/*", "app/x.pyc", False, 2, id="an exception for one level"),
        pytest.param("**/*.pyc\n!app/*", "app/a/x.pyc", True, 1, id="is not inherited, as app/a is not excluded"),
        pytest.param("foo\n!foo/bar\nf*", "foo/bar", False, 2, id="a pattern that was not asked on the parent"),
        pytest.param("a\n!a\na", "a/b", True, 3, id="the last match wins"),
        pytest.param("*\n!**/*.py", "app/a/x.py", False, 2, id="a wildcard opens every directory"),
        pytest.param("*\n!src/*/**", "src/a/x.py", True, 1, id="but not the last stars: src/a is not looked into"),
        pytest.param("*\n!src/*/**", "src/x.py", True, 1, id="nor is a file in src let in"),
        pytest.param("*\n!src/*", "src/a/x.py", False, 2, id="one star lets in the directories"),
        pytest.param("*\n!aa{1}/*", "aa/x", True, 1, id="a repetition is no wildcard"),
    ],
)
def test_the_walk(lines: str, path: str, excluded: bool, line: int | None) -> None:  # noqa: FBT001
    ignore = DockerIgnore.parse(lines.encode())
    assert (ignore.excludes(path), ignore.deciding_line(path)) == (excluded, line)


@pytest.mark.parametrize(
    ("lines", "path", "builders"),
    [
        pytest.param("**/*.pyc", "app/x.pyc", (), id="nobody"),
        pytest.param("**/*.pyc", "app/x.py", (), id="a path that BuildKit ships"),
        pytest.param("**/*.pyc\n!app", "app/x.pyc", ("Podman",), id="an exception for the directory"),
        pytest.param("**.pyc", "app/x.pyc", ("Podman",), id="two stars in a name"),
        pytest.param("**.pyc\nc++", "app/x.pyc", (), id="a file that Podman refuses"),
        pytest.param("**.pyc\na*\\", "app/x.pyc", (), id="a backslash that Podman refuses"),
        pytest.param(" /x.pyc", "x.pyc", ("Podman",), id="a blank before the slash"),
        pytest.param("*\n!a/*/**", "a/*/x", ("Podman", "the classic builder"), id="a directory that is called *"),
        pytest.param("*\n!ab/**", "a/x", (), id="a directory that Podman looks into for its name alone"),
    ],
)
def test_other_builders(lines: str, path: str, builders: tuple[str, ...]) -> None:
    ignore = DockerIgnore.parse(lines.encode())
    assert ignore.shipped_elsewhere(path) == builders
    assert ignore.shipped_elsewhere(path) == builders


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    lines = b"*\n!app\n**/*.py[cod]\n!app/keep/**\napp/keep/no\n"
    paths = ["app/a.pyc", "app/keep/a.pyc", "app/keep/no/a", "app", "app/keep", "app/keep/no", "app/a.pyc/b", "x"]
    together = DockerIgnore.parse(lines)
    answers = [together.excludes(path) for path in paths]
    assert answers == [DockerIgnore.parse(lines).excludes(path) for path in reversed(paths)][::-1]
    assert answers == [True, False, True, False, False, True, True, True]


# --- properties

ALPHABET = "ab.*?[]^!-\\/|{}()+$#12, \tdwQEbx\xe9\ufeff\r\n"
FILES = st.one_of(
    st.binary(max_size=60),
    st.text(ALPHABET, max_size=40).map(str.encode),
    st.lists(st.text(ALPHABET.replace("\n", ""), max_size=8), max_size=5).map(lambda lines: "\n".join(lines).encode()),
)
PATHS = st.one_of(st.binary(max_size=20).map(os.fsdecode), st.text("ab.!/\\\n-\xe9", max_size=12))


@settings(deadline=None, max_examples=300)
@given(data=FILES, path=PATHS)
@example(data=b"*a\n", path="\ud800")
def test_no_file_and_no_path_is_a_crash(data: bytes, path: str) -> None:
    found = error(data)
    if found is not None:
        assert 1 <= found[0] <= data.count(b"\n") + 1
        return
    ignore = DockerIgnore.parse(data)
    assert isinstance(ignore.excludes(path), bool)
    line = ignore.deciding_line(path)
    assert line in {None, *(pattern.line for pattern in ignore.patterns)}
    if line is None:
        assert not ignore.excludes(path)
    else:
        decider = next(pattern for pattern in ignore.patterns if pattern.line == line)
        assert decider.exception is not ignore.excludes(path)
    assert set(ignore.shipped_elsewhere(path)) <= {"Podman", "the classic builder"}


PATTERNS = st.lists(
    st.sampled_from(["a", "b", "ab", ".a", "*", "**", "?", "/", "/", "[ab]", "[^a]", "\\*", "\\."]),
    min_size=1,
    max_size=7,
)
LINES = st.lists(st.tuples(st.booleans(), PATTERNS.map("".join)), min_size=1, max_size=5)
NAMES = st.sampled_from(["a", "b", "ab", ".a", "*", "ba", "aa"])
TREE_PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
TOKENS = re.compile(r"(\*\*/?)|(\*)|(\?)|(\[\^?\w+\])|\\(.)|(.)")


def reference_expression(pattern: str) -> str:
    """Section by section, what patternmatcher means by a pattern without live characters, for Python's re."""
    wild = set("*?[]\\")
    if pattern.startswith("**") and not wild & set(pattern[2:]):
        tail = re.escape(pattern[2:])
        return f".*{tail}" + (f"|{tail[1:]}" if tail.startswith("/") else "")
    if pattern.endswith("**") and not wild & set(pattern[:-2]):
        return re.escape(pattern[:-2]) + ".*"
    parts = []
    for found in TOKENS.finditer(pattern):
        stars, star, mark, characters, escaped, plain = found.groups()
        if stars:
            parts.append("(?:.*/)?" if found.end() < len(pattern) else ".*")
        elif star or mark:
            parts.append("[^/]*" if star else "[^/]")
        else:
            parts.append(characters or re.escape(escaped or plain))
    return "".join(parts)


def reference_excludes(lines: list[tuple[bool, str]], path: str) -> bool:
    """The walk of fsutil, one list of booleans a level."""
    patterns = []
    for exception, pattern in lines:
        cleaned = posixpath.normpath(pattern).lstrip("/") or "/"
        patterns.append((exception, cleaned, re.compile(reference_expression(cleaned))))
    stems = [re.sub(r"(/\*)?(/\*\*)?$", "", text, count=1) for exception, text, _ in patterns if exception]
    open_everywhere = any(set("*[]?^\\") & set(stem) for stem in stems)
    parent = [False] * len(patterns)
    parts = path.split("/")
    excluded = False
    for depth in range(1, len(parts) + 1):
        name = "/".join(parts[:depth])
        if (
            excluded
            and not open_everywhere
            and not any(f"{stem}/".startswith(f"{'/'.join(parts[: depth - 1])}/") for stem in stems)
        ):
            return True
        info = []
        excluded = False
        for (exception, _, expression), inherited in zip(patterns, parent, strict=True):
            found = inherited or (exception == excluded and expression.fullmatch(name) is not None)
            info.append(found)
            excluded = excluded if not found else not exception
        parent = info
    return excluded


@settings(deadline=None, max_examples=300)
@given(lines=LINES, path=TREE_PATHS)
@example(lines=[(False, "*"), (True, "a/*/**")], path="a/b/a")
def test_agrees_with_a_plain_reference(lines: list[tuple[bool, str]], path: str) -> None:
    assume(all(posixpath.normpath(pattern) not in {"/", "//"} for _, pattern in lines))
    data = "\n".join("!" * exception + pattern for exception, pattern in lines).encode()
    assert excludes(data.decode(), path) == reference_excludes(lines, path)


# --- cost


@pytest.mark.parametrize(
    "pattern",
    [
        "*a*a*a*a*a*a*a*a*b",
        "**/a/**/a/**/a/**/a/**/b",
        "**/" * 60 + "b*",
        "a{2}*a{2}*a{2}*a{2}*b",
        "[^b]*[^b]*[^b]*[^b]*[^b]*[b]",
        "a{0,99}\\Q\\E[^/]*x",
        "a|aa|aaa*|[a]{1,9}*b",
    ],
)
@pytest.mark.parametrize("path", ["a" * 20_000, "a/" * 10_000 + "a", "ab" * 10_000], ids=["name", "depth", "pairs"])
def test_a_long_path_is_no_harder_for_any_pattern(pattern: str, path: str) -> None:
    """A matcher that goes back would not end in a lifetime."""
    ignore = DockerIgnore.parse(f"{pattern}\n!x*y".encode())
    assert isinstance(ignore.excludes(path), bool)
    assert isinstance(PodmanIgnore(b"*a*a*a*a*b").ships(path), bool)


def test_names_need_no_expressions_and_nothing_slow_to_import() -> None:
    program = (
        "import sys; from pycache_hooks.ignorefiles.dockerignore import DockerIgnore as D\n"
        "D.parse(b'.git\\n**/__pycache__\\nbuild/**\\n').excludes('a/b')\n"
        "assert 'pycache_hooks.ignorefiles.expressions' not in sys.modules\n"
        "D.parse(b'**/*.py[cod]\\n**/*.pyc\\n!app').shipped_elsewhere('app/b.pyc')\n"
        "assert 'pycache_hooks.ignorefiles.podman' in sys.modules\n"
        "print(*{'re', 'typing', 'enum', 'dataclasses', 'pathlib', 'functools'} & sys.modules.keys())\n"
    )
    source = os.path.dirname(os.path.dirname(pycache_hooks.__file__))
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == ""
