"""Socket Mode: keeps connections open, and replaces those that the SDK cannot restore.

The SDK reconnects in most cases, but not in all (a used ticket, a closed session), and does not
report it. So each connection is checked every second. One that has been down for `heals_within` is
closed and replaced, with exponential backoff.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.errors import UsageError
from bot.core.ports import ChatError
from bot.platforms.slack.api import call
from bot.platforms.slack.errors import BAD_APP_TOKEN, chat_error, is_bad_token
from bot.platforms.slack.inbound.timing import TIMING, Timing

log = logging.getLogger(__name__)


def _ignore() -> None:
    """Does nothing."""


class Connection:
    """Keeps one connection open; `is_open` is its present state.

    `changed` is called whenever that state changes, and also when the SDK has replaced a broken
    connection in between: events of that time are missing.
    """

    def __init__(
        self,
        number: int,
        client: AsyncWebClient,
        app_token: str,
        *,
        timing: Timing = TIMING,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        changed: Callable[[], None] = _ignore,
    ) -> None:
        self.number = number
        self.is_open = False
        self._client = client
        self._app_token = app_token
        self._timing = timing
        self._sleep = sleep
        self._changed = changed

    async def keep_open(self, app: AsyncApp) -> None:
        """Run until cancelled; raises `UsageError` if Slack rejects the token."""
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
            ping_interval=self._timing.ping,
        )
        handler.client.proxy = self._client.proxy
        # Requested here to notice a rejected token: the SDK would retry for ever.
        handler.client.wss_uri = url
        try:
            async with asyncio.timeout(self._timing.connect):
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
        """Return once the connection has been down for longer than `heals_within`."""
        down_for = 0.0
        session = handler.client.current_session
        while down_for < self._timing.heals_within:
            before, session = session, handler.client.current_session
            is_open = session is before and await handler.client.is_connected()
            self._set_open(now_open=is_open)
            down_for = 0.0 if is_open else down_for + self._timing.look
            await self._sleep(self._timing.look)

    def _set_open(self, *, now_open: bool) -> None:
        if now_open != self.is_open:
            log.info("Slack connection %d is %s", self.number, "open" if now_open else "down")
            self.is_open = now_open
            self._changed()

    def _pause(self, failures: int) -> float:
        doubled: float = self._timing.first_pause * 2 ** min(failures - 1, 16)
        longest = min(doubled, self._timing.longest_pause)
        return longest * (0.5 + random.random() / 2)  # noqa: S311 - it spreads load only


async def _close(handler: AsyncSocketModeHandler) -> None:
    """Close the connection in any state, and let the SDK's tasks end."""
    try:
        async with asyncio.timeout(5):
            await handler.close_async()  # type: ignore[no-untyped-call]  # as above
    except (TimeoutError, ConnectionError) as error:
        log.info("Slack: a connection did not close cleanly: %s", error)
    await asyncio.sleep(0)
