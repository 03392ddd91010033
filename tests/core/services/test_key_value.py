import pytest

from bot.core.database.database import Database, open_database
from bot.core.services.key_value import DatabaseMemo


@pytest.fixture
async def db(tmp_path):
    opened = await open_database(tmp_path / "paperbot.db")
    yield opened
    await opened.close()


async def test_what_was_noted_last_is_recalled_also_after_a_restart(db: Database):
    memo = DatabaseMemo(db)

    await memo.note("commands", "one")
    await memo.note("commands", "two")

    assert await DatabaseMemo(db).recall("commands") == "two"
    assert await memo.recall("something else") is None
