"""Whom the operator let in, and who added the app themselves."""

from datetime import UTC, datetime

from bot.workspaces.domain.slack_app import Ended, Kind, SlackApp, Tokens
from bot.workspaces.services import grants, slack_apps
from bot.workspaces.services.origin import added_itself
from tests.databases import throw_away

KEY = "k" * 40
NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def app(workspace: str, kind: Kind) -> SlackApp:
    return SlackApp(workspace, workspace, Tokens("xoxb-1"), NOW, kind)


async def test_a_workspace_added_itself_by_installing_the_app_or_by_its_organisation() -> None:
    async with throw_away() as db:
        await slack_apps.add(db, app("T1", Kind.OWN), [KEY])
        await slack_apps.add(db, app("T2", Kind.INSTALLED), [KEY])
        await slack_apps.add(db, app("E1", Kind.ORGANISATION), [KEY])
        await grants.grant(db, "E1", {"T1": "One", "T3": "Three", "T4": "Four"})
        await grants.withdraw(db, "E1", ["T4"], now=NOW)
        await slack_apps.end(db, "T2", Ended.REVOKED, at=NOW, now=NOW)

        found = {each for each in ("T1", "T2", "T3", "T4", "T5") if await added_itself(db, [each])}
        with_a_stranger = await added_itself(db, ["T1", "T2"])
        await slack_apps.add(db, app("T2", Kind.OWN), [KEY])
        once_added_by_the_operator = await added_itself(db, ["T1", "T2"])

    assert found == {"T2", "T3", "T4"}
    assert with_a_stranger
    assert not once_added_by_the_operator
