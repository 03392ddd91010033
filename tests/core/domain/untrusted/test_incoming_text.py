"""What enters from outside can be kept, encoded and shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.untrusted.incoming_text import well_formed

ANY_CHARACTER = st.characters(exclude_categories=())  # surrogates too


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("reasoning", "reasoning"),
        ("강화 학습\n둘째 줄\t끝", "강화 학습\n둘째 줄\t끝"),
        ("/paper reasoning \ud800", "/paper reasoning "),
        ("\udfff", ""),
        ("\ud83d\ude00", "😀"),
        ("\ud83d x \ude00", " x "),
        ("\ude00\ud83d\ude00\ud83d", "😀"),
        ("a\x00b\x07c\x7f\x9f", "abc"),
        ("a\ufffeb\uffff\ufdd0\U0001ffff", "ab"),
        ("one\r\ntwo\rthree\u2028four\u2029five\x85six", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("\u0301\u20dd/help", "/help"),
        (" \u0301 word", "word"),
        ("\u0301", ""),
        ("e\u0301", "e\u0301"),
        ("👩\u200d💻 ❤\ufe0f", "👩\u200d💻 ❤\ufe0f"),
        ("  kept  ", "  kept  "),
        ("\ufffd stays", "\ufffd stays"),
    ],
)
def test_text_is_whole_characters_with_one_kind_of_line_end(given_text: str, kept: str):
    assert well_formed(given_text) == kept


@given(st.text(ANY_CHARACTER))
def test_any_text_can_be_encoded_and_is_not_changed_twice(text: str):
    made = well_formed(text)

    assert made.encode().decode() == made
    assert "\x00" not in made
    assert "\r" not in made
    assert well_formed(made) == made
    assert not made or unicodedata.category(made[0]) not in {"Mn", "Me"}


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_letters_digits_and_signs_are_never_lost(text: str):
    noncharacters = {"\ufffe", "\uffff"}

    assert well_formed(text) == "".join(c for c in text if c not in noncharacters)
