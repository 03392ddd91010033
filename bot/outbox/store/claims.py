"""Claiming deliveries: what may be posted or searched for now, in the order of each channel."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from bot.core.database.database import Engine, Row, Statements, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, load
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, Platform, parse_channel
from bot.outbox.domain.delivery import QUIET, Attempt
from bot.outbox.domain.reach import span


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process may post, or search for, until the lease ends."""

    id: int
    attempt: int
    key: DeliveryKey
    channel: ChannelRef
    root: MessageRef | None
    document: Document | None
    """What to send; `None` for a search."""
    since: datetime
    """The earliest instant at which it may have been posted."""
    state: Attempt


# The first open delivery of each channel in some ranges. The recursion skips from channel to channel
# in the index (loose index scan): as fast with 100,000 open deliveries as with one per channel. A
# range ends where channels begin otherwise: of this condition PostgreSQL expects few rows, so that it
# looks the heads up one by one. Else it reads the whole table.
_HEADS = """
WITH RECURSIVE open_channel (channel, beginning) AS (
    SELECT (SELECT min(channel) FROM delivery
             WHERE state IN ('planned', 'sending') AND channel >= b.value),
           b.value
      FROM texts(:beginnings) AS b
    UNION ALL
    SELECT (SELECT min(channel) FROM delivery
             WHERE state IN ('planned', 'sending') AND channel > o.channel),
           o.beginning
      FROM open_channel o WHERE substr(o.channel, 1, length(o.beginning)) = o.beginning
)
SELECT head.channel, head.id
  FROM open_channel o
  JOIN delivery head ON head.id = (
           SELECT id FROM delivery
            WHERE channel = o.channel AND state IN ('planned', 'sending')
            ORDER BY priority, id LIMIT 1)
 WHERE substr(o.channel, 1, length(o.beginning)) = o.beginning
   AND head.state = 'planned' AND head.not_before <= :now
 ORDER BY head.priority, head.id LIMIT :limit
"""


def list_ready_channels(
    statements: Statements, spans: Sequence[tuple[str, str]], now: datetime, limit: int
) -> tuple[ChannelRef, ...]:
    """The channels in these ranges whose next message may be claimed, the longest waiting first."""
    if not spans:
        return ()
    rows = statements.all(
        _HEADS,
        {"beginnings": [first for first, _ in spans], "now": to_text(now), "limit": limit},
    )
    return tuple(_channel(row["channel"]) for row in rows)


_READY = """
SELECT head.channel
  FROM texts(:channels) AS c
  JOIN delivery head ON head.id = (
           SELECT first.id FROM delivery first
            WHERE first.channel = c.value AND first.state IN ('planned', 'sending')
            ORDER BY first.priority, first.id LIMIT 1)
 WHERE head.state = 'planned' AND head.not_before <= :now
"""


def _find_ready(
    statements: Statements, channels: Iterable[ChannelRef], now: datetime
) -> frozenset[ChannelRef]:
    places = [str(channel) for channel in channels]
    if not places:
        return frozenset()
    rows = statements.tuples(_READY, {"channels": places, "now": to_text(now)})
    return frozenset(_channel(place) for (place,) in rows)


@lru_cache(maxsize=65536)
def _channel(text: str) -> ChannelRef:
    """`parse_channel`, cached."""
    return parse_channel(text)


@lru_cache(maxsize=32)
def stored_document(text: str) -> Document:
    """`load`, cached: one digest goes to many channels, and one edit of it, too."""
    return load(text)


_RETURNED = """
RETURNING id, attempt, key, channel, failures, operator_confirmed, not_before, tried_at,
          root_id IS NOT NULL OR root_message IS NOT NULL AS is_reply,
          coalesce((SELECT root.message_id FROM delivery root WHERE root.id = delivery.root_id),
                   root_message) AS root
"""
# Two processes that claim at once: rows that the other one has locked are its, and neither waits.
_LOCKED = {Engine.SQLITE: "", Engine.POSTGRESQL: "FOR UPDATE SKIP LOCKED"}

_CLAIM = """
WITH head (id) AS (
    SELECT id FROM delivery
     WHERE id IN (SELECT (SELECT first.id FROM delivery first
                           WHERE first.channel = c.value AND first.state IN ('planned', 'sending')
                           ORDER BY first.priority, first.id LIMIT 1)
                    FROM texts(:channels) AS c)
       AND state = 'planned' AND not_before <= :now {locked}
)
UPDATE delivery
   SET state = 'sending', attempt = attempt + 1, owner = :owner, not_before = :lease_until,
       tried_at = coalesce(tried_at, :now), sending = wanted
 WHERE id IN (SELECT id FROM head) AND state = 'planned' AND not_before <= :now
{returned}, document
"""


