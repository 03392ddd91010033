"""`path:A..B`: the chain of references between two papers, in a real database."""

import random
from datetime import date, timedelta

import pytest

from bot.archive.store import entry_changes
from bot.core.database.database import Database
from bot.core.domain.errors import QueryError
from bot.lookup.services import lookup
from tests.archive_stage import NOW, an_entry, found, keep, keep_apart
from tests.graph.domain.test_chain import distances


@pytest.fixture
async def library(db: Database) -> Database:
    """Attention <- Mixture <- Rewards -> Older -> Attention, and Puzzles -> [[rewards]]."""
    await keep(
        db,
        an_entry("Attention", arxiv_id="1706.03762", on=date(2017, 6, 12), path="n/attention.md"),
        an_entry(
            "Mixture of experts",
            arxiv_id="2401.04088",
            on=date(2024, 1, 8),
            tags="moe",
            cites=("1706.03762",),
            path="n/mixture.md",
        ),
        an_entry(
            "Older mixture",
            arxiv_id="2301.00001",
            on=date(2023, 1, 8),
            cites=("1706.03762", "2412.01981"),
            path="n/older.md",
        ),
        an_entry(
            "Rewards",
            arxiv_id="2502.01456",
            on=date(2025, 2, 3),
            cites=("2401.04088", "2301.00001"),
            path="n/rewards.md",
        ),
        an_entry(
            "Puzzles", url="https://example.org/p", links=("older", "rewards"), path="n/puzzles.md"
        ),
        an_entry("Alone", on=None, path="n/alone.md"),
        an_entry(
            "Elsewhere",
            url="https://example.org/e",
            links=("other/rewards", "n/older"),
            path="n/elsewhere.md",
        ),
    )
    return db


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("path:1706.03762..2502.01456", ["Attention", "Older mixture", "Rewards"]),
        ("path:entry:4..entry:1", ["Rewards", "Older mixture", "Attention"]),
        ('path:"attention".."rewards"', ["Attention", "Older mixture", "Rewards"]),
        ("path:https://example.org/p..1", ["Puzzles", "Older mixture", "Attention"]),
        ("path:https://papers.example/entry/2..1", ["Mixture of experts", "Attention"]),
        ("path:1706.03762..2502.01456 -rewards", ["Attention", "Older mixture"]),
        ("path:1..2 #moe", ["Mixture of experts"]),
        ("path:6..6", ["Alone"]),
        ("path:7..1", ["Elsewhere", "Older mixture", "Attention"]),
    ],
)
async def test_a_chain_stands_in_its_order(library, query, titles):
    assert await found(library, query) == titles


async def test_a_chain_has_pages_and_a_total(library):
    results = await lookup.look_up(library, "path:1..4", page=2, per_page=2)

    assert [stored.entry.paper.title for stored in results.entries] == ["Rewards"]
    assert (results.total, results.more) == (3, False)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("path:2412.01981..1", "No entry is about 2412.01981: write"),
        ("path:77..1", "No entry is about entry:77: write"),
        ('path:"rewrds".."attention"', "Similar titles: entry:4 “Rewards”"),
        ('path:"mixture".."attention"', "several papers: entry:2 “Mixture of experts”, entry:3"),
        ("path:6..1", "No chain of references leads from 6 to 1"),
    ],
)
async def test_what_has_no_chain_is_said_in_one_message(library, query, said):
    with pytest.raises(QueryError) as refused:
        await found(library, query)

    assert said in str(refused.value)


@pytest.mark.parametrize("behind", ["", " and what the authors say of it at length" * 8])
async def test_the_most_similar_of_many_titles_are_suggested_best_first(db: Database, behind: str):
    title = (
        "Constitutional alignment of language models by scalable oversight in three steps of debate"
    )
    titles = [f"Paper {n}" for n in range(250)]
    titles[0] = title.replace("models", "agents")
    titles[120] = title
    titles[249] = titles[0].replace("scalable", "recursive")
    await keep_apart(db, *map(an_entry, titles))

    with pytest.raises(QueryError) as refused:
        await found(db, f'path:"{title.replace("language", "langage")}{behind}"..entry:2')

    said = str(refused.value)
    assert said.index("entry:121 “") < said.index("entry:1 “") < said.index("entry:250 “")


async def test_a_withdrawn_entry_is_no_step(library):
    [withdrawn] = (await lookup.look_up(library, "2301.00001")).entries
    async with library.transaction() as tx:
        await entry_changes.withdraw(tx, [withdrawn.id], now=NOW)

    assert await found(library, "path:1..4") == ["Attention", "Mixture of experts", "Rewards"]


async def test_chains_of_a_generated_archive_are_the_shortest(db):
    chance = random.Random(18)
    cited = {n: chance.sample(range(n), k=min(n, chance.choice([0, 1, 1, 2]))) for n in range(60)}
    await keep_apart(
        db,
        *(
            an_entry(
                f"Paper {n}",
                arxiv_id=f"2401.{n:05}",
                on=date(2024, 1, 1) + timedelta(days=n),
                cites=tuple(f"2401.{other:05}" for other in others),
            )
            for n, others in cited.items()
        ),
    )
    far = distances(59, {(n, other) for n, others in cited.items() for other in others})

    for n in range(59):
        try:
            chain = await found(db, f"path:2401.{n:05}..2401.00059")
        except QueryError:
            assert n not in far
        else:
            assert len(chain) == far[n] + 1
