"""What web pages read of the archive: `Library` over the database."""

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import date

from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import EntryId, StoredEntry, tag_slug
from bot.archive.store import entries, tags
from bot.channels.store import linked_channels, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.ports import ChannelRef, Platform
from bot.discussion.domain.entry_page import EntryPage, Found, Suggestion, ThreadPlace
from bot.discussion.services.answers import Link, no_link
from bot.discussion.store import entry_page, replies
from bot.graph.domain.graph import Graph
from bot.graph.services.show_graph import GraphReader
from bot.lookup.domain.query_terms import Query, Tag
from bot.lookup.services import completion, lookup
from bot.lookup.services.selection import chosen
from bot.lookup.store import search
from bot.outbox.store import threads
from bot.webchat.store import board


class DatabaseLibrary:
    """`Library` over an open database; `link` gives the address of a message."""

    def __init__(self, db: Database, *, link: Link = no_link) -> None:
        self._db = db
        self._link = link
        self._graph = GraphReader(db)

    async def find_entry(
        self, entry_id: EntryId, *, all_discussions: bool, channels: Collection[str] = ()
    ) -> EntryPage | None:
        async with self._db.reading() as tx:
            stored = await entries.find(tx, entry_id)
            if stored is None:
                return None
            readable = None
            public = await _web_channels(tx)
            if not all_discussions:
                readable = await linked_channels.readable_from(tx, *public, *channels)
            page = await entry_page.page_of(tx, stored, readable)
            posted = await threads.list_posted(tx, entry_id)
        places = tuple(
            ThreadPlace(str(message.channel), self._link(message))
            for message in posted
            # Which channels of other platforms get the digest is nothing for visitors, and what
            # is in somebody's inbox on the web for nobody else.
            if (all_discussions and message.channel.platform is not Platform.WEB)
            or str(message.channel) in public
            or str(message.channel) in channels
        )
        return replace(page, threads=places)

    async def list_similar(self, paper: StoredEntry, *, limit: int) -> tuple[StoredEntry, ...]:
        async with self._db.reading() as tx:
            return await search.list_similar(tx, paper.entry.paper.key, limit=limit)

    async def search(
        self,
        query: str,
        *,
        page: int,
        per_page: int,
        all_discussions: bool,
        channels: Collection[str] = (),
    ) -> Found:
        asked_in = None if all_discussions else await self._readers_of(channels)
        found = await lookup.look_up(
            self._db, query, page=page, per_page=per_page, asked_in=asked_in
        )
        return Found(found.entries, found.more, found.total, found.suggestions)

    async def every(
        self, query: str, *, all_discussions: bool, channels: Collection[str] = ()
    ) -> AsyncIterator[StoredEntry]:
        asked_in = None if all_discussions else await self._readers_of(channels)
        found = chosen(self._db, query, as_written=False, by_paper=True, asked_in=asked_in)
        async for stored in found:
            yield stored

    async def complete(self, typed: str, *, limit: int) -> tuple[Suggestion, ...]:
        choices = await completion.complete(self._db, typed, limit=limit)
        return tuple(Suggestion(choice.label, choice.value) for choice in choices)

    async def list_channels(self) -> tuple[str, ...]:
        async with self._db.reading() as tx:
            subscribed = [each.channel for each in await subscriptions.list_all(tx)]
            return tuple(sorted({*subscribed, *await replies.list_channels(tx)}))

    async def is_subscribed(self, channel: str) -> bool:
        async with self._db.reading() as tx:
            return await subscriptions.find(tx, _ref(channel)) is not None

    async def list_on(self, day: date) -> tuple[StoredEntry, ...]:
        async with self._db.reading() as tx:
            return await entries.on_date(tx, day)

    async def list_between(self, first: date, last: date) -> tuple[StoredEntry, ...]:
        async with self._db.reading() as tx:
            return await entries.between(tx, first, last)

    async def read_graph(self) -> Graph:
        return await self._graph.read()

    async def list_days(self, *, before: date | None = None, limit: int) -> tuple[Day, ...]:
        async with self._db.reading() as tx:
            return await entries.list_days(tx, before=before, limit=limit)

    async def day_after(self, day: date) -> date | None:
        async with self._db.reading() as tx:
            return await entries.day_after(tx, day)

    async def list_tags(self, *, limit: int) -> tuple[TagCount, ...]:
        async with self._db.reading() as tx:
            return await tags.list_used(tx, limit=limit)

    async def list_beside(self, tag: str, *, limit: int) -> tuple[TagCount, ...]:
        async with self._db.reading() as tx:
            return await tags.list_beside(tx, tag, limit=limit)

    async def list_tagged(self, tag: str, *, page: int, per_page: int) -> Found:
        async with self._db.reading() as tx:
            found = await tags.find(tx, tag)
            query = Query((Tag(found.tag if found is not None else tag_slug(tag)),))
            hits = await search.look_up(tx, query, page=page, per_page=per_page)
        return Found(hits.entries, hits.more, tag=found.tag if found is not None else "")

    async def _readers_of(self, channels: Collection[str]) -> tuple[str, ...]:
        async with self._db.reading() as tx:
            return (*await _web_channels(tx), *channels)


async def _web_channels(tx: Transaction) -> tuple[str, ...]:
    return tuple(map(_ref, await board.list_channels(tx)))


def _ref(channel: str) -> str:
    return str(ChannelRef(Platform.WEB, "", channel))
