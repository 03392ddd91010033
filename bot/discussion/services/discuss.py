"""Replies in threads: stored, copied to linked channels, answered.

A reply, its copies and its answer are written to the database and the outbox in one transaction.
A crash therefore leaves all of them or none, and a redelivered reply changes nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

from bot.channels.store import channel_preferences, linked_channels, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, translated
from bot.core.domain.i18n import Translate
from bot.core.ports import (
    ChannelRef,
    DeliveryKey,
    MessageRef,
    ThreadMessage,
    User,
    parse_channel,
    person_ids,
)
from bot.discussion.domain import copies as decide
from bot.discussion.domain.copies import Comparison
from bot.discussion.domain.foreign_text import settled, settled_name
from bot.discussion.domain.present_discussion import (
    present_copy,
    present_too_fast,
    present_words,
)
from bot.discussion.domain.present_private import present_elsewhere
from bot.discussion.domain.questions import Line, LookUp, read_question
from bot.discussion.services import answers, cards, forgetting, guards, thread_intro
from bot.discussion.services.answers import Link, no_link
from bot.discussion.services.asker import asker_voice, person_voice
from bot.discussion.services.thread_messages import (
    answer_name,
    is_answered,
    readers,
    reply_in,
)
from bot.discussion.store import replies
from bot.lookup.services import typed_dates
from bot.outbox.store import copy_deliveries, deliveries, edits, threads
from bot.reactions.store import reactions
from bot.webchat.store import board, tokens

log = logging.getLogger(__name__)

COPIES_A_MINUTE = 30
"""At most this many messages of one person per minute are copied (issue 12, item 5)."""
_MINUTE = timedelta(minutes=1)
PATIENCE = timedelta(days=1)
"""A reply whose root message stays unknown for this long is dropped."""


def _nothing() -> None:
    """The default callback: nobody needs to be woken."""


async def _nothing_else(_tx: Transaction, _forgotten: object) -> None:
    """The default of `forget_also` and `mark_stale`: no other subject knows people."""


@dataclass(frozen=True, slots=True)
class DiscussionContext:
    """The dependencies of this module's functions.

    `voices` gives the `Translate` of a locale, `link` the address of a message. `to_send` is called
    when there may be a message to send, `to_change` when there may be one to edit or remove. What
    a person writes beyond `copies_a_minute` is stored, but not copied. `zone` decides which day it
    is in channels without a digest. `forget_also` forgets what other subjects know of a person's id;
    `mark_stale` marks what names somebody who was forgotten, to be made anew, with the channels (REFs)
    in which they were read and when they said something; then `to_renew` is called.
    """

    db: Database
    clock: Callable[[], datetime]
    voices: Callable[[str], Translate]
    link: Link = no_link
    to_send: Callable[[], None] = _nothing
    to_change: Callable[[], None] = _nothing
    copies_a_minute: int = COPIES_A_MINUTE
    zone: tzinfo = UTC
    forget_also: Callable[[Transaction, str], Awaitable[None]] = _nothing_else
    mark_stale: Callable[[Transaction, Collection[tuple[str, datetime]]], Awaitable[None]] = (
        _nothing_else
    )
    to_renew: Callable[[], None] = _nothing


Ask = Callable[[str, Translate], Awaitable[Document]]
"""Answers a command line in a language."""


async def _refuse(_line: str, say: Translate) -> Document:
    return present_words(say, unclear=True)


async def on_message(
    context: DiscussionContext, message: ThreadMessage, ask: Ask = _refuse
) -> None:
    """Handle a message in a thread: new, redelivered or edited.

    A message that mentions the bot is answered once, also if it is edited later; `ask` answers
    command lines. A private command is not stored: of a reply that is edited into one, `kept` stays.
    """
    now = context.clock()
    channel = str(message.message.channel)
    command = _private_command(message)
    answer = await _answer(context, message, channel, ask) if message.mentions_bot else None
    planned = 0
    async with guards.guarded(context.db, guards.of(channel)) as tx:
        preferences = await channel_preferences.get(tx, channel)  # the answer may have changed them
        found = await replies.find(tx, message.message)
        is_gone = found is not None and found[1].gone  # deleted while it was answered
        if answer is not None and not is_gone:
            name, part = answer_name(message.message), await cards.part_of_answer(tx, message.text)
            planned += await reply_in(
                tx, message.root, answer, name, now, cause=message.message, part=part
            )
        if command is not None:
            message = replace(message, text=command.kept)
        if command is None or found is not None:
            if preferences.discussion:
                planned += await _keep(tx, context, message, now)
            else:
                if command is not None:  # copies are not edited here, and would keep the old text
                    await forgetting.forget_message(tx, message.message, now)
                await _correct(tx, message)
                planned += await _introduce(tx, context, message.root, now)
    if planned:
        context.to_send()


def _private_command(message: ThreadMessage) -> Line | None:
    """The private command in a message that mentions the bot, if it is one."""
    question = read_question(message.text) if message.mentions_bot else None
    return question if isinstance(question, Line) and question.is_private else None


async def _answer(
    context: DiscussionContext, message: ThreadMessage, channel: str, ask: Ask
) -> Document | None:
    """The answer to a message that mentions the bot; `None` if answered or deleted already.

    Everybody in the thread reads the answer. So a command with a secret answer is not executed,
    and the question is quoted only where it is stored and can be forgotten.
    """
    async with context.db.reading() as tx:
        found = await replies.find(tx, message.message)
        if await is_answered(tx, message.message) or (found is not None and found[1].gone):
            return None
        root = await threads.find(tx, message.root)
        preferences = await channel_preferences.get(tx, channel)
        say = await asker_voice(tx, context.voices, message)
        subscription = await subscriptions.find(tx, channel)
    zone = subscription.options.schedule.zone if subscription is not None else context.zone
    question = read_question(message.text)
    if not isinstance(question, Line):  # a command reads dates itself, or stores them as they are
        now = context.clock()
        text = await typed_dates.write_out(context.db, message.text, now=now, zone=zone)
        question = read_question(text)
    if isinstance(question, Line):
        if question.is_secret:
            return present_elsewhere(question.bare, say)
        return await ask(question.text, say)
    entry_id = root.entry_id if root is not None else None

    async def present(each: Translate) -> Document:
        return await answers.answer(
            context.db,
            question,
            entry_id,
            channel=channel,
            link=context.link,
            say=each,
            repeats=preferences.discussion and entry_id is not None,
        )

    document = await present(say)
    if isinstance(question, LookUp):
        return document  # a second look-up may find something else
    others = readers(context.voices, message.message.channel, say)
    return translated(document, {other.locale: await present(other) for other in others})


async def _keep(
    tx: Transaction, context: DiscussionContext, message: ThreadMessage, now: datetime
) -> int:
    """Store the reply and plan its copies and cards; returns the number of messages planned."""
    text = settled(message.text)
    found = await replies.find(tx, message.message)
    reply_id, before = found if found is not None else (0, None)
    match decide.compare(before, message.edited_at):
        case Comparison.NEW:
            root = await threads.find(tx, message.root)
            may_be_ours = root is None and await threads.may_be_ours(tx, message.root)
            if root is None and not may_be_ours:  # it may have been settled in between
                root = await threads.find(tx, message.root)
            if not text or not (root.has_discussion if root is not None else may_be_ours):
                return 0
            reply_id = await replies.add(tx, _draft(context, message, root, text, now), now)
            if root is None or root.entry_id is None:
                return 0
            # Earlier ones of this thread may have come before the bot knew its root.
            planned = await follow_waiting(tx, context, str(message.message.channel), now)
            return planned + await follow(tx, context, reply_id, now)
        case Comparison.EDITED:
            if not await replies.change(tx, reply_id, text, message.edited_at):
                return 0
            return await _change(tx, context, reply_id, now)
        case Comparison.KNOWN | Comparison.GONE:
            return 0


async def _correct(tx: Transaction, message: ThreadMessage) -> None:
    """With `discussion:off`, edits still update replies stored before; they are not copied."""
    found = await replies.find(tx, message.message)
    if found is not None and decide.compare(found[1], message.edited_at) is Comparison.EDITED:
        await replies.change(tx, found[0], settled(message.text), message.edited_at)


def _draft(
    context: DiscussionContext,
    message: ThreadMessage,
    root: threads.Root | None,
    text: str,
    now: datetime,
) -> replies.Draft:
    return replies.Draft(
        message=message.message,
        root=message.root,
        entry_id=root.entry_id if root is not None else None,
        slot_id=root.slot_id if root is not None else None,
        author_id=person_ids(message.message.channel, message.user)[0],
        author=settled_name(message.user.name),
        text=text,
        # A platform's clock may be ahead of ours: never store a time in the future.
        said_at=min(message.at, now) if message.at is not None else now,
        edited_at=message.edited_at,
        link=context.link(message.message),
    )


async def follow(tx: Transaction, context: DiscussionContext, reply_id: int, now: datetime) -> int:
    """Plan the intro after a first reply, a reply's copies and the cards of the papers it links."""
    reply = await replies.get(tx, reply_id)
    planned = await _introduce(tx, context, await replies.find_root(tx, reply_id), now)
    planned += await copy_reply(tx, context, reply, now)
    await cards.refer(tx, reply, now)
    return planned + await cards.make_cards(tx, context.voices, now, reply_id=reply_id)


