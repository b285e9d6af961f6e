"""Repositories and trees to measure on, made once and kept.

All of them hold the same kind of project: `ROOT_FILES`, and in ``src`` areas of a hundred packages of ten modules,
as ``src/area_00/package_00/module_0.py``. Those of `configured` have products besides, with all that builds, starts and
tests them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MODULES = 10
"""Modules in a package."""

PACKAGES = 100
"""Packages in an area."""

CACHED = 5
"""Files in a ``__pycache__``."""

STAGED = "src/staged.py"
"""What a repository has staged and not committed."""

IGNORED = ("__pycache__/", "*.py[cod]", ".venv", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", "node_modules/")
NOT_SENT = (
    ".git",
    "**/__pycache__",
    *(f"**/*.py{letter}" for letter in "cod"),
    "**/.venv",
    "**/.pytest_cache",
    "**/.mypy_cache",
    "**/.ruff_cache",
    "**/node_modules",
)
ROOT_FILES = {
    "pyproject.toml": '[project]\nname = "synthetic"\nversion = "1"\nrequires-python = ">=3.11"\n',
    ".gitignore": "".join(f"{line}\n" for line in IGNORED),
    ".dockerignore": "".join(f"{line}\n" for line in NOT_SENT),
    "Dockerfile": 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install .\nCMD ["python", "-m", "synthetic"]\n',
    "README.md": "# A synthetic project\n",
}
SOURCE = "".join(
    f"def function_{number}(value: int) -> int:\n    return value + {number}\n\n\n" for number in range(15)
)
BYTECODE = bytes(1500)

PRODUCT, AREA = "PRODUCT", "AREA"
"""What stands in the texts below for the name of a product, and for the area of its modules."""

AREAS = 7
"""Areas of modules that are taken in turn: a repository of 10,000 files has them all, however many products it has."""

CONFIGURING = 10
"""Configuration files of a product."""

YAML = (".yaml", ".yml")
DOCKERFILE, WORKFLOWS = ".Dockerfile", ".github/workflows/"
"""How the paths of configuration files end, or begin."""

API_DOCKERFILE = r"""# syntax=docker/dockerfile:1
# The HTTP interface of PRODUCT.
ARG PYTHON_VERSION=3.13
ARG DEBIAN=bookworm

FROM ghcr.io/astral-sh/uv:0.9 AS uv

FROM python:${PYTHON_VERSION}-slim-${DEBIAN} AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONFAULTHANDLER=1 \
    LANG=C.UTF-8
WORKDIR /srv/PRODUCT

FROM base AS builder
# The cache is a file system of its own: nothing can be linked from it.
ENV UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/opt/venv
COPY --from=uv /uv /uvx /usr/local/bin/
# What it needs changes less often than what it is.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    uv sync --locked --no-dev --no-install-project
COPY pyproject.toml uv.lock README.md ./
COPY src ./src
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-dev --no-editable

FROM builder AS test
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --locked --no-editable
COPY tests ./tests
RUN /opt/venv/bin/pytest -q -p no:cacheprovider tests

FROM base AS runtime
LABEL org.opencontainers.image.title="PRODUCT" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --create-home app
COPY --from=builder --chown=app:app /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PORT=8000
USER app
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')"]
ENTRYPOINT ["gunicorn"]
CMD ["--bind", "0.0.0.0:8000", "--workers", "2", "synthetic.wsgi:application"]
"""

WORKER_DOCKERFILE = r"""# syntax=docker/dockerfile:1
# What PRODUCT does in the background. Its wheels are built where a compiler is.
FROM python:3.12-slim AS wheels
# Only while the image is built: bytecode would differ from build to build.
ARG PYTHONPYCACHEPREFIX=/tmp/pycache
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        build-essential \
        # for the driver of the database
        libpq-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements/base.txt requirements/worker.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip wheel --wheel-dir /wheels --requirement worker.txt
COPY pyproject.toml README.md ./
COPY src ./src
RUN --mount=type=cache,target=/root/.cache/pip \
    pip wheel --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
