"""Discussions: how long a reply takes from Slack to Discord and back, however many are open.

Three processes: the bot itself, a fake Slack and a fake Discord that enforce their limits. People
say something on one side; what is measured is from when that side keeps it until the other side
keeps the bot's copy, by the fakes' own clocks. Slack takes eight messages a second in a workspace,
Discord fifty, so most of what is said is said in Slack.
"""

import asyncio
import json
import random
import re
import statistics
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.archive.domain.entry import EntryId
from bot.archive.services.import_files import import_files
from bot.channels.store import linked_channels
from bot.core.database.database import Database, opened
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, Chat, DeliveryKey, MessageRef, Platform
from bot.core.store.key_value import DatabaseKeyValue
from bot.core.store.processed_events import DatabaseProcessedEvents
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import deliveries, threads
from bot.platforms.discord.access import Access
from bot.platforms.discord.chat import DiscordChat
from bot.platforms.discord.http_hooks import HttpHooks
from tests import forked
from tests.bench.measure import Row
from tests.chaos.process import now
from tests.chaos.slack_chats import slack_chat
from tests.e2e.process import bot
from tests.fakes.discord import TOKEN
from tests.fakes.discord.world import EPOCH_MS
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN
from tests.platforms.slack.stage import said_in_blocks

A_SECOND = 50
IN_DISCORD = 6
"""Of these are said in Discord: their copies go into Slack."""
CHANNELS = 100
"""Pairs of linked channels, however many threads are open in them."""
FIRST_CHANNEL = 10_000
SPEAKERS = 60
"""On each platform; one person alone would pass the bot's limit of copies a minute."""
FIRST_SPEAKER = 1_000
_REPLY = re.compile(r"reply (\d+)\b")


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    seconds = 5 if quick else 20
    few = await _waits(threads_open=CHANNELS, seconds=seconds)
    many = await _waits(threads_open=3 * CHANNELS if quick else 10 * CHANNELS, seconds=seconds)
    p50, p99 = _at(many.waits, 50), _at(many.waits, 99)
    yield Row(
        f"a reply from Slack to Discord or back, {A_SECOND} a second, "
        f"{many.threads_open:,} threads, p50",
        f"{p50 * 1e3:.0f} ms",
        f"{p50 / _at(few.waits, 50):.2f} × with {few.threads_open} threads",
    )
    yield Row(
        "… p99",
        f"{p99 * 1e3:.0f} ms",
        f"{p99 / _at(few.waits, 99):.2f} × with {few.threads_open} threads",
        "< 1 s",
        p99 < 1.0,
    )
    yield Row(
        "… that never arrived, or twice",
        str(few.wrong + many.wrong),
        aim="0",
        held=few.wrong + many.wrong == 0,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of each reply's way, and how many had none or two."""

    threads_open: int
    waits: list[float]
    wrong: int


def _at(waits: Sequence[float], percent: int) -> float:
    return statistics.quantiles(waits, n=100)[percent - 1]


class People:
    """Both fakes, as another process drives them."""

    def __init__(
        self, session: aiohttp.ClientSession, slack: str, discord: Mapping[str, str]
    ) -> None:
        self._session = session
        self.slack = slack
        self.discord = discord

    async def in_slack(self, do: str, **arguments: Any) -> Any:
        url = self.slack.removesuffix("api/") + "control"
        async with self._session.post(url, json={"do": do, "with": arguments}) as answer:
            return await answer.json()

    async def in_discord(self, verb: str, **arguments: Any) -> Any:
        async with self._session.post(self.discord["control"] + verb, json=arguments) as answer:
            return await answer.json()

    @property
    def settings(self) -> dict[str, str]:
        """The bot's."""
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_BASE": self.slack,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_BASE": self.discord["api_base"],
            "DISCORD_GATEWAY_URL": self.discord["gateway_url"],
        }


@asynccontextmanager
async def _people() -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        places = []
        for module, *options in (("tests.fakes.slack",), ("tests.fakes.discord", "--unchecked")):
            process = await forked.start(module, *options)
            stack.push_async_callback(process.end)
            places.append(json.loads(await process.stdout.readline()))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield People(session, places[0]["url"], places[1])


