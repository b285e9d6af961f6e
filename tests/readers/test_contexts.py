"""Which directories are sent to a builder, and with which Dockerfile."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.readers import contexts, project
from pycache_hooks.readers.files import Files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def builds(root: Path, files: dict[str, str], *given: str) -> list[tuple[str, str]]:
    """Context and Dockerfile of each build, in a tree of *files*."""
    return [(found.directory, found.dockerfile) for found in read(root, files, *given)]


def read(root: Path, files: dict[str, str], *given: str) -> list[contexts.Context]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return contexts.read(tracked(root, files), given)


def tracked(root: Path, names: Iterable[str]) -> Files:
    """The files of a work tree that tracks *names*."""
    return Files(project.read(str(root), b"".join(os.fsencode(name) + b"\0" for name in sorted(names))))


# Names


@pytest.mark.parametrize(
    "name",
    "Dockerfile dockerfile Dockerfile.dev Dockerfile-dev Dockerfile_dev Dockerfile.3.12 app.dockerfile app.Dockerfile "
    "Containerfile Containerfile.dev app.containerfile a/b/Dockerfile my.api.dockerfile".split(),
)
def test_a_dockerfile_is_known_by_its_name(name: str) -> None:
    assert contexts.is_dockerfile(name)


@pytest.mark.parametrize(
    "name",
    "Dockerfile.md Dockerfile.j2 dockerfile.py Dockerfile.dockerignore Dockerfile.dev.dockerignore Dockerfiles "
    "Containerfile.containerignore dockerfile-lint.json Dockerfile/x .dockerfile mydockerfile Dockerfile.tmpl "
    "Dockerfile.yml test_dockerfile.py docker dockerfile.txt Dockerfile.sh Dockerfile.orig".split(),
)
def test_what_is_only_called_similarly_is_none(name: str) -> None:
    assert not contexts.is_dockerfile(name)


@pytest.mark.parametrize(
    "name",
    "compose.yaml compose.yml docker-compose.yml docker-compose.dev.yaml a/compose.override.yml compose-dev.yml "
    "docker-compose-dev.yml podman-compose.yaml".split(),
)
def test_a_compose_file_is_known_by_its_name(name: str) -> None:
    assert contexts.is_compose_file(name)


@pytest.mark.parametrize("name", "compose.py docker-compose.yml.j2 mycompose.yml composer.yml compose.md".split())
def test_no_other_file_is_a_compose_file(name: str) -> None:
    assert not contexts.is_compose_file(name)


# Compose files


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("services:\n  a:\n    build: ./api\n", [("api", "api/Dockerfile")], id="short form"),
        pytest.param("services:\n  a:\n    build: .\n", [("", "Dockerfile")], id="the root"),
        pytest.param('services:\n  a:\n    "build": "api"  # why\n', [("api", "api/Dockerfile")], id="quoted"),
        pytest.param("services:\n  a:\n    build: 'a #1'\n", [("a #1", "a #1/Dockerfile")], id="a hash in quotes"),
        pytest.param("services:\n  a:\n    build:\n      context: api/\n", [("api", "api/Dockerfile")], id="long form"),
        pytest.param(
            "services:\n  a:\n    build:\n      dockerfile: docker/D # why\n      context: .\n",
            [("", "docker/D")],
            id="with a Dockerfile",
        ),
        pytest.param(
            "services:\n  a:\n    build: # why\n\n      # why\n      context: ./api\n      dockerfile: ../D\n",
            [("api", "D")],
            id="with comments, and a Dockerfile above the context",
        ),
        pytest.param("services:\n  a:\n    build:\n      target: x\n", [("", "Dockerfile")], id="without a context"),
        pytest.param("services:\n  a:\n    build:\n    image: x\n", [], id="without anything"),
        pytest.param(
            "services:\n  a:\n    build:\n      args:\n        context: x\n      context: api\n"
            "      additional_contexts:\n        context: y\n        dockerfile: z\n",
            [("api", "api/Dockerfile")],
            id="the same words further down",
        ),
        pytest.param(
            "services:\n  a:\n    build: {context: ./api, dockerfile: 'D'}\n", [("api", "api/D")], id="flow mapping"
        ),
        pytest.param(
            "services:\n  a:\n    build: {\n      context: api,  # why\n      dockerfile: D\n    }\n  b:\n    build: b\n",
            [("api", "api/D"), ("b", "b/Dockerfile")],
            id="flow mapping on several lines",
        ),
        pytest.param("services:\n  a:\n    build: {\n", [], id="flow mapping without an end"),
        pytest.param(
            "services:\n  a:\n    build:\n      context: api\n      dockerfile_inline: |\n        FROM x\n        COPY . .\n",
            [("api", "")],
            id="inline Dockerfile",
        ),
        pytest.param(
            "services:\n  a:\n    command: >\n      build: x\n\n      build: y\n    build: api\n",
            [("api", "api/Dockerfile")],
            id="the word in a block of text",
        ),
        pytest.param(
            "services:\n  build:\n    image: x\n    build: api\n",
            [("api", "api/Dockerfile")],
            id="a service called build",
        ),
        pytest.param("services:\n  a:\n    profiles:\n      - build: x\n      - build\n", [], id="in a list"),
        pytest.param("services:\n\ta:\n\t\tbuild: api\n", [], id="tabs, which YAML refuses"),
        pytest.param("services:\r\n  a:\r\n    build: api\r\n", [("api", "api/Dockerfile")], id="CRLF"),
        # anchors
        pytest.param(
            "x-b: &b\n  context: api\n  dockerfile: D\nservices:\n  a:\n    build: *b\n", [("api", "api/D")], id="alias"
        ),
        pytest.param(
            "services:\n  a:\n    build: &b ./api # why\n  b:\n    build: *b\n",
            [("api", "api/Dockerfile")],
            id="the same build twice",
        ),
        pytest.param(
            "x-b: &b {context: api}\nservices:\n  a:\n    build: *b\n",
            [("api", "api/Dockerfile")],
            id="alias of a flow",
        ),
        pytest.param(
            "x-b: &b\n  context: api\nservices:\n  a:\n    build:\n      <<: *b\n      dockerfile: D\n",
            [("api", "api/D")],
            id="merged",
        ),
        pytest.param(
            "x-a: &a\n  build:\n    context: api\nservices:\n  a:\n    <<: *a\n",
            [("api", "api/Dockerfile")],
            id="a base",
        ),
        pytest.param("services:\n  a:\n    build: *nowhere\n", [], id="alias of nothing"),
        # what depends on something else, or lies elsewhere
        pytest.param("services:\n  a:\n    build: ${DIR}\n", [], id="a variable"),
        pytest.param(
            "services:\n  a:\n    build: ${DIR:-api}\n", [("api", "api/Dockerfile")], id="a variable with a default"
        ),
        pytest.param(
            "services:\n  a:\n    build:\n      context: .\n      dockerfile: $D\n", [("", "")], id="a variable too"
        ),
        pytest.param("services:\n  a:\n    build: https://github.com/a/b.git\n", [], id="a git address"),
        pytest.param("services:\n  a:\n    build: git@github.com:a/b.git\n", [], id="a git address of ssh"),
        pytest.param("services:\n  a:\n    build: ..\n  b:\n    build: ../x\n", [], id="outside"),
        pytest.param("services:\n  a:\n    build: /srv/app\n", [], id="absolute"),
        pytest.param(
            "services:\n  a:\n    build:\n      context: api\n      dockerfile: ../../D\n",
            [("api", "")],
            id="its Dockerfile outside",
        ),
        pytest.param(
            "services:\n  a:\n    build:\n      context: api\n      dockerfile: /D\n",
            [("api", "")],
            id="its Dockerfile absolute",
        ),
        pytest.param("", [], id="an empty file"),
        pytest.param("\0\1\udc80build: x", [], id="binary"),
        pytest.param('services:\n  a:\n    build: "a\0b"\n', [], id="a NUL"),
        pytest.param("[1, 2]\n- build\n{a: b\n", [], id="another YAML"),
    ],
)
def test_the_builds_of_a_compose_file(tmp_path: Path, text: str, found: list[tuple[str, str]]) -> None:
    assert builds(tmp_path, {"compose.yaml": text}) == found


def test_paths_are_relative_to_the_compose_file(tmp_path: Path) -> None:
    compose = "services:\n  a:\n    build:\n      context: ..\n      dockerfile: docker/Dockerfile\n"

    assert builds(tmp_path, {"docker/compose.yml": compose, "docker/Dockerfile": "COPY . /a\n"}) == [
        ("", "docker/Dockerfile")
    ]


def test_what_several_compose_files_come_to_together(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services:\n  a:\n    image: a\n  b:\n    extends: {file: x/common.yaml, service: base}\n",
        "compose.override.yaml": "services:\n  a:\n    build: api\n",
        "x/common.yaml": "services:\n  base:\n    build: {context: ., dockerfile: D}\n",
    }

    assert builds(tmp_path, files) == [("api", "api/Dockerfile"), ("x", "x/D")]


def test_a_dockerfile_that_compose_names_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    compose = "services:\n  a:\n    build:\n      context: .\n      dockerfile: api.prod\n"
    found = read(tmp_path, {"compose.yml": compose, "api.prod": "COPY src /a\n"})

    assert [(build.dockerfile, build.copies) for build in found] == [("api.prod", ("src",))]


# Dockerfiles that no compose file names


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({"Dockerfile": "COPY . /a\n"}, [("", "Dockerfile")], id="at the root"),
        pytest.param(
            {"api/Dockerfile": "COPY . /a\n", "api/m.py": ""}, [("api", "api/Dockerfile")], id="its own directory"
        ),
        pytest.param(
            {"docker/Dockerfile": "COPY src /a\n", "src/m.py": ""},
            [("", "docker/Dockerfile")],
            id="what it copies is at the root",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY src /a\n", "src/m.py": "", "api/src/m.py": ""},
            [("api", "api/Dockerfile")],
            id="what it copies is in both: its own directory",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY src /a\n", "src/m.py": "", "api/src/m.py": "", ".dockerignore": ""},
            [("", "api/Dockerfile")],
            id="what it copies is in both, and one has an ignore file",
        ),
        pytest.param(
            {
                "api/Dockerfile": "COPY src /a\n",
                "src/m.py": "",
                "api/src/m.py": "",
                ".dockerignore": "",
                "api/.containerignore": "",
            },
            [("api", "api/Dockerfile"), ("", "api/Dockerfile")],
            id="what it copies is in both, and both have an ignore file",
        ),
        pytest.param(
            {"a/b/Dockerfile": "# docker build -t x -f a/b/Dockerfile .\nCOPY . /a\n", "a/b/m.py": ""},
            [("", "a/b/Dockerfile")],
            id="a comment says that it is built from the root",
        ),
        pytest.param(
            {
                "a/b/Dockerfile": "# docker build -f a/b/Dockerfile a/b\n# see a/b/Dockerfile .\nCOPY . /a\n",
                "a/b/m.py": "",
            },
            [("a/b", "a/b/Dockerfile")],
            id="a comment says that it is built from its own directory",
        ),
        pytest.param(
            {"docker/Dockerfile": "COPY . /a\n", "docker/compose.yml": "", "docker/README.md": "", "m.py": ""},
            [("", "docker/Dockerfile")],
            id="a directory for Dockerfiles only",
        ),
        pytest.param(
            {"nginx/Dockerfile": "COPY . /a\n", "nginx/nginx.conf": "", "m.py": ""},
            [("nginx", "nginx/Dockerfile")],
            id="a directory that holds something to copy",
        ),
        pytest.param(
            {"docker/Dockerfile": "COPY . /a\nCOPY docker/run.sh /\n", "docker/run.sh": "", "m.py": ""},
            [("", "docker/Dockerfile")],
            id="one source tells",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY . /a\n", "api/m.py": "", ".dockerignore": "", "Dockerfile": ""},
            [("", "Dockerfile"), ("api", "api/Dockerfile")],
            id="the ignore file at the root is there for another Dockerfile",
        ),
        pytest.param(
            {"docker/Dockerfile": "COPY . /a\nRUN pip install -e '.[x]' && make\n", "docker/m.py": "", "setup.py": ""},
            [("", "docker/Dockerfile")],
            id="it installs what is no project in its own directory",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY . /a\nRUN pip install ./\n", "api/pyproject.toml": "", "setup.py": ""},
            [("api", "api/Dockerfile")],
            id="it installs the project in its own directory",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY . /a\nRUN pip install x && ls .\n", "api/m.py": "", "setup.py": ""},
            [("api", "api/Dockerfile")],
            id="it installs no directory",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY . /a\nRUN cd /a/b; pip install .\n", "api/m.py": "", "setup.py": ""},
            [("api", "api/Dockerfile")],
            id="it installs from somewhere",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY . /a\nWORKDIR /a\nWORKDIR b\nRUN pip install .\n", "api/m.py": "", "setup.py": ""},
            [("api", "api/Dockerfile")],
            id="it installs from one of several directories",
        ),
        pytest.param(
            {"a/b/Dockerfile": "COPY . /a\nRUN pip install .\n", "a/b/m.py": "", "setup.py": ""},
            [],
            id="it installs what is no project in its own directory, and one of two above is meant",
        ),
        pytest.param({"api/Dockerfile": "FROM x\n"}, [("api", "api/Dockerfile")], id="it copies nothing"),
        pytest.param(
            {"api/Dockerfile": "COPY nowhere /\n"}, [("api", "api/Dockerfile")], id="it copies what is not there"
        ),
        pytest.param(
            {"api/Dockerfile": "COPY nowhere /\n", ".dockerignore": ""},
            [("", "api/Dockerfile")],
            id="it copies what is not there, and the root has an ignore file",
        ),
        pytest.param(
            {"api/Dockerfile": "COPY $X a* /\n"}, [("api", "api/Dockerfile")], id="nobody knows what it copies"
        ),
        pytest.param(
            {"a/.dockerignore": "", "b/.containerignore": ""}, [("a", ""), ("b", "")], id="ignore files alone"
        ),
        pytest.param(
            {"docker/Dockerfile": "COPY src /a\n", "docker/.dockerignore": "", "src/m.py": ""},
            [("", "docker/Dockerfile")],
            id="an ignore file that is not read",
        ),
        pytest.param({"Dockerfile.md": "COPY . /\n", "src/m.py": ""}, [], id="no Dockerfile"),
        pytest.param(
            {"shop/docker/Dockerfile": "COPY . /a\nCOPY $X l* /a\n", "shop/m.py": "", "lib/m.py": ""},
            [],
            id="one of two directories above, and nothing tells which",
        ),
        pytest.param(
            {"shop/docker/Dockerfile": "COPY . /a\nCOPY $X lib /\n", "shop/m.py": "", "lib/m.py": ""},
            [("", "shop/docker/Dockerfile")],
            id="one of two directories above, and one source tells",
        ),
        pytest.param(
            {"shop/docker/Dockerfile": "COPY . /a\n", "shop/m.py": "", ".containerignore": ""},
            [("", "shop/docker/Dockerfile")],
            id="one of two directories above, and the ignore file tells",
        ),
        pytest.param(
            {"a/b/Dockerfile": "COPY . /a\n", "a/m.py": "", "a/b/Dockerfile.dockerignore": ""},
            [("", "a/b/Dockerfile")],
            id="one of two directories above, and an ignore file of its own",
        ),
    ],
)
def test_the_context_of_a_dockerfile(tmp_path: Path, files: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert builds(tmp_path, files) == found


def test_a_dockerfile_that_compose_names_has_no_other_context(tmp_path: Path) -> None:
    files = {
        "compose.yml": "services:\n  a:\n    build: ./api\n  b:\n    build: ${B}\n",
        "api/Dockerfile": "COPY . /a\n",
        "b/Dockerfile": "COPY . /a\n",
        "b/m.py": "",
        "api/m.py": "",
    }

    assert builds(tmp_path, files) == [("api", "api/Dockerfile"), ("b", "b/Dockerfile")]


# Directories that are asked about


def test_a_given_directory_is_asked_about_alone(tmp_path: Path) -> None:
    files = {"Dockerfile": "COPY . /a\n", "api/Dockerfile": "COPY x /a\n", "api/x": "", "b/m.py": "", "b/x": ""}

    assert builds(tmp_path, files, "api") == [("api", "api/Dockerfile")]
    assert builds(tmp_path, files, "b", "api") == [("b", ""), ("api", "api/Dockerfile")]
    assert read(tmp_path, files, "b")[0].copies == (".",)


def test_a_given_directory_takes_the_dockerfiles_that_fit(tmp_path: Path) -> None:
    files = {
        "services/api/Dockerfile": "COPY shared /a\n",
        "services/web/Dockerfile": "COPY elsewhere /a\n",
        "services/shared/m.py": "",
        "elsewhere/m.py": "",
        "Dockerfile": "COPY shared /a\n",
    }

    assert builds(tmp_path, files, "services") == [("services", "services/api/Dockerfile")]


# Bad input


def test_what_is_no_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").mkdir()
    files = tracked(tmp_path, ["Dockerfile", "compose.yaml", "a/Dockerfile", "Dockerfile/compose.yml"])

    assert [build.copies for build in contexts.read(files)] == [(), ()]
    assert not files.unreadable


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("Dockerfile")

    files = tracked(tmp_path, ["Dockerfile"])

    contexts.read(files)

    assert {path: why.reason for path, why in files.unreadable.items()} == {"Dockerfile": os.strerror(errno.ELOOP)}


def test_a_context_that_is_no_directory_has_no_names(tmp_path: Path) -> None:
    assert builds(tmp_path, {"x": ""}) == []
    assert [build.directory for build in contexts.read(tracked(tmp_path, ["x/Dockerfile"]))] == ["x"]
    assert contexts._names(str(tmp_path), "x") == []


def test_a_context_says_what_it_is() -> None:
    assert repr(contexts.Context("", "Dockerfile")) == "<Context . of Dockerfile>"
