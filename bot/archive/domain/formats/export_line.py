"""A line of `export --format jsonl`: an entry as JSON that `import` restores.

It has the form of `show --json`, which people may edit. With `--with discussion` it also has what that form
leaves out: `arxiv` (what arXiv says of the paper, with the fields of the form that it `fills`) and
`as_written` (the rest of what the curator wrote). Where the form was edited, it counts.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from bot.archive.domain.arxiv_id import ArxivId, parse_arxiv_id
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import (
    Commentary,
    Entry,
    EntryId,
    Language,
    Paper,
    Reference,
    Source,
    SourceKind,
    tag_slug,
)
from bot.archive.domain.formats import vault_note
from bot.archive.domain.markup.tags import LONGEST_TAG
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UnreadableError
from bot.core.domain.late import late_pattern

Form: TypeAlias = dict[str, Any]

LAST_ID = 2**31 - 1
"""The highest number of an entry that is restored: higher ones leave too few for later entries."""
_MOST_PART = 1_000_000
_LONGEST_PATH = 2_500
"""In bytes; see `read_files`."""
_LONGEST_SLUG = 3 * LONGEST_TAG
"""Case folding makes at most three characters of one."""
_FILLED = ("authors", "abstract")
_HALF = late_pattern("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Restored:
    """An entry of a line, its number there, and what the archive keeps beside an entry.

    `replies` and `reactions` count those of the line. `is_whole`: the line has all that `with_all` adds.
    """

    entry: Entry
    id: EntryId | None
    changed_at: dt.datetime | None
    first_key: str
    record: ArxivRecord | None
    is_whole: bool
    replies: int
    reactions: int


def with_all(
    form: Form, filled: Entry, written: Entry, *, record: ArxivRecord | None, first_key: str
) -> Form:
    """The form of an entry with everything that a line has.

    `filled` is the entry as it is shown, `written` without what arXiv says.
    """
    return {
        **form,
        "arxiv": _record_form(record, filled.paper, written.paper) if record is not None else None,
        "as_written": {
            "part": written.source.part,
            "first_key": first_key,
            "arxiv_version": written.paper.arxiv_id.version if written.paper.arxiv_id else 0,
            "url": written.paper.url,
            "spellings": list(filled.spellings),
            "commentary": [[each.language, list(each.paragraphs)] for each in written.commentary],
            "text": written.source.text,
        },
    }


def _record_form(record: ArxivRecord, filled: Paper, written: Paper) -> Form:
    return {
        "fills": [name for name in _FILLED if getattr(filled, name) != getattr(written, name)],
        "version": record.id.version,
        "title": record.title,
        "authors": list(record.authors),
        "abstract": record.abstract,
        "categories": list(record.categories),
        "submitted_at": record.submitted_at.isoformat(),
        "updated_at": record.updated_at.isoformat(),
        "comment": record.comment,
        "journal_ref": record.journal_ref,
        "doi": record.doi,
    }


def parse(line: str) -> Restored:
    """The entry of a line. Raises `UnreadableError` that says what is wrong with it.

    Only `title` must be there; unknown fields are ignored.
    """
    try:
        form = json.loads(line)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            "this line is no JSON from character {n} on", n=error.pos + 1
        ) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError("this line is no JSON that can be read") from error
    if not isinstance(form, dict):
        raise UnreadableError("this line is no JSON object")
    if "title" not in form:
        raise UnreadableError("“title” is missing: this line is no entry")
    number = _whole(form, "id", lowest=1, highest=LAST_ID)
    written = _object(form, "as_written")
    arxiv_id = _arxiv_id(form, "arxiv_id", _whole(written, "arxiv_version", highest=999) or 0)
    record, fills = _record(_object(form, "arxiv"), arxiv_id)
    entry = _entry(form, written, arxiv_id, record if fills else None, fills)
    return Restored(
        entry,
        EntryId(number) if number is not None else None,
        _instant(form, "changed_at"),
        _text(written, "first_key"),
        record,
        is_whole=form.keys() >= {"arxiv", "as_written"},
        replies=len(_list(form, "replies")),
        reactions=len(_list(form, "reactions")),
    )


def _entry(
    form: Form,
    written: Form,
    arxiv_id: ArxivId | None,
    record: ArxivRecord | None,
    fills: Sequence[str],
) -> Entry:
    url = _text_or_none(form, "url")
    if arxiv_id is not None and url == arxiv_id.url:
        url = _text_or_none(written, "url")
    authors: tuple[str, ...] = _texts(form, "authors")
    abstract = _text_or_none(form, "abstract")
    if record is not None and "authors" in fills and authors == record.authors:
        authors = ()
    if record is not None and "abstract" in fills and abstract == record.abstract:
        abstract = None
    paper = Paper(_text(form, "title"), authors, arxiv_id, url, abstract)
    slugs = dict.fromkeys(map(tag_slug, _texts(form, "tags")))
    tags = tuple(slug for slug in slugs if 0 < len(slug) <= _LONGEST_SLUG)
    spellings = _texts(written, "spellings")
    references = {each.key: each for each in map(_reference, _objects(form, "references"))}
    references.pop(paper.key, None)
    entry = Entry(
        paper,
        Source(SourceKind.VAULT_NOTE, ""),
        _day(form),
        _commentary(_object(form, "commentary"), _list(written, "commentary")),
        tags,
        spellings if tuple(map(tag_slug, spellings)) == tags else tags,
        tuple(references.values()),
        tuple(dict.fromkeys(_texts(form, "links"))),
    )
    return _with_source(entry, _object(form, "source"), written)


def _with_source(entry: Entry, source: Form, written: Form) -> Entry:
    kind = _text(source, "kind") or SourceKind.VAULT_NOTE
    if kind not in set(SourceKind):
        raise UnreadableError("“kind” is no kind of source: {value}", value=kind[:40])
    path = _text(source, "path") or vault_note.file_name(entry)
    if len(path.encode()) > _LONGEST_PATH:
        raise UnreadableError("“path” is too long")
    part = _whole(written, "part", highest=_MOST_PART) or 0
    place = Source(SourceKind(kind), path, part, _text(written, "text"))
    return replace(entry, source=place)


def _commentary(texts: Form, blocks: Sequence[object]) -> tuple[Commentary, ...]:
    """The blocks as they were written, if they say what the texts say, else these."""
    other = next((name for name in texts if name not in set(Language)), None)
    if other is not None:
        raise UnreadableError("“commentary” is in no known language: {value}", value=other[:40])
    by_language = {language: _text(texts, language) for language in Language}
    written = tuple(filter(None, map(_block, blocks)))
    if all(_joined(written, language) == text for language, text in by_language.items()):
        return written
    return tuple(
        Commentary(language, tuple(filter(None, text.split("\n\n"))))
        for language, text in by_language.items()
        if text.strip()
    )


def _block(block: object) -> Commentary | None:
    match block:
        case [str(language), [*paragraphs]] if language in set(Language):
            texts = tuple(_as_text(each, "commentary") for each in paragraphs)
            return Commentary(Language(language), texts)
    return None


def _joined(blocks: Sequence[Commentary], language: Language) -> str:
    same = (each for each in blocks if each.language is language)
    return "\n\n".join(paragraph for each in same for paragraph in each.paragraphs)


def _reference(form: Form) -> Reference:
    arxiv_id = _arxiv_id(form, "arxiv_id", 0)
    url = _text_or_none(form, "url")
    if arxiv_id is None and not url:
        raise UnreadableError("a reference has neither “arxiv_id” nor “url”")
    return Reference(arxiv_id, url if arxiv_id is None else None, _text_or_none(form, "title"))


def _record(form: Form, arxiv_id: ArxivId | None) -> tuple[ArxivRecord | None, tuple[str, ...]]:
    if arxiv_id is None or not form:
        return None, ()
    submitted_at, updated_at = _instant(form, "submitted_at"), _instant(form, "updated_at")
    version = _whole(form, "version", lowest=1, highest=999)
    if submitted_at is None or updated_at is None or version is None:
        raise UnreadableError("“arxiv” lacks “version”, “submitted_at” or “updated_at”")
    record = ArxivRecord(
        id=ArxivId(arxiv_id.number, version),
        title=_text(form, "title"),
        authors=_texts(form, "authors"),
        abstract=_text(form, "abstract"),
        categories=_texts(form, "categories"),
        submitted_at=submitted_at,
        updated_at=updated_at,
        comment=_text_or_none(form, "comment"),
        journal_ref=_text_or_none(form, "journal_ref"),
        doi=_text_or_none(form, "doi"),
    )
    return record, _texts(form, "fills")


def _arxiv_id(form: Form, name: str, version: int) -> ArxivId | None:
    text = _text_or_none(form, name)
    if text is None:
        return None
    found = parse_arxiv_id(text)
    if found is None:
        raise UnreadableError("“{name}” is no arXiv id: {value}", name=name, value=text[:40])
    return ArxivId(found.number, version or found.version)


def _day(form: Form) -> dt.date | None:
    text = _text_or_none(form, "date")
    try:
        return dt.date.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise UnreadableError("“date” is no date: {value}", value=(text or "")[:40]) from error


def _instant(form: Form, name: str) -> dt.datetime | None:
    text = _text_or_none(form, name)
    try:
        at = dt.datetime.fromisoformat(text) if text is not None else None
        if at is None:
            return None
        if at.tzinfo is not None:
            return at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    raise UnreadableError(
        "“{name}” is no instant with an offset: {value}", name=name, value=(text or "")[:40]
    )


def _whole(form: Form, name: str, *, lowest: int = 0, highest: int) -> int | None:
    value = form.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise UnreadableError(
            "“{name}” is no whole number from {lowest} to {highest}",
            name=name,
            lowest=lowest,
            highest=highest,
        )
    return value


def _text(form: Form, name: str) -> str:
    return _text_or_none(form, name) or ""


def _text_or_none(form: Form, name: str) -> str | None:
    value = form.get(name)
    return None if value is None else _as_text(value, name)


def _as_text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise UnreadableError("“{name}” is no text", name=name)
    if "\0" in value or _HALF.search(value):
        raise UnreadableError("“{name}” has characters that are no text", name=name)
    return value


def _texts(form: Form, name: str) -> tuple[str, ...]:
    return tuple(_as_text(each, name) for each in _list(form, name))


def _objects(form: Form, name: str) -> Sequence[Form]:
    found = _list(form, name)
    if not all(isinstance(each, dict) for each in found):
        raise UnreadableError("“{name}” is no list of objects", name=name)
    return found


def _list(form: Form, name: str) -> list[Any]:
    value = form.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableError("“{name}” is no list", name=name)
    return value


def _object(form: Mapping[str, Any], name: str) -> Form:
    value = form.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError("“{name}” is no object", name=name)
    return value
