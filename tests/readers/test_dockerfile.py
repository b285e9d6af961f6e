"""The instructions of a Dockerfile, compared with BuildKit's own parser, and what it takes from its build context."""

from __future__ import annotations

import importlib
import json
import platform
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pycache_hooks.readers import dockerfile
from pycache_hooks.readers.files import Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection

    from pycache_hooks.readers.dockerfile import Instruction

WITHOUT_WHEEL = sys.platform == "linux" and (platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc")
"""Where there may be no wheel of the package that wraps BuildKit's parser."""


def only(text: str) -> Instruction:
    (instruction,) = dockerfile.instructions(text)
    return instruction


class Opened(NamedTuple):
    name: str
    content: str


class Command(NamedTuple):
    """What BuildKit's parser makes of an instruction, as far as it is compared."""

    cmd: str | None
    sub_cmd: str | None
    json: bool
    start_line: int
    end_line: int
    flags: tuple[str, ...]
    value: tuple[str, ...]
    heredocs: tuple[Opened, ...]


class BuildKit(Protocol):
    GoParseError: type[Exception]

    def parse_string(self, text: str) -> tuple[Command, ...]: ...
    def all_cmds(self) -> tuple[str, ...]: ...


@pytest.fixture(scope="module")
def buildkit() -> BuildKit:
    """BuildKit's parser, in the PyPI package dockerfile. Its version 3.4.0 wraps BuildKit 0.12.5.

    That is older than what we follow: it does not know the directive ``check``, takes no blank behind ``<<``, and its
    lexer, which finds the words of heredocs, has other substitutions. Behind a JSON array it takes anything. The wrapper
    loses the heredocs of ONBUILD.
    """
    package: BuildKit = pytest.importorskip("dockerfile") if WITHOUT_WHEEL else importlib.import_module("dockerfile")
    return package


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        pytest.param("", [], id="an empty file"),
        pytest.param("FROM scratch\nRUN make\n", [], id="nothing is copied"),
        pytest.param("COPY . /app", ["."], id="everything, and no last newline"),
        pytest.param("COPY\t. /app\n", ["."], id="a tab behind the instruction"),
        pytest.param("COPY .\t/app\n", ["."], id="a tab between the words"),
        pytest.param("  copy  a   b  c  \n", ["a", "b"], id="lower case, indented"),
        pytest.param("Add a b\n", ["a"], id="ADD"),
        pytest.param("COPY a b\r\nCOPY c d\r\n", ["a", "c"], id="CRLF"),
        pytest.param("\ufeffCOPY a b\n", ["a"], id="a byte order mark"),
        pytest.param("COPY ./a//b/ ../c /d /x\n", ["a/b", "c", "d"], id="paths are cleaned and stay inside"),
        pytest.param("COPY / ./ .. /x\n", [".", ".", "."], id="the root in other words"),
        pytest.param("COPY a\n", [], id="a destination only"),
        pytest.param("COPY\n", [], id="no words"),
        pytest.param("COPY $A ${B}/c x*/? /d\n", ["$A", "${B}/c", "x*/?"], id="variables and wildcards stay"),
        pytest.param("COPY \"a\" 'b' /c\n", ["a", "b"], id="quotes"),
        pytest.param("COPY c:\\a d\n", ["c:\\a"], id="a Windows path"),
        # flags
        pytest.param("COPY --from=builder /venv /venv\n", [], id="from a stage"),
        pytest.param("COPY --chown=a:b --from=0 x y\n", [], id="from a stage, second flag"),
        pytest.param("COPY --chown=a:b --link --chmod=755 x y\n", ["x"], id="other flags"),
        pytest.param("COPY --link\t--chown=a\tx y\n", ["x"], id="tabs between flags"),
        pytest.param("COPY --exclude=*.pyc . /a\n", ["."], id="with an exclusion"),
        pytest.param("COPY x --from=y z\n", ["x", "--from=y"], id="a flag behind the first word is a word"),
        # JSON
        pytest.param('COPY ["a b", "c", "/d/"]\n', ["a b", "c"], id="JSON"),
        pytest.param('COPY --chown=a ["a b", "/d/"]\n', ["a b"], id="JSON behind a flag"),
        pytest.param('COPY --from=a ["a b", "/d/"]\n', [], id="JSON from a stage"),
        pytest.param('COPY [ \\\n "a", \\\n "b" \\\n]\n', ["a"], id="JSON on several lines"),
        pytest.param('COPY [ "a" "b"\n', ["[", "a"], id="no JSON, so words"),
        pytest.param("COPY [1, 2] x\n", ["[1,", "2]"], id="JSON and more"),
        pytest.param("COPY [1]\n", [], id="JSON of something else"),
        pytest.param("COPY " + "[" * 100_000 + "\n", [], id="JSON that is too deep"),
        # elsewhere
        pytest.param("ADD https://a/b git@github.com:a/b.git c /d\n", ["c"], id="addresses"),
        pytest.param("ONBUILD COPY . /app\n", [], id="ONBUILD copies in another build"),
        pytest.param("FROM a\n# COPY x y\nLABEL a=COPY\nRUN COPY x y\n", [], id="the word elsewhere"),
        # lines
        pytest.param("COPY a \\\n b \\\n  c\nCOPY d e\n", ["a", "b", "d"], id="continued"),
        pytest.param("COPY a\\\nb c\n", ["ab"], id="continued within a word"),
        pytest.param("COPY a \\  \t\n b\n", ["a"], id="blanks behind the backslash"),
        pytest.param("COPY a \\\r\n b\r\n", ["a"], id="continued with CRLF"),
        pytest.param("COPY a \\\n# why\n   # why\n\n\t\n b\n", ["a"], id="comments and empty lines between"),
        pytest.param("\\\nCOPY a b\n", ["a"], id="a line that is only continued"),
        pytest.param("RUN x \\\\\nCOPY a b\n", ["a"], id="two backslashes continue nothing"),
        pytest.param("COPY a \\", [], id="unterminated, without a destination"),
        pytest.param("COPY a b \\", ["a"], id="unterminated"),
        pytest.param("COPY a b \\\n# c", ["a"], id="unterminated before a comment"),
        pytest.param("# COPY a b \\\nCOPY c d\n", ["c"], id="a comment is not continued"),
        pytest.param("# escape=`\nCOPY a\\ `\n b c\n", ["a\\", "b"], id="escape directive"),
        pytest.param("#syntax=x\n#  Escape = ` \nRUN x `\nCOPY a b\n", [], id="escape directive, second"),
        pytest.param("# escape=\\\nCOPY a \\\n b\n", ["a"], id="escape directive, backslash"),
        pytest.param("# syntax=x", [], id="a directive alone"),
        pytest.param("# a comment\n# escape=`\nCOPY a \\\n b\n", ["a"], id="escape behind a comment is none"),
        pytest.param("FROM x\n# escape=`\nCOPY a \\\n b\n", ["a"], id="escape behind an instruction is none"),
        # heredocs
        pytest.param("RUN <<EOF\nCOPY x y\nEOF\nCOPY a b\n", ["a"], id="heredoc"),
        pytest.param("COPY <<EOF x /d\nCOPY x y\nEOF\nCOPY a b\n", ["x", "a"], id="heredoc among sources"),
        pytest.param("RUN cat << EOF > x\nCOPY x y\nEOF\nCOPY a b\n", ["a"], id="a blank before the word"),
        pytest.param("RUN 3<<'E' <<\"F\" x\nCOPY x y\nE\nCOPY x y\nF\nCOPY a b\n", ["a"], id="two, quoted"),
        pytest.param("COPY <<-A /x\n\tCOPY x y\n\tA\nCOPY a b\n", ["a"], id="indented by tabs"),
        pytest.param("RUN <<A\n\tA\n A\nA\nCOPY a b\n", ["a"], id="its end is not indented"),
        pytest.param("RUN <<A\r\nCOPY x y\r\nA\r\nCOPY a b\r\n", ["a"], id="heredoc with CRLF"),
        pytest.param("RUN <<A\nx \\\nA\nCOPY a b\n", ["a"], id="nothing is continued in it"),
        pytest.param("ONBUILD RUN <<A\nCOPY x y\nA\nCOPY a b\n", ["a"], id="of ONBUILD"),
        pytest.param("RUN --mount=x <<A\nCOPY x y\nA\nCOPY a b\n", ["a"], id="behind a flag"),
        pytest.param("RUN <<A\nCOPY x y\n", [], id="unterminated heredoc"),
        pytest.param('RUN ["<<A"]\nCOPY a b\n', ["a"], id="none in JSON"),
        pytest.param("CMD <<A\nCOPY a b\n", ["a"], id="none of CMD"),
        pytest.param("RUN echo '<<A' \\<<A \"<<A\"\nCOPY a b\n", ["a"], id="none in quotes"),
        pytest.param("RUN x <<< y $((1<<A)) << \nCOPY a b\n", ["a"], id="none in arithmetic or a here-string"),
        pytest.param('RUN "a\\"b<<c" <<A\nCOPY x y\nA\nCOPY a b\n', ["a"], id="behind escaped quotes"),
        pytest.param("RUN it's <<A\nCOPY a b\n", ["a"], id="none beside an open quote"),
    ],
)
def test_what_is_copied(text: str, sources: list[str]) -> None:
    assert dockerfile.copied(dockerfile.parsed(text)[0]) == sources


