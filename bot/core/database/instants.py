"""Instants as text in one format, so that rows compare as their instants do."""

from datetime import UTC, datetime


def to_text(at: datetime) -> str:
    """`2025-02-04T00:00:00.000000+00:00`; the instant must be aware."""
    if at.tzinfo is None:
        raise ValueError(f"a naive instant: {at}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """The instant that `to_text` wrote."""
    return datetime.fromisoformat(text)
