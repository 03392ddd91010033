"""Relative dates in queries are written out; everything else stays as it is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.typed_dates import Days
from bot.lookup.domain.query_dates import has_dates, write_out

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
