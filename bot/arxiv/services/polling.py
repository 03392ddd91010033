"""Polling arXiv: one round of everything that is due, and the status."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from functools import partial

from bot.archive.store import title_matches
from bot.arxiv.domain.backoff import BACKOFF_STEPS, SPACING
from bot.arxiv.domain.batches import CategoryStatus, Trouble
from bot.arxiv.ports import PaperSource
from bot.arxiv.services.daily_batches import find_trouble, forget_old, list_status, poll_due
from bot.arxiv.services.refresh import Resolved, resolve_due
from bot.arxiv.services.title_search import Searched, search_due
from bot.arxiv.store import asked_papers, feeds, open_titles, request_gate
from bot.arxiv.store.asked_papers import Coverage
from bot.arxiv.store.open_titles import OpenTitle
from bot.arxiv.store.request_gate import Refused, Wait
from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass
from bot.core.ports import Condition, Measure
from bot.core.services.leases import Leases, LeaseTakenError
from bot.discussion.services.paper_updates import note_citations

log = logging.getLogger(__name__)

_ROUND = "arxiv round"
"""The lease of the process that asks arXiv what is due: two would each ask all of it."""

BETWEEN_ROUNDS = timedelta(minutes=1)
_MOST_OPEN = 500


@dataclass(frozen=True, slots=True)
class Round:
    """The result of one or more rounds: new papers, refreshed papers, requests.

    `is_left`: another process is polling, so nothing was done.
    """

    new: int = 0
    searched: Searched = field(default_factory=Searched)
    resolved: Resolved = field(default_factory=Resolved)
    cited: int = 0
    requests: int = 0
    is_left: bool = False

    def __add__(self, other: "Round") -> "Round":
        """Both together."""
        return Round(
            self.new + other.new,
            self.searched + other.searched,
            self.resolved + other.resolved,
            self.cited + other.cited,
            self.requests + other.requests,
            self.is_left or other.is_left,
        )


@dataclass(frozen=True, slots=True)
class ArxivStatus:
    """The status of polling.

    `open` are entries whose papers were not found by title; `waits` are the targets in backoff.
    """

    categories: tuple[CategoryStatus, ...]
    trouble: Trouble
    coverage: Coverage
    identified: int
    open: tuple[OpenTitle, ...]
    refusals: tuple[Refused, ...]
    waits: tuple[Wait, ...]
    requests: int


async def run_round(
    db: Database,
    source: PaperSource,
    categories: Sequence[str],
    *,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> Round:
    """Do what is due: feeds, missed batches, titles to search, papers to ask about.

    Sends no request where nothing is due. Two processes at once would request the same, so use
    `take_round`, which holds a lease.
    """
    before = await _requests(db)
    new = await poll_due(db, source, categories, clock=clock, jitter=jitter)
    searched = await search_due(db, source, clock=clock)
    resolved = await resolve_due(db, source, clock=clock)
    cited = await note_citations(db, clock())
    await forget_old(db, clock())
    return Round(new, searched, resolved, cited, await _requests(db) - before)


async def take_round(
    db: Database,
    source: PaperSource,
    categories: Sequence[str],
    *,
    leases: Leases,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
) -> Round:
    """`run_round` under the lease; nothing, if another process holds it for long."""
    work = partial(run_round, db, source, categories, clock=clock, jitter=jitter)
    try:
        return await leases.alone(_ROUND, work)
    except LeaseTakenError:
        log.info("another process is polling arXiv")
        return Round(is_left=True)


async def run_until_done(
    db: Database,
    source: PaperSource,
    categories: Sequence[str],
    *,
    leases: Leases,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    patience: timedelta,
) -> Round:
    """Rounds until nothing is due, or the next backoff lasts longer than `patience`."""
    work = partial(take_round, db, source, categories, leases=leases, clock=clock, jitter=jitter)
    total = await work()
    while await _may_go_on(db, clock(), patience):
        more = await work()
        total += more
        if not more.requests:
            break
    return total


async def _may_go_on(db: Database, now: datetime, patience: timedelta) -> bool:
    """Whether a backoff ends within `patience`."""
    async with db.reading() as tx:
        waits = await request_gate.list_waits(tx)
    return any(wait.until - now <= patience for wait in waits)


async def _requests(db: Database) -> int:
    async with db.reading() as tx:
        return await request_gate.requests_made(tx)


async def get_status(db: Database, categories: Sequence[str], now: datetime) -> ArxivStatus:
    """The status, read from the database only."""
    async with db.reading() as tx:
        statuses = await list_status(tx, categories, now)
        return ArxivStatus(
            categories=statuses,
            trouble=await find_trouble(tx, statuses, now),
            coverage=await asked_papers.coverage(tx),
            identified=await title_matches.count_found(tx),
            open=await open_titles.list_open(tx, limit=_MOST_OPEN),
            refusals=await request_gate.list_refusals(tx),
            waits=tuple(wait for wait in await request_gate.list_waits(tx) if wait.until > now),
            requests=await request_gate.requests_made(tx),
        )


async def get_condition(db: Database, categories: Sequence[str], now: datetime) -> Condition:
    """ArXiv's part of `/healthz`: not ok when no category has news, or in a long backoff.

    A short backoff is normal.
    """
    async with db.reading() as tx:
        statuses = await list_status(tx, categories, now)
        trouble = await find_trouble(tx, statuses, now)
        refusals = await request_gate.list_refusals(tx)
        waits = [wait for wait in await request_gate.list_waits(tx) if wait.until > now]
    parts = [f"{each.category} {each.state}" for each in statuses]
    parts += [
        f"{wait.target} left alone until {wait.until:%Y-%m-%dT%H:%MZ} ({wait.reason})"
        for wait in waits
    ]
    if trouble is not Trouble.NONE:
        parts.append(f"nothing new anywhere ({trouble})")
    refused = sum(each.times for each in refusals)
    if refused:
        parts.append(f"{refused} answers refused so far")
    stopped = any(
        wait.target == request_gate.EVERYTHING and wait.failures >= len(BACKOFF_STEPS)
        for wait in waits
    )
    checked = [each.checked_at for each in statuses if each.checked_at is not None]
    return Condition(
        name="arxiv",
        ok=not stopped and trouble is not Trouble.ALARM,
        detail=", ".join(parts),
        last_ok_at=max(checked, default=None),
    )


async def measure_arxiv(db: Database) -> tuple[Measure, ...]:
    """ArXiv's numbers for `/metrics`."""
    async with db.reading() as tx:
        requests = await request_gate.requests_made(tx)
        refusals = await request_gate.list_refusals(tx)
    return (
        Measure("arxiv_requests", "Requests to arXiv ever made.", requests, only_grows=True),
        *(
            Measure(
                "arxiv_refusals",
                "Answers of arXiv that did not count, by what was asked and why.",
                each.times,
                (("target", each.target), ("kind", each.kind)),
                only_grows=True,
            )
            for each in refusals
        ),
    )


async def end_waits(db: Database, *, now: datetime) -> None:
    """After the clock was set back: end waits that would last as long as the step.

    One that ends too early costs a request.
    """
    async with db.transaction() as tx:
        await request_gate.end_all_waits(tx, now, now + SPACING)
        await feeds.look_again(tx, now)


async def follow(
    db: Database,
    source: PaperSource,
    categories: Sequence[str],
    *,
    leases: Leases,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Rounds for ever, a minute apart; logs when no category has anything new."""
    told: Trouble = Trouble.NONE
    while True:
        await take_round(db, source, categories, leases=leases, clock=clock, jitter=jitter)
        async with db.reading() as tx:
            statuses = await list_status(tx, categories, clock())
            trouble = await find_trouble(tx, statuses, clock())
        if trouble is not told and trouble is not Trouble.NONE:
            level = logging.ERROR if trouble is Trouble.ALARM else logging.WARNING
            log.log(level, "arXiv: nothing new in any category (%s)", trouble)
        told = trouble
        await sleep(BETWEEN_ROUNDS.total_seconds())
