"""Run a command and print how it ended: its exit status and the peak of its memory, in bytes.

A process of its own, forked from an interpreter with nothing in it: the kernel hands the peak of the process that
starts a program on to the program. So no figure can be lower than that interpreter's own few megabytes.
"""

from __future__ import annotations

import os
import sys


def main(command: list[str]) -> int:
    """Run *command* with its output thrown away. The peak is the larger one of it and of what it started itself."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    _, status, usage = os.wait4(child, 0)
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kibibytes elsewhere
    print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * unit)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
