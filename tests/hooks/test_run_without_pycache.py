"""run-without-pycache: real commands and the tools themselves, in a work tree that they leave as it was."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.hooks import run_without_pycache
from support import SOURCES, UNPRIVILEGED, Repository, Result, hook_command, run, run_hook, tool

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "run-without-pycache"
SECONDS = 60
"""After which a test that would hang fails."""

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
IMPORT = (sys.executable, "-c", "import m")
WRITING = ("--env", "PYTHONDONTWRITEBYTECODE=", "--env", "PYTHONPYCACHEPREFIX=")
"""Options with which Python writes bytecode beside the source."""

OURS = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTEST_ADDOPTS")


@pytest.fixture
def project(repository: Repository, tmp_path: Path) -> Repository:
    """A repository with a module, a test and a temporary directory of its own, where nobody has set anything yet."""
    repository.write("m.py", "x: int = 1\n")
    repository.write("test_m.py", "from hypothesis import given, strategies\nimport m\n\n@given(strategies.integers())\n"
                     "def test_m(n: int) -> None:\n    assert m.x == n or n != 1\n")  # fmt: skip
    repository.commit("m.py", "test_m.py")
    (tmp_path / "temporary").mkdir()
    # This run of the tests is measured by coverage, and that of a test must not be.
    unwanted = (*OURS, "PYTEST_", "COVERAGE_", "HYPOTHESIS_", "CI", "XDG_CACHE_HOME")
    env = {name: value for name, value in repository.env.items() if not name.startswith(unwanted)}
    env |= {name: value for name, value in repository.env.items() if name.startswith("COVERAGE_PROCESS")}
    more = {"TMPDIR": str(tmp_path / "temporary"), "HOME": str(tmp_path / "home")}
    return Repository(repository.path, env | more)


def temporary(project: Repository) -> list[str]:
    return os.listdir(project.env["TMPDIR"])


def shown(project: Repository, *options: str, **variables: str) -> dict[str, str]:
    """The variables that a command gets."""
    done = project.hook(NAME, *options, "--", sys.executable, "-c", SHOW, **variables)
    assert done.status == 0, done
    found: dict[str, str] = json.loads(done.stdout)
    return found


# Prevention


def test_a_module_is_imported_and_nothing_is_left(project: Repository) -> None:
    before = sorted(os.listdir(project.path))

    done = project.hook(NAME, "--", *IMPORT)

    assert (done.status, done.stdout, done.stderr) == (0, b"", b"")
    assert sorted(os.listdir(project.path)) == before
    assert temporary(project) == []


def test_without_it_the_same_command_leaves_bytecode(project: Repository) -> None:
    assert run(IMPORT, project.path, project.env).status == 0
    assert (project.path / "__pycache__").is_dir()


TOOLS: dict[str, Sequence[str]] = {
    "pytest": ("pytest", "-q", "test_m.py"),
    "mypy": ("mypy", "m.py"),
    "ruff": ("ruff", "check", "--isolated", "m.py"),
    "coverage": ("coverage", "run", "m.py"),
    "compileall": ("python", "-m", "compileall", "-q", "."),
}


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("mode", ["prevent", "prefix"])
def test_the_tools_leave_nothing(name: str, mode: str, project: Repository) -> None:
    program, *arguments = TOOLS[name]

    done = project.hook(NAME, "--mode", mode, "--", tool(program), *arguments)

    assert done.status == 0, done
    assert project.git("status", "--porcelain", "--ignored").text == ""
    assert temporary(project) == []


@pytest.mark.parametrize("name", TOOLS)
def test_without_it_the_tools_leave_what_is_reported_of_them(name: str, project: Repository) -> None:
    program, *arguments = TOOLS[name]
    moved = ("PYTHONPYCACHEPREFIX", "MYPY_CACHE_DIR", "RUFF_CACHE_DIR", "COVERAGE_FILE", "HYPOTHESIS_STORAGE_DIRECTORY")
    unset = ("env", *(word for variable in (*OURS, *moved) for word in ("-u", variable)))

    done = project.hook(NAME, "--", *unset, tool(program), *arguments)

    found = {finding.partition(" ")[0] for finding in done.findings}
    assert done.status == 1
    expected = {
        "pytest": {".pytest_cache", ".hypothesis", "__pycache__"},
        "mypy": {".mypy_cache"},
        "ruff": {".ruff_cache"},
        "coverage": {".coverage"},
        "compileall": {"__pycache__"},
    }
    assert found == expected[name]


def test_caches_are_used_again_in_the_mode_prefix(project: Repository) -> None:
    project.write("m.py", "print(__cached__)\n")
    made = [project.hook(NAME, "--mode", "prefix", "--", *IMPORT).text.strip() for _ in range(2)]

    compiled = Path(made[0])
    assert made[0] == made[1]
    assert compiled.is_file()
    assert compiled.is_relative_to(project.env["HOME"])
    project.write("test_m.py", "def test_m(): assert 0\n")
    pytest_options = ("--mode", "prefix", "--", tool("pytest"), "--lf")
    assert "1 failed" in project.hook(NAME, *pytest_options).text
    assert "rerun previous 1 failure" in project.hook(NAME, *pytest_options).text


def test_another_work_tree_has_other_caches(project: Repository, tmp_path: Path) -> None:
    project.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Repository(tmp_path / "linked", project.env)

    places = {shown(each, "--mode", "prefix")["PYTHONPYCACHEPREFIX"] for each in (project, linked)}

    assert len(places) == 2


@pytest.mark.parametrize("home", ["XDG_CACHE_HOME", "HOME"])
def test_where_the_caches_go_in_the_mode_prefix(home: str, project: Repository, tmp_path: Path) -> None:
    within = "" if home == "XDG_CACHE_HOME" else "/.cache"

    place = shown(project, "--mode", "prefix", **{home: str(tmp_path / "a b")})["PYTHONPYCACHEPREFIX"]

    assert place.startswith(f"{tmp_path}/a b{within}/pycache-hooks/prefix/")


def test_a_cache_directory_in_the_work_tree_is_no_leftover(project: Repository) -> None:
    options = ("--mode", "prefix")

    done = project.hook(NAME, *options, "--", *IMPORT, XDG_CACHE_HOME=str(project.path / ".cache"))

    assert (done.status, done.stdout) == (0, b"")
    assert list((project.path / ".cache").rglob("m.*.pyc"))


def test_a_cache_directory_that_others_can_write_to_is_refused(project: Repository, tmp_path: Path) -> None:
    (tmp_path / "cache/pycache-hooks").mkdir(parents=True)
    (tmp_path / "cache/pycache-hooks").chmod(0o777)

    done = project.hook(NAME, "--mode", "prefix", "--", "true", XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert done.status == 2
    assert b"somebody else can write there: set XDG_CACHE_HOME" in done.stderr


def test_a_home_that_is_relative_is_no_place_for_caches(project: Repository) -> None:
    said = refused(project, "--mode", "prefix", "--", "true", HOME="here")

    assert "here/.cache: a relative path, which would lie in the work tree: set XDG_CACHE_HOME" in said


def test_a_cache_directory_that_cannot_be_made_is_told(project: Repository) -> None:
    done = project.hook(NAME, "--mode", "prefix", "--", "true", XDG_CACHE_HOME="/dev/null")

    assert done.status == 2
    assert b"cannot be made" in done.stderr


# Variables


def test_a_variable_that_is_set_wins(project: Repository) -> None:
    theirs = {"PYTHONDONTWRITEBYTECODE": "", "MYPY_CACHE_DIR": "theirs", "COVERAGE_FILE": "theirs"}

    found = shown(project, "--env", "MYPY_CACHE_DIR=given", "--env", "A=b=c", **theirs)

    assert {name: found[name] for name in theirs} == {**theirs, "MYPY_CACHE_DIR": "given"}
    assert found["A"] == "b=c"
    assert found["RUFF_CACHE_DIR"].startswith(project.env["TMPDIR"])


@pytest.mark.parametrize(
    ("theirs", "result"),
    [
        ("", "-p no:cacheprovider"),
        ("-x -k a", "-p no:cacheprovider -x -k a"),
        ("-p no:cacheprovider -x", "-p no:cacheprovider -x"),
        ("-x -o cache_dir=/elsewhere", "-x -o cache_dir=/elsewhere"),
        ("-ocache_dir=.here", "-ocache_dir=.here"),
        ("-p cacheprovider", "-p cacheprovider"),
    ],
)
def test_an_option_is_added_to_those_of_pytest(theirs: str, result: str, project: Repository) -> None:
    assert shown(project, PYTEST_ADDOPTS=theirs)["PYTEST_ADDOPTS"] == result


@pytest.mark.parametrize(
    "options", [["--lf"], ["-p", "cacheprovider"], ["--cache-show"], ["-q", "--stepwise"]], ids=str
)
@pytest.mark.parametrize("shell", [False, True], ids=["", "in a shell"])
def test_pytest_keeps_its_cache_elsewhere_for_options_that_it_knows_only_with_it(
    options: list[str],
    shell: bool,  # noqa: FBT001 - a parameter of the test
    project: Repository,
) -> None:
    command = [tool("pytest"), "test_m.py", *options]

    done = project.hook(NAME, "--", *(["sh", "-c", shlex.join(command)] if shell else command))

    assert done.status == 0, done
    assert project.git("status", "--porcelain", "--ignored").text == ""
    assert temporary(project) == []


def test_settings_of_the_project_hold(project: Repository) -> None:
    project.write("pyproject.toml", '[tool.pycache-hooks.run-without-pycache]\nmode = "prefix"\nenv = ["A=b"]\n')

    found = shown(project)

    assert found["A"] == "b"
    assert "PYTHONDONTWRITEBYTECODE" not in found


def test_programs_are_looked_for_in_path_first(project: Repository, tmp_path: Path) -> None:
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "it").write_text(f"#!/bin/sh\necho {number}\n")
        (tmp_path / number / "it").chmod(0o755)
    first, second = str(tmp_path / "1"), os.path.relpath(tmp_path / "2", project.path)

    assert project.hook(NAME, "--path", first, "--path", second, "--", "it").text == "1\n"
    assert project.hook(NAME, "--path", second, "--path", first, "it").text == "2\n"
    assert project.hook(NAME, "--env", f"PATH={first}", "it").text == "1\n"


def test_a_directory_that_path_cannot_name_is_refused(project: Repository, tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()

    assert "':' would end an entry of PATH: name another directory" in refused(
        project, "--path", str(tmp_path / "a:b"), "--", "true"
    )


# What is left


def test_a_new_cache_is_reported_with_what_stops_it_which_does(project: Repository) -> None:
    done = project.hook(NAME, *WRITING, "--", *IMPORT)

    assert done.status == 1
    assert done.lines[0] == "__pycache__: PYC901 the command left the cache of Python (1 file)"
    run(["rm", "-r", "__pycache__"], project.path, project.env)
    project.paste(f'{NAME}() {{ PYTHONPATH={SOURCES} {shlex.join(hook_command(NAME))} "$@"; }}; {done.fix}')
    assert not (project.path / "__pycache__").exists()


@pytest.mark.parametrize("theirs", ["-p cacheprovider -x", "-x -o cache_dir=.pytest_cache"])
def test_the_repair_keeps_what_else_the_user_told_pytest(theirs: str, project: Repository) -> None:
    done = project.hook(NAME, "--", tool("pytest"), "-q", PYTEST_ADDOPTS=theirs)
    assert done.findings == [".pytest_cache PYC901"]
    words = shlex.split(done.fix)
    assert words[:3] == [NAME, "--env", f"PYTEST_ADDOPTS={theirs} -p no:cacheprovider"]
    run(["rm", "-r", ".pytest_cache"], project.path, project.env)

    assert project.hook(NAME, *words[1:], PYTEST_ADDOPTS=theirs).status == 0


def test_a_command_that_drops_the_variables_is_told_so(project: Repository) -> None:
    done = project.hook(NAME, "--", "env", "-i", *IMPORT)

    assert done.status == 1
    assert done.fix.startswith(
        "export PYTHONDONTWRITEBYTECODE=1  # where the command starts Python: it was set, and dropped"
    )


@pytest.mark.parametrize(
    "command",
    [
        ["mypy", "--cache-dir", ".mypy_cache", "m.py"],
        ["mypy", "m.py", "--cache-dir=.mypy_cache"],
        ["ruff", "check", "--isolated", "m.py", "--cache-dir", ".ruff_cache"],
        ["coverage", "run", "--data-file=.coverage", "m.py"],
    ],
    ids=" ".join,
)
def test_an_option_that_outranks_the_setting_is_left_out_in_the_repair(command: list[str], project: Repository) -> None:
    program, *arguments = command
    done = project.hook(NAME, "--env", "A=b", "--", tool(program), *arguments)
    assert len(done.findings) == 1, done
    run(["git", "clean", "-qdfx"], project.path, project.env)
    words = shlex.split(done.fix)
    assert words[:5] == [NAME, "--env", "A=b", "--", tool(program)]

    assert project.hook(NAME, *words[1:]).status == 0
    assert len(words) < len(arguments) + 5


def test_a_tool_without_a_setting_is_told_so(project: Repository) -> None:
    done = project.hook(NAME, "--", "mkdir", ".grimp_cache")

    assert done.lines == [
        ".grimp_cache: PYC901 the command left the cache of grimp",
        "    fix: prune-pycache  # grimp has no setting that keeps it out",
    ]


def test_a_cache_that_was_there_is_no_finding_until_it_is_written_to(project: Repository) -> None:
    project.hook(NAME, *WRITING, "--", *IMPORT)
    assert project.hook(NAME, *WRITING, "--", *IMPORT).status == 0
    project.write("n.py")

    done = project.hook(NAME, *WRITING, "--", sys.executable, "-c", "import m, n")

    assert done.status == 1
    assert "__pycache__: PYC901 the command wrote to the cache of Python (1 file)" in done.text


@pytest.mark.parametrize(("script", "status"), [("exit 3", 3), ("kill -KILL $$", 137)])
def test_a_command_that_fails_passes_its_status_on_with_its_caches_reported(
    script: str, status: int, project: Repository
) -> None:
    done = project.hook(NAME, "--", "sh", "-c", f"mkdir .mypy_cache; {script}")

    assert (done.status, done.findings) == (status, [".mypy_cache PYC901"])
    assert temporary(project) == []


def test_the_whole_work_tree_counts_from_everywhere_in_it(project: Repository) -> None:
    (project.path / "a").mkdir()

    done = project.hook(NAME, "--", "mkdir", "../.mypy_cache", within="a")

    assert done.findings == [".mypy_cache PYC901"]


def test_outside_of_git_the_current_directory_counts(project: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside/here"
    outside.mkdir(parents=True)

    done = run_hook(NAME, "--", "mkdir", ".mypy_cache", "../.ruff_cache", cwd=outside, env=project.env)

    assert (done.status, done.findings) == (1, [".mypy_cache PYC901"])


def test_in_a_linked_worktree_that_counts(project: Repository, tmp_path: Path) -> None:
    project.git("worktree", "add", "-q", str(tmp_path / "linked"))

    done = run_hook(NAME, "--", "mkdir", ".mypy_cache", str(project.path / ".ruff_cache"), cwd=tmp_path / "linked",
                    env=project.env)  # fmt: skip

    assert done.findings == [".mypy_cache PYC901"]


def test_a_temporary_directory_in_the_work_tree_leaves_nothing_either(project: Repository) -> None:
    (project.path / "tmp").mkdir()

    done = project.hook(NAME, "--env", "PYTHONDONTWRITEBYTECODE=", "--", *IMPORT, TMPDIR=str(project.path / "tmp"))

    assert (done.status, done.stdout) == (0, b"")
    assert os.listdir(project.path / "tmp") == []


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_as_a_hook_of(framework: str, project: Repository) -> None:
    configuration = f"""\
