"""check-pycache: what the single checks find, in one process."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import rules
from pycache_hooks.rules.examples import EXAMPLES
from support import SOURCES, Repository, hook_command, run

if TYPE_CHECKING:
    from pathlib import Path

    from pycache_hooks.rules.examples import Tree
    from support import Published

HOOK = "check-pycache"
CHECKED = {rule.code: rule.hook for rule in rules.RULES if rule.hook != "prune-pycache"}
NEEDING_OPTIONS = {code for code, example in EXAMPLES.items() if example.options}
IGNORED = "__pycache__/\n*.py[cod]\n.venv\n"


def make(repository: Repository, files: Tree) -> None:
    for name, content in files.items():
        repository.write(name, content)
    repository.stage(*files)


def clean(repository: Repository, *more: str) -> Repository:
    make(repository, {".gitignore": IGNORED, "app/m.py": ""})
    repository.stage(*more)
    return repository


@pytest.mark.parametrize("code", sorted(CHECKED.keys() - NEEDING_OPTIONS - {rules.COPIES_CACHES}))
def test_what_a_single_check_finds_is_found(repository: Repository, code: str) -> None:
    make(repository, EXAMPLES[code].wrong)
    single = repository.hook(CHECKED[code], *(["--all"] if code < "PYC2" else [])).findings

    if code == rules.TRACKED:  # forbid-pycache says the same
        single = [finding.replace(code, rules.BYTECODE) for finding in single]
        code = rules.BYTECODE
    assert set(single) <= set(repository.hook(HOOK).findings)
    assert any(finding.endswith(code) for finding in single)


def test_nothing_wrong_is_nothing_found(repository: Repository) -> None:
    done = clean(repository, "README.md").hook(HOOK)

    assert (done.status, done.stdout, done.stderr) == (0, b"", b"")


def test_an_ignore_file_is_named_once(repository: Repository) -> None:
    make(repository, {**EXAMPLES[rules.COPIES_CACHES].wrong, ".gitignore": IGNORED})

    assert "Dockerfile:2 PYC507" not in repository.hook(HOOK).findings
    assert repository.hook(HOOK, "--ignore", "PYC3").findings == ["Dockerfile:2 PYC507"]


def test_a_copy_is_named_where_its_ignore_file_is_not_judged(repository: Repository) -> None:
    make(repository, {**EXAMPLES[rules.COPIES_CACHES].wrong, ".gitignore": IGNORED, "docs/x.md": ""})
    table = "[tool.pycache-hooks.check-pycache-dockerignore]\ncontext = ['docs']\n"
    make(repository, {"pyproject.toml": table})

    assert repository.hook(HOOK).findings == ["Dockerfile:2 PYC507"]


def test_fix_mends_the_index_and_the_ignore_files(repository: Repository) -> None:
    make(repository, {"app/m.py": "", "m.pyc": "", "Dockerfile": "FROM scratch\nCOPY . /app\n"})

    done = repository.hook(HOOK, "--fix")

    assert done.status == 1
    assert done.text.count("fixed: ") == 3, done
    repository.stage(".gitignore", ".dockerignore")
    assert repository.hook(HOOK, "--fix").status == 0


def test_each_check_reads_its_own_table_and_the_options_count_for_all(repository: Repository) -> None:
    table = "[tool.pycache-hooks]\nexclude = ['vendor']\n[tool.pycache-hooks.check-pycache-pytest]\nrequire-disabled = true\n"
    clean(repository)
    make(repository, {"pyproject.toml": f"[tool.pytest.ini_options]\naddopts = '-q'\n{table}", "vendor/m.pyc": ""})

    assert repository.hook(HOOK).findings == ["pyproject.toml:2 PYC804"]
    assert repository.hook(HOOK, "--ignore", "PYC804").status == 0
    assert repository.hook(HOOK, "--exclude", "x").findings == ["pyproject.toml:2 PYC804", "vendor/m.pyc PYC101"]
    own = table.replace("require-disabled = true", "require-disabled = true\nignore = ['PYC804']")
    make(repository, {"pyproject.toml": f"[tool.pytest.ini_options]\naddopts = '-q'\n{own}"})
    assert repository.hook(HOOK).status == 0


@pytest.mark.parametrize(
    ("check", "key", "meant"),
    [
        ("check-pycache-ci", "all-runner", "all-runners"),
        ("check-pycache-pytest", "require-disable", "require-disabled"),
        ("forbid-pycache", "selects", "select"),
    ],
)
@pytest.mark.parametrize("files", [{}, {".github/workflows/a.yml": "on: push\n"}], ids=["no CI", "CI"])
def test_a_wrong_table_of_a_check_is_an_error(
    repository: Repository, check: str, key: str, meant: str, files: dict[str, str]
) -> None:
    make(clean(repository), {"pyproject.toml": f"[tool.pycache-hooks.{check}]\n{key} = true\n", **files})

    done = repository.hook(HOOK)

    assert (done.status, done.stdout) == (2, b"")
    assert f"{key}: unknown key: did you mean {meant}?".encode() in done.stderr


def test_a_right_table_of_a_check_that_has_nothing_to_do_is_none(repository: Repository) -> None:
    make(clean(repository), {"pyproject.toml": "[tool.pycache-hooks.forbid-pycache]\nselect = ['PYC101']\n"})

    assert repository.hook(HOOK).status == 0


def test_what_cannot_be_judged_does_not_hide_the_rest(repository: Repository) -> None:
    clean(repository)
    make(repository, {"Dockerfile": "FROM scratch\nRUN <<END\n", "compose.yaml": "services: [\n", "m.pyc": ""})

    done = repository.hook(HOOK)

    assert done.findings == ["Dockerfile:2 PYC500", "compose.yaml:2 PYC600", "m.pyc PYC101"]


def test_programs_can_read_it(repository: Repository) -> None:
    clean(repository, "m.pyc")

    assert [finding["code"] for finding in json.loads(repository.hook(HOOK, "--format", "json").text)] == ["PYC101"]


def test_outside_a_repository_it_says_so(tmp_path: Path, env: dict[str, str]) -> None:
    done = Repository(tmp_path, env).hook(HOOK)

    assert (done.status, done.stdout) == (2, b"")
    assert b"not a git repository" in done.stderr


def test_a_passing_run_starts_git_three_times_and_imports_no_yaml(repository: Repository, tmp_path: Path) -> None:
    clean(repository, "Dockerfile", "README.md")
    make(repository, {"Dockerfile": "FROM scratch\n"})
    log, real = tmp_path / "log", shutil.which("git")
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin/git"
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{log}"\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    listed = "import sys; before = set(sys.modules); " + hook_command(HOOK)[2].replace(
        "sys.exit(main())", "status = main(sys.argv[1:])"
    )
    program = f"{listed}; print(*sorted(set(sys.modules) - before)); sys.exit(status)"
    env = {name: value for name, value in repository.env.items() if not name.startswith("COV")}
    env |= {"PYTHONPATH": str(SOURCES), "PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"}

    done = run([sys.executable, "-S", "-c", program], repository.path, env)

    assert done.status == 0, done
    dear = set(
        "yaml re argparse subprocess tomllib pathlib typing enum json shlex identify pathspec dataclasses".split()
    )
    assert "pycache_hooks.hooks.check_pycache_dockerfile" in done.text.split()
    assert dear.isdisjoint(done.text.split())
    assert len(log.read_text().splitlines()) == 3


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_through_a_framework(repository: Repository, published: Published, framework: str) -> None:
    clean(repository)
    repository.write(".pre-commit-config.yaml", published.configuration(HOOK))
    repository.stage(".pre-commit-config.yaml")
    assert repository.framework(framework, "run").status == 0
    make(repository, EXAMPLES[rules.IMAGE_WRITES].wrong)

    done = repository.framework(framework, "run", "--all-files")

    assert done.status == 1
    assert "Dockerfile:2: PYC501" in done.text
