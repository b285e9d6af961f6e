"""What a Dockerfile comes to: its stages, and what is in force where each command runs, as BuildKit's frontend has it.

That is dockerfile2llb/convert.go, shell/lex.go and instructions/commands_runmount.go of
https://github.com/moby/buildkit/tree/73ed6825c4b7569379ef89df0aedcdbe64473d31/frontend/dockerfile
An ENV holds for what follows it and for stages that are built from its own. So does an ARG, but it is no part of the image;
BuildKit lets whichever of the two comes last win (buildah always ENV). What the base image sets is not known here, and a
variable that neither the file nor the arguments give a value stays in the text as it is written.
"""

from __future__ import annotations

import posixpath

from pycache_hooks.findings import short
from pycache_hooks.readers import dockerfile, shell
from pycache_hooks.readers.files import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pycache_hooks.readers.dockerfile import Instruction
    from pycache_hooks.readers.shell import Command

_PLATFORM = (
    "BUILDPLATFORM BUILDOS BUILDOSVERSION BUILDARCH BUILDVARIANT "
    "TARGETPLATFORM TARGETOS TARGETOSVERSION TARGETARCH TARGETVARIANT TARGETSTAGE"
).split()
"""Global arguments that the builder sets: it alone knows to what."""

_WINDOWS_SHELLS = ("cmd", "powershell", "pwsh")
_STAGE_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-_."
_NO_STAGE_NAME = tuple("0123456789-_.")
_NAMED = 3
"""Words of a FROM with an image, AS and a name."""

_DIGITS = 7
"""More of them number no stage."""

_PATTERNS = ("#", "%", "/", "//")
_OPERATORS = ("", "}", ":-", "-", ":+", "+", ":?", "?", *_PATTERNS)
_DEFAULT_SHELL = ("/bin/sh", "-c")
_MOUNT_KEYS = {"dst": "target", "destination": "target", "src": "source", "ro": "readonly", "rw": "readwrite"}

_LONGEST = 1 << 17
"""Linux starts no process with a longer variable (MAX_ARG_STRLEN)."""

_MOST = 1 << 22
"""Characters that all expansions of a file may come to or compare: what doubles itself on each line ends in time."""

_COPIES = 1 << 20
"""Entries of environments that may be copied in a file, and what a trigger counts for: a stage has at most 127 layers."""
_TRIGGER = 16

_LONGEST_PATH = 1 << 12
"""Linux has no longer path (PATH_MAX)."""


class Variable:
    """A variable that ENV or ARG (*by*) sets on *line*; *value* is None if only who builds knows it.

    *unknown*: the names that stand in *value* as they are written because nobody knows their values.
    """

    __slots__ = ("by", "line", "unknown", "value")

    def __init__(self, value: str | None, line: int, by: str, unknown: frozenset[str] = frozenset()) -> None:
        self.value = value
        self.line = line
        self.by = by
        self.unknown = unknown

    def __repr__(self) -> str:
        return f"<{self.by.upper()} {self.value!r} on line {self.line}>"


class Run:
    """One RUN, and what is in force there. The dictionaries are shared: they are not to be changed.

    *mounts*: of each ``--mount`` the keys in their long forms (``type``, ``target``, ``source``, ``id``, ``from``, ...), the
    target absolute. *environment*: each variable that has a value. *onbuild*: it runs in images that are built upon this one.
    *commands* are empty where a shell reads them that is not of the family of ``sh``, as PowerShell.
    """

    __slots__ = ("commands", "end", "environment", "line", "mounts", "onbuild", "user", "variables", "workdir")

    def __init__(self, instruction: Instruction, stage: Stage, *, onbuild: bool) -> None:
        self.line = instruction.line
        self.end = instruction.end
        self.commands: list[Command] = []
        self.mounts: list[dict[str, str]] = []
        self.environment: dict[str, str] = {}
        self.variables: dict[str, Variable] = {}
        self.workdir = stage.workdir
        self.user = stage.user
        self.onbuild = onbuild


class Copy:
    """One COPY or ADD.

    *origin*: the stage or the name of the image that it copies from, None for the build context. *sources* from the context
    are paths from its root (``.``: all of it), without addresses and heredocs. *excludes*: the patterns of ``--exclude``.
    """

    __slots__ = ("excludes", "line", "origin", "sources", "target")

    def __init__(self, line: int, sources: list[str], target: str, origin: Stage | str | None) -> None:
        self.line = line
        self.sources = sources
        self.target = target
        self.origin = origin
        self.excludes: list[str] = []


