"""The client against a server: what it asks, and what it does not let itself be told."""

import asyncio
import gc
import gzip
import random
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.arxiv.client.client import (
    AT_ONCE,
    ArxivClient,
    Limits,
    inflated,
    open_client,
    parse_aside,
    user_agent,
)
from bot.arxiv.client.reply import Reply
from bot.arxiv.ports import (
    Refusal,
    SourceFailureError,
    SourceQuestionError,
    SourceReplyError,
    SourceThrottledError,
    SourceUnavailableError,
)
from tests.arxiv.client.gates import OpenGate
from tests.fakes.arxiv import FakeArxiv, FaultKind, Paper, World

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
DAY = date(2026, 11, 24)
SMALL = Limits(
    body=2**20,
    connect=timedelta(seconds=10),
    read=timedelta(seconds=1),
    total=timedelta(seconds=20),
)


@pytest.fixture
async def arxiv() -> AsyncIterator[FakeArxiv]:
    async with FakeArxiv(World(), clock=lambda: NOW) as server:
        yield server


@asynccontextmanager
async def client_of(
    arxiv: FakeArxiv, gate: OpenGate | None = None, *, limits: Limits = SMALL, feed_url: str = ""
) -> AsyncIterator[ArxivClient]:
    async with open_client(
        gate or OpenGate(),
        api_url=arxiv.api_url,
        feed_url=feed_url or arxiv.feed_url,
        agent="paper-digest-bot/0.1 (ops@example.org)",
        clock=lambda: NOW,
        limits=limits,
    ) as client:
        yield client


async def test_a_feed_comes_with_its_etag_and_is_not_sent_twice(arxiv: FakeArxiv):
    arxiv.world.announce(DAY, Paper("2611.10001", "A $k<n$ title"))
    gate = OpenGate()
    async with client_of(arxiv, gate) as client:
        feed = await client.fetch_feed("cs.LG")
        assert feed is not None
        again = await client.fetch_feed("cs.LG", etag=feed.etag)

    assert [str(item.id) for item in feed.items] == ["2611.10001v1"]
    assert {item.batch_on for item in feed.items} == {DAY}
    assert again is None
    assert gate.answered == ["feed:cs.LG", "feed:cs.LG"]
    assert arxiv.log[1].etag == feed.etag  # byte for byte: arXiv's has no quotes
    assert arxiv.log[0].agent == "paper-digest-bot/0.1 (ops@example.org)"
    assert arxiv.log[0].accept.startswith("application/atom+xml")


async def test_papers_are_asked_for_by_id_with_a_limit(arxiv: FakeArxiv):
    numbers = [f"2501.{n:05}" for n in range(1, 31)]
    arxiv.world.add(*(Paper(number, f"Paper {number}") for number in numbers))
    async with client_of(arxiv) as client:
        records = await client.fetch_records(numbers)

    assert sorted(record.id.number for record in records) == numbers
    assert arxiv.log[0].query["max_results"] == "30"
    assert len(arxiv.log) == 1


async def test_titles_are_searched_for_word_by_word(arxiv: FakeArxiv):
    arxiv.world.add(
        Paper("2501.00001", "Scaling Test-Time Compute: A Study of $\\alpha$-Search"),
        Paper("2501.00002", "Another Study"),
    )
    async with client_of(arxiv) as client:
        records = await client.search_titles(
            ["Scaling test time compute -- a study of \\alpha search", "학습", 'Quo"te) (OR ti:x']
        )

    assert [record.id.number for record in records] == ["2501.00001"]


async def test_submissions_of_a_window_come_page_by_page(arxiv: FakeArxiv):
    times = [datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in range(10)]
    papers = [Paper(f"2611.{n:05}", "T", submitted_at=at) for n, at in enumerate(times)]
    arxiv.world.add(*papers, Paper("2611.00100", "T", categories=("cs.CV",), submitted_at=times[4]))
    async with client_of(arxiv) as client:
        pages = [
            await client.list_submitted("cs.LG", times[2], times[8], start=start, limit=4)
            for start in (0, 4)
        ]

    found = [record.id.number for page in pages for record in page.records]
    assert found == [paper.number for paper in papers[2:9]]
    assert [(page.entries, page.total) for page in pages] == [(4, 7), (3, 7)]


async def test_an_archive_is_asked_for_with_all_its_classes(arxiv: FakeArxiv):
    since, until = (datetime(2026, 11, day, tzinfo=UTC) for day in (20, 21))
    async with client_of(arxiv) as client:
        for category in ("cs", "hep-th"):
            await client.list_submitted(category, since, until, start=0, limit=10)

    asked = [request.query["search_query"].partition(" ")[0] for request in arxiv.log]
    assert asked == ["cat:cs.*", "cat:hep-th"]


async def test_a_wrong_category_is_refused_and_one_that_is_none_never_asked(arxiv: FakeArxiv):
    async with client_of(arxiv) as client:
        with pytest.raises(SourceQuestionError):
            await client.fetch_feed("nope")
        with pytest.raises(SourceQuestionError):
            await client.fetch_feed("../api/query?x=1")

    assert [request.path for request in arxiv.log] == ["/atom/nope"]


