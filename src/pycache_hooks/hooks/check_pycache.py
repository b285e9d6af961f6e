"""Run every check of the suite on the whole repository, in one process.

That is forbid-pycache --all, and check-pycache-gitignore, -dockerignore, -dockerfile, -compose, -ci and -pytest. Each reads
its own options from its table in pyproject.toml, such as [tool.pycache-hooks.check-pycache-dockerfile].
"""

from __future__ import annotations

from pycache_hooks import configuration, git, rules, selection
from pycache_hooks.console import guarded, read_options
from pycache_hooks.hooks import (
    check_pycache_ci,
    check_pycache_compose,
    check_pycache_dockerfile,
    check_pycache_dockerignore,
    check_pycache_gitignore,
    check_pycache_pytest,
    forbid_pycache,
)
from pycache_hooks.readers import project as projects
from pycache_hooks.readers import snapshot
from pycache_hooks.readers.files import Files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from pycache_hooks.arguments import Option
    from pycache_hooks.findings import Finding

    Counts = Callable[[Finding], bool]

NAME = "check-pycache"

CHECKS = (check_pycache_dockerfile, check_pycache_compose, check_pycache_ci, check_pycache_pytest)
"""Of files that are read and parsed once for all of them."""

_LEAKS = [rule.code for rule in rules.RULES if rule.hook == "check-pycache-dockerignore"]

OPTIONS: tuple[Option, ...] = (
    ("--fix", {"action": "store_true", "help": "mend what the checks can mend: the index and the ignore files"}),
    *selection.OPTIONS,
)


class Settings(selection.Selection):
    """What one run is asked for."""

    fix = False


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    listing = projects.Listing()
    listed = git.Command("ls-files", "-z", "--full-name", ":/", consume=listing.take)
    top = git.Command("rev-parse", "--show-toplevel")
    asked = check_pycache_gitignore.early()
    settings, table = Settings(), configuration.read()
    read_options(NAME, __doc__, OPTIONS, settings, argv, table)
    root = git.finished_top_level(top)
    listed.output()
    project = projects.read(root, listing)
    counts = selection.filter_of(settings, root)
    found: list[Finding] = []

    index, keeps = _own(forbid_pycache, settings, table, root, counts)
    recorded = snapshot.index() if project.may_hold_caches else []
    found += forbid_pycache.findings(recorded, recorded, index, keeps)

    gitignores, keeps = _own(check_pycache_gitignore, settings, table, root, counts)
    found += check_pycache_gitignore.findings(project, gitignores, keeps, asked.answers(root))

    dockerignores, keeps = _own(check_pycache_dockerignore, settings, table, root, counts)
    shipped, problems = check_pycache_dockerignore.findings(project, dockerignores, keeps)
    found += shipped

    files = Files(project)
    for check in CHECKS:
        own, keeps = _own(check, settings, table, root, counts)
        found += [finding for finding in check.judge(files, own, None) if keeps(finding)]
    return selection.conclude(_once(found), settings, problems)


def _once(found: list[Finding]) -> list[Finding]:
    """*found* without what two checks say of the same thing: a tracked cache, and an ignore file that a COPY relies on."""
    tracked = {finding.path for finding in found if finding.code in forbid_pycache.CODES.values()}
    leaking = any(finding.code in _LEAKS for finding in found)
    return [
        finding
        for finding in found
        if not (finding.code == rules.TRACKED and finding.path in tracked)
        and not (finding.code == rules.COPIES_CACHES and leaking)
    ]


def _own(check: ModuleType, settings: Settings, table: dict[str, Any], root: str, counts: Counts) -> tuple[Any, Counts]:
    """The settings of one *check*, from its table; and whether a finding of it counts, by these and for all checks."""
    own = check.Settings()
    name = check.__name__.rpartition(".")[2].replace("_", "-")
    configuration.fill(name, check.OPTIONS, own, {name: table.get(name, {})})
    if settings.fix and hasattr(own, "fix"):
        own.fix = True
    keeps = selection.filter_of(own, root)
    return own, lambda finding: counts(finding) and keeps(finding)
