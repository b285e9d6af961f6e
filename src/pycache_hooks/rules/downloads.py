"""What CI may keep from run to run, and under which key: for the rules about caches in pipelines."""

from __future__ import annotations

from pycache_hooks import catalog
from pycache_hooks.programs import installers
from pycache_hooks.readers import globs
from pycache_hooks.readers.systems import AZURE, CODEBUILD, GITHUB, GITLAB

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

_OWN = {"poetry": ("pyproject.toml",), "pipenv": ("Pipfile",)}
"""What tools declare dependencies in that look into nothing else."""

_EXACT = (".outputs.python-version", ".outputs.python-path", "pythonLocation", "$(python")
"""What of a key is another one as soon as the interpreter is."""

_CACHES = {
    "pip": ("PIP_CACHE_DIR", "pip", ""),
    "pipenv": ("PIPENV_CACHE_DIR", "pipenv", ""),
    "poetry": ("POETRY_CACHE_DIR", "pypoetry", "/artifacts"),
    "uv": ("UV_CACHE_DIR", "uv", ""),
}
"""The variable of each tool's cache, the directory, and where in it the downloads lie."""

_REMEDIES = {
    GITHUB: "path: ~/.cache/<name><part>  # and install in every run",
    GITLAB: 'variables:\n  <variable>: "$CI_PROJECT_DIR/.cache/<name>"\ncache:\n  paths: [.cache/<name><part>]',
    CODEBUILD: 'cache:\n  paths: ["/root/.cache/<name><part>/**/*"]',
    AZURE: "variables:\n  <variable>: $(Pipeline.Workspace)/.cache/<name>\npath: $(Pipeline.Workspace)/.cache/<name><part>",
}
"""How downloads are kept, by system. GitLab keeps what lies in the project only: https://docs.gitlab.com/ci/yaml/#cachepaths"""

_FEW = 3
"""Patterns that a message names."""

_MARKS = {"pip": ("pip",), "uv": ("uv",), "poetry": ("pypoetry",), "pipenv": ("pipenv",)}
"""What the directory of each tool's downloads is called: alone, behind a dot, or with ``cache`` beside it."""


def content_flaw(path: str, *, exact: bool = False) -> str:
    """What a cache keeps, and why it had better not, if *path* is no download. *exact*: it is for one interpreter alone."""
    names = [name for name in path.replace("\\", "/").split("/") if name and path[0] != "!"]
    if catalog.PYCACHE in names or names[-1:] == ["*.pyc"]:
        return f"bytecode ({path}), which is made again in no time"
    if exact or not names:
        return ""
    if any(name in _PACKAGES for name in names):
        return f"installed packages ({path}), which stay as they were when the interpreter changes"
    if any(mark in path for mark in _INTERPRETERS):
        return f"a whole interpreter ({path}) with its installed packages"
    if any(_is_environment(name) for name in names):
        return f"a virtual environment ({path}), which breaks when the interpreter that it links to changes"
    return ""


def contents_flaw(files: Files, use: CacheUse, runs: Sequence[Run], system: str) -> tuple[str, str] | None:
    """What a cache of *system* keeps that is no download and why it had better not, and what it would keep instead."""
    removed = [path for run in runs for path in installers.removed(run.command, run.environment)]
    # Where the job deletes a virtual environment that does not work, it is made anew.
    flawed = [path for path in use.paths if content_flaw(path) and not installers.is_removed(path, removed)]
    exact = bool(flawed) and _names_interpreter(use, runs)
    for path in flawed:
        flaw = content_flaw(path, exact=exact)
        if flaw:
            alone = flaw == content_flaw(path, exact=True) or any(map(_tool, use.paths))
            return flaw, f"delete {path}" if alone else _downloads(files, runs, system)
    return None


