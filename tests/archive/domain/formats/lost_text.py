"""What of a text is in no field that was read from it: the check behind "nothing is lost".

It knows nothing of the parsers but what they hide, which only the source keeps. It counts
characters: those of the text that are no white space, less those in the fields, less the mark-up
that the formats document. What remains is lost.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from bot.archive.domain.entry import Entry, Parsed
from bot.archive.domain.markup.inline_fields import take_fields
from bot.archive.domain.markup.visible import visible

_SEPARATORS = ",;，、；"
_LINKS_LINE = re.compile(r"\s*(?:[-*+]\s+)?(?:\[\[[^\[\]]+\]\][\s,]*)+$")
_MARKDOWN_LINKS_LINE = re.compile(r"(?:[-*+]\s+)?\[([^\[\]]+)\]\(\1\.md\)$")
_CALLOUT = re.compile(
    r">\s*\[!(?:abstract|summary|tldr)\][+-]?(?:\s*(?:abstract|초록)\s*$)?", re.IGNORECASE
)
_NAME = re.compile(r"\[\[([^\[\]]+)\]\]")
_SUFFIX = re.compile(r"\s*\.(?:md|markdown)\Z", re.IGNORECASE)
_ENGLISH = re.compile(r"</?(?:english|korean)>", re.IGNORECASE)
_LINKS_HEADING = re.compile(r"\s*#{1,6}\s+links?\s*:?\s*$", re.IGNORECASE)
_GROUP = re.compile(r"[(（](?:[^()（）]|[(（][^()（）]*[)）])*[)）]")
_DATE_LINE = re.compile(
    r"[\s#*_:\[\]\ufeff]*(?:[\w월화수목금토일.]+,?\s+)?(?:"
    r"\d{4}\s?[년年]\s?\d{1,2}\s?[월月]\s?\d{1,2}\s?[일日]|\d{4}\s?[-/.．－／]\s?\d{1,2}\s?[-/.．－／]\s?\d{1,2}\.?"
    r"|[a-z]{3,9}\.?\s?\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}|\d{1,2}(?:st|nd|rd|th)?\s[a-z]{3,9}\.?,?\s\d{4}"
    r")(?:,?\s?\(?[\w월화수목금토일.]+\)?)?[\s#*_:\[\]\ufeff]*$",
    re.IGNORECASE,
)


def shown(text: str) -> str:
    """A note without front matter, comments and Dataview's fields: what fields must hold."""
    seen = visible(text).text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line or "" for line in take_fields(seen.split("\n")).lines)


def lost(text: str, parsed: Parsed) -> str:
    """The characters that are in no field and no problem, and are no mark-up; sorted."""
    remaining = _characters(text)
    remaining.subtract(_characters("\n".join(_fields(text, parsed))))
    remaining.subtract(_characters("".join(_mark_up(text, parsed))))
    return "".join(sorted((+remaining).elements()))


def _characters(text: str) -> Counter[str]:
    return Counter("".join(unicodedata.normalize("NFC", text).split()))


def _fields(text: str, parsed: Parsed) -> Iterator[str]:
    for entry in parsed.entries:
        yield from _entry_fields(text, entry)
    for problem in parsed.problems:
        yield problem.text


def _entry_fields(text: str, entry: Entry) -> Iterator[str]:
    paper = entry.paper
    if "".join(paper.title.split()) in "".join(text.split()):  # else it is the file's name
        yield paper.title
    yield from paper.authors
    yield paper.url or ""
    yield paper.abstract or ""
    for commentary in entry.commentary:
        yield from commentary.paragraphs
    yield from entry.spellings
    said = "\n".join(text for commentary in entry.commentary for text in commentary.paragraphs)
    names = [unicodedata.normalize("NFC", name) for name in _NAME.findall(said)]
    named = {_SUFFIX.sub("", re.split(r"\\?[|#]", name)[0].strip()) for name in names}
    yield from (link for link in entry.links if link not in named)


def _mark_up(text: str, parsed: Parsed) -> Iterator[str]:
    if text.startswith("\ufeff"):
        yield "\ufeff"
    has_authors = any(len(entry.paper.authors) > 0 for entry in parsed.entries)
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    yield from _names_said_again(lines)
    for line in lines:
        yield from _ENGLISH.findall(line)
        yield from _mark_up_of_line(line.strip())
    for group in _GROUP.findall(text) if has_authors else ():
        yield from re.findall(rf"[{_SEPARATORS}]|\band\b", group)
    for entry in parsed.entries:
        yield "()（）" if entry.paper.authors else ""
        yield "()（）:：<>" if entry.paper.url else ""
        yield "#＃" * len(entry.spellings)


def _mark_up_of_line(line: str) -> Iterator[str]:
    if _LINKS_HEADING.match(line) or _DATE_LINE.match(line):
        yield line
    elif line[:1] in ("#", "＃"):
        yield from (character for character in line if character in f"#＃.{_SEPARATORS}")
    elif line[:1] == ">":
        yield ">"
        if (callout := _CALLOUT.match(line)) is not None:
            yield callout[0].removeprefix(">")
    elif _LINKS_LINE.match(line):
        for name in _NAME.findall(line):
            yield f"[[]],-*+{'.md' if name.rstrip().endswith('.md') else ''}"
    elif _MARKDOWN_LINKS_LINE.match(line):
        yield line
    elif line[:1] in ("*", "_"):
        yield line[0] * 6


def _names_said_again(lines: list[str]) -> Iterator[str]:
    """Names of notes on lines of such names, where they stand elsewhere as well."""
    seen = {name for line in lines if not _LINKS_LINE.match(line) for name in _bare_names(line)}
    for line in lines:
        if _LINKS_LINE.match(line):
            for name in _bare_names(line):
                yield name if name in seen else ""
                seen.add(name)


def _bare_names(line: str) -> list[str]:
    return [name.strip().removesuffix(".md").strip() for name in _NAME.findall(line)]
