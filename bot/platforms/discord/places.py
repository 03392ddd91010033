"""Message locations in Discord, and how a `MessageRef` encodes them."""

from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChannelRef, ChatRefusedError, MessageRef
from bot.platforms.discord.errors import NO_CHANNEL

_LONGEST = 20


@dataclass(frozen=True, slots=True)
class MessageLocation:
    """Where a message is: `channel` is a configured channel, `thread` a thread inside it."""

    channel: int
    thread: int | None
    message: int

    @property
    def within(self) -> int:
        """The channel or thread that contains the message."""
        return self.thread or self.channel

    @property
    def discussion(self) -> int:
        """The thread that contains the message, or that was opened on it (same id)."""
        return self.thread or self.message


def channel_number(channel: ChannelRef) -> int:
    """A channel's snowflake; raises `ChatRefusedError`."""
    return _snowflake(channel.id)


def read_reference(message: MessageRef) -> MessageLocation:
    """Decode a reference; raises `ChatRefusedError` for ids that `reference` never wrote."""
    thread, slash, own = message.id.rpartition("/")
    return MessageLocation(
        channel_number(message.channel), _snowflake(thread) if slash else None, _snowflake(own)
    )


def reference(channel: ChannelRef, thread: int | None, message: int) -> MessageRef:
    """The reference to a message; a forum's post is the message in the thread of its own id."""
    return MessageRef(channel, f"{thread}/{message}" if thread else str(message))


def _snowflake(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise ChatRefusedError(NO_CHANNEL)
    return int(text)
