"""Inboxes that refuse direct messages: one mention where the person asked, then a week of silence."""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from bot.core.database.database import Database, Transaction
from bot.core.domain.i18n import Translate
from bot.core.ports import DeliveryKey, parse_channel
from bot.follow.domain.follow import message_key
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
    if not any(map(_is_settled, fates.values())):
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


def _is_settled(fate: Fate) -> bool:
    return fate.is_refused or fate.state in (State.SENT, State.DEAD)


async def _settle(
    tx: Transaction, awaited: Awaited, fate: Fate, now: datetime, voices: Callable[[str], Translate]
) -> int:
    reader = awaited.reader
    if not _is_settled(fate):
        return 0
    await readers.settle(tx, reader.person, awaited.key, is_open=fate.state is State.SENT)
    # What they told of is news again.
    lost = await _list_refused(tx, awaited)
    for on in lost:
        await follows.remove_told(tx, reader.person, on)
    if not fate.is_refused:
        return 0
    log.warning("%s refuses direct messages; days until the next: %d", reader.inbox, SILENCE.days)
    await direct_messages.drop_refused(tx, reader.inbox, now)
    await readers.silence(tx, reader.person, now + SILENCE, min((awaited.on, *lost)) - _DAY)
    if reader.is_told or reader.asked_in == reader.inbox:
        return 0
    channel = parse_channel(reader.asked_in)
    key = delivery_key("closed inbox", reader.person, awaited.on.isoformat())
    document = present_closed_inbox(reader.person, channel.platform, voices(reader.locale))
    draft = deliveries.Draft(DeliveryKey(key), channel, "mention", document, is_unasked=True)
    return await deliveries.add(tx, [draft], now)


async def _list_refused(tx: Transaction, awaited: Awaited) -> tuple[date, ...]:
    """The dates of messages to the reader that were refused: while none got through, days add up."""
    person = awaited.reader.person
    keys = {message_key(person, on): on for on in await follows.list_told_on(tx, person)}
    fates = await direct_messages.list_fates(tx, list(keys))
    return tuple(keys[key] for key, fate in fates.items() if fate.is_refused)
