"""Kill everything, again and again: each message is posted once, in its place.

Two processes post at the same time from one outbox while a third party kills them. The checker
compares the log of the platform with the plan, and it is itself checked: policies that are known
to be wrong must not pass it.
"""

import random
from pathlib import Path

import pytest

from tests.chaos import stage
from tests.chaos.checker import CLEAN, Verdict, check
from tests.databases import place
from tests.fakes.chat_server import Faults
from tests.locations import Location
from tests.waiting import until

pytestmark = pytest.mark.chaos

ALL_SEEDS = range(20)
FEW_KILLS = (20, 8, 4)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        seeds = ALL_SEEDS if metafunc.config.getoption("--chaos-seeds") == "all" else (1, 2)
        metafunc.parametrize("seed", seeds)


@pytest.fixture
def scale(pytestconfig: pytest.Config) -> tuple[int, int, int]:
    """Channels, messages a channel, kills."""
    return (40, 10, 25) if pytestconfig.getoption("--chaos-seeds") == "all" else (20, 8, 10)


def misbehaving(seed: int) -> Faults:
    return Faults(
        seed=seed,
        delay=(0.005, 0.15),
        refuse=0.03,
        fail_before=0.03,
        fail_after=0.03,
        lose=0.03,
    )


async def rampage(folder: Path, seed: int, scale: tuple[int, int, int], *arguments: str) -> Verdict:
    with place(folder / "outbox.db") as database:
        return await rampage_on(database, folder, seed, scale, *arguments)


async def rampage_on(
    database: Location, folder: Path, seed: int, scale: tuple[int, int, int], *arguments: str
) -> Verdict:
    channels, each, kills = scale
    dice = random.Random(seed)
    plan = await stage.plan(database, channels, each)
    async with stage.platform(folder, misbehaving(seed)) as platform:
        await stage.rampage(
            database,
            platform.url,
            *("--at-once", "3", *arguments),
            dice=dice,
            kills=kills,
            pause=(0.1, 0.8),
        )
        return check(plan, platform.log)


async def test_under_random_kills_each_message_is_posted_once_and_in_order(tmp_path, seed, scale):
    verdict = await rampage(tmp_path, seed, scale)

    assert verdict == CLEAN


async def test_it_holds_as_well_when_only_one_of_the_two_may_post(tmp_path, scale):
    verdict = await rampage(tmp_path, 3, scale, "--owned")

    assert verdict == CLEAN


async def test_sending_blindly_again_does_not_pass_the_checker(tmp_path):
    verdict = await rampage(tmp_path, 1, FEW_KILLS, "--blind")

    assert verdict.duplicates > 0


async def test_a_lease_that_ends_before_the_platform_is_done_does_not_pass_the_checker(tmp_path):
    """Each message is looked for, and sent again, before the platform has kept the first one."""
    with place(tmp_path / "outbox.db") as database:
        plan = await stage.plan(database, 4, 1)
        async with (
            stage.platform(tmp_path, Faults(delay=(8, 9))) as platform,
            stage.running(database, platform.url, "--timeout", "1", "--lease", "1.5"),
        ):
            await until(lambda: check(plan, platform.log).duplicates, every=0.1)
