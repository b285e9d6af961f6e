"""What every console script has in common: how it starts, fails and ends."""

from __future__ import annotations

import atexit
import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, NoReturn, TypeVar

    from pycache_hooks.arguments import Option

    SettingsT = TypeVar("SettingsT")

CLEAN, FOUND, FAILED = 0, 1, 2
INTERRUPTED = 130
"""Exit statuses: nothing found; findings, or something was changed; our own failure; 128 + SIGINT, as in a shell."""


_NOWHERE = "the current directory is not there any more: go to one that is"


class Failure(Exception):
    """The program cannot do what it was asked: one line that says why and what to do. Exit status 2."""


def guarded(run: Callable[[list[str]], int]) -> Callable[[Sequence[str] | None], int]:
    """Make a hook's ``main``: no failure that a user can cause ends in a traceback.

    Without an *argv* it is the program itself, and does not return.
    """

    def main(argv: Sequence[str] | None = None) -> int:
        if argv is not None:
            return ended(list(argv))
        gc.disable()  # what is read is kept to the end, and what is made besides has no cycles: there is no garbage to look for
        _leave(ended(sys.argv[1:]))

    def ended(arguments: list[str]) -> int:
        if not (sys.stdout and sys.stderr):  # closed by whoever started us
            sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
        try:
            return _run(run, arguments)
        except Failure as failure:
            from pycache_hooks import configuration

            return _fail(configuration.located(str(failure)))
        except BrokenPipeError:
            return FOUND  # the reader left (`| head`)
        except KeyboardInterrupt:
            return INTERRUPTED
        except (OSError, MemoryError) as error:
            gone = isinstance(error, FileNotFoundError) and error.filename is None
            return _fail(_NOWHERE if gone else str(error) or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not look like a finding, whose status is 1
            return _fail(f"internal error, please report it with what you ran: {error!r}")

    return main


def read_options(  # noqa: PLR0913, PLR0917 - one argument a part of a hook
    name: str,
    description: str | None,
    options: Iterable[Option],
    settings: SettingsT,
    argv: Sequence[str],
    table: dict[str, Any] | None = None,
) -> SettingsT:
    """Change *settings*, whose class holds the defaults, as *argv* and then the *table* of pyproject.toml say.

    That is read unless it is given. Raises Failure on a usage error, and for an unknown key.
    """
    if argv:
        from pycache_hooks import arguments  # argparse costs as much as all the rest of a run

        arguments.read(name, description, options, settings, argv)
    from pycache_hooks import configuration

    configuration.fill(name, options, settings, configuration.read() if table is None else table)
    return settings


def nearest(word: str, known: Iterable[str]) -> str:
    """``: did you mean X?`` for the one of *known* that is most like *word*, or nothing."""
    import difflib

    found = difflib.get_close_matches(word, known, n=1)
    return f": did you mean {found[0]}?" if found else ""


def _run(run: Callable[[list[str]], int], arguments: list[str]) -> int:
    """*run*, and print all that it has to say, whatever happens."""
    try:
        return run(arguments)
    finally:
        try:
            sys.stdout.flush()
        except OSError:
            # The reader left, or the disk is full: what remains to be flushed at exit must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise


def _leave(status: int) -> NoReturn:
    """End the program without taking apart what it has read, which takes milliseconds. `_run` has printed everything."""
    atexit._run_exitfuncs()  # noqa: SLF001 - the public way to it is the way that takes long
    os._exit(status)  # pragma: no cover - what measures has written by then


def _fail(message: str) -> int:
    from pycache_hooks.report import printable  # only a failing run pays for it

    name = os.path.basename(sys.argv[0]) or "pycache-hooks"
    try:  # noqa: SIM105 - importing contextlib takes longer
        sys.stderr.write(f"{printable(name)}: {printable(message)}\n")
    except OSError:
        pass  # there is no room to say why: the status has to do
    return FAILED
