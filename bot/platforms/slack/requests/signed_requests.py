"""HTTP mode: verifies Slack's signed requests and passes them to the Bolt app of their workspace.

The signature must be valid and at most five minutes old (else 401), the body well-formed (400), the
bot's identity known (503), the app and workspace the bot's own (401), and the signature unused
(401). A request that fails has no effect.
"""

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.core.domain.errors import StorageError
from bot.platforms.slack.inbound.events import AppGranted, BotIdentity, OrganisationRemoved
from bot.platforms.slack.install.organisations import read_request
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.requests.ack_gate import AckGate
from bot.platforms.slack.requests.bolt_app import MALFORMED, App
from bot.platforms.slack.requests.request_body import is_for_us, names_workspace, parse_body

log = logging.getLogger(__name__)

PATH = "/events"
"""Below the prefix that the sub-application is mounted at: `/slack/events`."""
_MOST_BODY = 1 << 20
_OLDEST = 300
"""Seconds: how old a request may be, by Slack's documentation."""
_READ_SECONDS = 2.0


class SignedRequests:
    """Verifies requests and passes them to the app, once it is open.

    A used signature is remembered for as long as it would be accepted. After a restart, replays are
    recognised by the ids of their events (`ports.ProcessedEvents`).
    """

    def __init__(
        self, signing_secret: str, *, clock: Callable[[], datetime], gate: AckGate
    ) -> None:
        self._clock = clock
        self._gate = gate
        self.secret = signing_secret.encode()
        self._expected: BotIdentity | None = None
        self._used: OrderedDict[str, float] = OrderedDict()
        self._serving: tuple[App, BotIdentity] | None = None

    def expect(self, team: str, organisation: str = "") -> None:
        """Take requests for this workspace only, also until it is open; empty if it is unknown."""
        self._expected = BotIdentity(team, "", "", organisation=organisation) if team else None

    @property
    def is_open(self) -> bool:
        """Whether requests are passed to an app."""
        return self._serving is not None

    def open(self, app: App, us: BotIdentity) -> None:
        """Pass requests to `app`, which serves `us`."""
        self._serving = app, us

    def close(self) -> None:
        """Answer requests with 503, so that Slack sends them again."""
        self._serving = None

    async def answer(self, request: web.Request, body: bytes, parsed: Json) -> web.Response:
        """Answer a request that `is_genuine`; its body was read and parsed already."""
        with self._gate.acknowledging():
            return await self._answer(request, body, parsed)

    def is_for_us(self, parsed: Json) -> bool:
        """Whether the request is for this app and workspace, as far as it can be told yet."""
        if self._serving is not None:
            return is_for_us(parsed, self._serving[1])
        return self._expected is None or is_for_us(parsed, self._expected)

    async def _answer(self, request: web.Request, body: bytes, parsed: Json) -> web.Response:
        if self._serving is None:
            return web.Response(status=503)
        app, us = self._serving
        if not is_for_us(parsed, us):
            log.warning("Slack: a request for another app or workspace was refused")
            return web.Response(status=401)
        if not self.is_new(request):
            return web.Response(status=401)
        if "command" in parsed:  # by which Bolt tells commands, too
            app.take_command(parsed)
            return web.Response()
        headers: dict[str, str | Sequence[str]] = dict(request.headers)
        headers["Content-Type"] = request.content_type
        try:
            asked = AsyncBoltRequest(
                body=body.decode(), query=request.query_string, headers=headers
            )
            answer = await app.bolt.async_dispatch(asked)
        except MALFORMED as error:  # Bolt's own error handler may fail on it, too
            log.warning("Slack sent a request that cannot be parsed: %r", error)
            return web.Response(status=400)
        return await to_aiohttp_response(answer)

    def is_genuine(self, request: web.Request, body: bytes) -> bool:
        """Whether Slack signed the request with this app's secret a short while ago."""
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and signature.isascii()):
            return False
        if abs(self._clock().timestamp() - int(stamp)) > _OLDEST:
            return False
        # Not the SDK's verifier: it uses another clock and fails on a body that is not UTF-8.
        signed = hmac.new(self.secret, f"v0:{stamp}:".encode() + body, sha256).hexdigest()
        return hmac.compare_digest(f"v0={signed}", signature)

    def is_new(self, request: web.Request) -> bool:
        """Whether a request's signature was not used before; records it as used."""
        signature = request.headers.get("X-Slack-Signature", "")
        now = self._clock().timestamp()
        while self._used and next(iter(self._used.values())) < now:
            self._used.popitem(last=False)
        if signature in self._used:
            return False
        self._used[signature] = now + 2 * _OLDEST
        return True


