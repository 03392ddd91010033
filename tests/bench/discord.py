"""Discord: interactions answered against a bare client, and a fan-out against Discord's limits.

Each bot is a process of its own and gets the same load in the same run, turn and turn about, each
from a fake Discord of its own in this process. Both show the same answers: the bare client has
those that ours gave before, and makes embeds, buttons and menus of them by discord.py's own means,
in one request. An answer counts when it stands there. What differs is what we do for it: the
archive is searched and the answer laid out.

Two loads: so many commands a second, come what may, timed from when each was typed; and so many
people who type on as soon as they are answered, which shows what a command costs.
"""

import asyncio
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import aiohttp

from bot.app.platforms import RATES
from bot.core.database.database import Database, opened
from bot.core.domain.document import Document, Heading, Paragraph, Text
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.core.store.key_value import DatabaseKeyValue
from bot.core.store.processed_events import DatabaseProcessedEvents
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import deliveries
from bot.platforms.discord.access import Access
from bot.platforms.discord.chat import DiscordChat
from tests.bench.big import archive
from tests.bench.measure import Row, ratios
from tests.bench.outbox import OVERALL, least_seconds
from tests.bench.verdict import Figure
from tests.chaos import stage
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.discord.world import Json

_PEOPLE = 16
_A_SECOND = 30
_QUERIES = ("reasoning", "#model", "학습", "#gradient -#model")
_FIRST_CHANNEL = 10_000
_BARE = """
import asyncio, json, sys
import discord, discord.gateway, discord.http, yarl
from discord import app_commands

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
discord.http.Route.BASE = sys.argv[1]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sys.argv[2])
client = discord.Client(intents=discord.Intents(guilds=True, guild_messages=True))
tree = app_commands.CommandTree(client)
answers = json.load(open(sys.argv[4]))

def item(each, row):
    if each["type"] == 3:
        options = [discord.SelectOption(label=o["label"], value=o["value"]) for o in each["options"]]
        return discord.ui.Select(
            custom_id=each["custom_id"],
            placeholder=each.get("placeholder"),
            options=options,
            row=row,
        )
    return discord.ui.Button(
        label=each["label"],
        style=discord.ButtonStyle(each["style"]),
        custom_id=each.get("custom_id"),
        url=each.get("url"),
        row=row,
    )

@tree.command()
async def paper(interaction: discord.Interaction, query: str):
    "Look up papers"
    answer = answers[query]
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(answer["components"]):
        for each in row["components"]:
            view.add_item(item(each, number))
    view.stop()
    embeds = [discord.Embed.from_dict(each) for each in answer["embeds"]]
    await interaction.response.send_message(answer["content"], embeds=embeds, view=view)

asyncio.run(client.start(sys.argv[3]))
"""


@dataclass
class Load:
    """What came of a load: seconds of the whole, and from typing to the answer."""

    seconds: float
    waits: list[float]

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.waits, n=100)[98]


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    async for row in _answering_rows(quick):
        yield row
    async for row in _fan_out_rows(*((100, 10) if quick else (1000, 5))):
        yield row


async def _answering_rows(quick: bool) -> AsyncIterator[Row]:
    rounds, seconds = (3, 4) if quick else (5, 10)
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(_ours())
        bots = {"ours": ours, "bare": await stack.enter_async_context(_bare(await _answers(ours)))}
        steady = await _in_turn(bots, rounds, commands=_A_SECOND * seconds, rate=_A_SECOND)
        rate, p99 = _medians(steady)
        yield Row(
            f"interactions in Discord, {_A_SECOND} a second",
            f"{rate['ours']:.1f} a second",
            f"{rate['ours'] / rate['bare']:.2f} × a bare discord.py client",
            "≥ 0.7 ×",
            figures=(_ratios(steady, "rate", at_least=0.7),),
        )
        yield Row(
            "… p99, typed to answered",
            f"{p99['ours'] * 1e3:.0f} ms",
            f"{p99['ours'] / p99['bare']:.2f} × a bare client ({p99['bare'] * 1e3:.0f} ms)",
            "≤ 1.4 ×",
            figures=(_ratios(steady, "p99", at_most=1.4),),
        )
        crowded = await _in_turn(bots, rounds, commands=60 * seconds, rate=None)
    rate, _ = _medians(crowded)
    yield Row(
        f"… {_PEOPLE} people who never pause",
        f"{rate['ours']:.0f} a second",
        f"{rate['ours'] / rate['bare']:.2f} × a bare client ({rate['bare']:.0f})",
        "≥ 0.45 ×",
        figures=(_ratios(crowded, "rate", at_least=0.45),),
    )


