"""prune-pycache: what goes, what stays, and what it says when it cannot."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pycache_hooks import catalog
from pycache_hooks.hooks.prune_pycache import main
from support import SOURCES, UNPRIVILEGED, Repository, Result, environment, hook_command, run, run_hook, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support import Published

NOBODY = 65534
DAY = 86_400
VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def snapshot(root: Path) -> dict[str, str]:
    """All that lies below *root*, each with its mode and a digest of what is in it; no link is followed."""
    seen = {}
    for folder, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                content = os.fsencode(os.readlink(path))
            elif stat.S_ISREG(status.st_mode):
                content = Path(path).read_bytes()
            else:
                content = b""
            seen[os.path.relpath(path, root)] = f"{status.st_mode:o} {hashlib.sha256(content).hexdigest()}"
    return seen


def prune(repository: Repository, *arguments: str, status: int = 0, within: str = ".", **variables: str) -> Pruned:
    """Run the hook; what it removed is in the answer, and all the rest is byte for byte as it was."""
    before = snapshot(repository.path)
    result = repository.hook("prune-pycache", *arguments, within=within, **variables)
    after = snapshot(repository.path)
    assert after == {path: before[path] for path in after}, result
    assert result.status == status, result
    assert b"Traceback" not in result.stderr, result
    return Pruned(result, before.keys() - after.keys())


class Pruned:
    def __init__(self, result: Result, removed: set[str]) -> None:
        self.result = result
        self.text = result.text
        self.removed = removed


def fails(repository: Repository, *arguments: str, within: str = ".", **variables: str) -> str:
    """What the hook says on stderr, in one line, when it removes nothing and exits 2."""
    pruned = prune(repository, *arguments, status=2, within=within, **variables)
    assert pruned.removed == set()
    message = os.fsdecode(pruned.result.stderr)
    assert message.startswith("prune-pycache: ")
    assert message.count("\n") == 1
    return message


def variables(repository: Repository) -> dict[str, str]:
    """What the hook's sources need, where a test starts the hook by itself."""
    return repository.env | {"PYTHONPATH": str(SOURCES)}


