"""What the rules find in the stages of a Dockerfile, and that real programs do what the rules rest on."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.readers import images as reader
from pycache_hooks.rules import images
from support import environment

if TYPE_CHECKING:
    from pathlib import Path

    from pycache_hooks.findings import Finding

BASE = "FROM python:3.13-slim\n"
DONT = "ENV PYTHONDONTWRITEBYTECODE=1\n"
PREFIX = "ARG PYTHONPYCACHEPREFIX=/tmp/pycache\n"
INSTALL = "RUN pip install --no-cache-dir -r requirements.txt\n"
MANAGE = "RUN python manage.py collectstatic\n"
COMPILE = "RUN python -m compileall /app\n"
VENV = "RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements.txt\n"
HOMELESS = f"{BASE}{DONT}RUN useradd app\nUSER app\n"


def judged(text: str, require: str = images.EITHER, *, imports: bool = True) -> list[Finding]:
    return sorted(images.judge("Dockerfile", reader.read(text), require, lambda *_: imports))


def found(text: str, require: str = images.EITHER) -> list[str]:
    """The line and the last digits of the code of each finding."""
    return [f"{finding.line}: {finding.code.removeprefix('PYC')}" for finding in judged(text, require)]


def fixes(text: str, require: str = images.EITHER) -> list[str]:
    return [finding.fix for finding in judged(text, require)]


def built(build: str, *copies: str, final: str = DONT) -> str:
    """A build stage of the instructions *build*, and a final one that copies from it."""
    return f"FROM python:3.13 AS build\n{build}{BASE}{final}" + "".join(
        f"COPY --from=build {copy}\n" for copy in copies
    )


# 501: a stage that runs Python


@pytest.mark.parametrize(
    "run",
    [
        pytest.param("RUN pip install --no-cache-dir x\n", id="pip"),
        pytest.param("RUN apt-get update && python3 manage.py migrate\n", id="the second command"),
        pytest.param('RUN ["python", "app.py"]\n', id="the exec form"),
        pytest.param("RUN <<EOF\npython app.py\nEOF\n", id="a heredoc"),
        pytest.param("RUN uv run --no-cache pytest\n", id="uv run"),
        pytest.param("RUN PYTHONDONTWRITEBYTECODE=1 true; python app.py\n", id="in front of another command"),
    ],
)
def test_a_stage_that_runs_python_with_nothing_in_force_is_found_where_it_first_does(run: str) -> None:
    finding = next(finding for finding in judged(f"{BASE}{run}{MANAGE}") if finding.code == "PYC501")
    assert finding.line == (3 if "<<" in run else 2)
    assert finding.message.startswith("`")
    assert finding.message.endswith("` runs with neither PYTHONDONTWRITEBYTECODE nor PYTHONPYCACHEPREFIX in force")
    assert finding.fix == "# below line 1\nENV PYTHONDONTWRITEBYTECODE=1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{BASE}COPY . /app\nRUN apt-get install -y python3\n", id="no Python runs"),
        pytest.param(f"{BASE}RUN uv sync --no-cache && uv pip install --no-cache x\n", id="uv compiles nothing"),
        pytest.param(f"{BASE}RUN python --version\n", id="only asked for its version"),
        pytest.param(f"{BASE}{DONT}{INSTALL}{MANAGE}", id="ENV"),
        pytest.param(f"{BASE}ARG PYTHONDONTWRITEBYTECODE=1\n{MANAGE}", id="ARG"),
        pytest.param(f"ARG PYTHONDONTWRITEBYTECODE=1\n{BASE}ARG PYTHONDONTWRITEBYTECODE\n{MANAGE}", id="a global ARG"),
        pytest.param(f"{BASE}{PREFIX}{MANAGE}", id="a prefix"),
        pytest.param(f"{BASE}RUN python -B manage.py check\n", id="-B"),
        pytest.param(f"{BASE}RUN python -I -m app\n", id="looks at no variable, so no line would help"),
        pytest.param(f"{BASE}RUN PYTHONDONTWRITEBYTECODE=1 python app.py\n", id="in front of the command"),
        pytest.param(f"{BASE}RUN export PYTHONDONTWRITEBYTECODE=1 && python app.py\n", id="exported before it"),
        pytest.param(f"{BASE}RUN env PYTHONDONTWRITEBYTECODE=1 nice python app.py\n", id="by env"),
        pytest.param(f"{BASE}{DONT}RUN PYTHONDONTWRITEBYTECODE=0 python app.py\n", id="switched off for one command"),
        pytest.param(f"{BASE}{DONT}RUN unset PYTHONDONTWRITEBYTECODE && python app.py\n", id="unset for the rest"),
        pytest.param(f"{BASE}RUN env -u PYTHONDONTWRITEBYTECODE python app.py\n", id="unset by env"),
        pytest.param(f"{BASE}{DONT}RUN true\nENV PYTHONDONTWRITEBYTECODE=0\n{MANAGE}", id="switched off again"),
        pytest.param(f"{BASE}RUN sudo python app.py\n", id="sudo, which may take the variables away"),
        pytest.param(f"{BASE}RUN env -i python app.py\n", id="env, which takes them away"),
        pytest.param(f"{BASE}RUN sudo -Eu app pip list\n", id="a user who cannot write beside the interpreter"),
        pytest.param(f"{BASE}RUN su - app -c 'pip list'\n", id="the same by su"),
        pytest.param(f"{BASE}{MANAGE}{COMPILE}", id="compiled on purpose"),
        pytest.param(f"{BASE}RUN python app.py && find / -name __pycache__ -exec rm -r {{}} +\n", id="removed at once"),
        pytest.param(f"FROM example.com/our/python:3\n{MANAGE}", id="a base that may set it"),
        pytest.param(f"ARG BASE\nFROM $BASE\n{MANAGE}", id="a base that nobody knows"),
        pytest.param(f'{BASE}SHELL ["powershell"]\nRUN python app.py\n', id="PowerShell"),
        pytest.param(f"{BASE}ONBUILD RUN python app.py\n", id="in another build"),
        pytest.param("FROM continuumio/miniconda3\nRUN conda create -n x python && conda clean -ay\n", id="conda"),
        pytest.param(f"{BASE}RUN []\n", id="nothing runs"),
    ],
)
def test_a_stage_is_right_where(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("line", "require", "expected"),
    [
        pytest.param("ENV PYTHONDONTWRITEBYTECODE=0\n", "either", ["2: 502"], id="a zero"),
        pytest.param("ENV PYTHON_DONT_WRITE_BYTECODE=1\n", "either", ["2: 502"], id="another name"),
        pytest.param("ENV PYTHON_PYCACHE_PREFIX=/p\n", "either", ["2: 502"], id="another name of the prefix"),
        pytest.param("ENV PYTHONPYCACHEPREFIX=~/p\n", "either", ["2: 503"], id="a prefix that is none"),
        pytest.param("ENV PYTHONDONTWRITEBYTECODE=0\n", "both", ["2: 502", "3: 501"], id="half of what is required"),
        pytest.param("ENV PYTHON_PYCACHE_PREFIX=/p\n", "dontwrite", ["2: 502", "3: 501"], id="what is not required"),
    ],
)
def test_what_the_repair_of_a_value_mends_is_not_found_again(line: str, require: str, expected: list[str]) -> None:
    text = BASE + line + MANAGE
    assert found(text, require) == expected
    first, *others = judged(text, require)
    cured = text.replace(line, f"{first.fix}\n")
    assert [finding.message for finding in judged(cured, require)] == [finding.message for finding in others]


def test_a_zero_in_front_of_a_command_is_about_its_value_and_is_mended_where_it_stands() -> None:
    text = f"{BASE}RUN PYTHONDONTWRITEBYTECODE=0 python app.py\n"
    (finding,) = judged(text)
    assert (finding.code, finding.line, finding.fix) == ("PYC502", 2, "PYTHONDONTWRITEBYTECODE=1")
    assert found(text.replace("PYTHONDONTWRITEBYTECODE=0", finding.fix)) == []


def test_what_a_stage_has_undone_is_set_again_behind_that() -> None:
    text = f"{BASE}ENV PYTHONDONTWRITEBYTECODE=\nRUN true\n{MANAGE}"
    (finding,) = judged(text)
    assert finding.fix == "# above line 4\nENV PYTHONDONTWRITEBYTECODE=1"
    assert found(mended(text)) == []
    downloads = f"{BASE}{DONT}ENV UV_NO_CACHE=0\nRUN uv sync\n"
    assert fixes(downloads) == ["# above line 4; or RUN --mount=type=cache,target=/root/.cache/uv\nENV UV_NO_CACHE=1"]
    assert found(mended(downloads)) == []


def test_a_script_counts_if_it_imports_from_the_repository_or_the_interpreter_has_no_bytecode() -> None:
    for run in ("RUN python3 /fetch.py\n", "RUN /fetch.py --all\n"):
        assert judged(f"FROM debian\n{run}", imports=False) == []
        assert [finding.line for finding in judged(f"FROM debian\n{run}", imports=True)] == [2]
        assert [finding.line for finding in judged(BASE + run, imports=False)] == [2]


@pytest.mark.parametrize(
    ("require", "settings", "fix"),
    [
        ("either", "", "ENV PYTHONDONTWRITEBYTECODE=1"),
        ("either", DONT, None),
        ("either", PREFIX, None),
        ("both", "", "ENV PYTHONDONTWRITEBYTECODE=1 PYTHONPYCACHEPREFIX=/tmp/pycache"),
        ("both", DONT, "ENV PYTHONPYCACHEPREFIX=/tmp/pycache"),
        ("both", PREFIX, "ENV PYTHONDONTWRITEBYTECODE=1"),
        ("both", DONT + PREFIX, None),
        ("dontwrite", PREFIX, "ENV PYTHONDONTWRITEBYTECODE=1"),
        ("dontwrite", DONT, None),
        ("prefix", DONT, "ENV PYTHONPYCACHEPREFIX=/tmp/pycache"),
        ("prefix", PREFIX, None),
    ],
)
def test_what_is_required_can_be_chosen_and_the_fix_names_what_is_missing(
    require: str, settings: str, fix: str | None
) -> None:
    assert fixes(BASE + settings + MANAGE, require) == ([f"# below line 1\n{fix}"] if fix else [])


def mended(text: str, require: str = images.EITHER) -> str:
    """*text* with what the fixes say pasted where they say."""
    while findings := judged(text, require):
        where, line = findings[0].fix.split("\n")
        above = where.startswith("# above")
        number = int(where.partition(" line ")[2].partition(";")[0]) - above
        lines = text.splitlines()
        assert above or lines[number - 1].startswith("FROM")
        assert line not in lines, findings
        text = "\n".join([*lines[:number], where, line, *lines[number:]])
    return text


@pytest.mark.parametrize("require", images.REQUIREMENTS)
@pytest.mark.parametrize("text", [BASE + MANAGE, built(VENV, "/venv /venv")])
def test_the_lines_of_the_fix_cure_the_stage_where_they_say(text: str, require: str) -> None:
    assert "\nARG PYTHON" in mended(text, require) or "\nENV PYTHON" in mended(text, require)


def test_a_stage_is_called_by_its_name_or_number_and_a_long_command_is_cut() -> None:
    text = f"FROM python AS first\nRUN python {'x' * 99}\n{BASE}{MANAGE}"
    first, second = (finding.message for finding in judged(text))
    assert first.startswith(f"stage first: `python {'x' * 53}...` runs")
    assert second.startswith("stage 1: `python manage.py collectstatic` runs")
    (only,) = judged(f"FROM python AS only\n{MANAGE}")
    assert only.message.startswith("`python manage.py collectstatic` runs")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"FROM python AS a\n{DONT}FROM a\n{MANAGE}", [], id="inherited"),
        pytest.param(f"FROM python AS a\n{PREFIX}FROM a\n{MANAGE}", [], id="ARG is inherited too"),
        pytest.param(f"FROM python AS a\n{DONT}{BASE}{MANAGE}", ["4: 501"], id="ENV does not cross FROM"),
        pytest.param(
            f"FROM python AS a\n{MANAGE}FROM a\n{MANAGE}FROM a\n{MANAGE}", ["2: 501"], id="one line mends all"
        ),
        pytest.param(
            f"FROM python AS a\n{MANAGE}FROM a AS b\nFROM b\nENV PYTHONDONTWRITEBYTECODE=\n{MANAGE}",
            ["2: 501", "6: 501"],
            id="undone further down",
        ),
        pytest.param(
            f"FROM python AS a\nENV PYTHONDONTWRITEBYTECODE=\n{MANAGE}FROM a\n{MANAGE}",
            ["3: 501"],
            id="what is inherited undoes nothing",
        ),
        pytest.param(f"FROM python AS a\n{MANAGE}FROM a\n{COMPILE}", [], id="built upon to compile on purpose"),
        pytest.param(f"FROM python AS a\n{COMPILE}FROM a\n{MANAGE}", [], id="built upon one that compiles on purpose"),
        pytest.param(f"FROM python AS a\n{MANAGE}FROM a AS b\n{COMPILE}FROM a\n{MANAGE}", ["6: 501"], id="a sibling"),
    ],
)
def test_stages_that_are_built_from_stages(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        pytest.param(["/app /app"], ["3: 501"], id="the sources with what lies among them"),
        pytest.param(["/etc/x /etc/x", "/ /"], ["3: 501"], id="everything, in the second of two"),
        pytest.param(["/usr/local /usr/local"], ["3: 501"], id="the interpreter"),
        pytest.param(["/usr/local/lib /usr/local/lib"], ["3: 501"], id="its library"),
        pytest.param(["/usr/local/lib/python3.13/site-packages /p"], ["3: 501"], id="its packages"),
        pytest.param(["/usr/local/lib/python3*/site-packages /p"], ["3: 501"], id="its packages, by a wildcard"),
        pytest.param(["/app/static /static"], [], id="what was made among the sources"),
        pytest.param(["/app/dist/app.whl /tmp"], [], id="a file"),
        pytest.param(["/app/*.whl /tmp"], [], id="files"),
        pytest.param(["/usr/lib/x86_64-linux-gnu/libpq.so* /usr/lib"], [], id="libraries of C"),
        pytest.param(["/usr/local/bin/tool /usr/local/bin/"], [], id="a program"),
        pytest.param(["$PLACE /place"], [], id="what nobody knows"),
        pytest.param([], ["3: 501"], id="nothing, so it is an image of its own"),
    ],
)
def test_bytecode_of_a_build_stage_counts_where_it_is_copied_along(copies: list[str], expected: list[str]) -> None:
    assert found(built(f"WORKDIR /app\n{MANAGE}", *copies)) == expected


COMPILED = "FROM ubuntu\n"
AS_USER = "USER app\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{COMPILED}RUN pip install --no-cache-dir x\n", [], id="pip of a distribution"),
        pytest.param(f"{COMPILED}RUN python3 -m venv /v && pipx install --pip-args=--no-cache-dir x\n", [], id="venv"),
        pytest.param(
            f"{COMPILED}RUN curl -O x/get-pip.py && python3 get-pip.py && curl x | python3 -\n", [], id="get-pip"
        ),
        pytest.param(
            f"{COMPILED}RUN python3 -c 'import numpy' && python3 -m nltk.downloader x\n", [], id="what pip compiled"
        ),
        pytest.param(f"{COMPILED}RUN python3 -m uv pip install --no-cache x && jupyter lab build\n", [], id="programs"),
        pytest.param(f"{COMPILED}{MANAGE}", ["2: 501"], id="a script of the project"),
        pytest.param(f"{COMPILED}RUN python3 -m pytest\n", ["2: 501"], id="tests of the project"),
        pytest.param(f"{COMPILED}RUN ./manage.py migrate\n", ["2: 501"], id="a program of the project"),
        pytest.param(
            f"{COMPILED}RUN pip3 list\nRUN alembic upgrade head\n", ["3: 501"], id="the one that the line mends"
        ),
        pytest.param(
            f"{COMPILED}RUN uv sync --no-cache && uv run --no-cache x\n", ["2: 501"], id="packages that uv left"
        ),
        pytest.param(f"{BASE}{AS_USER}RUN pip install --no-cache-dir x\n", [], id="another user than root"),
        pytest.param(f"{BASE}{AS_USER}{MANAGE}", ["3: 501"], id="another user, who may write among the sources"),
        pytest.param(f"{BASE}USER 0:0\nRUN pip list\n", ["3: 501"], id="root by number"),
        pytest.param("FROM pypy:3-slim\nRUN pip list\n", ["2: 501"], id="PyPy"),
        pytest.param(
            "FROM ghcr.io/astral-sh/uv:0.9-python3.13-alpine\nRUN pip list\n", ["2: 501"], id="uv with a Python"
        ),
        pytest.param("FROM ghcr.io/astral-sh/uv:alpine\nRUN pip list\n", [], id="uv without one"),
    ],
)
def test_only_an_interpreter_without_bytecode_and_the_project_leave_something_to_write(
    text: str, expected: list[str]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{COMPILED}RUN pip list\n", ["2: 501"], id="pip compiles into a prefix"),
        pytest.param(f"{COMPILED}{PREFIX}RUN pip list\n", ["3: 501"], id="with a prefix all bytecode is missing"),
        pytest.param(f"{COMPILED}{DONT}RUN pip list\n", ["3: 501"], id="the prefix"),
        pytest.param(f"{COMPILED}{DONT}{PREFIX}RUN pip list\n", [], id="both"),
    ],
)
def test_who_requires_both_variables_requires_them_of_every_python(text: str, expected: list[str]) -> None:
    assert found(text, "both") == expected
    assert found(text) == []


def test_what_is_installed_for_others_is_no_bytecode_of_the_interpreter() -> None:
    install = "RUN /venv/bin/pip install --no-compile x\n"
    assert found(built(install, "/venv /venv")) == []
    assert found(built(install, "/usr/local /usr/local")) == ["2: 501"]


UV = "ENV UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/usr/local\nRUN uv sync --no-cache\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{built(UV, '/usr/local/lib /usr/local/lib', final='')}{MANAGE}", [], id="copied"),
        pytest.param(
            f"{built(UV, '/usr/local /usr/local', final='')}FROM build AS b\nFROM python\n"
            f"COPY --from=b /usr/local /usr/local\nFROM 2\n",
            [],
            id="and built upon",
        ),
        pytest.param(
            f"{built(UV, '/usr/local /usr/local', final='')}FROM python AS c\nCOPY --from=1 /usr/local /usr/local\n"
            f"FROM c\n{MANAGE}",
            [],
            id="copied twice, and built upon",
        ),
        pytest.param(f"{built(COMPILE, '/app /srv', final='')}{MANAGE}", [], id="sources that were compiled"),
        pytest.param(f"{built(UV, '/etc/x /etc', final='')}{MANAGE}", ["6: 501"], id="something else is copied"),
        pytest.param(
            f"FROM busybox AS build\n{BASE}COPY --from=tools / /\nCOPY --from=build / /\n{MANAGE}",
            ["5: 501"],
            id="from elsewhere",
        ),
    ],
)
def test_who_takes_packages_that_were_compiled_on_purpose_wants_the_bytecode(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_a_stage_whose_files_are_only_mounted_leaves_nothing_behind() -> None:
    run = "RUN --mount=from=wheels,target=/w pip install --no-cache-dir /w/x\n"
    mounting = f"FROM python AS wheels\nRUN pip wheel x\n{BASE}{DONT}{run}"
    assert found(mounting) == []
    assert found(mounting.replace("from=wheels", "from=busybox")) == ["2: 501"]


# 505: an install in a build stage


@pytest.mark.parametrize(
    ("build", "copies"),
    [
        pytest.param(VENV, ["/venv /venv"], id="a virtual environment, by path"),
        pytest.param(
            "RUN python -m venv /venv\nRUN . /venv/bin/activate && pip install x\n", ["/venv /v"], id="activated"
        ),
        pytest.param(
            "WORKDIR /app\nRUN python -m venv .venv && . .venv/bin/activate && pip install x\n",
            ["/app /app"],
            id="in the sources",
        ),
        pytest.param(
            "ENV V=/venv PATH=/venv/bin:$PATH\nRUN python -mvenv $V\nRUN pip install x\n",
            ["/venv /v"],
            id="first in PATH",
        ),
        pytest.param(
            "ENV PATH=/venv/bin:$PATH\nRUN uv venv --seed /venv\nRUN pip install x\n",
            ["/venv /v"],
            id="of uv, with pip",
        ),
        pytest.param(
            "ENV UV_VENV_SEED=1\nRUN uv venv /venv\nRUN . /venv/bin/activate && pip install x\n",
            ["/venv /v"],
            id="of uv, activated",
        ),
        pytest.param("RUN pip install --prefix=/install x\n", ["/install /usr/local"], id="--prefix"),
        pytest.param("RUN pip install -t deps x\n", ["/deps /deps"], id="--target"),
        pytest.param("RUN pip install --user x\n", ["/root/.local /root/.local"], id="--user"),
        pytest.param(INSTALL, ["/usr/local/lib/python3.13/site-packages /p"], id="packages of the system"),
        pytest.param(INSTALL + DONT, ["/usr/local /usr/local"], id="switched off too late"),
        pytest.param(DONT + INSTALL, ["/usr/local /usr/local"], id="pip compiles all the same"),
    ],
)
def test_packages_that_are_copied_with_the_bytecode_of_their_install(build: str, copies: list[str]) -> None:
    text = built(build, *copies)
    (finding,) = judged(text)
    assert finding.code == "PYC505"
    assert "pip install" in text.splitlines()[(finding.line or 0) - 1]
    assert finding.fix == "# below line 1\nARG PYTHONPYCACHEPREFIX=/tmp/pycache"


@pytest.mark.parametrize(
    ("build", "copies"),
    [
        pytest.param(PREFIX + VENV, ["/venv /venv"], id="a prefix by ARG"),
        pytest.param("ENV PYTHONPYCACHEPREFIX=/p\n" + VENV, ["/venv /venv"], id="a prefix by ENV"),
        pytest.param(DONT + "RUN /venv/bin/pip install --no-compile x\n", ["/venv /venv"], id="--no-compile"),
        pytest.param(f"{DONT}ENV PIP_NO_COMPILE=0\n{VENV}", ["/venv /venv"], id="PIP_NO_COMPILE=0"),
        pytest.param(VENV + "RUN /venv/bin/python -m compileall /venv\n", ["/venv /venv"], id="compiled on purpose"),
        pytest.param(
            VENV + "RUN find /venv -name '*.pyc' -delete\n", ["/venv /venv"], id="removed before it is copied"
        ),
        pytest.param(DONT + INSTALL + "RUN tool -o /out\n", ["/out /out"], id="packages that stay behind"),
        pytest.param(
            f"{DONT}ENV PATH=/venv/bin:$PATH\n{INSTALL}", ["/venv /venv"], id="an environment that nobody made"
        ),
        pytest.param(DONT + "RUN uv sync\n", ["/.venv /.venv"], id="uv"),
        pytest.param(
            f"{DONT}ENV PATH=/venv/bin:$PATH\nRUN uv venv /venv\nRUN pip install x\n",
            ["/venv /v"],
            id="uv brings no pip",
        ),
        pytest.param(
            f"{DONT}RUN uv venv /venv\nRUN . /venv/bin/activate && pip install x\n", ["/venv /v"], id="nor activated"
        ),
        pytest.param(
            f"{DONT}ENV PATH=/venv/bin:$PATH\nRUN python -m venv --without-pip /venv\nRUN pip install x\n",
            ["/venv /v"],
            id="an environment without pip",
        ),
        pytest.param(f"{DONT}COPY pip.conf /etc/\n{VENV}", ["/venv /venv"], id="as a configuration may say"),
        pytest.param(DONT + VENV, ["/app /app"], id="another directory"),
    ],
)
def test_packages_that_are_copied_without_bytecode(build: str, copies: list[str]) -> None:
    assert found(built(build, *copies)) == []


@pytest.mark.parametrize(("first", "second", "line"), [(INSTALL, "", 2), ("", INSTALL, 3), (INSTALL, INSTALL, 2)])
def test_one_line_mends_a_build_stage_and_those_that_are_built_from_it(first: str, second: str, line: int) -> None:
    build = f"{first}FROM build AS more\n{second}"
    text = built(build, final=f"{DONT}COPY --from=more /usr/local /usr/local\n")
    assert found(text) == [f"{line}: 505"]


def test_the_bytecode_that_pip_leaves_in_the_final_image_is_welcome() -> None:
    assert found(f"FROM python AS base\n{DONT}{INSTALL}FROM base\n{INSTALL}") == []


def test_an_image_that_compiles_its_own_sources_wants_the_bytecode_of_its_packages_too() -> None:
    assert found(built(VENV, "/venv /venv") + COMPILE) == []


def test_nothing_is_said_of_an_install_upon_a_base_that_may_set_a_prefix() -> None:
    assert found(built(VENV, "/venv /venv").replace("python:3.13 AS", "ours/python AS")) == []


def test_one_line_mends_an_install_and_what_is_required_with_it() -> None:
    text = built(VENV, "/venv /venv", final="")
    assert found(text) == found(text, "prefix") == ["2: 505"]
    both = "# below line 1\nARG PYTHONDONTWRITEBYTECODE=1 PYTHONPYCACHEPREFIX=/tmp/pycache"
    assert fixes(text, "both") == fixes(text, "dontwrite") == [both]


# 502 and 503: values


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param("ENV PYTHONDONTWRITEBYTECODE=0\n", ["2: 502"], id="a zero"),
        pytest.param("ARG PYTHONDONTWRITEBYTECODE=0\n", ["2: 502"], id="a zero in ARG"),
        pytest.param("RUN PYTHONDONTWRITEBYTECODE=0 true\n", ["2: 502"], id="a zero in front of a command"),
        pytest.param("RUN export PIP_NO_COMPILE=1; true; true\n", ["2: 502"], id="exported, once"),
        pytest.param("ENV PIP_NO_COMPILE=1\n", ["2: 502"], id="PIP_NO_COMPILE"),
        pytest.param("ENV PYTEST_CACHE_DISABLE=1 RUFF_NO_CACHE=1\n", ["2: 502", "2: 502"], id="pytest and ruff"),
        pytest.param("ONBUILD RUN PIP_NO_COMPILE=1 true\n", ["2: 502"], id="put off"),
        pytest.param("ENV PIP_NO_COMPILE=1\nRUN true\nENV PIP_NO_COMPILE=0\n", ["2: 502"], id="put right later"),
        pytest.param(
            "ENV PYTHONDONTWRITEBYTECODE=1\nRUN true\nENV PYTHONDONTWRITEBYTECODE=0\n", [], id="switched back"
        ),
        pytest.param("ENV PYTHONDONTWRITEBYTECODE=1\nRUN PYTHONDONTWRITEBYTECODE=0 true\n", [], id="for one command"),
        pytest.param("ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_COMPILE=0 RUFF_NO_CACHE=true\n", [], id="right"),
        pytest.param("ARG PIP_NO_COMPILE\n", [], id="given by who builds"),
        pytest.param("RUN PIP_NO_COMPILE=$X true\n", [], id="expanded by the shell"),
    ],
)
def test_values_that_do_not_do_what_they_seem_to(lines: str, expected: list[str]) -> None:
    assert found(BASE + lines) == expected


def test_the_fix_is_a_line_that_works() -> None:
    assert fixes(f"{BASE}ENV PYTEST_CACHE_DISABLE=1 PIP_NO_COMPILE=1\n") == [
        "ENV PIP_COMPILE=0",
        'ENV PYTEST_ADDOPTS="-p no:cacheprovider"',
    ]


def test_a_zero_may_switch_off_what_the_stage_below_or_an_unknown_image_has_switched_on() -> None:
    assert found(f"FROM python AS a\n{DONT}FROM a\nENV PYTHONDONTWRITEBYTECODE=0\n") == []
    assert found("FROM ours/python\nENV PYTHONDONTWRITEBYTECODE=0\n") == []
    assert found("FROM ours/python\nENV PIP_NO_COMPILE=1\n") == ["2: 502"]


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        pytest.param("ENV PYTHONPYCACHEPREFIX=.pycache\n", True, id="relative"),
        pytest.param("ENV PYTHONPYCACHEPREFIX=~/pycache\n", True, id="a tilde, which nothing expands"),
        pytest.param("ENV PYTHONPYCACHEPREFIX=$HOME/pycache\n", True, id="HOME, which nothing sets"),
        pytest.param("ENV PYTHONPYCACHEPREFIX='$HOME/pycache'\n", True, id="HOME, which is not expanded"),
        pytest.param("ARG PLACE\nENV PYTHONPYCACHEPREFIX=$PLACE/pycache\n", False, id="a variable of who builds"),
        pytest.param("ENV PYTHONPYCACHEPREFIX=/tmp/pycache\n", False, id="absolute"),
        pytest.param("ENV HOME=/home/app\nENV PYTHONPYCACHEPREFIX=$HOME/pycache\n", False, id="HOME that is set"),
        pytest.param("ENV PYTHONPYCACHEPREFIX=$CACHES/pycache\n", False, id="a variable of the base image"),
        pytest.param("RUN PYTHONPYCACHEPREFIX=~/pycache python app.py\n", False, id="a tilde, which the shell expands"),
        pytest.param(
            "RUN PYTHONPYCACHEPREFIX=$HOME/pycache python app.py\n", False, id="HOME, which the shell expands"
        ),
    ],
)
def test_prefixes_that_are_none(lines: str, *, wrong: bool) -> None:
    assert [(finding.code, finding.fix) for finding in judged(BASE + lines)] == (
        [("PYC503", "ENV PYTHONPYCACHEPREFIX=/tmp/pycache")] if wrong else []
    )


def test_a_variable_is_left_out_where_nothing_sets_it_and_stays_in_single_quotes_or_escaped() -> None:
    (missing,) = judged(f"{BASE}ENV PYTHONPYCACHEPREFIX=$HOME/x\n")
    assert missing.message.endswith(": nothing here sets HOME, and the builder leaves it out")
    for value in ("'$HOME/x'", "\\$HOME/x"):
        (literal,) = judged(f"FROM ours/python\nENV PYTHONPYCACHEPREFIX={value}\n")
        assert literal.message.endswith(": nothing expands the variable here: Python makes a directory of that name")


@pytest.mark.parametrize(
    ("line", "wrong", "fix"),
    [
        ("ARG PYTHONPYCACHEPREFIX=.p\n", "ARG PYTHONPYCACHEPREFIX=.p", "ARG PYTHONPYCACHEPREFIX=/tmp/pycache"),
        ("RUN PYTHONPYCACHEPREFIX=.p python a.py\n", "PYTHONPYCACHEPREFIX=.p", "PYTHONPYCACHEPREFIX=/tmp/pycache"),
        ("RUN PIP_NO_COMPILE=1 true\n", "PIP_NO_COMPILE=1", "PIP_COMPILE=0"),
    ],
)
def test_a_value_is_mended_where_it_is_given(line: str, wrong: str, fix: str) -> None:
    assert fixes(BASE + line) == [fix]
    assert found(BASE + line.replace(wrong, fix)) == []


def test_an_unknown_image_may_set_home() -> None:
    assert found("FROM ours/python\nENV PYTHONPYCACHEPREFIX=$HOME/pycache\n") == []


# 504: a prefix at run time


LATE = "ENV PYTHONPYCACHEPREFIX=/var/pycache\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{BASE}{DONT}{INSTALL}{LATE}", ["4: 504"], id="set behind the install"),
        pytest.param(f"{BASE}{COMPILE}{LATE}", ["3: 504"], id="set behind what compiles on purpose"),
        pytest.param(
            f"{BASE}{LATE}RUN env -u PYTHONPYCACHEPREFIX python -m compileall /app\n", ["2: 504"], id="unset to compile"
        ),
        pytest.param(
            built("RUN /venv/bin/python -m compileall /venv\n", "/venv /venv", final=LATE), ["4: 504"], id="copied"
        ),
        pytest.param(
            built("WORKDIR /app\nENV UV_COMPILE_BYTECODE=1\nRUN uv sync\n", "/app /app", final=LATE),
            ["6: 504"],
            id="copied from uv",
        ),
        pytest.param(
            built("ENV UV_COMPILE_BYTECODE=1 VIRTUAL_ENV=/v\nRUN uv sync\n", "/v /v", final=LATE),
            ["5: 504"],
            id="uv, elsewhere",
        ),
        pytest.param(
            built("ENV UV_COMPILE_BYTECODE=1\nRUN uv pip install --system x\n", "/usr/local /usr/local", final=LATE),
            ["5: 504"],
            id="uv, in the system",
        ),
        pytest.param(f"{BASE}{LATE}{INSTALL}{COMPILE}", [], id="in force all the time"),
        pytest.param(f"{BASE}ARG PYTHONPYCACHEPREFIX=/p\n{INSTALL}", [], id="while it is built only"),
        pytest.param(f"{BASE}{DONT}{INSTALL}ENV PYTHONPYCACHEPREFIX=$X\n", [], id="to what nobody knows"),
        pytest.param(f"{BASE}{DONT}{INSTALL}ENV PYTHONPYCACHEPREFIX=\n", [], id="to nothing"),
        pytest.param(f"{BASE}{DONT}{INSTALL}RUN find / -name '*.pyc' -delete\n{LATE}", [], id="removed again"),
        pytest.param(built(COMPILE, "/static /static", final=LATE), [], id="left behind"),
        pytest.param(f"FROM python AS test\n{COMPILE}{BASE}{LATE}", [], id="in an image of its own"),
        pytest.param(
            f"{BASE}{DONT}RUN pip install --no-cache-dir --no-compile x\n{LATE}", [], id="nothing was compiled"
        ),
    ],
)
def test_bytecode_that_a_prefix_hides_at_run_time(text: str, expected: list[str]) -> None:
    findings = judged(text)
    assert [f"{finding.line}: {finding.code.removeprefix('PYC')}" for finding in findings] == expected
    assert {finding.fix for finding in findings} <= {"ARG PYTHONPYCACHEPREFIX=/var/pycache"}


# 506: downloads


PIP = "ENV PIP_NO_CACHE_DIR=1"


@pytest.mark.parametrize(
    ("run", "directory", "fix"),
    [
        ("pip install x", "/root/.cache/pip", PIP),
        ("python -m pip install x", "/root/.cache/pip", PIP),
        ("uv sync", "/root/.cache/uv", "ENV UV_NO_CACHE=1"),
        ("uv sync --cache-dir /c", "/c", "ENV UV_NO_CACHE=1"),
        ("pipenv sync", "/root/.cache/pipenv", PIP),
        ("pipx install x", "/root/.cache/pip", PIP),
        ("XDG_CACHE_HOME=/c pip install x", "/c/pip", PIP),
    ],
)
def test_downloads_stay_in_the_layer_and_one_line_keeps_them_from_it(run: str, directory: str, fix: str) -> None:
    text = f"{BASE}{DONT}RUN {run}\n"
    (finding,) = judged(text)
    assert (finding.code, finding.line) == ("PYC506", 3)
    assert finding.message.endswith(f"` leaves what it downloads in {directory}, and so in the layer")
    assert finding.fix == f"# below line 1; or RUN --mount=type=cache,target={directory}\n{fix}"
    assert fix in mended(text)
    assert found(text.replace("RUN", f"RUN --mount=type=cache,target={directory}")) == []


@pytest.mark.parametrize(
    ("run", "fix"),
    [
        ("poetry install", "&& rm -rf /root/.cache/pypoetry/artifacts /root/.cache/pypoetry/cache"),
        ("poetry install --no-cache", "&& rm -rf /root/.cache/pypoetry/artifacts /root/.cache/pypoetry/cache"),
        ("pdm sync", "&& rm -rf /root/.cache/pdm"),
        ("conda install -y x", "&& conda clean --all --yes"),
        ("pip install --cache-dir /c x", "&& rm -rf /c"),
        ("UV_NO_CACHE=0 uv sync", "&& rm -rf /root/.cache/uv"),
        ("sudo pip install x", "&& sudo rm -rf /root/.cache/pip"),
        ("sudo HOME=/h pip install x", "&& sudo rm -rf /h/.cache/pip"),
    ],
)
def test_where_no_variable_helps_the_downloads_are_removed_at_once(run: str, fix: str) -> None:
    text = f"{BASE}{DONT}RUN {run}\n"
    (finding,) = judged(text)
    assert (finding.code, finding.line, finding.fix) == ("PYC506", 3, fix)
    assert found(f"{text.rstrip()} {fix}\n") == []


def test_where_conda_keeps_its_packages_is_not_known_by_name() -> None:
    (finding,) = judged("FROM condaforge/miniforge3\nRUN mamba install -y x\n")
    assert (
        finding.message
        == "`mamba install -y x` leaves what it downloads in mamba's pkgs directory, and so in the layer"
    )


def test_what_one_line_mends_is_one_finding() -> None:
    runs = "RUN pip install y && uv sync\nRUN uv sync\nRUN pipx install z\n"
    text = f"FROM python AS base\n{DONT}RUN pip install x\nFROM base\n{runs}"
    first, second = judged(text)
    assert first.line == 3
    assert first.message.endswith("in the layer (and 2 more)")
    assert (second.line, second.fix) == (
        6,
        "# below line 4; or RUN --mount=type=cache,target=/root/.cache/uv\nENV UV_NO_CACHE=1",
    )
    assert found(text.replace(DONT, f"{DONT}{PIP} UV_NO_CACHE=1\n")) == []


def test_what_has_to_be_removed_in_each_run_is_found_in_each() -> None:
    assert found(f"{BASE}{DONT}RUN poetry install\nRUN poetry install\n") == ["3: 506", "4: 506"]


def test_no_mount_is_proposed_to_a_user_who_could_not_write_there() -> None:
    user = "RUN useradd -m app\nUSER app\n"
    run = "RUN pip install x\n"
    assert fixes(f"{BASE}{DONT}{user}{run}") == fixes(f"{BASE}{DONT}{run}{user}{run}") == [f"# below line 1\n{PIP}"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("RUN pip install x\nRUN rm -rf /root/.cache\n", id="removed too late"),
        pytest.param("RUN rm -rf ~/.cache && pip install x\n", id="removed too early"),
        pytest.param("RUN pip install x && rm -rf /var/cache/apt /var/lib/apt/lists/*\n", id="another cache removed"),
        pytest.param("RUN pip install x && rm -rf /app/cache /root/.n*\n", id="other directories removed"),
        pytest.param("RUN pip install x && mkdir -p /app/cache && chown app /root/.cache\n", id="nothing removed"),
        pytest.param("RUN pip install x && npm cache clean --force\n", id="the cache of another program"),
        pytest.param("RUN pip install x && bash -ec 'mkdir -p /data/{cache,logs}'\n", id="nothing removed by a script"),
        pytest.param(
            "RUN pip install x && ./configure.sh && bash start.sh && pyclean .\n", id="scripts with other names"
        ),
        pytest.param("RUN uv sync && uv cache prune\n", id="only what nothing refers to is removed"),
        pytest.param("RUN pip install x && pip cache list\n", id="only looked at"),
        pytest.param("RUN useradd -m app\nUSER app\nRUN pip install x && rm -rf /root/.cache\n", id="of another user"),
        pytest.param("RUN useradd -m app\nUSER app\nRUN sudo pip install x\n", id="root by sudo"),
        pytest.param("RUN su app -c 'pip install x' && pip install y\n", id="root behind su"),
        pytest.param("RUN su -c 'pip install x'\n", id="root by su"),
        pytest.param("ENV PIP_CONFIG_FILE=/dev/null\nRUN pip install x\n", id="no configuration"),
        pytest.param(
            "RUN echo index-url=x > /etc/pip.conf\nRUN pip install x\n", id="a configuration of something else"
        ),
        pytest.param("COPY nvidia-pip.conf /etc/ld.so.conf.d/\nRUN pip install x\n", id="no configuration of pip's"),
        pytest.param("RUN pip install x && apk add --no-cache git\n", id="the option of another program"),
        pytest.param("RUN pip install x && pip install --no-cache-dir y\n", id="the option of another install"),
        pytest.param("RUN --mount=type=cache,target=/home/app/.cache pip install x\n", id="another directory mounted"),
        pytest.param("RUN --mount=type=cache,target=/var/cache/apt pip install x\n", id="another cache mounted"),
        pytest.param("RUN --mount=type=secret,id=pip,target=/root/.cache pip install x\n", id="a secret mounted"),
        pytest.param("RUN --mount=type=bind pip install x\n", id="a mount without a target"),
        pytest.param("ENV PIP_NO_CACHE_DIR=\nRUN pip install x\n", id="an empty PIP_NO_CACHE_DIR"),
        pytest.param("RUN pip install x && pip install y\n", id="two, found once"),
        pytest.param("USER 0:0\nRUN pip install x\n", id="root by number"),
        pytest.param("RUN useradd -rm app\nUSER app\nRUN pip install x\n", id="a user with a home"),
        pytest.param("RUN useradd --create-home app\nUSER app\nRUN pip install x\n", id="a user with a home, in full"),
        pytest.param("RUN adduser -D app\nUSER app\nRUN pip install x\n", id="adduser"),
        pytest.param("ENV HOME=/srv\nUSER 1000\nRUN pip install x\n", id="a home that is told"),
        pytest.param("RUN <<EOF\npip install x\necho done\nEOF\n", id="a heredoc"),
    ],
)
def test_downloads_that_stay(lines: str) -> None:
    assert [finding.code for finding in judged(BASE + DONT + lines)] == ["PYC506"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("RUN pip install --no-cache-dir x && pip3 --no-cache-dir install y\n", id="--no-cache-dir"),
        pytest.param("RUN pip install \\\n  # why\n  -U \\\n  --no-cache-dir \\\n  x\n", id="a few lines below"),
        pytest.param("ENV PIP_NO_CACHE_DIR=off\nRUN pip install x\n", id="any word in PIP_NO_CACHE_DIR"),
        pytest.param("ARG PIP_NO_CACHE_DIR=0\nRUN pip install x\n", id="a zero, by ARG"),
        pytest.param("RUN export PIP_NO_CACHE_DIR=1 && pip install x\n", id="exported"),
        pytest.param("ENV UV_NO_CACHE=1\nRUN uv sync\n", id="UV_NO_CACHE"),
        pytest.param("RUN uv sync --no-cache\n", id="uv --no-cache"),
        pytest.param("RUN --mount=type=cache,target=/root/.cache/pip set -x && pip install x\n", id="a cache mount"),
        pytest.param(
            "RUN --mount=type=cache,target=/root/.cache,sharing=locked pip install x\n", id="on what it is in"
        ),
        pytest.param("RUN --mount=type=cache,dst=/root/.cache/pip/http-v2 pip install x\n", id="on a part of it"),
        pytest.param("RUN --mount=type=tmpfs,target=/root pip install x\n", id="a tmpfs mount"),
        pytest.param("RUN --mount=type=cache,target=$X/pip pip install x\n", id="a mount that nobody knows"),
        pytest.param("ENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install x\n", id="on PIP_CACHE_DIR"),
        pytest.param("RUN --mount=type=cache,target=/c uv sync --cache-dir /c\n", id="on --cache-dir"),
        pytest.param("RUN pip install x && rm -rf /root/.cache\n", id="removed"),
        pytest.param("RUN pip install x; rm -rf ~/.cache/pip\n", id="removed by a tilde"),
        pytest.param('RUN pip install x && rm -fr "$HOME/.cache"\n', id="removed by HOME"),
        pytest.param("RUN pip install x && rm -r /root/{.cache,.npm}\n", id="removed in braces"),
        pytest.param("RUN pip install x && rm -rf $(pip cache dir)\n", id="removed where pip says it is"),
        pytest.param("ENV PIP_CACHE_DIR=/tmp/c\nRUN pip install x && rm -rf /tmp/*\n", id="removed with all of /tmp"),
        pytest.param("RUN pip install x && pip cache purge\n", id="pip cache purge"),
        pytest.param("RUN uv sync && uv cache clean\n", id="uv cache clean"),
        pytest.param("RUN uv sync && uv clean\n", id="uv clean"),
        pytest.param("RUN uv sync && uv cache prune --ci\n", id="uv cache prune --ci"),
        pytest.param("RUN pip install x && rm -rf /root/.[!.]*\n", id="removed by a pattern"),
        pytest.param("RUN pip install x && rm -rf /root/.c*/pip\n", id="removed by a pattern above it"),
        pytest.param("RUN pip install x && find /root/.cache -type f -delete\n", id="emptied in some way"),
        pytest.param("RUN pip install x && ./docker-clean\n", id="perhaps removed by a program"),
        pytest.param("RUN pip install x && bash -e /scripts/cleanup.sh\n", id="perhaps removed by a script"),
        pytest.param("RUN pip install x && . ./empty_cache.sh\n", id="perhaps removed by a script of another name"),
        pytest.param("RUN pip install x && sh -c 'rm -rf ~/.cache'\n", id="removed by a shell"),
        pytest.param("RUN pip install --help && pip install -h\n", id="nothing is installed"),
        pytest.param("RUN conda install --download-only x\n", id="downloads are what is wanted"),
        pytest.param(
            "RUN conda config --add pkgs_dirs /cache && conda install x && rm -r /cache\n", id="conda's, moved"
        ),
        pytest.param("RUN sudo -Hu app pip install x\n", id="a user of sudo that nobody knows"),
        pytest.param("RUN su - app -c 'pip install x'\n", id="a user of su that nobody knows"),
        pytest.param(
            "RUN useradd -md /srv/app app\nUSER app\nRUN pip install x && rm -r /srv/app/.cache\n", id="a home"
        ),
        pytest.param("COPY pip.conf /etc/\nRUN pip install x\n", id="as a copied configuration may say"),
        pytest.param("COPY <<X /root/.config/pip/pip.conf\na\nX\nRUN pip install x\n", id="as a written one may"),
        pytest.param(
            "RUN printf '[global]\\nno-cache-dir = true' > /etc/pip.conf\nRUN pip install x\n",
            id="as one that is made says",
        ),
        pytest.param("RUN curl -o ~/.pip/pip.conf x\nRUN pip install x\n", id="as one that comes from elsewhere may"),
        pytest.param("RUN --mount=type=secret,id=a,target=/etc/pip.conf pip install x\n", id="as a mounted one may"),
        pytest.param("ENV PIP_CONFIG_FILE=/a\nRUN pip install x\n", id="as one that is named may"),
        pytest.param("COPY uv.toml /etc/uv/\nRUN uv sync\n", id="as uv's configuration may say"),
        pytest.param("RUN conda install x && conda clean -afy\n", id="conda clean"),
        pytest.param("RUN conda install x && rm -rf /opt/conda/pkgs\n", id="conda, removed"),
        pytest.param("RUN --mount=type=cache,target=/opt/conda/pkgs conda install x\n", id="conda, a cache mount"),
        pytest.param("RUN pip config set global.no-cache-dir 1\nRUN pip install x\n", id="pip config"),
        pytest.param("RUN pipenv sync && rm -rf /root/.cache/pip /root/.cache/pipenv\n", id="pipenv, removed"),
        pytest.param("RUN pip install --no-index --find-links=/wheels x\n", id="nothing is downloaded"),
        pytest.param("RUN useradd app\nUSER app\nRUN pip install x\n", id="a user without a home to write to"),
        pytest.param("RUN adduser --system app\nUSER app\nRUN pip install x\n", id="a system user"),
        pytest.param("USER 1000\nRUN pip install x\n", id="a user that nobody knows"),
        pytest.param("ONBUILD RUN pip install x\n", id="in another build"),
    ],
)
def test_downloads_that_do_not_stay(lines: str) -> None:
    assert found(BASE + DONT + lines) == []


@pytest.mark.parametrize(
    ("line", "run"),
    [("ENV PIP_NO_CACHE=1\n", "RUN pip install x\n"), ("ENV UV_NO_CACHE_DIR=1\n", "RUN uv sync\n")],
)
def test_downloads_that_the_repair_of_a_value_mends_are_not_found_again(line: str, run: str) -> None:
    text = BASE + DONT + line + run
    (finding,) = judged(text)
    assert finding.code == "PYC502"
    assert found(text.replace(line, f"{finding.fix}\n")) == []


@pytest.mark.parametrize(
    ("build", "copied", "run", "stays"),
    [
        pytest.param("poetry install --no-root", "/setup /setup", "poetry install", False, id="the same, copied"),
        pytest.param("uv sync --no-install-project", "/setup/.venv /w/.venv", "uv sync", False, id="its environment"),
        pytest.param("poetry install", "/setup/static /static", "poetry install", True, id="something else copied"),
        pytest.param("poetry lock", "/setup /setup", "poetry install", True, id="nothing installed before"),
        pytest.param("pip install x", "/usr/local /usr/local", "uv sync", True, id="by another tool"),
        pytest.param("uv pip install x", "/setup/.venv /w/.venv", "uv sync", True, id="nothing locked before"),
        pytest.param("pip install x", "/usr/local /usr/local", "pip install y", True, id="nothing is locked"),
    ],
)
def test_what_another_stage_has_installed_need_not_be_downloaded_again(
    build: str, copied: str, run: str, *, stays: bool
) -> None:
    stages = f"FROM python AS base\n{DONT}FROM base AS build\nWORKDIR /setup\nRUN {build}\nFROM base\n"
    copies = "COPY --from=busybox /setup /setup\nCOPY shop /shop\nCOPY --from=build /srv/data /srv\n"
    assert ("11: 506" in found(f"{stages}{copies}COPY --from=build {copied}\nRUN {run}\n")) is stays
    assert "7: 506" in found(f"{stages}RUN {run}\nCOPY --from=build {copied}\n")


def test_downloads_count_in_the_layers_of_the_final_image_only() -> None:
    run = "RUN pip install --no-compile x\n"
    assert found(built(DONT + run, "/usr/local /usr/local")) == []
    assert found(f"FROM python AS base\n{DONT}{run}FROM base AS test\n{run}FROM base\n") == ["3: 506"]
    assert found(f"FROM ours/python\n{run}") == []


# Bases


@pytest.mark.parametrize(
    "base",
    [
        "python",
        "python:3.13-slim@sha256:0123",
        "docker.io/python:3",
        "docker.io/library/debian",
        "mirror.gcr.io/library/ubuntu:24.04",
        "public.ecr.aws/docker/library/alpine",
        "ghcr.io/astral-sh/uv:python3.13-alpine",
    ],
)
def test_images_that_are_known_to_set_nothing(base: str) -> None:
    assert found(f"FROM {base}\n{MANAGE}") == ["2: 501"]


@pytest.mark.parametrize("base", ["ours", "localhost:5000/python", "example.org/python:3", "bitnami/python"])
def test_images_that_may_set_anything(base: str) -> None:
    assert found(f"FROM {base}\n{MANAGE}") == []


# What the rules rest on


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "demo-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo/__init__.py", "")
        archive.writestr("demo-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1\n")
        archive.writestr("demo-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("demo-1.dist-info/RECORD", "")
    return path


@pytest.mark.parametrize(
    ("options", "variables", "writes"),
    [
        ([], {}, True),
        ([], {"PYTHONDONTWRITEBYTECODE": "1"}, True),
        ([], {"PIP_NO_COMPILE": "1"}, True),
        ([], {"PIP_NO_COMPILE": "0"}, False),
        ([], {"PIP_COMPILE": "0"}, False),
        (["--no-compile"], {}, False),
        ([], {"PYTHONPYCACHEPREFIX": "prefix"}, False),
    ],
)
def test_pip_compiles_what_it_installs_as_the_rules_say(
    options: list[str], variables: dict[str, str], wheel: Path, tmp_path: Path, *, writes: bool
) -> None:
    given = {name: str(tmp_path / value) if name.endswith("PREFIX") else value for name, value in variables.items()}
    env = {name: value for name, value in environment().items() if not name.startswith(("PIP_", "PYTHON"))} | given
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", *options]
    subprocess.run([*command, "--target", str(tmp_path / "site"), str(wheel)], env=env, check=True, capture_output=True)
    assert (tmp_path / "site" / "demo" / "__init__.py").exists()
    assert any((tmp_path / "site").rglob("*.pyc")) is writes

    assignments = " ".join(f"{name}={value}" for name, value in given.items())
    run = f"RUN {assignments} /venv/bin/pip install {' '.join(options)} x\n"
    # Of PIP_NO_COMPILE=1 it is the value that is found, whose repair mends this as well.
    assert bool(found(built(run, "/venv /venv"))) is writes
    assert os.path.exists(tmp_path / "prefix") is ("PYTHONPYCACHEPREFIX" in variables)
