"""Check that the ignore files of every build context keep Python caches out, by the builder's own rules.

Judged are the .dockerignore at the root of each context, the <Dockerfile>.dockerignore that replaces it, and their
.containerignore counterparts. The contexts are those that compose files name, and for other Dockerfiles their own
directory or the root of the repository, whichever holds what they copy.
"""

from __future__ import annotations

import os

from pycache_hooks import selection
from pycache_hooks.console import Failure, guarded, read_options
from pycache_hooks.ignorefiles import exposure, leaks
from pycache_hooks.readers import contexts, project
from pycache_hooks.readers.files import Files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pycache_hooks.arguments import Option
    from pycache_hooks.findings import Finding

NAME = "check-pycache-dockerignore"

OPTIONS: tuple[Option, ...] = (
    ("--context", {"action": "append", "metavar": "DIR", "help": "judge this build context instead of those found"}),
    ("--fix", {"action": "store_true", "help": "append the patterns that are missing, or create the ignore file"}),
    *selection.OPTIONS,
)


class Settings(selection.Selection):
    """What one run is asked for."""

    context: list[str] | None = None
    fix = False


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    settings = read_options(NAME, __doc__, OPTIONS, Settings(), argv)
    files = Files(project.started()())
    found, problems = findings(files, settings, selection.filter_of(settings, files.root))
    # What is wrong with what they say is for their own checks to tell.
    refused = ((path, why) for path, why in files.unreadable.items() if why.line is None and files.text(path) is None)
    problems += [f"{path}: cannot be read: {why.reason}" for path, why in refused]
    return selection.conclude(found, settings, problems)


def findings(files: Files, settings: Settings, counts: Callable[[Finding], bool]) -> tuple[list[Finding], list[str]]:
    """What the ignore files among *files* let in, mended if asked for; and what could not be mended."""
    given = _given(settings.context or [], files.root)
    if not files.project.has_python:
        return [], []
    said: list[Finding] = []
    problems: list[str] = []
    for judged in exposure.ignore_files(files.project, contexts.read(files, given)):
        said += leaks.judge(judged, files.project, problems, counts, fix=settings.fix)
    return said, problems


def _given(directories: list[str], root: str) -> list[str]:
    """The directories of ``--context``, relative to *root*. Raises Failure for one that is none, or outside."""
    places = []
    for directory in directories:
        place = os.path.relpath(os.path.realpath(directory), os.path.realpath(root)).replace(os.sep, "/")
        if not os.path.isdir(directory) or place.startswith("../") or place == "..":
            msg = f"--context {directory}: not a directory of this repository"
            raise Failure(msg)
        places.append("" if place == "." else place)
    return places
