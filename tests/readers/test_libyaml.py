"""PyYAML is imported as far as its parser needs it, and is whole for whoever asks for more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support import SOURCES, environment, run

if TYPE_CHECKING:
    from pathlib import Path

DEAR = {"re", "datetime", "base64", "yaml.loader", "yaml.reader"}
READ = "from pycache_hooks.readers.yaml import documents; print(documents('a: [b]'))\n"
REFUSED = """
from pycache_hooks.readers.files import Unreadable
for text in ("a: [", "a: b: c", "x\\n\\x07"):
    try:
        documents(text)
    except Unreadable as refused:
        print(refused.line, refused.reason)
"""
WHOLE = """
import yaml, yaml.reader
print(yaml.safe_load('a: 1'), yaml.__with_libyaml__, yaml.load('- b', yaml.SafeLoader))
try:
    yaml.load("a: [", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
except yaml.MarkedYAMLError as error:
    print(error.problem_mark.line)
"""


def lines(program: str, tmp_path: Path) -> list[str]:
    done = run([sys.executable, "-c", program], tmp_path, environment(PYTHONPATH=str(SOURCES)))
    assert done.status == 0, done
    return done.text.splitlines()


def test_reading_a_file_imports_the_parser_alone(tmp_path: Path) -> None:
    program = f"import sys; before = set(sys.modules)\n{READ}print(*(sys.modules.keys() - before) & {DEAR})"

    assert lines(program, tmp_path) == ["[{'a': ['b']}]", ""]


def test_what_is_refused_is_the_same_as_with_all_of_it(tmp_path: Path) -> None:
    found = lines(READ + REFUSED, tmp_path)

    assert len(found) == 4
    assert found == lines(f"import yaml\n{READ}{REFUSED}", tmp_path)


def test_the_rest_is_there_for_whoever_asks(tmp_path: Path) -> None:
    assert lines(READ + WHOLE, tmp_path)[1:] == ["{'a': 1} True ['b']", "1"]


WITHOUT_LIBYAML = "import sys; sys.modules['yaml._yaml'] = None\n"
ANOTHER_VERSION = "from pycache_hooks.readers import libyaml; libyaml._LEFT_OUT = []\n"


@pytest.mark.parametrize(("change", "libyaml"), [(WITHOUT_LIBYAML, False), (ANOTHER_VERSION, True)])
def test_where_that_is_not_enough_all_of_it_is_imported(tmp_path: Path, change: str, *, libyaml: bool) -> None:
    assert lines(change + READ + WHOLE, tmp_path) == [
        "[{'a': ['b']}]",
        f"{{'a': 1}} {libyaml} ['b']",
        "1" if libyaml else "0",
    ]
