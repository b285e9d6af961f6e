"""Compose files: the services that come out of them, as Docker Compose puts them together.

That is the Compose Specification, https://github.com/compose-spec/compose-spec/blob/main/spec.md, with what compose-go
does where it is silent. Nothing depends on who runs this: only tracked files are read, and of the variables only those
that they set are known. One that is left to the environment stays as ``${NAME}``.
"""

from __future__ import annotations

import posixpath

from pycache_hooks.readers import interpolation
from pycache_hooks.readers.files import Unreadable
from pycache_hooks.readers.yaml import List, Map, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pycache_hooks.readers.files import Files
    from pycache_hooks.readers.yaml import Value

BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""The first of each that is there is what Docker Compose reads when it is given no file."""

EXAMPLES = ("example", "sample", "template", "dist", "tmpl", "default", "defaults")
"""Words in the name of a file that everybody copies to another name and changes, so that the copy is not tracked."""

MAX_TOGETHER = 2 << 20
"""Characters and settings that may come together in one project: aliases, variables and ``extends`` multiply them."""

MAX_CHAIN = 50
"""Services that extend one another, and files that include one another."""

_RESET, _OVERRIDE = "!reset", "!override"
_SEPARATORS = str.maketrans("._-", "   ")
_INCLUDING = 200
"""What a file that is included counts as, besides what is in it: two that include the next twice double with each level."""

_DEFAULTING = ("", ":-", "-")
_TRUE = ("true", "yes", "on", "y", "1")


class Setting:
    """A *value* and where it is written; None: whoever starts the service decides.

    *written*: with its variables. *blank*: those of them of which nothing is left, unless whoever starts it sets them.
    """

    __slots__ = ("blank", "line", "path", "value", "written")

    def __init__(self, value: str | None, line: int, path: str, written: str = "", blank: tuple[str, ...] = ()) -> None:
        self.value = value
        self.line = line
        self.path = path
        self.written = written
        self.blank = blank


class Mount:
    """What lies at *target* in the container, and where that is written.

    *source*: a path of the repository, relative to its root; None: a volume, or something that lies elsewhere.
    """

    __slots__ = ("line", "path", "read_only", "source", "target")

    def __init__(self, source: str | None, target: str, line: int, path: str, *, read_only: bool = False) -> None:
        self.source = source
        self.target = target
        self.line = line
        self.path = path
        self.read_only = read_only


class Build:
    """How an image is built. *fields*: ``context``, ``target``, ``dockerfile`` and ``dockerfile_inline``, as far as given.

    *directory*: the context unless one is given. A context outside of the repository is ``None``.
    """

    __slots__ = ("arguments", "directory", "fields")

    def __init__(self, directory: str, fields: dict[str, str | None], arguments: dict[str, str]) -> None:
        self.directory = directory
        self.fields = fields
        self.arguments = arguments

    @property
    def context(self) -> str | None:
        """The directory that is sent to the builder, relative to the root of the repository."""
        return self.fields.get("context", self.directory)

    @property
    def inline(self) -> str | None:
        """The text of the Dockerfile, if it is written into the compose file."""
        return self.fields.get("dockerfile_inline")

    @property
    def dockerfile(self) -> str | None:
        """The path of the Dockerfile; None if it is inline, or outside of the repository."""
        if self.context is None or self.inline is not None:
            return None
        return joined(self.context, self.fields.get("dockerfile") or "Dockerfile")

    @property
    def target(self) -> str:
        """The stage that is built, or ``""`` for the last."""
        return self.fields.get("target") or ""


class Service:
    """One service, as it is started. What no file says is None, or empty.

    ``complete``: everything that it is made from could be read. ``lists_environment``: its ``environment`` is a list.
    ``command``, ``entrypoint``: words; an empty list takes away the image's own. ``open``: one of the ``env_files`` is not
    here, with ``""`` for one outside of the repository, so that variables may be set which ``environment`` does not have.
    """

    __slots__ = (
        "build",
        "cleared",
        "command",
        "complete",
        "entrypoint",
        "env_files",
        "environment",
        "image",
        "line",
        "lists_environment",
        "name",
        "open",
        "path",
        "profiles",
        "user",
        "userns",
        "volumes",
        "working_dir",
    )

    def __init__(self, name: str, path: str, line: int) -> None:
        self.name = name
        self.path = path
        self.line = line
        self.complete = True
        self.image: str | None = None
        self.build: Build | None = None
        self.environment: dict[str, Setting] = {}
        self.lists_environment: bool | None = None
        self.env_files: list[str] = []
        self.open = False
        self.user: Setting | None = None
        self.userns: str | None = None
        self.working_dir: str | None = None
        self.volumes: dict[str, Mount] = {}
        self.command: list[str] | None = None
        self.entrypoint: list[str] | None = None
        self.profiles: list[str] = []
        self.cleared: set[str] = set()


class Project:
    """The *services*, by name, that come out of the compose files *paths*.

    ``parsed``: all compose files that were read for them; ``read``: these and the files of variables. ``used``: what files
    take from which: a path and the name of a service, or ``""`` where all of it is included.
    """

    __slots__ = ("parsed", "paths", "read", "services", "used")

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self.services: dict[str, Service] = {}
        self.parsed: set[str] = set(paths)
        self.read: set[str] = set(paths)
        self.used: set[tuple[str, str]] = set()


def alternatives(files: Files, paths: Sequence[str]) -> Iterator[tuple[Project, list[list[Service]]]]:
    """The projects of the compose files *paths*; each service in every way in which it may be meant to be put together.

    The files that Docker Compose finds by itself belong together. Any other may be started by itself or on top of them, if
    Docker Compose starts it so: what is wrong in both ways is wrong for sure. What others extend or include is theirs.
    """
    loaded = list(_loaded(files, paths))
    used = {each for alone, on_base in loaded for each in alone.used | (on_base.used if on_base else set())}
    for alone, on_base in loaded:
        path = alone.paths[0]
        if posixpath.basename(path) in BASES:
            yield alone, [[service] for service in alone.services.values() if _has_image(service)]
            continue
        projects = [
            project for project in (alone, on_base) if project and all(map(_has_image, project.services.values()))
        ]
        services = [
            [project.services[name] for project in projects if project.services[name].path == path]
            for name in alone.services
            if used.isdisjoint([(path, name), (path, "")])
        ]
        yield on_base or alone, [ways for ways in services if ways]


def _has_image(service: Service) -> bool:
    """Whether there is something to start: Docker Compose refuses a project where one service has neither of the two."""
    return bool(service.image or service.build)


def _loaded(files: Files, paths: Sequence[str]) -> Iterator[tuple[Project, Project | None]]:
    """The projects of each directory; of a file that Docker Compose does not find by itself, also as it is on top of the base."""
    directories: dict[str, list[str]] = {}
    for path in paths:
        directories.setdefault(posixpath.dirname(path), []).append(posixpath.basename(path))
    for directory, names in directories.items():
        base = next((name for name in BASES if name in names), "")
        override = next((name for name in OVERRIDES if base and name in names), "")
        here = [posixpath.join(directory, name) for name in (base, override) if name]
        if here:
            yield read(files, here), None
        for name in names:
            if name not in (base, override):
                path = posixpath.join(directory, name)
                on_base = base and name not in BASES
                yield read(files, [path]), read(files, [here[0], path]) if on_base else None


def read(files: Files, paths: Sequence[str]) -> Project:
    """The project of the compose files *paths*, of which a later one overrides what the ones before it say.

    What is wrong with a file goes to ``files.unreadable``; what can be made of the others is there all the same.
    """
    project = Project(tuple(paths))
    loader = _Loader(files, project)
    directory = posixpath.dirname(paths[0])
    try:
        project.services = loader.services(paths, directory, loader.variables(posixpath.join(directory, ".env")), ())
        builds = {
            service.image: service.build for service in project.services.values() if service.image and service.build
        }
        for service in project.services.values():
            service.build = service.build or builds.get(service.image or "")
            service.environment = loader.from_files(service) | service.environment
    except _TooMuch:
        files.unreadable.setdefault(paths[0], Unreadable(None, "more comes together than in any project"))
        project.services = {}
    return project


def joined(directory: str, path: str) -> str | None:
    """*path* in *directory*, relative to the root of the repository; None if it lies outside, or nobody knows where."""
    if path.startswith(("/", "~", "git@")) or "://" in path or not interpolation.is_known(path):
        return None
    normal = posixpath.normpath(posixpath.join(directory, path))
    if normal == ".." or normal.startswith("../"):
        return None
    return "" if normal == "." else normal


class _Scope:
    """Where something is written, and what it is read with: the *directory* of the project, and its *variables*.

    *spend*: told how much comes out of it.
    """

    __slots__ = ("directory", "path", "spend", "variables")

    def __init__(self, path: str, directory: str, variables: Mapping[str, str], spend: Callable[[int], None]) -> None:
        self.path = path
        self.directory = directory
        self.variables = variables
        self.spend = spend

    def text(self, value: Value) -> str | None:
        """A scalar with its variables put in."""
        return self._expanded(value, self.variables) if isinstance(value, Text) else None

    def place(self, value: Value) -> str:
        """A path, with its variables put in. The working directory is sure to be the project's own at the root only."""
        variables = self.variables if self.directory else {"PWD": ".", **self.variables}
        return self._expanded(value, variables) if isinstance(value, Text) else ""

    def _expanded(self, text: str, variables: Mapping[str, str]) -> str:
        self.spend(len(text))
        expanded = interpolation.expanded(text, variables)
        self.spend(len(expanded))
        return expanded

    def setting(self, value: Value) -> Setting | None:
        """A scalar that keeps where it is written, and how."""
        if not isinstance(value, Text):
            return None
        used = interpolation.names(value)
        blank = (
            name
            for name, operator, word in used
            if operator in _DEFAULTING and not word and not self.variables.get(name)
        )
        return Setting(self.text(value), value.line, self.path, value, tuple(dict.fromkeys(blank)))


