"""The guide's whole checklist: three layers (images, services, test configuration), user mapping, and what goes with them.

A repository that follows it passes every check. Without any one part of it one check fails, and prints what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Repository

CHECKS = (
    "check-pycache-gitignore",
    "check-pycache-dockerignore",
    "check-pycache-dockerfile",
    "check-pycache-compose",
    "check-pycache-ci",
    "check-pycache-pytest",
    "check-pycache",
)

FILES = {
    ".gitignore": """\
__pycache__/
*.py[cod]
.venv
""",
    ".dockerignore": """\
**/__pycache__
**/*.py[cod]
**/.venv
**/.pytest_cache
**/.mypy_cache
**/.ruff_cache
""",
    "Dockerfile": """\
FROM python:3.13-slim
ENV PYTHONDONTWRITEBYTECODE=1
ENV PYTHONPYCACHEPREFIX=/tmp/pycache
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --no-compile -r requirements.txt
COPY . .
CMD ["python", "-m", "app"]
""",
    "compose.yaml": """\
services:
  tests:
    image: python:3.13
    command: python -m pytest
    working_dir: /work
    user: "${HOST_UID:?}:${HOST_GID:?}"
    environment:
      PYTHONDONTWRITEBYTECODE: "1"
      PYTHONPYCACHEPREFIX: /tmp/pycache
    volumes:
      - .:/work
""",
    ".github/workflows/tests.yml": """\
on: [push]
env:
  PYTHONDONTWRITEBYTECODE: "1"
jobs:
  tests:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v4
      - run: python -m pytest
""",
    "pyproject.toml": """\
[tool.pytest.ini_options]
addopts = "-ra -p no:cacheprovider"

[tool.pycache-hooks.check-pycache-dockerfile]
require = "both"

[tool.pycache-hooks.check-pycache-pytest]
require-disabled = true
""",
    "requirements.txt": "pytest\n",
    "app/__init__.py": "",
    "app/__main__.py": "",
    "tests/test_app.py": "",
}

SERVICE_VARIABLES = """\
    environment:
      PYTHONDONTWRITEBYTECODE: "1"
      PYTHONPYCACHEPREFIX: /tmp/pycache
"""
JOB_VARIABLES = """\
env:
  PYTHONDONTWRITEBYTECODE: "1"
"""


def make(repository: Repository, path: str = "", without: str = "", instead: str = "") -> None:
    """The repository of the checklist; in the file *path* something stands *instead*."""
    for name, text in FILES.items():
        if name == path:
            assert without in text
            text = text.replace(without, instead)  # noqa: PLW2901 - the text of that file
        repository.write(name, text)
    repository.stage(*FILES)


@pytest.mark.parametrize("check", CHECKS)
def test_a_repository_that_follows_the_checklist_passes(repository: Repository, check: str) -> None:
    make(repository)
    result = repository.hook(check)

    assert (result.status, result.stderr, result.lines) == (0, b"", [])


@pytest.mark.parametrize(
    ("path", "without", "instead", "check", "codes", "missing"),
    [
        pytest.param(
            "Dockerfile",
            "ENV PYTHONDONTWRITEBYTECODE=1\n",
            "",
            "check-pycache-dockerfile",
            ["PYC501"],
            "ENV PYTHONDONTWRITEBYTECODE=1",
            id="image: no writing",
        ),
        pytest.param(
            "Dockerfile",
            "ENV PYTHONPYCACHEPREFIX=/tmp/pycache\n",
            "",
            "check-pycache-dockerfile",
            ["PYC501"],
            "ENV PYTHONPYCACHEPREFIX=/tmp/pycache",
            id="image: elsewhere",
        ),
        pytest.param(
            "Dockerfile",
            " --no-cache-dir",
            "",
            "check-pycache-dockerfile",
            ["PYC506"],
            "ENV PIP_NO_CACHE_DIR=1",
            id="image: downloads",
        ),
        pytest.param(
            "compose.yaml",
            SERVICE_VARIABLES,
            "",
            "check-pycache-compose",
            ["PYC601"],
            'PYTHONDONTWRITEBYTECODE: "1"',
            id="service: variables",
        ),
        pytest.param(
            "compose.yaml",
            '    user: "${HOST_UID:?}:${HOST_GID:?}"\n',
            "",
            "check-pycache-compose",
            ["PYC603"],
            'user: "${HOST_UID:',  # with a default instead of `:?`, which is as good
            id="service: user",
        ),
        pytest.param(
            "compose.yaml",
            "${HOST_UID:?}:${HOST_GID:?}",
            "${UID}:${GID}",
            "check-pycache-compose",
            ["PYC604"],
            'user: "${HOST_UID:',  # with a default instead of `:?`, which is as good
            id="service: a blank user",
        ),
        pytest.param(
            ".github/workflows/tests.yml",
            JOB_VARIABLES,
            "",
            "check-pycache-ci",
            ["PYC701"],
            'PYTHONDONTWRITEBYTECODE: "1"',
            id="CI: variables",
        ),
        pytest.param(
            "pyproject.toml",
            " -p no:cacheprovider",
            "",
            "check-pycache-pytest",
            ["PYC804"],
            'addopts = "-ra -p no:cacheprovider"',
            id="test configuration",
        ),
        pytest.param(
            ".gitignore",
            "__pycache__/\n*.py[cod]\n",
            "",
            "check-pycache-gitignore",
            ["PYC201"],
            "__pycache__/ '*.py[cod]'",
            id=".gitignore: bytecode",
        ),
        pytest.param(
            ".gitignore", ".venv\n", "", "check-pycache-gitignore", ["PYC201"], ".venv", id=".gitignore: environment"
        ),
        pytest.param(
            ".dockerignore",
            "**/__pycache__\n**/*.py[cod]\n",
            "",
            "check-pycache-dockerignore",
            ["PYC301"],
            "'**/__pycache__' '**/*.py[cod]'",
            id=".dockerignore: bytecode",
        ),
        *(
            pytest.param(
                ".dockerignore",
                f"{line}\n",
                "",
                "check-pycache-dockerignore",
                ["PYC301"],
                line,
                id=f".dockerignore: {line}",
            )
            for line in FILES[".dockerignore"].splitlines()[2:]
        ),
    ],
)
def test_without_any_part_of_it_the_check_says_what_is_missing(  # noqa: PLR0913, PLR0917 - what is taken, what is said
    repository: Repository, path: str, without: str, instead: str, check: str, codes: list[str], missing: str
) -> None:
    make(repository, path, without, instead)

    result = repository.hook(check)

    assert (result.status, result.stderr) == (1, b""), result
    assert sorted({finding.rpartition(" ")[2] for finding in result.findings}) == codes, result
    assert all(finding.startswith(path) for finding in result.findings), result
    assert missing in result.text.partition("fix: ")[2], result
    # Other checks may see it too: without its setting pytest writes its cache in the service as well.
    assert set(result.findings) <= set(repository.hook("check-pycache").findings)
