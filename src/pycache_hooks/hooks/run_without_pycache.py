"""Run COMMAND so that it leaves no Python caches in the work tree, and exit 1 if it did.

Python writes no bytecode, pytest no cache, and mypy, ruff, coverage and hypothesis write elsewhere: into a directory
that is removed at the end. With --mode prefix everything is written, but into a directory under the user's cache
directory, which the next run uses again: faster, and pytest --lf works. A variable that is already set stays as it is;
--env NAME=VALUE sets it for COMMAND, PYTHONDONTWRITEBYTECODE= lets Python write again.

A COMMAND that fails passes its exit status on: 128 + N if signal N ended it. Signals are passed on to it.
"""

from __future__ import annotations

import os
import stat
import sys

from pycache_hooks import git, prevention, repairs, report, running
from pycache_hooks.console import CLEAN, FOUND, Failure, guarded, read_options
from pycache_hooks.findings import Finding
from pycache_hooks.rules import DIFFERS, LEFT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pycache_hooks.arguments import Option
    from pycache_hooks.environments import Place
    from pycache_hooks.leftovers import Left
    from pycache_hooks.running import Signals

NAME = "run-without-pycache"

PREVENT, REDIRECT = "prevent", "prefix"
"""What ``--mode`` takes."""

EPOCH = "SOURCE_DATE_EPOCH"
"""The time that builders write instead of that of a file: https://reproducible-builds.org/specs/source-date-epoch/."""

ASK_CACHE = ("--lf", "--last-failed", "--ff", "--failed-first", "--nf", "--new-first", "--sw", "--stepwise", "--cache-")
"""How the options begin that pytest knows only with its cache: without it they are an error on the command line."""

OPTIONS: tuple[Option, ...] = (
    ("--mode", {"choices": (PREVENT, REDIRECT), "help": "prevent: make no caches (default); prefix: make them outside of "
                "the work tree, and use them again"}),
    ("--reproducible", {"action": "store_true", "help": "run COMMAND, a build, in two fresh copies of the tracked files "
                        "one after the other, and report every file that differs"}),
    ("--env", {"action": "append", "metavar": "NAME=VALUE", "help": "set a variable for COMMAND; it wins over all others"}),
    ("--path", {"action": "append", "metavar": "DIR", "help": "look for programs here first"}),
    ("--pylock", {"metavar": "FILE", "help": "run COMMAND in a virtual environment made from this lock file: pylock.toml, "
                  "requirements.txt with hashes, or uv.lock"}),
    ("--python", {"metavar": "VERSION", "help": "with --pylock: the environment's Python"}),
    ("--with", {"action": "append", "metavar": "WHEEL_OR_PATH", "help": "with --pylock: install this too, without what it "
                "depends on"}),
    ("--refresh", {"action": "store_true", "help": "with --pylock: make the environment anew, and remove it afterwards"}),
)  # fmt: skip

COMMAND: Option = ("command", {"nargs": "*", "metavar": "-- COMMAND", "help": "what to run, with its own options"})
"""For ``--help``: `_split` takes it off before the options are read."""


class Settings:
    """What one run is asked for."""

    mode: str = PREVENT
    reproducible = False
    env: list[str] | None = None
    path: list[str] | None = None
    pylock: str | None = None
    python: str | None = None
    refresh = False


