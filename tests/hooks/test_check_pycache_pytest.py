"""check-pycache-pytest on real repositories, as a program of its own."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from support import SOURCES, Repository, Result, run

HOOK = "check-pycache-pytest"
OFF = "-p no:cacheprovider"
REQUIRED = "--require-disabled"
INI_OFF = f"[pytest]\naddopts = {OFF}\n"
TABLE = "[tool.pytest.ini_options]\n"
VAIN = f'{TABLE}addopts = "-p no:cache"\n'
RUNS_PYTEST = "FROM python:3.13 AS test\nRUN pytest -q\n"
ENV_OFF = f'ENV PYTEST_ADDOPTS="{OFF}"'


def make(repository: Repository, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        repository.write(name, text)
    repository.stage(*files)


def check(repository: Repository, *arguments: str, within: str = ".") -> Result:
    result = repository.hook(HOOK, *arguments, within=within)
    assert result.status == (1 if result.findings else 0), result
    assert not result.stderr, result
    return result


def found(repository: Repository, *arguments: str, within: str = ".") -> list[str]:
    """What the hook finds, ``path:line CODE`` each."""
    return check(repository, *arguments, within=within).findings


# Which files are judged


def test_nothing_is_found_where_there_is_nothing(repository: Repository) -> None:
    assert found(repository) == []
    make(repository, {"m.py": "", "tests/conftest.py": "", "pyproject.toml": "[project]\ndependencies = ['pytest']\n"})

    assert found(repository) == []


def test_the_cache_may_stay_on(repository: Repository) -> None:
    make(repository, {"pyproject.toml": f'{TABLE}addopts = "--lf"\ncache_dir = ".cache/pytest"\n', "conftest.py": ""})

    assert found(repository) == []


def test_what_a_finding_looks_like(repository: Repository) -> None:
    make(repository, {"pyproject.toml": VAIN})

    assert check(repository).lines == [
        f"pyproject.toml:2: PYC801 `-p no:cache` switches nothing off: it takes `{OFF}`, spelt so",
        f'    fix: addopts = "{OFF}"',
    ]


def test_every_home_in_every_directory_is_judged(repository: Repository) -> None:
    ini = "[pytest]\naddopts = -p no:cache\n"
    make(
        repository,
        {
            "a/pytest.toml": "[pytest]\naddopts = ['-p no:cache']\n",
            "b/.pytest.toml": "[pytest]\naddopts = ['-p no:cache']\n",
            "c/pytest.ini": ini,
            "d/.pytest.ini": ini,
            "e/pyproject.toml": VAIN,
            "f/g/tox.ini": ini,
            "h/setup.cfg": ini.replace("[pytest]", "[tool:pytest]"),
            "i/my-pytest.ini": ini,
        },
    )

    judged = [line for line in found(repository) if line.endswith(":2 PYC801")]
    assert sorted(judged) == sorted(found(repository))
    assert sorted(line.partition("/")[0] for line in judged) == ["a", "b", "c", "d", "e", "f", "h"]


def test_a_template_of_a_project_is_not_judged(repository: Repository) -> None:
    make(
        repository, {"{{cookiecutter.name}}/pyproject.toml": "{% if cache %}", "{{cookiecutter.name}}/conftest.py": ""}
    )

    assert found(repository, REQUIRED) == []


def test_a_template_elsewhere_is_no_mistake(repository: Repository) -> None:
    make(repository, {"template/pyproject.toml": f"{TABLE}{{% if cache %}}\n", "template/tox.ini": INI_OFF})

    assert found(repository, REQUIRED) == []


def test_names_select_directories(repository: Repository) -> None:
    make(repository, {"a/pytest.ini": "", "a/pyproject.toml": VAIN, "b/pyproject.toml": VAIN, "c/pytest.ini": ""})

    both = ["a/pyproject.toml:1 PYC803", "a/pyproject.toml:2 PYC801"]
    assert found(repository, "a/pytest.ini") == both
    assert found(repository, "pytest.ini", within="a") == both
    assert found(repository, "b/pyproject.toml", "c/pytest.ini") == ["b/pyproject.toml:2 PYC801"]
    assert found(repository, "c/pytest.ini") == []


def test_a_comment_switches_a_rule_off(repository: Repository) -> None:
    make(repository, {"pyproject.toml": VAIN.replace('"\n', '"  # pycache-hooks: ignore[PYC801]\n')})

    assert found(repository) == []


# One file hides another


def test_an_empty_file_that_hides_another(repository: Repository) -> None:
    make(repository, {"pytest.ini": "", "pyproject.toml": f'{TABLE}addopts = "-ra"\n', "tox.ini": "[tox]\n"})
    result = check(repository)

    assert result.findings == ["pyproject.toml:1 PYC803"]
    repository.paste(result.fix.replace("git rm", "git rm -q -f"))
    assert found(repository) == []


def test_a_hidden_section_is_deleted_by_the_command_that_is_printed(repository: Repository) -> None:
    make(
        repository,
        {
            "pyproject.toml": f'{TABLE}addopts = "-ra"\n',
            "setup.cfg": "[metadata]\n[tool:pytest]\naddopts =\n  -ra\n\n  -q\n\n[flake8]\na = 1\n",
        },
    )
    result = check(repository)

    assert result.findings == ["setup.cfg:2 PYC803"]
    repository.paste(result.fix)
    assert found(repository) == []
    assert (repository.path / "setup.cfg").read_text() == "[metadata]\n\n[flake8]\na = 1\n"
    assert not (repository.path / "setup.cfg.bak").exists()


def test_a_file_that_the_work_tree_lacks_hides_nothing(repository: Repository) -> None:
    make(repository, {"pytest.ini": "", "pyproject.toml": f'{TABLE}addopts = "-ra"\n'})
    (repository.path / "pytest.ini").unlink()

    assert found(repository) == []


def run_pytest(repository: Repository) -> tuple[int, bool]:
    """The exit status of pytest there, and whether it left a cache."""
    (repository.path / "test_nothing.py").write_text("def test(): pass\n")
    env = {name: value for name, value in repository.env.items() if not name.startswith(("PYTEST", "COV"))}
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = run([sys.executable, "-m", "pytest", "-q"], repository.path, env)
    cache = repository.path / ".pytest_cache"
    left = cache.exists()
    shutil.rmtree(cache, ignore_errors=True)
    return done.status, left


@pytest.mark.parametrize(
    ("path", "text", "stops"),
    [
        pytest.param(
            "pytest.ini", "[pytest]\ncache_dir = x\ncachedir = y\ncache-dir = z\naddopts = {}\n", False, id="many"
        ),
        pytest.param("tox.ini", "[pytest]\n# why\ncache_dir =\n  x\naddopts =\n  -ra\n  {}\n", False, id="over lines"),
        pytest.param("setup.cfg", "[metadata]\n\n[pytest]\naddopts = {}\n", True, id="a section of another name"),
        pytest.param(
            "pyproject.toml",
            "[tool.pytest]\ncache_dir = 'x'\n\n[tool.pytest.ini_options]\naddopts = '{}'\n",
            True,
            id="two tables",
        ),
    ],
)
def test_commands_that_are_printed_make_pytest_run_without_its_cache(
    repository: Repository, path: str, text: str, *, stops: bool
) -> None:
    make(repository, {path: text.format(OFF)})
    assert run_pytest(repository) == ((4 if path.endswith(".toml") else 1, False) if stops else (0, False))

    result = check(repository)
    assert result.text.count("fix:") == 1
    (repository.path / "below").mkdir()
    repository.paste(result.fix, within="below")

    assert found(repository) == []
    assert run_pytest(repository) == (0, False)
    assert not (repository.path / f"{path}.bak").exists()


@pytest.mark.parametrize(
    "line", ["addopts = -p no:cache --lf", f"addopts = {OFF} --lf # why", "addopts = -p=no:cacheprovider"]
)
def test_a_line_that_is_printed_makes_pytest_run_without_its_cache(repository: Repository, line: str) -> None:
    make(repository, {"pytest.ini": f"[pytest]\n{line}\n"})

    result = check(repository)
    assert result.text.count("fix:") == 1
    make(repository, {"pytest.ini": f"[pytest]\n{result.fix}\n"})

    assert found(repository) == []
    assert run_pytest(repository) == (0, False)


def test_of_a_file_that_is_hidden_all_that_goes_goes_in_one_command(repository: Repository) -> None:
    hidden = "[tox]\n[pytest]\ncache_dir = x\naddopts = -p no:cacheprovider\n[testenv]\ndeps = pytest\n"
    make(repository, {"pytest.ini": f"{INI_OFF}cachedir = y\n", "tox.ini": hidden})

    result = check(repository)
    assert result.findings == ["pytest.ini:3 PYC801", "tox.ini:2 PYC803", "tox.ini:3 PYC802"]
    for command in [line for line in result.lines if "sed" in line]:
        repository.paste(command.replace("fix:", ""))

    assert found(repository) == []
    assert (repository.path / "tox.ini").read_text() == "[tox]\n[testenv]\ndeps = pytest\n"


def test_a_section_at_which_pytest_9_stops_although_another_file_comes_first(repository: Repository) -> None:
    make(repository, {"pytest.ini": INI_OFF, "setup.cfg": "[metadata]\n[pytest]\naddopts = -ra\n"})
    assert run_pytest(repository) == (1, False)

    result = check(repository)
    assert result.lines[0] == (
        "setup.cfg:2: PYC800 cannot be read: pytest 9 stops at [pytest], although pytest.ini comes first"
    )
    repository.paste(result.fix)

    assert found(repository, REQUIRED) == []
    assert run_pytest(repository) == (0, False)


def test_where_pytest_stops_nobody_asks_whether_its_cache_is_off(repository: Repository) -> None:
    make(repository, {"setup.cfg": "[pytest]\naddopts = -ra\n", "conftest.py": ""})

    assert found(repository, REQUIRED) == ["setup.cfg:1 PYC800"]


def test_what_is_switched_off_by_a_comment_is_not_deleted_with_others(repository: Repository) -> None:
    lines = ["[pytest]", "# pycache-hooks: ignore[PYC802]", "cache_dir = x", "cachedir = y", f"addopts = {OFF}"]
    make(repository, {"tox.ini": "\n".join([*lines, ""])})

    result = check(repository)
    assert result.findings == ["tox.ini:4 PYC801"]
    repository.paste(result.fix)

    assert (repository.path / "tox.ini").read_text().splitlines() == [*lines[:3], lines[4]]
    assert found(repository) == []


# What cannot be read


@pytest.mark.parametrize(
    ("path", "data", "line", "reason"),
    [
        pytest.param("pyproject.toml", f"{TABLE}cache_dir =\n", ":2", "Invalid value", id="broken TOML"),
        pytest.param("pytest.ini", "[pytest]\naddopts\n", ":2", "neither a section", id="a broken ini file"),
        pytest.param("tox.ini", b"[tox]\n\xff = 1\n[pytest]\n", ":2", "not UTF-8", id="another encoding"),
        pytest.param("setup.cfg", b"[tool:pytest]\n\0", ":2", "a binary file", id="binary"),
        pytest.param("pytest.ini", b"#" * (2 << 20), "", "larger than 1 MiB", id="large"),
        pytest.param("tox.ini", b"#" * (11 << 20), "", "larger than 10 MiB", id="very large"),
    ],
)
def test_what_cannot_be_read(repository: Repository, path: str, data: str | bytes, line: str, reason: str) -> None:
    make(repository, {path: data, "a/pyproject.toml": VAIN})
    result = check(repository)

    assert f"{path}{line} PYC800" in result.findings
    assert "a/pyproject.toml:2 PYC801" in result.findings
    assert f"{path}{line}: PYC800 cannot be read: {reason}" in result.text


def test_beside_a_file_that_cannot_be_read_nobody_knows_what_is_hidden(repository: Repository) -> None:
    make(repository, {"pytest.ini": b"\xff", "pyproject.toml": f'{TABLE}addopts = "-ra"\n', "conftest.py": ""})

    assert found(repository) == ["pytest.ini:1 PYC800"]
    assert found(repository, REQUIRED) == ["pytest.ini:1 PYC800"]


# Imports


IMPORTED = """
import sys
sys.argv[0] = "check-pycache-pytest"
from pycache_hooks.hooks.check_pycache_pytest import main
assert main([]) == 0
print(*sorted({"tomllib", "shlex", "yaml", "json"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("files", "imported"),
    [
        pytest.param({"pyproject.toml": "[project]\ndependencies = [\n'pytest-cache']\n"}, [], id="pytest is required"),
        pytest.param({"pyproject.toml": f"{TABLE}addopts = '-ra'\n"}, [], id="configured, without a word of a cache"),
        pytest.param({"pyproject.toml": f"{TABLE}addopts = '-ra'\n", "tox.ini": "[tox]\n"}, [], id="alone"),
        pytest.param({"pyproject.toml": f"# pycache\n{TABLE}addopts = '-ra'\n"}, [], id="a word of our own"),
        pytest.param({"tox.ini": INI_OFF, "setup.cfg": "[tool:x]\n"}, [], id="no TOML"),
        pytest.param({"pyproject.toml": f"{TABLE}addopts = '{OFF}'\n"}, ["tomllib"], id="a word of a cache"),
        pytest.param({"pyproject.toml": "[tool.pytest]\n", "tox.ini": INI_OFF}, ["tomllib"], id="another home"),
    ],
)
def test_what_a_clean_run_imports(repository: Repository, files: dict[str, str | bytes], imported: list[str]) -> None:
    make(repository, files)
    env = {name: value for name, value in repository.env.items() if not name.startswith("COV")}

    done = run([sys.executable, "-S", "-c", IMPORTED], repository.path, env | {"PYTHONPATH": str(SOURCES)})

    assert (done.status, os.fsdecode(done.stdout).split()) == (0, imported), done


# --require-disabled


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"pytest.ini": INI_OFF}, id="pytest.ini"),
        pytest.param({"pyproject.toml": f'{TABLE}cache_dir = "/tmp/x"\n'}, id="a cache_dir outside"),
        pytest.param({"tox.ini": f"[pytest]\n[testenv]\nsetenv =\n  PYTEST_ADDOPTS = {OFF}\n"}, id="by tox"),
        pytest.param({"tox.ini": f"[testenv]\nsetenv =\n  PYTEST_ADDOPTS = {OFF}\n"}, id="by tox alone"),
        pytest.param({"pytest.ini": INI_OFF, "a/b/pyproject.toml": "[project]\n# pytest\n"}, id="by a directory above"),
    ],
)
def test_the_cache_is_off(repository: Repository, files: dict[str, str | bytes]) -> None:
    make(repository, files | {"conftest.py": "", "a/b/conftest.py": "", "a/b/my_conftest.py": ""})

    assert found(repository, REQUIRED) == []


