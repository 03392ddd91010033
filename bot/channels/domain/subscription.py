"""Subscriptions: a channel's schedule, filter, languages and layout, and how people type them."""

import re
from datetime import date, datetime
from enum import StrEnum

from bot.archive.domain.entry import Language
from bot.channels.domain.digest_options import Intro, Layout, RecapChoice, TagFilter, Unapproved
from bot.channels.domain.quiet_hours import QuietHours
from bot.channels.domain.schedule import Schedule
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError

MOST_PAPERS = 10
"""The default for the most papers per digest; the header counts the rest."""
MOST_ALLOWED = 50


class Standing(StrEnum):
    """Whether a subscription gets digests, and if not, why."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Paused by a person; entries of the paused days are not posted later."""
    REFUSED = "refused"
    """The platform refuses messages in the channel; after `resume` it gets what it missed."""
    MANUAL = "manual"
    """No schedule: it gets only digests posted by `paperbot post`."""
    REMOVED = "removed"
    """Removed; the row stays so that no day is posted twice after subscribing again."""


@dataclass(frozen=True, slots=True)
class DigestOptions:
    """What people choose for a digest. Entries dated before `since` are never posted."""

    schedule: Schedule
    since: date
    languages: tuple[Language, ...] = (Language.KO, Language.EN)
    tags: str = ""
    """As in the look-up language, tags only: `#rl -#moe`; several wanted tags mean any of them."""
    only: str = ""
    """A query of the look-up language that the entries must match, too; in its normal form."""
    layout: Layout = Layout.PAPERS
    most: int = MOST_PAPERS
    intro: Intro = Intro.ON
    interface: Language | None = None
    """The language of headings, buttons and dates; `None`: the first of `languages`."""
    recap: RecapChoice = RecapChoice.OFF
    quiet: QuietHours | None = None
    """When notices and copies wait, by the clocks of the schedule's zone."""
    unapproved: Unapproved = Unapproved.POST

    @property
    def spoken(self) -> Language:
        """The language in which the bot speaks in the channel."""
        return self.interface or self.languages[0]


@dataclass(frozen=True, slots=True)
class Subscription:
    """The stored subscription of one channel (its REF as text).

    Until `replay_until`, each day with entries is posted as a slot of its own, oldest first. With
    `doubt_from` set, these messages may have been posted since that instant: each is searched for
    before it is posted. `reason` and `detail` say why the platform refuses. Recaps are posted from
    `recap_since` on; `recap_on` is the date of the last one. Its standing or options were last changed
    at `changed_at`.
    """

    id: int
    channel: str
    standing: Standing
    options: DigestOptions
    created_at: datetime
    changed_at: datetime
    created_by: str = ""
    replay_until: date | None = None
    doubt_from: datetime | None = None
    reason: str = ""
    detail: str = ""
    recap_since: datetime | None = None
    recap_on: date | None = None


_LANGUAGE_NAMES = {
    "korean": Language.KO,
    "한국어": Language.KO,
    "english": Language.EN,
    "영어": Language.EN,
}


def _language_code(name: str) -> str:
    folded = name.strip().casefold()
    return _LANGUAGE_NAMES.get(folded, folded)


def parse_languages(text: str) -> tuple[Language, ...]:
    """`ko,en`, in the order wanted, or the languages' names; raises `UsageError`."""
    names = [_language_code(name) for name in re.split(r"[,\s]+", text) if name]
    unknown = [name for name in names if name not in set(Language)]
    if unknown or not names:
        raise UsageError(
            "“{text}” is not a list of the curator's languages: write ko, en, ko,en or en,ko",
            text=text.strip(),
        )
    return tuple(dict.fromkeys(map(Language, names)))


def parse_interface(text: str) -> Language:
    """`ko` or `en`, or the language's name; raises `UsageError`."""
    folded = _language_code(text)
    if folded not in set(Language):
        raise UsageError(
            "“{text}” is not a language of the bot: write interface:ko or interface:en",
            text=text.strip(),
        )
    return Language(folded)


def parse_layout(text: str) -> Layout:
    """The layout of that name; raises `UsageError`."""
    folded = text.strip().casefold()
    if folded not in set(Layout):
        raise UsageError(
            "“{text}” is not a layout: write papers, thread, compact or titles", text=text.strip()
        )
    return Layout(folded)


def parse_intro(text: str) -> Intro:
    """`on`, `later` or `off`; raises `UsageError`."""
    folded = text.strip().casefold()
    if folded not in set(Intro):
        raise UsageError(
            "“{text}” is not understood: write intro:on, intro:later or intro:off",
            text=text.strip(),
        )
    return Intro(folded)


def parse_recap(text: str) -> RecapChoice:
    """`weekly`, `monthly`, either with `-silent`, or `off`; raises `UsageError`."""
    folded = text.strip().casefold()
    if folded not in set(RecapChoice):
        raise UsageError(
            "“{text}” is not understood: write recap:weekly, recap:monthly or recap:off, and "
            "weekly-silent or monthly-silent for none where there is little to tell",
            text=text.strip(),
        )
    return RecapChoice(folded)


def parse_unapproved(text: str) -> Unapproved:
    """`post` or `hold`; raises `UsageError`."""
    folded = text.strip().casefold()
    if folded not in set(Unapproved):
        raise UsageError(
            "“{text}” is not understood: write unapproved:post or unapproved:hold",
            text=text.strip(),
        )
    return Unapproved(folded)


def parse_most(text: str) -> int:
    """How many papers a digest may have; raises `UsageError`."""
    number = int(text) if re.fullmatch("[0-9]{1,4}", text.strip(), re.ASCII) else 0
    if not 1 <= number <= MOST_ALLOWED:
        raise UsageError(
            "“{text}” is not a number of papers: write 1 to {most}",
            text=text.strip(),
            most=MOST_ALLOWED,
        )
    return number


def format_tags(tags: TagFilter) -> str:
    """As `parse_tags` reads it."""
    words = [f"#{tag}" for tag in sorted(tags.wanted)]
    return " ".join([*words, *(f"-#{tag}" for tag in sorted(tags.unwanted))])


def parse_switch(text: str, *, name: str) -> bool:
    """Whether an option of that name is on; raises `UsageError`."""
    folded = text.strip().casefold()
    if folded not in ("on", "off"):
        raise UsageError(
            "“{text}” is neither on nor off: write {name}:on or {name}:off",
            text=text.strip(),
            name=name,
        )
    return folded == "on"
