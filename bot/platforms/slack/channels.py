"""Checks whether the bot may post in a channel."""

from dataclasses import replace

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.ports import ChannelRef, ChatRefusedError
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import call, open_client
from bot.platforms.slack.errors import ARCHIVED, NO_CHANNEL, NOT_IN_CHANNEL, chat_error


async def check_channel(client: AsyncWebClient, team: str, channel: ChannelRef) -> ChannelRef:
    """The channel with its workspace; raises `ChatError` with what to do about it."""
    if channel.workspace not in {"", team}:
        raise ChatRefusedError(NO_CHANNEL)
    try:
        found = (await call(client.conversations_info(channel=channel.id))).get("channel") or {}
    except SlackApiError as error:
        raise chat_error(error) from error
    if found.get("is_archived"):
        raise ChatRefusedError(ARCHIVED)
    if not (found.get("is_member") or found.get("is_im")):
        raise ChatRefusedError(NOT_IN_CHANNEL)
    return replace(channel, workspace=team)


async def check_once(access: Access, channel: ChannelRef) -> ChannelRef:
    """As `check_channel`, with a client of its own: for commands of the operator."""
    async with open_client(access) as client:
        try:
            team = str((await call(client.auth_test())).get("team_id", ""))
        except SlackApiError as error:
            raise chat_error(error) from error
        return await check_channel(client, team, channel)