class Process:
    """What ENTRYPOINT or CMD says: its *words*, and the *commands* if it is in the shell form."""

    __slots__ = ("commands", "line", "words")

    def __init__(self, words: list[str], line: int, commands: list[Command] | None) -> None:
        self.words = words
        self.line = line
        self.commands = commands


class Scope:
    """The variables in force, with those that have a value by name; copied when they change after they were *shared*."""

    __slots__ = ("environment", "shared", "variables")

    def __init__(self, variables: dict[str, Variable], environment: dict[str, str]) -> None:
        self.variables = variables
        self.environment = environment
        self.shared = False


class Stage:
    """One FROM and what follows it.

    *base*: the image, ``""`` where an earlier stage is the *parent*. *runs* and *copies* are its own ones. *variables*: what
    ENV has set at its end, here and in the stages it is built from. *user* and *workdir*: ``""`` if the image decides; a
    relative *workdir* lies in the image's. *shell*: what SHELL says. *triggers*: what ONBUILD puts off.
    """

    __slots__ = (
        "base",
        "cmd",
        "copies",
        "entrypoint",
        "line",
        "name",
        "number",
        "parent",
        "runs",
        "scope",
        "shell",
        "triggers",
        "user",
        "variables",
        "workdir",
    )

    def __init__(self, number: int, name: str, line: int, base: str, parent: Stage | None) -> None:
        self.number = number
        self.name = name
        self.line = line
        self.base = base
        self.parent = parent
        self.runs: list[Run] = []
        self.copies: list[Copy] = []
        self.triggers: list[Instruction] = []
        self.variables: dict[str, Variable] = {}
        self.scope = Scope({}, {})
        self.user = ""
        self.workdir = ""
        self.shell: Sequence[str] = ()
        self.entrypoint: Process | None = None
        self.cmd: Process | None = None
        if parent:
            self._inherit(parent)

    def _inherit(self, parent: Stage) -> None:
        self.base = ""
        self.variables = dict(parent.variables)
        self.scope = parent.scope
        self.scope.shared = True
        self.user, self.workdir, self.shell = parent.user, parent.workdir, parent.shell
        self.entrypoint, self.cmd = parent.entrypoint, parent.cmd

    def __repr__(self) -> str:
        return f"<Stage {self.number} {self.name or 'without a name'}>"

    @property
    def arguments(self) -> dict[str, Variable]:
        """What ARG has declared and no ENV replaced, at the end of the stage."""
        return {name: variable for name, variable in self.scope.variables.items() if variable.by == "arg"}

    @property
    def commands(self) -> list[Command]:
        """What a container runs by default: ENTRYPOINT with CMD behind it."""
        process = self.entrypoint or self.cmd
        if process is None:
            return []
        if process.commands is not None:
            return process.commands
        behind = self.cmd.words if self.entrypoint and self.cmd else []
        return shell.from_words([*process.words, *behind], process.line)

    @property
    def command(self) -> list[str]:
        """The words of what a container runs by default; of several commands of a shell those of the last one."""
        process = self.entrypoint or self.cmd
        commands = self.commands
        if not commands:
            return []
        return commands[0 if process and process.commands is None else -1].words


class Image:
    """The *stages* of a Dockerfile, in order."""

    __slots__ = ("_names", "stages")

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self._names: dict[str, Stage] = {}

    @property
    def final(self) -> Stage | None:
        """The stage that is built unless another one is asked for."""
        return next(reversed(self.stages), None)

    def add(self, stage: Stage) -> None:
        """Add the next stage; a name that comes twice means the later one."""
        self.stages.append(stage)
        self._names[stage.name] = stage

    def named(self, name: str) -> Stage | None:
        """The stage with that name, in whatever case."""
        return self._names.get(name.lower()) if name else None

    def stage(self, name: str | int) -> Stage | None:
        """The stage with that name, or with that number, counted from 0."""
        number = str(name)
        if len(number) < _DIGITS and number.isascii() and number.isdecimal() and int(number) < len(self.stages):
            return self.stages[int(number)]
        return self.named(number)


def read(text: str, arguments: Mapping[str, str] | None = None) -> Image:
    """The stages of the Dockerfile *text*, built with these *arguments*. Raises Unreadable where BuildKit builds nothing."""
    return built(dockerfile.instructions(text), arguments)


