"""HTTP requests to arXiv: one connection, limits of size and time, no other server."""

import asyncio
import gc
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
from yarl import URL

from bot.archive.domain.arxiv_record import ArxivRecord
from bot.arxiv.client import urls
from bot.arxiv.client.feed import parse_feed
from bot.arxiv.client.records import parse_records, parse_submissions
from bot.arxiv.client.reply import Reply, retry_after
from bot.arxiv.domain.announcements import Feed
from bot.arxiv.ports import (
    Refusal,
    RequestGate,
    SourceReplyError,
    SourceUnavailableError,
    Submissions,
)
from bot.core.domain.dataclass import dataclass
from bot.core.turns import short_turns

T = TypeVar("T")

AT_ONCE: Final = 2**18
"""Bytes that are decompressed in one call."""

ACCEPT: Final = "application/atom+xml, application/rss+xml;q=0.9, application/xml;q=0.8, */*;q=0.1"
"""The types that we want, best first; arXiv's edge may answer 406 to a request without them."""

_HOPS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a response: bytes, and times.

    The largest feed has 4.2 MB. One pass over a body takes about 2 ms a MiB, and blocks the event
    loop for as long.
    """

    body: int = 8 * 2**20
    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=15)
    total: timedelta = timedelta(seconds=40)


class ArxivClient:
    """`ports.PaperSource` over HTTP; make one with `open_client`.

    Every request holds the request gate until its response is read and checked.
    Only the two configured servers are requested: a redirect to another one is refused.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        gate: RequestGate,
        *,
        api_url: str,
        feed_url: str,
        clock: Callable[[], datetime],
        limits: Limits,
    ) -> None:
        self._session = session
        self._gate = gate
        self._api_url = api_url
        self._feed_url = feed_url
        self._clock = clock
        self._limits = limits

    async def fetch_feed(self, category: str, *, etag: str | None = None) -> Feed | None:
        return await self._ask(
            f"feed:{category}",
            urls.feed_url(self._feed_url, category),
            partial(parse_feed, category=category),
            etag=etag,
        )

    async def fetch_records(self, numbers: Sequence[str]) -> tuple[ArxivRecord, ...]:
        url = urls.records_url(self._api_url, numbers)
        return await self._ask("papers", url, partial(parse_records, asked=len(numbers))) or ()

    async def search_titles(self, titles: Sequence[str]) -> tuple[ArxivRecord, ...]:
        url = urls.titles_url(self._api_url, titles, limit=100)
        return await self._ask("titles", url, parse_records) or ()

    async def list_submitted(
        self, category: str, since: datetime, until: datetime, *, start: int, limit: int
    ) -> Submissions:
        url = urls.submitted_url(self._api_url, category, since, until, start=start, limit=limit)
        parse = partial(parse_submissions, start=start)
        return await self._ask(f"missed:{category}", url, parse) or Submissions((), 0, 0)

    async def _ask(
        self, target: str, url: str, parse: Callable[[Reply], T], *, etag: str | None = None
    ) -> T | None:
        """The parsed response, or `None` for "not modified"; each redirect takes the gate again."""
        here, hops = url, 0
        while True:
            async with self._gate.turn(target) as answered:
                reply, there = await self._request(here, etag)
                if there is None:
                    same = reply.status == HTTPStatus.NOT_MODIFIED and etag is not None
                    parsed = None if same else await asyncio.to_thread(parse_aside, parse, reply)
                    answered()
                    return parsed
                hops += 1
                if hops == _HOPS:
                    raise SourceReplyError(Refusal.REDIRECT, f"redirected {_HOPS} times")
                here = _allowed(here, there)

    async def _request(self, url: str, etag: str | None) -> tuple[Reply, str | None]:
        """The response, and the target of a redirect."""
        # Send the ETag back byte for byte: arXiv's has no quotes.
        headers = {"If-None-Match": etag} if etag is not None else {}
        try:
            async with self._session.get(
                URL(url, encoded=True), headers=headers, allow_redirects=False
            ) as response:
                there = response.headers.get("Location")
                if response.status in _REDIRECTS and there is not None:
                    return Reply(response.status, b""), there
                body = await _read(response, self._limits.body)
                return (
                    Reply(
                        response.status,
                        body,
                        _etag(response.headers.get("ETag")),
                        retry_after(response.headers.get("Retry-After"), self._clock()),
                    ),
                    None,
                )
        except TimeoutError as error:
            raise SourceUnavailableError(Refusal.UNREACHABLE, "no answer in time") from error
        except aiohttp.ClientPayloadError as error:
            raise SourceReplyError(Refusal.MALFORMED, "the answer was cut off") from error
        except aiohttp.ClientConnectorError as error:
            reason = f"cannot connect to {error.host}: {error.os_error.strerror or error.os_error}"
            raise SourceUnavailableError(Refusal.UNREACHABLE, " ".join(reason.split())) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(error) from error


