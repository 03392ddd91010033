"""How quickly notes come in, against reading the same files and inserting the same rows."""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.archive.services.import_files import import_files
from bot.core.database.database import open_database
from tests.bench.measure import Row, Timed, against, in_turn, ratios
from tests.bench.notes import write_vault
from tests.bench.verdict import Figure

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "vault"
TABLES = (
    *("paper", "source", "entry", "tag", "tag_alias"),
    *("entry_tag", "reference", "link", "search_text"),
)


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        generated = write_vault(Path(folder) / "vault", 1000 if quick else 4000)
        vaults = [("generated vault", generated, 3 if quick else 5)]
        if SAMPLES.is_dir():
            vaults.insert(0, ("sample vault", SAMPLES, 5 if quick else 11))
        for name, vault, rounds in vaults:
            async for row in _import_rows(name, vault, Path(folder), rounds):
                yield row


async def _import_rows(name: str, vault: Path, folder: Path, rounds: int) -> AsyncIterator[Row]:
    path = folder / "ours.db"
    files = _notes(vault)
    floor = await _floor(vault, folder, files)

    async def fresh() -> float:
        _remove(path)
        return await _imported(path, vault)

    seconds = await in_turn(
        rounds, {"ours": fresh, "floor": floor, "again": lambda: _imported(path, vault)}
    )
    medians = {kind: statistics.median(each) for kind, each in seconds.items()}
    rate = len(files) / medians["ours"]
    again = len(files) / medians["again"]
    yield Row(
        f"import of the {name}, {len(files)} notes",
        f"{rate:,.0f} notes/s",
        against("the floor", medians["ours"], medians["floor"]),
        "≤ 2.2 ×, ≥ 1,500/s",
        figures=(
            ratios(seconds["ours"], seconds["floor"], at_most=2.2),
            _rates(len(files), seconds["ours"], at_least=1500),
        ),
    )
    yield Row(
        f"again, unchanged: {name}",
        f"{again:,.0f} notes/s",
        aim="≥ 10,000/s",
        figures=(_rates(len(files), seconds["again"], at_least=10_000),),
    )


def _rates(number: int, seconds: Sequence[float], at_least: float) -> Figure:
    return Figure(tuple(number / each for each in seconds), "/s", at_least=at_least)


def _notes(vault: Path) -> list[Path]:
    return sorted(vault.rglob("*.md"))


def _remove(database: Path) -> None:
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()


async def _imported(path: Path, vault: Path) -> float:
    db = await open_database(path)
    start = time.perf_counter()
    await import_files(db, [vault], now=NOW)
    seconds = time.perf_counter() - start
    await db.close()
    return seconds


async def _floor(vault: Path, folder: Path, files: list[Path]) -> Timed:
    """Reads the same files and inserts the same rows, full-text index included, in one go."""
    model = folder / "model.db"
    _remove(model)
    await _imported(model, vault)
    filled = sqlite3.connect(model)
    contents = {table: filled.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    filled.close()
    target = folder / "floor.db"

    def insert() -> float:
        connection = sqlite3.connect(target, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        start = time.perf_counter()
        for file in files:
            file.read_bytes()
        connection.execute("BEGIN IMMEDIATE")
        for table, found in contents.items():
            if found:
                holes = ", ".join("?" * len(found[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({holes})", found)
        connection.execute("COMMIT")
        seconds = time.perf_counter() - start
        connection.close()
        return seconds

    async def floor() -> float:
        _remove(target)
        await (await open_database(target)).close()
        return await asyncio.to_thread(insert)

    return floor
