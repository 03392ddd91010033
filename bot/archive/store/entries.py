"""Reads entries by id, date or source as `StoredEntry`."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.checks.note_checks import is_empty_note
from bot.archive.domain.counts import Day
from bot.archive.domain.entry import (
    AtArxiv,
    Commentary,
    Entry,
    EntryId,
    Language,
    Paper,
    Reference,
    Source,
    SourceKind,
    StoredEntry,
)
from bot.archive.store.sort_key import NEWEST, span
from bot.core.database import instants
from bot.core.database.database import Statements, Transaction
from bot.core.domain.errors import NotFoundError


async def get(tx: Transaction, entry_id: EntryId) -> StoredEntry:
    """The entry with that id, withdrawn or not; raises `NotFoundError`."""
    stored = await find(tx, entry_id)
    if stored is None:
        raise NotFoundError("There is no entry {id}", id=entry_id)
    return stored


async def find(tx: Transaction, entry_id: EntryId) -> StoredEntry | None:
    """The entry with that id, withdrawn or not, or `None`."""
    found = await list_by_id(tx, [entry_id])
    return found[0] if found else None


async def list_by_id(
    tx: Transaction, entry_ids: Iterable[EntryId], *, as_written: bool = False
) -> tuple[StoredEntry, ...]:
    """Those of these entries that exist, withdrawn or not, in the given order.

    `as_written` leaves out what arXiv says about their papers (see `load`).
    """
    asked = tuple(entry_ids)
    return await tx.call(partial(_list_by_id, asked=asked, as_written=as_written))


def _list_by_id(
    statements: Statements, asked: Sequence[EntryId], *, as_written: bool
) -> tuple[StoredEntry, ...]:
    rows = statements.tuples(
        "SELECT id, newness FROM entry WHERE id IN (SELECT value FROM numbers(:asked))",
        {"asked": list(asked)},
    )
    newness: dict[int, int] = dict(rows)
    found = [newness[entry_id] for entry_id in asked if entry_id in newness]
    return load(statements, found, as_written=as_written)


async def on_date(tx: Transaction, day: date) -> tuple[StoredEntry, ...]:
    """The entries of a day in the order of their sources, without withdrawn ones."""
    return await between(tx, day, day)


async def between(tx: Transaction, first: date, last: date) -> tuple[StoredEntry, ...]:
    """The entries of days `first` to `last`, both included, without withdrawn ones.

    The oldest day comes first, and within a day the order is that of the sources.
    """
    low, high = span(first, last)
    return await tx.call(partial(_between, low=low, high=high))


def _between(statements: Statements, low: int, high: int) -> tuple[StoredEntry, ...]:
    rows = statements.all(
        """
        SELECT e.newness FROM entry AS e JOIN source AS s ON s.id = e.source_id
        WHERE e.newness BETWEEN :low AND :high
        ORDER BY e.date, s.path, e.part, e.id
        """,
        {"low": low, "high": high},
    )
    return load(statements, [row["newness"] for row in rows])


async def list_empty_notes(tx: Transaction, first: date, last: date) -> frozenset[EntryId]:
    """The notes of these days in which nothing is written yet (`is_empty_note`)."""
    low, high = span(first, last)
    rows = await tx.all(
        """
        SELECT e.id FROM entry AS e JOIN source AS s ON s.id = e.source_id
         WHERE e.newness BETWEEN :low AND :high AND e.commentary = '[]' AND e.url IS NULL
           AND s.kind = :note
        """,
        {"low": low, "high": high, "note": SourceKind.VAULT_NOTE},
    )
    found = await list_by_id(tx, [EntryId(row["id"]) for row in rows], as_written=True)
    return frozenset(each.id for each in found if is_empty_note(each.entry))


async def list_days_of_papers(
    tx: Transaction, numbers: Iterable[str], *, least: int
) -> Mapping[str, list[tuple[date, str]]]:
    """Date and source path of the dated entries of papers, by arXiv id, without withdrawn ones.

    Only of papers that have at least `least` entries.
    """
    rows = await tx.all(
        """
        SELECT wanted.value AS number, e.date, s.path
          FROM texts(:keys) AS wanted
          JOIN paper AS p ON p.key = 'arxiv:' || wanted.value
          JOIN entry AS e ON e.paper_id = p.id AND e.newness > 0 AND e.date IS NOT NULL
          JOIN source AS s ON s.id = e.source_id
         WHERE (SELECT count(*) FROM entry AS o WHERE o.paper_id = p.id AND o.newness > 0) >= :least
        """,
        {"keys": list(numbers), "least": least},
    )
    found: defaultdict[str, list[tuple[date, str]]] = defaultdict(list)
    for row in rows:
        found[row["number"]].append((date.fromisoformat(row["date"]), row["path"]))
    return found


async def list_of_sources(
    tx: Transaction, source_ids: Iterable[int]
) -> Mapping[int, tuple[StoredEntry, ...]]:
    """The entries of these sources, by source id, withdrawn ones included.

    They are as the curator wrote them, without what arXiv says about their papers.
    """
    return await tx.call(partial(_list_of_sources, source_ids=tuple(source_ids)))


def _list_of_sources(
    statements: Statements, source_ids: Sequence[int]
) -> dict[int, tuple[StoredEntry, ...]]:
    rows = statements.tuples(
        """
        SELECT source_id, newness FROM entry
        WHERE source_id IN (SELECT value FROM numbers(:ids)) ORDER BY part, id
        """,
        {"ids": list(source_ids)},
    )
    stored = load(statements, [newness for _, newness in rows], as_written=True)
    grouped = defaultdict(list)
    for (source_id, _), entry in zip(rows, stored, strict=True):
        grouped[source_id].append(entry)
    return {source_id: tuple(found) for source_id, found in grouped.items()}


async def list_replacing(
    tx: Transaction, source_ids: Iterable[int]
) -> Mapping[int, tuple[StoredEntry, ...]]:
    """The entries of forms that took the place of an entry of these sources, by that source."""
    rows = await tx.all(
        """
        SELECT id, replaces FROM source WHERE replaces IN (SELECT value FROM numbers(:ids))
        """,
        {"ids": list(source_ids)},
    )
    if not rows:
        return {}
    of_forms = await list_of_sources(tx, [row["id"] for row in rows])
    found: defaultdict[int, tuple[StoredEntry, ...]] = defaultdict(tuple)
    for row in rows:
        found[row["replaces"]] += tuple(of_forms.get(row["id"], ()))
    return found


async def list_in_order(
    tx: Transaction, chosen: Collection[EntryId] | None = None, *, by_paper: bool = False
) -> Sequence[EntryId]:
    """The ids of all entries, or of the chosen ones, without withdrawn ones.

    Ordered by day, undated entries first, and within a day by source. With `by_paper` the other
    entries of a paper follow its first one.
    """
    return await tx.call(partial(_list_in_order, chosen=chosen, by_paper=by_paper))


def _list_in_order(
    statements: Statements, chosen: Collection[EntryId] | None, *, by_paper: bool
) -> Sequence[EntryId]:
    rows = statements.tuples(
        _BY_PAPER if by_paper else _IN_ORDER,
        {"all": chosen is None, "chosen": list(chosen or ())},
    )
    return tuple(entry_id for (entry_id,) in rows)


_IN_ORDER = """
    SELECT e.id FROM entry AS e JOIN source AS s ON s.id = e.source_id
    WHERE e.newness > 0 AND (:all OR e.id IN (SELECT value FROM numbers(:chosen)))
    ORDER BY e.date NULLS FIRST, s.path, e.part, e.id
