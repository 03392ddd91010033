"""PostgreSQL's backups carry no mark: that a database was restored shows in what its server is."""

from datetime import timedelta

from bot.core.store import key_value
from bot.digest.services import subscribe
from bot.operations.services.backup import after_restore
from bot.operations.services.move import move
from tests.databases import dump_and_restore, empty_database, new_database
from tests.stage import GENERAL, MORNING, NINE_IN_SEOUL, Stage, staged


async def start_elsewhere(stage: Stage):
    """Start on the tables of another server; the database then knows its posts until the result."""
    async with stage.db.transaction() as tx:
        await key_value.put(tx, "database identity", "another server's")
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
