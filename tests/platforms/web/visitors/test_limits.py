"""Limits of one visitor and of one address."""

from contextlib import ExitStack

import aiohttp
import pytest

from bot.platforms.web.visitors.limits import (
    Rate,
    RateLimiter,
    RequestLimits,
    StreamLimits,
    crawler_of,
)
from tests.platforms.web.stage import Stage

HERE = "192.0.2.1"


def test_a_burst_is_admitted_and_then_the_rate_applies():
    limiter = RateLimiter(Rate(burst=3, per_second=2))

    waits = [limiter.wait("a", 0.0) for _ in range(4)]

    assert waits == [0, 0, 0, 0.5]
    assert limiter.wait("b", 0.0) == 0
    assert limiter.wait("a", 0.5) == 0
    assert limiter.wait("a", 0.5) > 0


def test_the_least_recent_client_is_forgotten():
    limiter = RateLimiter(Rate(burst=1, per_second=0.001), most_clients=2)
    for client in ("a", "b", "c"):
        limiter.wait(client, 0.0)

    assert limiter.wait("c", 0.0) > 0
    assert limiter.wait("a", 0.0) == 0


def accepted(limits: RequestLimits, visitors: list[str | None], *, tries: int = 1000) -> int:
    """How many of so many writes in ten seconds from one address pass."""
    return sum(
        limits.wait_to_write(HERE, visitors[n % len(visitors)], n * 10 / tries) == 0
        for n in range(tries)
    )


def test_one_visitor_is_limited():
    assert accepted(RequestLimits(), ["abuser"]) <= 30


def test_all_visitors_without_a_cookie_share_one_limit():
    assert accepted(RequestLimits(), [None]) <= 30


def test_many_visitors_of_one_address_are_limited_together():
    limits = RequestLimits()
    visitors: list[str | None] = [f"v{n}" for n in range(1000) if limits.may_have_cookie(HERE, 0)]

    assert len(visitors) <= 20
    assert accepted(limits, visitors) <= 180


def test_a_flood_does_not_stop_other_visitors_of_its_address():
    limits = RequestLimits()
    accepted(limits, [None])
    accepted(limits, [f"v{n}" for n in range(20)])

    assert [limits.wait_to_write(HERE, "ada", 10 + n * 30) for n in range(5)] == [0] * 5
    assert limits.wait_to_read(HERE, "ada", 10) == 0


def test_refused_requests_do_not_count_for_the_address():
    limits = RequestLimits()
    accepted(limits, ["abuser"], tries=100_000)

    assert all(limits.wait_to_write(HERE, "ada", 10) == 0 for _ in range(20))


def hold_all(limits: StreamLimits, streams: ExitStack, address: str, visitor: str | None) -> int:
    """Open as many streams as the visitor may, up to 600; how many those are."""
    for held in range(600):
        if not limits.may_open(address, visitor):
            return held
        streams.enter_context(limits.opened(address, visitor))
    return 600


def test_one_visitor_opens_a_few_streams_only():
    limits = StreamLimits(500)
    with ExitStack() as streams:
        assert hold_all(limits, streams, HERE, "abuser") == 20
        assert limits.may_open(HERE, "ada")


def test_one_address_opens_a_part_of_all_streams():
    limits = StreamLimits(500)
    with ExitStack() as streams:
        held = sum(hold_all(limits, streams, HERE, f"v{n}") for n in range(100))
        newcomers = hold_all(limits, streams, "192.0.2.2", None)

        assert (held, newcomers) == (380, 20)
        assert limits.may_open(HERE, "ada")
        assert limits.may_open("192.0.2.2", "bo")


def test_a_closed_stream_is_not_counted():
    limits = StreamLimits(1)
    with limits.opened(HERE, "ada"):
        assert not limits.may_open(HERE, "bo")

    assert limits.may_open(HERE, "bo")


async def test_a_visitor_has_many_pages_open_and_not_any_number(stage: Stage):
    async with stage.client.get(stage.url("/")):
        pass
    streams = [await stage.client.get(stage.url("/events?after=0")) for _ in range(24)]

    assert [stream.status for stream in streams].count(200) == 20
    assert {stream.status for stream in streams} == {200, 503}
    async with (
        aiohttp.ClientSession() as other,
        other.get(stage.url("/events?after=0")) as stream,
    ):
        assert stream.status == 200
    for stream in streams:
        stream.close()


async def test_a_flood_with_made_up_cookies_does_not_stop_a_visitor(stage: Stage):
    async with stage.client.get(stage.url("/")):
        pass
    statuses = []
    async with aiohttp.ClientSession() as flood:
        for n in range(60):
            async with flood.post(
                stage.url("/api/say"),
                json={"channel": "general", "text": "x", "nonce": f"nonce-{n:08}"},
                headers={**stage.own, "Cookie": f"paperbot_visitor={n:032x}"},
            ) as response:
                statuses.append(response.status)

    status, _ = await stage.post(
        "/api/say", channel="general", text="still here", nonce="0123456789"
    )
    assert statuses.count(200) <= 25
    assert status == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "googlebot"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "gptbot",
        ),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0)", "baiduspider"),
        ("Mozilla/5.0 (Linux; Android 12; CUBOT P50) AppleWebKit/537.36 Chrome/120 Mobile", None),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", None),
        ("Miniflux/2.2 (+https://miniflux.app)", None),
        ("", None),
    ],
)
def test_crawlers_are_known_by_their_names(agent, name):
    assert crawler_of(agent) == name
    assert len(crawler_of("x" * 400 + "bot" * 10_000) or "") < 100


def test_a_crawler_has_one_limit_from_all_its_addresses():
    limits = RequestLimits()

    waits = [limits.wait_to_crawl("greedybot", 0) for _ in range(61)]

    assert waits[:60] == [0] * 60
    assert waits[60] > 0
    assert limits.wait_to_crawl("otherbot", 0) == 0
    assert limits.wait_to_crawl("greedybot", 1) == 0
