"""What keeps each tool's cache out of the work tree, and what the value of a variable really means: one table.

Much common advice is false, so each row is pinned by a test against the tool itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

DONT_WRITE = "PYTHONDONTWRITEBYTECODE"
PREFIX = "PYTHONPYCACHEPREFIX"
PYTEST_OPTIONS = "PYTEST_ADDOPTS"

NO_VARIABLE = "PYTEST_CACHE_DISABLE"
"""Much recommended, and read by no version of pytest."""

CACHE_PLUGIN = "cacheprovider"
NO_CACHE_PLUGIN = f"no:{CACHE_PLUGIN}"
NO_CACHE = f"-p {NO_CACHE_PLUGIN}"
"""What switches pytest's cache off; nothing else does."""

CACHE_DIR = "cache_dir"
"""The setting of pytest that moves its cache."""

MOVING = {"pytest": (NO_CACHE_PLUGIN, CACHE_DIR), "mypy": ("cache_dir",), "ruff": ("cache-dir",)}
"""Words of a tool's configuration that may have to do with where its cache goes."""

NEEDING_CACHE = frozenset(
    "--lf --last-failed --ff --failed-first --nf --new-first --cache-show --cache-clear --lfnf --last-failed-no-failures "
    "--sw --stepwise --sw-skip --stepwise-skip --sw-reset --stepwise-reset".split()
)
"""The options that pytest has with its cache only: those of its plugin, and of the one for single steps, which goes with it.

Measured with pytest 7.4 to 9.2.
"""

TOX_SETTING = f"[testenv]\nsetenv =\n    {DONT_WRITE}=1"
"""What tox has to be told itself: of itself it hands none of the variables on (tox 4)."""

PIP_TRUE = ("y", "yes", "t", "true", "on", "1")
"""What pip takes for true, in any case; uv too. pip's other words are those of `PIP_FALSE`, and anything else is an error."""

PIP_FALSE = ("n", "no", "f", "false", "off", "0")

_SPACE = " \t\n\v\f\r"
_OVERRIDE = "--override-ini"


# Bytecode


def dont_write(value: str | None) -> bool:
    """Whether PYTHONDONTWRITEBYTECODE=*value* stops the writing of bytecode: any text does but a zero, such as ``00`` or ``-0``.

    It is read by strtol since Python 3.7: `_Py_get_env_flag` in
    https://github.com/python/cpython/blob/v3.13.0/Python/preconfig.c
    """
    if not value:
        return False
    number = value.lstrip(_SPACE)
    digits = number[1:] if number.startswith(("+", "-")) else number
    return not digits or bool(digits.strip("0"))


def prefix_flaw(value: str) -> str:
    """What is wrong with PYTHONPYCACHEPREFIX=*value* where nothing expands it any more; empty if nothing is.

    GitHub's ``${{ }}`` and Azure's ``$( )`` are taken for what they will be: nobody knows.
    """
    if not value or "${{" in value or "$(" in value:
        return ""
    if value.startswith("~"):
        return "nothing expands ~ here: Python makes a directory of that name in the working directory"
    if any(part[:1] == "{" or (part[:1].isascii() and part[:1].isidentifier()) for part in value.split("$")[1:]):
        return "nothing expands the variable here: Python makes a directory of that name"
    if elsewhere(value) and not value.startswith(("%", "..")):
        return ""
    return "it is relative: it means another directory in every working directory"


def prevents_bytecode(environment: Mapping[str, str]) -> bool:
    """Whether *environment* stops Python from writing bytecode below its working directory."""
    return dont_write(environment.get(DONT_WRITE)) or elsewhere(environment.get(PREFIX, ""))


def elsewhere(value: str) -> bool:
    """Whether the file or directory *value* is outside of the working directory, or may be: what is not known may be."""
    return value.startswith(("/", "~", "$", "%", "../", "\\\\")) or value[1:3] in (":\\", ":/")


# Arguments of pytest