ARG UID=10001
RUN set -eux; \
    apt-get update; \
    apt-get install --yes --no-install-recommends libpq5 tini; \
    rm -rf /var/lib/apt/lists/*; \
    useradd --uid "${UID}" --create-home --shell /usr/sbin/nologin worker
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels synthetic \
    && if [ "$(id -u)" != 0 ]; then \
        echo "not root" >&2; \
        exit 1; \
    fi
WORKDIR /srv/PRODUCT
COPY deploy/PRODUCT/service.env ./
USER worker
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["celery", "--app", "synthetic.AREA", "worker", "--loglevel", "info"]
"""

JOBS_DOCKERFILE = r"""# Jobs of PRODUCT that are started by the clock.
ARG REGISTRY=docker.io/library
FROM ${REGISTRY}/python:3.13-alpine AS build
ENV PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN apk add --no-cache gcc libffi-dev musl-dev
RUN python -m venv /opt/jobs
ENV PATH="/opt/jobs/bin:$PATH"
COPY requirements/base.txt /tmp/base.txt
RUN pip install --no-compile --requirement /tmp/base.txt
COPY . /src
RUN pip install --no-compile --no-deps /src

FROM build AS check
RUN pip install --requirement /src/requirements/dev.txt
RUN cd /src && ruff check --no-cache src && mypy --cache-dir=/dev/null src/AREA

FROM ${REGISTRY}/python:3.13-alpine AS jobs
ARG REVISION
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPYCACHEPREFIX=/tmp/pycache \
    PATH="/opt/jobs/bin:$PATH" \
    REVISION=${REVISION:-unknown}
RUN addgroup -S jobs && adduser -S -G jobs jobs
COPY --from=build /opt/jobs /opt/jobs
WORKDIR /var/lib/jobs
RUN chown jobs:jobs /var/lib/jobs
USER jobs
VOLUME /var/lib/jobs
CMD ["python", "-m", "synthetic.AREA", "--every", "3600"]
"""

TOOLS_DOCKERFILE = r"""# syntax=docker/dockerfile:1
# What the people of PRODUCT work in.
FROM debian:bookworm-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV DEBIAN_FRONTEND=noninteractive \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    VIRTUAL_ENV=/opt/tools

RUN <<INSTALL
set -e
apt-get update
apt-get install --yes --no-install-recommends \
    ca-certificates \
    curl \
    git \
    make \
    python3 \
    python3-venv
rm -rf /var/lib/apt/lists/*
INSTALL

RUN --mount=type=secret,id=index,target=/root/.netrc \
    python3 -m venv "$VIRTUAL_ENV" \
    && "$VIRTUAL_ENV/bin/pip" install --upgrade pip \
    && "$VIRTUAL_ENV/bin/pip" install \
        coverage==7.11.0 \
        mypy==1.18.2 \
        pytest==8.4.2 \
        ruff==0.14.3
ENV PATH=$VIRTUAL_ENV/bin:$PATH

COPY <<'WELCOME' /etc/profile.d/welcome.sh
echo "This is the workshop of PRODUCT."
alias t='pytest -q'
WELCOME

ARG HOST_UID=1000
ARG HOST_GID=1000
RUN groupadd --gid "$HOST_GID" dev \
    && useradd --uid "$HOST_UID" --gid dev --create-home --shell /bin/bash dev \
    && install --directory --owner=dev --group=dev /work
USER dev
WORKDIR /work
CMD ["bash", "--login"]
"""

COMPOSE = """# PRODUCT on the machine of somebody who works on it: docker compose --file deploy/PRODUCT/compose.yaml up
name: PRODUCT

x-logging: &logging
  driver: json-file
  options: {max-size: 10m, max-file: "3"}

x-python: &python
  PYTHONDONTWRITEBYTECODE: "1"
  PYTHONUNBUFFERED: "1"
  LOG_LEVEL: ${LOG_LEVEL:-info}

services:
  api:
    build: &api
      context: ../..
      dockerfile: deploy/PRODUCT/api.Dockerfile
      target: runtime
      args:
        PYTHON_VERSION: "3.13"
    user: "${HOST_UID:-1000}:${HOST_GID:-1000}"
    environment:
      <<: *python
      DATABASE_URL: postgresql://app:app@database/app
      RELOAD: "true"
    env_file:
      - service.env
      - path: local.env
        required: false
    command: ["--bind", "0.0.0.0:8000", "--reload", "synthetic.wsgi:application"]
    volumes:
      - ../../src:/srv/PRODUCT/src
      - type: tmpfs
        target: /tmp
    ports:
      - "127.0.0.1:${API_PORT:-8000}:8000"
    depends_on:
      database: {condition: service_healthy}
      queue: {condition: service_started}
    logging: *logging

  worker:
    extends:
      file: ../common.yaml
      service: python
    build:
      context: ../..
      dockerfile: deploy/PRODUCT/worker.Dockerfile
    environment:
      - QUEUE_URL=redis://queue:6379/0
      - CONCURRENCY
    volumes:
      - ../../src:/srv/PRODUCT/src:ro
    depends_on: [database, queue]
    logging: *logging

  jobs:
    extends: {file: ../common.yaml, service: python}
    build:
      context: ../..
      dockerfile: deploy/PRODUCT/jobs.Dockerfile
      target: jobs
    profiles: [full]
    volumes:
      - state:/var/lib/jobs
    logging: *logging

  tools:
    build:
      context: ../..
      dockerfile: deploy/PRODUCT/tools.Dockerfile
      args:
        - HOST_UID=${HOST_UID:-1000}
        - HOST_GID=${HOST_GID:-1000}
    profiles: [tools]
    environment:
      <<: *python
      PYTEST_ADDOPTS: -p no:cacheprovider
    command: pytest -q tests
    volumes:
      - ../..:/work

  test:
    build: {<<: *api, target: test}
    profiles: [tools]
    environment: *python
    command: /opt/venv/bin/pytest -q -p no:cacheprovider tests

  database:
    image: postgres:17-alpine
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: ${DATABASE_PASSWORD:-app}
    healthcheck:
      test: ["CMD-SHELL", "pg_isready --username app"]
      interval: 5s
      retries: 10
    volumes:
      - data:/var/lib/postgresql/data
      - ./init.sql:/docker-entrypoint-initdb.d/init.sql:ro

  queue:
    image: redis:8-alpine
    command: redis-server --save 60 1

volumes:
  data:
  state:
"""

COMMON = """# What services take over from here with `extends`.
services:
  python:
    user: "10001:10001"
    restart: unless-stopped
    init: true
    env_file: common.env
    environment:
      PYTHONDONTWRITEBYTECODE: "1"
      PYTHONUNBUFFERED: "1"
"""

TEST_WORKFLOW = """# Every change of PRODUCT is tested with every Python that it is for.
name: PRODUCT, tests

on:
  push:
    branches: [main]
  pull_request:
    paths: ["src/AREA/**", "deploy/PRODUCT/**", pyproject.toml, uv.lock]
  workflow_dispatch:

concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: true

permissions:
  contents: read

env:
  FORCE_COLOR: "1"

jobs:
  test:
    name: Python ${{ matrix.python }} on ${{ matrix.os }}
    runs-on: ${{ matrix.os }}
    timeout-minutes: 20
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-24.04, macos-15, windows-2025]
        python: ["3.11", "3.12", "3.13", "3.14"]
        exclude:
          - os: macos-15
            python: "3.11"
        include:
          - os: ubuntu-24.04-arm
            python: "3.13"
    steps:
      - uses: actions/checkout@v5
        with:
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: ${{ matrix.python }}
          cache: pip
          cache-dependency-path: requirements/*.txt
      - name: Install
        run: |
          python -m pip install --upgrade pip
          python -m pip install --requirement requirements/dev.txt
          python -m pip install --no-deps .
      - name: Test
        run: coverage run -m pytest -q tests
      - name: Report
        if: ${{ !cancelled() }}
        shell: bash
        run: |
          coverage report --skip-covered | tee report.txt
          if [[ -s report.txt ]]; then
            echo '```' >> "$GITHUB_STEP_SUMMARY"
            cat report.txt >> "$GITHUB_STEP_SUMMARY"
            echo '```' >> "$GITHUB_STEP_SUMMARY"
          fi

  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: ./.github/actions/prepare
      - run: uv run --locked ruff check src tests
      - run: uv run --locked mypy src/AREA
        env:
          MYPY_CACHE_DIR: ${{ runner.temp }}/mypy
"""

IMAGE_WORKFLOW = """# The images of PRODUCT are built, tried, and pushed from the main branch.
name: PRODUCT, images
on:
  push:
    branches: [main]
    tags: ["PRODUCT/v*"]
  pull_request:
    paths:
      - deploy/PRODUCT/*.Dockerfile
      - .dockerignore

env:
  REGISTRY: ghcr.io
  IMAGE: ${{ github.repository }}/PRODUCT

jobs:
  build:
    runs-on: ubuntu-24.04
    permissions:
      contents: read
      packages: write
    strategy:
      matrix:
        part: [api, worker, jobs, tools]
    outputs:
      revision: ${{ steps.meta.outputs.version }}
    steps:
      - uses: actions/checkout@v5
      - uses: docker/setup-buildx-action@v3
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ${{ env.REGISTRY }}/${{ env.IMAGE }}-${{ matrix.part }}
          tags: |
            type=ref,event=branch
            type=match,pattern=PRODUCT/v(.*),group=1
      - if: github.event_name != 'pull_request'
        uses: docker/login-action@v3
        with:
          registry: ${{ env.REGISTRY }}
          username: ${{ github.actor }}
          password: ${{ secrets.GITHUB_TOKEN }}
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: deploy/PRODUCT/${{ matrix.part }}.Dockerfile
          push: ${{ github.event_name != 'pull_request' }}
          load: ${{ github.event_name == 'pull_request' }}
          tags: ${{ steps.meta.outputs.tags }}
          labels: ${{ steps.meta.outputs.labels }}
          cache-from: type=gha,scope=${{ matrix.part }}
          cache-to: type=gha,scope=${{ matrix.part }},mode=max

  try:
    needs: build
    runs-on: ubuntu-24.04
    if: github.event_name == 'push'
    steps:
      - uses: actions/checkout@v5
      - name: Start it and ask how it is
        env:
          COMPOSE_FILE: deploy/PRODUCT/compose.yaml
        run: |
          docker compose up --detach --wait api
          curl --fail --retry 5 --retry-connrefused http://localhost:8000/health
          docker compose logs api
      - name: Test inside
        run: >-
          docker run --rm
          --user "$(id -u):$(id -g)"
          --env PYTHONDONTWRITEBYTECODE=1
          --volume "$PWD:/work" --workdir /work
          "$REGISTRY/$IMAGE-tools:main" pytest -q -p no:cacheprovider tests
      - if: always()
        run: docker compose --file deploy/PRODUCT/compose.yaml down --volumes
"""

RELEASE_WORKFLOW = """# A tag makes a release of PRODUCT.
name: PRODUCT, release
on:
  push:
    tags: ["PRODUCT/v*"]
  workflow_dispatch:
    inputs:
      version:
        description: What is released
        required: true
        type: string
      dry-run:
        description: Upload nothing
        type: boolean
        default: false

defaults:
  run:
    shell: bash

jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0
      - uses: astral-sh/setup-uv@v7
        with:
          enable-cache: true
          cache-dependency-glob: uv.lock
      - name: Version
        id: version
        run: |
          version="${{ inputs.version }}"
          if [ -z "$version" ]; then
            version="${GITHUB_REF_NAME#PRODUCT/v}"
          fi
          case "$version" in
            *[!0-9.]*) echo "::error::$version is no version"; exit 1 ;;
          esac
          echo "version=$version" >> "$GITHUB_OUTPUT"
      - run: uv sync --locked --no-dev
      - run: uv build --out-dir dist/
      - run: uvx twine check dist/*
      - uses: actions/upload-artifact@v4
        with:
          name: dist-PRODUCT
          path: dist/
          if-no-files-found: error

  publish:
    needs: build
    if: ${{ !inputs.dry-run }}
    runs-on: ubuntu-latest
    environment:
      name: pypi
      url: https://example.org/PRODUCT
    permissions:
      id-token: write
    steps:
      - uses: actions/download-artifact@v5
        with:
          name: dist-PRODUCT
          path: dist/
      - uses: pypa/gh-action-pypi-publish@release/v1

  announce:
    needs: [build, publish]
    runs-on: ubuntu-latest
    permissions:
      contents: write
    steps:
      - uses: actions/checkout@v5
      - env:
          GH_TOKEN: ${{ github.token }}
        run: |
          gh release create "$GITHUB_REF_NAME" \\
            --title "PRODUCT ${GITHUB_REF_NAME##*/v}" \\
            --generate-notes
