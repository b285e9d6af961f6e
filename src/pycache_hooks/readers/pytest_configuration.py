"""What a file says to pytest: its own settings, sections that only look like them, and variables set for its run.

Read as pytest 7.4 to 9.2 read it. Where these differ, `Home.recent` says that it takes pytest 9.
Ini files are read as iniconfig reads them, TOML by tomllib, which tells no lines: those come from a scan of our own.

- which file, in which order, which section: https://github.com/pytest-dev/pytest/blob/9.0.2/src/_pytest/config/findpaths.py
- ini syntax: https://github.com/pytest-dev/iniconfig/blob/v2.3.0/src/iniconfig/_parse.py
"""

from __future__ import annotations

from pycache_hooks.prevention import NO_VARIABLE, PYTEST_OPTIONS
from pycache_hooks.readers.files import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Key = tuple[str, ...]

HOMES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
"""The files that pytest looks for in a directory, in its order: the first that has its settings is the only one read."""

NAMED = HOMES[:4]
"""Those that count even if they say nothing."""

SINCE_9 = HOMES[:2]

MAX_BYTES = 1 << 20
"""A larger file is none that somebody wrote, and tomllib takes its time."""

MAX_PARTS = 100
_COMMENT = "#;"
_FOR_PYTEST = (PYTEST_OPTIONS, NO_VARIABLE)
_SET_ENV = ("setenv", "set_env")
_INI_SECTIONS = ("pytest", "tool:pytest", "tool.pytest", "tool.pytest.ini_options", "pytest.ini_options")
_TABLES: tuple[Key, ...] = (("tool", "pytest", "ini_options"), ("tool", "pytest"), ("pytest",))
_PYTEST_ENV = ("tool", "pytest_env")


class Setting:
    """One setting: *value* is a list where it is written as one. It stands on the lines from *line* to *end*."""

    __slots__ = ("end", "line", "name", "value")

    def __init__(self, name: str, value: str | list[str], line: int, end: int) -> None:
        self.name = name
        self.value = value
        self.line = line
        self.end = end

    def __repr__(self) -> str:
        return f"<Setting {self.name} = {self.value!r}, line {self.line}>"


class Section:
    """A part of a file under a *header*, which has its brackets (none: the top of a TOML file).

    *lines*: the first and the last line of each of its pieces.
    """

    __slots__ = ("header", "lines", "settings")

    def __init__(self, header: str, lines: list[tuple[int, int]], settings: dict[str, Setting]) -> None:
        self.header = header
        self.lines = lines
        self.settings = settings

    def __repr__(self) -> str:
        return f"<Section {self.header} {self.settings}>"

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.lines[0][0]


class Home:
    """What the file *path* says to pytest.

    *section*: what pytest reads in it, None if nothing. *unread*: sections that pytest does not read, although they look
    like its own. *refused*: one of these at which pytest 9 stops. *variables*: each ``PYTEST_ADDOPTS`` that tox sets.
    *too_late*: each of that or ``PYTEST_CACHE_DISABLE`` that pytest-env sets. *native*: settings have TOML's types, so that
    `addopts` must be a list. *recent*: pytest 8 does not read it.
    """

    __slots__ = ("lines", "native", "path", "recent", "refused", "section", "text", "too_late", "unread", "variables")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.lines = text.splitlines()
        self.section: Section | None = None
        self.unread: list[Section] = []
        self.refused: Section | None = None
        self.variables: list[Setting] = []
        self.too_late: list[Setting] = []
        self.native = self.name in SINCE_9
        self.recent = self.native

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]

    @property
    def toml(self) -> bool:
        """Whether it is a TOML file."""
        return self.name.endswith(".toml")

    @property
    def counts(self) -> bool:
        """Whether pytest looks no further once it has seen this file."""
        return self.section is not None or self.name in NAMED


def concerns(path: str, text: str) -> bool:
    """Whether the file may say something to pytest: a quick test, as many a pyproject.toml says nothing."""
    name = path.rpartition("/")[2]
    if name in NAMED:
        return True
    if name.endswith(".toml"):
        lines = (line.lstrip() for line in text.split("\n") if "pytest" in line)
        return any(line.startswith(("[", "tool", "pytest")) for line in lines)
    return "pytest]" in text.lower() or any(name in text for name in _FOR_PYTEST)


def may_be_refused(text: str) -> bool:
    """Whether *text*, of a pyproject.toml, may have both tables of pytest's: a quick test."""
    return "[tool.pytest]" in text and "ini_options" in text


def read(path: str, text: str) -> Home:
    """What *text*, the file at *path*, says to pytest. Raises Unreadable where pytest would fail."""
    if len(text) > MAX_BYTES:
        raise Unreadable(None, f"larger than {MAX_BYTES >> 20} MiB")
    home = Home(path, text)
    if home.toml:
        _read_toml(home)
    else:
        _read_ini(home)
    return home


