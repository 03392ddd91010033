"""Which copies a reply gets. Pure: the same input always gives the same copies.

A reply has one origin. It is copied once into each thread of the same discussion in channels
linked with the origin's channel. Only messages of people are replies: a copy is never copied.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from bot.core.domain.dataclass import dataclass
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.domain.thread import Thread


@dataclass(frozen=True, slots=True)
class ReplyOrigin:
    """The parts of a reply that decide its copies; `said_at` is when it was posted."""

    channel: str
    message_id: str
    said_at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy to post in a thread; copies with equal keys are the same message."""

    thread: int
    channel: str
    key: str


def plan_copies(
    reply: ReplyOrigin,
    threads: Iterable[Thread],
    group: Mapping[str, datetime],
    made: Collection[str] = (),
) -> tuple[Copy, ...]:
    """The copies that a reply still lacks, one per channel, in the order of the threads.

    `group` maps each linked channel to the time since when it is linked; `made` are the
    channels that have a copy already, removed ones included.
    """
    since = group.get(reply.channel)
    if since is None or reply.gone or reply.said_at < since:
        return ()
    copies: dict[str, Copy] = {}
    for thread in threads:
        their_since = group.get(thread.channel)
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


def copy_key(reply: ReplyOrigin, channel: str) -> str:
    """The delivery key of a reply's copy in a channel; it does not depend on row ids."""
    return delivery_key("copy", reply.channel, reply.message_id, channel)


class Comparison(StrEnum):
    """How an incoming message compares with what is stored."""

    NEW = "new"
    EDITED = "edited"
    KNOWN = "known"
    """This version or a newer one is stored."""
    GONE = "gone"
    """It was deleted or forgotten: ignore late deliveries."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """The stored version of a reply; `edited_at` is `None` if it was never edited."""

    edited_at: datetime | None = None
    gone: bool = False


def compare(before: StoredVersion | None, edited_at: datetime | None) -> Comparison:
    """Compare an incoming version with the stored one.

    Platforms redeliver late and out of order, so the newest version wins in any order of arrival.
    """
    if before is None:
        return Comparison.NEW
    if before.gone:
        return Comparison.GONE
    return Comparison.EDITED if is_newer(edited_at, before.edited_at) else Comparison.KNOWN


def is_newer(edited_at: datetime | None, than: datetime | None) -> bool:
    """Whether a version is newer than another; `None` is the first version."""
    return edited_at is not None and (than is None or than < edited_at)
