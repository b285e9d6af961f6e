"""check-pycache-dockerfile in real repositories."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import repairs
from support import SOURCES, run

if TYPE_CHECKING:
    from support import Repository

HOOK = "check-pycache-dockerfile"
BASE = "FROM python:3.13\n"
DONT = "ENV PYTHONDONTWRITEBYTECODE=1\n"
RUNS = f"{BASE}RUN python app.py\n"
KEPT_OUT = "**/__pycache__\n**/*.py[cod]\n**/.venv\n**/.pytest_cache\n**/.mypy_cache\n**/.ruff_cache\n"


def write(repository: Repository, dockerfile: str, ignore: str | None = None) -> None:
    """Track a Dockerfile, and the text of *ignore* as .dockerignore."""
    files = {"Dockerfile": dockerfile} | ({} if ignore is None else {".dockerignore": ignore})
    for path, text in files.items():
        repository.write(path, text)
    repository.stage(*files)


def test_a_repository_without_dockerfiles_passes(repository: Repository) -> None:
    repository.stage("m.py")
    done = repository.hook(HOOK)
    assert (done.status, done.text) == (0, "")


def test_all_tracked_dockerfiles_are_judged_or_those_that_are_named(repository: Repository) -> None:
    for name in (
        "Dockerfile",
        "docker/api.dockerfile",
        "Containerfile.dev",
        "Dockerfile.md",
        "Dockerfile.dockerignore",
    ):
        repository.write(name, RUNS)
        repository.stage(name)
    repository.write("Dockerfile.untracked", RUNS)
    everything = repository.hook(HOOK)
    assert everything.findings == [
        f"{name}:2 PYC501" for name in ("Containerfile.dev", "Dockerfile", "docker/api.dockerfile")
    ]
    assert everything.status == 1
    assert everything.fix == "# below line 1\nENV PYTHONDONTWRITEBYTECODE=1"
    named = repository.hook(HOOK, "api.dockerfile", "../Dockerfile.untracked", within="docker")
    assert named.findings == ["Dockerfile.untracked:2 PYC501", "docker/api.dockerfile:2 PYC501"]


def test_what_must_be_set_is_an_option(repository: Repository) -> None:
    write(repository, f"{BASE}{DONT}RUN python app.py\n")
    assert repository.hook(HOOK).status == 0
    assert repository.hook(HOOK, "--require", "dontwrite").status == 0
    for value in ("both", "prefix"):
        done = repository.hook(HOOK, "--require", value)
        assert done.findings == ["Dockerfile:3 PYC501"]
        assert done.fix == "# below line 1\nENV PYTHONPYCACHEPREFIX=/tmp/pycache"
    wrong = repository.hook(HOOK, "--require", "none")
    assert wrong.status == 2
    assert wrong.text == ""


def test_a_comment_and_options_switch_a_rule_off(repository: Repository) -> None:
    write(repository, f"{BASE}# pycache-hooks: ignore[PYC501]\nRUN python app.py\nRUN pip install x\n")
    assert repository.hook(HOOK).findings == ["Dockerfile:4 PYC506"]
    assert repository.hook(HOOK, "--ignore", "PYC506").status == 0


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        pytest.param(b"FROM python\nRUM true\n", ":2", "unknown instruction: RUM", id="an unknown instruction"),
        pytest.param(b"FROM python\nRUN <<EOF\ntrue\n", ":2", "", id="an unterminated heredoc"),
        pytest.param(b"FROM python\n\0\n", ":2", "a binary file", id="binary"),
        pytest.param("FROM python\n".encode("utf-16"), ":1", "UTF-16", id="another encoding"),
        pytest.param(b"", "", "", id="empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_are_judged(
    text: bytes, place: str, reason: str, repository: Repository
) -> None:
    repository.write("Dockerfile.broken", text)
    repository.stage("Dockerfile.broken")
    write(repository, RUNS)
    done = repository.hook(HOOK)
    assert sorted(done.findings) == [f"Dockerfile.broken{place} PYC500", "Dockerfile:2 PYC501"]
    assert f"PYC500 cannot be read: {reason}" in done.text
    assert done.stderr == b""


def test_bytes_that_are_no_utf_8_are_left_as_they_are(repository: Repository) -> None:
    repository.write("Dockerfile", b"# f\xfcr\nFROM python\n# pycache-hooks: ignore[PYC506]\nRUN pip install /b\xfc\n")
    repository.stage("Dockerfile")
    done = repository.hook(HOOK)
    assert done.findings == ["Dockerfile:4 PYC501"]
    assert "`pip install /b\\xfc` runs" in done.text


@pytest.mark.parametrize(
    ("script", "copied", "found"),
    [
        pytest.param("import argparse\nprint(1)\n", "tools/run.py", False, id="the standard library"),
        pytest.param("from shop import cart\n", "run.py", True, id="a package beside it"),
        pytest.param(
            "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'x'\n", "a/run.py", True, id="Django's settings"
        ),
        pytest.param("from shop import cart\n", "other.py", False, id="a script of another name"),
    ],
)
def test_on_a_distribution_a_script_counts_that_imports_from_the_repository(
    repository: Repository, script: str, copied: str, *, found: bool
) -> None:
    write(repository, "FROM debian\nRUN apt-get install -y python3\nCOPY . /app\nRUN python3 /app/run.py --all\n")
    repository.write(copied, script)
    repository.stage(copied, "shop/__init__.py", "shop/cart.py")
    assert repository.hook(HOOK, "--select", "PYC501").findings == (["Dockerfile:4 PYC501"] if found else [])


def test_a_template_of_a_dockerfile_is_none(repository: Repository) -> None:
    repository.write("{{ name }}/Dockerfile", "COPY . .\n")
    repository.stage("{{ name }}/Dockerfile")
    write(repository, "{% if x %}\nFROM python\n{% endif %}\n")
    done = repository.hook(HOOK)
    assert (done.status, done.text) == (0, "")


def test_a_snippet_of_a_manual_is_no_dockerfile(repository: Repository) -> None:
    write(repository, "ARG BASE\nFROM $BASE\n  ...\nCOPY app .\n")
    done = repository.hook(HOOK)
    assert (done.status, done.text) == (0, "")


# Copies of the build context


def test_a_copy_of_a_context_names_the_ignore_file_and_a_cache(repository: Repository) -> None:
    write(repository, f"{BASE}COPY . /app\n", ignore="**/.venv\n")
    repository.stage("app/__init__.py")
    done = repository.hook(HOOK)
    message = "would take app/__pycache__ along: .dockerignore lets it into the build context"
    assert done.lines[0] == f"Dockerfile:2: PYC507 {message}"
    words = ("check-pycache-dockerignore", "--context", ".", "--fix")
    assert done.fix == repairs.at_root(" ".join(words))
    assert repository.hook(*words).status == 1
    assert repository.hook(HOOK).status == 0


def test_results_that_are_let_in_are_no_reason_to_doubt_a_copy(repository: Repository) -> None:
    caches = ("__pycache__", "*.py[cod]", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".venv")
    write(repository, f"{BASE}COPY . /app\n", ignore="".join(f"**/{name}\n" for name in caches))
    repository.stage("app/__init__.py", ".coveragerc")
    assert repository.hook("check-pycache-dockerignore").findings == [".dockerignore PYC301"]
    assert repository.hook(HOOK).findings == []


def test_the_fix_makes_the_ignore_file_that_a_context_lacks(repository: Repository) -> None:
    repository.write("shop/Dockerfile", f"{BASE}COPY app /app\n")
    repository.stage("shop/Dockerfile", "shop/app/__init__.py")
    done = repository.hook(HOOK)
    assert "would take app/__pycache__ along: there is no shop/.dockerignore to keep it out" in done.text
    words = ("check-pycache-dockerignore", "--context", "shop", "--fix")
    assert done.fix == repairs.at_root(" ".join(words))
    assert repository.hook(*words).status == 1
    assert repository.hook(HOOK).status == 0


@pytest.mark.parametrize(
    ("ignored", "reason"),
    [
        ("x\n__pycache__/\n*.pyc\n", "`__pycache__/` in line 2 of .dockerignore covers the root of the context only"),
        (f"{KEPT_OUT}!app/**\n", "`!app/**` in line 7 of .dockerignore ships it"),
    ],
)
def test_a_line_that_does_less_than_it_seems_to_is_named(ignored: str, reason: str, repository: Repository) -> None:
    write(repository, f"{BASE}COPY . /app\n", ignore=ignored)
    repository.stage("app/__init__.py")
    assert f"would take app/__pycache__ along: {reason}\n" in repository.hook(HOOK).text


def test_an_ignore_file_that_is_not_read_is_named_too(repository: Repository) -> None:
    repository.write("docker/Dockerfile", f"{BASE}COPY app /app\n")
    repository.stage("docker/Dockerfile", "docker/.dockerignore", "app/__init__.py")
    expected = "there is no .dockerignore to keep it out (docker/.dockerignore is not read for it)"
    assert expected in repository.hook(HOOK).text


def test_dockerfiles_of_one_ignore_file_are_one_finding(repository: Repository) -> None:
    for name in ("a/Dockerfile", "a/b/Dockerfile", "Dockerfile"):
        repository.write(name, f"{BASE}COPY app /app\n")
        repository.stage(name)
    repository.stage("app/__init__.py")
    everything = repository.hook(HOOK)
    assert everything.findings == ["Dockerfile:2 PYC507"]
    assert "to keep it out (and 2 more Dockerfiles)\n" in everything.text
    assert repository.hook(HOOK, "a/b/Dockerfile").findings == ["a/b/Dockerfile:2 PYC507"]


@pytest.mark.parametrize(
    ("used", "named"),
    [
        pytest.param(["pyproject.toml", "ruff.toml"], ".ruff_cache", id="a tool in use"),
        pytest.param(["pyproject.toml"], "*/__pycache__", id="directories to come, before tools that are not in use"),
    ],
)
def test_the_likeliest_cache_is_named(used: list[str], named: str, repository: Repository) -> None:
    write(repository, f"{BASE}COPY . /app\n", ignore="app/__pycache__\nlib/__pycache__\n")
    repository.stage("app/__init__.py", "lib/a.py", "lib/b.py", *used)
    assert f"would take {named} along" in repository.hook(HOOK).text


@pytest.mark.parametrize(("place", "found"), [("", False), ("lib/", True)])
def test_a_tool_is_in_use_where_something_says_so(place: str, repository: Repository, *, found: bool) -> None:
    kept_out = ("**/__pycache__", "**/*.py[cod]", "**/.venv", ".ruff_cache")
    write(repository, f"{BASE}COPY lib /lib\n", ignore="".join(f"{line}\n" for line in kept_out))
    repository.stage("pyproject.toml", "lib/pyproject.toml", "lib/app/__init__.py", f"{place}ruff.toml")
    assert ("would take lib/.ruff_cache along" in repository.hook(HOOK).text) is found


def test_a_package_is_named_before_a_directory_of_files(repository: Repository) -> None:
    write(repository, f"{BASE}COPY . /app\n")
    repository.stage("a/x.py", "a/y.py", "b/__init__.py")
    assert "would take b/__pycache__ along" in repository.hook(HOOK).text


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param("COPY . /srv\nCMD python app.py\n", None, id="a program alone"),
        pytest.param("COPY . /srv\nCMD gunicorn app:app\n", "__pycache__", id="a module alone"),
        pytest.param("ENV FLASK_APP=app.py\nCOPY . /srv\nCMD flask run\n", "__pycache__", id="an app of flask"),
    ],
)
def test_a_context_where_nothing_is_imported_leaks_nothing(
    lines: str, found: str | None, repository: Repository
) -> None:
    write(repository, BASE + lines)
    repository.stage("app.py", "ruff.toml")
    text = repository.hook(HOOK, "--select", "PYC507").text
    assert f"would take {found} along" in text if found else not text


def test_the_copy_of_modules_is_found_and_not_that_of_a_program(repository: Repository) -> None:
    write(repository, f"{BASE}COPY tool /tool\nCOPY . /srv\n", ignore="docs\n")
    repository.stage("tool/run.py", "app/__init__.py")
    assert repository.hook(HOOK).findings == ["Dockerfile:3 PYC507"]


@pytest.mark.parametrize(
    ("copies", "ignored", "found"),
    [
        pytest.param("COPY app /app", "lib\n", True, id="a directory with a cache"),
        pytest.param("COPY app/ lib/ /x/", KEPT_OUT, False, id="all is kept out"),
        pytest.param("COPY app /app", "**/app/**/__pycache__\n**/app/__pycache__\n", False, id="of this directory"),
        pytest.param("COPY lib /lib", "app/__pycache__\n", True, id="of another directory"),
        pytest.param("COPY app/m.py requirements.txt /app/", "", False, id="files"),
        pytest.param("COPY docs /docs", "", False, id="a directory without Python"),
        pytest.param("COPY [!] /x", "", False, id="a pattern that matches nothing"),
        pytest.param("COPY . /app", "!\n", True, id="a line that Docker refuses"),
        pytest.param("COPY . /app", f"{KEPT_OUT}!app/**\n", True, id="let in again"),
    ],
)
def test_copies_of_what_holds_caches(copies: str, ignored: str, repository: Repository, *, found: bool) -> None:
    write(repository, f"{BASE}{copies}\n", ignore=ignored)
    repository.stage("app/__init__.py", "app/m.py", "lib/__init__.py", "docs/index.md", "requirements.txt")
    assert repository.hook(HOOK, "--select", "PYC507").findings == (["Dockerfile:2 PYC507"] if found else [])


def test_directories_to_come_are_named_by_a_star(repository: Repository) -> None:
    kept = KEPT_OUT.replace("**/__pycache__\n**/*.py[cod]", "app/__pycache__")
    write(repository, f"{BASE}COPY . /app\n", ignore=kept)
    repository.stage("app/__init__.py")
    assert "would take */__pycache__ along" in repository.hook(HOOK).text


def test_an_ignore_file_that_leads_nowhere_keeps_nothing_out(repository: Repository) -> None:
    write(repository, f"{BASE}COPY . /app\n")
    repository.stage("__init__.py")
    repository.link(".dockerignore", "nowhere")
    done = repository.hook(HOOK)
    assert done.findings == ["Dockerfile:2 PYC507"]
    assert ".dockerignore is a symbolic link that leads nowhere: it keeps nothing out" in done.text


def test_an_ignore_file_that_cannot_be_judged_is_left_to_its_own_check(repository: Repository) -> None:
    write(repository, f"{BASE}COPY . /app\n")
    repository.write(".dockerignore", "x\n".encode("utf-16"))
    repository.stage("m.py", ".dockerignore")
    assert repository.hook(HOOK).status == 0
    repository.write(".dockerignore", "!\n" * 20)
    assert repository.hook(HOOK).status == 0


def test_each_dockerfile_is_judged_by_the_ignore_file_that_the_builder_reads_for_it(repository: Repository) -> None:
    write(repository, f"{BASE}COPY . /app\n", ignore=KEPT_OUT)
    compose = "services:\n  a:\n    build: other\n  b:\n    build: {context: ., dockerfile: Dockerfile.dev}\n"
    for name, text in {
        "other/Dockerfile": f"{BASE}COPY . /app\n",
        "Dockerfile.dev": f"{BASE}COPY . /app\n",
        "Dockerfile.dev.dockerignore": "x\n",
        "compose.yaml": compose,
    }.items():
        repository.write(name, text)
        repository.stage(name)
    repository.stage("__init__.py", "other/__init__.py")
    done = repository.hook(HOOK)
    assert done.findings == ["Dockerfile.dev:2 PYC507", "other/Dockerfile:2 PYC507"]
    assert "Dockerfile.dev.dockerignore lets it into" in done.text
    assert "there is no other/.dockerignore to keep it out" in done.text


# How it starts


def test_a_run_that_finds_nothing_imports_no_yaml_and_nothing_that_is_slow(repository: Repository) -> None:
    write(repository, f"{BASE}{DONT}RUN pip install --no-cache-dir x\n")
    program = (
        "import sys; before = set(sys.modules); from pycache_hooks.hooks.check_pycache_dockerfile import main;"
        "status = main([]); print(status, sorted({*sys.argv[1].split()} & set(sys.modules) - before))"
    )
    slow = "re yaml typing argparse subprocess shlex json enum dataclasses pathlib"
    env = repository.env | {"PYTHONPATH": str(SOURCES)}
    done = run([sys.executable, "-S", "-c", program, slow], repository.path, env)
    assert done.text == "0 []\n", done


def test_what_is_only_called_like_a_dockerfile_is_passed_over(repository: Repository) -> None:
    repository.stage("Dockerfile.j2", "dockerfile.py", "odd.name")
    repository.write("odd.name", "FROM python:3.13\nRUN python -m app\n")

    assert repository.hook(HOOK, "Dockerfile.j2", "dockerfile.py", "odd.name").findings == ["odd.name:2 PYC501"]
