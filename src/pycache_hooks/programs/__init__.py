"""What a command line does, as far as caches go: pure functions over the words of a command, and tables of programs.

Here: what is behind programs that run others, whether it is Python, and which tools it starts. Installers and what empties
their caches are in `installers`, ``docker run`` in `docker`.
The tables were measured with pip 23.2, uv 0.13.8, poetry 1.8.5 and 2.5.1, pipenv 2026.10, PDM 2.29 (read), mypy, ruff and
pytest of 2026, and Docker 28.2; the tests hold them to those that can be had. A program that is not known is no Python.
"""

from __future__ import annotations

from pycache_hooks import prevention
from pycache_hooks.readers.shell import Command, is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping, Sequence

ROOT = ("", "0", "root")
"""What a user may be called who is root, if nothing else says who it is."""

PYTEST = ("pytest", "py.test")
COVERAGE = ("coverage", "coverage3")

_MOST_WRAPPERS = 10

_WRAPPERS: dict[str, tuple[tuple[str, ...], int]] = {
    "builtin": ((), 0),
    "catatonit": ((), 0),
    "chronic": ((), 0),
    "command": ((), 0),
    "dbus-run-session": (("--config-file",), 0),
    "ddtrace-run": ((), 0),
    "doas": (("-u", "-C", "-a"), 0),
    "dumb-init": (("-r", "--rewrite"), 0),
    "env": (("-u", "--unset", "-C", "--chdir", "-S", "--split-string"), 0),
    "exec": (("-a",), 0),
    "gosu": ((), 1),
    "ionice": (("-c", "-n", "-p", "--class", "--classdata"), 0),
    "nice": (("-n", "--adjustment"), 0),
    "nohup": ((), 0),
    "opentelemetry-instrument": ((), 0),
    "s6-setuidgid": ((), 1),
    "setpriv": (
        tuple(
            "--ambient-caps --inh-caps --bounding-set --ruid --euid --rgid --egid --reuid --regid --groups --securebits "
            "--pdeathsig --selinux-label --apparmor-profile".split()
        ),
        0,
    ),
    "setsid": ((), 0),
    "stdbuf": (("-i", "-o", "-e", "--input", "--output", "--error"), 0),
    "su-exec": ((), 1),
    "sudo": (
        tuple(
            "-u -g -h -p -C -D -R -T -U -r -t --user --group --host --prompt --close-from --chdir --chroot "
            "--command-timeout --other-user --role --type".split()
        ),
        0,
    ),
    "time": (("-f", "-o", "--format", "--output"), 0),
    "timeout": (("-k", "-s", "--kill-after", "--signal"), 1),
    "tini": (("-p", "-e"), 0),
    "unbuffer": ((), 0),
    "xargs": (
        tuple(
            "-I -n -P -d -E -L -s -a --max-args --max-procs --max-chars --delimiter --arg-file --process-slot-var".split()
        ),
        0,
    ),
    "xvfb-run": (
        tuple("-e -f -n -p -s -w --error-file --auth-file --server-num --xauth-protocol --server-args --wait".split()),
        0,
    ),
}
"""Programs that run the command behind them: the options that take a value, and how many other words come before it."""

_BEHIND_DASHES = frozenset(
    "aws-vault chamber doppler infisical op wait-for wait-for-it wait-for-it.sh wait-for.sh wait_for_it.sh".split()
)
"""Programs that run the command behind their ``--``."""

