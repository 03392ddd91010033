"""The pages of the site and what each shows, in no language yet."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import StoredEntry
from bot.core.domain.dataclass import dataclass
from bot.discussion.domain.entry_page import EntryPage
from bot.discussion.domain.public_reply import PublicTalk
from bot.graph.domain.graph import Graph, Overview, overview
from bot.site.domain import paths
from bot.site.domain.archive import (
    Archive,
    Surroundings,
    author_key,
    by_author,
    by_day,
    by_tag,
    newest_first,
)
from bot.site.domain.reference_graph import graph_of

PART = 20
"""Entries of a part of a long list. Parts are counted from the oldest entries, so that a new entry
changes the newest part only; that one has up to twice as many."""

AUTHORS_FROM = 2
"""Entries from which on an author has a page."""

_NEWEST_DAYS = 10
_TAGS_AT_START = 60
_TAGS_BESIDE = 12


@dataclass(frozen=True, slots=True)
class StartSheet:
    """The first page: the newest days with their entries, every month, the most used tags."""

    path: str
    days: tuple[tuple[date, tuple[StoredEntry, ...]], ...]
    months: tuple[Day, ...]
    tags: tuple[TagCount, ...]
    entries: int


@dataclass(frozen=True, slots=True)
class DaySheet:
    """The entries of one day, in their order."""

    path: str
    day: date
    entries: tuple[StoredEntry, ...]
    earlier: date | None
    later: date | None


@dataclass(frozen=True, slots=True)
class MonthSheet:
    """The days of a month, each with its entries, the newest day first."""

    path: str
    month: date
    days: tuple[tuple[date, tuple[StoredEntry, ...]], ...]
    earlier: date | None
    later: date | None


@dataclass(frozen=True, slots=True)
class EntrySheet:
    """One entry with its surroundings, and what public channels said of it."""

    path: str
    page: EntryPage
    talk: PublicTalk | None = None


@dataclass(frozen=True, slots=True)
class TagSheet:
    """Entries with a tag, newest first, and the tags that it grows beside."""

    path: str
    tag: str
    entries: tuple[StoredEntry, ...]
    newer: str | None
    older: str | None
    beside: tuple[TagCount, ...]


@dataclass(frozen=True, slots=True)
class AuthorSheet:
    """Entries of an author, newest first, and who else wrote them most often."""

    path: str
    name: str
    entries: tuple[StoredEntry, ...]
    newer: str | None
    older: str | None


@dataclass(frozen=True, slots=True)
class TagsSheet:
    """Every tag, in the order of the alphabet."""

    path: str
    tags: tuple[TagCount, ...]


@dataclass(frozen=True, slots=True)
class AuthorsSheet:
    """Every author who has a page, in the order of the alphabet: name, path, entries."""

    path: str
    authors: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class GraphSheet:
    """The map of references; the papers of its picture are in a file of their own."""

    path: str
    seen: Overview


Sheet = (
    StartSheet
    | GraphSheet
    | DaySheet
    | MonthSheet
    | EntrySheet
    | TagSheet
    | AuthorSheet
    | TagsSheet
    | AuthorsSheet
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every page of the site in one language, the paths of all of them, and the graph of references."""

    sheets: tuple[Sheet, ...]
    paths: paths.Paths
    graph: Graph


def plan(archive: Archive, *, readable: Callable[[str], str]) -> Plan:
    """Which pages an archive has. The same archive always gives the same plan.

    `readable` writes the formulas of a title as text.
    """
    ordered = newest_first(archive.entries)
    authors = {
        key: written for key, written in by_author(ordered).items() if len(written) >= AUTHORS_FROM
    }
    found = paths.Paths(archive, authors)
    tagged = by_tag(ordered)
    days = by_day(archive.entries)
    surroundings = Surroundings(archive)
    sheets: list[Sheet] = [_start(archive, days, tagged)]
    sheets += _day_sheets(days)
    sheets += _month_sheets(days)
    pages = [surroundings.page_of(stored) for stored in archive.entries]
    sheets += (
        EntrySheet(found.entry(page.stored.id), page, archive.talks.get(page.stored.id))
        for page in pages
    )
    graph = graph_of(pages, readable=readable)
    sheets.append(GraphSheet(paths.GRAPH, overview(graph)))
    sheets.append(TagsSheet(paths.TAGS, _counts(tagged)))
    for tag, entries in tagged.items():
        sheets += _tag_sheets(tag, entries)
    names = {key: _name(key, written) for key, written in authors.items()}
    index = tuple((names[key], paths.author_path(key), len(authors[key])) for key in authors)
    sheets.append(AuthorsSheet(paths.AUTHORS, index))
    for key, written in authors.items():
        sheets += _author_sheets(key, names[key], written)
    return Plan(tuple(sheets), found, graph)


