"""What `paperbot demo` shows: the bundled samples, as if their newest day were today.

The papers of their oldest day are those of tomorrow's digest, for `/digest review`.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.archive.domain.dates import parse_date_line
from bot.archive.services.import_files import STDIN, import_files
from bot.archive.services.import_report import ImportReport
from bot.archive.store import entries
from bot.core.database.database import Database
from bot.core.domain.day_text import day_text
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.options.zones import name_of
from bot.digest.services.plan import plan_by_hand

CHANNEL = ChannelRef(Platform.WEB, "", "general")
_DAYS_POSTED = 2
_TOMORROW = "\0"
"""Stands for the day until the others are moved: none is moved twice."""


async def fill(
    db: Database, samples: str, paths: Sequence[Path], *, now: datetime, zone: ZoneInfo
) -> tuple[list[date], ImportReport | None]:
    """Import the samples and the notes at `paths`.

    Returns the newest days of both until today, and what came of `paths`, if there are any. Raises
    `UserError`.
    """
    today = now.astimezone(zone).date()
    report = await import_files(db, paths, now=now) if paths else None
    days = set(await _newest_days(db))
    page, theirs = _as_of(samples, today)
    await import_files(db, [STDIN], now=now, stdin=page.encode())
    return sorted(days | set(theirs[-_DAYS_POSTED:])), report


async def subscribe_channel(
    db: Database,
    days: Sequence[date],
    *,
    now: datetime,
    zone: ZoneInfo,
    voices: Callable[[str], Translate],
) -> None:
    """Give the channel the digests of these days, and from tomorrow on one a day."""
    # Today's digest has its time now, so that the next one is tomorrow's.
    words = TypedOptions(at=f"{now.astimezone(zone):%H:%M}", zone=name_of(zone))
    subscription = await subscribe.add(db, CHANNEL, words, now=now)
    for day in days:
        await plan_by_hand(db, subscription, day, now=now, voices=voices)


async def _newest_days(db: Database) -> list[date]:
    async with db.reading() as tx:
        return [day.on for day in await entries.list_days(tx, limit=_DAYS_POSTED)]


def _as_of(page: str, today: date) -> tuple[str, list[date]]:
    """The digest page with its days moved so that the newest is `today`, and the oldest tomorrow.

    Also its days until today, in order.
    """
    oldest, *dates = sorted(_dates(page))
    later = today - dates[-1]
    page = page.replace(day_text(oldest, "ko"), _TOMORROW)
    # From the end that is moved towards, so that no day is moved twice.
    for day in sorted(dates, reverse=later > timedelta()):
        page = page.replace(day_text(day, "ko"), day_text(day + later, "ko"))
    page = page.replace(_TOMORROW, day_text(today + timedelta(days=1), "ko"))
    return page, [day + later for day in dates]


def _dates(page: str) -> set[date]:
    lines = map(parse_date_line, page.splitlines())
    return {line.on for line in lines if line is not None and line.on is not None}
