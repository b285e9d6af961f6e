"""What runs in the container of a service: its image, environment, user and commands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.readers import compose, project
from pycache_hooks.readers.containers import MAX_PROGRAMS, Container, Reader
from pycache_hooks.readers.files import Files

if TYPE_CHECKING:
    from pathlib import Path

NAME = "compose.yaml"


def tree(root: Path, files: dict[str, str]) -> Files:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Files(project.read(str(root), b"".join(os.fsencode(name) + b"\0" for name in sorted(files))))


def container(root: Path, *lines: str, **files: str) -> Container:
    """The service ``a`` of these *lines*; *files*: the Dockerfile, and scripts as ``name_sh``."""
    texts = {name.replace("__", "/").replace("_sh", ".sh").replace("_py", ".py"): text for name, text in files.items()}
    texts[NAME] = "\n".join(["services:", "  a:", *(f"    {line}" for line in lines), ""])
    made = tree(root, texts)
    return Reader(made).container(compose.read(made, [NAME]).services["a"])


def started(found: Container) -> list[str]:
    return [" ".join(command.words) for command in found.commands]


def environment(found: Container) -> dict[str, str | None]:
    return {name: setting.value for name, setting in found.environment.items()}


# The image


@pytest.mark.parametrize(
    ("image", "base"),
    [
        ("python", "python"),
        ("python:3.13-slim", "python"),
        ("docker.io/library/python:3", "python"),
        ("python@sha256:abc", "python"),
        ("localhost:5000/python:3", "localhost:5000/python"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b"),
        ("python:${TAG}", "python"),
    ],
)
def test_the_name_of_an_image(tmp_path: Path, image: str, base: str) -> None:
    found = container(tmp_path, f"image: {image}")
    assert (found.base, found.stage, found.lineage) == (base, None, [])


def test_the_last_stage_counts_with_what_it_is_built_from(tmp_path: Path) -> None:
    text = "FROM python:3 AS base\nENV A=1\nUSER app\nWORKDIR /app\nFROM x AS y\nFROM base\nENV B=$Q\n"
    found = container(tmp_path, "build: .", Dockerfile=text)
    assert (found.base, found.user, found.workdir, len(found.lineage)) == ("python", "app", "/app", 2)
    assert environment(found) == {"A": "1", "B": None}
    assert (found.environment["A"].path, found.environment["A"].line) == ("Dockerfile", 2)


def test_a_target_is_that_stage(tmp_path: Path) -> None:
    found = container(tmp_path, "build: {context: ., target: a}", Dockerfile="FROM python AS a\nFROM node\n")
    assert found.base == "python"


def test_arguments_of_the_build_count(tmp_path: Path) -> None:
    text = "ARG BASE=node\nFROM $BASE\n"
    assert container(tmp_path, "build: {context: ., args: {BASE: python:3}}", Dockerfile=text).base == "python"
    assert container(tmp_path, "build: .", Dockerfile=text).base == "node"


def test_a_dockerfile_in_the_compose_file_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert container(tmp_path, "build:", "  dockerfile_inline: USER u").stage is None


def test_a_dockerfile_in_the_compose_file_is_read_once(tmp_path: Path) -> None:
    made = tree(tmp_path, {NAME: "services:\n  a: &a\n    build: {dockerfile_inline: FROM python}\n  b: *a\n"})
    services, reader = compose.read(made, [NAME]).services, Reader(made)

    assert reader.container(services["a"]).stage is reader.container(services["b"]).stage


def test_a_dockerfile_in_the_compose_file_counts(tmp_path: Path) -> None:
    assert container(tmp_path, "build:", "  dockerfile_inline: |", "    FROM python", "    USER u").user == "u"


@pytest.mark.parametrize(
    ("build", "text"),
    [
        pytest.param("{context: ., target: gone}", "FROM python\n", id="no such stage"),
        pytest.param("gone", "FROM python\n", id="no such Dockerfile"),
        pytest.param("https://example.org/x.git", "FROM python\n", id="elsewhere"),
        pytest.param(".", "NO SUCH\n", id="no Dockerfile"),
    ],
)
def test_an_image_that_cannot_be_known_has_no_name(tmp_path: Path, build: str, text: str) -> None:
    found = container(tmp_path, f"build: {build}", "command: x", Dockerfile=text)
    assert (found.base, found.stage) == ("", None)


def test_a_dockerfile_is_read_once(tmp_path: Path) -> None:
    text = "services:\n  a: {build: .}\n  b: {build: .}\n"
    made = tree(tmp_path, {NAME: text, "Dockerfile": "FROM python\n"})
    reader, services = Reader(made), compose.read(made, [NAME]).services
    assert reader.container(services["a"]).stage is reader.container(services["b"]).stage


# Environment, user and working directory


def test_the_service_overrides_the_image(tmp_path: Path) -> None:
    found = container(
        tmp_path,
        "build: .",
        "user: u",
        "working_dir: /b",
        "environment: {A: 2, B: $X, C: }",
        Dockerfile="FROM python\nENV A=1\nUSER x\nWORKDIR /a\n",
    )
    assert (found.user, found.workdir) == ("u", "/b")
    assert environment(found) == {"A": "2", "B": None, "C": None}


@pytest.mark.parametrize(
    ("lines", "user"),
    [
        pytest.param(["user: $U"], None, id="who knows"),
        pytest.param(["user: '${U:-1000}:${G:-1000}'"], "1000:1000", id="a default"),
        pytest.param(["user: ''"], "x", id="blank is the image's"),
        pytest.param([], "x", id="the image's"),
    ],
)
def test_the_user(tmp_path: Path, lines: list[str], user: str | None) -> None:
    assert container(tmp_path, "build: .", *lines, Dockerfile="FROM python\nUSER x\n").user == user


# Commands

ENTRYPOINT = 'FROM python\nENTRYPOINT ["tini", "--"]\nCMD ["python", "m.py"]\n'


@pytest.mark.parametrize(
    ("lines", "text", "found"),
    [
        pytest.param(["command: a b"], "FROM x\n", ["a b"], id="a command"),
        pytest.param([], "FROM x\nCMD a b\n", ["a b"], id="the image's command for a shell"),
        pytest.param(['command: ["c"]'], "FROM x\nCMD a b\n", ["c"], id="instead of the image's"),
        pytest.param([], ENTRYPOINT, ["tini -- python m.py", "python m.py"], id="the image's entrypoint and command"),
        pytest.param(["command: c"], ENTRYPOINT, ["tini -- c", "c"], id="behind the image's entrypoint"),
        pytest.param(["entrypoint: e"], ENTRYPOINT, ["e"], id="an entrypoint leaves the image's command out"),
        pytest.param(["entrypoint: e", "command: c"], ENTRYPOINT, ["e c", "c"], id="both"),
        pytest.param(["entrypoint: []", "command: c"], ENTRYPOINT, ["c"], id="no entrypoint"),
        pytest.param(["entrypoint: []"], ENTRYPOINT, [], id="neither"),
        pytest.param(
            ["command: c"], "FROM x\nENTRYPOINT a b\n", ["a b"], id="an entrypoint for a shell takes no command"
        ),
        pytest.param(["command: sh -c 'a && b'"], "FROM x\n", ["sh -c a && b", "a", "b"], id="a shell's command"),
        pytest.param([], "FROM x\n", [], id="what the base image says"),
    ],
)
def test_what_is_started(tmp_path: Path, lines: list[str], text: str, found: list[str]) -> None:
    assert started(container(tmp_path, "build: .", *lines, Dockerfile=text)) == found


MOUNTED = ("image: x", "working_dir: /app", "volumes: ['.:/app']")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("./run.sh", id="relative"),
        pytest.param("/app/run.sh", id="absolute"),
        pytest.param("sh run.sh", id="for a shell"),
        pytest.param("bash -eu ./run.sh", id="for a shell with options"),
        pytest.param("tini -- ./run.sh", id="behind two dashes"),
        pytest.param("bash -c './run.sh'", id="in a command for a shell"),
        pytest.param("bash -c 'source run.sh'", id="sourced"),
    ],
)
def test_a_script_of_the_mounted_work_tree_is_read(tmp_path: Path, command: str) -> None:
    found = container(tmp_path, *MOUNTED, f"command: {command}", run_sh="#!/bin/sh\npython m.py\n")
    assert started(found)[-1] == "python m.py"
    assert found.unread == []


def test_a_script_leads_to_another(tmp_path: Path) -> None:
    found = container(tmp_path, *MOUNTED, "command: ./a.sh", a_sh="./b.sh\n", b_sh="./a.sh\npython m.py\n")
    assert started(found) == ["./a.sh", "./b.sh", "./a.sh", "python m.py"]


def test_no_more_than_some_scripts_are_read(tmp_path: Path) -> None:
    scripts = {f"s{number}_sh": f"./s{number + 1}.sh\n" for number in range(MAX_PROGRAMS + 5)}
    found = container(tmp_path, *MOUNTED, "command: ./s0.sh", **scripts)
    assert len(found.commands) == MAX_PROGRAMS + 1


COPYING = "FROM python\nWORKDIR /app\nCOPY --from=x /y /z\nCOPY {} {}\nCOPY other.sh /other\n"


@pytest.mark.parametrize(
    ("copied", "target", "command"),
    [
        pytest.param("d/run.sh", "/run.sh", "/run.sh", id="to a path"),
        pytest.param("d/run.sh", "/bin2/", "/bin2/run.sh", id="to a directory"),
        pytest.param("d", "/x", "/x/run.sh", id="with its directory"),
        pytest.param(".", ".", "./d/run.sh", id="with all of the context"),
        pytest.param("d/run.sh", "/usr/local/bin/", "run.sh", id="to PATH"),
    ],
)
def test_a_script_that_the_image_copies_is_read(tmp_path: Path, copied: str, target: str, command: str) -> None:
    text = COPYING.format(copied, target)
    found = container(tmp_path, "build: .", f"command: {command}", Dockerfile=text, d__run_sh="python m.py\n")
    assert started(found) == [command, "python m.py"]
    assert found.unread == []


@pytest.mark.parametrize(
    ("lines", "unread"),
    [
        pytest.param(["build: .", "command: /gone.sh"], ["/gone.sh"], id="not in the repository"),
        pytest.param(["image: x", "command: ./run.sh"], ["./run.sh"], id="of an image from elsewhere"),
        pytest.param([*MOUNTED, "command: ./gone.sh"], ["./gone.sh"], id="not in the work tree"),
        pytest.param([*MOUNTED[:2], "volumes: ['v1:/app']", "command: ./run.sh"], ["./run.sh"], id="in a volume"),
        pytest.param([*MOUNTED, "command: gone.sh"], ["gone.sh"], id="on PATH"),
        pytest.param([*MOUNTED, "command: npm start"], [], id="no script"),
        pytest.param([*MOUNTED, "command: /usr/bin/env x"], [], id="of the system"),
        pytest.param([*MOUNTED, "command: /venv/bin/python m.py"], [], id="Python"),
        pytest.param([*MOUNTED, "command: bash"], [], id="a shell"),
        pytest.param([*MOUNTED, "command: ['$$X/run.sh', '']"], [], id="who knows"),
    ],
)
def test_programs_that_may_be_scripts_and_are_not_here(tmp_path: Path, lines: list[str], unread: list[str]) -> None:
    assert container(tmp_path, *lines, Dockerfile="FROM python\n").unread == unread


def test_a_script_of_another_language_is_that_language(tmp_path: Path) -> None:
    found = container(tmp_path, *MOUNTED, "command: ./run", run="#!/usr/bin/env python3\nimport x\n")
    assert started(found) == ["./run", "/usr/bin/env python3"]


def test_a_python_file_is_no_script_of_a_shell(tmp_path: Path) -> None:
    assert started(container(tmp_path, *MOUNTED, "command: ./m.py", m_py="import x\n")) == ["./m.py"]


@pytest.mark.parametrize(
    ("script", "certain"),
    [
        pytest.param("pytest\n", True, id="whatever happens"),
        pytest.param('case "$1" in\n  test) pytest;;\nesac\n', False, id="one of several"),
        pytest.param("test() {\n  pytest\n}\n", False, id="a function"),
        pytest.param("if x; then\n  pytest\nfi\n", False, id="a condition"),
    ],
)
def test_what_a_script_decides_is_not_certain(tmp_path: Path, script: str, certain: bool) -> None:  # noqa: FBT001
    found = container(tmp_path, *MOUNTED, "command: ./run.sh", run_sh=script)
    assert any(command.words == ["pytest"] for command in found.commands)
    assert any(command.words == ["pytest"] for command in found.certain) is certain


def test_the_configuration_of_a_tool_that_runs_is_read_where_it_runs(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM x\nWORKDIR /app\nCOPY . .\n",
        "setup.cfg": "copied",
        "d/tox.ini": "mounted",
        "tox.ini": "no",
    }
    files[NAME] = (
        "services:\n  a: {build: ., command: pytest}\n  b: {image: x, volumes: ['./d:/d'], working_dir: /d, command: pytest}\n"
        "  c: {build: ., command: python}\n"
    )
    made = tree(tmp_path, files)
    reader, services = Reader(made), compose.read(made, [NAME]).services
    assert [reader.container(services[name]).configuration for name in "abc"] == ["no\ncopied", "mounted", ""]


# Who sets what a compose file takes from the environment


@pytest.mark.parametrize(
    ("name", "text", "sets"),
    [
        pytest.param(".env.example", "UID=1000\n", True, id="an example"),
        pytest.param("env.sample", "export UID=\n", True, id="an example that is left to fill in"),
        pytest.param("Makefile", "export UID := $(shell id -u)\n", True, id="a makefile"),
        pytest.param("Makefile", "UID ?= 1000\n", True, id="a default of a makefile"),
        pytest.param("Makefile", "up:\n\tUID=$$(id -u) docker compose up\n", True, id="in front of a command"),
        pytest.param(".envrc", "export UID GID\n", True, id="direnv"),
        pytest.param("justfile", "MUID := '1'\n", False, id="another name"),
        pytest.param(".env.example", "# your UID\n", False, id="a comment"),
        pytest.param("d/.env.example", "UID=1000\n", False, id="another directory"),
        pytest.param("README.md", "UID=1000\n", False, id="another file"),
    ],
)
def test_files_that_hand_a_variable_over(tmp_path: Path, name: str, text: str, sets: bool) -> None:  # noqa: FBT001
    made = tree(tmp_path, {NAME: "services: {a: {image: x}}\n", name: text})
    assert Reader(made).sets(compose.read(made, [NAME]).services["a"], "UID") is sets
