"""Discord: interactions answered against a bare client, and a fan-out against Discord's limits.

Each bot is a process of its own, with a fake Discord of its own in this process. Both show the same
answers: the bare client has those that ours gave before, and makes embeds, buttons and menus of them
by discord.py's own means, in one request. An answer counts when it stands there. What differs is
what we do for it: the archive is searched and the answer laid out.
"""

import asyncio
import gc
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import aiohttp
import discord

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
from bot.platforms.discord import sdk
from bot.platforms.discord.access import Access
from bot.platforms.discord.chat import DiscordChat
from tests import forked
from tests.bench.big_postgresql import archive_on
from tests.bench.load import ENTRIES, Ask, Bench, copied_archive, process, setting_of
from tests.bench.measure import Row, printed
from tests.bench.outbox import OVERALL, FanOut, NewDatabase, on_postgresql, on_sqlite
from tests.bench.postgresql.server import durability
from tests.bench.queries import SAME_FOUR, typed_queries, unseen
from tests.bench.verdict import Figure
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.discord.world import Json
from tests.locations import Location

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
class Interactions:
    """A bot in a Discord of its own, and people who type commands."""

    discord: FakeDiscord

    @asynccontextmanager
    async def person(self) -> AsyncIterator[Ask]:
        """Somebody in the channel."""

        async def ask(query: str) -> None:
            await self.shown(query)

        yield ask

    async def shown(self, query: str) -> Json:
        """What stands in the channel, once it is answered."""
        asked = await self.discord.types("paper", {"query": query})
        return await asked.answer(20)

    def forget(self) -> None:
        """Drop the messages and requests of what was answered."""
        self.discord.interactions.asked.clear()
        self.discord.requests.clear()
        self.discord.channel(11).messages.clear()
        for session in self.discord.gateway.live:
            del session.sent[:-1]


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        database = await copied_archive(Path(folder))
        async for row in _answering_rows(database, *((3, 4) if quick else (5, 10))):
            yield row
    async for row in _fan_out_rows(on_sqlite, *((100, 10) if quick else (1000, 5))):
        yield row


async def rows_on_postgresql(dsn: str, _quick: bool) -> AsyncIterator[Row]:
    """The same on PostgreSQL, in brief."""
    where = durability(dsn)
    async with archive_on(dsn, ENTRIES) as database:
        async for row in _answering_rows(database, 3, 4):
            yield printed(row, where)
    async for row in _fan_out_rows(on_postgresql(dsn), 100, 10):
        yield printed(row, where)


async def _answering_rows(database: Location, rounds: int, seconds: int) -> AsyncIterator[Row]:
    bench = Bench("interactions in Discord", "a bare discord.py client", 1.4, rounds, seconds)
    queries = await typed_queries(database)
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(_ours(database))
        answers = await _answers(ours, {*queries, *SAME_FOUR, *unseen(60 * seconds)})
        bots = {"ours": ours, "bare": await stack.enter_async_context(_bare(answers))}
        async for row in bench.rows(bots, queries):
            yield row


async def _answers(ours: Interactions, queries: Iterable[str]) -> Mapping[str, Json]:
    """What our bot shows for each query."""
    found = {}
    for query in queries:
        shown = await ours.shown(query)
        found[query] = {name: shown[name] for name in ("content", "embeds", "components")}
    ours.forget()
    return found


