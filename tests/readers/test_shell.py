"""The reader of shell scripts, held to bash and dash."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st

from pycache_hooks.readers import shell

BASH = shutil.which("bash") or "bash"
DASH = shutil.which("dash")


def words(script: str) -> list[list[str]]:
    return [command.words for command in shell.commands(script)]


def told(script: str) -> list[str]:
    """The commands of *script*, one a line: the line's number, what is exported, the words, where the output goes."""
    return [
        " ".join(
            [
                f"{command.line}:",
                *(f"{name}={value}" for name, value in command.environment.items()),
                *command.words,
                *(f">{output}" for output in command.outputs),
            ]
        )
        for command in shell.commands(script)
    ]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("", []),
        ("a 'b c' \"d e\" f\\ g h'i'\"j\"", ["1: a b c d e f g hij"]),
        ("a 'it''s' \"\\\"\\$\\x\"", ['1: a its "$\\x']),
        ("a # b\n#c\nd#e f", ["1: a", "3: d#e f"]),
        ("a # the last one", ["1: a"]),
        ("a \\\n  b\\\nc \\\n\nd", ["1: a bc", "5: d"]),
        ('a "b \\\nc"\nd', ["1: a b c", "3: d"]),
        ("a;b&c&&d||e|f|&g\nh", ["1: a", "1: b", "1: c", "1: d", "1: e", "1: f", "1: g", "2: h"]),
        ("a\r\nb\r\n", ["1: a", "2: b"]),
        ("a\0b", ["1: ab"]),
        ("a \\", ["1: a \\"]),
        ("a 'open", ["1: a open"]),
        ('a "open\\', ["1: a open\\"]),
        ("''", ["1: "]),
    ],
    ids=[
        "nothing",
        "quotes",
        "quotes in quotes",
        "comments",
        "a comment at the end",
        "continued lines",
        "a continued line in quotes",
        "operators",
        "line ends of Windows",
        "a NUL",
        "a backslash at the end",
        "an open quote",
        "an open double quote",
        "an empty word",
    ],
)
def test_a_script_is_split_into_commands_and_words(script: str, found: list[str]) -> None:
    assert told(script) == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("$'a\\tb\\'c\\x41\\101\\u00e9\\q\\xg\\cA'", ["a\tb'cAA\xe9\\q\\xg\x01"]),
        ("$'open\\", ["open\\"]),
        ("$'xa\\c", ["xa"]),
        ("$'a\\U00110000'", ["a\\U"]),
        ("$'xa\\0'", ["xa"]),
        ('$"a b"', ["a b"]),
        ("$HOME/x$?$$a $", ["$HOME/x$?$$a", "$"]),
        ("${a} ${b:-\"c } d\"} ${e#'}'}", ["${a}", '${b:-"c } d"}', "${e#'}'}"]),
        ('"${a:-it\'s}" b', ["${a:-it's}", "b"]),
        ('"${a%\'"\'}" b', ["${a%'\"'}", "b"]),
        ("${a_1:-${b}} c", ["${a_1:-${b}}", "c"]),
        ("${open", ["${open"]),
        ("$((1 + (2) * ${x} + \\' + '\")\"')) b", ["$((1 + (2) * ${x} + \\' + '\")\"'))", "b"]),
        ("${{ format('}', github.ref) }}/x b", ["${{ format('}', github.ref) }}/x", "b"]),
        ("${{ open", ["${{ open"]),
        ("c@(d e)f !(a|b)", ["c@(d e)f", "!(a|b)"]),
        ("a {b,c} {d", ["a", "{b,c}", "{d"]),
    ],
    ids=[
        "a quote of ANSI C",
        "one that stays open",
        "one that ends in a control character",
        "one with a number that is no character",
        "one with a NUL",
        "a translated string",
        "variables",
        "defaults and patterns in braces",
        "an apostrophe in a default",
        "a quote in a pattern",
        "braces in braces",
        "open braces",
        "arithmetic",
        "an expression of GitHub",
        "an open expression of GitHub",
        "patterns",
        "braces that are words",
    ],
)
def test_an_expansion_stays_as_it_is_written(script: str, found: list[str]) -> None:
    commands = [command for command in shell.commands(script) if command.words not in (["a|b"], ["a"], ["b"])]
    assert commands[-1].words == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a $(b 'c)' $(d))", ["1: a $(b 'c)' $(d))", "1: b c) $(d)", "1: d"]),
        ('a "$(b "c")"', ['1: a $(b "c")', "1: b c"]),
        ("a `b \\`c\\` \\$d \\e`", ["1: a `b \\`c\\` \\$d \\e`", "1: b `c` $d e", "1: c"]),
        ('a "`b \\"c\\"`"', ['1: a `b \\"c\\"`', "1: b c"]),
        ("a <(b) >(c)", ["1: a <(b) >(c)", "1: b", "1: c"]),
        ("<(b) a", ["1: <(b) a", "1: b"]),
        ("a=$(b)\nc", ["1: b", "2: c"]),
        ("echo $(( $(b) + `c` ))", ["1: echo $(( $(b) + `c` ))", "1: b", "1: c"]),
        ("a $((b); (c))", ["1: a $((b); (c))", "1: b", "1: c"]),
        ("a ${b:-$(c)}", ["1: a ${b:-$(c)}", "1: c"]),
        ("a=(b $(c) # it's\n'd)') e", ["1: c", "2: a=(b $(c) # it's\n'd)') e"]),
        ("[[ -f $(b) && ( $c =~ ^(x|;y)$ ) ]] && d", ["1: b", "1: d"]),
        ("[[ a\n== b ]]\nc", ["3: c"]),
        ("[[ open", []),
        ("((a = $(b)))\nc", ["1: b", "2: c"]),
        ("((b); c)\n((open\n", ["1: b", "1: c", "2: open"]),
        ("(('open", ["1: open"]),
        ("a $((open", ["1: a $((open", "1: open"]),
        ("a $(open", ["1: a $(open", "1: open"]),
    ],
    ids=[
        "substitution",
        "in quotes",
        "backticks",
        "backticks in quotes",
        "process substitution",
        "process substitution first",
        "in an assignment",
        "in arithmetic",
        "subshells that look like arithmetic",
        "in braces",
        "in an array",
        "in a test",
        "a test over two lines",
        "an open test",
        "an arithmetic command",
        "subshells that look like an arithmetic command",
        "an open quote in what may be arithmetic",
        "open arithmetic",
        "an open substitution",
    ],
)
def test_what_a_substitution_runs_is_listed_behind_its_command(script: str, found: list[str]) -> None:
    assert told(script) == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("if a; then b; elif c; then d; else e; fi; f", "a b c d e f"),
        ("while a; do b; done; until c\ndo d\ndone", "a b c d"),
        ("for i in x $(a) 'y;z'; do b; done", "a b"),
        ("for \\\n i; do a; done; for i do b; done; for i in x\ndo c; done", "a b c"),
        ("for ((i=0; i<$(a); i++)); do b; done", "a b"),
        ("for ((a); do b; done", "b"),
        ("for i in a", ""),
        ("for i in a >b & c", "c"),
        ("select i in x; do a; done", "a"),
        ("case $(a) in\n# (\n  x|'y)') b ;;\n (z) c ;& w) d ;;& *) e\nesac; f", "a b c d e f"),
        ("case x in x) if a; then b; fi;; y) c;; esac; d", "a b c d"),
        ("case x\nin x) a;; esac", "a"),
        ("case x a", ""),
        ("case x in", ""),
        ("case x in ((a) b", ""),
        ("a;; b", "a b"),
        ("esac; a", "a"),
        ("f() { a; }; g () ( b )\nfunction h { c; }; function i() { d; }; function j ( ) { e; }; f", "a b c d e f"),
        ("function f (a)", "a"),
        ("{ a; }; ( b ); ! c; time -p d; time e; coproc f", "a b c d e f"),
        ("a ) b", "a b"),
        ("a b (c)", "a c"),
        ("a (", "a"),
        ("A=1 if", "if"),
        ("'if' a; i\\f b", "if if"),
    ],
    ids=str,
)
def test_keywords_are_no_commands(script: str, found: str) -> None:
    assert [command[0] for command in words(script)] == found.split()


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("A=1 a; b", ["1: A=1 a", "1: b"]),
        ("export A=1 B='x y'; a", ["1: export A=1 B=x y", "1: A=1 B=x y a"]),
        ("A=1; a; export A; b", ["1: a", "1: export A", "1: A=1 b"]),
        ("export A; A=1; a; A=; b; A=2; c", ["1: export A", "1: A=1 a", "1: A= b", "1: A=2 c"]),
        ("A=; export A; A=1; a", ["1: export A", "1: A=1 a"]),
        ("export A=1; A=2; a", ["1: export A=1", "1: A=2 a"]),
        ("export A=1; A+=2; a; B+=3 b", ["1: export A=1", "1: A=12 a", "1: A=12 B=3 b"]),
        ("A+=1; export A; a", ["1: export A", "1: A=$A1 a"]),
        ("declare -x A=1; typeset -x B=2; local C=3; readonly D=4; a", [4, "1: A=1 B=2 a"]),
        ("export A=1; declare +x A; a; export A=2; export -n A; b", [2, "1: A= a", 2, "1: A= b"]),
        ("export -n A=1; a; export -f f=1; b; export -p; c", [1, "1: A= a", 1, "1: A= b", 1, "1: A= c"]),
        ("export A=1; unset -f A; a; unset -v A 1; b", [2, "1: A=1 a", 1, "1: A= b"]),
        ("export A=1; unset A; A=2; a", [2, "1: A= a"]),
        ("set -a; A=1; a; set +a; B=2; b", [1, "1: A=1 a", 1, "1: A=1 b"]),
        ("set -eo allexport; A=1; a; set +o allexport; B=1; b", [1, "1: A=1 a", 1, "1: A=1 b"]),
        ("set -- -a; A=1; a", [1, "1: a"]),
        ("set x -e; A=1; a", [1, "1: a"]),
        ("(export A=1; a); b $(export A=2; c); d", [1, "1: A=1 a", "1: b $(export A=2; c)", 1, "1: A=2 c", "1: d"]),
        ("a[1]=2 b; c=d=e f", ["1: a[1]=2 b", "1: c=d=e f"]),
        ("1=2 a; 'A=1' b", ["1: 1=2 a", "1: A=1 b"]),
        ("export A=$HOME/x; a", [1, "1: A=$HOME/x a"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_knows_what_is_exported_before_it(script: str, found: list[str | int]) -> None:
    lines = iter(told(script))
    for line in found:
        if isinstance(line, int):
            for _ in range(line):
                assert next(lines).partition("=")[0].partition(":")[2]
        else:
            assert next(lines) == line
    assert not list(lines)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a >b 2>&1 >>c <d 3<>e >|f &>g &>>h <&3 >&- >&2 >&i", ["1: a >b >c >f >g >h >i"]),
        (">b a {fd}>c d2>e", ["1: a d2 >b >c >e"]),
        ('echo "A=1" >> "$GITHUB_ENV"', ["1: echo A=1 >$GITHUB_ENV"]),
        ("{ a; b >x; } >> $E; c", ["1: a >$E", "1: b >x >$E", "1: c"]),
        ("(a; b) >c; if d; then e; fi >f\ng", ["1: a >c", "1: b >c", "1: d >f", "1: e >f", "2: g"]),
        ("while a; do { b; } >c; done >d", ["1: a >d", "1: b >c >d"]),
        (">a", []),
        ("a >", ["1: a >"]),
    ],
    ids=str,
)
def test_redirections_are_no_words_and_outputs_are_kept(script: str, found: list[str]) -> None:
    assert told(script) == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a <<E b\nc 'd\nE\ne", ["1: a b", "4: e"]),
        ("a <<-E\n\tb\n\tE\nc", ["1: a", "4: c"]),
        (
            "a <<'E' <<F\n$(b)\nE\n$(c) `d` \\$(e) \"\nF\nf",
            ["1: a", "4: c", "4: d", "6: f"],
        ),
        ("a <<E\nopen", ["1: a"]),
        ("a <<E", ["1: a"]),
        ("sh <<E\nb \\$c\n$(d)\nE\ne", ["1: sh", "3: d", "2: b $c", "3: $(d)", "5: e"]),
        ("A=1 bash -s x <<'E'\nb $(c)\nE", ["1: A=1 bash -s x", "2: A=1 b $(c)", "2: A=1 c"]),
        ("bash -e <<< 'a\nb'; cat <<< c", ["1: bash -e", "1: a", "2: b", "2: cat"]),
        ("bash x.sh <<E\nb\nE", ["1: bash x.sh"]),
        ("sudo -u x bash <<E\nb\nE", ["1: sudo -u x bash", "2: b"]),
        ("if a; then b <<E; fi\nc\nE\nd", ["1: a", "1: b", "4: d"]),
        ("a $(b <<E\nc\nE\n)\nd", ["1: a $(b <<E\nc\nE\n)", "1: b", "5: d"]),
    ],
    ids=str,
)
def test_the_content_of_a_heredoc_is_read_where_a_shell_reads_it(script: str, found: list[str]) -> None:
    assert told(script) == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("sh -c 'a; b' c", ["a", "b"]),
        ("/bin/bash -euo pipefail -lc 'a'", ["a"]),
        ("bash --norc --rcfile x -O extglob +x -c a", ["a"]),
        ("bash -c -- a; bash -- -c; bash -", ["a"]),
        ("bash -c; bash -x", []),
        ("bash x.sh -c a", []),
        ("zsh -s a", []),
        ("A=1 env B=2 sh -c a", ["A=1 B=2 a"]),
        ("sudo sh -c 'a' ; poetry run bash -c b; docker run x bash -c c", ["a", "b"]),
        ("sudo a bash; exec -x", []),
        ("su - x -c 'a'; su -c b; runuser -u x --command=c; su --command d; su x", ["a", "b", "c", "d"]),
        ("eval 'export A=1; a' b; c", ["export A=1", "A=1 a b", "A=1 c"]),
        ("eval", []),
        ("sh -c \"a $(b) '$(c)'\"", ["b", "c", "a $(b) $(c)"]),
        ("sh -c 'a $(b) `c`'", ["a $(b) `c`", "b", "c"]),
        ("sh -c \"a `b`; sh -c 'd `e`'\"", ["b", "e", "a `b`", "d `e`"]),
        ('sh -c "cat <<E\n$(a)\nE\nb"', ["a", "cat", "b"]),
    ],
    ids=str,
)
def test_what_a_shell_is_given_to_run_is_read_too(script: str, found: list[str]) -> None:
    starters = (
        "sh",
        "bash",
        "zsh",
        "/bin/bash",
        "A=1 env",
        "sudo",
        "poetry",
        "docker",
        "exec",
        "su",
        "runuser",
        "eval",
    )
    lines = [line.partition(": ")[2] for line in told(script)]
    assert [line for line in lines if not (f"{line} ").startswith(tuple(f"{each} " for each in starters))] == found


