"""This process as the one that posts: one bot at a time on a database, the next one waits."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from bot.core.database.database import Database
from bot.core.process import machine_name, new_owner_name, process_runs
from bot.core.services import process_lease
from bot.core.store.process_lease import Holder, Process

log = logging.getLogger(__name__)


@asynccontextmanager
async def owning(
    db: Database, stopping: asyncio.Event, *, clock: Callable[[], datetime]
) -> AsyncIterator[Process]:
    """This process as the one that posts; waits while another one is."""
    me = Process(new_owner_name(), machine_name(), os.getpid())

    def waiting_for(holder: Holder) -> None:
        log.warning(
            "another bot (process %d on %s) runs on this database; waiting until it stops",
            holder.process.pid,
            holder.process.machine.partition(" ")[0],
        )

    def is_gone(process: Process) -> bool:
        return process_runs(process.machine, process.pid) is False

    acquiring = process_lease.acquire(
        db, me, clock=clock, is_gone=is_gone, sleep=asyncio.sleep, waiting_for=waiting_for
    )
    await unless(stopping, acquiring)
    try:
        yield me
    finally:
        await process_lease.give_back(db, me)


async def unless(stopping: asyncio.Event, work: Awaitable[None]) -> None:
    """Do the work, or give it up when the bot is to stop."""
    async with asyncio.TaskGroup() as tasks:
        doing = tasks.create_task(_as_coroutine(work))
        waiting = tasks.create_task(stopping.wait())
        await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
        doing.cancel()
        waiting.cancel()


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work