UV_VALUED = frozenset(
    "-C -P -b -c -e -f -i -p -r -t -w --allow-insecure-host --bounds --branch --build-constraint --build-constraints "
    "--cache-dir --cert --color --config-file --config-setting --config-settings --config-settings-package --constraint "
    "--constraints --default-index --directory --editable --env-file --exclude-newer --exclude-newer-package --excludes "
    "--extra --extra-index-url --find-links --fork-strategy --from --group --index --index-strategy --index-url "
    "--keyring-provider --link-mode --marker --no-binary --no-binary-package --no-build-isolation-package "
    "--no-build-package --no-editable-package --no-extra --no-group --no-install-package --no-sources-package "
    "--only-binary --only-group --optional --output-format --override --overrides --package --prefix --prerelease "
    "--prerelease-package --project --python --python-platform --python-preference --python-version --refresh-package "
    "--reinstall-package --requirement --requirements --resolution --rev --script --tag --target --torch-backend "
    "--upgrade-group --upgrade-package --with --with-editable --with-requirements".split()
)
UV_RUN_VALUED = UV_VALUED - {"-c", "-e", "-r", "-t", "-b", "--script"}

_RUNNERS: dict[str, tuple[Collection[str], list[str]]] = {
    "conda": (("-n", "--name", "-p", "--prefix", "--cwd"), ["run"]),
    "hatch": (("-e", "--env", "-p", "--project", "--data-dir", "--cache-dir", "--config"), ["run"]),
    "mamba": (("-n", "--name", "-p", "--prefix", "--cwd"), ["run"]),
    "micromamba": (("-n", "--name", "-p", "--prefix", "--cwd", "-r", "--root-prefix", "-e", "--env"), ["run"]),
    "pdm": (("-p", "--project", "-c", "--config"), ["run"]),
    "pipenv": (("--python",), ["run"]),
    "pipx": (("--spec", "--python", "--pip-args", "-i", "--index-url"), ["run"]),
    "pixi": (("-e", "--environment", "--manifest-path"), ["run"]),
    "poetry": (("-C", "--directory", "-P", "--project"), ["run"]),
    "rye": (("--pyproject",), ["run"]),
    "uv": (UV_RUN_VALUED, ["run"]),
    "uvx": (UV_RUN_VALUED, []),
}
"""Programs that run a command in an environment: the options that take a value, and the subcommand."""

_PYTHON_PROGRAMS = frozenset(
    "accelerate airflow alembic ansible ansible-galaxy ansible-lint ansible-playbook autoflake autopep8 bandit behave black "
    "blackd bpython bump-my-version bump2version bumpversion celery chainlit circusd conda cookiecutter copier coverage "
    "coverage3 cython cythonize cz dagster daphne datasette dbt ddtrace-run deepspeed deptry django-admin djlint dmypy "
    "docformatter doit dramatiq dvc easy_install fab fastapi flake8 flask flit gunicorn hatch honcho huey_consumer "
    "huggingface-cli hypercorn inv invoke ipython ipython3 isort jupyter jupyter-lab jupyter-notebook jupyter-server "
    "jupyterhub lint-imports litestar locust luigi meson mkdocs mlflow molecule mutmut mypy newrelic-admin nox odoo odoo-bin "
    "opentelemetry-instrument papermill pdm pdoc pelican pip-audit pip-compile pip-sync pipenv pipx poetry pre-commit "
    "prefect pserve ptpython py.test pycodestyle pydocstyle pyflakes pyinstaller pylint pyproject-build pytest pytype "
    "pyupgrade radon robot rq rqworker sanic scrapy snakemake spacy sphinx-apidoc sphinx-build sphinx-quickstart sqlfluff "
    "streamlit stubgen stubtest superset supervisorctl supervisord tensorboard torchrun towncrier tox twine uvicorn uwsgi "
    "virtualenv vllm vulture waitress-serve watchmedo yamllint yapf".split()
)
"""Programs that are written in Python (mypy too, which is compiled for the most part), or run it inside of themselves (uwsgi)."""

_OTHER_PROGRAMS = frozenset(
    "bash cat cd chmod cp dash echo env false find git grep just ls make mkdir mv node npm npx printf prek pyrefly rm ruff "
    "rumdl sed sh sleep tail task tee test touch true ty uv which zsh".split()
)
"""Programs that are started in a Python environment, and are no Python themselves."""

