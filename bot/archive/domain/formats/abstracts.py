"""Tell the abstract of a paper from the curator's English, if neither is marked."""

import re
from collections.abc import Sequence

from bot.archive.domain.arxiv_id import find_arxiv_ids
from bot.archive.domain.entry import Language
from bot.core.domain.late import late_pattern

_AUTHORS_SPEAK = late_pattern(
    r"\bwe (?:also |first |then |further |thus |formally |systematically |here )?(?:address|"
    r"analy[sz]e|argue|consider|demonstrate|describe|design|develop|establish|evaluate|examine|"
    r"explore|find|formali[sz]e|formulate|identify|introduce|investigate|observe|offer|present|"
    r"propose|prove|provide|release|report|revisit|show|study|survey|tackle)\b|"
    r"\bthis (?:paper|work|report|article) (?:describes|introduces|presents|proposes|studies)\b",
    re.IGNORECASE,
)
_CURATOR_SPEAKS = late_pattern(r"\bI(?:'m|’m|'d|’d|'ve|’ve)?\b|\b(?:my|me|myself)\b|https?://")
_LONG = 600
"""Nearly every abstract is longer, in characters, and hardly any paragraph of commentary is."""
_TRANSLATED = 3
"""No English translation of Korean has more characters for each of the Korean (2.4 at most)."""


def reads_as_abstract(paragraph: str) -> bool:
    """Whether an English paragraph reads as an abstract: long, or in the voice of authors.

    A paragraph that refers to a paper on arXiv is commentary.
    """
    if find_arxiv_ids(paragraph[: 10 * _LONG]):
        return False
    return len(paragraph) >= _LONG or _AUTHORS_SPEAK.search(paragraph) is not None


def leading_abstract(paragraphs: Sequence[str], languages: Sequence[Language]) -> int:
    """How many of the first paragraphs are the abstract; 0 if in doubt.

    Only English paragraphs can be.
    - English, Korean, English: all English before the Korean is the abstract.
    - English, Korean: the first paragraph is, if it reads as an abstract; if there are more English
      paragraphs than Korean ones; or if it is the only one, is too long to be a translation of the
      Korean, and does not read as the curator's.
    - English: the first paragraph is, if it reads as an abstract or is by far the longest.
    """
    korean = languages.count(Language.KO)
    leading = languages.index(Language.KO) if korean else len(languages)
    if leading == 0:
        return 0
    if korean and languages[-1] is Language.EN:
        return leading
    first, rest = paragraphs[0], paragraphs[1:]
    if reads_as_abstract(first):
        return 1
    if korean and leading > 1:
        return int(len(languages) - korean > korean)
    longest = (
        sum(map(len, rest)) * _TRANSLATED if korean else 2 * max(map(len, rest), default=_LONG)
    )
    return int(len(first) > max(longest, 0 if korean else _LONG // 2) and not _is_curator(first))


def _is_curator(paragraph: str) -> bool:
    return _CURATOR_SPEAKS.search(paragraph[: 10 * _LONG]) is not None
