import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.archive.domain.entry import StoredEntry
from bot.archive.services.vault import Vault
from bot.archive.store import entries
from bot.core.database.database import Database, opened

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOTE = "https://arxiv.org/abs/2501.0000{n}\n\n한국어로 쓴 생각 {n}.\n\n#reasoning\n"


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    async with opened(None) as database:
        yield database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vault = tmp_path / "vault"
    vault.mkdir()
    for n in range(1, 4):
        (vault / f"25020{n} Note {n}.md").write_text(NOTE.format(n=n), encoding="utf-8")
    return vault


async def kept(db: Database) -> tuple[StoredEntry, ...]:
    async with db.reading() as tx:
        return await entries.between(tx, date(2025, 1, 1), date(2025, 12, 31))


async def titles(db: Database) -> list[str]:
    return [stored.entry.paper.title for stored in await kept(db)]


async def test_the_archive_follows_the_folder(db: Database, folder: Path) -> None:
    made_a_difference: list[int] = []
    vault = Vault(db, folder, clock=lambda: NOW, changed=lambda: made_a_difference.append(1))

    async def changes() -> AsyncIterator[bool]:
        yield True
        assert await titles(db) == ["Note 1", "Note 2", "Note 3"]
        yield True  # nothing happened
        (folder / "250202 Note 2.md").unlink()
        (folder / "250209 Note 9.md").write_text(NOTE.format(n=9), encoding="utf-8")
        yield True

    await vault.follow(changes())

    assert await titles(db) == ["Note 1", "Note 3", "Note 9"]
    assert len(made_a_difference) == 2
    assert vault.condition.ok


async def test_a_folder_that_is_gone_withdraws_nothing_and_shows(
    db: Database, folder: Path
) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, changed=lambda: None)

    async def changes() -> AsyncIterator[bool]:
        yield True
        shutil.rmtree(folder)
        yield False

    await vault.follow(changes())

    assert await titles(db) == ["Note 1", "Note 2", "Note 3"]
    assert not vault.condition.ok
    assert "nothing is withdrawn" in vault.condition.detail


async def test_an_empty_folder_is_a_disk_that_is_not_mounted(db: Database, folder: Path) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, changed=lambda: None)

    async def changes() -> AsyncIterator[bool]:
        yield True
        for note in folder.iterdir():  # noqa: ASYNC240 - a moment of the test's own
            note.unlink()
        yield True

    await vault.follow(changes())

    assert await titles(db) == ["Note 1", "Note 2", "Note 3"]


async def test_a_note_that_comes_back_keeps_its_entry(db: Database, folder: Path) -> None:
    vault = Vault(db, folder, clock=lambda: NOW, changed=lambda: None)
    note = folder / "250201 Note 1.md"
    before: list[int] = []

    async def changes() -> AsyncIterator[bool]:
        yield True
        before.extend([stored.id for stored in await kept(db)])
        note.rename(folder.parent / "aside.md")
        yield True
        assert "Note 1" not in await titles(db)
        (folder.parent / "aside.md").rename(note)
        yield True

    await vault.follow(changes())

    assert [stored.id for stored in await kept(db)] == before
