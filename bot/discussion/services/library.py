"""What web pages read of the archive: `Library` over the database."""

from datetime import date

from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import EntryId, StoredEntry, tag_slug
from bot.archive.store import entries, tags
from bot.channels.store import linked_channels
from bot.core.database.database import Database, Transaction
from bot.core.ports import ChannelRef, Platform
from bot.discussion.domain.entry_page import EntryPage, Found
from bot.discussion.store import entry_page
from bot.lookup.domain.query_terms import Query, Tag
from bot.lookup.store import search
from bot.webchat.store import board


class DatabaseLibrary:
    """`Library` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def find_entry(self, entry_id: EntryId, *, all_discussions: bool) -> EntryPage | None:
        async with self._db.reading() as tx:
            stored = await entries.find(tx, entry_id)
            if stored is None:
                return None
            readable = None if all_discussions else await _readable_in_web_chat(tx)
            return await entry_page.page_of(tx, stored, readable)

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
            query = Query((Tag(found.tag if found is not None else tag_slug(tag)),))
            hits = await search.look_up(tx, query, page=page, per_page=per_page)
        return Found(hits.entries, hits.more)


async def _readable_in_web_chat(tx: Transaction) -> linked_channels.ReadableSince:
    channels = [str(ChannelRef(Platform.WEB, "", name)) for name in await board.list_channels(tx)]
    return await linked_channels.readable_from(tx, *channels)
