"""New papers ranked by how likely the curator picks them, with the reasons for each rank."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.arxiv.domain.announcements import FeedItem
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import RankerError

NEIGHBOURS = 20
"""So many entries of the archive vote on a paper's tags."""

SUGGESTED_TAGS = 5

FEWEST = 10
"""With fewer picked or fewer unpicked papers there is too little to train on."""


LEAST_LIKED, MOST_LIKED = 1.0, 2.5
"""The weights in training of an entry that nobody likes, and of one that very many like.

A weak weight, since what is popular is not what the curator picks.
"""
UNWANTED = 0.25
"""What each person who calls a candidate “not for us” takes from its score, up to `MOST_UNWANTED`."""
MOST_UNWANTED = 4
HALF_LIFE = dt.timedelta(days=365)
"""After that time an entry counts half in training: what the curator picks changes over the years."""
LEAST_RECENT = 0.01
"""The least that age leaves of a weight, so that nothing counts for nothing."""


def picked_weight(likes: int) -> float:
    """The weight in training of a paper with an entry that so many people like."""
    return round(min(MOST_LIKED, LEAST_LIKED + math.log2(1 + likes) / 2), 2)


def recency(day: dt.date, trained_on: dt.date) -> float:
    """The factor for the weight of an entry of that day, from 1 for a new one to `LEAST_RECENT`."""
    age = max(dt.timedelta(0), trained_on - day)
    return max(LEAST_RECENT, math.exp2(-age / HALF_LIFE))


def passed_weight(unwanted: int) -> float:
    """The weight in training of a paper without an entry that so many people call “not for us”."""
    return round(min(3.0, 1.0 + math.log2(1 + unwanted)), 2)


def penalty(unwanted: int) -> float:
    """What is taken from the score of a candidate that so many people call “not for us”."""
    return UNWANTED * min(unwanted, MOST_UNWANTED)


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A paper to be scored; `authors` as people read them."""

    number: str
    text: str
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A paper to learn from; `entry_id` is the newest entry about it, where there is one.

    `weight` is how much it counts: 1 where it is new, without anybody's likes or “not for us”.
    """

    number: str
    text: str
    entry_id: EntryId | None = None
    weight: float = 1.0
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """An entry of the archive, and how alike its paper is, from 0 to 1."""

    entry_id: EntryId
    likeness: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """The score of a paper: above 0, it is more like the picked papers than like the others.

    `words` are those with the largest weight, names of authors among them; `nearest` are the most
    similar entries, best first.
    """

    number: str
    score: float
    words: tuple[str, ...]
    nearest: tuple[Likeness, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A new paper that has no entry yet; without `judgement` where nothing is ranked.

    `unwanted` is how many people call it “not for us”.
    """

    item: FeedItem
    on: dt.date
    judgement: Judgement | None = None
    tags: tuple[str, ...] = ()
    unwanted: int = 0


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate with its most similar entries, and how many people like each, for display."""

    candidate: Candidate
    nearest: tuple[StoredEntry, ...] = ()
    likes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """A page of a day's candidates, best first, of `total`; `on` is `None` where none ever came.

    `learnt_from` is how many papers the order was learnt from; 0: they are in arXiv's order.
    `earlier` is the day before on which papers came; `late` of those are there since it was over.
    `is_listed`: papers came on that day, with or without an entry now.
    """

    on: dt.date | None
    found: tuple[RankedCandidate, ...]
    total: int
    learnt_from: int
    earlier: dt.date | None = None
    late: int = 0
    is_listed: bool = True


def check_enough(picked: int, passed: int) -> None:
    """Raises `RankerError` where so many papers are too few to learn from."""
    if min(picked, passed) < FEWEST:
        raise RankerError(
            "papers with an entry: {picked}, without: {passed}; ranking needs at least "
            "{fewest} of each, with abstracts",
            picked=picked,
            passed=passed,
            fewest=FEWEST,
        )


def example_text(title: str, abstract: str) -> str:
    """What ranking reads of a paper."""
    return " ".join(f"{title}\n{abstract}".split())


def suggest_tags(
    nearest: Sequence[Likeness], tags: Mapping[EntryId, Sequence[str]]
) -> tuple[str, ...]:
    """The tags of the nearest entries, by how alike those entries are, most likely first."""
    votes: dict[str, float] = {}
    for neighbour in nearest[:NEIGHBOURS]:
        for tag in tags.get(neighbour.entry_id, ()):
            votes[tag] = votes.get(tag, 0.0) + neighbour.likeness
    ranked = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))
    return tuple(tag for tag, _ in ranked[:SUGGESTED_TAGS])
