"""What runs in the container of a compose service: its image, environment, user and commands, taken together."""

from __future__ import annotations

import posixpath

from pycache_hooks import bases, programs
from pycache_hooks.readers import images, interpolation, shell
from pycache_hooks.readers.compose import Setting
from pycache_hooks.readers.files import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pycache_hooks.readers.compose import Mount, Service
    from pycache_hooks.readers.files import Files
    from pycache_hooks.readers.images import Image, Process, Stage
    from pycache_hooks.readers.shell import Command

MAX_PROGRAMS = 20
"""Programs of a service that are looked for in the repository, one script leading to the next."""

_HANDED_OVER = ("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile", ".envrc", "Taskfile.yml")
"""Files, next to those of variables, that set what a compose file takes from the environment."""


_CONFIGURATION = (
    "pyproject.toml pytest.toml .pytest.toml pytest.ini .pytest.ini tox.ini tox.toml setup.cfg mypy.ini .mypy.ini ruff.toml "
    ".ruff.toml .coveragerc"
).split()
_SYSTEM = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")


class Container:
    """A *service* as it runs. *stage*: what its image is built as, if that is known.

    ``base``: the image that it starts from, without registry of Docker's own and tag. ``environment``: by name; the value is
    None where only whoever starts it knows it. ``user``, ``workdir``: ``""`` if the base image decides; the user is None if
    nobody knows. ``commands``: what it starts, and what the scripts run that are started; ``certain``: those of them that do
    not depend on what a script is told. ``unread``: programs among these that may be scripts and are not in the repository.
    ``configuration``: the text of what configures the tools that run.
    """

    __slots__ = (
        "base",
        "certain",
        "commands",
        "configuration",
        "environment",
        "lineage",
        "service",
        "stage",
        "unread",
        "user",
        "workdir",
    )

    def __init__(self, service: Service, stage: Stage | None, base: str) -> None:
        self.service = service
        self.stage = stage
        self.base = base
        self.lineage = _lineage(stage)
        self.workdir = service.working_dir or (stage.workdir if stage else "")
        self.environment = _environment(service, stage)
        self.user = _user(service, stage)
        self.commands: list[Command] = []
        self.certain: list[Command] = []
        self.unread: list[str] = []
        self.configuration = ""

    def setting(self, name: str) -> Setting | None:
        """What sets the variable *name*: None if nothing does; its value is None if nobody knows whether something does."""
        found = self.environment.get(name)
        if self.service.open and name not in self.service.environment:
            return Setting(None, self.service.line, self.service.path)
        return found

    def place(self, path: str) -> str | None:
        """Where in the repository *path* of the container lies, if something of the repository is mounted there."""
        path = posixpath.normpath(posixpath.join(self.workdir or "/", path))
        mount = covering(self.service.volumes.values(), path)
        return None if mount is None or mount.source is None else _below(mount.source, mount.target, path)


