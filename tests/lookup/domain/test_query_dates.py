"""Relative dates in queries are written out; everything else stays as it is."""

import sys
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.typed_dates import Days
from bot.core.domain.errors import QueryError
from bot.lookup.domain.query import LONGEST, parse
from bot.lookup.domain.query_dates import has_dates, parse_to_store, write_out
from bot.lookup.domain.query_terms import Dates, Popular, Query, format_query

DAYS = Days(date(2025, 2, 4), newest=date(2025, 1, 30))


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("date:yesterday", "date:2025-02-03"),
        ("#rl after:last friday -#moe", "#rl after:2025-01-31 -#moe"),
        ("before:2월 4일 after:2주 전 보상", "before:2025-02-04 after:2025-01-21 보상"),
        ("date:어제", "date:2025-02-03"),
        ('date:"2 days ago"', "date:2025-02-02"),
        ("DATE: newest", "DATE:2025-01-30"),
        ("-date:today", "-date:2025-02-04"),
        ("popular:week #rl", "popular:2025-01-28 #rl"),
        ("popular:주", "popular:2025-01-28"),
        ("popular:last friday", "popular:2025-01-31"),
        ("date:4 Feb 2025 lora", "date:2025-02-04 lora"),
        ("date:4 Feb 2025: lora", "date:2025-02-04 lora"),
        ("date:feb 4 date:어제 #rl", "date:2025-02-04 date:2025-02-03 #rl"),
        ("date:the day before yesterday rl", "date:2025-02-02 rl"),
    ],
)
def test_a_relative_date_is_written_out(asked: str, written: str) -> None:
    assert has_dates(asked)
    assert write_out(asked, DAYS) == written


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "yesterday",
        '"date:yesterday"',
        "update:yesterday",
        "date:2025-02",
        "date:soon x",
        "date:",
        "#date:today",
        '"a date:today b',
    ],
)
def test_anything_else_stays(asked: str) -> None:
    assert write_out(asked, DAYS) == asked


@given(st.text('date:before yst 2025-#"어제', max_size=30))
def test_writing_out_twice_changes_nothing_more(asked: str) -> None:
    once = write_out(asked, DAYS)

    assert write_out(once, DAYS) == once
    if not has_dates(asked):
        assert once == asked


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("date:yesterday", "date:yesterday"),
        ("#rl after:last  Friday -#moe", '#rl after:"last friday" -#moe'),
        ("before:2월 4일 after:2주 전 보상", 'before:2025-02-04 after:"2주 전" 보상'),
        ('date:"2 days ago"', 'date:"2 days ago"'),
        ("popular:week popular:feb 1", "popular:week popular:2025-02-01"),
        ("-date:newest", "-date:newest"),
        ("popular:주", "popular:주"),
        ("date:2025.02 rl", "date:2025-02 rl"),
    ],
)
def test_a_query_that_is_stored_keeps_its_relative_dates(asked: str, stored: str) -> None:
    query = parse_to_store(asked, DAYS)

    assert format_query(query) == stored
    assert parse_to_store(stored, DAYS) == query


def _calls(work: Callable[[str], object], text: str) -> int:
    """How many functions `work` calls for a text."""
    calls = 0

    def count(_frame: object, event: str, _of: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    work(text)  # what is compiled once is not counted
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work(text)
    finally:
        sys.setprofile(before)
    return calls


_UNITS = [
    "date:1 ",
    "date:1일 ",
    "date:a1 b c ",
    "date:feb 30x ",
    "date:2월 30일 ",
    "date:x ",
    "date:2025 ",
    "date:feb 29 ",
    'date:"1 ',
    "date: ",
    '"',
]


@pytest.mark.parametrize("unit", _UNITS)
@pytest.mark.parametrize("work", [has_dates, lambda text: write_out(text, DAYS)])
def test_no_line_holds_up_the_event_loop(work: Callable[[str], object], unit: str):
    line, message = unit * (LONGEST // len(unit)), unit * (40_000 // len(unit))

    assert _calls(work, line) < 15 * LONGEST
    assert _calls(work, message) < 10
    assert write_out(message, DAYS) == message
    assert not has_dates(message)


def test_a_query_of_the_greatest_length_has_its_dates_written_out_behind_a_mention():
    query = "date:어제 " + "a" * (LONGEST - len("date:어제 "))
    line = f"@paperbot /paper bib {query}"

    assert has_dates(line)
    assert write_out(line, DAYS) == line.replace("어제", "2025-02-03")


_WORDS = st.lists(
    st.sampled_from(
        ["#rl", "lora", "date:", "-before:", "after:", "popular:", "yesterday", "last", "friday",
         "week", "2", "days", "ago", "feb", "4", "newest", "2025-02-04", "오늘", "지난주", '"', "금요일"]
    ),
    max_size=8,
)  # fmt: skip


@given(_WORDS, st.dates(date(2025, 2, 4), date(2026, 1, 1)))
def test_on_every_day_a_stored_query_means_what_it_would_mean_if_it_was_typed(words, on) -> None:
    asked, later = " ".join(words), Days(on)
    try:
        stored = format_query(parse_to_store(asked, DAYS))
    except QueryError:
        return

    assert write_out(stored, DAYS) == format_query(parse(write_out(stored, DAYS)))
    assert _days_of(parse(write_out(stored, DAYS))) == _days_of(parse(write_out(asked, DAYS)))
    assert _days_of(parse(write_out(stored, later))) == _days_of(parse(stored, later))


def _days_of(query: Query) -> list[object]:
    return [
        (each.first, each.last, each.negated) if isinstance(each, Dates) else each.since
        for each in query.terms
        if isinstance(each, Dates | Popular)
    ]


def test_a_line_is_read_anew_on_another_day():
    line = "#rl date:yesterday"

    first, second = (parse(line, Days(date(2025, 2, day))) for day in (4, 5))
    again = parse(line, Days(date(2025, 2, 4)))

    third, fourth = date(2025, 2, 3), date(2025, 2, 4)
    assert first.terms[1] == Dates(third, third, "yesterday")
    assert second.terms[1] == Dates(fourth, fourth, "yesterday")
    assert again is first
    with pytest.raises(QueryError):
        parse("date:yesterday")
