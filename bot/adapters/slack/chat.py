"""Slack as a `Chat`: posting through the Web API, people through Socket Mode or HTTP requests."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.access import Access
from bot.adapters.slack.answering import Answering
from bot.adapters.slack.api import call, open_client, sdk_logger
from bot.adapters.slack.channels import check_channel
from bot.adapters.slack.errors import BAD_TOKEN, chat_error, is_bad_token
from bot.adapters.slack.events import Happened, Self, Spoken, TakenBack
from bot.adapters.slack.listening import build_app
from bot.adapters.slack.missed import keep_noting, missed
from bot.adapters.slack.people import People
from bot.adapters.slack.posting import Posting
from bot.adapters.slack.requests import Requests
from bot.adapters.slack.sockets import PATIENCE, Line, Patience
from bot.adapters.slack.text import Readable
from bot.domain.document import Document
from bot.domain.errors import UsageError
from bot.domain.words import Say
from bot.ports import (
    ChannelRef,
    ChatError,
    ChatUnavailableError,
    Condition,
    DeliveryKey,
    Inbox,
    Memo,
    MessageRef,
    Platform,
    Seen,
)

log = logging.getLogger(__name__)

LINES = 2
"""Connections of Socket Mode: Slack closes each every few hours, and never both at once."""
_AT_ONCE = 64
"""Things that people did, dealt with side by side."""
_SOON = timedelta(seconds=2)


class SlackChat:
    """`ports.Chat` for one workspace.

    With an app-level token it connects by Socket Mode; with a signing secret alone Slack must
    be told to send to `/slack/events`, where `application` is mounted. What people do is
    dealt with once, also across restarts (`seen`). Slack cannot post once by a key of ours:
    in this process a key is posted once, and `find` answers for other times.
    """

    platform = Platform.SLACK

    def __init__(
        self,
        access: Access,
        *,
        seen: Seen,
        readable: Readable,
        voices: Callable[[str], Say],
        clock: Callable[[], datetime],
        memo: Memo | None = None,
        patience: Patience = PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._access = access
        self._seen = seen
        self._readable = readable
        self._voices = voices
        self._clock = clock
        self._memo = memo
        self._patience = patience
        self._sleep = sleep
        self._client: AsyncWebClient | None = None
        self._posting: Posting | None = None
        self._us: Self | None = None
        self._lines: tuple[Line, ...] = ()
        self._lanes: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._trouble = "not connected yet"
        self._last_ok_at: datetime | None = None
        self._requests: Requests | None = None
        if access.app_token is None and access.signing_secret is not None:
            self._requests = Requests(access.signing_secret, clock=clock)

    def application(self) -> web.Application | None:
        """What the bot's web server mounts at `/slack` in HTTP mode; `None` in Socket Mode."""
        return self._requests.application() if self._requests is not None else None

    @property
    def condition(self) -> Condition:
        """For `/healthz`: whether people can reach the bot, and it them."""
        is_open = [line.is_open for line in self._lines]
        ok = self._us is not None and (any(is_open) or self._requests is not None)
        if ok:
            self._last_ok_at = self._clock()
        detail = self._trouble
        if self._us is not None:
            detail = f"{sum(is_open)} of {LINES} connections" if self._lines else "HTTP requests"
        return Condition(self.platform.value, ok, detail, self._last_ok_at)

    async def post(
        self, channel: ChannelRef, document: Document, *, key: DeliveryKey
    ) -> MessageRef:
        return await self._ready().post(channel, None, document, key)

    async def reply(self, root: MessageRef, document: Document, *, key: DeliveryKey) -> MessageRef:
        return await self._ready().post(root.channel, root.id, document, key)

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,
    ) -> MessageRef | None:
        return await self._ready().find(channel, key, since=since, root=root)

    async def edit(self, message: MessageRef, document: Document) -> None:
        await self._ready().edit(message, document)

    async def delete(self, message: MessageRef) -> None:
        await self._ready().delete(message)

    async def check(self, channel: ChannelRef) -> ChannelRef:
        """The channel with its workspace; `ChatRefusedError` says why nothing can be posted."""
        if self._client is None or self._us is None:
            raise ChatUnavailableError("Slack is not connected yet", retry_after=_SOON)
        return await check_channel(self._client, self._us.team, channel)

    def _ready(self) -> Posting:
        if self._posting is None:
            raise ChatUnavailableError("Slack is not connected yet", retry_after=_SOON)
        return self._posting

    async def run(self, inbox: Inbox) -> None:
        """Serve until cancelled; raises `UsageError` when Slack does not accept a token."""
        try:
            async with self._open() as client:
                self._us = us = await self._identify(client)
                people = People(client, clock=self._clock)
                answering = Answering(
                    client,
                    inbox,
                    people,
                    us,
                    readable=self._readable,
                    voices=self._voices,
                    sleep=self._sleep,
                )
                await self._serve(client, us, answering)
        except ExceptionGroup as group:
            raise _told_to_a_person(group) from group

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[AsyncWebClient]:
        async with open_client(self._access) as client:
            self._client = client
            self._posting = Posting(
                client, readable=self._readable, clock=self._clock, sleep=self._sleep
            )
            try:
                yield client
            finally:
                self._client = self._posting = self._us = None
                self._lines = ()

    async def _identify(self, client: AsyncWebClient) -> Self:
        """Who we are, asked until Slack says it; the SDK would ask when somebody waits."""
        failures = 0
        while True:
            try:
                answer = await call(client.auth_test())
                us = Self(str(answer["team_id"]), str(answer["user_id"]), str(answer["bot_id"]))
            except SlackApiError as error:
                if is_bad_token(error):
                    raise UsageError(BAD_TOKEN) from error
                self._trouble = str(chat_error(error))
            except ChatError as error:
                self._trouble = str(error)
            except KeyError:
                raise UsageError(BAD_TOKEN) from None  # a person's token, not a bot's
            else:
                log.info("Slack: connected to %s as %s", answer.get("team"), answer.get("user"))
                return us
            failures += 1
            pause = min(self._patience.first_pause * 2**failures, self._patience.longest_pause)
            log.warning("Slack: %s; tried again in %.0f s", self._trouble, pause)
            await self._sleep(pause)

    async def _serve(self, client: AsyncWebClient, us: Self, answering: Answering) -> None:
        places = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:

            def take(happened: Happened) -> asyncio.Task[None]:
                return tasks.create_task(self._deal_with(happened, answering, places))

            app = build_app(client, us, take, sdk_logger())
            if self._requests is not None:
                self._requests.app = app
            try:
                if self._memo is not None:
                    # Before a socket opens, so that what is said now comes after it.
                    for spoken in await missed(client, us, self._memo):
                        take(spoken)
                    tasks.create_task(self._keep_noting(us, self._memo))
                if self._requests is not None:
                    await asyncio.Event().wait()
            finally:
                if self._requests is not None:
                    self._requests.app = None
            self._lines = tuple(
                Line(number, client, token, patience=self._patience, sleep=self._sleep)
                for number in range(1, LINES + 1)
                if (token := self._access.app_token) is not None
            )
            for line in self._lines:
                tasks.create_task(line.keep_open(app))

    async def _keep_noting(self, us: Self, memo: Memo) -> None:
        def listens() -> bool:
            return self.condition.ok

        await keep_noting(us, memo, clock=self._clock, sleep=self._sleep, listens=listens)

    async def _deal_with(
        self, happened: Happened, answering: Answering, places: asyncio.Semaphore
    ) -> None:
        async with self._lane(happened), places:
            try:
                event_id = happened.event_id
                if isinstance(happened, Spoken | TakenBack):
                    # Kept before it counts as seen: killed in between, Slack says it again.
                    if not (event_id and await self._seen.is_known(event_id)):
                        await answering.handle(happened)
                        if event_id:
                            await self._seen.first_time(event_id)
                elif not event_id or await self._seen.first_time(event_id):
                    await answering.handle(happened)
            except ChatError as error:
                log.warning("Slack: an answer did not arrive: %s", error)
            except Exception:
                # The inbox's edge: what breaks on one message must not take the others along.
                log.exception("Slack: something that happened could not be dealt with")

    def _lane(self, happened: Happened) -> AbstractAsyncContextManager[object]:
        """What is said in one thread is dealt with in its order, however long a look-up takes."""
        if not isinstance(happened, Spoken):
            return nullcontext()
        return self._lanes.setdefault((happened.channel, happened.root), asyncio.Lock())


def _told_to_a_person(group: ExceptionGroup[Exception]) -> Exception:
    """The error that a person can act on, where there is one; else all of them."""
    for error in group.exceptions:
        if isinstance(error, UsageError):
            return error
    return group
