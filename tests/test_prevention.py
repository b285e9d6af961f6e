"""What keeps caches away, held to the tools themselves: each row of the table, and each value that misleads."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycache_hooks import catalog, prevention, programs
from pycache_hooks.prevention import DONT_WRITE, PREFIX
from pycache_hooks.readers import shell
from support import environment, run, tool

if TYPE_CHECKING:
    from pathlib import Path

DROPPED = ("PYTHON", "PYTEST_", "COVERAGE_", "COV_", "MYPY", "RUFF", "PIP_", "UV_", "HYPOTHESIS_", "CI")


def bare(**variables: str) -> dict[str, str]:
    """The tests' variables without those that any tool looks at, and with *variables*."""
    return {name: value for name, value in environment().items() if not name.startswith(DROPPED)} | variables


# Bytecode


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "00",
        " 0",
        "\t+0",
        "-0",
        "0 ",
        "0x",
        " ",
        "+",
        "1",
        "false",
        "no",
        "-1",
        "0.0",
        "\u0660",
        "99999999999999999999",
    ],
)
def test_a_value_stops_the_writing_of_bytecode_just_when_python_says_so(value: str, tmp_path: Path) -> None:
    program = "import sys; print(sys.dont_write_bytecode)"
    done = run([sys.executable, "-c", program], tmp_path, bare(**{DONT_WRITE: value}))
    assert str(prevention.dont_write(value)) == done.text.strip()


@settings(max_examples=25, deadline=None)
@given(value=st.text("0+- \t\v\n19x", max_size=4))
def test_any_value_is_read_as_python_reads_it(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    done = run(
        [sys.executable, "-Sc", "import sys; print(sys.dont_write_bytecode)"], folder, bare(**{DONT_WRITE: value})
    )
    assert str(prevention.dont_write(value)) == done.text.strip()


def test_no_variable_stops_nothing() -> None:
    assert not prevention.dont_write(None)


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(
    "value", ["", "rel", "./rel", "~/x", "$HOME/x", "a/${HOME}", "../x", "{}/x", "{}/a$b", "{}/100%"]
)
def test_a_prefix_is_right_unless_python_writes_into_a_directory_called_so(value: str, tmp_path: Path) -> None:
    work, away = tmp_path / "work", tmp_path / "away"
    work.mkdir()
    (work / "m.py").write_text("")
    prefix = value.replace("{}", str(away))
    run([sys.executable, "-Sc", "import m"], work, bare(HOME=str(away), **{PREFIX: prefix}))
    strange = [path for path in tmp_path.rglob("*.pyc") if not path.is_relative_to(away) or "$" in str(path)]
    assert bool(prevention.prefix_flaw(prefix)) == (bool(strange) and bool(value))


@pytest.mark.parametrize(
    "value", ["/x", "C:\\x", "D:/x", "\\\\host\\x", "${{ runner.temp }}/x", "$(Agent.TempDirectory)/x", "/a$", "/$1"]
)
def test_a_prefix_that_may_be_right_has_no_flaw(value: str) -> None:
    assert prevention.prefix_flaw(value) == ""


def test_the_flaws_of_a_prefix_are_told_apart() -> None:
    assert "~" in prevention.prefix_flaw("~/x")
    assert "variable" in prevention.prefix_flaw("/a/$HOME/x")
    assert "relative" in prevention.prefix_flaw("x")


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({}, ""),
        ({DONT_WRITE: "1"}, ""),
        ({DONT_WRITE: "0"}, ""),
        ({PREFIX: "{}"}, ""),
        ({PREFIX: "rel"}, ""),
        ({DONT_WRITE: "1"}, "-E"),
        ({DONT_WRITE: "1"}, "-I"),
        ({PREFIX: "{}"}, "-sE"),
        ({}, "-B"),
        ({}, "-sB"),
        ({}, "-EB"),
        ({}, "-X pycache_prefix={}"),
        ({}, "-Xpycache_prefix={}"),
        ({}, "-X pycache_prefix=rel"),
        ({}, "-X dev"),
    ],
    ids=str,
)
def test_bytecode_is_prevented_just_when_python_writes_none(
    variables: dict[str, str], options: str, tmp_path: Path
) -> None:
    work, away = tmp_path / "work", tmp_path / "away"
    work.mkdir()
    (work / "m.py").write_text("")
    env = {name: value.replace("{}", str(away)) for name, value in variables.items()}
    words = [*options.replace("{}", str(away)).split(), "-c", "import sys; sys.path.insert(0, '.'); import m"]
    run([sys.executable, *words], work, bare(**env))
    command = shell.Command(["python3", *words])
    assert programs.prevented("Python", command, env) is not bool(list(work.rglob("*.pyc")))


