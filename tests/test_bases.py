"""Base images by all their names."""

from __future__ import annotations

import pytest

from pycache_hooks import bases


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("python", "python", ""),
        ("python:3.13-slim", "python", "3.13-slim"),
        ("python:3.13@sha256:0", "python", "3.13"),
        ("library/python:3", "python", "3"),
        ("docker.io/library/python:3", "python", "3"),
        ("index.docker.io/library/python", "python", ""),
        ("mirror.gcr.io/library/python:3", "python", "3"),
        ("public.ecr.aws/docker/library/python:3", "python", "3"),
        ("docker.io/nvidia/cuda:12", "nvidia/cuda", "12"),
        ("ghcr.io/astral-sh/uv:python3.13", "ghcr.io/astral-sh/uv", "python3.13"),
        ("registry.example:5000/python:3", "registry.example:5000/python", "3"),
        ("", "", ""),
    ],
)
def test_an_image_is_known_by_its_name_without_dockers_own_registry(image: str, name: str, tag: str) -> None:
    assert bases.repository(image) == (name, tag)


def test_an_image_of_another_registry_is_not_taken_for_the_official_one() -> None:
    assert bases.is_plain("python:3.13")
    assert not bases.is_plain("registry.example:5000/python:3.13")


def test_of_uvs_images_those_with_a_python_have_one_without_bytecode() -> None:
    assert bases.is_bare("ghcr.io/astral-sh/uv:python3.13-bookworm")
    assert not bases.is_bare("ghcr.io/astral-sh/uv:0.9-debian")
    assert bases.is_bare("pypy")


@pytest.mark.parametrize(
    "image", ["node:22", "golang:1.25-alpine", "eclipse-temurin:21", "acme/golang-cross", "mcr/dotnet/sdk:9"]
)
def test_an_image_of_another_language_is_known_by_its_name(image: str) -> None:
    assert bases.is_of_another_language(image)


@pytest.mark.parametrize(
    "image", ["", "scratch", "python:3.13", "debian", "acme/node-python", "acme/nodepool", "golang/tool"]
)
def test_any_other_image_may_run_python(image: str) -> None:
    assert not bases.is_of_another_language(image)
