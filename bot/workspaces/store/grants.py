"""The table `slack_grant`: workspaces to which an organisation granted the app."""

from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """A row; `withdrawn_at` is `None` while the app is granted."""

    workspace: str
    organisation: str
    name: str
    withdrawn_at: datetime | None = None


async def put(tx: Transaction, grant: Grant) -> None:
    """Store a grant, instead of the workspace's former one."""
    await tx.run(
        """
        INSERT INTO slack_grant (workspace, organisation, name, withdrawn_at)
        VALUES (:workspace, :organisation, :name, :withdrawn_at)
        ON CONFLICT (workspace) DO UPDATE
           SET organisation = excluded.organisation, name = excluded.name,
               withdrawn_at = excluded.withdrawn_at
        """,
        {
            "workspace": grant.workspace,
            "organisation": grant.organisation,
            "name": grant.name,
            "withdrawn_at": to_text(grant.withdrawn_at) if grant.withdrawn_at else None,
        },
    )


async def list_all(tx: Transaction) -> tuple[Grant, ...]:
    """Every grant, by workspace, those that were withdrawn included."""
    rows = await tx.all("SELECT * FROM slack_grant ORDER BY workspace", {})
    return tuple(
        Grant(
            row["workspace"],
            row["organisation"],
            row["name"],
            from_text(row["withdrawn_at"]) if row["withdrawn_at"] else None,
        )
        for row in rows
    )


async def forget(tx: Transaction, organisation: str) -> None:
    """Delete the grants of an organisation."""
    await tx.run(
        "DELETE FROM slack_grant WHERE organisation = :organisation",
        {"organisation": organisation},
    )
