"""Check that the ignore files of every build context keep Python caches out, by the builder's own rules.

Judged are the .dockerignore at the root of each context, the <Dockerfile>.dockerignore that replaces it, and their
.containerignore counterparts. The contexts are those that compose files name, and for other Dockerfiles their own
directory or the root of the repository, whichever holds what they copy.
"""

from __future__ import annotations

import os
import posixpath

from pycache_hooks import catalog, git, selection
from pycache_hooks.console import Failure, guarded, read_options
from pycache_hooks.ignorefiles import leaks
from pycache_hooks.ignorefiles.dockerignore import DockerIgnore, DockerIgnoreError
from pycache_hooks.ignorefiles.leaks import (
    CLASSIC,
    COMPILED,
    CONTAINERIGNORE,
    DOCKERIGNORE,
    PODMAN,
    PYCACHE,
    UNKNOWN,
    Judged,
    Probe,
    prefix_of,
)
from pycache_hooks.readers import contexts, project
from pycache_hooks.readers.dockerfile import EVERYTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pycache_hooks.arguments import Option
    from pycache_hooks.findings import Finding
    from pycache_hooks.readers.contexts import Context
    from pycache_hooks.readers.project import Project

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
    listing = project.Listing()
    listed = git.Command("ls-files", "-z", "--full-name", ":/", consume=listing.take)
    top = git.Command("rev-parse", "--show-toplevel")
    root = git.finished_top_level(top)
    listed.output()
    found, problems = findings(project.read(root, listing), settings, selection.filter_of(settings, root))
    return selection.conclude(found, settings, problems)


def findings(found: Project, settings: Settings, counts: Callable[[Finding], bool]) -> tuple[list[Finding], list[str]]:
    """What the ignore files of *found* let in, mended if asked for; and the problems that kept us from it."""
    given = _given(settings.context or [], found.root)
    if not found.has_python:
        return [], []
    telling = {path for part in contexts.TELLING for path in found.containing(part.encode())}
    builds = contexts.read(found.root, telling, given)
    said: list[Finding] = []
    problems: list[str] = []
    for judged in _ignore_files(found, builds.found):
        said += leaks.judge(judged, found, problems, counts, fix=settings.fix)
    return said, problems + [f"{path}: cannot be read: {reason}" for path, reason in builds.unreadable.items()]


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


def _ignore_files(found: Project, builds: Iterable[Context]) -> Iterator[Judged]:
    """The ignore files that the builds use, each once for a context; and one that ought to exist, where none does."""
    probes: dict[str, list[Probe]] = {}
    seen = set()
    for build in builds:
        if build.directory not in probes:
            probes[build.directory] = _probes(found, build.directory)
        if not probes[build.directory]:
            continue
        shared = _existing(found.root, prefix_of(build.directory))
        # Of a Dockerfile's own ignore files the first is the one that is read.
        own = _existing(found.root, build.dockerfile)[:1] if build.dockerfile else []
        files = own + [file for file in shared if not own or not file.endswith(CONTAINERIGNORE)]
        if not files and _copies_sources(build, found):
            files = [f"{prefix_of(build.directory)}{DOCKERIGNORE}"]
        for file in files:
            if (file, build.directory) not in seen:
                seen.add((file, build.directory))
                others = (PODMAN,) if file in own else (CLASSIC,) if len(shared) > 1 else (PODMAN, CLASSIC)
                note = f"; this file replaces {shared[0]}" if file in own and shared else ""
                if file not in own + shared:
                    beside = _existing(found.root, prefix_of(posixpath.dirname(build.dockerfile)))
                    note = f" ({beside[0]} is not read for it)" if beside else ""
                yield Judged(file, build, probes[build.directory], others, note)


def _existing(root: str, start: str) -> list[str]:
    """The ignore files whose paths begin with *start*: a directory's, or a Dockerfile's own."""
    return [start + name for name in contexts.IGNORE_FILES if os.path.lexists(os.path.join(root, start + name))]


def _probes(found: Project, place: str) -> list[Probe]:
    """What Python and its tools would write in the context *place*: nothing if no Python source lies there.

    Besides the directories that hold sources one of an unknown name stands at each of their depths: a pattern that only
    knows today's names lets tomorrow's caches in.
    """
    sources = _inside(found.source_directories, place)
    if not sources:
        return []
    depths = sorted({path.count("/") for path in sources})
    probes = [
        Probe(directory, catalog.PYCACHE, PYCACHE, f"/{COMPILED}")
        for directory in dict.fromkeys([*sources, *(f"{UNKNOWN}/" * depth for depth in depths)])
    ]
    for directory in dict.fromkeys(["", *_inside(found.project_directories, place)]):
        used = project.used_caches(found, (prefix_of(place) + directory).rstrip("/"))
        for row in catalog.CACHES:
            if row.in_context or row in used:
                name = row.name.replace("*", UNKNOWN)
                probes.append(Probe(directory, name.rstrip("/"), row, f"/{UNKNOWN}" if name.endswith("/") else ""))
    return probes


def _inside(directories: Iterable[str], place: str) -> list[str]:
    """Those of *directories* in *place*, relative to it, each as the beginning of a path: ``""`` or ``src/app/``."""
    return [
        f"{path}/".removeprefix(prefix_of(place)).lstrip("/")
        for path in directories
        if f"{path}/".startswith(prefix_of(place))
    ]


def _copies_sources(build: Context, found: Project) -> bool:
    """Whether the Dockerfile of *build* copies a directory of the context that holds Python sources."""
    caches = [f"{directory}{catalog.PYCACHE}" for directory in _inside(found.source_directories, build.directory)]
    for source in build.copies:
        if source == EVERYTHING:
            return True
        # A pattern that names a directory, or what is in it, takes its caches along: the ignore files have the same syntax.
        try:
            pattern = DockerIgnore.parse(os.fsencode(f"./{source}"))
        except DockerIgnoreError:
            continue
        if any(pattern.excludes(cache) for cache in caches):
            return True
    return False