async def follow_waiting(
    tx: Transaction, context: DiscussionContext, channel: str, now: datetime
) -> int:
    """`follow` the replies of a channel that waited for a root which is known now, in their order."""
    planned = 0
    for reply_id in await replies.assign_roots(tx, channel, now, now - PATIENCE):
        planned += await follow(tx, context, reply_id, now)
    return planned


async def _introduce(
    tx: Transaction, context: DiscussionContext, message: MessageRef, now: datetime
) -> int:
    """Plan the intro of a message's thread where the channel wants it after the first reply."""
    root = await threads.find(tx, message)
    if root is None or root.entry_id is None:
        return 0
    return await thread_intro.introduce(
        tx, root.delivery_id, voices=context.voices, link=context.link, now=now
    )


async def _change(tx: Transaction, context: DiscussionContext, reply_id: int, now: datetime) -> int:
    """Update the copies of an edited reply and the papers it links."""
    found = await replies.get(tx, reply_id)
    if found.entry_id is None:
        return 0
    copy = _copy_of(context, found)
    group = await linked_channels.list_group(tx, found.origin.channel)
    if found.origin.channel in group:
        for made in await copy_deliveries.list_of(tx, reply_id):
            if str(made.channel) in group:
                await edits.want(tx, made.delivery_id, copy)
                context.to_change()
    await cards.refer(tx, found, now)
    return await cards.make_cards(tx, context.voices, now, reply_id=reply_id)


