"""Links to messages in Slack."""

from bot.core.ports import MessageRef


def message_address(message: MessageRef) -> str:
    """A permanent link; Slack redirects to the workspace of whoever opens it."""
    return f"https://slack.com/archives/{message.channel.id}/p{message.id.replace('.', '')}"
