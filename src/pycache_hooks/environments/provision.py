"""Making an environment with uv."""

from __future__ import annotations

import os

from pycache_hooks.console import Failure
from pycache_hooks.environments import content, lockfile, store, uv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycache_hooks.environments import Request

FORMAT = "1"
"""Goes up when environments are made in another way than before."""

_PLAIN = ("--color", "never", "--no-progress")
_INTERPRETER = """
import sys, sysconfig
print(sys.implementation.name, sys.version, sysconfig.get_platform(), getattr(sys, "abiflags", ""))
"""
_EXPORT = ("--frozen", "--format", "pylock.toml", "--no-header", "--no-emit-project", "--no-emit-workspace")


class Recipe:
    """What is known of an environment before it is made."""

    __slots__ = ("_exported", "_extras", "_fingerprints", "_lock", "_python", "_uv")

    def __init__(self, request: Request) -> None:
        """Read what *request* names, and find the interpreter. Raises Failure, with nothing made."""
        self._lock = lockfile.read(request.lock)
        self._extras = [os.path.abspath(extra) for extra in request.extras]
        self._fingerprints = [content.of_extra(extra) for extra in self._extras]
        self._uv = uv.program()
        self._python = self._find(request.python)
        self._exported = self._export() if self._lock.kind == lockfile.UV else ""

    def name(self) -> str:
        """The name of the environment: the same for the same host, interpreter, lock file and extras."""
        about = uv.run([self._python, "-I", "-S", "-c", _INTERPRETER], "the interpreter does not run")
        locked = self._exported.encode("utf-8", "surrogateescape") or self._lock.content
        parts = [about.encode(), locked, *(fingerprint.encode() for fingerprint in self._fingerprints)]
        return name(store.host_mark(), parts)

    def install(self, path: str, descriptor: int) -> None:
        """Make the environment at *path*, where nothing is, under the lock of *descriptor*. Raises Failure."""
        lock = self._lock.path
        self._run("venv", "--no-project", "--python", self._python, path, descriptor=descriptor)
        if not os.path.exists(store.interpreter(path)):
            raise uv.broken(self._uv)
        if self._exported:
            lock = os.path.join(path, lockfile.PYLOCK)
            self._export("--output-file", lock, descriptor=descriptor)
        into = ("pip", "install", "--no-compile-bytecode", "--python", store.interpreter(path))
        self._run(*into, "--require-hashes", "--requirements", lock, descriptor=descriptor)
        if self._extras:
            self._run(*into, "--no-deps", *self._extras, descriptor=descriptor)
        if lockfile.read(self._lock.path).content != self._lock.content:
            raise Failure(f"{self._lock.path} was changed while it was installed: run this again")

    def _find(self, request: str) -> str:
        """The interpreter that uv finds for *request*, else for what the lock file allows.

        It is never one of a virtual environment that happens to be active.
        """
        wanted = request or self._lock.python
        whose = "" if request or not wanted else f" for what {self._lock.path} says in requires-python"
        words = ("--", wanted) if wanted else ()
        found = self._run(
            "python", "find", "--system", "--no-project", *words, purpose=f"no interpreter{whose}"
        ).strip()
        if not found:
            raise uv.broken(self._uv)
        return os.path.abspath(found)

    def _export(self, *options: str, descriptor: int | None = None) -> str:
        """What the ``uv.lock`` locks, as a ``pylock.toml``; no network, and nothing is resolved or changed."""
        return self._run("export", *_EXPORT, "--python", self._python, *options, descriptor=descriptor)

    def _run(self, *arguments: str, purpose: str = "", descriptor: int | None = None) -> str:
        project = ("--project", os.path.dirname(self._lock.path))
        purpose = purpose or f"{self._lock.path} cannot be installed"
        try:
            return uv.run([self._uv, *_PLAIN, *project, *arguments], purpose, descriptor)
        except Failure as failure:
            raise uv.unusable(self._uv) or failure from None


def name(host: str, parts: list[bytes]) -> str:
    """The name of the environment made from *parts* on the host with the mark *host*, which it begins with.

    Hosts that share a home directory share no environment: what was compiled for one need not run on the other.
    """
    made = content.fingerprint([FORMAT.encode(), host.encode(), *parts])
    return host + made[: store.NAME - len(host)]
