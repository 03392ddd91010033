"""Hashtags: lines of them, and single ones in running text."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.entry import tag_slug

_SPELLING = r"[^\W_](?:[\w./+&'’-]*[\w+])?"
_IN_LINE = re.compile(rf"[#＃]({_SPELLING})[,;.、，]*")
_IN_TEXT = re.compile(rf"(?<![^\s(\[（])[#＃]({_SPELLING})")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST_LINE = 5_000


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of an entry: their slugs without repeats, and every spelling as it was written."""

    slugs: tuple[str, ...]
    spellings: tuple[str, ...]


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


def gather_tags(on_lines: Iterable[str], in_text: Iterable[str]) -> Tags:
    """The tags of an entry, from the spellings on lines of their own and those in its text.

    Every spelling on a tag line is kept, so that none is lost; one that text repeats is not.
    """
    spellings = list(on_lines)
    seen = set(spellings)
    spellings += [spelling for spelling in in_text if spelling not in seen]
    slugs = dict.fromkeys(tag_slug(unicodedata.normalize("NFC", each)) for each in spellings)
    return Tags(tuple(slugs), tuple(spellings))
