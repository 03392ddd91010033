"""What stands in our threads, read slowly and to its end, or not at all.

What is read is judged by its completeness: whoever looks for what is missing must be sure that
nothing was left out. So a limit is waited out, and whatever else goes wrong is raised.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.platforms.slack.api import call
from bot.platforms.slack.errors import chat_error, error_name
from bot.platforms.slack.inbound.events import BotIdentity, instant, timestamp
from bot.platforms.slack.rendering.text import Json

LOOKED_BACK = timedelta(days=14)
"""What is said in threads older than this is heard live or not at all."""

_PAGE = 200
_AT_ONCE = 20
"""Calls that need no pause between them: Slack allows bursts."""
_WAITS = 20
"""How often one call waits for Slack's limits before something else must be wrong."""
_OUR_CHANNELS: Json = {"types": "public_channel,private_channel", "exclude_archived": True}

_LONGEST_WAIT = timedelta(minutes=2)

Request = Callable[[], Awaitable[AsyncSlackResponse]]


class NoThreadError(Exception):
    """Slack knows no such thread."""


class Reading:
    """Reads one workspace. Raises `ChatError` and, of threads, `NoThreadError`.

    `ChatRefusedError` says that something may not be read at all: nothing reaches us from there.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        us: BotIdentity,
        *,
        pause: float,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._client = client
        self._us = us
        self._pause = pause
        self._sleep = sleep
        self._calls = 0

    def begin(self) -> None:
        """The next calls may come quickly."""
        self._calls = 0

    async def channels(self) -> tuple[str, ...]:
        """The channels that the bot is in."""
        request = partial(self._client.users_conversations, **_OUR_CHANNELS)
        channels = [str(each.get("id") or "") async for each in self._pages(request, "channels")]
        return tuple(filter(None, channels))

    async def talked_in(self, channel: str, since: datetime) -> tuple[str, ...]:
        """The threads of our messages in which something was said since then."""
        oldest = timestamp(since - LOOKED_BACK)
        request = partial(self._client.conversations_history, channel=channel, oldest=oldest)
        return tuple(
            [
                str(root.get("ts"))
                async for root in self._pages(request, "messages")
                if (root.get("bot_id") == self._us.bot or root.get("user") == self._us.user)
                and _is_later(str(root.get("latest_reply") or ""), since)
            ]
        )

    async def thread(self, channel: str, root: str, since: datetime) -> AsyncIterator[Json]:
        """The root, and everything that stands below it and is of that time or later."""
        request = partial(
            self._client.conversations_replies,
            channel=channel,
            ts=root,
            oldest=timestamp(since),
            inclusive=True,
        )
        async for message in self._pages(request, "messages"):
            yield message

    async def stands(self, channel: str, root: str) -> bool:
        """Whether a message stands in the channel itself."""
        request = partial(
            self._client.conversations_history,
            channel=channel,
            oldest=root,
            latest=root,
            inclusive=True,
        )
        there = [message.get("ts") async for message in self._pages(request, "messages")]
        return root in there

    async def _pages(self, request: Callable[..., Any], what: str) -> AsyncIterator[Json]:
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = await self._call(partial(request, limit=_PAGE, **more))
            found, metadata = answer.get(what), answer.get("response_metadata")
            if not isinstance(found, list) or not isinstance(metadata, dict | None):
                raise ChatUncertainError("what Slack answers is not understood")
            for each in found:
                if isinstance(each, dict):
                    yield each
            cursor = str((metadata or {}).get("next_cursor") or "")
            if not cursor:
                break
        if answer.get("has_more"):
            raise ChatUncertainError("Slack has more, and does not say where")

    async def _call(self, request: Request) -> Json:
        self._calls += 1
        if self._calls > _AT_ONCE:
            await self._sleep(self._pause)
        for _ in range(_WAITS):
            try:
                return await call(request())
            except SlackApiError as error:
                await self._sleep(_wait(error).total_seconds())
        raise ChatUnavailableError("Slack does not let us read what was said")


def _is_later(ts: str, than: datetime) -> bool:
    """Whether a timestamp is one, and of a later time."""
    at = instant(ts)
    return at is not None and at > than


def _wait(error: SlackApiError) -> timedelta:
    """How long Slack asks to wait; raises what cannot be waited out."""
    if error_name(error) == "thread_not_found":
        raise NoThreadError from error
    refusal = chat_error(error)
    if error_name(error) == "missing_scope":
        raise ChatRefusedError(str(refusal)) from error
    pause = refusal.retry_after if isinstance(refusal, ChatUnavailableError) else None
    if pause is None or pause > _LONGEST_WAIT:
        raise refusal from error
    return pause