@pytest.mark.parametrize(
    ("text", "name", "flags", "operands"),
    [
        pytest.param("run  make  all ", "run", (), ("make  all",), id="shell form"),
        pytest.param('RUN ["make", "all"]', "run", (), ("make", "all"), id="exec form"),
        pytest.param("RUN []", "run", (), (), id="empty exec form"),
        pytest.param("RUN", "run", (), (), id="nothing"),
        pytest.param('RUN ["make", all]', "run", (), ('["make", all]',), id="no JSON"),
        pytest.param("RUN [NaN]", "run", (), ("[NaN]",), id="a constant that JSON does not have"),
        pytest.param('RUN ["\\ud800"]', "run", (), ("\ufffd",), id="half a character in JSON"),
        pytest.param(
            "ENV a=1 b=\"2 3\" c=\\ 4 d='\\'", "env", (), ("a", "1", "b", '"2 3"', "c", "\\ 4", "d", "'\\'"), id="ENV"
        ),
        pytest.param("ENV a  b=c d", "env", (), ("a", "b=c d"), id="ENV, old form"),
        pytest.param("ENV", "env", (), (), id="ENV of nothing"),
        pytest.param("LABEL a=b c=", "label", (), ("a", "b", "c", ""), id="LABEL"),
        pytest.param('ARG a b="c d"', "arg", (), ("a", 'b="c d"'), id="ARG"),
        pytest.param("ENV a=b\\", "env", (), ("a", "b"), id="an escape of nothing"),
        pytest.param("FROM --platform=$P a\tAS b", "from", ("--platform=$P",), ("a", "AS", "b"), id="FROM"),
        pytest.param(
            'COPY --from=a --chown="b c" ["d", "e"]', "copy", ("--from=a", "--chown=b c"), ("d", "e"), id="JSON"
        ),
        pytest.param("COPY --link -- --a b", "copy", ("--link",), ("--a", "b"), id="the end of flags"),
        pytest.param("COPY --a\\ b\\", "copy", ("--a b",), (), id="escapes in a flag"),
        pytest.param("COPY --a=ü b", "copy", ("--a=Ã¼",), ("b",), id="a flag is read byte by byte"),
        pytest.param("VOLUME a b", "volume", (), ("a", "b"), id="VOLUME"),
        pytest.param("EXPOSE 80 443/tcp", "expose", (), ("80", "443/tcp"), id="EXPOSE"),
        pytest.param(
            "HEALTHCHECK --interval=1s CMD a b", "healthcheck", ("--interval=1s",), ("CMD", "a b"), id="HEALTHCHECK"
        ),
        pytest.param('HEALTHCHECK CMD ["a", "b"]', "healthcheck", (), ("CMD", "a", "b"), id="HEALTHCHECK, exec form"),
        pytest.param("HEALTHCHECK NONE", "healthcheck", (), ("NONE",), id="HEALTHCHECK NONE"),
        pytest.param("HEALTHCHECK", "healthcheck", (), (), id="HEALTHCHECK of nothing"),
        pytest.param("ONBUILD RUN --mount=a b", "onbuild", (), ("b",), id="ONBUILD"),
        pytest.param("ONBUILD", "onbuild", (), (), id="ONBUILD of nothing"),
        pytest.param("WORKDIR C:\\a b", "workdir", (), ("C:\\a b",), id="a Windows path"),
        pytest.param(
            "# escape=`\nENV a=C:\\b c=d` e", "env", (), ("a", "C:\\b", "c", "d` e"), id="another escape character"
        ),
    ],
)
def test_what_an_instruction_says(
    buildkit: BuildKit, text: str, name: str, flags: tuple[str, ...], operands: tuple[str, ...]
) -> None:
    instruction = only(text)

    assert (instruction.name, instruction.flags, instruction.operands) == (name, flags, operands)
    (theirs,) = buildkit.parse_string(text)
    assert (theirs.value, theirs.json) == (operands, (instruction.trigger or instruction).words is not None)


