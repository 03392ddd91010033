"""Today's papers: poll each category's feed until its batch of the day is there."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from bot.arxiv.domain import batches
from bot.arxiv.domain.announcements import Feed, is_fresh_paper
from bot.arxiv.domain.batches import CategoryStatus, Seen, State, Trouble, Watch
from bot.arxiv.domain.categories import find_category
from bot.arxiv.ports import PaperSource, SourceFailureError, SourceQuestionError, SourceWaitError
from bot.arxiv.services.missed_batches import recover_due
from bot.arxiv.store import feeds, request_gate
from bot.arxiv.store.feeds import Batch
from bot.arxiv.store.request_gate import Refused, Wait
from bot.core.database.database import Database, Transaction

log = logging.getLogger(__name__)

_REMEMBERED = timedelta(days=batches.LONGEST_RECOVERY)
_KEEP_LISTINGS = timedelta(days=90)
_KEEP_PAPERS = timedelta(days=200)


async def poll_due(
    db: Database,
    source: PaperSource,
    categories: Sequence[str],
    *,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> int:
    """Poll every feed that is due, then fetch missed batches; returns how many papers are new.

    A feed that fails stops no other; it is polled again when its backoff is over.
    """
    new = 0
    for category in categories:
        async with db.reading() as tx:
            watch = await _watch(tx, category)
        if batches.is_due(watch, clock()):
            new += await _poll(db, source, watch, clock=clock, jitter=jitter)
    return new + await recover_due(db, source, categories, clock=clock)


async def _poll(
    db: Database,
    source: PaperSource,
    watch: Watch,
    *,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> int:
    try:
        feed = await source.fetch_feed(watch.category, etag=watch.etag)
    except SourceWaitError:
        return 0
    except SourceFailureError as failure:
        now = clock()
        retry_at = _retry_at(watch.category, failure, now, jitter())
        async with db.transaction() as tx:
            await tx.guard(_guard_of(watch.category))
            watch = await _watch(tx, watch.category)
            await feeds.put_watch(tx, batches.after_failure(watch, now, retry_at))
            await feeds.note_look(tx, watch.category, batches.batch_day(now))
            await _note_missed(tx, watch, frozenset(), now)
        return 0
    now = clock()
    async with db.transaction() as tx:
        return await _take_in(tx, watch.category, feed, now, jitter())


async def _watch(tx: Transaction, category: str) -> Watch:
    """The stored state, read again: another process may have polled the same feed meanwhile."""
    return (await feeds.list_watches(tx)).get(category, Watch(category))


def _guard_of(category: str) -> str:
    return f"arxiv feed {category}"


def _retry_at(category: str, failure: SourceFailureError, now: datetime, jitter: float) -> datetime:
    """When a feed that failed is due again; the request gate may hold it back for longer."""
    if not isinstance(failure, SourceQuestionError):
        return now
    if find_category(category) is None:
        return batches.next_window(now, jitter)  # repeating an invalid request does not help
    return batches.next_look(now, jitter)  # the category exists, so the error is arXiv's


async def _take_in(
    tx: Transaction, category: str, feed: Feed | None, now: datetime, jitter: float
) -> int:
    """Store what a feed showed; how many papers are new. `None`: not modified."""
    items = feed.items if feed is not None else ()
    await tx.guard(_guard_of(category), feeds.PAPERS)
    unseen = await feeds.add_listings(tx, category, items, batches.batch_day(now))
    watch = await _watch(tx, category)
    seen = Seen(
        unseen=len(unseen),
        claims=frozenset(item.batch_on for item in unseen if item.batch_on is not None),
        is_empty=feed is not None and feed.is_empty,
        etag=feed.etag if feed is not None else None,
    )
    after = batches.after_answer(watch, seen, now, jitter)
    await feeds.put_watch(tx, after)
    came = batches.arrived(seen, now)
    day = batches.arrival_day(came, now)
    await _note_missed(tx, watch, came, now)
    if came or batches.has_closed(now):
        is_cut = feed is not None and feed.is_cut
        await feeds.note_look(tx, watch.category, day, items=len(unseen), is_cut=is_cut)
        for cut in came if is_cut else ():
            await feeds.want(tx, watch.category, cut, now)
    state = batches.state(after, now)
    log.info("arXiv %s: %s, %d of %d unseen", watch.category, state, len(unseen), len(items))
    return await feeds.add_papers(tx, (item for item in unseen if is_fresh_paper(item, day)), day)


async def _note_missed(
    tx: Transaction, watch: Watch, came: Collection[date], now: datetime
) -> None:
    """Have overdue batches fetched by date."""
    for day in batches.missed_days(watch, came, now):
        if await feeds.want(tx, watch.category, day, now):
            if batches.may_be_holiday(day):
                log.info("arXiv %s: %s may have been a holiday", watch.category, day)
            else:
                log.warning("arXiv %s: the batch of %s was missed", watch.category, day)


async def list_status(
    tx: Transaction, categories: Iterable[str], now: datetime
) -> tuple[CategoryStatus, ...]:
    """The status of each category."""
    today = batches.batch_day(now)
    watches = await feeds.list_watches(tx)
    noted = await feeds.list_batches(tx, today - _REMEMBERED)
    refused = {
        refusal.target: refusal for refusal in reversed(await request_gate.list_refusals(tx))
    }
    return tuple(
        _status(
            watches.get(category, Watch(category)),
            tuple(batch for batch in noted if batch.category == category),
            refused.get(f"feed:{category}"),
            now,
        )
        for category in categories
    )


def _status(
    watch: Watch, noted: Sequence[Batch], refused: Refused | None, now: datetime
) -> CategoryStatus:
    """The status of a category, from its batches, newest first, and its last failed request."""
    today = batches.batch_day(now)
    batch = next((batch for batch in noted if batch.day == today), None)
    state = batches.state(watch, now)
    is_older = watch.news_on == today and watch.batch_on is not None and watch.batch_on < today
    failure = refused if state is State.FAILED else None
    return CategoryStatus(
        category=watch.category,
        state=state,
        items=batch.items if batch is not None else 0,
        is_cut=batch is not None and batch.is_cut,
        recovered=(batch.recovered or 0) if batch is not None else 0,
        checked_at=watch.checked_at,
        next_at=watch.next_at,
        older=watch.batch_on if is_older and batches.is_expected(today) else None,
        missed=tuple(
            batch.day for batch in reversed(noted) if batch.is_missed and not batch.is_cut
        ),
        lost=tuple(batch.day for batch in reversed(noted) if batch.is_lost),
        refusal=failure.kind if failure is not None else "",
        reason=failure.reason if failure is not None else "",
    )


def kind_of(wait: Wait, refusals: Iterable[Refused]) -> str:
    """The kind of failure that a backoff is for, where it is known."""
    return next((each.kind for each in refusals if each.reason == wait.reason), "")


async def find_trouble(
    tx: Transaction, statuses: Iterable[CategoryStatus], now: datetime
) -> Trouble:
    """Whether no category has anything new, today or for two days.

    The day before is the last day on which feeds were polled and no holiday is possible.
    """
    today = batches.batch_day(now)
    past = [
        batch
        for batch in await feeds.list_batches(tx, today - _REMEMBERED)
        if batch.is_looked_for
        and batch.day < today
        and batches.is_expected(batch.day)
        and not batches.may_be_holiday(batch.day)
    ]
    before = max((batch.day for batch in past), default=None)
    # On the first day of polling nothing is known of the day before.
    news = before is None or any(batch.items for batch in past if batch.day == before)
    return batches.trouble(statuses, now, news_the_day_before=news)


async def forget_old(db: Database, now: datetime) -> None:
    """Delete old listings and papers; cheap, and may be repeated."""
    async with db.transaction() as tx:
        await feeds.prune(
            tx,
            listings_before=now.date() - _KEEP_LISTINGS,
            papers_before=now.date() - _KEEP_PAPERS,
        )
