"""The platforms that are set up, each as a chat with what belongs to it.

An SDK takes a while to import, so each is imported only where its platform is in use.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from bot.core.domain.i18n import Translate
from bot.core.ports import (
    ChannelRef,
    Chat,
    Condition,
    Finding,
    KeyValueStore,
    MessageRef,
    Platform,
    ProcessedEvents,
    Replies,
)
from bot.digest.services.subscribe import Check
from bot.outbox.domain.rate_limit import Rate, Rates
from bot.platforms.discord import addresses as discord_addresses
from bot.platforms.discord.access import Access as DiscordAccess
from bot.platforms.slack import addresses as slack_addresses
from bot.platforms.slack.access import Access as SlackAccess
from bot.platforms.web import addresses as web_addresses
from bot.settings import Settings

RATES: Mapping[str, Rates] = {
    # Slack: about one message a second a channel; several hundred a minute a workspace.
    Platform.SLACK: Rates(channel=Rate(1, 1.0), workspace=Rate(8, 1.0)),
    # Discord: 5 in 5 s a channel; 50 requests a second a bot, which its adapter keeps to exactly,
    # since threads and edits are requests as well.
    Platform.DISCORD: Rates(channel=Rate(5, 5.0), platform=Rate(50, 1.0)),
}


@dataclass(frozen=True, slots=True)
class Joined:
    """A platform that the bot has joined.

    `check` asks it whether the bot may post in a channel; `condition` is how it is; `mounts`
    are what the bot's web server serves for it, by path prefix.
    """

    chat: Chat
    check: Check
    condition: Callable[[], Condition]
    mounts: Mapping[str, Any] = field(default_factory=dict)


def join(
    settings: Settings,
    *,
    seen: ProcessedEvents,
    memo: KeyValueStore,
    replies: Replies,
    voices: Callable[[str], Translate],
    clock: Callable[[], datetime],
) -> Mapping[Platform, Joined]:
    """Everything that is set up but the web chat, which always is; nothing is connected yet."""
    joined: dict[Platform, Joined] = {}
    if settings.slack_is_on:
        joined[Platform.SLACK] = _slack(
            settings, seen=seen, memo=memo, replies=replies, voices=voices, clock=clock
        )
    if settings.discord_is_on:
        joined[Platform.DISCORD] = _discord(
            settings, seen=seen, memo=memo, replies=replies, voices=voices, clock=clock
        )
    return joined


def message_address(message: MessageRef) -> str | None:
    """Where a person reads a message; for the web chat a path, of use only within it."""
    match message.channel.platform:
        case Platform.SLACK:
            return slack_addresses.message_address(message)
        case Platform.DISCORD:
            return discord_addresses.message_address(message)
        case Platform.WEB:
            return web_addresses.message_address(message)


async def examine(
    settings: Settings,
    channels: Mapping[Platform, Sequence[ChannelRef]],
    *,
    clock: Callable[[], datetime],
    say: Translate,
) -> tuple[Finding, ...]:
    """What is wrong with the platforms that are set up, and with their `channels`."""
    findings: list[Finding] = []
    if settings.slack_is_on:
        from bot.platforms.slack import doctor  # noqa: PLC0415 - as the module says

        findings += await doctor.check(
            slack_access(settings), channels[Platform.SLACK], clock=clock, say=say
        )
    if settings.discord_is_on:
        from bot.platforms.discord import doctor as checks  # noqa: PLC0415 - as the module says

        findings += await checks.check(
            discord_access(settings), channels[Platform.DISCORD], say=say
        )
    return tuple(findings)


def _slack(
    settings: Settings,
    *,
    seen: ProcessedEvents,
    memo: KeyValueStore,
    replies: Replies,
    voices: Callable[[str], Translate],
    clock: Callable[[], datetime],
) -> Joined:
    from bot.platforms.slack.chat import SlackChat  # noqa: PLC0415 - as the module says

    access = slack_access(settings)
    chat = SlackChat(
        access,
        seen=seen,
        memo=memo,
        replies=replies,
        voices=voices,
        clock=clock,
    )
    application = chat.application()
    mounts = {"/slack": application} if application is not None else {}
    return Joined(chat, chat.check, lambda: chat.condition, mounts)


def slack_access(settings: Settings) -> SlackAccess:
    """What Slack gave the operator, as its adapter takes it."""
    return SlackAccess(
        bot_token=_revealed(settings.slack_bot_token) or "",
        app_token=_revealed(settings.slack_app_token),
        signing_secret=_revealed(settings.slack_signing_secret),
        api_base=settings.slack_api_base,
    )


def _discord(
    settings: Settings,
    *,
    seen: ProcessedEvents,
    memo: KeyValueStore,
    replies: Replies,
    voices: Callable[[str], Translate],
    clock: Callable[[], datetime],
) -> Joined:
    from bot.platforms.discord.chat import DiscordChat  # noqa: PLC0415 - as the module says

    access = discord_access(settings)
    chat = DiscordChat(
        access,
        seen=seen,
        memo=memo,
        replies=replies,
        voices=voices,
        clock=clock,
    )
    return Joined(chat, chat.check, lambda: chat.condition)


def discord_access(settings: Settings) -> DiscordAccess:
    """What Discord gave the operator, as its adapter takes it."""
    return DiscordAccess(
        token=_revealed(settings.discord_token) or "",
        api_base=settings.discord_api_base,
        gateway_url=settings.discord_gateway_url,
        guilds=settings.discord_guilds,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
