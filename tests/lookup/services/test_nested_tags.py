"""A tag means those that are nested in it (issue 12, item 23)."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.channels.domain.digest_options import TagFilter
from bot.core.database.database import Database
from bot.discussion.services.library import DatabaseLibrary
from bot.lookup.services.completion import complete
from tests.archive_stage import an_entry, found, keep_apart
from tests.databases import throw_away


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    async with throw_away() as database:
        await keep_apart(
            database,
            an_entry("One", on=date(2025, 1, 1), tags="ml/rl", ko="보상"),
            an_entry("Two", on=date(2025, 1, 2), tags="ml", ko="보상"),
            an_entry("Three", on=date(2025, 1, 3), tags="ml/rl/ppo lm"),
            an_entry("Four", on=date(2025, 1, 4), tags="mlops ml-systems", ko="보상"),
        )
        yield database


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("#ml", ["Three", "Two", "One"]),
        ("ml", ["Three", "Two", "One"]),
        ("#ML", ["Three", "Two", "One"]),
        ("#ml/rl", ["Three", "One"]),
        ("#ml/rl/ppo", ["Three"]),
        ("-#ml", ["Four"]),
        ("-#ml/rl 보상", ["Four", "Two"]),
        ("#ml 보상", ["Two", "One"]),
        ("#ml #lm", ["Three"]),
        ("#ml -#lm date:2025-01-01", ["One"]),
        ("#ml/none", []),
        ("#m", []),
    ],
)
async def test_a_tag_finds_what_is_nested_in_it(db, query, titles):
    assert await found(db, query) == titles


async def test_a_tag_that_only_has_nested_ones_is_a_tag_as_well():
    async with throw_away() as db:
        await keep_apart(db, an_entry("One", tags="ml/rl"), an_entry("ml here", tags="lm"))

        assert await found(db, "ml") == await found(db, "#ml") == ["One"]
        assert (await DatabaseLibrary(db).list_tagged("ml", page=1, per_page=9)).entries
        assert not (await DatabaseLibrary(db).list_tagged("none", page=1, per_page=9)).entries


async def test_a_tag_with_very_many_nested_ones_finds_them_all():
    async with throw_away() as db:
        many = an_entry("Many", tags=" ".join(f"ml/u{n}" for n in range(2_000)))
        await keep_apart(db, many, *(an_entry(f"E{n}", tags=f"ml/t{n}") for n in range(60)))

        assert len(await found(db, "#ml")) == 61


async def test_a_channels_filter_means_nested_tags_too():
    wanted, unwanted = TagFilter(frozenset({"ml"})), TagFilter(unwanted=frozenset({"ml"}))

    assert [wanted.accepts([tag]) for tag in ("ml", "ml/rl", "mlops")] == [True, True, False]
    assert [unwanted.accepts([tag]) for tag in ("ml", "ml/rl", "mlops")] == [False, False, True]
    assert not TagFilter(frozenset({"ml/rl"})).accepts(["ml"])


async def test_completion_offers_what_is_nested(db):
    assert "#ppo" not in [choice.value for choice in await complete(db, "#pp")]
    assert [choice.value for choice in await complete(db, "#pp")] == ["#ml/rl/ppo"]
