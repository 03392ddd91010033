"""Reconnecting to a failing gateway: growing pauses, and one log line."""

import asyncio
import bisect
import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.inbound.backoff import Backoff
from bot.platforms.discord.inbound.events import MOVED_EVERY
from bot.platforms.discord.inbound.supervisor import Patience
from tests.fakes.discord.gateway import Harm
from tests.fakes.discord.server import text_of
from tests.platforms.discord.stage import PAPERS, RunningBot, key, said

REAL = Patience(guilds_within=0.05)
"""The pauses of a bot that runs; a test asks which were wanted, and cuts them short."""
UP = "ready resumed"
HARMS = (
    Harm("connected", closes=4000),
    *(Harm("hello", closes=code) for code in (4000, 4001, 4008, 4009, 1000, 1001)),
    *(Harm(UP, closes=code) for code in (4000, 4009, 1000)),
    *(Harm(moment, reconnect=True) for moment in ("hello", UP, "resumed")),
    *(Harm(moment, invalid_session=True) for moment in ("hello", UP, "resumed")),
)
FEW = (Harm(UP, closes=4009), Harm(UP, invalid_session=True))
TRIES = 8


async def stormed(idle: RunningBot, harm: Harm, tries: int = TRIES) -> None:
    """Let the bot run until it has been thrown out so often."""
    idle.patience = REAL
    idle.discord.gateway.harm = harm
    idle.start()
    if harm.moment == "resumed":
        await idle.discord.connected()
        idle.discord.gateway.drop()
    await idle.until(lambda: idle.discord.gateway.connected >= tries)


@pytest.mark.parametrize("harm", HARMS, ids=str)
async def test_pauses_grow_while_the_gateway_ends_every_connection(idle: RunningBot, harm: Harm):
    await stormed(idle, harm)

    between = [pause for pause in idle.pauses if pause >= 0.5 and pause != MOVED_EVERY]
    assert len(between) >= TRIES - 1
    assert sum(between) > 40


class Listener(logging.Handler):
    """Calls `act`, once, while discord.py logs what ends with `words`."""

    def __init__(self, words: str, act: Callable[[], None]) -> None:
        super().__init__()
        self._words = words
        self._act = act

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().endswith(self._words):
            self._words = "\0"
            self._act()


@contextmanager
def ended_as_it_sends(idle: RunningBot, sent: str) -> Iterator[None]:
    """Cancel the bot when discord.py has connected, and Python 3.11's `wait_for` returns that."""
    logger = logging.getLogger("discord.gateway")
    listener, level = Listener(f"has sent the {sent} payload.", idle.cancel), logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(listener)
    try:
        yield
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)


async def test_a_bot_that_is_ended_just_as_it_connects_ends(idle: RunningBot):
    with ended_as_it_sends(idle, "IDENTIFY"):
        idle.start()
        await idle.until(lambda: not idle.is_running)


async def test_a_bot_that_is_ended_just_as_it_resumes_ends(idle: RunningBot):
    idle.start()
    await idle.connected()
    with ended_as_it_sends(idle, "RESUME"):
        idle.discord.gateway.drop()
        await idle.until(lambda: not idle.is_running)


@pytest.mark.parametrize("code", [4000, 4011])
async def test_a_bot_that_is_ended_just_as_it_connects_waits_for_nothing(
    idle: RunningBot, code: int
):
    idle.patience = REAL
    idle.discord.gateway.harm = Harm("ready", closes=code)
    with ended_as_it_sends(idle, "IDENTIFY"):
        idle.start()
        await idle.until(lambda: not idle.is_running)

    assert not [pause for pause in idle.pauses if pause >= 0.5 and pause != MOVED_EVERY]