repos:
- repo: local
  hooks:
  - id: {NAME}
    name: run the tests
    entry: {json.dumps(shlex.join(hook_command(NAME)))}
    language: system
    always_run: true
    pass_filenames: false
    stages: [pre-push, manual]
    args: [--env, PYTHONDONTWRITEBYTECODE=, --, {sys.executable}, -c, 'import m, sys; sys.exit(m.x - 1)']
"""
    project.write(".pre-commit-config.yaml", configuration)
    project.commit(".pre-commit-config.yaml")
    hooked = Repository(project.path, project.env | {"PYTHONPATH": str(SOURCES)})

    done = hooked.framework(framework, "run", "--hook-stage", "manual")
    assert (done.status, "Passed" in done.text) == (0, True), done
    project.write(".pre-commit-config.yaml", configuration.replace("--env,", "--env, PYTHONPYCACHEPREFIX=, --env,"))
    project.commit(".pre-commit-config.yaml")
    done = hooked.framework(framework, "run", "--hook-stage", "manual")

    assert done.status == 1
    assert "__pycache__: PYC901 the command left the cache of Python" in done.text


# Usage


@pytest.mark.parametrize("argv", [["--", "printf", "%s|", "--mode", "--", "a"], ["printf", "%s|", "--mode", "--", "a"],
                                  ["--mode", "prefix", "printf", "%s|", "--mode", "--", "a"],
                                  ["--mode=prefix", "--", "printf", "%s|", "--mode", "--", "a"]])  # fmt: skip
def test_the_command_begins_behind_the_dashes_or_with_the_first_word_of_its_own(
    argv: list[str], project: Repository
) -> None:
    assert project.hook(NAME, *argv).text == "--mode|--|a|"


def test_help_shows_where_the_command_goes(project: Repository) -> None:
    done = project.hook(NAME, "--help")

    assert done.status == 0
    assert "[-- COMMAND ...]" in done.text


def refused(project: Repository, *argv: str, **variables: str) -> str:
    """What is said on stderr by a run that fails, and leaves nothing."""
    done: Result = project.hook(NAME, *argv, **variables)
    assert (done.status, done.stdout) == (2, b""), done
    assert temporary(project) == []
    assert project.git("status", "--porcelain", "--ignored").text == ""
    said = os.fsdecode(done.stderr)
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ([], "no command: write it behind the options, as in: run-without-pycache -- pytest"),
        (["--"], "no command"),
        (["--mode", "prefix"], "no command"),
        (
            ["--", "no-such-command"],
            "no-such-command: no such command on PATH, and what only a shell knows runs with sh -c",
        ),
        (
            ["--", "ls -l"],
            "ls -l: no such command on PATH: write its options as words of their own, or run it with sh -c",
        ),
        (
            ["--", "A=b", "env"],
            "A=b: no such command on PATH: to set a variable, write --env A=b in front of the command",
        ),
        (["--", "m.py"], "m.py: no such command on PATH: the file here is ./m.py"),
        (["--", ""], ": no such command on PATH"),
        (["--", "./nothing"], "./nothing: there is no such file"),
        (["--", "./m.py"], "./m.py: is not executable: chmod +x it"),
        (["--", "/"], "/: is a directory"),
        (["--env", "A", "--", "true"], "--env A: not NAME=VALUE"),
        (["--env", "=A", "--", "true"], "--env =A: not NAME=VALUE"),
        (["--path", "m.py", "--", "true"], "--path m.py: not a directory"),
        (["--python", "3.13", "--", "true"], "--python: an environment is made from a lock file"),
        (["--with", ".", "--", "true"], "--with: an environment is made from a lock file"),
        (["--refresh", "--", "true"], "--refresh: an environment is made from a lock file"),
        (["--mode", "other", "--", "true"], "invalid choice"),
        (["--unknown", "--", "true"], "unrecognized arguments: --unknown"),
    ],
)
def test_what_cannot_be_run_is_refused(argv: list[str], reason: str, project: Repository) -> None:
    assert reason in refused(project, *argv)


@pytest.mark.parametrize(
    ("content", "reason"),
    [("no shebang", "a script begins with #!"), ("#!/no/such/interpreter\n", "is the interpreter there")],
)
def test_a_script_that_the_system_does_not_start_is_refused(content: str, reason: str, project: Repository) -> None:
    project.write("script", content).chmod(0o755)
    project.commit("script")

    assert reason in refused(project, "--", "./script")


def test_arguments_that_are_too_long_are_refused(project: Repository) -> None:
    project.write("pyproject.toml", f'[tool.pycache-hooks.{NAME}]\nenv = ["A={"x" * 4_000_000}"]\n')
    project.commit("pyproject.toml")

    assert "cannot be started: Argument list too long" in refused(project, "--", "true")


def test_a_variable_that_no_program_can_get_is_refused(project: Repository) -> None:
    project.write("pyproject.toml", f'[tool.pycache-hooks.{NAME}]\nenv = ["A=\\u0000"]\n')
    project.commit("pyproject.toml")

    assert "not NAME=VALUE" in refused(project, "--", "true")


def test_where_no_temporary_directory_can_be_made_nothing_is_run(project: Repository) -> None:
    limited = ["bash", "-c", 'ulimit -f 0; exec "$@"', "bash", *hook_command(NAME, "--", "true")]  # as a full disk
    env = {name: value for name, value in project.env.items() if not name.startswith("COV")}

    done = run(limited, project.path, env | {"PYTHONPATH": str(SOURCES)})

    assert done.status == 2
    assert b"no temporary directory can be made" in done.stderr


def test_where_the_temporary_directory_is_gone_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    assert run_without_pycache.main(["--", "touch", "ran"]) == 2
    assert "no temporary directory can be made (No such file or directory)" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_what_vanishes_while_it_is_removed_is_as_it_should_be(tmp_path: Path) -> None:
    run_without_pycache._open(str(tmp_path / "gone"))
    run_without_pycache._discard(str(tmp_path / "gone"))


def test_a_temporary_directory_that_cannot_be_removed_is_named(project: Repository) -> None:
    closed = project.env["TMPDIR"]

    done = run([*UNPRIVILEGED, *hook_command(NAME, "--", "chmod", "555", closed)], project.path,
               project.env | {"PYTHONPATH": str(SOURCES)})  # fmt: skip

    os.chmod(closed, 0o755)
    assert done.status == 0
    assert b"cannot be removed" in done.stderr


# Environments

LOCK = """\
lock-version = "1.0"
created-by = "a test"
packages = []
"""


def test_a_command_runs_in_an_environment_made_from_a_lock_file(project: Repository, tmp_path: Path) -> None:
    project.write("pylock.toml", LOCK)
    show = "import os, sys; print(sys.prefix, os.environ['VIRTUAL_ENV']); os.system('helper')"
    for name in ("python", "helper"):  # the environment comes first, and then --path
        (tmp_path / "tools").mkdir(exist_ok=True)
        (tmp_path / "tools" / name).write_text(f"#!/bin/sh\necho {name} of ours\n")
        (tmp_path / "tools" / name).chmod(0o755)
    cache = str(tmp_path / "cache")

    done = project.hook(
        NAME, "--pylock", "pylock.toml", "--path", str(tmp_path / "tools"), "--", "python", "-u", "-c", show,
        XDG_CACHE_HOME=cache,
    )  # fmt: skip

    assert done.status == 0, done
    place, helper = done.lines
    prefix, variable = place.split()
    assert prefix == variable
    assert prefix.startswith(f"{cache}/pycache-hooks/envs/")
    assert helper == "helper of ours"


LOOK = """
import os
there = []
for number in range(3):
    try:
        os.fstat(number)
    except OSError:
        continue
    there.append(number)