def test_a_line_within_a_script_within_a_script_has_its_own_number() -> None:
    script = "a\nbash -c \"b x\\\ny && \\\n  c\nbash -c 'd\ne \\\n f'\"\ng"
    assert [(command.line, command.words[0]) for command in shell.commands(script, 10)] == [
        (10, "a"),
        (11, "bash"),
        (11, "b"),
        (13, "c"),
        (14, "bash"),
        (14, "d"),
        (15, "e"),
        (17, "g"),
    ]


def test_words_that_no_shell_has_split_are_read_if_they_start_one() -> None:
    found = shell.from_words(["sh", "-c", "exec a $B\nb"], 7, {"A": "1"})
    assert [(command.line, command.words, command.environment) for command in found] == [
        (7, ["sh", "-c", "exec a $B\nb"], {"A": "1"}),
        (7, ["exec", "a", "$B"], {"A": "1"}),
        (8, ["b"], {"A": "1"}),
    ]
    assert [command.words for command in shell.from_words(["a", "b;c"])] == [["a", "b;c"]]
    assert [command.words for command in shell.from_words([])] == [[]]


def test_a_command_shows_its_words() -> None:
    assert repr(shell.Command(["a", "b"], 3)) == "<Command ['a', 'b'] line 3>"


# What bash and dash say