_READING = frozenset(
    "ansible ansible-galaxy ansible-lint ansible-playbook autoflake autopep8 bandit black blackd build bump-my-version "
    "bump2version bumpversion codespell compileall conda cookiecutter copier cython cythonize cz deptry djlint dmypy "
    "docformatter dvc easy_install ensurepip flake8 flit hatch huggingface-cli isort meson mypy pdm pip-audit pip-compile "
    "pip-sync pipenv piptools pipx poetry pre-commit pre_commit py_compile pycodestyle pydocstyle pyflakes pylint "
    "pyproject-build pyupgrade radon site sqlfluff stubgen supervisorctl supervisord sysconfig tensorboard towncrier twine "
    "venv virtualenv vulture yamllint yapf zipfile".split()
)
"""Programs and modules written in Python that import nothing from the working directory, or install into elsewhere."""

_LOADING = frozenset(
    "cProfile debugpy django doctest memray pdb profile ptvsd pyinstrument scalene sphinx spin trace unittest viztracer "
    "watchdog watchfiles".split()
)
"""Modules that are started with -m to import or run the project, next to the programs that are modules, too."""

_READING_MODULES = ("http.server", "json.tool")
_INFORMATION = ("-V", "--version", "-h", "--help", "--help-all", "--help-env", "--help-xoptions")


def name_of(word: str) -> str:
    """The name of the program that *word* starts, in lower case."""
    if word.isidentifier():  # as most are
        return word.lower()
    return word.rpartition("/")[2].rpartition("\\")[2].lower().removesuffix(".exe")


def is_root(user: str) -> bool:
    """Whether *user*, with or without a group behind a colon, is root."""
    return user.partition(":")[0] in ROOT


# Options


def split_options(
    words: Sequence[str], valued: Container[str], *, leading: bool = False
) -> tuple[list[tuple[str, str]], list[str]]:
    """The options among *words* with their values, and the other words.

    *valued*: the options that take a value. *leading*: options end at the first word that is none. ``--`` ends them anyway.
    """
    options: list[tuple[str, str]] = []
    others: list[str] = []
    number = 0
    while number < len(words):
        word = words[number]
        if word[:1] != "-" or word == "-":
            if leading:
                break
            others.append(word)
            number += 1
            continue
        number += 1
        if word == "--":
            break
        number += _take(word, words[number : number + 1], valued, options)
    return options, [*others, *words[number:]]


def _take(word: str, following: Sequence[str], valued: Container[str], options: list[tuple[str, str]]) -> int:
    """Add the options of *word*, which may be ``--name=value`` or ``-itv``. Returns how many words they take besides."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        takes = not equals and name in valued
        options.append((name, "".join(following) if takes else value))
        return takes
    for at in range(1, len(word)):
        name, value = f"-{word[at]}", word[at + 1 :]
        if name in valued:
            options.append((name, value.removeprefix("=") or "".join(following)))
            return not value
        options.append((name, ""))
        if value.startswith("="):
            break
    return 0


def option_values(words: Sequence[str], names: Collection[str]) -> list[str]:
    """The values that *words* give the options *names*, in order."""
    return [value for name, value in split_options(words, names)[0] if name in names]


# What is behind other programs


def unwrapped(command: Command) -> Command:
    """The command that *command* comes to, without the programs that only run another one."""
    return layers_of(command)[-1]


def layers_of(command: Command) -> list[Command]:
    """The command, the one that it runs, and so on."""
    layers = [command]
    if command.inner is None:
        while len(layers) <= _MOST_WRAPPERS and (inner := _wrapped(layers[-1])):
            layers.append(inner)
        command.inner = layers[1:]
        return layers
    return [command, *command.inner]


def _wrapped(command: Command) -> Command | None:
    if not command.words:
        return None
    name = name_of(command.words[0])
    environment = command.environment
    if name in _WRAPPERS:
        rest, assigned = _behind(name, command.words[1:])
        environment = {**environment, **assigned} if assigned else environment
    elif name in _BEHIND_DASHES and "--" in command.words:
        rest = command.words[command.words.index("--") + 1 :]
    else:
        rest = _run_by(name, command.words[1:])
    return Command(rest, command.line, environment, command.outputs) if rest else None


def _behind(name: str, words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The command behind the wrapper *name*, and the variables that this sets."""
    valued, skipped = _WRAPPERS[name]
    options, rest = split_options(words, valued, leading=True)
    if name == "command" and any(option in ("-v", "-V") for option, _ in options):
        return [], {}
    unset = [value for option, value in options if name == "env" and option in ("-u", "--unset")]
    assigned = dict.fromkeys(unset, "")
    number = skipped
    while name in ("env", "sudo", "doas") and number < len(rest) and "=" in rest[number]:
        variable, _, value = rest[number].partition("=")
        if not is_name(variable):
            break
        assigned[variable] = value
        number += 1
    return rest[number:], assigned


