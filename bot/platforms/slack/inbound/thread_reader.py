"""Reading Slack's threads for the backfill: slowly, and whole or not at all.

Who looks for what is missing must be sure that nothing was left out. So rate limits are waited
out, and every other failure is raised.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    MessageRef,
    ReactionsRead,
    User,
)
from bot.discussion.inbound.backfill import COMPARED_BACK
from bot.discussion.inbound.thread_reader import FoundMessage, NoThreadError, PositionFormat
from bot.platforms.slack.api import call
from bot.platforms.slack.errors import chat_error, error_name
from bot.platforms.slack.inbound.event_parser import read_reply
from bot.platforms.slack.inbound.events import BotIdentity, MessageDeleted
from bot.platforms.slack.inbound.thread_inbound import Thread, ThreadInbound
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.timestamps import format_timestamp, parse_timestamp
from bot.reactions.domain.emoji import is_positive

_PAGE = 200
_AT_ONCE = 20
"""Calls that need no pause between them: Slack allows bursts."""
_WAITS = 20
"""How often one call waits for Slack's limits before something else must be wrong."""
_OUR_CHANNELS: Json = {"types": "public_channel,private_channel", "exclude_archived": True}

_LONGEST_WAIT = timedelta(minutes=2)
_SHORT = timedelta(seconds=20)

Request = Callable[[], Awaitable[AsyncSlackResponse]]


def position_format(team: str) -> PositionFormat:
    """The position is an instant in ISO form."""
    return PositionFormat(f"slack/heard/{team}", datetime.fromisoformat, datetime.isoformat)


class SlackThreadReader:
    """`ThreadReader` for one workspace; a thread is its channel and its root's timestamp.

    `pause` seconds pass between two calls, after a first few. `limited` is told when Slack's limits
    make it wait. `member` knows a person's own workspace. It reads reactions (`ReactionReader`), too.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        us: BotIdentity,
        inbound: ThreadInbound,
        *,
        clock: Callable[[], datetime],
        pause: float,
        sleep: Callable[[float], Awaitable[None]],
        limited: Callable[[], None],
        member: Callable[[str], Awaitable[User]],
    ) -> None:
        self._member = member
        self._limited = limited
        self._client = client
        self._us = us
        self._inbound = inbound
        self._clock = clock
        self._pause = pause
        self._sleep = sleep
        self._calls = 0

    def begin(self) -> None:
        """The next calls may come quickly."""
        self._calls = 0

    async def channels(self, since: datetime) -> Collection[str]:  # noqa: ARG002 - all of them
        request = partial(self._client.users_conversations, **_OUR_CHANNELS)
        channels = [str(each.get("id") or "") async for each in self._pages(request, "channels")]
        return list(filter(None, channels))

    async def threads(self, channel: str, since: datetime) -> Collection[Thread]:
        oldest = format_timestamp(since - COMPARED_BACK)
        request = partial(self._client.conversations_history, channel=channel, oldest=oldest)
        return [
            (channel, str(root.get("ts")))
            async for root in self._pages(request, "messages")
            if (root.get("bot_id") == self._us.bot or root.get("user") == self._us.user)
            and _is_later(str(root.get("latest_reply") or ""), since)
        ]

    async def messages(self, thread: Thread, since: datetime) -> AsyncIterator[FoundMessage]:
        channel, root = thread
        request = partial(
            self._client.conversations_replies,
            channel=channel,
            ts=root,
            oldest=format_timestamp(since),
            inclusive=True,
        )
        async for message in self._pages(request, "messages"):
            ts = str(message.get("ts"))
            spoken = read_reply(message, channel, self._us)
            if spoken is None:
                yield FoundMessage(ts, thread, parse_timestamp(ts) or since)
                continue
            yield FoundMessage(
                ts,
                thread,
                spoken.at,
                spoken.edited_at,
                partial(self._inbound.hand_on, spoken),
            )

    async def find(self, root: MessageRef) -> Thread | None:
        return root.channel.id, root.id

    def time_of(self, message: MessageRef) -> datetime | None:
        return parse_timestamp(message.id)

    async def shows_all(self, root: MessageRef, found: Collection[str]) -> bool:
        if root.id not in found:
            raise ChatUncertainError("Slack leaves a thread's root out")
        return True

    async def is_deleted(self, root: MessageRef) -> bool:
        # Slack hides what is old from workspaces that do not pay.
        at = parse_timestamp(root.id)
        if at is None or at <= self._clock() - COMPARED_BACK:
            return False
        request = partial(
            self._client.conversations_history,
            channel=root.channel.id,
            oldest=root.id,
            latest=root.id,
            inclusive=True,
        )
        stands = [message.get("ts") async for message in self._pages(request, "messages")]
        return root.id not in stands

    async def hand_on_deletion(self, message: MessageRef) -> None:
        await self._inbound.hand_on(MessageDeleted("", message.channel.id, message.id))

    def receives_all(self) -> bool:
        return True

    async def reactions(
        self, channel: ChannelRef, papers: Collection[MessageRef]
    ) -> AsyncIterator[ReactionsRead]:
        """See `ReactionReader`. Papers in a day's thread, which no history shows, cost a call each."""
        began, left = self._clock(), {paper.id: paper for paper in papers}
        request = partial(
            self._client.conversations_history,
            channel=channel.id,
            oldest=min(left),
            inclusive=True,
        )
        async for message in self._pages(request, "messages"):
            if (paper := left.pop(str(message.get("ts")), None)) is not None:
                found = message.get("reactions") or []
                if any(len(each.get("users") or []) < each.get("count", 0) for each in found):
                    left[paper.id] = paper  # Slack names only some of the people here
                    continue
                yield await self._read_of(paper, found, began)
        for paper in left.values():
            asked = partial(
                self._client.reactions_get, channel=channel.id, timestamp=paper.id, full=True
            )
            with suppress(NoThreadError):
                message = (await self._call(asked)).get("message") or {}
                yield await self._read_of(paper, message.get("reactions") or [], began)

    async def _read_of(
        self, paper: MessageRef, found: Sequence[Json], at: datetime
    ) -> ReactionsRead:
        given = [
            (await self._member(str(user)), str(each.get("name") or ""))
            for each in found
            if is_positive(str(each.get("name") or ""))
            for user in each.get("users") or []
            if user != self._us.user
        ]
        return ReactionsRead(paper, frozenset(given), at)

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
                pause = _wait(error)
                self._limited()
                # Whoever looks for a message that may be there already waits for the same limit:
                # every second turn is theirs.
                await self._sleep(pause.total_seconds() * (2 if pause > _SHORT else 1))
        raise ChatUnavailableError("Slack does not let us read what was said")


def _is_later(ts: str, than: datetime) -> bool:
    """Whether a timestamp is one, and of a later time."""
    at = parse_timestamp(ts)
    return at is not None and at > than


def _wait(error: SlackApiError) -> timedelta:
    """How long Slack asks to wait; raises what cannot be waited out."""
    if error_name(error) in {"thread_not_found", "message_not_found"}:
        raise NoThreadError from error
    refusal = chat_error(error)
    if error_name(error) == "missing_scope":
        raise ChatRefusedError(str(refusal)) from error
    pause = refusal.retry_after if isinstance(refusal, ChatUnavailableError) else None
    if pause is None or pause > _LONGEST_WAIT:
        raise refusal from error
    return pause
