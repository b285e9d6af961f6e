"""Running uv, with the variables of a user and none of a hook."""

from __future__ import annotations

import os

from pycache_hooks.console import Failure
from pycache_hooks.environments.locks import needed
from pycache_hooks.prevention import DONT_WRITE

UNWANTED = frozenset(
    # What would lead it to another interpreter or environment
    "VIRTUAL_ENV CONDA_PREFIX UV_PYTHON UV_SYSTEM_PYTHON UV_PROJECT UV_PROJECT_ENVIRONMENT UV_WORKING_DIR "
    # What would have it install something else than the lock file says, or not look at hashes
    "UV_CONSTRAINT UV_OVERRIDE UV_EXCLUDE UV_NO_VERIFY_HASHES UV_REQUIRE_HASHES UV_VENV_SEED UV_VENV_CLEAR "
    "UV_NO_EDITABLE UV_LOCKED UV_FROZEN UV_NO_DEV UV_NO_GROUP UV_NO_DEFAULT_GROUPS UV_COMPILE_BYTECODE".split()
)
"""Variables that uv does not get (https://docs.astral.sh/uv/reference/environment/), beside git's and Python's."""

GIT_KEPT = (
    *("GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY", "GIT_ASKPASS"),
    *("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_HTTP_PROXY_AUTHMETHOD", "GIT_ALLOW_PROTOCOL"),
)
"""How the variables of git begin that a dependency from git may need. The others say where this commit's index is.

As in https://github.com/pre-commit/pre-commit/blob/v4.3.0/pre_commit/git.py#L27.
"""

HINTS = (
    (
        "mode, all requirements must have a hash",
        "make the lock file with `uv pip compile --generate-hashes`, and leave directories to --with",
    ),
    ("no trusted hash was provided", "make the lock file with `uv pip compile --generate-hashes`"),
    ("No interpreter found", "install it, for example with `uv python install`"),
    ("Failed to inspect Python interpreter", "name one that runs with --python"),
    ("Failed to initialize cache", "set UV_CACHE_DIR, or XDG_CACHE_HOME, to a directory of your own"),
    ("Hash mismatch", "if the file was changed on purpose, make the lock file again"),
)
"""What to do, by what uv says."""

OLDEST = (0, 12)
"""The first version of uv that does all that is asked of it here: older ones lose wheels of a project (measured, 0.11.33)."""

_UPGRADE = f"install uv {'.'.join(map(str, OLDEST))} or newer, for example with `pip install --upgrade uv`"

LONGEST = 1000
"""Characters of what uv says that are passed on: it shows whole lines of a file that it cannot read."""


def program() -> str:
    """The path of uv: that of its distribution, else the one on ``PATH``. Raises Failure if there is none."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        import shutil

        found = shutil.which("uv")
        if not found:
            raise needed("uv") from None
        return found


def variables() -> dict[str, str]:
    """The variables that uv, and the interpreters that it starts, get. What these build writes no bytecode beside it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in UNWANTED
        and not name.startswith(("PYTHON", "__PYVENV_LAUNCHER__"))
        and (not name.startswith("GIT_") or name.startswith(GIT_KEPT))
    }
    return kept | {DONT_WRITE: "1"}


def run(command: list[str], purpose: str, descriptor: int | None = None) -> str:
    """Run *command*, and return what it prints. Raises Failure that says that *purpose* failed, and why.

    *descriptor*: the lock under which it works. A command that outlives this process keeps it to its own end, so that
    nobody takes for abandoned what is still being written.
    """
    import subprocess

    inherited = () if descriptor is None or os.name != "posix" else (descriptor,)
    try:
        done = subprocess.run(
            command, env=variables(), stdin=subprocess.DEVNULL, capture_output=True, pass_fds=inherited, check=False
        )
    except OSError as error:
        raise Failure(f"{purpose}: {command[0]} cannot be started: {error.strerror}") from None
    if done.returncode:
        said = os.fsdecode(done.stderr)
        why = reason(said) or f"{os.path.basename(command[0])} {_end(done.returncode)}"
        hint = next((f": {text}" for mark, text in HINTS if mark in said), "")
        raise Failure(f"{purpose}: {why}{hint}")
    return os.fsdecode(done.stdout)


def unusable(path: str) -> Failure | None:
    """That the uv at *path*, which just failed, is too old or does not work; None if it is one that should do."""
    try:
        words = run([path, "--version"], "").split()
        version = tuple(int(part) for part in words[1].split(".")[:2])
    except (Failure, IndexError, ValueError):
        return broken(path)
    return Failure(f"{path} is uv {words[1]}, which is too old: {_UPGRADE}") if version < OLDEST else None


def broken(path: str) -> Failure:
    """That the uv at *path* does not work."""
    return Failure(f"{path} is no uv that works: {_UPGRADE}")


def _end(status: int) -> str:
    return f"ended with exit status {status}" if status >= 0 else f"was ended by signal {-status}"


def reason(said: str) -> str:
    """The error that uv printed, in one line, without the drawing that points into a file."""
    lines = [line.strip() for line in said.splitlines()]
    start = next((number for number, line in enumerate(lines) if line.startswith("error: ")), 0)
    words = [line.removeprefix("error: ") for line in lines[start:] if not line.lstrip("0123456789 ").startswith("|")]
    whole = " ".join(filter(None, words)).replace(" cause: ", ": ").strip()
    return whole if len(whole) <= LONGEST else f"{whole[:LONGEST]} ..."
