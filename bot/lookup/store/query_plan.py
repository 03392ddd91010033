"""The plans of a query: each one index scan, newest first, and conditions on each row.

A query about a paper scans the few entries of that paper, or that cite it. Any other query with
words scans the full-text index, with its tags in the same expression; one without words scans the
index of its rarest tag, or of all entries. The other terms are conditions on each row. No text of a
query ever becomes SQL or full-text syntax.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.archive.domain.search.search_text import tag_mark
from bot.archive.domain.search.segment import (
    NAME,
    Phrase,
    Phrases,
    letters,
    match_expression,
    name_expression,
    title_expression,
    word_expression,
)
from bot.archive.store import tags
from bot.archive.store.sort_key import NEWEST, OLDEST, span
from bot.channels.store.linked_channels import ReadableSince
from bot.core.database.database import Statements
from bot.lookup.domain.match import Columns, Condition, Index, Match, Part
from bot.lookup.domain.query_terms import (
    About,
    Author,
    Cites,
    Dates,
    EntryIs,
    InDiscussion,
    NewestFirst,
    PaperRef,
    Query,
    Tag,
    Words,
    affirmed_words,
)
from bot.lookup.store.fulltext import fulltext
from bot.lookup.store.plan import Plan

SMALL = 20_000
"""Entries of an archive up to which commentary comes before abstracts: to skip a word's hits in
abstracts takes as long as to read them all."""

_FEW = 100
"""Entries of a paper, or that cite it, of which each is asked for the words. To ask one takes about
as long as to read a thousand in the full-text index."""

_NAMED = 100
"""Entries of papers of one name that come first; more are mere title matches."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plan of a query, and plans that find a part of it: where its words stand.

    Each finds what the one before it finds, and more: entries with the words as a phrase in the
    title, in the title, in title and tags (`titled`, made when asked for), there and among the
    authors (`labelled`), there and in the commentary (`written`).
    """

    all: Plan
    titled: Callable[[], tuple[Plan, ...]] = tuple
    labelled: Plan | None = None
    written: Plan | None = None


def plans_for(
    statements: Statements, query: Query, readable: ReadableSince | None = None
) -> Plans | None:
    """The plans of a query; `None` where nothing can be found.

    It leaves out `similar:` and `random`, which choose among what the other terms find. Replies
    are searched in the channels of `readable`; `None` means all.
    """
    terms = _terms_of(statements, query)
    if terms is None:
        return None
    if terms.in_discussion:
        return Plans(_plan_in_discussions(statements, terms, readable))
    terms = replace(terms, few=_few(statements, terms))
    everywhere = _plan_of(statements, terms)
    if not terms.words or NewestFirst() in query.terms:
        return Plans(everywhere)
    return Plans(
        everywhere,
        partial(_titled, statements, terms, [term.text for term in affirmed_words(query)]),
        _plan_of(statements, _within(terms, Columns.LABELS, Index.LABELS)),
        _plan_of(statements, _within(terms, Columns.WRITTEN, Index.ALL))
        if _is_small(statements)
        else None,
    )


def _titled(statements: Statements, terms: "_Terms", words: Sequence[str]) -> tuple[Plan, ...]:
    index = Index.LABELS if terms.authors else Index.TITLES
    in_title = _within(terms, Columns.TITLE, index)
    as_phrase = Part(title_expression(words), Columns.TITLE)
    in_title_and_tags = _within(terms, Columns.TITLE_TAGS, index)
    parts = (
        replace(in_title, words=(*in_title.words, as_phrase)),
        in_title,
        in_title_and_tags,
    )
    return tuple(_plan_of(statements, part) for part in parts)


def named_like(statements: Statements, words: Sequence[str]) -> list[int]:
    """The newest entries whose paper has these words as its name, by sort key."""
    name = letters(" ".join(words))
    if not name:
        return []
    match = Match((Part((Phrase(f"{NAME}{name}"),), Columns.TITLE),), index=Index.TITLES)
    return replace(scan(statements, match), is_rare=True).walk(statements, limit=_NAMED)


def _within(terms: "_Terms", columns: Columns, index: Index) -> "_Terms":
    words = tuple(replace(part, columns=columns) for part in terms.words)
    return replace(terms, words=words, index=index)


def _is_small(statements: Statements) -> bool:
    ((newest,),) = statements.tuples("SELECT max(id) FROM entry")
    return (newest or 0) <= SMALL


def scan(statements: Statements, match: Match) -> Plan:
    """The plan that finds what the full-text index has of a match."""
    text = fulltext(statements)
    plan = Plan(origin=text.origin(match), column=text.KEY, has_order=text.HAS_ORDER)
    return plan.where(text.scanned(match))


def _plan_of(statements: Statements, terms: "_Terms") -> Plan:
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
    return replace(plan, low=terms.low, high=terms.high)


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
_TAGGED = "EXISTS (SELECT 1 FROM entry_tag WHERE tag_id = {} AND newness = [d])"
_ABOUT = "EXISTS (SELECT 1 FROM entry WHERE paper_id = {} AND newness = [d])"
_CITES = "EXISTS (SELECT 1 FROM reference WHERE paper_id = {} AND newness = [d])"
_IS = "[d] = (SELECT newness FROM entry WHERE id = {})"


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of a query as parts of a match and conditions on rows.

    `words`, `authors` and `matches`, which are families of tags, must match `index`.
    `rows` are conditions with the id of one row each; `few` is the one of them whose entries are
    scanned for the others. With `in_discussion`, each of
    `reply_matches` must match a reply, and none of `unwanted_reply_matches` may.
    """

    index: Index = Index.ALL
    words: tuple[Part, ...] = ()
    authors: tuple[Part, ...] = ()
    matches: tuple[Part, ...] = ()
    unwanted_matches: tuple[Part, ...] = ()
    rows: tuple[Condition, ...] = ()
    unwanted: tuple[Condition, ...] = ()
    outside: tuple[Condition, ...] = ()
    low: int = OLDEST
    high: int = NEWEST
    few: Condition | None = None
    in_discussion: bool = False
    reply_matches: tuple[Phrases, ...] = ()
    unwanted_reply_matches: tuple[Phrases, ...] = ()

    @property
    def positive(self) -> tuple[Part, ...]:
        """What must match the index."""
        return (*self.words, *self.authors, *self.matches)

    @property
    def scans_all(self) -> bool:
        """Whether the index that is scanned has every word of an entry."""
        return bool(self.positive) and self.index is Index.ALL and self.few is None

    def ids(self, condition: str) -> tuple[int, ...]:
        """The ids of the rows of a condition."""
        return tuple(int(str(row.values[0])) for row in self.rows if row.sql == condition)


