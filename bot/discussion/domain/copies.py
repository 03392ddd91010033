"""Which copies a reply gets: decided purely, so that the same again decides the same.

A reply has one origin. It is copied into the threads of the same discussion in the channels
that are linked with the channel of its origin, once each. Only what people say is ever a reply,
so a copy is never copied.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.outbox.domain.delivery import delivery_key
from bot.outbox.domain.thread import Thread


@dataclass(frozen=True, slots=True)
class Utterance:
    """A reply as far as its copies depend on it; `said_at` is when it was said."""

    channel: str
    message_id: str
    said_at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy to make in a thread; equal keys are one message for ever."""

    thread: int
    channel: str
    key: str


def plan_copies(
    reply: Utterance,
    threads: Iterable[Thread],
    circle: Mapping[str, datetime],
    made: Collection[str] = (),
) -> tuple[Copy, ...]:
    """The copies that a reply still lacks, one a channel, in the order of the threads.

    `circle` holds the channels that share this discussion and since when each does; `made` the
    channels that have a copy already, wanted or not.
    """
    since = circle.get(reply.channel)
    if since is None or reply.gone or reply.said_at < since:
        return ()
    copies: dict[str, Copy] = {}
    for thread in threads:
        their_since = circle.get(thread.channel)
        if (
            thread.is_open
            and their_since is not None
            and their_since <= reply.said_at
            and thread.channel != reply.channel
            and thread.channel not in made
            and thread.channel not in copies
        ):
            copies[thread.channel] = Copy(
                thread.id, thread.channel, copy_key(reply, thread.channel)
            )
    return tuple(copies.values())


def copy_key(reply: Utterance, channel: str) -> str:
    """Names the copy of a reply in a channel for ever, whatever database remembers it."""
    return delivery_key("copy", reply.channel, reply.message_id, channel)


class Heard(StrEnum):
    """What hearing an utterance (again) means."""

    NEW = "new"
    EDITED = "edited"
    KNOWN = "known"
    """It is kept already, or a newer version of it."""
    GONE = "gone"
    """It was taken back or forgotten: whatever still arrives of it comes too late."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply as it is kept; `edited_at` is its version, `None` where it never was edited."""

    edited_at: datetime | None = None
    gone: bool = False


def hear(before: Kept | None, edited_at: datetime | None) -> Heard:
    """What an utterance last edited at that instant is to what is kept of it.

    Platforms repeat themselves late and out of order, so the newest version wins, in whatever
    order versions arrive.
    """
    if before is None:
        return Heard.NEW
    if before.gone:
        return Heard.GONE
    return Heard.EDITED if is_newer(edited_at, before.edited_at) else Heard.KNOWN


def is_newer(edited_at: datetime | None, than: datetime | None) -> bool:
    """Whether a version came after another; `None` is what was said first."""
    return edited_at is not None and (than is None or than < edited_at)
