"""HTTP mode: Slack's signed requests, believed only after four checks.

The signature is right, it is younger than five minutes, it was not used before, and we know
who we are. Whatever fails a check gets 401 (503 for the last) and has no effect.
"""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

PATH = "/events"
"""Below the prefix that the sub-application is mounted at: `/slack/events`."""
_MOST_BODY = 1 << 20
_OLDEST = 300
"""Seconds: Slack's own rule for how old a request may be."""
_READ_SECONDS = 2.0


class Requests:
    """Verifies what comes in and gives it to the app, once there is one.

    `clock` gives the aware instant. Used signatures are remembered as long as they would be
    accepted; across a restart the ids of events are (`ports.Seen`).
    """

    def __init__(self, signing_secret: str, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._verifier = SignatureVerifier(signing_secret)
        self._used: OrderedDict[str, float] = OrderedDict()
        self.app: AsyncApp | None = None

    def application(self) -> web.Application:
        """To be mounted in the bot's web server under `/slack`."""
        application = web.Application()
        application.router.add_post(PATH, self.handle)
        return application

    async def handle(self, request: web.Request) -> web.Response:
        """One request of Slack's."""
        body = await _read(request)
        if body is None:
            return web.Response(status=413)
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not self._is_genuine(body, stamp, signature):
            return web.Response(status=401)
        if self.app is None:
            return web.Response(status=503)
        if not self._is_new(signature):
            return web.Response(status=401)
        asked = AsyncBoltRequest(
            body=body.decode(), query=request.query_string, headers=dict(request.headers)
        )
        return await to_aiohttp_response(await self.app.async_dispatch(asked))

    def _is_genuine(self, body: bytes, stamp: str, signature: str) -> bool:
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and signature.isascii()):
            return False
        if abs(self._clock().timestamp() - int(stamp)) > _OLDEST or not _is_text(body):
            return False
        # The SDK's own check of the time reads another clock; ours stands above.
        right = self._verifier.generate_signature(timestamp=stamp, body=body) or ""
        return hmac.compare_digest(right, signature)

    def _is_new(self, signature: str) -> bool:
        """Whether it was not used yet; used it is from now on, as long as it would be accepted."""
        now = self._clock().timestamp()
        while self._used and next(iter(self._used.values())) < now:
            self._used.popitem(last=False)
        if signature in self._used:
            return False
        self._used[signature] = now + 2 * _OLDEST
        return True


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


async def _read(request: web.Request) -> bytes | None:
    """The body, read within a moment and up to a limit of our own: presses carry messages."""
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
