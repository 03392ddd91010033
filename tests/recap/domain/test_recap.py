import xml.etree.ElementTree as ET
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import EntryId
from bot.core.catalogue import Catalogues
from bot.core.domain.chart import ON_CARD, ON_PAGE, bars, svg
from bot.core.domain.document import Chart, dump, load, notice
from bot.core.domain.i18n import ENGLISH
from bot.recap.domain.period import Unit, parse_period, period_of
from bot.recap.domain.present_recap import present_recap
from bot.recap.domain.recap import Cited, Rows, Said, make_recap, stretches

WEEK = parse_period("2026-W48", date(2026, 11, 27))
BEGIN = WEEK.before(12).first
DAY = timedelta(days=1)


def weekly(*papers: int, begins_on: date = BEGIN, **more: Any) -> Rows:
    """So many papers in this week (the last count) and in each of those before."""
    counted = stretches(WEEK, begins_on)
    return Rows(counted, in_weeks(*papers, weeks=len(counted)), **{"tags": {}, **more})


def in_weeks(*counts: int, weeks: int = 13) -> tuple[int, ...]:
    return (*[0] * (weeks - len(counts)), *counts)


def test_tags_rise_and_fall_against_the_twelve_weeks_before():
    tags = {
        "new": in_weeks(3),
        "steady": in_weeks(*[4] * 13),
        "gone": in_weeks(*[2] * 12, 0),
        "once": in_weeks(1),
    }

    recap = make_recap(WEEK, weekly(*[5] * 13, tags=tags))

    assert [tag.slug for tag in recap.rising] == ["new"]
    assert [tag.slug for tag in recap.falling] == ["gone"]
    assert recap.falling[0].usual == 2.0
    assert [tag.slug for tag in recap.drawn] == ["steady", "new", "once"]
    assert (recap.papers, sum(recap.papers_before)) == (5, 60)


def test_weeks_before_the_archive_began_are_not_compared_with():
    begun = WEEK.first - timedelta(days=3)

    recap = make_recap(WEEK, weekly(6, 6, begins_on=begun, tags={"rl": (3, 3)}))

    assert recap.before == ("2026-W47",)
    assert (recap.rising, recap.falling) == ((), ())


def test_people_are_counted_once_and_named_only_where_that_is_allowed():
    said = [
        Said(EntryId(1), "slack:T1/U1", "Ada", is_named=True),
        Said(EntryId(1), "slack:T1/U1", "Ada", is_named=True),
        Said(EntryId(2), "slack:T1/U2", "Bob", is_named=False),
    ]

    recap = make_recap(WEEK, weekly(5, said=said))

    assert (recap.people, recap.replies, recap.names) == (2, 3, ("Ada",))
    assert [(d.entry_id, d.replies, d.people) for d in recap.discussed] == [(1, 2, 1), (2, 1, 1)]


def test_a_paper_is_taken_up_again_if_it_has_an_entry_from_before():
    cited = [
        Cited(1, "Old", None, EntryId(10), EntryId(3)),
        Cited(1, "Old", None, EntryId(11), EntryId(3)),
        Cited(2, "Elsewhere", "https://example.org", EntryId(10), None),
        Cited(2, "Elsewhere", "https://example.org", EntryId(11), None),
        Cited(3, "Once", None, EntryId(11), None),
    ]

    recap = make_recap(WEEK, weekly(5, cited=cited))

    assert [(each.title, each.times) for each in recap.taken_up] == [("Old", 2)]
    assert [each.title for each in recap.most_cited] == ["Elsewhere", "Old"]


def test_below_five_papers_it_is_one_line():
    few = present_recap(make_recap(WEEK, weekly(4)), {}, ENGLISH)
    enough = present_recap(make_recap(WEEK, weekly(5)), {}, ENGLISH)

    assert few.summary == "week 48 of 2026: 4 papers, too few to look back on."
    assert len(few.blocks) == 1
    assert enough.summary == "Looking back on week 48 of 2026: 5 papers"


@pytest.mark.parametrize("say", [ENGLISH, Catalogues()("ko")], ids=["en", "ko"])
def test_a_period_that_is_not_over_says_so(say):
    rows = weekly(*[5] * 13, tags={"rl": in_weeks(*[5] * 13)})

    over = str(present_recap(make_recap(WEEK, rows), {}, say))
    first_day = str(present_recap(make_recap(WEEK, rows, WEEK.first), {}, say))
    third_day = str(present_recap(make_recap(WEEK, rows, WEEK.first + 2 * DAY), {}, say))

    if say is ENGLISH:
        assert "23 November 2026 – 29 November 2026 · 5 papers · before: 5 on average'" in over
        assert "2026 – 25 November 2026 · so far · 5 papers" in third_day
        assert "before: 5 on average in as many days" in third_day
        assert "in the first 3 days of each, 2026-W36 to 2026-W48" in third_day
        assert "on the first day of each, 2026-W36 to 2026-W48" in first_day
    else:
        assert "2026년 11월 25일 · 지금까지 · 논문 5편 · 이전 같은 일수의 평균: 5편" in third_day
        assert "지금까지" not in over


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.sampled_from(Unit), st.integers(0, 5000))
def test_as_many_days_of_each_whole_period_before_are_compared(today, unit, age):
    period, begins_on = period_of(unit, today), today - timedelta(days=age)

    *earlier, this = stretches(period, begins_on, until=today)

    assert (this.first, this.last) == (period.first, today)
    for n, each in enumerate(reversed(earlier), start=1):
        whole = period.before(n)
        assert (each.name, each.first) == (whole.name, whole.first)
        assert begins_on <= each.first <= each.last <= whole.last
        assert each.last == whole.last or each.last - each.first == today - period.first
    assert len(earlier) == 12 or period.before(len(earlier) + 1).first < begins_on


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=40),
            st.lists(st.integers(0, 10_000), min_size=2, max_size=2).map(tuple),
        ),
        max_size=8,
    )
)
def test_any_chart_is_drawn_and_kept(lines):
    chart = Chart(("2026-W47", "2026-W48"), tuple(lines), text='In words: <&">')
    document = notice("x")

    for colours in (ON_CARD, ON_PAGE):
        root = ET.fromstring(svg(chart, colours))  # noqa: S314 - our own
        assert root.attrib["aria-label"] == chart.text
        assert "style" not in root.attrib
    assert len(bars(chart).splitlines()) >= len(lines) - 1
    assert load(dump(type(document)((chart,), "x"))).blocks == (chart,)
