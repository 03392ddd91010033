"""The outbox for the operator: listing, retry, drop, counts, and what is late."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import load
from bot.outbox.domain.delivery import CLOSED, DROPPED, State


@dataclass(frozen=True, slots=True)
class Delivery:
    """One outbound message. `not_before` is when it is tried, or searched for, again."""

    id: int
    key: str
    channel: str
    state: State
    on: date | None
    part: str
    entry_id: EntryId | None
    summary: str
    attempt: int
    not_before: datetime
    reason: str
    detail: str
    in_doubt: bool
    message_id: str | None
    planned_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by state; `waiting_since` is the earliest `not_before` of open deliveries."""

    open: int
    held: int
    dead: int
    waiting_since: datetime | None = None


class Errand(StrEnum):
    """What is to be done with a message."""

    POST = "post"
    EDIT = "edit"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Late:
    """What fails in a channel, since when, why, and how many messages wait for it."""

    channel: str
    errand: Errand
    since: datetime
    number: int
    detail: str


_DELIVERY = """
SELECT d.id, d.key, d.channel, d.state, s.on_date, d.part, d.entry_id, d.document, d.attempt,
       d.not_before, d.reason, d.detail, d.in_doubt, d.message_id, d.planned_at, d.sent_at
  FROM delivery d LEFT JOIN slot s ON s.id = d.slot_id
"""

_FAILS = """
    d.failing_since IS NOT NULL
AND (d.state IN ('planned', 'sending')
     OR d.state = 'sent' AND d.unwanted = 1 AND d.removed_at IS NULL
     OR d.state = 'sent' AND d.unwanted = 0 AND d.shown <> d.wanted)
"""


async def list_deliveries(
    tx: Transaction,
    *,
    states: Iterable[State] = State,
    channel: str | None = None,
    failing: bool = False,
    limit: int = 100,
) -> tuple[Delivery, ...]:
    """The newest `limit` of these states (and that channel), the oldest of them first.

    With `failing`, only those that are held or could not be posted, edited or removed yet. The
    channel may be named without its workspace (`slack:C0123`), as operators do.
    """
    platform, _, place = (channel or "").partition(":")
    named = {
        "channel": channel,
        "platform": f"{platform}:",
        "place": f"/{place}" if place and "/" not in place else "",
    }
    found: list[Row] = []
    for state in states:
        found += await tx.all(
            _DELIVERY
            + f"""
            WHERE d.state = :state AND (NOT :failing OR d.state = 'held' OR {_FAILS})
              AND (CAST(:channel AS TEXT) IS NULL OR d.channel = :channel
                   OR :place <> '' AND substr(d.channel, 1, length(:platform)) = :platform
                      AND substr(d.channel, length(d.channel) - length(:place) + 1) = :place)
            ORDER BY d.id DESC LIMIT :limit
            """,
            {"state": state, "failing": failing, "limit": limit} | named,
        )
    newest = sorted(found, key=lambda row: -int(row["id"]))[:limit]
    return tuple(map(_delivery, reversed(newest)))


async def find(tx: Transaction, delivery_id: int) -> Delivery | None:
    """The delivery of that id."""
    row = await tx.one(_DELIVERY + "WHERE d.id = :id", {"id": delivery_id})
    return _delivery(row) if row is not None else None


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        key=row["key"],
        channel=row["channel"],
        state=State(row["state"]),
        on=date.fromisoformat(row["on_date"]) if row["on_date"] else None,
        part=row["part"],
        entry_id=EntryId(row["entry_id"]) if row["entry_id"] is not None else None,
        summary=load(row["document"]).summary,
        attempt=row["attempt"],
        not_before=from_text(row["not_before"]),
        reason=row["reason"],
        detail=row["detail"],
        in_doubt=bool(row["in_doubt"]),
        message_id=row["message_id"],
        planned_at=from_text(row["planned_at"]),
        sent_at=from_text(row["sent_at"]) if row["sent_at"] else None,
    )


async def retry(tx: Transaction, delivery_id: int, now: datetime) -> bool:
    """Plan a held or dead delivery again, or end the wait of a planned one.

    One that may have been posted is searched for first; where nothing can tell, it is posted. One
    that is to be removed is only searched for. With one of a closed thread, the others that were
    given up with it are tried again. Returns whether there was something to do.
    """
    await tx.run(
        """
        UPDATE delivery
           SET state = 'planned', attempt = attempt + 1, failures = 0, not_before = :now,
               reason = '', detail = ''
         WHERE state = 'dead' AND reason = :closed AND unwanted = 0
           AND root_id = (SELECT own.root_id FROM delivery own
                           WHERE own.id = :id AND own.state = 'dead' AND own.reason = :closed)
        """,
        {"id": delivery_id, "closed": CLOSED, "now": to_text(now)},
    )
    changed = await tx.run(
        """
        UPDATE delivery
           SET state = CASE WHEN in_doubt AND state <> 'planned' THEN 'sending' ELSE 'planned' END,
               operator_confirmed = in_doubt AND unwanted = 0, attempt = attempt + 1, failures = 0, not_before = :now,
               in_doubt = FALSE, waits_for = NULL, failing_since = NULL, reason = '', detail = ''
         WHERE id = :id AND state IN ('held', 'dead', 'planned')
           AND (unwanted = 0 OR unwanted = 1 AND in_doubt)
        """,
        {"id": delivery_id, "now": to_text(now)},
    )
    return changed > 0


