"""The outbox: how much of the platform's limits it uses, what it costs, what the database bears."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.domain.delivery import State, Step, delivery_key
from bot.domain.document import Document, Heading, Paragraph, Text, dump
from bot.domain.pace import Pace, Rate, Rates
from bot.ports import ChannelRef, DeliveryKey, Platform
from bot.services.deliver import Deliverer
from bot.services.plan import shape_of
from bot.store import deliveries
from bot.store.database import Database, opened
from bot.store.deliveries import Settled
from tests.bench.measure import Row
from tests.chaos import stage
from tests.fakes.chat_server import Faults
from tests.fakes.http_chat import connected

A_CHANNEL, OVERALL = 1, 50
"""Messages a second that the platform allows."""
BATCH = 50
MOST_LAG = 0.020


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        async for row in _fan_out_rows(Path(folder), channels=100 if quick else 1000):
            yield row
        async for row in _ceiling_rows(Path(folder), backlog=20_000 if quick else 100_000):
            yield row


@dataclass(slots=True)
class Lag:
    """How late the event loop came back to somebody who only slept.

    `ours` is the part of it in which this thread worked; in the rest, the machine did something
    else.
    """

    worst: float = 0.0
    ours: float = 0.0

    async def watch(self) -> None:
        loop, step = asyncio.get_running_loop(), 0.002
        while True:
            asked, worked = loop.time() + step, time.thread_time()
            await asyncio.sleep(step)
            late, worked = loop.time() - asked, time.thread_time() - worked
            self.worst = max(self.worst, late)
            self.ours = max(self.ours, min(late, worked))


def now() -> datetime:
    return datetime.now(UTC)


async def _fan_out_rows(folder: Path, channels: int) -> AsyncIterator[Row]:
    each = 10
    number = channels * each
    faults = Faults(channel_rate=(A_CHANNEL, 1.0), overall_rate=(OVERALL, 1.0))
    lag = Lag()
    async with opened(folder / "fan-out.db") as db, stage.platform(folder, faults) as platform:
        await _plan(db, channels, each)
        async with connected(platform.url) as chat:
            deliverer = Deliverer(
                db,
                {Platform.SLACK: chat},
                owner="bench",
                clock=now,
                pace=Pace({Platform.SLACK: Rates(Rate(A_CHANNEL, 1.0), Rate(OVERALL, 1.0))}),
                jitter=random.random,
            )
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(lag.watch())
                began, cpu = time.perf_counter(), time.process_time()
                await deliverer.drain(asyncio.Event())
                seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
                watch.cancel()
        async with aiohttp.ClientSession() as session:
            counts = await (await session.get(f"{platform.url}/counts")).json()
    assert counts["kept"] == number
    allowed = (number - OVERALL) / OVERALL  # the first second's worth may go out at once
    yield Row(
        f"{number} deliveries over {channels} channels, {OVERALL}/s allowed",
        f"{seconds:.1f} s",
        f"{allowed / seconds:.3f} of what the limits allow",
        "≥ 0.97",
        allowed / seconds >= 0.97,
    )
    yield Row(
        "… messages that the platform turned away (429)",
        str(counts["limited"]),
        aim="0",
        held=counts["limited"] == 0,
    )
    yield Row("… processor time a delivery", f"{cpu / number * 1e3:.2f} ms", "HTTP included")
    yield Row(
        "… the event loop's worst lag by our own work",
        f"{lag.ours * 1e3:.1f} ms",
        f"{lag.worst * 1e3:.1f} ms with what else the machine did",
        "< 20 ms",
        lag.ours < MOST_LAG,
    )


async def _plan(db: Database, channels: int, each: int) -> None:
    for part in range(each):
        async with db.transaction() as tx:
            await deliveries.add(tx, [_draft(place, part) for place in range(channels)], now())


def _draft(place: int, part: int) -> deliveries.Draft:
    channel = ChannelRef(Platform.SLACK, "T1", f"C{place:05}")
    words = f"Paper {part}"
    paragraphs = tuple(
        Paragraph((Text("What it says, and what is to be thought of it. " * 8),)) for _ in range(4)
    )
    content = dump(Document((Heading((Text(words),)), *paragraphs), words))
    key = DeliveryKey(delivery_key(str(channel), str(part)))
    return deliveries.Draft(key, channel, str(part), content, shape_of(content))


async def _ceiling_rows(folder: Path, backlog: int) -> AsyncIterator[Row]:
    """Claim and settle as quickly as the database bears it, with little and with much to do."""
    speeds = {}
    for waiting in (backlog // 10, backlog):
        async with opened(folder / f"ceiling-{waiting}.db") as db:
            await _plan(db, channels=1000, each=waiting // 1000)
            speeds[waiting] = await _speed(db, deliveries_to_send=min(waiting // 2, 5_000))
    few, many = speeds.values()
    for waiting, speed in speeds.items():
        yield Row(
            f"claimed and settled in batches of {BATCH}, {waiting} waiting",
            f"{speed:.0f}/s",
            f"{speed / OVERALL:.0f} × the platform's limit",
        )
    yield Row(
        "… with ten times as many waiting",
        f"{many / few:.2f} ×",
        aim="≥ 0.8",
        held=many / few >= 0.8,
    )


async def _speed(db: Database, deliveries_to_send: int) -> float:
    done: tuple[Settled, ...] = ()
    sent = 0
    async with db.reading() as tx:
        ready = await deliveries.list_ready_channels(tx, now(), 2000)
    began = time.perf_counter()
    while sent < deliveries_to_send:
        place = sent % len(ready)
        async with db.transaction() as tx:
            await deliveries.settle(tx, done, now())
            claimed = await deliveries.claim(
                tx,
                ready[place : place + BATCH],
                owner="bench",
                now=now(),
                lease_until=now() + timedelta(minutes=1),
            )
        done = tuple(Settled(each, Step(State.SENT, message_id=str(each.id))) for each in claimed)
        sent += len(claimed)
        assert len(claimed) == BATCH
    return sent / (time.perf_counter() - began)
