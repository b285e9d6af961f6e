"""CI configuration as plain data: the jobs of each file, the commands that they run, and what they keep in caches.

The systems are those of `systems`. The shell scripts that a job calls are read where they are called, with what is in
force there. What depends on an expression stays as it is written: nobody knows its value.
"""

from __future__ import annotations

import os
import posixpath

from pycache_hooks import prevention, programs
from pycache_hooks.readers import shell
from pycache_hooks.readers.systems import AZURE, CODEBUILD, GITHUB, GITLAB, TELLING, system_of
from pycache_hooks.readers.yaml import List, Map, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pycache_hooks.readers.files import Files
    from pycache_hooks.readers.yaml import Value

UNKNOWN = "?"
"""A directory of the work tree, but nobody knows which."""

UNSURE = {prevention.DONT_WRITE: f"${prevention.DONT_WRITE}"}
"""The environment where files that are not in the repository set variables: what would prevent bytecode may be among them."""

_SCRIPTS = (".sh", ".bash")
_SHELL, _OTHER = "shell", "other"
DEEPEST = 8
"""Levels of scripts that call scripts, and of actions and templates that use others."""

_ENOUGH = 50_000
"""Steps and commands that are read, all files together: aliases can multiply them without end."""

_LONGEST = 1_000
"""Scalars of one list that are read."""

_OFTEN = 5
"""Times that a script is followed in one step: from then on it says nothing new."""

_TREES = (
    "${{github.workspace}}",
    "$GITHUB_WORKSPACE",
    "${GITHUB_WORKSPACE}",
    "$CI_PROJECT_DIR",
    "${CI_PROJECT_DIR}",
    "$CODEBUILD_SRC_DIR",
    "${CODEBUILD_SRC_DIR}",
    "$(Build.SourcesDirectory)",
    "$(Build.Repository.LocalPath)",
    "$(System.DefaultWorkingDirectory)",
    "$BUILD_SOURCESDIRECTORY",
    "${BUILD_SOURCESDIRECTORY}",
    "$SYSTEM_DEFAULTWORKINGDIRECTORY",
    "${SYSTEM_DEFAULTWORKINGDIRECTORY}",
    "$(git rev-parse --show-toplevel)",
    "`git rev-parse --show-toplevel`",
)
"""What stands for the directory that a job begins in."""

_MAKING = ("$(mktemp", "`mktemp", '"$(mktemp', '"`mktemp')
_ELSEWHERE = (
    *("$(mktemp", "`mktemp", "$RUNNER_TEMP", "${RUNNER_TEMP}", "${{runner.temp}}", "$HOME", "${HOME}"),
    *("$(Agent.TempDirectory)", "$AGENT_TEMPDIRECTORY", "${AGENT_TEMPDIRECTORY}"),
)
"""What stands for a directory outside of the work tree."""

_HERE = ("$PWD", "${PWD}", "$(pwd)", "`pwd`")
"""What stands for the current directory."""


class Run:
    """A command of a job: in the file *path*, and called from the line *caller* of the job's own files.

    *environment*: what is in force, its own assignments included, as it is written. *directory*: where it runs, relative
    to the root of the repository; `UNKNOWN`, or None outside of the work tree. *start*: the same relative to where the job
    begins, with or without a repository there.
    """

    __slots__ = ("caller", "command", "directory", "environment", "path", "start")

    def __init__(self, place: Place, caller: int, command: shell.Command, environment: Mapping[str, str]) -> None:
        self.path = place.path
        self.caller = caller
        self.command = command
        self.environment = environment
        self.start = place.directory
        self.directory = place.inside(place.directory)

    @property
    def line(self) -> int:
        """The line of *path* that the command is on."""
        return self.command.line


class CacheUse:
    """What a job keeps from run to run: the *paths*, under a *key* that hashes the files that *patterns* name.

    *tool*: whose downloads they are, where that is what the cache is for. *constant*: nothing else in the key changes
    from run to run. *directory*: what the patterns are relative to, or None if that is not the work tree. *remedy*: how
    the key would hash ``<lock>`` for ``<tool>``; *instead*: how it would without those of its patterns that match nothing.
    """

    __slots__ = (
        "constant",
        "directory",
        "instead",
        "key",
        "line",
        "path",
        "paths",
        "patterns",
        "remedy",
        "tool",
        "what",
    )

    def __init__(  # noqa: PLR0913 - a record
        self,
        path: str,
        line: int,
        what: str,
        remedy: str,
        *,
        paths: Sequence[str] = (),
        key: str = "",
        patterns: Sequence[str] = (),
        tool: str = "",
    ) -> None:
        self.path = path
        self.line = line
        self.what = what
        self.remedy = remedy
        self.paths = list(paths)
        self.key = key
        self.patterns = list(patterns)
        self.tool = tool
        self.constant = True
        self.directory: str | None = ""
        self.instead = ""


