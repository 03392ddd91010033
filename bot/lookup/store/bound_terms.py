"""The terms of a query as parts of a match and as conditions on rows, with the ids of those rows."""

from dataclasses import replace

from bot.archive.domain.search.search_text import tag_mark
from bot.archive.domain.search.segment import (
    Phrase,
    Phrases,
    match_expression,
    name_expression,
    word_expression,
)
from bot.archive.store import tags
from bot.archive.store.sort_key import NEWEST, OLDEST, span
from bot.core.database.database import Statements
from bot.core.domain.dataclass import dataclass
from bot.lookup.domain.match import Columns, Condition, Index, Part
from bot.lookup.domain.query_terms import (
    About,
    Author,
    Cites,
    Dates,
    EntryIs,
    InDiscussion,
    PaperRef,
    Query,
    Tag,
    Words,
)

TAGGED = "EXISTS (SELECT 1 FROM entry_tag WHERE tag_id = {} AND newness = [d])"
ABOUT = "EXISTS (SELECT 1 FROM entry WHERE paper_id = {} AND newness = [d])"
CITES = "EXISTS (SELECT 1 FROM reference WHERE paper_id = {} AND newness = [d])"
IS = "[d] = (SELECT newness FROM entry WHERE id = {})"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a query as parts of a match and conditions on rows.

    `words`, `authors` and `matches`, which are families of tags, must match `index`.
    `rows` are conditions with the id of one row each; `few` is the one of them whose entries are
    scanned for the others. For `reads_whole` see `Plan`. With `in_discussion`, each of
    `reply_matches` must match a reply, and none of `unwanted_reply_matches` may.
    """

    index: Index = Index.ALL
    words: tuple[Part, ...] = ()
    authors: tuple[Part, ...] = ()
    matches: tuple[Part, ...] = ()
    unwanted_matches: tuple[Part, ...] = ()
    rows: tuple[Condition, ...] = ()
    unwanted: tuple[Condition, ...] = ()
    outside: tuple[Condition, ...] = ()
    low: int = OLDEST
    high: int = NEWEST
    few: Condition | None = None
    reads_whole: bool = False
    in_discussion: bool = False
    reply_matches: tuple[Phrases, ...] = ()
    unwanted_reply_matches: tuple[Phrases, ...] = ()

    @property
    def positive(self) -> tuple[Part, ...]:
        """What must match the index."""
        return (*self.words, *self.authors, *self.matches)

    @property
    def scans_all(self) -> bool:
        """Whether the index that is scanned has every word of an entry."""
        return bool(self.positive) and self.index is Index.ALL and self.few is None

    def ids(self, condition: str) -> tuple[int, ...]:
        """The ids of the rows of a condition."""
        return tuple(int(str(row.values[0])) for row in self.rows if row.sql == condition)


def terms_of(statements: Statements, query: Query) -> Terms | None:
    """The terms of a query, bound to the rows they name; `None` where one names no row."""
    terms = Terms(in_discussion=InDiscussion() in query.terms)
    for term in query.terms:
        match term:
            case Words():
                terms = _with_words(terms, term)
            case Author():
                terms = _with_author(terms, term)
            case Dates():
                terms = _with_dates(terms, term)
            case Tag() | About() | Cites() | EntryIs():
                condition, ids = _rows_of(statements, term)
                negated = not isinstance(term, EntryIs) and term.negated
                if len(ids) > 1:
                    marks = Part(tuple(Phrase(tag_mark(tag_id)) for tag_id in ids))
                    terms = _with_match(terms, marks, negated=negated)
                elif ids and negated:
                    terms = replace(terms, unwanted=(*terms.unwanted, Condition(condition, ids)))
                elif ids:
                    terms = replace(terms, rows=(*terms.rows, Condition(condition, ids)))
                elif not negated:
                    return None
            case _:
                pass
    return terms


def _rows_of(
    statements: Statements, term: Tag | About | Cites | EntryIs
) -> tuple[str, tuple[int, ...]]:
    """The condition of a term, and the ids that it names; only a tag may name several."""
    match term:
        case Tag(slug):
            return TAGGED, tags.family(statements, slug)
        case About(paper):
            return ABOUT, _paper_ids(statements, paper)
        case Cites(paper):
            return CITES, _paper_ids(statements, paper)
        case EntryIs(entry_id):
            return IS, (entry_id,)


def _with_words(terms: Terms, words: Words) -> Terms:
    phrases = match_expression(words.text) if words.phrase else word_expression(words.text)
    if not phrases:
        return terms
    if terms.in_discussion:
        return _with_reply_match(terms, phrases, negated=words.negated)
    if words.negated:
        return _with_match(terms, Part(phrases), negated=True)
    return replace(terms, words=(*terms.words, Part(phrases)))


def _with_author(terms: Terms, author: Author) -> Terms:
    phrases = name_expression(author.name)
    if not phrases:
        return terms
    part = Part(phrases, Columns.AUTHORS)
    if author.negated:
        return _with_match(terms, part, negated=True)
    return replace(terms, authors=(*terms.authors, part))


def _with_match(terms: Terms, part: Part, *, negated: bool) -> Terms:
    if negated:
        return replace(terms, unwanted_matches=(*terms.unwanted_matches, part))
    return replace(terms, matches=(*terms.matches, part))


def _with_reply_match(terms: Terms, phrases: Phrases, *, negated: bool) -> Terms:
    if negated:
        return replace(terms, unwanted_reply_matches=(*terms.unwanted_reply_matches, phrases))
    return replace(terms, reply_matches=(*terms.reply_matches, phrases))


def _with_dates(terms: Terms, dates: Dates) -> Terms:
    low, high = span(dates.first, dates.last)
    if dates.negated:
        outside = Condition("[d] NOT BETWEEN {} AND {}", (low, high))
        return replace(terms, outside=(*terms.outside, outside))
    return replace(terms, low=max(terms.low, low), high=min(terms.high, high))


def _paper_ids(statements: Statements, paper: PaperRef) -> tuple[int, ...]:
    rows = statements.tuples("SELECT id FROM paper WHERE key = :key", {"key": paper.key})
    return tuple(paper_id for (paper_id,) in rows)
