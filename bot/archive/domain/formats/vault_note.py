"""Vault notes: one Markdown note for each paper, in the styles that the curator used since 2017.

    https://arxiv.org/abs/2310.07831       a link, as the first line
                                           (or as a line of its own further down, or none)
    *Title* (First Author, Second Author)  or `Title (authors)`, `Title (link)`, `# Title`,
                                           `Title` alone; else the file name is the title
    > The abstract.                        or none

    한국어 코멘트.                           paragraphs are separated by blank lines
    <english>
    English commentary.                    or plain English paragraphs
    </english>

    #tag #other-tag                        also tags in running text, which stay there

    # Links
    [[200319 GIQA.md]]                     also links in running text, which stay there

A note is always exactly one entry: its first paper is the paper of the entry; further papers are
references, and their text is commentary. The date is that of the file name, else of the folders.
YAML front matter, Dataview fields and comments are hidden; `markup.metadata` says which fields are
used. Code and mathematics have no tags and links.

No text is lost: every visible character except white space is in a field of the entry or in a
problem, except this mark-up: byte order mark; `*`, `**` or `_` around a title and `#` before it;
parentheses around authors or the link of a title, the colon before that link, `<>` around a link;
commas, semicolons and `and` between authors; `>` before lines of the abstract, and the mark of a
callout; `<english>` and `</english>`; `#` and commas on lines of tags; `# Links`, and below it
brackets, commas, list marks, `.md`, and names that the note links to elsewhere. `Source.text` has
everything, hidden text included.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import product

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
from bot.archive.domain.formats.note_head import NoteHead, read_head
from bot.archive.domain.formats.unchanged import is_unchanged
from bot.archive.domain.language import languages_of
from bot.archive.domain.markup.english_marks import has_marks, split_marks
from bot.archive.domain.markup.heading import emphasised, parse_plain
from bot.archive.domain.markup.inline_fields import WithoutFields, take_fields
from bot.archive.domain.markup.markdown import CodeBlocks, may_have_blocks
from bot.archive.domain.markup.mentions import (
    is_note_names,
    malformed_ids,
    note_names_in,
    references_in,
)
from bot.archive.domain.markup.metadata import Field, Metadata, read_fields
from bot.archive.domain.markup.quotation import is_abstract_callout, quoted_text
from bot.archive.domain.markup.tags import add_tags, parse_tag_line, take_tags, with_tags_in
from bot.archive.domain.markup.visible import Visible, visible, with_line_feeds
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import worded
from bot.core.domain.late import late_pattern

_LINKS_HEADING = late_pattern(r"#{1,6}\s+links?\s*:?", re.IGNORECASE)
_UNFIT_FOR_A_NAME = late_pattern(r'[\\/:*?"<>|#^\[\]\x00-\x1f]+')
_LONGEST_NAME = 120


def parse(text: str, path: str, front_matter: Sequence[Field] = ()) -> Parsed:
    """The entry of a note, and its problems. A note always is exactly one entry.

    `path` is relative to the vault. `front_matter` are the fields of the note's YAML. `Source.text` is
    `text`, with byte order mark and line ends. Never raises. Linear in the length of the text.
    """
    path = unicodedata.normalize("NFC", path)
    named = named_date(path)
    visible_part = visible(text)
    lines = _lines(visible_part.text)
    fields = tuple(front_matter)
    if visible_part.hidden or "::" in visible_part.text:
        without_fields = take_fields(lines)
        lines = _read_lines(text, without_fields)
        fields += tuple(without_fields.fields)
    metadata, field_problems = read_fields(fields, path) if fields else (Metadata(), ())
    may_have_code = may_have_blocks(visible_part.text)
    head = read_head(lines, named.name)
    body = _read_body(head, may_have_code=may_have_code)
    paper = _paper(head, body, named, metadata)
    tags = with_tags_in((each.text for each in body.paragraphs if not each.code), body.tags)
    add_tags(metadata.tags, tags)
    entry = Entry(
        paper=paper,
        source=Source(SourceKind.VAULT_NOTE, path, text=text),
        date=(metadata.date or named.on) if named.is_month else (named.on or metadata.date),
        commentary=_commentary(head, body),
        tags=tuple(tags),
        spellings=tuple(tags.values()),
        references=references_in((each.text for each in body.paragraphs), paper),
        links=tuple(dict.fromkeys(_links(lines, may_have_code=may_have_code))),
    )
    problems = [
        *_problems(visible_part.text, path, named),
        *visible_part.problems(path),
        *field_problems,
    ]
    problems.sort(key=lambda problem: problem.line or 0)
    return Parsed((entry,), tuple(problems))


def write(entry: Entry, front_matter: Sequence[Field] = ()) -> str:
    """The note of an entry: its source text if nothing has changed, else in the current style.

    `front_matter` are the fields of the YAML in the source text. Details of the paper that arXiv fills
    in are no change. Hidden text of the source stays in the note, hidden.
    """
    source = entry.source
    plain = "\n\n".join(_written(entry)) + "\n"
    if source.kind is not SourceKind.VAULT_NOTE:
        return plain
    if is_unchanged(parse(source.text, source.path, front_matter).entries[0], entry):
        return source.text
    return _with_hidden(plain, visible(source.text), entry, front_matter)


def _with_hidden(
    plain: str, visible_part: Visible, entry: Entry, front_matter: Sequence[Field]
) -> str:
    """The note with its front matter and fields, if those still agree, and its comments at the end."""
    front, fields = visible_part.front_matter, "\n".join(_fields_of(visible_part.text))
    comments = visible_part.hidden[front is not None :]
    if front is None and not fields:
        return "\n".join((plain, *comments))
    text, first, front_stays, fields_stay = plain, "", True, True
    if front is not None:
        first = "\n".join(_lines(visible_part.hidden[0])).rstrip() + (
            "\n\n" if front.is_closed else f"\n{front.mark}\n\n"
        )
    for front_stays, fields_stay in product((True, False), repeat=2):
        text = f"{first}{plain}" if front_stays else plain
        text += f"\n{fields}\n" if fields and fields_stay else ""
        yaml = front_matter if front_stays else ()
        if is_unchanged(parse(text, entry.source.path, yaml).entries[0], entry):
            break
    if fields and not fields_stay:
        comments = (f"%%\n{fields}\n%%", *comments)
    if front is not None and not front_stays:
        comments = (f"%%\n{front.written}%%", *comments)
    return "\n".join((text, *comments))


def _fields_of(text: str) -> Iterator[str]:
    """Dataview's fields in a text as they are written."""
    lines = _lines(text)
    for at, spans in sorted(take_fields(lines).spans.items()):
        yield from (lines[at][start:end].strip() for start, end in spans)


