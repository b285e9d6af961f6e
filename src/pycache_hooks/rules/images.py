"""What the stages of a Dockerfile leave in the layers of their images, and in those that take files from them.

Nothing is said about what a base image may decide: a variable that is missing in a Dockerfile may be set there. So the
rules about something that is missing speak of stages whose base is known to set nothing (`PLAIN`).
"""

from __future__ import annotations

from pycache_hooks import prevention, programs, rules
from pycache_hooks.findings import Finding
from pycache_hooks.prevention import DONT_WRITE, PREFIX
from pycache_hooks.rules import layers
from pycache_hooks.rules.layers import Layout, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pycache_hooks.programs import Install
    from pycache_hooks.readers.images import Image, Run, Stage
    from pycache_hooks.readers.shell import Command
    from pycache_hooks.rules.layers import Environment

    Fault = tuple[int, str, str, str]
    Leak = Callable[[str], tuple[str, bool, str] | None]
    Assignment = tuple[str, str, int, str | None]

EITHER, BOTH = "either", "both"
REQUIREMENTS = {
    EITHER: (DONT_WRITE, PREFIX),
    BOTH: (DONT_WRITE, PREFIX),
    "dontwrite": (DONT_WRITE,),
    "prefix": (PREFIX,),
}
"""Which variables a stage that runs Python must have in force: one of them for the first, all of them for the others."""

_SETTINGS = {DONT_WRITE: f"{DONT_WRITE}=1", PREFIX: f"{PREFIX}=/tmp/pycache"}

PLAIN = frozenset(
    "scratch python pypy debian ubuntu alpine fedora centos rockylinux almalinux oraclelinux amazonlinux archlinux "
    "opensuse/leap opensuse/tumbleweed buildpack-deps node golang ruby php rust gcc perl openjdk eclipse-temurin erlang elixir "
    "haskell julia r-base swift busybox postgres mysql mariadb redis mongo nginx httpd bash docker "
    "ghcr.io/astral-sh/uv continuumio/miniconda3 condaforge/miniforge3 nvidia/cuda".split()
)
"""Base images that set none of the variables of Python, pip and uv that matter here, and whose user is root.

Docker's official ones keep it so (https://github.com/docker-library/python/pull/831). Others do set them, such as those of
https://github.com/sclorg/s2i-python-container (``PIP_NO_CACHE_DIR``), and so do many a company's own.
"""

_OFFICIAL = ("docker.io/library/", "docker.io/", "mirror.gcr.io/library/", "public.ecr.aws/docker/library/")
_ROOT = ("", "0", "root")
_COMPILING = ("pip", "pipenv", "pipx")
_CONDA = ("conda", "mamba", "micromamba")
_OFF = {
    "pip": "pip install --no-cache-dir",
    "pipenv": "ENV PIP_NO_CACHE_DIR=1",
    "pipx": "ENV PIP_NO_CACHE_DIR=1",
    "uv": "ENV UV_NO_CACHE=1",
}
"""What keeps a tool from keeping its downloads."""

_KEEPING = ("cache", "tmpfs", "bind")

_LONGEST_SHOWN = 60


def judge(path: str, image: Image, require: str = EITHER) -> list[Finding]:
    """The findings about the stages of *image*, which the Dockerfile at *path* describes; but for `copies`."""
    layout = Layout(image)
    spared = _deliberate(layout) | {number for number, base in layout.bases.items() if not _is_plain(base)}
    compiling = _compiling(layout, spared)
    found = [
        *(_unrepeatable(stage, step, require) for stage, step in compiling),
        *_writing(layout, require, spared, {stage.number for stage, _ in compiling}),
        *_mistaken(layout),
        *_hidden(layout),
        *_downloads(layout),
    ]
    return [Finding(path, line, code, message, fix) for line, code, message, fix in found]


def copies(path: str, image: Image, leak: Leak) -> list[Finding]:
    """A finding for each ignore file that lets caches into what a COPY or ADD takes from the build context.

    *leak*: for a source of a COPY the ignore file, whether there is one, and a cache in that source which it lets in.
    """
    found: dict[str, Finding] = {}
    used = Layout(image).used
    for copy in (copy for stage in image.stages if stage.number in used for copy in stage.copies):
        for source in copy.sources if copy.origin is None and not copy.excludes else []:
            leaking = leak(source)
            if leaking and leaking[0] not in found:
                file, exists, cache = leaking
                reason = f"{file} lets it into the build context" if exists else f"there is no {file} to keep it out"
                fix = "check-pycache-dockerignore --fix"
                message = f"takes {cache} along: {reason}"
                found[file] = Finding(path, copy.line, rules.COPIES_CACHES, message, fix)
    return list(found.values())


