"""Messages that wait for a thread or a channel which takes none for now.

They are held together and go on together: one of them is tried from time to time, and the first
that is taken there releases the others. Within a thread, all wait for the same place, so that
none overtakes another.
"""

import sqlite3
from datetime import datetime

from bot.domain.delivery import WaitsFor
from bot.store.database import Parameters, Transaction
from bot.store.instants import to_text

# What is still to go into the channel of the delivery `:id`, read from two small indices …
_TO_COME = """
      id IN (SELECT id FROM delivery WHERE channel = :channel AND state IN ('planned', 'sending')
              UNION ALL
             SELECT id FROM delivery
              WHERE channel = :channel AND state = 'held' AND waits_for IN ('thread', 'channel'))
  AND id <> :id AND state <> 'sending'
"""
# … into the same thread …
_IN_ITS_THREAD = f"""
{_TO_COME}
  AND (root_id, root_message) IS
      (SELECT own.root_id, own.root_message FROM delivery own WHERE own.id = :id)
"""  # noqa: S608 - our own text
# … or into any thread whose root is there.
_IN_A_THREAD = f"""
{_TO_COME}
  AND (root_message IS NOT NULL
       OR (SELECT root.state FROM delivery root WHERE root.id = delivery.root_id) = 'sent')
"""  # noqa: S608 - our own text
_HOLD = """
UPDATE delivery SET state = 'held', waits_for = :waits_for, not_before = :not_before,
                    reason = :reason, detail = :detail WHERE
"""
_CLOSE = """
UPDATE delivery SET state = 'dead', waits_for = NULL, reason = :reason, detail = :detail WHERE
"""
_RELEASE = """
UPDATE delivery SET state = 'planned', waits_for = NULL, not_before = :now, reason = '', detail = ''
 WHERE channel = :channel AND state = 'held' AND waits_for IN ('thread', 'channel')
   AND (waits_for = 'channel' OR (root_id, root_message) IS
        (SELECT own.root_id, own.root_message FROM delivery own WHERE own.id = :id))
"""
# One that comes into a thread where others wait, waits behind them.
_QUEUE = """
UPDATE delivery
   SET state = 'held', waits_for = before.waits_for, not_before = before.not_before,
       reason = before.reason, detail = before.detail
  FROM (SELECT waits_for, not_before, reason, detail FROM delivery w
         WHERE w.channel = :channel AND w.state = 'held' AND w.waits_for IN ('thread', 'channel')
           AND (w.waits_for = 'channel' OR (w.root_id, w.root_message) IS
                (SELECT own.root_id, own.root_message FROM delivery own WHERE own.id = :id))
         ORDER BY w.waits_for = 'channel', w.id LIMIT 1) AS before
 WHERE id = :id AND state = 'planned'
   AND (root_message IS NOT NULL
        OR (SELECT root.state FROM delivery root WHERE root.id = delivery.root_id) = 'sent')
"""
_DUE = """
    id IN (SELECT min(id) FROM delivery
            WHERE state = 'held' AND waits_for IN ('thread', 'channel')
            GROUP BY channel, waits_for,
                     CASE waits_for WHEN 'thread' THEN coalesce(root_id, root_message) END)
AND not_before <= :now
AND NOT EXISTS (
        SELECT 1 FROM delivery ahead
         WHERE ahead.channel = delivery.channel AND ahead.state IN ('planned', 'sending')
           AND (ahead.root_id IS NOT NULL OR ahead.root_message IS NOT NULL)
           AND (delivery.waits_for = 'channel' OR
                (ahead.root_id, ahead.root_message) IS (delivery.root_id, delivery.root_message)))
"""


def hold(connection: sqlite3.Connection, row: Parameters) -> None:
    """Hold what is to go where the delivery `id` was refused, as `waits_for` says."""
    everything = row["waits_for"] == WaitsFor.CHANNEL
    connection.execute(_HOLD + (_IN_A_THREAD if everything else _IN_ITS_THREAD), row)


def close(connection: sqlite3.Connection, row: Parameters) -> None:
    """Give up what is to go into the thread of the delivery `id`, for `reason`."""
    connection.execute(_CLOSE + _IN_ITS_THREAD, row)


def release(connection: sqlite3.Connection, row: Parameters) -> None:
    """The delivery `id` was taken: whatever waits for its thread or its channel goes on."""
    connection.execute(_RELEASE, row)


def queue(connection: sqlite3.Connection, row: Parameters) -> None:
    """Put the reply `id`, planned just now, behind those that wait for the same place."""
    connection.execute(_QUEUE, row)


async def is_due(tx: Transaction, now: datetime) -> bool:
    """Whether some place is to be tried again."""
    row = await tx.one(f"SELECT 1 FROM delivery WHERE {_DUE} LIMIT 1", {"now": to_text(now)})  # noqa: S608 - our own text
    return row is not None


async def try_again(tx: Transaction, now: datetime) -> int:
    """Plan one message for each place that is to be tried again; returns how many those are."""
    return await tx.run(
        f"""
        UPDATE delivery SET state = 'planned', waits_for = NULL, reason = '', detail = ''
         WHERE {_DUE}
        """,  # noqa: S608 - our own text
        {"now": to_text(now)},
    )