"""

NIGHTLY_WORKFLOW = """# Each night PRODUCT is tried on a machine of our own, which keeps its work tree.
name: PRODUCT, nightly
on:
  schedule:
    - cron: "17 3 * * *"
  workflow_dispatch:

env:
  PYTHONDONTWRITEBYTECODE: "1"

jobs:
  whole:
    name: everything, with the data of yesterday
    runs-on: [self-hosted, linux, x64, large]
    timeout-minutes: 240
    env:
      PYTEST_ADDOPTS: -p no:cacheprovider
      MYPY_CACHE_DIR: /var/tmp/mypy
    services:
      database:
        image: postgres:17-alpine
        env:
          POSTGRES_PASSWORD: app
        options: >-
          --health-cmd pg_isready
          --health-interval 5s
        ports:
          - 5432:5432
    steps:
      - uses: actions/checkout@v5
      - uses: actions/cache@v4
        with:
          path: ~/.cache/uv
          key: uv-${{ runner.os }}-${{ hashFiles('uv.lock') }}
          restore-keys: |
            uv-${{ runner.os }}-
      - run: uv sync --locked
      - name: Everything
        run: ./deploy/PRODUCT/check.sh --all
        env:
          DATABASE_URL: postgresql://postgres:app@localhost/postgres
      - name: In a container
        run: |
          docker run --rm --user "$(id -u):$(id -g)" \\
            -e PYTHONDONTWRITEBYTECODE=1 -e PYTEST_ADDOPTS \\
            -v "$GITHUB_WORKSPACE:/work" -w /work \\
            python:3.13-slim python -m unittest discover --start-directory src/AREA
      - if: failure()
        uses: actions/upload-artifact@v4
        with:
          name: logs-PRODUCT
          path: logs/
          retention-days: 3

  report:
    needs: whole
    if: ${{ always() && needs.whole.result == 'failure' }}
    runs-on: ubuntu-latest
    steps:
      - run: |
          curl --fail --silent --show-error --data "text=PRODUCT failed, see $URL" "$HOOK"
        env:
          HOOK: ${{ secrets.CHAT_HOOK }}
          URL: ${{ github.server_url }}/${{ github.repository }}/actions/runs/${{ github.run_id }}
