"""What the stages of a Dockerfile leave in the layers of their images, and in those that take files from them.

Nothing is said about what a base image may decide: a variable that is missing in a Dockerfile may be set there. So the
rules about something that is missing speak of stages whose base is known to set nothing (`bases.PLAIN`). Of these, the official
images of Python alone come without bytecode: there, whatever runs Python writes some. Elsewhere the distribution, pyenv or
``make install`` has compiled the interpreter, and pip what it has installed: what is left to write is the project's.
"""

from __future__ import annotations

from pycache_hooks import bases, prevention, programs, rules
from pycache_hooks.findings import Finding, short
from pycache_hooks.prevention import DONT_WRITE, PREFIX
from pycache_hooks.programs import installers
from pycache_hooks.readers.shell import SHELLS
from pycache_hooks.rules import layers
from pycache_hooks.rules.layers import Layout, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from pycache_hooks.programs.installers import Install
    from pycache_hooks.readers.images import Copy, Image, Run, Stage, Variable
    from pycache_hooks.readers.shell import Command
    from pycache_hooks.rules.layers import Environment

    Fault = tuple[int, str, str, str]
    _Kept = tuple[Stage, Step, Install]
    Imports = Callable[[Command, Environment], bool]

EITHER, BOTH = "either", "both"
REQUIREMENTS = {
    EITHER: (DONT_WRITE, PREFIX),
    BOTH: (DONT_WRITE, PREFIX),
    "dontwrite": (DONT_WRITE,),
    "prefix": (PREFIX,),
}
"""Which variables a stage that runs Python must have in force: one of them for the first, all of them for the others."""

_SETTINGS = {DONT_WRITE: f"{DONT_WRITE}=1", PREFIX: f"{PREFIX}=/tmp/pycache"}

_IMPORTING = frozenset(
    "alembic behave celery coverage coverage3 daphne django django-admin doit doctest dramatiq flask gunicorn hypercorn inv "
    "invoke locust py.test pytest scrapy sphinx sphinx-build trial unittest uvicorn uwsgi waitress-serve".split()
)
"""Programs, and modules for -m, that are there to import the project."""

_INSTALLING = ("get-pip.py", "get-poetry.py", "install-poetry.py", "install-pdm.py", "ez_setup.py")
"""Scripts that install what their names say, and import nothing of the project."""

_UNCOMPILED = ("uv", "poetry", "pdm")
"""Programs that run others in an environment whose packages they have not compiled."""

_COMPILING = ("pip", "pipenv", "pipx")
_OFF = {"pip": "PIP_NO_CACHE_DIR", "pipenv": "PIP_NO_CACHE_DIR", "pipx": "PIP_NO_CACHE_DIR", "uv": "UV_NO_CACHE"}
"""What keeps a tool from keeping its downloads; pip's option does not reach the builds of what it installs."""

_COMPILE = "PIP_COMPILE"
_KEEPING = ("cache", "tmpfs", "bind")

_REMOVING_NOTHING = frozenset(
    "[ adduser apk apt apt-get cat cd chgrp chmod chown cp curl dnf du echo export git go install ln ls microdnf mkdir npm "
    "pnpm printf test touch useradd wget yarn yum".split()
)
"""Programs that remove nothing, or what is their own: of their words none names a cache that is emptied."""

_READING_SCRIPTS = (*SHELLS, "su", "runuser", ".", "source")
_CLEANING = ("clean", "purge", "prune")
"""What scripts that empty caches are called."""


def judge(path: str, image: Image, require: str, imports: Imports) -> list[Finding]:
    """The findings about the stages of *image*, which the Dockerfile at *path* describes.

    *imports*: whether the script that a command runs, in an environment, imports from the repository.
    """
    layout = Layout(image)
    spared = _deliberate(layout) | {number for number, base in layout.bases.items() if not bases.is_plain(base)}
    compiling = _compiling(layout, spared)
    found = [
        *(_unrepeatable(stage, step, require, layout) for stage, step in compiling),
        *_writing(layout, require, imports, spared, {stage.number for stage, _ in compiling}),
        *_mistaken(layout),
        *_hidden(layout),
        *_downloads(layout),
    ]
    return [Finding(path, line, code, message, fix) for line, code, message, fix in found]


