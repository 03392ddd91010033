"""What adapters remember between two runs, kept in the database: `ports.Memo`."""

from bot.store import memo
from bot.store.database import Database


class DatabaseMemo:
    """`ports.Memo` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def recall(self, name: str) -> str | None:
        async with self._db.reading() as tx:
            return await memo.find(tx, name)

    async def note(self, name: str, value: str) -> None:
        async with self._db.transaction() as tx:
            await memo.put(tx, name, value)
