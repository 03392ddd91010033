"""Search for the papers of entries without a link, by title."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.archive.domain.arxiv_record import ArxivRecord, sweep_day
from bot.archive.store import arxiv_records, title_matches
from bot.archive.store.guards import ARCHIVE
from bot.arxiv.domain.title_match import Match, best_match, is_same_title, is_searchable, may_take
from bot.arxiv.ports import PaperSource, SourceError, SourceFailureError, SourceQuestionError
from bot.arxiv.services.bisect import Verdict, judge
from bot.arxiv.store import asked_papers, failed_requests, open_titles
from bot.arxiv.store.open_titles import OpenTitle
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass

log = logging.getLogger(__name__)

AT_ONCE = 10
_MOST_ANSWERS = 100

_AGAIN_AFTER = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""A paper may be announced after the entry was written, and indexed a day later."""

_HOPELESS = timedelta(days=3650)

_Matches = Mapping[str, tuple[Match | None, float]]
"""For each title the only match, or `None`, and the highest confidence."""


@dataclass(frozen=True, slots=True)
class Searched:
    """How many titles were searched for, and how many papers found."""

    asked: int = 0
    found: int = 0

    def __add__(self, other: "Searched") -> "Searched":
        """Both together."""
        return Searched(self.asked + other.asked, self.found + other.found)


async def search_due(
    db: Database, source: PaperSource, *, clock: Callable[[], datetime]
) -> Searched:
    """Search for every paper that is known by title only and due, ten titles a request."""
    total = Searched()
    while True:
        now = clock()
        today = sweep_day(now)
        async with db.transaction() as tx:
            await tx.guard(ARCHIVE)
            await title_matches.apply_found(tx, now)
            due = await open_titles.list_due(tx, today, AT_ONCE)
            for open_title in due:
                if not is_searchable(open_title.title, open_title.authors):
                    await title_matches.put(
                        tx,
                        open_title.paper_key,
                        number=None,
                        confidence=0.0,
                        next_on=today + _HOPELESS,
                    )
        if not due:
            return total
        group = [each for each in due if is_searchable(each.title, each.authors)]
        if not group:
            continue
        try:
            answered = await source.search_titles([each.title for each in group])
        except SourceFailureError as failure:
            # Counted and logged where it was met.
            if not await _goes_on(db, group, failure, today):
                return total
        except SourceError:
            return total  # tried again when its wait is over
        else:
            total += await _take_in(db, group, answered, now)


async def _take_in(
    db: Database, group: Sequence[OpenTitle], answered: Sequence[ArxivRecord], now: datetime
) -> Searched:
    """Store which titles were found; when the result is full, search for each title alone.

    One common title may have filled it, so that the others are unknown.
    """
    is_full = len(answered) >= _MOST_ANSWERS and len(group) > 1
    done, left = ((), group) if is_full else (group, ())
    matches = await asyncio.to_thread(_match_all, done, answered)
    async with db.transaction() as tx:
        await tx.guard(ARCHIVE)
        found = await _settle(tx, done, matches, now)
        await failed_requests.end(tx, failed_requests.TITLES, [each.paper_key for each in done])
        await failed_requests.add(
            tx,
            failed_requests.TITLES,
            [each.paper_key for each in left],
            first=1,
            then=1,
            reason="more papers answer than an answer holds",
        )
    return Searched(len(done), found)


def _match_all(group: Sequence[OpenTitle], answered: Sequence[ArxivRecord]) -> _Matches:
    return {each.paper_key: best_match(each.title, each.authors, answered) for each in group}


async def _settle(
    tx: Transaction, searched: Sequence[OpenTitle], matches: _Matches, now: datetime
) -> int:
    """Store the match of each title, unless another title has that paper; how many matched."""
    found = 0
    for open_title in searched:
        match, confidence = matches[open_title.paper_key]
        rivals = [
            other.title
            for other in searched
            if other is not open_title and _same_paper(match, matches[other.paper_key][0])
        ]
        if match is not None and not await _take(tx, open_title, match, rivals, now):
            match = None
        await title_matches.put(
            tx,
            open_title.paper_key,
            number=match.record.id.number if match is not None else None,
            confidence=confidence,
            next_on=_next(open_title, sweep_day(now)) if match is None else None,
        )
        found += match is not None
    await title_matches.apply_found(tx, now)
    return found


def _same_paper(one: Match | None, other: Match | None) -> bool:
    return one is not None and other is not None and one.record.id.number == other.record.id.number


async def _take(
    tx: Transaction,
    open_title: OpenTitle,
    match: Match,
    rivals: Sequence[str],
    now: datetime,
) -> bool:
    """Whether a title may have the paper; a title that had it by a typing error loses it then."""
    today = sweep_day(now)
    owners = await title_matches.list_owners(tx, match.record.id.number)
    if not may_take(open_title.title, match, (*rivals, *(owner.title for owner in owners))):
        log.warning(
            "“%s” may be arXiv %s, but so may other titles", open_title.title, match.record.id
        )
        return False
    for owner in owners:
        if owner.found_as is not None and not is_same_title(owner.title, open_title.title):
            await title_matches.reopen(tx, owner.found_as, today + _AGAIN_AFTER[-1], now)
    await _keep(tx, match.record, today)
    log.info("“%s” is arXiv %s", open_title.title, match.record.id)
    return True


async def _goes_on(
    db: Database, group: Sequence[OpenTitle], failure: SourceFailureError, today: date
) -> bool:
    """Store that a search failed; whether to go on at once."""
    async with db.transaction() as tx:
        await tx.guard(ARCHIVE)
        verdict = await judge(
            tx, failed_requests.TITLES, [each.paper_key for each in group], failure
        )
        if verdict is Verdict.AT_FAULT:
            (open_title,) = group
            log.warning("arXiv's answer about “%s” is unusable: %s", open_title.title, failure)
            await title_matches.put(
                tx,
                open_title.paper_key,
                number=None,
                confidence=open_title.confidence,
                next_on=_next(open_title, today),
            )
    return verdict is not Verdict.STOP and isinstance(failure, SourceQuestionError)


async def _keep(tx: Transaction, record: ArxivRecord, today: date) -> None:
    """Store the record of a paper that was unknown; changes of known ones are found by refresh."""
    if not await arxiv_records.find(tx, (record.id.number,)):
        await arxiv_records.put(tx, (record,))
        await asked_papers.note_asked(tx, today, found=(record.id.number,), missing=())


def _next(open_title: OpenTitle, today: date) -> date:
    return today + _AGAIN_AFTER[min(open_title.tries, len(_AGAIN_AFTER) - 1)]
