"""Calls Slack's Web API with a time-out, without retries, and converts errors.

The SDK's retries are off: the handler for connection errors, on by default, posts twice (measured),
and rate limits are waited out by the outbox, for one channel only.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.domain.errors import UsageError
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern
from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.platforms.slack.access import Access
from bot.platforms.slack.addresses import is_direct
from bot.platforms.slack.errors import (
    SDK_ERRORS,
    chat_error,
    direct_error,
    retry_after,
)
from bot.platforms.slack.manifest import SCOPES
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.well_formed import well_formed

CALL_SECONDS = 10.0
"""The time-out of a call: three of them fit into the outbox's time-out for one message."""
_CONNECT_SECONDS = 5.0
_JSON = {"Content-Type": "application/json"}
_CONNECTIONS = 100
_MOST_ALT = 1000
"""Characters of a file's description: https://docs.slack.dev/reference/methods/files.getUploadURLExternal"""

WHOLE_ORGANISATION = translatable(
    "This is the token of a whole organisation: let the organisation install the app by “Add to "
    "Slack” (docs/slack.md), or use the token of one workspace"
)

_NO_WARNING = "As you gave `client` as well"
"""Bolt finds SLACK_BOT_TOKEN in the environment and warns that it is not used."""
_SECRET = late_pattern(r"x(?:ox[a-z]|app)[-.][\w.-]+|ticket=[^&\s'\"]+")


@asynccontextmanager
async def open_client(access: Access) -> AsyncIterator[AsyncWebClient]:
    """A client for the bot's token with a connection pool, closed at the end."""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=_CONNECT_SECONDS)
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    cookies = aiohttp.DummyCookieJar()  # Slack's API needs none
    async with aiohttp.ClientSession(
        timeout=timeout, connector=connector, cookie_jar=cookies
    ) as session:
        client = AsyncWebClient(
            token=access.bot_token,
            # With an organisation's token several methods want it, and the others ignore it:
            # https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
            team_id=access.team or None,
            base_url=access.api_base,
            timeout=int(CALL_SECONDS),
            session=session,
            retry_handlers=[],
            logger=sdk_logger(),
        )
        if urlsplit(access.api_base).hostname in {"127.0.0.1", "localhost", "::1"}:
            client.proxy = None  # the SDK uses the environment's proxy even for this machine
        yield client


async def call(request: Awaitable[AsyncSlackResponse], *, seconds: float = CALL_SECONDS) -> Json:
    """The answer to a call; raises `SlackApiError` with Slack's error name, or `ChatError`."""
    return (await call_with_headers(request, seconds=seconds))[0]


async def call_with_headers(
    request: Awaitable[AsyncSlackResponse], *, seconds: float = CALL_SECONDS
) -> tuple[Json, Mapping[str, str]]:
    """As `call`, with the headers of the answer, which name the scopes of the token."""
    try:
        async with asyncio.timeout(seconds):
            response = await request
        return dict(_object(well_formed(response.data))), response.headers
    except SlackApiError:
        raise
    except SDK_ERRORS as error:
        # The SDK names each method of its client after the method of Slack that it calls.
        method = str(getattr(request, "__name__", "")).replace("_", ".")
        raise chat_error(error, method=method) from error


async def upload_picture(client: AsyncWebClient, data: bytes, *, text: str) -> str:
    """Upload a PNG that nobody sees until a message shows it; returns the id of Slack's file.

    https://docs.slack.dev/messaging/working-with-files: it is completed without a channel, so that
    the message that shows it is our own. Raises `SlackApiError` or `ChatError`.
    """
    if client.session is None:
        raise ChatUnavailableError("Slack is not connected")
    begun = await call(
        client.files_getUploadURLExternal(
            filename="chart.png", length=len(data), alt_txt=text[:_MOST_ALT]
        )
    )
    try:
        async with client.session.post(
            str(begun.get("upload_url")), data=data, proxy=client.proxy, allow_redirects=False
        ) as response:
            status = response.status
    except SDK_ERRORS as error:
        raise chat_error(error) from error
    if status != HTTPStatus.OK:
        raise ChatUnavailableError(f"the picture was not taken: {status}")
    file = str(begun.get("file_id"))
    await call(client.files_completeUploadExternal(files=[{"id": file, "title": "chart.png"}]))
    return file


def header(headers: Mapping[str, str], name: str) -> str:
    """A header in any case; empty if it is not there."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def missing_scopes(headers: Mapping[str, str]) -> tuple[str, ...] | None:
    """The scopes that the bot wants and the token was not granted; `None` if Slack does not say."""
    granted = {scope.strip() for scope in header(headers, "x-oauth-scopes").split(",")} - {""}
    return tuple(sorted(set(SCOPES) - granted)) if granted else None


def team_of(answer: Mapping[str, Any]) -> str:
    """The workspace that a token is for, as `auth.test` says.

    Raises `UsageError` for the token of an organisation, which does not say which workspace is meant.
    """
    if answer.get("is_enterprise_install") is True:
        raise UsageError(WHOLE_ORGANISATION)
    return str(answer["team_id"])


async def respond(client: AsyncWebClient, url: str, body: bytes) -> Json:
    """Post JSON to a response URL; raises `ChatUncertainError` if it may have been shown.

    The SDK's webhook client is not used: it opens a session for each URL and reads the proxy from
    the environment each time.
    """
    if client.session is None:
        raise ChatUnavailableError("Slack is not connected")
    try:
        async with client.session.post(
            url, data=body, headers=_JSON, proxy=client.proxy, allow_redirects=False
        ) as response:
            status = response.status
            reason = (await response.read()).decode(errors="replace")[:80]
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
        raise ValueError("no JSON object")  # noqa: TRY004 - handled as SDK_ERRORS are
    return data


@contextmanager
def sorted_errors(channel: str = "") -> Iterator[None]:
    """Converts `SlackApiError` to the port's exceptions; `channel` is what the calls are about."""
    try:
        yield
    except SlackApiError as error:
        if is_direct(channel):
            raise direct_error(error) from error
        raise chat_error(error) from error


class _WithoutSecrets(logging.Filter):
    """Removes tokens and tickets from what the SDK logs, and drops a warning of Bolt's."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith(_NO_WARNING):
            return False
        if _SECRET.search(text):
            record.msg, record.args = _SECRET.sub("(secret)", text), None
        return True


def sdk_logger() -> logging.Logger:
    """The SDK's logger: never at DEBUG, where it logs whole requests."""
    logger = logging.getLogger("bot.platforms.slack.sdk")
    if not logger.filters:
        logger.addFilter(_WithoutSecrets())
    logger.setLevel(max(logging.INFO, logging.getLogger().level))
    return logger