class _TooMuch(Exception):
    """More comes together than any project has."""


class _Loader:
    """Reads the files of one project."""

    def __init__(self, files: Files, project: Project) -> None:
        self._files = files
        self._project = project
        self._documents: dict[str, list[Map]] = {}
        self._services: dict[tuple[str, str, str], Service | None] = {}
        self._assigned: dict[str, dict[str, str | None] | None] = {}
        self._stand_ins: dict[str, str | None] = {}
        self._left = MAX_TOGETHER

    def services(
        self, paths: Sequence[str], directory: str, variables: Mapping[str, str], chain: tuple[str, ...]
    ) -> dict[str, Service]:
        """What *paths* come to, of which a later one overrides the ones before it. *chain*: the files that include them."""
        found: dict[str, Service] = {}
        for path in paths:
            scope = _Scope(path, directory, variables, self._spend)
            self._include(scope, found, (*chain, path))
            lines = {name: services.lines[name] for services in self._definitions(path) for name in services}
            for name, line in lines.items():
                try:
                    service = self._service(scope, name, ())
                except Unreadable as reason:
                    self._refuse(path, line, reason.reason)
                    continue
                if service is None:
                    found.pop(name, None)
                else:
                    found[name] = self._onto(found[name], service) if name in found else service
        return found

    def variables(self, path: str) -> dict[str, str]:
        """What the file of variables at *path* sets."""
        return {name: value for name, value in (self._assignments(path) or {}).items() if value is not None}

    def from_files(self, service: Service) -> dict[str, Setting]:
        """What the ``env_file`` of *service* sets; where it is not tracked, the example that it is copied from does.

        Where there is neither of the two the service is ``open``, and what an earlier file sets is not known any more.
        """
        found: dict[str, Setting] = {}
        for path in service.env_files:
            given = path if self._files.project.tracks(path) else self._stand_in(path)
            assigned = self._assignments(given) if given else None
            if assigned is None:
                service.open = True
                assigned = dict.fromkeys(found)
            self._spend(len(assigned))
            found |= {name: Setting(value, 0, given or path) for name, value in assigned.items()}
        return found

    def _stand_in(self, path: str) -> str | None:
        """The tracked example beside *path*: the same words in its name, and one that says what it is."""
        if path not in self._stand_ins:
            self._project.read.add(path)
            directory, name = posixpath.split(path)
            wanted = _name_words(name)
            beside = (each for each in self._files.configuring(*EXAMPLES) if posixpath.dirname(each) == directory)
            self._stand_ins[path] = next((each for each in beside if _is_example(each, wanted)), None)
        return self._stand_ins[path]

    def _assignments(self, path: str) -> dict[str, str | None] | None:
        """What the file of variables at *path* says; None where it is not tracked, or cannot be read."""
        if path not in self._assigned:
            self._project.read.add(path)
            text = self._files.text(path) if self._files.project.tracks(path) else None
            self._assigned[path] = None if text is None else interpolation.assignments(text, {})
        return self._assigned[path]

    def _tops(self, path: str) -> list[Map]:
        """The documents of the compose file at *path*: none if it is not tracked, or is no such file."""
        if path not in self._documents:
            self._project.parsed.add(path)
            self._project.read.add(path)
            values = (self._files.yaml(path) if self._files.project.tracks(path) else None) or []
            self._documents[path] = [value for value in values if isinstance(value, Map)]
            for value in values:
                if isinstance(value, List | Text):
                    self._refuse(path, value.line, "a compose file is a mapping")
        return self._documents[path]

    def _definitions(self, path: str) -> list[Map]:
        """What stands below ``services`` in each document of the file at *path*."""
        return [services for top in self._tops(path) if isinstance(services := top.get("services"), Map)]

    def _include(self, scope: _Scope, found: dict[str, Service], chain: tuple[str, ...]) -> None:
        """Add to *found* what the file of *scope* includes."""
        for top in self._tops(scope.path):
            for entry in _listed(top.get("include")):
                fields = entry if isinstance(entry, Map) else {"path": entry}
                paths = [path for each in _listed(fields.get("path")) if (path := self._tracked(scope, each))]
                if not paths:
                    continue
                if len(chain) > MAX_CHAIN or not set(paths).isdisjoint(chain):
                    self._refuse(scope.path, top.lines["include"], f"it includes {paths[0]}, which includes it")
                    return
                self._spend(_INCLUDING)
                self._project.used.update((path, "") for path in paths)
                directory = posixpath.dirname(paths[0])
                if fields.get("project_directory"):
                    directory = joined(scope.directory, scope.place(fields["project_directory"])) or ""
                variables: dict[str, str] = {}
                for each in _listed(fields.get("env_file")) or [None]:
                    path = joined(scope.directory, scope.place(each)) if each else posixpath.join(directory, ".env")
                    variables |= self.variables(path or "")
                found.update(self.services(paths, directory, variables | dict(scope.variables), chain))

    def _service(self, scope: _Scope, name: str, chain: tuple[tuple[str, str, str], ...]) -> Service | None:
        """The service *name* of the file of *scope*, with what it extends. Raises Unreadable for a ring of them."""
        key = (scope.path, scope.directory, name)
        if key in self._services:
            return self._services[key]
        if key in chain:
            raise Unreadable(None, f"the service {name} extends itself")
        if len(chain) == MAX_CHAIN:
            raise Unreadable(None, f"more than {MAX_CHAIN} services extend one another")
        result: Service | None = None
        for services in self._definitions(scope.path):
            definition = services.get(name)
            if isinstance(definition, Map):
                self._spend(sum(len(value) for value in definition.values() if value))
                layer = _layer(scope, name, definition, services.lines[name])
                if definition.get("extends") is not None:
                    layer = self._extended(scope, definition["extends"], layer, (*chain, key))
                result = self._onto(result, layer) if result else layer
        self._services[key] = result
        return result

    def _extended(
        self, scope: _Scope, extends: Value, layer: Service, chain: tuple[tuple[str, str, str], ...]
    ) -> Service:
        """What *layer* comes to on top of the service that it extends."""
        fields = extends if isinstance(extends, Map) else {"service": extends}
        name, base = scope.text(fields.get("service")) or "", None
        if not fields.get("file"):
            base = self._service(scope, name, chain)
        elif path := self._tracked(scope, fields["file"]):
            self._project.used.add((path, name))
            base = self._service(_Scope(path, posixpath.dirname(path), scope.variables, self._spend), name, chain)
        if base:
            return self._onto(base, layer)
        layer.complete = False
        return layer

    def _onto(self, base: Service, over: Service) -> Service:
        """*over* on top of *base*: https://github.com/compose-spec/compose-spec/blob/main/13-merge.md."""
        merged = Service(over.name, over.path, over.line)
        merged.complete = base.complete and over.complete
        merged.cleared = base.cleared | over.cleared
        for field, key in _REPLACED.items():
            kept = None if key in over.cleared else getattr(base, field)
            given = getattr(over, field)
            setattr(merged, field, kept if given is None else given)
        merged.build = _rebuilt(None if "build" in over.cleared else base.build, over.build)
        merged.environment = {} if "environment" in over.cleared else _without(base.environment, over.cleared)
        merged.environment |= over.environment
        merged.volumes = ({} if "volumes" in over.cleared else base.volumes) | over.volumes
        merged.env_files = [*(() if "env_file" in over.cleared else base.env_files), *over.env_files]
        merged.profiles = [*(() if "profiles" in over.cleared else base.profiles), *over.profiles]
        self._spend(len(merged.environment) + len(merged.volumes) + len(merged.env_files))
        return merged

    def _tracked(self, scope: _Scope, value: Value) -> str | None:
        """The path of a compose file of the repository, or None."""
        path = joined(scope.directory, scope.place(value))
        return path if path and self._files.project.tracks(path) else None

    def _refuse(self, path: str, line: int, reason: str) -> None:
        self._files.unreadable.setdefault(path, Unreadable(line, reason))

    def _spend(self, entries: int) -> None:
        self._left -= entries
        if self._left < 0:
            raise _TooMuch