def built(instructions: Iterable[Instruction], arguments: Mapping[str, str] | None = None) -> Image:
    """The same of the *instructions* of a Dockerfile."""
    reader = _Reader(arguments or {})
    for instruction in instructions:
        reader.take(instruction)
    if not reader.image.stages:
        raise Unreadable(None, "no FROM")
    return reader.image


class _Reader:
    """Takes one instruction after the other into *image*."""

    __slots__ = ("_arguments", "_copies_left", "_current", "_globals", "_left", "image")

    def __init__(self, arguments: Mapping[str, str]) -> None:
        self.image = Image()
        self._arguments = arguments
        self._globals = {name: Variable(arguments.get(name), 0, "arg") for name in _PLATFORM}
        self._current: Stage | None = None
        self._left = _MOST
        self._copies_left = _COPIES

    def take(self, instruction: Instruction) -> None:
        """Do what *instruction* says. Raises Unreadable."""
        if instruction.name == "from":
            self._from(instruction)
        elif self._current is not None:
            self._apply(instruction, self._current)
        elif instruction.name == "arg":
            for name, variable in self._declared(instruction, lambda: self._globals):
                if variable.value is not None or name not in self._globals:
                    self._globals[name] = variable
        else:
            raise Unreadable(instruction.line, f"{instruction.name.upper()} before the first FROM")

    def _apply(self, instruction: Instruction, stage: Stage) -> None:
        handler = _HANDLERS.get(instruction.name)
        if handler:
            handler(self, instruction, stage)

    def _from(self, instruction: Instruction) -> None:
        words, line = instruction.operands, instruction.line
        name = words[2].lower() if len(words) == _NAMED and words[1].lower() == "as" else ""
        if not name and len(words) != 1:
            raise Unreadable(line, "FROM takes an image, or an image, AS and a name")
        if name.strip(_STAGE_NAME) or name.startswith(_NO_STAGE_NAME):
            raise Unreadable(line, f"{short(words[2])} is no name for a stage")
        base = self._expanded(words[0], instruction, self._globals)[0]
        if not base:
            raise Unreadable(line, f"{short(words[0])} comes to nothing")
        parent = self.image.named(base)
        self._afford(len(parent.variables) + _TRIGGER * len(parent.triggers) if parent else 0, line)
        stage = self._current = Stage(len(self.image.stages), name, line, base, parent)
        self.image.add(stage)
        where = " ".join((base, *instruction.flags)).lower()
        if parent is None and ("windows" in where or "nanoserver" in where):
            stage.shell = _WINDOWS_SHELLS[:1]
        for trigger in parent.triggers if parent else ():
            self._apply(trigger, stage)

    # Variables

    def _expanded(
        self, word: str, instruction: Instruction, variables: Mapping[str, Variable]
    ) -> tuple[str, frozenset[str]]:
        """*word* with the values of *variables*, and the names in it that nobody knows the values of. Raises Unreadable."""
        if "$" not in word and "'" not in word and '"' not in word and instruction.escape not in word:
            return word, frozenset()
        unknown: set[str] = set()

        def substitute(name: str, operator: str, *words: str) -> str:
            known = variables.get(name)
            if known and known.value and operator in _PATTERNS:
                self._spend(len(known.value) * sum(map(len, words)))
            result = _substituted(name, operator, words, variables, unknown)
            self._spend(len(result) if len(result) <= _LONGEST else _MOST)
            return result

        try:
            result = dockerfile.Lexer(word, instruction.escape, substitute).word()
        except ValueError as error:
            raise Unreadable(instruction.line, f"{short(word)}: {error}") from None
        return result, frozenset(name for name in unknown if f"${name}" in result or f"${{{name}" in result)

    def _spend(self, characters: int) -> None:
        """Count *characters* that are expanded or compared. Raises ValueError if they become too many."""
        self._left -= characters
        if self._left < 0:
            raise ValueError("more text than an environment takes")

    def _word(self, instruction: Instruction, stage: Stage) -> str:
        """The one operand of *instruction*. Raises Unreadable."""
        if not instruction.operands:
            raise Unreadable(instruction.line, f"{instruction.name.upper()} of nothing")
        return self._expanded(instruction.operands[0], instruction, stage.scope.variables)[0]

    def _declared(
        self, instruction: Instruction, variables: Callable[[], Mapping[str, Variable]]
    ) -> Iterator[tuple[str, Variable]]:
        """The variables of an ARG, one after the other, as each may use those before it. Raises Unreadable."""
        if not instruction.operands:
            raise Unreadable(instruction.line, "ARG of nothing")
        for operand in instruction.operands:
            name, equals, value = operand.partition("=")
            if not name:
                raise Unreadable(instruction.line, f"no name in {short(operand)}")
            unknown: frozenset[str] = frozenset()
            given = self._arguments.get(name)
            if given is None and equals:
                given, unknown = self._expanded(value, instruction, variables())
            yield name, Variable(given, instruction.line, "arg", unknown)

    def arg(self, instruction: Instruction, stage: Stage) -> None:
        for name, variable in self._declared(instruction, lambda: stage.scope.variables):
            declared = variable
            if variable.value is None and name in self._globals:
                of_all = self._globals[name]
                declared = Variable(of_all.value, instruction.line, "arg", of_all.unknown)
            if declared.value is not None or name not in stage.scope.variables:
                self._set(stage, name, declared)

    def env(self, instruction: Instruction, stage: Stage) -> None:
        words = [self._expanded(word, instruction, stage.scope.variables) for word in instruction.operands]
        if not words or not all(name for name in instruction.operands[::2]):
            raise Unreadable(instruction.line, "ENV without a name")
        for (name, _), (value, unknown) in zip(words[::2], words[1::2], strict=True):
            variable = Variable(value, instruction.line, "env", unknown)
            self._set(stage, name, variable)
            stage.variables[name] = variable

    def _set(self, stage: Stage, name: str, variable: Variable) -> None:
        scope = stage.scope
        if scope.shared:
            self._afford(len(scope.variables), variable.line)
            scope = stage.scope = Scope(dict(scope.variables), dict(scope.environment))
        scope.variables[name] = variable
        if variable.value is not None:
            scope.environment[name] = variable.value

    def _afford(self, entries: int, line: int) -> None:
        """Count *entries* that are copied. Raises Unreadable if they become too many."""
        self._copies_left -= entries
        if self._copies_left < 0:
            raise Unreadable(line, "more variables than can be kept apart")

    # What a stage does

    def run(self, instruction: Instruction, stage: Stage, *, onbuild: bool = False) -> None:
        run = Run(instruction, stage, onbuild=onbuild)
        run.variables, run.environment = stage.scope.variables, stage.scope.environment
        stage.scope.shared = True
        for flag in instruction.flags:
            if flag.startswith("--mount="):
                run.mounts.append(self._mount(flag.partition("=")[2], instruction, stage))
        run.commands = _commands(instruction, stage.shell)
        stage.runs.append(run)

    def _mount(self, text: str, instruction: Instruction, stage: Stage) -> dict[str, str]:
        mount = {"type": "bind"}
        for field in _fields(text, instruction.line):
            key, _, value = field.partition("=")
            key = key.lower()
            mount[_MOUNT_KEYS.get(key, key)] = self._expanded(value, instruction, stage.scope.variables)[0]
        mount["type"] = mount["type"].lower()
        if "target" in mount:
            mount["target"] = posixpath.normpath(posixpath.join("/", stage.workdir, mount["target"]))
        return mount

    def copy(self, instruction: Instruction, stage: Stage) -> None:
        operands, line = instruction.operands, instruction.line
        if len(operands) < 2:  # noqa: PLR2004 - a source and a target
            raise Unreadable(line, f"{instruction.name.upper()} without a target")
        flags = [flag.partition("=") for flag in instruction.flags]
        place = next((value for name, _, value in flags if name == "--from" and value), None)
        named = None if place is None else self.image.stage(place)
        origin = place if named is stage or named is None else named
        words = [operand for operand in operands[:-1] if not _is_heredoc(operand)]
        *sources, target = [
            self._expanded(word, instruction, stage.scope.variables)[0] for word in [*words, operands[-1]]
        ]
        if origin is None:
            sources = [dockerfile.inside(word) for word in sources if not dockerfile.is_elsewhere(word)]
        copy = Copy(line, sources, target, origin)
        copy.excludes = [value for name, _, value in flags if name == "--exclude"]
        stage.copies.append(copy)

    def onbuild(self, instruction: Instruction, stage: Stage) -> None:
        if instruction.trigger is None:
            raise Unreadable(instruction.line, "ONBUILD of nothing")
        stage.triggers.append(instruction.trigger)
        if instruction.trigger.name == "run":
            self.run(instruction.trigger, stage, onbuild=True)

    def user(self, instruction: Instruction, stage: Stage) -> None:
        stage.user = self._word(instruction, stage)

    def workdir(self, instruction: Instruction, stage: Stage) -> None:
        place = self._word(instruction, stage)
        is_windows = place[1:2] == ":"
        stage.workdir = place if is_windows else posixpath.normpath(posixpath.join(stage.workdir, place))
        if len(stage.workdir) >= _LONGEST_PATH:
            raise Unreadable(instruction.line, "a WORKDIR longer than any path")

    def shell(self, instruction: Instruction, stage: Stage) -> None:
        if not instruction.words:
            raise Unreadable(instruction.line, "SHELL takes a JSON array of words")
        stage.shell = instruction.words

    def cmd(self, instruction: Instruction, stage: Stage) -> None:
        stage.cmd = _process(instruction, stage.shell)

    def entrypoint(self, instruction: Instruction, stage: Stage) -> None:
        stage.entrypoint = _process(instruction, stage.shell)
        if stage.cmd is (stage.parent.cmd if stage.parent else None):
            stage.cmd = None


