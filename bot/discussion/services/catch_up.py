"""What had to wait: replies to roots that are known now, new threads, cards of linked papers."""

from datetime import datetime

from bot.archive.domain.entry import EntryId
from bot.channels.store import linked_channels
from bot.core.database.database import Transaction
from bot.discussion.services import cards, discuss, guards
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.store import replies, reply_references
from bot.outbox.store import threads

_THREADS = 500
_MOST_COPIED = 100
"""Threads of linked channels that one run processes."""


async def catch_up(context: DiscussionContext) -> int:
    """Process what had to wait; returns the number of messages planned. May be repeated.

    Replies whose root is known now, threads that opened after something was said in a linked
    channel, and linked papers that arXiv has answered about.
    """
    now = context.clock()
    async with context.db.reading() as tx:
        waiting = await replies.list_waiting_channels(tx)
        due = await reply_references.list_cards_due(tx)
    planned = 0
    for channel in waiting:
        async with guards.guarded(context.db, guards.of(channel)) as tx:
            planned += await discuss.follow_waiting(tx, context, channel, now)
    planned += await _open_threads(context, now)
    for channel, reply_id in dict.fromkeys((each.channel, each.reply_id) for each in due):
        async with guards.guarded(context.db, guards.of(channel)) as tx:
            planned += await cards.make_cards(tx, context.voices, now, reply_id=reply_id)
    if planned:
        context.to_send()
    return planned


async def _open_threads(context: DiscussionContext, now: datetime) -> int:
    """Copy into new threads what was said before in linked channels."""
    planned = copied = 0
    while copied < _MOST_COPIED:
        async with context.db.reading() as tx:
            new = await threads.list_new(tx, _THREADS)
            linked = await linked_channels.list_with_links(tx, {each.channel for each in new})
        if not new:
            break
        alone = next((n for n, each in enumerate(new) if each.channel in linked), len(new))
        if alone:
            await _pass_over(context, new[:alone])
            continue
        planned += await _open_thread(context, new[0], now)
        copied += 1
    return planned


async def _pass_over(context: DiscussionContext, new: tuple[threads.New, ...]) -> None:
    """Nothing is shared with these threads, unless a channel was linked or a thread planned since."""
    async with context.db.transaction() as tx:
        await tx.guard(guards.LINKS, threads.GUARD)
        linked = await linked_channels.list_with_links(tx, {each.channel for each in new})
        if not linked and await threads.list_new(tx, len(new)) == new:
            await threads.looked_at(tx, new[-1].delivery_id)


async def _open_thread(context: DiscussionContext, new: threads.New, now: datetime) -> int:
    planned = 0
    of_it = guards.of(new.channel)
    async with guards.guarded(context.db, of_it, threads.GUARD) as tx:
        if await threads.list_new(tx, 1) == (new,):
            await threads.looked_at(tx, new.delivery_id)
            for reply in await _shared_before(tx, new.channel, new.entry_id):
                planned += await discuss.copy_reply(tx, context, reply, now)
    return planned


async def _shared_before(
    tx: Transaction, channel: str, entry_id: EntryId
) -> tuple[replies.StoredReply, ...]:
    """Replies about an entry in linked channels from before its thread in this channel."""
    group = await linked_channels.list_group(tx, channel)
    return await replies.list_since(tx, entry_id, min(group.values())) if group else ()
