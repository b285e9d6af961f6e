"""What the services of compose files write into a work tree that is mounted into them, and as whom.

Something is said only where all that decides is known: the image is built here from one that sets nothing of its own, or
is such an image; the mount is one of a directory with Python sources; and what runs there runs Python for sure.
"""

from __future__ import annotations

import posixpath

from pycache_hooks import bases, catalog, prevention, programs, rules
from pycache_hooks.findings import Finding, listed
from pycache_hooks.prevention import DONT_WRITE, PREFIX
from pycache_hooks.readers import containers, shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pycache_hooks.readers.compose import Mount, Setting
    from pycache_hooks.readers.containers import Container
    from pycache_hooks.readers.imports import Imports
    from pycache_hooks.readers.project import Project
    from pycache_hooks.readers.shell import Command

PYTHON = "Python"
_IDLE = frozenset("bash sh zsh ash dash sleep tail cat : true".split())
_DOUBTFUL = "mkdocs"
"""It imports from the project only what its configuration may name."""

_PASSING = ("pass_env", "passenv")
"""Settings of tox that hand variables on."""

_SWITCHING = frozenset("gosu su-exec su runuser setpriv s6-setuidgid sudo setuser chroot uwsgi".split())
_SWITCHING_OPTIONS = ("--uid", "--user", "--gid", "--group")
"""How a program that is started by root goes on as somebody else: in its configuration too, as uwsgi does."""

_UNEXPORTED = ("UID", "GID", "EUID", "EGID")
_KEEPING = "keep-id"
_PODMAN = "podman-compose"
_ROOTS = ("/root", "/var/run/docker.sock", "/run/docker.sock")
"""What is mounted for root alone: a service that has it is not to run as somebody else."""

_CACHING = frozenset(
    row.tool for row in catalog.CACHES if row.kind == catalog.TOOL_CACHE and row.prune == catalog.ALWAYS
)
"""Tools whose caches are nothing but caches: the results that coverage writes may be wanted."""

_IN_COMMAND = f"# in the command itself: {DONT_WRITE}=1 or python -B"
"""The repair where a command overrides what the service sets, or lets Python ignore it."""

USER = 'user: "${HOST_UID:?}:${HOST_GID:?}"  # export HOST_UID=$(id -u) HOST_GID=$(id -g)'


def judge(container: Container, imports: Imports) -> list[Finding]:
    """What the service of *container* leaves in the work tree that *imports* is about."""
    if not container.service.complete:
        return []
    mounts = [mount for mount in container.service.volumes.values() if _concerns(container, mount, imports.project)]
    python = mounts if mounts and runs_python(container, imports) else []
    tools = list(_tool_caches(container))
    at = _mount_at(container, container.workdir) if tools else None
    return [*_bytecode(container, python, imports), *tools, *_as_root(container, python[0] if python else at)]


def blank_user(container: Container, sets: Callable[[str], bool]) -> list[Finding]:
    """A ``user:`` of which nothing is left. *sets*: whether a file hands a variable over to whoever starts the service."""
    user = container.service.user
    names = [name for name in user.blank if name in _UNEXPORTED and not sets(name)] if user else []
    if user is None or not names:
        return []
    message = f"`user: {user.written}` comes out blank: shells do not export {' and '.join(names)}"
    return [Finding(user.path, user.line, rules.BLANK_USER, message, USER)]


def together(found: Iterable[tuple[str, Finding]]) -> list[Finding]:
    """One finding for each place and fault, with the names of all services that it was *found* for."""
    services: dict[tuple[str, int | None, str, str], dict[str, str]] = {}
    for name, finding in found:
        key = finding.path, finding.line, finding.code, finding.message
        services.setdefault(key, {}).setdefault(name, finding.fix)
    return [
        Finding(path, line, code, f"{listed(list(fixes))}: {message}", next(iter(fixes.values())))
        for (path, line, code, message), fixes in services.items()
    ]


def runs_python(container: Container, imports: Imports) -> bool:
    """Whether Python runs in *container*: by its commands, or as an image of Python's that idles or starts an unknown script."""
    if any(_imports(container, command, imports) for command in container.commands):
        return True
    return (_idles(container) or bool(container.unread)) and _is_python(container)


