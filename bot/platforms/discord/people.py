"""Converting discord.py's users, channels and messages to the port's values."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import discord

from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    MessageRef,
    Platform,
    ThreadMessage,
    User,
)
from bot.core.ports.error_table import nothing_posted
from bot.platforms.discord.addresses import message_address
from bot.platforms.discord.errors import NOBODY
from bot.platforms.discord.inbound.message_words import message_words
from bot.platforms.discord.places import reference
from bot.platforms.discord.rest import Rest, sorted_errors

SPOKEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
"""Messages of people; other types are Discord's own (joins, renames, thread starters)."""

_MENTION = late_pattern(r"<@!?(\d{1,20})>")
_MOST_NAMED = 20
"""The names of so many people are looked up for one command."""
_NAMED_WITHIN = 3.0
"""Seconds for each look-up."""


def channel_ref(channel: int, guild: int | None) -> ChannelRef:
    """The reference to a channel; direct messages are in no guild."""
    return ChannelRef(Platform.DISCORD, str(guild or ""), str(channel))


async def open_direct_channel(rest: Rest, user: str) -> ChannelRef:
    """The direct messages of the bot with somebody; opening them again gives the same.

    Whether they take messages, only sending one shows (50007). Raises `ChatRefusedError` and
    `ChatUnavailableError`.
    """
    if not (user.isascii() and user.isdigit()):
        raise ChatRefusedError(NOBODY)
    try:
        with sorted_errors():
            return channel_ref(await rest.direct(int(user)), None)
    except ChatError as error:
        raise nothing_posted(error) from error


def parent_ref(thread: discord.Thread) -> ChannelRef:
    """The reference to the channel that a thread is in."""
    return channel_ref(thread.parent_id, thread.guild.id)


def root_of(thread: discord.Thread) -> MessageRef:
    """The message that a thread was opened on; in a forum it is in the thread itself."""
    in_forum = isinstance(thread.parent, discord.ForumChannel)
    return reference(parent_ref(thread), thread.id if in_forum else None, thread.id)


def asking_user(interaction: "discord.Interaction[Any]") -> User:
    """The user of an interaction; in direct messages everybody may manage these alone."""
    may, is_own = interaction.permissions, interaction.guild_id is None
    return User(
        str(interaction.user.id),
        well_formed(interaction.user.display_name),
        can_manage=is_own or may.manage_channels or may.administrator,
        manages_only_own=is_own,
    )


async def mentioned_people(
    interaction: "discord.Interaction[Any]", options: Mapping[str, str]
) -> Mapping[str, str]:
    """The names of members whom a command's options mention, by id; unknown ones are left out."""
    guild = interaction.guild
    ids = dict.fromkeys(found for text in options.values() for found in _MENTION.findall(text))
    if guild is None:
        return {}
    names: dict[str, str] = {}
    for user in list(ids)[:_MOST_NAMED]:
        try:
            async with asyncio.timeout(_NAMED_WITHIN):
                member = guild.get_member(int(user)) or await guild.fetch_member(int(user))
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError):
            continue
        names[user] = well_formed(member.display_name)
    return names


def channel_and_root(
    interaction: "discord.Interaction[Any]",
) -> tuple[ChannelRef, MessageRef | None]:
    """The channel of an interaction and, inside a thread, the thread's root."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return parent_ref(channel), root_of(channel)
    return channel_ref(interaction.channel_id or 0, interaction.guild_id), None


def thread_message(
    message: discord.Message, thread: discord.Thread, me: int, *, reads_content: bool
) -> ThreadMessage | None:
    """What a person said in a thread.

    `None` for what bots say, for what says nothing, and for what the bot may not read.
    """
    if message.author.bot or message.webhook_id is not None or message.type not in SPOKEN:
        return None
    is_addressed = any(user.id == me for user in message.mentions)
    if not reads_content and not message.content and not is_addressed:
        # Hidden, not empty: a sticker beside it is not all that was said, and an edit that takes
        # the mention away does not take the words away (docs: topics/gateway, message content).
        return None
    own = reference(parent_ref(thread), thread.id, message.id)
    text = message_words(message, me, message_address(own) or "")
    if not text.strip():
        return None
    author = message.author
    manages = False
    if isinstance(author, discord.Member) and thread.parent is not None:
        may = thread.permissions_for(author)
        manages = may.manage_channels or may.administrator
    return ThreadMessage(
        root=root_of(thread),
        message=own,
        user=User(str(author.id), well_formed(author.display_name), manages),
        text=text,
        mentions_bot=is_addressed
        # The bot's own role is called like the bot, and people pick it by mistake.
        or any(role.tags and role.tags.bot_id == me for role in message.role_mentions),
        at=message.created_at,
        edited_at=message.edited_at,
    )
