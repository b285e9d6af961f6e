"""What the tests of environments share: tiny wheels, lock files of them, a project that builds itself, and programs."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from support import SOURCES, Result, environment, run

if TYPE_CHECKING:
    from collections.abc import Sequence

UV = shutil.which("uv", path=os.path.dirname(sys.executable)) or "uv"

GUARD = """
import os, signal, sys
from pycache_hooks import environments
from pycache_hooks.console import guarded

@guarded
def main(argv):
{}
    return 0

sys.argv[0] = "run-without-pycache"
sys.exit(main())
"""

PROVIDE = """
request = environments.Request(argv[0], sys.executable, tuple(argv[1:]), refresh="REFRESH" in os.environ)
with environments.provided(request) as place:
    print(place)
"""
"""A program for `run_program`: its arguments are the lock file and the extras."""

BACKEND = """
import os, zipfile

def build_wheel(directory, settings=None, metadata=None):
    with zipfile.ZipFile(os.path.join(directory, "local-1-py3-none-any.whl"), "w") as wheel:
        wheel.write("local.py")
        wheel.writestr("local-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: local\\nVersion: 1\\n")
        wheel.writestr("local-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("local-1.dist-info/RECORD", "")
    return "local-1-py3-none-any.whl"
"""

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "local"
version = "1"
"""


def make_wheel(folder: Path, name: str, value: str = "1.0", needs: str = "") -> Path:
    """A wheel with the module *name*, whose ``VALUE`` is *value*."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": f"VALUE = {value!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs and f'Requires-Dist: {needs}'}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in {**files, f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}.items():
            wheel.writestr(zipfile.ZipInfo(member), text)
    return path


def locked(*wheels: Path, python: str = "") -> str:
    """The ``pylock.toml`` that locks *wheels*."""
    lines = ['lock-version = "1.0"', 'created-by = "tests"', *([f'requires-python = "{python}"'] if python else [])]
    for wheel in wheels:
        name = wheel.name.partition("-")[0]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        about = f'url = "{wheel.as_uri()}", hashes = {{ sha256 = "{digest}" }}'
        lines += ["[[packages]]", f'name = "{name}"', 'version = "1.0"', f"wheels = [{{ {about} }}]"]
    return "\n".join([*lines, ""])


def make_project(folder: Path, value: str) -> Path:
    """A project directory with the module ``local``, whose ``VALUE`` is *value*."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "local.py").write_text(f"VALUE = {value!r}\n")
    return folder


def command(program: str, *arguments: str) -> list[str]:
    """The command that runs *program*, whose arguments are called ``argv``, as a hook is run."""
    body = "\n".join(f"    {line}" for line in program.strip().splitlines())
    return [sys.executable, "-c", GUARD.format(body), *arguments]


def run_program(program: str, *arguments: str, prefix: Sequence[str] = (), **variables: str) -> Result:
    """Run *program* to its end. *prefix* stands in front of the command."""
    return run([*prefix, *command(program, *arguments)], Path.cwd(), with_sources(**variables))


def with_sources(**variables: str) -> dict[str, str]:
    """The environment variables of programs that import the sources under test."""
    path = os.pathsep.join(filter(None, [variables.pop("PYTHONPATH", ""), str(SOURCES)]))
    return environment() | variables | {"PYTHONPATH": path}


class Wrapper:
    """A uv distribution whose program writes down how it is called, and does as it is told, before it becomes uv."""

    def __init__(self, folder: Path) -> None:
        (folder / "uv").mkdir(parents=True)
        self.log = folder / "log"
        self.script = folder / "uv-wrapper"
        self.path = str(folder)
        (folder / "uv/__init__.py").write_text(f"def find_uv_bin():\n    return {str(self.script)!r}\n")
        self.does()

    def does(self, script: str = "") -> None:
        """Have it run *script*, in which ``$UV`` is the real one, before it becomes that."""
        self.log.write_text("")
        self.script.write_text(f'#!/bin/sh\nUV="{UV}"\necho "$*" >>"{self.log}"\n{script}\nexec "$UV" "$@"\n')
        self.script.chmod(0o755)

    def calls(self, word: str) -> int:
        """How often it was called with the argument *word*."""
        return sum(word in line.split() for line in self.log.read_text().splitlines())


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