"""

SCRIPT = r"""#!/usr/bin/env bash
# Check PRODUCT: lint, types, tests. --all: the slow tests, too.
set -euo pipefail
cd "$(dirname "$0")/../.."

export PYTHONDONTWRITEBYTECODE=1
logs=${LOGS:-logs}
marks="not slow"

usage() {
    cat <<'END'
usage: check.sh [--all] [--keep-going]
END
}

say() {
    printf '\033[1m%s\033[0m\n' "$*"
}

keep_going=false
while [ $# -gt 0 ]; do
    case "$1" in
        --all) marks="" ;;
        --keep-going) keep_going=true ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

lint() {
    uv run --locked ruff check --no-cache src tests
}

types() {
    uv run --locked mypy --cache-dir=/dev/null src/AREA
}

tests() {
    uv run --locked pytest -p no:cacheprovider -m "$marks" tests
}

mkdir -p "$logs"
failed=()
lint 2>&1 | tee "$logs/PRODUCT-lint.log" || failed+=(lint)
types 2>&1 | tee "$logs/PRODUCT-types.log" || failed+=(types)
if [ "${#failed[@]}" -eq 0 ] || $keep_going; then
    tests 2>&1 | tee "$logs/PRODUCT-tests.log" || failed+=(tests)
fi