def interpreters() -> dict[str, str]:
    """Every Python on this machine: its version, and an executable."""
    found: dict[str, str] = {}
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in VERSIONS:
        on_path = shutil.which(f"python{version}")
        places: list[str | Path] = [*versions.glob(f"{version}.*/bin/python{version}"), *([on_path] if on_path else [])]
        for place in places:
            asked = subprocess.run(
                [place, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, check=False
            )
            if asked.stdout.strip() == version.encode():
                found[version] = str(place)
                break
    return found


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A directory full of caches, that must be as it was when the test ends."""
    path = tmp_path / "outside"
    for name in ("__pycache__/m.cpython-311.pyc", ".mypy_cache/a.json", "3.11/a.json", "m.pyc", "m.py", "pkg/m.py"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name, encoding="utf-8")
    (path / "pkg/__pycache__").mkdir()
    (path / "pkg/__pycache__/m.cpython-311.pyc").write_text("precious", encoding="utf-8")
    before = snapshot(path)
    yield path
    assert snapshot(path) == before


# What stays


@pytest.mark.parametrize(
    "path",
    [
        "__pycache__/m.cpython-311.pyc",
        "pkg/m.pyc",
        ".mypy_cache/3.11/a.json",
        ".pytest_cache/v/README",
        ".testmondata",
        "größe/__pycache__/ä.cpython-311.pyc",
        "tab\there/__pycache__/new\nline.cpython-311.pyc",
        os.fsdecode(b"\xff/__pycache__/\xfe.cpython-311.pyc"),
    ],
    ids=ascii,
)
def test_what_is_in_the_index_stays_and_is_named(repository: Repository, path: str) -> None:
    repository.stage("pkg/m.py", path)
    repository.write(f"{os.path.dirname(path)}/other/__pycache__/x.cpython-311.pyc".lstrip("/"))
    pruned = prune(repository)
    assert path not in pruned.removed
    assert "it is tracked" in pruned.text


def test_what_the_last_commit_holds_but_the_index_does_not_may_go(repository: Repository) -> None:
    repository.commit("m.py", "__pycache__/m.cpython-311.pyc")
    repository.git("rm", "-q", "--cached", "__pycache__/m.cpython-311.pyc")
    assert prune(repository).removed == {"__pycache__", "__pycache__/m.cpython-311.pyc"}


def test_a_tracked_file_keeps_its_neighbours_from_nothing(repository: Repository) -> None:
    repository.stage(".mypy_cache/3.11/kept.json")
    repository.write(".mypy_cache/3.11/a.json")
    repository.write(".mypy_cache/3.12/b.json")
    assert prune(repository).removed == {".mypy_cache/3.11/a.json", ".mypy_cache/3.12", ".mypy_cache/3.12/b.json"}


@pytest.mark.parametrize("within", [".", "pkg", "pkg/deep"])
def test_tracked_means_the_whole_repository_wherever_it_is_run(repository: Repository, within: str) -> None:
    tracked = ["m.pyc", "pkg/m.pyc", "pkg/deep/__pycache__/m.cpython-311.pyc", "z/__pycache__/m.cpython-311.pyc"]
    repository.stage("m.py", "pkg/m.py", "pkg/deep/m.py", *tracked)
    repository.write("z/__pycache__/n.cpython-311.pyc")
    assert prune(repository, within=within).removed == {"z/__pycache__/n.cpython-311.pyc"}


@pytest.mark.parametrize("within", [".", "pkg"])
@pytest.mark.parametrize("directory", [None, "."])
def test_in_a_hook_of_a_linked_worktree_too(repository: Repository, within: str, directory: str | None) -> None:
    repository.commit("m.py", "m.pyc", "pkg/m.py", "pkg/m.pyc", "pkg/__pycache__/m.cpython-311.pyc")
    repository.git("worktree", "add", "-q", "../linked")
    linked = Repository(repository.path.parent / "linked", repository.env)
    told = linked.git("rev-parse", "--absolute-git-dir").text.strip()
    linked.write("pkg/__pycache__/n.cpython-311.pyc")
    arguments = () if directory is None else (directory,)
    pruned = prune(linked, *arguments, within=within, GIT_DIR=told, GIT_INDEX_FILE=f"{told}/index", GIT_PREFIX="")
    assert pruned.removed == {"pkg/__pycache__/n.cpython-311.pyc"}


@pytest.mark.parametrize("directory", [None, "."])
def test_a_repository_that_only_variables_name(repository: Repository, directory: str | None) -> None:
    repository.stage("m.py", "m.pyc", "__pycache__/m.cpython-311.pyc")
    repository.write("n.py")
    repository.write("n.pyc")
    elsewhere = repository.path.parent / "elsewhere.git"
    (repository.path / ".git").rename(elsewhere)
    arguments = () if directory is None else (directory,)
    assert prune(repository, *arguments, GIT_DIR=str(elsewhere)).removed == {"n.pyc"}
    repository.write("n.pyc")
    pruned = prune(repository, *arguments, GIT_DIR=str(elsewhere), GIT_WORK_TREE=str(repository.path))
    assert pruned.removed == {"n.pyc"}


def test_a_variable_that_names_no_repository_is_our_own_failure(tmp_path: Path, env: dict[str, str]) -> None:
    plain = Repository(tmp_path / "plain", env)
    plain.write("__pycache__/m.cpython-311.pyc")
    assert "not a git repository" in fails(plain, ".", GIT_DIR=str(tmp_path / "nowhere"))


def test_what_only_the_real_index_holds_stays_while_a_commit_uses_another(repository: Repository) -> None:
    repository.commit("m.py", "other.txt")
    repository.stage("__pycache__/staged.cpython-311.pyc")
    repository.git("read-tree", "--index-output=.git/next-index-1.lock", "HEAD")
    repository.write("__pycache__/m.cpython-311.pyc")
    pruned = prune(repository, GIT_INDEX_FILE=str(repository.path / ".git/next-index-1.lock"))
    assert pruned.removed == {"__pycache__/m.cpython-311.pyc"}


def test_what_only_this_commits_index_holds_stays(repository: Repository) -> None:
    repository.commit("m.py")
    shutil.copy(repository.path / ".git/index", repository.path / ".git/real")
    repository.stage("pkg/__pycache__/staged.cpython-311.pyc")
    (repository.path / ".git/index").rename(repository.path / ".git/next")
    (repository.path / ".git/real").rename(repository.path / ".git/index")
    for within in (".", "pkg"):
        for named in (".git/next", str(repository.path / ".git/next")):
            assert prune(repository, within=within, GIT_INDEX_FILE=named).removed == set()
            assert prune(repository, ".", within=within, GIT_INDEX_FILE=named).removed == set()


def test_git_commit_of_a_path_leaves_what_is_staged_besides(repository: Repository) -> None:
    repository.commit("m.py", "other.txt")
    hook = repository.write(".git/hooks/pre-commit", f"#!/bin/sh\nexec {shlex.join(hook_command('prune-pycache'))}\n")
    hook.chmod(0o755)
    repository.stage("__pycache__/staged.cpython-311.pyc")
    repository.write("__pycache__/m.cpython-311.pyc")
    repository.write("other.txt", "changed")
    done = run(
        ["git", "commit", "-q", "-m", "only the path", "--", "other.txt"], repository.path, variables(repository)
    )
    assert done.status == 0, done
    assert os.listdir(repository.path / "__pycache__") == ["staged.cpython-311.pyc"]


def test_case_does_not_matter_where_a_file_system_ignores_it(repository: Repository) -> None:
    """On disk is what git, told that the file system ignores case, takes for the tracked file."""
    repository.git("config", "core.ignorecase", "true")
    repository.stage("Pkg/__PyCache__/M.cpython-311.pyc", "Größe/__pycache__/Ä.cpython-311.pyc", ".Mypy_Cache/A.json")
    for name in ("Pkg", "Größe", ".Mypy_Cache"):
        shutil.rmtree(repository.path / name)
    for name in ("pkg/__pycache__/m.cpython-311.pyc", "größe/__pycache__/ä.cpython-311.pyc", ".mypy_cache/a.json"):
        repository.write(name)
    assert prune(repository).removed == set()


def test_a_sourceless_module_stays(repository: Repository) -> None:
    for name in ("code.pyc", "code2.pyo", "jython$py.class", "m.py.pyc", "n.pyx.pyc", "folder.pyc", "dangling.pyc"):
        repository.write(name)
    for name in ("m.py", "n.py", "folder.py/x", "code.pyw"):
        repository.write(name)
    repository.write("code.pyc.140247")
    (repository.path / "dangling.py").symlink_to("nowhere")
    assert prune(repository).removed == set()


def test_a_foreign_file_in_pycache_stays_and_is_named(repository: Repository) -> None:
    repository.write("__pycache__/notes.txt", "mine")
    repository.write("__pycache__/m.py", "mine")
    repository.write("__pycache__/deep/m.cpython-311.pyc", "mine")
    repository.write("__pycache__/m.cpython-311.pyc")
    pruned = prune(repository)
    assert pruned.removed == {"__pycache__/m.cpython-311.pyc"}
    for name in ("notes.txt", "m.py", "deep"):
        assert f"kept __pycache__/{name}: it is not bytecode" in pruned.result.lines


def test_many_that_stay_are_counted(repository: Repository) -> None:
    for number in range(20):
        repository.write(f"__pycache__/{number:02}.txt")
    pruned = prune(repository)
    assert "kept __pycache__/11.txt: it is not bytecode" in pruned.text
    assert "12.txt" not in pruned.text
    assert "... and 8 more are kept" in pruned.result.lines


@pytest.mark.parametrize("suffix", [".pyd", ".so", ".pyz", ".cpython-311-x86_64-linux-gnu.so", ".py", ".pyi", ".pycx"])
def test_what_is_no_cache_stays(repository: Repository, suffix: str) -> None:
    for folder in ("", "pkg/", "__pycache__/", "pkg/__pycache__/"):
        repository.write(f"{folder}m{suffix}", "x")
    repository.write("m.py")
    assert prune(repository).removed == set()


def test_links_stay_and_what_they_lead_to(repository: Repository, outside: Path) -> None:
    root = repository.path
    for name in ("__pycache__", ".mypy_cache", ".pytest_cache", "linked", ".benchmarks", "node_modules", ".venv"):
        (root / name).symlink_to(outside)
    repository.write("m.py")
    repository.write("pkg/__pycache__/m.cpython-311.pyc")
    (root / "m.pyc").symlink_to(outside / "m.pyc")
    (root / ".testmondata").symlink_to(outside / "m.pyc")
    (root / "pkg/__pycache__/x.cpython-311.pyc").symlink_to(outside / "m.pyc")
    (root / "pkg/__pycache__/deep").symlink_to(outside)
    assert prune(repository, "--include", ".venv").removed == {"pkg/__pycache__/m.cpython-311.pyc"}


def test_a_link_in_a_tool_cache_goes_and_what_it_leads_to_stays(repository: Repository, outside: Path) -> None:
    repository.write(".mypy_cache/a.json")
    (repository.path / ".mypy_cache/3.11").symlink_to(outside)
    (repository.path / ".mypy_cache/x").symlink_to(outside / "m.py")
    (repository.path / ".mypy_cache/loop").symlink_to(".")
    assert ".mypy_cache" in prune(repository).removed


def test_the_repository_itself_stays(repository: Repository) -> None:
    repository.write(".git/hooks/__pycache__/m.cpython-311.pyc")
    repository.write(".git/.mypy_cache/a.json")
    assert prune(repository).removed == set()


CACHES = ("__pycache__/m.cpython-311.pyc", "deep/__pycache__/m.cpython-311.pyc", ".mypy_cache/a.json", "m.pyc", "m.py")


def caches_in(repository: Repository, folder: str) -> None:
    for name in CACHES:
        repository.write(f"{folder}/{name}")


@pytest.mark.parametrize("stale", [(), ("--stale", "--older-than", "0")])
def test_a_nested_repository_stays(repository: Repository, stale: tuple[str, ...]) -> None:
    Repository.create(repository.path / "nested", repository.env).commit("x")
    repository.commit("x")
    repository.git("worktree", "add", "-q", "worktrees/linked")
    repository.git("init", "-q", "--bare", "bare")
    repository.git("init", "-q", "--bare", "moved")
    (repository.path / "moved/objects").rename(repository.path / "objects")
    (repository.path / "moved/objects").symlink_to("../objects")
    repository.git("init", "-q", "--separate-git-dir", "separate", "work")
    for name in ("nested", "worktrees/linked", "bare", "moved", "separate", "work"):
        caches_in(repository, name)
    assert prune(repository, *stale).removed == set()


def test_a_repository_in_a_cache_stays(repository: Repository) -> None:
    for name in (".mypy_cache/clone", ".pytest_cache", "__pycache__"):
        Repository.create(repository.path / name, repository.env).write("m.cpython-311.pyc")
    repository.git("init", "-q", "--bare", ".mypy_cache/bare")
    repository.write(".mypy_cache/a.json")
    pruned = prune(repository)
    assert pruned.removed == {".mypy_cache/a.json"}
    for name in (".mypy_cache/bare", ".mypy_cache/clone", ".pytest_cache", "__pycache__"):
        assert f"kept {name}: it is a repository of its own" in pruned.result.lines


def test_a_submodule_stays(repository: Repository, tmp_path: Path) -> None:
    library = Repository.create(tmp_path / "library", repository.env)
    library.commit("m.py")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.path), "lib/größe")
    caches_in(repository, "lib/größe")
    assert prune(repository).removed == set()


def test_a_submodule_that_is_not_initialised_stays(repository: Repository) -> None:
    commit = repository.commit("x")
    for name in ("lib/sub", ".pytest_cache"):
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{name}")
        caches_in(repository, name)
    pruned = prune(repository)
    assert pruned.removed == set()
    assert "kept lib/sub/__pycache__: it lies in a submodule" in pruned.result.lines
    assert prune(repository, "--stale").removed == set()


@pytest.mark.parametrize("name", ["venv", ".venv", "env", ".env", "build", "größe x", "lib"])
def test_a_virtual_environment_of_any_name_stays(repository: Repository, name: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", repository.path / name], check=True)
    caches_in(repository, name)
    caches_in(repository, f"{name}/lib/python3.11/site-packages/pkg")
    assert prune(repository).removed == set()


def test_a_conda_environment_stays(repository: Repository) -> None:
    repository.write("anything/conda-meta/history")
    caches_in(repository, "anything")
    assert prune(repository).removed == set()


def test_an_environment_in_a_tool_cache_stays(repository: Repository) -> None:
    repository.write(".pytest_cache/env/pyvenv.cfg")
    repository.write(".pytest_cache/a")
    pruned = prune(repository)
    assert pruned.removed == {".pytest_cache/a"}
    assert "kept .pytest_cache/env: it is a virtual environment" in pruned.result.lines


def test_a_root_that_is_an_environment_stays_and_it_says_so(repository: Repository) -> None:
    repository.write("pyvenv.cfg")
    caches_in(repository, "src")
    pruned = prune(repository)
    assert pruned.removed == set()
    assert "kept .: it is a virtual environment" in pruned.result.lines


def test_a_directory_called_venv_is_no_environment(repository: Repository) -> None:
    for name in ("venv", "env", ".env", "build", "dist", "x.egg-info", "lib"):
        repository.write(f"{name}/__pycache__/m.cpython-311.pyc")
    assert len(prune(repository).removed) == 14


def test_a_root_below_a_directory_called_venv_is_pruned_as_usual(tmp_path: Path, env: dict[str, str]) -> None:
    made = Repository.create(tmp_path / "venv/project", env)
    caches_in(made, ".")
    assert len(prune(made).removed) == 7
    caches_in(made, "again")
    (tmp_path / "venv/pyvenv.cfg").touch()  # a project that was cloned into an environment
    assert len(prune(made, str(made.path)).removed) == 7


@pytest.mark.parametrize("place", ["lib/python3.11/site-packages/pkg", "lib", "bin", "Scripts/x", "conda-meta"])
@pytest.mark.parametrize("marker", ["pyvenv.cfg", "conda-meta/history"])
def test_a_root_in_an_environment_is_refused(tmp_path: Path, env: dict[str, str], place: str, marker: str) -> None:
    made = Repository(tmp_path / "any", env)
    made.write(marker)
    caches_in(made, place)
    assert f"lies in the virtual environment {made.path}" in fails(made, str(made.path / place))


def test_node_modules_stay(repository: Repository) -> None:
    caches_in(repository, "node_modules")
    caches_in(repository, "frontend/node_modules/node-gyp/gyp")
    assert prune(repository).removed == set()


@pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0,
    reason="mounting is not permitted here",
)
def test_another_mount_stays(repository: Repository, outside: Path) -> None:
    """A bind mount has the device number of the tree that it is in, a tmpfs has not; names are escaped in the list."""
    folders = ("bound", "sp ace\nline\\040", ".mypy_cache/bound", ".pytest_cache", "tmp")
    for folder in folders:
        (repository.path / folder).mkdir(parents=True)
    for folder in (".mypy_cache", "own"):
        repository.write(f"{folder}/__pycache__/m.cpython-311.pyc")
    mounts = [f"mount --bind {shlex.quote(str(outside))} {shlex.quote(name)}" for name in folders[:-1]]
    script = " && ".join([
        *mounts,
        "mount -t tmpfs none tmp",
        "mkdir tmp/__pycache__",
        "touch tmp/__pycache__/m.cpython-311.pyc",
        shlex.join(hook_command("prune-pycache")),
        "ls tmp/__pycache__",
    ])  # fmt: skip
    result = run(["unshare", "-m", "bash", "-c", script], repository.path, variables(repository))
    assert result.status == 0, result
    assert result.lines[-1] == "m.cpython-311.pyc"
    assert "kept .mypy_cache/bound: another file system is mounted there" in result.lines
    left = {path for path in snapshot(repository.path) if not path.startswith(".git")}
    assert left == {*folders, ".mypy_cache", "own"}


# What goes


def test_bytecode_of_every_interpreter_goes(repository: Repository) -> None:
    repository.stage("pkg/m.py")
    repository.write("pkg/m.py", "x = 1\n")
    compile_all = "import py_compile\nfor o in (-1, 0, 1, 2):\n  py_compile.compile('m.py', doraise=True, optimize=o)\n"
    pythons = interpreters()
    for version, python in pythons.items():
        program = "import py_compile; py_compile.compile('m.py', doraise=True)" if version == "2.7" else compile_all
        done = run(
            [python, *(["-O"] if version == "2.7" else []), "-c", program], repository.path / "pkg", repository.env
        )
        assert done.status == 0, done
    made = set(os.listdir(repository.path / "pkg/__pycache__"))
    assert len(made) >= 3
    pruned = prune(repository)
    beside = {"pkg/m.pyo"} if "2.7" in pythons else set()
    assert pruned.removed == beside | {f"pkg/__pycache__/{name}" for name in made} | {"pkg/__pycache__"}


@pytest.mark.parametrize(
    "name",
    [
        "__pycache__/m.cpython-312.opt-1.pyc",
        "__pycache__/m.cpython-313t.pyc",
        "__pycache__/m.pypy310.pyc",
        "__pycache__/m.graalpy230-310.pyc",
        "__pycache__/test_m.cpython-312-pytest-9.2.0.pyc",
        "__pycache__/m.cpython-312.pyc.140247182",
        "__pycache__/m.f-3.py311.nbi",
        "__pycache__/m.f-3.py311.1.nbc",
        "__pycache__/_cffi__x1234xabcd.c",
        "__pycache__/_cffi__x1234xabcd.cpython-311-x86_64-linux-gnu.so",
        "__pycache__/größe.cpython-311.pyc",
        os.fsdecode(b"__pycache__/\xff.cpython-311.pyc"),
        "m.pyc",
        "m.pyo",
        "m.pyc.140247182",
        "m$py.class",
        ".testmondata",
        ".testmondata-wal",
        "pip-log.txt",
        "pip-delete-this-directory.txt",
        ".pytest_cache/v/cache/lastfailed",
        "pytest-cache-files-x1y2/README.md",
        ".ruff_cache/0.17/1",
        ".grimp_cache/x",
        ".import_linter_cache/x",
        ".complexipy_cache/x",
        ".rumdl_cache/x",
        ".pytype/x",
        ".pyre/x",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("folder", ["", "pkg/sub/"])
def test_a_cache_goes(repository: Repository, folder: str, name: str) -> None:
    repository.write(f"{folder}m.py")
    repository.write(f"{folder}{name}")
    expected = {f"{folder}{name}"}
    while os.path.dirname(name):
        name = os.path.dirname(name)
        expected.add(f"{folder}{name}")
    assert prune(repository).removed == expected


@pytest.mark.parametrize(
    "name",
    [".dmypy.json", ".hypothesis/x", ".coverage", ".coverage.host.1", ".coveragerc", "htmlcov/x", ".tox/x", ".cache/x"],
)
def test_what_somebody_may_want_stays_unless_asked_for(repository: Repository, name: str) -> None:
    repository.write(name)
    assert prune(repository).removed == set()


def test_the_caches_of_real_tools_go(repository: Repository) -> None:
    repository.write("test_m.py", "def test_m() -> None:\n    pass\n")
    env = {name: value for name, value in repository.env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for command in ("pytest -q -p no:xdist", "mypy --cache-dir .mypy_cache test_m.py", "ruff check --isolated"):
        name, *arguments = shlex.split(command)
        done = run([tool(name), *arguments], repository.path, env)
        assert done.status == 0, done
    left = {path.name for path in repository.path.iterdir()}
    assert left == {".git", "test_m.py", ".pytest_cache", ".mypy_cache", ".ruff_cache", "__pycache__"}
    pruned = prune(repository)
    assert {path.name for path in repository.path.iterdir()} == {".git", "test_m.py"}
    for part in ("mypy ", "pytest ", "ruff ", "Python 1 file"):
        assert part in pruned.result.lines[-1]


def test_an_empty_pycache_goes(repository: Repository) -> None:
    (repository.path / "pkg/__pycache__").mkdir(parents=True)
    assert prune(repository).removed == {"pkg/__pycache__"}


def test_benchmarks_go_only_while_empty(repository: Repository) -> None:
    (repository.path / "a/.benchmarks").mkdir(parents=True)
    (repository.path / "b/.benchmarks/Linux-CPython").mkdir(parents=True)
    repository.write("c/.benchmarks/Linux-CPython/0001.json", "data")
    pruned = prune(repository)
    assert pruned.removed == {"a/.benchmarks", "b/.benchmarks", "b/.benchmarks/Linux-CPython"}
    assert "pytest-benchmark 0 files" in pruned.result.lines[-1]


def test_the_summary_counts_files_and_bytes_by_tool(repository: Repository) -> None:
    repository.write("__pycache__/m.cpython-311.pyc", b"x" * 1024)
    repository.write("pkg/__pycache__/m.cpython-311.pyc", b"x" * 1024)
    repository.write(".mypy_cache/a.json", b"x" * 4096)
    assert prune(repository).result.lines == [
        "removed 3 files, 6.0 KiB (mypy 1 file, 4.0 KiB; Python 2 files, 2.0 KiB)"
    ]
    assert prune(repository).result.lines == ["nothing to remove"]


# --stale


def tag() -> str:
    return str(sys.implementation.cache_tag)


def test_stale_bytecode_goes_and_the_rest_stays(repository: Repository) -> None:
    repository.write("m.py")
    repository.write("w.pyw")
    repository.write("test_m.py")
    (repository.path / "linked.py").symlink_to("m.py")
    usable = [f"m.{tag()}.pyc", f"m.{tag()}.opt-2.pyc", f"w.{tag()}.pyc", f"test_m.{tag()}-pytest-9.2.0.pyc"]
    usable += [f"linked.{tag()}.pyc", "m.graalpy230-310.pyc", "m.f-3.py311.nbi", "_cffi__x1x2.so"]
    dead = [f"gone.{tag()}.pyc", "m.cpython-30.pyc", "m.pypy20.pyc", f"m.{tag()}.pyc.140247", "gone.f-3.py311.nbi"]
    dead += [f"test_gone.{tag()}-pytest-9.2.0.pyc", "test_m.cpython-30-pytest-9.2.0.pyc", "gone.pyc"]
    for name in usable + dead:
        repository.write(f"__pycache__/{name}")
    repository.write("m.pyc")
    repository.write(".mypy_cache/a.json")
    repository.write(".testmondata")
    assert prune(repository, "--stale").removed == {f"__pycache__/{name}" for name in dead}


def test_bytecode_of_the_projects_own_environment_is_not_stale(repository: Repository) -> None:
    repository.write("m.py")
    repository.write(".venv/pyvenv.cfg")
    repository.write(".venv/bin/python3.4")
    repository.write("__pycache__/m.cpython-34.pyc")
    repository.write("__pycache__/m.cpython-33.pyc")
    assert prune(repository, "--stale").removed == {"__pycache__/m.cpython-33.pyc"}


def test_nothing_stale_nothing_removed(repository: Repository) -> None:
    repository.write("m.py")
    repository.write(f"__pycache__/m.{tag()}.pyc")
    repository.write(".mypy_cache/a.json")
    pruned = prune(repository, "--stale")
    assert pruned.removed == set()
    assert pruned.result.lines == ["nothing to remove"]


def aged(path: Path, days: float) -> None:
    written = path.stat().st_mtime - days * DAY
    os.utime(path, (written, written))


def test_older_than_takes_tool_caches_by_their_newest_file(repository: Repository) -> None:
    for name, days in (("old", (40, 50)), ("used", (40, 1))):
        aged(repository.write(f"{name}/.mypy_cache/a.json"), days[0])
        aged(repository.write(f"{name}/.mypy_cache/3.11/b.json"), days[1])
    aged(repository.write("old/.testmondata"), 40)
    repository.write("used/.testmondata")
    repository.write("m.py")
    aged(repository.write(f"__pycache__/m.{tag()}.pyc"), 40)
    old = {"old/.testmondata", *(f"old/.mypy_cache{name}" for name in ("", "/a.json", "/3.11", "/3.11/b.json"))}
    assert prune(repository, "--older-than", "30").removed == old
    assert prune(repository, "--stale", "--older-than", "inf").removed == set()


@pytest.mark.parametrize("days", ["nan", "-1", "soon", ""])
def test_older_than_wants_a_number(repository: Repository, days: str) -> None:
    caches_in(repository, ".")
    assert "--older-than" in fails(repository, f"--older-than={days}")


def test_a_branch_switch_leaves_no_empty_packages(repository: Repository) -> None:
    repository.commit("kept.py")
    repository.git("switch", "-q", "-c", "feature")
    repository.commit("pkg/__init__.py", "pkg/sub/deep/__init__.py", "pkg/sub/deep/m.py", "half/m.py")
    for name in ("pkg/__pycache__/__init__", "pkg/sub/deep/__pycache__/m", "half/__pycache__/m"):
        repository.write(f"{name}.{tag()}.pyc")
    repository.write("half/notes.txt", "mine")
    repository.write(f"__pycache__/kept.{tag()}.pyc")
    repository.git("switch", "-q", "main")
    assert (repository.path / "pkg/sub/deep/__pycache__").is_dir()
    listed = prune(repository, "--stale", "--dry-run")
    assert listed.removed == set()
    prune(repository, "--stale")
    left = {path for path in snapshot(repository.path) if not path.startswith(".git")}
    assert left == {"kept.py", "half", "half/notes.txt", "__pycache__", f"__pycache__/kept.{tag()}.pyc"}


def test_an_empty_directory_that_held_no_bytecode_stays(repository: Repository) -> None:
    (repository.path / "empty").mkdir()
    repository.write("pkg/.mypy_cache/a.json")
    aged(repository.path / "pkg/.mypy_cache/a.json", 40)
    prune(repository, "--older-than", "30")
    assert (repository.path / "empty").is_dir()
    assert (repository.path / "pkg").is_dir()


# Options


def test_a_repository_that_tracks_many_is_told_how_many(repository: Repository) -> None:
    repository.stage(*(f"data/{number}.pyc" for number in range(4)), *(f"data/{number}.py" for number in range(4)))
    repository.write("data/__pycache__/notes.txt")
    pruned = prune(repository)
    assert pruned.removed == set()
    assert pruned.result.lines == [
        "kept 4 files that are tracked",
        "kept data/__pycache__/notes.txt: it is not bytecode",
        "nothing to remove",
    ]


def test_dry_run_lists_and_removes_nothing(repository: Repository) -> None:
    repository.write("pkg/__pycache__/m.cpython-311.pyc", b"x" * 10)
    (repository.path / "__pycache__").mkdir()
    repository.write(".mypy_cache/3.11/a.json")
    pruned = prune(repository, "--dry-run")
    assert pruned.removed == set()
    assert pruned.result.lines == [
        "would remove .mypy_cache (1 file, 0 B)",
        "would remove __pycache__ (empty)",
        "would remove pkg/__pycache__ (1 file, 10 B)",
        "would remove 2 files, 10 B (Python 1 file, 10 B; mypy 1 file, 0 B)",
    ]


def test_check_lists_and_exits_1(repository: Repository) -> None:
    repository.write("pkg/__pycache__/m.cpython-311.pyc", b"x" * 10)
    pruned = prune(repository, "--check", "--exclude", "a b", status=1)
    assert pruned.removed == set()
    assert pruned.result.findings == ["pkg/__pycache__ PYC402"]
    assert pruned.result.fix == "prune-pycache --exclude 'a b'"
    assert prune(repository).removed == {"pkg/__pycache__", "pkg/__pycache__/m.cpython-311.pyc"}
    assert prune(repository, "--check").result.lines == ["nothing to remove"]


@pytest.mark.parametrize("mode", ["--dry-run", "--check"])
def test_what_is_listed_is_what_goes(repository: Repository, mode: str) -> None:
    caches_in(repository, "pkg")
    repository.stage("pkg/.mypy_cache/kept.json")
    repository.write("pkg/__pycache__/notes.txt")
    (repository.path / ".benchmarks/x").mkdir(parents=True)
    listed = prune(repository, mode, status=int(mode == "--check"))
    assert listed.removed == set()
    assert listed.result.lines[-1].replace("would remove", "removed") == prune(repository).result.lines[-1]


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (".tox", {".tox"}),
        (".tox/", {".tox"}),
        ("tox", {".tox"}),
        ("coverage", {".coverage", ".coverage.host.1", "htmlcov"}),
        (".coverage", {".coverage"}),
        ("htmlcov", {"htmlcov"}),
        ("hypothesis", {".hypothesis"}),
        ("environments", {"an env"}),
        (".venv", {"an env"}),
        (".cache/pip", {".cache/pip"}),
        ("Jupyter", {".ipynb_checkpoints"}),
    ],
)
def test_include_takes_a_cache_by_its_name_or_tool(repository: Repository, asked: str, taken: set[str]) -> None:
    for name in (".tox/a", "htmlcov/a", ".hypothesis/a", ".nox/a", ".cache/pip/a", ".cache/b", ".ipynb_checkpoints/a"):
        repository.write(name)
    for name in (".coverage", ".coverage.host.1", ".coveragerc", ".coverage.toml", "an env/pyvenv.cfg", ".venv/x.py"):
        repository.write(name)
    removed = prune(repository, "--include", asked).removed
    assert {path for path in removed if not any(path.startswith(f"{name}/") for name in taken)} == taken


def test_include_can_be_repeated(repository: Repository) -> None:
    repository.write(".tox/a")
    repository.write(".nox/a")
    assert prune(repository, "--include", "tox", "--include=.nox").removed == {".tox", ".tox/a", ".nox", ".nox/a"}


@pytest.mark.parametrize(
    ("asked", "near"), [(".toxx", ".tox?"), ("covrage", "coverage?"), ("xyz", ".cache/pip, "), ("", ".cache/pip, ")]
)
def test_include_of_an_unknown_name_says_what_was_meant(repository: Repository, asked: str, near: str) -> None:
    caches_in(repository, ".")
    message = fails(repository, "--include", asked)
    assert f"--include {asked}: no such cache" in message
    assert near in message


def test_an_included_environment_goes_whole_but_for_what_is_tracked(repository: Repository) -> None:
    for name in ("Ärger/ENV", "plain"):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", repository.path / name], check=True)
    repository.stage("Ärger/ENV/bin/activate", "Ärger/ENV/pyvenv.cfg")
    prune(repository, "--include", "environments")
    left = {path for path in snapshot(repository.path) if not path.startswith(".git")}
    assert left == {"Ärger", "Ärger/ENV", "Ärger/ENV/bin", "Ärger/ENV/bin/activate", "Ärger/ENV/pyvenv.cfg"}


def test_an_included_environment_that_a_project_lives_in_stays(repository: Repository) -> None:
    repository.write("both/pyvenv.cfg")
    repository.write("both/bin/python")
    repository.write("both/app\x1b.py", "untracked work")
    pruned = prune(repository, "--include", "environments")
    assert pruned.removed == set()
    assert "kept both: more than a virtual environment is in it: app\\x1b.py" in pruned.result.lines


def test_an_included_conda_environment_goes(repository: Repository) -> None:
    repository.write("conda/conda-meta/history")
    repository.write("conda/ssl/cert.pem")
    assert "conda" in prune(repository, "--include", "environments").removed


def test_an_included_cache_that_may_hold_configuration_keeps_it(repository: Repository) -> None:
    repository.write(".pixi/config.toml", "mine")
    repository.write(".pixi/envs/default/conda-meta/history")
    repository.write(".pixi/envs/config.toml")
    prune(repository, "--include", "pixi")
    assert {path for path in snapshot(repository.path) if path.startswith(".pixi")} == {".pixi", ".pixi/config.toml"}


@pytest.mark.parametrize("place", [".venv", ".tox/py", ".pre-commit-cache/repo/py_env"])
def test_an_environment_that_this_program_runs_from_stays(repository: Repository, place: str) -> None:
    made = repository.path / place
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", f"{made}2"], check=True)
    command = hook_command(
        "prune-pycache", *(f"--include={name}" for name in ("environments", "tox", ".pre-commit-cache"))
    )
    command[0] = str(made / "bin/python")
    result = run(command, repository.path, variables(repository))
    assert result.status == 0, result
    assert f"kept {place.partition('/')[0]}: this program runs from it" in result.lines
    assert (made / "bin/activate").exists()
    assert (repository.path / ".venv2").exists() is False
    assert run(command, repository.path, variables(repository)).status == 0


@pytest.mark.parametrize(
    ("pattern", "spared"),
    [
        ("pkg/", {"pkg/__pycache__/m.cpython-311.pyc", "pkg/.mypy_cache/3.11/a.json", "pkg/m.pyc"}),
        ("/pkg/m.pyc", {"pkg/m.pyc"}),
        ("*.pyc", {"pkg/__pycache__/m.cpython-311.pyc", "pkg/m.pyc", "__pycache__/n.cpython-38.pyc"}),
        ("*.cpython-38.pyc", {"__pycache__/n.cpython-38.pyc"}),
        (".mypy_cache", {"pkg/.mypy_cache/3.11/a.json"}),
        (".mypy_cache/3.11/", set()),
        ("**/.mypy_cache/3.11/", {"pkg/.mypy_cache/3.11/a.json"}),
        ("__pycache__", {"pkg/__pycache__/m.cpython-311.pyc", "__pycache__/n.cpython-38.pyc"}),
        ("# comment", set()),
        ("nothing", set()),
    ],
)
def test_exclude_spares(repository: Repository, pattern: str, spared: set[str]) -> None:
    caches = {
        "pkg/__pycache__/m.cpython-311.pyc",
        "pkg/.mypy_cache/3.11/a.json",
        "pkg/m.pyc",
        "__pycache__/n.cpython-38.pyc",
    }
    for name in caches:
        repository.write(name)
    repository.write("pkg/m.py")
    removed = prune(repository, "--exclude", pattern).removed
    assert caches - removed == spared


def test_exclude_that_is_no_pattern_is_our_own_failure(repository: Repository) -> None:
    caches_in(repository, ".")
    assert "--exclude: " in fails(repository, "--exclude", "!")


def test_an_explicit_directory_is_pruned_alone(repository: Repository) -> None:
    caches_in(repository, "a")
    caches_in(repository, "b")
    repository.stage("a/__pycache__/m.cpython-311.pyc", "a/deep/__pycache__/m.cpython-311.pyc")
    assert prune(repository, "a").removed == {"a/.mypy_cache", "a/.mypy_cache/a.json", "a/m.pyc"}


# Bad input and our own failures


@pytest.mark.parametrize("option", ["--unknown", "--dry", "--stale=yes", "-x"])
def test_an_unknown_option_is_our_own_failure(repository: Repository, option: str) -> None:
    caches_in(repository, ".")
    assert "--help lists the options" in fails(repository, option)


def test_too_many_directories_are_our_own_failure(repository: Repository) -> None:
    caches_in(repository, ".")
    assert "unrecognized arguments: b" in fails(repository, "a", "b")


def test_help_is_the_docstring(repository: Repository) -> None:
    result = repository.hook("prune-pycache", "--help")
    assert result.status == 0
    assert "Delete bytecode and tool caches from the work tree." in result.text


def test_an_empty_tree(repository: Repository) -> None:
    assert prune(repository).result.lines == ["nothing to remove"]


def test_outside_git_a_directory_is_needed(tmp_path: Path, env: dict[str, str]) -> None:
    plain = Repository(tmp_path / "plain", env)
    caches_in(plain, ".")
    assert "not a git repository" in fails(plain)


def test_outside_git_nothing_counts_as_tracked_and_it_says_so(tmp_path: Path, env: dict[str, str]) -> None:
    plain = Repository(tmp_path / "plain", env)
    caches_in(plain, ".")
    nested = Repository.create(plain.path / "nested", env)
    caches_in(nested, ".")
    pruned = prune(plain, str(plain.path))
    assert len(pruned.removed) == 7
    assert pruned.result.lines[0] == "not a git repository: nothing counts as tracked"


def test_a_repository_that_git_does_not_trust_is_our_own_failure(repository: Repository) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    caches_in(repository, "pkg")
    os.chown(repository.path, NOBODY, NOBODY)
    os.chown(repository.path / ".git", NOBODY, NOBODY)
    for arguments in ((), ("pkg",), (str(repository.path),)):
        message = fails(repository, *arguments)
        assert "dubious ownership" in message
        assert "safe.directory" in message


@pytest.mark.parametrize("arguments", [(), ("pkg",)])
@pytest.mark.parametrize("damage", [b"", b"DIRC\0\0\0\2\0\0\0\5", b"junk" * 100])
def test_an_index_that_git_cannot_read_is_our_own_failure(
    repository: Repository, arguments: tuple[str, ...], damage: bytes
) -> None:
    repository.stage("pkg/__pycache__/m.cpython-311.pyc")
    repository.write(".git/index", damage)
    assert "git ls-files failed" in fails(repository, *arguments)


def test_a_repository_without_a_head_is_our_own_failure(repository: Repository) -> None:
    caches_in(repository, "pkg")
    (repository.path / ".git/HEAD").unlink()
    for arguments in ((), ("pkg",)):
        assert "not a git repository" in fails(repository, *arguments)


@pytest.mark.parametrize("arguments", [(), (".",)])
def test_inside_the_repositorys_own_files_is_our_own_failure(
    repository: Repository, arguments: tuple[str, ...]
) -> None:
    caches_in(repository, ".git/hooks")
    assert "work tree" in fails(repository, *arguments, within=".git/hooks")


@pytest.mark.parametrize("arguments", [(), (".",)])
def test_a_bare_repository_is_our_own_failure(tmp_path: Path, env: dict[str, str], arguments: tuple[str, ...]) -> None:
    bare = Repository(tmp_path / "bare", env)
    bare.path.mkdir()
    bare.git("init", "-q", "--bare")
    caches_in(bare, "hooks")
    assert "work tree" in fails(bare, *arguments)


def test_without_git_a_repository_is_our_own_failure(repository: Repository, tmp_path: Path) -> None:
    caches_in(repository, "pkg")
    for arguments in ((), ("pkg",), (str(repository.path),)):
        message = fails(repository, *arguments, PATH=str(tmp_path / "nothing here"))
        assert "git cannot be started" in message
        assert "install git" in message


@pytest.mark.parametrize("answer", ["100644 0 0\\tpkg/__pyc", "100644 0 0\\ta.py\\0100644 0 0\\tpkg/__pyc"])
def test_half_an_answer_of_git_is_our_own_failure(repository: Repository, tmp_path: Path, answer: str) -> None:
    caches_in(repository, "pkg")
    stub = tmp_path / "git"
    others = f'*) exec {shutil.which("git")} "$@"'
    stub.write_text(f'#!/bin/sh\ncase "$*" in *ls-files*) printf "{answer}" ;; {others} ;; esac\n', encoding="utf-8")
    stub.chmod(0o755)
    assert "not whole" in fails(repository, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert len(prune(repository).removed) == 7


def test_what_is_tracked_stays_however_long_the_listing_is(repository: Repository) -> None:
    """Some 200 kB: more than a pipe holds."""
    caches_in(repository, "pkg")
    kept = "pkg/__pycache__/a.cpython-312.pyc"
    repository.stage(kept)
    blob = repository.git("rev-parse", f":{kept}").lines[0]
    paths = [f"{place}/source_{number:060}.py" for place in ("a", "z") for number in range(800)]
    listed = "".join(f"100644 {blob}\t{path}\0" for path in paths)
    repository.git("update-index", "-z", "--index-info", stdin=listed.encode())
    assert kept not in prune(repository).removed


def test_without_git_a_directory_that_is_in_no_repository_is_pruned(tmp_path: Path, env: dict[str, str]) -> None:
    plain = Repository(tmp_path / "plain", env)
    caches_in(plain, ".")
    pruned = prune(plain, ".", PATH=str(tmp_path))
    assert len(pruned.removed) == 7
    assert pruned.result.lines[0] == "not a git repository: nothing counts as tracked"
    caches_in(plain, ".")
    assert "git cannot be started" in fails(plain, ".", PATH=str(tmp_path), GIT_DIR=str(tmp_path / "r.git"))


def test_the_root_of_the_file_system_is_refused(repository: Repository) -> None:
    assert "/: refusing to prune it as a whole" in fails(repository, "--check", "/")


@pytest.mark.parametrize("spelling", ["home", "home/", "home/../home", ".", "home/inside/.."])
def test_the_home_directory_and_what_it_is_in_are_refused(tmp_path: Path, env: dict[str, str], spelling: str) -> None:
    base = Repository(tmp_path / "base", env)
    caches_in(base, "home/inside")
    message = fails(base, spelling, HOME=str(base.path / "home"))
    assert "refusing to prune it as a whole" in message
    assert len(prune(base, "home/inside", HOME=str(base.path / "home")).removed) == 7


def test_a_home_directory_that_is_a_repository_is_refused(repository: Repository) -> None:
    caches_in(repository, "pkg")
    link = repository.path.parent / "link"
    link.symlink_to(repository.path)
    for home in (repository.path, repository.path / "pkg", link):
        assert "refusing to prune it" in fails(repository, HOME=str(home))


@pytest.mark.parametrize("name", ["missing", "file.txt", "", "new\nline\x1b[0m"])
def test_a_root_that_is_no_directory_is_refused(repository: Repository, name: str) -> None:
    repository.write("file.txt")
    caches_in(repository, "pkg")
    assert "not a directory" in fails(repository, name)


def test_a_root_that_is_a_link_is_refused_by_name(repository: Repository, outside: Path) -> None:
    (repository.path / "link").symlink_to(outside)
    assert f"name the directory that it leads to, {outside}" in fails(repository, "link")
    (repository.path / "loop").symlink_to("loop")
    assert "a symbolic link" in fails(repository, "loop")


def test_an_unreadable_directory_is_named_and_the_rest_pruned(repository: Repository) -> None:
    for number in range(15):
        caches_in(repository, f"closed{number:02}")
        (repository.path / f"closed{number:02}").chmod(0)
    caches_in(repository, "open")
    result = run_hook("prune-pycache", cwd=repository.path, env=repository.env, unprivileged=True)
    for path in repository.path.glob("closed*"):
        path.chmod(0o755)
    assert result.status == 0, result
    assert "not read: closed00" in result.lines
    assert "... and 3 more are not read" in result.lines
    assert (repository.path / "closed00/m.pyc").exists()
    assert not (repository.path / "open/m.pyc").exists()


def test_an_unreadable_root_is_our_own_failure(tmp_path: Path, env: dict[str, str]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o300)
    result = run_hook("prune-pycache", str(closed), cwd=tmp_path, env=env, unprivileged=True)
    assert result.status == 2, result
    assert b"closed: cannot be read" in result.stderr


@pytest.mark.parametrize(
    "name", ["a\nb", "a\tb", "\x1b[31mred", "a'b", 'a"b', "a b", "-rf", "\u202eltr", "ä", "##[error]"]
)
def test_names_cannot_steer_the_output(repository: Repository, name: str) -> None:
    repository.write(f"{name}/__pycache__/{name}.txt")
    repository.write(f"{name}/__pycache__/m.cpython-311.pyc")
    listed = prune(repository, "--check", status=1)
    assert all(line.isprintable() for line in listed.text.split("\n"))
    assert len(listed.result.lines) == 4
    assert "##[" not in listed.text
    assert prune(repository).removed == {f"{name}/__pycache__/m.cpython-311.pyc"}


def test_names_that_are_not_utf_8(repository: Repository) -> None:
    name = os.fsdecode(b"\xff\xfe")
    repository.write(f"{name}/__pycache__/{name}.txt")
    repository.write(f"{name}/__pycache__/{name}.cpython-311.pyc")
    pruned = prune(repository, PYTHONIOENCODING="ascii")
    assert pruned.removed == {f"{name}/__pycache__/{name}.cpython-311.pyc"}
    assert "kept \\xff\\xfe/__pycache__/\\xff\\xfe.txt: it is not bytecode" in pruned.result.lines


def test_fifo_and_socket_in_a_tool_cache_go_and_in_pycache_stay(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (".mypy_cache", "__pycache__"):
        (repository.path / folder).mkdir()
        os.mkfifo(repository.path / folder / "fifo.pyc")
        monkeypatch.chdir(repository.path / folder)  # the address of a socket has 108 bytes at most
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    removed = prune(repository).removed
    assert removed == {".mypy_cache", ".mypy_cache/fifo.pyc", ".mypy_cache/socket"}


def test_files_called_like_caches_directories_stay_and_the_other_way_round(repository: Repository) -> None:
    for name in (".mypy_cache", "__pycache__", ".benchmarks", ".venv", "conda-meta.txt", "node_modules"):
        repository.write(f"files/{name}", "mine")
    for name in ("x.pyc", ".testmondata", "x.pyc.123", ".coverage", "HEAD", ".gitignore"):
        repository.write(f"folders/{name}/data", "mine")
    repository.write("folders/x.py")
    repository.write("folders/x.pyc/__pycache__/m.cpython-311.pyc")
    assert prune(repository).removed == {"folders/x.pyc/__pycache__", "folders/x.pyc/__pycache__/m.cpython-311.pyc"}


def test_a_disk_full_of_output_is_our_own_failure(repository: Repository) -> None:
    with open("/dev/full", "wb") as full:
        result = run(hook_command("prune-pycache"), repository.path, variables(repository), stdout=full.fileno())
    assert result.status == 2
    assert b"No space left" in result.stderr


# What cannot be removed


def left_behind(repository: Repository) -> None:
    """A read-only parent, as an unprivileged user sees it."""
    repository.write("fine/__pycache__/m.cpython-311.pyc")
    repository.write("kept/__pycache__/m.cpython-311.pyc")
    repository.write("kept/.mypy_cache/3.11/a.json")
    (repository.path / "kept").chmod(0o555)
    (repository.path / "kept/.mypy_cache/3.11").chmod(0o555)


def test_a_read_only_parent_is_a_finding(repository: Repository) -> None:
    left_behind(repository)
    result = run_hook("prune-pycache", cwd=repository.path, env=repository.env, unprivileged=True)
    (repository.path / "kept").chmod(0o755)
    (repository.path / "kept/.mypy_cache/3.11").chmod(0o755)
    assert result.status == 1, result
    assert result.findings == ["kept/.mypy_cache PYC401", "kept/__pycache__ PYC401"]
    assert "Permission denied" in result.text
    assert not (repository.path / "fine/__pycache__").exists()
    assert (repository.path / "kept/.mypy_cache/3.11/a.json").exists()
    assert b"Traceback" not in result.stderr


def test_stale_does_not_complain_of_what_is_to_stay(repository: Repository) -> None:
    left_behind(repository)
    repository.write("kept/m.py")
    (repository.path / "kept/.mypy_cache/3.11").chmod(0)
    (repository.path / "kept/__pycache__/m.cpython-311.pyc").rename(repository.path / f"kept/__pycache__/m.{tag()}.pyc")
    (repository.path / ".benchmarks/closed").mkdir(parents=True)
    repository.write(".benchmarks/data.json")
    (repository.path / ".benchmarks/closed").chmod(0)
    for arguments in (
        ("--stale",),
        ("--older-than", "1"),
        ("--older-than=0", "--exclude=kept", "--exclude=.benchmarks"),
    ):
        result = run_hook("prune-pycache", *arguments, cwd=repository.path, env=repository.env, unprivileged=True)
        assert result.status == 0, result
    (repository.path / "kept/.mypy_cache/3.11").chmod(0o755)
    (repository.path / ".benchmarks/closed").chmod(0o755)


def test_what_cannot_be_looked_into_is_not_said_to_be_a_cache(repository: Repository) -> None:
    """A file of somebody's may be in it: the repair opens the directory, and the next run decides."""
    repository.write("__pycache__/notes.txt", "mine")
    repository.write("__pycache__/m.cpython-311.pyc")
    repository.stage(".mypy_cache/closed/tracked.json")
    repository.write(".mypy_cache/closed/b.json")
    repository.write(".mypy_cache/a.json")
    closed = [repository.path / "__pycache__", repository.path / ".mypy_cache/closed"]
    for path in closed:
        path.chmod(0)
    result = run_hook("prune-pycache", cwd=repository.path, env=repository.env, unprivileged=True)
    assert result.status == 1, result
    assert result.text.count("cannot be looked into: Permission denied") == 2
    assert "rm -rf" not in result.text
    words = shlex.split(result.fix.split("\n")[0])
    assert words[:5] == ["sudo", "chmod", "-R", "u+rwX", "--"]
    assert sorted(words[5:]) == sorted(map(str, closed))
    assert not (repository.path / ".mypy_cache/a.json").exists()
    assert pasted(result, repository, *UNPRIVILEGED).status == 0
    result = run_hook("prune-pycache", cwd=repository.path, env=repository.env, unprivileged=True)
    assert result.status == 0, result
    left = {path for path in snapshot(repository.path) if not path.startswith(".git")}
    assert left == {
        "__pycache__",
        "__pycache__/notes.txt",
        *(f".mypy_cache{name}" for name in ("", "/closed", "/closed/tracked.json")),
    }


def pasted(result: Result, repository: Repository, *prefix: str) -> Result:
    """Run the first line of the repair, with a sudo that does what it is told."""
    stubs = repository.path.parent / "stubs"
    stubs.mkdir(exist_ok=True)
    (stubs / "sudo").write_text('#!/bin/sh\nexec "$@"\n', encoding="ascii")
    (stubs / "sudo").chmod(0o755)
    command = result.fix.split("\n")[0]
    assert command.startswith("sudo ")
    env = repository.env | {"PATH": f"{stubs}:{os.environ['PATH']}"}
    return run([*prefix, "bash", "-c", command], repository.path.parent, env)


@pytest.fixture
def somebody() -> Iterator[tuple[Path, list[str]]]:
    """A directory of an unprivileged user's, and the command that runs the hook as that user."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can leave something to somebody else")
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        command = hook_command("prune-pycache")
        command[0] = python
        asked = [*become, python, "-c", "import sys, pycache_hooks; sys.exit(sys.version_info < (3, 11))"]
        if os.path.exists(python) and run(asked, Path("/"), environment(PYTHONPATH=str(SOURCES))).status == 0:
            break
    else:
        pytest.skip("no Python that another user can run")
    path = Path(tempfile.mkdtemp(prefix="somebody-", dir="/tmp"))
    path.chmod(0o755)
    (path / "work").mkdir()
    try:
        yield path / "work", [*become, *command]
    finally:
        shutil.rmtree(path)


AWKWARD = (
    "plain",
    "with space",
    "it's",
    'double"quote',
    "new\nline",
    "-rf",
    "größe",
    "$HOME `id`",
    "*",
    os.fsdecode(b"\xff"),
)


def as_root_left_it(root: Path, env: dict[str, str]) -> Repository:
    """A work tree of somebody else's, with caches that root's container has left in it."""
    repository = Repository.create(root, env)
    repository.stage("m.py")
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", root], check=True)
    for name in AWKWARD:
        repository.write(f"{name}/__pycache__/m.cpython-311.pyc")
        repository.write(f"{name}/.mypy_cache/3.11/a.json")
        repository.write(f"{name}/notes.txt", "mine")
    repository.write("foreign/__pycache__/notes.txt", "mine")
    repository.write("foreign/__pycache__/m.cpython-311.pyc")
    return repository


def test_what_root_left_behind_is_named_with_owner_and_repair(
    somebody: tuple[Path, list[str]], env: dict[str, str]
) -> None:
    root, command = somebody
    repository = as_root_left_it(root, env)
    before = snapshot(root)
    result = run(command, root, variables(repository))
    assert result.status == 1, result
    assert snapshot(root) == before
    assert (
        "*/__pycache__: PYC401 cannot be removed: Permission denied; it belongs to root (1 path in it)" in result.lines
    )
    done = pasted(result, repository)
    assert done.status == 0, done
    gone = before.keys() - snapshot(root).keys()
    expected = {f"{name}/__pycache__" for name in AWKWARD} | {f"{name}/.mypy_cache" for name in AWKWARD}
    assert {path for path in gone if os.path.dirname(path) not in gone} == expected | {
        "foreign/__pycache__/m.cpython-311.pyc"
    }
    assert run(command, root, variables(repository)).status == 0


def test_the_containers_form_of_the_repair_does_the_same(somebody: tuple[Path, list[str]], env: dict[str, str]) -> None:
    root, command = somebody
    repository = as_root_left_it(root, env)
    before = snapshot(root)
    result = run(command, root, variables(repository))
    docker = result.fix.partition("# or, without sudo:\n")[2]
    asked = run(["bash", "-c", f"docker() {{ printf '%s\\0' \"$@\"; }}; {docker}"], root, repository.env)
    words = os.fsdecode(asked.stdout).split("\0")[:-1]
    assert words[:10] == ["run", "--rm", "-v", f"{root}:/work", "-w", "/work", "--user", "root", "busybox", "rm"]
    assert words[10:12] == ["-rf", "--"]
    subprocess.run(words[9:], cwd=root, check=True)
    gone = before.keys() - snapshot(root).keys()
    tops = {path for path in gone if os.path.dirname(path) not in gone}
    assert tops == set(words[12:])
    assert len(tops) == 2 * len(AWKWARD) + 1


def test_what_root_closed_is_opened_by_the_repair(somebody: tuple[Path, list[str]], env: dict[str, str]) -> None:
    root, command = somebody
    repository = Repository.create(root, env)
    repository.stage("m.py")
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", root], check=True)
    repository.write("__pycache__/notes.txt", "mine")
    repository.write("__pycache__/m.cpython-311.pyc")
    (root / "__pycache__").chmod(0o700)
    result = run(command, root, variables(repository))
    assert result.status == 1, result
    assert "__pycache__: PYC401 cannot be looked into: Permission denied; it belongs to root" in result.lines
    assert f"sudo chown -hR {NOBODY} -- {root}/__pycache__" in result.fix
    assert pasted(result, repository).status == 0
    assert run(command, root, variables(repository)).status == 0
    assert os.listdir(root / "__pycache__") == ["notes.txt"]


def test_an_owner_without_a_name_is_a_number(repository: Repository) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    repository.write("pkg/__pycache__/m.cpython-311.pyc")
    for name in ("pkg", "pkg/__pycache__", "pkg/__pycache__/m.cpython-311.pyc"):
        os.chown(repository.path / name, 61_234, 61_234)
    result = run_hook("prune-pycache", cwd=repository.path, env=repository.env, unprivileged=True)
    assert result.status == 1
    assert "it belongs to user 61234" in result.text


def test_a_directory_that_can_be_listed_but_not_searched(repository: Repository) -> None:
    """Its owner cannot be told, and to open the directory above would open more than a cache."""
    repository.write("listed/__pycache__/m.cpython-311.pyc")
    repository.write("listed/.testmondata")
    (repository.path / "listed").chmod(0o444)
    result = run_hook("prune-pycache", cwd=repository.path, env=repository.env, unprivileged=True)
    (repository.path / "listed").chmod(0o755)
    assert result.status == 1, result
    assert "listed/__pycache__: PYC401 cannot be looked into: Permission denied" in result.lines
    assert "listed/.testmondata: PYC401 cannot be removed: Permission denied" in result.lines
    assert result.fix.split("\n")[0] == f"sudo rm -rf -- {repository.path}/listed/.testmondata"


def test_a_colon_in_the_root_leaves_out_the_containers_form(tmp_path: Path, env: dict[str, str]) -> None:
    repository = Repository.create(tmp_path / "co:lon", env)
    left_behind(repository)
    result = run_hook("prune-pycache", cwd=repository.path, env=repository.env, unprivileged=True)
    assert result.status == 1
    assert "sudo rm -rf -- " in result.fix
    assert "docker" not in result.text


@pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0,
    reason="mounting is not permitted here",
)
def test_what_no_permission_would_remove_gets_no_repair(repository: Repository) -> None:
    """On a read-only file system, say."""
    repository.write("pkg/__pycache__/m.cpython-311.pyc")
    script = f"mount --bind -o ro . . && cd . && cd $PWD && {shlex.join(hook_command('prune-pycache'))}"
    result = run(["unshare", "-m", "bash", "-c", script], repository.path, variables(repository))
    assert result.status == 1, result
    assert "cannot be removed: Read-only file system" in result.text
    assert "fix:" not in result.text


# Large, deep and racing


def test_a_tree_of_3000_levels(repository: Repository) -> None:
    """And, as its paths are 30,000 characters long, paths beyond PATH_MAX."""
    with_caches = {0, 1, 99, 100, 101, 300, 399, 1500, 2999}
    here = os.open(repository.path, os.O_RDONLY)
    try:
        for level in range(3000):
            if level in with_caches:
                for folder, name in (
                    ("__pycache__", "m.cpython-311.pyc"),
                    (".mypy_cache", "a"),
                    ("conda", "conda-meta"),
                ):
                    os.mkdir(folder, dir_fd=here)
                    os.close(os.open(f"{folder}/{name}", os.O_CREAT, dir_fd=here))
                os.close(os.open("m.py", os.O_CREAT, dir_fd=here))
                os.close(os.open("m.pyc", os.O_CREAT, dir_fd=here))
                os.mkdir("__pycache__/foreign", dir_fd=here)
            os.mkdir("deep-and-on", dir_fd=here)
            below = os.open("deep-and-on", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        result = repository.hook("prune-pycache")
        assert result.status == 0, result
        assert result.lines[-1].startswith(f"removed {3 * len(with_caches)} files")
        for level in reversed(range(3000)):
            above = os.open("..", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = above
            if level in with_caches:
                assert set(os.listdir(here)) - {".git"} == {"__pycache__", "conda", "m.py", "deep-and-on"}
        dry = repository.hook("prune-pycache", "--include", "environments", "--dry-run")
        assert dry.lines[-1].startswith(f"would remove {len(with_caches)} files"), dry
        stale = repository.hook("prune-pycache", "--stale")
        assert stale.status == 0, stale
    finally:
        os.close(here)
        subprocess.run(["rm", "-rf", repository.path], check=True)


def test_a_tool_cache_of_3000_levels(repository: Repository) -> None:
    here = os.open(repository.path, os.O_RDONLY)
    name = ".mypy_cache"
    try:
        for _ in range(3000):
            os.mkdir(name, dir_fd=here)
            below = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
            os.close(os.open("file", os.O_CREAT, dir_fd=here))
            name = "deep"
    finally:
        os.close(here)
    result = repository.hook("prune-pycache")
    assert result.lines == ["removed 3,000 files, 0 B (mypy 3,000 files, 0 B)"]
    assert os.listdir(repository.path) == [".git"]


def test_a_large_tree(repository: Repository) -> None:
    """100,000 entries, of which 41,000 are to go."""
    for name in ("template.py", "template"):
        repository.write(name, "x")
    for number in range(1000):
        folder = repository.path / f"pkg{number % 10}/sub{number}"
        os.makedirs(folder / "__pycache__")
        for module in range(58):
            os.link(repository.path / "template.py", folder / f"m{module}.py")
        for module in range(40):
            os.link(repository.path / "template", folder / f"__pycache__/m{module}.cpython-311.pyc")
    result = repository.hook("prune-pycache")
    assert result.lines == ["removed 40,000 files, 39.1 KiB (Python 40,000 files, 39.1 KiB)"]
    assert sum(len(files) for _, _, files in os.walk(repository.path / "pkg0")) == 5800
    assert not any("__pycache__" in directories for _, directories, _ in os.walk(repository.path))


def test_files_that_come_and_go_meanwhile(repository: Repository) -> None:
    """Another process makes and removes caches all the time: no crash, and an exit status that is true."""
    program = """
import os, shutil
number = 0
while True:
    number += 1
    for folder in ("pkg/__pycache__", "pkg/.mypy_cache/3.11"):
        os.makedirs(folder, exist_ok=True)
    for name in ("pkg/__pycache__/m.cpython-311.pyc", "pkg/.mypy_cache/3.11/a", "pkg/.mypy_cache/b", "pkg/m.pyc"):
        try: open(name, "w").close()
        except FileNotFoundError: pass
    if number % 3 == 0: shutil.rmtree("pkg", ignore_errors=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=repository.path, stderr=subprocess.DEVNULL) as other:
        try:
            results = [
                repository.hook("prune-pycache", *args) for args in [(), ("--stale",), ("--older-than", "0")] * 10
            ]
        finally:
            other.kill()
    assert {result.status for result in results} == {0}
    assert {result.stderr for result in results} == {b""}
    shutil.rmtree(repository.path / "pkg", ignore_errors=True)


SWAP = """
import os
while True:
    for path in ("pkg", "other/.mypy_cache", "third/__pycache__", "fourth/.mypy_cache/3.11", "5/deep"):
        os.rename(path, path + ".aside")
        os.symlink(os.environ["OUTSIDE"], path)
        os.unlink(path)
        os.rename(path + ".aside", path)
"""


def test_a_directory_swapped_for_a_link_meanwhile(repository: Repository, outside: Path) -> None:
    """Another process swaps directories for links to *outside* and back all the time; nothing there is touched."""
    paths = [f"{folder}/{name}" for folder in ("pkg", "other", "third", "fourth", "5/deep/deeper") for name in CACHES]
    paths += ["fourth/.mypy_cache/3.11/b.json", "third/__pycache__/n.cpython-311.pyc"]
    env = repository.env | {"OUTSIDE": str(outside)}
    for _ in range(25):
        for name in paths:
            repository.write(name)
        with subprocess.Popen(
            [sys.executable, "-c", SWAP], cwd=repository.path, env=env, stderr=subprocess.DEVNULL
        ) as other:
            result = repository.hook("prune-pycache")
            other.kill()
        assert result.status in (0, 1), result
        assert result.stderr == b""
        shutil.rmtree(repository.path / "pkg", ignore_errors=True)
        subprocess.run("rm -rf -- * .mypy_cache", shell=True, cwd=repository.path, check=True)


def test_an_interrupt_ends_it(repository: Repository, tmp_path: Path) -> None:
    """Ctrl-C, which reaches git too: exit status 130, no traceback, and nothing removed."""
    caches_in(repository, "pkg")
    before = snapshot(repository.path)
    os.mkfifo(tmp_path / "ready")
    stub = tmp_path / "git"
    stub.write_text(f"#!/bin/sh\necho >{tmp_path}/ready\nexec sleep 60\n", encoding="ascii")
    stub.chmod(0o755)
    env = variables(repository) | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = hook_command("prune-pycache", str(repository.path))
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as hook:
        (tmp_path / "ready").read_bytes()  # waits until git has been started
        os.killpg(hook.pid, signal.SIGINT)
        _, errors = hook.communicate()
    assert errors == b""
    assert hook.returncode == 130
    assert snapshot(repository.path) == before


# What a run costs


def test_a_run_without_options_imports_little(repository: Repository) -> None:
    caches_in(repository, "pkg")
    repository.write("pkg/__pycache__/notes.txt")
    program = (
        "import sys; start = set(sys.modules); from pycache_hooks.hooks.prune_pycache import main; status = main([]);"
        "print(status, *sorted(set(sys.modules) - start))"
    )
    done = run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(SOURCES)!r}); {program}"],
               repository.path, repository.env)  # fmt: skip
    status, *loaded = done.lines[-1].split()
    assert status == "0"
    unwanted = "argparse re subprocess typing pathlib enum dataclasses contextlib functools tempfile threading shutil"
    assert not set(loaded) & {*unwanted.split(), "pathspec", "identify", "shlex", "time", "pwd", "difflib", "fnmatch"}
    assert "pycache_hooks.readers.interpreters" not in loaded
    assert "pycache_hooks.arguments" not in loaded


