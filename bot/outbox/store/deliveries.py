"""Rows of the outbox: plan, claim, settle. Every write after a claim carries its attempt (fencing).

`bot.outbox.domain.delivery` decides; here, decisions are written down. Several rows are always
written in one go, in the connection's thread, so that one commit carries many messages.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from bot.core.database.database import Engine, Parameters, Statements, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, dump
from bot.core.ports import ChannelRef, DeliveryKey
from bot.core.store import processes
from bot.outbox.domain.content_hash import text_hash
from bot.outbox.domain.delivery import QUIET, REFUSED_BEFORE, ROOT_MISSING, Priority, State, Step
from bot.outbox.store.claims import Claimed
from bot.outbox.store.waiting import held, quiet, restored


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to plan.

    `reply_to` is the part, among those added with it or before it in the slot, whose thread it
    belongs to; `root_id` names that message by its delivery, `root_message` one that is none of
    ours. `reply_id` is the reply that it is a copy of, `caused_by` the message of the channel that
    it answers. With `doubt_from` it may have been posted since that instant, and is searched for
    before anything is sent; so is everything for some time after a restore. A message that nobody
    asked for waits while its channel is quiet.
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
    is_unasked: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """A claimed delivery and its transition."""

    claimed: Claimed
    step: Step


async def add(tx: Transaction, drafts: Iterable[Draft], now: datetime) -> int:
    """Plan messages in order; does nothing for keys that exist.

    Returns how many are new.
    """
    drafts = await _doubted(tx, tuple(drafts), now)
    quiet_until = {
        channel: await quiet.find_end(tx, str(channel), now)
        for channel in {draft.channel for draft in drafts if draft.is_unasked}
    }
    rows = [
        _draft_row(draft, quiet_until.get(draft.channel) if draft.is_unasked else None, now)
        for draft in drafts
    ]
    return await tx.call(lambda statements: _add(statements, rows))


async def _doubted(tx: Transaction, drafts: tuple[Draft, ...], now: datetime) -> tuple[Draft, ...]:
    """The drafts, after a restore as messages that may have been posted before."""
    asked = [each.doubt_from is None and restored.is_searched(each.channel) for each in drafts]
    since = await restored.doubt_from(tx, now) if any(asked) else None
    if since is None:
        return drafts
    return tuple(
        replace(draft, doubt_from=since) if is_asked else draft
        for draft, is_asked in zip(drafts, asked, strict=True)
    )


def _draft_row(draft: Draft, waits: tuple[datetime, str] | None, now: datetime) -> Parameters:
    until, clock = waits if waits is not None else (now, "")
    doubtful = draft.doubt_from is not None
    content = dump(draft.document)
    return {
        "key": draft.key,
        "channel": str(draft.channel),
        "state": State.SENDING if doubtful else State.PLANNED,
        "not_before": to_text(until),
        "reason": QUIET if waits is not None else "",
        "detail": clock,
        "tried_at": to_text(draft.doubt_from) if draft.doubt_from else None,
        "slot": draft.slot_id,
        "reply_to": draft.reply_to,
        "root": draft.root_id,
        "root_message": draft.root_message,
        "reply": draft.reply_id,
        "cause": draft.caused_by,
        "part": draft.part,
        "entry": draft.entry_id,
        "hash": text_hash(content),
        # Another process may have posted other content: if it is found, it is edited.
        "sending": "" if doubtful else None,
        "now": to_text(now),
        "document": content,
        # What waits holds up nothing that people ask for meanwhile.
        "priority": Priority.COPY if waits is not None else _priority(draft),
    }


def _priority(draft: Draft) -> Priority:
    if draft.reply_id is not None:
        return Priority.COPY
    return Priority.DIGEST if draft.slot_id is not None else Priority.ANSWER


def _add(statements: Statements, rows: Sequence[Parameters]) -> int:
    # Their roots may be settled or given up by another process just now.
    lock(statements, {row["root"] for row in rows if row["root"] is not None})
    done = statements.one_each(_ADD, rows)
    added = [(row, new) for row, new in zip(rows, done, strict=True) if new is not None]
    replies = [
        {"id": new["id"], "channel": row["channel"], "is_known": row["root"] is not None}
        for row, new in added
        if new["root_id"] is not None or row["root_message"] is not None
    ]
    ours = [new["id"] for row, new in added if new["root_id"] and row["priority"] < Priority.COPY]
    if ours:
        statements.run(_KEEP_ORDER, {"ids": ours, "quiet": QUIET})
    if replies:
        held.queue(statements, replies)
    return len(added)


def lock(statements: Statements, ids: Collection[int]) -> None:
    """Wait until no other transaction writes these rows; always in the same order."""
    if ids and statements.engine is Engine.POSTGRESQL:
        statements.all(_LOCK, {"ids": list(ids)})


_LOCK = """
SELECT id FROM delivery WHERE id IN (SELECT value FROM numbers(:ids)) ORDER BY id FOR UPDATE
"""


_ADD = """
INSERT INTO delivery (key, channel, state, not_before, tried_at, slot_id, part, entry_id, wanted,
                      sending, planned_at, document, root_message, reply_id, caused_by,
                      priority, reason, detail, root_id)