class Job:
    """One job of *system*: *labels* say where it runs, and *persistent* whether its work tree stays (None: unknown).

    *runs*, *caches*: in order. *unclean*: path and line of each checkout that is told not to clean. *container*: the image
    that the steps run in, if the job names one; *as_user*: as somebody else than root by its options.
    """

    __slots__ = (
        "as_user",
        "caches",
        "container",
        "labels",
        "line",
        "name",
        "path",
        "persistent",
        "runs",
        "system",
        "unclean",
    )

    def __init__(  # noqa: PLR0913 - a record
        self, system: str, path: str, line: int, name: str, *, labels: Sequence[str], persistent: bool | None
    ) -> None:
        self.system = system
        self.path = path
        self.line = line
        self.name = name
        self.labels = list(labels)
        self.persistent = persistent
        self.runs: list[Run] = []
        self.caches: list[CacheUse] = []
        self.unclean: list[tuple[str, int]] = []
        self.container = ""
        self.as_user = False


class Place:
    """Where the next script of a job runs, and in which file it stands; changed by what the job does.

    *directory*: relative to where the job begins; `UNKNOWN`, or None elsewhere. *tree*: where the repository lies there,
    or None where it does not. *within*: the scripts that are being read. *names*: the programs and functions called there.
    """

    __slots__ = ("caller", "directory", "environment", "names", "path", "tree", "within")

    def __init__(self, path: str, environment: Mapping[str, str], *, tree: str | None = "") -> None:
        self.path = path
        self.environment = dict(environment)
        self.tree = tree
        self.caller = 0
        self.directory: str | None = ""
        self.within: tuple[str, ...] = ()
        self.names: frozenset[str] = frozenset()

    def copy(self) -> Place:
        """The same place, to be changed on its own."""
        made = Place(self.path, self.environment, tree=self.tree)
        made.caller, made.directory, made.within, made.names = self.caller, self.directory, self.within, self.names
        return made

    def inside(self, path: str | None) -> str | None:
        """*path*, relative to where the job begins, as one of the repository; None outside of it."""
        if path is None or self.tree is None:
            return None
        if UNKNOWN in (path, self.tree):
            return UNKNOWN
        if not self.tree:
            return path
        return path.removeprefix(self.tree).lstrip("/") if f"{path}/".startswith(f"{self.tree}/") else None

    def move(self, words: Sequence[str], environment: Mapping[str, str], made: Collection[str]) -> None:
        """Do what a ``cd`` does. *made*: the variables that name a directory which the script makes elsewhere."""
        target = next((word for word in words[1:] if not word.startswith("-") or word == "-"), "~")
        head, slash, rest = target.partition("/")
        name = head.strip("${}") if head.startswith("$") else ""
        if words[0] == "popd" or target == "-":
            self.directory = UNKNOWN
        elif name in made:
            self.directory = None
        else:
            value = environment.get(name, "")
            self.directory = joined(self.directory, f"{value}{slash}{rest}" if value else target)


