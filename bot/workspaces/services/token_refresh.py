"""Exchanging refresh tokens before bot tokens expire, where an app's tokens rotate.

A refresh token can be used once: of two processes that use the same one, Slack leaves one with dead
tokens. So whoever exchanges it claims that in the database first.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.core.domain.errors import UsageError, UserError
from bot.core.ports import ChatError
from bot.workspaces.domain.slack_app import Tokens
from bot.workspaces.services.slack_apps import GUARD, decrypted, encrypted, list_stored
from bot.workspaces.store import slack_apps
from bot.workspaces.store.slack_apps import StoredApp

log = logging.getLogger(__name__)

BEFORE = timedelta(hours=2)
"""How long before a token expires it is replaced; Slack's are valid for twelve hours."""
CLAIMED_FOR = timedelta(minutes=1)
"""Longer than an exchange can take. A failed one is repeated after that."""

Exchange = Callable[[str], Awaitable[Tokens]]
"""New tokens for a refresh token; raises `ChatError`."""


async def refresh_due(
    db: Database, keys: Sequence[str], exchange: Exchange, *, clock: Callable[[], datetime]
) -> None:
    """Replace the tokens that expire soon; those that cannot be decrypted are left out."""
    for stored in await list_stored(db):
        if stored.ended:
            continue
        try:
            tokens = decrypted(stored, keys).tokens
        except UsageError:
            continue  # told by who connects the workspaces
        if tokens.refresh_token is None or tokens.expires_at is None:
            continue
        now = clock()
        if datetime.fromisoformat(tokens.expires_at) - now <= BEFORE:
            await _refresh(db, stored, tokens, keys, exchange=exchange, now=now)


async def _refresh(
    db: Database,
    stored: StoredApp,
    tokens: Tokens,
    keys: Sequence[str],
    *,
    exchange: Exchange,
    now: datetime,
) -> None:
    async with db.transaction() as tx:
        if not await slack_apps.claim_refresh(tx, stored, now=now, until=now + CLAIMED_FOR):
            return
    try:
        fresh = await exchange(tokens.refresh_token or "")
    except (ChatError, UserError) as error:
        log.error(
            "Slack: the token of %s, which expires at %s, could not be replaced: %s. If this goes "
            "on, the workspace must install the app again",
            stored.workspace,
            tokens.expires_at,
            error,
        )
        return
    kept = replace(fresh, refresh_token=fresh.refresh_token or tokens.refresh_token)
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        present = await slack_apps.find(tx, stored.workspace)
        if present is None or not _is_same(present, stored, tokens, keys):
            return
        await slack_apps.set_tokens(tx, present, encrypted(kept, keys))
    log.info("Slack: the token of %s was replaced", stored.workspace)


def _is_same(present: StoredApp, stored: StoredApp, tokens: Tokens, keys: Sequence[str]) -> bool:
    """Whether the app was given no other tokens since.

    A process that started meanwhile may have encrypted them anew, even with a key of its own.
    """
    if present.installed_at != stored.installed_at:
        return False
    try:
        return decrypted(present, keys).tokens == tokens
    except UsageError:
        return True
