"""A chat platform small enough to trust: messages in channels, over HTTP, on 127.0.0.1.

It does what platforms do to bots: answers late, loses answers, fails before and after it has
kept a message, asks to come back later. It knows no idempotency key, which is the hardest case:
whatever is sent twice is there twice. Its log, one JSON line per message it kept, is the truth
that checkers compare with the plan.

    python -m tests.fakes.chat_server --log FILE [--faults JSON]     prints its address
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Faults:
    """How badly the platform behaves; shares of requests, and seconds."""

    seed: int = 0
    delay: tuple[float, float] = (0.0, 0.0)
    """Between reading a post and keeping it: however its sender fares, it is kept."""
    refuse: float = 0.0
    """429, nothing kept."""
    retry_after: float = 0.05
    fail_before: float = 0.0
    """503, nothing kept."""
    fail_after: float = 0.0
    """500, although it was kept."""
    lose: float = 0.0
    """No answer, although it was kept."""
    kill_at: tuple[str, int] | None = None
    """Kill the client (SIGKILL) at the n-th post: `received`, before it is kept, or `kept`."""
    channel_rate: tuple[int, float] | None = None
    overall_rate: tuple[int, float] | None = None
    """(count, seconds): more in any such span is answered 429."""
    closed: tuple[str, ...] = ()
    """Channels that refuse posts for good (403)."""
    unsearchable: bool = False
    """The bot may not read channels (403)."""


@dataclass(slots=True)
class Message:
    """A message as the platform keeps it."""

    id: str
    channel: str
    root: str | None
    key: str
    document: str
    posted_at: str
    edits: int = 0
    deleted: bool = False


@dataclass(slots=True)
class Window:
    """How many requests came in the last span of time."""

    count: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def admit(self, now: float) -> float:
        """0 if the request is let in, else how long to wait."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) >= self.count:
            return self.times[0] + self.seconds - now
        self.times.append(now)
        return 0.0


class ChatServer:
    """The platform; `url` is where it is while `serving`."""

    def __init__(
        self, faults: Faults, log: Path | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.faults = faults
        self.messages: list[Message] = []
        self.url = ""
        self.requests = 0
        self.limited = 0
        self._dice = random.Random(faults.seed)
        self._log = log.open("a", encoding="utf-8") if log is not None else None
        self._clock = clock or (lambda: datetime.now(UTC))
        self._posts = 0
        self._channels: dict[str, Window] = {}
        self._overall = Window(*faults.overall_rate) if faults.overall_rate else None
        self._by_key: dict[str, list[Message]] = {}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["ChatServer"]:
        """Listen on a free port of 127.0.0.1."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/messages", self._post),
                web.get("/messages", self._find),
                web.get("/counts", self._counts),
                web.put("/messages/{id}", self._edit),
                web.delete("/messages/{id}", self._delete),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()
            if self._log is not None:
                self._log.close()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests += 1
        self._posts += 1
        number, faults = self._posts, self.faults
        wait = self._limit(body["channel"])
        if wait or self._dice.random() < faults.refuse:
            self.limited += 1
            return _too_many(wait or faults.retry_after)
        if body["channel"] in faults.closed:
            return web.json_response({"error": "the bot is not in this channel"}, status=403)
        if self._dice.random() < faults.fail_before:
            return web.json_response({"error": "try again"}, status=503)
        if faults.kill_at == ("received", number):
            os.kill(body["pid"], signal.SIGKILL)
            return _gone(request)
        await asyncio.sleep(self._dice.uniform(*faults.delay))
        message = self._keep(body)
        if faults.kill_at == ("kept", number):
            os.kill(body["pid"], signal.SIGKILL)
        if self._dice.random() < faults.fail_after:
            return web.json_response({"error": "something broke"}, status=500)
        if self._dice.random() < faults.lose:
            return _gone(request)
        return web.json_response({"id": message.id})

    def _limit(self, channel: str) -> float:
        now = asyncio.get_running_loop().time()
        if self.faults.channel_rate is not None:
            window = self._channels.setdefault(channel, Window(*self.faults.channel_rate))
            wait = window.admit(now)
            if wait:
                return wait
        return self._overall.admit(now) if self._overall is not None else 0.0

    def _keep(self, body: dict[str, str]) -> Message:
        message = Message(
            id=f"m{len(self.messages) + 1}",
            channel=body["channel"],
            root=body["root"],
            key=body["key"],
            document=body["document"],
            posted_at=self._clock().isoformat(),
        )
        self.messages.append(message)
        self._by_key.setdefault(message.key, []).append(message)
        if self._log is not None:
            self._log.write(json.dumps(asdict(message), ensure_ascii=False) + "\n")
            self._log.flush()
        return message

    async def _find(self, request: web.Request) -> web.Response:
        self.requests += 1
        if self.faults.unsearchable:
            return web.json_response({"error": "the bot may not read this channel"}, status=403)
        since = datetime.fromisoformat(request.query["since"])
        for message in self._by_key.get(request.query["key"], []):
            in_place = message.channel == request.query["channel"] and (
                message.root == request.query.get("root")
            )
            if in_place and datetime.fromisoformat(message.posted_at) >= since:
                return web.json_response({"id": message.id})
        return web.json_response({"id": None})

    async def _edit(self, request: web.Request) -> web.Response:
        self.requests += 1
        body = await request.json()
        message = self._message(request.match_info["id"])
        if message is None or message.deleted:
            return web.json_response({"error": "unknown message"}, status=404)
        if self._dice.random() < self.faults.fail_before:
            return web.json_response({"error": "try again"}, status=503)
        message.document = body["document"]
        message.edits += 1
        if self._dice.random() < self.faults.fail_after:
            return web.json_response({"error": "something broke"}, status=500)
        return web.json_response({"id": message.id})

    async def _delete(self, request: web.Request) -> web.Response:
        self.requests += 1
        message = self._message(request.match_info["id"])
        if message is not None:
            message.deleted = True
        return web.json_response({})

    async def _counts(self, _request: web.Request) -> web.Response:
        return web.json_response({"kept": len(self.messages), "limited": self.limited})

    def _message(self, message_id: str) -> Message | None:
        return next((each for each in self.messages if each.id == message_id), None)


def _too_many(wait: float) -> web.Response:
    return web.json_response(
        {"error": "too many"}, status=429, headers={"Retry-After": f"{wait:.3f}"}
    )


def _gone(request: web.Request) -> web.Response:
    """Cut the connection: the sender gets no answer at all."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _main(faults: Faults, log: Path) -> None:
    async with ChatServer(faults, log).serving() as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--faults", default="{}")
    options = parser.parse_args()
    wanted = json.loads(options.faults)
    tuples = {name: tuple(v) if isinstance(v, list) else v for name, v in wanted.items()}
    try:
        asyncio.run(_main(Faults(**tuples), options.log))  # type: ignore[arg-type]
    except KeyboardInterrupt:
        sys.exit(0)
