"""Which workspaces an organisation granted the app to, by Slack's lists and events."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.core.database.database import Database, Engine
from bot.core.domain.errors import UserError
from bot.workspaces.domain.slack_app import Ended, Kind, SlackApp, Tokens
from bot.workspaces.services import grants, slack_apps
from bot.workspaces.store import grants as stored_grants
from bot.workspaces.store.grants import Grant
from tests.databases import throw_away
from tests.waiting import until_guarded_out

KEY = "k" * 40
NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
E1 = SlackApp("E1", "One", Tokens("xoxb-1"), NOW, Kind.ORGANISATION)


async def test_a_list_from_before_a_withdrawal_brings_nothing_back() -> None:
    async with throw_away() as db:
        await slack_apps.add(db, E1, [KEY])
        both = {"T1": "One", "T2": "Two"}
        assert await grants.put_list(db, "E1", both, now=NOW) == ("T1", "T2")
        assert await grants.put_list(db, "E1", both, now=NOW) == ()
        await grants.withdraw(db, "E1", ["T1"], now=NOW)

        assert await grants.put_list(db, "E1", {"T1": "One"}, now=NOW) == ()
        assert await grants.list_grants(db) == ()  # and T2 is not in it any more
        # A list that lacks a workspace may be the old one, too: the next one brings it back.
        assert await grants.put_list(db, "E1", {"T2": "Two"}, now=NOW) == ("T2",)
        later = NOW + grants.BELIEVED_AFTER
        assert await grants.put_list(db, "E1", {"T1": "One"}, now=later) == ("T1",)


async def test_a_list_brings_nothing_back_that_is_withdrawn_while_it_is_stored(
    db: Database,
) -> None:
    await slack_apps.add(db, E1, [KEY])
    await grants.grant(db, "E1", {"T1": ""})  # whose name only the list has

    async with asyncio.TaskGroup() as tasks, db.transaction() as tx:
        await tx.guard(slack_apps.GUARD)
        await stored_grants.put(tx, Grant("T1", "E1", "T1", NOW))  # as `withdraw` does
        listed = tasks.create_task(grants.put_list(db, "E1", {"T1": "One"}, now=NOW))
        if db.engine is Engine.POSTGRESQL:  # SQLite has one writer at a time
            await until_guarded_out(db)

    assert listed.result() == ()
    assert await grants.list_grants(db) == ()


async def test_only_an_organisation_that_is_served_grants() -> None:
    async with throw_away() as db:
        assert await grants.grant(db, "E1", {"T1": "One"}) == ()
        await slack_apps.add(db, E1, [KEY])
        assert await grants.grant(db, "E1", {"T1": ""}) == ("T1",)
        with pytest.raises(UserError, match="served by the organisation"):
            await slack_apps.remove(db, "T1", now=NOW)

        await slack_apps.end(db, "E1", Ended.UNINSTALLED, at=NOW, now=NOW)

        assert await grants.list_grants(db) == ()
        assert await grants.put_list(db, "E1", {"T1": "One"}, now=NOW) == ()
        await slack_apps.add(db, E1, [KEY])
        assert await grants.put_list(db, "E1", {"T1": "One"}, now=NOW) == ("T1",)
        await slack_apps.remove(db, "E1", now=NOW)
        assert await grants.list_grants(db) == ()
