"""Locks between processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import filelock
import pytest

from pycache_hooks.console import Failure
from pycache_hooks.environments import locks
from support import SOURCES, environment

if TYPE_CHECKING:
    from pathlib import Path


def test_a_lock_is_held_by_one_until_it_is_released(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")

    held = locks.try_for(path)

    assert held
    assert locks.is_held(path)
    assert locks.try_for(path) is None
    held.release()
    assert not locks.is_held(path)
    assert os.path.exists(path)


def test_to_look_at_a_lock_makes_no_file(tmp_path: Path) -> None:
    assert not locks.is_held(str(tmp_path / "lock"))
    assert os.listdir(tmp_path) == []


def test_other_programs_see_the_lock_and_we_see_theirs(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    held = locks.wait_for(path)
    with pytest.raises(filelock.Timeout):
        filelock.FileLock(path).acquire(timeout=0)
    held.release()

    with filelock.FileLock(path):
        assert locks.is_held(path)


def test_a_lock_whose_holder_was_killed_is_free(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    program = "import sys, signal; from pycache_hooks.environments import locks; held = locks.wait_for(sys.argv[1])\n"
    with subprocess.Popen(
        [sys.executable, "-c", program + "print('held', flush=True); signal.pause()", path],
        env=environment(PYTHONPATH=str(SOURCES)),
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert locks.is_held(path)
        holder.send_signal(signal.SIGKILL)

    assert not locks.is_held(path)


def test_who_waits_for_a_lock_whose_file_is_removed_takes_the_new_one(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    first = locks.wait_for(path)
    taken: list[locks.Held] = []
    waiting = threading.Thread(target=lambda: taken.append(locks.wait_for(path)))
    waiting.start()

    first.release(remove=True)
    waiting.join()

    assert locks.is_held(path)
    taken[0].release(remove=True)
    assert os.listdir(tmp_path) == []


def test_a_lock_of_a_removed_file_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    lock = filelock.lock_descriptor

    def slow(descriptor: int, **options: float) -> bool:
        path.unlink()  # meanwhile, by its holder
        return lock(descriptor, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(filelock, "lock_descriptor", slow)

    assert locks.try_for(str(path)) is None


def test_removing_a_lock_file_that_is_gone_is_no_error(tmp_path: Path) -> None:
    held = locks.wait_for(str(tmp_path / "lock"))
    (tmp_path / "lock").unlink()

    held.release(remove=True)


def test_a_link_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "lock").symlink_to("file")

    with pytest.raises(OSError, match="symbolic links"):
        locks.try_for(str(tmp_path / "lock"))


def test_what_cannot_be_locked_costs_no_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(descriptor: int, **_: float) -> bool:
        os.fstat(descriptor)
        raise OSError(37, "No locks available")

    monkeypatch.setattr(filelock, "lock_descriptor", refused)
    before = os.listdir("/dev/fd")

    with pytest.raises(OSError, match="No locks"):
        locks.wait_for(str(tmp_path / "lock"))

    assert os.listdir("/dev/fd") == before


@pytest.mark.parametrize("lacks", ["the module", "the function"])
def test_without_a_usable_filelock_it_says_what_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    if lacks == "the module":
        monkeypatch.setitem(sys.modules, "filelock", None)
    else:
        monkeypatch.delattr(filelock, "lock_descriptor")

    with pytest.raises(Failure, match=r"additional_dependencies: \[uv, filelock, platformdirs\].*pycache-hooks\[env\]"):
        locks.wait_for(str(tmp_path / "lock"))
