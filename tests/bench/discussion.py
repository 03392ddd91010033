"""Discussions: how long a reply takes from one platform to the other, however many are open."""

import asyncio
import random
import statistics
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.delivery import delivery_key
from bot.domain.document import Document, Paragraph, Quote, Text, dump, load, plain_text
from bot.domain.pace import Pace, Rate, Rates
from bot.domain.words import ENGLISH
from bot.ports import ChannelRef, Chat, DeliveryKey, MessageRef, Platform, Said, User
from bot.services import discuss
from bot.services.deliver import Deliverer
from bot.services.discuss import Talk
from bot.services.ingest import ingest
from bot.services.plan import shape_of
from bot.store import circles, deliveries, threads
from bot.store.database import Database, opened
from tests.bench.measure import Row
from tests.fakes.chat_server import ChatServer, Faults
from tests.fakes.http_chat import connected

A_SECOND = 50
IN_A_CHANNEL = 10
"""Open threads of one channel."""
LIMITS: Mapping[str, Rates] = {
    Platform.SLACK: Rates(channel=Rate(1, 1.0)),
    Platform.DISCORD: Rates(channel=Rate(5, 5.0), platform=Rate(45, 1.0)),
}


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    seconds = 4 if quick else 20
    few = await _latencies(threads_open=500, seconds=seconds)
    many = await _latencies(threads_open=500 if quick else 1000, seconds=seconds)
    p50, p99 = _at(many, 50), _at(many, 99)
    yield Row(
        f"a reply from one platform to the other, {A_SECOND} a second, p50",
        f"{p50 * 1e3:.0f} ms",
        f"{p50 / _at(few, 50):.2f} × with half as many threads",
    )
    yield Row("… p99", f"{p99 * 1e3:.0f} ms", aim="< 1 s", held=p99 < 1.0)


def _at(latencies: list[float], percent: int) -> float:
    return statistics.quantiles(latencies, n=100)[percent - 1]


def now() -> datetime:
    return datetime.now(UTC)


async def _latencies(*, threads_open: int, seconds: int) -> list[float]:
    """Seconds from hearing each reply until the other platform keeps its copy."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        async with (
            opened(Path(folder) / "talk.db") as db,
            ChatServer(Faults()).serving() as slack,
            ChatServer(Faults()).serving() as discord,
            connected(slack.url, Platform.SLACK) as one,
            connected(discord.url, Platform.DISCORD) as other,
        ):
            chats: dict[Platform, Chat] = {Platform.SLACK: one, Platform.DISCORD: other}
            roots = await _open_threads(db, Path(folder), chats, threads_open)
            said = await _talk(db, chats, roots, count=A_SECOND * seconds)
        return [
            datetime.fromisoformat(message.posted_at).timestamp() - said[text]
            for server in (slack, discord)
            for message in server.messages
            for block in load(message.document).blocks
            if isinstance(block, Quote) and (text := plain_text(block.inlines)) in said
        ]


async def _open_threads(
    db: Database, folder: Path, chats: dict[Platform, Chat], count: int
) -> list[tuple[MessageRef, MessageRef]]:
    """Post each of `count` papers on both platforms, ten to a pair of linked channels."""
    vault = folder / "vault"
    vault.mkdir()
    for number in range(count):
        note = f"*Paper {number}* (Ada Lovelace)\n\nA thought.\n\n#rl\n"
        (vault / f"260204 Paper {number}.md").write_text(note, encoding="utf-8")
    await ingest(db, [vault], now=now())
    content = dump(Document((Paragraph((Text("A paper"),)),), "A paper"))
    async with db.transaction() as tx:
        entries = [row["id"] for row in await tx.all("SELECT id FROM entry ORDER BY id")]
        for place, entry in enumerate(entries):
            pair = _pair(place // IN_A_CHANNEL)
            if place % IN_A_CHANNEL == 0:
                await circles.join(tx, str(pair[0]), str(pair[1]), now())
            drafts = [
                deliveries.Draft(
                    key=DeliveryKey(delivery_key(str(channel), str(entry))),
                    channel=channel,
                    part="entry",
                    content=content,
                    shape=shape_of(content),
                    entry_id=entry,
                )
                for channel in pair
            ]
            await deliveries.add(tx, drafts, now())
        await threads.looked_at(tx, 2 * count)
    await _deliverer(db, chats, Pace({})).drain(asyncio.Event())
    roots = []
    async with db.reading() as tx:
        for place, entry in enumerate(entries):
            slack, discord = _pair(place // IN_A_CHANNEL)
            one = await threads.find_posted(tx, entry, str(slack))
            other = await threads.find_posted(tx, entry, str(discord))
            if one is not None and other is not None:
                roots.append((one, other))
    return roots


def _pair(number: int) -> tuple[ChannelRef, ChannelRef]:
    slack = ChannelRef(Platform.SLACK, "T1", f"C{number}")
    return slack, ChannelRef(Platform.DISCORD, "G1", str(number))


def _deliverer(db: Database, chats: dict[Platform, Chat], pace: Pace) -> Deliverer:
    return Deliverer(db, chats, owner="bench", clock=now, pace=pace, jitter=random.random)


async def _talk(
    db: Database,
    chats: dict[Platform, Chat],
    roots: list[tuple[MessageRef, MessageRef]],
    *,
    count: int,
) -> dict[str, float]:
    """People talk by turns in every thread; when each text was said."""
    woken, over = asyncio.Event(), asyncio.Event()
    talk = Talk(db, now, lambda _: ENGLISH, to_send=woken.set)
    deliverer = _deliverer(db, chats, Pace(LIMITS))
    said: dict[str, float] = {}

    async def deliver() -> None:
        while not over.is_set():
            await woken.wait()
            woken.clear()
            await deliverer.drain(asyncio.Event())

    # Neighbours in time are not in one channel: what is measured is the way, not a queue.
    turns = sorted(range(len(roots)), key=lambda place: (place % IN_A_CHANNEL, place))
    async with asyncio.TaskGroup() as tasks:
        delivering = tasks.create_task(deliver())
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - loop.time()))
            root = roots[turns[number % len(turns)]][number % 2]
            message = MessageRef(root.channel, f"p{number}")
            text = f"reply {number}"
            said[text] = now().timestamp()
            user = User("U1", "Ada", can_manage=False)
            await discuss.hear(talk, Said(root, message, user, text, mentions_bot=False))
        over.set()
        woken.set()
        await delivering
    return said
