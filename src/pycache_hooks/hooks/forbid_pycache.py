"""Reject bytecode, tool caches and virtual environments that are about to be committed.

With file names, as pre-commit passes them, those that are in the index are judged; without, what is staged.
A commit that deletes caches passes. The findings end in the command that takes the files out of the index
and leaves them where they are in the work tree; --fix runs it.
"""

from __future__ import annotations

import os
import struct

from pycache_hooks import catalog, git, report, rules, selection, untracking
from pycache_hooks.console import CLEAN, Failure, guarded, read_options
from pycache_hooks.findings import Finding
from pycache_hooks.readers import snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pycache_hooks.arguments import Option
    from pycache_hooks.readers.snapshot import Entry

NAME = "forbid-pycache"

OPTIONS: tuple[Option, ...] = (
    ("names", {"nargs": "*", "metavar": "FILE", "help": "a file or directory to judge, if it is in the index"}),
    ("--all", {"action": "store_true", "help": "judge the whole index, sparse and missing files included"}),
    ("--staged", {"action": "store_true", "help": "judge what this commit adds or changes (the default without FILE)"}),
    ("--diff", {"metavar": "A...B", "help": "judge what a range of commits adds or changes, as on a pull request"}),
    ("--fix", {"action": "store_true", "help": "take the files out of the index; the work tree keeps them"}),
    *selection.OPTIONS,
)

ACTIVATE_LENGTH = 1 << 16
PYC_HEADER = 16
"""How much of a blob is looked at. What sets VIRTUAL_ENV comes first in an activate script; for the header, PEP 552."""

ACTIVATE_ENDINGS = tuple(f"/{script}" for script in catalog.ACTIVATE_SCRIPTS)

CODES = {
    catalog.BYTECODE: rules.BYTECODE,
    catalog.TOOL_CACHE: rules.TOOL_CACHE,
    catalog.ENVIRONMENT: rules.ENVIRONMENT,
}


class Settings(selection.Selection):
    """What one run is asked for."""

    names: list[str] = []  # noqa: RUF012 - replaced, never changed
    all = False
    staged = False
    diff: str | None = None
    fix = False


class Offence:
    """One cache: its *path*, the *code* and *message* of the finding, and its recorded *members*."""

    __slots__ = ("code", "members", "message", "path", "row")

    def __init__(
        self, path: str, code: str, message: str, members: list[Entry], row: catalog.Cache | None = None
    ) -> None:
        self.path = path
        self.code = code
        self.message = message
        self.members = members
        self.row = row


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    settings = _settings(argv)
    inside = catalog.may_be_cache(f"{os.getcwd()}/")  # the names are relative to it
    suspects = [name for name in settings.names if inside or catalog.may_be_cache(name) or not os.path.isfile(name)]
    if settings.names and not suspects:
        return CLEAN
    judged, recorded, unknown = _read(settings, suspects)
    found = findings(judged, recorded, settings, selection.filter_of(settings, ""))
    return selection.conclude(
        found, settings, [f"{name}: no such file in the index or the work tree" for name in unknown]
    )


def findings(
    judged: list[Entry], recorded: list[Entry], settings: Settings, counts: Callable[[Finding], bool]
) -> list[Finding]:
    """What is wrong with *judged*, mended if asked for; *recorded* is everything that lies beside them."""
    offences = [each for each in judge(judged, recorded) if counts(Finding(each.path, None, each.code, each.message))]
    return _findings(offences, recorded, settings) if offences else []


def judge(judged: Iterable[Entry], recorded: list[Entry]) -> list[Offence]:
    """The caches among *judged*, one offence each; *recorded* is everything that lies beside them."""
    suspects = [entry for entry in judged if catalog.may_be_cache(entry.path)]
    environments = _environments(suspects, recorded) if suspects else []
    unchecked = _unchecked(suspects)
    claimed = {entry.path for offence in environments for entry in offence.members} | unchecked.keys()
    groups: dict[str, Offence] = {}
    for entry in suspects:
        found = next((found for found in catalog.caches_in(entry.path, link=entry.link) if found[1].forbidden), None)
        if found and entry.path not in claimed:
            path, row = found
            groups.setdefault(path, Offence(path, CODES[row.kind], "", [], row)).members.append(entry)
    for group in groups.values():
        group.message = _message(group)
    message = (
        "bytecode that Python runs without looking at the source (unchecked hash, PEP 552): code that nobody reviews"
    )
    return [
        *environments,
        *groups.values(),
        *(
            Offence(path, rules.UNCHECKED, message, [entry], catalog.file(os.path.basename(path)))
            for path, entry in unchecked.items()
        ),
    ]


