"""The only caller of git.

git is started with ``os.posix_spawn`` where there is one, and its output is read by threads of the low-level kind:
importing subprocess would cost more than most git commands do.
"""

from __future__ import annotations

import _thread
import os
import sys

from pycache_hooks.console import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NOT_A_REPOSITORY = "not a git repository"

LOCATION = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables by which git tells a hook where the repository and this commit's index are."""

_WANTED = {"GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "none", "LC_ALL": "C"}
"""No lock that a user's git could meet, no network (a partial clone would fetch what it lacks), no translation."""

_UNWANTED = ("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS")
"""Variables that would change what our pathspecs mean."""


class GitError(Failure):
    """git ended with an exit status that was not expected; *reason* is what it said."""

    def __init__(self, arguments: tuple[str, ...], status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        said = reason or f"exit status {status}"
        while arguments[0] == "-c":
            arguments = arguments[2:]
        super().__init__(f"git {arguments[0]} failed: {said}")


class Command:
    """A git command that runs beside us until `output` is asked for."""

    __slots__ = ("_arguments", "_errors", "_output", "_wait")

    def __init__(
        self,
        *arguments: str,
        root: str = "",
        stdin: bytes = b"",
        without: tuple[str, ...] = (),
        consume: Callable[[bytes], object] | None = None,
    ) -> None:
        """Start ``git`` in the directory *root* (default: the current one), and *without* some environment variables.

        *consume* gets the output piece by piece, in another thread, and `output` has none of it.
        Raises Failure if there is no git.
        """
        command = ["git", "-c", "core.fsmonitor=false", *(("-C", root) if root else ()), *arguments]
        variables = {**os.environ, **_WANTED}
        for name in (*_UNWANTED, *without, *_misleading(root or os.curdir)):
            variables.pop(name, None)
        self._arguments = arguments
        try:
            entrance, out, errors, self._wait = _start(command, variables)
        except OSError as error:
            msg = f"git cannot be started ({error.strerror}): install git and see that it is on PATH"
            raise Failure(msg) from None
        self._output = _collect(out, consume)
        self._errors = _collect(errors)
        if stdin:
            _thread.start_new_thread(_feed, (entrance, stdin))
        else:
            os.close(entrance)

    def output(self, *, accept: tuple[int, ...] = (0,)) -> bytes:
        """Wait for the end and return what git printed. Raises GitError for an exit status not in *accept*."""
        output, errors, status = self._output(), self._errors(), self._wait()
        if status not in accept:
            raise GitError(self._arguments, status, _reason(os.fsdecode(errors)))
        return output


def run(*arguments: str, root: str = "", stdin: bytes = b"", accept: tuple[int, ...] = (0,)) -> bytes:
    """Run git to its end and return what it printed. Raises GitError, and Failure if there is no git."""
    return Command(*arguments, root=root, stdin=stdin).output(accept=accept)


def top_level(root: str = "") -> str:
    """The absolute path of the work tree that *root* lies in. Raises Failure, with what to do, where there is none."""
    return finished_top_level(Command("rev-parse", "--show-toplevel", root=root))


def finished_top_level(command: Command) -> str:
    """What a ``rev-parse --show-toplevel`` that is already running answers. Raises Failure as `top_level` does."""
    try:
        return path_line(command.output())
    except GitError as error:
        if NOT_A_REPOSITORY in error.reason:
            msg = "not a git repository: run this inside a work tree"
            raise Failure(msg) from None
        raise


def repository_above(directory: str) -> str:
    """The nearest ``.git`` in *directory* or above it, or an empty string."""
    path = os.path.abspath(directory)
    while not os.path.lexists(os.path.join(path, ".git")):
        if path == os.path.dirname(path):
            return ""
        path = os.path.dirname(path)
    return os.path.join(path, ".git")


def _misleading(directory: str) -> tuple[str, ...]:
    """``GIT_DIR`` if it says no more than git finds out in *directory* by itself.

    A hook in a linked worktree gets it alone, and from a subdirectory git then takes that for the top of the work tree.
    """
    told = os.environ.get("GIT_DIR")
    if not told or "GIT_WORK_TREE" in os.environ:
        return ()
    found = repository_above(directory)
    if os.path.isfile(found):
        with open(found, "rb") as file:
            link = os.fsdecode(file.read().removeprefix(b"gitdir: ").rstrip(b"\r\n"))
        found = os.path.join(os.path.dirname(found), link)
    return ("GIT_DIR",) if found and os.path.realpath(told) == os.path.realpath(found) else ()


def path_line(output: bytes) -> str:
    """The path that git printed as a line of its own; it may itself contain a newline."""
    return os.fsdecode(output.removesuffix(b"\n"))


def _reason(errors: str) -> str:
    """What git complains of, as one line, with the way out where git names one (dubious ownership)."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if line.startswith(("fatal: ", "error: "))), 0)
    return " ".join(lines[start:]).removeprefix("fatal: ").removeprefix("error: ")


def _collect(descriptor: int, consume: Callable[[bytes], object] | None = None) -> Callable[[], bytes]:
    """Read *descriptor* to its end in a thread; the function returned waits for what was read.

    It raises what went wrong there: half of an answer must not look like one.
    """
    finished = _thread.allocate_lock()
    finished.acquire()
    chunks: list[bytes] = []
    failures: list[Exception] = []

    def result() -> bytes:
        with finished:
            if failures:
                raise failures[0]
            output = b"".join(chunks)
            chunks.clear()
            return output

    _thread.start_new_thread(_drain, (descriptor, consume or chunks.append, failures, finished.release))
    return result


def _drain(
    descriptor: int, take: Callable[[bytes], object], failures: list[Exception], finished: Callable[[], object]
) -> None:
    """Read *descriptor* to its end, or until something fails."""
    try:
        while chunk := os.read(descriptor, 1 << 20):
            take(chunk)
    except Exception as error:  # noqa: BLE001 - whoever waits for the answer raises it
        failures.append(error)
    finally:
        os.close(descriptor)
        finished()


def _feed(descriptor: int, data: bytes) -> None:
    """Write *data* to *descriptor*, or what its reader wants of it."""
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        pass  # git ended without reading all of it, and its exit status says why
    finally:
        os.close(descriptor)


if sys.platform == "win32":  # pragma: no cover - the other branch is the one that the tests' machine has

    def _start(command: list[str], variables: dict[str, str]) -> tuple[int, int, int, Callable[[], int]]:
        import subprocess

        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=variables)
        streams = [os.dup(stream.fileno()) for stream in (process.stdin, process.stdout, process.stderr) if stream]
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
        return streams[0], streams[1], streams[2], process.wait

else:

    def _start(command: list[str], variables: dict[str, str]) -> tuple[int, int, int, Callable[[], int]]:
        """Start *command*; return the ends of its stdin, stdout and stderr that are ours, and how to wait for it."""
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        streams = [
            (os.POSIX_SPAWN_DUP2, theirs, number) for number, theirs in enumerate((theirs_in, theirs_out, theirs_err))
        ]
        try:
            child = os.posix_spawnp(command[0], command, variables, file_actions=streams)
        except OSError:
            for ours in (ours_in, ours_out, ours_err):
                os.close(ours)
            raise
        finally:
            for theirs in (theirs_in, theirs_out, theirs_err):
                os.close(theirs)
        return ours_in, ours_out, ours_err, lambda: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
