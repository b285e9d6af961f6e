"""What a COPY of the build context takes along that the ignore file lets in."""

from __future__ import annotations

from pycache_hooks import bases, programs, rules
from pycache_hooks.findings import Finding
from pycache_hooks.programs import installers
from pycache_hooks.rules.layers import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pycache_hooks.ignorefiles.leaking import Imports, Leak, Leaking
    from pycache_hooks.readers.images import Image, Stage
    from pycache_hooks.readers.shell import Command

_NAMING = ("--app", "-A")
"""The options of flask and celery that name a module."""

_BY_DEFAULT = {"flask": ("app", "wsgi"), "fastapi": ("main", "app", "api")}
"""Programs that look for a module by these names."""


def judge(builds: Iterable[tuple[str, Image, Leak]]) -> list[Finding]:
    """A finding for each ignore file that lets caches into what a COPY or ADD takes from the build context.

    *builds*: the path of each Dockerfile, what it says, and for a source of a COPY what leaks in with it. The finding is
    about the first of those that share an ignore file; the one nearest to the root comes first.
    """
    found: dict[str, list[tuple[str, int, Leaking]]] = {}
    for path, image, leak in sorted(builds, key=lambda build: (build[0].count("/"), build[0])):
        for file, (line, leaking) in _leaks(image, leak).items():
            found.setdefault(file, []).append((path, line, leaking))
    return [_finding(*each[0], len(each) - 1) for each in found.values()]


def _leaks(image: Image, leak: Leak) -> dict[str, tuple[int, Leaking]]:
    """Of each ignore file the first COPY that takes a cache along, in the final image if there is one."""
    layout = Layout(image)
    found: dict[str, tuple[int, Leaking]] = {}
    if not _may_run_python(layout):
        return found
    used = [stage for stage in image.stages if stage.number in layout.used]
    for stage in sorted(used, key=lambda stage: stage.number not in layout.shipped):
        cleaned = 0 if stage.number in layout.shipped else _cleaned(stage)
        for copy in stage.copies:
            for source in copy.sources if copy.origin is None and not copy.excludes and copy.line > cleaned else []:
                leaking = leak(source)
                if leaking:
                    found.setdefault(leaking.file, (copy.line, leaking))
    return found


def _cleaned(stage: Stage) -> int:
    """The line of the last command of *stage* that deletes bytecode: what was copied before it goes no further."""
    commands = (command for run in stage.runs for command in run.commands)
    return max((command.line for command in commands if installers.removes_bytecode(command)), default=0)


def _may_run_python(layout: Layout) -> bool:
    """Whether a stage runs Python, or one that copies from the context may: in other ones its sources are there by the way."""
    copying = [stage.number for stage in layout.image.stages if any(copy.origin is None for copy in stage.copies)]
    if not all(bases.is_of_another_language(layout.bases[number]) for number in copying):
        return True
    if any(bases.repository(base)[0] in bases.WITH_PYTHON for base in layout.bases.values()):
        return True
    ran = (step.command for steps in layout.steps.values() for step in steps)
    started = (command for stage in layout.image.stages for command in stage.commands)
    return any(map(programs.runs_python, (*ran, *started)))


def _finding(path: str, line: int, leaking: Leaking, others: int) -> Finding:
    from pycache_hooks import repairs, report

    more = f" (and {report.counted(others, 'more Dockerfile')})" if others else ""
    message = f"would take {leaking.cache} along: {leaking.reason}{more}"
    fix = repairs.at_root(f"check-pycache-dockerignore --context {repairs.quoted(leaking.directory or '.')} --fix")
    return Finding(path, line, rules.COPIES_CACHES, message, fix)


def imports(image: Image) -> Imports:
    """Whether what *image* runs imports a module of that name, as far as the Dockerfile says so.

    Where the base image decides what a container starts, that may import any module.
    """
    names = {name for word in _naming(image) for name in word.removesuffix(".py").replace("/", ".").split(".")}
    layout = Layout(image)
    final = image.stages[-1]
    unknown = not final.commands and not bases.is_plain(layout.bases[final.number])
    return lambda name: name in names or (unknown and name.isidentifier())


def _naming(image: Image) -> Iterator[str]:
    """The words that name a module, with the packages or directories that it lies in."""
    for stage in image.stages:
        variable = stage.variables.get("FLASK_APP")
        if variable and variable.value:
            yield variable.value.partition(":")[0]
        for command in [*stage.commands, *(command for run in stage.runs for command in run.commands)]:
            if programs.runs_python(command):
                yield from _named_by(programs.unwrapped(command))


def _named_by(command: Command) -> Iterator[str]:
    """The modules that a command of Python names: ``-m module``, ``flask --app module``, ``gunicorn module:attribute``."""
    python = programs.interpreter(command)
    program, *words = [*(python.words if python else command.words), ""]
    if python:
        yield python.module
    program = program.rpartition("/")[2]
    yield from _BY_DEFAULT.get(program, ())
    yield from programs.option_values(words, _NAMING)
    for word in words:
        module, colon, _ = word.partition(":")
        if colon or program == "gunicorn":
            yield module
