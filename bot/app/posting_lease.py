"""The lease of the process that posts: one bot at a time on a database, the next one waits."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass
from bot.core.process import machine_name, new_owner_name, process_runs
from bot.core.services.leases import Leases, until_stored
from bot.core.store.leases import Lease, Process

log = logging.getLogger(__name__)

POSTING = "posting"
"""The lease of the process that plans, delivers and edits."""


@dataclass(frozen=True, slots=True)
class Held:
    """The posting lease, and what keeps it."""

    leases: Leases
    lease: Lease


def this_process() -> Process:
    """This run of the program, as leases name it; each call makes a new id."""
    return Process(new_owner_name(), machine_name(), os.getpid())


def is_gone(process: Process) -> bool:
    """Whether that process certainly no longer runs."""
    return process_runs(process.machine, process.pid) is False


@asynccontextmanager
async def posting(
    db: Database, stopping: asyncio.Event, *, clock: Callable[[], datetime]
) -> AsyncIterator[Held | None]:
    """Hold the posting lease; wait while another process does. `None` when told to stop meanwhile."""
    leases = Leases(db, this_process(), clock=clock, sleep=asyncio.sleep, is_gone=is_gone)

    def waiting_for(lease: Lease) -> None:
        log.warning(
            "another bot (process %d on %s) runs on this database; waiting until it stops",
            lease.process.pid,
            lease.process.machine.partition(" ")[0],
        )

    held: Held | None = None

    async def acquire() -> None:
        nonlocal held
        lease = await until_stored(
            lambda: leases.acquire(POSTING, waiting_for=waiting_for), sleep=asyncio.sleep
        )
        held = Held(leases, lease)

    await unless(stopping, acquire())
    try:
        yield held
    finally:
        if held is not None:
            await leases.release(held.lease)


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