_REPLACED = {
    "image": "image",
    "user": "user",
    "userns": "userns_mode",
    "working_dir": "working_dir",
    "command": "command",
    "entrypoint": "entrypoint",
    "lists_environment": "environment",
}
"""The fields of a service of which the last one given counts, and the keys that they are read from."""


def _rebuilt(base: Build | None, over: Build | None) -> Build | None:
    if base is None or over is None:
        return over or base
    return Build(base.directory, base.fields | over.fields, base.arguments | over.arguments)


def _without(environment: dict[str, Setting], cleared: set[str]) -> dict[str, Setting]:
    return {name: setting for name, setting in environment.items() if f"environment.{name}" not in cleared}


def _layer(scope: _Scope, name: str, definition: Map, line: int) -> Service:
    """What one definition of a service says by itself."""
    service = Service(name, scope.path, line)
    if definition.tag == _OVERRIDE:
        service.cleared.update(_FIELDS)
    for key, value in definition.items():
        tag = "" if value is None else value.tag
        if tag in (_RESET, _OVERRIDE):
            service.cleared.add(key)
        if key in _FIELDS and tag != _RESET:
            _FIELDS[key](service, scope, value)
    return service


def _environment(service: Service, scope: _Scope, value: Value) -> None:
    service.lists_environment = isinstance(value, List)
    for name, setting in _pairs(scope, value):
        if setting is None:
            service.cleared.add(f"environment.{name}")
        else:
            service.environment[name] = setting


