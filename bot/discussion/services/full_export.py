"""`export --format jsonl --with discussion`: entries with what people said of them."""

import json
from collections.abc import AsyncIterator

from bot.archive.domain.entry import StoredEntry
from bot.archive.services.export import entry_json
from bot.core.database.database import Database
from bot.discussion.store import discussion_export
from bot.discussion.store.discussion_export import Talk

_PAGE = 500


async def export_lines(db: Database, found: AsyncIterator[StoredEntry]) -> AsyncIterator[str]:
    """One line of JSON for each entry: its form, with `replies` and `reactions`.

    What is deleted, forgotten or too old to be kept is in no line.
    """
    page: list[StoredEntry] = []
    async for stored in found:
        page.append(stored)
        if len(page) == _PAGE:
            yield await _lines(db, page)
            page = []
    yield await _lines(db, page)


async def _lines(db: Database, page: list[StoredEntry]) -> str:
    async with db.reading() as tx:
        talk = await discussion_export.list_all(tx, [stored.id for stored in page])
    return "".join(_line(stored, talk.get(stored.id, Talk())) for stored in page)


def _line(stored: StoredEntry, talk: Talk) -> str:
    form = {**entry_json(stored), "replies": talk.replies, "reactions": talk.reactions}
    return json.dumps(form, ensure_ascii=False) + "\n"
