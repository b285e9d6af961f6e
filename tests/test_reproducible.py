"""Two builds in copies of the tracked tree."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support import SOURCES, Repository, Result, hook_command, run, run_hook

if TYPE_CHECKING:
    from pathlib import Path

NAME = "run-without-pycache"
WRITING = ("--env", "PYTHONDONTWRITEBYTECODE=", "--env", "PYTHONPYCACHEPREFIX=")
"""Options with which Python writes bytecode beside the source."""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    path = tmp_path / "temporary"
    path.mkdir()
    return path


def build(
    repository: Repository, temporary: Path, *words: str, within: str = ".", options: tuple[str, ...] = ()
) -> Result:
    """Run the build, which must leave nothing in the temporary directory, nor in the work tree."""
    before = repository.git("status", "--porcelain", "--ignored").stdout
    done = repository.hook(NAME, "--reproducible", *options, "--", *words, within=within, TMPDIR=str(temporary))
    assert os.listdir(temporary) == []
    assert repository.git("status", "--porcelain", "--ignored").stdout == before
    return done


def test_a_build_that_makes_the_same_twice_passes(repository: Repository, temporary: Path) -> None:
    repository.write("m.py", "x = 1\n")
    repository.stage("m.py")

    done = build(repository, temporary, "sh", "-c", "cp m.py made; mkdir empty; ln -s m.py link; mkfifo pipe")

    assert (done.status, done.stdout, done.stderr) == (0, b"", b"")


def test_every_difference_is_told_bytecode_first(repository: Repository, temporary: Path) -> None:
    repository.write("m.py", "x = 1\n")
    repository.stage("m.py")
    script = (
        f"{sys.executable} -c 'import m'; mktemp -u >a; mktemp -u >>m.py; ln -s $(cat a) link; "
        'test -e "$0" && touch second || { touch "$0" first; }; '
        "touch mode; test -e second && chmod +x mode; :"
    )

    done = build(repository, temporary, "sh", "-c", script, str(repository.path.parent / "once"), options=WRITING)

    tag = sys.implementation.cache_tag
    assert done.findings == [
        f"__pycache__/m.{tag}.pyc PYC902",
        *(f"{name} PYC902" for name in ("a", "first", "link", "m.py", "mode", "second")),
    ]
    assert done.status == 1
    assert "first: PYC902 only the first of two builds left it" in done.text
    assert "second: PYC902 only the second of two builds left it" in done.text


def test_caches_that_are_kept_out_do_not_make_a_build_differ(repository: Repository, temporary: Path) -> None:
    repository.write("m.py", "x = 1\n")
    repository.stage("m.py")

    for options in ((), ("--mode", "prefix")):
        done = build(repository, temporary, sys.executable, "-c", "import m", options=options)
        assert (done.status, done.stdout) == (0, b"")


def test_the_repair_makes_bytecode_that_is_built_on_purpose_the_same(repository: Repository, temporary: Path) -> None:
    repository.write("m.py", "x = 1\n")
    repository.commit("m.py")
    command = (sys.executable, "-m", "compileall", "-q", ".")
    done = build(repository, temporary, *command, options=WRITING)
    assert done.status == 1
    assert done.fix == "export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)"
    epoch = repository.paste(f"{done.fix}; echo $SOURCE_DATE_EPOCH").text.strip()

    done = build(repository, temporary, *command, options=(*WRITING, "--env", f"SOURCE_DATE_EPOCH={epoch}"))

    assert (done.status, done.text) == (0, "")


def test_the_copies_have_what_is_tracked_as_it_is_now(repository: Repository, temporary: Path, tmp_path: Path) -> None:
    strange = os.fsdecode(b"a\xff\n b")
    repository.write("changed", "old")
    repository.write("program", "#!/bin/sh\n").chmod(0o755)
    repository.commit("changed", "program", "gone", "directory/file", "replaced/file", strange)
    repository.link("link", "nowhere")
    repository.write("changed", "new")
    repository.write("untracked")
    (repository.path / "gone").unlink()
    (repository.path / "replaced/file").unlink()
    (repository.path / "replaced").rmdir()
    repository.write("replaced", "now a file")
    seen = tmp_path / "seen"

    build(repository, temporary, "sh", "-c", 'rm -rf "$0"; cp -a . "$0"', str(seen))

    shutil.rmtree(seen / ".git")
    names = {path.relative_to(seen).as_posix() for path in seen.rglob("*") if not path.is_dir()}
    assert names == {"changed", "program", "link", "directory/file", strange}
    assert (seen / "changed").read_text() == "new"
    assert (seen / "program").stat().st_mode & stat.S_IXUSR
    assert os.readlink(seen / "link") == "nowhere"


def test_the_files_of_a_submodule_are_copied(repository: Repository, temporary: Path, env: dict[str, str]) -> None:
    other = Repository.create(repository.path.parent / "other", env)
    other.commit("inside")
    for name in ("sub", "absent"):
        repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), name)
    repository.git("submodule", "--quiet", "deinit", "-f", "absent")

    done = build(repository, temporary, "sh", "-c", "test -f sub/inside && test -d absent && test ! -e sub/.git")

    assert done.status == 0


def test_it_is_built_where_the_user_is_and_twice_at_one_path(
    repository: Repository, temporary: Path, tmp_path: Path
) -> None:
    repository.stage("top")
    (repository.path / "a/b").mkdir(parents=True)
    log = tmp_path / "log"

    done = build(
        repository, temporary, "sh", "-c", 'pwd -P >>"$0"; test "$PWD" -ef . && cat ../../top', str(log), within="a/b"
    )

    first, second = log.read_text().splitlines()
    assert done.status == 0
    assert first == second
    assert first.endswith("/tree/a/b")
    assert not first.startswith(str(repository.path))


def test_a_commit_in_a_hook_is_not_touched(repository: Repository, temporary: Path) -> None:
    before = repository.commit("m.py")
    repository.git("tag", "before")
    repository.write("staged.py", "x = 1\n")
    look = "git diff --cached --name-status; cat staged.py; git remote"
    script = f"{look}; git add -A; git commit -q --allow-empty -m built; git tag built"
    index = repository.path / ".git/index.of.this.commit"
    shutil.copy(repository.path / ".git/index", index)
    about = {"GIT_DIR": str(repository.path / ".git"), "GIT_INDEX_FILE": str(index)}
    run(["git", "add", "staged.py"], repository.path, repository.env | about)
    content = index.read_bytes()

    done = repository.hook(NAME, "--reproducible", "--", "sh", "-c", script, TMPDIR=str(temporary), **about)

    assert (done.status, done.text) == (0, "A\tstaged.py\nx = 1\n" * 2), done
    assert index.read_bytes() == content
    assert repository.git("rev-parse", "HEAD", "--tags").lines == [before, before]
    assert repository.git("ls-files").text == "m.py\n"


DESCRIBED = "git describe --tags --long --dirty --always; git rev-list --count HEAD; git status --short"
"""What setuptools-scm and its kin ask for the version."""


@pytest.mark.parametrize(
    "state", ["clean", "changed", "staged", "detached", "linked", "shallow", "without a commit", "sparse"]
)
def test_a_version_made_from_the_history_is_that_of_the_work_tree(
    state: str, repository: Repository, temporary: Path, tmp_path: Path
) -> None:
    here = repository
    if state == "without a commit":
        here.stage("m.py")
    else:
        repository.commit("m.py", "away/n.py")
        repository.git("tag", "-a", "v1.2", "-m", "a release")
        repository.commit("later.py")
    if state in ("changed", "staged"):
        here.write("m.py", "changed\n")
    if state == "staged":
        here.stage("m.py")
    if state == "detached":
        here.git("checkout", "-q", "--detach", "HEAD~1")
    if state == "sparse":
        here.git("sparse-checkout", "set", "--no-cone", "/*", "!/away")
    if state in ("linked", "shallow"):
        here = Repository(tmp_path / "here", repository.env)
    if state == "linked":
        repository.git("worktree", "add", "-q", "-b", "other", str(here.path), "v1.2")
    if state == "shallow":
        repository.git("clone", "-q", "--depth", "1", repository.path.as_uri(), str(here.path))
    expected = run(["sh", "-c", DESCRIBED], here.path, here.env)

    done = build(here, temporary, "sh", "-c", DESCRIBED)

    assert (done.status, done.text) == (0, expected.text * 2), (done, expected)
    assert state == "without a commit" or expected.text.startswith("v1.2-") is (state != "shallow")


@pytest.mark.parametrize("kind", ["sha256", "a name with a newline", "borrows objects itself"])
def test_a_version_is_made_from_any_kind_of_repository(
    kind: str, tmp_path: Path, temporary: Path, env: dict[str, str]
) -> None:
    here = Repository.create(tmp_path / "a\nb ü" if "newline" in kind else tmp_path / "here", env)
    if kind == "sha256":
        shutil.rmtree(here.path / ".git")
        here.git("init", "-q", "--object-format=sha256")
    here.commit("m.py")
    here.git("tag", "v1.2")
    if "borrows" in kind:
        here.git("clone", "-q", "--shared", ".", str(tmp_path / "borrower"))
        here = Repository(tmp_path / "borrower", env)

    done = build(here, temporary, "sh", "-c", DESCRIBED)

    short = here.git("rev-parse", "--short", "HEAD").text.strip()
    assert (done.status, done.lines) == (0, [f"v1.2-0-g{short}", "1"] * 2), done


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes rights")
def test_a_repository_of_somebody_else_is_copied_where_git_trusts_it(
    repository: Repository, temporary: Path, tmp_path: Path
) -> None:
    repository.commit("m.py")
    repository.git("tag", "v1.2")
    subprocess.run(["chown", "-R", "12345", repository.path], check=True)
    (tmp_path / "gitconfig").write_text(f'[safe]\n\tdirectory = "{repository.path}"\n')
    repository.env = repository.env | {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}

    done = build(repository, temporary, "git", "describe", "--tags")

    assert (done.status, done.text) == (0, "v1.2\n" * 2), done


def test_a_build_that_fails_passes_its_status_on_and_is_not_run_again(repository: Repository, temporary: Path) -> None:
    repository.stage("m.py")

    done = build(repository, temporary, "sh", "-c", "echo once; mkdir x; touch x/y; chmod 555 x; exit 4")

    assert (done.status, done.text) == (4, "once\n")


def test_a_build_that_is_interrupted_and_ends_well_is_not_run_again(repository: Repository, temporary: Path) -> None:
    repository.stage("m.py")

    done = build(
        repository, temporary, "sh", "-c", "trap 'echo once; exit 0' TERM; kill -TERM $PPID; while :; do :; done"
    )

    assert (done.status, done.text) == (143, "once\n")


def test_outside_of_a_repository_there_is_nothing_to_copy(tmp_path: Path, temporary: Path) -> None:
    done = run_hook(NAME, "--reproducible", "--", "true", cwd=tmp_path)

    assert done.status == 2
    assert b"not a git repository" in done.stderr
    assert os.listdir(temporary) == []


def test_a_tree_that_does_not_fit_into_the_temporary_directory_leaves_nothing(
    repository: Repository, temporary: Path
) -> None:
    repository.write("large", b"x" * 4_000_000)
    repository.stage("large")
    limited = ["bash", "-c", 'ulimit -f 1000; exec "$@"', "bash", *hook_command(NAME, "--reproducible", "--", "true")]
    env = {"PYTHONPATH": str(SOURCES)} | repository.env | {"TMPDIR": str(temporary)}

    done = run(limited, repository.path, env)

    assert (done.status, done.stdout) == (2, b"")
    assert b"File too large" in done.stderr
    assert os.listdir(temporary) == []
