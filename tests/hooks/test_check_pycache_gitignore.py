from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from pycache_hooks import catalog
from support import SOURCES, Published, Repository, Result, hook_command, run, run_hook, tool

NAME = "check-pycache-gitignore"
ENOUGH = "__pycache__/\n*.py[cod]\n.venv\n"
DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture
def python(repository: Repository) -> Repository:
    """A repository with Python sources at three depths."""
    repository.stage("setup_it.py", "src/a/m.py", "src/a/deep/n.py")
    return repository


def ignoring(repository: Repository, text: str | bytes, name: str = ".gitignore") -> Repository:
    repository.write(name, text)
    repository.stage(name)
    return repository


UNTRACK = 'git -C "$(git rev-parse --show-toplevel)" rm -r -f -q --cached --'


def fixes(result: Result) -> list[str]:
    """Every repair that was printed."""
    found: list[str] = []
    for line in result.text.split("\n"):
        if line.startswith("    fix: "):
            found.append(line[9:])
        elif line.startswith("         "):
            found[-1] += "\n" + line[9:]
    return found


def check(repository: Repository, *arguments: str) -> Result:
    done = repository.hook(NAME, *arguments)
    assert done.status in (0, 1), done
    assert bool(done.text) is (done.status == 1), done
    assert done.stderr == b"", done
    return done


def messages(repository: Repository, *arguments: str) -> list[str]:
    """The findings; and what they print mends them, wherever it is pasted, and --fix has nothing left to do."""
    done = check(repository, *arguments)
    found = [line for line in done.lines if " PYC" in line]
    (repository.path / "some where").mkdir(exist_ok=True)
    for fix in fixes(done):
        repository.paste(fix, "some where")
    if found:
        assert fixes(done), done
        after = check(repository, *arguments)
        assert after.status == 0, after
    assert check(repository, *arguments, "--fix").status == 0
    return found


@pytest.mark.parametrize(
    "text",
    [
        ENOUGH,
        ENOUGH.replace("\n", "\r\n"),
        "\ufeff" + ENOUGH,
        ENOUGH.removesuffix("\n"),
        "*.pyc\n.venv\n",
        "*.py[co]\n/.venv\n",
        "*.pyc\n.venv*\n",
        "__pycache__\n*.pyc\n.v*\n",
        "**/__pycache__/\n**/*.pyc\n.venv\n",
        "__pycache__/*\n*.pyc\n**/__pycache__/*\n.venv\n",
        "!*.pyc\n*.pyc\n.venv\n",
        "*\n!*.py\n!*/\n.venv\n__pycache__\n",
    ],
)
def test_enough_for_a_plain_project(python: Repository, text: str) -> None:
    assert messages(ignoring(python, text)) == []


@pytest.mark.parametrize("year", [2021, 2026])
def test_the_public_template_is_enough(python: Repository, year: int) -> None:
    python.stage(".coveragerc", "tox.ini", "x.ipynb", "a/pyproject.toml", "a/m.py")
    assert messages(ignoring(python, (DATA / f"Python-{year}.gitignore").read_bytes())) == []


def test_without_python_there_is_nothing_to_ignore(repository: Repository) -> None:
    assert check(repository).status == 0
    repository.stage("main.c", "pyproject.toml", "LICENSE")
    assert check(repository).status == 0
    assert check(repository, "--profile", "baseline", "--fix").status == 0


def test_a_script_without_a_suffix_is_python(repository: Repository) -> None:
    repository.write("bin/tool", "#!/usr/bin/env python3\n").chmod(0o755)
    repository.stage("bin/tool")
    assert check(repository).findings == [".gitignore PYC201"] * 3


def test_no_ignore_file(python: Repository) -> None:
    assert messages(python) == [
        ".gitignore: PYC201 *.pyc is not ignored in 3 directories (., src/a, src/a/deep)",
        ".gitignore: PYC201 .venv is not ignored at the root",
        ".gitignore: PYC201 __pycache__/ is not ignored in 3 directories (., src/a, src/a/deep)",
    ]
    assert (python.path / ".gitignore").read_text() == ENOUGH


