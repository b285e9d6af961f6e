"""What Podman ships, asked of the buildah that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycache_hooks.ignorefiles import dockerignore, golang
from pycache_hooks.ignorefiles.expressions import compile_expression, from_pattern
from pycache_hooks.ignorefiles.podman import ESCAPED, PodmanIgnore, _Pattern

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


PLAIN = st.sampled_from(["", "a", ".py", "b-", "c d"])
SIMPLE = st.tuples(PLAIN, st.sampled_from(["*{}", "*{}[cod]", "[ab]{}*"]), PLAIN, PLAIN)
PARTS = st.lists(
    st.sampled_from(["a", "b", ".py", "c", "/", "\n", "-", "é", "\udc80", "+", "(", " ", ""]), min_size=1, max_size=7
)


@settings(deadline=None)
@given(SIMPLE.map(lambda parts: parts[0] + parts[1].format(parts[2]) + parts[3]), st.booleans(), PARTS.map("".join))
def test_a_simple_pattern_matches_what_its_expression_does(name: str, floating: object, path: str) -> None:
    text, runes = f"**/{name}" if floating else name, golang.as_runes(path)
    buildkit, podman = dockerignore.Pattern(1, text, exception=False), _Pattern(text, exception=False)
    buildkit.compile()

    assert buildkit.start is podman.state is None
    for matches, escaped, end in (
        (buildkit.matches(path, len(path)), dockerignore.ESCAPED, "$"),
        (podman.names(runes), ESCAPED, "(/.*)?$"),
    ):
        state = compile_expression(from_pattern(text, escaped) + end)
        for char in runes:
            state = state[char]
        assert matches == state.accepts


@pytest.mark.parametrize(
    "pattern", ["a", "**", "a*b*", "*?", "*[a-b]", "*[^a]", "*[]", "*[a", "*]", "a+*", "a/*", "*é", "*\t", "*\\"]
)
def test_any_other_pattern_takes_an_expression(pattern: str) -> None:
    assert golang.simple_name(pattern) is None
