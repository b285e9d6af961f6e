from __future__ import annotations

import os
import random
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks import catalog
from pycache_hooks.readers import project
from support import Repository, run, run_hook

if TYPE_CHECKING:
    from pathlib import Path


def read(*paths: str, root: str = "/nowhere") -> project.Project:
    names = sorted(os.fsencode(path) for path in paths)  # as git does
    return project.read(root, b"".join(name + b"\0" for name in names))


def of(path: Path) -> project.Project:
    """The project of real files, all of them tracked."""
    return read(*(str(file.relative_to(path)) for file in path.rglob("*") if not file.is_dir()), root=str(path))


def test_directories_with_sources() -> None:
    found = read("setup.py", "src/a/m.py", "src/a/n.py", "src/gui.pyw", "docs/x.md", "a/m.pyi", "ü/\udcff/m.py")
    assert found.has_python
    assert found.source_directories == ["", "src", "src/a", "ü/\udcff"]
    assert list(found.containing(b"m")) == ["a/m.pyi", "docs/x.md", "src/a/m.py", "ü/\udcff/m.py"]
    assert list(found.configuring(b"m")) == ["a/m.pyi", "docs/x.md"]


@pytest.mark.parametrize("paths", [[], [".venv/lib/python3.12/site-packages/p/m.py"]], ids=["plain", "with a cache"])
def test_sources_in_a_directory(paths: list[str]) -> None:
    names = ("a.py", "a-b/m.py", "a/b/m.py", "a/b/n.pyw", "a/m.py", "a/z.py", "a0/m.py", "docs/x.md", "ü/m.py")
    found = read(*names, *paths)
    for place in ("", "a", "a-b", "a/b", "a/z.py", "b", "docs", "ü", "zz"):
        inside = [
            name for name in found.source_directories if not place or name == place or name.startswith(f"{place}/")
        ]
        assert sorted(set(found.sources_in(place))) == inside
        assert found.holds_sources(place) == bool(inside)
        assert project.within(found.source_directories, place) == inside
        assert found.below(place) == [path for path in found.paths if not place or path.startswith(f"{place}/")]


def test_nobody_works_in_a_template() -> None:
    found = read("m.py", "{{cookiecutter.name}}/pyproject.toml", "{% if x %}a/pyproject.toml", "b/pyproject.toml")
    assert found.project_directories == ["", "b"]


def test_projects_and_ignore_files() -> None:
    found = read(
        "pyproject.toml",
        "a/pyproject.toml",
        "a/b/m.py",
        "xpyproject.toml",
        ".gitignore",
        "a/.gitignore",
        "a/x.gitignore",
    )
    assert found.project_directories == ["", "a"]
    assert found.gitignores == [".gitignore", "a/.gitignore"]
    assert not found.suspicious


def test_nothing_is_python() -> None:
    found = read("main.c", "web/pyproject.toml")
    assert not found.has_python
    assert found.source_directories == []
    assert found.project_directories == ["web"]
    assert not read().has_python
    assert read().below("") == read().below("a") == []


def test_what_lies_in_a_cache_is_left_out() -> None:
    found = read(
        ".venv/.gitignore",
        ".venv/lib/m.py",
        ".venv/pyproject.toml",
        "a/.pytest_cache/.gitignore",
        "src/m.py",
        "venv/m.py",
        ".tox/m.py",
        "my__pycache__notes/m.py",
    )
    assert found.suspicious
    assert found.source_directories == ["my__pycache__notes", "src", "venv"]
    assert found.project_directories == [""]
    assert found.gitignores == []
    assert not read(".venv/lib/m.py").has_python


@pytest.mark.parametrize(
    "row",
    [row for row in catalog.CACHES if row.forbidden and (row.name[0] == "." or row.kind != catalog.TOOL_CACHE)],
    ids=repr,
)
@pytest.mark.parametrize("folder", ["", "a/", "a/b.c/"])
def test_a_tracked_cache_is_seen(row: catalog.Cache, folder: str) -> None:
    name = folder + row.name.replace("*", "abc")
    path = f"{name}x" if name.endswith("/") else name
    (found,) = project.tracked_caches(read("m.py", "z.txt", path))
    assert found[0] == path
    assert found[2].kind == row.kind


@pytest.mark.parametrize(
    "path", ["docs/__pycache__.md", "my__pycache__notes.txt", ".coveragerc", ".env", "x.pyd", ".cached_models/x"]
)
def test_no_cache_is_seen_where_there_is_none(path: str) -> None:
    assert project.tracked_caches(read("m.py", path)) == []


