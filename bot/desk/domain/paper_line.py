"""Which paper the field of a form means: a link, an arXiv id, a title, or `entry:12`."""

import re
from operator import itemgetter

from bot.archive.domain.arxiv_id import ArxivId, find_arxiv_ids, parse_arxiv_id
from bot.archive.domain.entry import EntryId, paper_key
from bot.archive.domain.markup.heading import parse_emphasised, parse_plain
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_ENTRY = late_pattern(r"entry:(?P<id>[0-9]{1,15})", re.IGNORECASE)
_URL = late_pattern(r"https?://[^\s<>|\"]+", re.IGNORECASE)
_SLACK_LINK = late_pattern(r"<(?P<url>https?://[^\s<>|]+)(?:\|[^<>]*)?>")
_LONGEST_TITLE = 500
_NUMBER_OR_ADDRESS = late_pattern(
    r"[0-9]{4}\.[0-9]+\S*|(?:[a-z0-9-]+\.)+[a-z]{2,}/\S*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PaperLine:
    """What was typed of a paper; `others` are further papers that the line names."""

    arxiv_id: ArxivId | None = None
    url: str | None = None
    title: str = ""
    authors: tuple[str, ...] = ()
    entry_id: EntryId | None = None
    others: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the paper; empty where the line names none."""
        if self.arxiv_id is None and not self.url and not self.title:
            return ""
        return paper_key(self.arxiv_id, self.url, self.title)


def read_paper_line(text: str) -> PaperLine:
    """What a line means; a title may stand beside the link: `https://… *Title* (Authors)`."""
    line = " ".join(_SLACK_LINK.sub(lambda found: found["url"], text).split())
    entry = _ENTRY.fullmatch(line)
    if entry is not None:
        return PaperLine(entry_id=EntryId(int(entry["id"])))
    places: list[tuple[int, int, ArxivId | None, str]] = [
        (mention.start, mention.end, mention.id, mention.text)
        for mention in find_arxiv_ids(line)
        if mention.id is not None
    ]
    places += [
        (found.start(), found.end(), None, found[0])
        for found in _URL.finditer(line)
        if not any(start <= found.start() < end for start, end, *_ in places)
    ]
    first, _, rest = line.partition(" ")
    number = parse_arxiv_id(first)
    if not places and number is not None:
        places.append((0, len(first), number, first))
    if not places:
        return _titled(PaperLine(), line)
    places.sort(key=itemgetter(0))
    *_, arxiv_id, written = places[0]
    others = dict.fromkeys(
        name
        for *_, other, name in places[1:]
        if arxiv_id is None or other is None or other.number != arxiv_id.number
    )
    rest = _without(line, places)
    paper = PaperLine(arxiv_id, None if arxiv_id is not None else written, others=tuple(others))
    return _titled(paper, rest)


def is_meant_as_link(title: str) -> bool:
    """Whether a title is a mistyped arXiv id, or a link without its beginning."""
    is_one_word = len(title.split()) == 1
    written = _NUMBER_OR_ADDRESS.fullmatch(title) is not None or bool(find_arxiv_ids(title))
    return is_one_word and written


def _without(line: str, places: list[tuple[int, int, ArxivId | None, str]]) -> str:
    kept, at = [], 0
    for start, end, *_ in places:
        kept.append(line[at:start])
        at = max(at, end)
    kept.append(line[at:])
    return " ".join("".join(kept).split()).strip(" :–—-|<>")


def _titled(paper: PaperLine, text: str) -> PaperLine:
    heading = parse_emphasised(text) or parse_plain(text)
    title, authors = (heading.title, heading.authors) if heading is not None else (text, ())
    return PaperLine(
        paper.arxiv_id, paper.url, title[:_LONGEST_TITLE], authors, others=paper.others
    )
