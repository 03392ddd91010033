"""`paperbot run` while the clock of its machine is set: pumps go by the monotonic clock.

libfaketime gives the process a wall clock that a file moves; its monotonic clock is the real one.
"""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.faked_clock import FakedClock, faked_clock
from tests.e2e.process import Running, bot, paperbot
from tests.e2e.test_run import NOTE, write_vault
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is missing")


@pytest.fixture
def clock(tmp_path: Path) -> FakedClock:
    return faked_clock(tmp_path)


@pytest.mark.parametrize("step", ["-1h", "-10m", "+2d"])
async def test_a_clock_that_is_set_stops_no_pump(tmp_path: Path, clock: FakedClock, step: str):
    settings = clock.settings | {"PAPERBOT_VAULT": str(write_vault(tmp_path))}
    async with bot(tmp_path, **settings) as running:

        async def shows(words: str) -> bool:
            return words in await running.text("")

        await plan_digest(tmp_path, settings, "2025-02-04")  # by the clock as it was
        clock.set(step)
        await eventually(lambda: shows("2번째 생각입니다."))
        (tmp_path / "vault" / "250205 Paper 3.md").write_text(NOTE.format(n=3), encoding="utf-8")
        await plan_digest(tmp_path, settings, "2025-02-05")  # by the clock as it is now
        await eventually(lambda: shows("3번째 생각입니다."))

        clock.set("+0")
        await eventually(lambda: is_well(running))
        assert await running.stop() == 0

    assert [line for line in running.log if "the clock was set" in line]


async def test_after_a_suspended_machine_wakes_up_everything_goes_on(
    tmp_path: Path, clock: FakedClock
):
    settings = clock.settings | {"PAPERBOT_VAULT": str(write_vault(tmp_path))}
    async with bot(tmp_path, **settings) as running:
        await plan_digest(tmp_path, settings, "2025-02-04")
        os.kill(running.process.pid, signal.SIGSTOP)
        clock.set("+8h")
        await asyncio.sleep(3)  # longer than any interval of what delivers
        os.kill(running.process.pid, signal.SIGCONT)

        async def shows() -> bool:
            return "2번째 생각입니다." in await running.text("")

        await eventually(shows)
        await eventually(lambda: is_well(running))
        said = (await running.text("")).count("2번째 생각입니다.")
        assert await running.stop() == 0

    assert said == 1


async def is_well(running: Running) -> bool:
    return bool((await running.get("healthz"))["ok"])


async def plan_digest(folder: Path, settings: dict[str, str], day: str) -> None:
    async def is_planned() -> bool:
        status, _, err = await paperbot(folder, "post", day, "--channel", "web:general", **settings)
        assert status == 0 or "no entry" in err, err
        return status == 0

    await eventually(is_planned)
