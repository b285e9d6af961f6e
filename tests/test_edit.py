"""Adding lines to an ignore file: what was there stays, byte for byte, or nothing happens at all."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks.ignorefiles.edit import COMMENT, appended, write
from support import SOURCES, UNPRIVILEGED, environment, run

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = COMMENT.encode()
LINES = ["__pycache__/", "größe"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", BLOCK + b"\n__pycache__/\ngr\xc3\xb6\xc3\x9fe\n"),
        (b"a\n", b"a\n\n" + BLOCK + b"\n__pycache__/\ngr\xc3\xb6\xc3\x9fe\n"),
        (b"a", b"a\n\n" + BLOCK + b"\n__pycache__/\ngr\xc3\xb6\xc3\x9fe"),
        (b"a\r\n", b"a\r\n\r\n" + BLOCK + b"\r\n__pycache__/\r\ngr\xc3\xb6\xc3\x9fe\r\n"),
        (b"a\r\nb", b"a\r\nb\r\n\r\n" + BLOCK + b"\r\n__pycache__/\r\ngr\xc3\xb6\xc3\x9fe"),
        (b"a\r\nb\nc\n", b"a\r\nb\nc\n\n" + BLOCK + b"\n__pycache__/\ngr\xc3\xb6\xc3\x9fe\n"),
        (b"\xef\xbb\xbf", b"\xef\xbb\xbf" + BLOCK + b"\n__pycache__/\ngr\xc3\xb6\xc3\x9fe\n"),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfa\n\n" + BLOCK + b"\n__pycache__/\ngr\xc3\xb6\xc3\x9fe\n"),
        (b"\xff\n", b"\xff\n\n" + BLOCK + b"\n__pycache__/\ngr\xc3\xb6\xc3\x9fe\n"),
    ],
    ids=[
        "empty",
        "LF",
        "no last newline",
        "CRLF",
        "CRLF without a last newline",
        "mixed",
        "BOM only",
        "BOM",
        "not UTF-8",
    ],
)
def test_lines_are_appended_in_the_files_own_way(data: bytes, expected: bytes) -> None:
    assert appended(data, LINES) == expected


@given(
    data=st.binary() | st.text("ab\r\n#! ").map(str.encode),
    lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1), min_size=1),
)
def test_the_original_bytes_stay_in_front_and_each_line_is_one_line(data: bytes, lines: list[str]) -> None:
    result = appended(data, lines)

    assert result.startswith(data)
    added = result[len(data) :]
    assert [line.removesuffix(b"\r") for line in added.split(b"\n") if line.strip(b"\r")] == [
        COMMENT.encode(),
        *(line.encode() for line in lines),
    ]
    if data.removeprefix(b"\xef\xbb\xbf"):
        assert result.endswith(b"\n") == data.endswith(b"\n")
        assert added.startswith((b"\n", b"\r\n"))


def test_a_file_is_created_with_the_mode_of_new_files(tmp_path: Path) -> None:
    write(str(tmp_path / ".gitignore"), b"x\n")
    other = tmp_path / "other"
    other.touch()

    assert (tmp_path / ".gitignore").read_bytes() == b"x\n"
    assert (tmp_path / ".gitignore").stat().st_mode == other.stat().st_mode
    assert sorted(os.listdir(tmp_path)) == [".gitignore", "other"]


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o444, 0o664])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / ".gitignore"
    path.touch()
    path.chmod(mode)

    write(str(path), b"x\n")

    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"x\n"
    assert os.listdir(tmp_path) == [".gitignore"]


def test_what_a_link_points_to_is_not_written(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"theirs\n")
    path = tmp_path / ".gitignore"
    path.symlink_to(target)

    write(str(path), b"ours\n")

    assert target.read_bytes() == b"theirs\n"
    assert path.read_bytes() == b"ours\n"
    assert not path.is_symlink()


def attempt(tmp_path: Path, path: str) -> bytes:
    program = f"from pycache_hooks.ignorefiles.edit import write; write({path!r}, b'new')"
    done = run([*UNPRIVILEGED, sys.executable, "-c", program], tmp_path, environment(PYTHONPATH=str(SOURCES)))
    assert done.status == 1
    return done.stderr.splitlines()[-1]


def test_a_directory_that_may_not_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".gitignore").write_bytes(b"old")
    folder.chmod(0o555)
    try:
        assert attempt(tmp_path, "folder/.gitignore").startswith(b"PermissionError")
        assert os.listdir(folder) == [".gitignore"]
        assert (folder / ".gitignore").read_bytes() == b"old"
    finally:
        folder.chmod(0o755)


def test_a_place_that_cannot_be_replaced_is_left_without_a_temporary_file(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").mkdir()

    with pytest.raises(OSError, match=r"\.gitignore"):
        write(str(tmp_path / ".gitignore"), b"x")

    assert os.listdir(tmp_path) == [".gitignore"]
    assert os.listdir(tmp_path / ".gitignore") == []


def test_a_temporary_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    other = tmp_path / f".gitignore.{os.getpid()}.tmp"
    other.write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        write(str(tmp_path / ".gitignore"), b"x")

    assert other.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == [other.name]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"old")
    program = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "from pycache_hooks.ignorefiles.edit import write\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))\n"
        "try: write('.gitignore', b'x' * 2000)\n"
        "finally: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))"
    )

    done = run([sys.executable, "-c", program], tmp_path, environment(PYTHONPATH=str(SOURCES)))

    assert done.stderr.splitlines()[-1].startswith(b"OSError: [Errno 27]")
    assert (tmp_path / ".gitignore").read_bytes() == b"old"
    assert os.listdir(tmp_path) == [".gitignore"]
