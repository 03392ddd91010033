"""What channels want of discussions."""

from dataclasses import dataclass

from bot.core.database.database import Transaction


@dataclass(frozen=True, slots=True)
class ChannelWish:
    """Whether what is said in a channel's threads is kept and shared, and news comes into them."""

    discussion: bool = True
    notices: bool = True


async def get(tx: Transaction, channel: str) -> ChannelWish:
    """A channel's wish; a channel that never said anything wants everything."""
    row = await tx.one(
        "SELECT discussion, notices FROM channel_wish WHERE channel = :channel",
        {"channel": channel},
    )
    if row is None:
        return ChannelWish()
    return ChannelWish(bool(row["discussion"]), bool(row["notices"]))


async def put(tx: Transaction, channel: str, wish: ChannelWish) -> None:
    """What the channel wants from now on."""
    await tx.run(
        """
        INSERT INTO channel_wish (channel, discussion, notices)
        VALUES (:channel, :discussion, :notices)
        ON CONFLICT (channel) DO UPDATE
           SET discussion = excluded.discussion, notices = excluded.notices
        """,
        {"channel": channel, "discussion": wish.discussion, "notices": wish.notices},
    )
