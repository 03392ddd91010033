"""Rendering a document as Discord messages: text, embeds and rows of buttons. Pure; cuts nothing.

Embeds, not Components V2, since they read better on a phone: a notification there shows a
message's content, and a message of components has none (discord-api-docs#7854); content can be
searched for, components cannot; and a message holds 2,000 + 6,000 characters instead of 4,000,
so that a paper in two languages is one message. So the title and its small print are content,
in full size, and the rest stands in embeds, one a language. A list is full-width text with one
menu below it: buttons beside the rows would leave little room for words.

Everything is counted while it is put together, so no message can be over a limit. What does
not fit goes on in further messages, numbered in their footers.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bot.core.domain.chart import bars
from bot.core.domain.document import (
    Block,
    Buttons,
    Chart,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Inline,
    Item,
    Items,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
    map_inlines,
    map_text,
    plain_text,
)
from bot.core.latex import readable
from bot.core.ports import DeliveryKey, Platform, parse_channel
from bot.platforms.discord.rendering import markdown, rows
from bot.platforms.discord.rendering.controls import PARTS_MOST, HiddenUrl, Mark
from bot.platforms.discord.rendering.payload import (
    CONTENT_MOST,
    DESCRIPTION_MOST,
    EMBED_TOTAL_MOST,
    EMBEDS_MOST,
    THREAD_NAME_MOST,
    Embed,
    Payload,
    size,
    within,
)
from bot.platforms.discord.rendering.rows import ButtonRows
from bot.platforms.discord.rendering.split import code_pieces, pieces

_PIECE_MOST = 1900
"""Text is cut into pieces of this size at most: two fill an embed, three a message."""
_FOOTER_MOST = 20
_CALL_MOST = 24
"""The mention of a user and the end of its line: an id has at most 20 digits."""

_BULLET = (Text("• "),)
_SPACE = Text(" ")

_Shown = Callable[[tuple[Inline, ...]], str]


class TooLongError(Exception):
    """The document needs more messages than a mark can number."""


class Chunk(NamedTuple):
    """A piece of Markdown; `glue` stands before it, unless an embed begins with it."""

    text: str
    glue: str = "\n\n"
    breaks: bool = False
    """Whether a new embed has to begin with it."""


@dataclass(slots=True)
class _MessageDraft:
    """A message that is being filled: the chunks of each embed, and how long it is by now."""

    content: str = ""
    embeds: list[list[Chunk]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def take(self, chunk: Chunk) -> bool:
        """Add the chunk to this message if it fits."""
        room = EMBED_TOTAL_MOST - _FOOTER_MOST - sum(self.sizes)
        alone = size(chunk.text)
        if self.embeds and not chunk.breaks:
            added = len(chunk.glue) + alone
            if added <= min(room, DESCRIPTION_MOST - self.sizes[-1]):
                self.embeds[-1].append(chunk)
                self.sizes[-1] += added
                return True
        if len(self.embeds) < EMBEDS_MOST and alone <= room:
            self._begin(chunk, alone)
            return True
        return False

    def begin(self, chunk: Chunk) -> None:
        """Begin an embed with the chunk."""
        self._begin(chunk, size(chunk.text))

    def _begin(self, chunk: Chunk, alone: int) -> None:
        self.embeds.append([chunk])
        self.sizes.append(alone)


def render(
    document: Document, key: DeliveryKey | None = None, *, shown: Callable[[str], str] = readable
) -> tuple[Payload, ...]:
    """The messages that say the document: the first, and those that go on in the thread.

    With a `key` each is marked as a part of that delivery. `shown` makes LaTeX readable. Raises
    `TooLongError`.
    """
    document = map_text(document, shown)
    button_rows, spelled = rows.button_rows(document, key)
    head, body = _chunks(document)
    for words in spelled:
        body += _pieces(words.inlines, markdown.render_joined, "\n", "\n")
    if not (head or body or button_rows):
        body = _pieces((Text(document.summary or "…"),), markdown.render_joined, " ")
    first = button_rows[0] if button_rows else ButtonRows()
    needs_embed = bool(first.lines.hidden) or (key is not None and not first.can_be_marked)
    called = _called(document)
    most = CONTENT_MOST - (_CALL_MOST if called is not None else 0)
    if not head and not needs_embed and size(_joined(body)) <= most:
        head, body = body, []
    head, body = _fitting(head, body, most, needs_embed=needs_embed)
    drafts = _spread(head, body)
    drafts += [_MessageDraft() for _ in button_rows[len(drafts) :]]
    if len(drafts) > PARTS_MOST:
        raise TooLongError(f"{len(drafts)} messages")
    payloads = tuple(
        _payload(
            draft,
            button_rows[part - 1] if part <= len(button_rows) else ButtonRows(),
            Mark(key, part, len(drafts), document.opens_thread) if key else None,
            f"{part}/{len(drafts)}" if len(drafts) > 1 else "",
        )
        for part, draft in enumerate(drafts, start=1)
    )
    return payloads if called is None else (_calling(payloads[0], called), *payloads[1:])


def _called(document: Document) -> int | None:
    person = parse_channel(document.calls) if document.calls else None
    return int(person.id) if person is not None and person.platform is Platform.DISCORD else None


def _calling(payload: Payload, user: int) -> Payload:
    """The message with the mention of a user before it: in its text, since embeds notify nobody."""
    content = f"<@{user}>\n{payload.content}".rstrip()
    return replace(payload, content=content, calls=user)


def thread_name(document: Document) -> str:
    """What the thread of a document is called: within Discord's limit, never blank."""
    heading = next((block for block in document.blocks if isinstance(block, Heading)), None)
    if document.thread_name or heading is None:
        title = readable(document.thread_name or document.summary)
    else:
        title = plain_text(map_inlines(heading.inlines, readable))
    name = markdown.one_line(title)
    return within(name, THREAD_NAME_MOST) or "…"


