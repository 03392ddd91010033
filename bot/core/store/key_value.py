"""Values stored by name, for what must outlive a restart: `KeyValueStore`."""

from bot.core.database.database import Database, Transaction


class DatabaseKeyValue:
    """`KeyValueStore` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def find(self, name: str) -> str | None:
        async with self._db.reading() as tx:
            return await find(tx, name)

    async def put(self, name: str, value: str) -> None:
        async with self._db.transaction() as tx:
            await put(tx, name, value)


async def find(tx: Transaction, name: str) -> str | None:
    """The value stored under the name, if any."""
    row = await tx.one("SELECT value FROM key_value WHERE name = :name", {"name": name})
    return row["value"] if row is not None else None


async def put(tx: Transaction, name: str, value: str) -> None:
    """Store the value under the name."""
    await tx.run(
        "INSERT INTO key_value (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {"name": name, "value": value},
    )


async def put_first(tx: Transaction, name: str, value: str) -> str:
    """Store the value unless the name has one; returns the one that it has now."""
    await tx.run(
        "INSERT INTO key_value (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING",
        {"name": name, "value": value},
    )
    stored = await find(tx, name)
    assert stored is not None  # noqa: S101 - it is there, whoever stored it
    return stored


async def take(tx: Transaction, name: str) -> str | None:
    """Delete the name and return its value, if any."""
    row = await tx.one("DELETE FROM key_value WHERE name = :name RETURNING value", {"name": name})
    return row["value"] if row is not None else None


async def list_all(tx: Transaction, prefix: str) -> tuple[tuple[str, str], ...]:
    """The names that begin with a prefix, each with its value."""
    rows = await tx.all(
        "SELECT name, value FROM key_value WHERE substr(name, 1, length(:prefix)) = :prefix",
        {"prefix": prefix},
    )
    return tuple((row["name"], row["value"]) for row in rows)
