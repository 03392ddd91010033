"""The outbox: how much of the platform's limits it uses, what it costs, what the database bears."""

import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp

from bot.core.database.database import Database, opened
from bot.core.domain.document import Document, Heading, Paragraph, Text
from bot.core.ports import ChannelRef, ChatUnavailableError, DeliveryKey, Platform
from bot.outbox.domain.delivery import State, Step, delivery_key
from bot.outbox.domain.rate_limit import Rate, RateLimits, Rates
from bot.outbox.domain.reach import span
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import claims, deliveries
from bot.outbox.store.deliveries import Settled
from tests.bench.measure import Row, in_turn, printed, ratios
from tests.bench.postgresql.server import durability
from tests.bench.verdict import Figure
from tests.chaos import stage
from tests.databases import empty_database
from tests.fakes.chat_server import Faults
from tests.fakes.http_chat import connected
from tests.locations import Location

A_CHANNEL, OVERALL = 1, 50
"""Messages a second that the platform allows."""
BATCH, CLAIMS = 50, 10
MOST_LAG = 0.020


NewDatabase = Callable[[], AbstractContextManager[Location]]
"""Makes a place for a database, and removes it at the end."""


@contextmanager
def on_sqlite() -> Iterator[Location]:
    """A file in a folder of its own: a `NewDatabase`."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        yield Path(folder) / "bench.db"


def on_postgresql(dsn: str) -> NewDatabase:
    """A database on that server."""
    return partial(empty_database, dsn)


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table, on SQLite."""
    async for row in _fan_out_rows(on_sqlite, channels=100 if quick else 1000):
        yield row
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        async for row in _ceiling_rows(Path(folder), *((20_000, 5) if quick else (100_000, 9))):
            yield row


async def fan_out_on_postgresql(dsn: str, _quick: bool) -> AsyncIterator[Row]:
    """The fan-out on PostgreSQL, in brief."""
    where = durability(dsn)
    async for row in _fan_out_rows(on_postgresql(dsn), channels=100):
        yield printed(row, where)


@dataclass(slots=True)
class Lag:
    """How late the event loop came back to somebody who only slept.

    `ours` is the part of it in which this thread worked; in the rest, the machine did something
    else.
    """

    worst: float = 0.0
    ours: float = 0.0

    async def watch(self) -> None:
        loop, step = asyncio.get_running_loop(), 0.005
        while True:
            asked, worked = loop.time() + step, time.thread_time()
            await asyncio.sleep(step)
            late, worked = loop.time() - asked, time.thread_time() - worked
            self.worst = max(self.worst, late)
            self.ours = max(self.ours, min(late, worked))


def now() -> datetime:
    return datetime.now(UTC)


def least_seconds(requests: int) -> int:
    """How long after the first of them the last may be sent, where `OVERALL` may be in any second."""
    return (requests - 1) // OVERALL


@dataclass(frozen=True, slots=True)
class FanOut:
    """What came of a fan-out; `cpu` is the processor time of the whole, in seconds.

    `requests` are those that the platform counts, `refused` those of them that it turned away (429).
    """

    number: int
    seconds: float
    cpu: float
    requests: int
    refused: int

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.number

    @property
    def of_allowed(self) -> float:
        """How much of what the limits allow was used."""
        return least_seconds(self.requests - self.refused) / self.seconds


async def _fan_out_rows(new: NewDatabase, channels: int) -> AsyncIterator[Row]:
    done = await _fanned_out(new, channels, 10)
    yield Row(
        f"{done.number} deliveries over {channels} channels, {OVERALL}/s allowed",
        f"{done.seconds:.1f} s",
        f"{done.of_allowed:.3f} of what the limits allow",
        "≥ 0.98",
        figures=(Figure((done.of_allowed,), "", at_least=0.98),),
    )
    yield Row(
        "… messages that the platform turned away (429)",
        str(done.refused),
        aim="0",
        held=not done.refused,
    )
    bare = await _bare_post()
    yield Row(
        "… processor time a delivery",
        f"{done.cpu_each * 1e3:.2f} ms",
        f"{done.cpu_each / bare:.1f} × the HTTP request alone ({bare * 1e3:.2f} ms)",
        "≤ 1.5 ms",
        figures=(Figure((done.cpu_each * 1e3,), "ms", at_most=1.5),),
    )
    # Measured apart: `Lag.watch` wakes the loop 200 times a second, four times for each message, and
    # took 0.2 to 0.6 ms of each.
    lag = Lag()
    await _fanned_out(new, channels, 5, lag=lag)
    yield Row(
        "… the event loop's worst lag by our own work",
        f"{lag.ours * 1e3:.1f} ms",
        f"{lag.worst * 1e3:.1f} ms with what else the machine did",
        "< 20 ms",
        lag.ours < MOST_LAG,
    )