def _plan_in_discussions(
    statements: Statements, terms: _Terms, readable: ReadableSince | None
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


def _terms_of(statements: Statements, query: Query) -> _Terms | None:
    terms = _Terms(in_discussion=InDiscussion() in query.terms)
    for term in query.terms:
        match term:
            case Words():
                terms = _with_words(terms, term)
            case Author():
                terms = _with_author(terms, term)
            case Dates():
                terms = _with_dates(terms, term)
            case Tag(slug, negated) if len(ids := tags.family(statements, slug)) > 1:
                marks = Part(tuple(Phrase(tag_mark(tag_id)) for tag_id in ids))
                terms = _with_match(terms, marks, negated=negated)
            case Tag() | About() | Cites() | EntryIs():
                condition, row = _row_of(statements, term)
                negated = not isinstance(term, EntryIs) and term.negated
                if row is not None and negated:
                    unwanted = (*terms.unwanted, Condition(condition, (row,)))
                    terms = replace(terms, unwanted=unwanted)
                elif row is not None:
                    terms = replace(terms, rows=(*terms.rows, Condition(condition, (row,))))
                elif not negated:
                    return None
            case _:
                pass
    return terms


def _row_of(statements: Statements, term: Tag | About | Cites | EntryIs) -> tuple[str, int | None]:
    match term:
        case Tag(slug):
            return _TAGGED, next(iter(tags.family(statements, slug)), None)
        case About(paper):
            return _ABOUT, _paper_id(statements, paper)
        case Cites(paper):
            return _CITES, _paper_id(statements, paper)
        case EntryIs(entry_id):
            return _IS, entry_id


def _with_words(terms: _Terms, words: Words) -> _Terms:
    phrases = match_expression(words.text) if words.phrase else word_expression(words.text)
    if not phrases:
        return terms
    if terms.in_discussion:
        return _with_reply_match(terms, phrases, negated=words.negated)
    if words.negated:
        return _with_match(terms, Part(phrases), negated=True)
    return replace(terms, words=(*terms.words, Part(phrases)))


def _with_author(terms: _Terms, author: Author) -> _Terms:
    phrases = name_expression(author.name)
    if not phrases:
        return terms
    part = Part(phrases, Columns.AUTHORS)
    if author.negated:
        return _with_match(terms, part, negated=True)
    return replace(terms, authors=(*terms.authors, part))


def _with_match(terms: _Terms, part: Part, *, negated: bool) -> _Terms:
    if negated:
        return replace(terms, unwanted_matches=(*terms.unwanted_matches, part))
    return replace(terms, matches=(*terms.matches, part))


def _with_reply_match(terms: _Terms, phrases: Phrases, *, negated: bool) -> _Terms:
    if negated:
        return replace(terms, unwanted_reply_matches=(*terms.unwanted_reply_matches, phrases))
    return replace(terms, reply_matches=(*terms.reply_matches, phrases))


def _with_dates(terms: _Terms, dates: Dates) -> _Terms:
    low, high = span(dates.first, dates.last)
    if dates.negated:
        outside = Condition("[d] NOT BETWEEN {} AND {}", (low, high))
        return replace(terms, outside=(*terms.outside, outside))
    return replace(terms, low=max(terms.low, low), high=min(terms.high, high))


def _paper_id(statements: Statements, paper: PaperRef) -> int | None:
    row = statements.one("SELECT id FROM paper WHERE key = :key", {"key": paper.key})
    return row["id"] if row is not None else None


def _choose_index(statements: Statements, terms: _Terms) -> tuple[Plan, Sequence[Condition]]:
    """The scan with the fewest other entries, and the conditions that it makes needless."""
    tag_ids, few = terms.ids(_TAGGED), terms.few
    if few is not None:
        origin = "entry AS d" if few.sql == _ABOUT else "reference AS d"
        plan = Plan(origin=origin).where(Condition("d.paper_id = {}", few.values))
        return plan, [few]
    if terms.positive:
        marks = (Part((Phrase(tag_mark(tag_id)),)) for tag_id in tag_ids)
        unwanted = terms.unwanted_matches if terms.scans_all else ()
        plan = scan(statements, Match((*terms.positive, *marks), unwanted, terms.index))
        return plan, [Condition(_TAGGED, (tag_id,)) for tag_id in tag_ids]
    if terms.ids(_IS):
        return Plan(), ()
    if tag_ids:
        rarest = _rarest(statements, tag_ids)
        plan = Plan(origin="entry_tag AS d").where(Condition("d.tag_id = {}", (rarest,)))
        return plan, [Condition(_TAGGED, (rarest,))]
    return Plan(), ()


def _few(statements: Statements, terms: _Terms) -> Condition | None:
    """The condition on a paper whose entries are scanned: the first one, if not too many cite it."""
    if terms.ids(_IS):
        return None
    about = [row for row in terms.rows if row.sql == _ABOUT]
    cites = [row for row in terms.rows if row.sql == _CITES]
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


def _rarest(statements: Statements, tag_ids: Sequence[int]) -> int:
    if len(tag_ids) == 1:
        return tag_ids[0]
    sql = "SELECT id FROM tag WHERE id IN (SELECT value FROM numbers(:ids)) ORDER BY uses LIMIT 1"
    ((rarest,),) = statements.tuples(sql, {"ids": list(tag_ids)})
    return int(rarest)
