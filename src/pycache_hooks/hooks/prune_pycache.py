"""Delete bytecode and tool caches from the work tree.

Without DIRECTORY the whole work tree of the current repository is pruned. What is tracked stays, and so do sourceless
modules, unknown files in __pycache__, and everything behind a symbolic link, in .git, in another repository, in a
virtual environment, in node_modules and on another mount. Outside git nothing is tracked: name a DIRECTORY there.
"""

from __future__ import annotations

import errno
import os

from pycache_hooks import catalog, git, removal, report, rules
from pycache_hooks.console import CLEAN, FOUND, Failure, guarded, read_options
from pycache_hooks.findings import Finding
from pycache_hooks.readers.tracked import Listing, Tracked
from pycache_hooks.readers.worktree import FILE, REPOSITORY, Found, Mounts, Walk, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pycache_hooks.arguments import Option
    from pycache_hooks.catalog import Cache
    from pycache_hooks.removal import Orders, Refused, Result

SECONDS_PER_DAY = 86_400

A_FEW = 3
"""Tracked files that are named; more of them are only counted."""

OPTIONS: tuple[Option, ...] = (
    ("directory", {"nargs": "?", "metavar": "DIRECTORY", "help": "what to prune (default: the repository's work tree)"}),
    ("--stale", {"action": "store_true", "help": "remove only what nothing can use any more: bytecode whose source or "
                 "interpreter is gone, and the package directories that it leaves empty"}),
    ("--older-than", {"type": float, "metavar": "DAYS", "help": "with --stale, which it implies: tool caches too that "
                      "were not written to for so long"}),
    ("--include", {"action": "append", "metavar": "NAME", "help": "remove this too: .tox, environments, coverage, ..."}),
    ("--exclude", {"action": "append", "metavar": "PATTERN", "help": "spare what matches, as a line of a .gitignore would"}),
    ("--dry-run", {"action": "store_true", "help": "list what would be removed"}),
    ("--check", {"action": "store_true", "help": "list what would be removed, and exit 1 if there is anything"}),
)  # fmt: skip


class Settings:
    """What one run is asked for."""

    directory: str | None = None
    stale = False
    older_than: float | None = None
    include: list[str] | None = None
    exclude: list[str] | None = None
    dry_run = False
    check = False


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    settings = read_options("prune-pycache", __doc__, OPTIONS, Settings(), argv)
    requested = _requested(settings.include or [])
    spares = _spares(settings.exclude)
    before = _before(settings.older_than)
    root, listing = _start(settings.directory)
    mounts = Mounts(root)
    seen = walk(root, mounts, requested, at_first=listing.start)
    # Where there is nothing to delete, nobody needs to know what is tracked.
    listed = listing.output() if seen.found else b""
    in_git = listed is not None and listing.in_repository
    if "" in seen.unread:
        msg = f"{root}: cannot be read"
        raise Failure(msg)
    orders = _orders(settings, before, spares, root, seen)
    found = [cache for cache in seen.found if not (spares and spares(_as_pattern_sees(cache)))]
    tracked = Tracked(listed or b"", {_telling_part(cache) for cache in found})
    del listed  # of a large repository it is large, and each fork would copy the map of it
    results = removal.remove(root, found, tracked, mounts, orders) if found else []
    _tell_what_stays(seen, results, in_git=in_git)
    _tell_what_went(results, settings, argv)
    refused = [refused for result in results for refused in result.refused]
    if refused:
        report.show(_refusals(root, results))
    return FOUND if refused or (settings.check and any(_is_removal(result) for result in results)) else CLEAN


def _requested(names: list[str]) -> list[Cache]:
    """The rows that ``--include`` names, by the cache's name or its tool's. Raises Failure for an unknown one."""
    rows = [row for row in catalog.CACHES if row.prune == catalog.ON_REQUEST]
    requested = []
    for name in names:
        named = [row for row in rows if name.rstrip("/") in (row.name.rstrip("/"), row.tool)]
        if not named:
            import difflib  # only to help with a typing error

            known = sorted({row.tool for row in rows} | {row.name.rstrip("/") for row in rows})
            near = difflib.get_close_matches(name, known, 1) or [", ".join(known)]
            msg = f"--include {name}: no such cache; did you mean {near[0]}?"
            raise Failure(msg)
        requested += named
    return requested


