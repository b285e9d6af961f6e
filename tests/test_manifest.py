"""The lists agree: modules, manifest, console scripts, README; and the manifest's filter lets through what matters."""

from __future__ import annotations

import os
import re
import tomllib
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]
from hypothesis import example, given
from hypothesis import strategies as st

from pycache_hooks import catalog
from pycache_hooks.readers import contexts, pytest_configuration, systems
from support import HOOKS, PROJECT, Repository, examples
from test_catalog import PATHS

ALLOWED = set(
    "id name entry language files exclude types types_or exclude_types always_run fail_fast verbose pass_filenames "
    "require_serial description language_version minimum_pre_commit_version args stages additional_dependencies alias "
    "log_file".split()
)
"""pre-commit's own keys (https://pre-commit.com/#creating-new-hooks): `validate-manifest` accepts any."""

STAGES = set(
    "commit-msg post-checkout post-commit post-merge post-rewrite pre-commit pre-merge-commit pre-push pre-rebase "
    "prepare-commit-msg manual".split()
)


def manifest() -> list[dict[str, Any]]:
    return list(yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")))


def project() -> dict[str, Any]:
    return dict(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


FORBID = next(hook for hook in manifest() if hook["id"] == "forbid-pycache")
FILES = re.compile(FORBID["files"])


def test_the_manifest_lists_the_hooks_in_order() -> None:
    assert [hook["id"] for hook in manifest()] == list(HOOKS)


def test_every_hook_is_a_console_script_of_the_same_name() -> None:
    scripts = {name: f"pycache_hooks.hooks.{name.replace('-', '_')}:main" for name in HOOKS}
    assert list(project()["scripts"].items()) == list(scripts.items())
    assert [hook["entry"] for hook in manifest()] == list(HOOKS)


def test_every_hook_is_a_module_with_tests() -> None:
    modules = sorted(name.replace("-", "_") for name in HOOKS)
    found = sorted(path.stem for path in (PROJECT / "src/pycache_hooks/hooks").glob("*.py") if path.stem != "__init__")
    assert found == modules
    tests = sorted(path.stem.removeprefix("test_") for path in (PROJECT / "tests/hooks").glob("test_*.py"))
    assert set(tests) >= set(modules)


def test_readme_has_a_section_for_each_hook_in_the_same_order() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ `?([a-z-]+)`?$", text, re.MULTILINE)
    assert [heading for heading in headings if heading in HOOKS] == list(HOOKS)


@pytest.mark.parametrize("hook", manifest(), ids=lambda hook: str(hook["id"]))
def test_the_manifest_has_no_key_and_no_stage_that_pre_commit_does_not_know(hook: dict[str, Any]) -> None:
    assert set(hook) <= ALLOWED
    assert set(hook["stages"]) <= STAGES
    assert hook["language"] == "python"
    assert hook["name"]
    assert hook["description"].endswith(".")
    assert isinstance(hook.get("pass_filenames", True), bool)


def test_pre_commit_accepts_the_manifest(repository: Repository) -> None:
    done = repository.pre_commit("validate-manifest", str(PROJECT / ".pre-commit-hooks.yaml"))
    assert done.status == 0, done


def test_prek_accepts_the_manifest(repository: Repository) -> None:
    done = repository.prek("validate-manifest", str(PROJECT / ".pre-commit-hooks.yaml"))
    assert done.status == 0, done


def test_links_and_submodules_reach_the_hook() -> None:
    assert FORBID["types"] == []
    assert "types_or" not in FORBID


def test_the_filter_is_plain_enough_for_every_engine() -> None:
    assert "(?" not in FORBID["files"]
    assert not re.search(r"\\[1-9a-zA-Z]", FORBID["files"])
    assert not re.search(r"[*+?}][+?]", FORBID["files"])


@pytest.mark.parametrize("row", [row for row in catalog.CACHES if row.forbidden], ids=lambda row: row.name)
def test_the_filter_lets_every_forbidden_row_through(row: catalog.Cache) -> None:
    for path in examples(row):
        assert FILES.search(path), path
    link = row.name.replace("*", "x").removesuffix("/")
    assert FILES.search(link)
    assert FILES.search(f"a/{link}")


@pytest.mark.parametrize(
    "path",
    [
        "pyvenv.cfg",
        "e/pyvenv.cfg",
        "e/bin/activate",
        "bin/activate",
        "e/Scripts/activate",
        "e/conda-meta/history",
        "e/lib/python3.12/site-packages/x",
        "e/lib/python3.13t/site-packages/x",
        "m.cpython-312.pyc.140247",
        "a\nb/m.pyc",
        os.fsdecode(b"\xff/m.pyc"),
        "-m.pyc",
    ],
)
def test_the_filter_lets_the_proofs_of_an_environment_and_awkward_names_through(path: str) -> None:
    assert FILES.search(path)


@pytest.mark.parametrize(
    "path",
    "m.py conda/env/env.py .env docs/__pycache__.md my__pycache__notes.txt .cached_models/x x.pyd x.pyz .coveragerc "
    ".envrc dist/x.js src/venv/x.py tests/site-packages/x.py .venvs activate".split(),
)
def test_the_filter_keeps_the_hook_from_starting_for_ordinary_files(path: str) -> None:
    assert not FILES.search(path)


@example("lib/python3.x\n/site-packages/x")
@given(PATHS)
def test_the_filter_never_misses_what_the_hook_could_object_to(path: str) -> None:
    objects = (
        any(row.forbidden for _, row in catalog.caches_in(path, link=True))
        or catalog.installed_packages(path)
        or f"/{path}".endswith(tuple(f"/{name}" for name in catalog.ENVIRONMENT_PROOFS + catalog.ACTIVATE_SCRIPTS))
    )
    if objects:
        assert FILES.search(path)


CONFIGURATIONS = {
    "check-pycache-dockerfile": (
        "Dockerfile Dockerfile.dev Dockerfile-dev a/api.dockerfile a/Containerfile dockerfile Containerfile.x DockerFile",
        "Dockerfiles/x.py a/dockerfile.d/x docker.py undockerfile .dockerignore",
        contexts.is_dockerfile,
    ),
    "check-pycache-compose": (
        "compose.yaml a/docker-compose.yml docker-compose.dev.yml docker-compose-dev.yaml compose.override.yml compose-x.yml",
        "compose.py my-compose.yml compose/x.yml docker-compose.yml.j2",
        contexts.is_compose_file,
    ),
    "check-pycache-ci": (
        ".github/workflows/a.yml action.yml .gitlab-ci.yml .gitlab/x.yml my-buildspec.yml azure-pipelines.yml .azuredevops/x.yml",
        ".github/dependabot.yml workflows/a.yml a.yml ci.py",
        systems.is_pipeline,
    ),
    "check-pycache-pytest": (
        "pytest.ini .pytest.ini pytest.toml .pytest.toml a/pyproject.toml tox.ini setup.cfg",
        "mypytest.ini pytest.ini.j2 conftest.py setup.py",
        lambda path: path.rpartition("/")[2] in pytest_configuration.HOMES,
    ),
}


@pytest.mark.parametrize("hook", CONFIGURATIONS)
def test_the_filter_of_a_check_lets_through_what_it_judges(hook: str) -> None:
    judged, others, predicate = CONFIGURATIONS[hook]
    files = re.compile(next(entry["files"] for entry in manifest() if entry["id"] == hook))

    for path in judged.split():
        assert files.search(path), path
        assert predicate(path), path
    for path in others.split():
        assert not files.search(path), path
        assert not predicate(path), path


@pytest.mark.parametrize("hook", CONFIGURATIONS)
@given(st.data())
def test_the_filter_of_a_check_never_misses_a_name_that_it_judges(hook: str, data: st.DataObject) -> None:
    piece = st.sampled_from(["", "x", "a b/", "größe", ".", "-", "/"])
    name = data.draw(st.sampled_from(CONFIGURATIONS[hook][0].split()))
    cut = data.draw(st.integers(0, len(name)))
    path = "".join((data.draw(piece), name[:cut], data.draw(piece), name[cut:], data.draw(piece)))
    files = next(entry["files"] for entry in manifest() if entry["id"] == hook)

    if CONFIGURATIONS[hook][2](path):
        assert re.search(files, path)
