"""forbid-pycache on real repositories, mostly as a program of its own, and through pre-commit and prek at the end."""

from __future__ import annotations

import os
import py_compile
import re
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import catalog, untracking
from pycache_hooks.hooks import forbid_pycache
from support import SOURCES, Repository, examples, run, run_hook

if TYPE_CHECKING:
    from pathlib import Path

    from support import Published, Result

HOOK = "forbid-pycache"
ACTIVATE = "VIRTUAL_ENV=/home/somebody/env\nexport VIRTUAL_ENV\n"


def judged(repository: Repository, *arguments: str, **more: str) -> list[str]:
    """What the hook finds: ``path CODE`` each."""
    result = repository.hook(HOOK, *arguments, **more)
    assert result.status == (1 if result.findings else 0), result
    assert not result.stderr, result
    return result.findings


def bytecode(mode: py_compile.PycInvalidationMode, folder: Path) -> bytes:
    source = folder / "m.py"
    source.write_text("x = 1\n")
    target = folder / "m.compiled"
    py_compile.compile(str(source), str(target), doraise=True, invalidation_mode=mode)
    return target.read_bytes()


# What is found


@pytest.mark.parametrize("row", [row for row in catalog.CACHES if row.forbidden], ids=lambda row: row.name)
def test_every_forbidden_row_of_the_catalogue_is_found(repository: Repository, row: catalog.Cache) -> None:
    paths = examples(row)
    repository.stage(*paths)

    result = repository.hook(HOOK)

    assert result.status == 1
    repository.paste(result.fix)
    assert repository.index() == {}
    assert repository.hook(HOOK, *paths).status == 0


@pytest.mark.parametrize(
    ("path", "finding"),
    [
        ("__pycache__/m.cpython-312.pyc", "__pycache__ PYC101"),
        ("a/b/__pycache__/m.cpython-312.pyc", "a/b/__pycache__ PYC101"),
        ("a/__pycache__/notes.txt", "a/__pycache__ PYC101"),
        ("m.pyc", "m.pyc PYC101"),
        ("a/m.pyo", "a/m.pyo PYC101"),
        ("a/m$py.class", "a/m$py.class PYC101"),
        ("a/m.cpython-312.pyc.140247", "a/m.cpython-312.pyc.140247 PYC101"),
        (".mypy_cache/3.12/m.data.json", ".mypy_cache PYC102"),
        ("a/.pytest_cache/v/cache/lastfailed", "a/.pytest_cache PYC102"),
        ("a/.ruff_cache/0.8.0/1", "a/.ruff_cache PYC102"),
        (".coverage", ".coverage PYC102"),
        (".coverage.host.123.456", ".coverage.host.123.456 PYC102"),
        (".cache/pip/http/1", ".cache/pip PYC102"),
        (".tox/py312/bin/python", ".tox PYC102"),
        (".venv/bin/python", ".venv PYC103"),
        ("a/.venv/anything", "a/.venv PYC103"),
        ("__pypackages__/3.12/lib/x.py", "__pypackages__ PYC103"),
        (".pixi/envs/default/x", ".pixi PYC103"),
        ("any/name/pyvenv.cfg", "any/name PYC103"),
        ("any/conda-meta/history", "any PYC103"),
        ("any/lib/python3.12/site-packages/x.py", "any/lib/python3.12/site-packages PYC103"),
        ("lib/python3.12/site-packages/x.py", "lib/python3.12/site-packages PYC103"),
    ],
)
def test_a_staged_cache_is_found(repository: Repository, path: str, finding: str) -> None:
    repository.stage(path, "a/m.py")

    assert judged(repository, path, "a/m.py") == [finding]
    assert judged(repository) == [finding]
    assert judged(repository, "--all") == [finding]


@pytest.mark.parametrize(
    "path",
    [
        ".coveragerc",
        ".coverage.toml",
        ".coveragerc.toml",
        "conda/env/env.py",
        "conda/shell/bin/activate",
        "Lib/venv/__init__.py",
        "Lib/venv/scripts/common/activate",
        ".env",
        ".envrc",
        "env/settings.py",
        "venv/README.md",
        "docs/__pycache__.md",
        "my__pycache__notes.txt",
        ".cached_models/x",
        ".cache/models/x",
        "x.pyd",
        "x.pyz",
        "x.so",
        "x.py",
        "x.pyi",
        "x.pycache",
        "apyc",
        "pyc",
        ".pyre_configuration",
        ".pixi/config.toml",
        "lib/site-packages/x.py",
        "lib/python/site-packages/x.py",
        "conda-meta.md",
        "docs/pyvenv.cfg.md",
        "uv.lock",
        ".python-version",
        ".hypothesis/examples/x",
        ".benchmarks/x.json",
        "dist/index.js",
        "build/x.py",
        "lib64/x",
        "tests/cassettes/x.yaml",
        ".test_durations",
        "venv",
        "activate",
        "sbin/activate",
    ],
)
def test_no_false_alarm(repository: Repository, path: str) -> None:
    repository.stage(path)

    assert judged(repository, path) == []
    assert judged(repository) == []
    assert judged(repository, "--all") == []


@pytest.mark.parametrize("script", ["bin/activate", "Scripts/activate"])
def test_an_environment_is_proved_by_its_activate_script(repository: Repository, script: str) -> None:
    repository.write(f"any/{script}", ACTIVATE)
    repository.stage(f"any/{script}", "any/lib/x.py", "other.py")

    result = repository.hook(HOOK)

    assert result.findings == ["any PYC103"]
    assert f"(2 files; any/{script} proves it)" in result.text


def test_a_program_called_activate_of_something_else_proves_nothing(repository: Repository) -> None:
    repository.write("tools/sbin/activate", ACTIVATE)
    repository.write("tools/bin/activate", "#!/bin/sh\nexec start\n")
    repository.stage("tools/sbin/activate", "tools/bin/activate")

    assert judged(repository) == []


def test_an_environment_within_an_environment_is_one_finding(repository: Repository) -> None:
    repository.stage("e/pyvenv.cfg", "e/lib/python3.12/site-packages/x.py", "e/share/inner/pyvenv.cfg")

    assert judged(repository) == ["e PYC103"]


@pytest.mark.parametrize("inner", ["sub/pyvenv.cfg", "sub/lib/python3.11/site-packages/x.py", "sub/more/bin/activate"])
def test_an_environment_beside_a_project_in_an_environment_is_one_of_its_own(
    repository: Repository, inner: str
) -> None:
    repository.commit("app.py", "sub/more/m.py")
    repository.write(inner, "# deactivate () {\nVIRTUAL_ENV=x\n")
    repository.stage("pyvenv.cfg", "lib/python3.11/site-packages/y.py", inner)

    result = repository.hook(HOOK)

    assert len(result.findings) == 2
    repository.paste(result.fix)
    assert list(repository.index()) == ["app.py", "sub/more/m.py"]


