"""How the stages of a Dockerfile hang together: what ends in whose layers, and where installs put their files."""

from __future__ import annotations

import posixpath

from pycache_hooks import programs
from pycache_hooks.programs import installers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pycache_hooks.readers.images import Copy, Image, Run, Stage
    from pycache_hooks.readers.shell import Command

    Environment = Mapping[str, str]

SYSTEM = ("/usr/local", "/usr")
"""Where the interpreters of base images keep their packages."""

_WILDCARDS = "*?["
_ACTIVATING = (".", "source")
_ACTIVATE = "/bin/activate"
_PLACING = ("--target", "-t", "--prefix", "--root")
_CONFIGURATIONS = {"pip.conf": installers.PIP_CONFIGURATION, "uv.toml": installers.UV_CONFIGURATION}
"""Files that configure what installs, and the variables that name such a file."""

_SAYING = ("echo", "printf")
_TOLD = ("cache", "compile")
"""Programs whose words are what they write into a configuration, and parts of the settings that matter."""

_WITHOUT_PIP = ("--without-pip", "--no-pip")


class Step:
    """One *command* of a *run*; *last*: what it comes to behind ``env`` and the like, with the *environment* in force for that.

    *active*: the virtual environment that was activated before. *user*: who runs it, as sudo and its kin may switch.
    """

    __slots__ = ("active", "command", "environment", "last", "run", "user")

    def __init__(  # noqa: PLR0913, PLR0917 - one argument an attribute
        self, run: Run, command: Command, last: Command, environment: Environment, active: str, user: str
    ) -> None:
        self.run = run
        self.command = command
        self.last = last
        self.environment = environment
        self.active = active
        self.user = user


def steps(run: Run, given: Environment) -> Iterator[Step]:
    """The commands of *run*, with the variables *given* besides its own; of ONBUILD none, which run in another build."""
    told = {name: mount["target"] for mount in run.mounts for name in _configuring(mount.get("target", ""))}
    outside = {**given, **run.environment, **told} if given or told else run.environment
    active = ""
    switched = ("", "")
    own: Environment = {}
    merged = outside
    for command in [] if run.onbuild else run.commands:
        if not command.words:  # `RUN []`
            continue
        last = programs.unwrapped(command)
        if last.environment is not own:  # most share theirs with the one before
            own = last.environment
            merged = {**outside, **own}
        if command.words[0] in _ACTIVATING and command.words[-1].endswith(_ACTIVATE):
            active = joined(run.workdir, command.words[-1].removesuffix(_ACTIVATE))
        user = programs.user_of(command, run.user)
        if switched[1] and all(word in switched[1] for word in command.words):
            user = switched[0]  # what su runs is listed behind it
        switched = programs.switched(command) if last.words[0].endswith(("su", "runuser")) else switched
        here = merged if user == run.user else {**merged, "HOME": installers.home(user), **own}
        yield Step(run, command, last, here, active, user)


def _configuring(path: str) -> list[str]:
    """The variable for the file at *path*, if that may configure what installs."""
    name = path.rpartition("/")[2]
    return [_CONFIGURATIONS[name]] if name in _CONFIGURATIONS else []


class Layout:
    """Where the layers and files of each stage of *image* end. Stages are told apart by their numbers.

    *shipped*: the stages whose layers the final image consists of. *used*: the stages that it needs, these included.
    *images*: the stages whose layers some image consists of: the final one and those that no other needs, with what they are
    built FROM. *taken*: the directories that COPY takes from a stage; absolute, cut off at a wildcard. *bases*: the images
    that they are built upon in the end. *made*: the virtual environments that they have, with a pip. *configured*: what they
    set in the configuration of pip and other tools, as variables. *steps*: their commands, but for those of ONBUILD.
    """

    __slots__ = ("_needs", "bases", "configured", "image", "images", "made", "shipped", "steps", "taken", "used")

    def __init__(self, image: Image) -> None:
        self.image = image
        final = image.stages[-1].number
        self._needs = {stage.number: _needed(image, stage) for stage in image.stages}
        self.shipped = above({final}, image)
        self.used = self.needed([final])
        inner = {number for needed in self._needs.values() for number in needed}
        self.images = above({*self._needs} - inner | {final}, image)
        self.taken = _taken(image)
        self.bases: dict[int, str] = {}
        self.made: dict[int, set[str]] = {}
        self.configured: dict[int, dict[str, str]] = {}
        self.steps: dict[int, list[Step]] = {}
        for stage in image.stages:
            parent, number = stage.parent.number if stage.parent else -1, stage.number
            self.bases[number] = self.bases.get(parent, stage.base)
            self.configured[number] = {**self.configured.get(parent, {}), **_configured(stage)}
            self.steps[number] = [step for run in stage.runs for step in steps(run, self.configured[number])]
            self.made[number] = self.made.get(parent, set()).union(_made(self.steps[number]))

    def needed(self, numbers: Iterable[int]) -> set[int]:
        """The stages with these *numbers*, and all those that they are built FROM or take files from."""
        found: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self._needs[number]
        return found


