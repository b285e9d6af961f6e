"""Running uv."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from kit import UV

from pycache_hooks.console import Failure
from pycache_hooks.environments import uv

if TYPE_CHECKING:
    from pathlib import Path


def test_the_program_is_that_of_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert os.path.samefile(uv.program(), UV)


def test_without_the_distribution_it_is_the_one_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", os.path.dirname(UV))
    assert uv.program() == UV

    monkeypatch.setenv("PATH", "")
    with pytest.raises(Failure, match=r"^uv is missing.*additional_dependencies: \[uv, filelock, platformdirs\]"):
        uv.program()


def test_uv_gets_the_variables_of_a_user_and_none_of_a_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {
        "UV_CACHE_DIR": "/cache",
        "UV_INDEX_URL": "https://example.org",
        "GIT_SSH_COMMAND": "ssh -i key",
        "GIT_CONFIG_KEY_0": "http.proxy",
        "HTTPS_PROXY": "proxy",
    }
    dropped = [
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "VIRTUAL_ENV",
        "PYTHONHOME",
        "PYTHONPATH",
        "UV_NO_VERIFY_HASHES",
        "UV_PYTHON",
    ]
    for name in (*kept, *dropped, "UV_COMPILE_BYTECODE"):
        monkeypatch.setenv(name, kept.get(name, "1"))

    variables = uv.variables()

    assert {name: variables[name] for name in kept} == kept
    assert not set(dropped) & set(variables)
    assert "UV_COMPILE_BYTECODE" not in variables
    assert variables["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", ""),
        ("warning: something\nerror: No such thing\n", "No such thing"),
        ("error: It failed\n  cause: The disk is full\n\nhint: buy one", "It failed: The disk is full hint: buy one"),
        ("error: bad\n    |\n  1 | x = [\n    |      ^\n  unclosed", "bad unclosed"),
        (f"error: bad\n 12 | {'x' * 5000}\n  unclosed", "bad unclosed"),
        (f"error: {'x' * 5000}", f"{'x' * 1000} ..."),
        ("Traceback\n  line\n", "Traceback line"),
    ],
)
def test_what_uv_says_is_put_in_one_line(said: str, reason: str) -> None:
    assert uv.reason(said) == reason


def program(path: Path, *lines: str) -> str:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("version", ["uv 0.11.33", "uv 0.4.1 (Homebrew 2024-08-30)"])
def test_a_uv_that_is_too_old_is_named_with_its_version(tmp_path: Path, version: str) -> None:
    old = uv.unusable(program(tmp_path / "uv", f"echo '{version}'"))

    number = version.split()[1]
    assert str(old) == (
        f"{tmp_path}/uv is uv {number}, which is too old: install uv 0.12 or newer, for example with `pip install --upgrade uv`"
    )


@pytest.mark.parametrize("does", ["exit 0", "echo 1", "echo uv new", "exit 3", "kill -9 $$"])
def test_a_uv_that_does_not_work_is_named(tmp_path: Path, does: str) -> None:
    assert "is no uv that works: install uv 0.12 or newer" in str(uv.unusable(program(tmp_path / "uv", does)))


def test_a_uv_that_should_do_is_not_to_blame() -> None:
    assert uv.unusable(UV) is None


def test_a_program_that_fails_without_a_word_or_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"^why: false ended with exit status 1$"):
        uv.run(["false"], "why")
    with pytest.raises(Failure, match=r"^why: killed was ended by signal 9$"):
        uv.run([program(tmp_path / "killed", "kill -9 $$")], "why")
    with pytest.raises(Failure, match=r"^why: /missing cannot be started: No such file"):
        uv.run(["/missing"], "why")
