"""The review of a digest: what is posted after which decision (issue 17, item 3).

An approval is of exactly the papers that were shown, in their order and as they were written. What is
new or changed since then stays out, and is in the next digest.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import TypeAlias

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.channels.domain.schedule import Slot
from bot.channels.domain.subscription import Subscription
from bot.core.domain.dataclass import dataclass


class Decision(StrEnum):
    """What curators decided of a slot."""

    OPEN = "open"
    APPROVED = "approved"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Approved:
    """An entry as it was approved."""

    id: EntryId
    mark: str


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides: a person's name, and the id by which they can ask to be forgotten."""

    name: str
    person: str


COMMAND_LINE = Reviewer("", "")
FORGOTTEN = Reviewer("", "?")
"""Somebody whose name is not stored any more."""


@dataclass(frozen=True, slots=True)
class Review:
    """The decision of a slot, the order that was chosen, and who decided last.

    `shown` and `counted` are what was approved: the papers, and those that the header only counts.
    """

    decision: Decision = Decision.OPEN
    order: tuple[EntryId, ...] = ()
    shown: tuple[Approved, ...] = ()
    counted: tuple[Approved, ...] = ()
    by: Reviewer = COMMAND_LINE


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of the entries that a slot may take.

    `held` are those that a person holds for another day; `left` those that are in the next digest,
    since they are not approved, or since the slot is skipped.
    """

    shown: tuple[StoredEntry, ...] = ()
    counted: tuple[StoredEntry, ...] = ()
    held: tuple[StoredEntry, ...] = ()
    left: tuple[StoredEntry, ...] = ()


class Stage(StrEnum):
    """Where a slot stands."""

    AHEAD = "ahead"
    WAITING = "waiting"
    """Its time has come, and it waits for an approval."""
    CLOSED = "closed"
    """Its messages are in the outbox, if there are any."""
    PASSED = "passed"
    """It was not posted in time: its papers are in the next one."""


@dataclass(frozen=True, slots=True)
class ReviewedSlot:
    """A slot as its review shows it; `code` changes with everything that an approval is about."""

    subscription: Subscription
    slot: Slot
    stage: Stage
    review: Review
    choice: Choice
    code: str = ""

    @property
    def is_open(self) -> bool:
        """Whether something can still be decided."""
        return self.stage in (Stage.AHEAD, Stage.WAITING)


@dataclass(frozen=True, slots=True)
class Approve:
    """Post exactly this."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Post nothing on this day."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """Take the decision back."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Leave a paper out until the slot of that date."""

    entry_id: EntryId
    until: date


@dataclass(frozen=True, slots=True)
class Release:
    """A paper that was held is in the slot again."""

    entry_id: EntryId


@dataclass(frozen=True, slots=True)
class Move:
    """Put a paper at that place; the first is 0."""

    entry_id: EntryId
    place: int


Act: TypeAlias = Approve | Skip | Reopen | Hold | Release | Move


def mark_of(stored: StoredEntry) -> str:
    """Changes with what the curator wrote, not with what arXiv says about the paper."""
    entry = stored.entry
    written = (
        entry.paper.key,
        entry.paper.title,
        str(entry.date),
        tuple((each.language.value, each.paragraphs) for each in entry.commentary),
        entry.spellings,
    )
    return _hash(written)


def _hash(value: object) -> str:
    return sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def choose(
    candidates: Sequence[StoredEntry], review: Review, held: Collection[EntryId], most: int | None
) -> Choice:
    """What the slot takes of these entries, `most` at most; those `held` wait for a later slot."""
    waiting = tuple(each for each in candidates if each.id in held)
    free = tuple(each for each in candidates if each.id not in held)
    match review.decision:
        case Decision.OPEN:
            ordered = in_order(free, review.order)
            end = len(ordered) if most is None else most
            return Choice(ordered[:end], ordered[end:], waiting)
        case Decision.SKIPPED:
            return Choice(held=waiting, left=free)
        case Decision.APPROVED:
            shown, counted = _unchanged(free, review.shown), _unchanged(free, review.counted)
            taken = {each.id for each in (*shown, *counted)}
            left = tuple(each for each in free if each.id not in taken)
            return Choice(shown, counted, waiting, left)