# The caches of tools


def test_each_row_is_about_a_tool_of_the_catalogue_and_its_setting_prevents() -> None:
    tools = [row.tool for row in prevention.PREVENTIONS]
    assert len(set(tools)) == len(tools)
    assert set(tools) <= {row.tool for row in catalog.CACHES}
    for row in prevention.PREVENTIONS:
        assert repr(row) == f"<Prevention {row.tool}>"
        assert row.place in ("", *row.variables)
        name, value = row.setting
        assert row.variables[name](value)
        assert not row.variables[name]("")
        assert programs.prevented(row.tool, shell.Command(["x"]), {name: value})
        assert not programs.prevented(row.tool, shell.Command(["x"]), {})


def test_a_tool_without_a_row_is_not_prevented() -> None:
    assert not programs.prevented("tox", shell.Command(["tox"]), {DONT_WRITE: "1"})


TEST = "from hypothesis import given, strategies\n\n\n@given(strategies.integers())\ndef test_a(a: int) -> None:\n    pass\n"
CACHES = {
    "pytest": ".pytest_cache",
    "mypy": ".mypy_cache",
    "ruff": ".ruff_cache",
    "coverage": ".coverage",
    "hypothesis": ".hypothesis",
}


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(
    ("variable", "line"),
    [
        ("", "pytest"),
        ("", "pytest -p no:cacheprovider"),
        ("", "pytest -pno:cacheprovider"),
        ("", "pytest -p no:cache"),
        ("", "pytest -p no:CacheProvider"),
        ("", "pytest -o cache_dir={}/p"),
        ("", "pytest -ocache_dir={}/p -o addopts="),
        ("", "pytest --override-ini=cache_dir={}/p"),
        ("", "pytest --override-ini cache_dir={}/p"),
        ("", "pytest -o cache_dir={}/p -o cache_dir=.pytest_cache"),
        ("", "pytest -p no:cacheprovider -p cacheprovider"),
        ("", "pytest -p cacheprovider -p no:cacheprovider -p no:doctest"),
        ("PYTEST_ADDOPTS=-p no:cacheprovider", "pytest -q"),
        ("PYTEST_ADDOPTS=-q\n-p 'no:cacheprovider'", "pytest"),
        ("PYTEST_ADDOPTS=-o cache_dir={}/p", "pytest"),
        ("PYTEST_ADDOPTS=-o cache_dir={}/p", "pytest -o cache_dir=.pytest_cache"),
        ("PYTEST_ADDOPTS=-p no:cache", "pytest"),
        ("PYTEST_CACHE_DISABLE=1", "pytest"),
        ("", "mypy test_a.py"),
        ("", "mypy --cache-dir=/dev/null test_a.py"),
        ("", "mypy --cache-dir {}/m test_a.py"),
        ("MYPY_CACHE_DIR=/dev/null", "mypy test_a.py"),
        ("MYPY_CACHE_DIR=", "mypy test_a.py"),
        ("MYPY_CACHE_DIR=/dev/null", "mypy --cache-dir=.mypy_cache test_a.py"),
        ("MYPY_CACHE_DIR=.mypy_cache", "mypy --cache-dir={}/m test_a.py"),
        ("", "ruff check"),
        ("", "ruff check -n"),
        ("", "ruff check -ne"),
        ("", "ruff format --check --no-cache"),
        ("", "ruff check --cache-dir {}/r"),
        ("RUFF_NO_CACHE=true", "ruff check"),
        ("RUFF_NO_CACHE=true", "ruff check --cache-dir=.ruff_cache"),
        ("RUFF_NO_CACHE=false", "ruff check"),
        ("RUFF_CACHE_DIR={}/r", "ruff check"),
        ("RUFF_CACHE_DIR={}/r", "ruff check --cache-dir=.ruff_cache"),
        ("", "coverage run test_a.py"),
        ("", "coverage run --data-file={}/c test_a.py"),
        ("COVERAGE_FILE={}/c", "coverage run test_a.py"),
        ("COVERAGE_FILE={}/c", "coverage run --data-file=.coverage test_a.py"),
        ("HYPOTHESIS_STORAGE_DIRECTORY={}/h", "pytest"),
        ("HYPOTHESIS_STORAGE_DIRECTORY=.hypothesis", "pytest"),
        ("HYPOTHESIS_STORAGE_DIRECTORY=", "pytest"),
    ],
    ids=str,
)
def test_a_cache_is_prevented_just_when_the_tool_writes_none(variable: str, line: str, tmp_path: Path) -> None:
    work, away = tmp_path / "work", tmp_path / "away"
    work.mkdir()
    away.mkdir()
    (work / "test_a.py").write_text(TEST)
    name, _, value = variable.replace("{}", str(away)).partition("=")
    env = {name: value} if name else {}
    words = line.replace("{}", str(away)).split()
    run([tool(words[0]), *words[1:]], work, bare(**env))
    about = "hypothesis" if name.startswith("HYPOTHESIS") else words[0]
    assert programs.prevented(about, shell.Command(words), env) is not (work / CACHES[about]).exists()


