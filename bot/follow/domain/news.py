"""What is new for a reader: a line for each paper, with every reason why it is there."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from bot.archive.domain.arxiv_record import PaperEventKind
from bot.archive.domain.entry import EntryId, StoredEntry
from bot.core.domain.dataclass import dataclass
from bot.follow.domain.follow import Follow


class Kind(StrEnum):
    """What a reader was told of."""

    ENTRY = "entry"
    EVENT = "event"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a reader is told of once, by its id."""

    kind: Kind
    id: int


@dataclass(frozen=True, slots=True)
class Finds:
    """The query finds the entry."""

    query: str


@dataclass(frozen=True, slots=True)
class CitesPaper:
    """The entry refers to a paper that is followed."""

    paper: str


@dataclass(frozen=True, slots=True)
class IsAbout:
    """The entry is about a paper that is followed."""

    paper: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A paper that is followed has a new version, or was withdrawn or reinstated."""

    paper: str
    kind: PaperEventKind
    version: int


@dataclass(frozen=True, slots=True)
class Discussed:
    """So many people's replies were written about a paper that is followed."""

    paper: str
    replies: int


Reason: TypeAlias = Finds | CitesPaper | IsAbout | Changed | Discussed


@dataclass(frozen=True, slots=True)
class News:
    """A reason to tell of an entry, the items that it tells of, and the query that wants it."""

    entry_id: EntryId
    reason: Reason
    items: tuple[Item, ...]
    query: str


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a paper; the newest entry about it stands for it."""

    id: int
    kind: PaperEventKind
    version: int
    entry_id: EntryId
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A reply about an entry, by a person (`ports.person_id`)."""

    id: int
    entry_id: EntryId
    author: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of late for a query; `paper` is set if it follows a paper, or its citations.

    `citing` refer to the paper, and `said` is what readers of the follow's channel may read. With
    `is_talk` the entries, too, are found by what was said there.
    """

    paper: str = ""
    is_paper: bool = False
    entries: frozenset[EntryId] = frozenset()
    citing: frozenset[EntryId] = frozenset()
    events: tuple[Event, ...] = ()
    said: tuple[Said, ...] = ()
    is_talk: bool = False

    @property
    def tells_talk(self) -> bool:
        """Whether it tells of what was said."""
        return bool(self.said) or (self.is_talk and bool(self.entries))

    @property
    def without_talk(self) -> "Found":
        """The same for who may not read the channel."""
        return replace(self, said=(), entries=frozenset() if self.is_talk else self.entries)


@dataclass(frozen=True, slots=True)
class Days:
    """The new entries' dates in the order of the archive, and the days that are told of now."""

    dates: Mapping[EntryId, date]
    first: date
    last: date


def news_of(follow: Follow, found: Found, days: Days) -> tuple[News, ...]:
    """What is new for a follow: of days from when it was made, whether it was told or not."""
    first = max(days.first, follow.made_on)
    new = [each for each, on in days.dates.items() if first <= on <= days.last]
    news = []
    for entry_id in new:
        reason = _reason(entry_id, follow.query, found)
        if reason is not None:
            news.append(News(entry_id, reason, (Item(Kind.ENTRY, entry_id),), follow.query))
    for event in found.events:
        if event.noticed_at >= follow.made_at:
            reason = Changed(found.paper, event.kind, event.version)
            item = Item(Kind.EVENT, event.id)
            news.append(News(event.entry_id, reason, (item,), follow.query))
    said: dict[EntryId, list[Item]] = {}
    for each in found.said:
        if each.said_at >= follow.made_at and each.author != follow.person:
            said.setdefault(each.entry_id, []).append(Item(Kind.REPLY, each.id))
    for entry_id, items in said.items():
        reason = Discussed(found.paper, len(items))
        news.append(News(entry_id, reason, tuple(items), follow.query))
    return tuple(news)


def _reason(entry_id: EntryId, query: str, found: Found) -> Reason | None:
    if entry_id in found.entries:
        if found.is_paper:
            return IsAbout(found.paper)
        return CitesPaper(found.paper) if found.paper else Finds(query)
    return CitesPaper(found.paper) if entry_id in found.citing else None


def untold(news: Iterable[News], told: Collection[Item]) -> tuple[News, ...]:
    """The news without what was told; replies are counted without those, too."""
    left = []
    for each in news:
        items = tuple(item for item in each.items if item not in told)
        if not items:
            continue
        reason = each.reason
        if isinstance(reason, Discussed):
            reason = replace(reason, replies=len(items))
        left.append(replace(each, reason=reason, items=items))
    return tuple(left)


def by_entry(news: Iterable[News]) -> Mapping[EntryId, tuple[News, ...]]:
    """The news of each entry, in their order."""
    found: dict[EntryId, list[News]] = {}
    for each in news:
        found.setdefault(each.entry_id, []).append(each)
    return {entry_id: tuple(each) for entry_id, each in found.items()}


def ordered(entry_ids: Iterable[EntryId], dates: Mapping[EntryId, date]) -> tuple[EntryId, ...]:
    """The entries as digests order them; older ones, of which there is news, last."""
    place = {entry_id: at for at, entry_id in enumerate(dates)}
    return tuple(sorted(entry_ids, key=lambda each: (place.get(each, len(place)), each)))


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in a message: why it is there, and where it leads (`None`: to the paper)."""

    stored: StoredEntry
    reasons: tuple[Reason, ...]
    address: str | None = None
