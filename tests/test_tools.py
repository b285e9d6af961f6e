"""The programs in tools/, and what they keep in step."""

from __future__ import annotations

import csv
import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pycache_hooks import catalog, rules
from support import Repository

if TYPE_CHECKING:
    from types import ModuleType

PROJECT = Path(__file__).resolve().parent.parent
TOOLS = PROJECT / "tools"
PARTS = sorted(
    {part for row in catalog.CACHES for part in row.name.replace("*", "x").strip("/").split("/")}
    | {"lib", "python3.12", "site-packages", "pyvenv.cfg", "conda-meta", "history", "bin", "Scripts", "activate"}
    | {"sbin", "m.pyc", "m.pyc.140247", "x$py.class", ".coverage.host.1", "a\nb", "größe", "app"}
)


def load(name: str) -> ModuleType:
    """A program of tools/ as a module. Two of them have names that an import statement cannot say."""
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    if name in sys.modules and Path(sys.modules[name].__file__ or "").parent == TOOLS:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(f"tools_{name}", TOOLS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load("generate")
UNIX = pytest.mark.skipif(
    os.name == "nt", reason="symbolic links and a shell, for which Windows needs more than git and Python"
)


def run(*command: str | Path, cwd: Path = PROJECT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


# generate.py


def test_what_is_generated_is_fresh() -> None:
    done = run(sys.executable, "tools/generate.py", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_stale_is_named_and_made_anew(tmp_path: Path) -> None:
    for name in ("tools", "src"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", ".pre-commit-hooks.yaml", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    manifest, readme, program = (
        tmp_path / ".pre-commit-hooks.yaml",
        tmp_path / "README.md",
        tmp_path / "tools/generate.py",
    )
    good = manifest.read_bytes(), readme.read_bytes()
    manifest.write_bytes(good[0].replace(b"__pycache__", b"__pycach__"))
    readme.write_bytes(good[1].replace(b"numba", b"lumba"))

    stale = run(sys.executable, program, "--check")
    assert (stale.returncode, stale.stdout.splitlines()[0]) == (1, "stale: .pre-commit-hooks.yaml README.md")
    assert run(sys.executable, program).returncode == 0
    assert (manifest.read_bytes(), readme.read_bytes()) == good


def test_an_unknown_option_is_a_usage_error() -> None:
    assert run(sys.executable, "tools/generate.py", "--chek").returncode == 2


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("/".join))
@example("venv/lib/python3.12/site-packages/x.py")
@example("tools/sbin/activate")
@example("a\n/__pycache__/m.nbi")
@example(".cache/pip")
def test_the_manifest_selects_whatever_the_hook_could_object_to(path: str) -> None:
    by_name = any(row.forbidden for _, row in catalog.caches_in(path, link=True))
    proof = any(f"/{path}".endswith(f"/{proof}") for proof in catalog.ENVIRONMENT_PROOFS)
    if by_name or proof or path.endswith(catalog.ACTIVATE_SCRIPTS) or catalog.installed_packages(path):
        assert re.search(generate.files_expression(), path)


@pytest.mark.parametrize(
    "path",
    [
        *("conda/env/env.py", "Lib/venv/__init__.py", ".env", "docs/__pycache__.md", "my__pycache__notes.txt"),
        *(".cached_models/x", "x.pyd", "x.pyz", ".coveragerc", "src/activate.py", "notes.pyc.txt", "xpyc", ".venvs/x"),
    ],
)
def test_the_manifest_passes_over_what_only_looks_alike(path: str) -> None:
    assert not re.search(generate.files_expression(), path)


def test_the_expression_is_plain_enough_for_rust() -> None:
    expression = generate.files_expression()
    assert not re.search(r"\(\?|\\[^.$]|[{}]", expression)
    assert f"files: '{expression}'\n" in (PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")


# What must agree


def test_the_own_configuration_needs_what_the_project_needs() -> None:
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    own = (PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    ruff = [requirement for requirement in pyproject["dependency-groups"]["dev"] if requirement.startswith("ruff")]
    assert f"&needs [{', '.join(pyproject['project']['dependencies'])}]" in own
    assert f"&ruff [{ruff[0]}]" in own


def test_ci_ends_with_readmes_second_command() -> None:
    commands = re.findall(r"^python3 tools/\S+", (PROJECT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert commands[:2] == ["python3 tools/try.py", "python3 tools/test.py"]
    assert (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == commands[1]


@pytest.mark.parametrize("hook", ["check-pycache-gitignore", "check-pycache-dockerignore"])
def test_the_example_in_readme_is_what_the_hook_says(repository: Repository, hook: str) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition(f"\n## {hook}\n")[2].partition("```console\n")[2].partition("```")[0]
    before, _, said = shown.removeprefix("$ cat ").partition(f"$ {hook}\n")
    name, _, content = before.partition("\n")
    for path in ("shop/__init__.py", "shop/cart.py", "pyproject.toml"):
        repository.write(path)
    repository.write("Dockerfile", "FROM python:3.13-slim\nCOPY . /app\n")
    repository.write(name, content)
    repository.git("add", ".")
    assert repository.hook(hook).text == said


@pytest.mark.parametrize(
    "hook", ["check-pycache-dockerfile", "check-pycache-compose", "check-pycache-ci", "check-pycache-pytest"]
)
def test_what_readme_shows_before_is_found_and_after_it_nothing(repository: Repository, hook: str) -> None:
    section = (PROJECT / "README.md").read_text(encoding="utf-8").partition(f"\n## {hook}\n")[2]
    shown = section.partition("```console\n$ cat ")[2].partition("```")[0]
    before, _, said = shown.partition(f"$ {hook}")
    name, _, content = before.partition("\n")
    arguments, _, said = said.partition("\n")
    diff = section.partition("```diff\n")[2].partition("```")[0].splitlines()
    for path in ("shop/__init__.py", "shop/__main__.py", "requirements.txt"):
        repository.write(path)
    repository.write(name, content)
    repository.git("add", ".")
    assert repository.hook(hook, *arguments.split()).text == said
    assert [line[1:] for line in diff if not line.startswith("+")] == content.splitlines()
    repository.write(name, "".join(f"{line[1:]}\n" for line in diff if not line.startswith("-")))
    done = repository.hook(hook, *arguments.split())
    assert (done.status, done.text) == (0, "")


def test_the_example_of_forbid_pycache_in_readme_is_what_the_hook_says(repository: Repository) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("\n## forbid-pycache\n")[2].partition("exit code: 1\n\n")[2].partition("```")[0]
    repository.stage(".coverage", "shop/__pycache__/__init__.cpython-313.pyc", "shop/__pycache__/cart.cpython-313.pyc")
    repository.link(".venv", "../main/.venv")
    assert repository.hook("forbid-pycache").text == shown


def test_a_hook_runs_from_the_checkout() -> None:
    done = run(sys.executable, "tools/hook.py", "forbid-pycache", "--help")
    assert done.returncode == 0
    assert "--staged" in done.stdout


# environment.py and test.py

SMALL_PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "small"
version = "1"
[dependency-groups]
dev = []
[tool.hatch.build.targets.wheel]
packages = ["tools"]
"""


def test_an_environment_is_made_repaired_reused_and_renewed(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(TOOLS / "environment.py", tmp_path / "tools")
    (tmp_path / "pyproject.toml").write_text(SMALL_PROJECT, "utf-8")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to("python3-that-was-removed")
    program = (sys.executable, "tools/environment.py")

    made = run(*program, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stderr.startswith("making .venv\ninstalling ")
    assert run(*program, cwd=tmp_path).stderr == ""

    (tmp_path / "pyproject.toml").write_text(f"{SMALL_PROJECT}# changed", "utf-8")
    assert run(*program, cwd=tmp_path).stderr.startswith("installing ")
    assert run(*program, cwd=tmp_path).stderr == ""


@UNIX
def test_a_python_that_makes_no_environments_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    broken.chmod(0o755)
    with pytest.raises(SystemExit) as ended:
        load("environment").prepare(tmp_path / "venv", str(broken))
    assert ended.value.code == 2
    _, reason = capsys.readouterr().err.splitlines()
    assert "apt install" in reason


def test_only_pythons_that_start_are_taken(tmp_path: Path) -> None:
    tests = load("test")
    current = "{}.{}".format(*sys.version_info)
    assert tests.version_of(sys.executable) == current
    assert tests.version_of(str(tmp_path)) == ""
    found = dict(tests.others(current))
    assert current not in found
    assert {tests.version_of(executable) for executable in found.values()} == set(found)


# try.py: through real pre-commit, so these are the slow ones


@pytest.fixture
def workshop(shared: Path) -> Path:
    return shared / "workshop"


def digest(directory: Path) -> str:
    """Everything in *directory*, git's own files included."""
    state = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        state.update(os.fsencode(path))
        if path.is_symlink():
            state.update(os.fsencode(path.readlink()))
        elif path.is_file():
            state.update(path.read_bytes())
    return state.hexdigest()


@UNIX
def test_the_demonstration_shows_each_hook_fail_its_repair_and_the_pass(
    workshop: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = load("try")
    status = program.demonstrate(Path(sys.executable), workshop)
    output = capfd.readouterr().out
    assert status == 0, output
    _, everything, *hooks, whole = re.split(r"^=== ", output, flags=re.MULTILINE)
    assert [section.split()[1].rstrip(":") for section in hooks] == list(program.HOOKS)
    assert [*program.HOOKS, program.ALL_CHECKS, "run-without-pycache"] == generate.hooks()
    assert re.search(r"\.Failed$", everything, re.MULTILINE)
    for hook, section in zip(program.HOOKS, hooks, strict=True):
        first, repair, again = re.split(r"\n--- (?=the repair|and again)", section)
        assert re.search(r"\.Failed$", first, re.MULTILINE)
        if hook in program.REPAIRS:
            assert "\n+" in repair
        else:
            assert f"$ {program.repair_in(first)}\n" in repair
        assert re.search(r"(Passed|Skipped)$", again, re.MULTILINE)
        assert "Traceback" not in section
    assert "Failed" not in whole


@UNIX
def test_a_given_repository_is_judged_and_left_as_it_is(
    tmp_path: Path, workshop: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = load("try")
    program.pollute(tmp_path / "shop")
    before = digest(tmp_path)
    assert program.inspect(tmp_path / "shop" / "shop", Path(sys.executable), workshop) == 1
    assert digest(tmp_path) == before
    output = capfd.readouterr().out
    assert "PYC101" in output
    assert output.count("Failed\n") == len(program.HOOKS)  # all but prune-pycache, and check-pycache too


def test_a_path_that_is_no_repository_is_exit_2(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        load("try").inspect(tmp_path, Path(sys.executable), tmp_path)
    assert ended.value.code == 2


# judged.py: what the checks said of public repositories, and whether they were right

JUDGED = PROJECT / "tests/judged"


def rows(name: str) -> list[dict[str, str]]:
    with (JUDGED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_finding_was_judged_and_fewer_than_3_in_100_are_wrong() -> None:
    repositories = [row["repository"] for row in rows("repositories.csv")]
    findings = rows("findings.csv")
    assert sorted(set(repositories)) == sorted(repositories)
    assert len(repositories) >= 25
    assert {row["repository"] for row in findings} <= set(repositories)
    assert {row["code"] for row in findings} <= {rule.code for rule in rules.RULES}
    assert all(row["reason"] for row in findings)
    wrong = [row for row in findings if row["verdict"] == "wrong"]
    assert {row["verdict"] for row in findings} <= {"right", "wrong"}
    assert len(wrong) * 100 < 3 * len(findings)


@UNIX
def test_a_checkout_is_judged_again_and_compared(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = load("judged")
    folder = tmp_path / "checkouts"
    made = Repository.create(folder / "owner+name", repository.env)
    made.write("Dockerfile", "FROM python:3.13\nRUN python -m app\n")
    commit = made.commit("Dockerfile")
    tables = {"REPOSITORIES": f"repository,commit\nowner/name,{commit}\n", "FINDINGS": ",".join(program.COLUMNS) + "\n"}
    for name, text in tables.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr(program, name, tmp_path / name)
    monkeypatch.setattr(program.environment, "prepare", lambda: Path(sys.executable))

    assert program.main([str(folder)]) == 1
    assert program.main([str(folder), "--write"]) == 1
    assert (tmp_path / "FINDINGS").read_text(encoding="utf-8").splitlines()[1:] == ["owner/name,Dockerfile,2,PYC501,,"]
    assert program.main([str(folder), "--list"]) == 0
    assert program.main([]) == 2
    made.commit("another")
    with pytest.raises(SystemExit):
        program.main([str(folder)])
