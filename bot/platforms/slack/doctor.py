"""The Slack part of `paperbot doctor`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, error_text, translatable
from bot.core.ports import ChannelRef, ChatError, Finding
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import (
    call,
    call_with_headers,
    header,
    missing_scopes,
    open_client,
    team_of,
)
from bot.platforms.slack.channels import check_channel
from bot.platforms.slack.errors import BAD_APP_TOKEN, BAD_TOKEN, chat_error, is_bad_token
from bot.platforms.slack.install.organisations import list_teams
from bot.platforms.slack.manifest import SHORTCUT_NAME

_CLOCK_APART = timedelta(minutes=2)
_NOBODY = translatable("this is not a bot token: use the one that starts with xoxb-")


async def check(
    access: Access, channels: Sequence[ChannelRef], *, clock: Callable[[], datetime], say: Translate
) -> tuple[Finding, ...]:
    """Check tokens, scopes, the clock and each subscribed channel; changes nothing."""
    async with open_client(access) as client:
        try:
            answer, headers = await call_with_headers(client.auth_test())
        except SlackApiError as error:
            return (Finding("SLACK_BOT_TOKEN", ok=False, words=_words(error, say)),)
        except ChatError as error:
            return (Finding("SLACK_API_BASE", ok=False, words=_words(error, say)),)
        if "bot_id" not in answer:
            return (Finding("SLACK_BOT_TOKEN", ok=False, words=say(_NOBODY)),)
        token = Finding("SLACK_BOT_TOKEN", ok=True, words=f"{answer['team']}, @{answer['user']}")
        try:
            team = access.team or team_of(answer)
        except UsageError as error:
            return (Finding("SLACK_BOT_TOKEN", ok=False, words=error_text(error, say)),)
        whole = bool(access.organisation)
        return (
            token,
            _check_scopes(headers, say),
            _check_clock(headers, clock(), say),
            await _check_way_in(client, access, say),
            _describe_forms(say),
            *[await _check_channel(client, team, each, whole, say) for each in channels],
        )


async def check_organisation(organisation: str, access: Access, *, say: Translate) -> Finding:
    """Whether an organisation granted the app to any workspace."""
    try:
        teams = await list_teams(access)
    except ChatError as error:
        return Finding(organisation, ok=False, words=_words(error, say))
    if not teams:
        words = say("the organisation has not added the app to any workspace yet")
        return Finding(organisation, ok=True, words=words)
    words = say("the organisation's workspaces: {workspaces}", workspaces=", ".join(teams))
    return Finding(organisation, ok=True, words=words)


async def identify(access: Access) -> tuple[str, str]:
    """The id and the name of the workspace that a bot token is for.

    Raises `UsageError` where Slack does not take the token, and `ChatError`.
    """
    async with open_client(access) as client:
        try:
            answer = await call(client.auth_test())
        except SlackApiError as error:
            if is_bad_token(error):
                raise UsageError(BAD_TOKEN) from error
            raise chat_error(error) from error
        if "bot_id" not in answer:
            raise UsageError(_NOBODY)
        return team_of(answer), str(answer.get("team", ""))


def _check_scopes(headers: Mapping[str, str], say: Translate) -> Finding:
    missing = missing_scopes(headers)
    if missing is None:
        words = say("Slack did not say which scopes the token has, so they were not checked")
        return Finding(say("Slack: scopes"), ok=True, words=words)
    if not missing:
        return Finding(say("Slack: scopes"), ok=True)
    words = say(
        "missing: {scopes}. Add the scopes of deploy/slack-manifest.yaml to the app and "
        "reinstall it",
        scopes=", ".join(missing),
    )
    return Finding(say("Slack: scopes"), ok=False, words=words)


def _check_clock(headers: Mapping[str, str], now: datetime, say: Translate) -> Finding:
    """Signatures are valid for five minutes, so a wrong clock rejects every request."""
    with suppress(TypeError, ValueError):
        apart = abs(now - parsedate_to_datetime(header(headers, "date")))
        if apart > _CLOCK_APART:
            words = say(
                "this machine's clock differs from Slack's by {seconds} s: synchronise it with NTP",
                seconds=round(apart.total_seconds()),
            )
            return Finding(say("Slack: clock"), ok=False, words=words)
    return Finding(say("Slack: clock"), ok=True)


async def _check_way_in(client: AsyncWebClient, access: Access, say: Translate) -> Finding:
    if access.app_token is None:
        words = say(
            "HTTP mode: in the app's settings, set the request URL of event subscriptions, "
            "interactivity and each slash command to https://YOUR-HOST/slack/events"
        )
        return Finding("SLACK_SIGNING_SECRET", ok=True, words=words)
    try:
        await call(client.apps_connections_open(app_token=access.app_token))
    except SlackApiError as error:
        words = say(BAD_APP_TOKEN) if is_bad_token(error) else _words(error, say)
        return Finding("SLACK_APP_TOKEN", ok=False, words=words)
    except ChatError as error:
        return Finding("SLACK_APP_TOKEN", ok=False, words=_words(error, say))
    return Finding("SLACK_APP_TOKEN", ok=True, words=say("Socket Mode"))


def _describe_forms(say: Translate) -> Finding:
    """Slack does not tell a bot which shortcuts its app has."""
    words = say(
        "/note opens a form; if the message shortcut “{name}” is missing in Slack, paste "
        "deploy/slack-manifest.yaml into the app's settings again",
        name=SHORTCUT_NAME,
    )
    return Finding(say("Slack: forms"), ok=True, words=words)


async def _check_channel(
    client: AsyncWebClient, team: str, channel: ChannelRef, whole: bool, say: Translate
) -> Finding:
    """Whether the bot can post in the channel and read it, which recovery needs."""
    try:
        await check_channel(client, team, channel, is_of_organisation=whole)
        await call(client.conversations_history(channel=channel.id, limit=1))
    except (SlackApiError, ChatError) as error:
        return Finding(str(channel), ok=False, words=_words(error, say))
    return Finding(str(channel), ok=True)


def _words(error: SlackApiError | ChatError, say: Translate) -> str:
    """What is wrong and what to do, in the operator's language, with Slack's error name."""
    found = chat_error(error) if isinstance(error, SlackApiError) else error
    words = say(found.reason)
    return f"{words} ({found.detail})" if found.detail else words
