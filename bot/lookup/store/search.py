"""Look-ups: what a `Query` finds, page by page, the best first."""

from functools import partial
from random import Random as Chance

from bot.archive.domain.entry import EntryId, StoredEntry, tag_slug
from bot.archive.store import entries, entries_in_brief, tags
from bot.channels.store.linked_channels import ReadableSince
from bot.core.database.database import Statements, Transaction
from bot.core.domain.dataclass import dataclass
from bot.lookup.domain.query_terms import (
    NewestFirst,
    Path,
    Popular,
    Query,
    Random,
    Similar,
    affirmed_words,
    sole_word,
    with_sole_word_as_tag,
)
from bot.lookup.store import chains, ranking, similar
from bot.lookup.store.plan import EVERY, Plan
from bot.lookup.store.query_plan import plans_for
from bot.reactions.store import reactions

COUNTED = 1000
"""Matches are counted up to this number; beyond it, the total is unknown."""


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what a query finds.

    `query` is the query as it was understood (a word may mean a tag); `more`: there is another
    page; `total` is `None` where it is above `COUNTED`, or would be slow to count (`Plan.recent`).
    """

    query: Query
    entries: tuple[StoredEntry, ...]
    more: bool
    total: int | None


async def look_up(
    tx: Transaction,
    query: Query,
    *,
    page: int,
    per_page: int,
    chance: Chance | None = None,
    readable: ReadableSince | None = None,
) -> Hits:
    """As `find`, in one database call."""
    return await tx.call(
        partial(find, query=query, page=page, per_page=per_page, chance=chance, readable=readable)
    )


def find(
    statements: Statements,
    query: Query,
    *,
    page: int,
    per_page: int,
    chance: Chance | None = None,
    readable: ReadableSince | None = None,
    in_brief: bool = False,
) -> Hits:
    """The page (from 1) of the entries that a query finds; raises `QueryError` for an unknown chain.

    Words put the best hits first (`ranking`); without words, and with `sort:new`, the newest come
    first. `path:` finds a chain in its order, `similar:` puts the most similar first, `popular` the most
    liked; `random` finds one, chosen with `chance`. For `readable` see `plans_for`. `in_brief`: several
    entries are read as `entries_in_brief` does.
    """

    def load(found: list[int]) -> tuple[StoredEntry, ...]:
        if in_brief and len(found) > 1:
            return entries_in_brief.load(statements, found)
        return entries.load(statements, found)

    words = [] if NewestFirst() in query.terms else [w.text for w in affirmed_words(query)]
    query = understood(statements, query)
    plans = plans_for(statements, query, readable)
    if plans is None:
        return Hits(query, (), more=False, total=0)
    plan = plans.all
    ranked = _ranked(statements, plan, query)
    if Random() in query.terms:
        chance = chance if chance is not None else Chance()  # noqa: S311  no secret hangs on it
        chosen = _any_one(statements, plan, ranked, chance)
        return Hits(query, load(chosen), more=False, total=len(chosen))
    wanted, offset = per_page + 1, (page - 1) * per_page
    if ranked is not None:
        found, total = ranked[offset : offset + wanted], len(ranked)
        stored = load(found[:per_page])
        return Hits(query, stored, more=len(found) > per_page, total=total)
    if words:
        newest, count = plan.page(statements, limit=offset + wanted, most=COUNTED + 1)
        found = ranking.walk(statements, plans, words, newest, limit=offset + wanted)[offset:]
    else:
        found, count = plan.page(statements, limit=wanted, most=COUNTED + 1, offset=offset)
    stored = load(found[:per_page])
    if len(found) < wanted and (found or not offset):
        return Hits(query, stored, more=False, total=offset + len(found))
    total_or_none = count if count is not None and count <= COUNTED else None
    return Hits(query, stored, more=len(found) > per_page, total=total_or_none)


async def list_all(
    tx: Transaction, query: Query, readable: ReadableSince | None = None
) -> tuple[EntryId, ...]:
    """Every entry that a query finds, in no order; of `random` terms one. See `plans_for`."""
    return await tx.call(partial(_list_all, query=query, readable=readable))


def _list_all(
    statements: Statements, *, query: Query, readable: ReadableSince | None
) -> tuple[EntryId, ...]:
    if Random() in query.terms:
        hits = find(statements, query, page=1, per_page=1, readable=readable)
        return tuple(stored.id for stored in hits.entries)
    plans = plans_for(statements, understood(statements, query), readable)
    if plans is None:
        return ()
    ranked = _ranked(statements, plans.all, query)
    found = ranked if ranked is not None else plans.all.walk(statements, limit=EVERY)
    rows = statements.tuples(
        "SELECT id FROM entry WHERE newness IN (SELECT value FROM numbers(:them))",
        {"them": found},
    )
    return tuple(EntryId(entry_id) for (entry_id,) in rows)


async def list_similar(tx: Transaction, key: str, *, limit: int) -> tuple[StoredEntry, ...]:
    """The entries most similar to those of a paper (`Paper.key`), best first, without its own."""
    return await tx.call(partial(_list_similar, key=key, limit=limit))


def _list_similar(statements: Statements, *, key: str, limit: int) -> tuple[StoredEntry, ...]:
    return entries.load(statements, similar.rank(statements, key)[:limit])


def understood(statements: Statements, query: Query) -> Query:
    """The query with its only word as a tag, where an entry has such a tag."""
    word = sole_word(query)
    if word is not None:
        for spelling in dict.fromkeys((tag_slug(word), word)):
            if tags.is_used(statements, spelling):
                return with_sole_word_as_tag(query, spelling)
    return query


def _ranked(statements: Statements, plan: Plan, query: Query) -> list[int] | None:
    """What the plan finds in the order of `path:`, else `similar:`, else `popular`; else `None`."""
    orders = [
        *(chains.rank(statements, term) for term in query.terms if isinstance(term, Path)),
        *(similar.rank(statements, t.paper.key) for t in query.terms if isinstance(t, Similar)),
        *(reactions.rank(statements, t.since) for t in query.terms if isinstance(t, Popular)),
    ]
    if not orders:
        return None
    first, *others = orders
    left = plan.among(statements, first)
    for other in others:
        left &= set(other)
    return [newness for newness in first if newness in left]


def _any_one(
    statements: Statements, plan: Plan, ranked: list[int] | None, chance: Chance
) -> list[int]:
    """One of those that are `ranked`, or of the newest entries that the plan finds; else any entry."""
    if ranked is not None:
        return [chance.choice(ranked)] if ranked else []
    if plan == Plan():
        return _any_entry(statements, chance)
    count = plan.count(statements, most=COUNTED)
    return plan.walk(statements, limit=1, offset=chance.randrange(count)) if count else []


def _any_entry(statements: Statements, chance: Chance) -> list[int]:
    ((newest,),) = statements.tuples("SELECT coalesce(max(id), 0) FROM entry")
    at = {"at": chance.randint(1, newest) if newest else 1}
    found = statements.tuples(_AT_OR_BEHIND, at) or statements.tuples(_BEFORE, at)
    return [newness for (newness,) in found]


_AT_OR_BEHIND = "SELECT newness FROM entry WHERE id >= :at AND newness > 0 ORDER BY id LIMIT 1"
_BEFORE = "SELECT newness FROM entry WHERE id < :at AND newness > 0 ORDER BY id DESC LIMIT 1"
