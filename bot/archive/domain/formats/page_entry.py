"""Read and write one entry of a digest page."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from bot.archive.domain.entry import Entry, Language, Paper, Source, SourceKind
from bot.archive.domain.formats.abstracts import leading_abstract
from bot.archive.domain.formats.commentary import by_language
from bot.archive.domain.formats.entry_starts import EntryStart, heading_on_line, is_ambiguous
from bot.archive.domain.formats.page_lines import Kind, Page
from bot.archive.domain.language import languages_of
from bot.archive.domain.markup.english_marks import has_marks, split_marks
from bot.archive.domain.markup.heading import Heading, emphasised, parse_with_link
from bot.archive.domain.markup.mentions import (
    Address,
    is_note_names,
    note_names_in,
    parse_address_line,
    references_in,
)
from bot.archive.domain.markup.quotation import may_be_abstract, quoted_text
from bot.archive.domain.markup.tags import parse_tag_line, take_tags, with_tags_in
from bot.core.domain.dataclass import dataclass

_KOREAN_MARKS = {"<korean>": Language.KO, "</korean>": None}
"""Each is a line of its own: only `write_marked` writes them."""


@dataclass(slots=True)
class _Body:
    """What was read below a title so far."""

    address: Address | None
    paragraphs: list[str] = field(default_factory=list)
    marked: list[Language | None] = field(default_factory=list)
    code: list[bool] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    mark: Language | None = None

    def add(self, text: str, *, code: bool = False) -> None:
        self.paragraphs.append(text)
        self.marked.append(self.mark)
        self.code.append(code)


def read_entry(
    page: Page, start: EntryStart, end: int, source: Source, on: dt.date | None
) -> Entry:
    """The entry that begins with `start` and ends before line `end`."""
    heading = _heading(page, start)
    body = _Body(heading.address)
    for at in range(start.begin, start.body):
        if page.kinds[at] is Kind.LINK:
            _take_link(page.lines[at].strip(), body, heads=True)
    if heading.behind:
        body.add(heading.behind)
    for at in range(start.body, end):
        _take_line(page.lines[at].strip(), page.kinds[at], body)
    return _entry(heading, body, source, on)


def _heading(page: Page, start: EntryStart) -> Heading:
    written = " ".join(" ".join(page.lines[start.title : start.title_end]).split())
    heading = heading_on_line(written)
    if heading is None or (heading.authors and start.authors):
        heading = parse_with_link(written) or Heading(written)
    return replace(heading, authors=start.authors or heading.authors)


def _take_line(line: str, kind: Kind, body: _Body) -> None:
    if not line:
        return
    if kind is Kind.CODE:
        body.add(line, code=True)
    elif kind is Kind.TAGS:
        if not take_tags(parse_tag_line(line), body.tags):
            body.add(line)
    elif line[0] == ">" and _continues_abstract(line, body):
        body.quoted.append(line)
    elif line in _KOREAN_MARKS or has_marks(line, english=body.mark is Language.EN):
        _take_marks(line, body)
    elif kind is Kind.LINK:
        _take_link(line, body, heads=False)
    elif is_note_names(line):
        body.names.extend(note_names_in(line))
    else:
        body.add(line)


def _take_marks(line: str, body: _Body) -> None:
    if line in _KOREAN_MARKS:
        body.mark = _KOREAN_MARKS[line]
        return
    for part in split_marks(line):
        if part in {"<english>", "</english>"}:
            body.mark = Language.EN if part == "<english>" else None
        else:
            body.add(part.strip())


def _continues_abstract(line: str, body: _Body) -> bool:
    if body.paragraphs or body.mark is not None:
        return False
    return bool(body.quoted) or may_be_abstract(line)


def _take_link(line: str, body: _Body, *, heads: bool) -> None:
    """Take a link as that of the paper if it is the first, and is in the head or leads to a paper.

    Any other is a paragraph.
    """
    address = parse_address_line(line)
    if body.address is None and address is not None and (heads or address.is_paper):
        body.address = address
    else:
        body.add(line)


def _entry(heading: Heading, body: _Body, source: Source, on: dt.date | None) -> Entry:
    prose_or_empty = [
        "" if code else text for text, code in zip(body.paragraphs, body.code, strict=True)
    ]
    languages = languages_of(prose_or_empty, body.marked)
    abstract = _abstract_lines(body, languages)
    address = body.address
    paper = Paper(
        title=heading.title,
        authors=heading.authors,
        arxiv_id=address.arxiv_id if address is not None else None,
        url=address.written if address is not None else None,
        abstract=quoted_text(body.quoted) or "\n\n".join(body.paragraphs[:abstract]) or None,
    )
    commentary = body.paragraphs[abstract:]
    prose = [text for text in prose_or_empty[abstract:] if text]
    tags = with_tags_in(prose, body.tags)
    return Entry(
        paper=paper,
        source=source,
        date=on,
        commentary=by_language(commentary, languages[abstract:]),
        tags=tuple(tags),
        spellings=tuple(tags.values()),
        references=references_in(commentary, paper),
        links=tuple(dict.fromkeys([*_names_in(prose), *body.names])),
    )


def _names_in(texts: Iterable[str]) -> Iterator[str]:
    return (name for text in texts for name in note_names_in(text))


def _abstract_lines(body: _Body, languages: tuple[Language, ...]) -> int:
    """How many of the first paragraphs are the abstract; 0 if it is quoted."""
    if quoted_text(body.quoted):
        return 0
    unmarked = next((at for at, mark in enumerate(body.marked) if mark is not None), None)
    if unmarked is not None:
        english = [language is Language.EN for language in languages[:unmarked]]
        return english.index(False) if False in english else unmarked
    return leading_abstract(body.paragraphs, languages)


def write_plain(entry: Entry) -> Iterator[str]:
    """The lines of an entry as the curator writes them."""
    paper = entry.paper
    yield paper.title if paper.authors else emphasised(paper.title)
    if paper.authors:
        yield f"({', '.join(paper.authors)})"
    yield from _address_lines(paper)
    if paper.abstract:
        yield from _lines(paper.abstract)
    for commentary in entry.commentary:
        for paragraph in commentary.paragraphs:
            yield from _lines(paragraph)
    yield from _last_lines(entry)


def write_marked(entry: Entry, *, korean: bool = False) -> Iterator[str]:
    """The lines of an entry with every part marked, for when the plain form is ambiguous.

    Lines of commentary that would be read as something else become list items. `korean` marks Korean,
    too: some of its lines may be English for themselves, such as a formula or a quotation.
    """
    paper = entry.paper
    authors = f" ({', '.join(paper.authors)})" if paper.authors else ""
    yield emphasised(paper.title) + authors
    yield from _address_lines(paper)
    if paper.abstract:
        yield from (f"> {line}".rstrip() for line in paper.abstract.split("\n"))
    for commentary in entry.commentary:
        lines = (line for paragraph in commentary.paragraphs for line in _lines(paragraph))
        paragraphs = [f"- {line}" if is_ambiguous(line) else line for line in lines]
        if commentary.language is Language.EN:
            yield from ("<english>", *paragraphs, "</english>")
        elif korean:
            yield from ("<korean>", *paragraphs, "</korean>")
        else:
            yield from paragraphs
    yield from _last_lines(entry)


def _address_lines(paper: Paper) -> Iterator[str]:
    if paper.url:
        yield paper.url
    elif paper.arxiv_id is not None:
        yield paper.arxiv_id.url


def _last_lines(entry: Entry) -> Iterator[str]:
    """Links that are not in the commentary, and the tags."""
    linked = set(_names_in(each for part in entry.commentary for each in part.paragraphs))
    names = [f"[[{name}]]" for name in entry.links if name not in linked]
    if names:
        yield " ".join(names)
    if entry.spellings:
        yield " ".join(f"#{spelling}" for spelling in entry.spellings)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def keeps_languages(read: Entry, entry: Entry) -> bool:
    """Whether no Korean line was read back as English or as a part of the abstract."""
    others = (read.paper.abstract or "", *read.paragraphs(Language.EN))
    english = {line.strip() for text in others for line in _lines(text)}
    korean = {line.strip() for text in entry.paragraphs(Language.KO) for line in _lines(text)}
    return english.isdisjoint(korean | {f"- {line}" for line in korean})


def is_page_entry(entry: Entry) -> bool:
    """Whether an entry was read from a page and has its source text."""
    return entry.source.kind is SourceKind.DIGEST_PAGE and bool(entry.source.text)
