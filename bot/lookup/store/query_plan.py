"""A query as one walk along one index, newest first.

Whatever has words is asked of the full-text index, the tags beside them included; anything else
walks the index of its rarest tag, of a paper, or of all entries. The other terms are looked up
entry by entry on the way. No text of a query ever becomes SQL or full-text syntax.
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
    """Which index is walked (`origin`, by `column`), between which bounds, and what must hold."""

    origin: str = "entry AS d"
    column: str = "newness"
    low: int = OLDEST
    high: int = NEWEST
    conditions: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)

    def such_that(self, condition: str, value: Any) -> "Plan":
        """The plan with one more condition, in which `{}` stands for the value."""
        name = f"v{len(self.values)}"
        return replace(
            self,
            conditions=(*self.conditions, condition.format(f":{name}")),
            values=self.values | {name: value},
        )

    def walk(self, connection: sqlite3.Connection, *, limit: int, offset: int = 0) -> list[int]:
        """The newness of what is found, newest first."""
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
        chosen = self.such_that(them_only.replace("column", self.column), json.dumps(them))
        return set(chosen.walk(connection, limit=len(them)))

    def _select(self, what: str) -> str:
        where = " AND ".join((f"d.{self.column} BETWEEN :low AND :high", *self.conditions))
        return f"SELECT {what} FROM {self.origin} WHERE {where}"  # noqa: S608  our own text

    def _parameters(self, **more: int) -> dict[str, Any]:
        return {"low": self.low, "high": self.high} | self.values | more


def plan_for(
    connection: sqlite3.Connection, query: Query, readable: ReadableSince | None = None
) -> Plan | None:
    """The walk that finds what the query asks for; `None` where nothing can be found.

    `similar:` and `random` are no part of it: they choose among what the rest finds. What people
    said is looked for in what was `readable`; `None` is everything.
    """
    asked = _asked(connection, query)
    if asked is None:
        return None
    if asked.in_discussion:
        return _discussed(asked, readable)
    plan, fulfilled = _walk_along(connection, asked)
    conditions: list[tuple[str, Any]] = [
        *(row for row in asked.rows if row not in fulfilled),
        *((f"NOT {condition}", row) for condition, row in asked.unwanted),
        *asked.outside,
    ]
    if not asked.matches:
        conditions += [(_NO_MATCH, match) for match in asked.unwanted_matches]
    for condition, value in conditions:
        plan = plan.such_that(condition.replace("[d]", f"d.{plan.column}"), value)
    return replace(plan, low=asked.low, high=asked.high)


_HEARD = """(:readable IS NULL OR EXISTS (
    SELECT 1 FROM json_each(:readable) AS h WHERE h.key = reply.channel AND reply.said_at >= h.value))"""
_DISCUSSED = """(
    SELECT DISTINCT entry.newness FROM reply JOIN entry ON entry.id = reply.entry_id
     WHERE reply.gone_at IS NULL AND [readable]) AS d""".replace("[readable]", _HEARD)
_SAID = """(
    SELECT DISTINCT entry.newness FROM reply_search
      JOIN reply ON reply.id = reply_search.rowid JOIN entry ON entry.id = reply.entry_id
     WHERE reply_search MATCH :said AND [readable]) AS d""".replace("[readable]", _HEARD)
_ALSO_SAID = """(EXISTS (
    SELECT 1 FROM entry JOIN reply ON reply.entry_id = entry.id
     WHERE entry.newness = [d] AND [readable]
       AND reply.id IN (SELECT rowid FROM reply_search WHERE reply_search MATCH {})))""".replace(
    "[readable]", _HEARD
)
_MATCH = "EXISTS (SELECT 1 FROM search WHERE search MATCH {} AND rowid = [d])"
_TAGGED = "EXISTS (SELECT 1 FROM entry_tag WHERE tag_id = {} AND newness = [d])"
_ABOUT = "EXISTS (SELECT 1 FROM entry WHERE paper_id = {} AND newness = [d])"
_CITES = "EXISTS (SELECT 1 FROM reference WHERE paper_id = {} AND newness = [d])"
_IS = "[d] = (SELECT newness FROM entry WHERE id = {})"
_NO_MATCH = "NOT EXISTS (SELECT 1 FROM search WHERE search MATCH {} AND rowid = [d])"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a query asks for, in terms of rows.

    `rows` are conditions about one row each, with its id. In a condition `[d]` stands for the
    entry's newness and `{}` for the value. `on_message` must match in one reply each, `in_discussion`;
    `on_message_deleted` in none.
    """

    matches: tuple[str, ...] = ()
    unwanted_matches: tuple[str, ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    unwanted: tuple[tuple[str, int], ...] = ()
    outside: tuple[tuple[str, int], ...] = ()
    low: int = OLDEST
    high: int = NEWEST
    in_discussion: bool = False
    said: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()

    def ids(self, condition: str) -> tuple[int, ...]:
        """The rows of which a condition must hold."""
        return tuple(row for about, row in self.rows if about == condition)


def _discussed(asked: _Asked, readable: ReadableSince | None) -> Plan:
    """The walk along what was discussed, which is little beside the archive."""
    first, *others = asked.said or (None,)
    values = {"said": first, "readable": json.dumps(readable) if readable is not None else None}
    plan = Plan(origin=_DISCUSSED if first is None else _SAID, values=values)
    conditions: list[tuple[str, Any]] = [
        *((_MATCH, match) for match in asked.matches),
        *((_NO_MATCH, match) for match in asked.unwanted_matches),
        *((_ALSO_SAID, match) for match in others),
        *((f"NOT {_ALSO_SAID}", match) for match in asked.unsaid),
        *asked.rows,
        *((f"NOT {condition}", row) for condition, row in asked.unwanted),
        *asked.outside,
    ]
    for condition, value in conditions:
        plan = plan.such_that(condition.replace("[d]", "d.newness"), value)
    return replace(plan, low=asked.low, high=asked.high)


def _asked(connection: sqlite3.Connection, query: Query) -> _Asked | None:
    asked = _Asked(in_discussion=InDiscussion() in query.terms)
    for term in query.terms:
        match term:
            case Words(text, phrase, negated):
                match = match_expression(text) if phrase else word_expression(text)
                with_words = _with_said if asked.in_discussion else _with_match
                asked = with_words(asked, match, negated=negated)
            case Author(name, negated):
                match = name_expression(name)
                authors = f"authors : ({match})" if match is not None else None
                asked = _with_match(asked, authors, negated=negated)
            case Dates():
                asked = _with_dates(asked, term)
            case Tag(slug, negated) if len(ids := tags.family(connection, slug)) > 1:
                marks = " OR ".join(f'"{tag_mark(tag_id)}"' for tag_id in ids)
                asked = _with_match(asked, marks, negated=negated)
            case Tag() | About() | Cites() | EntryIs():
                condition, row = _row_of(connection, term)
                negated = not isinstance(term, EntryIs) and term.negated
                if row is not None and negated:
                    asked = replace(asked, unwanted=(*asked.unwanted, (condition, row)))
                elif row is not None:
                    asked = replace(asked, rows=(*asked.rows, (condition, row)))
                elif not negated:
                    return None
            case _:
                pass
    return asked


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


def _with_match(asked: _Asked, match: str | None, *, negated: bool) -> _Asked:
    if match is None:
        return asked
    if negated:
        return replace(asked, unwanted_matches=(*asked.unwanted_matches, match))
    return replace(asked, matches=(*asked.matches, match))


def _with_said(asked: _Asked, match: str | None, *, negated: bool) -> _Asked:
    if match is None:
        return asked
    if negated:
        return replace(asked, unsaid=(*asked.unsaid, match))
    return replace(asked, said=(*asked.said, match))


def _with_dates(asked: _Asked, dates: Dates) -> _Asked:
    low, high = span(dates.first, dates.last)
    if dates.negated:
        return replace(asked, outside=(*asked.outside, (f"[d] NOT BETWEEN {low} AND {{}}", high)))
    return replace(asked, low=max(asked.low, low), high=min(asked.high, high))


def _paper_id(connection: sqlite3.Connection, paper: PaperRef) -> int | None:
    row = connection.execute("SELECT id FROM paper WHERE key = :key", {"key": paper.key}).fetchone()
    return row["id"] if row is not None else None


def _walk_along(
    connection: sqlite3.Connection, asked: _Asked
) -> tuple[Plan, Sequence[tuple[str, int]]]:
    """The walk that passes the fewest other entries, and the conditions it fulfils by that."""
    tag_ids, about, cites = asked.ids(_TAGGED), asked.ids(_ABOUT), asked.ids(_CITES)
    if asked.matches:
        marks = (f'"{tag_mark(tag_id)}"' for tag_id in tag_ids)
        match = " AND ".join(f"({part})" for part in (*asked.matches, *marks))
        for unwanted in asked.unwanted_matches:
            match = f"({match}) NOT ({unwanted})"
        plan = Plan(origin="search AS d", column="rowid").such_that("search MATCH {}", match)
        return plan, [(_TAGGED, tag_id) for tag_id in tag_ids]
    if asked.ids(_IS):
        return Plan(), ()
    if about:
        return Plan().such_that("d.paper_id = {}", about[0]), [(_ABOUT, about[0])]
    if cites:
        plan = Plan(origin="reference AS d").such_that("d.paper_id = {}", cites[0])
        return plan, [(_CITES, cites[0])]
    if tag_ids:
        rarest = _rarest(connection, tag_ids)
        plan = Plan(origin="entry_tag AS d").such_that("d.tag_id = {}", rarest)
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
