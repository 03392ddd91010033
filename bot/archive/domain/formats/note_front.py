"""Edit the YAML front matter of a note in place: its date, and tags that are taken away."""

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterator

from bot.archive.domain.entry import tag_slug
from bot.archive.domain.formats.note_places import Edit, Span, applied, line_end
from bot.archive.domain.markup import front_matter
from bot.archive.domain.markup.metadata import DATE_KEYS, is_tags_key
from bot.archive.domain.markup.visible import with_line_feeds
from bot.core.domain.late import late_pattern

_LINE_END = r"(?:\r\n|\r|\n)"
_FIELD = late_pattern(
    r"(?<![^\r\n])(?P<key>[\"']?(?P<name>[^\W\d_]+)[\"']?)[ \t]*:[^\r\n]*?"
    rf"(?:{_LINE_END}(?:[ \t]+|-[ \t])[^\s#][^\r\n]*)*(?=(?:(?<![ \t])[ \t]+#[^\r\n]*)?(?:[\r\n]|\Z))"
)
"""A field of YAML with its value, which may go on below, and without the comment behind it."""
_WITH_COMMENTS = late_pattern(
    r"(?<![^\r\n])[\"']?(?P<name>[^\W\d_]+)[\"']?[ \t]*:"
    rf"(?P<first>[^\r\n]*)(?P<below>(?:{_LINE_END}(?:[ \t]+\S|-[ \t]|[\])#])[^\r\n]*)*)"
)
_FLOW = late_pattern(r"\s*\[(?P<items>(?:\"[^\"\\]*\"|'[^']*'|[^\[\]{}\"'])*)\]")
_TEXT = late_pattern(
    r"(?:[ \t]+(?P<hashed>[#＃][^\W\d_][^\"'\r\n]*?)(?:[ \t]+#(?![^\W\d_])[^\r\n]*)?"
    r"|[ \t]*(?P<quote>[\"']?)(?P<plain>[^\"'\r\n]*?)(?P=quote)(?:[ \t]+#[^\r\n]*)?)[ \t]*\Z"
)
"""`hashed` is `#rl #moe`, which `yaml_fields` reads as tags."""
_NOTHING = late_pattern(r"[ \t]*(?:(?<=[ \t])#(?![^\W\d_])[^\r\n]*)?")
_ITEM = late_pattern(
    rf"{_LINE_END}[ \t]*-[ \t]+(?P<item>\S[^\r\n]*?)(?:[ \t]+#[^\r\n]*?)?[ \t]*(?=[\r\n]|\Z)"
)


def with_date(text: str, date: dt.date) -> str | None:
    """The text with the date in its front matter, which is added where there is none.

    Of several dates in it, the one that counts is changed. `None` where it is no YAML.
    """
    found = front_matter.find(with_line_feeds(text))
    if found is None:
        mark, end = "\ufeff" if text.startswith("\ufeff") else "", line_end(text)
        lines = ("---", f"date: {date}", "---", "", text.removeprefix(mark))
        return mark + end.join(lines)
    place = _yaml(text)
    if place is None:
        return None
    fields = [
        (DATE_KEYS.index(name), field.start(), field)
        for field in _FIELD.finditer(text, place.start, place.end)
        if (name := unicodedata.normalize("NFC", field["name"]).casefold()) in DATE_KEYS
    ]
    if fields:
        *_, field = min(fields)
        edit = Edit(field.start(), field.end(), f"{field['key']}: {date}")
    else:
        end = re.findall(_LINE_END, text[: place.start])[-1]
        edit = Edit(place.end, place.end, f"date: {date}{end}")
    return applied(text, [edit])


def without_tags(text: str, slugs: Collection[str]) -> str:
    """The text without tags in its front matter: a list in brackets or below the key, or a text.

    Where they are written otherwise, they stay.
    """
    place = _yaml(text)
    if place is None:
        return text
    edits: list[Edit] = []
    for field in _WITH_COMMENTS.finditer(text, place.start, place.end):
        if is_tags_key(field["name"]):
            edits += _without_tags(field, slugs)
    return applied(text, edits)


def _without_tags(field: re.Match[str], slugs: Collection[str]) -> Iterator[Edit]:
    text, start, end = field.string, field.start("first"), field.end()
    if _NOTHING.fullmatch(field["first"]):
        for item in _ITEM.finditer(text, field.start("below"), end):
            if _slug(item["item"]) in slugs:
                yield Edit(item.start(), item.end(), "")
    elif (items := _FLOW.match(text, start, end)) is not None:
        value = without_values(items["items"], slugs, ",")
        yield Edit(items.start("items"), items.end("items"), value)
    elif not field["below"].strip():
        found = _TEXT.match(text, start, field.end("first"))
        if found is not None:
            name = "plain" if found["hashed"] is None else "hashed"
            value = without_values(found[name], slugs)
            begin = found.start(name) if value or found["quote"] else start
            yield Edit(begin, found.end(name), value)


def without_values(text: str, slugs: Collection[str], separator: str | None = None) -> str:
    """A list of tags in one text without some of them; without a separator, one is guessed.

    It is split as `metadata.read_fields` does: at commas, else at spaces.
    """
    found = separator or ("[,;，、]" if re.search(r"[,;，、]", text) else r"\s+")
    lead = text[: len(text) - len(text.lstrip())]
    trail = text[len(text.rstrip()) :] if text.strip() else ""
    parts = re.split(f"({found})", text.strip())
    kept = [at for at in range(0, len(parts), 2) if _slug(parts[at]) not in slugs]
    if 2 * len(kept) > len(parts):
        return text
    pieces = [
        parts[at - 1] + parts[at] if number else parts[at].lstrip()
        for number, at in enumerate(kept)
    ]
    return lead + "".join(pieces) + trail if pieces else ""


def _slug(written: str) -> str:
    bare = written.strip().strip("\"'[]").strip().lstrip("#＃")
    return tag_slug("-".join(unicodedata.normalize("NFC", bare).split()))


def _yaml(text: str) -> Span | None:
    """Where the YAML between its marks is."""
    found = front_matter.find(with_line_feeds(text))
    if found is None or found.mark != front_matter.YAML_MARK or not found.is_closed:
        return None
    ends = [each.end() for each in re.finditer(_LINE_END, text)]
    first = found.line - 2
    return Span(ends[first], ends[first + found.written.count("\n")])
