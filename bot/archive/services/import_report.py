"""The report of an import, and the counter that adds it up."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.archive.domain.entry import Entry, EntryId, Problem
from bot.archive.domain.note_links import linked_name, note_name
from bot.archive.store.source_counts import SourceCounts


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and changed, or would change in a dry run.

    `papers`, `references`, `links` and `tags` count the content of all imported files, changed or
    not: distinct papers that entries are about, mentions of papers, links, distinct tags.
    `changed` are the existing entries that were updated or withdrawn.
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
    """Counts for the report, and what a batch has to know of the batches before it.

    `sources` are the ids of the sources matched so far; `names` are the note names of new and
    updated entries and of their links; `shown` maps a source's path to the file name to report.
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
        """Count the content of unchanged files, which were not parsed."""
        self.unchanged += counts.entries
        self.references += counts.references
        self.links += counts.links
        self.papers |= counts.papers
        self.tags |= counts.tags

    def count_read(self, entries: Iterable[Entry]) -> None:
        """Count the content of parsed files."""
        for entry in entries:
            self.papers.add(entry.paper.key)
            self.tags.update(entry.tags)
            self.references += len(entry.references)
            self.links += len(entry.links)

    def count_withdrawn(self, withdrawn: Iterable[EntryId]) -> None:
        """Count withdrawn entries."""
        before = len(self.changed)
        self.changed += withdrawn
        self.withdrawn += len(self.changed) - before

    def note_names(self, entry: Entry) -> None:
        """Add the entry's name and links to those checked for ambiguity after the import."""
        self.names.add(note_name(entry.source.path))
        self.names.update(map(linked_name, entry.links))

    def report(self, *, files: int) -> ImportReport:
        """The report of everything counted."""
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
