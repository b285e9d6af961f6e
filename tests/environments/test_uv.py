"""Running uv."""

from __future__ import annotations

import os
import sys

import pytest
from kit import UV

from pycache_hooks.console import Failure
from pycache_hooks.environments import uv


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
        ("error: bad\n    |\n  1 | x = [\n    |      ^\n  unclosed", "bad 1 | x = [ unclosed"),
        ("Traceback\n  line\n", "Traceback line"),
    ],
)
def test_what_uv_says_is_put_in_one_line(said: str, reason: str) -> None:
    assert uv.reason(said) == reason


def test_a_program_that_fails_without_a_word_or_is_not_there_is_named() -> None:
    with pytest.raises(Failure, match=r"^why: false ended with exit status 1$"):
        uv.run(["false"], "why")
    with pytest.raises(Failure, match=r"^why: /missing cannot be started: No such file"):
        uv.run(["/missing"], "why")
