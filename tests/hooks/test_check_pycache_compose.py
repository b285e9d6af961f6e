"""check-pycache-compose on real repositories, as a program of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycache_hooks.hooks import check_pycache_compose
from pycache_hooks.readers import project
from pycache_hooks.readers.files import Files

if TYPE_CHECKING:
    from pathlib import Path

    from support import Repository

HOOK = "check-pycache-compose"
SERVICE = """\
services:
  web:
    build: .
    command: python -m app
    user: "1000"
    volumes:
      - .:/app
"""
QUIET = '    environment:\n      PYTHONDONTWRITEBYTECODE: "1"\n'
FILES = {"app/__main__.py": "", "Dockerfile": "FROM python:3.13\nWORKDIR /app\n"}


def make(repository: Repository, **files: str | bytes) -> None:
    """The files of a small project, and others: ``compose_dev`` stands for ``compose.dev.yaml``."""
    named = {f"{name.replace('__', '/').replace('_', '.')}.yaml": text for name, text in files.items()}
    for name, text in {**FILES, **named}.items():
        repository.write(name, text)
    repository.stage(*FILES, *named)


def found(repository: Repository, *arguments: str) -> list[str]:
    """What the hook finds, ``path:line CODE`` each."""
    result = repository.hook(HOOK, *arguments)
    assert result.status == (1 if result.findings else 0), result
    assert not result.stderr, result
    return result.findings


# What is judged


def test_a_service_that_writes_is_found(repository: Repository) -> None:
    make(repository, compose=SERVICE)
    result = repository.hook(HOOK)
    assert result.status == 1
    assert result.lines[0] == "compose.yaml:7: PYC601 web: Python writes its bytecode into . (mounted on /app)"
    assert result.fix == QUIET.replace("\n    ", "\n").strip()


def test_with_the_fix_in_it_passes(repository: Repository) -> None:
    make(repository, compose=SERVICE)
    fix = "".join(f"    {line}\n" for line in repository.hook(HOOK).fix.splitlines())
    make(repository, compose=SERVICE + fix)
    assert found(repository) == []


def test_the_override_counts(repository: Repository) -> None:
    make(repository, compose=SERVICE, compose_override=f"services:\n  web:\n{QUIET}")
    assert found(repository) == []


def test_the_image_counts(repository: Repository) -> None:
    make(repository, compose=SERVICE)
    repository.write("Dockerfile", FILES["Dockerfile"] + "ENV PYTHONDONTWRITEBYTECODE=1\n")
    assert found(repository) == []


def test_another_file_is_found_if_it_is_wrong_alone_and_on_the_base(repository: Repository) -> None:
    quiet = SERVICE.replace("    volumes:\n      - .:/app\n", QUIET)
    make(repository, compose=quiet, compose_dev=SERVICE, compose_ci=SERVICE.replace("web", "tests"))
    assert found(repository) == ["compose.ci.yaml:7 PYC601"]


def test_every_profile_is_judged(repository: Repository) -> None:
    make(repository, compose=f"{SERVICE}    profiles: [tools]\n")
    assert found(repository) == ["compose.yaml:7 PYC601"]


@pytest.mark.parametrize("name", ["compose", "d__docker-compose", "docker-compose_test", "compose-dev"])
def test_every_compose_file_is_judged(repository: Repository, name: str) -> None:
    context = ".." if "__" in name else "."
    make(repository, **{name: SERVICE.replace("build: .", f"build: {context}").replace("- .:", f"- {context}:")})
    assert [finding.rpartition(" ")[2] for finding in found(repository)] == ["PYC601"]


@pytest.mark.parametrize(
    ("name", "findings"),
    [
        ("compose.yaml", ["compose.yaml:7 PYC601"]),
        ("other.yaml", ["compose.yaml:7 PYC601"]),
        ("x.env", ["compose.yaml:7 PYC601"]),
        ("second/compose.yaml", ["second/compose.yaml:7 PYC601"]),
        ("Dockerfile", []),
    ],
)
def test_names_choose_the_projects_that_they_are_part_of(
    repository: Repository, name: str, findings: list[str]
) -> None:
    second = SERVICE.replace("build: .", "build: ..").replace("- .:", "- ..:")
    base = SERVICE.replace("    build: .\n", "    extends: {file: other.yaml, service: web}\n    env_file: x.env\n", 1)
    make(repository, compose=base.replace('    user: "1000"\n', ""), other=SERVICE, second__compose=second)
    repository.stage("x.env")
    assert found(repository, name) == findings


def test_from_a_directory_below_names_are_relative_to_it(repository: Repository) -> None:
    make(repository, compose=SERVICE)
    assert repository.hook(HOOK, "../compose.yaml", within="app").findings == ["compose.yaml:7 PYC601"]


def test_a_comment_switches_a_finding_off(repository: Repository) -> None:
    make(repository, compose=SERVICE.replace("- .:/app", "- .:/app  # pycache-hooks: ignore[PYC601]"))
    assert found(repository) == []


def test_nothing_to_judge_passes(repository: Repository) -> None:
    make(repository)
    assert found(repository) == []


# What cannot be read


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("services: [\n", 2, "", id="no YAML"),
        pytest.param("a: 1\n\tb: 2\n", 2, "", id="a tab"),
        pytest.param("services:\nservices:\n", 2, "the key services stands a second time", id="a key twice"),
        pytest.param("services: &a [*a]\n", 1, "a is an alias for what it stands in", id="an alias ring"),
        pytest.param("- a\n", 1, "a compose file is a mapping", id="a list"),
        pytest.param("services:\n  a: {extends: a}\n", 2, "the service a extends itself", id="an extends ring"),
        pytest.param(b"services: \xff\n", 1, "not UTF-8", id="bytes that are no text"),
        pytest.param(b"a: 1\nb: \0\n", 2, "a binary file", id="a binary file"),
        pytest.param("[" * 50_000, 1, "nested deeper than 100 levels", id="depth"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_are_judged(
    repository: Repository, text: str | bytes, line: int, reason: str
) -> None:
    make(repository, compose=text, d__compose=SERVICE.replace("build: .", "build: ..").replace("- .:", "- ..:"))
    result = repository.hook(HOOK)
    assert result.findings == [f"compose.yaml:{line} PYC600", "d/compose.yaml:7 PYC601"]
    assert f"cannot be read: {reason}" in result.text


def test_a_file_of_ten_megabytes_is_refused(repository: Repository) -> None:
    make(repository, compose="# " + "x" * 10_000_000 + "\n")
    assert found(repository) == ["compose.yaml PYC600"]


def test_an_extended_file_that_cannot_be_read_is_named(repository: Repository) -> None:
    make(repository, compose="services:\n  a: {extends: {file: x.yaml, service: a}}\n", x="a: [\n")
    assert found(repository) == ["x.yaml:2 PYC600"]


def test_utf_16_is_yaml(repository: Repository) -> None:
    make(repository, compose=SERVICE.encode("utf-16"))
    assert found(repository) == ["compose.yaml:7 PYC601"]


@pytest.mark.parametrize("text", ["services:\n{% if x %}\n  a: 1\n", "services:\n  {{ name }}:\n    image: x\n"])
def test_a_template_of_a_compose_file_is_left_alone(repository: Repository, text: str) -> None:
    make(repository, compose=text)
    assert found(repository) == []


def test_a_file_that_is_gone_is_left_alone(repository: Repository) -> None:
    make(repository, compose=SERVICE)
    (repository.path / "compose.yaml").unlink()
    assert found(repository) == []


def test_nothing_outside_of_the_repository_is_read(repository: Repository) -> None:
    (repository.path.parent / "x.env").write_text("PYTHONDONTWRITEBYTECODE=1\n")
    (repository.path.parent / "x.yaml").write_text(f"services:\n  web:\n{QUIET}")
    make(repository, compose=f"include: [../x.yaml]\n{SERVICE}")
    assert found(repository) == ["compose.yaml:8 PYC601"]
    make(repository, compose=f"{SERVICE}    env_file: [../x.env]\n".replace('    user: "1000"\n', ""))
    assert found(repository) == ["compose.yaml:6 PYC603"]


FIELDS = "image build command entrypoint user volumes environment env_file working_dir extends tmpfs".split()
WORDS = "python ./run.sh .:/app . ./:/x:ro ${UID}:${GID} $ PYTHONDONTWRITEBYTECODE=0 /app sh -c 'a root compose.yaml".split()
VALUES = st.recursive(
    st.none() | st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS)).map(" ".join),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from("web context target dockerfile_inline type source file service path".split()), below
        )
    ),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(service=st.dictionaries(st.sampled_from(FIELDS), VALUES), text=st.text(max_size=80))
def test_whatever_stands_there_it_is_judged(tmp_path: Path, service: object, text: str) -> None:
    files = {
        **FILES,
        "run.sh": text,
        "compose.yaml": yaml.safe_dump({"services": {"web": service}}),
        "compose.dev.yaml": text,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content.encode("utf-8", "replace"))
    made = Files(project.read(str(tmp_path), b"".join(f"{name}\0".encode() for name in sorted(files))))
    findings = check_pycache_compose.judge(made, check_pycache_compose.Settings(), None)
    assert {finding.code[:4] for finding in findings} <= {"PYC6"}