# Bytecode that Python and installs write


def _deliberate(layout: Layout) -> set[int]:
    """The stages that compile on purpose, those that are built FROM them, and those that they need: bytecode is wanted there."""
    compiling = [
        stage.number
        for stage in layout.image.stages
        if any(programs.compiles_on_purpose(step.command, step.environment) for step in layout.steps(stage))
    ]
    return layout.needed(compiling) | layers.below(compiling, layout.image)


def _compiling(layout: Layout, spared: set[int]) -> list[tuple[Stage, Step]]:
    """The build stages that hand on packages with the bytecode that an install compiles, and the first such install.

    In the layers of the final image that bytecode is welcome: it starts the faster for it. A stage that is built FROM one
    that is found inherits the ARG that mends this.
    """
    found: list[tuple[Stage, Step]] = []
    mended: set[int] = set()
    for stage in layout.image.stages:
        number, sources = stage.number, layout.taken[stage.number]
        if stage.parent and stage.parent.number in mended:
            mended.add(number)
        elif number in layout.used - layout.shipped - spared and not _is_cleaned(stage.runs):
            for step in layout.steps(stage):
                if _compiles(step) and layers.carried(layers.places(step, layout.made[number]), sources):
                    mended.add(number)
                    found.append((stage, step))
                    break
    return found


def _compiles(step: Step) -> bool:
    """Whether an install writes bytecode beside the sources. Of conda's packages nobody knows: some bring theirs along."""
    install = programs.install(step.command, step.environment)
    return install is not None and install.tool in _COMPILING and install.compiles and not step.environment.get(PREFIX)


def _unrepeatable(stage: Stage, step: Step, require: str) -> Fault:
    names = {PREFIX} | (set() if require == EITHER else set(_missing(step.environment, require)))
    message = f"{_called(stage)}: `{_shown(step.command)}` compiles what it installs, and the bytecode is copied to other stages"
    return step.command.line, rules.UNREPEATABLE, f"{message} {_where(stage)}", f"ARG {_settings(names)}"


def _writing(layout: Layout, require: str, spared: set[int], cured: set[int]) -> Iterator[Fault]:
    """Stages that run Python without what is required; not those that the repair of another finding mends.

    *cured*: the stages for which there is another finding, whose repair mends this as well.
    """
    mended = set(cured)
    for stage in layout.image.stages:
        inherits = stage.parent is not None and stage.parent.number in mended
        if inherits:
            mended.add(stage.number)
        for step in _lasting(stage, layout) if stage.number not in spared | cured else []:
            missing = _missing(step.environment, require) if _obeys(step) else []
            if inherits:
                missing = [name for name in missing if _is_overridden(name, stage, step.environment)]
            if missing and _stays(step, stage, layout):
                mended.add(stage.number)
                yield _unprevented(stage, step.command, missing, require)
                break


def _lasting(stage: Stage, layout: Layout) -> Iterator[Step]:
    """The steps whose bytecode nothing removes, in the same layer or before files are copied from the stage."""
    if stage.number in layout.images:
        return layout.steps(stage, (run for run in stage.runs if not _is_cleaned([run])))
    return layout.steps(stage, [] if _is_cleaned(stage.runs) else stage.runs)


def _obeys(step: Step) -> bool:
    """Whether the step runs a Python that looks at its variables. Conda comes with its own bytecode, and adds none."""
    if not programs.runs_python(step.command) or programs.ignores_variables(step.last):
        return False
    return step.last.words[0].rpartition("/")[2] != "conda"


def _unprevented(stage: Stage, command: Command, missing: list[str], require: str) -> Fault:
    lacking = f"neither {DONT_WRITE} nor {PREFIX}" if require == EITHER else f"no {' and no '.join(missing)}"
    message = f"{_called(stage)}: `{_shown(command)}` runs with {lacking} in force {_where(stage)}"
    return command.line, rules.IMAGE_WRITES, message, f"ENV {_settings(missing)}"


def _missing(environment: Environment, require: str) -> list[str]:
    """The variables to set for what is required and not in force."""
    in_force = {DONT_WRITE: prevention.dont_write(environment.get(DONT_WRITE)), PREFIX: bool(environment.get(PREFIX))}
    missing = [name for name in REQUIREMENTS[require] if not in_force[name]]
    if require == EITHER:
        return [] if any(in_force.values()) else missing[:1]
    return missing


