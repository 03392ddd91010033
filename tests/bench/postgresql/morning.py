"""Nine o'clock for a thousand workspaces: two bots on one PostgreSQL server, as limits allow."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bot.archive.services.import_files import import_files
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, opened
from bot.core.database.instants import to_text
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.workspaces.domain.slack_app import SlackApp, Tokens
from bot.workspaces.services import slack_apps
from tests.bench.measure import Row
from tests.bench.notes import Pen
from tests.bench.outbox import OVERALL, least_seconds, now
from tests.bench.postgresql.server import durability
from tests.databases import empty_database
from tests.e2e.process import Running, bot
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.slack.faults import Limits
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces
from tests.locations import as_argument

CHANNELS = 3
PAPERS = 3
AIM = 0.95
KEY = "a key of enough characters for tests"
_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """The database, and the platforms with so many workspaces each."""

    address: PostgresAddress
    folder: Path
    slacks: FakeWorkspaces
    discord: FakeDiscord
    guilds: Sequence[int]

    @property
    def settings(self) -> dict[str, str]:
        """Those of each bot."""
        return {
            "PAPERBOT_DATABASE": as_argument(self.address),
            "PAPERBOT_SECRET_KEY": KEY,
            "SLACK_API_BASE": self.slacks.url,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_BASE": self.discord.api_base,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
        }

    def count(self, sql: str) -> int:
        """The number that a statement gives."""
        with psycopg.connect(as_argument(self.address)) as connection:
            row = connection.execute(sql.encode()).fetchone()
        assert row is not None
        return int(row[0])


async def rows(dsn: str, quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    guilds, teams = (75, 25) if quick else (750, 250)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperbot-bench-")))
        address = stack.enter_context(empty_database(dsn))
        discord = await stack.enter_async_context(FakeDiscord(validates=False))
        slacks = await stack.enter_async_context(
            workspaces(*(f"T{n}" for n in range(1, teams + 1)))
        )
        place = Place(address, folder, slacks, discord, [n << 22 for n in range(1, guilds + 1)])
        _people(place)
        async with opened(address) as db:
            await _fill(db, place)
        bots = [await stack.enter_async_context(bot(folder, **place.settings)) for _ in range(2)]
        await _until_shared(place, bots)
        await _until_looked_at(place)
        due = _next_minute()
        _set_due(place, due)
        morning = await _morning(place, bots, due)
    for row in _rows(morning, guilds, teams, durability(dsn)):
        yield row


def _people(place: Place) -> None:
    for guild in place.guilds:
        place.discord.world.add_guild(guild, "Reading group")
        for number in range(CHANNELS):
            place.discord.world.add_channel(guild + number + 1, f"papers-{number}", guild=guild)
    place.discord.rates.on = True
    for slack in place.slacks.of.values():
        slack.limits = Limits()
        for number in range(1, CHANNELS):
            slack.world.add_channel(f"C{number + 1}", f"papers-{number}")


async def _fill(db: Database, place: Place) -> None:
    await import_files(db, [_notes(place.folder)], now=now())
    channels = [
        ChannelRef(Platform.DISCORD, str(guild), str(guild + number + 1))
        for guild in place.guilds
        for number in range(CHANNELS)
    ]
    for team, slack in place.slacks.of.items():
        tokens = Tokens(slack.bot_token, signing_secret=slack.signing_secret)
        await slack_apps.add(db, SlackApp(team, team, tokens, now()), [KEY])
        channels += [ChannelRef(Platform.SLACK, team, f"C{n + 1}") for n in range(CHANNELS)]
    words = TypedOptions(at="23:59", zone="UTC", layout="compact")
    for channel in channels:
        await subscribe.add(db, channel, words, now=now())


def _notes(folder: Path) -> Path:
    pen, vault = Pen(1), folder / "vault"
    vault.mkdir()
    for number in range(1, PAPERS + 1):
        text = (
            f"https://arxiv.org/abs/2502.0000{number}\n\n*{pen.english(7).title()}* (Ada Grace)\n\n"
            f"> {pen.english(60)}\n\n{pen.korean(40)}.\n\n"
            f"<english>\n{pen.english(30)}.\n</english>\n\n#model #reward\n"
        )
        (vault / f"{now():%y%m%d} Paper {number}.md").write_text(text, encoding="utf-8")
    return vault


async def _until_shared(place: Place, bots: Sequence[Running]) -> None:
    """Until the bots are connected, and each posts in as many workspaces of Slack as the other."""
    teams = len(place.slacks.of)
    pids = {each.process.pid for each in bots}
    async with asyncio.timeout(180):
        while True:
            with psycopg.connect(as_argument(place.address)) as connection:
                held = connection.execute(
                    "SELECT l.name, p.pid FROM lease l JOIN process p ON p.id = l.holder"
                ).fetchall()
            posting = Counter(pid for name, pid in held if name.startswith("post:slack:"))
            counts = [posting[pid] for pid in pids]
            if (
                sum(counts) == teams
                and max(counts) - min(counts) <= 1
                and place.discord.gateway.live
            ):
                return
            await asyncio.sleep(_LOOK)


async def _until_looked_at(place: Place) -> None:
    """Until planning has looked at every subscription, as it does at start."""
    async with asyncio.timeout(300):
        while True:
            at = to_text(now())
            if not place.count(f"SELECT count(*) FROM subscription WHERE next_at <= '{at}'"):
                return
            await asyncio.sleep(_LOOK)


def _next_minute() -> datetime:
    """The first whole minute that is at least ten seconds away."""
    return (datetime.now(UTC) + timedelta(seconds=70)).replace(second=0, microsecond=0)


def _set_due(place: Place, due: datetime) -> None:
    """Every digest is due then: the clock on the wall is the only one that the bots have."""
    with psycopg.connect(as_argument(place.address)) as connection:
        connection.execute(
            "UPDATE subscription SET at = %s, next_at = %s", [f"{due:%H:%M}", to_text(due)]
        )


@dataclass(frozen=True, slots=True)
class Morning:
    """What was posted, when by the fakes' clock, and what it cost.

    `cpu` are the processor seconds of both bots while they posted, `planned` how many slots a second.
    """

    late: float
    discord: list[float]
    slack: list[float]
    refused: int
    cpu: float
    planned: float


async def _morning(place: Place, bots: Sequence[Running], due: datetime) -> Morning:
    wanted = place.count("SELECT count(*) FROM subscription")
    place.discord.requests.clear()
    for slack in place.slacks.of.values():
        slack.calls.clear()
    await asyncio.sleep((due - now()).total_seconds())
    began, cpu = time.monotonic(), sum(map(_cpu, bots))
    planning: list[tuple[float, int]] = []
    async with asyncio.timeout(wanted / OVERALL * 4 + 120):
        while True:
            slots = await asyncio.to_thread(place.count, "SELECT count(*) FROM slot")
            if slots and (not planning or planning[-1][1] < wanted):
                planning.append((time.monotonic(), slots))
            if slots == wanted and not await asyncio.to_thread(
                place.count, "SELECT count(*) FROM delivery WHERE state <> 'sent'"
            ):
                break
            await asyncio.sleep(_LOOK)
    calls = [call for slack in place.slacks.of.values() for call in slack.calls]
    posts = [call for call in calls if call.method == "chat.postMessage"]
    sent = place.discord.sent("messages", "POST")
    statuses = Counter(each.status for each in place.discord.requests)
    wall = time.time() - time.monotonic()  # what Discord's fake tells more
    first = min(each.at for each in sent) - wall
    (start, some), (end, all_) = planning[0], planning[-1]
    return Morning(
        late=first - began,
        discord=[each.at - wall - first for each in sent if each.status == 200],
        slack=[each.at - first for each in posts if each.answer == "ok"],
        refused=statuses[429] + sum(each.answer == "ratelimited" for each in calls),
        cpu=sum(map(_cpu, bots)) - cpu,
        planned=(all_ - some) / (end - start) if all_ > some else float("nan"),
    )


def _cpu(running: Running) -> float:
    """The seconds of processor that it has used."""
    fields = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _rows(morning: Morning, guilds: int, teams: int, server: str) -> list[Row]:
    posted = len(morning.discord) + len(morning.slack)
    last = max(*morning.discord, *morning.slack)
    allowed = least_seconds(len(morning.discord))
    each = morning.cpu / posted
    return [
        Row(
            f"09:00 in {guilds} servers of Discord and {teams} workspaces of Slack, {CHANNELS} "
            f"channels each, a compact digest in each; two bots, {server}",
            f"{last:.1f} s",
            f"{allowed / last:.3f} of what the limits allow: Discord's {OVERALL}/s is what binds; "
            f"Slack's last after {max(morning.slack):.1f} s",
            f"≥ {AIM}",
            allowed / last >= AIM,
        ),
        Row(
            "… messages that were turned away (429)",
            str(morning.refused),
            f"the first came {morning.late:.1f} s after the minute",
            "0",
            morning.refused == 0,
        ),
        Row(
            "… processor time of the bots a message, planning included",
            f"{each * 1e3:.1f} ms",
            f"{morning.planned:.0f} digests planned a second",
        ),
        _extrapolated(morning, each, len(morning.discord) / posted),
    ]


def _extrapolated(morning: Morning, each: float, share: float) -> Row:
    """On paper: ten thousand workspaces of the same kinds."""
    digests = 10_000 * CHANNELS
    by_limits = digests * share / OVERALL
    by_planning = digests / morning.planned
    by_processor = digests * each / 2
    return Row(
        "… on paper: 10,000 workspaces of the same kinds",
        f"{max(by_limits, by_planning, by_processor) / 60:.1f} min",
        f"by Discord's limit {by_limits / 60:.1f} min; planned in {by_planning / 60:.1f} min; two "
        f"processors are busy for {by_processor / 60:.1f} min",
    )
