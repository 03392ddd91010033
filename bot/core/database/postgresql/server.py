"""What a PostgreSQL server says about itself."""

from dataclasses import dataclass

from bot.core.database.database import Transaction


@dataclass(frozen=True, slots=True)
class Server:
    """The server's version, as `15.18`, and the size of the bot's database in bytes."""

    version: str
    size: int


async def describe_server(tx: Transaction) -> Server:
    """Ask the server that the transaction runs on."""
    row = await tx.one(
        """
        SELECT current_setting('server_version') AS version,
               pg_database_size(current_database()) AS size
        """
    )
    assert row is not None  # noqa: S101 - a SELECT without FROM has a row
    return Server(str(row["version"]).partition(" ")[0], int(row["size"]))
