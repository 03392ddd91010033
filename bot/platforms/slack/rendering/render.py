"""Renders a `Document` as Block Kit. Pure. A long document becomes several messages.

Buttons and menus at the end of a document stay on its first message.

Kept by construction: 50 blocks, 3,000 characters a text, 150 a header, 25 elements a row of
actions, 75 a label, 2,000 a button's value, 150 an option's, 4,000 of fallback, and about
10,000 characters of blocks a message: Slack's `msg_blocks_too_long` begins at some 13,200.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Chart, Document, map_text
from bot.core.kept import Kept, is_short
from bot.core.latex import readable
from bot.core.ports import Platform, parse_channel
from bot.platforms.slack.rendering.blocks import pieces_of
from bot.platforms.slack.rendering.piece import DIVIDER, Piece, make_piece, small_print, write_json
from bot.platforms.slack.rendering.text import Json, cut, escaped, length, printable

MOST_BLOCKS = 50
LONGEST_BLOCKS = 10_000
"""Length of a message's blocks as JSON."""
LONGEST_FALLBACK = 3900

_MOST_HOME_BLOCKS = 100
_ROOM_FOR_ID = 41
"""Length of a block's id in JSON without the mark: `"block_id": "/123-456.78.01234567", `."""
_MOST_ALT = 2000
_GOES_ON = "… 🧵"


@dataclass(frozen=True, slots=True)
class Payload:
    """One message: the text for notifications and screen readers, and its blocks as JSON in UTF-8.

    `without_picture` are the blocks with bars of text instead of a picture, where there is one.
    """

    text: str
    written: bytes
    without_picture: tuple[Json, ...] | None = None

    @property
    def blocks(self) -> tuple[Json, ...]:
        """The blocks, read from their JSON."""
        return tuple(json.loads(self.written))


@dataclass(frozen=True, slots=True)
class _Message:
    """A message laid out: its text, and of each block the name and the JSON without an id.

    Not the blocks themselves, which take several times as much memory.
    """

    text: str
    blocks: tuple[tuple[str, bytes], ...]


_kept: Kept[tuple[Document, int], tuple[_Message, ...]] = Kept()
"""Documents that were rendered lately, by all that their messages are made of: a mark's length, not
its words. Many people ask the same, and one digest goes to many channels."""


def with_picture(payload: Payload, chart: Chart, file: str) -> Payload:
    """The message with that file of Slack in place of the chart's bars, if it has these."""
    made = next(pieces_of(chart), None)
    if made is None:
        return payload
    blocks = list(payload.blocks)
    for place, block in enumerate(blocks):
        before, _, name = str(block["block_id"]).rpartition(".")
        if name == made.name:
            text = chart.text[:_MOST_ALT]
            image: Json = {"type": "image", "slack_file": {"id": file}, "alt_text": text}
            blocks[place] = {"block_id": f"{before}.{make_piece(image).name}", **image}
            return Payload(payload.text, write_json(blocks).encode(), payload.blocks)
    return payload


def render(document: Document, *, mark: str) -> tuple[Payload, ...]:
    """The messages of a document, at least one. `mark` is the prefix of every block id.

    `mark` has at most 190 characters. `find` and pressed buttons identify a message by these ids:
    `mark/1-3.0.…` is the first block of the first of three messages.
    They end in a checksum of the block, since Slack wants new ids for changed blocks.
    """
    messages = _kept.find((document, len(mark)))
    if messages is None:
        messages = _lay_out(document, room=_ROOM_FOR_ID + len(mark))
        if is_short(document):
            _kept.keep((document, len(mark)), messages)
    return tuple(
        [
            _payload(message, f"{mark}/{number}-{len(messages)}")
            for number, message in enumerate(messages, start=1)
        ]
    )


def _lay_out(document: Document, *, room: int) -> tuple[_Message, ...]:
    """The messages of a document; `room` is the length of each block's id."""
    document = map_text(document, readable, but_lists=True)
    made = [*_call(document), *(piece for block in document.blocks for piece in pieces_of(block))]
    return tuple(
        _Message(
            _fallback(document.summary if number == 1 else "", message),
            tuple([(piece.name, piece.written) for piece in message]),
        )
        for number, message in enumerate(_pack(made, room=room), start=1)
    )


