"""Whether pytest's cache settings do what they say. What pytest makes of each of them is pinned by tests against pytest."""

from __future__ import annotations

import posixpath

from pycache_hooks import rules
from pycache_hooks.findings import Finding, enumerated
from pycache_hooks.prevention import (
    CACHE_DIR,
    NEEDING_CACHE,
    NO_CACHE,
    NO_CACHE_PLUGIN,
    NO_VARIABLE,
    PYTEST_OPTIONS,
    needing,
    switches_off,
)
from pycache_hooks.readers import pytest_configuration
from pycache_hooks.readers.pytest_configuration import NAMED, Setting
from pycache_hooks.repairs import at_root, deletion, edited, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pycache_hooks.readers.pytest_configuration import Home, Section

_IN_PYPROJECT = "[tool.pytest.ini_options]"
_LEFT_ON = "pytest's cache is on, in the work tree"
_NO_VARIABLE = f"`{NO_VARIABLE}` does nothing: pytest knows no such variable"
_VALUES = {"--lfnf": ("all", "none"), "--last-failed-no-failures": ("all", "none")}
_MISSPELT = ("cachedir", "cachedirectory", "pytestcachedir")
_QUOTES = ('"', "'")
_LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_INSIDE = ("PWD", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "WORKSPACE", "TOX_ENV_DIR", "VIRTUAL_ENV")
"""Variables that hold a directory in the work tree, or may."""


# Arguments of pytest


