"""What CI may keep from run to run, and under which key: for the rules about caches in pipelines."""

from __future__ import annotations

from pycache_hooks import catalog
from pycache_hooks.readers import globs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pycache_hooks.readers.files import Files
    from pycache_hooks.readers.pipelines import CacheUse, Run

_ENVIRONMENTS = ("virtualenvs", ".virtualenvs", catalog.VENV.name.rstrip("/"), "venv")
_PACKAGES = ("site-packages", "dist-packages", "__pypackages__")
_INTERPRETERS = ("env.pythonLocation", "$pythonLocation", "steps.setup-python.outputs.python-path")

_LOCKS = {"uv": ("uv.lock",), "poetry": ("poetry.lock",), "pipenv": ("Pipfile.lock",)}
_LOCK_NAMES = ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", ".py.lock")
_DECLARING = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile")

_FEW = 3
"""Patterns that a message names."""

_MARKS = {"pip": ("pip",), "uv": ("uv",), "poetry": ("pypoetry",), "pipenv": ("pipenv",)}
"""What the directory of each tool's downloads is called: alone, behind a dot, or with ``cache`` beside it."""


def content_flaw(path: str) -> str:
    """What a cache keeps, and why it had better not, if *path* is no download."""
    if path.startswith("!"):
        return ""
    names = [name for name in path.replace("\\", "/").split("/") if name]
    if catalog.PYCACHE in names or names[-1:] == ["*.pyc"]:
        return f"bytecode ({path}), which is made again in no time"
    if any(name in _PACKAGES for name in names):
        return f"installed packages ({path}), which stay as they were when the interpreter changes"
    if any(mark in path for mark in _INTERPRETERS):
        return f"a whole interpreter ({path}) with its installed packages"
    if any(_is_environment(name) for name in names):
        return f"a virtual environment ({path}), which breaks when the interpreter that it links to changes"
    return ""


def key_flaw(files: Files, use: CacheUse, runs: Iterable[Run]) -> tuple[str, str] | None:
    """What is wrong with the key of a cache of downloads, and how it would be right."""
    tool = use.tool or next((tool for path in use.paths if (tool := _tool(path))), "")
    wanted = _wanted(files, tool) if tool and use.constant and use.directory is not None else ""
    if not wanted:
        return None
    found = globs.matching_any(files, use.patterns, use.directory or "")
    kept = f"{tool}'s {'cache' if tool == 'uv' else 'downloads'}"  # what uv has built, too
    if not use.patterns:
        flaw = f"the key of {kept} hashes no file, such as {wanted}"
    elif found:
        wanted = _missed(files, tool, found)
        flaw = f"the key of {kept} hashes {found[0]}, and not {wanted}" if wanted else ""
    elif _is_made(use.patterns, runs) or _is_elsewhere(files, use.patterns):
        flaw = ""
    else:
        flaw = f"no tracked file is called {_listed(use.patterns)}: the key hashes nothing"
    return (flaw, use.remedy.replace("<tool>", tool).replace("<lock>", wanted)) if flaw else None


def _missed(files: Files, tool: str, found: Sequence[str]) -> str:
    """The lock file of *tool* beside one of the files *found*, if none of these is one."""
    locks = _LOCKS.get(tool, ())
    if any(path.rpartition("/")[2] in locks for path in found):
        return ""
    beside = (f"{path.rpartition('/')[0]}/{lock}".lstrip("/") for path in found for lock in locks)
    return next((lock for lock in beside if files.project.tracks(lock)), "")


def _listed(patterns: Sequence[str]) -> str:
    more = " ..." if len(patterns) > _FEW else ""
    return ", ".join(patterns[:_FEW]) + more


def _is_environment(name: str) -> bool:
    stem = name.partition("-")[0].partition("$")[0].partition("*")[0].rstrip("0123456789._")
    return stem in _ENVIRONMENTS


def _tool(path: str) -> str:
    """Whose downloads lie in *path*."""
    names = path.replace("\\", "/").lower().rstrip("/*").split("/")
    for tool, marks in _MARKS.items():
        for mark in marks:
            upper = f"{tool.upper()}_CACHE_DIR".lower()
            together = (
                f"{mark}-cache",
                f".{mark}-cache",
                f"{mark}_cache",
                f".{mark}_cache",
                f"{mark}cache",
                f".{mark}cache",
            )
            if names[-1] in together or upper in names[-1]:
                return tool
            if any(
                name == mark and names[number - 1] in (".cache", "caches", "cache") for number, name in enumerate(names)
            ):
                return tool
            if names[-2:] == [mark, "cache"]:
                return tool
    return ""


def _wanted(files: Files, tool: str) -> str:
    """The file that the key had better hash: the tool's own lock file, or what comes nearest to it in this repository."""
    for group in (_LOCKS.get(tool, ()), ("requirements.txt",), _LOCK_NAMES, ("requirements",), _DECLARING):
        found = [path for path in files.named(*group) if _is_requirements(path, group)] if group else []
        if found:
            return min(found, key=lambda path: (path.count("/"), len(path), path))
    return ""


def _is_requirements(path: str, group: Sequence[str]) -> bool:
    name = path.rpartition("/")[2]
    if group == ("requirements",):
        return name.endswith((".txt", ".in"))
    return name in group or (name.endswith(".py.lock") and ".py.lock" in group)


def _is_made(patterns: Iterable[str], runs: Iterable[Run]) -> bool:
    """Whether a command of the job names a file as one of *patterns* does: it makes it, most likely."""
    names = [pattern.rpartition("/")[2].replace("*", "") for pattern in patterns]
    return any(
        name and name in word for run in runs for word in (*run.command.words, *run.command.outputs) for name in names
    )


def _is_elsewhere(files: Files, patterns: Iterable[str]) -> bool:
    """Whether one of *patterns* looks into a submodule."""
    for pattern in patterns:
        folder = pattern.rpartition("/")[0] if pattern.isprintable() else ""
        while folder:
            if files.project.tracks(folder):
                return True
            folder = folder.rpartition("/")[0]
    return False
