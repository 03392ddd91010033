"""Which emoji say that somebody likes a paper, and how their spellings are folded.

Slack names its emoji (`+1::skin-tone-2`), Discord and the web have the characters, and both have
custom ones, of which only the name is known.
"""

import re
from typing import Final

from bot.core.domain.late import late_pattern

LIKE: Final = "👍"
"""What the like button of the web chat stands for."""

_SKIN_TONES = late_pattern("::skin-tone-[2-6]|[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]")
_LIKED_CHARACTERS = (
    "👍 👏 🙌 🙏 💪 🤩 😍 🥰 😻 ❤ 🧡 💛 💚 💙 💜 🤎 🖤 🤍 🩷 🩵 💖 💗 💕 💞 💓 💝 💘 ❤‍🔥 "
    "🎉 🎊 🥳 🏆 🥇 ⭐ 🌟 ✨ 🔥 💯 🚀 💎 ✅ ✔ ☑ 👌 🤘 🫶 💡 ➕ ⬆ 🔝 😀 😃 😄 😁 😊 🙂 😎 🤗 "
    "♥ 🩶 💟 ❣ 💌 😘 🤟 🆒 🦜"
)
_LIKED_NAMES = (
    "+1 thumbsup clap raised_hands pray muscle star-struck grinning_face_with_star_eyes heart_eyes "
    "smiling_face_with_3_hearts heart_eyes_cat heart orange_heart yellow_heart green_heart "
    "blue_heart purple_heart brown_heart black_heart white_heart pink_heart light_blue_heart "
    "sparkling_heart heartpulse two_hearts revolving_hearts heartbeat gift_heart cupid "
    "heart_on_fire tada confetti_ball partying_face trophy first_place_medal star star2 sparkles "
    "fire 100 rocket gem white_check_mark heavy_check_mark ballot_box_with_check ok_hand "
    "the_horns sign_of_the_horns i_love_you_hand_sign heart_hands bulb heavy_plus_sign arrow_up top "
    "grinning smiley smile grin blush slightly_smiling_face sunglasses hugging_face"
)
_LIKED = frozenset((*_LIKED_CHARACTERS.split(), *_LIKED_NAMES.split()))
# All others of Slack's own names with a word of `_WORDS` (emoji-datasource 16.0.0): they are things.
_OTHER_THINGS = (
    "anatomical_heart couple_with_heart eight_pointed_black_star fire_engine fire_extinguisher "
    "keycap_star love_hotel man-heart-man mending_heart six_pointed_star star_and_crescent "
    "star_of_david woman-heart-man woman-heart-woman"
)
_OTHER_NAMES = frozenset(_OTHER_THINGS.split())
# Custom emoji have names that people give them: `party_parrot`, `plus1`, `좋아요`.
_WORDS = late_pattern(
    r"(?:like|liked|love|loved|lovely|heart|hearts|plus|plusone|upvote|thumbsup|yes|nice|great|good|"
    r"awesome|amazing|excellent|cool|wow|yay|thanks|thank|thankyou|party|parrot|congrats|clap|bravo|best|"
    r"star|fire|cheers|lgtm|approved)"
)
_NEGATIVE = (
    "no nope nah not non un dis dont doesnt cant isnt never without dislike minus down thumbsdown bad "
    "worst wrong broken hate boo sad cry crying angry fail fails failed failure disappointed "
    "disappointing disappointment disaster dumpster trash garbage alarm drill engine extinguisher "
    "attack death pooper grief try"
)
_NOT = frozenset(_NEGATIVE.split())
"""Words that negate what stands beside them, or make another thing of it: `fire_alarm`."""
_KOREAN = ("좋아", "최고", "추천", "하트", "감사", "굿", "축하", "사랑", "대박", "멋")
_KOREAN_NOT = ("비추", "안좋", "싫")
_PARTS = late_pattern(r"[^\W\d_]+")


def folded(emoji: str) -> str:
    """The emoji without skin tone or presentation: all spellings of one are one."""
    return _SKIN_TONES.sub("", emoji).strip(": ")


def is_positive(emoji: str) -> bool:
    """Whether an emoji says that somebody likes it: a character, or the name of one (`+1`, `party_parrot`)."""
    plain = folded(emoji)
    if plain in _LIKED:
        return True
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain).casefold()
    if name in _OTHER_NAMES or any(word in name for word in _KOREAN_NOT):
        return False
    words = _PARTS.findall(name.replace("_", " "))
    if _NOT & set(words):
        return False
    return any(map(_WORDS.fullmatch, words)) or any(word in name for word in _KOREAN)