def test_what_an_environment_holds_is_not_reported_again(repository: Repository) -> None:
    repository.stage("e/pyvenv.cfg", "e/lib/python3.12/site-packages/__pycache__/x.pyc", "a/__pycache__/x.pyc")

    assert judged(repository) == ["a/__pycache__ PYC101", "e PYC103"]


def test_the_files_of_one_cache_are_one_line_with_a_count(repository: Repository) -> None:
    staged_by_number(repository, [f"__pycache__/m{number}.pyc" for number in range(1_200)])

    assert repository.hook(HOOK).lines[0] == "__pycache__: PYC101 bytecode in the index (1,200 files)"


# How it got into the index


def test_a_link_called_venv_is_found(repository: Repository) -> None:
    repository.link(".venv", "/home/somebody/env")

    assert (
        repository.hook(HOOK, ".venv").lines[0] == ".venv: PYC103 virtual environment in the index, as a symbolic link"
    )


def test_a_gitlink_called_venv_is_found(repository: Repository) -> None:
    repository.commit("m.py")
    inner = Repository.create(repository.path / ".venv", repository.env)
    inner.commit("pyvenv.cfg")
    repository.git("-c", "advice.addEmbeddedRepo=false", "add", ".venv")

    result = repository.hook(HOOK, ".venv")

    assert result.lines[0] == ".venv: PYC103 virtual environment in the index, as a gitlink"
    repository.paste(result.fix)
    assert judged(repository) == []
    assert (repository.path / ".venv/pyvenv.cfg").is_file()


def test_a_submodule_with_caches_of_its_own_is_not_entered(repository: Repository) -> None:
    repository.commit("m.py")
    inner = Repository.create(repository.path / "sub", repository.env)
    inner.commit("__pycache__/m.pyc")
    repository.git("-c", "advice.addEmbeddedRepo=false", "add", "sub")

    assert judged(repository, "sub") == []
    assert judged(repository, "--all") == []


def test_a_link_with_the_name_of_bytecode_is_found(repository: Repository) -> None:
    repository.link("m.pyc", "elsewhere")

    assert judged(repository, "m.pyc") == ["m.pyc PYC101"]


def test_a_link_to_a_clean_directory_is_not_followed(repository: Repository) -> None:
    (repository.path / "real/__pycache__").mkdir(parents=True)
    repository.link("docs", "real")

    assert judged(repository, "docs") == []


def test_an_ignored_cache_that_was_forced_in_is_found(repository: Repository) -> None:
    repository.write(".gitignore", "__pycache__/\n")
    repository.stage(".gitignore", "__pycache__/m.pyc")

    assert judged(repository, "__pycache__/m.pyc") == ["__pycache__ PYC101"]


def test_a_file_renamed_to_a_cache_is_found(repository: Repository) -> None:
    repository.commit("data.bin")
    repository.git("mv", "data.bin", "data.pyc")

    assert judged(repository) == ["data.pyc PYC101"]


def test_a_cache_renamed_to_something_else_passes(repository: Repository) -> None:
    repository.commit("data.pyc")
    repository.git("mv", "data.pyc", "data.bin")

    assert judged(repository) == []


def test_a_change_of_the_executable_bit_only_is_found(repository: Repository) -> None:
    repository.commit("m.pyc")
    assert judged(repository) == []
    repository.git("update-index", "--chmod=+x", "m.pyc")

    assert judged(repository) == ["m.pyc PYC101"]


def test_an_intent_to_add_is_found_by_name_and_repaired(repository: Repository) -> None:
    repository.commit("m.py")
    path = repository.write("__pycache__/m.pyc", "x")
    repository.git("add", "-N", "__pycache__/m.pyc")

    result = repository.hook(HOOK, "__pycache__/m.pyc")

    assert result.findings == ["__pycache__ PYC101"]
    repository.paste(result.fix)
    assert list(repository.index()) == ["m.py"]
    assert path.read_bytes() == b"x"


def test_a_cache_with_a_mode_of_its_own_is_found(repository: Repository) -> None:
    blob = repository.git("hash-object", "-w", "--stdin", stdin=b"target").text.strip()
    repository.git("update-index", "--add", "--cacheinfo", f"120000,{blob},a/.mypy_cache")

    assert judged(repository) == ["a/.mypy_cache PYC102"]


def test_untracked_caches_are_nobodys_business(repository: Repository) -> None:
    repository.write("__pycache__/m.pyc")
    repository.commit("m.py")

    assert judged(repository, "__pycache__/m.pyc") == []
    assert judged(repository, "--all") == []


def test_a_commit_that_deletes_caches_passes(repository: Repository) -> None:
    repository.commit("__pycache__/m.pyc", "a/.venv/x", "m.py")
    repository.git("rm", "-q", "-r", "--cached", "__pycache__", "a/.venv")

    assert judged(repository) == []
    assert judged(repository, "__pycache__/m.pyc", "m.py") == []


def test_an_unmerged_index_is_judged_each_path_once(repository: Repository) -> None:
    repository.write("__pycache__/m.pyc", "base")
    repository.commit("__pycache__/m.pyc")
    repository.git("checkout", "-q", "-b", "other")
    repository.write("__pycache__/m.pyc", "theirs")
    repository.commit("__pycache__/m.pyc")
    repository.git("checkout", "-q", "main")
    repository.write("__pycache__/m.pyc", "ours")
    repository.commit("__pycache__/m.pyc")
    repository.git("merge", "-q", "other", fails=True)

    result = repository.hook(HOOK, "__pycache__/m.pyc")

    assert "(1 file)" in result.text
    repository.paste(result.fix)
    assert judged(repository, "--all") == []


def test_a_sparse_checkout_is_judged_and_repaired_outside_of_what_is_checked_out(repository: Repository) -> None:
    repository.commit("in/m.py", "out/__pycache__/m.pyc", "out/deep/m.py")
    repository.git("sparse-checkout", "set", "--sparse-index", "in")
    assert not (repository.path / "out").exists()

    result = repository.hook(HOOK, "--all")

    assert result.findings == ["out/__pycache__ PYC101"]
    repository.paste(result.fix)
    assert list(repository.index()) == ["in/m.py", "out/deep/m.py"]


def test_a_file_that_is_missing_from_the_work_tree_is_judged(repository: Repository) -> None:
    repository.stage("__pycache__/m.pyc")
    (repository.path / "__pycache__/m.pyc").unlink()

    assert judged(repository, "__pycache__/m.pyc") == ["__pycache__ PYC101"]
    assert judged(repository, "--all") == ["__pycache__ PYC101"]


# Names

