"""The project's own virtual environment, made or reused with nothing but the standard library.

`prepare` leaves in ``.venv/`` the project in editable mode and the dependency group ``dev``, on any machine that has
git and Python 3.11. What is there already is kept: nothing is installed again until pyproject.toml changes, and an
environment that is half made or no longer starts is made again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

PROJECT = Path(__file__).resolve().parent.parent
PLACE = PROJECT / ".venv"
OLDEST = (3, 11)
STAMP = "pycache-hooks.stamp"
"""A file in the environment: what it was made from. Written last, so that it vouches for all the rest."""


def prepare(place: Path = PLACE, python: str = "") -> Path:
    """Make or repair the environment at *place*, with *python* if there is none yet; return its interpreter.

    Ends the program, with one line that says what to do and exit status 2, where that cannot be done.
    """
    if sys.version_info < OLDEST:
        stop(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, and this is {sys.version.split()[0]}")
    interpreter = program(place, "python")
    if starts(interpreter):
        if _stamp_of(place) == _digest() or _install(place):
            return interpreter
        sys.stderr.write(f"{shown(place)} cannot be brought up to date: making it again\n")
    _make(place, python or getattr(sys, "_base_executable", "") or sys.executable)
    if not _install(place):
        stop(f"pip could not install what pyproject.toml asks for into {shown(place)}: see its own message above")
    return interpreter


def program(place: Path, name: str) -> Path:
    """Where the environment at *place* keeps the program *name*."""
    return place / "Scripts" / f"{name}.exe" if os.name == "nt" else place / "bin" / name


def variables(place: Path) -> dict[str, str]:
    """The environment variables of a program that runs as if *place* were activated, and outside any git hook."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "PYTHONHOME"}
    return {
        **kept,
        "VIRTUAL_ENV": str(place),
        "PATH": os.pathsep.join([str(program(place, "python").parent), os.environ.get("PATH", os.defpath)]),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def starts(interpreter: Path) -> bool:
    """Whether *interpreter* is a Python that is new enough and really runs."""
    test = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([interpreter, "-c", test], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def shown(path: Path) -> str:
    """*path* as it is best shown: relative to the project where it lies in it."""
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)


def stop(reason: str) -> NoReturn:
    """End the program because of *reason*, something that it cannot mend itself."""
    sys.stderr.write(f"{Path(sys.argv[0]).name}: {reason}\n")
    raise SystemExit(2)


def _make(place: Path, python: str) -> None:
    """Replace whatever is at *place* by a new and empty environment."""
    sys.stderr.write(f"making {shown(place)}\n")
    if place.is_symlink() or place.is_file():
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
    made = subprocess.run([python, "-m", "venv", place], capture_output=True, text=True, check=False)
    if made.returncode:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        lacking = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode
        reason = (made.stderr or made.stdout).strip().splitlines()
        stop(
            f"this Python cannot make virtual environments: `sudo apt install python{version}-venv` mends that on Debian"
            f" and Ubuntu; elsewhere install Python from python.org"
            if lacking
            else f"{shown(place)} cannot be made: {reason[-1] if reason else 'python -m venv failed'}"
        )


def _install(place: Path) -> bool:
    """Install the project and what its development needs; whether that worked."""
    interpreter = str(program(place, "python"))
    sys.stderr.write(f"installing the project and its development tools into {shown(place)}\n")
    steps = [
        # Dependency groups need pip 25.1; an environment made by uv has no pip at all.
        [interpreter, "-m", "ensurepip"],
        [interpreter, "-m", "pip", "install", "--quiet", "pip>=25.1"],
        [interpreter, "-m", "pip", "install", "--quiet", "--editable", ".", "--group", "dev"],
    ]
    if program(place, "pip").exists():
        del steps[0]
    for step in steps:
        done = subprocess.run(step, cwd=PROJECT, env=variables(place), capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            return False
    (place / STAMP).write_text(_digest(), encoding="ascii")
    return True


def _stamp_of(place: Path) -> str:
    try:
        return (place / STAMP).read_text(encoding="ascii")
    except OSError:
        return ""


def _digest() -> str:
    """What an environment is made from: the project's requirements, and where its sources are."""
    return hashlib.sha256(os.fsencode(PROJECT) + b"\0" + (PROJECT / "pyproject.toml").read_bytes()).hexdigest()


if __name__ == "__main__":
    prepare()
