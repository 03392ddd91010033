"""Backups: whole, while the bot works; and nothing is posted twice after one is restored."""

import asyncio
import shutil
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.database.database import open_database, opened
from bot.core.domain.document import dump
from bot.core.domain.errors import StorageError, UsageError
from bot.digest.services import plan, subscribe
from bot.operations.services.backup import after_restore, backup, restore
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from tests.outbox_stage import draft
from tests.outbox_stage import plan as plan_drafts
from tests.stage import GENERAL, NINE_IN_SEOUL, Stage, english, staged

MONDAY = date(2026, 2, 2)
DAYS = [MONDAY + timedelta(days=n) for n in range(5)]


def nine(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.fixture
async def stage(tmp_path):
    """A bot that has posted Monday's digest."""
    async with staged(tmp_path, nine(MONDAY) - timedelta(hours=1), tmp_path / "bot.db") as stage:
        await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
        await live(stage, MONDAY)
        yield stage


async def live(stage: Stage, day: date) -> None:
    """A day of the bot: a note is written, its digest is posted."""
    stage.clock.at = nine(day) - timedelta(minutes=5)
    stage.write(f"Of {day}", day)
    await stage.sync()
    stage.clock.at = nine(day)
    await work(stage)


async def work(stage: Stage) -> None:
    """Plan and post until nothing is left to do."""
    for _ in range(30):
        await plan.plan_due(stage.db, now=stage.clock(), voices=english)
        await stage.deliverer().drain(asyncio.Event())
        stage.clock.turn(seconds=10)


async def restored(stage: Stage, copy: Path, folder: Path) -> Stage:
    """The same vault and platform, with the database as it was backed up."""
    again = await staged_on(stage, copy, folder)
    await after_restore(again.db, now=again.clock())
    await again.sync()
    await work(again)
    return again


async def staged_on(stage: Stage, copy: Path, folder: Path) -> Stage:
    place = folder / "restored.db"
    await asyncio.to_thread(shutil.copyfile, copy, place)
    return Stage(await open_database(place), stage.vault, stage.clock, stage.chat)


async def test_a_backup_is_whole_checked_and_marked(stage, tmp_path):
    copy = tmp_path / "copy.db"

    size = await backup(stage.db, copy, now=stage.clock())

    assert size == copy.stat().st_size
    with sqlite3.connect(copy) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("SELECT count(*) FROM delivery").fetchone() == (2,)
        assert raw.execute("SELECT count(*) FROM backup_mark").fetchone() == (1,)
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    raw.close()
    assert sorted(each.name for each in tmp_path.glob("*copy*")) == ["copy.db"]
    assert await after_restore(stage.db, now=stage.clock()) is None  # the original is none


async def test_a_backup_of_a_backup_that_no_bot_was_started_on_is_as_old_as_that(stage, tmp_path):
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    made_at = stage.clock()
    await backup(stage.db, first, now=made_at)
    again = await staged_on(stage, first, tmp_path)
    stage.clock.turn(days=2)
    await backup(again.db, second, now=stage.clock())
    await again.db.close()

    place = tmp_path / "place.db"
    assert (await restore(second, place, now=stage.clock())).made_at == made_at
    async with opened(place) as db:
        assert await after_restore(db, now=stage.clock()) == made_at


async def test_a_backup_is_made_while_others_write(stage, tmp_path):
    copy, done = tmp_path / "copy.db", asyncio.Event()

    async def write() -> int:
        number = 0
        while not done.is_set():
            await plan_drafts(stage, draft(f"message {number}"))
            number += 1
        return number

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write())
        for _ in range(3):
            copy.unlink(missing_ok=True)
            await backup(stage.db, copy, now=stage.clock())
        done.set()

    assert writing.result() > 0
    with sqlite3.connect(copy) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%41b", "a b", "가"])