def test_many_directories_are_one_finding(repository: Repository) -> None:
    repository.stage(*(f"d{number:04}/m.py" for number in range(1200)))
    found = messages(ignoring(repository, "*.pyo"))
    assert found[0] == ".gitignore: PYC201 *.pyc is not ignored in 1,200 directories (d0000, d0001, d0002, ...)"
    assert (repository.path / ".gitignore").read_text() == "*.pyo\n__pycache__/\n*.py[cod]\n.venv"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {".gitignore": ENOUGH + "!*.pyc\n"},
            [".gitignore:4: PYC202 `!*.pyc` un-ignores *.pyc in 3 directories (., src/a, src/a/deep)"],
        ),
        (
            {".gitignore": ENOUGH, "src/a/.gitignore": "\n!__pycache__/\n!*.pyc"},
            [
                "src/a/.gitignore:3: PYC202 `!*.pyc` un-ignores __pycache__/ and *.pyc in 2 directories (src/a, src/a/deep)"
            ],
        ),
        (
            {".gitignore": ENOUGH, "-a b/.gitignore": "!*.pyc\n", "-a b/m.py": ""},
            ["-a b/.gitignore:1: PYC202 `!*.pyc` un-ignores *.pyc in -a b"],
        ),
        (
            {".gitignore": "*.pyc\n.venv\n!.venv/\n"},
            [".gitignore:3: PYC202 `!.venv/` un-ignores .venv at the root"],
        ),
        (
            {".gitignore": "*.py[cod] # bytecode\n.venv\n__pycache__/\n"},
            [
                (
                    ".gitignore:1: PYC203 `*.py[cod] # bytecode` does not cover *.pyc in 3 directories (., src/a, src/a/deep): "
                    "git knows no comment behind a pattern; meant is `*.py[cod]`"
                )
            ],
        ),
        (
            {".gitignore": "*.pyc\t\n.venv\n"},
            [
                (
                    ".gitignore:1: PYC203 `*.pyc\\t` does not cover __pycache__/ and *.pyc in 3 directories "
                    "(., src/a, src/a/deep): git strips no other white space at the end than spaces; meant is `*.pyc`"
                )
            ],
        ),
        (
            {".gitignore": "*.{pyc,pyo}\n.venv\n"},
            [
                (
                    ".gitignore:1: PYC203 `*.{pyc,pyo}` does not cover __pycache__/ and *.pyc in 3 directories "
                    "(., src/a, src/a/deep): git expands no braces; meant is `*.pyc` and `*.pyo`"
                )
            ],
        ),
        (
            {".gitignore": "/__pycache__/\n\n/*.pyc\n.venv\n", "src/a/.gitignore": "*.pyo\n"},
            [
                (
                    ".gitignore:1: PYC204 `/__pycache__/` covers one place only, and not __pycache__/ in 2 directories "
                    "(src/a, src/a/deep): `__pycache__/` covers every directory"
                ),
                (
                    ".gitignore:3: PYC204 `/*.pyc` covers one place only, and not *.pyc in 2 directories "
                    "(src/a, src/a/deep): `*.pyc` covers every directory"
                ),
            ],
        ),
        (
            {".gitignore": "*.pyc\n.venv\n", "src/.gitignore": "!.venv\n!__pycache__/\n", "src/pyproject.toml": ""},
            ["src/.gitignore:1: PYC202 `!.venv` un-ignores .venv in src"],
        ),
        (
            {".gitignore": ENOUGH.replace("*.py[cod]", "[a-y]*.pyc"), "src/.gitignore": "!__pycache__/\n"},
            [
                ".gitignore: PYC201 *.pyc is not ignored in 3 directories (., src/a, src/a/deep)",
                "src/.gitignore:1: PYC202 `!__pycache__/` un-ignores __pycache__/ in 2 directories (src/a, src/a/deep)",
            ],
        ),
        (
            {".gitignore": "*.pyc\n.venv/\n"},
            [
                ".gitignore:2: PYC205 `.venv/` does not cover .venv as a symbolic link at the root: `.venv` covers both",
            ],
        ),
        (
            {".gitignore": "*.pyc\n.venv/*\n"},
            [
                ".gitignore:2: PYC205 `.venv/*` does not cover .venv as a symbolic link at the root: `.venv` covers both",
            ],
        ),
        (
            {".gitignore": "*.pyc\n/eg/.venv/\n"},
            [
                (
                    ".gitignore:2: PYC204 `/eg/.venv/` covers one place only, and not .venv at the root: "
                    "`.venv` covers every directory"
                ),
            ],
        ),
        (
            {".gitignore": "*.pyc\n.venv/ #\n"},
            [
                (
                    ".gitignore:2: PYC203 `.venv/ #` does not cover .venv at the root: git knows no comment behind a pattern; "
                    "meant is `.venv`"
                ),
            ],
        ),
        (
            {".gitignore": "*.pyc\n/.venv\n", "one/pyproject.toml": "", "one/m.py": ""},
            [
                ".gitignore:2: PYC204 `/.venv` covers one place only, and not .venv in one: `.venv` covers every directory",
            ],
        ),
        (
            {".gitignore": "*.pyc\n.venv\n", ".coveragerc": "", "x.ipynb": ""},
            [
                ".gitignore: PYC201 .coverage is not ignored at the root",
                ".gitignore: PYC201 .coverage.* is not ignored at the root",
                ".gitignore: PYC201 .ipynb_checkpoints/ is not ignored at the root",
            ],
        ),
    ],
)
def test_each_kind_of_failure_says_which_line_it_is(
    python: Repository, files: dict[str, str], found: list[str]
) -> None:
    for name, text in files.items():
        ignoring(python, text, name)
    assert messages(python) == found


