"""Edits: posted messages are made to say what they should."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.core.database.database import Database, Transaction
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.ports import Chat, Platform
from bot.outbox.domain.delivery import ChangeOutcome, Done, Refused
from bot.outbox.domain.rate_limit import Pace
from bot.outbox.services.message_changes import LASTING, MESSAGES, WITHIN, Hands, change_each
from bot.outbox.store import edits
from bot.outbox.store.edits import Unshown

UNEDITABLE = translatable("The message could not be edited; it shows an older version")


async def edit_due(
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
    """Edit posted messages that do not say what they should: a round. Returns how many do now.

    One that is gone, or whose new words are refused, stays as it is until other words are wanted.
    """
    async with db.reading() as tx:
        due = await edits.list_unshown(tx, chats, clock(), MESSAGES)

    async def edit(chat: Chat, wanted: Unshown) -> None:
        await chat.edit(wanted.message, wanted.document)

    async def finish(tx: Transaction, wanted: Unshown, outcome: ChangeOutcome) -> bool:
        match outcome:
            case Done():
                await edits.mark_shown(tx, wanted)
            case Refused(detail, Extent.GONE | Extent.MESSAGE):
                await edits.give_up(tx, wanted, UNEDITABLE, detail)
            case _:
                return False
        return True

    hands = Hands(db, chats, clock, pace, jitter, stopping, within, lasting)
    return await change_each(hands, due, edit, finish)