def _is_overridden(name: str, stage: Stage, environment: Environment) -> bool:
    """Whether what *stage* itself sets undoes what the stages that it is built FROM might set."""
    inherited = stage.parent.variables.get(name) if stage.parent else None
    return name in environment and (inherited is None or inherited.value != environment[name])


def _stays(step: Step, stage: Stage, layout: Layout) -> bool:
    """Whether bytecode that the step writes ends in an image: in a layer, or with what is copied from the stage."""
    if stage.number in layout.images:
        return True
    return layers.carried([*layers.SYSTEM, *_places(step, stage, layout)], layout.taken[stage.number])


def _places(step: Step, stage: Stage, layout: Layout) -> list[str]:
    """Where the sources of what the step runs or installs lie."""
    return [layers.joined(step.run.workdir, ""), *layers.places(step, layout.made[stage.number])]


def _is_cleaned(runs: Iterable[Run]) -> bool:
    """Whether *runs* remove bytecode."""
    return any(programs.removes_bytecode(command) for run in runs for command in run.commands)


# Values


def _mistaken(layout: Layout) -> Iterator[Fault]:
    """Values that do not do what they seem to, and prefixes that are none."""
    for stage in layout.image.stages:
        plain = _is_plain(layout.bases[stage.number])
        for name, value, line, before in [*_declared(stage), *_given(stage)]:
            # To switch off what the base image or a line above has switched on is right.
            overrides = name == DONT_WRITE and (prevention.dont_write(before) or not plain)
            for _, _, reason, right in [] if overrides else prevention.without_effect({name: value}):
                yield line, rules.WITHOUT_EFFECT, f"{name}={value}: {reason}", _instruction(right)
            flaw = _flaw(value, plain=plain) if name == PREFIX else ""
            if flaw:
                yield line, rules.BAD_PREFIX, f"{name}={value}: {flaw}", f"ENV {_SETTINGS[PREFIX]}"


def _instruction(setting: str) -> str:
    name, _, value = setting.partition("=")
    return f'ENV {name}="{value}"' if " " in value else f"ENV {setting}"


def _declared(stage: Stage) -> Iterator[Assignment]:
    """Each ENV and ARG of *stage*: the name, the value, the line, and the value that was in force before."""
    known = {name: variable.value for name, variable in stage.parent.variables.items()} if stage.parent else {}
    seen = set()
    for variables in (*(run.variables for run in stage.runs), stage.arguments, stage.variables):
        for name, variable in variables.items():
            if variable.value is not None and variable.line > stage.line and (name, variable.line) not in seen:
                seen.add((name, variable.line))
                yield name, variable.value, variable.line, known.get(name)
                known[name] = variable.value


def _given(stage: Stage) -> Iterator[Assignment]:
    """Each variable that a RUN of *stage* sets for its commands, as `_declared`; without those that the shell expands."""
    for run in stage.runs:
        seen = set()
        # Most share their variables with the command before.
        for command in {id(command.environment): command for command in reversed(run.commands)}.values():
            for name, value in command.environment.items():
                if (name, value) not in seen and "$" not in value and not value.startswith("~"):
                    seen.add((name, value))
                    yield name, value, command.line, run.environment.get(name)


def _flaw(value: str, *, plain: bool) -> str:
    """Why *value* is no good prefix; nothing if it is one, or is not known."""
    if "$HOME" in value or "${HOME}" in value:
        return "nothing here sets HOME, and the builder leaves it out" if plain else ""
    return "" if "$" in value else prevention.prefix_flaw(value)


def _hidden(layout: Layout) -> Iterator[Fault]:
    """A prefix that is in force at run time, and was not when bytecode that is in the image was compiled."""
    prefix = layout.image.stages[-1].variables.get(PREFIX)
    if prefix is None or not prefix.value or "$" in prefix.value:
        return
    for stage in layout.image.stages:
        if stage.number not in layout.used or _is_cleaned(stage.runs):
            continue
        for step in layout.steps(stage):
            places = _places(step, stage, layout)
            if _compiles_elsewhere(step, prefix.value) and (
                stage.number in layout.shipped or layers.carried(places, layout.taken[stage.number])
            ):
                compiler = f"`{_shown(step.command)}` in line {step.command.line}"
                message = f"{PREFIX}={prefix.value} hides the bytecode that {compiler} compiles"
                yield prefix.line, rules.HIDDEN_BYTECODE, message, f"ARG {PREFIX}={prefix.value}"
                return