def test_words_are_those_of_the_json_form_only() -> None:
    assert only('CMD ["a", "b"]').words == ("a", "b")
    assert only("CMD a b").words is None
    assert only("CMD a b").text == "a b"
    assert repr(only("CMD a b")) == "<CMD 'a b' on line 1>"


def test_onbuild_holds_the_instruction_that_it_puts_off() -> None:
    trigger = only("ONBUILD RUN --mount=a b \\\n <<X\nc\nX\n").trigger

    assert trigger
    assert (trigger.name, trigger.flags, trigger.text) == ("run", ("--mount=a",), "b  <<X")
    assert (trigger.line, trigger.end, trigger.heredocs[0].content) == (1, 4, "c\n")


def test_lines_are_counted_from_first_to_last() -> None:
    text = (
        "\ufeff# syntax=docker/dockerfile:1\r\n\r\nFROM a\r\nRUN b \\\r\n# why\r\n\r\n  c\r\nRUN <<X\r\nd\r\nX\r\nCMD e"
    )

    found = dockerfile.instructions(text)

    assert [(each.name, each.line, each.end) for each in found] == [
        ("from", 3, 3),
        ("run", 4, 7),
        ("run", 8, 10),
        ("cmd", 11, 11),
    ]
    assert found[2].heredocs[0].content == "d\r\n"


