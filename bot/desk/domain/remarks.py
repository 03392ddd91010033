"""What a curator may want to know of a note that was saved; nothing of it is in the way."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

from bot.archive.domain.checks.archive_checks import KNOWN_FROM, find_misspelt
from bot.archive.domain.checks.note_checks import refers_to_itself
from bot.archive.domain.entry import Entry, Language
from bot.core.domain.i18n import Translate


def remarks_on(
    entry: Entry,
    *,
    uses: Mapping[str, int],
    wanted: Collection[Language],
    today: dt.date,
    say: Translate,
) -> Iterator[str]:
    """The remarks on an entry; `uses` counts the entries of each tag before it was stored.

    `wanted` are the languages in which the channel's digest is posted.
    """
    names = {Language.KO: say("Korean"), Language.EN: say("English")}
    for language in sorted(wanted):
        if not entry.paragraphs(language):
            yield say(
                "{language}: there is no text, and this channel's digest is posted in it.",
                language=names[language],
            )
    known = [tag for tag, count in uses.items() if count >= KNOWN_FROM]
    new = [tag for tag in entry.tags if not uses.get(tag)]
    for tag, meant in find_misspelt(new, known).items():
        yield say("#{tag} is a new tag: did you mean #{meant}?", tag=tag, meant=meant)
    if entry.date is not None and entry.date > today:
        yield say("The date is in the future: {date}", date=entry.date.isoformat())
    if refers_to_itself(entry):
        yield say("The text refers to the paper itself.")
