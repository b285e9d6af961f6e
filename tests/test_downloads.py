"""The download caches of pip, uv and poetry, asked of the real tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import downloads
from support import environment, run, tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIP, UV, POETRY = downloads.TOOLS
HERE = os.path.dirname(sys.executable)


def nothing(_: int) -> None:
    """Count nothing."""


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that holds all caches, and what else the tools would look at."""
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "POETRY_", "GIT_DIR"))]:
        monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for variable, name in (("PIP_CACHE_DIR", "pip"), ("UV_CACHE_DIR", "uv"), ("POETRY_CACHE_DIR", "poetry")):
        monkeypatch.setenv(variable, str(tmp_path / "caches" / name))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "caches"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of an index that has one package, *tiny*."""
    folder = tmp_path / "index/simple/tiny"
    folder.mkdir(parents=True)
    about = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "x = 1\n" * 9000,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Cache-Control", "max-age=600")
            super().end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "index")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    server.server_close()


def asked(about: downloads.Tool, program: str | None = None) -> downloads.Cache:
    """The cache of a tool that is in the environment of the tests."""
    cache = downloads.ask(about, program or tool(about.name), nothing)
    assert cache is not None
    return cache


def stub(tmp_path: Path, name: str, script: str) -> str:
    """A program that stands for a tool that behaves as no installed one can be made to."""
    path = tmp_path / "stubs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def files(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


def done(command: list[str], tmp_path: Path) -> None:
    result = run(command, tmp_path / "project", {**os.environ, "no_proxy": "127.0.0.1"})
    assert result.status == 0, result


# The real tools


def test_pip_empties_its_cache(caches: Path, index: str, tmp_path: Path) -> None:
    done([tool("pip"), "download", "-q", "--trusted-host", "127.0.0.1", "-i", index, "tiny"], tmp_path)
    cache = asked(PIP)
    assert cache.directory == str(caches / "pip")
    assert cache.size > 50_000
    freed, errors = downloads.prune(cache, nothing)
    assert errors == []
    assert freed > 50_000
    assert cache.size - freed == downloads.size(cache.directory, nothing)


def test_uv_removes_what_is_of_no_use_and_keeps_the_rest(caches: Path, index: str, tmp_path: Path) -> None:
    done([tool("uv"), "pip", "install", "-q", "--target", "there", "-i", index, "tiny"], tmp_path)
    kept = files(caches / "uv")
    (caches / "uv/wheels-v0").mkdir()
    (caches / "uv/wheels-v0/old").write_bytes(bytes(12_345))
    freed, errors = downloads.prune(asked(UV), nothing)
    assert errors == []
    assert freed >= 12_345
    assert not (caches / "uv/wheels-v0").exists()
    assert 0 < files(caches / "uv") <= kept


@pytest.mark.skipif(not shutil.which("poetry"), reason="poetry is not installed")
def test_poetry_clears_each_of_its_caches_and_nothing_else(caches: Path) -> None:
    poetry = shutil.which("poetry")
    for name in ("cache/repositories/PyPI/a/b", "cache/repositories/my own/_http/c", "cache/repositories/-x/d"):
        path = caches / "poetry" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(1000))
    for name in ("virtualenvs/x-py3.11/pyvenv.cfg", "artifacts/ab/tiny.whl"):
        path = caches / "poetry" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(500))
    cache = asked(POETRY, poetry)
    assert cache.size == 3000
    assert (cache.left, cache.left_size) == (str(caches / "poetry/artifacts"), 500)
    assert downloads.prune(cache, nothing) == (3000, [])
    assert files(caches / "poetry") == 2
    assert asked(POETRY, poetry).commands == []


def test_a_project_does_not_say_where_a_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_CACHE_DIR")
    (tmp_path / "project/uv.toml").write_text('cache-dir = "precious"\n')
    assert asked(UV).directory == str(tmp_path / "home/.cache/uv")


def test_a_relative_directory_is_relative_to_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", ".uv-cache")
    monkeypatch.setenv("PIP_CACHE_DIR", "~/pips")
    assert asked(UV).directory == str(tmp_path / "project/.uv-cache")
    assert asked(PIP).directory == str(tmp_path / "home/pips")


def test_variables_that_switch_a_cache_off_do_not_hide_it(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    assert asked(PIP).directory == str(caches / "pip")
    assert asked(UV).directory == str(caches / "uv")


def test_a_configuration_that_allows_pip_no_cache_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nno-cache-dir = true\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert downloads.ask(PIP, tool("pip"), nothing) is None


def test_a_cache_that_was_never_made_is_not_pruned(caches: Path) -> None:
    assert asked(UV).commands == []
    assert asked(PIP).size == 0
    assert not caches.exists()


# What must not be pruned


def refused(about: downloads.Tool, directory: Path | str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(about.variable, str(directory))
    with pytest.raises(downloads.ToolError) as raised:
        asked(about)
    return raised.value.reason


@pytest.mark.parametrize("about", [PIP, UV], ids=lambda about: about.name)
def test_a_cache_that_holds_home_or_the_work_tree_is_refused(
    about: downloads.Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(["git", "init", "-q"], tmp_path / "project", dict(os.environ))
    for place in (tmp_path, tmp_path / "home", tmp_path / "project"):
        assert "name another directory" in refused(about, place, monkeypatch)


def test_uv_is_not_let_loose_on_what_is_no_cache_of_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would remove all of it."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/thesis.txt").write_text("mine")
    assert "no CACHEDIR.TAG" in refused(UV, tmp_path / "precious", monkeypatch)


def test_a_cache_among_tracked_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    run(["git", "init", "-q"], project, dict(os.environ))
    (project / "cache/http-v2").mkdir(parents=True)
    monkeypatch.setenv("PIP_CACHE_DIR", str(project / "cache"))
    assert asked(PIP).commands
    (project / "cache/http-v2/page").write_text("tracked")
    run(["git", "add", "."], project, dict(os.environ))
    assert "git tracks files" in refused(PIP, project / "cache", monkeypatch)


def test_a_tool_that_names_no_directory_is_refused(tmp_path: Path) -> None:
    for said in ("", "somewhere"):
        with pytest.raises(downloads.ToolError, match="no absolute path"):
            asked(PIP, stub(tmp_path, "pip", f"echo {said}"))


# Tools that fail


def test_a_tool_that_fails_is_quoted(tmp_path: Path) -> None:
    pip = stub(tmp_path, "pip", "echo 'a warning' >&2; echo 'ERROR: it is broken ' >&2; echo >&2; exit 3")
    with pytest.raises(downloads.ToolError) as raised:
        asked(PIP, pip)
    assert raised.value.reason == "it ended with exit status 3: ERROR: it is broken"
    assert raised.value.command == [pip, "cache", "dir"]


def test_a_tool_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(downloads.ToolError, match="it cannot be started: No such file or directory"):
        asked(PIP, str(tmp_path / "pip"))


def test_a_tool_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    pip = stub(tmp_path, "pip", f"exec 9>{tmp_path}/alive; echo waiting >&2; echo >&9; sleep 1000 & wait")
    with pytest.raises(downloads.ToolError) as raised:
        downloads.ask(PIP, pip, nothing, limit=2)
    assert raised.value.reason == "not finished after 2 s: waiting"
    os.set_blocking(reader, True)
    assert os.read(reader, 10) == b"\n"
    assert os.read(reader, 10) == b""  # nobody is left who could write
    os.close(reader)


def test_an_interrupt_ends_the_tool_too(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    pip = stub(tmp_path, "pip", f"exec 9>{tmp_path}/alive; echo >&9; exec sleep 1000")

    def interrupt(_: int) -> None:
        try:
            started = os.read(reader, 10)
        except BlockingIOError:
            return
        if started:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        downloads.ask(PIP, pip, interrupt)
    os.set_blocking(reader, True)
    assert os.read(reader, 10) == b""
    os.close(reader)


def test_one_cache_that_fails_does_not_stop_the_next(caches: Path, tmp_path: Path) -> None:
    repositories = caches / "poetry/cache/repositories"
    (repositories / "good").mkdir(parents=True)
    (repositories / "good/a").write_bytes(bytes(700))
    (repositories / "bad").mkdir()
    (repositories / "bad/b").write_bytes(bytes(300))
    script = f"""
    for last; do :; done
    case "$1 $2" in
        "config cache-dir") echo "$POETRY_CACHE_DIR";;
        "cache list") ls {repositories};;
        *) test "$last" = good && rm -r {repositories}/good;;
    esac
    """
    cache = asked(POETRY, stub(tmp_path, "poetry", script))
    freed, errors = downloads.prune(cache, nothing)
    assert freed == 700
    assert [error.command[-1] for error in errors] == ["bad"]


def test_the_tools_on_the_path_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(tmp_path, "uv", "exit 1")
    monkeypatch.setenv("PATH", f"../stubs{os.pathsep}/nowhere")
    assert downloads.installed() == [(UV, str(tmp_path / "stubs/uv"))]


# Sizes


def test_a_file_counts_once_and_only_if_all_its_names_are_in_the_cache(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "deep/er").mkdir(parents=True)
    (cache / "alone").write_bytes(bytes(1))
    (cache / "deep/twice").write_bytes(bytes(20))
    os.link(cache / "deep/twice", cache / "deep/er/again")
    (cache / "shared").write_bytes(bytes(300))
    os.link(cache / "shared", tmp_path / "elsewhere")
    (tmp_path / "large").write_bytes(bytes(4000))
    (cache / "link").symlink_to(tmp_path / "large")
    length = len(os.readlink(cache / "link"))
    counted: list[int] = []
    assert downloads.size(str(cache), counted.append) == 21 + length
    assert sum(counted) == 5
    assert downloads.size(str(tmp_path / "missing"), nothing) == 0
    subprocess.run(["rm", str(tmp_path / "elsewhere")], check=True)
    assert downloads.size(str(cache), nothing) == 321 + length