async def _fanned_out(
    new: NewDatabase, channels: int, each: int, *, lag: Lag | None = None
) -> FanOut:
    """Deliver so many messages to each channel; `lag` looks at the event loop meanwhile."""
    number = channels * each
    faults = Faults(channel_rate=(A_CHANNEL, 1.0), overall_rate=(OVERALL, 1.0))
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(opened(stack.enter_context(new())))
        platform = await stack.enter_async_context(_platform(faults))
        chat = await stack.enter_async_context(connected(platform.url))
        await _plan(db, channels, each)
        deliverer = Deliverer(
            db,
            {Platform.SLACK: chat},
            owner="bench",
            clock=now,
            rate_limits=RateLimits(
                {Platform.SLACK: Rates(Rate(A_CHANNEL, 1.0), Rate(OVERALL, 1.0))}
            ),
            jitter=random.random,
        )
        gc.collect()
        gc.freeze()  # as the bot does when it has started
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(lag.watch()) if lag is not None else None
            began, cpu = time.perf_counter(), time.process_time()
            await deliverer.drain(asyncio.Event())
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            if watch is not None:
                watch.cancel()
        async with aiohttp.ClientSession() as session:
            counts = await (await session.get(f"{platform.url}/counts")).json()
    assert counts["kept"] == number
    return FanOut(number, seconds, cpu, number + counts["limited"], counts["limited"])


@asynccontextmanager
async def _platform(faults: Faults) -> AsyncIterator[stage.Platformed]:
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        async with stage.platform(Path(folder), faults) as platform:
            yield platform


async def _bare_post() -> float:
    """The processor time of a request that posts, as the platform turns it away."""
    content = _draft(0, 0).document
    channel = ChannelRef(Platform.SLACK, "T1", "C00000")
    faults, times = Faults(channel_rate=(1, 3600.0)), 200
    async with _platform(faults) as platform, connected(platform.url) as chat:
        await chat.post(channel, content, key=DeliveryKey("first"))
        began = time.process_time()
        for number in range(times):
            with suppress(ChatUnavailableError):
                await chat.post(channel, content, key=DeliveryKey(f"bare-{number}"))
        return (time.process_time() - began) / times


async def _plan(db: Database, channels: int, each: int) -> None:
    for part in range(each):
        async with db.transaction() as tx:
            await deliveries.add(tx, [_draft(place, part) for place in range(channels)], now())


def _draft(place: int, part: int) -> deliveries.Draft:
    channel = ChannelRef(Platform.SLACK, "T1", f"C{place:05}")
    key = DeliveryKey(delivery_key(str(channel), str(part)))
    return deliveries.Draft(key, channel, str(part), document(part))


def document(part: int) -> Document:
    """A message of the length of a paper's."""
    words = f"Paper {part}"
    paragraphs = tuple(
        Paragraph((Text("What it says, and what is to be thought of it. " * 8),)) for _ in range(4)
    )
    return Document((Heading((Text(words),)), *paragraphs), words)


async def _ceiling_rows(folder: Path, backlog: int, rounds: int) -> AsyncIterator[Row]:
    """Claim and settle as quickly as the database bears it, with little and with much to do."""
    sizes = (backlog // 5, backlog)
    async with (
        opened(folder / "few.db") as few,
        opened(folder / "many.db") as many,
    ):
        for db, size in zip((few, many), sizes, strict=True):
            await _plan(db, channels=1000, each=size // 1000)
        seconds = await in_turn(
            rounds, {"few": partial(_round, few), "many": partial(_round, many)}
        )
    for name, size in zip(seconds, sizes, strict=True):
        speed = CLAIMS * BATCH / statistics.median(seconds[name])
        yield Row(
            f"claimed and settled in batches of {BATCH}, {size} waiting",
            f"{speed:.0f}/s",
            f"{speed / OVERALL:.0f} × the platform's limit",
        )
    # The statements take as many steps in both (tests/outbox/store/test_claims.py). The rest is room:
    # of 20 messages of a channel several channels share a page of the index of what is open, of 100
    # each has its own, and a commit writes the pages that it changed.
    ratio = ratios(seconds["few"], seconds["many"], at_least=0.8)
    yield Row(
        "… with five times as many waiting", f"{ratio.median:.2f} ×", aim="≥ 0.8", figures=(ratio,)
    )


async def _round(db: Database) -> float:
    """Look for what is ready, then claim and settle some of it; the seconds it takes."""
    began = time.perf_counter()
    ready = await db.read(
        partial(claims.list_ready_channels, spans=[span(Platform.SLACK)], now=now(), limit=2000)
    )
    done: tuple[Settled, ...] = ()
    for place in range(CLAIMS + 1):
        channels = ready[place * BATCH : (place + 1) * BATCH] if place < CLAIMS else ()
        async with db.transaction() as tx:
            await deliveries.settle(tx, done, now())
            claimed = await claims.claim(
                tx, channels, owner="bench", now=now(), lease_until=now() + timedelta(minutes=1)
            )
        assert len(claimed) == (BATCH if place < CLAIMS else 0)
        done = tuple(Settled(each, Step(State.SENT, message_id=str(each.id))) for each in claimed)
    return time.perf_counter() - began
