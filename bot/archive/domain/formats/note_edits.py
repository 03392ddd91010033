"""Edit the text of a note in place: paragraphs and tags; all other characters stay.

Places are looked for in what is read of the text (`note_places`), so front matter, comments and
Dataview's fields stay, also within a paragraph that changes. Whether the text says afterwards what
was meant is for the caller to read.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from bot.archive.domain.entry import Language, tag_slug
from bot.archive.domain.formats.note_front import without_tags, without_values
from bot.archive.domain.formats.note_places import (
    Edit,
    ReadText,
    Span,
    applied,
    line_end,
    lines_of,
    read_text,
)
from bot.archive.domain.markup.inline_fields import key_of
from bot.archive.domain.markup.markdown import CodeBlocks
from bot.archive.domain.markup.metadata import is_tags_key
from bot.archive.domain.markup.tags import parse_tag_line, take_tags
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

Paragraphs = Mapping[Language, Sequence[str]]
"""Without white space at the ends of lines, and without blank lines."""

_LINE_END = r"(?:\r\n|\r|\n)"
_BLANK_BELOW = late_pattern(rf"(?:[ \t]*{_LINE_END})*")
_OPENING = late_pattern(rf"<english>[ \t]*(?:{_LINE_END})?[ \t]*\Z", re.IGNORECASE)
_EMPTY_MARKS = late_pattern(r"<english>\s*</english>", re.IGNORECASE)
_LINKS = late_pattern(r"\s*#{1,6}\s+links?\s*:?", re.IGNORECASE)
_TAG_IN_LINE = late_pattern(r"[#＃]([^\s#＃,;、，]+)[,;.、，]*[ \t]*")
_WORDS = late_pattern(r"\s+|\S+")
_MOST_COMPARED = 500
"""More paragraphs are not compared one by one: that takes quadratic time."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Paragraphs `old` become paragraphs `new`."""

    old: range
    new: range


def with_paragraphs(text: str, old: Paragraphs, new: Paragraphs) -> str | None:
    """The text with the paragraphs of each language replaced, added and removed one by one.

    `None` where one that changes is not found.
    """
    seen = read_text(text)
    found = {language: _find(seen.text, paragraphs) for language, paragraphs in old.items()}
    edits: list[Edit] = []
    for language in Language:
        was, wanted = old.get(language, ()), new.get(language, ())
        if was:
            for change in _changes(was, wanted):
                made = _edits(seen, change, wanted, found[language])
                if made is None:
                    return None
                edits += made
        elif wanted:
            edits.append(_new_language(seen, language, wanted, found))
    edited = applied(text, edits)
    if old.get(Language.EN) and not new.get(Language.EN) and not _EMPTY_MARKS.search(seen.text):
        edited = _without_empty_marks(edited)
    return edited


def with_tags(text: str, *, add: Sequence[str], remove: Collection[str]) -> str:
    """The text with tags added to the last line of tags, and without some slugs.

    Those are removed from lines of tags, front matter and Dataview's fields.
    """
    text = without_tags(text, remove) if remove else text
    seen = read_text(text)
    edits = list(_without_tags_in_fields(seen, remove)) if remove else []
    last: Span | None = None
    known: dict[str, str] = {}
    for line in _lines_of_tags(seen.text):
        written, place = seen.text[line.start : line.end], seen.span(line)
        if not take_tags(parse_tag_line(written), known):
            continue  # it repeats a tag, so that it is read as text
        tags = [(tag_slug(tag[1]) in remove, tag) for tag in _TAG_IN_LINE.finditer(written)]
        if not all(is_gone for is_gone, _ in tags):
            last = place
        elif text[place.start : place.end] == written:
            edits.append(_without_line(text, place))
            continue
        if text[place.start : place.end] == written:
            kept = "".join("" if is_gone else tag[0] for is_gone, tag in tags)
            edits.append(
                Edit(place.start, place.end, written[: tags[0][1].start()] + kept.rstrip())
            )
            continue
        for is_gone, tag in tags:
            if is_gone:
                start = line.start + tag.start()
                at = seen.span(Span(start, start + len(tag[0].rstrip())))
                edits.append(Edit(at.start, at.end, ""))
    if add:
        edits.append(_new_tags(seen, add, last))
    return applied(text, edits)


def _new_tags(seen: ReadText, tags: Sequence[str], line: Span | None) -> Edit:
    words = " ".join(f"#{spelling}" for spelling in tags)
    end = line_end(seen.source)
    if line is not None:
        return Edit(line.end, _behind_spaces(seen.source, line.end), f" {words}")
    links = _start_of_links(seen)
    if links is not None:
        return Edit(links, links, f"{words}{end}{end}")
    return _at_end(seen, words)


