"""Dates as people type them, by a channel's clock and the newest entry."""

from datetime import date, datetime, timedelta, tzinfo

from bot.archive.domain.typed_dates import Days, names_newest, read_date
from bot.archive.store import entries
from bot.core.database.database import Database, Transaction
from bot.lookup.domain import query_dates

_DAY = timedelta(days=1)


async def days_for(db: Database, text: str, *, now: datetime, zone: tzinfo) -> Days:
    """What the dates in a text refer to; `zone` decides today."""
    today = now.astimezone(zone).date()
    if not names_newest(text):
        return Days(today)
    async with db.reading() as tx:
        return await days_on(tx, text, today)


async def days_on(tx: Transaction, text: str, today: date) -> Days:
    """What the dates in a text refer to on that day."""
    if not names_newest(text):
        return Days(today)
    newest = await entries.list_days(tx, before=today + _DAY, limit=1)
    return Days(today, newest[0].on if newest else None)


async def read(db: Database, text: str, *, now: datetime, zone: tzinfo) -> date:
    """The date that a person typed; raises `UsageError`."""
    return read_date(text, await days_for(db, text, now=now, zone=zone))


async def write_out(db: Database, asked: str, *, now: datetime, zone: tzinfo) -> str:
    """A query with its relative dates written out."""
    if not query_dates.has_dates(asked):
        return asked
    return query_dates.write_out(asked, await days_for(db, asked, now=now, zone=zone))
