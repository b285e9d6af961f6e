"""The only caller of git, with the real git and with programs that stand in its place on PATH."""

from __future__ import annotations

import os
import sys
import zlib
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import git
from pycache_hooks.console import Failure
from pycache_hooks.readers import snapshot
from support import SOURCES, Repository, Result, environment, run

if TYPE_CHECKING:
    from pathlib import Path


def answer(expression: str, cwd: Path, env: dict[str, str], prefix: tuple[str, ...] = ()) -> Result:
    """What *expression* prints as a console script in the directory *cwd*."""
    program = (
        "import os, sys, zlib; from pycache_hooks import git; from pycache_hooks.readers import snapshot\n"
        f"from pycache_hooks.console import guarded\nsys.exit(guarded(lambda argv: print({expression}) or 0)())"
    )
    return run([*prefix, sys.executable, "-c", program], cwd, env | {"PYTHONPATH": str(SOURCES)})


def failing(folder: Path, script: str) -> dict[str, str]:
    """An environment in which git is the shell *script*."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return environment(PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")


def reason(result: Result) -> str:
    assert (result.status, result.stdout) == (2, b""), result
    assert result.stderr.count(b"\n") == 1
    return os.fsdecode(result.stderr).removeprefix("-c: ").removesuffix("\n")


def test_the_root_comes_from_git(repository: Repository) -> None:
    (repository.path / "a b").mkdir()
    repository.write("größe/m.py")

    assert answer("git.top_level()", repository.path / "a b", repository.env).text == f"{repository.path}\n"
    assert answer("git.top_level('größe')", repository.path, repository.env).text == f"{repository.path}\n"


@pytest.mark.parametrize("name", ["odd\n\n", "odd\r", " odd ", os.fsdecode(b"\xff")], ids=ascii)
def test_a_root_with_any_byte_at_its_end(tmp_path: Path, env: dict[str, str], name: str) -> None:
    repository = Repository.create(tmp_path / name, env)

    assert answer("repr(git.top_level())", repository.path, env).text == f"{str(repository.path)!r}\n"


def test_no_repository_is_said_with_what_to_do(tmp_path: Path) -> None:
    env = environment(GIT_CEILING_DIRECTORIES=str(tmp_path.parent))

    assert reason(answer("git.top_level()", tmp_path, env)) == "not a git repository: run this inside a work tree"


def test_a_missing_git_is_said(tmp_path: Path) -> None:
    expected = "git cannot be started (No such file or directory): install git and see that it is on PATH"
    assert reason(answer("git.run('version')", tmp_path, environment(PATH="/nowhere"))) == expected


def test_a_git_that_cannot_be_executed_is_said(tmp_path: Path) -> None:
    env = failing(tmp_path / "bin", "") | {"PATH": str(tmp_path / "bin")}
    (tmp_path / "bin/git").chmod(0o644)

    assert "git cannot be started (Permission denied)" in reason(answer("git.run('version')", tmp_path, env))


def test_a_damaged_index_is_a_failure_with_gits_reason(repository: Repository) -> None:
    repository.write(".git/index", "not an index at all, but long enough to be one")

    said = reason(answer("snapshot.index()", repository.path, repository.env))

    assert said.startswith("git ls-files failed: bad signature")
    assert "index file corrupt" in said


def test_a_directory_of_somebody_else_is_a_failure_that_says_the_way_out(repository: Repository) -> None:
    env = repository.env | {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}

    said = reason(answer("git.top_level()", repository.path, env))

    assert "dubious ownership" in said
    assert f"git config --global --add safe.directory {repository.path}" in said


def test_a_revision_that_nobody_knows(repository: Repository) -> None:
    repository.commit("m.py")

    assert "git ls-tree failed: Not a valid object name nobody" in reason(
        answer("snapshot.tree('nobody')", repository.path, repository.env)
    )
    assert "bad revision" in reason(answer("snapshot.changed('nobody')", repository.path, repository.env))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "git version failed: exit status 3"),
        ("echo plain words >&2; exit 1", "git version failed: plain words"),
        ("echo 'warning: x' >&2; echo 'fatal: y: z' >&2; exit 128", "git version failed: y: z"),
        ("printf 'fatal: a\\033[31m\\n\\n  b\\n' >&2; exit 128", "git version failed: a\\x1b[31m b"),
        ("printf '\\377' >&2; exit 1", "git version failed: \\xff"),
        ("kill -9 $$", "git version failed: exit status -9"),
        ("exec <&-; echo 'error: no' >&2; exit 1", "git version failed: no"),
    ],
)
def test_a_git_that_fails_is_one_line(tmp_path: Path, script: str, said: str) -> None:
    env = failing(tmp_path / "bin", script)

    assert reason(answer("git.run('version', stdin=b'x' * 10_000_000)", tmp_path, env)) == said


def test_an_exit_status_that_is_expected_is_no_failure(tmp_path: Path) -> None:
    env = failing(tmp_path / "bin", "echo answer; exit 1")

    assert answer("git.run('version', accept=(0, 1))", tmp_path, env).stdout == b"b'answer\\n'\n"


def test_much_input_and_much_output_at_once_end(tmp_path: Path) -> None:
    env = failing(tmp_path / "bin", "tee /dev/stderr")

    assert answer("len(git.run('x', stdin=b'x' * 5_000_000))", tmp_path, env).stdout == b"5000000\n"


def test_output_that_nobody_waits_for_holds_nothing_up(tmp_path: Path) -> None:
    env = failing(tmp_path / "bin", 'head -c 5000000 /dev/zero; echo "$@"')
    two = "[len(each.output()) for each in (git.Command('a'), git.Command('b'))]"

    assert answer(two, tmp_path, env).stdout == b"[5000026, 5000026]\n"


@pytest.mark.parametrize("redirect", ["<&-", ">&2 <&-", "<&- 2>&-"], ids=["no stdin", "stdout is stderr", "neither"])
def test_closed_streams_of_our_own_do_not_reach_git(repository: Repository, redirect: str) -> None:
    prefix = ("bash", "-c", f'exec "$@" {redirect}', "bash")
    done = answer("len(git.run('hash-object', '--stdin', stdin=b'x' * 1000))", repository.path, repository.env, prefix)

    assert (done.stdout + done.stderr).strip() == b"41"


def test_what_git_sees_of_the_environment(tmp_path: Path) -> None:
    env = failing(tmp_path / "bin", 'env | grep -E "^(GIT_|LC_ALL)" | sort')
    given = {
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_INDEX_FILE": "kept",
        "LC_ALL": "de_DE.UTF-8",
    }

    said = answer("git.run('x').decode()", tmp_path, env | given).text

    assert "GIT_INDEX_FILE=kept\n" in said
    assert "GIT_OPTIONAL_LOCKS=0\n" in said
    assert "GIT_ALLOW_PROTOCOL=none\n" in said
    assert "LC_ALL=C\n" in said
    assert "PATHSPECS" not in said
    without = answer("git.Command('x', without=git.LOCATION).output().decode()", tmp_path, env | given).text
    assert "GIT_INDEX_FILE" not in without


def test_the_error_carries_its_status_and_reason(repository: Repository) -> None:
    with pytest.raises(git.GitError, match=r"git rev-parse failed: ") as caught:
        git.run("rev-parse", "--verify", "nobody", root=str(repository.path))

    assert caught.value.status == 128
    assert isinstance(caught.value, Failure)
    with pytest.raises(git.GitError):
        git.top_level(str(repository.path / ".git"))


# The two ends of a pipe: in git.py each runs in a thread of the low-level kind, which coverage does not follow


def test_a_failing_command_is_named_by_itself_and_not_by_its_settings(repository: Repository) -> None:
    with pytest.raises(git.GitError, match=r"^git ls-tree failed: "):
        git.run("-c", "core.quotePath=false", "-c", "x.y=z", "ls-tree", "nobody", root=str(repository.path))


def test_a_pipe_is_read_to_its_end_and_closed() -> None:
    ours, theirs = os.pipe()
    pieces: list[bytes] = []
    os.write(theirs, b"x" * 10_000)
    os.close(theirs)

    git._drain(ours, pieces.append, [], lambda: pieces.append(b"finished"))

    assert b"".join(pieces) == b"x" * 10_000 + b"finished"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(ours)


def test_what_fails_while_a_pipe_is_read_is_kept() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"x")
    os.close(theirs)
    failures: list[Exception] = []

    def refuse(_: bytes) -> None:
        raise MemoryError("too much")

    git._drain(ours, refuse, failures, list)

    assert list(map(str, failures)) == ["too much"]


@pytest.mark.parametrize("reader", [True, False], ids=["is there", "has left"])
def test_a_pipe_is_fed_while_its_reader(reader: bool) -> None:  # noqa: FBT001 - a column of the table
    ours, theirs = os.pipe()
    if not reader:
        os.close(ours)

    git._feed(theirs, b"x" * 10_000)

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(theirs)
    if reader:
        assert os.read(ours, 20_000) == b"x" * 10_000
        os.close(ours)


# What is read from git


def test_every_entry_of_the_index_with_its_mode(repository: Repository) -> None:
    repository.stage("m.py", "a/größe\n.py")
    repository.link("link", "m.py")
    repository.git("update-index", "--skip-worktree", "m.py")

    said = answer(
        "[(e.mode, e.path, e.link, e.sparse) for e in snapshot.index()]", repository.path / "a", repository.env
    )

    assert said.text.strip() == repr(
        [
            ("100644", "a/größe\n.py", False, False),
            (snapshot.LINK, "link", True, False),
            ("100644", "m.py", False, True),
        ]
    )


def test_the_entries_of_a_commit(repository: Repository) -> None:
    repository.link("link", "m.py")
    head = repository.commit("a/m.py")

    said = answer(f"[(e.mode, e.path) for e in snapshot.tree('{head}')]", repository.path / "a", repository.env)

    assert said.text.strip() == repr([("100644", "a/m.py"), ("120000", "link")])


def test_a_change_has_what_is_added_and_changed_but_not_what_is_deleted(repository: Repository) -> None:
    repository.commit("gone.py", "moved.py", "same.py", "link.py")
    repository.git("rm", "-q", "gone.py")
    repository.git("mv", "moved.py", "new name\t.py")
    (repository.path / "link.py").unlink()
    repository.link("link.py", "same.py")

    said = answer("[(e.mode, e.path) for e in snapshot.changed('--cached')]", repository.path, repository.env)

    assert said.text.strip() == repr([("120000", "link.py"), ("100644", "new name\t.py")])


@pytest.mark.parametrize("length", [0, 1, 16, 100_000, 10_000_000])
def test_the_beginnings_of_blobs_of_any_size(repository: Repository, length: int) -> None:
    blobs = [b"", b"\n", b"a\nb\n", b"x" * 16, b"\n" * 70_000, bytes(range(256)) * 10_000, b"0 blob 3\n" * 20_000]
    oids = [repository.git("hash-object", "-w", "--stdin", stdin=blob).text.strip() for blob in blobs]
    asked = [*oids, *oids, "0" * 40]
    expression = f"[(n, zlib.crc32(d), len(d)) for n, d in snapshot.beginnings({asked}, {length})]"

    said = answer(expression, repository.path, repository.env)

    cut = {oid: blob[:length] for oid, blob in zip(oids, blobs, strict=True)}
    assert said.text.strip() == repr([(oid, zlib.crc32(cut[oid]), len(cut[oid])) for oid in sorted(cut)])


def test_no_blobs_need_no_git(tmp_path: Path) -> None:
    assert answer("list(snapshot.beginnings([], 16))", tmp_path, environment(PATH="/nowhere")).text == "[]\n"


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50, 1_000])
@pytest.mark.parametrize("length", [0, 3, 16, 100])
def test_pieces_of_output_may_end_anywhere(step: int, length: int) -> None:
    blobs = [b"", b"\n\n", b"abc", b"x" * 40 + b"\n", b"1 blob 9\n"]
    records = [b"%d blob %d\n%s\n" % (number, len(blob), blob) for number, blob in enumerate(blobs)]
    output = b"".join([records[0], b"f00 missing\n", *records[1:]])
    sieve = snapshot._Sieve(length)

    for start in range(0, len(output), step):
        sieve.take(output[start : start + step])

    assert sieve.found == [(str(number), blob[:length]) for number, blob in enumerate(blobs)]


def test_the_variable_that_a_hook_in_a_linked_worktree_gets_does_not_hide_the_top(repository: Repository) -> None:
    repository.stage("m.py")
    repository.commit()
    repository.git("worktree", "add", "-q", "../linked")
    below = repository.path.parent / "linked" / "below"
    below.mkdir()
    told = repository.git("-C", str(below), "rev-parse", "--absolute-git-dir").text.strip()
    program = "from pycache_hooks import git; print(git.top_level())"
    for variables, top in (
        ({}, below.parent),
        ({"GIT_DIR": told}, below.parent),
        ({"GIT_DIR": str(repository.path / ".git")}, below),  # another repository: git does as it is told
        ({"GIT_DIR": told, "GIT_WORK_TREE": str(below)}, below),
    ):
        env = environment(PYTHONPATH=str(SOURCES)) | variables
        assert run([sys.executable, "-c", program], below, env).text == f"{top}\n"


def test_what_fails_while_the_output_is_read_is_raised_where_it_is_asked_for(repository: Repository) -> None:
    def refuse(_: bytes) -> None:
        raise MemoryError("too much")

    command = git.Command("version", root=str(repository.path), consume=refuse)
    with pytest.raises(MemoryError, match="too much"):
        command.output()
