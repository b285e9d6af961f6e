"""Check that Dockerfiles keep bytecode and download caches out of the layers of their images.

Judged is each stage, with what it inherits: whether Python writes bytecode there, whether installs of build stages do,
whether downloads stay in the final image, whether variables have the values that they seem to have, and whether a COPY takes
caches along that the ignore file of the build context lets in.
"""

from __future__ import annotations

from pycache_hooks import checking, rules, selection
from pycache_hooks.console import guarded
from pycache_hooks.readers import contexts
from pycache_hooks.rules import images

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pycache_hooks.arguments import Option
    from pycache_hooks.findings import Finding
    from pycache_hooks.ignorefiles.leaks import Judged, Probe
    from pycache_hooks.readers.contexts import Context
    from pycache_hooks.readers.files import Files
    from pycache_hooks.rules.images import Leak

NAME = "check-pycache-dockerfile"

OPTIONS: tuple[Option, ...] = (
    (
        "--require",
        {
            "choices": tuple(images.REQUIREMENTS),
            "help": "what a stage that runs Python must set: PYTHONDONTWRITEBYTECODE or PYTHONPYCACHEPREFIX (either, the "
            "default), both of them, or the one that is named (dontwrite, prefix)",
        },
    ),
    *selection.OPTIONS,
)

_TEMPLATE = ("{{", "{%")


class Settings(selection.Selection):
    """What one run is asked for."""

    require = images.EITHER


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    return checking.run(NAME, __doc__, OPTIONS, Settings(), judge, argv)


def judge(files: Files, settings: Settings, names: Sequence[str] | None) -> list[Finding]:
    """The findings about the Dockerfiles *names*, or about all that are tracked."""
    paths = _dockerfiles(files, names)
    return stages(files, settings, paths) + copies(files, paths)


def stages(files: Files, settings: Settings, names: Sequence[str] | None) -> list[Finding]:
    """The findings of `judge` about what happens in the stages, and about Dockerfiles that cannot be read."""
    paths = _dockerfiles(files, names)
    found = [
        finding
        for path in paths
        if (image := files.dockerfile(path))
        for finding in images.judge(path, image, settings.require)
    ]
    unreadable = [path for path in paths if path in files.unreadable and not _is_template(files, path)]
    return found + checking.unreadable(files, rules.IMAGE_UNREADABLE, unreadable)


def copies(files: Files, paths: Iterable[str]) -> list[Finding]:
    """The findings about what the Dockerfiles *paths* copy from their build contexts."""
    if not files.project.has_python:
        return []
    builds = contexts.read(files.root, files.named(*contexts.TELLING)).found
    exposed = _Exposed(files, builds)
    return [
        finding
        for path in paths
        if (image := files.dockerfile(path))
        for finding in images.copies(path, image, exposed.leak(path))
    ]


class _Exposed:
    """Which caches the ignore files of *builds* let into the contexts; each file is judged once."""

    __slots__ = ("_builds", "_files", "_known", "_let_in")

    def __init__(self, files: Files, builds: Iterable[Context]) -> None:
        self._builds: dict[str, list[Context]] = {}
        for build in builds:
            self._builds.setdefault(build.dockerfile, []).append(build)
        self._files = files
        self._known: dict[str, list[Probe]] = {}
        self._let_in: dict[tuple[str, str], list[str]] = {}

    def leak(self, dockerfile: str) -> Leak:
        """What `images.copies` asks about the sources that *dockerfile* copies."""
        from pycache_hooks.ignorefiles import exposure

        judged = list(exposure.ignore_files(self._files.project, self._builds.get(dockerfile, []), self._known))

        def leak(source: str) -> tuple[str, bool, str] | None:
            for each in judged:
                cache = exposure.takes(source, self._caches(each))
                if cache:
                    return each.file, self._files.exists(each.file), cache
            return None

        return leak

    def _caches(self, judged: Judged) -> list[str]:
        """The caches that the ignore file lets in, those in directories that exist first."""
        from pycache_hooks.ignorefiles import leaks

        key = (judged.file, judged.build.directory)
        if key not in self._let_in:
            probes = leaks.let_in(judged, self._files.root)
            found = [(leaks.UNKNOWN in probe.directory, probe.directory + probe.name) for probe in probes]
            self._let_in[key] = [
                path.replace(leaks.UNKNOWN, "*") for _, path in sorted(found, key=lambda each: each[0])
            ]
        return self._let_in[key]


def _dockerfiles(files: Files, names: Sequence[str] | None) -> Sequence[str]:
    if names is not None:
        return [path for path in names if not contexts.is_of_other_type(path)]
    return [path for path in files.named(*contexts.TELLING) if contexts.is_dockerfile(path)]


def _is_template(files: Files, path: str) -> bool:
    """Whether what cannot be read is meant for a program that makes a Dockerfile of it."""
    return any(mark in path + (files.text(path) or "") for mark in _TEMPLATE)
