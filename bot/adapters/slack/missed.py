"""What was said in our threads while nobody listened: read when the bot comes back.

Slack repeats an event for some minutes and then lets it go. How far we have heard is noted, and
on the way back the threads of our messages are read from there. What was taken back meanwhile,
and what is said in threads older than `LOOKED_BACK`, is missed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.adapters.slack.api import call
from bot.adapters.slack.events import Self, Spoken, read_reply
from bot.adapters.slack.text import Json
from bot.ports import ChatError, Memo

log = logging.getLogger(__name__)

LOOKED_BACK = timedelta(days=14)
NOTED_EVERY = 30.0
"""Seconds between two notes of how far we have heard."""
MARGIN = timedelta(minutes=2)
"""What is older than this has been heard, if it is not still being dealt with."""
READ_WITHIN = 20.0
"""Seconds; people who ask something now must not wait longer for what others said."""

_PAGE = 200


async def missed(client: AsyncWebClient, us: Self, memo: Memo) -> tuple[Spoken, ...]:
    """What was said since the last note, oldest first; nothing where there is no note."""
    note = await memo.recall(_name(us))
    if note is None:
        return ()
    since = datetime.fromisoformat(note)
    found: list[Spoken] = []
    try:
        async with asyncio.timeout(READ_WITHIN):
            async for channel in _pages(client.users_conversations, "channels", **_OUR_CHANNELS):
                found += await _said_in(client, us, str(channel.get("id", "")), since)
    except (SlackApiError, ChatError, TimeoutError) as error:
        log.warning("Slack: what was said meanwhile could not all be read: %s", error)
    return tuple(sorted(found, key=lambda spoken: float(spoken.ts)))


_OUR_CHANNELS = {"types": "public_channel,private_channel", "exclude_archived": True}


async def _said_in(client: AsyncWebClient, us: Self, channel: str, since: datetime) -> list[Spoken]:
    found: list[Spoken] = []
    oldest = _timestamp(since - LOOKED_BACK)
    async for root in _pages(
        client.conversations_history, "messages", channel=channel, oldest=oldest
    ):
        is_ours = root.get("bot_id") == us.bot or root.get("user") == us.user
        if not is_ours or float(root.get("latest_reply") or 0) <= since.timestamp():
            continue
        place = {"channel": channel, "ts": root["ts"], "oldest": _timestamp(since)}
        async for reply in _pages(client.conversations_replies, "messages", **place):
            spoken = read_reply(reply, channel, us)
            if spoken is not None:
                found.append(spoken)
    return found


async def keep_noting(
    us: Self,
    memo: Memo,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    listens: Callable[[], bool],
) -> None:
    """Note how far we have heard, as long as somebody `listens`; until cancelled."""
    if await memo.recall(_name(us)) is None:
        await memo.note(_name(us), clock().isoformat())
    while True:
        await sleep(NOTED_EVERY)
        if listens():
            await memo.note(_name(us), (clock() - MARGIN).isoformat())


def _name(us: Self) -> str:
    return f"slack/heard/{us.team}"


async def _pages(
    method: Callable[..., Awaitable[AsyncSlackResponse]], what: str, **arguments: Any
) -> AsyncIterator[Json]:
    cursor = ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = await call(method(limit=_PAGE, **arguments, **more))
        for each in answer.get(what) or ():
            yield each
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return


def _timestamp(at: datetime) -> str:
    return f"{at.timestamp():.6f}"
