"""Whether a PostgreSQL database is still the one that the bot ran on: `identity` says how that shows."""

from datetime import datetime

from bot.core.database.database import Engine, Transaction
from bot.core.database.instants import from_text
from bot.core.database.postgresql import identity
from bot.core.store import key_value
from bot.outbox.store import deliveries


async def find_restored(tx: Transaction) -> datetime | None:
    """Up to when the database knows what was posted, if it is not the one of the last start.

    A backup that was made before the first digest knows of no post: then since its first subscription.
    `None` where it is the same, posts nowhere, or is SQLite's, whose backups say in themselves that
    they are one.
    """
    if tx.engine is Engine.SQLITE:
        return None
    present = await tx.call(identity.read)
    known = await key_value.find(tx, identity.NAME)
    if present != known:
        await key_value.put(tx, identity.NAME, present)
    if known is None or present == known:
        return None
    newest = await tx.call(deliveries.newest_instant)
    if newest is None:
        first = await tx.one("SELECT min(created_at) AS at FROM subscription")
        newest = first["at"] if first is not None else None
    return from_text(newest) if newest is not None else None


async def keep_identity(tx: Transaction) -> None:
    """The database was made from another one that stays as it is: it is no backup."""
    await key_value.take(tx, identity.NAME)
    if tx.engine is Engine.POSTGRESQL:
        await tx.call(identity.keep)
