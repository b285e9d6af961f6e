"""What to say about caches that no .gitignore covers, and how to mend it."""

from __future__ import annotations

import os

from pycache_hooks import repairs, report, rules, untracking
from pycache_hooks.findings import Finding
from pycache_hooks.ignorefiles import edit, flaws, gitignore
from pycache_hooks.ignorefiles.gitignore import IgnoreFile, Verdict
from pycache_hooks.readers import project as projects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pycache_hooks.ignorefiles.flaws import Flaw
    from pycache_hooks.ignorefiles.gitignore import Judgement, Probe, Tracked
    from pycache_hooks.readers.project import Project

NAMED = 3
"""How many directories or files a message names before it only counts."""

_FAULTS = {
    gitignore.LINK: "a symbolic link, which git does not follow (2.32 and newer): nothing in it counts",
    gitignore.NOT_A_FILE: "not a regular file: git reads nothing from it",
    gitignore.UNREADABLE: "cannot be read: nothing in it counts",
    gitignore.UTF_16: "UTF-16, in which no line means anything to git: write it as UTF-8",
    gitignore.NOT_TEXT: "begins like UTF-16 and is not: no line means anything to git, write it as UTF-8",
}


class Gap:
    """A probe that is not ignored: the *code* of the finding, and the line that is the *cause*, if there is one."""

    __slots__ = ("cause", "code", "probe")

    def __init__(self, probe: Probe, code: str, cause: Verdict | Flaw | None = None) -> None:
        self.probe = probe
        self.code = code
        self.cause = cause

    @property
    def place(self) -> tuple[str, int | None]:
        """The .gitignore, and the line of it, that a finding names."""
        return (self.cause.source, self.cause.line) if self.cause else (gitignore.NAME, None)

    @property
    def key(self) -> tuple[str, str]:
        """What is uncovered, and the .gitignore in which one more line covers it."""
        source = self.cause.source if self.cause and self.code == rules.NEGATED else gitignore.NAME
        return self.probe.name, source


class Repair:
    """The *lines* to append, by .gitignore; and why no line may be appended (*refusals*), by what is uncovered, and there."""

    __slots__ = ("lines", "refusals")

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self.refusals: dict[tuple[str, str], str] = {}


def narrow(root: str, judgement: Judgement, counts: Callable[[Finding], bool]) -> None:
    """Leave in *judgement* what counts."""
    gaps = zip(_gaps(root, judgement), judgement.uncovered, strict=True)
    judgement.uncovered = [asked for gap, asked in gaps if counts(Finding(*gap.place, gap.code, ""))]
    judgement.faulty = [file for file in judgement.faulty if counts(Finding(file.path, None, rules.UNREADABLE, ""))]
    judgement.tracked = [entry for entry in judgement.tracked if counts(Finding(entry.cache, None, rules.TRACKED, ""))]


def findings(project: Project, judgement: Judgement, repair: Repair) -> list[Finding]:
    """One finding for each cause, however many directories it concerns."""
    fix = _commands(judgement, repair)
    causes: dict[object, list[Gap]] = {}
    for gap in _gaps(project.root, judgement):
        cause = (gap.cause.source, gap.cause.line) if gap.cause else gap.probe.name
        causes.setdefault((gap.code, cause, gap.key in repair.refusals), []).append(gap)
    found = [_finding(group, fix, repair) for group in causes.values()]
    found += [
        Finding(file.path, None, rules.UNREADABLE, _FAULTS[file.fault], fix if _mending(file) else "")
        for file in judgement.faulty
    ]
    caches: dict[str, list[Tracked]] = {}
    for entry in judgement.tracked:
        caches.setdefault(entry.cache, []).append(entry)
    groups: list[untracking.Group] = [
        (cache, entries[0].row, [entry.path for entry in entries]) for cache, entries in caches.items()
    ]
    untrack = untracking.command(groups, project.paths) if groups else ""
    for cache, entries in caches.items():
        line, count = entries[0].verdict, report.counted(len(entries), "file")
        message = (
            f"{entries[0].row.kind} ({count}) tracked although {line.source}:{line.line} ignores it: `{line.pattern}`"
        )
        found.append(Finding(cache, None, rules.TRACKED, message, untrack))
    return found


