"""Ids and `updated` outlast a rebuild, a restore and a move to the other engine (issue 18, item 3)."""

import asyncio
import shutil
from datetime import date, timedelta
from pathlib import Path

from bot.archive.services.import_files import import_files
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, opened
from bot.discussion.services.full_export import export_lines
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.lookup.services.selection import chosen
from bot.operations.services.backup import after_restore, backup
from bot.operations.services.move import move
from bot.site.domain.paths import Paths
from bot.site.services.read_archive import read_archive
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


def a_note(folder: Path, name: str, *, paper: str = "2501.00009") -> Path:
    file = folder / f"261127 {name}.md"
    file.write_text(
        f"https://arxiv.org/abs/{paper}\n\n*{name}* (Kim Example)\n\n생각 {name}\n\n#rl\n"
    )
    return file


async def ids_and_addresses(db: Database) -> dict[str, tuple[str, str]]:
    """By title: the end of the id in feeds, and the page of the static site."""
    archive = await read_archive(db)
    paths = Paths(archive)
    return {
        stored.entry.paper.title: (
            archive.marks[stored.id].id.partition("2501.00009")[2],
            paths.entry(stored.id).partition("2501.00009")[2],
        )
        for stored in archive.entries
    }


async def test_another_note_on_the_same_paper_and_day_takes_no_id_and_no_address(
    location: Path | PostgresAddress, tmp_path: Path
):
    told = []
    vault = tmp_path / "vault"
    vault.mkdir()
    # Later ones stand before the first one by their paths; C gets the place of B, which finds it taken.
    async with opened(location) as db:
        for names in ("B", "AB", "B", "AB", "A", "AC", "ABC"):
            for name in "ABC":
                file = a_note(vault, name)
                if name not in names:
                    file.unlink()
            await import_files(db, [vault], now=MORNING, withdraw_missing=True)
            told.append(await ids_and_addresses(db))

    one, two, three = ("", ".html"), ("/2", "-2.html"), ("/3", "-3.html")
    assert told == [
        {"B": one},
        {"A": two, "B": one},
        {"B": one},
        {"A": two, "B": one},
        {"A": two},
        {"A": two, "C": one},
        {"A": two, "B": three, "C": one},
    ]


async def test_notes_on_the_same_paper_and_day_have_the_same_ids_after_an_export(
    db: Database, tmp_path: Path
):
    vault = tmp_path / "vault"
    vault.mkdir()
    file = tmp_path / "archive.jsonl"
    for name in "BCA":
        await import_files(db, [a_note(vault, name)], now=MORNING)
    before = await ids_and_addresses(db)
    with file.open("w", encoding="utf-8") as out:
        async for piece in export_lines(db, chosen(db, "", as_written=False)):
            out.write(piece)

    async with throw_away() as other:
        await import_files(other, [file], now=MORNING)
        after = await ids_and_addresses(other)

    assert after == before == {"A": ("/3", "-3.html"), "B": ("", ".html"), "C": ("/2", "-2.html")}


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
