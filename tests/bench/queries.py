"""What people type in the benches of the chats: many different queries, the popular ones often.

The bot keeps the answers that it gave lately. A handful of queries would always find theirs there,
and a team does not look up the same four things all day. So these are hundreds of queries of the
kinds that people type, which show well over a thousand different entries, more than the bot
remembers, and they are drawn as people choose: a few again and again, most now and then (Zipf's
law).
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle, islice

from bot.core.database.database import Database, opened
from bot.core.domain.command_line import parse_line
from bot.lookup.services import lookup
from tests.bench.notes import FIRST, LAST, STEMS, TAGS, WORDS
from tests.locations import Location

SAME_FOUR = ("reasoning", "#model", "학습", "#gradient -#model")
"""What the bench typed, in turn, when the aims of issue 19 were set; the bot keeps these answers."""

_COUNT = 400
_LEAST_SHOWN = 1_500
"""Entries that the queries show together."""
_DAYS = 9
"""The archive of 4,000 has ten entries in them."""


async def typed_queries(database: Location) -> tuple[str, ...]:
    """`_COUNT` queries that find something in the archive of 4,000, the most popular first."""
    chance = random.Random(36)
    found: dict[str, None] = {}
    shown: set[int] = set()
    async with opened(database) as db:
        while len(found) < _COUNT:
            query = _query(chance)
            if entries := await _shown(db, query):
                found[query] = None
                shown |= entries
    assert len(shown) >= _LEAST_SHOWN, f"the queries show no more than {len(shown)} entries"
    return tuple(found)


async def _shown(db: Database, query: str) -> set[int]:
    options = parse_line(f"/paper {query}").options
    page = int(options.get("page", "1"))
    results = await lookup.look_up(db, options["query"], page=page, in_brief=True)
    return {entry.id for entry in results.entries}


def _query(chance: random.Random) -> str:
    """A query as people type it; it may find nothing."""
    tag, other = chance.sample(TAGS, 2)
    (stem, stem_too), (word, word_too) = chance.sample(STEMS, 2), chance.sample(WORDS, 2)
    day = FIRST + timedelta(days=chance.randrange((LAST - FIRST).days))
    weights = {
        tag: 3,
        f"#{tag}": 4,
        f"#{tag} #{other}": 3,
        f"#{tag} -#{other}": 3,
        stem: 3,
        f"{stem} {stem_too}": 2,
        f"{word} {word_too}": 3,
        f'"{word} {word_too}"': 1,
        f"{stem} #{tag}": 2,
        f"author:jinwoo #{tag}": 2,
        f"date:{day:%Y-%m}": 3,
        f"date:{day}": 1,
        f"#{tag} after:{day.year}": 1,
        f"entry:{chance.randint(1, 4_000)}": 2,
        f"{tag} page:2": 2,
        f"{stem} page:{chance.randint(2, 4)}": 3,
    }
    (query,) = chance.choices(list(weights), list(weights.values()))
    return query


def drawn(queries: Sequence[str], count: int, seed: int) -> list[str]:
    """So many of the queries, one after another, each as often as it is popular."""
    weights = [1 / rank for rank in range(1, len(queries) + 1)]
    return random.Random(seed).choices(queries, weights, k=count)


def unseen(count: int) -> list[str]:
    """So many queries of which each shows ten entries that the hundred before it did not show.

    They are the spans of days of the whole archive, again and again.
    """
    days = range(0, (LAST - FIRST).days - _DAYS, _DAYS)
    begin = (FIRST + timedelta(days=day) for day in days)
    spans = [f"after:{on} before:{on + timedelta(days=_DAYS + 1)}" for on in begin]
    return list(islice(cycle(spans), count))