class Reader:
    """Makes containers of services; each Dockerfile is read once for the same arguments."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._inline: dict[tuple[object, ...], Image | None] = {}
        self._copies: dict[tuple[Stage | None, str], list[tuple[str, str, str]]] = {}

    def container(self, service: Service) -> Container:
        """What runs for *service*."""
        stage, base = self._image(service)
        container = Container(service, stage, base)
        direct = _started(service, stage)
        handed: dict[str, str] = {}
        waiting = [word for command in direct for word in programs_of(command)]
        seen: set[str] = set()
        while waiting and len(seen) < MAX_PROGRAMS:
            word = waiting.pop(0)
            if word in seen or not _may_be_script(word):
                continue
            seen.add(word)
            text = self._script(container, word)
            if text is None:
                if ("/" in word or word.endswith(".sh")) and not programs.runs_python(shell.Command([word])):
                    container.unread.append(word)
            elif not word.endswith(".py"):
                more = _with(handed, _commands_of(text))
                handed |= _handed_on(more)
                container.commands += more
                container.certain += [] if _branches(text) else more
                waiting += [each for command in more for each in programs_of(command) if "/" in each]
        direct = _with(handed, direct)
        container.commands, container.certain = [*direct, *container.commands], [*direct, *container.certain]
        if any(programs.tools_run(command) for command in container.certain):
            container.configuration = "\n".join(self._configuration(container))
        return container

    def sets(self, service: Service, name: str) -> bool:
        """Whether the repository has a file that gives the variable *name* to whoever starts *service* with it."""
        directory = posixpath.dirname(service.path)
        places = list(dict.fromkeys((directory, "")))
        paths = [posixpath.join(place, each) for place in places for each in _HANDED_OVER]
        paths += [path for path in self._files.named(".env", "env.") if posixpath.dirname(path) in places]
        texts = (self._files.text(path) or "" for path in paths if self._files.project.tracks(path))
        return any(_sets(line, name) for text in texts for line in text.splitlines())

    def _configuration(self, container: Container) -> Iterator[str]:
        """What the configuration files in the working directory say, as far as that is mounted or copied."""
        for name in _CONFIGURATION:
            text = self._script(container, posixpath.join(container.workdir or "/", name))
            if text is not None:
                yield text

    def _image(self, service: Service) -> tuple[Stage | None, str]:
        """The stage that the image of *service* is built as, and the name of the image that this starts from."""
        build = service.build
        if build is None:
            return None, bases.repository(service.image or "")[0]
        if build.inline:
            key = build.inline, *sorted(build.arguments.items())
            if key not in self._inline:
                self._inline[key] = _read(build.inline, build.arguments)
            image = self._inline[key]
        else:
            image = self._files.dockerfile(build.dockerfile, build.arguments) if build.dockerfile else None
        stage = (image.stage(build.target) if build.target else image.final) if image else None
        return stage, bases.repository(_lineage(stage)[-1].base)[0] if stage else ""

    def _script(self, container: Container, word: str) -> str | None:
        """What the script says that *word* starts: one of the work tree mounted there, or one copied into the image."""
        path = posixpath.normpath(posixpath.join(container.workdir or "/", word))
        mount = covering(container.service.volumes.values(), path)
        if mount and "/" in word:
            return None if mount.source is None else self._files.text(_below(mount.source, mount.target, path) or "")
        texts = (self._files.text(each) for each in self._copied(container, word, path))
        return next((text for text in texts if text is not None), None)

    def _copied(self, container: Container, word: str, path: str) -> Iterator[str]:
        """The files of the build context that may lie at *path* in the image; a *word* without a slash is looked for on PATH."""
        build = container.service.build
        if build is None or build.context is None:
            return
        key = container.stage, build.context
        if key not in self._copies:
            self._copies[key] = list(_copies(container.lineage, build.context))
        for place, target, name in self._copies[key]:
            if self._files.is_dir(place):
                yield _below(place, target, path) or ""
            elif path in (target, posixpath.join(target, name)) or word == name:
                yield place


def _copies(lineage: Iterable[Stage], context: str) -> Iterator[tuple[str, str, str]]:
    """Of each source that is copied from *context*, the last first: where it lies, where it is put, and its name."""
    for stage in lineage:
        for copy in reversed(stage.copies):
            target = posixpath.normpath(posixpath.join(stage.workdir or "/", copy.target))
            for source in copy.sources if copy.origin is None else ():
                yield posixpath.normpath(posixpath.join(context, source)), target, posixpath.basename(source)


def _read(text: str, arguments: Mapping[str, str]) -> Image | None:
    try:
        return images.read(text, arguments)
    except Unreadable:
        return None


def covering(mounts: Iterable[Mount], path: str) -> Mount | None:
    """Of *mounts* the one that *path* lies in: the deepest."""
    above = [mount for mount in mounts if is_below(path, mount.target)]
    return max(above, key=lambda mount: len(mount.target), default=None)


def is_below(path: str, directory: str) -> bool:
    """Whether *path* is *directory*, or lies in it; both absolute and normal, or both relative to the same place."""
    return path == directory or not directory or path.startswith(f"{directory.rstrip('/')}/")


def programs_of(command: Command) -> Iterator[str]:
    """The words of *command* that may be a program: the first, what a shell is given, and what stands behind ``--``."""
    words = programs.unwrapped(command).words
    for start in (0, *(at + 1 for at, word in enumerate(words) if word == "--")):
        rest = words[start:]
        if rest and posixpath.basename(rest[0]) in (*shell.SHELLS, ".", "source"):
            scripts = [] if "-c" in rest else [word for word in rest[1:] if not word.startswith("-")]
            rest = [word if "/" in word else f"./{word}" for word in scripts]
        if rest:
            yield rest[0]


def _may_be_script(word: str) -> bool:
    return bool(word) and "$" not in word and not word.startswith(("-", *_SYSTEM))


def _commands_of(text: str) -> list[Command]:
    """What a script runs; of one in another language than a shell's, that it runs that."""
    first = text.partition("\n")[0]
    if first.startswith("#!") and not first.rstrip().endswith("sh"):
        return [shell.Command(first[2:].split())]
    return shell.commands(text)