@asynccontextmanager
async def _bare(answers: Mapping[str, Json]) -> AsyncIterator[Interactions]:
    """A client that answers each query with a message that is known before."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(answers, file)
        file.flush()
        async with FakeDiscord(validates=False) as discord:
            arguments = ("-c", _BARE, discord.api_base, discord.gateway_url, TOKEN, file.name)
            async with process(*arguments, settings={}):
                await discord.connected()
                yield Interactions(discord)


@asynccontextmanager
async def _ours(database: Location) -> AsyncIterator[Interactions]:
    async with FakeDiscord(validates=False) as discord:
        settings = {
            "PAPERBOT_DATABASE": setting_of(database),
            "PAPERBOT_WEB_PORT": "0",
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_BASE": discord.api_base,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        async with process("-m", "bot", "run", settings=settings):
            await discord.connected()
            yield Interactions(discord)


# Fan-out


def _now() -> datetime:
    return datetime.now(UTC)


async def _fan_out_rows(new: NewDatabase, channels: int, each: int) -> AsyncIterator[Row]:
    """Messages of the outbox into many channels, by the real adapter, as limits allow."""
    bare = await _bare_sends(max(400, channels), channels)
    same = await _fanned_out(new, channels, each)
    yield Row(
        f"{same.number} messages into {channels} channels of Discord, {OVERALL}/s allowed",
        f"{same.seconds:.1f} s",
        f"{same.of_allowed:.3f} of what the limits allow",
        "≥ 0.98",
        figures=(Figure((same.of_allowed,), "", at_least=0.98),),
    )
    yield Row("… that Discord turned away (429)", str(same.refused), aim="0", held=not same.refused)
    yield Row(
        "… processor time a message",
        f"{same.cpu_each * 1e3:.2f} ms",
        f"{same.cpu_each / bare:.1f} × discord.py's own send ({bare * 1e3:.2f} ms)",
        "≤ 1.5 ms",
        figures=(Figure((same.cpu_each * 1e3,), "ms", at_most=1.5),),
    )
    own = await _fanned_out(new, channels, max(1, each // 4), own=True)
    yield Row(
        f"… of {own.number} messages, each of its own words",
        f"{own.cpu_each * 1e3:.2f} ms",
        f"{own.cpu_each / bare:.1f} × discord.py's own send",
        figures=(Figure((own.cpu_each * 1e3,), "ms"),),
    )


async def _fanned_out(new: NewDatabase, channels: int, each: int, *, own: bool = False) -> FanOut:
    """Deliver so many messages to each channel: the same to all, or to each its `own`."""
    number = channels * each
    with new() as database:
        async with opened(database) as db, _discord("--rates", "--unchecked") as places:
            await _control(places, "channels", first=_FIRST_CHANNEL, count=channels)
            await _plan(db, channels, each, own=own)
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
    return FanOut(number, seconds, cpu, counts["requests"], refused)


async def _bare_sends(number: int, many: int) -> float:
    """The processor time of a message that discord.py alone sends to so many channels, one by one.

    As the outbox does, it begins with two at once every 4 ms, until it has sent what the limits allow in
    a second. What it sends before the time is taken makes the connections.
    """
    title, *rest = _texts("Paper")
    pairs = OVERALL // 2
    async with _discord("--unchecked") as places:
        await _control(places, "channels", first=_FIRST_CHANNEL, count=many)
        sdk.point_at(places["api_base"], places["gateway_url"])
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login(TOKEN)
            each = range(_FIRST_CHANNEL, _FIRST_CHANNEL + many)
            channels = cycle([client.get_partial_messageable(channel) for channel in each])

            async def send_for_a_second() -> None:
                async with asyncio.TaskGroup() as sending:
                    sending.create_task(asyncio.sleep(1))
                    for _ in range(pairs):
                        for channel in islice(channels, 2):
                            embed = discord.Embed(description="\n".join(rest))
                            sending.create_task(channel.send(f"### {title}", embeds=[embed]))
                        await asyncio.sleep(0.004)

            await send_for_a_second()
            gc.collect()
            gc.freeze()
            cpu = time.process_time()
            for _ in range(number // OVERALL):
                await send_for_a_second()
            return (time.process_time() - cpu) / number


async def _plan(db: Database, channels: int, each: int, *, own: bool) -> None:
    for part in range(each):
        drafts = [_draft(_FIRST_CHANNEL + place, part, own=own) for place in range(channels)]
        async with db.transaction() as tx:
            await deliveries.add(tx, drafts, _now())


def _draft(place: int, part: int, *, own: bool) -> deliveries.Draft:
    channel = ChannelRef(Platform.DISCORD, "1", str(place))
    title, *rest = _texts(f"Paper {part} of {place}" if own else f"Paper {part}")
    paragraphs = [Paragraph((Text(text),)) for text in rest]
    document = Document((Heading((Text(title),)), *paragraphs), title)
    key = DeliveryKey(delivery_key(str(channel), str(part)))
    return deliveries.Draft(key, channel, str(part), document)


def _texts(title: str) -> list[str]:
    """The title and the paragraphs of a message."""
    return [title, *[f"{title}: {'What it says, and what is to be thought of it. ' * 8}"] * 4]


@asynccontextmanager
async def _discord(*options: str) -> AsyncIterator[dict[str, str]]:
    """A Discord as a process; where it is."""
    process = await forked.start("tests.fakes.discord", *options)
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        await process.end()


async def _control(places: Mapping[str, str], verb: str, **arguments: Any) -> Any:
    address = places["control"] + verb
    async with aiohttp.ClientSession() as session, session.post(address, json=arguments) as answer:
        return await answer.json()
