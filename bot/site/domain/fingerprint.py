"""A key of everything that a page shows: while it stays the same, the page need not be made again."""

import hashlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass

from bot.archive.domain.entry import EntryId, Related, StoredEntry
from bot.discussion.domain.entry_page import Mention
from bot.graph.domain.graph import GraphPaper
from bot.site.domain.sheets import Sheet

_SIZE = 16


class Fingerprints:
    """Makes the keys of sheets.

    `path_of` and `author_at` give the pages of an entry and of an author, which others link to.
    """

    def __init__(
        self, path_of: Callable[[EntryId], str], author_at: Callable[[str], str | None]
    ) -> None:
        self._path_of = path_of
        self._author_at = author_at
        self._entries: dict[EntryId, str] = {}

    def of(self, sheet: Sheet) -> str:
        """The key of one page."""
        return _hash(self._text(sheet))

    def of_parts(self, parts: tuple[object, ...]) -> str:
        """The key of a file that is made from these."""
        return _hash(self._text(parts))

    def _text(self, value: object) -> str:
        match value:
            case StoredEntry():
                return self._entry(value)
            case Related():
                return repr((self._path_of(value.id), value.title, value.date))
            case GraphPaper():
                return repr((self._path_of(value.id), value.title, value.on, value.tags))
            case Mention():
                path = self._path_of(value.entry_id) if value.entry_id is not None else None
                return repr((value.reference, path))
            case tuple():
                return "(" + ",".join(self._text(each) for each in value) + ")"
        if is_dataclass(value):
            shown = ",".join(self._text(getattr(value, each.name)) for each in fields(value))
            return f"{type(value).__name__}({shown})"
        return repr(value)

    def _entry(self, stored: StoredEntry) -> str:
        if stored.id not in self._entries:
            # Without its number in this database, which no page shows.
            authors = [self._author_at(name) for name in stored.entry.paper.authors]
            text = repr((self._path_of(stored.id), authors, stored.entry))
            self._entries[stored.id] = _hash(text)
        return self._entries[stored.id]


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=_SIZE).hexdigest()