"""
_BY_PAPER = """
    WITH placed AS (
        SELECT e.id, e.paper_id,
               row_number() OVER (ORDER BY e.date NULLS FIRST, s.path, e.part, e.id) AS place
          FROM entry AS e JOIN source AS s ON s.id = e.source_id
         WHERE e.newness > 0 AND (:all OR e.id IN (SELECT value FROM numbers(:chosen)))
    )
    SELECT id FROM placed ORDER BY min(place) OVER (PARTITION BY paper_id), place
"""


async def list_first_keys(tx: Transaction, entry_ids: Iterable[EntryId]) -> Mapping[EntryId, str]:
    """By which key feeds know these entries (`lasting.first_key`)."""
    rows = await tx.all(
        "SELECT id, first_key FROM entry WHERE id IN (SELECT value FROM numbers(:ids))",
        {"ids": list(entry_ids)},
    )
    return {EntryId(row["id"]): row["first_key"] for row in rows}


async def list_days(tx: Transaction, *, before: date | None = None, limit: int) -> tuple[Day, ...]:
    """The newest days with entries that are earlier than `before`, newest first."""
    rows = await tx.all(
        """
        WITH RECURSIVE day (newest, place) AS (
            SELECT max(newness), 1 FROM entry WHERE newness >= :oldest AND newness < :before
            UNION ALL
            SELECT (
                SELECT max(newness) FROM entry
                WHERE newness >= :oldest AND newness < (day.newest >> 32 << 32)
            ), place + 1
            FROM day WHERE newest IS NOT NULL AND place < :limit
        )
        SELECT e.date, (
            SELECT count(*) FROM entry AS d
            WHERE d.newness BETWEEN (day.newest >> 32 << 32) AND day.newest
        ) AS entries
        FROM day JOIN entry AS e ON e.newness = day.newest
        ORDER BY day.newest DESC LIMIT :limit
        """,
        {
            "oldest": span(None, None)[0],
            "before": span(before, None)[0] if before is not None else NEWEST,
            "limit": limit,
        },
    )
    return tuple(Day(date.fromisoformat(row["date"]), row["entries"]) for row in rows)


async def day_after(tx: Transaction, day: date) -> date | None:
    """The next day with entries, or `None`."""
    row = await tx.one(
        "SELECT date FROM entry WHERE newness > :newest ORDER BY newness LIMIT 1",
        {"newest": span(day, day)[1]},
    )
    return date.fromisoformat(row["date"]) if row is not None else None


def load(
    statements: Statements, ordered: Sequence[int], *, as_written: bool = False
) -> tuple[StoredEntry, ...]:
    """The entries with these sort keys (`newness`), in the given order; all must exist.

    Title, authors and abstract that the curator left out come from arXiv's record, and so does the
    paper's state there; merged tags are the ones they count as. `as_written` returns only the
    curator's own words, for comparison and export.
    """
    them = {"them": list(ordered), "filled": not as_written}
    # Plain tuples, since reading rows takes most of a look-up's time.
    tags: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for newness, slug, spelling in statements.tuples(_TAGS, them):
        tags[newness].setdefault(slug, spelling)
    references: defaultdict[int, list[Reference]] = defaultdict(list)
    for newness, number, version, url, title, *now in statements.tuples(_REFERENCES, them):
        arxiv_id = ArxivId(number, version) if number is not None else None
        references[newness].append(Reference(arxiv_id, url, title, _at_arxiv(*now)))
    links: defaultdict[int, list[str]] = defaultdict(list)
    for newness, text in statements.tuples(_LINKS, them):
        links[newness].append(text)
    rows = {row[0]: row[1:] for row in statements.tuples(_ENTRIES, them)}
    return tuple(
        to_stored(rows[newness], tuple(tags[newness].items()), references[newness], links[newness])
        for newness in ordered
    )


_ENTRIES = """
    SELECT e.newness, e.id, e.date, e.withdrawn_at, e.title,
           coalesce(nullif(e.authors, '[]'), a.authors, '[]'), p.arxiv_id, e.arxiv_version, e.url,
           coalesce(nullif(e.abstract, ''), nullif(a.abstract, '')), a.version, a.is_withdrawn,
           a.categories, e.commentary, s.kind, s.path, e.part, e.text, e.changed_at
    FROM entry AS e JOIN paper AS p ON p.id = e.paper_id JOIN source AS s ON s.id = e.source_id
        LEFT JOIN arxiv_record AS a ON a.number = p.arxiv_id AND :filled
    WHERE e.newness IN (SELECT value FROM numbers(:them))