def switches_off(words: Sequence[str]) -> bool:
    """Whether the arguments *words* switch pytest's cache off.

    pytest looks for ``-p NAME`` and ``-pNAME`` itself, before argparse does: ``-vp NAME`` and ``-p=NAME`` are not seen.
    https://github.com/pytest-dev/pytest/blob/9.0.2/src/_pytest/config/__init__.py (consider_preparse)
    """
    return any(plugin.strip() == NO_CACHE_PLUGIN for plugin in _plugins(iter(words)))


def _plugins(words: Iterator[str]) -> Iterator[str]:
    for word in words:
        if word == "-p":
            yield next(words, "")
        elif word.startswith("-p"):
            yield word[2:]


def needing(words: Iterable[str]) -> list[str]:
    """The options among *words* that there are with pytest's cache only."""
    return [name for word in words if (name := word.partition("=")[0]) in NEEDING_CACHE]


# The caches of tools


class Prevention:
    """How one *tool* of the catalogue is kept from writing its cache below the working directory.

    ``variables``: environment variables, each with what its value has to be. ``flags``: options that switch the cache off.
    ``moves``: options that say where it goes, and outrank the variable ``place``. ``setting``: the variable to set, with
    its value.
    """

    __slots__ = ("flags", "moves", "place", "setting", "tool", "variables")

    def __init__(  # noqa: PLR0913 - one argument a column
        self,
        tool: str,
        setting: tuple[str, str],
        variables: Mapping[str, Callable[[str], bool]],
        *,
        flags: tuple[str, ...] = (),
        moves: tuple[str, ...] = (),
        place: str = "",
    ) -> None:
        self.tool = tool
        self.setting = setting
        self.variables = variables
        self.flags = flags
        self.moves = moves
        self.place = place

    def __repr__(self) -> str:
        return f"<Prevention {self.tool}>"


def split(value: str) -> list[str]:
    """The words of a variable's *value* that is read as a shell would read it, such as ``PYTEST_ADDOPTS``."""
    from pycache_hooks.readers import shell  # most who come for names and values need no shell

    return shell.split(value)


def pytest_disabled(words: Sequence[str]) -> bool:
    """Whether these options switch pytest's cache off, or move it out of the working directory; the last of them counts."""
    off = moved = False
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word.startswith("-p"):
            plugin = (word[2:] or following).strip()
            off = plugin == NO_CACHE_PLUGIN or (off and plugin != CACHE_PLUGIN)
        elif word.startswith(("-o", _OVERRIDE)):
            given = word.removeprefix(_OVERRIDE).removeprefix("=") if word.startswith("--") else word[2:]
            name, _, directory = (given or following).partition("=")
            moved = elsewhere(directory) if name == CACHE_DIR else moved
    return off or moved


def _is_true(value: str) -> bool:
    return value == "true"


def _switches_pytest_off(value: str) -> bool:
    return pytest_disabled(split(value))


PREVENTIONS: tuple[Prevention, ...] = (
    Prevention("Python", (DONT_WRITE, "1"), {DONT_WRITE: dont_write, PREFIX: elsewhere}),
    Prevention("pytest", (PYTEST_OPTIONS, NO_CACHE), {PYTEST_OPTIONS: _switches_pytest_off}),
    Prevention(
        "mypy",
        ("MYPY_CACHE_DIR", "/dev/null"),
        {"MYPY_CACHE_DIR": elsewhere},
        moves=("--cache-dir",),
        place="MYPY_CACHE_DIR",
    ),
    Prevention(
        "ruff",
        ("RUFF_NO_CACHE", "true"),
        {"RUFF_NO_CACHE": _is_true, "RUFF_CACHE_DIR": elsewhere},
        flags=("-n", "--no-cache"),
        moves=("--cache-dir",),
        place="RUFF_CACHE_DIR",
    ),
    Prevention(
        "coverage",
        ("COVERAGE_FILE", "/tmp/.coverage"),  # noqa: S108 - a file that is left there does no harm
        {"COVERAGE_FILE": elsewhere},
        moves=("--data-file",),
        place="COVERAGE_FILE",
    ),
    Prevention(
        "hypothesis",
        ("HYPOTHESIS_STORAGE_DIRECTORY", "/tmp/.hypothesis"),  # noqa: S108 - the same
        {"HYPOTHESIS_STORAGE_DIRECTORY": elsewhere},
    ),
)


