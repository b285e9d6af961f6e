"""Every code that a hook can report: what it means, why it matters and where to read more.

README's list of rules is generated from this table, and a test demands a passing and a failing example of each.
"""

from __future__ import annotations


class Rule:
    """One code: *title* completes "reports", *why* is a sentence for whoever has to mend it."""

    __slots__ = ("code", "hook", "link", "title", "why")

    def __init__(self, code: str, hook: str, title: str, why: str, link: str) -> None:
        self.code = code
        self.hook = hook
        self.title = title
        self.why = why
        self.link = link


BYTECODE = "PYC101"
TOOL_CACHE = "PYC102"
ENVIRONMENT = "PYC103"
UNCHECKED = "PYC104"
NOT_IGNORED = "PYC201"
NEGATED = "PYC202"
DEAD_LINE = "PYC203"
ANCHORED = "PYC204"
DIRECTORY_ONLY = "PYC205"
UNREADABLE = "PYC206"
TRACKED = "PYC207"
SHIPPED = "PYC301"
ROOT_ONLY = "PYC302"
REINCLUDED = "PYC303"
NO_IGNORE_FILE = "PYC304"
BREAKS_BUILD = "PYC305"
OTHER_BUILDER = "PYC306"
NOT_REMOVED = "PYC401"
LEFT_BEHIND = "PYC402"
IMAGE_UNREADABLE = "PYC500"
IMAGE_WRITES = "PYC501"
WITHOUT_EFFECT = "PYC502"
BAD_PREFIX = "PYC503"
HIDDEN_BYTECODE = "PYC504"
UNREPEATABLE = "PYC505"
DOWNLOADS_KEPT = "PYC506"
COPIES_CACHES = "PYC507"
SERVICE_UNREADABLE = "PYC600"
SERVICE_WRITES = "PYC601"
SERVICE_TOOL_CACHE = "PYC602"
SERVICE_AS_ROOT = "PYC603"
BLANK_USER = "PYC604"
PIPELINE_UNREADABLE = "PYC700"
PIPELINE_WRITES = "PYC701"
CONTAINER_WRITES = "PYC702"
CACHE_KEY = "PYC703"
CACHE_CONTENT = "PYC704"
LOCK_IGNORED = "PYC705"
NOT_CLEANED = "PYC706"
CACHE_OPTIONS = "PYC707"
TESTS_UNREADABLE = "PYC800"
NO_SUCH_SETTING = "PYC801"
CONTRADICTION = "PYC802"
SHADOWED = "PYC803"
CACHE_LEFT_ON = "PYC804"
LEFT = "PYC901"
DIFFERS = "PYC902"

_GITIGNORE = "https://git-scm.com/docs/gitignore"
_DOCKERIGNORE = "https://docs.docker.com/build/concepts/context/#dockerignore-files"
_PEP_552 = "https://peps.python.org/pep-0552/"
_PEP_405 = "https://peps.python.org/pep-0405/"
_PEP_3147 = "https://peps.python.org/pep-3147/"
_SYMLINK = "https://git-scm.com/docs/gitignore#_pattern_format"
_DOCKERFILE = "https://docs.docker.com/reference/dockerfile/"
_DONT_WRITE = "https://docs.python.org/3/using/cmdline.html#envvar-PYTHONDONTWRITEBYTECODE"
_PREFIX = "https://docs.python.org/3/using/cmdline.html#envvar-PYTHONPYCACHEPREFIX"
_PIP_CACHE = "https://pip.pypa.io/en/stable/topics/caching/"
_PIP_COMPILE = "https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-compile"
_COMPOSE = "https://docs.docker.com/reference/compose-file/services/"
_WORKFLOW = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax"
_CI_CACHE = "https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching"
_SELF_HOSTED = "https://github.com/actions/checkout/issues/1014"
_UV_LOCK = "https://docs.astral.sh/uv/concepts/projects/sync/#automatic-lock-and-sync"
_PYTEST_CACHE = "https://docs.pytest.org/en/stable/how-to/cache.html"
_REPRODUCIBLE = "https://reproducible-builds.org/docs/source-date-epoch/"
_PYTEST_CONFIG = "https://docs.pytest.org/en/stable/reference/customize.html"

