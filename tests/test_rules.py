"""Every rule has a failing and a passing example: a repository each, which differ in what the rule is about."""

from __future__ import annotations

import py_compile
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import rules
from support import HOOKS, Repository, run_hook

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = {"app/m.py": "", "Dockerfile": "FROM scratch\nCOPY . /app\n"}
IGNORED = "__pycache__/\n*.py[cod]\n.venv\n"
KEPT_OUT = "**/__pycache__\n**/.venv\n**/.pytest_cache\n**/.mypy_cache\n**/.ruff_cache\n"


def tracked(*names: str) -> Callable[[Repository], None]:
    return lambda repository: repository.stage("app/m.py", *names)


def gitignore(text: str | bytes, *names: str) -> Callable[[Repository], None]:
    def make(repository: Repository) -> None:
        repository.write(".gitignore", text)
        repository.stage("app/m.py", ".gitignore", *names)

    return make


def dockerignore(text: str | None, *names: str) -> Callable[[Repository], None]:
    def make(repository: Repository) -> None:
        for name, content in SOURCE.items():
            repository.write(name, content)
        if text is not None:
            repository.write(".dockerignore", text)
        repository.stage(*SOURCE, *names)

    return make


def bytecode(mode: py_compile.PycInvalidationMode) -> Callable[[Repository], None]:
    def make(repository: Repository) -> None:
        source = str(repository.write("app/m.py"))
        py_compile.compile(source, str(repository.path / "m.pyc"), invalidation_mode=mode)
        repository.stage("m.pyc")

    return make


def lying_about(*names: str, closed: str = "") -> Callable[[Repository], None]:
    def make(repository: Repository) -> None:
        for name in names:
            repository.write(name)
        if closed:
            (repository.path / closed).chmod(0o555)

    return make


UNCHECKED, CHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH, py_compile.PycInvalidationMode.CHECKED_HASH

EXAMPLES: dict[str, tuple[Callable[[Repository], None], Callable[[Repository], None]]] = {
    rules.BYTECODE: (tracked("app/__pycache__/m.cpython-312.pyc"), tracked("docs/__pycache__.md")),
    rules.TOOL_CACHE: (tracked(".coverage"), tracked(".coveragerc")),
    rules.ENVIRONMENT: (tracked("any/pyvenv.cfg", "any/bin/python"), tracked("conda/env/env.py", ".env")),
    rules.UNCHECKED: (bytecode(UNCHECKED), bytecode(CHECKED)),
    rules.NOT_IGNORED: (gitignore("__pycache__/\n*.py[cod]\n"), gitignore(IGNORED)),
    rules.NEGATED: (gitignore(f"{IGNORED}!.venv\n"), gitignore(f"!.venv\n{IGNORED}")),
    rules.DEAD_LINE: (gitignore("__pycache__/\n*.pyc # bytecode\n.venv\n"), gitignore(f"# bytecode\n{IGNORED}")),
    rules.ANCHORED: (gitignore("/__pycache__/\n*.pyd\n/*.pyc\n.venv\n"), gitignore(IGNORED)),
    rules.DIRECTORY_ONLY: (gitignore("__pycache__/\n*.py[cod]\n.venv/\n"), gitignore(IGNORED)),
    rules.UNREADABLE: (gitignore(IGNORED.encode("utf-16")), gitignore(IGNORED.encode("utf-8-sig"))),
    rules.TRACKED: (gitignore(IGNORED, "app/__pycache__/m.cpython-312.pyc"), gitignore(IGNORED, "app/n.py")),
    rules.SHIPPED: (dockerignore("**/__pycache__\n"), dockerignore(KEPT_OUT)),
    rules.ROOT_ONLY: (dockerignore(f"{KEPT_OUT}*.pyc\n".replace("**/_", "_")), dockerignore(f"*.pyc\n{KEPT_OUT}")),
    rules.REINCLUDED: (dockerignore(f"*\n{KEPT_OUT}!app/**\n"), dockerignore(f"*\n!app/**\n{KEPT_OUT}")),
    rules.NO_IGNORE_FILE: (dockerignore(None), dockerignore(KEPT_OUT)),
    rules.BREAKS_BUILD: (dockerignore(f"{KEPT_OUT}!\n"), dockerignore(f"{KEPT_OUT}!README.md\n")),
    rules.OTHER_BUILDER: (dockerignore(f"{KEPT_OUT}!app\n"), dockerignore(f"!app\n{KEPT_OUT}")),
    rules.NOT_REMOVED: (
        lying_about("app/__pycache__/m.cpython-312.pyc", closed="app/__pycache__"),
        lying_about("app/__pycache__/m.cpython-312.pyc"),
    ),
    rules.LEFT_BEHIND: (lying_about("app/__pycache__/m.cpython-312.pyc"), lying_about("app/m.pyd")),
}
"""The code, and how to make a repository in which it is found and one in which nothing is."""

OPTIONS = {rules.LEFT_BEHIND: ["--check"]}
EVERY_CODE = pytest.mark.parametrize("code", [rule.code for rule in rules.RULES])


def codes(repository: Repository, code: str) -> set[str]:
    """The codes that the hook of *code* finds."""
    hook = next(rule.hook for rule in rules.RULES if rule.code == code)
    done = run_hook(hook, *OPTIONS.get(code, ()), cwd=repository.path, env=repository.env, unprivileged=True)
    assert done.stderr == b"", done
    found = {finding.rpartition(" ")[2] for finding in done.findings}
    assert done.status == bool(found), done
    return found


def test_each_rule_stands_once_in_the_order_of_its_code_and_belongs_to_a_hook() -> None:
    listed = [rule.code for rule in rules.RULES]
    assert sorted(set(listed)) == listed
    assert {rule.hook for rule in rules.RULES} <= set(HOOKS)
    assert all(rule.title and rule.why.endswith(".") and rule.link.startswith("https://") for rule in rules.RULES)


def test_each_rule_has_examples() -> None:
    assert list(EXAMPLES) == [rule.code for rule in rules.RULES]


@EVERY_CODE
def test_the_failing_example_of(code: str, repository: Repository) -> None:
    EXAMPLES[code][0](repository)
    assert code in codes(repository, code)


@EVERY_CODE
def test_the_passing_example_of(code: str, repository: Repository) -> None:
    EXAMPLES[code][1](repository)
    found = codes(repository, code)
    assert found == ({rules.BYTECODE} if code == rules.UNCHECKED else set())
