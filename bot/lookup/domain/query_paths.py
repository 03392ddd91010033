"""The value of `path:`: two papers, each an arXiv id, an entry's number, an address or a title."""

import re

from bot.archive.domain.entry import EntryId
from bot.core.domain.late import late_pattern
from bot.lookup.domain.query_terms import PaperRef, Place

_QUOTES = '"“”„＂'
_END = rf"(?:[{_QUOTES}][^{_QUOTES}]*[{_QUOTES}]|[^\s{_QUOTES}]+?)"
VALUE = late_pattern(
    rf"\s*(?P<start>{_END})\s*(?:\.{{2,3}}|…)\s*(?P<goal>{_END}(?=\s|$|(?<=[{_QUOTES}])))"
)
"""Two papers with `..` between them; telephones write three dots as one sign."""
_NUMBER = late_pattern(r"(?:entry:)?(?P<id>[1-9][0-9]{0,17})", re.ASCII | re.IGNORECASE)
_PAGE = late_pattern(
    r"https?://[^\s/]+/(?:[^\s?#]*/)?entry/(?P<id>[1-9][0-9]{0,17})", re.IGNORECASE
)


def read_place(text: str, paper: PaperRef | None) -> Place | None:
    """What one end names; `paper` is what the text is as an arXiv id or address. `None`: nothing."""
    if text[0] not in _QUOTES:
        if (page := _PAGE.fullmatch(text)) is not None:
            return EntryId(int(page["id"]))
        if paper is not None:
            return paper
        if (number := _NUMBER.fullmatch(text)) is not None:
            return EntryId(int(number["id"]))
    title = " ".join(re.sub(f"[{_QUOTES}]", " ", text).split())
    return title if any(map(str.isalnum, title)) else None
