"""Adding, listing and removing the apps of Slack workspaces."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from bot.channels.store import subscriptions
from bot.core.database.database import Database
from bot.core.domain.errors import NotFoundError
from bot.core.domain.i18n import translatable
from bot.core.ports import Platform, parse_channel
from bot.workspaces.domain.slack_app import SlackApp, Tokens
from bot.workspaces.services.encryption import Encryption
from bot.workspaces.store import slack_apps
from bot.workspaces.store.slack_apps import StoredApp

REMOVED = translatable("The workspace was removed from the bot: add it with “paperbot slack add”")


async def add(db: Database, app: SlackApp, keys: Sequence[str]) -> bool:
    """Store an app, or new tokens of one; returns whether the workspace is new.

    Raises `UsageError` where nothing can be encrypted.
    """
    tokens = Encryption(keys).encrypt(json.dumps(asdict(app.tokens)))
    async with db.transaction() as tx:
        return await slack_apps.put(tx, StoredApp(app.workspace, app.name, tokens, app.added_at))


async def list_stored(db: Database) -> tuple[StoredApp, ...]:
    """Every app, the oldest first, with its tokens encrypted."""
    async with db.reading() as tx:
        return await slack_apps.list_all(tx)


def decrypted(stored: StoredApp, keys: Sequence[str]) -> SlackApp:
    """The app with its tokens; raises `UsageError` if they cannot be read."""
    tokens = json.loads(Encryption(keys).decrypt(stored.tokens, stored.workspace))
    return SlackApp(stored.workspace, stored.name, Tokens(**tokens), stored.added_at)


async def reencrypt(db: Database, keys: Sequence[str]) -> None:
    """Encrypt every app's tokens with the first key; raises `UsageError` if some cannot be read."""
    stored = await list_stored(db)
    if not stored:
        return
    encryption = Encryption(keys)
    async with db.transaction() as tx:
        for each in await slack_apps.list_all(tx):
            encryption.decrypt(each.tokens, each.workspace)
            tokens = encryption.rotate(each.tokens)
            await slack_apps.put(tx, StoredApp(each.workspace, each.name, tokens, each.added_at))


async def remove(db: Database, workspace: str, *, now: datetime) -> int:
    """Remove a workspace's app and stop its digests; returns how many were stopped.

    What was posted and said there stays. Raises `NotFoundError`.
    """
    stopped = 0
    async with db.transaction() as tx:
        if not await slack_apps.remove(tx, workspace):
            raise NotFoundError(
                translatable("There is no Slack workspace {workspace}: see “paperbot slack list”"),
                workspace=workspace,
            )
        for each in await subscriptions.list_all(tx):
            channel = parse_channel(str(each.channel))
            if channel.platform is Platform.SLACK and channel.workspace == workspace:
                stopped += await subscriptions.refuse(tx, str(channel), REMOVED, "", now)
    return stopped
