"""The bot's numbers for `/metrics`, read from the database."""

from bot.core.database.database import Database
from bot.core.ports import Measure
from bot.operations.store.totals import totals


async def measure(db: Database) -> tuple[Measure, ...]:
    """How much there is of everything, and how the outbox is."""
    async with db.reading() as tx:
        found = await totals(tx)
    return (
        Measure("entries", "Entries that are not withdrawn.", found.entries),
        Measure("papers", "Papers that are known.", found.papers),
        *(
            Measure("deliveries", "Outbound messages by state.", count, (("state", state),))
            for state, count in found.deliveries.items()
        ),
        *(
            Measure("subscriptions", "Channels by standing.", count, (("standing", standing),))
            for standing, count in found.subscriptions.items()
        ),
    )
