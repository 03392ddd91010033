"""Which channels share discussions, and the codes that link them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from bot.core.database.database import Statements, Transaction
from bot.core.database.instants import from_text, to_text

ReadableSince: TypeAlias = Mapping[str, str]
"""Channels whose replies may be shown, each with the instant from which on, as text."""


async def list_group(tx: Transaction, channel: str) -> Mapping[str, datetime]:
    """The channels linked with a channel, itself included, each with when it was linked.

    Empty for a channel that is not linked. Channels with `discussion:off` are left out.
    """
    return await tx.call(partial(_list_group, channel=channel))


def _list_group(statements: Statements, channel: str) -> dict[str, datetime]:
    rows = statements.all(
        """
        SELECT other.channel, other.linked_at
          FROM linked_channel own JOIN linked_channel other ON other.link_group = own.link_group
          LEFT JOIN channel_preference preference ON preference.channel = other.channel
         WHERE own.channel = :channel AND coalesce(preference.discussion, TRUE)
         ORDER BY other.channel
        """,
        {"channel": channel},
    )
    return {row["channel"]: from_text(row["linked_at"]) for row in rows}


async def list_linked(tx: Transaction, channels: Iterable[str]) -> frozenset[str]:
    """These channels and all that are linked with them, whatever their preferences."""
    wanted = frozenset(channels)
    rows = await tx.all(
        """
        SELECT DISTINCT other.channel
          FROM linked_channel own JOIN linked_channel other ON other.link_group = own.link_group
         WHERE own.channel IN (SELECT value FROM texts(:channels))
        """,
        {"channels": sorted(wanted)},
    )
    return wanted | {row["channel"] for row in rows}


async def list_with_links(tx: Transaction, channels: Iterable[str]) -> frozenset[str]:
    """Those of these channels that are linked with others."""
    rows = await tx.all(
        """
        SELECT channel FROM linked_channel
         WHERE channel IN (SELECT value FROM texts(:channels))
        """,
        {"channels": sorted(channels)},
    )
    return frozenset(row["channel"] for row in rows)


async def readable_from(tx: Transaction, *channels: str) -> ReadableSince:
    """The channels whose replies readers of these channels may see, and since when.

    Their own replies always; those of a linked channel since both were linked.
    """
    return await tx.call(partial(list_readable, channels=channels))


def list_readable(statements: Statements, channels: Sequence[str]) -> ReadableSince:
    """As `readable_from`."""
    readable: dict[str, str] = {}
    for channel in channels:
        group = _list_group(statements, channel)
        own = group.get(channel)
        shared = {}
        if own is not None:
            shared = {other: to_text(max(own, since)) for other, since in group.items()}
        for other, since in (shared | {channel: ""}).items():
            readable[other] = min(since, readable.get(other, since))
    return readable


def is_readable(readable: ReadableSince, channel: str, at: datetime) -> bool:
    """Whether a reply posted in that channel at that instant may be shown."""
    since = readable.get(channel)
    return since is not None and to_text(at) >= since


async def join(tx: Transaction, first: str, second: str, now: datetime) -> bool:
    """Link two channels and the groups of both; returns false if they are linked already."""
    rows = await tx.all(
        "SELECT channel, link_group FROM linked_channel WHERE channel IN (:first, :second)",
        {"first": first, "second": second},
    )
    groups = {row["channel"]: row["link_group"] for row in rows}
    if len(groups) == 2 and len(set(groups.values())) == 1:
        return False
    joined = groups.get(first, groups.get(second))
    if joined is None:
        newest = await tx.one("SELECT coalesce(max(link_group), 0) + 1 AS free FROM linked_channel")
        joined = newest["free"] if newest is not None else 1
    for channel in (first, second):
        # Two channels share what was said since the later one of them was linked: so those of the
        # group that is joined go on sharing what they did. A second group begins anew.
        if groups.get(channel, joined) != joined:
            await tx.run(
                """
                UPDATE linked_channel SET link_group = :joined, linked_at = :now
                 WHERE link_group = :old
                """,
                {"joined": joined, "old": groups[channel], "now": to_text(now)},
            )
        elif channel not in groups:
            await tx.run(
                """
                INSERT INTO linked_channel (channel, link_group, linked_at)
                VALUES (:channel, :joined, :now)
                """,
                {"channel": channel, "joined": joined, "now": to_text(now)},
            )
    return True


async def leave(tx: Transaction, channel: str) -> bool:
    """Unlink the channel; a group of one is dissolved. Returns false if it was not linked."""
    row = await tx.one(
        "DELETE FROM linked_channel WHERE channel = :channel RETURNING link_group",
        {"channel": channel},
    )
    if row is None:
        return False
    await tx.run(
        """
        DELETE FROM linked_channel WHERE link_group = :group
           AND (SELECT count(*) FROM linked_channel WHERE link_group = :group) = 1
        """,
        {"group": row["link_group"]},
    )
    return True


async def add_code(
    tx: Transaction, code_hash: str, channel: str, *, now: datetime, until: datetime
) -> None:
    """Store a code that links another channel to this one; the channel's older code is revoked."""
    await tx.run(
        "DELETE FROM link_code WHERE channel = :channel OR valid_until < :now",
        {"channel": channel, "now": to_text(now)},
    )
    await tx.run(
        """
        INSERT INTO link_code (hash, channel, valid_until) VALUES (:hash, :channel, :until)
        ON CONFLICT (hash) DO UPDATE
           SET channel = excluded.channel, valid_until = excluded.valid_until
        """,
        {"hash": code_hash, "channel": channel, "until": to_text(until)},
    )


async def find_code(tx: Transaction, code_hash: str, now: datetime) -> str | None:
    """The channel of a code that has not expired."""
    row = await tx.one(
        "SELECT channel FROM link_code WHERE hash = :hash AND valid_until >= :now",
        {"hash": code_hash, "now": to_text(now)},
    )
    return row["channel"] if row is not None else None


async def use_code(tx: Transaction, code_hash: str) -> bool:
    """Delete a code, which is single-use; returns false if it was used before."""
    return await tx.run("DELETE FROM link_code WHERE hash = :hash", {"hash": code_hash}) > 0
