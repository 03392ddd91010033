"""A follow: a person's query, to be told of what it finds anew; and that person's settings."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.channels.domain.schedule import Schedule
from bot.core.domain.errors import QueryError
from bot.lookup.domain import query, query_terms
from bot.lookup.domain.query_terms import (
    About,
    Cites,
    EntryIs,
    NewestFirst,
    PaperRef,
    Query,
    Random,
    format_query,
)

MOST_FOLLOWS = 100
"""The most follows of one person."""

DEFAULT_TIME = time(8, 30)

PART = "follow"
"""The part that a direct message is in the outbox."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who follows something; `inbox` and `asked_in` are channels as REFs.

    Up to `closed_on`, a date of the schedule's zone, every day is planned. Until `silent_until`
    nothing is sent, since the inbox is closed; with `is_told` the person knows that. With
    `doubt_from` messages may have been posted since that instant.
    """

    person: str
    name: str
    inbox: str
    asked_in: str
    locale: str
    schedule: Schedule
    closed_on: date
    silent_until: datetime | None = None
    is_told: bool = False
    doubt_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """What a person follows: a query in its normal form, made on a date of the person's zone."""

    person: str
    query: str
    made_at: datetime
    made_on: date
    asked_in: str


def default_schedule(zone: ZoneInfo) -> Schedule:
    """The schedule of somebody who has chosen none."""
    return Schedule(DEFAULT_TIME, zone)


def normal_form(text: str) -> str:
    """The query of a line, so that two lines that find the same thing are mostly one follow.

    Raises `QueryError`, also for what cannot be followed.
    """
    parsed = query.parse(text)
    if Random() in parsed.terms:
        raise QueryError("“random” cannot be followed: write a tag, words or a paper")
    terms = dict.fromkeys(term for term in parsed.terms if term != NewestFirst())
    if not terms:
        raise QueryError("Write what to follow: a #tag, words, author:lee or an arXiv id")
    return format_query(Query(tuple(sorted(terms, key=_order))))


def _order(term: query_terms.Term) -> tuple[bool, str]:
    """Affirmed terms first; words keep their places, since they may be read as a title."""
    text = "" if isinstance(term, query_terms.Words) else format_query(Query((term,)))
    return bool(getattr(term, "negated", False)), text


def followed_paper(asked: Query) -> PaperRef | EntryIs | None:
    """The paper that a query names and nothing else: it is followed with all that concerns it."""
    match asked.terms:
        case (About(paper, negated=False),):
            return paper
        case (EntryIs() as entry,):
            return entry
        case _:
            return None


def cited_paper(asked: Query) -> PaperRef | None:
    """The paper whose citations a query asks for, and nothing else."""
    match asked.terms:
        case (Cites(paper, negated=False),):
            return paper
        case _:
            return None


def paper_name(paper: PaperRef) -> str:
    """`arXiv:2502.01456`, or the paper's address."""
    return f"arXiv:{paper}" if paper.arxiv_id is not None else str(paper)
