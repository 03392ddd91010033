"""Held messages: they wait for their root, their subscription, a thread or a channel.

Those for a thread or a channel which takes none for now are held together and go on together: one
of them is tried from time to time, and the first that is taken there releases the others. Within
a thread, all wait for the same place, so that none overtakes another.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.core.database.database import Parameters, Statements, Transaction
from bot.core.database.instants import to_text
from bot.outbox.domain.delivery import QUIET, REFUSED_FOR_NOW, ROOT_MISSING, Priority, WaitsFor

# A reply to a root that is held or dead waits for the root; also one that is to be searched for, since a
# thread can be searched only when its root is known.
_HOLD_WITH_ROOT = """
UPDATE delivery SET state = 'held', waits_for = 'root', reason = :root_missing
 WHERE id IN (SELECT value FROM numbers(:ids)) AND state IN ('planned', 'sending')
   AND (SELECT root.state FROM delivery root WHERE root.id = delivery.root_id) IN ('held', 'dead')
"""
_RELEASE_REPLIES = """
UPDATE delivery
   SET state = CASE WHEN sending = '' THEN 'sending' ELSE 'planned' END,
       waits_for = NULL, detail = '',
       reason = CASE WHEN reply_id IS NOT NULL OR priority = :copy AND not_before > :now
                     THEN :quiet ELSE '' END
 WHERE root_id IN (SELECT value FROM numbers(:ids)) AND state = 'held' AND waits_for = 'root'
RETURNING channel, reason
"""
_HOLD_REPLIES = """
UPDATE delivery SET state = 'held', waits_for = 'root', reason = :root_missing, detail = ''
 WHERE root_id = :id AND state IN ('planned', 'sending')
"""
_HOLD_CHANNEL = """
UPDATE delivery SET state = 'held', waits_for = 'resume', reason = :refused_before, detail = :detail
 WHERE channel = :channel AND state = 'planned'
"""

# Messages still to be posted into the channel of the delivery `:id`, by two partial indices …
_TO_COME = """
      id IN (SELECT id FROM delivery WHERE channel = :channel AND state IN ('planned', 'sending')
              UNION ALL
             SELECT id FROM delivery
              WHERE channel = :channel AND state = 'held' AND waits_for IN ('thread', 'channel'))
  AND id <> :id AND state <> 'sending'
"""
# … in the same thread …
_IN_ITS_THREAD = f"""
{_TO_COME}
  AND EXISTS (SELECT 1 FROM delivery own
               WHERE own.id = :id AND own.root_id IS NOT DISTINCT FROM delivery.root_id
                 AND own.root_message IS NOT DISTINCT FROM delivery.root_message)
"""  # noqa: S608 - our own text
# … or in any thread whose root is posted.
_IN_A_THREAD = f"""
{_TO_COME}
  AND (root_message IS NOT NULL
       OR (SELECT root.state FROM delivery root WHERE root.id = delivery.root_id) = 'sent')
"""  # noqa: S608 - our own text
_HOLD_PLACE = """
UPDATE delivery SET state = 'held', waits_for = :waits_for, not_before = :not_before,
                    reason = :reason, detail = :detail WHERE
"""
_CLOSE = """
UPDATE delivery SET state = 'dead', waits_for = NULL, reason = :reason, detail = :detail WHERE
"""
_RELEASE_PLACE = """
UPDATE delivery SET state = 'planned', waits_for = NULL, not_before = :now, reason = '', detail = ''
 WHERE channel IN (SELECT value FROM texts(:channels))
   AND state = 'held' AND waits_for IN ('thread', 'channel')
   AND (waits_for = 'channel'
        OR EXISTS (SELECT 1 FROM delivery own
                    WHERE own.id IN (SELECT value FROM numbers(:ids))
                      AND own.channel = delivery.channel
                      AND own.root_id IS NOT DISTINCT FROM delivery.root_id
                      AND own.root_message IS NOT DISTINCT FROM delivery.root_message))
"""
_WAITS = """
SELECT DISTINCT channel FROM delivery
 WHERE channel IN (SELECT value FROM texts(:channels))
   AND state = 'held' AND waits_for IN ('thread', 'channel')
"""
# A new reply in a thread where others wait, waits behind them.
_QUEUE = """
UPDATE delivery
   SET state = 'held', waits_for = before.waits_for, not_before = before.not_before,
       reason = before.reason, detail = before.detail
  FROM (SELECT waits_for, not_before, reason, detail FROM delivery w
         WHERE w.channel = :channel AND w.state = 'held' AND w.waits_for IN ('thread', 'channel')
           AND (w.waits_for = 'channel'
                OR EXISTS (SELECT 1 FROM delivery own
                            WHERE own.id = :id AND own.root_id IS NOT DISTINCT FROM w.root_id
                              AND own.root_message IS NOT DISTINCT FROM w.root_message))
         ORDER BY w.waits_for = 'channel', w.id LIMIT 1) AS before
 WHERE id = :id AND state = 'planned'
   AND (root_message IS NOT NULL
        OR (SELECT root.state FROM delivery root WHERE root.id = delivery.root_id) = 'sent')
