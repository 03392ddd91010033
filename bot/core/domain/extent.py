"""How much a refusal of a platform concerns."""

from enum import StrEnum


class Extent(StrEnum):
    """How much a refusal takes in, and for how long."""

    MESSAGE = "message"
    """This message as it is; others may be taken."""
    THREAD = "thread"
    """Everything in its thread, until somebody mends what is wrong."""
    CHANNEL = "channel"
    """Everything in its channel, until then."""
    GONE = "gone"
    """Everything in its thread, or the message itself, for ever: it is locked or deleted."""
