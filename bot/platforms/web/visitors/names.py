"""Names of visitors: cleaned, and refused if they imitate others. Pure.

A visitor chooses their name. It must not pass for the bot, its operator, a person of another
platform (whose replies are shown as `Alice (Slack)`) or another guest (issue 12, item 6).
"""

import unicodedata

from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.confusables import skeleton, without_unseen
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.platforms.web.rendering.view import BOT_NAME

LONGEST_NAME = 40

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})
_LEET = str.maketrans("0134578|!$@+†i", "oleastbllsattl")
_HONORIFICS = ("님", "씨")

# Refused anywhere in a name; compared without spaces, punctuation and accents.
_PARTS = (
    *(BOT_NAME, "administrator", "moderator", "operator", "sysadmin"),
    *("superuser", "webmaster", "hostmaster", "postmaster", "slackbot", "arxivbot", "chatbot"),
    *(
        "페이퍼봇",
        "페이퍼보트",
        "운영자",
        "운영진",
        "운영팀",
        "운영담당",
        "관리자",
        "관리진",
        "관리팀",
    ),
    *("관리인", "관리원", "매니저", "큐레이터", "모더레이터", "오퍼레이터", "어드민", "админ"),
    *("管理员", "管理員", "管理者", "オペレーター"),
)
# Refused as a word of a name, also with digits at its ends.
_WORDS = (
    *("admin", "admins", "superadmin", "sysop", "bot", "curator", "official"),
    *("slack", "discord", "arxiv"),
    *("봇", "챗봇", "논문봇", "시스템", "공식", "슬랙", "디스코드", "개발자", "주인장", "방장"),
    *("호스트", "스태프", "스탭"),
)
# Refused as the whole name.
_NAMES = (
    *("root", "owner", "op", "ops", "staff", "mod", "mods", "system", "support", "manager", "host"),
    *("everyone", "here", "channel", "all", "you", "me", "web", "deleted"),
    *("모두", "전체", "여기", "나", "지원팀"),
)
_PLATFORM = late_pattern(r"[(\[{<]\s*(?:web|웹)\b[^)\]}>]*[)\]}>]\s*$")
# Words end at spaces and signs, and where Hangul meets another script: `admin님`.
_WORD_ENDS = late_pattern(
    r"[\W_]+|(?<=[\uac00-\ud7a3])(?![\uac00-\ud7a3])|(?<=\w)(?<![\uac00-\ud7a3])(?=[\uac00-\ud7a3])"
)
_GUEST = late_pattern(r"(?:guest|손님)[0-9a-f]{4}")


def clean_name(name: str) -> str:
    """The name in one line, without invisible characters; empty if nothing is left."""
    seen = well_formed(without_unseen(unicodedata.normalize("NFC", name)))
    kept = (
        character
        for character in seen
        if character == " " or unicodedata.category(character) not in _UNSEEN
    )
    return " ".join("".join(kept).split())[:LONGEST_NAME].strip()


def is_reserved(name: str) -> bool:
    """Whether a cleaned name imitates the bot, its operator or somebody else."""
    seen = _without_marks(skeleton(name))
    return any(map(_imitates, {seen, seen.translate(_LEET)}))  # `adm!n` is one word


def _imitates(seen: str) -> bool:
    words = [word for word in _WORD_ENDS.split(seen) if word]
    whole = "".join(words)
    return bool(
        any(part in form for part in _FOLDED_PARTS for form in _forms(whole))
        or any(form in _FOLDED_WORDS for word in (*words, whole) for form in _forms(word))
        or any(form in _FOLDED_NAMES for form in _forms(whole))
        or _PLATFORM.search(seen)
        or _GUEST.fullmatch(whole)
    )


def _forms(word: str) -> tuple[str, ...]:
    """The word with digits read as letters, with and without digits and honorifics at its ends."""
    plain = word.strip("0123456789")
    polite = next((plain[:-1] for end in _HONORIFICS if plain.endswith(end)), plain)
    return (_folded(word), _folded(plain), _folded(polite))


def _folded(word: str) -> str:
    return word.translate(_LEET).replace("rn", "m").replace("vv", "w")


def _without_marks(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    return unicodedata.normalize(
        "NFC", "".join(each for each in letters if unicodedata.category(each) not in {"Mn", "Me"})
    )


def _reserved(name: str) -> str:
    return _folded(_without_marks(skeleton(name)))


_FOLDED_PARTS = tuple(map(_reserved, _PARTS))
_FOLDED_WORDS = frozenset(map(_reserved, _WORDS))
_FOLDED_NAMES = frozenset(map(_reserved, _NAMES))
