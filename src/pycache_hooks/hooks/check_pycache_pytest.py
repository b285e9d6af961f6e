"""Check that pytest's cache settings say what they seem to say.

Judged are pytest.toml, .pytest.toml, pytest.ini, .pytest.ini, pyproject.toml, tox.ini and setup.cfg of every directory:
settings that do nothing, settings that contradict each other, and files that pytest does not read because of another.

Whether pytest may keep its cache is the team's choice. --require-disabled is for teams that have decided against it: then
each configuration has to say `-p no:cacheprovider`, or have its cache_dir outside of the work tree; or PYTEST_ADDOPTS does
so in tox.ini, or in every image and compose service that runs pytest.
"""

from __future__ import annotations

from pycache_hooks import checking, rules, selection
from pycache_hooks.console import guarded
from pycache_hooks.findings import Finding
from pycache_hooks.prevention import PYTEST_OPTIONS
from pycache_hooks.readers import contexts, pytest_configuration
from pycache_hooks.readers.files import Unreadable
from pycache_hooks.readers.project import is_template
from pycache_hooks.readers.pytest_configuration import HOMES
from pycache_hooks.rules import testing
from pycache_hooks.rules.testing import Launch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pycache_hooks.arguments import Option
    from pycache_hooks.readers.files import Files
    from pycache_hooks.readers.pytest_configuration import Home
    from pycache_hooks.readers.shell import Command

NAME = "check-pycache-pytest"

OPTIONS: tuple[Option, ...] = (
    (
        "--require-disabled",
        {"action": "store_true", "help": "demand that the cache is off, or outside of the work tree"},
    ),
    *selection.OPTIONS,
)

