"""git is the judge here too: every verdict is compared with a plain `git check-ignore`, or with what was recorded of one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycache_hooks import git, selection
from pycache_hooks.hooks import check_pycache_gitignore as hook
from pycache_hooks.ignorefiles import flaws, gitignore
from pycache_hooks.ignorefiles.gitignore import Probe
from pycache_hooks.readers import project
from support import Repository, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "gitignore.json"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rules]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        yield Rules(tmp_path_factory.mktemp("rules"))


class Rules:
    """A repository whose .gitignore files are written anew for each case."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository.create(folder / "repository", environment())
        self.root = str(self.repository.path)
        self.exclude = self.repository.path / ".git" / "info" / "exclude"

    def set(self, files: dict[str, str], exclude: str = "") -> gitignore.Files:
        for entry in self.repository.path.iterdir():
            if entry.is_dir() and entry.name != ".git":
                shutil.rmtree(entry)
        (self.repository.path / ".gitignore").unlink(missing_ok=True)
        for path, text in files.items():
            self.repository.write(path, os.fsencode(text))
        self.exclude.parent.mkdir(exist_ok=True)
        self.exclude.write_text(exclude)
        return gitignore.read(self.root, files)

    def ask(self, files: gitignore.Files, probes: list[str]) -> list[bool]:
        return [bool(verdict and verdict.ignores) for verdict in gitignore.ask(self.root, files, probes).values()]

    def plain(self, probes: list[str]) -> list[bool]:
        """What git says when nothing else has a say; without -v it lists what is ignored."""
        listed = b"".join(b"./" + os.fsencode(probe) + b"\0" for probe in probes)
        options = ("-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin")
        said = git.run(*options, root=self.root, stdin=listed, accept=(0, 1)).split(b"\0")
        return [b"./" + os.fsencode(probe) in said for probe in probes]


