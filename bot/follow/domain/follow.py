"""A follow: a person's query, to be told of what it finds anew; and that person's settings."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.archive.domain.typed_dates import Days
from bot.channels.domain.schedule import Schedule
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import QueryError
from bot.lookup.domain import query_terms
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_dates import parse_to_store
from bot.lookup.domain.query_terms import (
    About,
    Cites,
    EntryIs,
    NewestFirst,
    PaperRef,
    Path,
    Query,
    Random,
    format_query,
)
from bot.outbox.domain.delivery import delivery_key

MOST_FOLLOWS = 100
"""The most follows of one person."""

DEFAULT_TIME = time(8, 30)

PART = "follow"
"""The part that a direct message is in the outbox."""


def message_key(person: str, on: date) -> str:
    """The key of the direct message of a person and a date."""
    return delivery_key("follow", person, on.isoformat())


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
    """What a person follows: a query in its normal form, made on a date of the person's zone.

    `is_told_unreadable` says that the person knows that it cannot be read any more.
    """

    person: str
    query: str
    made_at: datetime
    made_on: date
    asked_in: str
    is_told_unreadable: bool = False


def default_schedule(zone: ZoneInfo) -> Schedule:
    """The schedule of somebody who has chosen none."""
    return Schedule(DEFAULT_TIME, zone)


def normal_form(text: str, days: Days) -> str:
    """The query of a line, so that two lines that find the same thing are mostly one follow.

    Relative dates (`popular:week`) stay in it, for the day of each message. Raises `QueryError`, also for what cannot be followed.
    """
    parsed = parse_to_store(text, days)
    if Random() in parsed.terms:
        raise QueryError("“random” cannot be followed: write a tag, words or a paper")
    if any(isinstance(term, Path) for term in parsed.terms):
        raise QueryError("“path:” cannot be followed: write a tag, words or a paper")
    terms = dict.fromkeys(term for term in parsed.terms if term != NewestFirst())
    if not terms:
        raise QueryError("Write what to follow: a #tag, words, author:lee or an arXiv id")
    return format_query(Query(tuple(sorted(terms, key=_order))))


def find_problem(query: str) -> QueryError | None:
    """Why a stored query cannot be read, if so: a version that understood it has stored it."""
    try:
        parse(query, _ANY_DAY)
    except QueryError as error:
        return error
    return None


_ANY_DAY = Days(date(2025, 1, 1))
"""Whether a query can be read does not depend on the day."""


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
