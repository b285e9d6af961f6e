"""Pytest's configuration files, compared with pytest's own reader, with iniconfig and with tomllib."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import iniconfig
import pytest
from _pytest.config.findpaths import load_config_dict_from_file, locate_config
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pycache_hooks.readers import pytest_configuration
from pycache_hooks.readers.files import Unreadable
from pycache_hooks.readers.pytest_configuration import HOMES, Home, Section, Setting

INI_LINES = st.lists(
    st.sampled_from([*"[]=:#; \tab\\'\"\r\x0b\x85\ufeff", "pytest", "tool:pytest", "addopts"]), max_size=8
).map("".join)
INI = st.lists(INI_LINES, max_size=8).map("\n".join)

TOML_LINES = st.sampled_from(
    [
        "[tool.pytest.ini_options]",
        "[tool.pytest]",
        " [ tool . 'pytest' . \"ini_options\" ] # a comment ] [",
        "[[tool.other]]",
        "[pytest]",
        "[tool]",
        "pytest.ini_options.a = 1",
        "pytest = {ini_options = {addopts = '-ra', b = [1]}}",
        "tool.pytest.ini_options = {addopts = '#'}",
        "addopts = '-p no:cacheprovider' # '",
        'addopts = "a \\" = # \\\\"',
        "addopts = [",
        "  '-p', # ]",
        '  "no:cacheprovider]",',
        "]",
        'c = """',
        "[tool.pytest]",
        'a\\""" = \'',
        '""""',
        "d = '''",
        "''''",
        "\"quoted = 'key'\" = 2",
        "'x.y'.z = {}",
        "# [pytest]",
        "",
        "cache_dir = ''",
        "e = '' # \"",
        "f = [[1, 2], {g = ']'}]",
    ]
)
TOML = st.tuples(st.lists(TOML_LINES, max_size=8), st.sampled_from(["\n", "\r\n"])).map(
    lambda lines: lines[1].join(lines[0])
)
ANY_FILE = st.dictionaries(st.sampled_from(HOMES), INI | TOML | st.text(max_size=30), max_size=4)


def read(path: str, *lines: str) -> Home:
    return pytest_configuration.read(path, "\n".join(lines) + "\n")


def why_not(path: str, *lines: str) -> tuple[int | None, str]:
    """Line and reason of what is wrong."""
    with pytest.raises(Unreadable) as caught:
        read(path, *lines)
    return caught.value.line, caught.value.reason


def settings_of(section: Section | None) -> dict[str, tuple[str | list[str], int, int]]:
    assert section is not None
    return {setting.name: (setting.value, setting.line, setting.end) for setting in section.settings.values()}


def assigned(variables: list[Setting]) -> list[tuple[str, str | list[str], int]]:
    return [(variable.name, variable.value, variable.line) for variable in variables]


# Like pytest


def of_pytest(path: Path) -> dict[str, str | list[str]] | None:
    """The settings that pytest takes from *path*; None if it looks further. Raises whatever pytest stops with."""
    found = load_config_dict_from_file(path)
    if found is None:
        return None
    values = ((name, getattr(value, "value", value)) for name, value in found.items())
    return {name: [str(item) for item in value] if isinstance(value, list) else str(value) for name, value in values}


@settings(deadline=None)
@given(ANY_FILE)
@example({"pytest.ini": "", "pyproject.toml": "[tool.pytest.ini_options]"})
@example({"tox.ini": "[pytest]", "pyproject.toml": "[tool.pytest]"})
@example({"tox.ini": "[pytest]", "pyproject.toml": "[tool.pytest]\na = 1"})
@example({"tox.ini": "[pytest]\na=1\n b\n\n #\n\tc", "setup.cfg": "[tool:pytest]"})
@example({".pytest.toml": "", "setup.cfg": "[tool:pytest]"})
@example({"pytest.toml": "[pytest]\na = [1]\n[other]", ".pytest.ini": "[tool:pytest]"})
def test_pytest_reads_the_same_settings_from_the_same_file(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="")
        try:
            expected = {file: of_pytest(folder / file) for file in files}
            _, winner, *_ = locate_config(folder, [folder])
        except BaseException:  # noqa: BLE001 - pytest stops: there is nothing to compare with
            return
    homes = {
        file: pytest_configuration.read(file, text)
        for file, text in files.items()
        if pytest_configuration.concerns(file, text)
    }
    for file, values in expected.items():
        home = homes.get(file)
        section = home.section if home else None
        own = {setting.name: setting.value for setting in section.settings.values()} if section else {}
        assert (own if home and home.counts else None) == values, file
    counting = [file for file in HOMES if file in homes and homes[file].counts]
    if winner and winner.parent == folder and expected[winner.name] is not None:
        assert counting[0] == winner.name
    else:
        assert counting == []


