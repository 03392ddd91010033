"""The request gate: one request to arXiv at a time, spaced, over every process of the database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.arxiv.domain.backoff import LONGEST_WAIT, SPACING, wait_until
from bot.arxiv.ports import (
    SourceFailureError,
    SourceQuestionError,
    SourceThrottledError,
    SourceWaitError,
)
from bot.arxiv.store import request_gate
from bot.arxiv.store.request_gate import EVERYTHING, Wait
from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import StorageError
from bot.core.services.leases import time_left
from bot.core.store import leases
from bot.core.store.leases import Lease, Process

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=50)
"""Longer than any request may take; the gate of a dead process is free after it."""

_REQUEST = "arxiv request"

WRONG_QUESTIONS = 2
"""Consecutive rejected requests without backoff; more mean that the server is at fault."""


class DatabaseRequestGate:
    """`ports.RequestGate` over the database.

    `patience` is how long a turn may be waited for before `SourceWaitError` says until when.
    `clock` gives the aware instant, `spread` a random number in [0, 1). `is_gone` says that a
    process certainly no longer runs: then its turn is over, and not only when its lease ends.
    """

    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
        patience: timedelta = timedelta(seconds=10),
        spacing: timedelta = SPACING,
        lease: timedelta = LEASE,
        process: Process,
        is_gone: Callable[[Process], bool] = lambda _: False,
    ) -> None:
        self._db = db
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._patience = patience
        self._spacing = spacing
        self._lease = lease
        self._process = process
        self._is_gone = is_gone
        self._in_order = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, target: str) -> AsyncIterator[Callable[[], None]]:
        """See `ports.RequestGate`."""
        async with self._in_order:
            lease = await self._take(target)
            is_answered = False

            def answered() -> None:
                nonlocal is_answered
                is_answered = True

            try:
                yield answered
            except BaseException as error:
                failure = error if isinstance(error, SourceFailureError) else None
                try:
                    await self._give_back(lease, target, failure)
                except StorageError as lost:
                    # In place of a cancellation, it would be taken for a failure that may pass.
                    log.error("the turn at arXiv ends only with its lease: %s", lost)
                raise
            await self._give_back(lease, target, None, answered=is_answered)

    async def _take(self, target: str) -> Lease:
        since = self._clock()
        while True:
            since = min(since, self._clock())  # the clock may be set back while we wait
            # Read first: a wait must not hold the write lock.
            async with self._db.reading() as tx:
                pause = await self._pause(tx, target, since)
            if pause <= timedelta(0):
                async with self._db.transaction() as tx:
                    await tx.guard(_REQUEST)
                    pause = await self._pause(tx, target, since)
                    if pause <= timedelta(0):
                        await request_gate.note_request(tx)
                        until = self._clock() + self._lease
                        return await leases.take(tx, _REQUEST, self._process, until)
            await self._sleep(pause.total_seconds())

    async def _pause(self, tx: Transaction, target: str, since: datetime) -> timedelta:
        """How long to wait now; raises `SourceWaitError` where that is longer than `patience`.

        Ignore a stored wait longer than `LONGEST_WAIT`: the clock was set back.
        """
        waits, lease = await request_gate.list_waits(tx), await leases.find(tx, _REQUEST)
        free_at = await request_gate.free_at(tx)
        # Read the clock after the first statement, which may wait for another process: an earlier
        # instant could lie before what that process has just written.
        now = self._clock()
        pauses = [timedelta(0)]
        for wait in waits:
            left = wait.until - now
            if wait.target in {target, EVERYTHING} and left <= LONGEST_WAIT:
                if left > self._patience:
                    raise SourceWaitError(wait.until, wait.reason)
                pauses.append(left)
        held = time_left(lease, now, self._lease)
        if lease is not None and self._is_gone(lease.process):
            pauses.append(since + self._spacing - now)  # its last request may have ended just now
        elif held:
            if now - since > self._patience:
                raise SourceWaitError(
                    now + held, "another process is sending a request, or died while sending one"
                )
            pauses.append(min(held, self._spacing))
        apart = free_at - now
        pauses.append(apart if apart <= self._lease else since + self._spacing - now)
        return max(pauses)

    async def _give_back(
        self,
        lease: Lease,
        target: str,
        failure: SourceFailureError | None,
        *,
        answered: bool = False,
    ) -> None:
        now = self._clock()
        async with self._db.transaction() as tx:
            await tx.guard(_REQUEST)
            if await leases.release(tx, lease):
                await request_gate.put_free_at(tx, now + self._spacing)
            if failure is not None:
                await self._remember(tx, target, failure, now)
            elif answered:
                await request_gate.end_waits(tx, target)

    async def _remember(
        self, tx: Transaction, target: str, failure: SourceFailureError, now: datetime
    ) -> None:
        reason = str(failure)
        await request_gate.count_refusal(tx, target, failure.kind, reason, now)
        whom = EVERYTHING if isinstance(failure, SourceThrottledError) else target
        before = {wait.target: wait.failures for wait in await request_gate.list_waits(tx)}
        failures = before.get(whom, 0) + 1
        steps = failures
        if isinstance(failure, SourceQuestionError):
            steps -= WRONG_QUESTIONS
        if steps <= 0:
            await request_gate.put_wait(tx, Wait(whom, failures, now, reason))
            return  # the request was invalid; the server works
        until = wait_until(now, steps, failure.retry_after, self._jitter())
        await request_gate.put_wait(tx, Wait(whom, failures, until, reason))
        log.warning(
            "arXiv %s: %s; no requests until %s (failures in a row: %d)",
            whom,
            reason,
            until.isoformat(timespec="seconds"),
            failures,
        )
