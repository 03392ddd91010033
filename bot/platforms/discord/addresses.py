"""The web address of a Discord message."""

from bot.core.ports import MessageRef


def message_address(message: MessageRef) -> str:
    """A permanent link; a message in a thread is read in the thread."""
    thread, _, own = message.id.rpartition("/")
    guild = message.channel.workspace or "@me"
    return f"https://discord.com/channels/{guild}/{thread or message.channel.id}/{own}"
