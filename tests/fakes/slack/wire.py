"""What goes over the wire: tokens, signatures, forms; and what came of it."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from tests.fakes import tokens
from tests.fakes.slack.world import Json

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = tokens.BOT_TOKEN, tokens.APP_TOKEN, tokens.SIGNING_SECRET
tokens_of = tokens.tokens_of


@dataclass
class Call:
    """One request to the Web API, and what was answered."""

    method: str
    args: Json
    at: float
    answer: str = ""


@dataclass
class SentRequest:
    """What came of a command, a press or an event that was sent to the bot."""

    kind: str
    payload: Json
    acknowledged_after: float | None = None
    signed_at: float = 0.0
    status: int | None = None
    """HTTP mode: what the bot answered."""
    response: Json = field(default_factory=dict)
    answers: list[Json] = field(default_factory=list)
    """What was posted to the response URL, in order."""

    @property
    def acknowledged(self) -> bool:
        return self.acknowledged_after is not None


def signed(body: bytes, *, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """The headers with which Slack vouches for a body."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def http_body(asked: SentRequest) -> tuple[bytes, str]:
    form = "application/x-www-form-urlencoded"
    if asked.kind == "slash_commands":
        return urlencode(asked.payload, errors="surrogatepass").encode(), form
    if asked.kind == "interactive":
        return urlencode({"payload": json.dumps(asked.payload)}).encode(), form
    return json.dumps(asked.payload).encode(), "application/json"


async def read_call(request: web.Request) -> tuple[str, Json]:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    args: Json = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            args |= await request.json()
        else:
            args |= dict(parse_qsl(await request.text()))
    return token or args.pop("token", ""), args


class BackgroundTasks:
    """Tasks that are cancelled at the end of the `async with` block; a failure ends the block."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
