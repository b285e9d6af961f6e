"""File name patterns, as CI systems read them."""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pycache_hooks.readers import globs, project
from pycache_hooks.readers.files import Files

if TYPE_CHECKING:
    from pathlib import Path

    from support import Repository

PATHS = ("uv.lock", "a/uv.lock", "a/b/uv.lock", "requirements.txt", "requirements/dev.txt", "a/req-1.txt", "é/x.in")


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("uv.lock", ["uv.lock"]),
        ("./uv.lock", ["uv.lock"]),
        ("**/uv.lock", ["uv.lock", "a/uv.lock", "a/b/uv.lock"]),
        ("a/**/uv.lock", ["a/uv.lock", "a/b/uv.lock"]),
        ("*/uv.lock", ["a/uv.lock"]),
        ("requirements*.txt", ["requirements.txt"]),
        ("**/req*.txt", ["requirements.txt", "a/req-1.txt"]),
        ("requirements", ["requirements/dev.txt"]),
        ("requirements/**", ["requirements/dev.txt"]),
        ("a/req-?.txt", ["a/req-1.txt"]),
        ("a/req-[0-9].txt", ["a/req-1.txt"]),
        ("a/req-[0-9.txt", []),
        ("**", list(PATHS)),
        ("*.in", []),
        ("", []),
        ("a\0b", []),
        ("\ud800", []),
    ],
)
def test_which_tracked_files_a_pattern_matches(repository: Repository, pattern: str, matched: list[str]) -> None:
    repository.stage(*PATHS)
    files = Files(project.read(str(repository.path), repository.git("ls-files", "-z").stdout))

    assert sorted(globs.matching(files, pattern)) == sorted(matched)


def test_a_pattern_seen_from_a_directory(repository: Repository) -> None:
    repository.stage(*PATHS)
    files = Files(project.read(str(repository.path), repository.git("ls-files", "-z").stdout))

    assert globs.matching(files, "uv.lock", "a/b") == ["a/b/uv.lock"]
    assert globs.matching(files, "**/uv.lock", "a") == ["a/b/uv.lock", "a/uv.lock"]


def test_an_exclamation_mark_takes_files_away_again(repository: Repository) -> None:
    repository.stage(*PATHS)
    files = Files(project.read(str(repository.path), repository.git("ls-files", "-z").stdout))

    assert globs.matching_any(files, ["**/uv.lock", "!a/**", "a/b/*"]) == ["uv.lock", "a/b/uv.lock"]


def test_many_stars_take_no_time() -> None:
    assert not globs.matches("*a" * 200 + "b", "a" * 2000)
    assert not globs.matches("**/a/" * 100 + "b", "a/" * 300 + "c")


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "?", "**"]), min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "b", "ab", "ba"]), min_size=1, max_size=4),
)
def test_it_agrees_with_python_about_files(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], names: list[str]
) -> None:
    assume(parts[-1] != "**")  # Python finds directories only by that, and knows no directory of one file
    root: Path = tmp_path_factory.mktemp("tree")
    path = root.joinpath(*names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")

    expected = {
        found.replace(os.sep, "/").rstrip("/") for found in glob.glob("/".join(parts), root_dir=root, recursive=True)
    }

    above = {"/".join(names[: number + 1]) for number in range(len(names))}
    assert globs.matches("/".join(parts), "/".join(names)) is bool(expected & above)