_ASKING_FOR_USER = {"sudo": ("-u", "--user"), "doas": ("-u",), "setpriv": ("--reuid",)}
_FORGETTING = ("env", "sudo", "doas")
_NAMING_USER = ("gosu", "s6-setuidgid", "su-exec")
_SWITCHING = ("su", "runuser")
_SWITCHING_VALUED = (
    *("-c", "--command", "-g", "--group", "-G", "--supp-group", "-s", "--shell", "-u", "--user", "-w"),
    "--whitelist-environment",
)


def user_of(command: Command, user: str) -> str:
    """Who runs what *command* comes to, if *user* starts it: sudo and its kin switch to another one."""
    for layer in layers_of(command)[:-1]:
        name = name_of(layer.words[0])
        if name in _ASKING_FOR_USER:
            options, _ = split_options(layer.words[1:], _WRAPPERS[name][0], leading=True)
            given = [value for option, value in options if option in _ASKING_FOR_USER[name]]
            user = given[-1] if given else user if name == "setpriv" else "root"
        elif name in _NAMING_USER:
            user = layer.words[1]
    return user


def forgets_variables(command: Command) -> bool:
    """Whether something in *command* may keep the variables from what it comes to: sudo leaves that to its configuration."""
    for layer in layers_of(command)[:-1]:
        name = name_of(layer.words[0])
        if name in _FORGETTING:
            options, _ = split_options(layer.words[1:], _WRAPPERS[name][0], leading=True)
            given = {option for option, _ in options}
            if given & {"-i", "--ignore-environment"} if name == "env" else not given & {"-E", "--preserve-env"}:
                return True
    return False


def switched(command: Command) -> tuple[str, str]:
    """The user that ``su -c`` and ``runuser`` switch to, and the script that they run; nothing of another command."""
    words = unwrapped(command).words
    if name_of(words[0]) not in _SWITCHING:
        return "", ""
    options, rest = split_options(words[1:], _SWITCHING_VALUED)
    names = [word for word in rest if word != "-"]
    return "".join(names[:1]) or "root", "".join(value for name, value in options if name in ("-c", "--command"))


def _run_by(name: str, words: Sequence[str]) -> list[str]:
    """The command that ``uv run`` and its kin run."""
    if name not in _RUNNERS:
        return []
    valued, subcommand = _RUNNERS[name]
    options, rest = split_options(words, valued, leading=True)
    if name == "uv" and rest[:2] == ["tool", "run"]:
        return _run_by("uvx", rest[2:])
    if rest[: len(subcommand)] != subcommand:
        return []
    if subcommand:
        options, rest = split_options(rest[1:], valued, leading=True)
    given = {option for option, _ in options}
    if name == "uv" and rest and given & {"-m", "--module", "-s", "--script"}:
        return ["python", *(["-m"] if given & {"-m", "--module"} else []), *rest]
    if name in ("uvx", "pipx") and rest:
        rest[0] = rest[0].partition("@")[0].partition("=")[0]
    return rest


