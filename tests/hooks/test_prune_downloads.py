"""prune-pycache --downloads: what it asks the tools, and what it says, in a pipe and on a terminal."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.hooks.prune_pycache import main
from support import SOURCES, Repository, Result, environment, hook_command, run, run_hook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIP = """
case "$2" in
    dir) echo "$PIP_CACHE_DIR";;
    purge) : > "$PIP_CACHE_DIR/http/page";;
esac
"""
UV = PIP.replace("PIP", "UV").replace("purge", "prune")
POETRY = """
case "$1 $2" in
    "config cache-dir") echo "$POETRY_CACHE_DIR";;
    "cache list") cd "$POETRY_CACHE_DIR/cache/repositories" && for name in *; do echo "$name"; done;;
    *) for last; do :; done; : > "$POETRY_CACHE_DIR/cache/repositories/$last/page";;
esac
"""


class Machine:
    """A machine where some stubs of tools are installed, each with a cache."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = environment() | {
            "HOME": str(path / "home"),
            "PATH": str(path / "stubs"),
            "PYTHONPATH": str(SOURCES),
            "TERM": "xterm",
            "PIP_CACHE_DIR": str(path / "caches/pip"),
            "UV_CACHE_DIR": str(path / "caches/uv"),
            "POETRY_CACHE_DIR": str(path / "caches/poetry"),
        }
        for folder in ("home", "stubs", "work"):
            (path / folder).mkdir()

    def install(self, name: str, script: str) -> None:
        """Install a stub that notes each call."""
        program = self.path / "stubs" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.path}/calls\n{script}')
        program.chmod(0o755)

    def fill(self, name: str, size: int) -> None:
        page = self.path / "caches" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(bytes(size))

    def calls(self) -> list[str]:
        path = self.path / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def prune(self, *arguments: str) -> Result:
        return run_hook("prune-pycache", *arguments, cwd=self.path / "work", env=self.env)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """pip and uv with something to prune."""
    made = Machine(tmp_path)
    made.install("pip", PIP)
    made.install("uv", UV)
    made.fill("pip/http/page", 2048)
    made.fill("uv/http/page", 3 * 1024**2)
    made.fill("uv/archive/kept", 1024**2)
    made.fill("uv/CACHEDIR.TAG", 0)
    return made


