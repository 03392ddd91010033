"""Merging tags and splitting them again."""

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import tag_with_parents
from bot.archive.domain.tagging.merges import Meanings, merge, root_of, split
from bot.core.domain.errors import UsageError

TAGS = st.sampled_from("abcde")
NESTED = ("a", "a/b", "a/b/c", "b", "b/c", "c", "d")


@given(st.lists(st.tuples(TAGS, TAGS), max_size=12), TAGS, TAGS)
def test_merges_never_form_a_circle_and_a_split_undoes_one(
    pairs: list[tuple[str, str]], tag: str, into: str
):
    merges: Mapping[str, str] = {}
    for one, other in pairs:
        try:
            merges = merge(merges, one, other)
        except UsageError:
            continue

    assert all(root_of(merges, each) not in merges for each in "abcde")
    if tag in merges or root_of(merges, into) == tag:
        return
    assert split(merge(merges, tag, into), tag) == merges


def test_a_merged_tag_is_not_merged_elsewhere():
    merges = merge({}, "a", "b")

    assert merge(merges, "a", "b") == merges
    with pytest.raises(UsageError, match="split a"):
        merge(merges, "a", "c")
    with pytest.raises(UsageError, match="already"):
        merge(merges, "b", "a")
    with pytest.raises(UsageError, match="not merged"):
        split(merges, "b")


@given(st.lists(st.tuples(st.sampled_from(NESTED), st.sampled_from(NESTED)), max_size=5))
def test_merged_tags_mean_the_same_and_no_tag_means_less(pairs: list[tuple[str, str]]):
    merges: Mapping[str, str] = {}
    for one, other in pairs:
        try:
            merges = merge(merges, one, other)
        except UsageError:
            continue
    meanings = Meanings({tag: root_of(merges, tag) for tag in merges})
    found = {tag: _with_nested(meanings.of(tag)) for tag in NESTED}

    for tag, meant in found.items():
        assert meant >= _with_nested({tag})
        assert meant == found[root_of(merges, tag)]
        assert all(found[each] <= meant for each in meant)


def _with_nested(tags: Collection[str]) -> frozenset[str]:
    return frozenset(tag for tag in NESTED if not set(tags).isdisjoint(tag_with_parents(tag)))
