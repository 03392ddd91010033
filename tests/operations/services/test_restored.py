"""PostgreSQL's backups carry no mark: that a database was restored shows in what its server is."""

from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest

from bot.core.database.database import Engine
from bot.core.store import key_value
from bot.digest.services import subscribe
from bot.operations.services.backup import after_restore, backup, restore
from bot.operations.services.move import move
from tests.databases import dump_and_restore, empty_database, new_database
from tests.stage import GENERAL, MORNING, NINE_IN_SEOUL, Stage, staged


async def restore_elsewhere(stage: Stage) -> None:
    """Make the tables those of another server."""
    async with stage.db.transaction() as tx:
        await key_value.put(tx, "database identity", "another server's")


async def start_elsewhere(stage: Stage) -> datetime | None:
    """Start on the tables of another server; the database then knows its posts until the result."""
    await restore_elsewhere(stage)
    return await after_restore(stage.db, now=stage.clock())


async def test_a_backup_of_before_the_first_digest_is_searched_since_its_first_channel(
    tmp_path, postgresql
):
    with new_database(postgresql) as address:
        async with staged(tmp_path, path=address) as stage:
            assert await after_restore(stage.db, now=stage.clock()) is None  # the first start
            assert await start_elsewhere(stage) is None  # it posts nowhere

            await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
            stage.clock.at = MORNING + timedelta(days=1)
            assert await after_restore(stage.db, now=stage.clock()) is None  # the same server
            assert await start_elsewhere(stage) == MORNING
            (channel,) = await subscribe.list_all(stage.db)
            assert channel.doubt_from == MORNING


async def test_a_dump_of_before_the_first_start_is_recognised(tmp_path, postgresql):
    with new_database(postgresql) as address, empty_database(postgresql) as other:
        async with staged(tmp_path, path=address) as stage:
            await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
            dump_and_restore(address, other, tmp_path / "paperbot.dump")
            assert await after_restore(stage.db, now=stage.clock()) is None  # the first start

        async with staged(tmp_path, path=other) as stage:
            assert await after_restore(stage.db, now=stage.clock()) == MORNING


async def test_a_database_that_was_moved_to_postgresql_is_no_backup(tmp_path, postgresql):
    with new_database(postgresql) as first, new_database(postgresql) as second:
        async with staged(tmp_path, path=first) as stage:
            await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
            assert await start_elsewhere(stage) == MORNING
            async with staged(tmp_path, path=second) as moved:
                await move(stage.db, moved.db, now=stage.clock() + timedelta(days=1))

                assert await after_restore(moved.db, now=moved.clock()) is None
                assert await start_elsewhere(moved) == MORNING


@pytest.mark.parametrize("engine", Engine)
async def test_a_dump_that_is_moved_before_the_bot_was_started_on_it_stays_a_backup(
    tmp_path, postgresql, engine
):
    with ExitStack() as stack:
        source = stack.enter_context(new_database(postgresql))
        server = stack.enter_context(new_database(postgresql))
        target = server if engine is Engine.POSTGRESQL else tmp_path / "moved.db"
        async with staged(tmp_path, path=source) as stage, staged(tmp_path, path=target) as moved:
            await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
            await restore_elsewhere(stage)
            later = stage.clock.at = moved.clock.at = MORNING + timedelta(days=1)

            await move(stage.db, moved.db, now=later)

            assert await after_restore(moved.db, now=later) == MORNING
            (channel,) = await subscribe.list_all(moved.db)
            assert channel.doubt_from == MORNING
            assert await after_restore(moved.db, now=later) is None  # once
            assert await after_restore(stage.db, now=later) == MORNING  # it is as it was


async def test_a_file_that_was_restored_and_moved_before_the_bot_was_started_stays_a_backup(
    tmp_path, postgresql
):
    copy, place = tmp_path / "copy.db", tmp_path / "restored.db"
    async with staged(tmp_path, path=tmp_path / "first.db") as stage:
        await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
        await backup(stage.db, copy, now=stage.clock())
    await restore(copy, place, now=MORNING + timedelta(days=1))

    with new_database(postgresql) as target:
        async with staged(tmp_path, path=place) as stage, staged(tmp_path, path=target) as moved:
            await move(stage.db, moved.db, now=MORNING + timedelta(days=1))

            assert await after_restore(moved.db, now=moved.clock()) == MORNING
            assert await after_restore(moved.db, now=moved.clock()) is None


async def test_a_moved_backup_that_is_restored_again_is_searched_for_once(tmp_path, postgresql):
    with new_database(postgresql) as source, new_database(postgresql) as target:
        async with staged(tmp_path, path=source) as stage, staged(tmp_path, path=target) as moved:
            await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
            await restore_elsewhere(stage)
            await move(stage.db, moved.db, now=MORNING + timedelta(days=1))

            assert await start_elsewhere(moved) == MORNING
            assert await after_restore(moved.db, now=moved.clock()) is None
