"""What a command line does, as far as caches go: pure functions over the words of a command, and tables of programs.

The tables were measured with pip 23.2, uv 0.13.8, poetry 1.8.5 and 2.5.1, pipenv 2026.10, PDM 2.29 (read), mypy, ruff and
pytest of 2026, and Docker 28.2; the tests hold them to those that can be had. A program that is not known is no Python.
"""

from __future__ import annotations

import posixpath

from pycache_hooks.readers.shell import Command, is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping, Sequence

PIP_TRUE = ("y", "yes", "t", "true", "on", "1")
"""What pip takes for true, in any case; uv too. pip's other words are those of `PIP_FALSE`, and anything else is an error."""

PIP_FALSE = ("n", "no", "f", "false", "off", "0")

_MOST_WRAPPERS = 10
_ELSEWHERE: Mapping[str, str] = {}

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

_UV_VALUED = frozenset(
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
_UV_RUN_VALUED = _UV_VALUED - {"-c", "-e", "-r", "-t", "-b", "--script"}

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
    "uv": (_UV_RUN_VALUED, ["run"]),
    "uvx": (_UV_RUN_VALUED, []),
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


def _program(word: str) -> str:
    return word.rpartition("/")[2].rpartition("\\")[2].lower().removesuffix(".exe")


# Options


def _options(
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
        number += _option(word, words[number : number + 1], valued, options)
    return options, [*others, *words[number:]]


def _option(word: str, following: Sequence[str], valued: Container[str], options: list[tuple[str, str]]) -> int:
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
    return [value for name, value in _options(words, names)[0] if name in names]


# What is behind other programs


def unwrapped(command: Command) -> Command:
    """The command that *command* comes to, without the programs that only run another one."""
    return _layers(command)[-1]


def _layers(command: Command) -> list[Command]:
    """*command*, the command that it runs, and so on."""
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
    name = _program(command.words[0])
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
    options, rest = _options(words, valued, leading=True)
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


def _run_by(name: str, words: Sequence[str]) -> list[str]:
    """The command that ``uv run`` and its kin run."""
    if name not in _RUNNERS:
        return []
    valued, subcommand = _RUNNERS[name]
    options, rest = _options(words, valued, leading=True)
    if name == "uv" and rest[:2] == ["tool", "run"]:
        return _run_by("uvx", rest[2:])
    if rest[: len(subcommand)] != subcommand:
        return []
    if subcommand:
        options, rest = _options(rest[1:], valued, leading=True)
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
            number += 1 + _option(word, words[number + 1 : number + 2], valued, self.options)
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
    name = _program(word)
    for start in ("python", "pypy"):
        if name.startswith(start):
            return not name.removeprefix(start).removesuffix("d").removesuffix("t").strip("0123456789.")
    return name == "py"


_NO_PYTHON = Interpreter(())


def _interpreter(command: Command) -> Interpreter | None:
    if command.python is None:
        is_python = command.words and _is_interpreter(command.words[0])
        command.python = Interpreter(command.words) if is_python else _NO_PYTHON
    return None if command.python is _NO_PYTHON else command.python


def ignores_bytecode(command: Command) -> bool:
    """Whether *command* is a Python whose own options stop the writing of bytecode, or move it."""
    python = _interpreter(command)
    return python is not None and (
        python.has("-B") or any(name == "-X" and value.startswith("pycache_prefix=/") for name, value in python.options)
    )


def ignores_variables(command: Command) -> bool:
    """Whether *command* is a Python that does not look at the variables that begin with PYTHON."""
    python = _interpreter(command)
    return python is not None and python.has("-E", "-I")


def runs_python(command: Command) -> bool:
    """Whether *command* starts a Python that imports code, and does not stop the writing of bytecode by an option."""
    layers = _layers(command)
    return any(_is_python(layer) for layer in layers) or _is_from_environment(layers)


def imports_project(command: Command, scripts: Container[str] = ()) -> bool:
    """Whether *command* may import code from the working directory, so that bytecode is written there.

    pip and other installers do not, nor do programs that read the code without running it, such as black and mypy, and
    what is not known to do so: ``uv run pyright``. *scripts*: the programs that are the project's own.
    """
    layers = _layers(command)
    last = layers[-1]
    if not _is_python(last) and not (_is_from_environment(layers) and _program(last.words[0]) in scripts):
        return False
    python = _interpreter(last)
    name = python.module if python else _program(last.words[0])
    if name in _READING or _is_pip(name) or name in _READING_MODULES:
        return False
    return not _does_less(name, python.rest if python else last.words[1:])


def _does_less(name: str, words: Sequence[str]) -> bool:
    """Whether a program that mostly imports the project is asked for something else."""
    if name == "tox":
        return "--notest" in words
    if name in ("coverage", "coverage3"):
        return words[:1] != ["run"]
    # Of an installed package: https://docs.pytest.org/en/stable/how-to/usage.html#testing-python-packages
    return name in ("pytest", "py.test") and "--pyargs" in words and not any("/" in w or ".py" in w for w in words)


def loads_project(module: str) -> bool:
    """Whether *module*, started with -m, imports the project that it is started in rather than itself only."""
    return module in _LOADING or module in _PYTHON_PROGRAMS


def interpreter(command: Command) -> Interpreter | None:
    """How *command* starts Python, if it does so itself."""
    return _interpreter(command)


def _is_python(command: Command) -> bool:
    python = _interpreter(command)
    if python:
        return not python.has(*_INFORMATION) and not ignores_bytecode(command)
    name = _program(command.words[0]) if command.words else ""
    return name in _PYTHON_PROGRAMS or _is_pip(name) or name.endswith((".py", ".pyz"))


def _is_from_environment(layers: list[Command]) -> bool:
    """Whether the last of *layers* is a program of a Python environment: most are written in Python."""
    last = layers[-1]
    inside = any(_program(layer.words[0]) in _RUNNERS for layer in layers[:-1])
    return inside and _interpreter(last) is None and _program(last.words[0]) not in _OTHER_PROGRAMS


def _is_pip(name: str) -> bool:
    return name.startswith("pip") and not name.removeprefix("pip").strip("0123456789.")


# Installing


class Install:
    """A command that installs packages with ``tool``.

    ``caches``: it leaves its downloads in ``cache_directory``, which is written as `expanded` does. ``compiles``: it writes
    bytecode beside what it installs, by its own options. ``locked``: it installs just what a lock file says; None where
    that does not apply. ``requirements``: the requirements files that it reads.
    """

    __slots__ = ("cache_directory", "caches", "compiles", "locked", "requirements", "tool")

    def __init__(  # noqa: PLR0913 - one argument an attribute
        self,
        tool: str,
        *,
        caches: bool,
        compiles: bool,
        cache_directory: str,
        locked: bool | None = None,
        requirements: Sequence[str] = (),
    ) -> None:
        self.tool = tool
        self.caches = caches
        self.compiles = compiles
        self.cache_directory = cache_directory
        self.locked = locked
        self.requirements = list(requirements)

    def __repr__(self) -> str:
        return f"<Install {self.tool}>"


def install(command: Command, environment: Mapping[str, str]) -> Install | None:
    """What *command* installs with, in *environment*; None if it installs nothing."""
    for layer in _layers(command):
        python = _interpreter(layer)
        words = python.words if python else layer.words
        name = "pip" if words and _is_pip(_program(words[0])) else _program("".join(words[:1]))
        if name in _INSTALLERS:
            found = _INSTALLERS[name](name, words[1:], {**environment, **layer.environment})
            if found:
                return found
    return None


def home(user: str) -> str:
    """The home directory that *user* of an image most likely has."""
    name = user.partition(":")[0]
    if name in ("", "0", "root"):
        return "/root"
    return "/" if name.isdecimal() else f"/home/{name}"


def expanded(path: str, environment: Mapping[str, str]) -> str:
    """*path* with the variables of *environment* in it, and without a slash or a star at its end.

    Where HOME is not known, ``~`` stands for it.
    """
    own = environment.get("HOME") or "~"
    path = own + path[1:] if path == "~" or path.startswith("~/") else path
    parts = [_value(part, environment, own) if part.startswith("$") else part for part in path.split("/")]
    return posixpath.normpath("/".join(parts).removesuffix("/*")) if path != "/*" else "/"


def _value(part: str, environment: Mapping[str, str], own: str) -> str:
    name = part.strip("${}")
    return own if name == "HOME" else environment.get(name, part)


def _cache(name: str, environment: Mapping[str, str], variable: str, given: str = "") -> str:
    base = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return expanded(given or environment.get(variable) or f"{base}/{name}", environment)


def _true(value: str) -> bool:
    return value.lower() in PIP_TRUE


def _unknown(value: str) -> bool:
    return "$" in value


_PIP_VALUED = frozenset(
    "-C -c -d -e -f -i -r -t -w --abi --build-constraint --build-option --cache-dir --cert --client-cert --config-settings "
    "--constraint --dest --editable --exists-action --extra-index-url --find-links --global-option --group "
    "--implementation --index-url --install-option --keyring-provider --log --no-binary --only-binary --platform --prefix "
    "--progress-bar --proxy --pypi-url --python --python-version --report --requirement --resume-retries --retries --root "
    "--root-user-action --src --target --timeout --trusted-host --upgrade-strategy --use-deprecated --use-feature "
    "--wheel-dir".split()
)


def _pip(_: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    options, rest = _options(words, _PIP_VALUED)
    if rest[:1] not in (["install"], ["download"], ["wheel"]):
        return None
    directory, compiles = _pip_choices(options, environment)
    return Install(
        "pip",
        caches=directory is not None,
        compiles=compiles and rest[0] == "install",
        cache_directory=_cache("pip", environment, "PIP_CACHE_DIR", directory or ""),
        requirements=[value for name, value in options if name in ("-r", "--requirement")],
    )


def _pip_choices(options: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> tuple[str | None, bool]:
    """The cache directory that pip's options give, "" if none, None if there is no cache; and whether pip compiles."""
    directory = None if environment.get("PIP_NO_CACHE_DIR") else ""
    compiles = _pip_compiles(environment)
    for name, value in options:
        if name == "--cache-dir":
            directory = value
        elif name.startswith("--no-ca") and "--no-cache-dir".startswith(name):
            directory = None
        elif name == "--compile" or (name.startswith("--no-com") and "--no-compile".startswith(name)):
            compiles = name == "--compile"
    return directory, compiles


def _pip_compiles(environment: Mapping[str, str]) -> bool:
    """Whether pip compiles without an option: of two variables the later one counts, and both are read as ``compile``."""
    found = [value for name, value in environment.items() if name in ("PIP_COMPILE", "PIP_NO_COMPILE") and value]
    return _true(found[-1]) if found else True


def _pipx(_: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    options, rest = _options(words, ("--pip-args", "--python", "-i", "--index-url", "--preinstall", "--suffix"))
    if rest[:1] not in (["install"], ["inject"], ["run"], ["upgrade"], ["install-all"]):
        return None
    extra = " ".join(value for name, value in options if name == "--pip-args").split()
    directory, compiles = _pip_choices([(word, "") for word in extra], environment)
    return Install(
        "pipx",
        caches=directory is not None,
        compiles=compiles,
        cache_directory=_cache("pip", environment, "PIP_CACHE_DIR"),
    )


def _uv(name: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    options, rest = _options(words, _UV_RUN_VALUED if name == "uvx" else _UV_VALUED, leading=name == "uvx")
    known = (["sync"], ["add"], ["pip", "install"], ["pip", "sync"], ["tool", "install"], ["tool", "run"])
    if name == "uv" and not any(rest[: len(start)] == start for start in known):
        return None
    names = [option for option, _ in options]
    off = environment.get("UV_NO_CACHE", "")
    caches = not (_true(off) or _unknown(off) or any(each in names for each in ("-n", "--no-cache", "--no-cache-dir")))
    given = [value for option, value in options if option == "--cache-dir"]
    files = [value for option, value in options if option in ("-r", "--requirement", "--requirements")]
    return Install(
        "uv",
        caches=caches,
        compiles=_uv_compiles(names, environment),
        cache_directory=_cache("uv", environment, "UV_CACHE_DIR", "".join(given[-1:])),
        locked=_uv_locked(names, environment) if rest[:1] == ["sync"] else None,
        requirements=files + (rest[2:] if rest[:2] == ["pip", "sync"] else []),
    )


def _uv_compiles(names: Sequence[str], environment: Mapping[str, str]) -> bool:
    asked = _true(environment.get("UV_COMPILE_BYTECODE", ""))
    for name in names:
        if name in ("--compile-bytecode", "--compile", "--no-compile-bytecode", "--no-compile"):
            asked = not name.startswith("--no-")
    return asked


def _uv_locked(names: Sequence[str], environment: Mapping[str, str]) -> bool:
    variables = (environment.get(name, "") for name in ("UV_FROZEN", "UV_LOCKED"))
    return any(name in ("--frozen", "--locked") for name in names) or any(
        _true(value) or _unknown(value) for value in variables
    )


def _poetry(_: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    """``--no-cache`` still leaves what was downloaded, under ``artifacts``: it is about the lists of packages only."""
    valued = (
        "-C",
        "--directory",
        "-P",
        "--project",
        "-E",
        "--extras",
        "--with",
        "--without",
        "--only",
        "-G",
        "--group",
    )
    options, rest = _options(words, valued)
    if rest[:1] not in (["install"], ["sync"], ["add"], ["update"]):
        return None
    return Install(
        "poetry",
        caches=True,
        compiles=any(name == "--compile" for name, _ in options),
        cache_directory=_cache("pypoetry", environment, "POETRY_CACHE_DIR"),
        locked=True if rest[0] in ("install", "sync") else None,
    )


def _pipenv(_: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    valued = (
        "--python",
        "--extra-pip-args",
        "-r",
        "--requirements",
        "-i",
        "--index",
        "--categories",
        "-e",
        "--editable",
    )
    options, rest = _options(words, valued)
    if rest[:1] not in (["install"], ["sync"], ["update"], ["upgrade"]):
        return None
    extra = " ".join(value for name, value in options if name == "--extra-pip-args").split()
    directory, compiles = _pip_choices([(word, "") for word in extra], environment)
    return Install(
        "pipenv",
        caches=directory is not None,
        compiles=compiles,
        cache_directory=_cache("pipenv", environment, "PIPENV_CACHE_DIR"),
        locked=rest[0] == "sync" or any(name in ("--deploy", "--ignore-pipfile") for name, _ in options),
        requirements=[value for name, value in options if name in ("-r", "--requirements")],
    )


def _pdm(_: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    valued = ("-p", "--project", "-G", "--group", "-c", "--config", "-L", "--lockfile", "--venv")
    options, rest = _options(words, valued)
    if rest[:1] not in (["install"], ["sync"], ["add"], ["update"]):
        return None
    off = bool(environment.get("PDM_NO_CACHE")) or any(name == "--no-cache" for name, _ in options)
    return Install("pdm", caches=not off, compiles=False, cache_directory=_cache("pdm", environment, "PDM_CACHE_DIR"))


_CONDA_VALUED = frozenset("-n --name -p --prefix -c --channel -f --file -r --root-prefix --root --platform".split())

SOME_PACKAGES = "*/pkgs"
"""The cache directory of a conda whose place is not known."""


def _conda(name: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    _, rest = _options(words, _CONDA_VALUED)
    known = (["install"], ["create"], ["update"], ["upgrade"], ["env", "create"], ["env", "update"])
    if not any(rest[: len(start)] == start for start in known):
        return None
    return Install(name, caches=True, compiles=True, cache_directory=_conda_packages(environment))


def _conda_packages(environment: Mapping[str, str]) -> str:
    root = environment.get("MAMBA_ROOT_PREFIX") or environment.get("CONDA_DIR")
    given = environment.get("CONDA_PKGS_DIRS") or (f"{root}/pkgs" if root else SOME_PACKAGES)
    return expanded(given, environment)


def _setup(_: str, words: Sequence[str], __: Mapping[str, str]) -> Install | None:
    if "install" not in words:
        return None
    return Install("setup.py", caches=False, compiles="--no-compile" not in words, cache_directory="")


_INSTALLERS: dict[str, Callable[[str, Sequence[str], Mapping[str, str]], Install | None]] = {
    "conda": _conda,
    "mamba": _conda,
    "micromamba": _conda,
    "pdm": _pdm,
    "pip": _pip,
    "pipenv": _pipenv,
    "pipx": _pipx,
    "poetry": _poetry,
    "setup.py": _setup,
    "uv": _uv,
    "uvx": _uv,
}


def compiles_on_purpose(command: Command, environment: Mapping[str, str]) -> bool:
    """Whether *command* writes bytecode because it was asked to."""
    last = unwrapped(command)
    python = _interpreter(last)
    words = python.words if python else last.words
    if words and _program(words[0]) in ("compileall", "py_compile", "py3compile", "pycompile"):
        return True
    found = install(command, environment)
    if found is None or not found.compiles:
        return False
    asked = "--compile" in words or _true({**environment, **last.environment}.get("PIP_COMPILE", ""))
    return asked or found.tool in ("uv", "poetry")


def configured(command: Command) -> dict[str, str]:
    """What *command* sets for good in the configuration of pip, poetry or PDM, as the variables that would do the same."""
    last = unwrapped(command)
    python = _interpreter(last)
    words = python.words if python else last.words
    name = "pip" if words and _is_pip(_program(words[0])) else _program("".join(words[:1]))
    _, rest = _options(words[1:], ())
    if name == "pip" and rest[:2] == ["config", "set"]:
        rest = [rest[0], *rest[2:]]
    value = "".join(rest[2:3])
    if name not in ("pip", "poetry", "pdm") or rest[:1] != ["config"] or not value:
        return {}
    key = rest[1].rpartition(".")[2].replace("-", "_").upper()
    return {f"{name.upper()}_{key}": value} if key in ("NO_CACHE_DIR", "CACHE_DIR", "COMPILE", "NO_COMPILE") else {}


# Removing


def removed(command: Command, environment: Mapping[str, str] = _ELSEWHERE) -> list[str]:
    """The directories that *command* removes, run in *environment*: written as `expanded` does."""
    last = unwrapped(command)
    python = _interpreter(last)
    words = python.words if python else last.words
    if not words:
        return []
    force = {**environment, **last.environment}
    name = _program(words[0])
    options, rest = _options(words[1:], ())
    given = {option for option, _ in options}
    if name == "rm":
        return [expanded(path, force) for path in rest] if given & {"-r", "-R", "--recursive"} else []
    if name == "find":
        return _found_and_removed(words, force)
    return _cleaned("pip" if _is_pip(name) else name, given, rest, force)


def _found_and_removed(words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """What ``find directories -delete`` removes, if it takes everything."""
    tests = [word for word in words[1:] if word.startswith("-")]
    if tests not in (["-delete"], ["-mindepth", "-delete"]):
        return []
    return [expanded(path, environment) for path in words[1 : words.index(tests[0])]]


def _cleaned(name: str, given: set[str], rest: list[str], environment: Mapping[str, str]) -> list[str]:
    """What the programs that have a cache remove of it when they are asked to."""
    if name in ("conda", "mamba", "micromamba"):
        everything = rest == ["clean"] and given & {"-a", "--all", "-p", "--packages"}
        return [_conda_packages(environment), SOME_PACKAGES] if everything else []
    if name not in _CLEANING:
        return []
    words, option, directory, variable = _CLEANING[name]
    does = " ".join(rest).startswith(words) if option else rest == words.split()
    return [_cache(directory, environment, variable)] if does and (not option or option in given) else []


_CLEANING = {
    "pdm": ("cache clear", "", "pdm", "PDM_CACHE_DIR"),
    "pip": ("cache purge", "", "pip", "PIP_CACHE_DIR"),
    "pipenv": ("", "--clear", "pipenv", "PIPENV_CACHE_DIR"),
    "poetry": ("cache clear", "--all", "pypoetry", "POETRY_CACHE_DIR"),
    "uv": ("cache clean", "", "uv", "UV_CACHE_DIR"),
}
"""The words and the option that empty a cache, its name, and the variable that moves it."""


def is_removed(directory: str, paths: Sequence[str]) -> bool:
    """Whether *directory* is one of *paths* or lies in one: of what was removed, or of what is mounted."""
    if directory == SOME_PACKAGES:
        return any(path.endswith("/pkgs") for path in paths)
    return any(directory == path or directory.startswith(path.rstrip("/") + "/") for path in paths)


def removes_bytecode(command: Command) -> bool:
    """Whether *command* looks for bytecode to delete it: ``find`` with its names, pyclean, py3clean, or code that says so."""
    last = unwrapped(command)
    python = _interpreter(last)
    if python and python.code:
        return "__pycache__" in python.code or ".py[co]" in python.code
    words = python.words if python else last.words
    name = _program("".join(words[:1]))
    named = any(mark in word for word in words for mark in ("__pycache__", ".pyc", ".py[co", "*.pyo"))
    return name in ("pyclean", "py3clean") or (named and name in ("find", "rm", "fd"))


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
    found: list[str] = []
    for layer in _layers(command):
        python = _interpreter(layer)
        found += _tools(python.words if python else layer.words)
    return found


def _tools(words: Sequence[str]) -> list[str]:
    name = _program("".join(words[:1]))
    given = set(words[1:])
    if given.intersection(_SILENT):
        return []
    if name in ("pytest", "py.test"):
        return _pytest_caches(given)
    if name == "ruff":
        _, rest = _options(words[1:], ("--config",), leading=True)
        return ["ruff"] if rest[:1] in (["check"], ["format"]) and "--show-settings" not in given else []
    if name in ("coverage", "coverage3") and words[1:2] == ["run"]:
        options, rest = _options(words[2:], _COVERAGE_VALUED, leading=True)
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


# Containers


class DockerRun:
    """``docker run`` and ``docker create``, of Docker, Podman (``program``) or nerdctl.

    ``mounts``: (source, target, read only) of each bind mount and named volume, as they are written. ``environment``: a
    variable that is passed on from outside is there as ``$NAME`` unless the command itself sets it. ``words``: the command
    in the container, with its ``--entrypoint``.
    """

    __slots__ = ("environment", "environment_files", "image", "mounts", "program", "user", "words", "working_directory")

    def __init__(self, program: str) -> None:
        self.program = program
        self.mounts: list[tuple[str, str, bool]] = []
        self.user: str | None = None
        self.environment: dict[str, str] = {}
        self.environment_files: list[str] = []
        self.working_directory = ""
        self.image = ""
        self.words: list[str] = []

    def __repr__(self) -> str:
        return f"<DockerRun {self.image}>"


_DOCKER_GLOBAL = frozenset(
    "-H --host -c --context --config -l --log-level --tlscacert --tlscert --tlskey -n --namespace -a --address --connection "
    "--identity --url --root --runroot --storage-driver --storage-opt --log-opt --cgroup-manager --network-cmd-path "
    "--runtime --tmpdir --data-root --snapshotter".split()
)
DOCKER_FLAGS = frozenset(
    "-d --detach -i --interactive -t --tty -P --publish-all -q --quiet --disable-content-trust --help --init "
    "--no-healthcheck --oom-kill-disable --privileged --read-only --rm --sig-proxy --use-api-socket".split()
)
"""The options of ``docker run`` that take no value."""

_PODMAN_FLAGS = frozenset(
    "--env-host --http-proxy --no-hostname --no-hosts --passwd --read-only-tmpfs --replace --rmi --rootfs --tls-verify "
    "--unsetenv-all".split()
)


class _Valued:
    """All options that are no flags."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return name not in DOCKER_FLAGS and name not in _PODMAN_FLAGS


def docker_run(command: Command) -> DockerRun | None:
    """What *command* starts in a container by ``docker run`` or ``docker create``; None if it is neither."""
    last = unwrapped(command)
    program = _program("".join(last.words[:1]))
    if program not in ("docker", "podman", "nerdctl"):
        return None
    _, rest = _options(last.words[1:], _DOCKER_GLOBAL, leading=True)
    rest = rest[1:] if rest[:1] == ["container"] else rest
    if rest[:1] not in (["run"], ["create"]):
        return None
    options, rest = _options(rest[1:], _Valued(), leading=True)
    found = DockerRun(program)
    entrypoint = ""
    for name, value in options:
        entrypoint = value if name == "--entrypoint" else entrypoint
        _take(found, name, value, last.environment)
    found.image = "".join(rest[:1])
    found.words = [*([entrypoint] if entrypoint else []), *rest[1:]]
    return found


def _take(found: DockerRun, name: str, value: str, environment: Mapping[str, str]) -> None:
    if name in ("-v", "--volume"):
        found.mounts += _volume(value)
    elif name == "--mount":
        found.mounts += _mount(value)
    elif name in ("-u", "--user"):
        found.user = value
    elif name in ("-w", "--workdir"):
        found.working_directory = value
    elif name == "--env-file":
        found.environment_files.append(value)
    elif name in ("-e", "--env"):
        variable, equals, text = value.partition("=")
        found.environment[variable] = text if equals else environment.get(variable, f"${variable}")


def _split(text: str, separator: str) -> list[str]:
    """*text* at each *separator* that is not within ``${...}`` or ``$(...)``."""
    parts = [""]
    depth = 0
    for char in text:
        depth += (char in "{(") - (char in "})")
        if char == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _volume(value: str) -> list[tuple[str, str, bool]]:
    parts = _split(value, ":")
    if len(parts) > 2 and len(parts[0]) == 1 and parts[1].startswith(("\\", "/")):  # noqa: PLR2004 - a drive of Windows
        parts = [":".join(parts[:2]), *parts[2:]]
    if len(parts) == 1:
        return []
    return [(parts[0], parts[1], "ro" in ",".join(parts[2:]).split(","))]


def _mount(value: str) -> list[tuple[str, str, bool]]:
    fields: dict[str, str] = {}
    for field in _split(value, ","):
        key, equals, text = field.partition("=")
        fields[key] = text if equals else "true"
    if fields.get("type") != "bind":
        return []
    source = fields.get("source") or fields.get("src", "")
    target = fields.get("target") or fields.get("destination") or fields.get("dst", "")
    return [(source, target, fields.get("readonly", fields.get("ro")) in ("true", "1"))]
