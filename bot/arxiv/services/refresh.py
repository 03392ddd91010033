"""Refresh arXiv records: metadata, new versions and withdrawals of known papers."""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from bot.archive.domain.arxiv_id import parse_arxiv_id
from bot.archive.domain.arxiv_record import Change, changes, sweep_day, tells_more
from bot.archive.store import arxiv_records
from bot.archive.store import paper_events as events
from bot.archive.store.guards import ARCHIVE, PAPER_EVENT
from bot.arxiv.ports import PaperSource, SourceError, SourceFailureError, SourceQuestionError
from bot.arxiv.services.bisect import Verdict, judge
from bot.arxiv.store import asked_papers, failed_requests
from bot.channels.store import slots
from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass

log = logging.getLogger(__name__)

BATCH = 100
"""Papers of one request, as arXiv's manual recommends; the URL stays short enough."""

_STILL_READ = timedelta(days=14)
"""Messages no older than this are edited when more is known about their paper."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The result of a refresh; `events` counts new versions and withdrawals of known papers."""

    asked: int = 0
    found: int = 0
    events: int = 0

    def __add__(self, other: "Resolved") -> "Resolved":
        """Both together."""
        return Resolved(
            self.asked + other.asked, self.found + other.found, self.events + other.events
        )


async def resolve_due(
    db: Database, source: PaperSource, *, clock: Callable[[], datetime]
) -> Resolved:
    """Refresh every paper that is due, in batches; stops when a backoff begins.

    Each batch is stored on its own, so that a crash loses at most one.
    """
    total = Resolved()
    while True:
        today = sweep_day(clock())
        async with db.reading() as tx:
            due = await asked_papers.list_due(tx, today, BATCH)
        if not due:
            return total
        numbers = tuple(number for number in due if parse_arxiv_id(number) is not None)
        await _refuse(db, [number for number in due if number not in numbers], today)
        if not numbers:
            continue
        try:
            total += await _ask(db, source, numbers, today, clock)
        except SourceFailureError as failure:
            # Counted and logged where it was met.
            if not await _goes_on(db, numbers, failure, today):
                return total
        except SourceError:
            return total  # tried again when its wait is over


async def _ask(
    db: Database,
    source: PaperSource,
    numbers: Sequence[str],
    today: date,
    clock: Callable[[], datetime],
) -> Resolved:
    """Request a batch of records and store them."""
    answered = await source.fetch_records(numbers)
    wanted = {record.id.number: record for record in answered if record.id.number in numbers}
    missing = tuple(number for number in numbers if number not in wanted)
    news: list[tuple[str, Change]] = []
    async with db.transaction() as tx:
        await tx.guard(ARCHIVE)
        await tx.guard(PAPER_EVENT)
        known = await arxiv_records.find(tx, wanted)
        withdrawn = await arxiv_records.find_withdrawn(tx, wanted)
        for number, record in wanted.items():
            news += ((number, change) for change in changes(known.get(number), record))
        # A mirror that lags behind must not bring back an old version.
        newest = [
            record
            for number, record in wanted.items()
            if number not in known or known[number].id.version <= record.id.version
        ]
        await arxiv_records.put(tx, newest)
        told = [
            r.id.number
            for r in newest
            if tells_more(known.get(r.id.number), r, was_withdrawn=r.id.number in withdrawn)
        ]
        await slots.touch(tx, told, clock() - _STILL_READ)
        await asked_papers.note_asked(tx, today, found=wanted, missing=missing)
        await failed_requests.end(tx, failed_requests.PAPERS, numbers)
        await events.add(tx, news, clock())
    for number, change in news:
        log.info("arXiv %s: %s, v%d", number, change.kind, change.new_version)
    return Resolved(len(numbers), len(wanted), len(news))


async def _goes_on(
    db: Database, numbers: Sequence[str], failure: SourceFailureError, today: date
) -> bool:
    """Store that a batch failed; whether to go on at once."""
    culprits = _named(numbers, failure)
    if culprits:
        await _refuse(db, culprits, today)
        return True
    is_refused = isinstance(failure, SourceQuestionError)
    async with db.transaction() as tx:
        verdict = await judge(tx, failed_requests.PAPERS, numbers, failure)
        if verdict is Verdict.AT_FAULT and not is_refused:
            await asked_papers.note_asked(tx, today, found=(), missing=numbers)
            log.warning("arXiv's answer about %s is unusable: %s", numbers[0], failure)
    if verdict is Verdict.AT_FAULT and is_refused:
        await _refuse(db, numbers, today)
    return verdict is not Verdict.STOP and is_refused


def _named(numbers: Sequence[str], failure: SourceFailureError) -> tuple[str, ...]:
    """Those of the numbers that arXiv names as invalid."""
    if not isinstance(failure, SourceQuestionError) or failure.culprit is None:
        return ()
    named = parse_arxiv_id(failure.culprit)
    names = {failure.culprit, named.number if named is not None else None}
    return tuple(number for number in numbers if number in names)


async def _refuse(db: Database, numbers: Sequence[str], today: date) -> None:
    if not numbers:
        return
    async with db.transaction() as tx:
        for number in numbers:
            log.warning("arXiv rejects %s: not an arXiv id", number)
            await asked_papers.note_refused(tx, today, number)