def thread_name_of(content: str) -> str:
    """What the thread of a posted message is called, told from its content alone."""
    title = content.partition("\n")[0].removeprefix("### ")
    label = re.fullmatch(r"\[(.+)\]\(<[^>]*>\)|(.+) \(<[^>]*>\)", title)
    plain = re.sub(r"\\([^0-9A-Za-z\s])", r"\1", (label[1] or label[2]) if label else title)
    return within(markdown.one_line(plain), THREAD_NAME_MOST) or "…"


def _chunks(document: Document) -> tuple[list[Chunk], list[Chunk]]:
    """The message content (the title and the notes under it), and the rest."""
    blocks = [block for block in document.blocks if not isinstance(block, Buttons)]
    lead = 0
    if blocks and isinstance(blocks[0], Heading):
        lead = 1
        while lead < len(blocks) and isinstance(blocks[lead], Note):
            lead += 1
    return list(_flow(blocks[:lead])), list(_flow(blocks[lead:]))


def _flow(blocks: Iterable[Block]) -> Iterator[Chunk]:
    def shown(inlines: tuple[Inline, ...]) -> str:
        return markdown.render_joined(inlines)

    def flat(inlines: tuple[Inline, ...]) -> str:
        return markdown.render_joined(inlines, flat=True)

    breaks = False
    for block in blocks:
        if isinstance(block, Divider):
            breaks = True
            continue
        for chunk in _block(block, shown, flat):
            yield chunk._replace(breaks=True) if breaks else chunk
            breaks = False


def _block(block: Block, shown: _Shown, flat: _Shown) -> Iterator[Chunk]:
    match block:
        case Heading(inlines):
            yield from _pieces(inlines, lambda part: f"### {flat(part)}", "\n")
        case Paragraph(inlines):
            yield from _pieces(inlines, shown, " ")
        case Quote(inlines):
            yield from _pieces(inlines, lambda part: _lines("> ", shown(part)), "\n")
        case Note(inlines):
            yield from _pieces(inlines, lambda part: _lines("-# ", shown(part)), "\n", "\n")
        case Code(text):
            for place, part in enumerate(code_pieces(text, _PIECE_MOST)):
                yield Chunk(part, "\n" if place else "\n\n")
        case Chart():
            yield from _block(Code(bars(block)), shown, flat)
        case Items(items):
            for item in items:
                yield from _item(item, flat, lambda part: _lines("-# ", shown(part)))
        case Fields(fields):
            for label, value in fields:
                named = (Text(label.strip(), Style.STRONG), Text(" "), *value)
                yield from _pieces(named, shown, " ", "\n")


def _item(item: Item, flat: _Shown, small: _Shown) -> list[Chunk]:
    bullet = _BULLET if item.number is None else (Text(f"{item.number}.", Style.STRONG), _SPACE)
    if not item.detail:
        return _pieces((*bullet, *item.inlines), flat, " ", "\n")
    found = _pieces((*bullet, *item.inlines), flat, " ")
    found += _pieces(item.detail, small, "\n", "\n")
    return found


def _pieces(
    inlines: tuple[Inline, ...], wrap: _Shown, between: str, before: str = "\n\n"
) -> list[Chunk]:
    texts = pieces(inlines, _PIECE_MOST, wrap)
    if len(texts) == 1:
        return [Chunk(texts[0], before)]
    return [Chunk(text, between if place else before) for place, text in enumerate(texts)]


def _lines(prefix: str, text: str) -> str:
    """The prefix before every line that says something."""
    return "\n".join([prefix + line for line in text.split("\n") if line.strip()])


def _joined(chunks: list[Chunk]) -> str:
    return "".join([part for text, glue, _ in chunks for part in (glue, text)][1:])


def _fitting(
    head: list[Chunk], body: list[Chunk], most: int, *, needs_embed: bool
) -> tuple[list[Chunk], list[Chunk]]:
    """As much of the head as fits into content; the rest of it begins the embeds."""
    kept = len(head)
    while size(_joined(head[:kept])) > most:
        kept -= 1
    if needs_embed and kept == len(head) and not body:
        kept = max(0, kept - 1)
    return head[:kept], [*head[kept:], *body]


def _spread(head: list[Chunk], body: list[Chunk]) -> list[_MessageDraft]:
    drafts = [_MessageDraft(content=_joined(head))]
    for chunk in body:
        if not drafts[-1].take(chunk):
            drafts.append(_MessageDraft())
            drafts[-1].begin(chunk)
    return drafts


def _payload(draft: _MessageDraft, board: ButtonRows, mark: Mark | None, number: str) -> Payload:
    hidden = HiddenUrl(None if board.can_be_marked else mark, board.lines.hidden).url()
    content, texts = draft.content, [_joined(chunks) for chunks in draft.embeds]
    if not texts and (hidden or not content):
        # Only buttons are left for this message, and it must say something.
        texts = [number or "…"]
    embeds = [Embed(text) for text in texts]
    if embeds:
        embeds[0] = replace(embeds[0], url=hidden)
        embeds[-1] = replace(embeds[-1], footer=number if texts != [number] else "")
    return Payload(content, tuple(embeds), board.marked(mark))
