"""How quickly the archive becomes a static site, and one changed note its pages (issue 18)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from bot.app.site import write_site
from bot.archive.domain.entry import Language
from bot.archive.services.import_files import import_files
from bot.core.database.database import Database, opened
from bot.site.services.write_folder import Written
from tests.bench.measure import Row, timed
from tests.bench.notes import write_vault
from tests.bench.verdict import Figure

NOW = datetime(2026, 11, 29, tzinfo=UTC)
_WHOLE, _CHANGED = 60, 5
"""Seconds for 4,000 entries: the whole site, and one changed note."""


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table: pages and feeds in two languages."""
    count, rounds = (400, 1) if quick else (4000, 3)
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as name:
        folder = Path(name)
        vault = await asyncio.to_thread(write_vault, folder / "vault", count)
        notes = sorted(vault.rglob("*.md"))
        async with opened(folder / "paperbot.db") as db:
            await import_files(db, [vault], now=NOW)
            whole = [await timed(lambda: _written(db, folder / "site"))]
            changed = []
            for number in range(rounds):
                note = notes[len(notes) // 2 + number]
                note.write_text(f"{note.read_text(encoding='utf-8')}\nOne more line.\n", "utf-8")
                await import_files(db, [vault], now=NOW)
                changed.append(await timed(lambda: _written(db, folder / "site")))
            last = await _written(db, folder / "site")
    yield Row(
        f"static site of {count:,} entries",
        f"{whole[0]:.1f} s",
        f"{last.kept:,} files",
        f"< {_WHOLE} s",
        figures=(Figure(tuple(whole), "s", at_most=_WHOLE),),
    )
    yield Row(
        "the same after one changed note",
        f"{sorted(changed)[len(changed) // 2]:.1f} s",
        "",
        f"< {_CHANGED} s",
        figures=(Figure(tuple(changed), "s", at_most=_CHANGED),),
    )


async def _written(db: Database, folder: Path) -> Written:
    return await write_site(
        db,
        folder,
        base="https://papers.example.org",
        languages=(Language.KO, Language.EN),
        today=NOW.date(),
        progress=lambda _done, _total: None,
    )
