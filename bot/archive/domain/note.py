"""A note as somebody writes it: what a file of the vault says, without its mark-up."""

import datetime as dt

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Commentary, Entry, Paper, Source, SourceKind, tag_slug
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One paper and what is written about it.

    `tags` are spellings without `#`. `path` is that of the file in the vault (relative, `/`); `None`
    for a note that has no file yet.
    """

    title: str
    arxiv_id: ArxivId | None = None
    url: str | None = None
    authors: tuple[str, ...] = ()
    abstract: str | None = None
    date: dt.date | None = None
    commentary: tuple[Commentary, ...] = ()
    tags: tuple[str, ...] = ()
    path: str | None = None

    @classmethod
    def of(cls, entry: Entry) -> "Note":
        """The note of an entry; it has a path only if the entry was read from a vault."""
        paper, source = entry.paper, entry.source
        return cls(
            title=paper.title,
            arxiv_id=paper.arxiv_id,
            url=paper.url,
            authors=paper.authors,
            abstract=paper.abstract,
            date=entry.date,
            commentary=entry.commentary,
            tags=(*entry.spellings, *entry.tags[len(entry.spellings) :]),
            path=source.path if source.kind is SourceKind.VAULT_NOTE else None,
        )

    def as_entry(self) -> Entry:
        """An entry of a form that says the same."""
        spellings = {tag_slug(tag): tag for tag in reversed(self.tags)}
        return Entry(
            paper=Paper(self.title, self.authors, self.arxiv_id, self.url, self.abstract),
            source=Source(SourceKind.CHAT_FORM, ""),
            date=self.date,
            commentary=self.commentary,
            tags=tuple(reversed(spellings)),
            spellings=tuple(reversed(spellings.values())),
        )
