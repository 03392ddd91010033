"""What people say in threads: kept, copied to where it is shared, answered.

Everything that follows from an utterance is written with it in one transaction: the reply, its
copies and its answer in the outbox. So whatever is killed when, it happened or it did not, and
the same utterance again changes nothing.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import copies as decide
from bot.domain.arxiv import ArxivId
from bot.domain.copies import Heard
from bot.domain.delivery import delivery_key
from bot.domain.discussion import Line, linked_papers, read_question
from bot.domain.document import Document, dump
from bot.domain.entry import EntryId, Reference
from bot.domain.foreign_text import settled, settled_name
from bot.domain.present_discussion import present_copy, present_taken_back, present_words
from bot.domain.words import Say
from bot.ports import ChannelRef, DeliveryKey, MessageRef, Said, User, parse_channel
from bot.services import answers
from bot.services.answers import Link, no_link
from bot.services.plan import shape_of
from bot.store import (
    channel_wishes,
    circles,
    copies,
    deliveries,
    edits,
    entries,
    papers,
    replies,
    subscriptions,
    threads,
)
from bot.store.database import Database, Transaction

PATIENCE = timedelta(days=1)
"""How long a reply waits for the message that it may be a reply to."""

_HANGUL = re.compile("[\uac00-\ud7a3]")
_THREADS = 50
_CARDS = 20


def _nothing() -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What discussions work with.

    `voices` gives the `Say` of a locale, `link` where a person reads a message; `to_send` is told
    that there may be something to send, `to_change` something to edit or to remove.
    """

    db: Database
    clock: Callable[[], datetime]
    voices: Callable[[str], Say]
    link: Link = no_link
    to_send: Callable[[], None] = _nothing
    to_change: Callable[[], None] = _nothing


Ask = Callable[[str, Say], Awaitable[Document]]
"""What a command line is answered with, in a language."""


async def _refuse(_line: str, say: Say) -> Document:
    return present_words(say, unclear=True)


async def hear(talk: Talk, said: Said, ask: Ask = _refuse) -> None:
    """Somebody said something in a thread, again perhaps, or otherwise than before.

    Who calls the bot is answered once, whatever becomes of the question; `ask` answers those
    that are command lines.
    """
    now = talk.clock()
    channel = str(said.message.channel)
    async with talk.db.reading() as tx:
        wish = await channel_wishes.get(tx, channel)
    answer = await _answer(talk, said, channel, ask) if said.mentions_bot else None
    planned = 0
    async with talk.db.transaction() as tx:
        if wish.discussion:
            planned += await _keep(tx, talk, said, now)
        if answer is not None:
            planned += await reply_in(tx, said.root, answer, _answer_name(said), now)
    if planned:
        talk.to_send()


def _answer_name(said: Said) -> tuple[str, ...]:
    return ("answer", str(said.message.channel), said.message.id)


async def _answer(talk: Talk, said: Said, channel: str, ask: Ask) -> Document | None:
    """The answer to who called the bot; `None` where they were answered before."""
    async with talk.db.reading() as tx:
        if await deliveries.is_known(tx, DeliveryKey(delivery_key(*_answer_name(said)))):
            return None
        root = await threads.find(tx, said.root)
        say = await _voice(tx, talk, channel, said.text)
    question = read_question(said.text)
    if isinstance(question, Line):
        return await ask(question.text, say)
    entry_id = root.entry_id if root is not None else None
    return await answers.answer(
        talk.db, question, entry_id, channel=channel, link=talk.link, say=say
    )


async def _voice(tx: Transaction, talk: Talk, channel: str, text: str) -> Say:
    """The language of whoever speaks, as far as one can tell: their script, their channel."""
    if _HANGUL.search(text):
        return talk.voices("ko")
    return await channel_voice(tx, talk, channel)


async def channel_voice(tx: Transaction, talk: Talk, channel: str) -> Say:
    """The first language of a channel's digest."""
    subscription = await subscriptions.find(tx, channel)
    return talk.voices(subscription.wishes.languages[0] if subscription is not None else "en")


