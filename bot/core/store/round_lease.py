"""Which process asks arXiv what is due: one at a time, by a lease in the database."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.database import instants
from bot.core.database.database import Transaction


@dataclass(frozen=True, slots=True)
class Lease:
    """Who does what is due, and until when nobody else may."""

    holder: str
    until: datetime


async def find(tx: Transaction) -> Lease | None:
    """Who took the lease last and has not given it back."""
    row = await tx.one("SELECT holder, held_until FROM arxiv_round")
    return Lease(row["holder"], instants.from_text(row["held_until"])) if row is not None else None


async def take(tx: Transaction, lease: Lease) -> None:
    """Let the holder begin, whoever held the lease before."""
    await tx.run(
        """
        INSERT INTO arxiv_round (only_row, holder, held_until) VALUES (1, :holder, :until)
        ON CONFLICT (only_row) DO UPDATE
           SET holder = excluded.holder, held_until = excluded.held_until
        """,
        {"holder": lease.holder, "until": instants.to_text(lease.until)},
    )


async def renew(tx: Transaction, lease: Lease) -> bool:
    """Prolong the lease; `False` when somebody else has taken it."""
    changed = await tx.run(
        "UPDATE arxiv_round SET held_until = :until WHERE holder = :holder",
        {"holder": lease.holder, "until": instants.to_text(lease.until)},
    )
    return changed > 0


async def give_back(tx: Transaction, holder: str) -> None:
    """The holder is done; nothing changes if another has taken over."""
    await tx.run("DELETE FROM arxiv_round WHERE holder = :holder", {"holder": holder})