async def test_a_database_of_any_path_is_backed_up(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    async with staged(tmp_path, path=folder / "bot.db") as stage:
        before = sorted(tmp_path.rglob("*"))
        await backup(stage.db, folder / "copy.db", now=stage.clock())

    left = {*tmp_path.rglob("*"), *before} - {folder / f"bot.db{end}" for end in ("-wal", "-shm")}
    assert left == {tmp_path / "vault", folder, folder / "bot.db", folder / "copy.db"}


async def test_what_is_wrong_with_the_database_names_it_and_not_the_backup(stage, tmp_path):
    stage.db.location.write_bytes(b"no database at all" * 1000)
    for end in ("-wal", "-shm"):
        stage.db.location.with_name(f"bot.db{end}").unlink()

    with pytest.raises(StorageError) as caught:
        await backup(stage.db, tmp_path / "copy.db", now=stage.clock())

    assert caught.value.path == str(stage.db.location)
    assert not (tmp_path / "copy.db").exists()


async def test_a_backup_that_cannot_be_written_leaves_the_old_one(stage, tmp_path):
    copy = tmp_path / "nowhere" / "copy.db"

    with pytest.raises(UsageError, match="cannot be written"):
        await backup(stage.db, copy, now=stage.clock())
    with pytest.raises(UsageError, match="a folder"):
        await backup(stage.db, tmp_path, now=stage.clock())
    with pytest.raises(UsageError, match="the database itself"):
        await backup(stage.db, stage.db.location, now=stage.clock())


async def test_a_backup_replaces_nothing_that_is_there(stage, tmp_path):
    copy, link = tmp_path / "copy.db", tmp_path / "link.db"
    copy.write_text("precious")
    link.symlink_to("nothing.db")

    for target in (copy, link):
        with pytest.raises(UsageError, match="A file of that name exists already"):
            await backup(stage.db, target, now=stage.clock())

    assert copy.read_text() == "precious"
    assert sorted(each.name for each in tmp_path.glob("*.db")) == ["bot.db", "copy.db", "link.db"]
    assert not list(tmp_path.glob(".*"))


async def test_a_database_and_its_backup_are_readable_by_their_owner_only(stage, tmp_path):
    await backup(stage.db, tmp_path / "copy.db", now=stage.clock())

    files = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.glob("*.db*")}
    assert files == dict.fromkeys(["bot.db", "bot.db-wal", "bot.db-shm", "copy.db"], 0o600)


async def test_after_a_restore_nothing_is_posted_twice(stage, tmp_path):
    copy = tmp_path / "copy.db"
    await backup(stage.db, copy, now=stage.clock())
    for day in DAYS[1:4]:
        await live(stage, day)
    before = stage.said()

    again = await restored(stage, copy, tmp_path)

    assert stage.said() == before
    states = {each.state for each in await operator_actions.list_deliveries(again.db)}
    assert states == {State.SENT}
    await again.db.close()


async def test_after_a_restore_unposted_messages_are_posted(stage, tmp_path):
    copy = tmp_path / "copy.db"
    await backup(stage.db, copy, now=stage.clock())
    await live(stage, DAYS[1])
    before = stage.said()
    stage.write("Lost", DAYS[2])
    stage.clock.at = nine(DAYS[3]) + timedelta(hours=3)

    again = await restored(stage, copy, tmp_path)

    assert stage.said()[: len(before)] == before
    assert stage.said()[len(before) + 1 :] == ["Lost"]
    await again.db.close()


async def test_after_a_restore_new_digests_are_posted(stage, tmp_path):
    copy = tmp_path / "copy.db"
    await backup(stage.db, copy, now=stage.clock())
    await live(stage, DAYS[1])

    again = await restored(stage, copy, tmp_path)
    await live(again, DAYS[2])
    await live(again, DAYS[3])

    papers = [said for said in stage.said() if said.startswith("Of ")]
    assert papers == [f"Of {day}" for day in DAYS[:4]]
    assert await after_restore(again.db, now=again.clock()) is None
    await again.db.close()


async def test_a_manual_digest_from_after_the_backup_is_not_posted_again(stage, tmp_path):
    copy = tmp_path / "copy.db"
    await backup(stage.db, copy, now=stage.clock())
    stage.clock.at = nine(DAYS[1]) - timedelta(hours=2)
    await stage.note("By hand", DAYS[1])
    subscription = await subscribe.get(stage.db, GENERAL)
    await plan.plan_by_hand(stage.db, subscription, DAYS[1], now=stage.clock(), voices=english)
    await work(stage)

    again = await restored(stage, copy, tmp_path)
    await live(again, DAYS[2])
    await live(again, DAYS[3])

    assert stage.said().count("By hand") == 1
    assert stage.said().count(f"Of {DAYS[3]}") == 1
    await again.db.close()


async def test_after_a_restore_messages_are_edited_to_their_wanted_content(stage, tmp_path):
    copy = tmp_path / "copy.db"
    await backup(stage.db, copy, now=stage.clock())
    await live(stage, DAYS[1])
    (stage.vault / f"{DAYS[1]:%y%m%d} Of {DAYS[1]}.md").unlink()
    stage.write(f"Of {DAYS[1]}", DAYS[1], "Words that nobody has seen yet.")

    again = await restored(stage, copy, tmp_path)
    await again.changer().run(asyncio.Event())

    assert "nobody has seen" in dump(stage.chat.posted[-1].document)
    assert len(stage.chat.posted) == 4
    await again.db.close()


async def test_what_waited_in_the_outbox_when_the_backup_was_made_is_searched_for(stage, tmp_path):
    copy = tmp_path / "copy.db"
    await plan_drafts(stage, draft("waiting"), draft("waiting, too"))
    await backup(stage.db, copy, now=stage.clock())
    await stage.deliverer().drain(asyncio.Event())
    before = stage.said()

    again = await restored(stage, copy, tmp_path)

    assert before[-2:] == ["waiting", "waiting, too"]
    assert stage.said() == before
    await again.db.close()
