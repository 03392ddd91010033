"""Entries without a link: which papers they were found to be about, and which are still open.

What a person decides is a row too, with no tries: no search ever changes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Reference, paper_key
from bot.archive.store import papers, search_index
from bot.core.database import instants
from bot.core.database.database import Statements, Transaction
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a paper's number; `number` is `None` while it is open.

    `by_hand`: a person said so, and it stays.
    """

    number: str | None
    confidence: float
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """An entry whose paper has a number; `found_as` is its paper's key if a search found that."""

    title: str
    found_as: str | None


async def find(tx: Transaction, paper_key: str) -> Identity | None:
    """What is known of the number of that paper, by its key from before it was found."""
    row = await tx.one(
        "SELECT number, confidence, tries FROM title_match WHERE paper_key = :key",
        {"key": paper_key},
    )
    if row is None:
        return None
    return Identity(row["number"], row["confidence"], by_hand=row["tries"] == 0)


async def list_owners(tx: Transaction, number: str) -> tuple[Owner, ...]:
    """The entries about the paper of that number, none withdrawn."""
    rows = await tx.all(
        """
        SELECT e.title, e.url FROM entry AS e JOIN paper AS p ON p.id = e.paper_id
        WHERE p.arxiv_id = :number AND e.newness > 0 ORDER BY e.newness
        """,
        {"number": number},
    )
    owners = []
    for row in rows:
        key = title_key(row["title"]) if row["url"] is None else None
        identity = await find(tx, key) if key is not None else None
        was_found = identity is not None and not identity.by_hand
        owners.append(Owner(row["title"], key if was_found else None))
    return tuple(owners)


def title_key(title: str) -> str:
    """The key of a paper that is known by its title only."""
    return paper_key(None, None, title)


async def put(
    tx: Transaction,
    paper_key: str,
    *,
    number: str | None,
    confidence: float,
    next_on: date | None,
) -> None:
    """A search was made: the paper found, or `None` and when to search again.

    What a person decided meanwhile stays.
    """
    await tx.run(
        """
        INSERT INTO title_match (paper_key, number, confidence, tries, next_on)
        VALUES (:key, :number, :confidence, 1, :next_on)
        ON CONFLICT (paper_key) DO UPDATE SET
            number = excluded.number, confidence = excluded.confidence,
            tries = title_match.tries + 1, next_on = excluded.next_on
        WHERE title_match.tries > 0
        """,
        {
            "key": paper_key,
            "number": number,
            "confidence": confidence,
            "next_on": next_on.isoformat() if next_on is not None else None,
        },
    )


async def decide(tx: Transaction, paper_key: str, number: str | None, now: datetime) -> None:
    """A person says which paper it is, or that it stays open (`None`): it is never searched for."""
    await _take_back(tx, paper_key, unless=number, now=now)
    await tx.run(
        """
        INSERT INTO title_match (paper_key, number, confidence, tries, next_on)
        VALUES (:key, :number, :sure, 0, NULL)
        ON CONFLICT (paper_key) DO UPDATE SET
            number = excluded.number, confidence = excluded.confidence, tries = 0, next_on = NULL
        """,
        {"key": paper_key, "number": number, "sure": 1.0 if number is not None else 0.0},
    )
    await apply_found(tx, now)


async def reopen(tx: Transaction, paper_key: str, next_on: date, now: datetime) -> None:
    """What a search found does not count; the next one is made on that day."""
    await _take_back(tx, paper_key, unless=None, now=now)
    await tx.run(
        """
        UPDATE title_match SET number = NULL, next_on = :next_on
        WHERE paper_key = :key AND tries > 0
        """,
        {"key": paper_key, "next_on": next_on.isoformat()},
    )


async def list_numbers(tx: Transaction, keys: Iterable[str]) -> Mapping[str, str]:
    """The numbers of those of the papers, given by key, that were found by their titles."""
    rows = await tx.all(
        """
        SELECT paper_key, number FROM title_match
        WHERE number IS NOT NULL AND paper_key IN (SELECT value FROM texts(:keys))
        """,
        {"keys": list(keys)},
    )
    return {row["paper_key"]: row["number"] for row in rows}