setattr(Settings, "with", None)  # a word that a class body cannot assign to


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    options, command = _split(argv)
    settings = read_options(NAME, __doc__, (*OPTIONS, COMMAND), Settings(), options)
    if not command:
        raise Failure(f"no command: write it behind the options, as in: {NAME} -- pytest")
    given = _given(settings.env or [])
    provided = _provided(settings)
    try:
        if settings.reproducible:
            return _build_twice(settings, command, given, provided)
        return _run_and_look(settings, command, given, provided, options)
    except running.Stopped as stopped:
        return 128 + stopped.number


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Our options, and the command: what is behind ``--``, or begins with the first word that belongs to no option."""
    takes_value = {flag for flag, details in OPTIONS if details.get("action") != "store_true"}
    position = 0
    while position < len(argv) and argv[position].startswith("-"):
        if argv[position] == "--":
            return argv[:position], argv[position + 1 :]
        position += 2 if argv[position] in takes_value else 1
    return argv[:position], argv[position:]


def _given(settings: list[str]) -> dict[str, str]:
    """The variables of ``--env``. Raises Failure for what is not ``NAME=VALUE``."""
    given = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not (name and sign) or "\0" in setting:
            raise Failure(f"--env {setting}: not NAME=VALUE")
        given[name] = value
    return given


def _provided(settings: Settings) -> AbstractContextManager[Place | None]:
    """The environment that the command runs in, None if none is asked for. Raises Failure for half a request."""
    extras: list[str] = getattr(settings, "with") or []
    if settings.pylock is None:
        for option, value in (("--python", settings.python), ("--with", extras), ("--refresh", settings.refresh)):
            if value:
                raise Failure(f"{option}: an environment is made from a lock file; name it with --pylock FILE")
        import contextlib

        return contextlib.nullcontext()
    from pycache_hooks import environments

    return environments.provided(
        environments.Request(settings.pylock, settings.python or "", tuple(extras), refresh=settings.refresh)
    )


# One run, and the look at what it left


def _run_and_look(
    settings: Settings,
    command: list[str],
    given: dict[str, str],
    provided: AbstractContextManager[Place | None],
    options: list[str],
) -> int:
    from pycache_hooks import leftovers

    root = os.path.dirname(git.repository_above(os.curdir)) or os.getcwd()
    kept = _kept(root) if settings.mode == REDIRECT else ""
    before = leftovers.snapshot(root, kept)
    with running.Signals() as signals, provided as place:
        signals.hold()
        variables = _variables(settings, given, place)

        def run(directory: str) -> int:
            return _run(signals, command, _with_prevention(variables, directory, settings.mode, command))

        status = run(kept) if kept else _in_temporary(run)
    left = leftovers.left(before, leftovers.snapshot(root, kept))
    force = _with_prevention(variables, os.sep, settings.mode, command)
    report.show(_finding(cache, force, options, command) for cache in left)
    return status or (FOUND if left else CLEAN)


def _run(signals: Signals, command: list[str], variables: dict[str, str]) -> int:
    """Run *command* where PATH in *variables* has it. Raises Failure if it is not there."""
    import shutil

    name = command[0]
    program = shutil.which(name, path=variables.get("PATH", os.defpath))
    if program is None:
        raise Failure(f"{name}: {_why_not_there(name)}")
    return signals.run(program, command, variables)


def _why_not_there(name: str) -> str:
    """Why there is no program called *name*, and what to do."""
    if os.path.isdir(name):
        return "is a directory"
    if os.path.dirname(name):
        return "is not executable: chmod +x it" if os.path.exists(name) else "there is no such file"
    if " " in name:
        return "no such command on PATH: write its options as words of their own, or run it with sh -c"
    if "=" in name:
        return f"no such command on PATH: to set a variable, write --env {repairs.quoted(name)} in front of the command"
    if os.path.exists(name):
        return f"no such command on PATH: the file here is {repairs.quoted(os.path.join(os.curdir, name))}"
    return "no such command on PATH, and what only a shell knows runs with sh -c"


def _in_temporary(work: Callable[[str], int]) -> int:
    """Do *work* in a directory that is removed afterwards. Raises Failure if none can be made."""
    import tempfile

    try:
        directory = os.path.realpath(tempfile.mkdtemp(prefix=f"{NAME}-"))
    except OSError as error:
        raise Failure(f"no temporary directory can be made ({error.strerror}): set TMPDIR to one with space") from None
    try:
        return work(directory)
    finally:
        _discard(directory)


def _discard(directory: str) -> None:
    """Remove *directory*, with what a command closed in it; say so if that cannot be done."""
    from pycache_hooks.environments import trees

    for path, names, _ in os.walk(directory):
        for name in names:
            _open(os.path.join(path, name))
    try:
        trees.remove(directory)
    except OSError as error:
        where = report.printable(error.filename or directory)
        sys.stderr.write(f"{NAME}: {where} cannot be removed: {error.strerror}\n")


def _open(directory: str) -> None:
    """Let us into *directory*, if it is one of ours."""
    try:
        mode = os.lstat(directory).st_mode
        if stat.S_ISDIR(mode) and ~mode & stat.S_IRWXU:
            os.chmod(directory, stat.S_IRWXU)
    except OSError:
        pass  # removing it will say why


def _kept(root: str) -> str:
    """The directory for the caches of the work tree *root*, made if need be. Raises Failure if others can write there."""
    import hashlib

    path = _user_cache()
    repair = "set XDG_CACHE_HOME to a directory of your own"
    if not os.path.isabs(path):
        raise Failure(f"{path}: a relative path, which would lie in the work tree: {repair}")
    try:
        os.makedirs(path, exist_ok=True)
        for name in ("pycache-hooks", "prefix", hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:16]):
            path = os.path.join(path, name)
            os.makedirs(path, 0o700, exist_ok=True)
            status = os.stat(path)
            others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if os.name == "posix" and (others or status.st_uid != os.geteuid()):
                # Python would run the bytecode that they put there.
                raise Failure(f"{path}: somebody else can write there: {repair}")
    except OSError as error:
        raise Failure(f"{path}: cannot be made ({error.strerror}): {repair}") from None
    return path


def _user_cache() -> str:
    """Where programs keep what they can make again, as the XDG base directory specification and the platforms have it."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(chosen):
        return chosen
    if sys.platform == "win32":  # pragma: no cover
        return os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    return os.path.expanduser("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")


