"""What a command imports of the repository: held to what a real Python leaves behind there."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks.readers import imports, project, shell
from pycache_hooks.readers.files import Files

if TYPE_CHECKING:
    from pathlib import Path

TREE = {
    "beside.py": "value = 1\n",
    "package/__init__.py": "",
    "package/part.py": "value = 1\n",
    "open/part.py": "value = 1\n",
    "lib/deep.py": "value = 1\n",
    "lib/package/__init__.py": "",
    "runs/__main__.py": "",
}


def imports_of(root: Path, files: dict[str, str]) -> imports.Imports:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    listing = b"".join(os.fsencode(name) + b"\0" for name in sorted(files))
    return imports.Imports(Files(project.read(str(root), listing)))


def answer(root: Path, files: dict[str, str], line: str) -> bool:
    """Whether the command *line*, run at *root*, imports something of it."""
    (command,) = shell.commands(line)
    where = {".": ""}
    return imports_of(root, files).by(
        command, command.environment, lambda path: where.get(path, os.path.normpath(path))
    )


@pytest.mark.parametrize(
    ("script", "writes"),
    [
        ("import json, os", False),
        ("", False),
        ("import beside", True),
        ("import os, beside as b", True),
        ("import os; import beside", True),
        ("from beside import value", True),
        ("from beside import (\n    value,\n)", True),
        ("def f():\n\timport beside\nf()", True),
        ("try: import beside\nexcept ImportError: pass", True),
        ("import package.part", True),
        ("from package import part", True),
        ("import open.part", True),
        ("from open import part", True),
        ("from open.part import value", True),
        ("# import beside", False),
        ("try:\n    import deep\nexcept ImportError:\n    pass", False),
        ("try:\n    from open import missing\nexcept ImportError:\n    pass", False),
        ("import sys\nsys.path.insert(0, 'lib')\nimport deep", True),
        ("import sys\nsys.path.append('lib')\nimport beside", True),
        ("import sys\nsys.path.append('lib')\nimport json", False),
    ],
)
@pytest.mark.parametrize("start", ["python main.py", "python -u ./main.py x"])
def test_python_writes_beside_what_a_script_imports_and_not_beside_the_script(
    tmp_path: Path, script: str, start: str, *, writes: bool
) -> None:
    files = TREE | {"main.py": script}

    assert answer(tmp_path, files, start) is writes
    assert really_writes(tmp_path, start) is writes


@pytest.mark.parametrize(
    ("line", "writes"),
    [
        ("python -c 'import beside'", True),
        ("python -c 'import json'", False),
        ("python -c 'import sys; from package import part'", True),
        ("PYTHONPATH=lib python -c 'import deep'", True),
        ("python -m package.part", True),
        ("python -m runs", True),
        ("python -m open.part", True),
        ("python -m json.tool --help", False),
        ("python -m timeit pass", False),
        ("python -m unittest beside", True),
        ("python sub/main.py", True),
        ("PYTHONPATH=. python sub/root.py", True),
        ("python sub/alone.py", False),
        ("PYTHONPATH=lib python sub/alone.py", True),
        ("python -B main.py", False),
        ("python main.py --help", False),
    ],
)
def test_python_writes_beside_what_any_start_of_it_imports(tmp_path: Path, line: str, *, writes: bool) -> None:
    scripts = {
        "main.py": "import sys\nif '--help' not in sys.argv:\n    import beside",
        "sub/main.py": "import near",
        "sub/near.py": "",
        "sub/root.py": "import beside",
        "sub/alone.py": "try:\n    import deep\nexcept ImportError:\n    pass",
    }

    assert answer(tmp_path, TREE | scripts, line) is writes
    assert really_writes(tmp_path, line) is writes


def really_writes(root: Path, line: str) -> bool:
    """Whether a real Python leaves bytecode in *root*."""
    (command,) = shell.commands(line)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    words = [sys.executable, *command.words[1:]]
    subprocess.run(words, cwd=root, env=env | dict(command.environment), capture_output=True, check=False)
    return any(root.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("line", "imports_something"),
    [
        ("./main.py", True),
        ("uv run main.py", True),
        ("python gone.py", False),
        ("python ../main.py", False),
        ("python $X.py", False),
        ("python package", False),
        ("python", False),
        ("python -", False),
        ("python -m playwright install", False),
        ("python -m nltk.downloader x", False),
        ("python -m deep", True),
        ("python -m package", True),
        ("python -m $X", False),
        ("python -m pytest", True),
        ("python -m django check", True),
        ("python app.pyz", False),
        ("pytest --version", False),
        ("pytest", True),
        ("uv run own-tool", True),
        ("poetry run old-tool", True),
        ("uv run not-a-script", False),
        ("uv run pyright", False),
        ("own-tool", False),
        ("ls", False),
        ("python manage.py check", True),
        ("python relative.py", True),
        ("python shadow.py", False),
        ("python inner.py", False),
    ],
)
def test_what_is_not_known_imports_nothing(tmp_path: Path, line: str, *, imports_something: bool) -> None:
    files = TREE | {
        "main.py": "import beside",
        "app.pyz": "",
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'x')\n",
        "relative.py": "from . import beside",
        "shadow.py": "import sys, logging\nsys.path",
        "logging.py": "",
        "inner.py": "import sys\nsys.path.append('lib')\nimport within",
        "package/within.py": "",
        "pyproject.toml": "[project.scripts]  # ours\nOwn-Tool = 'a:b'\n\n[tool.x]\nnot-a-script = 'a:b'\n",
        "lib/pyproject.toml": "[tool.poetry.scripts]\n\"old-tool\" = 'a:b'\n# nothing\n",
        "lib/pyproject.toml.in": "[project.scripts]\npyright = 'a:b'\n",
    }

    assert answer(tmp_path, files, line) is imports_something


def test_a_path_that_is_nowhere_known_is_no_script_and_no_directory(tmp_path: Path) -> None:
    known = imports_of(tmp_path, TREE | {"main.py": "import beside"})

    for line in ("python main.py", "python -c 'import beside'"):
        (command,) = shell.commands(line)
        assert not known.by(command, {}, lambda _: None)
        assert known.by(command, {}, lambda path: "" if path == "." else path)
        assert known.by(command, {}, lambda path: "" if path == "." else path)  # and the same the second time


def test_a_script_that_is_not_in_the_work_tree_says_nothing(tmp_path: Path) -> None:
    known = imports_of(tmp_path, TREE | {"main.py": "import beside"})
    (tmp_path / "main.py").unlink()

    assert not known.by(shell.Command(["python", "main.py"]), {}, lambda path: path)


@given(st.text(alphabet=st.sampled_from("import from.,;:()#ab \t\n*'\"\0ü"), max_size=40))
def test_no_code_makes_the_scan_fail(code: str) -> None:
    assert all(isinstance(name, str) for name in imports.imported(code))
