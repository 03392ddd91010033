"""The servers: feeds under /atom/ and /rss/, the query service under /api/query, and a log."""

import asyncio
import contextlib
import gzip
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.fakes.arxiv import xml
from tests.fakes.arxiv.faults import LAUGHS, PAGE, Fault, FaultKind
from tests.fakes.arxiv.query import BadQueryError, parse_query
from tests.fakes.arxiv.world import Paper, World, parse_id

LIMIT = 2000
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Request:
    """One request, as the server saw it. `at` is when it came, on a clock that only advances."""

    path: str
    query: dict[str, str]
    agent: str
    accept: str
    at: float
    etag: str | None = None
    ended_at: float | None = None
    status: int | None = None
    fault: str = ""


@dataclass(slots=True)
class FakeArxiv:
    """Use as `async with FakeArxiv(world) as arxiv`; it binds 127.0.0.1.

    `clock` is arXiv's; `ticks` is what the log is judged by. `cdn` answers 304 to a known ETag.
    """

    world: World = field(default_factory=World)
    clock: Clock = field(default=lambda: datetime.now(UTC))
    ticks: Callable[[], float] = time.monotonic
    port: int = 0
    cdn: bool = True
    log: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._watched])
        app.router.add_get("/atom/{category}", self._feed)
        app.router.add_get("/rss/{category}", self._feed)
        app.router.add_get("/api/query", self._query)
        app.router.add_get("/moved/{rest:.*}", self._moved)
        app.router.add_get("/_control/log", self._show_log)
        app.router.add_post("/_control/fault", self._take_fault)
        app.router.add_post("/_control/clock", self._take_clock)
        app.router.add_post("/_control/world", self._take_world)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """For ARXIV_API_URL."""
        return f"{self.url}/api/query"

    @property
    def feed_url(self) -> str:
        """For ARXIV_FEED_URL."""
        return f"{self.url}/atom/"

    def fail(
        self,
        kind: FaultKind,
        *,
        times: int = 1,
        value: object = "",
        path: str = "",
        after: int = 0,
    ) -> None:
        """Let the next answers be bad."""
        self.faults.append(Fault(kind, times, str(value), path, after))

    def impolite(self, spacing: float = 3.0) -> list[str]:
        """Requests that came while another was answered, or within `spacing` of another."""
        found = []
        for before, after in zip(self.log, self.log[1:], strict=False):
            if after.at - before.at < spacing:
                found.append(f"{after.path} {after.at - before.at:.3f} s after {before.path}")
            if before.ended_at is None or after.at < before.ended_at:
                found.append(f"{after.path} while {before.path} was answered")
        return found

    @web.middleware
    async def _watched(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        if request.path.startswith("/_control"):
            return await handler(request)
        entry = Request(
            request.path,
            dict(request.query),
            request.headers.get("User-Agent", ""),
            request.headers.get("Accept", ""),
            self.ticks(),
            request.headers.get("If-None-Match"),
        )
        self.log.append(entry)
        self.arrived.set()
        try:
            fault = self._next_fault(request.path)
            if fault is not None:
                entry.fault = fault.kind
                response = await self._misbehave(fault, request, handler)
            else:
                response = await handler(request)
            entry.status = response.status
            return response
        finally:
            entry.ended_at = self.ticks()

    def _next_fault(self, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.path not in path:
                continue
            if fault.after:
                fault.after -= 1
            else:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    async def _feed(self, request: web.Request) -> web.Response:
        category = request.match_info["category"]
        now = self.clock()
        if "." not in category and category not in {"cs", "math", "stat", "quant-ph"}:
            body = xml.feed_error(category, f"Bad archive '{category}'.")
            return web.Response(status=400, text=body, content_type="application/rss+xml")
        day, items = self.world.batch(category, now)
        kinds = ("replace-cross", "replace", "cross", "new")
        rows = sorted(items, key=lambda item: (kinds.index(item[1]), item[0].number))[:LIMIT]
        rows.reverse()
        write = xml.atom_feed if request.path.startswith("/atom/") else xml.rss_feed
        body = write(category, day, rows, now)
        # arXiv's ETag has no quotes, and changes with every build; the CDN keeps one a while.
        shown = json.dumps([[paper.number, paper.version, kind] for paper, kind in rows])
        etag = hashlib.sha256(f"{day}{shown}".encode()).hexdigest()
        if self.cdn and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return _answer(request, body.encode(), {"ETag": etag})

    async def _query(self, request: web.Request) -> web.Response:
        start = int(request.query.get("start", "0"))
        most = int(request.query.get("max_results", "10"))
        now = self.clock()
        if most > LIMIT:
            return _refused(xml.query_error("max_results", "max_results is too large", now))
        found: list[tuple[Paper, int]] = []
        for text in filter(None, request.query.get("id_list", "").split(",")):
            parsed = parse_id(text)
            if parsed is None or parsed[0] in self.world.refused:
                named = self.world.names_culprit
                what = f"incorrect_id_format_for_{text}" if named else "bad_request"
                return _refused(xml.query_error(what, f"incorrect id format for {text}", now))
            paper = self.world.find(parsed[0])
            if paper is not None:
                found.append((paper, parsed[1]))
        if question := request.query.get("search_query", ""):
            try:
                test = parse_query(question)
            except BadQueryError as error:
                return _refused(xml.query_error("malformed_query", str(error), now))
            found = [(paper, 0) for paper in self.world.papers.values() if test(paper)]
            found.sort(key=lambda each: each[0].submitted_at)
        else:
            found.reverse()  # never the order that was asked for
        page = found[start : start + most]
        return _answer(request, xml.query_feed(page, len(found), now).encode())

    async def _moved(self, request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently(f"/{request.match_info['rest']}")

    async def _misbehave(
        self,
        fault: Fault,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        match fault.kind:
            case FaultKind.HANGS:
                await asyncio.sleep(float(fault.value or 3600))
                return web.Response(text="too late")
            case FaultKind.DROPPED:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            case FaultKind.HUGE | FaultKind.HUGE_ANNOUNCED | FaultKind.GZIP_BOMB:
                return await _huge(fault, request)
            case FaultKind.TRUNCATED | FaultKind.CUT_OFF:
                whole = await handler(request)
                assert isinstance(whole, web.Response)
                assert isinstance(whole.body, bytes)
                return await _part(fault, request, whole.body)
            case FaultKind.REFUSED:
                return _refused(xml.query_error("malformed_query", "no such query", self.clock()))
            case FaultKind.EMPTY:
                return web.Response(text=xml.query_feed([], 0, self.clock()))
            case _:
                return _bad_answer(fault)

    async def _show_log(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"requests": [asdict(entry) for entry in self.log], "impolite": self.impolite()}
        )

    async def _take_fault(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.faults.append(Fault(FaultKind(asked.pop("kind")), **asked))
        return web.json_response({})

    async def _take_clock(self, request: web.Request) -> web.Response:
        """Set the clock: it goes on from there."""
        shift = datetime.fromisoformat((await request.json())["now"]) - datetime.now(UTC)
        self.clock = _shifted(shift)
        return web.json_response({})

    async def _take_world(self, request: web.Request) -> web.Response:
        """Papers to add: `{"papers": [{…}], "missing": […], "announce": {day: [number]}}`."""
        asked = await request.json()
        for paper in asked.get("papers", ()):
            at = datetime.fromisoformat(paper.pop("submitted_at", "2025-01-02T12:00:00+00:00"))
            for name in ("authors", "categories"):
                if name in paper:
                    paper[name] = tuple(paper[name])
            self.world.add(Paper(**paper, submitted_at=at))
        self.world.missing.update(asked.get("missing", ()))
        for day, numbers in asked.get("announce", {}).items():
            papers = [self.world.papers[number] for number in numbers]
            self.world.announce(datetime.fromisoformat(day).date(), *papers)
        return web.json_response({})


def _bad_answer(fault: Fault) -> web.Response:
    """The answers that are bad whatever was asked."""
    retry = {"Retry-After": fault.value} if fault.value else {}
    match fault.kind:
        case FaultKind.THROTTLED:
            return web.Response(status=429, text="Rate exceeded.", headers=retry)
        case FaultKind.NOT_ACCEPTABLE | FaultKind.FORBIDDEN | FaultKind.GONE:
            status = {FaultKind.NOT_ACCEPTABLE: 406, FaultKind.FORBIDDEN: 403, FaultKind.GONE: 404}
            return web.Response(
                status=status[fault.kind], text=PAGE, content_type="text/html", headers=retry
            )
        case FaultKind.THROTTLED_AS_200:
            return web.Response(text="Rate exceeded.")
        case FaultKind.UNAVAILABLE:
            return web.Response(status=503, text=PAGE, content_type="text/html", headers=retry)
        case FaultKind.BAD_REQUEST:
            return web.Response(status=400, text=PAGE, content_type="text/html")
        case FaultKind.HTML:
            return web.Response(text=PAGE, content_type="text/html")
        case FaultKind.REDIRECT:
            return web.Response(status=302, headers={"Location": fault.value})
        case FaultKind.ENTITY_BOMB:
            return web.Response(text=LAUGHS, content_type="application/atom+xml")
        case FaultKind.EXTERNAL_ENTITY:
            body = (
                f'<?xml version="1.0"?><!DOCTYPE feed SYSTEM "{fault.value}">'
                '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>'
            )
            return web.Response(text=body, content_type="application/atom+xml")
        case _:
            return web.Response(body=b"<?xml version='1.0'?><feed>\xe9\xe8</feed>")


def _shifted(shift: timedelta) -> Clock:
    return lambda: datetime.now(UTC) + shift


def _refused(body: str) -> web.Response:
    return web.Response(status=400, text=body, content_type="application/atom+xml")


def _answer(
    request: web.Request, body: bytes, headers: dict[str, str] | None = None
) -> web.Response:
    headers = dict(headers or {})
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, headers=headers, content_type="application/atom+xml")


async def _part(fault: Fault, request: web.Request, body: bytes) -> web.StreamResponse:
    plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    part = plain[: len(plain) * 2 // 3]
    if fault.kind is FaultKind.TRUNCATED:
        return web.Response(body=part, content_type="application/atom+xml")
    response = web.StreamResponse(headers={"Content-Length": str(len(plain))})
    await response.prepare(request)
    await response.write(part)
    assert request.transport is not None
    request.transport.close()
    return response


async def _huge(fault: Fault, request: web.Request) -> web.StreamResponse:
    size = int(fault.value) * 2**20
    head = b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>"
    if fault.kind is FaultKind.GZIP_BOMB:
        packed = gzip.compress(head + b" " * size)
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})
    response = web.StreamResponse()
    if fault.kind is FaultKind.HUGE_ANNOUNCED:
        response.content_length = size
    await response.prepare(request)
    chunk = b" " * 2**16
    with contextlib.suppress(ConnectionError):
        await response.write(head)
        for _ in range(size // len(chunk) - 1):
            await response.write(chunk)
    return response
