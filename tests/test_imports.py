"""What a run imports and how many processes it starts: lists, not a clock. Each of these modules costs milliseconds."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from support import SOURCES, Repository, run

if TYPE_CHECKING:
    from pathlib import Path

DEAR = set(
    "argparse asyncio collections concurrent contextlib dataclasses enum fnmatch functools hashlib identify importlib.metadata "
    "importlib.resources inspect json logging pathlib pathspec re shlex shutil signal subprocess tempfile threading tomllib "
    "typing yaml".split()
)

OURS_WHEN_CLEAN = {
    f"pycache_hooks{name}"
    for name in (
        "",
        ".catalog",
        ".configuration",
        ".console",
        ".findings",
        ".git",
        ".hooks",
        ".hooks.forbid_pycache",
        ".readers",
        ".readers.snapshot",
        ".report",
        ".rules",
        ".selection",
        ".untracking",
    )
}

START_UP = set("os os.path posixpath genericpath stat _stat _collections_abc".split())
"""What every start of Python imports, unless -S is given."""

LISTED = """
import sys
before = set(sys.modules)
sys.argv[0] = "forbid-pycache"
from pycache_hooks.hooks.forbid_pycache import main
try:
    status = main(sys.argv[1:])
finally:
    sys.stderr.write("\\n".join(sorted(set(sys.modules) - before)))
sys.exit(status)
"""


def imported(repository: Repository, *arguments: str) -> set[str]:
    """The modules that a run of forbid-pycache imports over a bare interpreter (-S: without those of a site)."""
    env = {name: value for name, value in repository.env.items() if not name.startswith("COV")}
    done = run([sys.executable, "-S", "-c", LISTED, *arguments], repository.path, env | {"PYTHONPATH": str(SOURCES)})
    assert done.status in (0, 1), done
    return set(os.fsdecode(done.stderr).splitlines())


@pytest.fixture
def counted(repository: Repository, tmp_path: Path) -> Repository:
    """A repository where each start of git is written down."""
    folder, log, real = tmp_path / "bin", tmp_path / "log", shutil.which("git")
    folder.mkdir()
    wrapper = folder / "git"
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{log}"\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    return Repository(repository.path, repository.env | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"})


def commands(counted: Repository, *arguments: str, within: str = ".") -> list[str]:
    """The git commands, by name, that a run starts."""
    log = counted.path.parent / "log"
    log.write_text("")
    counted.hook("forbid-pycache", *arguments, within=within)
    return [re.sub(r"^(-[cC] \S+ )+", "", line).split()[0] for line in log.read_text().splitlines()]


def test_a_clean_run_imports_nothing_dear(repository: Repository) -> None:
    repository.stage("m.py", "docs/__pycache__.md")

    modules = imported(repository, "m.py", "docs/__pycache__.md")

    assert modules & DEAR == set()
    assert {name for name in modules if name.startswith("pycache_hooks")} == OURS_WHEN_CLEAN
    assert modules - OURS_WHEN_CLEAN - START_UP <= {"__future__", "_struct", "atexit", "gc", "struct"}


@pytest.mark.parametrize("arguments", [["m.py"], []], ids=["with a name", "without names"])
def test_a_clean_run_in_a_repository_imports_no_more(repository: Repository, arguments: list[str]) -> None:
    repository.stage("m.py")

    assert imported(repository, *arguments) & DEAR == set()


def test_what_is_judged_and_passes_imports_no_more(repository: Repository) -> None:
    repository.stage("x/bin/activate", ".pixi/config.toml")

    assert imported(repository, "x/bin/activate", ".pixi/config.toml") & DEAR == set()


def test_a_finding_imports_what_quotes_its_repair(repository: Repository) -> None:
    repository.stage("m.pyc")

    dear = imported(repository, "m.pyc") & DEAR

    assert "shlex" in dear
    assert not dear & {"argparse", "subprocess", "tempfile", "pathlib", "typing", "pathspec", "identify", "json"}


def test_options_import_argparse(repository: Repository) -> None:
    dear = imported(repository, "--all") & DEAR

    assert "argparse" in dear
    assert not dear & {"subprocess", "tempfile", "pathlib", "pathspec", "identify", "json", "dataclasses"}


def test_clean_names_start_no_process(counted: Repository) -> None:
    counted.stage("m.py", "docs/__pycache__.md", "größe.txt")

    assert commands(counted, "m.py", "docs/__pycache__.md", "größe.txt") == []


def test_how_many_processes_a_run_starts(counted: Repository) -> None:
    counted.commit("m.py")
    assert commands(counted) == ["diff"]
    counted.stage("a/m.pyc", "b/.mypy_cache/x")

    assert commands(counted) == ["diff", "ls-files", "cat-file"]
    assert commands(counted, "--all") == ["ls-files", "cat-file"]
    assert commands(counted, "b/.mypy_cache/x") == ["ls-files", "rev-parse"]
    assert commands(counted, "a/m.pyc") == ["ls-files", "rev-parse", "cat-file"]
    assert commands(counted, str(counted.path / "b")) == ["ls-files", "rev-parse", "rev-parse"]
    assert commands(counted, "--fix", "b/.mypy_cache/x") == ["ls-files", "rev-parse", "rev-parse", "update-index"]


def test_the_number_of_processes_does_not_grow_with_the_files(counted: Repository) -> None:
    names = [f"p{number}/m.pyc" for number in range(300)]
    counted.stage(*names)

    assert commands(counted, *names) == ["ls-files", "rev-parse", "cat-file", "ls-files"]
