"""The main types: papers, and what the curator wrote about them on a date."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import NewType

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.search.folding import compatible
from bot.core.domain.dataclass import dataclass

EntryId = NewType("EntryId", int)


class Language(StrEnum):
    """A language of the curator."""

    KO = "ko"
    EN = "en"


class SourceKind(StrEnum):
    """The format that an entry was read from."""

    DIGEST_PAGE = "digest_page"
    VAULT_NOTE = "vault_note"
    CHAT_FORM = "chat_form"


class Severity(StrEnum):
    """`ERROR`: some text is in no entry. `WARNING`: all text is."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in an input that a person should check.

    `line` counts from 1. `text` is input, verbatim, that is in no entry. Many problems of one `kind`
    are shown in part; those without a kind are all shown.
    """

    path: str
    line: int | None
    severity: Severity
    message: str
    text: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class AtArxiv:
    """The state of a paper at arXiv; `category` is its primary one (`cs.LG`), if known."""

    version: int
    is_withdrawn: bool = False
    category: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper that a commentary mentions, by arXiv id, else by URL.

    The store fills in `title` and `at_arxiv` if it knows them; parsers do not.
    """

    arxiv_id: ArxivId | None
    url: str | None = None
    title: str | None = None
    at_arxiv: AtArxiv | None = None

    @property
    def key(self) -> str:
        """The identity of the paper meant; the same as `Paper.key` of that paper."""
        return paper_key(self.arxiv_id, self.url, "")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper. Identity is its arXiv id without version, else its URL, else its title.

    The store fills in `at_arxiv`, and authors and abstract if the curator left them out and arXiv is
    known to have the paper.
    """

    title: str
    authors: tuple[str, ...] = ()
    arxiv_id: ArxivId | None = None
    url: str | None = None
    abstract: str | None = None
    at_arxiv: AtArxiv | None = None

    @property
    def key(self) -> str:
        """`arxiv:2310.07831`, `url:https://…` or `title:…`; equal keys are one paper."""
        return paper_key(self.arxiv_id, self.url, self.title)


def paper_key(arxiv_id: ArxivId | None, url: str | None, title: str) -> str:
    """The identity of a paper as one string: arXiv id first, URL next, folded title last."""
    if arxiv_id is not None:
        return f"arxiv:{arxiv_id.number}"
    if url:
        return _bounded(f"url:{url}")
    return _bounded("title:" + " ".join(title.casefold().split()))


_LONGEST_KEY = 2_000
"""In bytes; no more than 2,700 fit into an index of PostgreSQL."""


def _bounded(key: str) -> str:
    if len(key) * 4 <= _LONGEST_KEY or len(key.encode(errors="replace")) <= _LONGEST_KEY:
        return key
    rest = hashlib.sha256(key.encode(errors="replace")).hexdigest()
    return f"{key[: _LONGEST_KEY // 8]}…{rest}"


@dataclass(frozen=True, slots=True)
class Commentary:
    """What the curator wrote in one language, verbatim, by paragraph."""

    language: Language
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The paragraphs joined by a blank line."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entry was read from.

    `path` is stable between imports (relative to the vault, with `/`); `part` counts the entries of
    one file from 0; `text` is exactly what was read for this entry, so that an unchanged entry is
    written back byte for byte.
    """

    kind: SourceKind
    path: str
    part: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper with the curator's commentary, on one date (`None` where no date is known).

    `tags` are slugs as `tag_slug` makes them, in the order written, without repeats;
    `spellings` are the same tags as the curator spelled them. `links` are the names inside
    `[[…]]`, without `.md`, in order, without repeats. `references` exclude the entry's own
    paper.
    """

    paper: Paper
    source: Source
    date: dt.date | None = None
    commentary: tuple[Commentary, ...] = ()
    tags: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    links: tuple[str, ...] = ()

    def paragraphs(self, language: Language) -> tuple[str, ...]:
        """The commentary in one language; empty when there is none."""
        return tuple(
            paragraph
            for commentary in self.commentary
            if commentary.language == language
            for paragraph in commentary.paragraphs
        )


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry in the store: its id, and when it was withdrawn and last changed, if it was.

    `changed_at` is the last change that its readers see (`lasting.is_changed`).
    """

    id: EntryId
    entry: Entry
    withdrawn_at: dt.datetime | None = None
    changed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Another entry that cites this one, is cited by it, or is linked with it."""

    id: EntryId
    title: str
    date: dt.date | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """The result of a parser: the entries of one input, and its problems."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()


def tag_slug(spelling: str) -> str:
    """The normal form of a tag: `#Long_Context` and `long context` are `long-context`."""
    folded = compatible(spelling).strip().removeprefix("#").casefold()
    return "-".join(folded.replace("_", " ").replace("-", " ").split())


def tag_with_parents(slug: str) -> Iterator[str]:
    """A tag and the tags that it is nested in: `ml/rl`, `ml`."""
    yield slug
    while "/" in slug:
        slug = slug.rpartition("/")[0]
        yield slug
