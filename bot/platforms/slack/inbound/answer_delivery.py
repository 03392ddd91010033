"""Takes an answer to the person who asked, by the first route that works.

A slash command and a pressed button bring a response URL, which also works where the bot is no
member, but only five times within half an hour. Where it fails, the asker gets the answer as an
ephemeral message, or else as a direct message. Each part of an answer is shown once: a route that
fails half-way leaves only the rest to the next one.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.ports import ChatError, ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.platforms.slack.api import call, respond
from bot.platforms.slack.errors import chat_error
from bot.platforms.slack.inbound.events import Location
from bot.platforms.slack.rendering.render import Payload
from bot.platforms.slack.rendering.text import Json

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(seconds=20)
"""How long an answer waits where Slack limits our calls."""
_RESPONSES = 5
"""How often a response URL may be used."""
_LOOKED_AT = 20
"""Newest messages of a channel among which an answer is looked for."""
_NO_PREVIEWS: Json = {"unfurl_links": False, "unfurl_media": False}

Route: TypeAlias = Callable[[Payload], Awaitable[None]]
"""Shows the next part of an answer; raises `ChatError`."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an answer goes: to `user` alone or, if `for_all`, to everybody in `place`.

    `replaces` says that it takes the place of the message that was pressed.
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
        """Show every part of an answer, in order, once; raises `ChatError` if no route is left."""
        rest = list(payloads)
        failure: ChatError | None = None
        for route in self._routes(to, len(payloads)):
            try:
                while rest:
                    await route(rest[0])
                    rest.pop(0)
            except ChatUncertainError:
                raise  # it may have been shown, and would be shown twice by another route
            except ChatError as error:
                log.info("Slack: an answer takes another route: %s", error)
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
        """A message of our own; what goes on stands in its thread."""
        thread = to.place.thread

        async def show(payload: Payload) -> None:
            nonlocal thread
            shown = _content(payload) | _NO_PREVIEWS | {"channel": channel, "thread_ts": thread}
            answer = await self.call(lambda: self._client.chat_postMessage(**shown))
            thread = thread or str(answer.get("ts") or "") or None

        return show

    def _ephemeral(self, to: Destination) -> Route:
        """A message that the asker alone sees, for a while."""

        async def show(payload: Payload) -> None:
            place = {"channel": to.place.channel, "thread_ts": to.place.thread, "user": to.user}
            shown = _content(payload) | place
            await self.call(lambda: self._client.chat_postEphemeral(**shown))

        return show

    def _response(self, to: Destination, url: str) -> Route:
        """By the response URL, as often as it may be used."""
        used = 0

        async def show(payload: Payload) -> None:
            nonlocal used
            if used == _RESPONSES:
                raise ChatRefusedError("the response URL is used up")
            body = _content(payload) | _NO_PREVIEWS
            body["response_type"] = "in_channel" if to.for_all else "ephemeral"
            body["replace_original"] = to.replaces and not used
            used += 1
            try:
                await self._patiently(lambda: respond(self._client, url, body))
            except ChatUncertainError as error:
                if not (to.for_all and await self._stands(to.place.channel, payload)):
                    raise ChatRefusedError(str(error)) from error

        return show

    async def _stands(self, channel: str, payload: Payload) -> bool:
        """Whether an answer for everybody was posted although nothing confirmed it."""
        try:
            answer = await self.call(
                lambda: self._client.conversations_history(channel=channel, limit=_LOOKED_AT)
            )
        except ChatError:
            return False
        wanted = {block["block_id"] for block in payload.blocks}
        return any(
            block.get("block_id") in wanted
            for message in answer.get("messages") or ()
            for block in message.get("blocks") or ()
        )

    async def call(self, request: Callable[[], Awaitable[AsyncSlackResponse]]) -> Json:
        """Make a request; where Slack asks to wait a moment, a person waits that moment too."""
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
