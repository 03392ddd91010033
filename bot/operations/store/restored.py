"""Whether a database is a restored backup, on which the bot has not been started since.

SQLite's backups are marked as such; a PostgreSQL database is one if it is not the database that the
bot ran on: `identity` says how that shows.
"""

from datetime import datetime

from bot.core.database.database import Engine, Transaction
from bot.core.database.instants import from_text
from bot.core.database.postgresql import identity
from bot.core.store import key_value
from bot.operations.store import backups
from bot.outbox.store import deliveries


async def find_restored(tx: Transaction) -> datetime | None:
    """Up to when the database knows what was posted, if it is a restored backup; changes nothing.

    `None` where it is the database of the last start, or posts nowhere.
    """
    found = (await backups.find_mark(tx), await _find_foreign(tx))
    return min((each for each in found if each is not None), default=None)


async def _find_foreign(tx: Transaction) -> datetime | None:
    """The newest instant that a PostgreSQL database knows of, if it is not the one of the last start.

    A backup that was made before the first digest knows of no post: then since its first subscription.
    """
    if tx.engine is Engine.SQLITE:
        return None
    known = await key_value.find(tx, identity.NAME)
    if known is None or known == await tx.call(identity.read):
        return None
    newest = await tx.call(deliveries.newest_instant)
    if newest is None:
        first = await tx.one("SELECT min(created_at) AS at FROM subscription")
        newest = first["at"] if first is not None else None
    return from_text(newest) if newest is not None else None


async def settle(tx: Transaction, made_at: datetime | None = None) -> None:
    """Know the database as the one that the bot runs on; with `made_at`, as a backup of then."""
    await backups.clear_mark(tx)
    await key_value.take(tx, identity.NAME)
    if tx.engine is Engine.POSTGRESQL:
        await tx.call(identity.keep)
    if made_at is not None:
        await backups.mark(tx, made_at)
