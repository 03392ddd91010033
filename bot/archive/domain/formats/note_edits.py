"""Edit the text of a note in place: paragraphs, tags and the date; all other characters stay.

Each function returns `None` where it does not find the place. Whether the text says afterwards what
was meant is for the caller to read.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from bot.archive.domain.entry import Language, tag_slug
from bot.archive.domain.markup import front_matter
from bot.archive.domain.markup.markdown import CodeBlocks
from bot.archive.domain.markup.metadata import DATE_KEYS
from bot.archive.domain.markup.tags import parse_tag_line
from bot.archive.domain.markup.visible import with_line_feeds
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late_pattern import late_pattern

Paragraphs = Mapping[Language, Sequence[str]]

_LINE_END = r"(?:\r\n|\r|\n)"
_BLANK_BELOW = re.compile(rf"(?:[ \t]*{_LINE_END})*")
_OPENING = re.compile(rf"<english>[ \t]*(?:{_LINE_END})?[ \t]*\Z", re.IGNORECASE)
_EMPTY_MARKS = re.compile(rf"<english>[ \t\r\n]*</english>(?:[ \t]*{_LINE_END})*", re.IGNORECASE)
_LINKS = re.compile(r"#{1,6}\s+links?\s*:?\s*", re.IGNORECASE)
_TAG_IN_LINE = late_pattern(r"[#＃]([^\s#＃,;、，]+)[,;.、，]*[ \t]*")
_FIELD = late_pattern(
    r"(?<![^\r\n])(?P<key>[\"']?(?P<name>[^\W\d_]+)[\"']?)[ \t]*:[^\r\n]*?"
    rf"(?:{_LINE_END}(?:[ \t]+|-[ \t])[^\s#][^\r\n]*)*(?=(?:(?<![ \t])[ \t]+#[^\r\n]*)?(?:[\r\n]|\Z))"
)
"""A field of YAML with its value, which may go on below, and without the comment behind it."""


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Edit:
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


def line_end(text: str) -> str:
    """The line end that a text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def with_paragraphs(text: str, old: Paragraphs, new: Paragraphs) -> str | None:
    """The text with the paragraphs of each language replaced, added and removed one by one."""
    found: dict[Language, list[_Span]] = {}
    for language, paragraphs in old.items():
        spans = _find(text, paragraphs)
        if spans is None:
            return None
        found[language] = spans
    edits: list[_Edit] = []
    for language in Language:
        paragraphs = new.get(language, ())
        if found.get(language):
            edits += _edits(text, old[language], paragraphs, found[language])
        elif paragraphs:
            edits.append(_new_language(text, language, paragraphs, found))
    edited = _applied(text, edits)
    if old.get(Language.EN) and not new.get(Language.EN):
        edited = _EMPTY_MARKS.sub("", edited)
    return edited


def with_tags(text: str, *, add: Sequence[str], remove: Iterable[str]) -> str | None:
    """The text with tags added to the last line of tags, and slugs removed from lines of tags."""
    slugs = frozenset(remove)
    edits = []
    last: _Span | None = None
    for line in _lines_of_tags(text):
        written = text[line.start : line.end]
        kept = _TAG_IN_LINE.sub(
            lambda found: "" if tag_slug(found[1]) in slugs else found[0], written
        )
        if kept == written:
            last = line
        elif kept.strip():
            tail = written[len(written.rstrip()) :]
            edits.append(_Edit(line.start, line.end, kept.rstrip() + tail))
            last = line
        else:
            edits.append(_without_line(text, line))
    text, moved = (
        _applied(text, edits),
        sum(len(each.new) - each.end + each.start for each in edits),
    )
    if not add:
        return text
    words = " ".join(f"#{spelling}" for spelling in add)
    if last is not None:
        at = last.end + moved
        return f"{text[:at].rstrip()} {words}{text[at:]}"
    end = line_end(text)
    links = _start_of_links(text)
    if links is None:
        return f"{text.rstrip()}{end}{end}{words}{end}"
    return f"{text[:links]}{words}{end}{end}{text[links:]}"


def with_date(text: str, date: dt.date) -> str | None:
    """The text with the date in its front matter, which is added where there is none.

    Of several dates in it, the one that counts is changed.
    """
    found = front_matter.find(with_line_feeds(text))
    if found is None:
        mark, end = "\ufeff" if text.startswith("\ufeff") else "", line_end(text)
        lines = ("---", f"date: {date}", "---", "", text.removeprefix(mark))
        return mark + end.join(lines)
    if found.mark != front_matter.YAML_MARK or not found.is_closed:
        return None
    spans = [span for span, _ in _lines(text)]
    first = found.line - 1
    start, stop = spans[first].start, spans[first + found.written.count("\n")].start
    fields = [
        (DATE_KEYS.index(name), field.start(), field)
        for field in _FIELD.finditer(text, start, stop)
        if (name := unicodedata.normalize("NFC", field["name"]).casefold()) in DATE_KEYS
    ]
    if fields:
        *_, field = min(fields)
        edit = _Edit(field.start(), field.end(), f"{field['key']}: {date}")
    else:
        end = text[spans[first - 1].end : start]
        edit = _Edit(stop, stop, f"date: {date}{end}")
    return _applied(text, [edit])