@pytest.mark.parametrize(("more", "number"), [({}, 2), ({"GIT_INDEX_FILE": ".git/index"}, 3)])
def test_a_run_starts_git_twice(repository: Repository, tmp_path: Path, more: dict[str, str], number: int) -> None:
    repository.env = repository.env | more
    caches_in(repository, "pkg")
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    real = shutil.which("git")
    (stubs / "git").write_text(f'#!/bin/sh\necho x >>{tmp_path}/calls\nexec {real} "$@"\n', encoding="utf-8")
    (stubs / "git").chmod(0o755)
    assert len(prune(repository, PATH=f"{stubs}:{os.environ['PATH']}").removed) == 7
    assert len((tmp_path / "calls").read_text(encoding="ascii").split()) == number


# In this process


def test_the_exit_status_is_what_main_returns(repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
    caches_in(repository, ".")
    assert main([str(repository.path), "--check"]) == 1
    assert main([str(repository.path)]) == 0
    assert main([str(repository.path / "missing")]) == 2
    assert "removed 4 files" in capfd.readouterr().out


# As a hook


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_as_a_hook_it_passes_on_a_clean_and_on_a_dirty_tree(
    repository: Repository, published: Published, framework: str
) -> None:
    repository.write(".pre-commit-config.yaml", published.configuration("prune-pycache"))
    repository.write(".gitignore", "__pycache__/\n")
    repository.commit(".pre-commit-config.yaml", ".gitignore", "pkg/m.py")
    assert repository.framework(framework, "run").status == 0
    caches_in(repository, "other")
    repository.write("pkg/__pycache__/m.cpython-311.pyc")
    for arguments in (("run",), ("run", "--all-files")):
        done = repository.framework(framework, *arguments)
        assert done.status == 0, done
        assert not (repository.path / "pkg/__pycache__").exists()
        repository.write("pkg/__pycache__/m.cpython-311.pyc")


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
@pytest.mark.parametrize("order", [("prune-pycache", "forbid-pycache"), ("forbid-pycache", "prune-pycache")])
def test_a_staged_cache_is_left_to_forbid_pycache(
    repository: Repository, published: Published, framework: str, order: tuple[str, str]
) -> None:
    repository.write(".pre-commit-config.yaml", published.configuration(*order))
    repository.commit(".pre-commit-config.yaml", "m.py")
    repository.stage("__pycache__/m.cpython-311.pyc")
    repository.write("__pycache__/n.cpython-311.pyc")
    done = repository.framework(framework, "run")
    assert done.status == 1, done
    assert "__pycache__: PYC101" in done.text
    assert "Traceback" not in done.text
    assert os.listdir(repository.path / "__pycache__") == ["m.cpython-311.pyc"]
    assert "__pycache__/m.cpython-311.pyc" in repository.index()


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_after_a_checkout_only_what_is_stale_goes(repository: Repository, published: Published, framework: str) -> None:
    extra = "args: [--stale]\nstages: [post-checkout]"
    repository.write(".pre-commit-config.yaml", published.configuration("prune-pycache", extra=extra))
    repository.commit(".pre-commit-config.yaml", "kept.py")
    repository.git("switch", "-q", "-c", "feature")
    repository.commit("pkg/m.py")
    repository.write(f"pkg/__pycache__/m.{tag()}.pyc")
    repository.write(f"__pycache__/kept.{tag()}.pyc")
    done = repository.framework(framework, "install", "-t", "post-checkout")
    assert done.status == 0, done
    repository.git("switch", "-q", "main")
    assert not (repository.path / "pkg").exists()
    assert (repository.path / f"__pycache__/kept.{tag()}.pyc").exists()


@pytest.mark.parametrize("linked", [False, True])
def test_in_preks_workspace_tracked_still_means_the_whole_repository(
    repository: Repository, published: Published, *, linked: bool
) -> None:
    """prek runs a hook in the sub-project's folder; in a linked worktree git sets GIT_DIR besides."""
    for name in ("one", "two"):
        repository.write(f"{name}/.pre-commit-config.yaml", published.configuration("prune-pycache"))
    repository.write(".pre-commit-config.yaml", "repos: []\n")
    tracked = ["m.pyc", "one/m.pyc", "two/m.pyc", "two/__pycache__/m.cpython-311.pyc"]
    configurations = [".pre-commit-config.yaml", "one/.pre-commit-config.yaml", "two/.pre-commit-config.yaml"]
    repository.commit(*configurations, "m.py", "one/m.py", "two/m.py", *tracked)
    where = repository
    if linked:
        repository.git("worktree", "add", "-q", "../linked")
        where = Repository(repository.path.parent / "linked", repository.env)
    assert where.prek("install").status == 0
    where.write("two/__pycache__/n.cpython-311.pyc")
    where.stage("one/new.txt", "two/new.txt")
    env = where.env | {"PATH": f"{os.path.dirname(tool('prek'))}:{os.environ['PATH']}"}
    done = run(["git", "commit", "-m", "through the hook"], where.path, env)
    assert done.status == 0, done
    for name in tracked:
        assert (where.path / name).exists(), name
    assert not (where.path / "two/__pycache__/n.cpython-311.pyc").exists()


# Every tree


NAMES = st.sampled_from(
    "pkg src venv __pycache__ .mypy_cache .pytest_cache .benchmarks .tox node_modules .hypothesis".split()
)
FILES = st.sampled_from(
    "m.py m.pyc n.pyc n.pyo m.cpython-311.pyc m.pyc.123 a.nbi x.so notes.txt pyvenv.cfg .git .testmondata .coverage HEAD".split()
)
KINDS = st.sampled_from(["file", "tracked", "link", "directory"])
ENTRIES = st.lists(st.tuples(st.lists(NAMES, max_size=3), FILES | NAMES, KINDS), max_size=25)


def built(repository: Repository, entries: list[tuple[list[str], str, str]], outside: Path) -> set[str]:
    """Make the tree that *entries* describe; what does not fit in is left out. Returns the paths to be tracked."""
    tracked = set()
    for folders, name, kind in entries:
        folder = os.path.join(repository.path, *folders)
        path = os.path.join(folder, name)
        try:
            if os.path.realpath(folder) != folder or os.path.lexists(path):
                continue  # it would lie behind a link
            os.makedirs(folder, exist_ok=True)
            if kind == "directory":
                os.mkdir(path)
            elif kind == "link":
                os.symlink(outside, path)
            else:
                Path(path).write_text(path, encoding="utf-8")
                if kind == "tracked" and name != ".git":
                    tracked.add(os.path.join(*folders, name))
        except (FileExistsError, NotADirectoryError):
            continue
    return tracked


class Specification:
    """What is to *go*, said once more and simply: from the catalogue and the words of the specification."""

    def __init__(self, root: Path, tracked: set[str]) -> None:
        self.root = root
        self.tracked = tracked
        self.go: set[str] = set()
        if "pyvenv.cfg" not in os.listdir(root):
            self.visit(root)

    def visit(self, folder: Path) -> None:
        if folder != self.root and {".git", "pyvenv.cfg"} & set(os.listdir(folder)):
            return
        for path in folder.iterdir():
            if path.is_symlink():
                continue
            if path.is_dir():
                self.directory(path)
            elif path.name == ".testmondata" or (path.name[:5] == "m.pyc" and (folder / "m.py").is_file()):
                self.file(path)

    def directory(self, path: Path) -> None:
        row = catalog.DIRECTORIES.get(path.name)
        if path.name in (".git", "node_modules"):
            return
        if path.name == "__pycache__":
            self.pycache(path)
        elif not row or row.prune == catalog.NEVER:
            self.visit(path)
        elif row.prune == catalog.ALWAYS or (
            row.prune == catalog.WHEN_EMPTY and all(each.is_dir() and not each.is_symlink() for each in path.rglob("*"))
        ):
            self.whole(path)

    def pycache(self, folder: Path) -> None:
        if ".git" in os.listdir(folder):
            return
        for path in folder.iterdir():
            if path.name.endswith((".pyc", ".pyc.123", ".pyo", ".nbi")) and path.is_file() and not path.is_symlink():
                self.file(path)
        self.if_empty(folder)

    def whole(self, folder: Path) -> None:
        if {".git", "pyvenv.cfg"} & set(os.listdir(folder)):
            return
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                self.whole(path)
            else:
                self.file(path)
        self.if_empty(folder)

    def file(self, path: Path) -> None:
        name = str(path.relative_to(self.root))
        if name not in self.tracked:
            self.go.add(name)

    def if_empty(self, folder: Path) -> None:
        if all(str((folder / name).relative_to(self.root)) in self.go for name in os.listdir(folder)):
            self.go.add(str(folder.relative_to(self.root)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(entries=[([".benchmarks"], "pyvenv.cfg", "directory")])
@given(entries=ENTRIES)
def test_what_goes_is_what_is_to_go(
    tmp_path: Path, env: dict[str, str], capfd: pytest.CaptureFixture[str], entries: list[tuple[list[str], str, str]]
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as directory:
        outside = Path(directory, "outside")
        outside.mkdir()
        (outside / "m.py").touch()
        (outside / "m.pyc").touch()
        repository = Repository.create(Path(directory, "tree"), env)
        tracked = built(repository, entries, outside)
        listing = b"".join(
            b"100644 %b\t%b\0" % (b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", os.fsencode(path)) for path in tracked
        )
        repository.git("update-index", "-z", "--index-info", stdin=listing)
        to_go = Specification(repository.path, tracked).go
        before = snapshot(repository.path)
        assert main([str(repository.path)]) == 0
        after = snapshot(repository.path)
        capfd.readouterr()
        assert before.keys() - after.keys() == to_go
        assert after == {path: before[path] for path in after}
        assert set(os.listdir(outside)) == {"m.py", "m.pyc"}
