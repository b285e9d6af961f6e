"""What the tests share: repositories made for one test, and programs run the way a user or git runs them.

Everything is real: git, the hooks as programs of their own, pre-commit and prek with the hooks installed from the
manifest. conftest.py turns these into fixtures.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import coverage

import pycache_hooks
from pycache_hooks import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = Path(pycache_hooks.__file__).resolve().parents[1]

HOOKS = (
    "forbid-pycache",
    "prune-pycache",
    "check-pycache-gitignore",
    "check-pycache-dockerignore",
    "check-pycache-dockerfile",
    "check-pycache-compose",
    "check-pycache-ci",
    "check-pycache-pytest",
    "check-pycache",
    "run-without-pycache",
)

_PROGRAM = "import sys; from pycache_hooks.hooks.{module} import main; sys.argv[0] = {name!r}; sys.exit(main())"

UNPRIVILEGED = (
    ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
)
"""In front of a command: whoever runs the tests, file modes count (root without its capabilities is a user)."""


class Result:
    """How a program ended: its exit *status*, and what it wrote, as *stdout* and *stderr* in bytes and as `text`."""

    def __init__(self, status: int, stdout: bytes, stderr: bytes) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    def __repr__(self) -> str:
        return f"exit status {self.status}\n{os.fsdecode(self.stdout)}\n--- stderr\n{os.fsdecode(self.stderr)}"

    @property
    def text(self) -> str:
        return os.fsdecode(self.stdout)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def findings(self) -> list[str]:
        """``path CODE`` of each finding, in the order printed."""
        heads = (line.partition(" PYC") for line in self.lines if not line.startswith((" ", "...")))
        return [f"{place.removesuffix(':')} PYC{rest[:3]}" for place, code, rest in heads if code]

    @property
    def fix(self) -> str:
        """The repair that was printed, as it would be pasted."""
        found = self.text.partition("fix: ")[2]
        first, *more = found.split("\n")
        for line in more:
            if not line.startswith("         "):
                break
            first += "\n" + line[9:]
        return first


def environment(home: Path | None = None, **more: str) -> dict[str, str]:
    """The caller's variables without anything that leads git or pre-commit elsewhere, and with an identity.

    *home*: where pre-commit and prek keep the hooks that they install.
    """
    dropped = ("GITHUB_", "GIT_", "PRE_COMMIT", "PREK_", "PYTHONPATH", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    kept |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A Tester",
        "GIT_AUTHOR_EMAIL": "tester@example.org",
        "GIT_COMMITTER_NAME": "A Tester",
        "GIT_COMMITTER_EMAIL": "tester@example.org",
    }
    if home:
        kept |= {"PRE_COMMIT_HOME": str(home / "pre-commit"), "PREK_HOME": str(home / "prek")}
    return kept | more


def run(
    command: Sequence[str | os.PathLike[str]],
    cwd: Path,
    env: dict[str, str],
    stdin: bytes = b"",
    stdout: int = subprocess.PIPE,
) -> Result:
    """Run a program to its end."""
    done = subprocess.run(command, cwd=cwd, env=env, input=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False)
    return Result(done.returncode, done.stdout or b"", done.stderr)


def hook_command(name: str, *arguments: str) -> list[str]:
    """The command that runs the hook *name* from the sources under test, as its console script would."""
    program = _PROGRAM.format(module=name.replace("-", "_"), name=name)
    return [sys.executable, "-c", program, *arguments]


def run_hook(
    name: str,
    *arguments: str,
    cwd: Path,
    env: dict[str, str] | None = None,
    unprivileged: bool = False,
) -> Result:
    """Run one hook as a program of its own, in the directory *cwd*.

    Where it can be, that is a fork of this process: thousands of tests start a hook, and an interpreter that measures
    coverage takes ten times as long to start as a fork.
    """
    variables = {"PYTHONPATH": str(SOURCES)} | (env or environment())
    if unprivileged or not hasattr(os, "fork") or any(variables.get(key) != os.environ.get(key) for key in AT_START):
        prefix = UNPRIVILEGED if unprivileged else ()
        return run([*prefix, *hook_command(name, *arguments)], cwd, variables)
    main = importlib.import_module(f"pycache_hooks.hooks.{name.replace('-', '_')}").main
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside the threads of pytest-xdist
        child = os.fork()
        if not child:
            _become(name, arguments, cwd, variables, main, out.fileno(), errors.fileno())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        errors.seek(0)
        return Result(status, out.read(), errors.read())


AT_START = ("LANG", "LC_ALL", "PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONHASHSEED")
"""Variables that an interpreter reads when it starts."""


def _become(  # noqa: PLR0913, PLR0917 - all that makes a process
    name: str,
    arguments: Sequence[str],
    cwd: Path,
    env: dict[str, str],
    main: Callable[[Sequence[str]], int],
    out: int,
    errors: int,
) -> NoReturn:
    """Be the program *name* from now on, in a fork of the tests."""
    status = 1
    try:
        for number, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), out, errors)):
            os.dup2(descriptor, number)
        sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))  # noqa: SIM115
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        warnings.simplefilter("ignore")
        sys.argv = [name, *arguments]
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:  # noqa: BLE001 - what a program shows when it ends by one
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        measuring = coverage.Coverage.current()
        if measuring:
            measuring.stop()
            measuring.save()
    finally:
        os._exit(status)


def tool(name: str) -> str:
    """A program of the environment that runs the tests, such as ``pre-commit`` and ``prek``."""
    return shutil.which(name, path=os.path.dirname(sys.executable)) or name


class Repository:
    """A git repository at *path*, made for one test; *env* is what its programs see."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = env

    @classmethod
    def create(cls, path: Path, env: dict[str, str]) -> Repository:
        path.mkdir(parents=True, exist_ok=True)
        made = cls(path, env)
        made.git("init", "-q", "-b", "main")
        return made

    def git(self, *arguments: str, stdin: bytes = b"", fails: bool = False) -> Result:
        """Run git here; the test fails unless git does as expected."""
        done = run(["git", *arguments], self.path, self.env, stdin)
        assert (done.status != 0) is fails, f"git {' '.join(arguments)}: {done}"
        return done

    def write(self, name: str, data: str | bytes = b"") -> Path:
        """Make the file *name*, with the directories that it is in."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def stage(self, *names: str) -> None:
        """Make each of *names* that does not exist, and add it to the index, ignored or not."""
        for name in names:
            if not os.path.lexists(self.path / name):
                self.write(name, f"{os.fsencode(name)!r}\n")
        self.git(
            "--literal-pathspecs", "add", "-f", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=_listed(names)
        )

    def link(self, name: str, target: str) -> None:
        """Make a symbolic link, and stage it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        self.git("add", "-f", "--", name)

    def commit(self, *names: str) -> str:
        """Stage *names* and commit what is staged, past every hook. Returns the commit's name."""
        if names:
            self.stage(*names)
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "a commit")
        return self.git("rev-parse", "HEAD").text.strip()

    def index(self) -> dict[str, str]:
        """The index: mode, blob and stage of each path."""
        records = os.fsdecode(self.git("ls-files", "-s", "-z").stdout).split("\0")[:-1]
        return {path: about for about, _, path in (record.partition("\t") for record in records)}

    def hook(self, name: str, *arguments: str, within: str = ".", **variables: str) -> Result:
        """Run one hook in the directory *within*, with more environment *variables* if wanted."""
        return run_hook(name, *arguments, cwd=self.path / within, env=self.env | variables)

    def paste(self, command: str, within: str = ".") -> Result:
        """Run *command* as if it were pasted into bash; the test fails unless it succeeds."""
        done = run(["bash", "-c", command], self.path / within, self.env)
        assert done.status == 0, f"{command}: {done}"
        return done

    def pre_commit(self, *arguments: str) -> Result:
        return run([tool("pre-commit"), *arguments], self.path, self.env)

    def prek(self, *arguments: str) -> Result:
        return run([tool("prek"), *arguments], self.path, self.env)

    def framework(self, name: str, *arguments: str) -> Result:
        """Run ``pre-commit`` or ``prek``, whichever *name* says."""
        return run([tool(name), *arguments], self.path, self.env)