class Scripts:
    """Reads scripts where jobs run them. Those that are files of the repository are parsed once."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._parsed: dict[str, list[shell.Command]] = {}
        self._times: dict[str, int] = {}
        self._kinds: dict[str, str] = {}
        self._left = _ENOUGH

    def afford(self, number: int = 1) -> bool:
        """Whether so many more steps or commands may be read."""
        self._left -= number
        return self._left > 0

    def run(self, script: str, line: int, place: Place) -> list[Run]:
        """The commands of *script*, which begins on *line*, and of the scripts that it calls. *place* changes with them."""
        place.caller = line
        self._times.clear()
        return self._all(_parsed(script, line), place, script.split("\n"), line)

    def _all(self, commands: Sequence[shell.Command], place: Place, lines: Sequence[str], first: int) -> list[Run]:
        outside = dict(place.environment)
        found: list[Run] = []
        own = not place.within
        made: set[str] | None = None
        place.names = place.names | {command.words[0] for command in commands}
        skipped = _uncalled(lines, first, place.names)
        for command in commands if self.afford(len(commands)) else ():
            if command.line in skipped:
                continue
            environment = {**outside, **command.environment}
            if command.words == _END:
                place.environment = environment
                break
            if own:
                place.caller = command.line
            found.append(Run(place, place.caller, command, environment))
            if command.words[0] in ("cd", "pushd", "popd"):
                here = place.directory
                made = _made(lines) if made is None else made
                place.move(command.words, environment, made)
                # The directory of a subshell ends with it: what comes after is not worth a guess.
                before = lines[min(command.line - first, len(lines) - 1)].partition(command.words[0])[0]
                if before.count("(") > before.count(")"):
                    place.directory = UNKNOWN if here is not None else None
            elif _may_call(command.words):
                inner = programs.unwrapped(command)
                found += self._called(inner.words, {**environment, **inner.environment}, place, outside)
        return found

    def _called(
        self, words: Sequence[str], environment: Mapping[str, str], place: Place, outside: dict[str, str]
    ) -> list[Run]:
        """What the script runs that *words* call, if it is one of the repository."""
        script, sourced = _script(words)
        path = self._path(script, place, trusted=script != words[0]) if script else ""
        times = self._times[path] = self._times.get(path, 0) + 1
        if not path or path in place.within or len(place.within) >= DEEPEST or times > _OFTEN:
            return []
        text = self.files.text(path)
        if text is None:
            return []
        if path not in self._parsed:
            self._parsed[path] = _parsed(text, 1)
        there = place.copy()
        there.path, there.within, there.environment = path, (*place.within, path), dict(environment)
        found = self._all(self._parsed[path], there, text.split("\n"), 1)
        if sourced:
            place.directory = there.directory
            outside.update(there.environment)
            if len(self._parsed[path]) == 1:
                # Nothing but variables: such a file is read between set -a and set +a, which exports them.
                from pycache_hooks.readers import interpolation

                outside.update({name: value or "" for name, value in interpolation.assignments(text, {}).items()})
        return found

    def _path(self, script: str, place: Place, *, trusted: bool) -> str:
        """The tracked or lying file that *script* names, if it is a shell script; *trusted*: a shell is told to read it."""
        target = place.inside(joined(place.directory, script))
        if not target or target == UNKNOWN:
            return ""
        if target not in self._kinds:
            self._kinds[target] = self._kind(target)
        return target if self._kinds[target] == _SHELL or (trusted and self._kinds[target] == _OTHER) else ""

    def _kind(self, target: str) -> str:
        """Whether *target* is a shell script, or another file, or none."""
        if not self.files.exists(target) or self.files.is_dir(target):
            return ""
        name = target.rpartition("/")[2]
        if name.endswith(_SCRIPTS):
            return _SHELL
        if "." in name:
            return _OTHER
        from identify.identify import tags_from_path  # 13 ms, for a script whose name does not say what it is

        try:
            return _SHELL if "shell" in tags_from_path(os.path.join(self.files.root, target)) else _OTHER
        except OSError:
            return ""  # not for reading


_READERS = ("source", ".")
_END = [":", "end of the script"]


def read(files: Files, names: Iterable[str] | None = None) -> list[Job]:
    """The jobs of all CI files, or of the workflows *names* alone if they are nothing else.

    What a part of a pipeline says counts where it is used. Files that cannot be read are in ``files.unreadable``.
    """
    found: dict[str, list[str]] = {}
    wanted = set(names or ())
    narrow = bool(wanted) and all(path.startswith(".github/workflows/") for path in wanted)
    for path in wanted if narrow else files.configuring(*TELLING):
        found.setdefault(system_of(path), []).append(path)
    scripts = Scripts(files)
    jobs: list[Job] = []
    if GITHUB in found:
        from pycache_hooks.readers import github

        jobs += github.read(scripts, sorted(found[GITHUB]), alone=not narrow)
    if GITLAB in found:
        from pycache_hooks.readers import gitlab

        jobs += gitlab.read(scripts)
    if CODEBUILD in found:
        from pycache_hooks.readers import codebuild

        jobs += codebuild.read(scripts, found[CODEBUILD])
    if AZURE in found:
        from pycache_hooks.readers import azure

        jobs += azure.read(scripts, found[AZURE])
    return jobs


def joined(directory: str | None, path: str) -> str | None:
    """*path* as seen from *directory*, relative to where the job begins; `UNKNOWN`, or None for one elsewhere."""
    if not path.isprintable():
        return UNKNOWN
    if path.startswith("${{"):
        path = path.replace(" ", "")
    for mark in _TREES:
        if path == mark or path.startswith(f"{mark}/"):
            directory, path = "", path[len(mark) :].lstrip("/")
            break
    else:
        for mark in _HERE:
            if path == mark or path.startswith(f"{mark}/"):
                path = path[len(mark) :].lstrip("/")
                break
    if directory is None or path.startswith(("/", "~", "\\", *_ELSEWHERE)) or path[1:2] == ":":
        return None
    if directory == UNKNOWN or any(mark in path for mark in "$`*?"):
        return UNKNOWN
    normal = posixpath.normpath(posixpath.join(directory, path))
    if normal == ".." or normal.startswith("../"):
        return None
    return "" if normal == "." else normal


def texts(value: Value) -> list[Text]:
    """The scalars of *value*: itself, or those of a list, as deep as it is nested."""
    found: list[Text] = []
    waiting = [value]
    for _ in range(10 * _LONGEST):
        if not waiting or len(found) == _LONGEST:
            break
        item = waiting.pop()
        if isinstance(item, List):
            waiting.extend(reversed(item))
        elif isinstance(item, Text):
            found.append(item)
    return found


def settings(value: Value) -> dict[str, str]:
    """The variables that a mapping sets."""
    if not isinstance(value, Map):
        return {}
    return {name: str(text or "") for name, text in value.items() if text is None or isinstance(text, Text)}


def first_line(script: Text) -> int:
    """The line of the file that the first line of *script* is on."""
    return script.line + (script.style in ("|", ">"))


def documents(files: Files, path: str, *, repeated: bool = False) -> list[Map]:
    """The mappings that the file at *path* holds, one a document. *repeated*: a key may stand twice."""
    return [document for document in files.yaml(path, repeated=repeated) or () if isinstance(document, Map)]


def mapping(value: Value) -> Map:
    """*value* if it is a mapping, else an empty one."""
    return value if isinstance(value, Map) else Map()


def scalar(value: Value) -> Text:
    """*value* if it is a scalar, else an empty one."""
    return value if isinstance(value, Text) else Text("")


def plain(text: str) -> str:
    """*text*, if YAML reads it without quotes as it stands, at the end of a line or before a dash; else nothing."""
    whole = text.isprintable() and ": " not in text and " #" not in text
    return text if whole and (text[:1].isalnum() or text.startswith("$")) else ""


def options_user(words: Sequence[str]) -> bool:
    """Whether the options of a container make its processes run as somebody else than root."""
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in ("-u", "--user"):
            user = value if equals else "".join(words[number + 1 : number + 2])
            return not programs.is_root(user)
    return False


def _parsed(script: str, line: int) -> list[shell.Command]:
    """The commands of *script*, and at the end one that knows what is exported there."""
    return shell.commands(f"{script}\n: 'end of the script'", line)


def _made(lines: Sequence[str]) -> set[str]:
    """The variables that are given a directory which ``mktemp`` makes: outside of the work tree."""
    assigned = [line.partition(f"={mark}")[0].split() for line in lines for mark in _MAKING if f"={mark}" in line]
    return {words[-1] for words in assigned if words}


def _uncalled(lines: Sequence[str], first: int, names: Collection[str]) -> set[int]:
    """The numbers of the lines of functions that none of *names* calls; a body ends where a brace stands below its head."""
    found: set[int] = set()
    number = 0
    while number < len(lines):
        head = lines[number]
        name = head.strip().removeprefix("function ").partition("{")[0].strip()
        if head.rstrip().endswith("{") and (name.endswith("()") or head.lstrip().startswith("function ")):
            end = head[: len(head) - len(head.lstrip())] + "}"
            last = next((at for at in range(number, len(lines)) if lines[at].rstrip() == end), number)
            if name.removesuffix("()").strip() not in names:
                found.update(range(number + first, last + first + 1))
                number = last
        number += 1
    return found


def _may_call(words: Sequence[str]) -> bool:
    """Whether *words* may name a script: a quick test, as most commands do not."""
    return words[0] in _READERS or any("/" in word or word.endswith(_SCRIPTS) or word in shell.SHELLS for word in words)


def _script(words: Sequence[str]) -> tuple[str, bool]:
    """The script that *words* call, as they name it, and whether the shell that calls it reads it itself."""
    if words[0] in _READERS:
        return "".join(words[1:2]), True
    if words[0].rpartition("/")[2] in shell.SHELLS:
        skip = False
        for word in words[1:]:
            if skip:
                skip = False
            elif word[:1] not in ("-", "+"):
                return word, False
            elif not word.startswith("--"):
                if "c" in word:
                    break
                skip = word[-1] in "oO"
        return "", False
    return (words[0] if "/" in words[0] else ""), False
