"""Every rule has a failing and a passing example: a repository each, which differ in what the rule is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pycache_hooks import rules
from pycache_hooks.rules.examples import EXAMPLES
from support import HOOKS, Repository, run_hook

if TYPE_CHECKING:
    from pycache_hooks.rules.examples import Tree

CACHE = "app/__pycache__/m.cpython-312.pyc"
LYING_ABOUT = {rules.NOT_REMOVED: CACHE, rules.LEFT_BEHIND: CACHE}
"""What the examples of some rules cannot say: a cache that is not tracked."""

EVERY_CODE = pytest.mark.parametrize("code", [rule.code for rule in rules.RULES])


def make(repository: Repository, files: Tree) -> None:
    for name, content in files.items():
        repository.write(name, content)
    repository.stage(*files)


def codes(repository: Repository, code: str) -> set[str]:
    """The codes that the hook of *code* finds."""
    hook = next(rule.hook for rule in rules.RULES if rule.code == code)
    options = EXAMPLES[code].options
    done = run_hook(hook, *options, cwd=repository.path, env=repository.env, unprivileged=True)
    assert done.stderr == b"", done
    found = {finding.rpartition(" ")[2] for finding in done.findings}
    assert done.status == bool(found), done
    return found


def test_each_rule_stands_once_in_the_order_of_its_code_and_belongs_to_a_hook() -> None:
    listed = [rule.code for rule in rules.RULES]
    assert sorted(set(listed)) == listed
    assert {rule.hook for rule in rules.RULES} <= set(HOOKS)
    assert all(rule.title and rule.why.endswith(".") and rule.link.startswith("https://") for rule in rules.RULES)


def test_each_rule_has_an_example() -> None:
    assert list(EXAMPLES) == [rule.code for rule in rules.RULES]


@EVERY_CODE
def test_the_failing_example_of(code: str, repository: Repository) -> None:
    make(repository, EXAMPLES[code].wrong)
    if code in LYING_ABOUT:
        repository.write(LYING_ABOUT[code])
    if code == rules.NOT_REMOVED:
        (repository.path / CACHE).parent.chmod(0o555)
    assert code in codes(repository, code)


@EVERY_CODE
def test_the_passing_example_of(code: str, repository: Repository) -> None:
    make(repository, EXAMPLES[code].right)
    assert codes(repository, code) == set()


@EVERY_CODE
def test_each_rule_is_explained_with_its_example(code: str, repository: Repository) -> None:
    rule = next(rule for rule in rules.RULES if rule.code == code)
    done = repository.hook(rule.hook if rule.hook.startswith("check") else "forbid-pycache", "--explain", code)
    assert (done.status, done.stderr) == (0, b"")
    assert all(part in done.text for part in (code, rule.title, rule.why, rule.link))
    assert "Wrong:" in done.text or EXAMPLES[code].note in done.text
