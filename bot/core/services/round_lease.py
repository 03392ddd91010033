"""One process at a time asks arXiv what is due: two would each ask all of it.

What is due is read from the database, asked, and noted as asked, which takes minutes. A second
process that looked meanwhile would find the same things due. So whoever wants to do what is due
takes a lease; the others wait, look again, and find nothing left.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.database.database import Database, Transaction
from bot.core.store import round_lease
from bot.core.store.round_lease import Lease

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=10)
LOOK_EVERY = timedelta(seconds=1)

T = TypeVar("T")


class RoundTakenError(Exception):
    """Another process is at it, for longer than we wait: nothing was done."""


class Rounds:
    """The right to do what is due at arXiv, over every process on this database.

    `patience` is how long another process is waited for. `owner` names this process, and
    `is_gone` says of such a name that its process surely runs no more: then the end of its lease
    is not waited for.
    """

    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        patience: timedelta,
        owner: str = "",
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._db = db
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        self._owner = owner
        self._is_gone = is_gone

    async def alone(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns, done while no other process does such; or `RoundTakenError`."""
        holder = f"{self._owner}/{uuid.uuid4().hex}"
        await self._take(holder)
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._keep(holder))
                result = await work()
                keeping.cancel()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        finally:
            async with self._db.transaction() as tx:
                await round_lease.give_back(tx, holder)
        return result

    async def _take(self, holder: str) -> None:
        since = self._clock()
        while True:
            # Looked at on the reader first: while we wait, nobody's writes queue behind us.
            async with self._db.reading() as tx:
                is_free = await self._is_free(tx)
            if is_free:
                async with self._db.transaction() as tx:
                    if await self._is_free(tx):
                        await round_lease.take(tx, Lease(holder, self._clock() + LEASE))
                        return
            if self._clock() - since >= self._patience:
                raise RoundTakenError
            await self._sleep(LOOK_EVERY.total_seconds())

    async def _is_free(self, tx: Transaction) -> bool:
        """Whether nobody holds the lease; one that a clock gone wrong made is not believed."""
        lease = await round_lease.find(tx)
        if lease is None or self._is_gone(lease.holder.rpartition("/")[0]):
            return True
        # Read after the statement, which waits while another process writes.
        left = lease.until - self._clock()
        return left <= timedelta(0) or left > 2 * LEASE

    async def _keep(self, holder: str) -> None:
        while True:
            await self._sleep(RENEW_EVERY.total_seconds())
            async with self._db.transaction() as tx:
                if not await round_lease.renew(tx, Lease(holder, self._clock() + LEASE)):
                    # This process was away for long. Its requests still keep their distance.
                    log.warning("another process has started polling arXiv")
                    return