AWKWARD = {
    "umlaut": "größe/m.pyc",
    "space": "a b/m n.pyc",
    "single quote": "it's/m.pyc",
    "double quote": 'a"b/m.pyc',
    "newline": "a\nb/m.pyc",
    "newline at the end of a directory": "a\n/__pycache__/m.pyc",
    "tab": "a\tb/m.pyc",
    "leading dash": "-rf/m.pyc",
    "leading dashes, like an option": "--fix/m.pyc",
    "leading dash in a file name": "-m.pyc",
    "not UTF-8": os.fsdecode(b"\xff\xfe/m.pyc"),
    "backslash": "a\\b/m.pyc",
    "star": "a*/m.pyc",
    "question mark": "a?/m.pyc",
    "bracket": "a[b]/m.pyc",
    "colon in front": ":(glob)x/m.pyc",
    "dollar": "$HOME/`m`.pyc",
    "exclamation mark": "!/m.pyc",
    "tilde": "~/m.pyc",
    "escape sequence": "\x1b[31m/m.pyc",
    "carriage return": "\r/m.pyc",
    "right-to-left override": "a\u202eb/m.pyc",
    "command of a CI": "##vso[task.x]y/m.pyc",
    "command of GitHub": "::error::x/m.pyc",
    "emoji": "🐍/m.pyc",
}


@pytest.mark.parametrize("path", AWKWARD.values(), ids=AWKWARD)
def test_an_awkward_name_is_found_and_its_repair_works(repository: Repository, path: str) -> None:
    decoys = ["ab/m.py", "a/x.py"]
    repository.stage(path, *decoys)

    result = repository.hook(HOOK, path, *decoys)

    assert result.status == 1
    assert len(result.findings) == 1
    assert len(result.lines) == 2
    assert re.fullmatch(rb"[^\x00-\x09\x0b-\x1f\x7f]*", result.stdout)
    assert not re.search(r"^\s*::|##\[|##vso\[", result.text, re.MULTILINE)
    repository.paste(result.fix)
    assert sorted(repository.index()) == sorted(decoys)
    assert os.path.lexists(repository.path / path)


def test_a_glob_in_a_name_takes_nothing_else_along(repository: Repository) -> None:
    repository.stage("a*.pyc", "ab.pyc")

    repository.paste(repository.hook(HOOK, "a*.pyc").fix)

    assert list(repository.index()) == ["ab.pyc"]


def test_an_option_beside_names_with_dashes(repository: Repository) -> None:
    repository.stage("-m.pyc", "-notes.txt", "m.pyc")

    result = repository.hook(HOOK, "--fix", "-m.pyc", "-notes.txt", "m.pyc")

    assert result.findings == ["-m.pyc PYC101", "m.pyc PYC101"]
    assert list(repository.index()) == ["-notes.txt"]


# Where it runs


@pytest.mark.parametrize("name", ["__pycache__/m.pyc", "./__pycache__/m.pyc", "../b/__pycache__", ".", "..", "../b"])
def test_names_are_relative_to_the_current_directory(repository: Repository, name: str) -> None:
    repository.stage("b/__pycache__/m.pyc", "b/m.py")

    assert judged(repository, name, within="b") == ["b/__pycache__ PYC101"]


@pytest.mark.parametrize("name", ["m.pyc", ".", "notes.txt"])
def test_the_current_directory_may_itself_be_the_cache(repository: Repository, name: str) -> None:
    repository.stage("b/__pycache__/m.pyc", "b/__pycache__/notes.txt")

    assert judged(repository, name, within="b/__pycache__") == ["b/__pycache__ PYC101"]


def test_the_same_name_elsewhere_is_not_meant(repository: Repository) -> None:
    repository.stage("m.pyc", "b/m.py")
    repository.write("b/m.pyc")

    assert judged(repository, "m.pyc", within="b") == []


def test_an_absolute_name_through_a_link_is_found(repository: Repository) -> None:
    repository.stage("b/m.pyc")
    alias = repository.path.parent / "alias"
    alias.symlink_to(repository.path)

    assert judged(repository, str(repository.path / "b/m.pyc")) == ["b/m.pyc PYC101"]
    assert judged(repository, str(alias / "b/m.pyc")) == ["b/m.pyc PYC101"]
    assert judged(repository, str(alias)) == ["b/m.pyc PYC101"]


def test_a_name_outside_of_the_repository_passes(repository: Repository) -> None:
    (repository.path.parent / "m.pyc").touch()
    repository.stage("m.pyc")

    assert judged(repository, "../m.pyc") == []


def test_a_repository_below_a_directory_with_the_name_of_a_cache(tmp_path: Path, env: dict[str, str]) -> None:
    repository = Repository.create(tmp_path / ".venv/project", env)
    repository.stage("m.py", "a/__pycache__/x.pyc")

    assert judged(repository, "m.py") == []
    assert judged(repository, "a/__pycache__/x.pyc") == ["a/__pycache__ PYC101"]


def test_the_first_commit_of_a_repository(repository: Repository) -> None:
    assert judged(repository) == []
    repository.stage("m.pyc")

    assert judged(repository) == ["m.pyc PYC101"]


def test_the_index_that_git_names_is_the_one_judged(repository: Repository) -> None:
    repository.stage("m.py")
    other = repository.env | {"GIT_INDEX_FILE": str(repository.path / ".git/other")}
    Repository(repository.path, other).stage("m.pyc")

    assert judged(repository) == []
    assert judged(repository, GIT_INDEX_FILE=other["GIT_INDEX_FILE"]) == ["m.pyc PYC101"]


@pytest.mark.parametrize("variable", ["GIT_LITERAL_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_NOGLOB_PATHSPECS"])
def test_a_setting_of_pathspecs_changes_nothing(repository: Repository, variable: str) -> None:
    repository.stage(*(f"{number}/m.pyc" for number in range(20)), "__PYCACHE__/m.py")

    assert len(judged(repository, "--all", **{variable: "1"})) == untracking.MANY_PATHS


@pytest.mark.parametrize(
    "setting",
    [
        "color.ui=always",
        "diff.renames=copies",
        "diff.ignoreSubmodules=all",
        "diff.relative=true",
        "core.quotePath=true",
    ],
)
def test_a_users_configuration_changes_nothing(repository: Repository, setting: str) -> None:
    repository.commit("b/data.bin")
    repository.git("config", *setting.split("="))
    repository.git("mv", "b/data.bin", "größe.pyc")

    assert judged(repository, within="b") == ["größe.pyc PYC101"]


# Ranges and whole indexes


def test_a_range_is_judged_as_on_a_pull_request(repository: Repository) -> None:
    base = repository.commit("old.pyc")
    repository.commit("a/new.pyc", "a/m.py")
    repository.git("rm", "-q", "old.pyc")
    repository.commit()
    repository.git("branch", "topic")

    for arguments in (
        ["--diff", f"{base}...HEAD"],
        [f"--diff={base}..topic"],
        ["--diff", base],
        ["--diff", f"{base}..."],
    ):
        assert judged(repository, *arguments) == ["a/new.pyc PYC101"]


