"""Look-ups: what `/paper QUERY`, `paperbot lookup` and `paperbot show` answer."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from bot.archive.domain.entry import StoredEntry, tag_slug
from bot.archive.store import tags
from bot.channels.store import linked_channels
from bot.core.database import revision
from bot.core.database.database import Database, Statements
from bot.core.domain.dataclass import dataclass
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import (
    Author,
    InDiscussion,
    Query,
    Tag,
    Term,
    Words,
    format_query,
    hangs_on_archive_alone,
    replace_term,
)
from bot.lookup.store import search, typed_names

_TAGS_COMPARED = 20_000
_MOST_SUGGESTIONS = 3
_ALIKE = 0.75
"""The least similarity of a suggestion, of 1: one or two typing errors in a word."""


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what a look-up found: the best hit first, or the newest without words.

    `query` is the query as it was understood; `total` is `None` where there are too many to count.
    `suggestions` are whole queries to try instead, where nothing was found. At that
    `revision` of the archive (`revision.find`) everybody finds the same; `None` where more decides.
    """

    query: Query
    entries: tuple[StoredEntry, ...]
    page: int
    more: bool
    total: int | None
    suggestions: tuple[str, ...] = ()
    revision: int | None = None


async def look_up(
    db: Database,
    text: str,
    *,
    page: int = 1,
    per_page: int = 10,
    chance: Random | None = None,
    asked_in: str | Sequence[str] | None = None,
    in_brief: bool = False,
) -> Results:
    """The page (from 1) of what the query finds; `chance` decides for `random`.

    `asked_in` is the channel of the question, or several: replies of these channels and of channels
    that share discussions with them are found; `None`, the operator, finds all replies.
    `in_brief`: several entries have no more than a list shows (`entries_in_brief`); one is whole.
    Raises `QueryError`.
    """
    query = parse(text)

    def find(statements: Statements) -> Results:
        readable = None
        if asked_in is not None and InDiscussion() in query.terms:
            channels = (asked_in,) if isinstance(asked_in, str) else asked_in
            readable = linked_channels.list_readable(statements, channels)
        hits = search.find(
            statements,
            query,
            page=page,
            per_page=per_page,
            chance=chance,
            readable=readable,
            in_brief=in_brief,
        )
        near = _suggestions(statements, query) if page == 1 and not hits.entries else ()
        at = revision.find(statements) if hangs_on_archive_alone(query) else None
        return Results(hits.query, hits.entries, page, hits.more, hits.total, near, at)

    return await db.read(find)


def _suggestions(statements: Statements, query: Query) -> tuple[str, ...]:
    """Queries with one typing error corrected, the likeliest first."""
    spellings = tags.list_spellings(statements, limit=_TAGS_COMPARED)
    authors = typed_names.list_author_words(statements)
    mended = (
        replace_term(query, term, better)
        for term in query.terms
        for better in _better(term, spellings, authors)
    )
    return tuple(dict.fromkeys(map(format_query, mended)))[:_MOST_SUGGESTIONS]


def _better(term: Term, spellings: Mapping[str, str], authors: Iterable[str]) -> Iterable[Term]:
    match term:
        case Tag(slug, negated) if not negated:
            return (Tag(spellings[near]) for near in _near(slug, spellings))
        case Words(text, phrase, negated) if not (phrase or negated):
            return (Words(spellings[near]) for near in _near(tag_slug(text), spellings))
        case Author(name, negated) if not negated and " " not in name:
            return (Author(near) for near in _near(name.casefold(), authors))
        case _:
            return ()


def _near(word: str, known: Iterable[str]) -> list[str]:
    """The known words most similar to this one, without itself."""
    from rapidfuzz import distance, process  # noqa: PLC0415 - slow to import, for unknown words

    found = process.extract(
        word,
        list(known),
        scorer=distance.OSA.normalized_similarity,
        score_cutoff=_ALIKE,
        limit=2 * _MOST_SUGGESTIONS,
    )
    return [near for near, _, _ in found if near != word]