def file_name(entry: Entry) -> str:
    """A file name for an entry that came from elsewhere: `250203 Title.md`.

    The name is the title up to the first colon. Two entries may get the same name. `parse` reads the
    entry's date in it: two digits of the year are those of 2000 to 2069, and without a date a title
    that begins like one stands behind `_`.
    """
    title = entry.paper.title
    title = title.partition(": ")[0] or title
    name = " ".join(_UNFIT_FOR_A_NAME.sub(" ", unicodedata.normalize("NFC", title)).split())
    name = name[:_LONGEST_NAME].strip(" .") or "Untitled"
    if entry.date is None:
        is_undated = named_date(f"{name}.md") == NamedDate(None, name)
        return f"{name}.md" if is_undated else f"_{name}.md"
    short = f"{entry.date:%y%m%d} {name}.md"
    return short if named_date(short).on == entry.date else f"{entry.date.isoformat()} {name}.md"


def _lines(text: str) -> list[str]:
    return with_line_feeds(text).split("\n")


def _read_lines(text: str, rest: WithoutFields) -> list[str]:
    """The lines without those that are hidden completely or are fields only."""
    return [
        line
        for line, written in zip(rest.lines, _lines(text), strict=True)
        if line is not None and is_read(line, written)
    ]


def is_read(line: str, written: str) -> bool:
    """Whether a line of which `line` is left is read: what is hidden completely ends no paragraph."""
    return bool(line.strip() or not written.strip("\ufeff \t"))