@given(INI)
@example("[a]\n[#]\n[b\nc=1\n[b\n =\n")
def test_an_ini_file_is_read_as_iniconfig_reads_it(text: str) -> None:
    try:
        read_by_iniconfig = iniconfig.IniConfig("name", text)
        expected = {
            f"[{section}]": {name: (value, read_by_iniconfig.lineof(section, name)) for name, value in content.items()}
            for section, content in read_by_iniconfig.sections.items()
        }
    except iniconfig.ParseError:
        with pytest.raises(Unreadable):
            pytest_configuration.ini_sections(text)
    else:
        assert {
            section.header: {setting.name: (setting.value, setting.line) for setting in section.settings.values()}
            for section in pytest_configuration.ini_sections(text)
        } == expected


@settings(max_examples=300)
@given(TOML)
@example('a = """\\\n\\\\""" # "\nb = """x"""""\nc = \'\'\'\'\'\'\n"d\\"=" = [[], {}] #]')
def test_each_statement_of_toml_is_found_with_its_key_and_its_lines(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)  # noqa: FBT003 - the only way to say so
    lines = text.split("\n")
    left = list(lines)
    table: tuple[str, ...] = ()
    for path, first, last in pytest_configuration._statements(text):
        statement = "\n".join([*lines[first - 1 : last], ""])
        left[first - 1 : last] = [""] * (last - first + 1)
        (value,) = [tomllib.loads(statement)]
        is_header = statement.lstrip().startswith("[")
        table = () if is_header else table
        for name in path[len(table) :]:
            assert isinstance(value, dict)
            assert list(value) == [name.replace("\\", "")] or '"' in statement
            (value,) = value.values()
            value = value[0] if statement.lstrip().startswith("[[") and isinstance(value, list) else value
        table = path if is_header else table
    assert tomllib.loads("\n".join(left)) == {}


@given(st.text(alphabet="-p ab'\"\\\n\t\r\x0b\xa0", max_size=12))
def test_arguments_are_split_as_pytest_splits_them(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)):
            pytest_configuration.words(text)
    else:
        assert pytest_configuration.words(text) == expected


def test_a_list_of_arguments_is_not_split() -> None:
    assert pytest_configuration.words(["-p no:x", "'"]) == ["-p no:x", "'"]


@given(st.sampled_from(HOMES), INI | TOML | st.text(max_size=60))
def test_any_text_ends_in_a_home_or_unreadable(path: str, text: str) -> None:
    try:
        line = pytest_configuration.read(path, text).text.count("\n")
    except Unreadable as why:
        line = why.line or 1
    assert 0 <= line <= len(text.splitlines()) + 1


# Lines and sections


def test_lines_of_an_ini_file() -> None:
    home = read(
        "a/tox.ini", "[tox]", "x = 1", "", "[pytest]", "addopts =", "    -ra", "    # why", "    -q", "", "a: b"
    )

    assert home.section is not None
    assert repr(home.section).startswith("<Section [pytest] {'addopts': <Setting addopts = '-ra\\n-q', line 5>")
    assert settings_of(home.section) == {"addopts": ("-ra\n-q", 5, 8), "a": ("b", 10, 10)}
    assert (home.section.line, home.section.lines, home.name, home.toml, home.native) == (
        4,
        [(4, 10)],
        "tox.ini",
        False,
        False,
    )


def test_lines_of_a_pyproject() -> None:
    home = read(
        "pyproject.toml",
        "[tool.pytest.ini_options]  # ours",
        "addopts = [",
        "  '-ra',",
        "]",
        "# why",
        "xfail_strict = true",
        "",
        "[tool.other]",
        "a = 1",
        "[tool.pytest.ini_options.more]",
        "b = 1",
    )

    assert home.section is not None
    assert settings_of(home.section) == {
        "addopts": (["-ra"], 2, 4),
        "xfail_strict": ("True", 6, 6),
        "more": ("{'b': 1}", 10, 10),
    }
    assert home.section.lines == [(1, 6), (10, 11)]
    assert home.section.header == "[tool.pytest.ini_options]"


def test_lines_of_inline_tables_are_those_of_the_statement_that_holds_them() -> None:
    home = read("pyproject.toml", "a = 1", "[tool]", "pytest = {ini_options = {addopts = '-ra'}}")

    assert settings_of(home.section) == {"addopts": ("-ra", 3, 3)}


