"""Whether the words of a paper say that the paper itself was withdrawn from arXiv.

arXiv marks a withdrawal only in the comment, or in the first sentence of the abstract. Both also
tell of other things that are withdrawn: a submission to a conference, another paper, a drug. What
is read here is told to everybody, so only a statement about this paper counts.
"""

import re

from bot.core.domain.late import late_pattern

_THING = (
    r"(?:paper|article|submission|manuscript|work|pre-?print|e-?print|entry|report|note|letter|"
    r"draft|document)"
)
_AUTHORS = r"(?:first |corresponding |submitting )?author(?:s|\(s\))?"
_ADVERBS = (
    r"(?:(?:now|hereby|since|already|therefore|temporarily|permanently|voluntarily|formally|"
    r"officially|unfortunately) )?"
)
# From anything but arXiv it is a submission to a conference, or a drug.
_HERE = (
    rf"\b(?!-)(?! by (?:the |its |all )?{_AUTHORS} (?:from|at)\b)"
    rf"(?! at\b(?! (?:the |its )?(?:{_AUTHORS}(?:['\u2019]s?)? )?request))"
    r"(?! from\b(?! (?:the )?(?:arxiv|archive)\b))"
)
_BY_THEM = rf"by (?:the |its |all |all the )?(?:{_AUTHORS}|arxiv|us|me)\b"
# Alone, without a verb, the word must not belong to what follows it.
_ALONE = (
    rf"withdrawn{_HERE}(?:\W*$| ?[^\w\s]| (?:{_BY_THEM}|in favou?r|in order"
    rf"|due|because|since|as|for|until|pending|owing|after|at|from|{_THING}\W*$))"
)
_PASSIVE = (
    rf"(?:(?:(?:has|have) {_ADVERBS}been|is|was) {_ADVERBS}(?:being )?withdrawn{_HERE}|{_ALONE})"
)
_WISHES = r"(?:wish(?:es)?|wants?|would like|ha(?:ve|s) decided) to withdraw"
_ACTIVE = (
    rf"(?:(?:the |all )?{_AUTHORS} (?:(?:has|have) {_ADVERBS}withdrawn|{_ADVERBS}withdraws?"
    rf"|{_WISHES})|(?:we|i) {_ADVERBS}(?:have {_ADVERBS}withdrawn|withdraw|(?:am|are) withdrawing"
    rf"|{_WISHES})) (?:this|the|our|my)(?: present)? {_THING}{_HERE}"
)

# "The report was withdrawn by the court" is about another one.
_THE_PAPER = rf"(?:the (?:present )?)?{_THING} {_PASSIVE}(?! (?!{_BY_THEM})by\b)"
_STATED = late_pattern(
    rf"(?:this|our|my) {_THING} {_PASSIVE}|{_THE_PAPER}|{_ACTIVE}|(?:has been )?{_ALONE}"
)
# What a comment may say before: the sizes of the paper, its version, whose note it is.
_BEFORE = late_pattern(
    r"(?:\W|(?:\d+|and|in|pages?|pp|figures?|figs?|tables?|appendix|appendices|references?|latex|"
    r"revtex|v\d+|arxiv admin note)\b)*"
)
_THIS_VERSION = late_pattern(rf"this version {_PASSIVE}")
_NO_WORDS = late_pattern(r"\W*")
# Statements that name this paper stand anywhere, unless they are about a part or version of it.
_ANYWHERE = late_pattern(
    rf"(?<!\bof )(?<!\bin )(?<!\bto )\b(?:(?:this|our|my) {_THING} {_PASSIVE}|{_ACTIVE})"
)
# So does "the paper" in a later sentence, unless another paper was named before.
_LATER = late_pattern(rf"[.;!] {_THE_PAPER}")
_AN_ID = late_pattern(r"[0-9]{4}\.[0-9]{4}|/[0-9]{7}")
_LONGEST_SENTENCE = 400


def is_withdrawal(comment: str, abstract: str) -> bool:
    """Whether the comment or the beginning of the abstract says that this paper is withdrawn."""
    # Patterns that ignored case would take three times as long to compile.
    words, first = _plain(comment), _plain(_first_sentence(abstract))
    return ("withdr" in words and _is_said_in(words)) or (
        "withdr" in first and bool(_stated_behind(_NO_WORDS, first))
    )


def _is_said_in(comment: str) -> bool:
    later = _LATER.search(comment)
    return bool(
        _stated_behind(_BEFORE, comment)
        or _THIS_VERSION.match(comment, _end(_BEFORE, comment))
        or _ANYWHERE.search(comment)
        or (later and not _AN_ID.search(comment, 0, later.start()))
    )


def _stated_behind(before: re.Pattern[str], words: str) -> re.Match[str] | None:
    return _STATED.match(words, _end(before, words))


def _end(pattern: re.Pattern[str], words: str) -> int:
    found = pattern.match(words)
    return found.end() if found else 0


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0][:_LONGEST_SENTENCE]


def _plain(text: str) -> str:
    """In small letters, on one line."""
    return " ".join(text.lower().split())
