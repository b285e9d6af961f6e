"""What the checks of configuration files do with the names that they are given."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import rules
from pycache_hooks.rules.examples import EXAMPLES

if TYPE_CHECKING:
    from support import Repository

WRONG = {
    "check-pycache-dockerfile": (rules.IMAGE_WRITES, "Dockerfile"),
    "check-pycache-compose": (rules.SERVICE_AS_ROOT, "compose.yaml"),
    "check-pycache-ci": (rules.CACHE_OPTIONS, ".github/workflows/test.yml"),
    "check-pycache-pytest": (rules.NO_SUCH_SETTING, "pyproject.toml"),
}
EVERY_CHECK = pytest.mark.parametrize("hook", WRONG)


def make(repository: Repository, hook: str) -> str:
    """Files in which *hook* finds something, all tracked. Returns the name of the one that it is about."""
    code, name = WRONG[hook]
    files = EXAMPLES[code].wrong
    for path, text in files.items():
        repository.write(path, text)
    repository.stage(*files)
    return name


@EVERY_CHECK
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("nowhere.yml", "no such file in the index or the work tree", id="missing"),
        pytest.param("", "no such file in the index or the work tree", id="nothing"),
        pytest.param("../x.yml", "outside of the repository", id="outside"),
        pytest.param("..", "outside of the repository", id="the directory above"),
        pytest.param("/etc/passwd", "outside of the repository", id="elsewhere"),
        pytest.param("app", "a directory: name the files in it", id="a directory"),
    ],
)
def test_what_is_no_file_of_the_repository_is_an_error(
    repository: Repository, hook: str, name: str, reason: str
) -> None:
    wrong = make(repository, hook)
    repository.stage("app/m.py")

    alone, beside = repository.hook(hook, name), repository.hook(hook, wrong, name)

    assert (alone.status, alone.text, alone.stderr.decode()) == (2, "", f"{hook}: {name}: {reason}\n")
    assert (beside.status, beside.stderr) == (2, alone.stderr)
    assert any(found.startswith(wrong) for found in beside.findings)


@EVERY_CHECK
def test_several_are_counted(repository: Repository, hook: str) -> None:
    done = repository.hook(hook, "a", "b", "c")

    assert (done.status, done.stderr.decode()) == (
        2,
        f"{hook}: a: no such file in the index or the work tree (and 2 more)\n",
    )


@EVERY_CHECK
def test_a_tracked_file_that_the_work_tree_lacks_is_no_error(repository: Repository, hook: str) -> None:
    name = make(repository, hook)
    (repository.path / name).unlink()

    done = repository.hook(hook, name)

    assert (done.status, done.stdout, done.stderr) == (0, b"", b"")


@EVERY_CHECK
def test_a_tracked_file_of_a_sparse_work_tree_is_no_error(repository: Repository, hook: str) -> None:
    name = make(repository, hook)
    repository.commit("keep.txt")
    repository.git("sparse-checkout", "set", "--no-cone", "/keep.txt")
    assert not (repository.path / name).exists()

    assert repository.hook(hook, name).status == 0


@EVERY_CHECK
def test_a_tracked_link_is_no_error_wherever_it_leads(repository: Repository, hook: str) -> None:
    _, name = WRONG[hook]
    for path, target in ((name, "nowhere"), (f"a/{os.path.basename(name)}", ".."), (f"b/{name}", "/etc/passwd")):
        repository.link(path, target)
        done = repository.hook(hook, path)
        assert (done.status, done.stdout, done.stderr) == (0, b"", b"")


@EVERY_CHECK
def test_a_file_that_is_not_tracked_yet_may_be_named(repository: Repository, hook: str) -> None:
    name = make(repository, hook)
    repository.git("rm", "-q", "--cached", name)

    done = repository.hook(hook, name)

    assert done.status in (0, 1)
    assert done.stderr == b""


@EVERY_CHECK
def test_a_path_through_a_link_to_the_repository_is_a_path_in_it(repository: Repository, hook: str) -> None:
    name = make(repository, hook)
    link = repository.path.parent / "link"
    link.symlink_to(repository.path)

    done = repository.hook(hook, str(link / name))

    assert done.status == 1
    assert all(found.startswith(name) for found in done.findings)
