"""Stores the entries that are written in a form and have no file."""

from dataclasses import replace
from datetime import datetime

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, EntryId, Source, SourceKind, StoredEntry
from bot.archive.domain.files.source_match import InputFile
from bot.archive.domain.formats import vault_note
from bot.archive.domain.lasting import first_key
from bot.archive.domain.search.search_text import indexed_text
from bot.archive.services import front_matter
from bot.archive.services.files.read_files import content_hash
from bot.archive.store import entry_changes, sources, title_matches
from bot.archive.store.entry_changes import IndexedEntry
from bot.core.database.database import Transaction
from bot.core.latex import readable


async def put(
    tx: Transaction, entry: Entry, old: StoredEntry | None, *, key: str, now: datetime
) -> EntryId:
    """Store an entry of a form; the id of `old`, whose place it takes, stays.

    An entry of a file leaves that file's source: the form's version counts from now on. `key` is that
    of the form. The caller guards `ARCHIVE`.
    """
    known = await sources.find_of_entry(tx, old.id) if old is not None else None
    is_ours = old is not None and old.entry.source.kind is SourceKind.CHAT_FORM
    path = known.path if known is not None and is_ours else f"form/{key}.md"
    text = note_text(entry, old)
    file = InputFile(path, None, None, content_hash(text.encode()))
    if known is not None and is_ours:
        source_id = known.id
        await sources.update(tx, [(source_id, file, SourceKind.CHAT_FORM)], now=now)
    else:
        (source_id,) = await sources.add(tx, [(file, SourceKind.CHAT_FORM)], now=now)
        if known is not None:
            await sources.set_replaced(tx, source_id, known.id)
    entry = replace(entry, source=Source(SourceKind.CHAT_FORM, path, text=text))
    key_as_read = first_key(entry)
    number = (await title_matches.list_numbers(tx, [entry.paper.key])).get(entry.paper.key)
    if number is not None:
        entry = replace(entry, paper=replace(entry.paper, arxiv_id=ArxivId(number)))
    indexed = IndexedEntry(entry, indexed_text(entry, readable), source_id, key_as_read)
    if old is None:
        return (await entry_changes.add(tx, [indexed], now=now))[0]
    await entry_changes.update(tx, [(old.id, indexed)], now=now)
    return old.id


def note_text(entry: Entry, old: StoredEntry | None) -> str:
    """The note of an entry; hidden text of the one that it changes stays in it."""
    if old is None or old.entry.source.kind is SourceKind.DIGEST_PAGE:
        return vault_note.write(replace(entry, source=Source(SourceKind.CHAT_FORM, "")))
    before = replace(old.entry.source, kind=SourceKind.VAULT_NOTE, path=vault_note.file_name(entry))
    fields, _ = front_matter.read(before.text, before.path)
    return vault_note.write(replace(entry, source=before), fields)