"""
_DUE = """
    id IN (SELECT min(id) FROM delivery
            WHERE state = 'held' AND waits_for IN ('thread', 'channel')
            GROUP BY channel, waits_for,
                     CASE WHEN waits_for = 'thread' THEN root_id END,
                     CASE WHEN waits_for = 'thread' THEN root_message END)
AND state = 'held' AND waits_for IN ('thread', 'channel') AND not_before <= :now
AND NOT EXISTS (
        SELECT 1 FROM delivery ahead
         WHERE ahead.channel = delivery.channel AND ahead.state IN ('planned', 'sending')
           AND (ahead.root_id IS NOT NULL OR ahead.root_message IS NOT NULL)
           AND (delivery.waits_for = 'channel' OR
                ahead.root_id IS NOT DISTINCT FROM delivery.root_id
                AND ahead.root_message IS NOT DISTINCT FROM delivery.root_message))
"""

# Messages in doubt that are to be removed are searched for again.
_SOUGHT = "state = 'held' AND in_doubt = TRUE AND unwanted = 1 AND not_before <= :now"


def queue(statements: Statements, rows: Sequence[Parameters]) -> None:
    """Hold those of the newly planned replies whose root, thread or channel requires it.

    With `is_known`, the root was there before, and may be held or dead.
    """
    known = [row["id"] for row in rows if row["is_known"]]
    if known:
        statements.run(_HOLD_WITH_ROOT, {"ids": known, "root_missing": ROOT_MISSING})
    channels = list({row["channel"]: None for row in rows})
    waiting = {row["channel"] for row in statements.all(_WAITS, {"channels": channels})}
    for row in rows:
        if row["channel"] in waiting:
            statements.run(_QUEUE, row)


def release(statements: Statements, rows: Sequence[Parameters]) -> set[str]:
    """These deliveries were taken: what waits for them, their threads or channels goes on.

    Returns the channels of copies and notices that waited for their root: `quiet.apply` says when they
    go on, since the quiet hours of when they were planned may be over, or others by now.
    """
    ids = [row["id"] for row in rows]
    their = {"ids": ids, "now": rows[0]["now"], "quiet": QUIET, "copy": Priority.COPY}
    released = statements.all(_RELEASE_REPLIES, their)
    channels = list({row["channel"]: None for row in rows})
    statements.run(_RELEASE_PLACE, {"ids": ids, "channels": channels, "now": rows[0]["now"]})
    return {row["channel"] for row in released if row["reason"] == QUIET}


def hold(statements: Statements, row: Parameters) -> None:
    """The delivery `id` is held or dead: others wait as it does, or are given up with it."""
    statements.run(_HOLD_REPLIES, row)
    if row["waits_for"] == WaitsFor.THREAD:
        statements.run(_HOLD_PLACE + _IN_ITS_THREAD, row)
    if row["waits_for"] == WaitsFor.CHANNEL:
        statements.run(_HOLD_PLACE + _IN_A_THREAD, row)
    if row["closes"]:
        statements.run(_CLOSE + _IN_ITS_THREAD, row)
    if row["stops"]:
        # What is to go into threads that are there is no matter of the subscription.
        channel = {"waits_for": WaitsFor.CHANNEL, "reason": REFUSED_FOR_NOW}
        statements.run(_HOLD_PLACE + _IN_A_THREAD, {**row, **channel})
        statements.run(_HOLD_CHANNEL, row)


def is_due(statements: Statements, now: datetime) -> bool:
    """Whether there is something to try again."""
    at = {"now": to_text(now)}
    return any(
        statements.one(f"SELECT 1 FROM delivery WHERE {what} LIMIT 1", at)  # noqa: S608 - our own text
        for what in (_DUE, _SOUGHT)
    )


async def try_again(tx: Transaction, now: datetime) -> int:
    """Plan one message for each place that is to be tried again; returns how many those are.

    What may be there and is to be removed is to be searched for again.
    """
    await tx.run(
        f"UPDATE delivery SET state = 'sending', attempt = attempt + 1, in_doubt = FALSE WHERE {_SOUGHT}",  # noqa: S608 - our own text
        {"now": to_text(now)},
    )
    return await tx.run(
        f"""
        UPDATE delivery SET state = 'planned', waits_for = NULL, reason = '', detail = ''
         WHERE {_DUE}
        """,  # noqa: S608 - our own text
        {"now": to_text(now)},
    )