def test_a_command_is_seen_behind_what_runs_it_and_with_what_is_set_in_front_of_it() -> None:
    for line in (
        "uv run pytest -p no:cacheprovider",
        "env PYTEST_ADDOPTS='-p no:cacheprovider' pytest",
        "PYTEST_ADDOPTS='-p no:cacheprovider' sudo python -m pytest",
    ):
        assert programs.prevented("pytest", shell.commands(line)[0], {"PYTEST_ADDOPTS": ""})
    assert programs.prevented("Python", shell.commands("uv run python -B a")[0], {})
    assert not programs.prevented("Python", shell.commands("env -u A python -E a")[0], {DONT_WRITE: "1"})


@pytest.mark.parametrize("value", ["/x", "~/x", "$X", "%TEMP%", "../x", "C:\\x", "c:/x", "\\\\host\\x"])
def test_what_may_be_elsewhere_is_taken_for_elsewhere(value: str) -> None:
    assert prevention.elsewhere(value)


@pytest.mark.parametrize("value", ["", "x", "./x", ".x/..", "x:y"])
def test_a_relative_path_is_not_elsewhere(value: str) -> None:
    assert not prevention.elsewhere(value)


# Variables that do not do what they seem to


@pytest.mark.parametrize(
    ("setting", "right"),
    [
        ("PYTHONDONTWRITEBYTECODE=0", "PYTHONDONTWRITEBYTECODE=1"),
        ("PYTHONDONTWRITEBYTECODE=False", "PYTHONDONTWRITEBYTECODE=1"),
        ("PYTHON_DONT_WRITE_BYTECODE=1", "PYTHONDONTWRITEBYTECODE=1"),
        ("PYTHONDONTWRITEBYTECODES=1", "PYTHONDONTWRITEBYTECODE=1"),
        ("PYTHON_PYCACHE_PREFIX=/x", "PYTHONPYCACHEPREFIX=/x"),
        ("PIP_NO_COMPILE=1", "PIP_COMPILE=0"),
        ("PIP_NO_COMPILE=True", "PIP_COMPILE=0"),
        ("PIP_NO_COMPILE=never", "PIP_COMPILE=0"),
        ("PIP_NO_CACHE_DIR=2", "PIP_NO_CACHE_DIR=1"),
        ("PIP_NO_CACHE=1", "PIP_NO_CACHE_DIR=1"),
        ("UV_NO_CACHE=all", "UV_NO_CACHE=1"),
        ("UV_NO_CACHE_DIR=1", "UV_NO_CACHE=1"),
        ("UV_COMPILE_BYTECODE=2", "UV_COMPILE_BYTECODE=1"),
        ("POETRY_NO_CACHE=1", "POETRY_CACHE_DIR=/tmp/poetry"),
        ("RUFF_NO_CACHE=1", "RUFF_NO_CACHE=true"),
        ("RUFF_NO_CACHE=True", "RUFF_NO_CACHE=true"),
        ("PYTEST_CACHE_DISABLE=1", "PYTEST_ADDOPTS=-p no:cacheprovider"),
        ("PYTEST_ADDOPTS=-q -p no:cache", "PYTEST_ADDOPTS=-p no:cacheprovider"),
        ("PYTEST_ADDOPTS=-p=no:cacheprovider", "PYTEST_ADDOPTS=-p no:cacheprovider"),
        ("PYTEST_ADDOPTS=-pno:CacheProvider", "PYTEST_ADDOPTS=-p no:cacheprovider"),
    ],
    ids=str,
)
def test_a_variable_that_misleads_is_named_with_what_is_right(setting: str, right: str) -> None:
    name, _, value = setting.partition("=")
    [(told_name, told_value, reason, told_right)] = prevention.without_effect({"A": "1", name: value})
    assert (told_name, told_value, told_right) == (name, value, right)
    assert reason
    name, _, value = right.partition("=")
    assert prevention.without_effect({name: value}) == []