async def _waits(*, threads_open: int, seconds: int) -> Outcome:
    """Seconds from when one platform keeps a reply until the other keeps its copy."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as name:
        folder = Path(name)
        async with _people() as people:
            async with opened(folder / "data" / "paperbot.db") as db:
                roots = await _open_threads(db, folder, people, threads_open)
            await people.in_slack("limits")
            await people.in_discord("rates")
            async with bot(folder, **people.settings) as running:
                while not (await running.get("healthz"))["ok"]:  # noqa: ASYNC110 - a process
                    await asyncio.sleep(0.1)
                await _talk(people, roots, count=A_SECOND * seconds)
                return await _measured(people, threads_open, A_SECOND * seconds)


async def _open_threads(
    db: Database, folder: Path, people: People, count: int
) -> list[tuple[MessageRef, MessageRef]]:
    """Post each of `count` papers on both platforms, in the pairs of linked channels by turns."""
    await people.in_slack("channels", count=CHANNELS)
    await people.in_discord("channels", first=FIRST_CHANNEL, count=CHANNELS)
    await people.in_slack("people", count=SPEAKERS)
    await people.in_discord("people", first=FIRST_SPEAKER, count=SPEAKERS)
    vault = folder / "vault"
    vault.mkdir()
    for number in range(count):
        note = f"*Paper {number}* (Ada Lovelace)\n\nA thought.\n\n#rl\n"
        (vault / f"260204 Paper {number}.md").write_text(note, encoding="utf-8")
    await import_files(db, [vault], now=now())
    async with db.transaction() as tx:
        rows = await tx.all("SELECT id FROM entry ORDER BY id")
        entries = [EntryId(row["id"]) for row in rows]
        for place in range(CHANNELS):
            one, other = _pair(place)
            await linked_channels.join(tx, str(one), str(other), now())
        for place, entry in enumerate(entries):
            pair = _pair(place % CHANNELS)
            await deliveries.add(tx, [_draft(channel, entry) for channel in pair], now())
        await threads.looked_at(tx, 2 * count)
    discord = DiscordChat(
        Access(TOKEN, people.discord["api_base"], people.discord["gateway_url"]),
        seen=DatabaseProcessedEvents(db, clock=now),
        memo=DatabaseKeyValue(db),
        voices=lambda _: ENGLISH,
        clock=now,
        hooks=HttpHooks(per_second=lambda: 10_000),
    )
    async with slack_chat(people.slack, blind=False) as slack:
        chats: dict[Platform, Chat] = {Platform.SLACK: slack, Platform.DISCORD: discord}
        deliverer = Deliverer(
            db, chats, owner="bench", clock=now, rate_limits=RateLimits({}), jitter=random.random
        )
        await deliverer.drain(asyncio.Event())
        await discord.close()
    return [
        root
        for place, entry in enumerate(entries)
        if (root := await _roots(db, entry, _pair(place % CHANNELS))) is not None
    ]


def _draft(channel: ChannelRef, entry: int) -> deliveries.Draft:
    paper = Document(
        (Paragraph((Text("A paper"),)),), "A paper", opens_thread=True, thread_name="A paper"
    )
    return deliveries.Draft(
        key=DeliveryKey(delivery_key(str(channel), str(entry))),
        channel=channel,
        part="entry",
        document=paper,
        entry_id=entry,
    )


async def _roots(
    db: Database, entry: EntryId, pair: tuple[ChannelRef, ChannelRef]
) -> tuple[MessageRef, MessageRef] | None:
    async with db.reading() as tx:
        one, other = [await threads.find_posted(tx, entry, str(channel)) for channel in pair]
    return (one, other) if one is not None and other is not None else None


def _pair(number: int) -> tuple[ChannelRef, ChannelRef]:
    slack = ChannelRef(Platform.SLACK, "T1", f"C{number}")
    return slack, ChannelRef(Platform.DISCORD, "1", str(FIRST_CHANNEL + number))


async def _talk(
    people: People, roots: Sequence[tuple[MessageRef, MessageRef]], *, count: int
) -> None:
    """People talk by turns in every thread, at that rate, come what may."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def say(number: int) -> None:
        # Neighbours in time are not in one channel: what is measured is the way, not a queue.
        slack, discord = roots[number % len(roots)]
        text = f"reply {number} of somebody"
        speaker = number % SPEAKERS
        if number % A_SECOND < IN_DISCORD:
            await people.in_discord(
                "says", text=text, at=int(discord.id), by=FIRST_SPEAKER + speaker
            )
        else:
            await people.in_slack(
                "say", text=text, channel=slack.channel.id, thread=slack.id, user=f"U{speaker}"
            )

    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - loop.time()))
            tasks.create_task(say(number))


async def _measured(people: People, threads_open: int, count: int) -> Outcome:
    """What each side keeps in the end, when nothing more comes or everything has come."""
    kept: dict[int, list[float]] = {}
    for _ in range(60):
        kept = await _kept(people)
        if all(len(kept.get(number, ())) == 2 for number in range(count)):
            break
        await asyncio.sleep(0.5)
    waits = [max(at) - min(at) for at in kept.values() if len(at) == 2]
    return Outcome(threads_open, waits, wrong=count - len(waits))


async def _kept(people: People) -> dict[int, list[float]]:
    """By reply, when it was kept, and its copies."""
    kept: dict[int, list[float]] = {}
    for number in range(CHANNELS):
        answer = await people.in_slack("messages", channel=f"C{number}")
        for ts, message in answer["messages"].items():
            text = said_in_blocks(message.get("blocks") or []) or message["text"]
            if found := _REPLY.search(text):
                kept.setdefault(int(found[1]), []).append(float(ts))
    for message in await people.in_discord("messages"):
        if found := _REPLY.search(message["text"]):
            at = ((int(message["id"]) >> 22) + EPOCH_MS) / 1000
            kept.setdefault(int(found[1]), []).append(at)
    return kept