RULES: tuple[Rule, ...] = (
    Rule(
        BYTECODE,
        "forbid-pycache",
        "bytecode in the index",
        "It is made again at every import, differs from machine to machine, and conflicts in every merge.",
        _PEP_3147,
    ),
    Rule(
        TOOL_CACHE,
        "forbid-pycache",
        "a tool's cache in the index",
        "A test, lint or type-check tool makes it again, with the paths and results of one machine in it.",
        _GITIGNORE,
    ),
    Rule(
        ENVIRONMENT,
        "forbid-pycache",
        "a virtual environment in the index",
        "It works on the machine that made it only; a link or gitlink called .venv breaks everybody else's.",
        _PEP_405,
    ),
    Rule(
        UNCHECKED,
        "forbid-pycache",
        "bytecode that Python runs without looking at the source",
        "An unchecked hash-based .pyc runs in place of the source that was reviewed, with -B too.",
        _PEP_552,
    ),
    Rule(
        NOT_IGNORED,
        "check-pycache-gitignore",
        "a cache that no .gitignore of the repository covers",
        "The next `git add .` takes it along.",
        _GITIGNORE,
    ),
    Rule(
        NEGATED,
        "check-pycache-gitignore",
        "a cache that a later `!` line un-ignores",
        "The last line that matches wins, and a deeper file wins over a higher one.",
        _GITIGNORE,
    ),
    Rule(
        DEAD_LINE,
        "check-pycache-gitignore",
        "a line that looks right and matches nothing",
        "git knows no trailing comments, no quotes and no `./`, and strips trailing spaces only.",
        _SYMLINK,
    ),
    Rule(
        ANCHORED,
        "check-pycache-gitignore",
        "a pattern that covers one directory only",
        "A slash at the start or in the middle ties a pattern to the directory of its .gitignore.",
        _SYMLINK,
    ),
    Rule(
        DIRECTORY_ONLY,
        "check-pycache-gitignore",
        "`.venv/` where .venv may be a symbolic link",
        "A pattern that ends in a slash matches directories only, and worktrees and agents link .venv.",
        _SYMLINK,
    ),
    Rule(
        UNREADABLE,
        "check-pycache-gitignore",
        "a .gitignore that git cannot read as meant",
        "In UTF-16 every line is dead; a symbolic link is not followed (git 2.32 and newer).",
        _GITIGNORE,
    ),
    Rule(
        TRACKED,
        "check-pycache-gitignore",
        "a cache that is tracked although it is ignored",
        "Ignoring does not untrack: it goes on changing in every commit.",
        _GITIGNORE,
    ),
    Rule(
        SHIPPED,
        "check-pycache-dockerignore",
        "a cache that the ignore file of a build context lets in",
        "`COPY .` takes it into the image, and a changed cache rebuilds every layer after it.",
        _DOCKERIGNORE,
    ),
    Rule(
        ROOT_ONLY,
        "check-pycache-dockerignore",
        "a pattern that Docker applies at the root of the context only",
        "Docker anchors every pattern: `__pycache__/` and `*.pyc` cover the top level, `**/` in front covers every level.",
        _DOCKERIGNORE,
    ),
    Rule(
        REINCLUDED,
        "check-pycache-dockerignore",
        "a `!` line that ships caches",
        "The last line that matches wins, so an exception for a directory takes its caches along.",
        _DOCKERIGNORE,
    ),
    Rule(
        NO_IGNORE_FILE,
        "check-pycache-dockerignore",
        "a build context with Python sources and no ignore file that the builder reads",
        "Docker does not read .gitignore: everything that lies about is sent to the builder and copied.",
        _DOCKERIGNORE,
    ),
    Rule(
        BREAKS_BUILD,
        "check-pycache-dockerignore",
        "an ignore file that makes the build fail, or cannot be read as it is meant",
        "Docker refuses patterns that git accepts, such as a lone `!` or an unclosed bracket.",
        _DOCKERIGNORE,
    ),
    Rule(
        OTHER_BUILDER,
        "check-pycache-dockerignore",
        "a pattern that BuildKit applies and another builder does not",
        "Podman and the classic builder match in their own ways; `**/name` means the same to all.",
        _DOCKERIGNORE,
    ),
    Rule(
        NOT_REMOVED,
        "prune-pycache",
        "a cache that could not be removed",
        "Typically root left it behind: a container ran with the work tree mounted.",
        _PEP_3147,
    ),
    Rule(
        LEFT_BEHIND,
        "prune-pycache",
        "a cache that would be removed (`--check`)",
        "Nothing needs it: it is made again when it is wanted.",
        _PEP_3147,
    ),
    Rule(
        IMAGE_UNREADABLE,
        "check-pycache-dockerfile",
        "a Dockerfile that cannot be read",
        "A builder stops there as well, and no rule can look further.",
        _DOCKERFILE,
    ),
    Rule(
        IMAGE_WRITES,
        "check-pycache-dockerfile",
        "a stage that runs Python and writes bytecode into its layers",
        "Python writes the bytecode of what it imports into the layer, and no two builds write the same.",
        _DONT_WRITE,
    ),
    Rule(
        WITHOUT_EFFECT,
        "check-pycache-dockerfile",
        "a variable whose value does not do what it seems to",
        "Tools read their variables in ways of their own: a `0` may mean nothing, and a `1` the opposite.",
        _DONT_WRITE,
    ),
    Rule(
        BAD_PREFIX,
        "check-pycache-dockerfile",
        "a PYTHONPYCACHEPREFIX that is relative, or that nothing expands",
        "A relative one depends on each process's directory; `$HOME` or `~` makes a directory of that name.",
        _PREFIX,
    ),
    Rule(
        HIDDEN_BYTECODE,
        "check-pycache-dockerfile",
        "a PYTHONPYCACHEPREFIX that hides the bytecode compiled into the image",
        "With a prefix Python reads bytecode there only: what was compiled beside the sources is never used.",
        _PREFIX,
    ),
    Rule(
        UNREPEATABLE,
        "check-pycache-dockerfile",
        "an install in a build stage that writes bytecode into a layer",
        "pip compiles whatever PYTHONDONTWRITEBYTECODE says, and the bytecode copied along differs from build to build.",
        _PIP_COMPILE,
    ),
    Rule(
        DOWNLOADS_KEPT,
        "check-pycache-dockerfile",
        "a download cache that stays in a layer of the final stage",
        "It makes the image larger, and nothing ever reads it there.",
        _PIP_CACHE,
    ),
    Rule(
        COPIES_CACHES,
        "check-pycache-dockerfile",
        "a COPY of a build context whose ignore file lets caches in",
        "What lies about on one machine ends in the image, or rebuilds the layers after it.",
        _DOCKERIGNORE,
    ),
    Rule(
        SERVICE_UNREADABLE,
        "check-pycache-compose",
        "a compose file that cannot be read",
        "Compose stops there as well, and no rule can look further.",
        _COMPOSE,
    ),
    Rule(
        SERVICE_WRITES,
        "check-pycache-compose",
        "a service that writes bytecode into the work tree",
        "The container's __pycache__ lands among the sources on the host, in another Python's name.",
        _DONT_WRITE,
    ),
    Rule(
        SERVICE_TOOL_CACHE,
        "check-pycache-compose",
        "a service whose tools write their caches into the work tree",
        "The container's caches hold paths that do not exist on the host.",
        _COMPOSE,
    ),
    Rule(
        SERVICE_AS_ROOT,
        "check-pycache-compose",
        "a service that writes into the work tree as root",
        "What root wrote there nobody else can remove: the next checkout or clean-up fails with EACCES.",
        _COMPOSE,
    ),
    Rule(
        BLANK_USER,
        "check-pycache-compose",
        "a `user:` that comes out blank",
        "Shells do not export UID and GID, so `${UID}:${GID}` is `:`, and the service runs as the image's user.",
        _COMPOSE,
    ),
    Rule(
        PIPELINE_UNREADABLE,
        "check-pycache-ci",
        "a CI file that cannot be read",
        "The CI system stops there as well, and no rule can look further.",
        _WORKFLOW,
    ),
    Rule(
        PIPELINE_WRITES,
        "check-pycache-ci",
        "a job that writes bytecode into a work tree that stays",
        "On a self-hosted runner it stays until a checkout cleans it; what root wrote there stops that checkout.",
        _SELF_HOSTED,
    ),
    Rule(
        CONTAINER_WRITES,
        "check-pycache-ci",
        "a container that writes into a job's work tree as root",
        "The next checkout on the same runner fails with EACCES.",
        _SELF_HOSTED,
    ),
    Rule(
        CACHE_KEY,
        "check-pycache-ci",
        "a download cache whose key hashes no lock file",
        "Nothing tells the cache that the locked versions have changed: it keeps what was saved first, or piles up.",
        _CI_CACHE,
    ),
    Rule(
        CACHE_CONTENT,
        "check-pycache-ci",
        "a CI cache that keeps installed packages, bytecode or an environment",
        "It breaks with the next interpreter of the runner; downloads can be kept safely instead.",
        _CI_CACHE,
    ),
    Rule(
        LOCK_IGNORED,
        "check-pycache-ci",
        "an install that ignores the lock file beside it",
        "CI then tests other versions than those that were locked.",
        _UV_LOCK,
    ),
    Rule(
        NOT_CLEANED,
        "check-pycache-ci",
        "`clean: false` on a checkout",
        "It hides what a root container left behind, and lets the next job run on it.",
        _SELF_HOSTED,
    ),
    Rule(
        CACHE_OPTIONS,
        "check-pycache-ci",
        "pytest options that need the cache, together with `-p no:cacheprovider`",
        "pytest ends with exit status 4, or ignores them where PYTEST_ADDOPTS switches the plugin off.",
        _PYTEST_CACHE,
    ),
    Rule(
        TESTS_UNREADABLE,
        "check-pycache-pytest",
        "a pytest configuration that cannot be read",
        "pytest stops there as well, and no rule can look further.",
        _PYTEST_CONFIG,
    ),
    Rule(
        NO_SUCH_SETTING,
        "check-pycache-pytest",
        "a setting that does not do what it seems to",
        "pytest knows no such name or value, and its cache stays where it was.",
        _PYTEST_CACHE,
    ),
    Rule(
        CONTRADICTION,
        "check-pycache-pytest",
        "settings that contradict each other",
        "Without its plugin the cache has no options and no directory: what is set for it is ignored.",
        _PYTEST_CACHE,
    ),
    Rule(
        SHADOWED,
        "check-pycache-pytest",
        "a pytest configuration that another file hides",
        "pytest reads the first file that matches and no other, even if that is empty.",
        _PYTEST_CONFIG,
    ),
    Rule(
        CACHE_LEFT_ON,
        "check-pycache-pytest",
        "pytest's cache in the work tree (`--require-disabled`)",
        "The team has decided that tests leave nothing behind.",
        _PYTEST_CACHE,
    ),
    Rule(
        LEFT,
        "run-without-pycache",
        "a cache that the command left in the work tree",
        "The command goes past what prevents it: it names its cache directory itself, or compiles on purpose.",
        _DONT_WRITE,
    ),
    Rule(
        DIFFERS,
        "run-without-pycache",
        "a file that differs between two builds (`--reproducible`)",
        "What is built twice from the same files ought to be the same: else no layer and no cache can be used again.",
        _REPRODUCIBLE,
    ),
)
