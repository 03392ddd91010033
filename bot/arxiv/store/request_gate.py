"""The request gate's state: who holds it, backoffs, and counts of failed requests."""

from datetime import datetime

from bot.arxiv.ports import Refusal
from bot.core.database import instants
from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass

EVERYTHING = "*"
"""The target that stands for all targets."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The backoff of a target."""

    target: str
    failures: int
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """How often requests of a target failed for one reason."""

    target: str
    kind: Refusal
    times: int
    reason: str
    last_at: datetime


async def free_at(tx: Transaction) -> datetime:
    """When the next request may be made, as far as the distance to the last one goes."""
    row = await tx.one("SELECT free_at FROM request_gate")
    assert row is not None  # noqa: S101 - the migration put it there
    return instants.from_text(row["free_at"])


async def note_request(tx: Transaction) -> None:
    """One more request is made."""
    await tx.run("UPDATE request_gate SET requests = requests + 1")


async def requests_made(tx: Transaction) -> int:
    """How many requests were ever made."""
    row = await tx.one("SELECT requests FROM request_gate")
    assert row is not None  # noqa: S101 - the migration put it there
    return int(row["requests"])


async def put_free_at(tx: Transaction, at: datetime) -> None:
    """Allow the next request from that instant on."""
    await tx.run("UPDATE request_gate SET free_at = :at", {"at": instants.to_text(at)})


async def list_waits(tx: Transaction) -> tuple[Wait, ...]:
    """The backoffs of all targets whose last request failed, also those that are over."""
    rows = await tx.all("SELECT target, failures, until_at, reason FROM arxiv_wait ORDER BY target")
    return tuple(
        Wait(row["target"], row["failures"], instants.from_text(row["until_at"]), row["reason"])
        for row in rows
    )


async def put_wait(tx: Transaction, wait: Wait) -> None:
    """Store the backoff of a target."""
    await tx.run(
        """
        INSERT INTO arxiv_wait (target, failures, until_at, reason)
        VALUES (:target, :failures, :until_at, :reason)
        ON CONFLICT (target) DO UPDATE SET
            failures = excluded.failures, until_at = excluded.until_at, reason = excluded.reason
        """,
        {
            "target": wait.target,
            "failures": wait.failures,
            "until_at": instants.to_text(wait.until),
            "reason": wait.reason,
        },
    )


async def end_waits(tx: Transaction, target: str) -> None:
    """A request of the target succeeded: end its backoff, and that of all targets."""
    await tx.run(
        "DELETE FROM arxiv_wait WHERE target IN (:target, :everything)",
        {"target": target, "everything": EVERYTHING},
    )


async def end_all_waits(tx: Transaction, now: datetime, free_at: datetime) -> None:
    """After the clock was set back: end all backoffs; the next request may be made at `free_at`.

    The counts of failures stay, so that a target that still refuses is left alone for longer.
    """
    at = {"now": instants.to_text(now), "free_at": instants.to_text(free_at)}
    await tx.run("UPDATE arxiv_wait SET until_at = :now WHERE until_at > :now", at)
    await tx.run("UPDATE request_gate SET free_at = :free_at WHERE free_at > :free_at", at)


async def count_refusal(
    tx: Transaction, target: str, kind: Refusal, reason: str, at: datetime
) -> None:
    """Count a failed request."""
    await tx.run(
        """
        INSERT INTO arxiv_refusal (target, kind, times, reason, last_at)
        VALUES (:target, :kind, 1, :reason, :at)
        ON CONFLICT (target, kind) DO UPDATE SET
            times = arxiv_refusal.times + 1, reason = excluded.reason, last_at = excluded.last_at
        """,
        {"target": target, "kind": kind, "reason": reason, "at": instants.to_text(at)},
    )


async def list_refusals(tx: Transaction) -> tuple[Refused, ...]:
    """Failed requests by target and kind, the latest first."""
    rows = await tx.all(
        """
        SELECT target, kind, times, reason, last_at FROM arxiv_refusal
        ORDER BY last_at DESC, target, kind
        """
    )
    return tuple(
        Refused(
            row["target"],
            Refusal(row["kind"]),
            row["times"],
            row["reason"],
            instants.from_text(row["last_at"]),
        )
        for row in rows
    )
