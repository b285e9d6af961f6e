"""Two builds in fresh copies of the tracked tree, and what differs between their results.

Both are made at the same path, one after the other, as two jobs of a CI system are: a path is baked into bytecode and
into much else, and would hide whatever really changes from build to build. The files of the copies are a day apart in
age, as those of two checkouts may be: bytecode and archives hold the times of what they were made from. Each copy is a
repository with the commits, the tags and the index of the first: setuptools-scm and its kin make the version of those.
"""

from __future__ import annotations

import os
import stat

from pycache_hooks import catalog, git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_PER_DAY = 86_400

DIFFERS = "differs between two builds"
ONLY_FIRST = "only the first of two builds left it"
ONLY_SECOND = "only the second of two builds left it"

_OBJECT_FORMAT = "--show-object-format"

_OF_ROOT = (*git.LOCATION, "GIT_OBJECT_DIRECTORY", "GIT_DEFAULT_REF_FORMAT")
"""Variables that are about the repository that is copied, or would have a copy be of another kind."""

_SPARSE = b"S"
"""How ``git ls-files -t`` marks a file that a sparse checkout leaves out."""


def tracked(root: str) -> list[str]:
    """The tracked files below *root*, a work tree, with those of the submodules that are checked out."""
    listed = git.run("ls-files", "-z", "--recurse-submodules", root=root)
    return list(dict.fromkeys(os.fsdecode(listed).split("\0")[:-1]))


def copy(root: str, paths: list[str], target: str, when: float) -> None:
    """Make the directory *target*, and *paths* in it as they are now below *root*, with *when* as the time of each file.

    What is not there is left out; a symbolic link stays one. Raises OSError where something cannot be copied.
    """
    import shutil

    os.mkdir(target)
    for path in paths:
        source, copied = f"{root}/{path}", f"{target}/{path}"
        try:
            mode = os.lstat(source).st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        os.makedirs(os.path.dirname(copied), exist_ok=True)
        if stat.S_ISLNK(mode):
            os.symlink(os.readlink(source), copied)
        elif stat.S_ISDIR(mode):  # a submodule that is not checked out
            os.mkdir(copied)
        else:
            shutil.copyfile(source, copied)
            os.chmod(copied, stat.S_IMODE(mode))
            os.utime(copied, (when, when))


def share(root: str, target: str) -> None:
    """Make *target*, a copy of the work tree *root*, a repository like that one, of which it only borrows the objects.

    It knows no remote: what a build does to it stays in it. It is no clone, as git makes none of a repository of somebody
    else's where only its work tree is a ``safe.directory``, as in the containers of CI systems.
    """
    import shutil

    def ask(*question: str) -> str:
        return git.path_line(git.run("rev-parse", *question, root=root))

    private = f"{target}/.git"
    kind = ("-c", "init.defaultRefFormat=files", "init", "-q", "--template=", f"--object-format={ask(_OBJECT_FORMAT)}")
    git.Command(*kind, target, without=_OF_ROOT).output()
    os.symlink(os.path.join(root, ask("--git-path", "objects")), f"{private}/borrowed")
    _write(f"{private}/objects/info/alternates", b"../borrowed\n")  # by any other path it might hold a newline
    _write(f"{private}/packed-refs", git.run("for-each-ref", "--format=%(objectname) %(refname)", root=root))
    branch = git.run("symbolic-ref", "-q", "HEAD", root=root, accept=(0, 1))
    _write(f"{private}/HEAD", b"ref: " + branch if branch else git.run("rev-parse", "HEAD", root=root))
    shallow = os.path.join(root, ask("--git-path", "shallow"))
    if os.path.exists(shallow):
        shutil.copyfile(shallow, f"{private}/shallow")
    # The index is copied by its entries: the file itself may be in several parts, and knows the times of other files.
    entries = [entry.partition(b" ") for entry in git.run("ls-files", "-s", "-t", "-z", root=root).split(b"\0")[:-1]]
    index = b"".join(entry + b"\0" for _, _, entry in entries)
    absent = b"".join(entry.partition(b"\t")[2] + b"\0" for tag, _, entry in entries if tag == _SPARSE)
    for words, stdin in (("--index-info", index), ("--skip-worktree --stdin", absent)):
        git.Command("update-index", "-z", *words.split(), root=target, stdin=stdin, without=_OF_ROOT).output()


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def build_twice(root: str, place: str, build: Callable[[str, str], int]) -> tuple[int, list[tuple[str, str]]]:
    """Call *build* with a copy of the work tree *root* and with an empty directory for caches, and once more with others.

    All lie in the directory *place*. Returns the first exit status that is not 0, or what `differences` finds.
    """
    import time

    paths = tracked(root)
    now = time.time()
    tree, caches = f"{place}/tree", f"{place}/caches"
    for when, done in ((now - SECONDS_PER_DAY, "first"), (now, "second")):
        copy(root, paths, tree, when)
        share(root, tree)
        os.mkdir(caches)
        status = build(tree, caches)
        if status:
            return status, []
        for used in (tree, caches):
            os.rename(used, f"{used}-{done}")
    return 0, differences(f"{tree}-first", f"{tree}-second")


def differences(first: str, second: str) -> list[tuple[str, str]]:
    """The files that are not alike in the directories *first* and *second*, with what is the matter; sorted by path.

    What git keeps about them does not count.
    """
    ones, others = _modes(first), _modes(second)
    found = []
    for path in sorted({*ones, *others}):
        if path not in others:
            found.append((path, ONLY_FIRST))
        elif path not in ones:
            found.append((path, ONLY_SECOND))
        elif not _alike(f"{first}/{path}", f"{second}/{path}", ones[path], others[path]):
            found.append((path, DIFFERS))
    return found


def _alike(one: str, other: str, mode: int, other_mode: int) -> bool:
    """Whether two files are of one kind, with the same permissions and the same content."""
    import filecmp

    if mode != other_mode:
        return False
    if stat.S_ISLNK(mode):
        return os.readlink(one) == os.readlink(other)
    return not stat.S_ISREG(mode) or filecmp.cmp(one, other, shallow=False)


def is_bytecode(path: str) -> bool:
    """Whether the file at *path* is bytecode, by the catalogue."""
    return any(row.kind == catalog.BYTECODE for _, row in catalog.caches_in(path))


def _modes(root: str) -> dict[str, int]:
    """The kind and permissions of every file below *root* but for its ``.git``, by its path relative to that."""
    modes: dict[str, int] = {}
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(f"{root}/{prefix}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if prefix or entry.name != ".git":
                        pending.append(f"{prefix}{entry.name}/")
                else:
                    modes[prefix + entry.name] = entry.stat(follow_symlinks=False).st_mode
    return modes
