"""run-without-pycache with a lock file, as pre-commit and prek install it and start it."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from kit import locked

from support import Repository

pytest_plugins = ["environment_fixtures"]

if TYPE_CHECKING:
    from pathlib import Path

    from support import Published

NEEDED = "additional_dependencies: [uv, filelock, platformdirs]"
"""The line of README, and of the message where they are missing."""

COMMAND = ("--", "python", "-c", "import apple, m, sys; print(sys.prefix)")
WRITING = ("--env", "PYTHONDONTWRITEBYTECODE=", "--env", "PYTHONPYCACHEPREFIX=")
"""Options with which Python writes bytecode beside the source."""

FRAMEWORKS = ("pre-commit", "prek")


class Hooked(Repository):
    """A repository with a module, a lock file, and the hook in its configuration."""

    published: Published
    caches: Path

    def configure(self, *options: str, needed: str = NEEDED) -> None:
        """Have the hook run with these *options*; it is installed if it was not before."""
        args = f"args: {json.dumps(['--pylock', 'pylock.toml', *options, *COMMAND])}"
        extra = "\n".join(filter(None, [needed, args, "stages: [manual, pre-push]", "verbose: true"]))
        self.write(".pre-commit-config.yaml", self.published.configuration("run-without-pycache", extra=extra))
        self.commit(".pre-commit-config.yaml")

    def ignored(self) -> str:
        return self.git("status", "--porcelain", "--ignored").text


@pytest.fixture
def hooked(tmp_path: Path, env: dict[str, str], published: Published, user_cache: Path, wheelhouse: Path) -> Hooked:
    unset = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTEST_ADDOPTS")
    variables = {name: value for name, value in env.items() if name not in unset}
    made = Hooked(tmp_path / "repository", variables | {"XDG_CACHE_HOME": str(user_cache)})
    made.path.mkdir()
    made.git("init", "-q", "-b", "main")
    made.published, made.caches = published, user_cache
    made.write("m.py", "x = 1\n")
    made.write("pylock.toml", locked(*sorted(wheelhouse.iterdir())))
    made.commit("m.py", "pylock.toml")
    return made


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_hook_runs_in_an_environment_made_from_a_lock_file_and_fails_for_what_it_leaves(
    framework: str, hooked: Hooked
) -> None:
    manual = ("run", "--hook-stage", "manual", "--all-files")
    hooked.configure()
    done = hooked.framework(framework, *manual)
    assert (done.status, "Passed" in done.text) == (0, True), done
    (place,) = (hooked.caches / "pycache-hooks/envs").glob("*[0-9a-f]")
    assert str(place) in done.text
    assert hooked.ignored() == ""

    hooked.configure(*WRITING)
    done = hooked.framework(framework, *manual)
    assert (done.status, "- exit code: 1" in done.text) == (1, True), done
    assert "__pycache__: PYC901 the command left the cache of Python (1 file)" in done.text
    assert "fix: run-without-pycache --pylock pylock.toml" in done.text
    assert list((hooked.caches / "pycache-hooks/envs").glob("*[0-9a-f]")) == [place]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_without_what_environments_need_the_hook_names_the_line_that_helps(framework: str, hooked: Hooked) -> None:
    manual = ("run", "--hook-stage", "manual", "--all-files")
    folders = [folder for folder in hooked.env["PATH"].split(os.pathsep) if not shutil.which("uv", path=folder)]
    hooked.env["PATH"] = os.pathsep.join(folders)
    if not shutil.which("git", path=hooked.env["PATH"]):
        pytest.skip("uv is where git is")
    hooked.configure(needed="")

    done = hooked.framework(framework, *manual)

    assert (done.status, "- exit code: 2" in done.text) == (1, True), done
    said = re.sub(r"\s+", " ", done.text)
    line = re.search(r"run-without-pycache: uv is missing, or too old: give this hook `([^`]*)`", said)
    assert line, done
    hooked.configure(needed=line[1])
    done = hooked.framework(framework, *manual)
    assert done.status == 0, done


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_push_is_stopped_by_what_the_hook_finds(framework: str, hooked: Hooked, tmp_path: Path) -> None:
    hooked.git("init", "-q", "--bare", str(tmp_path / "remote"))
    hooked.configure()
    assert hooked.framework(framework, "install", "--hook-type", "pre-push").status == 0
    hooked.git("push", "-q", str(tmp_path / "remote"), "main")

    hooked.configure(*WRITING)
    done = hooked.git("push", str(tmp_path / "remote"), "main", fails=True)

    assert b"PYC901 the command left the cache of Python" in done.stdout + done.stderr
    remote = Repository(tmp_path / "remote", hooked.env)
    assert remote.git("rev-parse", "main").text == hooked.git("rev-parse", "main~1").text