def _ratios(loads: Mapping[str, list[Load]], what: str, **aim: float) -> Figure:
    ours, bare = ([getattr(each, what) for each in loads[name]] for name in ("ours", "bare"))
    return ratios(ours, bare, **aim)


def _medians(loads: Mapping[str, list[Load]]) -> tuple[dict[str, float], dict[str, float]]:
    return (
        {name: statistics.median(load.rate for load in each) for name, each in loads.items()},
        {name: statistics.median(load.p99 for load in each) for name, each in loads.items()},
    )


async def _in_turn(
    bots: Mapping[str, FakeDiscord], rounds: int, *, commands: int, rate: float | None
) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in bots}
    for discord in bots.values():
        await typed(discord, 50, rate=None)
    for turn in range(rounds):
        for name in sorted(bots, reverse=bool(turn % 2)):
            loads[name].append(await typed(bots[name], commands, rate=rate))
    return loads


async def typed(discord: FakeDiscord, commands: int, *, rate: float | None) -> Load:
    """So many commands, at that rate, or as quickly as the people are answered."""
    numbers = iter(range(commands))
    waits: list[float] = []
    # A collection of everything that the bench has imported takes as long as ten answers.
    gc.collect()
    gc.disable()
    began = time.perf_counter()

    async def person() -> None:
        for number in numbers:
            should = time.perf_counter() if rate is None else began + number / rate
            await asyncio.sleep(max(0.0, should - time.perf_counter()))
            query = _QUERIES[number % len(_QUERIES)]
            asked = await discord.types("paper", {"query": query})
            await asked.answer(20)
            waits.append(time.perf_counter() - should)

    async with asyncio.TaskGroup() as group:
        for _ in range(_PEOPLE):
            group.create_task(person())
    seconds = time.perf_counter() - began
    gc.enable()
    # It must not be what is measured: whatever it remembers is only in its way.
    discord.interactions.asked.clear()
    discord.requests.clear()
    discord.channel(11).messages.clear()
    for session in discord.gateway.live:
        del session.sent[:-1]
    return Load(seconds, waits)


async def _answers(ours: FakeDiscord) -> Mapping[str, Json]:
    """What our bot shows for each query."""
    found = {}
    for query in _QUERIES:
        asked = await ours.types("paper", {"query": query})
        shown = await asked.answer(20)
        found[query] = {name: shown[name] for name in ("content", "embeds", "components")}
    return found