async def test_one_malformed_id_is_named(arxiv: FakeArxiv):
    async with client_of(arxiv) as client:
        with pytest.raises(SourceQuestionError) as refused:
            await client.fetch_records(["2501.00001", "abc"])

    assert refused.value.culprit == "abc"


@pytest.mark.parametrize(
    ("fault", "value", "kind"),
    [
        (FaultKind.THROTTLED, "", Refusal.THROTTLED),
        (FaultKind.THROTTLED_AS_200, "", Refusal.THROTTLED),
        (FaultKind.NOT_ACCEPTABLE, "", Refusal.THROTTLED),
        (FaultKind.FORBIDDEN, "", Refusal.THROTTLED),
        (FaultKind.GONE, "", Refusal.SERVER_ERROR),
        (FaultKind.UNAVAILABLE, "", Refusal.SERVER_ERROR),
        (FaultKind.HTML, "", Refusal.HTML),
        (FaultKind.TRUNCATED, "", Refusal.MALFORMED),
        (FaultKind.CUT_OFF, "", Refusal.MALFORMED),
        (FaultKind.HANGS, "60", Refusal.UNREACHABLE),
        (FaultKind.HUGE, "200", Refusal.TOO_LARGE),
        (FaultKind.HUGE_ANNOUNCED, "200", Refusal.TOO_LARGE),
        (FaultKind.GZIP_BOMB, "200", Refusal.TOO_LARGE),
        (FaultKind.ENTITY_BOMB, "", Refusal.ENTITIES),
        (FaultKind.EXTERNAL_ENTITY, "file:///etc/hostname", Refusal.ENTITIES),
        (FaultKind.LATIN, "", Refusal.MALFORMED),
    ],
)
async def test_a_bad_answer_is_refused_for_the_right_reason(
    arxiv: FakeArxiv, fault: FaultKind, value: str, kind: Refusal
):
    arxiv.world.announce(DAY, Paper("2611.10001", "A", abstract="words " * 500))
    arxiv.fail(fault, value=value)
    gate = OpenGate()
    async with client_of(arxiv, gate) as client:
        with pytest.raises(SourceFailureError) as refused:
            await client.fetch_feed("cs.LG")
        after = await client.fetch_feed("cs.LG")

    assert refused.value.kind is kind
    assert gate.failures == [refused.value]
    assert after is not None
    assert len(after.items) == 1


async def test_two_hundred_megabytes_are_refused_while_they_come(arxiv: FakeArxiv):
    arxiv.fail(FaultKind.HUGE, value=200)
    async with client_of(arxiv) as client:
        tracemalloc.start()
        with pytest.raises(SourceFailureError):
            await client.fetch_feed("cs.LG")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 16 * 2**20


async def chunks_of(packed: bytes, size: int = 2**16) -> AsyncIterator[bytes]:
    for at in range(0, len(packed), size):
        yield packed[at : at + size]


@pytest.mark.parametrize("size", [1, 7, 2**16])
async def test_what_is_compressed_is_inflated_a_little_at_a_time(size: int):
    text = b"words " * 100_000 + random.Random(1).randbytes(50_000)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        going_on = group.create_task(others())
        pieces = [piece async for piece in inflated(chunks_of(gzip.compress(text), size))]
        going_on.cancel()

    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= AT_ONCE
    assert turns >= len(pieces) > 2


WORDS = gzip.compress(b"words", mtime=0)  # without the time, the tests have the same names anywhere


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (WORDS[:-3], "cut off"),
        (b"", "cut off"),
        (b"no gzip", "broken"),
        (WORDS + b"more", "after its end"),
        (WORDS + WORDS, "after its end"),
        (WORDS[:-8] + b"\0" * 8, "broken"),
    ],
)
@pytest.mark.parametrize("size", [1, 2**16])
async def test_broken_compression_is_refused(packed: bytes, reason: str, size: int):
    with pytest.raises(SourceReplyError, match=reason):
        async for _ in inflated(chunks_of(packed, size)):
            pass


async def test_retry_after_reaches_whoever_waits(arxiv: FakeArxiv):
    arxiv.fail(FaultKind.THROTTLED, value="120")
    async with client_of(arxiv) as client:
        with pytest.raises(SourceThrottledError) as refused:
            await client.fetch_records(["2501.00001"])

    assert refused.value.retry_after == timedelta(minutes=2)


@pytest.mark.parametrize(
    "place",
    [
        "http://example.org/atom/cs.LG",
        "https://127.0.0.1/atom/cs.LG",
        "http://localhost:{port}/atom/cs.LG",
        "http://127.0.0.1:1/atom/cs.LG",
        "//example.org/x",
        "ftp://127.0.0.1:{port}/x",
        "http://user:secret@127.0.0.1:{port}/atom/cs.LG",
        "http://[broken",
        "file:///etc/passwd",
        "/a place",
    ],
)
async def test_a_redirect_elsewhere_is_refused(arxiv: FakeArxiv, place: str):
    arxiv.fail(FaultKind.REDIRECT, value=place.format(port=arxiv.port))
    async with client_of(arxiv) as client:
        with pytest.raises(SourceFailureError) as refused:
            await client.fetch_feed("cs.LG")

    assert refused.value.kind is Refusal.REDIRECT
    assert len(arxiv.log) == 1
    assert "secret" not in str(refused.value)


