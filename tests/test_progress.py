"""Progress: what is counted, in forks too, and when it is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from pycache_hooks import bars, processes
from pycache_hooks.progress import SLOTS, Progress
from pycache_hooks.readers.worktree import Mounts, walk
from support import SOURCES, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


def test_nothing_is_shown_of_what_takes_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("walking", "steps", delay=float("inf")) as progress:
        progress.tick()
    assert capsys.readouterr().err == ""


def test_what_takes_longer_is_shown_and_taken_off_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("walking", "steps", delay=0)
    progress.tick(3)
    shown = capsys.readouterr().err
    assert shown.startswith("\r")
    assert "walking: 3 steps [" in shown
    progress.finish()
    assert capsys.readouterr().err.replace("\r", "").strip() == ""
    progress.tick()
    assert capsys.readouterr().err == ""


def test_the_next_task_is_shown_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("walking", "steps", delay=0) as progress:
        progress.name("removing")
        progress.tick()
    assert "removing: 1 steps" in capsys.readouterr().err


def test_forks_count_too_and_only_the_first_process_shows(capfd: pytest.CaptureFixture[str]) -> None:
    with Progress("working", "steps", delay=0) as progress:

        def work(hands: Iterator[list[int]]) -> int:
            for items in hands:
                progress.tick(sum(items))
            return os.getpid()

        workers = {pid % SLOTS for pid in processes.deal(work, list(range(1000)))}
        capfd.readouterr()
        progress._next = 0
        progress.tick(0)
        assert "working: 499,500 steps" in capfd.readouterr().err
    assert len(workers) == 4


def test_a_walk_with_watched_mounts_finds_the_same_and_counts_directories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a/__pycache__", "b/c/__pycache__"):
        (tmp_path / name).mkdir(parents=True)
    root = str(tmp_path)
    plain = walk(root, Mounts(root))
    with Progress("walking", "directories", delay=0) as progress:
        watched = walk(root, progress.watched(root))
        progress._next = 0
        progress.tick(0)
    assert [cache.path for cache in watched.found] == [cache.path for cache in plain.found]
    assert "walking: 5 directories" in capsys.readouterr().err


def test_what_is_spared_stays_spared_when_it_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("removing", "files", delay=0) as progress:
        assert progress.telling(lambda path: path == "a")("a") is True
        assert progress.telling(lambda path: path == "a")("b") is False
        assert progress.telling(None)("a") is False
        progress._next = 0
        progress.tick(0)
    assert "removing: 3 files" in capsys.readouterr().err


def test_tqdm_is_imported_only_when_there_is_something_to_show() -> None:
    program = (
        "import sys; from pycache_hooks.progress import Progress; progress = Progress('x', 'y');"
        "progress.tick(); progress.finish(); sys.exit('tqdm' in sys.modules)"
    )
    variables = environment() | {"PYTHONPATH": str(SOURCES)}
    assert subprocess.run([sys.executable, "-c", program], env=variables, check=False).returncode == 0


ROWS = [("pip", 1024, "1 file"), ("mypy daemon", 3 * 1024**2, "1,204 files"), ("uv", 0, "2 files"), ("nox", 0, "")]


def test_bars_are_sorted_by_size_and_aligned() -> None:
    assert bars.lines(ROWS, 80, "utf-8") == [
        f"  mypy daemon 3.0 MiB {'█' * 40} 1,204 files",
        f"  pip         1.0 KiB █{' ' * 39} 1 file",
        "  nox             0 B",
        f"  uv              0 B {' ' * 40} 2 files",
    ]


def test_bars_fit_into_a_narrow_terminal() -> None:
    lines = bars.lines(ROWS, 50, "utf-8")
    assert max(map(len, lines)) < 50
    assert lines[0].count("█") > 10


def test_a_terminal_too_narrow_for_bars_gets_the_shortest() -> None:
    assert [line.count("█") for line in bars.lines(ROWS, 10, "utf-8")] == [1, 1, 0, 0]


def test_bars_are_ascii_where_the_encoding_has_no_blocks() -> None:
    assert bars.lines(ROWS[:1], 80, "ascii") == [f"  pip 1.0 KiB {'#' * 40} 1 file"]
