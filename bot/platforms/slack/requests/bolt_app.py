"""The Bolt app: acknowledges every request and dispatches what it holds.

Slack waits three seconds for an acknowledgement and redelivers what is not acknowledged. Commands
and presses are acknowledged first. A message is acknowledged once it is stored, so that Slack sends
it again if the process dies before that. Requests without a listener are acknowledged too, which
Bolt does not do by default.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeAlias

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.dataclass import dataclass
from bot.platforms.slack.inbound.event_parser import read_command, read_event
from bot.platforms.slack.inbound.events import (
    AppRemoved,
    BotIdentity,
    MessageDeleted,
    MessagePosted,
    OpenForm,
    Reacted,
    SlackEvent,
)
from bot.platforms.slack.inbound.form_parser import (
    read_action,
    read_closed,
    read_shortcut,
    read_submission,
)
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.requests.ack_gate import AckGate
from bot.platforms.slack.requests.request_body import is_for_us
from bot.platforms.slack.well_formed import well_formed

log = logging.getLogger(__name__)

Dispatch: TypeAlias = Callable[[SlackEvent], "asyncio.Task[None]"]
"""Starts a task that handles an event; returns at once."""
Submit: TypeAlias = Callable[[OpenForm], Awaitable[Json]]
"""Carries out a form; returns within three seconds what Slack is answered, empty to close it."""

STORED_WITHIN = 1.0
"""Seconds until a message is acknowledged even if it is not stored yet.

Slack disables an app that acknowledges too few events. Storing goes on; after a crash, the backfill
reads the message from the history.
"""
MOST_WAITING = 50
"""Messages whose acknowledgement may wait at one time; any more are acknowledged at once.

Storing them all would take longer than Slack waits. The backfill covers these as well.
"""

MALFORMED = (TypeError, AttributeError, LookupError, ValueError)
"""What Bolt raises for a field of another type than Slack documents."""

_ANYTHING = re.compile(".*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class App:
    """The Bolt app of a workspace, and what takes its commands.

    `take_command` dispatches the command in a verified body and returns at once; any answer without
    content then acknowledges it. Bolt does no more for a command, and takes a third of the time that
    a command takes until its work begins.
    """

    bolt: AsyncApp
    take_command: Callable[[Json], None]


def build_app(
    client: AsyncWebClient,
    us: BotIdentity,
    dispatch: Dispatch,
    submit: Submit,
    logger: logging.Logger,
    *,
    gate: AckGate,
) -> App:
    """The app for the workspace of `us`, which is known so that Bolt calls no API before it acks.

    Signatures are verified in `bot.platforms.slack.requests.signed_requests`.
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

    listeners = _Listeners(us, dispatch, submit, gate)
    app.command(_ANYTHING)(listeners.command)
    app.action(_ANYTHING)(listeners.action)
    app.message_shortcut(_ANYTHING)(listeners.shortcut)
    app.view(_ANYTHING)(listeners.submission)
    app.view_closed(_ANYTHING)(listeners.closed)
    app.event(_ANYTHING)(listeners.event)

    @app.error
    async def failed(error: Exception) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=HTTPStatus.OK)  # it needs no listener
        if isinstance(error, MALFORMED):
            log.warning("Slack sent a request that cannot be parsed: %r", error)
            return BoltResponse(status=HTTPStatus.BAD_REQUEST)
        log.error("Slack sent a request that cannot be handled", exc_info=error)
        return None

    return App(app, listeners.take_command)


class _Listeners:
    """The listeners of the app: each parses a body and dispatches the event."""

    def __init__(self, us: BotIdentity, dispatch: Dispatch, submit: Submit, gate: AckGate) -> None:
        self._us = us
        self._gate = gate
        self._dispatch = dispatch
        self._submit = submit
        self._waiting: set[asyncio.Task[None]] = set()

    async def command(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        self.take_command(self._checked(body))

    def take_command(self, body: Json) -> None:
        if (asked := read_command(body)) is not None:
            self._dispatch(asked)

    async def action(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if (acted := read_action(self._checked(body))) is not None:
            self._dispatch(acted)

    async def shortcut(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if (asked := read_shortcut(self._checked(body))) is not None:
            self._dispatch(asked)

    async def submission(self, ack: AsyncAck, body: Json) -> None:
        """Acknowledged with what the modal shows next."""
        form = read_submission(self._checked(body))
        if form is None:
            await ack()
            return
        with self._gate.working():
            answer = await self._submit(form)
        await ack(answer or "")

    async def closed(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if (left := read_closed(self._checked(body))) is not None:
            self._dispatch(left)

    async def event(self, body: Json) -> None:
        """Bolt acknowledges the event when this returns."""
        event = read_event(self._checked(body), self._us)
        if event is None:
            return
        task = self._dispatch(event)
        if (
            isinstance(event, MessagePosted | MessageDeleted | Reacted | AppRemoved)
            and len(self._waiting) < MOST_WAITING
        ):
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
            with self._gate.working():
                await asyncio.wait((task,), timeout=STORED_WITHIN)

    def _checked(self, body: Json) -> Json:
        """The body with well-formed text; empty if it is for another app or workspace."""
        if is_for_us(body, self._us):
            return dict(well_formed(body))
        log.warning("Slack: ignored a request for another app or workspace")
        return {}


def _without_token(client: AsyncWebClient) -> AsyncWebClient:
    """A copy of the client: Bolt takes the token from `authorize` and warns about any other."""
    bare = AsyncWebClient(
        base_url=client.base_url, session=client.session, retry_handlers=[], logger=client.logger
    )
    bare.proxy = client.proxy
    return bare