# Variables


def _variables(settings: Settings, given: dict[str, str], place: Place | None) -> dict[str, str]:
    """The variables of the command, before there is any prevention in them. Raises Failure for a ``--path`` that is none."""
    variables = dict(os.environ)
    front = []
    if place:
        front.append(os.path.join(place, "Scripts" if sys.platform == "win32" else "bin"))
        variables["VIRTUAL_ENV"] = place
        variables.pop("PYTHONHOME", None)
        os.set_inheritable(place.descriptor, True)  # noqa: FBT003 - in use for as long as the command runs
    for directory in settings.path or []:
        if not os.path.isdir(directory):
            raise Failure(f"--path {directory}: not a directory")
        front.append(os.path.abspath(directory))
        if os.pathsep in front[-1]:
            raise Failure(f"--path {directory}: {os.pathsep!r} would end an entry of PATH: name another directory")
    variables["PATH"] = os.pathsep.join([*front, variables.get("PATH", os.defpath)])
    return variables | given


def _with_prevention(variables: dict[str, str], directory: str, mode: str, command: list[str]) -> dict[str, str]:
    """*variables*, and those that keep the caches of *command* in *directory*, or from being written at all."""
    moved = {
        name: os.path.join(directory, row.tool.lower())
        for row in prevention.PREVENTIONS
        for name, accepts in row.variables.items()
        if accepts is prevention.elsewhere
    }
    if mode == PREVENT:
        moved[prevention.DONT_WRITE] = "1"
    if mode == PREVENT and not _asks_for_cache(command):
        option = f"-p {prevention.NO_CACHE_PLUGIN}"
    else:
        import shlex

        option = shlex.join(["-o", f"cache_dir={os.path.join(directory, 'pytest')}"])
    return {**moved, **variables, prevention.PYTEST_OPTIONS: _pytest_options(variables, option)}


def _asks_for_cache(command: list[str]) -> bool:
    """Whether *command*, or the words of a script in it, may have options that pytest knows only with its cache."""
    words = " ".join(command).split()
    return any(word.startswith(ASK_CACHE) or word.removeprefix("-p") == "cacheprovider" for word in words)


