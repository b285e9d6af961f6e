"""What prune-pycache deletes outside of the work tree: environments, downloads, and redirected bytecode."""

from __future__ import annotations

import os

from pycache_hooks import bars, git, refusals, repairs, report, rules
from pycache_hooks.console import CLEAN, FOUND, Failure
from pycache_hooks.findings import Finding
from pycache_hooks.prevention import PREFIX
from pycache_hooks.progress import DELAY, Progress
from pycache_hooks.removal import Refused, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycache_hooks.downloads import Cache, ToolError
    from pycache_hooks.environments.store import Entry
    from pycache_hooks.folders import Folder, Opener
    from pycache_hooks.readers.prefix import Leftover

EXAMPLE = f'export {PREFIX}="$HOME/.cache/pycache"'


class Orders:
    """What to do.

    *act*: delete, not only list. *check*: list as findings, whose repair is the command *repair*. *before*: environments
    go that were used last before that time, in seconds since the epoch. *progress*: stderr is a terminal to show it on.
    *charts*: so is stdout.
    """

    __slots__ = ("act", "before", "charts", "check", "progress", "repair")

    def __init__(  # noqa: PLR0913 - one argument a part
        self, *, act: bool, check: bool, repair: str, before: float, progress: bool, charts: bool
    ) -> None:
        self.act = act
        self.check = check
        self.repair = repair
        self.before = before
        self.progress = progress
        self.charts = charts

    def begin(self, task: str, unit: str) -> Progress:
        """The progress of *task*, which is never shown where that would be in the way."""
        return Progress(task, unit, DELAY if self.progress else float("inf"))


def prune(orders: Orders, *, envs: bool, downloads: bool, prefix: bool) -> int:
    """Prune *envs*, *downloads* and the *prefix*, whichever is asked for. Returns the exit status.

    Raises Failure, before anything is deleted, for a prefix that is none or may hold more than bytecode.
    """
    root = _prefix() if prefix else ""
    statuses = []
    if envs:
        statuses.append(_environments(orders))
    if downloads:
        statuses.append(_downloads(orders))
    if prefix:
        statuses.append(_redirected(root, orders))
    return max(statuses)


# Environments


def _environments(orders: Orders) -> int:
    """Remove the environments that nobody uses any more; the exit status."""
    from pycache_hooks.environments import store

    findings: dict[str, Finding] = {}
    listed: list[Finding] = []
    kept: list[str] = []
    totals: list[tuple[str, int, int]] = []
    with orders.begin("environments", "entries") as progress:
        for place in store.STORES:
            number = freed = 0
            root = place.root()
            closed: list[OSError] = []
            results: list[Result] = []
            for entry in store.entries(place, closed.append):
                progress.tick()
                if not entry.due(orders.before):
                    continue
                size = entry.size
                result = _without(entry, root, orders)
                results.append(result)
                if result.gone:
                    number += 1
                    freed += size
                    listed.append(_listed(entry.path, f"{entry.kind}, {report.sized(size)}", orders))
                elif not result.refused:
                    kept.append(f"kept {report.printable(entry.path)}: it is in use, or was changed meanwhile")
            results += [_closed(root, error) for error in closed]
            findings |= {finding.path: finding for finding in _refused(root, results)}
            totals.append((place.name, number, freed))
    _say_first(kept, "are kept")
    _tell(listed, orders)
    _sum_up(totals, "entry", orders)
    report.show(findings.values())
    return _status(list(findings.values()), listed, orders)


def _without(entry: Entry, root: str, orders: Orders) -> Result:
    """Remove *entry* of the store *root*; it is not *gone* afterwards if it is in use."""
    from pycache_hooks.environments import store

    result = Result(os.path.relpath(entry.path, root), entry.kind)
    try:
        result.gone = store.remove(entry) if orders.act else not entry.in_use()
    except OSError as error:
        place = os.path.join(entry.path, error.filename or "")
        if os.path.lexists(place) and not f"{place}/".startswith(f"{entry.path}/"):
            result.path = os.path.relpath(place, root)  # a lock beside it: without that it goes
        result.refused.append(Refused(os.path.relpath(place, root), error.errno or 0, _owner(place)))
    return result


def _closed(root: str, error: OSError) -> Result:
    """That something in the store *root* could not be looked into, named after the directory that is closed."""
    path = str(error.filename)
    while _owner(path) is None:  # a directory above it is closed
        path = os.path.dirname(path)
    within = f"{path}/".startswith(f"{root}/")  # what else is in one above the store is not our business
    result = Result(os.path.relpath(path, root), "")
    result.refused.append(Refused(result.path, error.errno or 0, _owner(path) if within else None, closed=True))
    return result


def _owner(path: str) -> int | None:
    try:
        return os.lstat(path).st_uid
    except OSError:
        return None


