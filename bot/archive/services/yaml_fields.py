"""Reads the YAML of front matter, with PyYAML, event by event and within limits.

Scalars stay text: `no`, `3.10` and dates are not converted. YAML tags create no objects. Nesting,
aliases and size are limited before values are built.
"""

from collections.abc import Iterator
from dataclasses import replace

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.markup.front_matter import FrontMatter
from bot.archive.domain.markup.metadata import Field, is_known, is_tags_key
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import translatable, worded
from bot.core.domain.late import late_pattern

_LOADER = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
_LONGEST = 64 * 1024
_MOST_EVENTS = 20_000
_DEEPEST = 16
_MOST_ALIASES = 100
_MOST_VALUES = 2_000


@dataclass(frozen=True, slots=True)
class _Node:
    """A YAML value: the text of a scalar, or the texts in a list.

    `has_mapping`: it is or contains a mapping that is not read.
    """

    value: str | tuple[str, ...]
    line: int
    has_mapping: bool = False


@dataclass(frozen=True, slots=True)
class _Key:
    """The text of a key, and its line."""

    value: str
    line: int


class _RefusedError(Exception):
    """The YAML is valid but exceeds a limit, or is not a mapping."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def read(found: FrontMatter, path: str) -> tuple[tuple[Field, ...], tuple[Problem, ...]]:
    """The fields of front matter, and problems with their lines if it is not readable.

    Never raises. Nested mappings are not read, except the name of an author; where one stands for
    something that is needed, it is a problem.
    """
    written = _with_plain_tags(found.written)
    quoted, unquoted_at = _with_quoted_colons(written)
    try:
        try:
            return _read(written, found.line, path)
        except yaml.MarkedYAMLError:
            if not unquoted_at:
                raise
            fields, problems = _read(quoted, found.line, path)
            warnings = (
                Problem(path, found.line + at, Severity.WARNING, _COLON) for at in unquoted_at
            )
            return fields, (*warnings, *problems)
    except _RefusedError as error:
        line, reason = error.line, error.reason
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, reason = mark.line if mark is not None else 0, error.problem or "no YAML"
    except (yaml.YAMLError, ValueError) as error:
        line, reason = 0, str(error).partition("\n")[0]
    message = worded(
        "the front matter is not readable as YAML and was ignored: {reason}", reason=reason
    )
    return (), (Problem(path, found.line + line, Severity.WARNING, message),)


def _read(text: str, line: int, path: str) -> tuple[tuple[Field, ...], tuple[Problem, ...]]:
    reader = _Reader(line)
    fields = tuple(reader.fields(text))
    return fields, tuple(
        Problem(path, each.line, Severity.WARNING, worded(_MAPPING, key=each.key))
        for each in reader.unread
    )


_COLON = worded("a text with “: ” must stand in quotes in YAML; it was read as if it did")
_MAPPING = translatable("what “{key}” says is not read: write a text or a list of texts")
_TOP_KEY = late_pattern(r"([^\s:#'\"-][^:\n]{0,80}?)\s*:(?=\s|$)")
_TAG_VALUE = late_pattern(r"(?:[^\s:]+\s*:|\s*-)\s+[#＃][^\W\d_]")
_HASH = late_pattern(r"(?<![^\s,\[])[#＃](?=[^\W\d_])")
_HASH_IN_LIST = late_pattern(r"(?<=[\[,])(\s*)[#＃](?=[^\W\d_])")


def _with_plain_tags(text: str) -> str:
    """The YAML with `tags: #rl` and `- #rl` as `rl`: to YAML, `#` begins a comment there."""
    if "#" not in text and "＃" not in text:
        return text
    lines = text.split("\n")
    are_tags = False
    for at, line in enumerate(lines):
        key = _TOP_KEY.match(line)
        are_tags = is_tags_key(key[1]) if key is not None else are_tags
        if are_tags and ("#" in line or "＃" in line):
            mark = _HASH if _TAG_VALUE.match(line) else _HASH_IN_LIST
            lines[at] = mark.sub(r"\1" if mark is _HASH_IN_LIST else "", line)
    return "\n".join(lines)


_PLAIN_WITH_COLON = late_pattern(r"([^\s:#'\"-][^:]{0,80}?:\s+)([^\s'\"\[\]{}|>&*!%@`#].*:\s.*)")


def _with_quoted_colons(text: str) -> tuple[str, tuple[int, ...]]:
    """The YAML with `title: A: B` as `title: 'A: B'`, and the lines (from 0) that were changed.

    Titles of papers often have a colon, which YAML allows only within quotes.
    """
    lines = text.split("\n")
    changed = []
    for at, line in enumerate(lines):
        found = _PLAIN_WITH_COLON.fullmatch(line)
        if found is not None:
            value = found[2].rstrip().replace("'", "''")
            lines[at] = f"{found[1]}'{value}'"
            changed.append(at)
    return "\n".join(lines), tuple(changed)


class _Reader:
    """Converts YAML events to the fields of the top mapping.

    `unread` are the fields whose value is or contains a mapping although it is needed.
    """

    def __init__(self, first_line: int) -> None:
        self._first_line = first_line
        self._anchors: dict[str, _Node] = {}
        self._aliases = 0
        self.unread: list[Field] = []

    def fields(self, text: str) -> Iterator[Field]:
        if len(text) > _LONGEST:
            raise _RefusedError(worded("too many characters; at most: {n}", n=_LONGEST), 0)
        events = self._events(text)
        for event in events:
            if isinstance(event, ScalarEvent | SequenceStartEvent | AliasEvent):
                raise _RefusedError(worded("no mapping of keys to values"), _line(event))
            if isinstance(event, MappingStartEvent):
                for key, node in self._mapping(events):
                    field = Field(key.value, node.value, self._first_line + key.line)
                    if node.has_mapping and is_known(field.key):
                        self.unread.append(field)
                    if node.value:
                        yield field

    def _events(self, text: str) -> Iterator[Event]:
        """The events; raises `_RefusedError` if there are too many or they nest too deep."""
        depth = 0
        for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                depth += 1
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                depth -= 1
            elif isinstance(event, AliasEvent):
                self._aliases += 1
            line = _line(event)
            if depth > _DEEPEST:
                raise _RefusedError(worded("nested deeper than {n}", n=_DEEPEST), line)
            if count > _MOST_EVENTS or self._aliases > _MOST_ALIASES:
                raise _RefusedError(worded("too many values or aliases"), line)
            yield event

    def _mapping(self, events: Iterator[Event]) -> Iterator[tuple[_Key, _Node]]:
        key: _Node | None = None
        for event in events:
            if isinstance(event, MappingEndEvent):
                return
            node = self._node(event, events)
            if key is None:
                key = node
                continue
            if isinstance(key.value, str):
                yield _Key(key.value, key.line), node
            key = None

    def _node(self, event: Event, events: Iterator[Event]) -> _Node:
        line = _line(event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise _RefusedError(worded("nothing is called &{name}", name=event.anchor), line)
            return replace(self._anchors[event.anchor], line=line)
        if isinstance(event, ScalarEvent):
            node = _Node(_scalar(event), line)
        elif isinstance(event, SequenceStartEvent):
            node = self._list(events, line)
        else:
            name = self._name(events)
            node = _Node(name, line, has_mapping=not name)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _list(self, events: Iterator[Event], line: int) -> _Node:
        values: list[str] = []
        has_mapping = False
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            node = self._node(event, events)
            has_mapping = has_mapping or node.has_mapping
            value = node.value
            # `- [[Note]]` is a list in a list to YAML, and a link to who wrote it.
            values += [value] if isinstance(value, str) else value
            if len(values) > _MOST_VALUES:
                raise _RefusedError(
                    worded("a list of more than {n} values", n=_MOST_VALUES), _line(event)
                )
        return _Node(tuple(value for value in values if value), line, has_mapping)

    def _name(self, events: Iterator[Event]) -> str:
        """The name in a mapping that describes a person, else an empty text."""
        fields = {key.value.casefold(): node.value for key, node in self._mapping(events)}
        named = fields.get("name") or [fields.get("given", ""), fields.get("family", "")]
        return named if isinstance(named, str) else " ".join(filter(None, map(str, named)))


def _line(event: Event) -> int:
    return event.start_mark.line if event.start_mark is not None else 0


def _scalar(event: ScalarEvent) -> str:
    """The text of a scalar; empty for null. A NUL, which YAML can write, is no text."""
    if not event.style and event.value in {"", "~", "null", "Null", "NULL"}:
        return ""
    return str(event.value).replace("\0", "\ufffd")
