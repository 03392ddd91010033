"""Digest pages: one or more days as the curator publishes them.

    2025년 2월 4일                           a date: also 2025-02-04, 2025/02/04,
                                            February 4, 2025, 4 Feb 2025, with or without weekday
    Title                                   each entry: a title;
    (First Author, Second Author)           the authors, or none; also behind the title;
    https://arxiv.org/abs/2310.07831        the paper's own link, or none; also before the title;
    The abstract.                           the abstract, or none; also as a `>` quotation;
    한국어 코멘트.                            Korean paragraphs, English paragraphs: both or one,
    English commentary.                     in either order; English also in `<english>` marks,
                                            Korean in lines `<korean>` and `</korean>`;
    [[240101 Gravel]]                       names of other notes, or none; also in the text
    #tag #other-tag                         tags, or none

Every line is a paragraph; blank lines are ignored, except to find titles (`entry_starts`).
`abstracts.leading_abstract` decides which English is the abstract. In doubt, text is commentary of
the entry above it.

`Source.text` of an entry is the page from its first line to the next entry, date or end, with blank
lines. Lines with a date, and blank lines below them, belong to no entry, so an entry does not
depend on its neighbours. These spans and the lines between them are the whole page.

Front matter and comments (`markup.visible`) are hidden. They are kept in the `Source.text` of the
entry that they are in or directly above; above a date they are kept in the file only.

No text is lost: every visible character except white space is in a field of an entry or in a
problem, except this mark-up: byte order mark; lines with a date; `*`, `**` or `_` around a title and
`#` before it; parentheses around authors or the link of a title, the colon before that link, `<>`
around a link; commas, semicolons and `and` between authors; `>` before lines of the abstract, and
the mark of a callout; `<english>`, `<korean>` and their ends; `#` and commas on lines of tags; on lines of note
names brackets, commas, list marks, `.md`, and names that are elsewhere in the entry.
"""

import datetime as dt
import unicodedata
from collections.abc import Container, Iterable, Sequence

from bot.archive.domain.dates import named_date
from bot.archive.domain.entry import Entry, Parsed, Problem, Severity, Source, SourceKind
from bot.archive.domain.formats.entry_starts import entry_starts
from bot.archive.domain.formats.page_entry import (
    is_page_entry,
    keeps_languages,
    read_entry,
    write_marked,
    write_plain,
)
from bot.archive.domain.formats.page_lines import EMPTY, Kind, Page, read_lines
from bot.archive.domain.formats.unchanged import is_unchanged
from bot.archive.domain.markup.mentions import malformed_ids
from bot.archive.domain.markup.metadata import Field, read_fields
from bot.archive.domain.markup.visible import visible
from bot.core.domain.errors import UnreadableError
from bot.core.domain.i18n import worded

_BYTE_ORDER_MARK = "\ufeff"


def parse(text: str, path: str, front_matter: Sequence[Field] = ()) -> Parsed:
    """The entries of a page, and its problems.

    Dates come from lines with a date; above the first of them from `path`, else from `front_matter`
    (the fields of the page's YAML). Dates that do not exist and text outside of entries are problems.
    Raises `UnreadableError` if there is no entry. Linear in the length of the text.
    """
    path = unicodedata.normalize("NFC", path)
    visible_part = visible(text, only_closed=True)
    page = read_lines(text.removeprefix(_BYTE_ORDER_MARK), visible_part.text)
    metadata, field_problems = read_fields(front_matter, path)
    on = named_date(path).on or metadata.date
    read = _read(page, path, on)
    if not read.entries or not (on is not None or _looks_like_page(page, read.entries)):
        raise UnreadableError(
            "there are no entries here: a page has a date and, for each paper, a title, "
            "the authors in parentheses, and text",
            path=path,
        )
    problems = [
        *read.problems,
        *malformed_ids(visible_part.text, path),
        *visible_part.problems(path),
        *field_problems,
    ]
    if any(entry.date is None for entry in read.entries) and not problems:
        problems.append(
            Problem(path, 1, Severity.WARNING, worded("there is no date above these entries"))
        )
    problems.sort(key=lambda problem: problem.line or 0)
    return Parsed(read.entries, tuple(problems))


