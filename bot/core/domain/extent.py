"""How much a refusal of a platform concerns."""

from enum import StrEnum


class Extent(StrEnum):
    """What else a platform will refuse after refusing one message, and for how long."""

    MESSAGE = "message"
    """Only this message; others may be accepted."""
    THREAD = "thread"
    """Every message in its thread, until a person fixes the cause."""
    CHANNEL = "channel"
    """Every message in its channel, until a person fixes the cause."""
    GONE = "gone"
    """The message or its whole thread, for good: it is locked or deleted."""
    SENT = "sent"
    """The message stays as it is for good: its platform changes and removes none, like e-mail."""
