"""`Document` → Block Kit, pure. What does not fit one message goes on in further ones.

Prose, quotes and lists are rich text; titles without a link are headers; small print is
context; labelled values are section fields. Rows with commands get one select below their
list: a button beside each of thirty rows is a wall on a phone. Controls at the end of a document stay on
its first message, whatever goes on in the thread.

Kept by construction: 50 blocks, 3,000 characters a text, 150 a header, 25 elements a row of
actions, 75 a label, 2,000 a button's value, 150 an option's, 4,000 of fallback, and about
10,000 characters of blocks a message: Slack's `msg_blocks_too_long` begins at some 13,200.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from zlib import crc32

from bot.adapters.slack.text import (
    Json,
    Readable,
    clean,
    cut,
    escaped,
    is_address,
    mrkdwn,
    pieces,
    rich,
    shortened,
    shown,
)
from bot.domain.document import (
    Block,
    Button,
    Buttons,
    Divider,
    Document,
    Fields,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Text,
    plain_text,
)

MOST_BLOCKS = 50
_MOST_HOME_BLOCKS = 100
LONGEST_BLOCKS = 10_000
"""Characters of JSON a message: the texts and what stands around them."""
LONGEST_FALLBACK = 3900
COMMAND, LINK, CHOOSE = "command", "link", "choose"
"""How the ids of actions begin: a button with a command, one with an address, a select."""

_LONGEST_TEXT = 2900
_LONGEST_BLOCK = 5000
_LONGEST_LIST = 2500
_AROUND_A_RUN = 70
_LONGEST_HEADER = 150
_LONGEST_LABEL = 75
_LONGEST_VALUE = 2000
_LONGEST_OPTION = 150
_LONGEST_FIELD = 2000
_ROOM_FOR_ID = 41
"""What a block's id adds to its JSON beside the mark: `"block_id": "/123-456.78.01234567", `."""
_BUTTONS_A_ROW = 5
_OPTIONS_A_SELECT = 20
_FIELDS_A_SECTION = 10
_GOES_ON = "… 🧵"