# Python


class Interpreter:
    """A command line of Python: its ``options``, the ``module`` of -m, the ``code`` of -c, and the ``rest`` behind them."""

    __slots__ = ("code", "module", "options", "rest")

    def __init__(self, words: Sequence[str]) -> None:
        self.options: list[tuple[str, str]] = []
        self.module = self.code = ""
        number = 1
        while number < len(words) and words[number].startswith("-") and words[number] != "-":
            word = words[number]
            valued = ("-c", "-m", "-W", "-X", "--check-hash-based-pycs")
            number += 1 + _take(word, words[number + 1 : number + 2], valued, self.options)
            last = self.options[-1] if self.options else ("", "")
            if last[0] in ("-c", "-m"):
                self.code, self.module = last[1] * (last[0] == "-c"), last[1] * (last[0] == "-m")
                break
        self.rest = list(words[number:])

    def has(self, *names: str) -> bool:
        """Whether one of *names* is among the options."""
        return any(name in names for name, _ in self.options)

    @property
    def words(self) -> list[str]:
        """The module or the script, and its arguments."""
        return [self.module, *self.rest] if self.module else self.rest


def _is_interpreter(word: str) -> bool:
    if word.startswith("$"):
        return word.strip("${}").startswith("PYTHON")
    name = name_of(word)
    for start in ("python", "pypy"):
        if name.startswith(start):
            return not name.removeprefix(start).removesuffix("d").removesuffix("t").strip("0123456789.")
    return name == "py"


_NO_PYTHON = Interpreter(())


def interpreter(command: Command) -> Interpreter | None:
    """How *command* starts Python, if it does so itself."""
    if command.python is None:
        is_python = command.words and _is_interpreter(command.words[0])
        command.python = Interpreter(command.words) if is_python else _NO_PYTHON
    return None if command.python is _NO_PYTHON else command.python


def words_of(command: Command) -> list[str]:
    """The program and its arguments; of a Python its module or script, with the arguments of that."""
    python = interpreter(command)
    return python.words if python else command.words


def ignores_bytecode(command: Command) -> bool:
    """Whether *command* is a Python whose own options stop the writing of bytecode, or move it."""
    python = interpreter(command)
    return python is not None and (
        python.has("-B") or any(name == "-X" and value.startswith("pycache_prefix=/") for name, value in python.options)
    )


def ignores_variables(command: Command) -> bool:
    """Whether *command* is a Python that does not look at the variables that begin with PYTHON."""
    python = interpreter(command)
    return python is not None and python.has("-E", "-I")


def runs_python(command: Command) -> bool:
    """Whether *command* starts a Python that imports code, and does not stop the writing of bytecode by an option."""
    layers = layers_of(command)
    return any(_is_python(layer) for layer in layers) or _is_from_environment(layers)


def imports_project(command: Command, scripts: Container[str] = ()) -> bool:
    """Whether *command* may import code from the working directory, so that bytecode is written there.

    pip and other installers do not, nor do programs that read the code without running it, such as black and mypy, and
    what is not known to do so: ``uv run pyright``. *scripts*: the programs that are the project's own.
    """
    layers = layers_of(command)
    last = layers[-1]
    if not _is_python(last) and not (_is_from_environment(layers) and name_of(last.words[0]) in scripts):
        return False
    python = interpreter(last)
    name = python.module if python else name_of(last.words[0])
    if name in _READING or is_pip(name) or name in _READING_MODULES:
        return False
    return not _does_less(name, python.rest if python else last.words[1:])


def _does_less(name: str, words: Sequence[str]) -> bool:
    """Whether a program that mostly imports the project is asked for something else."""
    if name == "tox":
        return "--notest" in words
    if name in COVERAGE:
        return words[:1] != ["run"]
    # Of an installed package: https://docs.pytest.org/en/stable/how-to/usage.html#testing-python-packages
    return name in PYTEST and "--pyargs" in words and not any("/" in w or ".py" in w for w in words)