def _pairs(scope: _Scope, value: Value) -> Iterator[tuple[str, Setting | None]]:
    """The variables of a mapping or a list of ``NAME=value``; None for one that is to be taken away."""
    if isinstance(value, List):
        for item, line in zip(value, value.lines, strict=True):
            name, equals, after = (scope.text(item) or "").partition("=")
            if name:
                yield name, Setting(after if equals else scope.variables.get(name), line, scope.path)
    elif isinstance(value, Map):
        for name, item in value.items():
            given = scope.variables.get(name) if item is None else scope.text(item)
            reset = isinstance(item, Text) and item.tag == _RESET
            yield name, None if reset else Setting(given, value.lines[name], scope.path)


def _env_files(service: Service, scope: _Scope, value: Value) -> None:
    for item in _listed(value):
        path = scope.place(item.get("path") if isinstance(item, Map) else item)
        service.env_files.append(joined(scope.directory, path) or "")


def _name_words(name: str) -> list[str]:
    return sorted(name.translate(_SEPARATORS).split())


def _is_example(path: str, wanted: list[str]) -> bool:
    """Whether the name of *path* has the *wanted* words, and one of `EXAMPLES`."""
    words = _name_words(posixpath.basename(path))
    return any(sorted([*wanted, word]) == words for word in EXAMPLES)


