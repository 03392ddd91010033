"""Removals: copies of what was taken back are taken back too, whenever that can be done."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.core.database.database import Database, Transaction
from bot.core.domain.extent import Extent
from bot.core.ports import Chat, Platform
from bot.outbox.domain.delivery import ChangeOutcome, Done, Refused
from bot.outbox.domain.rate_limit import Pace
from bot.outbox.services.message_changes import LASTING, MESSAGES, WITHIN, Hands, change_each
from bot.outbox.store import copy_deliveries
from bot.outbox.store.copy_deliveries import Unwanted


async def remove_due(
    db: Database,
    chats: Mapping[Platform, Chat],
    *,
    clock: Callable[[], datetime],
    pace: Pace,
    jitter: Callable[[], float],
    stopping: asyncio.Event,
    within: timedelta = WITHIN,
    lasting: timedelta = LASTING,
) -> int:
    """Remove posted messages that are not wanted any more: a round. Returns how many are gone now.

    Only one that is gone is done with: people were told that what they said is forgotten.
    """
    async with db.reading() as tx:
        due = await copy_deliveries.list_unwanted(tx, chats, clock(), MESSAGES)

    async def remove(chat: Chat, unwanted: Unwanted) -> None:
        await chat.delete(unwanted.message)

    async def finish(tx: Transaction, unwanted: Unwanted, outcome: ChangeOutcome) -> bool:
        match outcome:
            case Done() | Refused(extent=Extent.GONE):
                await copy_deliveries.mark_removed(tx, unwanted.id, clock())
                return True
            case _:
                return False

    hands = Hands(db, chats, clock, pace, jitter, stopping, within, lasting)
    return await change_each(hands, due, remove, finish)
