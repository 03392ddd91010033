"""Follows: a thousand readers with five queries each and twelve new entries, planned."""

import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bot.core.database.database import opened
from bot.core.domain.i18n import ENGLISH
from bot.follow.services import plan
from bot.lookup.domain.query import parse
from bot.lookup.store import search
from tests import crowd
from tests.bench.measure import Row

MOST_SECONDS = 1.0
ROUNDS = 3


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The row of the table."""
    number = 200 if quick else 1000
    seconds, worked, messages, scanned = [], [], 0, 0.0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
            async with opened(Path(folder) / "follow.db") as db:
                await crowd.add_archive(db, 1000)
                await crowd.add_readers(db, number)
                start, since = time.perf_counter(), time.process_time()
                messages = await plan.plan_due(
                    db, now=crowd.DUE_AT, voices=lambda _: ENGLISH, link=lambda _: None
                )
                seconds.append(time.perf_counter() - start)
                worked.append(time.process_time() - since)
                async with db.reading() as tx:
                    asked = await tx.all("SELECT DISTINCT query FROM follow LIMIT 50")
                    start = time.perf_counter()
                    for row in asked:
                        await search.list_all(tx, parse(row["query"]))
                    scanned = (time.perf_counter() - start) / len(asked) * number * crowd.QUERIES
    median, cpu = sorted(seconds)[ROUNDS // 2], sorted(worked)[ROUNDS // 2]
    yield Row(
        f"{number} readers, {crowd.QUERIES} queries each, {crowd.NEW} new entries: planned",
        f"{median:.2f} s ({cpu:.2f} s of CPU), {messages} messages",
        f"a look-up each would take {scanned:.0f} s",
        f"under {MOST_SECONDS:.0f} s",
        median < MOST_SECONDS,
    )
