"""Which papers to refresh from arXiv, and when each was refreshed last."""

from collections.abc import Iterable
from datetime import date, timedelta

from bot.archive.domain.arxiv_record import WEEK
from bot.arxiv.store import failed_requests
from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass

PATIENCE = 2
"""Consecutive responses without a paper after which it counts as absent."""

REFUSED_FOR = timedelta(days=30)
"""An id that arXiv rejected is requested again after this time: it may have been an error."""


async def list_due(tx: Transaction, today: date, limit: int) -> tuple[str, ...]:
    """Papers to request together on that sweep's day, those never requested first.

    Papers that are cited or were posted are refreshed daily, as are those that arXiv did not know
    the last time; all others that have an entry weekly. Papers of failed requests come last, in
    smaller batches: see `failed_requests`.
    """
    rows = await tx.all(
        """
        SELECT p.arxiv_id AS number, t.together
        FROM paper AS p LEFT JOIN arxiv_asked AS a ON a.number = p.arxiv_id
            LEFT JOIN failed_request AS t ON t.target = :target AND t.name = p.arxiv_id
        WHERE p.arxiv_id IS NOT NULL
            AND (a.is_refused IS NOT TRUE OR a.asked_on <= :long_ago) AND CASE
            WHEN a.asked_on IS NULL OR a.asked_on < :week_ago THEN (
                EXISTS (SELECT 1 FROM entry AS e WHERE e.paper_id = p.id AND e.newness > 0)
                OR EXISTS (SELECT 1 FROM reference AS r WHERE r.paper_id = p.id AND r.newness > 0)
                OR EXISTS (SELECT 1 FROM reply_reference AS d WHERE d.number = p.arxiv_id)
            )
            WHEN a.asked_on < :today AND a.misses < :patience THEN (
                a.misses > 0
                OR EXISTS (SELECT 1 FROM reference AS r WHERE r.paper_id = p.id AND r.newness > 0)
                OR EXISTS (
                    SELECT 1 FROM entry AS e JOIN slot_entry AS s ON s.entry_id = e.id
                    WHERE e.paper_id = p.id AND e.newness > 0 AND s.position IS NOT NULL
                )
            )
            ELSE FALSE
        END
        ORDER BY t.name IS NOT NULL, t.together DESC, t.failures, a.asked_on IS NOT NULL, p.arxiv_id
        LIMIT :limit
        """,
        {
            "today": today.isoformat(),
            "week_ago": (today - timedelta(days=WEEK - 1)).isoformat(),
            "long_ago": (today - REFUSED_FOR).isoformat(),
            "target": failed_requests.PAPERS,
            "patience": PATIENCE,
            "limit": limit,
        },
    )
    return failed_requests.part(((row["number"], row["together"]) for row in rows), limit)


async def is_absent(tx: Transaction, number: str) -> bool:
    """Whether arXiv was asked for a paper and does not know it, or its id; see `coverage`."""
    row = await tx.one(
        "SELECT misses, is_refused FROM arxiv_asked WHERE number = :number", {"number": number}
    )
    if row is None or row["is_refused"]:
        return row is not None
    if row["misses"] < PATIENCE:
        return False
    return number not in await failed_requests.list_alone(tx, failed_requests.PAPERS)


async def note_asked(
    tx: Transaction, today: date, *, found: Iterable[str], missing: Iterable[str]
) -> None:
    """Store that these papers were requested on that sweep's day."""
    await tx.run_many(
        """
        INSERT INTO arxiv_asked (number, asked_on, misses) VALUES (:number, :today, :misses)
        ON CONFLICT (number) DO UPDATE SET
            asked_on = excluded.asked_on, is_refused = FALSE,
            misses = CASE WHEN excluded.misses > 0 THEN arxiv_asked.misses + 1 ELSE 0 END
        """,
        [
            {"number": number, "today": today.isoformat(), "misses": misses}
            for numbers, misses in ((found, 0), (missing, 1))
            for number in sorted(numbers)
        ],
    )


async def note_refused(tx: Transaction, today: date, number: str) -> None:
    """Store that arXiv rejected this id: it is not requested again for long."""
    await tx.run(
        """
        INSERT INTO arxiv_asked (number, asked_on, misses, is_refused)
        VALUES (:number, :today, 1, TRUE)
        ON CONFLICT (number) DO UPDATE SET asked_on = excluded.asked_on, is_refused = TRUE
        """,
        {"number": number, "today": today.isoformat()},
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many papers are known, absent (requested in vain), or rejected as invalid ids.

    `unreadable` are those whose response is invalid, with the reason.
    """

    known: int
    withdrawn: int
    missing: tuple[str, ...]
    absent: tuple[str, ...]
    refused: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]


async def coverage(tx: Transaction) -> Coverage:
    """What arXiv said of the papers that it was asked about."""
    row = await tx.one(
        "SELECT count(*) AS known, count(*) FILTER (WHERE is_withdrawn) AS gone FROM arxiv_record"
    )
    rows = await tx.all(
        """
        SELECT number, misses, is_refused FROM arxiv_asked
        WHERE misses > 0 OR is_refused ORDER BY number
        """
    )
    assert row is not None  # noqa: S101 - count always answers
    alone = await failed_requests.list_alone(tx, failed_requests.PAPERS)
    refused = tuple(row["number"] for row in rows if row["is_refused"])
    misses = {row["number"]: row["misses"] for row in rows if not row["is_refused"]}
    unreadable = tuple((number, alone[number]) for number in misses if number in alone)
    unknown = {number: times for number, times in misses.items() if number not in alone}
    return Coverage(
        known=row["known"],
        withdrawn=row["gone"],
        missing=tuple(number for number, times in unknown.items() if times < PATIENCE),
        absent=tuple(number for number, times in unknown.items() if times >= PATIENCE),
        refused=refused,
        unreadable=unreadable,
    )
