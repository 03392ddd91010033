"""Parse the heading of a paper: title, authors in parentheses, link."""

import re
from collections.abc import Iterable, Sequence

from bot.archive.domain.markup.author_names import is_one_name
from bot.archive.domain.markup.mentions import Address, address_of
from bot.core.domain.characters import HANGUL_SYLLABLE
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_PARENS = late_pattern("[()（）]")
_BEHIND_A_NAME = late_pattern(r"[JjSs]r\.?|II|III|IV|Ph\.? ?D\.?|M\.D\.")
_SEPARATORS = late_pattern(r"[(（\[]|[)）\]]| ?[,;，、；] ?(?:and )?| and ")
_COMMAS = late_pattern(r" ?[,;，、；] ?(?:and )?")
_OPENS_OR_JOINS = late_pattern(r"[(（\[]| and ")
_NESTED = late_pattern(r"[(（][^()（）]*[)）]")
_KOREAN_NAME = late_pattern(r"[가-힣]{1,2} ?[가-힣]{1,4}")
_EMPHASISED = late_pattern(r"(\*{1,3}|_)(?=\S)(.+?)(?<=\S)\1(?=$|\s|[(（])\s*(.*)", re.DOTALL)
_ADDRESS = late_pattern(r"https?://[^\s()<>（）]+", re.IGNORECASE)
_LIST_ITEM = late_pattern(r"(?:[*+]|[0-9]{1,3}[.)])\s")
_PARTICLE = late_pattern(
    "(?:van|von|der|den|de|del|della|di|da|dos|das|du|la|le|les|el|al|bin|ibn|ten|ter|te|zu|zur|"
    r"auf|et|al\.|y|e|of|the|for|and|at|in)",
    re.IGNORECASE,
)
_LONGEST_TITLE = 400
_LONGEST_NAME = 300
_MOST_PARENS = 10_000
_LONGEST = 200_000
"""No list of authors is longer; what is longer is no heading."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A title, and what is on the same lines: authors, a link, and text after them (`behind`)."""

    title: str
    authors: tuple[str, ...] = ()
    address: Address | None = None
    behind: str = ""


def split_authors(text: str) -> tuple[str, ...]:
    """The names in a list, separated by commas, semicolons or `and` outside of brackets.

    An `and` within the name of a group separates nothing, nor does the comma before `Jr.`.
    """
    text = " ".join(text.split())
    if _OPENS_OR_JOINS.search(text) is None:
        return _joined(_COMMAS.split(text))
    separators = tuple(_SEPARATORS.finditer(text))
    names = []
    depth, start = 0, 0
    for at, found in enumerate(separators):
        if found[0] in "(（[":
            depth += 1
        elif found[0] in ")）]":
            depth = max(0, depth - 1)
        elif depth == 0:
            if found[0] == " and ":
                end = separators[at + 1].start() if at + 1 < len(separators) else len(text)
                before = text[max(start, found.start() - _LONGEST_NAME) : found.start()]
                if is_one_name(before, text[found.end() : end][:_LONGEST_NAME]):
                    continue
            names.append(text[start : found.start()])
            start = found.end()
    names.append(text[start:])
    return _joined(names)


