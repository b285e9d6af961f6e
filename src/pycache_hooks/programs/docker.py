"""What ``docker run`` starts, and what of the host it mounts."""

from __future__ import annotations

from pycache_hooks.programs import name_of, split_options, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycache_hooks.readers.shell import Command


class DockerRun:
    """``docker run`` and ``docker create``, of Docker, Podman (``program``) or nerdctl.

    ``mounts``: (source, target, read only) of each bind mount and named volume, as they are written. ``environment``: a
    variable that is passed on from outside is there as ``$NAME`` unless the command itself sets it. ``words``: the command
    in the container, with its ``--entrypoint``.
    """

    __slots__ = ("environment", "environment_files", "image", "mounts", "program", "user", "words", "working_directory")

    def __init__(self, program: str) -> None:
        self.program = program
        self.mounts: list[tuple[str, str, bool]] = []
        self.user: str | None = None
        self.environment: dict[str, str] = {}
        self.environment_files: list[str] = []
        self.working_directory = ""
        self.image = ""
        self.words: list[str] = []

    def __repr__(self) -> str:
        return f"<DockerRun {self.image}>"


_DOCKER_GLOBAL = frozenset(
    "-H --host -c --context --config -l --log-level --tlscacert --tlscert --tlskey -n --namespace -a --address --connection "
    "--identity --url --root --runroot --storage-driver --storage-opt --log-opt --cgroup-manager --network-cmd-path "
    "--runtime --tmpdir --data-root --snapshotter".split()
)
DOCKER_FLAGS = frozenset(
    "-d --detach -i --interactive -t --tty -P --publish-all -q --quiet --disable-content-trust --help --init "
    "--no-healthcheck --oom-kill-disable --privileged --read-only --rm --sig-proxy --use-api-socket".split()
)
"""The options of ``docker run`` that take no value."""

_PODMAN_FLAGS = frozenset(
    "--env-host --http-proxy --no-hostname --no-hosts --passwd --read-only-tmpfs --replace --rmi --rootfs --tls-verify "
    "--unsetenv-all".split()
)


class _Valued:
    """All options that are no flags."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return name not in DOCKER_FLAGS and name not in _PODMAN_FLAGS


def docker_run(command: Command) -> DockerRun | None:
    """What *command* starts in a container by ``docker run`` or ``docker create``; None if it is neither."""
    last = unwrapped(command)
    program = name_of("".join(last.words[:1]))
    if program not in ("docker", "podman", "nerdctl"):
        return None
    _, rest = split_options(last.words[1:], _DOCKER_GLOBAL, leading=True)
    rest = rest[1:] if rest[:1] == ["container"] else rest
    if rest[:1] not in (["run"], ["create"]):
        return None
    options, rest = split_options(rest[1:], _Valued(), leading=True)
    found = DockerRun(program)
    entrypoint = ""
    for name, value in options:
        entrypoint = value if name == "--entrypoint" else entrypoint
        _take(found, name, value, last.environment)
    found.image = "".join(rest[:1])
    found.words = [*([entrypoint] if entrypoint else []), *rest[1:]]
    return found


def _take(found: DockerRun, name: str, value: str, environment: Mapping[str, str]) -> None:
    if name in ("-v", "--volume"):
        found.mounts += _volume(value)
    elif name == "--mount":
        found.mounts += _mount(value)
    elif name in ("-u", "--user"):
        found.user = value
    elif name in ("-w", "--workdir"):
        found.working_directory = value
    elif name == "--env-file":
        found.environment_files.append(value)
    elif name in ("-e", "--env"):
        variable, equals, text = value.partition("=")
        found.environment[variable] = text if equals else environment.get(variable, f"${variable}")


def _split(text: str, separator: str) -> list[str]:
    """*text* at each *separator* that is not within ``${...}`` or ``$(...)``."""
    parts = [""]
    depth = 0
    for char in text:
        depth += (char in "{(") - (char in "})")
        if char == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _volume(value: str) -> list[tuple[str, str, bool]]:
    parts = _split(value, ":")
    if len(parts) > 2 and len(parts[0]) == 1 and parts[1].startswith(("\\", "/")):  # noqa: PLR2004 - a drive of Windows
        parts = [":".join(parts[:2]), *parts[2:]]
    if len(parts) == 1:
        return []
    return [(parts[0], parts[1], "ro" in ",".join(parts[2:]).split(","))]


def _mount(value: str) -> list[tuple[str, str, bool]]:
    fields: dict[str, str] = {}
    for field in _split(value, ","):
        key, equals, text = field.partition("=")
        fields[key] = text if equals else "true"
    if fields.get("type") != "bind":
        return []
    source = fields.get("source") or fields.get("src", "")
    target = fields.get("target") or fields.get("destination") or fields.get("dst", "")
    return [(source, target, fields.get("readonly", fields.get("ro")) in ("true", "1"))]