def _at_end(seen: ReadText, block: str) -> Edit:
    end = line_end(seen.source)
    stop = seen.end if seen.source[seen.end :].strip() else len(seen.source)
    return Edit(seen.end, stop, f"{end}{end}{block}{end}")


def _behind_spaces(text: str, at: int) -> int:
    """The end of a line if only spaces are before it."""
    stop = at
    while text[stop : stop + 1] in {" ", "\t"}:
        stop += 1
    return stop if text[stop : stop + 1] in {"", "\r", "\n"} else at


def _without_tags_in_fields(seen: ReadText, slugs: Collection[str]) -> Iterator[Edit]:
    for span in seen.fields:
        field = seen.source[span.start : span.end]
        start = span.start + field.index("::") + len("::")
        stop = span.end - field.lstrip().startswith(("[", "("))
        if is_tags_key(key_of(field)):
            yield Edit(start, stop, without_values(seen.source[start:stop], slugs))


def _find(text: str, paragraphs: Sequence[str]) -> list[Span | None]:
    """Where paragraphs are, in order: best on lines of their own, else within one."""
    begins = {
        at
        for line in lines_of(text)
        for at in (line.start, line.end - len(text[line.start : line.end].lstrip()))
    }
    spans: list[Span | None] = []
    at = 0
    for paragraph in paragraphs:
        found = within = text.find(paragraph, at)
        while found >= 0 and not (
            found in begins and text[(end := found + len(paragraph)) : end + 1] in {"", "\n"}
        ):
            found = text.find(paragraph, found + 1)
        found = found if found >= 0 else within
        spans.append(Span(found, found + len(paragraph)) if found >= 0 else None)
        at = found + len(paragraph) if found >= 0 else at
    return spans


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    shorter -= head
    tail = next((at for at in range(shorter) if old[-1 - at] != new[-1 - at]), shorter)
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(before), len(after)) > _MOST_COMPARED:
        yield _Change(range(head, len(old) - tail), range(head, len(new) - tail))
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind != "equal":
            yield _Change(range(head + i, head + i_end), range(head + j, head + j_end))


def _edits(
    seen: ReadText, change: _Change, new: Sequence[str], found: Sequence[Span | None]
) -> list[Edit] | None:
    end = line_end(seen.source)
    spans = [found[at] for at in change.old]
    wanted = [new[at].replace("\n", end) for at in change.new]
    pairs = min(len(spans), len(wanted))
    between = end + end
    edits: list[Edit] = []
    for span, text in zip(spans, wanted, strict=False):
        if span is None:
            return None
        edits += _replaced(seen, span, text)
    for span in spans[pairs:]:
        if span is None:
            return None
        edits += _removed(seen, span)
    more = between.join(wanted[pairs:])
    if not more:
        return edits
    at = change.old.stop
    if at and (before := found[at - 1]) is not None:
        place = seen.behind(seen.span(before).end)
        return [*edits, Edit(place, place, between + more)]
    if at < len(found) and (behind := found[at]) is not None:
        place = seen.span(behind).start
        return [*edits, Edit(place, place, more + between)]
    return None


def _replaced(seen: ReadText, span: Span, new: str) -> Iterator[Edit]:
    """A paragraph with another text. What is hidden in it stays by the words that do not change."""
    place = seen.span(span)
    end = line_end(seen.source)
    is_line = "\n" not in seen.text[span.start : span.end]
    has_as_many = seen.text.count("\n", span.start, span.end) == new.count(end)
    if not seen.hidden_in(place) or (has_as_many and not is_line):
        yield from _lines_replaced(seen, span, new)
        return
    old = seen.text[span.start : span.end].replace("\n", end)
    was, now = _WORDS.findall(old), _WORDS.findall(new)
    shorter = min(len(was), len(now))
    head = next((at for at in range(shorter) if was[at] != now[at]), shorter)
    shorter -= head
    tail = next((at for at in range(shorter) if was[-1 - at] != now[-1 - at]), shorter)
    start = span.start + len("".join(was[:head]).replace(end, "\n"))
    stop = span.end - len("".join(was[len(was) - tail :]).replace(end, "\n"))
    words = "".join(now[head : len(now) - tail])
    if start == stop:
        is_first = start == span.start or seen.text[start - 1] == "\n"
        at = seen.places[start] if is_first else seen.places[start - 1] + 1
        yield Edit(at, at, words)
        return
    changed = seen.span(Span(start, stop))
    hidden = seen.hidden_in(changed)
    alone = [each for each in hidden if seen.stands_alone(each)]
    inline = [seen.source[each.start : each.end] for each in hidden if each not in alone]
    gap = " " if inline and tail and not was[len(was) - tail].isspace() else ""
    yield Edit(changed.start, changed.end, " ".join((*([words] if words else []), *inline)) + gap)
    for each in alone:
        yield Edit(place.end, place.end, end + seen.source[each.start : each.end])


