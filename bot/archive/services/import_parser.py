"""Parses files into entries: decodes them, tells pages from notes, prepares the search index.

Blocking: call it in a thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.archive.domain.checks.note_checks import check_entry
from bot.archive.domain.dates import parse_date_line
from bot.archive.domain.entry import Entry, Parsed, Problem, Severity, SourceKind
from bot.archive.domain.files.file_names import is_note
from bot.archive.domain.files.source_match import InputFile
from bot.archive.domain.formats import digest_page, vault_note
from bot.archive.domain.formats.decode import decode, encoding_warning
from bot.archive.domain.formats.note_text import NoteParser
from bot.archive.domain.markup.metadata import Field
from bot.archive.domain.markup.visible import visible
from bot.archive.domain.search.search_text import IndexedText, indexed_text
from bot.archive.services import front_matter
from bot.archive.services.files.read_files import (
    LARGEST_NOTE,
    LARGEST_PAGE,
    ReadFile,
    content_hash,
    too_large,
)
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UnreadableError
from bot.core.domain.i18n import worded
from bot.core.latex import readable

_LONGEST_NAME = 120

STDIN_NAME = worded("standard input")
"""The path of standard input in problems."""


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The entries of one file, each with its text for the search index."""

    input: InputFile
    shown: str
    kind: SourceKind
    entries: tuple[tuple[Entry, IndexedText], ...]
    problems: tuple[Problem, ...]


def parse_file(read: ReadFile) -> ParsedFile:
    """Parse a file; a file that cannot be parsed has one problem and no entries."""
    try:
        text = decode(read.data, read.shown)
        parsed, kind = _parse(text, read.input.path)
        warning = encoding_warning(read.data, read.shown)
    except UnreadableError as error:
        line = error.line
        return _unreadable(read, line, worded(error.message, **error.values))
    largest = max((len(entry.source.text) for entry in parsed.entries), default=0)
    if largest > LARGEST_NOTE:
        return _unreadable(
            read,
            None,
            worded("an entry of it is too long: {reason}", reason=too_large(LARGEST_NOTE)),
        )
    remarks = (remark for entry in parsed.entries for remark in check_entry(entry))
    problems = [replace(problem, path=read.shown) for problem in (*parsed.problems, *remarks)]
    if warning is not None:
        problems.insert(0, warning)
    return ParsedFile(
        input=read.input,
        shown=read.shown,
        kind=kind,
        entries=tuple((entry, indexed_text(entry, readable)) for entry in parsed.entries),
        problems=tuple(problems),
    )


def _unreadable(read: ReadFile, line: int | None, message: str) -> ParsedFile:
    problem = Problem(read.shown, line, Severity.ERROR, message)
    return ParsedFile(read.input, read.shown, SourceKind.VAULT_NOTE, (), (problem,))


def parse_files(files: Iterable[ReadFile]) -> list[ParsedFile]:
    """Parse files, in order."""
    return [parse_file(file) for file in files]


def _parse(text: str, path: str) -> tuple[Parsed, SourceKind]:
    """Parse a page or a note; the content decides, not only the suffix."""
    fields, problems = front_matter.read(text, path)
    if is_note(path):
        parsed = _as_page(text, path, fields) if _begins_with_date(text) else None
        if parsed is None:
            parsed, kind = vault_note.parse(text, path, fields), SourceKind.VAULT_NOTE
        else:
            kind = SourceKind.DIGEST_PAGE
    else:
        parsed, kind = digest_page.parse(text, path, fields), SourceKind.DIGEST_PAGE
    return Parsed(parsed.entries, (*problems, *parsed.problems)), kind


def write_note(entry: Entry) -> str:
    """The note of an entry (`vault_note.write`), with the front matter of its source."""
    fields, _ = front_matter.read(entry.source.text, entry.source.path)
    return vault_note.write(entry, fields)


def read_note(text: str, path: str) -> Entry:
    """The entry of a note, as an import reads it. Raises `UnreadableError` if the text is a page."""
    parsed, kind = _parse(text, path)
    if kind is not SourceKind.VAULT_NOTE or len(parsed.entries) != 1:
        raise UnreadableError("this would be read as a digest page, not as a note", path=path)
    return parsed.entries[0]


NOTE_PARSER = NoteParser(read_note)
"""How notes are read back that are written into the vault."""


def _begins_with_date(text: str) -> bool:
    if text.startswith("http"):
        return False
    start = text[:4000]
    if any(mark in start for mark in ("---", "+++", "%%", "<!--")):
        start = visible(text).text[:4000]
    first = start.lstrip("\ufeff\n\r\t ").partition("\n")[0]
    return not first.startswith("http") and parse_date_line(first) is not None


def _as_page(text: str, path: str, fields: Sequence[Field]) -> Parsed | None:
    """The page in a file whose first line is a date, if it has papers with authors."""
    try:
        parsed = digest_page.parse(text, path, fields)
    except UnreadableError:
        return None
    return parsed if any(entry.paper.authors for entry in parsed.entries) else None


def parse_stream(data: bytes) -> ParsedFile:
    """Parse standard input under a path that a corrected version of it gets again.

    The path is made of the first day of a page, of the title of a note, or of the content's hash.
    """
    given = content_hash(data[: LARGEST_PAGE + 1])
    suffix = ".txt" if len(data) > LARGEST_NOTE or _is_page(data) else ".md"
    read = ReadFile(InputFile(f"stdin/{given[:12]}{suffix}", None, None, given), STDIN_NAME, data)
    if len(data) > LARGEST_PAGE:
        return _unreadable(read, None, too_large(LARGEST_PAGE))
    parsed = parse_file(read)
    if not parsed.entries:
        return parsed
    first = parsed.entries[0][0]
    if parsed.kind is SourceKind.VAULT_NOTE:
        name = " ".join(first.paper.title.replace("/", " ").split())
    else:
        name = first.date.isoformat() if first.date is not None else given[:12]
    path = f"stdin/{name[:_LONGEST_NAME]}{suffix}"
    return replace(
        parsed,
        input=replace(parsed.input, path=path),
        entries=tuple(
            (replace(entry, source=replace(entry.source, path=path)), indexed)
            for entry, indexed in parsed.entries
        ),
    )


def _is_page(data: bytes) -> bool:
    try:
        return digest_page.looks_like(decode(data, ""))
    except UnreadableError:
        return False