def test_a_configuration_that_leaves_it_on(repository: Repository) -> None:
    make(repository, {"pyproject.toml": f"{TABLE}addopts = ['-ra']\n", "api/pytest.ini": "", "conftest.py": ""})
    result = check(repository, REQUIRED)

    assert result.lines == [
        "api/pytest.ini: PYC804 pytest's cache is on, in the work tree",
        "    fix: [pytest]",
        f"         addopts = {OFF}",
        "pyproject.toml:2: PYC804 pytest's cache is on, in the work tree",
        '    fix: addopts = ["-ra", "-p", "no:cacheprovider"]',
    ]


def test_only_the_file_that_pytest_reads_counts(repository: Repository) -> None:
    make(repository, {"pytest.ini": "[pytest]\naddopts = -ra\n", "tox.ini": INI_OFF})

    assert found(repository, REQUIRED) == ["pytest.ini:2 PYC804", "tox.ini:1 PYC803"]


@pytest.mark.parametrize(
    ("files", "place"),
    [
        pytest.param({"tests/conftest.py": ""}, "pytest.ini", id="only a conftest.py"),
        pytest.param(
            {"a/b/tests/conftest.py": "", "a/pyproject.toml": "[x]\n"}, "a/pyproject.toml", id="in the project above"
        ),
        pytest.param(
            {"a b/tox.ini": "[testenv]\ncommands = pytest\n"}, "a b/pytest.ini", id="a tox.ini that names pytest"
        ),
        pytest.param({"pyproject.toml": "[x]\ny = ['pytest']"}, "pyproject.toml", id="a requirement"),
        pytest.param(
            {"requirements-dev.txt": "pytest>=8\n", "tests/test_x.py": ""}, "pytest.ini", id="a requirements file"
        ),
        pytest.param(
            {"setup.py": "setup(\n  tests_require=['pytest'],\n)\n", "test_x.py": ""}, "pytest.ini", id="setup.py"
        ),
    ],
)
def test_tests_that_nothing_is_configured_for(
    repository: Repository, files: dict[str, str | bytes], place: str
) -> None:
    make(repository, files)
    result = check(repository, REQUIRED)

    assert result.findings == [f"{place} PYC804"]
    repository.paste(result.fix)
    repository.stage(place)
    assert found(repository, REQUIRED) == []