# Downloads


def _downloads(orders: Orders) -> int:
    """Let each tool that is installed prune its cache of downloads; the exit status."""
    from pycache_hooks import downloads

    sizes: list[tuple[str, int]] = []
    errors: list[ToolError] = []
    lines: list[str] = []
    found = downloads.installed()
    with orders.begin("downloads", "files") as progress:
        for tool, program in found:
            progress.name(f"{tool.name}: measuring")
            try:
                cache = downloads.ask(tool, program, progress.tick)
            except downloads.ToolError as error:
                errors.append(error)
                continue
            if cache is None:
                lines.append(f"{tool.name}: its configuration allows no cache")
                continue
            size = cache.size
            if not cache.commands:
                lines.append(f"{tool.name}: nothing to prune in {report.printable(cache.directory)}")
            elif orders.act:
                progress.name(f"{tool.name}: pruning")
                size, failed = downloads.prune(cache, progress.tick)
                errors += failed
                lines.append(_what_went(cache, size))
            else:
                lines += _what_would_run(cache)
            lines += _what_is_left(cache)
            sizes.append((tool.name, size))
    if not found:
        lines.append(f"none of {', '.join(tool.name for tool in downloads.TOOLS)} is on PATH")
    for line in lines:  # not before the progress is off the screen
        report.say(line)
    _sum_up_sizes("freed" if orders.act else "caches of downloads hold", sizes, orders)
    report.show(_failed(error) for error in errors)
    return FOUND if errors else CLEAN


def _what_went(cache: Cache, size: int) -> str:
    place = report.printable(cache.directory)
    return f"{cache.tool.name}: freed {report.sized(size)} of {report.sized(cache.size)} in {place}"


def _what_would_run(cache: Cache) -> list[str]:
    place = f"{report.sized(cache.size)} in {report.printable(cache.directory)}"
    return [f"would run {_command(command)} ({place})" for command in cache.commands]


def _what_is_left(cache: Cache) -> list[str]:
    if not cache.left_size:
        return []
    name, size = cache.tool.name, report.sized(cache.left_size)
    return [
        f"{name}: no command of it removes the {size} in {report.printable(cache.left)}",
        f"    fix: rm -rf -- {repairs.quoted(cache.left)}",
    ]


def _failed(error: ToolError) -> Finding:
    command = _command(error.command)
    return Finding(error.command[0], None, rules.NOT_REMOVED, f"{command}: {error.reason}", command)


def _command(words: list[str]) -> str:
    """*words* as a user types them."""
    return " ".join([os.path.basename(words[0]), *map(repairs.quoted, words[1:])])


# Redirected bytecode


def _prefix() -> str:
    """The directory that PYTHONPYCACHEPREFIX names, without links. Raises Failure if it is not to be pruned."""
    from pycache_hooks import prevention

    value = os.environ.get(PREFIX, "")
    if not value:
        raise Failure(f"{PREFIX} is not set, so there is nothing to prune; to keep bytecode in one place: {EXAMPLE}")
    flaw = prevention.prefix_flaw(value)
    if flaw or not os.path.isabs(value):
        raise Failure(f"{PREFIX}={value}: {flaw or 'it is not absolute'}; set it as in: {EXAMPLE}")
    root = os.path.realpath(value)
    home = os.path.realpath(os.path.expanduser("~"))
    if root == os.path.dirname(root) or f"{home}{os.sep}".startswith(f"{root}{os.sep}"):
        raise Failure(f"{PREFIX}={value}: more than bytecode is in there; set it as in: {EXAMPLE}")
    repository = git.repository_above(root)
    if repository:
        raise Failure(
            f"{PREFIX}={value}: lies in the work tree {os.path.dirname(repository)}; name a directory outside of it"
        )
    if os.path.lexists(root) and not os.path.isdir(root):
        raise Failure(f"{PREFIX}={value}: not a directory")
    return root


def _redirected(root: str, orders: Orders) -> int:
    """Remove the bytecode in the prefix *root* whose source is gone; the exit status."""
    from pycache_hooks.folders import Opener
    from pycache_hooks.readers import prefix
    from pycache_hooks.readers.worktree import Mounts

    results: list[Result] = []
    if os.path.isdir(root):
        with orders.begin("redirected bytecode", "directories") as progress:
            seen = prefix.read(root, Mounts(root), progress.tick)
            opener = Opener(root)
            results = _removed(opener, seen.leftovers, progress, orders)
            opener.close()
        _say_first([f"kept {_shown(root, path)}: {reason}" for path, reason in seen.kept], "are kept")
        _say_first([f"not read: {_shown(root, path)}" for path in seen.unread], "are not read")
    listed = [
        _listed(_path(root, result.path), f"{_amount(result)} of Python", orders) for result in results if result.files
    ]
    _tell(listed, orders)
    totals = [("Python", sum(result.files for result in results), sum(result.bytes for result in results))]
    _sum_up(totals, "file", orders)
    findings = _refused(root, results)
    report.show(findings)
    return _status(findings, listed, orders)


