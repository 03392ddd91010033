"""Inserts, updates and withdraws entries, with their rows in the index and the link tables.

Each function handles many entries with one call to the writer's thread per statement.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any

from bot.archive.domain.entry import Entry, EntryId, Reference, SourceKind
from bot.archive.domain.lasting import first_key, is_changed, ordinals
from bot.archive.domain.note_links import linked_name, note_name
from bot.archive.domain.search.search_text import IndexedText, tag_mark
from bot.archive.store import entries, papers, search_index, tags
from bot.archive.store.sort_key import newness_of
from bot.core.database import instants
from bot.core.database.database import Statements, Transaction
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class IndexedEntry:
    """An entry to store, with its text for the search index and the id of its source.

    `first_key` is that of the entry as it was read; empty: it is read as it is. The others are of an entry
    that was in another database: the id that it gets if that is free, and its last change.
    """

    entry: Entry
    indexed: IndexedText
    source_id: int
    first_key: str = ""
    wanted_id: EntryId | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Ids:
    """The ids of papers by key, and of tags by slug."""

    papers: Mapping[str, int]
    tags: Mapping[str, int]


async def add(
    tx: Transaction, drafts: Sequence[IndexedEntry], *, now: datetime
) -> tuple[EntryId, ...]:
    """Insert entries; returns their ids, in order."""
    ids = await _ensure_ids(tx, drafts)
    return await tx.call(partial(_add, drafts=drafts, ids=ids, at=instants.to_text(now)))


async def update(
    tx: Transaction, changes: Sequence[tuple[EntryId, IndexedEntry]], *, now: datetime
) -> None:
    """Replace the content of entries, whose ids stay; withdrawn entries are restored by it."""
    old = await entries.list_by_id(tx, map(_id, changes), as_written=True)
    before = {stored.id: stored.entry for stored in old}
    changed = {
        entry_id
        for entry_id, draft in changes
        if entry_id in before and is_changed(before[entry_id], draft.entry)
    }
    ids = await _ensure_ids(tx, [draft for _, draft in changes])
    at = instants.to_text(now)
    await tx.call(partial(_update, changes=changes, changed=changed, ids=ids, at=at))


async def withdraw(tx: Transaction, entry_ids: Iterable[EntryId], *, now: datetime) -> None:
    """Hide entries from every look-up; their content stays. May be repeated."""
    at = instants.to_text(now)
    await tx.run_many(
        """
        UPDATE entry SET newness = -newness, withdrawn_at = :at, updated_at = :at
        WHERE id = :id AND withdrawn_at IS NULL
        """,
        [{"id": entry_id, "at": at} for entry_id in sorted(entry_ids)],
    )


async def set_parts(tx: Transaction, places: Iterable[tuple[EntryId, int]]) -> None:
    """Store at which place of its source (from 0) each entry stands."""
    await tx.run_many(
        "UPDATE entry SET part = :part WHERE id = :id",
        [{"id": entry_id, "part": place} for entry_id, place in places],
    )


async def _ensure_ids(tx: Transaction, drafts: Sequence[IndexedEntry]) -> _Ids:
    entries = [draft.entry for draft in drafts]
    return _Ids(
        papers=await papers.ensure(
            tx,
            (entry.paper for entry in entries),
            (reference for entry in entries for reference in entry.references),
        ),
        tags=await tags.ensure(tx, (pair for entry in entries for pair in _spelled(entry))),
    )


def _spelled(entry: Entry) -> tuple[tuple[str, str], ...]:
    """The slug and the spelling of each tag."""
    spellings = (*entry.spellings, *entry.tags[len(entry.spellings) :])
    return tuple(zip(entry.tags, spellings, strict=False))


def _add(
    statements: Statements, drafts: Sequence[IndexedEntry], ids: _Ids, at: str
) -> tuple[EntryId, ...]:
    numbered = list(zip(_new_ids(statements, drafts), drafts, strict=True))
    statements.run_many(
        """
        INSERT INTO entry (
            id, newness, paper_id, source_id, part, name, date, title, authors, arxiv_version, url,
            abstract, commentary, text, created_at, updated_at, first_key, changed_at
        ) VALUES (
            :id, :newness, :paper_id, :source_id, :part, :name, :date, :title, :authors,
            :arxiv_version, :url, :abstract, :commentary, :text, :at, :at, :first_key, :changed_at
        )
        """,
        [_row(entry_id, draft, ids, at) for entry_id, draft in numbered],
    )
    _add_related_rows(statements, numbered, ids)
    _set_ordinals(statements, [entry_id for entry_id, _ in numbered])
    return tuple(entry_id for entry_id, _ in numbered)


def _new_ids(statements: Statements, drafts: Sequence[IndexedEntry]) -> list[EntryId]:
    """An id for each entry: the wanted one if it is free, else the next behind all others."""
    wanted = Counter(draft.wanted_id for draft in drafts if draft.wanted_id is not None)
    taken = statements.tuples(
        "SELECT id FROM entry WHERE id IN (SELECT value FROM numbers(:wanted))",
        {"wanted": list(wanted)},
    )
    free = {wanted_id for wanted_id, times in wanted.items() if times == 1}
    free -= {entry_id for (entry_id,) in taken}
    ((newest,),) = statements.tuples("SELECT coalesce(max(id), 0) FROM entry")
    behind = count(max(newest, *free, 0) + 1)
    return [
        draft.wanted_id if draft.wanted_id in free else EntryId(next(behind)) for draft in drafts
    ]


def _set_ordinals(statements: Statements, new: Collection[EntryId]) -> None:
    """Give entries that stand from now on their `ordinal`, those with lower ids first."""
    rows = statements.tuples(
        """
        SELECT o.first_key, o.id, o.ordinal FROM entry AS o
         WHERE o.newness > 0 AND o.first_key <> '' AND o.first_key IN (
               SELECT e.first_key FROM entry AS e WHERE e.id IN (SELECT value FROM numbers(:new)))
         ORDER BY o.id
        """,
        {"new": list(new)},
    )
    given = ordinals(rows, frozenset(new))
    statements.run_many(
        "UPDATE entry SET ordinal = :ordinal WHERE id = :id",
        [{"id": entry_id, "ordinal": ordinal} for entry_id, ordinal in given.items()],
    )


def _update(
    statements: Statements,
    changes: Sequence[tuple[EntryId, IndexedEntry]],
    changed: Collection[EntryId],
    ids: _Ids,
    at: str,
) -> None:
    rows = [
        _row(entry_id, draft, ids, at) | {"is_changed": entry_id in changed}
        for entry_id, draft in sorted(changes, key=_id)
    ]
    withdrawn = statements.numbers(
        """
        SELECT id FROM entry WHERE newness < 0 AND id IN (SELECT value FROM numbers(:ids))
        """,
        {"ids": [row["id"] for row in rows]},
    )
    for table in ("entry_tag", "reference", "link", "search_text"):
        statements.run_many(
            f"DELETE FROM {table} "  # noqa: S608  fixed names
            "WHERE newness = (SELECT newness FROM entry WHERE id = :id)",
            rows,
        )
    statements.run_many(
        """
        UPDATE entry SET
            newness = :newness, paper_id = :paper_id, source_id = :source_id, part = :part,
            name = :name, date = :date, title = :title, authors = :authors,
            arxiv_version = :arxiv_version, url = :url, abstract = :abstract,
            commentary = :commentary, text = :text, updated_at = :at, withdrawn_at = NULL,
            changed_at = CASE WHEN :is_changed THEN :at ELSE changed_at END
        WHERE id = :id
        """,
        rows,
    )
    _add_related_rows(statements, changes, ids)
    if withdrawn:
        _set_ordinals(statements, list(map(EntryId, withdrawn)))


def _id(change: tuple[EntryId, IndexedEntry]) -> EntryId:
    return change[0]


def _row(entry_id: EntryId, draft: IndexedEntry, ids: _Ids, at: str) -> dict[str, Any]:
    entry, paper = draft.entry, draft.entry.paper
    is_note = entry.source.kind is SourceKind.VAULT_NOTE
    return {
        "id": entry_id,
        "newness": newness_of(entry.date, entry_id),
        "paper_id": ids.papers[paper.key],
        "source_id": draft.source_id,
        "part": entry.source.part,
        "name": note_name(entry.source.path) if is_note else None,
        "date": entry.date.isoformat() if entry.date is not None else None,
        "title": paper.title,
        "authors": _json(paper.authors),
        "arxiv_version": paper.arxiv_id.version if paper.arxiv_id is not None else 0,
        "url": paper.url,
        "abstract": paper.abstract,
        "commentary": _json([(part.language, part.paragraphs) for part in entry.commentary]),
        "text": entry.source.text,
        "first_key": draft.first_key or first_key(entry),
        "changed_at": instants.to_text(draft.changed_at) if draft.changed_at is not None else None,
        "at": at,
    }


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _add_related_rows(
    statements: Statements, numbered: Sequence[tuple[EntryId, IndexedEntry]], ids: _Ids
) -> None:
    # In ascending order: the full-text index starts a new segment for a key smaller than the last.
    keyed = sorted(
        ((newness_of(draft.entry.date, entry_id), draft) for entry_id, draft in numbered),
        key=lambda pair: pair[0],
    )
    # One statement for all rows is faster, and the GIL is released while it runs.
    statements.run(
        """
        INSERT INTO entry_tag (tag_id, newness, position, spelling)
        SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT),
               CAST(value ->> 2 AS BIGINT), value ->> 3
        FROM json_rows(:rows) WHERE TRUE
        ON CONFLICT DO NOTHING
        """,
        {
            "rows": _json(
                [
                    (ids.tags[slug], newness, position, spelling)
                    for newness, draft in keyed
                    for position, (slug, spelling) in enumerate(_spelled(draft.entry))
                ]
            )
        },
    )
    statements.run(
        """
        INSERT INTO reference (paper_id, newness, position, arxiv_version)
        SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT),
               CAST(value ->> 2 AS BIGINT), CAST(value ->> 3 AS BIGINT)
        FROM json_rows(:rows) WHERE TRUE
        ON CONFLICT DO NOTHING
        """,
        {
            "rows": _json(
                [
                    (ids.papers[reference.key], newness, position, _version(reference))
                    for newness, draft in keyed
                    for position, reference in enumerate(draft.entry.references)
                ]
            )
        },
    )
    statements.run(
        """
        INSERT INTO link (newness, position, text, name)
        SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3
        FROM json_rows(:rows)
        """,
        {
            "rows": _json(
                [
                    (newness, position, link, linked_name(link))
                    for newness, draft in keyed
                    for position, link in enumerate(draft.entry.links)
                ]
            )
        },
    )
    search_index.add_entries(
        statements, [(newness, _indexed(draft, ids)) for newness, draft in keyed]
    )


def _version(reference: Reference) -> int:
    return reference.arxiv_id.version if reference.arxiv_id is not None else 0


def _indexed(draft: IndexedEntry, ids: _Ids) -> IndexedText:
    """The words of an entry, with the marks of its tags."""
    marks = " ".join(tag_mark(ids.tags[slug]) for slug in draft.entry.tags)
    return draft.indexed._replace(tags=f"{draft.indexed.tags} {marks}")
