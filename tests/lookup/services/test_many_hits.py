"""A look-up with more hits than are counted is read to its end, on pages and at once."""

from datetime import timedelta

import pytest

from bot.core.database.database import Database
from bot.lookup.services.lookup import look_up
from bot.lookup.store.search import COUNTED
from tests.archive_stage import DAY, an_entry, keep_apart

HITS = COUNTED + 30
QUERIES = [
    pytest.param("gizmo", id="in abstracts"),
    pytest.param("paper", id="in titles"),
    pytest.param("gizmo sort:new", id="newest first"),
    pytest.param("#wid", id="tag"),
    pytest.param("", id="all"),
]


@pytest.fixture
async def archive(db: Database) -> Database:
    await keep_apart(
        db,
        *(
            an_entry(
                f"Paper {n}",
                abstract="We study gizmos: gizmo",
                tags="wid",
                on=DAY - timedelta(n // 9),
            )
            for n in range(HITS)
        ),
    )
    return db


@pytest.mark.parametrize("asked", QUERIES)
async def test_the_pages_of_many_hits_go_on_to_the_last_one(archive: Database, asked: str):
    per_page = 50
    first = await look_up(archive, asked, per_page=per_page)
    page, seen, more = COUNTED // per_page - 1, 0, True
    while more:
        results = await look_up(archive, asked, page=page, per_page=per_page)
        seen = (page - 1) * per_page + len(results.entries)
        page, more = page + 1, results.more

    assert (first.total, first.more) == (None, True)
    assert seen == HITS


@pytest.mark.parametrize("asked", QUERIES)
async def test_one_large_page_has_all_of_them_and_their_number(archive: Database, asked: str):
    results = await look_up(archive, asked, per_page=5 * COUNTED)

    assert len({stored.id for stored in results.entries}) == HITS
    assert (results.total, results.more) == (HITS, False)