def test_a_deeper_file_is_asked_for_what_lies_below_it(repository: Repository) -> None:
    repository.stage("one/pyproject.toml", "one/src/m.py", "two/pyproject.toml", "two/src/m.py")
    ignoring(repository, ENOUGH, "one/.gitignore")
    ignoring(repository, "*.pyc\n/.venv\n", "two/.gitignore")
    ignoring(repository, "/.venv\n")
    assert messages(repository) == []
    ignoring(repository, "*.pyo\n", "two/.gitignore")
    assert messages(repository) == [
        ".gitignore: PYC201 *.pyc is not ignored in two/src",
        ".gitignore: PYC201 __pycache__/ is not ignored in two/src",
        ".gitignore:1: PYC204 `/.venv` covers one place only, and not .venv in two: `.venv` covers every directory",
    ]


def test_only_the_repository_s_own_files_count(python: Repository) -> None:
    python.write(".git/info/exclude", "*\n")
    python.write("personal", "*\n")
    python.git("config", "core.excludesFile", str(python.path / "personal"))
    for name in (".venv", "__pycache__", "src/a/__pycache__"):
        python.write(f"{name}/.gitignore", "*\n")
    python.write("src/.gitignore", "*\n")
    assert check(python).findings == [".gitignore PYC201"] * 3
    assert messages(ignoring(python, ENOUGH)) == []


def test_a_new_file_at_the_root_counts_before_it_is_added(python: Repository) -> None:
    python.write(".gitignore", ENOUGH)
    assert messages(python) == []


def test_a_deleted_file_does_not_count(python: Repository) -> None:
    ignoring(python, ENOUGH)
    (python.path / ".gitignore").unlink()
    assert check(python).status == 1


@pytest.mark.parametrize("make", ["directory", "link", "dangling"])
def test_the_environment_that_lies_there_makes_no_difference(python: Repository, make: str) -> None:
    if make == "directory":
        python.write(".venv/.gitignore", "*\n")
        python.write(".venv/pyvenv.cfg")
    else:
        (python.path / ".venv").symlink_to("src" if make == "link" else "nowhere")
    ignoring(python, "*.pyc\n.venv/\n")
    assert check(python).findings == [".gitignore:2 PYC205"]
    ignoring(python, ENOUGH)
    assert check(python).status == 0


def test_case_counts_as_the_repository_says(python: Repository) -> None:
    ignoring(python, "*.PYC\n.venv\n")
    assert check(python).findings == [".gitignore:1 PYC203"]
    python.git("config", "core.ignorecase", "true")
    assert check(python).status == 0
    (python.path / ".venv").symlink_to("src")
    assert check(python).status == 0


