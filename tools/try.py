"""Run the whole suite through real pre-commit: ``python3 tools/try.py [REPOSITORY]``.

Without REPOSITORY: in a temporary directory, on a small polluted repository made for the purpose. Each hook is run,
the repair that it prints is pasted into a shell, and the hook is run again. Exit status 0 if each failed, was repaired
and then passed.

With REPOSITORY: each hook on that repository, as it lies there, and its result; exit status 1 if one found something.
Nothing in it is changed, not even git's index: the checks only read, prune-pycache lists what it would delete
(``--dry-run``, which passes: local caches are no fault of a repository), and the configuration lies elsewhere.

pre-commit gets this checkout, committed or not, as a repository of its own below ``.venv/try``, and installs it once.
"""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

WORKSHOP = environment.PLACE / "try"
SUITE = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "src")
"""What pre-commit needs of this checkout."""

HOOKS = {
    "forbid-pycache": "rejects what must not be committed",
    "prune-pycache": "deletes what lies about; here with --check, which only lists it",
    "check-pycache-gitignore": "looks whether git will ignore what Python is going to write",
    "check-pycache-dockerignore": "looks whether the image will get it",
    "check-pycache-dockerfile": "looks whether the image's build makes its own",
    "check-pycache-compose": "looks whether services write into the work tree, and as whom",
    "check-pycache-ci": "looks whether CI jobs do",
    "check-pycache-pytest": "looks whether pytest's cache settings say what they seem to",
}
ALL_CHECKS = "check-pycache"
"""All checks in one process: shown first, before anything is repaired."""

CHECK_ONLY = "--check"

IDENTITY = {
    **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "pycache-hooks"),
    **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "pycache-hooks@example.com"),
    # The same files make the same commit, so that pre-commit recognises what it has installed.
    **dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2000-01-01T00:00:00Z"),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
POLLUTED = {
    ".gitignore": "*.log\n",
    ".dockerignore": ".git\n__pycache__/\n",
    "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir .\nCMD python -m shop\n",
    "compose.yaml": "services:\n  shop:\n    build: .\n    volumes:\n      - .:/app\n",
    ".github/workflows/test.yml": """\
on: push
jobs:
  test:
    runs-on: self-hosted
    steps:
      - uses: actions/checkout@v5
      - run: python -m unittest
""",
    "pyproject.toml": """\
[project]
name = "shop"
version = "1.0"

[tool.pytest.ini_options]
addopts = "-p no:cache"
""",
    "shop/__init__.py": "",
    "shop/cart.py": "def total(prices):\n    return sum(prices)\n",
}
REPAIRS = {
    "check-pycache-dockerfile": ("Dockerfile", "WORKDIR", "ENV PYTHONDONTWRITEBYTECODE=1\nWORKDIR"),
    "check-pycache-compose": (
        "compose.yaml",
        "    volumes:",
        '    user: "${HOST_UID:?}:${HOST_GID:?}"\n    volumes:',
    ),
    "check-pycache-ci": (".github/workflows/test.yml", "jobs:", 'env:\n  PYTHONDONTWRITEBYTECODE: "1"\njobs:'),
    "check-pycache-pytest": ("pyproject.toml", "no:cache", "no:cacheprovider"),
}
"""Where a repair is no command but lines of a file: the file, what stands there, and what is to stand there."""


def main(arguments: list[str]) -> int:
    """Run the suite as the module's docstring says. Returns the exit status."""
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0 if len(arguments) == 1 else 2
    if not shutil.which("git"):
        environment.stop("git is needed, and not on PATH")
    python = environment.prepare()
    if arguments:
        return inspect(Path(arguments[0]), python, WORKSHOP)
    return demonstrate(python, WORKSHOP)


def demonstrate(python: Path, workshop: Path) -> int:
    """Show each hook fail, its repair, and the hook pass, on a polluted repository."""
    unexpected = []
    with tempfile.TemporaryDirectory(prefix="pycache-hooks-") as directory:
        repository = Path(directory) / "shop"
        pollute(repository)
        suite = install(workshop, repository / ".pre-commit-config.yaml", python, prune=CHECK_ONLY)
        print(f"\n=== {ALL_CHECKS}: all checks in one process, before anything is repaired\n")
        if not check(repository, suite, ALL_CHECKS)[0]:
            unexpected.append(ALL_CHECKS)
        for number, (hook, job) in enumerate(HOOKS.items(), 1):
            print(f"\n=== {number}/{len(HOOKS)} {hook}: {job}\n")
            status, output = check(repository, suite, hook)
            if hook in REPAIRS:
                print("\n--- the repair, written where it belongs\n")
                repaired = edit(repository, *REPAIRS[hook])
            else:
                print("\n--- the repair, pasted into a shell\n")
                commands = repair_in(output)
                repaired = bool(commands) and repair(repository, suite, commands)
            print("\n--- and again\n")
            again, _ = check(repository, suite, hook)
            if again or not (status and repaired):
                unexpected.append(hook)
        print("\n=== the whole suite\n")
        if check(repository, suite)[0]:
            unexpected.append("the whole suite")
    for what in unexpected:
        print(f"not as expected: {what}")
    return 1 if unexpected else 0


