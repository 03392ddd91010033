"""Hands replies in threads of the web chat to the inbox, at least once and in order.

The board marks each changed reply as unprocessed in the transaction of the change. Unprocessed
replies are delivered after each change, at start and every `EVERY` seconds; the inbox ignores
repetitions, so a crash in between loses and doubles nothing.
"""

import asyncio
import logging
import re

from bot.core.domain.errors import UserError
from bot.core.domain.late import late_pattern
from bot.core.ports import Inbox, ThreadMessage, User
from bot.platforms.web.addresses import message_ref
from bot.platforms.web.rendering.view import BOT_NAME
from bot.webchat.domain.board import Board, BoardMessage

log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds after which failed deliveries to the inbox are tried again."""

_AT_ONCE = 50
# ASCII: in Korean the next word may follow the name without a space.
_MENTION = late_pattern(rf"(?<!\w)@{BOT_NAME}\b", re.IGNORECASE | re.ASCII)


class ThreadInbound:
    """Delivers the unprocessed replies of a board to one inbox."""

    def __init__(self, board: Board, inbox: Inbox) -> None:
        self._board = board
        self._inbox = inbox
        self._one_by_one = asyncio.Lock()

    async def deliver(self) -> None:
        """Deliver every unprocessed reply once; failures stay unprocessed until the next call."""
        async with self._one_by_one:
            failed: set[int] = set()
            while True:
                try:
                    waiting = await self._board.list_unprocessed(limit=_AT_ONCE + len(failed))
                except UserError as error:  # the database
                    log.error("messages of the web chat could not be read: %s", error)
                    return
                fresh = [message for message in waiting if message.id not in failed]
                if not fresh:
                    return
                failed |= {message.id for message in fresh if not await self._delivered(message)}

    async def _delivered(self, message: BoardMessage) -> bool:
        try:
            await self._deliver_one(message)
            await self._board.mark_processed(message)
        except Exception:
            # Everything is caught here (CONTRIBUTING.md, Errors): one message must not stop the others.
            log.exception("message %d of the web chat could not be handled", message.id)
            return False
        return True

    async def _deliver_one(self, message: BoardMessage) -> None:
        reference = message_ref(message.channel, message.id)
        if message.deleted:
            await self._inbox.on_message_deleted(reference)
        elif message.root is not None and message.author is not None:
            text = str(message.content)
            await self._inbox.on_message(
                ThreadMessage(
                    root=message_ref(message.channel, message.root),
                    message=reference,
                    user=User(message.author.id, message.author.name, can_manage=False),
                    text=text,
                    mentions_bot=_MENTION.search(text) is not None,
                    at=message.posted_at,
                    edited_at=message.edited_at,
                    locale=message.author.locale,
                )
            )

    async def run(self) -> None:
        """Deliver every `EVERY` seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.deliver()