def test_baseline(python: Repository) -> None:
    ignoring(python, ENOUGH)
    wanted = {row.name for row in catalog.CACHES if row.baseline}
    assert len(wanted) == 13
    done = check(python, "--profile", "baseline")
    assert done.findings == [".gitignore PYC201"] * 12  # the line for bytecode covers *.pyd
    ignoring(python, ENOUGH + "*.so\nbuild/*\n.cache\n.*_cache/\n*.egg-info\n")
    found = messages(python, "--profile", "baseline")
    names = {line.split()[2] for line in found}
    assert names == {".eggs/", "dist/", "venv/", ".env/", "__pypackages__/"}
    assert messages(python) == []


@pytest.mark.parametrize(
    ("pattern", "covers", "fails"),
    [
        ("*.log", "*.log", "*.logs"),
        (".idea/", ".idea/", "/.idea"[:3]),
        ("/out", "out", "/out/x"),
        ("data/**/cache-?.[dt]b", "data/", "data/*.txt"),
        ("**/x[1]y", "x1y", "x2y"),
        ("./x", "", ""),
    ],
)
def test_required_patterns(python: Repository, pattern: str, covers: str, fails: str) -> None:
    ignoring(python, f"{ENOUGH}{fails}\n")
    done = check(python, "--require", pattern)
    assert [line for line in done.lines if "PYC" in line] == [
        f".gitignore: PYC201 {pattern} is not ignored at the root"
    ]
    if covers:
        ignoring(python, f"{ENOUGH}{covers}\n")
        assert check(python, "--require", pattern, "--require", "*.pyc").status == 0


def test_a_line_is_proposed_once(python: Repository) -> None:
    done = check(python, "--require", "*.py[cod]")
    appends = r"printf '%s\n' __pycache__/ '*.py[cod]' .venv >> .gitignore"
    assert fixes(done) == [f'(cd "$(git rev-parse --show-toplevel)" && {appends})']


@pytest.mark.parametrize("pattern", ["", "/", "!x", "# x", "../x", "a/../b", "a\nb", "[]"])
def test_what_cannot_be_required(python: Repository, pattern: str) -> None:
    done = python.hook(NAME, "--require", pattern)
    assert (done.status, done.stdout) == (2, b"")
    assert b"not a line of a .gitignore that ignores something" in done.stderr


def test_excluded_directories_are_not_judged(python: Repository) -> None:
    ignoring(python, ENOUGH)
    ignoring(python, "!*.pyc\n", "tests/data/.gitignore")
    python.stage(
        "tests/data/m.py", "tests/data/deep/m.py", "tests/data/one/pyproject.toml", "tests/data/__pycache__/m.pyc"
    )
    ignoring(python, "!.venv\n", "tests/data/one/.gitignore")
    assert check(python).findings == [
        "tests/data/.gitignore:1 PYC202",
        "tests/data/one/.gitignore:1 PYC202",
        "tests/data/__pycache__ PYC207",
    ]
    assert check(python, "--exclude", "tests/data/").status == 0
    done = python.hook(NAME, "--exclude", "!")
    assert (done.status, done.stdout) == (2, b"")
    assert b"--exclude" in done.stderr


def test_tracked_caches_that_are_ignored(python: Repository) -> None:
    python.stage(
        "__pycache__/a.pyc", "src/__pycache__/b.pyc", "src/__pycache__/c.pyc", "src/x.pyc", ".mypy_cache/x.json"
    )
    python.stage(".venv/lib/m.py", ".venv/lib/.gitignore")
    ignoring(python, ENOUGH + "!x.pyc\n")
    found = check(python)
    assert [line for line in found.lines if "PYC" in line] == [
        ".venv: PYC207 virtual environment (2 files) tracked although .gitignore:3 ignores it: `.venv`",
        "__pycache__: PYC207 bytecode (1 file) tracked although .gitignore:1 ignores it: `__pycache__/`",
        "src/__pycache__: PYC207 bytecode (2 files) tracked although .gitignore:1 ignores it: `__pycache__/`",
    ]
    assert fixes(found) == [f"{UNTRACK} .venv __pycache__ src/__pycache__"]
    before = set(python.index())
    python.paste(fixes(found)[0])
    assert check(python).status == 0
    assert before - set(python.index()) == {
        *(
            ".venv/lib/m.py",
            ".venv/lib/.gitignore",
            "__pycache__/a.pyc",
            "src/__pycache__/b.pyc",
            "src/__pycache__/c.pyc",
        ),
    }
    assert (python.path / "src/__pycache__/b.pyc").exists()


