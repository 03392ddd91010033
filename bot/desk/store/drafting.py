"""How many texts were drafted on a day (table `drafting`)."""

from datetime import date

from bot.core.database.database import Transaction


async def take(tx: Transaction, on: date, most: int) -> bool:
    """Count one request of that day, by all processes; whether there was one left of `most`."""
    day = on.isoformat()
    await tx.run("DELETE FROM drafting WHERE on_date < :day", {"day": day})
    taken = await tx.run(
        """
        INSERT INTO drafting (on_date, requests) VALUES (:day, 1)
        ON CONFLICT (on_date) DO UPDATE SET requests = drafting.requests + 1
         WHERE drafting.requests < :most
        """,
        {"day": day, "most": most},
    )
    return taken > 0


async def count(tx: Transaction, on: date) -> int:
    """How many requests were sent on that day."""
    row = await tx.one(
        "SELECT requests FROM drafting WHERE on_date = :day", {"day": on.isoformat()}
    )
    return row["requests"] if row is not None else 0
