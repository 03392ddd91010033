"""Where a person reads a message of Slack."""

from bot.core.ports import MessageRef


def message_address(message: MessageRef) -> str:
    """A permanent link: Slack leads whoever follows it into their workspace."""
    return f"https://slack.com/archives/{message.channel.id}/p{message.id.replace('.', '')}"
