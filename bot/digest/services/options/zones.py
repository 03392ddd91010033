"""Time zones as people type them: IANA names, with a suggestion for anything else."""

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from bot.channels.domain import zone_names
from bot.core.domain.errors import UsageError

_ABBREVIATIONS = {
    "kst": "Asia/Seoul",
    "jst": "Asia/Tokyo",
    "ist": "Asia/Kolkata",
    "bst": "Europe/London",
    "cest": "Europe/Berlin",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "edt": "America/New_York",
    "est": "America/New_York",
    "mst": "America/Denver",
    "hst": "Pacific/Honolulu",
    "korea": "Asia/Seoul",
    "한국": "Asia/Seoul",
    "서울": "Asia/Seoul",
}
"""Common abbreviations of zones; suggested in the error, never assumed.

Some are IANA names, too, of clocks without summer time: who types EST means New York's.
"""

_SAME_CLOCKS = {"EST": "America/Panama", "MST": "America/Phoenix", "HST": "Pacific/Honolulu"}
"""As the time zone database links them; they may be stored, or be the bot's own zone."""


_NO_PLACE = "Factory"
"""In the time zone database, for a machine whose zone was never set."""


@cache
def _zone_names() -> dict[str, str]:
    # Not `available_timezones`: that opens the file of every zone, up to 30 ms in the event loop.
    listed = (resources.files("tzdata") / "zones").read_text(encoding="ascii").split()
    return {name.casefold(): name for name in sorted(listed) if name != _NO_PLACE}


def _suggested_names() -> dict[str, str]:
    names = _zone_names().items()
    return {
        folded: name
        for folded, name in names
        if not folded.startswith("etc/gmt+") and folded not in _ABBREVIATIONS
    }


def parse_zone(text: str) -> ZoneInfo:
    """`Asia/Seoul`, case-insensitive; raises `UsageError` with the nearest known name."""
    folded = text.strip().casefold().replace(" ", "_")
    names = _zone_names()
    _refuse_offset(text)
    if folded in names and folded not in _ABBREVIATIONS:
        return ZoneInfo(names[folded])
    near = suggest_zone(text)
    if near is None:
        raise UsageError(
            "There is no time zone “{text}”: write an IANA name like Asia/Seoul", text=text.strip()
        )
    raise UsageError(
        "There is no time zone “{text}”; did you mean {near}?", text=text.strip(), near=near
    )


def name_of(zone: ZoneInfo) -> str:
    """A name that `parse_zone` takes, of a zone with the same clocks."""
    return _SAME_CLOCKS.get(zone.key, zone.key)


def suggest_zone(text: str) -> str | None:
    """The zone that is most likely meant: `Asia/Seoul` for `Seoul`, `KST` or `Asia/Soul`."""
    folded = text.strip().casefold().replace(" ", "_")
    return _ABBREVIATIONS.get(folded) or _nearest_zone(folded, _suggested_names())


def looks_like_zone(text: str) -> bool:
    """Whether a word is meant as a time zone: `Asia/Soul`, `seoul`, `KST`, `UTC+9`."""
    folded = text.strip().casefold().replace(" ", "_")
    if "/" in folded or folded in _ABBREVIATIONS or folded in _zone_names():
        return True
    return folded in _cities() or bool(zone_names.meant_offset(text))


@cache
def _cities() -> frozenset[str]:
    return frozenset(name.rpartition("/")[2] for name in _suggested_names())


def _refuse_offset(text: str) -> None:
    meant = zone_names.meant_offset(text)
    zones = ", ".join(zone_names.zones_at(meant)) if meant else ""
    if not meant or not zones:
        return
    offset = zone_names.format_offset(meant)
    others = ", ".join(zone_names.zones_at(-meant))
    if zone_names.is_backwards(text) and others:
        raise UsageError(
            "“{text}” is {opposite}, not {offset}: write {zones} for {offset}, {others} for "
            "{opposite}",
            text=text.strip(),
            opposite=zone_names.format_offset(-meant),
            offset=offset,
            zones=zones,
            others=others,
        )
    raise UsageError(
        "“{text}” is an offset, not a time zone: write {zones} for {offset}",
        text=text.strip(),
        zones=zones,
        offset=offset,
    )


def complete_zone(typed: str, limit: int = 25) -> tuple[str, ...]:
    """Zones whose name has what is typed in it, those that begin with it first."""
    folded = typed.strip().casefold().replace(" ", "_")
    offset = zone_names.meant_offset(typed)
    if offset:
        return zone_names.zones_at(offset)
    names = sorted(_suggested_names().items())
    beginning = [name for key, name in names if key.startswith(folded)]
    within = [name for key, name in names if folded in key and not key.startswith(folded)]
    return tuple([*beginning, *within][:limit])


def _nearest_zone(folded: str, names: dict[str, str]) -> str | None:
    """The nearest name, by the whole name or by the city alone."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - slow to import, for misspelt names

    cities: dict[str, str] = {}
    for name in sorted(names, key=len):
        cities.setdefault(name.rpartition("/")[2], name)
    whole = process.extractOne(folded, names.keys(), scorer=fuzz.ratio, score_cutoff=75)
    city = process.extractOne(
        folded.rpartition("/")[2], cities.keys(), scorer=fuzz.ratio, score_cutoff=75
    )
    if city is not None and (whole is None or city[1] > whole[1]):
        return names[cities[city[0]]]
    return names[whole[0]] if whole is not None else None
