"""Recognizes offsets that people write for a time zone: `GMT+9`, `UTC-05:00`, `+9`, `KST-9`.

The zone `Etc/GMT+9` is nine hours behind UTC: its sign follows POSIX (tz database, file
`etcetera`), the opposite of common usage. So offsets and such names are refused, and a zone with
the intended offset is suggested (issue 12, item 27).
"""

import re
from datetime import timedelta

from bot.core.domain.late import late_pattern

_OFFSET = late_pattern(
    r"(?:(?P<etc>etc/)?(?P<base>gmt|utc|ut|z))?(?P<sign>[+-])?(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?"
)
_POSIX = late_pattern(r"(?P<name>[a-z]{3,4})(?P<sign>[+-])?(?P<hours>\d{1,2})")
_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-", "－": "-", "＋": "+", "：": ":", "﹣": "-"})
_POSIX_NAMES = {"kst", "jst", "ist", "cst", "hkt", "sgt", "cet", "eet", "msk"}

_CITIES = {
    -660: "Pacific/Pago_Pago",
    -600: "Pacific/Honolulu",
    -570: "Pacific/Marquesas",
    -540: "Pacific/Gambier",
    -480: "Pacific/Pitcairn",
    -420: "America/Phoenix",
    -360: "America/Costa_Rica",
    -300: "America/Panama",
    -240: "America/Puerto_Rico",
    -210: "America/St_Johns",
    -180: "America/Sao_Paulo",
    -120: "America/Noronha",
    -60: "Atlantic/Cape_Verde",
    0: "UTC",
    60: "Africa/Lagos",
    120: "Africa/Johannesburg",
    180: "Europe/Istanbul",
    210: "Asia/Tehran",
    240: "Asia/Dubai",
    270: "Asia/Kabul",
    300: "Asia/Karachi",
    330: "Asia/Kolkata",
    345: "Asia/Kathmandu",
    360: "Asia/Dhaka",
    390: "Asia/Yangon",
    420: "Asia/Bangkok",
    480: "Asia/Shanghai",
    525: "Australia/Eucla",
    540: "Asia/Seoul",
    570: "Australia/Darwin",
    600: "Australia/Brisbane",
    630: "Australia/Lord_Howe",
    660: "Pacific/Guadalcanal",
    720: "Pacific/Tarawa",
    765: "Pacific/Chatham",
    780: "Pacific/Tongatapu",
    840: "Pacific/Kiritimati",
}
"""By offset from UTC in minutes: a zone with it, without daylight saving time if there is one."""


def meant_offset(text: str) -> timedelta | None:
    """The offset from UTC that a person means by a text, if the text is an offset.

    `Etc/GMT-9` is no offset but a zone: it is suggested for UTC+9.
    """
    folded = re.sub(r"\s", "", text.translate(_MINUS)).casefold()
    posix = _POSIX.fullmatch(folded)
    if posix is not None and posix["name"] in _POSIX_NAMES:
        return _offset("+" if posix["sign"] == "-" else "-", posix["hours"], None)
    match = _OFFSET.fullmatch(folded)
    if match is None or not (match["base"] or match["sign"]):
        return None
    if match["etc"] and match["base"] == "gmt" and match["sign"] == "-":
        return None
    return _offset(match["sign"] or "+", match["hours"], match["minutes"])


def _offset(sign: str, hours: str, minutes: str | None) -> timedelta | None:
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -offset if sign == "-" else offset


def zones_at(offset: timedelta) -> tuple[str, ...]:
    """Zones to suggest for an offset, the likeliest first; empty if no zone has it."""
    minutes = int(offset / timedelta(minutes=1))
    city = _CITIES.get(minutes)
    if city is None:
        return ()
    if minutes > 0 and minutes % 60 == 0:
        return city, f"Etc/GMT-{minutes // 60}"
    return (city,)


def is_backwards(name: str) -> bool:
    """Whether a zone's name has the opposite sign of its offset: `Etc/GMT+9` is UTC−9."""
    return re.fullmatch(r"etc/gmt\+0*[1-9]\d*", name.strip().casefold()) is not None


def format_offset(offset: timedelta) -> str:
    """`UTC+9`, `UTC−3:30`."""
    minutes = abs(int(offset / timedelta(minutes=1)))
    hours, rest = divmod(minutes, 60)
    sign = "−" if offset < timedelta() else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