if [ "${#failed[@]}" -gt 0 ]; then
    say "failed: ${failed[*]}" >&2
    exit 1
fi
"""

ACTION = """name: prepare
description: Python, uv, and what the lock file says
inputs:
  python-version:
    description: which Python
    default: "3.13"
runs:
  using: composite
  steps:
    - uses: astral-sh/setup-uv@v7
      with:
        python-version: ${{ inputs.python-version }}
        enable-cache: true
        cache-dependency-glob: uv.lock
    - run: uv sync --locked
      shell: bash
"""

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "synthetic"
version = "1"
requires-python = ">=3.11"
dependencies = ["celery", "gunicorn"]

[dependency-groups]
dev = ["coverage", "mypy", "pytest", "ruff"]

[tool.pytest.ini_options]
minversion = "8.0"
testpaths = ["tests"]
addopts = ["-ra", "--strict-markers", "--strict-config"]
xfail_strict = true
filterwarnings = ["error"]
markers = ["slow: takes minutes"]

[tool.coverage.run]
branch = true
source = ["src"]

[tool.mypy]
strict = true

[tool.ruff]
line-length = 100
"""

SHARED_FILES = {
    **{path: text for path, text in ROOT_FILES.items() if path != "Dockerfile"},
    ".gitignore": f"{ROOT_FILES['.gitignore']}.coverage\n.coverage.*\nlogs/\n",
    ".dockerignore": f"{ROOT_FILES['.dockerignore']}**/.coverage\n**/.coverage.*\n",
    "pyproject.toml": PYPROJECT,
    "uv.lock": 'version = 1\nrequires-python = ">=3.11"\n',
    "requirements/base.txt": "celery==5.5.3\ngunicorn==23.0.0\n",
    "requirements/worker.txt": "--requirement base.txt\npsycopg==3.2.12\n",
    "requirements/dev.txt": "--requirement base.txt\ncoverage==7.11.0\nmypy==1.18.2\npytest==8.4.2\nruff==0.14.3\n",
    "tests/conftest.py": "",
    "tests/test_module.py": "def test_nothing() -> None:\n    assert True\n",
    ".github/actions/prepare/action.yml": ACTION,
    "deploy/common.yaml": COMMON,
    "deploy/common.env": "TZ=UTC\nPYTHONFAULTHANDLER=1\n",
}
PRODUCT_FILES = {
    f"deploy/PRODUCT/api{DOCKERFILE}": API_DOCKERFILE,
    f"deploy/PRODUCT/worker{DOCKERFILE}": WORKER_DOCKERFILE,
    f"deploy/PRODUCT/jobs{DOCKERFILE}": JOBS_DOCKERFILE,
    f"deploy/PRODUCT/tools{DOCKERFILE}": TOOLS_DOCKERFILE,
    "deploy/PRODUCT/compose.yaml": COMPOSE,
    f"{WORKFLOWS}PRODUCT-tests.yml": TEST_WORKFLOW,
    f"{WORKFLOWS}PRODUCT-images.yml": IMAGE_WORKFLOW,
    f"{WORKFLOWS}PRODUCT-release.yaml": RELEASE_WORKFLOW,
    f"{WORKFLOWS}PRODUCT-nightly.yml": NIGHTLY_WORKFLOW,
    "deploy/PRODUCT/check.sh": SCRIPT,
    "deploy/PRODUCT/service.env": "SERVICE=PRODUCT\nLOG_FORMAT=json\n# DEBUG=1\nGREETING='good morning'\n",
    "deploy/PRODUCT/init.sql": "CREATE SCHEMA IF NOT EXISTS app;\n",
}


