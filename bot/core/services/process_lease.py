"""Which process posts: one at a time. The next waits, and takes over when that one is gone.

The outbox is safe with several at once; one owner keeps the pace, and nobody searches for what
another is just sending. Commands beside a running bot own nothing: they plan, the owner posts.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.core.store import process_lease
from bot.core.store.process_lease import Holder, Process

LEASE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)
LOOK_EVERY = timedelta(seconds=1)


class OwnershipLostError(Exception):
    """Another process took over: this one was away for longer than its lease."""


async def acquire(
    db: Database,
    me: Process,
    *,
    clock: Callable[[], datetime],
    is_gone: Callable[[Process], bool],
    sleep: Callable[[float], Awaitable[None]],
    waiting_for: Callable[[Holder], None],
    lease: timedelta = LEASE,
) -> None:
    """Wait until this process is the owner.

    `is_gone` says that a process certainly runs no more: then the end of its lease is not
    waited for. `waiting_for` is called once for each owner that is waited for.
    """
    announced: str | None = None
    while True:
        async with db.transaction() as tx:
            now = clock()
            holder = await process_lease.find_holder(tx)
            if holder is None or holder.lease_until <= now or is_gone(holder.process):
                await process_lease.take(tx, me, now + lease)
                return
        if announced != holder.process.owner:
            announced = holder.process.owner
            waiting_for(holder)
        await sleep(LOOK_EVERY.total_seconds())


async def keep(
    db: Database,
    me: Process,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    lease: timedelta = LEASE,
    every: timedelta = RENEW_EVERY,
) -> None:
    """Prolong the lease until cancelled; raises `OwnershipLostError`."""
    while True:
        await sleep(every.total_seconds())
        async with db.transaction() as tx:
            if not await process_lease.renew(tx, me, clock() + lease):
                raise OwnershipLostError("another process has taken over this database")


async def give_back(db: Database, me: Process) -> None:
    """The next may go on at once; nothing of this process posts any more."""
    async with db.transaction() as tx:
        await process_lease.give_back(tx, me)
