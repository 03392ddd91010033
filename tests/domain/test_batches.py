from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import batches
from bot.domain.batches import AGAIN_AFTER, Seen, State, Trouble, Watch

EASTERN = ZoneInfo("America/New_York")
TUESDAY = date(2026, 11, 17)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(hour: int, minute: int = 0, day: date = TUESDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (at(4, 9), date(2026, 11, 16)),
        (at(4, 10), TUESDAY),
        (at(23, 59), TUESDAY),
        (at(3, day=date(2026, 11, 18)), TUESDAY),
    ],
)
def test_a_batch_day_begins_at_ten_past_four(now: datetime, day: date):
    assert batches.batch_day(now) == day


@pytest.mark.parametrize(
    ("watch", "now", "expected"),
    [
        (Watch("c"), at(6), State.WAITING),
        (Watch("c"), at(14), State.STALLED),
        (Watch("c", news_on=TUESDAY, batch_on=TUESDAY), at(6), State.FRESH),
        (Watch("c", news_on=TUESDAY, batch_on=date(2026, 11, 16)), at(6), State.WAITING),
        (Watch("c", news_on=TUESDAY, batch_on=date(2026, 11, 16)), at(15), State.FRESH),
        (Watch("c", news_on=date(2026, 11, 16)), at(6), State.WAITING),
        (Watch("c"), at(15, day=date(2026, 11, 14)), State.QUIET),
        (Watch("c"), at(15, day=date(2026, 11, 26)), State.QUIET),
        (Watch("c"), at(6, day=date(2026, 11, 26)), State.WAITING),
        (Watch("c"), at(15, day=date(2026, 11, 27)), State.QUIET),
        (Watch("c", news_on=TUESDAY, failed=True), at(6), State.FAILED),
    ],
)
def test_a_category_stands_as_its_ids_and_the_day_say(watch: Watch, now: datetime, expected: State):
    assert batches.state(watch, now) is expected


@given(INSTANTS, st.floats(0, 0.999), st.booleans())
def test_after_an_answer_the_next_look_is_in_an_hour_or_so_or_on_another_morning(
    now: datetime, spread: float, fresh: bool
):
    seen = Seen(
        items=5, unseen=5 if fresh else 0, batch_on=batches.batch_day(now) if fresh else None
    )
    after = batches.after_answer(Watch("c"), seen, now, spread)

    assert after.next_at is not None
    wait = after.next_at - now
    if batches.state(after, now) is State.WAITING:
        assert AGAIN_AFTER[0] <= wait <= AGAIN_AFTER[1]
    else:
        assert timedelta(0) < wait <= timedelta(days=3, minutes=20)
        assert batches.is_expected(batches.batch_day(after.next_at))


@given(INSTANTS)
def test_whatever_the_instant_a_category_never_asked_is_due(now: datetime):
    assert batches.is_due(Watch("c"), now)


@pytest.mark.parametrize(
    ("last", "today", "missed"),
    [
        (None, TUESDAY, []),
        (date(2026, 11, 16), TUESDAY, []),
        (date(2026, 11, 13), date(2026, 11, 16), []),
        (date(2026, 11, 12), TUESDAY, [date(2026, 11, 13), date(2026, 11, 16)]),
        (date(2026, 1, 1), TUESDAY, None),
    ],
)
def test_missed_days_are_weekdays_between_and_not_all_of_history(last, today, missed):
    found = batches.missed_days(last, today)

    if missed is None:
        assert 8 <= len(found) <= 10
    else:
        assert list(found) == missed


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [
        # Eastern is four hours behind UTC in summer, five in winter.
        (date(2026, 7, 14), datetime(2026, 7, 10, 18), datetime(2026, 7, 13, 18)),  # noqa: DTZ001
        (date(2026, 7, 13), datetime(2026, 7, 9, 18), datetime(2026, 7, 10, 18)),  # noqa: DTZ001
        (date(2026, 11, 18), datetime(2026, 11, 16, 19), datetime(2026, 11, 17, 19)),  # noqa: DTZ001
    ],
)
def test_a_batch_was_submitted_between_two_deadlines(day: date, since: datetime, until: datetime):
    assert batches.submission_window(day, EASTERN) == (
        since.replace(tzinfo=UTC),
        until.replace(tzinfo=UTC),
    )


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_the_windows_of_days_that_follow_touch(day: date):
    if not batches.is_expected(day):
        return
    before = batches.submission_window(batches.day_before(day), EASTERN)

    assert before[1] == batches.submission_window(day, EASTERN)[0]


@pytest.mark.parametrize(
    ("states", "before", "expected"),
    [
        ([], False, Trouble.NONE),
        ([State.STALLED, State.FRESH], False, Trouble.NONE),
        ([State.STALLED, State.WAITING], False, Trouble.NONE),
        ([State.QUIET], False, Trouble.NONE),
        ([State.STALLED, State.FAILED], True, Trouble.WARNING),
        ([State.STALLED], False, Trouble.ALARM),
    ],
)
def test_trouble_is_when_everything_stands_still(states, before, expected):
    assert batches.trouble(states, news_the_day_before=before) is expected
