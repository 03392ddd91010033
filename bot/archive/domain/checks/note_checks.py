"""Checks of one entry by itself (issue 13, item 7). Nothing of it is lost; each is a warning."""

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain

from bot.archive.domain.arxiv_id import find_arxiv_ids
from bot.archive.domain.dates import named_date
from bot.archive.domain.entry import Entry, Problem, Severity, SourceKind
from bot.archive.domain.markup.english_marks import find_unclosed
from bot.archive.domain.markup.mentions import Address, parse_address_line
from bot.archive.domain.markup.tags import parse_tag_line
from bot.archive.domain.markup.visible import visible
from bot.core.domain.i18n import translatable, worded
from bot.core.domain.late import late_pattern

_NO_NAME = late_pattern(r"(?:untitled|new note|무제|제목 없음|새 노트)?[\s\d._()-]*", re.IGNORECASE)


class Kind(StrEnum):
    """The kinds of warnings: many of one kind are shown in part."""

    EMPTY = translatable("empty note")
    NO_TITLE = translatable("no title")
    NO_DATE = translatable("no date")
    UNCLOSED = translatable("unclosed <english>")
    SEVERAL_LINKS = translatable("several links")
    NEAR_TAG = translatable("tag nearly known")
    SAME_PAPER = translatable("same paper")
    OWN_REFERENCE = translatable("reference to the paper itself")
    UNKNOWN_ID = translatable("unknown at arXiv")
    FUTURE = translatable("date in the future")
    NO_LANGUAGE = translatable("missing language")


def is_empty_note(entry: Entry) -> bool:
    """Whether nothing is written in a note but tags: it has a name, and nothing to post."""
    if entry.commentary or entry.paper.url or entry.source.kind is not SourceKind.VAULT_NOTE:
        return False
    lines = map(str.strip, visible(entry.source.text).text.splitlines())
    return all(not line or parse_tag_line(line) for line in lines)


def check_entry(entry: Entry) -> Iterator[Problem]:
    """The warnings about one entry; their path is that of its source."""
    if is_empty_note(entry):
        yield _warning(
            entry,
            Kind.EMPTY,
            worded("this note is empty: it is kept, and posted once something is written in it"),
        )
        return
    is_note = entry.source.kind is SourceKind.VAULT_NOTE
    if is_note and _NO_NAME.fullmatch(entry.paper.title):
        title = entry.paper.title or named_date(entry.source.path).name
        yield _warning(
            entry,
            Kind.NO_TITLE,
            worded(
                "this note has no title, so “{title}” stands for it: write *Title* (Authors) below "
                "the link",
                title=title,
            ),
        )
    if entry.date is None:
        message = worded("there is no date, so this is in no digest: write a date line above it")
        if is_note:
            message = worded(
                "there is no date, so this is in no digest: begin the file's name with one, like "
                "250204, or write date: in the front matter"
            )
        yield _warning(entry, Kind.NO_DATE, message)
    if is_note:
        yield from _check_marks(entry)
    yield from _check_links(entry)
    if is_note and refers_to_itself(entry):
        message = worded(
            "the text refers to {number}, which is the paper of this note itself: leave it out, or "
            "name the one that was meant",
            number=entry.paper.arxiv_id.number if entry.paper.arxiv_id is not None else "",
        )
        yield _warning(entry, Kind.OWN_REFERENCE, message)


def refers_to_itself(entry: Entry) -> bool:
    """Whether a commentary names the arXiv id of the entry's own paper inside a sentence.

    An address on a line of its own is another form of the note's link, and no reference.
    """
    own = entry.paper.arxiv_id
    if own is None:
        return False
    lines = (
        line
        for each in entry.commentary
        for paragraph in each.paragraphs
        for line in paragraph.splitlines()
        if own.number in line and not _addresses(line.strip())
    )
    return any(
        mention.id is not None and mention.id.number == own.number
        for line in lines
        for mention in find_arxiv_ids(line)
    )


def _check_marks(entry: Entry) -> Iterator[Problem]:
    text = entry.source.text
    closed = max(text.rfind("</english>"), 0)
    if text.find("<", closed + 1 if closed else 0) < 0:
        return  # nothing is opened behind the last one
    lower = text.lower()
    if lower.rfind("<english>") <= lower.rfind("</english>"):
        return
    line = find_unclosed(visible(text).text)
    if line is not None:
        message = worded("<english> is not closed: write </english> below the English text")
        yield _warning(entry, Kind.UNCLOSED, message, line)


def _check_links(entry: Entry) -> Iterator[Problem]:
    """Links on lines of their own at the beginning: only the first is what the note is about."""
    paper = entry.paper
    if not paper.url or not Address(paper.url, paper.arxiv_id).is_paper:
        return
    firsts = (commentary.paragraphs[0] for commentary in entry.commentary if commentary.paragraphs)
    for other in chain.from_iterable(map(_addresses, firsts)):
        if not other.is_paper or other.written == paper.url:
            continue
        numbers = {each.arxiv_id.number for each in (other, paper) if each.arxiv_id is not None}
        if len(numbers) == 1 and other.arxiv_id is not None and paper.arxiv_id is not None:
            continue  # another address of the same paper
        message = worded(
            "this note has several paper links: it is about {paper}, and {other} is a reference; "
            "write one note a paper",
            paper=paper.url,
            other=other.written,
        )
        yield _warning(entry, Kind.SEVERAL_LINKS, message)
        return  # one warning a note


def _addresses(text: str) -> list[Address]:
    """The addresses that a line consists of; none if it has other words."""
    if text[:4].lower() not in {"http", "www."}:
        return []
    whole = parse_address_line(text)
    if whole is not None:
        return [whole]
    found = [parse_address_line(word.strip(",;")) for word in text.split()]
    addresses = [each for each in found if each is not None]
    return addresses if len(addresses) == len(found) else []


def _warning(entry: Entry, kind: Kind, message: str, line: int | None = None) -> Problem:
    return Problem(entry.source.path, line, Severity.WARNING, message, kind=kind)
