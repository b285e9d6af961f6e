"""Lock files: their kinds, and those that are refused before anything is made."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import locked

from pycache_hooks.console import Failure
from pycache_hooks.environments import lockfile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pylock.toml", lockfile.PYLOCK),
        ("locks/pylock.dev.toml", lockfile.PYLOCK),
        ("uv.lock", lockfile.UV),
        ("requirements.txt", lockfile.REQUIREMENTS),
        ("requirements-dev", lockfile.REQUIREMENTS),
    ],
)
def test_the_name_of_a_lock_file_says_its_kind(name: str, kind: str) -> None:
    assert lockfile.kind_of(name) == kind


@pytest.mark.parametrize("name", ["pyproject.toml", "poetry.lock", "pdm.lock", "pylock.a.b.toml", "mypylock.toml"])
def test_what_uv_cannot_install_is_refused_with_what_it_can(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    with pytest.raises(Failure, match=f"{name} is no lock file.*pylock.toml, uv.lock or requirements.txt"):
        lockfile.read(str(tmp_path / name))


def test_what_it_allows_is_read(tmp_path: Path) -> None:
    for name in ("pylock.toml", "uv.lock"):
        (tmp_path / name).write_text(locked(python=">=3.11"))
        assert lockfile.read(str(tmp_path / name)).python == ">=3.11"
    (tmp_path / "pylock.toml").write_text("requires-python = 3")
    assert not lockfile.read(str(tmp_path / "pylock.toml")).python


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"x = [", "broken: "),
        (b"\xff", "broken: it is no text in UTF-8: make it again"),
        (b"x = " + b"[" * 5000, "broken: "),
    ],
)
def test_a_broken_lock_file_is_refused_with_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "pylock.toml").write_bytes(content)

    with pytest.raises(Failure, match=f"pylock.toml is {why}"):
        lockfile.read(str(tmp_path / "pylock.toml"))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("missing/pylock.toml", "uv export --format pylock.toml -o {}"),
        ("a b/pylock.toml", "uv export --format pylock.toml -o '{}'"),
        ("requirements-dev.txt", "uv pip compile --generate-hashes requirements.in -o {}"),
        ("uv.lock", "uv lock"),
    ],
)
def test_a_lock_file_that_is_not_there_is_named_with_what_makes_it(tmp_path: Path, name: str, command: str) -> None:
    path = str(tmp_path / name)

    with pytest.raises(Failure) as failed:
        lockfile.read(path)

    assert str(failed.value) == f"there is no lock file {path}: make it with `{command.format(path)}`"


def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").mkdir()

    with pytest.raises(Failure, match=r"the lock file .*/pylock\.toml cannot be read: Is a directory$"):
        lockfile.read(str(tmp_path / "pylock.toml"))
    with pytest.raises(Failure, match=r"^--pylock names no file$"):
        lockfile.read("")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no hashes: make it with `uv pip compile --generate-hashes"),
        ("apple==1.0\n", "has no hashes"),
        ("apple==1.0 --hash=sha256:00\n\n-r more.txt\n", "requirements.txt:3 names another file"),
        ("apple==1.0 --hash=sha256:00\n  --constraint=c.txt\n", "requirements.txt:2 names another file"),
    ],
)
def test_requirements_without_hashes_or_in_pieces_are_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "requirements.txt").write_text(text)

    with pytest.raises(Failure, match=why):
        lockfile.read(str(tmp_path / "requirements.txt"))


@given(st.binary(max_size=60), st.sampled_from(["pylock.toml", "uv.lock", "requirements.txt"]))
def test_no_content_is_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    with contextlib.suppress(Failure):
        assert lockfile.read(str(path)).content == content
