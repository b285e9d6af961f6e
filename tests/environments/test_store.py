"""What lies in stores of environments, and what of it may go."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import PROVIDE, command, run_program, with_sources

from pycache_hooks.console import Failure
from pycache_hooks.environments import locks, store, trees
from support import UNPRIVILEGED

pytest_plugins = ["environment_fixtures"]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS, APP_RUNNER = store.STORES
LONG_AGO, SINCE = 1_000_000_000.0, 1_500_000_000.0
HERE = store.host_mark()
THERE = "0" * store.HOST
ONE, OTHER = HERE + "a" * 24, THERE + "b" * 24
USE = "c" * store.UNIQUE
SHORT = "d" * 16


def make(path: Path, *, marker: bool = True, used: float = LONG_AGO) -> Path:
    """Something like an environment at *path*, last *used* at that time."""
    (path / "bin").mkdir(parents=True)
    for name in ("bin/python", "pyvenv.cfg", *([store.MARKER] if marker else [])):
        (path / name).write_bytes(b"12345")
        os.utime(path / name, (used, used))
    os.utime(path, (used, used))
    return path


def touch(path: Path, used: float = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (used, used))
    return path


def listed(which: store.Store) -> dict[str, str]:
    """The entries of a store: the last part of their path, and their kind."""
    return {os.path.basename(entry.path): entry.kind for entry in store.entries(which)}


def only(which: store.Store) -> store.Entry:
    (entry,) = store.entries(which)
    return entry


@pytest.fixture
def ours(user_cache: Path) -> Path:
    return user_cache / "pycache-hooks"


@pytest.fixture
def theirs(user_cache: Path) -> Path:
    return user_cache / "bfabric_app_runner"


def test_each_program_keeps_its_environments_in_the_cache_directory(
    user_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [row.root() for row in store.STORES] == [f"{user_cache}/pycache-hooks", f"{user_cache}/bfabric_app_runner"]

    monkeypatch.delenv("XDG_CACHE_HOME")

    assert OURS.root() == platformdirs.user_cache_dir("pycache-hooks", appauthor=False)
    assert APP_RUNNER.root() == os.path.expanduser("~/.cache/bfabric_app_runner")


def test_a_store_that_is_not_there_is_empty(user_cache: Path) -> None:
    assert [store.entries(row) for row in store.STORES] == [[], []]
    (user_cache / "pycache-hooks").touch()
    assert store.entries(OURS) == []


def test_what_lies_in_our_store(ours: Path) -> None:
    make(ours / "envs" / ONE)
    touch(ours / "envs" / f"{ONE}.lock")
    make(ours / "envs" / OTHER, marker=False)
    touch(ours / "envs" / f"{OTHER[:-1]}0.lock")
    touch(ours / "envs" / f"{ONE}.{USE}.lock")
    make(ours / f"ephemeral/env_{ONE[:24]}")
    touch(ours / f"ephemeral/env_{OTHER[:24]}.lock")

    assert listed(OURS) == {
        ONE: store.ENVIRONMENT,
        OTHER: store.HALF_PROVISIONED,
        f"{OTHER[:-1]}0.lock": store.LOCK,
        f"{ONE}.{USE}.lock": store.LOCK,
        f"env_{ONE[:24]}": store.EPHEMERAL,
        f"env_{OTHER[:24]}.lock": store.LOCK,
    }
    assert listed(APP_RUNNER) == {}
    assert repr(only_of(ours)) == f"<Entry environment {ours}/envs/{ONE}>"


def only_of(ours: Path) -> store.Entry:
    return next(entry for entry in store.entries(OURS) if entry.path == str(ours / "envs" / ONE))


def test_what_lies_in_the_store_of_the_app_runner(theirs: Path) -> None:
    make(theirs / "envs" / SHORT)
    touch(theirs / "envs" / f"{SHORT}.lock")
    make(theirs / "envs" / SHORT[::-1].replace("d", "e"), marker=False)
    touch(theirs / "envs" / "0123456789abcdef.lock")
    touch(theirs / "envs" / f"{SHORT}.{USE}.lock")
    make(theirs / "ephemeral/env_a_b0x9zz")

    assert listed(APP_RUNNER) == {
        SHORT: store.ENVIRONMENT,
        "e" * 16: store.HALF_PROVISIONED,
        "0123456789abcdef.lock": store.LOCK,
        "env_a_b0x9zz": store.EPHEMERAL,
    }
    assert repr(APP_RUNNER) == "<Store bfabric-app-runner>"


ORACLES = {
    OURS: (r"[0-9a-f]{32}|[0-9a-f]{32}(\.[0-9a-f]{16})?\.lock", r"env_[0-9a-f]{24}(\.lock)?"),
    APP_RUNNER: (r"[0-9a-f]{16}(\.lock)?", r"env_[a-z0-9_]{8}(\.lock)?"),
}
PIECES = st.sampled_from(
    [
        "a" * 8,
        "a" * 16,
        "0" * 24,
        "f" * 32,
        "g" * 16,
        "A" * 32,
        "env_",
        "ENV_",
        ".lock",
        ".",
        "\n",
        "ü",
        "_",
        "-",
        ".LOCK",
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=4).map("".join), st.booleans())
def test_nothing_is_listed_that_is_not_of_the_layout(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    directory: bool,  # noqa: FBT001 - drawn
) -> None:
    root = tmp_path_factory.getbasetemp() / "store"
    for row, patterns in ORACLES.items():
        like = store.Store(
            row.name, lambda: str(root), digits=row.digits, random=row.random, alphabet=row.alphabet, ours=row.ours
        )
        for folder, pattern in zip(("envs", "ephemeral"), patterns, strict=True):
            shutil.rmtree(root, ignore_errors=True)
            (root / folder).mkdir(parents=True)
            if name not in (".", ".."):
                (root / folder / name).mkdir() if directory else (root / folder / name).touch()
            fits = re.fullmatch(pattern, name) is not None and directory is not name.endswith(".lock")
            assert [os.path.basename(entry.path) for entry in store.entries(like)] == [name] * fits


def test_nothing_behind_a_link_is_listed(ours: Path, tmp_path: Path) -> None:
    make(tmp_path / "elsewhere" / ONE)
    touch(tmp_path / "elsewhere" / f"{OTHER}.lock")
    (ours / "ephemeral").mkdir(parents=True)
    (ours / "envs").symlink_to(tmp_path / "elsewhere")
    assert listed(OURS) == {}

    (ours / "envs").unlink()
    (ours / "envs").mkdir()
    (ours / "envs" / ONE).symlink_to(tmp_path / "elsewhere" / ONE)
    (ours / "envs" / f"{OTHER}.lock").symlink_to(tmp_path / "elsewhere" / f"{OTHER}.lock")
    assert listed(OURS) == {}


@pytest.mark.parametrize("vanishes", [ONE, f"{OTHER}.lock"])
def test_what_vanishes_while_it_is_listed_is_left_out(
    ours: Path, monkeypatch: pytest.MonkeyPatch, vanishes: str
) -> None:
    make(ours / "envs" / ONE)
    touch(ours / "envs" / f"{OTHER}.lock")
    lstat = os.lstat

    def late(path: str) -> os.stat_result:
        if os.path.basename(path) == vanishes:
            trees.remove(path) if os.path.isdir(path) else os.unlink(path)
        return lstat(path)

    monkeypatch.setattr(os, "lstat", late)

    assert set(listed(OURS)) == {ONE, f"{OTHER}.lock"} - {vanishes}


def test_our_environment_was_last_used_when_its_marker_says(ours: Path) -> None:
    place = make(ours / "envs" / ONE)
    assert only(OURS).last_use == LONG_AGO
    os.utime(place / store.MARKER, (SINCE, SINCE))
    assert only(OURS).last_use == SINCE


@pytest.mark.parametrize("trace", ["", store.MARKER, "pyvenv.cfg"])
def test_one_of_the_app_runner_was_last_used_when_anything_says_so(theirs: Path, trace: str) -> None:
    place = make(theirs / "envs" / SHORT)
    os.utime(place / trace, (SINCE, SINCE if trace != "pyvenv.cfg" else LONG_AGO))

    assert only(APP_RUNNER).last_use == SINCE


def test_half_of_one_of_the_app_runner_was_used_when_it_was_made(theirs: Path) -> None:
    (theirs / "envs" / SHORT).mkdir(parents=True)
    os.utime(theirs / "envs" / SHORT, (LONG_AGO, LONG_AGO))

    assert only(APP_RUNNER).last_use == LONG_AGO


def test_environments_may_go_by_age_and_the_leavings_of_dead_processes_at_once(ours: Path, theirs: Path) -> None:
    make(ours / "envs" / ONE, used=SINCE)
    make(ours / "envs" / (HERE + "e" * 24), marker=False, used=SINCE)
    make(ours / f"ephemeral/env_{ONE[:24]}", used=SINCE)
    touch(ours / f"envs/{ONE}.{USE}.lock", used=SINCE)
    by_name = {os.path.basename(entry.path): entry for entry in store.entries(OURS)}

    assert {name for name, entry in by_name.items() if not entry.due(SINCE)} == {ONE}
    assert all(entry.due(SINCE + 1) for entry in by_name.values())

    make(ours / "envs" / OTHER, marker=False, used=SINCE)
    make(ours / f"ephemeral/env_{OTHER[:24]}", used=SINCE)
    make(theirs / "envs" / SHORT, marker=False, used=SINCE)
    make(theirs / "ephemeral/env_abcdefgh", used=SINCE)
    others = [
        entry for row in store.STORES for entry in store.entries(row) if os.path.basename(entry.path) not in by_name
    ]
    assert len(others) == 4
    assert not any(entry.due(SINCE) for entry in others)  # of another host, or of a program that holds no lock
    assert all(entry.due(SINCE + 1) for entry in others)


def test_what_is_removed_is_gone_with_its_locks_and_nothing_else(ours: Path) -> None:
    make(ours / "envs" / ONE)
    make(ours / "envs" / OTHER)
    for name in (ONE, f"{ONE}.{USE}", OTHER):
        touch(ours / "envs" / f"{name}.lock")
    entry = only_of(ours)
    assert entry.size == 15

    assert store.remove(entry)

    assert sorted(os.listdir(ours / "envs")) == sorted([OTHER, f"{OTHER}.lock"])
    assert not store.remove(entry)
    assert sorted(os.listdir(ours / "envs")) == sorted([OTHER, f"{OTHER}.lock"])


def test_every_kind_is_removed(ours: Path, theirs: Path) -> None:
    make(ours / "envs" / ONE, marker=False)
    touch(ours / "envs" / f"{OTHER}.lock")
    touch(ours / "envs" / f"{OTHER}.{USE}.lock")
    make(ours / f"ephemeral/env_{ONE[:24]}")
    touch(ours / f"ephemeral/env_{ONE[:24]}.lock")
    make(theirs / "envs" / SHORT)
    touch(theirs / "envs" / "0123456789abcdef.lock")
    make(theirs / "ephemeral/env_abcdefgh")
    entries = [entry for row in store.STORES for entry in store.entries(row)]

    assert not any(entry.in_use() for entry in entries)
    assert all(store.remove(entry) for entry in entries)

    for root in (ours, theirs):
        assert os.listdir(root / "ephemeral") == []
    assert os.listdir(ours / "envs") == []
    # Of the lock of another program's environment only what was there before, for whoever waits for it.
    assert os.listdir(theirs / "envs") == [f"{SHORT}.lock"]


@pytest.mark.parametrize("how", ["being made", "used by a run"])
def test_what_somebody_holds_a_lock_of_is_in_use_and_stays(ours: Path, how: str) -> None:
    make(ours / "envs" / ONE)
    entry = only_of(ours)
    held = locks.wait_for(f"{entry.path}.lock" if how == "being made" else f"{entry.path}.{USE}.lock")

    assert entry.in_use()
    assert not store.remove(entry)
    assert listed(OURS) == {ONE: store.ENVIRONMENT}

    held.release(remove=True)
    assert not entry.in_use()
    assert store.remove(entry)


def test_one_that_the_app_runner_is_making_stays(theirs: Path) -> None:
    make(theirs / "envs" / SHORT, marker=False)
    entry = only(APP_RUNNER)
    with (theirs / "envs" / f"{SHORT}.lock").open("a") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)  # as that program does

        assert entry.in_use()
        assert not store.remove(entry)

    assert store.remove(entry)


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="no list of processes")
@pytest.mark.parametrize("how", ["its command line", "its PATH", "its PATH, by another name"])
def test_what_a_process_was_started_from_is_in_use(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    make(theirs / "envs" / SHORT)
    (tmp_path / "link").symlink_to(theirs.parent)
    place = theirs / "envs" / SHORT
    env = {"PATH": f"{place}/bin:{os.environ['PATH']}"} if "PATH" in how else dict(os.environ)
    named = [] if "PATH" in how else [f"{place}/bin/program"]
    if "another" in how:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "link"))
    entry = only(APP_RUNNER)
    program = [sys.executable, "-c", "print(flush=True); input()", *named]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout
        assert process.stdout.readline() == b"\n"
        assert entry.in_use()
        assert not store.remove(entry)
        process.communicate(b"\n")

    assert not entry.in_use()


@pytest.mark.parametrize("change", ["used", "made whole", "gone", "the whole store is gone"])
def test_what_is_not_any_more_as_it_was_listed_stays(ours: Path, change: str) -> None:
    place = make(ours / "envs" / ONE, marker=change == "used")
    entry = only(OURS)
    if change == "used":
        os.utime(place / store.MARKER, (SINCE, SINCE))
    elif change == "made whole":
        touch(place / store.MARKER)
    else:
        shutil.rmtree(place if change == "gone" else ours)

    assert not store.remove(entry)

    assert place.exists() is (change in ("used", "made whole"))
    assert change != "gone" or os.listdir(ours / "envs") == []


def test_of_what_vanished_since_it_was_listed_nobody_is_the_user(ours: Path) -> None:
    make(ours / "envs" / ONE)
    entry = only(OURS)
    shutil.rmtree(ours)

    assert not entry.in_use()
    assert entry.size == 0


def test_the_lock_of_an_environment_that_appeared_meanwhile_stays(ours: Path) -> None:
    touch(ours / "envs" / f"{ONE}.lock")
    entry = only(OURS)
    make(ours / "envs" / ONE)

    assert not store.remove(entry)

    assert sorted(os.listdir(ours / "envs")) == [ONE, f"{ONE}.lock"]


def test_a_store_that_is_closed_is_not_taken_for_empty(ours: Path) -> None:
    make(ours / "envs" / ONE)
    os.chmod(ours / "envs", 0)
    program = "from pycache_hooks.environments import store; store.entries(store.OURS)"

    done = run_program(program, prefix=UNPRIVILEGED)

    assert done.status == 2
    assert f"Permission denied: '{ours}/envs'" in os.fsdecode(done.stderr)


def test_what_cannot_be_removed_whole_is_named_and_not_taken_for_whole_again(ours: Path) -> None:
    place = make(ours / "envs" / ONE)
    os.chmod(place / "bin", 0o500)
    program = "from pycache_hooks.environments import store; store.remove(store.entries(store.OURS)[0])"

    done = run_program(program, prefix=UNPRIVILEGED)

    assert done.status == 2
    assert f"Permission denied: '{place}/bin/python'" in os.fsdecode(done.stderr)
    assert listed(OURS) == {ONE: store.HALF_PROVISIONED}


def test_our_directories_are_made_for_us_alone(ours: Path) -> None:
    os.umask(os.umask(0o022))
    shutil.rmtree(ours.parent)

    assert store.folder("envs") == str(ours / "envs")
    assert store.folder("envs") == str(ours / "envs")

    assert [os.stat(path).st_mode & 0o777 for path in (ours, ours / "envs")] == [0o700, 0o700]


def test_a_cache_directory_that_cannot_stand_in_path_is_refused(
    user_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", f"{user_cache}{os.pathsep}b")

    with pytest.raises(Failure, match=r"would end an entry of PATH: set XDG_CACHE_HOME to another directory"):
        store.folder("envs")
    assert os.listdir(user_cache.parent) == ["cache"]


@pytest.mark.parametrize("which", ["", "envs"])
def test_a_directory_that_others_can_write_is_refused(ours: Path, which: str) -> None:
    store.folder("envs")
    os.chmod(ours / which, 0o775)

    with pytest.raises(Failure, match=r"can be written by others.*chmod go-w.*XDG_CACHE_HOME"):
        store.folder("envs")


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes rights")
def test_a_directory_that_belongs_to_somebody_else_is_refused(ours: Path) -> None:
    store.folder("envs")
    os.chown(ours, 12345, -1)

    with pytest.raises(Failure, match=r"belongs to somebody else \(user 12345\).*XDG_CACHE_HOME"):
        store.folder("envs")


def test_a_relative_cache_directory_is_not_taken_for_one(user_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_cache.is_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert os.path.isabs(OURS.root())

    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: "relative/pycache-hooks")  # as older ones
    with pytest.raises(Failure, match="set XDG_CACHE_HOME to an absolute one"):
        OURS.root()


def test_without_platformdirs_it_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)

    with pytest.raises(Failure, match=r"^platformdirs is missing"):
        OURS.root()


@pytest.fixture
def running(user_cache: Path, pylock: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run that uses an environment until it is killed."""
    assert user_cache.is_dir()
    program = PROVIDE.replace("print(place)", "print(place, flush=True); signal.pause()")
    with subprocess.Popen(command(program, pylock), env=with_sources(), stdout=subprocess.PIPE) as process:
        yield process


def test_an_environment_that_a_run_uses_stays_until_that_is_killed(running: subprocess.Popen[bytes]) -> None:
    assert running.stdout
    place = os.fsdecode(running.stdout.readline()).strip()
    entry = only(OURS)
    assert (entry.path, entry.kind, entry.in_use()) == (place, store.ENVIRONMENT, True)
    assert not store.remove(entry)

    running.send_signal(signal.SIGKILL)
    running.wait()

    assert {each.kind for each in store.entries(OURS)} == {store.ENVIRONMENT, store.LOCK}
    assert [store.remove(each) for each in store.entries(OURS)] == [True, True]
    assert store.entries(OURS) == []