_HANDLERS: dict[str, Callable[[_Reader, Instruction, Stage], None]] = {
    "add": _Reader.copy,
    "arg": _Reader.arg,
    "cmd": _Reader.cmd,
    "copy": _Reader.copy,
    "entrypoint": _Reader.entrypoint,
    "env": _Reader.env,
    "onbuild": _Reader.onbuild,
    "run": _Reader.run,
    "shell": _Reader.shell,
    "user": _Reader.user,
    "workdir": _Reader.workdir,
}


def _substituted(
    name: str, operator: str, words: Sequence[str], variables: Mapping[str, Variable], unknown: set[str]
) -> str:
    """What ``${name operator words}`` comes to. Raises ValueError for what BuildKit refuses.

    A variable that nobody knows stays as it is written, and its name is added to *unknown*; but ``-`` and ``+`` take it
    for unset, as it is in a build that is given nothing.
    """
    if operator not in _OPERATORS:
        raise ValueError(f"unsupported modifier {operator}")
    variable = variables.get(name)
    value = variable.value if variable else None
    if operator[-1:] in ("-", "+") and not (variable and value is None and name in _PLATFORM):
        is_set = value or (value is not None and not operator.startswith(":"))
        if operator.endswith("+") or not is_set:
            return words[0] if operator.endswith("-") or is_set else ""
    if variable is None or value is None:
        if not shell.is_name(name):
            return ""
        unknown.add(name)
        return dockerfile.literal(name, operator, *words)
    unknown.update(variable.unknown)
    return _modified(value, operator, words)