def cases() -> list[tuple[dict[str, str], dict[str, str], list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        if ".git/info/exclude" not in vector["files"]:  # that never counts here
            groups.setdefault(json.dumps([vector["files"], vector.get("config")], sort_keys=True), []).append(vector)
    return [(group[0]["files"], group[0].get("config", {}), group) for group in groups.values()]


def test_verdicts_agree_with_every_recorded_one(rules: Rules) -> None:
    asked = 0
    for files, config, vectors in cases():
        for name, value in config.items():
            rules.repository.git("config", name, value)
        own = rules.set(files)
        expected = {vector["path"]: vector["ignored"] for vector in vectors if not vector["is_dir"]}
        # Of a directory it is asked whether what is in it is ignored: it is if the directory is, or by a line of its own.
        folders = {f"{vector['path']}/zq7": vector["ignored"] for vector in vectors if vector["is_dir"]}
        inside = dict(zip(folders, rules.plain(list(folders)), strict=True))
        assert all(inside[path] for path, ignored in folders.items() if ignored), files
        expected |= inside
        assert dict(zip(expected, rules.ask(own, list(expected)), strict=True)) == expected, files
        apart = gitignore.ask_apart(rules.root, own, list(expected))
        assert {path: bool(v and v.ignores) for path, v in apart.items()} == expected, files
        for name in config:
            rules.repository.git("config", "--unset", name)
        asked += len(vectors)
    assert asked > 2500


NAMES = st.sampled_from(
    ["a", "b", "src", "__pycache__", "zq7_probe.pyc", "x.pyc", ".venv", "*.pyc", "*.py[cod]", "*", "**"]
)
PATTERNS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "!", "/", "!/", "\\!", " "]),
    st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/", " ", "\t", "/*", "\r"]),
    st.just(""),
)
FILES = st.dictionaries(
    st.sampled_from([".gitignore", "a/.gitignore", "a/b/.gitignore", "src/.gitignore"]),
    st.lists(PATTERNS, max_size=6).map(lambda lines: "".join(f"{line}\n" for line in lines)),
)
SAMPLES = [
    f"{folder}{name}"
    for folder in ("", "a/", "a/b/", "src/c/")
    for name in ("__pycache__/x.pyc", "x.pyc", ".venv/x", ".venv")
]
PATIENT = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PATIENT
@given(files=FILES, exclude=st.lists(PATTERNS, max_size=3))
def test_verdicts_are_git_s_own_and_info_exclude_has_no_say(
    rules: Rules, files: dict[str, str], exclude: list[str]
) -> None:
    rules.set(files)
    plain = rules.plain(SAMPLES)
    own = rules.set(files, exclude="".join(f"{line}\n" for line in exclude))
    assert rules.ask(own, SAMPLES) == plain


@PATIENT
@given(files=FILES, covering=st.sampled_from(["", "*.pyc\n", "__pycache__/\n*.py[cod]\n"]))
def test_asking_at_a_few_places_says_the_same_as_asking_everywhere(
    rules: Rules, files: dict[str, str], covering: str
) -> None:
    files = {**files, ".gitignore": covering + files.get(".gitignore", "")}
    folders = ["", "a", "a/b", "a/b/deep", "a/zz", "src", "src/__pycache__no", "other/place"]
    listing = "".join(f"{path}\0" for path in sorted([*files, *(f"{folder}/m.py".lstrip("/") for folder in folders)]))
    rules.set(files)
    found = project.read(rules.root, listing.encode())
    judgement = hook.judge(found, selection.spared(()), [], {})
    probes = [probe.path for folder in folders for probe in hook._bytecode(folder)]
    ignored = dict(zip(probes, rules.plain(probes), strict=True))
    assert {probe.path for probe, _ in judgement.uncovered if probe.path.endswith(".pyc")} == {
        path for path, covered in ignored.items() if not covered
    }


@pytest.mark.parametrize(
    ("line", "relevant"),
    [
        ("!*.pyc", True),
        ("!__pycache__/", True),
        ("!sub/__PYCACHE__", True),
        ("!zq7_probe.pyc", True),
        ("!**", True),
        ("!*", True),
        ("!*.py[cod] ", True),
        ("!\\__pycache__", True),
        ("!keep.pyc", False),
        ("!*.md", False),
        ("!docs/", False),
        ("\\!*.pyc", False),
        ("# !*.pyc", False),
    ],
)
def test_a_negation_matters_if_it_may_match_what_is_asked(line: str, relevant: bool) -> None:  # noqa: FBT001
    files = {".gitignore": gitignore.IgnoreFile(".gitignore", f"\ufeff{line}\r\n".encode())}
    assert gitignore.may_reopen(files, hook.BYTECODE_NAMES) is relevant


def test_a_verdict_names_the_file_the_line_and_the_pattern(rules: Rules) -> None:
    own = rules.set({".gitignore": "# x\n*.pyc\n", "a/.gitignore": "\n!x.pyc\n"})
    verdict, negated, nothing = gitignore.ask(rules.root, own, ["b/x.pyc", "a/x.pyc", "x.txt"]).values()
    assert verdict
    assert (verdict.source, verdict.line, verdict.pattern) == (".gitignore", 2, "*.pyc")
    assert verdict.ignores
    assert verdict.floats
    assert negated
    assert (negated.source, negated.line, negated.pattern) == ("a/.gitignore", 2, "!x.pyc")
    assert not negated.ignores
    assert not negated.floats
    assert nothing is None


def test_paths_that_git_takes_for_something_else(rules: Rules) -> None:
    own = rules.set({".gitignore": "*.pyc\n"})
    assert rules.ask(own, [":x.pyc", ":(top)/x.pyc", ":/x.txt", "-x.pyc", "ü\udcff\n.pyc"]) == [
        True,
        True,
        False,
        True,
        True,
    ]


def test_an_untracked_file_below_and_a_personal_excludes_file_do_not_count(rules: Rules) -> None:
    own = rules.set({".gitignore": "x\n"})
    rules.repository.write("a/.gitignore", "*\n")
    rules.repository.write("personal", "*\n")
    rules.repository.git("config", "core.excludesFile", str(rules.repository.path / "personal"))
    try:
        assert rules.ask(own, ["a/x", "a/y", "y"]) == [True, False, False]
    finally:
        rules.repository.git("config", "--unset", "core.excludesFile")


def test_one_probe_beyond_a_symbolic_link_spoils_nothing(rules: Rules) -> None:
    own = rules.set({".gitignore": ".venv/\n*.pyc\n"})
    rules.repository.write("real/x")
    (rules.repository.path / "link").symlink_to("real")
    try:
        assert rules.ask(own, ["link/y", "link/x.pyc", "x.pyc", "y"]) == [False, True, True, False]
    finally:
        (rules.repository.path / "link").unlink()


def test_a_directory_that_happens_to_be_there_makes_no_difference(rules: Rules) -> None:
    own = rules.set({".gitignore": ".venv/\n"})
    rules.repository.write(".venv/.gitignore", "*\n")
    assert rules.ask(own, [".venv/x", ".venv"]) == [True, False]


def test_a_nested_repository_is_no_obstacle(rules: Rules) -> None:
    own = rules.set({".gitignore": "*.pyc\n"})
    rules.repository.write("nested/x")
    rules.repository.git("init", "-q", "nested")
    assert rules.ask(own, ["nested/x.pyc", "nested/y"]) == [True, False]


def test_what_was_asked_early_counts_only_for_the_current_directory(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules.set({".gitignore": "*.pyc\n"})
    monkeypatch.chdir(rules.root)
    verdicts = gitignore.Early(["x.pyc", "y"]).answers(rules.root)
    assert verdicts["x.pyc"]
    assert verdicts["y"] is None
    assert gitignore.Early(["x.pyc"]).answers(rules.root + "/other") == {}
    (rules.repository.path / "loop").symlink_to("loop")
    assert gitignore.Early(["loop/x"]).answers(rules.root) == {}
    (rules.repository.path / "loop").unlink()


@pytest.mark.parametrize(
    ("line", "meant", "reason"),
    [
        ("*.pyc # bytecode", "*.pyc", "git knows no comment behind a pattern"),
        ("*.pyc\t# bytecode", "*.pyc", "git knows no comment behind a pattern"),
        ("*.pyc\t", "*.pyc", "git strips no other white space at the end than spaces"),
        ("*.pyc\u00a0", "*.pyc", "git strips no other white space at the end than spaces"),
        ("  *.pyc", "*.pyc", "git does not strip white space in front"),
        ("\ufeff*.pyc", "*.pyc", "an invisible character (U+FEFF) stands in front"),
        ('"*.pyc"', "*.pyc", "git knows no quotes"),
        ("**\\*.pyc", "**/*.pyc", "a backslash separates no directories"),
        ("./*.pyc", "*.pyc", "git does not tidy `./` and `//`"),
        ("**///*.pyc", "**/*.pyc", "git does not tidy `./` and `//`"),
        ("*.{pyc,pyo}", "*.pyc\n*.pyo", "git expands no braces"),
        ("*.py[co", "*.py[co]", "a bracket is not closed"),
        ("*.pyo, *.pyc", "*.pyo\n*.pyc", "git reads one pattern a line"),
        ("*.PYC", "*.pyc", "upper and lower case differ"),
        ("'*.PYC' # x", "*.pyc", "git knows no comment behind a pattern; git knows no quotes; upper and lower case differ"),
    ],
)  # fmt: skip
def test_a_line_with_a_flaw_is_found_and_mended(rules: Rules, line: str, meant: str, reason: str) -> None:
    own = rules.set({".gitignore": f"# a comment\n\n!other\n{line}\n*.txt\n"})
    assert rules.ask(own, ["src/x.pyc"]) == [False]
    flaw = flaws.find(rules.root, own, [Probe("src", "x.pyc", "*.pyc", ())])["src/x.pyc"]
    assert (flaw.source, flaw.line, flaw.text.rstrip(), flaw.meant) == (".gitignore", 4, line.rstrip(), meant)
    assert flaw.reason == reason
    assert not flaw.anchored
    assert rules.ask(rules.set({".gitignore": flaw.meant + "\n"}), ["src/x.pyc"]) == [True]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/*.pyc", "*.pyc"),
        ("app/*.pyc", "*.pyc"),
        ("app/**/*.pyc", "*.pyc"),
        ("/__pycache__/", "__pycache__/"),
        ("/__pycache__/*", "**/__pycache__/*"),
        ("/app/__pycache__/**", "**/__pycache__/**"),
    ],
)
def test_a_line_tied_to_one_directory_is_found(rules: Rules, line: str, meant: str) -> None:
    own = rules.set({"src/.gitignore": f"{line}\n"})
    probe = Probe("src/deep", "__pycache__/x.pyc", "__pycache__/", ())
    assert rules.ask(own, [probe.path]) == [False]
    flaw = flaws.find(rules.root, own, [probe])[probe.path]
    assert (flaw.source, flaw.line, flaw.text, flaw.meant, flaw.anchored) == ("src/.gitignore", 1, line, meant, True)


