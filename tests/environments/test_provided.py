"""Environments made from a lock file, from a wheelhouse, without network."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kit import PROVIDE, UV, command, locked, make_project, make_wheel, run_program, with_sources

from pycache_hooks import environments
from pycache_hooks.console import Failure
from pycache_hooks.environments import locks, provision, store
from support import UNPRIVILEGED, hook_command

pytest_plugins = ["environment_fixtures"]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kit import Wrapper

TOGETHER = 20


def request(
    lock: str, *extras: str | Path, python: str = sys.executable, refresh: bool = False
) -> environments.Request:
    return environments.Request(lock, python, tuple(map(str, extras)), refresh=refresh)


def provide(lock: str, *extras: str | Path, python: str = sys.executable) -> str:
    """The path of the environment, once it was used."""
    with environments.provided(request(lock, *extras, python=python)) as place:
        return str(place)


def values(place: str, *modules: str) -> list[str]:
    """What the modules say that are installed in an environment."""
    program = f"import {', '.join(modules)}; print({', '.join(f'{module}.VALUE' for module in modules)})"
    done = subprocess.run(
        [f"{place}/bin/python", "-I", "-B", "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def left(user_cache: Path) -> list[str]:
    """What lies in our store but for its directories."""
    return [path.name for path in sorted((user_cache / "pycache-hooks").glob("*/*"))]


def test_an_environment_holds_what_is_locked_and_is_used_again(user_cache: Path, pylock: str) -> None:
    with environments.provided(request(pylock)) as place:
        assert values(place, "apple", "banana") == ["1.0", "1.0"]
        assert os.path.dirname(place) == str(user_cache / "pycache-hooks/envs")
        os.fstat(place.descriptor)
        (entry,) = store.entries(store.OURS)
        assert (entry.path, entry.kind, entry.in_use()) == (place, store.ENVIRONMENT, True)
        made = os.stat(f"{place}/pyvenv.cfg")
        with environments.provided(request(pylock)) as again:
            assert again == place
        assert entry.in_use()

    assert not entry.in_use()
    assert os.stat(f"{place}/pyvenv.cfg").st_mtime_ns == made.st_mtime_ns
    assert left(user_cache) == [os.path.basename(place), f"{os.path.basename(place)}.lock"]
    assert list(Path(place).rglob("*.pyc")) == []


def test_a_clone_uses_it_again_and_another_lock_file_does_not(
    user_cache: Path, pylock: str, tmp_path: Path, wheelhouse: Path
) -> None:
    first = provide(pylock)
    clone = tmp_path / "a clone ü/pylock.toml"
    clone.parent.mkdir()
    shutil.copyfile(pylock, clone)
    os.utime(clone, (0, 0))
    assert provide(str(clone)) == first

    clone.write_text(locked(wheelhouse / "banana-1.0-py3-none-any.whl"))
    second = provide(str(clone))

    assert second != first
    assert len(left(user_cache)) == 4
    assert values(second, "banana") == ["1.0"]


def test_requirements_with_hashes_are_installed_from_the_users_index(
    user_cache: Path, wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert user_cache.is_dir()
    monkeypatch.setenv("UV_FIND_LINKS", str(wheelhouse))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    (tmp_path / "wanted.in").write_text("apple\n")
    made = [UV, "pip", "compile", "-q", "--generate-hashes", "wanted.in", "-o", "requirements.txt"]
    subprocess.run([*made, "--python", sys.executable], cwd=tmp_path, check=True)

    place = provide(str(tmp_path / "requirements.txt"))

    assert values(place, "apple", "banana") == ["1.0", "1.0"]


@pytest.fixture
def uv_lock(user_cache: Path, tmp_path: Path, wheelhouse: Path) -> Path:
    """The ``uv.lock`` of a project that needs a wheel from an index, and one of its own."""
    assert user_cache.is_dir()
    project = tmp_path / "uv project"
    make_wheel(project / "wheels", "cherry")
    (project / "pyproject.toml").write_text(f"""
