"""Entries without a link: their papers are looked for by title, and never guessed."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.archive.domain.arxiv_record import ArxivRecord, sweep_day
from bot.archive.store import arxiv_records, title_matches
from bot.arxiv.domain.title_match import Match, best_match, is_same_title, is_searchable, may_take
from bot.arxiv.ports import PaperSource, SourceError, SourceFailureError, SourceQuestionError
from bot.arxiv.services.bisect import Verdict, judge
from bot.arxiv.store import asked_papers, failed_requests, open_titles
from bot.arxiv.store.open_titles import Nameless
from bot.core.database.database import Database, Transaction

log = logging.getLogger(__name__)

AT_ONCE = 10
_MOST_ANSWERS = 100

_AGAIN_AFTER = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""A paper may be announced after the entry was written, and indexed a day later."""

_HOPELESS = timedelta(days=3650)

_Matches = Mapping[str, tuple[Match | None, float]]
"""For each title's paper the one certain match, or none, and the confidence reached."""


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
            await title_matches.apply_found(tx, now)
            due = await open_titles.list_due(tx, today, AT_ONCE)
            for nameless in due:
                if not is_searchable(nameless.title, nameless.authors):
                    await title_matches.put(
                        tx,
                        nameless.paper_key,
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
    db: Database, group: Sequence[Nameless], answered: Sequence[ArxivRecord], now: datetime
) -> Searched:
    """Keep which titles were found; where the answer is full, each is searched for by itself.

    One common title may have filled it, and what is not in it is not known.
    """
    is_full = len(answered) >= _MOST_ANSWERS and len(group) > 1
    done, left = ((), group) if is_full else (group, ())
    matches = await asyncio.to_thread(_match_all, done, answered)
    async with db.transaction() as tx:
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


def _match_all(group: Sequence[Nameless], answered: Sequence[ArxivRecord]) -> _Matches:
    return {each.paper_key: best_match(each.title, each.authors, answered) for each in group}


async def _settle(
    tx: Transaction, searched: Sequence[Nameless], matches: _Matches, now: datetime
) -> int:
    """Give each title its paper, if there is one and no other title has it; how many got one."""
    found = 0
    for nameless in searched:
        match, confidence = matches[nameless.paper_key]
        rivals = [
            other.title
            for other in searched
            if other is not nameless and _same_paper(match, matches[other.paper_key][0])
        ]
        if match is not None and not await _take(tx, nameless, match, rivals, now):
            match = None
        await title_matches.put(
            tx,
            nameless.paper_key,
            number=match.record.id.number if match is not None else None,
            confidence=confidence,
            next_on=_next(nameless, sweep_day(now)) if match is None else None,
        )
        found += match is not None
    await title_matches.apply_found(tx, now)
    return found


def _same_paper(one: Match | None, other: Match | None) -> bool:
    return one is not None and other is not None and one.record.id.number == other.record.id.number


async def _take(
    tx: Transaction,
    nameless: Nameless,
    match: Match,
    rivals: Sequence[str],
    now: datetime,
) -> bool:
    """Whether a title may have the paper; another that a search gave it by a slip loses it then."""
    today = sweep_day(now)
    owners = await title_matches.list_owners(tx, match.record.id.number)
    if not may_take(nameless.title, match, (*rivals, *(owner.title for owner in owners))):
        log.warning(
            "“%s” may be arXiv %s, but so may other titles", nameless.title, match.record.id
        )
        return False
    for owner in owners:
        if owner.found_as is not None and not is_same_title(owner.title, nameless.title):
            await title_matches.reopen(tx, owner.found_as, today + _AGAIN_AFTER[-1], now)
    await _keep(tx, match.record, today)
    log.info("“%s” is arXiv %s", nameless.title, match.record.id)
    return True


async def _goes_on(
    db: Database, group: Sequence[Nameless], failure: SourceFailureError, today: date
) -> bool:
    """Remember that a search failed, and for which title; whether to go on at once."""
    async with db.transaction() as tx:
        verdict = await judge(
            tx, failed_requests.TITLES, [each.paper_key for each in group], failure
        )
        if verdict is Verdict.TO_BLAME:
            (nameless,) = group
            log.warning("arXiv's answer about “%s” is unusable: %s", nameless.title, failure)
            await title_matches.put(
                tx,
                nameless.paper_key,
                number=None,
                confidence=nameless.confidence,
                next_on=_next(nameless, today),
            )
    return verdict is not Verdict.LEAVE and isinstance(failure, SourceQuestionError)


async def _keep(tx: Transaction, record: ArxivRecord, today: date) -> None:
    """Keep what the search said of a paper, unless it was known: news are for the sweep to tell."""
    if not await arxiv_records.find(tx, (record.id.number,)):
        await arxiv_records.put(tx, (record,))
        await asked_papers.note_asked(tx, today, found=(record.id.number,), missing=())


def _next(nameless: Nameless, today: date) -> date:
    return today + _AGAIN_AFTER[min(nameless.tries, len(_AGAIN_AFTER) - 1)]
