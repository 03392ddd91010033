"""The state machine of one outbound message (pure).

    planned ──claim──▶ sending ──accepted──▶ sent
       ▲                  │
       ├── not for now ───┤            (429, a failure before anything was posted: no limit)
       ├── absent ────────┤ uncertain: searched for once the lease has ended; found ──▶ sent
       │                  ├── cannot tell, or it fails by itself ────▶ held   (a person decides)
       ├── by the hour ───┼── its thread or channel refuses all now ────▶ held   (with the others)
       └── retry ── held, dead ◀── refused for good

`sending` is written before the platform is called, so a message that may have been posted is
never `planned`. The lease outlives the call. Only after the lease may a process search for the
message, and only a search that finds nothing leads to another call. `sent` is final.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TypeAlias

from bot.core.domain.dataclass import dataclass
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable


class State(StrEnum):
    """The state of a delivery."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"
    """Waits for a person or for what `WaitsFor` says; later messages of the channel go on."""
    DEAD = "dead"
    """Never posted, unless a person retries it."""


OPEN = frozenset({State.PLANNED, State.SENDING})
"""States in which a delivery blocks later ones of its channel."""


class Priority(IntEnum):
    """What goes first in a channel; among equals, what was planned first.

    Within a thread nothing overtakes what was planned earlier, whatever it is.
    """

    DIGEST = 0
    ANSWER = 1
    """Answers, cards and notices."""
    COPY = 2
    """Copies of what people say in linked channels: one person may write many."""


FOLLOWS: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.SENDING, State.HELD, State.DEAD}),
    State.SENDING: frozenset(State),
    State.SENT: frozenset(),
    State.HELD: frozenset({State.PLANNED, State.SENDING, State.DEAD}),
    State.DEAD: frozenset({State.PLANNED, State.SENDING}),
}
"""The allowed transitions."""


