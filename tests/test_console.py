"""How every console script starts, fails and ends: as programs of their own."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.console import CLEAN, FAILED, FOUND, INTERRUPTED, Failure, guarded
from support import HOOKS, SOURCES, Repository, Result, environment, hook_command, run

if TYPE_CHECKING:
    from pathlib import Path

BUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
EVERY_HOOK = pytest.mark.parametrize("hook", HOOKS)


def program(body: str, tmp_path: Path, *arguments: str, redirect: str = "", unbuffered: str = "") -> Result:
    """Run a console script whose ``run(argv)`` has *body*, with a shell's *redirect*."""
    script = tmp_path / "some-hook"
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    script.write_text(
        "import os, sys\nfrom pycache_hooks.console import Failure, guarded\n"
        f"@guarded\ndef main(argv):\n{lines}\nsys.exit(main())\n"
    )
    shell = ["bash", "-c", f'exec "$@" {redirect}', "bash"] if redirect else []
    env = environment(PYTHONPATH=str(SOURCES), PYTHONUNBUFFERED=unbuffered)
    return run([*shell, sys.executable, str(script), *arguments], tmp_path, env)


def test_the_status_is_what_the_hook_returns_and_its_arguments_are_the_command_lines(tmp_path: Path) -> None:
    done = program("print(argv)\nreturn len(argv)", tmp_path, "a", "--b")

    assert (done.status, done.stdout, done.stderr) == (2, b"['a', '--b']\n", b"")


def test_arguments_given_by_a_caller_are_used_instead() -> None:
    assert guarded(len)(["a", "b", "c"]) == 3
    assert guarded(len)(()) == CLEAN


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("raise Failure('no repository: go away')", b"some-hook: no repository: go away\n"),
        ("raise Failure('a\\nb\\x1b[1m \\udcff gr\\xf6sse')", b"some-hook: a\\nb\\x1b[1m \\xff gr\xc3\xb6sse\n"),
        ("open('missing')", b"some-hook: [Errno 2] No such file or directory: 'missing'\n"),
        ("open('.', 'wb')", b"some-hook: [Errno 21] Is a directory: '.'\n"),
        ("raise MemoryError", b"some-hook: MemoryError\n"),
        ("raise OSError", b"some-hook: OSError\n"),
    ],
)
def test_a_failure_is_one_line_on_stderr_and_status_2(tmp_path: Path, statement: str, line: bytes) -> None:
    done = program(f"print('found before')\n{statement}", tmp_path)

    assert (done.status, done.stdout, done.stderr) == (FAILED, b"found before\n", line)


def test_a_name_that_stderr_cannot_encode_is_escaped(tmp_path: Path) -> None:
    done = program("raise Failure('gr\\xf6\\xdfe')", tmp_path, redirect="2> >(cat >&2)")
    assert done.status == FAILED
    script = [sys.executable, str(tmp_path / "some-hook")]

    ascii_only = run(script, tmp_path, environment(PYTHONPATH=str(SOURCES), PYTHONIOENCODING="ascii"))

    assert ascii_only.stderr == b"some-hook: gr\\xf6\\xdfe\n"


def test_a_bug_of_ours_is_one_line_and_no_finding(tmp_path: Path) -> None:
    done = program("raise KeyError('boom\\n')", tmp_path)

    assert (done.status, done.stdout) == (2, b"")
    assert done.stderr == b"some-hook: internal error, please report it with what you ran: KeyError('boom\\n')\n"


def test_what_waits_for_the_end_of_the_program_runs(tmp_path: Path) -> None:
    done = program("import atexit\natexit.register(os.write, 1, b'at the end')\nprint('x')\nreturn 1", tmp_path)

    assert (done.status, done.stdout, done.stderr) == (FOUND, b"x\nat the end", b"")


@BUFFERED
@pytest.mark.parametrize("size", [1, 10_000_000], ids=["little output", "more than a pipe holds"])
def test_a_reader_that_leaves_early_is_no_failure(tmp_path: Path, size: int, unbuffered: str) -> None:
    body = f"print('x' * 10)\nprint('y' * {size})\nreturn 1"
    done = program(body, tmp_path, redirect="| head -c 1", unbuffered=unbuffered)

    assert done.stdout == b"x"
    assert done.stderr == b""


