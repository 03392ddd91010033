"""Transactions that no other one about the same discussions runs beside, in any process.

Whoever stores, changes, places or forgets replies, or plans or withdraws their copies, holds the guards
of the replies' channels and of all that are linked with them: a message that two processes got is
stored once, a reply and a new thread do not miss each other, and copies keep the order of the replies.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.channels.store import linked_channels
from bot.core.database.database import Database, Engine, Transaction

LINKS = "linked channels"
"""For whoever links channels or ends a link: groups are numbered."""
RECAPS = "recaps"
"""For whoever makes recaps, which name people: one that is made meanwhile would name the forgotten."""

Find = Callable[[Transaction], Awaitable[frozenset[str]]]
"""Finds the channels that a transaction is about."""


@asynccontextmanager
async def guarded(db: Database, find: Find, *others: str) -> AsyncIterator[Transaction]:
    """A write transaction with the guards of these channels' discussions, and `others`."""
    if db.engine is Engine.SQLITE:  # one writer
        async with db.transaction() as tx:
            yield tx
        return
    while True:
        async with db.reading() as tx:
            channels = await _linked(tx, find)
        async with db.transaction() as tx:
            await tx.guard(*sorted({*(f"discussion:{channel}" for channel in channels), *others}))
            if await _linked(tx, find) <= channels:  # else another one was linked meanwhile
                yield tx
                return


async def _linked(tx: Transaction, find: Find) -> frozenset[str]:
    return await linked_channels.list_linked(tx, await find(tx))


def of(*channels: str) -> Find:
    """`Find` of channels that are known."""

    async def find(_tx: Transaction) -> frozenset[str]:
        return frozenset(channels)

    return find
