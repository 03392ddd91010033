"""Finding the posted parts of a delivery by the marks in channels and threads."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import field
from datetime import datetime

import discord

from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChatRefusedError, DeliveryKey
from bot.platforms.discord.answers import FORUMS, Place, Posted
from bot.platforms.discord.errors import NO_HISTORY, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, code_of
from bot.platforms.discord.rest import Rest


@dataclass(slots=True)
class Found:
    """The posted parts of a delivery: for each part number the channel and the message."""

    parts: dict[int, tuple[int, int]] = field(default_factory=dict)
    first: Posted | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all parts that the first message announces were found."""
        if self.first is None or self.first.mark is None:
            return False
        return set(range(1, self.first.mark.parts + 1)) <= set(self.parts)

    def add(self, within: int, posted: Posted, key: str) -> None:
        """Add a message if it belongs to the delivery."""
        if posted.mark is None or posted.mark.key != key:
            return
        self.parts.setdefault(posted.mark.part, (within, posted.id))
        if posted.mark.part == 1 and self.first is None:
            self.first = posted


async def search_channel(rest: Rest, channel: int, key: DeliveryKey, since: datetime) -> Found:
    """Find a delivery that was posted into a channel or forum since then.

    Raises `ChatRefusedError` if the bot may not read the history.
    """
    found = Found()
    place = await rest.place(channel)
    if place.type in FORUMS:
        await _search_forum(rest, place, found, key, since)
    else:
        empty = True
        async for posted in rest.history(channel, since):
            empty = False
            found.add(channel, posted, key)
        if empty:
            await _demand_history(rest, place)
    first = found.first
    if first is not None and first.mark is not None and first.mark.parts > 1:
        async for posted in _thread(rest, first.id, since):
            found.add(first.id, posted, key)
    return found


async def _search_forum(
    rest: Rest, forum: Place, found: Found, key: DeliveryKey, since: datetime
) -> None:
    await _demand_history(rest, forum)
    for thread in await rest.threads(forum, since):
        with contextlib.suppress(discord.NotFound):  # its first message may be deleted
            found.add(thread.id, await rest.message(thread.id, thread.id), key)


async def search_thread(
    rest: Rest, channel: int, thread: int, key: DeliveryKey, since: datetime
) -> Found:
    """Find a delivery that was posted as a reply since then.

    Without a thread, replies are in the channel itself. Raises as `search_channel`.
    """
    found = Found()
    empty = True
    async for posted in _thread(rest, thread, since):
        empty = False
        found.add(thread, posted, key)
    if empty:
        try:
            await _demand_history(rest, await rest.place(thread))
        except discord.HTTPException as error:
            if code_of(error) != UNKNOWN_CHANNEL:
                raise
            return await search_channel(rest, channel, key, since)
    return found


async def _thread(rest: Rest, thread: int, since: datetime) -> AsyncIterator[Posted]:
    """The messages of a thread; none if there is no such thread."""
    try:
        async for posted in rest.history(thread, since):
            yield posted
    except discord.HTTPException as error:
        if code_of(error) not in {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE}:
            raise


async def _demand_history(rest: Rest, place: Place) -> None:
    # Without the permission Discord returns an empty history, not an error. Taking it for an
    # answer would post everything twice.
    if not (await rest.permissions(place)).read_message_history:
        raise ChatRefusedError(NO_HISTORY)
