"""The download caches of pip, uv and poetry, and the tools' own commands that prune them.

Nothing in a cache is removed here: which of it is still of use, only its tool knows. The tools run in the root
directory, where no project's configuration tells them what their cache is: uv removes from the top of it whatever it
does not know (measured, uv 0.13.8), and a repository must not choose what that is.
"""

from __future__ import annotations

import os
import sys

from pycache_hooks import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

QUESTION_LIMIT = 60.0
PRUNE_LIMIT = 300.0
"""Seconds that a tool may take to answer, and to prune. uv waits for other runs of uv, and so may never end."""

POLL = 0.1
"""Seconds between two looks at a running tool."""

DISABLED = "cache is disabled"
"""What pip says where its configuration allows no cache
(https://github.com/pypa/pip/blob/25.0/src/pip/_internal/commands/cache.py#L85)."""

_UNATTENDED = {
    "NO_COLOR": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "POETRY_NO_INTERACTION": "1",
    "UV_NO_PROGRESS": "1",
    "UV_OFFLINE": "1",
}
_UNWANTED = ("PIP_NO_CACHE_DIR", "UV_NO_CACHE")
"""Variables that stop a tool from using its cache, and with it from pruning the one that is there."""


class Tool:
    """How one tool is asked.

    *variable*: names the directory of its cache. *where*: asks for that. *prune*: what prunes it. *names*: lists the
    caches in it that *prune* takes one by one. *part*: what of the directory is the cache. *mark*: a file that is in every
    cache of the tool. *left*: what else in the directory is a cache that none of the tool's commands removes.
    """

    __slots__ = ("left", "mark", "name", "names", "part", "prune", "variable", "where")

    def __init__(  # noqa: PLR0913 - one argument a column
        self,
        name: str,
        variable: str,
        where: tuple[str, ...],
        prune: tuple[str, ...],
        *,
        names: tuple[str, ...] = (),
        part: str = "",
        mark: str = "",
        left: str = "",
    ) -> None:
        self.name = name
        self.variable = variable
        self.where = where
        self.prune = prune
        self.names = names
        self.part = part
        self.mark = mark
        self.left = left


TOOLS = (
    Tool("pip", "PIP_CACHE_DIR", ("cache", "dir"), ("cache", "purge")),
    Tool("uv", "UV_CACHE_DIR", ("cache", "dir"), ("cache", "prune"), mark="CACHEDIR.TAG"),
    # In poetry's cache directory are its virtual environments too. `cache clear --all` without a name is new in 2.0.
    Tool(
        "poetry",
        "POETRY_CACHE_DIR",
        ("config", "cache-dir", "--no-interaction", "--no-ansi"),
        ("cache", "clear", "--all", "--no-interaction", "--no-ansi", "--"),
        names=("cache", "list", "--no-interaction", "--no-ansi"),
        part=os.path.join("cache", "repositories"),
        left="artifacts",
    ),
)


class ToolError(Exception):
    """A tool did not do what it was asked: the *command*, and why (*reason*)."""

    def __init__(self, command: list[str], reason: str) -> None:
        super().__init__(reason)
        self.command = command
        self.reason = reason


class Cache:
    """One tool's cache: its *directory*, the *commands* that prune it, and its *size* in bytes.

    *left*: the directory beside it that they leave, and *left_size*, how much is in that.
    """

    __slots__ = ("commands", "directory", "left", "left_size", "size", "tool")

    def __init__(self, tool: Tool, directory: str, commands: list[list[str]], tick: Callable[[int], object]) -> None:
        self.tool = tool
        self.directory = directory
        self.commands = commands
        self.size = size(os.path.join(directory, tool.part), tick)
        self.left = os.path.join(directory, tool.left) if tool.left else ""
        self.left_size = size(self.left, tick) if tool.left else 0


def installed() -> list[tuple[Tool, str]]:
    """The tools on PATH, each with the absolute path of its program."""
    import shutil

    found = [(tool, shutil.which(tool.name)) for tool in TOOLS]
    return [(tool, os.path.abspath(program)) for tool, program in found if program]


def ask(tool: Tool, program: str, tick: Callable[[int], object], limit: float = QUESTION_LIMIT) -> Cache | None:
    """The cache of *tool*, measured; None if its configuration allows none. Each question gets *limit* seconds.

    *tick* is called meanwhile, with the number of files that were measured since. Raises ToolError, also for a directory
    that must not be pruned.
    """
    question = [program, *tool.where]
    try:
        directory = git.path_line(_run(question, {}, tick, limit))
    except ToolError as error:
        if DISABLED in error.reason:
            return None
        raise
    if not os.path.isabs(directory):
        raise ToolError(question, f"it names no absolute path, but {directory or 'nothing'}")
    _refuse(question, tool, os.path.realpath(directory))
    commands = [[program, *tool.prune]] if os.path.isdir(directory) else []
    if commands and tool.names:
        names = os.fsdecode(_run([program, *tool.names], {tool.variable: directory}, tick, limit)).splitlines()
        commands = [[program, *tool.prune, name] for name in names]
    return Cache(tool, directory, commands, tick)