def _joined(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each with what belongs behind it."""
    whole: list[str] = []
    for name in filter(None, map(str.strip, names)):
        if whole and _BEHIND_A_NAME.fullmatch(name):
            whole[-1] += f", {name}"
        else:
            whole.append(name)
    return tuple(whole)


def are_names(authors: Sequence[str]) -> bool:
    """Whether most items of a list look like names of people or groups, not like a sentence."""
    if not authors:
        return False
    likely = sum(_is_name(name) for name in authors)
    return likely == len(authors) if len(authors) < 3 else likely >= 0.7 * len(authors)


def _is_name(name: str) -> bool:
    if len(name) > _LONGEST_NAME:
        return False
    bare = name
    while "(" in bare or "（" in bare:
        if bare == (bare := _NESTED.sub(" ", bare)):
            break
    words = bare.strip(" *†‡§¹²³").split()
    if not 0 < len(words) < 9 or "://" in bare:
        return False
    if HANGUL_SYLLABLE.search(bare) is not None:
        return _KOREAN_NAME.fullmatch(" ".join(words)) is not None
    weighty = [word for word in words if _PARTICLE.fullmatch(word) is None]
    return bool(weighty) and all(_is_capital(word) for word in weighty)


def _is_capital(word: str) -> bool:
    """Whether a word is capitalized as in names; scripts without capitals count."""
    if word[:1].isupper():
        return True
    letters = [letter for letter in word if letter.isalpha()]
    return bool(letters) and (not letters[0].islower() or any(map(str.isupper, letters)))


def closing_group(text: str) -> int | None:
    """Where the parenthesis opens that closes at the end of `text`, or `None`."""
    if not text or text[-1] not in ")）" or len(text) > _LONGEST:
        return None
    if sum(map(text.count, "()（）")) > _MOST_PARENS:
        return None
    depth = 0
    for found in reversed(list(_PARENS.finditer(text))):
        depth += 1 if found[0] in ")）" else -1
        if depth == 0:
            return found.start()
    return None


def end_of_group(text: str) -> int | None:
    """The end of the parenthesis that `text` begins with, or `None` if it is not closed."""
    depth = 0
    for found in _PARENS.finditer(text[:_LONGEST]):
        depth += 1 if found[0] in "(（" else -1
        if depth == 0:
            return found.end()
    return None


def parse_authors_line(line: str) -> tuple[str, ...]:
    """The authors in a line that is one parenthesis; empty for other lines."""
    text = line.strip()
    if len(text) < 3 or text[0] not in "(（" or text[-1] not in ")）" or len(text) > _LONGEST:
        return ()
    end = end_of_group(text)
    if end is not None and end < len(text):
        return ()
    authors = split_authors(text[1:-1])
    return authors if are_names(authors) else ()


def parse_emphasised(text: str) -> Heading | None:
    """Parse `*Title* (authors) rest`, where only the title is required.

    `None` if the text does not begin with an emphasised title, or a parenthesis is not closed.
    """
    if text[:1] not in "*_" or len(text) > _LONGEST:
        return None
    found = _EMPHASISED.match(text)
    if found is None or len(found[2]) > _LONGEST_TITLE:
        return None
    title, rest = _one_line(found[2]), found[3]
    if rest[:1] not in ("(", "（"):
        return Heading(title, behind=rest)
    end = end_of_group(rest)
    if end is None:
        return None
    return Heading(title, split_authors(rest[1 : end - 1]), behind=rest[end:].strip())


def emphasised(title: str) -> str:
    """A title in `*`, with more of them than the title has in a row."""
    runs = [len(run[0]) for run in re.finditer(r"\*+", title)]
    mark = "*" * min(3, max(runs, default=0) + 1)
    return f"{mark}{title}{mark}"


def parse_plain(text: str) -> Heading | None:
    """Parse a text that is `Title (authors)`, if the authors look like names."""
    stripped = text.strip()
    start = closing_group(stripped)
    if start is None:
        return None
    title = _one_line(stripped[:start])
    if not is_like_title(title):
        return None
    authors = split_authors(stripped[start + 1 : -1])
    alone = len(authors) == 1 and " " not in authors[0]  # an acronym, as likely as a group
    return Heading(title, authors) if are_names(authors) and not alone else None


def parse_with_link(text: str) -> Heading | None:
    """Parse `Title (address) text`, `Title: (address) text` or `Title address`."""
    found = _ADDRESS.search(text[:_LONGEST_TITLE])
    if found is None:
        return None
    address = _ADDRESS.match(text, found.start()) or found
    before, behind = text[: found.start()].rstrip(), text[address.end() :].lstrip(" ")
    if before.endswith("<") and behind.startswith(">"):
        before, behind = before[:-1].rstrip(), behind[1:].lstrip(" ")
    if not before:
        return None
    if before[-1] in "(（" and behind[:1] in (")", "）"):
        before, behind = before[:-1].rstrip(), behind[1:]
    elif behind.strip():
        return None
    title = _one_line(before.removesuffix(":").removesuffix("："))
    if not is_like_title(title) or not any(each.isalpha() for each in title):
        return None
    return Heading(title, (), address_of(address[0]), behind=behind.strip())


def is_like_title(line: str) -> bool:
    """Whether a line may be a title: short, no Korean, no sentence, no mark-up."""
    text = line.strip()
    return (
        1 < len(text) <= _LONGEST_TITLE
        and text[0] not in "#>-|[(（!<`~"
        and text[-1] not in ".,;…"
        and "://" not in text
        and _LIST_ITEM.match(text) is None
        and HANGUL_SYLLABLE.search(text) is None
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
