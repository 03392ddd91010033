"""The pieces that a message is made of: one block each, with what it says in plain words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from bot.core.domain.document import Inline, Link, plain_text
from bot.platforms.slack.rendering.text import Json, length, pieces, rich

LONGEST_TEXT = 2900
LONGEST_BLOCK = 5000
"""Characters of a block's JSON: two of them, and what stands around them, fit one message."""
DIVIDER: Json = {"type": "divider"}

_AROUND_A_RUN = 70


@dataclass(frozen=True, slots=True)
class Piece:
    """One block, what it says in plain words, and whether it is something to press.

    `size` is the length of its JSON, and `name` a name of exactly this content.
    """

    block: Json
    plain: str
    is_control: bool
    size: int
    name: str


def make_piece(block: Json, plain: str = "", *, is_control: bool = False) -> Piece:
    """A piece of this block, measured and named."""
    written = json.dumps(block, ensure_ascii=False)
    return Piece(block, plain, is_control, length(written), f"{crc32(written.encode()):08x}")


def prose(inlines: tuple[Inline, ...], kind: str, *, bold: bool = False) -> Iterator[Piece]:
    """Clean runs as rich text of a kind (`rich_text_section`, `rich_text_quote`); none if blank."""
    if not plain_text(inlines).strip():
        return
    for part in within_a_block(inlines):
        yield make_piece(
            {"type": "rich_text", "elements": [{"type": kind, "elements": rich(part, bold=bold)}]},
            plain_text(part),
        )


def within_a_block(
    inlines: tuple[Inline, ...], longest: int = LONGEST_TEXT
) -> Iterator[tuple[Inline, ...]]:
    """The runs in pieces that one block holds, also when their JSON is longer than they are."""
    for part in pieces(inlines, longest):
        if (
            longest == 2
            or 2 * json_length(part) <= LONGEST_BLOCK
            or _written(part) <= LONGEST_BLOCK
        ):
            yield part
        else:
            yield from within_a_block(part, max(2, longest // 2))


def json_length(inlines: tuple[Inline, ...]) -> int:
    """About the length of the runs' JSON; clean text is at most twice as long when escaped."""
    return sum(
        _AROUND_A_RUN + length(inline.text) + (len(inline.url) if isinstance(inline, Link) else 0)
        for inline in inlines
    )


def _written(inlines: tuple[Inline, ...]) -> int:
    return length(json.dumps(rich(inlines, bold=True), ensure_ascii=False))


def small_print(text: str) -> Json:
    """A context block of plain text."""
    return {"type": "context", "elements": [plain_object(text)]}


def plain_object(text: str) -> Json:
    """Text in which Slack looks for nothing, not even for emoji."""
    return {"type": "plain_text", "text": text, "emoji": False}
