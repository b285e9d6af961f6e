"""The files that the checks read: once, and nothing outside the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pycache_hooks.readers import project
from pycache_hooks.readers.files import MAX_BYTES, Files
from support import UNPRIVILEGED

if TYPE_CHECKING:
    from support import Repository


def files(repository: Repository) -> Files:
    listing = repository.git("ls-files", "-z").stdout
    return Files(project.read(str(repository.path), listing))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb", "a\r\nb"),
        ("größe".encode(), "größe"),
        ("größe".encode("utf-8-sig"), "größe"),
        ("größe".encode("utf-16"), "größe"),
        ("größe".encode("utf-16-be", "strict"), None),
        ("größe".encode("latin-1"), None),
        (b"\x7fELF\x00\x01", None),
        (b"", ""),
    ],
)
def test_what_a_file_says(repository: Repository, data: bytes, text: str | None) -> None:
    repository.write("a/file", data)
    found = files(repository)

    assert found.text("a/file") == text
    assert (found.text("a/file") is None) is bool(found.unreadable)


def test_where_a_file_ends_to_be_text_is_said(repository: Repository) -> None:
    repository.write("latin", "a\ngröße\n".encode("latin-1"))
    repository.write("binary", b"a\nb\n\0")
    repository.write("long", b"#" * (MAX_BYTES + 1))
    found = files(repository)

    for name in ("latin", "binary", "long"):
        assert found.text(name) is None
    said = {name: (why.line, why.reason) for name, why in found.unreadable.items()}
    assert said == {"latin": (2, "not UTF-8"), "binary": (3, "a binary file"), "long": (None, "larger than 10 MiB")}


def test_a_dockerfile_may_hold_any_bytes_as_a_builder_takes_it_but_utf_16(repository: Repository) -> None:
    repository.write("Dockerfile", b"# f\xfcr\nFROM a\n")
    repository.write("x.dockerfile", "FROM a\n".encode("utf-16"))
    found = files(repository)

    image = found.dockerfile("Dockerfile")
    assert image is not None
    assert [stage.base for stage in image.stages] == ["a"]
    assert found.dockerfile("x.dockerfile") is None
    assert list(found.unreadable) == ["x.dockerfile"]
    assert found.unreadable["x.dockerfile"].line == 1


def test_a_file_is_read_and_parsed_once(repository: Repository) -> None:
    repository.write("Dockerfile", "FROM scratch\n")
    repository.write("compose.yaml", "services: {}\n")
    repository.write("text", "before")
    found = files(repository)
    first = found.dockerfile("Dockerfile"), found.yaml("compose.yaml"), found.text("text")
    for name in ("Dockerfile", "compose.yaml", "text"):
        repository.write(name, "after")

    assert found.dockerfile("Dockerfile") is first[0]
    assert found.yaml("compose.yaml") is first[1]
    assert found.text("text") == "before"


def test_a_dockerfile_is_built_with_arguments(repository: Repository) -> None:
    repository.write("Dockerfile", "ARG BASE=\nFROM ${BASE:?missing}\n")
    repository.write("other", "ARG TAG=1\nFROM a:${TAG:?missing}\n")
    found = files(repository)
    image = found.dockerfile("Dockerfile", {"BASE": "a"})

    assert image is not None
    assert [stage.base for stage in image.stages] == ["a"]
    assert found.dockerfile("Dockerfile", {"BASE": "a"}) is image
    assert found.dockerfile("Dockerfile") is None
    # Where only the arguments are wrong, nothing is wrong with the file.
    assert found.dockerfile("other", {"TAG": ""}) is None
    assert list(found.unreadable) == ["Dockerfile"]


def test_what_the_compose_files_come_to_is_read_once(repository: Repository) -> None:
    repository.write("a/compose.yaml", "services: {b: {image: c}}\n")
    repository.stage("a/compose.yaml")
    found = files(repository)

    ((project, services),) = found.projects
    assert (project.paths, services[0][0].name) == (("a/compose.yaml",), "b")
    assert found.projects is found.projects


def test_what_cannot_be_parsed_is_nothing_and_says_why(repository: Repository) -> None:
    repository.write("Dockerfile", "FROM scratch\nRUN <<EOF\n")
    repository.write("compose.yaml", "a: [\n")
    found = files(repository)

    assert found.dockerfile("Dockerfile") is None
    assert found.yaml("compose.yaml") is None
    assert sorted(found.unreadable) == ["Dockerfile", "compose.yaml"]
    assert found.dockerfile("missing") is None
    assert found.yaml("missing") is None


def test_what_lies_outside_or_is_no_file_is_not_read(repository: Repository) -> None:
    outside = repository.path.parent / "outside"
    outside.write_text("secret")
    (repository.path / "link").symlink_to("../outside")
    (repository.path / "in").symlink_to("file")
    (repository.path.parent / "elsewhere").mkdir()
    (repository.path.parent / "elsewhere/x").write_text("secret")
    (repository.path / "away").symlink_to("../elsewhere")
    (repository.path / "near").symlink_to("folder")
    repository.write("file", "mine")
    repository.write("folder/x", "mine")
    found = files(repository)

    through_links = ("link", "away/x", "away/../outside")
    for name in ("../outside", "a/../../outside", "..", str(outside), "folder", "missing", "file/x", "a\0b"):
        assert found.text(name) is None, name
    for name in ("../outside", *through_links, str(outside), ".."):
        assert found.text(name) is None, name
        assert not found.exists(name), name
        assert not found.is_dir(name), name
    for name in ("in", "near/x", "folder/../file", "./file"):
        assert found.text(name) == "mine", name
    assert found.exists("in")
    assert found.exists("folder")
    assert found.is_dir("folder")
    assert not found.is_dir("file")
    assert not found.unreadable


def test_tracked_paths_by_a_part_of_their_name(repository: Repository) -> None:
    repository.stage("a/Dockerfile", "b/compose.yaml", "c.py", "Dockerfile.compose")
    found = files(repository)

    assert found.named("ockerfile", "compose") == ["Dockerfile.compose", "a/Dockerfile", "b/compose.yaml"]
    assert found.named(".py", "b/") == ["b/compose.yaml", "c.py"]
    assert found.configuring(".py", "b/") == ["b/compose.yaml"]
    assert found.paths == ["Dockerfile.compose", "a/Dockerfile", "b/compose.yaml", "c.py"]


@pytest.mark.skipif(bool(UNPRIVILEGED), reason="root reads every file")
def test_a_file_that_may_not_be_read_says_so(repository: Repository) -> None:
    repository.write("closed", "x").chmod(0)
    found = files(repository)

    assert found.text("closed") is None
    assert found.unreadable["closed"].reason == "Permission denied"


def test_a_file_that_fails_to_be_read_says_so(repository: Repository) -> None:
    name = "x" * 300
    found = files(repository)

    assert found.text(name) is None
    assert found.unreadable[name].reason == "File name too long"
