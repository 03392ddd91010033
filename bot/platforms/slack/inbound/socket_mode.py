"""Socket Mode: connections that are watched from outside, and made anew when they do not heal.

The SDK reconnects by itself in most cases; in some it does not (a used-up ticket, a closed
session), and it never tells. So each connection is looked at every second; one that has been
down for a while is thrown away, and a new one made with a pause that doubles.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.errors import UsageError
from bot.core.ports import ChatError
from bot.platforms.slack.api import call
from bot.platforms.slack.errors import BAD_APP_TOKEN, chat_error, is_bad_token

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """How connections are watched, and what is said is read; in seconds."""

    ping: float = 5.0
    connect: float = 15.0
    look: float = 1.0
    heals_within: float = 15.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    read_every: float = 600.0
    """How often it is looked for what was said and did not reach us."""
    between_reads: float = 2.0
    """Reading goes slowly: what people wait for shares Slack's limits with it."""


TIMING = Timing()


def _nobody() -> None:
    """Nobody wants to know."""


class Connection:
    """One connection that is kept open; `is_open` says how it is.

    `changed` is told whenever that changes, also of the moment in which the SDK put a new
    connection into the place of one that broke: what came in between did not reach us.
    """

    def __init__(
        self,
        number: int,
        client: AsyncWebClient,
        app_token: str,
        *,
        patience: Timing = TIMING,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        changed: Callable[[], None] = _nobody,
    ) -> None:
        self.number = number
        self.is_open = False
        self._client = client
        self._app_token = app_token
        self._patience = patience
        self._sleep = sleep
        self._changed = changed

    async def keep_open(self, app: AsyncApp) -> None:
        """Until cancelled; raises `UsageError` when Slack does not accept the token."""
        failures = 0
        while True:
            try:
                async with self._connected(app) as handler:
                    failures = 0
                    await self._watch(handler)
            except ChatError as error:
                log.warning("Slack connection %d: %s", self.number, error)
            except TimeoutError:
                log.warning("Slack connection %d timed out", self.number)
            failures += 1
            await self._sleep(self._pause(failures))

    @asynccontextmanager
    async def _connected(self, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
        url = await self._ask_for_url()
        handler = AsyncSocketModeHandler(
            app,
            self._app_token,
            logger=self._client.logger,
            web_client=self._client,
            proxy=self._client.proxy,
            ping_interval=self._patience.ping,
        )
        handler.client.proxy = self._client.proxy
        # Asked for here, so that a wrong token is noticed: the SDK would try it for ever.
        handler.client.wss_uri = url
        try:
            async with asyncio.timeout(self._patience.connect):
                await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK lacks it
            yield handler
        finally:
            self._set_open(now_open=False)
            await _close(handler)

    async def _ask_for_url(self) -> str:
        try:
            request = self._client.apps_connections_open(app_token=self._app_token)
            return str((await call(request))["url"])
        except SlackApiError as error:
            if is_bad_token(error):
                raise UsageError(BAD_APP_TOKEN) from error
            raise chat_error(error) from error

    async def _watch(self, handler: AsyncSocketModeHandler) -> None:
        """Until it has been down for longer than the SDK needs to heal it."""
        down_for = 0.0
        session = handler.client.current_session
        while down_for < self._patience.heals_within:
            before, session = session, handler.client.current_session
            is_open = session is before and await handler.client.is_connected()
            self._set_open(now_open=is_open)
            down_for = 0.0 if is_open else down_for + self._patience.look
            await self._sleep(self._patience.look)

    def _set_open(self, *, now_open: bool) -> None:
        if now_open != self.is_open:
            log.info("Slack connection %d is %s", self.number, "open" if now_open else "down")
            self.is_open = now_open
            self._changed()

    def _pause(self, failures: int) -> float:
        doubled: float = self._patience.first_pause * 2 ** min(failures - 1, 16)
        longest = min(doubled, self._patience.longest_pause)
        return longest * (0.5 + random.random() / 2)  # noqa: S311 - it spreads load only


async def _close(handler: AsyncSocketModeHandler) -> None:
    """Close it whatever state it is in; the SDK's tasks get a moment to end."""
    try:
        async with asyncio.timeout(5):
            await handler.close_async()  # type: ignore[no-untyped-call]  # as above
    except (TimeoutError, ConnectionError) as error:
        log.info("a Slack connection did not close cleanly: %s", error)
    await asyncio.sleep(0)
