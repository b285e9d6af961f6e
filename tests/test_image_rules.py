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


def judged(text: str, require: str = images.EITHER) -> list[Finding]:
    return sorted(images.judge("Dockerfile", reader.read(text), require))


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
        pytest.param("RUN PYTHONDONTWRITEBYTECODE=0 python app.py\n", id="switched off in front of it"),
        pytest.param("RUN PYTHONDONTWRITEBYTECODE=1 true; python app.py\n", id="in front of another command"),
    ],
)
def test_a_stage_that_runs_python_with_nothing_in_force_is_found_where_it_first_does(run: str) -> None:
    finding = next(finding for finding in judged(f"{BASE}{run}{MANAGE}") if finding.code == "PYC501")
    assert finding.line == (3 if "<<" in run else 2)
    assert finding.message.startswith("stage 0: `")
    assert finding.message.endswith("(set it below line 1)")
    assert finding.fix == "ENV PYTHONDONTWRITEBYTECODE=1"


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
    assert fixes(BASE + settings + MANAGE, require) == ([fix] if fix else [])


@pytest.mark.parametrize("require", images.REQUIREMENTS)
@pytest.mark.parametrize("text", [BASE + MANAGE, built(VENV, "/venv /venv")])
def test_the_line_that_the_fix_names_cures_the_stage_where_the_message_says(text: str, require: str) -> None:
    while findings := judged(text, require):
        assert all("(set it below line " in finding.message for finding in findings)
        number = int(findings[0].message.rpartition(" ")[2].rstrip(")"))
        lines = text.splitlines()
        assert lines[number - 1].startswith("FROM")
        assert findings[0].fix not in lines, findings
        text = "\n".join([*lines[:number], findings[0].fix, *lines[number:]])


def test_a_stage_is_called_by_its_name_or_number_and_a_long_command_is_cut() -> None:
    text = f"FROM python AS first\nRUN python {'x' * 99}\n{BASE}{MANAGE}"
    first, second = (finding.message for finding in judged(text))
    assert first.startswith(f"stage first: `python {'x' * 53}...` runs")
    assert second.startswith("stage 1: `python manage.py collectstatic` runs")


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
    assert finding.fix == "ARG PYTHONPYCACHEPREFIX=/tmp/pycache"


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
    both = "ARG PYTHONDONTWRITEBYTECODE=1 PYTHONPYCACHEPREFIX=/tmp/pycache"
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
        pytest.param("RUN PYTHONPYCACHEPREFIX=.pycache python app.py\n", True, id="relative, for a command"),
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


@pytest.mark.parametrize(
    ("run", "fix"),
    [
        ("pip install x", "pip install --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache/pip"),
        ("python -m pip install x", "pip install --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache/pip"),
        ("uv sync", "ENV UV_NO_CACHE=1, or RUN --mount=type=cache,target=/root/.cache/uv"),
        ("poetry install", "&& rm -rf /root/.cache/pypoetry/artifacts /root/.cache/pypoetry/cache"),
        ("pipenv sync", "ENV PIP_NO_CACHE_DIR=1, or RUN --mount=type=cache,target=/root/.cache/pipenv"),
        ("pdm sync", "&& rm -rf /root/.cache/pdm, or RUN --mount=type=cache,target=/root/.cache/pdm"),
        ("conda install -y x", "&& conda clean --all --yes"),
        ("poetry install --no-cache", "&& rm -rf /root/.cache/pypoetry/artifacts /root/.cache/pypoetry/cache"),
        ("XDG_CACHE_HOME=/c pip install x", "pip install --no-cache-dir, or RUN --mount=type=cache,target=/c/pip"),
        ("pip install --cache-dir /c x", "pip install --no-cache-dir, or RUN --mount=type=cache,target=/c"),
    ],
)
def test_downloads_stay_in_the_layer_and_the_fix_names_the_directory(run: str, fix: str) -> None:
    (finding,) = judged(f"{BASE}{DONT}RUN {run}\n")
    assert (finding.code, finding.line, finding.fix) == ("PYC506", 3, fix)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("RUN pip install x\nRUN rm -rf /root/.cache\n", id="removed too late"),
        pytest.param("RUN rm -rf ~/.cache && pip install x\n", id="removed too early"),
        pytest.param("RUN pip install x && rm -rf /var/cache/apt /var/lib/apt/lists/*\n", id="another cache removed"),
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


def test_downloads_count_in_the_layers_of_the_final_image_only() -> None:
    run = "RUN pip install --no-compile x\n"
    assert found(built(DONT + run, "/usr/local /usr/local")) == []
    assert found(f"FROM python AS base\n{DONT}{run}FROM base AS test\n{run}FROM base\n") == ["3: 506"]
    assert found(f"FROM ours/python\n{run}") == []


# 507: copies of the build context


def copied(text: str, leaks: dict[str, tuple[str, bool, str]]) -> list[tuple[int | None, str]]:
    findings = images.copies("Dockerfile", reader.read(text), leaks.get)
    assert {(finding.code, finding.fix) for finding in findings} <= {("PYC507", "check-pycache-dockerignore --fix")}
    return [(finding.line, finding.message) for finding in findings]


def test_a_copy_names_the_ignore_file_and_a_cache_once_for_each_file() -> None:
    leaks = {".": (".dockerignore", True, "app/__pycache__"), "lib": ("lib/.dockerignore", False, "lib/.venv")}
    assert copied(f"{BASE}COPY app /app\nCOPY . /app\nADD . /more\nCOPY lib /lib\n", leaks) == [
        (3, "takes app/__pycache__ along: .dockerignore lets it into the build context"),
        (5, "takes lib/.venv along: there is no lib/.dockerignore to keep it out"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"FROM python AS other\nCOPY . /app\n{BASE}", id="a stage that is thrown away"),
        pytest.param(f"FROM python AS a\n{BASE}COPY --from=a . /app\n", id="from another stage"),
        pytest.param(f"{BASE}COPY --from=busybox . /app\n", id="from another image"),
        pytest.param(f"{BASE}COPY --exclude=**/__pycache__ . /app\n", id="with exceptions of its own"),
        pytest.param(f"{BASE}ONBUILD COPY . /app\n", id="in another build"),
    ],
)
def test_copies_that_are_left_alone(text: str) -> None:
    assert copied(text, {".": (".dockerignore", True, "__pycache__")}) == []


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
    assert ("2: 505" in found(built(run, "/venv /venv"))) is writes
    assert os.path.exists(tmp_path / "prefix") is ("PYTHONPYCACHEPREFIX" in variables)
