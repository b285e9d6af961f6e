"""What the .gitignore files of a repository cover: git itself is asked, about paths that need not exist.

Only the repository's own files count: those that are tracked, and a .gitignore at the root that is about to be. A personal
excludes file, .git/info/exclude and what a cache says about itself do not, and neither does the state of the work tree.
The common case is one ``git check-ignore``. Whatever that cannot answer is asked again in a scratch work tree that holds
nothing but the repository's own .gitignore files.

The documentation of the rules: https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import os
import stat

from pycache_hooks import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pycache_hooks.catalog import Cache

NAME = ".gitignore"

LINK = "a symbolic link"
NOT_A_FILE = "not a regular file"
UNREADABLE = "not readable"
UTF_16 = "UTF-16"
NOT_TEXT = "not valid UTF-16"
"""Faults: why git does not read a .gitignore as it was meant."""

BOM = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

Files = dict[str, "IgnoreFile"]
Verdicts = dict[str, "Verdict"]
Answers = dict[str, "Verdict | None"]


class IgnoreFile:
    """One .gitignore: *data* as it was meant, *fault* if git reads it otherwise, *present* in the work tree or not.

    Meant: what a symbolic link points at, the text of a UTF-16 file.
    """

    __slots__ = ("data", "fault", "path", "present")

    def __init__(self, path: str, data: bytes, fault: str = "", *, present: bool = True) -> None:
        self.path = path
        self.data = data
        self.fault = fault
        self.present = present


class Verdict:
    """The line that decides about a probe: *pattern*, in line *line* of the file *source*."""

    __slots__ = ("line", "pattern", "source")

    def __init__(self, source: str, line: int, pattern: str) -> None:
        self.source = source
        self.line = line
        self.pattern = pattern

    @property
    def ignores(self) -> bool:
        """Whether the line ignores the probe: a ``!`` line does the opposite."""
        return not self.pattern.startswith("!")

    @property
    def floats(self) -> bool:
        """Whether the pattern ignores its name at every depth below its file."""
        return self.ignores and "/" not in self.pattern.removesuffix("/")


class Probe:
    """A path that a tool would write into *directory*: *name* says what it is, and each of *patterns* would cover it.

    *tail* is its *path* relative to that. For a directory, it is a file in it: that is what counts, and git takes `name/`
    for a path inside as well.
    *link*: as a symbolic link.
    """

    __slots__ = ("directory", "link", "name", "path", "patterns", "tail")

    def __init__(self, directory: str, tail: str, name: str, patterns: tuple[str, ...], *, link: bool = False) -> None:
        self.directory = directory
        self.tail = tail
        self.path = f"{directory}/{tail}" if directory else tail
        self.name = name
        self.patterns = patterns
        self.link = link

    @property
    def folder(self) -> str:
        """The directory that a tool would make to write the file into, if it makes one."""
        folder = self.path.rpartition("/")[0]
        return "" if folder == self.directory else folder


class Tracked:
    """A tracked file *path* that belongs to the cache *cache*, a *row* of the catalogue, and that *verdict* ignores."""

    __slots__ = ("cache", "path", "row", "verdict")

    def __init__(self, path: str, cache: str, row: Cache, verdict: Verdict) -> None:
        self.path = path
        self.cache = cache
        self.row = row
        self.verdict = verdict


class Judgement:
    """What is wrong with *files*: the probes that are *uncovered*, each with its verdict, and what is *tracked* and ignored.

    *covered*: the verdict of every probe that is, by its path. *faulty*: the files that git does not read as they were meant.
    """

    __slots__ = ("covered", "faulty", "files", "tracked", "uncovered")

    def __init__(self, files: Files, asked: Iterable[tuple[Probe, Verdict | None]], tracked: list[Tracked]) -> None:
        self.files = files
        self.tracked = tracked
        self.faulty = [file for file in files.values() if file.fault]
        self.covered: Verdicts = {}
        self.uncovered: list[tuple[Probe, Verdict | None]] = []
        for probe, verdict in asked:
            if verdict and verdict.ignores:
                self.covered[probe.path] = verdict
            else:
                self.uncovered.append((probe, verdict))

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.uncovered or self.tracked or self.faulty)


class Early:
    """A question about *probes* that git is asked before anybody knows which repository this is.

    It runs beside the commands that find that out, and its answer counts if the current directory is the root.
    """

    __slots__ = ("_command", "_probes")

    def __init__(self, probes: list[str]) -> None:
        self._probes = probes
        # git would wait for ever for somebody to write into a pipe of that name.
        self._command = _start(probes, "") if os.path.isfile(NAME) or not os.path.lexists(NAME) else None

    def answers(self, root: str) -> Answers:
        """The verdict about each probe, if git gave any for the repository at *root*."""
        if self._command is None or os.getcwd() != root:
            return {}
        try:
            return dict(zip(self._probes, _verdicts(self._command), strict=True))
        except git.GitError:
            return {}


def read(root: str, tracked: Iterable[str]) -> Files:
    """The repository's own .gitignore files by path: those of *tracked* that are there, and the one at the root."""
    files: Files = {}
    absent = []
    for path in dict.fromkeys((NAME, *tracked)):
        try:
            files[path] = _read(os.path.join(root, path), path)
        except (FileNotFoundError, NotADirectoryError):
            absent.append(path)
    wanted = set(absent).intersection(tracked)
    return {**files, **_left_out(root, wanted)} if wanted else files


