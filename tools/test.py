"""Run the tests: ``python3 tools/test.py``.

Without arguments: the whole suite under coverage, which must reach every line and branch, and then most of it on each
other Python from 3.11 to 3.14 that is on this machine. With arguments: these go to pytest, on one Python and without
coverage. Each Python gets a virtual environment of its own; nothing is installed outside the project directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
OTHERS = environment.PROJECT / ".venvs"
PYTEST = ("-m", "pytest")
PARALLEL = ("-n", "2")
ONCE = tuple(
    f"--ignore=tests/{name}"
    for name in (
        "environments",
        "test_bench.py",
        "test_buildah.py",
        "test_prevention.py",
        "test_programs.py",
        "test_testing_rules.py",
        "test_tools.py",
    )
)
"""What tests other programs more than ours, and takes minutes: left out on the other Pythons."""


def main(arguments: list[str]) -> int:
    """Run the tests as the module's docstring says. Returns the exit status."""
    python = environment.prepare()
    if arguments:
        return run(environment.PLACE, python, *PYTEST, *arguments)
    status = covered(python)
    if status:
        return status
    failed = []
    for version, executable in others(version_of(str(python))):
        OTHERS.mkdir(exist_ok=True)
        (OTHERS / ".gitignore").write_text("*\n", encoding="ascii")
        place = OTHERS / version
        sys.stdout.write(f"\nPython {version}\n")
        sys.stdout.flush()
        if run(place, environment.prepare(place, executable), *PYTEST, "--exitfirst", "--no-header", *ONCE, *PARALLEL):
            failed.append(version)
    if failed:
        sys.stderr.write(f"failed on Python {', '.join(failed)}\n")
    return 1 if failed else 0


def covered(python: Path) -> int:
    """Run the whole suite under coverage, which leaves nothing in the work tree. Returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="coverage-") as directory:
        os.environ["COVERAGE_FILE"] = str(Path(directory) / "data")
        try:
            return (
                run(environment.PLACE, python, "-m", "coverage", "run", *PYTEST, *PARALLEL)
                or run(environment.PLACE, python, "-m", "coverage", "combine", "--quiet")
                or run(environment.PLACE, python, "-m", "coverage", "report", "--fail-under=100")
            )
        finally:
            del os.environ["COVERAGE_FILE"]


def others(current: str) -> list[tuple[str, str]]:
    """Each of `VERSIONS` but *current* that is on this machine, with an executable that really is that Python."""
    found = []
    for version in VERSIONS:
        executable = next((path for path in candidates(version) if version_of(path) == version), "")
        if executable and version != current:
            found.append((version, executable))
    return found


def candidates(version: str) -> list[str]:
    """Where Python *version* may be: on PATH, or where pyenv and uv keep what is not."""
    name = f"python{version}"
    kept = [
        (Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions", f"{version}.*/bin/{name}"),
        (Path.home() / ".local/share/uv/python", f"cpython-{version}.*/bin/{name}"),
    ]
    on_path = shutil.which(name)
    return [*([on_path] if on_path else []), *(str(path) for place, glob in kept for path in sorted(place.glob(glob)))]


def version_of(executable: str) -> str:
    """The version of the Python *executable*, or nothing if it does not start or cannot make an environment."""
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([executable, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip()


def run(place: Path, *command: str | Path) -> int:
    """Run *command* in the project directory and the environment at *place*; return its exit status."""
    return subprocess.run(command, cwd=environment.PROJECT, env=environment.variables(place), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
