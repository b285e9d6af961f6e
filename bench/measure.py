"""Whole processes, timed side by side: each round runs every command once, so that all see the same machine."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PEAK = Path(__file__).with_name("peak.py")


def _nothing() -> None:
    """Prepare nothing, or check nothing."""


@dataclass(frozen=True)
class Command:
    """What is timed: *arguments*, run in the directory *cwd*.

    *before* and *after* run outside the time taken; *after* raises ValueError if the command did not do its work.
    """

    label: str
    arguments: list[str]
    cwd: Path
    before: Callable[[], object] = _nothing
    after: Callable[[], object] = _nothing


@dataclass
class Measured:
    """*seconds* of each round, *peak* memory in bytes, and why there is no time, if there is none."""

    seconds: list[float] = field(default_factory=list)
    peak: int = 0
    failure: str = ""

    @property
    def milliseconds(self) -> float:
        """The median of all rounds."""
        return statistics.median(self.seconds) * 1000


@dataclass(frozen=True)
class Ratio:
    """The *median* over all rounds of what one command took, divided by what another took, and its quartiles."""

    median: float
    low: float
    high: float


def side_by_side(commands: Sequence[Command], rounds: int, variables: Mapping[str, str]) -> dict[str, Measured]:
    """Run *commands* in turn, *rounds* times; what each took, by its label.

    A round before the first warms the caches and measures memory. A command that fails there is left out.
    """
    measured = {command.label: _warm_up(command, variables) for command in commands}
    running = [command for command in commands if not measured[command.label].failure]
    for number in range(rounds):
        start = number % max(1, len(running))
        for command in (*running[start:], *running[:start]):
            measured[command.label].seconds.append(_timed(command, variables))
    return measured


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Compare round by round the seconds that two commands took."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Ratio(median, low, high)


def _warm_up(command: Command, variables: Mapping[str, str]) -> Measured:
    program = shutil.which(command.arguments[0], path=variables["PATH"])
    if program is None:
        return Measured(failure="not installed")
    command.before()
    helper = [sys.executable, "-I", "-S", str(PEAK), program, *command.arguments[1:]]
    done = subprocess.run(helper, cwd=command.cwd, env=variables, capture_output=True, text=True, check=False)
    status, peak = done.stdout.split()
    if status != "0":
        said = done.stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
        return Measured(failure=f"exit status {status}: {said[0]}")
    try:
        command.after()
    except ValueError as error:
        return Measured(failure=str(error))
    return Measured(peak=int(peak))


def _timed(command: Command, variables: Mapping[str, str]) -> float:
    """Run *command* once; the seconds from before its start to after its end. Raises ValueError if it fails."""
    command.before()
    program = shutil.which(command.arguments[0], path=variables["PATH"]) or command.arguments[0]
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    os.chdir(command.cwd)
    start = time.perf_counter()
    child = os.posix_spawn(program, command.arguments, variables, file_actions=silent)
    _, status = os.waitpid(child, 0)
    seconds = time.perf_counter() - start
    if status:
        raise ValueError(f"{command.label}: exit status {os.waitstatus_to_exitcode(status)}, but none when warming up")
    command.after()
    return seconds
