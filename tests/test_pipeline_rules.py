"""The rules about CI: what is found, where, and what is right and passes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import prevention, rules
from pycache_hooks.readers import pipelines, project
from pycache_hooks.readers.files import Files
from pycache_hooks.rules import downloads
from pycache_hooks.rules import pipelines as about

if TYPE_CHECKING:
    from pathlib import Path

    from pycache_hooks.findings import Finding
    from support import Repository

WORKFLOW = ".github/workflows/ci.yml"


def judged(repository: Repository, files: dict[str, str], *, all_runners: bool = False) -> list[Finding]:
    for name, text in files.items():
        repository.write(name, text)
    repository.stage(*files)
    listing = repository.git("ls-files", "-z").stdout
    found = Files(project.read(str(repository.path), listing))
    return sorted(about.judge(found, pipelines.read(found), all_runners=all_runners))


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def workflow(*steps: str, job: str = "runs-on: self-hosted", checkout: str = "uses: actions/checkout@v4") -> str:
    """A workflow of one job on a runner that keeps its work tree."""
    listed = "".join("      - " + step.replace("\n", "\n        ") + "\n" for step in (checkout, *steps))
    above = job.replace("\n", "\n    ")
    return f"on: push\njobs:\n  test:\n    {above}\n    steps:\n{listed}"


# 701


@pytest.mark.parametrize(
    ("step", "writes"),
    [
        ("run: pytest", True),
        ("run: python -m pytest tests", True),
        ("run: python manage.py test", True),
        ("run: cd $X && pytest", True),
        ("run: uv run pytest", True),
        ("run: python -c 'import app.models'", True),
        ("run: uvx pytest", True),
        ("run: ./manage.py check", True),
        ("run: import app.models\nshell: python", True),
        ("run: tox", True),
        ("run: PYTHONDONTWRITEBYTECODE=0 pytest", True),
        ("run: python ci/uses.py", True),
        ("run: ci/uses.py", True),
        ("run: cd ci && python uses.py", True),
        ("run: python ${{ github.workspace }}/ci/uses.py", True),
        ("run: uv run own", True),
        ("run: python -m app.models", True),
        ("run: python -m tests.a", True),
        ("run: python ci/alone.py", False),
        ("run: ci/alone.py", False),
        ("run: PYTHONPATH=. python ci/alone.py", True),
        ("run: python ci/alone.py\nenv: {PYTHONPATH: .}", True),
        ("run: python gone.py", False),
        ("run: cd $X && python ci/uses.py", False),
        ("run: python -m nltk.downloader punkt", False),
        ("run: uv run zensical build", False),
        ("run: tox run --notest", False),
        ("run: pytest --pyargs numpy", False),
        ("run: python -B -m pytest", False),
        ("run: PYTHONDONTWRITEBYTECODE=1 pytest", False),
        ("run: PYTHONPYCACHEPREFIX=/tmp/pycache pytest", False),
        ("run: pytest\nenv: {PYTHONDONTWRITEBYTECODE: '1'}", False),
        ("run: pytest\nenv: {PYTHONDONTWRITEBYTECODE: '${{ inputs.x }}'}", False),
        ("run: |\n  export PYTHONDONTWRITEBYTECODE=1\n  pytest", False),
        ("run: python -c 'import json, sys; print(1)'", False),
        ("run: curl x | python -", False),
        ("run: curl x | python3", False),
        ("run: pytest --version", False),
        ("run: nox --version", False),
        ("run: prefect --help", False),
        ("run: python manage.py --help", False),
        ("run: pip install -r requirements.txt", False),
        ("run: uv sync --locked", False),
        ("run: uvx ruff check", False),
        ("run: ruff check", False),
        ("run: cd /tmp && pytest", False),
        ('run: |\n  TMPDIR=$(mktemp -d)\n  cd "$TMPDIR"\n  pytest', False),
        ("run: pytest\nshell: pwsh", False),
        ("run: pytest\nif: false", False),
    ],
)
def test_a_job_on_a_runner_that_keeps_its_work_tree(repository: Repository, step: str, *, writes: bool) -> None:
    files = {
        "app/models.py": "",
        "tests/a.py": "",
        "manage.py": "import os\n\nos.environ['DJANGO_SETTINGS_MODULE'] = 'app.settings'\n",
        "ci/uses.py": "import helper\n",
        "ci/helper.py": "",
        "ci/alone.py": "import json\n\nimport app.models\n",
        "pyproject.toml": "[project.scripts]\nown = 'app.models:main'\n",
    }

    found = judged(repository, {WORKFLOW: workflow(step), **files})

    assert codes(found) == ([rules.PIPELINE_WRITES] if writes else [])


def test_the_first_command_of_a_job_is_named_with_its_line_and_what_to_set(repository: Repository) -> None:
    steps = ["run: pip install x", "run: |\n  make\n  python -m pytest -x", "run: pytest"]

    (finding,) = judged(repository, {WORKFLOW: workflow(*steps, job="runs-on: [self-hosted, gpu]")})

    assert (finding.path, finding.line) == (WORKFLOW, 10)
    assert finding.message == (
        "the job test runs `python -m pytest`: nothing stops Python from writing bytecode into the work tree, where it "
        "stays on the self-hosted runner until the next checkout cleans it"
    )
    assert finding.fix == 'env:\n  PYTHONDONTWRITEBYTECODE: "1"'


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("pytest 'a b'", "`pytest`"),
        (f"python {'x/' * 30}run.py", "`python run.py`"),
        (f"pytest {'x' * 60}", "`pytest`"),
        (f"'{'x' * 50}.py' a", "`Python`"),
        ("pytest -n 4 -m 'not slow' tests", "`pytest tests`"),
        ("pytest $OPTIONS --color=yes tests/unit/a.py::test_b gone/b.py", "`pytest tests/unit/a.py::test_b`"),
        ("cd tests && python -m pytest -v unit", "`python -m pytest unit`"),
        ("pytest $(cat list) -x", "`pytest`"),
        ("cd $X && pytest -v tests", "`pytest`"),
        ("nox -s tests", "`nox`"),
        ("coverage run -m pytest tests", "`coverage run`"),
        ("poetry run invoke build docs $(date)", "`invoke build docs`"),
        ("python $CI/run.py --out tests", "`python`"),
        ("./run.py --out tests", "`./run.py`"),
        ("python -u run.py check all of it", "`python run.py check all`"),
        ("python -c 'import json; from tests import unit; import tests.unit.a'", "code that imports tests"),
        ("python -c 'import tests.unit.a, run'", "code that imports tests, run"),
    ],
)
def test_a_message_shows_the_program_and_its_subcommand_or_first_path(
    repository: Repository, command: str, shown: str
) -> None:
    script = "import beside\n"
    files = {f"{'x/' * 30}run.py": script, f"{'x/' * 30}beside.py": "", "run.py": script, "beside.py": ""}
    files |= {f"{'x' * 50}.py": script, "tests/unit/a.py": "", "tests/unit/__init__.py": ""}

    found = judged(repository, {WORKFLOW: workflow(f"run: |\n  {command}"), **files})

    if "$CI/" in command:
        assert found == []
    else:
        assert f"runs {shown}:" in found[0].message


def test_where_the_bytecode_stays_and_what_that_does_depends_on_the_runner(repository: Repository) -> None:
    def said(job: str, checkout: str = "uses: actions/checkout@v4") -> str:
        found = judged(repository, {WORKFLOW: workflow("run: pytest", job=job, checkout=checkout)})
        return found[-1].message.partition("nothing stops Python from writing bytecode into ")[2]

    assert said("runs-on: self-hosted").endswith("until the next checkout cleans it")
    assert said("runs-on: self-hosted", "uses: actions/checkout@v4\nwith: {clean: false}").endswith("runner keeps")
    in_container = said("runs-on: self-hosted\ncontainer: ghcr.io/a/b:1")
    assert "as root unless the image has another user" in in_container
    assert in_container.endswith("fails with EACCES")
    assert said("runs-on: [gpu-box, arm]") == "the work tree, and no runner with gpu-box, arm is known to start afresh"


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ("python:3.13", "python"),
        ("nvcr.io/nvidia/pytorch:24.09-py3", "nvcr.io/nvidia/pytorch"),
        ("ghcr.io/a/b:1@sha256:0123", "ghcr.io/a/b"),
        ("localhost:5000/x:1", "localhost:5000/x"),
        ("registry.example/x:${{ github.sha }}", "registry.example/x"),
        ("${{ matrix.image }}", "${{ matrix.image }}"),
        ("ghcr.io/${{ github.repository }}/x", "ghcr.io/${{ github.repository }}/x"),
        ("a/b", "a/b"),
    ],
)
def test_an_image_is_named_without_tag_and_digest(repository: Repository, image: str, shown: str) -> None:
    job = f'runs-on: self-hosted\ncontainer: "{image}"'

    (finding,) = judged(repository, {WORKFLOW: workflow("run: pytest", job=job)})

    assert f"runs `pytest` in the container {shown}:" in finding.message


def test_jobs_of_one_template_are_one_finding_with_all_their_names(repository: Repository) -> None:
    template = ".t:\n  tags: [own]\n  script: [pytest]\n"
    jobs = [f"{name}: {{extends: .t}}\n" for name in "abcde"]

    several = judged(repository, {".gitlab-ci.yml": template + "".join(jobs)})
    two = judged(repository, {".gitlab-ci.yml": template + "".join(jobs[:2])})

    assert [finding.message.partition(" `")[0] for finding in several] == ["the jobs a, b, c and 2 more run"]
    assert [finding.message.partition(" `")[0] for finding in two] == ["the jobs a, b run"]


@pytest.mark.parametrize(
    ("step", "empties"),
    [
        ("sudo rm -rf ${{github.workspace}}/*", True),
        ("rm -rf ${{ github.workspace }}", True),
        ('rm -rf "$GITHUB_WORKSPACE"/*', True),
        ("rm -rf ./* ./.??*", True),
        ("rm -rf *", True),
        ("find . -delete", True),
        ('cd "$GITHUB_WORKSPACE" && rm -r *', True),
        ("./ci/empty.sh", True),
        ("rm -f *", False),
        ("rm -rf build", False),
        ("rm -rf ${{ github.workspace }}/build/*", False),
        ("cd $X && rm -rf *", False),
        ("cd /tmp && rm -rf *", False),
        ("rm -rf /tmp/*", False),
    ],
)
def test_a_job_that_empties_the_workspace_leaves_nothing_of_earlier_ones(
    repository: Repository, step: str, *, empties: bool
) -> None:
    text = workflow("uses: actions/checkout@v4", "run: pytest", checkout=f"run: |\n  {step}")
    text = text if "ci/" not in step else workflow(f"run: |\n  {step}", "run: pytest")

    found = judged(repository, {WORKFLOW: text, "ci/empty.sh": "rm -rf $GITHUB_WORKSPACE/*\n"})

    assert codes(found) == ([] if empties else [rules.PIPELINE_WRITES])


@pytest.mark.parametrize("condition", ["false", "${{ false }}", "'${{false}}'"])
def test_of_a_job_that_never_runs_nothing_is_said(repository: Repository, condition: str) -> None:
    steps = ["run: pytest", "run: uv sync", "uses: actions/cache@v4\nwith: {path: .venv, key: x}"]
    job = "runs-on: self-hosted\nif: "

    assert judged(repository, {WORKFLOW: workflow(*steps, job=job + condition), "uv.lock": ""}) == []
    assert len(judged(repository, {WORKFLOW: workflow(*steps, job=job + "github.ref")})) == 3


@pytest.mark.parametrize(
    ("job", "all_runners", "writes"),
    [
        ("runs-on: ubuntu-latest", False, False),
        ("runs-on: ubuntu-latest", True, True),
        ("runs-on: depot-ubuntu-24.04", False, False),
        ("runs-on: ${{ inputs.runner }}", False, False),
        ("runs-on: ${{ inputs.runner }}", True, True),
        ("runs-on: [gpu-box, arm]", False, True),
        ("runs-on: gpu-box", False, True),
        ("runs-on: gpu-box", True, True),
        ("runs-on: self-hosted\nenv: {PYTHONDONTWRITEBYTECODE: 1}", True, False),
        ("runs-on: self-hosted\ncontainer: python:3.13", False, True),
        ("runs-on: self-hosted\ncontainer: {image: i, env: {PYTHONDONTWRITEBYTECODE: 1}}", False, False),
        ("runs-on: self-hosted\ncontainer: {image: i, options: -e PYTHONDONTWRITEBYTECODE=1}", False, False),
        ("runs-on: self-hosted\ncontainer: {image: i, options: --user 1000}", False, False),
    ],
)
def test_which_jobs_are_judged(repository: Repository, job: str, *, all_runners: bool, writes: bool) -> None:
    found = judged(repository, {WORKFLOW: workflow("run: pytest", job=job)}, all_runners=all_runners)

    assert codes(found) == ([rules.PIPELINE_WRITES] if writes else [])


def test_a_job_without_a_checkout_has_nothing_to_pollute(repository: Repository) -> None:
    assert judged(repository, {WORKFLOW: workflow("run: pytest", checkout="uses: actions/setup-python@v6")}) == []


def test_a_script_is_judged_by_what_is_in_force_where_it_is_called(repository: Repository) -> None:
    files = {"ci/test.sh": "set -e\npytest\n", WORKFLOW: workflow("run: bash ci/test.sh")}

    (finding,) = judged(repository, files)

    assert (finding.path, finding.line) == (WORKFLOW, 3)
    assert "`pytest` (ci/test.sh:2)" in finding.message
    assert judged(repository, {WORKFLOW: workflow("run: PYTHONDONTWRITEBYTECODE=1 bash ci/test.sh")}) == []
    assert judged(repository, {WORKFLOW: workflow("run: 'true'")}) == []


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        ("set -a; source .env; set +a; pytest", False),
        ("set -a; . ./.env; pytest", False),
        ("set -a; . ./other.env; pytest", True),
        ("bash .env; pytest", True),
    ],
)
def test_a_file_of_variables_that_is_sourced_sets_them(repository: Repository, command: str, *, writes: bool) -> None:
    files = {".env": "# local\nPYTHONDONTWRITEBYTECODE='1'\n\nOTHER=x\n", "other.env": "# PYTHONDONTWRITEBYTECODE=1\n"}

    found = judged(repository, {WORKFLOW: workflow(f"run: |\n  {command}"), **files})

    assert codes(found) == [rules.PIPELINE_WRITES] * writes


def test_the_other_systems(repository: Repository) -> None:
    files = {
        ".gitlab-ci.yml": "a: {image: python, tags: [own], script: [pytest]}\nb: {script: [pytest]}\n"
        "c: {tags: [saas-linux-small-amd64], script: [pytest]}\n"
        "d: {tags: [own], variables: {PYTHONDONTWRITEBYTECODE: '1'}, script: [pytest]}\n",
        "buildspec.yml": "phases: {build: {commands: [pytest]}}\n",
        "azure-pipelines.yml": "jobs:\n- job: a\n  pool: Own\n  steps: [{script: pytest}]\n"
        "- job: b\n  pool: {vmImage: ubuntu-latest}\n  steps: [{script: pytest}]\n",
    }

    found = judged(repository, files)
    every = judged(repository, {}, all_runners=True)

    assert [(finding.path, finding.line) for finding in found] == [(".gitlab-ci.yml", 1), ("azure-pipelines.yml", 4)]
    assert [finding.fix for finding in found] == ['variables:\n  PYTHONDONTWRITEBYTECODE: "1"'] * 2
    assert [(finding.path, finding.line) for finding in every] == [
        *[(".gitlab-ci.yml", 1), (".gitlab-ci.yml", 2), (".gitlab-ci.yml", 3)],
        *[("azure-pipelines.yml", 4), ("azure-pipelines.yml", 7), ("buildspec.yml", 1)],
    ]
    assert found[0].message.endswith("into the work tree, and own is no runner known to start afresh")
    assert every[-1].message.endswith("into the work tree")


@pytest.mark.parametrize(
    ("job", "writes"),
    [
        ("{tags: [own], script: [pytest]}", True),
        ("{tags: [Own-Windows], script: [pytest]}", False),
        ("{tags: [own], script: ['$env:PYTHONDONTWRITEBYTECODE=1', pytest]}", False),
        ("{tags: [own], before_script: ['$Env:X = 1'], script: [pytest]}", False),
    ],
)
def test_what_gitlab_gives_to_powershell_is_not_read(repository: Repository, job: str, *, writes: bool) -> None:
    assert codes(judged(repository, {".gitlab-ci.yml": f"a: {job}\n"})) == [rules.PIPELINE_WRITES] * writes


def test_nothing_is_said_where_files_that_are_not_here_may_prevent_it(repository: Repository) -> None:
    texts = {
        ".gitlab-ci.yml": "include: {project: g/ci, file: x.yml}\na: {extends: .p, tags: [own], script: [pytest]}\n",
        "azure-pipelines.yml": "variables: [{group: g}]\npool: Own\nsteps: [{script: pytest}]\n",
    }

    assert judged(repository, texts) == []
    assert judged(repository, {}, all_runners=True) == []


def test_tox_wants_to_be_told_itself(repository: Repository) -> None:
    (finding,) = judged(repository, {WORKFLOW: workflow("run: tox run"), "tox.ini": "[testenv]\n"})

    assert finding.fix.startswith("[testenv]\nsetenv")
    assert judged(repository, {"tox.ini": finding.fix}) == []


# 702


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        ('docker run -v "$PWD:/app" python:3.13 pytest', True),
        ("docker run --rm -v ${{ github.workspace }}:/app -w /app image python -m pytest", True),
        ("docker run -v $GITHUB_WORKSPACE/src:/app image pytest", True),
        ("docker run -v $(pwd):/app image sh -c 'cd /app && pytest'", True),
        ("docker run -v .:/app python", False),
        ("docker run -dt -v .:/app -w /app --name t python:3.13 && docker exec t pip install x", False),
        ("docker run -v ./src:/app image pytest", True),
        ("docker run -v src/:/app image pytest", True),
        ("docker run --mount type=bind,source=$PWD,target=/app image pytest", True),
        ("sudo podman run -v $PWD:/app image pytest", True),
        ("podman run -v $PWD:/app image pytest", False),
        ("docker run --user root -v $PWD:/app image pytest", True),
        ("docker run -e PYTHONDONTWRITEBYTECODE=0 -v $PWD:/app image pytest", True),
        ("docker run -e PYTHONDONTWRITEBYTECODE -v $PWD:/app image pytest", True),
        ("docker run --user $(id -u) -v $PWD:/app image pytest", False),
        ("docker run -e PYTHONDONTWRITEBYTECODE=1 -v $PWD:/app image pytest", False),
        ("PYTHONDONTWRITEBYTECODE=1 docker run -e PYTHONDONTWRITEBYTECODE -v $PWD:/app image pytest", False),
        ("docker run --env-file .env -v $PWD:/app image pytest", False),
        ("docker run -v $PWD:/app image python -B -m pytest", False),
        ("docker run -v $PWD:/app image sh -c 'PYTHONDONTWRITEBYTECODE=1 pytest'", False),
        ("docker run -v $PWD:/app/ -w /app image python uses.py", True),
        ("docker run -v $PWD:$PWD -w $PWD image python uses.py", True),
        ("docker run -v $PWD/src:/app image python /app/uses.py", True),
        ("docker run -v $PWD:/app -w /app image python -c 'import m'", False),
        ("docker run -v $PWD/src:/app -w /app image python -c 'import m'", True),
        ("docker run -v $PWD:/app -w /app image python alone.py", False),
        ("docker run -v $PWD:/app image python uses.py", False),
        ("docker run -v $PWD:/app -v $DATA:/data image python /data/uses.py", False),
        ("docker run -v $PWD:/app:ro image pytest", False),
        ("docker run -v data:/app image pytest", False),
        ("docker run -v /var/lib:/app image pytest", False),
        ("docker run -v $PWD/results:/results image pytest", False),
        ("docker run -v $DATA:/app image pytest", False),
        ("docker run -v $PWD:/app image make", False),
        ("docker run -v $PWD:/app image pip install x", False),
        ("docker run -v $PWD:/app image", False),
        ("docker run -e PYTHONDONTWRITEBYTECODE=1 -v $PWD:/app python", False),
        ("docker run image pytest", False),
        ("cd /tmp && docker run -v $PWD:/app image pytest", False),
    ],
)
def test_a_container_that_runs_python_in_the_mounted_work_tree(
    repository: Repository, command: str, *, writes: bool
) -> None:
    files = {WORKFLOW: workflow(f"run: |\n  {command}"), "src/m.py": "", "m2.py": "", "alone.py": "import json\n"}
    files |= {"uses.py": "import m2\n", "src/uses.py": "import m\n"}

    found = judged(repository, files)

    assert codes(found) == ([rules.CONTAINER_WRITES] if writes else [])
    assert [finding.fix for finding in found] == ['--user "$(id -u):$(id -g)" --env PYTHONDONTWRITEBYTECODE=1'] * writes
    if writes:
        repaired = command.replace(" run ", f" run {found[0].fix} ", 1).replace("--user root ", "")
        repaired = repaired.replace("-e PYTHONDONTWRITEBYTECODE=0", "").replace("-e PYTHONDONTWRITEBYTECODE ", "")
        assert judged(repository, {WORKFLOW: workflow(f"run: |\n  {repaired}")}) == []


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("docker run -v $PWD:/app -w /app image mypy .", "mypy"),
        ("docker run -v $PWD:/app -w /app image ruff check", "ruff"),
        ("docker run -v $PWD:/app -w /app -e PYTHONDONTWRITEBYTECODE=1 image pytest", "pytest"),
        ("docker run -v $PWD:/app -w /app -e PYTHONDONTWRITEBYTECODE=1 image python -m pytest", "pytest"),
        ("docker run -v $PWD:/app image sh -c 'cd /app && mypy .'", "mypy"),
        ("docker run -v $PWD:/app -w /app/src image sh -c 'cd .. && uv run mypy .'", "mypy"),
        ("docker run -v $PWD:/app image mypy /app", ""),
        ("docker run -v $PWD:/app image sh -c 'cd /tmp && mypy /app'", ""),
        ("docker run -v $PWD:/app:ro -v $PWD/src:/src -w /app image mypy .", ""),
        ("docker run -v $PWD:/app -w /app image mypy --cache-dir=/dev/null .", ""),
        ("docker run -v $PWD:/app -w /app -e MYPY_CACHE_DIR=/dev/null image mypy .", ""),
        ("docker run -v $PWD:/app -w /app -u 1000 image mypy .", ""),
        ("docker run -v $PWD:/app -w /app image ruff check --no-cache", ""),
        ("docker run -v $PWD:/app -w /app image mypy --version", ""),
        ("docker run -v $PWD:/app -w /app image black .", ""),
        ("docker run -v $PWD:/app -w /app -e PYTHONDONTWRITEBYTECODE=1 image coverage run m.py", ""),
    ],
)
def test_a_container_that_writes_the_cache_of_a_tool(repository: Repository, command: str, tool: str) -> None:
    files = {WORKFLOW: workflow(f"run: |\n  {command}"), "src/m.py": ""}

    found = judged(repository, files)

    assert codes(found) == ([rules.CONTAINER_WRITES] if tool else [])
    for finding in found:
        assert finding.message == (
            f"unless its image says otherwise, the container of image runs {tool} as root, and lets it write its cache "
            "into the work tree, which a self-hosted runner keeps"
        )
        repaired = command.replace(" run ", f" run {finding.fix} ", 1)
        assert judged(repository, {WORKFLOW: workflow(f"run: |\n  {repaired}")}) == []
        without_user = repaired.replace('--user "$(id -u):$(id -g)"', "")
        assert judged(repository, {WORKFLOW: workflow(f"run: |\n  {without_user}")}) == []


@pytest.mark.parametrize(
    ("name", "text", "writes"),
    [
        ("pyproject.toml", "[tool.mypy]\ncache_dir = '/dev/null'\n", False),
        ("src/mypy.ini", "[mypy]\ncache_dir = /tmp/mypy\n", False),
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n", True),
    ],
)
def test_a_tool_whose_configuration_says_where_its_cache_goes(
    repository: Repository, name: str, text: str, *, writes: bool
) -> None:
    step = 'run: docker run -v "$PWD:/app" -w /app/src image mypy .'

    found = judged(repository, {WORKFLOW: workflow(step), "src/m.py": "", name: text})

    assert codes(found) == ([rules.CONTAINER_WRITES] if writes else [])


def test_a_container_on_a_hosted_runner_is_left_alone(repository: Repository) -> None:
    text = workflow('run: docker run -v "$PWD:/app" python:3.13 pytest', job="runs-on: ubuntu-latest")

    assert judged(repository, {WORKFLOW: text}) == []
    assert codes(judged(repository, {}, all_runners=True)) == [rules.CONTAINER_WRITES]


def test_a_container_in_a_script_is_found_where_it_stands_if_a_job_calls_it(repository: Repository) -> None:
    script = 'docker run -v "$PWD:/app" python:3.13 pytest\n'
    files = {
        "ci/a.sh": f"\n{script}",
        "ci/uncalled.sh": script,
        WORKFLOW: workflow("run: ci/a.sh", "run: bash ci/a.sh"),
    }

    found = judged(repository, files)

    assert [(finding.path, finding.line, finding.code) for finding in found] == [("ci/a.sh", 2, rules.CONTAINER_WRITES)]


@pytest.mark.parametrize(
    ("dockerfile", "image", "writes"),
    [
        ("FROM python:3.13\nENV PYTHONDONTWRITEBYTECODE=1\n", "own", False),
        ("FROM python:3.13\nENV PYTHONPYCACHEPREFIX=/tmp\n", "own", False),
        ("FROM python:3.13\nUSER app\n", "own", False),
        ("FROM python:3.13\n", "own", True),
        ("FROM python:3.13\nENV PYTHONDONTWRITEBYTECODE=1\n", "docker.io/python:3.13", True),
    ],
)
def test_an_image_of_the_repository_may_have_prevention_in_it(
    repository: Repository, dockerfile: str, image: str, *, writes: bool
) -> None:
    step = f'run: docker run -v "$PWD:/app" {image} pytest'

    found = judged(repository, {WORKFLOW: workflow(step), "Dockerfile": dockerfile})

    assert codes(found) == ([rules.CONTAINER_WRITES] if writes else [])


@pytest.mark.parametrize(
    ("image", "dockerfile", "said"),
    [
        ("python:3.13", "", "in the container python: nothing stops Python"),
        ("docker.io/library/ubuntu:24.04", "", "in the container docker.io/library/ubuntu: nothing stops Python"),
        ("ghcr.io/a/ci:1", "", "in the container ghcr.io/a/ci: unless the image does, nothing stops Python"),
        ("ghcr.io/a/ci:1", "FROM python:3.13\n", "unless the image does, nothing stops Python"),
        ("ghcr.io/a/ci:1", "FROM python:3.13\nUSER app\n", "unless the image does, nothing stops Python"),
        ("ghcr.io/a/ci:1", "FROM python:3.13\nENV PYTHONDONTWRITEBYTECODE=1\n", ""),
        ("python:3.13", "FROM python:3.13\nENV PYTHONDONTWRITEBYTECODE=1\n", "nothing stops Python"),
    ],
)
def test_the_image_of_a_job_may_have_prevention_in_it(
    repository: Repository, image: str, dockerfile: str, said: str
) -> None:
    text = workflow("run: pytest", job=f"runs-on: self-hosted\ncontainer: {image}")

    found = judged(repository, {WORKFLOW: text, "Dockerfile": dockerfile})

    assert codes(found) == ([rules.PIPELINE_WRITES] if said else [])
    assert all(said in finding.message for finding in found)


# 703


def cache(path: str, key: str) -> str:
    return workflow(f'uses: actions/cache@v4\nwith:\n  path: {path}\n  key: "{key}"', job="runs-on: ubuntu-latest")


@pytest.mark.parametrize(
    ("path", "key", "files", "flaw"),
    [
        (
            "~/.cache/pip",
            "pip",
            ["requirements.txt"],
            "pip's downloads hashes no file, such as requirements.txt",
        ),
        ("~/.cache/uv", "uv-${{ runner.os }}", ["uv.lock"], "hashes no file, such as uv.lock"),
        ("~/.cache/pypoetry", "x", ["poetry.lock"], "hashes no file, such as poetry.lock"),
        ("~/.cache/pip", "x", ["pyproject.toml"], "hashes no file, such as pyproject.toml"),
        ("~/.cache/pip", "x", ["requirements/dev.txt"], "hashes no file, such as requirements/dev.txt"),
        ("~/.cache/pip", "x", ["a.py.lock"], "hashes no file, such as a.py.lock"),
        ("~/.cache/uv", "x", ["a/b/uv.lock", "a/uv.lock"], "hashes no file, such as a/uv.lock"),
        ("~/.cache/pip", "${{ hashFiles('requirements.lock') }}", ["requirements.txt"], "no tracked file is called"),
        ("~/.cache/uv", "${{ hashFiles('a', 'b', 'c', 'd') }}", ["uv.lock"], "is called a, b, c ...:"),
        (
            "~/.cache/uv",
            "${{ hashFiles('pyproject.toml') }}",
            ["pyproject.toml", "uv.lock"],
            "the key of uv's cache hashes pyproject.toml, and not uv.lock",
        ),
        ("~/.cache/pip", "${{ hashFiles('requirements.txt') }}", ["requirements.txt"], ""),
        ("~/.cache/pip", "${{ hashFiles('**/requirements*.txt') }}", ["a/requirements-dev.txt"], ""),
        ("~/.cache/pip", "${{ hashFiles('setup.py') }}", ["setup.py", "requirements.txt"], ""),
        ("~/.cache/uv", "${{ hashFiles('**/*.lock', 'pyproject.toml') }}", ["pyproject.toml", "uv.lock"], ""),
        ("~/.cache/uv", "${{ hashFiles('a/pyproject.toml') }}", ["a/pyproject.toml", "b/uv.lock"], ""),
        ("~/.cache/pip", "pip-${{ github.run_id }}", ["requirements.txt"], ""),
        ("~/.cache/pip", "pip-${{ steps.week.outputs.week }}", ["requirements.txt"], ""),
        ("~/.cache/pip", "pip", ["README.md"], ""),
        ("~/.cache/pip", "${{ hashFiles('sub/uv.lock') }}", ["sub", "requirements.txt"], ""),
        ("~/.cache/pip", "${{ hashFiles('no\0/x') }}", ["requirements.txt"], "no tracked file is called"),
        ("~/.cache/pre-commit", "x", ["uv.lock"], ""),
        (".tox", "x", ["uv.lock"], ""),
        ("~/.npm", "x", ["uv.lock"], ""),
        ("~/.cache", "x", ["uv.lock"], ""),
    ],
)
def test_the_key_of_a_download_cache(repository: Repository, path: str, key: str, files: list[str], flaw: str) -> None:
    escaped = key.replace("\0", "\\0")

    found = judged(repository, {WORKFLOW: cache(path, escaped), **dict.fromkeys(files, "x\n")})

    assert codes(found) == ([rules.CACHE_KEY] if flaw else [])
    assert all(flaw in finding.message for finding in found)


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("~/.cache/pip", "pip"),
        ("/root/.cache/pip/**/*", "pip"),
        ("~/Library/Caches/pip", "pip"),
        (r"~\AppData\Local\pip\Cache", "pip"),
        (".pip-cache", "pip"),
        ("$CI_PROJECT_DIR/pip-cache/", "pip"),
        ("$(PIP_CACHE_DIR)", "pip"),
        ("${{ env.UV_CACHE_DIR }}", "uv"),
        ("/tmp/.uv-cache", "uv"),
        ("~/.cache/uv/wheels", "uv"),
        ("~/.cache/pypoetry/artifacts", "poetry"),
        ("~/.cache/pipenv", "pipenv"),
        ("~/.cargo", ""),
        ("pip", ""),
        ("pip/x", ""),
        ("", ""),
    ],
)
def test_whose_downloads_a_path_holds(path: str, tool: str) -> None:
    assert downloads._tool(path) == tool


def test_a_file_that_the_job_makes_is_no_missing_one(repository: Repository) -> None:
    text = workflow(
        "run: pip freeze > frozen.txt",
        "uses: actions/cache@v4\nwith:\n  path: ~/.cache/pip\n  key: ${{ hashFiles('frozen.txt') }}",
    )

    assert judged(repository, {WORKFLOW: text, "requirements.txt": "x\n"}) == []


@pytest.mark.parametrize(
    ("commands", "flawed"),
    [
        (["uv pip install -r requirements.txt"], False),
        (["uv pip install x", "pip install y"], True),
        (["make test"], True),
    ],
)
def test_where_uv_installs_the_cache_of_pip_is_of_no_use(
    repository: Repository, commands: list[str], *, flawed: bool
) -> None:
    cached = "uses: actions/cache@v4\nwith: {path: ~/.cache/pip, key: pip}"
    text = workflow(cached, *(f"run: {command}" for command in commands), job="runs-on: ubuntu-latest")
    found = judged(repository, {WORKFLOW: text, "requirements.txt": "x\n"})
    assert codes(found) == ([rules.CACHE_KEY] if flawed else [])


@pytest.mark.parametrize(
    ("step", "files", "flawed"),
    [
        ("uses: actions/setup-python@v6\nwith: {cache: pip}", ["requirements.txt"], False),
        ("uses: actions/setup-python@v6\nwith: {cache: pip}", ["a/pyproject.toml"], False),
        ("uses: actions/setup-python@v6\nwith: {cache: pip}", ["requirements/dev.txt"], True),
        (
            "uses: actions/setup-python@v6\nwith: {cache: pip, cache-dependency-path: requirements/*.txt}",
            ["requirements/dev.txt"],
            False,
        ),
        ("uses: actions/setup-python@v6\nwith: {cache: poetry}", ["poetry.lock"], False),
        ("uses: actions/setup-python@v6\nwith: {cache: poetry}", ["uv.lock"], True),
        ("uses: astral-sh/setup-uv@v7\nwith: {enable-cache: true}", ["uv.lock"], False),
        (
            "uses: astral-sh/setup-uv@v7\nwith: {cache-dependency-glob: pyproject.toml}",
            ["uv.lock", "pyproject.toml"],
            True,
        ),
        ("uses: astral-sh/setup-uv@v7\nwith: {cache-dependency-glob: ''}", ["uv.lock"], True),
        (
            "uses: astral-sh/setup-uv@v7\nwith: {cache-dependency-glob: uv.lock, working-directory: a}",
            ["a/uv.lock"],
            False,
        ),
    ],
)
def test_the_keys_of_setup_actions(repository: Repository, step: str, files: list[str], *, flawed: bool) -> None:
    found = judged(repository, {WORKFLOW: workflow(step), **dict.fromkeys(files, "x\n")})

    assert codes(found) == ([rules.CACHE_KEY] if flawed else [])


@pytest.mark.parametrize(
    ("path", "wrong", "right"),
    [
        (".gitlab-ci.yml", "a:\n  script: x\n  cache: {key: pip, paths: [.cache/pip]}\n", "key: pip"),
        ("buildspec.yml", "cache:\n  key: pip\n  paths: ['/root/.cache/pip/**/*']\n", "key: pip"),
        (
            "azure-pipelines.yml",
            "steps:\n- task: Cache@2\n  inputs:\n    key: pip\n    path: $(Pipeline.Workspace)/.cache/pip\n",
            "key: pip",
        ),
        (WORKFLOW, cache("~/.cache/pip", "pip").replace('"pip"', "pip"), "key: pip"),
    ],
)
def test_the_repair_of_a_key_repairs_it(repository: Repository, path: str, wrong: str, right: str) -> None:
    (finding,) = judged(repository, {path: wrong, "requirements.txt": "x\n"})
    assert finding.code == rules.CACHE_KEY
    assert "requirements.txt" in finding.fix

    assert judged(repository, {path: wrong.replace(right, finding.fix)}) == []


@pytest.mark.parametrize(
    ("path", "text", "fix"),
    [
        (WORKFLOW, cache("~/.cache/uv", "uv-${{ runner.os }}"), "key: uv-${{ runner.os }}-${{ hashFiles('uv.lock') }}"),
        (
            WORKFLOW,
            cache("~/.cache/uv", "${{ runner.os }}-${{ hashFiles('pyproject.toml') }}"),
            "key: ${{ runner.os }}-${{ hashFiles('pyproject.toml') }}-${{ hashFiles('uv.lock') }}",
        ),
        (WORKFLOW, cache("~/.cache/uv", "a: b"), "key: uv-${{ runner.os }}-${{ hashFiles('uv.lock') }}"),
        (WORKFLOW, cache("~/.cache/uv", "a #b"), "key: uv-${{ runner.os }}-${{ hashFiles('uv.lock') }}"),
        (WORKFLOW, cache("~/.cache/uv", "[a]"), "key: uv-${{ runner.os }}-${{ hashFiles('uv.lock') }}"),
        (
            WORKFLOW,
            workflow("uses: astral-sh/setup-uv@v7\nwith: {cache-dependency-glob: pyproject.toml}"),
            "cache-dependency-glob: |\n  pyproject.toml\n  uv.lock",
        ),
        (
            WORKFLOW,
            workflow("uses: astral-sh/setup-uv@v7\nwith: {cache-dependency-glob: ''}"),
            "cache-dependency-glob: uv.lock",
        ),
        (
            WORKFLOW,
            workflow("uses: actions/setup-python@v6\nwith: {cache: poetry, cache-dependency-path: poetry.txt}"),
            "delete `cache: poetry`: poetry has no lock file here",
        ),
        (
            WORKFLOW,
            workflow("uses: astral-sh/setup-uv@v7\nwith: {cache-dependency-glob: '\"uv.lock\"'}"),
            "cache-dependency-glob: uv.lock",
        ),
        (
            WORKFLOW,
            cache("~/.cache/uv", "uv-${{ hashFiles('a.txt') }}-v1-${{ hashFiles('b.txt', 'c.txt') }}"),
            "key: uv-${{ hashFiles('uv.lock') }}-v1",
        ),
        (
            WORKFLOW,
            cache("~/.cache/uv", "uv-${{ hashFiles('a') }}-${{ hashFiles('a') }}${{ hashFiles('b') }}"),
            "key: uv-${{ hashFiles('uv.lock') }}",
        ),
        (
            WORKFLOW,
            cache("~/.cache/uv", "uv-${{ env.HASH }}").replace(
                "on: push\n", "on: push\nenv: {HASH: \"${{ hashFiles('a') }}\"}\n"
            ),
            "key: uv-${{ env.HASH }}-${{ hashFiles('uv.lock') }}",
        ),
        (
            ".gitlab-ci.yml",
            "a:\n  script: x\n  cache: {key: {files: [a.txt, b.txt], prefix: p}, paths: [.cache/uv]}\n",
            'key: {files: [uv.lock], prefix: "p"}',
        ),
        (
            ".gitlab-ci.yml",
            "a:\n  script: x\n  cache: {key: $CI_JOB_NAME, paths: [.cache/uv]}\n",
            'key: {files: [uv.lock], prefix: "$CI_JOB_NAME"}',
        ),
        (
            ".gitlab-ci.yml",
            "a:\n  script: x\n  cache: {key: {files: [pyproject.toml], prefix: p}, paths: [.cache/uv]}\n",
            'key: {files: [pyproject.toml, uv.lock], prefix: "p"}',
        ),
        (".gitlab-ci.yml", "a:\n  script: x\n  cache: {paths: [.cache/uv]}\n", "key: {files: [uv.lock]}"),
        (".gitlab-ci.yml", "a:\n  script: x\n  cache: {key: 'a\"b', paths: [.cache/uv]}\n", "key: {files: [uv.lock]}"),
        ("buildspec.yml", "cache: {key: uv-v1, paths: [/c/.cache/uv]}\n", "key: uv-v1-$(codebuild-hash-files uv.lock)"),
        ("buildspec.yml", "cache: {key: '-', paths: [/c/.cache/uv]}\n", "key: uv-$(codebuild-hash-files uv.lock)"),
        (
            "azure-pipelines.yml",
            "steps: [{task: Cache@2, inputs: {key: 'uv | \"v1\"', path: /c/.cache/uv}}]\n",
            "key: 'uv | \"v1\" | uv.lock'",
        ),
        (
            "azure-pipelines.yml",
            'steps: [{task: Cache@2, inputs: {key: "it\'s", path: /c/.cache/uv}}]\n',
            'key: \'"uv" | "$(Agent.OS)" | uv.lock\'',
        ),
    ],
)
def test_the_repair_of_a_key_keeps_what_is_in_it(repository: Repository, path: str, text: str, fix: str) -> None:
    (finding,) = judged(repository, {path: text, "uv.lock": "", "pyproject.toml": ""})

    assert finding.fix == fix


@pytest.mark.parametrize(
    ("tool", "files", "fix"),
    [
        ("poetry", ["pyproject.toml"], "cache-dependency-path: pyproject.toml"),
        ("pipenv", ["Pipfile", "pyproject.toml"], "cache-dependency-path: Pipfile"),
        ("poetry", ["uv.lock"], "delete `cache: poetry`: poetry has no lock file here"),
        ("pipenv", ["poetry.lock", "pyproject.toml"], "delete `cache: pipenv`: pipenv has no lock file here"),
        ("poetry", ["poetry.lock", "uv.lock"], ""),
        ("poetry", ["requirements.txt"], ""),
    ],
)
def test_no_tool_is_told_to_hash_the_lock_file_of_another(
    repository: Repository, tool: str, files: list[str], fix: str
) -> None:
    step = f"uses: actions/setup-python@v6\nwith: {{cache: {tool}}}"

    found = judged(repository, {WORKFLOW: workflow(step), **dict.fromkeys(files, "x\n")})

    assert [finding.fix for finding in found] == ([fix] if fix else [])


def test_a_cache_of_codebuild_without_a_key_is_written_anew_each_time(repository: Repository) -> None:
    assert judged(repository, {"buildspec.yml": "cache: {paths: ['/root/.cache/pip/**/*']}\n", "uv.lock": ""}) == []


# 704


@pytest.mark.parametrize(
    ("path", "flaw"),
    [
        ("~/.local/lib/python3.12/site-packages", "installed packages"),
        ("/usr/lib/python3/dist-packages/**", "installed packages"),
        ("src/**/__pycache__", "bytecode"),
        ("**/*.pyc", "bytecode"),
        (".venv", "a virtual environment"),
        ("venv/", "a virtual environment"),
        ("app/.venv-${{ matrix.python }}", "a virtual environment"),
        ("venv3.12", "a virtual environment"),
        ("~/.cache/pypoetry/virtualenvs", "a virtual environment"),
        ("~/.local/share/virtualenvs", "a virtual environment"),
        (r"C:\\app\\.venv", "a virtual environment"),
        ("${{ env.pythonLocation }}", "a whole interpreter"),
        ("!.venv", ""),
        (".tox", ""),
        (".mypy_cache", ""),
        ("~/.cache/pre-commit", ""),
        ("~/.cache/uv", ""),
        ("environment", ""),
    ],
)
def test_what_a_cache_keeps(repository: Repository, path: str, flaw: str) -> None:
    found = judged(repository, {WORKFLOW: cache(f'"{path}"', "${{ hashFiles('uv.lock') }}"), "uv.lock": ""})

    assert codes(found) == ([rules.CACHE_CONTENT] if flaw else [])
    assert all(flaw in finding.message for finding in found)


@pytest.mark.parametrize(
    ("path", "key", "flawed"),
    [
        (".venv", "${{ steps.setup.outputs.python-version }}", False),
        ("~/.local/lib/python3.12/site-packages", "${{ steps.setup.outputs.python-version }}", False),
        (".venv", "${{ env.pythonLocation }}", False),
        (".venv", "${{ steps.python.outputs.python-path }}", False),
        (".venv", "${{ steps.ask.outputs.version }}", False),
        (".venv", "${{ env.PYTHON_VERSION }}", False),
        (".venv", "${{ matrix.python }}", True),
        (".venv", "${{ steps.ask.outputs.other }}", True),
        (".venv", "${{ env.OTHER }}", True),
        (".venv", "${{ hashFiles('python.md5') }}", False),
        (".venv", "${{ hashFiles('setup.md5') }}", True),
    ],
)
def test_an_environment_may_be_kept_for_the_exact_interpreter(
    repository: Repository, path: str, key: str, *, flawed: bool
) -> None:
    steps = [
        'run: echo "version=$(python -V)" >> $GITHUB_OUTPUT\nid: ask',
        'run: echo "PYTHON_VERSION=$(python3 --version)" >> $GITHUB_ENV',
        "run: echo OTHER=$(date +%F) >> $GITHUB_ENV",
        "run: |\n  md5sum $(which python) > python.md5\n  md5sum setup.py > setup.md5",
        f"uses: actions/cache@v4\nwith:\n  path: {path}\n  key: venv-{key}-${{{{ hashFiles('uv.lock') }}}}",
    ]

    found = judged(repository, {WORKFLOW: workflow(*steps, job="runs-on: ubuntu-latest"), "uv.lock": ""})

    assert codes(found) == ([rules.CACHE_CONTENT] if flawed else [])


@pytest.mark.parametrize(
    ("command", "flawed"),
    [("rm -rf .venv/", False), ("sudo rm -r .venv", False), ("rm -rf venv", True), ("ls .venv", True)],
)
def test_an_environment_may_be_kept_where_a_broken_one_is_deleted(
    repository: Repository, command: str, *, flawed: bool
) -> None:
    steps = [
        "uses: actions/cache@v4\nwith:\n  path: .venv\n  key: venv-${{ hashFiles('uv.lock') }}",
        f"run: .venv/bin/python -m app --version || {command}",
    ]

    found = judged(repository, {WORKFLOW: workflow(*steps, job="runs-on: ubuntu-latest"), "uv.lock": ""})

    assert codes(found) == ([rules.CACHE_CONTENT] if flawed else [])


@pytest.mark.parametrize(
    ("lock", "variable", "place"),
    [
        ("requirements.txt", "PIP_CACHE_DIR", ".cache/pip"),
        ("uv.lock", "UV_CACHE_DIR", ".cache/uv"),
        ("poetry.lock", "POETRY_CACHE_DIR", ".cache/pypoetry/artifacts"),
        ("Pipfile.lock", "PIPENV_CACHE_DIR", ".cache/pipenv"),
    ],
)
def test_the_repair_of_a_cache_is_one_that_the_system_can_keep(
    repository: Repository, lock: str, variable: str, place: str
) -> None:
    texts = {
        WORKFLOW: cache(".venv", f"${{{{ hashFiles('{lock}') }}}}"),
        ".gitlab-ci.yml": f"a:\n  script: x\n  cache: {{key: {{files: [{lock}]}}, paths: [.venv]}}\n",
        "buildspec.yml": f"cache:\n  key: $(codebuild-hash-files {lock})\n  paths: ['.venv/**/*']\n",
        "azure-pipelines.yml": f"steps:\n- task: Cache@2\n  inputs: {{key: {lock}, path: .venv}}\n",
    }

    fixes = {finding.path: finding.fix for finding in judged(repository, {**texts, lock: "x\n"})}

    top = place.removesuffix("/artifacts")
    assert fixes == {
        WORKFLOW: f"path: ~/{place}  # and install in every run",
        ".gitlab-ci.yml": f'variables:\n  {variable}: "$CI_PROJECT_DIR/{top}"\ncache:\n  paths: [{place}]',
        "buildspec.yml": f'cache:\n  paths: ["/root/{place}/**/*"]',
        "azure-pipelines.yml": f"variables:\n  {variable}: $(Pipeline.Workspace)/{top}\npath: $(Pipeline.Workspace)/{place}",
    }
    repaired = {
        WORKFLOW: texts[WORKFLOW].replace("path: .venv", fixes[WORKFLOW]),
        ".gitlab-ci.yml": f"a:\n  script: x\n  {fixes['.gitlab-ci.yml']}\n".replace("\n", "\n  ").replace("  a", "a")
        + f"    key: {{files: [{lock}]}}\n",
        "buildspec.yml": f"{fixes['buildspec.yml']}\n  key: $(codebuild-hash-files {lock})\n",
        "azure-pipelines.yml": texts["azure-pipelines.yml"].replace(".venv", f"$(Pipeline.Workspace)/{place}"),
    }
    assert judged(repository, repaired) == []


@pytest.mark.parametrize(
    ("step", "kept"),
    [
        ("pip install -r dev.txt", "~/.cache/pip"),
        ("pip install poetry && poetry install", "~/.cache/pypoetry/artifacts"),
        ("uv pip install x", "~/.cache/uv"),
        ("make", "~/.cache/pypoetry/artifacts"),
    ],
)
def test_the_repair_of_a_cache_is_about_what_the_job_installs_with(
    repository: Repository, step: str, kept: str
) -> None:
    cached = "uses: actions/cache@v4\nwith: {path: .venv, key: x}"
    text = workflow(cached, f"run: {step}", job="runs-on: ubuntu-latest")

    (finding,) = judged(repository, {WORKFLOW: text, "poetry.lock": ""})

    assert finding.fix.startswith(f"path: {kept} ")


@pytest.mark.parametrize("key", ["x", "${{ steps.setup.outputs.python-version }}"])
def test_bytecode_is_never_worth_keeping(repository: Repository, key: str) -> None:
    (finding,) = judged(repository, {WORKFLOW: cache("src/**/__pycache__", key)})

    assert (finding.code, finding.fix) == (rules.CACHE_CONTENT, "delete src/**/__pycache__")


def test_a_cache_that_has_downloads_too_is_to_keep_these_alone(repository: Repository) -> None:
    text = "a: {script: x, cache: {key: {files: [uv.lock]}, paths: [.cache/uv, .venv]}}\n"

    (finding,) = judged(repository, {".gitlab-ci.yml": text, "uv.lock": ""})

    assert finding.fix == "delete .venv"


def test_one_finding_for_a_cache_of_several_places(repository: Repository) -> None:
    text = ".c: &c\n  cache: {key: x, paths: [.cache/pip, .venv]}\na: {script: x, <<: *c}\nb: {script: x, <<: *c}\n"

    assert codes(judged(repository, {".gitlab-ci.yml": text, "uv.lock": ""})) == [rules.CACHE_CONTENT]


# 705


@pytest.mark.parametrize(
    ("step", "flawed"),
    [
        ("run: uv sync", True),
        ("run: uv sync --group dev --python 3.13", True),
        ("run: cd a && uv sync", True),
        ("run: uv sync --project a", True),
        ("run: cd a/src && uv sync", True),
        ("run: cd a/src/deep && uv sync", True),
        ("run: uv sync\nenv: {UV_FROZEN: '0'}", True),
        ("run: uv sync --locked", False),
        ("run: uv sync --frozen", False),
        ("run: UV_LOCKED=1 uv sync", False),
        ("run: uv sync\nenv: {UV_FROZEN: '1'}", False),
        ("run: uv sync\nenv: {UV_FROZEN: '${{ inputs.x }}'}", False),
        ("run: uv sync\nenv: {UV_RESOLUTION: lowest}", False),
        ("run: uv sync --upgrade", False),
        ("run: uv sync --resolution=lowest-direct", False),
        ("run: uv sync --script a.py", False),
        ("run: uv lock && uv sync", False),
        ("run: uv sync && git diff --exit-code uv.lock", False),
        ("run: uv sync && git diff --exit-code", False),
        ("run: uv sync && git status --porcelain -- .", False),
        ("run: uv sync && git diff --exit-code -- uv.lock", False),
        ("run: uv sync && git diff --exit-code -- '*.py'", True),
        ("run: uv sync && git diff --name-only origin/main...HEAD", True),
        ("run: uv sync && git log", True),
        ("run: uv sync && uv add x", False),
        ("run: cd b && uv sync", False),
        ("run: cd made && uv sync", False),
        ("run: cd $X && uv sync", False),
        ("run: uv sync --project $X", False),
        ("run: cd /tmp && uv sync", False),
        ("run: uv run pytest", False),
        ("run: uv venv", False),
    ],
)
def test_uv_sync_beside_a_lock_file(repository: Repository, step: str, *, flawed: bool) -> None:
    projects = dict.fromkeys(["pyproject.toml", "uv.lock", "a/pyproject.toml", "a/uv.lock", "b/pyproject.toml"], "")
    files = {
        WORKFLOW: workflow(step, job="runs-on: ubuntu-latest"),
        **projects,
        "a/src/m.py": "",
        "a/src/deep/m.py": "",
    }

    found = judged(repository, files)

    assert codes(found) == ([rules.LOCK_IGNORED] if flawed else [])


@pytest.mark.parametrize(
    ("command", "fix"),
    [
        ("uv sync", "uv sync --locked"),
        ("uv sync --group dev --python 3.13", "uv sync --locked --group dev --python 3.13"),
        ("uv --no-progress sync 2>&1", "uv --no-progress sync --locked"),
        ("sudo uv sync --extra 'a b'", "sudo uv sync --locked --extra 'a b'"),
        ("uv sync --python ${{ matrix.python }} -p $X", "uv sync --locked --python ${{ matrix.python }} -p $X"),
        ('uv sync --python "$PY" --extra="$X" $FLAGS', 'uv sync --locked --python "$PY" --extra="$X" $FLAGS'),
    ],
)
def test_the_repair_of_a_sync_keeps_its_options(repository: Repository, command: str, fix: str) -> None:
    files = {"pyproject.toml": "", "uv.lock": ""}

    (finding,) = judged(repository, {WORKFLOW: workflow(f"run: |\n  {command}"), **files})

    assert finding.fix == fix
    assert judged(repository, {WORKFLOW: workflow(f"run: |\n  {fix}")}) == []


@pytest.mark.parametrize(
    ("step", "flawed"),
    [
        ("run: pip install -r requirements.txt", True),
        ("run: python -m pip install --requirement=a/requirements.txt", True),
        ("run: uv pip install -r requirements.txt", True),
        ("run: cd a; pip install -r requirements.txt", True),
        ("run: pip install -r ci/test.sh.txt", False),
        ("run: pip install -r requirements-dev.txt", False),
        ("run: pip install -r docs/requirements.txt", False),
        ("run: pip install -r pinned/requirements.txt", False),
        ("run: pip install -r exported/requirements.txt", False),
        ("run: pip install -r no/requirements.txt", False),
        ("run: pip install -r $X/requirements.txt", False),
        ("run: poetry export -o requirements.txt; pip install -r requirements.txt", False),
        ("run: uv export > requirements.txt; pip install -r requirements.txt", False),
        ("run: pip-compile -o requirements.txt x.in; pip install -r requirements.txt", False),
        ("run: pip install .", False),
        ("run: poetry install", False),
    ],
)
def test_requirements_beside_a_lock_file(repository: Repository, step: str, *, flawed: bool) -> None:
    files = {
        "requirements.txt": "flask>=2\n",
        "poetry.lock": "",
        "a/requirements.txt": "-e .\nflask\n",
        "a/uv.lock": "",
        "requirements-dev.txt": "ruff\n",
        "docs/requirements.txt": "sphinx\n",
        "pinned/requirements.txt": "# all of it\n-e .\n./local\nflask==2.0 ; python_version > '3'\na @ https://example.org/a.whl\n",
        "pinned/uv.lock": "",
        "exported/requirements.txt": "# This file was autogenerated by uv via the following command:\nflask\n",
        "exported/uv.lock": "",
    }

    found = judged(repository, {WORKFLOW: workflow(step, job="runs-on: ubuntu-latest"), **files})

    assert codes(found) == ([rules.LOCK_IGNORED] if flawed else [])
    assert all(finding.fix in ("poetry install", "uv sync --locked") for finding in found)


# 706


@pytest.mark.parametrize(
    ("checkout", "job", "all_runners", "flawed"),
    [
        ("with: {clean: false}", "runs-on: self-hosted", False, True),
        ("with: {clean: 'false'}", "runs-on: [gpu-box, arm]", False, True),
        ("with: {clean: false}", "runs-on: ubuntu-latest", False, False),
        ("with: {clean: false}", "runs-on: ubuntu-latest", True, True),
        ("with: {clean: true}", "runs-on: self-hosted", False, False),
        ("with: {clean: '${{ inputs.clean }}'}", "runs-on: self-hosted", False, False),
        ("name: x", "runs-on: self-hosted", False, False),
    ],
)
def test_a_checkout_that_does_not_clean(
    repository: Repository, checkout: str, job: str, *, all_runners: bool, flawed: bool
) -> None:
    text = workflow(job=job, checkout=f"uses: actions/checkout@v4\n{checkout}")

    found = judged(repository, {WORKFLOW: text}, all_runners=all_runners)

    assert [(finding.code, finding.line) for finding in found] == [(rules.NOT_CLEANED, 7)] * flawed
    message = "`clean: false` does not help against EACCES, and leaves what earlier jobs wrote in the work tree"
    assert all(finding.message.startswith(message) for finding in found)


def test_a_second_checkout_may_keep_what_the_first_has_made(repository: Repository) -> None:
    assert judged(repository, {WORKFLOW: workflow("uses: actions/checkout@v4\nwith: {clean: false}")}) == []


# 707


@pytest.mark.parametrize(
    ("command", "flaw"),
    [
        ("pytest -p no:cacheprovider --lf", "refuses --lf"),
        ("pytest --cache-clear -pno:cacheprovider", "refuses --cache-clear"),
        ("python -m pytest -p no:cacheprovider --lfnf=all", "refuses --lfnf"),
        ("uv run pytest -x -p no:cacheprovider --sw", "refuses --sw"),
        ("coverage run -m pytest -p no:cacheprovider --ff", "refuses --ff"),
        ("PYTEST_ADDOPTS=--nf pytest -p no:cacheprovider", "refuses --nf"),
        ("PYTEST_ADDOPTS='-p no:cacheprovider' pytest --lf", "--lf does nothing"),
        ("PYTEST_ADDOPTS='-p no:cacheprovider --lf' pytest", "--lf does nothing"),
        ("pytest -p no:cacheprovider", ""),
        ("pytest --lf", ""),
        ("pytest -p no:cacheprovider -- --lf", ""),
        ("pytest -p no:cacheprovider -p cacheprovider --lf", ""),
        ("pytest -p no:cacheprovider; pytest --lf", ""),
        ("echo pytest -p no:cacheprovider --lf", ""),
    ],
)
def test_options_that_need_the_cache(repository: Repository, command: str, flaw: str) -> None:
    text = workflow(f"run: |\n  {command}", job="runs-on: ubuntu-latest")

    found = judged(repository, {WORKFLOW: text})

    assert codes(found) == ([rules.CACHE_OPTIONS] if flaw else [])
    assert all(flaw in finding.message and finding.line == 8 for finding in found)


@pytest.mark.parametrize("option", sorted(prevention.NEEDING_CACHE))
def test_pytest_itself_refuses_these_options_without_its_cache(tmp_path: Path, option: str) -> None:
    (tmp_path / "test_a.py").write_text("def test(): pass\n")
    given = f"{option}=all" if "lfnf" in option or "no-failures" in option else option

    def status(*arguments: str, **variables: str) -> int:
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return subprocess.run(command, cwd=tmp_path, env=env | variables, capture_output=True, check=False).returncode

    assert status("-p", "no:cacheprovider", given) == 4
    assert status("-p", "no:cacheprovider", PYTEST_ADDOPTS=given) == 4
    assert status(given, PYTEST_ADDOPTS="-p no:cacheprovider") == 0