def paths(number: int, files: Mapping[str, str] = ROOT_FILES) -> Iterator[str]:
    """The *number* files that a repository tracks: *files*, then modules."""
    yield from files
    for index in range(number - len(files)):
        package = index // MODULES
        yield f"{package_path(package)}/module_{index % MODULES}.py"


def package_path(number: int) -> str:
    """The directory of the package *number*, counted from 0."""
    return f"src/area_{number // PACKAGES:02}/package_{number % PACKAGES:02}"


def configuration(products: int) -> dict[str, str]:
    """The files of a project with so many *products* that are no modules, by path. `configured` says which they are."""
    files = SHARED_FILES.copy()
    for number in range(products):
        name = f"product-{number:03}"
        for path, text in PRODUCT_FILES.items():
            files[path.replace(PRODUCT, name)] = text.replace(PRODUCT, name).replace(AREA, f"area_{number % AREAS:02}")
    return files


def configured(
    folder: Path, number: int, products: int, variables: Mapping[str, str], *, with_yaml: bool = True
) -> Path:
    """Make in *folder*, unless it is there, a `repository` of *number* files with the `configuration` of *products*.

    Each of these has `CONFIGURING` configuration files: four Dockerfiles, a compose file, four workflows, and a script that
    they call. All of them pass all checks. Without YAML there are neither compose files nor workflows.
    """
    every = configuration(products)
    files = every if with_yaml else {path: text for path, text in every.items() if not path.endswith(YAML)}
    kind = "configured" if with_yaml else "without-yaml"
    # A name of its own for each wording: a tree is kept, and what is in it decides whether it passes.
    wording = zlib.crc32(repr(files).encode())
    return repository(folder / f"{kind}-{number}-{products}-{wording:08x}", number, variables, files)


def repository(path: Path, number: int, variables: Mapping[str, str], files: Mapping[str, str] = ROOT_FILES) -> Path:
    """Make at *path*, unless it is there, a repository that tracks *number* files, with one more staged.

    These are *files*, by path, and modules.
    """
    if path.exists():
        return path
    part = _begin(path)
    subprocess.run(["git", "init", "-q", "-b", "main", part], check=True, env=variables)
    # fast-import leaves one pack, as a clone does, and the checkout an index that knows the files.
    subprocess.run(
        ["git", "fast-import", "--quiet"], input=_history(number, files), check=True, cwd=part, env=variables
    )
    subprocess.run(["git", "reset", "-q", "--hard"], check=True, cwd=part, env=variables)
    (part / STAGED).write_text("print()\n", encoding="ascii")
    subprocess.run(["git", "add", STAGED], check=True, cwd=part, env=variables)
    part.rename(path)
    return path