def test_a_tracked_file_beside_them_stays(python: Repository) -> None:
    python.stage("__pycache__/*.pyc", "__pycache__/[b].pyc", "__pycache__/kept.txt")
    ignoring(python, "*.pyc\n.venv\n")
    done = check(python)
    assert fixes(done) == [f"{UNTRACK} ':(literal)__pycache__/*.pyc' ':(literal)__pycache__/[b].pyc'"]
    python.paste(fixes(done)[0])
    assert check(python).status == 0
    assert "__pycache__/kept.txt" in python.index()


@pytest.mark.parametrize("spared", [False, True])
def test_many_tracked_caches_take_a_short_command(python: Repository, spared: bool) -> None:  # noqa: FBT001
    python.stage(*(f"p{number}/__pycache__/m.pyc" for number in range(20)), "x/y.pyc")
    if spared:
        python.stage("spared/__pycache__/m.pyc")
        ignoring(python, "!__pycache__/\n!*.pyc\n", "spared/.gitignore")
    ignoring(python, ENOUGH)
    (fix,) = fixes(check(python))
    short = f"{UNTRACK} ':(glob)**/__pycache__/**' ':(glob)**/*.pyc'"
    assert (fix == short) is not spared
    python.paste(fix)
    assert check(python).status == 0
    assert [path for path in python.index() if path.endswith("pyc")] == ["spared/__pycache__/m.pyc"] * spared


# Files that git does not read as they were meant


def test_utf_16(python: Repository) -> None:
    ignoring(python, (ENOUGH + "*.ü").encode("utf-16"))
    said = "UTF-16, in which no line means anything to git: write it as UTF-8"
    assert messages(python) == [f".gitignore: PYC206 {said}"]
    assert (python.path / ".gitignore").read_text(encoding="utf-8") == ENOUGH + "*.ü"
    ignoring(python, "*.pyc".encode("utf-16"))
    assert (
        messages(python) == [f".gitignore: PYC206 {said}", ".gitignore: PYC201 .venv is not ignored at the root"][::-1]
    )
    assert (python.path / ".gitignore").read_text(encoding="utf-8") == "*.pyc\n.venv"


def test_utf_16_is_rewritten(python: Repository) -> None:
    ignoring(python, ENOUGH.encode("utf-16"))
    ignoring(python, "*.pyc".encode("utf-16"), "src/.gitignore")
    done = check(python, "--fix")
    assert done.lines[-2:] == ["    fixed: .gitignore is UTF-8 now", "           src/.gitignore is UTF-8 now"]
    assert (python.path / ".gitignore").read_bytes() == ENOUGH.encode()
    assert (python.path / "src/.gitignore").read_bytes() == b"*.pyc"
    assert check(python, "--fix").status == 0


@pytest.mark.parametrize("target", ["common", "nowhere", ".gitignore", "folder"])
def test_symbolic_links(python: Repository, target: str) -> None:
    python.write("common", "*.pyc\n")
    python.stage("folder/x")
    python.link(".gitignore", target)
    done = check(python, "--fix")
    assert "    fixed" not in done.text
    found = messages(python)
    assert found[-1 if target == "common" else 3].startswith(".gitignore: PYC20")
    assert any("PYC206 a symbolic link, which git does not follow" in line for line in found)
    assert not (python.path / ".gitignore").is_symlink()
    assert (python.path / "common").read_text() == "*.pyc\n"


def test_a_directory(python: Repository) -> None:
    python.stage(".gitignore/x")
    assert "    fixed" not in check(python, "--fix").text
    assert len(messages(python)) == 4