_PARTS = ("pytest.toml", "pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_CONFTEST = "conftest.py"
_REQUIRING = ("requirements", "setup.py", "Pipfile")
_DECIDED = "/"


class Settings(selection.Selection):
    """What one run is asked for."""

    require_disabled = False


class _Directory:
    """The configurations of one directory, in pytest's order; *mentions*: a file there names pytest.

    *incomplete*: one of the files cannot be read, so nobody knows which of them pytest reads.
    """

    __slots__ = ("homes", "incomplete", "mentions")

    def __init__(self) -> None:
        self.homes: list[Home] = []
        self.incomplete = False
        self.mentions = False

    @property
    def read(self) -> Home | None:
        """The one that pytest reads."""
        return next((home for home in self.homes if home.counts), None)

    @property
    def unknown(self) -> bool:
        """Whether nobody can say which of them that is, or pytest stops at one of them."""
        return self.incomplete or any(home.refused for home in self.homes)


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    return checking.run(NAME, __doc__, OPTIONS, Settings(), judge, argv)


def judge(files: Files, settings: Settings, names: Sequence[str] | None) -> list[Finding]:
    """What is wrong with pytest's configurations, of the directories of *names* if these are given."""
    wanted = None if names is None else {_directory(path) for path in names}
    found: list[Finding] = []
    directories: dict[str, _Directory] = {}
    for directory, paths in _places(files).items():
        if wanted is None or directory in wanted or settings.require_disabled:
            said, directories[directory] = _read(files, paths, everything=settings.require_disabled)
            found += said
            found += _judge(directories[directory])
    if settings.require_disabled:
        found += _left_on(files, directories)
    return [finding for finding in found if wanted is None or _directory(finding.path) in wanted]


def _places(files: Files) -> dict[str, list[str]]:
    """The directories that may hold pytest's configuration, with the files that may be it, in pytest's order."""
    places: dict[str, list[str]] = {}
    for path in files.configuring(*_PARTS):
        if path.rpartition("/")[2] in HOMES and not is_template(path):
            places.setdefault(_directory(path), []).append(path)
    for paths in places.values():
        paths.sort(key=_rank)
    return places


def _read(files: Files, paths: Iterable[str], *, everything: bool) -> tuple[list[Finding], _Directory]:
    """The configurations among *paths*, files of one directory; and a finding for each that cannot be read.

    A pyproject.toml is parsed if *everything* is, or if something may be wrong: it has a word of a cache in it, or pytest
    reads another file.
    """
    directory = _Directory()
    found: list[Finding] = []
    later = []
    for path in paths:
        text = files.text(path)
        if text is None:
            found += checking.unreadable(files, rules.TESTS_UNREADABLE, [path])
            directory.incomplete |= path in files.unreadable
            continue
        directory.mentions |= "pytest" in text
        if pytest_configuration.concerns(path, text):
            if (
                path.endswith("pyproject.toml")
                and not everything
                and "cache" not in text.lower().replace("pycache", "")
                and not pytest_configuration.may_be_refused(text)
            ):
                later.append((path, text))
            else:
                _parse(directory, path, text, found)
    for path, text in later if directory.read else ():
        _parse(directory, path, text, found)
    directory.homes.sort(key=lambda home: _rank(home.path))
    return found, directory


def _parse(directory: _Directory, path: str, text: str, found: list[Finding]) -> None:
    try:
        directory.homes.append(pytest_configuration.read(path, text))
    except Unreadable as why:
        directory.incomplete = True
        if not is_template(text):
            found.append(Finding(path, why.line, rules.TESTS_UNREADABLE, f"cannot be read: {why.reason}"))


def _judge(directory: _Directory) -> list[Finding]:
    found = testing.refused(directory.homes)
    found += [] if found or directory.incomplete else testing.hidden(directory.homes)
    for home in directory.homes:
        found += testing.judge(home)
    return found


def _left_on(files: Files, directories: dict[str, _Directory]) -> list[Finding]:
    """Where the cache is left on, for ``--require-disabled``: in the configurations, unless that is done elsewhere."""
    found = []
    for directory in directories.values():
        if directory.read and not directory.unknown and not _is_off_by_tox(directory, files.root):
            found += testing.left_on(directory.read, files.root)
    users = {_directory(path) for path in files.named(_CONFTEST) if _is_conftest(path)}
    users |= {name for name, directory in directories.items() if directory.mentions}
    if not any(directory.read or directory.unknown for directory in directories.values()):
        users |= _requiring(files)
    for place in sorted({_place(user, directories, files.root) for user in users} - {_DECIDED}):
        found.append(testing.nowhere_off(place, has_project=files.exists(_joined(place, "pyproject.toml"))))
    launches = _launches(files) if found else []
    on = [launch for launch in launches if not launch.is_off(files.root)]
    return found if len(on) == len(launches) else [testing.launched_with(launch) for launch in on]


def _requiring(files: Files) -> set[str]:
    """The directories of files that require pytest, such as requirements files."""
    from pycache_hooks.readers.project import requirements

    paths = (path for path in files.named(*_REQUIRING) if path.endswith((".txt", ".in", *_REQUIRING[1:])))
    return {_directory(path) for path in paths if "pytest" in requirements(path, files.text(path) or "")}


def _place(directory: str, directories: dict[str, _Directory], root: str) -> str:
    """Where a configuration for tests in *directory* should stand; `_DECIDED` if there is one there or above.

    That is the next directory above with files that may hold it, else the root.
    """
    place = ""
    above = [directory, *(directory[:at] for at in range(len(directory) - 1, 0, -1) if directory[at] == "/"), ""]
    for name in reversed(above):
        if name in directories:
            found = directories[name]
            if found.read or found.unknown or _is_off_by_tox(found, root):
                return _DECIDED
            place = name
    return place


def _is_off_by_tox(directory: _Directory, root: str) -> bool:
    return any(testing.sets_off(setting, root) for home in directory.homes for setting in home.variables)


def _launches(files: Files) -> list[Launch]:
    """The stages of Dockerfiles and the compose services that run pytest, or that say how it is to run."""
    found = [launch for path in contexts.dockerfiles(files) for launch in _of_dockerfile(files, path)]
    return found + _of_services(files) if files.projects else found


def _of_dockerfile(files: Files, path: str) -> Iterator[Launch]:
    image = files.dockerfile(path)
    for stage in image.stages if image else ():
        subject = f"stage {stage.name or stage.number}"
        for run in stage.runs:
            yield from _started(path, run.line, subject, run.commands, run.environment.get(PYTEST_OPTIONS, ""))
        variable = stage.variables.get(PYTEST_OPTIONS)
        addopts = (variable.value if variable else None) or ""
        yield from _started(path, stage.line, subject, stage.commands, addopts, default=True)


def _of_services(files: Files) -> list[Launch]:
    from pycache_hooks.readers import containers

    found = []
    reader = containers.Reader(files)
    for _, services in files.projects:
        for *_, service in services:
            container = reader.container(service)
            variable = container.setting(PYTEST_OPTIONS)
            addopts = (variable.value if variable else None) or ""
            place = service.path, service.line, f"service {service.name}"
            default = PYTEST_OPTIONS in service.environment
            form = testing.LISTED if service.lists_environment else testing.MAPPED
            launches = _started(*place, container.commands, addopts, default=default, form=form)
            is_open = variable is not None and variable.value is None
            found += [launch for launch in launches if not is_open or launch.is_off(files.root)]
    return found


def _started(  # noqa: PLR0913 - one argument a part of what starts it
    path: str,
    line: int,
    subject: str,
    commands: Iterable[Command],
    addopts: str,
    *,
    default: bool = False,
    form: str = testing.IMAGE,
) -> list[Launch]:
    """Each start of pytest among *commands*. *default*: if there is none, what *addopts* says to one that is given later."""
    from pycache_hooks import programs

    found = [
        Launch(path, line, subject, command.environment.get(PYTEST_OPTIONS, addopts), command.words, form=form)
        for command in commands
        if "pytest" in programs.tools_run(command)
    ]
    return found or ([Launch(path, line, subject, addopts, (), form=form)] if default and addopts else [])


def _is_conftest(path: str) -> bool:
    return path.rpartition("/")[2] == _CONFTEST and not is_template(path)


def _directory(path: str) -> str:
    return path.rpartition("/")[0]


def _joined(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _rank(path: str) -> int:
    return HOMES.index(path.rpartition("/")[2])