def _unchanged(
    found: Iterable[StoredEntry], approved: Iterable[Approved]
) -> tuple[StoredEntry, ...]:
    by_id = {each.id: each for each in found}
    return tuple(
        by_id[each.id]
        for each in approved
        if each.id in by_id and mark_of(by_id[each.id]) == each.mark
    )


def in_order(found: Iterable[StoredEntry], order: Sequence[EntryId]) -> tuple[StoredEntry, ...]:
    """The entries in the chosen order, the others behind them in their own."""
    places = {entry_id: place for place, entry_id in enumerate(order)}
    return tuple(sorted(found, key=lambda each: places.get(each.id, len(places))))


def code_of(subscription: Subscription, on: date, review: Review, choice: Choice) -> str:
    """The same as long as an approval would be of the same messages."""
    options = subscription.options
    return _hash(
        (
            subscription.id,
            on.isoformat(),
            review.decision.value,
            tuple(
                tuple((each.id, mark_of(each)) for each in part)
                for part in (choice.shown, choice.counted, choice.left)
            ),
            tuple(each.id for each in choice.held),
            tuple(each.value for each in options.languages),
            options.layout.value,
        )
    )


def carried_out(review: Review, choice: Choice, act: Act, by: Reviewer) -> Review | None:
    """The review after an act; `None` where it does not fit the decision or the papers.

    `Hold` and `Release` are about the entry: the review itself stays as it is.
    """
    if isinstance(act, Reopen):
        closed = review.decision is not Decision.OPEN
        return Review(order=review.order, by=by) if closed else None
    if review.decision is not Decision.OPEN:
        return None
    match act:
        case Approve():
            return replace(
                review,
                decision=Decision.APPROVED,
                shown=_as_approved(choice.shown),
                counted=_as_approved(choice.counted),
                by=by,
            )
        case Skip():
            return replace(review, decision=Decision.SKIPPED, by=by)
        case Move(entry_id, place) if _has((*choice.shown, *choice.counted), entry_id):
            return replace(review, order=moved(choice, entry_id, place), by=by)
        case Hold(entry_id) if _has((*choice.shown, *choice.counted), entry_id):
            return replace(review, by=by)
        case Release(entry_id) if _has(choice.held, entry_id):
            return replace(review, by=by)
        case _:
            return None


def _has(found: Iterable[StoredEntry], entry_id: EntryId) -> bool:
    return any(each.id == entry_id for each in found)


def _as_approved(found: Iterable[StoredEntry]) -> tuple[Approved, ...]:
    return tuple(Approved(each.id, mark_of(each)) for each in found)


def moved(choice: Choice, entry_id: EntryId, place: int) -> tuple[EntryId, ...]:
    """The order after an entry was put at that place."""
    order = [each.id for each in (*choice.shown, *choice.counted) if each.id != entry_id]
    order.insert(max(0, place), entry_id)
    return tuple(order)


def is_reached(reviewed: ReviewedSlot, act: Act) -> bool:
    """Whether the slot stands as an act wants it: it was given twice, or two people wanted the same."""
    decision, choice = reviewed.review.decision, reviewed.choice
    match act:
        case Approve():
            return decision is Decision.APPROVED
        case Skip():
            return decision is Decision.SKIPPED
        case Reopen():
            return decision is Decision.OPEN
        case Hold(entry_id):
            return _has(choice.held, entry_id)
        case Release(entry_id):
            return _has(choice.shown, entry_id)
        case Move(entry_id, place):
            return [each.id for each in choice.shown][place : place + 1] == [entry_id]
