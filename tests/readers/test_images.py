"""What a Dockerfile comes to: stages, variables, commands and copies, as BuildKit and buildah have them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks.readers import images
from pycache_hooks.readers.files import Unreadable
from support import run
from test_buildah import without_buildah

if TYPE_CHECKING:
    from pathlib import Path

    from pycache_hooks.readers.images import Stage, Variable
    from support import Repository


def final(text: str, **arguments: str) -> Stage:
    stage = images.read(text, arguments).final
    assert stage
    return stage


def values(variables: dict[str, Variable]) -> dict[str, str | None]:
    return {name: variable.value for name, variable in variables.items()}


def words(text: str) -> list[tuple[int, list[str]]]:
    """The commands of the last RUN, with their lines."""
    return [(command.line, command.words) for command in final(text).runs[-1].commands]


# Expansion

SET = "FROM scratch\nARG NONE\nENV A=abc EMPTY= P=a/b/c Q='x*y?z' S=axbxc\n"

EXPANSIONS = [
    ("$A", "abc"),
    ("${A}d", "abcd"),
    ("$A.d", "abc.d"),
    ("'$A'", "$A"),
    ('"$A"', "abc"),
    ("\"'$A'\"", "'abc'"),
    ("\\$A", "$A"),
    ('"\\$A"', "$A"),
    ("\\\\$A", "\\abc"),
    ("a\\ b", "a b"),
    ("a\\tb", "atb"),
    ('"a\\tb\\"c"', 'a\\tb"c'),
    ("'a\\tb'", "a\\tb"),
    ('a\\"b', 'a"b'),
    ("C:\\\\d", "C:\\d"),
    ("a<b<<c", "a<b<<c"),
    ("a$", "a$"),
    ("$.", "$."),
    ("${A:-d}", "abc"),
    ("${EMPTY:-d}", "d"),
    ("${NONE:-d}", "d"),
    ("${NONE:-}", ""),
    ("${NONE:-'$A d'}", "$A d"),
    ('${NONE:-"$A d"}', "abc d"),
    ("${NONE:-${EMPTY:-$A}}", "abc"),
    ("${A:+d}", "d"),
    ("${EMPTY:+d}", ""),
    ("${NONE:+d}", ""),
    ("${A:+:$A}", ":abc"),
]
"""Words of ENV, and what becomes of them: the same with BuildKit (measured) and buildah."""

NEWER_EXPANSIONS = [
    ("${A:?why}", "abc"),
    ("${EMPTY-d}", ""),
    ("${NONE-d}", "d"),
    ("${EMPTY+d}", "d"),
    ("${NONE+d}", ""),
    ("${EMPTY?}", ""),
    ("${A?why}", "abc"),
    ("$1", ""),
    ("$?", ""),
    ("${A#a}", "bc"),
    ("${A#b}", "abc"),
    ("${A#?}", "bc"),
    ("${A#*b}", "c"),
    ("${P#*/}", "b/c"),
    ("${P##*/}", "c"),
    ("${P%/*}", "a/b"),
    ("${P%%/*}", "a"),
    ("${P%c}", "a/b/"),
    ("${P%x}", "a/b/c"),
    ("${P%%*}", ""),
    ("${P##a*/?}", ""),
    ("${Q#x\\*}", "y?z"),
    ("${Q%\\?z}", "x*y"),
    ("${Q%?z}", "x*y"),
    ("${P%\\/*}", "a/b"),
    ("${A/b/X}", "aXc"),
    ("${A/z/X}", "abc"),
    ("${A/?/X}", "Xbc"),
    ("${A/b*/X}", "aX"),
    ("${A/b*d/X}", "abc"),
    ("${P/\\//_}", "a_b/c"),
    ("${P//\\//_}", "a_b_c"),
    ("${S//x/$A}", "aabcbabcc"),
    ("${S//x?/-}", "a--"),
    ("${S//x*x/-}", "a-c"),
    ("${A//*/-}", "-"),
    ("${A///-}", "-a-b-c-"),
    ("${EMPTY//*/-}", "-"),
    ("${A/b/}", "ac"),
]
"""The same, where buildah 1.28 has no such expansion or leaves the word as it is: measured with BuildKit's lexer.

