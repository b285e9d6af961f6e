"""What the index holds, as far as it matters for caches."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycache_hooks.readers.tracked import Records, Tracked

if TYPE_CHECKING:
    from support import Repository

BLOB = b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def listing(*paths: str, mode: bytes = b"100644") -> bytes:
    return b"".join(b"%b %b 0\t%b\0" % (mode, BLOB, os.fsencode(path)) for path in paths)


def test_only_what_contains_a_name_is_remembered() -> None:
    tracked = Tracked([Records(listing("a.py", "b/m.pyc", "m.pyc.123", "x\ty.pyc"))], [".pyc"])
    assert [path for path in ("a.py", "b/m.pyc", "m.pyc.123", "x\ty.pyc", "m.pyc") if tracked.holds(path)] == [
        "b/m.pyc",
        "m.pyc.123",
        "x\ty.pyc",
    ]


def test_nothing_is_tracked_where_nothing_is_listed() -> None:
    tracked = Tracked([Records(b"")], [".pyc", "\0"])
    assert not tracked.holds("m.pyc")
    assert not tracked.in_submodule("m.pyc")


def test_the_end_of_a_path_is_in_every_path() -> None:
    paths = ["a", "b/c", "Größe", "x\ny", os.fsdecode(b"\xff")]
    tracked = Tracked([Records(listing(*paths))], ["\0"])
    assert all(tracked.holds(path) for path in paths)
    assert tracked.holds("GRÖSSE")


def test_a_listing_may_come_in_pieces_and_be_one_of_several() -> None:
    text = listing("a/m.pyc", "A.PYC") + listing("sub", mode=b"160000")
    for size in range(1, len(text)):
        records = Records()
        for start in range(0, len(text), size):
            records.add(text[start : start + size])
        tracked = Tracked([Records(listing("other.pyc")), records], [".pyc"])
        assert all(map(tracked.holds, ("a/m.pyc", "a.pyc", "other.pyc")))
        assert tracked.in_submodule("sub/m.pyc")


def test_a_submodule_and_what_lies_in_it() -> None:
    tracked = Tracked([Records(listing("a.pyc", "160000 x/m.pyc") + listing("lib/Sub", mode=b"160000"))], [])
    assert [
        path for path in ("lib", "lib/sub", "lib/Sub/a/b", "lib/subx", "160000 x/m.pyc") if tracked.in_submodule(path)
    ] == [
        "lib/sub",
        "lib/Sub/a/b",
    ]


PATHS = st.lists(st.text("aB/._ \t\n\u00e9\u0130\u017f\udcff0", min_size=1, max_size=8), unique=True, max_size=8)


@given(paths=PATHS, names=st.lists(st.text("aB._ \t", min_size=1, max_size=3), max_size=3))
def test_no_path_that_contains_a_name_is_missed(paths: list[str], names: list[str]) -> None:
    tracked = Tracked([Records(listing(*paths))], names)
    for path in paths:
        if any(name.lower() in path.lower() for name in names) and path.isascii():
            assert tracked.holds(path)
            assert tracked.holds(path.upper())
        if any(name in path for name in names):
            assert tracked.holds(path)


@pytest.mark.parametrize(
    "name", ["größe.pyc", 'a"b.pyc', "a\nb.pyc", "-x.pyc", os.fsdecode(b"\xff.pyc"), "İ.pyc", "\u017f.pyc"], ids=ascii
)
def test_gits_own_listing(repository: Repository, name: str) -> None:
    repository.stage(name)
    tracked = Tracked([Records(repository.git("ls-files", "-s", "-z").stdout)], [".pyc"])
    assert tracked.holds(name)
    assert not tracked.holds(f"x{name}")
