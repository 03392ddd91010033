"""The crash points and the chaos of the outbox, on Discord: the real adapter, a fake Discord.

The fake runs in the test; the bot's posting part is a process of its own, and is killed. Each
story is told twice: while Discord remembers nonces for longer than a lease, and while it has
forgotten them when the lease ends, so that the channel's history is what counts.
"""

import asyncio
import json
import os
import random
import re
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.core.database.database import opened
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries
from tests.chaos import stage
from tests.chaos.checker import CLEAN, Verdict, check
from tests.chaos.process import now
from tests.chaos.test_crash_points import COMMITS, MESSAGES, prepared
from tests.chaos.test_slack import is_whole, scale, side_by_side
from tests.databases import place
from tests.fakes.discord import FakeDiscord, Fault, text_of
from tests.fakes.discord.world import FORUM, Json
from tests.forked import Forked
from tests.locations import Location

pytestmark = pytest.mark.chaos

DISCORD = ("--chat", "discord", "--timeout", "1.5")
QUICK = (*DISCORD, "--plan")
MINUTES, MOMENTS = 180.0, 2.0
"""How long nonces are remembered: longer than everything, or shorter than a lease of 3 s."""
TEXT_CHANNEL = ChannelRef(Platform.DISCORD, "1", "11")
FORUM_CHANNEL = ChannelRef(Platform.DISCORD, "1", "20")
OF_BOTH = (TEXT_CHANNEL, ChannelRef(Platform.DISCORD, "2", "2"))
"""A channel of each of two servers.

Discord's ids are unique over all servers: those of channels and messages never coincide, and a person
is the same one in both (issue 14, item 3). What does: a server's first channel has the server's id, as
those made before 2017 have, and a thread has the id of the message that it began with.
"""
EACH = 2

