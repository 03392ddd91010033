"""Example queries that find something: they are made of an archive's newest entries."""

from collections.abc import Iterator, Sequence
from itertools import islice

from bot.archive.domain.entry import StoredEntry
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import translatable

_PHRASE = 3
"""Words of a title in the example of a phrase."""


@dataclass(frozen=True, slots=True)
class Example:
    """A query, and what it finds: a text to be translated."""

    query: str
    finds: str


def list_examples(newest: Sequence[StoredEntry]) -> tuple[Example, ...]:
    """One example of each filter, from the entries of the newest day."""
    return (
        *_tags(newest),
        *islice((example for stored in newest for example in _phrase(stored)), 1),
        *islice((example for stored in newest for example in _author(stored)), 1),
        *islice((example for stored in newest for example in _month(stored)), 1),
        *islice((example for stored in newest for example in _paper(stored)), 2),
        *islice((example for stored in newest for example in _cites(stored)), 1),
        Example("in:discussion", translatable("papers that people have talked about")),
        Example("random", translatable("one paper, any")),
    )


def _tags(newest: Sequence[StoredEntry]) -> Iterator[Example]:
    tagged = [stored.entry.tags for stored in newest if stored.entry.tags]
    if not tagged:
        return
    wanted = tagged[0][0]
    yield Example(f"#{wanted}", translatable("papers with that tag"))
    others = (tag for tags in tagged for tag in tags if tag not in tagged[0])
    for unwanted in islice(others, 1):
        yield Example(
            f"#{wanted} -#{unwanted}", translatable("papers with the first tag, without the second")
        )


def _phrase(stored: StoredEntry) -> Iterator[Example]:
    words = stored.entry.paper.title.replace('"', "").split()
    if len(words) >= _PHRASE and "$" not in stored.entry.paper.title:
        phrase = " ".join(words[:_PHRASE])
        yield Example(
            f'"{phrase}"', translatable("that phrase; without quotation marks, all its words")
        )


def _author(stored: StoredEntry) -> Iterator[Example]:
    for author in stored.entry.paper.authors[:1]:
        name = author.replace('"', "")
        yield Example(f'author:"{name}"', translatable("papers by that author"))


def _month(stored: StoredEntry) -> Iterator[Example]:
    if stored.entry.date is not None:
        month = stored.entry.date.isoformat()[:7]
        yield Example(
            f"date:{month}", translatable("papers of that month; also before: and after:")
        )


def _paper(stored: StoredEntry) -> Iterator[Example]:
    if (arxiv_id := stored.entry.paper.arxiv_id) is not None:
        yield Example(arxiv_id.number, translatable("that paper"))
        yield Example(f"similar:{arxiv_id.number}", translatable("papers similar to that one"))


def _cites(stored: StoredEntry) -> Iterator[Example]:
    for reference in stored.entry.references:
        if reference.arxiv_id is not None:
            yield Example(
                f"cites:{reference.arxiv_id.number}", translatable("papers that refer to that one")
            )
