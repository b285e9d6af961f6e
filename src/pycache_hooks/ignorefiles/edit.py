"""Adding lines to an ignore file without touching the rest of it."""

from __future__ import annotations

import os
import stat

COMMENT = "# Python caches (added by pycache-hooks)"


def appended(data: bytes, lines: list[str]) -> bytes:
    """*data* with *lines* as one commented block at its end, in its own line endings.

    A last line without a newline stays the way the file ends.
    """
    newline = b"\r\n" if data.count(b"\r\n") * 2 > data.count(b"\n") else b"\n"
    block = newline.join(line.encode() for line in (COMMENT, *lines))
    body = data.removeprefix(b"\xef\xbb\xbf")
    if not body:
        return data + block + newline
    if data.endswith(b"\n"):
        return data + newline + block + newline
    return data + newline * 2 + block


def write(path: str, data: bytes) -> None:
    """Replace the file at *path* whole or not at all, keeping its mode; create it if there is none.

    Raises OSError; the file is as it was then. A symbolic link is not followed: it would be replaced by a file.
    """
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        if os.path.exists(path):
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