def test_names_select_directories_of_what_is_required_too(repository: Repository) -> None:
    make(
        repository,
        {"pytest.ini": "[pytest]\n", "a/pytest.ini": "[pytest]\n", "b/pyproject.toml": "[x]\n", "b/conftest.py": ""},
    )

    assert found(repository, REQUIRED, "a/pytest.ini") == ["a/pytest.ini:1 PYC804"]
    assert found(repository, REQUIRED, "b/pyproject.toml") == []


def test_a_requirement_is_no_use_where_a_directory_is_configured(repository: Repository) -> None:
    make(repository, {"requirements.txt": "pytest\n", "api/pytest.ini": INI_OFF, "api/conftest.py": ""})

    assert found(repository, REQUIRED) == []


# --require-disabled, in images and services


def test_it_may_be_off_in_every_image_that_runs_pytest(repository: Repository) -> None:
    make(repository, {"pytest.ini": "[pytest]\n", "Dockerfile": RUNS_PYTEST.replace("RUN", f"{ENV_OFF}\nRUN")})

    assert found(repository, REQUIRED) == []


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param(f"FROM python:3.13\nRUN pytest {OFF}\n", id="on the command line"),
        pytest.param(f'FROM python:3.13\nRUN PYTEST_ADDOPTS="{OFF}" python -m pytest\n', id="in front of the command"),
        pytest.param(f"FROM python:3.13\n{ENV_OFF}\n", id="for what is run later"),
        pytest.param(f'FROM python:3.13\n{ENV_OFF}\nCMD ["pytest"]\n', id="for the default command"),
        pytest.param("FROM python:3.13\nENV PYTEST_ADDOPTS=-ocache_dir=/tmp/x\nRUN pytest\n", id="elsewhere"),
    ],
)
def test_an_image_that_runs_pytest_without_its_cache(repository: Repository, dockerfile: str) -> None:
    make(repository, {"conftest.py": "", "api/Dockerfile": dockerfile})

    assert found(repository, REQUIRED) == []