def above(numbers: Iterable[int], image: Image) -> set[int]:
    """The stages with these *numbers*, and those that they are built FROM."""
    found = set(numbers)
    for stage in reversed(image.stages):
        if stage.number in found and stage.parent:
            found.add(stage.parent.number)
    return found


def _configured(stage: Stage) -> dict[str, str]:
    """What *stage* configures, as variables: a file that it writes or copies, which nobody reads here, is named by one."""
    found = {}
    paths = [path for copy in stage.copies for path in (*copy.sources, copy.target)]
    for command in (command for run in stage.runs for command in run.commands if command.words):
        found.update(installers.configured(command))
        harmless = command.words[0] in _SAYING and not any(mark in word for word in command.words for mark in _TOLD)
        paths += [] if harmless else [*command.words, *command.outputs]
    told = {name: path for path in paths if path.endswith(tuple(_CONFIGURATIONS)) for name in _configuring(path)}
    return found | told


def _needed(image: Image, stage: Stage) -> list[int]:
    """The stages that *stage* is built FROM or takes files from, by COPY --from or RUN --mount=from=."""
    origins = [stage.parent, *(copy.origin for copy in stage.copies)]
    origins += [image.stage(mount["from"]) for run in stage.runs for mount in run.mounts if "from" in mount]
    return [origin.number for origin in origins if origin is not None and not isinstance(origin, str)]


def _taken(image: Image) -> dict[int, list[str]]:
    taken: dict[int, list[str]] = {stage.number: [] for stage in image.stages}
    for stage in image.stages:
        for copy in stage.copies:
            if copy.origin is not None and not isinstance(copy.origin, str):
                taken[copy.origin.number] += directories(copy)
    for stage in reversed(image.stages):
        if stage.parent:
            taken[stage.parent.number] += taken[stage.number]
    return taken


def carried(places: Iterable[str], sources: Iterable[str]) -> bool:
    """Whether one of *sources* takes along one of *places*, or the packages that are installed in it."""
    return any(_carries(source, place) for place in places for source in sources)


def places(step: Step, made: set[str]) -> list[str]:
    """Where the command of *step* installs packages: directories with a ``lib`` of their own, or with the packages.

    *made*: the virtual environments that the stage has, with a pip.
    """
    run, environment = step.run, step.environment
    words = step.last.words
    given = programs.option_values(words, _PLACING)
    if given:
        return [joined(run.workdir, path) for path in given]
    if "--user" in words:
        return [f"{environment.get('HOME', installers.home(step.user))}/.local"]
    directory, _, program = words[0].rpartition("/")
    if directory.startswith("/") and directory.endswith("/bin"):
        return [directory.removesuffix("/bin")]
    if program == "uv" and "--system" not in words and not environment.get("UV_SYSTEM_PYTHON"):
        names = ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV")
        return [joined(run.workdir, next((environment[name] for name in names if environment.get(name)), ".venv"))]
    if step.active:
        # One that uv has made has no pip: another one is run then.
        return [step.active] if step.active in made or not programs.is_pip(program) else []
    searched = [path.rstrip("/").removesuffix("/bin") for path in environment.get("PATH", "").split(":")]
    return [path for path in searched if path in made][:1] or list(SYSTEM)


def _carries(source: str, place: str) -> bool:
    if f"{place}/".startswith(f"{source.rstrip('/')}/"):
        return True
    return source.startswith(f"{place}/lib") and (source.endswith("/lib") or "python" in source)


def _made(steps: Iterable[Step]) -> Iterator[str]:
    """The virtual environments with a pip that *steps* make, among other paths."""
    for step in steps:
        words = step.last.words
        if any(word.endswith(("venv", "virtualenv")) for word in words[:3]) and _brings_pip(step):
            yield from (joined(step.run.workdir, installers.expanded(word, step.environment)) for word in words[1:])


def _brings_pip(step: Step) -> bool:
    """Whether the virtual environment that the step makes has a pip."""
    words = step.last.words
    if words[0].endswith("uv"):
        return "--seed" in words or bool(step.environment.get("UV_VENV_SEED"))
    return not any(word in _WITHOUT_PIP for word in words)


def directories(copy: Copy) -> list[str]:
    """The directories that *copy* takes from another stage."""
    return [path for path in map(_directory, copy.sources) if path]


def _directory(source: str) -> str:
    """The directory that *source* of a COPY names in another stage; nothing if that is a file, or is not known."""
    name = source.rstrip("/").rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    wild = any(mark in name for mark in _WILDCARDS)
    if "$" in source or "/bin/" in source or (stem and suffix.isalpha()) or (wild and dot):
        return ""
    parts = posixpath.normpath(f"/{source}").lstrip("/").split("/")
    known = next((number for number, part in enumerate(parts) if any(mark in part for mark in _WILDCARDS)), len(parts))
    return "/" + "/".join(parts[:known])


def joined(directory: str, path: str) -> str:
    """*path* in *directory*, as a path from the root."""
    return posixpath.normpath(posixpath.join("/", directory, path))
