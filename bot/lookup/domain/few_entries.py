"""Which of a few entries a query finds, decided in memory: many queries, a day's new entries.

It finds what the search finds (`bot.lookup.store.query_plan`): a phrase stands in one field, in the
words of the full-text index. A term is decided once, for however many queries ask it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

from bot.archive.domain.entry import EntryId, tag_slug, tag_with_parents
from bot.archive.domain.search.segment import (
    Phrases,
    match_expression,
    name_expression,
    word_expression,
)
from bot.core.domain.dataclass import dataclass
from bot.lookup.domain.query_terms import (
    About,
    Author,
    Cites,
    Dates,
    EntryIs,
    InDiscussion,
    NewestFirst,
    Path,
    Popular,
    Query,
    Random,
    Similar,
    Tag,
    Term,
    Words,
    sole_word,
    with_sole_word_as_tag,
)

Spell = Callable[[str], list[str]]
"""The words that the full-text index makes of a text."""
_Found = frozenset[EntryId]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a query may ask of an entry.

    `paper` and `references` are keys of papers, `tags` slugs; `fields` are the words of title, tags,
    authors, commentary and abstract, and `authors` is one of them.
    """

    id: EntryId
    on: date | None
    paper: str
    references: frozenset[str]
    tags: frozenset[str]
    fields: tuple[list[str], ...]
    authors: list[str]


_Test = Callable[[Facts], bool]


@dataclass(frozen=True, slots=True)
class TagNames:
    """What spellings mean: the slugs of each, and those that stand for a tag in use."""

    meant: Mapping[str, frozenset[str]]
    used: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Text:
    """Some fields' words as one text in which a phrase is a substring, and as a set."""

    text: str
    words: frozenset[str]


def is_decided_here(query: Query) -> bool:
    """Whether a query asks nothing but what `Facts` tell."""
    return not any(
        isinstance(term, Similar | Path | Popular | InDiscussion | Random) for term in query.terms
    )


def spellings(queries: Iterable[Query]) -> frozenset[str]:
    """The spellings of tags in these queries, and the words that may be one."""
    found: set[str] = set()
    for query in queries:
        found |= {term.slug for term in query.terms if isinstance(term, Tag)}
        word = sole_word(query)
        if word is not None:
            found |= {tag_slug(word), word}
    return frozenset(found)


class FewEntries:
    """A few entries, to be asked many queries."""

    def __init__(self, entries: Collection[Facts], names: TagNames, spell: Spell) -> None:
        self._entries = tuple(entries)
        self._all: _Found = frozenset(each.id for each in entries)
        self._names = names
        self._spell = spell
        self._tags = {
            each.id: frozenset(slug for tag in each.tags for slug in tag_with_parents(tag))
            for each in self._entries
        }
        self._texts = {each.id: _text(each.fields) for each in self._entries}
        self._authors = {each.id: _text((each.authors,)) for each in self._entries}
        self._known: dict[Term, _Found | None] = {}

    def find(self, query: Query) -> frozenset[EntryId]:
        """Those that the query finds; it must be one that `is_decided_here`."""
        found = self._all
        for term in self._understood(query).terms:
            if not found:
                break
            affirmed, is_negated = _affirmed(term)
            hits = self._hits(affirmed)
            if hits is not None:
                found = found - hits if is_negated else found & hits
        return found

    def _understood(self, query: Query) -> Query:
        word = sole_word(query)
        if word is not None:
            for spelling in (tag_slug(word), word):
                if spelling in self._names.used:
                    return with_sole_word_as_tag(query, spelling)
        return query

    def _hits(self, term: Term) -> _Found | None:
        if term not in self._known:
            test = self._test(term)
            found = None if test is None else frozenset(e.id for e in self._entries if test(e))
            self._known[term] = found
        return self._known[term]

    def _test(self, term: Term) -> _Test | None:
        """What an entry must pass; `None` for a term that asks nothing."""
        match term:
            case Tag(slug):
                meant = self._names.meant.get(slug, frozenset((slug,)))
                return lambda entry: not meant.isdisjoint(self._tags[entry.id])
            case About(paper):
                return lambda entry: entry.paper == paper.key
            case Cites(paper):
                return lambda entry: paper.key in entry.references
            case EntryIs(entry_id):
                return lambda entry: entry.id == entry_id
            case Dates(first, last):
                return lambda entry: _is_within(entry.on, first, last)
            case Words(text, phrase):
                phrases = match_expression(text) if phrase else word_expression(text)
                return self._text_test(phrases, self._texts)
            case Author(name):
                return self._text_test(name_expression(name), self._authors)
            case NewestFirst():
                return None
            case _:
                raise ValueError(f"not decided here: {term}")

    def _text_test(self, phrases: Phrases, texts: Mapping[EntryId, _Text]) -> _Test | None:
        if not phrases:
            return None
        spelled = [
            (words, phrase.is_prefix) for phrase in phrases if (words := self._spell(phrase.text))
        ]
        return lambda entry: any(_stands(words, cut, texts[entry.id]) for words, cut in spelled)


def _affirmed(term: Term) -> tuple[Term, bool]:
    """The term without its minus, and whether it had one."""
    match term:
        case Tag() | Words() | Author() | Dates() | About() | Cites() if term.negated:
            return replace(term, negated=False), True
        case _:
            return term, False


def _is_within(on: date | None, first: date | None, last: date | None) -> bool:
    return on is not None and (first or date.min) <= on <= (last or date.max)


def _text(fields: Iterable[list[str]]) -> _Text:
    kept = list(fields)
    return _Text(
        # No phrase has a line's end, so that none reaches into the next field.
        "\n".join(f" {' '.join(words)} " for words in kept),
        frozenset(word for words in kept for word in words),
    )


def _stands(words: list[str], is_prefix: bool, text: _Text) -> bool:
    whole = words[:-1] if is_prefix else words
    if not text.words.issuperset(whole):
        return False
    if len(words) == 1 and not is_prefix:
        return True
    return f" {' '.join(words)}{'' if is_prefix else ' '}" in text.text
