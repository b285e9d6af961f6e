"""Delete bytecode and tool caches from the work tree.

Without DIRECTORY the whole work tree of the current repository is pruned. What is tracked stays, and so do sourceless
modules, unknown files in __pycache__, and everything behind a symbolic link, in .git, in another repository, in a
virtual environment, in node_modules and on another mount. Outside git nothing is tracked: name a DIRECTORY there.

--envs, --downloads and --prefix, together or alone, are for running by hand: they prune what stays behind elsewhere, and
leave the work tree alone. No repository can ask for them in its pyproject.toml.
"""

from __future__ import annotations

import os
import sys

from pycache_hooks import catalog, git, report
from pycache_hooks.console import CLEAN, FOUND, Failure, guarded, read_options
from pycache_hooks.readers.tracked import TRACKED, Listing, Tracked
from pycache_hooks.readers.worktree import FILE, REPOSITORY, Found, Mounts, Walk, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from pycache_hooks.arguments import Option
    from pycache_hooks.catalog import Cache
    from pycache_hooks.progress import Progress
    from pycache_hooks.removal import Orders, Result

SECONDS_PER_DAY = 86_400

ENVIRONMENT_DAYS = 30.0
"""How long an environment may lie unused, unless --older-than says otherwise."""

ELSEWHERE = ("envs", "downloads", "prefix")
"""The options that prune something else than the work tree."""

TOP_LEVEL = ("rev-parse", "--show-toplevel")
"""The question where the work tree begins."""

A_FEW = 3
"""Tracked files that are named; more of them are only counted."""

