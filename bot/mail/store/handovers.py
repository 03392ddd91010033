"""Which messages the mail server may have: `Handovers` in the database."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.database.database import Database, Transaction
from bot.core.database.instants import from_text, to_text
from bot.mail.domain.subscriber import Handover

_IN_FLIGHT = timedelta(minutes=2)
"""No call lasts longer: what was begun before that is in doubt, and a person may have it sent again."""
_KEPT = timedelta(days=180)
_RESTORED = "restored"
"""In place of a key: when a backup was put back, which knows of no later message."""


async def note_restore(tx: Transaction, now: datetime) -> None:
    """What was handed over after the backup was made is not known any more."""
    await tx.run(
        """
        INSERT INTO mail_handover (key, begun_at) VALUES (:key, :now)
        ON CONFLICT (key) DO UPDATE SET begun_at = :now
        """,
        {"key": _RESTORED, "now": to_text(now)},
    )


async def was_begun(tx: Transaction, key: str) -> bool:
    """Whether the mail server may have a message with that key."""
    row = await tx.one(
        "SELECT 1 AS there FROM mail_handover WHERE key = :key AND key <> :restored",
        {"key": key, "restored": _RESTORED},
    )
    return row is not None


class DatabaseHandovers:
    """`Handovers` over an open database; `clock` gives the aware instant."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock

    async def find(self, key: str) -> Handover | None:
        async with self._db.reading() as tx:
            row = await tx.one(
                "SELECT begun_at, accepted_at FROM mail_handover WHERE key = :key", {"key": key}
            )
        if row is None:
            return None
        accepted = from_text(row["accepted_at"]) if row["accepted_at"] else None
        return Handover(from_text(row["begun_at"]), accepted)

    async def know_since(self, instant: datetime) -> bool:
        async with self._db.reading() as tx:
            row = await tx.one(
                "SELECT begun_at FROM mail_handover WHERE key = :key", {"key": _RESTORED}
            )
        return row is None or from_text(row["begun_at"]) <= instant

    async def begin(self, key: str) -> bool:
        now = self._clock()
        async with self._db.transaction() as tx:
            changed = await tx.run(
                """
                INSERT INTO mail_handover (key, begun_at) VALUES (:key, :now)
                ON CONFLICT (key) DO UPDATE SET begun_at = :now
                 WHERE mail_handover.accepted_at IS NULL AND mail_handover.begun_at < :before
                """,
                {"key": key, "now": to_text(now), "before": to_text(now - _IN_FLIGHT)},
            )
        return changed > 0

    async def accept(self, key: str) -> None:
        async with self._db.transaction() as tx:
            await tx.run(
                "UPDATE mail_handover SET accepted_at = :now WHERE key = :key",
                {"key": key, "now": to_text(self._clock())},
            )

    async def forget(self, key: str) -> None:
        async with self._db.transaction() as tx:
            await tx.run(
                "DELETE FROM mail_handover WHERE key = :key AND accepted_at IS NULL", {"key": key}
            )

    async def prune(self) -> None:
        async with self._db.transaction() as tx:
            await tx.run(
                "DELETE FROM mail_handover WHERE begun_at < :before",
                {"before": to_text(self._clock() - _KEPT)},
            )
