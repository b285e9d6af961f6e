"""check-pycache-dockerignore on real repositories, as a program of its own, and through pre-commit and prek at the end."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pycache_hooks import rules
from support import SOURCES, Published, Repository, Result, run, run_hook

HOOK = "check-pycache-dockerignore"

DOCKERFILE = "FROM python:3.13\nCOPY . /app\n"
BYTECODE = ("**/__pycache__", "**/*.py[cod]")
CACHES = ("**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache", "**/.venv")
REST = "".join(f"{pattern}\n" for pattern in CACHES)
GOOD = f"**/__pycache__\n{REST}"
VECTORS = Path(__file__).parents[1] / "vectors"


def make(repository: Repository, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        repository.write(name, text)
    repository.stage(*files)


def context(repository: Repository, ignore: str | bytes | None, **files: str | bytes) -> None:
    """One context at the root, with sources at three depths, and its ignore file."""
    make(repository, {"m.py": "", "app/m.py": "", "app/sub/m.py": "", "Dockerfile": DOCKERFILE, **files})
    if ignore is not None:
        make(repository, {".dockerignore": ignore})


def found(repository: Repository, *arguments: str, **variables: str) -> list[str]:
    """What the hook finds, ``path:line CODE`` each."""
    result = repository.hook(HOOK, *arguments, **variables)
    assert result.status == (1 if result.findings else 0), result
    assert not result.stderr, result
    return result.findings


def messages(repository: Repository, *arguments: str) -> list[str]:
    """The findings as they are printed."""
    result = repository.hook(HOOK, *arguments)
    assert result.status == 1, result
    return [line for line in result.lines if not line.startswith(" ")]


def fixes(result: Result) -> list[str]:
    """Every repair that was printed: what follows its label, to the next line that is not indented."""
    return [
        found.replace("\n" + " " * 9, "\n")
        for found in re.findall(r"^    fix: (.*(?:\n {9}.*)*)", result.text, re.MULTILINE)
    ]


def paste_all(repository: Repository) -> None:
    """Paste each repair that the hook prints; it must pass then, and must not have passed before.

    Of many findings each run shows some, and every one of these must be mended.
    """
    result = repository.hook(HOOK)
    assert result.status == 1, result
    (repository.path / "some where").mkdir(exist_ok=True)
    while result.status:
        shown = set(result.findings)
        for command in fixes(result):
            repository.paste(command, "some where")
        result = repository.hook(HOOK)
        assert shown.isdisjoint(result.findings), result


# What is required of an ignore file


def test_a_good_file_passes(repository: Repository) -> None:
    context(repository, GOOD)

    assert found(repository) == []


@pytest.mark.parametrize("missing", CACHES)
def test_each_cache_is_required(repository: Repository, missing: str) -> None:
    context(repository, GOOD.replace(f"{missing}\n", ""))

    assert messages(repository) == [f".dockerignore: PYC301 {missing[3:]} would be shipped"]


def test_the_message_names_what_would_be_shipped_and_how_often(repository: Repository) -> None:
    context(repository, "# nothing\n")
    result = repository.hook(HOOK)

    assert result.lines == [
        (
            ".dockerignore: PYC301 __pycache__ in 3 directories (./, ...), .pytest_cache, .mypy_cache, .ruff_cache and .venv"
            " would be shipped"
        ),
        (
            "    fix: (cd \"$(git rev-parse --show-toplevel)\" && printf '%s\\n' '' '**/__pycache__' '**/*.py[cod]'"
            " '**/.pytest_cache' '**/.mypy_cache' '**/.ruff_cache' '**/.venv' >> .dockerignore)"
        ),
    ]


def test_caches_of_each_project_of_a_monorepo(repository: Repository) -> None:
    ignore = "**/__pycache__\n.venv\n.*_cache\n"
    context(repository, ignore, **{"api/pyproject.toml": "", "api/m.py": "", "web/pyproject.toml": "", "web/m.py": ""})

    assert messages(repository) == [
        (
            ".dockerignore:2: PYC302 `.venv` covers the root of the context only, so .venv in 2 directories (api/, ...)"
            " would be shipped"
        ),
        (
            ".dockerignore:3: PYC302 `.*_cache` covers the root of the context only, so .pytest_cache, .mypy_cache and"
            " .ruff_cache in 2 directories (api/, ...) would be shipped"
        ),
    ]
    paste_all(repository)


@pytest.mark.parametrize(
    ("name", "text", "cache"),
    [
        ("tox.ini", "", ".tox"),
        ("noxfile.py", "", ".nox"),
        (".coveragerc", "", ".coverage and .coverage.*"),
        ("pyproject.toml", "[tool.coverage.run]\n", ".coverage and .coverage.*"),
        ("requirements-dev.txt", "pytest-cov\n", ".coverage and .coverage.*"),
        ("n.ipynb", "", ".ipynb_checkpoints"),
    ],
)
def test_caches_of_the_tools_that_the_repository_uses(repository: Repository, name: str, text: str, cache: str) -> None:
    context(repository, GOOD, **{name: text})

    assert messages(repository) == [f".dockerignore: PYC301 {cache} would be shipped"]
    paste_all(repository)


def test_what_is_excluded_as_a_whole_needs_no_pattern(repository: Repository) -> None:
    context(repository, "*\n!app/m.py\n")

    assert found(repository) == []


# Patterns: the tables of ignore-semantics.md, each in a context of its own. The value is what is found about bytecode,
# as lines of the ignore file (0: no line is to blame) and codes.

COVERING = [
    *("**/__pycache__", "**/__pycache__/", "/**/__pycache__", "./**/__pycache__", "**/*.pyc", "**/*.py[cod]"),
    *("**/*.py[co]", "**/*.py?", "*", "**", "**/*", "__pycache__\n*/__pycache__\n*/*/__pycache__"),
    *("**/__pycache__/*", "**/__pycache__/**", "**/*.pyc\n!app/m.py", "app\n**/__pycache__"),
    *("*\n!**/*.py", "*\n!app\n**/__pycache__", "*\n!app\n**/*.py[cod]", "**/__pycache__\n!*.md"),
    "*/**/*.pyc",  # it misses a stray m.pyc at the root, which Python 3 does not write
    *("\ufeff**/__pycache__", "  **/__pycache__  ", "**/__pycache__\r"),
]

WRONG = {
    "__pycache__/": [(1, rules.ROOT_ONLY)],
    "__pycache__": [(1, rules.ROOT_ONLY)],
    "/__pycache__": [(1, rules.ROOT_ONLY)],
    "__pycache__/**": [(1, rules.ROOT_ONLY)],
    "*.pyc": [(1, rules.ROOT_ONLY)],
    "*.py[cod]": [(1, rules.ROOT_ONLY)],
    "__pycache__/\n*.py[cod]": [(1, rules.ROOT_ONLY), (2, rules.ROOT_ONLY)],
    "*/__pycache__": [(0, rules.SHIPPED)],
    "*/*.pyc": [(1, rules.ROOT_ONLY)],
    "app/**/__pycache__\n__pycache__": [(2, rules.ROOT_ONLY)],
    "**.pyc": [(1, rules.OTHER_BUILDER)],
    "**.py[cod]": [(0, rules.SHIPPED)],
    "**/**.pyc": [(0, rules.SHIPPED)],
    "**/*.{pyc,pyo}": [(0, rules.SHIPPED)],
    "**/*.py[!x]": [(0, rules.SHIPPED)],
    "*.py[!x]": [(0, rules.SHIPPED)],
    "**/*.pyc # comment": [(0, rules.SHIPPED)],
    '"**/*.pyc"': [(0, rules.SHIPPED)],
    "**/*.pyc\\": [(0, rules.SHIPPED)],
    "**/*.PYC": [(0, rules.SHIPPED)],
    "  # **/*.pyc": [(0, rules.SHIPPED)],
    "**/__pycache__\n!app": [(1, rules.OTHER_BUILDER)],
    "**/*.pyc\n!app/**": [(2, rules.REINCLUDED)],
    "**/*.pyc\n!app": [(1, rules.OTHER_BUILDER)],
    "*\n!app": [(2, rules.REINCLUDED)],
    "*\n!app/*": [(2, rules.REINCLUDED)],
    "*\n!app\n__pycache__": [(2, rules.REINCLUDED)],
    "**/__pycache__\n!**/*.pyc": [(2, rules.REINCLUDED)],
    "**/__pycache__\n!app/__pycache__": [(2, rules.REINCLUDED)],
    "!app\n": [(0, rules.SHIPPED)],
    "": [(0, rules.SHIPPED)],
    "\n# nothing\n": [(0, rules.SHIPPED)],
}


def contexts(repository: Repository, ignores: list[str], name: str = ".dockerignore") -> None:
    """A repository with one context for each ignore file: c000, c001 and so on."""
    files: dict[str, str | bytes] = {}
    for number, text in enumerate(ignores):
        folder = f"c{number:03}"
        for path in ("m.py", "app/m.py", "app/sub/m.py"):
            files[f"{folder}/{path}"] = ""
        files |= {f"{folder}/Dockerfile": DOCKERFILE, f"{folder}/{name}": text.encode("utf-8", "surrogateescape")}
    make(repository, files)


def lines_of(repository: Repository, ignores: list[str], name: str = ".dockerignore") -> list[list[tuple[int, str]]]:
    """For each ignore file what is found: line and code."""
    contexts(repository, ignores, name)
    by_context: list[list[tuple[int, str]]] = [[] for _ in ignores]
    for finding in json.loads(repository.hook(HOOK, "--format", "json").stdout):
        by_context[int(finding["path"][1:4])].append((finding["line"] or 0, finding["code"]))
    return by_context


def test_the_patterns_that_cover_bytecode(repository: Repository) -> None:
    verdicts = lines_of(repository, [f"{pattern}\n{REST}" for pattern in COVERING])

    assert dict(zip(COVERING, verdicts, strict=True)) == {pattern: [] for pattern in COVERING}


def test_the_patterns_that_only_look_right(repository: Repository) -> None:
    verdicts = lines_of(repository, [f"{pattern}\n{REST}" for pattern in WRONG])

    assert dict(zip(WRONG, map(sorted, verdicts), strict=True)) == {key: sorted(lines) for key, lines in WRONG.items()}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (
            "__pycache__/",
            (
                ".dockerignore:1: PYC302 `__pycache__/` covers the root of the context only, so __pycache__ in 2 directories"
                " (app/, ...) would be shipped"
            ),
        ),
        (
            "*.pyc",
            (
                ".dockerignore:1: PYC302 `*.pyc` covers the root of the context only, so __pycache__ in 3 directories (./, ...)"
                " would be shipped"
            ),
        ),
        ("*\n!app", ".dockerignore:2: PYC303 `!app` ships __pycache__ in 2 directories (app/, ...)"),
        (
            "**.pyc",
            (
                ".dockerignore:1: PYC306 `**.pyc` keeps __pycache__ in 3 directories (./, ...) out with BuildKit,"
                " but not with Podman"
            ),
        ),
        (
            "__pycache__\napp/**/__pycache__\n",
            (
                ".dockerignore:1: PYC302 `__pycache__` covers the root of the context only, so __pycache__ in directories to"
                " come would be shipped"
            ),
        ),
        ("[a-]", ".dockerignore:1: PYC305 Docker refuses the line, and every build fails: syntax error in pattern"),
    ],
)
def test_the_message_of_each_fault(repository: Repository, pattern: str, message: str) -> None:
    context(repository, f"{pattern}\n{REST}")

    assert messages(repository)[-1 if "PYC305" not in message else 1] == message
    paste_all(repository)


def test_a_long_line_is_shortened(repository: Repository) -> None:
    context(repository, f"**/__pycache__\n!{'**/' * 100}*.pyc\n{REST}")

    assert max(map(len, messages(repository))) < 200


# Lines that a builder refuses

ERRORS = json.loads((VECTORS / "dockerignore-errors.json").read_text())


def vector(entry: dict[str, str]) -> str:
    return "a" * 65536 + "\n" if entry["content"].startswith("a*65536") else entry["content"]


def test_every_line_that_fails_a_docker_build_is_found(repository: Repository) -> None:
    verdicts = lines_of(repository, [f"# why\n{GOOD}{vector(entry)}" for entry in ERRORS])
    number = GOOD.count("\n") + 2
    refused = [[line for line, code in verdict if code == rules.BREAKS_BUILD] for verdict in verdicts]

    assert refused == [[] if entry["stage"] == "none" else [number] for entry in ERRORS]


def test_every_line_that_fails_a_podman_build_is_found(repository: Repository) -> None:
    entries = [entry for entry in ERRORS if entry.get("podman_stage")]
    verdicts = lines_of(repository, [f"{GOOD}{vector(entry)}" for entry in entries], ".containerignore")
    number = GOOD.count("\n") + 1
    refused = [[line for line, code in verdict if code == rules.BREAKS_BUILD] for verdict in verdicts]

    assert refused == [[] if entry["podman_stage"] == "none" else [number] for entry in entries]


def test_the_other_lines_are_judged_without_the_refused_ones(repository: Repository) -> None:
    context(repository, f"[\n*.pyc\n!\n{REST}")

    assert sorted(found(repository)) == [
        ".dockerignore:1 PYC305",
        ".dockerignore:2 PYC302",
        ".dockerignore:3 PYC305",
    ]
    paste_all(repository)
    assert (repository.path / ".dockerignore").read_text().startswith("*.pyc\n")


def test_a_file_of_refused_lines_is_not_judged_any_further(repository: Repository) -> None:
    context(repository, "[\n" * 1000)

    assert found(repository) == [f".dockerignore:{line} PYC305" for line in range(1, 11)]


# Which file counts


@pytest.mark.parametrize("text", ["", "# nothing\n", "__pycache__\n"])
def test_the_file_of_a_dockerfile_replaces_that_of_the_root(repository: Repository, text: str) -> None:
    context(repository, GOOD, **{"Dockerfile.dockerignore": text})

    heads = messages(repository)

    assert all(line.startswith("Dockerfile.dockerignore") for line in heads)
    assert all(line.endswith("; this file replaces .dockerignore") for line in heads)
    paste_all(repository)


def test_a_good_file_of_a_dockerfile_does_not_help_other_dockerfiles(repository: Repository) -> None:
    files = {
        "docker/a.Dockerfile": DOCKERFILE,
        "docker/a.Dockerfile.dockerignore": GOOD,
        "docker/b.Dockerfile": DOCKERFILE,
    }
    make(repository, {"app/m.py": "", **files})

    assert messages(repository) == [
        ".dockerignore: PYC304 docker/b.Dockerfile copies Python sources, and no ignore file keeps their caches out"
    ]
    paste_all(repository)


def test_the_classic_builder_still_reads_the_file_of_the_root(repository: Repository) -> None:
    context(repository, "__pycache__\n" + REST, **{"Dockerfile.dockerignore": GOOD})

    assert found(repository) == [".dockerignore:1 PYC302"]


def test_patterns_of_a_dockerfiles_own_file_are_relative_to_the_context(repository: Repository) -> None:
    make(
        repository,
        {
            "app/m.py": "",
            "docker/Dockerfile": "COPY app /app\n",
            "docker/Dockerfile.dockerignore": f"app/__pycache__\n*/__pycache__\n{REST}",
        },
    )

    assert found(repository) == []


def test_a_file_beside_the_dockerfile_is_not_read(repository: Repository) -> None:
    make(repository, {"app/m.py": "", "docker/Dockerfile": "COPY app /app\n", "docker/.dockerignore": GOOD})

    assert messages(repository) == [
        (
            ".dockerignore: PYC304 docker/Dockerfile copies Python sources, and no ignore file keeps their caches out"
            " (docker/.dockerignore is not read for it)"
        )
    ]
    paste_all(repository)


def test_podman_reads_the_containerignore_instead(repository: Repository) -> None:
    context(repository, f"**.pyc\n{REST}", **{".containerignore": GOOD})

    assert found(repository) == []


def test_the_classic_builder_reads_the_dockerignore_beside_it(repository: Repository) -> None:
    context(repository, f"*\n!app\n**/__pycache__\n!a*/m.py\n{REST}", **{".containerignore": "*\n!app\n"})

    assert found(repository) == [".containerignore:2 PYC303"]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        pytest.param(GOOD, [], id="good"),
        pytest.param(f"*.pyc\n{REST}", [".containerignore:1 PYC302"], id="the root only"),
        pytest.param(f"**.pyc\n{REST}", [".containerignore:1 PYC306"], id="what only BuildKit understands"),
        pytest.param(f"**/*.pyc\n!app\n{REST}", [".containerignore:1 PYC306"], id="re-included by Podman"),
        pytest.param(f"**/x\\\n{GOOD}", [".containerignore:1 PYC305"], id="what Podman refuses"),
        pytest.param(f"[z\n{GOOD}", [".containerignore:1 PYC305"], id="what both refuse"),
        pytest.param(f"(|**/__pycache__\n{REST}", [".containerignore:1 PYC305"], id="a group without an end"),
        pytest.param(f"**/__pycach(e|f)__/*.pyc\n{REST}", [], id="what only Podman understands"),
        pytest.param("", [".containerignore PYC301"], id="empty"),
    ],
)
def test_a_containerignore_is_judged_as_podman_does(repository: Repository, text: str, findings: list[str]) -> None:
    context(repository, None, **{".containerignore": text})

    assert found(repository) == findings


def test_the_own_dockerignore_beats_the_own_containerignore(repository: Repository) -> None:
    context(
        repository, None, **{"Dockerfile.dockerignore": GOOD, "Dockerfile.containerignore": "", ".containerignore": ""}
    )

    assert found(repository) == []


def test_an_own_containerignore_is_judged(repository: Repository) -> None:
    context(repository, GOOD, **{"Dockerfile.containerignore": "x\n"})

    assert found(repository) == ["Dockerfile.containerignore PYC301"]


def test_an_exception_for_one_file_ships_no_cache_with_any_builder(repository: Repository) -> None:
    context(repository, "*\n!app/m.py\n")
    assert found(repository) == []


# A context without an ignore file


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        ("COPY shop /app/", []),
        ("COPY shop/*.py conf /app/", []),
        ("COPY shop tools /app/", [".dockerignore PYC301", ".dockerignore:3 PYC302"]),
        ("COPY shop /app/\nCOPY . /src", [".dockerignore PYC301", ".dockerignore:3 PYC302"]),
        ("ARG WHAT=shop\nCOPY $WHAT /app/", [".dockerignore PYC301", ".dockerignore:3 PYC302"]),
    ],
)
def test_what_no_build_copies_is_not_asked_about(repository: Repository, copies: str, expected: list[str]) -> None:
    ignore = "**/__pycache__\n**/*.py[cod]\n.venv\n"
    files: dict[str, str | bytes] = dict.fromkeys(
        ("shop/__init__.py", "tools/gen/m.py", "tools/gen/pyproject.toml"), ""
    )
    make(repository, {**files, ".dockerignore": ignore, "Dockerfile": f"FROM python\n{copies}\n"})
    assert found(repository) == expected


def test_what_one_of_several_builds_copies_is_asked_about(repository: Repository) -> None:
    docker = {"Dockerfile": "FROM python\nCOPY shop /app/\n", "Dockerfile.dev": "FROM python\nCOPY . /app/\n"}
    make(repository, {"shop/__init__.py": "", ".dockerignore": "**/__pycache__\n", **docker})
    assert found(repository) == [".dockerignore PYC301"]
    make(repository, {"Dockerfile.dev.dockerignore": "**\n"})
    assert found(repository) == []


@pytest.mark.parametrize("name", [".dockerignore", "app/Dockerfile.dockerignore"])
def test_a_file_outside_of_a_sparse_work_tree_is_neither_missing_nor_written(repository: Repository, name: str) -> None:
    make(
        repository,
        {"m.py": "", "app/m.py": "", "app/Dockerfile": "FROM python\nCOPY m.py app /app/\n", name: "**/*.pyc\n"},
    )
    repository.commit()
    repository.git("sparse-checkout", "set", "--no-cone", "/m.py", "/app/m.py", "/app/Dockerfile")
    assert not (repository.path / name).exists()

    assert found(repository) == []

    assert repository.hook(HOOK, "--fix").status == 0
    assert repository.git("status", "--porcelain").text == ""


def test_a_missing_file_is_found(repository: Repository) -> None:
    context(repository, None)
    result = repository.hook(HOOK)

    assert result.lines == [
        ".dockerignore: PYC304 Dockerfile copies Python sources, and no ignore file keeps their caches out",
        (
            "    fix: (cd \"$(git rev-parse --show-toplevel)\" && printf '%s\\n' '**/__pycache__' '**/*.py[cod]'"
            " '**/.pytest_cache' '**/.mypy_cache' '**/.ruff_cache' '**/.venv' >> .dockerignore)"
        ),
    ]
    paste_all(repository)


@pytest.mark.parametrize(
    "copy",
    [
        "COPY app /app",
        "COPY ./app/ /app",
        "COPY /app /app",
        "COPY app/sub /app",
        "COPY * /app",
        "COPY app/* /app",
        "COPY [ap][p]* /x",
        "ADD . /app",
        "copy\t.\t/app",
        "COPY --chown=a . /app",
        'COPY ["app", "/app"]',
        "COPY --from=a x /x\nCOPY a \\\n# why\n\n app /x/",
        "COPY ../app /app",
    ],
)
def test_a_dockerfile_that_copies_a_directory_of_sources_needs_one(repository: Repository, copy: str) -> None:
    context(repository, None, Dockerfile=f"FROM x\n{copy}\n")

    assert found(repository) == [".dockerignore PYC304"]


@pytest.mark.parametrize(
    "copy",
    [
        "COPY app/m.py /app/",
        "COPY m.py app/m.py /app/",
        "COPY *.py /app/",
        "COPY app/*.py /app/",
        "COPY docs /docs",
        "COPY --from=builder . /app",
        "COPY --from=builder [] /app",
        "ADD https://example.org/app.tar /app",
        "ONBUILD COPY . /app",
        "COPY [a- ap[ /app",
        "COPY !app #app /app",
        "RUN <<EOF\nCOPY . /app\nEOF",
        "RUN make",
        "",
    ],
)
def test_a_dockerfile_that_copies_none_needs_none(repository: Repository, copy: str) -> None:
    context(repository, None, Dockerfile=f"FROM x\n{copy}\n", **{"docs/x": ""})

    assert found(repository) == []


@pytest.mark.parametrize("name", ["Dockerfile-dev", "app.dockerfile", "Containerfile", "deploy/Dockerfile.prod"])
def test_other_names_of_dockerfiles(repository: Repository, name: str) -> None:
    make(repository, {"app/m.py": "", name: DOCKERFILE})

    assert [finding.partition(" ")[2] for finding in found(repository)] == ["PYC304"]


@pytest.mark.parametrize("name", ["Dockerfile.md", "Dockerfile.j2", "dockerfile.py", "Dockerfile.dockerignore"])
def test_names_of_other_files(repository: Repository, name: str) -> None:
    make(repository, {"app/m.py": "", name: DOCKERFILE})

    assert found(repository) == []


def test_a_context_without_python_needs_none(repository: Repository) -> None:
    make(repository, {"app/m.py": "", "web/Dockerfile": DOCKERFILE, "web/x.js": "", "db/.dockerignore": "", "db/x": ""})

    assert found(repository) == []


def test_a_repository_without_python_passes(repository: Repository) -> None:
    make(repository, {"Dockerfile": DOCKERFILE, ".dockerignore": "[\n"})

    assert found(repository) == []


def test_nothing_at_all_passes(repository: Repository) -> None:
    assert found(repository) == []
    repository.commit("m.py")
    assert found(repository) == []


# Contexts


def test_contexts_come_from_compose_files(repository: Repository) -> None:
    compose = (
        "x-b: &b\n  context: flow\nservices:\n  a:\n    build: ./short # why\n  b:\n    build:\n      context: 'long'\n"
        "      dockerfile: ../docker/D\n  c:\n    build: {context: flow}\n  d:\n    build: ${WHERE}\n  e:\n    build: ..\n"
        "  f:\n    build: https://example.org/x.git\n  g:\n    build: *b\n"
    )
    make(
        repository,
        {
            "compose.yaml": compose,
            "short/Dockerfile": DOCKERFILE,
            "short/m.py": "",
            "long/m.py": "",
            "docker/D": DOCKERFILE,
            "flow/Dockerfile": DOCKERFILE,
            "flow/m.py": "",
        },
    )

    assert found(repository) == [f"{place}/.dockerignore PYC304" for place in ("flow", "long", "short")]
    paste_all(repository)


def test_a_compose_file_that_has_no_dockerfile(repository: Repository) -> None:
    make(repository, {"compose.yaml": "services:\n  a:\n    build: .\n", "m.py": ""})

    assert found(repository) == []


def test_the_root_is_the_context_where_it_holds_what_is_copied(repository: Repository) -> None:
    make(repository, {"docker/Dockerfile": "COPY src /src\n", "src/m.py": ""})

    assert found(repository) == [".dockerignore PYC304"]


def test_an_ignore_file_of_a_context_whose_dockerfile_is_elsewhere(repository: Repository) -> None:
    make(repository, {"src/m.py": "", "src/.dockerignore": "*.pyc\n" + REST})

    assert found(repository) == ["src/.dockerignore:1 PYC302"]


def test_given_contexts(repository: Repository) -> None:
    make(
        repository,
        {"a/m.py": "", "b/m.py": "", "b/.dockerignore": GOOD, "c/x": "", "d/m.py": "", "d/Dockerfile": DOCKERFILE},
    )

    assert found(repository, "--context", "b") == []
    assert found(repository, "--context", "c") == []
    assert found(repository, "--context=a") == ["a/.dockerignore PYC304"]
    assert found(repository, "--context", "d", "--context", "a/") == [
        "a/.dockerignore PYC304",
        "d/.dockerignore PYC304",
    ]
    assert found(repository, "--context", ".") == [".dockerignore PYC304"]
    result = repository.hook(HOOK, "--context", ".", within="a")
    assert result.lines[0] == (
        "a/.dockerignore: PYC304 the build context holds Python sources, and no ignore file keeps their caches out"
    )


@pytest.mark.parametrize("place", ["nowhere", "..", "/", "m.py", ""])
def test_a_given_context_that_is_none(repository: Repository, place: str) -> None:
    repository.commit("m.py")
    result = repository.hook(HOOK, "--context", place)

    assert result.status == 2
    assert result.stderr.decode() == f"{HOOK}: --context {place}: not a directory of this repository\n"


def test_in_a_subdirectory_paths_are_those_of_the_root(repository: Repository) -> None:
    context(repository, None)

    assert repository.hook(HOOK, within="app").findings == [".dockerignore PYC304"]


# --fix


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, "# Python caches (added by pycache-hooks)\n{}", id="none"),
        pytest.param("", "# Python caches (added by pycache-hooks)\n{}", id="empty"),
        pytest.param(
            "*\n!app\n", "*\n!app\n\n# Python caches (added by pycache-hooks)\n{}", id="behind the last exception"
        ),
        pytest.param("a", "a\n\n# Python caches (added by pycache-hooks)\n{}", id="no last newline"),
        pytest.param("a\r\n", "a\r\n\r\n# Python caches (added by pycache-hooks)\r\n{}", id="CRLF"),
        pytest.param("\ufeffa\n", "\ufeffa\n\n# Python caches (added by pycache-hooks)\n{}", id="byte order mark"),
    ],
)
def test_fix_appends_what_is_missing(repository: Repository, before: str | None, after: str) -> None:
    context(repository, before)
    file = repository.path / ".dockerignore"
    if before is not None:
        file.chmod(0o640)
    patterns = BYTECODE if before and "!" in before else BYTECODE + CACHES
    newline = "\r\n" if before and "\r" in before else "\n"

    result = repository.hook(HOOK, "--fix")

    assert result.status == 1
    assert f"    fixed: added {', '.join(patterns)}" in result.lines
    text = after.format(newline.join(patterns) + newline)
    text = text.removesuffix(newline) if before == "a" else text
    assert file.read_bytes() == text.encode()
    assert before is None or stat.S_IMODE(file.stat().st_mode) == 0o640
    assert found(repository, "--fix") == []
    assert file.read_bytes() == text.encode()
    assert sorted(path.name for path in repository.path.iterdir()) == [
        *(".dockerignore", ".git", "Dockerfile", "app", "m.py"),
    ]


def test_fix_mends_every_file(repository: Repository) -> None:
    ignores = [f"{pattern}\n{REST}" for pattern in WRONG]
    contexts(repository, ignores)

    assert repository.hook(HOOK, "--fix").status == 1
    assert found(repository, "--fix") == []


def test_every_printed_repair_works(repository: Repository) -> None:
    contexts(repository, [pattern.rstrip("\n") for pattern in WRONG] + ["[\n!", "x\n\\q\n*.pyc"])

    paste_all(repository)


@pytest.mark.parametrize("folder", ["a b", "-x", "größe", "it's", "$HOME", "new\nline", "a;b", "`c`"])
def test_a_repair_quotes_what_it_names(repository: Repository, folder: str) -> None:
    make(repository, {f"{folder}/m.py": "", f"{folder}/Dockerfile": DOCKERFILE, f"{folder}/.dockerignore": "[\n\\q\na"})

    paste_all(repository)
    assert (repository.path / folder / ".dockerignore").read_text().startswith("a\n**/__pycache__\n")


def test_fix_leaves_refused_lines_to_the_reader(repository: Repository) -> None:
    context(repository, f"[\n{REST}")

    assert sorted(found(repository, "--fix")) == [".dockerignore PYC301", ".dockerignore:1 PYC305"]
    assert found(repository) == [".dockerignore:1 PYC305"]
    paste_all(repository)


def test_fix_writes_no_pattern_that_would_hide_a_tracked_file(repository: Repository) -> None:
    context(repository, REST, **{"app/native.pyd": "", "app/legacy.pyc": "", "requirements.txt": "mutmut\n"})
    repository.stage("mutants/m.py")

    result = repository.hook(HOOK, "--fix")

    assert "    fixed: added **/__pycache__, **/.mutmut-cache" in result.lines
    assert (
        ".dockerignore: PYC301 `**/*.py[cod]` is not proposed: it would keep app/legacy.pyc, which is tracked, out of"
        " the build" in result.lines
    )
    assert (
        ".dockerignore: PYC301 `**/mutants` is not proposed: it would keep mutants/m.py, which is tracked, out of the build"
        in result.lines
    )
    text = (repository.path / ".dockerignore").read_text()
    assert "mutants" not in text
    assert "py[cod]" not in text
    left = repository.hook(HOOK, "--fix")
    assert left.findings == [".dockerignore PYC301"] * 2
    assert "fix" not in left.text
    assert (repository.path / ".dockerignore").read_text() == text


def test_fix_may_hide_tracked_caches_and_what_is_hidden_anyway(repository: Repository) -> None:
    context(repository, f"docs\n{REST}", **{"docs/native.pyd": "", "app/m.pyc": "", ".tox/x": "", "tox.ini": ""})

    assert repository.hook(HOOK, "--fix").lines[-1] == "    fixed: added **/__pycache__, **/*.py[cod], **/.tox"
    assert found(repository) == []


def test_fix_where_only_the_context_counts(repository: Repository) -> None:
    make(repository, {"api/m.py": "", "api/Dockerfile": DOCKERFILE, "native.pyd": ""})

    assert repository.hook(HOOK, "--fix").status == 1
    assert "**/*.py[cod]" in (repository.path / "api/.dockerignore").read_text()


def test_fix_in_a_directory_that_is_not_writable(repository: Repository) -> None:
    make(repository, {"a/m.py": "", "a/Dockerfile": DOCKERFILE, "b/m.py": "", "b/Dockerfile": DOCKERFILE})
    (repository.path / "a").chmod(0o555)

    result = run_hook(HOOK, "--fix", cwd=repository.path, env=repository.env, unprivileged=True)

    (repository.path / "a").chmod(0o755)
    assert result.status == 2
    assert result.stderr.decode() == f"{HOOK}: a/.dockerignore: cannot be written: Permission denied\n"
    assert result.findings == ["a/.dockerignore PYC304", "b/.dockerignore PYC304"]
    assert not (repository.path / "a/.dockerignore").exists()
    assert found(repository) == ["a/.dockerignore PYC304"]


# Symbolic links


def test_a_link_inside_the_context_is_followed_for_reading_only(repository: Repository) -> None:
    context(repository, None, **{"docker/ignored": f"*.pyc\n{REST}"})
    repository.link(".dockerignore", "docker/ignored")

    assert found(repository, "--fix") == [".dockerignore:1 PYC302"]
    assert (repository.path / ".dockerignore").is_symlink()
    assert (repository.path / "docker/ignored").read_text() == f"*.pyc\n{REST}"
    paste_all(repository)
    assert (repository.path / ".dockerignore").is_symlink()


@pytest.mark.parametrize("target", ["../ignored", "../../outside"])
def test_a_link_out_of_the_context_is_not_followed(repository: Repository, target: str) -> None:
    make(repository, {"api/m.py": "", "api/Dockerfile": DOCKERFILE, "ignored": GOOD})
    (repository.path.parent / "outside").write_text(GOOD)
    repository.link("api/.dockerignore", target)

    assert messages(repository, "--fix") == [
        (
            "api/.dockerignore: PYC304 is a symbolic link out of its directory, which BuildKit does not follow: it keeps"
            " nothing out"
        )
    ]
    assert (repository.path / "api/.dockerignore").is_symlink()
    paste_all(repository)
    assert (repository.path.parent / "outside").read_text() == GOOD


def test_podman_follows_a_link_anywhere(repository: Repository) -> None:
    make(repository, {"api/m.py": "", "api/Dockerfile": DOCKERFILE, "ignored": GOOD})
    repository.link("api/.containerignore", "../ignored")

    assert found(repository) == []


@pytest.mark.parametrize("target", ["nowhere", ".dockerignore"])
def test_a_link_that_leads_nowhere(repository: Repository, target: str) -> None:
    context(repository, None)
    repository.link(".dockerignore", target)

    assert messages(repository, "--fix") == [
        ".dockerignore: PYC304 is a symbolic link that leads nowhere: it keeps nothing out"
    ]
    paste_all(repository)


def test_nothing_is_written_behind_a_linked_directory(repository: Repository) -> None:
    compose = "services:\n  a:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n"
    make(repository, {"compose.yml": compose, "app/m.py": "", ".dockerignore": GOOD})
    elsewhere = repository.path.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "Dockerfile").write_text(DOCKERFILE)
    (elsewhere / "Dockerfile.dockerignore").write_text("x\n")
    repository.link("docker", "../elsewhere")

    assert found(repository, "--fix") == ["docker/Dockerfile.dockerignore PYC301"]
    assert (elsewhere / "Dockerfile.dockerignore").read_text() == "x\n"


# Bad input


@pytest.mark.parametrize(
    ("data", "findings"),
    [
        pytest.param(b"", [".dockerignore PYC301"], id="empty"),
        pytest.param(b"\0\1\2\n" + GOOD.encode(), [".dockerignore:1 PYC305"], id="control characters"),
        pytest.param(bytes(range(256)) * 4, None, id="binary"),
        pytest.param(b"\xff\xe4\n" + GOOD.encode(), [], id="not UTF-8"),
        pytest.param(("\ufeff" + GOOD).encode("utf-16-le"), [".dockerignore PYC305"], id="UTF-16, little end first"),
        pytest.param(("\ufeff" + GOOD).encode("utf-16-be"), [".dockerignore PYC305"], id="UTF-16, big end first"),
        pytest.param(b"a" * 65_535 + b"\n" + GOOD.encode(), [], id="a long line"),
        pytest.param(b"a\n" * 70_000, [".dockerignore PYC305"], id="too large"),
        pytest.param(b"**/a*b?c\n" * 300 + GOOD.encode(), [], id="many patterns"),
    ],
)
def test_whatever_is_in_the_file(repository: Repository, data: bytes, findings: list[str] | None) -> None:
    context(repository, data)
    make(repository, {"api/m.py": "", "api/Dockerfile": DOCKERFILE})

    others = [finding for finding in found(repository) if not finding.startswith("api/")]

    assert others == findings if findings is not None else others
    assert "api/.dockerignore PYC304" in found(repository)


def test_a_file_in_utf_16_can_be_repaired(repository: Repository) -> None:
    context(repository, ("\ufeff" + GOOD).encode("utf-16-le"))

    paste_all(repository)


def test_a_hundred_megabytes_are_not_read(repository: Repository) -> None:
    context(repository, GOOD)
    os.truncate(repository.path / ".dockerignore", 100_000_000)

    assert messages(repository, "--fix") == [".dockerignore: PYC305 is larger than 128.0 KiB, too large to be judged"]


def test_a_directory_of_that_name(repository: Repository) -> None:
    context(repository, None, **{".dockerignore/x": ""})

    assert messages(repository, "--fix") == [".dockerignore: PYC305 is not a file"]


def test_a_pipe_of_that_name_is_not_waited_for(repository: Repository) -> None:
    context(repository, None)
    os.mkfifo(repository.path / ".dockerignore")

    assert messages(repository) == [".dockerignore: PYC305 is not a file"]


def test_an_unreadable_file_hides_no_others(repository: Repository) -> None:
    context(repository, GOOD)
    make(repository, {"api/m.py": "", "api/Dockerfile": DOCKERFILE})
    (repository.path / ".dockerignore").chmod(0)

    result = run_hook(HOOK, cwd=repository.path, env=repository.env, unprivileged=True)

    assert result.status == 1
    assert result.lines[0] == ".dockerignore: PYC305 cannot be read: Permission denied"
    assert result.findings == [".dockerignore PYC305", "api/.dockerignore PYC304"]


def test_unreadable_dockerfiles_and_compose_files_are_named(repository: Repository) -> None:
    context(repository, "*.pyc\n" + REST, **{"compose.yml": ""})
    for name in ("Dockerfile", "compose.yml"):
        (repository.path / name).chmod(0)

    result = run_hook(HOOK, cwd=repository.path, env=repository.env, unprivileged=True)

    assert result.status == 2
    assert result.findings == [".dockerignore:1 PYC302"]
    assert result.stderr.decode() == f"{HOOK}: Dockerfile: cannot be read: Permission denied (and 1 more)\n"


def test_a_dockerfile_that_is_a_directory(repository: Repository) -> None:
    make(repository, {"m.py": "", "Dockerfile/x": "", "Dockerfile/Dockerfile/m.py": ""})

    assert found(repository) == []


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yml"])
@pytest.mark.parametrize(
    "data",
    [b"", bytes(range(256)), b"\xff\xfeC\0O\0", b"\t" * 10_000, b"COPY . /a\n" * 200_000],
    ids="empty binary utf-16 tabs huge".split(),
)
def test_whatever_is_in_the_other_files(repository: Repository, name: str, data: bytes) -> None:
    make(repository, {"m.py": "", ".dockerignore": "*.pyc\n" + REST, "Dockerfile": DOCKERFILE, name: data})

    assert found(repository) == [".dockerignore:1 PYC302"]


def test_files_that_are_gone_from_the_work_tree(repository: Repository) -> None:
    context(repository, GOOD, **{"compose.yml": ""})
    for name in (".dockerignore", "Dockerfile", "compose.yml"):
        (repository.path / name).unlink()

    assert found(repository) == []


def test_outside_a_repository(tmp_path: Path, env: dict[str, str]) -> None:
    result = run_hook(HOOK, cwd=tmp_path, env=env | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})

    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.decode() == f"{HOOK}: not a git repository: run this inside a work tree\n"


def test_without_git(repository: Repository, tmp_path: Path) -> None:
    result = repository.hook(HOOK, PATH=str(tmp_path))

    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.startswith(f"{HOOK}: git cannot be started".encode())


@pytest.mark.parametrize("arguments", [["--unknown"], ["file"], ["--context"], ["--fix=x"]])
def test_usage_errors(repository: Repository, arguments: list[str]) -> None:
    result = repository.hook(HOOK, *arguments)

    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.decode().count("\n") == 1
    assert "(--help lists the options)" in result.stderr.decode()


def test_help(repository: Repository) -> None:
    result = repository.hook(HOOK, "--help")

    assert result.status == 0
    assert "--context DIR" in result.text
    assert "--fix" in result.text


# Cost


HEAVY = (
    "argparse contextlib dataclasses enum fnmatch functools identify json pathlib pathspec re shlex subprocess tempfile"
    " threading typing yaml pycache_hooks.readers.compose pycache_hooks.readers.images pycache_hooks.readers.yaml"
).split()


def test_what_a_passing_run_imports(repository: Repository) -> None:
    context(repository, GOOD, **{"Dockerfile.dockerignore": GOOD})
    program = (
        "import sys; from pycache_hooks.hooks.check_pycache_dockerignore import main; status = main([]);"
        " print(status, *sorted(sys.modules))"
    )

    result = run([sys.executable, "-S", "-c", program], repository.path, repository.env | {"PYTHONPATH": str(SOURCES)})

    status, *modules = result.text.split()
    assert status == "0"
    assert not set(HEAVY) & set(modules)


def test_how_many_processes_a_run_starts(repository: Repository, tmp_path: Path) -> None:
    context(repository, GOOD)
    log = tmp_path / "log"
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    git = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    fake.write_text(f'#!/bin/sh\necho x >> {log}\nexec {git} "$@"\n')
    fake.chmod(0o755)

    assert found(repository, PATH=f"{fake.parent}:{repository.env['PATH']}") == []
    assert log.read_text() == "x\nx\n"


# Through pre-commit and prek


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_through(framework: str, repository: Repository, published: Published) -> None:
    context(repository, "__pycache__/\n" + REST)
    make(repository, {".pre-commit-config.yaml": published.configuration(HOOK)})

    result = repository.framework(framework, "run", "--all-files")

    assert result.status == 1, result
    assert ".dockerignore:1: PYC302 `__pycache__/` covers the root of the context only" in result.text
    make(repository, {".pre-commit-config.yaml": published.configuration(HOOK, extra="args: [--fix]")})
    assert repository.framework(framework, "run", "--all-files").status == 1
    repository.stage(".dockerignore")
    assert repository.framework(framework, "run", "--all-files").status == 0
    assert repository.framework(framework, "run").status == 0
