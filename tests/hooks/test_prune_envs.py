"""prune-pycache --envs: which environments go, and which stay."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.environments import locks, store
from pycache_hooks.hooks.prune_pycache import main
from support import Result, environment, run_hook

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
USE = "c" * store.UNIQUE
NOTHING = store.host_mark() + "d" * (store.NAME - store.HOST)


class Kept:
    """A cache directory with environments of both programs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = environment() | {"XDG_CACHE_HOME": str(path / "cache"), "HOME": str(path)}
        self.ours = path / "cache/pycache-hooks"
        self.theirs = path / "cache/bfabric_app_runner"

    def environment(self, folder: Path, days: float, *, whole: bool = True, size: int = 1000) -> Path:
        """Make what a program has provisioned, and used so many *days* ago."""
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/python").write_bytes(bytes(size))
        (folder / "pyvenv.cfg").touch()
        if whole:
            (folder / ".provisioned").touch()
        used = time.time() - days * DAY
        for path in (*folder.iterdir(), folder):
            os.utime(path, (used, used))
        return folder

    def our_name(self, digit: str) -> str:
        return store.host_mark() + digit * (store.NAME - store.HOST)

    def prune(self, *arguments: str, unprivileged: bool = False) -> Result:
        return run_hook("prune-pycache", *arguments, cwd=self.path, env=self.env, unprivileged=unprivileged)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_what_nobody_used_for_long_goes_and_the_rest_stays(kept: Kept) -> None:
    old = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=31)
    recent = kept.environment(kept.ours / "envs" / kept.our_name("b"), days=29)
    theirs = kept.environment(kept.theirs / "envs" / ("c" * 16), days=31)
    unknown = kept.environment(kept.ours / "envs/mine", days=400)
    done = kept.prune("--envs")
    assert done.status == 0, done
    assert done.lines == [
        "removed 2 entries, 2.0 KiB (bfabric-app-runner 1 entry, 1000 B; pycache-hooks 1 entry, 1000 B)"
    ]
    assert [path.exists() for path in (old, recent, theirs, unknown)] == [False, True, False, True]
    assert kept.prune("--envs").text == "nothing to remove\n"


def test_older_than_says_what_long_is(kept: Kept) -> None:
    path = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=3)
    assert kept.prune("--envs", "--older-than", "4").text == "nothing to remove\n"
    assert "removed 1 entry" in kept.prune("--envs", "--older-than", "2").text
    assert not path.exists()


def test_what_a_dead_process_left_goes_at_once(kept: Kept) -> None:
    half = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=0, whole=False)
    ephemeral = kept.environment(kept.ours / "ephemeral" / f"env_{store.host_mark()}{'0' * store.UNIQUE}", days=0)
    lock = kept.ours / "envs" / f"{kept.our_name('b')}.lock"
    lock.touch()
    done = kept.prune("--envs")
    assert "removed 3 entries" in done.text, done
    assert not any(path.exists() for path in (half, ephemeral, lock))


@pytest.mark.parametrize("mode", [[], ["--dry-run"], ["--check"]], ids=str)
def test_what_is_in_use_stays(kept: Kept, mode: list[str]) -> None:
    path = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100)
    held = locks.try_for(f"{path}.lock")
    assert held
    done = kept.prune("--envs", *mode)
    assert done.status == 0, done
    assert done.lines == [f"kept {path}: it is in use, or was changed meanwhile", "nothing to remove"]
    assert (path / "bin/python").exists()
    held.release()
    assert kept.prune("--envs").status == 0
    assert not path.exists()


def test_what_would_go_is_listed(kept: Kept) -> None:
    path = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100, size=2048)
    done = kept.prune("--envs", "--dry-run")
    assert (done.status, done.lines) == (
        0,
        [
            f"would remove {path} (environment, 2.0 KiB)",
            "would remove 1 entry, 2.0 KiB (pycache-hooks 1 entry, 2.0 KiB)",
        ],
    )
    done = kept.prune("--envs", "--check", "--older-than", "50")
    assert done.status == 1
    assert f"{path}: PYC402 environment, 2.0 KiB" in done.lines
    assert "    fix: prune-pycache --envs --older-than 50" in done.lines
    assert path.exists()


@pytest.mark.parametrize(("mode", "owner"), [(0o500, "; it belongs to "), (0o400, " (1 path in it)")])
def test_what_cannot_be_removed_is_named_with_what_helps(kept: Kept, mode: int, owner: str) -> None:
    path = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100)
    other = kept.environment(kept.ours / "envs" / kept.our_name("b"), days=100)
    (path / "bin").chmod(mode)
    done = kept.prune("--envs", unprivileged=True)
    (path / "bin").chmod(0o700)
    assert done.status == 1, done
    assert f"{path}: PYC401 cannot be removed: Permission denied{owner}" in done.text, done
    assert done.fix.startswith(f"sudo rm -rf -- {path}\n"), done
    assert f"-v {kept.ours}:/work -w /work --user root busybox rm -rf -- envs/{path.name}" in done.fix
    assert (path / "bin/python").exists()
    assert not other.exists()


