"""What may follow what in the outbox: the state of one outbound message, decided purely.

    planned ──claim──▶ sending ──accepted──▶ sent
       ▲                  │
       ├── not for now ───┤            (429, a failure before anything was posted)
       ├── absent ────────┤ uncertain: searched for once the lease has ended; found ──▶ sent
       │                  ├── cannot tell, or too often ──▶ held   (a person decides)
       └── retry ── held, dead ◀── refused for good

`sending` is written before the platform is called, so a message that may have been posted is
never `planned`. A lease outlives the call; only when it has ended may anybody search, and only
a search that finds nothing leads to another call. Nothing leads away from `sent`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from bot.domain.words import mark


class State(StrEnum):
    """Where a delivery stands."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"
    """Waiting for a person, or for what `WaitsFor` says; those behind it go on."""
    DEAD = "dead"
    """Never going to be posted unless a person says so."""


OPEN = frozenset({State.PLANNED, State.SENDING})
"""The states in which a delivery holds back those behind it in its channel."""

FOLLOWS: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.SENDING, State.HELD, State.DEAD}),
    State.SENDING: frozenset(State),
    State.SENT: frozenset(),
    State.HELD: frozenset({State.PLANNED, State.SENDING, State.DEAD}),
    State.DEAD: frozenset({State.PLANNED, State.SENDING}),
}
"""The states that may follow each."""


class Extent(StrEnum):
    """How much a refusal takes in, and for how long."""

    MESSAGE = "message"
    """This message as it is; others may be taken."""
    THREAD = "thread"
    """Everything in its thread, until somebody mends what is wrong."""
    CHANNEL = "channel"
    """Everything in its channel, until then."""
    GONE = "gone"
    """Everything in its thread, or the message itself, for ever: it is locked or deleted."""


class WaitsFor(StrEnum):
    """What brings a held or dead delivery back without being asked for it."""

    RESUME = "resume"
    """Its subscription is resumed."""
    ROOT = "root"
    """The message whose thread it belongs to is posted after all."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform has it, by its own answer or as a search found."""

    message_id: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Certainly not posted; the platform may have said how long to wait, and for what."""

    detail: str
    retry_after: timedelta | None = None
    whole_workspace: bool = False


@dataclass(frozen=True, slots=True)
class NotTried:
    """It was claimed, but there was not enough of the lease left to make the call in."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """It may have been posted. `broken` says that an adapter did what it never should."""

    detail: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform does not take it, and waiting alone will not change that."""

    detail: str
    extent: Extent = Extent.CHANNEL