async def reply_in(
    tx: Transaction, root: MessageRef, document: Document, name: Iterable[str], now: datetime
) -> int:
    """Plan a message of ours in a thread, whosever it is; `name` makes it one message for ever."""
    own = await threads.find(tx, root)
    content = dump(document)
    draft = deliveries.Draft(
        key=DeliveryKey(delivery_key(*name)),
        channel=root.channel,
        part="answer",
        content=content,
        shape=shape_of(content),
        root_id=own.delivery_id if own is not None else None,
        root_message=root.id if own is None else None,
    )
    return await deliveries.add(tx, [draft], now)


async def _keep(tx: Transaction, talk: Talk, said: Said, now: datetime) -> int:
    """Keep what was said, and plan what follows from it; returns how many messages that is."""
    text = settled(said.text)
    found = await replies.find(tx, said.message)
    reply_id, before = found if found is not None else (0, None)
    match decide.hear(before, said.edited_at):
        case Heard.NEW:
            root = await threads.find(tx, said.root)
            entry_id = root.entry_id if root is not None else None
            may_wait = root is None and await threads.may_be_ours(tx, said.root)
            if not text or (entry_id is None and not may_wait):
                return 0
            reply_id = await replies.add(tx, _draft(talk, said, entry_id, text, now), now)
            return await _follow(tx, talk, reply_id, now) if entry_id is not None else 0
        case Heard.EDITED:
            await replies.change(tx, reply_id, text, said.edited_at)
            return await _change(tx, talk, reply_id, now)
        case Heard.KNOWN | Heard.GONE:
            return 0


def _draft(
    talk: Talk, said: Said, entry_id: EntryId | None, text: str, now: datetime
) -> replies.Draft:
    return replies.Draft(
        message=said.message,
        root=said.root,
        entry_id=entry_id,
        author_id=author_id(said.message.channel, said.user),
        author=settled_name(said.user.name),
        text=text,
        # A platform's clock may be ahead of ours; nothing was said in the future.
        said_at=min(said.at, now) if said.at is not None else now,
        edited_at=said.edited_at,
        link=talk.link(said.message),
    )


def author_id(channel: ChannelRef, user: User) -> str:
    """A person as the platform knows them."""
    return f"{channel.platform}:{user.id}"


async def _follow(tx: Transaction, talk: Talk, reply_id: int, now: datetime) -> int:
    """What a reply that belongs to a discussion brings: its copies, the cards of its links."""
    heard = await replies.get(tx, reply_id)
    planned = await _copy(tx, talk, heard, now)
    await _refer(tx, heard)
    return planned + await _make_cards(tx, talk, now, reply_id=reply_id)


async def _change(tx: Transaction, talk: Talk, reply_id: int, now: datetime) -> int:
    """What an edited reply changes: what its copies say, which papers it links."""
    found = await replies.get(tx, reply_id)
    if found.entry_id is None:
        return 0
    content = dump(_copy_of(talk, found))
    for made in await copies.list_of(tx, reply_id):
        await edits.want(tx, made.delivery_id, content, shape_of(content))
        talk.to_change()
    await _refer(tx, found)
    return await _make_cards(tx, talk, now, reply_id=reply_id)


async def _copy(tx: Transaction, talk: Talk, heard: replies.Heard, now: datetime) -> int:
    """Plan the copies that a reply lacks."""
    circle = await circles.of(tx, heard.utterance.channel)
    if not circle or heard.entry_id is None:
        return 0
    made = {str(each.channel) for each in await copies.list_of(tx, heard.id)}
    wanted = decide.plan_copies(
        heard.utterance, await threads.list_of(tx, heard.entry_id), circle, made
    )
    content = dump(_copy_of(talk, heard)) if wanted else ""
    drafts = [
        deliveries.Draft(
            key=DeliveryKey(copy.key),
            channel=parse_channel(copy.channel),
            part="copy",
            content=content,
            shape=shape_of(content),
            root_id=copy.thread,
            reply_id=heard.id,
        )
        for copy in wanted
    ]
    return await deliveries.add(tx, drafts, now)