def _find(text: str, paragraphs: Sequence[str]) -> list[_Span] | None:
    spans: list[_Span] = []
    at = 0
    for paragraph in paragraphs:
        body = rf"[ \t]*{_LINE_END}".join(re.escape(line) for line in paragraph.split("\n"))
        found = (
            re.compile(rf"(?<![^\r\n])[ \t]*({body})(?=[ \t]*(?:[\r\n]|\Z))").search(text, at)
            or re.compile(f"({body})").search(text, at)
        )  # fmt: skip
        if found is None:
            return None
        spans.append(_Span(*found.span(1)))
        at = found.end()
    return spans


def _edits(
    text: str,
    old: Sequence[str],
    new: Sequence[str],
    spans: Sequence[_Span],
) -> Iterator[_Edit]:
    end = line_end(text)
    between = end + end
    written = [paragraph.replace("\n", end) for paragraph in new]
    for kind, i, i_end, j, j_end in SequenceMatcher(
        None, list(old), list(new), autojunk=False
    ).get_opcodes():
        if kind == "equal":
            continue
        pairs = min(i_end - i, j_end - j)
        more = between.join(written[j + pairs : j_end])
        for at in range(pairs):
            tail = between + more if more and at == pairs - 1 else ""
            span = spans[i + at]
            yield _Edit(span.start, span.end, written[j + at] + tail)
        for span in spans[i + pairs : i_end]:
            yield _without_line(text, span)
        if more and not pairs:
            place = spans[i - 1].end if i else spans[0].start
            yield _Edit(place, place, between + more if i else more + between)


def _new_language(
    text: str,
    language: Language,
    new: Sequence[str],
    found: Mapping[Language, Sequence[_Span]],
) -> _Edit:
    end = line_end(text)
    block = (end + end).join(paragraph.replace("\n", end) for paragraph in new)
    if language is Language.EN:
        block = f"<english>{end}{block}{end}</english>"
    others = [span for spans in found.values() for span in spans]
    if others and language is Language.EN:
        place = max(span.end for span in others)
        return _Edit(place, place, f"{end}{end}{block}")
    if others:
        place = min(span.start for span in others)
        opened = _OPENING.search(text[:place])
        place = opened.start() if opened is not None else place
        return _Edit(place, place, f"{block}{end}{end}")
    lines = [span.start for span in _lines_of_tags(text)]
    links = _start_of_links(text)
    places = [*lines, *([links] if links is not None else [])]
    if places:
        return _Edit(min(places), min(places), f"{block}{end}{end}")
    place = len(text.rstrip())
    return _Edit(place, len(text), f"{end}{end}{block}{end}")


def _without_line(text: str, span: _Span) -> _Edit:
    """Remove a text with the blank lines below it, or above it if it is the last one."""
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    if text[start : span.start].strip():
        return _Edit(span.start, span.end, "")
    below = _BLANK_BELOW.match(text, span.end)
    stop = below.end() if below is not None else span.end
    if stop < len(text):
        return _Edit(start, stop, "")
    return _Edit(len(text[:start].rstrip()), len(text), line_end(text) if start else "")


def _lines(text: str) -> Iterator[tuple[_Span, str]]:
    at = 0
    for line in re.split(f"({_LINE_END})", text):
        if line not in ("\r\n", "\r", "\n"):
            yield _Span(at, at + len(line)), line
        at += len(line)


def _lines_of_tags(text: str) -> Iterator[_Span]:
    spans = list(_lines(text))
    code = CodeBlocks([line for _, line in spans]).lines() if "#" in text or "＃" in text else ()
    for number, (span, line) in enumerate(spans):
        if number not in code and parse_tag_line(line):
            yield span


def _start_of_links(text: str) -> int | None:
    return next((span.start for span, line in _lines(text) if _LINKS.fullmatch(line)), None)


def _applied(text: str, edits: Iterable[_Edit]) -> str:
    """The text after the edits; where two touch the same place, the first one given stands first."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start = max(edit.start, at)
        pieces += text[at:start], edit.new
        at = max(at, edit.end)
    return "".join((*pieces, text[at:]))