def words(value: str | list[str]) -> list[str]:
    """The arguments that *value*, an `addopts` or ``PYTEST_ADDOPTS``, stands for. Raises ValueError as pytest does."""
    if isinstance(value, list):
        return value
    if any(character in value for character in "\"'\\"):
        import shlex

        return shlex.split(value)
    return [word for word in value.translate({9: " ", 10: " ", 13: " "}).split(" ") if word]


# Ini


def ini_sections(text: str) -> list[Section]:
    """The sections of an ini file. Raises Unreadable where iniconfig raises ParseError."""
    sections: list[Section] = []
    values: list[tuple[Setting, list[str]]] = []
    headers: set[str] = set()
    open_value = False
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        body = line.rstrip()
        if not body or body.lstrip()[0] in _COMMENT:
            continue
        header = _header(body)
        if header is not None:
            if header == "[]":
                raise Unreadable(number, "a section without a name")
            if header in headers:
                raise Unreadable(number, f"the section {header} stands a second time")
            headers.add(header)
            sections.append(Section(header, [(number, number)], {}))
            open_value = False
        elif body[0].isspace() or body[0] == "[":
            if not open_value:
                raise Unreadable(number, "an indented line that continues nothing")
            values[-1][0].end = number
            values[-1][1].append(body.strip())
        else:
            values.append(_setting(body, number, sections))
            open_value = True
        sections[-1].lines = [(sections[-1].line, number)]
    for setting, parts in values:
        setting.value = "\n".join(part for part in parts if part)
    return sections


def _header(body: str) -> str | None:
    if not body.startswith("["):
        return None
    for mark in _COMMENT:
        body = body.partition(mark)[0].rstrip()
    return body if body.endswith("]") else None


def _setting(body: str, number: int, sections: list[Section]) -> tuple[Setting, list[str]]:
    """The setting that the line *body* begins, now in the last of *sections*, and its value so far."""
    name, mark, value = body.partition("=")
    if not mark or ":" in name:
        name, mark, value = body.partition(":")
    if not mark:
        raise Unreadable(number, "neither a section, nor a setting, nor indented")
    if not sections:
        raise Unreadable(number, "a setting in front of every section")
    name, settings = name.strip(), sections[-1].settings
    if name in settings:
        raise Unreadable(number, f"the setting {name} stands a second time")
    settings[name] = Setting(name, "", number, number)
    return settings[name], [value.strip()]


def _read_ini(home: Home) -> None:
    wanted = "[tool:pytest]" if home.name == "setup.cfg" else "[pytest]"
    for section in ini_sections(home.text):
        if section.header == wanted:
            home.section = section
        elif section.header[1:-1].strip().lower() in _INI_SECTIONS:
            home.unread.append(section)
        for name in _SET_ENV:
            if name in section.settings:
                home.variables += _assigned(section.settings[name], home.lines, (PYTEST_OPTIONS,))
    if home.name == "setup.cfg" and not home.section:
        home.refused = next((section for section in home.unread if section.header == "[pytest]"), None)
        home.unread = [section for section in home.unread if section is not home.refused]
    if home.section and "env" in home.section.settings:
        home.too_late = _assigned(home.section.settings["env"], home.lines, _FOR_PYTEST)
    home.recent = home.name == ".pytest.ini" and not home.section


def _assigned(setting: Setting, lines: list[str], names: Iterable[str]) -> list[Setting]:
    """Those of *names* that the lines ``NAME = value`` of *setting* set, whatever condition stands in front of a line."""
    found = []
    for number in range(setting.line, setting.end + 1):
        for name in names:
            before, mark, after = lines[number - 1].strip().partition(name)
            between, equals, value = after.partition("=")
            if mark and equals and not between.strip() and (before.rstrip() or ":")[-1] in ":=":
                found.append(Setting(name, value.strip(), number, number))
    return found


# TOML


def _read_toml(home: Home) -> None:
    data = _parsed(home.text)
    scanned = list(_statements(home.text))
    tables = {path: found for path in _TABLES if (found := _table(data, path)) is not None}
    refused: Key | None = None
    if home.name in SINCE_9:
        wanted: Key = ("pytest",)
        tables[()] = {name: value for name, value in data.items() if not isinstance(value, dict)}
    else:
        tables, wanted = _project_tables(tables)
        refused = _TABLES[1]
        home.native = home.recent = wanted == ("tool", "pytest")
    for path, table in tables.items():
        section = _section(path, table, scanned)
        if path == wanted:
            home.section = section
        elif path == refused:
            home.refused = section
        elif table:
            home.unread.append(section)
    if home.section and "env" in home.section.settings:
        home.too_late = _listed(home.section.settings["env"])
    environment = _section(_PYTEST_ENV, _table(data, _PYTEST_ENV) or {}, scanned).settings
    home.too_late += [environment[name] for name in _FOR_PYTEST if name in environment]


