"""Entries and archives for tests: made by hand, kept in a real database."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import (
    Commentary,
    Entry,
    EntryId,
    Language,
    Paper,
    Reference,
    Source,
    SourceKind,
    tag_slug,
)
from bot.archive.domain.files.source_match import InputFile
from bot.archive.domain.search.search_text import indexed_text
from bot.archive.domain.search.search_vector import vector
from bot.archive.store import entry_changes, sources
from bot.archive.store.entry_changes import IndexedEntry
from bot.archive.store.sort_key import day_of
from bot.core.database.database import Database, Engine
from bot.core.database.sqlite.words import words
from bot.core.latex import readable
from bot.lookup.services import lookup

NOW = datetime(2025, 2, 4, 9, 0, tzinfo=UTC)
DAY = date(2025, 2, 4)


def an_entry(
    title: str = "A paper",
    *,
    authors: tuple[str, ...] = (),
    arxiv_id: str | None = None,
    url: str | None = None,
    abstract: str | None = None,
    on: date | None = DAY,
    ko: str = "",
    en: str = "",
    tags: str = "",
    cites: tuple[str, ...] = (),
    links: tuple[str, ...] = (),
    path: str = "notes/a note.md",
    kind: SourceKind = SourceKind.VAULT_NOTE,
    part: int = 0,
) -> Entry:
    """An entry; `tags` are spellings with spaces between, `cites` are arXiv numbers."""
    spellings = tuple(tags.split())
    written = ((Language.KO, ko), (Language.EN, en))
    return Entry(
        paper=Paper(title, authors, ArxivId(arxiv_id) if arxiv_id else None, url, abstract),
        source=Source(kind, path, part, text=f"{title}\n{ko}\n{en}"),
        date=on,
        commentary=tuple(Commentary(language, (text,)) for language, text in written if text),
        tags=tuple(map(tag_slug, spellings)),
        spellings=spellings,
        references=tuple(Reference(ArxivId(number)) for number in cites),
        links=links,
    )


def a_record(number: str, *, version: int = 2, comment: str | None = None) -> ArxivRecord:
    return ArxivRecord(
        id=ArxivId(number, version),
        title=f"arXiv's {number}",
        authors=("Ada Lovelace",),
        abstract="What it is about.",
        categories=("cs.LG", "cs.CL"),
        submitted_at=NOW,
        updated_at=NOW,
        comment=comment,
    )


async def keep(db: Database, *entries: Entry) -> tuple[EntryId, ...]:
    """Keep entries, each from a source of its own unless they name the same path."""
    paths = list(dict.fromkeys(entry.source.path for entry in entries))
    kinds = {entry.source.path: entry.source.kind for entry in entries}
    files = [(InputFile(path, f"/vault/{path}", None, path), kinds[path]) for path in paths]
    async with db.transaction() as tx:
        rows = dict(zip(paths, await sources.add(tx, files, now=NOW), strict=True))
        drafts = [IndexedEntry(e, indexed_text(e, readable), rows[e.source.path]) for e in entries]
        return await entry_changes.add(tx, drafts, now=NOW)


async def keep_apart(db: Database, *entries: Entry) -> tuple[EntryId, ...]:
    """Keep entries that all have the same path as notes of their own."""
    return await keep(db, *(from_note(entry, f"notes/{n}.md") for n, entry in enumerate(entries)))


def from_note(entry: Entry, path: str) -> Entry:
    """The entry, from another note."""
    source = Source(SourceKind.VAULT_NOTE, path, 0, entry.source.text)
    return Entry(
        entry.paper,
        source,
        entry.date,
        entry.commentary,
        entry.tags,
        entry.spellings,
        entry.references,
        entry.links,
    )


async def found(db: Database, query: str) -> list[str]:
    """The titles that a query finds, in order; at most a hundred."""
    results = await lookup.look_up(db, query, per_page=100)
    return [stored.entry.paper.title for stored in results.entries]


def write_notes(folder: Path, notes: dict[str, str]) -> Path:
    """Write files below a folder; the folder."""
    for path, text in notes.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return folder


def titles(entries: Iterable[Entry]) -> list[str]:
    """What the entries are about."""
    return [entry.paper.title for entry in entries]


async def check_index(db: Database) -> None:
    """Compare the full-text index of entries with the texts that it was made of."""
    async with db.transaction() as tx:
        if db.engine is Engine.SQLITE:
            for index in ("search", "title_search", "label_search"):
                await tx.run(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
            return
        for row in await tx.all("SELECT * FROM search_text"):
            fields = ("title", "tags", "authors", "commentary", "abstract")
            made = vector([words(row[name]) for name in fields], day=day_of(row["newness"]))
            same = await tx.one(
                "SELECT words = CAST(:literal AS TSVECTOR) FROM search_text WHERE newness = :newness",
                {"literal": made.literal, "newness": row["newness"]},
            )
            assert same is not None
            assert same[0]
            assert row["fields"] == made.fields
