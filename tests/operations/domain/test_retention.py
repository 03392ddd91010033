from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.operations.domain.retention import SHORTEST, Retention, parse_retention


@pytest.mark.parametrize(
    ("text", "deliveries", "discussions"),
    [
        ("forever", None, None),
        ("6 months", 180, None),
        ("deliveries 90 days", 90, None),
        ("discussions 2 years", 180, 730),
        ("deliveries: forever, discussions=52 weeks", None, 364),
        ("Deliveries 30 Days , Discussions forever", 30, None),
        ("9999 years", 365_000, None),
    ],
)
def test_discussions_are_pruned_only_if_the_operator_sets_it(text, deliveries, discussions):
    days = [None if each is None else timedelta(days=each) for each in (deliveries, discussions)]

    assert parse_retention(text) == Retention(*days)


@pytest.mark.parametrize(
    "text",
    ["", "6", "months", "entries 6 months", "29 days", "0 days", "-6 months", "6 months, 7 months"],
)
def test_an_unclear_or_too_short_keep_setting_is_refused(text):
    assert parse_retention(text) is None


@given(st.text())
def test_nothing_is_kept_for_less_than_the_shortest(text):
    retention = parse_retention(text)

    if retention is not None:
        for kept in (retention.deliveries, retention.discussions):
            assert kept is None or kept >= SHORTEST
