"""Whether a PostgreSQL database is still the one that the bot ran on.

`pg_restore` makes tables anew and `pg_dump` knows no mark, a standby that was promoted may lack the
last commits, and a recovery to a point in time lacks many. Each changes one of three numbers: that
of the server, that of its timeline, and that of a table.
"""

from datetime import datetime

from bot.core.database.database import Engine, Transaction
from bot.core.database.instants import from_text
from bot.core.store import key_value
from bot.outbox.store import deliveries

_NAME = "database identity"


async def find_restored(tx: Transaction) -> datetime | None:
    """Up to when the database knows what was posted, if it is not the one of the last start.

    A backup that was made before the first digest knows of no post: then since its first subscription.
    `None` where it is the same, posts nowhere, or is SQLite's, whose backups say in themselves that
    they are one.
    """
    if tx.engine is Engine.SQLITE:
        return None
    identity = await _identity(tx)
    known = await key_value.find(tx, _NAME)
    if identity != known:
        await key_value.put(tx, _NAME, identity)
    if known is None or identity == known:
        return None
    newest = await tx.call(deliveries.newest_instant)
    if newest is None:
        first = await tx.one("SELECT min(created_at) AS at FROM subscription")
        newest = first["at"] if first is not None else None
    return from_text(newest) if newest is not None else None


async def _identity(tx: Transaction) -> str:
    """Where the user may not ask the server for its numbers, that of the table must do."""
    row = await tx.one(
        """
        SELECT has_function_privilege('pg_control_system()', 'execute')
           AND has_function_privilege('pg_control_checkpoint()', 'execute') AS allowed,
               CAST(CAST('delivery' AS regclass) AS oid) AS delivery
        """
    )
    assert row is not None  # noqa: S101 - a SELECT without FROM has a row
    if not row["allowed"]:
        return f"{row['delivery']}"
    server = await tx.one(
        """
        SELECT system_identifier, timeline_id FROM pg_control_system(), pg_control_checkpoint()
        """
    )
    assert server is not None  # noqa: S101 - these functions have one row each
    return f"{server['system_identifier']}/{server['timeline_id']}/{row['delivery']}"
