"""Write what comes out of the tables: ``python3 tools/generate.py [--check]``.

The regular expression of forbid-pycache in the manifest comes out of the catalogue, and README's sections between
``<!-- begin generated: NAME -->`` and ``<!-- end generated: NAME -->`` come out of the catalogue, the rules, the hooks'
options and pyproject.toml. With ``--check`` nothing is written: stale files are named, and the exit status is 1.
"""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "src"))

from pycache_hooks import catalog, rules, selection  # noqa: E402 - this checkout's, whatever is installed

if TYPE_CHECKING:
    from collections.abc import Sequence

MANIFEST = PROJECT / ".pre-commit-hooks.yaml"
README = PROJECT / "README.md"
SECTION = re.compile(r"(<!-- begin generated: (?P<name>[^>]+) -->\n).*?(<!-- end generated: (?P=name) -->)", re.DOTALL)
FILES = re.compile(r"^(- id: forbid-pycache\n(?:  .*\n)*?  files: ).*$", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Write the generated parts, or with ``--check`` compare them. Returns the exit status."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: generate.py [--check]\n")
        return 2
    stale = []
    for path, generate in ((MANIFEST, manifest), (README, readme)):
        text = path.read_text(encoding="utf-8")
        fresh = generate(text)
        if fresh != text:
            stale.append(path.name)
            if not arguments:
                path.write_text(fresh, encoding="utf-8", newline="\n")
    if arguments and stale:
        print(f"stale: {' '.join(stale)}\n    fix: python3 tools/generate.py")
        return 1
    return 0


def manifest(text: str) -> str:
    """The manifest *text* with the expression that the catalogue makes."""
    text, found = FILES.subn(lambda match: f"{match[1]}'{files_expression()}'", text)
    if not found:
        sys.exit(f"{MANIFEST.name}: forbid-pycache has no `files:` line")
    return text


def readme(text: str) -> str:
    """README's *text* with its generated sections made anew."""
    return SECTION.sub(lambda match: f"{match[1]}{section(match['name'])}\n{match[3]}", text)


def files_expression() -> str:
    """Matches every path that forbid-pycache could object to, in syntax that Python and Rust read alike.

    It may match more: the hook looks closer. A directory's name counts as the last component too, where it may be a
    link or a gitlink.
    """
    rows = [row.name for row in catalog.CACHES if row.forbidden]
    directories = [name.removesuffix("/") for name in rows if name.endswith("/")]
    files = [name for name in rows if not name.endswith("/") and name.partition("/")[0] not in directories]
    exact = [name for name in files if not name.startswith("*")] + list(catalog.ENVIRONMENT_PROOFS)
    endings = [name.removeprefix("*") for name in files if name.startswith("*")]
    scripts = list(catalog.ACTIVATE_SCRIPTS)
    return "|".join(
        (
            f"(^|/){_any_of(directories)}(/|$)",
            f"(^|/){_any_of(exact)}$",
            f"{_any_of([*endings, *scripts])}$",
            r"\.pyc\.[0-9]+$",
            r"(^|/)lib/python3\.[^/]*/site-packages/",
        )
    )


def _any_of(names: list[str]) -> str:
    """An expression for any of *names*, in which a ``*`` stands for any characters but a slash."""
    expressions = [re.sub(r"[.$]", r"\\\g<0>", name).replace("*", "[^/]*") for name in sorted(set(names))]
    return f"({'|'.join(expressions)})"


def section(name: str) -> str:
    """The lines of README's generated section *name*."""
    kind, _, subject = name.partition(" ")
    if kind == "options":
        return options(subject)
    return {"config": config, "rules": rules_table, "caches": caches_table}[kind]()


def config() -> str:
    """What to copy into a ``.pre-commit-config.yaml``: what deletes, and all checks in one."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        "```yaml",
        "repos:",
        f"  - repo: {project['urls']['Homepage']}",
        f"    rev: v{project['version']}",
        "    hooks:",
        *(f"      - id: {hook}" for hook in ("prune-pycache", "check-pycache")),
        "```",
    ]
    return "\n".join(lines)


def hooks() -> list[str]:
    """The identifiers of the hooks, in the manifest's order."""
    return re.findall(r"^- id: (\S+)$", MANIFEST.read_text(encoding="utf-8"), re.MULTILINE)


def options(hook: str) -> str:
    """The table of a hook's own options, or of those that all ``checks`` have."""
    if hook == "checks":
        listed = selection.OPTIONS
    else:
        module = importlib.import_module(f"pycache_hooks.hooks.{hook.replace('-', '_')}")
        listed = tuple(option for option in module.OPTIONS if option not in selection.OPTIONS)
    rows = [(_flag(flag, details), details["help"].replace("%%", "%")) for flag, details in listed]
    return _table(("Option", "Meaning"), rows) if rows else "No options of its own."


def _flag(flag: str, details: dict[str, Any]) -> str:
    """How *flag*, of which argparse is told *details*, is written on a command line."""
    if not flag.startswith("-"):
        return f"`{details.get('metavar', flag)}{' ...' if details.get('nargs') in ('*', '+') else ''}`"
    if "choices" in details and "metavar" not in details:
        return f"`{flag} {{{','.join(details['choices'])}}}`"
    takes_value = details.get("action", "store") in ("store", "append", "extend")
    metavar = details.get("metavar", flag.lstrip("-").replace("-", "_").upper())
    return f"`{flag} {metavar}`" if takes_value else f"`{flag}`"


def rules_table() -> str:
    """The table of the codes that the hooks report."""
    rows = [(f"[{rule.code}]({rule.link})", f"`{rule.hook}`", rule.title, rule.why) for rule in rules.RULES]
    return _table(("Code", "Hook", "Reports", "Why"), rows)


def caches_table() -> str:
    """The table of the catalogue."""
    rows = [
        (
            f"`{row.name}`",
            row.tool,
            "yes" if row.forbidden else "no",
            row.prune,
            f"`{row.pattern}`",
        )
        for row in catalog.CACHES
    ]
    return _table(("Name", "Written by", "Rejected", "Pruned", "Line of a `.gitignore`"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
