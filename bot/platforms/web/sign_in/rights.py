"""What the platforms say of people who are signed in, kept for a moment.

Where a platform cannot tell, nobody manages anything and no talk is shown; somebody who signed in
stays signed in.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.ports import ChannelRef, ChatError, Identity, Platform, Rights

log = logging.getLogger(__name__)

T = TypeVar("T")

MEMBER_FOR = timedelta(minutes=5)
"""How long a platform's answer about membership counts."""
VISIBLE_FOR = timedelta(minutes=1)
"""How long its answer about channels counts."""
_UNKNOWN_FOR = timedelta(seconds=15)
_SECONDS = 6.0
_MOST = 2000


class RightsOfPeople:
    """The rights of people of every platform with which they sign in."""

    def __init__(
        self, platforms: Mapping[Platform, Rights], *, clock: Callable[[], datetime]
    ) -> None:
        self._platforms = platforms
        self._clock = clock
        self._members: dict[Identity, tuple[datetime, tuple[str, ...]]] = {}
        self._visible: dict[Identity, tuple[datetime, Mapping[ChannelRef, str]]] = {}

    async def shared_workspaces(self, who: Identity) -> tuple[str, ...]:
        """As of now; raises `ChatError`."""
        async with asyncio.timeout(_SECONDS):
            shared = await self._platforms[who.platform].shared_workspaces(who)
        _keep(self._members, who, self._clock() + MEMBER_FOR, shared)
        return shared

    async def current(self, who: Identity) -> Identity | None:
        """The person with the workspaces they are still in; `None` if there are none."""
        if who.platform not in self._platforms:  # this way to sign in was turned off
            return None
        until, shared = self._members.get(who, (None, who.workspaces))
        if until is None or until <= self._clock():
            found = await _answer(self.shared_workspaces(who))
            if found is None:  # the platform cannot tell: the last known answer counts
                _keep(self._members, who, self._clock() + _UNKNOWN_FOR, shared)
            else:
                shared = found
        return replace(who, workspaces=shared) if shared else None

    async def may_manage(self, who: Identity, channel: ChannelRef) -> bool:
        """Whether their platform lets them manage the channel."""
        platform = self._platforms.get(who.platform)
        if platform is None or not who.is_of(channel):
            return False
        return bool(await _answer(platform.may_manage(who, channel)))

    async def list_visible(
        self, who: Identity, channels: Collection[ChannelRef]
    ) -> Mapping[ChannelRef, str]:
        """Those of the channels that they can read on their platform, with their names."""
        platform = self._platforms.get(who.platform)
        if platform is None:
            return {}
        until, visible = self._visible.get(who, (None, {}))
        if until is None or until <= self._clock():
            found = await _answer(platform.list_visible(who, channels))
            visible = found or {}
            length = _UNKNOWN_FOR if found is None else VISIBLE_FOR
            _keep(self._visible, who, self._clock() + length, visible)
        return {each: visible[each] for each in channels if each in visible}


def _keep(
    kept: dict[Identity, tuple[datetime, T]], who: Identity, until: datetime, value: T
) -> None:
    if len(kept) >= _MOST:
        kept.clear()
    kept[who] = (until, value)


async def _answer(asking: Awaitable[T]) -> T | None:
    """The platform's answer; `None` if there is none."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await asking
    except (ChatError, TimeoutError) as error:
        log.warning("the rights of a person who is signed in are unknown: %s", error)
        return None