VALUES (:key, :channel, :state, :not_before, :tried_at, :slot, :part, :entry, :hash,
        :sending, :now, :document, :root_message, :reply, :cause, :priority, :reason, :detail,
        coalesce(CAST(:root AS BIGINT),
                 (SELECT id FROM delivery WHERE slot_id = :slot AND part = :reply_to)))
ON CONFLICT DO NOTHING
RETURNING id, root_id
"""


# A reply never overtakes earlier messages of its thread, but for those that wait while it is quiet.
_KEEP_ORDER = """
UPDATE delivery
   SET priority = (SELECT max(o.priority) FROM delivery o
                    WHERE o.root_id = delivery.root_id AND o.id <= delivery.id
                      AND o.state IN ('planned', 'sending', 'held') AND o.reason <> :quiet)
 WHERE id IN (SELECT value FROM numbers(:ids))
"""


_SETTLE = """
UPDATE delivery
   SET state = CASE WHEN unwanted > 0 AND step.state IN ('planned', 'held') AND NOT step.in_doubt
                    THEN 'dead' ELSE step.state END,
       unwanted = CASE WHEN unwanted = 2 AND step.state = 'sent' THEN 0 ELSE unwanted END,
       failures = step.failures, not_before = coalesce(step.not_before, delivery.not_before),
       message_id = step.message_id, reason = step.reason, detail = step.detail,
       waits_for = step.waits_for, in_doubt = step.in_doubt,
       failing_since = CASE WHEN step.state IN ('planned', 'sending')
                                 AND (step.failures > 0 OR step.reason <> '')
                            THEN coalesce(failing_since, :now) END,
       operator_confirmed = step.state = 'sending' AND operator_confirmed,
       sent_at = CASE WHEN step.state = 'sent' THEN :now END,
       shown = CASE WHEN step.state = 'sent' THEN sending END
  FROM (SELECT CAST(value ->> 0 AS BIGINT) AS id, CAST(value ->> 1 AS BIGINT) AS attempt,
               value ->> 2 AS state, CAST(value ->> 3 AS BIGINT) AS failures,
               value ->> 4 AS not_before, value ->> 5 AS message_id, value ->> 6 AS reason,
               value ->> 7 AS detail, value ->> 8 AS waits_for,
               CAST(value ->> 9 AS BOOLEAN) AS in_doubt
          FROM json_rows(:steps)) AS step
 WHERE delivery.id = step.id AND delivery.attempt = step.attempt AND delivery.state = 'sending'
