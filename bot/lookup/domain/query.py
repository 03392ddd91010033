"""The look-up language, the same in the command line, on the web and in every chat.

    reasoning                   the tag, where that is one and stands alone; else the word
    보상 모델                    entries with both words      "reward model"   with the phrase
    #rl -#moe                   with one tag, without another
    author:lee author:"yejin choi"
    date:2025 date:2025-02 date:2025-02-04   before:2025-02 after:2024   (outside that day or span)
    2502.01456                  entries about that paper; arXiv and other addresses likewise
    cites:2310.07831            entries that refer to it
    similar:2502.01456          entries similar to those about it
    path:1706.03762..entry:12   the shortest chain of references between two papers, in its order
    entry:12                    that entry
    in:discussion ablation      entries in whose discussion somebody said that
    lora sort:new               the newest first, wherever the words stand
    popular                     those that people like, the most liked first
    popular:week popular:2025-02 …counting the likes since then; beside words: sort:popular
    random                      any one

Everything must hold at once; `-` before a term means that it must not. `parse` reads a line,
`query_terms.format_query` writes it so that it is read the same.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from bot.archive.domain.arxiv_id import ArxivId, parse_arxiv_id
from bot.archive.domain.entry import EntryId, tag_slug
from bot.archive.domain.markup.author_names import in_each_order
from bot.archive.domain.typed_dates import Days
from bot.core.domain.errors import QueryError
from bot.core.domain.late import late_pattern
from bot.core.domain.latex_accents import accents
from bot.lookup.domain import query_paths
from bot.lookup.domain.date_terms import read_dates, read_span, relative_text
from bot.lookup.domain.query_terms import (
    About,
    Author,
    Cites,
    EntryIs,
    InDiscussion,
    NewestFirst,
    PaperRef,
    Path,
    Popular,
    Query,
    Random,
    Similar,
    Tag,
    Term,
    Words,
)
from bot.lookup.domain.written_terms import QUOTES, SPACE, WrittenTerm, written_terms

LONGEST = 500
"""Characters of a query; a pasted title fits, a pasted abstract does not."""
MOST_TERMS = 40

_ADDRESS = late_pattern(rf"https?://[^{SPACE}/][^{SPACE}]*", re.IGNORECASE)
_ENTRY_ID = late_pattern(r"[1-9][0-9]{0,17}", re.ASCII)
_SURROGATE = late_pattern("[\ud800-\udfff\0]")
_SHAPELESS = late_pattern("[\u00ad\u200b-\u200d\u2060\ufeff]")


def parse(text: str, days: Days | None = None) -> Query:
    """The query that a line means; raises `QueryError` and nothing else, on any input.

    With `days` values like `date:yesterday` and `after:"last friday"` are read, and are written the
    same again; without it, only `query_dates.write_out` reads them.
    """
    if len(text) > LONGEST:
        raise QueryError(
            "The query is too long ({length} characters, {longest} at most): search for a few "
            "words of it",
            length=len(text),
            longest=LONGEST,
        )
    return _parsed(text, days)


@lru_cache(maxsize=512)  # the same line comes from several layers, and from several people
def _parsed(text: str, days: Days | None) -> Query:
    shown = accents(_SHAPELESS.sub("", _SURROGATE.sub(" ", text)))
    composed = unicodedata.normalize("NFC", shown)
    raws = tuple(replace(raw, days=days) for raw in written_terms(composed, _FIELDS))
    if len(raws) > MOST_TERMS:
        raise QueryError(
            "The query has too many terms ({count}, at most {most}): use fewer",
            count=len(raws),
            most=MOST_TERMS,
        )
    terms = tuple(term for raw in raws if (term := _term(raw)) is not None)
    if raws and not terms:
        raise QueryError(
            "“{text}” has no letter or digit to search for: use words or a #tag",
            text=text.strip(),
        )
    return Query(_with_lone_words(terms))


def _term(raw: WrittenTerm) -> Term | None:
    if raw.sharp:
        return _tag(raw)
    if not raw.quoted and raw.field != "path":
        paper = _paper(_whole(raw))
        if paper is not None:
            return About(paper, raw.negated)
    if raw.field in _FIELDS:
        if not raw.value.strip():
            raise QueryError(
                "A value is missing after “{field}:” (character {at}): write {example}",
                field=raw.field,
                at=raw.at,
                example=_EXAMPLES[raw.field],
            )
        return _FIELDS[raw.field](raw)
    _refuse_near_misses(raw)
    words = _searchable(f"{raw.written_field} {raw.value}" if raw.value else raw.written_field)
    if not words:
        return None
    # Text that is not written as it was read (`5"`) becomes a phrase, so that it is read the same.
    as_typed = words in (raw.value, raw.written_field)
    return Words(words, phrase=raw.quoted or not as_typed, negated=raw.negated)


def _whole(raw: WrittenTerm) -> str:
    return f"{raw.written_field}:{raw.value}" if raw.written_field else raw.value


def _searchable(text: str) -> str:
    """The text without quotation marks and needless space; empty without letter or digit."""
    cleaned = " ".join(re.sub(f"[{QUOTES}{SPACE}]+", " ", text).split())
    return cleaned if any(map(str.isalnum, cleaned)) else ""


def _tag(raw: WrittenTerm) -> Tag:
    slug = tag_slug(_searchable(re.sub("[#＃,;]", " ", _whole(raw)).rstrip(". ")))
    if not slug:
        raise QueryError("“#” (character {at}) needs a tag, as in #reasoning", at=raw.at)
    return Tag(slug, raw.negated)


def _author(raw: WrittenTerm) -> Author:
    name = _searchable(in_each_order(raw.value.strip(" ,;"))[-1])  # "Choi, Yejin" is Yejin Choi
    if not name:
        raise QueryError(
            '“{value}” (character {at}) is not a name: write author:lee or author:"yejin choi"',
            value=raw.value,
            at=raw.at,
        )
    return Author(name, raw.negated)


def _cites(raw: WrittenTerm) -> Cites:
    return Cites(_required_paper(raw), raw.negated)


def _similar(raw: WrittenTerm) -> Similar:
    return Similar(_required_paper(_affirmed(raw)))


def _path(raw: WrittenTerm) -> Path:
    ends = query_paths.VALUE.fullmatch(_affirmed(raw).value)
    places = (query_paths.read_place(end, _paper(end)) for end in ends.groups()) if ends else ()
    match tuple(places):
        case start, goal if start is not None and goal is not None:
            return Path(start, goal)
    raise QueryError(
        "“{value}” (character {at}) does not name two papers: write path:1706.03762..2502.01456 or "
        'path:"attention".."process reward"',
        value=raw.value,
        at=raw.at,
    )


def _entry(raw: WrittenTerm) -> EntryIs:
    if _ENTRY_ID.fullmatch(raw.value) is None:
        raise QueryError(
            "“{value}” (character {at}) is not an entry number: write entry:12",
            value=raw.value,
            at=raw.at,
        )
    return EntryIs(EntryId(int(_affirmed(raw).value)))


def _in_place(raw: WrittenTerm) -> InDiscussion:
    if _affirmed(raw).value.casefold() not in ("discussion", "discussions", "토론"):
        raise QueryError(
            "“{value}” (character {at}) cannot be searched: write in:discussion",
            value=raw.value,
            at=raw.at,
        )
    return InDiscussion()


def _sort(raw: WrittenTerm) -> NewestFirst | Popular:
    match _affirmed(raw).value.casefold():
        case "new" | "newest" | "date" | "최신":
            return NewestFirst()
        case "popular" | "likes" | "liked" | "인기":
            return Popular()
        case _:
            raise QueryError(
                "“{value}” (character {at}) is not an order: write sort:new for the newest first, "
                "sort:popular for the most liked",
                value=raw.value,
                at=raw.at,
            )


def _popular(raw: WrittenTerm) -> Popular:
    if _affirmed(raw).value.casefold() == "all":
        return Popular()
    return Popular(read_span(raw)[0], relative_text(raw))


def _affirmed(raw: WrittenTerm) -> WrittenTerm:
    if raw.negated:
        raise QueryError(
            "“{field}:” (character {at}) cannot be negated: remove the minus sign",
            field=raw.field,
            at=raw.at,
        )
    return raw


def _required_paper(raw: WrittenTerm) -> PaperRef:
    paper = _paper(raw.value)
    if paper is None:
        raise QueryError(
            "“{value}” (character {at}) is neither an arXiv id nor a URL: write {example}",
            value=raw.value,
            at=raw.at,
            example=_EXAMPLES[raw.field],
        )
    return paper


def _paper(text: str) -> PaperRef | None:
    arxiv_id = parse_arxiv_id(text)
    if arxiv_id is not None:
        return PaperRef(arxiv_id=ArxivId(arxiv_id.number))
    return PaperRef(url=text) if _ADDRESS.fullmatch(text) else None


def _refuse_near_misses(raw: WrittenTerm) -> None:
    """Raise for an unknown field that is close to a known one: `auhtor:lee`."""
    if raw.field and raw.value and raw.field.isascii():
        for meant in difflib.get_close_matches(raw.field, _LONG_FIELDS, n=1, cutoff=0.75):
            raise QueryError(
                "There is no “{field}:” (character {at}); did you mean {meant}:{value}?",
                field=raw.field,
                at=raw.at,
                meant=meant,
                value=raw.value,
            )


_FIELDS: dict[str, Callable[[WrittenTerm], Term]] = {
    "author": _author,
    "date": read_dates,
    "before": read_dates,
    "after": read_dates,
    "cites": _cites,
    "similar": _similar,
    "path": _path,
    "entry": _entry,
    "in": _in_place,
    "sort": _sort,
    "popular": _popular,
}
_LONG_FIELDS = tuple(name for name in _FIELDS if len(name) > 2)
_EXAMPLES = {
    "author": "author:lee",
    "date": "date:2025-02",
    "before": "before:2025-02",
    "after": "after:2024",
    "cites": "cites:2310.07831",
    "similar": "similar:2502.01456",
    "path": "path:1706.03762..2502.01456",
    "entry": "entry:12",
    "in": "in:discussion",
    "sort": "sort:new",
    "popular": "popular:week",
}
FIELDS = tuple(f"{name}:" for name in _FIELDS)
"""The fields, in the order in which completion offers them."""


def _with_lone_words(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """`random` and `popular` are words beside words that are wanted (`random forest`), else terms."""
    words = tuple(term for term in terms if isinstance(term, Words) and not term.negated)
    said = {replace(term, text=term.text.casefold()) for term in words}
    if len(said) != 1 or (meant := _LONE_WORDS.get(said.pop())) is None:
        return terms
    return (*(term for term in terms if term not in words), meant)


_LONE_WORDS: dict[Words, Term] = {Words("random"): Random(), Words("popular"): Popular()}
