from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.arxiv.domain.announcements import (
    FEED_LIMIT,
    Announcement,
    Feed,
    FeedItem,
    is_fresh_paper,
    merge_listings,
)

DAY = date(2026, 11, 17)


def item(
    number: str = "2611.00001", kind: Announcement = Announcement.NEW, version: int = 1, *cats: str
) -> FeedItem:
    return FeedItem(ArxivId(number, version), kind, "T", (), "A", cats or ("cs.LG",), DAY)


@pytest.mark.parametrize(
    ("number", "kind", "fresh"),
    [
        ("2611.00001", Announcement.NEW, True),
        ("2611.00001", Announcement.CROSS, True),
        ("2610.00001", Announcement.CROSS, True),
        ("2608.00001", Announcement.CROSS, False),
        ("1905.00001", Announcement.CROSS, False),
        ("math/0611800", Announcement.CROSS, False),
        ("hep-th/9801001", Announcement.CROSS, False),
        ("cs/9912001", Announcement.CROSS, False),
        ("hep-th/9108001", Announcement.CROSS, False),
        ("2611.00001", Announcement.REPLACE, False),
        ("2611.00001", Announcement.REPLACE_CROSS, False),
        ("1234.56789", Announcement.CROSS, False),
    ],
)
def test_a_fresh_paper_is_new_or_newly_listed(number: str, kind: Announcement, fresh: bool):
    assert is_fresh_paper(item(number, kind), DAY) is fresh


def test_a_paper_in_two_feeds_is_one_and_new_wins():
    cross = item("2611.00001", Announcement.CROSS, 1, "cs.CL")
    new = item("2611.00001", Announcement.NEW, 1, "cs.LG")

    (merged,) = merge_listings([cross, new])

    assert merged.announcement is Announcement.NEW
    assert set(merged.categories) == {"cs.CL", "cs.LG"}


def test_of_two_versions_the_newer_speaks():
    old = item(version=1)
    new = replace(item(version=2), title="Better")

    assert merge_listings([new, old])[0].title == "Better"
    assert merge_listings([old, new])[0].title == "Better"


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Announcement), st.integers(1, 3))))
def test_merging_keeps_each_paper_once_and_is_done_at_once(listed):
    items = [item(f"2611.0000{n}", kind, version) for n, kind, version in listed]
    merged = merge_listings(items)

    assert {each.id.number for each in merged} == {each.id.number for each in items}
    assert len(merged) == len({each.id.number for each in merged})
    assert merge_listings(merged) == merged


def test_a_feed_at_the_limit_is_cut():
    assert Feed("c", (item(),) * FEED_LIMIT).is_cut
    assert not Feed("c", (item(),) * (FEED_LIMIT - 1)).is_cut


def test_items_that_are_not_understood_fill_a_feed_too():
    assert Feed("c", (item(),) * (FEED_LIMIT - 1), skipped=1).is_cut
    assert not Feed("c", (item(),) * (FEED_LIMIT - 2), skipped=1).is_cut
    assert Feed("c", ()).is_empty
    assert not Feed("c", (), skipped=1).is_empty