def ask(root: str, files: Files, probes: Iterable[str], known: Answers | None = None) -> Answers:
    """The verdict of *files* about each of *probes*: paths relative to *root*.

    *known*: answers that git gave before, in this repository.
    """
    answers: Answers = dict.fromkeys(probes)
    if not answers:
        return answers
    if not all(file.present and not file.fault for file in files.values()):
        return ask_apart(root, files, list(answers))
    answers.update((probe, verdict) for probe, verdict in (known or {}).items() if probe in answers)
    unknown = [probe for probe in answers if probe not in (known or {})]
    if unknown:
        try:
            answers.update(zip(unknown, _verdicts(_start(unknown, root)), strict=True))
        except git.GitError:  # one probe beyond a symbolic link, or in a nested repository, is fatal for all of them
            return ask_apart(root, files, list(answers))
    doubtful = [probe for probe, verdict in answers.items() if verdict and not _counts(root, files, probe, verdict)]
    return answers | ask_apart(root, files, doubtful) if doubtful else answers


def _counts(root: str, files: Files, probe: str, verdict: Verdict) -> bool:
    """Whether *verdict* comes from *files*, and would be the same if nothing but them were in the work tree.

    git's order of precedence puts what is not a .gitignore last: it changes no verdict but those that it gives itself.
    A pattern for directories may match a probe that is none, because just now there is a directory of that name.
    """
    moot = verdict.pattern.endswith("/") and os.path.isdir(os.path.join(root, probe))
    return verdict.source in files and not moot


def may_reopen(files: Files, names: Iterable[str]) -> bool:
    """Whether a ``!`` line of *files* might un-ignore one of *names* at some place. Never wrong when it says no."""
    lowered = [name.lower().encode() for name in names]
    return any(_may_match(component, lowered) for file in files.values() for component in _negated(file.data))


def reopened(root: str, files: Files, folders: dict[str, str]) -> Answers:
    """The ``!`` lines about those of *folders*, which are given by the path of a file in each, that have one.

    Such a line says nothing about the files in a directory, and yet it may be the reason why they are not ignored.
    """
    answers = ask_apart(root, files, list(folders.values()), directories=True) if folders else {}
    return {path: answer for path, folder in folders.items() if (answer := answers[folder]) and not answer.ignores}


def hidden(root: str, pattern: str) -> list[str]:
    """The tracked files that *pattern*, in the .gitignore at the root, would match."""
    return os.fsdecode(git.run("ls-files", "-z", "-c", "-i", "-x", pattern, root=root)).split("\0")[:-1]


