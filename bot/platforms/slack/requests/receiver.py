"""Receives what Slack sends for one workspace: by Socket Mode or HTTP requests, and by reading back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.errors import StorageError
from bot.core.ports import ChatError, Inbox, KeyValueStore, Platform, ProcessedEvents, Replies, User
from bot.core.ports.part import ALONE, Part
from bot.discussion.inbound.thread_queue import ThreadQueue
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import sdk_logger
from bot.platforms.slack.inbound.backfill import BackfillSchedule
from bot.platforms.slack.inbound.events import (
    AppRemoved,
    BotIdentity,
    FormTyped,
    MessageDeleted,
    MessagePosted,
    OpenForm,
    Reacted,
    SlackEvent,
)
from bot.platforms.slack.inbound.interactions import Interactions
from bot.platforms.slack.inbound.thread_inbound import ThreadInbound
from bot.platforms.slack.inbound.thread_reader import SlackThreadReader
from bot.platforms.slack.inbound.timing import Timing
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.requests.ack_gate import AckGate
from bot.platforms.slack.requests.bolt_app import App, build_app
from bot.platforms.slack.requests.signed_requests import SignedRequests
from bot.platforms.slack.requests.socket_mode import Connection

log = logging.getLogger(__name__)

CONNECTIONS = 2
"""Socket Mode connections: Slack closes each every few hours, but not both at once."""
SUBMITTED_WITHIN = 2.0
"""Seconds until a submitted form is answered although it is still being carried out; Slack waits three."""
_AT_ONCE = 64
"""Events that are handled concurrently."""


class Receiver:
    """Passes each event on once, also across restarts (`seen`).

    With an app-level token it keeps Socket Mode connections; `requests` takes Slack's HTTP requests.
    The backfill reads messages that were missed (`memo` holds its position, `replies` the stored
    messages). `removed` is told, with the workspace, when that removes the app; it may be told several
    times. `part_of` is given the workspace: whose part it is opens the connections and reads what was
    missed; requests are answered by any process. `is_well` says whether events arrive; `limited` is told
    that Slack limits reading.
    """

    def __init__(
        self,
        access: Access,
        requests: SignedRequests | None,
        *,
        gate: AckGate,
        seen: ProcessedEvents,
        memo: KeyValueStore | None,
        replies: Replies | None,
        removed: Callable[[str, AppRemoved], Awaitable[None]] | None,
        part_of: Callable[[str], Part],
        is_well: Callable[[], bool],
        limited: Callable[[], None],
        clock: Callable[[], datetime],
        timing: Timing,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._access = access
        self._requests = requests
        self._gate = gate
        self._seen = seen
        self._memo = memo
        self._replies = replies
        self._removed = removed
        self._part_of = part_of
        self._is_well = is_well
        self._limited = limited
        self._clock = clock
        self._timing = timing
        self._sleep = sleep
        self._part: Part = ALONE
        self._lines: tuple[Connection, ...] = ()

    @property
    def lines_open(self) -> tuple[bool, ...]:
        """Of each Socket Mode connection whether it is open; none where there are none."""
        return tuple(line.is_open for line in self._lines)

    @property
    def takes_requests(self) -> bool:
        """Whether Slack's HTTP requests are taken."""
        return self._requests is not None and self._requests.is_open

    @property
    def is_elsewhere(self) -> bool:
        """Whether another process has the connections."""
        return not self._part.is_ours()

    async def serve(
        self, client: AsyncWebClient, us: BotIdentity, interactions: Interactions, inbox: Inbox
    ) -> None:
        """Receive until cancelled."""
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
            backfill = mine = self._backfill(
                client, us, queue, inbound, member=interactions.member, inbox=inbox
            )
            try:
                await mine.begin()
                has_begun.set()
                await self._keep_connected(app.bolt, client, mine)
            finally:
                backfill = None
                has_begun.set()

        async with asyncio.TaskGroup() as tasks:

            def dispatch(event: SlackEvent) -> asyncio.Task[None]:
                if isinstance(event, MessagePosted | MessageDeleted | Reacted):
                    return tasks.create_task(inbound.on_event(event, before))
                if interactions.is_urgent(event):  # a trigger is used up by its first use
                    return tasks.create_task(_logged(interactions.handle(event)))
                return tasks.create_task(self._handle(event, us, interactions, places))

            async def submit(form: OpenForm) -> Json:
                answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
                tasks.create_task(_logged(interactions.submit(form, answer)))
                await asyncio.wait((answer,), timeout=SUBMITTED_WITHIN)
                if not answer.done():
                    answer.set_result(interactions.busy(form))
                return answer.result()

            app = build_app(client, us, dispatch, submit, sdk_logger(), gate=self._gate)
            tasks.create_task(part.while_ours(receive))
            if self._requests is not None:
                if part.is_ours():
                    await has_begun.wait()
                await _serve_http(self._requests, app, us)

    def _backfill(
        self,
        client: AsyncWebClient,
        us: BotIdentity,
        queue: ThreadQueue,
        inbound: ThreadInbound,
        *,
        member: Callable[[str], Awaitable[User]],
        inbox: Inbox,
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
                limited=self._limited,
                member=member,
            ),
            inbox=inbox,
            memo=self._memo,
            replies=self._replies,
            clock=self._clock,
            timing=self._timing,
        )

    async def _keep_connected(
        self, app: AsyncApp, client: AsyncWebClient, backfill: BackfillSchedule
    ) -> None:
        """Keep the connections and read what was missed, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(backfill.keep_reading())
                if self._requests is not None:
                    backfill.reached(now=True)
                self._lines = tuple(
                    Connection(
                        number,
                        client,
                        token,
                        timing=self._timing,
                        sleep=self._sleep,
                        changed=lambda: backfill.reached(now=self._is_well()),
                    )
                    for number in range(1, CONNECTIONS + 1)
                    if (token := self._access.app_token) is not None
                )
                for line in self._lines:
                    tasks.create_task(line.keep_open(app))
        finally:
            self._lines = ()

    async def _handle(
        self,
        event: SlackEvent,
        us: BotIdentity,
        interactions: Interactions,
        places: asyncio.Semaphore,
    ) -> None:
        await self._gate.wait()
        async with places:
            await _logged(self._handle_once(event, us, interactions))

    async def _handle_once(
        self, event: SlackEvent, us: BotIdentity, interactions: Interactions
    ) -> None:
        if isinstance(event, AppRemoved):
            await self._on_removed(us.team, event)
        elif isinstance(event, FormTyped) or await self._is_new(event.event_id):
            await interactions.handle(event)

    async def _on_removed(self, workspace: str, event: AppRemoved) -> None:
        log.warning("Slack: the workspace %s removed the app or revoked its token", workspace)
        if self._removed is not None:
            await self._removed(workspace, event)

    async def _is_new(self, event_id: str) -> bool:
        """Whether to handle an event; also where the database cannot tell for now.

        An answer given twice is better than none, and a look-up needs no writing (issue 12, item 7).
        """
        try:
            return not event_id or await self._seen.first_time(event_id)
        except StorageError as error:
            log.warning("Slack: whether a request was handled before is unknown: %s", error)
            return True


async def _logged(work: Awaitable[None]) -> None:
    """Do some work; one event that fails must not stop the others."""
    try:
        await work
    except ChatError as error:
        log.warning("Slack: an answer was not delivered: %s", error)
    except Exception:
        log.exception("Slack: an event could not be handled")


async def _serve_http(requests: SignedRequests, app: App, us: BotIdentity) -> None:
    """Accept requests until cancelled."""
    requests.open(app, us)
    try:
        await asyncio.Event().wait()
    finally:
        requests.close()
