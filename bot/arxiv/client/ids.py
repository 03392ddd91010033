"""Ids in arXiv's own responses, with less validation than ids in texts."""

import re

from bot.archive.domain.arxiv_id import ArxivId, parse_arxiv_id
from bot.core.domain.late import late_pattern

# arXiv's test data has months above 12; every id that it announces is valid.
_VERSIONED = late_pattern(
    r"(?:oai:arXiv\.org:|https?://(?:[a-z]+\.)?arxiv\.org/abs/)?"
    r"(?P<number>[0-9]{4}\.[0-9]{4,5}|[a-z-]{2,12}(?:\.[A-Za-z-]{2,12})?/[0-9]{7})"
    r"v(?P<version>[1-9][0-9]{0,2})",
    re.ASCII | re.IGNORECASE,
)


def versioned_id(text: str) -> ArxivId | None:
    """The id of a feed's item or of an entry, which always carries a version."""
    match = _VERSIONED.fullmatch(text.strip())
    if match is None:
        return None
    written = ArxivId(match["number"], int(match["version"]))
    # In old ids, the subject class (`math.CA/0611800`) is not part of the number.
    return parse_arxiv_id(str(written)) or written
