"""Papers that people link in threads: stored as references of the discussion, shown as cards."""

from datetime import datetime, timedelta

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Reference
from bot.archive.store import entries, papers
from bot.core.database.database import Transaction
from bot.core.domain.document import translated
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import MessageRef, parse_channel
from bot.discussion.domain.questions import MOST_CARDS, asked_paper, linked_papers
from bot.discussion.services import answers
from bot.discussion.services.thread_messages import Voices, channel_voice, readers, reply_in
from bot.discussion.store import replies, reply_references
from bot.outbox.store import answer_deliveries, threads

EVERY = timedelta(days=1)
"""A link to a paper whose card was posted in that thread within this time brings no other card."""

_AT_ONCE = 20


async def refer(tx: Transaction, reply: replies.StoredReply, now: datetime) -> None:
    """Store which papers a reply links; unknown ones are fetched from arXiv by its regular poll."""
    stored = await entries.find(tx, reply.entry_id) if reply.entry_id is not None else None
    own = stored.entry.paper.arxiv_id if stored is not None else None
    numbers = linked_papers(reply.text, except_for=(own.number,) if own is not None else ())
    await reply_references.set_references(tx, reply.id, numbers)
    for number in numbers[MOST_CARDS:]:
        await reply_references.mark_card(tx, reply.id, number, now)
    if numbers:
        await papers.ensure(tx, (), [Reference(arxiv_id=ArxivId(each)) for each in numbers])


async def make_cards(
    tx: Transaction, voices: Voices, now: datetime, *, reply_id: int | None = None
) -> int:
    """Plan cards for linked papers that are known by now; returns the number of messages."""
    planned = 0
    for due in await reply_references.list_cards_due(tx, reply_id=reply_id, limit=_AT_ONCE):
        if not await _is_told(tx, due, now):
            planned += await _make_card(tx, voices, due, now)
        await reply_references.mark_card(tx, due.reply_id, due.number, now)
    return planned


async def _make_card(
    tx: Transaction, voices: Voices, due: reply_references.CardDue, now: datetime
) -> int:
    channel = parse_channel(due.channel)
    say = await channel_voice(tx, voices, due.channel)
    document = await answers.card(tx, due.number, say)
    if document is None:
        return 0
    others = {
        other.locale: await answers.card(tx, due.number, other)
        for other in readers(voices, channel, say)
    }
    document = translated(document, {k: v for k, v in others.items() if v is not None})
    return await reply_in(
        tx,
        MessageRef(channel, due.root_message),
        document,
        ("card", due.channel, due.message_id, due.number),
        now,
        cause=MessageRef(channel, due.message_id),
        part=_part(due.number),
    )


async def _is_told(tx: Transaction, due: reply_references.CardDue, now: datetime) -> bool:
    """Whether the thread got this paper's card lately, as a card or as an answer."""
    root = await threads.find(tx, MessageRef(parse_channel(due.channel), due.root_message))
    return root is not None and await answer_deliveries.has_card(
        tx, root.delivery_id, _part(due.number), now - EVERY
    )


async def part_of_answer(tx: Transaction, question: str) -> str:
    """The part name of an answer: a card's where the question asks for one paper, else `answer`."""
    number = asked_paper(question)
    is_card = number is not None and await answers.card(tx, number, ENGLISH) is not None
    return _part(number) if number is not None and is_card else "answer"


def _part(number: str) -> str:
    return f"card {number}"