RETURNING delivery.id
"""
_STEP = (
    "id", "attempt", "state", "failures", "not_before", "message_id", "reason", "detail",
    "waits_for", "in_doubt",
)  # fmt: skip


async def settle(tx: Transaction, settled: Iterable[Settled], now: datetime) -> tuple[int, ...]:
    """Store the transitions of claimed deliveries and what follows for others.

    Returns the ids of those that were no longer this claim's to settle; they stay as they are.
    """
    at = to_text(now)
    rows = [_settled_row(each, at) for each in settled]
    if not rows:
        return ()
    others, released = await tx.call(lambda statements: _settle(statements, rows))
    for channel in sorted(released):
        await quiet.apply(tx, channel, now)
    return others


def _settled_row(settled: Settled, now: str) -> Parameters:
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
        "detail": step.detail.replace("\0", ""),  # PostgreSQL takes none
        "waits_for": step.waits_for,
        "in_doubt": step.in_doubt,
        "stops": step.stops_subscription,
        "closes": step.closes_thread,
        "now": now,
        "root_missing": ROOT_MISSING,
        "refused_before": REFUSED_BEFORE,
    }


def _settle(statements: Statements, rows: Sequence[Parameters]) -> tuple[tuple[int, ...], set[str]]:
    released: set[str] = set()
    if len(rows) > 1:
        lock(statements, [row["id"] for row in rows])
    settled: set[int] = set()
    for holds, together in groupby(rows, key=lambda row: row["state"] in (State.HELD, State.DEAD)):
        # What one holds, a later one may release: one by one.
        for batch in ([row] for row in together) if holds else (list(together),):
            done = _write(statements, batch)
            settled |= done
            written = [row for row in batch if row["id"] in done]
            sent = [row for row in written if row["state"] == State.SENT]
            if sent:
                released |= held.release(statements, sent)
            for row in written if holds else ():
                held.hold(statements, row)
    return tuple(row["id"] for row in rows if row["id"] not in settled), released


def _write(statements: Statements, rows: Sequence[Parameters]) -> set[int]:
    steps = json.dumps([[row[name] for name in _STEP] for row in rows])
    written = statements.all(_SETTLE, {"steps": steps, "now": rows[0]["now"]})
    return {row["id"] for row in written}


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
    """Mark everything not yet sent as in doubt: that it may have been posted since that instant.

    What waits for the end of quiet hours is searched for then.
    """
    return await tx.run(
        """
        UPDATE delivery
           SET state = 'sending', attempt = attempt + 1, sending = '',
               not_before = CASE WHEN reason = :quiet THEN not_before ELSE :now END,
               tried_at = least(coalesce(tried_at, :since), :since)
         WHERE state IN ('planned', 'sending')
        """,
        {"since": to_text(since), "now": to_text(now), "quiet": QUIET},
    )


def newest_instant(statements: Statements) -> str | None:
    """When a delivery was planned or sent last, as text; `None` where there was none."""
    row = statements.one("SELECT max(planned_at) AS planned, max(sent_at) AS sent FROM delivery")
    return max(filter(None, row or ()), default=None)


LONGEST_WAIT = timedelta(hours=1)
"""The longest pause of `Patience`."""


async def end_waits(
    tx: Transaction, now: datetime, *, owner: str = "", beyond: timedelta = timedelta()
) -> int:
    """After the clock was set back: end waits that were stored before it. Returns how many.

    Those are waits that end later than `beyond` from now, and waits of messages planned after now.
    Ending a wait too early costs one call; a wait that lasts as long as the step stops its channel.
    Claims of other processes that live stay: theirs may be in flight. `owner` is this process.
    """
    living = {each.process.id for each in await processes.list_all(tx)} - {owner}
    their = {
        "now": to_text(now),
        "until": to_text(now + beyond),
        "living": sorted(living),
        "quiet": QUIET,
    }
    await tx.run(
        "UPDATE delivery SET edit_after = '' WHERE state = 'sent' AND edit_after > :until", their
    )
    return await tx.run(
        """
        UPDATE delivery SET not_before = :now
         WHERE state IN ('planned', 'sending', 'held') AND reason <> :quiet
           AND (not_before > :until OR not_before > :now AND planned_at > :now)
           AND (state <> 'sending'
                OR coalesce(owner, '') NOT IN (SELECT value FROM texts(:living)))
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


async def span_sent(
    tx: Transaction, channel: ChannelRef, message_ids: Iterable[str]
) -> tuple[datetime, datetime] | None:
    """When the first and the last of these messages of a channel were sent; `None`: none was."""
    row = await tx.one(
        """
        SELECT min(sent_at) AS first_sent, max(sent_at) AS last_sent FROM delivery
         WHERE channel = :channel AND message_id IN (SELECT value FROM texts(:ids))
        """,
        {"channel": str(channel), "ids": list(message_ids)},
    )
    if row is None or row["first_sent"] is None:
        return None
    return from_text(row["first_sent"]), from_text(row["last_sent"])


async def is_known(tx: Transaction, key: DeliveryKey) -> bool:
    """Whether a message of that key was ever planned."""
    row = await tx.one("SELECT 1 FROM delivery WHERE key = :key", {"key": key})
    return row is not None
