"""YAML as plain data that knows its lines: what compose files and CI configuration are read with.

Every scalar is the text as written, so that nothing depends on which words a program takes for booleans or numbers; only
null is told apart. Merge keys are applied as go-yaml applies them for Docker Compose: a mapping's own keys win, then the
first mapping that is merged. An alias is the value itself, not a copy of it: an alias bomb has no cost until it is walked.
"""

from __future__ import annotations

from pycache_hooks.readers.files import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from yaml.events import AliasEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

MAX_CHARACTERS = 1 << 20
"""Nobody writes a larger configuration: GitHub refuses a workflow of half the size, and a second is long enough to wait."""

MAX_DEPTH = 100
"""As GitLab has it: https://docs.gitlab.com/administration/instance_limits/ (`max_yaml_depth`)."""

MAX_MERGED = 100_000
"""Keys that merging may bring into one file: without a limit they come to the square of its size."""

_NULLS = ("", "~", "null", "Null", "NULL")
_CORE = "tag:yaml.org,2002:"
_MERGE = "<<"


class Map(dict[str, "Value"]):
    """A mapping that begins at *line*, counted from 1; *lines*: the line of each key. *tag*: an application's, or ``""``."""

    __slots__ = ("line", "lines", "tag")

    def __init__(self, line: int = 0, tag: str = "") -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}
        self.tag = tag


class List(list["Value"]):
    """A sequence that begins at *line*, counted from 1; *lines*: the line of each item. *tag*: an application's, or ``""``."""

    __slots__ = ("line", "lines", "tag")

    def __init__(self, line: int = 0, tag: str = "") -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []
        self.tag = tag


class Text(str):
    """A scalar that begins at *line*, counted from 1; that is the line of the ``|`` or ``>`` of a block.

    *style*: its quote, ``|`` or ``>``, ``""`` for a plain one, or ``*`` for an alias as a key.
    *tag*: an application's, such as ``!reset``, or ``""``.
    """

    __slots__ = ("line", "style", "tag")

    line: int
    style: str
    tag: str

    @property
    def plain(self) -> bool:
        """Whether it stands in neither quotes nor a block."""
        return not self.style


Value = Map | List | Text | None

_NO_KEY, _ITEM = Text(), Text()
"""In place of a key: the next value is one; there is none, as in a sequence."""


def documents(text: str, *, pure: bool = False, repeated: bool = False) -> list[Value]:
    """The documents of *text*. Raises Unreadable for what is no YAML, and for more than any configuration needs.

    *pure*: by the parser in Python that PyYAML has where it comes without libyaml. *repeated*: a key may stand twice, and the
    last one counts, as for programs in Ruby.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(None, f"larger than {MAX_CHARACTERS >> 20} MiB")
    from pycache_hooks.readers import libyaml

    libyaml.prepare()
    import yaml.error

    try:
        return _Builder(repeated=repeated).build(_events(text.removeprefix("\ufeff"), pure=pure))
    except yaml.error.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Unreadable(line, error.problem or "not YAML") from None
    except (yaml.error.YAMLError, ValueError, OverflowError):
        raise Unreadable(_control_line(text), "it has characters that no YAML has") from None


def _events(text: str, *, pure: bool) -> Iterator[Event]:
    """What PyYAML's parser sees in *text*, one after another."""
    if not pure:
        try:
            from yaml._yaml import CParser

            return iter(CParser(text).get_event, None)
        except ImportError:  # PyYAML came without libyaml
            pass
    import yaml

    return iter(yaml.SafeLoader(text).get_event, None)


def _control_line(text: str) -> int | None:
    """The line of the first control character that is no blank, if that is what is wrong."""
    found = next((at for at, character in enumerate(text) if character < " " and character not in "\t\n\r"), None)
    return None if found is None else text.count("\n", 0, found) + 1