async def test_a_redirect_to_what_no_request_can_name_is_refused():
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /\x7f\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        open_client(
            OpenGate(),
            api_url="http://127.0.0.1/",
            feed_url=f"http://127.0.0.1:{port}/atom/",
            agent="paper-digest-bot/0 (c)",
            clock=lambda: NOW,
        ) as client,
    ):
        with pytest.raises(SourceReplyError) as refused:
            await client.fetch_feed("cs.LG")

    assert refused.value.kind is Refusal.REDIRECT


async def test_a_redirect_on_the_same_server_takes_the_gate_again(arxiv: FakeArxiv):
    arxiv.world.announce(DAY, Paper("2611.10001", "A"))
    gate = OpenGate()
    async with client_of(arxiv, gate, feed_url=f"{arxiv.url}/moved/atom/") as client:
        feed = await client.fetch_feed("cs.LG")

    assert feed is not None
    assert len(feed.items) == 1
    assert gate.turns == ["feed:cs.LG", "feed:cs.LG"]
    assert gate.answered == ["feed:cs.LG"]  # by the second: a redirect is no answer


async def test_redirects_in_a_circle_come_to_an_end(arxiv: FakeArxiv):
    arxiv.fail(FaultKind.REDIRECT, value="/atom/cs.LG", times=50)
    async with client_of(arxiv) as client:
        with pytest.raises(SourceFailureError) as refused:
            await client.fetch_feed("cs.LG")

    assert refused.value.kind is Refusal.REDIRECT
    assert len(arxiv.log) == 3


async def test_a_refused_connection_is_unavailable(arxiv: FakeArxiv):
    async with client_of(arxiv, feed_url="http://127.0.0.1:9/atom/") as client:
        with pytest.raises(SourceUnavailableError) as refused:
            await client.fetch_feed("cs.LG")

    assert refused.value.kind is Refusal.UNREACHABLE


@pytest.mark.parametrize("after", [0, 1])
async def test_a_connection_that_breaks_is_no_reason_to_ask_again_at_once(
    arxiv: FakeArxiv, after: int
):
    arxiv.fail(FaultKind.DROPPED, times=2, after=after)
    async with client_of(arxiv) as client:
        for _ in range(after):
            await client.fetch_feed("cs.LG")
        with pytest.raises(SourceUnavailableError) as refused:
            await client.fetch_feed("cs.LG")

    assert refused.value.kind is Refusal.UNREACHABLE
    assert len(arxiv.log) == after + 1


async def test_cancelling_a_request_that_hangs_leaves_the_client_usable(arxiv: FakeArxiv):
    arxiv.world.announce(DAY, Paper("2611.10001", "A"))
    arxiv.fail(FaultKind.HANGS, value="60")
    async with client_of(arxiv, limits=Limits()) as client:
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(client.fetch_feed("cs.LG"))
            await arxiv.arrived.wait()
            asking.cancel()
        feed = await client.fetch_feed("cs.LG")

    assert feed is not None


async def test_an_old_id_and_a_withdrawn_paper(arxiv: FakeArxiv):
    arxiv.world.add(
        Paper("astro-ph/0601001", "Old"),
        Paper("2510.99999", "Gone", version=2, comment="This paper has been withdrawn by us"),
    )
    async with client_of(arxiv) as client:
        records = await client.fetch_records(["astro-ph/0601001", "2510.99999"])

    by_number = {record.id.number: record for record in records}
    assert by_number["astro-ph/0601001"].id == ArxivId("astro-ph/0601001", 1)
    assert by_number["2510.99999"].is_withdrawn


@pytest.mark.parametrize(
    ("address", "contact", "agent"),
    [
        (None, None, "paper-digest-bot/1"),
        ("https://x.org/bot", None, "paper-digest-bot/1 (https://x.org/bot)"),
        ("https://x.org/bot", "a@b.org", "paper-digest-bot/1 (https://x.org/bot; a@b.org)"),
        (None, "a@b\r\nX-Evil: 1", "paper-digest-bot/1 (a@bX-Evil: 1)"),
    ],
)
def test_the_user_agent_names_the_bot_and_whoever_is_known(
    address: str | None, contact: str | None, agent: str
):
    assert user_agent("1", address=address, contact=contact) == agent


def test_what_is_set_while_parsing_is_set_back_also_after_an_error():
    before = gc.isenabled(), sys.getswitchinterval()

    def parse(_: Reply) -> tuple[bool, float]:
        return gc.isenabled(), sys.getswitchinterval()

    def fail(_: Reply) -> None:
        raise SourceReplyError(Refusal.HTML, "no feed")

    collects, interval = parse_aside(parse, Reply(200, b""))
    with pytest.raises(SourceReplyError):
        parse_aside(fail, Reply(200, b""))

    assert not collects
    assert interval <= 0.001
    assert (gc.isenabled(), sys.getswitchinterval()) == before
