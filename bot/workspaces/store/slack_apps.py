"""The table `slack_app`: workspaces that are served by their tokens, which are stored encrypted."""

from datetime import datetime

from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.workspaces.domain.slack_app import Ended, Kind


@dataclass(frozen=True, slots=True)
class StoredApp:
    """A row; `tokens` is encrypted, and changes whenever it is written.

    `installed_at` is when Slack gave the tokens, as far as it is known.
    """

    workspace: str
    name: str
    tokens: str
    added_at: datetime
    kind: Kind = Kind.OWN
    installed_at: datetime | None = None
    ended: Ended = Ended.NOT


_COLUMNS = "SELECT workspace, name, tokens, added_at, kind, installed_at, ended FROM slack_app "


async def put(tx: Transaction, app: StoredApp) -> bool:
    """Store an app, instead of the workspace's former one; returns whether there was none."""
    was_there = await find(tx, app.workspace)
    await tx.run(
        """
        INSERT INTO slack_app (workspace, name, tokens, added_at, kind, installed_at, ended)
        VALUES (:workspace, :name, :tokens, :added_at, :kind, :installed_at, :ended)
        ON CONFLICT (workspace) DO UPDATE
           SET name = excluded.name, tokens = excluded.tokens, kind = excluded.kind,
               installed_at = excluded.installed_at, ended = excluded.ended,
               refreshing_until = NULL
        """,
        {
            "workspace": app.workspace,
            "name": app.name,
            "tokens": app.tokens,
            "added_at": to_text(app.added_at),
            "kind": app.kind,
            "installed_at": to_text(app.installed_at) if app.installed_at else None,
            "ended": app.ended,
        },
    )
    return was_there is None


async def find(tx: Transaction, workspace: str) -> StoredApp | None:
    """The app of a workspace."""
    row = await tx.one(_COLUMNS + "WHERE workspace = :workspace", {"workspace": workspace})
    return _app(row) if row is not None else None


async def list_all(tx: Transaction) -> tuple[StoredApp, ...]:
    """Every app, the oldest first."""
    return tuple(map(_app, await tx.all(_COLUMNS + "ORDER BY added_at, workspace", {})))


async def set_tokens(tx: Transaction, app: StoredApp, tokens: str) -> None:
    """Replace an app's tokens, unless it was given others since; a claim to refresh them ends."""
    await tx.run(
        "UPDATE slack_app SET tokens = :tokens, refreshing_until = NULL"
        " WHERE workspace = :workspace AND tokens = :former",
        {"workspace": app.workspace, "tokens": tokens, "former": app.tokens},
    )


async def encrypt_anew(tx: Transaction, app: StoredApp, tokens: str) -> None:
    """Store the same tokens, encrypted otherwise; a claim to refresh them stays."""
    await tx.run(
        "UPDATE slack_app SET tokens = :tokens WHERE workspace = :workspace AND tokens = :former",
        {"workspace": app.workspace, "tokens": tokens, "former": app.tokens},
    )


async def end(tx: Transaction, workspace: str, ended: Ended) -> None:
    """Record why a workspace is not served any more."""
    await tx.run(
        "UPDATE slack_app SET ended = :ended WHERE workspace = :workspace",
        {"workspace": workspace, "ended": ended},
    )


async def claim_refresh(tx: Transaction, app: StoredApp, *, now: datetime, until: datetime) -> bool:
    """Claim to refresh these very tokens; false if somebody else does, or they were replaced."""
    return bool(
        await tx.run(
            """
            UPDATE slack_app SET refreshing_until = :until
             WHERE workspace = :workspace AND tokens = :tokens AND ended = ''
               AND (refreshing_until IS NULL OR refreshing_until <= :now)
            """,
            {
                "workspace": app.workspace,
                "tokens": app.tokens,
                "now": to_text(now),
                "until": to_text(until),
            },
        )
    )


async def remove(tx: Transaction, workspace: str) -> bool:
    """Remove a workspace's app and its tokens; returns whether there was one."""
    return bool(
        await tx.run("DELETE FROM slack_app WHERE workspace = :workspace", {"workspace": workspace})
    )


def _app(row: Row) -> StoredApp:
    installed_at = row["installed_at"]
    return StoredApp(
        row["workspace"],
        row["name"],
        row["tokens"],
        from_text(row["added_at"]),
        Kind(row["kind"]),
        from_text(installed_at) if installed_at else None,
        Ended(row["ended"]),
    )
