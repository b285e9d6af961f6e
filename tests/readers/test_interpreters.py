"""Which interpreters there are."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.readers import interpreters

if TYPE_CHECKING:
    from pathlib import Path

OWN = {sys.implementation.cache_tag}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any interpreter but the one that runs; the answer is a directory on PATH."""
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.pathsep}{tmp_path}/missing")
    return tmp_path


def test_the_one_that_runs_is_there(bare: Path) -> None:
    assert bare.is_dir()
    assert interpreters.tags() == OWN


@pytest.mark.parametrize(
    ("program", "tag"),
    [
        ("python3.4", "cpython-34"),
        ("python3.99", "cpython-399"),
        ("python3.98t", "cpython-398"),
        ("python3.97.exe", "cpython-397"),
        ("pypy3.10", "pypy310"),
        ("python3.12-config", None),
        ("python3", None),
        ("python3.", None),
        ("python", None),
        ("pypy", None),
        ("git", None),
    ],
)
def test_a_program_on_path_or_in_a_directory_named(bare: Path, program: str, tag: str | None) -> None:
    expected = OWN | ({tag} if tag else set())
    (bare / "env").mkdir()
    (bare / "env" / program).touch()
    assert interpreters.tags() == OWN
    assert interpreters.tags([str(bare / "env"), str(bare / "missing")]) == expected
    (bare / "bin" / program).touch()
    assert interpreters.tags() == expected


@pytest.mark.parametrize("store", [".pyenv/versions", ".local/share/uv/python"])
@pytest.mark.parametrize(
    ("installation", "tag"),
    [
        ("3.4.10", "cpython-34"),
        ("3.99-dev", "cpython-399"),
        ("3.98.0t", "cpython-398"),
        ("cpython-3.97.1-linux-x86_64-gnu", "cpython-397"),
        ("cpython-3.96.0+freethreaded-linux-x86_64-gnu", "cpython-396"),
        ("pypy3.10-7.3.12", "pypy310"),
        ("pypy-3.10.14-linux-x86_64-gnu", "pypy310"),
        ("my-project", None),
        (".lock", None),
        ("miniconda3-4.7.12", None),
    ],
)
def test_an_installation_of_pyenv_or_uv(bare: Path, store: str, installation: str, tag: str | None) -> None:
    (bare / store / installation).mkdir(parents=True)
    assert interpreters.tags() == OWN | ({tag} if tag else set())


def test_the_stores_are_where_variables_say(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (name, below) in enumerate(
        [("PYENV_ROOT", "versions/"), ("UV_PYTHON_INSTALL_DIR", ""), ("XDG_DATA_HOME", "uv/python/")]
    ):
        monkeypatch.setenv(name, str(bare / name))
        (bare / name / f"{below}3.{90 + number}.1").mkdir(parents=True)
        if name == "UV_PYTHON_INSTALL_DIR":
            assert interpreters.tags() == OWN | {"cpython-390", "cpython-391"}
            monkeypatch.delenv(name)
    assert interpreters.tags() == OWN | {"cpython-390", "cpython-392"}


def test_tags_are_what_interpreters_call_themselves(bare: Path) -> None:
    real = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (bare / "bin" / real).symlink_to(sys.executable)
    program = "import sys; print(sys.implementation.cache_tag)"
    said = subprocess.run([bare / "bin" / real, "-c", program], capture_output=True, text=True, check=True).stdout
    assert interpreters.tags() == {said.strip()}
