"""Stored replies, for platforms that compare them with their own history (backfill)."""

from datetime import datetime

from bot.core.database.database import Database
from bot.core.ports import KeptReply, MessageRef, Platform
from bot.discussion.store import replies

MOST_ROOTS = 500
"""The most threads compared in one backfill; each costs its platform at least one call."""


class DatabaseReplies:
    """`Replies` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def roots(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        async with self._db.reading() as tx:
            return await replies.list_roots(tx, platform, since, MOST_ROOTS)

    async def kept_in(self, root: MessageRef) -> tuple[KeptReply, ...]:
        async with self._db.reading() as tx:
            return await replies.list_kept(tx, root)
