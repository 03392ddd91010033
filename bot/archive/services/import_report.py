"""The report of an import, and the counter that adds it up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date

from bot.archive.domain.checks.archive_checks import Dated
from bot.archive.domain.checks.facts import Facts, check_facts
from bot.archive.domain.checks.note_checks import is_empty_note
from bot.archive.domain.entry import Entry, EntryId, Problem
from bot.archive.domain.note_links import linked_name, note_name
from bot.archive.store.source_counts import SourceCounts
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and changed, or would change in a dry run.

    `papers`, `references`, `links` and `tags` count the content of all imported files, changed or
    not: distinct papers that entries are about, mentions of papers, links, distinct tags.
    `problems` are about what could not be read as written, `remarks` (warnings, with a kind) about
    what could. `changed` are the existing entries that were updated or withdrawn; `added` counts the new ones
    that may be posted, by date and tags.
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
    remarks: tuple[Problem, ...]
    changed: tuple[EntryId, ...]
    added: Mapping[tuple[date, tuple[str, ...]], int]


@dataclass(slots=True)
class ImportCounter:
    """Counts for the report, and what a batch has to know of the batches before it.

    `sources` are the ids of the sources matched so far; `names` are the note names of new and
    updated entries and of their links; `shown` maps a source's path to the file name to report.
    `tagged` has a source's path for each tag of new and updated entries, with the tag's spelling, and
    `dated` those of papers at arXiv by its number. `facts` are what new and updated entries are checked
    against.
    """

    facts: Facts
    problems: list[Problem] = field(default_factory=list)
    sources: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)
    changed: list[EntryId] = field(default_factory=list)
    tagged: dict[str, tuple[str, str]] = field(default_factory=dict)
    tag_uses: Counter[str] = field(default_factory=Counter)
    dated: dict[str, list[Dated]] = field(default_factory=dict)
    added: Counter[tuple[date, tuple[str, ...]]] = field(default_factory=Counter)
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

    def note_written(self, entry: Entry, path: str, *, is_new: bool) -> None:
        """Add a new or updated entry to what is checked after the import."""
        self.names.add(note_name(entry.source.path))
        self.names.update(map(linked_name, entry.links))
        shown = self.shown.get(path, path)
        self.problems += (
            replace(problem, path=shown) for problem in check_facts(entry, self.facts)
        )
        self.tag_uses.update(entry.tags)
        for tag, spelling in zip(entry.tags, entry.spellings, strict=False):
            self.tagged.setdefault(tag, (path, spelling))
        if entry.date is None:
            return
        if entry.paper.arxiv_id is not None:
            about = self.dated.setdefault(entry.paper.arxiv_id.number, [])
            about.append(Dated(entry.date, path, is_new=True))
        if is_new and not is_empty_note(entry):
            self.added[entry.date, entry.tags] += 1

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
            problems=tuple(problem for problem in self.problems if not problem.kind),
            remarks=tuple(problem for problem in self.problems if problem.kind),
            changed=tuple(self.changed),
            added=self.added,
        )