def in_terminal(command: list[str], cwd: Path, env: dict[str, str], when: Callable[[bytes], object]) -> tuple[int, str]:
    """Run *command* on a terminal; *when* gets everything that was shown so far. Its status, and what was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 1 << 16)
        except OSError:  # so a terminal ends on Linux
            break
        if not read:
            break
        shown += read
        when(shown)
    os.close(ours)
    return process.wait(), os.fsdecode(shown).replace("\r\n", "\n")


def no_matter(_: bytes) -> None:
    """Whatever is shown, go on."""


# In a pipe


def test_each_tool_prunes_its_own_cache_and_what_it_freed_is_measured(machine: Machine) -> None:
    done = machine.prune("--downloads")
    assert done.status == 0, done
    assert done.lines == [
        f"pip: freed 2.0 KiB of 2.0 KiB in {machine.path}/caches/pip",
        f"uv: freed 3.0 MiB of 4.0 MiB in {machine.path}/caches/uv",
        "freed 3.0 MiB (uv 3.0 MiB; pip 2.0 KiB)",
    ]
    assert machine.calls() == ["pip cache dir", "pip cache purge", "uv cache dir", "uv cache prune"]
    assert machine.prune("--downloads").lines[-1] == "freed nothing"


def test_dry_run_shows_sizes_and_runs_nothing_that_prunes(machine: Machine) -> None:
    done = machine.prune("--downloads", "--dry-run")
    assert done.status == 0, done
    assert done.lines == [
        f"would run pip cache purge (2.0 KiB in {machine.path}/caches/pip)",
        f"would run uv cache prune (4.0 MiB in {machine.path}/caches/uv)",
        "caches of downloads hold 4.0 MiB (uv 4.0 MiB; pip 2.0 KiB)",
    ]
    assert machine.calls() == ["pip cache dir", "uv cache dir"]


def test_each_cache_of_poetry_is_named_and_what_poetry_leaves(machine: Machine) -> None:
    machine.install("poetry", POETRY)
    machine.fill("poetry/cache/repositories/PyPI/page", 1024)
    machine.fill("poetry/cache/repositories/my own/page", 1024)
    machine.fill("poetry/artifacts/a", 10)
    machine.fill("poetry/virtualenvs/x/pyvenv.cfg", 10)
    place, clear = f"{machine.path}/caches/poetry", "cache clear --all --no-interaction --no-ansi --"
    left = [
        f"poetry: no command of it removes the 10 B in {place}/artifacts",
        f"    fix: rm -rf -- {place}/artifacts",
    ]
    assert machine.prune("--downloads", "--dry-run").lines[2:5:2] == [
        f"would run poetry {clear} PyPI (2.0 KiB in {place})",
        left[0],
    ]
    done = machine.prune("--downloads")
    assert done.lines[2:5] == [f"poetry: freed 2.0 KiB of 2.0 KiB in {place}", *left]
    assert [call for call in machine.calls() if "clear" in call] == [f"poetry {clear} PyPI", f"poetry {clear} my own"]


def test_a_tool_that_fails_is_named_and_the_others_go_on(machine: Machine) -> None:
    machine.install("pip", PIP.replace(': > "$PIP_CACHE_DIR/http/page"', "echo no permission >&2; exit 2"))
    machine.install("poetry", "echo broken >&2; exit 7")
    done = machine.prune("--downloads")
    assert done.status == 1, done
    assert "freed 3.0 MiB (uv 3.0 MiB)" in done.lines
    stubs = machine.path / "stubs"
    assert f"{stubs}/pip: PYC401 pip cache purge: it ended with exit status 2: no permission" in done.lines
    assert "    fix: pip cache purge" in done.lines
    asked = "poetry config cache-dir --no-interaction --no-ansi"
    assert f"{stubs}/poetry: PYC401 {asked}: it ended with exit status 7: broken" in done.lines


def test_without_any_tool_it_says_so(tmp_path: Path) -> None:
    done = Machine(tmp_path).prune("--downloads")
    assert (done.status, done.lines) == (0, ["none of pip, uv, poetry is on PATH", "freed nothing"])


def test_tools_that_keep_no_cache_are_no_failure(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.install("pip", "echo 'ERROR: pip cache commands can not function since cache is disabled.' >&2; exit 1")
    machine.install("uv", UV)
    done = machine.prune("--downloads")
    assert done.status == 0, done
    assert done.lines == [
        "pip: its configuration allows no cache",
        f"uv: nothing to prune in {machine.path}/caches/uv",
        "freed nothing",
    ]


def test_the_work_tree_is_left_alone(machine: Machine) -> None:
    cache = machine.path / "work/__pycache__/m.cpython-311.pyc"
    cache.parent.mkdir()
    cache.write_text("x")
    assert machine.prune("--downloads").status == 0
    assert cache.exists()


# Options that do not go together


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--downloads", "--check"], "no tool says beforehand what it would remove"),
        (["--downloads", "."], "are for the work tree"),
        (["--envs", "--stale"], "are for the work tree"),
        (["--prefix", "--include", ".venv"], "are for the work tree"),
        (["--prefix", "--exclude", "x"], "are for the work tree"),
        (["--downloads", "--older-than", "3"], "do not look at the time"),
        (["--downloads", "--envs", "--older-than", "nan"], "a number of days"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together_is_our_own_failure(machine: Machine, arguments: list[str], reason: str) -> None:
    done = machine.prune(*arguments)
    assert done.status == 2, done
    assert reason in os.fsdecode(done.stderr)
    assert done.stderr.count(b"\n") == 1
    assert machine.calls() == []


@pytest.mark.parametrize("option", ["envs", "downloads", "prefix"])
@pytest.mark.parametrize("arguments", [[], ["--downloads", "--dry-run"]])
def test_a_repository_cannot_ask_for_it(
    machine: Machine, env: dict[str, str], option: str, arguments: list[str]
) -> None:
    repository = Repository.create(machine.path / "work", env)
    repository.write("pyproject.toml", f"[tool.pycache-hooks.prune-pycache]\n{option} = true\n")
    (machine.path / "stubs/git").symlink_to(shutil.which("git", path=env["PATH"]) or "git")
    done = machine.prune(*arguments)
    if [f"--{option}", "--dry-run"] == arguments:
        assert done.status == 0, done
    else:
        assert done.status == 2, done
        assert f"pyproject.toml: {option}: only the command line can ask for it" in os.fsdecode(done.stderr)
    assert not any("purge" in call for call in machine.calls())


def test_what_a_repository_says_of_its_work_tree_is_no_matter(machine: Machine, env: dict[str, str]) -> None:
    repository = Repository.create(machine.path / "work", env)
    repository.write("pyproject.toml", "[tool.pycache-hooks.prune-pycache]\nstale = true\nolder-than = 3\n")
    assert machine.prune("--downloads", "--dry-run").status == 0


# On a terminal


def test_what_takes_longer_than_a_second_shows_progress_and_bars_at_the_end(machine: Machine) -> None:
    os.mkfifo(machine.path / "go")
    machine.install("pip", f'[ "$2" = purge ] || read word <"{machine.path}/go"\n{PIP}')
    seen = threading.Event()

    def let_go_once_progress_is_seen(shown: bytes) -> None:
        if b"pip: measuring" in shown and not seen.is_set():
            seen.set()
            (machine.path / "go").write_text("go\n")

    status, shown = in_terminal(
        hook_command("prune-pycache", "--downloads"), machine.path / "work", machine.env, let_go_once_progress_is_seen
    )
    assert status == 0, shown
    assert "pip: measuring: 0 files [00:01]" in shown
    block = "█"
    assert "\rpip: freed 2.0 KiB" in shown
    assert shown.endswith(f"\nfreed 3.0 MiB\n  uv  3.0 MiB {block * 40}\n  pip 2.0 KiB {block}\n")


@pytest.mark.parametrize("more", [{"PRE_COMMIT": "1"}, {"TERM": "dumb"}], ids=["a hook", "a dumb terminal"])
def test_where_nobody_looks_on_there_are_neither_progress_nor_bars(machine: Machine, more: dict[str, str]) -> None:
    (machine.path / "stubs/sleep").symlink_to(shutil.which("sleep") or "")
    machine.install("pip", f"sleep 1.2\n{PIP}")
    command = hook_command("prune-pycache", "--downloads")
    status, shown = in_terminal(command, machine.path / "work", machine.env | more, no_matter)
    assert status == 0
    assert "measuring" not in shown
    assert shown.endswith("freed 3.0 MiB (uv 3.0 MiB; pip 2.0 KiB)\n")


def test_in_a_pipe_stderr_stays_empty(machine: Machine) -> None:
    assert machine.prune("--downloads").stderr == b""


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_the_work_trees_summary_has_bars_on_a_terminal_too(repository: Repository, arguments: tuple[str, ...]) -> None:
    repository.write(".mypy_cache/3.11/a.json", b"x" * 8192)
    repository.write("pkg/__pycache__/m.cpython-311.pyc", b"x" * 2048)
    variables = repository.env | {"PYTHONPATH": str(SOURCES), "TERM": "xterm", "PYTHONIOENCODING": "ascii"}
    command = hook_command("prune-pycache", *arguments)
    status, shown = in_terminal(command, repository.path, variables, no_matter)
    assert status == 0, shown
    did = "would remove" if arguments else "removed"
    assert shown.endswith(
        f"{did} 2 files, 10.0 KiB\n  mypy   8.0 KiB {'#' * 40} 1 file\n  Python 2.0 KiB {'#' * 10}{' ' * 30} 1 file\n"
    )
    assert (repository.path / ".mypy_cache").exists() is bool(arguments)


def test_a_clean_work_tree_has_nothing_to_show_on_a_terminal(repository: Repository) -> None:
    variables = repository.env | {"PYTHONPATH": str(SOURCES), "TERM": "xterm"}
    shown = in_terminal(hook_command("prune-pycache"), repository.path, variables, no_matter)
    assert shown == (0, "nothing to remove\n")


# What a run costs


def test_a_run_without_these_options_imports_nothing_of_them(repository: Repository) -> None:
    repository.write("pkg/__pycache__/m.cpython-311.pyc")
    program = (
        "import sys; from pycache_hooks.hooks.prune_pycache import main; main([]);"
        "print(*sorted(name for name in sys.modules if name.startswith(('pycache_hooks', 'tqdm', 'mmap'))))"
    )
    done = run([sys.executable, "-c", program], repository.path, repository.env | {"PYTHONPATH": str(SOURCES)})
    loaded = set(done.lines[-1].split())
    new = "progress bars elsewhere downloads refusals readers.prefix environments".split()
    assert not loaded & {"tqdm", "mmap", *(f"pycache_hooks.{name}" for name in new)}


def test_in_this_process(machine: Machine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    for name, value in machine.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(machine.path / "work")
    assert main(["--downloads"]) == 0
    assert "freed 3.0 MiB" in capfd.readouterr().out
