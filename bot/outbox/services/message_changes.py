"""Changes of posted messages: edits and removals, in rounds, for as long as each takes.

Either may be repeated safely, so it needs no more care than never to be given up. One that fails
waits longer each time, ten minutes at most; a channel that refuses one is left alone with all of
its own for an hour.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.core.database.database import Database, Transaction
from bot.core.domain.extent import Extent
from bot.core.ports import ChannelRef, Chat, MessageRef, Platform
from bot.outbox.domain.delivery import ChangeOutcome, Done, NotNow, Refused, change_again_at
from bot.outbox.domain.rate_limit import Pace
from bot.outbox.services.deliver import lane_of
from bot.outbox.services.platform_calls import change
from bot.outbox.store import edits

MESSAGES = 100
"""As many as a round is about at most."""
WITHIN = timedelta(seconds=30)
LASTING = timedelta(minutes=1)
"""After so long, a round begins nothing more: the next one looks anew what is to come first."""


class Due(Protocol):
    """A posted message that is to be changed, after so many failures in a row."""

    @property
    def id(self) -> int:
        """The delivery's."""
        ...

    @property
    def message(self) -> MessageRef:
        """Where it stands."""
        ...

    @property
    def failures(self) -> int:
        """How often it failed in a row."""
        ...


D = TypeVar("D", bound=Due)


@dataclass(frozen=True, slots=True)
class Hands:
    """What a round works with; `clock` gives the aware instant, `jitter` a number in [0, 1)."""

    db: Database
    chats: Mapping[Platform, Chat]
    clock: Callable[[], datetime]
    pace: Pace
    jitter: Callable[[], float]
    stopping: asyncio.Event
    within: timedelta = WITHIN
    lasting: timedelta = LASTING


async def change_each(
    hands: Hands,
    due: Iterable[D],
    act: Callable[[Chat, D], Awaitable[None]],
    finish: Callable[[Transaction, D, ChangeOutcome], Awaitable[bool]],
) -> int:
    """Change these one by one; returns how many are changed.

    `finish` writes down what came of one, if there is nothing more to do about it; says whether.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + hands.lasting.total_seconds()
    left_alone: set[ChannelRef | tuple[str, str]] = set()
    changed = 0
    for each in due:
        channel, lane = each.message.channel, lane_of(each.message.channel)
        workspace = (lane.platform, lane.workspace)
        if hands.stopping.is_set() or loop.time() >= ends_at:
            break
        is_late = hands.pace.ready_at(lane, loop.time()) >= ends_at
        if is_late or channel in left_alone or workspace in left_alone:
            continue
        start = hands.pace.take(lane, loop.time())
        await asyncio.sleep(start - loop.time())
        acting = act(hands.chats[channel.platform], each)
        outcome = await change(acting, f"the change of delivery {each.id}", within=hands.within)
        hands.pace.answered(lane, start, loop.time())
        async with hands.db.transaction() as tx:
            if not await finish(tx, each, outcome):
                await _put_off(tx, hands, each, outcome)
        changed += isinstance(outcome, Done)
        if isinstance(outcome, NotNow) and outcome.whole_workspace:
            left_alone.add(workspace)
        if isinstance(outcome, Refused) and outcome.extent is Extent.CHANNEL:
            left_alone.add(channel)
    return changed


async def _put_off(tx: Transaction, hands: Hands, due: Due, outcome: ChangeOutcome) -> None:
    if isinstance(outcome, Done):
        return
    now = hands.clock()
    again_at = change_again_at(due.failures, outcome, now=now, jitter=hands.jitter())
    if isinstance(outcome, Refused) and outcome.extent is Extent.CHANNEL:
        await edits.put_off_channel(tx, due.message.channel, again_at, now, outcome.detail)
    await edits.put_off(tx, due.id, again_at, now, outcome.detail)