def _build(service: Service, scope: _Scope, value: Value) -> None:
    if isinstance(value, Text):
        service.build = Build(scope.directory, {"context": joined(scope.directory, scope.place(value))}, {})
    elif isinstance(value, Map):
        fields = {
            key: scope.text(value[key]) for key in ("dockerfile", "dockerfile_inline", "target") if value.get(key)
        }
        if value.get("context"):
            fields["context"] = joined(scope.directory, scope.place(value["context"]))
        given = ((name, setting.value) for name, setting in _pairs(scope, value.get("args")) if setting)
        known = {name: text for name, text in given if text is not None and interpolation.is_known(text)}
        service.build = Build(scope.directory, fields, known)


def _volumes(service: Service, scope: _Scope, value: Value) -> None:
    for item in _listed(value):
        mount = _long_mount(scope, item) if isinstance(item, Map) else _short_mount(scope, item)
        if mount.target:
            service.volumes[mount.target] = mount


def _tmpfs(service: Service, scope: _Scope, value: Value) -> None:
    for item in _listed(value):
        target = _target((scope.text(item) or "").partition(":")[0])
        service.volumes[target] = Mount(None, target, _line(item), scope.path)


def _short_mount(scope: _Scope, value: Value) -> Mount:
    """``[SOURCE:]TARGET[:MODE]``; a source that is no path is the name of a volume."""
    parts = scope.place(value).split(":")
    if len(parts) > 1 and len(parts[0]) == 1 and parts[0].isalpha():
        parts[:2] = ["/"]  # a drive of Windows, outside of any repository
    source, target, modes = parts[0], parts[1:2], parts[2:]
    bound = joined(scope.directory, source) if target and source.startswith(".") else None
    read_only = "ro" in ",".join(modes).split(",")
    return Mount(bound, _target(target[0] if target else source), _line(value), scope.path, read_only=read_only)