def _idles(container: Container) -> bool:
    """Whether *container* is there to run commands in by hand."""
    first = [word for command in container.commands for word in programs.unwrapped(command).words[:1]]
    return bool(first) and all(posixpath.basename(word) in _IDLE for word in first)


def _imports(container: Container, command: Command, imports: Imports) -> bool:
    environment = {*container.environment, *command.environment}
    return imports.by(command, environment, container.place) and _DOUBTFUL not in programs.unwrapped(command).words


def _is_python(container: Container) -> bool:
    if container.base in bases.WITH_PYTHON:
        return True
    commands = (command for stage in container.lineage for run in stage.runs for command in run.commands)
    return container.base in bases.SYSTEMS and any(programs.runs_python(command) for command in commands)


def _concerns(container: Container, mount: Mount, project: Project) -> bool:
    """Whether *mount* lets Python, where it runs in *container*, write beside sources of the repository."""
    if mount.source is None or mount.read_only or not _is_used(container, mount, project):
        return False
    volumes = container.service.volumes.values()
    places = (
        posixpath.join(mount.target, source.removeprefix(mount.source).lstrip("/"))
        for source in project.sources_in(mount.source)
    )
    return any(containers.covering(volumes, place) is mount for place in places)


def _is_used(container: Container, mount: Mount, project: Project) -> bool:
    """Whether what runs imports from *mount*: its working directory lies there, or a command or PYTHONPATH names it.

    A directory in the working directory is imported if it is a package, or where sources are kept apart.
    """
    target, workdir, name = mount.target, container.workdir, posixpath.basename(mount.target)
    if len(workdir) > 1 and containers.is_below(workdir, target):
        return True
    path = container.environment.get("PYTHONPATH")
    words = [word for command in container.commands for word in command.words]
    if any(
        containers.is_below(posixpath.normpath(word), target) for word in [*words, *_paths(path)] if word[:1] == "/"
    ):
        return True
    if len(workdir) > 1:
        inside = containers.is_below(target, workdir)
        package = project.tracks(posixpath.join(mount.source or "", "__init__.py")) or name == "src"
        return inside and (package or any(word == name or word.startswith(_within(name)) for word in words))
    return _idles(container)


def _paths(setting: Setting | None) -> list[str]:
    return ((setting.value if setting else "") or "").split(":")


def _within(name: str) -> tuple[str, ...]:
    return f"{name}.", f"{name}:", f"{name}/", f"./{name}/"


def _bytecode(container: Container, mounts: list[Mount], imports: Imports) -> Iterator[Finding]:
    """Bytecode that goes into the work tree."""
    if not mounts:
        return
    if _is_open(container, (DONT_WRITE, PREFIX)):
        return
    if container.base not in bases.PLAIN and container.environment.keys().isdisjoint((DONT_WRITE, PREFIX)):
        return
    environment = _known(container)
    commands = [command for command in container.commands if _imports(container, command, imports)]
    commands = commands or [shell.Command(["python"])]
    writing = [command for command in commands if not _stays_out(command, environment, container)]
    if writing:
        mount, more = mounts[0], len(mounts) - 1
        others = f" and {more} more" if more else ""
        reason = _reason({**environment, **programs.unwrapped(writing[0]).environment})
        message = f"Python writes its bytecode into {_shown(mount)}{others}{reason}"
        set_right = {**environment, DONT_WRITE: "1"}
        fix = _setting(container, DONT_WRITE, "1")
        if any(_is_tox(command) for command in writing):
            fix = prevention.TOX_SETTING
        elif not all(_stays_out(command, set_right, container) for command in writing):
            fix = _IN_COMMAND
        yield _finding(rules.SERVICE_WRITES, mount, message, fix)


def _is_open(container: Container, names: Iterable[str]) -> bool:
    """Whether nobody knows what one of the variables *names* comes to."""
    return any(setting.value is None for setting in map(container.setting, names) if setting)


