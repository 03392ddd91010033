"""The real time on a clock that shows about noon, so that no test of real processes meets midnight."""

from datetime import UTC, datetime, timedelta

_BEHIND = (
    *("UTC", "Atlantic/Cape_Verde", "America/Noronha", "America/Sao_Paulo"),
    *("America/Puerto_Rico", "America/Panama", "America/Costa_Rica", "America/Phoenix"),
    *("Pacific/Pitcairn", "Pacific/Gambier", "Pacific/Honolulu", "Pacific/Pago_Pago"),
)
"""Zones so many hours behind UTC, without summer time."""


def noon() -> tuple[datetime, str]:
    """This instant as such a clock shows it, whose date is UTC's, and the clock's time zone."""
    now = datetime.now(UTC)
    ahead = 12 - now.hour
    # The signs of the first names are the other way round; the bot asks whether `Etc/GMT+3` is meant.
    zone = f"Etc/GMT-{ahead}" if ahead > 0 else _BEHIND[-ahead]
    return now + timedelta(hours=ahead), zone


def just_passed() -> tuple[str, str]:
    """The time of two minutes ago and its zone: a digest at that time is due today, and since then."""
    now, zone = noon()
    return f"{now - timedelta(minutes=2):%H:%M}", zone