class _Builder:
    """Makes the values of a stream of events, each as soon as it begins."""

    __slots__ = ("_anchors", "_documents", "_keys", "_merged", "_merges", "_open", "_repeated")

    def __init__(self, *, repeated: bool) -> None:
        self._repeated = repeated
        self._documents = List()
        self._open: list[Map | List] = [self._documents]
        self._keys: list[Text] = [_ITEM]  # of each open mapping, the key whose value comes next
        self._anchors: dict[str, Value] = {}
        self._merges: dict[
            int, list[tuple[int, Value]]
        ] = {}  # by the identity of an open mapping: line and value of `<<`
        self._merged = 0

    def build(self, events: Iterator[Event]) -> list[Value]:
        """The documents that *events* tell of."""
        from yaml import events as kinds

        takers: dict[type[Event], Callable[[Any], None]] = {
            kinds.StreamStartEvent: self._nothing,
            kinds.DocumentStartEvent: self._document,
            kinds.ScalarEvent: self._scalar,
            kinds.AliasEvent: self._alias,
            kinds.MappingStartEvent: self._mapping,
            kinds.SequenceStartEvent: self._sequence,
            kinds.MappingEndEvent: self._end,
            kinds.SequenceEndEvent: self._end,
            kinds.DocumentEndEvent: self._nothing,
            kinds.StreamEndEvent: self._nothing,
        }
        for event in events:
            takers[type(event)](event)
        return self._documents

    def _nothing(self, _: Event) -> None:
        """Take an event that says nothing."""

    def _document(self, _: Event) -> None:
        self._anchors.clear()

    def _scalar(self, event: ScalarEvent) -> None:
        line = _line(event)
        text = Text(event.value)
        text.line = line
        text.style = style = event.style or ""
        tag = event.tag
        text.tag = _own(tag) if tag else ""
        null = tag == f"{_CORE}null" if tag else not style and text in _NULLS
        if event.anchor:
            self._anchors[event.anchor] = None if null else text
        if self._keys[-1] is _NO_KEY:
            self._keys[-1] = text
        else:
            self._add(None if null else text, line)

    def _alias(self, event: AliasEvent) -> None:
        line = _line(event)
        if event.anchor not in self._anchors:
            raise Unreadable(line, f"unknown anchor {event.anchor}")
        value = self._anchors[event.anchor]
        if any(value is above for above in self._open):
            raise Unreadable(line, f"{event.anchor} is an alias for what it stands in")
        if self._keys[-1] is not _NO_KEY:
            self._add(value, line)
        elif isinstance(value, Text):
            self._keys[-1] = key = Text(value)
            key.line, key.style, key.tag = line, "*", ""
        else:
            raise Unreadable(line, "a key that is no text")

    def _mapping(self, event: MappingStartEvent) -> None:
        self._start(Map(_line(event), _own(event.tag)), event.anchor, _NO_KEY)

    def _sequence(self, event: SequenceStartEvent) -> None:
        self._start(List(_line(event), _own(event.tag)), event.anchor, _ITEM)

    def _start(self, made: Map | List, anchor: str | None, key: Text) -> None:
        if self._keys[-1] is _NO_KEY:
            raise Unreadable(made.line, "a key that is no text")
        if len(self._open) > MAX_DEPTH:
            raise Unreadable(made.line, f"nested deeper than {MAX_DEPTH} levels")
        self._add(made, made.line)
        if anchor:
            self._anchors[anchor] = made
        self._open.append(made)
        self._keys.append(key)

    def _end(self, _: Event) -> None:
        ended = self._open.pop()
        self._keys.pop()
        if self._merges and isinstance(ended, Map):
            for line, value in self._merges.pop(id(ended), ()):
                for source in value if isinstance(value, List) else [value]:
                    self._merge(ended, source, line)

    def _merge(self, into: Map, source: Value, line: int) -> None:
        if not isinstance(source, Map):
            raise Unreadable(line, f"{_MERGE} takes a mapping, or a list of mappings")
        self._merged += len(source)
        if self._merged > MAX_MERGED:
            raise Unreadable(line, f"more than {MAX_MERGED:,} keys come from {_MERGE}")
        for key, value in source.items():
            if key not in into:
                into[key] = value
                into.lines[key] = source.lines[key]

    def _add(self, value: Value, line: int) -> None:
        """Put *value* where it stands: behind the key that waits for it, or at the end of a sequence."""
        above = self._open[-1]
        if isinstance(above, List):
            above.append(value)
            above.lines.append(line)
            return
        key, self._keys[-1] = self._keys[-1], _NO_KEY
        if key == _MERGE and key.plain:
            self._merges.setdefault(id(above), []).append((key.line, value))
        elif key in above and not self._repeated:
            raise Unreadable(key.line, f"the key {key} stands a second time: first on line {above.lines[key]}")
        else:
            above[key] = value
            above.lines[key] = key.line


def _line(event: Event) -> int:
    return event.start_mark.line + 1  # type: ignore[union-attr] # a parser's events have marks, a program's need none


def _own(tag: str | None) -> str:
    """*tag*, unless it is one of YAML's own types."""
    return "" if not tag or tag == "!" or tag.startswith(_CORE) else tag
