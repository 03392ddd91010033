import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.archive.domain.entry import StoredEntry
from bot.archive.services.files.read_files import FILES_AT_ONCE
from bot.archive.services.import_files import import_files
from bot.archive.store import entries
from bot.core.database.database import Database, Transaction
from bot.vault.services.own_writes import OwnWrites, signature_of
from bot.vault.services.vault import SNAPSHOTS_ALIKE, Vault
from bot.vault.services.vault_watch import WatchEvent
from tests.waiting import until
from tests.wrapped_database import WrappedDatabase

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOTE = "https://arxiv.org/abs/2501.0000{n}\n\n한국어로 쓴 생각 {n}.\n\n#reasoning\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vault = tmp_path / "vault"
    vault.mkdir()
    for n in range(1, 4):
        (vault / f"25020{n} Note {n}.md").write_text(NOTE.format(n=n), encoding="utf-8")
    return vault


async def no_sleep(_seconds: float) -> None:
    """Take the snapshots without waiting."""


async def kept(db: Database) -> tuple[StoredEntry, ...]:
    async with db.reading() as tx:
        return await entries.between(tx, date(2025, 1, 1), date(2025, 12, 31))


async def titles(db: Database) -> list[str]:
    return [stored.entry.paper.title for stored in await kept(db)]


async def test_changes_of_the_folder_are_imported(db: Database, folder: Path) -> None:
    made_a_difference: list[int] = []
    vault = Vault(
        db, folder, clock=lambda: NOW, sleep=no_sleep, changed=lambda: made_a_difference.append(1)
    )

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        assert await titles(db) == ["Note 1", "Note 2", "Note 3"]
        yield WatchEvent.CHANGED  # nothing happened
        (folder / "250202 Note 2.md").unlink()
        (folder / "250209 Note 9.md").write_text(NOTE.format(n=9), encoding="utf-8")
        yield WatchEvent.CHANGED

    await vault.follow(signs())

    assert await titles(db) == ["Note 1", "Note 3", "Note 9"]
    assert len(made_a_difference) == 2
    assert vault.condition.ok


async def test_a_missing_folder_withdraws_nothing_and_is_reported(
    db: Database, folder: Path
) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, sleep=no_sleep, changed=lambda: None)

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        shutil.rmtree(folder)
        yield WatchEvent.GONE

    await vault.follow(signs())

    assert await titles(db) == ["Note 1", "Note 2", "Note 3"]
    assert not vault.condition.ok
    assert "nothing is withdrawn" in vault.condition.detail


async def test_an_empty_folder_withdraws_nothing(db: Database, folder: Path) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, sleep=no_sleep, changed=lambda: None)

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        for note in folder.iterdir():  # noqa: ASYNC240 - a moment of the test's own
            note.unlink()
        yield WatchEvent.CHANGED

    await vault.follow(signs())

    assert await titles(db) == ["Note 1", "Note 2", "Note 3"]


async def test_a_restored_note_keeps_its_entry(db: Database, folder: Path) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, sleep=no_sleep, changed=lambda: None)
    note = folder / "250201 Note 1.md"
    before: list[int] = []

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        before.extend([stored.id for stored in await kept(db)])
        note.rename(folder.parent / "aside.md")
        yield WatchEvent.CHANGED
        assert "Note 1" not in await titles(db)
        (folder.parent / "aside.md").rename(note)
        yield WatchEvent.CHANGED

    await vault.follow(signs())

    assert [stored.id for stored in await kept(db)] == before


async def test_what_the_bot_wrote_and_imported_is_not_imported_again(
    db: Database, folder: Path
) -> None:
    own = OwnWrites()
    imports: list[datetime] = []

    def clock() -> datetime:
        imports.append(NOW)
        return NOW

    vault = Vault(db, folder, clock=clock, sleep=no_sleep, changed=lambda: None, own=own)
    note, other = folder / "250209 Note 9.md", folder / "250208 Note 8.md"
    counts = []

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        async with own.lock:
            note.write_text(NOTE.format(n=9), encoding="utf-8")
            found = signature_of(note)
            await import_files(db, [note], now=NOW)
            own.note(note, found)
        yield WatchEvent.CHANGED
        yield WatchEvent.INTERVAL
        counts.append(len(imports))
        other.write_text(NOTE.format(n=8), encoding="utf-8")  # a pull's, say
        yield WatchEvent.CHANGED

    await vault.follow(signs())

    assert counts == [1]
    assert await titles(db) == ["Note 1", "Note 2", "Note 3", "Note 8", "Note 9"]


