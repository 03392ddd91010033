"""Telling a paper's abstract from the curator's English, where neither is marked."""

import re
from collections.abc import Sequence

from bot.domain.arxiv import find_arxiv_ids
from bot.domain.entry import Language

_AUTHORS_SPEAK = re.compile(
    r"\b(?:we|this (?:paper|work|report|article)|the (?:authors|paper)) (?:also |first |then |"
    r"further |thus |formally |systematically )?(?:address|analy[sz]e|argue|consider|demonstrate|"
    r"describe|design|develop|discuss|establish|evaluate|examine|explore|find|formali[sz]e|"
    r"formulate|identify|introduce|investigate|observe|offer|present|propose|prove|provide|"
    r"release|report|revisit|show|study|survey|tackle)s?\b",
    re.IGNORECASE,
)
_LONG = 600
"""Nearly every abstract is longer, in characters, and hardly any paragraph of commentary is."""


def reads_as_abstract(paragraph: str) -> bool:
    """Whether an English paragraph reads as an abstract: long, or in the authors' voice.

    A paragraph that points at a paper on arXiv is commentary.
    """
    if find_arxiv_ids(paragraph[: 10 * _LONG]):
        return False
    return len(paragraph) >= _LONG or _AUTHORS_SPEAK.search(paragraph) is not None


def leading_abstract(paragraphs: Sequence[str], languages: Sequence[Language]) -> int:
    """How many of the first paragraphs of an entry are the abstract; 0 where that is not sure.

    Only English ones can be. Where Korean follows and English again, as curators write, all
    English before the Korean is abstract. Else it is the first paragraph alone, and only if it
    reads as one, or if there is more English than Korean behind it, or if, without any Korean,
    it is by far the longest.
    """
    korean = languages.count(Language.KO)
    english = len(languages) - korean
    leading = languages.index(Language.KO) if korean else english
    if leading == 0:
        return 0
    if korean and languages[-1] is Language.EN:
        return leading
    if reads_as_abstract(paragraphs[0]):
        return 1
    if korean:
        return int(leading > 1 and english > korean)
    longest = max((len(text) for text in paragraphs[1:]), default=_LONG)
    return int(len(paragraphs[0]) >= max(_LONG // 2, 2 * longest))