@dataclass(frozen=True, slots=True)
class Absent:
    """A search, made after the lease, did not find it."""


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A search could not be made for now."""

    detail: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unsearchable:
    """No search can tell whether it was posted."""

    detail: str


CallOutcome: TypeAlias = Accepted | NotNow | NotTried | Uncertain | Refused
SearchOutcome: TypeAlias = Accepted | Absent | Unsearched | Unsearchable


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on with a delivery that fails: about a day, as it stands."""

    first_pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(minutes=10)
    failures: int = 150
    """So many failures in a row hold it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a delivery that is `sending` when an outcome comes in.

    `failures` counts those in a row before this one; `vouched` says that a person looked and
    wants it posted where no search can tell; `is_reply` that it belongs into a thread.
    """

    lease_until: datetime
    failures: int = 0
    vouched: bool = False
    is_reply: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What an outcome makes of a delivery.

    `not_before` is when it may be claimed again (`planned`) or searched for (`sending`).
    `reason` is a message for people, `detail` the platform's own words. `in_doubt` says of a
    held one that it may have been posted; `stops_subscription` that nothing more will be
    accepted in that channel until a person mends it.
    """

    state: State
    failures: int = 0
    not_before: datetime | None = None
    message_id: str | None = None
    reason: str = ""
    detail: str = ""
    waits_for: WaitsFor | None = None
    in_doubt: bool = False
    stops_subscription: bool = False


NOT_NOW = mark("The platform did not take it for now; it is tried again")
UNCERTAIN = mark("It may have been posted; the channel is searched before anything is sent again")
UNSEARCHED = mark("It may have been posted, and the channel could not be searched yet")
REFUSED = mark("The platform refuses it")
REFUSED_BEFORE = mark("The channel refuses messages; it is posted when the subscription is resumed")
CANNOT_TELL = mark("It may have been posted, and nothing can tell: look at the channel")
TOO_OFTEN = mark("It failed too often; nothing was posted")
ROOT_MISSING = mark("The message that it replies to was not posted")
DROPPED = mark("An operator dropped it")
WITHDRAWN = mark("Its entry was withdrawn before it was posted")
TAKEN_BACK = mark("What it is a copy of was taken back")


def after_call(
    attempt: Attempt,
    outcome: CallOutcome,
    *,
    now: datetime,
    jitter: float,
    patience: Patience = Patience(),
) -> Step:
    """What a call makes of a delivery; `jitter` is a random number in [0, 1)."""
    failures = attempt.failures
    match outcome:
        case Accepted(message_id):
            return Step(State.SENT, message_id=message_id)
        case NotTried():
            return Step(State.PLANNED, failures, now)
        case NotNow(detail, retry_after) if retry_after is not None:
            # Being told when to come back is no failure: limits are a platform's daily bread.
            back_at = now + max(retry_after, timedelta())
            return Step(State.PLANNED, failures, back_at, reason=NOT_NOW, detail=detail)
        case NotNow(detail):
            if failures >= patience.failures:
                return Step(State.HELD, reason=TOO_OFTEN, detail=detail)
            back_at = now + pause(failures + 1, jitter, patience)
            return Step(State.PLANNED, failures + 1, back_at, reason=NOT_NOW, detail=detail)
        case Uncertain(detail, broken):
            # What is broken breaks again: a few times are enough to be sure.
            failures += 1 + broken * patience.failures // 3
            search_at = attempt.lease_until
            return Step(State.SENDING, failures, search_at, reason=UNCERTAIN, detail=detail)
        case Refused(detail) if attempt.is_reply:
            # A thread that is locked or gone says nothing about the channel.
            return Step(State.DEAD, reason=REFUSED, detail=detail)
        case Refused(detail):
            return Step(
                State.DEAD,
                reason=REFUSED,
                detail=detail,
                waits_for=WaitsFor.RESUME,
                stops_subscription=True,
            )


def after_search(
    attempt: Attempt,
    outcome: SearchOutcome,
    *,
    now: datetime,
    jitter: float,
    patience: Patience = Patience(),
) -> Step:
    """What a search, made after the lease, makes of a delivery; `jitter` as in `after_call`."""
    failures = attempt.failures
    match outcome:
        case Accepted(message_id):
            return Step(State.SENT, message_id=message_id)
        case Absent():
            if failures > patience.failures:
                return Step(State.HELD, reason=TOO_OFTEN)
            return Step(State.PLANNED, failures, now + pause(failures - 1, jitter, patience))
        case Unsearched(detail, retry_after):
            if failures >= patience.failures:
                return Step(State.HELD, reason=CANNOT_TELL, detail=detail, in_doubt=True)
            wait = max(pause(failures + 1, jitter, patience), retry_after or timedelta())
            return Step(State.SENDING, failures + 1, now + wait, reason=UNSEARCHED, detail=detail)
        case Unsearchable(detail) if attempt.vouched:
            return Step(State.PLANNED, failures, now, detail=detail)
        case Unsearchable(detail):
            return Step(State.HELD, reason=CANNOT_TELL, detail=detail, in_doubt=True)


def pause(failures: int, jitter: float, patience: Patience = Patience()) -> timedelta:
    """How long to wait after so many failures in a row: doubling, a half of it left to chance.

    After none it is nothing.
    """
    if failures <= 0:
        return timedelta()
    doubled = patience.first_pause * (1 << min(failures - 1, 30))
    return min(doubled, patience.longest_pause) * (1 + jitter) / 2


def delivery_key(*parts: str) -> str:
    """A key of 25 characters that the same parts always give (the shortest limit: Discord's)."""
    # Lengths stand before the parts, so that no two lists of parts are one text.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return "d" + hashlib.sha256(text.encode()).hexdigest()[:24]
