"""The build contexts of a repository: which directory is sent to a builder for which Dockerfile."""

from __future__ import annotations

import os
import posixpath

from pycache_hooks.readers import dockerfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IGNORE_FILES = (".dockerignore", ".containerignore")
"""At the root of a context, or behind the name of a Dockerfile."""

_NAMES = ("dockerfile", "containerfile")
TELLING = ("ockerfile", "ontainerfile", "compose", *IGNORE_FILES)
"""Parts of the names of all files that matter here: a quick test, as most paths have none of them."""

_NOT_DOCKERFILES = frozenset(
    ".j2 .jinja .jinja2 .tmpl .tpl .template .in .erb .mustache .md .rst .txt .adoc .html .py .pyi .js .ts .go .rs .rb .java "
    ".sh .json .yaml .yml .toml .lock .orig .bak .swp .patch .diff .dockerignore .containerignore .lua .vim .sublime-syntax "
    ".tmlanguage .snippets .png .svg .map .css .svelte .vue".split()
)
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


def is_compose_file(path: str) -> bool:
    """Whether *path* is called like a compose file: ``compose.yaml``, ``docker-compose.dev.yml``."""
    name = path.rpartition("/")[2]
    return name.startswith(_COMPOSE_STARTS) and name.endswith((".yml", ".yaml"))


def read(root: str, paths: Iterable[str], given: Iterable[str] = ()) -> Builds:
    """The builds that the tracked *paths* of the work tree at *root* show.

    A compose file says which directory goes with which Dockerfile. For the Dockerfiles that none names it is their own
    directory or the root, whichever holds what they copy. *given*: the directories that are asked about, if not all.
    """
    files = sorted(path for path in paths if any(part in path for part in TELLING))
    builds = Builds(root)
    copies = {path: builds.copies(path) for path in files if is_dockerfile(path)}
    for path in files:
        if is_compose_file(path):
            for place, target in _builds(builds.text(path)):
                directory = _joined(path.rpartition("/")[0], place)
                if directory is not None:
                    file = (_joined(directory, target) or "") if target else ""
                    builds.found.append(Context(directory, file, copies.get(file) or builds.copies(file)))
    named = {context.dockerfile for context in builds.found}
    unnamed = [path for path in copies if path not in named]
    for path in unnamed:
        builds.found += [Context(place, path, copies[path]) for place in _places(root, path, copies)]
    # An ignore file with no Dockerfile beside it is for one that is made elsewhere; with one, the above has decided.
    known = {context.directory for context in builds.found} | {path.rpartition("/")[0] for path in copies}
    ignoring = [path.rpartition("/")[0] for path in files if path.rpartition("/")[2] in IGNORE_FILES]
    builds.found += [Context(place, "") for place in dict.fromkeys(ignoring) if place not in known]
    if given:
        builds.found = [
            context
            for place in given
            for context in (
                [context for context in builds.found if context.directory == place]
                or [Context(place, path, copies[path]) for path in unnamed if _fits(root, place, path, copies[path])]
                or [Context(place, "", (dockerfile.EVERYTHING,))]
            )
        ]
    return builds


class Builds:
    """The contexts *found* in the work tree at *root*, and of which files why they are *unreadable*."""

    __slots__ = ("found", "root", "unreadable")

    def __init__(self, root: str) -> None:
        self.root = root
        self.found: list[Context] = []
        self.unreadable: dict[str, str] = {}

    def copies(self, path: str) -> tuple[str, ...]:
        """What the Dockerfile at *path* takes from its context."""
        return tuple(dockerfile.copied(self.text(path))) if path else ()

    def text(self, path: str) -> str:
        """What a file says; nothing if there is no such file, as in a sparse work tree, or it cannot be read."""
        try:
            with open(os.path.join(self.root, path), "rb") as file:
                return file.read(MAX_BYTES).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
            return ""
        except OSError as error:
            self.unreadable[path] = error.strerror or type(error).__name__
            return ""


def _places(root: str, path: str, copies: dict[str, tuple[str, ...]]) -> list[str]:
    """The context of a Dockerfile that no compose file names; both that it may be, if both have an ignore file.

    *copies*: every Dockerfile. One at the root is what an ignore file at the root is there for.
    """
    own = path.rpartition("/")[0]
    places = list(dict.fromkeys((own, "")))
    fitting = [place for place in places if _fits(root, place, path, copies[path])] or places
    ignoring = [place for place in fitting if any(_has(root, place, name) for name in IGNORE_FILES)]
    if own in fitting and any("/" not in other for other in copies):
        ignoring = [place for place in ignoring if place == own]
    return ignoring or fitting[:1]


