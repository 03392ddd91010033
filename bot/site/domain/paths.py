"""Where each page stands in the folder: names that stay when the archive grows or is built anew.

An entry is named by its day and its paper as they first stood (`archive.domain.lasting`), never by its
number in a database: a correction changes no address, nor does another note on the same paper and day. Paths are relative to
the folder of a language, with `/`.
"""

import hashlib
from collections.abc import Collection
from datetime import date

from bot.archive.domain.entry import EntryId
from bot.archive.domain.lasting import first_key
from bot.core.domain.late import late_pattern
from bot.feeds.domain.feed import FeedEntry
from bot.site.domain.archive import Archive, author_key

START = "index.html"
TAGS = "tags/index.html"
AUTHORS = "authors/index.html"
GRAPH = "graph.html"

_LONGEST = 120
"""Bytes of a file's name, without its end."""
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
"""Names that Windows keeps for devices, whatever stands behind a dot."""
_PLAIN = late_pattern(r"[^\W_]|[.-]")
_HASH = 10


class Paths:
    """The paths of all pages of an archive; only those of `authors` (their keys) have a page."""

    def __init__(self, archive: Archive, authors: Collection[str] = ()) -> None:
        self._entries: dict[EntryId, str] = {}
        self._authors = frozenset(authors)
        for stored in archive.entries:
            mark = archive.marks.get(stored.id) or FeedEntry(stored)
            name = _entry_name(mark.first_key or first_key(stored.entry))
            number = f"-{mark.ordinal + 1}" if mark.ordinal else ""
            self._entries[stored.id] = f"entries/{name}{number}.html"

    def entry(self, entry_id: EntryId) -> str:
        """The page of an entry; raises `KeyError` for one that the site does not have."""
        return self._entries[entry_id]

    def citation(self, entry_id: EntryId, form: str) -> str:
        """The paper of an entry in a bibliography's form; here the folder is that of the site."""
        return f"cite/{self._entries[entry_id].removeprefix('entries/').removesuffix('html')}{form}"

    def author(self, name: str) -> str | None:
        """The page of an author, if there is one."""
        key = author_key(name)
        return author_path(key) if key in self._authors else None


def day_path(day: date) -> str:
    """The page of a day."""
    return f"days/{day.isoformat()}.html"


def month_path(month: date) -> str:
    """The page of the month that this day is in."""
    return f"months/{month.isoformat()[:7]}.html"


def tag_path(tag: str, part: int | None = None) -> str:
    """The page of a tag: the newest entries, or an older part (from 1, the oldest)."""
    return f"tags/{file_name(tag)}{_part(part)}.html"


def author_path(key: str, part: int | None = None) -> str:
    """The page of an author, by `author_key`, in the same way."""
    return f"authors/{file_name(key)}{_part(part)}.html"


def feed_path(language: str, form: str, tag: str | None = None) -> str:
    """The feed of all entries, or of a tag; here the folder is that of the site."""
    name = f"tags/{file_name(tag)}" if tag is not None else "all"
    return f"feeds/{language}/{name}.{form}"


def _part(part: int | None) -> str:
    return f"~{part}" if part is not None else ""


def _entry_name(key: str) -> str:
    on, _, paper = key.partition(" ")
    number = paper.removeprefix("arxiv:")
    return f"{on or 'undated'}-{file_name(number) if number != paper else _hash(paper)}"


def file_name(text: str) -> str:
    """A name that every file system takes, another one for every text in one case.

    Letters and digits of any script stay, a space becomes `_`, other characters `~` and their number.
    """
    name = "".join(_escaped(character) for character in text)
    if name and not name.startswith(".") and len(name.encode()) <= _LONGEST:
        return f"~{name}" if name == "index" or name.partition(".")[0] in _DEVICES else name
    kept = name.lstrip(".").encode()[: _LONGEST // 2].decode(errors="ignore")
    return f"{kept}~{_hash(text)}"


def _escaped(character: str) -> str:
    if character == " ":
        return "_"
    return character if _PLAIN.fullmatch(character) else f"~{ord(character):x}~"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_HASH]
