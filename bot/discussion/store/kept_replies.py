"""What a platform's backfill compares its history with: `Replies` over the database."""

from datetime import datetime

from bot.core.database.database import Database
from bot.core.ports import KeptReply, MessageRef, Platform
from bot.discussion.store.replies import list_kept, list_roots
from bot.outbox.store import threads

MOST_ROOTS = 500
"""The most threads compared in one backfill; each costs its platform at least one call."""


MOST_PAPERS = 2000
"""The most messages of papers whose reactions are read on one platform after an absence."""


class DatabaseReplies:
    """`Replies` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def roots(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        async with self._db.reading() as tx:
            return await list_roots(tx, platform, since, MOST_ROOTS)

    async def papers(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        async with self._db.reading() as tx:
            return await threads.list_papers(tx, platform, since, MOST_PAPERS)

    async def kept_in(self, root: MessageRef) -> tuple[KeptReply, ...]:
        async with self._db.reading() as tx:
            return await list_kept(tx, root)
