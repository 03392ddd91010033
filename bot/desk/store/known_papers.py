"""What the archive and arXiv know of a paper: entries, arXiv's records, its feeds, references."""

import json

from bot.archive.domain.entry import EntryId, Paper
from bot.archive.store import arxiv_records, tags
from bot.archive.store.entries import list_by_id
from bot.archive.store.title_matches import title_key
from bot.arxiv.domain.candidates import Likeness, suggest_tags
from bot.arxiv.store import candidates
from bot.core.database.database import Transaction
from bot.desk.domain.known import Known
from bot.desk.domain.paper_line import PaperLine
from bot.lookup.store import search
from bot.lookup.store.typed_names import list_titled

_TAGS_MOST = 25
_ALIKE = 20
_TITLES = 5


async def find_known(tx: Transaction, line: PaperLine) -> Known:
    """What is known of the paper that was typed; an `entry:ID` that is not there knows nothing."""
    entry_id = line.entry_id
    if entry_id is None and line.key:
        entry_id = await _entry_of(tx, line.key)
    if entry_id is None and line.title and line.arxiv_id is None and not line.url:
        entry_id = await _entry_titled(tx, line.title)
    if entry_id is not None:
        known = await _by_entry(tx, entry_id)
        if known is not None or line.entry_id is not None:
            return known or Known()
    number = line.arxiv_id.number if line.arxiv_id is not None else None
    paper = await _paper(tx, line)
    return Known(paper, None, await _suggested(tx, line.key, number))


async def _by_entry(tx: Transaction, entry_id: EntryId) -> Known | None:
    written = await list_by_id(tx, [entry_id], as_written=True)
    if not written or written[0].withdrawn_at is not None:
        return None
    (shown,) = await list_by_id(tx, [entry_id])
    paper = shown.entry.paper
    number = paper.arxiv_id.number if paper.arxiv_id is not None else None
    return Known(paper, written[0], await _suggested(tx, paper.key, number))


async def _entry_of(tx: Transaction, key: str) -> EntryId | None:
    """The newest entry about a paper."""
    row = await tx.one(
        """
        SELECT e.id FROM paper AS p JOIN entry AS e ON e.paper_id = p.id
         WHERE p.key = :key AND e.newness > 0 ORDER BY e.newness DESC LIMIT 1
        """,
        {"key": key},
    )
    return EntryId(row["id"]) if row is not None else None


async def _entry_titled(tx: Transaction, title: str) -> EntryId | None:
    """The newest entry with exactly that title, whatever its case."""
    found = await list_titled(tx, title, limit=_TITLES)
    return next((each.id for each in found if title_key(each.title) == title_key(title)), None)


async def _paper(tx: Transaction, line: PaperLine) -> Paper | None:
    """The paper of a line without an entry, with what arXiv says of it."""
    if not line.key:
        return None
    title, authors, abstract = line.title, line.authors, None
    if line.arxiv_id is not None:
        number = line.arxiv_id.number
        record = (await arxiv_records.find(tx, [number])).get(number)
        if record is not None:
            title, authors, abstract = title or record.title, record.authors, record.abstract
        else:
            row = await tx.one(
                "SELECT title, authors, abstract FROM feed_item WHERE number = :number",
                {"number": number},
            )
            if row is not None:
                title = title or row["title"]
                authors, abstract = tuple(json.loads(row["authors"])), row["abstract"]
    if not title:
        row = await tx.one("SELECT title FROM paper WHERE key = :key", {"key": line.key})
        title = (row["title"] or "") if row is not None else ""
    return Paper(title, line.authors or authors, line.arxiv_id, line.url, abstract)


async def _suggested(tx: Transaction, key: str, number: str | None) -> tuple[str, ...]:
    """Tags for a paper: of the entries that ranking or look-ups find alike, then the most used."""
    found: dict[str, None] = {}
    nearest = await _nearest(tx, number) if number is not None else ()
    if not nearest and key:
        alike = await search.list_similar(tx, key, limit=_ALIKE)
        nearest = tuple(Likeness(each.id, 1 / place) for place, each in enumerate(alike, start=1))
    if nearest:
        of_entries = await candidates.tags_of(tx, [each.entry_id for each in nearest])
        found |= dict.fromkeys(suggest_tags(nearest, of_entries))
    found |= dict.fromkeys(used.tag for used in await tags.list_used(tx, limit=_TAGS_MOST))
    return tuple(found)[:_TAGS_MOST]


async def _nearest(tx: Transaction, number: str) -> tuple[Likeness, ...]:
    row = await tx.one(
        "SELECT nearest FROM feed_item_judgement WHERE number = :number", {"number": number}
    )
    if row is None:
        return ()
    return tuple(Likeness(EntryId(entry), alike) for entry, alike in json.loads(row["nearest"]))


async def find_entry_at(tx: Transaction, location: str) -> EntryId | None:
    """The entry of a file, by the file's absolute path."""
    row = await tx.one(
        """
        SELECT e.id FROM source AS s JOIN entry AS e ON e.source_id = s.id
         WHERE s.location = :location AND e.newness > 0 ORDER BY e.part LIMIT 1
        """,
        {"location": location},
    )
    return EntryId(row["id"]) if row is not None else None