def _modified(value: str, operator: str, words: Sequence[str]) -> str:
    if operator == ":?" and not value:
        raise ValueError(short(words[0]) or "not allowed to be empty")
    if operator in _PATTERNS[:2]:
        return _trimmed(value, words[0], operator)
    if operator in _PATTERNS:
        return _replaced(value, words[0], words[1], every=operator == "//")
    return value


def _trimmed(value: str, pattern: str, operator: str) -> str:
    """*value* without the beginning (``#``) or the end (``%``) that *pattern* matches. Raises ValueError."""
    longest = pattern.startswith(operator)
    pattern = pattern.removeprefix(operator)
    if operator == "#":
        return value[max(_match(_segments(pattern), value, 0, longest=longest), 0) :]
    end = _match(_segments(_backwards(pattern)), value[::-1], 0, longest=longest)
    return value[: len(value) - max(end, 0)]


def _backwards(pattern: str) -> str:
    """*pattern* from its end to its beginning, but for the backslashes, which stay in front of what they escape."""
    characters = iter(pattern)
    return "".join(
        reversed([character + next(characters, "") if character == "\\" else character for character in characters])
    )


def _replaced(value: str, pattern: str, replacement: str, *, every: bool) -> str:
    """*value* with *replacement* for the first longest match of *pattern*, or for *every* one. Raises ValueError."""
    segments = _segments(pattern)
    parts: list[str] = []
    place = done = 0
    end = -1
    while place <= len(value) and (start := _found(segments[0], value, place, len(value))) >= 0:
        before, end = end, _match(segments, value, start, longest=True)
        if end < 0:
            break
        if not start == end == before:
            parts += (value[done:start], replacement)
            done = end
        if not every:
            break
        place = max(end, start + 1)
    return "".join([*parts, value[done:]])


