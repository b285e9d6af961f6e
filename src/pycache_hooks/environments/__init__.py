"""Virtual environments made from a lock file: cached for all runs that ask for the same, or for one run only."""

from __future__ import annotations

import os

from pycache_hooks.console import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from pycache_hooks.environments.locks import Held
    from pycache_hooks.environments.provision import Recipe

DAY = 24 * 60 * 60
"""Seconds."""


class Request:
    """What an environment is made from.

    *lock*: path of a ``pylock.toml``, a ``requirements.txt`` with hashes, or a ``uv.lock``. *python*: a request as uv
    understands it (``3.12``, ``pypy@3.10``, a path); empty: any that the lock file allows. *extras*: paths of wheels and
    of project directories that are installed on top, without their dependencies. *refresh*: made anew, for this run only.
    """

    __slots__ = ("extras", "lock", "python", "refresh")

    def __init__(self, lock: str, python: str = "", extras: tuple[str, ...] = (), *, refresh: bool = False) -> None:
        self.lock = lock
        self.python = python
        self.extras = extras
        self.refresh = refresh


class Place(str):
    """The absolute path of an environment; its programs are in ``bin``, on Windows in ``Scripts``.

    *descriptor*: left open in the command (``pass_fds``), it keeps the environment in use for as long as that runs, even
    if this process is killed.
    """

    __slots__ = ("descriptor",)
    descriptor: int

    def __new__(cls, path: str, descriptor: int) -> Self:
        """The place at *path*."""
        place = super().__new__(cls, path)
        place.descriptor = descriptor
        return place


class provided:  # noqa: N801 - it reads as the function that contextlib would make
    """``with provided(request) as place``: the environment, in use and so never pruned for the whole block.

    Raises Failure, with what to do, when it cannot be made. What is left half made by a run that was killed is made
    again by the next that asks for it, and removed by ``prune-pycache --envs``.
    """

    __slots__ = ("_held", "_place", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request

    def __enter__(self) -> Place:
        from pycache_hooks.environments.provision import Recipe

        recipe = Recipe(self._request)
        try:
            path, self._held = _ephemeral(recipe) if self._request.refresh else _cached(recipe)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            msg = f"the environment cannot be made: {error.strerror}{where}: set XDG_CACHE_HOME to a directory of your own"
            raise Failure(msg) from None
        self._place = Place(path, self._held.descriptor)
        return self._place

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._request.refresh:
                _discard(self._place)
        finally:
            self._held.release(remove=True)


def _cached(recipe: Recipe) -> tuple[str, Held]:
    """The environment that all runs with the same *recipe* share, and the lock that says that this one uses it."""
    from pycache_hooks.environments import locks, store

    name = recipe.name()
    path = os.path.join(store.folder("envs"), name)
    lock = locks.wait_for(f"{path}.lock")
    done = False
    try:
        if not _is_whole(path):
            _make(recipe, path, lock)
        _note_use(os.path.join(path, store.MARKER))
        held = locks.wait_for(f"{path}.{store.unique()}.lock")
        done = True
        return path, held
    finally:
        lock.release(remove=not done)


def _ephemeral(recipe: Recipe) -> tuple[str, Held]:
    """An environment for this run, and the lock that says that it lives."""
    from pycache_hooks.environments import locks, store

    path = os.path.join(store.folder("ephemeral"), f"env_{store.host_mark()}{store.unique()}")
    held = locks.wait_for(f"{path}.lock")
    try:
        _make(recipe, path, held)
    except BaseException:
        held.release(remove=True)
        raise
    return path, held


def _make(recipe: Recipe, path: str, lock: Held) -> None:
    """Make the environment at *path*, or nothing. Its marker comes last: without it nobody takes it for whole."""
    from pycache_hooks.environments import store, trees

    try:
        trees.remove(path)  # what a run left that was killed
        recipe.install(path, lock.descriptor)
        os.close(os.open(os.path.join(path, store.MARKER), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except BaseException:
        _discard(path)
        raise


def _discard(path: str) -> None:
    """Remove an environment as far as that can be done; the rest is for ``prune-pycache --envs``, which says why."""
    from pycache_hooks.environments import trees

    try:  # noqa: SIM105 - importing contextlib takes longer
        trees.remove(path)
    except OSError:
        pass


def _is_whole(path: str) -> bool:
    """Whether the environment at *path* was made to its end, and the interpreter is still there that it was made from."""
    from pycache_hooks.environments import store

    return os.path.exists(os.path.join(path, store.MARKER)) and os.path.exists(store.interpreter(path))


def _note_use(marker: str) -> None:
    """Have the time of *marker* say when its environment was last used, to a day."""
    import time

    now = time.time()
    if os.stat(marker).st_mtime < now - DAY:
        os.utime(marker, (now, now))
