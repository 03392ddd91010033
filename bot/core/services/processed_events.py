"""What platforms have told us already, kept in the database: `ports.Seen`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.core.store import processed_events

KEPT = timedelta(days=1)
"""Slack repeats an event for an hour, Discord for as long as a session can be resumed."""
_CLEANED_EVERY = timedelta(minutes=10)


@dataclass(slots=True, eq=False)
class _Asked:
    """Somebody waits for whether this id is new."""

    event_id: str
    is_new: bool = False
    is_kept: bool = False


class DatabaseSeen:
    """`ports.Seen` over an open database; `clock` gives the aware instant.

    Ids that come while others are being committed are committed together after them: the disk
    takes as long for sixteen as for one.
    """

    def __init__(self, db: Database, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._cleaned_at: datetime | None = None
        self._waiting: list[_Asked] = []
        self._keeping: asyncio.Event | None = None

    async def is_known(self, event_id: str) -> bool:
        async with self._db.reading() as tx:
            return await processed_events.is_known(tx, event_id)

    async def first_time(self, event_id: str) -> bool:
        asked = _Asked(event_id)
        self._waiting.append(asked)
        try:
            while not asked.is_kept:
                if self._keeping is None:
                    await self._keep_together()
                else:
                    await self._keeping.wait()
        finally:
            if asked in self._waiting:
                self._waiting.remove(asked)
        return asked.is_new

    async def _keep_together(self) -> None:
        """Keep every id that waits; if that fails, whoever else waits tries again."""
        self._keeping = ended = asyncio.Event()
        try:
            await self._keep(tuple(self._waiting))
        finally:
            self._keeping = None
            ended.set()

    async def _keep(self, together: tuple[_Asked, ...]) -> None:
        now = self._clock()
        async with self._db.transaction() as tx:
            if self._cleaned_at is None or now - self._cleaned_at >= _CLEANED_EVERY:
                await processed_events.remove_before(tx, now - KEPT)
                self._cleaned_at = now
            added = await processed_events.add_all(tx, [asked.event_id for asked in together], now)
            for asked, is_new in zip(together, added, strict=True):
                # Cancelled while it commits, it may be kept: then the next attempt finds it.
                asked.is_new = asked.is_new or is_new
        for asked in together:
            asked.is_kept = True
        self._waiting = [asked for asked in self._waiting if not asked.is_kept]
