"""The build contexts of a repository: which directory is sent to a builder for which Dockerfile."""

from __future__ import annotations

import os
import posixpath

from pycache_hooks.readers import dockerfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycache_hooks.readers.files import Files

IGNORE_FILES = (".dockerignore", ".containerignore")
"""At the root of a context, or behind the name of a Dockerfile."""

_NAMES = ("dockerfile", "containerfile")
DOCKERFILES = ("ockerfile", "ontainerfile")
TELLING = (*DOCKERFILES, "compose", *IGNORE_FILES)
"""Parts of the names of all files that matter here: a quick test, as most paths have none of them."""

_NOT_DOCKERFILES = frozenset(
    ".j2 .jinja .jinja2 .tmpl .tpl .template .in .erb .mustache .md .rst .txt .adoc .html .py .pyi .js .ts .go .rs .rb .java "
    ".sh .json .yaml .yml .toml .lock .orig .bak .swp .patch .diff .dockerignore .containerignore .lua .vim .sublime-syntax "
    ".tmlanguage .snippets .png .svg .map .css .svelte .vue".split()
)
_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
"""One of them is in what pip installs from a directory."""

_COMPOSE_STARTS = ("compose.", "docker-compose.", "docker-compose-", "compose-", "podman-compose.")


class Context:
    """One build: the *directory* that is sent, and the Dockerfile (``""`` if none is known); both relative to the root.

    *copies*: the sources of its COPY and ADD instructions.
    """

    __slots__ = ("copies", "directory", "dockerfile")

    def __init__(self, directory: str, dockerfile: str, copies: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self.dockerfile = dockerfile
        self.copies = copies

    def __repr__(self) -> str:
        return f"<Context {self.directory or '.'} of {self.dockerfile}>"


def is_dockerfile(path: str) -> bool:
    """Whether *path* is called like a Dockerfile: ``Dockerfile``, ``Dockerfile.dev``, ``api.dockerfile``, ``Containerfile``."""
    name = path.rpartition("/")[2].lower()
    stem, extension = posixpath.splitext(name)
    return not is_of_other_type(path) and (
        name.startswith(tuple(f"{start}{mark}" for start in _NAMES for mark in ".-_"))
        or name in _NAMES
        or (extension.removeprefix(".") in _NAMES and bool(stem))
    )


def is_of_other_type(path: str) -> bool:
    """Whether the extension of *path* says that it is no Dockerfile, whatever it is called: ``Dockerfile.j2``."""
    return posixpath.splitext(path)[1].lower() in _NOT_DOCKERFILES


def dockerfiles(files: Files) -> list[str]:
    """The tracked Dockerfiles."""
    return [path for path in files.configuring(*TELLING) if is_dockerfile(path)]


def is_compose_file(path: str) -> bool:
    """Whether *path* is called like a compose file: ``compose.yaml``, ``docker-compose.dev.yml``."""
    name = path.rpartition("/")[2]
    return name.startswith(_COMPOSE_STARTS) and name.endswith((".yml", ".yaml"))


def read(files: Files, given: Iterable[str] = ()) -> list[Context]:
    """The builds that the tracked *files* show.

    A compose file says which directory goes with which Dockerfile. For the Dockerfiles that none names it is their own
    directory or the root, whichever holds what they copy. *given*: the directories that are asked about, if not all.
    """
    paths = files.configuring(*TELLING)
    copies = {path: _copies(files, path) for path in dockerfiles(files)}
    found = [Context(place, path, copies.get(path) or _copies(files, path)) for place, path in _composed(files)]
    named = {context.dockerfile for context in found}
    unnamed = [path for path in copies if path not in named]
    found += [
        Context(place, path, copies[path])
        for path in unnamed
        for place in ([""] if _says_root(files.text(path) or "", path) else _places(files, path, copies))
    ]
    # An ignore file with no Dockerfile beside it is for one that is made elsewhere; with one, the above has decided.
    known = {context.directory for context in found} | {path.rpartition("/")[0] for path in copies}
    ignoring = [path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] in IGNORE_FILES]
    found += [Context(place, "") for place in dict.fromkeys(ignoring) if place not in known]
    if given:
        return [
            context
            for place in given
            for context in (
                [context for context in found if context.directory == place]
                or [Context(place, path, copies[path]) for path in unnamed if _fits(files, place, path, copies[path])]
                or [Context(place, "", (dockerfile.EVERYTHING,))]
            )
        ]
    return found


