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
