"""Inline fields of the Dataview plugin: metadata in the text of a note. They are not shown.

key:: value          on its own line, or as a list item
[key:: value]        within text, in brackets or parentheses
"""

import re
from collections.abc import Sequence
from dataclasses import field

from bot.archive.domain.markup.markdown import CodeBlocks, code_spans, without
from bot.archive.domain.markup.metadata import KEYS, Field
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_LINE = late_pattern(
    r"\s*(?:[-*+]\s+)?(?:\*\*|__)?(?P<key>[^\W\d_][\w-]{0,40}(?: [\w-]{1,40}){0,2})(?:\*\*|__)?"
    r"::(?P<gap>\s*)(?P<value>.*)"
)
_IN_TEXT = late_pattern(
    r"(?:\[(?=[^\W\d_][\w-]{0,40}::)|\((?=[^\W\d_][\w-]{0,40}::))"
    r"(?P<key>[\w-]+)::(?P<gap>\s*)"
    r"(?P<value>(?<=\[)|[^()\[\]\n]*(?:\[\[[^\[\]\n]*\]\][^()\[\]\n]*)*)[\])]"
)
_LONGEST = 2_000


@dataclass(slots=True)
class WithoutFields:
    """Lines without their fields (`None`: the line had nothing else), and the fields.

    `spans` say where the fields are in their lines, which are counted from 0.
    """

    lines: list[str | None]
    fields: list[Field] = field(default_factory=list)
    spans: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


def take_fields(lines: Sequence[str]) -> WithoutFields:
    """Take the fields out of lines; code is left alone."""
    taken = WithoutFields(list(lines))
    if not any("::" in line for line in lines):
        return taken
    code = CodeBlocks(lines).all()
    at = 0
    while at < len(lines):
        if at in code:
            at = code[at]
            continue
        if "::" in lines[at]:
            taken.lines[at] = _take(lines[at], at, taken)
        at += 1
    return taken


def _take(line: str, at: int, taken: WithoutFields) -> str | None:
    whole = _LINE.fullmatch(line) if len(line) < _LONGEST else None
    if whole is not None and _is_field(whole):
        taken.fields.append(Field(whole["key"], whole["value"].strip(), at + 1))
        taken.spans[at] = [(0, len(line))]
        return None
    code = code_spans(line)
    spans: list[tuple[int, int]] = []
    for found in _IN_TEXT.finditer(line):
        if _is_field(found) and not any(start < found.start() < end for start, end in code):
            taken.fields.append(Field(found["key"], found["value"].strip(), at + 1))
            spans.append(found.span())
    if spans:
        taken.spans[at] = spans
    left = without(line, spans)
    return left if left.strip() or not line.strip() else None


def key_of(field: str) -> str:
    """The key of a field as it is written, with its brackets or the mark of its list item."""
    return field.partition("::")[0].strip(" \t-*+_[(")


def _is_field(found: re.Match[str]) -> bool:
    """Whether it is a field, not a C++ name: only known keys may have no space after `::`."""
    return bool(found["gap"]) or not found["value"] or found["key"].casefold() in KEYS
