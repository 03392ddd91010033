"""The whole graph of the archive, for pages."""

from bot.core.database.database import Database, Statements
from bot.graph.domain.graph import Graph
from bot.graph.store import whole_graph
from bot.graph.store.whole_graph import Rows


class GraphReader:
    """Reads the whole graph; as long as its rows stay the same, the answer is the same object.

    The rows are read each time, which takes a small part of the time: nothing in the database says
    more cheaply that they changed, and another process may have changed them.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._last: tuple[Rows, Graph] | None = None

    async def read(self) -> Graph:
        """The newest 5,000 papers and what connects them."""
        return await self._db.read(self._read)

    def _read(self, statements: Statements) -> Graph:
        rows, last = whole_graph.read_rows(statements), self._last
        if last is not None and last[0] == rows:
            return last[1]
        graph = whole_graph.graph_of(rows)
        self._last = rows, graph
        return graph