QUOTED = st.text(" \t'\"\\aä*~", max_size=12)


@given(QUOTED)
@example('"\\a\\"" \'\\\'')
def test_quotes_are_removed_as_shlex_does(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError:
        reject()
    assert shell.split(text) == expected
    assert words(f": {text}") == [[":", *expected]]


RECORDER = """#!/bin/sh
{ printf '%s\\037' "${0##*/}" "$@"; printf 'A=%s\\037B=%s\\036' "$A" "$B"; } >>"$RECORD"
"""
PIECES = st.sampled_from(
    [
        "x",
        "y1",
        "-n",
        "'a b'",
        '"c d"',
        "\\;",
        "'#'",
        '"\\$h"',
        "'$h'",
        "a\\\nb",
        '"e\\\nf"',
        "''",
        "'\n'",
        "#x",
        "a#b",
        "=",
        "{",
        "%",
    ]
)
WORDS = (
    st.lists(PIECES, min_size=1, max_size=3).map("".join).filter(lambda word: not word.startswith("#") and word != "{")
)
NAMES = st.sampled_from("AB")
SIMPLE = st.builds(
    lambda variables, name, operands, redirection: " ".join([*variables, name, *operands]) + redirection,
    st.lists(st.builds("{}={}".format, NAMES, WORDS), max_size=1),
    st.sampled_from(["c1", "c2", "'c1'", "c\\2", 'c"1"']),
    st.lists(WORDS, max_size=3),
    st.sampled_from(["", "", " >/dev/null", " 2>&1", " </dev/null 3>&1"]),
)
SETTING = st.one_of(
    st.builds("export {}={}".format, NAMES, WORDS),
    st.builds("{}={}".format, NAMES, WORDS),
    st.builds("export {}".format, NAMES),
    st.builds("unset {}".format, NAMES),
    st.sampled_from(["set -a", "set +a", "# it's a comment\n:", "[ 1 = 1 ]", "true"]),
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3)
    joined = st.builds(
        lambda parts, mark: mark.join(parts), several, st.sampled_from(["; ", "\n", " &&\n", "\n\n# '\n"])
    )
    forms = [
        "( {0} )",
        "{{ {0}\n}}",
        "if true; then {0}\nfi",
        "if {0}\nthen :; fi",
        "for i in 1; do {0}\ndone",
        "case x in (y) c1 ;; x|z) {0}\n;; esac >/dev/null",
        ": $({0}\n)",
        ': "$({0}\n)" x',
        "while {0}\nbreak; do :; done",
        "sh <<'END{1}'\n{0}\nEND{1}\n:",
        "! {{ {0}\nfalse; }}",
    ]
    return st.one_of(
        joined,
        st.builds(lambda form, body: form.format(body, len(body)), st.sampled_from(forms), joined),
        joined.map(lambda body: f"sh -c {shlex.quote(body)}"),
        joined.map(lambda body: f"eval {shlex.quote(body)}"),
    )


SCRIPTS = st.recursive(st.one_of(SIMPLE, SIMPLE, SETTING), _compound, max_leaves=6)
NO_RECORD = (":", "[", "true", "false", "sh", "eval", "export", "unset", "set", "break")


@pytest.fixture(scope="module")
def recorders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorders")
    for name in ("c1", "c2"):
        (folder / name).write_text(RECORDER)
        (folder / name).chmod(0o755)
    return folder


def _recorded(program: str, script: str, recorders: Path) -> list[list[str]]:
    """What ran, in order, when *program* ran *script*: the words, and the variables A and B."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "record")
        env = {"PATH": f"{recorders}:{os.environ['PATH']}", "RECORD": str(record)}
        subprocess.run([program, "-c", script], env=env, cwd=folder, capture_output=True, check=False, timeout=60)
        text = record.read_text() if record.exists() else ""
    return [run.split("\037") for run in text.split("\036")[:-1]]


@pytest.mark.skipif(os.name == "nt", reason="needs programs that are scripts")
@pytest.mark.parametrize("program", [BASH, pytest.param(DASH, marks=pytest.mark.skipif(not DASH, reason="no dash"))])
@settings(max_examples=60, deadline=None)
@given(script=SCRIPTS)
@example(script="( export A=x ); export A; c1")
@example(script="A=1; export A; ( A=2; c1 ); c2; unset A; : $(c1)")
@example(script="sh -c 'c1 '\\''a b'\\''\nA=1 c2'")
def test_the_commands_that_a_shell_runs_are_found_with_their_variables(
    program: str, script: str, recorders: Path
) -> None:
    assume(program != DASH or "$((" not in script)  # two subshells to bash, always arithmetic to dash
    ran = _recorded(program, script, recorders)
    read = [
        [*command.words, f"A={command.environment.get('A', '')}", f"B={command.environment.get('B', '')}"]
        for command in shell.commands(script)
        if command.words[0] not in NO_RECORD and "(y)" not in command.words
    ]
    skipped = script.count("case x in (y) c1")
    assert sorted(ran) == sorted(_without(read, ["c1"], skipped))


def _without(read: list[list[str]], name: list[str], count: int) -> list[list[str]]:
    """*read* without the *count* commands in clauses that are not taken."""
    kept = []
    for command in read:
        if count and command[:-2] == name:
            count -= 1
        else:
            kept.append(command)
    return kept


# Bad input

MARKS = st.sampled_from(
    [
        *"'\"\\$`(){}[]<>|&;#=+!*@~- \n\t\0a",
        *(
            "$(",
            "${",
            "${{",
            "}}",
            "$((",
            "))",
            "<<E\n",
            "\nE\n",
            "<<-",
            "<<<",
            "$'",
            "\\\n",
            "2>",
            "{a}>",
            "[[ ",
            " ]]",
        ),
        *("case ", " in ", "esac", ";;", "for ", "do ", "done", "if ", "fi", "function ", "time ", "eval '", "sh -c '"),
        *("export A=", "A+=", "unset ", "declare -x ", "set -a", "su -c ", "\\x", "\\u", "\\c", "\\1"),
    ]
)


@settings(max_examples=400)
@example("`\\")
@given(st.lists(MARKS, max_size=40).map("".join))
def test_nothing_that_is_written_makes_the_reader_fail(script: str) -> None:
    lines = script.count("\n") + 1
    for command in shell.commands(script):
        assert command.words
        assert 1 <= command.line <= lines
    assert all(isinstance(word, str) for word in shell.split(script))


@pytest.mark.parametrize(
    "mark",
    ["(", "$(", "${", "`", '"$(', "$((", "<(", "{ ", "((", "eval ", "sh -c '", 'bash -c "', "case a in (", "[[ "],
)
def test_a_script_of_any_depth_is_read_in_bounded_space(mark: str) -> None:
    assert len(shell.commands(f"a\n{mark * 20_000} b")) <= 60


def test_nested_scripts_are_read_down_to_a_limit() -> None:
    script = "a"
    for _ in range(12):
        script = f"sh -c {shlex.quote(script)}"
    assert [command[0] for command in words(script)] == ["sh"] * 7
    heredoc = "a\n"
    for number in range(12):
        heredoc = f"sh <<'E{number}'\n{heredoc}E{number}\n"
    assert [command[0] for command in words(heredoc)] == ["sh"] * 7
    expanded = 'sh -c \'sh -c "sh -c \\"sh -c \\\\\\"a\\\\\\"\\""\''
    assert [command[0] for command in words(expanded)] == ["sh", "sh", "sh", "sh", "a"]


def test_so_many_exports_that_nobody_wrote_them_are_not_all_kept() -> None:
    many = 2_000
    script = "".join(f"export A{number}=1\nB=1 a\n" for number in range(many)) + "A0+=2; export -n A0; export C; a\n"
    found = shell.commands(script)
    assert len(found) == 2 * many + 3
    assert found[101].environment.keys() == {*(f"A{number}" for number in range(51)), "B"}
    assert len(found[-1].environment) < many
    assert found[-4].environment == {"B": "1"}


def test_a_group_with_more_redirections_than_anybody_writes_does_not_take_them_all() -> None:
    found = shell.commands("{ " + "a;" * 2_000 + "}" + " >b" * 2_000)
    assert 0 < len(found[0].outputs) < 2_000
