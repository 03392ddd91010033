"""What adapters remember between two runs, kept in the database: `ports.Memo`."""

from bot.core.database.database import Database
from bot.core.store import key_value


class DatabaseMemo:
    """`ports.Memo` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def recall(self, name: str) -> str | None:
        async with self._db.reading() as tx:
            return await key_value.find(tx, name)

    async def note(self, name: str, value: str) -> None:
        async with self._db.transaction() as tx:
            await key_value.put(tx, name, value)
