"""Invariants of every row of the catalogue, and of the functions that read it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks import catalog
from pycache_hooks.catalog import CACHES, Cache, caches_in, installed_packages, may_be_cache, may_hold_caches
from support import examples

ROWS = pytest.mark.parametrize("row", CACHES, ids=lambda row: row.name)
FORBIDDEN_ROWS = pytest.mark.parametrize("row", [row for row in CACHES if row.forbidden], ids=lambda row: row.name)

NEVER_TAKEN = """
    .coveragerc .coveragerc.toml .coverage.toml .coverage.ini .coverage.svg .coverage.badge.png
    .envrc .env .env.local x.pyd x.so x.pyz x.py x.pyi x.pyw
    uv.lock poetry.lock pdm.lock pylock.toml .python-version .test_durations __snapshots__/x.ambr cassettes/x.yaml
    .pyre_configuration lib/x lib64/x parts/x var/x target/x env/env.py venv/x.py conda/env/env.py build/x dist/index.js
    Lib/venv/__init__.py docs/__pycache__.md my__pycache__notes.txt .cached_models/x .cache/x .hypothesis/x .benchmarks/x
    mutants/x .pixi/config.toml a/.pixi/config.toml x.egg-info/PKG-INFO pip-log.txt.md .tox.ini tox.ini .noxfile
    pyc x.pyc.txt x.pyc.12a apyc __pycache__s/x .venvs/x x.nbi x.nbc _cffi__x pytest-cache-files .testmondata.md
""".split()
"""What cache-names.md calls configuration, results, somebody's source or no cache at all."""

NAMES = sorted({part for row in CACHES for part in row.name.replace("*", "x").strip("/").split("/")})
PARTS = [
    *NAMES,
    *(f"{start}{name}" for name in ("m.pyc", ".coverage", "__pycache__", "lib") for start in ("x", "/", "\n")),
    *(
        "lib",
        "lib64",
        "python3.12",
        "site-packages",
        "pyvenv.cfg",
        "conda-meta",
        "history",
        "bin",
        "Scripts",
        "activate",
    ),
    *("m.py", "src", "größe", "a b", "\udcff", ".pyc.12", "m.pyc.140247", "m.pyc.", "config.toml", ".coverage.toml"),
]
PATHS = st.lists(st.sampled_from(PARTS) | st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1).map(
    "/".join
)


def forbidden(path: str, *, link: bool = False) -> list[str]:
    return [row.name for _, row in caches_in(path, link=link) if row.forbidden]


def test_every_name_stands_once() -> None:
    names = [row.name for row in CACHES]
    assert sorted(set(names)) == sorted(names)


@ROWS
def test_a_name_is_written_in_the_grammar(row: Cache) -> None:
    assert re.fullmatch(r"([^*/\s]+/)?[^*/\s]*\*?[^*/\s]*/?", row.name)
    assert row.name not in ("", "/", "*", "*/")
    assert row.kind in (catalog.BYTECODE, catalog.TOOL_CACHE, catalog.ENVIRONMENT, catalog.PRODUCT)
    assert row.prune in (catalog.ALWAYS, catalog.ON_REQUEST, catalog.WHEN_EMPTY, catalog.NEVER)
    assert row.tool
    assert repr(row) == f"<Cache {row.name}>"


@ROWS
def test_the_pattern_of_an_ignore_file_is_a_single_line_that_is_not_anchored(row: Cache) -> None:
    assert row.pattern
    assert row.pattern == row.pattern.strip()
    assert not row.pattern.startswith(("/", "!", "#"))


@ROWS
def test_files_and_words_that_show_a_tool_are_told_apart(row: Cache) -> None:
    assert all("/" not in name for name in row.files)
    assert all(word == word.lower() and word.strip() for word in row.mentions)


@ROWS
def test_what_is_pruned_unasked_may_not_be_committed_either(row: Cache) -> None:
    if row.prune == catalog.ALWAYS:
        assert row.forbidden
    if row.kind == catalog.PRODUCT:
        assert (row.prune, row.forbidden) == (catalog.NEVER, False)


def test_rows_that_are_never_pruned() -> None:
    never = {row.name for row in CACHES if row.prune == catalog.NEVER}
    assert never >= {".dmypy.json", "dmypy.json", ".cache/", "*.egg-info/", "build/", "dist/", "*.so", "*.pyd"}
    asked = {row.name for row in CACHES if row.prune == catalog.ON_REQUEST}
    assert asked >= {
        ".tox/",
        ".nox/",
        ".venv/",
        ".coverage",
        "htmlcov/",
        ".hypothesis/",
        ".ipynb_checkpoints/",
        ".eggs/",
    }


def test_a_file_that_may_be_committed_is_named_for_a_directory_only() -> None:
    assert {row.name for row in CACHES if row.unless} == {".pixi/"}


@FORBIDDEN_ROWS
def test_a_row_recognises_its_own_examples(row: Cache) -> None:
    for path in examples(row):
        assert row.name in forbidden(path) or "__pycache__/" in forbidden(path), path
        assert may_be_cache(path), path


@FORBIDDEN_ROWS
def test_a_link_with_the_name_of_a_directory_stands_for_it(row: Cache) -> None:
    path = f"a/{row.name.replace('*', 'x').removesuffix('/')}"
    assert forbidden(path, link=True)
    if row.name.endswith("/") and "*" not in row.name:
        assert not forbidden(path)


@pytest.mark.parametrize("path", NEVER_TAKEN)
def test_what_must_never_be_taken_for_a_cache(path: str) -> None:
    assert forbidden(path) == []