# Bytecode that Python and installs write


def _deliberate(layout: Layout) -> set[int]:
    """The stages that compile on purpose, those that come to have what they compile, and those that they need."""
    compiling = []
    held: dict[int, set[str]] = {}
    for stage in layout.image.stages:
        places = {
            place
            for step in layout.steps[stage.number]
            if installers.compiles_on_purpose(step.command, step.environment)
            for place in _compiled(step, stage, layout)
        }
        if places:
            compiling.append(stage.number)
        if stage.parent:
            places |= held[stage.parent.number]
        for copy in stage.copies:
            if copy.origin is not None and not isinstance(copy.origin, str):
                sources = layers.directories(copy)
                places.update(place for place in held[copy.origin.number] if layers.carried([place], sources))
        held[stage.number] = places
    return layout.needed(compiling) | {number for number, places in held.items() if places}


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
            for step in layout.steps[number]:
                if _compiles(step) and layers.carried(layers.places(step, layout.made[number]), sources):
                    mended.add(number)
                    found.append((stage, step))
                    break
    return found


def _compiles(step: Step) -> bool:
    """Whether an install writes bytecode beside the sources. Of conda's packages nobody knows: some bring theirs along."""
    install = installers.install(step.command, step.environment)
    if install is None or install.tool not in _COMPILING or not install.compiles or step.environment.get(PREFIX):
        return False
    return _COMPILE not in _put_right(step.environment)


def _unrepeatable(stage: Stage, step: Step, require: str, layout: Layout) -> Fault:
    names = {PREFIX} | (set() if require == EITHER else set(_missing(step, require)))
    does = "compiles what it installs, and the bytecode is copied to other stages"
    message = f"{_called(stage, layout)}`{_shown(step.command)}` {does}"
    return step.command.line, rules.UNREPEATABLE, message, f"{_where(stage, step.run, names)}\nARG {_settings(names)}"


def _writing(layout: Layout, require: str, imports: Imports, spared: set[int], cured: set[int]) -> Iterator[Fault]:
    """Stages that run Python without what is required; not those that the repair of another finding mends.

    *cured*: the stages for which there is another finding, whose repair mends this as well.
    """
    mended = set(cured)
    for stage in layout.image.stages:
        inherits = stage.parent is not None and stage.parent.number in mended
        if inherits:
            mended.add(stage.number)
        for step in _lasting(stage, layout) if stage.number not in spared | cured else []:
            missing = _missing(step, require) if _obeys(step) else []
            if missing and PREFIX not in missing and not _writes(step, layout.bases[stage.number], imports):
                missing = []
            if inherits:
                missing = [name for name in missing if _is_overridden(name, stage, step.environment)]
            if missing and _stays(step, stage, layout):
                mended.add(stage.number)
                yield _unprevented(stage, step, missing, require, layout)
                break


def _lasting(stage: Stage, layout: Layout) -> list[Step]:
    """The steps whose bytecode nothing removes, in the same layer or before files are copied from the stage."""
    cleaned = {run for run in stage.runs if _is_cleaned([run])}
    if cleaned and stage.number not in layout.images:
        return []
    return [step for step in layout.steps[stage.number] if step.run not in cleaned]


def _obeys(step: Step) -> bool:
    """Whether the step runs a Python that looks at its variables. Conda comes with its own bytecode, and adds none."""
    if not programs.runs_python(step.command) or programs.ignores_variables(step.last):
        return False
    if programs.forgets_variables(step.command):
        return False
    return step.last.words[0].rpartition("/")[2] != "conda"


