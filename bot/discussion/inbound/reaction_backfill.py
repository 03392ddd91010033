"""Reading the reactions to papers that no event told of, after the backfill of what was said.

Reactions have no history: who looks at a message sees those that are there now. So the newer papers
of each channel are looked at, and what is there replaces what is stored.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.domain.errors import StorageError
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    Inbox,
    MessageRef,
    Platform,
    ReactionsRead,
    Replies,
)

log = logging.getLogger(__name__)

READ_BACK = timedelta(days=14)
"""Reactions to papers that were posted earlier are only heard, not read."""


class ReactionReader(Protocol):
    """Reads the reactions of one workspace, or raises `ChatError`."""

    def reactions(
        self, channel: ChannelRef, papers: Collection[MessageRef]
    ) -> AsyncIterator[ReactionsRead]:
        """The reactions to these messages of a channel; deleted messages are left out."""
        ...


class ReactionBackfill:
    """Reads what one platform was not heard to say; without `replies`, nothing.

    `serves` tells which channels are looked at. Pauses after failures double from `first_pause` to
    `longest_pause` seconds.
    """

    def __init__(
        self,
        platform: Platform,
        inbox: Inbox,
        *,
        serves: Callable[[ChannelRef], bool],
        replies: Replies | None,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        first_pause: float = 2.0,
        longest_pause: float = 120.0,
    ) -> None:
        self._platform = platform
        self._inbox = inbox
        self._serves = serves
        self._replies = replies
        self._clock = clock
        self._sleep = sleep
        self._first_pause = first_pause
        self._longest_pause = longest_pause

    async def catch_up(
        self, reader: ReactionReader, is_over: Callable[[], bool] = lambda: False
    ) -> bool:
        """Read the newer papers of every channel, with pauses after failures; false when it `is_over`."""
        if self._replies is None:
            return True
        left: dict[ChannelRef, list[MessageRef]] | None = None
        failures = 0
        while not is_over():
            try:
                if left is None:
                    left = await self._papers(self._replies)
                for channel, papers in tuple(left.items()):
                    if is_over():
                        return False
                    if await self._read(reader, channel, papers):
                        del left[channel]
            except StorageError as error:
                log.warning("%s: reactions cannot be stored for now: %s", self._platform, error)
            if left is not None and not left:
                return True
            await self._sleep(min(self._first_pause * 2 ** min(failures, 16), self._longest_pause))
            failures += 1
        return False

    async def _papers(self, replies: Replies) -> dict[ChannelRef, list[MessageRef]]:
        found: dict[ChannelRef, list[MessageRef]] = {}
        for paper in await replies.papers(self._platform, self._clock() - READ_BACK):
            if self._serves(paper.channel):
                found.setdefault(paper.channel, []).append(paper)
        return found

    async def _read(
        self, reader: ReactionReader, channel: ChannelRef, papers: Collection[MessageRef]
    ) -> bool:
        """Read one channel; whether that is done, also because the bot may not read it."""
        began, reads = self._clock(), []
        try:
            async for read in reader.reactions(channel, papers):
                # Stored at once, too, since the rest may be refused.
                await self._inbox.on_reactions_read(read)
                reads.append(read)
        except ChatRefusedError as error:
            log.info("reactions in %s are not read: %s", channel, error)
            return True
        except ChatError as error:
            log.warning("reactions in %s cannot be read for now: %s", channel, error)
            return False
        await self._inbox.on_channel_read(channel, papers, reads, began)
        return True
