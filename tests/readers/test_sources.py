"""Which directories hold modules, and that Python writes bytecode of these only."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pycache_hooks.readers import project
from pycache_hooks.readers.sources import Sources
from support import environment

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "#!/usr/bin/env python3\nimport json\n"


def holds(root: Path, files: dict[str, str], *imported: str, directory: str = "d") -> bool:
    """Whether *directory* holds modules; those of *files* that begin with ``#!`` may be executed."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    listing = b"".join(name.encode() + b"\0" for name in sorted(files))
    return Sources(project.read(str(root), listing)).holds_modules(directory, imported.__contains__)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({"d/a.py": "", "d/b.py": ""}, True, id="two files"),
        pytest.param({"d/__init__.py": ""}, True, id="a package"),
        pytest.param({"d/__init__.py": "", "d/a.py": PROGRAM}, True, id="a package with a program"),
        pytest.param({"d/a.py": ""}, False, id="one file"),
        pytest.param({"d/shop.py": ""}, True, id="one file that is imported"),
        pytest.param({"d/shop.py": PROGRAM}, True, id="one program that is imported"),
        pytest.param({"d/test_a.py": ""}, True, id="one file that pytest collects"),
        pytest.param({"d/a_test.py": ""}, True, id="one that it collects as well"),
        pytest.param({"d/conftest.py": ""}, True, id="one file for pytest"),
        pytest.param({"d/a.py": PROGRAM, "d/b.py": PROGRAM}, False, id="programs"),
        pytest.param({"d/a.py": PROGRAM, "d/b.py": f"{PROGRAM}from a import x\n"}, True, id="one imports another"),
        pytest.param(
            {"d/a.py": PROGRAM, "d/b.py": f"{PROGRAM}  import sys, .a\n"}, True, id="one imports another inside"
        ),
        pytest.param({"d/a.py": PROGRAM, "d/b.py": "print()\n"}, True, id="not all are programs"),
        pytest.param({"d/a-b.py": "", "d/c d.py": ""}, False, id="names that nothing can import"),
        pytest.param({"d/a.py": PROGRAM, "d/b-c.py": "import a\n"}, False, id="a program beside such a name"),
        pytest.param({"d/run": PROGRAM, "d/x.txt": ""}, False, id="a program without a suffix"),
        pytest.param({"e/a.py": "", "e/b.py": ""}, False, id="of another directory"),
    ],
)
def test_a_directory_holds_modules(tmp_path: Path, files: dict[str, str], *, found: bool) -> None:
    assert holds(tmp_path, files, "shop") is found


def test_the_root_may_hold_modules_too(tmp_path: Path) -> None:
    assert holds(tmp_path, {"a.py": "", "b.py": ""}, directory="")
    assert not holds(tmp_path, {"a.py": PROGRAM, "b.py": PROGRAM}, directory="")


def test_programs_are_those_that_may_be_executed_and_read(tmp_path: Path) -> None:
    files = {"d/a.py": PROGRAM, "d/b.py": PROGRAM}
    assert not holds(tmp_path, files)
    sources = Sources(project.read(str(tmp_path), b"d/a.py\0d/b.py\0"))
    (tmp_path / "d/b.py").chmod(0o644)
    assert sources.holds_modules("d", "".__contains__)
    (tmp_path / "d/b.py").unlink()
    assert sources.holds_modules("d", "".__contains__)


def test_python_caches_what_is_imported_and_no_program(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("")
    env = {name: value for name, value in environment().items() if not name.startswith("PYTHON")}
    subprocess.run([sys.executable, "a.py"], cwd=tmp_path, env=env, check=True)
    assert [path.name.partition(".")[0] for path in (tmp_path / "__pycache__").iterdir()] == ["b"]