def test_heredocs_with_all_that_belongs_to_them() -> None:
    heredocs = only("RUN 3<<'A b' x \\\n<<-C <<\"D\"\n1\nA b\n\t2\n\tC\n\tD\nD\n").heredocs

    assert [(each.name, each.content, each.line) for each in heredocs] == [
        ("A b", "1\n", 3),
        ("C", "\t2\n", 5),
        ("D", "\tD\n", 7),
    ]
    assert [(each.expand, each.strip_tabs) for each in heredocs] == [(False, False), (True, True), (False, False)]


@pytest.mark.parametrize("word", ["<<", "<<-", "<< ", "<<''", "<<a'' ''", "a<<b", "<<<a", "<a", "a", "<<a b"])
def test_a_word_that_opens_no_heredoc(word: str) -> None:
    try:
        assert dockerfile.opened(word) is None
    except ValueError:
        assert word == "<<a'' ''"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("", None, "no instructions", id="empty"),
        pytest.param("# a\n\n", None, "no instructions", id="comments only"),
        pytest.param("FROM a\n\nFOO b\n", 3, "unknown instruction: FOO", id="unknown instruction"),
        pytest.param("\\", 1, "unknown instruction: none", id="a lone continuation"),
        pytest.param("FROM a\n" + "x" * 100, 2, f"unknown instruction: {'X' * 60}...", id="a long one"),
        pytest.param("FROM a\nRUN <<X\nb", 2, "unterminated heredoc: no line is X", id="unterminated heredoc"),
        pytest.param("RUN [1]", 1, "a JSON array of something else than strings", id="JSON of numbers"),
        pytest.param("ENV a", 1, "a has no value", id="ENV of a name"),
        pytest.param("ENV a=b c", 1, "no = in c", id="ENV of a word"),
        pytest.param("ONBUILD ONBUILD RUN a", 1, "ONBUILD is not allowed behind ONBUILD", id="ONBUILD ONBUILD"),
        pytest.param("ONBUILD from a", 1, "FROM is not allowed behind ONBUILD", id="ONBUILD FROM"),
        pytest.param("# escape=x\nFROM a", 1, "x is no escape character", id="a wrong escape character"),
        pytest.param("# escape=`\n# Escape=`\nFROM a", 2, "a second escape directive", id="a directive twice"),
        pytest.param("FROM a\nRUN " + "ä" * 40_000, 2, "a line of more than 65535 bytes", id="a long line"),
    ],
)
def test_what_is_refused(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        dockerfile.instructions(text)

    assert refused.value.line == line
    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("image", "known"),
    [
        ("docker/dockerfile", True),
        ("docker.io/docker/dockerfile:1.7-labs", True),
        ("example.org:5000/docker/dockerfile-upstream:master@sha256:0", True),
        ("example.org/others:1", False),
        ("example.org/docker/dockerfile-x", False),
    ],
)
def test_other_frontends_may_have_other_instructions(image: str, *, known: bool) -> None:
    text = f"# syntax={image}\nFROM a\nINCLUDE b\n"

    if known:
        with pytest.raises(Unreadable, match="unknown instruction: INCLUDE"):
            dockerfile.instructions(text)
    else:
        assert [each.name for each in dockerfile.instructions(text)] == ["from", "include"]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        pytest.param("RUN a b", "a b", id="one line"),
        pytest.param("RUN a \\\n b\\\nc", "a \\\n b\\\nc", id="three lines"),
        pytest.param("RUN --mount=x \\\n --mount=y \\\n a", "\\\n\\\na", id="flags on lines of their own"),
        pytest.param("RUN a && \\\n# b\n\n c", "a && \\\n\\\n\\\n c", id="a comment and an empty line"),
        pytest.param("RUN a 'b \\\n c' d", "a 'b  c'\\\n d", id="within single quotes"),
        pytest.param("RUN a \"b \\\n 'c \\\n d'\" e", "a \"b \\\n 'c \\\n d'\" e", id="within double quotes"),
        pytest.param("RUN a \"$(b 'c \\\n d')\" e", "a \"$(b 'c  d'\\\n)\" e", id="within a command substitution"),
        pytest.param("RUN (a 'b \\\n c')", "(a 'b  c'\\\n)", id="within a subshell"),
        pytest.param("RUN it\\'s \\\n don't", "it\\'s \\\n don't", id="a quote that is none"),
        pytest.param("RUN a # b \\\n c \\\n d", "a # b  c  d\\\n\\\n", id="within a comment"),
        pytest.param("RUN a${x#y} $# \\\n b", "a${x#y} $# \\\n b", id="a number sign that starts no comment"),
        pytest.param("# escape=`\nRUN a\\`\n b `\n c", "a\\ \\\nb \\\n c", id="another escape character"),
        pytest.param("RUN a \\\n", "a", id="a continuation of nothing"),
        pytest.param("RUN a \\\n\\\n# b", "a\\\n\\\n", id="two of them"),
    ],
)
def test_the_script_has_the_lines_of_the_file(text: str, script: str) -> None:
    assert only(text).script == script