async def _once(
    request: aiohttp.ClientRequest, ask: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp would repeat a GET when its connection breaks."""
    try:
        return await ask(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was sent, and nothing is repeated
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> SourceUnavailableError:
    reason = str(error) or type(error).__name__
    return SourceUnavailableError(Refusal.UNREACHABLE, " ".join(reason.split()))


def _etag(value: str | None) -> str | None:
    """The ETag, if it can be sent back."""
    return value if value and len(value) < 200 and value.isascii() and value.isprintable() else None


def parse_aside(parse: Callable[[Reply], T], reply: Reply) -> T:
    """Parse the response in a thread beside the event loop's, so that the loop is late by little.

    For about a second at most, the garbage collector is disabled: a collection would stop every
    thread for 40 ms, because parsing makes a hundred thousand objects. And the thread gives the GIL
    up after 1 ms, not 5, each time the loop wants it. Only one response is parsed at a time (one
    connection).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with short_turns():
            return parse(reply)
    finally:
        if was_enabled:
            gc.enable()


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body, decompressed; refused as soon as it exceeds `limit`."""
    if (response.content_length or 0) > limit:
        raise _too_large(limit)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise SourceReplyError(Refusal.MALFORMED, f"compressed as {encoding[:20]}, not asked for")
    chunks = response.content.iter_chunked(2**16)
    body = bytearray()
    async for piece in chunks if encoding != "gzip" else inflated(chunks):
        body += piece
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def inflated(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Decompress in small steps, so that a decompression bomb does not block the event loop.

    Raises `SourceReplyError` where the data is corrupt, truncated, or has trailing bytes.
    """
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for chunk in chunks:
        try:
            piece = inflate.decompress(chunk, AT_ONCE)
            while piece:
                yield piece
                await asyncio.sleep(0)
                piece = inflate.decompress(inflate.unconsumed_tail, AT_ONCE)
        except zlib.error as error:
            raise SourceReplyError(Refusal.MALFORMED, "broken compression") from error
        if inflate.unused_data:
            raise SourceReplyError(Refusal.MALFORMED, "the answer goes on after its end")
    if not inflate.eof:
        raise SourceReplyError(Refusal.MALFORMED, "the answer was cut off")


def _too_large(limit: int) -> SourceReplyError:
    return SourceReplyError(Refusal.TOO_LARGE, f"larger than {limit // 2**20} MiB")


def _allowed(here: str, there: str) -> str:
    """The target of a redirect, if it is on the same server; http may change to https."""
    try:
        url = str(URL(urljoin(here, there), encoded=True))
        before, after = urlsplit(here), urlsplit(url)
        encrypts = (_server(before), _server(after)) == (("http", 80), ("https", 443))
        stays = before.hostname == after.hostname and (
            encrypts or _server(before) == _server(after)
        )
    except ValueError as error:
        raise SourceReplyError(Refusal.REDIRECT, "redirected to no address") from error
    if not url.isprintable() or " " in url:
        raise SourceReplyError(Refusal.REDIRECT, "redirected to no address")
    if not stays or after.username or after.password:
        elsewhere = (after.hostname or "nowhere")[:80]
        raise SourceReplyError(Refusal.REDIRECT, f"redirected to {elsewhere}, another server")
    return url


def _server(url: SplitResult) -> tuple[str, int | None]:
    return url.scheme, url.port or _PORTS.get(url.scheme)


def user_agent(version: str, *, address: str | None, contact: str | None) -> str:
    """The User-Agent: name, version, the project's address and the operator's contact, if known."""
    known = (
        "".join(c for c in each if c.isprintable()).strip() for each in (address, contact) if each
    )
    remarks = "; ".join(filter(None, known))
    return f"paper-digest-bot/{version} ({remarks})" if remarks else f"paper-digest-bot/{version}"


@asynccontextmanager
async def open_client(
    gate: RequestGate,
    *,
    api_url: str,
    feed_url: str,
    agent: str,
    clock: Callable[[], datetime],
    limits: Limits = Limits(),
) -> AsyncIterator[ArxivClient]:
    """A client with one connection, closed at the end; `agent` is its User-Agent."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1),
        timeout=aiohttp.ClientTimeout(
            total=limits.total.total_seconds(),
            connect=limits.connect.total_seconds(),
            sock_read=limits.read.total_seconds(),
        ),
        headers={
            "User-Agent": agent,
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip",
        },
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_once,),
        trust_env=False,
    ) as session:
        yield ArxivClient(
            session, gate, api_url=api_url, feed_url=feed_url, clock=clock, limits=limits
        )
