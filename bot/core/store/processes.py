"""The bots that share the work of one database, and the leases that they hold while they live.

A process is there while its row is. So one statement renews everything that it holds, and to delete
the row frees all of it and stops its claims (`is_there`).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bot.core.database.database import Engine, Statements, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.lease_shares import Member
from bot.core.store.leases import Process

TERM = timedelta(seconds=20)
"""A process that was not seen for so long is dead: its work moves within half a minute."""

GUARD = "leases"
"""The guard of transactions that take leases or delete rows of processes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A process, what it can do, and when it was seen last."""

    process: Process
    can: frozenset[str]
    started_at: datetime
    seen_at: datetime

    @property
    def member(self) -> Member:
        """It, as work is spread over."""
        return Member(self.process.id, self.can)


class Holder(NamedTuple):
    """Who holds a lease, with its token."""

    process_id: str
    token: int


async def server_now(tx: Transaction, local: datetime) -> datetime:
    """The instant by the clock that all processes share: the server's, or this machine's."""
    if tx.engine is Engine.SQLITE:
        return local
    row = await tx.one("SELECT clock_timestamp() AS now")
    assert row is not None  # noqa: S101 - it has no FROM
    now: datetime = row["now"]
    return now.astimezone(UTC)


async def join(tx: Transaction, process: Process, can: Iterable[str], at: datetime) -> None:
    """Add a process; its id must be new."""
    await tx.run(
        """
        INSERT INTO process (id, machine, pid, can, started_at, seen_at)
        VALUES (:id, :machine, :pid, :can, :at, :at)
        """,
        {
            "id": process.id,
            "machine": process.machine,
            "pid": process.pid,
            "can": json.dumps(sorted(can)),
            "at": to_text(at),
        },
    )


async def see(tx: Transaction, process_id: str, at: datetime) -> bool:
    """Note that a process lives; `False` if it was declared dead."""
    changed = await tx.run(
        "UPDATE process SET seen_at = :at WHERE id = :id", {"id": process_id, "at": to_text(at)}
    )
    return changed > 0


async def is_there(tx: Transaction, process_id: str) -> bool:
    """Whether a process has joined and was not declared dead since."""
    row = await tx.one("SELECT 1 FROM process WHERE id = :id", {"id": process_id})
    return row is not None


async def list_all(tx: Transaction) -> tuple[Seen, ...]:
    """Every process, the oldest first."""
    rows = await tx.all(
        "SELECT id, machine, pid, can, started_at, seen_at FROM process ORDER BY started_at, id"
    )
    return tuple(
        Seen(
            Process(row["id"], row["machine"], row["pid"]),
            frozenset(json.loads(row["can"])),
            from_text(row["started_at"]),
            from_text(row["seen_at"]),
        )
        for row in rows
    )


async def remove(tx: Transaction, process_id: str, *, not_seen_since: datetime) -> bool:
    """Declare a process dead; `False` if it was seen after that instant, or is gone already."""
    removed = await tx.run(
        "DELETE FROM process WHERE id = :id AND seen_at <= :since",
        {"id": process_id, "since": to_text(not_seen_since)},
    )
    return removed > 0


async def leave(tx: Transaction, process_id: str) -> None:
    """Free every lease of a process, and remove it."""
    them = {"id": process_id}
    await tx.run("UPDATE lease SET holder = NULL WHERE holder = :id", them)
    await tx.run("DELETE FROM process WHERE id = :id", them)


async def list_holders(tx: Transaction) -> Mapping[str, Holder]:
    """The leases that processes which are there hold, by name."""

    def list_each(statements: Statements) -> dict[str, Holder]:
        rows = statements.tuples(
            "SELECT l.name, l.holder, l.token FROM lease l JOIN process p ON p.id = l.holder"
        )
        return {name: Holder(holder, token) for name, holder, token in rows}

    return await tx.call(list_each)  # thousands of names: in the connection's thread


async def count_parts(tx: Transaction, local: datetime) -> Mapping[tuple[str, int], int]:
    """How many leases each process that lives holds, by its machine's name and its pid.

    The row of one that was killed stays until another looks, and a restored backup has rows of
    processes that ended long ago: neither is counted. `local` is as `server_now` takes it.
    """
    since = await server_now(tx, local) - TERM
    rows = await tx.all(
        """
        SELECT p.machine, p.pid, (SELECT count(*) FROM lease l WHERE l.holder = p.id) AS held
          FROM process p WHERE p.seen_at >= :since ORDER BY p.started_at, p.id
        """,
        {"since": to_text(since)},
    )
    return {(row["machine"].partition(" ")[0], row["pid"]): row["held"] for row in rows}


_TAKE = """
INSERT INTO lease (name, token, holder, machine, pid, expires_at)
VALUES (:name, 1, :holder, :machine, :pid, :at)
ON CONFLICT (name) DO UPDATE
   SET token = lease.token + 1, holder = :holder, machine = :machine, pid = :pid, expires_at = :at
 WHERE lease.holder IS NULL OR NOT EXISTS (SELECT 1 FROM process p WHERE p.id = lease.holder)
RETURNING token
"""


async def take(
    tx: Transaction, names: Collection[str], process: Process, at: datetime
) -> Mapping[str, int]:
    """Take those of the leases that nobody holds; their tokens by name. `GUARD` must be held.

    Such a lease does not expire at an instant: `at` is when it was taken.
    """
    row = {
        "holder": process.id,
        "machine": process.machine,
        "pid": process.pid,
        "at": to_text(at),
    }

    def take_each(statements: Statements) -> dict[str, int]:
        taken = {}
        for name in sorted(names):
            found = statements.one(_TAKE, {**row, "name": name})
            if found is not None:
                taken[name] = found["token"]
        return taken

    return await tx.call(take_each)


async def release(tx: Transaction, name: str, token: int) -> None:
    """Free a lease, if it was not taken since."""
    await tx.run(
        "UPDATE lease SET holder = NULL WHERE name = :name AND token = :token",
        {"name": name, "token": token},
    )
