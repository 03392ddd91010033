"""Pieces of a message: one block each, with its plain text and its size."""

import json
from collections.abc import Iterator
from zlib import crc32

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Inline, Link, plain_text
from bot.platforms.slack.rendering.text import Json, length, pieces, rich

LONGEST_TEXT = 2900
LONGEST_BLOCK = 5000
"""Length of a block's JSON: two such blocks fit into one message."""
DIVIDER: Json = {"type": "divider"}

_AROUND_A_RUN = 70

write_json = json.JSONEncoder(ensure_ascii=False).encode
"""A block as Slack counts it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One block with its plain text. `is_control`: it holds buttons or a menu.

    `written` is its JSON in UTF-8, `size` the length of that as Slack counts, `name` a checksum.
    """

    block: Json
    plain: str
    is_control: bool
    written: bytes
    size: int
    name: str


def make_piece(
    block: Json, plain: str = "", *, is_control: bool = False, written: str = ""
) -> Piece:
    """A piece with its size and checksum; `written` is its JSON, where it is known."""
    written = written or write_json(block)
    encoded = written.encode()
    size = len(encoded) if len(encoded) == len(written) else length(written)
    return Piece(block, plain, is_control, encoded, size, f"{crc32(encoded):08x}")


def prose(inlines: tuple[Inline, ...], kind: str, *, bold: bool = False) -> Iterator[Piece]:
    """Clean runs as rich text of a kind (`rich_text_section`, `rich_text_quote` …); none if blank."""
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
    """Split the runs so that the JSON of each part fits into one block.

    Words are broken only where a run does not fit by itself: the addresses of a few links may fill
    a block, and none gets shorter when the text of its link is cut.
    """
    if longest == LONGEST_TEXT and is_short(json_length(inlines)):
        if whole := tuple([inline for inline in inlines if inline.text]):
            yield whole
        return
    for part in pieces(inlines, longest):
        if longest == 2 or _fits(part):
            yield part
        elif len(part) > 1:
            for runs in _between_runs(part):
                yield from within_a_block(runs, longest)
        else:
            yield from within_a_block(part, max(2, longest // 2))


def _between_runs(inlines: tuple[Inline, ...]) -> Iterator[tuple[Inline, ...]]:
    """As many runs together as fit into one block; one that does not fit is alone."""
    taken: list[Inline] = []
    for inline in inlines:
        if taken and not _fits((*taken, inline)):
            yield tuple(taken)
            taken = []
        taken.append(inline)
    yield tuple(taken)


def _fits(inlines: tuple[Inline, ...]) -> bool:
    return is_short(json_length(inlines)) or _written(inlines) <= LONGEST_BLOCK


def is_short(estimated: int) -> bool:
    """Whether runs of a `json_length` fit into one block for sure."""
    return 2 * estimated <= LONGEST_BLOCK


def json_length(inlines: tuple[Inline, ...]) -> int:
    """Estimates the length of the runs' JSON; escaping at most doubles clean text."""
    texts = length("".join([inline.text for inline in inlines]))
    addresses = sum([len(inline.url) for inline in inlines if isinstance(inline, Link)])
    return _AROUND_A_RUN * len(inlines) + texts + addresses


def _written(inlines: tuple[Inline, ...]) -> int:
    return length(write_json(rich(inlines, bold=True)))


def small_print(text: str) -> Json:
    """A context block of plain text."""
    return {"type": "context", "elements": [plain_object(text)]}


def plain_object(text: str) -> Json:
    """A text object that Slack does not parse, not even for emoji."""
    return {"type": "plain_text", "text": text, "emoji": False}