def _copies(files: Files, path: str) -> tuple[str, ...]:
    """What the Dockerfile at *path* takes from its context."""
    return tuple(dockerfile.copied(files.instructions(path))) if path else ()


def _composed(files: Files) -> Iterable[tuple[str, str]]:
    """The context and the Dockerfile of each build of the compose files; `""` if that is inline, or nobody knows it."""
    builds = (ways[-1].build for _, services in files.projects for ways in services)
    places = ((build.context, build.dockerfile or "") for build in builds if build)
    return dict.fromkeys((directory, path) for directory, path in places if directory is not None)


def _says_root(text: str, path: str) -> bool:
    """Whether a comment in the Dockerfile *text* says that it is built from the root: ``docker build -f PATH .``."""
    if path not in text:
        return False
    comments = (line.split() for line in text.splitlines() if line.startswith("#") and path in line)
    return any(words[-1] == "." and not {"-f", "--file", f"--file={path}"}.isdisjoint(words) for words in comments)


def _places(files: Files, path: str, copies: dict[str, tuple[str, ...]]) -> list[str]:
    """The context of a Dockerfile that no compose file names; both that it may be, if both have an ignore file.

    None where it may be one of several above: its own does not fit, and nothing shows that it is the root. *copies*: every
    Dockerfile. One at the root is what an ignore file at the root is there for.
    """
    root, own = files.root, path.rpartition("/")[0]
    places = list(dict.fromkeys((own, "")))
    fitting = [place for place in places if _fits(files, place, path, copies[path])]
    if "/" in own and own not in fitting and not _is_shown(root, path, copies[path]):
        return []
    fitting = fitting or places
    ignoring = [place for place in fitting if any(_has(root, place, name) for name in IGNORE_FILES)]
    if own in fitting and any("/" not in other for other in copies):
        ignoring = [place for place in ignoring if place == own]
    return ignoring or fitting[:1]


def _is_shown(root: str, path: str, copies: tuple[str, ...]) -> bool:
    """Whether anything shows that the root is the context: an ignore file, or something that is copied and lies there."""
    if any(_has(root, "", name) or _has(root, "", path + name) for name in IGNORE_FILES):
        return True
    return any(source != dockerfile.EVERYTHING and _is_known(source) and _has(root, "", source) for source in copies)


def _fits(files: Files, place: str, path: str, copies: tuple[str, ...]) -> bool:
    """Whether the directory *place* may be the context of the Dockerfile at *path*: it holds all that it copies.

    A directory of nothing but Dockerfiles is not what ``COPY .`` is meant for, nor one without the project that is installed
    from there. With a wildcard or a variable nobody knows.
    """
    if not _is_below(path, place):
        return False
    for source in copies:
        if source == dockerfile.EVERYTHING:
            if place and all(is_dockerfile(name) or _is_about_builds(name) for name in _names(files.root, place)):
                return False
        elif _is_known(source) and not _has(files.root, place, source):
            return False
    needed = place and dockerfile.EVERYTHING in copies and dockerfile.installs_directory(files.instructions(path))
    return not needed or any(_has(files.root, place, name) for name in _PROJECT)


def _is_known(source: str) -> bool:
    return not any(mark in source for mark in "*?[$")


def _is_about_builds(name: str) -> bool:
    return is_compose_file(name) or name.endswith((*IGNORE_FILES, ".md"))


def _names(root: str, place: str) -> list[str]:
    try:
        return os.listdir(os.path.join(root, place))
    except OSError:
        return []


def _is_below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")


def _has(root: str, place: str, path: str) -> bool:
    return os.path.lexists(os.path.join(root, place, path))
