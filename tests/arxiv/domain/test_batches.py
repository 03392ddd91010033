from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.domain import batches
from bot.arxiv.domain.batches import AGAIN_AFTER, CategoryStatus, Seen, State, Trouble, Watch

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
        (Watch("c", news_on=TUESDAY, batch_on=date(2026, 11, 16)), at(15), State.STALLED),
        (Watch("c", news_on=date(2026, 11, 16)), at(6), State.WAITING),
        (Watch("c"), at(15, day=date(2026, 11, 14)), State.QUIET),
        (Watch("c"), at(15, day=date(2026, 11, 26)), State.QUIET),
        (Watch("c"), at(6, day=date(2026, 11, 26)), State.WAITING),
        (Watch("c"), at(15, day=date(2026, 11, 27)), State.QUIET),
        (
            Watch("c", news_on=date(2026, 11, 27), batch_on=date(2026, 11, 26)),
            at(15, day=date(2026, 11, 27)),
            State.FRESH,
        ),
        (Watch("c", news_on=TUESDAY, failed=True), at(6), State.FAILED),
    ],
)
def test_the_state_of_a_category_follows_from_its_ids_and_the_day(
    watch: Watch, now: datetime, expected: State
):
    assert batches.state(watch, now) is expected


@given(INSTANTS, st.floats(0, 0.999), st.booleans())
def test_the_next_poll_is_in_an_hour_or_so_or_on_another_morning(
    now: datetime, jitter: float, fresh: bool
):
    seen = Seen(unseen=5, claims={batches.batch_day(now)}) if fresh else Seen()
    after = batches.after_answer(Watch("c"), seen, now, jitter)

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
    ("last", "came", "missed"),
    [
        (None, [], []),
        (date(2026, 11, 16), [], []),
        (date(2026, 11, 16), [TUESDAY], []),
        (date(2026, 11, 13), [], [date(2026, 11, 16)]),
        (date(2026, 11, 13), [TUESDAY], [date(2026, 11, 16)]),
        (date(2026, 11, 13), [date(2026, 11, 16)], []),
        (date(2026, 11, 12), [], [date(2026, 11, 13), date(2026, 11, 16)]),
        (date(2026, 11, 13), [date(2026, 11, 18)], [date(2026, 11, 16), TUESDAY]),
        (date(2099, 1, 1), [], []),
    ],
)
def test_missed_is_what_did_not_come_between_what_came_last_and_today(last, came, missed):
    assert list(batches.missed_days(Watch("c", batch_on=last), came, at(6))) == missed


def test_not_all_of_history_is_missed():
    missed = batches.missed_days(Watch("c", batch_on=date(2026, 1, 1)), (), at(6))

    assert 8 <= len(missed) <= 10


@pytest.mark.parametrize(
    ("claims", "came"),
    [
        ([TUESDAY], {TUESDAY}),
        ([date(2026, 11, 16)], {date(2026, 11, 16)}),
        ([date(2026, 11, 16), TUESDAY], {date(2026, 11, 16), TUESDAY}),
        ([], {TUESDAY}),
        ([date(2099, 1, 1)], {TUESDAY}),
        ([date(1970, 1, 1)], {TUESDAY}),
    ],
)
def test_what_comes_is_of_the_day_it_claims_if_there_can_be_such_a_batch(claims, came):
    assert batches.arrived(Seen(unseen=1, claims=claims), at(6)) == came


def test_ids_seen_before_bring_no_batch_whatever_they_claim():
    seen = Seen(unseen=0, claims=[TUESDAY])

    after = batches.after_answer(Watch("c", batch_on=date(2026, 11, 16)), seen, at(6), 0.5)

    assert batches.arrived(seen, at(6)) == frozenset()
    assert after.batch_on == date(2026, 11, 16)


