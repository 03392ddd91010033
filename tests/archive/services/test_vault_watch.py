import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.services.vault_watch import changes


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    folder.mkdir()
    return folder


async def following(watch: AsyncIterator[bool]) -> bool:
    return await asyncio.wait_for(anext(watch), timeout=30)


async def test_a_new_note_is_noticed(vault: Path) -> None:
    watch = changes(vault, look_again=timedelta(seconds=1))
    assert await following(watch) is True

    async with asyncio.TaskGroup() as tasks:
        later = tasks.create_task(following(watch))
        await asyncio.sleep(0.3)  # the system's watch is being set up
        (vault / "250203 A note.md").write_text("https://arxiv.org/abs/2501.00001\n")

    assert later.result() is True


async def test_a_folder_that_vanishes_and_comes_back_is_noticed_both_times(vault: Path) -> None:
    watch = changes(vault, look_again=timedelta(seconds=0.3))
    assert await following(watch) is True

    shutil.rmtree(vault)
    assert await following(watch) is False
    vault.mkdir()  # noqa: ASYNC240 - a moment of the test's own
    assert await following(watch) is True


async def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    watch = changes(tmp_path / "later", look_again=timedelta(seconds=0.2))
    assert await following(watch) is False

    (tmp_path / "later").mkdir()

    assert await following(watch) is True
