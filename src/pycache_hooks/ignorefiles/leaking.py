"""Which caches a COPY of the build context takes along, because the ignore file lets them in."""

from __future__ import annotations

from pycache_hooks import catalog
from pycache_hooks.ignorefiles import exposure, leaks
from pycache_hooks.readers.project import CONFIGURATION
from pycache_hooks.readers.sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pycache_hooks.ignorefiles.leaks import Judged, Probe, Probes
    from pycache_hooks.readers.contexts import Context
    from pycache_hooks.readers.files import Files

    Imports = Callable[[str], bool]
    Leak = Callable[[str], "Leaking | None"]


_SETTINGS = (*CONFIGURATION, ".pre-commit-config.yaml", "ruff.toml", ".ruff.toml", "mypy.ini", "pytest.ini")
"""Files that configure tools, or require them."""


class Leaking:
    """An ignore *file* of the context *directory* that lets a *cache* in, and the *reason* for it."""

    __slots__ = ("cache", "directory", "file", "reason")

    def __init__(self, file: str, directory: str, cache: str, reason: str) -> None:
        self.file = file
        self.directory = directory
        self.cache = cache
        self.reason = reason


class Exposed:
    """What the ignore files of the *builds* let into their contexts; each file is judged once."""

    __slots__ = ("_builds", "_files", "_known", "_let_in", "_sources")

    def __init__(self, files: Files, builds: Iterable[Context]) -> None:
        self._builds: dict[str, list[Context]] = {}
        for build in builds:
            self._builds.setdefault(build.dockerfile, []).append(build)
        self._files = files
        self._sources = Sources(files.project)
        self._known: dict[str, Probes | None] = {}
        self._let_in: dict[tuple[str, str], dict[str, tuple[Probe, str]]] = {}

    def by(self, dockerfile: str, imports: Imports) -> Leak:
        """What leaks in with a source of a COPY in *dockerfile*; *imports*: whether that runs what imports a module.

        Where nothing is imported, nothing leaks: tools are hardly run there either.
        """
        judged = list(exposure.ignore_files(self._files.project, self._builds.get(dockerfile, []), self._known))

        def leak(source: str) -> Leaking | None:
            for each in judged:
                let_in = self._let_in_by(each)
                likely = (
                    path
                    for path, (probe, _) in let_in.items()
                    if not _is_of_modules(probe) or self._sources.holds_modules(_place(each, probe), imports)
                )
                cache = next(leaks.takes(source, likely), None)
                if cache and self._holds_modules(each, imports):
                    shown = cache.replace(leaks.UNKNOWN, "*")
                    return Leaking(each.file, each.build.directory, shown, let_in[cache][1])
            return None

        return leak

    def _holds_modules(self, judged: Judged, imports: Imports) -> bool:
        """Whether anything in the context is imported."""
        real = (_place(judged, probe) for probe in judged.probes.bytecode if _is_of_modules(probe))
        return any(self._sources.holds_modules(place, imports) for place in real)

    def _let_in_by(self, judged: Judged) -> dict[str, tuple[Probe, str]]:
        """The caches that the ignore file lets in, and why.

        Bytecode of packages comes first, then that of other directories, then the caches of tools that are in use, and then
        environments. Other caches, and results such as coverage's, are no reason to doubt a COPY.
        """
        key = (judged.file, judged.build.directory)
        if key not in self._let_in:
            let_in = leaks.let_in(judged, self._files.root)
            places = {_place(judged, probe) for probe, _ in let_in if probe.row is not leaks.PYCACHE}
            settings = {place: self._settings_in(place) for place in places}

            def rank(probe: Probe) -> int | None:
                place = _place(judged, probe)
                if probe.row is leaks.PYCACHE:
                    return 3 if leaks.UNKNOWN in place else 0 if self._sources.is_package(place) else 1
                if probe.row.kind == catalog.ENVIRONMENT:
                    return 4
                return 2 if probe.row.in_context and probe.row.tool in settings[place] else None

            ranked = [(place, probe, why) for probe, why in let_in if (place := rank(probe)) is not None]
            caches = self._let_in[key] = {}
            for _, probe, reason in sorted(ranked, key=lambda each: each[0]):
                caches.setdefault(probe.directory + probe.name, (probe, reason))
        return self._let_in[key]

    def _settings_in(self, place: str) -> str:
        """The names and texts of the files in the directory *place* that say which tools are in use there."""
        paths = [leaks.prefix_of(place) + name for name in _SETTINGS]
        return "\n".join(
            f"{path}\n{self._files.text(path) or ''}" for path in paths if self._files.project.tracks(path)
        )


def _is_of_modules(probe: Probe) -> bool:
    """Whether *probe* is bytecode in a directory that is there."""
    return probe.row is leaks.PYCACHE and leaks.UNKNOWN not in probe.directory


def _place(judged: Judged, probe: Probe) -> str:
    """The directory of *probe*, relative to the root of the repository."""
    return (leaks.prefix_of(judged.build.directory) + probe.directory).rstrip("/")