async def test_a_bot_that_is_ended_before_it_is_ready_answers_what_it_was_asked(
    idle: RunningBot, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    idle.patience = replace(REAL, guilds_within=3.0)
    idle.desk.answers = lambda _: said("late")
    idle.desk.ready = asyncio.Event()
    idle.start()
    await idle.until(lambda: bool(idle.discord.gateway.live))
    asked = await idle.discord.types("paper", {"query": "slow"})
    await idle.until(lambda: bool(idle.desk.asked))
    assert "connected as" not in caplog.text

    idle.cancel()
    await idle.until(lambda: "connected as" in caplog.text or not idle.is_running)
    idle.desk.ready.set()

    assert text_of(await asked.answer()) == "late"


@pytest.mark.parametrize("harm", FEW, ids=str)
async def test_identifications_stop_before_the_days_limit(idle: RunningBot, harm: Harm):
    idle.discord.gateway.identify_limit = REAL.sessions_kept + 3
    idle.patience = REAL
    idle.discord.gateway.harm = harm
    idle.start()

    await idle.until(lambda: "too often" in idle.chat.condition.detail)

    assert idle.discord.gateway.identifies <= 3


@pytest.mark.parametrize("harm", [Harm("hello", closes=4008), Harm(UP, reconnect=True)], ids=str)
async def test_a_failing_gateway_is_logged_once_and_not_for_each_attempt(
    idle: RunningBot, harm: Harm, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)

    await stormed(idle, harm)

    told = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert 1 <= len(told) <= 4, caplog.text
    if harm.closes:
        assert sum("4008" in record.getMessage() for record in told) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [(4010, "report it"), (4011, "more servers than"), (4012, "install a newer version")],
)
async def test_a_final_close_code_is_explained_and_posting_goes_on(
    idle: RunningBot, code: int, words: str, caplog: pytest.LogCaptureFixture
):
    idle.patience = REAL
    idle.discord.gateway.harm = Harm("hello", closes=code)
    idle.start()
    await idle.until(lambda: idle.discord.gateway.connected >= 3)

    await idle.chat.post(PAPERS, said("posted all the same"), key=key())

    assert words in idle.chat.condition.detail
    assert str(code) in idle.chat.condition.detail
    assert not idle.chat.condition.ok
    assert [words in record.getMessage() for record in caplog.records].count(True) == 1
    assert max(idle.pauses) >= 1800


def is_connected(idle: RunningBot, times: int) -> bool:
    return idle.discord.gateway.connected == times


async def test_a_connection_that_lasted_resets_the_pauses(idle: RunningBot):
    idle.patience = replace(REAL, lasting=0.0)
    idle.start()
    for number in range(1, 9):
        await idle.discord.until(partial(is_connected, idle, number))
        await idle.connected()
        idle.discord.gateway.drop()

    assert max(pause for pause in idle.pauses if pause < 30) < 2


def test_pauses_double_up_to_the_longest_and_are_reset():
    backoff = Backoff(first=1, longest=10, lasting=60, chance=lambda: 0.5)

    pauses = [backoff.pause(lived) for lived in (0, 59, 0, 0, 0, 0, 60, 0)]

    assert pauses == [1, 2, 4, 8, 10, 10, 1, 2]


def test_pauses_are_spread():
    chances = iter((0.0, 0.5, 0.99))
    pauses = [
        Backoff(first=8, longest=99, lasting=60, chance=lambda: next(chances)).pause(0)
        for _ in range(3)
    ]

    assert pauses == [6, 8, pytest.approx(9.96)]


@given(chances=st.lists(st.floats(0, 1, exclude_max=True), min_size=1))
def test_with_any_spread_a_day_has_fewer_connections_than_identifications(chances: list[float]):
    dice = itertools.cycle(chances)
    backoff = Backoff(
        first=REAL.first_pause,
        longest=REAL.longest_pause,
        lasting=REAL.lasting,
        chance=lambda: next(dice),
    )

    # Either a connection lasted, or the pause after it has grown.
    short = list(itertools.accumulate(backoff.pause(0) for _ in range(900)))
    assert bisect.bisect(short, 86_400) < 1000 - REAL.sessions_kept
    assert 86_400 / REAL.lasting < 1000 - REAL.sessions_kept
