"""How far work is, on a terminal: shown on stderr once it has taken longer than a second.

Imported only where there is a terminal, and tqdm only when there is something to show.
"""

from __future__ import annotations

import os
import sys
import time
from mmap import mmap

from pycache_hooks.readers.worktree import Mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Never, Self

    from tqdm import tqdm

DELAY = 1.0
"""Seconds that work may take before anything is shown."""

PERIOD = 0.1
"""Seconds between two looks at the clock's answer: the eye follows no faster."""

SLOTS = 512
"""Processes that can count at the same time; two that share a slot show a little too little."""


class Progress:
    """Counts what was done and shows it. Forks count too: each in its own place of memory that all of them share."""

    __slots__ = ("_bar", "_counts", "_next", "_owner", "_started", "_task", "_unit")

    def __init__(self, task: str, unit: str, delay: float = DELAY) -> None:
        """Begin *task*, a few words that are safe to print; what is counted are *unit* (plural).

        Nothing is shown for *delay* seconds.
        """
        self._task = task
        self._unit = unit
        self._counts = memoryview(mmap(-1, SLOTS * 8)).cast("Q")
        self._owner = os.getpid()
        self._started = time.time()
        self._next = time.monotonic() + delay
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def tick(self, amount: int = 1) -> None:
        """Count *amount* more, and show it if it is time: to be called often."""
        process = os.getpid()
        self._counts[process % SLOTS] += amount
        if process == self._owner and time.monotonic() >= self._next:
            self._show()
            self._next = time.monotonic() + PERIOD

    def name(self, task: str) -> None:
        """Go on with *task*."""
        self._task = task

    def watched(self, root: str) -> Mounts:
        """The mount points below *root*; to ask for one of them is a tick, so that a walk shows how far it is."""
        return Watched(root, self.tick)

    def telling(self, spares: Callable[[str], bool] | None) -> Callable[[str], bool]:
        """What spares the same paths as *spares*; to ask for one of them is a tick."""

        def told(path: str) -> bool:
            self.tick()
            return bool(spares and spares(path))

        return told

    def finish(self) -> None:
        """Take the progress off the screen; what is counted from now on is not shown."""
        self._next = float("inf")
        if self._bar is not None:  # it has no truth value
            self._bar.close()

    def _show(self) -> None:
        if self._bar is None:
            self._bar = self._begun()
        self._bar.n = sum(self._counts)
        self._bar.set_description_str(self._task, refresh=False)
        self._bar.refresh()

    def _begun(self) -> tqdm[Never]:
        import shutil
        from threading import RLock

        from tqdm import tqdm

        columns, rows = shutil.get_terminal_size()  # on a terminal that says 0, tqdm would show nothing
        tqdm.monitor_interval = 0  # no thread: this process forks
        tqdm.set_lock(RLock())  # its own would be one for several processes, of which only this one shows anything
        bar: tqdm[Never] = tqdm(
            file=sys.stderr,
            unit=self._unit,
            bar_format="{desc}: {n:,} {unit} [{elapsed}]",
            leave=False,
            ncols=columns,
            nrows=rows,
            delay=PERIOD,  # only so that it does not show itself before it has been told anything
        )
        bar.start_t = self._started
        return bar


class Watched(Mounts):
    """Mount points that tell of every directory that they are asked about, which a walk does once for each."""

    __slots__ = ("_tick",)

    def __init__(self, root: str, tick: Callable[[], object]) -> None:
        super().__init__(root)
        self._tick = tick

    def begin_at(self, entry: os.DirEntry[str], path: str) -> bool:
        """Whether the directory *entry*, at *path* relative to the root, is a mount point."""
        self._tick()
        return super().begin_at(entry, path)