def _writes(step: Step, base: str, imports: Imports) -> bool:
    """Whether the step, with bytecode writing on, leaves bytecode that PYTHONDONTWRITEBYTECODE would prevent.

    Beside an interpreter that root has installed no other user can write. With a prefix all of its bytecode is missing.
    """
    if step.environment.get(PREFIX):
        return True
    return (bases.is_bare(base) and programs.is_root(step.user)) or _imports_project(step, imports)


def _imports_project(step: Step, imports: Imports) -> bool:
    """Whether the step imports what nothing has compiled. Of code that is given by -c or on stdin nobody knows."""
    if step.last is not step.command and _named(step.command.words[0]) in _UNCOMPILED:
        return True
    if not programs.imports_project(step.command):
        return False
    python = programs.interpreter(step.last)
    name = _named("".join((python.words if python and not python.code else step.last.words)[:1]))
    if name.endswith(".py"):
        return name not in _INSTALLING and imports(step.command, step.environment)
    return name in _IMPORTING


def _named(word: str) -> str:
    return word.rpartition("/")[2]


def _unprevented(stage: Stage, step: Step, missing: list[str], require: str, layout: Layout) -> Fault:
    lacking = f"neither {DONT_WRITE} nor {PREFIX}" if require == EITHER else f"no {' and no '.join(missing)}"
    message = f"{_called(stage, layout)}`{_shown(step.command)}` runs with {lacking} in force"
    fix = f"{_where(stage, step.run, missing)}\nENV {_settings(missing)}"
    return step.command.line, rules.IMAGE_WRITES, message, fix


def _missing(step: Step, require: str) -> list[str]:
    """The variables to set for what is required and not in force.

    A zero is another finding, or switches off on purpose what was on; so does whatever is said for one command alone.
    """
    said = {name for name in (DONT_WRITE, PREFIX) if step.environment.get(name) or name in step.last.environment}
    said |= _put_right(step.environment) if len(said) < len(_SETTINGS) else set()
    missing = [name for name in REQUIREMENTS[require] if name not in said]
    if require == EITHER:
        return [] if len(missing) < len(_SETTINGS) else missing[:1]
    return missing


def _put_right(environment: Environment) -> set[str]:
    """The variables that the repairs of other findings set: of names and values that do not do what they seem to."""
    own = {name: value for name, value in environment.items() if name.startswith(("PYTHON", "PIP_", "UV_"))}
    return {right.partition("=")[0] for _, _, _, right in prevention.without_effect(own)} if own else set()


def _is_overridden(name: str, stage: Stage, environment: Environment) -> bool:
    """Whether what *stage* itself sets undoes what the stages that it is built FROM might set."""
    inherited = stage.parent.variables.get(name) if stage.parent else None
    return name in environment and (inherited is None or inherited.value != environment[name])


def _stays(step: Step, stage: Stage, layout: Layout) -> bool:
    """Whether bytecode that the step writes ends in an image: in a layer, or with what is copied from the stage."""
    if stage.number in layout.images:
        return True
    own = _places(step, stage, layout) if programs.imports_project(step.command) else []
    return layers.carried([*layers.SYSTEM, *own], layout.taken[stage.number])


def _places(step: Step, stage: Stage, layout: Layout) -> list[str]:
    """Where the sources of what the step runs or installs lie."""
    return [layers.joined(step.run.workdir, ""), *layers.places(step, layout.made[stage.number])]


def _compiled(step: Step, stage: Stage, layout: Layout) -> list[str]:
    """Where a step that compiles may leave bytecode: also in what it is given as an argument."""
    operands = [layers.joined(step.run.workdir, word) for word in step.last.words[1:] if word[:1] != "-"]
    return [*_places(step, stage, layout), *operands]


def _is_cleaned(runs: Iterable[Run]) -> bool:
    """Whether *runs* remove bytecode."""
    return any(installers.removes_bytecode(command) for run in runs for command in run.commands)


# Values