def _settings(argv: list[str]) -> Settings:
    """Read *argv*. pre-commit passes names as they are: what the catalogue knows or exists is a file, dash or not."""
    settings = Settings()
    options = any(word.startswith("-") and not _is_name(word) for word in argv)
    names = [word for word in argv if not options or (word.startswith("-") and _is_name(word))]
    rest = [word for word in argv if word not in names]
    read_options(NAME, __doc__, OPTIONS, settings, rest)
    settings.names = [*settings.names, *names]
    if sum((settings.all, settings.staged, settings.diff is not None, bool(settings.names))) > 1:
        msg = "give file names or one of --all, --staged and --diff"
        raise Failure(msg)
    if settings.diff is not None and settings.diff[:1] in ("", "-"):
        msg = f"--diff {settings.diff}: a range looks like main...HEAD"
        raise Failure(msg)
    return settings


def _is_name(word: str) -> bool:
    return not word.startswith("--diff=") and (catalog.may_be_cache(word) or os.path.lexists(word))


def _read(settings: Settings, suspects: list[str]) -> tuple[list[Entry], list[Entry], list[str]]:
    """The entries to judge, all that is recorded beside them, and the names that nobody knows."""
    if settings.all:
        recorded = snapshot.index() or _nothing()
        return recorded, recorded, []
    if settings.diff:
        end = settings.diff.rpartition("..")[2] or "HEAD"
        return (
            snapshot.changed(settings.diff if ".." in settings.diff else f"{settings.diff}...HEAD"),
            snapshot.tree(end),
            [],
        )
    if not suspects:
        judged = snapshot.changed("--cached")
        return judged, snapshot.index() if judged else [], []
    # At pre-push the names are those of a range, and what is pushed need not be what is checked out.
    pushed = os.environ.get("PRE_COMMIT_TO_REF", "")
    recorded = snapshot.tree(pushed) if pushed else snapshot.index()
    return _named(suspects, recorded)


def _nothing() -> list[Entry]:
    """The entries of an empty index. Raises Failure for a bare repository, which has none."""
    git.top_level()
    return []


def _named(names: list[str], recorded: list[Entry]) -> tuple[list[Entry], list[Entry], list[str]]:
    """Those of *recorded* that *names*, relative to the current directory, name or contain."""
    here = git.path_line(git.run("rev-parse", "--show-prefix"))
    root = git.top_level() if any(os.path.isabs(name) for name in names) else ""
    wanted = {_from_root(name, root, here): name for name in names if name}
    judged, seen = [], set()
    for entry in recorded:
        path = entry.path
        while path and path not in wanted:
            path = path.rpartition("/")[0]
        if path or "" in wanted:
            judged.append(entry)
            seen.add(path)
    unknown = [name for path, name in wanted.items() if path not in seen and not os.path.lexists(name)]
    return judged, recorded, unknown if all(names) else ["''", *unknown]


def _from_root(name: str, root: str, here: str) -> str:
    if os.path.isabs(name):
        root, (folder, last) = os.path.realpath(root), os.path.split(os.path.normpath(name))
        path = os.path.relpath(os.path.join(os.path.realpath(folder), last), root)
        path = os.path.relpath(os.path.realpath(name), root) if path.startswith("..") else path
    else:
        path = os.path.normpath(here + name)
    return "" if path == "." else path.replace(os.sep, "/")


def _environments(judged: list[Entry], recorded: list[Entry]) -> list[Offence]:
    """The virtual environments that the layout of *judged* proves, whatever they are called."""
    proofs = _proofs(judged)
    for entry in judged:
        packages = catalog.installed_packages(entry.path)
        if packages and not _inside_one(packages, proofs):
            proofs[packages] = packages
    below: dict[str, list[Entry]] = {root: [] for root in sorted(proofs) if not _inside_one(root, proofs)}
    for entry in recorded if below else ():
        folder = os.path.dirname(entry.path)
        while folder and folder not in below:
            folder = os.path.dirname(folder)
        if folder in below:
            below[folder].append(entry)
    offences = []
    for root, entries in below.items():
        members = _members(root, entries)
        message = f"virtual environment in the index ({report.counted(len(members), 'file')}; {proofs[root]} proves it)"
        offences.append(Offence(root or ".", rules.ENVIRONMENT, message, members))
    taken = {entry.path for offence in offences for entry in offence.members}
    if 0 < len(taken) < sum(map(len, below.values())):
        # An environment in another one is a part of it, unless a project lives in that one.
        left, others = ([entry for entry in entries if entry.path not in taken] for entries in (judged, recorded))
        offences += _environments(left, others)
    return offences


