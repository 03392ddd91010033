"""Edits and removals of posted messages.

Both may be repeated safely, so they are tried until they succeed. One that fails waits longer each
time, ten minutes at most; a channel that refuses one gets none of its edits and removals for an hour.
Each platform has a `Changer` of its own, and each workspace is changed beside the others, so that one
that hangs delays no other. A workspace that does not answer in time is left to the next run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.core.database.database import Database, Transaction
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.ports import ChannelRef, Chat, MessageRef, Platform
from bot.outbox.domain.delivery import (
    ChangeOutcome,
    Done,
    NotNow,
    Refused,
    Uncertain,
    change_again_at,
)
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.domain.reach import Reach, whole
from bot.outbox.services.calls_in_flight import bucket_of
from bot.outbox.services.platform_calls import change
from bot.outbox.store import copy_deliveries, edits
from bot.outbox.store.copy_deliveries import Unwanted
from bot.outbox.store.edits import Unshown

UNEDITABLE = translatable("The message could not be edited; it shows an older version")
UNREMOVABLE = translatable("The message cannot be removed; it is still there")

MESSAGES = 100
"""At most this many removals, and as many edits, per run."""
WITHIN = timedelta(seconds=30)
"""The time-out of one call."""
LASTING = timedelta(minutes=1)
"""After this time a run starts no more calls: the next run looks for new removals first."""


class _Due(Protocol):
    """A posted message to change, after `failures` failures in a row."""

    @property
    def id(self) -> int:
        """The delivery's."""
        ...

    @property
    def message(self) -> MessageRef: ...

    @property
    def failures(self) -> int: ...


D = TypeVar("D", bound=_Due)


class Changer:
    """Removes and edits posted messages of some platforms.

    `clock` gives the aware instant, `jitter` a random number in [0, 1), `reach` the channels that
    are this process's at present; all of the platforms by default.
    """

    def __init__(
        self,
        db: Database,
        chats: Mapping[Platform, Chat],
        *,
        clock: Callable[[], datetime],
        rate_limits: RateLimits,
        jitter: Callable[[], float],
        reach: Callable[[], Reach] | None = None,
        within: timedelta = WITHIN,
        lasting: timedelta = LASTING,
    ) -> None:
        self._db = db
        self._chats = chats
        self._clock = clock
        self._rate_limits = rate_limits
        self._jitter = jitter
        everywhere = whole(chats)
        self._reach = reach or (lambda: everywhere)
        self._within = within
        self._lasting = lasting

    async def run(self, stopping: asyncio.Event) -> int:
        """Removals first, then edits; returns how many messages were changed.

        It ends after a while, whatever is left: if it changed something, there may be more.
        """
        async with self._db.reading() as tx:
            unwanted = await copy_deliveries.list_unwanted(
                tx, self._reach(), self._clock(), MESSAGES
            )
        removed = await self._change_each(unwanted, _remove, self._finish_removal, stopping)
        async with self._db.reading() as tx:
            unshown = await edits.list_unshown(tx, self._reach(), self._clock(), MESSAGES)
        return removed + await self._change_each(unshown, _edit, self._finish_edit, stopping)

    async def _finish_removal(
        self, tx: Transaction, unwanted: Unwanted, outcome: ChangeOutcome
    ) -> bool:
        """A message is done with once it is gone: its author was told that it is forgotten.

        One that its platform never removes stays, and says so.
        """
        match outcome:
            case Done() | Refused(extent=Extent.GONE):
                await copy_deliveries.mark_removed(tx, unwanted.id, self._clock())
                return True
            case Refused(detail, Extent.SENT):
                await copy_deliveries.give_up_removal(tx, unwanted.id, UNREMOVABLE, detail)
                return True
            case _:
                return False

    async def _finish_edit(self, tx: Transaction, wanted: Unshown, outcome: ChangeOutcome) -> bool:
        """A message that is gone, or whose new text is refused, stays until its text changes again."""
        match outcome:
            case Done():
                await edits.mark_shown(tx, wanted)
            case Refused(detail, Extent.GONE | Extent.MESSAGE | Extent.SENT as extent):
                await edits.give_up(tx, wanted, UNEDITABLE, detail)
                if extent is Extent.GONE:
                    await edits.mark_gone(tx, wanted.id, self._clock())
            case _:
                return False
        return True

    async def _change_each(
        self,
        due: Iterable[D],
        act: Callable[[Chat, D], Awaitable[None]],
        finish: Callable[[Transaction, D, ChangeOutcome], Awaitable[bool]],
        stopping: asyncio.Event,
    ) -> int:
        """Change these, one by one in each workspace; returns how many were changed.

        `finish` stores an outcome after which there is nothing more to do, and says whether it was.
        """
        workspaces: dict[tuple[Platform, str], list[D]] = {}
        for each in due:
            channel = each.message.channel
            workspaces.setdefault((channel.platform, channel.workspace), []).append(each)
        async with asyncio.TaskGroup() as tasks:
            changing = [
                tasks.create_task(self._change_in_turn(of_one, act, finish, stopping))
                for of_one in workspaces.values()
            ]
        return sum(task.result() for task in changing)

    async def _change_in_turn(
        self,
        due: Iterable[D],
        act: Callable[[Chat, D], Awaitable[None]],
        finish: Callable[[Transaction, D, ChangeOutcome], Awaitable[bool]],
        stopping: asyncio.Event,
    ) -> int:
        """Change these messages of one workspace one by one."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._lasting.total_seconds()
        skipped: set[ChannelRef] = set()
        changed = 0
        for each in due:
            channel, bucket = each.message.channel, bucket_of(each.message.channel)
            is_ours = self._reach().covers(channel.platform, channel.workspace)
            if stopping.is_set() or loop.time() >= ends_at or not is_ours:
                break
            is_late = self._rate_limits.ready_at(bucket, loop.time()) >= ends_at
            if is_late or channel in skipped:
                continue
            turn = self._rate_limits.take(bucket, loop.time())
            await asyncio.sleep(turn.start - loop.time())
            began = loop.time()
            acting = act(self._chats[channel.platform], each)
            name = f"the change of delivery {each.id}"
            outcome = await change(acting, name, within=self._within)
            if isinstance(outcome, Uncertain):
                self._rate_limits.lost(turn, loop.time())
            else:
                self._rate_limits.answered(turn, began, loop.time())
            async with self._db.transaction() as tx:
                if not await finish(tx, each, outcome):
                    await self._put_off(tx, each, outcome)
            changed += isinstance(outcome, Done)
            if isinstance(outcome, NotNow) and outcome.whole_workspace:
                break
            if loop.time() - began >= self._within.total_seconds():
                break
            if isinstance(outcome, Refused) and outcome.extent is Extent.CHANNEL:
                skipped.add(channel)
        return changed

    async def _put_off(self, tx: Transaction, due: _Due, outcome: ChangeOutcome) -> None:
        if isinstance(outcome, Done):
            return
        now = self._clock()
        again_at = change_again_at(due.failures, outcome, now=now, jitter=self._jitter())
        if isinstance(outcome, Refused) and outcome.extent is Extent.CHANNEL:
            await edits.put_off_channel(tx, due.message.channel, again_at, now, outcome.detail)
        await edits.put_off(tx, due.id, again_at, now, outcome.detail)


async def _remove(chat: Chat, unwanted: Unwanted) -> None:
    await chat.delete(unwanted.message)


async def _edit(chat: Chat, wanted: Unshown) -> None:
    await chat.edit(wanted.message, wanted.document)
