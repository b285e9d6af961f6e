"""Work dealt out to forks of this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.processes import HANDS, PROCESSES, beside, deal
from support import SOURCES, environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

NUMBERS = list(range(100))


def squares(hands: Iterable[list[int]]) -> list[tuple[int, int]]:
    return [(number, number * number) for numbers in hands for number in numbers]


def all_of(hands: Iterable[list[Any]]) -> list[Any]:
    return [item for hand in hands for item in hand]


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The forks that a test starts; when it ends each must have been waited for. Other tests may leave children of theirs."""
    started: list[int] = []
    fork = os.fork

    def noted() -> int:
        child = fork()
        started.append(child)
        return child

    monkeypatch.setattr(os, "fork", noted)
    yield started
    for child in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


@pytest.mark.parametrize("number", [0, 1, HANDS - 1, HANDS, HANDS + 1, 10 * HANDS + 7])
def test_each_item_is_worked_on_once(forks: list[int], number: int) -> None:
    made = deal(squares, list(range(number)))

    assert sorted(pair for part in made for pair in part) == squares([list(range(number))])
    assert len(made) == PROCESSES
    assert len(forks) == PROCESSES - 1


def test_who_is_ready_takes_what_the_others_have_not_begun(forks: list[int]) -> None:
    """The forks are held up with the first hand that each has taken until all the rest is done."""
    here = os.getpid()
    begun, begin = os.pipe()
    finished, finish = os.pipe()

    def work(hands: Iterator[list[int]]) -> list[int]:
        if os.getpid() == here:
            os.close(begin)
            while os.read(begun, 1):
                pass
            rest = all_of(hands)
            os.close(finish)
            return [here, *rest]
        os.close(finish)
        mine = next(hands)
        os.close(begin)
        return [os.getpid(), *mine, *os.read(finished, 1), *all_of(hands)]

    made = deal(work, list(range(HANDS)))
    os.close(begun)
    os.close(finished)

    assert {part[0] for part in made} == {here, *forks}
    assert [len(part) for part in made[1:]] == [2] * len(forks)
    assert sorted(number for part in made for number in part[1:]) == list(range(HANDS))


def test_more_than_a_pipe_holds_and_names_that_are_not_text_come_back() -> None:
    names = [f"\udcff\n{number}" * 10_000 for number in range(8)]

    assert sorted(name for part in deal(all_of, names) for name in part) == sorted(names)


def test_what_fails_here_is_raised_and_leaves_no_process(forks: list[int]) -> None:
    here = os.getpid()

    def work(hands: Iterable[list[int]]) -> list[int]:
        if os.getpid() == here:
            raise MemoryError
        signal.pause()
        return all_of(hands)

    with pytest.raises(MemoryError):
        deal(work, NUMBERS)
    assert len(forks) == PROCESSES - 1


@pytest.mark.parametrize("ending", ["raises", "is killed"])
def test_a_fork_that_does_not_finish_is_an_error(forks: list[int], ending: str) -> None:
    here = os.getpid()

    def work(hands: Iterable[list[int]]) -> list[int]:
        if os.getpid() != here:
            if ending == "raises":
                raise MemoryError
            os.kill(os.getpid(), signal.SIGKILL)
        return all_of(hands)

    with pytest.raises(RuntimeError, match="not finished"):
        deal(work, NUMBERS)
    assert len(forks) == PROCESSES - 1


def test_work_is_done_beside_by_one_process(forks: list[int]) -> None:
    made = beside(lambda numbers: [os.getpid(), *numbers], NUMBERS)

    assert made() == [*forks, *NUMBERS]
    assert len(forks) == 1


@pytest.mark.parametrize("ending", ["raises", "makes what cannot be written"])
def test_what_is_not_finished_beside_is_done_here(forks: list[int], ending: str) -> None:
    here = os.getpid()

    def work(numbers: list[int]) -> list[object]:
        if os.getpid() != here:
            if ending == "raises":
                raise MemoryError
            return [object()]
        return list(numbers)

    assert beside(work, NUMBERS)() == NUMBERS
    assert len(forks) == 1


def test_what_fails_beside_and_here_is_raised_here(forks: list[int]) -> None:
    def work(_: list[int]) -> list[int]:
        raise MemoryError

    made = beside(work, NUMBERS)

    with pytest.raises(MemoryError):
        made()
    assert len(forks) == 1


def test_where_no_more_processes_are_allowed_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)

    assert beside(lambda numbers: [os.getpid(), *numbers], [1])() == [os.getpid(), 1]
    assert deal(squares, NUMBERS) == [squares([NUMBERS])]


def test_children_that_are_reaped_by_the_system_are_no_error() -> None:
    program = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nfrom pycache_hooks.processes import deal\n"
    done = subprocess.run(
        [sys.executable, "-c", program + "print(sum(map(sum, deal(lambda hands: sum(hands, []), list(range(100))))))"],
        env=environment(PYTHONPATH=str(SOURCES)),
        capture_output=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == (b"4950\n", b"")
