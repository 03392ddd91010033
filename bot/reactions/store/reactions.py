"""Positive reactions to messages that show an entry (tables `reaction` and `reaction_read`).

A reaction is kept with its message, its emoji and its person, so that a person with two emoji still
counts once when the first is taken back, and in as many channels as they like.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Statements, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChannelRef, MessageRef, Platform, parse_channel
from bot.outbox.store import deliveries

GUARD: Final = "reactions"
"""For whoever stores what a person likes, or calls “not for us”, or forgets that, or ignores older
events: none is stored beside the statement that forgets or ignores it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A person's positive emoji on a message; `emoji` is folded, `person` as in `ports.person_id`."""

    message: MessageRef
    person: str
    emoji: str


async def put(
    tx: Transaction, given: Given, entry_id: EntryId | None, *, is_there: bool, at: datetime
) -> None:
    """Store that a reaction was given or taken back at that instant.

    Does nothing where something later is known, from an event or from reading the message. Giving
    it anew ends that the reaction is forgotten.
    """
    values = _values(given) | {"entry": entry_id, "there": is_there, "at": to_text(at)}
    read = await tx.one(_READ_SINCE, values)
    if read is not None:
        sent = await deliveries.span_sent(tx, given.message.channel, [given.message.id])
        if sent is not None and read["first_sent_at"] <= to_text(sent[0]) <= read["last_sent_at"]:
            return
    was_forgotten = await tx.run(_DROP_FORGOTTEN, values | {"person": _forgotten(given)})
    if is_there or not was_forgotten:
        await tx.run(_PUT, values)


_READ_SINCE = """
SELECT first_sent_at, last_sent_at FROM reaction_read WHERE channel = :channel AND read_at > :at
"""
_PUT = """
INSERT INTO reaction (channel, message_id, person, emoji, entry_id, is_there, given_at, changed_at)
VALUES (:channel, :message, :person, :emoji, :entry, :there, :at, :at)
ON CONFLICT (channel, message_id, person, emoji) DO UPDATE SET
    given_at = CASE WHEN excluded.is_there AND reaction.is_there THEN reaction.given_at
                    ELSE excluded.given_at END,
    is_there = excluded.is_there, changed_at = excluded.changed_at,
    entry_id = coalesce(reaction.entry_id, excluded.entry_id)
 WHERE excluded.changed_at >= reaction.changed_at
"""
_DROP_FORGOTTEN = """
DELETE FROM reaction WHERE channel = :channel AND message_id = :message AND person = :person
   AND emoji = :emoji AND changed_at < :at
"""


async def put_read(
    tx: Transaction,
    message: MessageRef,
    found: Collection[Given],
    entry_id: EntryId | None,
    *,
    at: datetime,
    emoji: str | None = None,
) -> bool:
    """Store that exactly these reactions (of that `emoji`, if given) were on a message at an instant.

    What events told later stays. Returns whether anything was not known.
    """
    values = {"channel": str(message.channel), "message": message.id, "at": to_text(at)}
    rows = await tx.all(
        """
        SELECT person, emoji, is_there, changed_at FROM reaction
         WHERE channel = :channel AND message_id = :message
        """,
        values,
    )
    known = {(row["person"], row["emoji"]): row for row in rows}
    changes = []
    there = {(each.person, each.emoji) for each in found}
    for each in found:
        row = known.get((each.person, each.emoji))
        is_forgotten = row is None and (_forgotten(each), each.emoji) in known
        if not is_forgotten and (row is None or not row["is_there"]):
            changes.append(_values(each) | {"there": True})
    kept = there | {(_forgotten(each), each.emoji) for each in found}
    changes += [
        values | {"person": person, "emoji": name, "there": False}
        for (person, name), row in known.items()
        if (person, name) not in kept and row["is_there"] and emoji in {None, name}
    ]
    for change in changes:
        await tx.run(_PUT, change | {"entry": entry_id, "at": values["at"]})
    return bool(changes)


async def put_channel_read(
    tx: Transaction, channel: ChannelRef, papers: Collection[MessageRef], at: datetime
) -> None:
    """Store that the reactions to these messages of a channel were read: older events are ignored.

    They are all that were posted there from the first to the last of them. What was taken back is
    kept for the others, of which late events may tell, for `_LATE_EVENTS`.
    """
    values = {
        "channel": str(channel),
        "at": to_text(at),
        "papers": [paper.id for paper in papers],
        "long_ago": to_text(at - _LATE_EVENTS),
    }
    sent = await deliveries.span_sent(tx, channel, values["papers"])
    if sent is not None:
        first, last = map(to_text, sent)
        await tx.run(_PUT_READ, values | {"first": first, "last": last})
    await tx.run(
        """
        DELETE FROM reaction WHERE channel = :channel AND is_there = FALSE AND changed_at < :at
           AND person NOT LIKE 'forgotten:%'
           AND (changed_at < :long_ago OR message_id IN (SELECT value FROM texts(:papers)))
        """,
        values,
    )


_PUT_READ = """
INSERT INTO reaction_read (channel, read_at, first_sent_at, last_sent_at)
VALUES (:channel, :at, :first, :last)
ON CONFLICT (channel) DO UPDATE
   SET read_at = excluded.read_at, first_sent_at = excluded.first_sent_at,
       last_sent_at = excluded.last_sent_at
 WHERE excluded.read_at > reaction_read.read_at
"""
_LATE_EVENTS = timedelta(days=30)
"""Platforms tell of events again for some days at most."""


