"""The fields of the form of a note: an entry as text in them, and what they say of an entry."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate

from bot.archive.domain.entry import Commentary, Entry, Language, tag_slug
from bot.archive.domain.formats.paragraphs import split_paragraphs
from bot.archive.domain.markup.tags import is_tag
from bot.archive.domain.typed_dates import Days, find_date
from bot.core.domain.dataclass import dataclass
from bot.core.domain.form import FIELDS_MOST, TEXT_MOST
from bot.core.domain.late import late_pattern
from bot.desk.domain.put_back import carried, put_back, shown_paragraphs

PAPER, TAGS, DATE = "paper", "tags", "date"
TEXTS: Mapping[Language, tuple[str, str]] = {
    Language.KO: ("ko", "ko2"),
    Language.EN: ("en", "en2"),
}
"""The fields of each language: a text that is too long for one field goes on in the second."""
TEXT_NAMES = tuple(name for names in TEXTS.values() for name in names)

_BETWEEN_TAGS = late_pattern(r"[\s,#＃]+")


@dataclass(frozen=True, slots=True)
class Filled:
    """What the fields say: the text of each language that has a field, tags as spelled, the date."""

    texts: Mapping[Language, str]
    tags: tuple[str, ...]
    date: dt.date | None
    problems: Mapping[str, str]
    """By field: a word that is no tag, or a text that is no date, as typed."""


def values_of(entry: Entry, most: int = TEXT_MOST) -> Mapping[str, str]:
    """What stands in the fields for an entry. A language too long for its fields has none.

    A field takes `most` characters. Where two languages need two fields each, the date has none: a form has five.
    """
    values: dict[str, str] = {}
    for language in Language:
        parts = split_text("\n\n".join(shown_paragraphs(entry.paragraphs(language))), most)
        if parts is not None:
            values |= dict(zip(TEXTS[language], parts, strict=False))
    values[TAGS] = " ".join((*entry.spellings, *entry.tags[len(entry.spellings) :]))
    if len(values) < FIELDS_MOST:
        values[DATE] = entry.date.isoformat() if entry.date is not None else ""
    return values


def split_text(text: str, most: int) -> tuple[str, ...] | None:
    """A text in one part or two, cut between paragraphs; `None` if it does not fit into two."""
    if length(text) <= most:
        return (text,)
    paragraphs = split_paragraphs(text)
    ends = accumulate(length(paragraph) + 2 for paragraph in paragraphs)
    at = sum(1 for end in ends if end - 2 <= most)
    parts = "\n\n".join(paragraphs[:at]), "\n\n".join(paragraphs[at:])
    return parts if at and length(parts[1]) <= most else None


def length(text: str) -> int:
    """The length as Slack, Discord and browsers count it, in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text_in(values: Mapping[str, str], language: Language) -> str:
    """The text of a language in the fields, with one blank line between paragraphs."""
    parts = [tidy(values.get(name, "")) for name in TEXTS[language]]
    return "\n\n".join(part for part in parts if part)


def tidy(text: str) -> str:
    """A text with one blank line between its paragraphs; what is inside of code stays."""
    return "\n\n".join(split_paragraphs(text))


def read_fields(values: Mapping[str, str], days: Days) -> Filled:
    """What was typed; never raises."""
    problems: dict[str, str] = {}
    words = [word for word in _BETWEEN_TAGS.split(values.get(TAGS, "")) if word]
    wrong = [word for word in words if not is_tag(word)]
    if wrong:
        problems[TAGS] = wrong[0]
    typed = values.get(DATE, "").strip()
    date = find_date(typed, days) if typed else None
    if typed and date is None:
        problems[DATE] = typed
    texts = {
        language: text_in(values, language)
        for language, names in TEXTS.items()
        if names[0] in values
    }
    return Filled(texts, _once(words), date, problems)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    """The spellings in their order, each tag once."""
    tags: dict[str, str] = {}
    for word in words:
        tags.setdefault(tag_slug(word), word)
    return tuple(tags.values())