OPTIONS: tuple[Option, ...] = (
    ("directory", {"nargs": "?", "metavar": "DIRECTORY", "help": "what to prune (default: the repository's work tree)"}),
    ("--stale", {"action": "store_true", "help": "remove only what nothing can use any more: bytecode whose source or "
                 "interpreter is gone, and the package directories that it leaves empty"}),
    ("--older-than", {"type": float, "metavar": "DAYS", "help": "with --stale, which it implies: tool caches too that "
                      "were not written to for so long; with --envs: what counts as unused (default there: 30)"}),
    ("--include", {"action": "append", "metavar": "NAME", "help": "remove this too: .tox, environments, coverage, ..."}),
    ("--exclude", {"action": "append", "metavar": "PATTERN", "help": "spare what matches, as a line of a .gitignore would"}),
    ("--envs", {"action": "store_true", "help": "instead of the work tree: the environments of run-without-pycache and "
                "bfabric-app-runner that were not used for 30 days, are half made, or were for one run that is over"}),
    ("--downloads", {"action": "store_true", "help": "instead of the work tree: have pip, uv and poetry prune their own "
                     "caches"}),
    ("--prefix", {"action": "store_true", "help": "instead of the work tree: bytecode in the directory that "
                  "PYTHONPYCACHEPREFIX names whose source is gone"}),
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
    envs = False
    downloads = False
    prefix = False
    dry_run = False
    check = False


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    top = None if argv else git.Command(*TOP_LEVEL)  # it looks while we read the settings
    settings = read_options("prune-pycache", __doc__, OPTIONS, Settings(), argv)
    if settings.envs or settings.downloads or settings.prefix:
        return _elsewhere(settings, argv)
    requested = _requested(settings.include or [])
    spares = _spares(settings.exclude)
    before = _before(settings.older_than)
    root, listing = _start(settings.directory, top)
    progress = _progress()
    try:
        mounts = progress.watched(root) if progress else Mounts(root)
        seen = walk(root, mounts, requested, at_first=listing.start)
        # Where there is nothing to delete, nobody needs to know what is tracked.
        listed = listing.records() if seen.found else []
        in_git = listed is not None and listing.in_repository
        if "" in seen.unread:
            msg = f"{root}: cannot be read"
            raise Failure(msg)
        found = [cache for cache in seen.found if not (spares and spares(_as_pattern_sees(cache)))]
        results: list[Result] = []
        if found:
            from pycache_hooks import removal

            orders = _orders(settings, before, spares, root, seen)
            tracked = Tracked(listed or [], {_telling_part(cache) for cache in found})
            del listing, listed  # of a large repository it is large, and each fork would copy the map of it
            if progress:
                progress.name("removing caches" if orders.act else "measuring caches")
                orders.spares = progress.telling(orders.spares)
            results = removal.remove(root, found, tracked, mounts, orders)
    finally:
        if progress:
            progress.finish()
    _tell_what_stays(seen, results, in_git=in_git)
    _tell_what_went(results, settings, argv)
    refused = [refused for result in results for refused in result.refused]
    if refused:
        from pycache_hooks import refusals

        report.show(refusals.findings(root, results))
    return FOUND if refused or (settings.check and any(_is_removal(result) for result in results)) else CLEAN


def _elsewhere(settings: Settings, argv: list[str]) -> int:
    """Prune something else than the work tree. Raises Failure for options that do not go together."""
    from pycache_hooks import arguments, elsewhere

    asked = arguments.read("prune-pycache", __doc__, OPTIONS, Settings(), argv)
    for name in ELSEWHERE:
        if getattr(settings, name) and not getattr(asked, name):
            raise Failure(
                f"pyproject.toml: {name}: only the command line can ask for it, as it is no repository's business"
            )
    if asked.directory is not None or asked.stale or asked.include or asked.exclude:
        raise Failure("DIRECTORY, --stale, --include and --exclude are for the work tree; run them without --envs, "
                      "--downloads and --prefix")  # fmt: skip
    if asked.older_than is not None and not asked.envs:
        raise Failure(
            "--older-than: --downloads and --prefix do not look at the time; use it with --envs, or with --stale"
        )
    if asked.check and asked.downloads:
        raise Failure("--check: no tool says beforehand what it would remove; --downloads --dry-run shows the sizes")
    orders = elsewhere.Orders(
        act=not (asked.dry_run or asked.check),
        check=asked.check,
        repair=_same_command(argv),
        before=_before(ENVIRONMENT_DAYS if asked.older_than is None else asked.older_than),
        progress=_is_terminal(sys.stderr),
        charts=_is_terminal(sys.stdout),
    )
    return elsewhere.prune(orders, envs=asked.envs, downloads=asked.downloads, prefix=asked.prefix)


def _progress() -> Progress | None:
    """What shows how far a run is, where somebody looks on."""
    if not _is_terminal(sys.stderr):
        return None
    from pycache_hooks.progress import Progress

    return Progress("looking for caches", "entries")


def _is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at *stream* while we run: pre-commit gives its hooks a terminal, and shows it afterwards."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and "PRE_COMMIT" not in os.environ


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
    from pycache_hooks import removal

    act = not (settings.dry_run or settings.check)
    if not settings.stale and settings.older_than is None:
        return removal.Orders(act=act, spares=spares)
    from pycache_hooks.readers import interpreters

    programs = [os.path.join(root, path, "bin") for path in seen.environments]
    return removal.Orders(act=act, stale=True, interpreters=interpreters.tags(programs), before=before, spares=spares)


def _start(directory: str | None, top: git.Command | None) -> tuple[str, Listing]:
    """The root to prune, and the question what is tracked in it. Raises Failure for a root that is not to be touched.

    *top*: git's answer where the work tree begins, if it was asked already.
    """
    if directory is None:
        top = top or git.Command(*TOP_LEVEL)
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
    tracked = sum(reason == TRACKED for _, reason in kept)
    if tracked > A_FEW:  # a repository that means to track them need not be told so at every commit
        notes.append(f"kept {tracked:,} files that are tracked")
        kept = [(path, reason) for path, reason in kept if reason != TRACKED]
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
        from pycache_hooks import rules
        from pycache_hooks.findings import Finding

        repair = _same_command(argv)
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
    everything = _sum(sum(files for files, _ in totals.values()), sum(size for _, size in totals.values()))
    if removals and _is_terminal(sys.stdout):
        from pycache_hooks import bars

        report.say(f"{did} {everything}")
        bars.show([(tool, size, report.counted(files, "file")) for tool, (files, size) in by_tool])
        return
    parts = [f"{tool} {_sum(files, size)}" for tool, (files, size) in by_tool]
    report.say(f"{did} {everything} ({'; '.join(parts)})" if removals else "nothing to remove")


def _same_command(argv: list[str]) -> str:
    """The command that removes what *argv* only lists."""
    from pycache_hooks import repairs

    words = [repairs.quoted(word) for word in argv if word not in ("--check", "--dry-run")]
    return " ".join(["prune-pycache", *words])


def _amount(result: Result) -> str:
    return _sum(result.files, result.bytes) if result.files else "empty"


def _sum(files: int, size: int) -> str:
    return f"{report.counted(files, 'file')}, {report.sized(size)}"