SHELL_PIECES = [
    *(
        "echo a",
        "'b c'",
        '"d e"',
        "\\$f",
        "\\\\",
        "# g",
        "$(echo h 'i j')",
        '"$(echo k "l m")"',
        "(echo n)",
        "&&",
        ";",
        "o\\'p",
    ),
    *(" \\\n", " \\\n", "\\\n", " \\\n# q\n", " \\\n\n", "'", '"'),
]


@pytest.mark.skipif(not shutil.which("sh"), reason="there is no sh")
@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([*SHELL_PIECES, " "]), max_size=14).map("".join))
def test_a_shell_runs_the_script_as_it_runs_the_joined_lines(text: str) -> None:
    assume("\\\\\\\n" not in text)
    instruction = only(f"RUN echo {text}")

    def answer(script: str) -> tuple[int, bytes]:
        done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
        return done.returncode, done.stdout

    assert answer(instruction.script) == answer(instruction.text)
    assert instruction.script.count("\n") == instruction.end - instruction.line


PIECES = [
    *(
        "FROM",
        "COPY",
        "ADD",
        "RUN",
        "ONBUILD",
        "ENV",
        "ARG",
        "LABEL",
        "HEALTHCHECK",
        "CMD",
        "SHELL",
        "USER",
        "VOLUME",
        "EXPOSE",
        "FOO",
    ),
    *(
        "<<A",
        "<<-A",
        "<<'A'",
        '<<"A B"',
        "3<<B",
        "<<",
        "<<<",
        "<",
        "A",
        "B",
        "\tA",
        "\\",
        "`",
        "#",
        "[",
        "]",
        '"',
        "'",
    ),
    *("--from=a", "--x='a b'", "--", "--y=\\", "# escape=`", "# escape=\\", "#syntax=x", "# Escape = `", "escape=`"),
    *(
        "a=b",
        "a",
        "=",
        "$x",
        "${x:-b}",
        "${x",
        "}",
        "${",
        '["a"]',
        '["a",',
        '"b"]',
        "[1]",
        "NONE",
        "é",
        "\u3000",
        "\xa0",
        "\ufeff",
    ),
    *("\n", "\n", "\n", "\\\n", "\\\n", "\\ \n", "`\n", "\t", "\r\n", "\v", "\f", " ", " ", " "),
]
DOCKERFILES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map("".join)