class Organisations(Protocol):
    """What is done with requests that concern whole organisations."""

    async def on_told(self, told: AppGranted | OrganisationRemoved) -> None:
        """Do what an organisation changed; may be repeated. Raises `StorageError`."""
        ...

    def on_unknown(self, body: Json) -> None:
        """A request was for a workspace that is not served."""
        ...


def application(
    receivers: Callable[[], Iterable[SignedRequests]],
    shared: SignedRequests | None = None,
    organisations: Organisations | None = None,
) -> web.Application:
    """The application to mount under `/slack`: each request goes to the one that it is for.

    Several apps have several secrets. Workspaces that share one app are told apart by what the body
    names; one that names none is for none of them. `shared` verifies the requests of an app that
    workspaces install: Slack also sends those of workspaces that are not served any more, and one
    before there is any. `organisations` gets those of the same app that are for an organisation.
    """

    async def handle(request: web.Request) -> web.Response:
        body = await _read(request)
        if body is None:
            return web.Response(status=413)
        known = [*receivers(), *((shared,) if shared is not None else ())]
        genuine = _genuine(known, request, body)
        if not genuine:
            return web.Response(status=401)
        content_type = request.content_type
        parsed = parse_body(body, content_type, request.charset)
        if parsed is None:
            log.warning("Slack: a request with a malformed body was refused (%s)", content_type)
            return web.Response(status=400)
        if shared is not None and shared in genuine and organisations is not None:
            told = read_request(parsed)
            if told is not None:
                return await _tell(organisations, told, shared.is_new(request))
        is_of_shared_app = len(genuine) > 1 or shared in genuine
        if is_of_shared_app and not names_workspace(parsed):
            return _acknowledge(parsed)
        # One that is not connected must not hold back those that are.
        serving = sorted(
            (each for each in genuine if each is not shared), key=lambda each: not each.is_open
        )
        chosen = next((each for each in serving if each.is_for_us(parsed)), None)
        if chosen is None and shared in genuine:
            if organisations is not None:
                organisations.on_unknown(parsed)
            return _acknowledge(parsed)
        return await (chosen or serving[0]).answer(request, body, parsed)

    served = web.Application()
    served.router.add_post(PATH, handle)
    return served


async def _tell(
    organisations: Organisations, told: AppGranted | OrganisationRemoved, is_new: bool
) -> web.Response:
    if not is_new:
        return web.Response(status=401)
    try:
        await organisations.on_told(told)
    except StorageError as error:
        log.error("Slack: what an organisation changed could not be stored: %s", error)
        return web.Response(status=503)  # Slack sends it again
    return web.Response()


def _genuine(
    receivers: Iterable[SignedRequests], request: web.Request, body: bytes
) -> list[SignedRequests]:
    """Those whose app signed the request. Each secret is tried once: bodies can be large."""
    tried: dict[bytes, bool] = {}
    genuine = []
    for each in receivers:
        if each.secret not in tried:
            tried[each.secret] = each.is_genuine(request, body)
        if tried[each.secret]:
            genuine.append(each)
    return genuine


def _acknowledge(parsed: Json) -> web.Response:
    """Answer a genuine request that is for no workspace; it has no effect.

    Slack asks for the challenge when it is given the address. What it still sends for a workspace
    that removed the app must not count as failed: it would stop sending the others.
    """
    challenge = parsed.get("challenge")
    if parsed.get("type") == "url_verification" and isinstance(challenge, str):
        return web.json_response({"challenge": challenge})
    log.info("Slack: a request for a workspace that is not served was ignored")
    return web.Response()


async def _read(request: web.Request) -> bytes | None:
    """The body, or `None` if it is too slow or too large; presses carry whole messages."""
    if request.content.is_eof():  # it came with the headers: there is nothing to wait for
        whole = request.content.read_nowait()
        return whole if len(whole) <= _MOST_BODY else None
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > _MOST_BODY:
                    return None
    except TimeoutError:
        return None
    return bytes(body)
