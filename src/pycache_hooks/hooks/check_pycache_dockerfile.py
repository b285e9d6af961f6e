"""Check that Dockerfiles keep bytecode and download caches out of the layers of their images.

Judged is each stage, with what it inherits: whether Python writes bytecode there, whether installs of build stages do,
whether downloads stay in the final image, whether variables have the values that they seem to have, and whether a COPY takes
caches along that the ignore file of the build context lets in.
"""

from __future__ import annotations

from pycache_hooks import checking, rules, selection
from pycache_hooks.console import guarded
from pycache_hooks.readers import contexts
from pycache_hooks.readers.project import is_template
from pycache_hooks.rules import copies as taken
from pycache_hooks.rules import images

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pycache_hooks.arguments import Option
    from pycache_hooks.findings import Finding
    from pycache_hooks.readers.files import Files
    from pycache_hooks.readers.shell import Command

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


class Settings(selection.Selection):
    """What one run is asked for."""

    require = images.EITHER


@guarded
def main(argv: list[str]) -> int:
    """Run the hook, as the module's docstring says. Returns the exit status."""
    return checking.run(NAME, __doc__, OPTIONS, Settings(), judge, argv)


def judge(files: Files, settings: Settings, names: Sequence[str] | None) -> list[Finding]:
    """The findings about the Dockerfiles *names*, or about all that are tracked."""
    return stages(files, settings, names) + copies(files, names)


def stages(files: Files, settings: Settings, names: Sequence[str] | None) -> list[Finding]:
    """The findings of `judge` about what happens in the stages, and about Dockerfiles that cannot be read."""
    paths = _dockerfiles(files, names)

    def imports(command: Command, environment: Mapping[str, str]) -> bool:
        from pycache_hooks.readers.imports import Imports  # few Dockerfiles run a script

        return Imports(files).script(command, environment)

    found = [
        finding
        for path in paths
        if (image := files.dockerfile(path))
        for finding in images.judge(path, image, settings.require, imports)
    ]
    refused = (path for path in paths if path in files.unreadable)
    unreadable = [path for path in refused if not _is_none(path, files.text(path) or "")]
    return found + checking.unreadable(files, rules.IMAGE_UNREADABLE, unreadable)


def _is_none(path: str, text: str) -> bool:
    """Whether the unreadable *text* is no Dockerfile: a template of one, or a snippet with a line of dots, as in manuals."""
    return is_template(path + text) or any(line.strip() == "..." for line in text.splitlines())


def copies(files: Files, names: Sequence[str] | None) -> list[Finding]:
    """The findings of `judge` about what is copied from the build contexts."""
    paths = _dockerfiles(files, names) if files.project.has_python else []
    if not paths:
        return []
    from pycache_hooks.ignorefiles.leaking import Exposed

    exposed = Exposed(files, contexts.read(files))
    read = ((path, files.dockerfile(path)) for path in paths)
    return taken.judge((path, image, exposed.by(path, taken.imports(image))) for path, image in read if image)


def _dockerfiles(files: Files, names: Sequence[str] | None) -> Sequence[str]:
    if names is not None:
        return [path for path in names if not contexts.is_of_other_type(path)]
    return contexts.dockerfiles(files)
