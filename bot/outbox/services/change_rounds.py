"""One round of changes on one platform: what is to go goes first, then what is to say otherwise.

Every platform has rounds of its own, so that one that hangs keeps no other waiting.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.core.ports import Chat
from bot.outbox.domain.rate_limit import Pace
from bot.outbox.services.edits import edit_due
from bot.outbox.services.message_changes import LASTING, WITHIN
from bot.outbox.services.removals import remove_due


async def change_due(
    db: Database,
    chat: Chat,
    *,
    clock: Callable[[], datetime],
    pace: Pace,
    jitter: Callable[[], float],
    stopping: asyncio.Event,
    within: timedelta = WITHIN,
    lasting: timedelta = LASTING,
) -> int:
    """Remove and edit what is due there; returns how many messages that changed.

    It ends after a while, whatever is left: where it changed something there may be more, and
    the next round begins with removals again.
    """
    changed = 0
    for each_due in (remove_due, edit_due):
        changed += await each_due(
            db,
            {chat.platform: chat},
            clock=clock,
            pace=pace,
            jitter=jitter,
            stopping=stopping,
            within=within,
            lasting=lasting,
        )
    return changed
