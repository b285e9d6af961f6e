"""What command lines do: held to the programs themselves where they can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks import programs
from pycache_hooks.programs import docker, installers
from pycache_hooks.readers import shell
from pycache_hooks.readers.shell import Command
from support import environment, run, tool

if TYPE_CHECKING:
    from pathlib import Path


def command(line: str) -> Command:
    """The one command of a shell *line*, or the first."""
    return shell.commands(line)[0]


def installed(line: str, **variables: str) -> installers.Install:
    found = installers.install(command(line), variables)
    assert found is not None
    return found


# What is behind other programs


@pytest.mark.parametrize(
    ("line", "inner"),
    [
        ("a b", "a b"),
        ("sudo -Hu x -E A=1 a -b", "A=1 a -b"),
        ("sudo -n -- a", "a"),
        ("doas -u x A=1 a", "A=1 a"),
        ("env -u B A=1 C-D=2 a", "B= A=1 C-D=2 a"),
        ("A=1 env A=2 a", "A=2 a"),
        ("env --unset=A --chdir x a", "A= a"),
        ("env", "env"),
        ("exec -a x a", "a"),
        ("exec", "exec"),
        ("command -p a", "a"),
        ("command -v a", "command -v a"),
        ("nohup nice -n 5 ionice -c2 timeout -k 5s --signal=INT 10 /usr/bin/time -f x a -f", "a -f"),
        ("timeout 10", "timeout 10"),
        ("gosu x a", "a"),
        ("su-exec x:y s6-setuidgid z a", "a"),
        ("tini -g -- dumb-init --rewrite 15:3 -- a", "a"),
        ("xargs -r -n1 -P 4 -0 a", "a"),
        ("xvfb-run -a -s '-screen 0' a", "a"),
        ("stdbuf -oL setpriv --reuid 1 --clear-groups chronic a", "a"),
        ("ddtrace-run a", "a"),
        ("wait-for-it.sh db:5432 -t 5 -- a -- b", "a -- b"),
        ("wait-for-it.sh db:5432", "wait-for-it.sh db:5432"),
        ("uv run --frozen --with x -p 3.12 a -c", "a -c"),
        ("uv --directory x run --no-sync -- a", "a"),
        ("uv run -m a -c", "python -m a -c"),
        ("uv run -s a b", "python a b"),
        ("uv run -m", "uv run -m"),
        ("uv sync", "uv sync"),
        ("uvx --from a[b] a@1 -c", "a -c"),
        ("uv tool run a==1", "a"),
        ("uvx", "uvx"),
        ("pipx run --spec x a", "a"),
        ("poetry -C x run a", "a"),
        ("pipenv run a", "a"),
        ("pdm run -p x a", "a"),
        ("hatch -e x run a", "a"),
        ("rye run a", "a"),
        ("pixi run -e x a", "a"),
        ("conda run -n x --no-capture-output a -n", "a -n"),
        ("mamba run -p /x a", "a"),
        ("micromamba run -n x a", "a"),
        ("/usr/bin/env python3 -m a", "python3 -m a"),
        ("SUDO.EXE a", "a"),
        ("sudo " * 20 + "a", "sudo " * 10 + "a"),
    ],
    ids=str,
)
def test_a_command_is_found_behind_programs_that_only_run_it(line: str, inner: str) -> None:
    found = programs.unwrapped(command(line))
    assert " ".join([*(f"{name}={value}" for name, value in found.environment.items()), *found.words]) == inner


@pytest.mark.parametrize(
    "line",
    [
        "env -u HOME -C / A=1 echo a b",
        "env --unset=HOME --chdir=/ -- echo -n",
        "nice -n 1 echo a",
        "nice -5 echo a",
        "timeout -k 5s --signal INT 10 echo a",
        "timeout --preserve-status 10 echo a",
        "stdbuf -o L -eL echo a",
        "setsid -w echo a",
        "nohup echo a",
        "xargs -n 1 -d ' ' -P2 echo a",
        "xargs --max-args=3 --process-slot-var A echo a",
        "setpriv --inh-caps=-all --bounding-set -all echo a",
        "ionice -c 3 echo a",
        "command echo a",
        "exec -a x echo a",
    ],
    ids=str,
)
def test_the_programs_run_what_is_taken_for_their_command(line: str, tmp_path: Path) -> None:
    program = line.partition(" ")[0]
    if program not in ("command", "exec") and not shutil.which(program):
        pytest.skip(f"no {program}")
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", line],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if b"not permitted" in done.stderr or b"illegal" in done.stderr or b"usage" in done.stderr:
        pytest.skip("another system's program, or not allowed here")
    inner = programs.unwrapped(command(line)).words
    assert inner[0] == "echo"
    expected = subprocess.run(inner, input=b"", capture_output=True, check=True)
    assert done.stdout == expected.stdout


def test_no_words_are_no_program() -> None:
    nothing = Command([])
    assert programs.unwrapped(nothing).words == []
    assert not programs.runs_python(nothing)
    assert not programs.imports_project(nothing)
    assert not installers.removes_bytecode(nothing)
    assert installers.install(nothing, {}) is None
    assert not installers.compiles_on_purpose(nothing, {})
    assert installers.removed(nothing) == []
    assert programs.tools_run(nothing) == []
    assert installers.configured(nothing) == {}
    assert docker.docker_run(nothing) is None


# Python

PYTHON = """
python | python3 app.py | python3.12 -c 'import a' | python3.13t -m a | pypy3 a.py | /usr/bin/python2.7 a | py -3 a
python.exe a | PYTHON.EXE a | $PYTHON a | ${PYTHON_BIN} a | python -u - | python -W error -Xdev a | python -m venv x
python -O -m pytest -B | python --check-hash-based-pycs always a | python -X pycache_prefix=rel a | python -Im a
python -- | python3.12d a.py | pip install x | pip3.12 list | pip --version | pytest | py.test | tox | nox
poetry install | pipenv lock | pdm lock | hatch build
django-admin migrate | ./manage.py migrate | /app/x.py | x.pyz | gunicorn a:b | uvicorn a:b
celery -A a worker | flask run | alembic upgrade head | jupyter lab | mypy . | black . | pre-commit run
uwsgi --http :1 | conda install x | coverage run a.py | sudo -u x pip list | uv run pytest | uv run a.py
uv run mytool | uv run -m a | uvx black | uv run --with ruff python a | poetry run ls | conda run -n x a
timeout 5 python a | exec gunicorn a | env A=1 python a | mamba run x | pixi run x | coverage3 html
opentelemetry-instrument x
"""
NO_PYTHON = """
python --version | python -V | python3 -VV | python --help | python -B a.py | python -IB a | python -bB -c 'import a'
python -X pycache_prefix=/x a | which python | command -v python | apt-get install -y python3 | echo python | uv sync
uv pip install x | uv run ruff check | uv run uv pip list | uvx ruff check | ruff check | bash run.sh | ./run.sh
pythonx a | python-config | node a.js | pip-tools | docker run python | cd python | $PY a | uv run python --version
uv run python -B a | micromamba install x | mamba run bash a | pyenv install 3.12 | ln -s python3 python | uv run
"""


def lines(table: str) -> list[str]:
    return [line.strip() for row in table.strip().splitlines() for line in row.split(" | ")]


@pytest.mark.parametrize("line", lines(PYTHON))
def test_a_program_that_is_python_runs_python(line: str) -> None:
    assert programs.runs_python(command(line))


@pytest.mark.parametrize("line", lines(NO_PYTHON))
def test_what_writes_no_bytecode_does_not_run_python(line: str) -> None:
    assert not programs.runs_python(command(line))


@pytest.mark.parametrize(
    "line",
    lines(
        "python a.py | python -m pytest | python -c 'import a' | pytest | ./manage.py x | poetry run pytest | uv run mytool"
        " | gunicorn a | python -m http | coverage run a.py | tox | uv run MyTool x | pytest --pyargs numpy tests/a.py"
        " | pytest --pyargs tests/ | python -m coverage run a.py"
    ),
)
def test_what_runs_the_project_may_import_from_the_working_directory(line: str) -> None:
    assert programs.imports_project(command(line), ["mytool"])


@pytest.mark.parametrize(
    "line",
    lines(
        "pip install . | python -m pip list | python -m venv x | black . | mypy . | python -m json.tool | python -m http.server"
        " | poetry install | poetry run python -B a | pipenv run ruff . | python -m py_compile a.py | python --version | ls"
        " | uv run mypy . | uv run ruff check | pylint a | uv run towncrier build | uv run other | mytool"
        " | tox run --notest | tox -e a --notest | coverage xml | python -m coverage html | coverage3 report | coverage"
        " | pytest --pyargs numpy -v | python -m pytest --pyargs numpy"
    ),
)
def test_what_only_reads_the_project_imports_nothing_from_the_working_directory(line: str) -> None:
    assert not programs.imports_project(command(line), ["mytool"])


@pytest.mark.parametrize(
    ("module", "loads"),
    [("pytest", True), ("unittest", True), ("spin", True), ("gunicorn", True), ("playwright", False)],
)
def test_some_modules_import_the_project_and_others_themselves_only(module: str, loads: bool) -> None:  # noqa: FBT001
    assert programs.loads_project(module) is loads


def test_pythons_own_options_are_known() -> None:
    assert programs.ignores_variables(command("python -sE a"))
    assert programs.ignores_variables(command("python -I a"))
    assert not programs.ignores_variables(command("python a -E"))
    assert not programs.ignores_variables(command("pytest -E"))
    assert not programs.ignores_bytecode(command("python -m a -B"))
    assert not programs.ignores_bytecode(command("pytest -B"))


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("a", "me"),
        ("nice a", "me"),
        ("sudo a", "root"),
        ("sudo -Hu you nice a", "you"),
        ("sudo --user=you -E a", "you"),
        ("doas -u you a", "you"),
        ("gosu you a", "you"),
        ("nice su-exec you:us a", "you:us"),
        ("setpriv --reuid 1 --clear-groups a", "1"),
        ("setpriv --no-new-privs a", "me"),
        ("gosu root sudo -u you a", "you"),
    ],
)
def test_who_runs_a_command(line: str, user: str) -> None:
    assert programs.user_of(command(line), "me") == user


@pytest.mark.parametrize(
    ("line", "switched"),
    [
        ("su", ("root", "")),
        ("su -c 'a b'", ("root", "a b")),
        ("su - you -s /bin/sh --command='a b'", ("you", "a b")),
        ("sudo su you -c a", ("you", "a")),
        ("runuser -l you -c a", ("you", "a")),
        ("sudo -u you a", ("", "")),
    ],
)
def test_a_script_is_run_by_another_user(line: str, switched: tuple[str, str]) -> None:
    assert programs.switched(command(line)) == switched


@pytest.mark.parametrize(
    ("line", "forgets"),
    [
        ("a", False),
        ("env A=1 a", False),
        ("env -i a", True),
        ("nice env --ignore-environment a", True),
        ("sudo a", True),
        ("sudo -HE a", False),
        ("sudo --preserve-env=A a", False),
        ("doas a", True),
        ("gosu you a", False),
    ],
)
def test_some_programs_may_keep_the_variables_from_what_they_run(line: str, *, forgets: bool) -> None:
    assert programs.forgets_variables(command(line)) is forgets


# Installing


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("pip install a", "pip caches compiles ~/.cache/pip"),
        ("pip --no-cache-dir install a", "pip compiles ~/.cache/pip"),
        ("python3 -m pip install --no-cache --no-compile -r a.txt --requirement=b.txt", "pip ~/.cache/pip a.txt b.txt"),
        ("pip install --no-compile --compile --no-com --cache-dir /x a", "pip caches /x"),
        ("pip --cache-dir=/x install --no-ca a", "pip compiles ~/.cache/pip"),
        ("PIP_NO_CACHE_DIR=off pip3 install a", "pip compiles ~/.cache/pip"),
        ("PIP_NO_CACHE_DIR= PIP_CACHE_DIR=/c pip3 install a", "pip caches compiles /c"),
        ("HOME=/h XDG_CACHE_HOME= pip download a", "pip caches /h/.cache/pip"),
        ("XDG_CACHE_HOME=$HOME/c HOME=/h pip wheel a", "pip caches /h/c/pip"),
        ("PIP_NO_COMPILE=1 pip install a", "pip caches compiles ~/.cache/pip"),
        ("PIP_NO_COMPILE=0 pip install a", "pip caches ~/.cache/pip"),
        ("PIP_COMPILE=off pip install a", "pip caches ~/.cache/pip"),
        ("pip install /w/*.whl", "pip compiles ~/.cache/pip"),
        ("pip install --no-deps ./a.whl[x] /w/*", "pip compiles ~/.cache/pip"),
        ("pip install /w/a.whl b", "pip caches compiles ~/.cache/pip"),
        ("pip install -r a.txt /w/a.whl", "pip caches compiles ~/.cache/pip a.txt"),
        ("pip install https://x/a.whl", "pip caches compiles ~/.cache/pip"),
        ("PIP_CONFIG_FILE=/c pip install a", "pip ~/.cache/pip"),
        ("PIP_CONFIG_FILE=/c pip install --compile --cache-dir /x a", "pip caches compiles /x"),
        ("PIP_CONFIG_FILE=/dev/null pip install --dry-run a", "pip caches compiles ~/.cache/pip"),
        ("pipx install a", "pipx caches compiles ~/.cache/pip"),
        ("pipx install --pip-args='--no-cache-dir --no-compile' a", "pipx ~/.cache/pip"),
        ("uv pip install -r a.txt", "uv caches ~/.cache/uv a.txt"),
        ("uv pip sync -n a.txt", "uv ~/.cache/uv a.txt"),
        ("uv sync", "uv caches unlocked ~/.cache/uv"),
        ("uv --no-cache sync --frozen --compile-bytecode", "uv compiles locked ~/.cache/uv"),
        ("UV_LOCKED=1 UV_NO_CACHE=Yes UV_COMPILE_BYTECODE=t uv sync --no-dev", "uv compiles locked ~/.cache/uv"),
        ("UV_FROZEN=0 UV_NO_CACHE=0 UV_CACHE_DIR=/c uv sync --compile --no-compile", "uv caches unlocked /c"),
        ("UV_FROZEN=$X UV_NO_CACHE=$X uv sync --cache-dir=/x", "uv locked /x"),
        ("uv add a", "uv caches ~/.cache/uv"),
        ("UV_CONFIG_FILE=/c uv add a", "uv ~/.cache/uv"),
        ("uvx a --help", "uv caches ~/.cache/uv"),
        ("uv tool install a", "uv caches ~/.cache/uv"),
        ("uvx --no-cache a --cache-dir x", "uv ~/.cache/uv"),
        ("uv tool run a", "uv caches ~/.cache/uv"),
        ("poetry install --no-root", "poetry caches locked ~/.cache/pypoetry"),
        ("POETRY_CACHE_DIR='~/x' poetry sync --no-cache --compile", "poetry caches compiles locked ~/x"),
        ("poetry add -G dev a", "poetry caches ~/.cache/pypoetry"),
        ("pipenv install --deploy --system", "pipenv caches compiles locked ~/.cache/pipenv"),
        ("pipenv sync --extra-pip-args='--no-cache-dir --no-compile'", "pipenv locked ~/.cache/pipenv"),
        ("PIPENV_CACHE_DIR=/c pipenv install -r a.txt", "pipenv caches compiles unlocked /c a.txt"),
        ("PIP_NO_CACHE_DIR=1 pipenv update", "pipenv compiles unlocked ~/.cache/pipenv"),
        ("pdm sync -G x", "pdm caches ~/.cache/pdm"),
        ("pdm --no-cache install", "pdm ~/.cache/pdm"),
        ("PDM_NO_CACHE=0 PDM_CACHE_DIR=/c pdm add a", "pdm /c"),
        ("conda install -y a", "conda caches compiles */pkgs"),
        ("CONDA_DIR=/opt/c mamba env create -f a.yml", "mamba caches compiles /opt/c/pkgs"),
        ("CONDA_PKGS_DIRS=/p micromamba create -n a", "micromamba caches compiles /p"),
        ("python setup.py install --user", "setup.py compiles "),
        ("./setup.py install --no-compile", "setup.py "),
        ("sudo -H pip install a", "pip caches compiles ~/.cache/pip"),
    ],
    ids=str,
)
def test_an_installer_is_known_with_what_it_leaves(line: str, told: str) -> None:
    found = installed(line)
    lock = {None: [], True: ["locked"], False: ["unlocked"]}[found.locked]
    said = ["caches"] * found.caches + ["compiles"] * found.compiles + lock
    assert " ".join([found.tool, *said, found.cache_directory, *found.requirements]) == told
    assert repr(found) == f"<Install {found.tool}>"


@pytest.mark.parametrize(
    "line",
    lines(
        "pip list | pip --version | pip uninstall a | pip config set a b | pip cache purge | pip | uv lock"
        " | uv pip list | uv run a | uv venv | poetry lock | poetry run a | pipenv lock | pdm lock"
        " | conda clean -a | conda env list | python setup.py sdist | pipx list | apt-get install pip"
        " | npm install | docker run pip install a | python a.py install | pip-install a | pip install --help"
        " | uv sync --dry-run | uvx --help a | poetry install -h | poetry install --dry-run | pipenv install -h"
        " | pdm sync --dry-run | pipx install --help | conda install -d a | mamba install --download-only a"
    ),
)
def test_what_installs_nothing_is_no_installer(line: str) -> None:
    assert installers.install(command(line), {}) is None


PIP = [sys.executable, "-m", "pip"]
CACHE_VARIABLES = (
    "PIP_NO_CACHE_DIR",
    "PIP_CACHE_DIR",
    "PIP_COMPILE",
    "PIP_NO_COMPILE",
    "XDG_CACHE_HOME",
    "UV_NO_CACHE",
)


def variables(text: str, home: str) -> dict[str, str]:
    kept = {name: value for name, value in environment().items() if name not in CACHE_VARIABLES}
    return kept | {"HOME": home} | dict(item.split("=", 1) for item in text.split())


@pytest.mark.skipif(sys.platform != "linux", reason="caches are elsewhere on other systems")
@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("", ""),
        ("PIP_NO_CACHE_DIR=1", ""),
        ("PIP_NO_CACHE_DIR=off", ""),
        ("PIP_NO_CACHE_DIR=", ""),
        ("PIP_NO_CACHE_DIR=1 PIP_CACHE_DIR=/x", ""),
        ("PIP_NO_CACHE_DIR=1", "--cache-dir=/y"),
        ("PIP_NO_CACHE=1", ""),
        ("PIP_CACHE_DIR=/x", ""),
        ("PIP_CACHE_DIR=~/x/", ""),
        ("PIP_CACHE_DIR=", ""),
        ("XDG_CACHE_HOME=/q", ""),
        ("XDG_CACHE_HOME=~/q PIP_CACHE_DIR=/x", "--cache-dir /z"),
        ("", "--no-cache-dir"),
        ("", "--no-cache"),
        ("", "--no-ca"),
        ("", "--no-cache-dir --cache-dir /y"),
        ("", "--cache-dir /y --no-cache-dir"),
    ],
)
def test_pip_says_itself_where_its_cache_is(given: str, options: str, tmp_path: Path) -> None:
    done = run([*PIP, "cache", "dir", *options.split()], tmp_path, variables(given, "/home/x"))
    found = installed(f"{given} pip install {options} a", HOME="/home/x")
    assert found.caches == (done.status == 0)
    if found.caches:
        assert found.cache_directory == done.text.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wheel") / "demo-1.0-py3-none-any.whl"
    about = "demo-1.0.dist-info"
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("demo.py", "")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        file.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{about}/RECORD", f"demo.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return made


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("", ""),
        ("PYTHONDONTWRITEBYTECODE=1", ""),
        ("PIP_NO_COMPILE=1", ""),
        ("PIP_NO_COMPILE=0", ""),
        ("PIP_COMPILE=0", ""),
        ("PIP_COMPILE=0", "--compile"),
        ("PIP_NO_COMPILE=1 PIP_COMPILE=0", ""),
        ("PIP_COMPILE=0 PIP_NO_COMPILE=1", ""),
        ("", "--no-compile"),
        ("", "--no-com"),
        ("", "--no-compile --compile"),
    ],
)
def test_pip_compiles_when_it_is_said_to(given: str, options: str, wheel: Path, tmp_path: Path) -> None:
    place = ["--no-index", "--no-deps", "--target", str(tmp_path / "t"), str(wheel)]
    done = run([*PIP, "install", *options.split(), *place], tmp_path, variables(given, str(tmp_path)))
    assert done.status == 0, done
    assert installed(f"{given} pip install {options} a").compiles == bool(list(tmp_path.glob("t/__pycache__/demo.*")))


UV = shutil.which("uv", path=os.path.dirname(sys.executable))


@pytest.mark.skipif(not UV, reason="uv is not in the environment of the tests")
@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("", ""),
        ("UV_NO_CACHE=1", ""),
        ("UV_NO_CACHE=0", ""),
        ("UV_NO_CACHE=1", "--cache-dir /x"),
        ("UV_NO_CACHE_DIR=1", ""),
        ("UV_CACHE_DIR=/c XDG_CACHE_HOME=/q", ""),
        ("XDG_CACHE_HOME=/q", ""),
        ("", "-n"),
        ("", "--no-cache-dir"),
        ("UV_CACHE_DIR=/c", "--cache-dir=/x"),
    ],
)
def test_uv_says_itself_where_its_cache_is(given: str, options: str, tmp_path: Path) -> None:
    done = run([str(UV), "cache", "dir", *options.split()], tmp_path, variables(given, "/home/x"))
    found = installed(f"{given} uv pip install {options} a", HOME="/home/x")
    assert (found.cache_directory if found.caches else "") == (done.text.strip() if ".tmp" not in done.text else "")


@pytest.mark.skipif(not UV, reason="uv is not in the environment of the tests")
@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("", ""),
        ("UV_COMPILE_BYTECODE=1", ""),
        ("UV_COMPILE_BYTECODE=0", ""),
        ("", "--compile-bytecode"),
        ("", "--compile --no-compile"),
    ],
)
def test_uv_compiles_when_it_is_asked_to(given: str, options: str, wheel: Path, tmp_path: Path) -> None:
    place = ["--offline", "--no-deps", "--python", sys.executable, "--target", str(tmp_path / "t"), str(wheel)]
    done = run([str(UV), "pip", "install", *options.split(), *place], tmp_path, variables(given, str(tmp_path)))
    assert done.status == 0, done
    assert installed(f"{given} uv pip install {options} a").compiles == bool(
        list(tmp_path.glob("t/__pycache__/demo.*"))
    )


@pytest.mark.parametrize(
    "line",
    lines(
        "python -m compileall . | python -m py_compile a.py | py3compile -p a | uv sync --compile-bytecode"
        " | pip install --compile a | UV_COMPILE_BYTECODE=1 uv pip install a | poetry install --compile"
        " | PIP_COMPILE=1 pip install a | sudo pycompile a"
    ),
)
def test_bytecode_that_is_asked_for_is_written_on_purpose(line: str) -> None:
    assert installers.compiles_on_purpose(command(line), {})


@pytest.mark.parametrize(
    "line",
    lines(
        "pip install a | PIP_COMPILE=0 pip install a | pip install --no-compile a | uv sync | poetry install | python a.py | ls"
        " | conda install a | PIP_NO_COMPILE=1 pip install a | pip install --compile --no-compile a"
    ),
)
def test_bytecode_that_nobody_asked_for_is_not_on_purpose(line: str) -> None:
    assert not installers.compiles_on_purpose(command(line), {})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("pip config set global.no-cache-dir true", {"PIP_NO_CACHE_DIR": "true"}),
        ("python -m pip config --user set install.no-compile no", {"PIP_NO_COMPILE": "no"}),
        ("poetry config cache-dir /x", {"POETRY_CACHE_DIR": "/x"}),
        ("pdm config cache_dir /x", {"PDM_CACHE_DIR": "/x"}),
        ("poetry config virtualenvs.create false", {}),
        ("poetry config cache-dir", {}),
        ("pip config list", {}),
        ("git config cache-dir /x", {}),
        ("pip install config a", {}),
    ],
    ids=str,
)
def test_what_a_configuration_is_set_to_is_known_as_a_variable(line: str, told: dict[str, str]) -> None:
    assert installers.configured(command(line)) == told


# Removing


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("rm -rf /root/.cache /tmp/*", "/root/.cache /tmp"),
        ("sudo rm -fr ~/.cache/pip/ $HOME/x ${HOME}/y ~", "~/.cache/pip ~/x ~/y ~"),
        ("HOME=/h rm --recursive ~/a/*", "/h/a"),
        ("POETRY_CACHE_DIR=/p rm -R $POETRY_CACHE_DIR $OTHER/x /*", "/p $OTHER/x /"),
        ("rm -f /x", ""),
        ("find /root/.cache -delete", "/root/.cache"),
        ("find /a /b/ -mindepth 1 -delete", "/a /b"),
        ("find /a -name x -delete", ""),
        ("pip cache purge", "~/.cache/pip"),
        ("HOME=/h python3 -m pip cache purge", "/h/.cache/pip"),
        ("pip cache remove x", ""),
        ("UV_CACHE_DIR=/c uv cache clean", "/c"),
        ("uv cache clean x", ""),
        ("uv cache prune", ""),
        ("poetry cache clear --all pypi -n", "~/.cache/pypoetry"),
        ("poetry cache clear pypi", ""),
        ("poetry install --all", ""),
        ("pipenv --clear", "~/.cache/pipenv"),
        ("pdm cache clear", "~/.cache/pdm"),
        ("conda clean -afy", "*/pkgs */pkgs"),
        ("CONDA_DIR=/c mamba clean --all --yes", "/c/pkgs */pkgs"),
        ("micromamba clean -p", "*/pkgs */pkgs"),
        ("conda clean -t", ""),
        ("conda install -a", ""),
        ("npm cache clean", ""),
    ],
    ids=str,
)
def test_what_a_command_removes_is_known(line: str, paths: str) -> None:
    assert " ".join(installers.removed(command(line))) == paths


def test_the_variables_outside_of_a_command_say_what_it_removes() -> None:
    assert installers.removed(command("rm -r ~/.cache"), {"HOME": "/h"}) == ["/h/.cache"]


def test_a_directory_goes_with_the_one_that_it_lies_in() -> None:
    assert installers.is_removed("/root/.cache/pip", ["/tmp", "/root/.cache"])
    assert installers.is_removed("/root/.cache/pip", ["/root/.cache/pip/"])
    assert installers.is_removed("/x", ["/"])
    assert installers.is_removed("~/a", ["~/a"])
    assert not installers.is_removed("/root/.cache", ["/root/.cache/pip"])
    assert not installers.is_removed("/root/.cachet", ["/root/.cache"])
    assert installers.is_removed(installers.SOME_PACKAGES, ["/opt/miniconda/pkgs"])
    assert not installers.is_removed(installers.SOME_PACKAGES, ["/opt/x"])


@pytest.mark.parametrize(
    ("user", "directory"), [("", "/root"), ("0:0", "/root"), ("root", "/root"), ("app:x", "/home/app"), ("1000", "/")]
)
def test_a_user_has_a_home(user: str, directory: str) -> None:
    assert installers.home(user) == directory


@pytest.mark.parametrize(
    ("line", "removes"),
    [
        ("find / -name __pycache__ -prune -exec rm -rf {} +", True),
        ("find . -name '*.py[co]' -delete", True),
        ("find . -name '*.pyc' -print0", True),
        ("rm -rf app/__pycache__", True),
        ("pyclean .", True),
        ("python -Bc \"import x; x.rglob('*.py[co]')\"", True),
        ("python -c 'import x'", False),
        ("git clean -xfd", True),
        ("git -C src clean -f -X", True),
        ("git clean -fd --exclude=x", False),
        ("find . -name '*.py'", False),
        ("ls __pycache__", False),
    ],
    ids=str,
)
def test_bytecode_is_removed_by_its_names(line: str, removes: bool) -> None:  # noqa: FBT001 - a column of the table
    assert installers.removes_bytecode(command(line)) is removes


# Tools


@pytest.mark.parametrize(
    ("line", "tools"),
    [
        ("pytest -q", "pytest"),
        ("python -m pytest --cov=a", "pytest coverage"),
        ("uv run pytest --cov", "pytest coverage"),
        ("pytest --co", ""),
        ("pytest --version", ""),
        ("mypy a", "mypy"),
        ("stubtest a", "mypy"),
        ("dmypy run -- a", "mypy daemon"),
        ("dmypy status", ""),
        ("ruff check", "ruff"),
        ("uvx ruff@0.9 --config x format", "ruff"),
        ("ruff check --show-settings", ""),
        ("ruff rule E501", ""),
        ("coverage run -m pytest", "coverage pytest"),
        ("python -m coverage run --source a -p b.py", "coverage"),
        ("coverage html", ""),
        ("tox -e py", "tox"),
        ("nox", "nox"),
        ("lint-imports", "import-linter"),
        ("black .", ""),
    ],
    ids=str,
)
def test_the_tools_of_a_command_are_known(line: str, tools: str) -> None:
    assert " ".join(programs.tools_run(command(line))) == tools


CACHES = {"pytest": ".pytest_cache", "mypy": ".mypy_cache", "ruff": ".ruff_cache", "coverage": ".coverage"}


@pytest.mark.parametrize(
    "line",
    [
        "pytest -q",
        "pytest --version",
        "pytest --co -q",
        "pytest --markers",
        "pytest --fixtures",
        "pytest --cache-show",
        "mypy test_a.py",
        "mypy --version",
        "mypy --no-incremental test_a.py",
        "stubtest test_a --ignore-missing-stub",
        "ruff check",
        "ruff format --check",
        "ruff rule E501",
        "ruff check --show-settings",
        "ruff --version",
        "coverage run test_a.py",
        "coverage run -m pytest -q",
        "coverage run --branch --data-file=.coverage -m pytest -p no:x",
        "coverage help",
    ],
    ids=str,
)
def test_a_tool_writes_just_the_caches_that_are_known(line: str, tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_a() -> None:\n    pass\n")
    name, *operands = line.split()
    env = {
        key: value
        for key, value in environment().items()
        if not key.startswith(("PYTEST_", "COVERAGE_", "COV_", "MYPY", "RUFF"))
    }
    run([tool(name), *operands], tmp_path, env)
    written = {each for each, cache in CACHES.items() if (tmp_path / cache).exists()}
    assert written == set(programs.tools_run(command(line)))


# Containers


def container(line: str) -> docker.DockerRun:
    found = docker.docker_run(command(line))
    assert found is not None
    return found


def test_the_options_of_docker_run_are_read_up_to_the_image() -> None:
    found = container(
        'A=1 sudo docker --context x run --rm -it -v "$PWD":/app:ro,z --volume=/b:/c -v /only -e A -e B -eC=d=e --env F= '
        '--env-file x.env -u "$(id -u):$(id -g)" -w /app --name n -p80:80 --init=true -i=false img:1 python -v x:y'
    )
    assert found.program == "docker"
    assert found.mounts == [("$PWD", "/app", True), ("/b", "/c", False)]
    assert found.environment == {"A": "1", "B": "$B", "C": "d=e", "F": ""}
    assert found.environment_files == ["x.env"]
    assert found.user == "$(id -u):$(id -g)"
    assert found.working_directory == "/app"
    assert found.image == "img:1"
    assert found.words == ["python", "-v", "x:y"]
    assert repr(found) == "<DockerRun img:1>"


@pytest.mark.parametrize(
    ("option", "mounts"),
    [
        ("-v a:/b", [("a", "/b", False)]),
        ("-v '${X:-y}:/b:rw'", [("${X:-y}", "/b", False)]),
        ("-v '$(pwd):/b'", [("$(pwd)", "/b", False)]),
        ("-v '${{ github.workspace }}:/b'", [("${{ github.workspace }}", "/b", False)]),
        ("-v 'C:\\x:/b:ro'", [("C:\\x", "/b", True)]),
        ("-v 'C:/x:/b'", [("C:/x", "/b", False)]),
        ("--mount type=bind,source=/a,target=/b", [("/a", "/b", False)]),
        ("--mount type=bind,src=/a,dst=/b,readonly", [("/a", "/b", True)]),
        ("--mount type=bind,src=/a,destination=/b,ro=true", [("/a", "/b", True)]),
        ("--mount type=bind,src=/a,dst=/b,readonly=false", [("/a", "/b", False)]),
        ("--mount 'type=bind,src=$(a , b),dst=/b'", [("$(a , b)", "/b", False)]),
        ("--mount type=bind,src=,dst=", [("", "", False)]),
        ("--mount type=volume,source=a,target=/b", []),
        ("--mount source=a,target=/b", []),
        ("--tmpfs /a:rw", []),
    ],
    ids=str,
)
def test_a_mount_is_read_in_every_form(option: str, mounts: list[tuple[str, str, bool]]) -> None:
    assert container(f"docker run {option} img").mounts == mounts


def test_other_engines_and_other_forms_are_read_too() -> None:
    assert container("podman run --userns=keep-id --rmi --env-host img a").words == ["a"]
    assert container("nerdctl -n x container create img").image == "img"
    assert container("docker run --entrypoint '' img a").words == ["a"]
    assert container("docker run --entrypoint pytest img -q").words == ["pytest", "-q"]
    assert container("docker run").image == ""
    assert container("docker run img").user is None
    for line in (
        "docker build .",
        "docker compose run x",
        "docker exec -it x a",
        "docker",
        "docker container ls",
        "a run img",
    ):
        assert docker.docker_run(command(line)) is None


@pytest.mark.skipif(not shutil.which("docker"), reason="no docker")
def test_the_flags_of_docker_run_are_those_that_docker_says(tmp_path: Path) -> None:
    done = run(["docker", "run", "--help"], tmp_path, environment())
    if done.status or "--sig-proxy" not in done.text:
        pytest.skip("another program called docker")
    flags = set()
    for line in done.lines:
        names, _, rest = line.strip().partition(" --" if line.startswith("  -") else "--")
        if line.startswith(("      --", "  -")) and rest:
            long, _, kind = rest.partition(" ")
            if not kind or kind.startswith(" "):
                flags |= {f"--{long}", *([names.rstrip(",")] if names else [])}
    assert flags == docker.DOCKER_FLAGS


WORDS = st.lists(
    st.sampled_from(
        [
            *"python pip uv run poetry docker -m -c -- --mount -v a:b:c:d type=bind,=, sudo env A=1 -e -r -X rm ~".split(),
            *("$HOME", "/*", "", "-", "\n", "ä"),
            *"find -delete coverage pytest conda clean -p -o uvx @ = setup.py install config set a. x.y: --cov -t=".split(),
        ]
    ),
    max_size=7,
)


@given(
    WORDS,
    st.dictionaries(st.sampled_from(["HOME", "PIP_COMPILE", "UV_NO_CACHE", "XDG_CACHE_HOME"]), st.text(max_size=4)),
)
def test_no_command_line_makes_the_tables_fail(given_words: list[str], variables_given: dict[str, str]) -> None:
    for each in (Command(given_words), Command(given_words, 1, variables_given)):
        assert len(programs.unwrapped(each).words) <= len(given_words) + 1
        assert programs.imports_project(each) <= programs.runs_python(each)
        found = installers.install(each, variables_given)
        assert found is None or found.tool
        assert not (installers.compiles_on_purpose(each, variables_given) and installers.removed(each, variables_given))
        assert len(installers.configured(each)) <= 1
        assert isinstance(installers.removes_bytecode(each), bool)
        assert set(programs.tools_run(each)) <= {"pytest", "coverage"}
        ran = docker.docker_run(each)
        assert ran is None or len(ran.words) <= len(given_words)
