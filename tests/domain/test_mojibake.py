import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mojibake import repair_mojibake


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("Dirk WÃ¼bben", "Dirk Wübben"),
        ("JosÃ© RaÃºl", "José Raúl"),
        ("Aurora RamÃ\xadrez", "Aurora Ramírez"),
        ("Itâ€™s", "It’s"),
        ("Å\x81ukasz", "Łukasz"),
    ],
)
def test_what_was_decoded_twice_is_set_right(broken: str, right: str):
    assert repair_mojibake(broken) == right


@pytest.mark.parametrize(
    "text",
    ["Wübben", "São Paulo", "Ångström", "학습", "Ã la carte", "$x^2$ × 3°", "Â", "naïve café"],
)
def test_what_is_right_stays(text: str):
    assert repair_mojibake(text) == text


@given(st.text(alphabet=st.characters(min_codepoint=0xA0, max_codepoint=0x2FF), max_size=20))
def test_one_round_of_damage_is_undone(name: str):
    damaged = name.encode().decode("latin-1")

    # A name that is itself "Ã¼" cannot be told from damage: such names do not exist.
    if repair_mojibake(name) == name:
        assert repair_mojibake(damaged) in {name, repair_mojibake(name)}


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_plain_text_is_untouched(text: str):
    assert repair_mojibake(text) == text