def _project_tables(tables: dict[Key, dict[str, object]]) -> tuple[dict[Key, dict[str, object]], Key]:
    """The tables of a pyproject.toml, with ``ini_options`` out of ``tool.pytest``; and which of them pytest reads.

    pytest 9 reads ``tool.pytest`` unless it is empty, and fails where both say something; pytest 8 knows the other only.
    """
    ini, native = _TABLES[:2]
    own = {name: value for name, value in tables.pop(native, {}).items() if name != ini[-1]}
    if own:
        tables[native] = own
    return tables, native if own and not tables.get(ini) else ini


def _parsed(text: str) -> dict[str, object]:
    if not text.strip():
        return {}
    for number, line in enumerate(text.split("\n"), 1):
        key = line.partition("=")[0]
        if key.count(".") > MAX_PARTS and ".." not in key:  # tomllib's time grows with their square
            raise Unreadable(number, f"a key of more than {MAX_PARTS} parts")
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        line = place.partition("line ")[2].partition(",")[0]
        raise Unreadable(int(line) if line else text.count("\n") + 1, reason) from None
    except (RecursionError, ValueError):
        raise Unreadable(None, "nested too deeply, or too long a number") from None


def _table(data: Mapping[str, object], path: Key) -> dict[str, object] | None:
    found: object = data
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _section(path: Key, table: Mapping[str, object], scanned: list[tuple[Key, int, int]]) -> Section:
    """The *table* at *path*, with lines from what was *scanned*: neighbouring statements about it are one piece.

    What no statement is about lies in an inline table: in the statement that holds that.
    """
    pieces: list[tuple[int, int]] = []
    lines: dict[str, tuple[int, int]] = {}
    around = (1, 1)
    apart = True
    for key, line, end in scanned:
        inside = key[: len(path)] == path and (len(key) == len(path) or key[len(path)] in table)
        if inside:
            start = line if apart else pieces.pop()[0]
            pieces.append((start, end))
            if len(key) > len(path):
                lines.setdefault(key[len(path)], (line, end))
        if key == path[: len(key)]:
            around = line, end
        apart = not inside
    settings = {}
    for name, value in table.items():
        plain = [str(item) for item in value] if isinstance(value, list) else str(value)
        settings[name] = Setting(name, plain, *lines.get(name, around))
    return Section(f"[{'.'.join(path)}]" if path else "", pieces or [around], settings)


def _listed(setting: Setting) -> list[Setting]:
    """The variables for pytest among the items ``NAME=value`` of *setting*, with pytest-env's flags in front."""
    lines = setting.value if isinstance(setting.value, list) else setting.value.split("\n")
    assigned = [(name.strip().rpartition(":")[2], value) for name, _, value in (line.partition("=") for line in lines)]
    return [Setting(name, value.strip(), setting.line, setting.end) for name, value in assigned if name in _FOR_PYTEST]


def _statements(text: str) -> Iterator[tuple[Key, int, int]]:
    """Each header and each assignment of *text*, valid TOML: its whole path, its first line and its last."""
    table: Key = ()
    at, line = 0, 1
    while at < len(text):
        end = _end_of_statement(text, at)
        statement = text[at:end]
        last = line + statement.count("\n")
        body = statement.lstrip()
        if body and body[0] not in "#\n":
            if body[0] == "[":
                table = _keys(body.lstrip("["))
                yield table, line, last
            else:
                yield (*table, *_keys(body)), line, last
        at, line = end + 1, last + 1


def _end_of_statement(text: str, at: int) -> int:
    """Where the line ends that begins at *at*, or a later one if a string or a bracket is open there."""
    depth = 0
    while at < len(text):
        character = text[at]
        if character == "#":
            at = _found(text, "\n", at)
            continue
        if character == "\n" and not depth:
            return at
        if character in "\"'":
            at = _end_of_string(text, at)
            continue
        depth += (character in "[{") - (character in "]}")
        at += 1
    return at


def _end_of_string(text: str, at: int) -> int:
    """The place behind the string whose first quote is at *at*."""
    quote = text[at]
    if text.startswith(quote * 3, at):
        end = _closing(text, quote * 3, at + 3) + 3
        # One or two quotes may stand in front of the three that close.
        while text.startswith(quote, end):
            end += 1
        return end
    return _closing(text, quote, at + 1) + 1


def _closing(text: str, quote: str, at: int) -> int:
    """Where the next *quote* is that no backslash escapes."""
    end = _found(text, quote, at)
    while quote[0] == '"' and _is_escaped(text, at, end):
        end = _found(text, quote, end + 1)
    return end


def _is_escaped(text: str, start: int, at: int) -> bool:
    before = at
    while before > start and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _found(text: str, what: str, at: int) -> int:
    found = text.find(what, at)
    return len(text) if found < 0 else found


def _keys(body: str) -> Key:
    """The dotted key that *body* begins with."""
    keys = [""]
    at = 0
    while body[at] not in "=]":
        if body[at] in "\"'":
            end = _end_of_string(body, at)
            keys[-1] += body[at + 1 : end - 1]
            at = end
            continue
        if body[at] == ".":
            keys.append("")
        elif body[at] not in " \t":
            keys[-1] += body[at]
        at += 1
    return tuple(keys)
