"""Slack as a `Chat`: posts through the Web API, receives by Socket Mode or HTTP requests."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError, UsageError
from bot.core.domain.i18n import Translate
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatUnavailableError,
    Condition,
    DeliveryKey,
    Inbox,
    KeyValueStore,
    MessageRef,
    Platform,
    ProcessedEvents,
    Replies,
)
from bot.core.ports.part import ALONE, Part
from bot.discussion.inbound.thread_queue import ThreadQueue
from bot.platforms.slack.access import Access
from bot.platforms.slack.addresses import ANY_WORKSPACE, message_address, workspace_address
from bot.platforms.slack.api import (
    call,
    call_with_headers,
    missing_scopes,
    open_client,
    sdk_logger,
    team_of,
)
from bot.platforms.slack.channels import check_channel, find_connected
from bot.platforms.slack.errors import BAD_TOKEN, chat_error, is_bad_token
from bot.platforms.slack.inbound.ack_gate import AckGate
from bot.platforms.slack.inbound.backfill import BackfillSchedule
from bot.platforms.slack.inbound.bolt_app import build_app
from bot.platforms.slack.inbound.events import (
    AppRemoved,
    BotIdentity,
    MessageDeleted,
    MessagePosted,
    SlackEvent,
)
from bot.platforms.slack.inbound.interactions import Interactions
from bot.platforms.slack.inbound.signed_requests import SignedRequests
from bot.platforms.slack.inbound.socket_mode import TIMING, Connection, Timing
from bot.platforms.slack.inbound.thread_inbound import ThreadInbound
from bot.platforms.slack.inbound.thread_reader import SlackThreadReader
from bot.platforms.slack.people import UserDirectory
from bot.platforms.slack.posting import Posting
from bot.platforms.slack.rights import WorkspaceRights

log = logging.getLogger(__name__)

CONNECTIONS = 2
"""Socket Mode connections: Slack closes each every few hours, but not both at once."""
_AT_ONCE = 64
"""Events that are handled concurrently."""
_SOON = timedelta(seconds=2)
_LIMIT_SHOWN = timedelta(minutes=5)
_MISSING = (
    "Slack: %s did not grant %s: what needs them does not work; reinstall the app to grant them"
)


class SlackChat:
    """`ports.Chat` for one workspace.

    With an app-level token it uses Socket Mode. With only a signing secret, Slack must be configured
    to send requests to `/slack/events`, which are passed to `requests`. Each event is handled once,
    also across restarts (`seen`). The backfill reads messages that were missed (`memo` holds its
    position, `replies` the stored messages). Slack has no idempotency key: this process posts each
    key once, and `find` tells whether an earlier process did. `removed` is told, with the workspace,
    when that removes the app; it may be told several times. `part_of` is given the workspace: whose
    part it is opens the connections and reads what was missed; requests are answered by any process.
    """

    platform = Platform.SLACK

    def __init__(
        self,
        access: Access,
        *,
        seen: ProcessedEvents,
        voices: Callable[[str], Translate],
        clock: Callable[[], datetime],
        memo: KeyValueStore | None = None,
        replies: Replies | None = None,
        removed: Callable[[str, AppRemoved], Awaitable[None]] | None = None,
        part_of: Callable[[str], Part] = lambda _workspace: ALONE,
        timing: Timing = TIMING,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._access = access
        self._removed = removed
        self._part_of = part_of
        self._part: Part = ALONE
        self._seen = seen
        self._voices = voices
        self._clock = clock
        self._memo = memo
        self._replies = replies
        self._timing = timing
        self._sleep = sleep
        self._client: AsyncWebClient | None = None
        self._posting: Posting | None = None
        self._rights: WorkspaceRights | None = None
        self._us: BotIdentity | None = None
        self._lines: tuple[Connection, ...] = ()
        self._missing: tuple[str, ...] = ()
        self._limited_at: datetime | None = None
        self._workspace = ANY_WORKSPACE
        self._problem = "not connected yet"
        self._last_ok_at: datetime | None = None
        self._gate = AckGate()
        self.requests: SignedRequests | None = None
        if access.app_token is None and access.signing_secret is not None:
            self.requests = SignedRequests(access.signing_secret, clock=clock, gate=self._gate)

    @property
    def team(self) -> str | None:
        """The id of the workspace, once Slack has told it."""
        return self._us.team if self._us is not None else None

    @property
    def condition(self) -> Condition:
        """For `/healthz`: whether the bot is identified and receives events."""
        is_open = [line.is_open for line in self._lines]
        takes_requests = self.requests is not None and self.requests.is_open
        is_elsewhere = not self._part.is_ours()
        ok = self._us is not None and (any(is_open) or takes_requests or is_elsewhere)
        if ok:
            self._last_ok_at = self._clock()
        detail = self._problem
        if self._lines:
            detail = f"{sum(is_open)} of {CONNECTIONS} connections"
        elif ok:
            detail = "HTTP requests" if takes_requests else "connected by another process"
        if ok and self._limited_at is not None and self._clock() - self._limited_at < _LIMIT_SHOWN:
            detail += "; Slack limits reading: what was missed or is in doubt is looked up later"
        if ok and self._access.organisation:
            detail += f"; by the organisation {self._access.organisation}"
        if ok and self._missing:
            detail += f"; missing scopes: {', '.join(self._missing)}"
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

    def address(self, message: MessageRef, root: MessageRef | None) -> str:
        """Where a person reads a message, or a reply in the thread of `root`."""
        return message_address(message, root, workspace=self._workspace)

    async def check(self, channel: ChannelRef) -> ChannelRef:
        """The channel with its workspace; raises `ChatError` if the bot cannot post there."""
        if self._client is None or self._us is None:
            raise ChatUnavailableError("Slack is not connected yet", retry_after=_SOON)
        whole = bool(self._us.organisation)
        return await check_channel(self._client, self._us.team, channel, is_of_organisation=whole)

    async def find_connected(self, channel: ChannelRef) -> frozenset[str]:
        """The other workspaces that share the channel (Slack Connect); raises `ChatError`."""
        if self._client is None or self._us is None:
            raise ChatUnavailableError("Slack is not connected yet", retry_after=_SOON)
        return await find_connected(self._client, self._us.team, channel)

    @property
    def rights(self) -> WorkspaceRights:
        """What Slack says of its people; raises `ChatUnavailableError` until it is connected."""
        if self._rights is None:
            raise ChatUnavailableError("Slack is not connected yet", retry_after=_SOON)
        return self._rights

    def _ready(self) -> Posting:
        if self._posting is None:
            raise ChatUnavailableError("Slack is not connected yet", retry_after=_SOON)
        return self._posting

    async def run(self, inbox: Inbox) -> None:
        """Run until cancelled; raises `UsageError` if Slack rejects a token."""
        try:
            async with self._open() as client:
                self._us = us = await self._identify(client)
                people = UserDirectory(client, team=self._access.team, clock=self._clock)
                self._rights = WorkspaceRights(client, people, us.team)
                interactions = Interactions(
                    client,
                    inbox,
                    people,
                    us,
                    voices=self._voices,
                    sleep=self._sleep,
                )
                await self._serve(client, us, interactions)
        except ExceptionGroup as group:
            raise _most_useful_error(group) from group

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[AsyncWebClient]:
        async with open_client(self._access) as client:
            self._client = client
            self._posting = Posting(
                client,
                clock=self._clock,
                voices=self._voices,
                sleep=self._sleep,
                limited=self._on_limit,
            )
            try:
                yield client
            finally:
                self._client = self._posting = self._us = self._rights = None
                self._lines = ()

    async def _identify(self, client: AsyncWebClient) -> BotIdentity:
        """The bot's ids; retried until Slack answers."""
        failures = 0
        while True:
            try:
                answer, headers = await call_with_headers(client.auth_test())
                bot = str(answer["bot_id"])
                app = await _app_of(client, bot)
                team = self._access.team or team_of(answer)
                organisation = self._access.organisation
                us = BotIdentity(team, str(answer["user_id"]), bot, app, organisation)
                self._workspace = workspace_address(str(answer.get("url") or ""))
            except SlackApiError as error:
                if is_bad_token(error):
                    raise UsageError(BAD_TOKEN) from error
                self._problem = str(chat_error(error))
            except ChatError as error:
                self._problem = str(error)
            except KeyError:
                raise UsageError(BAD_TOKEN) from None  # a user token, not a bot token
            else:
                log.info("Slack: connected to %s as %s", answer.get("team"), answer.get("user"))
                self._missing = missing_scopes(headers) or ()
                if self._missing:
                    log.warning(_MISSING, us.team, ", ".join(self._missing))
                return us
            failures += 1
            pause = min(self._timing.first_pause * 2**failures, self._timing.longest_pause)
            log.warning("Slack: %s; trying again in %.0f s", self._problem, pause)
            await self._sleep(pause)

    async def _serve(
        self, client: AsyncWebClient, us: BotIdentity, interactions: Interactions
    ) -> None:
        places = asyncio.Semaphore(_AT_ONCE)
        queue = ThreadQueue(
            Platform.SLACK,
            seen=self._seen,
            sleep=self._sleep,
            first_pause=self._timing.first_pause,
            longest_pause=self._timing.longest_pause,
        )

        async def store(message: SlackEvent) -> None:
            await self._gate.wait()
            await interactions.handle(message)

        inbound = ThreadInbound(store, queue, sleep=self._sleep, places=places)
        self._part = part = self._part_of(us.team)
        has_begun = asyncio.Event()
        backfill: BackfillSchedule | None = None

        async def before(message: MessagePosted) -> None:
            if backfill is not None:
                await backfill.before(message)

        async def receive() -> None:
            nonlocal backfill
            backfill = mine = self._backfill(client, us, queue, inbound)
            try:
                await mine.begin()
                has_begun.set()
                await self._receive(app, client, mine)
            finally:
                backfill = None
                has_begun.set()

        async with asyncio.TaskGroup() as tasks:

            def dispatch(event: SlackEvent) -> asyncio.Task[None]:
                if isinstance(event, MessagePosted | MessageDeleted):
                    return tasks.create_task(inbound.on_event(event, before))
                return tasks.create_task(self._handle(event, interactions, places))

            app = build_app(client, us, dispatch, sdk_logger(), gate=self._gate)
            tasks.create_task(part.while_ours(receive))
            if self.requests is not None:
                if part.is_ours():
                    await has_begun.wait()
                await self._serve_http(self.requests, app, us)

    def _backfill(
        self, client: AsyncWebClient, us: BotIdentity, queue: ThreadQueue, inbound: ThreadInbound
    ) -> BackfillSchedule:
        return BackfillSchedule(
            us,
            queue,
            SlackThreadReader(
                client,
                us,
                inbound,
                clock=self._clock,
                pause=self._timing.between_reads,
                sleep=self._sleep,
                limited=self._on_limit,
            ),
            memo=self._memo,
            replies=self._replies,
            clock=self._clock,
            timing=self._timing,
        )

    async def _receive(
        self, app: AsyncApp, client: AsyncWebClient, backfill: BackfillSchedule
    ) -> None:
        """Keep the connections and read what was missed, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(backfill.keep_reading())
                if self.requests is not None:
                    backfill.reached(now=True)
                self._lines = tuple(
                    Connection(
                        number,
                        client,
                        token,
                        timing=self._timing,
                        sleep=self._sleep,
                        changed=lambda: backfill.reached(now=self.condition.ok),
                    )
                    for number in range(1, CONNECTIONS + 1)
                    if (token := self._access.app_token) is not None
                )
                for line in self._lines:
                    tasks.create_task(line.keep_open(app))
        finally:
            self._lines = ()

    async def _serve_http(self, requests: SignedRequests, app: AsyncApp, us: BotIdentity) -> None:
        """Accept requests until cancelled."""
        requests.open(app, us)
        try:
            await asyncio.Event().wait()
        finally:
            requests.close()

    async def _handle(
        self, event: SlackEvent, interactions: Interactions, places: asyncio.Semaphore
    ) -> None:
        await self._gate.wait()
        async with places:
            try:
                if isinstance(event, AppRemoved):
                    await self._on_removed(event)
                elif await self._is_new(event.event_id):
                    await interactions.handle(event)
            except ChatError as error:
                log.warning("Slack: an answer was not delivered: %s", error)
            except Exception:
                # One event that fails must not stop the others.
                log.exception("Slack: an event could not be handled")

    def _on_limit(self) -> None:
        self._limited_at = self._clock()

    async def _on_removed(self, event: AppRemoved) -> None:
        log.warning("Slack: the workspace %s removed the app or revoked its token", self.team)
        if self._removed is not None and self.team is not None:
            await self._removed(self.team, event)

    async def _is_new(self, event_id: str) -> bool:
        """Whether to handle an event; also where the database cannot tell for now.

        An answer given twice is better than none, and a look-up needs no writing (issue 12, item 7).
        """
        try:
            return not event_id or await self._seen.first_time(event_id)
        except StorageError as error:
            log.warning("Slack: whether a request was handled before is unknown: %s", error)
            return True


async def _app_of(client: AsyncWebClient, bot: str) -> str:
    """The id of the bot's app, or an empty string if Slack does not tell it.

    Then only the workspace of a request is compared; the signing secret belongs to one app anyway.
    """
    try:
        found = (await call(client.bots_info(bot=bot))).get("bot")
    except (SlackApiError, ChatError) as error:
        log.info("Slack does not give the app's id: %s", error)
        return ""
    return str(found.get("app_id") or "") if isinstance(found, dict) else ""


def _most_useful_error(group: ExceptionGroup[Exception]) -> Exception:
    """The error that the operator can act on, if there is one, also in nested groups; else the group."""
    for error in group.exceptions:
        found = _most_useful_error(error) if isinstance(error, ExceptionGroup) else error
        if isinstance(found, UsageError):
            return found
    return group