def test_an_image_that_leaves_it_on_beside_one_that_does_not(repository: Repository) -> None:
    make(
        repository,
        {"conftest.py": "", "Dockerfile": f"{RUNS_PYTEST}FROM python\n{ENV_OFF}\nRUN ls\nFROM python\nRUN ls\n"},
    )
    result = check(repository, REQUIRED)

    assert result.lines == ["Dockerfile:2: PYC804 pytest's cache is on in stage test", f"    fix: {ENV_OFF}"]
    make(repository, {"Dockerfile": RUNS_PYTEST.replace("RUN", f"{result.fix}\nRUN")})
    assert found(repository, REQUIRED) == []


def test_where_no_image_has_it_off_the_configuration_is_named(repository: Repository) -> None:
    make(repository, {"pytest.ini": "[pytest]\n", "Dockerfile": RUNS_PYTEST})

    assert found(repository, REQUIRED) == ["pytest.ini:1 PYC804"]


def test_where_the_configuration_has_it_off_images_need_nothing(repository: Repository) -> None:
    make(repository, {"pytest.ini": INI_OFF, "Dockerfile": f"{RUNS_PYTEST}FROM python\n{ENV_OFF}\n"})

    assert found(repository, REQUIRED) == []


SERVICE = "services:\n  tests:\n    image: python:3.13\n    command: pytest -q\n"


