"""Which findings count: codes, paths, and comments in the files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pycache_hooks import rules, selection
from pycache_hooks.console import Failure
from pycache_hooks.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from support import Repository

MARK = "# pycache-hooks: ignore"


def counts(root: Path, finding: Finding, **settings: list[str]) -> bool:
    chosen = selection.Selection()
    for name, value in settings.items():
        setattr(chosen, name, value)
    return selection.filter_of(chosen, str(root))(finding)


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [
        ([], [], True),
        (["PYC201"], [], True),
        (["PYC2"], [], True),
        (["PYC202"], [], False),
        (["PYC202, PYC201"], [], True),
        (["PYC202", "PYC201"], [], True),
        (["pyc201"], [], True),
        ([], ["Pyc201"], False),
        ([], ["PYC201"], False),
        ([], ["PYC2"], False),
        ([], ["PYC"], False),
        ([], ["PYC202"], True),
        (["PYC2"], ["PYC201"], False),
    ],
)
def test_codes(tmp_path: Path, select: list[str], ignore: list[str], wanted: bool) -> None:  # noqa: FBT001
    finding = Finding("Dockerfile", 1, rules.NOT_IGNORED, "")

    assert counts(tmp_path, finding, select=select, ignore=ignore) is wanted


@pytest.mark.parametrize("code", ["PYC999", "", "PYC201X", "E201"])
@pytest.mark.parametrize("option", ["select", "ignore"])
def test_a_code_that_no_rule_has_is_refused(tmp_path: Path, option: str, code: str) -> None:
    with pytest.raises(Failure, match=f"--{option} {code}: no rule has this code"):
        counts(tmp_path, Finding("x", 1, rules.NOT_IGNORED, ""), **{option: [code]})


def test_the_nearest_code_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="did you mean PYC201"):
        counts(tmp_path, Finding("x", 1, rules.NOT_IGNORED, ""), select=["PYX201"])


def test_paths_are_excluded_as_a_gitignore_would(tmp_path: Path) -> None:
    patterns = ["docs/", "!docs/keep"]

    assert not counts(tmp_path, Finding("a/docs/Dockerfile", 1, rules.NOT_IGNORED, ""), exclude=patterns)
    assert counts(tmp_path, Finding("docs.txt", 1, rules.NOT_IGNORED, ""), exclude=patterns)


def test_a_pattern_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="--exclude: "):
        counts(tmp_path, Finding("x", 1, rules.NOT_IGNORED, ""), exclude=["!"])


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [
        (f"RUN pip install x  {MARK}[PYC201]\n", 1, False),
        (f"{MARK}[PYC201]\nRUN pip install x\n", 2, False),
        (f"{MARK}[PYC201]\n# because\nRUN pip install x\n", 3, False),
        (f"  {MARK}[PYC206, PYC201]\n  - run: pip\n", 2, False),
        (f"{MARK}[PYC206]\n{MARK}[PYC201]\nRUN pip\n", 3, False),
        (f"{MARK}[PYC206]\nRUN pip install x\n", 2, True),
        (f"{MARK}[PYC201]\n\nRUN pip install x\n", 3, True),
        (f"RUN a {MARK}[PYC201]\nRUN pip install x\n", 2, True),
        (f"RUN pip install x\n{MARK}[PYC201]\n", 1, True),
        (f"RUN pip install x {MARK}[pyc201]\n", 1, False),
        (f"{MARK}[PYC201]\nRUN a && \\\n  # why\n    b && \\ \n    pip install x\n", 5, False),
        (f"RUN a && \\\n  {MARK}[PYC201]\n    b && \\\n    pip install x\n", 4, False),
        (f"{MARK}[PYC201]\nRUN a\nRUN b && \\\n    pip install x\n", 4, True),
        (f"{MARK}[PYC201]\nRUN a && b\n    pip install x\n", 3, True),
        (f"{MARK}\nRUN pip install x\n", 2, True),
        ("RUN echo 'pycache-hooks: ignore[PYC201]'\n", 1, True),
        ("RUN pip\n", 7, True),
        ("", 1, True),
    ],
)
def test_comments_switch_a_rule_off_on_their_line_and_the_one_below(
    tmp_path: Path,
    text: str,
    line: int,
    wanted: bool,  # noqa: FBT001
) -> None:
    (tmp_path / "Dockerfile").write_text(text)

    assert counts(tmp_path, Finding("Dockerfile", line, rules.NOT_IGNORED, "")) is wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f"""- 'python -m unittest "{MARK}[PYC201]"'""", True),
        (f'- "pytest {MARK}[PYC201]"', True),
        (f"- 'pytest'  {MARK}[PYC201]", False),
        (f"- echo it's  {MARK}[PYC201]", False),
        (f"- pytest  {MARK}[PYC201] it's slow", False),
    ],
)
def test_what_is_quoted_in_yaml_is_no_comment(tmp_path: Path, line: str, wanted: bool) -> None:  # noqa: FBT001
    (tmp_path / "ci.yml").write_text(f"{line}\n")

    assert counts(tmp_path, Finding("ci.yml", 1, rules.NOT_IGNORED, "")) is wanted


def test_a_finding_without_a_line_or_in_a_file_that_is_gone_counts(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"{MARK}[PYC201]\n")

    assert counts(tmp_path, Finding("Dockerfile", None, rules.NOT_IGNORED, ""))
    assert counts(tmp_path, Finding("Containerfile", 1, rules.NOT_IGNORED, ""))


# Through the hooks

GITIGNORE = "check-pycache-gitignore"
DOCKERIGNORE = "check-pycache-dockerignore"


def test_what_is_switched_off_is_not_mended(repository: Repository) -> None:
    repository.write(".gitignore", "__pycache__/\n*.py[cod]\n.venv/\n")
    repository.stage("m.py", ".gitignore")
    before = (repository.path / ".gitignore").read_bytes()
    assert repository.hook(GITIGNORE).findings == [".gitignore:3 PYC205"]

    assert repository.hook(GITIGNORE, "--fix", "--ignore", "PYC205").status == 0
    assert (repository.path / ".gitignore").read_bytes() == before

    repository.write(".gitignore", f"__pycache__/\n*.py[cod]\n{MARK}[PYC205]\n.venv/\n")
    assert repository.hook(GITIGNORE, "--fix").status == 0


def test_what_else_is_wrong_is_mended_alone(repository: Repository) -> None:
    repository.write(".gitignore", "__pycache__/\n.venv/\n")
    repository.stage("m.py", ".gitignore")

    done = repository.hook(GITIGNORE, "--fix", "--ignore", "PYC205")

    assert done.findings == [".gitignore PYC201"]
    assert (repository.path / ".gitignore").read_text().splitlines()[-1:] == ["*.py[cod]"]


def test_tracked_caches_and_faulty_files_can_be_switched_off(repository: Repository) -> None:
    repository.write(".gitignore", "__pycache__/\n*.py[cod]\n.venv\n")
    repository.write("a/.gitignore", "x\n".encode("utf-16"))
    repository.stage("m.py", ".gitignore", "a/.gitignore", "a/n.py", "m.pyc")

    assert repository.hook(GITIGNORE, "--ignore", "PYC206").findings == ["m.pyc PYC207"]
    assert repository.hook(GITIGNORE, "--ignore", "PYC207").findings == ["a/.gitignore PYC206"]
    assert repository.hook(GITIGNORE, "--ignore", "PYC206,PYC207").status == 0


def test_an_ignore_file_of_a_context_is_left_alone(repository: Repository) -> None:
    repository.write("Dockerfile", "FROM scratch\nCOPY . /app\n")
    repository.write(".dockerignore", f"x\n{MARK}[PYC302]\n__pycache__\n**/.venv\n**/.*_cache\n")
    repository.stage("Dockerfile", ".dockerignore", "a/m.py")

    assert repository.hook(DOCKERIGNORE).status == 0
    assert repository.hook(DOCKERIGNORE, "--fix", "--exclude", ".dockerignore").status == 0
    repository.write(".dockerignore", "x\n[\n")
    assert repository.hook(DOCKERIGNORE, "--ignore", "PYC30").status == 0


def test_an_index_is_left_alone(repository: Repository) -> None:
    repository.stage("m.pyc", ".coverage")

    assert repository.hook("forbid-pycache", "--fix", "--select", "PYC102").findings == [".coverage PYC102"]
    assert list(repository.index()) == ["m.pyc"]


def test_a_rule_is_explained(repository: Repository) -> None:
    done = repository.hook("forbid-pycache", "--explain", "pyc104")

    assert (done.status, done.stderr) == (0, b"")
    assert done.text.startswith("PYC104 (forbid-pycache): bytecode that Python runs without looking at the source\n")
    assert "https://peps.python.org/pep-0552/" in done.text


def test_a_rule_that_is_none_is_not_explained(repository: Repository) -> None:
    done = repository.hook("forbid-pycache", "--explain", "PYC105")

    assert (done.status, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"forbid-pycache: --explain PYC105: no rule has this code")


def test_a_file_that_cannot_be_opened_has_no_comments(tmp_path: Path) -> None:
    os.mkdir(tmp_path / "Dockerfile")

    assert counts(tmp_path, Finding("Dockerfile", 1, rules.NOT_IGNORED, ""))
