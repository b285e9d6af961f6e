"""What a real builder ships from a context full of caches, compared with what the hook and its matchers say.

buildah, which Podman builds with, needs neither a daemon nor the network for ``FROM scratch`` and ``COPY . /``. A Docker
engine is asked too where one answers.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.ignorefiles.dockerignore import DockerIgnore
from pycache_hooks.ignorefiles.podman import PodmanIgnore
from support import Repository, run

if TYPE_CHECKING:
    from pathlib import Path

HOOK = "check-pycache-dockerignore"
CLASSIC = "the classic builder"

FOLDERS = ("", "app/", "app/sub/", "lib/a b/größe/")
LEFT_BEHIND = (
    *("__pycache__/m.cpython-313.pyc", "__pycache__/m.cpython-313.pyc.140247", "m.pyc", "m.pyo", "m$py.class"),
    *(".pytest_cache/v/cache/lastfailed", ".mypy_cache/3.13/m.json", ".ruff_cache/0.9/1", ".venv/bin/python"),
    *(".coverage", ".coverage.host.1", ".tox/py313/x", "htmlcov/index.html"),
)
SOURCES = ("m.py", "data.txt")
SHIPPED = tuple(folder + name for folder in FOLDERS for name in (*SOURCES, *LEFT_BEHIND))

BUILDKIT_SINCE = 23
"""The first Docker engine whose BuildKit matches as described: 20.10 has other rules (measured)."""

GOOD = "**/__pycache__\n**/*.py[cod]\n**/.pytest_cache\n**/.mypy_cache\n**/.ruff_cache\n**/.venv\n"

IGNORES = [
    pytest.param(GOOD, id="good"),
    pytest.param("", id="empty"),
    pytest.param("# nothing\n\n", id="a comment"),
    pytest.param("__pycache__/\n*.pyc\n.venv/\n.*_cache\n", id="the root only"),
    pytest.param("**/*.pyc\n!app\n", id="a directory re-included"),
    pytest.param("*\n!app\n", id="all but one directory"),
    pytest.param(f"*\n!app\n{GOOD}", id="all but one directory, without caches"),
    pytest.param("*\n!**/*.py\n", id="all but sources"),
    pytest.param("**.pyc\n**.py[cod]\n**/**.pyo\n**__pycache__\n", id="stars without a slash"),
    pytest.param("*/__pycache__\n*/*.pyc\napp/**/.venv\n", id="one depth"),
    pytest.param("**/*.{pyc,pyo}\n**/*.py[!x]\n**/*.pyc # why\n  # **/.venv\n", id="what looks right"),
    pytest.param("\ufeff**/__pycache__\r\n **/*.pyc \r\n! app\r\n", id="blanks, CRLF and a byte order mark"),
    pytest.param("**/.*_cache\n.cov*\n**/.t?x\nlib/*/größe\n!lib/a b/größe/m.py\n", id="wildcards and exceptions"),
]


@pytest.fixture
def context(repository: Repository) -> Repository:
    """A context full of caches, of which only the sources are tracked."""
    for path in SHIPPED:
        repository.write(path, path)
    repository.write("Dockerfile", "FROM scratch\nCOPY . /\n")
    repository.stage("Dockerfile", *(folder + name for folder in FOLDERS for name in SOURCES))
    return repository


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def judged_good(repository: Repository) -> bool:
    return repository.hook(HOOK).status == 0


def bytecode_of(shipped: set[str]) -> set[str]:
    return {path for path in shipped if "__pycache__/" in path}


def buildah(repository: Repository, out: Path) -> set[str]:
    """The files that buildah ships from the context."""
    storage = [f"--{name}={out.parent / name}" for name in ("root", "runroot")]
    build = ["bud", "--isolation=chroot", "--no-cache", "-f", "Dockerfile", "-o", f"type=local,dest={out}", "."]
    command = ["buildah", *storage, "--storage-driver=vfs", *build]
    done = run(command, repository.path, repository.env | {"BUILDAH_ISOLATION": "chroot"})
    assert done.status == 0, done
    return files_in(out)


def without_buildah() -> str:
    """Why buildah cannot be asked, if it cannot."""
    if not shutil.which("buildah"):
        return "buildah is not installed"
    if os.geteuid() != 0:
        return "buildah builds without privileges only where user namespaces are set up: run the tests as root"
    return ""


def without_docker() -> str:
    """Why no Docker engine can be asked, if none can."""
    if not shutil.which("docker"):
        return "docker is not installed"
    answer = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        return "no Docker engine answers"
    major = answer.stdout.partition(".")[0]
    return (
        "" if major.isdigit() and int(major) >= BUILDKIT_SINCE else "this Docker engine is older than its present rules"
    )


@pytest.mark.skipif(bool(without_buildah()), reason=without_buildah())
@pytest.mark.parametrize("ignore", IGNORES)
def test_buildah_ships_what_we_say(context: Repository, tmp_path: Path, ignore: str) -> None:
    context.write(".dockerignore", ignore.encode())
    context.stage(".dockerignore")
    podman = PodmanIgnore(ignore.encode())

    shipped = buildah(context, tmp_path / "out")

    assert shipped & set(SHIPPED) == {path for path in SHIPPED if podman.ships(path)}
    assert not bytecode_of(shipped) or not judged_good(context)


@pytest.mark.skipif(bool(without_buildah()), reason=without_buildah())
def test_after_a_fix_buildah_ships_no_cache(context: Repository, tmp_path: Path) -> None:
    context.write(".dockerignore", "*\n!app\n!lib\n")
    context.stage(".dockerignore")

    assert context.hook(HOOK, "--fix").status == 1

    assert judged_good(context)
    shipped = buildah(context, tmp_path / "out")
    assert "app/sub/m.py" in shipped
    assert not bytecode_of(shipped)


@pytest.mark.skipif(bool(without_buildah()), reason=without_buildah())
@pytest.mark.parametrize(
    ("files", "read"),
    [
        ((".dockerignore", ".containerignore"), ".containerignore"),
        ((".dockerignore", "Dockerfile.dockerignore"), "Dockerfile.dockerignore"),
        ((".containerignore", "Dockerfile.containerignore"), "Dockerfile.containerignore"),
        (("Dockerfile.containerignore", "Dockerfile.dockerignore"), "Dockerfile.dockerignore"),
    ],
)
def test_buildah_reads_the_file_that_we_say(
    context: Repository, tmp_path: Path, files: tuple[str, str], read: str
) -> None:
    for name in files:
        context.write(name, GOOD if name == read else "")
    context.stage(*files)

    assert not bytecode_of(buildah(context, tmp_path / "out"))
    findings = context.hook(HOOK).findings
    assert not any(finding.startswith(read) for finding in findings)
    assert "Dockerfile.containerignore PYC301" not in findings


@pytest.mark.skipif(bool(without_docker()), reason=without_docker())
@pytest.mark.parametrize("ignore", IGNORES)
def test_docker_ships_what_we_say(context: Repository, tmp_path: Path, ignore: str) -> None:
    context.write(".dockerignore", ignore.encode())
    rules = DockerIgnore.parse(ignore.encode())
    command = ["docker", "build", "--quiet", "--output", f"type=local,dest={tmp_path / 'out'}", "."]

    done = run(command, context.path, context.env | {"DOCKER_BUILDKIT": "1"})

    assert done.status == 0, done
    assert files_in(tmp_path / "out") & set(SHIPPED) == {path for path in SHIPPED if not rules.excludes(path)}


@pytest.mark.skipif(bool(without_docker()), reason=without_docker())
@pytest.mark.parametrize("ignore", IGNORES)
def test_the_classic_builder_ships_what_we_say(context: Repository, ignore: str) -> None:
    context.write(".dockerignore", ignore.encode())
    rules = DockerIgnore.parse(ignore.encode())
    env = context.env | {"DOCKER_BUILDKIT": "0"}

    image = run(["docker", "build", "--quiet", "."], context.path, env).lines[-1]
    container = run(["docker", "create", image, "x"], context.path, env).text.strip()
    exported = run(["docker", "export", container], context.path, env).stdout
    run(["docker", "rm", container], context.path, env)
    run(["docker", "rmi", image], context.path, env)

    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        shipped = {member.name for member in archive if member.isfile()}
    said = {path for path in SHIPPED if not rules.excludes(path) or CLASSIC in rules.shipped_elsewhere(path)}
    # Nothing is shipped beyond what we say; it may be less, as the classic builder enters fewer excluded directories.
    assert shipped & set(SHIPPED) <= said
    assert bytecode_of(shipped) == bytecode_of(said)
