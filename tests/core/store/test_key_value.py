from bot.core.database.database import Database
from bot.core.store.key_value import DatabaseKeyValue


async def test_the_last_stored_value_is_read_after_a_restart(db: Database):
    memo = DatabaseKeyValue(db)

    await memo.put("commands", "one")
    await memo.put("commands", "two")

    assert await DatabaseKeyValue(db).find("commands") == "two"
    assert await memo.find("something else") is None
