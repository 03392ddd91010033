"""Write a note as text, and change the text of a note only where the note changed.

Whatever is written is read again before it counts: a text that the parser reads otherwise is
refused with a `NoteTextError`, and nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from bot.archive.domain.dates import named_date
from bot.archive.domain.entry import Commentary, Entry, Language, tag_slug
from bot.archive.domain.formats import note_edits, note_front, vault_note
from bot.archive.domain.formats.note_places import read_text
from bot.archive.domain.formats.paragraphs import split_paragraphs
from bot.archive.domain.markup.inline_fields import key_of
from bot.archive.domain.markup.mentions import note_names_in
from bot.archive.domain.markup.metadata import is_tags_key
from bot.archive.domain.markup.tags import is_tag, tags_in_text
from bot.archive.domain.markup.visible import with_line_feeds
from bot.archive.domain.note import Note
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern

_BLANK_LINES = late_pattern(r"\n(?:[ \t]*\n)+")
_SHOWN = 60
_TITLE = translatable("The title “{text}” would be read as something else: shorten it.")
_TEXT = translatable("“{text}” would be read as something else than text: begin it differently.")
_TAGS = translatable("The tag “{text}” stands in the text or cannot be written: change it there.")
_NO_TAG = translatable("“{text}” is not a tag")
_TAGS_HIDDEN = translatable(
    "The tag “{text}” stands in the front matter or in a field: change it there."
)
_PLACE = translatable("“{text}” was not found in the file: change it there.")
_HIDDEN = translatable("“{text}” is hidden in the file and would be lost: change the file.")
_DATE_IN_FRONT = translatable(
    "The front matter is not closed or is no YAML: change the date there."
)
_DATE = translatable("The date is part of the file name: rename the file in the vault.")


@dataclass(frozen=True, slots=True)
class NoteParser:
    """How notes are read, as an import would.

    `read` takes a text and its path; it may raise a `UserError`.
    """

    read: Callable[[str, str], Entry]


class NoteTextError(UserError):
    """What a note says cannot be written so that it is read back; `field` says which part of it.

    It is `title`, `text`, `tags` or `date`.
    """

    def __init__(self, message: str, *, field: str, **values: object) -> None:
        super().__init__(message)
        self.values = values
        self.field = field


def file_name(note: Note) -> str:
    """The name of the file for a new note: `250203 Title.md`."""
    return vault_note.file_name(note.as_entry())


def write_note(note: Note, parser: NoteParser) -> str:
    """The text of a new note, in the house format. Raises `NoteTextError`.

    Authors that cannot be written so that they are read back are left out where arXiv knows them.
    """
    _check_tags(note)
    entry = replace(note.as_entry(), commentary=_tidy(note.commentary))
    path = note.path or file_name(note)
    text = vault_note.write(entry)
    problem = _problem(parser.read(text, path), entry)
    if problem is not None and problem.field == "title" and entry.paper.arxiv_id is not None:
        entry = replace(entry, paper=replace(entry.paper, authors=()))
        text = vault_note.write(entry)
        problem = _problem(parser.read(text, path), entry)
    if problem is not None:
        raise problem
    return text


def rewrite_note(text: str, before: Note, after: Note, parser: NoteParser) -> str:
    """The text of a note with what differs between `before` and `after`, else byte for byte.

    `before` is what was shown to the person, read from `text`; its path counts. What is changed are
    commentary, tags and date. Raises `NoteTextError`, also where a place is not found in the text, and
    where something that is hidden would be lost.
    """
    path = before.path or file_name(before)
    old = parser.read(text, path)
    wanted = _changed(old, before, after)
    if before.tags != after.tags:
        _check_tags(after)
    if _says(old) == _says(wanted):
        return text
    edited = _with_commentary(text, old, wanted)
    edited = _with_tags(edited, wanted, path, parser)
    if old.date != wanted.date:
        edited = _with_date(edited, wanted, path)
    problem = _problem(parser.read(edited, path), wanted) or _lost(text, edited)
    if problem is not None and problem.field == "title":  # what is new would be part of the head
        line = next(iter(_all_lines(wanted) - _all_lines(old)), "")
        raise NoteTextError(_TEXT, field="text", text=line[:_SHOWN])
    if problem is not None:
        raise problem
    return edited


def _with_commentary(text: str, old: Entry, wanted: Entry) -> str:
    if old.commentary == wanted.commentary:
        return text
    was, now = _by_language(old), _by_language(wanted)
    edited = note_edits.with_paragraphs(text, was, now)
    if edited is None:
        gone = Counter(chain.from_iterable(was.values())) - Counter(
            chain.from_iterable(now.values())
        )
        raise NoteTextError(_PLACE, field="text", text=next(iter(gone), "")[:_SHOWN])
    return edited


def _with_tags(text: str, wanted: Entry, path: str, parser: NoteParser) -> str:
    """The text with the tags that are missing, and without those that nobody wants."""
    spelled = dict(zip(wanted.tags, wanted.spellings, strict=False))
    read = frozenset(parser.read(text, path).tags)
    add = [spelled.get(slug, slug) for slug in wanted.tags if slug not in read]
    remove = read - frozenset(wanted.tags) - _slugs_in(wanted)
    return note_edits.with_tags(text, add=add, remove=remove) if add or remove else text


def _with_date(text: str, wanted: Entry, path: str) -> str:
    named = named_date(path)
    if wanted.date is None or (named.on is not None and not named.is_month):
        raise NoteTextError(_DATE, field="date")
    edited = note_front.with_date(text, wanted.date)
    if edited is None:
        raise NoteTextError(_DATE_IN_FRONT, field="date")
    return edited


def _changed(old: Entry, before: Note, after: Note) -> Entry:
    """What the file says, with what the person changed."""
    in_text = frozenset(note_names_in(_text(old)))
    entry = replace(old, links=tuple(name for name in old.links if name not in in_text))
    for language in Language:
        was, now = _paragraphs(before.commentary, language), _paragraphs(after.commentary, language)
        if was != now:
            entry = _with_text(entry, language, now)
    was_tags = {tag_slug(tag) for tag in before.tags}
    now_tags = {tag_slug(tag): tag for tag in reversed(after.tags)}
    if was_tags != set(now_tags):
        kept = [slug for slug in entry.tags if slug in now_tags or slug not in was_tags]
        slugs = dict.fromkeys((*kept, *reversed(now_tags)))
        spelled = dict(zip(entry.tags, entry.spellings, strict=False))
        spellings = tuple(spelled.get(slug) or now_tags[slug] for slug in slugs)
        entry = replace(entry, tags=tuple(slugs), spellings=spellings)
    return replace(entry, date=after.date) if before.date != after.date else entry


def _with_text(entry: Entry, language: Language, paragraphs: tuple[str, ...]) -> Entry:
    new = (Commentary(language, paragraphs),) if paragraphs else ()
    rest = [each for each in entry.commentary if each.language is not language]
    at = next(
        (at for at, each in enumerate(entry.commentary) if each.language is language),
        0 if language is Language.KO else len(rest),
    )
    return replace(entry, commentary=(*rest[:at], *new, *rest[at:]))


def _check_tags(note: Note) -> None:
    for tag in note.tags:
        if not is_tag(tag):
            raise NoteTextError(_NO_TAG, field="tags", text=tag[:_SHOWN])


def _tidy(commentary: Iterable[Commentary]) -> tuple[Commentary, ...]:
    texts = [Commentary(each.language, _paragraphs((each,), each.language)) for each in commentary]
    return tuple(each for each in texts if each.paragraphs)


def _plain_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in with_line_feeds(text).split("\n"))


def _paragraphs(commentary: Iterable[Commentary], language: Language) -> tuple[str, ...]:
    """What is written in a language, paragraph by paragraph as it is read."""
    return tuple(
        read
        for each in commentary
        if each.language is language
        for paragraph in each.paragraphs
        for read in split_paragraphs(paragraph)
    )


def _by_language(entry: Entry) -> dict[Language, Sequence[str]]:
    """What stands between blank lines, in code too: a block of code is one paragraph with them."""
    return {
        each.language: [
            part
            for text in each.paragraphs
            for part in _BLANK_LINES.split(_plain_lines(text))
            if part
        ]
        for each in entry.commentary
    }


def _says(entry: Entry) -> tuple[object, ...]:
    texts = tuple(_paragraphs(entry.commentary, language) for language in Language)
    return texts, frozenset(entry.tags), entry.date


def _problem(read: Entry, wanted: Entry) -> NoteTextError | None:
    """What a text does not say as it was meant; `None` if it says all of it."""
    paper = wanted.paper
    if _head(read) != _head(wanted):
        return NoteTextError(_TITLE, field="title", text=paper.title[:_SHOWN])
    said, meant = _all_lines(read), _all_lines(wanted)
    if said != meant:
        line = next(iter((meant - said) or (said - meant)))
        return NoteTextError(_TEXT, field="text", text=line[:_SHOWN])
    wrong = frozenset(wanted.tags) - frozenset(read.tags)
    wrong = wrong or frozenset(read.tags) - frozenset(wanted.tags) - _slugs_in(wanted)
    if wrong:
        is_there = min(wrong) in read.tags
        return NoteTextError(
            _TAGS_HIDDEN if is_there else _TAGS, field="tags", text=min(wrong)[:_SHOWN]
        )
    if read.date != wanted.date:
        return NoteTextError(_DATE, field="date")
    lost = frozenset(wanted.links) - frozenset(read.links)
    if lost:
        return NoteTextError(_TEXT, field="text", text=min(lost)[:_SHOWN])
    return None


def _lost(text: str, edited: str) -> NoteTextError | None:
    """What is hidden in a text and no longer in the edited one; fields of tags may have changed."""
    lost = Counter(_hidden(text)) - Counter(_hidden(edited))
    if lost:
        return NoteTextError(_HIDDEN, field="text", text=min(lost)[:_SHOWN])
    return None


def _hidden(text: str) -> Iterator[str]:
    seen = read_text(text)
    yield from (text[each.start : each.end].strip() for each in seen.comments)
    for each in seen.fields:
        field = text[each.start : each.end].strip()
        yield field if not is_tags_key(key_of(field)) else key_of(field)


def _head(entry: Entry) -> tuple[object, ...]:
    """Title, paper and abstract; of the authors the letters, since commas may separate others."""
    paper = entry.paper
    authors = "".join(filter(str.isalnum, "".join(paper.authors)))
    number = paper.arxiv_id.number if paper.arxiv_id is not None else paper.url
    return " ".join(paper.title.split()), number, authors, " ".join((paper.abstract or "").split())


def _all_lines(entry: Entry) -> Counter[str]:
    return Counter(line.strip() for line in _text(entry).split("\n") if line.strip())


def _text(entry: Entry) -> str:
    return "\n\n".join(each.text for each in entry.commentary)


def _slugs_in(entry: Entry) -> frozenset[str]:
    """The tags in the running text, which nobody can take away but by changing the text."""
    return frozenset(map(tag_slug, tags_in_text(_text(entry))))
