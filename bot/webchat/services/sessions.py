"""Who is signed in on the web: `ports.Sessions` over the database."""

import hashlib
import secrets
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.core.ports import Identity, Session
from bot.webchat.store import sessions

SESSION_FOR = timedelta(days=14)
"""How long a session lasts; it is not prolonged."""


class DatabaseSessions:
    """`ports.Sessions` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def begin(self, who: Identity, *, at: datetime) -> str:
        secret = secrets.token_urlsafe(32)
        async with self._db.transaction() as tx:
            await sessions.remove_expired(tx, at=at)
            await sessions.add(tx, _hash(secret), who, until=at + SESSION_FOR)
        return secret

    async def find(self, secret: str, *, at: datetime) -> Session | None:
        hash_ = _hash(secret)
        async with self._db.reading() as tx:
            who = await sessions.find(tx, hash_, at=at)
        return None if who is None else Session(hash_, who)

    async def end(self, session: Session) -> None:
        async with self._db.transaction() as tx:
            await sessions.remove(tx, session.hash)

    async def end_all(self, person: str) -> None:
        async with self._db.transaction() as tx:
            await sessions.remove_all(tx, person)

    async def use_once(self, state: str, *, at: datetime, until: datetime) -> bool:
        async with self._db.transaction() as tx:
            await sessions.remove_expired(tx, at=at)
            return await sessions.use_once(tx, _hash(state), until=until)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
