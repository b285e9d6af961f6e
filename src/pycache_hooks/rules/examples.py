"""An example of what each rule reports, and of what it does not: printed by ``--explain``, and tested with the hook itself.

Imported by nothing that a hook needs while it judges.
"""

from __future__ import annotations

from pycache_hooks import rules

Tree = dict[str, str | bytes]
"""Files by their path, which git tracks."""


class Example:
    """The files of a repository that is *wrong*, and of one that is *right*; *options* of the hook that it takes.

    *note*: what files cannot say.
    """

    __slots__ = ("note", "options", "right", "wrong")

    def __init__(self, wrong: Tree, right: Tree, *options: str, note: str = "") -> None:
        self.wrong = wrong
        self.right = right
        self.options = options
        self.note = note


_SOURCE: Tree = {"app/m.py": ""}
_IGNORED = "__pycache__/\n*.py[cod]\n.venv\n"
_COPYING: Tree = {**_SOURCE, "Dockerfile": "FROM scratch\nCOPY . /app\n"}
_KEPT_OUT = "**/__pycache__\n**/.venv\n**/.pytest_cache\n**/.mypy_cache\n**/.ruff_cache\n"
_COMPILED = "app/__pycache__/m.cpython-312.pyc"
_HEADER = b"\xa7\r\r\n%b\0\0\0" + bytes(8)


def _tracked(*names: str) -> Tree:
    return _SOURCE | dict.fromkeys(names, "")


def _gitignore(text: str | bytes, *names: str) -> Tree:
    return {**_tracked(*names), ".gitignore": text}


def _dockerignore(text: str) -> Tree:
    return {**_COPYING, ".dockerignore": text}


def _dockerfile(*lines: str) -> Tree:
    return {"Dockerfile": "\n".join([*lines, ""])}


def _compose(text: str, *, python: bool = True) -> Tree:
    return {**(_SOURCE if python else {}), "compose.yaml": text}


def _workflow(text: str, **files: str) -> Tree:
    return {**_SOURCE, ".github/workflows/test.yml": f"on: push\n{text}", **files}


def _pyproject(*lines: str) -> Tree:
    return {"pyproject.toml": "\n".join(["[tool.pytest.ini_options]", *lines, ""])}


_JOB = "jobs:\n  test:\n    runs-on: {}\n    steps:\n      - uses: actions/checkout@v5\n{}"
_SERVICE = """\
services:
  app:
    image: python:3.13
    command: python -m app.m
    working_dir: /app
    volumes: [".:/app"]
"""
_PREVENTED = _SERVICE + "    environment: {PYTHONDONTWRITEBYTECODE: 1}\n"
_AS_USER = '    user: "${HOST_UID:?}:${HOST_GID:?}"\n'

