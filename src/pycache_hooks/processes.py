"""Work dealt out to a few processes: reading and emptying directories waits for the file system and for one interpreter.

Threads would wait for each other: Python runs one at a time. A fork costs a millisecond and has all that is needed.
"""

from __future__ import annotations

import marshal
import os
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    Item = TypeVar("Item")
    Made = TypeVar("Made")
    Given = TypeVar("Given")

SIGTERM = 15
"""As POSIX has it: importing signal takes longer than a fork."""

PROCESSES = 4
"""More than two cores can use, as half of them wait for the disk."""

HANDS = 128
"""Parts that work is dealt in: who has finished one takes the next, so that all processes end together."""


def deal(work: Callable[[Iterator[list[Item]]], Made], items: list[Item]) -> list[Made]:
    """Do *work* on *items*, dealt out to this process and its forks hand by hand, and return what each of them made.

    That must consist of what `marshal` can write: tuples, lists, strings and numbers. Raises what *work* raises here,
    and RuntimeError if a fork does not come to its end. Without ``fork`` (Windows), all is done here.
    """
    table, entrance = os.pipe()
    os.write(entrance, bytes(range(HANDS)))
    os.close(entrance)
    hands = _hands(items, table)  # nobody has begun to take them, so each fork has a beginning of its own
    forks = [fork for _ in range(PROCESSES - 1) if (fork := _fork(work, hands))]
    try:
        made = [work(hands)]
        while forks:
            child, pipe = forks[0]
            written = _read(pipe)
            del forks[0]
            os.close(pipe)
            _wait(child)
            if not written:
                raise RuntimeError("a part of the work was not finished")
            made.append(marshal.loads(written))  # noqa: S302 - our own fork wrote it
    finally:
        os.close(table)
        for child, pipe in forks:
            os.kill(child, SIGTERM)
            os.close(pipe)
            _wait(child)
    return made


def beside(work: Callable[[list[Item]], Made], items: list[Item]) -> Callable[[], Made]:
    """Begin *work*, which only reads, on *items* in a fork of this process; the function returned waits for what it made.

    That must be as for `deal`. What does not come to its end there is done here, and so it raises what *work* raises.
    """
    fork = _fork(work, items)

    def made() -> Made:
        written = b""
        if fork:
            child, pipe = fork
            written = _read(pipe)
            os.close(pipe)
            _wait(child)
        return marshal.loads(written) if written else work(items)  # noqa: S302 - as above

    return made


def _hands(items: list[Item], table: int) -> Iterator[list[Item]]:
    """Those of *items* that no other process takes: each byte read from the pipe *table* is the number of some of them."""
    size = -(-len(items) // HANDS)
    while number := os.read(table, 1):
        start = number[0] * size
        yield items[start : start + size]


def _fork(work: Callable[[Given], Made], given: Given) -> tuple[int, int] | None:
    """Start a process that does *work* on what is *given*; return its number and where its result comes from, or None."""
    if not hasattr(os, "fork"):  # pragma: no cover - Windows only
        return None
    ours, theirs = os.pipe()
    try:
        with warnings.catch_warnings():
            # A thread may be reading git's output. The child never asks for that, nor for any lock of ours.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except OSError:  # the system allows no more
        os.close(ours)
        os.close(theirs)
        return None
    if not child:  # pragma: no cover - the child ends without writing what coverage has seen
        status = 1
        try:
            made: Any = work(given)
            _write(theirs, marshal.dumps(made))
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    return child, ours


def _write(descriptor: int, data: bytes) -> None:  # pragma: no cover - as above
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int) -> bytes:
    chunks = []
    while chunk := os.read(descriptor, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def _wait(child: int) -> None:
    try:  # noqa: SIM105 - importing contextlib takes longer than a fork
        os.waitpid(child, 0)
    except ChildProcessError:  # whoever started us has children reaped by themselves
        pass
