"""A database of the version before migration 13 opens, loses nothing, and goes on."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.archive.store import entries
from bot.core.database.database import open_database
from bot.core.database.migrations import bundled_migrations
from bot.core.database.sqlite.migrate import apply_migrations, statements
from bot.core.domain.document import Document, Paragraph, dump, run
from bot.core.store import leases
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.feeds.store import marks as feed_marks
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from tests.stage import MORNING, Clock, MemoryChat, Stage

ROWS = Path(__file__).with_name("rows_before_0013.sql")
BEFORE = 12
GONE = {"ownership": "lease", "arxiv_round": "lease"}
"""Tables that were dropped since, and where their rows are now."""

RENAMED = {
    "channel_wish": "channel_preference",
    "seen_event": "processed_event",
    "memo": "key_value",
    "arxiv_turn": "request_gate",
    "arxiv_taste": "ranking_model",
    "arxiv_identity": "title_match",
    "arxiv_trouble": "failed_request",
}


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        shadows = ("search_", "reply_search_", "sqlite_")
        return {
            name
            for (name,) in found
            if not name.startswith(shadows) or name in ("search_text", "reply_search")
        }


def counts(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as raw:
        return {
            name: raw.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables(path)
        }


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    document = dump(Document((Paragraph(run("Words.")),), summary="Words."))
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        apply_migrations(raw, migrations=bundled_migrations()[:BEFORE], path=str(path))
        for statement in statements(ROWS.read_text(encoding="utf-8")):
            values = {"document": document} if ":document" in statement else {}
            raw.execute(statement, values)
    return path


async def test_every_table_had_rows_and_has_them_still(old: Path, tmp_path: Path):
    before = counts(old)
    db = await open_database(old)
    await db.close()
    fresh = await open_database(tmp_path / "fresh.db")
    await fresh.close()
    after = counts(old)

    assert [name for name, count in before.items() if not count] == []
    kept = {RENAMED.get(name, name): count for name, count in before.items() if name not in GONE}
    kept["schema_migration"] = len(bundled_migrations())
    assert {name: after[name] for name in kept} == kept
    assert schema(old) == schema(tmp_path / "fresh.db")
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_an_old_database_goes_on_where_it_was(old: Path):
    clock = Clock(MORNING)
    db = await open_database(old)
    stage = Stage(db, old.parent, clock, MemoryChat(clock))
    async with db.reading() as tx:
        lease = await leases.find(tx, "posting")

    clock.turn(hours=1)
    await stage.deliverer().drain(asyncio.Event())

    assert lease is not None
    assert (lease.process.id, lease.process.pid) == ("someone", 42)
    found = await operator_actions.list_deliveries(db)
    assert {each.state for each in found} == {State.SENT}
    # The digest before the notice, the notice before the copy; the answer stays behind the copy.
    assert [each.key for each in stage.chat.posted] == ["d5", "d4", "d2", "d3"]
    assert [str(each.channel) for each in stage.chat.posted] == ["slack:T1/C1"] * 4
    assert [each.root for each in stage.chat.posted] == [None, None, "m10", "m10"]
    async with db.reading() as tx:
        [stored] = await entries.list_by_id(tx, [EntryId(1)])
    assert stored.entry.paper.title == "A Paper"
    feed = await DatabaseFeeds(db).newest(today=MORNING.date(), page=1)
    assert [each.first_key for each in feed.entries] == ["2025-02-04 arxiv:2502.01456"]
    await db.close()


async def test_notes_on_the_same_paper_and_day_keep_the_ids_that_they_had_in_feeds(tmp_path: Path):
    path = tmp_path / "old.db"
    at = "2026-02-03T00:00:00.000000+00:00"
    withdrawn = 3
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        apply_migrations(raw, migrations=bundled_migrations()[:45], path=str(path))
        raw.execute(
            "INSERT INTO paper (id, key, arxiv_id) VALUES (1, 'arxiv:2501.00009', '2501.00009')"
        )
        for number, name in enumerate("CBDA", start=1):
            gone = at if number == withdrawn else None
            raw.execute(
                """
                INSERT INTO source (id, kind, path, name, content_hash, imported_at)
                VALUES (?1, 'vault_note', ?2, ?2, '', ?3)
                """,
                (number, f"{name}.md", at),
            )
            raw.execute(
                """
                INSERT INTO entry (
                    id, newness, paper_id, source_id, part, date, title, authors, arxiv_version,
                    commentary, text, created_at, updated_at, withdrawn_at, first_key
                ) VALUES (?1, ?2, 1, ?1, 0, '2026-02-02', ?3, '[]', 0, '[]', '', ?4, ?4, ?5,
                    '2026-02-02 arxiv:2501.00009')
                """,
                (number, -number if gone else number, name, at, gone),
            )

    db = await open_database(path)
    async with db.reading() as tx:
        marks = await feed_marks.list_of(tx, map(EntryId, range(1, 5)))
    await db.close()

    assert {number: mark.ordinal for number, mark in marks.items()} == {1: 2, 2: 1, 3: 0, 4: 0}


async def test_a_person_of_slack_is_known_by_their_workspace_after_the_upgrade(tmp_path: Path):
    path = tmp_path / "old.db"
    at = "2026-02-03T00:00:00.000000+00:00"
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        apply_migrations(raw, migrations=bundled_migrations()[:16], path=str(path))
        for channel, author in [
            ("slack:T1/C1", "slack:U1"),
            ("slack:T2/C1", "slack:U1"),
            ("discord:1/2", "discord:7"),
            ("web:general", "web:ab"),
            ("slack:T1/C1", ""),
        ]:
            raw.execute(
                """
                INSERT INTO reply (channel, message_id, root_message, author_id, author, text,
                                   said_at, received_at)
                VALUES (?, ?, 'r', ?, 'Ada', 'Words', ?, ?)
                """,
                (channel, f"m{channel}{author}", author, at, at),
            )

    db = await open_database(path)
    async with db.reading() as tx:
        found = await tx.all("SELECT author_id FROM reply ORDER BY id")
    await db.close()

    assert [row["author_id"] for row in found] == [
        "slack:T1/U1",
        "slack:T2/U1",
        "discord:7",
        "web:ab",
        "",
    ]