def test_a_pipe_that_is_closed_already(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    program("print('x')\nreturn 1", tmp_path)
    script = [sys.executable, str(tmp_path / "some-hook")]
    try:
        done = run(script, tmp_path, environment(PYTHONPATH=str(SOURCES)), stdout=theirs)
    finally:
        os.close(theirs)

    assert (done.status, done.stderr) == (FOUND, b"")


@BUFFERED
def test_a_full_disk_is_a_failure_said_once(tmp_path: Path, unbuffered: str) -> None:
    done = program("print('x')\nreturn 0", tmp_path, redirect="> /dev/full", unbuffered=unbuffered)

    assert (done.status, done.stderr) == (FAILED, b"some-hook: [Errno 28] No space left on device\n")


def test_a_failure_that_cannot_be_said_is_a_failure(tmp_path: Path) -> None:
    assert program("raise Failure('x')", tmp_path, redirect="2> /dev/full").status == FAILED


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("ending", "status"), [("return 1", 1), ("raise Failure('x')", 2)])
def test_closed_streams_change_no_status(tmp_path: Path, redirect: str, ending: str, status: int) -> None:
    done = program(f"print('x')\n{ending}", tmp_path, redirect=redirect)

    assert done.status == status
    assert b"Traceback" not in done.stderr


def test_ctrl_c_ends_quietly_with_the_status_of_a_shell(tmp_path: Path) -> None:
    script = tmp_path / "hook"
    script.write_text(
        "import sys\nfrom pycache_hooks.console import guarded\n"
        "@guarded\ndef main(argv):\n    print('started', flush=True)\n    sys.stdin.read()\n    return 0\nsys.exit(main())\n"
    )
    env = environment(PYTHONPATH=str(SOURCES))
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(script)], env=env, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        assert process.stdout.readline() == b"started\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()

    assert (process.returncode, errors) == (INTERRUPTED, b"")


@EVERY_HOOK
@pytest.mark.parametrize("arguments", [["--unknown-option"], ["--unknown-option=x", "-z"], ["-é\x1b"]], ids=ascii)
def test_an_unknown_option_is_one_line_and_status_2(repository: Repository, hook: str, arguments: list[str]) -> None:
    done = repository.hook(hook, *arguments)

    assert (done.status, done.stdout) == (FAILED, b"")
    assert done.stderr.startswith(f"{hook}: ".encode())
    assert done.stderr.count(b"\n") == 1
    assert b"\x1b" not in done.stderr
    assert b"--help" in done.stderr


@EVERY_HOOK
def test_help_shows_the_docstring_of_the_module_and_exits_0(repository: Repository, hook: str) -> None:
    done = repository.hook(hook, "--help")

    module = importlib.import_module(f"pycache_hooks.hooks.{hook.replace('-', '_')}")
    assert (done.status, done.stderr) == (CLEAN, b"")
    assert done.text.startswith(f"usage: {hook} ")
    assert (module.__doc__ or "?").strip() in done.text


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook != "run-without-pycache"])
def test_git_missing_is_said(repository: Repository, hook: str) -> None:
    repository.stage("m.pyc", "m.py")

    done = repository.hook(hook, PATH="/nowhere")

    assert done.status == FAILED
    assert done.stderr == (
        f"{hook}: git cannot be started (No such file or directory): install git and see that it is on PATH\n".encode()
    )


@EVERY_HOOK
def test_every_hook_says_so_where_the_current_directory_is_gone(tmp_path: Path, hook: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = ["bash", "-c", 'cd gone && rmdir ../gone && exec "$@"', "bash", *hook_command(hook)]

    done = run(command, tmp_path, environment(PYTHONPATH=str(SOURCES)))

    assert done.status == FAILED
    assert done.stderr.count(b"\n") == 1
    assert b"current" in done.stderr


def test_the_installed_console_script_is_the_same_program(published_scripts: Path, repository: Repository) -> None:
    repository.stage("m.pyc")

    done = run([published_scripts / "forbid-pycache"], repository.path, repository.env)

    assert done.findings == ["m.pyc PYC101"]
    assert run([published_scripts / "forbid-pycache", "-x"], repository.path, repository.env).stderr.startswith(
        b"forbid-pycache: "
    )


def test_a_failure_is_an_ordinary_exception() -> None:
    with pytest.raises(Failure, match="why"):
        raise Failure("why")
