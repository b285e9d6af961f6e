"""The files that configure builds, services, CI and tests: each is read and parsed once, however many checks ask."""

from __future__ import annotations

import os
import posixpath

TYPE_CHECKING = False
if TYPE_CHECKING:
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

    __slots__ = ("_images", "_start", "_texts", "_values", "project", "root", "unreadable")

    def __init__(self, project: Project) -> None:
        self.project = project
        self.root = project.root
        self.unreadable: dict[str, Unreadable] = {}
        self._start = os.path.realpath(self.root).rstrip(os.sep) + os.sep
        self._texts: dict[str, str | None] = {}
        self._images: dict[str, Image | None] = {}
        self._values: dict[str, list[Value] | None] = {}

    @property
    def paths(self) -> list[str]:
        """Every tracked path, in git's order. In a large repository `named` is quicker."""
        return self.project.paths

    def named(self, *parts: str) -> list[str]:
        """The tracked paths that contain one of *parts*, sorted."""
        return sorted({path for part in parts for path in self.project.containing(os.fsencode(part))})

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory in the work tree, tracked or not."""
        return self._inside(path) and os.path.exists(os.path.join(self.root, path))

    def is_dir(self, path: str) -> bool:
        """Whether *path* is a directory of the work tree."""
        return self._inside(path) and os.path.isdir(os.path.join(self.root, path))

    def text(self, path: str) -> str | None:
        """What the file says; None where there is no such file, as in a sparse work tree, or it cannot be read."""
        if path not in self._texts:
            try:
                self._texts[path] = self._read(path)
            except Unreadable as reason:
                self.unreadable[path] = reason
                self._texts[path] = None
        return self._texts[path]

    def dockerfile(self, path: str) -> Image | None:
        """The stages of the Dockerfile at *path*; None as `text`."""
        if path not in self._images:
            from pycache_hooks.readers import images

            text = self.text(path)
            self._images[path] = None
            try:
                self._images[path] = None if text is None else images.read(text)
            except Unreadable as reason:
                self.unreadable[path] = reason
        return self._images[path]

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
        return _decoded(data)

    def _inside(self, path: str) -> bool:
        """Whether *path* stays in the repository, by what is written and where its links lead."""
        normal = posixpath.normpath(path)
        if normal.startswith(("/", "../")) or normal == ".." or "\0" in path:
            return False
        return f"{os.path.realpath(os.path.join(self.root, path))}{os.sep}".startswith(self._start)


def _decoded(data: bytes) -> str:
    """*data* as text: UTF-8, or UTF-16 behind its mark. Raises Unreadable for anything else, such as a binary file."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, f"not {encoding.upper().removesuffix('-SIG')}") from None
    if "\0" in text:
        raise Unreadable(text.count("\n", 0, text.index("\0")) + 1, "a binary file")
    return text
