"""Links to messages in Slack, and what an id tells of a channel."""

from bot.core.domain.late import late_pattern
from bot.core.ports import MessageRef

ANY_WORKSPACE = "https://slack.com/"
"""Slack redirects from there to the workspace that a browser is signed in to."""


_WORKSPACE = late_pattern(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+/")


def workspace_address(url: str) -> str:
    """The `url` of `auth.test`, if it is one."""
    return url if _WORKSPACE.fullmatch(url) else ANY_WORKSPACE


def message_address(
    message: MessageRef, root: MessageRef | None = None, *, workspace: str = ANY_WORKSPACE
) -> str:
    """A permanent link, in the form of `chat.getPermalink`; a reply opens in the thread of `root`.

    `workspace` is its address, such as `https://papers.slack.com/`: Slack's apps open links of
    their own workspaces without a browser.
    """
    channel = message.channel.id
    link = f"{workspace}archives/{channel}/p{message.id.replace('.', '')}"
    return f"{link}?thread_ts={root.id}&cid={channel}" if root is not None else link


def is_direct(channel: str) -> bool:
    """Whether an id is of direct messages.

    Slack tells the bot of messages in its own only; a slash command may come from those of two people.
    """
    return channel.startswith("D")


def home_of(user: str) -> str:
    """Stands for the channel of somebody's App Home, which has none: they alone see it."""
    return f"D{user}"