def test_the_repair_of_a_range_names_what_is_still_in_the_index(repository: Repository) -> None:
    base = repository.commit("m.py")
    repository.commit("gone.pyc", "stays.pyc")
    repository.git("branch", "topic")
    repository.git("rm", "-q", "gone.pyc")

    result = repository.hook(HOOK, "--diff", f"{base}...topic")

    assert result.findings == ["gone.pyc PYC101", "stays.pyc PYC101"]
    repository.paste(result.fix)
    assert list(repository.index()) == ["m.py"]
    assert "fix:" not in repository.hook(HOOK, "--diff", f"{base}...topic").text


def test_what_was_committed_long_ago_is_left_to_all(repository: Repository) -> None:
    repository.commit("old.pyc")
    repository.stage("new.pyc")

    assert judged(repository) == ["new.pyc PYC101"]
    assert judged(repository, "--staged") == ["new.pyc PYC101"]
    assert judged(repository, "--all") == ["new.pyc PYC101", "old.pyc PYC101"]


def test_at_pre_push_the_range_that_is_pushed_is_judged_not_the_index(repository: Repository) -> None:
    base = repository.commit("m.py")
    repository.git("checkout", "-q", "-b", "topic")
    pushed = repository.commit("a/m.pyc")
    repository.git("checkout", "-q", "main")

    result = repository.hook(HOOK, "a/m.pyc", "m.py", PRE_COMMIT_FROM_REF=base, PRE_COMMIT_TO_REF=pushed)

    assert result.findings == ["a/m.pyc PYC101"]
    assert "fix:" not in result.text


# Bytecode that runs unchecked


@pytest.mark.parametrize(
    ("mode", "finding"),
    [
        (py_compile.PycInvalidationMode.UNCHECKED_HASH, "__pycache__/m.cpython-399.pyc PYC104"),
        (py_compile.PycInvalidationMode.CHECKED_HASH, "__pycache__ PYC101"),
        (py_compile.PycInvalidationMode.TIMESTAMP, "__pycache__ PYC101"),
    ],
    ids=["unchecked", "checked", "timestamp"],
)
def test_bytecode_with_an_unchecked_hash_is_named_as_what_it_is(
    repository: Repository, tmp_path: Path, mode: py_compile.PycInvalidationMode, finding: str
) -> None:
    repository.write("__pycache__/m.cpython-399.pyc", bytecode(mode, tmp_path))
    repository.stage("__pycache__/m.cpython-399.pyc")

    result = repository.hook(HOOK)

    assert result.findings == [finding]
    repository.paste(result.fix)
    assert judged(repository) == []


