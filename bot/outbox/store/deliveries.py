"""Rows of the outbox: plan, claim, settle. Every write after a claim carries its attempt (fencing).

`bot.outbox.domain.delivery` decides; here, decisions are written down. Several rows are always
written in one go, in the connection's thread, so that one commit carries many messages.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.database.database import Parameters, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.document import Document, dump
from bot.core.ports import ChannelRef, DeliveryKey
from bot.outbox.domain.content_hash import text_hash
from bot.outbox.domain.delivery import REFUSED_BEFORE, ROOT_MISSING, Priority, State, Step
from bot.outbox.store import waiting
from bot.outbox.store.claims import Claimed


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to plan.

    `reply_to` is the part, among those added with it or before it in the slot, whose thread it
    belongs to; `root_id` names that message by its delivery, `root_message` one that is none of
    ours. `reply_id` is the reply that it is a copy of, `caused_by` the message of the channel that
    it answers. With `doubt_from` it may have been posted since that instant, and is searched for
    before anything is sent.
    """

    key: DeliveryKey
    channel: ChannelRef
    part: str
    document: Document
    slot_id: int | None = None
    entry_id: int | None = None
    reply_to: str | None = None
    doubt_from: datetime | None = None
    root_id: int | None = None
    root_message: str | None = None
    reply_id: int | None = None
    caused_by: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A claimed delivery and its transition."""

    claimed: Claimed
    step: Step


async def add(tx: Transaction, drafts: Iterable[Draft], now: datetime) -> int:
    """Plan messages in order; does nothing for keys that exist.

    Returns how many are new.
    """
    rows = [_draft_row(draft, now) for draft in drafts]
    return await tx.call(lambda connection: _add(connection, rows))


def _draft_row(draft: Draft, now: datetime) -> Parameters:
    doubtful = draft.doubt_from is not None
    content = dump(draft.document)
    return {
        "key": draft.key,
        "channel": str(draft.channel),
        "state": State.SENDING if doubtful else State.PLANNED,
        "not_before": to_text(now),
        "tried_at": to_text(draft.doubt_from) if draft.doubt_from else None,
        "slot": draft.slot_id,
        "reply_to": draft.reply_to,
        "root": draft.root_id,
        "root_message": draft.root_message,
        "reply": draft.reply_id,
        "cause": draft.caused_by,
        "root_missing": ROOT_MISSING,
        "part": draft.part,
        "entry": draft.entry_id,
        "hash": text_hash(content),
        # Another process may have posted other content: if it is found, it is edited.
        "sending": "" if doubtful else None,
        "now": to_text(now),
        "document": content,
        "priority": _priority(draft),
    }


def _priority(draft: Draft) -> Priority:
    if draft.reply_id is not None:
        return Priority.COPY
    return Priority.DIGEST if draft.slot_id is not None else Priority.ANSWER


def _add(connection: sqlite3.Connection, rows: Sequence[Parameters]) -> int:
    added = 0
    for row in rows:
        done = connection.execute(_ADD, row).fetchone()
        if done is not None:
            added += 1
            if row["priority"] < Priority.COPY:
                connection.execute(_KEEP_ORDER, {"id": done["id"]})
            waiting.queue(connection, {**row, "id": done["id"]})
    return added


_ADD = """
INSERT INTO delivery (key, channel, state, not_before, tried_at, slot_id, part, entry_id, wanted,
                      sending, planned_at, document, root_message, reply_id, caused_by,
                      priority, root_id)
VALUES (:key, :channel, :state, :not_before, :tried_at, :slot, :part, :entry, :hash,
        :sending, :now, :document, :root_message, :reply, :cause, :priority,
        coalesce(:root, (SELECT id FROM delivery WHERE slot_id = :slot AND part = :reply_to)))
ON CONFLICT DO NOTHING
RETURNING id
"""


# A reply never overtakes earlier messages of its thread.
_KEEP_ORDER = """
UPDATE delivery
   SET priority = (SELECT max(o.priority) FROM delivery o
                    WHERE o.root_id = delivery.root_id AND o.state IN ('planned', 'sending', 'held'))
 WHERE id = :id AND root_id IS NOT NULL
"""


_SETTLE = """
UPDATE delivery
   SET state = CASE WHEN unwanted AND :state IN ('planned', 'held') AND NOT :in_doubt
                    THEN 'dead' ELSE :state END,
       unwanted = CASE WHEN unwanted = 2 AND :state = 'sent' THEN 0 ELSE unwanted END,
       failures = :failures, not_before = coalesce(:not_before, not_before),
       message_id = :message_id, reason = :reason, detail = :detail, waits_for = :waits_for,
       in_doubt = :in_doubt,
       failing_since = CASE WHEN :state IN ('planned', 'sending') AND (:failures > 0 OR :reason <> '')
                            THEN coalesce(failing_since, :now) END,
       operator_confirmed = CASE WHEN :state = 'sending' THEN operator_confirmed ELSE 0 END,
       sent_at = CASE WHEN :state = 'sent' THEN :now END,
       shown = CASE WHEN :state = 'sent' THEN sending END
 WHERE id = :id AND attempt = :attempt AND state = 'sending'
