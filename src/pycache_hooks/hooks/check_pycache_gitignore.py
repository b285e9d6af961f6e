"""Check that the repository's own .gitignore files cover what Python and its tools will write.

git itself is asked, about files that need not exist yet: bytecode in every directory that holds Python sources; .venv, as
directory and as symbolic link, at the root and beside each pyproject.toml; and there, of the tools that the repository
shows it uses, the caches that do not ignore themselves. A personal excludes file does not count.
--fix appends what is missing, and never a line that would hide a tracked source file.
"""

from __future__ import annotations

from pycache_hooks import catalog, selection
from pycache_hooks.console import Failure, guarded, read_options
from pycache_hooks.ignorefiles import gitignore
from pycache_hooks.ignorefiles.gitignore import Judgement, Probe, Tracked
from pycache_hooks.readers import project as projects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pycache_hooks.arguments import Option
    from pycache_hooks.catalog import Cache
    from pycache_hooks.findings import Finding
    from pycache_hooks.ignorefiles.gitignore import Answers, Files, Verdict
    from pycache_hooks.readers.project import Project

    Spared = Callable[[str], bool]

NAME = "check-pycache-gitignore"

CORE, BASELINE = "core", "baseline"

OPTIONS: tuple[Option, ...] = (
    (
        "--profile",
        {
            "choices": (CORE, BASELINE),
            "help": "what is required: core (the default), or baseline, the wider list that teams start with",
        },
    ),
    (
        "--require",
        {
            "action": "append",
            "metavar": "PATTERN",
            "help": "require what this line of a .gitignore covers too (repeatable)",
        },
    ),
    ("--fix", {"action": "store_true", "help": "append the missing lines, and rewrite UTF-16 as UTF-8"}),
    *selection.OPTIONS,
)

MADE_UP = "zq7_probe"
"""A name that no pattern can know."""

MADE_UP_ENDING = "host.123.XabcdefX"
"""What coverage puts behind a name: host, process and random letters."""

BYTECODE_PROBES = (
    (f"{catalog.PYCACHE}/{MADE_UP}.cpython-312.pyc", catalog.DIRECTORIES[catalog.PYCACHE]),
    (f"{MADE_UP}.pyc", catalog.PYC),
)
"""What lands in a directory of sources: since PEP 3147, and before it and with ``compileall -b``."""

BYTECODE_NAMES = (catalog.PYCACHE, *(path.rpartition("/")[2] for path, _ in BYTECODE_PROBES))


class Settings(selection.Selection):
    """What one run is asked for."""

    profile = CORE
    require: list[str] | None = None
    fix = False


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    finished, asked = projects.started(), early()
    settings = read_options(NAME, __doc__, OPTIONS, Settings(), argv)
    project = finished()
    found = findings(project, settings, selection.filter_of(settings, project.root), asked.answers(project.root))
    return selection.conclude(found, settings)


def early() -> gitignore.Early:
    """Ask git about what will be asked in most repositories, before anything is known of this one."""
    return gitignore.Early([probe.path for probe in _likely()])


def findings(project: Project, settings: Settings, counts: Callable[[Finding], bool], known: Answers) -> list[Finding]:
    """What is wrong with the .gitignore files of *project*, mended if asked for. *known*: what git has already answered."""
    if not project.has_python:
        return []
    spared = selection.spared(settings.exclude)
    required = [_required(pattern) for pattern in settings.require or ()]
    if settings.profile == BASELINE:
        required += [_probe("", row) for row in catalog.CACHES if row.baseline]
    judgement = judge(project, spared, required, known)
    if judgement.clean:
        return []
    from pycache_hooks.ignorefiles import gaps  # what follows is paid for by those who have something to mend

    gaps.narrow(project.root, judgement, counts)
    repair = gaps.repair(project, judgement)
    found = gaps.findings(project, judgement, repair)
    written = gaps.write(project, judgement, repair) if settings.fix else []
    if not written:
        return found
    left = judge(project, spared, required, {})
    gaps.narrow(project.root, left, counts)
    return gaps.mended(found, written, gaps.findings(project, left, gaps.repair(project, left)))