def _handed_on(commands: Iterable[Command]) -> dict[str, str]:
    """What a script of these *commands* has exported where it ends in running its arguments, as entry points do."""
    ends = (command for command in commands if programs.unwrapped(command).words[:1] == ["$@"])
    return {name: value for command in ends for name, value in command.environment.items()}


def _with(environment: Mapping[str, str], commands: list[Command]) -> list[Command]:
    """The *commands* run in this *environment*, which their own assignments outrank."""
    if not environment:
        return commands
    return [
        shell.Command(each.words, each.line, {**environment, **each.environment}, each.outputs) for each in commands
    ]


def _branches(text: str) -> bool:
    """Whether a script runs this or that."""
    return any(line.lstrip().startswith(("case ", "if ", "elif ")) or "()" in line for line in text.splitlines())


def _started(service: Service, stage: Stage | None) -> list[Command]:
    """What the container starts; what stands behind an entrypoint is mostly what the entrypoint ends in, and counts too."""
    entrypoint = _process(service.entrypoint) if service.entrypoint is not None else stage.entrypoint if stage else None
    default = stage.cmd if stage and service.entrypoint is None else None
    command = _process(service.command) if service.command is not None else default
    if entrypoint is None or not (entrypoint.words or entrypoint.commands):
        return _run(command) if command else []
    if entrypoint.commands is not None or command is None:
        return _run(entrypoint)
    return [*shell.from_words([*entrypoint.words, *command.words]), *_run(command)]


def _process(words: list[str]) -> Process:
    return images.Process(words, 1, None)


def _run(process: Process) -> list[Command]:
    return shell.from_words(process.words) if process.commands is None else process.commands


def _lineage(stage: Stage | None) -> list[Stage]:
    """The stage, the one that it is built from, and so on."""
    found: list[Stage] = []
    while stage is not None:
        found.append(stage)
        stage = stage.parent
    return found


def _environment(service: Service, stage: Stage | None) -> dict[str, Setting]:
    path = (service.build.dockerfile if service.build else None) or service.path
    found = {
        name: Setting(None if variable.unknown else variable.value, variable.line, path)
        for name, variable in (stage.variables if stage else {}).items()
    }
    for name, setting in service.environment.items():
        known = setting.value is not None and interpolation.is_known(setting.value)
        found[name] = setting if known else Setting(None, setting.line, setting.path)
    return found


def _user(service: Service, stage: Stage | None) -> str | None:
    given = (service.user.value if service.user else "") or (stage.user if stage else "")
    return None if "$" in given else given


def _below(source: str, target: str, path: str) -> str | None:
    """Where *path* lies in the repository, if *source* is what lies at *target*."""
    return (
        posixpath.normpath(posixpath.join(source, posixpath.relpath(path, target))) if is_below(path, target) else None
    )


def _sets(line: str, name: str) -> bool:
    """Whether *line* of a file of variables, a makefile or a script gives *name* a value."""
    words = line.split()
    exported = words[:1] == ["export"] and name in words
    assigned = words[:1] == [name] and len(words) > 1 and words[1] in ("=", ":=", "?=", "::=")
    return exported or assigned or any(word.startswith((f"{name}=", f"{name}:=", f"{name}?=")) for word in words)
