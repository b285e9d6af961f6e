"""Where a repository keeps its Python, and which tools it uses: read from its tracked paths and its configuration.

Plain string work throughout: this looks at every path of repositories that have 100,000 of them, where re, tomllib and
pathlib would cost more than all the rest.
"""

from __future__ import annotations

import os

from pycache_hooks import catalog, git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pycache_hooks.catalog import Cache

ENOUGH = 1 << 20
"""Bytes that are read of a configuration file."""

CONFIGURATION = ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "Pipfile")
"""Files that configure tools or require them, next to requirements files."""

LONGEST_NAME = 64
"""Bytes that no name of a cache is longer than, with what lies in front of it."""

_CONTEXTS = ("depend", "deps", "require")
_PIPFILE_SECTIONS = ("packages", "dev-packages")
_REQUIREMENTS = "requirements"
_REQUIREMENTS_SUFFIXES = (".txt", ".in")

_WATCHED = frozenset(
    row for row in catalog.CACHES if row.forbidden and (row.kind != catalog.TOOL_CACHE or row.name.startswith("."))
)
"""The caches that are looked for among tracked paths: a search for every rarer name would cost half a millisecond each."""

_PARTS = [row.name.removesuffix("/").partition("/")[0].encode().partition(b"*") for row in _WATCHED]
_DOTTED = frozenset(name[1:] for name, star, _ in _PARTS if not star and name.startswith(b"."))
_DOTTED_BEGINNINGS = tuple(name[1:] for name, star, _ in _PARTS if star and name.startswith(b"."))
_MARKS = tuple({name + ending for name, _, ending in _PARTS if not name.startswith(b".")})
_UNWATCHED = [row.name for row in catalog.CACHES if row.forbidden and row not in _WATCHED]
_RARE_DIRECTORIES = tuple(
    mark.strip("*/").partition("*")[0].encode()
    for mark in (*(name for name in _UNWATCHED if name.endswith("/")), catalog.PACKAGES)
)
_RARE_FILES = tuple(
    mark.strip("*").partition("*")[0].encode()
    for mark in (
        *(name for name in _UNWATCHED if not name.endswith("/")),
        *(f"{proof}\0" for proof in (*catalog.ENVIRONMENT_PROOFS, *catalog.ACTIVATE_SCRIPTS)),
    )
)
"""What else makes a path worth a closer look: of the rarer caches a part of the name. None of the files is a Python source."""

_EVIDENT = tuple(row for row in catalog.CACHES if row.files or row.mentions)
_SUFFIX_EVIDENCE = tuple({name[1:].encode() for row in _EVIDENT for name in row.files if name.startswith("*")})
_SOURCE_SUFFIXES = tuple(suffix.encode() for suffix in catalog.SOURCE_SUFFIXES)
_WORDS = {word for row in _EVIDENT for word in row.mentions}
_SECTIONS = tuple(word for word in _WORDS if word.startswith("["))
_DISTRIBUTIONS = tuple(_WORDS.difference(_SECTIONS))


