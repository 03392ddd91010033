"""Whether the bot may do its work: in one channel, and for `paperbot doctor` in all of Discord."""

from collections.abc import AsyncIterator, Sequence

import discord

from bot.adapters.discord import sdk
from bot.adapters.discord.access import Access, invite_link, missing
from bot.adapters.discord.errors import BAD_TOKEN, chat_error
from bot.adapters.discord.places import channel_number
from bot.adapters.discord.rest import FORUMS, RAISED, Place, Rest, sorted_errors
from bot.adapters.discord.wire import Wire
from bot.domain.words import mark
from bot.ports import ChannelRef, ChatError, ChatRefusedError, Finding, Platform

_NO_MESSAGES = mark(
    "nothing can be posted in that kind of channel: choose a text, announcement or forum channel"
)
_LACKS = mark("the bot lacks there: {names}. Give it that in the channel's permissions")
_INTENT = mark(
    "off: replies are heard only where they mention the bot. Turn it on in the developer portal, "
    "under Bot"
)
_NO_SERVER = mark("the bot is in no server yet: open the invite link and choose one")

_POSTED_IN = frozenset({0, 1, 2, 5, 10, 11, 12, 13}) | FORUMS


async def check_channel(rest: Rest, channel: ChannelRef) -> ChannelRef:
    """The channel as it is kept; `ChatRefusedError` says what the bot lacks there."""
    with sorted_errors():
        place = await rest.place(channel_number(channel))
        if place.type not in _POSTED_IN:
            raise ChatRefusedError(_NO_MESSAGES)
        lacks = await _lacking(rest, place)
    if lacks:
        raise ChatRefusedError(_LACKS.format(names=", ".join(lacks)))
    return ChannelRef(Platform.DISCORD, "", str(place.id))


async def _lacking(rest: Rest, place: Place) -> tuple[str, ...]:
    return missing(await rest.permissions(place), in_forum=place.type in FORUMS)


async def check(access: Access, channels: Sequence[ChannelRef]) -> tuple[Finding, ...]:
    """Token, intent, servers and every one of these channels, for `paperbot doctor`."""
    sdk.point_at(access.api_base, access.gateway_url)
    rest = Rest(access.token, Wire())
    try:
        return tuple([finding async for finding in _findings(rest, channels)])
    finally:
        await rest.close()


async def _findings(rest: Rest, channels: Sequence[ChannelRef]) -> AsyncIterator[Finding]:
    try:
        account = await rest.account()
    except discord.LoginFailure:
        yield Finding("Discord: DISCORD_TOKEN", ok=False, words=BAD_TOKEN)
        return
    except (ChatError, *RAISED) as error:
        yield Finding("Discord", ok=False, words=str(chat_error(error)))
        return
    yield Finding("Discord: DISCORD_TOKEN", ok=True)
    yield Finding("Discord: invite link", ok=True, words=invite_link(account.application))
    try:
        hears_all = await rest.may_read_content()
        yield Finding(
            "Discord: Message Content Intent", ok=hears_all, words="" if hears_all else _INTENT
        )
        servers = await rest.servers()
        names = ", ".join(servers)
        yield Finding("Discord: servers", ok=bool(servers), words=names or _NO_SERVER)
    except (ChatError, *RAISED) as error:
        yield Finding("Discord", ok=False, words=str(chat_error(error)))
        return
    for channel in channels:
        try:
            await check_channel(rest, channel)
        except ChatError as error:
            yield Finding(str(channel), ok=False, words=str(error))
        else:
            yield Finding(str(channel), ok=True)