@pytest.mark.parametrize(
    ("compose", "dockerfile"),
    [
        pytest.param(f'{SERVICE}    environment:\n      PYTEST_ADDOPTS: "{OFF}"\n', "", id="by its environment"),
        pytest.param(SERVICE.replace("-q", OFF), "", id="by its command"),
        pytest.param(
            SERVICE.replace("command: pytest", f"entrypoint: pytest {OFF}\n    command: "), "", id="entry point"
        ),
        pytest.param(
            "services:\n  tests:\n    build:\n      context: .\n      target: test\n",
            f'FROM python AS test\n{ENV_OFF}\nCMD ["pytest"]\nFROM python AS last\nENV PYTEST_ADDOPTS=\n',
            id="by the stage that it builds",
        ),
        pytest.param(
            "services:\n  tests:\n    build: .\n    command: pytest\n", f"FROM python\n{ENV_OFF}\n", id="by its image"
        ),
        pytest.param(
            f'services:\n  tests:\n    build: .\n    environment: ["PYTEST_ADDOPTS={OFF}"]\n',
            "FROM python\n",
            id="for later",
        ),
    ],
)
def test_a_service_that_runs_pytest_without_its_cache(repository: Repository, compose: str, dockerfile: str) -> None:
    make(repository, {"conftest.py": "", "compose.yaml": compose, "Dockerfile": dockerfile or "FROM scratch\n"})

    assert found(repository, REQUIRED) == []


