"""Forgetting replies: the stored text, its copies, its answers, and web chat messages."""

from collections.abc import Iterable
from datetime import datetime

from bot.archive.domain.entry import EntryId
from bot.channels.store import linked_channels, slots
from bot.core.database.database import Transaction
from bot.core.ports import ChannelRef, MessageRef, Platform, User, parse_channel, person_ids
from bot.discussion.domain.present_discussion import present_taken_back
from bot.discussion.store import discussion_requests, person_locales, replies
from bot.follow.services import follow
from bot.outbox.store import answer_deliveries, copy_deliveries
from bot.reactions.store import reactions, unwanted
from bot.webchat.store import board, tokens


async def take_back(tx: Transaction, message: MessageRef, now: datetime) -> bool:
    """Forget a message, its copies and its answers; returns whether the message was known."""
    found = await forget_message(tx, message, now)
    answers = await answer_deliveries.list_of(tx, message)
    await copy_deliveries.unwant(tx, answers, present_taken_back(), now)
    return found


async def forget_message(tx: Transaction, message: MessageRef, now: datetime) -> bool:
    """Forget a message and its copies; returns whether it was stored. Its answers stay."""
    found = await replies.find(tx, message)
    if found is None:
        return False
    reply_id, kept = found
    if not kept.gone:
        await _forget(tx, [reply_id], now)
    return True


async def count_by_author(tx: Transaction, user: User, channel: ChannelRef) -> tuple[int, int]:
    """What `forget_author` would forget: the number of replies, and of their copies.

    A name in a message that “Discuss” posted counts as a reply.
    """
    people = person_ids(channel, user)
    theirs = [each for person in people for each in await replies.list_by_author(tx, person)]
    copies = await copy_deliveries.count_of(tx, theirs)
    asked = sum([await discussion_requests.count_of(tx, person) for person in people])
    if channel.platform is not Platform.WEB:
        return len(theirs) + asked, copies
    return max(len(theirs), await board.count_by_author(tx, user.id)) + asked, copies


async def count_likes(tx: Transaction, user: User, channel: ChannelRef) -> int:
    """How many papers a person likes, and new papers they called “not for us”."""
    people = person_ids(channel, user)
    return sum(
        [
            await reactions.count_of_person(tx, person) + await unwanted.count_of_person(tx, person)
            for person in people
        ]
    )


async def list_channels(tx: Transaction, *, user: User, channel: ChannelRef) -> frozenset[str]:
    """The channels with replies that `forget_author` would forget."""
    found: set[str] = set()
    for person in person_ids(channel, user):
        found |= await replies.list_channels_of(tx, person)
    return frozenset(found)


async def list_shown(
    tx: Transaction, *, user: User, channel: ChannelRef
) -> frozenset[tuple[str, datetime]]:
    """The channels in which the replies that `forget_author` would forget were read, and when said."""
    said = [
        each for person in person_ids(channel, user) for each in await replies.list_said(tx, person)
    ]
    shown = {(place, at) for _, place, at in said}
    instants = {reply_id: at for reply_id, _, at in said}
    for reply_id, place in await copy_deliveries.list_channels_of(tx, instants):
        shown.add((place, instants[reply_id]))
    for place in {place for place, _ in shown}:
        linked = await linked_channels.list_linked(tx, [place])
        shown |= {(other, at) for other in linked for where, at in shown if where == place}
    return frozenset(shown)


async def forget_author(tx: Transaction, user: User, channel: ChannelRef, now: datetime) -> int:
    """Forget every reply and reaction of a person, and their tokens; returns the number of replies.

    Those on the channel's platform; in Slack those of the person's own workspace, wherever it was
    written, and what the channel's workspace knows of them. In the web chat, where the bot is the
    platform, the messages themselves are removed too.
    """
    theirs: list[int] = []
    asked: list[EntryId] = []
    for person in person_ids(channel, user):
        await person_locales.forget(tx, person)
        await follow.forget(tx, person, now)
        await tokens.remove_all(tx, person)
        theirs += await replies.list_by_author(tx, person)
        asked += await discussion_requests.forget_author(tx, person)
        await _forget_likes(tx, person, now)
    await slots.mark_changed(tx, asked)
    await _forget(tx, theirs, now)
    if channel.platform is not Platform.WEB:
        return len(theirs) + len(asked)
    # Stored replies are a part of the person's web chat messages: do not count them twice.
    return max(len(theirs), await board.forget_author(tx, user.id, now)) + len(asked)


async def _forget_likes(tx: Transaction, person: str, now: datetime) -> None:
    await unwanted.forget(tx, person)
    for message in await reactions.forget(tx, person, now):
        if message.channel.platform is Platform.WEB:  # its number is shown below the message
            await board.touch(tx, int(message.id))


async def _forget(tx: Transaction, reply_ids: Iterable[int], now: datetime) -> None:
    ids = sorted(reply_ids)
    unwanted: list[int] = []
    for reply_id in ids:
        said = (await replies.get(tx, reply_id)).origin
        message = MessageRef(parse_channel(said.channel), said.message_id)
        unwanted += [each.delivery_id for each in await copy_deliveries.list_of(tx, reply_id)]
        unwanted += await answer_deliveries.list_of(tx, message)
    await copy_deliveries.unwant(tx, unwanted, present_taken_back(), now)
    await replies.forget(tx, ids, now)
