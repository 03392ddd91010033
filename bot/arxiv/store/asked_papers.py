"""What arXiv says of papers, and which papers it is to be asked about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.archive.domain.arxiv_record import WEEK
from bot.arxiv.store import failed_requests
from bot.core.database.database import Transaction

PATIENCE = 2
"""So many times in a row arXiv must not know a paper before it counts as absent."""

REFUSED_FOR = timedelta(days=30)
"""A number that arXiv calls none is asked about again after that: it may have been a mistake."""


async def list_due(tx: Transaction, today: date, limit: int) -> tuple[str, ...]:
    """Papers to ask arXiv about together on that sweep's day, those never asked about first.

    Papers that are referred to or were posted are asked about daily, as are those that arXiv
    did not know the last time; all others that have an entry weekly. What spoilt an answer
    comes last, and in smaller parts: see `trouble`.
    """
    rows = await tx.all(
        """
        SELECT p.arxiv_id AS number, t.together
        FROM paper AS p LEFT JOIN arxiv_asked AS a ON a.number = p.arxiv_id
            LEFT JOIN arxiv_trouble AS t ON t.target = :target AND t.name = p.arxiv_id
        WHERE p.arxiv_id IS NOT NULL
            AND (a.is_refused IS NOT 1 OR a.asked_on <= :long_ago) AND CASE
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
            ELSE 0
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


async def note_asked(
    tx: Transaction, today: date, *, found: Iterable[str], missing: Iterable[str]
) -> None:
    """ArXiv was asked about these papers on that sweep's day."""
    await tx.run_many(
        """
        INSERT INTO arxiv_asked (number, asked_on, misses) VALUES (:number, :today, :misses)
        ON CONFLICT (number) DO UPDATE SET
            asked_on = excluded.asked_on, is_refused = 0,
            misses = CASE WHEN excluded.misses THEN misses + 1 ELSE 0 END
        """,
        [
            {"number": number, "today": today.isoformat(), "misses": misses}
            for numbers, misses in ((found, 0), (missing, 1))
            for number in numbers
        ],
    )


async def note_refused(tx: Transaction, today: date, number: str) -> None:
    """ArXiv says that this is no number of a paper: it is not asked about again for long."""
    await tx.run(
        """
        INSERT INTO arxiv_asked (number, asked_on, misses, is_refused)
        VALUES (:number, :today, 1, 1)
        ON CONFLICT (number) DO UPDATE SET asked_on = excluded.asked_on, is_refused = 1
        """,
        {"number": number, "today": today.isoformat()},
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far arXiv has been asked: papers known, absent (asked for in vain), refused as none.

    `unreadable` are those about which arXiv's answer is of no use, with the reason.
    """

    known: int
    withdrawn: int
    missing: tuple[str, ...]
    absent: tuple[str, ...]
    refused: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]


async def coverage(tx: Transaction) -> Coverage:
    """What arXiv said of the papers that it was asked about."""
    row = await tx.one("SELECT count(*) AS known, sum(is_withdrawn) AS gone FROM arxiv_record")
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
        withdrawn=row["gone"] or 0,
        missing=tuple(number for number, times in unknown.items() if times < PATIENCE),
        absent=tuple(number for number, times in unknown.items() if times >= PATIENCE),
        refused=refused,
        unreadable=unreadable,
    )
