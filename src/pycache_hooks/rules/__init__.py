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

_GITIGNORE = "https://git-scm.com/docs/gitignore"
_DOCKERIGNORE = "https://docs.docker.com/build/concepts/context/#dockerignore-files"
_PEP_552 = "https://peps.python.org/pep-0552/"
_PEP_405 = "https://peps.python.org/pep-0405/"
_PEP_3147 = "https://peps.python.org/pep-3147/"
_SYMLINK = "https://git-scm.com/docs/gitignore#_pattern_format"

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
)
