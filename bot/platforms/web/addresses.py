"""References to channels and messages of the web chat, and the paths of messages and forms."""

from urllib.parse import quote, urlencode

from bot.core.domain.command_line import CommandLine
from bot.core.ports import ChannelRef, MessageRef, Platform


def message_address(message: MessageRef) -> str:
    """The path of a message's page; the host that visitors use is unknown here."""
    return f"/c/{quote(message.channel.id, safe='')}/t/{quote(message.id, safe='')}"


def channel_ref(name: str) -> ChannelRef:
    """The channel of that name."""
    return ChannelRef(Platform.WEB, "", name)


def message_ref(channel: str, message: int) -> MessageRef:
    """The message of that id."""
    return MessageRef(channel_ref(channel), str(message))


def form_address(line: CommandLine, channel: str = "") -> str:
    """The path of the page of the form that a command opens, in a channel."""
    options = {**line.options, **({"channel": channel} if channel else {})}
    query = urlencode(options)
    return f"/{line.spec.name}?{query}" if query else f"/{line.spec.name}"
