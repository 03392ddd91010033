"""SQLite's integrity check."""

from bot.core.database.database import Transaction


async def find_damage(tx: Transaction) -> str | None:
    """What SQLite finds wrong with the file, in its words; it reads all of it."""
    row = await tx.one("PRAGMA quick_check(1)")
    found = str(row[0]) if row is not None else "ok"
    return None if found == "ok" else found
