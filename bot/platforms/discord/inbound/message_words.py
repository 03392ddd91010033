"""Everything that a message says, as plain text: its words, and what stands outside of them.

The author's own words come first, then polls, files and stickers, then what is forwarded, as a
quotation. Discord tells nobody who said what is forwarded.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import discord

from bot.core.domain.dataclass import dataclass
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.platforms.discord.inbound import markup

BOT_NAME = "paperbot"
"""What the bot is called in texts, whatever its name in a server."""


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that a message's ids have in its server; `me` is the bot.

    Others are unknown, as in Discord's own apps: of another server, of a channel that the bot may not see,
    or deleted. discord.py does not keep the names of who is mentioned in a forwarded message.
    """

    message: discord.Message
    me: int

    def user(self, number: int) -> str:
        if number == self.me:
            return BOT_NAME
        found = discord.utils.get(self.message.mentions, id=number)
        if found is None and self.message.guild is not None:
            found = self.message.guild.get_member(number)
        return found.display_name if found is not None else "unknown-user"

    def role(self, number: int) -> str:
        found = discord.utils.get(self.message.role_mentions, id=number)
        if found is None and self.message.guild is not None:
            found = self.message.guild.get_role(number)
        if found is None:
            return "unknown-role"
        # The bot's own role is called like the bot, and people pick it by mistake.
        return BOT_NAME if found.tags and found.tags.bot_id == self.me else found.name

    def channel(self, number: int) -> str:
        guild = self.message.guild
        found = guild.get_channel_or_thread(number) if guild is not None else None
        return found.name if found is not None else "unknown-channel"


def message_words(message: discord.Message, me: int, address: str) -> str:
    """The words of a message; `address` is where its files and stickers are looked at."""
    names = _Names(message, me)
    said = [markup.plain(message.content, names)]
    if message.poll is not None:
        said += _poll(message.poll)
    said += _attached(message.attachments, message.stickers, address)
    for snapshot in message.message_snapshots:
        said.append(_quoted("\n".join(filter(None, _forwarded(snapshot, names, address)))))
    return well_formed("\n".join(part for part in said if part.strip()))


def _poll(poll: discord.Poll) -> Iterator[str]:
    yield str(poll.question)
    for answer in poll.answers:
        emoji = f":{answer.emoji.name}:" if answer.emoji and answer.emoji.id else answer.emoji or ""
        yield f"• {emoji} {answer.text}" if emoji and answer.text else f"• {emoji or answer.text}"


def _attached(
    files: Iterable[discord.Attachment], stickers: Iterable[discord.StickerItem], address: str
) -> Iterator[str]:
    # The addresses of the files themselves are good for a day; the message shows them for ever.
    for file in files:
        # The title is the name as it was given: Discord takes Hangul and spaces out of file names.
        yield f"{file.title or file.filename} {address}"
        if file.description:
            yield _quoted(file.description)
    for sticker in stickers:
        yield f"{sticker.name} {address}"


def _forwarded(snapshot: discord.MessageSnapshot, names: _Names, address: str) -> Iterator[str]:
    yield markup.plain(snapshot.content, names)
    for embed in snapshot.embeds:
        if embed.type == "rich":  # what a bot said; the others are previews of links
            parts = (embed.title, embed.description, *map(_field, embed.fields))
            yield from (markup.plain(part, names) for part in parts if part)
    yield from _texts(snapshot.components, names)
    yield from _attached(snapshot.attachments, snapshot.stickers, address)


def _field(field: Any) -> str:
    return f"{field.name}: {field.value}"


def _texts(components: Iterable[Any], names: _Names) -> Iterator[str]:
    """What a bot's message of components says."""
    for component in components:
        content = getattr(component, "content", None)
        if isinstance(content, str):
            yield markup.plain(content, names)
        yield from _texts(getattr(component, "children", ()), names)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