def _fits(root: str, place: str, path: str, copies: tuple[str, ...]) -> bool:
    """Whether the directory *place* may be the context of the Dockerfile at *path*: it holds all that it copies.

    A directory of nothing but Dockerfiles is not what ``COPY .`` is meant for. With a wildcard or a variable nobody knows.
    """
    if not _is_below(path, place):
        return False
    for source in copies:
        if source == dockerfile.EVERYTHING:
            if place and all(is_dockerfile(name) or _is_about_builds(name) for name in _names(root, place)):
                return False
        elif not any(mark in source for mark in "*?[$") and not _has(root, place, source):
            return False
    return True


def _is_about_builds(name: str) -> bool:
    return is_compose_file(name) or name.endswith((*IGNORE_FILES, ".md"))


def _names(root: str, place: str) -> list[str]:
    try:
        return os.listdir(os.path.join(root, place))
    except OSError:
        return []


def _builds(text: str) -> list[tuple[str, str]]:
    """The context and the Dockerfile of each ``build:`` of a compose file, as far as they are written out.

    Only that much is read, line by line: no YAML library is imported for it. What depends on variables is left out, and
    the Dockerfile is then judged as one that no compose file names. ``dockerfile_inline`` has none: ``""``.
    """
    fields: dict[tuple[str, ...], dict[str, str]] = {}
    anchors: dict[str, tuple[str, ...]] = {}
    for path, value in _entries(text):
        anchor, _, rest = value.removeprefix("&").partition(" ")
        if value.startswith("&"):
            anchors[anchor] = path
        fields.setdefault(path[:-1], {})[path[-1]] = _scalar(rest) if value.startswith("&") else value
    builds = []
    for above, siblings in fields.items():
        if "build" in siblings and above[-1:] != ("services",):
            build = _fields(siblings["build"], (*above, "build"), fields, anchors)
            target = "" if "dockerfile_inline" in build else build.get("dockerfile") or "Dockerfile"
            place = build.get("context") or "."
            if build and not any(mark in field for field in (place, target) for mark in "$*&:!"):
                builds.append((place, target))
    return builds


def _fields(
    value: str,
    path: tuple[str, ...],
    fields: dict[tuple[str, ...], dict[str, str]],
    anchors: dict[str, tuple[str, ...]],
) -> dict[str, str]:
    """What a ``build:`` says, in whichever form: its *value*, or what stands below it."""
    if value.startswith("*"):
        path = anchors.get(value[1:], ("",))
        value = fields.get(path[:-1], {}).get(path[-1], "")
    if value.startswith("{"):
        pairs = (pair.partition(":") for pair in value.strip("{} ").split(","))
        return {_scalar(name): _scalar(field) for name, _, field in pairs}
    if value:
        return {"context": value}
    own = fields.get(path, {})
    return fields.get(anchors.get(own.get("<<", "")[1:], ("",)), {}) | own


def _entries(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every ``key: value`` of the block mappings, with the keys that it stands below."""
    above: list[tuple[int, str]] = []
    block = -1
    lines = iter(text.splitlines())
    for line in lines:
        words = line.strip()
        indent = len(line) - len(line.lstrip())
        if not words or words.startswith("#") or 0 <= block < indent:
            continue
        block = -1
        while above and above[-1][0] >= indent:
            above.pop()
        key, _, rest = words.partition(":")
        above.append((indent, key.strip("\"' ")))
        value = _scalar(rest)
        if value.startswith(("|", ">")):
            block = indent
        elif value.startswith("{"):
            value = _flow(value, lines)
        yield tuple(name for _, name in above), value


def _flow(start: str, lines: Iterator[str]) -> str:
    """A flow mapping to its end, which may be some *lines* further down."""
    parts = [start]
    depth = start.count("{") - start.count("}")
    while depth > 0 and (line := next(lines, None)) is not None:
        parts.append(_scalar(line))
        depth += line.count("{") - line.count("}")
    return " ".join(parts)


def _scalar(text: str) -> str:
    text = text.strip()
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0]
    return "" if text.startswith("#") else text.partition(" #")[0].strip()


def _joined(directory: str, path: str) -> str | None:
    """*path* in *directory*, relative to the root of the repository, or None if it lies outside."""
    if path.startswith("/"):
        return None
    joined = posixpath.normpath(posixpath.join(directory, path))
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined


def _is_below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")


def _has(root: str, place: str, path: str) -> bool:
    return os.path.lexists(os.path.join(root, place, path))


MAX_BYTES = 1 << 20
"""A Dockerfile or compose file is read as far as that."""