def _links(lines: Sequence[str], *, may_have_code: bool) -> Iterator[str]:
    if may_have_code:
        code = CodeBlocks(lines).lines()
        lines = ["" if at in code else line for at, line in enumerate(lines)]
    return note_names_in("\n".join(lines))


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    english: bool = False
    code: bool = False


@dataclass(slots=True)
class _Body:
    """What was read below the head so far."""

    paragraphs: list[_Paragraph] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)
    abstract: str | None = None
    english: bool = False
    under_links: bool = False

    def finish_paragraph(self, *, code: bool = False) -> None:
        text = "\n".join(self.unfinished)
        text = text.strip("\n").rstrip() if code else text.strip()
        self.unfinished.clear()
        if text:
            self.paragraphs.append(_Paragraph(text, self.english, code))


def _read_body(head: NoteHead, *, may_have_code: bool) -> _Body:
    lines = head.rest
    body = _Body([_Paragraph(link) for link in head.links])
    if head.heading is not None and head.heading.behind:
        body.unfinished.append(head.heading.behind)
    last_mark = max(
        (at for at, line in enumerate(lines) if "</" in line and "</english>" in line.lower()),
        default=-1,
    )
    code = CodeBlocks(lines).all() if may_have_code else {}
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        first = line[:1]
        if not line:
            body.finish_paragraph()
        elif at in code:
            body.finish_paragraph()
            body.unfinished = list(lines[at : code[at]])
            body.finish_paragraph(code=True)
            at = code[at] - 1
        elif (
            first == ">"
            and head.abstract is None
            and body.abstract is None
            and (is_abstract_callout(line))
        ):
            at = _read_callout(lines, at, body) - 1
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


def _read_callout(lines: Sequence[str], at: int, body: _Body) -> int:
    """Take the abstract from a callout; return the line after it."""
    end = at
    while end < len(lines) and lines[end].lstrip()[:1] == ">":
        end += 1
    body.abstract = quoted_text(lines[at:end]) or None
    if body.abstract is None:
        body.unfinished += lines[at:end]
    return end


def _read_mark_up(line: str, body: _Body) -> bool:
    """Take a line of tags or the heading of the links; return whether it was one."""
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


def _paper(head: NoteHead, body: _Body, named: NamedDate, metadata: Metadata) -> Paper:
    heading, address = head.heading, head.address or metadata.address
    return Paper(
        title=heading.title if heading is not None else metadata.title or named.name,
        authors=(heading.authors if heading is not None else ()) or metadata.authors,
        arxiv_id=address.arxiv_id if address is not None else None,
        url=address.written if address is not None else None,
        abstract=head.abstract or body.abstract,
    )


def _commentary(head: NoteHead, body: _Body) -> tuple[Commentary, ...]:
    texts_for_language = [_language_text(paragraph, head) for paragraph in body.paragraphs]
    known = [Language.EN if paragraph.english else None for paragraph in body.paragraphs]
    texts = [paragraph.text for paragraph in body.paragraphs]
    return by_language(texts, languages_of(texts_for_language, known))


def _language_text(paragraph: _Paragraph, head: NoteHead) -> str:
    """The part of a paragraph that decides its language: no code, no repeated title."""
    if paragraph.code:
        return ""
    authors = head.heading.authors if head.heading is not None else ()
    if authors and paragraph.text.endswith((")", "）")):
        names_first = authors[0].split()[0] in paragraph.text
        again = parse_plain(paragraph.text) if names_first else None
        if again is not None and again.authors == authors:
            return ""
    return paragraph.text


def _problems(text: str, path: str, named: NamedDate) -> Iterator[Problem]:
    if named.impossible:
        message = worded(
            "the file name begins with {date}, which is not a date", date=named.impossible
        )
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
            gap = "\n" if commentary.text[:1].isspace() else ""  # else it is no code
            yield f"<english>\n{gap}{commentary.text}\n</english>"
        else:
            yield commentary.text
    if entry.spellings:
        yield " ".join(f"#{spelling}" for spelling in entry.spellings)
    linked = set(note_names_in("\n".join(commentary.text for commentary in entry.commentary)))
    below = [name for name in entry.links if name not in linked]
    if below:
        yield "# Links"
        yield "\n".join(f"[[{name}.md]]" for name in below)