class Project:
    """What the tracked paths of one repository say. Paths are relative to *root*; the root itself is ``""``.

    ``project_directories`` are the root, if there is any Python, and wherever a pyproject.toml lies; ``gitignores`` are the
    tracked .gitignore files. What lies in a cache or a virtual environment is left out of these and of
    `source_directories`. ``suspicious``: a cache may be among the tracked files.
    """

    __slots__ = (
        "_evidence",
        "_listing",
        "_named",
        "_others",
        "_paths",
        "_source_directories",
        "gitignores",
        "has_python",
        "project_directories",
        "root",
        "suspicious",
    )

    def __init__(self, root: str, listing: bytes, *, suspicious: bool) -> None:
        self.root = root
        self._listing = listing  # with a NUL at both ends of every path
        self._evidence: list[str] | None = None
        self._others = b""
        self._paths: list[str] | None = None
        self._source_directories: list[str] | None = None
        self.suspicious = suspicious
        # Whether sources are found by their names, and none of them has to be left out.
        self._named = not suspicious and any(suffix + b"\0" in listing for suffix in _SOURCE_SUFFIXES)
        self.has_python = self._named or bool(self.source_directories)
        named = (path.rpartition("/")[0] for path in self._outside_caches(self._called(b"pyproject.toml")))
        # Nobody works in what cookiecutter makes others of.
        projects = {path for path in named if not is_template(path)}
        self.project_directories = sorted(projects | {""} if self.has_python else projects)
        self.gitignores = self._outside_caches(self._called(b".gitignore"))

    @property
    def paths(self) -> list[str]:
        """Every tracked path, in git's order."""
        if self._paths is None:
            self._paths = os.fsdecode(self._listing[1:]).split("\0")[:-1]
        return self._paths

    @property
    def source_directories(self) -> list[str]:
        """The directories that hold Python sources, sorted."""
        if self._source_directories is None:
            paths = self._listing.split(b"\0")
            sources = {path.rpartition(b"/")[0] for path in paths if path.endswith(_SOURCE_SUFFIXES)}
            found = list(map(os.fsdecode, sources)) or [
                path.rpartition("/")[0] for path in _scripts(self.root, self.paths)
            ]
            self._source_directories = sorted(set(self._outside_caches(found)))
        return self._source_directories

    @property
    def evidence(self) -> list[str]:
        """The tracked paths that may show the use of a tool by what is in them, or above them."""
        if self._evidence is None:
            found = [path for suffix in _SUFFIX_EVIDENCE for path in self.containing(suffix + b"\0")]
            self._evidence = found + [
                path for path in self.containing(_REQUIREMENTS.encode()) if path.endswith(_REQUIREMENTS_SUFFIXES)
            ]
        return self._evidence

    @property
    def may_hold_caches(self) -> bool:
        """Whether anything that is tracked is worth a closer look by `catalog.may_be_cache`."""
        if self.suspicious:
            return catalog.may_hold_caches(self._listing)
        rare = any(mark in self._listing for mark in _RARE_DIRECTORIES)
        return rare or any(True for mark in _RARE_FILES for _ in self.configuring(mark))

    def sources_in(self, place: str) -> Iterator[str]:
        """The directories that hold Python sources, of those in *place* and itself; where it is easy as they are found.

        Then one may come more than once. To see whether there is any is a matter of microseconds, and often enough.
        """
        if not self._named:
            yield from within(self.source_directories, place)
            return
        start, end = self._span(place)
        for suffix in _SOURCE_SUFFIXES:
            last = None
            for path in _containing(self._listing, suffix + b"\0", start, end + 1):
                directory = path.rpartition("/")[0]
                if directory != last:
                    yield directory
                last = directory

    def holds_sources(self, place: str) -> bool:
        """Whether there are Python sources in *place*, or deeper."""
        return next(self.sources_in(place), None) is not None

    def below(self, place: str) -> list[str]:
        """The tracked paths in the directory *place*, in git's order."""
        start, end = self._span(place)
        return os.fsdecode(self._listing[start + 1 : end + 1]).split("\0")[:-1]

    def tracks(self, path: str) -> bool:
        """Whether *path* is tracked."""
        return self._listing.startswith(b"%b\0" % os.fsencode(path), self._behind(path) + 1)

    def _span(self, place: str) -> tuple[int, int]:
        """The NULs in front of the first and behind the last tracked path in the directory *place*."""
        if not place:
            return 0, len(self._listing)
        return self._behind(f"{place}/"), self._behind(f"{place}0")  # 0 is what comes behind /

    def _behind(self, path: str) -> int:
        """Where the NUL stands that the tracked paths from *path* on are behind: a binary search, as git sorts by bytes."""
        wanted, listing = os.fsencode(path), self._listing
        low, high = 0, len(listing) - 1
        while low < high:
            start = listing.rfind(b"\0", low, (low + high) // 2 + 1)
            end = listing.find(b"\0", start + 1)
            low, high = (end, high) if listing[start + 1 : end] < wanted else (low, start)
        return low

    def _called(self, name: bytes) -> list[str]:
        return [path for path in self.containing(name + b"\0") if path.rpartition("/")[2] == os.fsdecode(name)]

    def containing(self, text: bytes) -> Iterator[str]:
        """The tracked paths with *text* in them, counting the NUL behind each."""
        return _containing(self._listing, text)

    def configuring(self, text: bytes) -> Iterator[str]:
        """The same of paths that are no Python sources by their names: few enough to be searched for many a text."""
        if not self._others:
            paths = self._listing.split(b"\0")
            self._others = b"\0".join([path for path in paths if not path.endswith(_SOURCE_SUFFIXES)])
        return _containing(self._others, text)

    def _outside_caches(self, paths: Iterable[str]) -> list[str]:
        if not self.suspicious:
            return list(paths)
        return [path for path in paths if not any(row in _WATCHED for _, row in catalog.caches_in(f"{path}/"))]


class Listing:
    """The output of ``git ls-files -z``, searched for caches piece by piece while git is still writing it."""

    __slots__ = ("_end", "_pieces", "suspicious")

    def __init__(self) -> None:
        self._pieces = [b"\0"]
        self._end = b"\0"
        self.suspicious = False

    def take(self, piece: bytes) -> None:
        """Take over the next *piece*."""
        self._pieces.append(piece)
        if not self.suspicious:
            text = self._end + piece
            self.suspicious = _may_hold_caches(text)
            self._end = text[-LONGEST_NAME:]

    def whole(self) -> bytes:
        """All of it, behind a NUL."""
        return b"".join(self._pieces)


def started() -> Callable[[], Project]:
    """Ask git for the root of the repository and for what is tracked; the function returned waits for the project.

    That raises Failure where there is none.
    """
    listing = Listing()
    listed = git.Command("ls-files", "-z", "--full-name", ":/", consume=listing.take)
    top = git.Command("rev-parse", "--show-toplevel")

    def finished() -> Project:
        root = git.finished_top_level(top)
        listed.output()
        return read(root, listing)

    return finished


def read(root: str, listing: Listing | bytes) -> Project:
    """The project at *root* from the output of ``git ls-files -z``, names relative to the root."""
    if isinstance(listing, bytes):
        output, listing = listing, Listing()
        listing.take(output)
    return Project(root, listing.whole(), suspicious=listing.suspicious)


def within(directories: Sequence[str], place: str) -> Sequence[str]:
    """Those of *directories*, which are sorted, that lie in *place*, and itself."""
    if not place:
        return directories
    from bisect import bisect_left, bisect_right

    own = slice(bisect_left(directories, place), bisect_right(directories, place))
    below = slice(bisect_left(directories, f"{place}/"), bisect_left(directories, f"{place}0"))
    return [*directories[own], *directories[below]]


def _containing(listing: bytes, text: bytes, start: int = 0, end: int | None = None) -> Iterator[str]:
    """The paths with *text* in them, of the *listing* from *start* to *end*."""
    at = listing.find(text, start, end)
    while at >= 0:
        behind = listing.find(b"\0", at)
        yield os.fsdecode(listing[listing.rfind(b"\0", 0, at) + 1 : behind])
        at = listing.find(text, behind, end)


def is_template(text: str) -> bool:
    """Whether *text*, of a file or its path, is what a program makes others of. Not to be asked of CI: ``${{ }}`` is its own."""
    return "{{" in text or "{%" in text


def tracked_caches(project: Project) -> list[tuple[str, str, Cache]]:
    """Every tracked file that belongs to a cache: its path, the path of the outermost cache, and the cache's row."""
    found = []
    for path in dict.fromkeys(project.paths) if project.suspicious else ():
        if catalog.may_be_cache(path):
            full = os.path.join(project.root, path)
            # A symbolic link, or a gitlink, whose directory may be there: both stand for the directory of that name.
            link = os.path.islink(full) or os.path.isdir(full)
            for cache, row in catalog.caches_in(path, link=link):
                if row in _WATCHED:
                    found.append((path, cache, row))
                    break
    return found


def used_caches(project: Project, directory: str) -> list[Cache]:
    """The rows of the catalogue whose tools the repository shows that it uses in *directory*."""
    prefix = f"{directory}/" if directory else ""
    texts = list(_configuration(project, prefix))
    shown = {word for word in _SECTIONS if any(_has_section(text, word) for _, text in texts)}
    for name, text in texts:
        normal = _normal(text)
        if any(word in normal for word in _DISTRIBUTIONS):
            shown |= requirements(name, text)
    return [
        row
        for row in _EVIDENT
        if not shown.isdisjoint(row.mentions) or any(_is_evident(project, prefix, name) for name in row.files)
    ]


def requirements(name: str, text: str) -> set[str]:
    """The distributions that the file called *name* requires, in lower case with dashes.

    In a requirements file each line is one. Elsewhere they are looked for under keys and sections whose names say so,
    ``dependencies`` or ``install_requires``: the same word in a description, or among the keywords, requires nothing.
    """
    if name.endswith(_REQUIREMENTS_SUFFIXES):
        return {_requirement(_uncommented(line).strip()) for line in text.splitlines()} - {""}
    found: set[str] = set()
    section = key = ""
    for line in map(_uncommented, text.splitlines()):
        words = line.strip()
        if words.startswith("[") and words.endswith("]") and not set("\"',") & set(words):
            section, key = words.strip("[] "), ""
            continue
        before, equals, after = words.partition("=")
        in_list = name.endswith((".cfg", ".ini")) and line[:1].isspace()
        if equals and not after.startswith("=") and not in_list and _is_key(before.strip()):
            if _requires(section) or section in _PIPFILE_SECTIONS:
                found.add(_normal(before.strip()))
            key, words = before.strip(), after.strip()
        if _requires(section) or _requires(key):
            quoted = words.replace("'", '"').split('"')[1::2]
            bare = [] if quoted or name.endswith((".toml", ".py")) else [words.rpartition(": ")[2]]
            found.update(_requirement(word.strip()) for word in (*quoted, *bare))
    return found - {""}


def _may_hold_caches(listing: bytes) -> bool:
    """Whether any path may belong to a cache: a search for names that never misses one."""
    if any(mark in listing for mark in _MARKS):
        return True
    names = listing.replace(b"\0", b"/").split(b"/.")[1:]
    dotted = {name.partition(b"/")[0] for name in names}
    return not _DOTTED.isdisjoint(dotted) or any(name.startswith(_DOTTED_BEGINNINGS) for name in dotted)


def _scripts(root: str, paths: Iterable[str]) -> list[str]:
    """Those of *paths* that are programs whose first line names a Python."""
    programs = [
        path for path in paths if "." not in path.rpartition("/")[2] and os.access(os.path.join(root, path), os.X_OK)
    ]
    if not programs:
        return []
    from identify.identify import tags_from_path  # 13 ms, for the few repositories that come here

    def is_python(path: str) -> bool:
        try:
            return "python" in tags_from_path(os.path.join(root, path))
        except (OSError, ValueError):
            return False  # not for reading, or gone meanwhile

    return [path for path in programs if is_python(path)]


def _configuration(project: Project, prefix: str) -> Iterator[tuple[str, str]]:
    """Name and text of the configuration and requirements files of one directory."""
    named = [f"{prefix}{name}" for name in CONFIGURATION if project.tracks(f"{prefix}{name}")]
    required = [path for path in project.evidence if _is_requirements(path, prefix)]
    for path in (*named, *required):
        try:
            with open(os.path.join(project.root, path), "rb") as file:
                yield path.rpartition("/")[2], file.read(ENOUGH).decode(errors="replace")
        except OSError:
            continue  # not in this work tree, or nothing to read: it shows nothing


def _is_requirements(path: str, prefix: str) -> bool:
    folder, _, name = path.removeprefix(prefix).rpartition("/")
    named = folder == _REQUIREMENTS or (not folder and _REQUIREMENTS in name)
    return named and path.startswith(prefix) and name.endswith(_REQUIREMENTS_SUFFIXES)


def _is_evident(project: Project, prefix: str, name: str) -> bool:
    if name.startswith("*"):
        return any(path.startswith(prefix) and path.endswith(name[1:]) for path in project.evidence)
    return project.tracks(f"{prefix}{name}")


def _has_section(text: str, beginning: str) -> bool:
    """Whether a section of *text* is called *beginning*, or lies in it: ``[tool.tox`` has ``[tool.tox.env]``."""
    after = f"\n{text}".partition(f"\n{beginning}")[2]
    return bool(after) and (beginning.endswith(":") or after[0] in "].:")


def _requires(name: str) -> bool:
    return any(word in name.lower() for word in _CONTEXTS)


def _is_key(text: str) -> bool:
    return text.replace("-", "_").replace(".", "_").isidentifier()


def _uncommented(line: str) -> str:
    if line.lstrip().startswith("#"):
        return ""
    return line.partition(" #")[0].partition("\t#")[0]


def _requirement(text: str) -> str:
    """The distribution that *text* asks for, if it is a requirement (PEP 508), else an empty string."""
    end = next((at for at, character in enumerate(text) if not (character.isalnum() or character in "-_.")), len(text))
    after = text[end:].lstrip()
    return _normal(text[:end]) if not after or after[0] in "[(<>=!~;@,\\" else ""


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