def test_what_is_no_utf_16_is_left_to_the_user(python: Repository) -> None:
    ignoring(python, b"\xff\xfe*")
    done = check(python, "--fix")
    assert done.findings == [".gitignore PYC206"]
    assert fixes(done) == []


def test_an_unreadable_file(python: Repository) -> None:
    ignoring(python, ENOUGH)
    ignoring(python, "*.pyc", "src/.gitignore")
    (python.path / ".gitignore").chmod(0)
    (python.path / "src/.gitignore").chmod(stat.S_IWUSR)
    done = run_hook(NAME, cwd=python.path, env=python.env, unprivileged=True)
    assert done.findings == [".gitignore PYC206", "src/.gitignore PYC206"]
    for fix in fixes(done):
        python.paste(fix)
    assert run_hook(NAME, cwd=python.path, env=python.env, unprivileged=True).status == 0


def test_a_binary_file_and_a_huge_one(python: Repository) -> None:
    ignoring(python, bytes(range(256)) * 10)
    assert check(python).findings == [".gitignore PYC201"] * 3
    with open(python.path / ".gitignore", "wb") as file:
        file.write(ENOUGH.encode())
        file.truncate(100 << 20)
    assert check(python).status == 0
    with open(python.path / ".gitignore", "wb") as file:
        file.write(b"*.PYC\n")
        file.truncate(100 << 20)
    assert check(python).findings == [".gitignore PYC201"] * 3


def test_a_fifo_is_not_waited_for(python: Repository) -> None:
    os.mkfifo(python.path / ".gitignore")
    assert len(messages(python)) == 4


# --fix


@pytest.mark.parametrize("mode", [0o644, 0o600])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "# C\n__pycache__/\n*.py[cod]\n.venv\n"),
        (b"", "# C\n__pycache__/\n*.py[cod]\n.venv\n"),
        (b"x\n", "x\n\n# C\n__pycache__/\n*.py[cod]\n.venv\n"),
        (b"x", "x\n\n# C\n__pycache__/\n*.py[cod]\n.venv"),
        (b"x\r\ny\r\n", "x\r\ny\r\n\r\n# C\r\n__pycache__/\r\n*.py[cod]\r\n.venv\r\n"),
        ("\ufeffx\n".encode(), "\ufeffx\n\n# C\n__pycache__/\n*.py[cod]\n.venv\n"),
        (b"*.pyc\n", "*.pyc\n\n# C\n.venv\n"),
    ],
)
def test_fix_appends_and_keeps_the_rest(python: Repository, before: bytes | None, after: str, mode: int) -> None:
    path = python.path / ".gitignore"
    if before is not None:
        path.write_bytes(before)
        path.chmod(mode)
    done = check(python, "--fix")
    assert done.status == 1
    assert fixes(done) == []
    assert done.lines[-1].startswith("    fixed: ")
    comment = "# Python caches (added by pycache-hooks)"
    written = path.read_bytes()
    assert written == after.replace("# C", comment).encode()
    if before is not None:
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert check(python, "--fix").status == 0
    assert path.read_bytes() == written
    assert sorted(entry.name for entry in python.path.iterdir()) == [".git", ".gitignore", "setup_it.py", "src"]


def test_fix_writes_behind_the_line_that_un_ignores(python: Repository) -> None:
    ignoring(python, ENOUGH)
    ignoring(python, "!*.pyc\n", "src/.gitignore")
    done = check(python, "--fix")
    assert done.lines[-1] == "    fixed: *.py[cod] appended to src/.gitignore"
    assert (python.path / ".gitignore").read_text() == ENOUGH
    assert (python.path / "src/.gitignore").read_text().endswith("\n*.py[cod]\n")
    assert check(python, "--fix").status == 0