https://github.com/moby/buildkit/blob/73ed6825c4b7569379ef89df0aedcdbe64473d31/frontend/dockerfile/shell/lex.go
"""


@pytest.mark.parametrize(("word", "value"), [*EXPANSIONS, *NEWER_EXPANSIONS])
def test_what_a_word_comes_to(word: str, value: str) -> None:
    variable = final(f"{SET}ENV R={word}\n").variables["R"]

    assert (variable.value, variable.unknown) == (value, frozenset())


@pytest.mark.parametrize(
    ("word", "value", "unknown"),
    [
        ("$NONE", "$NONE", {"NONE"}),
        ("a${NONE}b", "a${NONE}b", {"NONE"}),
        ("${HOME}/x", "${HOME}/x", {"HOME"}),
        ("$HOME/x:$A", "$HOME/x:abc", {"HOME"}),
        ("\\$HOME", "$HOME", set()),
        ("${NONE#a}", "${NONE#a}", {"NONE"}),
        ("${NONE%%a}", "${NONE%%a}", {"NONE"}),
        ("${NONE/a/b}", "${NONE/a/b}", {"NONE"}),
        ("${NONE?why}", "${NONE?why}", {"NONE"}),
        ("${NONE:?why}", "${NONE:?why}", {"NONE"}),
        ("${NONE:-$HOME}", "$HOME", {"HOME"}),
        ("${A:-$HOME}", "abc", set()),
    ],
)
def test_what_nobody_knows_stays_as_it_is_written(word: str, value: str, unknown: set[str]) -> None:
    variable = final(f"{SET}ENV R={word}\n").variables["R"]

    assert variable.value == value
    assert sorted(variable.unknown) == sorted(unknown)


def test_the_unknown_is_handed_on() -> None:
    variable = final("FROM a\nENV A=$HOME/x\nENV B=$A:y\n").variables["B"]

    assert variable.value == "$HOME/x:y"
    assert list(variable.unknown) == ["HOME"]


@pytest.mark.parametrize(
    "word",
    [
        *(
            "'a",
            '"a',
            '"$',
            '"${A',
            "${A",
            "${",
            "${}",
            "${{A}}",
            "${:-a}",
            "${A:",
            "${A:#a}",
            "${A:%a}",
            "${A:1:2}",
            "${A!a}",
        ),
        *(
            "${A:-a",
            "${A#a",
            "${A/a",
            "${A/a/b",
            "${A:-'a}",
            "${EMPTY:?why}",
            "${EMPTY:?}",
            "${A#\\b}",
            "${A#a\\\\\\b}",
            "${NONE:1}",
        ),
        *("${A%b\\", "${x:-" * 100, '"a${x:-"'),
    ],
)
def test_what_buildkit_does_not_expand(word: str) -> None:
    with pytest.raises(Unreadable) as refused:
        images.read(f"{SET}ENV R={word}\n")

    assert refused.value.line == 4


def build(repository: Repository, scratch: Path, text: str | bytes) -> dict[str, Any]:
    """The configuration of the image that buildah makes."""
    repository.write("Dockerfile", text)
    storage = [f"--{name}={scratch / name}" for name in ("root", "runroot")]
    command = ["buildah", *storage, "--storage-driver=vfs"]
    env = repository.env | {"BUILDAH_ISOLATION": "chroot"}
    built = run([*command, "bud", "-q", "-t", "x", "."], repository.path, env)
    assert built.status == 0, built
    configuration: dict[str, Any] = json.loads(
        run([*command, "inspect", "--type=image", "x"], repository.path, env).stdout
    )
    return configuration["OCIv1"]["config"]  # type: ignore[no-any-return]


VARIABLES = (
    "ARG GLOBAL=g\nARG OTHER=${GLOBAL}h\nARG HIDDEN=x\n"
    f"{SET}ARG GLOBAL\nARG OTHER\nARG OWN=o\nARG OTHER2=$OWN\n"
    "ENV B=1 C=$B D=$OWN$OTHER$OTHER2\nENV B=2 C=$B\nENV OWN=env\nENV E=$OWN\n"
    "ENV old form  of 'it' \nENV F=a\\\n  G=b \\\n# why\n\n  H=c\n"
) + "".join(f"ENV R{number}={word}\n" for number, (word, _) in enumerate(EXPANSIONS))

PLACES = (
    'FROM scratch AS base\nENV I=1\nUSER u\nWORKDIR /b\nCMD ["d"]\n'
    'FROM base\nARG G=g\nENV J=$I\nWORKDIR $J/c\nWORKDIR ../v/./w\nUSER $J:${G}\nCMD ["a", "b"]\nENTRYPOINT ["c"]\n'
)


@pytest.mark.skipif(bool(without_buildah()), reason=without_buildah())
@pytest.mark.parametrize("text", [VARIABLES, PLACES], ids=["variables", "places"])
def test_buildah_comes_to_the_same(repository: Repository, tmp_path: Path, text: str) -> None:
    stage = final(text)

    found = build(repository, tmp_path, text)

    environment = dict(entry.split("=", 1) for entry in found["Env"] if not entry.startswith("PATH="))
    assert environment == values(stage.variables)
    assert (found.get("User", ""), found.get("WorkingDir", "")) == (stage.user, stage.workdir)
    assert [*found.get("Entrypoint", []), *found.get("Cmd", [])] == stage.command


@pytest.mark.skipif(bool(without_buildah()), reason=without_buildah())
def test_buildah_takes_a_comment_in_another_encoding_and_sees_no_from_in_utf_16(
    repository: Repository, tmp_path: Path
) -> None:
    assert build(repository, tmp_path, b"# f\xfcr\nFROM scratch\nUSER u\n")["User"] == "u"
    with pytest.raises(AssertionError, match="no FROM"):
        build(repository, tmp_path, "FROM scratch\n".encode("utf-16"))


# Scopes


def test_an_argument_is_seen_from_its_line_on() -> None:
    stage = final("ARG V=1\nARG W=${V}2\nFROM a:$W\nRUN a\nARG V\nARG N\nARG O=$V-$W\nRUN b\n")

    assert stage.base == "a:12"
    assert stage.runs[0].environment == {}
    assert stage.runs[1].environment == {"V": "1", "O": "1-$W"}
    assert values(stage.arguments) == {"V": "1", "N": None, "O": "1-$W"}
    assert stage.variables == {}
    assert stage.runs[1].variables["N"].value is None


def test_the_later_of_env_and_arg_wins_while_building() -> None:
    stage = final("FROM a\nARG A=1\nENV A=2\nRUN x\nARG A=3\nRUN y\nARG A\nARG A=$A-\nRUN z\n")

    assert [each.environment["A"] for each in stage.runs] == ["2", "3", "3-"]
    assert values(stage.variables) == {"A": "2"}
    assert repr(stage.variables["A"]) == "<ENV '2' on line 3>"


def test_a_declaration_alone_takes_no_value_away() -> None:
    stage = final("ARG V=1\nARG V\nFROM a:$V\nARG A=2\nARG A\nENV B=3\nARG B\nRUN x\n")

    assert stage.base == "a:1"
    assert stage.runs[0].environment == {"A": "2", "B": "3"}


def test_the_builders_arguments_win() -> None:
    text = "ARG V=1\nFROM a:$V\nARG V\nARG W=2\nARG X\nARG UNUSED\nENV R=$V-$W-$X-$Y\n"

    stage = final(text, V="v", W="w", X="x", Y="y")

    assert stage.base == "a:v"
    assert stage.variables["R"].value == "v-w-x-$Y"


def test_only_the_builder_knows_the_platform() -> None:
    text = "ARG TARGETARCH\nFROM a:$TARGETARCH\nARG TARGETARCH\nENV A=${TARGETARCH:-amd64} B=${TARGETARCH:+c} C=${TARGETOS:-d}\n"

    assert final(text).base == "a:$TARGETARCH"
    assert values(final(text).variables) == {"A": "${TARGETARCH:-amd64}", "B": "${TARGETARCH:+c}", "C": "d"}
    assert values(final(text, TARGETARCH="arm64").variables) == {"A": "arm64", "B": "c", "C": "d"}


def test_env_sees_what_was_set_before_it() -> None:
    stage = final("FROM a\nENV A=1\nENV A=2 B=$A $A=3\nRUN x\n")

    assert values(stage.variables) == {"A": "2", "B": "1", "1": "3"}
    assert stage.runs[0].variables["B"].line == 3


def test_stages_inherit_from_stages_only() -> None:
    image = images.read(
        'FROM a AS One\nARG B=1\nENV A=1\nUSER u\nWORKDIR /w\nSHELL ["cmd"]\nCMD ["x"]\nRUN b\n'
        "FROM ONE AS two\nENV A=2\nRUN c\nFROM a\n"
    )
    one, two, three = image.stages

    assert (two.base, two.parent, two.number, two.name) == ("", one, 1, "two")
    assert (two.user, two.workdir, two.shell, two.command) == ("u", "/w", ("cmd",), ["x"])
    assert two.runs[0].environment == {"A": "2", "B": "1"}
    assert (values(one.variables), values(two.variables), values(three.variables)) == ({"A": "1"}, {"A": "2"}, {})
    assert one.runs[0].environment == {"A": "1", "B": "1"}
    assert (three.base, three.parent, three.user, three.workdir, three.command) == ("a", None, "", "", [])
    assert [repr(each) for each in image.stages] == ["<Stage 0 one>", "<Stage 1 two>", "<Stage 2 without a name>"]


def test_a_stage_is_found_by_name_and_by_number() -> None:
    image = images.read("FROM a AS x\nFROM x AS x\nFROM b\n")

    assert image.stage("X") is image.stages[1]
    assert image.stages[1].parent is image.stages[0]
    assert (image.stage(0), image.stage("2")) == (image.stages[0], image.final)
    assert [image.stage(wanted) for wanted in (3, -1, "", "y", "9" * 5000, "²")] == [None] * 6
    assert images.Image().final is None


# Commands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("RUN a b && c", [(2, ["a", "b"]), (2, ["c"])], id="shell form"),
        pytest.param(
            "RUN --network=none a \\\n  b && \\\n# why\n\n  c", [(2, ["a", "b"]), (6, ["c"])], id="several lines"
        ),
        pytest.param("RUN a 'x \\\n y' && \\\n b", [(2, ["a", "x  y"]), (4, ["b"])], id="quotes over lines"),
        pytest.param('RUN ["a", "b c", "$D"]', [(2, ["a", "b c", "$D"])], id="exec form"),
        pytest.param(
            'RUN ["sh", "-c", "a\\nb\\nc"]',
            [(2, ["sh", "-c", "a\nb\nc"]), (2, ["a"]), (2, ["b"]), (2, ["c"])],
            id="exec sh",
        ),
        pytest.param("RUN <<X\na\n\nb\nX", [(3, ["a"]), (5, ["b"])], id="heredoc"),
        pytest.param("RUN <<-'X'\n\ta <<Y\n\tb\n\tY\n\tX", [(3, ["a"])], id="indented heredoc"),
        pytest.param("RUN <<X python3 && b\nimport a\nX", [(2, ["python3"]), (2, ["b"])], id="heredoc of a program"),
        pytest.param("RUN \\\n <<X bash\na\nX", [(3, ["bash"]), (4, ["a"])], id="heredoc of a shell"),
        pytest.param("RUN a <<X > b && c <<-Y\nd\nX\n\te\n\tY", [(2, ["a"]), (2, ["c"])], id="two heredocs"),
        pytest.param("RUN <<X ''\na\nX", [(2, [""])], id="a heredoc and an empty word"),
        pytest.param(
            "RUN <<X\n#!/usr/bin/env python3\na\nX",
            [(3, ["/usr/bin/env", "python3", "/dev/pipes/X"])],
            id="shebang",
        ),
        pytest.param("RUN <<X\n#!/bin/bash -e\na\nX", [(4, ["a"])], id="shebang of a shell"),
        pytest.param("RUN <<X\n#!\na\nX", [(4, ["a"])], id="shebang of nothing"),
        pytest.param('SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a | b', [(3, ["a"]), (3, ["b"])], id="bash"),
        pytest.param(
            'SHELL ["conda", "run", "-n", "x", "/bin/bash", "-c"]\nRUN a', [(3, ["a"])], id="bash behind conda"
        ),
        pytest.param('SHELL ["/usr/local/bin/_dockerfile_shell.sh"]\nRUN a', [(3, ["a"])], id="a shell script"),
        pytest.param(
            'SHELL ["python3", "-c"]\nRUN import a', [(3, ["python3", "-c", "import a"])], id="another program"
        ),
        pytest.param(
            'SHELL ["python3", "-c"]\nRUN <<X\nimport a\nX', [(4, ["python3", "-c", "import a\n"])], id="and a heredoc"
        ),
        pytest.param('SHELL ["powershell", "-Command"]\nRUN pip install a', [], id="PowerShell"),
        pytest.param('SHELL ["C:\\\\Windows\\\\System32\\\\CMD.EXE", "/S"]\nRUN a', [], id="cmd"),
        pytest.param('SHELL ["pwsh"]\nRUN ["python", "a"]', [(3, ["python", "a"])], id="exec form beside PowerShell"),
        pytest.param("# escape=`\n\nRUN a `\n b; c C:\\d", [(4, ["a", "b"]), (5, ["c", "C:d"])], id="escape directive"),
    ],
)
def test_what_a_run_runs(text: str, expected: list[tuple[int, list[str]]]) -> None:
    first, _, rest = text.partition("\n")
    assert words(f"{first}\nFROM a\n{rest}" if first.startswith("# escape") else f"FROM a\n{text}") == expected


@pytest.mark.parametrize(
    "base", ["mcr.microsoft.com/windows/servercore:ltsc2022", "--platform=windows/amd64 a", "x/nanoserver"]
)
def test_the_shell_of_windows_is_not_read(base: str) -> None:
    assert words(f"FROM {base}\nRUN pip install a\n") == []
    assert words(f'FROM {base}\nSHELL ["bash", "-c"]\nRUN pip install a\n') == [(3, ["pip", "install", "a"])]


def test_a_stage_called_windows_has_a_shell() -> None:
    assert words("FROM a AS windows\nFROM windows\nRUN b\n") == [(3, ["b"])]


def test_a_run_knows_where_it_runs() -> None:
    (first, second) = final("FROM a\nWORKDIR b\nUSER c\nRUN d \\\n e\nWORKDIR /f\nWORKDIR C:/g\nUSER 1:2\nRUN h\n").runs

    assert (first.line, first.end, first.user, first.workdir, first.onbuild) == (4, 5, "c", "b", False)
    assert (second.line, second.end, second.user, second.workdir) == (9, 9, "1:2", "C:/g")


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("type=cache,target=/root/.cache/pip", {"type": "cache", "target": "/root/.cache/pip"}),
        (
            "type=cache,dst=$H/x/,id=y,sharing=locked",
            {"type": "cache", "target": "/h/x", "id": "y", "sharing": "locked"},
        ),
        ("TYPE=Tmpfs,Destination=x", {"type": "tmpfs", "target": "/w/x"}),
        ("type=cache,target=~/.cache", {"type": "cache", "target": "/w/~/.cache"}),
        ("from=a,src=/b,target=/c,rw", {"type": "bind", "from": "a", "source": "/b", "target": "/c", "readwrite": ""}),
        ("source=.,target=.,ro=true", {"type": "bind", "source": ".", "target": "/w", "readonly": "true"}),
        ('type=secret,\\"id=a,b\\"', {"type": "secret", "id": "a,b"}),
    ],
)
def test_what_a_mount_is(mount: str, expected: dict[str, str]) -> None:
    (first, second) = final(
        f"FROM a\nENV H=/h\nWORKDIR /w\nRUN --mount={mount} --mount=type=ssh b\nRUN --security=x c\n"
    ).runs

    assert first.mounts == [expected, {"type": "ssh"}]
    assert second.mounts == []


def test_a_relative_mount_of_an_unknown_directory_starts_at_the_root() -> None:
    assert final("FROM a\nRUN --mount=target=x b\n").runs[0].mounts == [{"type": "bind", "target": "/x"}]


@pytest.mark.parametrize(
    ("text", "command", "commands"),
    [
        ("", [], []),
        ('CMD ["a", "b"]', ["a", "b"], [["a", "b"]]),
        ('CMD ["a"]\nENTRYPOINT ["b", "c"]', ["b", "c", "a"], [["b", "c", "a"]]),
        ('ENTRYPOINT ["b"]\nCMD c d', ["b", "/bin/sh", "-c", "c d"], [["b", "/bin/sh", "-c", "c d"]]),
        ("CMD a && exec b c", ["exec", "b", "c"], [["a"], ["exec", "b", "c"]]),
        ('ENTRYPOINT a $b\nCMD ["c"]', ["a", "$b"], [["a", "$b"]]),
        ('SHELL ["pwsh"]\nCMD a', [], []),
        ('ENTRYPOINT ["sh", "-c", "a"]', ["sh", "-c", "a"], [["sh", "-c", "a"], ["a"]]),
        ('CMD ["a"]\nCMD []', [], []),
        ('CMD ["a"]\nENTRYPOINT []', ["a"], [["a"]]),
        ('CMD ["a"]\nFROM b\nCMD ["x"]', ["x"], [["x"]]),
        ('CMD ["a"]\nFROM base\nENTRYPOINT ["x"]', ["x"], [["x"]]),
        ('CMD ["a"]\nFROM base\nCMD ["y"]\nENTRYPOINT ["x"]', ["x", "y"], [["x", "y"]]),
    ],
)
def test_what_a_container_runs(text: str, command: list[str], commands: list[list[str]]) -> None:
    stage = final(f"FROM a AS base\n{text}\n")

    assert stage.command == command
    assert [each.words for each in stage.commands] == commands


# ONBUILD


def test_triggers_run_in_what_is_built_from_the_stage() -> None:
    image = images.read(
        "FROM a AS base\nENV A=1\nONBUILD ENV B=$A\nONBUILD RUN pip \\\n  install b\nONBUILD COPY . /c\nONBUILD EXPOSE 1\n"
        "RUN d\nFROM base\nRUN e\nFROM b\n"
    )
    base, child, other = image.stages

    assert [(each.line, each.onbuild, each.commands[0].words[0]) for each in base.runs] == [
        (4, True, "pip"),
        (8, False, "d"),
    ]
    assert (values(base.variables), base.copies) == ({"A": "1"}, [])
    assert [(each.line, each.onbuild) for each in child.runs] == [(4, False), (10, False)]
    assert child.runs[0].environment == {"A": "1", "B": "1"}
    assert [each.sources for each in child.copies] == [["."]]
    assert (child.triggers, other.runs) == ([], [])


# Copies


@pytest.mark.parametrize(
    ("copy", "sources", "target", "origin"),
    [
        ("COPY . /d", ["."], "/d", None),
        ("COPY $S/a ../b /c $S/", ["s/a", "b", "c"], "s/", None),
        ('COPY --chown=u ["a b", "d e"]', ["a b"], "d e", None),
        ("ADD https://x/y git@z:a b /d", ["b"], "/d", None),
        ("COPY <<X <<'Y' a /d\nx\nX\ny\nY", ["a"], "/d", None),
        ("COPY --from=One /a b/ /d", ["/a", "b/"], "/d", 0),
        ("COPY --from=0 /a /d", ["/a"], "/d", 0),
        ("COPY --from=python:3 /a /d", ["/a"], "/d", "python:3"),
        ("COPY --from=$S /a /d", ["/a"], "/d", "$S"),
        ("COPY --from=7 /a /d", ["/a"], "/d", "7"),
        ("COPY --from=two /a /d", ["/a"], "/d", "two"),
        ("COPY --from= a /d", ["a"], "/d", None),
    ],
)
def test_what_is_copied(copy: str, sources: list[str], target: str, origin: int | str | None) -> None:
    image = images.read(f"FROM a AS one\nFROM b AS two\nENV S=s\n{copy}\n")
    (found,) = image.stages[1].copies

    assert (found.line, found.sources, found.target) == (4, sources, target)
    assert found.origin is (image.stages[origin] if isinstance(origin, int) else found.origin)
    assert isinstance(origin, int) or found.origin == origin


def test_what_a_copy_leaves_out() -> None:
    (copy,) = final("FROM a\nCOPY --exclude=*.pyc --link --exclude=x . /\n").copies

    assert copy.excludes == ["*.pyc", "x"]


# Bad input


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("ARG A=1\n", None, "no FROM"),
        ("ARG A=1\nRUN a\n", 2, "RUN before the first FROM"),
        ("FROM\n", 1, "FROM takes an image"),
        ("FROM a b\n", 1, "FROM takes an image"),
        ("FROM a TO b\n", 1, "FROM takes an image"),
        ("FROM a AS b c\n", 1, "FROM takes an image"),
        ("FROM a AS 1b\n", 1, "1b is no name for a stage"),
        ("FROM a AS b/c\n", 1, "b/c is no name for a stage"),
        ("ARG A=\nFROM $A\n", 2, "$A comes to nothing"),
        ("FROM 'a\n", 1, "'a: no closing single quote"),
        ("FROM a\nENV\n", 2, "ENV without a name"),
        ("FROM a\nENV =b\n", 2, "ENV without a name"),
        ("FROM a\nARG\n", 2, "ARG of nothing"),
        ("FROM a\nARG =b\n", 2, "no name in =b"),
        ("FROM a\nARG b='c\n", 2, "'c: no closing single quote"),
        ("FROM a\nCOPY b\n", 2, "COPY without a target"),
        ("FROM a\nUSER\n", 2, "USER of nothing"),
        ("FROM a\nWORKDIR '\n", 2, "': no closing single quote"),
        ("FROM a\nONBUILD\n", 2, "ONBUILD of nothing"),
        ("FROM a\nSHELL bash -c\n", 2, "SHELL takes a JSON array"),
        ("FROM a\nSHELL []\n", 2, "SHELL takes a JSON array"),
        ('FROM a\nRUN --mount=type=\\"a b\n', 2, '"a: no closing double quote'),
        ('FROM a\nRUN --mount=\\"a\\"b c\n', 2, '--mount="a"b: '),
        ("FROM a\nFOO\n", 2, "unknown instruction: FOO"),
        (f"FROM a\nENV A={'x' * 64}\n" + "ENV A=$A$A\n" * 20, 15, "$A$A: more text than an environment takes"),
        (f"FROM a\nENV A={'x' * 50_000}\n" + "ENV B=$A\n" * 1000, 86, "$A: more text than an environment takes"),
        (f"FROM a\nENV A={'x' * 50_000} B=${{A//x/{'y' * 500}}}\nENV B=${{A//x/{'y' * 500}}}\n", 3, "${A//x/y"),
        (
            "FROM a\n" + "".join(f"ENV A{n}=1\nRUN b\n" for n in range(3000)),
            2898,
            "more variables than can be kept apart",
        ),
        ("FROM a\n" + "WORKDIR a\n" * 5000, 2050, "a WORKDIR longer than any path"),
    ],
)
def test_what_is_refused(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        images.read(text)

    assert refused.value.line == line
    assert refused.value.reason.startswith(reason)


def test_a_hundred_thousand_lines_are_read() -> None:
    pieces = (
        *(
            "RUN a && b\n",
            "ENV A=$B-$C\n",
            "RUN <<X\na\nX\n",
            "CMD a\n",
            "COPY --from=0 a b\n",
            "ARG A=${B:-c}\n",
            "USER $A\n",
        ),
        *("RUN --mount=target=/a b\n", "FROM b AS c\n", 'SHELL ["bash", "-c"]\n'),
    )
    text = "FROM a\n" + "".join(pieces) * 8_334

    found = images.read(text).stages

    assert text.count("\n") > 100_000
    assert len(found) == 8_335
    assert sum(len(stage.runs) for stage in found) == 3 * 8_334


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        ("FROM b AS c\nFROM c\n", 10_001),
        ("ONBUILD RUN a\n", 1),
        ("FROM c AS c\nENV A=1\nRUN b\n", 5_001),
        ("FROM c\n", 0),
    ],
)
def test_many_stages_and_triggers_end_in_time(piece: str, count: int) -> None:
    text = "FROM a AS c\nENV A=$B\n" + "ONBUILD RUN a\n" * 500 + piece * 5_000

    assert len(stages(text)) == count


PIECES = [
    *(
        "FROM a\n",
        "FROM a AS b\n",
        "FROM b\n",
        "RUN ",
        "ENV ",
        "ARG ",
        "COPY ",
        "CMD ",
        "ENTRYPOINT ",
        "SHELL ",
        "USER ",
        "WORKDIR ",
    ),
    *(
        "ONBUILD ",
        "--from=0 ",
        "--from=b ",
        "--mount=",
        "type=cache",
        ",",
        "target=",
        "<<X",
        "<<-X",
        "X\n",
        "#!",
        "\n",
        "\\\n",
        " ",
    ),
    *(
        "a",
        "b=",
        "$a",
        "${a",
        ":-",
        ":+",
        "#",
        "%",
        "/",
        "*",
        "?",
        "}",
        "'",
        '"',
        "\\",
        '["a", "b"]',
        "[]",
        "&&",
        "$(",
        ")",
        "\0",
        "é",
    ),
]


def stages(text: str) -> list[Stage]:
    try:
        return images.read(text, {"a": "x"}).stages
    except Unreadable:
        return []


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text())
def test_whatever_is_in_it_it_ends_in_data_or_is_unreadable(text: str) -> None:
    for stage in stages(text) + stages(f"FROM a AS b\n{text}"):
        assert stage.command == [] or stage.commands
        assert all(each.line <= command.line <= each.end for each in stage.runs for command in each.commands)
        assert all(mount["target"].startswith("/") for each in stage.runs for mount in each.mounts if "target" in mount)