async def list_unplaced(tx: Transaction, limit: int = 1000) -> tuple[MessageRef, ...]:
    """The messages with reactions that were being posted then, at most of so many reactions.

    This is asked every few seconds. Sorted by message, SQLite would read every reaction for it.
    """
    rows = await tx.all(
        """
        SELECT channel, message_id FROM reaction WHERE entry_id IS NULL
         ORDER BY changed_at LIMIT :limit
        """,
        {"limit": limit},
    )
    found = (MessageRef(parse_channel(row["channel"]), row["message_id"]) for row in rows)
    return tuple(dict.fromkeys(found))


async def place(tx: Transaction, message: MessageRef, entry_id: EntryId) -> None:
    """Store which entry a message shows."""
    await tx.run(
        """
        UPDATE reaction SET entry_id = :entry
         WHERE channel = :channel AND message_id = :message AND entry_id IS NULL
        """,
        {"entry": entry_id, "channel": str(message.channel), "message": message.id},
    )


async def drop_unplaced(tx: Transaction, before: datetime) -> None:
    """Delete reactions from before that instant to messages that turned out to show no entry."""
    await tx.run(
        "DELETE FROM reaction WHERE entry_id IS NULL AND changed_at < :before",
        {"before": to_text(before)},
    )


async def count(tx: Transaction, entry_id: EntryId) -> int:
    """How many people like an entry."""
    return (await count_all(tx, [entry_id])).get(entry_id, 0)


async def count_all(
    tx: Transaction, entry_ids: Collection[EntryId], channels: Collection[str] | None = None
) -> Mapping[EntryId, int]:
    """How many people like each of these entries; entries that nobody likes are left out.

    Only reactions in `channels` (REFs), if given, are counted.
    """
    rows = await tx.all(
        """
        SELECT entry_id, count(DISTINCT person) AS people FROM reaction
         WHERE is_there = TRUE AND entry_id IN (SELECT value FROM numbers(:entries))
           AND (:everywhere OR channel IN (SELECT value FROM texts(:channels)))
         GROUP BY entry_id
        """,
        {
            "entries": list(entry_ids),
            "everywhere": channels is None,
            "channels": list(channels or ()),
        },
    )
    return {EntryId(row["entry_id"]): int(row["people"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Liked:
    """An entry, and how many people like it."""

    entry_id: EntryId
    people: int


async def list_most_liked(
    tx: Transaction,
    *,
    since: datetime,
    until: datetime,
    limit: int,
    channels: Collection[str] | None = None,
) -> tuple[Liked, ...]:
    """The entries that most people began to like from `since` to before `until`, most first.

    Only reactions in `channels` (REFs), if given, are counted. Withdrawn entries are left out.
    """
    rows = await tx.all(
        """
        SELECT e.id, count(DISTINCT r.person) AS people
          FROM reaction AS r JOIN entry AS e ON e.id = r.entry_id
         WHERE r.is_there = TRUE AND r.given_at >= :since AND r.given_at < :until AND e.newness > 0
           AND (:everywhere OR r.channel IN (SELECT value FROM texts(:channels)))
         GROUP BY e.id, e.newness ORDER BY people DESC, e.newness DESC LIMIT :limit
        """,
        {
            "since": to_text(since),
            "until": to_text(until),
            "limit": limit,
            "everywhere": channels is None,
            "channels": list(channels or ()),
        },
    )
    return tuple(Liked(EntryId(row["id"]), int(row["people"])) for row in rows)


MOST_RANKED = 5000
"""The most liked entries that are ranked."""


def rank(statements: Statements, since: date | None) -> list[int]:
    """The sort keys of the entries that people like, the most liked first, then the newest.

    With `since`, what people gave from that day (UTC) on counts. Withdrawn entries are left out.
    """
    rows = statements.tuples(
        """
        SELECT e.newness, count(DISTINCT r.person) AS people
          FROM reaction AS r JOIN entry AS e ON e.id = r.entry_id
         WHERE r.is_there = TRUE AND r.given_at >= :since AND e.newness > 0
         GROUP BY e.newness ORDER BY people DESC, e.newness DESC LIMIT :most
        """,
        {"since": since.isoformat() if since is not None else "", "most": MOST_RANKED},
    )
    return [int(newness) for newness, _ in rows]


async def count_of_person(tx: Transaction, person: str) -> int:
    """How many entries a person likes or liked."""
    row = await tx.one(
        "SELECT count(DISTINCT entry_id) AS number FROM reaction WHERE person = :person",
        {"person": person},
    )
    return int(row["number"]) if row is not None else 0


async def forget(tx: Transaction, person: str, at: datetime) -> tuple[MessageRef, ...]:
    """Forget the reactions of a person; returns the messages that they were given to.

    They may still stand on the platform, which is read again: so a hash of each is kept, by which
    it is recognised and not counted until it is given anew. The web chat has no more than our rows.
    """
    rows = await tx.all(
        """
        DELETE FROM reaction WHERE person = :person
        RETURNING channel, message_id, emoji, entry_id
        """,
        {"person": person},
    )
    for row in rows:
        message = MessageRef(parse_channel(row["channel"]), row["message_id"])
        if message.channel.platform is not Platform.WEB:
            given = Given(message, person, row["emoji"])
            values = {"person": _forgotten(given), "entry": row["entry_id"], "there": False}
            await tx.run(_PUT, _values(given) | values | {"at": to_text(at)})
    found = (MessageRef(parse_channel(row["channel"]), row["message_id"]) for row in rows)
    return tuple(dict.fromkeys(found))


def _values(given: Given) -> dict[str, object]:
    return {
        "channel": str(given.message.channel),
        "message": given.message.id,
        "person": given.person,
        "emoji": given.emoji,
    }


def _forgotten(given: Given) -> str:
    """What stands in place of the person; it differs from message to message."""
    told = "\0".join(map(str, _values(given).values()))
    return f"forgotten:{hashlib.sha256(told.encode()).hexdigest()[:32]}"
