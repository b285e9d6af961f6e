"""The forms for programs, as these programs read them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from support import PROJECT, Repository

if TYPE_CHECKING:
    from support import Result

SCHEMA = json.loads((PROJECT / "tests/data/sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
HOOK = "forbid-pycache"


def offending(repository: Repository, *more: str) -> Repository:
    repository.stage("a b/größe.pyc", ".coverage", *more)
    return repository


def sarif(done: Result) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(done.text)
    jsonschema.validate(log, SCHEMA, cls=jsonschema.Draft7Validator)
    return log


def test_json_has_every_part_of_a_finding(repository: Repository) -> None:
    done = offending(repository).hook(HOOK, "--format", "json")

    assert done.status == 1
    first, second = json.loads(done.text)
    assert {name: first[name] for name in ("path", "line", "code", "hook", "fixed")} == {
        "path": ".coverage",
        "line": None,
        "code": "PYC102",
        "hook": HOOK,
        "fixed": False,
    }
    assert second["path"] == "a b/größe.pyc"
    assert second["message"] == "bytecode in the index"
    assert second["fix"].startswith("git ")
    assert second["link"].startswith("https://")


@pytest.mark.parametrize("hook", ["forbid-pycache", "check-pycache-gitignore", "check-pycache-dockerignore"])
def test_nothing_found_is_said_to_programs(repository: Repository, hook: str) -> None:
    repository.stage("README.md")

    assert json.loads(repository.hook(hook, "--format", "json").text) == []
    assert sarif(repository.hook(hook, "--format", "sarif"))["runs"][0]["results"] == []
    assert repository.hook(hook, "--format", "github").text == ""


def test_sarif_is_valid_and_names_rule_and_place(repository: Repository) -> None:
    repository.write(".gitignore", "__pycache__/\n*.py[cod]\n.venv/\n")
    offending(repository, "m.py", ".gitignore")

    log = sarif(repository.hook("check-pycache-gitignore", "--format", "sarif"))

    run = log["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["PYC205", "PYC207"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": ".gitignore"}, "region": {"startLine": 3}}


@pytest.mark.skipif(os.name == "nt", reason="such names cannot exist there")
def test_awkward_names_are_escaped(repository: Repository) -> None:
    name = os.fsdecode(b"a,b:c%d\n\xff\x1b[1m.pyc")
    repository.stage(name)

    place = sarif(repository.hook(HOOK, "--format", "sarif"))["runs"][0]["results"][0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "a%2Cb%3Ac%25d%0A%FF%1B%5B1m.pyc"
    assert json.loads(repository.hook(HOOK, "--format", "json").text)[0]["path"] == "a,b:c%d\n\\udcff\x1b[1m.pyc"
    line, *more = repository.hook(HOOK, "--format", "github").text.splitlines()
    assert not more
    assert line.startswith(
        "::error title=PYC101,file=a%2Cb%3Ac%25d\\n\\xff\\x1b[1m.pyc::a,b:c%25d\\n\\xff\\x1b[1m.pyc: PYC101 "
    )


def test_annotations_are_the_default_in_github_actions(repository: Repository) -> None:
    repository.write(".gitignore", "__pycache__/\n*.py[cod]\n.venv/\n")
    repository.stage("m.py", ".gitignore")

    done = repository.hook("check-pycache-gitignore", GITHUB_ACTIONS="true")

    assert done.text.startswith("::error title=PYC205,file=.gitignore,line=3::.gitignore:3: PYC205 ")
    assert "%0Afix: (cd " in done.text
    assert repository.hook("check-pycache-gitignore", "--format", "text", GITHUB_ACTIONS="true").text.startswith(".git")


def test_what_was_fixed_says_so(repository: Repository) -> None:
    assert "%0Afixed: 2 files taken out" in offending(repository).hook(HOOK, "--fix", "--format", "github").text
    result = sarif(offending(repository).hook(HOOK, "--fix", "--format", "sarif"))["runs"][0]["results"][0]
    assert "\nfixed: 2 files taken out" in result["message"]["text"]
    assert json.loads(offending(repository).hook(HOOK, "--fix", "--format", "json").text)[0]["fixed"] is True