def _mistaken(layout: Layout) -> Iterator[Fault]:
    """Values that do not do what they seem to, and prefixes that are none."""
    for stage in layout.image.stages:
        plain = bases.is_plain(layout.bases[stage.number])
        for name, value, line, before, variable in [*_declared(stage), *_given(stage)]:
            # To switch off what the base image or a line above has switched on is right.
            overrides = name == DONT_WRITE and (prevention.dont_write(before) or not plain)
            for _, _, reason, right in [] if overrides else prevention.without_effect({name: value}):
                yield line, rules.WITHOUT_EFFECT, f"{name}={value}: {reason}", _assigned(right, variable)
            flaw = _flaw(value, variable, plain=plain) if name == PREFIX else ""
            if flaw:
                yield line, rules.BAD_PREFIX, f"{name}={value}: {flaw}", _assigned(_SETTINGS[PREFIX], variable)


def _assigned(setting: str, variable: Variable | None) -> str:
    """What sets a variable where another *variable* is set: an instruction, or words of a RUN."""
    name, _, value = setting.partition("=")
    words = f'{name}="{value}"' if " " in value else setting
    return f"{variable.by.upper()} {words}" if variable else words


def _declared(stage: Stage) -> Iterator[tuple[str, str, int, str | None, Variable]]:
    """Each ENV and ARG of *stage*: the name, the value, the line, the value that was in force before, and the variable."""
    known = {name: variable.value for name, variable in stage.parent.variables.items()} if stage.parent else {}
    seen = set()
    for variables in (*(run.variables for run in stage.runs), stage.arguments, stage.variables):
        for name, variable in variables.items():
            if variable.value is not None and variable.line > stage.line and (name, variable.line) not in seen:
                seen.add((name, variable.line))
                yield name, variable.value, variable.line, known.get(name), variable
                known[name] = variable.value


def _given(stage: Stage) -> Iterator[tuple[str, str, int, str | None, None]]:
    """Each variable that a RUN of *stage* sets for its commands, as `_declared`; without those that the shell expands."""
    for run in stage.runs:
        seen = set()
        # Most share their variables with the command before.
        for command in {id(command.environment): command for command in reversed(run.commands)}.values():
            for name, value in command.environment.items():
                if (name, value) not in seen and "$" not in value and not value.startswith("~"):
                    seen.add((name, value))
                    yield name, value, command.line, run.environment.get(name), None


def _flaw(value: str, variable: Variable | None, *, plain: bool) -> str:
    """Why *value* is no good prefix; nothing if it is one, or is not known."""
    if variable is None or not variable.unknown:
        return prevention.prefix_flaw(value)
    return "nothing here sets HOME, and the builder leaves it out" if plain and "HOME" in variable.unknown else ""


def _hidden(layout: Layout) -> Iterator[Fault]:
    """A prefix that is in force at run time, and was not when bytecode that is in the image was compiled."""
    prefix = layout.image.stages[-1].variables.get(PREFIX)
    if prefix is None or not prefix.value or "$" in prefix.value:
        return
    for stage in layout.image.stages:
        if stage.number not in layout.used or _is_cleaned(stage.runs):
            continue
        for step in layout.steps[stage.number]:
            places = _compiled(step, stage, layout)
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
    return _compiles(step) or installers.compiles_on_purpose(step.command, step.environment)


# Download caches


def _downloads(layout: Layout) -> Iterator[Fault]:
    """Installs that leave what they downloaded in a layer of the final image: one finding a RUN, or for each repair."""
    found: dict[str, list[_Kept]] = {}
    users = set(programs.ROOT)
    ready = _Ready(layout)
    for stage in layout.image.stages:
        if stage.number in layout.shipped and bases.is_plain(layout.bases[stage.number]):
            users.update(word for step in layout.steps[stage.number] for word in _user(step.command))
            for run in stage.runs:
                left = _left(run, stage, layout.configured[stage.number], users, ready)
                if left:
                    name = _variable(*left)
                    found.setdefault(name or str(run.line), []).append((stage, *left))
    for kept in found.values():
        _, step, install = kept[0]
        more = f" (and {len(kept) - 1} more)" if len(kept) > 1 else ""
        unknown = install.cache_directory == installers.SOME_PACKAGES
        directory = f"{install.tool}'s pkgs directory" if unknown else install.cache_directory
        message = f"`{_shown(step.command)}` leaves what it downloads in {directory}, and so in the layer{more}"
        yield step.command.line, rules.DOWNLOADS_KEPT, message, _remedy(kept)


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


