"""Entries without a link: their papers are looked for by title, and never guessed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.identify import Match, best_match, is_searchable
from bot.domain.record import ArxivRecord, sweep_day
from bot.ports import PaperSource, SourceError, SourceQuestionError
from bot.store import identities, records
from bot.store.database import Database, Transaction
from bot.store.identities import Nameless

log = logging.getLogger(__name__)

AT_ONCE = 10
_MOST_ANSWERS = 100

_AGAIN_AFTER = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""A paper may be announced after the entry was written, and indexed a day later."""

_HOPELESS = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Searched:
    """How many titles were searched for, and how many papers found."""

    asked: int = 0
    found: int = 0


async def search_due(
    db: Database, source: PaperSource, *, clock: Callable[[], datetime]
) -> Searched:
    """Search for every paper that is known by title only and due, ten titles a request."""
    asked = found = 0
    while True:
        today = sweep_day(clock())
        async with db.transaction() as tx:
            await identities.apply_found(tx)
            due = await identities.list_open(tx, due_on=today, limit=AT_ONCE)
            for nameless in due:
                if not is_searchable(nameless.title, nameless.authors):
                    await identities.put(
                        tx, nameless, number=None, confidence=0.0, next_on=today + _HOPELESS
                    )
        if not due:
            return Searched(asked, found)
        searchable = [each for each in due if is_searchable(each.title, each.authors)]
        try:
            matches = await _search(source, searchable)
        except SourceError:
            return Searched(asked, found)  # counted where it was met; tried again later
        async with db.transaction() as tx:
            for nameless in searchable:
                match, confidence = matches[nameless.paper_key]
                if match is not None:
                    await _keep(tx, match.record, today)
                    log.info("“%s” is arXiv %s", nameless.title, match.record.id)
                await identities.put(
                    tx,
                    nameless,
                    number=match.record.id.number if match is not None else None,
                    confidence=confidence,
                    next_on=_next(nameless, today) if match is None else None,
                )
            await identities.apply_found(tx)
        asked += len(searchable)
        found += sum(match is not None for match, _ in matches.values())


async def _keep(tx: Transaction, record: ArxivRecord, today: date) -> None:
    """Keep what the search said of a paper, unless it was known: news are for the sweep to tell."""
    if not await records.find(tx, (record.id.number,)):
        await records.put(tx, (record,))
        await records.note_asked(tx, today, found=(record.id.number,), missing=())


async def _search(
    source: PaperSource, group: Sequence[Nameless]
) -> dict[str, tuple[Match | None, float]]:
    """The one certain paper for each, or none, with the confidence reached."""
    if not group:
        return {}
    try:
        answered = await source.search_titles([each.title for each in group])
    except SourceQuestionError:
        if len(group) == 1:
            return {group[0].paper_key: (None, 0.0)}
        return await _one_by_one(source, group)
    matches = _matches(group, answered)
    if len(answered) >= _MOST_ANSWERS and len(group) > 1:
        # One common title may have filled the answer: the others get one of their own.
        left = [each for each in group if matches[each.paper_key][0] is None]
        matches |= await _one_by_one(source, left)
    return matches


async def _one_by_one(
    source: PaperSource, group: Sequence[Nameless]
) -> dict[str, tuple[Match | None, float]]:
    matches: dict[str, tuple[Match | None, float]] = {}
    for each in group:
        matches |= await _search(source, [each])
    return matches


def _matches(
    group: Sequence[Nameless], answered: Sequence[ArxivRecord]
) -> dict[str, tuple[Match | None, float]]:
    return {each.paper_key: best_match(each.title, each.authors, answered) for each in group}


def _next(nameless: Nameless, today: date) -> date:
    return today + _AGAIN_AFTER[min(nameless.tries, len(_AGAIN_AFTER) - 1)]
