"""New tokens in exchange for a refresh token are kept, whatever other processes do meanwhile."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.core.database.database import Database
from bot.workspaces.domain.slack_app import Kind, SlackApp, Tokens
from bot.workspaces.services import slack_apps
from bot.workspaces.services.token_refresh import refresh_due
from tests.databases import throw_away
from tests.stage import MORNING

OLD, NEW = "an old secret of more than 32 characters", "a new secret of more than 32 characters"
EXPIRES = (MORNING + timedelta(hours=1)).isoformat()
LATER = (MORNING + timedelta(hours=12)).isoformat()


def app(token: str, *, added_at: timedelta = timedelta()) -> SlackApp:
    tokens = Tokens(token, refresh_token=f"{token}-refresh", expires_at=EXPIRES)
    return SlackApp("T1", "One", tokens, MORNING + added_at, Kind.INSTALLED)


async def token_of(db: Database, keys: Sequence[str]) -> str:
    [stored] = await slack_apps.list_stored(db)
    return slack_apps.decrypted(stored, keys).tokens.bot_token


@pytest.mark.parametrize("keys", [(OLD,), (NEW, OLD)], ids=["same key", "new key"])
async def test_a_process_that_starts_during_an_exchange_costs_no_tokens(keys):
    async with throw_away() as db:
        await slack_apps.add(db, app("xoxe-1"), [OLD])
        used: list[str] = []

        async def exchange(refresh_token: str) -> Tokens:
            used.append(refresh_token)
            await slack_apps.reencrypt(db, keys)  # as each process does when it starts
            await refresh_due(db, keys, exchange, clock=lambda: MORNING)
            return Tokens("xoxe-2", refresh_token="xoxe-2-refresh", expires_at=LATER)

        await refresh_due(db, [OLD], exchange, clock=lambda: MORNING)

        assert used == ["xoxe-1-refresh"]
        assert await token_of(db, keys) == "xoxe-2"


async def test_tokens_of_an_installation_during_an_exchange_stay():
    async with throw_away() as db:
        await slack_apps.add(db, app("xoxe-1"), [OLD])

        async def exchange(_refresh_token: str) -> Tokens:
            await slack_apps.add(db, app("xoxe-3", added_at=timedelta(seconds=1)), [OLD])
            return Tokens("xoxe-2", refresh_token="xoxe-2-refresh", expires_at=LATER)

        await refresh_due(db, [OLD], exchange, clock=lambda: MORNING)

        assert await token_of(db, [OLD]) == "xoxe-3"


async def test_tokens_that_the_first_key_encrypted_are_not_written_again():
    async with throw_away() as db:
        await slack_apps.add(db, app("xoxe-1"), [OLD])
        before = await slack_apps.list_stored(db)
        await slack_apps.reencrypt(db, [OLD])
        assert await slack_apps.list_stored(db) == before
        await slack_apps.reencrypt(db, [NEW, OLD])
        assert await token_of(db, [NEW]) == "xoxe-1"
