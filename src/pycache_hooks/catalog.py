"""The catalogue: what counts as a cache, who writes it, and what may be done with it.

This is the only place that knows a cache's name. Rules, the manifest's regular expressions, README's tables and
the lines that ``--fix`` writes are all read from ``CACHES``: to teach the suite a new cache, add one row.

Names are written like lines of a ``.gitignore``: ``name/`` is a directory, ``name`` a file, ``*`` stands for any
characters within a name, and ``parent/name`` asks for the directory in front of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BYTECODE = "bytecode"
TOOL_CACHE = "tool cache"
ENVIRONMENT = "virtual environment"
PRODUCT = "build product"
"""Kinds. A build product is no cache: it stands here because teams ignore it together with caches."""

ALWAYS = "always"
WHEN_EMPTY = "when empty"
ON_REQUEST = "on request"
NEVER = "never"
"""What pruning may do with a cache. On request: slow to make again, or somebody may want what is in it."""


class Cache:
    """One row of the catalogue.

    ``tool``: who writes it. ``ignores_itself``: the tool writes a ``.gitignore`` containing ``*`` into it, so git never
    sees it unless it is forced. ``forbidden``: does not belong in git. ``unless``: a file in it that may be committed.
    ``files`` and ``mentions``: tracked files, and words in configuration or requirements, which show that a
    repository uses the tool. ``pattern``: the line of a ``.gitignore`` that covers it. ``baseline``: on the wider list
    that teams start a ``.gitignore`` with. ``in_context``: every Python project in a build context may have it.
    """

    __slots__ = (
        "baseline",
        "files",
        "forbidden",
        "ignores_itself",
        "in_context",
        "kind",
        "mentions",
        "name",
        "pattern",
        "prune",
        "tool",
        "unless",
    )

    def __init__(  # noqa: PLR0913 - one argument a column
        self,
        name: str,
        tool: str,
        kind: str,
        prune: str,
        *,
        forbidden: bool = True,
        ignores_itself: bool = False,
        files: tuple[str, ...] = (),
        mentions: tuple[str, ...] = (),
        pattern: str = "",
        baseline: bool = False,
        in_context: bool = False,
        unless: str = "",
    ) -> None:
        self.name = name
        self.tool = tool
        self.kind = kind
        self.prune = prune
        self.forbidden = forbidden
        self.ignores_itself = ignores_itself
        self.files = files
        self.mentions = mentions
        self.pattern = pattern or name
        self.baseline = baseline
        self.in_context = in_context
        self.unless = unless

    def __repr__(self) -> str:
        return f"<Cache {self.name}>"


PYCACHE = "__pycache__"
COVERAGE_MENTIONS = ("[tool.coverage", "[coverage:", "pytest-cov", "coverage")

CACHES: tuple[Cache, ...] = (
    # Bytecode
    Cache("__pycache__/", "Python", BYTECODE, ALWAYS),
    Cache("*.pyc", "Python", BYTECODE, ALWAYS, pattern="*.py[cod]"),
    Cache("*.pyo", "Python", BYTECODE, ALWAYS, pattern="*.py[cod]"),
    Cache("*$py.class", "Jython", BYTECODE, ALWAYS),
    Cache("__pycache__/*.nbi", "numba", BYTECODE, ALWAYS),
    Cache("__pycache__/*.nbc", "numba", BYTECODE, ALWAYS),
    Cache("__pycache__/_cffi__*", "cffi", BYTECODE, ALWAYS),
    # Test, lint and type-check caches
    Cache(".pytest_cache/", "pytest", TOOL_CACHE, ALWAYS, ignores_itself=True, baseline=True, in_context=True),
    Cache("pytest-cache-files-*/", "pytest", TOOL_CACHE, ALWAYS),
    Cache(".mypy_cache/", "mypy", TOOL_CACHE, ALWAYS, ignores_itself=True, baseline=True, in_context=True),
    Cache(".ruff_cache/", "ruff", TOOL_CACHE, ALWAYS, ignores_itself=True, baseline=True, in_context=True),
    Cache(
        ".import_linter_cache/",
        "import-linter",
        TOOL_CACHE,
        ALWAYS,
        ignores_itself=True,
        files=(".importlinter",),
        mentions=("[tool.importlinter", "[importlinter", "import-linter"),
    ),
    Cache(".grimp_cache/", "grimp", TOOL_CACHE, ALWAYS, ignores_itself=True, mentions=("grimp",)),
    Cache(".complexipy_cache/", "complexipy", TOOL_CACHE, ALWAYS, ignores_itself=True, mentions=("complexipy",)),
    Cache(
        ".rumdl_cache/",
        "rumdl",
        TOOL_CACHE,
        ALWAYS,
        ignores_itself=True,
        files=("rumdl.toml", ".rumdl.toml"),
        mentions=("[tool.rumdl", "rumdl"),
    ),
    Cache(".pytype/", "pytype", TOOL_CACHE, ALWAYS, files=("pytype.cfg",), mentions=("[tool.pytype", "pytype")),
    Cache(".pyre/", "Pyre", TOOL_CACHE, ALWAYS, files=(".pyre_configuration",), mentions=("pyre-check",)),
    Cache(".dmypy.json", "mypy daemon", TOOL_CACHE, NEVER),
    Cache("dmypy.json", "mypy daemon", TOOL_CACHE, NEVER),
    Cache(".testmondata", "pytest-testmon", TOOL_CACHE, ALWAYS, mentions=("pytest-testmon",), pattern=".testmondata*"),
    Cache(".testmondata-shm", "pytest-testmon", TOOL_CACHE, ALWAYS, pattern=".testmondata*"),
    Cache(".testmondata-wal", "pytest-testmon", TOOL_CACHE, ALWAYS, pattern=".testmondata*"),
    Cache(".hypothesis/", "hypothesis", TOOL_CACHE, ON_REQUEST, forbidden=False, ignores_itself=True),
    Cache(".benchmarks/", "pytest-benchmark", TOOL_CACHE, WHEN_EMPTY, forbidden=False),
    Cache(
        ".coverage",
        "coverage",
        TOOL_CACHE,
        ON_REQUEST,
        files=(".coveragerc", ".coveragerc.toml"),
        mentions=COVERAGE_MENTIONS,
    ),
    Cache(
        ".coverage.*",
        "coverage",
        TOOL_CACHE,
        ON_REQUEST,
        files=(".coveragerc", ".coveragerc.toml"),
        mentions=COVERAGE_MENTIONS,
    ),
    Cache("htmlcov/", "coverage", TOOL_CACHE, ON_REQUEST, ignores_itself=True),
    Cache(
        ".tox/",
        "tox",
        TOOL_CACHE,
        ON_REQUEST,
        ignores_itself=True,
        files=("tox.ini", "tox.toml"),
        mentions=("[tool.tox",),
    ),
    Cache(".nox/", "nox", TOOL_CACHE, ON_REQUEST, ignores_itself=True, files=("noxfile.py",)),
    Cache(".mutmut-cache", "mutmut", TOOL_CACHE, ON_REQUEST, mentions=("[tool.mutmut", "[mutmut", "mutmut")),
    # The bare name may be somebody's source code: it is asked for, but never refused.
    Cache(
        "mutants/", "mutmut", TOOL_CACHE, ON_REQUEST, forbidden=False, mentions=("[tool.mutmut", "[mutmut", "mutmut")
    ),
    Cache(".ipynb_checkpoints/", "Jupyter", TOOL_CACHE, ON_REQUEST, files=("*.ipynb",)),
    # Environments and installers
    Cache(".venv/", "environments", ENVIRONMENT, ON_REQUEST, pattern=".venv", in_context=True),
    Cache("venv/", "environments", ENVIRONMENT, NEVER, forbidden=False, baseline=True),
    Cache(".env/", "environments", ENVIRONMENT, NEVER, forbidden=False, baseline=True),
    Cache(".pixi/", "pixi", ENVIRONMENT, ON_REQUEST, ignores_itself=True, files=("pixi.toml",), unless="config.toml"),
    Cache(".direnv/", "direnv", ENVIRONMENT, ON_REQUEST),
    Cache(".devenv/", "devenv", ENVIRONMENT, ON_REQUEST, files=("devenv.nix",)),
    Cache("__pypackages__/", "PEP 582 tools", ENVIRONMENT, ON_REQUEST, baseline=True),
    Cache(".uv-cache/", "uv", TOOL_CACHE, ON_REQUEST, ignores_itself=True),
    Cache(".pip-cache/", "pip", TOOL_CACHE, ON_REQUEST),
    Cache(".cache/pip/", "pip", TOOL_CACHE, ON_REQUEST),
    Cache(".cache/uv/", "uv", TOOL_CACHE, ON_REQUEST, ignores_itself=True),
    Cache(".cache/", "many programs", TOOL_CACHE, NEVER, forbidden=False, baseline=True),
    Cache(".pre-commit-cache/", "pre-commit", TOOL_CACHE, ON_REQUEST),
    Cache(".pdm-python", "PDM", TOOL_CACHE, ON_REQUEST, files=("pdm.lock",)),
    Cache(".pdm-build/", "PDM", TOOL_CACHE, ON_REQUEST, ignores_itself=True),
    Cache(".eggs/", "setuptools", TOOL_CACHE, ON_REQUEST, baseline=True),
    Cache("pip-log.txt", "pip", TOOL_CACHE, ALWAYS),
    Cache("pip-delete-this-directory.txt", "pip", TOOL_CACHE, ALWAYS),
    # Not caches, but ignored together with them
    Cache("*.egg-info/", "setuptools", PRODUCT, NEVER, forbidden=False, baseline=True),
    Cache("build/", "build back ends", PRODUCT, NEVER, forbidden=False, baseline=True),
    Cache("dist/", "build back ends", PRODUCT, NEVER, forbidden=False, baseline=True),
    Cache("*.so", "compilers", PRODUCT, NEVER, forbidden=False, baseline=True),
    Cache("*.pyd", "compilers", PRODUCT, NEVER, forbidden=False, baseline=True),
)

ENVIRONMENT_PROOFS = ("pyvenv.cfg", "conda-meta/history")
"""Files that only a virtual environment has, relative to it (PEP 405; conda's own history)."""

ACTIVATE_SCRIPTS = ("bin/activate", "Scripts/activate")
"""Files that every virtual environment has; other programs use the name too, so what is in them decides."""

ACTIVATE_MARK = b"VIRTUAL_ENV"
"""What the activate script of venv, virtualenv and uv sets."""

ENVIRONMENT_LAYOUT = frozenset(
    "pyvenv.cfg bin Scripts lib lib64 Lib include Include share etc man conda-meta DLLs Library .gitignore CACHEDIR.TAG "
    ".lock .Python pip-selfcheck.json .provisioned".split()
)
"""What lies at the top of a virtual environment. With anything else beside it, somebody's project lives there too."""

ENVIRONMENT_CORE = (
    *("pyvenv.cfg", "lib/python3.", "lib64", "Lib/site-packages/", "include/python3.", "conda-meta/"),
    *(
        f"{scripts}/{program}"
        for scripts in ("bin", "Scripts")
        for program in ("activate", "Activate", "deactivate", "python", "pip")
    ),
)
"""How the paths begin that belong to a virtual environment even then."""

ENVIRONMENT_MARKERS = frozenset({"pyvenv.cfg", "conda-meta"})
"""An entry of one of these names makes the directory that it is in a virtual environment."""

SOURCE_SUFFIXES = (".py", ".pyw")
"""What Python compiles when it is imported."""

CONFIGURATION_SUFFIXES = tuple(
    ".toml .ini .cfg .yml .yaml .json .xml .py .sh .md .txt .rc .svg .png .badge .html".split()
)
"""A name with one of these is written by hand or on purpose, whatever it begins with (``.coverage.toml``)."""

NOT_ENTERED = frozenset({".git", "node_modules"})
"""Directories that are somebody else's."""

DIRECTORIES: dict[str, Cache] = {}
FILES: dict[str, Cache] = {}
DIRECTORY_PATTERNS: list[tuple[str, str, Cache]] = []
FILE_PATTERNS: list[tuple[str, str, Cache]] = []
for _row in CACHES:
    _name = _row.name.removesuffix("/")
    if "*" in _name:
        _prefix, _, _suffix = _name.partition("*")
        (FILE_PATTERNS if _name == _row.name else DIRECTORY_PATTERNS).append((_prefix, _suffix, _row))
    else:
        (FILES if _name == _row.name else DIRECTORIES)[_name] = _row

VENV = DIRECTORIES[".venv"]
PYC = next(row for row in CACHES if row.name == "*.pyc")

PACKAGES = "/site-packages/"
"""Where packages are installed, in a path."""

_FORBIDDEN = [row for row in CACHES if row.forbidden]
_NAMES = frozenset(row.name.removesuffix("/").rpartition("/")[2] for row in _FORBIDDEN if "*" not in row.name)
_DOTTED = frozenset(name[1:].encode() for name in _NAMES if name.startswith("."))
_BETWEEN = tuple(f"/{name}/".encode() for name in _NAMES if not name.startswith("."))
_ENDINGS = (
    *(suffix for _, suffix, row in FILE_PATTERNS if suffix and row.forbidden),
    *ENVIRONMENT_PROOFS,
    *ACTIVATE_SCRIPTS,
)
_FRAGMENTS = (
    ".pyc.",
    PACKAGES,
    *(prefix for prefix, suffix, row in FILE_PATTERNS + DIRECTORY_PATTERNS if row.forbidden and not suffix),
)


def directory(name: str, parent: str = "") -> Cache | None:
    """The row of a directory called *name* in a directory called *parent*."""
    row = DIRECTORIES.get(f"{parent}/{name}") or DIRECTORIES.get(name)
    return row or _by_pattern(DIRECTORY_PATTERNS, name, parent)


def file(name: str, parent: str = "") -> Cache | None:
    """The row of a file called *name* in a directory called *parent*.

    ``m.cpython-312.pyc.140247``, what an interrupted write leaves, counts as bytecode: importlib writes under such a
    name first (https://github.com/python/cpython/blob/v3.13.0/Lib/importlib/_bootstrap_external.py#L192).
    """
    if name[-1:].isdigit():
        stem = name.rstrip("0123456789")
        name = stem[:-1] if stem.endswith(".pyc.") else name
    return FILES.get(name) or _by_pattern(FILE_PATTERNS, name, parent)


def _by_pattern(patterns: list[tuple[str, str, Cache]], name: str, parent: str) -> Cache | None:
    for prefix, suffix, row in patterns:
        subject = f"{parent}/{name}" if "/" in prefix else name
        if subject.startswith(prefix) and subject.endswith(suffix) and len(subject) >= len(prefix) + len(suffix):
            return row if suffix or not name.endswith(CONFIGURATION_SUFFIXES) else None
    return None


def caches_in(path: str, *, link: bool = False) -> Iterator[tuple[str, Cache]]:
    """Every cache that the tracked file *path* lies in or is, outermost first: the cache's own path and its row.

    *link*: the path is a symbolic link or a gitlink, which stands for a directory.
    """
    parent, start = "", 0
    while (end := path.find("/", start)) >= 0:
        row = directory(path[start:end], parent)
        if row and not (row.unless and path[end + 1 :] == row.unless):
            yield path[:end], row
        parent, start = path[start:end], end + 1
    row = file(path[start:], parent) or (directory(path[start:], parent) if link else None)
    if row:
        yield path, row


def may_be_cache(path: str) -> bool:
    """Whether *path* is worth a closer look: a quick test that never misses what a rule could object to."""
    return (
        path.endswith(_ENDINGS)
        or not _NAMES.isdisjoint(path.split("/"))
        or any(fragment in path for fragment in _FRAGMENTS)
    )


def may_hold_caches(listing: bytes) -> bool:
    """Whether `may_be_cache` is true of any path in *listing*, with a NUL behind each."""
    names = b"/" + listing.replace(b"\0", b"/")
    return (
        any(b"%b\0" % ending.encode() in listing for ending in _ENDINGS)
        or any(name in names for name in _BETWEEN)
        or not _DOTTED.isdisjoint({name.partition(b"/")[0] for name in names.split(b"/.")[1:]})
        or any(fragment.encode() in listing for fragment in _FRAGMENTS)
    )


def installed_packages(path: str) -> str:
    """The ``lib/python3.N/site-packages`` that *path* lies in, or an empty string."""
    end = path.find(PACKAGES)
    while end >= 0:
        version = path[:end].rpartition("/")[2]
        before = path[: end - len(version)]
        if (before == "lib/" or before.endswith("/lib/")) and version.startswith("python3."):
            return path[: end + len(PACKAGES) - 1]
        end = path.find(PACKAGES, end + 1)
    return ""


def in_environment_core(path: str) -> bool:
    """Whether *path*, relative to a virtual environment in which a project lives too, belongs to the environment."""
    return path.startswith(ENVIRONMENT_CORE)


def source_of(name: str) -> str:
    """The source beside which bytecode called *name* lies outside ``__pycache__``: ``m.pyc`` beside ``m.py``."""
    stem = name.removesuffix("$py.class") if name.endswith("$py.class") else name.rpartition(".py")[0]
    return f"{stem}.py"


def module_and_tag(name: str) -> tuple[str, str]:
    """The module and the cache tag (PEP 3147) of bytecode called *name* in ``__pycache__``.

    ``("m", "cpython-312")`` of ``m.cpython-312.opt-1.pyc`` and of ``m.cpython-312-pytest-9.2.0.pyc``. The tag is empty
    for an implementation that we cannot look for, the module for what nothing can load: an interrupted write.
    """
    if name[-1:].isdigit():
        return "", ""
    for mark, tag_start in ((".cpython-", "cpython-"), (".pypy", "pypy")):
        module, found, rest = name.rpartition(mark)
        if found:
            digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
            return module, tag_start + digits
    return name.partition(".")[0], ""
