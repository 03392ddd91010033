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
    BotIdentity,
    MessageDeleted,
    MessagePosted,
    SlackEvent,
    read_command,
    read_event,
    read_press,
)
from bot.platforms.slack.inbound.request_body import is_for_us
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.well_formed import well_formed

log = logging.getLogger(__name__)

Dispatch: TypeAlias = Callable[[SlackEvent], "asyncio.Task[None]"]
"""Begins to deal with what happened; returns at once."""

STORED_WITHIN = 1.0
"""Seconds; what takes longer is acknowledged all the same, before Slack gives up.

Slack turns off an app that acknowledges too little; what we have not kept by then we keep on
trying to, and read again after a restart.
"""
MOST_WAITING = 50
"""Messages that wait to be kept at one time; beyond, a message is acknowledged at once, since
keeping them all would take longer than Slack waits. What a crash loses then is read again too.
"""

_ANYTHING = re.compile(".*", re.DOTALL)


def build_app(
    client: AsyncWebClient, us: BotIdentity, take: Dispatch, logger: logging.Logger
) -> AsyncApp:
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

    listeners = _Listeners(us, take)
    app.command(_ANYTHING)(listeners.command)
    app.action(_ANYTHING)(listeners.action)
    app.event(_ANYTHING)(listeners.event)

    @app.error
    async def failed(error: Exception) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=HTTPStatus.OK)  # nobody listens to it: that is fine
        log.error("Slack sent a request that cannot be parsed", exc_info=error)
        return None

    return app


class _Listeners:
    """What Bolt calls: each reads a body as a value and hands it to `take`."""

    def __init__(self, us: BotIdentity, take: Dispatch) -> None:
        self._us = us
        self._take = take
        self._waiting: set[asyncio.Task[None]] = set()

    async def command(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if (asked := read_command(self._meant(body))) is not None:
            self._take(asked)

    async def action(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if (pressed := read_press(self._meant(body))) is not None:
            self._take(pressed)

    async def event(self, body: Json) -> None:
        """Bolt acknowledges an event when this is done."""
        happened = read_event(self._meant(body), self._us)
        if happened is None:
            return
        dealing = self._take(happened)
        if (
            isinstance(happened, MessagePosted | MessageDeleted)
            and len(self._waiting) < MOST_WAITING
        ):
            self._waiting.add(dealing)
            dealing.add_done_callback(self._waiting.discard)
            await asyncio.wait((dealing,), timeout=STORED_WITHIN)

    def _meant(self, body: Json) -> Json:
        """The body, its text well-formed; empty where it is for another app or workspace."""
        if is_for_us(body, self._us):
            return dict(well_formed(body))
        log.warning("Slack: something for another app or workspace is ignored")
        return {}


def _without_token(client: AsyncWebClient) -> AsyncWebClient:
    """Bolt takes the token from `authorize`, and warns of any other."""
    bare = AsyncWebClient(
        base_url=client.base_url, session=client.session, retry_handlers=[], logger=client.logger
    )
    bare.proxy = client.proxy
    return bare