[project]
name = "project"
version = "1"
requires-python = ">=3.11"
dependencies = ["banana", "cherry"]
[dependency-groups]
dev = ["apple"]
[tool.uv]
no-index = true
find-links = ["{wheelhouse}"]
[tool.uv.sources]
cherry = {{ path = "wheels/cherry-1.0-py3-none-any.whl" }}
""")
    subprocess.run([UV, "lock", "-q", "--python", sys.executable], cwd=project, check=True)
    return project / "uv.lock"


def test_a_uv_lock_is_exported_without_the_project_and_without_a_trace_in_it(uv_lock: Path) -> None:
    before = sorted(uv_lock.parent.rglob("*"))

    place = provide(str(uv_lock))

    assert values(place, "apple", "banana", "cherry") == ["1.0"] * 3
    assert sorted(uv_lock.parent.rglob("*")) == before
    assert provide(str(uv_lock)) == place


def test_a_uv_lock_of_another_time_is_refused_with_the_reason_of_uv(uv_lock: Path, user_cache: Path) -> None:
    uv_lock.write_text("version = 99\n")

    with pytest.raises(Failure, match=r"uv.lock cannot be installed: .*unsupported schema version"):
        provide(str(uv_lock))
    assert left(user_cache) == []


def test_a_uv_lock_needs_no_project_beside_it(uv_lock: Path, user_cache: Path) -> None:
    assert user_cache.is_dir()
    (uv_lock.parent / "pyproject.toml").unlink()

    assert values(provide(str(uv_lock)), "apple", "banana", "cherry") == ["1.0"] * 3
    assert sorted(os.listdir(uv_lock.parent)) == ["uv.lock", "wheels"]


def test_requirements_that_no_index_has_are_named(
    user_cache: Path, wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_FIND_LINKS", str(wheelhouse))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    path = tmp_path / "requirements.txt"
    path.write_text(f"apple==1.0 --hash=sha256:{'0' * 64}\nnonesuch==1.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(Failure, match=r"requirements.txt cannot be installed: .*nonesuch was not found"):
        provide(str(path))
    assert left(user_cache) == []


def test_extras_are_installed_on_top_and_their_content_counts(user_cache: Path, pylock: str, tmp_path: Path) -> None:
    assert user_cache.is_dir()
    project = make_project(tmp_path / "a project ü", "first")
    wheel = make_wheel(tmp_path / "extras", "apple", "patched", needs="nonesuch")
    files = sorted(project.rglob("*"))

    first = provide(pylock, project, wheel)
    assert values(first, "apple", "local") == ["patched", "first"]
    assert sorted(project.rglob("*")) == files
    assert provide(pylock, project, wheel) == first

    make_project(project, "second")
    second = provide(pylock, project, wheel)
    assert second != first
    assert values(second, "apple", "local") == ["patched", "second"]
    assert values(first, "local") == ["first"]


RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def only_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all of ``PATH``, and uv has no interpreters of its own."""
    place = tmp_path / "only on path"
    place.mkdir()
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "no interpreters"))
    return place


