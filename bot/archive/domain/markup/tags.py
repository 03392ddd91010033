"""Hashtags: lines of tags, and tags in running text."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from bot.archive.domain.entry import tag_slug
from bot.archive.domain.markup.markdown import code_spans
from bot.core.domain.late import late_pattern

_SPELLING = r"[^\W_](?:[\w./+&'’-]*[\w+])?"
_TAG = late_pattern(_SPELLING)
_IN_LINE = late_pattern(rf"[#＃]({_SPELLING})[,;.、，]*")
_IN_TEXT = late_pattern(rf"(?<![^\s(\[（])[#＃]({_SPELLING})")
_LETTER = late_pattern(r"[^\W\d_]")
_LONGEST_LINE = 5_000
LONGEST_TAG = 100
"""In characters. Much longer ones fit into no index of PostgreSQL, and readers see none as a tag."""

# Mathematics, links and where they lead, elements of HTML: what begins with `#` there is no tag.
_NO_PROSE = late_pattern(
    r"\\\((?:[^\\\n]|\\[^()\n])*\\\)|\\\[(?:[^\\]|\\[^\[\]])*\\\]"
    r"|\$\$[^$]+\$\$|\$(?=\S)[^$\n]*(?<=\S)\$(?!\d)"
    r"|\[\[[^\[\]\n]*\]\]|\]\((?:[^()\n]|\([^()\n]*\))*\)"
    r"|^ {0,3}\[[^\[\]\n^][^\[\]\n]*\]:[ \t]*\S+|<[A-Za-z/][^<>\n]*>",
    re.MULTILINE,
)
_CUT = "|"
"""Stands for what is no prose: it ends a tag, and no tag begins behind it."""
_HEX = late_pattern(r"[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}")
_COLOUR = late_pattern(
    r"(?=[a-fA-F]*[0-9])(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|([a-f])\1{2,7}", re.IGNORECASE
)
_PROPERTY = late_pattern(r"([^\W\d_]+)[\"']?\s*[:=：]\s*[\"']?\Z")
_LABELS = frozenset(
    (
        *("tag", "tags", "keyword", "keywords", "topic", "topics", "label", "labels", "see"),
        *("태그", "키워드", "주제", "분류", "라벨", "참고", "관련"),
    )
)
"""What stands before a colon and tags, not colours."""


def parse_tag_line(line: str) -> tuple[str, ...]:
    """The spellings, without `#`, in a line of tags only; empty for other lines.

    Tags may be separated by spaces or commas, or not at all (`#rl#moe`).
    """
    stripped = line.strip()
    if not stripped or stripped[0] not in "#＃" or len(stripped) > _LONGEST_LINE:
        return ()
    spellings = []
    at = 0
    for found in _IN_LINE.finditer(stripped):
        if stripped[at : found.start()].strip(" \t\xa0\u3000") or not is_tag(found[1]):
            return ()
        spellings.append(found[1])
        at = found.end()
    return () if stripped[at:].strip() else tuple(spellings)


def tags_in_text(text: str) -> Iterable[str]:
    """The spellings, without `#`, of tags in running text, without repeats.

    Code, mathematics, links and HTML have no tags; a colour (`color: #abcdef`) is none.
    """
    if "#" not in text and "＃" not in text:
        return ()
    prose = _prose(text)
    return dict.fromkeys(
        found[1]
        for found in _IN_TEXT.finditer(prose)
        if is_tag(found[1])
        and not _is_value(found[1], prose[max(0, found.start() - 60) : found.start()])
    )


def is_tag(spelling: str) -> bool:
    """Whether a spelling is valid: not too long, with a letter, no HTML colour such as `1a2b3c`."""
    return (
        len(spelling) <= LONGEST_TAG
        and _TAG.fullmatch(spelling) is not None
        and _LETTER.search(spelling) is not None
        and _COLOUR.fullmatch(spelling) is None
    )


def _is_value(spelling: str, before: str) -> bool:
    """Whether it may be a colour and is the value of a property."""
    if _HEX.fullmatch(spelling) is None:
        return False
    named = _PROPERTY.search(before)
    return named is not None and named[1].casefold() not in _LABELS


def _prose(text: str) -> str:
    if "`" in text:
        text = _replaced(text, code_spans(text))
    return _NO_PROSE.sub(_CUT, text) if any(mark in text for mark in "$[<(") else text


def _replaced(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += text[at:start], _CUT
        at = end
    return "".join((*pieces, text[at:]))


def take_tags(spellings: Iterable[str], tags: dict[str, str]) -> bool:
    """Add the tags of a line to `tags` (slug → spelling); none, if it repeats one.

    Such a line must stay in the text, since `tags` has one spelling for each tag.
    """
    new: dict[str, str] = {}
    for spelling in spellings:
        slug = _slug(spelling)
        if slug in tags or slug in new:
            return False
        new[slug] = spelling
    tags.update(new)
    return True


def with_tags_in(texts: Iterable[str], tags: Mapping[str, str]) -> dict[str, str]:
    """`tags` (slug → spelling) with the tags in running text added."""
    known = dict(tags)
    for text in texts:
        add_tags(tags_in_text(text), known)
    return known


def add_tags(spellings: Iterable[str], tags: dict[str, str]) -> None:
    """Add spellings to `tags` (slug → spelling); known tags keep their spelling."""
    for spelling in spellings:
        tags.setdefault(_slug(spelling), spelling)


def _slug(spelling: str) -> str:
    return tag_slug(unicodedata.normalize("NFC", spelling))
