"""Fixtures for every test. What they hand out is described in support.py.

``repository``: an empty repository. ``published``: the project, published so that pre-commit and prek can install its
hooks; use ``repository.write(".pre-commit-config.yaml", published.configuration("prune-pycache"))`` and then
``repository.pre_commit("run")`` or ``repository.prek("run")``. The hooks are installed once a session: both programs
lock their stores, so the workers of pytest-xdist share them.
"""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from support import Published, Repository, environment, publish

if TYPE_CHECKING:
    from pathlib import Path


# Started in the background, by CI for instance, we ignore Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of this session, common to all workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def env(shared: Path) -> dict[str, str]:
    """The environment variables that programs under test get."""
    return environment(shared)


@pytest.fixture(scope="session")
def published(shared: Path, env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The project, as users get it."""
    made = publish(tmp_path_factory.mktemp("published"), env)
    try:
        made.path.rename(shared / "pycache-hooks")
    except OSError:  # another worker was first
        shutil.rmtree(made.path)
    path = shared / "pycache-hooks"
    return Published(path, Repository(path, env).git("rev-parse", "HEAD").text.strip())


@pytest.fixture
def repository(tmp_path: Path, env: dict[str, str]) -> Repository:
    """An empty repository."""
    return Repository.create(tmp_path / "repository", env)


@pytest.fixture(scope="session")
def published_scripts(published: Published, shared: Path, env: dict[str, str]) -> Path:
    """The directory of the console scripts that pre-commit installed."""
    made = Repository.create(shared / f"scripts-{os.getpid()}", env)
    made.write(".pre-commit-config.yaml", published.configuration("forbid-pycache"))
    assert made.pre_commit("install-hooks").status == 0
    return next((shared / "pre-commit").glob("repo*/py_env-*/bin/forbid-pycache")).parent
