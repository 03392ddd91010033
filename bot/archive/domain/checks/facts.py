"""Checks of an entry against what a note cannot know: today, arXiv's answers, the channels' languages.

Issue 17, item 4. Like all checks they stop nothing.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from bot.archive.domain.checks.note_checks import Kind
from bot.archive.domain.entry import Entry, Language, Problem, Severity
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Worded, worded

AHEAD = timedelta(days=7)
"""A date further ahead is probably a typing error: notes are written for the next days on purpose."""
STILL_POSTED = timedelta(days=7)
"""A note that is older is in no digest any more, so nobody misses a language of it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known outside of the notes.

    `absent` are numbers that arXiv does not know, as far as it was asked. `languages` are those of
    each channel that gets a digest.
    """

    today: date
    absent: frozenset[str] = frozenset()
    languages: frozenset[frozenset[Language]] = frozenset()


def check_facts(entry: Entry, facts: Facts) -> Iterator[Problem]:
    """The warnings about one entry; their path is that of its source."""
    for kind, message in _found(entry, facts):
        yield Problem(entry.source.path, None, Severity.WARNING, message, kind=kind)


def _found(entry: Entry, facts: Facts) -> Iterator[tuple[Kind, Worded]]:
    arxiv_id = entry.paper.arxiv_id
    if arxiv_id is not None and arxiv_id.number in facts.absent:
        yield (
            Kind.UNKNOWN_ID,
            worded("arXiv knows no paper {number}: correct the link", number=arxiv_id.number),
        )
    if entry.date is None:
        return
    if entry.date > facts.today + AHEAD:
        yield (
            Kind.FUTURE,
            worded(
                "the date {day} is more than a week ahead: the note is posted on that day",
                day=entry.date.isoformat(),
            ),
        )
    if entry.date >= facts.today - STILL_POSTED:
        missing = missing_language(entry, facts.languages)
        if missing is not None:
            yield (
                Kind.NO_LANGUAGE,
                worded(
                    "there is no text in the language of a channel ({language}): it is posted there "
                    "in the other one",
                    language=str(missing),
                ),
            )


def missing_language(entry: Entry, channels: Collection[Collection[Language]]) -> Language | None:
    """A language that a channel wants and nothing of the entry is in, if the channel takes no other."""
    written = {each.language for each in entry.commentary}
    if not written:
        return None
    unserved = (sorted(wanted) for wanted in channels if written.isdisjoint(wanted))
    return next((wanted[0] for wanted in sorted(unserved) if wanted), None)