def judge(project: Project, spared: Spared, required: list[Probe], known: Answers) -> Judgement:
    """Ask git about every probe of *project*, and about those *required* on top, unless the answer is *known*."""
    root, files = project.root, gitignore.read(project.root, project.gitignores)
    tracked = _tracked(project, files, spared)
    if gitignore.NAME in files and files[gitignore.NAME].fault in (gitignore.UNREADABLE, gitignore.NOT_TEXT):
        return Judgement(files, [], tracked)  # nobody knows what is in it
    folders = _outside(project.project_directories, spared)
    probes = [*required, *(probe for folder in folders for probe in _project_probes(project, folder))]
    # Where there is a .gitignore, bytecode is asked about first: mostly that answers for all directories below.
    samples = [probe.path for level in _levels(files) for probe in _bytecode(level)]
    answers = gitignore.ask(root, files, [*samples, *(probe.path for probe in probes)], known)
    if not _hold_below(files, [answers[path] for path in samples]):
        deep = [probe for folder in _outside(project.source_directories, spared) for probe in _bytecode(folder)]
        probes = [*deep, *probes]
        answers |= gitignore.ask(root, files, [probe.path for probe in deep], answers)
    silent = {probe.path: probe.folder for probe in probes if probe.folder and answers[probe.path] is None}
    answers |= gitignore.reopened(root, files, silent)
    return Judgement(files, [(probe, answers[probe.path]) for probe in probes], tracked)


def _required(pattern: str) -> Probe:
    """An example of what *pattern*, a line of a .gitignore, covers at the root."""
    example = pattern.lstrip("/").replace("**/", "").replace("**", "*")
    while "[" in example and "]" in example:
        before, _, rest = example.partition("[")
        members, _, after = rest.partition("]")
        example = before + members[:1] + after
    example = _example(example.replace("?", "q"))
    if not example.strip("/") or pattern.startswith(("!", "#")) or "\n" in pattern or ".." in example.split("/"):
        raise Failure(f"--require {pattern}: not a line of a .gitignore that ignores something")
    return Probe("", example, pattern, (pattern,))


def _example(name: str) -> str:
    """A path that *name*, with wildcards, stands for; for a directory, of a file in it."""
    example = name.replace("*", MADE_UP_ENDING if name.endswith("*") else MADE_UP)
    return f"{example}{MADE_UP}" if name.endswith("/") else example


def _probe(directory: str, row: Cache) -> Probe:
    return Probe(directory, _example(row.name), row.name, _patterns(row))


def _bytecode(directory: str) -> list[Probe]:
    return [Probe(directory, tail, row.name, _patterns(row)) for tail, row in BYTECODE_PROBES]


def _environment(directory: str) -> list[Probe]:
    name = catalog.VENV.pattern
    return [
        Probe(directory, _example(catalog.VENV.name), name, (name,)),
        Probe(directory, name, name, (name,), link=True),
    ]


def _patterns(row: Cache) -> tuple[str, ...]:
    """The lines that cover *row*: the one that the catalogue proposes, or else the name itself."""
    return tuple(dict.fromkeys((row.pattern, row.name)))


def _likely() -> list[Probe]:
    """What will be asked about at the root of most repositories."""
    tools = [_probe("", row) for row in catalog.CACHES if not row.ignores_itself and (row.files or row.mentions)]
    return [*_bytecode(""), *_environment(""), *tools]


def _project_probes(project: Project, directory: str) -> list[Probe]:
    used = [row for row in projects.used_caches(project, directory) if not row.ignores_itself]
    return [*_environment(directory), *(_probe(directory, row) for row in used)]


def _levels(files: Files) -> list[str]:
    """The root, and every other directory that has a .gitignore."""
    return list(dict.fromkeys(("", *(path.rpartition("/")[0] for path in files))))


def _hold_below(files: Files, verdicts: list[Verdict | None]) -> bool:
    """Whether *verdicts* about bytecode at all levels hold in every directory below them, too.

    They do where a pattern matches its name at every depth, unless a ``!`` line may match that name as well. Then there is
    no need to ask about each of 10,000 directories, or to know them.
    """
    return all(verdict and verdict.floats for verdict in verdicts) and not gitignore.may_reopen(files, BYTECODE_NAMES)


def _outside(directories: list[str], spared: Spared) -> list[str]:
    return [path for path in directories if not spared(f"{path}/")]


def _tracked(project: Project, files: Files, spared: Spared) -> list[Tracked]:
    """The tracked files of caches that *files* ignore."""
    entries = [entry for entry in projects.tracked_caches(project) if not spared(entry[0])]
    answers = gitignore.ask(project.root, files, [path for path, _, _ in entries])
    return [Tracked(*entry, verdict) for entry in entries if (verdict := answers[entry[0]]) and verdict.ignores]
