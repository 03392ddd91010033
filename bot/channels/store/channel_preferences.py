"""Channels' preferences for discussions (table `channel_preference`)."""

from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ChannelPreferences:
    """Whether a channel's replies are stored and shared, and whether paper updates are posted.

    What is said there from `public_since` on is shown on the static site; `None`: nothing is.
    """

    discussion: bool = True
    notices: bool = True
    public_since: datetime | None = None


async def get(tx: Transaction, channel: str) -> ChannelPreferences:
    """A channel's preferences; by default all is on, and nothing is public."""
    row = await tx.one(
        """
        SELECT discussion, notices, public_since FROM channel_preference WHERE channel = :channel
        """,
        {"channel": channel},
    )
    if row is None:
        return ChannelPreferences()
    since = row["public_since"]
    return ChannelPreferences(
        bool(row["discussion"]), bool(row["notices"]), from_text(since) if since else None
    )


async def put(tx: Transaction, channel: str, preferences: ChannelPreferences) -> None:
    """Store the channel's preferences."""
    since = preferences.public_since
    await tx.run(
        """
        INSERT INTO channel_preference (channel, discussion, notices, public_since)
        VALUES (:channel, :discussion, :notices, :public_since)
        ON CONFLICT (channel) DO UPDATE
           SET discussion = excluded.discussion, notices = excluded.notices,
               public_since = excluded.public_since
        """,
        {
            "channel": channel,
            "discussion": preferences.discussion,
            "notices": preferences.notices,
            "public_since": to_text(since) if since is not None else None,
        },
    )


async def end_public(tx: Transaction, channel: str) -> None:
    """Show nothing of the channel any more."""
    await tx.run(
        "UPDATE channel_preference SET public_since = NULL WHERE channel = :channel",
        {"channel": channel},
    )
