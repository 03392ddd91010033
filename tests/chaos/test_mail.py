"""The crash points and the chaos of the outbox by e-mail: the real adapter, a real mail server.

The server runs in the test; the bot's posting part is a process of its own, and is killed. What is in
doubt is held for a person: nobody can ask the server.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.database.database import opened
from bot.core.database.instants import to_text
from bot.core.ports import ChannelRef, Platform
from bot.mail.domain.subscriber import Subscriber
from bot.mail.store import addresses
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from tests.chaos import stage
from tests.chaos.process import now
from tests.databases import place
from tests.fakes.mail import FakeMail, Fault, mail_server
from tests.forked import Forked
from tests.locations import Location

pytestmark = pytest.mark.chaos

MAIL = ("--chat", "mail", "--timeout", "1.5")
PATIENT = ("--chat", "mail", "--timeout", "60", "--lease", "90")
"""No call of a story ends because the machine is slow; the lease of who died is ended by the test."""
COMMITS = range(1, 8)
"""Claim; begin and accept; settle and claim the next; begin and accept; settle."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("--chaos-seeds") == "all"
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(20) if every else (1,))
    if "point" in metafunc.fixturenames:
        points = [(moment, number) for moment in ("before", "after") for number in COMMITS]
        decisive = [("before", 2), ("after", 2), ("after", 3)]
        metafunc.parametrize("point", points if every else decisive, ids=str)


def address(number: int) -> ChannelRef:
    return ChannelRef(Platform.MAIL, "", f"reader-{number}@example.org")


async def plan(database: Location, channels: int, each: int) -> Mapping[str, Sequence[str]]:
    """Messages to addresses that have confirmed."""
    planned = await stage.plan(database, channels, each, address)
    async with opened(database) as db, db.transaction() as tx:
        for number in range(channels):
            reader = address(number).id
            subscriber = Subscriber(reader, f"t{number}", "en", "key", now() + timedelta(days=1))
            await addresses.ask(
                tx, subscriber, confirm_token=f"c{number}", asked_by="", asked_in="", now=now()
            )
            await addresses.confirm(tx, reader, now())
    return planned


async def states(database: Location) -> dict[str, State]:
    """How each message is, by its key; held ones are those in doubt."""
    async with opened(database) as db:
        listed = await operator_actions.list_deliveries(db)
    return {each.key: each.state for each in listed}


def copies(fake: FakeMail) -> Counter[str]:
    """How many of each message the server has."""
    return Counter(str(message["Message-ID"])[1:].partition("@")[0] for _, message in fake.kept)


def wrongs(found: Mapping[str, State], kept: Counter[str]) -> list[str]:
    """Messages that are there twice, or are neither sent once nor held."""
    return [
        key
        for key, state in found.items()
        if kept[key] > 1
        or state not in (State.SENT, State.HELD)
        or (state is State.SENT and kept[key] != 1)
    ]


async def story(
    folder: Path, *doom: str, kill: str = "", options: tuple[str, ...] = PATIENT
) -> tuple[dict[str, State], Counter[str]]:
    """What became of two messages after one death and a second life."""
    await asyncio.to_thread(folder.mkdir)
    with place(folder / "bot.db") as database:
        await plan(database, 1, 2)
        async with mail_server() as fake:
            async with stage.running(database, fake.url, *options, *doom) as first:
                if kill:
                    fake.faults = [Fault(kill, called=killing(first))]
                await stage.until_dead(first)
            fake.faults = []
            await end_leases(database)
            async with stage.running(database, fake.url, *options):
                await stage.until_done(database)
            return await states(database), copies(fake)


async def end_leases(database: Location) -> None:
    """As if the time of who died were up."""
    async with opened(database) as db, db.transaction() as tx:
        await tx.run(
            "UPDATE delivery SET not_before = :now WHERE state = 'sending'",
            {"now": to_text(now())},
        )


def killing(process: Forked) -> Callable[[], None]:
    return lambda: os.kill(process.pid, signal.SIGKILL)


async def test_killed_around_a_commit_nothing_is_sent_twice(tmp_path: Path, point: tuple[str, int]):
    moment, number = point

    found, kept = await story(tmp_path / "story", "--doom", moment, str(number))

    assert wrongs(found, kept) == []
    held = [key for key, state in found.items() if state is State.HELD]
    # Between the two commits around its content a message is in doubt, and only there.
    in_doubt = point in {("after", 2), ("before", 3), ("after", 5), ("before", 6)}
    assert len(held) == in_doubt


async def test_killed_when_the_server_has_it_it_is_held_and_the_next_one_goes(tmp_path: Path):
    found, kept = await story(tmp_path / "story", kill="content")

    assert wrongs(found, kept) == []
    assert list(found.values()) == [State.HELD, State.SENT]


async def test_blind_resending_sends_twice_and_is_noticed(tmp_path: Path):
    found, kept = await story(tmp_path / "story", kill="content", options=(*PATIENT, "--blind"))

    assert max(kept.values()) == 2
    assert wrongs(found, kept) != []


def misbehaving(seed: int) -> Callable[[], Fault | None]:
    """Faults by chance: slow, refused for now, broken after the content."""
    dice = random.Random(seed)

    def choose() -> Fault | None:
        pause, lot = dice.uniform(0.0, 0.1), dice.random()
        if lot < 0.1:
            return Fault("content", "451 4.3.0 try again", pause)
        return Fault("content", "" if lot < 0.2 else "250 2.0.0 OK", pause)

    return choose


async def test_killed_at_random_no_message_is_there_twice_or_lost(tmp_path: Path, seed: int):
    channels, each, kills = 6, 3, 3
    with place(tmp_path / "outbox.db") as database:
        planned = await plan(database, channels, each)
        async with mail_server() as fake:
            fake.chaos = misbehaving(seed)
            await stage.rampage(
                database, fake.url, *MAIL, dice=random.Random(seed), kills=kills, pause=(0.3, 0.9)
            )

            found = await states(database)
            assert set(found) == {key for keys in planned.values() for key in keys}
            assert wrongs(found, copies(fake)) == []
