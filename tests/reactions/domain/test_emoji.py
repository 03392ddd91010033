import pytest

from bot.reactions.domain.emoji import LIKE, folded, is_positive


@pytest.mark.parametrize(
    "emoji",
    [
        LIKE, "👍🏿", "❤️", "🎉", "+1", "+1::skin-tone-2", "thumbsup", "heart", "tada", ":fire:", "100",
        "party_parrot", "plus1", "PartyParrot", "thumbsup_all", "좋아요", "최고다", "blob_love",
    ],
)  # fmt: skip
def test_liking_is_recognised_in_any_spelling(emoji):
    assert is_positive(emoji)


@pytest.mark.parametrize(
    "emoji",
    [
        "👎", "-1", "thumbsdown", "eyes", "👀", "thinking_face", "broken_heart", "💔", "not_nice", "dislike",
        "no_good", "비추천", "안좋아", "", "😢", "question", "unlike", "starfish",
        "great_disappointment", "dont_like", "nice_try", "dumpster_fire", "FireAlarm", "heart_attack",
        "death_star", "party_pooper", "good_grief", "failed_party",
    ],
)  # fmt: skip
def test_other_reactions_say_nothing(emoji):
    assert not is_positive(emoji)


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("🚒", "fire_engine"), ("🧯", "fire_extinguisher"), ("🏩", "love_hotel"), ("✡️", "star_of_david"),
        ("☪️", "star_and_crescent"), ("🔯", "six_pointed_star"), ("✴️", "eight_pointed_black_star"),
        ("*️⃣", "keycap_star"), ("🫀", "anatomical_heart"), ("❤️‍🩹", "mending_heart"),
        ("💑", "couple_with_heart"), ("👨‍❤️‍👨", "man-heart-man"), ("👩‍❤️‍👨", "woman-heart-man"),
        ("👩‍❤️‍👩", "woman-heart-woman"),
    ],
)  # fmt: skip
def test_a_thing_named_for_a_heart_a_star_or_a_fire_is_no_like(character, name):
    assert not is_positive(name)
    assert not is_positive(character)


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("♥️", "hearts"), ("🩶", "grey_heart"), ("💟", "heart_decoration"), ("💌", "love_letter"),
        ("❣️", "heavy_heart_exclamation_mark_ornament"), ("😘", "kissing_heart"), ("🆒", "cool"),
        ("🤟", "i_love_you_hand_sign"), ("🤘", "the_horns"), ("🤘", "sign_of_the_horns"), ("🦜", "parrot"),
        ("❤️‍🔥", "heart_on_fire"),
    ],
)  # fmt: skip
def test_a_like_counts_by_its_name_and_by_its_character(character, name):
    assert is_positive(name)
    assert is_positive(character)


def test_skin_tones_are_one_emoji():
    assert {folded(emoji) for emoji in ("👍", "👍🏻", "👍🏿")} == {"👍"}
    assert {folded(emoji) for emoji in ("+1", "+1::skin-tone-6", ":+1:")} == {"+1"}
    assert folded("❤️") == folded("❤")
