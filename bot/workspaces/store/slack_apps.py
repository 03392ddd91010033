"""The table `slack_app`: workspaces with an app of their own. Tokens are stored encrypted."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text


@dataclass(frozen=True, slots=True)
class StoredApp:
    """A row; `tokens` is encrypted, and changes whenever it is written."""

    workspace: str
    name: str
    tokens: str
    added_at: datetime


async def put(tx: Transaction, app: StoredApp) -> bool:
    """Store an app, instead of the workspace's former one; returns whether there was none."""
    was_there = await tx.one(
        "SELECT 1 FROM slack_app WHERE workspace = :workspace", {"workspace": app.workspace}
    )
    await tx.run(
        """
        INSERT INTO slack_app (workspace, name, tokens, added_at)
        VALUES (:workspace, :name, :tokens, :added_at)
        ON CONFLICT (workspace) DO UPDATE SET name = excluded.name, tokens = excluded.tokens
        """,
        {
            "workspace": app.workspace,
            "name": app.name,
            "tokens": app.tokens,
            "added_at": to_text(app.added_at),
        },
    )
    return was_there is None


async def list_all(tx: Transaction) -> tuple[StoredApp, ...]:
    """Every app, the oldest first."""
    rows = await tx.all(
        "SELECT workspace, name, tokens, added_at FROM slack_app ORDER BY added_at, workspace", {}
    )
    return tuple(
        StoredApp(row["workspace"], row["name"], row["tokens"], from_text(row["added_at"]))
        for row in rows
    )


async def remove(tx: Transaction, workspace: str) -> bool:
    """Remove a workspace's app and its tokens; returns whether there was one."""
    return bool(
        await tx.run("DELETE FROM slack_app WHERE workspace = :workspace", {"workspace": workspace})
    )
