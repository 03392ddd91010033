"""States of installations: each is valid once, for a few minutes."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from bot.core.database.database import Database
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import translatable
from bot.workspaces.store import install_states

VALID_FOR = timedelta(minutes=10)
TOO_MANY = translatable("Too many installations were begun: try again in ten minutes")
MOST = 10_000
"""States at one time: anybody can open the page that makes one."""


async def issue(db: Database, *, now: datetime) -> str:
    """A new state. Raises `UserError` where too many installations were begun."""
    state = secrets.token_urlsafe(32)
    async with db.transaction() as tx:
        if await install_states.prune(tx, now) >= MOST:
            raise UserError(TOO_MANY)
        await install_states.add(tx, _hashed(state), now + VALID_FOR)
    return state


async def consume(db: Database, state: str, *, now: datetime) -> bool:
    """Whether the state is valid; it is not afterwards."""
    async with db.transaction() as tx:
        return await install_states.take(tx, _hashed(state), now)


def _hashed(state: str) -> str:
    return sha256(state.encode(errors="replace")).hexdigest()
