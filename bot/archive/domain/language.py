"""Decide which paragraphs of a commentary are Korean and which are English."""

import re
from collections.abc import Sequence
from itertools import islice

from bot.archive.domain.entry import Language
from bot.core.domain.late import late_pattern

_HANGUL = late_pattern("[ᄀ-ᇿㄱ-ㆎꥠ-ꥼ가-힣ힰ-ퟻﾡ-ￜ]")
_LATIN = late_pattern("[A-Za-zÀ-ÖØ-öø-ɏ]")
_LATIN_WORD = late_pattern("[A-Za-zÀ-ÖØ-öø-ɏ]{2}")
# Names, tags and addresses say nothing about the language around them. Each alternative begins with
# its letter or sign, so that `re` looks for these first, in a third of the time: the lookbehind of a
# tag stands behind its sign, which is the `.` in it.
_NAMED = late_pattern(
    r"#(?<!\S.)\S+|＃(?<!\S.)\S+|\[\[[^\[\]\n]*\]\]|https?://\S+|www\.\S+"
    r"|```.*?(?:```|\Z)|`[^`\n]*`",
    re.DOTALL,
)
_SENTENCE_END = late_pattern(r"""[.!?…:;。][)\]"'”’]*\s*(?:\([^()\n]*\)\s*)?$""")
_TITLE_WORD = late_pattern(r"[A-Za-z][\w'’.-]{3,}")
_COMMON = late_pattern(
    r"\b(?:the|of|to|and|in|is|are|was|it|that|this|for|with|on|as|by|be|we|they|from|an|but|not)\b",
    re.IGNORECASE,
)
_ENDS_IN_NUMBER = late_pattern(r"[0-9]\s*[%)]?\s*$")
_DECISIVE = 20_000
"""Characters that decide; what follows a start as long as this changes nothing."""


def language_of(paragraph: str) -> Language | None:
    """The language of one paragraph, or `None` if its letters do not decide.

    A paragraph with Hangul is Korean, whatever English terms it has, unless the Hangul is a short
    quotation in English sentences. Addresses, note names, tags, code, numbers, tables of numbers and
    letters of other scripts do not count.
    """
    text = _prose(paragraph)
    if _HANGUL.search(text) is not None:
        return Language.EN if _only_quotes_korean(text[:_DECISIVE]) else Language.KO
    if _LATIN_WORD.search(text) is None or _is_table(text):
        return None
    return Language.EN


def languages_of(
    paragraphs: Sequence[str], known: Sequence[Language | None] = ()
) -> tuple[Language, ...]:
    """The language of each paragraph of one commentary; neighbours decide unclear ones.

    An unclear paragraph takes the language of the previous one, else of the next one, else English.
    An English line between two Korean paragraphs that is no sentence (a heading, a title, a formula)
    counts as Korean. `known` overrides, paragraph by paragraph.
    """
    given = [*known, *[None] * (len(paragraphs) - len(known))]
    found = [one or language_of(text) for one, text in zip(given, paragraphs, strict=True)]
    if Language.KO not in found:
        return (Language.EN,) * len(found)
    if Language.EN in found:
        firm = [
            None if one is None and language is Language.EN and not is_sentence(text) else language
            for one, language, text in zip(given, found, paragraphs, strict=True)
        ]
        before, behind = _nearest(firm), _nearest(firm[::-1])[::-1]
        found = [
            Language.KO
            if firm[at] is None and before[at] is behind[at] is Language.KO
            else language
            for at, language in enumerate(found)
        ]
    settled = _nearest(found)
    first = next((language for language in settled if language is not None), Language.EN)
    return tuple(language or first for language in settled)


def is_sentence(text: str) -> bool:
    """Whether English text reads as a sentence, not as a title, a label or a formula."""
    prose = _prose(text[-_DECISIVE:]).rstrip()
    end = _SENTENCE_END.search(prose[-400:])
    if end is not None and not (end[0][0] == "?" and is_title_case(prose)):
        return True
    return len(_COMMON.findall(prose)) > 3


def is_title_case(text: str) -> bool:
    """Whether nearly all longer words begin with a capital, as in the title of a paper."""
    words = _TITLE_WORD.findall(text[:1000])
    return len(words) > 0 and sum(word[0].isupper() for word in words) >= 0.7 * len(words)


def _nearest(languages: Sequence[Language | None]) -> list[Language | None]:
    """The languages, with each `None` replaced by the last language before it."""
    last: Language | None = None
    filled = []
    for language in languages:
        last = language or last
        filled.append(last)
    return filled


def _prose(paragraph: str) -> str:
    return _NAMED.sub(" ", paragraph) if _may_name(paragraph) else paragraph


def _may_name(text: str) -> bool:
    return (
        "://" in text
        or "[[" in text
        or "`" in text
        or "www." in text
        or "#" in text
        or "＃" in text
    )


def _only_quotes_korean(text: str) -> bool:
    most = len(text) // 15 + 1
    if len(tuple(islice(_HANGUL.finditer(text), most))) == most:
        return False  # whatever the other letters are
    latin = len(_LATIN.findall(text))
    hangul = len(_HANGUL.findall(text)) if latin else 1
    return hangul * 15 < latin and len(_COMMON.findall(text)) > 3


def _is_table(text: str) -> bool:
    """Whether every line is a table row, or most of several lines end in a number."""
    lines = [line for line in text[:_DECISIVE].splitlines() if line.strip()]
    if all(line.lstrip().startswith("|") for line in lines):
        return True
    return len(lines) > 2 and 2 * sum(bool(_ENDS_IN_NUMBER.search(x)) for x in lines) > len(lines)
