"""Authors are found by their names, in whichever order a note has them."""

import pytest

from bot.core.database.database import Database
from bot.lookup.services.completion import complete
from tests.archive_stage import an_entry, check_index, found, keep_apart


@pytest.fixture
async def library(db: Database) -> Database:
    await keep_apart(
        db,
        an_entry("Turned", authors=("Zhang, Wei", "García Márquez, Gabriel", "홍, 길동")),
        an_entry("Plain", authors=("Wei Zhang", "Zhang Min")),
        an_entry("Suffixed", authors=("Martin Luther, Jr.", "Henry Ford, II", "Robots, Inc.")),
        an_entry("Initials", authors=("I. Goodfellow", "Hinton, I. J.")),
        an_entry("Groups", authors=("Gemini Team", "University of California, Berkeley")),
        an_entry("Turned group", authors=("Team, Gemini", "Collaboration, ATLAS")),
        an_entry("Written", authors=("Erd\\H{o}s, P\\'al",)),
    )
    return db


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ('author:"Zhang, Wei"', ["Turned", "Plain"]),
        ('author:"wei zhang"', ["Turned", "Plain"]),
        ('author:"zhang wei"', ["Turned"]),
        ('author:"gabriel garcia marquez"', ["Turned"]),
        ('author:"garcia marquez, gabriel"', ["Turned"]),
        ('author:"길동 홍"', ["Turned"]),
        ('author:"wei garcia"', []),
        ('author:"min zhang"', []),
        ('author:"Martin Luther, Jr."', ["Suffixed"]),
        ('author:"jr martin"', []),
        ('author:"Henry Ford, II"', ["Suffixed"]),
        ('author:"Robots, Inc."', ["Suffixed"]),
        ('author:"pál erdős"', ["Written"]),
        ('author:"Goodfellow, I."', ["Initials"]),
        ('author:"I. J. Hinton"', ["Initials"]),
        ('author:"Team, Gemini"', ["Groups", "Turned group"]),
        ('author:"Gemini Team"', ["Groups", "Turned group"]),
        ('author:"team gemini"', ["Turned group"]),
        ('author:"ATLAS Collaboration"', ["Turned group"]),
        ('author:"University of California, Berkeley"', ["Groups"]),
        ('author:"berkeley university"', []),
        ("wei zhang", ["Turned", "Plain"]),
        ('-author:"wei zhang"', ["Suffixed", "Initials", "Groups", "Turned group", "Written"]),
    ],
)
async def test_an_author_is_found_in_each_order_of_the_name(
    library: Database, asked: str, titles: list[str]
):
    assert await found(library, asked) == titles
    await check_index(library)


@pytest.mark.parametrize(
    "typed", ["author:zhang", "author:wei", "author:gabriel", "author:홍", "author:gem"]
)
async def test_each_author_that_is_offered_is_found(library: Database, typed: str):
    offered = [choice.value for choice in await complete(library, typed)]

    assert offered
    assert all([await found(library, query) for query in offered])
