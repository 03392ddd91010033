"""Tokens for assistants over HTTP: `ports.AssistantTokens` over the database."""

import hashlib
import secrets
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.core.domain.errors import UsageError
from bot.core.ports import AssistantToken, FoundToken, Identity
from bot.webchat.store import tokens

MOST = 10
"""Tokens of one person."""
_USED_WITHIN = timedelta(minutes=1)
"""A use is written at most so often: an assistant asks several times a second."""


class DatabaseAssistantTokens:
    """`ports.AssistantTokens` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def make(self, who: Identity, label: str, *, at: datetime) -> str:
        secret = f"paperbot_{secrets.token_urlsafe(32)}"
        async with self._db.transaction() as tx:
            await tx.guard(tokens.GUARD)
            if len(await tokens.list_of(tx, who.person)) >= MOST:
                raise UsageError("You have {most} tokens: revoke one first.", most=MOST)
            await tokens.add(tx, _hash(secret), who, label, at=at)
        return secret

    async def find(self, secret: str, *, at: datetime) -> FoundToken | None:
        async with self._db.reading() as tx:
            there = await tokens.find(tx, _hash(secret))
        if there is None:
            return None
        found, used_at = there
        if used_at is None or at - used_at >= _USED_WITHIN:
            async with self._db.transaction() as tx:
                await tokens.mark_used(tx, found.number, at=at)
        return found

    async def list_of(self, person: str) -> tuple[AssistantToken, ...]:
        async with self._db.reading() as tx:
            return await tokens.list_of(tx, person)

    async def revoke(self, person: str, number: int) -> None:
        async with self._db.transaction() as tx:
            await tokens.remove(tx, person, number)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
