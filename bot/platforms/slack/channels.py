"""Checks whether the bot may post in a channel, and which workspaces share it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.ports import ChannelRef, ChatError, ChatRefusedError, ChatUnavailableError, Platform
from bot.core.ports.error_table import nothing_posted
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import call, open_client, team_of
from bot.platforms.slack.errors import (
    ARCHIVED,
    NO_CHANNEL,
    NOT_IN_CHANNEL,
    chat_error,
    direct_error,
)


async def check_channel(
    client: AsyncWebClient, team: str, channel: ChannelRef, *, is_of_organisation: bool = False
) -> ChannelRef:
    """The channel with its workspace; raises `ChatError` with what to do about it."""
    if channel.workspace not in {"", team}:
        raise ChatRefusedError(NO_CHANNEL)
    found = await _info(client, channel)
    if is_of_organisation and not _may_be_in(team, found):
        raise ChatRefusedError(NO_CHANNEL)
    if found.get("is_archived"):
        raise ChatRefusedError(ARCHIVED)
    if not (found.get("is_member") or found.get("is_im")):
        raise ChatRefusedError(NOT_IN_CHANNEL)
    return replace(channel, workspace=team)


async def open_direct_channel(client: AsyncWebClient, team: str, user: str) -> ChannelRef:
    """The direct messages of the bot with somebody; opening them again gives the same.

    Without the scope im:write it is refused, and nothing else in the workspace is held up.
    Raises `ChatRefusedError` and `ChatUnavailableError`.
    """
    try:
        found = (await call(client.conversations_open(users=user))).get("channel")
    except SlackApiError as error:
        raise nothing_posted(direct_error(error)) from error
    except ChatError as error:
        raise nothing_posted(error) from error
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise ChatUnavailableError("Slack did not say which channel it opened")
    return ChannelRef(Platform.SLACK, team, found["id"])


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


def _may_be_in(team: str, channel: Mapping[str, Any]) -> bool:
    """Whether a channel is in a workspace, as far as Slack says it.

    An organisation's token reaches the channels of all its workspaces. A channel can be in several
    of them, or in all (`is_global_shared`).
    """
    named = {str(channel.get("context_team_id"))}
    for field in ("internal_team_ids", "shared_team_ids"):
        listed = channel.get(field)
        named |= {str(each) for each in (listed if isinstance(listed, list) else ())}
    teams = {each for each in named if each.startswith("T")}
    return not teams or team in teams or channel.get("is_global_shared") is True


async def check_once(access: Access, channel: ChannelRef) -> ChannelRef:
    """As `check_channel`, with a client of its own: for commands of the operator."""
    async with open_client(access) as client:
        try:
            team = access.team or team_of(await call(client.auth_test()))
        except SlackApiError as error:
            raise chat_error(error) from error
        whole = bool(access.organisation)
        return await check_channel(client, team, channel, is_of_organisation=whole)