def _names_interpreter(use: CacheUse, runs: Sequence[Run]) -> bool:
    """Whether a key holds the exact version of Python: from setup-python, or as a command of the job asks for it.

    That may write the answer into a file, which the key hashes.
    """
    asked = (word for run in runs for word in run.command.words if "=$(python" in word)
    written = (
        path for run in runs if any("python" in word for word in run.command.words) for path in run.command.outputs
    )
    hashed = [name for pattern in use.patterns if (name := _file_named(pattern))]
    return (
        any(mark in use.key for mark in _EXACT)
        or any(f".outputs.{word.partition('=')[0]}" in use.key for word in asked)
        or any(name in path for path in written for name in hashed)
    )


def _downloads(files: Files, runs: Iterable[Run], system: str) -> str:
    """How a cache of *system* keeps what the tool downloads that *runs* install with."""
    used = _installers(runs)
    locking = [tool for tool, locks in _LOCKS.items() if any(map(files.configuring, locks))]
    tool = next((tool for tool in (*locking, *_CACHES) if tool in used), [*locking, "pip"][0])
    variable, name, part = _CACHES[tool]
    return _REMEDIES[system].replace("<variable>", variable).replace("<name>", name).replace("<part>", part)


def _installers(runs: Iterable[Run]) -> set[str]:
    """The tools that *runs* install with."""
    return {found.tool for run in runs if (found := installers.install(run.command, run.environment))}


def key_flaw(files: Files, use: CacheUse, runs: Iterable[Run]) -> tuple[str, str] | None:
    """What is wrong with the key of a cache of downloads, and how it would be right."""
    tool = use.tool or next((tool for path in use.paths if (tool := _tool(path))), "")
    if not tool or not use.constant or use.directory is None or (tool == "pip" and _installers(runs) == {"uv"}):
        return None  # uv keeps nothing where pip does: what is kept stays empty, under whatever key
    foreign = _is_for_another(files, use)
    wanted = _wanted(files, tool)
    if not wanted and not foreign:
        return None
    found = globs.matching_any(files, use.patterns, use.directory or "")
    kept = f"{tool}'s {'cache' if tool == 'uv' else 'downloads'}"  # what uv has built, too
    remedy = use.remedy
    if not use.patterns:
        flaw = f"the key of {kept} hashes no file, such as {wanted}"
    elif found:
        wanted = _missed(files, tool, found)
        flaw = f"the key of {kept} hashes {found[0]}, and not {wanted}" if wanted else ""
    elif _is_made(use.patterns, runs) or _is_elsewhere(files, use.patterns):
        flaw = ""
    else:
        flaw = f"no tracked file is called {_listed(use.patterns)}: the key hashes nothing"
        remedy = f"delete `cache: {tool}`: {tool} has no lock file here" if foreign else use.instead or remedy
    return (flaw, remedy.replace("<tool>", tool).replace("<lock>", wanted)) if flaw else None


def _is_for_another(files: Files, use: CacheUse) -> bool:
    """Whether a setup action keeps what one tool downloads, where another one has the lock file."""
    if use.tool not in _OWN or not use.patterns or any(map(files.configuring, _LOCKS[use.tool])):
        return False
    return any(map(files.project.tracks, _LOCK_NAMES))


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
    locks = _LOCK_NAMES if tool == "pip" else (".py.lock",)
    others = [_OWN[tool]] if tool in _OWN else [("requirements.txt",), locks, ("requirements",), _DECLARING]
    for group in (_LOCKS.get(tool, ()), *others):
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
    names = [name for pattern in patterns if (name := _file_named(pattern))]
    return any(name in word for run in runs for word in (*run.command.words, *run.command.outputs) for name in names)


def _file_named(pattern: str) -> str:
    """What of a file's name *pattern* spells out."""
    return pattern.rpartition("/")[2].replace("*", "")


def _is_elsewhere(files: Files, patterns: Iterable[str]) -> bool:
    """Whether one of *patterns* looks into a submodule."""
    for pattern in patterns:
        folder = pattern.rpartition("/")[0] if pattern.isprintable() else ""
        while folder:
            if files.project.tracks(folder):
                return True
            folder = folder.rpartition("/")[0]
    return False
