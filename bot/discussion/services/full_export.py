"""`export --format jsonl --with discussion`: everything of the entries, which `import` restores."""

import json
from collections.abc import AsyncIterator, Sequence

from bot.archive.domain.entry import StoredEntry
from bot.archive.domain.formats import export_line
from bot.archive.services.export import entry_json
from bot.archive.store import arxiv_records, entries
from bot.core.database.database import Database
from bot.discussion.store import discussion_export
from bot.discussion.store.discussion_export import Talk

_PAGE = 500


async def export_lines(db: Database, found: AsyncIterator[StoredEntry]) -> AsyncIterator[str]:
    """One line of JSON for each entry: its form, what `export_line` adds, `replies` and `reactions`.

    What is deleted, forgotten or too old to be kept is in no line.
    """
    page: list[StoredEntry] = []
    async for stored in found:
        page.append(stored)
        if len(page) == _PAGE:
            yield await _lines(db, page)
            page = []
    yield await _lines(db, page)


async def _lines(db: Database, page: Sequence[StoredEntry]) -> str:
    ids = [stored.id for stored in page]
    numbers = {s.entry.paper.arxiv_id.number for s in page if s.entry.paper.arxiv_id is not None}
    async with db.reading() as tx:
        talk = await discussion_export.list_all(tx, ids)
        written = {s.id: s.entry for s in await entries.list_by_id(tx, ids, as_written=True)}
        records = await arxiv_records.find(tx, numbers)
        first_keys = await entries.list_first_keys(tx, ids)
    lines = []
    for stored in page:
        arxiv_id, said = stored.entry.paper.arxiv_id, talk.get(stored.id, Talk())
        form = export_line.with_all(
            entry_json(stored),
            stored.entry,
            written[stored.id],
            record=records.get(arxiv_id.number) if arxiv_id is not None else None,
            first_key=first_keys[stored.id],
        )
        form |= {"replies": said.replies, "reactions": said.reactions}
        lines.append(json.dumps(form, ensure_ascii=False) + "\n")
    return "".join(lines)
