"""Vault notes: one Markdown note a paper, as the curator kept them from 2017 on.

    https://arxiv.org/abs/2310.07831       a link, as the first line
                                           (or as a line of its own further down, or none)
    *Title* (First Author, Second Author)  or `Title (authors)`, `Title (link)`, `# Title`,
                                           `Title` alone; else the file's name is the title
    > The abstract.                        or none

    한국어 코멘트.                           paragraphs are parted by blank lines
    <english>
    English commentary.                    or plain English paragraphs
    </english>

    #tag #other-tag                        tags in running text count as well, and stay there

    # Links
    [[200319 GIQA.md]]                     links in running text count as well, and stay there

A note is always exactly one entry: its first paper is the entry's, further papers are references,
and their text is commentary. The date is the file name's, else the folders'.

Nothing is lost: every character that is no white space ends up in a field of the entry (the
paper's, the commentary, spellings of tags, links) or in a problem, except this mark-up: a byte
order mark; the `*`, `**` or `_` around a title and the `#` before one; the parentheses around
authors or around the title's link, the colon before that link, the `<>` around a link; commas,
semicolons and `and` between authors; `>` before lines of the abstract; `<english>` and
`</english>`; `#` and commas on lines of tags; `# Links`, and below it brackets, commas, list
marks, `.md`, and names that the note links to elsewhere already.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.archive.domain.dates import NamedDate, named_date
from bot.archive.domain.entry import (
    Commentary,
    Entry,
    Language,
    Paper,
    Parsed,
    Problem,
    Severity,
    Source,
    SourceKind,
)
from bot.archive.domain.formats.commentary import by_language
from bot.archive.domain.formats.english_marks import has_marks, split_marks
from bot.archive.domain.formats.heading import emphasised, parse_plain
from bot.archive.domain.formats.mentions import (
    is_note_names,
    malformed_ids,
    note_names_in,
    references_in,
)
from bot.archive.domain.formats.note_head import NoteHead, read_head
from bot.archive.domain.formats.tags import parse_tag_line, take_tags, with_tags_in
from bot.archive.domain.formats.untouched import is_untouched
from bot.archive.domain.language import languages_of

_LINKS_HEADING = re.compile(r"#{1,6}\s+links?\s*:?", re.IGNORECASE)
_FENCE = re.compile(r"\s*(```|~~~)")
_UNFIT_FOR_A_NAME = re.compile(r'[\\/:*?"<>|#^\[\]\x00-\x1f]+')
_LONGEST_NAME = 120


def parse(text: str, path: str) -> Parsed:
    """The one entry that a note is, whatever it holds, and what a person should look at.

    `path` is relative to the vault. `Source.text` is `text` itself, byte order mark and line
    ends included. Never raises; time grows with the length of the text.
    """
    path = unicodedata.normalize("NFC", path)
    named = named_date(path)
    lines = _lines(text.removeprefix("\ufeff"))
    head = read_head(lines, named.name)
    body = _read_body(head)
    paper = _paper(head, named)
    tags = with_tags_in((each.text for each in body.paragraphs if not each.code), body.tags)
    entry = Entry(
        paper=paper,
        source=Source(SourceKind.VAULT_NOTE, path, text=text),
        date=named.on,
        commentary=_commentary(head, body),
        tags=tuple(tags),
        spellings=tuple(tags.values()),
        references=references_in((each.text for each in body.paragraphs), paper),
        links=tuple(dict.fromkeys(note_names_in(text))),
    )
    return Parsed((entry,), tuple(_problems(text, path, named)))


def write(entry: Entry) -> str:
    """The note of an entry: as it was read if it says the same, else in the newest habit.

    The paper's details, which arXiv may have filled in since, do not make it another note.
    """
    source = entry.source
    if source.kind is SourceKind.VAULT_NOTE:
        read = parse(source.text, source.path).entries[0]
        if is_untouched(read, entry):
            return source.text
    return "\n\n".join(_written(entry)) + "\n"


def file_name(entry: Entry) -> str:
    """A name for the note of an entry that came from elsewhere: `250203 Title.md`.

    Of a title with a colon the part before it, as the curator does. Two entries may get one name.
    """
    title = entry.paper.title
    title = title.partition(": ")[0] or title
    name = " ".join(_UNFIT_FOR_A_NAME.sub(" ", unicodedata.normalize("NFC", title)).split())
    name = name[:_LONGEST_NAME].strip(" .") or "Untitled"
    return f"{entry.date:%y%m%d} {name}.md" if entry.date is not None else f"{name}.md"


def _lines(text: str) -> list[str]:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    english: bool = False
    code: bool = False


@dataclass(slots=True)
class _Body:
    """What stands below the head, while it is read line by line."""

    paragraphs: list[_Paragraph] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)
    english: bool = False
    under_links: bool = False

    def finish_paragraph(self, *, code: bool = False) -> None:
        text = "\n".join(self.unfinished).strip()
        self.unfinished.clear()
        if text:
            self.paragraphs.append(_Paragraph(text, self.english, code))


def _read_body(head: NoteHead) -> _Body:
    lines = head.rest
    body = _Body([_Paragraph(link) for link in head.links])
    if head.heading is not None and head.heading.behind:
        body.unfinished.append(head.heading.behind)
    last_mark = max(
        (at for at, line in enumerate(lines) if "</english>" in line.lower()), default=-1
    )
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        first = line[:1]
        if not line:
            body.finish_paragraph()
        elif first in "`~" and (end := _end_of_code(lines, at)) is not None:
            body.finish_paragraph()
            body.unfinished = list(lines[at : end + 1])
            body.finish_paragraph(code=True)
            at = end
        elif first in "#＃" and _read_mark_up(line, body):
            body.english = body.english and at < last_mark
        elif has_marks(line, english=body.english):
            _read_english_marks(lines[at], body)
        elif not (body.under_links and is_note_names(line)):
            body.under_links = False
            body.unfinished.append(lines[at].rstrip())
        at += 1
    body.finish_paragraph()
    return body


def _end_of_code(lines: Sequence[str], at: int) -> int | None:
    """The line that closes the block of code which a line opens, if both are so."""
    fence = _FENCE.match(lines[at])
    if fence is None:
        return None
    closing = (n for n in range(at + 1, len(lines)) if lines[n].strip().startswith(fence[1]))
    return next(closing, None)


def _read_mark_up(line: str, body: _Body) -> bool:
    """Take in a line of tags or the heading of the links; whether it was one."""
    if _LINKS_HEADING.fullmatch(line) is not None:
        body.finish_paragraph()
        body.under_links = True
        return True
    spellings = parse_tag_line(line)
    if spellings:
        body.finish_paragraph()
        if not take_tags(spellings, body.tags):
            body.unfinished.append(line)
            body.finish_paragraph()
    return bool(spellings)


def _read_english_marks(line: str, body: _Body) -> None:
    for part in split_marks(line):
        if part in {"<english>", "</english>"}:
            body.finish_paragraph()
            body.english = part == "<english>"
        else:
            body.unfinished.append(part.rstrip())


def _paper(head: NoteHead, named: NamedDate) -> Paper:
    heading, address = head.heading, head.address
    return Paper(
        title=heading.title if heading is not None else named.name,
        authors=heading.authors if heading is not None else (),
        arxiv_id=address.arxiv_id if address is not None else None,
        url=address.written if address is not None else None,
        abstract=head.abstract,
    )


def _commentary(head: NoteHead, body: _Body) -> tuple[Commentary, ...]:
    spoken = [_spoken(paragraph, head) for paragraph in body.paragraphs]
    known = [Language.EN if paragraph.english else None for paragraph in body.paragraphs]
    texts = [paragraph.text for paragraph in body.paragraphs]
    return by_language(texts, languages_of(spoken, known))


def _spoken(paragraph: _Paragraph, head: NoteHead) -> str:
    """What of a paragraph tells its language: nothing of code, nor of the title said again."""
    if paragraph.code:
        return ""
    if head.heading is not None and head.heading.authors and paragraph.text.endswith((")", "）")):
        again = parse_plain(paragraph.text)
        if again is not None and again.authors == head.heading.authors:
            return ""
    return paragraph.text


def _problems(text: str, path: str, named: NamedDate) -> Iterator[Problem]:
    if named.impossible:
        message = f"the file's name begins with {named.impossible}, which is no date"
        yield Problem(path, None, Severity.WARNING, message)
    yield from malformed_ids(text, path)


def _written(entry: Entry) -> Iterator[str]:
    paper = entry.paper
    address = paper.url or (paper.arxiv_id.url if paper.arxiv_id is not None else None)
    if address:
        yield address
    authors = f" ({', '.join(paper.authors)})" if paper.authors else ""
    yield emphasised(paper.title) + authors
    if paper.abstract:
        yield "\n".join(f"> {line}".rstrip() for line in paper.abstract.split("\n"))
    for commentary in entry.commentary:
        if commentary.language is Language.EN:
            yield f"<english>\n{commentary.text}\n</english>"
        else:
            yield commentary.text
    if entry.spellings:
        yield " ".join(f"#{spelling}" for spelling in entry.spellings)
    said = set(note_names_in("\n".join(commentary.text for commentary in entry.commentary)))
    below = [name for name in entry.links if name not in said]
    if below:
        yield "# Links"
        yield "\n".join(f"[[{name}.md]]" for name in below)
