"""Removals: copies of what was taken back are taken back too.

Removing may be repeated safely, so it needs no more care than an edit.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.domain.delivery import Patience, pause
from bot.domain.pace import Pace
from bot.domain.words import mark
from bot.ports import Chat, ChatRefusedError, ChatUnavailableError, ChatUncertainError, Platform
from bot.services.deliver import lane_of
from bot.store import copies
from bot.store.copies import Unwanted
from bot.store.database import Database

log = logging.getLogger(__name__)

UNREMOVABLE = mark("The message could not be removed")

_MESSAGES = 100
_ATTEMPTS = 20
_PATIENCE = Patience(first_pause=timedelta(seconds=5))


async def remove_due(
    db: Database,
    chats: Mapping[Platform, Chat],
    *,
    clock: Callable[[], datetime],
    pace: Pace,
    jitter: Callable[[], float],
    stopping: asyncio.Event,
    within: timedelta = timedelta(seconds=30),
) -> int:
    """Remove the posted messages that are not wanted any more; returns how many are gone now.

    One that fails waits longer each time and stops no other.
    """
    loop = asyncio.get_running_loop()
    removed = 0
    while not stopping.is_set():
        async with db.reading() as tx:
            due = await copies.list_unwanted(tx, chats, clock(), _MESSAGES)
        for each in due:
            if stopping.is_set():
                break
            chat = chats[each.message.channel.platform]
            await asyncio.sleep(pace.take(lane_of(each.message.channel), loop.time()) - loop.time())
            removed += await _remove(db, chat, each, clock=clock, jitter=jitter, within=within)
        if not due:
            break
    return removed


async def _remove(
    db: Database,
    chat: Chat,
    unwanted: Unwanted,
    *,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    within: timedelta,
) -> bool:
    wait: timedelta | None = None
    try:
        async with asyncio.timeout(within.total_seconds()):
            await chat.delete(unwanted.message)
    except ChatRefusedError as error:
        async with db.transaction() as tx:
            await copies.mark_removed(tx, unwanted.id, clock(), UNREMOVABLE, str(error))
        return False
    except ChatUnavailableError as error:
        reason, wait = str(error), error.retry_after
    except (ChatUncertainError, TimeoutError) as error:
        reason = str(error) or "no answer in time"
    except Exception as error:
        log.exception("the removal of delivery %d broke", unwanted.id)
        reason = type(error).__name__
    else:
        async with db.transaction() as tx:
            await copies.mark_removed(tx, unwanted.id, clock())
        return True
    async with db.transaction() as tx:
        if unwanted.failures >= _ATTEMPTS and wait is None:
            await copies.mark_removed(tx, unwanted.id, clock(), UNREMOVABLE, reason)
        else:
            later = wait or pause(unwanted.failures + 1, jitter(), _PATIENCE)
            await copies.remove_later(tx, unwanted.id, clock() + later, reason)
    return False
