"""Waiting for what has no event: another process, or the inside of a library."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.core.database.database import Database

T = TypeVar("T")

HANGING = 300.0
"""Seconds after which a test hangs: many times what any needs on two cores with a load of 16."""


async def until(holds: Callable[[], T], seconds: float = HANGING, *, every: float = 0.005) -> T:
    """The first true value of `holds`, asked `every` so many seconds; raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not (value := holds()):  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(every)
        return value


async def eventually(
    holds: Callable[[], Awaitable[T]], seconds: float = HANGING, *, every: float = 0.05
) -> T:
    """The same for what is asked of a database or of another process."""
    async with asyncio.timeout(seconds):
        while not (value := await holds()):  # noqa: ASYNC110 - as above
            await asyncio.sleep(every)
        return value


async def until_guarded_out(db: Database) -> None:
    """Until another transaction on that PostgreSQL database waits for a guard."""

    async def is_waiting() -> bool:
        async with db.reading() as tx:
            row = await tx.one(
                """
                SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """
            )
        return row is not None

    await eventually(is_waiting, every=0.005)


async def until_locked_out(db: Database) -> None:
    """Until another transaction there waits for a row that one has written and not committed."""

    async def is_waiting() -> bool:
        async with db.reading() as tx:
            row = await tx.one(
                """
                SELECT 1 FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            )
        return row is not None

    await eventually(is_waiting, every=0.005)
