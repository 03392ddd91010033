"""Calls of Slack's Web API: bounded in time, never repeated by themselves, errors sorted.

The SDK's retries stay off: the one for connection errors, on by default, posts twice
(measured), and waiting for a limit is the outbox's business, which holds one channel only.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.platforms.slack.access import Access
from bot.platforms.slack.errors import SDK_ERRORS, chat_error, retry_after
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.well_formed import well_formed

CALL_SECONDS = 10.0
"""The longest a call may take: three of them fit into the outbox's patience for one message."""
_CONNECT_SECONDS = 5.0
_CONNECTIONS = 100

_NO_WARNING = "As you gave `client` as well"
"""Bolt finds SLACK_BOT_TOKEN in the environment, where our settings read it too."""
_SECRET = re.compile(r"x(?:ox[a-z]|app)[-.][\w.-]+|ticket=[^&\s'\"]+")


@asynccontextmanager
async def open_client(access: Access) -> AsyncIterator[AsyncWebClient]:
    """A client for the bot's token over connections that are kept; closed at the end."""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=_CONNECT_SECONDS)
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        client = AsyncWebClient(
            token=access.bot_token,
            base_url=access.api_base,
            timeout=int(CALL_SECONDS),
            session=session,
            retry_handlers=[],
            logger=sdk_logger(),
        )
        if urlsplit(access.api_base).hostname in {"127.0.0.1", "localhost", "::1"}:
            client.proxy = None  # the SDK takes the environment's proxy even for this machine
        yield client


async def call(request: Awaitable[AsyncSlackResponse], *, seconds: float = CALL_SECONDS) -> Json:
    """The answer to a request; raises `SlackApiError` with Slack's word, or a `ChatError`."""
    return (await call_with_headers(request, seconds=seconds))[0]


async def call_with_headers(
    request: Awaitable[AsyncSlackResponse], *, seconds: float = CALL_SECONDS
) -> tuple[Json, Mapping[str, str]]:
    """As `call`, and the headers of the answer: they tell the scopes of the token."""
    try:
        async with asyncio.timeout(seconds):
            response = await request
        return dict(_object(well_formed(response.data))), response.headers
    except SlackApiError:
        raise
    except SDK_ERRORS as error:
        # Each method of the SDK's client is named for the method of Slack that it calls.
        method = str(getattr(request, "__name__", "")).replace("_", ".")
        raise chat_error(error, method=method) from error


async def respond(client: AsyncWebClient, url: str, body: Json) -> Json:
    """Answer by a response URL; raises `ChatError`, uncertain where it may have been shown.

    Not through the SDK's webhook client, which is made anew for each address and whose
    environment it reads each time.
    """
    if client.session is None:
        raise ChatUnavailableError("Slack is not connected")
    try:
        async with client.session.post(
            url, json=body, proxy=client.proxy, allow_redirects=False
        ) as response:
            status, reason = response.status, (await response.text(errors="replace"))[:80]
            pause = retry_after(response)
    except SDK_ERRORS as error:
        raise chat_error(error) from error
    if status == HTTPStatus.OK and '"ok":false' not in reason.replace(" ", ""):
        return {}
    words = f"the response URL does not take the answer: {status} {reason}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ChatUnavailableError(words, retry_after=pause)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ChatUncertainError(words)
    raise ChatRefusedError(words, Extent.MESSAGE)


def _object(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - sorted with the other bad answers
    return data


@contextmanager
def sorted_errors() -> Iterator[None]:
    """Turns Slack's words into the port's exceptions."""
    try:
        yield
    except SlackApiError as error:
        raise chat_error(error) from error


class _WithoutSecrets(logging.Filter):
    """Takes tokens and tickets out of what the SDK logs, and a warning that is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith(_NO_WARNING):
            return False
        if _SECRET.search(text):
            record.msg, record.args = _SECRET.sub("(secret)", text), None
        return True


def sdk_logger() -> logging.Logger:
    """The logger that the SDK writes to: never at DEBUG, where it shows whole requests."""
    logger = logging.getLogger("bot.platforms.slack.sdk")
    if not logger.filters:
        logger.addFilter(_WithoutSecrets())
    logger.setLevel(max(logging.INFO, logging.getLogger().level))
    return logger