def prune(cache: Cache, tick: Callable[[int], object], limit: float = PRUNE_LIMIT) -> tuple[int, list[ToolError]]:
    """Let the tool prune *cache*, each command for *limit* seconds at most; the bytes that it freed, and what failed.

    They are measured by us: each tool counts in a way of its own, and poetry does not say.
    """
    errors = []
    for command in cache.commands:
        try:
            _run(command, {cache.tool.variable: cache.directory}, tick, limit)
        except ToolError as error:
            errors.append(error)
    after = size(os.path.join(cache.directory, cache.tool.part), tick)
    return max(0, cache.size - after), errors


def size(directory: str, tick: Callable[[int], object]) -> int:
    """Bytes that removing all files in *directory* would free; 0 if it is not there.

    A file that also has a name elsewhere counts for nothing: uv links the files of its cache into environments.
    """
    total = 0
    links: dict[tuple[int, int], int] = {}
    pending = [directory]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                        continue
                    tick(1)
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink > 1:
                        key = status.st_dev, status.st_ino
                        links[key] = links.get(key, 0) + 1
                        if links[key] < status.st_nlink:
                            continue
                    total += status.st_size
        except OSError:
            continue  # closed to us, or just removed
    return total


def _refuse(command: list[str], tool: Tool, directory: str) -> None:
    """Raise ToolError for a *directory*, a path without links, in which the tool might remove more than a cache."""
    work_tree = os.path.dirname(git.repository_above(os.curdir))
    for place in (os.path.expanduser("~"), *([work_tree] if work_tree else [])):
        inside = os.path.realpath(place)
        if f"{inside}{os.sep}".startswith(f"{directory.rstrip(os.sep)}{os.sep}"):
            raise ToolError(command, f"its cache is to be {directory}, which holds {inside}: name another directory")
    try:
        names = os.listdir(directory)
    except OSError:
        return  # not there: nothing to prune
    if names and tool.mark and tool.mark not in names:
        raise ToolError(command, f"its cache is to be {directory}, where no {tool.mark} says that it is one")
    if git.repository_above(directory) and git.run("ls-files", "-z", "--", ".", root=directory, accept=(0, 128)):
        raise ToolError(command, f"its cache is to be {directory}, where git tracks files")


def _run(command: list[str], variables: dict[str, str], tick: Callable[[int], object], limit: float) -> bytes:
    """What *command* prints, with more *variables*. Raises ToolError if it fails, or takes longer than *limit* seconds."""
    import subprocess
    import tempfile

    # Files, not pipes: whatever the tool has started may hold a pipe open for as long as it likes.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command,
                cwd=os.path.abspath(os.sep),
                env=_environment(variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                process_group=None if sys.platform == "win32" else 0,
            )
        except OSError as error:
            raise ToolError(command, f"it cannot be started: {error.strerror}") from None
        status = _wait(process, tick, limit)
        errors.seek(0)
        said = [line.strip() for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
        if status is None:
            raise ToolError(command, f"not finished after {limit:g} s{_last(said)}")
        if status:
            raise ToolError(command, f"it ended with exit status {status}{_last(said)}")
        output.seek(0)
        return output.read().replace(b"\r\n", b"\n")


def _wait(process: subprocess.Popen[bytes], tick: Callable[[int], object], limit: float) -> int | None:
    """The exit status of *process*, or None if it took longer than *limit* seconds. It is not running any more then."""
    import subprocess
    import time

    end = time.monotonic() + limit
    try:
        while time.monotonic() < end:
            tick(0)
            try:
                return process.wait(min(POLL, limit))
            except subprocess.TimeoutExpired:
                pass
        return None
    finally:
        if process.returncode is None:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End *process* and what it started."""
    if sys.platform == "win32":  # pragma: no cover - the other branch is the one that the tests' machine has
        process.kill()
    else:
        import signal

        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(variables: dict[str, str]) -> dict[str, str]:
    """What a tool sees: the caller's variables, but for those that would make it ask, or mean another directory there."""
    kept = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    for tool in TOOLS:
        value = kept.get(tool.variable, "")
        if value and not value.startswith("~"):
            kept[tool.variable] = os.path.abspath(value)
    return kept | _UNATTENDED | variables


def _last(said: list[str]) -> str:
    return f": {said[-1]}" if said else ""
