"""arXiv's metadata of a paper, and its changes: new versions and withdrawals."""

import datetime as dt
from enum import StrEnum

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import EntryId
from bot.archive.domain.withdrawal import is_withdrawal
from bot.core.domain.dataclass import dataclass

ASK_AGAIN = dt.timedelta(hours=6)
"""arXiv's answers change once a day; ours begins at 06:00 UTC, after the night's updates."""

WEEK = 7


@dataclass(frozen=True, slots=True)
class ArxivRecord:
    """arXiv's metadata of one paper; `id` carries the version they are of.

    `submitted_at` is when its first version came, `updated_at` when this one did.
    """

    id: ArxivId
    title: str
    authors: tuple[str, ...]
    abstract: str
    categories: tuple[str, ...]  # the primary one first
    submitted_at: dt.datetime
    updated_at: dt.datetime
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was taken back; arXiv says so in the comment or the abstract only."""
        return is_withdrawal(self.comment or "", self.abstract)


class PaperEventKind(StrEnum):
    """The kinds of events of a paper."""

    VERSION = "version"
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"
    CITED = "cited"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two records of a paper; versions are 0 where they do not matter."""

    kind: PaperEventKind
    old_version: int
    new_version: int


@dataclass(frozen=True, slots=True)
class PaperEvent:
    """A new version, withdrawal or citation of a paper; `id` grows with time.

    `entry_id` is the entry that refers to the paper, of `cited`.
    """

    id: int
    number: str
    kind: PaperEventKind
    old_version: int
    new_version: int
    entry_id: EntryId | None
    noticed_at: dt.datetime


def changes(old: ArxivRecord | None, new: ArxivRecord) -> tuple[Change, ...]:
    """The changes of a paper; none the first time that it is seen.

    A withdrawal comes with a new version: that is one event, the withdrawal.
    """
    if old is None or new.id.version < old.id.version:
        return ()
    versions = (old.id.version, new.id.version)
    if new.is_withdrawn != old.is_withdrawn:
        kind = PaperEventKind.WITHDRAWN if new.is_withdrawn else PaperEventKind.REINSTATED
        return (Change(kind, *versions),)
    if new.id.version > old.id.version and not new.is_withdrawn:
        return (Change(PaperEventKind.VERSION, *versions),)
    return ()


def tells_more(old: ArxivRecord | None, new: ArxivRecord, *, was_withdrawn: bool) -> bool:
    """Whether what is shown of a paper, or of one that refers to it, changes with the new record.

    `was_withdrawn`: it is shown as withdrawn. An older version of the bot may have read so in the
    same words; that is corrected where it is shown, and is no event of the paper (`changes`).
    """
    if old is None or was_withdrawn != new.is_withdrawn:
        return True
    return (old.title, old.authors, old.abstract) != (new.title, new.authors, new.abstract)


def sweep_day(at: dt.datetime) -> dt.date:
    """The day on which arXiv's answers at `at` are from: no paper is asked for twice on one."""
    return (at.astimezone(dt.UTC) - ASK_AGAIN).date()


def next_sweep(asked_at: dt.datetime, *, is_daily: bool) -> dt.datetime:
    """When to ask again for a paper: the sweep of the next day, or the one a week later.

    All papers of one sweep fall due together, so that they fill whole batches.
    """
    day = sweep_day(asked_at) + dt.timedelta(days=1 if is_daily else WEEK)
    return dt.datetime.combine(day, dt.time(), dt.UTC) + ASK_AGAIN
