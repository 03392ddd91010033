"""What people say in threads: kept, copied to where it is shared, answered.

Everything that follows from an utterance is written with it in one transaction: the reply, its
copies and its answer in the outbox. So whatever is killed when, it happened or it did not, and
the same utterance again changes nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.archive.domain.entry import EntryId
from bot.channels.store import channel_preferences, linked_channels
from bot.core.database.database import Database, Transaction
from bot.core.domain import commands
from bot.core.domain.document import Document, dump
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, ThreadMessage, User, parse_channel
from bot.discussion.domain import copies as decide
from bot.discussion.domain.copies import Heard
from bot.discussion.domain.foreign_text import settled, settled_name
from bot.discussion.domain.present_discussion import (
    present_copy,
    present_elsewhere,
    present_forgotten,
    present_words,
)
from bot.discussion.domain.questions import Line, read_question
from bot.discussion.services import answers, cards, forgetting
from bot.discussion.services.answers import Link, no_link
from bot.discussion.services.thread_messages import (
    answer_name,
    is_answered,
    key_of,
    reply_in,
    voice_for,
)
from bot.discussion.store import replies
from bot.outbox.domain.content_hash import content_hash
from bot.outbox.store import copy_deliveries, deliveries, edits, threads

PATIENCE = timedelta(days=1)
"""How long a reply waits for the message that it may be a reply to."""

_THREADS = 50


def _nothing() -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What discussions work with.

    `voices` gives the `Translate` of a locale, `link` where a person reads a message; `to_send` is told
    that there may be something to send, `to_change` something to edit or to remove.
    """

    db: Database
    clock: Callable[[], datetime]
    voices: Callable[[str], Translate]
    link: Link = no_link
    to_send: Callable[[], None] = _nothing
    to_change: Callable[[], None] = _nothing


Ask = Callable[[str, Translate], Awaitable[Document]]
"""What a command line is answered with, in a language."""


async def _refuse(_line: str, say: Translate) -> Document:
    return present_words(say, unclear=True)


async def on_message(talk: Talk, said: ThreadMessage, ask: Ask = _refuse) -> None:
    """Somebody said something in a thread, again perhaps, or otherwise than before.

    Who calls the bot is answered once, whatever becomes of the question; `ask` answers those
    that are command lines.
    """
    now = talk.clock()
    channel = str(said.message.channel)
    async with talk.db.reading() as tx:
        wish = await channel_preferences.get(tx, channel)
    command = _command_of(said)
    if command is not None and command.verb is commands.FORGET_ME:
        await _forget_asker(talk, said)
        return
    answer = await _answer(talk, said, channel, ask) if said.mentions_bot else None
    planned = 0
    async with talk.db.transaction() as tx:
        if command is not None and command.is_private:
            await forgetting.forget_message(tx, said.message, now)
        if answer is not None:
            name, part = answer_name(said.message), await cards.part_of_answer(tx, said.text)
            planned += await reply_in(
                tx, said.root, answer, name, now, cause=said.message, part=part
            )
        if not (command is not None and command.is_private):
            if wish.discussion:
                planned += await _keep(tx, talk, said, now)
            else:
                await _correct(tx, said)
    if planned:
        talk.to_send()


def _command_of(said: ThreadMessage) -> Line | None:
    """The command that somebody gave by calling the bot."""
    question = read_question(said.text) if said.mentions_bot else None
    return question if isinstance(question, Line) else None


async def _answer(talk: Talk, said: ThreadMessage, channel: str, ask: Ask) -> Document | None:
    """The answer to who called the bot; `None` where they were answered, or took it back, before.

    Everybody in the thread reads it. So a command whose answer is secret is not carried out, and
    what was asked is repeated only where it is kept, from where it can be forgotten again.
    """
    async with talk.db.reading() as tx:
        found = await replies.find(tx, said.message)
        if await is_answered(tx, said.message) or (found is not None and found[1].gone):
            return None
        root = await threads.find(tx, said.root)
        wish = await channel_preferences.get(tx, channel)
        say = await voice_for(tx, talk.voices, channel, said.text)
    question = read_question(said.text)
    if isinstance(question, Line):
        if question.is_secret:
            return present_elsewhere(question.bare, say)
        return await ask(question.text, say)
    entry_id = root.entry_id if root is not None else None
    return await answers.answer(
        talk.db,
        question,
        entry_id,
        channel=channel,
        link=talk.link,
        say=say,
        repeats=wish.discussion and entry_id is not None,
    )


async def _keep(tx: Transaction, talk: Talk, said: ThreadMessage, now: datetime) -> int:
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


