"""Check that the services of compose files write no Python caches into a work tree that is mounted into them.

Judged is what a service comes to: the last stage of the image that is built for it, or its target, then env_file, then
environment; with anchors, extends, include, overrides and the variables that a tracked .env sets.
"""

from __future__ import annotations

from pycache_hooks import checking, rules
from pycache_hooks.console import guarded
from pycache_hooks.readers import containers
from pycache_hooks.readers.imports import Imports
from pycache_hooks.readers.project import is_template
from pycache_hooks.rules import services
from pycache_hooks.selection import OPTIONS, Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycache_hooks.findings import Finding
    from pycache_hooks.readers.compose import Service
    from pycache_hooks.readers.containers import Reader
    from pycache_hooks.readers.files import Files

NAME = "check-pycache-compose"


class Settings(Selection):
    """What one run is asked for."""


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    return checking.run(NAME, __doc__, OPTIONS, Settings(), judge, argv)


def judge(files: Files, _: Settings, names: Sequence[str] | None) -> list[Finding]:
    """The findings about all compose files, or about the projects that the files *names* are part of."""
    reader, imports = containers.Reader(files), Imports(files)
    parsed: set[str] = set()
    found: list[tuple[str, Finding]] = []
    for project, every in files.projects:
        if names is None or not project.read.isdisjoint(names):
            parsed |= project.parsed
            found += [(ways[0].name, finding) for ways in every for finding in _sure(reader, imports, ways)]
    refused = (path for path in sorted(parsed) if path in files.unreadable)
    unreadable = [path for path in refused if not is_template(files.text(path) or "")]
    return services.together(found) + checking.unreadable(files, rules.SERVICE_UNREADABLE, unreadable)


def _sure(reader: Reader, imports: Imports, ways: list[Service]) -> list[Finding]:
    """What is wrong with a service in whichever of the *ways* it is put together."""
    findings = [_findings(reader, imports, service) for service in ways]
    codes = set.intersection(*({finding.code for finding in each} for each in findings))
    return [finding for finding in findings[-1] if finding.code in codes]


def _findings(reader: Reader, imports: Imports, service: Service) -> list[Finding]:
    container = reader.container(service)
    blank = services.blank_user(container, lambda name: reader.sets(service, name))
    return services.judge(container, imports) + blank
