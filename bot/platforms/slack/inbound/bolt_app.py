"""The Bolt app: acknowledges whatever comes at once, and hands it on to be dealt with.

Slack waits three seconds for an acknowledgement and repeats what it does not get one for. So
commands and presses are acknowledged first; what people say is acknowledged once it is kept, so
that it is said again if we die before. What nobody listens to is acknowledged too, which Bolt
does not do by itself.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.inbound.events import (
    Happened,
    Self,
    Spoken,
    TakenBack,
    read_command,
    read_event,
    read_press,
)
from bot.platforms.slack.rendering.text import Json

log = logging.getLogger(__name__)

Take: TypeAlias = Callable[[Happened], "asyncio.Task[None]"]
"""Begins to deal with what happened; returns at once."""

KEPT_WITHIN = 2.0
"""Seconds; what takes longer is acknowledged all the same, before Slack gives up.

Slack turns off an app that acknowledges too little; what we have not kept by then we keep on
trying to, and read again after a restart.
"""

_ANYTHING = re.compile(".*", re.DOTALL)


def build_app(client: AsyncWebClient, us: Self, take: Take, logger: logging.Logger) -> AsyncApp:
    """The app for a workspace in which the bot is `us`.

    Who we are is known, so nothing has to be asked of Slack before an acknowledgement.
    Signatures are verified where requests come in (`bot.platforms.slack.inbound.http_requests`).
    """

    async def authorize(team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=team_id,
            bot_id=us.bot,
            bot_user_id=us.user,
            bot_token=client.token,
        )

    app = AsyncApp(
        name="paperbot",
        client=_without_token(client),
        authorize=authorize,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        logger=logger,
    )

    def pass_on(happened: Happened | None) -> asyncio.Task[None] | None:
        return take(happened) if happened is not None else None

    @app.command(_ANYTHING)
    async def command(ack: AsyncAck, body: Json) -> None:
        await ack()
        pass_on(read_command(body))

    @app.action(_ANYTHING)
    async def action(ack: AsyncAck, body: Json) -> None:
        await ack()
        pass_on(read_press(body))

    @app.event(_ANYTHING)
    async def event(body: Json) -> None:  # Bolt acknowledges events when this is done
        happened = read_event(body, us)
        dealing = pass_on(happened)
        if dealing is not None and isinstance(happened, Spoken | TakenBack):
            await asyncio.wait((dealing,), timeout=KEPT_WITHIN)

    @app.error
    async def failed(error: Exception) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=HTTPStatus.OK)  # nobody listens to it: that is fine
        log.error("Slack sent what could not be read", exc_info=error)
        return None

    return app


def _without_token(client: AsyncWebClient) -> AsyncWebClient:
    """Bolt takes the token from `authorize`, and warns of any other."""
    bare = AsyncWebClient(
        base_url=client.base_url, session=client.session, retry_handlers=[], logger=client.logger
    )
    bare.proxy = client.proxy
    return bare
