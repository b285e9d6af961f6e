"""What the rules find in the COPY instructions of a Dockerfile, and which modules it imports."""

from __future__ import annotations

import pytest

from pycache_hooks import repairs
from pycache_hooks.ignorefiles.leaking import Leaking
from pycache_hooks.readers import images as reader
from pycache_hooks.rules import copies

BASE = "FROM python:3.13-slim\n"
HERE = Leaking(".dockerignore", "", "app/__pycache__", "for a reason")
THERE = Leaking("lib/.dockerignore", "a lib", "lib/.venv", "for another")


def judged(leaks: dict[str, Leaking], *texts: str) -> list[tuple[str, int | None, str]]:
    """What is found in the Dockerfiles *texts*, called a, b, ..., the second one in a directory."""
    names = ("a", "x/b", "c")
    findings = copies.judge((name, reader.read(text), leaks.get) for name, text in zip(names, texts, strict=False))
    assert {finding.code for finding in findings} <= {"PYC507"}
    return [(finding.path, finding.line, finding.message) for finding in findings]


def test_a_copy_names_a_cache_and_why_it_is_let_in_once_for_each_ignore_file() -> None:
    text = f"{BASE}COPY app /app\nCOPY . /app\nADD . /more\nCOPY lib /lib\n"
    assert judged({".": HERE, "lib": THERE}, text) == [
        ("a", 3, "would take app/__pycache__ along: for a reason"),
        ("a", 5, "would take lib/.venv along: for another"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("FROM golang\nCOPY . /src\nRUN go build\n", False, id="another language"),
        pytest.param("FROM golang\nCOPY . /src\nFROM scratch\nCOPY --from=0 /x /x\n", False, id="and nothing else"),
        pytest.param(
            "FROM node\nCOPY . /src\nRUN apt-get update\nRUN python3 build.py\n", True, id="which runs Python"
        ),
        pytest.param('FROM node\nCOPY . /src\nCMD ["python3", "serve.py"]\n', True, id="which starts Python"),
        pytest.param("FROM golang AS build\nFROM debian\nCOPY . /src\n", True, id="a stage that may run Python"),
        pytest.param("FROM scratch\nCOPY . /src\n", True, id="an image for others"),
    ],
)
def test_sources_in_an_image_that_runs_no_python_are_there_by_the_way(text: str, *, found: bool) -> None:
    assert bool(judged({".": HERE}, text)) is found


def test_the_fix_is_a_command_for_the_context() -> None:
    text = f"{BASE}COPY . /app\nCOPY lib /lib\n"
    found = copies.judge([("Dockerfile", reader.read(text), {".": HERE, "lib": THERE}.get)])
    assert [finding.fix for finding in found] == [
        repairs.at_root("check-pycache-dockerignore --context . --fix"),
        repairs.at_root("check-pycache-dockerignore --context 'a lib' --fix"),
    ]


def test_dockerfiles_that_share_an_ignore_file_are_one_finding_about_the_one_nearest_to_the_root() -> None:
    text = f"{BASE}COPY . /app\n"
    assert judged({".": HERE}, BASE, text, f"{BASE}{text}") == [
        ("c", 3, "would take app/__pycache__ along: for a reason (and 1 more Dockerfile)")
    ]
    assert judged({".": HERE}, text, text, text)[0][2].endswith(" (and 2 more Dockerfiles)")


def test_the_copy_is_one_of_the_final_image_if_there_is_one() -> None:
    build = f"FROM node AS build\nCOPY . /app\n{BASE}COPY --from=build /app/dist /dist\n"
    assert [line for _, line, _ in judged({".": HERE}, build)] == [2]
    assert [line for _, line, _ in judged({".": HERE}, f"{build}COPY . /app\n")] == [5]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"FROM python AS other\nCOPY . /app\n{BASE}", id="a stage that is thrown away"),
        pytest.param(f"FROM python AS a\n{BASE}COPY --from=a . /app\n", id="from another stage"),
        pytest.param(f"{BASE}COPY --from=busybox . /app\n", id="from another image"),
        pytest.param(f"FROM python AS a\nCOPY . /s\nRUN git clean -xfd\n{BASE}COPY --from=a /s /s\n", id="cleaned"),
        pytest.param(f"{BASE}COPY --exclude=**/__pycache__ . /app\n", id="with exceptions of its own"),
        pytest.param(f"{BASE}ONBUILD COPY . /app\n", id="in another build"),
    ],
)
def test_copies_that_are_left_alone(text: str) -> None:
    assert judged({".": HERE}, text) == []


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("CMD python -m shop\n", id="-m"),
        pytest.param('ENTRYPOINT ["python", "-mshop"]\n', id="-m without a blank"),
        pytest.param("CMD exec uvicorn --port 80 shop:app\n", id="a server"),
        pytest.param('ENTRYPOINT ["gunicorn"]\nCMD ["shop"]\n', id="gunicorn needs no attribute"),
        pytest.param("CMD gunicorn src.shop:make()\n", id="in a package"),
        pytest.param("CMD flask --app shop run\n", id="flask --app"),
        pytest.param("CMD celery -A shop worker\n", id="celery -A"),
        pytest.param("ENV FLASK_APP=src/shop.py\nCMD flask run\n", id="FLASK_APP"),
        pytest.param("ENV FLASK_APP=shop:create\nCMD flask run\n", id="FLASK_APP with a factory"),
        pytest.param("RUN python -m shop.migrate\nCMD serve\n", id="while it is built"),
    ],
)
def test_modules_that_a_dockerfile_names(lines: str) -> None:
    imports = copies.imports(reader.read(BASE + lines))
    assert imports("shop")
    assert not imports("other")


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("CMD python shop.py\n", id="a program"),
        pytest.param("RUN chown shop:shop /srv && useradd -m shop\nCMD ./shop.py\n", id="a user"),
        pytest.param("ENV FLASK_APP=\nCMD serve shop:app\n", id="no Python"),
    ],
)
def test_names_of_something_else(lines: str) -> None:
    assert not copies.imports(reader.read(BASE + lines))("shop")


def test_flask_looks_for_some_names_by_itself() -> None:
    imports = copies.imports(reader.read(f"{BASE}CMD flask run\n"))
    assert imports("app")
    assert imports("wsgi")
    assert not copies.imports(reader.read(f"{BASE}RUN pip install flask\nCMD python app.py\n"))("app")


def test_what_an_unknown_base_image_starts_may_import_any_module() -> None:
    imports = copies.imports(reader.read("FROM example.com/our/server\n"))
    assert imports("shop")
    assert not imports("settings.example")
    assert not copies.imports(reader.read(BASE))("shop")
    assert not copies.imports(reader.read("FROM example.com/our/server\nCMD python shop.py\n"))("shop")