async def copy_reply(
    tx: Transaction, context: DiscussionContext, reply: replies.StoredReply, now: datetime
) -> int:
    """Plan the copies that a reply lacks.

    A thread that `catch_up` has not processed yet gets its copies there, after earlier replies.
    """
    group = await linked_channels.list_group(tx, reply.origin.channel)
    if not group or reply.entry_id is None:
        return 0
    made = {str(each.channel) for each in await copy_deliveries.list_of(tx, reply.id)}
    most = context.copies_a_minute
    if (before := await replies.count_before(tx, reply, _MINUTE, most + 1)) >= most:
        return await _tell_too_fast(tx, context, reply, now) if before == most else 0
    until = await threads.looked_until(tx)
    known = [each for each in await threads.list_of(tx, reply.entry_id) if each.id <= until]
    wanted = decide.plan_copies(reply.origin, known, group, made)
    document = _copy_of(context, reply)
    drafts = [
        deliveries.Draft(
            key=DeliveryKey(copy.key),
            channel=parse_channel(copy.channel),
            part="copy",
            document=document,
            root_id=copy.thread,
            reply_id=reply.id,
            is_unasked=True,
        )
        for copy in wanted
    ]
    planned = 0
    for copy in wanted:
        planned += await thread_intro.introduce(
            tx, copy.thread, voices=context.voices, link=context.link, now=now
        )
    return planned + await deliveries.add(tx, drafts, now)


async def _tell_too_fast(
    tx: Transaction, context: DiscussionContext, reply: replies.StoredReply, now: datetime
) -> int:
    """Tell the author, at the first message beyond the bound, that it is not copied."""
    message = MessageRef(parse_channel(reply.origin.channel), reply.origin.message_id)
    log.warning(
        "%s: a person wrote more than %d messages in a minute; the others are not copied",
        message.channel,
        context.copies_a_minute,
    )
    root = await replies.find_root(tx, reply.id)
    say = await person_voice(
        tx, context.voices, reply.author_id, channel=reply.origin.channel, text=reply.text
    )
    name = ("too fast", str(message.channel), message.id)
    notice = present_too_fast(context.copies_a_minute, say)
    return await reply_in(tx, root, notice, name, now, cause=message)


def _copy_of(context: DiscussionContext, reply: replies.StoredReply) -> Document:
    channel = parse_channel(reply.origin.channel)
    origin = MessageRef(channel, reply.origin.message_id)
    return present_copy(reply.author, channel.platform, reply.text, context.link(origin))


async def on_message_deleted(context: DiscussionContext, message: MessageRef) -> None:
    """A person deleted a message: its text, its copies and its answers are removed."""
    now = context.clock()
    async with guards.guarded(context.db, guards.of(str(message.channel))) as tx:
        known = await forgetting.take_back(tx, message, now)
        if not known and (await channel_preferences.get(tx, str(message.channel))).discussion:
            await replies.mark_deleted(tx, message, now)
    context.to_change()


async def count_of_person(
    context: DiscussionContext, user: User, channel: ChannelRef
) -> tuple[int, int]:
    """How many replies `forget_person` would forget, and how many copies it would remove."""
    async with context.db.reading() as tx:
        return await forgetting.count_by_author(tx, user, channel)


async def count_likes(context: DiscussionContext, user: User, channel: ChannelRef) -> int:
    """How many likes, and papers called “not for us”, `forget_person` would forget."""
    async with context.db.reading() as tx:
        return await forgetting.count_likes(tx, user, channel)


async def forget_person(context: DiscussionContext, user: User, channel: ChannelRef) -> int:
    """Forget every reply of a person, remove its copies, and forget what they like.

    Returns the number of replies.
    """
    now = context.clock()
    find = partial(forgetting.list_channels, user=user, channel=channel)
    others = board.GUARD, reactions.GUARD, tokens.GUARD, guards.RECAPS
    async with guards.guarded(context.db, find, *others) as tx:
        shown = await forgetting.list_shown(tx, user=user, channel=channel)
        forgotten = await forgetting.forget_author(tx, user, channel, now)
        for person in person_ids(channel, user):
            await context.forget_also(tx, person)
        await context.mark_stale(tx, shown)
    context.to_renew()
    context.to_change()
    return forgotten
