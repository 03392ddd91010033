"""The whole archive in memory, and what surrounds each entry: computed once for all pages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date

from bot.archive.domain.arxiv_record import ArxivRecord, PaperEvent
from bot.archive.domain.entry import (
    EntryId,
    Related,
    SourceKind,
    StoredEntry,
    tag_with_parents,
)
from bot.archive.domain.note_links import leads_to, linked_name, note_name
from bot.archive.domain.search.folding import compatible
from bot.core.domain.dataclass import dataclass
from bot.discussion.domain.entry_page import EntryPage, Mention
from bot.discussion.domain.public_reply import PublicTalk
from bot.feeds.domain.feed import FeedEntry

_MOST_RELATED = 200
"""As many as a page of the running bot shows."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Every entry that is not withdrawn, in the order of days and sources.

    `records` and `events` are what arXiv says of papers, by number. `talks` is what was said in public
    channels, by entry. `marks` are the entries as feeds know them.
    """

    entries: tuple[StoredEntry, ...]
    marks: Mapping[EntryId, FeedEntry] = field(default_factory=dict)
    records: Mapping[str, ArxivRecord] = field(default_factory=dict)
    events: Mapping[str, tuple[PaperEvent, ...]] = field(default_factory=dict)
    talks: Mapping[EntryId, PublicTalk] = field(default_factory=dict)


def until(archive: Archive, today: date) -> Archive:
    """The archive without the entries of days that have not begun: no page tells of them.

    Feeds hold them back in the same way (`feeds.domain.feed.is_due`).
    """
    entries = (
        each for each in archive.entries if each.entry.date is None or each.entry.date <= today
    )
    return replace(archive, entries=tuple(entries))


def newest_first(entries: Iterable[StoredEntry]) -> tuple[StoredEntry, ...]:
    """Newer days first; within a day in the given order, which no database's numbers decide."""
    return tuple(sorted(entries, key=_age))


def _age(stored: StoredEntry) -> int:
    on = stored.entry.date
    return -on.toordinal() if on is not None else 0


class Surroundings:
    """Finds what an entry builds on, what took it up, and what it is linked with."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._about: defaultdict[str, list[StoredEntry]] = defaultdict(list)
        self._citing: defaultdict[str, list[StoredEntry]] = defaultdict(list)
        self._named: defaultdict[str, list[StoredEntry]] = defaultdict(list)
        self._linking: defaultdict[str, list[tuple[StoredEntry, str]]] = defaultdict(list)
        for stored in newest_first(archive.entries):
            entry = stored.entry
            self._about[entry.paper.key].append(stored)
            for reference in entry.references:
                self._citing[reference.key].append(stored)
            if entry.source.kind is SourceKind.VAULT_NOTE:
                self._named[note_name(entry.source.path)].append(stored)
            for link in entry.links:
                self._linking[linked_name(link)].append((stored, link))

    def page_of(self, stored: StoredEntry) -> EntryPage:
        """The entry with everything that its page shows."""
        entry = stored.entry
        number = entry.paper.arxiv_id.number if entry.paper.arxiv_id is not None else ""
        about = self._about
        return EntryPage(
            stored=stored,
            mentions=tuple(
                Mention(each, next((about_it.id for about_it in about.get(each.key, ())), None))
                for each in entry.references
            ),
            cited_by=_related(stored, self._citing.get(entry.paper.key, ())),
            links=_related(
                stored,
                newest_first(
                    {
                        other.id: other
                        for link in entry.links
                        for other in self._named.get(linked_name(link), ())
                        if leads_to(link, other.entry.source.path)
                    }.values()
                ),
                with_itself=True,
            ),
            linked_by=self._linked_by(stored),
            same_paper=_related(stored, about[entry.paper.key]),
            record=self._archive.records.get(number),
            events=self._archive.events.get(number, ()),
        )

    def _linked_by(self, stored: StoredEntry) -> tuple[Related, ...]:
        source = stored.entry.source
        if source.kind is not SourceKind.VAULT_NOTE:
            return ()
        linking = self._linking.get(note_name(source.path), ())
        found = {other.id: other for other, link in linking if leads_to(link, source.path)}
        return _related(stored, found.values())


def _related(
    stored: StoredEntry, others: Iterable[StoredEntry], *, with_itself: bool = False
) -> tuple[Related, ...]:
    found = [
        Related(other.id, other.entry.paper.title, other.entry.date)
        for other in others
        if with_itself or other.id != stored.id
    ]
    return tuple(found[:_MOST_RELATED])


def by_day(entries: Iterable[StoredEntry]) -> dict[date, list[StoredEntry]]:
    """The dated entries, by day, the oldest day first; within a day in the given order."""
    found: defaultdict[date, list[StoredEntry]] = defaultdict(list)
    for stored in entries:
        if stored.entry.date is not None:
            found[stored.entry.date].append(stored)
    return dict(sorted(found.items()))


def by_tag(entries: Iterable[StoredEntry]) -> dict[str, list[StoredEntry]]:
    """The entries of each tag, in the given order; a tag has those of tags nested in it, too."""
    found: defaultdict[str, dict[EntryId, StoredEntry]] = defaultdict(dict)
    for stored in entries:
        for tag in stored.entry.tags:
            for each in tag_with_parents(tag):
                found[each][stored.id] = stored
    return {tag: list(tagged.values()) for tag, tagged in sorted(found.items())}


def author_key(name: str) -> str:
    """The same for every way in which a name is spaced and capitalised."""
    return " ".join(compatible(name).casefold().split())


def by_author(entries: Iterable[StoredEntry]) -> dict[str, list[StoredEntry]]:
    """The entries of each author, by `author_key`, in the given order."""
    found: defaultdict[str, list[StoredEntry]] = defaultdict(list)
    for stored in entries:
        for key in dict.fromkeys(map(author_key, stored.entry.paper.authors)):
            if key:
                found[key].append(stored)
    return dict(sorted(found.items()))
