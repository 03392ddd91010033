"""The intervals of Slack's connections and of the backfill."""

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Intervals and limits of connections and of the backfill, in seconds."""

    ping: float = 5.0
    connect: float = 15.0
    look: float = 1.0
    heals_within: float = 15.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    read_every: float = 600.0
    """How often the backfill looks for missed messages."""
    between_reads: float = 2.0
    """Pause between calls of the backfill, which shares Slack's limits with answers."""


TIMING = Timing()
