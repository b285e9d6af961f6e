"""Which ignore files the builds of a repository use, and which caches each of them is asked about."""

from __future__ import annotations

import os
import posixpath

from pycache_hooks import catalog
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
    from collections.abc import Iterable, Iterator

    from pycache_hooks.readers.contexts import Context
    from pycache_hooks.readers.project import Project


def ignore_files(
    found: Project, builds: Iterable[Context], known: dict[str, list[Probe]] | None = None
) -> Iterator[Judged]:
    """The ignore files that the builds use, each once for a context; and one that ought to exist, where none does.

    *known*: keeps the probes of each context from one call to the next.
    """
    probes = {} if known is None else known
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


def takes(source: str, paths: Iterable[str]) -> str | None:
    """The first of *paths* in the context that a COPY of *source* takes along.

    A pattern that names a directory, or what is in it, takes its caches along: the ignore files have the same syntax.
    """
    if source == EVERYTHING:
        return next(iter(paths), None)
    try:
        pattern = DockerIgnore.parse(os.fsencode(f"./{source}"))
    except DockerIgnoreError:
        return None
    return next((path for path in paths if pattern.excludes(path)), None)


def _copies_sources(build: Context, found: Project) -> bool:
    """Whether the Dockerfile of *build* copies a directory of the context that holds Python sources."""
    caches = [f"{directory}{catalog.PYCACHE}" for directory in _inside(found.source_directories, build.directory)]
    return any(takes(source, caches) for source in build.copies)
