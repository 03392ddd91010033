"""What a curator may want to know of a note before it is saved; nothing of it is in the way.

A warning is shown once, beside its field, before the note is saved. A hint is said after saving, and
beside its field where the form is shown anyway. Issue 17, item 4.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace
from hashlib import sha256

from bot.archive.domain.checks.archive_checks import NEIGHBOURING
from bot.archive.domain.checks.facts import AHEAD, missing_language
from bot.archive.domain.checks.note_checks import Kind, check_entry, refers_to_itself
from bot.archive.domain.entry import Entry, Language
from bot.archive.domain.tagging.near_tags import find_slips
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Translate
from bot.desk.domain.fields import DATE, PAPER, TAGS, TEXT_NAMES, TEXTS
from bot.desk.domain.paper_line import is_meant_as_link


@dataclass(frozen=True, slots=True)
class Remark:
    """`field` is the name of the field that it is about."""

    field: str
    text: str
    is_warning: bool = True

    @property
    def mark(self) -> str:
        """Equal for equal remarks."""
        return sha256(f"{self.field}:{self.text}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What remarks go by beside the note.

    `uses` counts the entries of each tag before this one is stored; `merged` are the tags that count
    as another one, each with that one. `wanted` are the languages in
    which the channel's digest is posted. `is_absent`: arXiv was asked for the paper and does not
    know it. `days` are those of other entries about the paper. `offers_language`: the remark on a
    missing language is the only place where this platform can offer to draft it.
    """

    today: dt.date
    uses: Mapping[str, int] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    wanted: Collection[Language] = ()
    is_absent: bool = False
    days: Collection[dt.date] = ()
    offers_language: bool = False


def remarks_on(
    entry: Entry, read: Entry, changed: Collection[str], around: Surroundings, say: Translate
) -> tuple[Remark, ...]:
    """The remarks on an entry that is about to be stored, of the fields that were changed.

    `read` is the entry as an import reads the note that is written of it.
    """
    shown = set(changed) | (set(TEXT_NAMES) if set(TEXT_NAMES) & set(changed) else set())
    found = (
        *_on_paper(entry, around, say),
        *_on_languages(entry, around, say),
        *_on_texts(entry, read, say),
        *_on_tags(entry, around, say),
        *_on_date(entry, around, say),
    )
    return tuple(each for each in found if each.field in shown)


def by_field(remarks: Collection[Remark]) -> Mapping[str, str]:
    """What stands beside each field."""
    lines: dict[str, list[str]] = {}
    for each in remarks:
        lines.setdefault(each.field, []).append(each.text)
    return {name: "\n".join(texts) for name, texts in lines.items()}


def _on_paper(entry: Entry, around: Surroundings, say: Translate) -> Iterator[Remark]:
    number = entry.paper.arxiv_id.number if entry.paper.arxiv_id is not None else ""
    if around.is_absent and number:
        yield Remark(PAPER, say("arXiv knows no paper {number}: correct the link", number=number))
    is_title_alone = entry.paper.arxiv_id is None and not entry.paper.url
    if is_title_alone and is_meant_as_link(entry.paper.title):
        words = say(
            "“{text}” is no arXiv id and no whole link, so it would be the title: correct it, or begin "
            "it with https://",
            text=entry.paper.title,
        )
        yield Remark(PAPER, words)


def _on_languages(entry: Entry, around: Surroundings, say: Translate) -> Iterator[Remark]:
    if not entry.commentary:
        return  # a note on the paper alone, or a form in which nothing is written yet
    names = {Language.KO: say("Korean"), Language.EN: say("English")}
    unserved = missing_language(entry, [around.wanted])
    for language in sorted(around.wanted):
        if entry.paragraphs(language):
            continue
        words = say(
            "{language}: there is no text, and this channel's digest is posted in it.",
            language=names[language],
        )
        is_warning = language is unserved or around.offers_language
        yield Remark(TEXTS[language][0], words, is_warning)


def _on_texts(entry: Entry, read: Entry, say: Translate) -> Iterator[Remark]:
    for each in entry.commentary:
        alone = replace(entry, commentary=(each,))
        if refers_to_itself(alone):
            yield Remark(TEXTS[each.language][0], say("The text refers to the paper itself."))
        kinds = {found.kind for found in check_entry(replace(read, commentary=(each,)))}
        if Kind.SEVERAL_LINKS in kinds:
            words = say(
                "The text begins with the link of another paper: a note is about one paper."
            )
            yield Remark(TEXTS[each.language][0], words)


def _on_tags(entry: Entry, around: Surroundings, say: Translate) -> Iterator[Remark]:
    new = [tag for tag in entry.tags if not around.uses.get(tag)]
    for tag, meant in find_slips(new, around.uses, around.merged).items():
        words = say("#{tag} is a new tag: did you mean #{meant}?", tag=tag, meant=meant)
        yield Remark(TAGS, words)


def _on_date(entry: Entry, around: Surroundings, say: Translate) -> Iterator[Remark]:
    if entry.date is None:
        yield Remark(DATE, say("There is no date, so the note is in no digest."))
        return
    if entry.date > around.today:
        words = say("The date is in the future: {date}", date=entry.date.isoformat())
        yield Remark(DATE, words, is_warning=entry.date > around.today + AHEAD)
    near = [day for day in around.days if abs(day - entry.date) <= NEIGHBOURING]
    if near:
        words = say(
            "There is another note on this paper, of {day}: both are posted.",
            day=min(near).isoformat(),
        )
        yield Remark(DATE, words)
