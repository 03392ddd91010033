"""Slack's timestamps: seconds since 1970 with six decimals; they also identify messages."""

from datetime import UTC, datetime, timedelta

from bot.core.domain.late import late_pattern

_TIMESTAMP = late_pattern(r"([0-9]{1,11})\.([0-9]{1,6})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_timestamp(ts: str) -> datetime | None:
    """The instant of a timestamp, exact to the microsecond; `None` if it is malformed."""
    found = _TIMESTAMP.fullmatch(ts)
    if found is None:
        return None
    seconds, rest = found.groups()
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(rest.ljust(6, "0")))


def format_timestamp(at: datetime) -> str:
    """The timestamp of an aware instant."""
    seconds, rest = divmod((at - _EPOCH) // timedelta(microseconds=1), 1_000_000)
    return f"{seconds}.{rest:06d}"
