"""What the ignore file of a build context lets through, and how to mend it."""

from __future__ import annotations

import os

from pycache_hooks import catalog, repairs, report, rules
from pycache_hooks.findings import Finding, enumerated, short
from pycache_hooks.ignorefiles.dockerignore import DockerIgnore, DockerIgnoreError
from pycache_hooks.readers import contexts, project
from pycache_hooks.readers.dockerfile import EVERYTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pycache_hooks.readers.contexts import Context
    from pycache_hooks.readers.project import Project

    Fault = tuple[str, int | None, str]
    Uncovered = dict[Fault, list["Probe"]]

PYCACHE = catalog.DIRECTORIES[catalog.PYCACHE]

DOCKERIGNORE, CONTAINERIGNORE = contexts.IGNORE_FILES
PODMAN, CLASSIC = "Podman", "the classic builder"

MAX_BYTES = 1 << 17
MOST_REFUSED = 10

UNKNOWN = "pycache-probe"
"""A name that no pattern can know."""

COMPILED = f"{UNKNOWN}.cpython-313.pyc"


class Probe:
    """A file that Python or a tool would write, at *path*: the *directory* of the context, the *name* of the cache there."""

    __slots__ = ("directory", "name", "path", "row")

    def __init__(self, directory: str, name: str, row: catalog.Cache, below: str = "") -> None:
        self.directory = directory
        self.name = name
        self.row = row
        self.path = directory + name + below

    @property
    def at_root(self) -> list[str]:
        """The same file in the root of the context, and what ``*.pyc`` is meant for: a line for these is taken for more."""
        beside = [f"{UNKNOWN}.pyc"] if self.row is PYCACHE else []
        return [path for path in (self.path.removeprefix(self.directory), *beside) if path != self.path]

    @property
    def patterns(self) -> list[str]:
        """The lines that keep it out at every depth, with every builder."""
        rows = (PYCACHE, catalog.PYC) if self.row is PYCACHE else (self.row,)
        return ["**/" + row.pattern.rstrip("/") for row in rows]


class Probes:
    """What the ignore files of a context are asked about: `bytecode`, and the *caches* of tools.

    Mostly one pattern keeps all bytecode out: *make* makes its probes, one for each directory, when they are looked at.
    """

    __slots__ = ("_bytecode", "_make", "caches")

    def __init__(self, make: Callable[[], list[Probe]], caches: list[Probe]) -> None:
        self._make = make
        self._bytecode: list[Probe] = []
        self.caches = caches

    def __iter__(self) -> Iterator[Probe]:
        yield from self.bytecode
        yield from self.caches

    @property
    def bytecode(self) -> list[Probe]:
        """Those of bytecode."""
        self._bytecode = self._bytecode or self._make()
        return self._bytecode


class Judged:
    """One ignore *file* for a *build*, the *probes* asked of it, and a *note* on the file that is not read for it.

    *others*: the builders besides BuildKit that read it; Podman alone reads a .containerignore. *copied* tells what
    the builds that use it copy, or None if nobody knows.
    """

    __slots__ = ("build", "copied", "file", "note", "others", "probes")

    def __init__(  # noqa: PLR0913, PLR0917 - one argument an attribute
        self,
        file: str,
        build: Context,
        probes: Probes,
        others: tuple[str, ...],
        note: str,
        copied: Callable[[], list[str] | None],
    ) -> None:
        self.file = file
        self.build = build
        self.probes = probes
        self.others = others
        self.note = note
        self.copied = copied

    @property
    def is_podmans(self) -> bool:
        """Whether only Podman reads it."""
        return self.file.endswith(CONTAINERIGNORE)


def prefix_of(directory: str) -> str:
    """How the paths of what lies in *directory* begin; ``""`` is the root."""
    return f"{directory}/" if directory else ""


def takes(source: str, paths: Iterable[str]) -> Iterator[str]:
    """Those of *paths* in the context that a COPY of *source* takes along.

    A pattern that names a directory, or what is in it, takes its caches along: the ignore files have the same syntax.
    """
    if source == EVERYTHING:
        return iter(paths)
    try:
        pattern = DockerIgnore.parse(os.fsencode(f"./{source}"))
    except DockerIgnoreError:
        return iter(())
    return filter(pattern.excludes, paths)


