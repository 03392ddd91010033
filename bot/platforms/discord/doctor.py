"""Checking token, intent and permissions: for one channel, and for `paperbot doctor`."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

import discord

from bot.core.domain.i18n import ENGLISH, Translate, translatable
from bot.core.ports import ChannelRef, ChatError, ChatRefusedError, Finding, Platform
from bot.platforms.discord import sdk
from bot.platforms.discord.access import Access
from bot.platforms.discord.answers import FORUMS
from bot.platforms.discord.errors import BAD_TOKEN, chat_error
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.discord.permissions import invite_link, missing
from bot.platforms.discord.places import channel_number
from bot.platforms.discord.rest import RAISED, Rest, sorted_errors

_NO_MESSAGES = translatable(
    "the bot cannot post in that kind of channel: choose a text, announcement or forum channel"
)
_LACKS = translatable(
    "the bot lacks these permissions there: {names}. Grant them in the channel's permissions"
)

_SERVERS_NAMED = 20

_POSTED_IN = frozenset({0, 1, 2, 5, 10, 11, 12, 13}) | FORUMS


async def check_channel(rest: Rest, channel: ChannelRef, *, say: Translate = ENGLISH) -> ChannelRef:
    """The channel with its guild; `ChatRefusedError` names the missing permissions."""
    with sorted_errors():
        place = await rest.place(channel_number(channel))
        if place.type not in _POSTED_IN:
            raise ChatRefusedError(say(_NO_MESSAGES))
        lacks = missing(await rest.permissions(place), in_forum=place.type in FORUMS)
    if lacks:
        raise ChatRefusedError(say(_LACKS, names=", ".join(lacks)))
    return ChannelRef(Platform.DISCORD, str(place.guild or ""), str(place.id))


async def check_once(access: Access, channel: ChannelRef) -> ChannelRef:
    """As `check_channel`, with a connection of its own: for one command of the operator."""
    sdk.point_at(access.api_base, access.gateway_url)
    rest = Rest(access.token, HttpHooks())
    try:
        return await check_channel(rest, channel)
    finally:
        await rest.close()


async def check(
    access: Access,
    channels: Sequence[ChannelRef],
    *,
    say: Translate,
    names_curators: bool = True,
) -> tuple[Finding, ...]:
    """Check token, intent, servers, and every subscribed channel; changes nothing.

    Without `names_curators` it tells who may not write notes.
    """
    is_vetted = names_curators or bool(access.guilds)
    sdk.point_at(access.api_base, access.gateway_url)
    rest = Rest(access.token, HttpHooks())
    try:
        return tuple([finding async for finding in _findings(rest, channels, is_vetted, say)])
    finally:
        await rest.close()


async def _findings(
    rest: Rest, channels: Sequence[ChannelRef], is_vetted: bool, say: Translate
) -> AsyncIterator[Finding]:
    try:
        account = await rest.account()
    except discord.LoginFailure:
        yield Finding("DISCORD_TOKEN", ok=False, words=say(BAD_TOKEN))
        return
    except (ChatError, *RAISED) as error:
        yield Finding("DISCORD_API_BASE", ok=False, words=_words(error, say))
        return
    yield Finding("DISCORD_TOKEN", ok=True, words=f"@{account.name}")
    subject = say("Discord: invite link")
    yield Finding(subject, ok=True, words=invite_link(account.application))
    for subject, examine in (
        (say("Discord: Message Content Intent"), _check_intent),
        (say("Discord: servers"), partial(_check_servers, is_vetted=is_vetted)),
    ):
        try:
            yield await examine(rest, subject, say)
        except (ChatError, *RAISED) as error:
            yield Finding(subject, ok=False, words=_words(error, say))
    for channel in channels:
        try:
            await check_channel(rest, channel, say=say)
        except ChatError as error:
            yield Finding(str(channel), ok=False, words=_words(error, say))
        else:
            yield Finding(str(channel), ok=True)


async def _check_intent(rest: Rest, subject: str, say: Translate) -> Finding:
    if await rest.may_read_content():
        return Finding(subject, ok=True)
    words = say(
        "it is off: in threads the bot reads, stores and copies only messages that mention it. "
        "Turn it on at {address}",
        address=f"https://discord.com/developers/applications/{(await rest.account()).application}/bot",
    )
    return Finding(subject, ok=False, words=words)


async def _check_servers(rest: Rest, subject: str, say: Translate, *, is_vetted: bool) -> Finding:
    servers = await rest.servers()
    words = ", ".join(servers[:_SERVERS_NAMED])
    if len(servers) > _SERVERS_NAMED:
        others = len(servers) - _SERVERS_NAMED
        words = say("{names}; further servers: {count}", names=words, count=others)
    if len(servers) > 1 and rest.is_public and not is_vetted:
        words += ". " + say(
            "Anybody can add this bot, so nobody may write notes there: set PAPERBOT_CURATORS, name "
            "your servers in DISCORD_GUILDS, or turn off “Public Bot” in the developer portal"
        )
    if servers:
        return Finding(subject, ok=True, words=words)
    words = say("the bot is in no server yet: open the invite link and choose one")
    return Finding(subject, ok=False, words=words)


def _words(error: Exception, say: Translate) -> str:
    """The error's reason in the operator's language."""
    cause = error.__cause__ if isinstance(error, ChatError) else error
    if isinstance(cause, RAISED):
        return say(chat_error(cause).reason)
    return str(error)
