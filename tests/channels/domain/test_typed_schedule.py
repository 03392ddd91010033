"""Times and weekdays as people type them: read in both languages, or refused with what to type."""

from contextlib import suppress
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.domain.typed_schedule import format_weekdays, parse_time, parse_weekdays
from bot.core.domain.errors import UsageError


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("09:00", time(9)),
        ("9:05", time(9, 5)),
        (" 23:59 ", time(23, 59)),
        ("9am", time(9)),
        ("9 AM", time(9)),
        ("9:30pm", time(21, 30)),
        ("9:30 p.m.", time(21, 30)),
        ("12am", time(0)),
        ("12:15 pm", time(12, 15)),
        ("noon", time(12)),
        ("오전 9시", time(9)),
        ("오전 9시에", time(9)),
        ("오후 6시 30분", time(18, 30)),
        ("오후 6시 반", time(18, 30)),
        ("오후6:30", time(18, 30)),
        ("오후 12시", time(12)),
        ("저녁 7시", time(19)),
        ("21시", time(21)),
        ("0시", time(0)),
        ("자정", time(0)),
    ],
)
def test_a_time_is_read(text, at):
    assert parse_time(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24:00",
        "21",
        "09:60",
        "0９:00",
        "-1:00",
        "09:00:00",
        "13pm",
        "0am",
        "오전 13시",
        "25시",
        "9 30",
        "am",
        "오전",
    ],
)
def test_an_invalid_time_is_refused(text):
    with pytest.raises(UsageError, match="not a time of day"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "write"),
    [("9", "09:00 or 21:00"), ("12시", "00:00 or 12:00"), ("6시 30분", "06:30 or 18:30")],
)
def test_a_time_that_may_be_morning_or_evening_is_refused(text, write):
    with pytest.raises(UsageError, match=f"morning or evening: write {write}"):
        parse_time(text)


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_every_time_is_read_however_it_is_written(at):
    half, hour = ("am", "pm")[at.hour >= 12], at.hour % 12 or 12
    korean = ("오전", "오후")[at.hour >= 12]

    assert parse_time(f"{at:%H:%M}") == at
    assert parse_time(f"{hour}:{at.minute:02}{half}") == at
    assert parse_time(f"{hour}:{at.minute:02} {half.upper()}") == at
    assert parse_time(f"{korean} {hour}시 {at.minute}분") == at
    assert parse_time(f"{korean}{hour}:{at.minute:02}") == at


@given(st.text(alphabet="0129:시분반 오전후에amp.", max_size=12) | st.text(max_size=12))
def test_any_text_is_a_time_or_refused(text):
    with suppress(UsageError):
        at = parse_time(text)
        assert (at.second, at.tzinfo) == (0, None)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daily", {0, 1, 2, 3, 4, 5, 6}),
        ("weekdays", {0, 1, 2, 3, 4}),
        ("평일", {0, 1, 2, 3, 4}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Mon, Wed,FRI", {0, 2, 4}),
        ("monday tues thurs", {0, 1, 3}),
        ("fri-mon", {4, 5, 6, 0}),
        ("월,수,금", {0, 2, 4}),
        ("월요일 – 금요일", {0, 1, 2, 3, 4}),
        ("토~일", {5, 6}),
        ("every weekday", {0, 1, 2, 3, 4}),
        ("on weekdays", {0, 1, 2, 3, 4}),
        ("every day", {0, 1, 2, 3, 4, 5, 6}),
        ("매일", {0, 1, 2, 3, 4, 5, 6}),
        ("weekends", {5, 6}),
        ("주말마다", {5, 6}),
        ("every mon, wed and fri", {0, 2, 4}),
        ("mondays & fridays", {0, 4}),
        ("mon to fri", {0, 1, 2, 3, 4}),
        ("월요일부터 금요일까지", {0, 1, 2, 3, 4}),
        ("weekdays and sat", {0, 1, 2, 3, 4, 5}),
        ("월수금", {0, 2, 4}),
        ("매주 월요일", {0}),
    ],
)
def test_weekdays_are_read_in_both_languages(text, days):
    assert parse_weekdays(text) == days


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mo",
        "someday",
        "mon-",
        "월-",
        "mon--fri",
        "1-5",
        "day",
        "weekly",
        "every other day",
        "every 2 days",
        "매주",
    ],
)
def test_an_invalid_weekday_is_refused(text):
    with pytest.raises(UsageError, match="weekday"):
        parse_weekdays(text)


@given(st.frozensets(st.integers(0, 6), min_size=1))
def test_weekdays_are_read_as_they_are_written(days):
    assert parse_weekdays(format_weekdays(days)) == days


@given(st.text(alphabet="montuewedfri 월화수금일매주평-~,", max_size=20) | st.text(max_size=12))
def test_any_text_is_weekdays_or_refused(text):
    with suppress(UsageError):
        days = parse_weekdays(text)
        assert days
        assert days <= set(range(7))
