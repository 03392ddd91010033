"""Ids of events that platforms have delivered, kept for a day: `ProcessedEvents`.

Platforms deliver an event again when they missed our acknowledgement.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.core.database.database import Database, Statements, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass

KEPT = timedelta(days=1)
"""Slack repeats an event for an hour, Discord for as long as a session can be resumed."""
_CLEANED_EVERY = timedelta(minutes=10)


@dataclass(slots=True, eq=False)
class _Asked:
    """Somebody waits for whether this id is new."""

    event_id: str
    is_new: bool = False
    is_kept: bool = False


class DatabaseProcessedEvents:
    """`ProcessedEvents` over an open database; `clock` gives the aware instant.

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
            return await is_known(tx, event_id)

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
        cleans = self._cleaned_at is None or now - self._cleaned_at >= _CLEANED_EVERY

        def keep(statements: Statements) -> None:
            if cleans:
                remove_before(statements, now - KEPT)
            added = add_all(statements, [asked.event_id for asked in together], now)
            for asked, is_new in zip(together, added, strict=True):
                # Cancelled while it commits, it may be kept: then the next attempt finds it.
                asked.is_new = asked.is_new or is_new

        await self._db.write(keep)
        if cleans:
            self._cleaned_at = now
        for asked in together:
            asked.is_kept = True
        self._waiting = [asked for asked in self._waiting if not asked.is_kept]


def add_all(statements: Statements, event_ids: Sequence[str], at: datetime) -> tuple[bool, ...]:
    """Remember ids; of each whether it was new, and named for the first time."""
    rows = statements.all(
        # Sorted, so that two processes with the same ids never wait for each other.
        """
        INSERT INTO processed_event (id, seen_at)
        SELECT value, CAST(:at AS TEXT) FROM texts(:ids) WHERE TRUE ORDER BY value
        ON CONFLICT (id) DO NOTHING
        RETURNING id
        """,
        {"ids": list(event_ids), "at": to_text(at)},
    )
    new = {row["id"] for row in rows}
    first = {event_id: place for place, event_id in reversed([*enumerate(event_ids)])}
    return tuple(
        event_id in new and first[event_id] == place for place, event_id in enumerate(event_ids)
    )


def remove_before(statements: Statements, at: datetime) -> int:
    """Forget ids that came before `at`; how many."""
    return statements.run("DELETE FROM processed_event WHERE seen_at < :at", {"at": to_text(at)})


async def is_known(tx: Transaction, event_id: str) -> bool:
    """Whether it is remembered."""
    row = await tx.one("SELECT 1 FROM processed_event WHERE id = :id", {"id": event_id})
    return row is not None
