"""What an import did, counted while it goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.archive.domain.entry import Entry, EntryId, Problem
from bot.archive.domain.link_names import linked_name, note_name
from bot.archive.store.source_counts import SourceCounts


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and did, or, dry, would do.

    `papers`, `references`, `links` and `tags` count what the imported files hold, new or not:
    different papers that entries are about, mentions of papers, links, different tags.
    `changed` are the known entries that say something else now, withdrawn ones included.
    """

    files: int
    new: int
    updated: int
    unchanged: int
    withdrawn: int
    papers: int
    references: int
    links: int
    tags: int
    problems: tuple[Problem, ...]
    changed: tuple[EntryId, ...]


@dataclass(slots=True)
class ImportCounter:
    """A report in the making, and what one batch of an import has to know of those before.

    `sources` are the rows of the sources met; `names` are link names that entries were written
    for or link to; `shown` is how a person named the file of a source's path.
    """

    problems: list[Problem] = field(default_factory=list)
    sources: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    changed: list[EntryId] = field(default_factory=list)
    papers: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    references: int = 0
    links: int = 0

    def count_unchanged(self, counts: SourceCounts) -> None:
        """Count what files hold that were not even parsed."""
        self.unchanged += counts.entries
        self.references += counts.references
        self.links += counts.links
        self.papers |= counts.papers
        self.tags |= counts.tags

    def count_read(self, entries: Iterable[Entry]) -> None:
        """Count what files hold that were parsed."""
        for entry in entries:
            self.papers.add(entry.paper.key)
            self.tags.update(entry.tags)
            self.references += len(entry.references)
            self.links += len(entry.links)

    def count_withdrawn(self, withdrawn: Iterable[EntryId]) -> None:
        """Count entries that were taken back."""
        before = len(self.changed)
        self.changed += withdrawn
        self.withdrawn += len(self.changed) - before

    def note_names(self, entry: Entry) -> None:
        """Remember whose links to look at when all is in."""
        self.names.add(note_name(entry.source.path))
        self.names.update(map(linked_name, entry.links))

    def report(self, *, files: int) -> ImportReport:
        """The sum."""
        return ImportReport(
            files=files,
            new=self.new,
            updated=self.updated,
            unchanged=self.unchanged,
            withdrawn=self.withdrawn,
            papers=len(self.papers),
            references=self.references,
            links=self.links,
            tags=len(self.tags),
            problems=tuple(self.problems),
            changed=tuple(self.changed),
        )