@dataclass(frozen=True, slots=True)
class Payload:
    """One message: its blocks, and the text of notifications and screen readers."""

    text: str
    blocks: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One block, what it says in plain words, and whether it is something to press.

    `size` is the length of its JSON, and `name` a name of exactly this content.
    """

    block: Json
    plain: str
    is_control: bool
    size: int
    name: str


def _piece(block: Json, plain: str = "", *, is_control: bool = False) -> _Piece:
    written = json.dumps(block, ensure_ascii=False)
    return _Piece(block, plain, is_control, len(written), f"{crc32(written.encode()):08x}")


def render(document: Document, *, readable: Readable, mark: str) -> tuple[Payload, ...]:
    """The messages of a document, at least one; `mark` begins the id of each of their blocks.

    `mark` has at most 190 characters. The ids are how `find` and pressed buttons recognise a
    message without any memory: `mark/1-3.0.…` is the first block of the first of three messages.
    They end in a name of their content, since Slack wants new ids for what is said anew.
    """
    made = [piece for block in document.blocks for piece in _pieces(block, readable)]
    messages = _pack(made, room=_ROOM_FOR_ID + len(mark))
    return tuple(
        Payload(
            _fallback(document.summary if number == 1 else "", message),
            tuple(
                {"block_id": f"{mark}/{number}-{len(messages)}.{place}.{piece.name}", **piece.block}
                for place, piece in enumerate(message)
            ),
        )
        for number, message in enumerate(messages, start=1)
    )


def render_home(document: Document, *, readable: Readable) -> tuple[Json, ...]:
    """The blocks of a home view: up to 100, and no thread to go on in.

    A longer document ends in an ellipsis, with its controls still below.
    """
    made = [piece for block in document.blocks for piece in _pieces(block, readable)]
    if len(made) > _MOST_HOME_BLOCKS:
        controls = _last_controls(made)
        kept = made[: _MOST_HOME_BLOCKS - len(controls) - 1]
        made = [*kept, _piece(_context_of("…")), *controls]
    return tuple(piece.block for piece in made)


def _pack(made: Sequence[_Piece], *, room: int) -> list[list[_Piece]]:
    """The pieces in messages within the limits, the controls of the end on the first one.

    `room` is what each block's id needs.
    """
    if _fits(made, room):
        return [_trimmed(made)]
    controls = _last_controls(made)
    rest = list(made[: len(made) - len(controls)])
    reserved = [_piece(_context_of(_GOES_ON)), *controls]
    first: list[_Piece] = []
    while rest and _fits([*first, rest[0], *reserved], room):
        first.append(rest.pop(0))
    messages = [[*_trimmed(first), *reserved]]
    while rest:
        message = [rest.pop(0)]
        while rest and _fits([*message, rest[0]], room):
            message.append(rest.pop(0))
        messages.append(_trimmed(message))
    return [message for message in messages if message]


def _last_controls(made: Sequence[_Piece]) -> list[_Piece]:
    """What can be pressed at the end, unless it would fill the first message alone."""
    at = len(made)
    while at and made[at - 1].is_control:
        at -= 1
    controls = list(made[at:])
    small = sum(piece.size for piece in controls) <= LONGEST_BLOCKS // 3
    return controls if small and len(controls) <= MOST_BLOCKS // 3 else []


def _fits(message: Sequence[_Piece], room: int) -> bool:
    length = 2 + sum(piece.size + room for piece in message)
    return len(message) <= MOST_BLOCKS and length <= LONGEST_BLOCKS


def _trimmed(message: Sequence[_Piece]) -> list[_Piece]:
    """The message without breaks at its ends."""
    kept = list(message)
    while kept and kept[0].block == _DIVIDER:
        kept.pop(0)
    while kept and kept[-1].block == _DIVIDER:
        kept.pop()
    return kept


def _fallback(summary: str, message: Iterable[_Piece]) -> str:
    """Summary first, for the notification; then the words, for who hears the message.

    Screen readers read this and not the blocks (Slack's manual of chat.postMessage). It is cut
    where Slack would cut it: the blocks hold everything.
    """
    lines = [shown(summary).strip(), *(piece.plain.strip() for piece in message)]
    said = [line for place, line in enumerate(lines) if line and line not in lines[:place]]
    text = "\n".join(said) or "…"
    if len(escaped(text)) <= LONGEST_FALLBACK:
        return escaped(text)
    while len(escaped(text)) >= LONGEST_FALLBACK:
        text = text[: cut(text, len(text) * 9 // 10)].rstrip()
    return escaped(text) + "…"


_Row: TypeAlias = tuple[int | None, tuple[Inline, ...]]
_DIVIDER: Json = {"type": "divider"}


def _pieces(block: Block, readable: Readable) -> Iterator[_Piece]:
    match block:
        case Heading():
            yield from _heading(clean(block.inlines, readable))
        case Paragraph():
            yield from _prose(clean(block.inlines, readable), "rich_text_section")
        case Quote():
            yield from _prose(clean(block.inlines, readable), "rich_text_quote")
        case Note():
            yield from _note(clean(block.inlines, readable))
        case Items():
            yield from _list(block.items, readable)
        case Fields():
            yield from _fields(block, readable)
        case Buttons():
            yield from _buttons(block.buttons, readable)
        case Divider():
            yield _piece(_DIVIDER)


def _heading(inlines: tuple[Inline, ...]) -> Iterator[_Piece]:
    text = plain_text(inlines)
    if not text.strip():
        return
    if len(text) <= _LONGEST_HEADER and all(isinstance(inline, Text) for inline in inlines):
        yield _piece({"type": "header", "text": _plain_object(text)}, text)
        return
    yield from _prose(inlines, "rich_text_section", bold=True)


def _prose(inlines: tuple[Inline, ...], kind: str, *, bold: bool = False) -> Iterator[_Piece]:
    if not plain_text(inlines).strip():
        return
    for part in _within_a_block(inlines):
        yield _piece(
            {"type": "rich_text", "elements": [{"type": kind, "elements": rich(part, bold=bold)}]},
            plain_text(part),
        )


def _within_a_block(
    inlines: tuple[Inline, ...], longest: int = _LONGEST_TEXT
) -> Iterator[tuple[Inline, ...]]:
    """The runs in pieces that one block holds, also when their JSON is longer than they are."""
    for part in pieces(inlines, longest):
        if longest == 1 or 2 * _length(part) <= _LONGEST_BLOCK or _written(part) <= _LONGEST_BLOCK:
            yield part
        else:
            yield from _within_a_block(part, max(1, longest // 2))


def _length(inlines: tuple[Inline, ...]) -> int:
    """About the length of the runs' JSON; clean text is at most twice as long when escaped."""
    return sum(
        _AROUND_A_RUN + len(inline.text) + (len(inline.url) if isinstance(inline, Link) else 0)
        for inline in inlines
    )


def _written(inlines: tuple[Inline, ...]) -> int:
    return len(json.dumps(rich(inlines, bold=True), ensure_ascii=False))


def _note(inlines: tuple[Inline, ...]) -> Iterator[_Piece]:
    if not plain_text(inlines).strip():
        return
    if all(isinstance(inline, Text) for inline in inlines):
        for part in _within_a_block(inlines):
            text = plain_text(part)
            if text.strip():
                yield _piece(_context_of(text), text)
        return
    marked = mrkdwn(inlines)
    if marked is None or len(marked) > _LONGEST_TEXT:
        yield from _prose(inlines, "rich_text_section")
        return
    element = {"type": "mrkdwn", "text": marked, "verbatim": True}
    yield _piece({"type": "context", "elements": [element]}, plain_text(inlines))


def _context_of(text: str) -> Json:
    return {"type": "context", "elements": [_plain_object(text)]}


def _list(items: Sequence[Item], readable: Readable) -> Iterator[_Piece]:
    chunk: list[_Row] = []
    length = 0
    for item in items:
        parts = tuple(_within_a_block(_row(item, readable)))
        if not parts:
            continue
        begins, *goes_on = parts
        if chunk and length + _length(begins) > _LONGEST_LIST:
            yield _list_block(chunk)
            chunk, length = [], 0
        chunk.append((item.number, begins))
        length += _length(begins)
        if goes_on:
            yield _list_block(chunk)
            chunk, length = [], 0
            for part in goes_on:
                yield from _prose(part, "rich_text_section")
    if chunk:
        yield _list_block(chunk)
    yield from _choices(items, readable)


def _list_block(rows: Sequence[_Row]) -> _Piece:
    """Rows as a numbered list where their numbers follow each other, else as a bulleted one."""
    first = rows[0][0]
    ordered = first is not None and all(
        number == first + place for place, (number, _) in enumerate(rows)
    )
    part: Json = {"type": "rich_text_list", "style": "ordered" if ordered else "bullet"}
    if ordered and first is not None and first > 1:
        part["offset"] = first - 1
    numbered = [(Text(f"{number}. "), *row) if number is not None else row for number, row in rows]
    shown_rows = [row for _, row in rows] if ordered else numbered
    part["elements"] = [{"type": "rich_text_section", "elements": rich(row)} for row in shown_rows]
    plain = "\n".join(plain_text(row) for row in numbered)
    return _piece({"type": "rich_text", "elements": [part]}, plain)


def _row(item: Item, readable: Readable) -> tuple[Inline, ...]:
    inlines, detail = clean(item.inlines, readable), clean(item.detail, readable)
    between = (Text("\n"),) if inlines and detail else ()
    row = (*inlines, *between, *detail)
    return row if plain_text(row).strip() else ()


def _choices(items: Sequence[Item], readable: Readable) -> Iterator[_Piece]:
    """The buttons of rows: one select, or buttons where a select would not do."""
    rows = [(item, item.button) for item in items if item.button is not None]
    chosen = [
        (item, button)
        for item, button in rows
        if button.command is not None and 0 < len(button.command) <= _LONGEST_OPTION
    ]
    if len(chosen) < 2:
        chosen = []
    for at in range(0, len(chosen), _OPTIONS_A_SELECT):
        yield _select(chosen[at : at + _OPTIONS_A_SELECT], readable)
    yield from _buttons([row[1] for row in rows if row not in chosen], readable)


def _select(rows: Sequence[tuple[Item, Button]], readable: Readable) -> _Piece:
    labels = {button.label for _, button in rows}
    placeholder = shortened(shown(labels.pop()), _LONGEST_LABEL) if len(labels) == 1 else ""
    element = {
        "type": "static_select",
        "action_id": f"{CHOOSE}.0",
        "placeholder": _plain_object(placeholder or "…"),
        "options": [
            {"text": _plain_object(_option(item, button, readable)), "value": button.command}
            for item, button in rows
        ],
    }
    return _piece({"type": "actions", "elements": [element]}, is_control=True)


def _option(item: Item, button: Button, readable: Readable) -> str:
    number = "" if item.number is None else f"{item.number}. "
    name = plain_text(clean(item.inlines, readable)).strip() or shown(button.label)
    return shortened(number + name, _LONGEST_LABEL) or "…"


def _buttons(buttons: Sequence[Button], readable: Readable) -> Iterator[_Piece]:
    """Rows of buttons; what does not fit into one is said in words, so that it can be typed."""
    pressed = [button for button in buttons if _can_be_pressed(button)]
    for at in range(0, len(pressed), _BUTTONS_A_ROW):
        elements: list[Json] = []
        size = 0
        for place, button in enumerate(pressed[at : at + _BUTTONS_A_ROW]):
            element = _button(button, place, readable)
            added = len(json.dumps(element, ensure_ascii=False))
            if elements and size + added > _LONGEST_BLOCK:
                yield _piece({"type": "actions", "elements": elements}, is_control=True)
                elements, size = [], 0
            elements.append(element)
            size += added
        yield _piece({"type": "actions", "elements": elements}, is_control=True)
    for button in buttons:
        if not _can_be_pressed(button):
            words = f"{button.label}: {button.command or button.url or ''}"
            yield from _prose(clean((Text(words),), str), "rich_text_section")


def _can_be_pressed(button: Button) -> bool:
    if button.command is not None:
        return 0 < len(button.command) <= _LONGEST_VALUE
    return button.url is not None and is_address(button.url)


def _button(button: Button, place: int, readable: Readable) -> Json:
    label = shortened(shown(readable(button.label)), _LONGEST_LABEL) or "…"
    element: Json = {"type": "button", "text": _plain_object(label)}
    if button.command is not None:
        return element | {"action_id": f"{COMMAND}.{place}", "value": button.command}
    return element | {"action_id": f"{LINK}.{place}", "url": button.url}


def _fields(block: Fields, readable: Readable) -> Iterator[_Piece]:
    """Labelled values side by side, or below each other where mrkdwn could not say them."""
    rows = [(clean((Text(label),), str), clean(value, readable)) for label, value in block.fields]
    fields = [_field(name, value) for name, value in rows]
    plain = [f"{plain_text(name)}: {plain_text(value)}" for name, value in rows]
    if None in fields:
        for name, value in rows:
            yield from _prose((*name, Text(": "), *value), "rich_text_section")
        return
    begins, length = 0, 0
    for place, field in enumerate(fields):
        length += len(field["text"]) if field else 0
        if place - begins == _FIELDS_A_SECTION or (place > begins and length > _LONGEST_TEXT):
            yield _section(fields[begins:place], plain[begins:place])
            begins, length = place, len(field["text"]) if field else 0
    if fields:
        yield _section(fields[begins:], plain[begins:])


def _field(name: tuple[Inline, ...], value: tuple[Inline, ...]) -> Json | None:
    """The labelled value in mrkdwn, if it cannot be misread: alone on its line a label is bold."""
    label, said = mrkdwn(name), mrkdwn(value)
    if not label or label.strip() != label or "\n" in label or not said:
        return None
    text = f"*{label}*\n{said}"
    return (
        {"type": "mrkdwn", "text": text, "verbatim": True} if len(text) <= _LONGEST_FIELD else None
    )


def _section(fields: Sequence[Json | None], plain: Sequence[str]) -> _Piece:
    return _piece({"type": "section", "fields": list(fields)}, "\n".join(plain))


def _plain_object(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}