def _gaps(root: str, judgement: Judgement) -> list[Gap]:
    directories = {path.rpartition("/")[0]: verdict for path, verdict in judgement.covered.items()}
    beside = {
        probe.path: directories.get(probe.path) for probe, verdict in judgement.uncovered if probe.link and not verdict
    }
    unexplained = [probe for probe, verdict in judgement.uncovered if not (verdict or beside.get(probe.path))]
    found = flaws.find(root, judgement.files, unexplained)
    # A line that was meant for a directory was meant for the link of its name.
    folders = {path.rpartition("/")[0]: flaw for path, flaw in found.items()}
    found |= {probe.path: folders[probe.path] for probe in unexplained if probe.link and probe.path in folders}
    return [
        _gap(probe, verdict, beside.get(probe.path), found.get(probe.path)) for probe, verdict in judgement.uncovered
    ]


def _gap(probe: Probe, verdict: Verdict | None, beside: Verdict | None, flaw: Flaw | None) -> Gap:
    """Why *probe* is uncovered: a ``!`` line, a line that covers directories only, a line with a flaw, or nothing."""
    if verdict:
        return Gap(probe, rules.NEGATED, verdict)
    if beside:
        return Gap(probe, rules.DIRECTORY_ONLY, beside)
    if flaw:
        return Gap(probe, rules.ANCHORED if flaw.anchored else rules.DEAD_LINE, flaw)
    return Gap(probe, rules.NOT_IGNORED)


def _finding(group: list[Gap], fix: str, repair: Repair) -> Finding:
    first = group[0]
    names = " and ".join(dict.fromkeys(gap.probe.name for gap in group))
    where = _where(dict.fromkeys(gap.probe.directory for gap in group))
    cause = first.cause
    message = f"{names} is not ignored {where}" if cause is None else _blame(group, names, where)
    refusal = repair.refusals.get(first.key)
    return Finding(*first.place, first.code, f"{message}; {refusal}" if refusal else message, "" if refusal else fix)


def _blame(group: list[Gap], names: str, where: str) -> str:
    """What the line that is the cause of all gaps of *group* does."""
    gap, cause = group[0], group[0].cause
    if isinstance(cause, Verdict):
        if gap.code == rules.NEGATED:
            return f"`{cause.pattern}` un-ignores {names} {where}"
        return f"`{cause.pattern}` does not cover {names} as a symbolic link {where}: `{gap.probe.patterns[0]}` covers both"
    assert cause  # noqa: S101 - the gap has a cause, or there would be nothing to blame
    linked = any(each.probe.link for each in group)
    lines = [line.rstrip("/") if linked else line for line in cause.meant.split("\n")]
    meant = " and ".join(f"`{line}`" for line in lines)
    if cause.anchored:
        return f"`{cause.text}` covers one place only, and not {names} {where}: {meant} covers every directory"
    return f"`{cause.text}` does not cover {names} {where}: {cause.reason}; meant is {meant}"


def _where(directories: Iterable[str]) -> str:
    places = list(directories)
    if places == [""]:
        return "at the root"
    named = ", ".join(place or "." for place in places[:NAMED])
    if len(places) == 1:
        return f"in {named}"
    return f"in {len(places):,} directories ({named}{', ...' if len(places) > NAMED else ''})"


def repair(project: Project, judgement: Judgement) -> Repair:
    """The lines that close the gaps, as far as they hide no tracked source file."""
    found = Repair()
    caches = {path for path, _, _ in projects.tracked_caches(project)}
    for name, target, patterns in dict.fromkeys(_wanted(judgement)):
        pattern, refusal = _harmless(project.root, target, patterns, caches)
        if target in judgement.files and not judgement.files[target].present:
            refusal = f"{target} is not in this sparse work tree"
        elif target != gitignore.NAME and "/" in pattern.removesuffix("/"):
            refusal = f"`{pattern}` means another place in {target}"
        if refusal:
            found.refusals[name, target] = f"no line is proposed: {refusal}"
        elif pattern not in (lines := found.lines.setdefault(target, [])):
            lines.append(pattern)
    return found


