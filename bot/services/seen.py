"""What platforms have told us already, kept in the database: `ports.Seen`."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.store import seen
from bot.store.database import Database

KEPT = timedelta(days=1)
"""Slack repeats an event for an hour, Discord for as long as a session can be resumed."""
_CLEANED_EVERY = timedelta(minutes=10)


class DatabaseSeen:
    """`ports.Seen` over an open database; `clock` gives the aware instant."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._cleaned_at: datetime | None = None

    async def is_known(self, event_id: str) -> bool:
        async with self._db.reading() as tx:
            return await seen.is_known(tx, event_id)

    async def first_time(self, event_id: str) -> bool:
        now = self._clock()
        async with self._db.transaction() as tx:
            if self._cleaned_at is None or now - self._cleaned_at >= _CLEANED_EVERY:
                await seen.remove_before(tx, now - KEPT)
                self._cleaned_at = now
            return await seen.add(tx, event_id, now)