def changed_names(base: Mapping[str, str], typed: Mapping[str, str]) -> frozenset[str]:
    """The fields whose text differs from what they were shown with.

    All fields of a language change together: where its text is cut may differ.
    """
    changed = {
        name
        for name, text in typed.items()
        if name not in TEXT_NAMES and carried(text).strip() != carried(base.get(name, "")).strip()
    }
    for language, names in TEXTS.items():
        if _said(base, language) != _said(typed, language):
            changed |= set(names) & typed.keys()
    return frozenset(changed)


def _said(values: Mapping[str, str], language: Language) -> str:
    return tidy(carried(text_in(values, language)))


def mixed(
    typed: Mapping[str, str], mine: Iterable[str], theirs: Mapping[str, str]
) -> Mapping[str, str]:
    """What I changed as I typed it, all else as it is now: of each language one of the two."""
    names = frozenset(mine)
    my_texts = {name for fields in TEXTS.values() if names & set(fields) for name in fields}
    values = {
        name: typed.get(name, "") if name in names | my_texts else text
        for name, text in theirs.items()
    }
    return values | {
        name: text
        for name, text in typed.items()
        if name in my_texts or (name not in TEXT_NAMES and name not in theirs)
    }


def with_changes(entry: Entry, filled: Filled, changed: Iterable[str]) -> Entry:
    """The entry with what was changed in the form; everything else stays as it is."""
    names = frozenset(changed)
    for language, fields in TEXTS.items():
        if names & set(fields):
            entry = _with_text(entry, language, filled.texts.get(language, ""))
    if TAGS in names:
        entry = replace(entry, tags=tuple(map(tag_slug, filled.tags)), spellings=filled.tags)
    if DATE in names:
        entry = replace(entry, date=filled.date)
    return entry


def _with_text(entry: Entry, language: Language, text: str) -> Entry:
    """The entry with another text in one language, at the place where that language stood."""
    paragraphs = put_back(entry.paragraphs(language), split_paragraphs(text))
    new = (Commentary(language, paragraphs),) if paragraphs else ()
    rest = [each for each in entry.commentary if each.language is not language]
    at = next(
        (at for at, each in enumerate(entry.commentary) if each.language is language),
        0 if language is Language.KO else len(rest),
    )
    return replace(entry, commentary=(*rest[:at], *new, *rest[at:]))


def merged(
    theirs: Mapping[str, str], mine: Mapping[str, str], most: int = TEXT_MOST
) -> Mapping[str, str] | None:
    """What stands in a form for an entry that was there already: its text, and below it mine.

    `None` if that does not fit into the fields.
    """
    values = dict(theirs)
    for language, names in TEXTS.items():
        text, typed = text_in(theirs, language), text_in(mine, language)
        if not typed or typed in text:
            continue
        parts = split_text(f"{text}\n\n{typed}" if text else typed, most)
        if parts is None or (text and names[0] not in theirs):
            return None
        values |= dict(zip(names, parts, strict=False))
    words = _BETWEEN_TAGS.split(f"{theirs.get(TAGS, '')} {mine.get(TAGS, '')}")
    values[TAGS] = " ".join(_once(word for word in words if word))
    if mine.get(DATE, "").strip():
        values[DATE] = mine[DATE]
    elif len(values) > FIELDS_MOST:
        values.pop(DATE, None)
    return values if len(values) <= FIELDS_MOST else None


def conflicts(
    base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]
) -> Mapping[str, str]:
    """The fields that both I and somebody else changed, differently: what theirs say now."""
    both = changed_names(base, mine) & changed_names(base, theirs) & changed_names(theirs, mine)
    found = {name: theirs.get(name, "") for name in both if name not in TEXT_NAMES}
    for language, names in TEXTS.items():
        if names[0] in both and names[0] in base:
            found[names[0]] = text_in(theirs, language)
    return found
