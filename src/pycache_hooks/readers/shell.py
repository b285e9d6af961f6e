"""Which commands a shell script runs, and what is exported or assigned in front of each: that much of bash, no more.

Nothing is expanded: ``$NAME``, ``${NAME:-x}`` and ``$(command)`` stay in the words as they are written, and so do GitHub's
``${{ expressions }}``. What a command substitution, a process substitution, ``sh -c``, ``eval`` or a heredoc for a shell
runs is listed behind the command that it belongs to. Both branches of an ``if`` count, and a function's body where it
stands. Reading never fails: where bash would stop at a mistake, what came before it has been read.

The grammar is bash's, of which the grammar of POSIX is a part: https://www.gnu.org/software/bash/manual/bash.html
"""

from __future__ import annotations

from pycache_hooks.readers.words import DEEPEST, ENDS, Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pycache_hooks.programs import Interpreter

SHELLS = frozenset(["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"])
"""Programs that read what this module reads."""

_SWITCHING_USER = ("su", "runuser")
_READING = SHELLS.union(_SWITCHING_USER)
_RUNNING = frozenset(
    "sudo doas env exec command builtin nohup nice ionice setsid stdbuf timeout chronic xargs gosu su-exec setpriv tini "
    "dumb-init catatonit xvfb-run uv uvx poetry pipenv pdm hatch rye pixi conda mamba micromamba".split()
)
"""Programs that run the command behind them here and now, not in a container or on another machine."""

_BLANKS = " \t\0"
_OPENING = ("if", "while", "until", "{", "for", "select", "case")
_CLOSING = ("fi", "done", "}", "esac")
_RESERVED = frozenset([*_OPENING, *_CLOSING, "then", "elif", "else", "do", "!", "time", "coproc", "function", "[["])
_DECLARING = ("export", "declare", "typeset", "local", "readonly")
_REDIRECTIONS = ("<<<", "<<-", "<<", "<&", "<>", "<", "&>>", "&>", ">>", ">&", ">|", ">")
_SCRIPT_DEPTH = 5
"""Levels that a script within a script counts for: its text is read once more."""

_ENOUGH = 1 << 20
"""Variables that are copied, all commands taken together, before exports are no longer kept apart: time stays linear."""


class Command:
    """One command: its *words* without quotes, and the *line* that the first of them is on.

    ``environment``: what the script has exported before it, and the assignments in front of it; a variable that was unset
    is empty. Not to be changed: commands share it. ``outputs``: the words behind ``>`` and ``>>``, those behind the groups
    around it too. ``inner``, ``python``: what `programs` has found in its words, which are not changed any more then.
    """

    __slots__ = ("environment", "inner", "line", "outputs", "python", "words")

    def __init__(
        self,
        words: Sequence[str],
        line: int = 1,
        environment: Mapping[str, str] | None = None,
        outputs: Sequence[str] = (),
    ) -> None:
        self.words = list(words)
        self.line = line
        self.environment: Mapping[str, str] = {} if environment is None else environment
        self.outputs = list(outputs)
        self.inner: Sequence[Command] | None = None
        self.python: Interpreter | None = None

    def __repr__(self) -> str:
        return f"<Command {self.words} line {self.line}>"


def commands(script: str, line: int = 1) -> list[Command]:
    """The commands of *script*, whose first line has the number *line*, in the order of the text."""
    found: list[Command] = []
    _Reader(_plain(script), line, found, _Variables(_Budget()), 0).read()
    return found


def from_words(words: Sequence[str], line: int = 1, environment: Mapping[str, str] | None = None) -> list[Command]:
    """A command that no shell reads, as in a Dockerfile's exec form, and what it runs if it is ``sh -c``."""
    command = Command(words, line, environment)
    found = [command]
    if words:
        raw = [_plain(word) for word in words]
        reader = _Reader("", line, found, _Variables(_Budget()), 0)
        reader.run_script(command, raw, [line] * len(raw), live=False)
    return found


def split(text: str) -> list[str]:
    """The words of *text*, without their quotes; an operator separates words, and is none."""
    reader = _Reader(_plain(text), 1, [], _Variables(_Budget()), 0)
    words = []
    while reader.at < reader.end:
        if reader.text[reader.at] in ENDS:
            reader.at += 1
        else:
            words.append(reader.word().replace("\0", ""))
    return words


def is_name(text: str) -> bool:
    """Whether *text* can be the name of a shell variable."""
    return text.isascii() and text.isidentifier()


