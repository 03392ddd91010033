"""Channels' preferences for discussions (table `channel_preference`)."""

from dataclasses import dataclass

from bot.core.database.database import Transaction


@dataclass(frozen=True, slots=True)
class ChannelPreferences:
    """Whether a channel's replies are stored and shared, and whether paper updates are posted."""

    discussion: bool = True
    notices: bool = True


async def get(tx: Transaction, channel: str) -> ChannelPreferences:
    """A channel's preferences; both are on by default."""
    row = await tx.one(
        "SELECT discussion, notices FROM channel_preference WHERE channel = :channel",
        {"channel": channel},
    )
    if row is None:
        return ChannelPreferences()
    return ChannelPreferences(bool(row["discussion"]), bool(row["notices"]))


async def put(tx: Transaction, channel: str, preferences: ChannelPreferences) -> None:
    """Store the channel's preferences."""
    await tx.run(
        """
        INSERT INTO channel_preference (channel, discussion, notices)
        VALUES (:channel, :discussion, :notices)
        ON CONFLICT (channel) DO UPDATE
           SET discussion = excluded.discussion, notices = excluded.notices
        """,
        {"channel": channel, "discussion": preferences.discussion, "notices": preferences.notices},
    )