def _lines_replaced(seen: ReadText, span: Span, new: str) -> Iterator[Edit]:
    """The lines that differ. White space at the end of the others stays: it breaks lines."""
    end = line_end(seen.source)
    was, now = seen.text[span.start : span.end].split("\n"), new.split(end)
    ends = list(accumulate(len(line) + 1 for line in was))
    spans = [
        Span(span.start + stop - 1 - len(line), span.start + stop - 1)
        for line, stop in zip(was, ends, strict=True)
    ]
    lines = [seen.span(each) for each in spans]
    if len(was) == len(now):
        for each, place, old, line in zip(spans, lines, was, now, strict=True):
            if line != old and seen.hidden_in(place):
                yield from _replaced(seen, each, line)
            elif line != old:
                yield Edit(place.start, place.end, line)
        return
    shorter = min(len(was), len(now)) - 1  # at least one line is replaced
    head = next((at for at in range(shorter) if was[at] != now[at]), shorter)
    shorter -= head
    tail = next((at for at in range(shorter) if was[-1 - at] != now[-1 - at]), shorter)
    changed = end.join(now[head : len(now) - tail])
    yield Edit(lines[head].start, lines[len(was) - 1 - tail].end, changed)


def _removed(seen: ReadText, span: Span) -> Iterator[Edit]:
    """No paragraph, but what is hidden in it."""
    place = seen.span(span)
    hidden = seen.hidden_in(place)
    if not hidden:
        yield _without_line(seen.source, place)
        return
    kept = line_end(seen.source).join(seen.source[each.start : each.end] for each in hidden)
    yield Edit(place.start, place.end, kept)


def _new_language(
    seen: ReadText,
    language: Language,
    new: Sequence[str],
    found: Mapping[Language, Sequence[Span | None]],
) -> Edit:
    end = line_end(seen.source)
    block = (end + end).join(paragraph.replace("\n", end) for paragraph in new)
    if language is Language.EN:
        block = f"<english>{end}{block}{end}</english>"
    others = [seen.span(span) for spans in found.values() for span in spans if span is not None]
    if others and language is Language.EN:
        place = seen.behind(max(span.end for span in others))
        return Edit(place, place, f"{end}{end}{block}")
    if others:
        place = min(span.start for span in others)
        opened = _OPENING.search(seen.source[:place])
        place = opened.start() if opened is not None else place
        return Edit(place, place, f"{block}{end}{end}")
    places = [seen.span(line).start for line in _lines_of_tags(seen.text)]
    links = _start_of_links(seen)
    if links is not None:
        places.append(links)
    if places:
        return Edit(min(places), min(places), f"{block}{end}{end}")
    return _at_end(seen, block)


def _without_empty_marks(text: str) -> str:
    seen = read_text(text)
    edits = []
    for found in _EMPTY_MARKS.finditer(seen.text):
        place = seen.span(Span(*found.span()))
        hidden = seen.hidden_in(place)
        below = _BLANK_BELOW.match(text, place.end)
        stop = place.end if hidden or below is None else below.end()
        kept = line_end(text).join(text[each.start : each.end] for each in hidden)
        edits.append(Edit(place.start, stop, kept))
    return applied(text, edits)


def _without_line(text: str, span: Span) -> Edit:
    """Remove a text with the blank lines below it, or above it if it is the last one."""
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    if text[start : span.start].strip():
        return Edit(span.start, span.end, "")
    below = _BLANK_BELOW.match(text, span.end)
    stop = below.end() if below is not None else span.end
    if stop < len(text):
        above = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : start].strip()
        is_glued = above and not above.lower().endswith("<english>")
        return Edit(start, stop, line_end(text) if is_glued else "")
    return Edit(len(text[:start].rstrip()), len(text), line_end(text) if start else "")


def _lines_of_tags(text: str) -> Iterator[Span]:
    if "#" not in text and "＃" not in text:
        return
    lines = text.split("\n")
    code = CodeBlocks(lines).lines()
    for number, span in enumerate(lines_of(text)):
        if number not in code and parse_tag_line(lines[number]):
            yield span


def _start_of_links(seen: ReadText) -> int | None:
    lines = seen.text.split("\n")
    found = [at for at, line in enumerate(lines) if _LINKS.fullmatch(line)]
    code = CodeBlocks(lines).lines() if found else ()
    spans = list(lines_of(seen.text)) if found else []
    return next((seen.places[spans[at].start] for at in found if at not in code), None)