"""
_TAGS = """
    SELECT et.newness, coalesce(root.slug, t.slug), coalesce(root.slug, et.spelling)
    FROM entry_tag AS et JOIN tag AS t ON t.id = et.tag_id
        LEFT JOIN tag_merge AS m ON m.tag_id = et.tag_id AND :filled
        LEFT JOIN tag AS root ON root.id = m.root_id
    WHERE et.newness IN (SELECT value FROM numbers(:them)) ORDER BY et.newness, et.position
"""
_REFERENCES = """
    SELECT r.newness, p.arxiv_id, r.arxiv_version, p.url, p.title, a.version, a.is_withdrawn
    FROM reference AS r JOIN paper AS p ON p.id = r.paper_id
        LEFT JOIN arxiv_record AS a ON a.number = p.arxiv_id AND :filled
    WHERE r.newness IN (SELECT value FROM numbers(:them)) ORDER BY r.newness, r.position
"""
_LINKS = """
    SELECT newness, text FROM link
    WHERE newness IN (SELECT value FROM numbers(:them)) ORDER BY newness, position
"""
_LANGUAGES = {str(language): language for language in Language}
_KINDS = {str(kind): kind for kind in SourceKind}


def to_stored(
    row: tuple[Any, ...],
    tags: Sequence[tuple[str, str]],
    references: Sequence[Reference],
    links: Sequence[str],
) -> StoredEntry:
    """The entry of a row as `load` reads it, from its id on; `tags` are slugs with their spellings."""
    entry_id, on, withdrawn_at, title, authors, number, version, url, *rest = row
    abstract, version_now, is_withdrawn, categories, *rest = rest
    commentary, kind, path, part, text, changed_at = rest
    arxiv_id = ArxivId(number, version) if number is not None else None
    return StoredEntry(
        entry_id,
        Entry(
            Paper(
                title,
                tuple(json.loads(authors)) if authors is not None else (),
                arxiv_id,
                url,
                abstract,
                _at_arxiv(version_now, is_withdrawn, categories),
            ),
            Source(_KINDS[kind], path, part, text),
            date.fromisoformat(on) if on is not None else None,
            tuple(
                Commentary(_LANGUAGES[language], tuple(paragraphs))
                for language, paragraphs in json.loads(commentary)
            ),
            tuple(slug for slug, _ in tags),
            tuple(spelling for _, spelling in tags),
            tuple(references),
            tuple(links),
        ),
        instants.from_text(withdrawn_at) if withdrawn_at is not None else None,
        instants.from_text(changed_at) if changed_at is not None else None,
    )


def _at_arxiv(
    version: int | None, is_withdrawn: bool | None, categories: str | None = None
) -> AtArxiv | None:
    if version is None:
        return None
    (primary, *_) = (json.loads(categories) if categories is not None else None) or ("",)
    return AtArxiv(version, bool(is_withdrawn), primary)
