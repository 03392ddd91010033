"""Reindex a database that an earlier version indexed: its words differ from those searched."""

import logging
from collections.abc import Awaitable
from typing import Final, Protocol

from bot.archive.domain.search.search_text import VERSION
from bot.archive.store import search_index
from bot.archive.store.guards import ARCHIVE
from bot.core.database.database import Database, Transaction
from bot.core.store import key_value
from bot.discussion.store import reply_search

log = logging.getLogger(__name__)

AT_START = 20_000
"""Entries and replies indexed before anything else starts, in a few seconds."""

_AT_ONCE: Final = 200
_NAME: Final = "search index"
"""Under this name stands the version of the index, and while it is made anew how far it is."""


class _Reindex(Protocol):
    def __call__(self, tx: Transaction, *, after: int | None, most: int) -> Awaitable[int | None]:
        """See `search_index.reindex`."""


_TABLES: Final[dict[str, _Reindex]] = {
    "entry": search_index.reindex,
    "reply": reply_search.reindex,
}


async def bring_up_to_date(
    db: Database, *, most: int | None = None, at_once: int = _AT_ONCE
) -> bool:
    """Index again what an earlier version indexed, about `most` rows of it; whether all is done.

    Each step is one small transaction that notes how far it came, so this may be cut short,
    killed, and run by several processes. Look-ups work meanwhile: in what is not indexed anew
    yet, they find what the earlier version found.
    """
    async with db.reading() as tx:
        if await key_value.find(tx, _NAME) == str(VERSION):
            return True
    done = 0
    while most is None or done < most:
        async with db.transaction() as tx:
            await tx.guard(ARCHIVE)
            await tx.guard(_NAME)
            if not await _step(tx, at_once):
                if done:
                    log.info("the search index is of version %s", VERSION)
                return True
        done += at_once
    return False


async def index_anew(tx: Transaction) -> None:
    """Index every entry and reply in this transaction, as after a move from another engine."""
    for reindexed in _TABLES.values():
        after = None
        while (last := await reindexed(tx, after=after, most=_AT_ONCE)) is not None:
            after = last


async def _step(tx: Transaction, most: int) -> bool:
    """Index some more; `False` when all is done."""
    table, after = _progress(await key_value.find(tx, _NAME))
    while table:
        last = await _TABLES[table](tx, after=after, most=most)
        if last is not None:
            await key_value.put(tx, _NAME, f"{VERSION} {table} {last}")
            return True
        table, after = _next_table(table), None
    await key_value.put(tx, _NAME, str(VERSION))
    return False


def _progress(noted: str | None) -> tuple[str, int | None]:
    """The table to go on with, "" if there is none, and the last row of it that is done."""
    match (noted or "").split():
        case [version] if version == str(VERSION):
            return "", None
        case [version, table, after] if version == str(VERSION) and table in _TABLES:
            return table, int(after)
        case _:
            return next(iter(_TABLES)), None


def _next_table(table: str) -> str:
    names = [*_TABLES, ""]
    return names[names.index(table) + 1]
