"""The table `slack_install_state`: installations that were begun and not finished yet."""

from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text


async def add(tx: Transaction, hashed: str, expires_at: datetime) -> None:
    """Store a state."""
    await tx.run(
        "INSERT INTO slack_install_state (hash, expires_at) VALUES (:hash, :expires_at)",
        {"hash": hashed, "expires_at": to_text(expires_at)},
    )


async def take(tx: Transaction, hashed: str, now: datetime) -> bool:
    """Delete a state; returns whether it was there and still valid."""
    row = await tx.one(
        "DELETE FROM slack_install_state WHERE hash = :hash RETURNING expires_at > :now AS valid",
        {"hash": hashed, "now": to_text(now)},
    )
    return row is not None and bool(row["valid"])


async def prune(tx: Transaction, now: datetime) -> int:
    """Delete what has expired; returns how many are left."""
    await tx.run("DELETE FROM slack_install_state WHERE expires_at <= :now", {"now": to_text(now)})
    row = await tx.one("SELECT count(*) AS n FROM slack_install_state")
    return int(row["n"]) if row is not None else 0