async def _correct(tx: Transaction, said: ThreadMessage) -> None:
    """Where nothing is kept any more, what was kept can still be changed; it goes nowhere."""
    found = await replies.find(tx, said.message)
    if found is not None and decide.hear(found[1], said.edited_at) is Heard.EDITED:
        await replies.change(tx, found[0], settled(said.text), said.edited_at)


def _draft(
    talk: Talk, said: ThreadMessage, entry_id: EntryId | None, text: str, now: datetime
) -> replies.Draft:
    return replies.Draft(
        message=said.message,
        root=said.root,
        entry_id=entry_id,
        author_id=forgetting.author_id(said.message.channel, said.user),
        author=settled_name(said.user.name),
        text=text,
        # A platform's clock may be ahead of ours; nothing was said in the future.
        said_at=min(said.at, now) if said.at is not None else now,
        edited_at=said.edited_at,
        link=talk.link(said.message),
    )


async def _follow(tx: Transaction, talk: Talk, reply_id: int, now: datetime) -> int:
    """What a reply that belongs to a discussion brings: its copies, the cards of its links."""
    heard = await replies.get(tx, reply_id)
    planned = await _copy(tx, talk, heard, now)
    await cards.refer(tx, heard, now)
    return planned + await cards.make_cards(tx, talk.voices, now, reply_id=reply_id)


async def _change(tx: Transaction, talk: Talk, reply_id: int, now: datetime) -> int:
    """What an edited reply changes: what its copies say, which papers it links."""
    found = await replies.get(tx, reply_id)
    if found.entry_id is None:
        return 0
    content = dump(_copy_of(talk, found))
    circle = await linked_channels.of(tx, found.utterance.channel)
    if found.utterance.channel in circle:
        for made in await copy_deliveries.list_of(tx, reply_id):
            if str(made.channel) in circle:
                await edits.want(tx, made.delivery_id, content, content_hash(content))
                talk.to_change()
    await cards.refer(tx, found, now)
    return await cards.make_cards(tx, talk.voices, now, reply_id=reply_id)


async def _copy(tx: Transaction, talk: Talk, heard: replies.Heard, now: datetime) -> int:
    """Plan the copies that a reply lacks.

    A thread that nobody looked at yet gets it in its turn, after what was said before.
    """
    circle = await linked_channels.of(tx, heard.utterance.channel)
    if not circle or heard.entry_id is None:
        return 0
    made = {str(each.channel) for each in await copy_deliveries.list_of(tx, heard.id)}
    until = await threads.looked_until(tx)
    known = [each for each in await threads.list_of(tx, heard.entry_id) if each.id <= until]
    wanted = decide.plan_copies(heard.utterance, known, circle, made)
    content = dump(_copy_of(talk, heard)) if wanted else ""
    drafts = [
        deliveries.Draft(
            key=DeliveryKey(copy.key),
            channel=parse_channel(copy.channel),
            part="copy",
            content=content,
            shape=content_hash(content),
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


async def on_message_deleted(talk: Talk, message: MessageRef) -> None:
    """A person took a message back: nothing of it stays, here, in its copies, in its answers."""
    now = talk.clock()
    async with talk.db.transaction() as tx:
        known = await forgetting.take_back(tx, message, now)
        if not known and (await channel_preferences.get(tx, str(message.channel))).discussion:
            await replies.bury(tx, message, now)
    talk.to_change()


async def forget_person(talk: Talk, user: User, channel: ChannelRef) -> int:
    """Forget everything that a person ever said, and remove the copies; returns how much it was."""
    now = talk.clock()
    async with talk.db.transaction() as tx:
        forgotten = await forgetting.forget_author(tx, user, channel, now)
    talk.to_change()
    return forgotten


async def _forget_asker(talk: Talk, said: ThreadMessage) -> None:
    """Somebody wants to be forgotten and says so in a thread: it is done once, and told there."""
    now = talk.clock()
    channel = said.message.channel
    name = ("forget", str(channel), said.message.id)
    async with talk.db.transaction() as tx:
        if await deliveries.is_known(tx, key_of(name)):
            return  # it is heard again; what was said since then is not meant
        say = await voice_for(tx, talk.voices, str(channel), said.text)
        await forgetting.forget_author(tx, said.user, channel, now)
        # It stays when the wish itself goes, which in the web chat it does at once.
        await reply_in(tx, said.root, present_forgotten(say), name, now)
    talk.to_change()
    talk.to_send()


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
            await threads.looked_at(tx, delivery_id)
            for heard in await _shared_before(tx, delivery_id, entry_id):
                planned += await _copy(tx, talk, heard, now)
        planned += await cards.make_cards(tx, talk.voices, now)
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
    circle = await linked_channels.of(tx, own.channel) if own is not None else {}
    return await replies.list_since(tx, entry_id, min(circle.values())) if circle else ()