def test_python_does_run_it_in_place_of_its_source(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text("print('hostile')\n")
    py_compile.compile(str(source), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    source.write_text("print('reviewed')\n")

    said = subprocess.run([sys.executable, "-B", "-c", "import m"], cwd=tmp_path, capture_output=True, check=True)

    assert said.stdout == b"hostile\n"


def test_only_the_staged_bytes_count(repository: Repository, tmp_path: Path) -> None:
    repository.write("m.pyc", bytecode(py_compile.PycInvalidationMode.UNCHECKED_HASH, tmp_path))
    repository.stage("m.pyc")
    repository.write("m.pyc", "harmless")

    assert judged(repository) == ["m.pyc PYC104"]


def test_unchecked_bytecode_among_other_files_of_its_cache(repository: Repository, tmp_path: Path) -> None:
    repository.write("__pycache__/m.pyc", bytecode(py_compile.PycInvalidationMode.UNCHECKED_HASH, tmp_path))
    repository.stage("__pycache__/m.pyc", "__pycache__/n.pyc")

    result = repository.hook(HOOK)

    assert result.findings == ["__pycache__ PYC101", "__pycache__/m.pyc PYC104"]
    assert "(1 file)" in result.text
    repository.paste(result.fix)
    assert repository.index() == {}


@pytest.mark.parametrize("way", ["paste", "--fix"])
def test_unchecked_bytecode_in_an_environment_is_named_too(repository: Repository, tmp_path: Path, way: str) -> None:
    repository.write("e/lib/m.pyc", bytecode(py_compile.PycInvalidationMode.UNCHECKED_HASH, tmp_path))
    repository.stage("e/pyvenv.cfg", "e/lib/m.pyc")

    result = repository.hook(HOOK, *([] if way == "paste" else [way]))

    assert result.findings == ["e PYC103", "e/lib/m.pyc PYC104"]
    if way == "paste":
        repository.paste(result.fix)
    else:
        assert "fixed: 2 files" in result.text
    assert repository.index() == {}


@pytest.mark.parametrize(
    ("data", "unchecked"),
    [
        (struct.pack("<HxxI8x", 3531, 1)[:2] + b"\r\n" + struct.pack("<I8x", 1), True),
        (struct.pack("<H2sI8x", 3392, b"\r\n", 1), True),
        (struct.pack("<H2sI8x", 240, b"\r\n", 1), True),
        (struct.pack("<H2sI8x", 3391, b"\r\n", 1), False),
        (struct.pack("<H2sI8x", 3000, b"\r\n", 1), False),
        (struct.pack("<H2sI8x", 62211, b"\r\n", 1), False),
        (struct.pack("<H2sI8x", 3531, b"\r\n", 0), False),
        (struct.pack("<H2sI8x", 3531, b"\r\n", 3), False),
        (struct.pack("<H2sI8x", 3531, b"\n\n", 1), False),
        (struct.pack("<H2sI7x", 3531, b"\r\n", 1), False),
        (b"", False),
    ],
    ids=[
        "3.13",
        "the first with PEP 552",
        "PyPy",
        "the last without PEP 552, made in 1970",
        "3.0, made in 1970",
        "2.7, made in 1970",
        "timestamp",
        "checked hash",
        "not a magic number",
        "cut short",
        "empty",
    ],
)
def test_the_header_decides(data: bytes, unchecked: bool) -> None:  # noqa: FBT001 - a column of the table
    assert forbid_pycache.runs_unchecked(data) is unchecked


# The repair


def polluted(repository: Repository) -> list[str]:
    """Stage a mixture of caches and other files; return the others."""
    others = ["m.py", "a/b/m.py", ".coveragerc", "env/settings.py"]
    repository.stage(
        *others,
        "__pycache__/m.pyc",
        "a/b/__pycache__/m.pyc",
        "a/old.pyc",
        ".mypy_cache/3.12/x.json",
        ".coverage",
        "any name/pyvenv.cfg",
        "any name/lib/python3.12/site-packages/x.py",
        "any name/bin/python",
    )
    repository.link(".venv", "elsewhere")
    return others


def work_tree(repository: Repository) -> dict[str, bytes]:
    files = (path for path in repository.path.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path): path.read_bytes() for path in files}


@pytest.mark.parametrize("within", [".", "a/b"], ids=["at the root", "in a subdirectory"])
def test_the_printed_repair_makes_the_next_run_pass_and_touches_nothing_else(
    repository: Repository, within: str
) -> None:
    others = polluted(repository)
    before, files = repository.index(), work_tree(repository)

    repository.paste(repository.hook(HOOK).fix, within)

    assert repository.index() == {path: before[path] for path in others}
    assert work_tree(repository) == files
    assert (repository.path / ".venv").is_symlink()
    assert judged(repository) == []


@pytest.mark.parametrize("within", [".", "a/b"], ids=["at the root", "in a subdirectory"])
def test_fix_does_the_same_and_says_so(repository: Repository, within: str) -> None:
    others = polluted(repository)
    before, files = repository.index(), work_tree(repository)

    result = repository.hook(HOOK, "--fix", within=within)

    assert result.status == 1
    assert result.lines[-1] == "    fixed: 9 files taken out of the index; the work tree keeps them"
    assert "fix:" not in result.text
    assert repository.index() == {path: before[path] for path in others}
    assert work_tree(repository) == files
    assert (repository.path / ".venv").is_symlink()
    again = repository.hook(HOOK, "--fix")
    assert (again.status, again.stdout) == (0, b"")


def test_fix_leaves_a_temporary_index_alone_and_prints_the_repair(repository: Repository) -> None:
    repository.stage("m.pyc")
    lock = repository.path / ".git/next-index-1.lock"
    lock.write_bytes((repository.path / ".git/index").read_bytes())

    result = repository.hook(HOOK, "--fix", GIT_INDEX_FILE=str(lock))

    assert result.findings == ["m.pyc PYC101"]
    repository.paste(result.fix)
    assert repository.index() == {}


@pytest.mark.parametrize("way", ["paste", "--fix"])
def test_a_partially_staged_file_elsewhere_is_untouched(repository: Repository, way: str) -> None:
    repository.write("m.py", "one\n")
    repository.commit("m.py")
    repository.write("m.py", "one\ntwo\n")
    repository.stage("m.py", "m.pyc")
    repository.write("m.py", "one\ntwo\nthree\n")
    staged = repository.index()["m.py"]

    if way == "paste":
        repository.paste(repository.hook(HOOK).fix)
    else:
        repository.hook(HOOK, way)

    assert repository.index() == {"m.py": staged}
    assert (repository.path / "m.py").read_text() == "one\ntwo\nthree\n"


def test_the_repair_spares_what_else_is_recorded_in_a_cache(repository: Repository) -> None:
    repository.commit("__pycache__/kept.pyc", "__pycache__/deep/kept.pyc", "m.py")
    repository.stage(
        "__pycache__/new.pyc", "__pycache__/sub/new.pyc", "__pycache__/sub/newer.pyc", "__pycache__/deep/new.pyc"
    )

    result = repository.hook(HOOK)

    assert result.fix.endswith("-- __pycache__/deep/new.pyc __pycache__/new.pyc __pycache__/sub")
    repository.paste(result.fix)
    assert list(repository.index()) == ["__pycache__/deep/kept.pyc", "__pycache__/kept.pyc", "m.py"]


MANY = [f"{number}/__pycache__/m.pyc" for number in range(20)] + [f"{number}/old.pyc" for number in range(20)]


@pytest.mark.parametrize(
    ("more", "kept", "words"),
    [
        ([], [], 2),
        (["e/pyvenv.cfg", "e/lib64/x"], [], 3),
        (["m.pyc.1234", ":odd/m.pyc.5"], [], 4),
        ([], ["tests/data/kept.pyc", "tests/data/more/kept.pyc", "0/kept.pyc"], 4),
        ([".mypy_cache/x", "a/.mypy_cache/x"], ["a*/kept.pyc"], 4),
    ],
    ids=[
        "alone",
        "with an environment",
        "with leftovers",
        "beside others that were committed",
        "beside an awkward name",
    ],
)
def test_a_repair_of_many_caches_is_written_with_patterns(
    repository: Repository, more: list[str], kept: list[str], words: int
) -> None:
    repository.commit("m.py", *kept)
    repository.stage(*MANY, *more)

    result = repository.hook(HOOK)

    assert len(result.fix.partition(" -- ")[2].split()) == words
    repository.paste(result.fix, "0")
    assert sorted(repository.index()) == sorted(["m.py", *kept])


@pytest.mark.parametrize("names", [[".venv"], ["a/__pycache__", ".venv"], ["0/__pycache__/.venv", "b/.mypy_cache"]])
def test_a_repair_with_patterns_takes_links_too(repository: Repository, names: list[str]) -> None:
    repository.stage("m.py", *(f"{number}/m.pyc" for number in range(13)))
    for name in names:
        repository.link(name, "elsewhere")

    result = repository.hook(HOOK)

    assert "(glob)" in result.fix
    repository.paste(result.fix)
    assert list(repository.index()) == ["m.py"]


def test_one_more_place_is_one(repository: Repository) -> None:
    repository.stage(*(f"{number}/m.pyc" for number in range(13)))
    assert "... and 1 more place with PYC101" in repository.hook(HOOK).lines


def test_a_repair_without_a_pattern_names_every_place(repository: Repository) -> None:
    repository.stage(*(f"e{number}/pyvenv.cfg" for number in range(20)))

    result = repository.hook(HOOK)

    assert "... and 8 more places with PYC103" in result.lines
    repository.paste(result.fix)
    assert repository.index() == {}


def test_a_repair_names_the_places_where_patterns_would_be_longer(repository: Repository) -> None:
    repository.commit(*(f"kept{number}/m.pyc" for number in range(30)))
    repository.stage(*(f"new{number}/m.pyc" for number in range(13)))

    result = repository.hook(HOOK)

    assert "(glob)" not in result.fix
    repository.paste(result.fix)
    assert sorted(repository.index()) == sorted(f"kept{number}/m.pyc" for number in range(30))


def staged_by_number(repository: Repository, paths: list[str]) -> None:
    """Stage many files without a work tree: one blob for all."""
    blob = repository.git("hash-object", "-w", "--stdin", stdin=b"x").text.strip()
    listed = "".join(f"100644 {blob}\t{path}\0" for path in paths)
    repository.git("update-index", "-z", "--index-info", stdin=os.fsencode(listed))


@pytest.mark.parametrize(
    "pattern",
    [
        "__pycache__/m{0}.pyc",
        "p{0}/__pycache__/m.pyc",
        "p{0}/m.pyc",
        "p/.venv/lib/m{0}.py",
        "e{0}/.venv/x",
        "e{0}/m.pyc.{0}",
    ],
    ids=["one cache", "many caches", "many stray files", "an environment", "many environments", "many leftovers"],
)
def test_20_000_offending_files_fit_on_one_screen(repository: Repository, pattern: str) -> None:
    count = 20_000 if ".pyc." not in pattern else 200
    staged_by_number(repository, [*(pattern.format(number) for number in range(count)), "m.py"])

    result = repository.hook(HOOK)

    assert result.status == 1
    assert len(result.lines) <= 24
    assert len(result.stdout) < 8_000
    repository.paste(result.fix)
    assert list(repository.index()) == ["m.py"]


def test_20_000_names_on_the_command_line(repository: Repository) -> None:
    paths = [f"p{number}/__pycache__/m.pyc" for number in range(20_000)]
    staged_by_number(repository, paths)

    result = repository.hook(HOOK, *paths)

    assert "... and 19,988 more places with PYC101" in result.lines
    repository.paste(result.fix)
    assert repository.index() == {}


def test_thousands_of_environments_are_no_trouble(repository: Repository) -> None:
    staged_by_number(
        repository, [f"t/e{number}/{name}" for number in range(3_000) for name in ("pyvenv.cfg", "bin/python")]
    )

    assert len(judged(repository)) == 12


# An environment with a project in it, and the other way round


def test_the_repair_of_an_environment_at_the_root_leaves_the_sources_alone(repository: Repository) -> None:
    sources = ["setup.py", "src/m.py", "lib/mine.py", "bin/deploy", "include/mine.h", "share/doc.txt"]
    repository.write("bin/activate", ACTIVATE)
    repository.stage(
        *sources,
        "pyvenv.cfg",
        "bin/activate",
        "bin/python",
        "bin/python3.12",
        "bin/pip",
        *(f"lib/python3.12/site-packages/p{number}.py" for number in range(300)),
    )

    result = repository.hook(HOOK)

    assert result.findings == [". PYC103"]
    assert len(result.fix) < 300
    repository.paste(result.fix)
    assert sorted(repository.index()) == sorted(sources)
    assert judged(repository, "--all") == []


def test_a_project_inside_an_environment_keeps_its_sources(repository: Repository) -> None:
    repository.stage(
        "work/pyvenv.cfg", "work/lib/python3.12/site-packages/x.py", "work/project/m.py", "work/project/m.pyc"
    )

    result = repository.hook(HOOK)

    assert result.findings == ["work PYC103", "work/project/m.pyc PYC101"]
    repository.paste(result.fix)
    assert list(repository.index()) == ["work/project/m.py"]


def test_conda_at_the_root_of_a_repository(repository: Repository) -> None:
    repository.stage("conda-meta/history", "conda-meta/python.json", "m.py")

    repository.paste(repository.hook(HOOK).fix)

    assert list(repository.index()) == ["m.py"]


@pytest.mark.parametrize("path", ["pyvenv.cfg", "bin/activate", "Scripts/activate", "conda-meta/history"])
def test_every_proof_in_the_root_names_at_least_itself(repository: Repository, path: str) -> None:
    repository.write(path, ACTIVATE)
    repository.stage(path, "m.py")

    repository.paste(repository.hook(HOOK).fix)

    assert list(repository.index()) == ["m.py"]


# Bad input


def failure(result: Result) -> str:
    """The one line of a run that failed."""
    assert result.status == 2, result
    line = result.stderr.decode()
    assert line.startswith("forbid-pycache: ")
    assert line.count("\n") == 1
    assert line.endswith("\n")
    return line.removeprefix("forbid-pycache: ").strip()


@pytest.mark.parametrize("name", ["missing.pyc", "missing.txt", "-missing.pyc", "", "missing/"])
def test_a_name_that_nobody_knows_is_said_and_the_others_are_judged(repository: Repository, name: str) -> None:
    repository.stage("m.pyc")

    result = repository.hook(HOOK, name, "m.pyc")

    assert failure(result) == f"{name or chr(39) * 2}: no such file in the index or the work tree"
    assert result.findings == ["m.pyc PYC101"]


def test_a_directory_stands_for_what_is_recorded_in_it(repository: Repository) -> None:
    repository.stage("a/__pycache__/m.pyc", "b/__pycache__/m.pyc")

    assert judged(repository, "a") == ["a/__pycache__ PYC101"]


@pytest.mark.parametrize(
    "data", [b"", bytes(range(256)), b"\r\n", b"\xff\xfe"], ids=["empty", "binary", "newline", "BOM"]
)
def test_whatever_is_in_it_bytecode_is_bytecode(repository: Repository, data: bytes) -> None:
    repository.write("m.pyc", data)
    repository.write("bin/activate", data)
    repository.stage("m.pyc", "bin/activate")

    assert judged(repository, "m.pyc", "bin/activate") == ["m.pyc PYC101"]


def test_100_mb_of_bytecode_are_not_read_into_memory(repository: Repository) -> None:
    with repository.write("m.pyc").open("r+b") as file:
        file.write(struct.pack("<H2sI8x", 3531, b"\r\n", 1))
        file.truncate(100 << 20)
    repository.git("-c", "core.compression=0", "-c", "core.bigFileThreshold=1m", "add", "m.pyc")
    measured = """
import sys, tracemalloc
from pycache_hooks.hooks.forbid_pycache import main
tracemalloc.start()
status = main(sys.argv[1:])
print(tracemalloc.get_traced_memory()[1])
sys.exit(status)
"""

    result = run(
        [sys.executable, "-c", measured, "m.pyc"], repository.path, repository.env | {"PYTHONPATH": str(SOURCES)}
    )

    assert result.findings == ["m.pyc PYC104"]
    assert int(result.lines[-1]) < 8 << 20


def test_an_unreadable_file_is_judged_by_what_is_staged(repository: Repository) -> None:
    repository.stage("a/m.pyc", "a/m.py")
    (repository.path / "a/m.pyc").chmod(0)
    (repository.path / "a").chmod(0)
    try:
        result = run_hook(HOOK, "a/m.pyc", "a/m.py", cwd=repository.path, env=repository.env, unprivileged=True)
    finally:
        (repository.path / "a").chmod(0o755)

    assert result.findings == ["a/m.pyc PYC101"]


def test_a_loop_of_links_is_a_link_like_any_other(repository: Repository) -> None:
    repository.link("loop", "loop")
    repository.link("a/.venv", "../a/.venv")

    assert judged(repository, "loop", "a/.venv") == ["a/.venv PYC103"]


@pytest.mark.parametrize("arguments", [["m.pyc"], [], ["--all"], ["missing.txt"], ["--diff", "a...b"]])
def test_outside_of_a_repository(tmp_path: Path, env: dict[str, str], arguments: list[str]) -> None:
    (tmp_path / "m.pyc").touch()

    result = run_hook(HOOK, *arguments, cwd=tmp_path, env=env | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})

    assert "not a git repository" in failure(result)


