"""One digest for a channel that several workspaces share (Slack Connect).

Such a channel has a reference in each workspace. Only what Slack says of it makes two of them one
channel: ids of channels may repeat by chance.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import date, datetime

from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import channel_preferences, slots, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.ports import ChannelRef, ChatError, Platform, parse_channel
from bot.outbox.store.waiting import quiet

log = logging.getLogger(__name__)

Connected = Callable[[ChannelRef], Awaitable[frozenset[str]]]
"""Asks the platform which other workspaces share a channel; raises `ChatError`."""

SHARED = translatable("Another workspace shares this channel, and its digest is posted from there")
TAKEN = translatable(
    "{channel} is the same channel as {other}, which is subscribed: change that one instead"
)


async def no_connected(_: ChannelRef) -> frozenset[str]:
    """`Connected` where no channel is shared."""
    return frozenset()


def asking(platforms: Mapping[Platform, Connected | None]) -> Connected:
    """`Connected` that asks the channel's platform."""

    async def connected(channel: ChannelRef) -> frozenset[str]:
        ask = platforms.get(channel.platform)
        return await ask(channel) if ask is not None else frozenset()

    return connected


async def find_home(db: Database, channel: ChannelRef, connected: Connected) -> ChannelRef:
    """The reference under which a channel is subscribed: its own, or another workspace's.

    Where the platform cannot tell, it is its own.
    """
    async with db.reading() as tx:
        found = await subscriptions.list_of_id(tx, channel)
    own = next((each.standing for each in found if each.channel == str(channel)), None)
    others = [each for each in found if each.channel != str(channel)]
    if own is Standing.ACTIVE or not any(each.standing in _LIVE for each in others):
        return channel
    try:
        twins = _within(others, await connected(channel))
    except ChatError as error:
        log.warning("%s: which workspaces share it is unknown: %s", channel, error)
        return channel
    for standing in _LIVE:
        if own is standing:
            return channel
        for each in twins:
            if each.standing is standing:
                return parse_channel(each.channel)
    return channel


async def find_workspaces(
    db: Database, channel: ChannelRef, connected: Connected
) -> frozenset[str]:
    """The other workspaces that share the channel; raises `ChatError`.

    The platform is asked only where the same id was subscribed in another workspace.
    """
    async with db.reading() as tx:
        found = await subscriptions.list_of_id(tx, channel)
    if all(each.channel == str(channel) for each in found):
        return frozenset()
    return await connected(channel)


async def take_over(
    tx: Transaction,
    channel: ChannelRef,
    workspaces: Collection[str],
    *,
    blocking: Collection[Standing],
    now: datetime,
) -> date | None:
    """Make this the only reference of its channel that is subscribed.

    Subscriptions that the platform refuses in `workspaces` are removed, and what was said there is
    not public any more. Returns the last date that
    was posted from there; raises `UsageError` if one of them has a `blocking` standing.
    """
    last: date | None = None
    for each in _within(await subscriptions.list_of_id(tx, channel), workspaces):
        if each.standing in blocking:
            raise UsageError(TAKEN, channel=str(channel), other=each.channel)
        if each.standing is Standing.REFUSED:
            await subscriptions.update(
                tx, each.id, each.options, standing=Standing.REMOVED, now=now, next_at=None
            )
            # As `subscribe.remove` does: nobody could change it there any more.
            await channel_preferences.end_public(tx, each.channel)
            await quiet.apply(tx, each.channel, now)
        closed = await slots.last_closed(tx, each.id)
        last = max(filter(None, (last, closed)), default=None)
    return last


async def stop_doubles(db: Database, connected: Connected, *, now: datetime) -> int:
    """Of active subscriptions of one shared channel, stop all but the oldest; returns how many.

    The operator is told of them as of refused ones. A channel of which the platform cannot tell is
    left as it is.
    """
    async with db.reading() as tx:
        active = [
            each for each in await subscriptions.list_all(tx) if each.standing is Standing.ACTIVE
        ]
    by_id: dict[tuple[Platform, str], list[Subscription]] = {}
    for each in sorted(active, key=lambda each: (each.created_at, each.id)):
        channel = parse_channel(each.channel)
        by_id.setdefault((channel.platform, channel.id), []).append(each)
    stopped = 0
    for first, *later in by_id.values():
        kept = [first]
        for each in later:
            twin = await _find_twin(each, kept, connected)
            if twin is None:
                kept.append(each)
                continue
            async with db.transaction() as tx:
                await subscriptions.guard(tx, each.channel, twin.channel)
                present = await subscriptions.find(tx, twin.channel)
                if present is None or present.standing is not Standing.ACTIVE:
                    kept.append(each)  # that one ended while the platform was asked
                    continue
                stopped += await subscriptions.refuse(tx, each.channel, SHARED, twin.channel, now)
    return stopped


async def _find_twin(
    each: Subscription, kept: Iterable[Subscription], connected: Connected
) -> Subscription | None:
    try:
        workspaces = await connected(parse_channel(each.channel))
    except ChatError as error:
        log.warning("%s: which workspaces share it is unknown: %s", each.channel, error)
        return None
    return next(iter(_within(kept, workspaces)), None)


_LIVE = (Standing.ACTIVE, Standing.PAUSED)


def _within(found: Iterable[Subscription], workspaces: Collection[str]) -> tuple[Subscription, ...]:
    return tuple(each for each in found if parse_channel(each.channel).workspace in workspaces)
