"""Examples for the help: queries that find something in this archive."""

from bot.archive.store import entries, tags
from bot.core.database.database import Database
from bot.core.domain.i18n import translatable
from bot.lookup.domain.examples import Example, list_examples
from bot.lookup.services import lookup


async def list_finding(db: Database) -> tuple[Example, ...]:
    """Queries of each kind: the most used tag, and filters that the newest day's entries match."""
    async with db.reading() as tx:
        used = await tags.list_used(tx, limit=1)
        days = await entries.list_days(tx, limit=1)
        newest = await entries.on_date(tx, days[0].on) if days else ()
    common = [Example(f"#{each.tag}", translatable("papers with that tag")) for each in used]
    known = {example.query for example in common}
    found = [*common, *(each for each in list_examples(newest) if each.query not in known)]
    return tuple([each for each in found if await _finds(db, each.query)])


async def _finds(db: Database, query: str) -> bool:
    return bool((await lookup.look_up(db, query, per_page=1)).entries)