def test_a_feed_that_rolled_minutes_before_the_window_brings_the_next_days_batch():
    # In summer feeds roll at 04:00 UTC; a batch day begins at 04:10.
    day = date(2026, 7, 14)
    seen = Seen(unseen=9, claims=[day])

    after = batches.after_answer(Watch("c"), seen, at(4, 2, day), 0.5)

    assert batches.arrival_day(batches.arrived(seen, at(4, 2, day)), at(4, 2, day)) == day
    assert batches.state(after, at(6, day=day)) is State.FRESH
    assert batches.state(after, at(15, day=day)) is State.FRESH


def test_a_watch_is_owed_the_batch_of_the_day_it_begins_and_none_before():
    for begun in (
        batches.after_answer(Watch("c"), Seen(is_empty=True), at(6), 0.5),
        batches.after_failure(Watch("c"), at(6), at(7)),
    ):
        assert batches.missed_days(begun, (), at(7)) == ()
        assert batches.missed_days(begun, (), at(6, day=date(2026, 11, 18))) == (TUESDAY,)


def test_an_empty_feed_at_the_end_of_what_may_be_a_holiday_is_no_missed_batch():
    thanksgiving, friday, monday = (date(2026, 11, day) for day in (26, 27, 30))
    before = Watch("c", batch_on=thanksgiving)
    at_night = at(3, 30, date(2026, 11, 28))

    empty = batches.after_answer(before, Seen(is_empty=True), at_night, 0.5)
    stale = batches.after_answer(before, Seen(), at_night, 0.5)
    only_by_day = batches.after_answer(before, Seen(is_empty=True), at(15, day=friday), 0.5)
    asleep = before

    assert batches.missed_days(empty, (), at(6, day=monday)) == ()
    for not_seen in (stale, only_by_day, asleep):
        assert batches.missed_days(not_seen, (), at(6, day=monday)) == (friday,)


@pytest.mark.parametrize("minute", [0, 5, 15, 59])
def test_an_empty_feed_that_may_be_of_another_day_accounts_for_no_holiday(minute: int):
    # On Sunday evening the feed is Saturday's or Sunday's; from 04:00 UTC on it may be the next
    # day's, and from 04:10 on it is that day's turn.
    monday = date(2026, 12, 28)
    before = Watch("c", batch_on=date(2026, 12, 25))

    for now in (at(4, minute, monday), at(4, minute, date(2026, 12, 29))):
        after = batches.after_answer(before, Seen(is_empty=True), now, 0.5)
        assert batches.missed_days(after, (), at(6, day=date(2026, 12, 29))) == (monday,)


@pytest.mark.parametrize("jitter", [0, 0.5, 0.999])
def test_after_a_possible_holiday_without_news_the_feed_is_polled_once_more_at_night(jitter: float):
    labor_day = date(2026, 9, 7)
    before = Watch("c", batch_on=date(2026, 9, 4))
    empty = Seen(is_empty=True)

    late = batches.after_answer(before, empty, at(14, 0, labor_day), jitter)

    assert late.next_at is not None
    assert at(3, 0, date(2026, 9, 8)) <= late.next_at < at(3, 30, date(2026, 9, 8))
    at_night = batches.after_answer(late, empty, late.next_at, jitter)
    assert at_night.batch_on == labor_day
    assert at_night.next_at is not None
    assert at_night.next_at >= at(4, 10, date(2026, 9, 8))


def test_after_any_other_day_or_with_news_no_feed_is_polled_at_night():
    labor_day = date(2026, 9, 7)
    before = Watch("c", batch_on=date(2026, 9, 4))
    news = batches.after_answer(before, Seen(3, {labor_day}), at(9, day=labor_day), 0.5)
    ordinary = batches.after_answer(Watch("c"), Seen(is_empty=True), at(14), 0.5)

    assert news.next_at == at(4, 20, date(2026, 9, 8))
    assert ordinary.next_at == at(4, 20, date(2026, 11, 18))


def test_an_empty_feed_is_asked_for_whole_again():
    # Else "not modified" would hide that it is empty.
    before = Watch("c", etag="old")

    assert batches.after_answer(before, Seen(is_empty=True, etag="new"), at(6), 0.5).etag is None
    assert batches.after_answer(before, Seen(), at(6), 0.5).etag == "old"
    assert batches.after_answer(before, Seen(1, etag="new"), at(6), 0.5).etag == "new"


