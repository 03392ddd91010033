"""What a submitted form means: something to correct, something to write, or nothing at all."""

import datetime as dt
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import field, replace

from bot.archive.domain.entry import (
    Commentary,
    Entry,
    Language,
    Paper,
    Source,
    SourceKind,
    StoredEntry,
    tag_slug,
)
from bot.archive.domain.formats import vault_note
from bot.archive.domain.formats.paragraphs import split_paragraphs
from bot.archive.domain.markup.tags import is_tag
from bot.archive.domain.typed_dates import Days
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Translate
from bot.core.domain.late import late_pattern
from bot.desk.domain.draft import Draft
from bot.desk.domain.drafting import MARK, is_marked
from bot.desk.domain.fields import (
    DATE,
    PAPER,
    TAGS,
    TEXT_NAMES,
    TEXTS,
    Filled,
    changed_names,
    conflicts,
    merged,
    mixed,
    read_fields,
    values_of,
    with_changes,
)
from bot.desk.domain.known import Known
from bot.desk.domain.note_form import theirs_line
from bot.desk.domain.paper_line import PaperLine, read_paper_line

_ENGLISH_MARK = late_pattern(r"</?english>", re.IGNORECASE)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ToCorrect:
    """The form is shown again: the draft as it goes on, with problems and remarks by field."""

    draft: Draft
    problems: Mapping[str, str]
    remarks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToWrite:
    """The entry to be stored; `old` is what it changes."""

    entry: Entry
    old: StoredEntry | None = None


@dataclass(frozen=True, slots=True)
class NothingChanged:
    """A form that was submitted as it was shown."""

    old: StoredEntry


Decision = ToCorrect | ToWrite | NothingChanged


def paper_of(draft: Draft) -> PaperLine:
    """The paper that a draft is about."""
    if draft.entry_id is not None:
        return PaperLine(entry_id=draft.entry_id)
    return read_paper_line(draft.typed.get(PAPER, ""))


def decide(draft: Draft, known: Known, days: Days, say: Translate) -> Decision:
    """What to do with a submitted draft; `known` is what is known of `paper_of` it now."""
    if draft.entry_id is None:
        return _decide_new(draft, known, days, say)
    if known.entry is None:
        address = read_paper_line(draft.paper.partition(":")[2] or draft.paper)
        typed = {PAPER: address.arxiv_id.url if address.arxiv_id else address.url or address.title}
        again = replace(draft, entry_id=None, base={}, typed=typed | dict(draft.typed))
        return ToCorrect(
            again, {"": say("This note was deleted meanwhile. Save again to write it anew.")}
        )
    return _decide_change(draft, known.entry, days, say)


def _decide_new(draft: Draft, known: Known, days: Days, say: Translate) -> Decision:
    line = read_paper_line(draft.typed.get(PAPER, ""))
    if known.entry is not None:
        return _with_what_is_there(draft, known.entry, say)
    filled = read_fields(draft.typed, days)
    problems = dict(_problems_of_paper(line, known, say)) | _problems_of_fields(filled, say)
    problems |= _unread(draft.typed, TEXT_NAMES, say)
    if not any(filled.texts.values()):
        problems.setdefault("", say("Write something in one language, at least."))
    if problems or known.paper is None:
        return ToCorrect(draft, problems)
    return _read_back(draft, _new_entry(filled, known.paper, days), None, say)


def _new_entry(filled: Filled, paper: Paper, days: Days) -> Entry:
    return Entry(
        paper=Paper(paper.title, paper.authors, paper.arxiv_id, paper.url),
        source=Source(SourceKind.CHAT_FORM, ""),
        date=filled.date or days.today,
        commentary=tuple(
            Commentary(language, split_paragraphs(text))
            for language, text in filled.texts.items()
            if text
        ),
        tags=tuple(map(tag_slug, filled.tags)),
        spellings=filled.tags,
    )


def readable_part(draft: Draft, known: Known, days: Days) -> ToWrite:
    """What a draft with problems says where it can be read, so that remarks can be made on it."""
    filled = read_fields(draft.typed, days)
    filled = replace(filled, tags=tuple(filter(is_tag, filled.tags)))
    if draft.entry_id is None or known.entry is None:
        return ToWrite(_new_entry(filled, known.paper or Paper(""), days))
    mine = changed_names(draft.base, draft.typed) - filled.problems.keys()
    return ToWrite(with_changes(known.entry.entry, filled, mine), known.entry)


def _problems_of_paper(line: PaperLine, known: Known, say: Translate) -> Mapping[str, str]:
    if line.entry_id is not None:
        return {PAPER: say("There is no entry {id}", id=line.entry_id)}
    if not line.key:
        return {PAPER: say("Write a link, an arXiv id or a title.")}
    if line.others:
        others = ", ".join(line.others)[:_SHOWN]
        return {
            PAPER: say("Write one link: a note is about one paper. Others: {links}", links=others)
        }
    if known.paper is None or not known.paper.title:
        return {
            PAPER: say(
                "The title of this paper is not known here: write it behind the link, "
                "*Title* (Authors)."
            )
        }
    return {}


