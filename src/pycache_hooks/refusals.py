"""What could not be removed, with its owner and the command that removes exactly that."""

from __future__ import annotations

import errno
import os

from pycache_hooks import repairs, report, rules
from pycache_hooks.findings import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycache_hooks.removal import Refused, Result


def findings(root: str, results: list[Result]) -> list[Finding]:
    """What could not be removed, each with a repair if all that it lacks is permission; one repair for all alike."""
    by_command: dict[str, dict[Result, list[Refused]]] = {}
    for result in results:
        for refused in result.refused:
            by_command.setdefault(_remedy(refused), {}).setdefault(result, []).append(refused)
    made = []
    for command, group in by_command.items():
        paths = [each.path if result.spared else result.path for result, several in group.items() for each in several]
        repair = _repair(command, root, list(dict.fromkeys(paths)))
        for result, several in group.items():
            first = several[0]
            attempt = "looked into" if first.closed else "removed"
            count = f" ({report.counted(len(several), 'path')} in it)" if first.path != result.path else ""
            message = f"cannot be {attempt}: {os.strerror(first.number)}{_owned(first)}{count}"
            made.append(Finding(result.path, None, rules.NOT_REMOVED, message, repair))
    return made


def _remedy(refused: Refused) -> str:
    """The command that helps whoever may use it. What could not be looked into may hold more than caches: it is opened."""
    if refused.number not in (errno.EACCES, errno.EPERM) or os.name != "posix":
        return ""
    if not refused.closed:
        return "rm -rf"
    if refused.owner is None:
        return ""  # it is the directory above that is closed, and more than caches is in there
    return "chmod -R u+rwX" if refused.owner == os.getuid() else f"chown -hR {os.getuid()}"


def _owned(refused: Refused) -> str:
    if refused.owner is None or os.name != "posix":
        return ""
    import pwd

    try:
        name = pwd.getpwuid(refused.owner).pw_name
    except KeyError:
        name = f"user {refused.owner}"
    return f"; it belongs to {name}"


def _repair(command: str, root: str, paths: list[str]) -> str:
    """*command* on exactly *paths*, relative to *root*: by sudo or, the same once more, in a container."""
    if not command:
        return ""
    absolute = " ".join(repairs.quoted(os.path.join(root, path)) for path in paths)
    lines = [f"sudo {command} -- {absolute}"]
    if ":" not in root:  # it ends the path in docker's -v
        relative = " ".join(repairs.quoted(path) for path in paths)
        volume = repairs.quoted(f"{root}:/work")
        lines.append(
            f"# or, without sudo:\ndocker run --rm -v {volume} -w /work --user root busybox {command} -- {relative}"
        )
    return "\n".join(lines)