def looks_like(text: str) -> bool:
    """Whether a text without a file name is a digest page, not a note.

    A page begins with a date, or has two titles with authors on the next line.
    """
    page = _visible_lines(text[:200_000])
    if page.kind(page.after(-1)) is Kind.DATE:
        return True
    found = (True for start in entry_starts(page) if start.authors)
    return next(found, False) and next(found, False)


def write(entries: Iterable[Entry]) -> str:
    """A page of these entries, in order, each day below its date, undated entries first.

    An entry that was read from a page and has not changed is written as it was, without hidden text.
    Others are written in the plain form, if it is read back as the same entry. If the entries are read
    differently together, the date is repeated above each; if that does not help, every part is marked.
    """
    ordered = sorted(entries, key=lambda entry: entry.date is not None)
    blocks = [_block(entry) for entry in ordered]
    for each_dated in (False, True):
        page = _page(ordered, blocks, each_dated=each_dated)
        if _reads_as(page, ordered, blocks):
            return page
    marked = [_marked(entry) for entry in ordered]
    return _page(ordered, marked, each_dated=True)


def _reads_as(page: str, entries: Sequence[Entry], blocks: Sequence[str]) -> bool:
    """Whether a page is read as the entries that its blocks are read as one by one."""
    read = _read(_visible_lines(page), "", None).entries
    if len(read) != len(entries):
        return False
    alone = (_read_alone(block, entry) for block, entry in zip(blocks, entries, strict=True))
    return all(one is None or is_unchanged(two, one) for one, two in zip(alone, read, strict=True))


def _page(entries: Sequence[Entry], blocks: Sequence[str], *, each_dated: bool) -> str:
    page: list[str] = []
    on: dt.date | None = None
    for entry, block in zip(entries, blocks, strict=True):
        end = "\r\n" if "\r\n" in block else "\n"
        if page and not page[-1].endswith(("\n", "\r")):
            page.append(end)
        if entry.date is not None and (each_dated or entry.date != on):
            if page and not page[-1].endswith(("\n\n", "\r\n\r\n")):
                page.append(end)
            page.append(f"{entry.date.year}년 {entry.date.month}월 {entry.date.day}일{end}")
            on = entry.date
        page.append(block)
    return "".join(page)


def _read(page: Page, path: str, on: dt.date | None) -> Parsed:
    """The entries of a page, and problems for text that is in none of them."""
    begins = {start.begin: start for start in entry_starts(page)}
    entries: list[Entry] = []
    problems: list[Problem] = []
    empty_date: tuple[int, int] | None = None  # the line of a date without an entry so far
    hidden: int | None = None  # where hidden text directly above an entry begins
    at = 0
    while at < len(page.lines):
        end = _end_of_segment(page, begins, at)
        start = begins.get(at)
        if start is not None:
            text = page.text(at if hidden is None else hidden, end)
            source = Source(SourceKind.DIGEST_PAGE, path, len(entries), text)
            entry = read_entry(page, start, end, source, on)
            if _has_content(entry, page.lines[start.title]):
                entries.append(entry)
                empty_date = None
            else:
                problems.append(_stray(page, (at, end), path, _STRAY_TEXT))
            hidden = None
        elif page.kinds[at] is Kind.DATE:
            hidden = None
            if empty_date is not None:
                problems.append(_stray(page, empty_date, path, _EMPTY_DATE))
            on, empty_date = page.dates[at].on, (at, end)
            if on is None:
                problems.append(_stray(page, (at, end), path, worded("there is no such day")))
                empty_date = None
        elif any(page.kinds[each] not in EMPTY for each in range(at, end)):
            problems.append(_stray(page, (at, end), path, _STRAY_TEXT))
        elif Kind.HIDDEN in page.kinds[at:end]:
            hidden = at
        at = end
    if empty_date is not None:
        problems.append(_stray(page, empty_date, path, _EMPTY_DATE))
    return Parsed(tuple(entries), tuple(problems))