def _left(
    run: Run, stage: Stage, configured: Environment, users: set[str], ready: _Ready
) -> tuple[Step, Install] | None:
    """The first install of *run* whose downloads stay. *users*: those who have a home, as far as that is known."""
    left = None
    removed: set[str] = set()
    named: list[str] = []
    for step in reversed([*layers.steps(run, {"HOME": installers.home(run.user), **configured})]):
        command = step.command
        install = installers.install(command, step.environment)
        if install is None:
            paths = installers.removed(command, step.environment)
            removed.update(paths)
            removed.update(installers.SOME_PACKAGES for path in paths if path.endswith("/pkgs"))
            named += _named_caches(command)
        elif (
            install.caches
            and "--no-index" not in command.words
            and _has_home(step, users)
            and not _is_removed(install.cache_directory, removed, named)
            and not any(_is_mounted(mount, install.cache_directory) for mount in run.mounts)
            and _OFF.get(install.tool) not in _put_right(step.environment)
            and not (install.locked is not None and ready.tools(stage).get(install.tool, run.line) < run.line)
        ):
            left = step, install
    return left


def _has_home(step: Step, users: set[str]) -> bool:
    """Whether who runs the step has a home to write to, as far as that is known: without one pip keeps nothing."""
    if programs.is_root(step.user):
        return True
    return step.user == step.run.user and (step.user.partition(":")[0] in users or "HOME" in step.run.environment)


def _named_caches(command: Command) -> list[str]:
    """The words of *command* that name some cache, likely to remove it: there are many ways to do so.

    What a script removes that is called ``cleanup.sh`` nobody knows: an empty word is any cache.
    """
    words = programs.words_of(programs.unwrapped(command))
    name = programs.name_of("".join(words[:1]))
    if name in _READING_SCRIPTS:
        if any(word[:1] == "-" and word.endswith("c") for word in words):
            return []  # what is behind it is listed by itself
        name = next((word for word in words[1:] if word[:1] != "-"), "").rpartition("/")[2]
    if name in _REMOVING_NOTHING or installers.has_cache(name):
        return []
    if any(mark in name for mark in _CLEANING) and not installers.removes_bytecode(command):
        return [""]
    return [word for word in command.words if "cache" in word.lower() and not word.startswith(("-", "/var/cache"))]


def _is_removed(directory: str, removed: set[str], named: Iterable[str]) -> bool:
    """Whether *directory* is among the paths *removed*, which may be patterns of a shell, or perhaps among those *named*."""
    if not removed.isdisjoint(_parents(directory)) or any(_may_be(word, directory) for word in named):
        return True
    patterns = [path for path in removed if path[:1] == "/" and any(mark in path for mark in "*?[")]
    if not patterns:
        return False
    from pycache_hooks.readers import globs

    return any(globs.matches(pattern, directory.lstrip("/")) for pattern in patterns)


def _may_be(word: str, directory: str) -> bool:
    """Whether *word*, which names a cache, may mean *directory*. A home is known for root only."""
    if word[:1] != "/" or any(mark in word for mark in "$`*?[{") or directory == installers.SOME_PACKAGES:
        return True
    if directory.startswith("/home/") and not word.startswith("/root/"):
        return True
    return installers.is_removed(directory, [word]) or installers.is_removed(word, [directory])


