"""Find what text refers to: papers by arXiv id or address, notes by name."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

from bot.archive.domain.arxiv_id import ArxivId, find_arxiv_ids, iter_arxiv_ids, parse_arxiv_id
from bot.archive.domain.entry import Paper, Problem, Reference, Severity
from bot.archive.domain.markup.markdown import code_spans, has_mark
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import worded
from bot.core.domain.late import late_pattern

_URL = late_pattern(r"https?://[!-;=?-~]{1,2000}", re.IGNORECASE)
_LINE_URL = late_pattern(r"<?(https?://[^\s<>]+|www\.[^\s<>]+)>?", re.IGNORECASE)
_PAPER_SITE = late_pattern(
    r"""https?://(?:[\w-]+\.)*(?:
        openreview\.net/(?:forum|pdf)\?id=.
      | aclanthology\.org/. | aclweb\.org/anthology/. | doi\.org/. | jmlr\.org/papers/.
      | proceedings\.(?:neurips\.cc|mlr\.press)/. | papers\.n(?:eur)?ips\.cc/paper.
      | openaccess\.thecvf\.com/content. | semanticscholar\.org/paper/.
      | (?:bio|med)rxiv\.org/content/. | dl\.acm\.org/doi/. | ieeexplore\.ieee\.org/document/.
      | nature\.com/articles/. | transformer-circuits\.pub/.
    )|https?://\S+\.pdf(?:[?\#]|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_LINE_END = late_pattern(r"\r\n|\r|\n")