"""


async def settle(tx: Transaction, settled: Iterable[Settled], now: datetime) -> tuple[int, ...]:
    """Store the transitions of claimed deliveries and what follows for others.

    Returns the ids of those that were no longer this claim's to settle; they stay as they are.
    """
    rows = [_settled_row(each, now) for each in settled]
    return await tx.call(lambda connection: _settle(connection, rows))


def _settled_row(settled: Settled, now: datetime) -> Parameters:
    claimed, step = settled.claimed, settled.step
    return {
        "id": claimed.id,
        "attempt": claimed.attempt,
        "channel": str(claimed.channel),
        "state": step.state,
        "failures": step.failures,
        "not_before": to_text(step.not_before) if step.not_before else None,
        "message_id": step.message_id,
        "reason": step.reason,
        "detail": step.detail,
        "waits_for": step.waits_for,
        "in_doubt": step.in_doubt,
        "stops": step.stops_subscription,
        "closes": step.closes_thread,
        "now": to_text(now),
        "root_missing": ROOT_MISSING,
        "refused_before": REFUSED_BEFORE,
    }


def _settle(connection: sqlite3.Connection, rows: Iterable[Parameters]) -> tuple[int, ...]:
    late = []
    for row in rows:
        if connection.execute(_SETTLE, row).rowcount == 0:
            late.append(row["id"])
        elif row["state"] == State.SENT:
            waiting.release(connection, row)
        elif row["state"] in (State.HELD, State.DEAD):
            waiting.hold(connection, row)
    return tuple(late)


async def release(tx: Transaction, channel: str, now: datetime) -> int:
    """Plan again what waits for the channel or its subscription; returns how many.

    What could not be edited or removed there is tried at once, too.
    """
    await tx.run(
        "UPDATE delivery SET edit_after = '' WHERE channel = :channel AND failing_since IS NOT NULL",
        {"channel": channel},
    )
    return await tx.run(
        """
        UPDATE delivery
           SET state = 'planned', failures = 0, not_before = :now, waits_for = NULL, reason = '',
               detail = ''
         WHERE channel = :channel AND state IN ('held', 'dead')
           AND waits_for IN ('resume', 'thread', 'channel')
        """,
        {"channel": channel, "now": to_text(now)},
    )


async def doubt_open(tx: Transaction, since: datetime, now: datetime) -> int:
    """Mark everything not yet sent as in doubt: that it may have been posted since that instant."""
    return await tx.run(
        """
        UPDATE delivery
           SET state = 'sending', attempt = attempt + 1, not_before = :now, sending = '',
               tried_at = min(coalesce(tried_at, :since), :since)
         WHERE state IN ('planned', 'sending')
        """,
        {"since": to_text(since), "now": to_text(now)},
    )


def newest_instant(connection: sqlite3.Connection) -> str | None:
    """When a delivery was planned or sent last, as text; `None` where there was none."""
    row = connection.execute("SELECT max(planned_at), max(sent_at) FROM delivery").fetchone()
    return max(filter(None, tuple(row)), default=None)


LONGEST_WAIT = timedelta(hours=1)
"""The longest pause of `Patience`."""


async def end_waits(tx: Transaction, now: datetime, *, beyond: timedelta = timedelta()) -> int:
    """After the clock was set back: end waits that were stored before it. Returns how many.

    Those are waits that end later than `beyond` from now, and waits of messages planned after now.
    Ending a wait too early costs one call; a wait that lasts as long as the step stops its channel.
    """
    their = {"now": to_text(now), "until": to_text(now + beyond)}
    await tx.run(
        "UPDATE delivery SET edit_after = '' WHERE state = 'sent' AND edit_after > :until", their
    )
    return await tx.run(
        """
        UPDATE delivery SET not_before = :now
         WHERE state IN ('planned', 'sending', 'held')
           AND (not_before > :until OR not_before > :now AND planned_at > :now)
        """,
        their,
    )


async def has_open_digest(tx: Transaction, channel: str) -> bool:
    """Whether a digest's messages are still open in the channel."""
    row = await tx.one(
        """
        SELECT 1 FROM delivery
         WHERE channel = :channel AND state IN ('planned', 'sending') AND priority = :digest LIMIT 1
        """,
        {"channel": channel, "digest": Priority.DIGEST},
    )
    return row is not None


async def is_known(tx: Transaction, key: DeliveryKey) -> bool:
    """Whether a message of that key was ever planned."""
    row = await tx.one("SELECT 1 FROM delivery WHERE key = :key", {"key": key})
    return row is not None
