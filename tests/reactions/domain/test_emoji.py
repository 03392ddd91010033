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
    ],
)  # fmt: skip
def test_other_reactions_say_nothing(emoji):
    assert not is_positive(emoji)


def test_skin_tones_are_one_emoji():
    assert {folded(emoji) for emoji in ("👍", "👍🏻", "👍🏿")} == {"👍"}
    assert {folded(emoji) for emoji in ("+1", "+1::skin-tone-6", ":+1:")} == {"+1"}
    assert folded("❤️") == folded("❤")
