"""Many readers who follow something, over an archive with twelve new entries."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.archive.domain.entry import EntryId
from bot.archive.domain.typed_dates import Days
from bot.channels.domain.schedule import Schedule
from bot.core.database.database import Database
from bot.core.domain.errors import QueryError
from bot.follow.domain.follow import Follow, Reader, normal_form
from bot.follow.services import follow
from bot.follow.store import follows, readers
from tests.archive_stage import keep
from tests.lookup import generated

MADE_AT = datetime(2026, 2, 3, 3, tzinfo=UTC)
DUE_AT = datetime(2026, 2, 4, 0, tzinfo=UTC)
"""After the messages of the next day are due."""
NEW_ON = date(2026, 2, 4)
NEW = 12
QUERIES = 5
_SEOUL = ZoneInfo("Asia/Seoul")


async def add_archive(db: Database, old: int) -> tuple[EntryId, ...]:
    """An archive of old entries; returns the ids of the new ones."""
    chance = random.Random(old)
    made = generated.entries(chance, old + NEW)[: old + NEW]
    dated = [
        replace(entry, date=NEW_ON if number >= old else entry.date)
        for number, entry in enumerate(made)
    ]
    return (await keep(db, *dated))[old:]


async def add_readers(db: Database, number: int) -> None:
    """So many readers, each with its own queries of every kind."""
    asked = generated.look_ups(random.Random(number), [" ".join(generated.WORDS)])
    async with db.transaction() as tx:
        for each in range(number):
            person = f"slack:T1/U{each}"
            channel = "slack:T1/C1"
            reader = Reader(
                person, f"Reader {each}", f"slack:T1/D{each}", channel, "en",
                Schedule(time(8, 30), _SEOUL), date(2026, 2, 3),
            )  # fmt: skip
            await readers.put(tx, reader, follow.next_at(reader, MADE_AT))
            added = 0
            while added < QUERIES:
                query = _query(next(asked))
                if query is not None:
                    on = date(2026, 2, 3)
                    added += await follows.add(tx, Follow(person, query, MADE_AT, on, channel))


def _query(text: str) -> str | None:
    """The query in its normal form, if it can be followed and is decided by the entry alone."""
    if any(each in text for each in ("similar:", "in:discussion", "popular")):
        return None
    try:
        return normal_form(text, Days(NEW_ON))
    except QueryError:
        return None
