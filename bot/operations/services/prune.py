"""Pruning: delete what nothing needs any more, in small steps, and shrink the file."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.desk.store import drafts
from bot.discussion.store import discussion_requests, replies
from bot.operations.domain.retention import Retention
from bot.outbox.store import prune as deliveries
from bot.webchat.store import pruning

log = logging.getLogger(__name__)

_ROWS = 200
"""Rows that one transaction looks at: it takes about ten milliseconds."""
_FORMS_KEPT = timedelta(days=30)
"""How long a form that was opened or saved is known; what was typed and not saved stays."""
_PAGES = 500
"""Pages that one step gives back to the file system: 2 MB."""


def _nothing() -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as pruning sees it: `next_batch` and `prune` as in `bot.outbox.store.prune`."""

    before: datetime
    next_batch: Callable[[Transaction, int, datetime, int], Awaitable[int | None]]
    prune: Callable[[Transaction, int, int, datetime], Awaitable[int]]


async def prune(
    db: Database,
    retention: Retention,
    *,
    now: datetime,
    stopping: asyncio.Event,
    alive: Callable[[], None] = _nothing,
) -> int:
    """Prune everything that is old enough, and shrink the file; returns how many rows changed.

    May be stopped or killed between any two steps. `alive` is called with each step.
    """
    changed = 0
    for table in _tables(retention, now):
        after = 0
        while not stopping.is_set():
            alive()
            async with db.reading() as tx:
                until = await table.next_batch(tx, after, table.before, _ROWS)
            if until is None:
                break
            async with db.transaction() as tx:
                changed += await table.prune(tx, after, until, table.before)
            after = until
    if retention.discussions is not None and not stopping.is_set():
        async with db.transaction() as tx:
            changed += await discussion_requests.prune(tx, now - retention.discussions)
    if not stopping.is_set():
        async with db.transaction() as tx:
            changed += await drafts.prune(tx, now - _FORMS_KEPT)
    if changed:
        log.info("old rows pruned: %d", changed)
    while not stopping.is_set() and await db.reclaim(_PAGES):
        alive()
    return changed


def _tables(retention: Retention, now: datetime) -> tuple[_Table, ...]:
    tables: list[_Table] = []
    if retention.deliveries is not None:
        before = now - retention.deliveries
        tables.append(_Table(before, deliveries.next_batch, deliveries.prune))
        tables.append(_Table(before, pruning.next_batch, pruning.prune_deleted))
    if retention.discussions is not None:
        before = now - retention.discussions
        tables.append(_Table(before, replies.next_batch, replies.prune))
        tables.append(_Table(before, pruning.next_batch, pruning.prune))
    return tuple(tables)
