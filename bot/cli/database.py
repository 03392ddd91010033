"""Read the settings and open the database for a command."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from bot.core.database.address import may_be_there
from bot.core.database.database import Database, opened, opened_to_read
from bot.core.domain.errors import NotFoundError, StorageError, UsageError
from bot.core.domain.i18n import translatable
from bot.core.ports import ChannelRef, Platform
from bot.digest.services.shared_channels import Connected
from bot.digest.services.subscribe import Check
from bot.operations.services import reindex
from bot.platforms.slack.access import Access
from bot.settings import Settings, check_database_folder, read_settings
from bot.webchat.store.board import DatabaseBoard

T = TypeVar("T")

_NO_DATABASE = translatable(
    "There is no database yet: run “paperbot import PATH” first, or set PAPERBOT_DATABASE to where "
    "it is"
)


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


def checker(db: Database, settings: Settings, *, make: bool = True) -> Check:
    """Check with the channel's platform whether the bot may post there.

    `make` adds a channel to the web chat; without it a missing one is a `NotFoundError`.
    """

    async def check(channel: ChannelRef) -> ChannelRef:
        match channel.platform:
            case Platform.WEB if not make:
                await _check_web(db, channel)
            case Platform.WEB:
                await DatabaseBoard(db).add_channel(channel.id, at=now())
            case Platform.SLACK:
                return await _ask_slack(db, settings, channel)
            case Platform.DISCORD if not settings.discord_is_on:
                raise UsageError(translatable("Discord is not set up: DISCORD_TOKEN is missing"))
            case Platform.DISCORD:
                return await _ask_discord(settings, channel)
            case Platform.MAIL:
                from bot.app import mail

                return await mail.check(db, settings, channel)
        return channel

    return check


def connections(db: Database, settings: Settings) -> Connected:
    """Ask Slack which other workspaces share a channel; other platforms share none."""

    async def connected(channel: ChannelRef) -> frozenset[str]:
        if channel.platform is not Platform.SLACK:
            return frozenset()
        # Imported here: the SDK is slow to import, and few commands need it.
        from bot.platforms.slack.channels import find_connected_once

        return await find_connected_once(await _slack_access(db, settings, channel), channel)

    return connected


async def _check_web(db: Database, channel: ChannelRef) -> None:
    known = await DatabaseBoard(db).list_channels()
    if channel.id not in known:
        raise NotFoundError(
            translatable(
                "The web chat has no channel “{name}”, but {known}: correct the name, or subscribe a "
                "new channel with “paperbot channel add”"
            ),
            name=channel.id,
            known=", ".join(known),
        )


async def _ask_slack(db: Database, settings: Settings, channel: ChannelRef) -> ChannelRef:
    # Imported here for the same reason.
    from bot.platforms.slack.channels import check_once

    return await check_once(await _slack_access(db, settings, channel), channel)


async def _slack_access(db: Database, settings: Settings, channel: ChannelRef) -> Access:
    """The app of the channel's workspace; raises `UsageError`."""
    from bot.app.platforms import find_slack_apps, slack_access

    apps = await find_slack_apps(db, settings)
    found = apps.get(channel.workspace)
    if found is None and settings.slack_is_on:
        return slack_access(settings)
    if found is None and apps and not channel.workspace:
        if len(apps) > 1:
            raise UsageError(translatable("Name the workspace too: slack:T0123/C0123"))
        found = next(iter(apps.values()))
    if isinstance(found, UsageError):
        raise found
    if found is not None:
        return found
    raise UsageError(
        translatable("Slack is not set up: set SLACK_BOT_TOKEN or run “paperbot slack add”")
    )


async def _ask_discord(settings: Settings, channel: ChannelRef) -> ChannelRef:
    # Imported here for the same reason.
    from bot.app.platforms import discord_access
    from bot.platforms.discord.doctor import check_once

    return await check_once(discord_access(settings), channel)


def with_database(work: Callable[[Database, Settings], Awaitable[T]], *, make: bool = False) -> T:
    """Run `work` on the configured database; returns its result.

    `make` creates a database that does not exist yet; without it that is a `NotFoundError`.
    """
    settings = read_settings()
    if not make and not may_be_there(settings.database):
        raise NotFoundError(_NO_DATABASE, path=str(settings.database))

    if make:
        check_database_folder(settings.database)

    async def opened_for_work() -> T:
        async with opened(settings.database) as db:
            with suppress(StorageError):  # the command itself reports it
                await reindex.bring_up_to_date(db, most=reindex.AT_START)
            return await work(db, settings)

    return asyncio.run(opened_for_work())


def with_database_to_read(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """`with_database`, for work that writes nothing."""
    settings = read_settings()
    if not may_be_there(settings.database):
        raise NotFoundError(_NO_DATABASE, path=str(settings.database))

    async def opened_for_work() -> T:
        async with opened_to_read(settings.database) as db:
            return await work(db, settings)

    return asyncio.run(opened_for_work())


def check_date(text: str | None) -> None:
    """Raise `UsageError` for a wrong DATE before the database is opened."""
    from bot.archive.domain.typed_dates import Days, read_date

    if text is not None:
        read_date(text, Days(now().date()))