def _spares(patterns: list[str] | None) -> Callable[[str], bool] | None:
    """Whether a path, relative to the root, is excluded; None if nothing is. Raises Failure for a malformed pattern."""
    if not patterns:
        return None
    import pathspec  # 34 ms, for those who ask for it

    try:
        return pathspec.GitIgnoreSpec.from_lines(patterns).match_file
    except ValueError as error:
        msg = f"--exclude: {error}"
        raise Failure(msg) from None


def _before(days: float | None) -> float:
    """The time so many *days* ago, in seconds since the epoch; 0 for None."""
    if days is None:
        return 0.0
    if not days >= 0:  # so that it is true of NaN
        msg = "--older-than: a number of days, 0 or more, is needed"
        raise Failure(msg)
    import time

    return time.time() - days * SECONDS_PER_DAY


def _orders(settings: Settings, before: float, spares: Callable[[str], bool] | None, root: str, seen: Walk) -> Orders:
    act = not (settings.dry_run or settings.check)
    if not settings.stale and settings.older_than is None:
        return removal.Orders(act=act, spares=spares)
    from pycache_hooks.readers import interpreters

    programs = [os.path.join(root, path, "bin") for path in seen.environments]
    return removal.Orders(act=act, stale=True, interpreters=interpreters.tags(programs), before=before, spares=spares)


def _start(directory: str | None) -> tuple[str, Listing]:
    """The root to prune, and the question what is tracked in it. Raises Failure for a root that is not to be touched."""
    if directory is None:
        top = git.Command("rev-parse", "--show-toplevel")
        listing = Listing()
        root = git.finished_top_level(top)
        _refuse_root(root)
        return os.path.realpath(root), listing
    if os.path.islink(directory):
        msg = f"{directory}: a symbolic link; name the directory that it leads to, {os.path.realpath(directory)}"
        raise Failure(msg)
    if not os.path.isdir(directory):
        msg = f"{directory}: not a directory"
        raise Failure(msg)
    root = os.path.realpath(directory)
    _refuse_root(root)
    environment = _environment_around(root)
    if environment:
        msg = f"{directory}: lies in the virtual environment {environment}, which is not pruned"
        raise Failure(msg)
    if _is_in_git_directory(root):
        msg = f"{directory}: lies among git's own files, not in a work tree"
        raise Failure(msg)
    return root, Listing(root)


def _refuse_root(root: str) -> None:
    """Raise Failure for the root of the file system, the home directory, and what they are in."""
    root = os.path.realpath(root)
    home = os.path.realpath(os.path.expanduser("~"))
    if root == os.path.dirname(root) or f"{home}/".startswith(f"{root}/"):
        msg = f"{root}: refusing to prune it as a whole; name a directory in it"
        raise Failure(msg)


def _environment_around(root: str) -> str:
    """The virtual environment whose own directories *root* lies in: not one that a project was cloned into."""
    above, below = os.path.dirname(root), os.path.basename(root)
    while below:
        markers = (os.path.join(above, marker) for marker in catalog.ENVIRONMENT_MARKERS)
        if below in catalog.ENVIRONMENT_LAYOUT and any(map(os.path.lexists, markers)):
            return above
        above, below = os.path.dirname(above), os.path.basename(above)
    return ""


def _is_in_git_directory(root: str) -> bool:
    """Whether *root* lies in what ``.git`` usually is: git itself does not always say so."""
    path = root
    while not os.path.lexists(os.path.join(path, ".git")):
        if all(os.path.lexists(os.path.join(path, name)) for name in REPOSITORY):
            return True
        if path == os.path.dirname(path):
            break
        path = os.path.dirname(path)
    return False


def _as_pattern_sees(cache: Found) -> str:
    return cache.path if cache.how == FILE else f"{cache.path}/"


def _telling_part(cache: Found) -> str:
    """A part of the path of everything in *cache*, as unlikely as possible anywhere else.

    It is ASCII, as the index may spell other letters otherwise. A virtual environment has any name, so there it is
    what ends every path.
    """
    return "\0" if cache.row is catalog.VENV else cache.row.name.strip("*/")


def _tell_what_stays(seen: Walk, results: list[Result], *, in_git: bool) -> None:
    notes = [] if in_git else ["not a git repository: nothing counts as tracked"]
    kept = sorted(seen.kept + [kept for result in results for kept in result.kept])
    tracked = sum(reason == removal.TRACKED for _, reason in kept)
    if tracked > A_FEW:  # a repository that means to track them need not be told so at every commit
        notes.append(f"kept {tracked:,} files that are tracked")
        kept = [(path, reason) for path, reason in kept if reason != removal.TRACKED]
    notes += [
        f"kept {report.printable(path)}: {report.printable(reason)}" for path, reason in kept[: report.ONE_SCREEN]
    ]
    if len(kept) > report.ONE_SCREEN:
        notes.append(f"... and {len(kept) - report.ONE_SCREEN:,} more are kept")
    unread = sorted(seen.unread)
    notes += [f"not read: {report.printable(path)}" for path in unread[: report.ONE_SCREEN]]
    if len(unread) > report.ONE_SCREEN:
        notes.append(f"... and {len(unread) - report.ONE_SCREEN:,} more are not read")
    for note in notes:
        report.say(note)


