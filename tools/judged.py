"""Run the checks on public repositories again, and compare with what was judged: ``python3 tools/judged.py FOLDER``.

FOLDER holds a checkout of each repository of tests/judged/repositories.csv, called ``owner+name``, at the commit that
stands there. tests/judged/findings.csv says of every finding whether it is right or wrong, and why. Findings that are
new, and judged ones that are not found any more, are printed, and the exit status is 1. ``--write`` puts the findings of
today into the table; the verdict of a new one is left empty, and is to be filled in by hand. ``--list`` prints every line.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import environment

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLES = environment.PROJECT / "tests/judged"
REPOSITORIES = TABLES / "repositories.csv"
FINDINGS = TABLES / "findings.csv"

HOOKS = ("check-pycache-dockerfile", "check-pycache-compose", "check-pycache-ci", "check-pycache-pytest")

COLUMNS = ("repository", "path", "line", "code", "verdict", "reason")
Key = tuple[str, str, str, str]


def main(arguments: list[str]) -> int:
    """Compare as the module's docstring says. Returns the exit status."""
    if len(arguments) not in (1, 2) or arguments[1:] not in ([], ["--write"], ["--list"]):
        sys.stderr.write("usage: judged.py FOLDER [--write | --list]\n")
        return 2
    folder, mode = Path(arguments[0]), arguments[1:]
    programs = environment.prepare().parent
    judged = {_key(row): row for row in _rows(FINDINGS)}
    found: dict[Key, list[str]] = {}
    files = dict.fromkeys(HOOKS, 0)
    for row in _rows(REPOSITORIES):
        place = folder / row["repository"].replace("/", "+")
        commit = _output("git", "-C", str(place), "rev-parse", "HEAD").strip()
        if commit != row["commit"]:
            environment.stop(f"{place}: at {commit}, and judged at {row['commit']}")
        for hook in HOOKS:
            files[hook] += _count(hook, place)
            for finding in json.loads(_output(str(programs / hook), "--format", "json", cwd=place)):
                key = (row["repository"], finding["path"], str(finding["line"] or ""), finding["code"])
                found.setdefault(key, []).append(finding["message"])
    if mode == ["--list"]:
        for key, messages in found.items():
            print(*key, "; ".join(messages))
    if mode == ["--write"]:
        _write(found, judged)
    new, gone = sorted(found.keys() - judged.keys()), sorted(judged.keys() - found.keys())
    for label, keys in (("new", new), ("gone", gone)):
        for key in keys:
            print(label, *key, *found.get(key, []))
    wrong = [row for row in judged.values() if row["verdict"] == "wrong"]
    print("; ".join(f"{hook}: {number:,} files" for hook, number in files.items()))
    print(
        f"{len(found):,} findings; judged {len(judged):,}, wrong {len(wrong):,}; new {len(new):,}, gone {len(gone):,}"
    )
    return 1 if new or gone else 0


def _count(hook: str, place: Path) -> int:
    """How many files of the checkout at *place* the manifest hands to *hook*."""
    manifest = (environment.PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    files = re.findall(rf"- id: {hook}\n(?:  .*\n)*?  files: '(.*)'", manifest)
    paths = _output("git", "-C", str(place), "ls-files", "-z").split("\0")
    return sum(bool(re.search(expression, path)) for expression in files for path in paths)


def _output(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        environment.stop(f"{' '.join(command)} in {cwd}: exit status {done.returncode}")
    return os.fsdecode(done.stdout)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _key(row: dict[str, str]) -> Key:
    return row["repository"], row["path"], row["line"], row["code"]


def _write(found: Iterable[Key], judged: dict[Key, dict[str, str]]) -> None:
    with FINDINGS.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for key in sorted(found):
            old = judged.get(key, {})
            row = dict(zip(COLUMNS, key, strict=False))
            table.writerow(row | {"verdict": old.get("verdict", ""), "reason": old.get("reason", "")})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