with open("../there", "w") as file:
    file.write(str(there))
"""


@pytest.mark.parametrize(
    ("closed", "there"), [("", "[0, 1, 2]"), ("<&-", "[1, 2]"), (">&-", "[0, 2]"), ("<&- >&- 2>&-", "[]")]
)
def test_no_file_of_ours_takes_the_place_of_a_standard_stream_that_is_closed(
    closed: str, there: str, project: Repository, tmp_path: Path
) -> None:
    project.write("pylock.toml", LOCK)
    hook = shlex.join(hook_command(NAME, "--pylock", "pylock.toml", "--", sys.executable, "-c", LOOK))

    done = run(["bash", "-c", f"{hook} {closed}"], project.path, project.env | {"PYTHONPATH": str(SOURCES)})

    assert (done.status, (tmp_path / "there").read_text()) == (0, there), done


def test_an_ephemeral_environment_is_gone_afterwards(project: Repository, tmp_path: Path) -> None:
    project.write("pylock.toml", LOCK)
    show = "import sys; print(sys.prefix); sys.exit(3)"

    done = project.hook(NAME, "--pylock", "pylock.toml", "--refresh", "--", "python", "-c", show,
                        XDG_CACHE_HOME=str(tmp_path / "cache"))  # fmt: skip

    assert done.status == 3, done
    assert not Path(done.text.strip()).exists()


def test_a_signal_while_the_environment_is_made_ends_all(project: Repository) -> None:
    lock = project.path / "pylock.toml"
    os.mkfifo(lock)
    process = subprocess.Popen(
        hook_command(NAME, "--pylock", "pylock.toml", "--", "true"), cwd=project.path,
        env=project.env | {"PYTHONPATH": str(SOURCES)},
    )  # fmt: skip

    with lock.open("w"):  # opens when the hook does
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 128 + signal.SIGTERM