def test_a_service_that_leaves_it_on_beside_one_that_does_not(repository: Repository) -> None:
    off = f'{SERVICE}    environment:\n      PYTEST_ADDOPTS: "{OFF}"\n'
    more = "  more:\n    image: python:3.13\n    command: pytest\n    environment:\n      PYTEST_ADDOPTS: -q\n"
    make(repository, {"conftest.py": "", "compose.yaml": f"{off}{more}  db:\n    image: postgres\n"})

    assert check(repository, REQUIRED).lines == [
        "compose.yaml:7: PYC804 pytest's cache is on in service more",
        "    fix: environment:",
        f'           PYTEST_ADDOPTS: "-q {OFF}"',
    ]


@pytest.mark.parametrize(
    "environment",
    [pytest.param("[A=1]", id="a list"), pytest.param("['PYTEST_ADDOPTS=-q \"a b\"']", id="with options")],
)
def test_a_service_is_given_it_in_the_form_of_its_environment(repository: Repository, environment: str) -> None:
    off = f'{SERVICE}    environment:\n      PYTEST_ADDOPTS: "{OFF}"\n'
    more = "  more:\n    image: python:3.13\n    command: pytest\n    environment: "
    make(repository, {"conftest.py": "", "compose.yaml": f"{off}{more}{environment}\n"})
    fix = check(repository, REQUIRED).fix
    assert fix.splitlines()[1].startswith('  - "PYTEST_ADDOPTS=')

    repaired = more + fix.removeprefix("environment:").replace("\n  ", "\n      ")
    make(repository, {"compose.yaml": f"{off}{repaired}\n"})

    assert found(repository, REQUIRED) == []


@pytest.mark.parametrize(
    ("lines", "on"),
    [
        pytest.param("env_file: gone.env", False, id="a file that is not here"),
        pytest.param("environment: [PYTEST_ADDOPTS]", False, id="handed through"),
        pytest.param("env_file: x.env", True, id="a file that is here"),
    ],
)
def test_a_service_of_which_nobody_knows_the_options_is_not_counted(
    repository: Repository, lines: str, *, on: bool
) -> None:
    off = f'{SERVICE}    environment:\n      PYTEST_ADDOPTS: "{OFF}"\n'
    more = f"  more:\n    image: python:3.13\n    command: pytest\n    {lines}\n"
    make(repository, {"conftest.py": "", "compose.yaml": off + more, "x.env": "A=1\n"})

    assert found(repository, REQUIRED) == (["compose.yaml:7 PYC804"] if on else [])


def test_such_a_service_counts_where_its_command_has_the_cache_off(repository: Repository) -> None:
    make(repository, {"conftest.py": "", "compose.yaml": f"{SERVICE.replace('-q', OFF)}    env_file: gone.env\n"})

    assert found(repository, REQUIRED) == []
