"""What pages read of the archive."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import EntryId
from bot.archive.store import entry_changes
from bot.core.database.database import Database
from bot.discussion.services.library import DatabaseLibrary
from tests.archive_stage import NOW, an_entry, keep_apart
from tests.databases import throw_away


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    async with throw_away() as database:
        await keep_apart(
            database,
            an_entry("Old", on=date(2024, 5, 1), tags="rl"),
            an_entry("First", on=date(2025, 2, 3), tags="rl long_context"),
            an_entry("Second", on=date(2025, 2, 3), tags="rl"),
            an_entry("Taken back", on=date(2025, 2, 4), tags="gone rl"),
            an_entry("Undated", on=None),
        )
        async with database.transaction() as tx:
            await entry_changes.withdraw(tx, [EntryId(4)], now=NOW)
        yield database


@pytest.fixture
def library(db: Database) -> DatabaseLibrary:
    return DatabaseLibrary(db)


async def test_days_with_entries_are_listed_newest_first(library):
    days = (Day(date(2025, 2, 3), 2), Day(date(2024, 5, 1), 1))

    assert await library.list_days(limit=10) == days
    assert await library.list_days(limit=1) == days[:1]
    assert await library.list_days(before=date(2025, 2, 3), limit=10) == days[1:]
    assert await library.list_days(before=date(2020, 1, 1), limit=10) == ()


async def test_the_next_day_is_one_with_entries(library):
    assert await library.day_after(date(2024, 5, 1)) == date(2025, 2, 3)
    assert await library.day_after(date(2025, 2, 3)) is None


async def test_a_day_is_listed_in_its_order(library):
    day = await library.list_on(date(2025, 2, 3))

    assert [stored.entry.paper.title for stored in day] == ["First", "Second"]


async def test_tags_count_what_is_not_withdrawn(library, db):
    counts = (TagCount("rl", 3), TagCount("long-context", 1))
    assert await library.list_tags(limit=10) == counts

    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [EntryId(2)], now=NOW)
        await entry_changes.withdraw(tx, [EntryId(2)], now=NOW)
    assert await library.list_tags(limit=10) == (TagCount("rl", 2),)


async def test_a_tag_is_listed_by_any_spelling(library):
    found = await library.list_tagged("Long_Context", page=1, per_page=10)

    assert [stored.entry.paper.title for stored in found.entries] == ["First"]
    assert found.tag == "long-context"
    assert (await library.list_tagged("rl", page=1, per_page=2)).more
    assert (await library.list_tagged("nothing", page=1, per_page=2)).entries == ()


async def test_a_withdrawn_entry_still_has_its_page(library):
    page = await library.find_entry(EntryId(4), all_discussions=True)

    assert page is not None
    assert page.stored.withdrawn_at == NOW
    assert page.stored.entry.tags == ("gone", "rl")
    assert await library.find_entry(EntryId(99), all_discussions=True) is None


async def test_similar_entries_come_best_first_without_withdrawn_ones(library, db):
    page = await library.find_entry(EntryId(2), all_discussions=False)

    similar = await library.list_similar(page.stored, limit=2)

    assert [stored.entry.paper.title for stored in similar] == ["Second", "Old"]


async def test_a_search_pages_and_suggests(library):
    page = await library.search("rl", page=1, per_page=2, all_discussions=False)
    nothing = await library.search("#long-contex", page=1, per_page=2, all_discussions=False)

    assert (len(page.entries), page.more, page.total) == (2, True, 3)
    assert nothing.suggestions == ("#long-context",)
    assert [s.query for s in await library.complete("#lo", limit=5)] == ["#long-context"]