def prevention(tool: str) -> Prevention | None:
    """The row of *tool*; None for a tool whose cache nothing is known to keep out."""
    return next((row for row in PREVENTIONS if row.tool == tool), None)


# Variables that do not do what they seem to

_OFF = ("0", "false", "no", "off", "n", "f")
_UNKNOWN = {
    "PIP_NO_CACHE": "PIP_NO_CACHE_DIR=1",
    "POETRY_NO_CACHE": "POETRY_CACHE_DIR=/tmp/poetry",
    NO_VARIABLE: f"{PYTEST_OPTIONS}={NO_CACHE}",
    "UV_NO_CACHE_DIR": "UV_NO_CACHE=1",
}
_BOOLEANS = {
    "PIP_COMPILE": "PIP_COMPILE=0",
    "PIP_NO_CACHE_DIR": "PIP_NO_CACHE_DIR=1",
    "PIP_NO_COMPILE": "PIP_COMPILE=0",
    "UV_COMPILE_BYTECODE": "UV_COMPILE_BYTECODE=1",
    "UV_NO_CACHE": "UV_NO_CACHE=1",
}
"""Variables that make pip and uv fail unless they are booleans, and what is usually meant."""

_NO_SUCH_PLUGINS = ("no:cache", "no:cache-provider", "no:cache_provider", NO_CACHE_PLUGIN)
_NOTHING = ("", "")


def without_effect(environment: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """The variables that do not do what they seem to: name, value, the reason, and ``NAME=value`` that does it.

    A value with a ``$`` in it is not judged: who knows what it will be.
    """
    found = []
    for name, value in environment.items():
        if value and "$" not in value:
            reason, right = _judged(name, value, environment)
            if reason:
                found.append((name, value, reason, right))
    return found


def _judged(name: str, value: str, environment: Mapping[str, str]) -> tuple[str, str]:
    if name.startswith("PYTHON"):
        return _python(name, value, environment)
    if name == PYTEST_OPTIONS:
        return _pytest(value)
    word, tool = value.lower(), name.partition("_")[0].lower()
    if name == "PIP_NO_COMPILE" and word in PIP_TRUE:
        return "pip reads it the other way round, and compiles", "PIP_COMPILE=0"
    if name == "RUFF_NO_CACHE" and value not in ("true", "false"):
        return "ruff stops with an error: it takes true and false only", "RUFF_NO_CACHE=true"
    if name in _BOOLEANS and word not in (*PIP_TRUE, *PIP_FALSE):
        return f"{tool} stops with an error: it is no boolean", _BOOLEANS[name]
    return (f"{tool} knows no such variable", _UNKNOWN[name]) if name in _UNKNOWN and word not in _OFF else _NOTHING


def _python(name: str, value: str, environment: Mapping[str, str]) -> tuple[str, str]:
    right = f"{DONT_WRITE}=1"
    if name == DONT_WRITE:
        if not dont_write(value):
            return "a zero is off: Python writes bytecode", right
        return ("any text but a zero is on: Python writes no bytecode", right) if value.lower() in _OFF else _NOTHING
    if "WRITE" in name and "BY" in name and DONT_WRITE not in environment:
        return "Python knows no such variable", right
    if name.replace("_", "") == PREFIX != name and PREFIX not in environment:
        return "Python knows no such variable", f"{PREFIX}={value}"
    return _NOTHING


def _pytest(value: str) -> tuple[str, str]:
    words = split(value)
    for word, following in zip(words, [*words[1:], ""], strict=False):
        plugin = (word[2:] or following).strip() if word.startswith("-p") else ""
        if plugin != NO_CACHE_PLUGIN and plugin.removeprefix("=").lower() in _NO_SUCH_PLUGINS:
            return f"pytest knows no plugin {plugin[plugin.index(':') + 1 :]}", f"{PYTEST_OPTIONS}={NO_CACHE}"
    return _NOTHING