@pytest.mark.parametrize(
    "setting",
    [
        "PYTHONDONTWRITEBYTECODE=1",
        "PYTHONDONTWRITEBYTECODE=",
        "PYTHONDONTWRITEBYTECODE=x",
        "PYTHONDONTWRITEBYTECODE=$X",
        "PYTHONPYCACHEPREFIX=/x",
        "PYTHONUNBUFFERED=0",
        "PYTHON_VERSION=3.12",
        "PIP_NO_COMPILE=0",
        "PIP_COMPILE=off",
        "PIP_NO_CACHE_DIR=off",
        "PIP_NO_CACHE_DIR=$X",
        "PIP_NO_CACHE=0",
        "UV_NO_CACHE=Y",
        "UV_COMPILE_BYTECODE=1",
        "RUFF_NO_CACHE=false",
        "RUFF_NO_CACHE=",
        "PYTEST_CACHE_DISABLE=0",
        "PYTEST_ADDOPTS=-p no:cacheprovider -p no:cached -q",
        "PYTEST_ADDOPTS=-p",
    ],
    ids=str,
)
def test_a_variable_that_does_what_it_says_is_not_named(setting: str) -> None:
    name, _, value = setting.partition("=")
    assert prevention.without_effect({name: value}) == []


def test_a_variable_of_the_users_own_beside_the_right_one_is_not_named() -> None:
    own = {"PYTHON_DONT_WRITE_BYTECODE": "1", "PYTHON_PYCACHE_PREFIX": "/x"}
    assert len(prevention.without_effect(own)) == 2
    assert prevention.without_effect({**own, DONT_WRITE: "1", PREFIX: "/x"}) == []


UV = shutil.which("uv", path=os.path.dirname(sys.executable))


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("RUFF_NO_CACHE=1", "ruff check"),
        ("RUFF_NO_CACHE=True", "ruff check"),
        ("RUFF_NO_CACHE=true", "ruff check"),
        ("RUFF_NO_CACHE=false", "ruff check"),
        ("PIP_NO_CACHE_DIR=2", "pip list"),
        ("PIP_NO_CACHE_DIR=Off", "pip list"),
        ("PIP_NO_COMPILE=never", "pip install -r none.txt"),
        ("PIP_COMPILE=never", "pip install -r none.txt"),
        ("PIP_COMPILE=N", "pip install -r none.txt"),
        ("PYTEST_ADDOPTS=-p=no:cacheprovider", "pytest"),
        ("PYTEST_ADDOPTS=-p no:cacheprovider", "pytest"),
        pytest.param("UV_NO_CACHE=all", "uv cache dir", marks=pytest.mark.skipif(not UV, reason="no uv")),
        pytest.param("UV_NO_CACHE=Y", "uv cache dir", marks=pytest.mark.skipif(not UV, reason="no uv")),
    ],
    ids=str,
)
def test_a_value_that_makes_the_tool_stop_is_named(setting: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_a() -> None:\n    pass\n")
    (tmp_path / "none.txt").write_text("")
    name, _, value = setting.partition("=")
    words = line.split()
    done = run([tool(words[0]), *words[1:]], tmp_path, bare(**{name: value}))
    assert bool(prevention.without_effect({name: value})) == (done.status != 0)


@given(st.text("-po no:cacheprovider'\"$(){}\n;#=", max_size=30))
def test_no_value_makes_the_table_fail(value: str) -> None:
    for name in ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PIP_NO_COMPILE"):
        prevention.without_effect({name: value})
        for row in prevention.PREVENTIONS:
            assert programs.prevented(row.tool, shell.Command([]), {name: value}) in (True, False)
    assert isinstance(prevention.prefix_flaw(value), str)
