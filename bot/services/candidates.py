"""Today's new papers in the order of the curator's taste, learnt anew each night."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.domain.batches import LONGEST_RECOVERY, batch_day
from bot.domain.candidates import FEWEST, Example, Nominee, Nominees, suggest_tags
from bot.ports import Ranker, RankerError
from bot.store import candidates, entries
from bot.store.candidates import Taste
from bot.store.database import Database

log = logging.getLogger(__name__)

SHOWN_NEAREST = 3
_PAGE = 500
_AT_ONCE = 200
_FEW = 300
_JUDGED_DAYS = timedelta(days=7)
_JUDGED_LATE = timedelta(days=LONGEST_RECOVERY)
_LOOK_EVERY = timedelta(minutes=5)
_RETRY_AFTER = timedelta(hours=1)


async def refresh(db: Database, ranker: Ranker, *, now: datetime) -> int:
    """Learn if it was not done since the night, then judge what is new; how many were judged.

    Raises `RankerError` where ranking is not possible, for one to be told why.
    """
    async with db.reading() as tx:
        taste = await candidates.find_taste(tx)
    if taste is None or batch_day(taste.learnt_at) < batch_day(now):
        await learn(db, ranker, now=now)
        return await _judge(db, ranker, now)
    try:
        return await _judge(db, ranker, now)
    except RankerError as error:
        # What was learnt is a file that may be gone, as after a move to another machine.
        log.warning("learning again: %s", error)
        await learn(db, ranker, now=now)
        return await _judge(db, ranker, now)


async def follow(
    db: Database,
    ranker: Ranker,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Learn each night and judge what comes, for ever; where that is not possible, say why."""
    while True:
        wait = _LOOK_EVERY
        try:
            judged = await refresh(db, ranker, now=clock())
            if judged:
                log.info("%d new papers judged", judged)
        except RankerError as error:
            log.warning("new papers are not ranked: %s", error)
            wait = _RETRY_AFTER
        await sleep(wait.total_seconds())


async def learn(db: Database, ranker: Ranker, *, now: datetime) -> Taste:
    """Learn from the whole archive and from the papers passed over; raises `RankerError`."""
    day = batch_day(now)
    picked = await _list_picked(db)
    async with db.reading() as tx:
        passed = await candidates.list_passed(tx, day)
        if len(passed) < _FEW:
            # The first days: today's papers, most of which will not be picked, have to do.
            passed = await candidates.list_passed(tx, day + timedelta(days=1))
    numbers = {example.number for example in picked}
    passed = tuple(each for each in passed if each.number not in numbers)
    if min(len(picked), len(passed)) < FEWEST:
        raise RankerError(
            f"{len(picked)} noted papers with abstracts and {len(passed)} passed over: "
            f"at least {FEWEST} of each are needed"
        )
    await ranker.train(picked, passed)
    taste = Taste(now, len(picked), len(passed))
    async with db.transaction() as tx:
        await candidates.put_taste(tx, taste)
        await candidates.forget_judgements(tx, day - _JUDGED_DAYS)
    log.info("learnt from %d picked and %d passed papers", taste.picked, taste.passed)
    return taste


async def _list_picked(db: Database) -> Sequence[Example]:
    """The archive page by page, so that no look-up waits long behind it."""
    picked: list[Example] = []
    after = 0
    while True:
        async with db.reading() as tx:
            page, after = await candidates.list_picked(tx, after, _PAGE)
        picked += page
        if not after:
            return picked


async def _judge(db: Database, ranker: Ranker, now: datetime) -> int:
    since = batch_day(now) - _JUDGED_LATE
    judged = 0
    while True:
        async with db.reading() as tx:
            newcomers = await candidates.list_unjudged(tx, since, _AT_ONCE)
        if not newcomers:
            return judged
        judgements = await ranker.judge(newcomers)
        if len(judgements) < len(newcomers):
            raise RankerError("ranking gave fewer answers than it was asked for")
        async with db.transaction() as tx:
            await candidates.put_judgements(tx, judgements, now)
        judged += len(judgements)


async def list_nominees(
    db: Database, *, day: date | None = None, page: int = 1, per_page: int = 10
) -> Nominees:
    """A page of a day's candidates (the newest day's by default), with reasons and tags."""
    async with db.reading() as tx:
        on = day or await candidates.newest_day(tx)
        if on is None:
            return Nominees(None, (), 0, 0)
        total, judged = await candidates.count_open(tx, on)
        shown = await candidates.list_open(tx, on, limit=per_page, offset=(page - 1) * per_page)
        near = {
            likeness.entry_id
            for each in shown
            if each.judgement is not None
            for likeness in each.judgement.nearest
        }
        tags = await candidates.tags_of(tx, near)
        wanted = [
            likeness.entry_id
            for each in shown
            if each.judgement is not None
            for likeness in each.judgement.nearest[:SHOWN_NEAREST]
        ]
        stored = {each.id: each for each in await entries.list_by_id(tx, dict.fromkeys(wanted))}
        taste = await candidates.find_taste(tx)
        earlier = await candidates.day_before(tx, on)
        # Told to whoever looks at the newest day: those of the day before were looked at already.
        tells_late = day is None and earlier is not None
        late = await candidates.count_late(tx, earlier) if earlier and tells_late else 0
    nominees = []
    for each in shown:
        nearest = each.judgement.nearest if each.judgement is not None else ()
        nominees.append(
            Nominee(
                replace(each, tags=suggest_tags(nearest, tags)),
                tuple(
                    stored[likeness.entry_id]
                    for likeness in nearest[:SHOWN_NEAREST]
                    if likeness.entry_id in stored
                ),
            )
        )
    learnt_from = taste.picked if taste is not None and judged else 0
    return Nominees(on, tuple(nominees), total, learnt_from, earlier, late)