def test_fix_writes_no_line_that_hides_a_tracked_file(python: Repository) -> None:
    python.stage("dist/index.js", "dist/a/b.js", "dist/c.js", "dist/d.js", "lib/x.pyd", "__pycache__/m.pyc")
    done = check(python, "--profile", "baseline", "--fix")
    hidden = "`dist/` would hide 4 tracked files (dist/a/b.js, dist/c.js, dist/d.js, ...)"
    assert f".gitignore: PYC201 dist/ is not ignored at the root; no line is proposed: {hidden}" in done.lines
    assert (
        ".gitignore: PYC201 *.pyd is not ignored at the root; no line is proposed: `*.pyd` would hide 1 tracked file (lib/x.pyd)"
        in done.lines
    )
    written = (python.path / ".gitignore").read_text().splitlines()
    assert {"*.pyc", "__pycache__/", ".venv", "build/"} < set(written)
    assert not {"*.py[cod]", "dist/", "*.pyd"} & set(written)
    again = check(python, "--profile", "baseline", "--fix")
    assert again.status == 1
    assert "fixed" not in again.text
    assert (python.path / ".gitignore").read_text().splitlines() == written
    assert "__pycache__ PYC207" in again.findings


def test_a_pattern_with_a_slash_is_not_moved_into_another_directory(python: Repository) -> None:
    ignoring(python, ENOUGH)
    ignoring(python, "!out\n", "src/.gitignore")
    done = check(python, "--fix", "--require", "src/out")
    assert [line for line in done.lines if "PYC" in line] == [
        (
            "src/.gitignore:1: PYC202 `!out` un-ignores src/out at the root; "
            "no line is proposed: `src/out` means another place in src/.gitignore"
        )
    ]
    assert (python.path / "src/.gitignore").read_text() == "!out\n"


def test_fix_into_a_directory_that_cannot_be_written(python: Repository) -> None:
    python.path.chmod(0o555)
    done = run_hook(NAME, "--fix", cwd=python.path, env=python.env, unprivileged=True)
    python.path.chmod(0o755)
    assert done.status == 2
    assert b"Permission denied" in done.stderr


# Where it runs


@pytest.mark.parametrize("within", ["src/a", "src/a/deep"])
def test_in_any_directory(python: Repository, within: str) -> None:
    assert python.hook(NAME, within=within).findings == [".gitignore PYC201"] * 3
    assert python.hook(NAME, "--fix", within=within).status == 1
    assert python.hook(NAME, "--fix", within=within).status == 0
    assert (python.path / ".gitignore").exists()


def test_a_linked_worktree_and_a_submodule(python: Repository, tmp_path: Path) -> None:
    python.commit()
    python.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    tree = Repository(tmp_path / "tree", python.env)
    assert len(messages(tree)) == 3
    python.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(python.path), "sub")
    assert len(messages(Repository(python.path / "sub", python.env))) == 3
    ignoring(python, ENOUGH)
    assert check(python).status == 0


def test_a_sparse_checkout(python: Repository) -> None:
    ignoring(python, ENOUGH)
    ignoring(python, "!*.pyc\n", "src/a/.gitignore")
    ignoring(python, "!*.pyc\n", "other/.gitignore")
    python.stage("other/m.py", "top/m.py")
    python.commit()
    python.git("sparse-checkout", "set", "top", "other")
    assert not (python.path / "src").exists()
    done = check(python, "--fix")
    assert [line for line in done.lines if "PYC" in line] == [
        "other/.gitignore:1: PYC202 `!*.pyc` un-ignores *.pyc in other",
        (
            "src/a/.gitignore:1: PYC202 `!*.pyc` un-ignores *.pyc in 2 directories (src/a, src/a/deep); "
            "no line is proposed: src/a/.gitignore is not in this sparse work tree"
        ),
    ]
    assert not (python.path / "src").exists()


def test_a_repository_with_odd_names(repository: Repository) -> None:
    names = [":x/m.py", "-x/m.py", " ü\n/m.py", "'\"/m.py", "!/m.py", "#/m.py", "[a]*/m.py"]
    repository.stage(*names)
    repository.stage(os.fsdecode(b"\xff/m.py"))
    found = messages(ignoring(repository, ".venv\n"))
    assert found[0].startswith(".gitignore: PYC201 *.pyc is not ignored in 8 directories ( ü\\n, !, #, ...)")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "--nonsense"),
        (["--profile", "x"], "invalid choice"),
        (["file.py"], "unrecognized arguments"),
        (["--require"], "expected one argument"),
    ],
)
def test_usage_errors(python: Repository, arguments: list[str], message: str) -> None:
    done = python.hook(NAME, *arguments)
    assert (done.status, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"{NAME}: ")
    assert message in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