class WaitsFor(StrEnum):
    """The event after which a held or dead delivery is planned again automatically."""

    RESUME = "resume"
    """Its subscription is resumed."""
    ROOT = "root"
    """The root of its thread is posted."""
    THREAD = "thread"
    """Its thread accepts messages again; one of those waiting is tried every hour."""
    CHANNEL = "channel"
    """Its channel accepts messages again; likewise."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Posted: the platform confirmed it, or a search found it."""

    message_id: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Certainly not posted; the platform may have said how long to wait, and where."""

    detail: str
    retry_after: timedelta | None = None
    whole_workspace: bool = False


@dataclass(frozen=True, slots=True)
class NotTried:
    """Claimed, but the rest of the lease was shorter than the call's time-out."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """It may have been posted. `broken`: the adapter raised an error outside its contract."""

    detail: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform refuses it, and waiting alone does not change that."""

    detail: str
    extent: Extent = Extent.CHANNEL


@dataclass(frozen=True, slots=True)
class Done:
    """The message was edited or removed, by this call or an earlier one."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A search, made after the lease, did not find it."""


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A search could not be made for now. `broken` as in `Uncertain`."""

    detail: str
    retry_after: timedelta | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Unsearchable:
    """No search can tell whether it was posted."""

    detail: str


CallOutcome: TypeAlias = Accepted | NotNow | NotTried | Uncertain | Refused
SearchOutcome: TypeAlias = Accepted | Absent | Unsearched | Unsearchable
ChangeOutcome: TypeAlias = Done | NotNow | Uncertain | Refused


@dataclass(frozen=True, slots=True)
class Patience:
    """Pauses after failures, and how many failures hold a delivery."""

    first_pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(minutes=10)
    refused_pause: timedelta = timedelta(hours=1)
    """How often a thread or channel that refuses everything is tried."""
    failures: int = 1000
    """A delivery is held after so many calls in a row that posted nothing while the platform
    answered: after about a week, the message itself must be the cause."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a `sending` delivery when its outcome arrives.

    `failures` counts those in a row before this one; `operator_confirmed` says that a person looked and
    wants it posted where no search can tell; `is_reply` that it belongs into a thread.
    """

    lease_until: datetime
    failures: int = 0
    operator_confirmed: bool = False
    is_reply: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The transition that follows from an outcome.

    `not_before` is when it may be claimed again (`planned`) or searched for (`sending`), or when
    what it keeps waiting is tried again.
    `reason` is a message for people, `detail` the platform's own words. `in_doubt` says of a
    held one that it may have been posted; `stops_subscription` that nothing more will be
    accepted in that channel until a person mends it, `closes_thread` that nothing ever will be
    in its thread.
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
    closes_thread: bool = False


_TIRED = 16
"""After so many failures in a row, pauses do not grow any more."""

NOT_NOW = translatable("The platform did not take it for now; it is tried again")
UNCERTAIN = translatable(
    "It may have been posted; the channel is searched before anything is sent again"
)
UNSEARCHED = translatable("It may have been posted, and the channel could not be searched yet")
REFUSED = translatable("The platform refuses it")
REFUSED_FOR_NOW = translatable(
    "The thread or channel refuses it; one message is tried there every hour"
)
CLOSED = translatable("Its thread is locked or gone")
REFUSED_BEFORE = translatable(
    "The channel refuses messages; it is posted when the subscription is resumed"
)
CANNOT_TELL = translatable("It may have been posted, and nothing can tell: look at the channel")
TOO_OFTEN = translatable("It failed too often; nothing was posted")
QUIET = translatable("It waits until the channel's quiet hours end")
ROOT_MISSING = translatable("The message that it replies to was not posted")
DROPPED = translatable("An operator dropped it")
WITHDRAWN = translatable("Its entry was withdrawn before it was posted")
TAKEN_BACK = translatable("What it is a copy of was taken back")
UNSHARED = translatable("The channels share their discussions no more")
NOT_EDITED = translatable("The message could not be edited yet; it is tried again")
NOT_REMOVED = translatable("The message could not be removed yet; it is tried again")


def after_call(
    attempt: Attempt,
    outcome: CallOutcome,
    *,
    now: datetime,
    jitter: float,
    patience: Patience = Patience(),
) -> Step:
    """The transition after a call; `jitter` is a random number in [0, 1)."""
    failures = attempt.failures
    match outcome:
        case Accepted(message_id):
            return Step(State.SENT, message_id=message_id)
        case NotTried():
            return Step(State.PLANNED, failures, now)
        case NotNow(detail, retry_after) if retry_after is not None:
            # A rate limit is no failure.
            back_at = now + max(retry_after, timedelta())
            return Step(State.PLANNED, failures, back_at, reason=NOT_NOW, detail=detail)
        case NotNow(detail):
            # Certainly not posted: it may be tried for as long as the platform is away.
            failures = min(failures + 1, _TIRED)
            back_at = now + pause(failures, jitter, patience)
            return Step(State.PLANNED, failures, back_at, reason=NOT_NOW, detail=detail)
        case Uncertain(detail, broken):
            # An adapter error repeats itself: count it more, so that three of them hold the delivery.
            failures += 1 + broken * patience.failures // 3
            search_at = attempt.lease_until
            return Step(State.SENDING, failures, search_at, reason=UNCERTAIN, detail=detail)
        case Refused() if attempt.is_reply:
            # A refused reply does not stop the channel's subscription.
            return _reply_refused(outcome, now + patience.refused_pause)
        case Refused(detail, Extent.MESSAGE | Extent.SENT):
            # The channel takes others (issue 12, item 12); trying this one again changes nothing.
            return Step(State.DEAD, reason=REFUSED, detail=detail)
        case Refused(detail):
            # A root is in no thread: THREAD and GONE mean its channel.
            return Step(
                State.DEAD,
                not_before=now + patience.refused_pause,
                reason=REFUSED,
                detail=detail,
                waits_for=WaitsFor.RESUME,
                stops_subscription=True,
            )


def _reply_refused(refused: Refused, again_at: datetime) -> Step:
    match refused.extent:
        case Extent.GONE:
            return Step(State.DEAD, reason=CLOSED, detail=refused.detail, closes_thread=True)
        case Extent.MESSAGE | Extent.SENT:
            return Step(State.DEAD, reason=REFUSED, detail=refused.detail)
        case Extent.THREAD | Extent.CHANNEL:
            return Step(
                State.HELD,
                not_before=again_at,
                reason=REFUSED_FOR_NOW,
                detail=refused.detail,
                waits_for=WaitsFor(refused.extent.value),
            )


def after_search(
    attempt: Attempt,
    outcome: SearchOutcome,
    *,
    now: datetime,
    jitter: float,
    patience: Patience = Patience(),
) -> Step:
    """The transition after a search, made after the lease; `jitter` as in `after_call`."""
    failures = attempt.failures
    match outcome:
        case Accepted(message_id):
            return Step(State.SENT, message_id=message_id)
        case Absent():
            if failures > patience.failures:
                return Step(State.HELD, reason=TOO_OFTEN)
            return Step(State.PLANNED, failures, now + pause(failures - 1, jitter, patience))
        case Unsearched(detail, _, broken=True) if failures > patience.failures:
            return _cannot_tell(detail, now, patience)
        case Unsearched(detail, retry_after, broken):
            # The search is repeated for as long as the platform is away.
            failures = failures + 1 if broken else min(failures + 1, _TIRED)
            wait = max(pause(failures, jitter, patience), retry_after or timedelta())
            return Step(State.SENDING, failures, now + wait, reason=UNSEARCHED, detail=detail)
        case Unsearchable(detail) if attempt.operator_confirmed:
            return Step(State.PLANNED, failures, now, detail=detail)
        case Unsearchable(detail):
            return _cannot_tell(detail, now, patience)


def _cannot_tell(detail: str, now: datetime, patience: Patience) -> Step:
    # If it is to be removed, it is searched for again every hour.
    again_at = now + patience.refused_pause
    return Step(State.HELD, not_before=again_at, reason=CANNOT_TELL, detail=detail, in_doubt=True)


def change_again_at(
    failures: int,
    outcome: NotNow | Uncertain | Refused,
    *,
    now: datetime,
    jitter: float,
    patience: Patience = Patience(),
) -> datetime:
    """When to retry an edit or a removal that failed after `failures` failures in a row.

    It may be repeated safely and is wanted for good, so there is no end to it.
    """
    match outcome:
        case NotNow(_, retry_after) if retry_after is not None and retry_after > timedelta():
            return now + retry_after
        case Refused():
            return now + patience.refused_pause
        case _:
            return now + pause(failures + 1, jitter, patience)


def pause(failures: int, jitter: float, patience: Patience = Patience()) -> timedelta:
    """Exponential backoff: the pause after so many failures in a row, half of it jitter.

    After none it is nothing.
    """
    if failures <= 0:
        return timedelta()
    doubled = patience.first_pause * (1 << min(failures - 1, 30))
    return min(doubled, patience.longest_pause) * (1 + jitter) / 2


def entry_key(channel: str, path: str, place: int, own: str) -> str:
    """The key of a message of the entry at that place of its source; `own` tells several apart.

    It names the note, and no id of ours: after a restore an entry may be in another slot and have
    another id, and reconciliation must still find its message.
    """
    return delivery_key(channel, path, str(place), own)


def delivery_key(*parts: str) -> str:
    """A key of 25 characters that the same parts always give (the shortest limit: Discord's)."""
    # Each part is prefixed with its length, so that different parts never give the same text.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return "d" + hashlib.sha256(text.encode()).hexdigest()[:24]
