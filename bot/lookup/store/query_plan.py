"""The plan of a query: one index scan, newest first, and conditions on each row.

A query with words scans the full-text index, with its tags in the same expression. Any other query
scans the index of its rarest tag, of a paper, or of all entries. The other terms are conditions on
each row. No text of a query ever becomes SQL or full-text syntax.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.archive.domain.search_text import tag_mark
from bot.archive.domain.segment import match_expression, name_expression, word_expression
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
    PaperRef,
    Query,
    Tag,
    Words,
)


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


def plan_for(
    connection: sqlite3.Connection, query: Query, readable: ReadableSince | None = None
) -> Plan | None:
    """The plan of a query; `None` where nothing can be found.

    It leaves out `similar:` and `random`, which choose among what the other terms find. Replies
    are searched in the channels of `readable`; `None` means all.
    """
    terms = _terms_of(connection, query)
    if terms is None:
        return None
    if terms.in_discussion:
        return _plan_in_discussions(terms, readable)
    plan, fulfilled = _choose_index(connection, terms)
    conditions: list[tuple[str, Any]] = [
        *(row for row in terms.rows if row not in fulfilled),
        *((f"NOT {condition}", row) for condition, row in terms.unwanted),
        *terms.outside,
    ]
    if not terms.matches:
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

    `rows` are conditions with the id of one row each. In a condition `[d]` stands for the entry's
    sort key and `{}` for the value. With `in_discussion`, each of `reply_matches` must match a
    reply, and none of `unwanted_reply_matches` may.
    """

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

    def ids(self, condition: str) -> tuple[int, ...]:
        """The ids of the rows of a condition."""
        return tuple(row for about, row in self.rows if about == condition)


def _plan_in_discussions(terms: _Terms, readable: ReadableSince | None) -> Plan:
    """The plan that scans replies: there are few beside the entries of an archive."""
    first, *others = terms.reply_matches or (None,)
    values = {"said": first, "readable": json.dumps(readable) if readable is not None else None}
    plan = Plan(origin=_DISCUSSED if first is None else _SAID, values=values)
    conditions: list[tuple[str, Any]] = [
        *((_MATCH, match) for match in terms.matches),
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
            case Words(text, phrase, negated):
                match = match_expression(text) if phrase else word_expression(text)
                with_words = _with_reply_match if terms.in_discussion else _with_match
                terms = with_words(terms, match, negated=negated)
            case Author(name, negated):
                match = name_expression(name)
                authors = f"authors : ({match})" if match is not None else None
                terms = _with_match(terms, authors, negated=negated)
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
    if terms.matches:
        marks = (f'"{tag_mark(tag_id)}"' for tag_id in tag_ids)
        match = " AND ".join(f"({part})" for part in (*terms.matches, *marks))
        for unwanted in terms.unwanted_matches:
            match = f"({match}) NOT ({unwanted})"
        plan = Plan(origin="search AS d", column="rowid").where("search MATCH {}", match)
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
