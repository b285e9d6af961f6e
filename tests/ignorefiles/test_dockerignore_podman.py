"""What Podman ships, asked of the buildah that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.ignorefiles.podman import PodmanIgnore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[[bytes], set[str] | None]

PATHS = [
    "a",
    *("x.pyc", "c++", "cc", "#d", "!e", " f", "é.py", "foobar/x", "foo/x", "foo/bar/x.pyc", "foo/bar/y"),
    *("app/x.pyc", "app/x.py", "app/__pycache__/x.pyc", "app/__pycache__/y", "__pycache__/x.pyc"),
    *("app/sub/x.pyc", "app/sub/__pycache__/x", "my__pycache__/x", "d/my__pycache__/x", "app/sub/.pyc", ".pyc"),
    *("(a)", "a(b)c", "abc", "aa", "ab", "b|c", "b", "src/a/b/x.py", "src/x.py", "venv/lib/x.py"),
]
FILES = {
    "depth": "__pycache__/\n*.pyc\napp/*/x.pyc\n",
    "portable": "**/__pycache__\n**/*.py[cod]\n",
    "stars in a name": "**.pyc\n**__pycache__\n",
    "an exception for a directory": "**/*.pyc\n!app\n",
    "wildcards in an exception": "*\n!**/*.py\n!src/*/**\n",
    "an exception that names what it is in": "foo\n!foobar\n!foo/bar\n",
    "live characters": "a|b\na(b)c\n(a)\na+\n",
    "a caret and a count": "^a\nab{1}\n",
    "blanks and slashes": " /a\n/app/\n! app/x.py\n\t foo\n#d\n \\#d\n\\!e\n",
    "carriage returns and a BOM": "\ufeff**/*.pyc\r\n!app/x.pyc\r\n\r\napp/sub/\r\n",
    "a BOM before an exception": "\ufeff!a\n*\n",
    "refused: plus": "c++\n",
    "refused: an exclamation mark": "a\n!/\n",
    "refused: a backslash": "a*\\\n",
    "refused: a class": "a\n[b-a]\n",
}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build an image of the context with an ignore file: the files in it, or None if that fails."""
    buildah = shutil.which("buildah")
    if buildah is None:
        pytest.skip("buildah is not installed")
    top = tmp_path_factory.mktemp("buildah")
    context = top / "context"
    for path in PATHS:
        file = context / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    (top / "Containerfile").write_bytes(b"FROM scratch\nCOPY . /\n")

    def run(ignore: bytes) -> set[str] | None:
        output = top / "output"
        shutil.rmtree(output, ignore_errors=True)
        (top / "ignore").write_bytes(ignore)
        storage = ["--storage-driver", "vfs", "--root", str(top / "root"), "--runroot", str(top / "run")]
        options = ["--isolation", "chroot", "--quiet", "--ignorefile", str(top / "ignore"), "--output", str(output)]
        finished = subprocess.run(
            [buildah, *storage, "bud", *options, "--file", top / "Containerfile", context],
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode != 0 and ignore == b"":
            pytest.skip(f"buildah cannot build here: {finished.stderr}")
        return files(output) if finished.returncode == 0 else None

    assert run(b"") == set(PATHS)
    return run


def files(top: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(directory, name), top) for directory, _, names in os.walk(top) for name in names
    }


@pytest.mark.parametrize("lines", FILES.values(), ids=FILES)
def test_agrees_with_buildah(build: Build, lines: str) -> None:
    ignore = PodmanIgnore(lines.encode())
    assert {path for path in PATHS if ignore.ships(path)} == (build(lines.encode()) or set())
