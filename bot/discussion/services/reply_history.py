"""What is kept of what people said, for adapters that compare it with what is there."""

from datetime import datetime

from bot.core.database.database import Database
from bot.core.ports import KeptReply, MessageRef, Platform
from bot.discussion.store import replies

MOST_ROOTS = 500
"""Threads that are compared at once; each costs its platform a call or more."""


class DatabaseReplies:
    """`ports.Replies` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def roots(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        async with self._db.reading() as tx:
            return await replies.list_roots(tx, platform, since, MOST_ROOTS)

    async def kept_in(self, root: MessageRef) -> tuple[KeptReply, ...]:
        async with self._db.reading() as tx:
            return await replies.list_kept(tx, root)