def loads_project(module: str) -> bool:
    """Whether *module*, started with -m, imports the project that it is started in rather than itself only."""
    return module in _LOADING or module in _PYTHON_PROGRAMS


def _is_python(command: Command) -> bool:
    python = interpreter(command)
    if python:
        return not python.has(*_INFORMATION) and not ignores_bytecode(command)
    name = name_of(command.words[0]) if command.words else ""
    return name in _PYTHON_PROGRAMS or is_pip(name) or name.endswith((".py", ".pyz"))


def _is_from_environment(layers: list[Command]) -> bool:
    """Whether the last of *layers* is a program of a Python environment: most are written in Python."""
    last = layers[-1]
    inside = any(name_of(layer.words[0]) in _RUNNERS for layer in layers[:-1])
    return inside and interpreter(last) is None and name_of(last.words[0]) not in _OTHER_PROGRAMS


def is_pip(name: str) -> bool:
    """Whether the program or module *name* is pip: ``pip3.12`` too."""
    return name.startswith("pip") and not name.removeprefix("pip").strip("0123456789.")


# Tools

_SILENT = ("--version", "--help", "-h", "-V")
_COVERAGE_VALUED = tuple("--concurrency --context --data-file --include --omit --rcfile --save-signal --source".split())
_ALWAYS_WRITING = {
    "lint-imports": ["import-linter"],
    "mutmut": ["mutmut"],
    "mypy": ["mypy"],
    "nox": ["nox"],
    "pytype": ["pytype"],
    "stubtest": ["mypy"],
    "tox": ["tox"],
}


def tools_run(command: Command) -> list[str]:
    """The tools of the catalogue whose caches *command* writes. Whether hypothesis is used, no command line says."""
    return [tool for layer in layers_of(command) for tool in _tools(words_of(layer))]


def prevented(tool: str, command: Command, environment: Mapping[str, str]) -> bool:
    """Whether *command*, run in *environment*, keeps the cache of *tool* out of the working directory."""
    row = prevention.prevention(tool)
    if row is None:
        return False
    inner = unwrapped(command)
    force = {**environment, **inner.environment}
    if tool == "Python":
        return ignores_bytecode(inner) or (not ignores_variables(inner) and prevention.prevents_bytecode(force))
    if tool == "pytest":
        return prevention.pytest_disabled([*prevention.split(force.get(prevention.PYTEST_OPTIONS, "")), *inner.words])
    places = option_values(inner.words, row.moves)
    if option_values(inner.words, row.flags) or (places and prevention.elsewhere(places[-1])):
        return True
    outranked = row.place if places else ""
    return any(accepts(force.get(name, "")) for name, accepts in row.variables.items() if name != outranked)


def _tools(words: Sequence[str]) -> list[str]:
    name = name_of("".join(words[:1]))
    given = set(words[1:])
    if given.intersection(_SILENT):
        return []
    if name in PYTEST:
        return _pytest_caches(given)
    if name == "ruff":
        _, rest = split_options(words[1:], ("--config",), leading=True)
        return ["ruff"] if rest[:1] in (["check"], ["format"]) and "--show-settings" not in given else []
    if name in COVERAGE and words[1:2] == ["run"]:
        options, rest = split_options(words[2:], _COVERAGE_VALUED, leading=True)
        module = any(option in ("-m", "--module") for option, _ in options)
        return ["coverage", *(_tools(rest) if module else [])]
    if name == "dmypy":
        return ["mypy daemon"] if given & {"run", "start", "restart"} else []
    return _ALWAYS_WRITING.get(name, [])


def _pytest_caches(given: set[str]) -> list[str]:
    if given & {"--co", "--collect-only", "--markers", "--cache-show"}:
        return []
    measured = any(word == "--cov" or word.startswith("--cov=") for word in given)
    return ["pytest", "coverage"] if measured else ["pytest"]
