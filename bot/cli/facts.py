"""What notes are checked against that is known outside of them, read from the database."""

from datetime import date

from bot.archive.domain.checks.facts import Facts
from bot.arxiv.store import asked_papers
from bot.channels.domain.subscription import Standing
from bot.channels.store import subscriptions
from bot.core.database.database import Database


async def read_facts(db: Database, today: date) -> Facts:
    """The numbers that arXiv does not know, and the languages of the channels that get a digest."""
    async with db.reading() as tx:
        coverage = await asked_papers.coverage(tx)
        channels = await subscriptions.list_all(tx)
    return Facts(
        today,
        absent=frozenset((*coverage.absent, *coverage.refused)),
        languages=frozenset(
            frozenset(each.options.languages)
            for each in channels
            if each.standing is Standing.ACTIVE
        ),
    )
