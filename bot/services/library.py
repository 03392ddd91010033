"""What pages read of the archive: `ports.Library` over the database."""

from datetime import date

from bot.domain.entry import EntryId, StoredEntry
from bot.domain.query_terms import Query, Tag
from bot.ports import ChannelRef, Day, EntryPage, Found, Platform, TagCount
from bot.store import board, circles, entries, related, search, tags
from bot.store.database import Database, Transaction


class DatabaseLibrary:
    """`ports.Library` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def find_entry(self, entry_id: EntryId, *, all_talk: bool) -> EntryPage | None:
        async with self._db.reading() as tx:
            stored = await entries.find(tx, entry_id)
            if stored is None:
                return None
            heard = None if all_talk else await _heard_in_the_web_chat(tx)
            return await related.page_of(tx, stored, heard)

    async def list_on(self, day: date) -> tuple[StoredEntry, ...]:
        async with self._db.reading() as tx:
            return await entries.on_date(tx, day)

    async def list_days(self, *, before: date | None = None, limit: int) -> tuple[Day, ...]:
        async with self._db.reading() as tx:
            return await entries.list_days(tx, before=before, limit=limit)

    async def day_after(self, day: date) -> date | None:
        async with self._db.reading() as tx:
            return await entries.day_after(tx, day)

    async def list_tags(self, *, limit: int) -> tuple[TagCount, ...]:
        async with self._db.reading() as tx:
            return await tags.list_used(tx, limit=limit)

    async def list_tagged(self, tag: str, *, page: int, per_page: int) -> Found:
        async with self._db.reading() as tx:
            found = await tags.find(tx, tag)
            if found is None:
                return Found((), more=False)
            query = Query((Tag(found.tag),))
            hits = await search.look_up(tx, query, page=page, per_page=per_page)
        return Found(hits.entries, hits.more)


async def _heard_in_the_web_chat(tx: Transaction) -> circles.Heard:
    channels = [str(ChannelRef(Platform.WEB, "", name)) for name in await board.list_channels(tx)]
    return await circles.heard_by(tx, *channels)