@pytest.mark.parametrize(
    "text", ["", "# *.pyc\n", "*.txt\n", "/*/**\n", "!*.PYC\n", "*.{txt\n", "x" * flaws.ENOUGH + "\n*.PYC\n"]
)
def test_no_flaw_is_found_where_there_is_none(rules: Rules, text: str) -> None:
    assert flaws.find(rules.root, rules.set({".gitignore": text}), [Probe("", "b.pyc", "*.pyc", ())]) == {}


@pytest.mark.parametrize(
    "line", ["*,cover", "config/*", "/data/", "docs/build/ # made", "./conf/**/*", "/conf?/?*", "CONFIG"]
)
def test_a_line_that_has_no_cache_in_mind_is_not_blamed(rules: Rules, line: str) -> None:
    own = rules.set({".gitignore": f"/*.pyc\n{line}\n"})
    probes = [Probe(f"shop/{name}", "x.pyc", "*.pyc", ()) for name in ("config", "data", "build")]
    assert {flaw.text for flaw in flaws.find(rules.root, own, probes).values()} == {"/*.pyc"}


def test_what_is_said_of_a_cache_is_not_meant_for_what_lies_elsewhere(rules: Rules) -> None:
    own = rules.set({".gitignore": "*/__pycache__/*.pyc\n"})
    probes = [Probe("a/b", "__pycache__/x.pyc", "__pycache__/", ()), Probe("a/b", "x.pyc", "*.pyc", ())]
    assert set(flaws.find(rules.root, own, probes)) == {"a/b/__pycache__/x.pyc"}