def _is_removal(result: Result) -> bool:
    return bool(result.files) or result.gone


def _tell_what_went(results: list[Result], settings: Settings, argv: list[str]) -> None:
    """List the caches, if only asked to look, and sum up."""
    removals = [result for result in results if _is_removal(result)]
    if settings.check:
        words = [report.quoted(word) for word in argv if word not in ("--check", "--dry-run")]
        repair = " ".join(["prune-pycache", *words])
        report.show(
            Finding(result.path, None, rules.LEFT_BEHIND, f"{_amount(result)} of {result.tool}", repair)
            for result in removals
        )
    elif settings.dry_run:
        for result in removals:
            report.say(f"would remove {report.printable(result.path)} ({_amount(result)})")
    totals: dict[str, list[int]] = {}
    for result in removals:
        total = totals.setdefault(result.tool, [0, 0])
        total[0] += result.files
        total[1] += result.bytes
    did = "would remove" if settings.check or settings.dry_run else "removed"
    by_tool = sorted(totals.items(), key=lambda item: (-item[1][1], item[0]))
    parts = [f"{tool} {_sum(files, size)}" for tool, (files, size) in by_tool]
    everything = _sum(sum(files for files, _ in totals.values()), sum(size for _, size in totals.values()))
    report.say(f"{did} {everything} ({'; '.join(parts)})" if removals else "nothing to remove")


def _amount(result: Result) -> str:
    return _sum(result.files, result.bytes) if result.files else "empty"


def _sum(files: int, size: int) -> str:
    return f"{report.counted(files, 'file')}, {report.sized(size)}"


def _refusals(root: str, results: list[Result]) -> list[Finding]:
    """What could not be removed, each with a repair if all that it lacks is permission; one repair for all alike."""
    by_command: dict[str, dict[Result, list[Refused]]] = {}
    for result in results:
        for refused in result.refused:
            by_command.setdefault(_remedy(refused), {}).setdefault(result, []).append(refused)
    findings = []
    for command, group in by_command.items():
        paths = [each.path if result.spared else result.path for result, several in group.items() for each in several]
        repair = _repair(command, root, list(dict.fromkeys(paths)))
        for result, several in group.items():
            first = several[0]
            attempt = "looked into" if first.closed else "removed"
            count = f" ({report.counted(len(several), 'path')} in it)" if first.path != result.path else ""
            message = f"cannot be {attempt}: {os.strerror(first.number)}{_owned(first)}{count}"
            findings.append(Finding(result.path, None, rules.NOT_REMOVED, message, repair))
    return findings


def _remedy(refused: Refused) -> str:
    """The command that helps whoever may use it. What could not be looked into may hold more than caches: it is opened."""
    if refused.number not in (errno.EACCES, errno.EPERM) or os.name != "posix":
        return ""
    if not refused.closed:
        return "rm -rf"
    if refused.owner is None:
        return ""  # it is the directory above that is closed, and more than caches is in there
    return "chmod -R u+rwX" if refused.owner == os.getuid() else f"chown -hR {os.getuid()}"


def _owned(refused: Refused) -> str:
    if refused.owner is None or os.name != "posix":
        return ""
    import pwd

    try:
        name = pwd.getpwuid(refused.owner).pw_name
    except KeyError:
        name = f"user {refused.owner}"
    return f"; it belongs to {name}"


def _repair(command: str, root: str, paths: list[str]) -> str:
    """*command* on exactly *paths*, relative to *root*: by sudo or, the same once more, in a container."""
    if not command:
        return ""
    absolute = " ".join(report.quoted(os.path.join(root, path)) for path in paths)
    lines = [f"sudo {command} -- {absolute}"]
    if ":" not in root:  # it ends the path in docker's -v
        relative = " ".join(report.quoted(path) for path in paths)
        volume = report.quoted(f"{root}:/work")
        lines.append(
            f"# or, without sudo:\ndocker run --rm -v {volume} -w /work --user root busybox {command} -- {relative}"
        )
    return "\n".join(lines)
