"""A feed and its items as values, and their ids.

Ids are `tag:` URIs (RFC 4151) without a host: readers know an item by its id alone, and the address of
a bot may change. The authority is a name that nobody can own (RFC 2606), since the bot has none.
"""

import hashlib
from datetime import UTC, date, datetime, time
from urllib.parse import quote

from bot.archive.domain.checks.note_checks import is_empty_note
from bot.archive.domain.entry import Entry, StoredEntry
from bot.archive.domain.lasting import first_key
from bot.core.domain.dataclass import dataclass

PER_PAGE = 50
"""Items of one page of a feed."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When an empty feed was updated: Atom wants an instant."""

_NAMESPACE = "tag:paperbot.invalid,2026:"
_ARXIV = "arxiv:"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry of a feed, with what feeds need to know beside.

    `first_key` is that of `archive.domain.lasting`; `ordinal` tells entries with the same one apart, from 0.
    `changed_at` is the last change of what it says, if there was any since it first stood.
    """

    stored: StoredEntry
    first_key: str = ""
    ordinal: int = 0
    changed_at: datetime | None = None

    @property
    def id(self) -> str:
        """The `tag:` URI: the same after a correction, and in every database of the same notes."""
        return item_id(self.first_key or first_key(self.stored.entry), self.ordinal)

    @property
    def published(self) -> datetime:
        """The beginning of the entry's day, in UTC; `NEVER` without a date."""
        on = self.stored.entry.date
        return datetime.combine(on, time(), UTC) if on is not None else NEVER

    @property
    def updated(self) -> datetime:
        """The day, or the last change: never the time of an import (issue 18, item 3)."""
        if self.changed_at is None:
            return self.published
        return max(self.published, self.changed_at)


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of a feed, newest first; `more` says that there are older ones.

    `tag` is the tag of a tag's feed, where it may have been asked for by another spelling.
    """

    entries: tuple[FeedEntry, ...]
    more: bool
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One item, ready to be written: plain text but for `html`; addresses may be relative."""

    id: str
    address: str
    title: str
    html: str
    published: datetime
    updated: datetime
    tags: tuple[str, ...] = ()
    paper: str | None = None
    """The address of the paper itself."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of a feed: `page` is the HTML page with the same content, `here` its own address.

    `first`, `previous` and `next` are the addresses of other pages of it (RFC 5005, section 3).
    """

    id: str
    title: str
    author: str
    language: str
    page: str
    here: str
    items: tuple[Item, ...]
    first: str | None = None
    previous: str | None = None
    next: str | None = None

    @property
    def updated(self) -> datetime:
        """The newest change of its items."""
        return max((item.updated for item in self.items), default=NEVER)


def is_due(entry: Entry, today: date) -> bool:
    """Whether feeds show an entry: its day has begun, and it is no empty note, as in digests."""
    return entry.date is not None and entry.date <= today and not is_empty_note(entry)


def item_id(key: str, ordinal: int) -> str:
    """The id of the entry with that `first_key`, and that `ordinal` among those that have the same."""
    day, _, paper = key.partition(" ")
    if paper.startswith(_ARXIV):
        name = f"arxiv/{quote(paper.removeprefix(_ARXIV), safe='/')}"
    else:
        name = hashlib.sha256(paper.encode(errors="replace")).hexdigest()[:24]
    number = f"/{ordinal + 1}" if ordinal else ""
    return f"{_NAMESPACE}entry/{day or 'undated'}/{name}{number}"


def feed_id(language: str, kind: str, name: str = "") -> str:
    """The id of a feed: `all`, a `tag`, or a `query` with its text."""
    if kind == "query":
        name = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:24]
    return f"{_NAMESPACE}feed/{language}/{kind}" + (f"/{quote(name, safe='')}" if name else "")
