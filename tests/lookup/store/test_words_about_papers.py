"""Words together with a paper: the few entries of that paper are asked, not all with the words."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.database.database import Database, opened
from bot.core.database.dialect import for_sqlite
from bot.lookup.services import lookup
from tests.archive_stage import DAY, an_entry, keep
from tests.bench.recorded import RecordedDatabase
from tests.databases import throw_away

CITED, OTHER = "1706.03762", "2401.04088"


async def fill(db: Database, count: int, citing: int) -> None:
    """Entries of which every second says "보상 모델을 학습"; the first `citing` cite a paper."""
    await keep(
        db,
        *(
            an_entry(
                f"Paper {n}",
                arxiv_id=OTHER if n == 0 else None,
                on=DAY + timedelta(days=n),
                ko="보상 모델을 학습" if n % 2 == 0 else "학습 모델을 보상",
                tags="rl" if n % 3 == 0 else "",
                cites=(CITED,) if n < citing else (),
                path=f"notes/{n}.md",
            )
            for n in range(count)
        ),
    )


@pytest.mark.parametrize("citing", [0, 99, 100, 101, 140])
async def test_a_paper_that_few_or_many_cite_is_found_alike(citing: int):
    async with throw_away() as db:
        await fill(db, 150, citing)

        async def titles(query: str) -> tuple[list[str], int | None]:
            found = await lookup.look_up(db, query, per_page=150)
            return [stored.entry.paper.title for stored in found.entries], found.total

        def those(numbers: list[int]) -> tuple[list[str], int]:
            return [f"Paper {n}" for n in reversed(numbers)], len(numbers)

        phrase, cites = '"모델을 학습"', f"cites:{CITED}"
        every = list(range(citing))
        assert await titles(f"{phrase} {cites}") == those(every[::2])
        assert await titles(f"학습 {cites}") == those(every)
        assert await titles(f"학습 -{phrase} {cites}") == those(every[1::2])
        assert await titles(f"{phrase} #rl {cites}") == those(every[::6])
        assert await titles(f"{phrase} -#rl {cites} sort:new") == those(
            [n for n in every[::2] if n % 3]
        )
        assert await titles(f"paper {cites}") == those(every)
        assert await titles(f"{phrase} {OTHER}") == those([0])
        assert await titles(f"-{phrase} {OTHER}") == those([])


@pytest.mark.sqlite
async def test_words_about_a_paper_take_as_long_in_any_archive(tmp_path: Path):
    asked = [f"{words} {paper}" for words in ('"모델을 학습"', "학습", "paper")
             for paper in (f"cites:{CITED}", OTHER)]  # fmt: skip
    small, large = [await steps(tmp_path / f"{n}.db", n, asked) for n in (40, 400)]

    for query in asked:
        assert large[query] <= small[query] * 1.2, query


@pytest.mark.sqlite
async def test_words_without_a_paper_do_not(tmp_path: Path):
    """The steps that are counted are those of the search: a negative control."""
    asked = ["학습 -date:2025 -cites:1706.03762"]
    small, large = [await steps(tmp_path / f"{n}.db", n, asked) for n in (40, 400)]

    assert large[asked[0]] > small[asked[0]] * 2


async def steps(path: Path, count: int, asked: list[str]) -> Mapping[str, int]:
    """The steps that SQLite takes for each look-up in an archive of `count` entries."""
    taken = dict.fromkeys(asked, 0)
    async with opened(path) as db:
        await fill(db, count, citing=4)
        with closing(sqlite3.connect(path)) as plain:
            for query in asked:
                recorded = RecordedDatabase(db)
                await lookup.look_up(recorded, query)

                def step(query: str = query) -> None:
                    taken[query] += 1

                plain.set_progress_handler(step, 1)
                for sql, parameters in recorded.asked:
                    plain.execute(for_sqlite(sql), parameters or {}).fetchall()
                plain.set_progress_handler(None, 1)
    return taken
