"""The rows of tokens for assistants."""

from datetime import datetime
from typing import Final

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.ports import AssistantToken, FoundToken, Identity
from bot.webchat.store.identities import columns_of, identity_in

GUARD: Final = "assistant tokens"
"""For whoever makes a token or forgets a person: none is made beside the statement that forgets them."""


async def add(tx: Transaction, hash_: str, who: Identity, label: str, *, at: datetime) -> None:
    """Store a token."""
    await tx.run(
        """
        INSERT INTO assistant_token (hash, person, platform, workspaces, user_id, name, label, made_at)
        VALUES (:hash, :person, :platform, :workspaces, :user, :name, :label, :at)
        """,
        {
            "hash": hash_,
            **columns_of(who),
            "label": label,
            "at": to_text(at),
        },
    )


async def find(tx: Transaction, hash_: str) -> tuple[FoundToken, datetime | None] | None:
    """The token, and when it was last used."""
    row = await tx.one(
        """
        SELECT id, platform, workspaces, user_id AS "user", name, made_at, used_at
          FROM assistant_token
         WHERE hash = :hash
        """,
        {"hash": hash_},
    )
    if row is None:
        return None
    found = FoundToken(row["id"], identity_in(row), from_text(row["made_at"]))
    return found, from_text(row["used_at"]) if row["used_at"] else None


async def list_of(tx: Transaction, person: str) -> tuple[AssistantToken, ...]:
    """A person's tokens, the oldest first."""
    rows = await tx.all(
        "SELECT id, label, made_at, used_at FROM assistant_token WHERE person = :person ORDER BY id",
        {"person": person},
    )
    return tuple(
        AssistantToken(
            row["id"],
            row["label"],
            from_text(row["made_at"]),
            from_text(row["used_at"]) if row["used_at"] else None,
        )
        for row in rows
    )


async def mark_used(tx: Transaction, number: int, *, at: datetime) -> None:
    """Note a use of the token."""
    await tx.run(
        "UPDATE assistant_token SET used_at = :at WHERE id = :id", {"id": number, "at": to_text(at)}
    )


async def remove(tx: Transaction, person: str, number: int) -> None:
    """Remove a token of the person, if it is there."""
    await tx.run(
        "DELETE FROM assistant_token WHERE person = :person AND id = :id",
        {"person": person, "id": number},
    )


async def remove_all(tx: Transaction, person: str) -> None:
    """Remove the tokens of a person."""
    await tx.run("DELETE FROM assistant_token WHERE person = :person", {"person": person})
