"""E-mail as a platform of delivery: the port's `Chat` over SMTP.

What e-mail lacks: a message that was sent cannot be changed or removed (`edit` and `delete` refuse with
`Extent.SENT`), and there is no discussion: nothing is read, and what belongs into a thread is a message
that refers to the first one. The mail server cannot be asked what it has. Before the content of a
message is sent, that is written down (`Handovers`), so that `find` knows of every message whether it was
certainly not sent, was accepted, or is in doubt; the latter is for a person.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count
from typing import TypeVar

from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import Translate, translatable
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    Condition,
    DeliveryKey,
    Inbox,
    MessageRef,
    Platform,
)
from bot.core.ports.error_table import RETRIED_AFTER
from bot.mail.domain.subscriber import NOT_ASKED, Handovers, Subscriber, Subscribers
from bot.platforms.mail.access import Access
from bot.platforms.mail.connection import IDLE_SECONDS, Connection
from bot.platforms.mail.rendering.message import make_message, message_id

log = logging.getLogger(__name__)

T = TypeVar("T")

_PRUNED_EVERY = 360
"""Rounds of ten seconds: an hour."""

UNCHANGEABLE = translatable("An e-mail cannot be changed or removed once it is sent")
_IN_DOUBT = translatable(
    "The mail server may have it: ask the reader or look into the server's log for its Message-ID, {id}"
)
_BEFORE_RESTORE = translatable(
    "A backup was put back, and it may have been sent before: ask the reader or look into the mail "
    "server's log for its Message-ID, {id}"
)
_NO_INBOX = translatable("The bot sends no direct messages by e-mail")
_BEING_SENT = translatable("An attempt to send it has only just ended")


class MailChat:
    """`clock` gives the aware instant, `voices` a language. `tls` is for tests."""

    platform = Platform.MAIL

    def __init__(
        self,
        access: Access,
        subscribers: Subscribers,
        handovers: Handovers,
        *,
        voices: Callable[[str], Translate],
        clock: Callable[[], datetime],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._access = access
        self._subscribers = subscribers
        self._handovers = handovers
        self._voices = voices
        self._clock = clock
        self._connection = Connection(access, tls=tls)
        self._condition = Condition(Platform.MAIL, ok=True)

    @property
    def condition(self) -> Condition:
        """How the last message fared with the server; what concerns one address does not count."""
        return self._condition

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,  # noqa: ARG002 - of one message
    ) -> MessageRef:
        return await self._send(channel, document, key, root=None)

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,  # noqa: ARG002 - of one message
    ) -> MessageRef:
        return await self._send(root.channel, document, key, root=root.id)

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,  # noqa: ARG002 - the key alone finds it here
    ) -> MessageRef | None:
        known = await _stored(self._handovers.find(key))
        if known is None:
            if await _stored(self._handovers.know_since(since)):
                return None
            raise ChatRefusedError(_BEFORE_RESTORE.format(id=self._id(key)))
        if known.accepted_at is not None:
            return MessageRef(channel, key) if known.accepted_at >= since else None
        raise ChatRefusedError(_IN_DOUBT.format(id=self._id(key)))

    async def edit(self, message: MessageRef, document: Document) -> None:  # noqa: ARG002 - refused
        raise ChatRefusedError(UNCHANGEABLE, Extent.SENT)

    async def delete(self, message: MessageRef) -> None:  # noqa: ARG002 - refused
        raise ChatRefusedError(UNCHANGEABLE, Extent.SENT)

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:  # noqa: ARG002 - of none
        raise ChatRefusedError(_NO_INBOX)

    async def run(self, inbox: Inbox) -> None:  # noqa: ARG002 - nobody writes to the bot
        """Close connections that are not used; forget what is months old."""
        try:
            for round_ in count(1):
                await asyncio.sleep(IDLE_SECONDS / 2)
                await self._connection.close_idle()
                if round_ % _PRUNED_EVERY == 0:
                    await self._handovers.prune()
        finally:
            await self._connection.close()

    async def _send(
        self, channel: ChannelRef, document: Document, key: DeliveryKey, *, root: str | None
    ) -> MessageRef:
        subscriber = await self._known(channel, key)
        sent = MessageRef(channel, key)
        known = await _stored(self._handovers.find(key))
        if known is not None and known.accepted_at is not None:
            return sent
        access = self._access
        content = make_message(
            document,
            key=key,
            subscriber=subscriber,
            sender=access.sender,
            site=access.site,
            at=self._clock(),
            say=self._voices(subscriber.locale),
            root=root,
        )
        try:
            begun = await self._connection.send(
                subscriber.address, content, lambda: _stored(self._handovers.begin(key))
            )
        except ChatError as error:
            self._note(error)
            if not isinstance(error, ChatUncertainError):
                await self._forget(key)
            raise
        self._note(None)
        if not begun:
            raise ChatUnavailableError(_BEING_SENT, retry_after=RETRIED_AFTER)
        await self._accepted(key)
        return sent

    def _id(self, key: DeliveryKey) -> str:
        return message_id(key, self._access.sender).strip("<>")

    async def _known(self, channel: ChannelRef, key: DeliveryKey) -> Subscriber:
        """The address of the channel; raises `ChatRefusedError` unless it may get that message.

        The refusal is of that message alone: the one that asks the address may be behind it.
        """
        found = await _stored(self._subscribers.find(channel.id))
        if found is None:
            raise ChatRefusedError(NOT_ASKED)
        if refusal := found.refusal_of(key):
            raise ChatRefusedError(refusal, Extent.MESSAGE)
        return found

    async def _accepted(self, key: DeliveryKey) -> None:
        try:
            await self._handovers.accept(key)
        except StorageError:
            log.warning("that the mail server has %s could not be stored", key)

    async def _forget(self, key: DeliveryKey) -> None:
        """Where that fails, the message is taken to be in doubt, which is the safe side."""
        try:
            await self._handovers.forget(key)
        except StorageError:
            log.warning("that the mail server has not taken %s could not be stored", key)

    def _note(self, error: ChatError | None) -> None:
        whole = isinstance(error, ChatUnavailableError) and error.whole_workspace
        last_ok_at = self._condition.last_ok_at if whole else self._clock()
        self._condition = Condition(
            Platform.MAIL,
            not whole,
            str(error) if whole else "",
            last_ok_at,
            None if not whole else "",
        )


async def _stored(work: Awaitable[T]) -> T:
    """The result of `work`; where the database fails, nothing was sent."""
    try:
        return await work
    except StorageError as error:
        raise ChatUnavailableError(str(error)) from error