async def claim(
    tx: Transaction,
    channels: Iterable[ChannelRef],
    *,
    owner: str,
    now: datetime,
    lease_until: datetime,
) -> tuple[Claimed, ...]:
    """Claim the next ready message of each of these channels, at most one each; in their order."""
    claimed, _ = await claim_and_look(
        tx, channels, (), owner=owner, now=now, lease_until=lease_until
    )
    return claimed


async def claim_and_look(
    tx: Transaction,
    channels: Iterable[ChannelRef],
    others: Collection[ChannelRef],
    *,
    owner: str,
    now: datetime,
    lease_until: datetime,
) -> tuple[tuple[Claimed, ...], frozenset[ChannelRef]]:
    """What is claimed of the channels, as `claim` says, and which others have a ready message."""
    places = {str(channel): place for place, channel in enumerate(channels)}
    if not (places or others):
        return (), frozenset()
    at = {"owner": owner, "now": to_text(now), "lease_until": to_text(lease_until)}

    def work(statements: Statements) -> tuple[Sequence[Row], frozenset[ChannelRef]]:
        found: Sequence[Row] = ()
        if places:
            sql = _CLAIM.format(locked=_LOCKED[statements.engine], returned=_RETURNED)
            found = statements.all(sql, {"channels": list(places)} | at)
        return found, _find_ready(statements, others, now)

    found, ready = await tx.call(work)
    found = sorted(found, key=lambda row: places[row["channel"]])
    return tuple(_claimed(row, stored_document(row["document"])) for row in found), ready


# A reply is searched for in the thread of its root: once it is known whether and where that was posted.
_SEARCHABLE = """
    NOT EXISTS (SELECT 1 FROM delivery root
                 WHERE root.id = delivery.root_id AND root.state IN ('planned', 'sending'))
"""
_SEARCH = """
WITH doubtful (id) AS (
    SELECT id FROM delivery
     WHERE state = 'sending' AND not_before <= :now AND channel >= :first AND channel < :beyond
       AND id NOT IN (SELECT value FROM numbers(:without)) AND {searchable}
     ORDER BY not_before LIMIT :limit {locked}
)
UPDATE delivery
   SET attempt = attempt + 1, owner = :owner, not_before = :lease_until,
       reason = CASE WHEN reason = :quiet THEN '' ELSE reason END
 WHERE id IN (SELECT id FROM doubtful) AND state = 'sending' AND not_before <= :now
{returned}
"""


def list_doubtful(statements: Statements, now: datetime) -> tuple[ChannelRef, ...]:
    """The channels with messages that are to be searched for."""
    rows = statements.all(
        f"""
        SELECT DISTINCT channel FROM delivery
         WHERE state = 'sending' AND not_before <= :now AND {_SEARCHABLE}
        """,  # noqa: S608 - our own text
        {"now": to_text(now)},
    )
    return tuple(_channel(row["channel"]) for row in rows)


async def claim_searches(
    tx: Transaction,
    platform: Platform,
    workspace: str,
    *,
    owner: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
    without: Collection[int] = (),
) -> tuple[Claimed, ...]:
    """The workspace's messages that may have been posted and whose lease has ended.

    They are to be looked for. `without` are those whose call still goes on in this process.
    """
    first, beyond = span(platform, workspace)
    found = await tx.all(
        _SEARCH.format(locked=_LOCKED[tx.engine], returned=_RETURNED, searchable=_SEARCHABLE),
        {
            "first": first,
            "beyond": beyond,
            "owner": owner,
            "now": to_text(now),
            "lease_until": to_text(lease_until),
            "limit": limit,
            "without": list(without),
            "quiet": QUIET,
        },
    )
    return tuple(_claimed(row, None) for row in found)


def _claimed(row: Row, document: Document | None) -> Claimed:
    channel = _channel(row["channel"])
    return Claimed(
        id=row["id"],
        attempt=row["attempt"],
        key=DeliveryKey(row["key"]),
        channel=channel,
        root=MessageRef(channel, row["root"]) if row["root"] is not None else None,
        document=document,
        since=from_text(row["tried_at"]),
        state=Attempt(
            lease_until=from_text(row["not_before"]),
            failures=row["failures"],
            operator_confirmed=bool(row["operator_confirmed"]),
            is_reply=bool(row["is_reply"]),
        ),
    )