def test_files_are_read_as_they_were_meant(rules: Rules) -> None:
    path = rules.repository.path
    rules.set({"plain/.gitignore": "a\n"})
    rules.repository.write("utf-16/.gitignore", "*.pyc\r\n".encode("utf-16"))
    rules.repository.write("broken/.gitignore", b"\xff\xfe*")
    rules.repository.write("directory/.gitignore/x")
    for name, target in [
        ("link", "../plain/.gitignore"),
        ("dangling", "nowhere"),
        ("loop", ".gitignore"),
        ("folder", "."),
    ]:
        (path / name).mkdir()
        (path / name / ".gitignore").symlink_to(target)
    names = [
        f"{name}/.gitignore"
        for name in ("plain", "utf-16", "broken", "directory", "link", "dangling", "loop", "folder")
    ]
    files = gitignore.read(rules.root, [*names, "gone/.gitignore", "plain/.gitignore/below/.gitignore"])
    assert {file.path.partition("/")[0]: (file.data, file.fault) for file in files.values()} == {
        "plain": (b"a\n", ""),
        "utf-16": (b"*.pyc\r\n", gitignore.UTF_16),
        "broken": (b"", gitignore.NOT_TEXT),
        "directory": (b"", gitignore.NOT_A_FILE),
        "link": (b"a\n", gitignore.LINK),
        "dangling": (b"", gitignore.LINK),
        "loop": (b"", gitignore.LINK),
        "folder": (b"", gitignore.LINK),
    }
    assert rules.ask(files, ["utf-16/x.pyc", "link/a", "plain/a", "loop/a"]) == [True, True, True, False]


def test_hidden_lists_the_tracked_files_that_a_pattern_matches(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    repository.stage("dist/a.js", "x/dist/b.js", "dist.py")
    assert gitignore.hidden(str(repository.path), "dist/") == ["dist/a.js", "x/dist/b.js"]
    assert gitignore.hidden(str(repository.path), "build/") == []
