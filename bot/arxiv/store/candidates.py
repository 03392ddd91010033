"""New papers as candidates: which are open, their scores, and training data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial

from bot.archive.domain.entry import EntryId
from bot.archive.domain.markup.author_names import without_others
from bot.arxiv.domain.announcements import FeedItem
from bot.arxiv.domain.candidates import (
    MOST_UNWANTED,
    UNWANTED,
    Candidate,
    Example,
    Judgement,
    Likeness,
    NewPaper,
    example_text,
    passed_weight,
    picked_weight,
    recency,
)
from bot.arxiv.store.feeds import item_of
from bot.core.database import instants
from bot.core.database.database import Row, Statements, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.latex import readable

MOST_PASSED = 3000
"""The newest papers that were not picked and are trained on, at most."""

_UNWANTED = "SELECT number, count(*) AS people FROM not_for_us GROUP BY number"

_IS_OPEN = """
    NOT EXISTS (
        SELECT 1 FROM paper AS p JOIN entry AS e ON e.paper_id = p.id
        WHERE p.key = 'arxiv:' || f.number AND e.newness > 0
    )
"""


async def list_papers(tx: Transaction, since: date) -> tuple[FeedItem, ...]:
    """The new papers that came on that day or later, newest day first, then by number."""
    rows = await tx.all(
        "SELECT * FROM feed_item WHERE day >= :since ORDER BY day DESC, number",
        {"since": since.isoformat()},
    )
    return tuple(map(item_of, rows))


async def newest_day(tx: Transaction) -> date | None:
    """The last day on which new papers came."""
    row = await tx.one("SELECT max(day) AS day FROM feed_item")
    return date.fromisoformat(row["day"]) if row is not None and row["day"] is not None else None


async def day_before(tx: Transaction, day: date) -> date | None:
    """The last day before that one on which new papers came."""
    row = await tx.one(
        "SELECT max(day) AS day FROM feed_item WHERE day < :day", {"day": day.isoformat()}
    )
    return date.fromisoformat(row["day"]) if row is not None and row["day"] is not None else None


async def count_late(tx: Transaction, day: date) -> int:
    """How many papers of a day came late, fetched by date because the feed had missed them."""
    row = await tx.one(
        "SELECT sum(recovered) AS n FROM arxiv_batch WHERE day = :day AND NOT is_cut",
        {"day": day.isoformat()},
    )
    return int(row["n"] or 0) if row is not None else 0


async def list_open(
    tx: Transaction, day: date, *, limit: int, offset: int = 0
) -> tuple[Candidate, ...]:
    """The new papers of a day that have no entry, highest score first, without score last.

    Each person who calls a paper “not for us” lowers its score.
    """
    rows = await tx.all(
        f"""
        SELECT f.*, j.score, j.words, j.nearest, coalesce(u.people, 0) AS unwanted
        FROM feed_item AS f LEFT JOIN feed_item_judgement AS j ON j.number = f.number
            LEFT JOIN ({_UNWANTED}) AS u ON u.number = f.number
        WHERE f.day = :day AND {_IS_OPEN}
        ORDER BY j.score IS NULL, j.score - :each * least(coalesce(u.people, 0), :most) DESC,
            coalesce(u.people, 0), f.number
        LIMIT :limit OFFSET :offset
        """,  # noqa: S608 - a constant
        {
            "day": day.isoformat(),
            "limit": limit,
            "offset": offset,
            "each": UNWANTED,
            "most": MOST_UNWANTED,
        },
    )
    return tuple(
        Candidate(item_of(row), day, _judgement(row), unwanted=row["unwanted"]) for row in rows
    )


async def count_open(tx: Transaction, day: date) -> tuple[int, int]:
    """How many new papers of a day have no entry, and how many of these have a score."""
    row = await tx.one(
        f"""
        SELECT count(*) AS found, count(j.number) AS judged
        FROM feed_item AS f LEFT JOIN feed_item_judgement AS j ON j.number = f.number
        WHERE f.day = :day AND {_IS_OPEN}
        """,  # noqa: S608 - a constant
        {"day": day.isoformat()},
    )
    return (row["found"], row["judged"]) if row is not None else (0, 0)


async def is_listed(tx: Transaction, day: date) -> bool:
    """Whether new papers came on that day."""
    row = await tx.one("SELECT 1 FROM feed_item WHERE day = :day LIMIT 1", {"day": day.isoformat()})
    return row is not None


async def list_unjudged(
    tx: Transaction, day: date, judged_since: datetime, limit: int
) -> tuple[NewPaper, ...]:
    """The new papers of a day or later that have no entry and were not judged since that instant."""
    rows = await tx.all(
        f"""
        SELECT f.number, f.title, f.abstract, f.authors FROM feed_item AS f
        WHERE f.day >= :day AND {_IS_OPEN}
            AND NOT EXISTS (
                SELECT 1 FROM feed_item_judgement AS j
                WHERE j.number = f.number AND j.judged_at >= :since
            )
        ORDER BY f.number LIMIT :limit
        """,  # noqa: S608 - a constant
        {"day": day.isoformat(), "since": instants.to_text(judged_since), "limit": limit},
    )
    return tuple(
        NewPaper(row["number"], example_text(row["title"], row["abstract"]), _names(row["authors"]))
        for row in rows
    )


async def put_judgements(tx: Transaction, judgements: Iterable[Judgement], now: datetime) -> None:
    """Store scores, in place of earlier ones."""
    await tx.run_many(
        """
        INSERT INTO feed_item_judgement (number, score, words, nearest, judged_at)
        SELECT number, CAST(:score AS DOUBLE PRECISION), CAST(:words AS TEXT),
               CAST(:nearest AS TEXT), CAST(:now AS TEXT)
        FROM feed_item WHERE number = :number
        ON CONFLICT (number) DO UPDATE SET
            score = excluded.score, words = excluded.words, nearest = excluded.nearest,
            judged_at = excluded.judged_at
        """,
        [
            {
                "number": judgement.number,
                "score": judgement.score,
                "words": json.dumps(judgement.words, ensure_ascii=False),
                "nearest": json.dumps([[n.entry_id, n.likeness] for n in judgement.nearest]),
                "now": instants.to_text(now),
            }
            for judgement in judgements
        ],
    )


async def list_picked(
    tx: Transaction, after: int, limit: int, *, trained_on: date
) -> tuple[tuple[Example, ...], int]:
    """Papers with an entry whose abstract is known, the curator's own words first, by page.

    The older an entry is on the day of the training, the less it counts; one without a day counts
    as the oldest does. Begin `after` 0; the second value is where to go on, or 0 at the end.
    """
    return await tx.call(partial(_list_picked, after=after, limit=limit, trained_on=trained_on))


def _list_picked(
    statements: Statements, *, after: int, limit: int, trained_on: date
) -> tuple[tuple[Example, ...], int]:
    rows = statements.all(
        """
        SELECT p.key, e.id, e.newness, e.title,
            coalesce(nullif(e.abstract, ''), r.abstract) AS abstract,
            coalesce(nullif(e.authors, '[]'), r.authors, '[]') AS authors,
            coalesce(e.date, (SELECT min(o.date) FROM entry AS o WHERE o.newness > 0)) AS day,
            (
                SELECT count(DISTINCT l.person) FROM entry AS o JOIN reaction AS l ON l.entry_id = o.id
                WHERE o.paper_id = p.id AND l.is_there = TRUE
            ) AS likes
        FROM entry AS e JOIN paper AS p ON p.id = e.paper_id
            LEFT JOIN arxiv_record AS r ON r.number = p.arxiv_id
        WHERE e.newness > :after
            AND e.newness = (SELECT max(o.newness) FROM entry AS o WHERE o.paper_id = p.id)
        ORDER BY e.newness LIMIT :limit
        """,
        {"after": after, "limit": limit},
    )
    examples = tuple(
        Example(
            row["key"].removeprefix("arxiv:"),
            example_text(row["title"], row["abstract"]),
            EntryId(row["id"]),
            _picked_weight(row, trained_on),
            tuple(without_others(name)[0] for name in _names(row["authors"])),
        )
        for row in rows
        if row["abstract"]
    )
    return examples, rows[-1]["newness"] if len(rows) == limit else 0


def _picked_weight(row: Row, trained_on: date) -> float:
    day = date.fromisoformat(row["day"]) if row["day"] is not None else trained_on
    return picked_weight(row["likes"]) * recency(day, trained_on)


async def list_passed(tx: Transaction, before: date) -> tuple[Example, ...]:
    """The newest papers that came before that day and were not picked."""
    return await tx.call(partial(_list_passed, before=before))


def _list_passed(statements: Statements, *, before: date) -> tuple[Example, ...]:
    rows = statements.all(
        f"""
        SELECT f.number, f.title, f.abstract, f.authors, coalesce(u.people, 0) AS unwanted
        FROM feed_item AS f LEFT JOIN ({_UNWANTED}) AS u ON u.number = f.number
        WHERE f.day < :before AND {_IS_OPEN} ORDER BY f.day DESC, f.number LIMIT :most
        """,  # noqa: S608 - a constant
        {"before": before.isoformat(), "most": MOST_PASSED},
    )
    return tuple(
        Example(
            row["number"],
            example_text(row["title"], row["abstract"]),
            weight=passed_weight(row["unwanted"]),
            authors=_names(row["authors"]),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class Training:
    """When the model was trained, and on how many papers."""

    trained_at: datetime
    picked: int
    passed: int


async def is_new_paper(tx: Transaction, number: str) -> bool:
    """Whether arXiv announced a paper of that number, as far as that is kept."""
    row = await tx.one("SELECT 1 FROM feed_item WHERE number = :number", {"number": number})
    return row is not None


async def find_training(tx: Transaction) -> Training | None:
    """The last training."""
    row = await tx.one("SELECT * FROM ranking_model")
    if row is None:
        return None
    return Training(instants.from_text(row["trained_at"]), row["picked"], row["passed"])


async def put_training(tx: Transaction, training: Training) -> None:
    """Store a training."""
    await tx.run(
        """
        INSERT INTO ranking_model (only_row, trained_at, picked, passed)
        VALUES (1, :at, :picked, :passed)
        ON CONFLICT (only_row) DO UPDATE SET
            trained_at = excluded.trained_at, picked = excluded.picked, passed = excluded.passed
        """,
        {
            "at": instants.to_text(training.trained_at),
            "picked": training.picked,
            "passed": training.passed,
        },
    )


async def list_live(tx: Transaction, entry_ids: Iterable[EntryId]) -> frozenset[EntryId]:
    """Those of these entries that were not withdrawn."""
    rows = await tx.all(
        """
        SELECT id FROM entry
        WHERE newness > 0 AND id IN (SELECT value FROM numbers(:ids))
        """,
        {"ids": list(entry_ids)},
    )
    return frozenset(EntryId(row["id"]) for row in rows)


async def tags_of(tx: Transaction, entry_ids: Iterable[EntryId]) -> Mapping[EntryId, Sequence[str]]:
    """The tags of entries, in the order written."""
    rows = await tx.all(
        """
        SELECT e.id, t.slug FROM entry AS e JOIN entry_tag AS et ON et.newness = e.newness
            LEFT JOIN tag_merge AS m ON m.tag_id = et.tag_id
            JOIN tag AS t ON t.id = coalesce(m.root_id, et.tag_id)
        WHERE e.id IN (SELECT value FROM numbers(:ids)) ORDER BY e.id, et.position
        """,
        {"ids": list(entry_ids)},
    )
    tags: dict[EntryId, dict[str, None]] = {}
    for row in rows:
        tags.setdefault(EntryId(row["id"]), {})[row["slug"]] = None
    return {entry_id: list(slugs) for entry_id, slugs in tags.items()}


def _names(authors: str) -> tuple[str, ...]:
    """The names of a stored list, as people read them."""
    return tuple(map(readable, json.loads(authors)))


def _judgement(row: Row) -> Judgement | None:
    if row["score"] is None:
        return None
    return Judgement(
        number=row["number"],
        score=row["score"],
        words=tuple(json.loads(row["words"])),
        nearest=tuple(
            Likeness(EntryId(entry_id), likeness)
            for entry_id, likeness in json.loads(row["nearest"])
        ),
    )
