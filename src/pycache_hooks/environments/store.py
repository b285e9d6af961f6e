"""Where environments are kept, by us and by other programs, and removing those that nobody uses any more."""

from __future__ import annotations

import os
import stat

from pycache_hooks.console import Failure
from pycache_hooks.environments import content, locks, trees
from pycache_hooks.folders import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKER = ".provisioned"
"""The file in an environment that says that it was made to its end. Ours is touched by a run, at most once a day."""

ENVIRONMENT = "environment"
HALF_PROVISIONED = "half-provisioned environment"
EPHEMERAL = "ephemeral environment"
LOCK = "lock file of nothing"
"""Kinds of entries."""

NAME, HOST, UNIQUE = 32, 8, 16
"""Hexadecimal digits of an environment's name, of the mark of its host, which it begins with, and of a random part."""

_HEXADECIMAL = frozenset("0123456789abcdef")
_TEMPORARY = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
"""What `tempfile` makes names of: https://github.com/python/cpython/blob/v3.13.0/Lib/tempfile.py#L134."""


class Store:
    """One row: a program that keeps environments.

    *root*: where; in it ``envs/<digest>`` with ``<digest>.lock`` beside, and ``ephemeral/env_<random>``. *digits* and
    *random*: how long those parts of names are, and what the latter consists of. *ours*: the name begins with the mark
    of the host, a lock is held while an environment is used, and whoever waited for a lock looks whether its file is
    still there. Other programs do none of these: all that is known of their entries is how old they are, and which
    processes name them.
    """

    __slots__ = ("alphabet", "digits", "name", "ours", "random", "root")

    def __init__(  # noqa: PLR0913 - one argument a column
        self,
        name: str,
        root: Callable[[], str],
        *,
        digits: int,
        random: int,
        alphabet: frozenset[str],
        ours: bool = False,
    ) -> None:
        self.name = name
        self.root = root
        self.digits = digits
        self.random = random
        self.alphabet = alphabet
        self.ours = ours

    def __repr__(self) -> str:
        return f"<Store {self.name}>"

    def owns(self, folder: str, name: str) -> bool:
        """Whether *name* is exactly what this program calls an environment in its *folder*."""
        if folder == "envs":
            return _consists(name, self.digits, _HEXADECIMAL)
        return name.startswith("env_") and _consists(name[4:], self.random, self.alphabet)

    def is_use(self, folder: str, name: str) -> bool:
        """Whether *name*, without ``.lock``, is that of a lock held by one run that uses an environment."""
        digest, _, unique_part = name.partition(".")
        return (
            self.ours
            and folder == "envs"
            and self.owns(folder, digest)
            and _consists(unique_part, UNIQUE, _HEXADECIMAL)
        )


class Entry:
    """Something in a store: its *kind*, its absolute *path*, and its *last_use* in seconds since the epoch."""

    __slots__ = ("kind", "last_use", "path", "store")

    def __init__(self, store: Store, kind: str, path: str, last_use: float) -> None:
        self.store = store
        self.kind = kind
        self.path = path
        self.last_use = last_use

    def __repr__(self) -> str:
        return f"<Entry {self.kind} {self.path}>"

    @property
    def size(self) -> int:
        """How many bytes its removal frees."""
        return trees.size(self.path)

    def due(self, before: float) -> bool:
        """Whether it may go, where what was last used *before* that time may: the leavings of a dead process always may.

        Only of this host: locks on a shared file system need not be seen by all hosts.
        """
        dead = self.kind != ENVIRONMENT and self.store.ours and self._mark == host_mark()
        return dead or self.last_use < before

    def in_use(self) -> bool:
        """Whether a process holds a lock on it, or was started from it."""
        return locks.is_held(self.lock) or self.is_used()

    @property
    def lock(self) -> str:
        """The path of the lock under which it is made and removed."""
        return self.path if self.kind == LOCK else f"{self.path}.lock"

    @property
    def environment(self) -> str:
        """The path of the environment, also if this is a lock of one that is not there."""
        return self.path.removesuffix(".lock")

    @property
    def _mark(self) -> str:
        return os.path.basename(self.path).removeprefix("env_")[:HOST]

    def users(self) -> list[str]:
        """The paths of the locks of runs that use it, or died using it."""
        folder, name = os.path.split(self.path)
        if self.kind == LOCK:
            return []
        try:
            listed = os.listdir(folder)
        except FileNotFoundError:
            return []  # the whole store has vanished
        beside = (each.removesuffix(".lock") for each in listed if each.endswith(".lock"))
        return [
            os.path.join(folder, f"{each}.lock")
            for each in beside
            if each.startswith(f"{name}.") and self.store.is_use(os.path.basename(folder), each)
        ]

    def is_used(self) -> bool:
        """Whether a run uses it, or some process was started from it."""
        return any(locks.is_held(user) for user in self.users()) or _is_named_by_a_process(self.path)


