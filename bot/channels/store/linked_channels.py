"""Which channels share their discussions, and the codes that link them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text

Heard: TypeAlias = Mapping[str, str]
"""Channels whose talk may be told, each with the instant from which on, as text."""


async def of(tx: Transaction, channel: str) -> Mapping[str, datetime]:
    """The channels that share a channel's discussions, itself included, and since when each does.

    Empty for a channel that is not linked. Channels that want no discussions are left out.
    """
    rows = await tx.all(
        """
        SELECT other.channel, other.linked_at
          FROM linked_channel own JOIN linked_channel other ON other.circle = own.circle
          LEFT JOIN channel_wish wish ON wish.channel = other.channel
         WHERE own.channel = :channel AND coalesce(wish.discussion, 1)
         ORDER BY other.channel
        """,
        {"channel": channel},
    )
    return {row["channel"]: from_text(row["linked_at"]) for row in rows}


async def heard_by(tx: Transaction, *channels: str) -> Heard:
    """Whose talk belongs to these channels too, and from which instant on, as text.

    Their own does from the beginning; that of a linked one since both of the two were linked.
    """
    heard: dict[str, str] = {}
    for channel in channels:
        circle = await of(tx, channel)
        own = circle.get(channel)
        shared = {}
        if own is not None:
            shared = {other: to_text(max(own, since)) for other, since in circle.items()}
        for other, since in (shared | {channel: ""}).items():
            heard[other] = min(since, heard.get(other, since))
    return heard


def is_heard(heard: Heard, channel: str, at: datetime) -> bool:
    """Whether what was said in that channel at that instant may be told."""
    since = heard.get(channel)
    return since is not None and to_text(at) >= since


async def join(tx: Transaction, first: str, second: str, now: datetime) -> bool:
    """Have two channels, and whatever each was linked with, share; false where they do already."""
    rows = await tx.all(
        "SELECT channel, circle FROM linked_channel WHERE channel IN (:first, :second)",
        {"first": first, "second": second},
    )
    circles = {row["channel"]: row["circle"] for row in rows}
    if len(circles) == 2 and len(set(circles.values())) == 1:
        return False
    newest = await tx.one("SELECT coalesce(max(circle), 0) + 1 AS free FROM linked_channel")
    circle = newest["free"] if newest is not None else 1
    for channel in (first, second):
        # Everybody begins anew: what was said before they met stays where it was said.
        if channel in circles:
            await tx.run(
                "UPDATE linked_channel SET circle = :new, linked_at = :now WHERE circle = :old",
                {"new": circle, "old": circles[channel], "now": to_text(now)},
            )
        else:
            await tx.run(
                "INSERT INTO linked_channel (channel, circle, linked_at) VALUES (:c, :new, :now)",
                {"c": channel, "new": circle, "now": to_text(now)},
            )
    return True


async def leave(tx: Transaction, channel: str) -> bool:
    """The channel shares nothing any more; a circle of one is none. False where it was in none."""
    row = await tx.one(
        "DELETE FROM linked_channel WHERE channel = :channel RETURNING circle",
        {"channel": channel},
    )
    if row is None:
        return False
    await tx.run(
        """
        DELETE FROM linked_channel WHERE circle = :circle
           AND (SELECT count(*) FROM linked_channel WHERE circle = :circle) = 1
        """,
        {"circle": row["circle"]},
    )
    return True


async def add_code(tx: Transaction, code_hash: str, channel: str, until: datetime) -> None:
    """A code by which another channel may be linked to this one; a channel's older one ends."""
    await tx.run("DELETE FROM link_code WHERE channel = :channel", {"channel": channel})
    await tx.run(
        "INSERT INTO link_code (hash, channel, valid_until) VALUES (:hash, :channel, :until)",
        {"hash": code_hash, "channel": channel, "until": to_text(until)},
    )


async def find_code(tx: Transaction, code_hash: str, now: datetime) -> str | None:
    """The channel that a code is of, while it is valid."""
    await tx.run("DELETE FROM link_code WHERE valid_until < :now", {"now": to_text(now)})
    row = await tx.one("SELECT channel FROM link_code WHERE hash = :hash", {"hash": code_hash})
    return row["channel"] if row is not None else None


async def use_code(tx: Transaction, code_hash: str) -> None:
    """A code links two channels once."""
    await tx.run("DELETE FROM link_code WHERE hash = :hash", {"hash": code_hash})
