"""The files that configure builds, services, CI and tests: each is read and parsed once, however many checks ask."""

from __future__ import annotations

import os
import posixpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycache_hooks.readers import compose
    from pycache_hooks.readers.dockerfile import Instruction
    from pycache_hooks.readers.images import Image
    from pycache_hooks.readers.project import Project
    from pycache_hooks.readers.yaml import Value

MAX_BYTES = 10 << 20
"""A larger file is none that somebody wrote."""


class Unreadable(Exception):
    """A file does not say what it ought to: the *reason*, and the *line* if it has one."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Files:
    """The files of the work tree of *project*. Paths are relative to its root; what lies outside of it is not read.

    *unreadable*: which of the files that were asked for cannot be read, and why.
    """

    __slots__ = (
        "_configuring",
        "_directories",
        "_images",
        "_instructions",
        "_named",
        "_plain",
        "_projects",
        "_start",
        "_texts",
        "_values",
        "project",
        "root",
        "unreadable",
    )

    def __init__(self, project: Project) -> None:
        self.project = project
        self.root = project.root
        self.unreadable: dict[str, Unreadable] = {}
        self._start = os.path.realpath(self.root).rstrip(os.sep) + os.sep
        self._named: dict[tuple[str, ...], list[str]] = {}
        self._configuring: dict[tuple[str, ...], list[str]] = {}
        self._directories: dict[str, bool] = {}
        self._plain: dict[str, bool] = {}
        self._texts: dict[str, str | None] = {}
        self._instructions: dict[str, tuple[list[Instruction], Unreadable | None]] = {}
        self._images: dict[tuple[object, ...], Image | None] = {}
        self._values: dict[str, list[Value] | None] = {}
        self._projects: list[tuple[compose.Project, list[list[compose.Service]]]] | None = None

    @property
    def paths(self) -> list[str]:
        """Every tracked path, in git's order. In a large repository `named` is quicker."""
        return self.project.paths

    def named(self, *parts: str) -> list[str]:
        """The tracked paths that contain one of *parts*, sorted: one list for all who ask, not to be changed."""
        if parts not in self._named:
            found = {path for part in parts for path in self.project.containing(os.fsencode(part))}
            self._named[parts] = sorted(found)
        return self._named[parts]

    def configuring(self, *parts: str) -> list[str]:
        """The same of paths that are no Python sources by their names."""
        if parts not in self._configuring:
            found = {path for part in parts for path in self.project.configuring(os.fsencode(part))}
            self._configuring[parts] = sorted(found)
        return self._configuring[parts]

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory in the work tree, tracked or not."""
        return self._inside(path) and os.path.exists(os.path.join(self.root, path))

    def is_dir(self, path: str) -> bool:
        """Whether *path* is a directory of the work tree."""
        if path not in self._directories:
            self._directories[path] = self._inside(path) and os.path.isdir(os.path.join(self.root, path))
        return self._directories[path]

    def text(self, path: str) -> str | None:
        """What the file says; None where there is no such file, as in a sparse work tree, or it cannot be read."""
        if path not in self._texts:
            try:
                self._texts[path] = self._read(path)
            except Unreadable as reason:
                self.unreadable[path] = reason
                self._texts[path] = None
        return self._texts[path]

    def instructions(self, path: str) -> list[Instruction]:
        """The instructions of the Dockerfile at *path*, as far as it is readable."""
        return self._parsed(path)[0]

    def dockerfile(self, path: str, arguments: Mapping[str, str] | None = None) -> Image | None:
        """The stages of the Dockerfile at *path*, built with these *arguments*; None as `text`."""
        key = path, *sorted((arguments or {}).items())
        if key not in self._images:
            from pycache_hooks.readers import images

            self._images[key] = None
            instructions, refused = self._parsed(path)
            try:
                if instructions and not refused:
                    self._images[key] = images.built(instructions, arguments)
            except Unreadable as reason:
                if not arguments:  # else the arguments are wrong, not the file
                    self.unreadable[path] = reason
        return self._images[key]

    def yaml(self, path: str, *, repeated: bool = False) -> list[Value] | None:
        """The documents of the YAML file at *path*; None as `text`. *repeated*: a key may stand twice."""
        if path not in self._values:
            from pycache_hooks.readers import yaml

            text = self.text(path)
            self._values[path] = None
            try:
                self._values[path] = None if text is None else yaml.documents(text, repeated=repeated)
            except Unreadable as reason:
                self.unreadable[path] = reason
        return self._values[path]

    @property
    def projects(self) -> list[tuple[compose.Project, list[list[compose.Service]]]]:
        """What the tracked compose files come to: their `compose.alternatives`."""
        if self._projects is None:
            from pycache_hooks.readers import contexts

            paths = [path for path in self.configuring("compose") if contexts.is_compose_file(path)]
            self._projects = []
            if paths:
                from pycache_hooks.readers import compose

                self._projects = list(compose.alternatives(self, paths))
        return self._projects

    def _parsed(self, path: str) -> tuple[list[Instruction], Unreadable | None]:
        if path not in self._instructions:
            from pycache_hooks.readers import dockerfile

            text = self.text(path)
            self._instructions[path] = ([], None) if text is None else dockerfile.parsed(text)
            refused = self._instructions[path][1]
            if refused:
                self.unreadable[path] = refused
        return self._instructions[path]

    def _read(self, path: str) -> str | None:
        if not self._inside(path):
            return None
        try:
            with open(os.path.join(self.root, path), "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
            return None
        except OSError as error:
            raise Unreadable(None, error.strerror or type(error).__name__) from None
        if len(data) > MAX_BYTES:
            raise Unreadable(None, f"larger than {MAX_BYTES >> 20} MiB")
        return _decoded(data, path)

    def _inside(self, path: str) -> bool:
        """Whether *path* stays in the repository, by what is written and where its links lead."""
        normal = posixpath.normpath(path)
        if normal.startswith(("/", "../")) or normal == ".." or "\0" in path:
            return False
        full = os.path.join(self.root, path)
        # To see where links lead takes long, and mostly there are none.
        if path == normal and self._is_plain(path.rpartition("/")[0]) and not os.path.islink(full):
            return True
        return f"{os.path.realpath(full)}{os.sep}".startswith(self._start)

    def _is_plain(self, directory: str) -> bool:
        """Whether no link is on the way to *directory*, which is written as git writes it."""
        if directory not in self._plain:
            real = os.path.realpath(os.path.join(self.root, directory))
            self._plain[directory] = real == (self._start + directory).rstrip(os.sep)
        return self._plain[directory]


def _decoded(data: bytes, path: str) -> str:
    """*data* as text: UTF-8, or UTF-16 behind its mark. Raises Unreadable for anything else, such as a binary file.

    A builder takes the bytes of a Dockerfile as they are, whatever they encode, but for UTF-16: it sees no FROM in that.
    """
    utf_16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if utf_16 and _is_dockerfile(path):
        raise Unreadable(1, "UTF-16, of which builders read nothing")
    encoding = "utf-16" if utf_16 else "utf-8"
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if utf_16 or not _is_dockerfile(path):
            line = data.count(b"\n", 0, error.start) + 1
            raise Unreadable(line, f"not {encoding.upper()}") from None
        text = data.decode(encoding, "surrogateescape").removeprefix("\ufeff")
    if "\0" in text:
        raise Unreadable(text.count("\n", 0, text.index("\0")) + 1, "a binary file")
    return text


def _is_dockerfile(path: str) -> bool:
    from pycache_hooks.readers import contexts  # which needs this module, and is asked about odd files only

    return contexts.is_dockerfile(path)