def _read(full: str, path: str) -> IgnoreFile:
    mode = os.lstat(full).st_mode
    fault = ""
    if stat.S_ISLNK(mode):
        fault = LINK
        full = os.path.realpath(full)
        mode = os.stat(full).st_mode if os.path.exists(full) else 0
    if not stat.S_ISREG(mode):
        return IgnoreFile(path, b"", fault or NOT_A_FILE)
    try:
        with open(full, "rb", buffering=0) as file:
            data = file.read()
    except PermissionError:
        return IgnoreFile(path, b"", fault or UNREADABLE)
    if data.startswith(_UTF_16_MARKS):
        try:
            return IgnoreFile(path, data.decode("utf-16").encode(), fault or UTF_16)
        except UnicodeError:
            return IgnoreFile(path, b"", fault or NOT_TEXT)
    return IgnoreFile(path, data, fault)


def _left_out(root: str, paths: set[str]) -> Files:
    """Those of *paths* that a sparse checkout leaves out of the work tree, as the index has them."""
    tags = os.fsdecode(git.run("ls-files", "-t", "-z", root=root)).split("\0")
    sparse = [record[2:] for record in tags if record.startswith("S ") and record[2:] in paths]
    if not sparse:
        return {}
    import tempfile  # as all that leads away from the common case

    with tempfile.TemporaryDirectory(prefix="pycache-hooks-") as scratch:
        listed = b"".join(os.fsencode(path) + b"\0" for path in sparse)
        export = ("checkout-index", "-z", "--stdin", "--ignore-skip-worktree-bits", f"--prefix={scratch}/")
        git.run(*export, root=root, stdin=listed)
        files = [_read(os.path.join(scratch, path), path) for path in sparse]
    for file in files:
        file.present = False
    return {file.path: file for file in files}


def ask_apart(root: str, files: Files, probes: list[str], *, directories: bool = False) -> Answers:
    """As `ask`, in a work tree of our own, where there are *files*, as they were meant, and nothing else.

    *directories*: nothing but the probes, which are made as directories.
    """
    import tempfile

    case = git.run("config", "--type=bool", "--get", "core.ignorecase", root=root, accept=(0, 1)).decode().strip()
    with tempfile.TemporaryDirectory(prefix="pycache-hooks-") as scratch:
        tree, repository = os.path.join(scratch, "tree"), os.path.join(scratch, "git")
        for directory in (tree, os.path.join(repository, "objects"), os.path.join(repository, "refs")):
            os.makedirs(directory)
        _write(os.path.join(repository, "HEAD"), b"ref: refs/heads/main\n")
        for file in files.values():
            _write(os.path.join(tree, file.path), file.data)
        for directory in probes if directories else ():
            os.makedirs(os.path.join(tree, directory), exist_ok=True)
        places = (f"--git-dir={repository}", f"--work-tree={tree}", "-c", "core.bare=false")
        command = _start(probes, tree, *places, "-c", f"core.ignorecase={case or 'false'}")
        return dict(zip(probes, _verdicts(command), strict=True))


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def _start(probes: Iterable[str], root: str, *options: str) -> git.Command:
    # In front of a path that starts with a colon, `./` says that the colon is not pathspec magic.
    listed = b"".join(b"./" + os.fsencode(probe) + b"\0" for probe in probes)
    arguments = ("-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin", "-v", "-n")
    return git.Command(*options, *arguments, root=root, stdin=listed)


def _verdicts(command: git.Command) -> list[Verdict | None]:
    fields = os.fsdecode(command.output(accept=(0, 1))).split("\0")[:-1]
    records = zip(fields[0::4], fields[1::4], fields[2::4], strict=True)
    return [Verdict(source, int(line), pattern) if source else None for source, line, pattern in records]


def _negated(data: bytes) -> Iterator[bytes]:
    """The last component of each ``!`` line, in lower case."""
    if b"!" in data:
        for line in data.removeprefix(BOM).split(b"\n"):
            if line.startswith(b"!"):
                pattern = line.partition(b"\0")[0].rstrip(b" \r").removesuffix(b"/")
                yield pattern[1:].rpartition(b"/")[2].lower()


def _may_match(component: bytes, names: list[bytes]) -> bool:
    # Behind its last special character a pattern is literal, so every name that it matches must end that way.
    end = max(component.rfind(special) for special in (b"*", b"?", b"]", b"[", b"\\")) + 1
    return component in names if end == 0 else any(name.endswith(component[end:]) for name in names)
