"""Base images: which of them bring a Python, and which are known to set nothing that matters here."""

from __future__ import annotations

PYTHON = ("python", "pypy")
"""Images whose interpreter comes without bytecode, as those of `UV` that are built upon them: it is deleted at the end.

https://github.com/docker-library/python/blob/be26fbe39bb71bf0b0f9a823eaed86b6081251ee/Dockerfile-linux.template
"""

UV = "ghcr.io/astral-sh/uv"

WITH_PYTHON = frozenset([*PYTHON, UV, "continuumio/miniconda3", "condaforge/miniforge3"])

SYSTEMS = frozenset(
    "debian ubuntu alpine fedora centos rockylinux almalinux oraclelinux amazonlinux archlinux opensuse/leap buildpack-deps "
    "nvidia/cuda".split()
)
"""Images that Python is often installed into."""

PLAIN = (
    WITH_PYTHON
    | SYSTEMS
    | frozenset(
        "scratch opensuse/tumbleweed node golang ruby php rust gcc perl openjdk eclipse-temurin erlang elixir haskell julia "
        "r-base swift busybox postgres mysql mariadb redis mongo nginx httpd bash docker".split()
    )
)
"""Images that set none of the variables of Python, pip and uv that matter here, and whose user is root.

Docker's official ones keep it so (https://github.com/docker-library/python/pull/831). Others do set them, such as those of
https://github.com/sclorg/s2i-python-container (``PIP_NO_CACHE_DIR``), and so do many a company's own.
"""

_OF_OTHER_LANGUAGES = frozenset(
    "golang node ruby php rust openjdk eclipse-temurin amazoncorretto jdk jre maven gradle erlang elixir haskell swift dotnet "
    "sdk nginx".split()
)

_OFFICIAL = ("docker.io/", "index.docker.io/", "mirror.gcr.io/", "public.ecr.aws/docker/", "library/")
"""What may stand in front of the names of Docker's official images, in this order."""


def repository(image: str) -> tuple[str, str]:
    """The name of *image*, without what stands for Docker's own registry, and its tag."""
    start, slash, last = image.partition("@")[0].rpartition("/")
    name, _, tag = last.partition(":")
    name = start + slash + name
    for prefix in _OFFICIAL:
        name = name.removeprefix(prefix)
    return name, tag


def is_plain(image: str) -> bool:
    """Whether *image* is known to set nothing that matters here."""
    return repository(image)[0] in PLAIN


def is_of_another_language(image: str) -> bool:
    """Whether the name of *image* says that something else than Python is built in it, or runs: ``acme/golang-cross``."""
    last = repository(image)[0].rpartition("/")[2]
    words = {last, *last.replace("_", "-").split("-")}
    return words.isdisjoint(PYTHON) and not words.isdisjoint(_OF_OTHER_LANGUAGES)


def is_bare(image: str) -> bool:
    """Whether *image* has a Python that comes without bytecode."""
    name, tag = repository(image)
    return name in PYTHON or (name == UV and "python" in tag)
