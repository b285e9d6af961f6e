"""Which ignore files the builds of a repository use, and which caches each of them is asked about."""

from __future__ import annotations

import os
import posixpath

from pycache_hooks import catalog
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
    Probes,
    prefix_of,
    takes,
)
from pycache_hooks.readers import contexts, project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pycache_hooks.readers.contexts import Context
    from pycache_hooks.readers.project import Project


def ignore_files(
    found: Project, builds: Iterable[Context], known: dict[str, Probes | None] | None = None
) -> Iterator[Judged]:
    """The ignore files that the builds use, each once for a context; and one that ought to exist, where none does.

    *known*: keeps the probes of each context from one call to the next.
    """
    every: dict[str, Probes | None] = {} if known is None else known
    together: dict[str, list[Context]] = {}
    for build in builds:
        together.setdefault(build.directory, []).append(build)
    seen = set()
    for build in (build for each in together.values() for build in each):
        if build.directory not in every:
            every[build.directory] = _probes(found, build.directory)
        probes = every[build.directory]
        if probes is None:
            continue
        shared = _existing(found.root, prefix_of(build.directory))
        own = _own(found.root, build)
        files = own + [file for file in shared if not own or not file.endswith(CONTAINERIGNORE)]
        if not files and not _is_outside(found, build) and _copies_sources(build, found):
            files = [f"{prefix_of(build.directory)}{DOCKERIGNORE}"]
        for file in files:
            if (file, build.directory) not in seen:
                seen.add((file, build.directory))
                others = (PODMAN,) if file in own else (CLASSIC,) if len(shared) > 1 else (PODMAN, CLASSIC)
                note = f"; this file replaces {shared[0]}" if file in own and shared else ""
                if file not in own + shared:
                    beside = _existing(found.root, prefix_of(posixpath.dirname(build.dockerfile)))
                    note = f" ({beside[0]} is not read for it)" if beside else ""
                users = [build] if file in own else together[build.directory]
                yield Judged(file, build, probes, others, note, _copying(found, build, users))


def _existing(root: str, start: str) -> list[str]:
    """The ignore files whose paths begin with *start*: a directory's, or a Dockerfile's own."""
    return [start + name for name in contexts.IGNORE_FILES if os.path.lexists(os.path.join(root, start + name))]


def _own(root: str, build: Context) -> list[str]:
    """The ignore file of the Dockerfile of *build* itself, if there is one: the first of them is the one that is read."""
    return _existing(root, build.dockerfile)[:1] if build.dockerfile else []


def _copying(found: Project, build: Context, users: list[Context]) -> Callable[[], list[str] | None]:
    """What tells what the Dockerfiles copy that use an ignore file of *build*: of its *users* those without one of their own.

    None if nobody knows, as where one of them cannot be read, or is empty. It is asked only where something is let in.
    """

    def copied() -> list[str] | None:
        builds = [each for each in users if not _own(found.root, each)] or [build]
        sources = [source for each in builds for source in each.copies]
        known = all(each.copies and found.tracks(each.dockerfile) for each in builds)
        return sources if known and not any("$" in source for source in sources) else None

    return copied


def _is_outside(found: Project, build: Context) -> bool:
    """Whether an ignore file for *build* is tracked, and none is in this work tree: a sparse one, for instance."""
    starts = (prefix_of(build.directory), build.dockerfile or prefix_of(build.directory))
    return any(found.tracks(start + name) for start in starts for name in contexts.IGNORE_FILES)


def _probes(found: Project, place: str) -> Probes | None:
    """What Python and its tools would write in the context *place*; None if no Python source lies there."""
    if not found.holds_sources(place):
        return None
    caches = []
    for directory in dict.fromkeys(["", *_inside(found.project_directories, place)]):
        used = project.used_caches(found, (prefix_of(place) + directory).rstrip("/"))
        for row in catalog.CACHES:
            if row.in_context or row in used:
                name = row.name.replace("*", UNKNOWN)
                caches.append(Probe(directory, name.rstrip("/"), row, f"/{UNKNOWN}" if name.endswith("/") else ""))
    return Probes(lambda: _bytecode(found, place), caches)


def _bytecode(found: Project, place: str) -> list[Probe]:
    """Bytecode in each directory that holds sources, and in one of an unknown name at each of their depths.

    A pattern that only knows today's names lets tomorrow's caches in.
    """
    sources = _inside(found.source_directories, place)
    depths = sorted({path.count("/") for path in sources})
    return [
        Probe(directory, catalog.PYCACHE, PYCACHE, f"/{COMPILED}")
        for directory in dict.fromkeys([*sources, *(f"{UNKNOWN}/" * depth for depth in depths)])
    ]


def _inside(directories: Sequence[str], place: str) -> list[str]:
    """Those of the sorted *directories* in *place*, relative to it, each as the beginning of a path: ``""`` or ``src/app/``."""
    return [f"{path}/".removeprefix(prefix_of(place)).lstrip("/") for path in project.within(directories, place)]


def _copies_sources(build: Context, found: Project) -> bool:
    """Whether the Dockerfile of *build* copies a directory of the context that holds Python sources."""
    caches = [f"{directory}{catalog.PYCACHE}" for directory in _inside(found.source_directories, build.directory)]
    return any(True for source in build.copies for _ in takes(source, caches))
