"""`paperbot run` on a disk that fills up: it says so, keeps trying, and goes on by itself."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.process import Running, bot, paperbot
from tests.waiting import eventually


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounting.returncode:
        pytest.skip("a small disk cannot be mounted here (that takes root)")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    """A file that takes what is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return filler
    raise AssertionError


def names(disk: Path) -> list[str]:
    """What is on it."""
    return [file.name for file in disk.iterdir()]


async def test_a_full_disk_ends_nothing_and_shows_in_healthz(tmp_path: Path, small_disk: Path):
    settings = {"PAPERBOT_DATABASE": f"sqlite:///{small_disk}/bot.db"}
    async with bot(tmp_path, **settings) as running:
        filler = fill(small_disk)

        await eventually(lambda: lease_is(running, well=False))
        ill = await running.get("healthz")
        assert running.process.returncode is None
        filler.unlink()
        await eventually(lambda: lease_is(running, well=True))
        well = await running.get("healthz")
        status, _, err = await paperbot(
            tmp_path, "channel", "add", "web:general", "--at", "09:00", "--tz", "UTC", **settings
        )
        assert (status, err) == (0, "")
        assert await running.stop() == 0

    assert "disk is full" in ill["pumps"]["lease"]["detail"]
    assert (ill["ok"], well["ok"]) == (False, True)


async def test_who_follows_something_on_a_full_disk_is_told_of_the_database(
    tmp_path: Path, small_disk: Path
):
    settings = {"PAPERBOT_DATABASE": f"sqlite:///{small_disk}/bot.db"}
    async with bot(tmp_path, **settings) as running, aiohttp.ClientSession() as ada:
        own = {"Origin": running.address.rstrip("/")}
        line = {"channel": "general", "text": "/follow moe", "nonce": "nonce-000001"}
        fill(small_disk)

        async with ada.post(running.address + "api/say", json=line, headers=own) as answer:
            told = await answer.json()

        assert await running.stop() == 0

    assert "The bot cannot reach its database right now" in told["private"]


async def test_a_bot_on_a_full_disk_can_be_stopped(tmp_path: Path, small_disk: Path):
    settings = {"PAPERBOT_DATABASE": f"sqlite:///{small_disk}/bot.db"}
    async with bot(tmp_path, **settings) as running:
        fill(small_disk)

        assert await running.stop() == 0


@pytest.mark.parametrize("room", [0, 100_000, 1_500_000])
@pytest.mark.parametrize("is_there", [False, True])
async def test_a_move_onto_a_full_disk_leaves_what_was_there_before(
    room: int, is_there: bool, tmp_path: Path, small_disk: Path
):
    old, new = f"sqlite:///{tmp_path}/data/paperbot.db", f"sqlite:///{small_disk}/new.db"
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "250204 Long.md").write_text(f"# Long\n\n{'a thought ' * 80_000}", encoding="utf-8")
    assert (await paperbot(tmp_path, "import", str(vault)))[0] == 0
    if is_there:
        (small_disk / "new.db").touch()
    filler = fill(small_disk)
    os.truncate(filler, filler.stat().st_size - room)

    status, out, err = await paperbot(tmp_path, "database", "move", old, new)

    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "disk is full" in err
    assert (small_disk / "new.db").exists() is is_there
    assert is_there or names(small_disk) == ["filler"]


async def lease_is(running: Running, *, well: bool) -> bool:
    return (await running.get("healthz"))["pumps"]["lease"]["ok"] is well