def test_links_and_gitlinks_may_be_caches(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to("elsewhere")
    (tmp_path / "a" / ".venv").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / ".venv").write_text("a file that names an environment")
    found = project.tracked_caches(read("m.py", ".venv", "a/.venv", "b/.venv", root=str(tmp_path)))
    assert [(path, cache) for path, cache, _ in found] == [(".venv", ".venv"), ("a/.venv", "a/.venv")]


NAMES = st.lists(st.sampled_from(["a", "b", "a.b", "a-", "A", "ü", "a b", "\udcff"]), min_size=1, max_size=4).map(
    "/".join
)


@given(paths=st.sets(NAMES, max_size=30), others=st.sets(NAMES, max_size=10))
def test_a_path_is_found_among_the_tracked(paths: set[str], others: set[str]) -> None:
    found = read(*paths)
    assert {path for path in paths | others | {"", "0", "zzz"} if found.tracks(path)} == paths


def test_scripts_without_a_suffix_count_where_there_is_no_other_python(tmp_path: Path) -> None:
    for name, first, mode in [
        ("bin/tool", "#!/usr/bin/env python3\n", 0o755),
        ("bin/other", "#!/bin/sh\n", 0o755),
        ("share/not-executable", "#!/usr/bin/env python3\n", 0o644),
        ("LICENSE", "MIT", 0o644),
        ("a.d/run", "#!/usr/bin/python3\n", 0o755),
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(first)
        (tmp_path / name).chmod(mode)
    assert of(tmp_path).source_directories == ["a.d", "bin"]
    (tmp_path / "m.py").touch()
    assert of(tmp_path).source_directories == [""]


def test_a_script_that_cannot_be_read_is_not_python(repository: Repository) -> None:
    repository.stage("tool")
    (repository.path / "tool").write_text("#!/usr/bin/env python3\n")
    (repository.path / "tool").chmod(stat.S_IXUSR)
    done = run_hook("check-pycache-gitignore", cwd=repository.path, env=repository.env, unprivileged=True)
    assert (done.status, done.text) == (0, "")


def used(path: Path, directory: str = "") -> set[str]:
    return {row.name for row in project.used_caches(of(path), directory)}


COVERAGE = {".coverage", ".coverage.*"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".coveragerc", "", COVERAGE),
        ("tox.ini", "", {".tox/"}),
        ("noxfile.py", "", {".nox/"}),
        ("pdm.lock", "", {".pdm-python"}),
        ("docs/a/b.ipynb", "", {".ipynb_checkpoints/"}),
        ("pyproject.toml", "[tool.coverage.run]\n", COVERAGE),
        ("pyproject.toml", "x = 1\n[tool.coverage]\n", COVERAGE),
        ("pyproject.toml", "[tool.coverages]\n# [tool.coverage]\n", set()),
        ("setup.cfg", "[coverage:run]\n", COVERAGE),
        ("pyproject.toml", '[project]\ndependencies = ["pytest-cov>=2"]\n', COVERAGE),
        ("pyproject.toml", '[project.optional-dependencies]\ntest = [\n  "x",\n  "Coverage[toml]",  # why\n]\n', COVERAGE),
        ("pyproject.toml", "[dependency-groups]\ndev = ['pytest_cov']\n", COVERAGE),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\npytest-cov = "^4"\n', COVERAGE),
        ("pyproject.toml", '[tool.hatch.envs.test]\nextra-dependencies = ["coverage"]\n', COVERAGE),
        ("pyproject.toml", '[build-system]\nrequires = ["hatchling"]\n[project]\ndescription = "coverage"\n', set()),
        ("pyproject.toml", '[project]\nkeywords = ["coverage"]\ndependencies = ["coverage-badge"]\n', set()),
        ("pyproject.toml", '[project]\ndependencies = [\n  # "coverage",\n  "not-coverage",\n]\n', set()),
        ("pyproject.toml", '[project]\ndependencies = ["x @ https://example.org/coverage"]\n', set()),
        ("setup.cfg", "[options]\ninstall_requires =\n    x\n    coverage>=7\n", COVERAGE),
        ("setup.cfg", "[options.extras_require]\ntest = coverage\n", COVERAGE),
        ("setup.cfg", "[metadata]\ndescription =\n    coverage\nkeywords = coverage\n", set()),
        ("setup.py", "setup(\n    install_requires=['coverage'],\n)\n", COVERAGE),
        ("setup.py", "TEST_DEPS = [\n    'x',\n    'coverage==7',\n]\n", COVERAGE),
        ("setup.py", "setup(description='coverage', keywords=['coverage'])\n", set()),
        ("Pipfile", '[dev-packages]\ncoverage = "*"\n', COVERAGE),
        ("Pipfile", '[scripts]\ncoverage = "coverage run"\n', set()),
        ("requirements.txt", "x\nCoverage[toml] >= 7 ; python_version > '3'\n", COVERAGE),
        ("requirements-dev.in", "pytest-cov\n", COVERAGE),
        ("dev_requirements.txt", "-r requirements.txt\ncoverage==7 \\\n    --hash=sha256:0\n", COVERAGE),
        ("requirements/test.txt", "coverage\n", COVERAGE),
        ("requirements.txt", "# coverage\nx # coverage\ncoveragepy\nthe coverage tool\n", set()),
        ("requirements.txt", b"\xff\xfe\x00coverage", set()),
        ("requirements/deep/test.txt", "coverage\n", set()),
        ("requirements/coverage.md", "coverage\n", set()),
        ("docs/requirements.txt", "coverage\n", set()),
        ("requirements.txt", "mutmut\npytest-testmon\n", {".mutmut-cache", "mutants/", ".testmondata"}),
        ("pyproject.toml", "[project]\ndependencies = ['''a''', 'coverage'", COVERAGE),
        ("pyproject.toml", "", set()),
    ],
)  # fmt: skip
def test_tools_that_a_repository_shows_it_uses(
    tmp_path: Path, name: str, text: str | bytes, expected: set[str]
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    assert used(tmp_path) - ({".tox/"} if name == "tox.ini" and expected == COVERAGE else set()) == expected
    deeper = tmp_path / "packages" / "one"
    deeper.mkdir(parents=True)
    (tmp_path / name.partition("/")[0]).rename(deeper / name.partition("/")[0])
    assert used(tmp_path, "packages/one") == expected
    assert used(tmp_path) == (expected if name.endswith(".ipynb") else set())


def test_tox_requirements(tmp_path: Path) -> None:
    text = "[testenv]\ndeps =\n    -r requirements.txt\n    py312: coverage\ncommands =\n    grimp --x\n"
    (tmp_path / "tox.ini").write_text(text)
    assert used(tmp_path) == COVERAGE | {".tox/"}


def test_configuration_that_is_not_there_shows_nothing(tmp_path: Path) -> None:
    found = read("m.py", "pyproject.toml", "requirements.txt", root=str(tmp_path))
    (tmp_path / "requirements.txt").mkdir()
    assert project.used_caches(found, "") == []


def test_of_a_huge_file_the_beginning_is_read(tmp_path: Path) -> None:
    with open(tmp_path / "requirements.txt", "wb") as file:
        file.write(b"x\n" * (project.ENOUGH // 2) + b"coverage\n")
        file.truncate(100 << 20)
    assert used(tmp_path) == set()


def test_paths_come_in_the_order_in_which_git_sorts_them(repository: Repository) -> None:
    names = [f"{a}{b}{c}" for a in ("a", "B", "ü", ".x") for b in ("/", "-", ".") for c in ("m", "n.txt")]
    random.Random(0).shuffle(names)
    repository.stage(*names)
    listing = run(["git", "ls-files", "-z"], repository.path, repository.env).stdout
    found = project.read(str(repository.path), listing)
    assert all(found.tracks(name) for name in names)
    assert sorted(found.paths) == sorted(names)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_a_listing_that_comes_in_pieces_hides_no_cache(tmp_path: Path, size: int) -> None:
    for name in ("a/.venv/x", "b/__pycache__/m.cpython-312.pyc", "c/.coverage", "m.pyc.123", "d/.pytest_cache/v"):
        whole = b"\0".join([b"aa/m.py"] * 30 + [name.encode()] + [b"z/m.py"] * 30) + b"\0"
        listing = project.Listing()
        for start in range(0, len(whole), size):
            listing.take(whole[start : start + size])
        assert listing.suspicious, name
        assert project.read(str(tmp_path), listing).paths == project.read(str(tmp_path), whole).paths


@pytest.mark.parametrize("row", [row for row in catalog.CACHES if row.forbidden], ids=lambda row: row.name)
def test_no_cache_is_missed_by_the_look_at_all_paths_at_once(row: catalog.Cache) -> None:
    name = row.name.replace("*", "x")
    path = f"a/{name}file" if name.endswith("/") else f"a/{name}"

    assert read("m.py", path).may_hold_caches
    assert not read("m.py", "a/b.md").may_hold_caches


@pytest.mark.parametrize(
    "path", [*catalog.ENVIRONMENT_PROOFS, *catalog.ACTIVATE_SCRIPTS, "lib/python3.13/site-packages/m.py"]
)
def test_no_environment_is_missed_by_the_look_at_all_paths_at_once(path: str) -> None:
    assert read(f"a/{path}").may_hold_caches