def _problems_of_fields(filled: Filled, say: Translate) -> dict[str, str]:
    problems = {}
    if TAGS in filled.problems:
        word = filled.problems[TAGS][:_SHOWN]
        problems[TAGS] = say("“{word}” is not a tag: use letters, digits and hyphens.", word=word)
    if DATE in filled.problems:
        problems[DATE] = say(
            "“{text}” is not a date: write it like 2025-02-04, Feb 4, yesterday or last friday",
            text=filled.problems[DATE][:_SHOWN],
        )
    return problems


def _unread(typed: Mapping[str, str], names: Collection[str], say: Translate) -> dict[str, str]:
    """The texts in which the mark of a machine's draft still stands: nobody has read them yet."""
    words = say("This is a machine's draft: correct it, and delete the line {mark}.", mark=MARK)
    return {name: words for name in TEXT_NAMES if name in names and is_marked(typed.get(name, ""))}


def _with_what_is_there(draft: Draft, old: StoredEntry, say: Translate) -> Decision:
    """Somebody writes a new note on a paper that has one: both texts are shown in one form."""
    theirs = values_of(old.entry, draft.text_most)
    values = merged(theirs, draft.typed, draft.text_most)
    if values is None:
        problem = say(
            "There is a note on this paper already, and both together do not fit into the form. "
            "Change that one: /note entry:{id}",
            id=old.id,
        )
        return ToCorrect(draft, {"": problem})
    again = replace(draft, entry_id=old.id, paper=old.entry.paper.key, base=theirs, typed=values)
    problem = say(
        "There is a note on this paper already. What you wrote stands below its text: look at it "
        "and save again to change it."
    )
    return ToCorrect(again, {"": problem})


def _decide_change(draft: Draft, old: StoredEntry, days: Days, say: Translate) -> Decision:
    theirs = values_of(old.entry, draft.text_most)
    mine = changed_names(draft.base, draft.typed)
    typed = mixed(draft.typed, mine, theirs)
    # What does not fit into this form may have been shown in one with longer fields.
    both = conflicts(draft.base, draft.typed, values_of(old.entry, sys.maxsize))
    if both:
        again = replace(draft, base=theirs, typed=typed)
        return ToCorrect(again, {name: theirs_line(text, say) for name, text in both.items()})
    filled = read_fields(typed, days)
    problems = _problems_of_fields(filled, say) | _unread(typed, mine, say)
    if problems:
        return ToCorrect(draft, problems)
    entry = with_changes(old.entry, filled, mine)
    if entry == old.entry:
        return NothingChanged(old)
    if old.entry.commentary and not entry.commentary:
        return ToCorrect(draft, {"": say("Write something in one language, at least.")})
    return _read_back(draft, entry, old, say)


def _read_back(draft: Draft, entry: Entry, old: StoredEntry | None, say: Translate) -> Decision:
    """The entry as the parser reads its note; a paragraph that it reads otherwise is a problem."""
    read = read_again(entry)
    kept = {paragraph for each in read.commentary for paragraph in each.paragraphs}
    problems = {}
    for language in Language:
        before = old.entry.paragraphs(language) if old is not None else ()
        for paragraph in entry.paragraphs(language):
            if paragraph in before:
                continue
            if _ENGLISH_MARK.search(paragraph) is not None:
                problems[TEXTS[language][0]] = say(
                    "Leave <english> out: English text has a field of its own."
                )
                break
            if paragraph not in kept:
                problems[TEXTS[language][0]] = say(
                    "“{text}” would be read as something else than text: begin it differently.",
                    text=paragraph[:_SHOWN],
                )
                break
    if problems:
        return ToCorrect(draft, problems)
    tags = dict(zip(entry.tags, entry.spellings, strict=False))
    tags |= {
        slug: spelling
        for slug, spelling in zip(read.tags, read.spellings, strict=False)
        if slug not in tags
    }
    if old is None:
        paper = replace(entry.paper, url=read.paper.url)
        entry = replace(entry, paper=paper, commentary=read.commentary)
        if read_again(entry).commentary != entry.commentary:
            problem = say(
                "This text is not read back as it is: close what is open in it, like ```."
            )
            first = next(
                (name for name in TEXTS if draft.typed.get(TEXTS[name][0], "").strip()), Language.KO
            )
            return ToCorrect(draft, {TEXTS[first][0]: problem})
    links = dict.fromkeys((*entry.links, *read.links))
    return ToWrite(
        replace(
            entry,
            tags=tuple(tags),
            spellings=tuple(tags.values()),
            references=read.references,
            links=tuple(links),
        ),
        old,
    )


def read_again(entry: Entry) -> Entry:
    """The entry as an import reads the note that is written of it."""
    text = vault_note.write(replace(entry, source=Source(SourceKind.CHAT_FORM, "")))
    return vault_note.parse(text, vault_note.file_name(entry)).entries[0]


def with_date(draft: Draft, date: dt.date | None) -> Draft:
    """The draft with the date that it had when it was submitted: `today` stays that day.

    A new note has its day also where the form had no field for it.
    """
    if date is None or (DATE not in draft.typed and draft.entry_id is not None):
        return draft
    return replace(draft, typed={**draft.typed, DATE: date.isoformat()})
