"""A command that runs while we wait: real signals, a real terminal. A pipe that ends shows that nothing is left running.

Nothing here waits for a time to pass: what runs says when it is ready.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import running
from support import SOURCES, environment, hook_command, run_hook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "run-without-pycache"
SECONDS = 60
"""After which a test that would hang fails."""

TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes stdin the terminal that controls the session, and runs the arguments in its foreground."""

ENV = {"PYTHONPATH": str(SOURCES)} | environment()
ENDING = [getattr(signal, name) for name in running.ENDING]


class Started:
    """The hook, running *words* in the directory *cwd*; *script*: of a shell in which ``"$@"`` is the hook."""

    def __init__(self, cwd: Path, *words: str, terminal: bool = False, script: str = "") -> None:
        command = hook_command(NAME, "--", *words)
        if script:
            command = ["/bin/bash", "-c", script, "bash", *command]
        self.keyboard, stdin = os.openpty() if terminal else (-1, subprocess.DEVNULL)
        if terminal:
            command = [sys.executable, "-c", TERMINAL, *command]
        errors = stdin if terminal else None  # bash takes it for the terminal whose foreground it changes
        self.process = subprocess.Popen(
            command, cwd=cwd, env=ENV, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        if terminal:
            os.close(stdin)

    def says(self, line: str) -> None:
        """Wait for the next line that is printed."""
        assert self.process.stdout
        assert self.process.stdout.readline() == line.encode() + b"\n"

    def kill(self, number: int) -> None:
        """Send a signal to the hook alone."""
        self.process.send_signal(number)

    def type(self, keys: bytes) -> None:
        os.write(self.keyboard, keys)

    def stops(self) -> None:
        """Wait until the hook is stopped, as the shell does that started it."""
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def ends(self) -> int:
        """Wait for the end of the hook, and of all that could still write; return its exit status."""
        self.process.communicate(timeout=SECONDS)
        return self.process.returncode


@pytest.fixture
def keyboards() -> Iterator[list[Started]]:
    """The runs in a terminal: it is closed at the end."""
    started: list[Started] = []
    yield started
    for each in started:
        os.close(each.keyboard)


def test_the_exit_status_of_the_command_passes_through(tmp_path: Path) -> None:
    assert run_hook(NAME, "--", "sh", "-c", "exit 7", cwd=tmp_path).status == 7


def test_a_command_that_a_signal_ends_gives_128_and_its_number(tmp_path: Path) -> None:
    assert run_hook(NAME, "--", "sh", "-c", "kill -SEGV $$", cwd=tmp_path).status == 128 + signal.SIGSEGV


def test_output_is_streamed_and_stdin_is_the_commands(tmp_path: Path) -> None:
    process = subprocess.Popen(
        hook_command(NAME, "--", "cat"), cwd=tmp_path, env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    for word in (b"one\n", b"two\n"):  # the second is written when the first has come back
        process.stdin.write(word)
        process.stdin.flush()
        assert process.stdout.readline() == word
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0


def test_a_command_dies_of_a_closed_pipe_although_python_ignores_that_signal(tmp_path: Path) -> None:
    # bash says how each part of the pipe ended: 141 is 128 + SIGPIPE
    done = run_hook(NAME, "--", "bash", "-c", "yes | head -n 1; exit ${PIPESTATUS[0]}", cwd=tmp_path)

    assert done.status == 128 + signal.SIGPIPE


@pytest.mark.parametrize("number", ENDING, ids=running.ENDING)
def test_a_signal_ends_the_command_and_all_that_it_started(number: int, tmp_path: Path) -> None:
    # A shell dies of SIGTERM without a word to its children, and its background jobs ignore SIGINT and SIGQUIT.
    started = Started(tmp_path, "sh", "-c", "ulimit -c 0; sleep 1000 & (echo ready; exec sleep 1000)")
    started.says("ready")

    started.kill(number)

    assert started.ends() == 128 + number


def test_a_command_that_ignores_a_signal_once_is_waited_for(tmp_path: Path) -> None:
    script = "trap 'trap - INT; echo once' INT; echo ready; while :; do sleep 1000 & wait; done"
    started = Started(tmp_path, "sh", "-c", script)
    started.says("ready")

    started.kill(signal.SIGINT)
    started.says("once")
    started.kill(signal.SIGINT)

    assert started.ends() == 128 + signal.SIGINT


def test_a_command_that_ends_well_on_a_signal_ends_well(tmp_path: Path) -> None:
    started = Started(tmp_path, "sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 1000 & wait; done")
    started.says("ready")

    started.kill(signal.SIGTERM)

    assert started.ends() == 0


def test_what_ignores_every_polite_signal_is_killed(tmp_path: Path) -> None:
    started = Started(tmp_path, "sh", "-c", "(trap '' INT TERM; echo ready; exec sleep 1000) & wait")
    started.says("ready")

    started.kill(signal.SIGINT)

    assert started.ends() == 128 + signal.SIGINT


def test_what_a_command_leaves_running_on_purpose_goes_on(tmp_path: Path) -> None:
    started = Started(tmp_path, "sh", "-c", "(read line <go; echo $line) & exit 0")
    os.mkfifo(tmp_path / "go")

    assert started.process.wait(SECONDS) == 0
    (tmp_path / "go").write_text("still here\n")

    started.says("still here")
    started.ends()


def test_a_signal_that_whoever_started_us_ignores_is_not_passed_on(tmp_path: Path) -> None:
    started = Started(tmp_path, "sh", "-c", "(echo ready; exec sleep 1000)", script="trap '' HUP; exec \"$@\"")
    started.says("ready")

    started.kill(signal.SIGHUP)
    started.kill(signal.SIGTERM)

    assert started.ends() == 128 + signal.SIGTERM


def test_children_are_waited_for_where_whoever_started_us_has_them_reaped_by_themselves(tmp_path: Path) -> None:
    started = Started(tmp_path, "sh", "-c", "exit 3", script="trap '' CHLD; exec \"$@\"")

    assert started.ends() == 3


def test_ctrl_c_ends_all(tmp_path: Path, keyboards: list[Started]) -> None:
    started = Started(tmp_path, "sh", "-c", "sleep 1000 & (echo ready; exec sleep 1000)", terminal=True)
    keyboards.append(started)
    started.says("ready")

    started.type(b"\x03")

    assert started.ends() == 128 + signal.SIGINT


ASKS = "import sys; print('ready', flush=True); print('got', sys.stdin.readline().strip(), flush=True)"


def test_a_command_that_reads_the_terminal_gets_it_and_ctrl_c_still_ends_all(
    tmp_path: Path, keyboards: list[Started]
) -> None:
    script = f'sleep 1000 & {sys.executable} -c "{ASKS}"; read more'
    started = Started(tmp_path, "sh", "-c", script, terminal=True)
    keyboards.append(started)
    started.says("ready")

    started.type(b"hello\n")
    started.says("got hello")
    started.type(b"\x03")

    assert started.ends() == 128 + signal.SIGINT


READS = "echo ready; read line; echo got $line"


def test_the_terminal_comes_back(tmp_path: Path, keyboards: list[Started]) -> None:
    script = '"$@"; read line; echo "the shell got $line"'
    started = Started(tmp_path, "sh", "-c", READS, terminal=True, script=script)
    keyboards.append(started)

    started.says("ready")
    started.type(b"one\n")
    started.says("got one")
    started.type(b"two\n")
    started.says("the shell got two")

    assert started.ends() == 0


def test_in_the_background_a_command_that_reads_the_terminal_waits_for_fg(
    tmp_path: Path, keyboards: list[Started]
) -> None:
    script = 'set -m; "$@" & until jobs -s | grep -q .; do :; done; echo stopped; fg >/dev/null'
    started = Started(tmp_path, "sh", "-c", READS, terminal=True, script=script)
    keyboards.append(started)

    started.says("ready")
    started.says("stopped")
    started.type(b"one\n")
    started.says("got one")

    assert started.ends() == 0


def test_the_terminal_is_not_taken_from_a_shell_that_has_it_again(tmp_path: Path, keyboards: list[Started]) -> None:
    os.mkfifo(tmp_path / "go")
    script = 'set -m; "$@"; bg >/dev/null; echo on >go; wait; read line; echo "the shell got $line"'
    started = Started(tmp_path, "sh", "-c", f"{READS}; read line <go; echo $line", terminal=True, script=script)
    keyboards.append(started)
    started.says("ready")
    started.type(b"one\n")
    started.says("got one")

    started.type(b"\x1a")
    started.says("on")
    started.type(b"two\n")
    started.says("the shell got two")

    assert started.ends() == 0


def test_a_terminal_that_is_closed_ends_all(tmp_path: Path) -> None:
    started = Started(tmp_path, "sh", "-c", f"sleep 1000 & {READS}; sleep 1000", terminal=True)
    started.says("ready")
    started.type(b"one\n")
    started.says("got one")

    os.close(started.keyboard)

    assert started.ends() == 128 + signal.SIGHUP


def test_ctrl_z_stops_all_and_going_on_goes_on(tmp_path: Path, keyboards: list[Started]) -> None:
    started = Started(tmp_path, "sh", "-c", "echo ready; read line <go; echo $line", terminal=True)
    keyboards.append(started)
    os.mkfifo(tmp_path / "go")
    started.says("ready")

    started.type(b"\x1a")
    started.stops()
    started.kill(signal.SIGCONT)
    (tmp_path / "go").write_text("on\n")
    started.says("on")

    assert started.ends() == 0


def test_ctrl_z_while_the_terminal_is_lent_is_seen_by_the_shell_and_undone_by_fg(
    tmp_path: Path, keyboards: list[Started]
) -> None:
    started = Started(tmp_path, sys.executable, "-c", f"{ASKS}; {ASKS}", terminal=True)
    keyboards.append(started)
    started.says("ready")
    started.type(b"one\n")
    started.says("got one")
    started.says("ready")

    started.type(b"\x1a")
    started.stops()
    started.kill(signal.SIGCONT)
    started.type(b"two\n")
    started.says("got two")

    assert started.ends() == 0


def test_a_command_that_asks_for_a_terminal_where_there_is_none_stops_us_with_it(tmp_path: Path) -> None:
    started = Started(tmp_path, "sh", "-c", "kill -TTIN $$; echo on")

    started.stops()
    started.kill(signal.SIGCONT)
    started.says("on")

    assert started.ends() == 0


def test_a_command_that_somebody_stops_does_not_stop_us(tmp_path: Path) -> None:
    rest = "kill -STOP $$; until ps -o state= -p $$ | grep -q T; do :; done; echo stopped; while :; do :; done"
    script = f'(trap "echo still here; kill -CONT $$; exit" TERM; {rest}) & wait'
    started = Started(tmp_path, "bash", "-c", script)
    started.says("stopped")

    started.kill(signal.SIGTERM)
    started.says("still here")

    assert started.ends() == 128 + signal.SIGTERM


def test_before_a_command_runs_a_signal_stops_us_once_so_that_cleaning_up_is_not_disturbed() -> None:
    before = [signal.getsignal(number) for number in ENDING]
    cleaned = False
    with pytest.raises(running.Stopped) as stopped, running.Signals():  # noqa: PT012 - all of it is what happens
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            cleaned = True

    assert cleaned
    assert stopped.value.number == signal.SIGTERM
    assert [signal.getsignal(number) for number in ENDING] == before


def test_a_signal_that_comes_before_the_command_starts_reaches_it() -> None:
    with running.Signals() as signals:
        signals.hold()
        os.kill(os.getpid(), signal.SIGTERM)
        status = signals.run("/bin/sleep", ["sleep", "1000"], os.environ)

    assert (status, signals.passed_on) == (128 + signal.SIGTERM, signal.SIGTERM)
