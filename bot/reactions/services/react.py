"""Reactions of people, as platforms tell them: each positive one on a paper's message is stored."""

from collections.abc import Collection
from datetime import datetime, timedelta

from bot.archive.domain.entry import EntryId
from bot.channels.store import channel_preferences
from bot.core.database.database import Database, Transaction
from bot.core.ports import ChannelRef, MessageRef, Reaction, ReactionsRead, person_ids
from bot.outbox.store import threads
from bot.reactions.domain.emoji import folded, is_positive
from bot.reactions.store import reactions
from bot.reactions.store.reactions import Given

PATIENCE = timedelta(days=1)
"""Reactions to a message that stays unknown for this long are dropped."""


async def on_reaction(db: Database, reaction: Reaction, now: datetime) -> None:
    """Store a reaction that was given or taken back; others than to papers are ignored.

    May be repeated, and come in any order.
    """
    if not is_positive(reaction.emoji):
        return
    message = reaction.message
    person = person_ids(message.channel, reaction.user)[0]
    async with db.transaction() as tx:
        entry_id, may_be_ours = await _shown_by(tx, message)
        if entry_id is None and not may_be_ours:
            return
        if reaction.is_added and not await _is_stored(tx, message.channel):
            return
        await tx.guard(reactions.GUARD)  # only here: most reactions are to other messages
        given = Given(message, person, folded(reaction.emoji))
        at = min(reaction.at or now, now)  # a platform's clock may be ahead of ours
        await reactions.put(tx, given, entry_id, is_there=reaction.is_added, at=at)


async def on_reactions_read(db: Database, read: ReactionsRead) -> bool:
    """Store which reactions a message has; returns whether anything was not known."""
    async with db.transaction() as tx:
        await tx.guard(reactions.GUARD)
        return await _put_read(tx, read)


async def _put_read(tx: Transaction, read: ReactionsRead) -> bool:
    message = read.message
    entry_id, _ = await _shown_by(tx, message)
    if entry_id is None or not await _is_stored(tx, message.channel):
        return False
    found = {
        Given(message, person_ids(message.channel, user)[0], folded(emoji))
        for user, emoji in read.found
        if is_positive(emoji)
    }
    emoji = folded(read.emoji) if read.emoji is not None else None
    return await reactions.put_read(tx, message, found, entry_id, at=read.at, emoji=emoji)


async def on_channel_read(
    db: Database,
    channel: ChannelRef,
    papers: Collection[MessageRef],
    reads: Collection[ReactionsRead],
    at: datetime,
) -> None:
    """Store what was read, after that instant, of a channel's newest papers; may be repeated.

    Older events are ignored from then on. What was read is stored after that, also where it was
    stored before: it corrects what late events told while the platform was read.
    """
    async with db.transaction() as tx:
        await tx.guard(reactions.GUARD)
        await reactions.put_channel_read(tx, channel, papers, at)
        for read in reads:
            await _put_read(tx, read)


async def place_waiting(db: Database, now: datetime) -> None:
    """Assign reactions that came while their message was being posted to its entry."""
    async with db.reading() as tx:
        waiting = await reactions.list_unplaced(tx)
    if not waiting:
        return
    async with db.transaction() as tx:
        for message in waiting:
            entry_id = await threads.find_entry(tx, message)
            if entry_id is not None:
                await reactions.place(tx, message, entry_id)
        await reactions.drop_unplaced(tx, now - PATIENCE)


async def _is_stored(tx: Transaction, channel: ChannelRef) -> bool:
    """With `discussion:off` nothing of what people do in a channel is stored from then on."""
    return (await channel_preferences.get(tx, str(channel))).discussion


async def _shown_by(tx: Transaction, message: MessageRef) -> tuple[EntryId | None, bool]:
    """The entry that a message shows; if there is none, whether it may be on its way."""
    entry_id = await threads.find_entry(tx, message)
    if entry_id is not None or not await threads.may_be_ours(tx, message):
        return entry_id, False
    return await threads.find_entry(tx, message), True  # it may have been settled in between
