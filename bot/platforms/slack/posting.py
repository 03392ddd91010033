"""Posts, finds, edits and deletes messages in Slack; attempts may be repeated.

Slack has no idempotency key, so each message carries its delivery key, by which it is found in the
history. A document of several messages is posted root first, the other parts into its thread. If
that is interrupted, the next attempt posts only the parts that are missing. `find` reports a
document as absent until all parts are there, so that the outbox makes that attempt.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.archive.domain.entry import Language
from bot.archive.domain.language import language_of
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Chart, Document
from bot.core.domain.i18n import ENGLISH, Translate
from bot.core.picture import draw
from bot.core.ports import ChannelRef, ChatError, DeliveryKey, MessageRef
from bot.platforms.slack.api import call, sorted_errors, upload_picture
from bot.platforms.slack.delivery_mark import DeliveryMark, delivery_mark_of, delivery_parts
from bot.platforms.slack.errors import error_details, error_name, is_about_blocks, is_limit
from bot.platforms.slack.rendering.plain_message import LONGEST_TEXT, LONGEST_UPDATE, without_blocks
from bot.platforms.slack.rendering.render import Payload, render, with_picture
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.timestamps import format_timestamp

log = logging.getLogger(__name__)

BETWEEN_PARTS = 1.0
"""Seconds: Slack allows about one message a second in a channel."""
_UPLOAD_SECONDS = 8.0
"""For a picture: its message must still fit into the outbox's time limit."""
_PAGE = 200
_REMEMBERED = 2000
_READING_LASTS = timedelta(hours=2)
_MOST_READINGS = 200
_GONE = frozenset({"message_not_found", "thread_not_found"})


def _ignore() -> None:
    """Does nothing."""


@dataclass(slots=True)
class _Reading:
    """Messages read so far, and where to go on, as Slack's limits allow."""

    arguments: Json
    began: datetime
    messages: list[Json] = field(default_factory=list)
    cursor: str = ""


