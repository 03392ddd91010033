"""Rank new papers by a model that is trained each night on what the curator picked."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.archive.store import entries
from bot.arxiv.domain.absence import Absence, why_none
from bot.arxiv.domain.batches import LONGEST_RECOVERY, batch_day
from bot.arxiv.domain.candidates import (
    Candidate,
    CandidatePage,
    Example,
    Likeness,
    RankedCandidate,
    check_enough,
    suggest_tags,
)
from bot.arxiv.ports import Ranker
from bot.arxiv.services.daily_batches import list_status
from bot.arxiv.store import candidates
from bot.arxiv.store.candidates import Training
from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import RankerError
from bot.core.domain.i18n import translatable
from bot.core.ports import ChannelRef, User, person_ids
from bot.reactions.store import reactions, unwanted

log = logging.getLogger(__name__)

SHOWN_NEAREST = 3
_PAGE = 500
_AT_ONCE = 200
_FEW = 300
_JUDGED_LATE = timedelta(days=LONGEST_RECOVERY)
_LOOK_EVERY = timedelta(minutes=5)
_RETRY_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many papers were scored; `stale` says why an older model was used."""

    judged: int
    stale: RankerError | None = None


async def refresh(
    db: Database, ranker: Ranker, *, now: datetime, may_learn: bool = True
) -> Refreshed:
    """Train once a night, then score new papers.

    When training fails, the previous model is used. Raises `RankerError` when there is none.
    """
    async with db.reading() as tx:
        training = await candidates.find_training(tx)
    if training is None or (may_learn and batch_day(training.trained_at) < batch_day(now)):
        try:
            training = await learn(db, ranker, now=now)
        except RankerError as error:
            if training is None:
                raise
            try:
                return Refreshed(await _judge(db, ranker, training, now), stale=error)
            except RankerError:
                raise error from None  # the second error says only that there is no older model
        return Refreshed(await _judge(db, ranker, training, now))
    try:
        return Refreshed(await _judge(db, ranker, training, now))
    except RankerError as error:
        if not may_learn:
            raise
        # The model is a file that may be missing, as after a move to another machine.
        log.warning("the ranking model is trained again: %s", error)
        return Refreshed(await _judge(db, ranker, await learn(db, ranker, now=now), now))


async def follow(
    db: Database,
    ranker: Ranker,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    tell: Callable[[RankerError | None], None],
) -> None:
    """Train each night and score new papers, for ever.

    `tell` gets the error of each attempt, or `None`; the log gets an error once.
    """
    trouble: RankerError | None = None
    learns_at: datetime | None = None
    while True:
        now = clock()
        may_learn = learns_at is None or learns_at <= now
        last, wait = trouble, _LOOK_EVERY
        try:
            done = await refresh(db, ranker, now=now, may_learn=may_learn)
        except RankerError as error:
            trouble, wait = error, _RETRY_AFTER
        else:
            if done.judged:
                log.info("new papers ranked: %d", done.judged)
            if may_learn:
                trouble = done.stale
        if may_learn:
            learns_at = now + _RETRY_AFTER if trouble is not None else None
        if trouble is not None and str(trouble) != str(last or ""):
            log.warning("new papers are not ranked, or by an older model: %s", trouble)
        tell(trouble)
        await sleep(wait.total_seconds())


async def learn(db: Database, ranker: Ranker, *, now: datetime) -> Training:
    """Train on the archive and on papers that were not picked; raises `RankerError`."""
    day = batch_day(now)
    picked = await _list_picked(db, day)
    async with db.reading() as tx:
        passed = await candidates.list_passed(tx, day)
        if len(passed) < _FEW:
            # In the first days, train on today's papers: most of them will not be picked.
            passed = await candidates.list_passed(tx, day + timedelta(days=1))
    numbers = {example.number for example in picked}
    passed = tuple(each for each in passed if each.number not in numbers)
    check_enough(len(picked), len(passed))
    await ranker.train(picked, passed)
    training = Training(now, len(picked), len(passed))
    async with db.transaction() as tx:
        await candidates.put_training(tx, training)
    log.info(
        "ranking model trained; papers with an entry: %d, without: %d",
        training.picked,
        training.passed,
    )
    return training