def _wanted(judgement: Judgement) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What is uncovered, the .gitignore in which one more line covers it, and which lines would.

    That is the one at the root, as no file below has anything to say, or the one that un-ignores: it has the last word.
    """
    for probe, verdict in judgement.uncovered:
        yield probe.name, verdict.source if verdict else gitignore.NAME, probe.patterns


def _harmless(root: str, target: str, patterns: Sequence[str], caches: set[str]) -> tuple[str, str]:
    """The first of *patterns* that hides no tracked file but *caches* below *target*; else why the first one is no good."""
    folder = target.removesuffix(gitignore.NAME)
    refusal = ""
    for pattern in patterns:
        hidden = [path for path in gitignore.hidden(root, pattern) if path.startswith(folder) and path not in caches]
        if not hidden:
            return pattern, ""
        files = ", ".join(hidden[:NAMED]) + (", ..." if len(hidden) > NAMED else "")
        refusal = refusal or f"`{pattern}` would hide {report.counted(len(hidden), 'tracked file')} ({files})"
    return patterns[0], refusal


def _commands(judgement: Judgement, repair: Repair) -> str:
    """What mends all files when it is pasted."""
    mended = [command for file in judgement.faulty if (command := _mending(file))]
    for target, lines in repair.lines.items():
        file = judgement.files.get(target)
        template = "%s\\n" if file is None or not file.data or file.data.endswith(b"\n") else "\\n%s"
        words = " ".join(repairs.quoted(line) for line in lines)
        mended.append(f"printf '{template}' {words} >> {repairs.quoted(target)}")
    return repairs.at_root(*mended) if mended else ""


def _mending(file: IgnoreFile) -> str:
    """The command after which git reads *file* as it was meant."""
    path, new, old = (repairs.quoted(file.path + ending) for ending in ("", ".new", ".old"))
    if file.fault == gitignore.LINK:
        return f"cat {path} > {new} && mv {new} {path}" if file.data else f"rm {path}"
    return {
        gitignore.NOT_A_FILE: f"mv {path} {old}",
        gitignore.UNREADABLE: f"chmod u+r {path}",
        gitignore.UTF_16: f"iconv -f UTF-16 -t UTF-8 {path} > {new} && mv {new} {path}",
    }.get(file.fault, "")


def write(project: Project, judgement: Judgement, repair: Repair) -> list[str]:
    """Append the lines of *repair*, and rewrite UTF-16 as UTF-8, where there is a regular file or none. Says what it did."""
    said = []
    recoded = [file.path for file in judgement.faulty if file.fault == gitignore.UTF_16]
    for path in dict.fromkeys((*recoded, *repair.lines)):
        file = judgement.files.get(path) or IgnoreFile(path, b"")
        lines = repair.lines.get(path, [])
        if file.fault not in ("", gitignore.UTF_16):
            continue
        edit.write(os.path.join(project.root, path), edit.appended(file.data, lines) if lines else file.data)
        if file.fault:
            said.append(f"{path} is UTF-8 now")
        if lines:
            said.append(f"{', '.join(lines)} appended to {path}")
    return said


def mended(found: list[Finding], written: list[str], remaining: list[Finding]) -> list[Finding]:
    """Those of what was *found* that what was *written* has mended, which they say; and what is *remaining*."""
    left = {(finding.path, finding.code, finding.message) for finding in remaining}
    said = "\n".join(report.printable(line) for line in written)
    gone = [finding for finding in found if (finding.path, finding.code, finding.message) not in left]
    return [Finding(each.path, each.line, each.code, each.message, said, fixed=True) for each in gone] + remaining