def _removed(opener: Opener, leftovers: list[Leftover], progress: Progress, orders: Orders) -> list[Result]:
    """Remove *leftovers*, and the directories that they leave empty: one result for each group, by path."""
    results: dict[str, Result] = {}
    for leftover in leftovers:
        result = results.setdefault(leftover.group, Result(leftover.group, "Python"))
        result.spared = True  # nobody knows what else is written there: only its files are to be named
        try:
            folder = opener.open(leftover.path)
        except OSError:
            continue  # it is gone, or closed, since it was read
        for name in leftover.names:
            progress.tick()
            _remove_file(result, os.path.join(leftover.path, name), name, folder, orders)
    if orders.act:
        for leftover in sorted(leftovers, key=lambda leftover: -len(leftover.path)):
            opener.remove_empty(leftover.path)
    return [results[group] for group in sorted(results)]


def _remove_file(result: Result, path: str, name: str, folder: Folder, orders: Orders) -> None:
    try:
        size = folder.status(name).st_size
        if orders.act:
            folder.unlink(name)
    except FileNotFoundError:
        return
    except OSError as error:
        result.refused.append(Refused(path, error.errno or 0, folder.owner(name)))
        return
    result.files += 1
    result.bytes += size


# What is said


def _listed(path: str, what: str, orders: Orders) -> Finding:
    return Finding(path, None, rules.LEFT_BEHIND, what, orders.repair)


def _tell(listed: list[Finding], orders: Orders) -> None:
    """List what would go, if only asked to look."""
    if orders.check:
        report.show(listed)
    elif not orders.act:
        for finding in listed:
            report.say(f"would remove {report.printable(finding.path)} ({finding.message})")


def _sum_up(totals: list[tuple[str, int, int]], noun: str, orders: Orders) -> None:
    """One line: how many of *noun* went, and how many bytes, by tool. On a terminal it is a bar for each."""
    totals = [(label, number, size) for label, number, size in totals if number]
    if not totals:
        report.say("nothing to remove")
        return
    did = "removed" if orders.act else "would remove"
    number, size = sum(number for _, number, _ in totals), sum(size for *_, size in totals)
    heading = f"{did} {_counted(number, noun)}, {report.sized(size)}"
    _show_rows(heading, [(label, size, _counted(number, noun)) for label, number, size in totals], orders)


def _sum_up_sizes(heading: str, sizes: list[tuple[str, int]], orders: Orders) -> None:
    sizes = [(label, size) for label, size in sizes if size]
    if not sizes:
        report.say(f"{heading} nothing")
        return
    total = sum(size for _, size in sizes)
    _show_rows(f"{heading} {report.sized(total)}", [(label, size, "") for label, size in sizes], orders)


def _show_rows(heading: str, rows: list[tuple[str, int, str]], orders: Orders) -> None:
    if orders.charts:
        report.say(heading)
        bars.show(rows)
        return
    ordered = sorted(rows, key=lambda row: (-row[1], row[0]))
    parts = [f"{label} {remark}{', ' if remark else ''}{report.sized(size)}" for label, size, remark in ordered]
    report.say(f"{heading} ({'; '.join(parts)})")


def _amount(result: Result) -> str:
    return f"{report.counted(result.files, 'file')}, {report.sized(result.bytes)}"


def _counted(number: int, noun: str) -> str:
    return report.counted(number, noun, "entries" if noun == "entry" else "")


def _say_first(lines: list[str], more: str) -> None:
    """As many of *lines* as fit on a screen; the rest is only counted."""
    for line in sorted(lines)[: report.ONE_SCREEN]:
        report.say(line)
    if len(lines) > report.ONE_SCREEN:
        report.say(f"... and {len(lines) - report.ONE_SCREEN:,} more {more}")


def _path(root: str, path: str) -> str:
    return os.path.normpath(os.path.join(root, path))


def _shown(root: str, path: str) -> str:
    return report.printable(_path(root, path))


def _refused(root: str, results: list[Result]) -> list[Finding]:
    """What could not be removed from *root*, by its whole path."""
    findings = refusals.findings(root, results)
    for finding in findings:
        finding.path = _path(root, finding.path)
        if not finding.fix and finding.path.endswith(".lock"):  # a link, or a directory, where a lock has to be
            finding.fix = f"rm -rf -- {repairs.quoted(finding.path)}"
    return findings


def _status(findings: list[Finding], listed: list[Finding], orders: Orders) -> int:
    return FOUND if findings or (orders.check and listed) else CLEAN