def _plain(script: str) -> str:
    """*script* without carriage returns and without NULs, which stand for a dropped line break here."""
    return script.replace("\r\n", "\n").replace("\0", "")


class _Budget:
    """How many more variables may be copied for one script."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _ENOUGH

    def afford(self, entries: int) -> bool:
        """Whether *entries* more may be copied."""
        self.left -= entries
        return self.left > 0


class _Variables:
    """What a shell has set so far. The mapping ``exported`` is replaced, never changed. ``marked``: exported without a value."""

    __slots__ = ("budget", "every", "exported", "marked", "values")

    def __init__(self, budget: _Budget, exported: Mapping[str, str] | None = None) -> None:
        self.budget = budget
        self.exported: Mapping[str, str] = {} if exported is None else exported
        self.marked: frozenset[str] = frozenset()
        self.values: dict[str, str] = {}
        self.every = False

    def assign(self, name: str, value: str, *, export: bool = False) -> None:
        """Set *name*, where ``name+`` appends; exported if it is to be, or was already."""
        if name.endswith("+"):
            name = name[:-1]
            before = self.values.get(name, self.exported.get(name, f"${name}"))
            value = before + value if self.budget.afford(len(before)) else before
        self.values[name] = value
        if export or self.every or self.exported.get(name) or name in self.marked:
            self._replace(name, value, mark=not value)

    def export(self, name: str) -> None:
        """Export *name* with the value that it has, or will get."""
        if name in self.values:
            self._replace(name, self.values[name], mark=not self.values[name])
        elif self.budget.afford(len(self.marked)):
            self.marked |= {name}

    def withdraw(self, name: str) -> None:
        """Hide *name* from the commands that follow."""
        self._replace(name, "", mark=False)

    def _replace(self, name: str, value: str, *, mark: bool) -> None:
        if self.budget.afford(len(self.exported) + len(self.marked)):
            self.exported = {**self.exported, name: value}
            self.marked = self.marked | {name} if mark else self.marked - {name}

    def declare(self, words: list[str]) -> None:
        """Do what ``export``, ``declare`` and their kin do."""
        options = [word for word in words[1:] if word.startswith(("-", "+"))]
        given = "".join(word for word in options if word.startswith("-"))
        export = words[0] == "export" or "x" in given
        hide = "n" in given if words[0] == "export" else any("x" in word for word in options if word.startswith("+"))
        for word in words[1:]:
            name, equals, value = word.partition("=")
            if not is_name(name.removesuffix("+")) or "f" in given:
                continue
            if equals:
                self.assign(name, value, export=export and not hide)
            elif export and not hide:
                self.export(name)
            if hide:
                self.withdraw(name.removesuffix("+"))

    def unset(self, words: list[str]) -> None:
        """Do what ``unset`` does."""
        if "-f" not in words:
            for name in words[1:]:
                if is_name(name):
                    self.values.pop(name, None)
                    self.withdraw(name)

    def choose(self, words: list[str]) -> None:
        """Do what ``set -a`` and ``set -o allexport`` do."""
        for number, word in enumerate(words[1:], 2):
            if word == "--":
                break
            if not word.startswith(("-", "+")):
                continue
            if "a" in word[1:] or ("o" in word[1:] and words[number : number + 1] == ["allexport"]):
                self.every = word.startswith("-")


class _Simple:
    """A simple command while it is being read. ``index``: where it belongs in the list of commands."""

    __slots__ = (
        "assignments",
        "environment",
        "here_strings",
        "index",
        "lines",
        "live",
        "outputs",
        "raw",
        "reads_script",
        "words",
    )

    def __init__(self) -> None:
        self.words: list[str] = []
        self.raw: list[str] = []
        self.lines: list[int] = []
        self.assignments: list[tuple[str, str]] = []
        self.outputs: list[str] = []
        self.here_strings: list[tuple[str, int]] = []
        self.reads_script = False
        self.environment: Mapping[str, str] = {}
        self.live = False
        self.index = 0


class _Level:
    """What is open in one list of commands. ``closed``: where the commands of the group begin that has just ended."""

    __slots__ = ("blocks", "closed", "simple")

    def __init__(self) -> None:
        self.simple = _Simple()
        self.blocks: list[tuple[str, int]] = []
        self.closed = -1


class _Reader(Words):
    """Reads *text* into *found*. *silent*: its command substitutions have been read before, and are not to be listed twice."""

    __slots__ = ("found", "heredocs", "level", "live", "silent", "variables")

    def __init__(  # noqa: PLR0913 - all of a reader's state comes from above
        self,
        text: str,
        line: int,
        found: list[Command],
        variables: _Variables,
        depth: int,
        *,
        silent: bool = False,
    ) -> None:
        super().__init__(text, line, depth)
        self.found = found
        self.variables = variables
        self.silent = silent
        self.live = False
        self.level = _Level()
        self.heredocs: list[tuple[str, bool, bool, _Simple]] = []

    def read(self) -> None:
        """Read all of it."""
        self.read_list(nested=False)

    # Lists and groups

    def read_list(self, *, nested: bool) -> None:
        """Read commands up to the end, or past the parenthesis that closes a *nested* list."""
        while self.at < self.end:
            char = self.text[self.at]
            if char in _BLANKS:
                self.at += 1
            elif char == ")":
                self.finish()
                self.at += 1
                if nested:
                    break
            elif handler := _HANDLERS.get(char):
                handler(self)
            else:
                self.take_word()
        self.finish()

    def nested(self) -> None:
        """Read a list of commands in parentheses, from behind the first one: a shell of its own."""
        if not self.deeper():
            return
        level, self.level = self.level, _Level()
        variables = self.variables
        kept = (variables.exported, variables.marked, variables.every, variables.values)
        variables.values = dict(kept[-1]) if variables.budget.afford(len(kept[-1])) else {}
        self.read_list(nested=True)
        variables.exported, variables.marked, variables.every, variables.values = kept
        self.level = level
        self.depth -= 1

    def backslash(self) -> None:
        if self.text.startswith("\\\n", self.at):
            self.at += 2
        else:
            self.take_word()

    def newline(self) -> None:
        self.finish()
        self.at += 1
        heredocs, self.heredocs = self.heredocs, []
        for heredoc in heredocs:
            self.read_heredoc(*heredoc)

    def separator(self) -> None:
        """A `;`, `&` or `|`, or an operator made of them."""
        if self.text.startswith("&>", self.at):
            self.redirect()
            return
        clause = self.text.startswith((";;", ";&"), self.at)
        self.finish()
        self.at += 1
        if clause and self.level.blocks and self.level.blocks[-1][0] == "case":
            while self.text[self.at : self.at + 1] in (";", "&"):
                self.at += 1
            self.pattern()

    def parenthesis(self) -> None:
        """A subshell, an arithmetic command, or the definition of a function."""
        words = self.level.simple.words
        after = self.at + 1
        while self.text[after : after + 1] in (" ", "\t"):
            after += 1
        if len(words) == 1 and self.text.startswith(")", after):
            self.level.simple = _Simple()
            self.at = after + 1
            return
        self.finish()
        if self.text.startswith("((", self.at) and self.arithmetic():
            return
        start = len(self.found)
        self.at += 1
        self.nested()
        self.level.closed = start

    def finish(self) -> None:
        """The simple command ends here."""
        simple, self.level.simple = self.level.simple, _Simple()
        self.level.closed = -1
        variables = self.variables
        if not simple.words:
            for name, value in simple.assignments:
                variables.assign(name, value)
            return
        environment = variables.exported
        if simple.assignments:
            affordable = environment if variables.budget.afford(len(environment)) else {}
            environment = {**affordable, **{name.removesuffix("+"): value for name, value in simple.assignments}}
        simple.environment = environment
        command = Command(simple.words, simple.lines[0], environment, simple.outputs)
        self.found.insert(simple.index, command)
        self.effect(simple, command)

    # What a command does to those that follow, and what it runs itself

    def effect(self, simple: _Simple, command: Command) -> None:
        name = command.words[0]
        if name in _DECLARING:
            self.variables.declare(command.words)
        elif name == "unset":
            self.variables.unset(command.words)
        elif name == "set":
            self.variables.choose(command.words)
        elif name == "eval":
            self.run(" ".join(simple.raw[1:]), simple.lines[1:2], self.variables, live=simple.live)
        else:
            self.run_script(command, simple.raw, simple.lines, live=simple.live)
            simple.reads_script = script_word(command.words) == len(command.words)
            for text, line in simple.here_strings if simple.reads_script else ():
                self.run(text, [line], self.subshell(command.environment), live=simple.live)

    def run_script(self, command: Command, raw: list[str], lines: list[int], *, live: bool) -> None:
        """Read what ``sh -c`` runs. *live*: its substitutions have been read."""
        number = script_word(raw)
        if 0 < number < len(raw):
            given = [word.partition("=") for word in command.words[1:number]]
            environment = {name: value for name, equals, value in given if equals and is_name(name)}
            script = raw[number].removeprefix("--command=")
            given_on_top = {**command.environment, **environment} if environment else command.environment
            self.run(script, lines[number : number + 1], self.subshell(given_on_top), live=live)

    def subshell(self, exported: Mapping[str, str]) -> _Variables:
        """The variables of a shell that is started here."""
        return _Variables(self.variables.budget, exported)

    def run(self, script: str, lines: list[int], variables: _Variables, *, live: bool) -> None:
        if lines and self.depth + _SCRIPT_DEPTH <= DEEPEST:
            _Reader(
                script, lines[0], self.found, variables, self.depth + _SCRIPT_DEPTH, silent=live or self.silent
            ).read()

    # Words

    def take_word(self) -> None:
        begin, index, simple = self.at, len(self.found), self.level.simple
        line = self.line_at(begin)
        live, self.live = self.live, False
        raw = self.word()
        bare = self.text[begin : self.at]
        simple.live |= self.live
        self.live |= live
        following = self.text[self.at : self.at + 1]
        if following in ("<", ">") and (
            bare.isdecimal() or (bare[:1] == "{" and is_name(bare[1:-1]) and bare[-1] == "}")
        ):
            return
        if not simple.words:
            if bare in _RESERVED and not simple.assignments:
                self.reserved(bare)
                return
            if name := _assigned(bare):
                simple.assignments.append((name, raw.replace("\0", "").partition("=")[2]))
                return
            simple.index = index
        simple.words.append(raw.replace("\0", ""))
        simple.raw.append(raw)
        simple.lines.append(line)

    def substitution(self, parts: list[str]) -> None:
        """`$(commands)`, `<(commands)` or `>(commands)`."""
        start, count = self.at, len(self.found)
        self.at += 2
        self.nested()
        if self.silent:
            del self.found[count:]
        self.live = True
        parts.append(self.text[start : self.at])

    def backticks(self, quote: str) -> None:
        text, start = self.text, self.at + 1
        line = self.line_at(start)
        at = start
        script: list[str] = []
        while at < self.end and text[at] != "`":
            if text[at] == "\\" and text[at + 1 : at + 2] in ("\\", "`", "$", quote or "`"):
                at += 1
            script.append(text[at])
            at += 1
        self.at = at + 1
        count = len(self.found)
        inner = self.subshell(self.variables.exported)
        self.run("".join(script), [line], inner, live=False)
        if self.silent:
            del self.found[count:]
        self.live = True

    # Reserved words

    def reserved(self, word: str) -> None:
        blocks = self.level.blocks
        if word in _OPENING:
            blocks.append((word, len(self.found)))
        elif word in _CLOSING and blocks:
            self.level.closed = blocks.pop()[1]
        if word in _HEADS:
            self.blanks()
            _HEADS[word](self)

    def blanks(self, also: str = "") -> None:
        while self.at < self.end:
            if self.text[self.at] in _BLANKS or self.text[self.at] in also:
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif also and self.text[self.at] == "#":
                self.comment()
            else:
                return

    def loop(self) -> None:
        """`NAME in words`, or `((expressions))`."""
        if self.text.startswith("((", self.at) and self.arithmetic():
            return
        self.word()
        self.blanks()
        if self.word() == "do":
            return
        self.blanks()
        while self.at < self.end and self.text[self.at] not in ";\n&|)":
            self.step()
            self.blanks()

    def step(self) -> bool:
        """Go past a word, or past one character that is none. Returns whether the word ends a `[[`."""
        if self.text[self.at] in ENDS:
            self.at += 1
            return False
        return self.word() == "]]"

    def conditional(self) -> None:
        while self.at < self.end:
            if self.step():
                break

    def case(self) -> None:
        self.word()
        self.blanks("\n")
        if self.word() == "in":
            self.pattern()

    def pattern(self) -> None:
        """The pattern of the next clause of a `case`, or its end."""
        self.blanks("\n")
        begin = self.at
        opened = self.text.startswith("(", begin)
        self.at += opened
        self.blanks()
        if self.at < self.end and self.text[self.at] not in ENDS:
            self.word()
        if not opened and self.text[begin : self.at] == "esac":
            self.reserved("esac")
            return
        self.balanced(1)

    def function(self) -> None:
        self.word()
        self.blanks()
        if self.text.startswith("(", self.at):
            self.at += 1
            self.blanks()
            self.at += self.text.startswith(")", self.at)

    def time(self) -> None:
        while self.text.startswith("-", self.at):
            self.word()
            self.blanks()

    # Redirections

    def redirect(self) -> None:
        if self.text.startswith(("<(", ">("), self.at):
            self.take_word()
            return
        operator = next(mark for mark in _REDIRECTIONS if self.text.startswith(mark, self.at))
        self.at += len(operator)
        self.blanks()
        begin, line = self.at, self.line_at(self.at)
        raw = self.word()
        bare, target = self.text[begin : self.at], raw.replace("\0", "")
        simple = self.level.simple
        if operator in ("<<", "<<-"):
            self.heredocs.append((target, bare == raw, operator == "<<-", simple))
        elif operator == "<<<":
            simple.here_strings.append((raw, line))
        elif (
            ">" in operator
            and operator != "<>"
            and not (operator == ">&" and (target == "-" or target.rstrip("-").isdecimal()))
        ):
            self.output(target)

    def output(self, target: str) -> None:
        level = self.level
        if level.closed < 0:
            level.simple.outputs.append(target)
        elif self.variables.budget.afford(len(self.found) - level.closed):
            for command in self.found[level.closed :]:
                command.outputs.append(target)

    def read_heredoc(self, mark: str, expand: bool, tabs: bool, simple: _Simple) -> None:  # noqa: FBT001 - a record
        text, start, stop = self.text, self.at, self.end
        while self.at < self.end:
            stop = text.find("\n", self.at)
            stop = self.end if stop < 0 else stop
            line = text[self.at : stop]
            begin, self.at = self.at, stop + 1
            if (line.lstrip("\t") if tabs else line) == mark:
                stop = begin
                break
        content, line_number, live = text[start:stop], self.line_at(start), False
        if expand and self.depth + _SCRIPT_DEPTH <= DEEPEST:
            parts: list[str] = []
            reader = _Reader(
                content, line_number, self.found, self.variables, self.depth + _SCRIPT_DEPTH, silent=self.silent
            )
            reader.double(parts, "")
            content, live = "".join(parts), reader.live
        if simple.reads_script:
            self.run(content, [line_number], self.subshell(simple.environment), live=live)


_HANDLERS: dict[str, Callable[[_Reader], None]] = {
    **dict.fromkeys(";&|", _Reader.separator),
    **dict.fromkeys("<>", _Reader.redirect),
    "\\": _Reader.backslash,
    "\n": _Reader.newline,
    "#": _Reader.comment,
    "(": _Reader.parenthesis,
}
_HEADS: dict[str, Callable[[_Reader], None]] = {
    "for": _Reader.loop,
    "select": _Reader.loop,
    "case": _Reader.case,
    "function": _Reader.function,
    "time": _Reader.time,
    "[[": _Reader.conditional,
}


def _assigned(bare: str) -> str:
    """The name in front of the `=` of an assignment, with the `+` of `+=`; empty if *bare* is none."""
    name, equals, _ = bare.partition("=")
    return name if equals and is_name(name.removesuffix("+").partition("[")[0]) else ""


def script_word(words: Sequence[str]) -> int:
    """Which of *words* is a script to read: behind the last one if it is the standard input; 0 if none is."""
    start, name = 0, _program(words[0])
    if name in _RUNNING:
        start = next((number for number, word in enumerate(words) if _program(word) in _READING), 0)
        name = _program(words[start])
    if name in _SWITCHING_USER:
        for number in range(start + 1, len(words)):
            if words[number - 1] in ("-c", "--command") or words[number].startswith("--command="):
                return number
        return 0
    return _shell_script(words, start + 1) if name in SHELLS else 0


def _shell_script(words: Sequence[str], number: int) -> int:
    """The same behind the name of a shell."""
    given = False
    while number < len(words) and words[number][:1] in ("-", "+") and len(words[number]) > 1:
        word = words[number]
        number += 1
        if word == "--":
            break
        if word.startswith("--"):
            number += word in ("--rcfile", "--init-file")
            continue
        given |= word.startswith("-") and "c" in word
        if word.startswith("-") and "s" in word and not given:
            return len(words)
        number += "o" in word or "O" in word
    if number >= len(words):
        return 0 if given else len(words)
    return number if given else 0


def _program(word: str) -> str:
    return word.rpartition("/")[2]
