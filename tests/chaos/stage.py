"""Processes that are started, killed and started again, and the platform that they post to."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.core.database.database import opened
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries
from tests import forked
from tests.fakes.chat_server import Faults
from tests.forked import Forked
from tests.locations import Location, as_argument
from tests.waiting import HANGING, eventually


@dataclass(frozen=True, slots=True)
class Platformed:
    """A running fake platform."""

    url: str
    log: Path


@asynccontextmanager
async def platform(folder: Path, faults: Faults) -> AsyncIterator[Platformed]:
    """A fake chat server as a process of its own."""
    log = folder / "server.log"
    log.touch()
    server = await forked.start(
        "tests.fakes.chat_server", "--log", str(log), "--faults", json.dumps(asdict(faults))
    )
    try:
        url = (await server.stdout.readline()).decode().strip()
        yield Platformed(url, log)
    finally:
        await server.end()


async def runner(database: Location, url: str, *arguments: str) -> Forked:
    """The bot's posting part; see `tests.chaos.runner`."""
    where = as_argument(database)
    return await forked.start("tests.chaos.runner", "--database", where, "--url", url, *arguments)


@asynccontextmanager
async def running(database: Location, url: str, *arguments: str) -> AsyncIterator[Forked]:
    """The same, ended with the block if it was not before."""
    process = await runner(database, url, *arguments)
    try:
        yield process
    finally:
        await process.end()


async def rampage(
    database: Location,
    url: str,
    *arguments: str,
    dice: random.Random,
    kills: int,
    pause: tuple[float, float] = (0.5, 1.5),
) -> None:
    """Two processes post everything while either is killed and started again, so many times."""
    processes = [await runner(database, url, *arguments) for _ in range(2)]
    try:
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(*pause))
            victim = dice.randrange(2)
            await processes[victim].end()
            processes[victim] = await runner(database, url, *arguments)
        await until_done(database)
    finally:
        for process in processes:
            await process.end()


def document(words: str) -> Document:
    return Document((Paragraph((Text(words),)),), words)


def slack_channel(place: int) -> ChannelRef:
    return ChannelRef(Platform.SLACK, "T1", f"C{place}")


async def plan(
    database: Location,
    channels: int,
    each: int,
    channel_at: Callable[[int], ChannelRef] = slack_channel,
) -> Mapping[str, Sequence[str]]:
    """Put messages into the outbox; the keys of each channel in their order."""
    drafts: list[deliveries.Draft] = []
    for number in range(each):
        for place in range(channels):
            channel = channel_at(place)
            drafts.append(
                deliveries.Draft(
                    key=DeliveryKey(delivery_key(str(channel), str(number))),
                    channel=channel,
                    part=str(number),
                    document=document(f"message {number} of {channel}"),
                )
            )
    async with opened(database) as db, db.transaction() as tx:
        await deliveries.add(tx, drafts, datetime.now(UTC))
    planned: dict[str, list[str]] = {}
    for draft in drafts:
        planned.setdefault(str(draft.channel), []).append(draft.key)
    return planned


async def states(database: Location) -> dict[str, int]:
    """How many deliveries are in which state."""
    async with opened(database) as db, db.reading() as tx:
        rows = await tx.all("SELECT state, count(*) AS number FROM delivery GROUP BY state")
    return {row["state"]: row["number"] for row in rows}


async def until_done(database: Location) -> None:
    """Wait until nothing is planned or under way any more."""

    async def is_done() -> bool:
        return not set(await states(database)) & {"planned", "sending"}

    try:
        await eventually(is_done, every=0.2)
    except TimeoutError as error:
        raise TimeoutError(f"not done: {await states(database)}") from error


async def until_sent(database: Location, count: int) -> None:
    """Wait until so many messages are sent, and no others are there."""

    async def are_sent() -> bool:
        return await states(database) == {"sent": count}

    try:
        await eventually(are_sent)
    except TimeoutError as error:
        raise TimeoutError(f"not sent: {await states(database)}") from error


async def until_dead(process: Forked) -> None:
    """Wait for a process whose death is certain."""
    async with asyncio.timeout(HANGING):
        await process.wait()
