"""The hook as users run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import rules

if TYPE_CHECKING:
    from support import Repository

HOOK = "check-pycache-ci"
WORKFLOW = ".github/workflows/ci.yml"
WRITES = "jobs:\n  test:\n    runs-on: {}\n    steps:\n    - uses: actions/checkout@v4\n    - run: pytest\n"
SELF_HOSTED, HOSTED = WRITES.format("self-hosted"), WRITES.format("ubuntu-latest")
PREVENTED = "env:\n  PYTHONDONTWRITEBYTECODE: '1'\n" + SELF_HOSTED


def test_a_repository_without_ci_passes(repository: Repository) -> None:
    repository.stage("m.py")

    done = repository.hook(HOOK)

    assert (done.status, done.text, done.stderr) == (0, "", b"")


def test_a_finding_says_where_what_and_what_to_write(repository: Repository) -> None:
    repository.write(WORKFLOW, SELF_HOSTED)
    repository.stage(WORKFLOW)

    done = repository.hook(HOOK)

    assert (done.status, done.findings) == (1, [f"{WORKFLOW}:6 {rules.PIPELINE_WRITES}"])
    assert done.fix == 'env:\n  PYTHONDONTWRITEBYTECODE: "1"'
    repository.write(WORKFLOW, f"{done.fix}\n{SELF_HOSTED}")
    assert repository.hook(HOOK).status == 0


def test_hosted_runners_are_exempt_unless_all_are_asked_for(repository: Repository) -> None:
    repository.write(WORKFLOW, HOSTED)
    repository.stage(WORKFLOW)

    assert repository.hook(HOOK).status == 0
    assert repository.hook(HOOK, "--all-runners").findings == [f"{WORKFLOW}:6 {rules.PIPELINE_WRITES}"]


def test_the_workflows_that_are_named_are_judged_alone_and_a_script_calls_for_all(repository: Repository) -> None:
    repository.write(WORKFLOW, SELF_HOSTED)
    repository.write(".github/workflows/b.yml", PREVENTED)
    repository.stage(WORKFLOW, ".github/workflows/b.yml", "ci/a.sh")

    assert repository.hook(HOOK, ".github/workflows/b.yml").status == 0
    assert repository.hook(HOOK, WORKFLOW).status == 1
    assert repository.hook(HOOK, "ci/a.sh").status == 1
    assert repository.hook(HOOK, "a.sh", within="ci").status == 1


@pytest.mark.parametrize(
    ("path", "text", "line", "reason"),
    [
        (WORKFLOW, "a: [\n", 2, "did not find expected node content"),
        (WORKFLOW, "a: 1\na: 2\n", 2, "a second time"),
        (".github/actions/x/action.yml", "a: \tb: c\n", 1, ""),
        ("buildspec.yml", "%\n", 1, ""),
        (".gitlab-ci.yml", b"\xff\xfe\x00\xd8", 1, "UTF-16"),
        ("azure-pipelines.yml", b"a\0b", 1, "binary"),
        (WORKFLOW, "&a [*a]\n", 1, "alias"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding_and_hides_no_other(
    repository: Repository, path: str, text: str | bytes, line: int, reason: str
) -> None:
    repository.write(".github/workflows/other.yml", SELF_HOSTED)
    repository.write(path, text)
    repository.stage(".github/workflows/other.yml", path)

    done = repository.hook(HOOK)

    assert sorted(done.findings) == sorted(
        [f"{path}:{line} {rules.PIPELINE_UNREADABLE}", f".github/workflows/other.yml:6 {rules.PIPELINE_WRITES}"]
    )
    assert reason in done.text
    assert done.stderr == b""


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "- a\n", "text\n", "on: push\n", "---\na: 1\n---\nb: 2\n", "true: push\n"]
)
def test_a_file_that_says_nothing_of_ours_passes(repository: Repository, text: str) -> None:
    paths = [WORKFLOW, ".gitlab-ci.yml", "buildspec.yml", "azure-pipelines.yml", ".github/actions/a/action.yml"]
    for path in paths:
        repository.write(path, text)
    repository.stage(*paths)

    done = repository.hook(HOOK)

    assert (done.status, done.stderr) == (0, b"")


def test_bombs_of_aliases_take_no_time(repository: Repository) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    repository.write(".gitlab-ci.yml", f"{bomb}job:\n  script: *a19\n  tags: *a19\n")
    repository.write("buildspec.yml", f"{bomb}phases: {{build: {{commands: *a19}}}}\n")
    repository.write(WORKFLOW, f"{bomb}jobs: {{a: {{runs-on: *a19, steps: *a19}}}}\n")
    empty = "e0: &e0 [[], []]\n" + "".join(f"e{n}: &e{n} [{', '.join([f'*e{n - 1}'] * 9)}]\n" for n in range(1, 20))
    repository.write("buildspec-empty.yml", f"{empty}phases: {{build: {{commands: *e19}}}}\n")
    maps = "m0: &m0 [{script: x}]\n" + "".join(
        f"m{n}: &m{n} [{{'${{{{a}}}}': *m{n - 1}}}, {{'${{{{b}}}}': *m{n - 1}}}]\n" for n in range(1, 60)
    )
    repository.write("azure-pipelines.yml", f"{maps}steps: *m59\n")
    repository.stage(".gitlab-ci.yml", "buildspec.yml", "buildspec-empty.yml", WORKFLOW, "azure-pipelines.yml")

    done = repository.hook(HOOK)

    assert (done.status, done.stderr) == (0, b"")


def test_what_it_finds_can_be_read_by_programs(repository: Repository) -> None:
    repository.write(WORKFLOW, SELF_HOSTED)
    repository.stage(WORKFLOW)

    done = repository.hook(HOOK, "--format", "json")

    assert done.status == 1
    assert rules.PIPELINE_WRITES in json.dumps(json.loads(done.text))


def test_a_comment_switches_a_finding_off(repository: Repository) -> None:
    repository.write(
        WORKFLOW, SELF_HOSTED.replace("pytest", f"pytest  # pycache-hooks: ignore[{rules.PIPELINE_WRITES}]")
    )
    repository.stage(WORKFLOW)

    assert repository.hook(HOOK).status == 0
