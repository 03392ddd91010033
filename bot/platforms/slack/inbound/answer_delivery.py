"""Delivers an answer by the first route that works.

A slash command and a press come with a response URL. It also works in channels that the bot is not
in, but only five times within half an hour. If it fails, the answer is sent as an ephemeral message,
then as a direct message. Each part of an answer is shown once: if a route fails after some parts,
the next route sends the remaining ones.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import TypeAlias

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChatError, ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.platforms.slack.api import call, respond
from bot.platforms.slack.errors import chat_error
from bot.platforms.slack.inbound.events import Location
from bot.platforms.slack.rendering.render import Payload, with_content
from bot.platforms.slack.rendering.text import Json

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(seconds=20)
"""How long an answer waits in total when Slack limits the calls."""
_RESPONSES = 5
"""How often Slack lets a response URL be used."""
_LOOKED_AT = 20
"""The newest messages of a channel, among which an unconfirmed answer is looked for."""
_MOST_READ = 1000
"""Messages of a thread, which Slack gives the oldest first."""
_NO_PREVIEWS: Json = {"unfurl_links": False, "unfurl_media": False}

Route: TypeAlias = Callable[[Payload], Awaitable[None]]
"""Sends the next part of an answer; raises `ChatError`."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an answer goes: to `user` alone or, if `for_all`, to everybody in `place`.

    `replaces`: it replaces the message that holds the pressed button.
    """

    user: str
    place: Location
    response_url: str | None
    for_all: bool
    replaces: bool = False


class AnswerDelivery:
    """Delivers answers over one client."""

    def __init__(
        self, client: AsyncWebClient, *, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._client = client
        self._sleep = sleep

    async def deliver(self, to: Destination, payloads: Sequence[Payload]) -> None:
        """Send every part of an answer once, in order; raises `ChatError` if all routes fail."""
        rest = list(payloads)
        failure: ChatError | None = None
        for route in self._routes(to, len(payloads)):
            try:
                while rest:
                    await route(rest[0])
                    rest.pop(0)
            except ChatError as error:
                log.info("Slack: an answer is sent by another route: %s", error)
                failure = error
            else:
                return
        if failure is not None:
            raise failure

    def _routes(self, to: Destination, parts: int) -> Iterator[Route]:
        in_thread = to.place.thread is not None and not to.replaces
        by_message = to.response_url is None or in_thread or (to.for_all and parts > 1)
        if by_message:
            yield self._message(to, to.place.channel) if to.for_all else self._ephemeral(to)
        if to.response_url is not None:
            yield self._response(to, to.response_url)
        if to.for_all or not by_message:
            yield self._ephemeral(to)
        yield self._message(Destination(to.user, Location(to.user), None, for_all=True), to.user)

    def _message(self, to: Destination, channel: str) -> Route:
        """A message; the further parts go into its thread."""
        thread = to.place.thread

        async def show(payload: Payload) -> None:
            nonlocal thread
            shown = _content(payload) | _NO_PREVIEWS | {"channel": channel, "thread_ts": thread}
            try:
                answer = await self.call(lambda: self._client.chat_postMessage(**shown))
            except ChatUncertainError as error:
                if await self._is_posted(Location(channel, thread), payload):
                    return
                raise ChatRefusedError(str(error)) from error
            thread = thread or str(answer.get("ts") or "") or None

        return show

    def _ephemeral(self, to: Destination) -> Route:
        """A message that only the person who asked sees."""

        async def show(payload: Payload) -> None:
            place = {"channel": to.place.channel, "thread_ts": to.place.thread, "user": to.user}
            shown = _content(payload) | place
            try:
                await self.call(lambda: self._client.chat_postEphemeral(**shown))
            except ChatUncertainError as error:
                # To be shown twice to one person is better than never.
                raise ChatRefusedError(str(error)) from error

        return show

    def _response(self, to: Destination, url: str) -> Route:
        """The response URL, as often as it may be used."""
        used = 0

        async def show(payload: Payload) -> None:
            nonlocal used
            if used == _RESPONSES:
                raise ChatRefusedError("the response URL is used up")
            how: Json = {
                "response_type": "in_channel" if to.for_all else "ephemeral",
                "replace_original": to.replaces and not used,
                **_NO_PREVIEWS,
            }
            body = with_content(how, payload)
            used += 1
            try:
                await self._patiently(lambda: respond(self._client, url, body))
            except ChatUncertainError as error:
                if not (to.for_all and await self._is_posted(Location(to.place.channel), payload)):
                    raise ChatRefusedError(str(error)) from error

        return show

    async def _is_posted(self, place: Location, payload: Payload) -> bool:
        """Whether an unconfirmed answer is in the channel, or in the thread."""

        def read() -> Awaitable[AsyncSlackResponse]:
            if place.thread is None:
                return self._client.conversations_history(channel=place.channel, limit=_LOOKED_AT)
            return self._client.conversations_replies(
                channel=place.channel, ts=place.thread, oldest=place.thread, limit=_MOST_READ
            )

        try:
            answer = await self.call(read)
        except ChatError:
            return False
        wanted = {block["block_id"] for block in payload.blocks}
        return any(
            block.get("block_id") in wanted
            for message in answer.get("messages") or ()
            for block in message.get("blocks") or ()
        )

    async def call(self, request: Callable[[], Awaitable[AsyncSlackResponse]]) -> Json:
        """Call a method; repeat it when Slack asks to wait, within LONGEST_WAIT."""
        return await self._patiently(lambda: call(request()))

    async def _patiently(self, attempt: Callable[[], Awaitable[Json]]) -> Json:
        waited = timedelta()
        while True:
            try:
                return await attempt()
            except (SlackApiError, ChatError) as error:
                refusal = chat_error(error) if isinstance(error, SlackApiError) else error
                pause = refusal.retry_after if isinstance(refusal, ChatUnavailableError) else None
                if pause is None or waited + pause > LONGEST_WAIT:
                    raise refusal from error
            waited += pause
            await self._sleep(pause.total_seconds())


def _content(payload: Payload) -> Json:
    return {"text": payload.text, "blocks": list(payload.blocks)}
