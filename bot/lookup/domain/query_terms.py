"""The terms of a query as values, and how they are written; `query.parse` reads them."""

from dataclasses import replace
from datetime import date
from typing import TypeAlias

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import EntryId, paper_key
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Tag:
    """Carries the tag with this slug."""

    slug: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Contains this word, or this phrase."""

    text: str
    phrase: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Author:
    """Has an author of this name or part of a name."""

    name: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Dates:
    """Dated from `first` to `last`, both included; `None` is open. `text` is how it was asked."""

    first: date | None
    last: date | None
    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class PaperRef:
    """Which paper is meant: exactly one of both is set."""

    arxiv_id: ArxivId | None = None
    url: str | None = None

    @property
    def key(self) -> str:
        """The same as `Paper.key` of that paper."""
        return paper_key(self.arxiv_id, self.url, "")

    def __str__(self) -> str:
        return self.arxiv_id.number if self.arxiv_id is not None else self.url or ""


@dataclass(frozen=True, slots=True)
class About:
    """Is about this paper."""

    paper: PaperRef
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Cites:
    """Refers to this paper."""

    paper: PaperRef
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Similar:
    """Is similar to the entries about this paper."""

    paper: PaperRef


Place: TypeAlias = PaperRef | EntryId | str
"""A paper, by its id or address, by an entry's number, or by words of its title."""


@dataclass(frozen=True, slots=True)
class Path:
    """Is on the shortest chain of references between these papers, and stands in its order."""

    start: Place
    goal: Place


@dataclass(frozen=True, slots=True)
class EntryIs:
    """Is this entry."""

    id: EntryId


@dataclass(frozen=True, slots=True)
class InDiscussion:
    """Has a discussion; the words of the query are searched in its replies, not in the entry."""


@dataclass(frozen=True, slots=True)
class NewestFirst:
    """Orders what is found by date alone."""


@dataclass(frozen=True, slots=True)
class Popular:
    """Is liked by people, since that day if one is given; the most liked come first.

    `text` is how a day that depends on today was asked: `week`.
    """

    since: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Random:
    """Is a random one of those that the other terms find."""


Term: TypeAlias = (
    Tag
    | Words
    | Author
    | Dates
    | About
    | Cites
    | Similar
    | Path
    | EntryIs
    | InDiscussion
    | NewestFirst
    | Popular
    | Random
)


@dataclass(frozen=True, slots=True)
class Query:
    """A look-up: every term must hold. Without terms it means the newest."""

    terms: tuple[Term, ...] = ()


def affirmed_words(query: Query) -> tuple[Words, ...]:
    """The words that an entry must have, in their order; none where replies are searched."""
    if InDiscussion() in query.terms:
        return ()
    return tuple(term for term in query.terms if isinstance(term, Words) and not term.negated)


def hangs_on_archive_alone(query: Query) -> bool:
    """Whether it finds the same for as long as no entry and no paper changes.

    Not where chance, what people like, or what they say decides.
    """
    return not any(isinstance(term, Random | Popular | InDiscussion) for term in query.terms)


def sole_word(query: Query) -> str | None:
    """The word that may mean a tag: the only word of the query, without quotes."""
    words = affirmed_words(query)
    return words[0].text if len(words) == 1 and not words[0].phrase else None


def with_sole_word_as_tag(query: Query, slug: str) -> Query:
    """The query with its `sole_word` as that tag."""
    word = sole_word(query)
    return replace_term(query, Words(word), Tag(slug)) if word is not None else query


def replace_term(query: Query, old: Term, new: Term) -> Query:
    """The query with one term for another."""
    return replace(query, terms=tuple(new if term == old else term for term in query.terms))


def format_query(query: Query) -> str:
    """The line that `parse` reads as this query."""
    return " ".join(_format_term(term) for term in query.terms)


def _format_term(term: Term) -> str:
    match term:
        case Tag(slug, negated):
            return f"{_minus(negated)}#{slug}"
        case Words(text, phrase, negated):
            return _minus(negated) + (f'"{text}"' if phrase else text)
        case Author(name, negated):
            return f"{_minus(negated)}author:{_quoted_where_needed(name)}"
        case Dates(first, last, text, negated):
            field = "before" if first is None else "after" if last is None else "date"
            return f"{_minus(negated)}{field}:{_quoted_where_needed(text)}"
        case About(paper, negated):
            return f"{_minus(negated)}{paper}"
        case Cites(paper, negated):
            return f"{_minus(negated)}cites:{paper}"
        case Similar(paper):
            return f"similar:{paper}"
        case Path(start, goal):
            return f"path:{format_place(start)}..{format_place(goal)}"
        case EntryIs(entry_id):
            return f"entry:{entry_id}"
        case Popular(since, text) if since is not None:
            return f"popular:{_quoted_where_needed(text or since.isoformat())}"
        case InDiscussion() | NewestFirst() | Popular() | Random():
            return _ALWAYS_SO[type(term)]


def format_place(place: Place) -> str:
    """One end of a chain, as it is read again."""
    return f'"{place}"' if isinstance(place, str) else str(place)


_ALWAYS_SO = {
    InDiscussion: "in:discussion",
    NewestFirst: "sort:new",
    Popular: "sort:popular",
    Random: "random",
}


def _minus(negated: bool) -> str:
    return "-" if negated else ""


def _quoted_where_needed(text: str) -> str:
    return f'"{text}"' if " " in text else text