@pytest.fixture
def broken_shim(only_on_path: Path) -> Path:
    """An interpreter as pyenv has it for a version that is not activated; what it says has many lines."""
    shim = only_on_path / f"python{RUNNING}"
    shim.write_text("#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    return shim


def test_the_interpreter_counts(user_cache: Path, pylock: str, wheelhouse: Path, broken_shim: Path) -> None:
    assert user_cache.is_dir()
    (broken_shim.parent / "python3").symlink_to(os.path.realpath(sys.executable))  # the next one on PATH
    Path(pylock).write_text(locked(*sorted(wheelhouse.iterdir()), python=f">={RUNNING}"))

    place = provide(pylock, python="")

    assert values(place, "apple") == ["1.0"]
    with pytest.raises(Failure, match=r"no interpreter: No interpreter found for Python 3\.99.*uv python install"):
        provide(pylock, python="3.99")
    with pytest.raises(Failure, match="no interpreter: No interpreter found at path `/missing/python`"):
        provide(pylock, python="/missing/python")


@pytest.mark.parametrize("requested", ["", RUNNING])
def test_an_interpreter_that_does_not_run_is_named_where_there_is_no_other(
    user_cache: Path, pylock: str, broken_shim: Path, requested: str
) -> None:
    Path(pylock).write_text(locked(python=f">={RUNNING}"))

    with pytest.raises(Failure) as failed:
        provide(pylock, python=requested)

    said = str(failed.value)
    assert said.startswith(
        "no interpreter: " if requested else f"no interpreter for what {pylock} says in requires-python: "
    )
    assert broken_shim.name in said
    assert said.endswith("pyenv: command not found: name one that runs with --python")
    assert left(user_cache) == []


def test_a_lock_file_that_allows_no_interpreter_that_there_is_says_so(user_cache: Path, pylock: str) -> None:
    Path(pylock).write_text(locked(python=">=3.99"))

    with pytest.raises(Failure, match=r"pylock.toml says in requires-python: No interpreter found for Python >=3\.99"):
        provide(pylock, python="")
    assert left(user_cache) == []


UNUSABLE = {
    "too old": (
        "case $1 in --version) echo uv 0.4.1; exit;; esac; echo 'error: unexpected argument' >&2; exit 2",
        "is uv 0.4.1",
    ),
    "silent": ("exit 0", "is no uv that works"),
    "broken": ("kill -SEGV $$", "is no uv that works"),
    "one that finds and makes nothing": (
        f'case "$*" in *find*) echo "{sys.executable}";; esac; exit 0',
        "is no uv that works",
    ),
}


@pytest.mark.parametrize("how", UNUSABLE)
def test_a_uv_that_is_of_no_use_is_named_with_what_helps(
    user_cache: Path, pylock: str, wrapper: Wrapper, how: str
) -> None:
    does, reason = UNUSABLE[how]
    wrapper.does(does)

    done = run_program(PROVIDE, pylock, PYTHONPATH=wrapper.path)

    said = os.fsdecode(done.stderr)
    assert (done.status, said.count("\n")) == (2, 1), done
    assert f"{wrapper.script} {reason}" in said
    assert "install uv 0.12 or newer" in said
    assert left(user_cache) == []


def test_names_differ_by_host_and_by_every_part() -> None:
    names = {
        provision.name(host, parts) for host in ("0" * 8, "1" * 8) for parts in ([b"a", b"b"], [b"ab"], [b"b", b"a"])
    }

    assert len(names) == 6
    assert all(store.OURS.owns("envs", name) for name in names)


def test_two_hosts_that_share_a_home_share_no_environment(
    user_cache: Path, pylock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    here = provide(pylock)
    monkeypatch.setattr(socket, "gethostname", lambda: "another-host")
    there = provide(pylock)

    assert there != here
    assert values(here, "apple") == values(there, "apple")
    assert len(left(user_cache)) == 4


def test_an_ephemeral_environment_is_made_anew_and_goes_with_the_run(user_cache: Path, pylock: str) -> None:
    with environments.provided(request(pylock, refresh=True)) as first:
        assert values(first, "apple") == ["1.0"]
        with environments.provided(request(pylock, refresh=True)) as second:
            assert first != second
            kinds = {entry.path: (entry.kind, entry.in_use()) for entry in store.entries(store.OURS)}
            assert kinds == {first: (store.EPHEMERAL, True), second: (store.EPHEMERAL, True)}

    assert left(user_cache) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_ephemeral_environment_goes_also_when_the_command_fails(
    user_cache: Path, pylock: str, error: type[BaseException]
) -> None:
    with pytest.raises(error), environments.provided(request(pylock, refresh=True)):
        raise error

    assert left(user_cache) == []


def test_what_the_command_locks_up_in_an_ephemeral_environment_is_left_to_prune(user_cache: Path, pylock: str) -> None:
    program = f"{PROVIDE}\n    os.mkdir(place + '/closed')\n    open(place + '/closed/file', 'w').close()"
    program += "\n    os.chmod(place + '/closed', 0o500)"

    done = run_program(program, pylock, prefix=UNPRIVILEGED, REFRESH="1")

    assert done.status == 0, done
    (entry,) = store.entries(store.OURS)
    assert (entry.kind, entry.in_use(), entry.due(0)) == (store.EPHEMERAL, False, True)
    assert left(user_cache) == [os.path.basename(entry.path)]


def test_the_last_use_is_written_down_once_a_day(user_cache: Path, pylock: str) -> None:
    assert user_cache.is_dir()
    marker = f"{provide(pylock)}/{store.MARKER}"
    today = time.time() - environments.DAY / 2
    os.utime(marker, (today, today))
    written = os.stat(marker).st_mtime
    provide(pylock)
    assert os.stat(marker).st_mtime == written

    os.utime(marker, (0, 0))
    provide(pylock)
    assert os.stat(marker).st_mtime > today


def test_an_environment_whose_interpreter_is_gone_is_made_again(user_cache: Path, pylock: str) -> None:
    assert user_cache.is_dir()
    place = provide(pylock)
    os.unlink(f"{place}/bin/python")
    os.symlink("/missing", f"{place}/bin/python")

    assert provide(pylock) == place
    assert values(place, "apple") == ["1.0"]


def test_many_at_once_make_one_environment(user_cache: Path, pylock: str, wrapper: Wrapper) -> None:
    env = with_sources(PYTHONPATH=wrapper.path)
    started = [subprocess.Popen(command(PROVIDE, pylock), env=env, stdout=subprocess.PIPE) for _ in range(TOGETHER)]
    said = [process.communicate()[0] for process in started]

    assert [process.returncode for process in started] == [0] * TOGETHER
    assert len(set(said)) == 1
    assert wrapper.calls("find") == TOGETHER
    assert (wrapper.calls("venv"), wrapper.calls("--require-hashes")) == (1, 1)
    assert len(left(user_cache)) == 2


STEPS = ("find", "venv", "--require-hashes", "--no-deps")
KILLED = {
    f"{moment} {step}": f'case " $* " in *" {step} "*) {what}; exit 1;; esac'
    for moment, what in (("before", "kill -9 $PPID"), ("after", '"$UV" "$@"; kill -9 $PPID'))
    for step in STEPS
}


@pytest.mark.parametrize("refresh", ["", "1"], ids=["cached", "ephemeral"])
@pytest.mark.parametrize("moment", KILLED)
def test_after_a_run_was_killed_at_any_step_the_next_is_good(
    user_cache: Path, pylock: str, wrapper: Wrapper, moment: str, refresh: str
) -> None:
    project = str(make_project(Path(pylock).parent, "1"))
    wrapper.does(KILLED[moment])
    variables = {"PYTHONPATH": wrapper.path, **({"REFRESH": refresh} if refresh else {})}
    killed = run_program(PROVIDE, pylock, project, **variables)
    assert (killed.status, killed.stdout) == (-signal.SIGKILL, b""), killed

    half = store.entries(store.OURS)
    assert {entry.kind for entry in half} <= {store.LOCK, store.EPHEMERAL if refresh else store.HALF_PROVISIONED}
    for entry in half:
        locks.wait_for(entry.lock).release()  # the killer itself has it as long as it lives
    assert all(entry.due(0) and not entry.in_use() for entry in half)

    wrapper.does()
    good = run_program(PROVIDE, pylock, project)

    assert good.status == 0, good
    whole = provide(pylock, project)
    assert whole == good.text.strip()
    assert values(whole, "apple", "banana", "local") == ["1.0", "1.0", "1"]
    assert all(store.remove(entry) for entry in store.entries(store.OURS) if entry.due(0))
    assert left(user_cache) == [os.path.basename(whole), f"{os.path.basename(whole)}.lock"]


def test_uv_that_outlives_a_killed_run_keeps_its_lock_to_the_end(
    user_cache: Path, pylock: str, tmp_path: Path, wrapper: Wrapper
) -> None:
    os.mkfifo(tmp_path / "gate")
    wrapper.does(f'case " $* " in *" venv "*) kill -9 $PPID; cat "{tmp_path}/gate";; esac')
    with subprocess.Popen(command(PROVIDE, pylock), env=with_sources(PYTHONPATH=wrapper.path)) as killed:
        assert killed.wait() == -signal.SIGKILL
    (entry,) = store.entries(store.OURS)
    assert entry.in_use()
    assert not store.remove(entry)

    wrapper.log.write_text("")
    gate = (tmp_path / "gate").open("w")
    wrapper.does('echo "next $*" >>"$(dirname "$0")/order"')
    with subprocess.Popen(command(PROVIDE, pylock), env=with_sources(PYTHONPATH=wrapper.path)) as following:
        gate.close()
        assert following.wait() == 0

    (whole,) = store.entries(store.OURS)
    assert whole.kind == store.ENVIRONMENT
    assert values(whole.path, "apple", "banana") == ["1.0", "1.0"]
    assert user_cache.is_dir()


@pytest.mark.parametrize("refresh", ["", "1"], ids=["cached", "ephemeral"])
def test_an_interrupted_run_leaves_nothing(
    user_cache: Path, pylock: str, tmp_path: Path, wrapper: Wrapper, refresh: str
) -> None:
    os.mkfifo(tmp_path / "gate")
    wrapper.does(f'case " $* " in *" --require-hashes "*) echo >"{tmp_path}/gate"; exec sleep 60;; esac')
    env = with_sources(PYTHONPATH=wrapper.path, **({"REFRESH": refresh} if refresh else {}))
    with subprocess.Popen(command(PROVIDE, pylock), env=env, start_new_session=True) as process:
        (tmp_path / "gate").read_text()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait() == 130

    assert left(user_cache) == []


@pytest.mark.parametrize("words", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGTERM --refresh"])
def test_a_signal_to_the_hook_alone_while_uv_works_leaves_nothing(
    user_cache: Path, pylock: str, tmp_path: Path, wrapper: Wrapper, words: str
) -> None:
    name, *options = words.split()
    number = getattr(signal, name)
    os.mkfifo(tmp_path / "gate")
    wrapper.does(f'case " $* " in *" --require-hashes "*) echo >"{tmp_path}/gate"; exec sleep 60;; esac')
    started = hook_command("run-without-pycache", "--pylock", pylock, *options, "--", "touch", "ran")
    with subprocess.Popen(started, cwd=tmp_path, env=with_sources(PYTHONPATH=wrapper.path)) as process:
        (tmp_path / "gate").read_text()
        process.send_signal(number)
        assert process.wait() == 128 + number

    assert left(user_cache) == []
    assert not (tmp_path / "ran").exists()


def test_an_ephemeral_environment_goes_with_a_command_that_is_interrupted(
    user_cache: Path, pylock: str, tmp_path: Path
) -> None:
    script = ("sh", "-c", "command -v python; exec sleep 1000")
    started = hook_command("run-without-pycache", "--pylock", pylock, "--refresh", "--", *script)
    with subprocess.Popen(started, cwd=tmp_path, env=with_sources(), stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert f"{user_cache}/pycache-hooks/ephemeral/env_" in os.fsdecode(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM

    assert left(user_cache) == []


def test_a_cache_of_uv_that_cannot_be_made_is_named_with_what_helps(
    user_cache: Path, pylock: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    done = run_program(PROVIDE, pylock, UV_CACHE_DIR=str(tmp_path / "file"))

    said = os.fsdecode(done.stderr)
    assert (done.status, said.count("\n")) == (2, 1), done
    assert f"{tmp_path}/file" in said
    assert "set UV_CACHE_DIR, or XDG_CACHE_HOME, to a directory of your own" in said
    assert left(user_cache) == []


def test_a_lock_file_that_changes_while_it_is_installed_makes_no_environment(
    user_cache: Path, pylock: str, wrapper: Wrapper
) -> None:
    wrapper.does(f'case " $* " in *" venv "*) echo "# changed" >>"{pylock}";; esac')

    done = run_program(PROVIDE, pylock, PYTHONPATH=wrapper.path)

    assert done.status == 2
    assert b"was changed while it was installed: run this again" in done.stderr
    assert left(user_cache) == []


def test_git_of_a_hook_and_active_environments_do_not_reach_uv(
    user_cache: Path, pylock: str, tmp_path: Path, wrapper: Wrapper
) -> None:
    assert user_cache.is_dir()
    wrapper.does(f'env >>"{tmp_path}/env"')

    done = run_program(
        PROVIDE, pylock, PYTHONPATH=wrapper.path, GIT_DIR="/nowhere", VIRTUAL_ENV="/nowhere", UV_NO_VERIFY_HASHES="1"
    )

    assert done.status == 0, done
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert not names & {"GIT_DIR", "VIRTUAL_ENV", "PYTHONPATH", "UV_NO_VERIFY_HASHES"}
    assert "UV_CACHE_DIR" in names


@pytest.mark.parametrize(
    "setting", ["[tool.uv.pip]\ncompile-bytecode = true\n", "[tool.uv]\ncompile-bytecode = true\n"]
)
def test_no_bytecode_is_compiled_even_where_a_project_asks_uv_for_it(
    user_cache: Path, pylock: str, setting: str
) -> None:
    assert user_cache.is_dir()
    (Path(pylock).parent / "pyproject.toml").write_text(setting)

    assert list(Path(provide(pylock)).rglob("*.pyc")) == []


def damaged(wheelhouse: Path, how: str) -> str:
    """A lock file with something wrong."""
    apple = wheelhouse / "apple-1.0-py3-none-any.whl"
    text = locked(apple)
    if how == "a wrong hash":
        make_wheel(wheelhouse, "apple", "another")
    elif how == "a package that does not exist":
        apple.unlink()
    elif how == "no hashes":
        text = text.replace("sha256 = ", "unknown = ")
    elif how == "a directory":
        make_project(wheelhouse / "local", "1")
        text += f'[[packages]]\nname = "local"\ndirectory = {{ path = "{wheelhouse}/local", editable = false }}\n'
    else:
        text = "x = ["
    return text


REASONS = {
    "a wrong hash": "Hash mismatch for `apple==1.0`",
    "a package that does not exist": "No such file or directory",
    "no hashes": "all requirements must have a hash, but none were provided for: apple",
    "a directory": "none were provided for: local: make the lock file with `uv pip compile --generate-hashes`, and leave",
    "broken TOML": "pylock.toml is broken",
}


@pytest.mark.parametrize("refresh", ["", "1"], ids=["cached", "ephemeral"])
@pytest.mark.parametrize("how", REASONS)
def test_a_bad_lock_file_ends_in_one_line_and_leaves_nothing(
    user_cache: Path, pylock: str, wheelhouse: Path, how: str, refresh: str
) -> None:
    Path(pylock).write_text(damaged(wheelhouse, how))

    done = run_program(PROVIDE, pylock, **({"REFRESH": refresh} if refresh else {}))

    said = os.fsdecode(done.stderr)
    assert (done.status, done.stdout, said.count("\n")) == (2, b"", 1), done
    assert pylock in said
    assert REASONS[how] in said
    assert left(user_cache) == []


@pytest.mark.parametrize("arguments", [["missing/pylock.toml"], ["pylock.toml", "missing.whl"]])
def test_what_is_not_there_is_named_before_anything_is_made(
    user_cache: Path, pylock: str, arguments: list[str]
) -> None:
    folder = Path(pylock).parent
    done = run_program(PROVIDE, *(str(folder / argument) for argument in arguments))

    assert done.status == 2
    assert b"missing" in done.stderr
    assert os.listdir(user_cache) == []


def test_a_cache_directory_that_cannot_be_written_is_named(user_cache: Path, pylock: str) -> None:
    user_cache.chmod(0o500)

    done = run_program(PROVIDE, pylock, prefix=UNPRIVILEGED)

    user_cache.chmod(0o700)
    assert done.status == 2
    assert f"cannot be made: Permission denied ({user_cache}/pycache-hooks): set XDG_CACHE_HOME" in os.fsdecode(
        done.stderr
    )
    assert os.listdir(user_cache) == []


@pytest.fixture
def disk(user_cache: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A cache directory on a disk with as little room as the test asks for."""
    mount = ["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", user_cache]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting takes rights")
    yield user_cache
    subprocess.run(["umount", user_cache], check=True)


@pytest.mark.parametrize("disk", ["nr_inodes=2", "nr_inodes=4", "nr_inodes=9", "size=16k", "size=64k"], indirect=True)
def test_on_a_full_disk_nothing_half_made_is_left(disk: Path, pylock: str) -> None:
    done = run_program(PROVIDE, pylock)

    assert (done.status, done.stderr.count(b"\n")) == (2, 1), done
    assert b"No space left on device" in done.stderr
    assert left(disk) == []


def test_a_lock_that_waits_is_not_lost_when_the_one_who_makes_it_fails(
    user_cache: Path, pylock: str, wheelhouse: Path
) -> None:
    Path(pylock).write_text(damaged(wheelhouse, "a wrong hash"))
    failing = [subprocess.Popen(command(PROVIDE, pylock), env=with_sources(), stderr=subprocess.PIPE) for _ in range(3)]

    said = [process.communicate()[1] for process in failing]

    assert [process.returncode for process in failing] == [2] * 3
    assert all(b"Hash mismatch" in each for each in said)
    assert left(user_cache) == []


def test_the_descriptor_keeps_the_environment_in_use(user_cache: Path, pylock: str) -> None:
    assert user_cache.is_dir()
    with environments.provided(request(pylock)) as place:
        (use,) = (path for path in Path(place).parent.glob("*.*.lock"))
        child = subprocess.Popen([shutil.which("cat") or "cat"], stdin=subprocess.PIPE, pass_fds=[place.descriptor])
        os.close(os.dup(place.descriptor))
        assert locks.is_held(str(use))
    with child:
        child.communicate()