def _payload(message: _Message, mark: str) -> Payload:
    written = [
        b'{"block_id": %b, %b' % (write_json(f"{mark}.{place}.{name}").encode(), block[1:])
        for place, (name, block) in enumerate(message.blocks)
    ]
    return Payload(message.text, b"[%b]" % b", ".join(written))


def with_content(fields: Json, payload: Payload) -> bytes:
    """JSON of an object with these fields, of which there is one at least, and the message."""
    before = f'{write_json(fields)[:-1]}, "text": {write_json(payload.text)}, "blocks": '
    return b"%b%b}" % (before.encode(), payload.written)


def _call(document: Document) -> Iterator[Piece]:
    """The mention of the person whom the document calls; Slack notifies nobody else."""
    if not document.calls:
        return
    person = parse_channel(document.calls)
    if person.platform is Platform.SLACK:
        user = {"type": "user", "user_id": person.id}
        section = {"type": "rich_text_section", "elements": [user]}
        yield make_piece({"type": "rich_text", "elements": [section]})


def render_home(document: Document) -> tuple[Json, ...]:
    """The blocks of an App Home, at most 100. A longer document ends in "…" and its buttons."""
    blocks = map_text(document, readable, but_lists=True).blocks
    made = [piece for block in blocks for piece in pieces_of(block)]
    if len(made) > _MOST_HOME_BLOCKS:
        controls = _last_controls(made)
        kept = made[: _MOST_HOME_BLOCKS - len(controls) - 1]
        made = [*kept, make_piece(small_print("…")), *controls]
    return tuple(piece.block for piece in made)


def _pack(made: Sequence[Piece], *, room: int) -> list[list[Piece]]:
    """Distribute the pieces over messages, with the controls at the end on the first one.

    `room` is the length of each block's id.
    """
    if _fits(made, room):
        return [_trimmed(made)]
    controls = _last_controls(made)
    rest = list(made[: len(made) - len(controls)])
    reserved = [make_piece(small_print(_GOES_ON)), *controls]
    first: list[Piece] = []
    while rest and _fits([*first, rest[0], *reserved], room):
        first.append(rest.pop(0))
    messages = [[*_trimmed(first), *reserved]]
    while rest:
        message = [rest.pop(0)]
        while rest and _fits([*message, rest[0]], room):
            message.append(rest.pop(0))
        messages.append(_trimmed(message))
    return [message for message in messages if message]


def _last_controls(made: Sequence[Piece]) -> list[Piece]:
    """The controls at the end, unless they would fill most of the first message."""
    at = len(made)
    while at and made[at - 1].is_control:
        at -= 1
    controls = list(made[at:])
    small = sum(piece.size for piece in controls) <= LONGEST_BLOCKS // 3
    return controls if small and len(controls) <= MOST_BLOCKS // 3 else []


def _fits(message: Sequence[Piece], room: int) -> bool:
    size = 2 + sum(piece.size + room for piece in message)
    return len(message) <= MOST_BLOCKS and size <= LONGEST_BLOCKS


def _trimmed(message: Sequence[Piece]) -> list[Piece]:
    """The message without dividers at its start and end."""
    kept = list(message)
    while kept and kept[0].block == DIVIDER:
        kept.pop(0)
    while kept and kept[-1].block == DIVIDER:
        kept.pop()
    return kept


def _fallback(summary: str, message: Iterable[Piece]) -> str:
    """The summary, which notifications show, then all words, for screen readers.

    Screen readers use this text and not the blocks (documentation of chat.postMessage). It is cut
    to Slack's limit; the blocks hold everything.
    """
    lines = [printable(summary).strip(), *(piece.plain.strip() for piece in message)]
    said = [line for place, line in enumerate(lines) if line and line not in lines[:place]]
    text = "\n".join(said) or "…"
    whole = escaped(text)
    if length(whole) <= LONGEST_FALLBACK:
        return whole
    while length(escaped(text)) >= LONGEST_FALLBACK:
        text = text[: cut(text, length(text) * 9 // 10)].rstrip()
    return escaped(text) + "…"