def test_in_a_bare_repository(tmp_path: Path, env: dict[str, str]) -> None:
    repository = Repository(tmp_path, env)
    repository.git("init", "-q", "--bare", ".")

    assert "must be run in a work tree" in failure(repository.hook(HOOK, "--all"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--unknown"],
        ["--al"],
        ["-x"],
        ["--diff"],
        ["--diff", ""],
        ["--diff="],
        ["--diff", "nobody...HEAD"],
        ["--diff=--output=x"],
        ["--all", "--staged"],
        ["--all", "m.pyc"],
        ["--staged", "--diff", "a...b"],
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense(repository: Repository, arguments: list[str]) -> None:
    repository.commit("m.py")

    assert failure(repository.hook(HOOK, *arguments))
    assert sorted(os.listdir(repository.path)) == [".git", "m.py"]


def test_no_names_and_nothing_staged(repository: Repository) -> None:
    result = repository.hook(HOOK)

    assert (result.status, result.stdout, result.stderr) == (0, b"", b"")


def test_help_says_what_the_module_says(repository: Repository) -> None:
    result = repository.hook(HOOK, "--help")

    assert result.status == 0
    assert (forbid_pycache.__doc__ or "?").strip() in result.text


def test_a_partial_clone_without_its_blobs_is_judged_by_names(repository: Repository, tmp_path: Path) -> None:
    unchecked = bytecode(py_compile.PycInvalidationMode.UNCHECKED_HASH, tmp_path)
    repository.write("old/m.pyc", "far away")
    repository.commit("old/m.pyc")
    repository.git("config", "uploadpack.allowFilter", "true")
    target = tmp_path / "clone"
    repository.git("clone", "-q", "--no-checkout", "--filter=blob:none", repository.path.as_uri(), str(target))
    clone = Repository(target, repository.env)
    clone.git("read-tree", "HEAD")
    clone.write("m.pyc", unchecked)
    clone.stage("m.pyc")
    repository.path.rename(tmp_path / "unreachable")

    assert judged(clone, "--all") == ["m.pyc PYC104", "old/m.pyc PYC101"]


def test_a_blob_that_cannot_be_read_hides_nothing(repository: Repository) -> None:
    repository.stage("m.pyc", "n.pyc")
    blob = repository.index()["m.pyc"].split()[1]
    damaged = repository.path / ".git/objects" / blob[:2] / blob[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(b"not an object")

    assert judged(repository) == ["m.pyc PYC101", "n.pyc PYC101"]


# Through pre-commit and prek

FRAMEWORKS = pytest.mark.parametrize("framework", ["pre-commit", "prek"])


@pytest.fixture
def hooked(repository: Repository, published: Published) -> Repository:
    """A repository with a first commit, which uses the hook."""
    repository.write(".pre-commit-config.yaml", published.configuration(HOOK))
    repository.commit(".pre-commit-config.yaml", "m.py")
    return repository


def installed(repository: Repository, framework: str, *types: str) -> None:
    options = (f"--hook-type={name}" for name in types or ("pre-commit",))
    assert repository.framework(framework, "install", *options).status == 0


def rejected(repository: Repository, *command: str) -> str:
    """Run a git command that a hook must stop; return what was printed."""
    head = repository.git("rev-parse", "HEAD").text
    done = repository.git(*command, fails=True)
    assert repository.git("rev-parse", "HEAD").text == head
    return os.fsdecode(done.stdout + done.stderr)


def pasted(repository: Repository, output: str) -> None:
    repository.paste(output.partition("fix: ")[2].partition("\n")[0])


@FRAMEWORKS
def test_git_commit_is_stopped_until_the_repair_is_pasted(hooked: Repository, framework: str) -> None:
    installed(hooked, framework)
    hooked.stage("a/__pycache__/m.pyc", "größe.pyc", "-m.pyc", "a b/new\nline.pyc", "a/m.py")
    hooked.link(".venv", "elsewhere")

    said = rejected(hooked, "commit", "-m", "polluted")

    assert "a/__pycache__: PYC101" in said
    assert ".venv: PYC103" in said
    pasted(hooked, said)
    hooked.git("commit", "-q", "-m", "clean")
    assert list(hooked.index()) == [".pre-commit-config.yaml", "a/m.py", "m.py"]
    assert (hooked.path / "a/__pycache__/m.pyc").exists()


def test_git_commit_with_a_name_that_is_not_utf8(hooked: Repository) -> None:
    installed(hooked, "prek")  # pre-commit ends with an error of its own before any hook starts
    hooked.stage(os.fsdecode(b"a/\xff.pyc"))

    pasted(hooked, rejected(hooked, "commit", "-m", "polluted"))

    hooked.git("commit", "-q", "--allow-empty", "-m", "clean")
    assert list(hooked.index()) == [".pre-commit-config.yaml", "m.py"]


@FRAMEWORKS
@pytest.mark.parametrize("arguments", [["-a"], ["--", "a/m.pyc"], ["--amend", "-a"]], ids=" ".join)
def test_git_commit_of_changes_to_a_tracked_cache(hooked: Repository, framework: str, arguments: list[str]) -> None:
    hooked.commit("a/m.pyc", "b/other.pyc")
    installed(hooked, framework)
    hooked.write("a/m.pyc", "changed")

    said = rejected(hooked, "commit", "-m", "polluted", *arguments)

    assert "a/m.pyc: PYC101" in said
    pasted(hooked, said)
    hooked.git("commit", "-q", "-m", "deletes")
    assert "a/m.pyc" not in hooked.index()
    assert (hooked.path / "a/m.pyc").read_text() == "changed"


@FRAMEWORKS
def test_git_commit_that_deletes_caches_passes(hooked: Repository, framework: str) -> None:
    hooked.commit("a/m.pyc", "__pycache__/x.pyc")
    installed(hooked, framework)
    hooked.git("rm", "-r", "-q", "--cached", "a/m.pyc", "__pycache__")

    hooked.git("commit", "-q", "-m", "deletes")


@FRAMEWORKS
def test_git_commit_amend_may_not_add_a_cache(hooked: Repository, framework: str) -> None:
    installed(hooked, framework)
    hooked.stage("m.pyc")

    assert "m.pyc: PYC101" in rejected(hooked, "commit", "--amend", "-m", "polluted")


@FRAMEWORKS
def test_a_merge_that_brings_caches_is_stopped(hooked: Repository, framework: str) -> None:
    hooked.git("checkout", "-q", "-b", "other")
    hooked.commit("a/m.pyc")
    hooked.git("checkout", "-q", "main")
    hooked.commit("n.py")
    installed(hooked, framework, "pre-merge-commit", "pre-commit")

    said = rejected(hooked, "merge", "--no-edit", "other")

    assert "a/m.pyc: PYC101" in said
    pasted(hooked, said)
    hooked.git("commit", "-q", "--no-edit")
    assert "a/m.pyc" not in hooked.index()


@FRAMEWORKS
def test_a_merge_with_conflicts_is_judged_when_it_is_committed(hooked: Repository, framework: str) -> None:
    for branch in ("other", "main"):
        hooked.git("checkout", "-q", "-B", branch, "HEAD" if branch == "other" else "HEAD~")
        hooked.write("n.py", branch)
        hooked.commit("n.py")
    hooked.git("merge", "other", fails=True)
    installed(hooked, framework)
    hooked.write("n.py", "resolved")
    hooked.stage("n.py", "a/m.pyc")

    said = rejected(hooked, "commit", "--no-edit")

    assert "a/m.pyc: PYC101" in said
    pasted(hooked, said)
    hooked.git("commit", "-q", "--no-edit")


@FRAMEWORKS
def test_the_first_commit_is_judged(repository: Repository, published: Published, framework: str) -> None:
    repository.write(".pre-commit-config.yaml", published.configuration(HOOK))
    repository.stage(".pre-commit-config.yaml", "m.pyc")
    installed(repository, framework)

    done = repository.git("commit", "-m", "first", fails=True)

    pasted(repository, os.fsdecode(done.stdout + done.stderr))
    repository.git("commit", "-q", "-m", "first")
    assert list(repository.index()) == [".pre-commit-config.yaml"]


@FRAMEWORKS
def test_a_linked_worktree_is_judged_by_its_own_index(hooked: Repository, framework: str) -> None:
    installed(hooked, framework)
    hooked.stage("main.pyc")
    hooked.git("worktree", "add", "-q", "-b", "topic", "../linked")
    linked = Repository(hooked.path.parent / "linked", hooked.env)
    linked.commit("linked.pyc")
    linked.write("linked.pyc", "changed")
    linked.stage("a/new.pyc")

    for arguments in (["commit", "-m", "x"], ["commit", "-a", "-m", "x"]):
        said = rejected(linked, *arguments)
        assert "a/new.pyc: PYC101" in said
        assert ("linked.pyc: PYC101" in said) is ("-a" in arguments)
        assert "main.pyc" not in said
    pasted(linked, said)
    linked.git("commit", "-q", "-m", "clean")
    assert "main.pyc" in hooked.index()


@FRAMEWORKS
def test_pre_push_judges_the_range_of_each_ref(hooked: Repository, framework: str, tmp_path: Path) -> None:
    hooked.git("init", "-q", "--bare", str(tmp_path / "remote"))
    hooked.git("remote", "add", "origin", str(tmp_path / "remote"))
    hooked.git("push", "-q", "origin", "main")
    installed(hooked, framework, "pre-push")
    hooked.git("checkout", "-q", "-b", "topic")
    hooked.commit("a/m.pyc")
    hooked.git("checkout", "-q", "main")
    hooked.commit("clean.py")

    hooked.git("push", "-q", "origin", "main")
    hooked.git("checkout", "-q", "topic")
    hooked.stage("not/pushed.pyc")
    said = rejected(hooked, "push", "origin", "topic")

    assert re.findall(r"(\S+): PYC", said) == ["a/m.pyc"]
    pasted(hooked, said)
    hooked.git("reset", "-q", "not")
    hooked.commit()
    hooked.git("push", "-q", "origin", "topic", "main")


@FRAMEWORKS
def test_all_files_finds_what_was_committed_before(hooked: Repository, framework: str) -> None:
    hooked.commit("a/__pycache__/m.pyc", ".coverage", ".coveragerc", "conda/env/env.py", "b/-m.pyc")
    hooked.link(".venv", "elsewhere")
    hooked.write("later/x.pyc", "intended")
    hooked.git("add", "-N", "later/x.pyc")

    result = hooked.framework(framework, "run", "--all-files")

    assert result.status == 1
    found = re.findall(r"^ *(\S+): PYC\d+", result.text, re.MULTILINE)
    assert found == [".coverage", ".venv", "a/__pycache__", "b/-m.pyc", "later/x.pyc"]
    pasted(hooked, result.text)
    assert hooked.framework(framework, "run", "--all-files").status == 0


@FRAMEWORKS
def test_exclude_in_the_users_configuration_works_as_for_every_hook(
    repository: Repository, published: Published, framework: str
) -> None:
    repository.write(".pre-commit-config.yaml", published.configuration(HOOK, extra="exclude: ^tests/data/"))
    repository.stage(".pre-commit-config.yaml", "tests/data/m.pyc", "tests/data/env/pyvenv.cfg", "tests/m.pyc")

    result = repository.framework(framework, "run", "--all-files")

    assert re.findall(r"(\S+): PYC", result.text) == ["tests/m.pyc"]
    pasted(repository, result.text)
    assert repository.framework(framework, "run").status == 0
    assert "tests/data/m.pyc" in repository.index()


@FRAMEWORKS
def test_fix_as_an_argument_of_the_hook(repository: Repository, published: Published, framework: str) -> None:
    repository.write(".pre-commit-config.yaml", published.configuration(HOOK, extra="args: [--fix]"))
    repository.stage(".pre-commit-config.yaml", "-m.pyc", "m.pyc", "m.py")
    installed(repository, framework)

    done = repository.git("commit", "-m", "polluted", fails=True)

    assert b"fixed: 2 files" in done.stdout + done.stderr
    repository.git("commit", "-q", "-m", "clean")
    assert list(repository.index()) == [".pre-commit-config.yaml", "m.py"]


@FRAMEWORKS
def test_a_list_of_names_that_is_split_is_repaired_part_by_part(hooked: Repository, framework: str) -> None:
    folder = "/".join(["a directory with a rather long name"] * 80)
    paths = [f"{folder}/module{number}.pyc" for number in range(60)]
    for path in paths:
        hooked.write(path, "x")
    staged_by_number(hooked, paths)

    said = hooked.framework(framework, "run").text
    assert said.count("fix: ") > (framework == "pre-commit")
    for _ in range(said.count("fix: ")):
        pasted(hooked, hooked.framework(framework, "run").text)

    assert hooked.framework(framework, "run").status == 0
    assert list(hooked.index()) == [".pre-commit-config.yaml", "m.py"]


@FRAMEWORKS
def test_a_clean_commit_does_not_start_the_hook(hooked: Repository, framework: str) -> None:
    hooked.stage("n.py", "docs/__pycache__.md", "env/settings.py", ".coveragerc")

    result = hooked.framework(framework, "run")

    assert result.status == 0
    assert "Skipped" in result.text


def test_a_workspace_of_prek_runs_the_hook_in_each_folder(hooked: Repository, published: Published) -> None:
    hooked.write("sub/.pre-commit-config.yaml", published.configuration(HOOK))
    hooked.stage("sub/.pre-commit-config.yaml", "sub/a/m.pyc", "m.pyc", "sub/__pycache__/x.pyc")
    installed(hooked, "prek")

    said = rejected(hooked, "commit", "-m", "polluted")

    assert {"sub/a/m.pyc", "sub/__pycache__"} <= set(re.findall(r"(\S+): PYC", said))
    for _ in range(2):
        said = os.fsdecode(hooked.prek("run").stdout)
        if "fix: " in said:
            pasted(hooked, said)
    hooked.git("commit", "-q", "-m", "clean")
    assert not [path for path in hooked.index() if path.endswith(".pyc")]
