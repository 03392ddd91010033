"""Today's papers: each category's feed, asked until its batch of the day is there."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import batches
from bot.domain.announce import Announcement, Feed, FeedItem, is_fresh_paper
from bot.domain.batches import CategoryStatus, Seen, State, Trouble, Watch
from bot.domain.record import ArxivRecord, next_sweep
from bot.ports import (
    PaperSource,
    SourceError,
    SourceFailureError,
    SourceQuestionError,
    SourceWaitError,
)
from bot.store import feeds, turns
from bot.store.database import Database, Transaction
from bot.store.feeds import Batch

log = logging.getLogger(__name__)

EASTERN = ZoneInfo("America/New_York")
PAGE = 500
_MOST_PAGES = 10
_MOST_RECOVERIES = 2
_REMEMBERED = timedelta(days=14)
_KEEP_LISTINGS = timedelta(days=90)
_KEEP_PAPERS = timedelta(days=200)


async def poll_due(
    db: Database,
    source: PaperSource,
    categories: Sequence[str],
    *,
    clock: Callable[[], datetime],
    spread: Callable[[], float],
) -> int:
    """Ask every feed that is due, then fetch the batches that were missed; how many are new.

    One feed's failure stops no other: it is remembered, and tried again when its wait is over.
    """
    new = 0
    for category in categories:
        async with db.reading() as tx:
            watches = await feeds.list_watches(tx)
        watch = watches.get(category, Watch(category))
        if batches.is_due(watch, clock()):
            new += await _poll(db, source, watch, clock=clock, spread=spread)
    async with db.reading() as tx:
        missed = await feeds.list_to_recover(tx, clock())
    for batch in missed:
        if batch.category in categories:
            new += await _recover(db, source, batch, clock=clock)
    return new


async def _poll(
    db: Database,
    source: PaperSource,
    watch: Watch,
    *,
    clock: Callable[[], datetime],
    spread: Callable[[], float],
) -> int:
    try:
        feed = await source.fetch_feed(watch.category, etag=watch.etag)
    except SourceWaitError:
        return 0
    except SourceFailureError as failure:
        now = clock()
        # A question that is wrong stays wrong; anything else the turnstile holds back itself.
        asks_again = isinstance(failure, SourceQuestionError)
        retry_at = batches.next_window(now, spread()) if asks_again else now
        async with db.transaction() as tx:
            await feeds.put_watch(tx, batches.after_failure(watch, now, retry_at))
        return 0
    now = clock()
    async with db.transaction() as tx:
        return await _take_in(tx, watch, feed, now, spread())


async def _take_in(
    tx: Transaction, watch: Watch, feed: Feed | None, now: datetime, spread: float
) -> int:
    """Remember what a feed showed; how many papers are new. `None` is the feed seen before."""
    day = batches.batch_day(now)
    items = feed.items if feed is not None else ()
    unseen = await feeds.add_listings(tx, watch.category, items, day)
    seen = Seen(
        items=len(items),
        unseen=len(unseen),
        batch_on=feed.batch_on if feed is not None else None,
        etag=feed.etag if feed is not None else None,
    )
    after = batches.after_answer(watch, seen, now, spread)
    await feeds.put_watch(tx, after)
    if unseen and feed is not None:
        await _note_missed(tx, watch.category, day, now)
        await feeds.add_batch(
            tx,
            watch.category,
            day,
            items=len(unseen),
            is_cut=feed.is_cut,
            recover_at=now if feed.is_cut else None,
        )
    state = batches.state(after, now)
    log.info("arXiv %s: %s, %d of %d unseen", watch.category, state, len(unseen), len(items))
    return await feeds.add_papers(tx, (item for item in unseen if is_fresh_paper(item, day)), day)


async def _note_missed(tx: Transaction, category: str, day: date, now: datetime) -> None:
    """A batch came: whatever should have come since the last one was missed."""
    for missed in batches.missed_days(await feeds.last_batch(tx, category), day):
        log.warning("arXiv %s: the batch of %s was missed", category, missed)
        await feeds.add_batch(tx, category, missed, recover_at=now)


async def _recover(
    db: Database, source: PaperSource, batch: Batch, *, clock: Callable[[], datetime]
) -> int:
    """Fetch a batch from the query service, by when its papers were submitted."""
    since, until = batches.submission_window(batch.day, EASTERN)
    found = 0
    try:
        for page in range(_MOST_PAGES):
            records = await source.list_submitted(
                batch.category, since, until, start=page * PAGE, limit=PAGE
            )
            items = tuple(_announced(record, batch) for record in records)
            async with db.transaction() as tx:
                day = batches.batch_day(clock())
                found += await feeds.add_papers(tx, items, day)
            if len(records) < PAGE:
                break
    except SourceQuestionError as error:
        log.error("arXiv %s: %s", batch.category, error)
    except SourceError:
        return found  # tried again when its wait is over
    now = clock()
    # The query service may lag a day behind: what is recent is looked for once more.
    is_recent = now.date() - batch.day < timedelta(days=3)
    again = is_recent and batch.tries + 1 < _MOST_RECOVERIES
    async with db.transaction() as tx:
        again_at = next_sweep(now, is_daily=True) if again else None
        await feeds.end_recovery(tx, batch, found=found, again_at=again_at)
    log.info("arXiv %s: %d papers of %s recovered", batch.category, found, batch.day)
    return found


def _announced(record: ArxivRecord, batch: Batch) -> FeedItem:
    is_primary = record.categories[:1] == (batch.category,)
    return FeedItem(
        id=record.id,
        announcement=Announcement.NEW if is_primary else Announcement.CROSS,
        title=record.title,
        authors=record.authors,
        abstract=record.abstract,
        categories=record.categories,
        batch_on=batch.day,
    )


async def list_status(
    tx: Transaction, categories: Iterable[str], now: datetime
) -> tuple[CategoryStatus, ...]:
    """How each category stands."""
    day = batches.batch_day(now)
    watches = await feeds.list_watches(tx)
    today = {batch.category: batch for batch in await feeds.list_batches(tx, day)}
    reasons = {wait.target: wait.reason for wait in await turns.list_waits(tx)}
    refused = {
        refusal.target: refusal.reason for refusal in reversed(await turns.list_refusals(tx))
    }
    statuses = []
    for category in categories:
        watch = watches.get(category, Watch(category))
        batch, target = today.get(category), f"feed:{category}"
        state = batches.state(watch, now)
        detail = reasons.get(target, "")
        if state is State.FAILED:
            detail = detail or refused.get(target, "")
        elif batch is not None and batch.is_cut:
            detail = f"cut by arXiv at {batch.items} items; the rest is asked for by date"
        statuses.append(
            CategoryStatus(
                category=category,
                state=state,
                items=batch.items if batch is not None else 0,
                is_cut=batch is not None and batch.is_cut,
                recovered=(batch.recovered or 0) if batch is not None else 0,
                checked_at=watch.checked_at,
                next_at=watch.next_at,
                detail=detail,
            )
        )
    return tuple(statuses)


async def find_trouble(
    tx: Transaction, statuses: Iterable[CategoryStatus], now: datetime
) -> Trouble:
    """Whether all categories stand still, today or for two days."""
    before = batches.day_before(batches.batch_day(now))
    noted = await feeds.list_batches(tx, before - _REMEMBERED)
    past = [batch for batch in noted if batch.day <= before]
    # Without a past, as on the first day, nothing is known of the day before.
    news = not past or any(batch.items for batch in past if batch.day == before)
    return batches.trouble((each.state for each in statuses), news_the_day_before=news)


async def forget_old(db: Database, now: datetime) -> None:
    """Drop what feeds showed long ago; cheap, and may be repeated."""
    async with db.transaction() as tx:
        await feeds.prune(
            tx,
            listings_before=now.date() - _KEEP_LISTINGS,
            papers_before=now.date() - _KEEP_PAPERS,
        )
