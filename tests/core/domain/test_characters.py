"""Characters as people see them are never split (issue 12, item 26)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.characters import cut_at

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
WHOLE = [
    ENGLAND, "👩‍👩‍👧‍👦", "👋🏽", "🇰🇷", "🧑🏻‍🚀", "1️⃣", "❤️‍🔥", "é", "e\u0301", "한",
    "\u1112\u1161\u11ab", "가", "🏳️‍🌈", "a", " ",
]  # fmt: skip


@given(st.lists(st.sampled_from(WHOLE), max_size=12), st.integers(0, 80))
def test_a_cut_is_between_two_characters(characters: list[str], most: int) -> None:
    text = "".join(characters)
    ends = {0}
    for character in characters:
        ends.add(max(ends) + len(character))

    at = cut_at(text, most)

    assert at <= most or at == len(text)
    assert at in ends
    assert all(not at < end <= most for end in ends)


@pytest.mark.parametrize("most", [1, 70, 500])
def test_a_stack_of_marks_is_cut_all_the_same(most: int) -> None:
    assert cut_at("a" + "\u0301" * 1000, most) <= most
