"""What installs, what it leaves besides: downloads in a cache, and bytecode; and what removes these again."""

from __future__ import annotations

import posixpath

from pycache_hooks.prevention import PIP_TRUE
from pycache_hooks.programs import (
    UV_RUN_VALUED,
    UV_VALUED,
    interpreter,
    is_pip,
    is_root,
    layers_of,
    name_of,
    split_options,
    unwrapped,
    words_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pycache_hooks.readers.shell import Command

CONDA = ("conda", "mamba", "micromamba")
PIP_CONFIGURATION, UV_CONFIGURATION = "PIP_CONFIG_FILE", "UV_CONFIG_FILE"
_ELSEWHERE: Mapping[str, str] = {}


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
    for layer in layers_of(command):
        words = words_of(layer)
        name = _called(words)
        if name in _INSTALLERS:
            found = _INSTALLERS[name](name, words[1:], {**environment, **layer.environment})
            if found:
                return found
    return None


def _called(words: Sequence[str]) -> str:
    """The program that *words* begin with; ``pip`` whatever version it is of."""
    name = name_of(words[0]) if words else ""
    return "pip" if is_pip(name) else name


def home(user: str) -> str:
    """The home directory that *user* of an image most likely has."""
    if is_root(user):
        return "/root"
    name = user.partition(":")[0]
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


_ASKING = ("-h", "--help")
_IDLE = (*_ASKING, "--dry-run")


def _installs(
    rest: Sequence[str],
    known: Iterable[Sequence[str]],
    options: Sequence[tuple[str, str]],
    idle: Collection[str] = _IDLE,
) -> bool:
    """Whether *rest* starts with one of the *known* subcommands, and no option makes it an *idle* one."""
    return any([*rest[: len(start)]] == [*start] for start in known) and not any(name in idle for name, _ in options)


def _is_told(environment: Mapping[str, str], variable: str) -> bool:
    """Whether *variable* names a file with a configuration that nobody has read."""
    return environment.get(variable, "") not in ("", "/dev/null")


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
    options, rest = split_options(words, _PIP_VALUED)
    if not _installs(rest, (["install"], ["download"], ["wheel"]), options, _ASKING):
        return None
    directory, compiles = _pip_choices(options, environment)
    local = bool(rest[1:]) and all(map(_is_wheel, rest[1:])) and not any(name in _FROM_FILES for name, _ in options)
    return Install(
        "pip",
        caches=directory is not None and not local,
        compiles=compiles and rest[0] == "install",
        cache_directory=_cache("pip", environment, "PIP_CACHE_DIR", directory or ""),
        requirements=[value for name, value in options if name in ("-r", "--requirement")],
    )


_FROM_FILES = ("-r", "--requirement", "-e", "--editable", "--group")


def _is_wheel(word: str) -> bool:
    """Whether *word* is a wheel that lies in the image, or all that a directory holds: nothing need be downloaded for it."""
    return "://" not in word and word.partition("[")[0].endswith((".whl", "/*"))


def _choices_behind(name: str, options: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether pip keeps its downloads and compiles, called by another program whose option *name* hands options on."""
    extra = " ".join(value for option, value in options if option == name).split()
    directory, compiles = _pip_choices([(word, "") for word in extra], environment)
    return directory is not None, compiles


def _pip_choices(options: Sequence[tuple[str, str]], environment: Mapping[str, str]) -> tuple[str | None, bool]:
    """The cache directory that pip's options give, "" if none, None if there is no cache; and whether pip compiles."""
    told = _is_told(environment, PIP_CONFIGURATION)
    directory = None if environment.get("PIP_NO_CACHE_DIR") or told else ""
    compiles = _pip_compiles(environment) and not told
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
    options, rest = split_options(words, ("--pip-args", "--python", "-i", "--index-url", "--preinstall", "--suffix"))
    if not _installs(rest, (["install"], ["inject"], ["run"], ["upgrade"], ["install-all"]), options):
        return None
    caches, compiles = _choices_behind("--pip-args", options, environment)
    directory = _cache("pip", environment, "PIP_CACHE_DIR")
    return Install("pipx", caches=caches, compiles=compiles, cache_directory=directory)


def _uv(name: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    options, rest = split_options(words, UV_RUN_VALUED if name == "uvx" else UV_VALUED, leading=name == "uvx")
    known = (["sync"], ["add"], ["pip", "install"], ["pip", "sync"], ["tool", "install"], ["tool", "run"])
    if not _installs(rest, known if name == "uv" else ([],), options):
        return None
    names = [option for option, _ in options]
    off = environment.get("UV_NO_CACHE", "")
    switched_off = _true(off) or _unknown(off) or _is_told(environment, UV_CONFIGURATION)
    caches = not (switched_off or any(each in names for each in ("-n", "--no-cache", "--no-cache-dir")))
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
    options, rest = split_options(words, valued)
    if not _installs(rest, (["install"], ["sync"], ["add"], ["update"]), options):
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
    options, rest = split_options(words, valued)
    if not _installs(rest, (["install"], ["sync"], ["update"], ["upgrade"]), options):
        return None
    caches, compiles = _choices_behind("--extra-pip-args", options, environment)
    return Install(
        "pipenv",
        caches=caches,
        compiles=compiles,
        cache_directory=_cache("pipenv", environment, "PIPENV_CACHE_DIR"),
        locked=rest[0] == "sync" or any(name in ("--deploy", "--ignore-pipfile") for name, _ in options),
        requirements=[value for name, value in options if name in ("-r", "--requirements")],
    )


def _pdm(_: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    valued = ("-p", "--project", "-G", "--group", "-c", "--config", "-L", "--lockfile", "--venv")
    options, rest = split_options(words, valued)
    if not _installs(rest, (["install"], ["sync"], ["add"], ["update"]), options):
        return None
    off = bool(environment.get("PDM_NO_CACHE")) or any(name == "--no-cache" for name, _ in options)
    return Install("pdm", caches=not off, compiles=False, cache_directory=_cache("pdm", environment, "PDM_CACHE_DIR"))


_CONDA_VALUED = frozenset("-n --name -p --prefix -c --channel -f --file -r --root-prefix --root --platform".split())

SOME_PACKAGES = "*/pkgs"
"""The cache directory of a conda whose place is not known."""


def _conda(name: str, words: Sequence[str], environment: Mapping[str, str]) -> Install | None:
    options, rest = split_options(words, _CONDA_VALUED)
    known = (["install"], ["create"], ["update"], ["upgrade"], ["env", "create"], ["env", "update"])
    # Whoever asks for downloads alone wants them to stay.
    if not _installs(rest, known, options, (*_IDLE, "-d", "--download-only")):
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
    **dict.fromkeys(CONDA, _conda),
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
    words = words_of(last)
    if words and name_of(words[0]) in ("compileall", "py_compile", "py3compile", "pycompile"):
        return True
    found = install(command, environment)
    if found is None or not found.compiles:
        return False
    asked = "--compile" in words or _true({**environment, **last.environment}.get("PIP_COMPILE", ""))
    return asked or found.tool in ("uv", "poetry")


def configured(command: Command) -> dict[str, str]:
    """What *command* sets for good in the configuration of pip, poetry or PDM, as the variables that would do the same."""
    words = words_of(unwrapped(command))
    name = _called(words)
    if name not in ("pip", "poetry", "pdm") or "config" not in words:
        return {}
    _, rest = split_options(words[1:], ())
    if name == "pip" and rest[:2] == ["config", "set"]:
        rest = [rest[0], *rest[2:]]
    value = "".join(rest[2:3])
    if rest[:1] != ["config"] or not value:
        return {}
    key = rest[1].rpartition(".")[2].replace("-", "_").upper()
    return {f"{name.upper()}_{key}": value} if key in ("NO_CACHE_DIR", "CACHE_DIR", "COMPILE", "NO_COMPILE") else {}


# Removing


def removed(command: Command, environment: Mapping[str, str] = _ELSEWHERE) -> list[str]:
    """The directories that *command* removes, run in *environment*: written as `expanded` does."""
    last = unwrapped(command)
    words = words_of(last)
    if not words:
        return []
    force = {**environment, **last.environment}
    name = name_of(words[0])
    options, rest = split_options(words[1:], ())
    given = {option for option, _ in options}
    if name == "rm":
        return [expanded(path, force) for path in rest] if given & {"-r", "-R", "--recursive"} else []
    if name == "find":
        return _found_and_removed(words, force)
    return _cleaned("pip" if is_pip(name) else name, given, rest, force)


def _found_and_removed(words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """What ``find directories -delete`` removes, if it takes everything."""
    tests = [word for word in words[1:] if word.startswith("-")]
    if tests not in (["-delete"], ["-mindepth", "-delete"]):
        return []
    return [expanded(path, environment) for path in words[1 : words.index(tests[0])]]


def _cleaned(name: str, given: set[str], rest: list[str], environment: Mapping[str, str]) -> list[str]:
    """What the programs that have a cache remove of it when they are asked to."""
    if name in CONDA:
        everything = rest == ["clean"] and given & {"-a", "--all", "-p", "--packages"}
        return [_conda_packages(environment), SOME_PACKAGES] if everything else []
    if name not in _CLEANING:
        return []
    words, option, directory, variable = _CLEANING[name]
    does = " ".join(rest).startswith(words) if option else rest == words.split()
    if name == "uv":
        # Without --ci it takes only what nothing refers to any more: of a new cache next to nothing.
        does |= rest == ["clean"] or (rest == ["cache", "prune"] and "--ci" in given)
    return [_cache(directory, environment, variable)] if does and (not option or option in given) else []


_CLEANING = {
    "pdm": ("cache clear", "", "pdm", "PDM_CACHE_DIR"),
    "pip": ("cache purge", "", "pip", "PIP_CACHE_DIR"),
    "pipenv": ("", "--clear", "pipenv", "PIPENV_CACHE_DIR"),
    "poetry": ("cache clear", "--all", "pypoetry", "POETRY_CACHE_DIR"),
    "uv": ("cache clean", "", "uv", "UV_CACHE_DIR"),
}
"""The words and the option that empty a cache, its name, and the variable that moves it."""


def has_cache(name: str) -> bool:
    """Whether the program *name* has a cache, and a command that empties it, which `removed` knows."""
    return name in _CLEANING or is_pip(name)


def is_removed(directory: str, paths: Sequence[str]) -> bool:
    """Whether *directory* is one of *paths* or lies in one: of what was removed, or of what is mounted."""
    if directory == SOME_PACKAGES:
        return any(path.endswith("/pkgs") for path in paths)
    return any(f"{directory}/".startswith(path.rstrip("/") + "/") for path in paths)


def removes_bytecode(command: Command) -> bool:
    """Whether *command* deletes bytecode: ``find`` with its names, pyclean, py3clean, ``git clean -x``, or code that says so."""
    last = unwrapped(command)
    python = interpreter(last)
    if python and python.code:
        return "__pycache__" in python.code or ".py[co]" in python.code
    words = words_of(last)
    name = name_of("".join(words[:1]))
    if name == "git" and "clean" in words:
        return any(word[:1] == "-" and word[:2] != "--" and "x" in word.lower() for word in words)
    if name not in ("find", "rm", "fd"):
        return name in ("pyclean", "py3clean")
    return any(mark in word for word in words for mark in ("__pycache__", ".pyc", ".py[co", "*.pyo"))
