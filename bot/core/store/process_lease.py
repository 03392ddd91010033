"""Which process posts: one at a time, by a lease in the database."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text


@dataclass(frozen=True, slots=True)
class Process:
    """One run of a process: `owner` was never used before; `machine` and `pid` say where it is."""

    owner: str
    machine: str
    pid: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lease, and until when."""

    process: Process
    lease_until: datetime


async def find_holder(tx: Transaction) -> Holder | None:
    """Who took the lease last and has not given it back."""
    row = await tx.one("SELECT owner, machine, pid, lease_until FROM ownership")
    if row is None:
        return None
    process = Process(row["owner"], row["machine"], row["pid"])
    return Holder(process, from_text(row["lease_until"]))


async def take(tx: Transaction, process: Process, lease_until: datetime) -> None:
    """Make the process the owner, whoever was it before."""
    await tx.run(
        """
        INSERT INTO ownership (only_row, owner, machine, pid, lease_until)
        VALUES (1, :owner, :machine, :pid, :lease_until)
        ON CONFLICT (only_row) DO UPDATE
           SET owner = :owner, machine = :machine, pid = :pid, lease_until = :lease_until
        """,
        {
            "owner": process.owner,
            "machine": process.machine,
            "pid": process.pid,
            "lease_until": to_text(lease_until),
        },
    )


async def renew(tx: Transaction, process: Process, lease_until: datetime) -> bool:
    """Prolong the lease; `False` when somebody else has taken it."""
    changed = await tx.run(
        "UPDATE ownership SET lease_until = :lease_until WHERE owner = :owner",
        {"owner": process.owner, "lease_until": to_text(lease_until)},
    )
    return changed > 0


async def give_back(tx: Transaction, process: Process) -> None:
    """End the lease, so that the next need not wait for its end."""
    await tx.run("DELETE FROM ownership WHERE owner = :owner", {"owner": process.owner})
