"""The deliverer: posts the outbox's messages, in order within each channel, exactly once.

One `drain` sends what can be sent, many channels side by side, within the platforms' rate
limits. Claims and results go into the database in batches, a commit for many messages, and always in
this order: the claim is committed, then the platform is called (`calls_in_flight`), then the result is
written. Where that is cut, the message is `sending` and its lease ends: then it is searched for, and
sent again only if it is not there (`bot.outbox.domain.delivery`).
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

from bot.channels.store import subscriptions
from bot.core.database.database import Database, Statements, Transaction
from bot.core.domain.errors import StorageError
from bot.core.ports import ChannelRef, Chat, Platform
from bot.outbox.domain.delivery import State, Step
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.domain.reach import Reach, whole
from bot.outbox.services.calls_in_flight import TERMS, CallsInFlight, Terms, shares_of
from bot.outbox.services.waiting_channels import WaitingChannels
from bot.outbox.store import claims, deliveries
from bot.outbox.store.claims import Claimed
from bot.outbox.store.deliveries import Settled
from bot.outbox.store.waiting import held

log = logging.getLogger(__name__)

_HORIZON = 0.2
"""Claim messages that may start within so many seconds."""
_LINGER = 0.05
"""Wait so many seconds for further results, to write them in one commit."""
_SOON, _REFRESH, _PLENTY = 0.1, 0.5, 5.0
"""Seconds between two reads of the database: while more is planned than waits, normally, and while
much waits."""
_WORTH_WAITING = 2.0
"""A drain waits so many seconds for a rate limit; longer waits are left to the next drain."""
_CHANNELS = 2000
"""At most so many channels of a platform are considered at once."""


async def _always(_tx: Transaction) -> bool:
    return True


def _ignore(_claimed: Claimed, _step: Step) -> None:
    """The default of `observe`."""


class Deliverer:
    """Drains the outbox for the process that holds the posting lease.

    `clock` gives the aware instant, `jitter` a random number in [0, 1), `observe` is called with
    everything that was settled and committed, and `alive` whenever a long drain makes progress.
    `reach` gives the channels that are this process's at present (all by default), the same object
    while they stay the same; `may_claim` says in each transaction whether they still are.
    """

    def __init__(
        self,
        db: Database,
        chats: Mapping[Platform, Chat],
        *,
        owner: str,
        clock: Callable[[], datetime],
        rate_limits: RateLimits,
        jitter: Callable[[], float],
        terms: Terms = TERMS,
        observe: Callable[[Claimed, Step], None] = _ignore,
        alive: Callable[[], None] = lambda: None,
        reach: Callable[[], Reach] | None = None,
        may_claim: Callable[[Transaction], Awaitable[bool]] = _always,
    ) -> None:
        self._db = db
        self._chats = chats
        self._owner = owner
        self._clock = clock
        self._rate_limits = rate_limits
        self._terms = terms
        self._observe = observe
        self._alive = alive
        everywhere = whole(chats)
        self._reach = reach or (lambda: everywhere)
        self._may_claim = may_claim
        self._reached = Reach()  # when `_waiting` was last compared with it
        self._is_claiming = self._is_shut_out = False
        self._written = asyncio.Event()
        self._calls = CallsInFlight(
            chats,
            clock=clock,
            rate_limits=rate_limits,
            jitter=jitter,
            terms=terms,
            free=self._await,
        )
        self._waiting = WaitingChannels(rate_limits, self._calls.room)

    async def drain(self, stopping: asyncio.Event) -> None:
        """Post everything that is ready; return when nothing is ready any more.

        Once `stopping` is set, nothing more is claimed, and what is under way is finished. So it is
        before a `StorageError` is raised; the next drain writes the results.
        """
        loop = asyncio.get_running_loop()
        self._is_shut_out = False
        self._calls.clear()
        self._written.set()  # `finish` may wait for what was cut short
        self._waiting.clear()
        refresh_at, pause = loop.time(), _REFRESH
        async with asyncio.TaskGroup() as calls, self._ending_calls():
            while True:
                self._calls.progress.clear()
                self._alive()
                idle = not (self._waiting or self._calls.busy or self._calls.settled)
                fresh = not self._ends(stopping) and (idle or loop.time() >= refresh_at)
                if fresh:
                    found = await self._refresh(calls)
                    pause = self._pause(found, pause)
                    refresh_at = loop.time() + pause
                self._drop_unreached()
                chosen: list[ChannelRef] = []
                if not self._ends(stopping):
                    at = loop.time()
                    chosen = self._waiting.choose(at, at + _HORIZON, self._calls.busy)
                if chosen or self._calls.settled:
                    await self._write(calls, chosen)
                if not (self._calls.busy or self._calls.settled):
                    next_start = self._waiting.next_start(loop.time())
                    if self._ends(stopping) or (fresh and next_start == math.inf):
                        return
                    if next_start == math.inf:
                        continue
                    if next_start > loop.time() + _WORTH_WAITING:
                        return
                await self._rest(refresh_at)

    @asynccontextmanager
    async def _ending_calls(self) -> AsyncIterator[None]:
        """Let calls in flight end when the database fails.

        Cut off, each would have to be searched for, and mail, which cannot be, would be held.
        """
        try:
            yield
        except StorageError:
            await self._calls.quiet.wait()
            raise

    def _ends(self, stopping: asyncio.Event) -> bool:
        """Whether nothing more is claimed."""
        return stopping.is_set() or self._is_shut_out

    def _pause(self, found: int, before: float) -> float:
        """When to read the database again: so many channels were found anew after the last pause."""
        enough = 2 * self._terms.at_once
        if len(self._waiting) > enough:
            could_go = sum(1 for each in self._waiting if self._calls.room(each))
            if could_go > enough:
                return _PLENTY
        return _SOON if found else min(2 * before, _REFRESH)

    async def _refresh(self, calls: asyncio.TaskGroup) -> int:
        """Read from the database which channels have ready messages, and claim searches.

        Returns how many channels have one, of which it was not known.
        """
        now = self._clock()
        if await self._db.read(partial(held.is_due, now=now)):
            async with self._db.transaction() as tx:
                await held.try_again(tx, now)
        self._drop_unreached()
        spans = [self._reached.spans(platform) for platform in self._chats]

        def look(statements: Statements) -> tuple[list[ChannelRef], tuple[ChannelRef, ...]]:
            ready = [
                channel
                for of_platform in spans
                for channel in claims.list_ready_channels(statements, of_platform, now, _CHANNELS)
            ]
            return ready, claims.list_doubtful(statements, now)

        ready, sent = await self._db.read(look)
        self._drop_unreached()  # another process may have got some meanwhile
        doubtful = [each for each in sent if each.platform in self._chats and self._covers(each)]
        found = 0
        for channel in ready:
            is_new = channel not in self._waiting and channel not in self._calls.busy
            if is_new and self._covers(channel):
                self._await(channel)
                found += 1
        if doubtful:
            await self._claim_searches(calls, doubtful)
        return found

    def _await(self, channel: ChannelRef) -> None:
        """The channel may have a next message."""
        self._waiting.add(channel)

    def _drop_unreached(self) -> None:
        """Forget channels that another process posts to by now."""
        reach = self._reach()
        if reach is not self._reached:
            self._reached = reach
            self._waiting.remove([each for each in self._waiting if not self._covers(each)])

    def _covers(self, channel: ChannelRef) -> bool:
        return self._reached.covers(channel.platform, channel.workspace)

    async def finish(self, platform: Platform, workspace: str | None) -> None:
        """Wait for what is in flight on a platform or in a workspace that is out of reach by now."""
        share = (platform,) if workspace is None else (platform, workspace)
        while self._is_claiming or self._calls.has(share):
            self._written.clear()
            await self._written.wait()

    @asynccontextmanager
    async def _claiming(self) -> AsyncIterator[Transaction]:
        """A transaction that may claim: `finish` waits for it."""
        self._is_claiming = True
        try:
            async with self._db.transaction() as tx:
                yield tx
        finally:
            self._is_claiming = False
            self._written.set()

    async def _claim_searches(
        self, calls: asyncio.TaskGroup, doubtful: Iterable[ChannelRef]
    ) -> None:
        now = self._clock()
        workspaces = {shares_of(channel)[1]: channel for channel in doubtful}
        found: list[Claimed] = []
        async with self._claiming() as tx:
            self._is_shut_out = not await self._may_claim(tx)
            for channel in () if self._is_shut_out else workspaces.values():
                found += await claims.claim_searches(
                    tx,
                    channel.platform,
                    channel.workspace,
                    owner=self._owner,
                    now=now,
                    lease_until=now + self._terms.lease,
                    limit=self._calls.room(channel),
                    # After the clock is set forward, leases of calls in flight seem to have ended.
                    without=self._calls.claimed,
                )
        for claimed in found:
            self._calls.search(calls, claimed)

    async def _write(self, calls: asyncio.TaskGroup, chosen: list[ChannelRef]) -> None:
        """Store results and claim the next messages in one commit; then start the calls."""
        now = self._clock()
        settled = tuple(self._calls.settled)
        stopped: list[Settled] = []
        stops = [str(each.claimed.channel) for each in settled if each.step.stops_subscription]
        async with self._claiming() as tx:
            await subscriptions.guard(tx, *stops)
            late = await deliveries.settle(tx, settled, now)
            for each in settled:
                step = each.step
                if step.stops_subscription and each.claimed.id not in late:
                    place = str(each.claimed.channel)
                    if await subscriptions.refuse(tx, place, step.reason, step.detail, now):
                        stopped.append(each)
            self._is_shut_out = not await self._may_claim(tx)
            if self._is_shut_out:
                chosen = []
            # Most channels have had their last message: left among those that wait, they would use
            # the turns of others.
            freed = {each.claimed.channel for each in settled}.difference(chosen)
            taken, ready = await claims.claim_and_look(
                tx, chosen, freed, owner=self._owner, now=now, lease_until=now + self._terms.lease
            )
        self._calls.written(len(settled))
        for claimed in taken:
            self._calls.post(calls, claimed)
        self._waiting.remove((*chosen, *(freed - ready)))
        self._report(settled, late, stopped)

    def _report(
        self, settled: Iterable[Settled], late: Collection[int], stopped: Iterable[Settled]
    ) -> None:
        for each in settled:
            claimed, step = each.claimed, each.step
            if claimed.id in late:
                log.warning(
                    "delivery %d was taken over by another attempt; this result is ignored",
                    claimed.id,
                )
                continue
            if step.state in (State.HELD, State.DEAD):
                text = "delivery %d to %s is %s: %s (%s)"
                log.error(text, claimed.id, claimed.channel, step.state, step.reason, step.detail)
            self._observe(claimed, step)
        for each in stopped:
            channel, detail = each.claimed.channel, each.step.detail
            log.error("%s refuses messages; its subscription is stopped: %s", channel, detail)

    async def _rest(self, refresh_at: float) -> None:
        """Wait for a result, for the next claim, or until the next read of the database.

        Results wait a moment for others, and for a claim that is due soon: one commit has them all.
        """
        loop = asyncio.get_running_loop()
        wake_at = min(refresh_at, self._claim_at(loop.time() + _LINGER))
        if not self._calls.settled:
            await _until(self._calls.progress, wake_at)
        linger_until = min(loop.time() + _LINGER, max(wake_at, loop.time()))
        if self._calls.settled and self._calls.busy:
            await _until(self._calls.quiet, linger_until)
        if self._calls.settled and self._claim_at(loop.time()) <= linger_until:
            await asyncio.sleep(self._claim_at(loop.time()) - loop.time())

    def _claim_at(self, earliest: float) -> float:
        """When the next message is to be claimed, a moment before it may start."""
        return max(self._waiting.next_start(earliest) - _HORIZON / 2, earliest)


async def _until(event: asyncio.Event, at: float) -> None:
    """Wait for the event, at most until then."""
    with suppress(TimeoutError):
        async with asyncio.timeout_at(at if at < math.inf else None):
            await event.wait()
