"""Waiting for what has no event: another process, or the inside of a library."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from bot.core.database.database import Database

T = TypeVar("T")


async def until(holds: Callable[[], T], seconds: float = 10.0) -> T:
    """The first true value of `holds`, asked every few milliseconds; raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not (value := holds()):  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
        return value


async def until_guarded_out(db: Database, seconds: float = 10.0) -> None:
    """Until another transaction on that PostgreSQL database waits for a guard."""
    async with asyncio.timeout(seconds):
        while True:
            async with db.reading() as tx:
                row = await tx.one(
                    """
                    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    """
                )
            if row is not None:
                return
            await asyncio.sleep(0.005)