async def count_found(tx: Transaction) -> int:
    """How many papers were found by their titles."""
    row = await tx.one(
        "SELECT count(*) AS found FROM title_match WHERE number IS NOT NULL AND tries > 0"
    )
    return row["found"] if row is not None else 0


async def apply_found(tx: Transaction, now: datetime) -> int:
    """Give papers that were found their arXiv ids, also when a note was read again since.

    The paper of that id takes over the entries. Returns how many changed.
    """
    rows = await tx.all(
        """
        SELECT p.id, i.number FROM title_match AS i JOIN paper AS p ON p.key = i.paper_key
        WHERE i.number IS NOT NULL ORDER BY i.paper_key
        """
    )
    if not rows:
        return 0
    # Inserted first: a reply that links one of them may store it at this moment, without a guard.
    identified = {row["number"]: Reference(ArxivId(row["number"])) for row in rows}
    ids = await papers.ensure(tx, (), identified.values())
    found = [(row["id"], ids[identified[row["number"]].key]) for row in rows]
    at = instants.to_text(now)
    await tx.call(partial(_apply, found=found, numbers=identified, at=at))
    return len(found)


def _apply(
    statements: Statements, *, found: Sequence[tuple[int, int]], numbers: Iterable[str], at: str
) -> None:
    for old, new in found:
        both = {"old": old, "new": new, "at": at}
        # Messages that show these entries are to say it, too.
        statements.run(
            "UPDATE entry SET paper_id = :new, updated_at = :at WHERE paper_id = :old", both
        )
        statements.run(
            """
            UPDATE reference SET paper_id = :new
            WHERE paper_id = :old
                AND newness NOT IN (SELECT newness FROM reference WHERE paper_id = :new)
            """,
            both,
        )
        statements.run("DELETE FROM reference WHERE paper_id = :old", both)
        statements.run(
            """
            UPDATE paper SET title = coalesce(title, (SELECT title FROM paper WHERE id = :old))
            WHERE id = :new
            """,
            both,
        )
        statements.run("DELETE FROM paper WHERE id = :old", both)
    search_index.index_papers(statements, numbers)


async def _take_back(tx: Transaction, paper_key: str, *, unless: str | None, now: datetime) -> None:
    """Entries that have a number only through their title get a paper of their own again."""
    identity = await find(tx, paper_key)
    if identity is None or identity.number is None or identity.number == unless:
        return
    number, at = identity.number, instants.to_text(now)
    await tx.call(partial(_part, key=paper_key, number=number, at=at))


def _part(statements: Statements, *, key: str, number: str, at: str) -> None:
    rows = statements.all(
        """
        SELECT e.id, e.title FROM entry AS e JOIN paper AS p ON p.id = e.paper_id
        WHERE p.arxiv_id = :number AND e.url IS NULL
        """,
        {"number": number},
    )
    for row in (row for row in rows if title_key(row["title"]) == key):
        own = {"key": key, "title": row["title"], "id": row["id"], "at": at}
        statements.run(
            "INSERT INTO paper (key, title) VALUES (:key, :title) ON CONFLICT DO NOTHING", own
        )
        statements.run(
            """
            UPDATE entry SET paper_id = (SELECT id FROM paper WHERE key = :key), updated_at = :at
            WHERE id = :id
            """,
            own,
        )
    statements.run(
        """
        UPDATE paper SET title = coalesce(
            (SELECT title FROM entry WHERE paper_id = paper.id ORDER BY newness DESC LIMIT 1),
            (SELECT title FROM arxiv_record WHERE number = :number)
        )
        WHERE arxiv_id = :number
        """,
        {"number": number},
    )
    statements.run(
        """
        DELETE FROM paper WHERE arxiv_id = :number
            AND NOT EXISTS (SELECT 1 FROM entry WHERE paper_id = paper.id)
            AND NOT EXISTS (SELECT 1 FROM reference WHERE paper_id = paper.id)
            AND NOT EXISTS (SELECT 1 FROM reply_reference WHERE number = :number)
        """,
        {"number": number},
    )
