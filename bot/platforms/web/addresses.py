"""Where a person reads a message of the web chat."""

from urllib.parse import quote

from bot.core.ports import MessageRef


def message_address(message: MessageRef) -> str:
    """A path of the web chat itself: where it is reached from outside, only its visitors know."""
    return f"/c/{quote(message.channel.id, safe='')}/t/{quote(message.id, safe='')}"
