"""What became of a digest's messages, once none is waiting any more."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DigestTally:
    """A digest of which nothing waits: `papers` are those that it shows, `failed` is held or dead.

    `added` of the messages were planned later, for papers that a note brought after the digest.
    """

    channel: str
    on: date
    papers: int
    messages: int
    failed: int
    added: int
    planned_at: datetime
    sent_at: datetime | None

    @property
    def took(self) -> timedelta:
        """From planning it until its last message was posted."""
        return self.sent_at - self.planned_at if self.sent_at is not None else timedelta()


async def list_settled(tx: Transaction, deliveries: Iterable[int]) -> tuple[DigestTally, ...]:
    """The digests that these deliveries belong to and of which none is planned or being sent."""
    rows = await tx.all(
        """
        WITH slots (id) AS (
            SELECT DISTINCT d.slot_id FROM numbers(:deliveries) AS n JOIN delivery d ON d.id = n.value
             WHERE d.slot_id IS NOT NULL
        ), first (id, planned_at) AS (
            SELECT slots.id, min(d.planned_at) FROM slots JOIN delivery d ON d.slot_id = slots.id
             GROUP BY slots.id
        )
        SELECT s.on_date, min(d.channel) AS channel, count(*) AS messages,
               count(*) FILTER (WHERE d.state IN ('held', 'dead')) AS failed,
               count(*) FILTER (WHERE d.planned_at > first.planned_at) AS added,
               first.planned_at, max(d.sent_at) AS sent_at,
               (SELECT count(*) FROM slot_entry e WHERE e.slot_id = s.id AND e.position IS NOT NULL)
                   AS papers
          FROM first JOIN delivery d ON d.slot_id = first.id JOIN slot s ON s.id = first.id
         GROUP BY s.id, s.on_date, first.planned_at
        HAVING count(*) FILTER (WHERE d.state IN ('planned', 'sending')) = 0
         ORDER BY s.id
        """,
        {"deliveries": list(deliveries)},
    )
    return tuple(map(_tally, rows))


def _tally(row: Row) -> DigestTally:
    return DigestTally(
        channel=row["channel"],
        on=date.fromisoformat(row["on_date"]),
        papers=row["papers"],
        messages=row["messages"],
        failed=row["failed"],
        added=row["added"],
        planned_at=from_text(row["planned_at"]),
        sent_at=from_text(row["sent_at"]) if row["sent_at"] else None,
    )
