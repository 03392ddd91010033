"""arXiv: what parsing a full feed does to the event loop, and how well and fast ranking goes."""

import asyncio
import gc
import io
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import feedparser
from aiohttp import web

from bot.archive.domain.entry import EntryId
from bot.arxiv.client.client import open_client, without_collections
from bot.arxiv.client.feed import parse_feed
from bot.arxiv.client.reply import Reply
from bot.arxiv.domain.candidates import Example, NewPaper, example_text, picked_weight
from bot.arxiv.ranking.worker import ProcessRanker, is_installed
from bot.arxiv.services.daily_batches import poll_due
from bot.core.database.database import opened
from tests.arxiv.client.gates import OpenGate
from tests.bench.measure import Row
from tests.bench.ranking import (
    EASY,
    HARD,
    REAL,
    SPLIT,
    Announced,
    Noted,
    Outcome,
    evaluate,
    list_archive,
    list_days,
    list_pool,
)
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
SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples"
MOST_LAG = 0.020
_EARLY = date(2025, 4, 15)
"""A split with more papers to judge, and fewer to learn from."""
_SIMULATED = 5


async def rows(quick: bool, announced: Path = SHARED / "announced") -> AsyncIterator[Row]:
    """The rows of the table; `announced` has the days of the pool `REAL`."""
    async for row in _feed_rows(rounds=3 if quick else 9):
        yield row
    if not is_installed():
        yield Row("ranking", "the extra `rank` is not installed")
        return
    async for row in _speed_rows(archive=800 if quick else 3800):
        yield row
    for row in await asyncio.to_thread(_quality_rows, announced):
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
        lag, seconds = await _lag(lambda: asyncio.to_thread(without_collections, parse, reply))
        parsing.append(lag)
        ours.append(seconds)
        polling.append(await _lag_of_a_poll(reply.body))
        idle.append((await _lag(lambda: asyncio.sleep(1)))[0])
        began = time.perf_counter()
        feedparser.parse(io.BytesIO(reply.body))
        bare.append(time.perf_counter() - began)
    for what, lags in (("parsed", parsing), ("polled: fetched, parsed and stored", polling)):
        lag, still = statistics.median(lags), statistics.median(idle)
        yield Row(
            f"event loop while a feed of 2,000 is {what}; worst lag of a round",
            f"{lag * 1e3:.1f} ms",
            f"{max(lags) * 1e3:.1f} ms in the worst of {rounds}; idle {still * 1e3:.1f} ms",
            "< 20 ms",
            lag < MOST_LAG,
        )
    yield Row(
        "that feed, checked and parsed",
        f"{statistics.median(ours) * 1e3:.0f} ms",
        f"{statistics.median(ours) / statistics.median(bare):.2f} × feedparser.parse, which blocks",
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
            lag, _ = await _lag(lambda: polling(clock=lambda: NOW, jitter=lambda: 0.0))
            gc.unfreeze()
    await runner.cleanup()
    return lag


async def _lag(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """The longest that the loop was late by while `work` ran, and how long that took."""
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
    return worst, took


async def _speed_rows(archive: int) -> AsyncIterator[Row]:
    chance = random.Random(2)

    def text() -> str:
        made_up = (f"term{chance.randrange(20_000)}" for _ in range(100))
        return example_text("A title", " ".join((*chance.choices(WORDS, k=80), *made_up)))

    picked = [Example(f"p{n}", text(), EntryId(n + 1)) for n in range(archive)]
    passed = [Example(f"q{n}", text()) for n in range(3000)]
    day = [NewPaper(f"n{n}", text()) for n in range(200)]
    with tempfile.TemporaryDirectory() as folder:
        ranker = ProcessRanker(Path(folder) / "taste")
        lag, learning = await _lag(lambda: ranker.train(picked, passed))
        again, judging = await _lag(lambda: ranker.judge(day))
    yield Row(
        f"ranking: learn from {archive:,} picked and 3,000 passed papers, nightly",
        f"{learning:.1f} s",
        f"worst lag of the loop {lag * 1e3:.0f} ms",
    )
    yield Row(
        "ranking: judge a day of 200 papers, reasons and neighbours included",
        f"{judging:.1f} s",
        f"worst lag of the loop {again * 1e3:.0f} ms",
    )


def _quality_rows(announced: Path) -> list[Row]:
    """How good the order is, on the sample vault; see `tests/bench/ranking.py` for how."""
    if not (SHARED / "vault").is_dir():
        return [Row("ranking: quality", "the sample vault is not on this machine")]
    archive = list_archive(SHARED / "vault")
    found = []
    days = list_days(announced)
    hard, easy = list_pool(SHARED, HARD), list_pool(SHARED, EASY)
    pools = [(REAL, days, SPLIT), (REAL, days, _EARLY)] if days else []
    for pool, papers, split in [*pools, (HARD, hard, SPLIT), (EASY, easy, SPLIT)]:
        outcome = evaluate(archive, papers, split)
        found.append(_quality_row(pool, outcome))
        if pool != EASY:
            found.append(_liked_row(archive, papers, outcome))
    return found


def _quality_row(pool: str, outcome: Outcome) -> Row:
    is_measure = pool != HARD
    return Row(
        f"ranking: {outcome.picks} papers noted after {outcome.split}, among {pool}",
        f"recall@10 {outcome.recall:.2f}, AUC {outcome.area:.2f}",
        f"chance {outcome.chance:.2f}, 0.50; learnt from {outcome.picked} + {outcome.passed}",
        "AUC > 0.85" if is_measure else "",
        outcome.area > 0.85 if is_measure else None,
    )


def _liked_row(archive: Sequence[Noted], papers: Sequence[Announced], before: Outcome) -> Row:
    """What likes at random change, the mean of some simulations; one paper is 1/picks of recall."""
    recall, area = [], []
    for chance in map(random.Random, range(_SIMULATED)):
        weights = {note.number: picked_weight(chance.randrange(8)) for note in archive}
        after = evaluate(archive, papers, before.split, weights=weights)
        recall.append(after.recall - before.recall)
        area.append(after.area - before.area)
    return Row(
        "… with likes at random, which should change nothing",
        f"recall@10 {statistics.mean(recall):+.3f}, AUC {statistics.mean(area):+.4f}",
        f"means of {_SIMULATED}; one paper is {1 / before.picks:.3f}",
    )
