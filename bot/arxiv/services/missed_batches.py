"""Fetch missed or truncated batches from the query API, by submission date."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.archive.domain.arxiv_record import ASK_AGAIN, ArxivRecord, next_sweep
from bot.arxiv.domain import batches
from bot.arxiv.domain.announcements import Announcement, FeedItem
from bot.arxiv.domain.categories import belongs
from bot.arxiv.ports import PaperSource, SourceError, SourceQuestionError, SourceReplyError
from bot.arxiv.store import feeds
from bot.arxiv.store.feeds import Batch
from bot.core.database.database import Database

log = logging.getLogger(__name__)

EASTERN = ZoneInfo("America/New_York")
PAGE = 500
_MOST_PAGES = 40
_LOOKS = 2
"""Fetches of a batch that is complete, each on another day: the API may lag by a day."""
_TRIES = 3
"""Tries for a batch that is not found, each on another day."""
_LONGEST = timedelta(days=batches.LONGEST_RECOVERY + 7)


async def recover_due(
    db: Database,
    source: PaperSource,
    categories: Collection[str],
    *,
    clock: Callable[[], datetime],
) -> int:
    """Fetch the batches that are due; how many papers are new."""
    async with db.reading() as tx:
        due = await feeds.list_to_recover(tx, clock())
    new = 0
    for batch in due:
        if batch.category in categories:
            new += await _recover(db, source, batch, clock=clock)
    return new


async def _recover(
    db: Database, source: PaperSource, batch: Batch, *, clock: Callable[[], datetime]
) -> int:
    if clock().date() - batch.day > _LONGEST:
        await _end_try(db, batch, clock(), is_whole=False, is_last=True)
        return 0
    since, until = batches.submission_window(batch.day, EASTERN)
    found = start = 0
    is_whole = False
    try:
        for _ in range(_MOST_PAGES):
            page = await source.list_submitted(
                batch.category, since, until, start=start, limit=PAGE
            )
            items = tuple(_announced(record, batch) for record in page.records)
            async with db.transaction() as tx:
                new = await feeds.add_papers(tx, items, batch.day)
                await feeds.count_recovered(tx, batch, new)
            found += new
            start += page.entries
            if start >= page.total:
                # The API also returns no result when it is broken.
                is_whole = page.total > 0
                break
    except (SourceQuestionError, SourceReplyError) as error:
        log.warning("arXiv %s: the batch of %s: %s", batch.category, batch.day, error)
    except SourceError:
        return found  # no try is spent; it is requested again after the backoff
    await _end_try(db, batch, clock(), is_whole=is_whole)
    log.info("arXiv %s: papers of %s recovered: %d", batch.category, batch.day, found)
    return found


async def _end_try(
    db: Database, batch: Batch, now: datetime, *, is_whole: bool, is_last: bool = False
) -> None:
    was_whole = is_whole or batch.is_whole
    is_last = is_last or batch.tries + 1 >= (_LOOKS if was_whole else _TRIES)
    async with db.transaction() as tx:
        # An earlier sweep would be on the same day.
        again_at = None if is_last else next_sweep(now + ASK_AGAIN, is_daily=True)
        await feeds.end_try(tx, batch, is_whole=is_whole, again_at=again_at)
    if is_last and not was_whole:
        level = logging.INFO if batches.may_be_holiday(batch.day) else logging.ERROR
        log.log(level, "arXiv %s: the batch of %s was not found", batch.category, batch.day)


def _announced(record: ArxivRecord, batch: Batch) -> FeedItem:
    primary = record.categories[0] if record.categories else ""
    return FeedItem(
        id=record.id,
        announcement=Announcement.NEW if belongs(primary, batch.category) else Announcement.CROSS,
        title=record.title,
        authors=record.authors,
        abstract=record.abstract,
        categories=record.categories,
        batch_on=batch.day,
    )
