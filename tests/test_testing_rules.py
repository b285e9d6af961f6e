"""What pytest really does with its cache settings, and that the rules say the same."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import iniconfig
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pycache_hooks import prevention, repairs, rules
from pycache_hooks.readers import pytest_configuration
from pycache_hooks.readers.files import Unreadable
from pycache_hooks.readers.pytest_configuration import Setting
from pycache_hooks.repairs import Deletion, joined
from pycache_hooks.rules import testing
from support import environment

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from pycache_hooks.findings import Finding

OFF = "-p no:cacheprovider"
PLUGIN = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
NEEDING = sorted(prevention.NEEDING_CACHE)
WITH_VALUE = {"--lfnf": "none", "--last-failed-no-failures": "all"}
ALL_HOMES = pytest.mark.parametrize(
    ("path", "header"),
    [
        ("pytest.toml", "[pytest]"),
        ("pytest.ini", "[pytest]"),
        ("pyproject.toml", "[tool.pytest]"),
        ("pyproject.toml", "[tool.pytest.ini_options]"),
        ("tox.ini", "[pytest]"),
        ("setup.cfg", "[tool:pytest]"),
    ],
)


class Directory:
    """A directory with one test, which real pytest runs."""

    def __init__(self, outside: Path) -> None:
        self.outside = outside
        self.path = outside / "tree"
        self.path.mkdir()
        (self.path / "test_nothing.py").write_text("def test(): pass\n")

    def run(self, *arguments: str, **variables: str) -> tuple[int, list[str]]:
        """The exit status of pytest, and the directories of caches that there are then, seen from the tests."""
        env = {name: value for name, value in environment().items() if not name.startswith(("PYTEST", "COV"))}
        env |= {PLUGIN: "1", "HOME": str(self.outside / "home"), "ELSEWHERE": str(self.outside / "elsewhere")}
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        done = subprocess.run(command, cwd=self.path, env=env | variables, capture_output=True, check=False)
        found = (os.path.relpath(tag.parent, self.path) for tag in self.outside.rglob("CACHEDIR.TAG"))
        return done.returncode, sorted(path.replace(os.sep, "/") for path in found)

    def write(self, path: str, *lines: str) -> None:
        (self.path / path).write_text("\n".join([*lines, ""]))


@pytest.fixture
def tests(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


def judge(path: str, *lines: str) -> list[Finding]:
    return testing.judge(pytest_configuration.read(path, "\n".join([*lines, ""])))


def said(path: str, *lines: str) -> list[tuple[int | None, str, str, str]]:
    return [(found.line, found.code, found.message, found.fix) for found in judge(path, *lines)]


def deletion(lines: str, path: str) -> str:
    return repairs.at_root(f"sed -i.bak '{lines}' {shlex.quote(path)}", f"rm {shlex.quote(f'{path}.bak')}")


# Arguments


@pytest.mark.parametrize(
    ("addopts", "off"),
    [
        ("-p no:cacheprovider", True),
        ("-pno:cacheprovider", True),
        ("'-p no:cacheprovider'", True),
        ("-p 'no:cacheprovider '", True),
        ("-p cacheprovider -p no:cacheprovider", True),
        ("-q -p no:terminalreporter -pno:cacheprovider", True),
        ("-p no:cache", False),
        ("-p no:CacheProvider", False),
        ("-p no:cache_provider", False),
        ("-p no:pytest_cacheprovider", False),
        ("-p no:_pytest.cacheprovider", False),
        ("-p no:pytest-cache", False),
        ("-vp no:cacheprovider", False),
        ("-vpno:cacheprovider", False),
        ("'-ra -p no:cacheprovider'", False),
        ("'-p no:cacheprovider -q'", False),
    ],
)
def test_what_switches_the_cache_off(tests: Directory, addopts: str, *, off: bool) -> None:
    tests.write("pytest.ini", "[pytest]", f"addopts = {addopts}")

    assert prevention.switches_off(shlex.split(addopts)) is off
    assert tests.run() == (0, [] if off else [".pytest_cache"])
    right, vain = testing.meant(shlex.split(addopts))
    assert bool(vain) is not off
    assert prevention.switches_off(right)


@pytest.mark.parametrize(
    "addopts", ["-p=no:cacheprovider", "-p no: cacheprovider", "--no-cache", "-p", "--lf -p no:x '"]
)
def test_pytest_stops_at(tests: Directory, addopts: str) -> None:
    tests.write("pytest.ini", "[pytest]", f"addopts = {addopts}")

    assert tests.run()[0] not in (0, 5)


@pytest.mark.parametrize(
    ("words", "right", "vain"),
    [
        ("-p no:cache", "-p no:cacheprovider", ["-p no:cache"]),
        ("-ra -pno:Cache -q", "-ra -p no:cacheprovider -q", ["-pno:Cache"]),
        ("-p=no:cacheprovider", "-p no:cacheprovider", ["-p=no:cacheprovider"]),
        ("-vp no:cacheprovider", "-v -p no:cacheprovider", ["-vp no:cacheprovider"]),
        ("-vpno:cacheprovider", "-v -p no:cacheprovider", ["-vpno:cacheprovider"]),
        ("--plugin=no:cacheprovider", "--plugin -p no:cacheprovider", ["--plugin=no:cacheprovider"]),
        ("no:cacheprovider", "-p no:cacheprovider", ["no:cacheprovider"]),
        ("'-ra -p no:cacheprovider'", "-ra -p no:cacheprovider", ["-ra -p no:cacheprovider"]),
        ("'-p no:cacheprovider --lf'", "-p no:cacheprovider --lf", ["-p no:cacheprovider --lf"]),
        ("-p no:cacheprovider -p no:cache", "-p no:cacheprovider", ["-p no:cache"]),
        ("-p no:cache -p no:cachedir", "-p no:cacheprovider", ["-p no:cache", "-p no:cachedir"]),
    ],
)
def test_what_was_meant(words: str, right: str, vain: list[str]) -> None:
    assert testing.meant(shlex.split(words)) == (right.split(), vain)


@pytest.mark.parametrize(
    "words",
    [
        "-p no:cacheprovider",
        "-p",
        "-p no:cache_assert",
        "-p no:requests_cache -p no:cached",
        "-p no:randomly -p no:cov",
        "-p pytest_cache",
        "--ignore=cache -k cacheprovider",
        "-o 'addopts=-p no:cacheprovider'",
        "-xp no:randomly",
    ],
)
def test_what_is_no_attempt_to_switch_the_cache_off(words: str) -> None:
    assert testing.meant(shlex.split(words)) == (shlex.split(words), [])


def test_the_options_that_need_the_cache_are_those_of_its_plugins(tests: Directory) -> None:
    def options(*arguments: str) -> set[str]:
        command = [sys.executable, "-m", "pytest", "--help", *arguments]
        env = {name: value for name, value in environment().items() if not name.startswith("PYTEST")}
        text = subprocess.run(command, cwd=tests.path, env=env | {PLUGIN: "1"}, capture_output=True, check=True).stdout
        usage = text.decode().partition("configuration file")[0]
        heads = [line for line in usage.splitlines() if line.lstrip().startswith("-")]
        return {word.strip("[,").partition("=")[0] for line in heads for word in line.split() if word.startswith("--")}

    assert options() - options("-p", "no:cacheprovider") == prevention.NEEDING_CACHE


@pytest.mark.parametrize("option", NEEDING)
def test_an_option_that_needs_the_cache_does_nothing_without_it(tests: Directory, option: str) -> None:
    option = f"{option}={WITH_VALUE[option]}" if option in WITH_VALUE else option
    tests.write("pytest.ini", "[pytest]", f"addopts = {OFF} {option}")

    assert tests.run() == (0, [])
    assert [found.code for found in judge("pytest.ini", "[pytest]", f"addopts = {option} {OFF}")] == [
        rules.CONTRADICTION
    ]
    assert judge("pytest.ini", "[pytest]", f"addopts = {option} -ra") == []


def test_on_the_command_line_it_is_an_error(tests: Directory) -> None:
    assert tests.run("-p", "no:cacheprovider", "--lf")[0] == 4
    assert tests.run("--lf", PYTEST_ADDOPTS=OFF) == (0, [])
    assert tests.run(PYTEST_ADDOPTS=f"{OFF} --lf") == (0, [])


def test_what_needs_the_cache_is_named_and_taken_out_with_its_value() -> None:
    addopts = f"--ff -k 'not slow' --lfnf none --cache-show '*' --cache-show --sw --ff {OFF} none"

    assert said("tox.ini", "[pytest]", f"addopts = {addopts}") == [
        (
            2,
            rules.CONTRADICTION,
            f"`--ff`, `--lfnf`, `--cache-show` and `--sw` do nothing beside `{OFF}`",
            f"addopts = -k 'not slow' {OFF} none",
        )
    ]


def test_one_that_stands_on_a_line_of_its_own_is_found_there() -> None:
    assert said("pytest.toml", "[pytest]", "addopts = [", "  '-ra',", "  '--lf',", f"  '{OFF}',", "]") == [
        (4, rules.CONTRADICTION, f"`--lf` does nothing beside `{OFF}`", f'addopts = ["-ra", "{OFF}"]')
    ]


# Settings


def assignment(path: str, header: str, value: str) -> str:
    """An `addopts` of one argument in the syntax that it needs."""
    text = json.dumps([value]) if header in ("[tool.pytest]", "[pytest]") else json.dumps(value)
    return f"addopts = {text if path.endswith('.toml') else value}"


@ALL_HOMES
def test_every_home_switches_the_cache_off(tests: Directory, path: str, header: str) -> None:
    line = assignment(path, header, OFF)
    tests.write(path, header, line)

    assert tests.run() == (0, [])
    assert judge(path, header, line) == []


@ALL_HOMES
def test_what_is_misspelt_is_repaired_in_the_syntax_of_its_home(tests: Directory, path: str, header: str) -> None:
    line = assignment(path, header, "-p no:cache")
    tests.write(path, header, line)
    assert tests.run() == (0, [".pytest_cache"])

    (found,) = judge(path, header, line)
    as_list = ", as two items" if "[" in line else ""

    assert (found.line, found.code) == (2, rules.NO_SUCH_SETTING)
    assert found.message == f"`-p no:cache` switches nothing off: it takes `{OFF}`, spelt so{as_list}"
    tests.write(path, header, found.fix)
    (tests.path / ".pytest_cache/CACHEDIR.TAG").unlink()
    assert tests.run() == (0, [])
    assert judge(path, header, found.fix) == []


@pytest.mark.parametrize("name", ["cache-dir", "cachedir", "Cache_Dir", "cache_directory", "pytest_cache_dir"])
@ALL_HOMES
def test_a_misspelt_cache_dir(tests: Directory, path: str, header: str, name: str) -> None:
    value = "'x'" if path.endswith(".toml") else "x"
    tests.write(path, header, f"{name} = {value}")
    if path == "pytest.ini":
        assert tests.run() == (0, [".pytest_cache"])

    (found,) = judge(path, header, f"{name} = {value}")

    assert (found.line, found.code) == (2, rules.NO_SUCH_SETTING)
    assert found.message == f"`{name}` does nothing: the setting is called cache_dir"
    tests.write(path, header, found.fix)
    if path == "pytest.ini":
        (tests.path / ".pytest_cache/CACHEDIR.TAG").unlink()
        assert tests.run() == (0, ["x"])
    assert judge(path, header, found.fix) == []


def test_a_misspelt_cache_dir_beside_the_right_one_is_deleted() -> None:
    assert [fix for *_, fix in said("a b/tox.ini", "[pytest]", "cache_dir = x", "cachedir =", "  x")] == [
        deletion("3,4d", "a b/tox.ini")
    ]


def test_names_of_other_plugins_are_their_business() -> None:
    assert judge("pytest.ini", "[pytest]", "cache = 1", "cache_path = x", "my_cache_dir = x") == []


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ("x # y", "x", "comments behind a value"),
        ("$ELSEWHERE/x ; y", "$ELSEWHERE/x", "comments behind a value"),
        ('"x"', "x", "quotes around a value"),
    ],
)
def test_an_ini_file_takes_comments_and_quotes_into_the_name(
    tests: Directory, value: str, path: str, reason: str
) -> None:
    tests.write("pytest.ini", "[pytest]", f"cache_dir = {value}")

    assert tests.run()[1] == [value.replace("$ELSEWHERE", "../elsewhere")]
    name = value.rpartition("/")[2]
    assert said("pytest.ini", "[pytest]", f"cache_dir = {value}") == [
        (
            2,
            rules.NO_SUCH_SETTING,
            f"`cache_dir` makes a directory called `{name}`: an ini file has no {reason}",
            f"cache_dir = {path}",
        )
    ]
    assert judge("pytest.toml", "[pytest]", "cache_dir = 'x # y'") == []


def test_a_cache_dir_is_never_used_without_the_cache(tests: Directory) -> None:
    lines = ("[pytest]", "cache_dir = x", "addopts =", "    -ra", f"    {OFF}")
    tests.write("pytest.ini", *lines)

    assert tests.run() == (0, [])
    assert said("pytest.ini", *lines) == [
        (
            2,
            rules.CONTRADICTION,
            f"`cache_dir` does nothing beside `{OFF}` (line 5)",
            deletion("2d", "pytest.ini"),
        )
    ]
    assert judge("pytest.ini", *lines[:2]) == []


def test_what_shares_its_lines_with_others_is_not_deleted_by_the_line() -> None:
    table = f'pytest.ini_options = {{addopts = "{OFF}", cache_dir = "x"}}'
    assert [(line, code, fix) for line, code, _, fix in said("pyproject.toml", "[tool]", table)] == [
        (2, rules.CONTRADICTION, "# without cache_dir")
    ]


def test_addopts_on_which_pytest_stops() -> None:
    assert said("pytest.ini", "[pytest]", "addopts = '-ra") == [
        (2, rules.TESTS_UNREADABLE, "cannot be read: addopts: No closing quotation", "")
    ]


@pytest.mark.parametrize(("path", "header"), [("pytest.toml", "[pytest]"), ("pyproject.toml", "[tool.pytest]")])
def test_a_string_where_pytest_wants_a_list(tests: Directory, path: str, header: str) -> None:
    tests.write(path, header, f"addopts = '{OFF}'")

    assert tests.run()[0] not in (0, 5)
    assert said(path, header, f"addopts = '{OFF}'") == [
        (
            2,
            rules.NO_SUCH_SETTING,
            "pytest stops at `addopts`: in this table it must be a list",
            'addopts = ["-p", "no:cacheprovider"]',
        )
    ]
    assert judge(path, header, "addopts = '-ra'") == []


@pytest.mark.parametrize(
    ("path", "header", "right"),
    [
        ("tox.ini", "[tool:pytest]", "[pytest]"),
        ("pytest.ini", "[tool:pytest]", "[pytest]"),
        ("setup.cfg", "[pytest.ini_options]", "[tool:pytest]"),
        ("pyproject.toml", "[pytest]", "[tool.pytest.ini_options]"),
        ("pytest.toml", "[tool.pytest]", "[pytest]"),
    ],
)
def test_a_section_that_pytest_does_not_read(tests: Directory, path: str, header: str, right: str) -> None:
    line = "cache_dir = 'x'" if path.endswith(".toml") else "cache_dir = x"
    tests.write(path, header, line)
    assert tests.run() == (0, [".pytest_cache"])

    ((number, code, message, fix),) = said(path, header, line)

    assert (number, code) == (2, rules.NO_SUCH_SETTING)
    assert message == f"`cache_dir` does nothing here: pytest reads {right} in {path}, not {header}"
    tests.write(path, *fix.split("\n"))
    assert "x" in tests.run()[1]
    assert judge(path, *fix.split("\n")) == []


def test_a_section_that_pytest_does_not_read_beside_one_that_it_reads() -> None:
    lines = ("[tool:pytest]", "cache_dir = x", "addopts = -p no:cache", "markers = a", "[pytest]")

    assert [(line, fix) for line, _, _, fix in said("tox.ini", *lines, "cache_dir = y")] == [
        (3, deletion("3d", "tox.ini")),
        (2, deletion("2d", "tox.ini")),
    ]
    assert [(line, fix) for line, _, _, fix in said("tox.ini", *lines)] == [
        (3, "[pytest]\naddopts = -p no:cacheprovider"),
        (2, deletion("2d", "tox.ini")),
    ]
    assert judge("tox.ini", "[tool:pytest]", "addopts = -ra", "[pytest]") == []


def test_settings_at_the_top_of_a_pytest_toml(tests: Directory) -> None:
    tests.write("pytest.toml", "cache_dir = 'x'")

    assert "x" not in tests.run()[1]
    assert said("pytest.toml", "cache_dir = 'x'") == [
        (
            1,
            rules.NO_SUCH_SETTING,
            "`cache_dir` does nothing here: pytest reads [pytest] in pytest.toml, not the top level",
            '[pytest]\ncache_dir = "x"',
        )
    ]


# Variables


def test_no_version_of_pytest_knows_the_variable(tests: Directory) -> None:
    assert tests.run(PYTEST_CACHE_DISABLE="1") == (0, [".pytest_cache"])


@pytest.mark.parametrize(
    ("path", "line", "fix"),
    [
        ("tox.ini", "    PYTEST_CACHE_DISABLE = 1", "PYTEST_ADDOPTS = -pno:cacheprovider"),
        ("tox.ini", "    py3: PYTEST_CACHE_DISABLE=true", "py3: PYTEST_ADDOPTS=-pno:cacheprovider"),
        ("tox.ini", "    PYTEST_CACHE_DISABLE=", "PYTEST_ADDOPTS=-pno:cacheprovider"),
        ("tox.ini", "    env PYTEST_CACHE_DISABLE=1 pytest -q", "env PYTEST_ADDOPTS=-pno:cacheprovider pytest -q"),
        ("tox.ini", "    PYTEST_CACHE_DISABLE", "PYTEST_ADDOPTS"),
        ("pyproject.toml", 'PYTEST_CACHE_DISABLE = "1"', 'PYTEST_ADDOPTS = "-pno:cacheprovider"'),
        ("pyproject.toml", "PYTEST_CACHE_DISABLE = 1 # why", 'PYTEST_ADDOPTS = "-pno:cacheprovider" # why'),
        ("pyproject.toml", 'a = ["PYTEST_CACHE_DISABLE=1"]', 'a = ["PYTEST_ADDOPTS=-pno:cacheprovider"]'),
        ("pyproject.toml", 'a = { PYTEST_CACHE_DISABLE = "1" }', 'a = { PYTEST_ADDOPTS = "-pno:cacheprovider" }'),
        ("pyproject.toml", 'a = ["PYTEST_CACHE_DISABLE="]', 'a = ["PYTEST_ADDOPTS=-pno:cacheprovider"]'),
        ("pyproject.toml", 'a = ["PYTEST_CACHE_DISABLE", "B=1"]', 'a = ["PYTEST_ADDOPTS", "B=1"]'),
        ("pyproject.toml", 'PYTEST_CACHE_DISABLE = ""', 'PYTEST_ADDOPTS = "-pno:cacheprovider"'),
        ("pyproject.toml", "'PYTEST_CACHE_DISABLE' = true", "'PYTEST_ADDOPTS' = \"-pno:cacheprovider\""),
    ],
)
def test_the_variable_is_named_wherever_it_stands(path: str, line: str, fix: str) -> None:
    lines = ("[testenv]", "setenv =", line) if path == "tox.ini" else ("[tool.any]", "", line)

    assert said(path, *lines) == [
        (3, rules.NO_SUCH_SETTING, "`PYTEST_CACHE_DISABLE` does nothing: pytest knows no such variable", fix)
    ]
    mended = "\n".join([*lines[:2], f"    {fix}", ""])
    assert testing.judge(pytest_configuration.read(path, mended)) == []
    if path.endswith(".toml"):
        assert list(tomllib.loads(mended)) == ["tool"]


def test_a_comment_may_name_the_variable() -> None:
    assert judge("tox.ini", "# PYTEST_CACHE_DISABLE=1", "; PYTEST_CACHE_DISABLE=1") == []
    assert judge("pyproject.toml", "a = 1 # PYTEST_CACHE_DISABLE = 1") == []


def test_pytest_addopts_of_tox_is_judged_as_addopts() -> None:
    lines = (
        "[testenv]",
        "setenv =",
        "  PYTEST_ADDOPTS = -p no:cache {posargs}",
        "set_env = PYTEST_ADDOPTS = --lf " + OFF,
    )

    assert said("tox.ini", *lines) == [
        (
            3,
            rules.NO_SUCH_SETTING,
            f"`-p no:cache` switches nothing off: it takes `{OFF}`, spelt so",
            f"PYTEST_ADDOPTS = {OFF} {{posargs}}",
        ),
        (4, rules.CONTRADICTION, f"`--lf` does nothing beside `{OFF}`", f"PYTEST_ADDOPTS = {OFF}"),
    ]
    assert judge("tox.ini", "[testenv]", "setenv =", "  PYTEST_ADDOPTS = -p no:cache '") == []


def test_pytest_env_sets_variables_too_late(tests: Directory) -> None:
    # What pytest-env does, at the same point: https://github.com/pytest-dev/pytest-env
    plugin = ("import os", "def pytest_load_initial_conftests():", f"    os.environ['PYTEST_ADDOPTS'] = '{OFF}'")
    tests.write("late.py", *plugin)

    assert tests.run("-p", "late", PYTHONPATH=str(tests.path)) == (0, [".pytest_cache"])
    assert said("pytest.ini", "[pytest]", "env =", f"    PYTEST_ADDOPTS={OFF}", "addopts = -ra") == [
        (
            3,
            rules.NO_SUCH_SETTING,
            "`PYTEST_ADDOPTS` does nothing here: pytest-env sets it after pytest has read it",
            f"# in place of PYTEST_ADDOPTS:\naddopts = -ra {OFF}",
        )
    ]
    assert said("pyproject.toml", "[tool.pytest_env]", "PYTEST_CACHE_DISABLE = '1'") == [
        (
            2,
            rules.NO_SUCH_SETTING,
            "`PYTEST_CACHE_DISABLE` does nothing: pytest knows no such variable",
            f'# in place of PYTEST_CACHE_DISABLE:\n[tool.pytest.ini_options]\naddopts = "{OFF}"',
        )
    ]
    assert judge("pytest.ini", "[pytest]", "env =", "    PYTEST_ADDOPTS=-q") == []
    lines = ("[tool.pytest.ini_options]", "env = [", "  'A=1',", "  'PYTEST_CACHE_DISABLE=1',", "]")
    assert [(line, fix) for line, _, _, fix in said("pyproject.toml", *lines)] == [
        (4, f'# in place of PYTEST_CACHE_DISABLE:\naddopts = "{OFF}"')
    ]


# One file that hides another


def hidden(tests: Directory, **files: str) -> list[tuple[str, int | None, str, str]]:
    return found_hidden(tests, {name.replace("_", ".").replace("..", "."): text for name, text in files.items()})


def found_hidden(
    tests: Directory, files: dict[str, str], *, complete: bool = True
) -> list[tuple[str, int | None, str, str]]:
    """What `testing.hidden` finds: what pytest itself says that it ignores, or, where pytest 8 reads others, part of that."""
    homes = []
    for name in sorted(files, key=pytest_configuration.HOMES.index):
        (tests.path / name).write_text(files[name])
        homes.append(pytest_configuration.read(name, files[name]))
    found = testing.hidden(homes)
    command = [sys.executable, "-m", "pytest", "--co"]
    env = {name: value for name, value in environment().items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=tests.path, env=env | {PLUGIN: "1"}, capture_output=True, check=False)
    ignored = done.stdout.decode().partition("ignoring pytest config in ")[2].partition("!")[0]
    paths, names_ignored = [finding.path for finding in found], [name for name in ignored.split(", ") if name]
    assert paths == names_ignored if complete else set(paths) <= set(names_ignored)
    return [(finding.path, finding.line, finding.message, finding.fix) for finding in found]


def test_the_first_file_hides_the_others(tests: Directory) -> None:
    assert hidden(
        tests,
        pyproject_toml="[tool.pytest.ini_options]\naddopts = '-ra'\n",
        tox_ini="[tox]\n\n[pytest]\naddopts =\n  -q\n  -ra\n\n[testenv]\n",
        setup_cfg="[tool:pytest]\naddopts = -q\n",
    ) == [
        (
            "tox.ini",
            3,
            "pytest does not read [pytest]: pyproject.toml comes first",
            deletion("3,6d", "tox.ini"),
        ),
        (
            "setup.cfg",
            1,
            "pytest does not read [tool:pytest]: pyproject.toml comes first",
            deletion("1,2d", "setup.cfg"),
        ),
    ]


def test_an_empty_file_hides_the_others(tests: Directory) -> None:
    assert hidden(tests, pytest_ini="", pyproject_toml="[tool.pytest.ini_options]\naddopts = '-ra'\n") == [
        (
            "pyproject.toml",
            1,
            "pytest does not read [tool.pytest.ini_options]: pytest.ini comes first, empty as it is",
            repairs.at_root("git rm pytest.ini"),
        )
    ]


def test_an_empty_section_hides_the_others(tests: Directory) -> None:
    assert hidden(tests, pyproject_toml="[tool.pytest.ini_options]\n[x]\n", tox_ini="[pytest]\naddopts = -ra\n") == [
        (
            "tox.ini",
            1,
            "pytest does not read [pytest]: pyproject.toml comes first, empty as it is",
            deletion("1d", "pyproject.toml"),
        )
    ]


def test_a_file_of_another_section_hides_the_others(tests: Directory) -> None:
    files = {"pytest_ini": "[tool:pytest]\naddopts = -ra\n", "setup_cfg": "[tool:pytest]\naddopts = -q\n"}

    assert hidden(tests, **files) == [
        (
            "setup.cfg",
            1,
            "pytest does not read [tool:pytest]: pytest.ini comes first",
            "# move what is still wanted to pytest.ini, then:\n" + deletion("1,2d", "setup.cfg"),
        )
    ]


NATIVE = "[tool.pytest]\naddopts = ['-ra']\n"
IN_TOML, IN_INI = "[pytest]\naddopts = ['-ra']\n", "[pytest]\naddopts = -ra\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({"pytest.toml": IN_TOML, "pytest.ini": IN_INI}, {}, id="of one each"),
        pytest.param({"pyproject.toml": NATIVE, "tox.ini": IN_INI}, {}, id="by one table"),
        pytest.param({".pytest.ini": "", "tox.ini": IN_INI}, {}, id="by an empty file"),
        pytest.param(
            {"pytest.toml": IN_TOML, "pytest.ini": IN_INI, "tox.ini": IN_INI},
            {"tox.ini": "pytest.ini"},
            id="unless both read another",
        ),
        pytest.param(
            {"pytest.toml": IN_TOML, ".pytest.toml": IN_TOML},
            {".pytest.toml": "pytest.toml"},
            id="unless neither reads it",
        ),
        pytest.param({"pytest.ini": IN_INI, "pyproject.toml": NATIVE}, {"pyproject.toml": "pytest.ini"}, id="or that"),
    ],
)
def test_what_pytest_9_reads_hides_nothing_from_pytest_8(
    tests: Directory, files: dict[str, str], found: dict[str, str]
) -> None:
    messages = found_hidden(tests, files, complete=False)
    assert {path: message.split()[-3] for path, _, message, _ in messages} == found


def test_a_file_without_settings_for_pytest_hides_nothing(tests: Directory) -> None:
    files = {"pyproject_toml": "[tool.other]\n", "tox_ini": "[tox]\n", "setup_cfg": "[tool:pytest]\naddopts=-q\n"}
    assert hidden(tests, **files) == []
    variable = "[testenv]\nsetenv = PYTEST_ADDOPTS=-q\n"
    assert hidden(tests, pyproject_toml="", pytest_ini="[pytest]\naddopts = -q\n", tox_ini=variable) == []


def test_pieces_of_a_hidden_table_are_all_deleted() -> None:
    text = "[tool.pytest.ini_options]\na = 1\n[other]\n[tool.pytest.ini_options.b]\nc = 1\n"
    homes = [pytest_configuration.read(*home) for home in (("pytest.ini", "[pytest]\na=1\n"), ("pyproject.toml", text))]

    assert [found.fix for found in testing.hidden(homes)] == [
        "# move what is still wanted to pytest.ini, then:\n" + deletion("1,2d;4,5d", "pyproject.toml")
    ]


@pytest.mark.parametrize(("settings", "moved"), [("addopts = -q\n", False), ("addopts = -q\nmarkers = slow\n", True)])
def test_settings_that_the_file_in_force_lacks_are_to_be_moved(tests: Directory, settings: str, *, moved: bool) -> None:
    ((*_, fix),) = hidden(tests, pytest_ini="[pytest]\naddopts = -ra\n", tox_ini=f"[pytest]\n{settings}")
    assert fix.startswith("# move what is still wanted to pytest.ini, then:\n(cd ") is moved


# The cache left on


@pytest.mark.parametrize(
    ("cache_dir", "outside"),
    [
        ("$ELSEWHERE/x", True),
        ("${ELSEWHERE}", True),
        ("~/x", True),
        ("$HOME/x", True),
        ("x", False),
        ("./a/.cache", False),
        ("~nobody-of-that-name/x", False),
        ("%ELSEWHERE%", False),
    ],
)
def test_where_a_cache_dir_lies(tests: Directory, cache_dir: str, *, outside: bool) -> None:
    tests.write("pytest.ini", "[pytest]", f"cache_dir = {cache_dir}")
    home = pytest_configuration.read("pytest.ini", (tests.path / "pytest.ini").read_text())

    _, (place,) = tests.run()
    assert place.startswith("../") is outside
    assert (testing.left_on(home, str(tests.path)) == []) is outside


@pytest.mark.parametrize(
    ("cache_dir", "outside"),
    [
        ("/tmp/x", True),
        ("/root-of-tree/x", False),
        ("/root-of-tree", False),
        ("/root-of-tree-2", True),
        ("..", False),
        ("../..", True),
        ("../../x", True),
        ("C:/x", True),
        ("~", True),
        ("", False),
        (".", False),
        ("$PWD/x", False),
        ("$", False),
    ],
)
def test_a_cache_dir_of_a_subdirectory(cache_dir: str, *, outside: bool) -> None:
    home = pytest_configuration.read("api/pytest.ini", f"[pytest]\ncache_dir = {cache_dir}\n")

    found = testing.left_on(home, "/root-of-tree")

    assert [(finding.line, finding.message, finding.fix) for finding in found] == (
        []
        if outside
        else [(2, "pytest's cache is on, and `cache_dir` lies in the work tree", "cache_dir = ~/.cache/pytest/api")]
    )


@pytest.mark.parametrize(
    ("path", "lines", "line", "fix"),
    [
        ("pytest.ini", [], None, f"[pytest]\naddopts = {OFF}"),
        ("pytest.ini", ["[pytest]"], 1, f"addopts = {OFF}"),
        ("tox.ini", ["", "[pytest]", "addopts = -ra"], 3, f"addopts = -ra {OFF}"),
        (
            "pyproject.toml",
            ["[tool.pytest.ini_options]", "addopts = '''-k \"a b\"'''"],
            2,
            f"addopts = \"-k 'a b' {OFF}\"",
        ),
        (
            "pyproject.toml",
            ["[tool.pytest.ini_options]", "addopts = ['-ra']"],
            2,
            'addopts = ["-ra", "-p", "no:cacheprovider"]',
        ),
        ("pytest.toml", ["[pytest]", "a = 1"], 1, 'addopts = ["-p", "no:cacheprovider"]'),
    ],
)
def test_a_configuration_that_leaves_the_cache_on(path: str, lines: list[str], line: int | None, fix: str) -> None:
    found = testing.left_on(pytest_configuration.read(path, "\n".join([*lines, ""])), "/root-of-tree")

    assert [(finding.line, finding.message, finding.fix) for finding in found] == [
        (line, "pytest's cache is on, in the work tree", fix)
    ]


@pytest.mark.parametrize(
    ("addopts", "off"),
    [
        (OFF, True),
        ("-o cache_dir=/tmp/x", True),
        ("--override-ini=cache_dir=/tmp/x", True),
        ("-o cache_dir=x", False),
        ("-ra", False),
        ("'", False),
    ],
)
def test_what_an_environment_says(tests: Directory, addopts: str, *, off: bool) -> None:
    assert testing.sets_off(Setting("PYTEST_ADDOPTS", addopts, 1, 1), str(tests.path)) is off
    if "'" not in addopts:
        place = addopts.replace("/tmp/x", "$ELSEWHERE/x")
        _, caches = tests.run(PYTEST_ADDOPTS=place)
        assert all(cache.startswith("../") for cache in caches) is off


# Repairs


def followed(path: str, text: str, finding: Finding) -> str:
    """The file *path* after the repair of *finding*: lines deleted, a setting taken away, written or moved."""
    fix, lines = finding.fix, text.splitlines()
    if isinstance(fix, Deletion):
        gone = {number for first, last in fix.lines for number in range(first, last + 1)}
        return "".join(f"{line}\n" for number, line in enumerate(lines, 1) if number not in gone)
    at = (finding.line or 1) - 1
    if "s/.*/[tool:pytest]/" in fix:
        lines[at] = "[tool:pytest]"
        return "".join(f"{line}\n" for line in lines)
    if fix.startswith("#"):
        remark, _, fix = fix.partition("\n")
        name = remark.removesuffix(":").rpartition(" ")[2]
        lines[at] = re.sub(rf"(['\"]?){name} ?=[^'\"]*(['\"]?,? ?|['\"][^'\"]*['\"]$)", "", lines[at])
    home = pytest_configuration.read(path, text)
    *header, written = fix.split("\n") if fix else ["", ""]
    name = written.partition("=")[0].strip()
    if "PYTEST_ADDOPTS" in written:
        lines[at] = lines[at][: len(lines[at]) - len(lines[at].lstrip())] + written
    elif name:
        section = home.section
        old = [
            setting
            for each in [*home.unread, *([section] if section else [])]
            for setting in each.settings.values()
            if setting.line <= at + 1 <= setting.end and not finding.fix.startswith("#")
        ]
        here = section.settings.get(name) if section else None
        for setting in old or ([here] if here else []):
            lines[setting.line - 1 : setting.end] = [""] * (setting.end - setting.line + 1)
        place = section.line if section else len(lines)
        lines[place:place] = [*([] if section else header), written]
    return "".join(f"{line}\n" for line in lines)


ADDOPTS = (
    "-ra",
    OFF,
    "-p no:cache --lf",
    f"{OFF} --lf -q",
    f"{OFF} --lf # why",
    "-p=no:cacheprovider --ff",
    "-vp no:cache",
)
PLACES = ("cache_dir = x", "cache_dir = x # y", "cache_dir = /tmp/x", "cachedir = y", "cache-dir = z")
INI_LINES = st.lists(st.sampled_from(PLACES), unique_by=lambda line: line.partition(" ")[0], max_size=3)
ENVIRONMENTS = (
    "",
    "env =\n    A=1\n    PYTEST_CACHE_DISABLE=1",
    f"env =\n    PYTEST_ADDOPTS={OFF}\n    PYTEST_CACHE_DISABLE=1",
)


@st.composite
def ini_files(draw: st.DrawFn) -> str:
    parts = []
    for header in draw(st.permutations(["[pytest]", "[tool:pytest]", "[testenv]"])):
        if not draw(st.booleans()):
            continue
        parts.append(header)
        addopts = draw(st.none() | st.sampled_from(ADDOPTS))
        if header == "[testenv]":
            parts += ["setenv =", f"    PYTEST_ADDOPTS = {addopts}", "    PYTEST_CACHE_DISABLE = 1"][
                : 3 if addopts else 0
            ]
            continue
        parts += [*draw(INI_LINES), *([f"addopts = {addopts}"] if addopts else []), draw(st.sampled_from(ENVIRONMENTS))]
    return "".join(f"{part}\n" for part in parts if part)


@st.composite
def toml_files(draw: st.DrawFn) -> str:
    parts = []
    for header in draw(st.permutations(["[tool.pytest.ini_options]", "[pytest]", "[tool.pytest_env]"])):
        if not draw(st.booleans()):
            continue
        parts.append(header)
        if header == "[tool.pytest_env]":
            parts.append("PYTEST_CACHE_DISABLE = 1")
            continue
        addopts = draw(st.none() | st.sampled_from(ADDOPTS[:4]))
        as_list = draw(st.booleans())
        parts += [f"{name} = '{value}'" for name, _, value in (line.partition(" = ") for line in draw(INI_LINES))]
        parts += [f"addopts = {shlex.split(addopts) if as_list else json.dumps(addopts)}"] if addopts else []
        parts += draw(st.sampled_from([[], ['env = ["A=1", "PYTEST_CACHE_DISABLE=1"]']]))
    return "".join(f"{part}\n" for part in parts)


def all_of(path: str, text: str, *, require_disabled: bool) -> list[Finding]:
    home = pytest_configuration.read(path, text)
    found = [*testing.refused([home]), *testing.judge(home)]
    if require_disabled and home.counts and not home.refused:
        found += testing.left_on(home, "/root-of-tree")
    return joined(sorted(found))


@settings(max_examples=400)
@given(
    file=st.tuples(st.sampled_from(["tox.ini", "setup.cfg", "pytest.ini"]), ini_files())
    | st.tuples(st.just("pyproject.toml"), toml_files()),
    require_disabled=st.booleans(),
    choice=st.randoms(use_true_random=False),
)
def test_each_repair_that_is_followed_takes_findings_away_and_brings_none(
    file: tuple[str, str],
    require_disabled: bool,  # noqa: FBT001
    choice: random.Random,
) -> None:
    path, text = file
    found = all_of(path, text, require_disabled=require_disabled)
    while found:
        chosen = choice.choice(found)
        text = followed(path, text, chosen)
        left = all_of(path, text, require_disabled=require_disabled)
        before, after = ([each for each in some if each.code != rules.CACHE_LEFT_ON] for some in (found, left))
        if chosen.code == rules.CACHE_LEFT_ON:
            assert len(after) <= len(before), text
            assert after == left, text
        elif chosen.code != rules.TESTS_UNREADABLE:  # what stands in a section at which pytest stops is judged then
            assert len(after) < len(before), text
        found = left


HEADERS = ("[pytest]", "[tool:pytest]", "[tool.pytest]", "[tool.pytest.ini_options]", "[tool.pytest_env]", "[testenv]")
NAMES = (
    "addopts",
    "cache_dir",
    "cachedir",
    "env",
    "setenv",
    "PYTEST_ADDOPTS",
    "PYTEST_CACHE_DISABLE",
    " PYTEST_ADDOPTS",
)
VALUES = (
    "'-p no:cache'",
    "['-p', 'no:cacheprovider', '--lf', '\\u001b']",
    "-vp no:cacheprovider",
    "--lf -p no:cacheprovider",
)
WORDS = (
    "'x'",
    "1",
    "",
    "\x1b",
    '"\\U0001f600 ## -pno:cache"',
    "\n  -p no:cacheprovider\n  --cache-show\n  x",
    "{a = '--lf'}",
    "'",
)
LINES = st.sampled_from(HEADERS) | st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES + WORDS)).map(" = ".join)


@settings(max_examples=300)
@given(
    paths=st.lists(st.sampled_from(pytest_configuration.HOMES), min_size=1, unique=True),
    header=st.sampled_from(HEADERS),
    lines=st.lists(LINES, max_size=6),
)
def test_whatever_a_file_says_findings_can_be_printed(paths: list[str], header: str, lines: list[str]) -> None:
    text = "\n".join([header, *lines])
    homes = []
    for path in sorted(paths, key=pytest_configuration.HOMES.index):
        try:
            homes.append(pytest_configuration.read(path, text))
        except Unreadable:
            continue
    found = [finding for home in homes for finding in testing.judge(home) + testing.left_on(home, "/root-of-tree")]
    for finding in found + testing.hidden(homes):
        assert finding.line is None or 1 <= finding.line <= len(text.splitlines())
        assert all(line.isprintable() for line in finding.fix.split("\n"))


@given(st.lists(st.text(alphabet="-a'\"\\ {}#é\x1b\x7f", min_size=1, max_size=5), max_size=4))
@example(["\x1b", "##", "'\"\\ "])
def test_rewritten_arguments_are_read_back(words: list[str]) -> None:
    for path, header in (("tox.ini", "[pytest]"), ("pyproject.toml", "[tool.pytest]"), ("pyproject.toml", "[t]")):
        home = pytest_configuration.read(path, f"{header}\na = 1\n")
        line = testing._assignment(home, "addopts", words)
        assert line.isprintable()
        if path.endswith(".toml"):
            found = tomllib.loads(line)["addopts"]
        elif "\\x" in line:  # a control character, which an ini file has no escape for
            continue
        else:
            found = iniconfig.IniConfig("", f"[pytest]\n{line}\n")["pytest"]["addopts"]
        assert pytest_configuration.words(found) == words