def _stays_out(command: Command, environment: Mapping[str, str], container: Container) -> bool:
    """Whether *command* of *container* leaves no bytecode in what is mounted."""
    prevented = programs.prevented(PYTHON, command, environment)
    if _is_tox(command):
        said = container.configuration
        return (
            not said or DONT_WRITE in said or PREFIX in said or (prevented and any(word in said for word in _PASSING))
        )
    if not prevented:
        return False
    force = {**environment, **programs.unwrapped(command).environment}
    if prevention.dont_write(force.get(DONT_WRITE)) or PREFIX not in force:
        return True
    return _mount_at(container, posixpath.normpath(force[PREFIX])) is None


def _is_tox(command: Command) -> bool:
    return "tox" in programs.tools_run(command)


def _reason(environment: Mapping[str, str]) -> str:
    """What is in force that seems to prevent it."""
    if DONT_WRITE in environment:
        return f": {DONT_WRITE}={environment[DONT_WRITE]} switches nothing off"
    if PREFIX in environment:
        flaw = prevention.prefix_flaw(environment[PREFIX]) or "that is mounted, too"
        return f": {PREFIX}={environment[PREFIX]}: {flaw}"
    return ""


def _tool_caches(container: Container) -> Iterator[Finding]:
    """Caches of tools that go into the work tree."""
    mount = _mount_at(container, container.workdir)
    if mount is None or container.base not in bases.PLAIN:
        return
    environment = _known(container)
    for command in container.certain:
        for tool in _CACHING.intersection(programs.tools_run(command)):
            row = prevention.prevention(tool)
            if any(word in container.configuration for word in prevention.MOVING.get(tool, ())) or (
                row and _is_open(container, row.variables)
            ):
                continue
            if not programs.prevented(tool, command, {**environment, **command.environment}):
                message = f"{tool} writes its cache into {_shown(mount)}"
                set_right = {**environment, **(dict([row.setting]) if row else {}), **command.environment}
                fix = _setting(container, *row.setting) if row and programs.prevented(tool, command, set_right) else ""
                yield _finding(rules.SERVICE_TOOL_CACHE, mount, message, fix)


def _as_root(container: Container, mount: Mount | None) -> Iterator[Finding]:
    """Files that belong to root on the host."""
    user, service = container.user, container.service
    if (
        mount is None
        or user is None
        or not programs.is_root(user)
        or (service.userns or "").startswith(_KEEPING)
        or posixpath.basename(service.path).startswith(_PODMAN)  # there, root is whoever starts it
        or any(containers.is_below(target, place) for target in service.volumes for place in _ROOTS)
        or _idles(container)  # what is done in there by hand may need root
    ):
        return
    if (not user and container.base not in bases.PLAIN) or (container.service.user and container.service.user.blank):
        return
    words = {posixpath.basename(word) for command in container.commands for word in command.words}
    if (
        container.unread
        or not _SWITCHING.isdisjoint(words)
        or any(word.startswith(_SWITCHING_OPTIONS) for word in words)
    ):
        return
    message = f"runs as root: what it writes into {_shown(mount)} belongs to root on the host"
    yield _finding(rules.SERVICE_AS_ROOT, mount, message, USER)


def _finding(code: str, mount: Mount, message: str, fix: str) -> Finding:
    return Finding(mount.path, mount.line, code, message, fix)


def _mount_at(container: Container, path: str) -> Mount | None:
    """What of the repository is mounted at *path* for writing."""
    mount = containers.covering(container.service.volumes.values(), path)
    return None if mount is None or mount.source is None or mount.read_only else mount


def _known(container: Container) -> dict[str, str]:
    return {name: setting.value for name, setting in container.environment.items() if setting.value is not None}


def _shown(mount: Mount) -> str:
    return f"{mount.source or '.'} (mounted on {mount.target})"


def _setting(container: Container, name: str, value: str) -> str:
    """The lines of the service that set a variable, in the form that its environment has."""
    given = _known(container).get(name) if name == prevention.PYTEST_OPTIONS else ""
    if given:
        value = f"{given} {value}".replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    quote = '"' if given else ""
    listed_so = f"- {quote}{name}={value}{quote}"
    return "environment:\n  " + (listed_so if container.service.lists_environment else f'{name}: "{value}"')
