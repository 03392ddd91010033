"""arXiv: what parsing a full feed costs, and what it does to the event loop."""

import asyncio
import gc
import io
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import feedparser
from aiohttp import web

from bot.arxiv.client.client import open_client, parse_aside
from bot.arxiv.client.feed import parse_feed
from bot.arxiv.client.reply import Reply
from bot.arxiv.services.daily_batches import poll_due
from bot.core.database.database import opened
from tests.arxiv.client.gates import OpenGate
from tests.bench.measure import Row, ratios
from tests.bench.verdict import Figure
from tests.fakes.arxiv import Paper, xml

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
WORDS = [
    "model",
    "reward",
    "policy",
    "graph",
    "kernel",
    "image",
    "speech",
    "token",
    "sparse",
    "training",
    "scaling",
    "attention",
    "diffusion",
    "agent",
    "memory",
    "retrieval",
    "alignment",
    "benchmark",
    "optimizer",
    "gradient",
]
MOST_LAG = 0.015


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    async for row in _feed_rows(rounds=3 if quick else 9):
        yield row


def full_feed(items: int = 2000) -> bytes:
    """A feed as large as arXiv's ever are, with text of the usual length."""
    chance = random.Random(1)
    papers = [
        Paper(
            f"2611.{n:05}",
            " ".join(chance.choices(WORDS, k=9)),
            tuple(f"Ada B. Name{k}" for k in range(5)),
            "We show $k<n$ and " + " ".join(chance.choices(WORDS, k=160)),
            ("cs.LG", "cs.AI", "stat.ML"),
        )
        for n in range(items)
    ]
    return xml.atom_feed("cs.LG", NOW.date(), [(paper, "new") for paper in papers], NOW).encode()


async def _feed_rows(rounds: int) -> AsyncIterator[Row]:
    reply = Reply(200, full_feed())
    parse = partial(parse_feed, category="cs.LG")
    ours, bare, parsing, polling, idle = [], [], [], [], []
    for _ in range(rounds):
        lag, seconds = await lag_of(lambda: asyncio.to_thread(parse_aside, parse, reply))
        parsing.append(lag)
        ours.append(seconds)
        polling.append(await _lag_of_a_poll(reply.body))
        idle.append((await lag_of(lambda: asyncio.sleep(1)))[0])
        began = time.perf_counter()
        feedparser.parse(io.BytesIO(reply.body))
        bare.append(time.perf_counter() - began)
    for what, lags in (("parsed", parsing), ("polled: fetched, parsed and stored", polling)):
        lag, still = statistics.median(lags), statistics.median(idle)
        yield Row(
            f"event loop while a feed of 2,000 is {what}; worst lag of a round",
            f"{lag * 1e3:.1f} ms",
            f"{max(lags) * 1e3:.1f} ms in the worst of {rounds}; idle {still * 1e3:.1f} ms",
            "< 15 ms in the worst",
            figures=(Figure((max(lags) * 1e3,), "ms", at_most=MOST_LAG * 1e3),),
        )
    yield Row(
        "that feed, checked and parsed",
        f"{statistics.median(ours) * 1e3:.0f} ms",
        f"{statistics.median(ours) / statistics.median(bare):.2f} × feedparser.parse, which blocks",
        "≤ 1.3 ×",
        figures=(ratios(ours, bare, at_most=1.3),),
    )


async def _lag_of_a_poll(body: bytes) -> float:
    """The worst lag of the loop while a bot that knows nothing yet polls that feed."""

    async def feed(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/atom+xml")

    async def nothing(_: web.Request) -> web.Response:
        return web.Response(text=xml.query_feed([], 0, NOW), content_type="application/atom+xml")

    app = web.Application()
    app.router.add_get("/atom/{category}", feed)
    app.router.add_get("/api/query", nothing)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    with tempfile.TemporaryDirectory() as folder:
        async with (
            opened(Path(folder) / "bot.db") as db,
            open_client(
                OpenGate(),
                api_url=f"{url}/api/query",
                feed_url=f"{url}/atom/",
                agent="paper-digest-bot/0 (c)",
                clock=lambda: NOW,
            ) as client,
        ):
            polling = partial(poll_due, db, client, ["cs.LG"])
            gc.collect()
            gc.freeze()  # as the bot does at its start: this process holds other things than it
            lag, _ = await lag_of(lambda: polling(clock=lambda: NOW, jitter=lambda: 0.0))
            gc.unfreeze()
    await runner.cleanup()
    return lag


async def lag_of(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """The longest that the loop was late by while `work` ran, and how long that took."""
    # As the bot when it has started: the collector walks through nothing that the bench has made.
    gc.collect()
    gc.freeze()
    worst = 0.0
    done = asyncio.Event()

    async def tick() -> None:
        nonlocal worst
        while not done.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - began - 0.001)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tick())
        await asyncio.sleep(0)
        began = time.perf_counter()
        await work()
        took = time.perf_counter() - began
        done.set()
    gc.unfreeze()
    return worst, took