def _copy_of(talk: Talk, heard: replies.Heard) -> Document:
    channel = parse_channel(heard.utterance.channel)
    origin = MessageRef(channel, heard.utterance.message_id)
    return present_copy(heard.author, channel.platform, heard.text, talk.link(origin))


async def _refer(tx: Transaction, heard: replies.Heard) -> None:
    """Keep which papers a reply links; those that nobody knows yet are asked about in their turn."""
    stored = await entries.find(tx, heard.entry_id) if heard.entry_id is not None else None
    own = stored.entry.paper.arxiv_id if stored is not None else None
    numbers = linked_papers(heard.text, except_for=(own.number,) if own is not None else ())
    await replies.refer(tx, heard.id, numbers)
    if numbers:
        await papers.ensure(tx, (), [Reference(arxiv_id=ArxivId(each)) for each in numbers])


async def _make_cards(
    tx: Transaction, talk: Talk, now: datetime, *, reply_id: int | None = None
) -> int:
    planned = 0
    for due in await replies.list_cards_due(tx, reply_id=reply_id, limit=_CARDS):
        say = await _voice(tx, talk, due.channel, due.text)
        document = await answers.card(tx, due.number, say)
        if document is not None:
            root = MessageRef(parse_channel(due.channel), due.root_message)
            name = ("card", due.channel, due.message_id, due.number)
            planned += await reply_in(tx, root, document, name, now)
        await replies.mark_card(tx, due.reply_id, due.number, now)
    return planned


async def unhear(talk: Talk, message: MessageRef) -> None:
    """A person took a message back: nothing of it stays, here or in its copies."""
    now = talk.clock()
    async with talk.db.transaction() as tx:
        found = await replies.find(tx, message)
        if found is not None:
            await _forget(tx, [found[0]], now)
        elif (await channel_wishes.get(tx, str(message.channel))).discussion:
            await replies.bury(tx, message, now)
    talk.to_change()


async def forget_person(talk: Talk, user: User, channel: ChannelRef) -> int:
    """Forget everything that a person ever said, and remove the copies; returns how much it was."""
    now = talk.clock()
    async with talk.db.transaction() as tx:
        theirs = await replies.list_by_author(tx, author_id(channel, user))
        await _forget(tx, theirs, now)
    talk.to_change()
    return len(theirs)


async def _forget(tx: Transaction, reply_ids: Iterable[int], now: datetime) -> None:
    content = dump(present_taken_back())
    for reply_id in reply_ids:
        await copies.unwant(tx, reply_id, content, shape_of(content))
        await replies.forget(tx, [reply_id], now)


async def catch_up(talk: Talk) -> int:
    """Do what could not follow at once; returns how many messages that planned.

    Replies waited for their roots, threads came later than what was said elsewhere, and papers
    that were linked have become known. May be repeated.
    """
    now = talk.clock()
    planned = 0
    async with talk.db.transaction() as tx:
        for reply_id in await replies.place(tx, now, now - PATIENCE):
            planned += await _follow(tx, talk, reply_id, now)
        for delivery_id, entry_id in await threads.list_new(tx, _THREADS):
            for heard in await _shared_before(tx, delivery_id, entry_id):
                planned += await _copy(tx, talk, heard, now)
            await threads.looked_at(tx, delivery_id)
        planned += await _make_cards(tx, talk, now)
    if planned:
        talk.to_send()
    return planned


async def _shared_before(
    tx: Transaction, delivery_id: int, entry_id: EntryId
) -> tuple[replies.Heard, ...]:
    """What was said of an entry in linked channels before it came into this one."""
    own = next(
        (each for each in await threads.list_of(tx, entry_id) if each.id == delivery_id), None
    )
    circle = await circles.of(tx, own.channel) if own is not None else {}
    return await replies.list_since(tx, entry_id, min(circle.values())) if circle else ()
