"""Slack as a `Chat`: posts through the Web API, receives by Socket Mode or HTTP requests."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
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
from bot.platforms.slack.access import Access
from bot.platforms.slack.addresses import ANY_WORKSPACE, message_address, workspace_address
from bot.platforms.slack.api import (
    call,
    call_with_headers,
    missing_scopes,
    open_client,
    team_of,
)
from bot.platforms.slack.channels import check_channel, find_connected, open_direct_channel
from bot.platforms.slack.errors import BAD_TOKEN, chat_error, is_bad_token
from bot.platforms.slack.inbound.events import (
    AppRemoved,
    BotIdentity,
)
from bot.platforms.slack.inbound.interactions import Interactions
from bot.platforms.slack.inbound.timing import TIMING, Timing
from bot.platforms.slack.people import UserDirectory
from bot.platforms.slack.posting import Posting
from bot.platforms.slack.requests.ack_gate import AckGate
from bot.platforms.slack.requests.receiver import CONNECTIONS, Receiver
from bot.platforms.slack.requests.signed_requests import SignedRequests
from bot.platforms.slack.rights import WorkspaceRights

log = logging.getLogger(__name__)

UPLOAD_SCOPE = "files:write"
_SOON = timedelta(seconds=2)
_LIMIT_SHOWN = timedelta(minutes=5)
_MISSING = (
    "Slack: %s did not grant %s: what needs them does not work; reinstall the app to grant them"
)


class SlackChat:
    """`ports.Chat` for one workspace.

    With an app-level token it uses Socket Mode. With only a signing secret, Slack must be configured
    to send requests to `/slack/events`, which are passed to `requests`. Slack has no idempotency key:
    this process posts each key once, and `find` tells whether an earlier process did. `Receiver` says
    what `seen`, `memo`, `replies`, `removed` and `part_of` are.
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
        self._voices = voices
        self._clock = clock
        self._timing = timing
        self._sleep = sleep
        self._client: AsyncWebClient | None = None
        self._posting: Posting | None = None
        self._rights: WorkspaceRights | None = None
        self._us: BotIdentity | None = None
        self._missing: tuple[str, ...] = ()
        self._limited_at: datetime | None = None
        self._workspace = ANY_WORKSPACE
        self._problem = "not connected yet"
        self._last_ok_at: datetime | None = None
        gate = AckGate()
        self.requests: SignedRequests | None = None
        if access.app_token is None and access.signing_secret is not None:
            self.requests = SignedRequests(access.signing_secret, clock=clock, gate=gate)
        self._receiver = Receiver(
            access,
            self.requests,
            gate=gate,
            seen=seen,
            memo=memo,
            replies=replies,
            removed=removed,
            part_of=part_of,
            is_well=lambda: self.condition.ok,
            limited=self._on_limit,
            clock=clock,
            timing=timing,
            sleep=sleep,
        )

    @property
    def team(self) -> str | None:
        """The id of the workspace, once Slack has told it."""
        return self._us.team if self._us is not None else None

    @property
    def condition(self) -> Condition:
        """For `/healthz`: whether the bot is identified and receives events."""
        lines_open = self._receiver.lines_open
        takes_requests = self._receiver.takes_requests
        ok = self._us is not None and (
            any(lines_open) or takes_requests or self._receiver.is_elsewhere
        )
        if ok:
            self._last_ok_at = self._clock()
        detail = self._problem
        if lines_open:
            detail = f"{sum(lines_open)} of {CONNECTIONS} connections"
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
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        return await self._ready().post(channel, None, document, key, since)

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        return await self._ready().post(root.channel, root.id, document, key, since)

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

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:  # noqa: ARG002 - its own
        if self._client is None or self._us is None:
            raise ChatUnavailableError("Slack is not connected yet", retry_after=_SOON)
        return await open_direct_channel(self._client, self._us.team, user)

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
                await self._receiver.serve(client, us, interactions, inbox)
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
                may_upload=lambda: UPLOAD_SCOPE not in self._missing,
            )
            try:
                yield client
            finally:
                self._client = self._posting = self._us = self._rights = None

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

    def _on_limit(self) -> None:
        self._limited_at = self._clock()


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