def refused_later(command: Command, known: Collection[str]) -> bool:
    """Whether BuildKit refuses a command that its parser has passed: an unknown one, or one that ONBUILD does not take."""

    name, trigger = (command.cmd or "").lower(), (command.sub_cmd or "").upper()
    return name not in known or trigger in ("ONBUILD", "FROM", "MAINTAINER")


def described(instruction: Instruction, known: Collection[str]) -> tuple[object, ...]:
    inner = instruction.trigger or instruction
    heredocs = () if instruction.trigger else tuple((each.name, each.content) for each in instruction.heredocs)
    operands = instruction.operands if inner.name in known else ("",)
    return (
        instruction.name,
        instruction.line,
        instruction.end,
        instruction.flags,
        inner.words is not None,
        operands,
        heredocs,
    )


def described_by_buildkit(command: Command) -> tuple[object, ...]:
    heredocs = tuple((each.name, each.content) for each in command.heredocs)
    return (
        (command.cmd or "").lower(),
        command.start_line,
        command.end_line,
        command.flags,
        command.json,
        command.value,
        heredocs,
    )


def read(text: str) -> list[Instruction]:
    """The instructions, none of an unreadable Dockerfile."""
    try:
        return dockerfile.instructions(text)
    except Unreadable:
        return []


def is_newer(text: str) -> bool:
    """Whether the older BuildKit reads *text* in another way than that which we follow."""
    for instruction in read(text):
        inner = instruction.trigger or instruction
        command = "".join(inner.operands[-1:]) if inner.name == "healthcheck" else inner.text
        if command.startswith("[") and inner.words is None:
            try:
                json.JSONDecoder().raw_decode(command)
            except ValueError:
                continue
            return True
    return any(f"<<{blank}" in text for blank in "\t\r ") or ("<<" in text and "${" in text)


