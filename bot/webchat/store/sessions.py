"""The rows of browsers that are signed in, and of used attempts to sign in."""

from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text
from bot.core.ports import Identity
from bot.webchat.store.identities import columns_of, identity_in


async def add(tx: Transaction, hash_: str, who: Identity, *, until: datetime) -> None:
    """Store a session."""
    await tx.run(
        """
        INSERT INTO web_session (hash, person, platform, workspaces, "user", name, expires_at)
        VALUES (:hash, :person, :platform, :workspaces, :user, :name, :until)
        """,
        {
            "hash": hash_,
            **columns_of(who),
            "until": to_text(until),
        },
    )


async def find(tx: Transaction, hash_: str, *, at: datetime) -> Identity | None:
    """Who is signed in with that hash, unless the session has expired."""
    row = await tx.one(
        """
        SELECT platform, workspaces, "user", name FROM web_session
         WHERE hash = :hash AND expires_at > :at
        """,
        {"hash": hash_, "at": to_text(at)},
    )
    return identity_in(row) if row is not None else None


async def remove(tx: Transaction, hash_: str) -> None:
    """Remove a session, if it is there."""
    await tx.run("DELETE FROM web_session WHERE hash = :hash", {"hash": hash_})


async def remove_all(tx: Transaction, person: str) -> None:
    """Remove the sessions of a person."""
    await tx.run("DELETE FROM web_session WHERE person = :person", {"person": person})


async def use_once(tx: Transaction, hash_: str, *, until: datetime) -> bool:
    """Note that an attempt was used; false if it was before."""
    return (
        await tx.run(
            "INSERT INTO used_sign_in (hash, expires_at) VALUES (:hash, :until) ON CONFLICT DO NOTHING",
            {"hash": hash_, "until": to_text(until)},
        )
        == 1
    )


async def remove_expired(tx: Transaction, *, at: datetime) -> None:
    """Remove what has expired."""
    now = {"at": to_text(at)}
    await tx.run("DELETE FROM web_session WHERE expires_at <= :at", now)
    await tx.run("DELETE FROM used_sign_in WHERE expires_at <= :at", now)
