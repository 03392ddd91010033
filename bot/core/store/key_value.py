"""Small things remembered between two runs, by name."""

from bot.core.database.database import Transaction


async def find(tx: Transaction, name: str) -> str | None:
    """What stands under that name."""
    row = await tx.one("SELECT value FROM memo WHERE name = :name", {"name": name})
    return row["value"] if row is not None else None


async def put(tx: Transaction, name: str, value: str) -> None:
    """Let this stand under that name."""
    await tx.run(
        "INSERT INTO memo (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        {"name": name, "value": value},
    )


async def take(tx: Transaction, name: str) -> str | None:
    """What stands under that name, which it does no longer."""
    row = await tx.one("DELETE FROM memo WHERE name = :name RETURNING value", {"name": name})
    return row["value"] if row is not None else None


async def list_all(tx: Transaction, prefix: str) -> tuple[tuple[str, str], ...]:
    """The names that begin with a prefix, with what stands under each."""
    rows = await tx.all(
        "SELECT name, value FROM memo WHERE substr(name, 1, length(:prefix)) = :prefix",
        {"prefix": prefix},
    )
    return tuple((row["name"], row["value"]) for row in rows)