__all__ = ["scale"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        every = metafunc.config.getoption("--chaos-seeds") == "all"
        metafunc.parametrize("seed", range(20) if every else (1,))


@asynccontextmanager
async def opened_discord(nonce_seconds: float) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as discord:
        discord.world.add_guild(2, "Another group")
        discord.world.add_channel(20, "forum", type=FORUM)
        discord.rest.nonce_seconds = nonce_seconds
        yield discord


def misbehaving(seed: int) -> Callable[[str, str], Fault | None]:
    """Faults by chance, for every request: slow, refused, broken before and after, lost."""
    dice = random.Random(seed)

    def choose(_method: str, _route: str) -> Fault | None:
        delay, lot = dice.uniform(0.0, 0.1), dice.random()
        if lot < 0.03:
            return Fault(status=429, retry_after=0.3, delay=delay)
        if lot < 0.06:
            return Fault(when="before", status=503, delay=delay)
        if lot < 0.09:
            return Fault(when="after", status=500, delay=delay)
        if lot < 0.12:
            return Fault(when="after", drop=True, delay=delay)
        return Fault(delay=delay)

    return choose


def key_of(message: Json) -> str:
    """The delivery that a message says it belongs to."""
    match = re.search(r"[@/](d[0-9a-f]{24})\.", json.dumps(message))
    assert match is not None
    return match[1]


def judged(folder: Path, plan: Mapping[str, Sequence[str]], discord: FakeDiscord) -> Verdict:
    log = folder / "discord.log"
    lines = [
        json.dumps({"channel": f"discord:{channel.guild}/{channel.id}", "key": key_of(message)})
        for channel in discord.world.channels.values()
        for message in channel.messages.values()
    ]
    log.write_text("\n".join(lines), encoding="utf-8")
    return check(plan, log)


@pytest.mark.parametrize("nonce_seconds", [MINUTES, MOMENTS], ids=["in window", "after it"])
async def test_with_random_kills_each_message_is_in_discord_once_and_in_order(
    tmp_path, seed, scale, nonce_seconds
):
    channels, each, kills = scale
    dice = random.Random(seed)
    with place(tmp_path / "outbox.db") as database:
        plan = await stage.plan(
            database,
            channels,
            each,
            lambda place: ChannelRef(Platform.DISCORD, str(1 + place % 2), str(100 + place)),
        )
        async with opened_discord(nonce_seconds) as discord:
            for number in range(channels):
                discord.world.add_channel(100 + number, f"channel-{number}", guild=1 + number % 2)
            discord.chaos = misbehaving(seed)
            options = (*DISCORD, "--at-once", "3")
            await stage.rampage(database, discord.api_base, *options, dice=dice, kills=kills)

            assert judged(tmp_path, plan, discord) == CLEAN
            assert discord.complaints == []


def killing(process: Forked, moment: str, number: int) -> Callable[[str, str], Fault | None]:
    """SIGKILL for the process at its n-th post: before or after Discord keeps it."""
    posts = 0

    def choose(method: str, route: str) -> Fault | None:
        nonlocal posts
        is_post = method == "POST" and route in {"messages", "message threads", "threads"}
        posts += is_post
        if not is_post or posts != number:
            return None
        os.kill(process.pid, signal.SIGKILL)
        return Fault(when=moment, drop=True)

    return choose


def titles(discord: FakeDiscord, channel: ChannelRef) -> list[str]:
    """What stands in the channel, a line each; in a forum, what its posts begin with."""
    if channel == FORUM_CHANNEL:
        firsts = [next(iter(t.messages.values())) for t in discord.world.threads_of(1)]
    else:
        firsts = discord.messages(int(channel.id))
    lines = [text_of(message).partition("\n")[0].removeprefix("### ") for message in firsts]
    return [re.sub(r"\[(.+?)\]\(<.+?>\)", r"\1", line) for line in lines]


async def story(
    folder: Path,
    nonce_seconds: float,
    *doom: str,
    kill: tuple[str, int] | None = None,
    options: tuple[str, ...] = QUICK,
    channel: ChannelRef = TEXT_CHANNEL,
) -> list[str]:
    """What Discord has after one death and a second life."""
    with place(folder / "bot.db") as database:
        await prepared(folder, channel, database=database)
        async with opened_discord(nonce_seconds) as discord:
            async with stage.running(database, discord.api_base, *options, *doom) as first:
                if kill is not None:
                    discord.chaos = killing(first, *kill)
                await stage.until_dead(first)
            discord.chaos = lambda _method, _route: None
            async with stage.running(database, discord.api_base, *options):
                await stage.until_sent(database, MESSAGES)
            return titles(discord, channel)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_around_any_commit_leaves_the_digest_in_discord_once(tmp_path, moment):
    told = await side_by_side(
        story(tmp_path / str(number), MOMENTS, "--doom", moment, str(number)) for number in COMMITS
    )

    assert [said for said in told if not is_whole(said)] == []


@pytest.mark.parametrize(
    ("channel", "nonce_seconds"),
    [(TEXT_CHANNEL, MINUTES), (TEXT_CHANNEL, MOMENTS), (FORUM_CHANNEL, MINUTES)],
    ids=["in window", "after it", "in a forum, which knows no nonce"],
)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_during_any_request_leaves_the_digest_in_discord_once(
    tmp_path, moment, nonce_seconds, channel
):
    # A message a paper and, in a text channel, a thread a paper.
    posts = MESSAGES if channel == FORUM_CHANNEL else MESSAGES + 2
    told = await side_by_side(
        story(tmp_path / str(number), nonce_seconds, kill=(moment, number), channel=channel)
        for number in range(1, posts + 1)
    )

    assert [said for said in told if not is_whole(said)] == []


async def story_of_two_servers(folder: Path, *doom: str) -> list[list[str]]:
    """What both servers have after one death and a second life."""
    await asyncio.to_thread(folder.mkdir)
    with place(folder / "outbox.db") as database:
        await stage.plan(database, 2, EACH, lambda place: OF_BOTH[place])
        async with opened_discord(MOMENTS) as discord:
            discord.world.add_channel(2, "general", guild=2)
            async with stage.running(database, discord.api_base, *DISCORD, *doom) as first:
                await stage.until_dead(first)
            async with stage.running(database, discord.api_base, *DISCORD):
                await stage.until_sent(database, 2 * EACH)
            return [titles(discord, channel) for channel in OF_BOTH]


async def test_a_kill_around_any_commit_leaves_each_servers_messages_there_once(tmp_path):
    """Both servers' messages are claimed together; each claim settles those before."""
    told = await side_by_side(
        story_of_two_servers(tmp_path / f"{moment}{number}", "--doom", moment, str(number))
        for moment in ("before", "after")
        for number in range(1, EACH + 2)
    )

    whole = [[f"message {n} of {channel}" for n in range(EACH)] for channel in OF_BOTH]
    assert told == [whole] * len(told)


async def test_resending_without_a_search_posts_twice(tmp_path):
    options = (*QUICK, "--blind")
    said = await story(tmp_path / "blind", MOMENTS, kill=("after", 1), options=options)

    assert len(said) == MESSAGES + 1
    assert not is_whole(said)


async def plan_a_long_one(database: Location) -> None:
    """One message that Discord needs several messages for, and one behind it."""
    long = tuple(Paragraph((Text(f"Part {n}. " * 300),)) for n in range(12))
    drafts = []
    for part, document in (
        ("long", Document(long, "Long")),
        ("short", Document((Paragraph((Text("Short"),)),), "Short")),
    ):
        drafts.append(
            deliveries.Draft(
                key=DeliveryKey(delivery_key(str(TEXT_CHANNEL), part)),
                channel=TEXT_CHANNEL,
                part=part,
                document=document,
            )
        )
    async with opened(database) as db, db.transaction() as tx:
        await deliveries.add(tx, drafts, now())


async def long_story(folder: Path, nonce_seconds: float, moment: str, number: int) -> list[str]:
    """Which parts of a long message there are, after a death at that post of it."""
    await asyncio.to_thread(folder.mkdir)
    with place(folder / "outbox.db") as database:
        await plan_a_long_one(database)
        async with opened_discord(nonce_seconds) as discord:
            async with stage.running(database, discord.api_base, *DISCORD) as first:
                discord.chaos = killing(first, moment, number)
                await stage.until_dead(first)
            discord.chaos = lambda _method, _route: None
            async with stage.running(database, discord.api_base, *DISCORD):
                await stage.until_sent(database, 2)

            long, short = discord.messages(11)
            assert text_of(short) == "Short"
            parts = [long, *discord.messages(int(long["id"]))]
            return [message["embeds"][-1]["footer"]["text"] for message in parts]


@pytest.mark.parametrize("nonce_seconds", [MINUTES, MOMENTS], ids=["in window", "after it"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_within_a_long_message_leaves_every_part_once(tmp_path, moment, nonce_seconds):
    told = await side_by_side(
        long_story(tmp_path / str(number), nonce_seconds, moment, number) for number in (1, 2, 3, 5)
    )

    count = len(told[0])
    assert count > 3
    assert told == [[f"{part}/{count}" for part in range(1, count + 1)]] * 4
