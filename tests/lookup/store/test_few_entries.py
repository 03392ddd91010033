"""Queries decided among a few entries find what the search finds (issue 16, item 1)."""

import random
from itertools import islice

from bot.archive.services import tidy_tags
from bot.archive.store import entry_changes
from bot.core.domain.errors import QueryError
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import Path, Query, Random
from bot.lookup.store import few_entries, search
from tests.archive_stage import NOW, keep
from tests.databases import throw_away
from tests.lookup import generated
from tests.lookup.store.test_engines_agree import talk, texts_of

SEED = 16
QUERIES = 400


def queries(chance: random.Random, texts: list[str]) -> list[Query]:
    found = []
    for text in islice(generated.look_ups(chance, texts), QUERIES):
        try:
            query = parse(text)
        except QueryError:
            continue
        # `path:` wants papers of this archive, and is no filter: issue 18, item 2.
        if not any(isinstance(term, Random | Path) for term in query.terms):
            found.append(query)
    return found


async def test_a_query_finds_the_same_among_a_few_entries_as_the_search():
    async with throw_away() as db:
        chance = random.Random(SEED)
        ids = await keep(db, *generated.entries(chance, 120))
        await talk(db, generated.replies(chance, 60, len(ids)), list(ids))
        async with db.transaction() as tx:
            await entry_changes.withdraw(tx, ids[::11], now=NOW)
        used = (await tidy_tags.list_tags(db)).counts
        for one, other in zip(used[1::6], used[::6], strict=False):
            await tidy_tags.merge(db, one.tag, other.tag)
        few = [*chance.sample(ids, 30), *ids[-5:]]
        asked = queries(chance, await texts_of(db))

        async with db.reading() as tx:
            found = await few_entries.matching(tx, asked, few)
            scanned = {query: {*await search.list_all(tx, query)} & {*few} for query in asked}

    assert {query: hits for query, hits in found.items() if hits != scanned[query]} == {}
    assert sum(map(bool, found.values())) > QUERIES // 4


async def test_nothing_is_found_among_no_entries():
    async with throw_away() as db:
        (_, *ids) = await keep(db, *generated.entries(random.Random(SEED), 1))

        async with db.reading() as tx:
            found = await few_entries.matching(tx, [parse("model")], [])

    assert found == {parse("model"): frozenset()}
    assert ids
