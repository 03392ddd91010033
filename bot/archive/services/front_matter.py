"""Read the YAML of front matter, with PyYAML, event by event and within limits.

Scalars stay text: `no`, `3.10` and dates are not converted. YAML tags create no objects. Nesting,
aliases and size are limited before values are built.
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
from bot.archive.domain.markup import front_matter
from bot.archive.domain.markup.metadata import Field
from bot.archive.domain.markup.visible import with_line_feeds

_LOADER = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
_LONGEST = 64 * 1024
_MOST_EVENTS = 20_000
_DEEPEST = 16
_MOST_ALIASES = 100
_MOST_VALUES = 2_000


@dataclass(frozen=True, slots=True)
class _Node:
    """A YAML value: the text of a scalar, or the texts in a list."""

    value: str | tuple[str, ...]
    line: int


class _RefusedError(Exception):
    """The YAML is valid but exceeds a limit, or is not a mapping."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def read(text: str, path: str) -> tuple[tuple[Field, ...], tuple[Problem, ...]]:
    """The fields of the front matter of a text, or a problem with its line if it is not readable.

    Never raises. Nested mappings are ignored.
    """
    found = front_matter.find(with_line_feeds(text))
    if found is None:
        return (), ()
    try:
        return tuple(_Reader(found.line).fields(found.yaml)), ()
    except _RefusedError as error:
        line, reason = error.line, error.reason
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, reason = mark.line if mark is not None else 0, error.problem or "no YAML"
    except (yaml.YAMLError, ValueError) as error:
        line, reason = 0, str(error).partition("\n")[0]
    message = f"the front matter is not readable as YAML and was ignored: {reason}"
    return (), (Problem(path, found.line + line, Severity.WARNING, message),)


class _Reader:
    """Converts YAML events to the fields of the top mapping."""

    def __init__(self, first_line: int) -> None:
        self._first_line = first_line
        self._anchors: dict[str, _Node] = {}
        self._aliases = 0

    def fields(self, text: str) -> Iterator[Field]:
        if len(text) > _LONGEST:
            raise _RefusedError(f"more than {_LONGEST} characters", 0)
        events = self._events(text)
        for event in events:
            if isinstance(event, ScalarEvent | SequenceStartEvent | AliasEvent):
                raise _RefusedError("no mapping of keys to values", _line(event))
            if isinstance(event, MappingStartEvent):
                yield from self._mapping(events)

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
                raise _RefusedError(f"nested deeper than {_DEEPEST}", line)
            if count > _MOST_EVENTS or self._aliases > _MOST_ALIASES:
                raise _RefusedError("too many values or aliases", line)
            yield event

    def _mapping(self, events: Iterator[Event]) -> Iterator[Field]:
        key: _Node | None = None
        for event in events:
            if isinstance(event, MappingEndEvent):
                return
            node = self._node(event, events)
            if key is None:
                key = node
                continue
            if isinstance(key.value, str) and node.value:
                yield Field(key.value, node.value, self._first_line + key.line)
            key = None

    def _node(self, event: Event, events: Iterator[Event]) -> _Node:
        line = _line(event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise _RefusedError(f"nothing is called &{event.anchor}", line)
            return _Node(self._anchors[event.anchor].value, line)
        if isinstance(event, ScalarEvent):
            node = _Node(_scalar(event), line)
        elif isinstance(event, SequenceStartEvent):
            node = _Node(self._list(events), line)
        else:
            self._skip(events)
            node = _Node((), line)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _list(self, events: Iterator[Event]) -> tuple[str, ...]:
        values: list[str] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            value = self._node(event, events).value
            # `- [[Note]]` is a list in a list to YAML, and a link to who wrote it.
            values += [value] if isinstance(value, str) else value
            if len(values) > _MOST_VALUES:
                raise _RefusedError(f"a list of more than {_MOST_VALUES} values", _line(event))
        return tuple(value for value in values if value)

    def _skip(self, events: Iterator[Event]) -> None:
        depth = 1
        while depth:
            event = next(events)
            depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
            depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)


def _line(event: Event) -> int:
    return event.start_mark.line if event.start_mark is not None else 0


def _scalar(event: ScalarEvent) -> str:
    """The text of a scalar; empty for null."""
    if not event.style and event.value in {"", "~", "null", "Null", "NULL"}:
        return ""
    return str(event.value)
