"""The folder is watched by events and by an interval, on any file system."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.vault.services.vault_watch import LOOK_EVERY, WatchEvent, watch_folder
from tests.waiting import until

SOON = timedelta(seconds=0.3)
NEVER = timedelta(hours=1)


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    folder.mkdir()
    return folder


async def following(watch: AsyncIterator[WatchEvent]) -> WatchEvent:
    return await anext(watch)


async def event_while_writing(watch: AsyncIterator[WatchEvent], write: Path) -> WatchEvent:
    """The next event while a file is written again and again."""
    async with asyncio.TaskGroup() as tasks:
        event = tasks.create_task(following(watch))

        def is_seen() -> bool:  # the system's watch is being set up
            write.write_text("https://arxiv.org/abs/2501.00001\n")
            return event.done()

        await until(is_seen, every=0.1)
    return event.result()


@pytest.mark.parametrize(
    "name", ["250203 A note.md", "250203 A.MD", "a.markdown", "page.txt", "PAGE.Txt", "b.md.icloud"]
)
async def test_a_change_of_any_imported_file_yields_changed(vault: Path, name: str) -> None:
    watch = watch_folder(vault, look_every=NEVER)
    assert await following(watch) is WatchEvent.CHANGED

    assert await event_while_writing(watch, vault / name) is WatchEvent.CHANGED


async def test_a_note_in_a_new_folder_yields_changed(vault: Path) -> None:
    watch = watch_folder(vault, look_every=SOON)
    assert await following(watch) is WatchEvent.CHANGED
    (vault / "2025").mkdir()
    while await following(watch) is not WatchEvent.INTERVAL:
        pass

    while (
        await event_while_writing(watch, vault / "2025/250203 A note.md") is not WatchEvent.CHANGED
    ):
        pass


async def test_other_files_do_not_yield_changed(vault: Path) -> None:
    watch = watch_folder(vault, look_every=SOON)
    assert await following(watch) is WatchEvent.CHANGED

    assert await event_while_writing(watch, vault / "picture.png") is WatchEvent.INTERVAL


@pytest.mark.parametrize("poll", [False, True])
async def test_without_changes_each_interval_yields_an_event(vault: Path, poll: bool) -> None:
    watch = watch_folder(vault, poll=poll, look_every=SOON)

    assert [await following(watch) for _ in range(3)] == [
        WatchEvent.CHANGED,
        WatchEvent.INTERVAL,
        WatchEvent.INTERVAL,
    ]
    assert timedelta(seconds=20) > LOOK_EVERY


@pytest.mark.parametrize("poll", [False, True])
async def test_a_folder_that_is_removed_and_restored_yields_both_events(
    vault: Path, poll: bool
) -> None:
    watch = watch_folder(vault, poll=poll, look_every=SOON)
    assert await following(watch) is WatchEvent.CHANGED

    shutil.rmtree(vault)
    while (sign := await following(watch)) is not WatchEvent.GONE:
        assert sign in (WatchEvent.INTERVAL, WatchEvent.CHANGED)
    vault.mkdir()  # noqa: ASYNC240 - a moment of the test's own
    assert await following(watch) is WatchEvent.CHANGED


async def test_a_folder_that_is_created_later_is_watched(tmp_path: Path) -> None:
    watch = watch_folder(tmp_path / "later", look_every=SOON)
    assert await following(watch) is WatchEvent.GONE

    (tmp_path / "later").mkdir()

    assert await following(watch) is WatchEvent.CHANGED


async def test_symbolic_links_are_not_watched_and_bad_entries_do_not_end_the_watch(
    vault: Path,
) -> None:
    (vault / "everything").symlink_to("/usr")
    (vault / "loop").symlink_to("loop")
    os.mkfifo(vault / "pipe.md")
    watch = watch_folder(vault, look_every=NEVER)
    assert await following(watch) is WatchEvent.CHANGED

    assert await event_while_writing(watch, vault / "a.md") is WatchEvent.CHANGED
    assert sum(map(_watches, Path("/proc/self/fdinfo").iterdir())) < 50  # noqa: ASYNC240


def _watches(descriptor: Path) -> int:
    """How many folders an inotify descriptor of this process watches."""
    try:
        return descriptor.read_text().count("inotify wd")
    except OSError:
        return 0


async def test_a_file_system_without_events_yields_interval_events(
    overlay: tuple[Path, Path],
) -> None:
    lower, merged = overlay
    watch = watch_folder(merged, look_every=SOON)
    assert await following(watch) is WatchEvent.CHANGED
    (lower / "250203 A note.md").write_text("https://arxiv.org/abs/2501.00001\n")

    assert await following(watch) is WatchEvent.INTERVAL
    assert [each.name for each in merged.iterdir()] == ["250203 A note.md"]
