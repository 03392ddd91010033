"""New papers that people call “not for us” (table `not_for_us`)."""

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text


async def add(tx: Transaction, number: str, person: str, now: datetime) -> bool:
    """Store it; returns false where the person said so before."""
    return bool(
        await tx.run(
            """
            INSERT INTO not_for_us (number, person, at) VALUES (:number, :person, :at)
            ON CONFLICT DO NOTHING
            """,
            {"number": number, "person": person, "at": to_text(now)},
        )
    )


async def remove(tx: Transaction, number: str, person: str) -> bool:
    """Take it back; returns whether it was stored."""
    return bool(
        await tx.run(
            "DELETE FROM not_for_us WHERE number = :number AND person = :person",
            {"number": number, "person": person},
        )
    )


async def count_all(tx: Transaction, numbers: Collection[str]) -> Mapping[str, int]:
    """How many people said so of each paper; others are left out."""
    rows = await tx.all(
        """
        SELECT number, count(*) AS people FROM not_for_us
         WHERE number IN (SELECT value FROM texts(:numbers)) GROUP BY number
        """,
        {"numbers": list(numbers)},
    )
    return {row["number"]: int(row["people"]) for row in rows}


async def count_of_person(tx: Transaction, person: str) -> int:
    """Of how many papers a person said so."""
    row = await tx.one(
        "SELECT count(*) AS number FROM not_for_us WHERE person = :person", {"person": person}
    )
    return int(row["number"]) if row is not None else 0


async def prune(tx: Transaction) -> int:
    """Delete what was said of papers that are no new ones any more; returns how many rows."""
    return await tx.run(
        """
        DELETE FROM not_for_us
         WHERE NOT EXISTS (SELECT 1 FROM feed_item AS f WHERE f.number = not_for_us.number)
        """
    )


async def forget(tx: Transaction, person: str) -> int:
    """Forget what a person said; returns how many rows there were."""
    return await tx.run("DELETE FROM not_for_us WHERE person = :person", {"person": person})
