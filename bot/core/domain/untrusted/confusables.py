"""Characters that look like others, and what a text can be mistaken for.

The table is the small part of Unicode's confusables (UTS #39) that imitates the ASCII letters
and the signs of an address; full-width, circled and mathematical letters are left to NFKC.
"""

import unicodedata

from bot.core.domain.late import late_pattern

_LETTERS = (
    (
        "аӑӓеёѐєоөӧсԁѵѕіїјӏһрԛԝѡуүхкмтвнгпьзбилшԍ",
        "aaaeeeeooocdvsiijlhpqwwyyxkmtbhrnb36unwg",
    ),  # Cyrillic
    ("αβγδεηικνορστυχωϲϳμζ", "abydenikvopotuxwcjuz"),  # Greek
    ("ազոսօցհյւքլե", "wqnuoghjiplt"),  # Armenian
    ("ᎪᎳᎻᏢᎡᏚᎢᎬᏴᎾᎠᏀᎫᏦᏞᎷᏙᏃᏟᎥ", "awhprstebodgjklmvzci"),  # Cherokee
    ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaeiou"),  # Lisu
    (
        "ıȷɑɡɩɪʟɴʀʏʙɢʜɛɔʋɯᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜱʃßþƿǀłđħøː",
        "ijagiilnrybghecvwacdejkmoptuvwzsfbpplldho:",
    ),  # Latin
)
_SIGNS = {
    ".": (
        "\u3002\u0660\u06f0\u0701\u0702\u30fb\u00b7\u2027\u2022\u2219\u22c5\u16eb\u06d4\u0964\ua4f8\ua60e"
        "\u0387\u1427\U00010a50"
    ),
    ":": "\u0589\u05c3\u02f8\ua789\u2236",
    "/": "\u2044\u2215\u29f8\u2571\u1735",
    "-": "\u2010\u2011\u2012\u2013\u2212",
}
_SMALL = {
    like: plain for likes, plains in _LETTERS for like, plain in zip(likes, plains, strict=True)
}
# Letters in signs that NFKC leaves: regional indicators, white on black in circles and squares.
_ENCLOSED = {
    chr(first + n): chr(ord("a") + n) for first in (0x1F1E6, 0x1F150, 0x1F170) for n in range(26)
}
_LOOKS_LIKE = str.maketrans(
    {like.upper(): plain.upper() for like, plain in _SMALL.items() if len(like.upper()) == 1}
    | _SMALL
    | _ENCLOSED
    | {like: sign for sign, likes in _SIGNS.items() for like in likes}
)

# What shows nothing: format characters, variation selectors, joiners, fillers, blanks.
_UNSEEN = late_pattern(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def without_unseen(text: str) -> str:
    """The text without the characters that show nothing."""
    return _UNSEEN.sub("", text)


def look_alike(text: str) -> str:
    """The text in plain letters and signs, as a quick reader takes it: `аrxiv` is `arxiv`."""
    return unicodedata.normalize("NFKC", without_unseen(text)).translate(_LOOKS_LIKE)


def skeleton(text: str) -> str:
    """`look_alike` in small letters, for comparing: texts that look alike have one skeleton."""
    return look_alike(look_alike(text).casefold())
