"""Converts each kind of block of a document to Slack's blocks.

Prose, quotes, lists and code are rich text; titles without a link are headers; small print is
context; labelled values are section fields.
"""

from collections.abc import Iterator, Sequence

from bot.core.domain.chart import bars
from bot.core.domain.document import (
    Block,
    Buttons,
    Chart,
    Code,
    Divider,
    Fields,
    Heading,
    Inline,
    Items,
    Note,
    Paragraph,
    Quote,
    Text,
    plain_text,
)
from bot.platforms.slack.rendering.controls import button_rows
from bot.platforms.slack.rendering.piece import (
    DIVIDER,
    LONGEST_TEXT,
    Piece,
    make_piece,
    plain_object,
    prose,
    small_print,
    within_a_block,
)
from bot.platforms.slack.rendering.rows import list_pieces
from bot.platforms.slack.rendering.text import Json, clean, length, mrkdwn

_LONGEST_HEADER = 150
_LONGEST_FIELD = 2000
_FIELDS_A_SECTION = 10


def pieces_of(block: Block) -> Iterator[Piece]:
    """The pieces of one block of a document; none if it has no content."""
    match block:
        case Heading():
            yield from _heading(clean(block.inlines))
        case Paragraph():
            yield from prose(clean(block.inlines), "rich_text_section")
        case Quote():
            yield from prose(clean(block.inlines), "rich_text_quote")
        case Note():
            yield from _note(clean(block.inlines))
        case Items():
            yield from list_pieces(block.items)
        case Fields():
            yield from _fields(block)
        case Code():
            yield from prose(clean((Text(block.text),)), "rich_text_preformatted")
        case Chart():
            yield from prose(clean((Text(bars(block)),)), "rich_text_preformatted")
        case Buttons():
            yield from button_rows(block.buttons)
        case Divider():
            yield make_piece(DIVIDER)


def _heading(inlines: tuple[Inline, ...]) -> Iterator[Piece]:
    text = plain_text(inlines)
    if not text.strip():
        return
    if length(text) <= _LONGEST_HEADER and all(isinstance(inline, Text) for inline in inlines):
        yield make_piece({"type": "header", "text": plain_object(text)}, text)
        return
    yield from prose(inlines, "rich_text_section", bold=True)


def _note(inlines: tuple[Inline, ...]) -> Iterator[Piece]:
    if not plain_text(inlines).strip():
        return
    if all(isinstance(inline, Text) for inline in inlines):
        for part in within_a_block(inlines):
            text = plain_text(part)
            if text.strip():
                yield make_piece(small_print(text), text)
        return
    marked = mrkdwn(inlines)
    if marked is None or length(marked) > LONGEST_TEXT:
        yield from prose(inlines, "rich_text_section")
        return
    element = {"type": "mrkdwn", "text": marked, "verbatim": True}
    yield make_piece({"type": "context", "elements": [element]}, plain_text(inlines))


def _fields(block: Fields) -> Iterator[Piece]:
    """Labelled values side by side, or as paragraphs if mrkdwn would misread them."""
    rows = [(clean((Text(label),)), clean(value)) for label, value in block.fields]
    fields = [_field(name, value) for name, value in rows]
    plain = [f"{plain_text(name)}: {plain_text(value)}" for name, value in rows]
    if None in fields:
        for name, value in rows:
            yield from prose((*name, Text(": "), *value), "rich_text_section")
        return
    begins, size = 0, 0
    for place, field in enumerate(fields):
        size += length(field["text"]) if field else 0
        if place - begins == _FIELDS_A_SECTION or (place > begins and size > LONGEST_TEXT):
            yield _section(fields[begins:place], plain[begins:place])
            begins, size = place, length(field["text"]) if field else 0
    if fields:
        yield _section(fields[begins:], plain[begins:])


def _field(name: tuple[Inline, ...], value: tuple[Inline, ...]) -> Json | None:
    """The labelled value in mrkdwn, or `None` if mrkdwn would misread it."""
    label, said = mrkdwn(name), mrkdwn(value)
    if not label or label.strip() != label or "\n" in label or not said:
        return None
    text = f"*{label}*\n{said}"
    return (
        {"type": "mrkdwn", "text": text, "verbatim": True}
        if length(text) <= _LONGEST_FIELD
        else None
    )


def _section(fields: Sequence[Json | None], plain: Sequence[str]) -> Piece:
    return make_piece({"type": "section", "fields": list(fields)}, "\n".join(plain))
