"""Ids and `updated` outlast a rebuild, a restore and a move to the other engine (issue 18, item 3)."""

import asyncio
import shutil
from datetime import date, timedelta

from bot.archive.services.import_files import import_files
from bot.core.database.database import Database, opened
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.operations.services.backup import after_restore, backup
from bot.operations.services.move import move
from tests.databases import new_database, throw_away
from tests.stage import MORNING, staged

TODAY = date(2027, 1, 1)


async def feed_of(db: Database) -> list[tuple[str, str, str]]:
    """Id, `updated` and title of everything in the feed of all entries."""
    feeds, found, number, more = DatabaseFeeds(db), [], 1, True
    while more:
        page = await feeds.newest(today=TODAY, page=number)
        found += [
            (each.id, each.updated.isoformat(), each.stored.entry.paper.title)
            for each in page.entries
        ]
        number, more = number + 1, page.more
    return found


async def test_ids_and_updated_outlast_restore_and_move(tmp_path, postgresql):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage:
        for number in range(4):
            await stage.note(f"Note {number}", MORNING.date() - timedelta(days=number))
        stage.clock.turn(days=3)
        await stage.note("Note 2", MORNING.date() - timedelta(days=2), "Other words.")
        stage.clock.turn(days=3)
        before = await feed_of(stage.db)

        await backup(stage.db, tmp_path / "copy.db", now=stage.clock())
        await asyncio.to_thread(shutil.copyfile, tmp_path / "copy.db", tmp_path / "restored.db")
        async with opened(tmp_path / "restored.db") as restored:
            await after_restore(restored, now=stage.clock())
            await import_files(restored, [stage.vault], now=stage.clock())
            after_a_restore = await feed_of(restored)
        with new_database(postgresql) as address:
            async with opened(address) as server:
                await move(stage.db, server, now=stage.clock())
                after_a_move = await feed_of(server)

    assert after_a_restore == after_a_move == before
    assert [at for _, at, title in before if title == "Note 2"] == ["2026-02-06T00:00:00+00:00"]
    assert len(before) == 4


async def test_a_rebuild_from_the_same_notes_gives_the_same_feed(shared):
    vault = shared / "samples" / "vault"
    files = sorted(vault.rglob("*.md"))[-40:]
    async with throw_away() as first, throw_away() as second:
        await import_files(first, files, now=MORNING)
        for file in reversed(files):
            await import_files(second, [file], now=MORNING + timedelta(days=9))
        built, rebuilt = await feed_of(first), await feed_of(second)

    assert sorted(built) == sorted(rebuilt)
    assert len({each for each, _, _ in built}) == len(built) > 20