def check_agreement(buildkit: BuildKit, text: str) -> None:
    ours = read(text)
    try:
        theirs = buildkit.parse_string(text)
    except buildkit.GoParseError:
        assert not ours
        return
    known = set(buildkit.all_cmds())
    if any(refused_later(each, known) for each in theirs):
        assert not ours or "syntax" in text
        return
    assert [described(each, known) for each in ours] == [described_by_buildkit(each) for each in theirs]


@settings(deadline=None, max_examples=500)
@given(
    DOCKERFILES
    | DOCKERFILES.map("RUN ".__add__)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
)
def test_buildkit_reads_the_same(buildkit: BuildKit, text: str) -> None:
    assume(not is_newer(text))
    check_agreement(buildkit, text)


def test_buildkit_reads_the_same_of_our_own_cases(buildkit: BuildKit) -> None:
    for text in (
        'FROM a\nRUN --mount=type=cache,target=/x \\\n  # why\n  pip install b\nENTRYPOINT [ \\\n "a" \\\n ]\n',
        "FROM a\nRUN <<-A cat <<'B'\n\tx\n\tA\ny\nB\nONBUILD ADD <<C /d\nC\n",
        '# escape=`\nFROM a\nCOPY a`\n b C:\\c\\\nSHELL ["cmd"]\n',
    ):
        check_agreement(buildkit, text)


@given(DOCKERFILES | st.lists(st.sampled_from([*PIECES, "\0", "\ud800"])).map("".join) | st.text())
def test_whatever_is_in_it_it_is_read(text: str) -> None:
    for source in dockerfile.copied(dockerfile.parsed(text)[0]):
        assert source
        assert not source.startswith(("/", "../"))
    try:
        found = dockerfile.instructions(text)
    except Unreadable:
        return
    assert all(instruction.script.count("\n") <= instruction.end - instruction.line for instruction in found)


def test_a_megabyte_of_anything_is_read() -> None:
    for piece in ("<< ", "\\\n", "COPY a \\\n", "RUN <<A\n", "[", '"', "COPY " + "a " * 50 + "\n"):
        dockerfile.copied(dockerfile.parsed(piece * (1_000_000 // len(piece)))[0])


def test_a_hundred_thousand_lines_are_read() -> None:
    pieces = ("RUN a\n", "RUN <<X\na\nX\n", "RUN a \\\n b 'c \\\n d'\n", "COPY --a=b \\\n# c\n d e\n")
    text = "".join(pieces) * 10_000

    found = dockerfile.instructions(text)

    assert found[-1].end == text.count("\n") == 100_000
    assert len(found) == 40_000


@pytest.mark.parametrize("piece", [" b \\\n", " 'b \\\n'", " # c \\\n", ' "$( \\\n', " --a=b \\\n"])
def test_an_instruction_of_many_thousand_lines_is_read(piece: str) -> None:
    instruction = only(f"RUN {piece * 20_000}x")

    assert instruction.end == 20_001
    assert instruction.script.count("\n") == 20_000


@pytest.mark.parametrize("piece", ["ONBUILD \\\n", "${a:-\\\n"])
def test_thousands_of_levels_are_refused(piece: str) -> None:
    text = f"FROM a\n{piece * 20_000}RUN <<b\n"

    with pytest.raises(Unreadable):
        dockerfile.instructions(text)


def test_substitutions_are_nested_only_so_deep() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        dockerfile.Lexer("${a:-" * 1000).word()