class BeforeWriting(WrappedDatabase):
    """Calls `meanwhile` before the first transaction that writes begins."""

    def __init__(self, inner: Database, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(inner)
        self._meanwhile: Callable[[], Awaitable[None]] | None = meanwhile

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        async with self.inner.transaction() as tx:
            yield tx


@pytest.mark.parametrize("noted_late", [False, True])
@pytest.mark.parametrize("name", ["250209 Note 9.md", "250210 New.md"])
async def test_what_the_bot_writes_during_an_import_stays(
    db: Database, folder: Path, name: str, *, noted_late: bool
) -> None:
    # It is read before the first batch is stored, and stored after that: see `import_files`.
    for n in range(FILES_AT_ONCE):
        (folder / f"250101 Older {n}.md").write_text(f"**Older {n}**\n\nText.\n")
    (folder / "250209 Note 9.md").write_text(NOTE.format(n=9), encoding="utf-8")
    own, note = OwnWrites(), folder / name

    async def write() -> None:
        async with own.lock:
            note.write_text(NOTE.format(n=9).replace("생각 9", "고친 생각"), encoding="utf-8")
            found = signature_of(note)
            await import_files(db, [note], now=NOW)
            written.set()
            if noted_late:
                await until(lambda: vault.condition.last_ok_at is not None)
            own.note(note, found)

    async def meanwhile() -> None:
        tasks.create_task(write())
        await written.wait()

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        yield WatchEvent.INTERVAL

    written = asyncio.Event()
    vault = Vault(
        BeforeWriting(db, meanwhile),
        folder,
        clock=lambda: NOW,
        sleep=no_sleep,
        changed=lambda: None,
        own=own,
    )
    async with asyncio.TaskGroup() as tasks:
        await vault.follow(signs())

    [said] = [
        stored.entry.commentary
        for stored in await kept(db)
        if stored.entry.source.path.endswith(name)
    ]
    assert "고친 생각" in str(said)


class Steps:
    """A sleep that changes the folder instead: one step per call."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    async def __call__(self, _seconds: float) -> None:
        if self._steps:
            self._steps.pop(0)()


async def test_a_note_that_is_being_written_is_not_imported_until_it_is_stable(
    db: Database, folder: Path
) -> None:
    note, whole = folder / "250202 Note 2.md", NOTE.format(n=2)
    said: list[str] = []
    half = whole[: len(whole) // 2]
    steps = Steps()
    vault = Vault(db, folder, clock=lambda: NOW, sleep=steps, changed=lambda: None)

    async def text() -> str:
        return next(s.entry.source.text for s in await kept(db) if "Note 2" in s.entry.paper.title)

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        note.write_text("")
        steps._steps = [lambda: note.write_text(half), lambda: note.write_text(half + " ")]
        yield WatchEvent.CHANGED
        said.append(await text())
        assert "1 being written" in vault.condition.detail
        steps._steps = [lambda: note.write_text(whole + "끝."), lambda: None]
        yield WatchEvent.INTERVAL
        said.append(await text())
        yield WatchEvent.INTERVAL
        said.append(await text())

    await vault.follow(signs())

    assert said == [whole, whole, whole + "끝."]


async def test_other_notes_are_imported_while_one_is_being_written(
    db: Database, folder: Path
) -> None:
    log = folder / "log.txt"

    def write() -> None:
        with log.open("a") as file:
            file.write("2025-02-03\nTitle\n(A B, C D)\ntext\n")

    vault = Vault(db, folder, clock=lambda: NOW, sleep=Steps(*[write] * 100), changed=lambda: None)

    async def signs() -> AsyncIterator[WatchEvent]:
        write()
        yield WatchEvent.CHANGED
        (folder / "250202 Note 2.md").unlink()
        yield WatchEvent.INTERVAL

    await vault.follow(signs())

    assert await titles(db) == ["Note 1", "Note 3"]


async def test_a_note_that_is_replaced_within_a_moment_is_not_withdrawn(
    db: Database, folder: Path
) -> None:
    note = folder / "250201 Note 1.md"
    aside = folder.parent / "aside"
    steps = Steps()
    vault = Vault(db, folder, clock=lambda: NOW, sleep=steps, changed=lambda: None)
    withdrawn: list[bool] = []

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        note.rename(aside)
        steps._steps = [lambda: aside.rename(note)]
        yield WatchEvent.CHANGED
        withdrawn.append("Note 1" not in await titles(db))

    await vault.follow(signs())

    assert withdrawn == [False]


async def test_an_interval_without_events_imports_new_notes(db: Database, folder: Path) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, sleep=no_sleep, changed=lambda: None)
    waits: list[float] = []

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        vault._sleep = sleep
        yield WatchEvent.INTERVAL
        assert waits == []  # nothing has changed
        (folder / "250204 NOTE 4.MD").write_text(NOTE.format(n=4), encoding="utf-8")
        (folder / "250205 Note 5.markdown").write_text(NOTE.format(n=5), encoding="utf-8")
        (folder / "250206 Page.txt").write_text("2025-02-06\nNote 6\n(Ada Lovelace)\nText.\n")
        yield WatchEvent.INTERVAL

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    await vault.follow(signs())

    assert len(waits) == SNAPSHOTS_ALIKE
    assert (await titles(db))[3:] == ["NOTE 4", "Note 5", "Note 6"]


async def test_each_problem_is_logged_once_and_the_vault_stays_ok(
    db: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, sleep=no_sleep, changed=lambda: None)
    (folder / "loop.md").symlink_to("loop.md")

    async def signs() -> AsyncIterator[WatchEvent]:
        yield WatchEvent.CHANGED
        yield WatchEvent.CHANGED
        os.mkfifo(folder / "pipe.md")
        yield WatchEvent.INTERVAL

    await vault.follow(signs())

    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 2
    assert "loop.md" in told[0]
    assert "pipe.md: this is a pipe" in told[1]
    assert vault.condition.ok
    assert await titles(db) == ["Note 1", "Note 2", "Note 3"]