def _compiles_elsewhere(step: Step, prefix: str) -> bool:
    """Whether the step writes bytecode, on purpose or by an install, where a Python with *prefix* does not look for it."""
    if step.environment.get(PREFIX, "") == prefix:
        return False
    return _compiles(step) or programs.compiles_on_purpose(step.command, step.environment)


# Download caches


def _downloads(layout: Layout) -> Iterator[Fault]:
    """Installs that leave what they downloaded in a layer of the final image; one finding a RUN."""
    users = set(_ROOT)
    for stage in layout.image.stages:
        if stage.number in layout.shipped and _is_plain(layout.bases[stage.number]):
            users.update(word for step in layout.steps(stage) for word in _user(step.command))
            for run in stage.runs:
                # Of another user nobody knows whether there is a home to write to: without one pip keeps nothing.
                known = run.user.partition(":")[0] in users or "HOME" in run.environment
                left = _left(run, layout.configured[stage.number]) if known else None
                if left:
                    command, install = left
                    message = f"`{_shown(command)}` leaves what it downloads in {install.cache_directory}, and so in the layer"
                    yield command.line, rules.DOWNLOADS_KEPT, message, _remedy(install)


def _user(command: Command) -> list[str]:
    """The words of a command that adds a user with a home, one of which is the name."""
    program, *words = command.words
    if program.endswith("useradd"):
        with_home = any(
            word == "--create-home" or (word[:2] not in ("", "--") and word[0] == "-" and "m" in word) for word in words
        )
        return words if with_home else []
    without_home = ("-H", "--no-create-home", "--system", "--home", "-h", "-S")
    return words if program.endswith("adduser") and not any(word in without_home for word in words) else []


def _left(run: Run, configured: Environment) -> tuple[Command, Install] | None:
    """The first install of *run* whose downloads stay."""
    left = None
    removed: set[str] = set()
    for step in reversed([*layers.steps(run, {"HOME": programs.home(run.user), **configured})]):
        command = step.command
        install = programs.install(command, step.environment)
        if install is None:
            paths = programs.removed(command, step.environment)
            removed.update(paths)
            removed.update(programs.SOME_PACKAGES for path in paths if path.endswith("/pkgs"))
            if _names_cache(command):
                removed.add("")
        elif (
            install.caches
            and "--no-index" not in command.words
            and removed.isdisjoint(_parents(install.cache_directory))
            and not any(_is_mounted(mount, install.cache_directory) for mount in run.mounts)
        ):
            left = command, install
    return left


def _names_cache(command: Command) -> bool:
    """Whether *command* names some cache, likely to remove it: there are many ways to do so."""
    return any("cache" in word.lower() and not word.startswith(("-", "/var/cache")) for word in command.words)


def _parents(directory: str) -> list[str]:
    """The directory and all that it lies in, up to ``""``."""
    parts = directory.split("/")
    return ["/".join(parts[:number]) for number in range(len(parts) + 1)]


def _is_mounted(mount: Mapping[str, str], directory: str) -> bool:
    """Whether *mount* keeps *directory*, or a part of it, out of the layer; also where that cannot be known."""
    target = mount.get("target", "")
    if mount["type"] not in _KEEPING or not target:
        return False
    if "$" in target + directory:
        return True
    return programs.is_removed(directory, [target]) or target.startswith(f"{directory}/")


def _remedy(install: Install) -> str:
    directory, tool = install.cache_directory, install.tool
    if tool == "poetry":
        # Its virtual environments may lie beside its cache, and `--no-cache` keeps downloads all the same.
        return f"&& rm -rf {directory}/artifacts {directory}/cache"
    if tool in _CONDA:
        return f"&& {tool} clean --all --yes"
    return f"{_OFF.get(tool, f'&& rm -rf {directory}')}, or RUN --mount=type=cache,target={directory}"


# Words


def _is_plain(base: str) -> bool:
    """Whether the image is known to set nothing that matters here."""
    start, slash, last = base.partition("@")[0].rpartition("/")
    name = start + slash + last.partition(":")[0]
    for prefix in _OFFICIAL:
        name = name.removeprefix(prefix)
    return name in PLAIN


def _called(stage: Stage) -> str:
    return f"stage {stage.name or stage.number}"


def _where(stage: Stage) -> str:
    return f"(set it below line {stage.line})"


def _settings(names: Iterable[str]) -> str:
    return " ".join(_SETTINGS[name] for name in sorted(names))


def _shown(command: Command) -> str:
    text = " ".join(command.words)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