def _proofs(judged: list[Entry]) -> dict[str, str]:
    """Each directory that one of its files proves to be a virtual environment, and that file."""
    proofs, scripts = {}, []
    for entry in judged:
        for proof in catalog.ENVIRONMENT_PROOFS:
            if f"/{entry.path}".endswith(f"/{proof}"):
                proofs[entry.path.removesuffix(proof).removesuffix("/")] = entry.path
        if f"/{entry.path}".endswith(ACTIVATE_ENDINGS):
            scripts.append(entry)
    texts = snapshot.beginnings((entry.oid for entry in scripts), ACTIVATE_LENGTH)
    marked = {oid for oid, text in texts if catalog.ACTIVATE_MARK in text}
    for entry in scripts:
        if entry.oid in marked:
            proofs.setdefault(os.path.dirname(os.path.dirname(entry.path)), entry.path)
    return proofs


def _members(root: str, below: list[Entry]) -> list[Entry]:
    """The entries of the virtual environment at *root*: all *below* it, unless a project lives there too."""
    start = len(root) + 1 if root else 0
    tops = {entry.path[start:].partition("/")[0] for entry in below}
    if root.endswith("/site-packages") or (root and tops <= catalog.ENVIRONMENT_LAYOUT):
        return below
    return [entry for entry in below if catalog.in_environment_core(entry.path[start:])]


def _inside_one(path: str, roots: dict[str, str]) -> bool:
    """Whether *path* lies in one of the directories *roots*, and is not that itself."""
    return bool(path) and ("" in roots or not untracking.folders([path]).isdisjoint(roots))


def _unchecked(entries: list[Entry]) -> dict[str, Entry]:
    """Those *entries*, by path, that are bytecode which Python runs without a look at the source."""
    bytecode = [entry for entry in entries if not entry.link and entry.path.endswith(".pyc")]
    bad = {
        oid for oid, data in snapshot.beginnings((entry.oid for entry in bytecode), PYC_HEADER) if runs_unchecked(data)
    }
    return {entry.path: entry for entry in bytecode if entry.oid in bad}


def runs_unchecked(data: bytes) -> bool:
    """Whether *data* is a .pyc of CPython 3.7 or newer with the flags 0b01: hash-based and unchecked (PEP 552).

    Before 3.7 (magic numbers 3000 to 3391, and 20121 and more for Python 2) the same bytes are a time
    (https://github.com/python/cpython/blob/v3.13.0/Include/internal/pycore_magic_number.h).
    """
    if len(data) < 16 or data[2:4] != b"\r\n":  # noqa: PLR2004 - the length of the header
        return False
    magic, flags = struct.unpack_from("<HxxI", data)
    return flags == 1 and not 3000 <= magic < 3392 and magic < 20121  # noqa: PLR2004


def _message(offence: Offence) -> str:
    row, members = offence.row, offence.members
    assert row  # noqa: S101 - an offence found by name has one
    what = row.kind if row.kind != catalog.TOOL_CACHE else f"cache of {row.tool}"
    if len(members) == 1 and members[0].path == offence.path:
        kinds = {snapshot.LINK: ", as a symbolic link", snapshot.GITLINK: ", as a gitlink"}
        return f"{what} in the index{kinds.get(members[0].mode, '')}"
    return f"{what} in the index ({report.counted(len(members), 'file')})"


def _findings(offences: list[Offence], recorded: list[Entry], settings: Settings) -> list[Finding]:
    index = recorded if not (settings.diff or os.environ.get("PRE_COMMIT_TO_REF")) else snapshot.index()
    present = {entry.path: entry for entry in index}
    paths = dict.fromkeys(entry.path for offence in offences for entry in offence.members)
    members = [present[path] for path in paths if path in present]
    fixed = settings.fix and bool(members) and not _temporary_index()
    if fixed:
        listed = b"".join(os.fsencode(entry.path) + b"\0" for entry in members)
        git.run("update-index", "-z", "--force-remove", "--stdin", root=git.top_level(), stdin=listed)
    if fixed:
        repair = f"{report.counted(len(members), 'file')} taken out of the index; the work tree keeps them"
    else:
        repair = _repair(offences, index, members) if members else ""
    return [Finding(offence.path, None, offence.code, offence.message, repair, fixed=fixed) for offence in offences]


def _temporary_index() -> bool:
    """Whether this commit (``-a``, or with paths) uses an index of its own, which git throws away when a hook fails."""
    return os.environ.get("GIT_INDEX_FILE", "").endswith(".lock")


def _repair(offences: list[Offence], index: list[Entry], members: list[Entry]) -> str:
    """The command that takes exactly *members* out of the index."""
    taken = {entry.path for entry in members}
    caches = [
        (offence.path, offence.row, [entry.path for entry in offence.members if entry.path in taken])
        for offence in offences
    ]
    return untracking.command(caches, [entry.path for entry in index], sparse=any(entry.sparse for entry in members))
