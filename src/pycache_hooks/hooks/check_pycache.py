"""Run every check of the suite on the whole repository, in one process.

That is forbid-pycache --all, and check-pycache-gitignore, -dockerignore, -dockerfile, -compose, -ci and -pytest. Each reads
its own options from its table in pyproject.toml, such as [tool.pycache-hooks.check-pycache-dockerfile].
"""

from __future__ import annotations

from pycache_hooks import configuration, processes, rules, selection
from pycache_hooks.console import guarded, read_options
from pycache_hooks.findings import Finding
from pycache_hooks.readers import libyaml, project
from pycache_hooks.readers.files import Files
from pycache_hooks.repairs import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from pycache_hooks.arguments import Option

    Counts = Callable[[Finding], bool]
    Row = tuple[str, int | None, str, str, str]

NAME = "check-pycache"
_FORBID = "forbid-pycache"

_BY_NAME = (rules.BYTECODE, rules.TOOL_CACHE, rules.ENVIRONMENT)
"""Of tracked caches, whether they are ignored or not."""

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
    finished = project.started()
    from pycache_hooks.hooks import check_pycache_gitignore as gitignore

    asked = gitignore.early()
    # The other checks are imported while git works.
    from pycache_hooks.hooks import check_pycache_ci as ci
    from pycache_hooks.hooks import check_pycache_compose as compose
    from pycache_hooks.hooks import check_pycache_dockerfile as dockerfile
    from pycache_hooks.hooks import check_pycache_dockerignore as dockerignore

    settings, table = Settings(), configuration.read()
    read_options(NAME, __doc__, OPTIONS, settings, argv, table)
    files = Files(finished())
    root = files.root
    counts = selection.filter_of(settings, root)

    def own(check: ModuleType) -> tuple[Any, Counts]:
        return _own(check, settings, table, root, counts)

    def judged(checks: list[ModuleType]) -> list[Row]:
        """What these find in files that are read and parsed once for all of them."""
        return [
            (finding.path, finding.line, finding.code, finding.message, str(finding.fix))
            for check, (chosen, keeps) in zip(checks, map(own, checks), strict=True)
            for finding in joined(filter(keeps, check.judge(files, chosen, None)))
        ]

    def judged_apart(checks: list[ModuleType]) -> list[Row]:
        from pycache_hooks.hooks import check_pycache_pytest as pytest

        return judged([*checks, pytest])

    # CI files have nothing in common with the rest, and take as long; what pytest is told takes no time.
    concerned = ci.is_concerned(files)
    if concerned:
        libyaml.prepare()  # once for both processes
    apart = processes.beside(judged_apart, [ci]) if concerned else lambda: judged_apart([ci])

    found: list[Finding] = []
    may_hold_caches = files.project.may_hold_caches
    if may_hold_caches or _FORBID in table:
        from pycache_hooks.hooks import forbid_pycache as forbid
        from pycache_hooks.readers import snapshot

        index, keeps = own(forbid)
        recorded = snapshot.index() if may_hold_caches else []
        found += forbid.findings(recorded, recorded, index, keeps)

    gitignores, keeps = own(gitignore)
    found += gitignore.findings(files.project, gitignores, keeps, asked.answers(root))

    dockerignores, keeps = own(dockerignore)
    silenced: list[Finding] = []
    shipped, problems = dockerignore.findings(files, dockerignores, _noting(keeps, silenced))
    found += shipped

    images, keeps = own(dockerfile)
    found += filter(keeps, dockerfile.stages(files, images, None))
    # A COPY takes along what an ignore file lets in: to be said where that was not said of the ignore file itself.
    if not shipped and (silenced or dockerignores.context):
        found += filter(keeps, dockerfile.copies(files, None))

    found += [Finding(*row) for row in (*judged([compose]), *apart())]
    return selection.conclude(_once(found), settings, problems)


def _once(found: list[Finding]) -> list[Finding]:
    """*found* without what two checks say of the same thing: of a tracked cache."""
    tracked = {finding.path for finding in found if finding.code in _BY_NAME}
    return [finding for finding in found if not (finding.code == rules.TRACKED and finding.path in tracked)]


def _noting(counts: Counts, silenced: list[Finding]) -> Counts:
    """*counts*, which adds the findings that do not count to *silenced*."""

    def noted(finding: Finding) -> bool:
        kept = counts(finding)
        if not kept:
            silenced.append(finding)
        return kept

    return noted


def _own(check: ModuleType, settings: Settings, table: dict[str, Any], root: str, counts: Counts) -> tuple[Any, Counts]:
    """The settings of one *check*, from its table; and whether a finding of it counts, by these and for all checks."""
    own = check.Settings()
    configuration.fill(check.NAME, check.OPTIONS, own, {check.NAME: table.get(check.NAME, {})})
    if settings.fix and hasattr(own, "fix"):
        own.fix = True
    keeps = selection.filter_of(own, root)
    return own, lambda finding: counts(finding) and keeps(finding)