def _long_mount(scope: _Scope, fields: Map) -> Mount:
    source = scope.place(fields.get("source"))
    bound = joined(scope.directory, source) if source and scope.text(fields.get("type")) == "bind" else None
    read_only = (scope.text(fields.get("read_only")) or "").lower() in _TRUE
    target = _target(scope.place(fields.get("target")))
    return Mount(bound, target, fields.line, scope.path, read_only=read_only)


def _words(scope: _Scope, value: Value) -> list[str] | None:
    """A command: what Docker Compose splits into words, or a list of them. Null is none."""
    if isinstance(value, Text):
        return interpolation.words(scope.text(value) or "")
    return [scope.text(word) or "" for word in value] if isinstance(value, List) else None


def _target(path: str) -> str:
    return posixpath.normpath(path) if path else ""


def _listed(value: Value) -> list[Value]:
    """The items of a list, or the only one."""
    return [] if value is None else list(value) if isinstance(value, List) else [value]


def _line(value: Value) -> int:
    return 0 if value is None else value.line


def _set(field: str, read: Callable[[_Scope, Value], object]) -> Callable[[Service, _Scope, Value], None]:
    return lambda service, scope, value: setattr(service, field, read(scope, value))


_FIELDS: dict[str, Callable[[Service, _Scope, Value], None]] = {
    "image": _set("image", _Scope.text),
    "user": _set("user", _Scope.setting),
    "userns_mode": _set("userns", _Scope.text),
    "working_dir": _set("working_dir", _Scope.text),
    "command": _set("command", _words),
    "entrypoint": _set("entrypoint", _words),
    "profiles": _set("profiles", lambda scope, value: [scope.text(item) for item in _listed(value)]),
    "environment": _environment,
    "env_file": _env_files,
    "build": _build,
    "volumes": _volumes,
    "tmpfs": _tmpfs,
}