@pytest.mark.parametrize(
    ("path", "text", "header", "native", "recent"),
    [
        pytest.param("pytest.toml", "[pytest]\na = 1\n", "[pytest]", True, True, id="pytest.toml"),
        pytest.param("pytest.ini", "[pytest]\na = 1\n", "[pytest]", False, False, id="pytest.ini"),
        pytest.param(".pytest.ini", "[pytest]\n", "[pytest]", False, False, id=".pytest.ini"),
        pytest.param(".pytest.ini", "", None, False, True, id="an empty .pytest.ini counts since pytest 9"),
        pytest.param("pytest.ini", "", None, False, False, id="an empty pytest.ini counts"),
        pytest.param("pyproject.toml", "[tool.pytest]\na = 1\n", "[tool.pytest]", True, True, id="native"),
        pytest.param(
            "pyproject.toml",
            "[tool.pytest]\na = 1\n[tool.pytest.ini_options]\n",
            "[tool.pytest]",
            True,
            True,
            id="native, beside an empty ini_options",
        ),
        pytest.param("setup.cfg", "[tool:pytest]\n", "[tool:pytest]", False, False, id="setup.cfg"),
    ],
)
def test_what_pytest_reads(path: str, text: str, header: str | None, *, native: bool, recent: bool) -> None:
    home = pytest_configuration.read(path, text)

    assert (home.section.header if home.section else None) == header
    assert (home.native, home.recent, home.counts) == (native, recent, True)


@pytest.mark.parametrize(
    ("path", "text", "unread"),
    [
        pytest.param(
            "tox.ini",
            "[tool:pytest]\n[Pytest]\n[ pytest ]\n[other]\n",
            ["[tool:pytest]", "[Pytest]", "[ pytest ]"],
            id="tox.ini",
        ),
        pytest.param("setup.cfg", "[pytest]\n[tool:pytest]\n", ["[pytest]"], id="setup.cfg"),
        pytest.param("pyproject.toml", "[pytest]\na = 1\n", ["[pytest]"], id="pyproject.toml"),
        pytest.param("pyproject.toml", "[pytest]\n", [], id="an empty table says nothing"),
        pytest.param("pyproject.toml", "tool = 1\npytest = 2", [], id="values that are no tables"),
        pytest.param(
            "pytest.toml",
            "a = 1\n[tool.pytest.ini_options]\nb = 1\n",
            ["[tool.pytest.ini_options]", "[tool.pytest]", ""],
            id="pytest.toml",
        ),
    ],
)
def test_sections_that_pytest_does_not_read(path: str, text: str, unread: list[str]) -> None:
    assert [section.header for section in pytest_configuration.read(path, text).unread] == unread


@pytest.mark.parametrize(
    ("path", "text", "refused"),
    [
        pytest.param(
            "pyproject.toml",
            "[tool.pytest]\na = 1\n[tool.pytest.ini_options]\nb = 1",
            "[tool.pytest]",
            id="both tables",
        ),
        pytest.param("pyproject.toml", "[tool.pytest]\na = 1\n[tool.pytest.ini_options]\n", "", id="an empty table"),
        pytest.param("pyproject.toml", "[tool.pytest]\n[tool.pytest.ini_options]\nb = 1", "", id="the other empty"),
        pytest.param("pytest.toml", "[tool.pytest]\na = 1\n[tool.pytest.ini_options]\nb = 1", "", id="another file"),
        pytest.param("setup.cfg", "[x]\n[pytest]\n", "[pytest]", id="setup.cfg"),
        pytest.param("setup.cfg", "[pytest]\n[tool:pytest]\n", "", id="setup.cfg with both"),
        pytest.param("tox.ini", "[pytest]\n", "", id="tox.ini"),
    ],
)
def test_sections_at_which_pytest_9_stops(tmp_path: Path, path: str, text: str, refused: str) -> None:
    home = pytest_configuration.read(path, text)
    assert (home.refused.header if home.refused else "") == refused
    assert home.refused not in home.unread
    assert path != "pyproject.toml" or pytest_configuration.may_be_refused(text)

    (tmp_path / path).write_text(text)
    (tmp_path / "test_x.py").write_text("def test(): pass\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, env=env, capture_output=True, check=False
    )
    assert (done.returncode != 0) is bool(refused), done


# Variables


