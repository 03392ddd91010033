"""Leases: one process at a time does one named thing; the next one waits or gives up.

A lease lasts for `DURATION` and is renewed while it is held. It ends when it is released, when it is
not renewed in time, or when its process certainly no longer runs. The outbox is safe without it
(every write carries an attempt); one holder keeps the rate limits, and nobody searches for a message
that another process is just sending.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.database.database import Database
from bot.core.domain.errors import StorageBusyError, StorageError
from bot.core.store import leases
from bot.core.store.leases import Lease, Process

log = logging.getLogger(__name__)

T = TypeVar("T")

DURATION = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)
LOOK_EVERY = timedelta(seconds=1)
_RENEWED_WITHIN = RENEW_EVERY + timedelta(seconds=5)
"""A holder that runs renews its lease within this time."""


class LeaseTakenError(Exception):
    """Another process holds the lease for longer than we wait."""


class LeaseLostError(Exception):
    """Another process took the lease over: this one did not renew it in time."""


def time_left(lease: Lease | None, now: datetime, duration: timedelta = DURATION) -> timedelta:
    """How long a lease lasts from now; nothing where it is free, has ended or cannot be right.

    Nobody takes a lease for longer than `duration`: one that seems to last much longer was written
    before the clock was set back.
    """
    left = lease.expires_at - now if lease is not None else timedelta()
    return left if timedelta() < left <= 2 * duration else timedelta()


class Leases:
    """The leases that one process may take.

    `is_gone` says that a process certainly no longer runs: its lease is over at once. `patience` is
    how long `acquire` waits for another holder; `None` is for ever. `clock` gives the aware instant.
    """

    def __init__(
        self,
        db: Database,
        process: Process,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        is_gone: Callable[[Process], bool],
        patience: timedelta | None = None,
    ) -> None:
        self._db = db
        self._process = process
        self._clock = clock
        self._sleep = sleep
        self._is_gone = is_gone
        self._patience = patience

    async def acquire(
        self, name: str, *, waiting_for: Callable[[Lease], None] = lambda _: None
    ) -> Lease:
        """Take the lease as soon as it is free.

        `waiting_for` is called once for each holder that is waited for. Raises `LeaseTakenError`
        after `patience`, and `StorageError`.
        """
        seen: Lease | None = None
        waited = timedelta()
        unchanged_for: timedelta | None = None  # unknown at the first look
        while True:
            # Looked at on the reader first: while we wait, nobody's writes queue behind ours.
            async with self._db.reading() as tx:
                held = await leases.find(tx, name)
            if self._is_free(held, unchanged_for):
                async with self._db.transaction() as tx:
                    await tx.guard(f"lease:{name}")
                    if await leases.find(tx, name) == held:
                        return await leases.take(tx, name, self._process, self._clock() + DURATION)
            if held != seen:
                if held is not None and (seen is None or held.token != seen.token):
                    waiting_for(held)
                seen, unchanged_for = held, timedelta()
            if self._patience is not None and waited >= self._patience:
                raise LeaseTakenError(name)
            await self._sleep(LOOK_EVERY.total_seconds())
            waited += LOOK_EVERY
            unchanged_for = (unchanged_for or timedelta()) + LOOK_EVERY

    def _is_free(self, lease: Lease | None, unchanged_for: timedelta | None) -> bool:
        """Whether a lease may be taken that its holder has not renewed for so long.

        Once we wait, the time without a renewal counts more than the clock, which may have been
        set, here or on the holder's machine (issue 12, item 8).
        """
        if lease is None or self._is_gone(lease.process):
            return True
        now = self._clock()
        if unchanged_for is None:
            return lease.expires_at <= now
        quiet = min(_RENEWED_WITHIN, self._patience or _RENEWED_WITHIN)
        return unchanged_for >= DURATION or (unchanged_for >= quiet and not time_left(lease, now))

    async def keep(
        self, lease: Lease, *, tell: Callable[[str], None] = lambda _trouble: None
    ) -> None:
        """Renew the lease until cancelled; raises `LeaseLostError` when another has taken it.

        Where the database cannot be written, try again: nobody else can take the lease, either.
        `tell` is told after each try what is wrong, or the empty string.
        """
        trouble = ""
        while True:
            await self._sleep(RENEW_EVERY.total_seconds())
            before, trouble = trouble, ""
            try:
                async with self._db.transaction() as tx:
                    renewed = await leases.renew(tx, lease, self._clock() + DURATION)
            except StorageError as error:
                trouble = str(error)
            else:
                if renewed is None:
                    raise LeaseLostError(lease.name)
            tell(trouble)
            if trouble and not before:
                log.error(
                    "the lease %s could not be renewed, trying again: %s", lease.name, trouble
                )
            if before and not trouble:
                log.info("the lease %s is renewed again", lease.name)

    async def release(self, lease: Lease) -> None:
        """Let the next process take the lease at once.

        Where that cannot be written, the lease ends by itself.
        """
        try:
            async with self._db.transaction() as tx:
                await leases.release(tx, lease)
        except StorageError as error:
            log.warning(
                "the lease %s was not released; it expires by itself: %s", lease.name, error
            )

    async def alone(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns, done while this process holds the lease.

        Raises `LeaseTakenError`. Work goes on when the lease is lost on the way.
        """
        lease = await self.acquire(name)
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._keep_quietly(lease))
                result = await work()
                keeping.cancel()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        finally:
            await self.release(lease)
        return result

    async def _keep_quietly(self, lease: Lease) -> None:
        try:
            await self.keep(lease)
        except LeaseLostError:
            log.warning("another process has taken over the lease %s", lease.name)


async def until_stored(
    work: Callable[[], Awaitable[T]],
    *,
    sleep: Callable[[float], Awaitable[None]],
    passing: type[StorageError] = StorageBusyError,
) -> T:
    """What `work` returns, tried again for as long as the database cannot be written for now.

    `passing` are the errors that may be over in a moment; any other one is raised.
    """
    is_told = False
    while True:
        try:
            return await work()
        except passing as error:
            if not is_told:
                log.error("%s; trying again", error)
            is_told = True
        await sleep(LOOK_EVERY.total_seconds())
