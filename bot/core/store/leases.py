"""Leases as rows: the right of one process to do one named thing until an instant."""

from dataclasses import replace
from datetime import datetime

from bot.core.database.database import Statements, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Process:
    """One run of a process: no other ever has the same `id`; `machine` and `pid` say where it is."""

    id: str
    machine: str
    pid: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a lease and until when; `token` is larger than that of every earlier holder."""

    name: str
    token: int
    process: Process
    expires_at: datetime


async def find(tx: Transaction, name: str) -> Lease | None:
    """The lease of that name as its last holder left it; `None` where it was released."""
    row = await tx.one(
        """
        SELECT token, holder, machine, pid, expires_at FROM lease
         WHERE name = :name AND holder IS NOT NULL
        """,
        {"name": name},
    )
    if row is None:
        return None
    process = Process(row["holder"], row["machine"], row["pid"])
    return Lease(name, row["token"], process, from_text(row["expires_at"]))


async def list_held(tx: Transaction, now: datetime) -> tuple[str, ...]:
    """The names of the leases that somebody holds."""
    rows = await tx.all(
        "SELECT name FROM lease WHERE holder IS NOT NULL AND expires_at > :now ORDER BY name",
        {"now": to_text(now)},
    )
    return tuple(row["name"] for row in rows)


async def take(tx: Transaction, name: str, process: Process, expires_at: datetime) -> Lease:
    """Make the process the holder, whoever held the lease before."""
    row = await tx.one(
        """
        INSERT INTO lease (name, token, holder, machine, pid, expires_at)
        VALUES (:name, 1, :holder, :machine, :pid, :expires_at)
        ON CONFLICT (name) DO UPDATE
           SET token = lease.token + 1, holder = :holder, machine = :machine, pid = :pid,
               expires_at = :expires_at
        RETURNING token
        """,
        {
            "name": name,
            "holder": process.id,
            "machine": process.machine,
            "pid": process.pid,
            "expires_at": to_text(expires_at),
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row that was written
    return Lease(name, row["token"], process, expires_at)


async def renew(tx: Transaction, lease: Lease, expires_at: datetime) -> Lease | None:
    """Extend the lease; `None` where another process has taken it since."""
    changed = await tx.run(
        """
        UPDATE lease SET expires_at = :expires_at
         WHERE name = :name AND token = :token AND holder IS NOT NULL
        """,
        {"name": lease.name, "token": lease.token, "expires_at": to_text(expires_at)},
    )
    return replace(lease, expires_at=expires_at) if changed else None


async def release(tx: Transaction, lease: Lease) -> bool:
    """Free the lease at once; `False`, and nothing changes, where another process has taken it."""
    changed = await tx.run(
        "UPDATE lease SET holder = NULL WHERE name = :name AND token = :token",
        {"name": lease.name, "token": lease.token},
    )
    return changed > 0


def release_all(statements: Statements) -> None:
    """Free every lease in a copy of an SQLite database, whatever its version."""
    tables = {row["name"] for row in statements.all("SELECT name FROM sqlite_schema")}
    if "lease" in tables:
        statements.run("UPDATE lease SET holder = NULL")
    if "process" in tables:
        statements.run("DELETE FROM process")
    if "ownership" in tables:  # before migration 14
        statements.run("DELETE FROM ownership")