def test_variables_that_tox_sets() -> None:
    home = read(
        "tox.ini",
        "[testenv]",
        "setenv =",
        "    A = PYTEST_ADDOPTS",
        "    PYTEST_ADDOPTS = -p no:cacheprovider",
        "    # PYTEST_ADDOPTS = -x",
        "    MY_PYTEST_ADDOPTS = -x",
        "    PYTEST_ADDOPTS_TOO = -x",
        "    py311: PYTEST_ADDOPTS=-q",
        "[testenv:b]",
        "set_env = PYTEST_ADDOPTS=--lf",
        "passenv = PYTEST_ADDOPTS",
    )

    assert assigned(home.variables) == [
        ("PYTEST_ADDOPTS", "-p no:cacheprovider", 4),
        ("PYTEST_ADDOPTS", "-q", 8),
        ("PYTEST_ADDOPTS", "--lf", 10),
    ]
    assert (home.section, home.counts, home.too_late) == (None, False, [])


@pytest.mark.parametrize(
    ("path", "lines", "line"),
    [
        pytest.param("pytest.ini", ["[pytest]", "env =", "    D:PYTEST_ADDOPTS=-q"], 3, id="ini"),
        pytest.param(
            "pyproject.toml", ["[tool.pytest.ini_options]", "env = ['R:PYTEST_ADDOPTS=-q', 'A=1', 'B']"], 2, id="a list"
        ),
        pytest.param(
            "pyproject.toml", ["[tool.pytest.ini_options]", "env = '''", "PYTEST_ADDOPTS=-q'''"], 2, id="a string"
        ),
        pytest.param("pyproject.toml", ["[tool.pytest_env]", "", "PYTEST_ADDOPTS = '-q'"], 3, id="a table of its own"),
    ],
)
def test_variables_that_pytest_env_sets(path: str, lines: list[str], line: int) -> None:
    assert assigned(read(path, *lines).too_late) == [("PYTEST_ADDOPTS", "-q", line)]


# What is not looked at, and what cannot be read


@pytest.mark.parametrize(
    ("path", "text", "concerned"),
    [
        ("pytest.ini", "", True),
        ("pyproject.toml", "[tool.pytest.ini_options]", True),
        ("pyproject.toml", "[tool]\n pytest.ini_options = {}", True),
        ("pyproject.toml", "[dependency-groups]\ndev = [\n  'pytest',\n]", False),
        ("pyproject.toml", "[project]", False),
        ("tox.ini", "[testenv]\ncommands = pytest", False),
        ("tox.ini", "[Pytest]", True),
        ("tox.ini", "[testenv]\nsetenv =\n PYTEST_ADDOPTS = -x", True),
        ("tox.ini", "[testenv]\nsetenv =\n PYTEST_CACHE_DISABLE = 1", True),
        ("setup.cfg", "[tool:pytest]", True),
        ("setup.cfg", "[metadata]", False),
    ],
)
def test_which_files_concern_pytest(path: str, text: str, *, concerned: bool) -> None:
    assert pytest_configuration.concerns(f"a/{path}", text) is concerned


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        pytest.param("tox.ini", "[a]\n x", (2, "an indented line that continues nothing"), id="continues a header"),
        pytest.param("tox.ini", "a = 1", (1, "a setting in front of every section"), id="no section"),
        pytest.param("tox.ini", "[a]\n\nb", (3, "neither a section, nor a setting, nor indented"), id="no setting"),
        pytest.param("tox.ini", "[a]\nb=\nb:", (3, "the setting b stands a second time"), id="a setting twice"),
        pytest.param("tox.ini", "[a]\n[a]", (2, "the section [a] stands a second time"), id="a section twice"),
        pytest.param("tox.ini", "[]", (1, "a section without a name"), id="an empty header"),
        pytest.param("pytest.toml", "[pytest]\na =", (2, "Invalid value"), id="TOML, at its end"),
        pytest.param(
            "pytest.toml", "[pytest]\n\na b\n", (3, "Expected '=' after a key in a key/value pair"), id="TOML"
        ),
        pytest.param(
            "pytest.toml", f"a = {'[' * 9999}", (None, "nested too deeply, or too long a number"), id="deep TOML"
        ),
        pytest.param(
            "pytest.toml", f"a = {'9' * 9999}", (None, "nested too deeply, or too long a number"), id="a long number"
        ),
        pytest.param("pytest.toml", f"\na{'.a' * 101} = 1", (2, "a key of more than 100 parts"), id="a deep key"),
        pytest.param("pytest.ini", " " * (1 << 20), (None, "larger than 1 MiB"), id="large"),
    ],
)
def test_what_cannot_be_read(path: str, text: str, why: tuple[int | None, str]) -> None:
    assert why_not(path, text) == why


def test_a_line_of_dots_is_no_deep_key() -> None:
    assert read("pytest.toml", "[pytest]", "a = '''", "." * 999, "'''").section is not None
