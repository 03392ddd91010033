"""What counts as the same letters in a look-up."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import tag_slug
from bot.archive.domain.search.folding import bare, compatible, folded


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Łukasz", "lukasz"), ("Søren", "soren"), ("Đorđe", "dorde"), ("Straße", "strasse"),
        ("Ægir", "aegir"), ("Işıl", "isil"), ("cœur", "coeur"), ("Þór", "thor"), ("Ǿre", "ore"),
        ("İstanbul", "istanbul"), ("STRAẞE", "strasse"), ("ﬁne", "fine"), ("ＢＥＲＴ", "bert"),
        ("H₂O", "h2o"), ("x²", "x2"), ("soft\u00adhyphen", "softhyphen"), ("𝔼", "e"), ("ﾊﾟ", "パ"),
        ("trans\u200bformer", "transformer"), ("trans\u2060for\ufeffmer", "transformer"),
    ],
)  # fmt: skip
def test_letters_are_found_by_what_people_type(written: str, typed: str) -> None:
    assert bare(written) == bare(typed) == typed


def test_signs_that_are_no_part_of_a_word_stay_apart() -> None:
    assert folded("BERT™").split()[0] == "BERT"
    assert folded("ㅋㅋㅏ ㅠㅠ") == "ㅋㅋㅏ ㅠㅠ"


@given(st.text())
def test_folding_knows_no_composition(text: str) -> None:
    assert folded(unicodedata.normalize("NFC", text)) == folded(text)
    assert compatible(compatible(text)) == compatible(text)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3) | st.just(" ")))
def test_hangul_stays_as_it_is(text: str) -> None:
    assert folded(text) == bare(text) == text


@given(st.text(st.characters(max_codepoint=0x7F) | st.sampled_from("가힣한글–—‘’‚‛“”")))
def test_english_and_korean_stay_as_they_are_beside_what_is_folded(text: str) -> None:
    assert folded(text) == text
    assert folded(f"{text} ﬁ") == f"{text} fi"


def test_tags_have_one_spelling() -> None:
    assert tag_slug("#ＲＬ") == tag_slug("R\u00adL") == "rl"
