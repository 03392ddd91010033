"""The program's clock and its random numbers for waits, handed to the parts as parameters."""

import random
from datetime import UTC, datetime


def now() -> datetime:
    """The clock of the whole program: an aware UTC instant."""
    return datetime.now(UTC)


def chance() -> float:
    """A random number in [0, 1) for waits."""
    return random.random()  # noqa: S311 - it spreads load, it guards nothing
