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
from collections.abc import Callable, Iterable
from dataclasses import field, replace

from bot.core.domain.chart import bars
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import (
    Block,
    Buttons,
    Chart,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
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
from bot.core.kept import Kept, is_short
from bot.core.latex import readable
from bot.core.ports import DeliveryKey, Platform, parse_channel
from bot.platforms.discord.rendering import markdown, rows
from bot.platforms.discord.rendering.controls import PARTS_MOST, HiddenUrl, Mark
from bot.platforms.discord.rendering.list_rows import ListRows, list_rows
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
from bot.platforms.discord.rendering.split import PIECE_MOST, Chunk, chunks, code_pieces, glued

_FOOTER_MOST = 20
_CALL_MOST = 24
"""The mention of a user and the end of its line: an id has at most 20 digits."""

_Block = Block | ListRows


class TooLongError(Exception):
    """The document needs more messages than a mark can number."""


@dataclass(slots=True)
class _MessageDraft:
    """A message that is being filled: the chunks of each embed, and how much room is left."""

    content: str = ""
    embeds: list[list[Chunk]] = field(default_factory=list)
    room: int = EMBED_TOTAL_MOST - _FOOTER_MOST
    room_in_last: int = 0

    def take(self, chunk: Chunk) -> bool:
        """Add the chunk to this message if it fits."""
        if self.embeds and not chunk.breaks:
            added = len(chunk.glue) + chunk.size
            if added <= self.room and added <= self.room_in_last:
                self.embeds[-1].append(chunk)
                self.room -= added
                self.room_in_last -= added
                return True
        if len(self.embeds) < EMBEDS_MOST and chunk.size <= self.room:
            self.begin(chunk)
            return True
        return False

    def begin(self, chunk: Chunk) -> None:
        """Begin an embed with the chunk."""
        self.embeds.append([chunk])
        self.room -= chunk.size
        self.room_in_last = DESCRIPTION_MOST - chunk.size


@dataclass(frozen=True, slots=True)
class _Message:
    """A message laid out, without its mark; `number` says which of several it is."""

    payload: Payload
    board: ButtonRows
    number: str


def render(
    document: Document, key: DeliveryKey | None = None, *, shown: Callable[[str], str] = readable
) -> tuple[Payload, ...]:
    """The messages that say the document: the first, and those that go on in the thread.

    With a `key` each is marked as a part of that delivery. `shown` makes LaTeX readable. Raises
    `TooLongError`.
    """
    kept = render_kept(document, key, shown=shown)
    if kept is not None:
        return kept
    messages = _lay_out(document, key, shown)
    if is_short(document):
        _kept.keep(_wanted(document, key, shown), messages)
    return _payloads(messages, document, key)


def render_kept(
    document: Document, key: DeliveryKey | None = None, *, shown: Callable[[str], str] = readable
) -> tuple[Payload, ...] | None:
    """What `render` returns, if the document was laid out lately; else `None`. Long ones are not kept."""
    messages = _kept.find(_wanted(document, key, shown))
    return _payloads(messages, document, key) if messages is not None else None


def _payloads(
    messages: tuple[_Message, ...], document: Document, key: DeliveryKey | None
) -> tuple[Payload, ...]:
    if key is None:
        return tuple([message.payload for message in messages])
    return tuple(
        [
            _marked(message, Mark(key, part, len(messages), document.opens_thread))
            for part, message in enumerate(messages, start=1)
        ]
    )


_Wanted = tuple[Document, Callable[[str], str], int]


def _wanted(document: Document, key: DeliveryKey | None, shown: Callable[[str], str]) -> _Wanted:
    return document, shown, len(key) if key is not None else 0


_kept: Kept[_Wanted, tuple[_Message, ...]] = Kept()
"""What was laid out lately, by the document, `shown` and the length of the key. Many people ask the
same, and one digest goes to many channels."""


def _lay_out(
    document: Document, key: DeliveryKey | None, shown: Callable[[str], str]
) -> tuple[_Message, ...]:
    """The messages of a document, with room for marks with that key or another of its length."""
    document = map_text(document, shown, but_lists=True)
    blocks = [
        list_rows(block.items, shown) if isinstance(block, Items) else block
        for block in document.blocks
    ]
    button_rows, spelled = rows.button_rows(blocks, key)
    head, body = _chunks(blocks)
    for words in spelled:
        body += chunks(words.inlines, markdown.render_joined, "\n", "\n")
    if not (head or body or button_rows):
        body = chunks((Text(document.summary or "…"),), markdown.render_joined, " ")
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
    boards = (*button_rows, *[ButtonRows()] * (len(drafts) - len(button_rows)))
    messages = tuple(
        _message(draft, board, f"{part}/{len(drafts)}" if len(drafts) > 1 else "")
        for part, (draft, board) in enumerate(zip(drafts, boards, strict=True), start=1)
    )
    if called is None:
        return messages
    first_calling = replace(messages[0], payload=_calling(messages[0].payload, called))
    return (first_calling, *messages[1:])


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


def _chunks(laid_out: Iterable[_Block]) -> tuple[list[Chunk], list[Chunk]]:
    """The message content (the title and the notes under it), and the rest."""
    blocks = [block for block in laid_out if not isinstance(block, Buttons)]
    lead = 0
    if blocks and isinstance(blocks[0], Heading):
        lead = 1
        while lead < len(blocks) and isinstance(blocks[lead], Note):
            lead += 1
    return _flow(blocks[:lead]), _flow(blocks[lead:])


def _flow(blocks: Iterable[_Block]) -> list[Chunk]:
    found: list[Chunk] = []
    breaks = False
    for block in blocks:
        if isinstance(block, Divider):
            breaks = True
            continue
        made = _block(block)
        if breaks and made:
            made[0] = made[0]._replace(breaks=True)
            breaks = False
        found += made
    return found


def _block(block: _Block) -> list[Chunk]:
    match block:
        case Heading(inlines):
            return chunks(inlines, lambda part: f"### {markdown.flat(part)}", "\n")
        case Paragraph(inlines):
            return chunks(inlines, markdown.render_joined, " ")
        case Quote(inlines):
            return chunks(inlines, lambda part: markdown.prefixed("> ", part), "\n")
        case Note(inlines):
            return chunks(inlines, markdown.small_print, "\n", "\n")
        case Code(text):
            return glued(code_pieces(text, PIECE_MOST), "\n")
        case Chart():
            return _block(Code(bars(block)))
        case ListRows(listed):
            return [chunk for row in listed for chunk in row.chunks]
        case Fields(fields):
            found: list[Chunk] = []
            for label, value in fields:
                named = (Text(label.strip(), Style.STRONG), Text(" "), *value)
                found += chunks(named, markdown.render_joined, " ", "\n")
            return found
        case _:
            return []


def _joined(chunks: list[Chunk]) -> str:
    joined = "".join([part for chunk in chunks for part in (chunk.glue, chunk.text)][1:])
    return markdown.contained(joined)


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


def _message(draft: _MessageDraft, board: ButtonRows, number: str) -> _Message:
    hidden = HiddenUrl(None, board.lines.hidden).url()
    texts = [_joined(chunks) for chunks in draft.embeds]
    if not texts and (hidden or not draft.content):
        # Only buttons are left for this message, and it must say something.
        texts = [number or "…"]
    footer, last = number if texts != [number] else "", len(texts) - 1
    embeds = [
        Embed(text, footer if place == last else "", None if place else hidden)
        for place, text in enumerate(texts)
    ]
    return _Message(Payload(draft.content, tuple(embeds), board.rows), board, number)


def _marked(message: _Message, mark: Mark) -> Payload:
    payload, board = message.payload, message.board
    if board.can_be_marked:
        return replace(payload, rows=board.marked(mark))
    first, *others = payload.embeds or (Embed(message.number or "…"),)
    hidden = HiddenUrl(mark, board.lines.hidden).url()
    marked = Embed(first.description, first.footer, hidden)
    return replace(payload, embeds=(marked, *others))
