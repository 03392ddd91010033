"""The whole graph of the archive, for pages."""

from bot.core.database.database import Database
from bot.graph.domain.graph import Graph
from bot.graph.store import whole_graph


async def read_graph(db: Database) -> Graph:
    """The newest 5,000 papers and what connects them."""
    return await db.read(whole_graph.read)