def test_no_repository_and_no_git(tmp_path: Path, env: dict[str, str]) -> None:
    done = run_hook(NAME, cwd=tmp_path, env=env)
    assert (done.status, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"{NAME}: not a git repository: run this inside a work tree\n"
    done = run_hook(NAME, cwd=tmp_path, env=env | {"PATH": str(tmp_path)})
    assert (done.status, done.stdout) == (2, b"")
    assert "install git" in done.stderr.decode()


def test_help(repository: Repository) -> None:
    done = repository.hook(NAME, "--help")
    assert done.status == 0
    assert "A personal excludes file does not count." in done.text


# Through the programs that run hooks


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_through_a_framework(python: Repository, published: Published, framework: str) -> None:
    python.write(".pre-commit-config.yaml", published.configuration(NAME, extra="args: [--fix]"))
    python.stage(".pre-commit-config.yaml")
    done = python.framework(framework, "run")
    assert done.status == 1, done
    assert "PYC201 .venv is not ignored at the root" in done.text
    python.stage(".gitignore")
    assert python.framework(framework, "run").status == 0
    assert python.framework(framework, "run", "--all-files").status == 0
    python.commit()
    python.git("rm", "-q", ".gitignore")
    python.git("commit", "-q", "--no-verify", "-m", "gone")
    assert python.framework(framework, "run").status == 1


@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_removing_the_file_is_noticed_by_the_commit_that_does_it(
    python: Repository, published: Published, framework: str
) -> None:
    python.write(".pre-commit-config.yaml", published.configuration(NAME))
    ignoring(python, ENOUGH)
    python.commit(".pre-commit-config.yaml")
    python.framework(framework, "install")
    python.git("rm", "-q", ".gitignore")
    path = os.path.dirname(tool(framework)) + os.pathsep + os.environ["PATH"]
    done = run(["git", "commit", "-m", "gone"], python.path, python.env | {"PATH": path})
    assert done.status == 1
    assert b"PYC201" in done.stdout + done.stderr


# What a run costs, as lists


def test_what_a_passing_run_imports(python: Repository) -> None:
    ignoring(python, ENOUGH)
    python.stage("pyproject.toml", "docs/index.md")
    listed = "import sys; before = set(sys.modules); " + hook_command(NAME)[2].replace("sys.exit(main())", "main([])")
    program = f"{listed}; print(*sorted(set(sys.modules) - before))"
    env = {name: value for name, value in python.env.items() if not name.startswith("COV")}
    done = run([sys.executable, "-S", "-c", program], python.path, env | {"PYTHONPATH": str(SOURCES)})
    ours: tuple[str, ...] = (
        "",
        ".catalog",
        ".configuration",
        ".console",
        ".git",
        ".hooks",
        f".hooks.{NAME.replace('-', '_')}",
        ".ignorefiles",
    )
    ours += (".ignorefiles.gitignore", ".readers", ".readers.project", ".selection")
    free = set("__future__ atexit gc os os.path posixpath genericpath stat _stat _collections_abc".split())
    assert set(done.text.split()) - free == {f"pycache_hooks{name}" for name in ours}


@pytest.mark.parametrize("size", [1, 400])
def test_how_many_processes_a_passing_run_starts(repository: Repository, tmp_path: Path, size: int) -> None:
    repository.stage(*(f"p{number}/m.py" for number in range(size)), ".coveragerc")
    ignoring(repository, ENOUGH + ".coverage\n.coverage.*\n")
    log = tmp_path / "log"
    real = run(["sh", "-c", "command -v git"], tmp_path, repository.env).text.strip()
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "git"
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{log}"\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    done = repository.hook(NAME, PATH=f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    assert done.status == 0, done
    started = sorted(
        line.replace("-c core.fsmonitor=false ", "").replace("-c core.excludesFile= ", "").split()[0]
        for line in log.read_text().splitlines()
    )
    assert started == ["check-ignore", "ls-files", "rev-parse"]
