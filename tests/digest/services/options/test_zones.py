"""Time zones as people type them: what is meant is suggested, and never assumed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.channels.domain.zone_names import zones_at
from bot.core.domain.errors import UsageError
from bot.digest.services.options.zones import complete_zone, name_of, parse_zone


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Asia/Seoul", "Asia/Seoul"),
        (" us/eastern ", "US/Eastern"),
        ("utc", "UTC"),
        ("america/new york", "America/New_York"),
    ],
)
def test_a_zone_is_found_in_any_case(typed, zone):
    assert parse_zone(typed).key.casefold() == zone.casefold()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Asia/Soul", "Asia/Seoul"),
        ("Seoul", "Asia/Seoul"),
        ("KST", "Asia/Seoul"),
        ("서울", "Asia/Seoul"),
        ("EST", "America/New_York"),
        ("est", "America/New_York"),
        ("MST", "America/Denver"),
        ("HST", "Pacific/Honolulu"),
        ("New York", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
    ],
)
def test_a_zone_that_is_nearly_right_gets_a_suggestion(typed, meant):
    with pytest.raises(UsageError, match=f"did you mean {meant}\\?"):
        parse_zone(typed)


@pytest.mark.parametrize(
    "typed", ["", "xyzzy", "../etc/passwd", "Asia/", "\0", "+09:00", "Factory", "localtime"]
)
def test_an_invalid_zone_is_refused(typed):
    with pytest.raises(UsageError, match="time zone"):
        parse_zone(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("GMT+9", "write Asia/Seoul, Etc/GMT-9 for UTC\\+9"),
        ("gmt+9", "write Asia/Seoul, Etc/GMT-9 for UTC\\+9"),
        ("GMT9", "Etc/GMT-9 for UTC\\+9"),
        ("GMT +9", "Etc/GMT-9 for UTC\\+9"),
        ("GMT＋9", "Etc/GMT-9 for UTC\\+9"),
        ("UTC+9", "Etc/GMT-9 for UTC\\+9"),
        ("UTC+09:00", "Etc/GMT-9 for UTC\\+9"),
        ("utc+0900", "Etc/GMT-9 for UTC\\+9"),
        ("+9", "Etc/GMT-9 for UTC\\+9"),
        ("+09:00", "Etc/GMT-9 for UTC\\+9"),
        ("Etc/UTC+9", "Etc/GMT-9 for UTC\\+9"),
        ("KST-9", "Etc/GMT-9 for UTC\\+9"),
        ("Etc/GMT+9", "is UTC−9, not UTC\\+9: write Asia/Seoul, Etc/GMT-9 for UTC\\+9"),
        ("etc/gmt+9", "Pacific/Gambier for UTC−9"),
        ("Etc/GMT+12", "write Pacific/Tarawa, Etc/GMT-12 for UTC\\+12"),
        ("GMT-5", "write America/Panama for UTC−5"),
        ("UTC−5", "write America/Panama for UTC−5"),
        ("UTC+5:30", "write Asia/Kolkata for UTC\\+5:30"),
        ("-03:30", "America/St_Johns for UTC−3:30"),
    ],
)
def test_an_offset_is_refused_and_a_zone_that_means_it_is_named(typed, words):
    with pytest.raises(UsageError, match=words):
        parse_zone(typed)


@pytest.mark.parametrize(
    "typed", ["GMT", "UTC", "Etc/UTC", "GMT0", "GMT+0", "Etc/GMT-9", "EST5EDT"]
)
def test_the_name_of_a_zone_is_no_offset(typed):
    assert parse_zone(typed).key == typed


@pytest.mark.parametrize("hours", range(-12, 15))
def test_what_is_suggested_for_an_offset_has_that_offset(hours):
    typed = f"UTC{hours:+}"
    day = datetime(2026, 1, 1, tzinfo=UTC)

    for name in zones_at(timedelta(hours=hours)):
        assert parse_zone(name).utcoffset(day) == timedelta(hours=hours), typed


@pytest.mark.parametrize("typed", ["GMT+9h", "Etc/GMTT+9", "Etc/GM+9", "etc gmt +9 h"])
def test_a_zone_with_the_opposite_sign_is_never_suggested(typed):
    with pytest.raises(UsageError) as caught:
        parse_zone(typed)

    assert "did you mean Etc/GMT+" not in str(caught.value)


def test_a_zone_with_the_opposite_sign_is_never_completed():
    assert complete_zone("GMT+9") == ("Asia/Seoul", "Etc/GMT-9")
    assert "Etc/GMT+9" not in complete_zone("etc/gmt", limit=99)


@pytest.mark.parametrize("name", ["EST", "MST", "HST", "Asia/Seoul", "UTC"])
def test_a_zone_that_is_stored_can_be_typed_by_a_name_of_the_same_clocks(name):
    zone = ZoneInfo(name)
    typed = parse_zone(name_of(zone))

    for month in range(1, 13):
        at = datetime(2026, month, 1, tzinfo=UTC)
        assert at.astimezone(typed).utcoffset() == at.astimezone(zone).utcoffset()


def test_an_abbreviation_without_summer_time_is_never_completed():
    assert "EST" not in complete_zone("est", limit=1000)
