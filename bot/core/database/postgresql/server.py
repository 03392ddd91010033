"""What a PostgreSQL server says about itself."""

from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    """Its version, as `15.18`, the size of the bot's database in bytes, and its connections.

    `connections` counts those of all its databases.
    """

    version: str
    size: int
    connections: int
    allowed: int


async def describe_server(tx: Transaction) -> Server:
    """Ask the server that the transaction runs on."""
    row = await tx.one(
        """
        SELECT current_setting('server_version') AS version,
               pg_database_size(current_database()) AS size,
               current_setting('max_connections') AS allowed,
               (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
                   AS connections
        """
    )
    assert row is not None  # noqa: S101 - a SELECT without FROM has a row
    return Server(
        version=str(row["version"]).partition(" ")[0],
        size=int(row["size"]),
        connections=int(row["connections"]),
        allowed=int(row["allowed"]),
    )
