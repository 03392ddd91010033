"""Checks whether the bot may post in a channel, and which workspaces share it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

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
    found = await _info(client, channel)
    if found.get("is_archived"):
        raise ChatRefusedError(ARCHIVED)
    if not (found.get("is_member") or found.get("is_im")):
        raise ChatRefusedError(NOT_IN_CHANNEL)
    return replace(channel, workspace=team)


async def find_connected(client: AsyncWebClient, team: str, channel: ChannelRef) -> frozenset[str]:
    """The other workspaces that share this channel, by what Slack says; raises `ChatError`.

    A channel of Slack Connect has one id in all of them; an id alone proves nothing, since ids of
    channels are unique within a workspace only
    (docs.slack.dev/apis/web-api/using-the-conversations-api).
    """
    found = await _info(client, channel)
    if not any(found.get(name) is True for name in ("is_shared", "is_ext_shared", "is_org_shared")):
        return frozenset()
    named = [
        each
        for name in ("shared_team_ids", "connected_team_ids", "internal_team_ids")
        if isinstance(listed := found.get(name), list)
        for each in listed
    ]
    return frozenset(each for each in named if isinstance(each, str)) - {team}


async def _info(client: AsyncWebClient, channel: ChannelRef) -> Mapping[str, Any]:
    try:
        found = (await call(client.conversations_info(channel=channel.id))).get("channel")
    except SlackApiError as error:
        raise chat_error(error) from error
    return found if isinstance(found, dict) else {}


async def find_connected_once(access: Access, channel: ChannelRef) -> frozenset[str]:
    """As `find_connected`, with a client of its own: for commands of the operator."""
    async with open_client(access) as client:
        return await find_connected(client, channel.workspace, channel)


async def check_once(access: Access, channel: ChannelRef) -> ChannelRef:
    """As `check_channel`, with a client of its own: for commands of the operator."""
    async with open_client(access) as client:
        try:
            team = str((await call(client.auth_test())).get("team_id", ""))
        except SlackApiError as error:
            raise chat_error(error) from error
        return await check_channel(client, team, channel)
