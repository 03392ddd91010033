"""The plans of a query: each one index scan, newest first, and conditions on each row.

A query about a paper scans the few entries of that paper, or that cite it. Any other query with
words scans the full-text index, with its tags in the same expression; one without words scans the
index of its rarest tag, or of all entries. The other terms are conditions on each row. No text of a
query ever becomes SQL or full-text syntax.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from bot.archive.domain.search.search_text import tag_mark
from bot.archive.domain.search.segment import (
    NAME,
    Phrase,
    letters,
    title_expression,
)
from bot.archive.store.sort_key import NEWEST, OLDEST
from bot.channels.store.linked_channels import ReadableSince
from bot.core.database.database import Statements
from bot.core.domain.dataclass import dataclass
from bot.lookup.domain.match import Columns, Condition, Index, Match, Part
from bot.lookup.domain.query_terms import (
    NewestFirst,
    Query,
    affirmed_words,
)
from bot.lookup.store.bound_terms import ABOUT, CITES, IS, TAGGED, Terms, terms_of
from bot.lookup.store.fulltext import fulltext
from bot.lookup.store.plan import Plan

SMALL = 20_000
"""Entries of an archive up to which commentary comes before abstracts: to skip a word's hits in
abstracts takes as long as to read them all."""

WHOLE = 5_000
"""Entries of an archive up to which PostgreSQL reads all that words find. There, the further statements
of `windows` take longer than to read the rows that they save."""

_FEW = 100
"""Entries of a paper, or that cite it, of which each is asked for the words. To ask one takes about
as long as to read a thousand in the full-text index."""

_NAMED = 100
"""Entries of papers of one name that come first; more are mere title matches."""


_RECENT = (200, 2000)
"""Entries of a tag, the newest, among which words are looked for first, in archives that are not
small: to look for them in every entry of a frequent tag, only to count, takes time with the size of
the archive."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plan of a query, and plans that find a part of it: where its words stand.

    Each finds what the one before it finds, and more: entries with the words as a phrase in the
    title, in the title, in title and tags (`titled`, made when asked for), there and among the
    authors (`labelled`), there and in the commentary (`written`).
    """

    all: Plan
    titled: Callable[[], Iterable[Plan]] = tuple
    labelled: Plan | None = None
    written: Plan | None = None


def plans_for(
    statements: Statements, query: Query, readable: ReadableSince | None = None
) -> Plans | None:
    """The plans of a query; `None` where nothing can be found.

    It leaves out `similar:` and `random`, which choose among what the other terms find. Replies
    are searched in the channels of `readable`; `None` means all.
    """
    terms = terms_of(statements, query)
    if terms is None:
        return None
    if terms.in_discussion:
        return Plans(_plan_in_discussions(statements, terms, readable))
    few = _few(statements, terms)
    if few is not None:
        terms = replace(terms, few=few)
    size = _size(statements) if terms.positive else 0
    terms = replace(terms, reads_whole=size <= WHOLE)
    everywhere = _plan_of(statements, terms)
    is_small = size <= SMALL
    if not is_small:
        everywhere = replace(everywhere, recent=_recent(statements, terms))
    if not terms.words or NewestFirst() in query.terms:
        return Plans(everywhere)
    return Plans(
        everywhere,
        partial(_titled, statements, terms, [term.text for term in affirmed_words(query)]),
        _plan_of(statements, _within(terms, Columns.LABELS, Index.LABELS)),
        _plan_of(statements, _within(terms, Columns.WRITTEN, Index.ALL)) if is_small else None,
    )


def _titled(statements: Statements, terms: "Terms", words: Sequence[str]) -> Iterator[Plan]:
    index = Index.LABELS if terms.authors else Index.TITLES
    in_title = _within(terms, Columns.TITLE, index)
    as_phrase = Part(title_expression(words), Columns.TITLE)
    if as_phrase not in in_title.words:
        yield _plan_of(statements, replace(in_title, words=(*in_title.words, as_phrase)))
    yield _plan_of(statements, in_title)
    yield _plan_of(statements, _within(terms, Columns.TITLE_TAGS, index))


def named_like(statements: Statements, words: Sequence[str]) -> list[int]:
    """The newest entries whose paper has these words as its name, by sort key."""
    name = letters(" ".join(words))
    if not name:
        return []
    match = Match((Part((Phrase(f"{NAME}{name}"),), Columns.TITLE),), index=Index.TITLES)
    return scan(statements, match, reads_whole=True).walk(statements, limit=_NAMED)


def _within(terms: "Terms", columns: Columns, index: Index) -> "Terms":
    words = tuple([Part(part.phrases, columns) for part in terms.words])
    return replace(terms, words=words, index=index)


def _size(statements: Statements) -> int:
    """How many entries the archive has, or had."""
    ((newest,),) = statements.tuples("SELECT max(id) FROM entry")
    return newest or 0


def scan(
    statements: Statements,
    match: Match,
    *,
    low: int = OLDEST,
    high: int = NEWEST,
    reads_whole: bool = False,
) -> Plan:
    """The plan that finds what the full-text index has of a match, between two sort keys."""
    text = fulltext(statements)
    plan = Plan(
        text.origin(match),
        text.KEY,
        low,
        high,
        has_order=text.HAS_ORDER,
        reads_whole=reads_whole,
    )
    return plan.where(text.scanned(match))


def _plan_of(statements: Statements, terms: "Terms") -> Plan:
    plan, fulfilled = _choose_index(statements, terms)
    conditions = [
        *(row for row in terms.rows if row not in fulfilled),
        *map(_negated, terms.unwanted),
        *terms.outside,
    ]
    if terms.few is not None and terms.positive:
        match = Match(terms.positive, index=terms.index)
        conditions.append(fulltext(statements).found(match))
    if not terms.scans_all:
        conditions += [_not_found(statements, part) for part in terms.unwanted_matches]
    for condition in conditions:
        plan = plan.where(condition)
    return plan


def _negated(condition: Condition) -> Condition:
    return replace(condition, sql=f"NOT {condition.sql}")


def _not_found(statements: Statements, part: Part) -> Condition:
    return _negated(fulltext(statements).found(Match((part,))))


# Calls of the bot are not indexed.
_DISCUSSED = """(
    SELECT DISTINCT entry.newness FROM reply JOIN entry ON entry.id = reply.entry_id
     WHERE reply.gone_at IS NULL AND [readable] AND [indexed]) AS d"""
_SAID = """(
    SELECT DISTINCT entry.newness FROM reply_search
      JOIN reply ON reply.id = reply_search.rowid JOIN entry ON entry.id = reply.entry_id
     WHERE [said] AND [readable]) AS d"""
_ALSO_SAID = """(EXISTS (
    SELECT 1 FROM entry JOIN reply ON reply.entry_id = entry.id
     WHERE entry.newness = [d] AND [readable]
       AND reply.id IN (SELECT rowid FROM reply_search WHERE [said])))"""
_READABLE = """EXISTS (
    SELECT 1 FROM json_rows(:readable) AS h
     WHERE h.value ->> 0 = reply.channel AND reply.said_at >= h.value ->> 1)"""


def _plan_in_discussions(
    statements: Statements, terms: Terms, readable: ReadableSince | None
) -> Plan:
    """The plan that scans replies: there are few beside the entries of an archive."""
    text = fulltext(statements)

    def on_replies(sql: str, said: Condition) -> Condition:
        heard = _READABLE if readable is not None else "TRUE"
        made = sql.replace("[said]", said.sql).replace("[readable]", heard)
        return Condition(made.replace("[indexed]", text.REPLY_IS_INDEXED), said.values)

    first, *others = map(text.reply_found, terms.reply_matches or ((),))
    origin = on_replies(_SAID if terms.reply_matches else _DISCUSSED, first)
    values = {"readable": json.dumps(list(readable.items()))} if readable is not None else {}
    conditions = [
        *(text.found(Match((part,))) for part in terms.positive),
        *(_not_found(statements, part) for part in terms.unwanted_matches),
        *(on_replies(_ALSO_SAID, said) for said in others),
        *(
            _negated(on_replies(_ALSO_SAID, text.reply_found(phrases)))
            for phrases in terms.unwanted_reply_matches
        ),
        *terms.rows,
        *map(_negated, terms.unwanted),
        *terms.outside,
    ]
    plan = Plan(values=values).where(origin)
    plan = replace(plan, origin=plan.conditions[0], conditions=())
    for condition in conditions:
        plan = plan.where(condition)
    return replace(plan, low=terms.low, high=terms.high)


def _choose_index(statements: Statements, terms: Terms) -> tuple[Plan, Sequence[Condition]]:
    """The scan with the fewest other entries, and the conditions that it makes needless."""
    tag_ids, few = terms.ids(TAGGED), terms.few
    low, high = terms.low, terms.high
    if few is not None:
        origin = "entry AS d" if few.sql == ABOUT else "reference AS d"
        plan = Plan(origin, low=low, high=high).where(Condition("d.paper_id = {}", few.values))
        return plan, [few]
    if terms.positive:
        marks = (Part((Phrase(tag_mark(tag_id)),)) for tag_id in tag_ids)
        unwanted = terms.unwanted_matches if terms.scans_all else ()
        match = Match((*terms.positive, *marks), unwanted, terms.index)
        plan = scan(statements, match, low=low, high=high, reads_whole=terms.reads_whole)
        return plan, [Condition(TAGGED, (tag_id,)) for tag_id in tag_ids]
    if tag_ids and not terms.ids(IS):
        rarest = _rarest(statements, tag_ids)
        plan = Plan("entry_tag AS d", low=low, high=high)
        return plan.where(Condition("d.tag_id = {}", (rarest,))), [Condition(TAGGED, (rarest,))]
    return Plan(low=low, high=high), ()


def _few(statements: Statements, terms: Terms) -> Condition | None:
    """The condition on a paper whose entries are scanned: the first one, if not too many cite it."""
    if terms.ids(IS):
        return None
    about = [row for row in terms.rows if row.sql == ABOUT]
    cites = [row for row in terms.rows if row.sql == CITES]
    if about or not cites or not terms.positive:
        return next(iter((*about, *cites)), None)
    return next((row for row in cites if _is_cited_by_few(statements, row)), None)


def _is_cited_by_few(statements: Statements, cites: Condition) -> bool:
    (paper_id,) = cites.values
    rows = statements.tuples(
        "SELECT 1 FROM reference WHERE paper_id = :paper LIMIT :most",
        {"paper": paper_id, "most": _FEW + 1},
    )
    return len(rows) <= _FEW


def _recent(statements: Statements, terms: Terms) -> tuple[int, ...]:
    """The newest sort key of the rarest tag beside words, and where its `_RECENT` newest entries begin."""
    tag_ids = terms.ids(TAGGED)
    if not tag_ids or not terms.positive or terms.few is not None:
        return ()
    bounds = ", ".join(
        f"(SELECT newness FROM entry_tag WHERE tag_id = :tag AND newness BETWEEN :low AND :high"  # noqa: S608  our text
        f" ORDER BY newness DESC LIMIT 1 OFFSET {size - 1})"
        for size in (1, *_RECENT)
    )
    [keys] = statements.tuples(
        f"SELECT {bounds}",
        {"tag": _rarest(statements, tag_ids), "low": terms.low, "high": terms.high},
    )
    return tuple(key for key in keys if key is not None)


def _rarest(statements: Statements, tag_ids: Sequence[int]) -> int:
    if len(tag_ids) == 1:
        return tag_ids[0]
    sql = "SELECT id FROM tag WHERE id IN (SELECT value FROM numbers(:ids)) ORDER BY uses LIMIT 1"
    ((rarest,),) = statements.tuples(sql, {"ids": list(tag_ids)})
    return int(rarest)
