"""``[tool.pycache-hooks]``: what each hook takes from it, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import HOOKS, Repository

if TYPE_CHECKING:
    from pathlib import Path

EVERY_HOOK = pytest.mark.parametrize("hook", HOOKS)
CHECKS = [hook for hook in HOOKS if hook not in ("prune-pycache", "run-without-pycache")]
COMMANDS = {"run-without-pycache": ("true",)}
EVERY_CHECK = pytest.mark.parametrize("hook", CHECKS)


def configured(repository: Repository, text: str) -> Repository:
    repository.write("pyproject.toml", text)
    repository.stage("pyproject.toml")
    return repository


@EVERY_CHECK
def test_a_key_that_is_not_known_is_an_error_that_names_the_nearest(repository: Repository, hook: str) -> None:
    done = configured(repository, '[tool.pycache-hooks]\nselct = ["PYC1"]\n').hook(hook)

    assert done.status == 2
    assert done.stderr.decode() == (
        f"{hook}: pyproject.toml: [tool.pycache-hooks] selct: unknown key: did you mean select?\n"
    )


@EVERY_HOOK
def test_a_key_of_its_own_table_that_is_not_known_is_an_error(repository: Repository, hook: str) -> None:
    known = "reproducible" if hook == "run-without-pycache" else "exclude"
    done = configured(repository, f"[tool.pycache-hooks.{hook}]\n{known[:-1]} = []\n").hook(
        hook, *COMMANDS.get(hook, ())
    )

    assert done.status == 2
    assert done.stderr.decode() == (
        f"{hook}: pyproject.toml: [tool.pycache-hooks.{hook}] {known[:-1]}: unknown key: did you mean {known}?\n"
    )


def test_a_table_of_no_hook_is_an_error_that_names_the_nearest(repository: Repository) -> None:
    done = configured(repository, "[tool.pycache-hooks.forbid-pychache]\n").hook("prune-pycache")

    assert (done.status, done.stdout) == (2, b"")
    assert b"forbid-pychache: unknown key: did you mean forbid-pycache?" in done.stderr


@pytest.mark.parametrize("hook", ["check-pycache", "forbid-pycache"])
def test_an_option_that_is_not_common_to_all_is_sent_to_its_own_table(repository: Repository, hook: str) -> None:
    done = configured(repository, "[tool.pycache-hooks]\nfix = true\n").hook(hook)

    assert done.status == 2
    assert done.stderr.decode() == (
        f"{hook}: pyproject.toml: [tool.pycache-hooks] fix: unknown key: it goes into [tool.pycache-hooks.{hook}]\n"
    )


def test_a_key_like_no_other_is_an_error_all_the_same(repository: Repository) -> None:
    done = configured(repository, "[tool.pycache-hooks]\nzzz = 1\n").hook("forbid-pycache")

    assert done.stderr == b"forbid-pycache: pyproject.toml: [tool.pycache-hooks] zzz: unknown key\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.pycache-hooks\n", "pyproject.toml: cannot be read: "),
        ("# pycache-hooks\n[tool]\npycache-hooks = 1\n", "pyproject.toml: tool.pycache-hooks is not a table"),
        (b"# pycache-hooks \xff\n", "pyproject.toml: cannot be read: "),
        ("[tool.pycache-hooks]\nprune-pycache = 1\n", "tool.pycache-hooks.prune-pycache is not a table"),
        (
            "[tool.pycache-hooks.prune-pycache]\nstale = 1\n",
            "[tool.pycache-hooks.prune-pycache] stale = 1: not true or false",
        ),
        ("[tool.pycache-hooks.prune-pycache]\nolder-than = '7'\n", "older-than = '7': not a number"),
        ("[tool.pycache-hooks.prune-pycache]\nexclude = 7\n", "exclude = 7: not a list of strings"),
        ("[tool.pycache-hooks.prune-pycache]\nexclude = [7]\n", "exclude = [7]: not a list of strings"),
    ],
)
def test_what_is_not_as_it_should_be_is_an_error(repository: Repository, text: str | bytes, said: str) -> None:
    repository.write("pyproject.toml", text)

    done = repository.hook("prune-pycache")

    assert (done.status, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


@pytest.mark.parametrize(
    ("hook", "text", "said"),
    [
        ("check-pycache-gitignore", "profile = 'all'", "profile = 'all': not one of core, baseline"),
        ("forbid-pycache", "diff = 1", "diff = 1: not a string"),
        ("forbid-pycache", "format = ['json']", "format = ['json']: not one of text, github, json, sarif"),
    ],
)
def test_a_value_that_the_option_does_not_take_is_an_error(
    repository: Repository, hook: str, text: str, said: str
) -> None:
    done = configured(repository, f"[tool.pycache-hooks.{hook}]\n{text}\n").hook(hook)

    assert done.status == 2
    assert said in done.stderr.decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.pycache-hooks]\nformat = 'xml'\n", "[tool.pycache-hooks] format = 'xml': not one of "),
        ("[tool.pycache-hooks]\nignore = ['PYC999']\n", "[tool.pycache-hooks] ignore: PYC999: no rule has this code"),
        ("[tool.pycache-hooks]\nexclude = ['!']\n", "[tool.pycache-hooks] exclude: "),
        (
            "[tool.pycache-hooks]\nselect = ['PYC1']\n[tool.pycache-hooks.check-pycache-dockerignore]\nselect = 'X'\n",
            "[tool.pycache-hooks.check-pycache-dockerignore] select: X: no rule has this code",
        ),
        (
            "[tool.pycache-hooks.check-pycache-dockerignore]\ncontext = 'x'\n",
            "[tool.pycache-hooks.check-pycache-dockerignore] context: x: not a directory of this repository",
        ),
    ],
)
@pytest.mark.parametrize("hook", ["check-pycache-dockerignore", "check-pycache"])
def test_an_error_names_the_table_that_it_comes_from(repository: Repository, hook: str, text: str, said: str) -> None:
    repository.stage("m.py")

    done = configured(repository, text).hook(hook)

    assert (done.status, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"{hook}: pyproject.toml: {said}")


def test_an_error_of_the_command_line_names_the_option(repository: Repository) -> None:
    done = configured(repository, "[tool.pycache-hooks]\nignore = ['PYC999']\n").hook(
        "forbid-pycache", "--ignore", "PYC9999"
    )

    assert done.stderr.startswith(b"forbid-pycache: --ignore PYC9999: no rule has this code")


@pytest.mark.parametrize("text", ["", "[project]\nname = 'pycache-hooks'\n", "tool = 'pycache-hooks'\n"])
def test_a_file_without_the_table_changes_nothing(repository: Repository, text: str) -> None:
    repository.write("pyproject.toml", text)
    repository.stage("pyproject.toml", "m.pyc")

    assert repository.hook("forbid-pycache").findings == ["m.pyc PYC101"]


def test_the_command_line_wins(repository: Repository) -> None:
    configured(repository, '[tool.pycache-hooks]\nignore = ["PYC1"]\n').stage("m.pyc", ".coverage")

    assert repository.hook("forbid-pycache", "--all").findings == []
    assert repository.hook("forbid-pycache", "--all", "--ignore", "PYC102").findings == ["m.pyc PYC101"]


def test_the_table_of_a_hook_wins_over_what_holds_for_all(repository: Repository) -> None:
    text = '[tool.pycache-hooks]\nignore = ["PYC101"]\n[tool.pycache-hooks.forbid-pycache]\nignore = "PYC102"\n'
    configured(repository, text).stage("m.pyc", ".coverage")

    assert repository.hook("forbid-pycache").findings == ["m.pyc PYC101"]


def test_names_and_a_subdirectory_read_it_too(repository: Repository) -> None:
    configured(repository, '[tool.pycache-hooks]\nignore = ["PYC101"]\n').stage("a/m.pyc")

    assert repository.hook("forbid-pycache", "a/m.pyc").status == 0
    assert repository.hook("forbid-pycache", "m.pyc", within="a").status == 0


def test_options_of_other_hooks_may_stand_beside(repository: Repository) -> None:
    text = "[tool.pycache-hooks.prune-pycache]\nstale = true\nolder-than = 7\n[tool.pycache-hooks.forbid-pycache]\nfix = true\n"
    configured(repository, text).stage("m.pyc", "m.py")

    assert "fixed:" in repository.hook("forbid-pycache").text
    repository.write("m.pyc", b"")
    assert repository.hook("prune-pycache").text == "nothing to remove\n"


def test_one_outside_any_repository_is_not_looked_for(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pycache-hooks]\nx = 1\n")

    done = Repository(tmp_path, env).hook("prune-pycache", ".")

    assert b"unknown key" not in done.stderr