def _segments(pattern: str) -> list[list[str]]:
    """The parts of a *pattern* between its stars, character by character; ``""`` matches any. Raises ValueError."""
    segments: list[list[str]] = [[]]
    characters = iter(pattern)
    for character in characters:
        escaped = character == "\\" and next(characters, "end")
        if escaped and escaped not in ("*", "?", "\\", "}", "/"):
            raise ValueError(f"invalid escape in {short(pattern)}")
        if character == "*":
            segments.append([])
        else:
            segments[-1].append(escaped or character.replace("?", ""))
    return segments


def _match(segments: Sequence[Sequence[str]], value: str, start: int, *, longest: bool) -> int:
    """Where the shortest match that begins at *start* ends, or the *longest*; -1 if there is none.

    No step is ever taken back: whatever the longest match leaves to a star, the nearest places for all but the last part do.
    """
    first, *others = segments
    end = start + len(first)
    if _found(first, value, start, end) != start:
        return -1
    for number, segment in enumerate(others, 1):
        end = _found(segment, value, end, len(value), last=longest and number == len(others))
        if end < 0:
            return -1
        end += len(segment)
    return end


def _found(segment: Sequence[str], value: str, start: int, end: int, *, last: bool = False) -> int:
    """The first or *last* place of *segment* in *value* from *start* to *end*; -1 if there is none."""
    size = len(segment)
    if "" not in segment:
        text = "".join(segment)
        return value.rfind(text, start, end) if last else value.find(text, start, end)
    places = range(start, min(end, len(value)) - size + 1)
    for place in reversed(places) if last else places:
        if all(mark in ("", character) for mark, character in zip(segment, value[place : place + size], strict=True)):
            return place
    return -1


def _fields(text: str, line: int) -> list[str]:
    """The fields of a ``--mount``: comma-separated values. Raises Unreadable."""
    if '"' not in text:
        return text.split(",")
    import csv

    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise Unreadable(line, f"--mount={short(text)}: {error}") from None


def _is_heredoc(word: str) -> bool:
    try:
        return dockerfile.opened(word) is not None
    except ValueError:
        return False


def _process(instruction: Instruction, interpreter: Sequence[str]) -> Process | None:
    """What an ENTRYPOINT or CMD starts; None for an empty one."""
    if not instruction.operands:
        return None
    if instruction.words is not None:
        return Process(list(instruction.words), instruction.line, None)
    words = [*(interpreter or _DEFAULT_SHELL), instruction.text]
    return Process(words, instruction.line, _commands(instruction, interpreter))


def _commands(instruction: Instruction, interpreter: Sequence[str]) -> list[Command]:
    """The commands of a RUN, CMD or ENTRYPOINT; *interpreter*: what SHELL says, if anything."""
    shell_words = tuple(interpreter)
    if shell_words not in instruction.commands:
        instruction.commands[shell_words] = _read_commands(instruction, shell_words)
    return instruction.commands[shell_words]


def _read_commands(instruction: Instruction, interpreter: tuple[str, ...]) -> list[Command]:
    if instruction.words is not None:
        found = shell.from_words(instruction.words, instruction.line)
    elif any(_program(word) in _WINDOWS_SHELLS for word in interpreter):
        found = []
    else:
        found = _scripted(instruction, interpreter)
    for command in found:
        command.line = min(command.line, instruction.end)
    return found


def _scripted(instruction: Instruction, interpreter: tuple[str, ...]) -> list[Command]:
    """The commands of the shell form. One heredoc alone is the script itself, and its ``#!`` counts."""
    line, heredocs = instruction.line, instruction.heredocs
    text, script = instruction.text, instruction.script
    if heredocs and _is_heredoc(text):
        line, script = heredocs[0].line, heredocs[0].content
        if heredocs[0].strip_tabs:
            script = "\n".join(part.lstrip("\t") for part in script.split("\n"))
        text = script
        if text.startswith("#!"):
            interpreter = tuple(text[2:].partition("\n")[0].split())
            text = f"/dev/pipes/{heredocs[0].name}"
    elif heredocs:
        text = script = "\n".join([script, *(f"{heredoc.content}{heredoc.name}" for heredoc in heredocs)])
    if not interpreter or any(_program(word) in shell.SHELLS or word.endswith(".sh") for word in interpreter):
        return shell.commands(script, line)
    return shell.from_words([*interpreter, text], line)


def _program(word: str) -> str:
    return word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