def inspect(path: Path, python: Path, workshop: Path) -> int:
    """Report what each hook says of the repository at *path*, and leave it as it is."""
    found = subprocess.run(["git", "-C", path, "rev-parse", "--show-toplevel"], capture_output=True, check=False)
    if found.returncode:
        environment.stop(f"{path}: no work tree of git: {os.fsdecode(found.stderr).strip()}")
    repository = Path(os.fsdecode(found.stdout.removesuffix(b"\n")))
    with tempfile.TemporaryDirectory(prefix="pycache-hooks-") as directory:
        configuration = Path(directory) / "config.yaml"
        suite = install(workshop, configuration, python, prune="--dry-run")
        # The repository's own git settings count, and reading must not refresh its index.
        suite = {name: value for name, value in suite.items() if name not in IDENTITY} | {"GIT_OPTIONAL_LOCKS": "0"}
        return check(repository, suite, configuration=configuration)[0]


def check(
    repository: Path, suite: dict[str, str], hook: str = "", configuration: Path | None = None
) -> tuple[int, str]:
    """Run *hook*, or all of them, in *repository*, and print what pre-commit prints. Returns its status, and that."""
    options = [*([hook] if hook else []), "--all-files"]
    print(f"$ pre-commit run {' '.join(options)}", flush=True)
    if configuration:
        options += ["--config", str(configuration)]
    command = ["python", "-m", "pre_commit", "run", "--color", "never", *options]
    done = subprocess.run(
        command,
        cwd=repository,
        env=suite,
        executable=shutil.which("python", path=suite["PATH"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    print(done.stdout.strip(), flush=True)
    return done.returncode, done.stdout


def repair(repository: Path, suite: dict[str, str], commands: str) -> bool:
    """Paste *commands* into a shell in *repository*; whether they worked."""
    print(f"$ {commands}", flush=True)
    done = subprocess.run(["bash", "-c", commands], cwd=repository, env=suite, check=False)
    return done.returncode == 0


def edit(repository: Path, name: str, old: str, new: str) -> bool:
    """Write *new* in place of *old* in a file, and print the difference; whether *old* stood there."""
    path = repository / name
    before = path.read_text(encoding="utf-8")
    after = before.replace(old, new, 1)
    path.write_text(after, encoding="utf-8")
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, n=1, lineterm="")
    print("\n".join(lines), flush=True)
    return before != after


def repair_in(output: str) -> str:
    """The commands after ``fix:`` in a hook's *output*."""
    commands = []
    inside = False
    for line in output.splitlines():
        if line.startswith("    fix: ") or (inside and line.startswith(" " * 9)):
            inside = True
            commands.append(line[9:])
        else:
            inside = False
    return "\n".join(commands)


def install(workshop: Path, configuration: Path, python: Path, prune: str) -> dict[str, str]:
    """Write *configuration* and let pre-commit install the suite from it; return the variables to run it with."""
    rev, suite = commit(workshop)
    lines = ["repos:", f"  - repo: {suite}", f"    rev: {rev}", "    hooks:"]
    for hook in (*HOOKS, ALL_CHECKS):
        lines += [f"      - id: {hook}"]
        if hook == "prune-pycache":
            lines += [f"        args: [{prune}]", "        verbose: true"]
    configuration.write_text("\n".join([*lines, ""]), encoding="utf-8")
    place = python.parent.parent
    run_with = {**environment.variables(place), **IDENTITY, "PRE_COMMIT_HOME": str(suite.parent / "pre-commit")}
    print("pre-commit installs the suite from this checkout (once, until it changes)", file=sys.stderr, flush=True)
    command = [str(python), "-m", "pre_commit", "install-hooks", "--config", str(configuration)]
    done = subprocess.run(command, cwd=suite, env=run_with, capture_output=True, text=True, check=False)
    if done.returncode:
        environment.stop(f"pre-commit could not install the suite:\n{done.stdout}{done.stderr}")
    return run_with


def commit(workshop: Path) -> tuple[str, Path]:
    """Copy what pre-commit needs of this checkout into a repository below *workshop*; return its commit and place."""
    workshop.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="new-", dir=workshop))
    copy = made / "suite"
    copy.mkdir()
    for name in SUITE:
        source = environment.PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    git(copy, "init", "-q")
    git(copy, "add", "--force", ".")
    git(copy, "commit", "-q", "-m", "this checkout")
    rev = git(copy, "rev-parse", "HEAD")
    place = workshop / rev[:12]
    try:
        made.rename(place)
    except OSError:  # there already, with what pre-commit has installed from it
        shutil.rmtree(made)
    for old in workshop.iterdir():
        if old != place and not old.name.startswith("new-"):
            shutil.rmtree(old, ignore_errors=True)
    return rev, place / "suite"


def pollute(repository: Path) -> None:
    """Make a small repository as it looks without the suite."""
    for name, text in POLLUTED.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "shop"], cwd=repository, check=True)
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "everything that lay about")
    (repository / ".venv").symlink_to(Path("..") / "elsewhere" / "venv")
    git(repository, "add", ".venv")
    (repository / ".mypy_cache").mkdir()
    (repository / ".mypy_cache" / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n", "ascii")


def git(place: Path, *arguments: str) -> str:
    """Run git in *place*, apart from the user's settings, and return what it printed."""
    variables = {**environment.variables(environment.PLACE), **IDENTITY}
    done = subprocess.run(["git", *arguments], cwd=place, env=variables, capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
