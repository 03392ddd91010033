"""Hashtags: lines of them, and single ones in running text."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from bot.archive.domain.entry import tag_slug

_SPELLING = r"[^\W_](?:[\w./+&'’-]*[\w+])?"
_IN_LINE = re.compile(rf"[#＃]({_SPELLING})[,;.、，]*")
_IN_TEXT = re.compile(rf"(?<![^\s(\[（])[#＃]({_SPELLING})")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST_LINE = 5_000


def parse_tag_line(line: str) -> tuple[str, ...]:
    """The spellings, without `#`, in a line that holds tags and nothing else; empty otherwise.

    Tags may be separated by spaces or commas, or glued to each other (`#rl#moe`).
    """
    stripped = line.strip()
    if not stripped or stripped[0] not in "#＃" or len(stripped) > _LONGEST_LINE:
        return ()
    spellings = []
    at = 0
    for found in _IN_LINE.finditer(stripped):
        if stripped[at : found.start()].strip(" \t\xa0\u3000") or not _LETTER.search(found[1]):
            return ()
        spellings.append(found[1])
        at = found.end()
    return () if stripped[at:].strip() else tuple(spellings)


def tags_in_text(text: str) -> Iterable[str]:
    """The spellings, without `#`, of the tags that stand in running text, without repeats."""
    if "#" not in text and "＃" not in text:
        return ()
    return dict.fromkeys(
        found[1] for found in _IN_TEXT.finditer(text) if _LETTER.search(found[1]) is not None
    )


def take_tags(spellings: Iterable[str], tags: dict[str, str]) -> bool:
    """Add the tags of a line to those known, slug to spelling; or none, if it repeats one.

    A line that repeats a tag is to be kept as text, since a tag has one spelling only.
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
    """The tags known, slug to spelling, and those that stand in running text."""
    known = dict(tags)
    for text in texts:
        for spelling in tags_in_text(text):
            known.setdefault(_slug(spelling), spelling)
    return known


def _slug(spelling: str) -> str:
    return tag_slug(unicodedata.normalize("NFC", spelling))