_MOST_WARNINGS = 100
_NOTE_LINK = late_pattern(
    r"\[(?<!!\[)(?:\[(?P<wiki>[^\[\]\n]+)\]\]"
    r"|(?P<label>[^\[\]\n]{0,300})\]\([ \t]*(?P<target>"
    r"<[^<>\n]{1,500}>(?:[ \t]+[\"'][^()\n]{0,300})?"
    r"|[^<>()\n]{1,500}(?:\([^()\n]{0,200}\)[^<>()\n]{0,500}){0,5})\))"
)
_NOTE_SUFFIX = late_pattern(r"\.(?:md|markdown)\Z", re.IGNORECASE)
_LINK_TITLE = late_pattern(r"\s+(?:\"[^\"]*\"|'[^']*')\s*\Z")
_SCHEME = late_pattern(r"[a-z][a-z0-9+.-]*:|/", re.IGNORECASE)
_CONTROL = late_pattern(r"[\x00-\x1f\x7f-\x9f]")
"""What no name of a note has, and percent signs may stand for; PostgreSQL's JSON refuses NUL."""
_AROUND_NAMES = late_pattern(r"(?:[-*+]\s+)?")
_BETWEEN_NAMES = late_pattern(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Address:
    """A link to a paper, as written, and its arXiv id, if any.

    `malformed`: it is a link to arXiv with an invalid id.
    """

    written: str
    arxiv_id: ArxivId | None = None
    malformed: bool = False

    @property
    def is_paper(self) -> bool:
        """Whether the link leads to a paper, as far as the address tells."""
        return self.arxiv_id is not None or self.malformed or is_paper_address(self.written)


def parse_address_line(line: str) -> Address | None:
    """The link in a line with nothing else: an address, or an arXiv id that says so."""
    text = line.strip()
    found = _LINE_URL.fullmatch(text)
    if found is None:
        names_arxiv = len(text) < 200 and ("." in text or ":" in text) and find_arxiv_ids(text)
        arxiv_id = parse_arxiv_id(text) if names_arxiv else None
        return Address(text, arxiv_id) if arxiv_id is not None else None
    address = address_of(found[1])
    glued = address.arxiv_id is not None and not found[1].isascii()
    return None if glued else address


def address_of(url: str) -> Address:
    """The `Address` for a URL."""
    mentions = find_arxiv_ids(url[:500])
    if mentions and mentions[0].start == 0:
        return Address(url, mentions[0].id, malformed=mentions[0].id is None)
    return Address(url)


def is_paper_address(url: str) -> bool:
    """Whether a URL is a PDF or on a site of papers."""
    return _PAPER_SITE.match(url) is not None


def references_in(texts: Iterable[str], own: Paper) -> tuple[Reference, ...]:
    """The papers that texts mention, in order, without repeats and without the entry's own."""
    found: dict[str, Reference] = {}
    for text in texts:
        if "://" in text or "rxiv" in text.lower():
            for reference in _references(text):
                found.setdefault(reference.key, reference)
    found.pop(own.key, None)
    if own.url:
        found.pop(f"url:{own.url}", None)
    return tuple(found.values())


def _references(text: str) -> Iterator[Reference]:
    first: dict[str, tuple[int, Reference]] = {}
    for mention in iter_arxiv_ids(text):
        if mention.id is not None:
            reference = Reference(mention.id)
            first.setdefault(reference.key, (mention.start, reference))
    for found in _URL.finditer(text):
        url = _without_punctuation(found[0])
        if is_paper_address(url) and not find_arxiv_ids(url):
            first.setdefault(f"url:{url}", (found.start(), Reference(None, url)))
    return (reference for _, reference in sorted(first.values(), key=lambda each: each[0]))


def malformed_ids(text: str, path: str) -> Iterator[Problem]:
    """Warnings for invalid arXiv ids, at most a hundred."""
    line, counted, warnings = 1, 0, 0
    for mention in iter_arxiv_ids(text):
        if mention.id is None:
            line += sum(1 for _ in _LINE_END.finditer(text, counted, mention.start))
            counted, warnings = mention.start, warnings + 1
            yield Problem(
                path, line, Severity.WARNING, worded("{id} is not an arXiv id", id=mention.text)
            )
            if warnings == _MOST_WARNINGS:
                return


def _without_punctuation(url: str) -> str:
    """A URL without the punctuation of the sentence around it."""
    while url:
        last = url[-1]
        opening = {")": "(", "]": "[", "}": "{"}.get(last)
        if last not in ".,;:!?'\"*_" and (opening is None or url.count(opening) >= url.count(last)):
            break
        url = url[:-1]
    return url


def note_names_in(text: str) -> Iterator[str]:
    """The notes that text links to, outside of code: `[[name]]` and `[label](name.md)`.

    Names are without suffix, display text and heading.
    """
    if not (has_mark(text, "[[") or has_mark(text, "](")):
        return
    code = code_spans(text)
    for found in _NOTE_LINK.finditer(text):
        name = _note_name(found)
        if name and not (code and _is_within(found.start(), code)):
            yield name


def note_link_target(target: str) -> str | None:
    """The name of the note that the target of a Markdown link is, or `None`."""
    plain = _LINK_TITLE.sub("", target.strip())
    plain = unquote(plain.removeprefix("<").removesuffix(">").partition("#")[0]).strip()
    if _NOTE_SUFFIX.search(plain) is None or _SCHEME.match(plain) or _CONTROL.search(plain):
        return None
    while plain.startswith(("./", "../")):
        plain = plain.partition("/")[2]
    return _without_suffix(plain)


def _note_name(found: re.Match[str]) -> str | None:
    if found["wiki"] is not None:
        return _without_suffix(re.split(r"\\?[|#]", found["wiki"], maxsplit=1)[0])
    return note_link_target(found["target"])


def _without_suffix(name: str) -> str:
    return unicodedata.normalize("NFC", _NOTE_SUFFIX.sub("", name.strip()).strip())


def _is_within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    before = bisect_right(spans, (at, at))
    return before > 0 and at < spans[before - 1][1]


def is_note_names(line: str) -> bool:
    """Whether a line has only links to notes, whose names say everything in it."""
    text = line.strip()
    if not text.endswith(("]", "]]", ")", ",")) or ("[[" not in text and "](" not in text):
        return False
    at = 0
    for found in _NOTE_LINK.finditer(text):
        between = text[at : found.start()]
        if not (_AROUND_NAMES if at == 0 else _BETWEEN_NAMES).fullmatch(between):
            return False
        if not _keeps_name(found):
            return False
        at = found.end()
    return at > 0 and _BETWEEN_NAMES.fullmatch(text[at:]) is not None


def _keeps_name(link: re.Match[str]) -> bool:
    """Whether a link displays the name of its note."""
    if link["wiki"] is not None:
        return not set(link["wiki"]) & set("|#")
    target = link["target"]
    name = note_link_target(target)
    label = _without_suffix(link["label"])
    return name is not None and "#" not in target and label == name and '"' not in target
