"""Counts of rows for `/metrics`."""

from collections.abc import Mapping

from bot.channels.domain.subscription import Standing
from bot.core.database.database import Engine, Transaction
from bot.core.domain.dataclass import dataclass
from bot.outbox.domain.delivery import State
from bot.outbox.store import operator_view


@dataclass(frozen=True, slots=True)
class Totals:
    """Counted rows; every state and standing is there, also with 0."""

    entries: int
    papers: int
    bytes: int
    deliveries: Mapping[State, int]
    subscriptions: Mapping[Standing, int]


_SIZE = {
    Engine.SQLITE: "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
    Engine.POSTGRESQL: "SELECT pg_database_size(current_database()) AS bytes",
}


async def totals(tx: Transaction) -> Totals:
    """Count entries (without withdrawn ones), papers, deliveries and subscriptions; the size."""
    row = await tx.one(
        """
        SELECT (SELECT count(*) FROM entry WHERE newness > 0) AS entries,
               (SELECT count(*) FROM paper) AS papers
        """
    )
    size = await tx.one(_SIZE[tx.engine])
    assert row is not None  # noqa: S101 - an aggregate always has a row
    assert size is not None  # noqa: S101 - so do these functions
    standings = await tx.all("SELECT standing, count(*) AS n FROM subscription GROUP BY standing")
    return Totals(
        entries=row["entries"],
        papers=row["papers"],
        bytes=size["bytes"],
        deliveries=await operator_view.count_by_state(tx),
        subscriptions=dict.fromkeys(Standing, 0)
        | {Standing(each["standing"]): each["n"] for each in standings},
    )
