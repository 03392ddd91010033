"""What became of single messages, by their keys: direct messages of a day."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, dump
from bot.core.ports import ChannelRef, parse_channel
from bot.outbox.domain.content_hash import content_hash
from bot.outbox.domain.delivery import State, WaitsFor
from bot.outbox.store import copy_deliveries, edits

_NOTHING = Document((), summary="")


@dataclass(frozen=True, slots=True)
class Fate:
    """The state of a message; `is_refused`: its channel takes none until a person changes that."""

    state: State
    is_refused: bool


async def list_fates(tx: Transaction, keys: Collection[str]) -> Mapping[str, Fate]:
    """What became of the messages of these keys; of unknown ones nothing.

    One that is held since its channel has refused another is refused, too: direct messages have no
    subscription that could be resumed.
    """
    rows = await tx.all(
        """
        SELECT key, state, waits_for FROM delivery WHERE key IN (SELECT value FROM texts(:keys))
        """,
        {"keys": list(keys)},
    )
    return {
        row["key"]: Fate(State(row["state"]), row["waits_for"] == WaitsFor.RESUME) for row in rows
    }


async def want(tx: Transaction, key: str, present: Callable[[ChannelRef], Document]) -> bool:
    """The message of that key should say this in its channel; whether it said something else."""
    row = await tx.one(
        "SELECT id, channel, state, wanted FROM delivery WHERE key = :key", {"key": key}
    )
    if row is None or row["state"] == State.DEAD:
        return False
    document = present(parse_channel(row["channel"]))
    if content_hash(document) == row["wanted"]:
        return False
    await edits.want(tx, row["id"], document)
    return True


async def drop_refused(tx: Transaction, channel: str, now: datetime) -> None:
    """Do not post what is held since the channel, one of direct messages, has refused another."""
    rows = await tx.all(
        """
        SELECT id FROM delivery
         WHERE channel = :channel AND state = 'held' AND waits_for = 'resume'
        """,
        {"channel": channel},
    )
    await copy_deliveries.unwant(tx, [row["id"] for row in rows], _NOTHING, now)


async def list_refused(tx: Transaction, part: str) -> tuple[str, ...]:
    """The keys of direct messages of that kind that are held since their channel has refused another.

    Nobody resumes such a channel: it has no subscription.
    """
    rows = await tx.all(
        """
        SELECT key FROM delivery WHERE state = 'held' AND waits_for = 'resume' AND part = :part
        """,
        {"part": part},
    )
    return tuple(row["key"] for row in rows)


async def drop(tx: Transaction, key: str, now: datetime) -> None:
    """Do not post the message of that key, or remove it if it may have been posted just now."""
    row = await tx.one("SELECT id FROM delivery WHERE key = :key", {"key": key})
    if row is not None:
        await copy_deliveries.unwant(tx, [row["id"]], _NOTHING, now)


async def forget(tx: Transaction, channel: str, part: str, now: datetime) -> None:
    """Do not keep what messages of that kind said in a channel, nor post those that were refused."""
    # No condition may be left out: the index `delivery_direct` holds these rows alone.
    rows = await tx.all(
        """
        SELECT id, state FROM delivery
         WHERE channel = :channel AND part = :part
           AND entry_id IS NULL AND reply_id IS NULL AND caused_by IS NULL
        """,
        {"channel": channel, "part": part},
    )
    sent = [row["id"] for row in rows if row["state"] == "sent"]
    others = [row["id"] for row in rows if row["state"] != "sent"]
    await copy_deliveries.unwant(tx, others, _NOTHING, now)
    await tx.run(
        """
        UPDATE delivery SET document = :nothing
         WHERE id IN (SELECT value FROM numbers(:sent)) AND state = 'sent'
        """,
        {"sent": sent, "nothing": dump(_NOTHING)},
    )
