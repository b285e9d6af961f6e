"""Run a hook of ours from this checkout: ``hook.py HOOK [ARGUMENTS]``, for ``.pre-commit-config.yaml``."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def main(hook: str, *arguments: str) -> int:
    """Run *hook*, found as its console script is."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"][hook].partition(":")
    sys.path.insert(0, str(PROJECT / "src"))
    sys.dont_write_bytecode = True
    sys.argv[0] = hook
    status: int = getattr(importlib.import_module(module), function)(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
