"""Adding, listing, ending and removing the apps of Slack workspaces."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import NotFoundError, UserError
from bot.core.domain.i18n import translatable
from bot.core.ports import ChannelRef, Platform, parse_channel
from bot.workspaces.domain.slack_app import Ended, Kind, SlackApp, Tokens
from bot.workspaces.services.encryption import Encryption
from bot.workspaces.store import grants, slack_apps
from bot.workspaces.store.slack_apps import StoredApp

REMOVED = translatable("The workspace was removed from the bot: add it with “paperbot slack add”")
UNINSTALLED = translatable(
    "The app was removed from this Slack workspace; the digest resumes when it is installed again"
)
REVOKED = translatable(
    "The Slack workspace revoked the app's token; the digest resumes when it is installed again"
)
BY_ORGANISATION = translatable(
    "This workspace is served by the organisation {organisation}: take the app out of it in Slack, or "
    "run “paperbot slack remove {organisation}” for all its workspaces"
)
HAS_ITS_OWN = translatable(
    "This workspace has an app of its own. To change that, the bot's operator first removes it with "
    "“paperbot slack remove {workspace}”"
)
WITHDRAWN = translatable(
    "The organisation took the app out of this Slack workspace; the digest resumes when it is added "
    "again"
)
_REASONS = {Ended.UNINSTALLED: UNINSTALLED, Ended.REVOKED: REVOKED}
_RESUMED = {*_REASONS.values(), WITHDRAWN}


GUARD = "slack apps"
"""The guard of transactions that change which workspaces are served, or subscribe a Slack channel.

It is taken before the subscriptions' guards."""


async def add(db: Database, app: SlackApp, keys: Sequence[str]) -> bool:
    """Store an app, or new tokens of one; returns whether the workspace is new.

    Raises `UsageError` where nothing can be encrypted, and `UserError` where an installation would
    replace an app of the workspace's own.
    """
    stored = StoredApp(
        app.workspace, app.name, encrypted(app.tokens, keys), app.added_at, app.kind, app.added_at
    )
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        former = await slack_apps.find(tx, app.workspace)
        if app.kind is Kind.INSTALLED and _is_of_its_own(former):
            raise UserError(HAS_ITS_OWN, workspace=app.workspace)
        return await slack_apps.put(tx, stored)


def _is_of_its_own(former: StoredApp | None) -> bool:
    return former is not None and former.kind is Kind.OWN and not former.ended


async def end(
    db: Database, workspace: str, ended: Ended, *, at: datetime, now: datetime
) -> int | None:
    """Serve a workspace no more, since it said so `at`; its digests stop, and all data stays.

    Returns how many digests were stopped, or `None` where nothing changed: the workspace is not
    served, or was installed again since, of which Slack's events may tell in any order.
    """
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        app = await slack_apps.find(tx, workspace)
        if (
            app is None
            or app.ended
            or (app.installed_at is not None and at < app.installed_at.replace(microsecond=0))
        ):
            return None
        await slack_apps.end(tx, workspace, ended)
        return await _stop_unserved(tx, app, _REASONS[ended], now)


async def find_stopped(db: Database, workspaces: Collection[str]) -> tuple[ChannelRef, ...]:
    """The channels whose digests stopped when these workspaces ended."""
    async with db.reading() as tx:
        return tuple(
            channel
            for each in await subscriptions.list_all(tx)
            if each.standing is Standing.REFUSED and each.reason in _RESUMED
            if (channel := _channel_in(each, workspaces)) is not None
        )


async def list_stored(db: Database) -> tuple[StoredApp, ...]:
    """Every app, the oldest first, with its tokens encrypted."""
    async with db.reading() as tx:
        return await slack_apps.list_all(tx)


def decrypted(stored: StoredApp, keys: Sequence[str]) -> SlackApp:
    """The app with its tokens; raises `UsageError` if they cannot be read."""
    tokens = json.loads(Encryption(keys).decrypt(stored.tokens, stored.workspace))
    return SlackApp(stored.workspace, stored.name, Tokens(**tokens), stored.added_at, stored.kind)


def encrypted(tokens: Tokens, keys: Sequence[str]) -> str:
    """The tokens as they are stored; raises `UsageError` where nothing can be encrypted."""
    return Encryption(keys).encrypt(json.dumps(asdict(tokens)))


async def reencrypt(db: Database, keys: Sequence[str]) -> None:
    """Encrypt every app's tokens with the first key; raises `UsageError` if some cannot be read.

    Another process may be refreshing them: its claim stays, and what it stores counts.
    """
    stored = await list_stored(db)
    if not stored:
        return
    encryption = Encryption(keys)
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        for each in await slack_apps.list_all(tx):
            encryption.decrypt(each.tokens, each.workspace)
            if not encryption.is_by_first_key(each.tokens):
                await slack_apps.encrypt_anew(tx, each, encryption.rotate(each.tokens))


async def remove(db: Database, workspace: str, *, now: datetime) -> int:
    """Remove a workspace's app and stop its digests; returns how many were stopped.

    What was posted and said there stays. Raises `NotFoundError`.
    """
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        app = await slack_apps.find(tx, workspace)
        if app is None:
            for grant in await grants.list_all(tx):
                if grant.workspace == workspace and grant.withdrawn_at is None:
                    raise UserError(BY_ORGANISATION, organisation=grant.organisation)
            raise NotFoundError(
                translatable("There is no Slack workspace {workspace}: see “paperbot slack list”"),
                workspace=workspace,
            )
        await slack_apps.remove(tx, workspace)
        return await _stop_unserved(tx, app, REMOVED, now)


async def _stop_unserved(tx: Transaction, app: StoredApp, reason: str, now: datetime) -> int:
    """Stop the digests of the workspaces that nothing serves any more without an app.

    An organisation's grants are forgotten: if it installs the app again, it makes new ones.
    """
    granted = [each for each in await grants.list_all(tx) if each.withdrawn_at is None]
    if app.kind is not Kind.ORGANISATION:
        if any(each.workspace == app.workspace for each in granted):
            return 0
        return await stop(tx, {app.workspace}, reason, now)
    await grants.forget(tx, app.workspace)
    unserved = set()
    for each in granted:
        own = await slack_apps.find(tx, each.workspace)
        if each.organisation == app.workspace and (own is None or own.ended):
            unserved.add(each.workspace)
    return await stop(tx, unserved, reason, now)


async def stop(tx: Transaction, workspaces: Collection[str], reason: str, now: datetime) -> int:
    """Stop the digests of these workspaces, under `GUARD`; returns how many were stopped."""
    found = [_channel_in(each, workspaces) for each in await subscriptions.list_all(tx)]
    channels = [str(channel) for channel in found if channel is not None]
    await subscriptions.guard(tx, *channels)
    stopped = 0
    for channel in channels:
        stopped += await subscriptions.refuse(tx, channel, reason, "", now)
    return stopped


def _channel_in(subscription: Subscription, workspaces: Collection[str]) -> ChannelRef | None:
    channel = parse_channel(str(subscription.channel))
    is_there = channel.platform is Platform.SLACK and channel.workspace in workspaces
    return channel if is_there else None
