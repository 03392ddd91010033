"""Instants as the database keeps them: UTC text of one width, which sorts as time goes."""

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """`2025-02-04T09:00:00.000000Z`; the instant must be aware."""
    if instant.tzinfo is None:
        raise ValueError(f"a naive instant: {instant!r}")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def from_text(text: str) -> datetime:
    """The aware UTC instant that `to_text` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
