"""A user's cache directory, uv's own cache, and a lock file of two wheels, all made for one test and without network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from kit import Wrapper, locked, make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache directory, which programs started by the test have too."""
    for name in list(os.environ):
        if name.startswith(("UV_", "GIT_")):
            monkeypatch.delenv(name)
    place = tmp_path / "cache"
    place.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    return place


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    """A directory with two wheels, of which one needs the other."""
    make_wheel(tmp_path / "wheelhouse", "apple", needs="banana")
    make_wheel(tmp_path / "wheelhouse", "banana")
    return tmp_path / "wheelhouse"


@pytest.fixture
def pylock(tmp_path: Path, wheelhouse: Path) -> str:
    """The path of a ``pylock.toml`` of the wheels."""
    path = tmp_path / "project/pylock.toml"
    path.parent.mkdir()
    path.write_text(locked(*sorted(wheelhouse.iterdir())))
    return str(path)


@pytest.fixture
def wrapper(tmp_path: Path) -> Wrapper:
    """A wrapper of uv; programs with its ``path`` as ``PYTHONPATH`` use it."""
    return Wrapper(tmp_path / "wrapped uv")
