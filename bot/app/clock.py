"""The program's clock and its source of random numbers; everything else takes them as parameters."""

import random
from datetime import UTC, datetime


def now() -> datetime:
    """The clock of the whole program: an aware UTC instant."""
    return datetime.now(UTC)


def chance() -> float:
    """A random number in [0, 1) for waits."""
    return random.random()  # noqa: S311 - it spreads load, it guards nothing