@asynccontextmanager
async def _bare(answers: Mapping[str, Json]) -> AsyncIterator[FakeDiscord]:
    """A client that answers each query with a message that is known before."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(answers, file)
        file.flush()
        async with FakeDiscord(validates=False) as discord:
            arguments = ("-c", _BARE, discord.api_base, discord.gateway_url, TOKEN, file.name)
            async with _process(*arguments, settings={}):
                await discord.connected()
                yield discord


@asynccontextmanager
async def _ours() -> AsyncIterator[FakeDiscord]:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.db"
        # Not in the event loop: a fake Discord that lives there would miss heartbeats.
        await asyncio.to_thread(lambda: copyfile(archive(4_000), database))
        async with FakeDiscord(validates=False) as discord:
            settings = {
                "PAPERBOT_DATABASE": f"sqlite:///{database}",
                "PAPERBOT_WEB_PORT": "0",
                "DISCORD_TOKEN": TOKEN,
                "DISCORD_API_BASE": discord.api_base,
                "DISCORD_GATEWAY_URL": discord.gateway_url,
            }
            async with _process("-m", "bot", "run", settings=settings):
                await discord.connected()
                yield discord


@asynccontextmanager
async def _process(*arguments: str, settings: Mapping[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        env=dict(os.environ) | {"ARXIV_POLL": "off"} | dict(settings),  # noqa: TID251 - a child's environment
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


# Fan-out


def _now() -> datetime:
    return datetime.now(UTC)


async def _fan_out_rows(channels: int, each: int) -> AsyncIterator[Row]:
    """Messages of the outbox into many channels, by the real adapter, as limits allow."""
    number = channels * each
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        async with opened(Path(folder) / "fan-out.db") as db, _discord() as places:
            await _control(places, "channels", first=_FIRST_CHANNEL, count=channels)
            await _plan(db, channels, each)
            chat = DiscordChat(
                Access(TOKEN, places["api_base"], places["gateway_url"]),
                seen=DatabaseProcessedEvents(db, clock=_now),
                memo=DatabaseKeyValue(db),
                voices=lambda _: ENGLISH,
                clock=_now,
            )
            deliverer = Deliverer(
                db,
                {Platform.DISCORD: chat},
                owner="bench",
                clock=_now,
                rate_limits=RateLimits(RATES),
                jitter=random.random,
            )
            gc.collect()
            gc.freeze()  # as the bot does when it has started
            began, cpu = time.perf_counter(), time.process_time()
            await deliverer.drain(asyncio.Event())
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            counts = await _control(places, "counts")
            await chat.close()
    assert sum(counts["messages"].values()) == number, counts
    refused = counts["statuses"].get("429", 0)
    # Discord counts the requests of the log-in, too.
    allowed = least_seconds(counts["requests"] - refused)
    yield Row(
        f"{number} messages into {channels} channels of Discord, {OVERALL}/s allowed",
        f"{seconds:.1f} s",
        f"{allowed / seconds:.3f} of what the limits allow",
        "≥ 0.98",
        figures=(Figure((allowed / seconds,), "", at_least=0.98),),
    )
    yield Row("… that Discord turned away (429)", str(refused), aim="0", held=refused == 0)
    yield Row(
        "… processor time a message",
        f"{cpu / number * 1e3:.2f} ms",
        aim="≤ 1.5 ms",
        figures=(Figure((cpu / number * 1e3,), "ms", at_most=1.5),),
    )


async def _plan(db: Database, channels: int, each: int) -> None:
    for part in range(each):
        drafts = [_draft(_FIRST_CHANNEL + place, part) for place in range(channels)]
        async with db.transaction() as tx:
            await deliveries.add(tx, drafts, _now())


def _draft(place: int, part: int) -> deliveries.Draft:
    channel = ChannelRef(Platform.DISCORD, "1", str(place))
    words = f"Paper {part}"
    paragraphs = tuple(
        Paragraph((Text("What it says, and what is to be thought of it. " * 8),)) for _ in range(4)
    )
    document = Document((Heading((Text(words),)), *paragraphs), words)
    key = DeliveryKey(delivery_key(str(channel), str(part)))
    return deliveries.Draft(key, channel, str(part), document)


@asynccontextmanager
async def _discord() -> AsyncIterator[dict[str, str]]:
    """A Discord that enforces its limits, as a process; where it is."""
    process = await stage.start("tests.fakes.discord", "--rates", "--unchecked")
    try:
        assert process.stdout is not None
        yield json.loads(await process.stdout.readline())
    finally:
        await stage.end(process)


async def _control(places: Mapping[str, str], verb: str, **arguments: Any) -> Any:
    address = places["control"] + verb
    async with aiohttp.ClientSession() as session, session.post(address, json=arguments) as answer:
        return await answer.json()
