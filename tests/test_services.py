"""What services write into a mounted work tree: each rule with what fails and what passes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import yaml

from pycache_hooks import rules
from pycache_hooks.hooks import check_pycache_compose
from pycache_hooks.readers import project
from pycache_hooks.readers.files import Files

if TYPE_CHECKING:
    from pathlib import Path

    from pycache_hooks.findings import Finding

NAME = "compose.yaml"
SOURCES = {"app/m.py": "", "app/__init__.py": "", "docs/conf.py": "", "data/x.json": ""}
WRITES, TOOL, ROOT, BLANK = rules.SERVICE_WRITES, rules.SERVICE_TOOL_CACHE, rules.SERVICE_AS_ROOT, rules.BLANK_USER

QUIET = "environment: {PYTHONDONTWRITEBYTECODE: 1}"
OWNED = "user: '1000:1000'"
MOUNT = "volumes: ['.:/app']"
RUNS = ("image: python:3.13", "working_dir: /app", "command: python -m app.m")


def judged(root: Path, files: dict[str, str]) -> list[Finding]:
    for name, text in (SOURCES | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    listing = b"".join(os.fsencode(name) + b"\0" for name in sorted(SOURCES | files))
    made = Files(project.read(str(root), listing))
    return check_pycache_compose.judge(made, check_pycache_compose.Settings(), None)


def compose(*lines: str) -> str:
    return "\n".join(["services:", "  a:", *(f"    {line}" for line in lines), ""])


def findings(root: Path, *lines: str, dockerfile: str = "", **files: str) -> list[Finding]:
    """What is found in a service of these *lines*; *files* with ``__`` for a slash."""
    texts = {
        name.replace("__", "/").replace("_sh", ".sh").replace("_toml", ".toml"): text for name, text in files.items()
    }
    return judged(root, texts | {NAME: compose(*lines)} | ({"Dockerfile": dockerfile} if dockerfile else {}))


def codes(root: Path, *lines: str, dockerfile: str = "", **files: str) -> set[str]:
    return {finding.code for finding in findings(root, *lines, dockerfile=dockerfile, **files)}


# Bytecode


def test_a_service_that_runs_python_on_the_mounted_work_tree_writes_into_it(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, *RUNS, OWNED, MOUNT)
    assert (found.path, found.line, found.code) == (NAME, 7, WRITES)
    assert found.message == "a: Python writes its bytecode into . (mounted on /app)"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([QUIET], id="switched off"),
        pytest.param(["environment: [PYTHONDONTWRITEBYTECODE=x]"], id="switched off, in a list"),
        pytest.param(["environment: {PYTHONPYCACHEPREFIX: /tmp/pycache}"], id="moved away"),
        pytest.param(["environment: {PYTHONDONTWRITEBYTECODE: '${DONT}'}"], id="who knows"),
        pytest.param(["environment: [PYTHONDONTWRITEBYTECODE]"], id="handed through"),
        pytest.param(["environment: {PYTHONPYCACHEPREFIX: '${CACHE}'}"], id="who knows where"),
        pytest.param(["environment: {PYTHONDONTWRITEBYTECODE: '${DONT:-1}'}"], id="by default"),
        pytest.param(["env_file: x.env"], id="in a file"),
        pytest.param(["env_file: y.env"], id="in the example of a file"),
        pytest.param(["env_file: gone.env"], id="who knows what is in a file that is not here"),
        pytest.param(["env_file: [x.env, gone.env]"], id="who knows whether another file undoes it"),
        pytest.param(
            ["env_file: gone.env", "environment: {PYTHONDONTWRITEBYTECODE: 0}"], id="who knows whether it moves them"
        ),
    ],
)
def test_prevention_in_force(tmp_path: Path, lines: list[str]) -> None:
    files = {"x.env": "PYTHONDONTWRITEBYTECODE=1\n", "y.env.example": "PYTHONDONTWRITEBYTECODE=1\n"}
    assert judged(tmp_path, files | {NAME: compose(*RUNS, OWNED, MOUNT, *lines)}) == []


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        pytest.param(
            ["environment: {PYTHONDONTWRITEBYTECODE: 0}"], "PYTHONDONTWRITEBYTECODE=0 switches nothing off", id="0"
        ),
        pytest.param(
            ["environment: {PYTHONDONTWRITEBYTECODE: ''}"], "PYTHONDONTWRITEBYTECODE= switches nothing off", id="empty"
        ),
        pytest.param(
            ["environment: {PYTHONPYCACHEPREFIX: cache}"], "PYTHONPYCACHEPREFIX=cache: ", id="a relative prefix"
        ),
        pytest.param(
            ["environment: {PYTHONPYCACHEPREFIX: /app/.cache}"],
            "PYTHONPYCACHEPREFIX=/app/.cache: that is mounted, too",
            id="a prefix in the work tree",
        ),
        pytest.param(["environment: {A: 1}"], "", id="something else"),
        pytest.param(["env_file: z.env"], "", id="something else in the example of a file"),
        pytest.param(
            ["env_file: gone.env", "environment: {PYTHONDONTWRITEBYTECODE: 0, PYTHONPYCACHEPREFIX: ''}"],
            "PYTHONDONTWRITEBYTECODE=0 switches nothing off",
            id="both are set over a file that is not here",
        ),
    ],
)
def test_what_prevents_nothing(tmp_path: Path, lines: list[str], reason: str) -> None:
    files = {"z.env.example": "A=1\n", NAME: compose(*RUNS, OWNED, MOUNT, *lines)}
    (found,) = judged(tmp_path, files)
    assert found.code == WRITES
    assert reason in found.message


@pytest.mark.parametrize(
    "command",
    [
        "python -B -m app.m",
        "sh -c 'PYTHONDONTWRITEBYTECODE=1 python -m app.m'",
        "sh -c 'export PYTHONDONTWRITEBYTECODE=1; python -m app.m'",
        "env PYTHONDONTWRITEBYTECODE=1 python -m app.m",
    ],
)
def test_a_command_may_prevent_it(tmp_path: Path, command: str) -> None:
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, f"command: {command}") == set()


def test_one_command_without_prevention_is_enough(tmp_path: Path) -> None:
    command = 'command: sh -c "python -B -m app.m; python -m app.m"'
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, command) == {WRITES}


@pytest.mark.parametrize(
    ("volumes", "writes"),
    [
        pytest.param("['.:/app']", True, id="the root"),
        pytest.param("['./app:/app/app']", True, id="a package"),
        pytest.param("['./:/app/']", True, id="with slashes"),
        pytest.param("[{type: bind, source: ., target: /app}]", True, id="the long form"),
        pytest.param("['${PWD}:/app']", True, id="the working directory"),
        pytest.param("['${CODE:-.}:/app']", True, id="a default"),
        pytest.param("['.:/app:ro']", False, id="for reading"),
        pytest.param(
            "[{type: bind, source: ., target: /app, read_only: true}]", False, id="the long form, for reading"
        ),
        pytest.param("['code:/app']", False, id="a volume"),
        pytest.param("['./data:/app/data']", False, id="a directory without Python"),
        pytest.param("['./app/m.py:/app/app/m.py']", False, id="a file"),
        pytest.param("['${CODE}:/app']", False, id="who knows what"),
        pytest.param("['./docs:/app/docs']", False, id="a directory that is no package and that nothing names"),
        pytest.param("['.:/elsewhere']", False, id="where nothing runs"),
        pytest.param("['.:/app', /app/app, /app/docs]", False, id="volumes over all sources"),
        pytest.param("['.:/app', './app:/app/app:ro', /app/docs]", False, id="sources mounted again for reading"),
        pytest.param("['.:/app', /app/docs]", True, id="a volume over some sources"),
    ],
)
def test_the_mount(tmp_path: Path, volumes: str, writes: bool) -> None:  # noqa: FBT001
    assert codes(tmp_path, *RUNS, OWNED, f"volumes: {volumes}") == ({WRITES} if writes else set())


@pytest.mark.parametrize(("source", "writes"), [("lib/deep/m.py", True), ("lib.d/m.py", False), ("lib0/m.py", False)])
def test_sources_may_lie_deeper_in_the_mount(tmp_path: Path, source: str, writes: bool) -> None:  # noqa: FBT001
    found = judged(tmp_path, {NAME: compose(*RUNS, OWNED, "volumes: ['./lib:/app']"), source: "", "lib/x.json": ""})
    assert [finding.code for finding in found] == ([WRITES] if writes else [])


def test_a_tmpfs_over_the_sources_takes_what_is_written(tmp_path: Path) -> None:
    assert codes(tmp_path, *RUNS, OWNED, "volumes: ['./app:/app']", "tmpfs: /app") == set()


def test_several_mounts_are_one_finding(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, *RUNS, OWNED, "volumes: ['./app:/app/app', './docs:/app/src', './data:/data']")
    assert "app (mounted on /app/app) and 1 more" in found.message


@pytest.mark.parametrize(
    ("lines", "writes"),
    [
        pytest.param(["command: python /srv/start.py"], True, id="a command names it"),
        pytest.param(["command: sh -c 'cd /srv && python -m app'"], True, id="a command goes there"),
        pytest.param(
            ["command: python -m app", "environment: {PYTHONPATH: '/x:/srv/app'}"], True, id="PYTHONPATH names it"
        ),
        pytest.param(["command: python -m app"], False, id="nothing names it"),
        pytest.param(["command: sleep infinity"], True, id="somebody works there"),
        pytest.param(["command: python -m app", "working_dir: /srv/app"], True, id="it is the working directory"),
        pytest.param(["command: python -m app", "working_dir: /"], False, id="the root is no working directory"),
    ],
)
def test_python_has_to_run_there(tmp_path: Path, lines: list[str], writes: bool) -> None:  # noqa: FBT001
    service = compose("image: python", OWNED, "volumes: ['.:/srv']", *lines)
    found = judged(tmp_path, {NAME: service, "start.py": "import app.m\n"})
    assert {finding.code for finding in found} == ({WRITES} if writes else set())


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        pytest.param("uvicorn docs.conf:app", True, id="a module of it"),
        pytest.param("python -m docs.conf", True, id="a module of it to run"),
        pytest.param("flask --app docs run", True, id="its name"),
        pytest.param("python m.py", False, id="something else"),
    ],
)
def test_a_directory_in_the_working_directory_may_be_named(tmp_path: Path, command: str, writes: bool) -> None:  # noqa: FBT001
    lines = ("image: python", "working_dir: /app", OWNED, "volumes: ['./docs:/app/docs']", f"command: {command}")
    assert codes(tmp_path, *lines) == ({WRITES} if writes else set())


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        pytest.param("gunicorn app.m:app", True, id="a server"),
        pytest.param("pip install -r x.txt", False, id="an install"),
        pytest.param("mkdocs serve", False, id="a program that reads only"),
        pytest.param("python -m http.server", False, id="a module that reads only"),
        pytest.param("npm start", False, id="another language"),
        pytest.param("postgres", False, id="a database"),
        pytest.param("python --version", False, id="no program"),
        pytest.param("./gone.sh", True, id="a script that is not here"),
        pytest.param("bash", True, id="a shell to work in"),
        pytest.param("sh -c 'while sleep 1000; do :; done'", True, id="a loop that waits"),
        pytest.param("[]", False, id="nothing"),
        pytest.param("''", False, id="an empty text"),
    ],
)
def test_what_the_command_runs(tmp_path: Path, command: str, writes: bool) -> None:  # noqa: FBT001
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, f"command: {command}") == ({WRITES} if writes else set())


@pytest.mark.parametrize(
    ("script", "command", "found"),
    [
        pytest.param("import json", "python main.py", set(), id="a script alone"),
        pytest.param("import other", "python main.py", {WRITES, ROOT}, id="a script and a module"),
        pytest.param("import p.m", "/app/main.py", {WRITES, ROOT}, id="a script and a package"),
        pytest.param("import other", "python gone.py", set(), id="a script that is not here"),
        pytest.param("import other", "python /opt/main.py", set(), id="a script of the image"),
        pytest.param("import other", "python /data/main.py", set(), id="a script in a volume"),
        pytest.param("import other", "uv run tool", set(), id="a program from elsewhere"),
        pytest.param("import other", "uv run ours", {WRITES, ROOT}, id="a program of the project"),
        pytest.param("import other", "python -m playwright install", set(), id="a module from elsewhere"),
    ],
)
def test_python_writes_what_a_script_imports_and_nothing_of_the_script(
    tmp_path: Path, script: str, command: str, found: set[str]
) -> None:
    lines = ("image: python", "working_dir: /app", "volumes: ['./lib:/app', 'data:/data']", f"command: {command}")
    files = {"lib/main.py": script, "lib/other.py": "", "lib/p/m.py": "", "main.py": "import app"}
    files["pyproject.toml"] = "[project.scripts]\nours = 'p.m:main'\n"
    judgement = judged(tmp_path, {NAME: compose(*lines), **files})
    assert {finding.code for finding in judgement} == found


def test_what_the_image_starts_by_itself_is_not_known(tmp_path: Path) -> None:
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT) == set()


@pytest.mark.parametrize(
    ("image", "writes"),
    [
        ("python:3.13-slim", True),
        ("docker.io/library/python", True),
        ("ghcr.io/astral-sh/uv:python3.13-bookworm", True),
        ("debian:12", True),
        ("mycompany/python:3.13", False),
        ("${IMAGE}", False),
    ],
)
def test_only_images_that_are_known_to_prevent_nothing_are_judged(tmp_path: Path, image: str, writes: bool) -> None:  # noqa: FBT001
    assert codes(tmp_path, f"image: {image}", *RUNS[1:], OWNED, MOUNT) == ({WRITES} if writes else set())


@pytest.mark.parametrize(
    ("dockerfile", "found"),
    [
        pytest.param("FROM python\nWORKDIR /app\nUSER x\nCMD python -m app.m\n", {WRITES}, id="the image runs Python"),
        pytest.param(
            "FROM python\nWORKDIR /app\nUSER x\nENV PYTHONDONTWRITEBYTECODE=1\nCMD python -m app.m\n", set(), id="ENV"
        ),
        pytest.param(
            "FROM python AS base\nENV PYTHONDONTWRITEBYTECODE=1\nFROM base\nWORKDIR /app\nUSER x\nCMD python -m app.m\n",
            set(),
            id="ENV of the stage below",
        ),
        pytest.param(
            "FROM python AS other\nENV PYTHONDONTWRITEBYTECODE=1\nFROM python\nWORKDIR /app\nUSER x\nCMD python -m app.m\n",
            {WRITES},
            id="ENV of another stage",
        ),
        pytest.param(
            "FROM company/base\nWORKDIR /app\nUSER x\nCMD python -m app.m\n", set(), id="a base that nobody knows"
        ),
        pytest.param(
            "FROM python\nWORKDIR /app\nUSER x\nENTRYPOINT /gone.sh\n",
            {WRITES},
            id="an unknown script in a Python image",
        ),
        pytest.param(
            "FROM node\nWORKDIR /app\nUSER x\nENTRYPOINT /gone.sh\n", set(), id="an unknown script in another image"
        ),
        pytest.param(
            "FROM debian\nRUN pip install x\nWORKDIR /app\nUSER x\nENTRYPOINT /gone.sh\n",
            {WRITES},
            id="an unknown script in a system with Python",
        ),
        pytest.param(
            "FROM debian\nWORKDIR /app\nUSER x\nENTRYPOINT /gone.sh\n", set(), id="an unknown script in a system"
        ),
    ],
)
def test_the_image_that_is_built(tmp_path: Path, dockerfile: str, found: set[str]) -> None:
    assert codes(tmp_path, "build: .", MOUNT, dockerfile=dockerfile) == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param('export PYTHONDONTWRITEBYTECODE=1\nexec "$@"\n', set(), id="exported"),
        pytest.param('export PYTHONDONTWRITEBYTECODE=1\nexec gosu app "$@"\n', set(), id="for somebody else"),
        pytest.param('PYTHONDONTWRITEBYTECODE=1 exec "$@"\n', set(), id="in front of it"),
        pytest.param('exec "$@"\n', {WRITES}, id="not"),
        pytest.param('PYTHONDONTWRITEBYTECODE=1\nexec "$@"\n', {WRITES}, id="not exported"),
        pytest.param("export PYTHONDONTWRITEBYTECODE=1\nwait-for db\n", {WRITES}, id="for nothing"),
        pytest.param('export PYTHONDONTWRITEBYTECODE=1\nnode x.js "$@"\n', {WRITES}, id="for something else"),
        pytest.param('export PYTHONDONTWRITEBYTECODE=0\nexec "$@"\n', {WRITES}, id="in vain"),
    ],
)
@pytest.mark.parametrize("command", ['["python", "-m", "app.m"]', '["./run.sh"]'])
def test_what_an_entry_point_exports_holds_for_the_command_behind_it(
    tmp_path: Path, script: str, found: set[str], command: str
) -> None:
    dockerfile = (
        f'FROM python\nWORKDIR /app\nUSER x\nCOPY entry.sh /entry.sh\nENTRYPOINT ["/entry.sh"]\nCMD {command}\n'
    )
    scripts = {"entry_sh": f"#!/bin/sh\n{script}", "run_sh": "python -m app.m\n"}
    assert codes(tmp_path, "build: .", MOUNT, dockerfile=dockerfile, **scripts) == found


def test_a_value_of_the_service_counts_whatever_the_image_sets(tmp_path: Path) -> None:
    lines = ("image: company/base", *RUNS[1:], OWNED, MOUNT, "environment: {PYTHONDONTWRITEBYTECODE: 0}")
    assert codes(tmp_path, *lines) == {WRITES}


def test_a_service_that_cannot_be_read_whole_is_not_judged(tmp_path: Path) -> None:
    assert codes(tmp_path, *RUNS, MOUNT, "extends: {file: gone.yml, service: a}") == set()


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="nothing said"),
        pytest.param(["environment: {A: 1}"], id="a mapping"),
        pytest.param(["environment: [A=1]"], id="a list"),
        pytest.param(["environment: {PYTHONDONTWRITEBYTECODE: 0}"], id="set in vain"),
        pytest.param(["environment: {PYTHONPYCACHEPREFIX: /app/x}"], id="moved in vain"),
        pytest.param(["user: root"], id="root by name"),
        pytest.param(['user: "${UID}:${GID}"'], id="blank"),
        pytest.param(["command: pytest -q"], id="a tool"),
        pytest.param(["command: mypy ."], id="another tool"),
        pytest.param(
            ["command: pytest", "environment: {PYTEST_ADDOPTS: '-q \"x\" $$y \\z'}"], id="a tool with options"
        ),
        pytest.param(["command: pytest", "environment: ['PYTEST_ADDOPTS=-q \"x\" $$y']"], id="with options in a list"),
    ],
)
def test_each_repair_takes_its_findings_away_and_brings_no_others(tmp_path: Path, lines: list[str]) -> None:
    service = yaml.safe_load("\n".join([*RUNS, MOUNT])) | yaml.safe_load("\n".join(["a: 1", *lines]))

    def found() -> list[Finding]:
        return judged(tmp_path, {NAME: yaml.safe_dump({"services": {"a": service}})})

    left = found()
    assert left
    while left:
        before = {finding.code for finding in left}
        for key, value in yaml.safe_load(left[0].fix).items():
            service[key] = (
                (service.get(key, []) + value)
                if isinstance(value, list)
                else service.get(key, {}) | value
                if isinstance(value, dict)
                else value
            )
        fixed, left = left[0].code, found()
        assert {finding.code for finding in left} <= before - {fixed}


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ("{PYTEST_ADDOPTS: -q}", 'PYTEST_ADDOPTS: "-q -p no:cacheprovider"'),
        ("[PYTEST_ADDOPTS=-q]", '- "PYTEST_ADDOPTS=-q -p no:cacheprovider"'),
        ("{PYTEST_ADDOPTS: '-k \"a $$b\"'}", 'PYTEST_ADDOPTS: "-k \\"a $$b\\" -p no:cacheprovider"'),
        ("[]", "- PYTEST_ADDOPTS=-p no:cacheprovider"),
    ],
)
def test_options_that_pytest_is_given_already_stay(tmp_path: Path, given: str, fix: str) -> None:
    found = findings(tmp_path, *RUNS[:2], OWNED, MOUNT, "command: pytest", f"environment: {given}")
    assert [each.fix for each in found if each.code == TOOL] == [f"environment:\n  {fix}"]


@pytest.mark.parametrize(
    ("command", "right"),
    [
        ('sh -c "PYTHONDONTWRITEBYTECODE= python -m app.m"', 'sh -c "PYTHONDONTWRITEBYTECODE=1 python -m app.m"'),
        ("python -I -m app.m", "python -I -B -m app.m"),
    ],
)
def test_a_command_that_goes_past_the_environment_is_to_be_mended_itself(
    tmp_path: Path, command: str, right: str
) -> None:
    (found,) = findings(tmp_path, *RUNS[:2], OWNED, MOUNT, QUIET, f"command: {command}")
    assert (found.code, found.fix) == (WRITES, "# in the command itself: PYTHONDONTWRITEBYTECODE=1 or python -B")
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, f"command: {right}") == set()


def test_a_command_that_goes_past_the_variable_of_its_tool_has_no_repair(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, *RUNS[:2], OWNED, MOUNT, QUIET, "command: mypy --cache-dir=.x .")
    assert (found.code, found.fix) == (TOOL, "")


@pytest.mark.parametrize(
    ("lines", "fix"),
    [
        pytest.param([], 'environment:\n  PYTHONDONTWRITEBYTECODE: "1"', id="a mapping"),
        pytest.param(["environment: [A=1]"], "environment:\n  - PYTHONDONTWRITEBYTECODE=1", id="a list"),
    ],
)
def test_the_fix_is_what_is_missing_in_the_form_of_the_service(tmp_path: Path, lines: list[str], fix: str) -> None:
    (found,) = findings(tmp_path, *RUNS, OWNED, MOUNT, *lines)
    assert found.fix == fix
    repaired = [*RUNS, OWNED, MOUNT, *found.fix.splitlines()]
    assert codes(tmp_path, *repaired) == set()


def test_services_with_the_same_mount_are_one_finding(tmp_path: Path) -> None:
    text = "x-a: &a\n  image: python\n  working_dir: /app\n  command: python -m app\n  user: x\n  volumes: ['.:/app']\n"
    (found,) = judged(tmp_path, {NAME: text + "services:\n" + "".join(f"  {name}: *a\n" for name in "abcde")})
    assert (found.line, found.message.partition(":")[0]) == (6, "a, b, c and 2 more")


TOX = "[testenv]\ncommands = pytest\n"


@pytest.mark.parametrize(
    ("lines", "text", "found"),
    [
        pytest.param([], TOX, {WRITES}, id="nothing said"),
        pytest.param([QUIET], TOX, {WRITES}, id="what the service sets does not reach it"),
        pytest.param([], f"{TOX}set_env =\n    PYTHONDONTWRITEBYTECODE=1\n", set(), id="told"),
        pytest.param([QUIET], f"{TOX}pass_env = PYTHON*\n", set(), id="handed on"),
        pytest.param([], f"{TOX}pass_env = PYTHON*\n", {WRITES}, id="nothing to hand on"),
        pytest.param([], "", set(), id="who knows how it is configured"),
    ],
)
def test_tox_wants_to_be_told_itself(tmp_path: Path, lines: list[str], text: str, found: set[str]) -> None:
    files = {NAME: compose(*RUNS[:2], OWNED, MOUNT, "command: tox", *lines)} | ({"tox.ini": text} if text else {})
    judgement = judged(tmp_path, files)
    assert {finding.code for finding in judgement} == found
    for finding in judgement:
        assert judged(tmp_path, files | {"tox.ini": finding.fix}) == []


# Caches of tools


def test_a_tool_that_the_service_runs_writes_its_cache_into_the_work_tree(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, *RUNS[:2], OWNED, MOUNT, QUIET, "command: pytest -q")
    assert (found.code, found.line) == (TOOL, 6)
    assert found.message == "a: pytest writes its cache into . (mounted on /app)"
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, "command: pytest -q", *merged(QUIET, found.fix)) == set()


def test_a_cache_that_nothing_is_known_to_keep_out_has_no_fix(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, *RUNS[:2], OWNED, MOUNT, QUIET, "command: lint-imports")
    assert (found.code, found.fix) == (TOOL, "")


def merged(*parts: str) -> list[str]:
    """The lines of several fragments of one service, put together."""
    values: dict[str, dict[str, str]] = {}
    for part in parts:
        for key, value in yaml.safe_load(part).items():
            values.setdefault(key, {}).update(value)
    return yaml.safe_dump(values).splitlines()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(["command: python -m pytest"], {TOOL}, id="as a module"),
        pytest.param(["command: mypy ."], {TOOL}, id="another tool"),
        pytest.param(["command: sh -c 'cd app && ruff check'"], {TOOL}, id="in a shell"),
        pytest.param(["command: pytest -p no:cacheprovider"], set(), id="switched off by an option"),
        pytest.param(["command: mypy --cache-dir=/dev/null ."], set(), id="moved by an option"),
        pytest.param(["command: ./run.sh"], {TOOL}, id="in a script"),
        pytest.param(["command: ./choose.sh"], set(), id="in a script that may run it"),
        pytest.param(["command: pytest", "working_dir: /tmp"], set(), id="elsewhere"),
    ],
)
def test_a_tool(tmp_path: Path, lines: list[str], found: set[str]) -> None:
    scripts = {"run_sh": "pytest\n", "choose_sh": "case $1 in t) pytest;; esac\n"}
    service = ["image: python", "working_dir: /app", OWNED, MOUNT, QUIET]
    given = [line for line in service if line.partition(":")[0] not in {each.partition(":")[0] for each in lines}]
    assert codes(tmp_path, *given, *lines, **scripts) == found


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("pytest", "[tool.pytest.ini_options]\naddopts = '-p no:cacheprovider'\n"),
        ("mypy .", "[tool.mypy]\ncache_dir = '/tmp/x'\n"),
        ("ruff check", "[tool.ruff]\ncache-dir = '/tmp/x'\n"),
    ],
)
def test_a_tool_whose_configuration_says_where_its_cache_goes_is_left_alone(
    tmp_path: Path, command: str, text: str
) -> None:
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, QUIET, f"command: {command}", pyproject_toml=text) == set()
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, QUIET, f"command: {command}", pyproject_toml="") == {TOOL}


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(["env_file: gone.env"], set(), id="a file that is not here"),
        pytest.param(["environment: [PYTHONDONTWRITEBYTECODE=1, PYTEST_ADDOPTS]"], set(), id="handed through"),
        pytest.param(["env_file: gone.env", "environment: {PYTEST_ADDOPTS: -q}"], {TOOL}, id="set over a file"),
    ],
)
def test_where_nobody_knows_a_variable_of_the_tool_nothing_is_said(
    tmp_path: Path, lines: list[str], found: set[str]
) -> None:
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, "command: pytest", *lines) == found


def test_a_tool_that_no_variable_keeps_from_writing_is_named_whatever_a_file_says(tmp_path: Path) -> None:
    lines = ("command: lint-imports", "env_file: gone.env")
    assert codes(tmp_path, *RUNS[:2], OWNED, MOUNT, *lines) == {TOOL}


def test_in_an_image_that_nobody_knows_a_tool_may_be_switched_off(tmp_path: Path) -> None:
    assert codes(tmp_path, "image: company/x", "working_dir: /app", OWNED, MOUNT, QUIET, "command: pytest") == set()


# Root


def test_what_root_writes_belongs_to_root(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, *RUNS, QUIET, MOUNT)
    assert (found.path, found.line, found.code) == (NAME, 7, ROOT)
    assert found.message == "a: runs as root: what it writes into . (mounted on /app) belongs to root on the host"
    assert codes(tmp_path, *RUNS, QUIET, MOUNT, found.fix) == set()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(["user: root"], {ROOT}, id="root by name"),
        pytest.param(["user: '0:0'"], {ROOT}, id="root by number"),
        pytest.param(["user: ''"], {ROOT}, id="nobody in particular"),
        pytest.param(["user: app"], set(), id="somebody"),
        pytest.param(["user: '${MY_UID}:${MY_GID}'"], set(), id="who knows"),
        pytest.param(["user: '${UID:-1000}'"], set(), id="a default"),
        pytest.param(["userns_mode: keep-id"], set(), id="Podman keeps it"),
        pytest.param(["userns_mode: 'keep-id:uid=1000'"], set(), id="Podman maps it"),
        pytest.param(["userns_mode: host"], {ROOT}, id="another mode"),
        pytest.param(["entrypoint: gosu app"], set(), id="gosu"),
        pytest.param(["entrypoint: ./gone.sh"], set(), id="an entrypoint that may switch"),
        pytest.param(["command: gunicorn --user=app app.m"], set(), id="a server that switches"),
        pytest.param(["command: sleep infinity"], set(), id="a container to work in, where much needs root"),
    ],
)
def test_the_user(tmp_path: Path, lines: list[str], found: set[str]) -> None:
    given = RUNS if not any(line.startswith("command") for line in lines) else RUNS[:2]
    assert codes(tmp_path, *given, QUIET, MOUNT, *lines) == found


@pytest.mark.parametrize(
    ("volume", "found"),
    [
        ("/var/run/docker.sock:/var/run/docker.sock", set()),
        ("cache:/root/.cache", set()),
        ("~/.aws:/root/.aws:ro", set()),
        ("data:/rootless", {ROOT}),
    ],
)
def test_a_service_with_what_is_roots_own_is_meant_to_be_root(tmp_path: Path, volume: str, found: set[str]) -> None:
    assert codes(tmp_path, *RUNS, QUIET, f"volumes: ['.:/app', '{volume}']") == found


def test_in_podmans_containers_root_is_whoever_starts_them(tmp_path: Path) -> None:
    assert judged(tmp_path, {"podman-compose.yaml": compose(*RUNS, QUIET, MOUNT)}) == []
    (found,) = judged(tmp_path, {"podman-compose.yaml": compose(*RUNS, MOUNT)})
    assert found.code == WRITES


@pytest.mark.parametrize(
    ("dockerfile", "found"),
    [
        pytest.param("FROM python\n", {ROOT}, id="root by default"),
        pytest.param("FROM python\nUSER app\n", set(), id="a user"),
        pytest.param("FROM python\nUSER app\nUSER root\n", {ROOT}, id="root again"),
        pytest.param("FROM python\nUSER $WHO\n", set(), id="who knows"),
        pytest.param("FROM company/base\n", set(), id="a base that nobody knows"),
        pytest.param("FROM company/base\nUSER root\n", {ROOT}, id="root in a base that nobody knows"),
    ],
)
def test_the_user_of_the_image(tmp_path: Path, dockerfile: str, found: set[str]) -> None:
    assert codes(tmp_path, "build: .", *RUNS[1:], QUIET, MOUNT, dockerfile=dockerfile) == found


# A user that comes out blank


def test_shells_do_not_export_the_user(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "image: x", 'user: "${UID}:${GID}"')
    assert (found.path, found.line, found.code) == (NAME, 4, BLANK)
    assert found.message == "a: `user: ${UID}:${GID}` comes out blank: shells do not export UID and GID"
    assert codes(tmp_path, "image: x", found.fix) == set()


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("${UID}", {BLANK}),
        ("$UID:$GID", {BLANK}),
        ("${UID:-}:${GID:-}", {BLANK}),
        ("${UID:-1000}:${GID}", {BLANK}),
        ("${UID:-1000}:${GID:-1000}", set()),
        ("${UID:?}:${GID:?}", set()),
        ("${HOST_UID}:${HOST_GID}", set()),
        ("$$UID", set()),
        ("1000:1000", set()),
    ],
)
def test_a_user_from_variables(tmp_path: Path, user: str, found: set[str]) -> None:
    assert codes(tmp_path, "image: x", f"user: '{user}'") == found


@pytest.mark.parametrize("name", [".env", ".env.example", ".env.sample", "Makefile", ".envrc"])
def test_a_file_that_sets_the_user_is_enough(tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, {NAME: compose("image: x", "user: '$UID:$GID'"), name: "UID=1000\nGID=1000\n"}) == []


def test_a_blank_user_is_not_reported_as_root_too(tmp_path: Path) -> None:
    assert codes(tmp_path, *RUNS, QUIET, MOUNT, "user: $UID") == {BLANK}
