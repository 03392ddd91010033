"""The bot's numbers for `/metrics`, read from the database."""

from datetime import datetime

from bot.core.database.database import Database
from bot.core.ports import Measure
from bot.core.store import processes
from bot.mail.store import addresses
from bot.operations.store.totals import totals


async def measure(db: Database, *, now: datetime) -> tuple[Measure, ...]:
    """How much there is of everything, how the outbox is, and how PostgreSQL is used."""
    async with db.reading() as tx:
        found = await totals(tx)
        parts = await processes.count_parts(tx, now)
        by_mail = await addresses.tally(tx)
    return (
        Measure("entries", "Entries that are not withdrawn.", found.entries),
        Measure("papers", "Papers that are known.", found.papers),
        Measure("database_bytes", "Size of the database.", found.bytes),
        *(
            Measure("deliveries", "Outbound messages by state.", count, (("state", state),))
            for state, count in found.deliveries.items()
        ),
        *(
            Measure("subscriptions", "Channels by standing.", count, (("standing", standing),))
            for standing, count in found.subscriptions.items()
        ),
        *(
            Measure(
                "mail_addresses", "Addresses of e-mail by answer.", count, (("answer", answer),)
            )
            for answer, count in by_mail.items()
        ),
        *(
            Measure(
                "database_connections",
                "Connections of this process to PostgreSQL.",
                count,
                (("state", state),),
            )
            for state, count in db.connections().items()
        ),
        *(
            Measure(
                "parts",
                "Parts of the work of each process on this database.",
                count,
                (("machine", machine), ("pid", str(pid))),
            )
            for (machine, pid), count in parts.items()
        ),
    )