def test_the_caches_of_a_path_come_outermost_first() -> None:
    found = list(caches_in("a/.tox/py/__pycache__/m.pyc"))
    assert [path for path, _ in found] == ["a/.tox", "a/.tox/py/__pycache__", "a/.tox/py/__pycache__/m.pyc"]
    assert [row.tool for _, row in found] == ["tox", "Python", "Python"]


@pytest.mark.parametrize(
    ("name", "parent", "row"),
    [
        ("pip", ".cache", ".cache/pip/"),
        ("pip", "src", None),
        (".cache", "", ".cache/"),
        ("pytest-cache-files-x1", "", "pytest-cache-files-*/"),
        ("foo.egg-info", "", "*.egg-info/"),
        ("__pycache__", "a", "__pycache__/"),
        ("src", "", None),
    ],
)
def test_a_directory_is_recognised_by_its_name_and_its_parents(name: str, parent: str, row: str | None) -> None:
    found = catalog.directory(name, parent)
    assert (found and found.name) == row


@pytest.mark.parametrize(
    ("name", "parent", "row"),
    [
        ("m.pyc", "", "*.pyc"),
        (".pyc", "", "*.pyc"),
        ("m.cpython-312.opt-2.pyc", "__pycache__", "*.pyc"),
        ("m.cpython-312-pytest-9.2.0.pyc", "__pycache__", "*.pyc"),
        ("m.cpython-312.pyc.140247", "__pycache__", "*.pyc"),
        ("m.pyc.", "", None),
        ("m.pyc.²", "", None),
        ("m.2", "", None),
        ("m.nbi", "__pycache__", "__pycache__/*.nbi"),
        ("m.nbi", "data", None),
        ("_cffi__x1.c", "__pycache__", "__pycache__/_cffi__*"),
        ("_cffi__x1.c", "src", None),
        (".coverage.host.1.2", "", ".coverage.*"),
        (".coverage.xml", "", None),
        (".coverage", "", ".coverage"),
    ],
)
def test_a_file_is_recognised_by_its_name_and_its_parent(name: str, parent: str, row: str | None) -> None:
    found = catalog.file(name, parent)
    assert (found and found.name) == row


@pytest.mark.parametrize(
    ("path", "packages"),
    [
        ("lib/python3.12/site-packages/x.py", "lib/python3.12/site-packages"),
        ("e/lib/python3.9/site-packages/site-packages/x.py", "e/lib/python3.9/site-packages"),
        ("x/site-packages/lib/python3.9/site-packages/x", "x/site-packages/lib/python3.9/site-packages"),
        ("mylib/python3.12/site-packages/x", ""),
        ("lib/python2.7/site-packages/x", ""),
        ("lib/python3.12/site-packages", ""),
        ("lib/python3.12/x/site-packages/y", ""),
        ("site-packages/x", ""),
        ("src/x.py", ""),
    ],
)
def test_installed_packages_lie_where_python_looks_for_them(path: str, packages: str) -> None:
    assert installed_packages(path) == packages


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("m.pyc", "m.py"),
        ("m.pyo", "m.py"),
        ("m.pyc.140247", "m.py"),
        ("m$py.class", "m.py"),
        ("a.pyramid.pyc", "a.pyramid.py"),
    ],
)
def test_the_source_beside_bytecode(name: str, source: str) -> None:
    assert catalog.source_of(name) == source


@pytest.mark.parametrize(
    ("name", "module", "tag"),
    [
        ("m.cpython-312.pyc", "m", "cpython-312"),
        ("m.cpython-312.opt-1.pyc", "m", "cpython-312"),
        ("m.cpython-312-pytest-9.2.0.pyc", "m", "cpython-312"),
        ("m.pypy310.pyc", "m", "pypy310"),
        ("m.cpython-312.pyc.140247", "", ""),
        ("m.graalpy231-310.pyc", "m", ""),
        ("m.pyc", "m", ""),
    ],
)
def test_module_and_interpreter_of_bytecode(name: str, module: str, tag: str) -> None:
    assert catalog.module_and_tag(name) == (module, tag)


def test_what_belongs_to_an_environment_in_which_a_project_lives_too() -> None:
    core = [
        "pyvenv.cfg",
        "bin/activate.fish",
        "bin/python3.12",
        "Scripts/pip.exe",
        "lib/python3.12/site-packages/x",
        "lib64",
    ]
    assert all(map(catalog.in_environment_core, core))
    assert not any(map(catalog.in_environment_core, ["src/x.py", "bin/deploy", "lib/x.py", "Lib/x.py", "include/x.h"]))
    assert {path.partition("/")[0] for path in core} <= catalog.ENVIRONMENT_LAYOUT


@given(path=PATHS, link=st.booleans())
def test_the_quick_test_never_misses_what_a_rule_could_object_to(path: str, link: bool) -> None:  # noqa: FBT001 - from hypothesis
    proof = f"/{path}".endswith(tuple(f"/{name}" for name in (*catalog.ENVIRONMENT_PROOFS, *catalog.ACTIVATE_SCRIPTS)))
    if forbidden(path, link=link) or installed_packages(path) or proof:
        assert may_be_cache(path)
        assert may_be_cache(f"some/where/{path}")


@given(st.lists(PATHS))
def test_a_listing_is_judged_like_its_paths(paths: list[str]) -> None:
    listing = b"".join(path.encode("utf-8", "surrogatepass") + b"\0" for path in paths)
    assert may_hold_caches(listing) is any(may_be_cache(path) for path in paths)
