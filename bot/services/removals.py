"""Removals: copies of what was taken back are taken back too, whenever that can be done."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.domain.delivery import ChangeOutcome, Done, Extent, Refused
from bot.domain.pace import Pace
from bot.ports import Chat, Platform
from bot.services.changes import LASTING, MESSAGES, WITHIN, Hands, change_each
from bot.store import copies
from bot.store.copies import Unwanted
from bot.store.database import Database, Transaction


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
        due = await copies.list_unwanted(tx, chats, clock(), MESSAGES)

    async def remove(chat: Chat, unwanted: Unwanted) -> None:
        await chat.delete(unwanted.message)

    async def finish(tx: Transaction, unwanted: Unwanted, outcome: ChangeOutcome) -> bool:
        match outcome:
            case Done() | Refused(extent=Extent.GONE):
                await copies.mark_removed(tx, unwanted.id, clock())
                return True
            case _:
                return False

    hands = Hands(db, chats, clock, pace, jitter, stopping, within, lasting)
    return await change_each(hands, due, remove, finish)