async def drop(tx: Transaction, delivery_id: int, reason: str = DROPPED) -> bool:
    """Give up a delivery that is not in flight, and the replies to it; returns whether it could."""
    changed = await tx.run(
        """
        UPDATE delivery SET state = 'dead', reason = :reason, detail = '', waits_for = NULL
         WHERE id = :id AND state IN ('planned', 'held', 'dead')
        """,
        {"id": delivery_id, "reason": reason},
    )
    await tx.run(
        """
        UPDATE delivery SET state = 'dead', reason = :reason, detail = '', waits_for = NULL
         WHERE root_id = :id AND state IN ('planned', 'held')
           AND (SELECT root.state FROM delivery root WHERE root.id = :id) = 'dead'
        """,
        {"id": delivery_id, "reason": reason},
    )
    return changed > 0


async def tally(tx: Transaction, *, channel: str | None = None) -> Tally:
    """How many wait or are stuck, of one channel or of all."""
    row = await tx.one(
        """
        SELECT (SELECT count(*) FROM delivery WHERE state IN ('planned', 'sending')
                   AND (CAST(:channel AS TEXT) IS NULL OR channel = :channel)) AS open,
               (SELECT min(not_before) FROM delivery WHERE state IN ('planned', 'sending')
                   AND (CAST(:channel AS TEXT) IS NULL OR channel = :channel)) AS waiting_since,
               (SELECT count(*) FROM delivery WHERE state = 'held'
                   AND (CAST(:channel AS TEXT) IS NULL OR channel = :channel)) AS held,
               (SELECT count(*) FROM delivery WHERE state = 'dead'
                   AND (CAST(:channel AS TEXT) IS NULL OR channel = :channel)) AS dead
        """,
        {"channel": channel},
    )
    assert row is not None  # noqa: S101 — an aggregate always has a row
    since = row["waiting_since"]
    return Tally(row["open"], row["held"], row["dead"], from_text(since) if since else None)


async def find_wait(tx: Transaction, channel: str) -> tuple[str, str]:
    """Why the first message of a channel that failed waits, and the platform's words; or empty."""
    row = await tx.one(
        """
        SELECT reason, detail FROM delivery
         WHERE channel = :channel AND state IN ('planned', 'sending') AND reason <> ''
         ORDER BY id LIMIT 1
        """,
        {"channel": channel},
    )
    return (row["reason"], row["detail"]) if row is not None else ("", "")


async def count_by_state(tx: Transaction) -> Mapping[State, int]:
    """How many deliveries are in each state; every state is there, also with 0."""
    rows = await tx.all("SELECT state, count(*) AS number FROM delivery GROUP BY state")
    return dict.fromkeys(State, 0) | {State(row["state"]): row["number"] for row in rows}


async def list_late(tx: Transaction, since: datetime) -> tuple[Late, ...]:
    """What has failed since that instant or longer, by channel and errand, the longest first."""
    rows = await tx.all(
        f"""
        SELECT first.channel, first.errand, first.since, first.number, first.detail,
               (SELECT count(*) FROM delivery behind
                 WHERE behind.channel = first.channel AND behind.state IN ('planned', 'sending'))
               AS open
          FROM (SELECT failing.channel, failing.errand, failing.failing_since AS since,
                       failing.detail,
                       count(*) OVER (PARTITION BY failing.channel, failing.errand) AS number,
                       row_number() OVER (PARTITION BY failing.channel, failing.errand
                                              ORDER BY failing.failing_since, failing.id) AS place
                  FROM (SELECT d.id, d.channel, d.failing_since, d.detail,
                               CASE WHEN d.state <> 'sent' THEN 'post'
                                    WHEN d.unwanted = 1 THEN 'remove' ELSE 'edit' END AS errand
                          FROM delivery d
                         WHERE d.failing_since <= :since AND {_FAILS}) AS failing) AS first
         WHERE first.place = 1 ORDER BY first.since, first.channel, first.errand
        """,  # noqa: S608 - our own text
        {"since": to_text(since)},
    )
    return tuple(
        Late(
            channel=row["channel"],
            errand=(errand := Errand(row["errand"])),
            since=from_text(row["since"]),
            number=row["open"] if errand is Errand.POST else row["number"],
            detail=row["detail"],
        )
        for row in rows
    )
