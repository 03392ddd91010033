"""The plans of a query: each one index scan, newest first, and conditions on each row.

A query with words scans the full-text index, with its tags in the same expression. Any other query
scans the index of its rarest tag, of a paper, or of all entries. The other terms are conditions on
each row. No text of a query ever becomes SQL or full-text syntax.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bot.archive.domain.search_text import tag_mark
from bot.archive.domain.segment import (
    NAME,
    letters,
    match_expression,
    name_expression,
    title_expression,
    word_expression,
)
from bot.archive.store import tags
from bot.archive.store.sort_key import NEWEST, OLDEST, span
from bot.channels.store.linked_channels import ReadableSince
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

SMALL = 20_000
"""Entries of an archive up to which commentary comes before abstracts: to skip a word's hits in
abstracts takes as long as to read them all."""

_ALL, _LABELS, _TITLES = "search", "label_search", "title_search"
_WRITTEN = "title tags authors commentary"
_NAMED = 100
"""Entries of papers of one name that come first; more are mere title matches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The index to scan (`origin`, by `column`), its bounds, and the conditions."""

    origin: str = "entry AS d"
    column: str = "newness"
    low: int = OLDEST
    high: int = NEWEST
    conditions: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)

    def where(self, condition: str, value: Any) -> "Plan":
        """The plan with one more condition, in which `{}` stands for the value."""
        name = f"v{len(self.values)}"
        return replace(
            self,
            conditions=(*self.conditions, condition.format(f":{name}")),
            values=self.values | {name: value},
        )

    def walk(self, connection: sqlite3.Connection, *, limit: int, offset: int = 0) -> list[int]:
        """The sort keys of the entries found, newest first."""
        sql = f"{self._select(f'd.{self.column}')} ORDER BY d.{self.column} DESC LIMIT :l OFFSET :o"
        rows = connection.execute(sql, self._parameters(l=limit, o=offset))
        return [newness for (newness,) in rows]

    def count(self, connection: sqlite3.Connection, *, most: int) -> int:
        """How many are found; counting stops at `most`."""
        sql = f"SELECT count(*) FROM ({self._select('1')} LIMIT :l)"  # noqa: S608  our own text
        counted: int = connection.execute(sql, self._parameters(l=most)).fetchone()[0]
        return counted

    def among(self, connection: sqlite3.Connection, them: Sequence[int]) -> set[int]:
        """Those of `them` that are found."""
        them_only = "d.column IN (SELECT value FROM json_each({}))"
        chosen = self.where(them_only.replace("column", self.column), json.dumps(them))
        return set(chosen.walk(connection, limit=len(them)))

    def _select(self, what: str) -> str:
        where = " AND ".join((f"d.{self.column} BETWEEN :low AND :high", *self.conditions))
        return f"SELECT {what} FROM {self.origin} WHERE {where}"  # noqa: S608  our own text

    def _parameters(self, **more: int) -> dict[str, Any]:
        return {"low": self.low, "high": self.high} | self.values | more


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
    connection: sqlite3.Connection, query: Query, readable: ReadableSince | None = None
) -> Plans | None:
    """The plans of a query; `None` where nothing can be found.

    It leaves out `similar:` and `random`, which choose among what the other terms find. Replies
    are searched in the channels of `readable`; `None` means all.
    """
    terms = _terms_of(connection, query)
    if terms is None:
        return None
    if terms.in_discussion:
        return Plans(_plan_in_discussions(terms, readable))
    everywhere = _plan_of(connection, terms)
    if not terms.words or NewestFirst() in query.terms:
        return Plans(everywhere)
    return Plans(
        everywhere,
        partial(_titled, connection, terms, [term.text for term in affirmed_words(query)]),
        _plan_of(connection, replace(terms, index=_LABELS)),
        _plan_of(connection, _within(terms, _WRITTEN, _ALL)) if _is_small(connection) else None,
    )


def _titled(
    connection: sqlite3.Connection, terms: "_Terms", words: Sequence[str]
) -> tuple[Plan, ...]:
    in_title = _within(terms, "title", _LABELS if terms.authors else _TITLES)
    as_phrase = f"{{title}} : ({title_expression(words)})"
    in_title_and_tags = _within(terms, "title tags", in_title.index)
    parts = (
        replace(in_title, words=(*in_title.words, as_phrase)),
        in_title,
        in_title_and_tags,
    )
    return tuple(_plan_of(connection, part) for part in parts)


def named_like(connection: sqlite3.Connection, words: Sequence[str]) -> list[int]:
    """The newest entries whose paper has these words as its name, by sort key."""
    name = letters(" ".join(words))
    if not name:
        return []
    plan = Plan(origin=f"{_TITLES} AS d", column="rowid")
    return plan.where(f"{_TITLES} MATCH {{}}", f'"{NAME}{name}"').walk(connection, limit=_NAMED)


def _within(terms: "_Terms", columns: str, index: str) -> "_Terms":
    words = tuple(f"{{{columns}}} : ({word})" for word in terms.words)
    return replace(terms, words=words, index=index)


def _is_small(connection: sqlite3.Connection) -> bool:
    (newest,) = connection.execute("SELECT max(id) FROM entry").fetchone()
    return (newest or 0) <= SMALL


def _plan_of(connection: sqlite3.Connection, terms: "_Terms") -> Plan:
    plan, fulfilled = _choose_index(connection, terms)
    conditions: list[tuple[str, Any]] = [
        *(row for row in terms.rows if row not in fulfilled),
        *((f"NOT {condition}", row) for condition, row in terms.unwanted),
        *terms.outside,
    ]
    if not terms.scans_all:
        conditions += [(_NO_MATCH, match) for match in terms.unwanted_matches]
    for condition, value in conditions:
        plan = plan.where(condition.replace("[d]", f"d.{plan.column}"), value)
    return replace(plan, low=terms.low, high=terms.high)


_READABLE = """(:readable IS NULL OR EXISTS (
    SELECT 1 FROM json_each(:readable) AS h WHERE h.key = reply.channel AND reply.said_at >= h.value))"""
# Calls of the bot are not indexed. FTS5 has a row of `_docsize` for each indexed text, which is found
# much faster than the text (sqlite.org/fts5.html, section 9.3).
_DISCUSSED = """(
    SELECT DISTINCT entry.newness FROM reply JOIN entry ON entry.id = reply.entry_id
     WHERE reply.gone_at IS NULL AND [readable]
       AND EXISTS (SELECT 1 FROM reply_search_docsize WHERE id = reply.id)) AS d""".replace(
    "[readable]", _READABLE
)
_SAID = """(
    SELECT DISTINCT entry.newness FROM reply_search
      JOIN reply ON reply.id = reply_search.rowid JOIN entry ON entry.id = reply.entry_id
     WHERE reply_search MATCH :said AND [readable]) AS d""".replace("[readable]", _READABLE)
_ALSO_SAID = """(EXISTS (
    SELECT 1 FROM entry JOIN reply ON reply.entry_id = entry.id
     WHERE entry.newness = [d] AND [readable]
       AND reply.id IN (SELECT rowid FROM reply_search WHERE reply_search MATCH {})))""".replace(
    "[readable]", _READABLE
)
_MATCH = "EXISTS (SELECT 1 FROM search WHERE search MATCH {} AND rowid = [d])"
_TAGGED = "EXISTS (SELECT 1 FROM entry_tag WHERE tag_id = {} AND newness = [d])"
_ABOUT = "EXISTS (SELECT 1 FROM entry WHERE paper_id = {} AND newness = [d])"
_CITES = "EXISTS (SELECT 1 FROM reference WHERE paper_id = {} AND newness = [d])"
_IS = "[d] = (SELECT newness FROM entry WHERE id = {})"
_NO_MATCH = "NOT EXISTS (SELECT 1 FROM search WHERE search MATCH {} AND rowid = [d])"


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of a query as full-text expressions and conditions on rows.

    `words`, `authors` and `matches`, which are families of tags, must match `index`.
    `rows` are conditions with the id of one row each. In a condition `[d]` stands for the entry's
    sort key and `{}` for the value. With `in_discussion`, each of `reply_matches` must match a
    reply, and none of `unwanted_reply_matches` may.
    """

    index: str = _ALL
    words: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    unwanted_matches: tuple[str, ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    unwanted: tuple[tuple[str, int], ...] = ()
    outside: tuple[tuple[str, int], ...] = ()
    low: int = OLDEST
    high: int = NEWEST
    in_discussion: bool = False
    reply_matches: tuple[str, ...] = ()
    unwanted_reply_matches: tuple[str, ...] = ()

    @property
    def positive(self) -> tuple[str, ...]:
        """What must match the index."""
        return (*self.words, *self.authors, *self.matches)

    @property
    def scans_all(self) -> bool:
        """Whether the index that is scanned has every word of an entry."""
        return bool(self.positive) and self.index == _ALL

    def ids(self, condition: str) -> tuple[int, ...]:
        """The ids of the rows of a condition."""
        return tuple(row for about, row in self.rows if about == condition)


def _plan_in_discussions(terms: _Terms, readable: ReadableSince | None) -> Plan:
    """The plan that scans replies: there are few beside the entries of an archive."""
    first, *others = terms.reply_matches or (None,)
    values = {"said": first, "readable": json.dumps(readable) if readable is not None else None}
    plan = Plan(origin=_DISCUSSED if first is None else _SAID, values=values)
    conditions: list[tuple[str, Any]] = [
        *((_MATCH, match) for match in terms.positive),
        *((_NO_MATCH, match) for match in terms.unwanted_matches),
        *((_ALSO_SAID, match) for match in others),
        *((f"NOT {_ALSO_SAID}", match) for match in terms.unwanted_reply_matches),
        *terms.rows,
        *((f"NOT {condition}", row) for condition, row in terms.unwanted),
        *terms.outside,
    ]
    for condition, value in conditions:
        plan = plan.where(condition.replace("[d]", "d.newness"), value)
    return replace(plan, low=terms.low, high=terms.high)


def _terms_of(connection: sqlite3.Connection, query: Query) -> _Terms | None:
    terms = _Terms(in_discussion=InDiscussion() in query.terms)
    for term in query.terms:
        match term:
            case Words():
                terms = _with_words(terms, term)
            case Author():
                terms = _with_author(terms, term)
            case Dates():
                terms = _with_dates(terms, term)
            case Tag(slug, negated) if len(ids := tags.family(connection, slug)) > 1:
                marks = " OR ".join(f'"{tag_mark(tag_id)}"' for tag_id in ids)
                terms = _with_match(terms, marks, negated=negated)
            case Tag() | About() | Cites() | EntryIs():
                condition, row = _row_of(connection, term)
                negated = not isinstance(term, EntryIs) and term.negated
                if row is not None and negated:
                    terms = replace(terms, unwanted=(*terms.unwanted, (condition, row)))
                elif row is not None:
                    terms = replace(terms, rows=(*terms.rows, (condition, row)))
                elif not negated:
                    return None
            case _:
                pass
    return terms


def _row_of(
    connection: sqlite3.Connection, term: Tag | About | Cites | EntryIs
) -> tuple[str, int | None]:
    match term:
        case Tag(slug):
            return _TAGGED, next(iter(tags.family(connection, slug)), None)
        case About(paper):
            return _ABOUT, _paper_id(connection, paper)
        case Cites(paper):
            return _CITES, _paper_id(connection, paper)
        case EntryIs(entry_id):
            return _IS, entry_id


def _with_words(terms: _Terms, words: Words) -> _Terms:
    match = match_expression(words.text) if words.phrase else word_expression(words.text)
    if terms.in_discussion:
        return _with_reply_match(terms, match, negated=words.negated)
    if match is None or words.negated:
        return _with_match(terms, match, negated=True)
    return replace(terms, words=(*terms.words, match))


def _with_author(terms: _Terms, author: Author) -> _Terms:
    match = name_expression(author.name)
    if match is None:
        return terms
    if author.negated:
        return _with_match(terms, f"authors : ({match})", negated=True)
    return replace(terms, authors=(*terms.authors, f"authors : ({match})"))


def _with_match(terms: _Terms, match: str | None, *, negated: bool) -> _Terms:
    if match is None:
        return terms
    if negated:
        return replace(terms, unwanted_matches=(*terms.unwanted_matches, match))
    return replace(terms, matches=(*terms.matches, match))


def _with_reply_match(terms: _Terms, match: str | None, *, negated: bool) -> _Terms:
    if match is None:
        return terms
    if negated:
        return replace(terms, unwanted_reply_matches=(*terms.unwanted_reply_matches, match))
    return replace(terms, reply_matches=(*terms.reply_matches, match))


def _with_dates(terms: _Terms, dates: Dates) -> _Terms:
    low, high = span(dates.first, dates.last)
    if dates.negated:
        return replace(terms, outside=(*terms.outside, (f"[d] NOT BETWEEN {low} AND {{}}", high)))
    return replace(terms, low=max(terms.low, low), high=min(terms.high, high))


def _paper_id(connection: sqlite3.Connection, paper: PaperRef) -> int | None:
    row = connection.execute("SELECT id FROM paper WHERE key = :key", {"key": paper.key}).fetchone()
    return row["id"] if row is not None else None


def _choose_index(
    connection: sqlite3.Connection, terms: _Terms
) -> tuple[Plan, Sequence[tuple[str, int]]]:
    """The scan with the fewest other entries, and the conditions that it makes needless."""
    tag_ids, about, cites = terms.ids(_TAGGED), terms.ids(_ABOUT), terms.ids(_CITES)
    if terms.positive:
        marks = (f'"{tag_mark(tag_id)}"' for tag_id in tag_ids)
        match = " AND ".join(f"({part})" for part in (*terms.positive, *marks))
        for unwanted in terms.unwanted_matches if terms.scans_all else ():
            match = f"({match}) NOT ({unwanted})"
        plan = Plan(origin=f"{terms.index} AS d", column="rowid")
        plan = plan.where(f"{terms.index} MATCH {{}}", match)
        return plan, [(_TAGGED, tag_id) for tag_id in tag_ids]
    if terms.ids(_IS):
        return Plan(), ()
    if about:
        return Plan().where("d.paper_id = {}", about[0]), [(_ABOUT, about[0])]
    if cites:
        plan = Plan(origin="reference AS d").where("d.paper_id = {}", cites[0])
        return plan, [(_CITES, cites[0])]
    if tag_ids:
        rarest = _rarest(connection, tag_ids)
        plan = Plan(origin="entry_tag AS d").where("d.tag_id = {}", rarest)
        return plan, [(_TAGGED, rarest)]
    return Plan(), ()


def _rarest(connection: sqlite3.Connection, tag_ids: Sequence[int]) -> int:
    if len(tag_ids) == 1:
        return tag_ids[0]
    rows = connection.execute(
        "SELECT id FROM tag WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY uses LIMIT 1",
        {"ids": json.dumps(tag_ids)},
    )
    rarest: int = rows.fetchone()["id"]
    return rarest