def _pytest_options(variables: dict[str, str], option: str) -> str:
    """The user's options for pytest, and *option*, unless they say already what becomes of the cache."""
    from pycache_hooks.readers import shell

    theirs = variables.get(prevention.PYTEST_OPTIONS, "")
    words = shell.split(theirs)
    # pytest fails if the plugin is switched off and then on.
    chosen = any("cache_dir=" in word or word.removeprefix("-p") == "cacheprovider" for word in words)
    if chosen or prevention.pytest_disabled(words):
        return theirs
    return f"{option} {theirs}".rstrip()


# What is reported


def _finding(cache: Left, force: dict[str, str], options: list[str], command: list[str]) -> Finding:
    """The finding for *cache*, left although the variables in *force* were set."""
    row = prevention.prevention(cache.row.tool)
    did = "the command left the cache" if cache.new else "the command wrote to the cache"
    count = f" ({report.counted(cache.files, 'file')})" if cache.files else ""
    if row is None:
        repair = f"prune-pycache  # {cache.row.tool} has no setting that keeps it out"
    elif (unmoved := _without_options(command, row.moves)) != command:
        repair = f"{NAME} {' '.join(map(repairs.quoted, [*options, '--', *unmoved]))}"
    elif any(accepts(force.get(name, "")) for name, accepts in row.variables.items()):
        name, value = row.setting
        repair = (
            f"export {name}={repairs.quoted(value)}"
            f"  # where the command starts {row.tool}: it was set, and dropped or overruled on the way"
        )
    else:
        name, value = row.setting
        if name == prevention.PYTEST_OPTIONS:
            value = f"{force[name]} {value}"
        words = [*options, "--env", f"{name}={value}", "--", *command]
        repair = f"{NAME} {' '.join(map(repairs.quoted, words))}"
    return Finding(cache.path, None, LEFT, f"{did} of {cache.row.tool}{count}", repair)


def _without_options(command: list[str], names: tuple[str, ...]) -> list[str]:
    """*command* without the options called *names*, and their values."""
    kept = [word for word in command if word.partition("=")[0] not in names or word in names]
    while place := next((number for number, word in enumerate(kept) if word in names), 0):
        del kept[place : place + 2]
    return kept


# Two builds


def _build_twice(
    settings: Settings, command: list[str], given: dict[str, str], provided: AbstractContextManager[Place | None]
) -> int:
    from pycache_hooks import reproducible

    root = git.top_level()
    start = os.getcwd()
    within = os.path.relpath(os.path.realpath(start), os.path.realpath(root))
    found: list[tuple[str, str]] = []
    with running.Signals() as signals, provided as place:
        signals.hold()
        variables = _variables(settings, given, place)
        for name in git.LOCATION:  # a hook's: they lead to the real repository
            variables.pop(name, None)

        def build(tree: str, caches: str) -> int:
            directory = os.path.normpath(os.path.join(tree, within))
            os.makedirs(directory, exist_ok=True)
            os.chdir(directory)
            try:
                here = variables | {"PWD": directory}
                status = _run(signals, command, _with_prevention(here, caches, settings.mode, command))
            finally:
                os.chdir(start)
            return status or (signals.passed_on and 128 + signals.passed_on)

        def work(directory: str) -> int:
            status, differing = reproducible.build_twice(root, directory, build)
            found.extend(differing)
            return status

        status = _in_temporary(work)
    repair = "" if EPOCH in variables else f"export {EPOCH}=$(git log -1 --format=%ct)"
    findings: dict[bool, list[Finding]] = {True: [], False: []}
    for path, what in found:
        findings[reproducible.is_bytecode(path)].append(Finding(path, None, DIFFERS, what, repair))
    report.show(findings[True])  # first: it explains much of the rest
    report.show(findings[False])
    return status or (FOUND if found else CLEAN)
