"""Which of a few entries each of many queries finds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import partial

from bot.archive.domain.entry import EntryId
from bot.archive.store import tag_merges
from bot.channels.store.linked_channels import ReadableSince
from bot.core.database.database import Statements, Transaction
from bot.core.database.sqlite.words import words
from bot.lookup.domain.few_entries import (
    Facts,
    FewEntries,
    TagNames,
    is_decided_here,
    spellings,
)
from bot.lookup.domain.query_terms import Popular, Query, Random, Similar
from bot.lookup.store import similar
from bot.lookup.store.query_plan import plans_for
from bot.lookup.store.search import understood
from bot.reactions.store import reactions

Matches = Mapping[Query, frozenset[EntryId]]


async def matching(
    tx: Transaction,
    queries: Collection[Query],
    entry_ids: Collection[EntryId],
    *,
    readable: ReadableSince | None = None,
) -> Matches:
    """Which of these entries each query finds; withdrawn ones are found by none.

    Thousands of queries take a few statements, but for those with `similar:`, `popular` or
    `in:discussion`, which take some each. Replies are searched in the channels of `readable`; `None` means all.
    """
    return await tx.call(
        partial(_matching, queries=queries, entry_ids=entry_ids, readable=readable)
    )


async def found_among(
    tx: Transaction,
    queries: Collection[Query],
    entry_ids: Collection[EntryId],
    *,
    readable: ReadableSince | None = None,
) -> frozenset[EntryId]:
    """Those of the entries that any of the queries finds: for a few queries about many entries."""

    def found(statements: Statements) -> frozenset[EntryId]:
        them = _newness(statements, entry_ids)
        return frozenset().union(
            *(_searched(statements, query, them, readable) for query in queries)
        )

    return await tx.call(found)


def _matching(
    statements: Statements,
    *,
    queries: Collection[Query],
    entry_ids: Collection[EntryId],
    readable: ReadableSince | None,
) -> dict[Query, frozenset[EntryId]]:
    decided = [query for query in queries if is_decided_here(query)]
    found = dict.fromkeys(queries, frozenset[EntryId]())
    them = _newness(statements, entry_ids)
    if not them:
        return found
    if decided:
        few = FewEntries(_facts(statements, them), _tag_names(statements, decided), words)
        found |= {query: few.find(query) for query in decided}
    for query in queries:
        if not is_decided_here(query):
            found[query] = _searched(statements, query, them, readable)
    return found


def _searched(
    statements: Statements,
    query: Query,
    them: Mapping[int, EntryId],
    readable: ReadableSince | None,
) -> frozenset[EntryId]:
    plans = plans_for(statements, understood(statements, query), readable)
    if plans is None or Random() in query.terms:
        return frozenset()
    left = plans.all.among(statements, list(them))
    for term in query.terms:
        if isinstance(term, Similar):
            left &= set(similar.rank(statements, term.paper.key))
        if isinstance(term, Popular):
            left &= set(reactions.rank(statements, term.since))
    return frozenset(them[newness] for newness in left)


def _newness(statements: Statements, entry_ids: Iterable[EntryId]) -> dict[int, EntryId]:
    rows = statements.tuples(
        """
        SELECT newness, id FROM entry
         WHERE id IN (SELECT value FROM numbers(:ids)) AND newness > 0
        """,
        {"ids": list(entry_ids)},
    )
    return {newness: EntryId(entry_id) for newness, entry_id in rows}


def _facts(statements: Statements, them: Mapping[int, EntryId]) -> list[Facts]:
    wanted = {"them": list(them)}
    tags: defaultdict[int, set[str]] = defaultdict(set)
    for newness, slug in statements.tuples(_TAGS, wanted):
        tags[newness].add(slug)
    references: defaultdict[int, set[str]] = defaultdict(set)
    for newness, key in statements.tuples(_REFERENCES, wanted):
        references[newness].add(key)
    found = []
    for newness, on, key, *texts in statements.tuples(_ENTRIES, wanted):
        fields = tuple(words(text) for text in texts)
        found.append(
            Facts(
                them[newness],
                date.fromisoformat(on) if on is not None else None,
                key,
                frozenset(references[newness]),
                frozenset(tags[newness]),
                fields,
                fields[_AUTHORS],
            )
        )
    return found


def _tag_names(statements: Statements, queries: Iterable[Query]) -> TagNames:
    slugs = statements.tuples(_SLUGS, {"spellings": sorted(spellings(queries))})
    meanings = tag_merges.read_meanings(statements)
    meant = {spelling: meanings.of(slug) for spelling, slug in slugs}
    wanted = {"slugs": sorted(frozenset[str]().union(*meant.values()))}
    used = {slug for (slug,) in statements.tuples(_USED, wanted)}
    return TagNames(meant, frozenset(spelling for spelling, names in meant.items() if names & used))


_AUTHORS = 2
_ENTRIES = """
    SELECT e.newness, e.date, p.key, s.title, s.tags, s.authors, s.commentary, s.abstract
      FROM entry AS e JOIN paper AS p ON p.id = e.paper_id
           JOIN search_text AS s ON s.newness = e.newness
     WHERE e.newness IN (SELECT value FROM numbers(:them))
"""
_TAGS = """
    SELECT et.newness, t.slug FROM entry_tag AS et JOIN tag AS t ON t.id = et.tag_id
     WHERE et.newness IN (SELECT value FROM numbers(:them))
"""
_REFERENCES = """
    SELECT r.newness, p.key FROM reference AS r JOIN paper AS p ON p.id = r.paper_id
     WHERE r.newness IN (SELECT value FROM numbers(:them))
"""
# As `tags.family` and `tags.is_used` understand one spelling; `0` is the character behind `/`.
_SLUGS = """
    SELECT wanted.value, coalesce(
        (SELECT slug FROM tag WHERE slug = wanted.value),
        (SELECT tag.slug FROM tag_alias JOIN tag ON tag.id = tag_id WHERE alias = wanted.value),
        wanted.value)
      FROM texts(:spellings) AS wanted
"""
_USED = """
    SELECT meant.value FROM texts(:slugs) AS meant
     WHERE EXISTS (SELECT 1 FROM tag WHERE tag.slug = meant.value AND tag.uses > 0)
        OR EXISTS (
            SELECT 1 FROM tag
             WHERE tag.slug > meant.value || '/' AND tag.slug < meant.value || '0' AND tag.uses > 0
        )
"""