class Posting:
    """The posting half of a `Chat`, over one client. It posts each key at most once.

    `limited` is told when Slack's limits make it read later. `may_upload` says whether the scope for
    files was granted.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        clock: Callable[[], datetime],
        voices: Callable[[str], Translate] = lambda _: ENGLISH,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        limited: Callable[[], None] = _ignore,
        may_upload: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may_upload = may_upload
        self._limited = limited
        self._client = client
        self._voices = voices
        self._clock = clock
        self._sleep = sleep
        self._posted: OrderedDict[DeliveryKey, MessageRef] = OrderedDict()
        self._readings: OrderedDict[tuple[str, ...], _Reading] = OrderedDict()

    async def post(
        self,
        channel: ChannelRef,
        thread: str | None,
        document: Document,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        """Post a document; where an attempt began at `since`, the parts of it that are missing."""
        if (before := self._posted.get(key)) is not None:
            return before
        payloads = await self._with_picture(document, render(document, mark=key))
        with sorted_errors(channel.id):
            if len(payloads) == 1:
                ts = await self._send(channel, thread, payloads[0], DeliveryMark(key, 1, 1))
            else:
                ts = await self._complete(channel, thread, payloads, key, since)
        self._forget_readings(key)
        posted = self._posted[key] = MessageRef(channel, ts)
        if len(self._posted) > _REMEMBERED:
            self._posted.popitem(last=False)
        return posted

    async def _with_picture(
        self, document: Document, payloads: tuple[Payload, ...]
    ) -> tuple[Payload, ...]:
        """The messages with the document's chart as a picture, where Slack takes it."""
        chart = next((block for block in document.blocks if isinstance(block, Chart)), None)
        if chart is None or not self._may_upload() or (data := await draw(chart)) is None:
            return payloads
        try:
            async with asyncio.timeout(_UPLOAD_SECONDS):
                file = await upload_picture(self._client, data, text=chart.text)
        except (SlackApiError, ChatError, TimeoutError) as error:
            log.warning("a picture could not be uploaded, bars of text are posted: %s", error)
            return payloads
        return tuple(with_picture(payload, chart, file) for payload in payloads)

    async def _complete(
        self,
        channel: ChannelRef,
        thread: str | None,
        payloads: tuple[Payload, ...],
        key: DeliveryKey,
        since: datetime | None,
    ) -> str:
        # A new app of Slack may read fifteen messages a minute: without need, nothing is read.
        there = await self._parts(channel, thread, key, since) if since is not None else {}
        for part, payload in enumerate(payloads, start=1):
            if part in there:
                continue
            if part > 1:
                await self._sleep(BETWEEN_PARTS)
            mark = DeliveryMark(key, part, len(payloads))
            there[part] = await self._send(channel, thread or there.get(1), payload, mark)
        return there[1]

    async def _parts(
        self, channel: ChannelRef, thread: str | None, key: DeliveryKey, since: datetime
    ) -> dict[int, str]:
        """The timestamps of a delivery's parts that were posted since then, by part."""
        if thread is not None:
            return delivery_parts(await self._thread(channel, thread, since, of=key), key)
        root = await self._root(channel, key, since)
        if root is None:
            return {}
        mark = delivery_mark_of(root)
        if mark is None or mark.parts == 1:
            return {1: str(root["ts"])}
        return {1: str(root["ts"])} | delivery_parts(
            await self._thread(channel, str(root["ts"]), of=key), key
        )

    async def _send(
        self, channel: ChannelRef, thread: str | None, payload: Payload, mark: DeliveryMark
    ) -> str:
        arguments: Json = {
            "channel": channel.id,
            "text": payload.text,
            "blocks": list(payload.blocks),
            "metadata": mark.metadata,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if thread is not None:
            arguments["thread_ts"] = thread
        self._forget_readings(mark.key)  # what was read before does not show this message
        try:
            answer = await self._show(self._client.chat_postMessage, arguments, payload)
        except SlackApiError as error:
            if not is_about_blocks(error):
                raise
            plain = {"blocks": None, "text": self._without_blocks(payload, error, LONGEST_TEXT)}
            answer = await call(self._client.chat_postMessage(**arguments | plain))
        return str(answer["ts"])

    async def _show(
        self,
        method: Callable[..., Awaitable[AsyncSlackResponse]],
        arguments: Json,
        payload: Payload,
    ) -> Json:
        """Post or update; where Slack does not show a picture yet, once more, and then without it."""
        if payload.without_picture is None:
            return await call(method(**arguments))
        for pause in (BETWEEN_PARTS, 0.0):
            try:
                return await call(method(**arguments))
            except SlackApiError as error:
                if not is_about_blocks(error):
                    raise
                log.warning("Slack does not show a picture: %s", error_details(error))
            await self._sleep(pause)
        plain = {"blocks": list(payload.without_picture)}
        return await call(method(**arguments | plain))

    async def find(
        self, channel: ChannelRef, key: DeliveryKey, *, since: datetime, root: MessageRef | None
    ) -> MessageRef | None:
        """The first message of a delivery; `None` unless all of its parts are there."""
        with sorted_errors(channel.id):
            if root is None:
                message = await self._root(channel, key, since)
                messages = [message] if message is not None else []
            else:
                messages = await self._thread(channel, root.id, since, of=key)
            there = delivery_parts(messages, key)
            wanted = max(
                (m.parts for one in messages if (m := delivery_mark_of(one)) and m.key == key),
                default=0,
            )
            if root is None and wanted > 1:
                there |= delivery_parts(await self._thread(channel, there[1], of=key), key)
        self._forget_readings(key)
        if not wanted or not set(range(1, wanted + 1)) <= set(there):
            return None
        return MessageRef(channel, there[1])

    async def edit(self, message: MessageRef, document: Document) -> None:
        """Replace what the message says, in as many messages as that takes; may be repeated."""
        channel = message.channel
        with sorted_errors(channel.id):
            thread, own = await self._around(message)
            mark = delivery_mark_of(own) if own is not None else None
            key = mark.key if mark is not None else f"m{message.id.replace('.', '')}"
            there = delivery_parts(thread, key) | {1: message.id}
            payloads = await self._with_picture(document, render(document, mark=key))
            for part, payload in enumerate(payloads, start=1):
                if part > 1:
                    await self._sleep(BETWEEN_PARTS)
                its_mark = DeliveryMark(key, part, len(payloads))
                if part in there:
                    await self._update(channel, there[part], payload, its_mark)
                else:
                    root = str((own or {}).get("thread_ts") or message.id)
                    await self._send(channel, root, payload, its_mark)
            for part in sorted(set(there) - set(range(1, len(payloads) + 1))):
                await self._remove(channel, there[part])

    async def _update(
        self, channel: ChannelRef, ts: str, payload: Payload, mark: DeliveryMark
    ) -> None:
        arguments: Json = {
            "channel": channel.id,
            "ts": ts,
            "text": payload.text,
            "blocks": list(payload.blocks),
            "metadata": mark.metadata,
        }
        try:
            await self._show(self._client.chat_update, arguments, payload)
        except SlackApiError as error:
            if not is_about_blocks(error):
                raise
            plain = {"blocks": [], "text": self._without_blocks(payload, error, LONGEST_UPDATE)}
            await call(self._client.chat_update(**arguments | plain))

    async def delete(self, message: MessageRef) -> None:
        """Delete a message and its further parts, the first part last; may be repeated."""
        with sorted_errors(message.channel.id):
            try:
                thread, own = await self._around(message)
            except SlackApiError as error:
                if error_name(error) in _GONE:
                    return
                raise
            mark = delivery_mark_of(own) if own is not None else None
            others = delivery_parts(thread, mark.key) if mark is not None else {}
            for ts in [*(others[part] for part in sorted(others, reverse=True)), message.id]:
                await self._remove(message.channel, ts)

    async def _remove(self, channel: ChannelRef, ts: str) -> None:
        try:
            await call(self._client.chat_delete(channel=channel.id, ts=ts))
        except SlackApiError as error:
            if error_name(error) not in _GONE:
                raise

    async def _around(self, message: MessageRef) -> tuple[list[Json], Json | None]:
        """The thread that holds the parts of a message of the bot, and the message itself."""
        thread = await self._thread(message.channel, message.id)
        own = next((one for one in thread if one.get("ts") == message.id), None)
        mark = delivery_mark_of(own) if own is not None else None
        root = str((own or {}).get("thread_ts") or message.id)
        if root != message.id and mark is not None and mark.parts > 1:
            thread = await self._thread(message.channel, root)
        return thread, own

    async def _root(self, channel: ChannelRef, key: DeliveryKey, since: datetime) -> Json | None:
        """The first message of a delivery that is no reply; searched from the newest on."""
        arguments = {"oldest": format_timestamp(since), "inclusive": True}
        async for message in self._pages(
            self._client.conversations_history, key, channel=channel.id, **arguments
        ):
            mark = delivery_mark_of(message)
            if mark is not None and mark.key == key and mark.part == 1:
                return message
        return None

    async def _thread(
        self, channel: ChannelRef, root: str, since: datetime | None = None, *, of: str = ""
    ) -> list[Json]:
        """The root of a thread, and its replies since `since`; `of` is the delivery looked for."""
        oldest = {"oldest": format_timestamp(since), "inclusive": True} if since is not None else {}
        pages = self._pages(
            self._client.conversations_replies, of or root, channel=channel.id, ts=root, **oldest
        )
        return [message async for message in pages]

    async def _pages(
        self,
        method: Callable[..., Awaitable[AsyncSlackResponse]],
        purpose: str,
        **arguments: Any,
    ) -> AsyncIterator[Json]:
        """Messages, page by page.

        Where Slack allows one page a minute, a search of several would never end: so what was read
        for the same purpose is kept when a limit stops it, and the next attempt goes on from there.
        """
        name = (purpose, method.__name__, arguments["channel"], arguments.get("ts", ""))
        reading = self._reading(name, arguments)
        for message in reading.messages:
            yield message
        while True:
            more = {"cursor": reading.cursor} if reading.cursor else {}
            try:
                answer = await call(
                    method(limit=_PAGE, include_all_metadata=True, **reading.arguments, **more)
                )
            except SlackApiError as error:
                if is_limit(error):
                    self._limited()
                else:
                    self._readings.pop(name, None)
                raise
            found = [
                message for message in answer.get("messages") or () if isinstance(message, dict)
            ]
            reading.messages += found
            reading.cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not reading.cursor:
                self._readings.pop(name, None)
            for message in found:
                yield message
            if not reading.cursor:
                return

    def _reading(self, name: tuple[str, ...], arguments: Json) -> _Reading:
        """What was read and is not old, or a new reading."""
        now = self._clock()
        reading = self._readings.get(name)
        if reading is None or now - reading.began > _READING_LASTS:
            reading = self._readings[name] = _Reading(arguments, now)
            if len(self._readings) > _MOST_READINGS:
                self._readings.popitem(last=False)
        return reading

    def _forget_readings(self, key: str) -> None:
        for name in [name for name in self._readings if name[0] == key]:
            del self._readings[name]

    def _without_blocks(self, payload: Payload, error: SlackApiError, longest: int) -> str:
        """The message as plain text with a note; logs what Slack rejected."""
        log.error(
            "Slack refuses our blocks (%s): %s; sent as text",
            error_name(error),
            error_details(error),
        )
        say = self._voices("ko" if language_of(payload.text) is Language.KO else "en")
        return without_blocks(payload, say, longest=longest)