def judge(
    judged: Judged, found: Project, problems: list[str], counts: Callable[[Finding], bool], *, fix: bool
) -> list[Finding]:
    """The findings about one ignore file that count; with *fix* it is mended, and they say what was written.

    What could not be written is added to the *problems*.
    """
    path = os.path.join(found.root, judged.file)
    try:
        data = _read(path, judged)
    except Unusable as reason:
        repair = _rewritten(judged, found, reason)
        return [each for each in (Finding(judged.file, None, reason.code, str(reason), repair),) if counts(each)]
    if data is None:
        data = b""
        refused: list[Finding] = []
        uncovered: Uncovered = {(rules.NO_IGNORE_FILE, None, ""): [*judged.probes]}
    else:
        ignore, refused = _parsed(data, judged)
        uncovered = _uncovered(ignore, judged, data) if ignore else {}
    refused = [finding for finding in refused if counts(finding)]
    uncovered = {
        (code, line, builders): probes
        for (code, line, builders), probes in uncovered.items()
        if counts(Finding(judged.file, line, code, ""))
    }
    uncovered = uncovered and _copied(uncovered, judged.copied())
    if not uncovered:
        return refused
    patterns, hiding = _harmless(_wanted(uncovered), judged, found, data)
    repair, fixed = repairs.at_root(_append(judged.file, patterns, data)) if patterns else "", False
    if fix and patterns and _is_plain(path, found.root):
        from pycache_hooks.ignorefiles import edit

        try:
            edit.write(path, edit.appended(data, patterns))
            repair, fixed = f"added {', '.join(patterns)}", True
        except OSError as error:
            problems.append(f"{judged.file}: cannot be written: {error.strerror}")
    findings = [
        Finding(
            judged.file, line, code, _message(code, judged, _line(data, line), builders, probes), repair, fixed=fixed
        )
        for (code, line, builders), probes in uncovered.items()
    ]
    for pattern, hidden in hiding.items():
        message = f"`{pattern}` is not proposed: it would keep {hidden}, which is tracked, out of the build"
        findings.append(Finding(judged.file, None, rules.SHIPPED, message))
    return refused + findings


def let_in(judged: Judged, root: str) -> list[tuple[Probe, str]]:
    """The probes that every builder which reads the ignore file would ship, and why; all of them if there is no such file."""
    try:
        data = _read(os.path.join(root, judged.file), judged)
    except Unusable as reason:
        return [(probe, f"{judged.file} {reason}") for probe in judged.probes if reason.code == rules.NO_IGNORE_FILE]
    if data is None:
        return [(probe, f"there is no {judged.file} to keep it out{judged.note}") for probe in judged.probes]
    ignore, _ = _parsed(data, judged)
    uncovered = _uncovered(ignore, judged, data) if ignore else {}
    return [
        (probe, _let_in_by(judged, code, _line(data, line), line))
        for (code, line, _), probes in sorted(uncovered.items(), key=lambda fault: fault[0][1] or 0)
        if code != rules.OTHER_BUILDER
        for probe in probes
    ]


def _let_in_by(judged: Judged, code: str, pattern: str, line: int | None) -> str:
    if code == rules.ROOT_ONLY:
        reason = f"`{pattern}` in line {line} of {judged.file} covers the root of the context only"
    elif code == rules.REINCLUDED:
        reason = f"`{pattern}` in line {line} of {judged.file} ships it"
    else:
        reason = f"{judged.file} lets it into the build context"
    return reason + judged.note