def meant(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments that *words* were meant to be, and those of *words* that try to switch the cache off in vain."""
    right: list[str] = []
    vain: list[str] = []
    off = switches_off(words)
    at = 0
    while at < len(words):
        read = words[at : at + _width(words, at)]
        better = _better(read)
        if better != list(read):
            vain.append(" ".join(read))
            right += better[:-2] if off and better[-2:] == NO_CACHE.split() else better
            off = True
        else:
            right += better
        at += len(read)
    return right, vain


def _width(words: Sequence[str], at: int) -> int:
    """2 if the argument at *at* is one short option, or several, of which the last is ``-p`` with its value behind it."""
    word = words[at]
    if word == "-p":
        return 2
    cluster = word.startswith("-") and not word.startswith("--") and word.endswith("p")
    return 2 if cluster and _is_attempt("".join(words[at + 1 : at + 2])) else 1


def _better(words: Sequence[str]) -> list[str]:
    """What *words*, one option with its value, were meant to be."""
    first, *values = words
    plugin = "".join(values) if first == "-p" else first[2:] if first.startswith("-p") else None
    text = " ".join(words)
    if (plugin is not None and plugin.strip() == NO_CACHE_PLUGIN) or not _is_attempt(text):
        return [*words]
    if text.split() != [*words]:  # a list holds each argument by itself
        return meant(text.split())[0]
    others = text.partition("no:")[0].rstrip(" =").removesuffix("p").rstrip("-") if plugin is None else ""
    return [*([others] if others else []), *NO_CACHE.split()]


def _is_attempt(text: str) -> bool:
    """Whether *text* looks as if it were to switch the cache off: ``no:cache``, ``no:_pytest.cacheprovider``."""
    if "addopts=" in text:  # an override, which is read elsewhere or not at all
        return False
    name = "".join(text.lower().partition("no:")[2].split()[:1])
    letters = "".join(filter(str.isalpha, name)).removeprefix("pytest")
    return letters in ("cache", "caches", "caching") or letters.startswith(("cachep", "cachedir"))


# Each file


def judge(home: Home) -> list[Finding]:
    """What is wrong with the cache settings of one file."""
    found = _judge_variables(home)
    for section in home.unread:
        found += _judge_unread(home, section)
    if home.section:
        found += _judge_section(home, home.section)
    return found


def arguments(setting: Setting | None) -> list[str]:
    """The arguments that *setting* gives pytest: none if pytest stops there, or there is no such setting."""
    try:
        return pytest_configuration.words(setting.value) if setting else []
    except ValueError:
        return []


def _judge_section(home: Home, section: Section) -> list[Finding]:
    addopts = section.settings.get("addopts")
    found = _judge_directories(home, section, off=_concerns_cache(addopts))
    if addopts is None:
        return found
    try:
        words = pytest_configuration.words(addopts.value)
    except ValueError as error:
        message = f"cannot be read: addopts: {error}"
        return [*found, Finding(home.path, addopts.line, rules.TESTS_UNREADABLE, message)]
    if not (home.native and isinstance(addopts.value, str)):
        return found + _judge_arguments(home, addopts, words)
    if _concerns_cache(addopts):
        message = "pytest stops at `addopts`: in this table it must be a list"
        fix = _assignment(home, "addopts", _as_meant(words))
        found.append(_finding(home, addopts, rules.NO_SUCH_SETTING, message, fix))
    return found


def _judge_directories(home: Home, section: Section, *, off: bool) -> list[Finding]:
    """Whether ``cache_dir`` is spelt so, and has a use; *off*: `addopts` switches the cache off, or is to."""
    found = []
    cache_dir = section.settings.get(CACHE_DIR)
    if cache_dir and off:
        addopts = section.settings["addopts"]
        in_force = switches_off(arguments(addopts))
        says = (
            f"does nothing beside `{NO_CACHE}`"
            if in_force
            else "contradicts `addopts`, which is to switch the cache off"
        )
        message = f"`{CACHE_DIR}` {says} (line {_line(home, addopts, NO_CACHE_PLUGIN)})"
        found.append(_finding(home, cache_dir, rules.CONTRADICTION, message, _without(home, section, cache_dir)))
    elif cache_dir and not home.toml:
        found += _judge_directory(home, cache_dir)
    useless = off or cache_dir is not None
    for setting in section.settings.values():
        if _is_misspelt(setting.name):
            message = f"`{setting.name}` does nothing: the setting is called {CACHE_DIR}"
            right = _assignment(home, CACHE_DIR, _path(home, setting))
            fix = _without(home, section, setting) if useless else right
            found.append(_finding(home, setting, rules.NO_SUCH_SETTING, message, fix))
            useless = True
    return found


def _judge_directory(home: Home, cache_dir: Setting) -> list[Finding]:
    """Whether an ini file's ``cache_dir`` has more in it than a path: there, neither comments nor quotes are taken off."""
    value, path = str(cache_dir.value), str(_path(home, cache_dir))
    if path == value:
        return []
    message = f"`{CACHE_DIR}` makes a directory called `{value.rpartition('/')[2]}`: an ini file has no "
    message += "comments behind a value" if value.startswith(path) else "quotes around a value"
    return [_finding(home, cache_dir, rules.NO_SUCH_SETTING, message, _assignment(home, CACHE_DIR, path))]


def _path(home: Home, setting: Setting) -> str | list[str]:
    """The path that *setting* is meant to be: in an ini file without quotes and comment."""
    if home.toml:
        return setting.value
    path = str(setting.value)
    for mark in (" #", " ;", "\t#", "\t;"):
        path = path.partition(mark)[0].rstrip()
    return path[1:-1] if len(path) > 1 and path[0] == path[-1] and path[0] in "\"'" else path


def _judge_unread(home: Home, section: Section) -> list[Finding]:
    """Cache settings in a section that looks like pytest's own."""
    right = home.section.header if home.section else _right_header(home)
    decided = home.section.settings if home.section else {}
    found = []
    for name in ("addopts", CACHE_DIR):
        setting = section.settings.get(name)
        if setting and (name == CACHE_DIR or _concerns_cache(setting)):
            where = section.header or "the top level"
            message = f"`{name}` does nothing here: pytest reads {right} in {home.name}, not {where}"
            value = _path(home, setting) if name == CACHE_DIR else _as_meant(_arguments_meant(home, setting))
            fix = f"{right}\n{_assignment(home, name, value)}"
            if name in decided or CACHE_DIR in decided or _concerns_cache(decided.get("addopts")):
                fix = _without(home, section, setting)
            found.append(_finding(home, setting, rules.NO_SUCH_SETTING, message, fix))
            decided = {**decided, name: setting}
    return found


def _judge_variables(home: Home) -> list[Finding]:
    found = []
    for setting in home.variables:
        found += _judge_arguments(home, setting, arguments(setting))
    pieces = {(setting.line, setting.end) for setting in home.too_late}
    late = {number for line, end in pieces for number in range(line, end + 1)}
    for setting in {(each.name, each.line): each for each in home.too_late}.values():
        if setting.name == NO_VARIABLE:
            message = _NO_VARIABLE
        elif _concerns_cache(setting):
            message = f"`{PYTEST_OPTIONS}` does nothing here: pytest-env sets it after pytest has read it"
        else:
            continue
        place = _line(home, setting, setting.name)
        decided = home.section.settings if home.section else {}
        is_decided = CACHE_DIR in decided or _concerns_cache(decided.get("addopts"))
        fix = f"# without {setting.name}" if is_decided else f"# in place of {setting.name}:\n{_switched_off(home)}"
        found.append(Finding(home.path, place, rules.NO_SUCH_SETTING, message, fix))
    for number, text in enumerate(home.lines if NO_VARIABLE in home.text else (), 1):
        before, name, after = text.partition(NO_VARIABLE)
        if name and number not in late and "#" not in before and not before.startswith(";"):
            fix = _renamed(before, after, toml=home.toml)
            found.append(Finding(home.path, number, rules.NO_SUCH_SETTING, _NO_VARIABLE, fix))
    return found


def _judge_arguments(home: Home, setting: Setting, words: list[str]) -> list[Finding]:
    found = []
    comment, words = _uncommented(home, setting) or ("", words)
    _, vain = meant(words)
    off = switches_off(words)
    inert = list(dict.fromkeys(needing(words))) if off else []
    if not (vain or inert or (comment and off)):
        return []
    fix = _assignment(home, setting.name, _as_meant(words), setting)
    if comment:
        message = f"pytest takes `{comment}` for arguments: an ini file has no comments behind a value"
        line = _line(home, setting, comment)
        found.append(Finding(home.path, line, rules.NO_SUCH_SETTING, message, fix))
    if vain:
        message = f"`{vain[0]}` switches nothing off: it takes `{NO_CACHE}`, spelt so"
        if isinstance(setting.value, list):
            message += ", as two items"
        line = _line(home, setting, vain[0].rpartition(" ")[2])
        found.append(Finding(home.path, line, rules.NO_SUCH_SETTING, message, fix))
    if inert:
        verb = "does" if len(inert) == 1 else "do"
        message = f"{enumerated([f'`{option}`' for option in inert])} {verb} nothing beside `{NO_CACHE}`"
        found.append(Finding(home.path, _line(home, setting, inert[0]), rules.CONTRADICTION, message, fix))
    return found


def _arguments_meant(home: Home, setting: Setting | None) -> list[str]:
    """The arguments that *setting* is meant to give pytest: in an ini file without comments."""
    commented = _uncommented(home, setting) if setting else None
    return commented[1] if commented else arguments(setting)


def _uncommented(home: Home, setting: Setting) -> tuple[str, list[str]] | None:
    """The first of what is meant as comments in an `addopts` of an ini file, and the arguments without them."""
    value = setting.value
    if home.toml or setting.name != "addopts" or not isinstance(value, str) or any(mark in value for mark in "\"'\\"):
        return None
    lines = [line.partition(" #") for line in value.split("\n")]
    comments = [f"#{comment}" for _, mark, comment in lines if mark]
    return (comments[0], pytest_configuration.words("\n".join(line for line, *_ in lines))) if comments else None


def _concerns_cache(addopts: Setting | None) -> bool:
    """Whether *addopts* switches the cache off, or is meant to."""
    words = arguments(addopts)
    return switches_off(words) or bool(meant(words)[1])


def _as_meant(words: Sequence[str]) -> list[str]:
    """What *words* were meant to be, without the options that need the cache where it is to be off."""
    right, _ = meant(words)
    return _without_needing(right) if switches_off(right) else right


def _switching_off(words: Sequence[str]) -> list[str]:
    """What *words* were meant to be, and the cache switched off."""
    right, _ = meant(words)
    return _as_meant(right if switches_off(right) else [*right, *NO_CACHE.split()])


def _is_misspelt(name: str) -> bool:
    return name != CACHE_DIR and "".join(filter(str.isalpha, name.lower())) in _MISSPELT


def _without_needing(words: Sequence[str]) -> list[str]:
    kept = []
    before = ""
    for word in words:
        is_value = word in _VALUES.get(before, ()) or (before == "--cache-show" and not word.startswith("-"))
        if word.partition("=")[0] not in NEEDING_CACHE and not is_value:
            kept.append(word)
        before = word
    return kept


# Each directory


def hidden(homes: Sequence[Home]) -> list[Finding]:
    """The configurations of one directory, in pytest's order, that are not read because of the first."""
    found = []
    for at, home in enumerate(homes):
        before = [each for each in homes[:at] if each.counts]
        # What pytest 9 alone reads hides from pytest 8 nothing, and nobody knows which of them runs.
        hiding = before if home.recent else [each for each in before if not each.recent]
        if hiding and home.section and home.section.settings:
            found.append(_hidden_by(hiding[0], home, home.section))
    return found


def refused(homes: Sequence[Home]) -> list[Finding]:
    """Sections of the configurations of one directory, in pytest's order, at which pytest stops."""
    found = []
    for at, home in enumerate(homes):
        section = home.refused
        if section is None:
            continue
        earlier = next((each for each in homes[:at] if each.counts), None)
        if home.toml:
            message = f"pytest 9 stops at {section.header} beside {_IN_PYPROJECT}"
            fix: str = deletion(home.path, section.lines, f"# move what is still wanted to {_IN_PYPROJECT}, then:\n")
        elif earlier:
            message = f"pytest 9 stops at {section.header}, although {earlier.name} comes first"
            fix = deletion(home.path, section.lines)
        else:
            message = f"pytest stops at {section.header}: in {home.name} it is called {_right_header(home)}"
            fix = edited(home.path, f"{section.line}s/.*/{_right_header(home)}/")
        found.append(Finding(home.path, section.line, rules.TESTS_UNREADABLE, f"cannot be read: {message}", fix))
    return found


def _hidden_by(read: Home, home: Home, section: Section) -> Finding:
    empty = not read.unread and not (read.section and read.section.settings)
    comes = "comes first, empty as it is" if empty else "comes first"
    message = f"pytest does not read {section.header}: {read.name} {comes}"
    useless, its = (read, read.section) if empty else (home, section)
    is_known = empty or section.settings.keys() <= (read.section.settings.keys() if read.section else set())
    remark = "" if is_known else f"# move what is still wanted to {quoted(read.path)}, then:\n"
    if useless.name in NAMED or not its:
        fix: str = f"{remark}{at_root(f'git rm {quoted(useless.path)}')}"
    else:
        fix = deletion(useless.path, its.lines, remark)
    return Finding(home.path, section.line, rules.SHADOWED, message, fix)


def left_on(read: Home, root: str) -> list[Finding]:
    """Whether the configuration *read* leaves pytest's cache on, and in the work tree at *root*."""
    settings = read.section.settings if read.section else {}
    addopts, cache_dir = settings.get("addopts"), settings.get(CACHE_DIR)
    words = _arguments_meant(read, addopts)
    directory = read.path.rpartition("/")[0]
    if switches_off(words) or _is_elsewhere(words, directory, root):
        return []
    if cache_dir:
        value = str(cache_dir.value)
        if _is_outside(value, directory, root):
            return []
        message = f"pytest's cache is on, and `{CACHE_DIR}` lies in the work tree"
        outside = f"~/.cache/pytest/{posixpath.basename(directory) or posixpath.basename(root)}"
        fix = _assignment(read, CACHE_DIR, outside)
        return [_finding(read, cache_dir, rules.CACHE_LEFT_ON, message, fix)]
    fix = _assignment(read, "addopts", _switching_off(words), addopts) if addopts else _switched_off(read)
    line = addopts.line if addopts else read.section.line if read.section else None
    return [Finding(read.path, line, rules.CACHE_LEFT_ON, _LEFT_ON, fix)]


def nowhere_off(place: str, *, has_project: bool) -> Finding:
    """The finding for tests in the directory *place* that pytest has no configuration for: where it should stand."""
    prefix = f"{place}/" if place else ""
    if has_project:
        lines = ["", _IN_PYPROJECT, f'addopts = "{NO_CACHE}"']
        path, redirect = f"{prefix}pyproject.toml", ">>"
    else:
        lines = ["[pytest]", f"addopts = {NO_CACHE}"]
        path, redirect = f"{prefix}pytest.ini", ">"
    shown = " ".join(f"'{line}'" for line in lines)
    fix = at_root(f"printf '%s\\n' {shown} {redirect} {quoted(path)}")
    return Finding(path, None, rules.CACHE_LEFT_ON, _LEFT_ON, fix)


def sets_off(addopts: Setting, root: str) -> bool:
    """Whether *addopts*, a ``PYTEST_ADDOPTS``, switches the cache off or has it outside of the work tree at *root*."""
    words = arguments(addopts)
    return switches_off(words) or _is_elsewhere(words, "", root)


def _is_elsewhere(words: Iterable[str], directory: str, root: str) -> bool:
    """Whether an ``-o cache_dir=...`` leads out of the work tree (in `addopts`: from pytest 9.2 on)."""
    values = [word.partition(f"{CACHE_DIR}=")[2] for word in words if f"{CACHE_DIR}=" in word]
    return bool(values) and _is_outside(values[-1], directory, root)


def _is_outside(value: str, directory: str, root: str) -> bool:
    """Whether the *value* of a ``cache_dir`` is no path in the work tree. pytest expands ``~`` and variables."""
    if value == "~" or value.startswith("~/"):
        return True
    if value.startswith("$"):
        name = value[1:].partition("/")[0].removeprefix("{").removesuffix("}")
        return name.isidentifier() and name not in _INSIDE
    if value[1:3] in (":\\", ":/"):
        return True
    path = posixpath.normpath(posixpath.join(root, directory, value))
    return f"{path}/" != f"{root}/" and not path.startswith(f"{root}/")


# Images and services


IMAGE = "ENV {name}={value}"
MAPPED, LISTED = "environment:\n  {name}: {value}", "environment:\n  - {pair}"
"""How a Dockerfile sets a variable, and a compose service: each value, and each pair, in double quotes."""


class Launch:
    """Where pytest is started outside of the work tree's own configuration: a stage of a Dockerfile, or a compose service.

    *subject*: what to call it. *addopts*: the ``PYTEST_ADDOPTS`` in force there. *words*: the arguments of its command.
    *form*: how it is given a variable: one of `IMAGE`, `MAPPED` and `LISTED`.
    """

    __slots__ = ("addopts", "form", "line", "path", "subject", "words")

    def __init__(  # noqa: PLR0913 - one argument a part
        self, path: str, line: int, subject: str, addopts: str, words: Sequence[str], *, form: str
    ) -> None:
        self.path = path
        self.line = line
        self.subject = subject
        self.addopts = Setting(PYTEST_OPTIONS, addopts, line, line)
        self.words = words
        self.form = form

    def is_off(self, root: str) -> bool:
        """Whether this run has no cache in the work tree at *root*."""
        return switches_off(self.words) or sets_off(self.addopts, root)


def launched_with(launch: Launch) -> Finding:
    """The finding for a *launch* with the cache on, where others have it off."""
    from pycache_hooks.report import printable

    value = _joined(_switching_off(arguments(launch.addopts)))
    pair = _toml(f"{PYTEST_OPTIONS}={value}")
    fix = launch.form.format(name=PYTEST_OPTIONS, value=_toml(value), pair=pair)
    message = f"pytest's cache is on in {printable(launch.subject)}"
    return Finding(launch.path, launch.line, rules.CACHE_LEFT_ON, message, fix)


# Repairs


def _finding(home: Home, setting: Setting, code: str, message: str, fix: str) -> Finding:
    return Finding(home.path, setting.line, code, message, fix)


def _line(home: Home, setting: Setting, text: str) -> int:
    """The line of *setting* that *text* stands on."""
    return next((at for at in range(setting.line, setting.end + 1) if text in home.lines[at - 1]), setting.line)


def _assignment(home: Home, name: str, value: str | list[str], like: Setting | None = None) -> str:
    """*name* set to *value* in the syntax of *home*; a list of arguments as a list or as a string, *like* what is there."""
    if home.toml:
        if isinstance(value, list):
            if home.native or (like and isinstance(like.value, list)):
                return f"{name} = [{', '.join(_toml(word) for word in value)}]"
            value = _joined(value)
        return f"{name} = {_toml(value)}"
    from pycache_hooks.report import printable

    return printable(f"{name} = {_joined(value) if isinstance(value, list) else value}")


def _switched_off(home: Home) -> str:
    """The line for the section of *home* that switches the cache off, with what its `addopts` has already."""
    addopts = home.section.settings.get("addopts") if home.section else None
    line = _assignment(home, "addopts", _switching_off(_arguments_meant(home, addopts)), addopts)
    return line if home.section else f"{_right_header(home)}\n{line}"


def _right_header(home: Home) -> str:
    if home.name == "pyproject.toml":
        return _IN_PYPROJECT
    return "[tool:pytest]" if home.name == "setup.cfg" else "[pytest]"


def _without(home: Home, section: Section, setting: Setting) -> str:
    """The command that deletes *setting* of *section*; in words where others stand on its lines."""
    others = (each for each in section.settings.values() if each is not setting)
    if any(each.line <= setting.end and setting.line <= each.end for each in others):
        return f"# without {setting.name}"
    return deletion(home.path, [(setting.line, setting.end)])


def _renamed(before: str, after: str, *, toml: bool) -> str:
    """The line *before* ``PYTEST_CACHE_DISABLE`` *after*, with the variable and the value that do what was meant.

    The value has no blank, so that it needs no quotes in a shell or in an ini file.
    """
    from pycache_hooks.report import printable

    closing = after[: after.startswith(_QUOTES)]
    gap, mark, value = after[len(closing) :].partition("=")
    if not mark or gap.strip():
        return printable(f"{before}{PYTEST_OPTIONS}{after}".strip())
    in_string = (before.count('"') + before.count("'")) % 2 == 1 and not closing
    blanks = value[: len(value) - len(value.lstrip(" \t"))]
    value = value.lstrip(" \t")
    quote = "" if in_string else value[: value.startswith(_QUOTES)]
    rest = value[len(quote) :].lstrip(_LETTERS_AND_DIGITS)
    right = NO_CACHE.replace(" ", "")
    if toml and not in_string and not quote:
        right = f'"{right}"'
    return printable(f"{before}{PYTEST_OPTIONS}{closing}{gap}={blanks}{quote}{right}{rest}".strip())


def _joined(words: Iterable[str]) -> str:
    """*words* as one string that pytest splits into them again; what tox substitutes (``{posargs}``) stays unquoted."""
    import shlex

    plain = (bool(word) and not any(character in word for character in " \t\r\n\"'\\") for word in words)
    return " ".join(word if bare else shlex.quote(word) for word, bare in zip(words, plain, strict=True))


def _toml(value: str | list[str]) -> str:
    """*value* as a basic string of TOML, with everything escaped that is not printable."""
    text = "\n".join(value) if isinstance(value, list) else value
    escaped = []
    for character in text.replace("##", "#\0"):
        if character == "\0":
            escaped.append("\\u0023")
        elif character in '"\\':
            escaped.append(f"\\{character}")
        elif character.isprintable():
            escaped.append(character)
        else:
            escaped.append(f"\\U{ord(character):08X}")
    return f'"{"".join(escaped)}"'
