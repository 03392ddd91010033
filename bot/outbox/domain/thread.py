"""A discussion in one channel: the delivery that its thread hangs on."""

from bot.core.domain.dataclass import dataclass

DAY_PART = "day"
"""The part of a slot in whose thread its papers are (layout `thread`)."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A discussion's presence in a channel: `id` is the delivery that the thread hangs on.

    `is_open` is false once the platform has said that it is locked or gone.
    """

    id: int
    channel: str
    is_open: bool = True
