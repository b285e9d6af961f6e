"""A command that runs while we wait: its output is its own, the signals that we get are passed on, and nothing of it stays.

It runs in a process group of its own, so that a signal reaches all of it and none of those who started us: a shell that
dies of SIGTERM leaves its children alone. The terminal stays ours, and with it Ctrl-C, until something in that group
asks for it (SIGTTIN, SIGTTOU): then it is lent, as a shell's ``fg`` does. `| less` behind us would starve otherwise.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from pycache_hooks.console import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType, TracebackType
    from typing import Self

ENDING = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
"""Signals that ask a program to end."""

GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL for what the command left running when it was interrupted."""

_STEP = 0.01
"""Seconds from one look at such a rest to the next."""

_IGNORED_BY_PYTHON = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)]
"""What Python's start changed, and a program that it starts would inherit."""


class Stopped(BaseException):
    """A signal asked us to end while no command was running: *number*."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Signals:
    """The signals that we get between `__enter__` and `__exit__`.

    At first one of `ENDING` raises `Stopped`, once: what is cleaned up then is not disturbed by a second. After `hold`
    none does any more: `run` passes them on to the command, which decides, and what is cleaned up behind it is quick.
    """

    __slots__ = ("_before", "_inlet", "_outlet", "_raises", "_wakeup", "passed_on")

    def __init__(self) -> None:
        self._before: dict[int, signal._HANDLER] = {}
        self._raises = True
        self._outlet = self._inlet = self._wakeup = -1
        self.passed_on = 0
        """The last of them that the command got."""

    def __enter__(self) -> Self:
        if sys.platform != "win32":  # pragma: no branch - the tests run elsewhere
            # What waits in a pipe is not lost between a look and a call that sleeps, as a handler's note would be.
            self._outlet, self._inlet = os.pipe()
            os.set_blocking(self._inlet, False)
            self._wakeup = signal.set_wakeup_fd(self._inlet, warn_on_full_buffer=False)
        for name in ENDING:
            self._take(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if sys.platform != "win32":  # pragma: no branch - the tests run elsewhere
            signal.set_wakeup_fd(self._wakeup)
            os.close(self._outlet)
            os.close(self._inlet)

    def hold(self) -> None:
        """Let no signal interrupt us any more."""
        self._raises = False

    def run(self, program: str, words: list[str], variables: Mapping[str, str]) -> int:
        """Run *program* with the arguments *words*, its own name first, to its end; `hold` comes first.

        Returns the exit status as a shell has it: 128 + N for a command that signal N ended. Raises Failure for a
        program that the system does not start.
        """
        for name in ("SIGCHLD", "SIGTSTP"):
            self._take(name)
        sys.stdout.flush()
        try:
            started = _start(program, words, variables)
        except OSError as error:
            raise Failure(f"{words[0]}: cannot be started: {error.strerror}{_hint(error)}") from None
        return _Running(started).wait(self)

    def next(self) -> int:
        """Wait for the next signal."""
        return os.read(self._outlet, 1)[0]

    def _take(self, name: str) -> None:
        """Handle the signal, unless whoever started us has it ignored (nohup), or we handle it already."""
        number = getattr(signal, name, None)
        if number is None or number in self._before:
            return
        handler = signal.getsignal(number)
        if handler is not signal.SIG_IGN or name == "SIGCHLD":
            self._before[number] = handler
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._raises:
            self._raises = False
            raise Stopped(number)


def _hint(error: OSError) -> str:
    """What to do about a program that is there and yet does not start."""
    import errno

    if error.errno == errno.ENOEXEC:
        return "; a script begins with #! and its interpreter"
    return "; is the interpreter there that its first line names?" if error.errno == errno.ENOENT else ""


if sys.platform == "win32":  # pragma: no cover - there are neither process groups nor such signals
    import subprocess

    def _start(program: str, words: list[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen([program, *words[1:]], env=dict(variables))

    class _Running:
        def __init__(self, child: subprocess.Popen[bytes]) -> None:
            self._child = child

        def wait(self, signals: Signals) -> int:
            del signals  # Ctrl-C reaches every process of the console
            return self._child.wait()

else:

    def _start(program: str, words: list[str], variables: Mapping[str, str]) -> int:
        return os.posix_spawn(program, words, variables, setpgroup=0, setsigdef=_IGNORED_BY_PYTHON)

    class _Running:
        """The command whose process, and group, is *group*."""

        __slots__ = ("_group", "_lent")

        def __init__(self, group: int) -> None:
            self._group = group
            self._lent = False

        def wait(self, signals: Signals) -> int:
            """Wait for its end, and return its exit status."""
            while True:
                number = signals.next()
                if number != signal.SIGCHLD:
                    self._send(number)
                    signals.passed_on = number if number != signal.SIGTSTP else signals.passed_on
                    continue
                changed, status = os.waitpid(self._group, os.WNOHANG | os.WUNTRACED)
                if changed and os.WIFSTOPPED(status):
                    self._stop(os.WSTOPSIG(status))
                elif changed:
                    return self._end(os.waitstatus_to_exitcode(status), interrupted=bool(signals.passed_on))

        def _stop(self, number: int) -> None:
            """The command was stopped: give it the terminal that it asks for, or stop as well, for the shell to see."""
            if number == signal.SIGSTOP:
                return  # nobody's key: who stopped it goes on with it
            asks = number in (signal.SIGTTIN, signal.SIGTTOU)
            if not (asks and self._lend()):
                os.kill(os.getpid(), signal.SIGSTOP)
                if asks or self._lent:  # we go on: in the foreground, after `fg`
                    self._lend()
            self._send(signal.SIGCONT)

        def _end(self, code: int, *, interrupted: bool) -> int:
            if self._lent:
                self._take_back()
            if interrupted or self._lent or code < 0:
                self._end_rest()
            return code if code >= 0 else 128 - code

        def _end_rest(self) -> None:
            """End what is left of the group: the background jobs of a shell, for one, ignore Ctrl-C."""
            deadline = time.monotonic() + GRACE
            there = self._send(signal.SIGTERM)
            while there and time.monotonic() < deadline:
                time.sleep(_STEP)
                there = self._send(0)
            if there:
                self._send(signal.SIGKILL)

        def _send(self, number: int) -> bool:
            """Send a signal to the group. Returns whether there is one that we may send it to."""
            try:
                os.killpg(self._group, number)
            except OSError:
                return False
            return True

        def _lend(self) -> bool:
            """Make the command the terminal's foreground, if we are that. Returns whether it is now."""
            try:
                terminal = os.open("/dev/tty", os.O_RDWR)
            except OSError:  # there is none
                return False
            try:
                if os.tcgetpgrp(terminal) == os.getpgrp():
                    os.tcsetpgrp(terminal, self._group)
                    self._lent = True
                    return True
            finally:
                os.close(terminal)
            return False

        def _take_back(self) -> None:
            """Make us the terminal's foreground again."""
            before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # it would stop us, in the background as we are
            try:
                terminal = os.open("/dev/tty", os.O_RDWR)
                try:
                    if os.tcgetpgrp(terminal) == self._group:
                        os.tcsetpgrp(terminal, os.getpgrp())
                finally:
                    os.close(terminal)
            except OSError:
                pass  # the terminal is gone
            signal.signal(signal.SIGTTOU, before)