class _Ready:
    """What the stages of *layout* get ready-made by COPY: an environment that a tool has installed as a file locks it.

    What there is then left to download for the same tool, nobody knows. Each stage is looked at once.
    """

    __slots__ = ("_brought", "_installed", "_layout")

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._brought: dict[int, dict[str, int]] = {}
        self._installed: dict[int, list[tuple[str, list[str]]]] = {}

    def tools(self, stage: Stage) -> dict[str, int]:
        """The tools, each with the line of the COPY that brings the first environment of its."""
        unknown = _lineage(stage, self._brought)
        for each in reversed(unknown):
            found = dict(self._brought[each.parent.number]) if each.parent else {}
            for copy in each.copies:
                for tool in self._brings(copy):
                    found.setdefault(tool, copy.line)
            self._brought[each.number] = found
        return self._brought[stage.number]

    def _brings(self, copy: Copy) -> Iterator[str]:
        origins = [] if copy.origin is None or isinstance(copy.origin, str) else _lineage(copy.origin)
        sources = layers.directories(copy) if origins else []
        for origin in origins:
            if origin.number not in self._installed:
                self._installed[origin.number] = [*self._installs(origin)]
            yield from (tool for tool, places in self._installed[origin.number] if layers.carried(places, sources))

    def _installs(self, stage: Stage) -> Iterator[tuple[str, list[str]]]:
        """The tools that install in *stage* itself what is locked, and where."""
        for step in self._layout.steps[stage.number]:
            install = installers.install(step.command, step.environment)
            if install and install.locked is not None:
                yield install.tool, _places(step, stage, self._layout)


def _lineage(stage: Stage, known: Container[int] = ()) -> list[Stage]:
    """The stage, the one that it is built FROM, and so on, up to one whose number is *known*."""
    found: list[Stage] = []
    each: Stage | None = stage
    while each and each.number not in known:
        found.append(each)
        each = each.parent
    return found


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
    return installers.is_removed(directory, [target]) or target.startswith(f"{directory}/")


def _variable(step: Step, install: Install) -> str:
    """The variable that keeps the install from keeping its downloads; nothing if there is none, or the command overrides it."""
    name = _OFF.get(install.tool, "")
    option = install.tool == "pip" and any(word.startswith("--cache-dir") for word in step.command.words)
    return "" if option or name in step.last.environment or programs.forgets_variables(step.command) else name


def _remedy(kept: Sequence[_Kept]) -> str:
    stage, step, install = kept[0]
    directory, tool = install.cache_directory, install.tool
    name = _variable(step, install)
    if name:
        # What is mounted belongs to root, and another user cannot write there.
        places = {each.cache_directory if programs.is_root(step.run.user) else "" for _, step, each in kept}
        mount = f"; or RUN --mount=type=cache,target={directory}" if places == {directory} else ""
        return f"{_where(stage, step.run, [name])}{mount}\nENV {name}=1"
    if tool == "poetry":
        # Its virtual environments may lie beside its cache, and `--no-cache` keeps downloads all the same.
        return f"&& rm -rf {directory}/artifacts {directory}/cache"
    sudo = "sudo " if programs.name_of(step.command.words[0]) == "sudo" else ""
    return f"&& {tool} clean --all --yes" if tool in installers.CONDA else f"&& {sudo}rm -rf {directory}"


# Words


def _called(stage: Stage, layout: Layout) -> str:
    """What a message begins with if there are several stages."""
    return f"stage {stage.name or stage.number}: " if len(layout.image.stages) > 1 else ""


def _where(stage: Stage, run: Run, names: Iterable[str]) -> str:
    """A line of a Dockerfile that says where the next one belongs, which sets *names* for *run*: behind what undoes it."""
    undone = any(name in run.variables and run.variables[name].line > stage.line for name in names)
    return f"# above line {run.line}" if undone else f"# below line {stage.line}"


def _settings(names: Iterable[str]) -> str:
    return " ".join(_SETTINGS[name] for name in sorted(names))


def _shown(command: Command) -> str:
    return short(" ".join(command.words))