def test_an_empty_feed_on_any_other_day_is_a_missed_batch():
    before = Watch("c", batch_on=date(2026, 11, 16))

    after = batches.after_answer(before, Seen(is_empty=True), at(6), 0.5)

    assert batches.missed_days(after, (), at(6, day=date(2026, 11, 18))) == (TUESDAY,)


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [
        # Eastern is four hours behind UTC in summer, five in winter.
        (date(2026, 7, 14), datetime(2026, 7, 10, 18), datetime(2026, 7, 13, 18)),  # noqa: DTZ001
        (date(2026, 7, 13), datetime(2026, 7, 9, 18), datetime(2026, 7, 10, 18)),  # noqa: DTZ001
        (date(2026, 11, 18), datetime(2026, 11, 16, 19), datetime(2026, 11, 17, 19)),  # noqa: DTZ001
        # After Thanksgiving there was no batch on Friday: Monday's has its papers too.
        (date(2026, 11, 30), datetime(2026, 11, 24, 19), datetime(2026, 11, 27, 19)),  # noqa: DTZ001
        # Clocks go forward on 14 March 2027, and back on 7 November.
        (date(2027, 3, 16), datetime(2027, 3, 12, 19), datetime(2027, 3, 15, 18)),  # noqa: DTZ001
        (date(2027, 11, 9), datetime(2027, 11, 5, 18), datetime(2027, 11, 8, 19)),  # noqa: DTZ001
    ],
)
def test_a_batch_was_submitted_between_two_deadlines(day: date, since: datetime, until: datetime):
    assert batches.submission_window(day, EASTERN) == (
        since.replace(tzinfo=UTC),
        until.replace(tzinfo=UTC),
    )


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_between_the_windows_of_days_that_follow_there_is_no_gap(day: date):
    if not batches.is_expected(day):
        return
    before = batches.submission_window(batches.day_before(day), EASTERN)
    since, until = batches.submission_window(day, EASTERN)

    assert since <= before[1] < until
    assert batches.may_be_holiday(batches.day_before(day)) or since == before[1]


def standing(state: State, items: int = 0) -> CategoryStatus:
    return CategoryStatus(
        "c", state, items, is_cut=False, recovered=0, checked_at=None, next_at=None
    )


@pytest.mark.parametrize(
    ("states", "before", "expected"),
    [
        ([], False, Trouble.NONE),
        ([State.STALLED, State.FRESH], False, Trouble.NONE),
        ([State.STALLED, State.WAITING], False, Trouble.NONE),
        ([State.QUIET], False, Trouble.NONE),
        ([State.STALLED, State.FAILED], True, Trouble.WARNING),
        ([State.FAILED], True, Trouble.WARNING),
        ([State.STALLED], False, Trouble.ALARM),
    ],
)
def test_an_alert_is_raised_when_no_category_has_news(states, before, expected):
    statuses = [standing(state) for state in states]

    assert batches.trouble(statuses, at(15), news_the_day_before=before) is expected


@pytest.mark.parametrize("state", [State.STALLED, State.FAILED])
def test_a_category_that_had_something_new_today_does_not_stand_still(state: State):
    statuses = [standing(state, items=3), standing(State.STALLED)]

    assert batches.trouble(statuses, at(15), news_the_day_before=False) is Trouble.NONE


@pytest.mark.parametrize(
    "now",
    [
        at(6),  # today's batch may still come
        at(15, day=date(2026, 11, 14)),  # a Saturday
        at(15, day=date(2026, 11, 27)),  # after Thanksgiving
    ],
)
def test_a_failure_raises_no_alert_while_no_batch_is_late(now: datetime):
    statuses = [standing(State.FAILED)]

    assert batches.trouble(statuses, now, news_the_day_before=False) is Trouble.NONE
