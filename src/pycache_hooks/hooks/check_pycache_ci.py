"""Check that CI prevents caches where they hurt, and keys its download caches on lock files.

Read are GitHub's workflows and composite actions, GitLab CI, buildspec files and Azure Pipelines, with the shell scripts
that they call. Bytecode hurts where a work tree stays: on self-hosted runners, and on those with labels that no known
service of fresh machines has.
What files that are not in the repository may set (an include of another project, a variable group) is taken as set.
"""

from __future__ import annotations

from pycache_hooks import checking, rules, selection
from pycache_hooks.console import guarded
from pycache_hooks.readers import systems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycache_hooks.arguments import Option
    from pycache_hooks.findings import Finding
    from pycache_hooks.readers.files import Files

NAME = "check-pycache-ci"

OPTIONS: tuple[Option, ...] = (
    (
        "--all-runners",
        {"action": "store_true", "help": "judge jobs on hosted runners, too, as if their work trees stayed"},
    ),
    *selection.OPTIONS,
)


class Settings(selection.Selection):
    """What one run is asked for."""

    all_runners = False


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    return checking.run(NAME, __doc__, OPTIONS, Settings(), judge, argv)


def judge(files: Files, settings: Settings, names: Sequence[str] | None = None) -> list[Finding]:
    """The findings about the CI files of the repository: all of them, as a change of a script can matter to any.

    If workflows are all that is named, these alone are judged.
    """
    if names is None and not is_concerned(files):
        return []
    from pycache_hooks.readers import pipelines
    from pycache_hooks.rules import pipelines as about_pipelines

    jobs = pipelines.read(files, names)
    findings = about_pipelines.judge(files, jobs, all_runners=settings.all_runners)
    unreadable = [path for path in files.unreadable if systems.is_pipeline(path)]
    return findings + checking.unreadable(files, rules.PIPELINE_UNREADABLE, unreadable)


def is_concerned(files: Files) -> bool:
    """Whether there is anything to judge."""
    return any(map(systems.is_pipeline, files.configuring(*systems.TELLING)))
