"""The web chat's memory, kept in the database: `ports.Board`."""

import re
from datetime import datetime

from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.webchat.domain.board import Author, BoardMessage
from bot.webchat.store import board

_NAME = re.compile(r"\w[\w-]{0,39}")


class DatabaseBoard:
    """`ports.Board` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list_channels(self) -> tuple[str, ...]:
        async with self._db.reading() as tx:
            return await board.list_channels(tx)

    async def add_channel(self, name: str, *, at: datetime) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                "“{name}” cannot be a channel name: use 1 to 40 letters, digits and hyphens",
                name=name,
            )
        async with self._db.transaction() as tx:
            await board.add_channel(tx, name, at)

    async def add(
        self,
        channel: str,
        content: Document | str,
        *,
        at: datetime,
        root: int | None = None,
        author: Author | None = None,
        question: str = "",
        key: str | None = None,
    ) -> BoardMessage:
        draft = board.Draft(channel, content, at, root, author, question, key)
        async with self._db.transaction() as tx:
            return await board.add(tx, draft)

    async def find(self, message: int) -> BoardMessage | None:
        async with self._db.reading() as tx:
            return await board.find(tx, message)

    async def find_by_key(self, channel: str, key: str, *, since: datetime) -> BoardMessage | None:
        async with self._db.reading() as tx:
            return await board.find_by_key(tx, channel, key, since)

    async def update(
        self, message: int, content: Document | str, *, at: datetime, question: str | None = None
    ) -> BoardMessage | None:
        async with self._db.transaction() as tx:
            return await board.update(tx, message, content, at, question)

    async def remove(self, message: int, *, at: datetime) -> BoardMessage | None:
        async with self._db.transaction() as tx:
            return await board.remove(tx, message, at)

    async def list_unheard(self, *, limit: int) -> tuple[BoardMessage, ...]:
        async with self._db.reading() as tx:
            return await board.list_unheard(tx, limit)

    async def mark_heard(self, heard: BoardMessage) -> None:
        async with self._db.transaction() as tx:
            await board.mark_heard(tx, heard)

    async def list_messages(
        self, channel: str, *, limit: int, root: int | None = None, before: int | None = None
    ) -> tuple[BoardMessage, ...]:
        async with self._db.reading() as tx:
            return await board.list_messages(tx, channel, limit=limit, root=root, before=before)

    async def list_changes(self, after: int, *, limit: int) -> tuple[BoardMessage, ...]:
        async with self._db.reading() as tx:
            return await board.list_changes(tx, after, limit)

    async def newest_revision(self) -> int:
        async with self._db.reading() as tx:
            return await board.newest_revision(tx)
