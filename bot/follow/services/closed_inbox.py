"""Inboxes that refuse direct messages: one mention where the person asked, then a week of silence."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.database.database import Database, Transaction
from bot.core.domain.i18n import Translate
from bot.core.ports import DeliveryKey, parse_channel
from bot.follow.domain.present_follow import present_closed_inbox
from bot.follow.store import follows, readers
from bot.follow.store.readers import Awaited
from bot.outbox.domain.delivery import State, delivery_key
from bot.outbox.store import deliveries, direct_messages
from bot.outbox.store.direct_messages import Fate

log = logging.getLogger(__name__)

SILENCE = timedelta(days=7)
"""For so long a closed inbox is left alone (issue 16, item 1)."""

_DAY = timedelta(days=1)


async def look(db: Database, *, now: datetime, voices: Callable[[str], Translate]) -> int:
    """See what became of the last messages; returns how many mentions were planned.

    May be called repeatedly and by several processes.
    """
    async with db.reading() as tx:
        awaited = await readers.list_awaited(tx)
        fates = await direct_messages.list_fates(tx, [each.key for each in awaited])
    if not any(fate.state in (State.SENT, State.DEAD) for fate in fates.values()):
        return 0
    mentions = 0
    async with db.transaction() as tx:
        await tx.guard(readers.GUARD)
        awaited = await readers.list_awaited(tx)
        fates = await direct_messages.list_fates(tx, [each.key for each in awaited])
        for each in awaited:
            if each.key in fates:
                mentions += await _settle(tx, each, fates[each.key], now, voices)
    return mentions


async def _settle(
    tx: Transaction, awaited: Awaited, fate: Fate, now: datetime, voices: Callable[[str], Translate]
) -> int:
    reader = awaited.reader
    if fate.state not in (State.SENT, State.DEAD):
        return 0
    await readers.settle(tx, reader.person, awaited.key, is_open=fate.state is State.SENT)
    if fate.state is not State.DEAD or not fate.is_refused:
        return 0
    log.warning("%s refuses direct messages; days until the next: %d", reader.inbox, SILENCE.days)
    # What it told of is told then.
    await follows.remove_told(tx, reader.person, awaited.on)
    await readers.silence(tx, reader.person, now + SILENCE, awaited.on - _DAY)
    if reader.is_told or reader.asked_in == reader.inbox:
        return 0
    channel = parse_channel(reader.asked_in)
    key = delivery_key("closed inbox", reader.person, awaited.on.isoformat())
    document = present_closed_inbox(reader.person, channel.platform, voices(reader.locale))
    draft = deliveries.Draft(DeliveryKey(key), channel, "mention", document, is_unasked=True)
    return await deliveries.add(tx, [draft], now)