class Unusable(Exception):
    """Why an ignore file cannot be judged: the *code* of that, and the *command* that rewrites it as it is meant."""

    def __init__(self, code: str, reason: str, command: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.command = command


def _read(path: str, judged: Judged) -> bytes | None:
    """What an ignore file holds, or None if there is none. Raises Unusable."""
    try:
        if os.path.islink(path):
            if not os.path.exists(path):
                raise Unusable(rules.NO_IGNORE_FILE, "is a symbolic link that leads nowhere: it keeps nothing out")
            inside = os.path.realpath(path).startswith(os.path.join(os.path.realpath(os.path.dirname(path)), ""))
            if not inside and not judged.is_podmans:
                reason = "is a symbolic link out of its directory, which BuildKit does not follow: it keeps nothing out"
                raise Unusable(rules.NO_IGNORE_FILE, reason, "cat")
        elif not os.path.lexists(path):
            return None
        if not os.path.isfile(path):
            raise Unusable(rules.BREAKS_BUILD, "is not a file")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unusable(rules.BREAKS_BUILD, f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise Unusable(rules.BREAKS_BUILD, f"is larger than {report.sized(MAX_BYTES)}, too large to be judged")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        reason = "is UTF-16, and builders read UTF-8: no line means what it says"
        raise Unusable(rules.BREAKS_BUILD, reason, "iconv -f UTF-16 -t UTF-8")
    return data


def _copied(uncovered: Uncovered, sources: list[str] | None) -> Uncovered:
    """What of *uncovered* a COPY of one of *sources* takes along: nothing else is even sent to BuildKit."""
    if sources is None:
        return uncovered
    paths = {probe.directory + probe.name for probes in uncovered.values() for probe in probes}
    taken = {path for source in sources for path in takes(source, paths)}
    kept = {key: [each for each in probes if each.directory + each.name in taken] for key, probes in uncovered.items()}
    return {key: probes for key, probes in kept.items() if probes}


def _parsed(data: bytes, judged: Judged) -> tuple[DockerIgnore | None, list[Finding]]:
    """The patterns, without the lines that a builder refuses, and a finding for each of those. None: there are too many."""
    lines = data.split(b"\n")
    refused: list[tuple[int, str]] = []
    ignore = None
    while ignore is None and len(refused) < MOST_REFUSED:
        try:
            ignore = DockerIgnore.parse(b"\n".join(lines))
        except DockerIgnoreError as error:
            refused.append((error.line, f"Docker refuses the line, and every build fails: {error.reason}"))
            lines[error.line - 1] = b""
    if judged.is_podmans:
        refused = [(line, "Podman refuses the line, and every build fails") for line in _refused_by_podman(data)]
    repair = repairs.deletion(judged.file, ((line, line) for line, _ in refused)) if refused else ""
    return ignore, [Finding(judged.file, line, rules.BREAKS_BUILD, message, repair) for line, message in refused]


def _refused_by_podman(data: bytes) -> list[int]:
    """The first line that Podman refuses, if there is one: the rest may be as good or bad."""
    from bisect import bisect_left

    from pycache_hooks.ignorefiles.podman import PodmanIgnore

    lines = data.split(b"\n")

    def fails(number: int) -> int:
        ignore = PodmanIgnore(b"\n".join([*lines[:number], b"!" + UNKNOWN.encode()]))
        return 0 if ignore.ships(UNKNOWN) else 1

    number = bisect_left(range(len(lines) + 1), 1, key=fails)
    return [number] if number <= len(lines) else []


def _uncovered(ignore: DockerIgnore, judged: Judged, data: bytes) -> Uncovered:
    """The probes that some builder would ship, by fault: the rule, the line, and the builders if not all of them."""
    ships = None
    if judged.is_podmans:
        from pycache_hooks.ignorefiles.podman import PodmanIgnore

        ships = PodmanIgnore(data).ships
    uncovered: Uncovered = {}
    settled = not ships and _keeps_bytecode_out(ignore)
    for probe in judged.probes.caches if settled else judged.probes:
        excluded = ignore.excludes(probe.path)
        line = ignore.deciding_line(probe.path)
        if ships:
            builders = [PODMAN] if excluded and ships(probe.path) else []
            shipped = not excluded and ships(probe.path)
        else:
            builders = [name for name in ignore.shipped_elsewhere(probe.path) if name in judged.others]
            shipped = not excluded
        if builders:
            uncovered.setdefault((rules.OTHER_BUILDER, line, " and ".join(builders)), []).append(probe)
        for key in _faults(ignore, probe, line) if shipped else ():
            uncovered.setdefault(key, []).append(probe)
    return uncovered


def _keeps_bytecode_out(ignore: DockerIgnore) -> bool:
    """Whether a pattern keeps bytecode out by its name at every depth: then not each of 10,000 directories is asked about.

    Where there is no exception, one that does so in the root, such as ``**/__pycache__``, does so everywhere.
    """
    path = f"{catalog.PYCACHE}/{COMPILED}"
    line = ignore.deciding_line(path)
    pattern = next((pattern.text for pattern in ignore.patterns if pattern.line == line), "")
    return (
        pattern.startswith("**/")
        and pattern.count("/") == 1
        and not any(pattern.exception for pattern in ignore.patterns)
        and not ignore.shipped_elsewhere(path)
    )


def _faults(ignore: DockerIgnore, probe: Probe, line: int | None) -> list[Fault]:
    """Why *probe*, about which *line* decides, is shipped."""
    if line is not None:
        return [(rules.REINCLUDED, line, "")]
    lines = {ignore.deciding_line(path) for path in probe.at_root if ignore.excludes(path)}
    return [(rules.ROOT_ONLY, line, "") for line in lines] or [(rules.SHIPPED, None, "")]


def _message(code: str, judged: Judged, pattern: str, builders: str, probes: list[Probe]) -> str:
    caches = _named(probes)
    if code == rules.NO_IGNORE_FILE:
        who = f"{judged.build.dockerfile} copies" if judged.build.dockerfile else "the build context holds"
        return f"{who} Python sources, and no ignore file keeps their caches out{judged.note}"
    if code == rules.OTHER_BUILDER:
        return f"`{pattern}` keeps {caches} out with BuildKit, but not with {builders}"
    if code == rules.REINCLUDED:
        return f"`{pattern}` ships {caches}{judged.note}"
    if code == rules.ROOT_ONLY:
        return f"`{pattern}` covers the root of the context only, so {caches} would be shipped{judged.note}"
    return f"{caches} would be shipped{judged.note}"


def _named(probes: list[Probe]) -> str:
    """The caches that *probes* stand for: those of the same directories together, with the directory or how many they are."""
    directories: dict[str, list[str]] = {}
    for probe in probes:
        directories.setdefault(probe.name.replace(UNKNOWN, "*"), []).append(probe.directory)
    places: dict[tuple[str, ...], list[str]] = {}
    for name, found in directories.items():
        places.setdefault(tuple(directory for directory in found if UNKNOWN not in directory), []).append(name)
    phrases = []
    for real, names in places.items():
        if len(real) == 1:
            phrases += [real[0] + name for name in names]
        else:
            where = f"{len(real):,} directories ({real[0] or './'}, ...)" if real else "directories to come"
            phrases.append(f"{enumerated(names)} in {where}")
    return enumerated(phrases)


def _line(data: bytes, number: int | None) -> str:
    line = os.fsdecode(data.split(b"\n")[number - 1]).strip() if number else ""
    return short(line)


def _wanted(uncovered: Uncovered) -> list[str]:
    """The lines that keep out what is uncovered."""
    return list(
        dict.fromkeys(pattern for probes in uncovered.values() for probe in probes for pattern in probe.patterns)
    )


def _append(file: str, patterns: list[str], data: bytes) -> str:
    """The command that appends *patterns*, on a line of their own: the last one may lack its newline."""
    listed = " ".join(repairs.quoted(pattern) for pattern in ([*patterns] if not data else ["", *patterns]))
    return f"printf '%s\\n' {listed} >> {repairs.quoted(file)}"


def _rewritten(judged: Judged, found: Project, unusable: Unusable) -> str:
    """The command that puts a file that a builder can read in the place of one that it cannot."""
    file, new = repairs.operand(judged.file), repairs.operand(judged.file + ".new")
    if unusable.command:
        return repairs.at_root(f"{unusable.command} {file} > {new}", f"mv {new} {file}")
    if unusable.code == rules.BREAKS_BUILD:
        return ""
    patterns, _ = _harmless(_wanted({(unusable.code, None, ""): [*judged.probes]}), judged, found, b"")
    return repairs.at_root(f"rm {file}", *([_append(judged.file, patterns, b"")] if patterns else []))


def _is_plain(path: str, root: str) -> bool:
    """Whether no symbolic link leads to *path*: through one, another place would be written to."""
    inside = os.path.relpath(path, root)
    return os.path.realpath(path) == os.path.join(os.path.realpath(root), inside)


def _harmless(patterns: list[str], judged: Judged, found: Project, data: bytes) -> tuple[list[str], dict[str, str]]:
    """Those *patterns* that may be added; and the others, with a tracked file that each would keep out of the build.

    That is a file that is shipped now and is no cache. Bytecode without its source is none: nothing can make it again.
    """
    prefix = prefix_of(judged.build.directory)
    caches = {
        path
        for path, cache, row in project.tracked_caches(found)
        if row.kind != catalog.BYTECODE or path != cache or found.tracks(_source(path))
    }
    inside = [path.removeprefix(prefix) for path in found.below(judged.build.directory) if path not in caches]
    wanted = DockerIgnore.parse(os.fsencode("\n".join(patterns)))
    now = _parsed(data, judged)[0] or wanted
    affected = [path for path in inside if wanted.excludes(path) and not now.excludes(path)]
    hiding = {}
    for pattern in patterns if affected else ():
        alone = DockerIgnore.parse(os.fsencode(pattern))
        hidden = next((path for path in affected if alone.excludes(path)), None)
        if hidden is not None:
            hiding[pattern] = prefix + hidden
    return [pattern for pattern in patterns if pattern not in hiding], hiding


def _source(path: str) -> str:
    directory, slash, name = path.rpartition("/")
    return directory + slash + catalog.source_of(name)
