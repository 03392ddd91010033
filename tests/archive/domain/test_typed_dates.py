"""Dates as people type them, in both languages."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.typed_dates import Days, find_date, read_date
from bot.core.domain.day_text import day_text
from bot.core.domain.errors import UsageError

TUESDAY = date(2025, 2, 4)
DAYS = Days(TUESDAY, newest=date(2025, 1, 30))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2025-02-04"),
        ("Yesterday", "2025-02-03"),
        ("어제", "2025-02-03"),
        ("그저께", "2025-02-02"),
        ("the day before yesterday", "2025-02-02"),
        ("tomorrow", "2025-02-05"),
        ("newest", "2025-01-30"),
        ("최신", "2025-01-30"),
        ("2 days ago", "2025-02-02"),
        ("a week ago", "2025-01-28"),
        ("3일 전", "2025-02-01"),
        ("이틀 전", "2025-02-02"),
        ("일주일 전", "2025-01-28"),
        ("2주 전", "2025-01-21"),
        ("last friday", "2025-01-31"),
        ("last tuesday", "2025-01-28"),
        ("tuesday", "2025-02-04"),
        ("fri", "2025-01-31"),
        ("지난 금요일", "2025-01-31"),
        ("지난주 금요일", "2025-01-31"),
        ("지난 주 월요일", "2025-01-27"),
        ("이번 주 금요일", "2025-02-07"),
        ("월요일", "2025-02-03"),
        ("Feb 4", "2025-02-04"),
        ("4 February", "2025-02-04"),
        ("february 5th", "2024-02-05"),
        ("2월 4일", "2025-02-04"),
        ("12월 25일", "2024-12-25"),
        ("29 Feb", "2024-02-29"),
        ("4 Feb 2025", "2025-02-04"),
        ("2025년 2월 4일", "2025-02-04"),
    ],
)
def test_a_date_is_read_in_both_languages(text: str, day: str) -> None:
    assert read_date(text, DAYS) == date.fromisoformat(day)


@pytest.mark.parametrize("text", ["", "soon", "2/4", "0204", "next friday", "this friday", "엊그제", "전", "ago", "days ago", "30 Feb", "2025-02-30", "feb", "the", "sun of may", "9999999 days ago"])  # fmt: skip
def test_anything_else_is_refused_with_what_to_type(text: str) -> None:
    with pytest.raises(UsageError, match=f"“{text}” is not a date: write it like 2025-02-04"):
        read_date(text, DAYS)


def test_the_newest_of_an_empty_archive_is_today() -> None:
    assert read_date("newest", Days(TUESDAY)) == TUESDAY


days = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@given(days, st.sampled_from(["ko", "en"]), st.booleans(), days)
def test_every_shown_date_is_read_on_any_day(
    on: date, locale: str, weekday: bool, today: date
) -> None:
    assert read_date(day_text(on, locale, weekday=weekday), Days(today)) == on
    assert read_date(on.isoformat(), Days(today)) == on


# A day of 1900 has days before it that are no dates here: years begin with 1900.
@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)), st.integers(0, 300))
def test_a_date_without_a_year_is_the_last_one(today: date, ago: int) -> None:
    on = today - timedelta(days=ago)

    assert read_date(f"{on:%B} {on.day}", Days(today)) == on
    assert read_date(f"{on.month}월 {on.day}일", Days(today)) == on
    assert read_date(f"{ago} days ago", Days(today)) == on
    assert read_date(f"{ago}일 전", Days(today)) == on


@given(days, st.integers(0, 6))
def test_last_weekday_is_within_a_week_before_today(today: date, number: int) -> None:
    name = f"{date(2024, 1, 1 + number):%A}"  # 1 January 2024 was a Monday
    korean = f"{'월화수목금토일'[number]}요일"

    on = read_date(f"last {name}", Days(today))

    assert on.weekday() == number
    assert 1 <= (today - on).days <= 7
    assert read_date(f"지난 {korean}", Days(today)) == on


@given(st.text(max_size=20) | st.text("0123456789 agodysfri전일주월지난어제 ", max_size=14))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = find_date(text, DAYS)

    assert found is None or isinstance(found, date)
