"""How a Slack workspace came to the bot: by its operator, or by adding the app itself."""

from collections.abc import Collection

from bot.core.database.database import Database
from bot.workspaces.domain.slack_app import Kind
from bot.workspaces.store import grants, slack_apps


async def added_itself(db: Database, workspaces: Collection[str]) -> bool:
    """Whether one of the workspaces came by "Add to Slack", of itself or its organisation.

    Anybody can do that, so who manages something there is nobody whom the operator knows. A workspace
    of which nothing is stored is that of the settings, or a partner of a shared channel. Where it came
    by that way once, it counts, since requests from before it ended may still be answered.
    """
    async with db.reading() as tx:
        kinds = {each: await slack_apps.find(tx, each) for each in workspaces}
        granted = {each.workspace for each in await grants.list_all(tx)}
    return any(
        workspace in granted if app is None else app.kind is not Kind.OWN
        for workspace, app in kinds.items()
    )
