"""Files that nobody meant to write: each ends in a finding with line and reason, and the others are judged all the same."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycache_hooks import rules
from pycache_hooks.hooks import (
    check_pycache_ci,
    check_pycache_compose,
    check_pycache_dockerfile,
    check_pycache_pytest,
)
from pycache_hooks.readers import project
from pycache_hooks.readers.files import Files
from pycache_hooks.rules.examples import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycache_hooks.findings import Finding
    from support import Repository

DOCKERFILE, COMPOSE, WORKFLOW = "bad/Dockerfile", "bad/compose.yaml", ".github/workflows/bad.yml"
CHECKS = (check_pycache_dockerfile, check_pycache_compose, check_pycache_ci, check_pycache_pytest)
RIGHT = {**EXAMPLES[rules.IMAGE_WRITES].wrong, **EXAMPLES[rules.SERVICE_AS_ROOT].wrong}
"""Wrong in a way that is found whatever else lies about."""

LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 40))

BAD = [
    pytest.param(COMPOSE, "services:\n\tapp: {}\n", "2 PYC600", id="a tab"),
    pytest.param(COMPOSE, "services: {}\nservices: {}\n", "2 PYC600", id="a key twice"),
    pytest.param(COMPOSE, "a: &a [*a]\n", "1 PYC600", id="an alias of itself"),
    pytest.param(COMPOSE, "services: &s\n  app: *s\n", "2 PYC600", id="an alias of what it stands in"),
    pytest.param(COMPOSE, "- services\n", "1 PYC600", id="no mapping"),
    pytest.param(COMPOSE, "services: [a, b]\n", "", id="services that are no mapping"),
    pytest.param(COMPOSE, "services: {a: b, c: [d], e: null}\n", "", id="a service that is no mapping"),
    pytest.param(COMPOSE, "--- {}\n--- {services: {}}\n", "", id="several documents"),
    pytest.param(COMPOSE, "", "", id="nothing"),
    pytest.param(COMPOSE, b"\x7fELF\0\1\2", "1 PYC600", id="binary"),
    pytest.param(COMPOSE, "services: größe\n".encode("latin-1"), "1 PYC600", id="another encoding"),
    pytest.param(COMPOSE, LAUGHS + "services: *a39\n", "", id="an alias bomb"),
    pytest.param(COMPOSE, MERGES + "services: *a39\n", "", id="a merge bomb"),
    pytest.param(COMPOSE, "[" * 100_000, "1 PYC600", id="too deep"),
    pytest.param(COMPOSE, "a: " + "x" * (10 << 20), " PYC600", id="10 MB"),
    pytest.param(COMPOSE, "services: {a: {extends: b}, b: {extends: a}}\n", "1 PYC600", id="an extends ring"),
    pytest.param(COMPOSE, "services: {a: {extends: {file: /etc/x, service: a}}}\n", "", id="an extends outside"),
    pytest.param(
        COMPOSE, "services: {a: {image: x, env_file: [../../../x, /etc/passwd, nowhere]}}\n", "", id="env_files"
    ),
    pytest.param(WORKFLOW, "on:\n\tpush\n", "2 PYC700", id="a tab in a workflow"),
    pytest.param(WORKFLOW, "on: push\non: push\n", "2 PYC700", id="a key twice in a workflow"),
    pytest.param(WORKFLOW, "on: yes\njobs: no\n", "", id="words that YAML takes for booleans"),
    pytest.param(WORKFLOW, "", "", id="an empty workflow"),
    pytest.param(WORKFLOW, "jobs: {a: [], b: {steps: {}}, c: {steps: [x, 1, null, []]}}\n", "", id="no jobs"),
    pytest.param(WORKFLOW, LAUGHS + "jobs: *a39\n", "", id="an alias bomb in a workflow"),
    pytest.param(WORKFLOW, b"jobs: \xff\n", "1 PYC700", id="a workflow in another encoding"),
    pytest.param(DOCKERFILE, "FROM scratch\nRUN <<END\ntrue\n", "2 PYC500", id="a heredoc without end"),
    pytest.param(DOCKERFILE, "FROM scratch\nFOO bar\n", "2 PYC500", id="an unknown instruction"),
    pytest.param(DOCKERFILE, "", " PYC500", id="an empty Dockerfile"),
    pytest.param(DOCKERFILE, b"FROM scratch\nRUN \xff\n", "", id="a Dockerfile in another encoding"),
    pytest.param(DOCKERFILE, "FROM scratch\n".encode("utf-16"), "1 PYC500", id="a Dockerfile in UTF-16"),
    pytest.param(DOCKERFILE, b"\x7fELF\0\1", "1 PYC500", id="a binary Dockerfile"),
    pytest.param(DOCKERFILE, "FROM scratch\n" + "RUN true\n" * 100_000, "", id="100,000 instructions"),
    pytest.param(DOCKERFILE, "FROM scratch\nRUN true" + " \\\n  && true" * 100_000, "", id="100,000 lines of one"),
    pytest.param("bad/pytest.toml", "[pytest\n", "1 PYC800", id="broken TOML"),
    pytest.param("bad/pytest.ini", b"[pytest]\naddopts = \xff\n", "2 PYC800", id="an ini file in another encoding"),
]


def place(name: str, found: str) -> str:
    line, code = found.split(" ")
    return f"{name}:{line} {code}" if line else f"{name} {code}"


@pytest.mark.parametrize(("name", "text", "found"), BAD)
def test_a_bad_file_is_a_finding_and_hides_no_other(
    repository: Repository, name: str, text: str | bytes, found: str
) -> None:
    for path, content in RIGHT.items():
        repository.write(path, content)
    repository.write(name, text)
    repository.stage(*RIGHT, name)

    done = repository.hook("check-pycache", "--select", "PYC5,PYC6,PYC7,PYC8")

    assert (done.status, done.stderr) == (1, b"")
    assert sorted(done.findings) == sorted(
        ["Dockerfile:2 PYC501", "compose.yaml:6 PYC603", *([place(name, found)] if found else [])]
    )


WORDS = (
    "FROM RUN COPY ENV ARG python pip install --no-cache-dir PYTHONDONTWRITEBYTECODE=1 <<EOF EOF services: image: build: "
    "volumes: environment: - [ ] { } & * : << !x jobs: steps: run: uses: runs-on: self-hosted actions/cache@v4 with: key: "
    "path: ${{ }} ${X:-y} $( ) ` ' \" \\ # | > \t \r pytest addopts = -p no:cacheprovider cache_dir [pytest] extends: include: ."
).split(" ")
BYTES = st.lists(
    st.sampled_from([f"{word}{blank}" for word in WORDS for blank in ("", " ", "\n", "\n  ")]).map(str.encode)
    | st.binary(max_size=3),
    max_size=30,
).map(b"".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(BYTES, min_size=5, max_size=5))
def test_nothing_that_is_in_the_files_makes_a_check_fail(repository: Repository, contents: list[bytes]) -> None:
    names = ("Dockerfile", "compose.yaml", ".github/workflows/x.yml", ".gitlab-ci.yml", "pytest.ini")
    for name, content in zip(names, contents, strict=True):
        repository.write(name, content)
    listing = b"".join(os.fsencode(name) + b"\0" for name in sorted((*names, "app/m.py")))
    files = Files(project.read(str(repository.path), listing))

    assert all(finding.code in KNOWN for finding in judged(files))


KNOWN = {rule.code for rule in rules.RULES}


def judged(files: Files) -> Iterable[Finding]:
    for check in CHECKS:
        yield from check.judge(files, check.Settings(), None)