def our_root() -> str:
    """``$XDG_CACHE_HOME/pycache-hooks``, or the cache directory that the system has for it. Raises Failure."""
    try:
        import platformdirs
    except ImportError:
        raise locks.needed("platformdirs") from None
    root = platformdirs.user_cache_dir("pycache-hooks", appauthor=False)
    if not os.path.isabs(root):  # older ones take a relative XDG_CACHE_HOME as it is: that would be in the work tree
        raise Failure(f"the cache directory {root} is a relative path: set XDG_CACHE_HOME to an absolute one")
    return root


def app_runner_root() -> str:
    """Where bfabric-app-runner keeps its environments.

    https://github.com/fgcz/bfabricPy/blob/89bc4330/bfabric_app_runner/src/bfabric_app_runner/commands/command_python_env.py#L114
    """
    caches = os.path.expanduser(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    return os.path.abspath(os.path.join(caches, "bfabric_app_runner"))


OURS = Store("pycache-hooks", our_root, digits=NAME, random=HOST + UNIQUE, alphabet=_HEXADECIMAL, ours=True)
STORES = (
    OURS,
    Store("bfabric-app-runner", app_runner_root, digits=16, random=8, alphabet=_TEMPORARY),
)


def host_mark() -> str:
    """What stands for this host in names."""
    import socket

    return content.fingerprint([os.fsencode(socket.gethostname())])[:HOST]


def unique() -> str:
    """A name that no other run has."""
    return os.urandom(UNIQUE // 2).hex()


def interpreter(path: str) -> str:
    """The interpreter of the environment at *path*."""
    return os.path.join(path, "bin", "python") if os.name == "posix" else os.path.join(path, "Scripts", "python.exe")


def folder(name: str) -> str:
    """The directory called *name* in our store, made if need be. Raises Failure if somebody else can write into it.

    Programs are run from what lies there, by way of ``PATH``.
    """
    root = our_root()
    if os.pathsep in root:
        raise Failure(f"{root}: {os.pathsep!r} would end an entry of PATH: set XDG_CACHE_HOME to another directory")
    os.makedirs(os.path.dirname(root), exist_ok=True)
    path = root
    for path in (root, os.path.join(root, name)):
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            _check_owner(path)
    return path


def _raised(error: OSError) -> None:
    raise error


def entries(store: Store, closed: Callable[[OSError], object] = _raised) -> list[Entry]:
    """What lies in *store*, by path; nothing that is not exactly of its layout, and nothing behind a link.

    What cannot be looked into is left out, and *closed* is called with the error, in which is a path.
    """
    root = store.root()
    found: list[Entry] = []
    for name in ("envs", "ephemeral"):
        path = os.path.join(root, name)
        try:
            found += _entries_in(store, path, closed)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            closed(OSError(error.errno, error.strerror, path))
    return sorted(found, key=lambda entry: entry.path)


def remove(entry: Entry) -> bool:
    """Remove *entry* under its lock, unless it is in use, or is not any more what it was when it was listed.

    Raises OSError, with the path, for what cannot be removed.
    """
    try:
        held = locks.try_for(entry.lock)
    except FileNotFoundError:
        return False  # the whole store has vanished
    if not held:
        return False
    gone = False
    try:
        if _is_as_listed(entry) and not entry.is_used():
            _take(entry)
            gone = True
        return gone
    finally:
        # Who waits for a lock of another program's would not notice that its file is gone.
        lone = entry.store.ours or entry.kind in (LOCK, EPHEMERAL)
        held.release(remove=lone and not os.path.lexists(entry.environment))


def _take(entry: Entry) -> None:
    if entry.kind == LOCK:
        return
    try:  # noqa: SIM105 - importing contextlib takes longer
        os.unlink(os.path.join(entry.path, MARKER))  # first of all: what is left of it is not taken for whole
    except FileNotFoundError:
        pass
    trees.remove(entry.path)
    for user in entry.users():
        locks.unlink(user)


def _is_as_listed(entry: Entry) -> bool:
    if entry.kind == LOCK:
        return not os.path.lexists(entry.environment)
    try:
        now = _environment(entry.store, os.path.dirname(entry.path), os.path.basename(entry.path))
    except FileNotFoundError:
        return False
    return (now.kind, now.last_use) == (entry.kind, entry.last_use)


def _entries_in(store: Store, path: str, closed: Callable[[OSError], object]) -> Iterator[Entry]:
    opened = Folder(path)
    try:
        listed = opened.entries()
    finally:
        opened.close()
    folder_name = os.path.basename(path)
    directories = {
        each.name for each in listed if each.is_dir(follow_symlinks=False) and store.owns(folder_name, each.name)
    }
    for each in listed:
        try:
            if each.name in directories:
                yield _environment(store, path, each.name)
            elif each.is_file(follow_symlinks=False) and _is_lock_of_nothing(store, path, each.name, directories):
                found = os.path.join(path, each.name)
                yield Entry(store, LOCK, found, os.lstat(found).st_mtime)
        except FileNotFoundError:
            continue
        except OSError as error:
            closed(error)


def _is_lock_of_nothing(store: Store, path: str, name: str, directories: set[str]) -> bool:
    stem, folder_name = name.removesuffix(".lock"), os.path.basename(path)
    if stem == name or stem in directories:
        return False
    return store.owns(folder_name, stem) or (store.is_use(folder_name, stem) and not _is_held(os.path.join(path, name)))


def _is_held(path: str) -> bool:
    """Whether somebody holds the lock at *path*. Of one that is closed to us nobody knows: removing it will tell."""
    try:
        return locks.is_held(path)
    except OSError:
        return False


def _environment(store: Store, path: str, name: str) -> Entry:
    """The entry of the directory *name* in *path*. Raises FileNotFoundError if it has vanished."""
    place = os.path.join(path, name)
    used = os.lstat(place).st_mtime
    try:
        marked = os.lstat(os.path.join(place, MARKER)).st_mtime
    except FileNotFoundError:
        marked = 0.0
    if not store.ours:
        used = max(used, marked, _read_at(os.path.join(place, "pyvenv.cfg")))
    elif marked:
        used = marked
    kind = EPHEMERAL if os.path.basename(path) == "ephemeral" else ENVIRONMENT if marked else HALF_PROVISIONED
    return Entry(store, kind, place, used)


def _read_at(path: str) -> float:
    """When the file at *path* was last read; every start of Python reads ``pyvenv.cfg``. 0 if there is none."""
    try:
        return os.lstat(path).st_atime
    except FileNotFoundError:
        return 0.0


def _is_named_by_a_process(path: str) -> bool:
    """Whether the command line or a variable (``PATH``) of a process names *path*. Only Linux, where there is a list."""
    wanted = {os.fsencode(path), os.fsencode(os.path.realpath(path))}
    for process in _processes():
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{process}/{name}", "rb") as file:
                    said = file.read()
            except OSError:
                continue  # it ended, or is somebody else's
            if any(each in said for each in wanted):
                return True
    return False


def _processes() -> list[str]:
    try:
        return [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:  # pragma: no cover - not on Linux
        return []


def _check_owner(path: str) -> None:
    if os.name != "posix":  # pragma: no cover - Windows keeps a user's directories by other means
        return
    status = os.stat(path)
    if status.st_uid != os.geteuid():
        owner = f"belongs to somebody else (user {status.st_uid})"
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        owner = "can be written by others (`chmod go-w` ends that)"
    else:
        return
    raise Failure(f"{path} {owner}, and programs are run from it: set XDG_CACHE_HOME to a directory of your own")


def _consists(name: str, length: int, alphabet: frozenset[str]) -> bool:
    return len(name) == length and alphabet.issuperset(name)