CLOSED: dict[str, tuple[str, int, str, str]] = {
    # what is wrong: the path below our store ({}: an environment), its mode, what is said of it, and the repair
    "an environment": ("envs/{}", 0o400, "looked into: Permission denied; it belongs to", "chmod -R u+rwX"),
    "what an environment is, and how old": ("envs/{}", 0o000, "looked into: Permission denied", "chmod -R u+rwX"),
    "the names in a folder": ("envs", 0o000, "looked into: Permission denied", "chmod -R u+rwX"),
    "all in a folder but the names": ("envs", 0o400, "looked into: Permission denied", "chmod -R u+rwX"),
    "a folder that is read-only": ("envs", 0o500, "removed: Permission denied", "rm -rf"),
    "the store": (".", 0o000, "looked into: Permission denied", "chmod -R u+rwX"),
    "its lock": ("envs/{}.lock", 0o000, "removed: Permission denied; it belongs to", "rm -rf"),
    "the lock of a run": (f"envs/{{}}.{USE}.lock", 0o000, "removed: Permission denied", "rm -rf"),
    "the lock of a run that had another": (f"envs/{NOTHING}.{USE}.lock", 0o000, "removed: Permission denied", "rm -rf"),
    "a lock of nothing": (f"envs/{NOTHING}.lock", 0o000, "removed: Permission denied", "rm -rf"),
    "a lock that is a directory": ("envs/{}.lock", 0o700, "removed: Is a directory", "rm -rf"),
    "a lock that is a link": ("envs/{}.lock", -1, "removed: Too many levels of symbolic links", "rm -rf"),
}


@pytest.mark.parametrize("what", CLOSED)
def test_what_is_closed_is_named_with_what_opens_it_and_the_rest_goes(kept: Kept, what: str) -> None:
    where, mode, said, repair = CLOSED[what]
    bad = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100)
    theirs = kept.environment(kept.theirs / "envs" / ("c" * 16), days=100)
    path = kept.ours / where.format(bad.name)
    if mode == -1:
        path.symlink_to(bad)
    elif "is a directory" in what:
        path.mkdir()
    elif path.suffix:
        path.touch()
    if mode >= 0:
        path.chmod(mode)

    listed = kept.prune("--envs", "--check", unprivileged=True)
    done = kept.prune("--envs", unprivileged=True)

    named = bad if mode == 0o500 else path
    assert (done.status, done.stderr, theirs.exists()) == (1, b"", False), done
    assert f"{os.path.normpath(named)}: PYC401 cannot be {said}" in done.text, done
    assert listed.status == 1
    command = done.fix.splitlines()[0].removeprefix("sudo ")
    assert command.startswith(f"{repair} -- ")
    if mode == 0o500:
        path.chmod(0o700)  # which root does not need
    subprocess.run(["sh", "-c", command], check=True)
    again = kept.prune("--envs", unprivileged=True)
    assert again.status == 0, again
    assert not bad.exists()


def test_of_a_closed_directory_above_the_stores_only_the_name_is_told(kept: Kept) -> None:
    kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100)
    (kept.path / "cache").chmod(0)
    done = kept.prune("--envs", unprivileged=True)
    (kept.path / "cache").chmod(0o700)
    assert (done.status, done.lines) == (
        1,
        ["nothing to remove", f"{kept.path}/cache: PYC401 cannot be looked into: Permission denied"],
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes rights")
def test_what_belongs_to_somebody_else_is_named_with_the_owner(kept: Kept) -> None:
    foreign = kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100)
    closed = kept.environment(kept.ours / "envs" / kept.our_name("b"), days=100)
    subprocess.run(["chown", "-R", "12345", foreign, closed], check=True)
    closed.chmod(0o700)
    done = kept.prune("--envs", unprivileged=True)
    assert done.status == 1, done
    assert f"{foreign}: PYC401 cannot be removed: Permission denied; it belongs to user 12345" in done.text
    assert f"{closed}: PYC401 cannot be looked into: Permission denied; it belongs to user 12345" in done.text
    assert f"sudo chown -hR {os.getuid()} -- {closed}" in done.text


def test_without_a_store_there_is_nothing_to_remove(kept: Kept) -> None:
    assert kept.prune("--envs", "--check").text == "nothing to remove\n"
    assert not (kept.path / "cache").exists()


def test_together_with_downloads_each_is_summed_up(kept: Kept) -> None:
    kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100)
    kept.env["PATH"] = str(kept.path)
    done = kept.prune("--envs", "--downloads")
    assert done.lines == [
        "removed 1 entry, 1000 B (pycache-hooks 1 entry, 1000 B)",
        "none of pip, uv, poetry is on PATH",
        "freed nothing",
    ]


def test_in_this_process(kept: Kept, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    kept.environment(kept.ours / "envs" / kept.our_name("a"), days=100)
    monkeypatch.setenv("XDG_CACHE_HOME", kept.env["XDG_CACHE_HOME"])
    assert main(["--envs"]) == 0
    assert "removed 1 entry" in capfd.readouterr().out