EXAMPLES: dict[str, Example] = {
    rules.BYTECODE: Example(_tracked(_COMPILED), _tracked("docs/__pycache__.md")),
    rules.TOOL_CACHE: Example(_tracked(".coverage"), _tracked(".coveragerc")),
    rules.ENVIRONMENT: Example(_tracked("any/pyvenv.cfg", "any/bin/python"), _tracked("conda/env/env.py", ".env")),
    rules.UNCHECKED: Example(
        {"m.pyc": _HEADER % b"\1"}, {"m.pyd": _HEADER % b"\1"}, note="Bytes 4 to 7 of the .pyc are 01 00 00 00."
    ),
    rules.NOT_IGNORED: Example(_gitignore("__pycache__/\n*.py[cod]\n"), _gitignore(_IGNORED)),
    rules.NEGATED: Example(_gitignore(f"{_IGNORED}!.venv\n"), _gitignore(f"!.venv\n{_IGNORED}")),
    rules.DEAD_LINE: Example(
        _gitignore("__pycache__/\n*.pyc # bytecode\n.venv\n"), _gitignore(f"# bytecode\n{_IGNORED}")
    ),
    rules.ANCHORED: Example(_gitignore("/__pycache__/\n*.pyd\n/*.pyc\n.venv\n"), _gitignore(_IGNORED)),
    rules.DIRECTORY_ONLY: Example(_gitignore("__pycache__/\n*.py[cod]\n.venv/\n"), _gitignore(_IGNORED)),
    rules.UNREADABLE: Example(
        _gitignore(_IGNORED.encode("utf-16")),
        _gitignore(_IGNORED.encode("utf-8-sig")),
        note="UTF-16 is wrong, UTF-8 is right.",
    ),
    rules.TRACKED: Example(_gitignore(_IGNORED, _COMPILED), _gitignore(_IGNORED, "app/n.py")),
    rules.SHIPPED: Example(_dockerignore("**/__pycache__\n"), _dockerignore(_KEPT_OUT)),
    rules.ROOT_ONLY: Example(
        _dockerignore(f"{_KEPT_OUT}*.pyc\n".replace("**/_", "_")), _dockerignore(f"*.pyc\n{_KEPT_OUT}")
    ),
    rules.REINCLUDED: Example(_dockerignore(f"*\n{_KEPT_OUT}!app/**\n"), _dockerignore(f"*\n!app/**\n{_KEPT_OUT}")),
    rules.NO_IGNORE_FILE: Example(_COPYING, _dockerignore(_KEPT_OUT)),
    rules.BREAKS_BUILD: Example(_dockerignore(f"{_KEPT_OUT}!\n"), _dockerignore(f"{_KEPT_OUT}!README.md\n")),
    rules.OTHER_BUILDER: Example(_dockerignore(f"{_KEPT_OUT}!app\n"), _dockerignore(f"!app\n{_KEPT_OUT}")),
    rules.NOT_REMOVED: Example(_SOURCE, _SOURCE, note=f"{_COMPILED} lies about, in a directory that belongs to root."),
    rules.LEFT_BEHIND: Example(_SOURCE, _SOURCE, "--check", note=f"{_COMPILED} lies about."),
    rules.IMAGE_UNREADABLE: Example(
        _dockerfile("FROM scratch", "RUN <<END", "true"), _dockerfile("FROM scratch", "RUN <<END", "true", "END")
    ),
    rules.IMAGE_WRITES: Example(
        _dockerfile("FROM python:3.13", "RUN python -m app.migrate"),
        _dockerfile("FROM python:3.13", "ENV PYTHONDONTWRITEBYTECODE=1", "RUN python -m app.migrate"),
    ),
    rules.WITHOUT_EFFECT: Example(
        _dockerfile("FROM python:3.13", "ENV PYTHONDONTWRITEBYTECODE=0"),
        _dockerfile("FROM python:3.13", "ENV PYTHONDONTWRITEBYTECODE=1"),
    ),
    rules.BAD_PREFIX: Example(
        _dockerfile("FROM python:3.13", "ENV PYTHONPYCACHEPREFIX=~/pycache"),
        _dockerfile("FROM python:3.13", "ENV PYTHONPYCACHEPREFIX=/tmp/pycache"),
    ),
    rules.HIDDEN_BYTECODE: Example(
        _dockerfile("FROM python:3.13", "RUN python -m compileall /app", "ENV PYTHONPYCACHEPREFIX=/tmp/pycache"),
        _dockerfile("FROM python:3.13", "RUN python -m compileall /app"),
    ),
    rules.UNREPEATABLE: Example(
        _dockerfile(
            "FROM python:3.13 AS build",
            "ENV PYTHONDONTWRITEBYTECODE=1",
            "RUN pip install --no-cache-dir --prefix=/install app",
            "FROM python:3.13",
            "COPY --from=build /install /usr/local",
        ),
        _dockerfile(
            "FROM python:3.13 AS build",
            "ARG PYTHONPYCACHEPREFIX=/tmp/pycache",
            "RUN pip install --no-cache-dir --prefix=/install app",
            "FROM python:3.13",
            "COPY --from=build /install /usr/local",
        ),
    ),
    rules.DOWNLOADS_KEPT: Example(
        _dockerfile("FROM python:3.13", "ENV PYTHONDONTWRITEBYTECODE=1", "RUN pip install app"),
        _dockerfile("FROM python:3.13", "ENV PYTHONDONTWRITEBYTECODE=1", "RUN pip install --no-cache-dir app"),
    ),
    rules.COPIES_CACHES: Example(
        {**_dockerignore("docs\n"), "app/__init__.py": ""}, {**_dockerignore(_KEPT_OUT), "app/__init__.py": ""}
    ),
    rules.SERVICE_UNREADABLE: Example(_compose("services: ["), _compose("services: {}\n")),
    rules.SERVICE_WRITES: Example(_compose(_SERVICE + _AS_USER), _compose(_PREVENTED + _AS_USER)),
    rules.SERVICE_TOOL_CACHE: Example(
        _compose(_PREVENTED.replace("-m app.m", "-m pytest") + _AS_USER),
        _compose(_PREVENTED.replace("-m app.m", "-m pytest -p no:cacheprovider") + _AS_USER),
    ),
    rules.SERVICE_AS_ROOT: Example(_compose(_PREVENTED), _compose(_PREVENTED + _AS_USER)),
    rules.BLANK_USER: Example(_compose(_PREVENTED + '    user: "${UID}:${GID}"\n'), _compose(_PREVENTED + _AS_USER)),
    rules.PIPELINE_UNREADABLE: Example(_workflow("jobs: ["), _workflow("jobs: {}\n")),
    rules.PIPELINE_WRITES: Example(
        _workflow(_JOB.format("self-hosted", "      - run: python -m app.m\n")),
        _workflow(_JOB.format("self-hosted", "      - run: python -B -m app.m\n")),
    ),
    rules.CONTAINER_WRITES: Example(
        _workflow(_JOB.format("self-hosted", '      - run: docker run -v "$PWD:/app" python:3.13 python -m app.m\n')),
        _workflow(
            _JOB.format(
                "self-hosted",
                '      - run: docker run -v "$PWD:/app" -u "$(id -u)" -e PYTHONDONTWRITEBYTECODE=1 python:3.13 python -m app.m\n',
            )
        ),
    ),
    rules.CACHE_KEY: Example(
        _workflow(
            _JOB.format(
                "ubuntu-latest", "      - uses: actions/cache@v4\n        with: {path: ~/.cache/pip, key: pip}\n"
            ),
            **{"requirements.txt": "app\n"},
        ),
        _workflow(
            _JOB.format(
                "ubuntu-latest",
                "      - uses: actions/cache@v4\n"
                "        with: {path: ~/.cache/pip, key: \"pip-${{ hashFiles('requirements.txt') }}\"}\n",
            ),
            **{"requirements.txt": "app\n"},
        ),
    ),
    rules.CACHE_CONTENT: Example(
        _workflow(
            _JOB.format(
                "ubuntu-latest",
                "      - uses: actions/cache@v4\n"
                "        with: {path: .venv, key: \"venv-${{ hashFiles('uv.lock') }}\"}\n",
            ),
            **{"uv.lock": ""},
        ),
        _workflow(
            _JOB.format(
                "ubuntu-latest",
                "      - uses: actions/cache@v4\n"
                "        with: {path: ~/.cache/uv, key: \"uv-${{ hashFiles('uv.lock') }}\"}\n",
            ),
            **{"uv.lock": ""},
        ),
    ),
    rules.LOCK_IGNORED: Example(
        _workflow(_JOB.format("ubuntu-latest", "      - run: uv sync\n"), **{"uv.lock": ""}),
        _workflow(_JOB.format("ubuntu-latest", "      - run: uv sync --locked\n"), **{"uv.lock": ""}),
    ),
    rules.NOT_CLEANED: Example(
        _workflow(_JOB.format("self-hosted", "        with: {clean: false}\n")),
        _workflow(_JOB.format("self-hosted", "        with: {clean: true}\n")),
    ),
    rules.CACHE_OPTIONS: Example(
        _workflow(_JOB.format("ubuntu-latest", "      - run: pytest -p no:cacheprovider --lf\n")),
        _workflow(_JOB.format("ubuntu-latest", "      - run: pytest -p no:cacheprovider\n")),
    ),
    rules.TESTS_UNREADABLE: Example({"pytest.toml": "[pytest\n"}, {"pytest.toml": "[pytest]\n"}),
    rules.NO_SUCH_SETTING: Example(
        _pyproject('addopts = "-p no:cache"'), _pyproject('addopts = "-p no:cacheprovider"')
    ),
    rules.CONTRADICTION: Example(_pyproject('addopts = "-p no:cacheprovider --lf"'), _pyproject('addopts = "--lf"')),
    rules.SHADOWED: Example({**_pyproject('addopts = "-q"'), "pytest.ini": ""}, _pyproject('addopts = "-q"')),
    rules.CACHE_LEFT_ON: Example(
        _pyproject('addopts = "-q"'), _pyproject('addopts = "-q -p no:cacheprovider"'), "--require-disabled"
    ),
    rules.LEFT: Example({"build.sh": "mkdir .mypy_cache\n"}, {"build.sh": "true\n"}, "--", "sh", "build.sh"),
    rules.DIFFERS: Example(
        {"build.sh": "echo $$ > out\n"}, {"build.sh": "echo 1 > out\n"}, "--reproducible", "--", "sh", "build.sh"
    ),
}