class Published:
    """The project as users get it: a git repository at *path*, whose manifest is installed from at *rev*."""

    def __init__(self, path: Path, rev: str) -> None:
        self.path = path
        self.rev = rev

    def configuration(self, *hooks: str, extra: str = "") -> str:
        """A ``.pre-commit-config.yaml`` that uses *hooks*; *extra*: more keys of each, one a line."""
        lines = ["repos:", f"- repo: {self.path}", f"  rev: {self.rev}", "  hooks:"]
        for hook in hooks:
            lines += [f"  - id: {hook}", *(f"    {line}" for line in extra.splitlines())]
        return "\n".join([*lines, ""])


def publish(folder: Path, env: dict[str, str]) -> Published:
    """Commit the project's files, as they are now, in a repository of their own at *folder*."""
    made = Repository.create(folder, env)
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(PROJECT / name, folder / name)
    shutil.copytree(PROJECT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.py[co]"))
    made.git("add", "-A", "-f")
    made.git("commit", "-q", "-m", "published")
    return Published(folder, made.git("rev-parse", "HEAD").text.strip())


def examples(row: catalog.Cache) -> list[str]:
    """Paths of files that are, or lie in, the cache of *row*: at the top and further down."""
    name = row.name.replace("*", "abc")
    names = [f"{name}file", f"{name}deep/er/file.txt"] if name.endswith("/") else [name]
    if row.name in ("*.pyc", "*.pyo", "*$py.class"):
        names += [row.name.replace("*", ""), f"__pycache__/{row.name.replace('*', 'm.cpython-312.opt-1')}"]
    return [f"{folder}{each}" for each in names for folder in ("", "a/", "a b/größe/")]


def _listed(names: Sequence[str]) -> bytes:
    return b"".join(os.fsencode(name) + b"\0" for name in names)