_EMPTY_DATE = worded("there is no entry below this date")
_STRAY_TEXT = worded(
    "this text belongs to no entry: a title, and authors in parentheses, would begin one"
)


def _looks_like_page(page: Page, entries: Iterable[Entry]) -> bool:
    """Whether something shows that this is a page: dates, tags, authors, emphasised titles."""
    if Kind.DATE in page.kinds or Kind.TAGS in page.kinds:
        return True
    return any(
        entry.paper.authors or visible(entry.source.text).text.lstrip()[:1] in {"*", "_"}
        for entry in entries
    )


def _end_of_segment(page: Page, begins: Container[int], at: int) -> int:
    """The line after the date, the entry or the text between entries at line `at`."""
    end = at + 1
    if page.kinds[at] is Kind.DATE:
        return end
    while end < len(page.lines) and page.kinds[end] is not Kind.DATE and end not in begins:
        end += 1
    return end


def _has_content(entry: Entry, title_line: str) -> bool:
    """Whether an entry has more than a line in the place of a title."""
    paper = entry.paper
    marked = title_line.strip() != paper.title
    return bool(
        paper.authors or paper.url or paper.abstract or entry.commentary or entry.tags or marked
    )


def _stray(page: Page, segment: tuple[int, int], path: str, message: str) -> Problem:
    """A problem with the text of lines that are in no entry."""
    at, end = segment
    while at < end and page.kinds[at] in EMPTY:
        at += 1
    text = page.text(at, end).strip()
    severity = Severity.WARNING if message == _EMPTY_DATE else Severity.ERROR
    return Problem(path, at + 1, severity, message, text)


def _block(entry: Entry) -> str:
    if is_page_entry(entry) and (visible_part := _unchanged_source(entry)) is not None:
        return visible_part
    plain = _joined(write_plain(entry))
    read = _read_alone(plain, entry)
    if read is not None and _is_same(read, entry):
        return plain
    return _marked(entry)


def _marked(entry: Entry) -> str:
    marked = _joined(write_marked(entry))
    read = _read_alone(marked, entry)
    if read is not None and keeps_languages(read, entry):
        return marked
    return _joined(write_marked(entry, korean=True))


def _unchanged_source(entry: Entry) -> str | None:
    """The source text of an unchanged entry, without hidden text; `None` if it changed."""
    page = _visible_lines(entry.source.text)
    read = _read_alone(entry.source.text, entry)
    if read is None or not is_unchanged(read, entry):
        return None
    if Kind.HIDDEN in page.kinds or page.lines != page.written:
        # A comment may have begun above the entry: then its source text alone is read differently.
        return page.text(0, len(page.lines), written=False) if _is_same(read, entry) else None
    is_page = entry.date is not None or _looks_like_page(page, (entry,))
    return entry.source.text if is_page else None


def _visible_lines(text: str) -> Page:
    return read_lines(text.removeprefix(_BYTE_ORDER_MARK), visible(text, only_closed=True).text)


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n\n"


def _read_alone(block: str, entry: Entry) -> Entry | None:
    """The entry that a block alone is read as, below its date; `None` if it is not exactly one."""
    read = _read(_visible_lines(block), entry.source.path, entry.date)
    return read.entries[0] if len(read.entries) == 1 and not read.problems else None


def _is_same(read: Entry, entry: Entry) -> bool:
    """Whether every part of an entry was read back as that part."""
    return is_unchanged(read, entry) and (
        (read.paper.title, read.paper.authors, read.paper.abstract)
        == (entry.paper.title, entry.paper.authors, entry.paper.abstract)
    )
