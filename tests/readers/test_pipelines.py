"""CI configuration of four systems as plain data: jobs, commands with what is in force, and caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycache_hooks.readers import pipelines, project, runners, systems
from pycache_hooks.readers.files import Files
from support import SOURCES, UNPRIVILEGED, Repository, hook_command, run

if TYPE_CHECKING:
    from pycache_hooks.readers.pipelines import Job, Run

WORKFLOW = ".github/workflows/ci.yml"
CHECKOUT = "      - uses: actions/checkout@v4\n"


def read(repository: Repository, files: dict[str, str], *names: str) -> list[Job]:
    for name, text in files.items():
        repository.write(name, text)
    if files:
        repository.stage(*files)
    listing = repository.git("ls-files", "-z").stdout
    return pipelines.read(Files(project.read(str(repository.path), listing)), names or None)


def workflow(*steps: str, job: str = "runs-on: ubuntu-latest", top: str = "", checkout: bool = True) -> str:
    """A workflow of one job; each of *steps* is a mapping in YAML, indented as a whole."""
    listed = "".join("      - " + step.replace("\n", "\n        ") + "\n" for step in steps)
    above = job.replace("\n", "\n    ")
    return f"on: push\n{top}jobs:\n  test:\n    {above}\n    steps:\n{CHECKOUT if checkout else ''}{listed}"


def runs(repository: Repository, *steps: str, files: dict[str, str] | None = None, **about: str) -> list[Run]:
    return read(repository, {WORKFLOW: workflow(*steps, **about), **(files or {})})[0].runs  # type: ignore[arg-type]


def words(found: list[Run]) -> list[str]:
    return [" ".join(run.command.words) for run in found]


@pytest.mark.parametrize(
    ("path", "system"),
    [
        (".github/workflows/ci.yml", systems.GITHUB),
        (".github/workflows/ci.yaml", systems.GITHUB),
        (".github/workflows/sub/ci.yml", ""),
        (".github/workflows/ci.sh", ""),
        (".github/dependabot.yml", ""),
        (".github/actions/setup/action.yml", systems.GITHUB),
        ("action.yaml", systems.GITHUB),
        (".gitlab-ci.yml", systems.GITLAB),
        ("ci/test.gitlab-ci.yml", systems.GITLAB),
        (".gitlab/ci/test.yml", systems.GITLAB),
        ("buildspec.yml", systems.CODEBUILD),
        ("ci/buildspec-dev.yaml", systems.CODEBUILD),
        ("azure-pipelines.yml", systems.AZURE),
        (".azure-pipelines/template/steps.yml", systems.AZURE),
        ("compose.yml", ""),
    ],
)
def test_which_system_reads_a_file(path: str, system: str) -> None:
    assert systems.system_of(path) == system
    assert systems.is_pipeline(path) is bool(system)


# Runners


@pytest.mark.parametrize(
    ("labels", "stays"),
    [
        (["ubuntu-latest"], False),
        (["ubuntu-24.04-arm"], False),
        (["ubuntu-slim"], False),
        (["windows-2025"], False),
        (["macos-15-xlarge"], False),
        (["ubuntu-latest-8-cores"], False),
        (["ubuntu-24.04-32core"], False),
        (["acme-ubuntu-8-32-x86"], False),
        (["linux-16-core"], False),
        (["APM-4-CORE-GPU-LINUX"], False),
        (["depot-ubuntu-24.04-4"], False),
        (["blacksmith-4vcpu-ubuntu-2404"], False),
        (["buildjet-4vcpu-ubuntu-2204"], False),
        (["nscloud-ubuntu-22.04-amd64-4x8"], False),
        (["warp-ubuntu-latest-x64-4x"], False),
        (["ubicloud-standard-2"], False),
        (["runs-on=${{ github.run_id }}", "runner=2cpu-linux-x64"], False),
        (["codebuild-project-${{ github.run_id }}-${{ github.run_attempt }}"], False),
        (["ghcr.io/cirruslabs/macos-runner:sonoma"], False),
        (["arc-runner-set"], False),
        (["self-hosted", "ephemeral"], False),
        (["self-hosted"], True),
        (["Self-Hosted", "linux", "x64"], True),
        (["self-hosted", "${{ matrix.gpu }}"], True),
        (["ubuntu-latest", "self-hosted"], True),
        (["gpu-box", "x64"], True),
        (["ubuntu-gpu", "large"], True),
        (["gpu-box"], True),
        (["ubuntu-gpu"], True),
        (["Linux-x86-n2-64"], False),
        (["linux-arm64-t2a-48"], False),
        (["linux-x64-2"], True),
        (["gpu-box", "${{ inputs.size }}"], None),
        (["${{ inputs.runner }}"], None),
        ([], None),
    ],
)
def test_which_runners_of_github_keep_their_work_tree(labels: list[str], *, stays: bool | None) -> None:
    assert runners.keeps_its_tree(labels) is stays


@pytest.mark.parametrize(
    ("tags", "stays"),
    [
        (["saas-linux-small-amd64"], False),
        (["k8s-default"], False),
        (["shell"], True),
        (["shell", "linux"], True),
        (["windows"], None),
        (["shared-windows", "Windows", "windows-1809"], None),
        (["gitlab-org", "docker"], None),
        ([], None),
        (["$RUNNER"], None),
    ],
)
def test_which_runners_of_gitlab_keep_their_work_tree(tags: list[str], *, stays: bool | None) -> None:
    assert runners.keeps_its_tree_on_gitlab(tags) is stays


@pytest.mark.parametrize(
    ("job", "labels", "stays"),
    [
        ("runs-on: [self-hosted, linux]", ["self-hosted", "linux"], True),
        ("runs-on:\n  - ubuntu-latest", ["ubuntu-latest"], False),
        ("runs-on:\n  group: large\n  labels: [gpu]", ["gpu"], True),
        ("runs-on:\n  group: own\n  labels: [self-hosted, gpu]", ["self-hosted", "gpu"], True),
        ("runs-on:\n  group: large", [], None),
        (
            "runs-on: ${{ matrix.os }}\nstrategy:\n  matrix:\n    os: [ubuntu-latest, self-hosted]",
            ["self-hosted"],
            True,
        ),
        ("runs-on: ${{ matrix.os }}\nstrategy:\n  matrix:\n    os: [ubuntu-latest, gpu-box]", ["gpu-box"], True),
        ("runs-on: ${{ matrix.os }}\nstrategy:\n  matrix:\n    os: [ubuntu-latest]", ["ubuntu-latest"], False),
        ("runs-on: ${{matrix.os}}\nstrategy:\n  matrix:\n    os: [[self-hosted, arm]]", ["self-hosted", "arm"], True),
        (
            "runs-on: ${{ matrix.os }}\nstrategy:\n  matrix:\n    include:\n    - os: [gpu-box, arm]\n    - x: 1",
            ["gpu-box", "arm"],
            True,
        ),
        (
            "runs-on: ${{ matrix.os }}\nstrategy:\n  matrix: ${{ fromJSON(needs.a.outputs.b) }}",
            ["${{ matrix.os }}"],
            None,
        ),
        ("runs-on: ${{ matrix.os || 'ubuntu-latest' }}", ["${{ matrix.os || 'ubuntu-latest' }}"], None),
        ("runs-on: ${{ github.event.x && 'self-hosted' || 'gpu-box' }}", ["self-hosted"], True),
        ("runs-on: ${{ inputs.os == 'ubuntu-latest' && 'self-hosted' || 'gpu-box' }}", ["self-hosted"], True),
        (
            "runs-on: ${{ github.event.x && 'self-hosted' || 'ubuntu-latest' }}",
            ["${{ github.event.x && 'self-hosted' || 'ubuntu-latest' }}"],
            None,
        ),
        (
            "runs-on: ${{ github.event_name == 'push' && 'self-hosted' || 'ubuntu-latest' }}",
            ["self-hosted"],
            True,
        ),
        ("runs-on: ${{ matrix.gpu && 'self-hosted' || 'ubuntu-latest' }}", ["self-hosted"], True),
        (
            "runs-on: ${{ github.repository == 'a/b' && 'self-hosted' || 'ubuntu-latest' }}",
            ["${{ github.repository == 'a/b' && 'self-hosted' || 'ubuntu-latest' }}"],
            None,
        ),
        (
            """runs-on: ${{ fromJSON(inputs.own && '["self-hosted", "gpu"]' || '["ubuntu-24.04"]') }}""",
            ["""${{ fromJSON(inputs.own && '["self-hosted", "gpu"]' || '["ubuntu-24.04"]') }}"""],
            None,
        ),
        ("""runs-on: ${{ fromJSON('["self-hosted", "gpu"]') }}""", ["self-hosted"], True),
        (
            "runs-on: ${{ inputs.x == 'self-hosted' && 'a' || 'b' }}",
            ["${{ inputs.x == 'self-hosted' && 'a' || 'b' }}"],
            None,
        ),
        ("runs-on: [self-hosted, '${{ matrix.a }}']\nstrategy:\n  matrix:\n    a: [x, y]", ["self-hosted", "x"], True),
        ("name: nothing", [], None),
    ],
)
def test_the_labels_of_a_job(repository: Repository, job: str, labels: list[str], *, stays: bool | None) -> None:
    found = read(repository, {WORKFLOW: workflow(job=job)})[0]

    assert (found.labels, found.persistent) == (labels, stays)


@pytest.mark.parametrize(
    ("event", "expression", "stays"),
    [
        ("workflow_dispatch", "inputs.runner", True),
        ("workflow_call", "fromJSON(inputs.runner)", True),
        ("workflow_call", "inputs.other", None),
        ("workflow_call", "inputs.hosted", None),
        ("workflow_call", "inputs.text", None),
    ],
)
def test_an_input_that_is_self_hosted_by_default(
    repository: Repository, event: str, expression: str, *, stays: bool | None
) -> None:
    default = "self-hosted" if expression.startswith("inputs") else """'["self-hosted", "x"]'"""
    inputs = f"{{runner: {{default: {default}}}, other: {{type: string}}, hosted: {{default: ubuntu-latest}}, text: x}}"
    text = workflow(job=f"runs-on: ${{{{ {expression} }}}}")

    (job,) = read(repository, {WORKFLOW: text.replace("on: push\n", f"on: {{{event}: {{inputs: {inputs}}}}}\n")})

    assert job.persistent is stays


# GitHub


def test_a_workflow_without_jobs_of_its_own_has_none(repository: Repository) -> None:
    texts = {
        "empty": "",
        "list": "- a\n",
        "text": "on",
        "boolean": "true: push\njobs: [a]\n",
        "reusable": "jobs:\n  a:\n    uses: ./.github/workflows/b.yml\n  b: text\n",
        "odd": "jobs:\n  a:\n    runs-on: 1\n    steps:\n    - text\n    - uses: [a]\n    - run: {a: b}\n    - name: x\n---\nx\n",
    }

    found = read(repository, {f".github/workflows/{name}.yml": text for name, text in texts.items()})

    assert [job.name for job in found] == ["a"]
    assert found[0].runs == []


def test_the_lines_of_commands_are_those_of_the_file(repository: Repository) -> None:
    found = runs(
        repository, "run: first", "run: |\n  second\n\n  third &&\n    fourth", 'run: "fifth"', "run: >-\n  sixth"
    )

    assert [(run.command.words[0], run.line) for run in found] == [
        *[("first", 7), ("second", 9), ("third", 11), ("fourth", 12), ("fifth", 13), ("sixth", 15)]
    ]


def test_the_environment_comes_from_every_level_and_the_nearest_wins(repository: Repository) -> None:
    found = runs(
        repository,
        "run: export D=script; one",
        "run: two\nenv:\n  B: step\n  C:",
        'run: A=own three; echo "E=${{ github.sha }}" >> "$GITHUB_ENV"\nenv: [x]',
        "run: four",
        top="env:\n  A: workflow\n  B: workflow\n",
        job="runs-on: x\nenv: {B: job}",
    )

    seen = {run.command.words[0]: dict(run.environment) for run in found}
    assert seen["one"] == {"A": "workflow", "B": "job", "D": "script"}
    assert seen["two"] == {"A": "workflow", "B": "step", "C": ""}
    assert seen["three"] == {"A": "own", "B": "job"}
    assert seen["four"] == {"A": "workflow", "B": "job", "E": "${{"} or seen["four"]["E"].startswith("${{")


@pytest.mark.parametrize(
    "step",
    [
        "run: echo X=1 >> $GITHUB_ENV",
        'run: printf "X=1\\n" >> "$GITHUB_ENV"',
        "run: |\n  cat >> $GITHUB_ENV <<EOF\n  X=1\n  EOF",
        "run: |\n  {\n    echo X=1\n  } >> ${GITHUB_ENV}",
        "run: echo X=1 | tee -a $GITHUB_ENV",
        'run: echo "X=1" >> $env:GITHUB_ENV\nshell: pwsh',
        "run: ./ci/set.sh",
        "uses: ./.github/actions/set",
    ],
)
def test_what_a_step_puts_into_the_environment_is_in_force_afterwards(repository: Repository, step: str) -> None:
    action = "runs:\n  using: composite\n  steps:\n  - run: echo X=1 >> $GITHUB_ENV\n    shell: bash\n"
    files = {"ci/set.sh": "echo X=1 >> $GITHUB_ENV\n", ".github/actions/set/action.yml": action}

    found = runs(repository, "run: before", step, "run: after", files=files)

    assert [run.environment.get("X") for run in found if run.command.words[0] in ("before", "after")] == [None, "1"]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("run: a", ["a"]),
        ("run: a\nshell: bash -el {0}", ["a"]),
        ("run: a\nshell: /bin/sh", ["a"]),
        ("run: a\nshell: ' '", ["a"]),
        ("run: a\nshell: pwsh", []),
        ("run: a\nshell: cmd", []),
        ("run: import a\nshell: python", ["python -c import a"]),
    ],
)
def test_only_shells_are_read_as_such(repository: Repository, step: str, expected: list[str]) -> None:
    assert words(runs(repository, step)) == expected


def test_the_default_shell_and_directory_of_a_workflow_a_job_and_windows(repository: Repository) -> None:
    files = {
        ".github/workflows/a.yml": workflow("run: a", top="defaults: {run: {shell: pwsh, working-directory: x}}\n"),
        ".github/workflows/b.yml": workflow(
            "run: b", "run: c\nworking-directory: z", job="runs-on: x\ndefaults: {run: {working-directory: y}}"
        ),
        ".github/workflows/c.yml": workflow("run: d", job="runs-on: windows-latest"),
    }

    found = [run for job in read(repository, files) for run in job.runs]

    assert [(run.command.words, run.directory) for run in found] == [(["b"], "y"), (["c"], "z")]


@pytest.mark.parametrize(
    ("script", "directory"),
    [
        ("run", ""),
        ("cd a && run", "a"),
        ("cd a/../b; run", "b"),
        ("cd a\ncd ..\nrun", ""),
        ("cd ..; run", None),
        ("cd /tmp; run", None),
        ("cd; run", None),
        ("cd ~/x; run", None),
        ("cd /tmp; cd x; run", None),
        ("cd $X; run", pipelines.UNKNOWN),
        ("cd $X; cd y; run", pipelines.UNKNOWN),
        ("cd -; run", pipelines.UNKNOWN),
        ("cd -P a; run", "a"),
        ("pushd a; run", "a"),
        ("pushd a; popd; run", pipelines.UNKNOWN),
        ('cd "$GITHUB_WORKSPACE/a"; run', "a"),
        ("cd a; cd ${{ github.workspace }}; run", ""),
        ("cd a; cd $PWD/b; run", "a/b"),
        ("cd a; cd $(git rev-parse --show-toplevel); run", ""),
        ("(cd a && make)\nrun", pipelines.UNKNOWN),
        ("(cd /tmp && make)\nrun", pipelines.UNKNOWN),
        ("cd /tmp; (cd a && make); run", None),
        ('cd "a\tb"; run', pipelines.UNKNOWN),
        ("cd 'C:\\x'; run", None),
        ('TMPDIR=$(mktemp -d)\ncd "$TMPDIR"\nrun', None),
        ('export T="$(mktemp -d -t x)"; cd "${T}/sub"; run', None),
        ("local t=`mktemp -d`\npushd $t\nrun", None),
        ("=$(mktemp)\ncd $t\nrun", pipelines.UNKNOWN),
        ("cd $(mktemp -d); run", None),
        ('cd "$RUNNER_TEMP/x"; run', None),
        ("cd ${{ runner.temp }}; run", None),
        ("export D=/srv/x; cd $D; run", None),
        ("export D=a; cd $D/b; run", "a/b"),
        ("export D=$GITHUB_WORKSPACE/a; cd ${D}; run", "a"),
        ("export D=$E; cd $D; run", pipelines.UNKNOWN),
    ],
)
def test_where_a_command_runs(repository: Repository, script: str, directory: str | None) -> None:
    found = runs(repository, "run: |\n  " + script.replace("\n", "\n  "))

    assert [run.directory for run in found if run.command.words == ["run"]] == [directory]


@pytest.mark.parametrize(
    ("steps", "directory"),
    [
        (["run: run"], None),
        (["uses: actions/checkout@v4", "run: run"], ""),
        (["uses: Actions/Checkout@abc", "run: run\nworking-directory: a"], "a"),
        (["uses: actions/checkout@v4\nwith: {path: src}", "run: run"], None),
        (["uses: actions/checkout@v4\nwith: {path: src}", "run: cd src; run"], ""),
        (["uses: actions/checkout@v4\nwith: {path: src}", "run: run\nworking-directory: src/a"], "a"),
        (["uses: actions/checkout@v4\nwith: {path: '${{ inputs.x }}'}", "run: run"], pipelines.UNKNOWN),
        (["uses: actions/checkout@v4\nwith: {repository: a/b}", "run: run"], None),
        (["uses: actions/checkout@v4", "uses: actions/checkout@v4\nwith: {repository: a/b, path: c}", "run: run"], ""),
        (["uses: actions/checkout@v4", "uses: actions/checkout@v4\nwith: {repository: a/b}", "run: run"], None),
        (["uses: actions/checkout@v4\nwith: {repository: '${{ github.repository }}'}", "run: run"], ""),
        (["uses: actions/checkout@v4", "run: run\nworking-directory: /tmp"], None),
    ],
)
def test_where_the_work_tree_lies(repository: Repository, steps: list[str], directory: str | None) -> None:
    found = read(repository, {WORKFLOW: workflow(*steps, checkout=False)})[0].runs

    assert found[-1].directory == directory


def test_a_container_gives_the_job_its_variables_and_user(repository: Repository) -> None:
    jobs = read(
        repository,
        {
            ".github/workflows/a.yml": workflow("run: a", job="runs-on: x\ncontainer: python:3.13"),
            ".github/workflows/b.yml": workflow(
                "run: b",
                job="runs-on: x\nenv: {B: job}\ncontainer:\n  image: i\n  env: {A: env, B: env}\n"
                "  options: -e C=option --env D=option --env=E=option -e F --user 1000:1000",
            ),
            ".github/workflows/c.yml": workflow(job="runs-on: x\ncontainer: {image: i, options: --user=root}"),
        },
    )

    assert [(job.container, job.as_user) for job in jobs] == [("python:3.13", False), ("i", True), ("i", False)]
    assert jobs[1].runs[0].environment == {"A": "env", "B": "job", "C": "option", "D": "option", "E": "option"}


def test_the_steps_of_an_action_of_the_repository_count_where_it_is_used(repository: Repository) -> None:
    inner = "runs:\n  using: composite\n  steps:\n  - run: inner\n    shell: bash\n  - uses: ./.github/actions/outer\n"
    outer = "runs:\n  using: composite\n  steps:\n  - uses: ./tools/inner/\n  - run: outer\n    shell: bash\n"
    files = {
        "tools/inner/action.yaml": inner,
        ".github/actions/outer/action.yml": outer,
        ".github/actions/node/action.yml": "runs:\n  using: node24\n  steps: [{run: never}]\n",
    }

    found = runs(
        repository,
        "uses: ./.github/actions/outer",
        "uses: ./.github/actions/node",
        "uses: ./no",
        "run: last",
        files=files,
    )

    assert [(run.command.words[0], run.path, run.line) for run in found] == [
        ("inner", "tools/inner/action.yaml", 4),
        ("outer", ".github/actions/outer/action.yml", 5),
        ("last", WORKFLOW, 10),
    ]


def test_an_action_that_no_workflow_uses_is_read_by_itself_unless_workflows_alone_are_asked_for(
    repository: Repository,
) -> None:
    action = "runs:\n  using: composite\n  steps:\n  - run: alone\n    shell: bash\n"
    files = {
        ".github/actions/a/action.yml": action,
        ".github/b/action.yml": action,
        "action.yml": action,
        WORKFLOW: workflow("run: a"),
    }

    assert [words(job.runs) for job in read(repository, files)] == [["a"], ["alone"]]
    assert [words(job.runs) for job in read(repository, {}, WORKFLOW)] == [["a"]]
    assert [words(job.runs) for job in read(repository, {}, WORKFLOW, "ci/test.sh")] == [["a"], ["alone"]]


@pytest.mark.parametrize(
    ("key", "patterns", "constant"),
    [
        ("pip", [], True),
        ("pip-${{ runner.os }}-${{ matrix.python }}", [], True),
        ("pip-${{ hashFiles('uv.lock') }}", ["uv.lock"], True),
        ("pip-${{ hashFiles('**/uv.lock', 'b/*') }}", ["**/uv.lock", "b/*"], True),
        ("${{ format('pip-{0}', hashFiles('uv.lock')) }}", ["pip-{0}", "uv.lock"], False),
        ("pip-${{ hashFiles(inputs.lock) }}", [], False),
        ("pip-${{ steps.setup.outputs.python-version }}", [], True),
        ("pip-${{ steps.date.outputs.week }}", [], False),
        ("pip-${{ github.sha }}", [], False),
        ("pip-${{ github.ref_name }}", [], True),
        ("pip-${{ hashFiles('it''s') }}", ["it's"], True),
        ("pip-$(date)", [], False),
        ("${{ env.NAME }}-${{ env.OTHER }}", [], True),
    ],
)
def test_what_the_key_of_a_cache_hashes(
    repository: Repository, key: str, patterns: list[str], *, constant: bool
) -> None:
    step = f'uses: actions/cache@v4\nwith:\n  path: |\n    ~/.cache/pip\n\n    b\n  key: "{key}"'

    (cache,) = read(repository, {WORKFLOW: workflow(step)})[0].caches

    assert (cache.patterns, cache.constant, cache.paths) == (patterns, constant, ["~/.cache/pip", "b"])
    assert cache.line == 13


def test_the_variables_of_a_cache_are_put_in(repository: Repository) -> None:
    step = "uses: actions/cache@v4\nwith: {path: '${{ env.DIR }}/pip', key: 'a-${{ env.KEY }}-${{ env.NO }}'}"

    (cache,) = read(repository, {WORKFLOW: workflow(step, top="env: {DIR: ~/.cache, KEY: b}\n")})[0].caches

    assert (cache.paths, cache.key) == (["~/.cache/pip"], "a-b-${{ env.NO }}")


@pytest.mark.parametrize(
    ("step", "tool", "patterns", "directory"),
    [
        ("uses: actions/setup-python@v6\nwith: {cache: pip}", "pip", ["**/requirements.txt", "**/pyproject.toml"], ""),
        (
            "uses: actions/setup-python@v6\nwith: {cache: pip, cache-dependency-path: a.txt}",
            *("pip", ["a.txt", "**/pyproject.toml"], ""),
        ),
        ("uses: actions/setup-python@v6\nwith: {cache: poetry}", "poetry", ["**/poetry.lock"], ""),
        ("uses: actions/setup-python@v6\nwith: {cache: pipenv, cache-dependency-path: P}", "pipenv", ["P"], ""),
        ("uses: astral-sh/setup-uv@v7\nwith: {cache-dependency-glob: uv.lock}", "uv", ["uv.lock"], ""),
        (
            "uses: astral-sh/setup-uv@v7\nwith: {enable-cache: true, cache-dependency-glob: '', working-directory: a}",
            *("uv", [], "a"),
        ),
    ],
)
def test_the_caches_of_setup_actions(
    repository: Repository, step: str, tool: str, patterns: list[str], directory: str
) -> None:
    (cache,) = read(repository, {WORKFLOW: workflow(step)})[0].caches

    assert (cache.tool, cache.patterns, cache.directory, cache.constant) == (tool, patterns, directory, True)


@pytest.mark.parametrize(
    "step",
    [
        "uses: actions/setup-python@v6",
        "uses: actions/setup-python@v6\nwith: {cache: '${{ inputs.cache }}'}",
        "uses: actions/setup-node@v6\nwith: {cache: npm}",
        "uses: astral-sh/setup-uv@v7",
        "uses: astral-sh/setup-uv@v7\nwith: {enable-cache: false, cache-dependency-glob: x}",
    ],
)
def test_steps_that_keep_nothing_of_python(repository: Repository, step: str) -> None:
    assert read(repository, {WORKFLOW: workflow(step)})[0].caches == []


def test_setup_uv_hashes_all_that_may_declare_dependencies(repository: Repository) -> None:
    step = "uses: astral-sh/setup-uv@v7\nwith: {enable-cache: true}"

    (cache,) = read(repository, {WORKFLOW: workflow(step)})[0].caches

    assert {"**/uv.lock", "**/pyproject.toml", "**/*requirements*.txt"} <= set(cache.patterns)


# Scripts


@pytest.mark.parametrize(
    ("call", "called"),
    [
        ("./ci/a.sh", True),
        ("ci/a.sh -v", True),
        ("bash ci/a.sh", True),
        ("bash -euo pipefail ci/a.sh", True),
        ("bash --login ci/a.sh", True),
        ("sh -x ./ci/plain", True),
        ("sudo -E bash ci/a.sh", True),
        ("source ci/a.sh", True),
        (". ci/a.sh", True),
        ("cd ci && ./a.sh", True),
        ('"$GITHUB_WORKSPACE"/ci/a.sh', True),
        ("./ci/shebang", True),
        ("./ci/plain", False),
        ("./ci/program", False),
        ("./ci/tool.py", False),
        ("./ci/no.sh", False),
        ("./ci", False),
        ("bash", False),
        ("bash -s", False),
        ("bash -c 'echo ci/a.sh'", False),
        ("source", False),
        ("$X/ci/a.sh", False),
        ("/ci/a.sh", False),
        ("../ci/a.sh", False),
        ("cd /tmp; ci/a.sh", False),
    ],
)
def test_the_scripts_that_a_step_calls_are_read(repository: Repository, call: str, *, called: bool) -> None:
    for name, text in {"shebang": "#!/bin/bash\ninside\n", "program": "#!/usr/bin/env python3\ninside\n"}.items():
        repository.write(f"ci/{name}", text).chmod(0o755)

    files = dict.fromkeys(("ci/a.sh", "ci/plain", "ci/tool.py"), "inside\n")
    found = runs(repository, f"run: |\n  {call}", files=files)

    assert any(run.command.words == ["inside"] and run.path.startswith("ci/") for run in found) is called


def test_a_script_sees_the_variables_of_its_caller_and_only_a_sourced_one_changes_them(repository: Repository) -> None:
    files = {"set.sh": "export B=2\ncd sub\ninside\n"}

    found = runs(repository, "run: |\n  export A=1\n  ./set.sh\n  after\n  source ./set.sh\n  later", files=files)

    seen = [
        (run.command.words[0], run.caller, run.line, run.environment.get("A"), run.environment.get("B"), run.directory)
        for run in found
        if run.command.words[0] in ("inside", "after", "later")
    ]
    assert seen == [
        ("inside", 9, 3, "1", "2", "sub"),
        ("after", 10, 10, "1", None, ""),
        ("inside", 11, 3, "1", "2", "sub"),
        ("later", 12, 12, "1", "2", "sub"),
    ]


def test_functions_that_nobody_calls_do_not_run(repository: Repository) -> None:
    library = "used() {\n  one\n}\nfunction unused {\n  two\n}\n  inner() {\n    three\n  }\nbroken() {\n  four\n"

    found = runs(repository, "run: |\n  . ./lib.sh\n  used", files={"lib.sh": library})

    assert words(found) == [". ./lib.sh", "one", "four", "used"]


def test_scripts_that_call_each_other_end(repository: Repository) -> None:
    files = {"a.sh": "./b.sh; a\n", "b.sh": "./a.sh; b\n"}

    assert words(runs(repository, "run: ./a.sh", files=files)) == ["./a.sh", "./b.sh", "./a.sh", "b", "a"]


def test_scripts_are_read_to_a_depth_and_a_number(repository: Repository) -> None:
    deep = {f"d{number}.sh": f"./d{number + 1}.sh\nd{number}\n" for number in range(12)}
    wide = {f"w{number}.sh": f"./w{number + 1}.sh\n" * 30 for number in range(9)}

    found = runs(repository, "run: ./d0.sh", "run: ./w0.sh", files=deep | wide)

    assert "d7" in words(found)
    assert "d8" not in words(found)
    assert len(found) < 200_000


def test_a_program_that_is_not_for_reading_is_no_script(repository: Repository) -> None:
    repository.write("ci/closed", "#!/bin/sh\ninside\n").chmod(0o755)
    repository.write(WORKFLOW, workflow("run: ./ci/closed"))
    repository.stage(WORKFLOW)
    (repository.path / "ci/closed").chmod(0o111)

    done = run(
        [*UNPRIVILEGED, *hook_command("check-pycache-ci", "--all-runners")],
        repository.path,
        repository.env | {"PYTHONPATH": str(SOURCES)},
    )

    assert (done.status, done.stderr) == (0, b"")


def test_a_script_that_cannot_be_read_is_left_out(repository: Repository) -> None:
    repository.write("latin.sh", "größe\n".encode("latin-1"))

    assert words(runs(repository, "run: ./latin.sh", files={})) == ["./latin.sh"]


def test_a_heredoc_without_an_end_ends_with_the_script(repository: Repository) -> None:
    assert words(runs(repository, "run: |\n  cat <<EOF\n  text", "run: after")) == ["cat", "after"]


# GitLab


def gitlab(repository: Repository, text: str, **files: str) -> dict[str, Job]:
    named = {name.replace("__", "/") + ".yml": content for name, content in files.items()}
    return {job.name: job for job in read(repository, {".gitlab-ci.yml": text, **named})}


def test_the_jobs_of_gitlab(repository: Repository) -> None:
    jobs = gitlab(
        repository,
        "stages: [a]\nvariables: {A: global, B: {value: described, description: d}}\n"
        "default:\n  before_script: [before]\n  tags: [shell]\n"
        ".hidden: {script: [no]}\ntrigger: {trigger: {project: x}}\n"
        "one:\n  variables: {A: job}\n  script:\n    - first\n    - |\n      second\n      third\n  after_script: [after]\n"
        "two:\n  inherit: {default: false, variables: false}\n  script: alone\n",
    )

    assert list(jobs) == ["one", "two"]
    assert [(run.command.words[0], run.line) for run in jobs["one"].runs] == [
        *[("before", 4), ("first", 11), ("second", 13), ("third", 14), ("after", 15)]
    ]
    assert jobs["one"].runs[0].environment == {"A": "job", "B": "described"}
    assert (jobs["one"].persistent, jobs["one"].line, jobs["one"].container) == (True, 8, "")
    assert (words(jobs["two"].runs), jobs["two"].runs[0].environment, jobs["two"].persistent) == (["alone"], {}, None)


def test_one_shell_runs_all_lines_of_a_gitlab_job(repository: Repository) -> None:
    job = gitlab(repository, "a:\n  script: [export X=1, cd sub, run]\n  after_script: [later]\n")["a"]

    assert [(run.environment.get("X"), run.directory) for run in job.runs[-2:]] == [("1", "sub"), (None, "")]


def test_extends_and_references_come_from_every_included_file(repository: Repository) -> None:
    jobs = gitlab(
        repository,
        "include:\n  - local: /ci/base.yml\n  - project: other\n    file: x\n  - https://example.org/a.yml\n  - 'parts/*.yml'\n"
        "one:\n  extends: [.base, .more]\n  image: {name: python:3.13}\n  variables: {B: own}\n"
        "two:\n  script:\n    - !reference [.base, script]\n    - !reference [.no, script]\n    - [deep, [deeper]]\n"
        "ring:\n  extends: ring\n  script: [x]\n"
        "loop:\n  script: !reference [loop, script]\n",
        ci__base="include: base.yml\n.base:\n  script: [base]\n  variables: {A: base, B: base}\n  tags: [shell]\n",
        parts__more=".more:\n  variables: {C: more}\n",
    )

    assert [(run.command.words[0], run.path, run.line) for run in jobs["one"].runs] == [("base", "ci/base.yml", 3)]
    assert jobs["one"].runs[0].environment == {"A": "base", "B": "own", "C": "more", **pipelines.UNSURE}
    assert (jobs["one"].container, jobs["one"].labels, jobs["one"].path) == ("python:3.13", ["shell"], ".gitlab-ci.yml")
    assert words(jobs["two"].runs) == ["base", "deep", "deeper"]
    assert (words(jobs["ring"].runs), jobs["loop"].runs) == (["x"], [])


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ("include: {project: g/ci, file: /py.yml}\n", False),
        ("include: [{remote: 'https://example.org/a.yml'}]\n", False),
        ("include: [{component: example.org/g/c/py@1}]\n", False),
        ("include: 'https://example.org/a.yml'\n", False),
        ("include: [{local: 'ci/$KIND.yml'}]\n", False),
        ("include: {local: /ci/inner.yml}\n", False),
        ("include: {local: /ci/plain.yml}\n", True),
        ("include: ci/plain.yml\n", True),
        ("include: [{template: Jobs/SAST.gitlab-ci.yml}]\n", True),
        ("include:\n", True),
        ("b: {trigger: {include: [{project: g/ci, file: x.yml}]}}\n", True),
    ],
)
def test_an_include_from_elsewhere_may_set_variables_and_choose_the_executor(
    repository: Repository, said: str, *, sure: bool
) -> None:
    inner = "include: {project: g/ci, file: x.yml}\n"
    job = "a: {tags: [own], variables: {X: '1'}, script: run}\n"

    (made,) = gitlab(repository, said + job, ci__inner=inner, ci__plain=".p: {}\n").values()

    assert made.persistent is (True if sure else None)
    assert made.runs[0].environment == {"X": "1"} | ({} if sure else pipelines.UNSURE)


def test_what_the_file_itself_sets_outranks_what_an_include_from_elsewhere_may_set(repository: Repository) -> None:
    text = "include: {project: g/ci, file: x.yml}\na: {script: run, variables: {PYTHONDONTWRITEBYTECODE: '0'}}\n"

    assert gitlab(repository, text)["a"].runs[0].environment == {"PYTHONDONTWRITEBYTECODE": "0"}


KUBERNETES = "variables: {KUBERNETES_CPU_REQUEST: '2'}"


@pytest.mark.parametrize(
    "said",
    [
        f"a: {{tags: [own], script: x, {KUBERNETES}}}\n",
        f".b: {{{KUBERNETES}}}\na: {{extends: .b, tags: [own], script: x}}\n",
        f"{KUBERNETES}\na: {{tags: [own], script: x}}\n",
        "a: {tags: [own], script: x, variables: {TART_EXECUTOR_SHELL: zsh}}\n",
        "a: {tags: [own], script: x, image: {name: i, kubernetes: {user: '1'}}}\n",
        f"a: {{tags: [own], script: x}}\nb: {{tags: [own], script: y, {KUBERNETES}}}\n",
        f"a: {{tags: [own, large], script: x}}\nb: {{tags: [own], script: y, {KUBERNETES}}}\n",
        f"a: {{tags: [own], script: x}}\n.b: {{tags: [own], {KUBERNETES}}}\n",
        f"default: {{tags: [own]}}\na: {{script: x}}\nb: {{script: y, {KUBERNETES}}}\n",
        "a: {tags: [own], script: x}\nb: {trigger: {include: child.yml}}\n",
    ],
)
def test_a_job_whose_runner_makes_a_pod_or_a_machine_for_it_leaves_no_work_tree(
    repository: Repository, said: str
) -> None:
    child = f"c: {{tags: [own], script: y, {KUBERNETES}}}\n"

    assert gitlab(repository, said, child=child)["a"].persistent is False


@pytest.mark.parametrize(
    "said",
    [
        "a: {tags: [own], script: x, variables: {OTHER: KUBERNETES_}}\n",
        f"{KUBERNETES}\na: {{tags: [own], script: x, inherit: {{variables: false}}}}\n",
        f"a: {{tags: [own], script: x}}\nb: {{tags: [own, large], script: y, {KUBERNETES}}}\n",
        f"a: {{tags: [own], script: x}}\nb: {{script: y, {KUBERNETES}}}\n",
        f"a: {{tags: [own], script: x}}\n.b: {{{KUBERNETES}}}\nworkflow: {{tags: [own], {KUBERNETES}}}\n",
        "a: {tags: [own], script: x, image: kubernetes}\n",
    ],
)
def test_what_says_nothing_about_the_runner_changes_nothing(repository: Repository, said: str) -> None:
    assert gitlab(repository, said)["a"].persistent is True


def test_a_template_without_defaults_takes_nothing_from_another(repository: Repository) -> None:
    job = gitlab(repository, ".a: {image: i}\n.b: {variables: {X: '1'}}\nc: {extends: [.a, .b], script: x}\n")["c"]

    assert (job.container, job.runs[0].environment) == ("i", {"X": "1"})


def test_files_that_include_each_other_end_and_so_do_very_long_chains(repository: Repository) -> None:
    chain = {f"c{number}": f"include: c{number + 1}.yml\nj{number}: {{script: x}}\n" for number in range(12)}

    jobs = gitlab(
        repository,
        "include: [ring.yml, c0.yml]\na: {script: x}\n",
        ring="include: [.gitlab-ci.yml, ring.yml]\n",
        **chain,
    )

    assert {"a", "j0", "j7"} <= set(jobs)
    assert "j9" not in jobs


def test_merging_has_an_end(repository: Repository) -> None:
    keys = "".join(f"    k{number}: x\n" for number in range(300))
    jobs = "".join(f"j{number}: {{extends: .base, script: x, variables: {{a: b}}}}\n" for number in range(300))

    found = gitlab(repository, f".base:\n  variables:\n{keys}{jobs}")

    assert len(found) == 300
    assert "k0" in found["j0"].runs[0].environment
    assert found["j299"].runs == []


def test_a_pipeline_that_a_job_triggers_is_one_of_its_own(repository: Repository) -> None:
    jobs = gitlab(
        repository,
        "a: {trigger: {include: child.yml}}\nb: {trigger: {include: [{local: child.yml}, {artifact: x}]}}\n",
        child="variables: {X: child}\nc: {script: run}\nd: {trigger: {include: child.yml}}\n",
    )

    assert [(job.path, job.runs[0].environment) for job in jobs.values()] == [("child.yml", {"X": "child"})]


@pytest.mark.parametrize(
    ("parent", "handed"),
    [
        ("variables: {A: shared, B: shared}\na: {variables: {B: own}, trigger: {include: c.yml}}\n", "shared own"),
        ("variables: {A: shared}\na: {inherit: {variables: false}, trigger: {include: c.yml}}\n", "child -"),
        ("variables: {A: x}\na: {trigger: {include: c.yml, forward: {yaml_variables: false}}}\n", "child -"),
        ("variables: {A: x}\na: {trigger: {include: c.yml, forward: {yaml_variables: true}}}\n", "x -"),
        (".t: {variables: {A: own}}\na: {extends: .t, trigger: {include: c.yml}}\n", "own -"),
        ("variables: {A: x}\na: {trigger: {include: b.yml}}\n", "child -"),
    ],
)
def test_a_pipeline_is_given_the_variables_of_the_job_that_triggers_it(
    repository: Repository, parent: str, handed: str
) -> None:
    child = "variables: {A: child}\nc: {tags: [own], script: run}\n"

    job = gitlab(repository, parent, c=child, b="d: {trigger: {include: c.yml}}\n")["c"]

    environment = job.runs[0].environment
    assert f"{environment['A']} {environment.get('B', '-')}" == handed


def test_an_include_from_elsewhere_reaches_the_pipelines_that_are_triggered(repository: Repository) -> None:
    parent = "include: {project: g/ci, file: x.yml}\na: {trigger: {include: c.yml}}\n"

    job = gitlab(repository, parent, c="c: {tags: [own], script: run}\n")["c"]

    assert (job.persistent, job.runs[0].environment) == (None, pipelines.UNSURE)


def test_a_job_without_a_checkout_has_no_work_tree(repository: Repository) -> None:
    jobs = gitlab(repository, "a:\n  variables: {GIT_STRATEGY: none}\n  script: run\n")

    assert jobs["a"].runs[0].directory is None


@pytest.mark.parametrize(
    ("cache", "key", "patterns", "constant"),
    [
        ("{paths: [.cache/pip]}", "", [], True),
        ("{key: pip, paths: [.cache/pip]}", "pip", [], True),
        ("{key: $CI_COMMIT_REF_SLUG, paths: [.cache/pip]}", "$CI_COMMIT_REF_SLUG", [], True),
        ("{key: '${CI_JOB_NAME}-a', paths: [.cache/pip]}", "$CI_JOB_NAME-a", [], True),
        ("{key: $CI_COMMIT_SHA, paths: [.cache/pip]}", "$CI_COMMIT_SHA", [], False),
        ("{key: $OWN, paths: [$DIR/pip]}", "own", [], True),
        ("{key: $FOREIGN, paths: [.cache/pip]}", "$FOREIGN", [], False),
        ("{key: {files: [uv.lock], prefix: p}, paths: [.cache/pip]}", "p", ["uv.lock"], True),
        ("[{key: {files_commits: [uv.lock]}, paths: [.cache/pip]}]", "", ["uv.lock"], True),
        ("!reference [.c, cache]", "ref", [], True),
    ],
)
def test_the_caches_of_gitlab(
    repository: Repository, cache: str, key: str, patterns: list[str], *, constant: bool
) -> None:
    shared = "variables: {OWN: own, DIR: .cache}\n.c: {cache: {key: ref, paths: [.cache/pip]}}\n"
    text = f"{shared}a:\n  script: x\n  cache: {cache}\n"

    (found,) = gitlab(repository, text)["a"].caches

    assert (found.paths, found.key, found.patterns, found.constant) == ([".cache/pip"], key, patterns, constant)


def test_caches_of_gitlab_that_keep_nothing(repository: Repository) -> None:
    jobs = gitlab(
        repository,
        "cache: {paths: [x]}\na: {script: x, cache: []}\nb: {script: x, cache: {policy: pull, paths: [x]}}\nc: {script: x}\n",
    )

    assert [len(job.caches) for job in jobs.values()] == [0, 0, 1]


# CodeBuild


def test_all_phases_of_a_buildspec_share_a_shell(repository: Repository) -> None:
    text = (
        "version: 0.2\nenv:\n  variables: {A: '1'}\nphases:\n  install:\n    commands:\n      - export B=2\n      - cd sub\n"
        "  build:\n    commands: [run]\n    finally: [last]\n  odd: text\n"
    )

    (job,) = read(repository, {"buildspec.yml": text})

    assert [(run.line, run.environment, run.directory) for run in job.runs[-2:]] == [
        (10, {"A": "1", "B": "2"}, "sub"),
        (11, {"A": "1", "B": "2"}, "sub"),
    ]
    assert (job.persistent, job.caches) == (False, [])


def test_powershell_is_not_read_in_a_buildspec(repository: Repository) -> None:
    text = "env: {shell: powershell.exe}\nphases: {build: {commands: [run]}}\n"

    assert read(repository, {"buildspec.yml": text})[0].runs == []


@pytest.mark.parametrize(
    ("key", "patterns", "constant"),
    [
        ("", [], False),
        ("key: pip", [], True),
        ("key: pip-$(codebuild-hash-files requirements.txt '**/uv.lock')", ["requirements.txt", "**/uv.lock"], True),
        ("key: pip-$CODEBUILD_RESOLVED_SOURCE_VERSION", [], False),
        ("key: pip-$(date +%U)", [], False),
        ("key: $(sha256sum uv.lock)", [], False),
    ],
)
def test_the_cache_of_a_buildspec(repository: Repository, key: str, patterns: list[str], *, constant: bool) -> None:
    (job,) = read(repository, {"buildspec.yml": f"cache:\n  paths: ['/root/.cache/pip/**/*']\n  {key}\n"})

    assert [(cache.patterns, cache.constant) for cache in job.caches] == [(patterns, constant)]


# Azure


def azure(repository: Repository, text: str, **files: str) -> list[Job]:
    named = {name.replace("__", "/") + ".yml": content for name, content in files.items()}
    return read(repository, {"azure-pipelines.yml": text, **named})


@pytest.mark.parametrize(
    ("pool", "labels", "stays"),
    [
        ("", [], False),
        ("pool: {vmImage: ubuntu-latest}\n", ["ubuntu-latest"], False),
        ("pool: Own\n", ["Own"], True),
        ("pool: {name: Own, demands: gpu}\n", ["Own"], True),
        ("pool: {name: Azure Pipelines, vmImage: ubuntu-latest}\n", ["ubuntu-latest"], False),
        ("pool: Hosted Ubuntu 1604\n", ["Hosted Ubuntu 1604"], False),
        ("pool: ${{ parameters.pool }}\n", ["${{ parameters.pool }}"], None),
        ("parameters: [{name: p, default: Own}]\npool: ${{ parameters.p }}\n", ["Own"], True),
    ],
)
def test_which_pools_of_azure_keep_their_work_tree(
    repository: Repository, pool: str, labels: list[str], *, stays: bool | None
) -> None:
    (job,) = azure(repository, f"{pool}steps:\n- script: a\n")

    assert (job.labels, job.persistent, words(job.runs)) == (labels, stays, ["a"])


def test_the_levels_of_an_azure_pipeline(repository: Repository) -> None:
    jobs = azure(
        repository,
        "variables: {a.b: root, C: root}\npool: Root\nstages:\n- stage: s\n"
        "  variables:\n  - {name: C, value: stage}\n  - group: g\n"
        "  jobs:\n  - job: one\n    pool: Own\n    steps:\n    - script: run\n      env: {D: step}\n      workingDirectory: sub\n"
        "  - job: two\n    variables: {C: job}\n    steps: [{bash: run}]\n",
    )

    seen = [(job.name, job.labels, job.runs[0].environment, job.runs[0].directory) for job in jobs]
    assert seen == [
        ("one", ["Own"], {"A_B": "root", "C": "stage", "D": "step", **pipelines.UNSURE}, "sub"),
        ("two", ["Root"], {"A_B": "root", "C": "job", **pipelines.UNSURE}, ""),
    ]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("[{script: a}, {bash: b}, {pwsh: c}, {powershell: d}]", ["a", "b"]),
        ("[{task: Bash@3, inputs: {targetType: inline, script: a}}]", ["a"]),
        ("[{task: Bash@3, inputs: {filePath: ci/a.sh}}]", ["bash ci/a.sh", "inside"]),
        ("[{task: ShellScript@2, inputs: {scriptPath: ci/a.sh}}]", ["bash ci/a.sh", "inside"]),
        ("[{task: CmdLine@2, inputs: {script: a}}]", ["a"]),
        ("[{task: PythonScript@0, inputs: {scriptPath: a.py}}]", ["python a.py"]),
        ("[{task: PythonScript@0, inputs: {scriptSource: inline, script: x}}]", ["python -c x"]),
        ("[{task: UsePythonVersion@0}, {task: Bash@3}]", []),
        ("['${{ if a }}': [{script: a}], '${{ else }}': [{script: b}]]", ["a", "b"]),
        ("[{'${{ if a }}': [{'${{ each x in y }}': [{script: a}]}]}]", ["a"]),
        ("[text, {script: a}]", ["a"]),
    ],
)
def test_the_steps_of_azure(repository: Repository, steps: str, expected: list[str]) -> None:
    repository.write("ci/a.sh", "inside\n")
    if steps.startswith("['"):
        steps = "[{" + steps[1:-1] + "}]"

    assert words(azure(repository, f"steps: {steps}\n")[0].runs) == expected


def test_windows_agents_of_azure_run_cmd(repository: Repository) -> None:
    steps = "[{script: a}, {bash: b}, {task: CmdLine@2, inputs: {script: c}}, {task: Bash@3, inputs: {script: d}}]"

    assert words(azure(repository, f"pool: {{vmImage: windows-2022}}\nsteps: {steps}\n")[0].runs) == ["b", "d"]


@pytest.mark.parametrize(
    ("above", "steps", "sure"),
    [
        ("variables: {X: '1'}", "[{script: run}]", True),
        ("variables: [{name: X, value: '1'}]", "[{script: run}]", True),
        ("variables: [{template: azure-pipelines-v.yml}]", "[{script: run}]", True),
        ("variables: [{'${{ if a }}': [{name: X, value: '1'}]}]", "[{script: run}]", True),
        ("variables: [{group: g}]", "[{script: run}]", False),
        ("variables: [{'${{ if a }}': [{group: g}]}]", "[{script: run}]", False),
        ("variables: [{template: v.yml@other}]", "[{script: run}]", False),
        ("variables: [{template: '${{ parameters.v }}.yml'}]", "[{script: run}]", False),
        ("variables: [{template: azure-pipelines-g.yml}]", "[{script: run}]", False),
        ("variables: {'${{ if a }}': {X: '1'}}", "[{script: run}]", False),
        ("variables: [{'${{ if a }}': {name: X, value: '1'}}]", "[{script: run}]", False),
        ("variables: ${{ parameters.v }}", "[{script: run}]", False),
        ("variables: ['${{ parameters.v }}']", "[{script: run}]", False),
        ("variables: {X: '1'}", "[{template: s.yml@other}, {script: run}]", False),
        ("variables: {X: '1'}", "[{script: run}, {template: s.yml@other}]", True),
        ("variables: {X: '1'}", "[{template: azure-pipelines-s.yml}, {script: run}]", True),
    ],
)
def test_a_variable_group_and_a_template_from_elsewhere_may_set_variables(
    repository: Repository, above: str, steps: str, *, sure: bool
) -> None:
    files = {
        "azure-pipelines-v": "variables: {X: '1'}\n",
        "azure-pipelines-g": "variables: [{group: g}]\n",
        "azure-pipelines-s": "steps: [{script: prepare}]\n",
    }

    used = {name: text for name, text in files.items() if name in above + steps}
    (job,) = azure(repository, f"pool: Own\n{above}\nsteps: {steps}\n", **used)

    assert job.persistent is True
    assert [
        pipelines.UNSURE.items() <= run.environment.items() for run in job.runs if run.command.words == ["run"]
    ] == [not sure]


@pytest.mark.parametrize("variables", ["{X: '1', Y: ~}", "[{name: X, value: '1'}, {name: Y}]"])
def test_the_variables_of_a_template_in_both_forms(repository: Repository, variables: str) -> None:
    text = "variables: [{template: azure-pipelines-v.yml}]\nsteps: [{script: run}]\n"

    (job,) = azure(repository, text, **{"azure-pipelines-v": f"variables: {variables}\n"})

    assert job.runs[0].environment == {"X": "1", "Y": ""}


def test_templates_of_azure_stand_where_they_are_used(repository: Repository) -> None:
    jobs = azure(
        repository,
        "pool: Own\nvariables:\n- template: ci/azure-pipelines-v.yml\n"
        "jobs:\n- template: ci/azure-pipelines-j.yml\n  parameters: {what: given}\n- template: no.yml\n- template: a.yml@other\n",
        **{
            "ci__azure-pipelines-v": "variables: [{name: X, value: '1'}]\n",
            "ci__azure-pipelines-j": "parameters:\n- {name: what, default: x}\n- {name: who, default: me}\njobs:\n- job: j\n"
            "  steps:\n  - template: /ci/azure-pipelines-s.yml@self\n    parameters: {what: '${{ parameters.what }}'}\n"
            "  - script: echo ${{ parameters.what }} ${{parameters.who}}\n",
            "ci__azure-pipelines-s": "parameters: {what: default}\nsteps:\n- script: run ${{ parameters.what }}\n"
            "- template: azure-pipelines-s.yml\n",
        },
    )

    assert [(job.name, job.labels) for job in jobs] == [("j", ["Own"])]
    assert {run.environment["X"] for run in jobs[0].runs} == {"1"}
    assert {(run.path, run.command.words[-1]) for run in jobs[0].runs} == {
        ("ci/azure-pipelines-s.yml", "given"),
        ("ci/azure-pipelines-s.yml", "default"),
        ("ci/azure-pipelines-j.yml", "me"),
    }


def test_a_pipeline_of_azure_that_extends_a_template(repository: Repository) -> None:
    jobs = azure(
        repository,
        "extends: {template: azure-pipelines-t.yml, parameters: {x: given}}\n",
        **{
            "azure-pipelines-t": "parameters: {x: y}\nstages:\n- stage: a\n  jobs:\n  - job: b\n"
            "    steps: [{script: 'run ${{ parameters.x }}'}]\n"
        },
    )

    assert [words(job.runs) for job in jobs] == [["run given"]]


def test_checkouts_and_deployments_of_azure(repository: Repository) -> None:
    jobs = azure(
        repository,
        "jobs:\n- job: a\n  steps: [{script: one}, {checkout: none}, {script: two}, {checkout: self}, {script: three}]\n"
        "- deployment: d\n  strategy: {runOnce: {deploy: {steps: [{script: four}]}}}\n"
        "- job: c\n  container: {image: i, options: --user 1000, env: {X: '1'}}\n  steps: [{checkout: other}, {script: five}]\n",
    )

    assert [(job.name, [run.directory for run in job.runs]) for job in jobs] == [
        *[("a", ["", None, ""]), ("d", [None]), ("c", [""])]
    ]
    assert (jobs[2].container, jobs[2].as_user, jobs[2].runs[0].environment) == ("i", True, {"X": "1"})


def test_a_step_of_azure_sets_variables_for_the_next(repository: Repository) -> None:
    (job,) = azure(
        repository,
        'steps:\n- script: echo "##vso[task.setvariable variable=a.b;isOutput=true]1"\n- script: run\n',
    )

    assert job.runs[-1].environment == {"A_B": "1"}


@pytest.mark.parametrize(
    ("key", "patterns", "constant"),
    [
        ("'python | \"$(Agent.OS)\" | requirements.txt'", ["requirements.txt"], True),
        ("'pip | \"v1.0\"'", [], True),
        ("'**/uv.lock, !a/uv.lock'", ["**/uv.lock", "!a/uv.lock"], True),
        ("pip | $(Build.BuildId)", [], False),
        ("pip | $(own)", [], True),
        ("pip | $(foreign)", [], False),
        ("pip | $[variables.x]", [], False),
        ("ends. | pip", [], True),
    ],
)
def test_the_cache_of_azure(repository: Repository, key: str, patterns: list[str], *, constant: bool) -> None:
    (job,) = azure(
        repository,
        f"variables: {{own: x, PIP_CACHE_DIR: $(Pipeline.Workspace)/.pip}}\nsteps:\n- task: Cache@2\n"
        f"  inputs:\n    key: {key}\n    path: $(PIP_CACHE_DIR)\n",
    )

    (cache,) = job.caches
    assert (cache.patterns, cache.constant, cache.line) == (patterns, constant, 5)
    assert cache.paths == ["$(Pipeline.Workspace)/.pip"]


# Whatever a file holds

NAMES = st.sampled_from(
    "jobs steps run uses with env runs-on strategy matrix include container options image key path cache script extends default "
    "before_script tags variables phases commands pool stages template parameters job inputs task checkout trigger local value "
    "name labels defaults shell working-directory runs using ${{if}} a .b".split()
)
SCALARS = st.one_of(
    NAMES,
    st.sampled_from(
        ["./a", "ci/a.sh", "$X", "${{ matrix.a }}", "actions/checkout@v4", "actions/cache", "composite", "*", "", "a\0"]
    ),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=30
)


@settings(deadline=None, max_examples=200)
@given(VALUES, st.sampled_from(["github", "action", "gitlab", "buildspec", "azure"]))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, value: object, kind: str) -> None:
    import json

    made = {
        "github": (
            WORKFLOW,
            {
                "jobs": {
                    "a": {
                        "runs-on": value,
                        "strategy": value,
                        "steps": [value, {"with": value, "uses": "actions/cache"}],
                    }
                }
            },
        ),
        "action": (".github/actions/a/action.yml", {"runs": {"using": "composite", "steps": value}}),
        "gitlab": (
            ".gitlab-ci.yml",
            {"include": value, "default": value, "a": {"script": value, "cache": value}, "b": value},
        ),
        "buildspec": ("buildspec.yml", {"phases": {"a": value}, "env": value, "cache": value}),
        "azure": (
            "azure-pipelines.yml",
            {"jobs": value, "stages": value, "steps": value, "variables": value, "pool": value},
        ),
    }
    path, document = made[kind]
    root = tmp_path_factory.mktemp("any")
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(json.dumps(document, ensure_ascii=False))
    files = Files(project.read(str(root), path.encode() + b"\0"))

    assert isinstance(pipelines.read(files), list)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root = tmp_path_factory.mktemp("bytes")
    paths = [WORKFLOW, ".gitlab-ci.yml", "buildspec.yml", "azure-pipelines.yml"]
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    files = Files(project.read(str(root), b"".join(path.encode() + b"\0" for path in sorted(paths))))

    assert isinstance(pipelines.read(files), list)