def crowded(path: Path, number: int, environment: int, modules: int, variables: Mapping[str, str]) -> Path:
    """Make at *path*, unless it is there, a `repository` of *number* files that is in use.

    That adds a ``.venv`` of *environment* files, and a ``node_modules`` of *modules* files, neither with a cache in it.
    """
    if path.exists():
        return path
    part = path.with_name(f"{path.name}.tree")
    shutil.rmtree(part, ignore_errors=True)
    repository(part, number, variables)
    _fill(part / ".venv/lib/python3.13/site-packages/package", "module_{}.py", environment - 1)
    (part / ".venv/pyvenv.cfg").write_text("version = 3.13\n", encoding="ascii")
    _fill(part / "node_modules/package", "index_{}.js", modules)
    part.rename(path)
    return path


def plain(path: Path, number: int, variables: Mapping[str, str]) -> Path:
    """Make at *path*, unless it is there, a repository that tracks nothing, with *number* empty files in it."""
    if path.exists():
        return path
    part = _begin(path)
    subprocess.run(["git", "init", "-q", "-b", "main", part], check=True, env=variables)
    _fill(part / "data/folder", "file_{}.txt", number, b"")
    part.rename(path)
    return path


class Caches:
    """The ``__pycache__`` directories of a tree: *number* of them, evenly over its packages."""

    def __init__(self, root: Path, files: int, number: int) -> None:
        packages = max(1, (files - len(ROOT_FILES)) // MODULES)
        self._paths = [f"{root}/{package_path(index * packages // number)}/__pycache__" for index in range(number)]
        self.files = number * CACHED

    def restore(self) -> None:
        """Make all of them anew."""
        names = [f"module_{number}.{sys.implementation.cache_tag}.pyc" for number in range(CACHED)]
        for path in self._paths:
            os.mkdir(path)
            for name in names:
                _write(f"{path}/{name}", BYTECODE)

    def restore_to_disk(self) -> None:
        """Make all of them anew, and have the disk written."""
        self.restore()
        os.sync()

    def check_gone(self) -> None:
        """Raise ValueError if one of them is there; then none is, for the next to find."""
        left = [path for path in self._paths if os.path.lexists(path)]
        for path in left:
            shutil.rmtree(path)
        if left:
            raise ValueError(f"left {len(left)} of {len(self._paths)} caches")

    def clear(self) -> None:
        """Remove what an interrupted run has left."""
        for path in self._paths:
            shutil.rmtree(path, ignore_errors=True)


def _begin(path: Path) -> Path:
    """An empty directory beside *path*, to be renamed when all is in it."""
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def _history(number: int, files: Mapping[str, str]) -> bytes:
    """One commit of *number* files, *files* among them, as git-fast-import(1) reads it."""
    lines: list[str] = []
    marks: dict[str, int] = {}
    contents = [*files.values(), SOURCE]
    for mark, content in enumerate(contents, 1):
        marks[content] = mark
        lines.append(f"blob\nmark :{mark}\ndata {len(content)}\n{content}")
    lines.append("commit refs/heads/main\ncommitter Nobody <nobody@example.org> 0 +0000\ndata 0\n")
    for path in paths(number, files):
        mode = "100755" if path.endswith(".sh") else "100644"
        lines.append(f"M {mode} :{marks[files.get(path, SOURCE)]} {path}")
    return "\n".join([*lines, ""]).encode()


def _fill(folder: Path, name: str, number: int, content: bytes = SOURCE.encode()) -> None:
    """Make *number* files called *name*, `MODULES` in each of as many directories as that takes, called *folder*_N."""
    for index in range(number):
        directory = f"{folder}_{index // MODULES}"
        if index % MODULES == 0:
            os.makedirs(directory)
        _write(f"{directory}/{name.format(index % MODULES)}", content)


def _write(path: str, content: bytes) -> None:
    """Make a file by the fewest calls: some hundred thousand are made."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(descriptor, content)
    os.close(descriptor)