def _start(
    archive: Archive,
    days: dict[date, list[StoredEntry]],
    tagged: dict[str, list[StoredEntry]],
) -> StartSheet:
    newest = sorted(days, reverse=True)
    months = Counter(day.replace(day=1) for day, entries in days.items() for _ in entries)
    most = sorted(_counts(tagged), key=lambda each: (-each.entries, each.tag))
    return StartSheet(
        paths.START,
        tuple((day, tuple(days[day])) for day in newest[:_NEWEST_DAYS]),
        tuple(Day(month, count) for month, count in sorted(months.items(), reverse=True)),
        tuple(most[:_TAGS_AT_START]),
        len(archive.entries),
    )


def _day_sheets(days: dict[date, list[StoredEntry]]) -> Iterator[DaySheet]:
    for earlier, day, later in _with_neighbours(list(days)):
        yield DaySheet(paths.day_path(day), day, tuple(days[day]), earlier, later)


def _month_sheets(days: dict[date, list[StoredEntry]]) -> Iterator[MonthSheet]:
    months: defaultdict[date, list[date]] = defaultdict(list)
    for day in days:
        months[day.replace(day=1)].append(day)
    for earlier, month, later in _with_neighbours(list(months)):
        shown = tuple((day, tuple(days[day])) for day in sorted(months[month], reverse=True))
        yield MonthSheet(paths.month_path(month), month, shown, earlier, later)


def _with_neighbours(those: Sequence[date]) -> Iterator[tuple[date | None, date, date | None]]:
    return zip([None, *those[:-1]], those, [*those[1:], None], strict=True)


def _tag_sheets(tag: str, entries: Sequence[StoredEntry]) -> Iterator[TagSheet]:
    beside = _beside(tag, entries)
    for part, shown, newer, older in _parts(entries):
        yield TagSheet(
            paths.tag_path(tag, part),
            tag,
            shown,
            paths.tag_path(tag, newer[0]) if newer else None,
            paths.tag_path(tag, older[0]) if older else None,
            beside if part is None else (),
        )


def _beside(tag: str, entries: Sequence[StoredEntry]) -> tuple[TagCount, ...]:
    others = Counter(
        other for stored in entries for other in stored.entry.tags if not _is_within(other, tag)
    )
    most = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    return tuple(TagCount(other, count) for other, count in most[:_TAGS_BESIDE])


def _is_within(other: str, tag: str) -> bool:
    return other == tag or other.startswith(f"{tag}/") or tag.startswith(f"{other}/")


def _author_sheets(key: str, name: str, entries: Sequence[StoredEntry]) -> Iterator[AuthorSheet]:
    for part, shown, newer, older in _parts(entries):
        yield AuthorSheet(
            paths.author_path(key, part),
            name,
            shown,
            paths.author_path(key, newer[0]) if newer else None,
            paths.author_path(key, older[0]) if older else None,
        )


_Part = int | None


def _parts(
    entries: Sequence[StoredEntry],
) -> Iterator[tuple[_Part, tuple[StoredEntry, ...], tuple[_Part] | None, tuple[_Part] | None]]:
    """A list, newest first, in parts: the number of each, its entries, the parts beside it.

    The newest part has no number, the others count from the oldest one.
    """
    count = max(len(entries) // PART - 1, 0)
    numbers: list[_Part] = [None, *range(count, 0, -1)]
    ends = [len(entries) - PART * count, *(PART for _ in range(count))]
    start = 0
    for place, (number, size) in enumerate(zip(numbers, ends, strict=True)):
        newer = (numbers[place - 1],) if place else None
        older = (numbers[place + 1],) if place + 1 < len(numbers) else None
        yield number, tuple(entries[start : start + size]), newer, older
        start += size


def _counts(tagged: dict[str, list[StoredEntry]]) -> tuple[TagCount, ...]:
    return tuple(TagCount(tag, len(entries)) for tag, entries in tagged.items())


def _name(key: str, entries: Sequence[StoredEntry]) -> str:
    """How most of the entries write the author's name."""
    spelled = Counter(
        name for stored in entries for name in stored.entry.paper.authors if author_key(name) == key
    )
    return min(spelled, key=lambda name: (-spelled[name], name))
