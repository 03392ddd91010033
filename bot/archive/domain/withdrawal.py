"""Whether the words of a paper say that the paper itself was withdrawn from arXiv.

arXiv marks a withdrawal only in the comment, or in the first sentence of the abstract. Both also
tell of other things that are withdrawn: a submission to a conference, another paper, a drug. What
is read here is told to everybody, so only a statement about this paper counts.
"""

import re

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
_STATED = rf"(?:this|our|my) {_THING} {_PASSIVE}|{_THE_PAPER}|{_ACTIVE}|(?:has been )?{_ALONE}"
_ABSTRACT = re.compile(rf"\W*(?:{_STATED})", re.IGNORECASE)
# What a comment may say before: the sizes of the paper, its version, whose note it is.
_BEFORE = (
    r"(?:\W|(?:\d+|and|in|pages?|pp|figures?|figs?|tables?|appendix|appendices|references?|latex|"
    r"revtex|v\d+|arxiv admin note)\b)*"
)
_COMMENT = re.compile(rf"{_BEFORE}(?:this version {_PASSIVE}|{_STATED})", re.IGNORECASE)
# Statements that name this paper stand anywhere, unless they are about a part or version of it.
_ANYWHERE = re.compile(
    rf"(?<!\bof )(?<!\bin )(?<!\bto )\b(?:(?:this|our|my) {_THING} {_PASSIVE}|{_ACTIVE})",
    re.IGNORECASE,
)
# So does "the paper" in a later sentence, unless another paper was named before.
_LATER = re.compile(rf"[.;!] {_THE_PAPER}", re.IGNORECASE)
_AN_ID = re.compile(r"[0-9]{4}\.[0-9]{4}|/[0-9]{7}")
_LONGEST_SENTENCE = 400


def is_withdrawal(comment: str, abstract: str) -> bool:
    """Whether the comment or the beginning of the abstract says that this paper is withdrawn."""
    words = " ".join(comment.split())
    later = _LATER.search(words)
    return bool(
        _COMMENT.match(words)
        or _ANYWHERE.search(words)
        or (later and not _AN_ID.search(words, 0, later.start()))
        or _ABSTRACT.match(_beginning(abstract))
    )


def _beginning(text: str) -> str:
    """The first sentence, on one line."""
    first = re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]
    return " ".join(first[:_LONGEST_SENTENCE].split())
