"""Who was named to manage a channel's digest (table `channel_manager`)."""

from datetime import datetime

from bot.channels.domain.managers import Manager
from bot.core.database.database import Transaction
from bot.core.database.instants import to_text


async def list_of(tx: Transaction, channel: str) -> tuple[Manager, ...]:
    """The people named in a channel, in the order in which they were named."""
    rows = await tx.all(
        """
        SELECT person, name FROM channel_manager
         WHERE channel = :channel ORDER BY named_at, person
        """,
        {"channel": channel},
    )
    return tuple(Manager(row["person"], row["name"]) for row in rows)


async def find(tx: Transaction, channel: str, person: str) -> Manager | None:
    """The person, if named in the channel."""
    row = await tx.one(
        "SELECT person, name FROM channel_manager WHERE channel = :channel AND person = :person",
        {"channel": channel, "person": person},
    )
    return Manager(row["person"], row["name"]) if row is not None else None


async def put(
    tx: Transaction, channel: str, manager: Manager, *, named_by: str, now: datetime
) -> None:
    """Name a person, or update the name of one who is named."""
    await tx.run(
        """
        INSERT INTO channel_manager (channel, person, name, named_by, named_at)
        VALUES (:channel, :person, :name, :named_by, :now)
        ON CONFLICT (channel, person) DO UPDATE SET name = excluded.name
        """,
        {
            "channel": channel,
            "person": manager.person,
            "name": manager.name,
            "named_by": named_by,
            "now": to_text(now),
        },
    )


async def rename(tx: Transaction, channel: str, manager: Manager) -> None:
    """Update the name of a person, if they are named in the channel."""
    await tx.run(
        "UPDATE channel_manager SET name = :name WHERE channel = :channel AND person = :person",
        {"channel": channel, "person": manager.person, "name": manager.name},
    )


async def remove(tx: Transaction, channel: str, person: str) -> bool:
    """Remove a person; returns whether they were named."""
    row = await tx.one(
        "DELETE FROM channel_manager WHERE channel = :channel AND person = :person RETURNING person",
        {"channel": channel, "person": person},
    )
    return row is not None
