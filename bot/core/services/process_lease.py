"""Which process posts: one at a time. The next waits, and takes over when that one is gone.

The outbox is safe with several at once; one owner keeps the pace, and nobody searches for what
another is just sending. Commands beside a running bot own nothing: they plan, the owner posts.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.database.database import Database
from bot.core.domain.errors import StorageBusyError, StorageError
from bot.core.store import process_lease
from bot.core.store.process_lease import Holder, Process

log = logging.getLogger(__name__)

T = TypeVar("T")

LEASE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)
LOOK_EVERY = timedelta(seconds=1)
_RENEWED_WITHIN = RENEW_EVERY + timedelta(seconds=5)
"""An owner that lives renews its lease by then."""


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

    Once it waits, it goes by how long the owner has not renewed its lease: clocks may be set, here
    or on the owner's machine (issue 12, item 8).
    """
    announced: str | None = None
    found: Holder | None = None
    unchanged_for: timedelta | None = None

    async def look() -> Holder | None:
        """Take the lease, if it is free; or who holds it."""
        nonlocal found, unchanged_for
        async with db.transaction() as tx:
            holder = await process_lease.find_holder(tx)
            now = clock()
            if holder != found:
                unchanged_for = None if found is None else timedelta()
                found = holder
            if (
                holder is None
                or is_gone(holder.process)
                or _is_over(holder, now, unchanged_for, lease)
            ):
                await process_lease.take(tx, me, now + lease)
                return None
        return holder

    while (holder := await until_stored(look, sleep=sleep)) is not None:
        unchanged_for = (unchanged_for or timedelta()) + LOOK_EVERY
        if announced != holder.process.owner:
            announced = holder.process.owner
            waiting_for(holder)
        await sleep(LOOK_EVERY.total_seconds())


def _is_over(
    holder: Holder, now: datetime, unchanged_for: timedelta | None, lease: timedelta
) -> bool:
    """Whether a lease has ended that was not renewed for so long; `None` at the first look."""
    if unchanged_for is None:
        return holder.lease_until <= now
    return unchanged_for >= lease or (
        unchanged_for >= _RENEWED_WITHIN and holder.lease_until <= now
    )


async def keep(
    db: Database,
    me: Process,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    lease: timedelta = LEASE,
    every: timedelta = RENEW_EVERY,
    tell: Callable[[str], None] = lambda _trouble: None,
) -> None:
    """Prolong the lease until cancelled; raises `OwnershipLostError` when another has taken it.

    Where the database cannot be written it is tried on: nobody else can take the lease, either.
    `tell` is told what is wrong after each try, or the empty string.
    """
    trouble = ""
    while True:
        await sleep(every.total_seconds())
        before = trouble
        try:
            async with db.transaction() as tx:
                is_ours = await process_lease.renew(tx, me, clock() + lease)
        except StorageError as error:
            trouble = str(error)
        else:
            trouble = ""
            if not is_ours:
                raise OwnershipLostError("another process has taken over this database")
        tell(trouble)
        if trouble and not before:
            log.error("the lease could not be renewed, it is tried on: %s", trouble)
        if before and not trouble:
            log.info("the lease is renewed again")


async def give_back(db: Database, me: Process) -> None:
    """The next may go on at once; nothing of this process posts any more.

    Where that cannot be written, the lease ends by itself.
    """
    try:
        async with db.transaction() as tx:
            await process_lease.give_back(tx, me)
    except StorageError as error:
        log.warning("the lease could not be given back, it ends by itself: %s", error)


async def until_stored(
    work: Callable[[], Awaitable[T]], *, sleep: Callable[[float], Awaitable[None]]
) -> T:
    """What `work` returns, tried again for as long as the database cannot be written for now."""
    is_told = False
    while True:
        try:
            return await work()
        except StorageBusyError as error:
            if not is_told:
                log.error("%s; it is tried on", error)
            is_told = True
        await sleep(LOOK_EVERY.total_seconds())
