"""Fingerprints of what an environment is made from."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import make_project, make_wheel, run_program

from pycache_hooks.console import Failure
from pycache_hooks.environments import content
from support import UNPRIVILEGED

if TYPE_CHECKING:
    from pathlib import Path

SAME = [
    "__pycache__/local.cpython-312.pyc",
    ".git/HEAD",
    ".pytest_cache/v/x",
    "p/.mypy_cache/x",
    "node_modules/x.js",
    "local.egg-info/PKG-INFO",
    "p/src/local.egg-info/PKG-INFO",
    "build/lib/local.py",
    "build/bdist.linux-x86_64/x",
    ".venv/bin/python",
    "local.pyc",
    ".coverage",
    "p/environment/pyvenv.cfg",
]
OTHER = [
    "new.py",
    "p/__init__.py",
    "alone.pyc",
    "build/notes.txt",
    "p/build/lib/x.py",
    "venv/x.py",
    "größe.so",
    "p/a\nb",
]


@given(st.lists(st.binary(max_size=3), max_size=4), st.lists(st.binary(max_size=3), max_size=4))
def test_different_parts_have_different_fingerprints(one: list[bytes], other: list[bytes]) -> None:
    assert (content.fingerprint(one) == content.fingerprint(other)) is (one == other)


def test_the_same_project_elsewhere_and_at_another_time_is_the_same(tmp_path: Path) -> None:
    project = make_project(tmp_path / "one", "1")
    shutil.copytree(project, tmp_path / "b ü" / "other")
    os.utime(project / "local.py", (0, 0))

    assert content.of_extra(str(project)) == content.of_extra(str(tmp_path / "b ü" / "other"))


def test_what_a_module_says_makes_another_project(tmp_path: Path) -> None:
    assert content.of_extra(str(make_project(tmp_path, "1"))) != content.of_extra(str(make_project(tmp_path, "2")))


@pytest.mark.parametrize(("name", "same"), [*((name, True) for name in SAME), *((name, False) for name in OTHER)])
def test_a_cache_makes_no_other_project_and_a_file_does(tmp_path: Path, name: str, same: bool) -> None:  # noqa: FBT001
    project = make_project(tmp_path, "1")
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    before = content.of_extra(str(project))

    (tmp_path / name).write_bytes(b"anything")

    assert (content.of_extra(str(project)) == before) is same


def test_links_count_by_where_they_lead_and_by_what_is_there(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", "1")
    (tmp_path / "outside").write_text("1")
    (project / "link").symlink_to("../outside")
    (project / "dangling").symlink_to("nowhere")
    (project / "directory").symlink_to("..")
    (project / "ring").symlink_to(".")
    seen = {content.of_extra(str(project))}

    (tmp_path / "outside").write_text("2")
    seen.add(content.of_extra(str(project)))
    (project / "dangling").unlink()
    (project / "dangling").symlink_to("elsewhere")
    seen.add(content.of_extra(str(project)))

    assert len(seen) == 3


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert content.of_extra(str(tmp_path))


def test_a_wheel_is_its_name_and_its_bytes(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "a", "apple")
    first = content.of_extra(str(wheel))
    os.utime(wheel, (0, 0))

    assert content.of_extra(str(wheel)) == first
    assert content.of_extra(str(shutil.copy(wheel, tmp_path))) == first
    assert content.of_extra(str(shutil.copy(wheel, tmp_path / "apple-1.0-py2-none-any.whl"))) != first
    assert content.of_extra(str(make_wheel(tmp_path / "a", "apple", "another"))) != first


@pytest.mark.parametrize(
    ("name", "why"), [("missing", "does not exist"), ("notes.txt", "is neither a wheel nor a directory")]
)
def test_anything_else_is_refused(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "notes.txt").touch()

    with pytest.raises(Failure, match=f"{name}, which --with names, {why}"):
        content.of_extra(str(tmp_path / name))


def test_a_file_that_is_closed_to_us_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").touch(mode=0)
    program = "from pycache_hooks.environments import content; content.of_extra(argv[0])"

    done = run_program(program, str(tmp_path), prefix=UNPRIVILEGED)

    assert done.status == 2
    assert f"{tmp_path}/secret cannot be read: Permission denied" in os.fsdecode(done.stderr)