async def _list_picked(db: Database, day: date) -> Sequence[Example]:
    """The archive page by page, so that no look-up waits long for the reader."""
    picked: list[Example] = []
    after = 0
    while True:
        async with db.reading() as tx:
            page, after = await candidates.list_picked(tx, after, _PAGE, trained_on=day)
        picked += page
        if not after:
            return picked


async def _judge(db: Database, ranker: Ranker, training: Training, now: datetime) -> int:
    """Score the papers of the last days that this model has not scored; returns how many.

    Scores of an earlier model stay until then.
    """
    since = batch_day(now) - _JUDGED_LATE
    judged_at = max(now, training.trained_at)  # a clock may be set back
    judged = 0
    while True:
        async with db.reading() as tx:
            new_papers = await candidates.list_unjudged(tx, since, training.trained_at, _AT_ONCE)
        if not new_papers:
            return judged
        judgements = await ranker.judge(new_papers)
        if {each.number for each in new_papers} - {each.number for each in judgements}:
            raise RankerError(translatable("The ranking process left papers out"))
        async with db.transaction() as tx:
            await candidates.put_judgements(tx, judgements, judged_at)
        judged += len(judgements)


async def list_ranked(
    db: Database, *, day: date | None = None, page: int = 1, per_page: int = 10
) -> CandidatePage:
    """A page of a day's candidates (the newest day's by default), with reasons and tags."""
    async with db.reading() as tx:
        on = day or await candidates.newest_day(tx)
        if on is None:
            return CandidatePage(None, (), 0, 0, is_listed=False)
        total, judged = await candidates.count_open(tx, on)
        is_listed = bool(total) or await candidates.is_listed(tx, on)
        shown = await candidates.list_open(tx, on, limit=per_page, offset=(page - 1) * per_page)
        live = await candidates.list_live(
            tx, {near.entry_id for each in shown for near in _nearest(each)}
        )
        reasons = {
            each.item.id.number: [near for near in _nearest(each) if near.entry_id in live]
            for each in shown
        }
        tags = await candidates.tags_of(tx, live)
        wanted = [near.entry_id for nearest in reasons.values() for near in nearest[:SHOWN_NEAREST]]
        stored = {each.id: each for each in await entries.list_by_id(tx, dict.fromkeys(wanted))}
        likes = await reactions.count_all(tx, list(stored))
        training = await candidates.find_training(tx)
        earlier = await candidates.day_before(tx, on)
        # Shown only with the newest day: readers have seen the day before already.
        tells_late = day is None and earlier is not None
        late = await candidates.count_late(tx, earlier) if earlier and tells_late else 0
    ranking = []
    for each in shown:
        nearest = reasons[each.item.id.number]
        similar = tuple(stored[near.entry_id] for near in nearest[:SHOWN_NEAREST])
        ranking.append(
            RankedCandidate(
                replace(each, tags=suggest_tags(nearest, tags)),
                similar,
                tuple(likes.get(entry.id, 0) for entry in similar),
            )
        )
    learnt_from = training.picked if training is not None and judged else 0
    return CandidatePage(on, tuple(ranking), total, learnt_from, earlier, late, is_listed)


async def call_unwanted(
    db: Database, number: str, user: User, channel: ChannelRef, *, now: datetime, undo: bool = False
) -> bool:
    """Store that a person calls a new paper “not for us”, once, or take it back.

    Returns whether it is a new paper of arXiv's; nothing is stored of others.
    """
    person = person_ids(channel, user)[0]
    async with db.transaction() as tx:
        if not await candidates.is_new_paper(tx, number):
            return False
        await tx.guard(reactions.GUARD)
        if undo:
            await unwanted.remove(tx, number, person)
        else:
            await unwanted.add(tx, number, person, now)
    return True


async def find_absence(
    db: Database, categories: Sequence[str], *, now: datetime, day: date | None = None
) -> Absence | None:
    """Why a day (today by default) has no new papers; `None` where today has some.

    `categories` are those that are polled; none, where polling is off.
    """
    async with db.reading() as tx:
        return why_none(await list_status(tx, categories, now), now, day)


def _nearest(candidate: Candidate) -> Sequence[Likeness]:
    return candidate.judgement.nearest if candidate.judgement is not None else ()
